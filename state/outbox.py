"""What people are owed: written with the release, delivered later and as often as needed, each part once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Owed:
    """One message owed: ``payload`` is the notice as JSON, ``state`` is pending, sending, sent or suppressed.

    ``amends`` is the number of the earlier message that this one changes; it stands in the thread of that. ``created``
    is when it was owed, an ISO time.
    """

    id: int
    key: str
    destination: str
    payload: str
    state: str
    attempts: int
    amends: int | None = None
    created: str = ""


_COLUMNS = "id, key, destination, payload, state, attempts, amends, created"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message, 0 the message itself, then its thread: being sent since ``started``, or sent."""

    part: int
    state: str
    started: str
    channel: str
    ts: str


def owe(
    db: Database, *, key: str, destination: str, kind: str, payload: str, now: str, amends: int | None = None
) -> int | None:
    """Owe a message once: the key never expires, and a second message under it is not owed.

    Returns its number, or None when it was owed already.
    """
    cursor = db.execute(
        "INSERT OR IGNORE INTO outbox (key, destination, kind, payload, created, amends) VALUES (?, ?, ?, ?, ?, ?)",
        (key, destination, kind, payload, now, amends),
    )
    return int(cursor.lastrowid or 0) if cursor.rowcount == 1 else None


def known(db: Database, key: str) -> bool:
    """Whether a message was ever owed under this key."""
    return db.execute("SELECT 1 FROM outbox WHERE key = ?", (key,)).fetchone() is not None


def due(db: Database, now: str, latest: str = "\U0010ffff") -> list[Owed]:
    """Messages to deliver now, in the order they were owed, interrupted ones included.

    So are those put back until after ``latest``, longer than anything waits: the clock was wrong when they were.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE state IN ('pending', 'sending') "  # noqa: S608
        "AND (not_before <= ? OR not_before > ?) ORDER BY id",
        (now, latest),
    )
    return [Owed(*row) for row in rows]


def owed(db: Database, number: int) -> Owed | None:
    """A message by its number."""
    row = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (number,)).fetchone()  # noqa: S608
    return Owed(*row) if row else None


def under(db: Database, prefix: str) -> list[Owed]:
    """Messages whose key begins so, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE key >= ? AND key < ? ORDER BY id",  # noqa: S608
        (prefix, f"{prefix}\U0010ffff"),
    )
    return [Owed(*row) for row in rows]


def amendments(db: Database, number: int) -> list[Owed]:
    """What amends a message, oldest first, delivered or not."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE amends = ? ORDER BY id", (number,))  # noqa: S608
    return [Owed(*row) for row in rows]


def place_of(db: Database, number: int) -> tuple[str, str] | None:
    """Channel and number of the message itself, once it stands."""
    part = parts(db, number).get(0)
    return (part.channel, part.ts) if part and part.state == "sent" else None


def alerted(db: Database, destination: str, subjects: Iterable[str], number: int) -> None:
    """Note that message ``number`` is the last to tell a destination of these subjects."""
    db.conn.executemany(
        "INSERT INTO alerted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET outbox_id = excluded.outbox_id",
        [(destination, subject, number) for subject in subjects],
    )


def last_alert(db: Database, destination: str) -> dict[str, int]:
    """For each subject the number of the message that told a destination of it last."""
    return dict(db.execute("SELECT subject, outbox_id FROM alerted WHERE destination = ?", (destination,)))


def ever_alerted(db: Database) -> set[str]:
    """The destinations that were ever told of a subject, those that hear of nothing any more among them."""
    return {destination for (destination,) in db.execute("SELECT DISTINCT destination FROM alerted")}


def claim(db: Database, owed: Owed) -> bool:
    """Take a message for sending; False when somebody else has."""
    cursor = db.execute(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id = ? AND state = ? AND attempts = ?",
        (owed.id, owed.state, owed.attempts),
    )
    return cursor.rowcount == 1


def parts(db: Database, outbox: int) -> dict[int, Part]:
    """Parts of a message already sent or begun."""
    rows = db.execute("SELECT part, state, started, channel, ts FROM deliveries WHERE outbox_id = ?", (outbox,))
    return {row[0]: Part(*row) for row in rows}


def begin_part(db: Database, outbox: int, part: int, channel: str, now: str) -> None:
    """Note that a part is about to be posted in a channel: from here on its outcome may be unknown."""
    db.execute(
        "INSERT INTO deliveries (outbox_id, part, state, started, channel) VALUES (?, ?, 'sending', ?, ?) "
        "ON CONFLICT DO UPDATE SET channel = excluded.channel",
        (outbox, part, now, channel),
    )


def part_sent(db: Database, outbox: int, part: int, channel: str, ts: str) -> None:
    """Note where a part stands."""
    db.execute(
        "UPDATE deliveries SET state = 'sent', channel = ?, ts = ? WHERE outbox_id = ? AND part = ?",
        (channel, ts, outbox, part),
    )


def part_refused(db: Database, outbox: int, part: int) -> None:
    """Note that a part is known not to stand in the channel."""
    db.execute("DELETE FROM deliveries WHERE outbox_id = ? AND part = ? AND state = 'sending'", (outbox, part))


def finish(db: Database, outbox: int, state: str, reason: str = "") -> None:
    """Set a message's last state, sent or suppressed, with the reason."""
    db.execute("UPDATE outbox SET state = ?, reason = ? WHERE id = ?", (state, reason, outbox))


def put_back(db: Database, outbox: int, not_before: str, reason: str) -> None:
    """Try again later; what was begun and is not known to have failed stays begun."""
    db.execute(
        "UPDATE outbox SET state = 'pending', not_before = ?, reason = ? WHERE id = ?", (not_before, reason, outbox)
    )
