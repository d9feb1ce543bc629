"""What owners said about a change: the cause they see, what they do about it, and when they look again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One subject (``indicator:CODE`` or ``basket:NAME``) acknowledged; ``review`` is a day (ISO) or empty."""

    subject: str
    at: str
    by: str
    by_name: str
    cause: str
    action: str
    review: str
    outbox_id: int | None


_COLUMNS = "subject, at, by, by_name, cause, action, review, outbox_id"


def acknowledge(db: Database, said: Acknowledgement) -> None:
    """Keep an acknowledgement; earlier ones of the subject stay as its history."""
    db.execute(
        f"INSERT INTO acknowledgements ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (said.subject, said.at, said.by, said.by_name, said.cause, said.action, said.review, said.outbox_id),
    )


def latest(db: Database) -> dict[str, Acknowledgement]:
    """The newest acknowledgement of each subject."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM acknowledgements "  # noqa: S608
        "WHERE id IN (SELECT max(id) FROM acknowledgements GROUP BY subject) ORDER BY id"
    )
    return {row[0]: Acknowledgement(*row) for row in rows}
