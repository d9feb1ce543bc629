"""Reading back: answers as typed values, from a connection that never waits for a writer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from engine.areas import load_areas
from engine.catalogue import SPENDING_LINE
from engine.quadrants import Against
from state.database import connect_reader, explained
from state.explanations import distance_out, pace_of
from state.planes import Plane, plane
from state.published import published_ranks
from state.queries import (
    bottom_counts,
    by_theme,
    change_views,
    compared,
    current_snapshot,
    improved_since,
    indicator_views,
    latest_change,
    league,
    members,
    peers,
    release_views,
    theme_views,
    trend,
    worst_first,
)
from state.views import (
    BottomReport,
    ChangeView,
    IndicatorReport,
    LeagueReport,
    Names,
    OutboxView,
    OverallReport,
    ReleaseView,
    SnapshotView,
    ThemeReport,
)

T = TypeVar("T")


class Reader:
    """Answers from the database at ``path``; usable from many threads at once, each with its own connection."""

    def __init__(self, path: Path) -> None:
        """Raises StateError when there is no database yet or it cannot be read."""
        self._path = path
        self._local = threading.local()
        self._opened: list[Database] = []
        self._guard = threading.Lock()
        self._names: tuple[int, Names] | None = None
        self._db()

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for db in self._opened:
                db.close()
            self._opened.clear()

    def _db(self) -> Database:
        db: Database | None = getattr(self._local, "db", None)
        if db is None:
            db = connect_reader(self._path)
            self._local.db = db
            with self._guard:
                self._opened.append(db)
        return db

    @contextmanager
    def _view(self) -> Iterator[Database]:
        """One consistent view of the database for all queries inside."""
        db = self._db()
        with explained(self._path):
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.conn.rollback()

    def version(self) -> int:
        """A number that changes whenever anything that can be asked for changes."""
        with explained(self._path):
            row = (
                self._db()
                .execute(
                    "SELECT (SELECT coalesce(max(id), 0) FROM snapshots) * 1000000 "
                    "+ (SELECT coalesce(max(id), 0) FROM audit) + (SELECT count(*) FROM releases)"
                )
                .fetchone()
            )
        return int(row[0])

    def snapshot(self) -> SnapshotView | None:
        """The current snapshot, or None before the first release."""
        with self._view() as db:
            return current_snapshot(db)

    def names(self) -> Names:
        """Everything that can be asked for by name; remembered until something changes, since every answer asks."""
        version = self.version()
        if self._names is None or self._names[0] != version:
            self._names = version, self._read_names()
        return self._names[1]

    def _read_names(self) -> Names:
        with self._view() as db:
            details = {
                name: tuple(json.loads(aliases))
                for name, aliases in db.execute("SELECT name, aliases FROM theme_details")
            }
            kinds = list(
                db.execute(
                    "SELECT DISTINCT name, kind FROM theme_ranks "
                    "WHERE until_snapshot IS NULL AND kind <> 'expenditure' ORDER BY name"
                )
            )
            ranked = db.execute(
                "SELECT DISTINCT code, name, aliases FROM indicators JOIN ranks ON ranks.indicator_id = indicators.id "
                "WHERE until_snapshot IS NULL ORDER BY code"
            )
            areas, snapshot = load_areas(), current_snapshot(db)
            return Names(
                themes=tuple((name, details.get(name, ())) for name, kind in kinds if kind == "theme"),
                composites=tuple((name, details.get(name, ())) for name, kind in kinds if kind == "composite"),
                indicators=tuple((code, name, tuple(json.loads(aliases))) for code, name, aliases in ranked),
                councils=tuple((code, areas[code].name) for code in compared(db)),
                council=snapshot.council if snapshot else "",
            )

    def theme(self, name: str, area: str | None = None) -> ThemeReport | None:
        """A theme or composite of ours or of another area, with its indicators.

        Those in the bottom quartile stand first, then the worst rank first.
        """
        with self._view() as db:
            return _theme(db, name, area)

    def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
        """A theme or composite of ours and the same of another area, as both stand at one moment."""
        with self._view() as db:
            own, other = _theme(db, name, None), _theme(db, name, area)
            return (own, other) if own and other else None

    def league(self, name: str) -> LeagueReport | None:
        """Every area's place in a theme or composite, with its spending."""
        with self._view() as db:
            snapshot = current_snapshot(db)
            theme = next(iter(theme_views(db, snapshot, name)), None) if snapshot else None
            if snapshot is None or theme is None or theme.kind == "expenditure":
                return None
            return LeagueReport(snapshot, theme, tuple(league(db, theme)))

    def plane(self, against: Against, theme: str = "") -> Plane | None:
        """Performance against spending or deprivation: every area in a theme, or without one the council in all."""
        with self._view() as db:
            return plane(db, against, theme)

    def indicator(self, code: str) -> IndicatorReport | None:
        """An indicator with its trend and every area's place."""
        with self._view() as db:
            snapshot = current_snapshot(db)
            found = indicator_views(db, snapshot, None, code) if snapshot else []
            if snapshot is None or not found:
                return None
            way = distance_out(db, code, snapshot.council)
            return IndicatorReport(snapshot, found[0], trend(db, code), peers(db, code), way, pace_of(db, code, way))

    def overall(self, area: str | None = None) -> OverallReport | None:
        """Every composite and theme of ours or of another area, with the spending line of each."""
        with self._view() as db:
            return _overall(db, area)

    def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
        """Every composite and theme of ours and of another area, as both stand at one moment."""
        with self._view() as db:
            own, other = _overall(db, None), _overall(db, area)
            return (own, other) if own and other else None

    def bottom(self, theme: str | None = None) -> BottomReport | None:
        """Indicators in the bottom quartile, of one theme or of all, and those that left it or improved in a year."""
        with self._view() as db:
            snapshot = current_snapshot(db)
            if snapshot is None:
                return None
            indicators = indicator_views(db, snapshot, theme)
            return BottomReport(
                snapshot,
                theme,
                tuple(sorted((view for view in indicators if view.in_bottom_quartile), key=by_theme)),
                improved_since(db, snapshot, indicators),
                sum(view.eligibility == "eligible" and view.standing is not None for view in indicators),
            )

    def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
        """Stored changes, the newest first: all, those of one release, or those published or found since a day."""
        day = since.isoformat() if since else None
        with self._view() as db:
            return tuple(
                change_views(
                    db,
                    "(? IS NULL OR snapshots.known >= ? OR snapshots.taken >= ?) "
                    "AND (? IS NULL OR changes.release_id = ?)",
                    (day, day, day, release, release),
                )
            )

    def latest_change(self) -> int | None:
        """Number of the release that made the latest change, baselines apart; None when nothing has changed."""
        with self._view() as db:
            return latest_change(db)

    def releases(self) -> tuple[ReleaseView, ...]:
        """Every release, the newest first."""
        with self._view() as db:
            return tuple(release_views(db))

    def outbox(self) -> tuple[OutboxView, ...]:
        """Every message owed or sent, the newest first."""
        with self._view() as db:
            rows = db.execute(
                "SELECT outbox.id, key, destination, kind, outbox.state, attempts, created, coalesce(channel, ''), "
                "coalesce(ts, ''), reason FROM outbox LEFT JOIN deliveries ON outbox_id = outbox.id AND part = 0 "
                "ORDER BY outbox.id DESC"
            )
            return tuple(OutboxView(*row) for row in rows)

    def read(self, query: Callable[[Database], T]) -> T:
        """What a query of another state module finds, in one consistent view."""
        with self._view() as db:
            return query(db)


def _theme(db: Database, name: str, area: str | None) -> ThemeReport | None:
    snapshot = current_snapshot(db)
    theme = next(iter(theme_views(db, snapshot, name, area)), None) if snapshot else None
    if snapshot is None or theme is None or theme.kind == "expenditure":
        return None
    spending = SPENDING_LINE + theme.expenditure
    return ThemeReport(
        snapshot,
        theme,
        next(iter(theme_views(db, snapshot, spending, area)), None) if theme.expenditure else None,
        tuple(sorted(members(db, snapshot, theme, area), key=worst_first)),
        _area_name(snapshot, area),
        published_ranks(db, name=name) if area in {None, snapshot.council} else (),
    )


def _overall(db: Database, area: str | None) -> OverallReport | None:
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    everything = theme_views(db, snapshot, area=area)
    spending = {view.name: view for view in everything if view.kind == "expenditure"}
    judged = bottom_counts(db, area or snapshot.council)
    return OverallReport(
        snapshot,
        composites=tuple(view for view in everything if view.kind == "composite"),
        themes=tuple(view for view in everything if view.kind == "theme"),
        expenditure={
            view.name: spending[line] for view in everything if (line := SPENDING_LINE + view.expenditure) in spending
        },
        bottom=sum(bottom for bottom, _ in judged.values()),
        judged=sum(count for _, count in judged.values()),
        area=_area_name(snapshot, area),
    )


def _area_name(snapshot: SnapshotView, area: str | None) -> str:
    return load_areas()[area].name if area and area != snapshot.council else ""
