"""Lines in the thread of a message that was changed: corrected, acknowledged, muted, decided; and asked-for charts."""

from __future__ import annotations

from bot.slack_text import ChartOf, Message, compose, section
from jobs.notices import AcknowledgedNotice, ChartNotice, CorrectionNotice, DecidedNotice, MutedNotice


def correction(notice: CorrectionNotice) -> Message:
    """What revised figures undo or alter of the message above."""
    return compose([section(notice.release.name)])


def acknowledged(notice: AcknowledgedNotice) -> Message:
    """Who took it on, the cause they see, what they do, and when they look again."""
    return compose([section(notice.cause)])


def muted(notice: MutedNotice) -> Message:
    """Who muted what for everybody, until when and why."""
    return compose([section(notice.reason)])


def decided(notice: DecidedNotice) -> Message:
    """Who decided what about a held release, why, and what came of it."""
    return compose([section(notice.outcome)])


def chart(notice: ChartNotice) -> Message:
    """The picture that a button asked for."""
    return Message("Chart", [], chart=ChartOf(notice.chart, notice.names))
