"""Lines in the thread of a message that was changed: corrected, acknowledged, muted, decided; and asked-for charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import words
from bot.messages import decisions
from bot.messages.alerts import fact, release, where_now
from bot.messages.lists import few, in_thread
from bot.slack_text import ChartOf, Message, compose, context, cut, literal, paragraphs
from jobs.notices import (
    AcknowledgedNotice,
    ChartNotice,
    CorrectedLine,
    CorrectionNotice,
    DecidedNotice,
    MutedNotice,
    ReleaseInfo,
)

_SHOWN = 10
_NAMED = 5
_REMARK = 1_000
"""Units of what somebody wrote that are shown; of each part."""


def correction(notice: CorrectionNotice) -> Message:
    """What revised figures undo or alter of the message above, each line a fact of its own; many go on below."""
    lines = [_corrected(line, notice.release if at == 0 else None) for at, line in enumerate(notice.lines)]
    foot = context(words.foot(notice.footing))
    return compose([*paragraphs(few(lines, _SHOWN)), foot], in_thread([("", lines[_SHOWN:])]))


def _corrected(line: CorrectedLine, by: ReleaseInfo | None) -> str:
    """What was told and where it stands now; ``by`` is named in the first line only."""
    where = f"revised figures in {release(by)} put it" if by else "revised figures put it"
    if line.withdrawn:
        return f"*Withdrawn: {fact(line.told, line.name)}* · {where} {where_now(line)}"
    told = f"told as {words.place(line.told.after)}"
    return words.joined(f"*Corrected: {fact(replace(line.told, after=line.now), line.name)}*", f"{where} there", told)


def acknowledged(notice: AcknowledgedNotice) -> Message:
    """Who took it on, the cause they see, what they do, and when they look again."""
    said = words.remarks(notice.cause, notice.action, notice.review, _REMARK)
    about = _named(notice.names)
    top = f"*Acknowledged by {words.name(notice.by)} on {words.day(notice.day)}*{f': {about}' if about else ''}"
    return compose(paragraphs([top, said]))


def muted(notice: MutedNotice) -> Message:
    """Who muted what for everybody, until when and why."""
    about = _named(notice.names)
    fact_of = f"*Muted for everybody {words.until(notice.until)}*{f': {about}' if about else ''}"
    by = f"by {words.name(notice.by)} on {words.day(notice.day)}"
    reason = f"reason – {literal(cut(notice.reason, _REMARK))}" if notice.reason.strip() else ""
    return compose(paragraphs([words.joined(fact_of, by), reason]))


def _named(names: Sequence[str]) -> str:
    return words.listed([words.name(one) for one in names], _NAMED)


def decided(notice: DecidedNotice) -> Message:
    """Who decided what about a held release, why, and what came of it."""
    return compose(paragraphs([decisions.fact(notice), decisions.reason(notice)]))


def chart(notice: ChartNotice) -> Message:
    """The picture that a button asked for; where there can be none, what it would have shown."""
    about = ", ".join(map(words.name, notice.names))
    what = {
        "theme": f"the rank of {about} over the years",
        "themes": "the ranks of all themes",
        "spend": f"performance against spend{f', {about}' if about else ''}",
        "indicator": f"{about} against the other areas",
        "bottom": f"what is in the bottom quartile, by theme{f', {about}' if about else ''}",
    }[notice.chart]
    return Message(f"Chart: {what}", [], chart=ChartOf(notice.chart, notice.names))
