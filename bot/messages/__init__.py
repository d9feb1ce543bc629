"""Notices as Slack messages: one pure function from what happened to what people read."""

from __future__ import annotations

from bot.messages.alerts import release_alert
from bot.messages.baseline import baseline
from bot.messages.ops import held, overdue, refused, source
from bot.slack_text import Message
from jobs.notices import BaselineNotice, HeldNotice, Notice, OverdueNotice, RefusedNotice, ReleaseAlert

__all__ = ["render"]


def render(notice: Notice) -> Message:
    """The message that tells a notice, with its thread, within Slack's limits."""
    if isinstance(notice, ReleaseAlert):
        return release_alert(notice)
    if isinstance(notice, BaselineNotice):
        return baseline(notice)
    if isinstance(notice, HeldNotice):
        return held(notice)
    if isinstance(notice, OverdueNotice):
        return overdue(notice)
    return refused(notice) if isinstance(notice, RefusedNotice) else source(notice)
