"""Who has opened the Home tab, and which state of things it shows them."""

from __future__ import annotations

from sqlite_utils import Database


def opened(db: Database, user: str, now: str) -> None:
    """A user has opened the Home tab."""
    db.execute(
        "INSERT INTO homes (user, opened) VALUES (?, ?) ON CONFLICT DO UPDATE SET opened = excluded.opened", (user, now)
    )


def shown(db: Database, user: str, version: str) -> None:
    """The Home tab of a user shows this version."""
    db.execute("UPDATE homes SET shown = ? WHERE user = ?", (version, user))


def stale(db: Database, version: str) -> list[str]:
    """Users whose Home tab shows another version, the last to have opened it first."""
    rows = db.execute("SELECT user FROM homes WHERE shown <> ? ORDER BY opened DESC, user", (version,))
    return [user for (user,) in rows]
