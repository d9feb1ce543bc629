"""What charts are drawn from: places over years, against spending or deprivation, an indicator among its comparators.

Ranks of earlier periods are not stored for every area: they are worked out from the figures held now, among the
comparators of the current snapshot and by its rules, when they are asked for.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlite_utils import Database

from engine.areas import load_areas
from engine.catalogue import EXPENDITURE, Indicator, Polarity
from engine.changes import BOTTOM_QUARTILE, Standing
from engine.panel import PLAIN, Panel
from engine.periods import Period, parse_period
from engine.quadrants import Against, Quadrant, quadrant
from engine.ranking import Eligibility, Ranks
from engine.snapshot import Basis, own_year, rank_panel
from state.published import PublishedRank, published_ranks
from state.queries import current_snapshot, standings
from state.snapshots import basis_at
from state.views import SnapshotView

_TO_CUT = (2, 3, BOTTOM_QUARTILE)
_NO_RANK = Standing(None, None)


@dataclass(frozen=True, slots=True)
class ThemeYear:
    """A theme's standing in the year its figures end in; None where it had no rank.

    ``held`` is how many of its indicators go back so far; ``published`` is what an edition ending in that year printed.
    """

    year: int
    standing: Standing | None
    held: int = 0
    published: PublishedRank | None = None


@dataclass(frozen=True, slots=True)
class ThemeHistory:
    """A theme or composite over the years, oldest first, one after the other without a gap.

    ``own`` is the year of its current figures, 0 for the last one; ``judged`` counts its indicators. Only a published
    rank may stand later than that.
    """

    snapshot: SnapshotView
    name: str
    kind: str
    years: tuple[ThemeYear, ...]
    own: int = 0
    judged: int = 0

    @property
    def now(self) -> Standing | None:
        """Where it stands by the current figures."""
        return next((one.standing for one in reversed(self.years) if self.own in {0, one.year}), None)

    @property
    def published(self) -> tuple[PublishedRank, ...]:
        """What was published of it, oldest first."""
        return tuple(one.published for one in self.years if one.published)


@dataclass(frozen=True, slots=True)
class Measure:
    """What performance is set against: a spending line, or the measure of deprivation.

    Before its first figure only one of ``code`` and ``name`` is known: the name of a line, the code of deprivation.
    """

    code: str
    name: str = ""
    unit: str = ""
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class PlanePoint:
    """Where one area, or one theme or composite of the council (``kind``), stands in both, with the figure.

    ``performance`` is a place, 1 the best; ``across`` the place in spending (1 the highest per head) or deprivation (1
    the most deprived), with figure and period, in ``measure``. Either has no rank where there is none.
    """

    code: str
    name: str
    kind: str
    performance: Standing
    across: Standing
    measure: Measure

    @property
    def quadrant(self) -> Quadrant | None:
        """Its quadrant; None where it lacks one of the two ranks."""
        return quadrant(self.performance, self.across)


@dataclass(frozen=True, slots=True)
class Plane:
    """Performance ``against`` spending or deprivation: every area in one theme, or the council in every theme.

    ``theme`` is empty for the council in every theme. ``measure`` is None where the catalogue names none, and in
    spending by theme, where each point has its own. ``points`` have both ranks, ``unplaced`` lack one or both;
    ``without`` are the themes that nothing is named for to set them against.
    """

    snapshot: SnapshotView
    against: Against
    theme: str
    measure: Measure | None
    points: tuple[PlanePoint, ...]
    unplaced: tuple[PlanePoint, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def own(self) -> PlanePoint | None:
        """The council among the areas of a theme, without ranks too; None by theme."""
        return next((one for one in (*self.points, *self.unplaced) if one.code == self.snapshot.council), None)


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
    ends = _ends(db, snapshot, name)
    own = own_year(years[-1] for years in ends.values()) or int(snapshot.label[:4])
    standing: dict[int, Standing | None] = {own - ago: one for ago, one in earlier.items()}
    standing[own] = Standing(row[1], row[2], row[3], bool(row[4])) if row[1] else None
    printed = {one.year: one for one in published_ranks(db, name=name)}
    span = range(min((*standing, *printed)), max((own, *printed)) + 1)
    years = [
        ThemeYear(
            year,
            standing.get(year),
            sum(own_years[0] <= year for own_years in ends.values()) if year <= own else 0,
            printed.get(year),
        )
        for year in span
    ]
    return ThemeHistory(snapshot, name, row[0], tuple(years), own, len(ends))


@dataclass(frozen=True, slots=True)
class YearsHeld:
    """What is held of a theme or composite over the years, oldest first: computed, as published, or both.

    ``kind`` is ``published`` for what was published under a name that nothing has today. ``judged`` counts its
    indicators.
    """

    name: str
    kind: str
    years: tuple[ThemeYear, ...]
    judged: int = 0


def years_held(db: Database, names: Collection[str] = ()) -> tuple[YearsHeld, ...]:
    """The years of the named themes and composites, or of all: composites first, what is only published last."""
    kinds = dict(
        db.execute(
            "SELECT name, kind FROM theme_ranks WHERE until_snapshot IS NULL AND kind <> 'expenditure' "
            "GROUP BY name ORDER BY kind, name"
        )
    )
    found = [
        YearsHeld(name, kind, each.years, each.judged)
        for name, kind in kinds.items()
        if (each := theme_history(db, name))
    ]
    printed: dict[str, list[PublishedRank]] = {}
    for one in published_ranks(db):
        if one.name not in kinds:
            printed.setdefault(one.name, []).append(one)
    found += [
        YearsHeld(name, "published", tuple(ThemeYear(one.year, None, published=one) for one in own))
        for name, own in sorted(printed.items())
    ]
    return tuple(one for one in found if not names or one.name in names)


def _ends(db: Database, snapshot: SnapshotView, name: str) -> dict[str, tuple[int, int]]:
    """In which years the first period the council has a rank for, and the current one, end, by member of a basket."""
    return {
        code: (int(first or current), int(current))
        for code, current, first in db.execute(
            "SELECT indicators.code, substr(series.period, instr(series.period, '/') + 1, 4), "
            "(SELECT min(substr(own.period, instr(own.period, '/') + 1, 4)) FROM series AS own "
            "JOIN trends ON trends.series_id = own.id "
            "WHERE own.indicator_id = indicators.id AND trends.rank IS NOT NULL) "
            "FROM indicators CROSS JOIN ranks ON ranks.indicator_id = indicators.id "
            "JOIN series ON series.id = ranks.series_id "
            "WHERE indicators.code IN (SELECT value FROM json_each(?)) AND until_snapshot IS NULL "
            "AND area_id = (SELECT id FROM areas WHERE code = ?) AND eligibility = ?",
            (json.dumps(basis_at(db, snapshot.id).made_of(name)), snapshot.council, int(Eligibility.ELIGIBLE)),
        )
    }


def spend_map(db: Database, theme: str) -> Plane | None:
    """Every area's place in a theme or composite against its place in the spending line that belongs to it.

    None where the theme has no rank now; without a measure where it has no line. Method, item 8.
    """
    return _areas_plane(db, "spend", theme)


def spend_by_theme(db: Database) -> Plane | None:
    """The council's place in every theme and composite against its place in the spending line of each."""
    return _themes_plane(db, "spend")


def deprivation_map(db: Database, theme: str) -> Plane | None:
    """Every area's place in a theme or composite against its place in deprivation, 1 being the most deprived.

    None where the theme has no rank now. Method, item 8.
    """
    return _areas_plane(db, "deprivation", theme)


def deprivation_by_theme(db: Database) -> Plane | None:
    """The council's place in every theme and composite against its place in deprivation."""
    return _themes_plane(db, "deprivation")


def plane(db: Database, against: Against, theme: str = "") -> Plane | None:
    """Performance against spending or deprivation: every area in a theme, or without one the council in every theme."""
    return _areas_plane(db, against, theme) if theme else _themes_plane(db, against)


def _areas_plane(db: Database, against: Against, theme: str) -> Plane | None:
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    performance = standings(db, theme)
    if not performance:
        return None
    measure = _measures(db, against).get(theme)
    across = _figures_now(db, measure.code) if measure else {}
    areas = load_areas()
    points = [
        PlanePoint(code, areas[code].name, "area", standing, across.get(code, _NO_RANK), measure)
        for code, standing in performance.items()
        if measure is not None
    ]
    return _plane(snapshot, against, theme, measure, points)


def _themes_plane(db: Database, against: Against) -> Plane | None:
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    own = [
        (name, kind, Standing(rank, of, quartile, bool(tied)))
        for name, kind, rank, of, quartile, tied in db.execute(
            'SELECT name, kind, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
            "WHERE until_snapshot IS NULL AND areas.code = ? AND kind <> 'expenditure' ORDER BY name",
            (snapshot.council,),
        )
    ]
    measures = _measures(db, against)
    across = {
        code: _figures_now(db, code).get(snapshot.council, _NO_RANK)
        for code in {measure.code for measure in measures.values()}
    }
    points = [
        PlanePoint(name, name, kind, standing, across[measures[name].code], measures[name])
        for name, kind, standing in own
        if name in measures
    ]
    without = tuple(name for name, kind, _ in own if kind == "theme" and name not in measures)
    shared = next(iter(measures.values()), None) if against == "deprivation" else None
    return _plane(snapshot, against, "", shared, points, without)


def _plane(
    snapshot: SnapshotView,
    against: Against,
    theme: str,
    measure: Measure | None,
    points: Sequence[PlanePoint],
    without: tuple[str, ...] = (),
) -> Plane:
    """Those with a rank in both, and apart from them the others."""
    placed = tuple(point for point in points if point.quadrant)
    unplaced = tuple(point for point in points if not point.quadrant)
    return Plane(snapshot, against, theme, measure, placed, unplaced, without)


def _measures(db: Database, against: Against) -> dict[str, Measure]:
    """What each theme and composite is set against, by name."""
    known = {
        code: Measure(code, name, unit, decimals)
        for code, name, unit, decimals in db.execute("SELECT code, name, unit, decimals FROM indicators")
    }
    if against == "deprivation":
        named = db.execute("SELECT name, deprivation FROM theme_details WHERE deprivation <> ''")
        return {name: known.get(code) or Measure(code) for name, code in named}
    # A line is kept by its name; of two lines of one name the first by its code is the one that is ranked under it.
    lines = dict(
        db.execute(
            "SELECT name, min(code) FROM indicators WHERE theme = ? AND polarity = 'none' GROUP BY name", (EXPENDITURE,)
        )
    )
    named = db.execute("SELECT name, expenditure FROM theme_details WHERE expenditure <> ''")
    return {name: known[lines[line]] if line in lines else Measure("", line) for name, line in named}


def _figures_now(db: Database, code: str) -> dict[str, Standing]:
    """Every area's place in an indicator now with figure and period, by area code."""
    return {
        area: Standing(rank, of, None, bool(tied), period, value)
        for area, rank, of, tied, period, value in db.execute(
            'SELECT areas.code, rank, "of", tied, ranks.period, value FROM ranks '
            "JOIN areas ON areas.id = ranks.area_id JOIN indicators ON indicators.id = ranks.indicator_id "
            "WHERE until_snapshot IS NULL AND rank IS NOT NULL AND indicators.code = ?",
            (code,),
        )
    }


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
