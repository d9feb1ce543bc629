"""Notices as Slack messages: one pure function from what happened to what people read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages.alerts import nothing_left, release_alert
from bot.messages.amendments import acknowledged, chart, correction, decided, muted
from bot.messages.baseline import baseline
from bot.messages.digest import digest
from bot.messages.ops import held, overdue, refused, source
from bot.slack_text import Message
from jobs.notices import (
    AcknowledgedNotice,
    Amendment,
    BaselineNotice,
    ChartNotice,
    CorrectionNotice,
    DecidedNotice,
    DigestNotice,
    HeldNotice,
    MutedNotice,
    Notice,
    OverdueNotice,
    RefusedNotice,
    ReleaseAlert,
    SourceNotice,
)

__all__ = ["nothing_left", "render"]


def render(notice: Notice, amendments: Sequence[Amendment] = (), ref: str = "") -> Message:  # noqa: C901, PLR0911 - one line a kind
    """The message that tells a notice, with its thread, within Slack's limits.

    ``amendments`` are what has changed it since, oldest first; ``ref`` is the number of the message in the outbox,
    which its buttons carry. Without one it has no buttons.
    """
    match notice:
        case ReleaseAlert():
            return release_alert(notice, amendments, ref)
        case HeldNotice():
            return held(notice, amendments, ref)
        case DigestNotice():
            return digest(notice)
        case BaselineNotice():
            return baseline(notice)
        case RefusedNotice():
            return refused(notice)
        case SourceNotice():
            return source(notice)
        case OverdueNotice():
            return overdue(notice)
        case CorrectionNotice():
            return correction(notice)
        case AcknowledgedNotice():
            return acknowledged(notice)
        case MutedNotice():
            return muted(notice)
        case DecidedNotice():
            return decided(notice)
        case ChartNotice():
            return chart(notice)
