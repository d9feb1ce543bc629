"""What the ops channel is told: releases held, refused or overdue, sources that fail or work again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import words
from bot.messages import decisions
from bot.messages.alerts import release
from bot.messages.lists import few, rest
from bot.slack_text import (
    Block,
    Message,
    actions,
    button,
    code,
    compose,
    context,
    cut,
    escape,
    literal,
    paragraphs,
)
from jobs.notices import (
    Amendment,
    DecidedNotice,
    FindingLine,
    HeldNotice,
    OverdueLine,
    OverdueNotice,
    RefusedNotice,
    SourceNotice,
    TroubleLine,
)

APPROVE, REJECT, LOOK = "held:approve", "held:reject", "held:look"
"""What the buttons under a held release do; their value is the number of the message."""

SHOWN = 10
_EVIDENCE = 400


def held(notice: HeldNotice, amendments: Sequence[Amendment] = (), ref: str = "") -> Message:
    """What is held and why, or what was decided; with what decides while anything of it is still asked about.

    Every finding is in the thread if there are many.
    """
    made = [one for one in amendments if isinstance(one, DecidedNotice) and not one.failed]
    lines = [_finding(found) for found in notice.findings]
    top = f"{decisions.fact(made[-1]) if made else _fact(notice)} · {release(notice.release)}"
    why = decisions.reason(made[-1]) if made else ""
    still_open = not made or made[-1].open
    buttons = [_buttons(notice, ref)] if ref and still_open else []
    hint = [context(_decide(notice))] if still_open else []
    marked = [context("illustrative data")] if notice.illustrative else []
    body = paragraphs([top, why, *few(lines, SHOWN, "finding")])
    return compose([*body, *buttons, *hint, *marked], rest(lines, SHOWN, *marked))


def _buttons(notice: HeldNotice, ref: str) -> Block:
    """What approvers decide with; a screen reader says which release."""
    number = notice.release.id
    return actions(
        button("Approve", APPROVE, ref, label=f"Approve release {number}"),
        button("Reject", REJECT, ref, label=f"Reject release {number}"),
        button("Look again", LOOK, ref, label=f"Look again at release {number}"),
    )


def refused(notice: RefusedNotice) -> Message:
    """A file that is no release, with the reason."""
    fact = f"*{words.name(notice.name)} cannot be read* · source {words.name(notice.source)}"
    return compose(
        paragraphs([fact, _reason(notice.reason), "Nothing of it was used; put it right and drop it again."])
    )


def source(notice: SourceNotice) -> Message:
    """What fails at a source, what is missing and what works again; all of it is in the thread if it is much."""
    lines = [
        *(_trouble(trouble, notice.source) for trouble in notice.troubles),
        *(
            f"• {words.strong(gap.name)} ({code(gap.indicator)}) is missing: {_reason(gap.reason)}"
            for gap in notice.gaps
        ),
        *(f"• {words.strong(place)} works again" for place in notice.recovered),
        *(f"• {words.strong(name)} is there again" for name in notice.back),
    ]
    hint = ""
    if notice.troubles or notice.gaps:
        hint = "The figures held of these stand. All are looked at again on schedule; benchwatch sources shows them."
    return compose(paragraphs([_source_fact(notice), *few(lines, SHOWN), hint]), rest(lines, SHOWN))


def _source_fact(notice: SourceNotice) -> str:
    where = words.name(notice.source)
    parts = []
    if notice.troubles:
        parts.append(f"*Source {where} is failing* in {words.count(len(notice.troubles), 'place')}")
    if notice.gaps:
        are = "is" if len(notice.gaps) == 1 else "are"
        parts.append(f"*{words.count(len(notice.gaps), 'indicator')} {are} missing* from {where}")
    if notice.recovered:
        parts.append(f"*Source {where} works again* in {words.count(len(notice.recovered), 'place')}")
    if notice.back:
        are = "is" if len(notice.back) == 1 else "are"
        parts.append(f"*{words.count(len(notice.back), 'indicator')} {are} there again* from {where}")
    return " · ".join(parts)


def _trouble(trouble: TroubleLine, source: str) -> str:
    """One trouble; its reason names the source too, for it is read elsewhere alone."""
    reason = re.sub(rf"^{re.escape(source)}\s*[:,]\s*", "", trouble.reason)
    tries = f" ({words.count(trouble.attempts, 'attempt')} without success)" if trouble.attempts > 1 else ""
    return f"• {words.strong(trouble.place)}{tries}: {_reason(reason)}"


def overdue(notice: OverdueNotice) -> Message:
    """Releases that are overdue, have moved or are cancelled; all of them are in the thread if there are many."""
    first, *others = (_expected(line) for line in notice.lines)
    lines = [f"• {line}" for line in others]
    hint = ""
    if any(line.kind == "overdue" for line in notice.lines):
        hint = (
            "Nothing newer was taken in, and the figures held stand. If a release is out, its page or address may have "
            "changed: benchwatch sources shows what was last seen."
        )
    return compose(paragraphs([first, *few(lines, SHOWN), hint]), rest(lines, SHOWN))


def _expected(line: OverdueLine) -> str:
    name, day = words.name(line.name), words.day(line.day)
    if line.kind == "overdue":
        by = "expected by" if line.provisional else "expected on"
        fact = words.joined(f"*{name} is {words.count(line.late, 'day')} late*", f"{by} {day}")
    elif line.kind == "cancelled":
        fact = words.joined(f"*{name} is cancelled*", f"it was expected on {day}")
    else:
        fact = f"*{name} has moved* from {words.day(line.was)} to {day}"
    return words.joined(fact, words.name(line.source), _link(line.page))


def _link(address: str) -> str:
    """A link to a page; nothing for what is no address or would end the link early."""
    return f"<{escape(address)}>" if re.fullmatch(r"https?://[!-;=?-{}~]+", address) else ""


def _fact(notice: HeldNotice) -> str:
    if notice.whole:
        return f"*Release {notice.release.id} is held: no rank was touched*"
    are = "is" if notice.held_indicators == 1 else "are"
    what = f"{words.count(notice.held_indicators, 'indicator')} of release {notice.release.id}"
    return f"*{what} {are} held; the rest went through*"


def _finding(found: FindingLine) -> str:
    about = words.strong(found.name or found.indicator) if found.indicator or found.name else "*The whole file*"
    coded = f" ({code(found.indicator)})" if found.indicator and found.indicator != found.name else ""
    return f"• {about}{coded}: {words.check(found.check)} – {literal(cut(found.evidence, _EVIDENCE))}"


def _decide(notice: HeldNotice) -> str:
    """The commands to type; for indicators with the code of the first as the example."""
    number = notice.release.id
    codes = [found.indicator for found in notice.findings if found.indicator]
    which = f" {codes[0]}" if codes and not notice.whole else ""
    both = f"{code(f'benchwatch approve {number}{which}')} or {code(f'benchwatch reject {number}{which}')}"
    everything = f", or without codes for all: {code(f'benchwatch approve {number}')}" if which else ""
    return f"To decide, type {both}{everything}"


def _reason(text: str) -> str:
    return literal(cut(text, 2_000)) or "No reason was given."
