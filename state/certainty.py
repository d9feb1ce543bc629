"""What the published margins of error leave open: places in an indicator, and whether a figure got better.

Limits are stored with the figures, and what a revision replaced in its log, so what held at any snapshot is there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from sqlite_utils import Database

from engine.changes import BOTTOM_QUARTILE, Estimate, better_by
from engine.margin import WITH_LIMITS, Certainty, RankInterval, bottom_begins, bounds, certainty
from engine.periods import parse_period
from engine.quality import Check
from engine.ranking import Eligibility
from state.snapshots import AT, basis_at, latest

_LIMITED = "(lower_ci IS NOT NULL OR upper_ci IS NOT NULL)"
_NOW = "until_snapshot IS NULL"
_BREAKS = (Check.LABELS_MOVED, Check.UNIT_CHANGED, Check.MEDIAN_JUMP)
"""What, once approved, makes the figures before and after no longer the same measure."""


class _Cell(NamedTuple):
    """One area's figure in an indicator at a snapshot and where it stood; limits are NaN where there are none."""

    indicator: str
    area: int
    series: int
    value: float
    rank: int
    quartile: int
    eligible: bool
    lower: float
    upper: float


_kept: WeakKeyDictionary[Database, tuple[tuple[int, str], dict[str, Mapping[str, RankInterval]]]] = WeakKeyDictionary()
"""Each connection's snapshot, by number and the moment it was taken, and what was told of areas at it.

It never changes, and every answer about indicators asks.
"""


def rank_intervals(db: Database, snapshot: int, area: str) -> Mapping[str, RankInterval]:
    """The places that the limits leave open to an area at the current snapshot, by indicator, where one can tell."""
    (taken,) = db.execute("SELECT taken FROM snapshots WHERE id = ?", (snapshot,)).fetchone()
    known, of_areas = _kept.get(db, ((0, ""), {}))
    if known != (snapshot, taken):
        of_areas = {}
        _kept[db] = (snapshot, taken), of_areas
    if area not in of_areas:
        of_areas[area] = {cell.indicator: interval for cell, interval in _places(db, snapshot, area, None)}
    return of_areas[area]


def certainties(db: Database, snapshot: int, area: str, codes: Collection[str]) -> dict[str, Certainty]:
    """How sure it was at a snapshot that an area was in the bottom quartile, by indicator; only where it was in it.

    Where the area has no limits today nothing is told of an earlier snapshot either.
    """
    return {
        cell.indicator: certainty(interval, bottom=True)
        for cell, interval in _places(db, snapshot, area, codes)
        if cell.eligible and cell.quartile == BOTTOM_QUARTILE
    }


def better_since(db: Database, area: str, since: int, codes: Collection[str] | None = None) -> dict[str, float]:
    """Standard errors by which an area's figures are better than those it had at an earlier snapshot, by indicator.

    Only those with limits on both sides, high or low being good, whose period now begins after the earlier one ended,
    and without an approved change of labels, unit or scale between. Worse is negative. Method, item 14.
    """
    at, limited = latest(db), _limited(db, area, codes)
    if at is None:
        return {}
    broken = _broken_since(db, since)
    kept = [code for code in limited if code not in broken]
    before, now = (_estimates(db, snapshot, area, kept) for snapshot in (since, at))
    indicators = basis_at(db, at).indicators
    found = {
        code: better_by(before[code], now[code], indicators[code].polarity.kind)
        for code in kept
        if code in before and code in now
    }
    return {code: z for code, z in found.items() if z is not None}


def better_than_a_year_before(db: Database, area: str, codes: Collection[str]) -> dict[str, float]:
    """Standard errors by which the council's figures are better than a year before, as revised since; by indicator.

    A year before is the latest period ending at least a year earlier. What is left out is as in ``better_since``.
    """
    at = latest(db)
    limited = _limited(db, area, codes)
    if at is None or not limited:
        return {}
    now, indicators = _estimates(db, at, area, limited), basis_at(db, at).indicators
    rows = db.execute(
        "SELECT indicators.code, series.period, observations.value, lower_ci, upper_ci FROM json_each(?) AS wanted "  # noqa: S608
        "CROSS JOIN indicators ON indicators.code = wanted.value JOIN series ON indicator_id = indicators.id "
        "JOIN trends ON trends.series_id = series.id JOIN observations ON observations.series_id = series.id "
        f"WHERE year_before AND area_id = (SELECT id FROM areas WHERE code = ?) AND {_LIMITED}",
        (json.dumps(limited), area),
    )
    found = {}
    for code, period, value, *limits in rows:
        before = Estimate(parse_period(period), _or_nan(value), *(_or_nan(limit) for limit in limits))
        found[code] = better_by(before, now[code], indicators[code].polarity.kind)
    return {code: z for code, z in found.items() if z is not None}


def _places(
    db: Database, snapshot: int, area: str, codes: Collection[str] | None
) -> Iterator[tuple[_Cell, RankInterval]]:
    """The area's own cell in each indicator of which an interval can be told, with the interval."""
    wanted = _limited(db, area, codes)
    if not wanted:
        return
    basis, number, cells = basis_at(db, snapshot), _area(db, area), list(_cells(db, snapshot, wanted))
    row_of = {code: at for at, code in enumerate(dict.fromkeys(cell.indicator for cell in cells))}
    column_of = {one: at for at, one in enumerate(dict.fromkeys(cell.area for cell in cells))}
    if number not in column_of:
        return
    figures = np.full((5, len(row_of), len(column_of)), np.nan)
    figures[1:3] = 0  # no rank, no quartile
    at = [row_of[cell.indicator] for cell in cells], [column_of[cell.area] for cell in cells]
    figures[:, at[0], at[1]] = np.array([(*cell[3:6], *cell[7:]) for cell in cells], np.float64).T
    value, lower, upper = figures[0], figures[3], figures[4]
    rank, quartile = figures[1].astype(np.int64), figures[2].astype(np.int64)
    told = np.array([basis.indicators[code].polarity.kind in WITH_LIMITS for code in row_of], bool)
    best, worst = bounds(value, lower, upper, rank, told)
    by_value = basis.rules.quartile_rule == "value"
    for cell in cells:
        row, column = row_of[cell.indicator], column_of[cell.area]
        if cell.area == number and best[row, column]:
            begins = bottom_begins(rank[row], quartile[row]) if by_value else 0
            of = int((rank[row] > 0).sum())
            yield cell, RankInterval(int(best[row, column]), int(worst[row, column]), of, begins)


def _limited(db: Database, area: str, codes: Collection[str] | None) -> list[str]:
    """The indicators, of these or of all, for which the area's current figure has limits."""
    rows = db.execute(
        "SELECT code FROM ranks CROSS JOIN observations USING (series_id, area_id) "  # noqa: S608
        "CROSS JOIN indicators ON indicators.id = ranks.indicator_id "
        f"WHERE ranks.area_id = ? AND {_NOW} AND {_LIMITED} "
        "AND (? IS NULL OR code IN (SELECT value FROM json_each(?)))",
        (_area(db, area), *[None if codes is None else json.dumps(list(codes))] * 2),
    )
    return [code for (code,) in rows]


def _cells(db: Database, snapshot: int, codes: Collection[str], area: str | None = None) -> Iterator[_Cell]:
    """Every ranked figure of these indicators at a snapshot, of one area or of all, with the limits it had then."""
    current = snapshot == latest(db)
    rows = db.execute(
        "SELECT indicators.code, ranks.area_id, ranks.series_id, ranks.value, rank, coalesce(quartile, 0), "  # noqa: S608
        "eligibility, lower_ci, upper_ci FROM json_each(:codes) AS wanted "
        "CROSS JOIN indicators ON indicators.code = wanted.value "
        "CROSS JOIN ranks ON ranks.indicator_id = indicators.id "
        "LEFT JOIN observations ON observations.series_id = ranks.series_id AND observations.area_id = ranks.area_id "
        f"WHERE rank IS NOT NULL AND {_NOW if current else AT} AND (:area IS NULL OR ranks.area_id = :area)",
        {"codes": json.dumps(list(codes)), "at": snapshot, "area": _area(db, area) if area else None},
    ).fetchall()
    then = {} if current else _limits_then(db, snapshot, {row[2] for row in rows})
    for code, number, series, value, rank, quartile, eligibility, *limits in rows:
        lower, upper = then.get((series, number), limits)
        eligible = eligibility == Eligibility.ELIGIBLE
        yield _Cell(code, number, series, value, rank, quartile, eligible, _or_nan(lower), _or_nan(upper))


def _limits_then(
    db: Database, snapshot: int, series: Collection[int]
) -> dict[tuple[int, int], tuple[float | None, float | None]]:
    """The limits at a snapshot of the figures revised since, by series and area."""
    found: dict[tuple[int, int], tuple[float | None, float | None]] = {}
    for one, area, lower, upper in db.execute(
        "SELECT series_id, area_id, lower_ci, upper_ci FROM revisions WHERE snapshot_id > ? "
        "AND series_id IN (SELECT value FROM json_each(?)) ORDER BY snapshot_id",
        (snapshot, json.dumps(list(series))),
    ):
        found.setdefault((one, area), (lower, upper))  # the oldest of them replaced what stood then
    return found


def _estimates(db: Database, snapshot: int, area: str, codes: Collection[str]) -> dict[str, Estimate]:
    """An area's figures at a snapshot with their periods and limits, by indicator."""
    cells = list(_cells(db, snapshot, codes, area))
    numbers = json.dumps([cell.series for cell in cells])
    periods = dict(db.execute("SELECT id, period FROM series WHERE id IN (SELECT value FROM json_each(?))", (numbers,)))
    return {
        cell.indicator: Estimate(parse_period(periods[cell.series]), cell.value, cell.lower, cell.upper)
        for cell in cells
    }


def _broken_since(db: Database, snapshot: int) -> set[str]:
    """Indicators of which a change of labels, unit or scale was approved after a snapshot."""
    return {
        code
        for (code,) in db.execute(
            "SELECT indicator FROM findings WHERE state = 'approved' AND check_name IN (?, ?, ?) "
            "AND release_id IN (SELECT release_id FROM snapshots WHERE id > ?)",
            (*_BREAKS, snapshot),
        )
    }


def _area(db: Database, code: str) -> int | None:
    row = db.execute("SELECT id FROM areas WHERE code = ?", (code,)).fetchone()
    return int(row[0]) if row else None


def _or_nan(figure: float | None) -> float:
    return math.nan if figure is None else figure
