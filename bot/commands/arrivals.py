"""Answers about what the figures come from: what came, what is due, what is late, what is held, what fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot import words
from bot.commands.parts import command, paged
from bot.slack_text import Message, code, cut, literal
from jobs.overview import DataSetLine, IndicatorLine, Overview, SourceLine
from state.views import ReleaseView

_EVIDENCE = 300
_FINDINGS = 5
_SOON = 40
"""Data sets that are due next, shown at most."""


def releases(found: Sequence[ReleaseView], page: int) -> Message:
    """What came, the newest first, with what is held on top and how to decide it."""
    held = [view for view in found if _is_held(view)]
    came = [_came(view) for view in found]
    accepted = sum(view.status == "accepted" for view in found)
    fact = f"*{words.count(len(found), 'release').capitalize()} came*, {accepted:,} accepted"
    fact += f" · *{words.count(len(held), 'release')} waiting for a decision*" if held else ", none held"
    if not found:
        fact = f"*No release has come yet.* {command('sources')} shows what is watched and what is due"
    groups = (
        ("*Held: nothing of it is used until an approver decides*", [line for view in held for line in _held(view)]),
        ("*What came, the newest first*", came),
    )
    return paged(("releases", ""), page, [fact], groups, None)


def release(view: ReleaseView, page: int) -> Message:
    """One release, with everything found wrong with it."""
    fact = f"*Release {view.id}: {words.name(view.name)}* · {_state(view)}"
    lines = [
        words.joined(words.name(view.source), words.published(view.published), f"received {words.day(view.received)}"),
        _numbers(view),
        words.joined(
            f"decided by {words.name(view.decided_by)}" if view.decided_by else "", literal(cut(view.reason, _EVIDENCE))
        ),
        _decide(view) if _is_held(view) else f"What it changed: {command('changes', str(view.id))}",
    ]
    found = [_finding(finding) for finding in view.findings]
    return paged(("releases", str(view.id)), page, [fact, *lines], [("*Found*", found)], None)


def sources(overview: Overview, page: int, today: date, about: str = "", of: frozenset[str] | None = None) -> Message:
    """What is late, failing, held and due, and what is not watched; or of some indicators alone.

    ``about`` is the name they go by.
    """
    lines = [line for source in overview.sources if source.on for line in _lines(source)]
    if of is not None:
        wanted = {(line.source, line.dataset) for line in overview.indicators if line.indicator in of}
        lines = [line for line in lines if (line.source.source, line.dataset.dataset) in wanted]
    late = [line for line in lines if line.dataset.late]
    wrong = [line for line in lines if line.dataset.problem]
    broken = [] if of is not None else [source for source in overview.sources if source.on and source.problem]
    due = sorted((line for line in lines if line.due(today)), key=lambda line: line.dataset.next_expected)
    trouble = [*(_failing(source) for source in broken), *(line.problem() for line in wrong)]
    groups = (
        ("*Failing or held*", trouble),
        ("*Late*", [line.expected(today) for line in late]),
        ("*Due next*", [line.expected(today) for line in due[:_SOON]]),
        ("*Held now*" if about else "*Watched*", [line.last() for line in lines] if about else _watched(overview)),
        ("*Without figures*", [] if about else _gaps(overview.indicators)),
    )
    fact = _sources_fact(len(late), len(trouble), due, lines, about)
    if lines and not about and not any(source.checked for source in overview.sources):
        fact = f"*No source has been looked at yet*: {words.count(len(lines), 'data set')} will be"
    return paged(("sources", about), page, [fact], groups, None)


@dataclass(frozen=True, slots=True)
class _Line:
    """One data set with its publisher."""

    source: SourceLine
    dataset: DataSetLine

    def due(self, today: date) -> bool:
        """Whether something is announced for today or later."""
        return self.dataset.next_expected >= today.isoformat()

    def expected(self, today: date) -> str:
        """When the next release is, or was, announced."""
        one = self.dataset
        day = f"{words.day(one.next_expected)}{' (provisional)' if one.expected_state == 'provisional' else ''}"
        days = (today - date.fromisoformat(one.next_expected)).days
        when = f"was expected on {day}, {words.count(days, 'day')} ago" if days > 0 else day
        return f"• {words.strong(one.title)} — {words.joined(when, words.name(self.source.title))}"

    def problem(self) -> str:
        """What is wrong with it."""
        shown = literal(cut(self.dataset.problem, _EVIDENCE))
        return f"• {words.strong(self.dataset.title)} ({words.name(self.source.title)}) — {shown}"

    def last(self) -> str:
        """Its last release."""
        one = self.dataset
        name = (
            words.joined(words.name(one.last_release), words.day(one.released)) if one.last_release else "nothing yet"
        )
        coming = f"next {words.day(one.next_expected)}" if one.next_expected else "no date for the next is announced"
        return f"• {words.strong(one.title)} — {words.joined(name, coming, words.name(self.source.title))}"


def _lines(source: SourceLine) -> Iterator[_Line]:
    for dataset in source.datasets:
        yield _Line(source, dataset)


def _sources_fact(late: int, trouble: int, due: Sequence[_Line], lines: Sequence[_Line], about: str) -> str:
    """What is wrong first, then what comes next."""
    first = due[0].dataset if due else None
    coming = f"next: {words.name(first.title)} on {words.day(first.next_expected)}" if first else "no date is announced"
    where = f" for {words.name(about)}" if about else ""
    if about and not lines:
        return f"*{words.name(about)} comes from no publisher that is watched*: its figures come as files"
    wrong = [
        f"{late:,} {'is' if late == 1 else 'are'} late" if late else "",
        f"{trouble:,} {'is' if trouble == 1 else 'are'} failing or held" if trouble else "",
    ]
    fact = " and ".join(part for part in wrong if part)
    if not fact:
        return f"*Nothing is late, failing or held{where}* · {coming}"
    return f"*{words.count(len(lines), 'data set').capitalize()} watched{where}: {fact}* · {coming}"


def _failing(source: SourceLine) -> str:
    tries = f" ({words.count(source.failures, 'attempt')} without success)" if source.failures > 1 else ""
    return f"• {words.strong(source.title)}{tries} — {literal(cut(source.problem, _EVIDENCE))}"


def _watched(overview: Overview) -> list[str]:
    off = [source.title for source in overview.sources if not source.on]
    lines = []
    for source in overview.sources:
        if source.on:
            checked = f"looked at {words.day(source.checked)}" if source.checked else "never looked at yet"
            lines.append(f"• {words.strong(source.title)} — {words.count(len(source.datasets), 'data set')}, {checked}")
    more = [f"• Not watched: {', '.join(words.name(title) for title in off)}"] if off else []
    return [*lines, *more]


def _gaps(indicators: Iterable[IndicatorLine]) -> list[str]:
    """How many indicators of the catalogue have no figures of ours."""
    every = list(indicators)
    none = sum(not line.period for line in every)
    return (
        [f"• {none:,} of {words.count(len(every), 'indicator')} of the catalogue have no figure of ours"]
        if none
        else []
    )


def _is_held(view: ReleaseView) -> bool:
    return view.status == "held" or bool(view.held)


def _state(view: ReleaseView) -> str:
    held = f", {words.count(len(view.held), 'indicator')} held" if view.held else ""
    decision = f" ({words.name(view.decision)})" if view.decision else ""
    return f"{words.name(view.status)}{held}{decision}"


def _numbers(view: ReleaseView) -> str:
    figures = f"{view.new_cells:,} new and {view.revised_cells:,} revised figures"
    return f"{figures}, {words.count(view.changes, 'change')}"


def _came(view: ReleaseView) -> str:
    where = words.joined(words.name(view.source), words.published(view.published))
    return f"• {view.id} {words.strong(view.name)} — {words.joined(where, _state(view), _numbers(view))}"


def _held(view: ReleaseView) -> list[str]:
    more = f"  … and {len(view.findings) - _FINDINGS:,} more: {command('releases', str(view.id))}"
    return [
        f"• Release {view.id} {words.strong(view.name)} — {_decide(view)}",
        *(_finding(finding) for finding in view.findings[:_FINDINGS]),
        *([more] if len(view.findings) > _FINDINGS else []),
    ]


def _finding(finding: tuple[str, str, str]) -> str:
    check, indicator, evidence = finding
    about = f" {code(indicator)}" if indicator else ""
    return f"  – {words.check(check)}{about}: {literal(cut(evidence, _EVIDENCE))}"


def _decide(view: ReleaseView) -> str:
    both = f"{code(f'benchwatch approve {view.id}')} or {code(f'benchwatch reject {view.id}')}"
    return f"approvers decide with the buttons in the ops channel, or type {both}"
