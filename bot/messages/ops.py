"""What the ops channel is told: releases held or refused, sources that fail or work again."""

from __future__ import annotations

from bot import words
from bot.messages.alerts import release
from bot.slack_text import (
    Message,
    code,
    compose,
    context,
    cut,
    literal,
    pages,
    paragraphs,
    section,
)
from jobs.notices import (
    FindingLine,
    GapsNotice,
    HeldNotice,
    RefusedNotice,
    SourceNotice,
)

SHOWN = 10
_EVIDENCE = 400


def held(notice: HeldNotice) -> Message:
    """What is held and why, with the commands that decide; every finding is in the thread if there are many."""
    lines = [_finding(found) for found in notice.findings]
    more = len(lines) - SHOWN
    note = (
        f"… and {more:,} more finding{words.plural_s(more)}: see the thread"
        if more > 0
        else ""
    )
    top = f"{_fact(notice)} · {release(notice.release)}"
    marked = [context("illustrative data")] if notice.illustrative else []
    thread = (
        [compose([section(page), *marked]) for page in pages([("", lines)], 2_800)]
        if more > 0
        else []
    )
    return compose(
        [*paragraphs([top, *lines[:SHOWN], note, _decide(notice)]), *marked], thread
    )


def refused(notice: RefusedNotice) -> Message:
    """A file that is no release, with the reason."""
    fact = f"*{words.name(notice.name)} cannot be read* · source {words.name(notice.source)}"
    return compose(
        paragraphs(
            [
                fact,
                _reason(notice.reason),
                "Nothing of it was used; put it right and drop it again.",
            ]
        )
    )


def source(notice: SourceNotice) -> Message:
    """A source that fails, or works again."""
    where = words.name(notice.source)
    if not notice.failing:
        after = (
            f" after {words.count(notice.attempts, 'failed attempt')}"
            if notice.attempts
            else ""
        )
        return compose([section(f"*Source {where} works again*{after}")])
    tries = (
        f": {words.count(notice.attempts, 'attempt')} without success"
        if notice.attempts > 1
        else ""
    )
    fact = f"*Source {where} is failing*{tries}"
    rest = (
        "Nothing of it was used: the figures held stand. It is tried again on schedule."
    )
    return compose(paragraphs([fact, _reason(notice.reason), rest]))


def gaps(notice: GapsNotice) -> Message:
    """Indicators missing from a publisher's release, with what to do; every one is in the thread if there are many."""
    are = "is" if len(notice.lines) == 1 else "are"
    what = words.count(len(notice.lines), "indicator")
    fact = f"*{what} {are} missing from {words.name(notice.release)}* · source {words.name(notice.source)}"
    lines = [
        f"• {words.strong(line.name)} ({code(line.indicator)}): {_reason(line.reason)}"
        for line in notice.lines
    ]
    more = len(lines) - SHOWN
    note = f"… and {more:,} more: see the thread" if more > 0 else ""
    rest = (
        "The rest of the release went through, and the figures held of these stand. If one was renamed, correct its "
        "entry in the catalogue; benchwatch sources lists them all."
    )
    thread = (
        [compose([section(page)]) for page in pages([("", lines)], 2_800)]
        if more > 0
        else []
    )
    return compose(paragraphs([fact, *lines[:SHOWN], note, rest]), thread)


def _fact(notice: HeldNotice) -> str:
    if notice.whole:
        return f"*Release {notice.release.id} is held: no rank was touched*"
    are = "is" if notice.held_indicators == 1 else "are"
    what = f"{words.count(notice.held_indicators, 'indicator')} of release {notice.release.id}"
    return f"*{what} {are} held; the rest went through*"


def _finding(found: FindingLine) -> str:
    about = (
        words.strong(found.name or found.indicator)
        if found.indicator or found.name
        else "*The whole file*"
    )
    coded = (
        f" ({code(found.indicator)})"
        if found.indicator and found.indicator != found.name
        else ""
    )
    return f"• {about}{coded}: {words.check(found.check)} – {literal(cut(found.evidence, _EVIDENCE))}"


def _decide(notice: HeldNotice) -> str:
    """The commands to type; for indicators with the code of the first as the example."""
    number = notice.release.id
    codes = [found.indicator for found in notice.findings if found.indicator]
    which = f" {codes[0]}" if codes and not notice.whole else ""
    both = f"{code(f'benchwatch approve {number}{which}')} or {code(f'benchwatch reject {number}{which}')}"
    everything = (
        f", or without codes for all: {code(f'benchwatch approve {number}')}"
        if which
        else ""
    )
    return f"To decide, type {both}{everything}"


def _reason(text: str) -> str:
    return literal(cut(text, 2_000)) or "No reason was given."
