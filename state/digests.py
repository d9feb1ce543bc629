"""Weekly digests: which were made for whom, up to which snapshot each told, and what they are compared with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from engine.changes import BOTTOM_QUARTILE, Kind, Standing
from engine.ranking import Eligibility
from state.queries import change_views
from state.views import ChangeView


@dataclass(frozen=True, slots=True)
class Digest:
    """The last digest of a destination: when it was due, when it was made, and the snapshot it told of.

    ``due`` is the time on the clock there, such as 2025-11-24T08:30, so that a time that comes twice is one.
    """

    due: str
    at: str
    snapshot_id: int


@dataclass(frozen=True, slots=True)
class BasketThen:
    """A theme or composite at a snapshot: where it stood, and how many of its indicators were in the bottom quartile.

    A composite has no count of its own.
    """

    standing: Standing
    bottom: int
    judged: int


def last_of_all(db: Database, until: str) -> dict[str, Digest]:
    """The last digest, due up to a time, of every destination that ever had one."""
    # SQLite takes the other columns from the row that has the maximum.
    rows = db.execute(
        "SELECT destination, max(due), at, snapshot_id FROM digests WHERE due <= ? GROUP BY destination", (until,)
    )
    return {row[0]: Digest(*row[1:]) for row in rows}


def keep(db: Database, destination: str, due: str, *, at: str, snapshot: int, outbox: int | None) -> None:
    """Note once that the digest due at a time was made; ``outbox`` None sent nothing."""
    db.execute("INSERT OR IGNORE INTO digests VALUES (?, ?, ?, ?, ?)", (destination, due, at, snapshot, outbox))


def snapshot_before(db: Database, moment: str) -> int:
    """The last snapshot taken at or before a moment (ISO, UTC); the first where that is later, 0 without any."""
    (found,) = db.execute(
        "SELECT coalesce((SELECT max(id) FROM snapshots WHERE taken <= ?), (SELECT min(id) FROM snapshots), 0)",
        (moment,),
    ).fetchone()
    return int(found)


def baskets_at(db: Database, snapshot: int, area: str) -> dict[str, BasketThen]:
    """Where every theme and composite of an area stood at a snapshot."""
    counts = {
        theme: (bottom, judged)
        for theme, bottom, judged in db.execute(
            "SELECT theme, sum(quartile = ?), count(*) FROM ranks JOIN indicators ON indicators.id = indicator_id "
            "JOIN areas ON areas.id = area_id WHERE areas.code = ? AND from_snapshot <= ? "
            "AND (until_snapshot IS NULL OR until_snapshot > ?) AND eligibility = ? AND quartile IS NOT NULL "
            "GROUP BY theme",
            (BOTTOM_QUARTILE, area, snapshot, snapshot, int(Eligibility.ELIGIBLE)),
        )
    }
    rows = db.execute(
        'SELECT name, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
        "WHERE areas.code = ? AND kind <> 'expenditure' AND from_snapshot <= ? "
        "AND (until_snapshot IS NULL OR until_snapshot > ?)",
        (area, snapshot, snapshot),
    )
    return {
        name: BasketThen(Standing(rank, of, quartile, bool(tied)), *counts.get(name, (0, 0)))
        for name, rank, of, quartile, tied in rows
    }


def changes_after(db: Database, snapshot: int, area: str) -> list[ChangeView]:
    """Changes of an area made by later snapshots than this one, the oldest first; first sights apart."""
    where = "changes.snapshot_id > ? AND changes.kind <> ? AND changes.area_code = ?"
    return change_views(db, where, (snapshot, Kind.BASELINE, area))[::-1]


def first_seen_after(db: Database, snapshot: int, area: str) -> dict[str, int]:
    """How many indicators an area was seen in for the first time after this snapshot, by theme."""
    return dict(
        db.execute(
            "SELECT theme, count(*) FROM changes WHERE snapshot_id > ? AND kind = ? AND area_code = ? GROUP BY theme",
            (snapshot, Kind.BASELINE, area),
        )
    )
