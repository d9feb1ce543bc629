"""Notices into the outbox."""

from __future__ import annotations

from datetime import datetime

from jobs.notices import Notice, to_json
from state import outbox
from state.database import Database


def owe(
    db: Database, key: str, destination: str, notice: Notice, now: datetime, *, amends: int | None = None
) -> int | None:
    """Owe a notice once for each key; returns the number of its message, or None when it was owed already."""
    return outbox.owe(
        db,
        key=key,
        destination=destination,
        kind=notice.kind,
        payload=to_json(notice),
        now=now.isoformat(timespec="seconds"),
        amends=amends,
    )
