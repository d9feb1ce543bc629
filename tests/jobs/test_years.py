"""Every year a theme had, as far back as figures are held: all areas ranked again with pandas from the file."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from engine.catalogue import load_catalogue
from engine.periods import parse_period
from engine.snapshot import Rules
from jobs.pipeline import Raw, ingest
from jobs.policy import Policy
from state.database import connect
from tests.jobs.sources.benchmark import figures
from tests.real_data import BENCHMARK, needs_benchmark
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy

Places = dict[str, tuple[int, int, bool, int]]
"""By area: rank, of, tied, quartile."""


@dataclass(frozen=True)
class Period:
    """One indicator's figures of a period as the method needs them: its days, and the areas' ranks."""

    start: date
    end: date
    ranks: Mapping[str, int]
    judged: bool


@cache
def published() -> tuple[dict[str, list[Period]], dict[str, str]]:
    """The usable periods of each judged indicator, oldest first, ranked by pandas; and the theme of each."""
    known = pd.read_csv(BENCHMARK / "indicators.csv", dtype=str, keep_default_na=False).set_index("indicator")
    known = known[known["polarity"] != "none"]
    stated = figures()
    stated = stated[stated["indicator"].isin(known.index) & (stated["value"] != "")]
    decimals = stated["indicator"].map(known["decimals"].replace("", "6").astype(int))
    keys = [
        int(Decimal(text).scaleb(places).quantize(Decimal(1), ROUND_HALF_EVEN))
        for text, places in zip(stated["value"], decimals, strict=True)
    ]
    good = stated["indicator"].map(known["polarity"]) == "high"
    stated = stated.assign(bad=pd.Series(keys, stated.index).mul(good.map({True: -1, False: 1})))
    each = stated.groupby(["indicator", "period"], sort=False)["bad"]
    tied = stated.groupby(["indicator", "period", "bad"])["bad"].transform("size")
    stated = stated.assign(rank=each.rank(method="min").astype(int), n=each.transform("size"), tied=tied)
    stated = stated.assign(
        different=each.transform("nunique"), largest=stated.groupby(["indicator", "period"])["tied"].transform("max")
    )
    found: dict[str, list[Period]] = {}
    for (code, label), group in stated[stated["n"] >= -(-2 * len(COUNTIES) // 3)].groupby(["indicator", "period"]):
        days = parse_period(label)
        judged = bool(group["different"].iloc[0] >= 4 and 2 * group["largest"].iloc[0] <= group["n"].iloc[0])
        ranks = dict(zip(group["area_code"], group["rank"].tolist(), strict=True))
        found.setdefault(str(code), []).append(Period(days.start, days.end, ranks, judged))
    for periods in found.values():
        periods.sort(key=lambda period: (period.end, period.start))
    return found, dict(known["theme"])


def places(members: list[Period]) -> Places:
    """Ranks of the mean rank, as exact fractions."""
    means = {}
    for area in COUNTIES:
        own = [period.ranks[area] for period in members if area in period.ranks]
        if own and 3 * len(own) >= 2 * len(members) and len(own) >= min(2, len(members)):
            means[area] = Fraction(sum(own), len(own))
    ordered = sorted(means.values())
    number = Counter(ordered)
    found = {}
    for area, mean in means.items():
        rank = 1 + bisect_left(ordered, mean)
        quartile = 1 + 4 * (rank - 1) // len(means) if len(means) >= 4 else 0
        found[area] = (rank, len(means), number[mean] > 1, quartile)
    return found


@cache
def earlier(day: date, years: int) -> date:
    """The same day years ago; the end of February is the end of February."""
    months = pd.Timestamp(day) - pd.DateOffset(years=years)
    return (months + pd.offsets.MonthEnd(0) if pd.Timestamp(day).is_month_end else months).date()


def by_hand(themes: tuple[str, ...], oldest: int | None = None) -> dict[int, Places]:
    """Places in a basket of themes by years ago, from the file; of figures no older than ``oldest``."""
    periods, theme_of = published()
    periods = {code: own for code, own in periods.items() if not themes or theme_of[code] in themes}
    known = date(2026, 6, 26)

    def latest(limits: Mapping[str, date], not_before: date | None) -> list[Period]:
        chosen = []
        for code, limit in limits.items():
            fit = [one for one in periods[code] if one.end <= limit and (not_before is None or one.end >= not_before)]
            chosen += fit[-1:]
        return [one for one in chosen if one.judged]

    first = earlier(known, oldest) if oldest else None
    now = {code: own[-1].end for code, own in periods.items() if first is None or own[-1].end >= first}
    members = latest(now, first)
    votes = Counter(one.end.year for one in members)
    own_year = max(votes, key=lambda year: (votes[year], year))
    found = {0: places(members)}
    for ago in range(1, own_year - 1992):
        last = date(own_year - ago, 12, 31)
        limits = {code: last if end <= last else min(last, earlier(end, ago)) for code, end in now.items()}
        not_before = last.replace(year=last.year - oldest) if oldest else None
        if past := places(latest(limits, not_before)):
            found[ago] = past
    return found


CATALOGUE = replace(load_catalogue(["builtin"]), indicators={}, origins={}, ratios={})


def stored(folder: Path, themes: tuple[str, ...], oldest: int | None) -> dict[str, dict[int, Places]]:
    """What the pipeline keeps of the same file, or of the indicators of some themes in it."""
    _, theme_of = published()
    wanted = [code for code, theme in theme_of.items() if not themes or theme in themes]
    stated = figures()
    stated = stated[stated["indicator"].isin(wanted)]
    by = Policy(COUNCIL, "counties", CATALOGUE, rules=Rules(max_age_years=oldest))
    dictionary = (BENCHMARK / "indicators.csv").read_bytes()
    raw = Raw(stated.to_csv(index=False).encode(), dictionary, "benchmark.csv", "file", date(2026, 6, 26))
    db = connect(folder / "years.db")
    ingest(db, raw, by, now=datetime(2026, 6, 27, tzinfo=UTC), path=folder / "years.db")
    rows = [
        *db.execute(
            'SELECT name, years_ago, code, rank, "of", tied, coalesce(quartile, 0) FROM theme_years '
            "JOIN areas ON areas.id = area_id"
        ),
        *db.execute(
            'SELECT name, 0, code, rank, "of", tied, coalesce(quartile, 0) FROM theme_ranks '
            "JOIN areas ON areas.id = area_id WHERE until_snapshot IS NULL AND rank IS NOT NULL"
        ),
    ]
    db.close()
    found: dict[str, dict[int, Places]] = {}
    for name, ago, area, rank, of, tied, quartile in rows:
        found.setdefault(name, {}).setdefault(ago, {})[area] = (rank, of, bool(tied), quartile)
    return found


OLDER = ("Adult Social Care - Perception", "Economy", "Housing", "Transport & Highways")


@needs_benchmark
@pytest.mark.parametrize(("themes", "oldest", "least"), [((), None, 4000), (OLDER, 4, 500)], ids=["all", "max_age"])
def test_every_year_of_every_theme_and_composite_is_that_of_the_file(
    tmp_path: Path, themes: tuple[str, ...], oldest: int | None, least: int
) -> None:
    kept = stored(tmp_path, themes, oldest)
    baskets: dict[str, tuple[str, ...]] = {theme: (theme,) for theme in themes or sorted(set(published()[1].values()))}
    if not themes:
        baskets |= {entry.name: entry.themes for entry in CATALOGUE.composites.values()}
        # Eleven years back and more: with the current one, twelve make the chart.
        assert max(kept["Overall Outcomes"]) >= 11
    compared = 0
    for name, members in baskets.items():
        expected = by_hand(members, oldest)
        assert kept.get(name, {}) == expected, name
        compared += sum(map(len, expected.values()))
    assert compared > least


def test_a_theme_goes_back_as_far_as_its_figures_and_has_gaps_where_there_are_none(tmp_path: Path) -> None:
    book = Book((Entry("OLD"), Entry("NEW", ROADS)))
    for year in (1998, 1999, 2003, 2024):
        book.add("OLD", str(year), at_place(year % 7 + 1, seed=year))
    book.add("NEW", "2024", at_place(4))
    db = connect(tmp_path / "b.db")
    ingest(db, book.raw("r-2025-11-10.csv"), policy(), now=NOW, path=tmp_path / "b.db")
    rows = db.execute(
        "SELECT name, 2024 - years_ago, rank FROM theme_years JOIN areas ON areas.id = area_id WHERE code = ? "
        "ORDER BY 1, 2",
        (COUNCIL,),
    ).fetchall()
    db.close()
    # The snapshot of a year takes the latest period held by then: 2003 stands until 2024 came.
    by_then = {1998: 4, 1999: 5} | dict.fromkeys((2000, 2001, 2002), 5) | dict.fromkeys(range(2003, 2024), 2)
    assert rows == [(POLICE, year, rank) for year, rank in by_then.items()]
