"""What charts are drawn from: places over the years, places against spending, and an indicator among its comparators.

Ranks of earlier periods are not stored for every area: they are worked out from the figures held now, among the
comparators of the current snapshot and by its rules, when they are asked for.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlite_utils import Database

from engine.areas import load_areas
from engine.catalogue import EXPENDITURE, SPENDING_LINE, Indicator, Polarity
from engine.changes import BOTTOM_QUARTILE, Standing
from engine.panel import PLAIN, Panel
from engine.periods import Period, parse_period
from engine.ranking import Eligibility, Ranks
from engine.snapshot import Basis, own_year, rank_panel
from state.queries import current_snapshot, standings
from state.snapshots import basis_at
from state.views import SnapshotView

_TO_CUT = (2, 3, BOTTOM_QUARTILE)


@dataclass(frozen=True, slots=True)
class ThemeYear:
    """A theme's standing in the year its figures end in; None where it had no rank."""

    year: int
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class ThemeHistory:
    """A theme or composite over the years, oldest first, the current one last."""

    snapshot: SnapshotView
    name: str
    kind: str
    years: tuple[ThemeYear, ...]


@dataclass(frozen=True, slots=True)
class SpendPoint:
    """Where one area, or one theme of the council, stands in performance (1 is best) and spend (1 is highest)."""

    code: str
    name: str
    performance: Standing
    spend: Standing


@dataclass(frozen=True, slots=True)
class SpendMap:
    """Performance against spending: every area in one theme, or the council in every theme (``theme`` empty).

    ``line`` is the spending line's name; ``unplaced`` counts areas, or themes, that lack one of the two ranks.
    """

    snapshot: SnapshotView
    theme: str
    line: str
    points: tuple[SpendPoint, ...]
    unplaced: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The areas' figures in one period: ``lowest``, ``median``, ``highest`` of ``areas``, and where quartiles begin.

    ``starts`` are the best figures in quartiles 2, 3 and 4, None where a quartile is empty or there are none.
    ``line`` holds the figures at which the bottom quartile begins: none, one, or two around a band.
    """

    areas: int
    lowest: float
    median: float
    highest: float
    starts: tuple[float | None, float | None, float | None]
    line: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndicatorPeriod:
    """The council's standing and the spread of all areas in one period; None where there is none."""

    label: str
    start: str
    end: str
    standing: Standing | None
    spread: Spread | None

    @property
    def value(self) -> float | None:
        """The council's figure."""
        return self.standing.value if self.standing else None


@dataclass(frozen=True, slots=True)
class IndicatorHistory:
    """An indicator's periods up to the one it is ranked at now, oldest first."""

    snapshot: SnapshotView
    code: str
    name: str
    theme: str
    unit: str
    decimals: int | None
    polarity: str
    target: str
    eligibility: str
    periods: tuple[IndicatorPeriod, ...]

    @property
    def is_expenditure(self) -> bool:
        """True for a spending line: rank 1 is the highest spend, and nothing is judged."""
        return self.theme == EXPENDITURE and self.polarity == "none"


@dataclass(frozen=True, slots=True)
class Judged:
    """A judged indicator and the council's quartile in it."""

    code: str
    name: str
    quartile: int


@dataclass(frozen=True, slots=True)
class ThemeQuartiles:
    """The judged indicators of a theme, worst quartile first."""

    name: str
    indicators: tuple[Judged, ...]

    @property
    def bottom(self) -> int:
        """How many are in the bottom quartile."""
        return sum(indicator.quartile == BOTTOM_QUARTILE for indicator in self.indicators)


@dataclass(frozen=True, slots=True)
class QuartileStrip:
    """Every theme's judged indicators by quartile, the largest share in the bottom quartile first."""

    snapshot: SnapshotView
    themes: tuple[ThemeQuartiles, ...]


def theme_history(db: Database, name: str) -> ThemeHistory | None:
    """The council's places in a theme or composite over the years; None where there is no such basket now."""
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    row = db.execute(
        'SELECT kind, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
        "WHERE until_snapshot IS NULL AND areas.code = ? AND name = ? AND kind <> 'expenditure'",
        (snapshot.council, name),
    ).fetchone()
    if row is None:
        return None
    earlier = {
        ago: Standing(rank, of, quartile, bool(tied))
        for ago, rank, of, quartile, tied in db.execute(
            'SELECT years_ago, rank, "of", quartile, tied FROM theme_years JOIN areas ON areas.id = area_id '
            "WHERE areas.code = ? AND name = ? AND rank IS NOT NULL",
            (snapshot.council, name),
        )
    }
    own = _own_year(db, snapshot, name)
    now = Standing(row[1], row[2], row[3], bool(row[4])) if row[1] else None
    years = [ThemeYear(own - ago, earlier.get(ago)) for ago in range(max(earlier, default=0), 0, -1)]
    return ThemeHistory(snapshot, name, row[0], (*years, ThemeYear(own, now)))


def _own_year(db: Database, snapshot: SnapshotView, name: str) -> int:
    """The year that a basket is of now; the snapshot's where it has no members."""
    made_of = set(basis_at(db, snapshot.id).made_of(name))
    ends = [
        int(period.partition("/")[2][:4])
        for code, period in db.execute(
            "SELECT indicators.code, series.period FROM ranks JOIN indicators ON indicators.id = ranks.indicator_id "
            "JOIN series ON series.id = ranks.series_id JOIN areas ON areas.id = ranks.area_id "
            "WHERE until_snapshot IS NULL AND areas.code = ? AND eligibility = ?",
            (snapshot.council, int(Eligibility.ELIGIBLE)),
        )
        if code in made_of
    ]
    return own_year(ends) or int(snapshot.label[:4])


def spend_map(db: Database, theme: str) -> SpendMap | None:
    """Every area's place in a theme against its place in the theme's spending line; None without such a line."""
    snapshot = current_snapshot(db)
    line = _line_of(db, theme) if snapshot else ""
    if snapshot is None or not line:
        return None
    areas = load_areas()
    performance, spend = standings(db, theme), standings(db, SPENDING_LINE + line)
    if not performance or not spend:
        return None
    points = _points(performance, spend, {code: areas[code].name for code in performance})
    return SpendMap(snapshot, theme, line, points, len(performance) - len(points))


def spend_by_theme(db: Database) -> SpendMap | None:
    """The council's place in every theme that has a spending line, against its place in that line."""
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    lines = dict(db.execute("SELECT name, expenditure FROM theme_details WHERE expenditure <> ''"))
    own = {
        name: Standing(rank, of, quartile, bool(tied))
        for name, rank, of, quartile, tied in db.execute(
            'SELECT name, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
            "WHERE until_snapshot IS NULL AND areas.code = ?",
            (snapshot.council,),
        )
    }
    performance = {name: own[name] for name in sorted(lines) if name in own}
    spend = {name: own[SPENDING_LINE + line] for name, line in lines.items() if SPENDING_LINE + line in own}
    points = _points(performance, spend, {name: name for name in performance})
    return SpendMap(snapshot, "", "", points, len(performance) - len(points)) if performance and spend else None


def _line_of(db: Database, theme: str) -> str:
    row = db.execute("SELECT expenditure FROM theme_details WHERE name = ?", (theme,)).fetchone()
    return str(row[0]) if row else ""


def _points(
    performance: Mapping[str, Standing], spend: Mapping[str, Standing], names: Mapping[str, str]
) -> tuple[SpendPoint, ...]:
    """Those with a rank in both."""
    return tuple(
        SpendPoint(code, names[code], standing, spend[code])
        for code, standing in performance.items()
        if standing.rank is not None and code in spend and spend[code].rank is not None
    )


def quartile_strip(db: Database, themes: Iterable[str] = ()) -> QuartileStrip | None:
    """The council's quartile in each judged indicator of the named themes, or of all."""
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    wanted = set(themes)
    found: dict[str, list[Judged]] = {}
    for theme, code, name, quartile in db.execute(
        "SELECT theme, indicators.code, indicators.name, quartile FROM ranks "
        "JOIN indicators ON indicators.id = indicator_id JOIN areas ON areas.id = area_id "
        "WHERE until_snapshot IS NULL AND areas.code = ? AND eligibility = ? AND quartile IS NOT NULL "
        "ORDER BY quartile DESC, indicators.name, indicators.code",
        (snapshot.council, int(Eligibility.ELIGIBLE)),
    ):
        if not wanted or theme in wanted:
            found.setdefault(theme, []).append(Judged(code, name, quartile))
    rows = [ThemeQuartiles(name, tuple(indicators)) for name, indicators in found.items()]
    rows.sort(key=lambda row: (-row.bottom / len(row.indicators), -row.bottom, row.name))
    return QuartileStrip(snapshot, tuple(rows))


def indicator_history(db: Database, code: str) -> IndicatorHistory | None:
    """An indicator's periods up to the one it is ranked at; None where it is not ranked now."""
    snapshot = current_snapshot(db)
    found = db.execute(
        "SELECT indicators.id, name, theme, unit, decimals, polarity, target, eligibility, series.period FROM ranks "
        "JOIN indicators ON indicators.id = ranks.indicator_id JOIN series ON series.id = ranks.series_id "
        "WHERE until_snapshot IS NULL AND indicators.code = ? LIMIT 1",
        (code,),
    ).fetchone()
    if snapshot is None or found is None:
        return None
    number, name, theme, unit, decimals, polarity, target, eligibility, current = found
    figures = _figures(db, number)
    last = parse_period(current)
    shown = sorted((parse_period(key), label) for key, label in figures if parse_period(key) <= last)
    basis = basis_at(db, snapshot.id)
    # What decides a rank is the basis's, as it was when the snapshot was taken.
    entry = basis.indicators.get(code) or Indicator(code, name, theme, Polarity.parse(polarity), decimals=decimals)
    values = [figures[period.key, label] for period, label in shown]
    return IndicatorHistory(
        snapshot,
        code,
        name,
        theme,
        unit,
        decimals,
        polarity,
        target,
        Eligibility(eligibility).name.lower(),
        periods(entry, basis, snapshot.council, shown, values),
    )


def _figures(db: Database, indicator: int) -> dict[tuple[str, str], dict[str, float]]:
    """The figures of every area by (period key, label)."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for key, label, area, value in db.execute(
        "SELECT series.period, label, areas.code, value FROM series JOIN observations ON series_id = series.id "
        "JOIN areas ON areas.id = area_id WHERE indicator_id = ? AND value IS NOT NULL",
        (indicator,),
    ):
        found.setdefault((key, label), {})[area] = value
    return found


def periods(
    entry: Indicator,
    basis: Basis,
    council: str,
    shown: Sequence[tuple[Period, str]],
    figures: Sequence[Mapping[str, float]],
) -> tuple[IndicatorPeriod, ...]:
    """The council's standing and the areas' spread in each period, from the areas' figures in it, by the basis."""
    if not shown:
        return ()
    areas = basis.comparators
    values = np.array([[each.get(area, math.nan) for area in areas] for each in figures])
    rows, columns = np.nonzero(~np.isnan(values))
    none = np.full(rows.size, math.nan)
    status = np.full(rows.size, PLAIN, np.int16)
    panel = Panel.build(
        [(entry.code, period, label) for period, label in shown],
        areas,
        (rows, columns, values[rows, columns], status, none, none),
    )
    ranks = rank_panel(panel, [entry] * len(panel.periods), basis)
    own = areas.index(council) if council in areas else -1
    return tuple(
        IndicatorPeriod(
            label=panel.labels[at],
            start=panel.periods[at].start.isoformat(),
            end=panel.periods[at].end.isoformat(),
            standing=_standing(panel, ranks, at, own),
            spread=_spread(panel.values[at].tolist(), ranks, at, entry.polarity),
        )
        for at in range(len(panel.periods))
    )


def _standing(panel: Panel, ranks: Ranks, at: int, own: int) -> Standing | None:
    if own < 0 or math.isnan(value := float(panel.values[at, own])):
        return None
    return Standing(
        rank=int(ranks.rank[at, own]) or None,
        of=int(ranks.of[at]),
        quartile=int(ranks.quartile[at, own]) or None,
        tied=bool(ranks.tied[at, own]),
        period=panel.labels[at],
        value=value,
    )


def _spread(values: Sequence[float], ranks: Ranks, at: int, polarity: Polarity) -> Spread | None:
    present = [value for value in values if not math.isnan(value)]
    if not present:
        return None
    quartile = ranks.quartile[at].tolist()
    rank = ranks.rank[at].tolist()
    starts = []
    for cut in _TO_CUT:
        inside = [place for place in range(len(values)) if quartile[place] == cut]
        starts.append(values[min(inside, key=lambda place: rank[place])] if inside else None)
    return Spread(
        areas=len(present),
        lowest=min(present),
        median=statistics.median(present),
        highest=max(present),
        starts=(starts[0], starts[1], starts[2]),
        line=_line(starts[2], polarity),
    )


def _line(start: float | None, polarity: Polarity) -> tuple[float, ...]:
    """The figures at which the bottom quartile begins: around a band it begins as far below as above."""
    if start is None:
        return ()
    if polarity.kind != "band":
        return (start,)
    figure = Decimal(repr(start))
    away = max(polarity.lowest - figure, figure - polarity.highest, Decimal(0))
    return float(polarity.lowest - away), float(polarity.highest + away)
