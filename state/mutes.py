"""What nobody wants to be alerted about for a while: by whom, until when, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

EVERYBODY = ""
"""The place of a mute that holds for all."""


@dataclass(frozen=True, slots=True)
class Mute:
    """One subject (``indicator:CODE`` or ``basket:NAME``) muted for a place, the ID of a user, or EVERYBODY.

    ``until`` is the last day (ISO) it holds, or empty for "until the next release": it then ends with the first
    period that comes after snapshot ``from_snapshot`` for the indicator, or for any indicator of the theme.
    """

    id: int
    place: str
    subject: str
    until: str
    from_snapshot: int
    reason: str
    by: str
    by_name: str
    at: str


_COLUMNS = "id, place, subject, until, from_snapshot, reason, by, by_name, at"

# A period later than all held, not an earlier year filled in. For a composite, whose members are themes, any at all.
_NEW_PERIOD = """EXISTS (SELECT 1 FROM series JOIN indicators ON indicators.id = series.indicator_id
    WHERE series.first_snapshot > mutes.from_snapshot AND NOT EXISTS (
        SELECT 1 FROM series held WHERE held.indicator_id = series.indicator_id
        AND held.first_snapshot <= mutes.from_snapshot
        AND substr(held.period, instr(held.period, '/')) >= substr(series.period, instr(series.period, '/'))) AND (
        mutes.subject = 'indicator:' || indicators.code OR mutes.subject = 'basket:' || indicators.theme
        OR mutes.subject IN (SELECT 'basket:' || name FROM theme_ranks WHERE kind = 'composite')))"""


def mute(db: Database, *, place: str, subject: str, until: str, reason: str, by: str, by_name: str, at: str) -> None:
    """Mute a subject from now on; an earlier mute of it for the same place ends."""
    unmute(db, place=place, subject=subject, at=at)
    db.execute(
        "INSERT INTO mutes (place, subject, until, from_snapshot, reason, by, by_name, at) "
        "VALUES (?, ?, ?, (SELECT coalesce(max(id), 0) FROM snapshots), ?, ?, ?, ?)",
        (place, subject, until, reason, by, by_name, at),
    )


def unmute(db: Database, *, place: str, subject: str, at: str) -> None:
    """End the mute of a subject for a place, where there is one."""
    db.execute("UPDATE mutes SET ended = ? WHERE place = ? AND subject = ? AND ended = ''", (at, place, subject))


def mutes(db: Database, today: str, place: str | None = None) -> list[Mute]:
    """Mutes that hold on a day (ISO), oldest first: all, or those of one place."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM mutes WHERE ended = '' AND (:place IS NULL OR place = :place) "  # noqa: S608
        f"AND CASE until WHEN '' THEN NOT {_NEW_PERIOD} ELSE until >= :today END ORDER BY id",
        {"place": place, "today": today},
    )
    return [Mute(*row) for row in rows]
