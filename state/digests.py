"""Weekly digests: which were made for whom, and up to which snapshot each told."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Digest:
    """The last digest of a destination: when it was due, when it was made, and the snapshot it told of."""

    due: str
    at: str
    snapshot_id: int


def last(db: Database, destination: str) -> Digest | None:
    """The last digest of a destination; None when there never was one."""
    row = db.execute(
        "SELECT due, at, snapshot_id FROM digests WHERE destination = ? ORDER BY due DESC LIMIT 1", (destination,)
    ).fetchone()
    return Digest(*row) if row else None


def keep(db: Database, destination: str, due: str, *, at: str, snapshot: int, outbox: int | None) -> bool:
    """Note that the digest due at a time was made; False when it had been already. ``outbox`` None sent nothing."""
    cursor = db.execute(
        "INSERT OR IGNORE INTO digests VALUES (?, ?, ?, ?, ?)", (destination, due, at, snapshot, outbox)
    )
    return cursor.rowcount == 1
