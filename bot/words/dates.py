"""Days, months and periods."""

from __future__ import annotations

from datetime import date

from bot.slack_text import cut, literal
from bot.words.text import NAME
from engine.changes import Standing
from engine.periods import as_written

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(iso: str) -> str:
    """As "20 July 2024"; what is no date is shown as it is."""
    try:
        when = date.fromisoformat(iso[:10] if iso[10:11] in {"", "T", " ", "/"} else "")
    except ValueError:
        return literal(cut(iso, NAME))
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def month(iso: str) -> str:
    """As "July 2024", of a month given as 2024-07 or of any day in it."""
    return day(f"{iso[:7]}-01").split(" ", 1)[-1]


def until(iso: str) -> str:
    """How long something is muted, as "until 20 July 2024"; without a day "until the next release"."""
    return f"until {day(iso) if iso else 'the next release'}"


def published(iso: str) -> str:
    """As "published 20 July 2024", or nothing."""
    return f"published {day(iso)}" if iso else ""


def periods(before: Standing | None, after: Standing) -> str:
    """As "2021/22 → 2022/23", or the one period of both."""
    new = literal(cut(as_written(after.period or ""), NAME))
    old = literal(cut(as_written(before.period or ""), NAME)) if before else ""
    return f"{old} → {new}" if old and new and old != new else new
