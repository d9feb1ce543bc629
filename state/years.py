"""A theme's places over the years: worked out from the figures held now, and as earlier editions printed them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from engine.changes import Standing
from engine.ranking import Eligibility
from engine.snapshot import own_year
from state.published import PublishedRank, published_ranks
from state.queries import baskets, current_snapshot, theme_years
from state.snapshots import basis_at
from state.views import SnapshotView


@dataclass(frozen=True, slots=True)
class ThemeYear:
    """A theme's standing in the year its figures end in; None where it had no rank.

    ``held`` is how many of its indicators go back so far; ``published`` is what an edition ending in that year printed.
    """

    year: int
    standing: Standing | None
    held: int = 0
    published: PublishedRank | None = None

    def thin(self, judged: int) -> bool:
        """Whether its rank rests on fewer than two thirds of the theme's ``judged`` indicators."""
        return self.standing is not None and 3 * self.held < 2 * judged


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
class YearsHeld:
    """What is held of a theme or composite over the years, oldest first: computed, as published, or both.

    ``kind`` is ``published`` for what was published under a name that nothing has today. ``judged`` counts its
    indicators.
    """

    name: str
    kind: str
    years: tuple[ThemeYear, ...]
    judged: int = 0


def theme_history(db: Database, name: str) -> ThemeHistory | None:
    """The council's places in a theme or composite over the years; None where there is no such basket now."""
    snapshot = current_snapshot(db)
    found = baskets(db, snapshot.council).get(name) if snapshot else None
    if snapshot is None or found is None:
        return None
    return _history(db, snapshot, name, *found, theme_years(db, snapshot.council).get(name, {}))


def _history(
    db: Database, snapshot: SnapshotView, name: str, kind: str, now: Standing, earlier: Mapping[int, Standing]
) -> ThemeHistory:
    """The years of one basket from where it stands ``now``, and where it stood ``earlier``, by years ago."""
    ends = _ends(db, snapshot, name)
    own = own_year(years[-1] for years in ends.values()) or int(snapshot.label[:4])
    standing: dict[int, Standing | None] = {own - ago: one for ago, one in earlier.items()}
    standing[own] = now if now.rank else None
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
    return ThemeHistory(snapshot, name, kind, tuple(years), own, len(ends))


def years_held(db: Database, names: Collection[str] = ()) -> tuple[YearsHeld, ...]:
    """The years of the named themes and composites, or of all: composites first, what is only published last."""
    snapshot = current_snapshot(db)
    now = baskets(db, snapshot.council) if snapshot else {}
    earlier = theme_years(db, snapshot.council) if snapshot else {}
    found = []
    for name, (kind, standing) in sorted(now.items(), key=lambda item: (item[1][0], item[0])):
        if snapshot and (not names or name in names):
            history = _history(db, snapshot, name, kind, standing, earlier.get(name, {}))
            found.append(YearsHeld(name, kind, history.years, history.judged))
    printed: dict[str, list[PublishedRank]] = {}
    for one in published_ranks(db):
        if one.name not in now and (not names or one.name in names):
            printed.setdefault(one.name, []).append(one)
    found += [
        YearsHeld(name, "published", tuple(ThemeYear(one.year, None, published=one) for one in own))
        for name, own in sorted(printed.items())
    ]
    return tuple(found)


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
