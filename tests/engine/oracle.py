"""The method a second time, naively: grouped pandas and exact fractions on a long frame, to check the kernel by.

Written from the text of the method and independent of ``engine.ranking`` and ``engine.snapshot``. Observations are a
frame of ``indicator, area_code, period, value``: the period's label and the value's text as published, empty where
missing. Ranks, quartiles and counts are 0 where there is none, as in the kernel.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from engine.panel import Panel
from engine.periods import Period, PeriodError, parse_period

Rule = Literal["rank", "value"]

TWO_THIRDS = Fraction(2, 3)
PERIOD = ["indicator", "key"]
CELL = [*PERIOD, "area_code"]


@dataclass(frozen=True)
class Described:
    """What the method needs to know of an indicator; ``polarity`` is high, low, none or a band such as 28..40."""

    theme: str = "Theme"
    polarity: str = "high"
    decimals: int | None = None
    name: str = ""

    @property
    def directional(self) -> bool:
        return self.polarity != "none"


Catalogue = Mapping[str, Described]


# --- observations ---------------------------------------------------------------------------------


def observations(areas: Sequence[str], *series: tuple[str, str, str]) -> pd.DataFrame:
    """A frame of (indicator, period, "3.1 4.0 - 5.2"): one value for each area, a hyphen where it is missing."""
    rows = [
        (indicator, area, period, "" if value == "-" else value)
        for indicator, period, values in series
        for area, value in zip(areas, values.split(), strict=True)
    ]
    return pd.DataFrame(rows, columns=["indicator", "area_code", "period", "value"], dtype=str)


def held(*releases: pd.DataFrame) -> pd.DataFrame:
    """What is known after these releases: the newest statement of each cell; what a release leaves out stays.

    Within a release labels that differ only by a mark are one period: the most settled that holds a value counts.
    Adds ``key`` and ``end`` of the period to the frame's columns, and the newest, most settled ``label``.
    """
    frames = []
    for number, release in enumerate(releases):
        periods = {label: period for label in release["period"].unique() if (period := _period(label))}
        read = release[release["period"].isin(list(periods))]
        frames.append(
            read.assign(
                release=number,
                stated=read["value"] != "",
                key=read["period"].map({label: period.key for label, period in periods.items()}),
                end=read["period"].map({label: period.end for label, period in periods.items()}),
                mark=read["period"].map({label: int(period.mark) for label, period in periods.items()}),
            )
        )
    everything = pd.concat(frames, ignore_index=True)
    newest = everything.sort_values(["release", "stated", "mark"], kind="stable").drop_duplicates(CELL, keep="last")
    named = everything.sort_values(["release", "mark"], kind="stable").drop_duplicates(PERIOD, keep="last")
    labels = named[[*PERIOD, "period"]].rename(columns={"period": "label"})
    return newest.drop(columns=["release", "mark", "period"]).merge(labels, on=PERIOD)


@cache
def _period(label: str) -> Period | None:
    try:
        return parse_period(label)
    except PeriodError:
        return None


def latest(known: pd.DataFrame, areas: Sequence[str], not_after: date | None = None) -> pd.DataFrame:
    """The rows of each indicator's latest period in which two thirds of the areas have a value (item 9)."""
    stated = known[known["stated"] & known["area_code"].isin(list(areas))]
    if not_after is not None:
        stated = stated[stated["end"] <= not_after]
    counts = stated.groupby([*PERIOD, "end"], as_index=False).size()
    usable = counts[3 * counts["size"] >= 2 * len(areas)]
    chosen = usable.sort_values(["end", "key"]).drop_duplicates("indicator", keep="last")
    return stated.merge(chosen[PERIOD], on=PERIOD)


# --- items 1 to 5: keys, badness, ranks, quartiles, eligibility -----------------------------------


@cache
def value_key(value: str, decimals: int | None) -> int:
    """The published decimal, times a power of ten, half to even; six decimals where the publisher names none."""
    places = 6 if decimals is None else decimals
    return int(Decimal(value).scaleb(places).to_integral_value(ROUND_HALF_EVEN))


def badness(value: str, described: Described) -> int:
    """How bad a value is, smaller being better; without direction the highest value comes first."""
    key = value_key(value, described.decimals)
    if described.polarity in ("high", "none"):
        return -key
    if described.polarity == "low":
        return key
    lowest, highest = (value_key(end, described.decimals) for end in described.polarity.split(".."))
    return max(lowest - key, 0, key - highest)


def rank(rows: pd.DataFrame, catalogue: Catalogue, areas: Sequence[str], rule: Rule = "rank") -> pd.DataFrame:
    """Ranks of ``latest`` rows: adds rank, of, tied, quartile and eligible."""
    rows = rows[rows["stated"]].reset_index(drop=True)
    described = [catalogue[code] for code in rows["indicator"]]
    directional = pd.Series([entry.directional for entry in described], dtype=bool)
    pairs = list(zip(rows["value"], described, strict=True))
    bad = pd.Series([badness(value, entry) for value, entry in pairs], dtype=np.int64)
    keys = pd.Series([value_key(value, entry.decimals) for value, entry in pairs], dtype=np.int64)
    rows = rows.assign(bad=bad, key_of_value=keys)
    indicators = rows.groupby("indicator")
    of = indicators["bad"].transform("size")
    placed = indicators["bad"].rank(method="min").astype(np.int64).where(of >= 2, 0)
    tie = rows.groupby(["indicator", "bad"])["bad"].transform("size")
    quartile = 1 + 4 * (placed - 1) // of if rule == "rank" else _by_value(rows, catalogue)
    distinct = indicators["key_of_value"].transform("nunique")
    largest = tie.groupby(rows["indicator"]).transform("max")
    return rows.assign(
        rank=placed,
        of=of,
        tied=(tie > 1) & (placed > 0),
        quartile=quartile.where(directional & (of >= 4), 0).astype(np.int64),
        eligible=directional & (3 * of >= 2 * len(areas)) & (distinct >= 4) & (2 * largest <= of),
    )


def _by_value(rows: pd.DataFrame, catalogue: Catalogue) -> pd.Series[int]:
    """Quartiles cut at the linear quantiles of the values: a value on a cut goes up if low is good, down if high."""

    def band(bad: pd.Series[int]) -> pd.Series[int]:
        ordered = sorted(bad.tolist())
        cuts = [quantile(ordered, Fraction(part, 4)) for part in (1, 2, 3)]
        high = catalogue[rows.loc[bad.index[0], "indicator"]].polarity == "high"
        past = [1 + sum(value > cut or (high and value == cut) for cut in cuts) for value in bad.tolist()]
        return pd.Series(past, index=bad.index, dtype=np.int64)

    return rows.groupby("indicator")["bad"].transform(band)


def quantile(ordered: Sequence[int], share: Fraction) -> Fraction:
    """The linear quantile of sorted values: R's type 7, Excel's QUARTILE.INC."""
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


# --- items 6 to 8: themes, composites, expenditure ------------------------------------------------


def baskets(
    ranks: pd.DataFrame,
    catalogue: Catalogue,
    areas: Sequence[str],
    composites: Mapping[str, Sequence[str]] | None = None,
    min_coverage: Fraction = TWO_THIRDS,
) -> pd.DataFrame:
    """Every theme, composite and spending line, for every area; a composite without themes has them all."""
    rows: list[dict[str, object]] = []
    for name, kind, members in _members(ranks, catalogue, composites or {}):
        within = ranks[ranks["indicator"].isin(members)]
        placed = within[within["rank"] > 0].groupby("area_code")["rank"]
        sums = {str(area): (int(own.sum()), len(own)) for area, own in placed}
        means = {
            area: Fraction(total, count)
            for area, (total, count) in sums.items()
            if count >= min_coverage * len(members) and count >= min(2, len(members))
        }
        ordered = sorted(means.values())
        rows += [
            {"name": name, "kind": kind, "area_code": area, "total": len(members)}
            | dict(zip(("rank_sum", "rank_count"), sums.get(area, (0, 0)), strict=True))
            | _place(means.get(area), ordered, judged=kind != "expenditure")
            for area in areas
        ]
    return pd.DataFrame(rows)


def _members(
    ranks: pd.DataFrame, catalogue: Catalogue, composites: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, list[str]]]:
    present = sorted(ranks["indicator"].unique())
    eligible = set(ranks.loc[ranks["eligible"], "indicator"])
    themes = sorted({catalogue[code].theme for code in present if catalogue[code].directional})
    for theme in themes:
        yield theme, "theme", [code for code in present if code in eligible and catalogue[code].theme == theme]
    for name, wanted in composites.items():
        within = wanted or themes
        yield name, "composite", [code for code in present if code in eligible and catalogue[code].theme in within]
    for code in present:
        if catalogue[code].theme == "Expenditure" and not catalogue[code].directional:
            yield f"Expenditure: {catalogue[code].name}", "expenditure", [code]


def _place(mean: Fraction | None, ordered: Sequence[Fraction], *, judged: bool) -> dict[str, object]:
    of = len(ordered)
    if mean is None:
        return {"rank": 0, "of": of, "tied": False, "quartile": 0}
    better, not_worse = bisect_left(ordered, mean), bisect_right(ordered, mean)
    placed = 1 + better
    return {
        "rank": placed,
        "of": of,
        "tied": not_worse - better > 1,
        "quartile": 1 + 4 * (placed - 1) // of if judged and of >= 4 else 0,
    }


# --- everything at once, and the kernel's input ---------------------------------------------------


def rank_all(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every indicator and period ranked at once, without choosing periods: the peer the benchmark times.

    ``frame`` has ``indicator, theme, period, area_code, value`` (a float, NaN where missing) and ``high``, true
    where high is good. Returns it with ``rank, of, quartile``, and ``theme, period, area_code, mean, rank``. One
    division of two whole numbers is exact enough to keep ties: equal fractions give equal floats.
    """
    bad = frame["value"].where(~frame["high"], -frame["value"])
    rows = bad.groupby([frame["indicator"], frame["period"]])
    of = rows.transform("count")
    placed = rows.rank(method="min").where(of >= 2)
    quartile = (1 + 4 * (placed - 1) // of).where(of >= 4)
    ranks = frame.assign(rank=placed, of=of, quartile=quartile)
    size = ranks.groupby(["theme", "period"])["indicator"].nunique().rename("size")
    themes = ranks.groupby(["theme", "period", "area_code"], as_index=False)["rank"].agg(["sum", "count"])
    themes = themes.join(size, on=["theme", "period"])
    covered = (3 * themes["count"] >= 2 * themes["size"]) & (themes["count"] >= themes["size"].clip(upper=2))
    themes["mean"] = (themes["sum"] / themes["count"]).where(covered)
    themes["rank"] = themes.groupby(["theme", "period"])["mean"].rank(method="min")
    return ranks, themes[["theme", "period", "area_code", "mean", "rank"]]


def panel(frame: pd.DataFrame, areas: Sequence[str]) -> Panel:
    """The same observations as the kernel's matrix; a frame may have ``lower_ci`` and ``upper_ci``, as text."""
    known = held(frame)
    named = known[[*PERIOD, "label"]].drop_duplicates(PERIOD).itertuples(index=False)
    rows = [(str(code), parse_period(label), str(label)) for code, _, label in named]
    row_of = {(code, period.key): at for at, (code, period, _) in enumerate(rows)}
    column_of = {area: at for at, area in enumerate(areas)}
    known = known[known["area_code"].isin(list(areas))]
    numbers = [
        pd.to_numeric(known[column]).to_numpy(np.float64) if column in known else np.full(len(known), np.nan)
        for column in ("value", "lower_ci", "upper_ci")
    ]
    cells = (
        np.array([row_of[pair] for pair in zip(known["indicator"], known["key"], strict=True)], np.int64),
        np.array([column_of[area] for area in known["area_code"]], np.int64),
        numbers[0],
        np.zeros(len(known), np.int16),
        numbers[1],
        numbers[2],
    )
    return Panel.build(rows, areas, cells)
