"""Performance against spending or deprivation, of every area in a theme or of the council in every theme (item 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from engine.areas import load_areas
from engine.catalogue import EXPENDITURE
from engine.changes import Standing
from engine.quadrants import Against, Quadrant, quadrant
from state.queries import baskets, current_snapshot, standings
from state.views import SnapshotView

_NO_RANK = Standing(None, None)


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


def plane(db: Database, against: Against, theme: str = "") -> Plane | None:
    """Performance against spending or deprivation: every area in a theme, or without one the council in every theme.

    None where the theme has no rank now; without a measure where the catalogue names none for it. Method, item 8.
    """
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    return _areas_plane(db, snapshot, against, theme) if theme else _themes_plane(db, snapshot, against)


def _areas_plane(db: Database, snapshot: SnapshotView, against: Against, theme: str) -> Plane | None:
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


def _themes_plane(db: Database, snapshot: SnapshotView, against: Against) -> Plane:
    own = baskets(db, snapshot.council)
    measures = _measures(db, against)
    across = {
        code: _figures_now(db, code).get(snapshot.council, _NO_RANK)
        for code in {measure.code for measure in measures.values()}
    }
    points = [
        PlanePoint(name, name, kind, standing, across[measures[name].code], measures[name])
        for name, (kind, standing) in own.items()
        if name in measures
    ]
    without = tuple(name for name, (kind, _) in own.items() if kind == "theme" and name not in measures)
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
