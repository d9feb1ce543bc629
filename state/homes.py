"""Who has opened the Home tab, and which state of things it shows them."""

from __future__ import annotations

import hashlib
import json

from sqlite_utils import Database


def opened(db: Database, user: str, now: str) -> None:
    """A user has opened the Home tab."""
    db.execute(
        "INSERT INTO homes (user, opened) VALUES (?, ?) ON CONFLICT DO UPDATE SET opened = excluded.opened", (user, now)
    )


def shown(db: Database, user: str, version: str) -> None:
    """The Home tab of a user shows this version."""
    db.execute("UPDATE homes SET shown = ? WHERE user = ?", (version, user))


def forget(db: Database, user: str) -> None:
    """A user is gone, and has no Home tab any more."""
    db.execute("DELETE FROM homes WHERE user = ?", (user,))


def versions(db: Database) -> dict[str, str]:
    """The version that each user's Home tab shows, the last to have opened it first."""
    return dict(db.execute("SELECT user, shown FROM homes ORDER BY opened DESC, user"))


_SHOWN = (
    "SELECT source, place, problem, taken FROM sources ORDER BY source, place",
    "SELECT source, dataset, day, state, title FROM calendar ORDER BY source, dataset",
    "SELECT id, status FROM releases WHERE status = 'held' ORDER BY id",
    "SELECT count(*) FROM findings WHERE state = 'held'",
    "SELECT id, until, ended FROM mutes ORDER BY id",
    "SELECT count(DISTINCT subject) FROM acknowledgements",
)


def mark(db: Database) -> str:
    """A text that changes whenever what a Home tab shows besides ranks and subscriptions does."""
    rows = [db.execute(query).fetchall() for query in _SHOWN]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
