"""Every theme's judged indicators by quartile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from engine.changes import BOTTOM_QUARTILE
from engine.ranking import Eligibility
from state.queries import current_snapshot
from state.views import SnapshotView


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
