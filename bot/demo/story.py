"""The two releases of the demonstration: the council's figures as published, the comparators' generated.

The generated figures put the council in the quartile that was published for it. They are the same on every
machine: they come from the raw numbers of PCG64, which numpy keeps stable, by way of integers, basic arithmetic
and square roots, and end as decimals.
"""

from __future__ import annotations

import csv
import io
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.demo import COMPARATORS, COUNCIL, DATA
from engine.areas import comparators

SEED = 2017
"""Another seed gives other comparators and other theme ranks, and the same quartiles."""

PERIODS = ("2015/16", "2016/17")
RELEASES = ("leicestershire-2016-09-30.csv", "leicestershire-2017-10-31.csv")
OUT_OF_SCALE = "domestic_burglary"
CORRECTED = "asc_carer_satisfaction", "40.2"
"""An indicator, and what the council's figure is revised to in the demonstration: that figure is made up."""

_OUT_OF_SCALE_FILE = "leicestershire-2017-11-02.csv"
_CORRECTION_FILE = "illustrative-correction-2017-11-09.csv"
GENERATED = "illustrative"
"""Status of every figure that was not published."""

THEME_SHARE = 0.6
"""How much areas that do well in one indicator of a theme do well in the others."""

KEPT = 0.96
"""Correlation of an area's place in one year with its place in the next."""

DRIFT = 0.15
"""How far all comparators typically move between the years, in units of ``spread``."""

NEARNESS = 0.02
"""What each place away from the one drawn costs against drift."""

INERTIA = 0.05
"""What each place moved costs against drift: comparators mostly go the council's way."""

LOWEST_SHARE = 0.9
"""Share of the way to its lower bound that a figure may go."""

DISTINCT_NEEDED = 4

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the data file; years are in the order of ``PERIODS``, None where nothing was published.

    ``lowest``, ``highest`` and ``spread`` are assumptions about the comparators, in the indicator's unit.
    """

    code: str
    name: str
    theme: str
    polarity: str
    unit: str
    decimals: int
    target: str
    values: tuple[Decimal | None, Decimal | None]
    quartiles: tuple[int | None, int | None]
    ranks: tuple[int | None, int | None]
    lowest: Decimal | None
    highest: Decimal | None
    spread: float


@dataclass(frozen=True, slots=True)
class _Year:
    """One indicator in one year: the council's place and the comparators' figures as whole units of last place."""

    rank: int
    peers: _Ints


def load_published() -> tuple[Published, ...]:
    """The lines of ``leicestershire.csv``, in its order."""
    with DATA.open(encoding="utf-8", newline="") as stream:
        return tuple(_published(row) for row in csv.DictReader(stream))


def write_releases(folder: Path) -> list[Path]:
    """The observation files of 2015/16 and 2016/17, written into ``folder`` with their dictionaries beside them.

    In 2016/17 an indicator without a published quartile has the council's figure and no comparators: it
    keeps its place of the year before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    published = load_published()
    codes = comparators(COMPARATORS, COUNCIL, date(2016, 3, 31)).codes
    others = [code for code in codes if code != COUNCIL]
    years = [_years(entry, len(others)) for entry in published]
    paths = [folder / name for name in RELEASES]
    for at, path in enumerate(paths):
        rows = (row for entry, year in zip(published, years, strict=True) for row in _rows(entry, year[at], at, others))
        _write(path, ("indicator", "area_code", "period", "value", "status"), rows)
        _write(
            path.with_suffix(".indicators.csv"),
            ("indicator", "name", "theme", "polarity", "unit", "decimals", "target"),
            ((e.code, e.name, e.theme, e.polarity, e.unit, e.decimals, e.target) for e in published),
        )
    return paths


def write_out_of_scale(folder: Path, release: Path) -> Path:
    """A release once more, with one indicator a hundred times too large: per 100,000 people in place of per 1,000."""
    header, *rows = _read(release)
    wrong = ((*row[:3], str(Decimal(row[3]) * 100), row[4]) if row[0] == OUT_OF_SCALE else row for row in rows)
    return _write_again(folder / _OUT_OF_SCALE_FILE, release, header, wrong)


def write_correction(folder: Path, release: Path) -> Path:
    """A release once more, with one of the council's figures revised. That one is made up, and its status says so."""
    code, value = CORRECTED
    header, *rows = _read(release)
    revised = ((*row[:3], value, GENERATED) if row[:2] == (code, COUNCIL) else row for row in rows)
    return _write_again(folder / _CORRECTION_FILE, release, header, revised)


def _read(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)]


def _write_again(path: Path, release: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """A file beside a release, with the release's dictionary."""
    _write(path, header, (tuple(row) for row in rows))
    path.with_suffix(".indicators.csv").write_bytes(release.with_suffix(".indicators.csv").read_bytes())
    return path


def _published(row: dict[str, str]) -> Published:
    def decimal(key: str) -> Decimal | None:
        return Decimal(row[key]) if row[key] else None

    def whole(key: str) -> int | None:
        return int(row[key]) if row[key] else None

    return Published(
        code=row["code"],
        name=row["name"],
        theme=row["theme"],
        polarity=row["polarity"],
        unit=row["unit"],
        decimals=int(row["decimals"]),
        target=row["target"],
        values=(decimal("value_2015_16"), decimal("value_2016_17")),
        quartiles=(whole("quartile_2015_16"), whole("quartile_2016_17")),
        ranks=(whole("rank_2015_16"), whole("rank_2016_17")),
        lowest=decimal("lowest"),
        highest=decimal("highest"),
        spread=float(row["spread"]),
    )


def _rows(entry: Published, year: _Year | None, at: int, others: Sequence[str]) -> Iterator[tuple[object, ...]]:
    own = entry.values[at]
    if own is None:
        return
    figures = [(COUNCIL, _text(_key(own, entry.decimals), entry.decimals), "")]
    if year is not None:
        keys = (int(key) for key in year.peers)
        figures += [(area, _text(key, entry.decimals), GENERATED) for area, key in zip(others, keys, strict=True)]
    for area, value, status in sorted(figures):
        yield entry.code, area, PERIODS[at], value, status


def _write(path: Path, header: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode())


def _key(value: Decimal, decimals: int) -> int:
    return int(value.scaleb(decimals))


def _text(key: int, decimals: int) -> str:
    return str(Decimal(key).scaleb(-decimals))


def _years(entry: Published, others: int) -> tuple[_Year | None, _Year | None]:
    """Both years, at the places within the published quartiles that need the least movement of everybody.

    So a figure that got better by more than the comparators usually move goes up, and one that got worse goes down.
    """
    first, second = _skills(entry, others)
    candidates = [_candidates(entry, skills, at) for at, skills in enumerate((first, second))]
    wish, pull = (float(x) for x in _normal(f"{entry.code} choice", 2))
    middle = candidates[0][len(candidates[0]) // 2].rank
    target = middle + round(2 * pull)
    if not candidates[1]:
        return min(candidates[0], key=lambda year: abs(year.rank - target)), None
    scale = entry.spread * float(10**entry.decimals)

    def cost(pair: tuple[_Year, _Year]) -> float:
        drift = (int(pair[1].peers.sum()) - int(pair[0].peers.sum())) / (others * scale)
        moved = abs(pair[1].rank - pair[0].rank)
        return abs(drift - DRIFT * wish) + NEARNESS * abs(pair[0].rank - target) + INERTIA * moved

    return min(((old, new) for old in candidates[0] for new in candidates[1]), key=cost)


def _candidates(entry: Published, skills: _Floats, at: int) -> list[_Year]:
    """Every place the publication allows in that year with figures that give it, best place first."""
    own, quartile, rank = entry.values[at], entry.quartiles[at], entry.ranks[at]
    if own is None or quartile is None:
        return []
    areas = len(skills) + 1
    places = [place for place in range(1, areas + 1) if 1 + 4 * (place - 1) // areas == quartile]
    years = (_Year(place, _figures(entry, own, skills, place)) for place in (places if rank is None else [rank]))
    fitting = [year for year in years if _fits(entry, own, year)]
    if not fitting:
        msg = f"{DATA.name}: no figures put {entry.code} in quartile {quartile} in {PERIODS[at]}; change its spread"
        raise ValueError(msg)
    return fitting


def _figures(entry: Published, own: Decimal, skills: _Floats, rank: int) -> _Ints:
    """Figures in units of the last place: ``rank`` − 1 are better than the council's, the rest worse or level."""
    ordered = np.sort(skills)[::-1]
    edges = np.concatenate(([ordered[0] + 0.5], ordered, [ordered[-1] - 0.5]))
    gaps = skills - (edges[rank - 1] + edges[rank]) / 2
    unit = 10**entry.decimals
    upwards = -1 if entry.polarity == "low" else 1
    steps = np.zeros(len(skills), np.int64)
    for better in (True, False):
        side = (gaps > 0) == better
        if side.any():
            room = _room(entry, own, up=(upwards > 0) == better)
            steps[side] = _steps(np.abs(gaps[side]) * entry.spread * unit, room * unit, least=int(better))
    return _key(own, entry.decimals) + upwards * np.where(gaps > 0, steps, -steps)


def _steps(distances: _Floats, room: float, least: int) -> _Ints:
    """Distances as whole units, drawn together where the farthest would pass the bound."""
    farthest = float(distances.max())
    if farthest > room:
        distances = distances * (room / farthest)
    return np.maximum(np.rint(distances), least).astype(np.int64)


def _room(entry: Published, own: Decimal, *, up: bool) -> float:
    """How far a figure may be above or below the council's."""
    if up:
        return math.inf if entry.highest is None else float(entry.highest - own)
    return math.inf if entry.lowest is None else LOWEST_SHARE * float(own - entry.lowest)


def _fits(entry: Published, own: Decimal, year: _Year) -> bool:
    """Whether the figures are possible, give the place and make the indicator eligible (method, items 3 and 5)."""
    key = _key(own, entry.decimals)
    better = int((year.peers < key).sum() if entry.polarity == "low" else (year.peers > key).sum())
    sizes = Counter([key, *year.peers.tolist()])
    return (
        better == year.rank - 1
        and (entry.highest is None or max(sizes) <= _key(entry.highest, entry.decimals))
        and (entry.lowest is None or min(sizes) >= _key(entry.lowest, entry.decimals))
        and len(sizes) >= DISTINCT_NEEDED
        and 2 * max(sizes.values()) <= sizes.total()
    )


def _skills(entry: Published, others: int) -> tuple[_Floats, _Floats]:
    """How well each comparator does in the two years, about 0 with a spread of 1, more being better."""
    common, own, news = (_normal(words, others) for words in (entry.theme, entry.code, f"{entry.code} {PERIODS[1]}"))
    first = THEME_SHARE * common + math.sqrt(1 - THEME_SHARE**2) * own
    return first, KEPT * first + math.sqrt(1 - KEPT**2) * news


def _normal(words: str, count: int) -> _Floats:
    """Numbers about 0 with a spread of 1, the same for the same words: sums of twelve uniform integers."""
    bits = np.random.PCG64(np.random.SeedSequence([SEED, zlib.crc32(words.encode())]))
    sums = (bits.random_raw(12 * count).reshape(count, 12) >> np.uint64(16)).astype(np.int64).sum(axis=1)
    return np.asarray(sums / 2**48 - 6.0, np.float64)
