"""Who wants to hear of which theme, and how soon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from sqlite_utils import Database

How = Literal["weekly", "now"]
"""In the weekly digest, or at once."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One theme or composite sent to a place, the ID of a user or channel; ``by`` is who asked, ``since`` when."""

    place: str
    theme: str
    how: How
    by: str
    since: str


def subscribe(db: Database, wanted: Subscription) -> None:
    """Keep a subscription; one to the same theme at the same place is replaced."""
    db.execute(
        "INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET how = excluded.how, by = excluded.by, since = excluded.since",
        (wanted.place, wanted.theme, wanted.how, wanted.by, wanted.since),
    )


def unsubscribe(db: Database, place: str, themes: Iterable[str]) -> None:
    """End subscriptions of a place, where there are any to these themes."""
    for theme in set(themes):
        db.execute("DELETE FROM subscriptions WHERE place = ? AND theme = ?", (place, theme))


def subscriptions(db: Database, place: str | None = None, how: How | None = None) -> list[Subscription]:
    """Subscriptions by place and theme: all, of one place, of one kind."""
    rows = db.execute(
        "SELECT place, theme, how, by, since FROM subscriptions "
        "WHERE (:place IS NULL OR place = :place) AND (:how IS NULL OR how = :how) ORDER BY place, theme",
        {"place": place, "how": how},
    )
    return [Subscription(row[0], row[1], cast("How", row[2]), row[3], row[4]) for row in rows]
