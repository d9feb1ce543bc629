"""The weekly digest: what changed, what is still bad, what was said about it, and what is due."""

from __future__ import annotations

from bot.slack_text import Message, compose, section
from jobs.notices import DigestNotice


def digest(notice: DigestNotice, ref: str) -> Message:
    """One lead's week in one message."""
    del ref
    return compose([section(notice.name)])
