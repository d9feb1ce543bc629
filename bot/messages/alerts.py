"""What a release changed: the fact first, the worst lines, and the whole list theme by theme in the thread.

What revised figures undo or alter afterwards is marked in the message itself, in words; what people did with its
buttons stands below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot import words
from bot.messages.lists import in_thread
from bot.slack_text import Block, Message, actions, button, compose, context, cut, paragraphs
from engine.changes import Cause, Change, Kind
from jobs.notices import (
    AcknowledgedNotice,
    Amendment,
    CorrectedLine,
    CorrectionNotice,
    Moved,
    MutedNotice,
    Notice,
    ReleaseAlert,
    ReleaseInfo,
)

SHOWN = 6
"""Lines in the message itself; all of them are in its thread."""

WHY, CHART, ACKNOWLEDGE, MUTE = "alert:why", "alert:chart", "alert:acknowledge", "alert:mute"
"""What the buttons ask for; their value is the number of the message in the outbox."""

_ACKNOWLEDGED = 3
"""What people said about it that is shown, the newest."""
_LABEL = 75

_BASKETS = frozenset({Kind.THEME_MOVED, Kind.COMPOSITE_MOVED})
_VERDICTS = {
    Kind.ENTERED: "enters the bottom quartile",
    Kind.LEFT: "leaves the bottom quartile",
    Kind.IMPROVED: "improves significantly, still in the bottom quartile",
}
_COUNTED = {
    Kind.ENTERED: "entered the bottom quartile",
    Kind.LEFT: "left",
    Kind.IMPROVED: "improved significantly",
}


@dataclass(frozen=True, slots=True)
class _Since:
    """What has become of an alert's changes since it was told, by subject: the correction, and whose it is."""

    corrected: Mapping[str, tuple[CorrectedLine, ReleaseInfo]]

    @classmethod
    def of(cls, notice: ReleaseAlert, amendments: Sequence[Amendment]) -> _Since:
        told = {moved.change.subject for moved in notice.moved}
        return cls(
            {
                line.told.subject: (line, amendment.release)
                for amendment in amendments
                if isinstance(amendment, CorrectionNotice)
                for line in amendment.lines
                if line.told.subject in told
            }
        )

    def withdrawn(self, moved: Moved) -> bool:
        found = self.corrected.get(moved.change.subject)
        return found is not None and found[0].withdrawn

    def now(self, moved: Moved) -> Moved:
        """The change with the standing it was corrected to; one withdrawn stays as it was told."""
        found = self.corrected.get(moved.change.subject)
        if found is None or found[0].withdrawn:
            return moved
        return replace(moved, change=replace(moved.change, after=found[0].now))

    def note(self, moved: Moved) -> str:
        """As "withdrawn by release 7, 3 May 2026: revised figures put it back at 23rd of 32"; empty where it stands."""
        found = self.corrected.get(moved.change.subject)
        if found is None:
            return ""
        line, by = found
        verdict, what = "withdrawn" if line.withdrawn else "corrected", f"put it {where_now(line)}"
        told = "" if line.withdrawn else f", told as {words.place(line.told.after)}"
        return f"{verdict} by {_number_and_day(by)}: revised figures {what}{told}"

    def back(self, moved: Moved) -> str:
        """As "Police & Crime is back at 11th of 32 by release 7, 3 May 2026: revised figures"."""
        line, by = self.corrected[moved.change.subject]
        return f"{words.name(moved.name)} is {where_now(line)} by {_number_and_day(by)}: revised figures"

    def line(self, moved: Moved) -> str:
        """The change as it stands; one that was withdrawn is struck, which the words beside it say."""
        if self.withdrawn(moved):
            return words.joined(f"• Withdrawn: ~{_plain_line(moved)}~", self.note(moved))
        return words.joined(line(self.now(moved)), self.note(moved))


def release_alert(notice: ReleaseAlert, amendments: Sequence[Amendment] = (), ref: str = "") -> Message:
    """One message for one release and destination; the thread holds what it has no room for."""
    since = _Since.of(notice, amendments)
    void = _void(notice, since)
    first = foremost(notice.moved)
    others = [moved for moved in sorted(notice.moved, key=_worst_first) if moved is not first or void]
    shown = [text for moved in others[:SHOWN] for text in _told(moved, since, remembered=not void)]
    fact_of = [
        f"{_headline(first, notice, since)} · {release(notice.release)}",
        _counts(notice, since),
    ]
    cause = [
        words.why(first.why) if first and first.change.subject not in since.corrected else "",
        words.last_time(first.said) if first and not void else "",
    ]
    rest = [
        *shown,
        _more(len(others) - SHOWN),
        words.quiet(notice.quiet),
        _left_to_digest(notice.unsure),
        _seen_first(notice.seen_first),
    ]
    # Each a block of its own, so that the eye finds the fact, the cause, the rest, and what people did.
    body = [block for part in (fact_of, cause, rest, _done(notice, amendments)) for block in paragraphs(part)]
    foot = context(words.foot(notice.footing))
    thread = _thread(notice, since) if len(others) > SHOWN else []
    return compose([*body, *_buttons(first, ref, void=void), foot], thread)


def nothing_left(notice: Notice, amendments: Sequence[Amendment]) -> ReleaseInfo | None:
    """The release by which all that an alert tells was withdrawn; None while anything of it stands."""
    if not isinstance(notice, ReleaseAlert) or notice.quiet or notice.unsure:
        return None
    since = _Since.of(notice, amendments)
    if not _void(notice, since):
        return None
    return max((by for _, by in since.corrected.values()), key=lambda by: by.id)


def where_now(line: CorrectedLine) -> str:
    """As "back at 11th of 32"; "at 22nd of 32" where it did not stand there before what was told."""
    told = line.told.before
    return f"{'back ' if told and told.rank == line.now.rank else ''}at {words.place(line.now)}"


def release(info: ReleaseInfo) -> str:
    """As "Recorded crime (ONS, published 20 July 2024)"."""
    told = ", ".join(part for part in (words.name(info.source), words.published(info.published)) if part)
    return f"{words.name(info.name)} ({told})"


def _number_and_day(info: ReleaseInfo) -> str:
    return f"release {info.id}" + (f", {words.day(info.published)}" if info.published else "")


def fact(change: Change, name: str) -> str:
    """As "Police & Crime falls from 11th to 21st of 32" or "Vehicle crime enters the bottom quartile"."""
    if change.kind in _BASKETS:
        moves = {1: "rises", -1: "falls"}.get((words.gained(change) > 0) - (words.gained(change) < 0), "moves")
        return f"{words.name(name)} {moves} {words.from_to(change.before, change.after)}"
    return f"{words.name(name)} {_VERDICTS.get(change.kind, 'moved')}"


def line(moved: Moved, *, why: bool = False) -> str:
    """One change: arrow, name, ranks, quartiles, figures with unit and direction, periods, and the cause.

    The cause is told where it is a revision, and with ``why`` always.
    """
    change = moved.change
    return words.joined(
        f"{words.arrow(change)} {words.strong(moved.name)}{_what(change)} — {_ranks(moved)}",
        _figures(moved),
        words.periods(change.before, change.after),
        _margin(moved),
        words.cause(change) if why else _revision(change),
    )


def _plain_line(moved: Moved) -> str:
    """The change without arrow, bold or cause, to be struck."""
    change = moved.change
    return words.joined(
        f"{words.name(moved.name)}{_what(change)} — {_ranks(moved)}",
        _figures(moved),
        words.periods(change.before, change.after),
    )


def _ranks(moved: Moved) -> str:
    rank = words.ranks(moved.change.before, moved.change.after)
    better = "better" if moved.within_margin else "significantly better"
    return f"{better}, {rank}" if moved.change.kind is Kind.IMPROVED else rank


def _what(change: Change) -> str:
    return {Kind.THEME_MOVED: " (theme)", Kind.COMPOSITE_MOVED: " (composite)"}.get(change.kind, "")


def _figures(moved: Moved) -> str:
    if moved.change.after.value is None:
        return ""
    return words.figures_judged(moved.change.before, moved.change.after, moved.unit, moved.decimals, moved.polarity)


def _margin(moved: Moved) -> str:
    """How sure it is that a side of the line was changed, or that an improvement is more than chance."""
    kind, sure = moved.change.kind, "unsure" if moved.within_margin else moved.certainty
    if kind is Kind.IMPROVED:
        over = words.count(moved.compared, "comparison")
        return f"within what chance gives over {over}" if sure == "unsure" else ""
    return words.certainty(sure, bottom=kind is Kind.ENTERED)


def _revision(change: Change) -> str:
    return words.cause(change) if change.cause is Cause.REVISION else ""


def _worst_first(moved: Moved) -> tuple[int, float]:
    """Falls of themes, entries, exits and improvements, rises of themes; within each the worst first."""
    change = moved.change
    if change.kind in _BASKETS:
        return (0 if words.gained(change) < 0 else 3), -abs(words.gained(change))
    order = {Kind.ENTERED: 1, Kind.LEFT: 2, Kind.IMPROVED: 2}.get(change.kind, 4)
    return order, -(change.after.rank or 0) / (change.after.of or 1)


def foremost(moved: Sequence[Moved]) -> Moved | None:
    """The change that the first line tells: the theme that moved most, else the worst of the indicators."""
    for kind in (Kind.THEME_MOVED, Kind.COMPOSITE_MOVED):
        if themes := [item for item in moved if item.change.kind is kind]:
            return max(themes, key=lambda item: (abs(words.gained(item.change)), -words.gained(item.change)))
    return min(moved, key=_worst_first, default=None)


def _void(notice: ReleaseAlert, since: _Since) -> bool:
    return bool(notice.moved) and all(map(since.withdrawn, notice.moved))


def _headline(first: Moved | None, notice: ReleaseAlert, since: _Since) -> str:
    """The first line: what moved most as it stands, or that it was withdrawn."""
    if first is None:
        return f"*Nothing moved {'surely ' if notice.unsure else ''}enough to alert*"
    standing = [item for item in notice.moved if not since.withdrawn(item)]
    if not standing:
        return words.joined("*Withdrawn: nothing of this stands*", since.back(first))
    if since.withdrawn(first):
        stand = "1 other change stands" if len(standing) == 1 else f"{len(standing):,} other changes stand"
        return words.joined(f"*Withdrawn:* ~{fact(first.change, first.name)}~", since.note(first), stand)
    now = since.now(first)
    change = now.change
    if change.kind in _BASKETS:
        alike = [item for item in standing if item.change.kind is change.kind]
        noun, moved_too = ("theme" if change.kind is Kind.THEME_MOVED else "composite"), " moved"
        told = fact(change, first.name)
    else:
        alike, noun, moved_too = standing, "indicator", ""
        told = f"{fact(change, first.name)}: {words.move(change.before, change.after)}"
    others = len(alike) - 1
    more = f" and {others:,} more {noun}{words.plural_s(others)}{moved_too}" if others else ""
    return words.joined(f"*{told}*{more}", _detail(now), since.note(first))


def _detail(first: Moved) -> str:
    """What the line of the foremost change would add to the headline."""
    change = first.change
    if change.kind in _BASKETS:
        return _revision(change)
    return words.joined(
        words.quartiles(change.before, change.after),
        _figures(first),
        words.periods(change.before, change.after),
        _margin(first),
        _revision(change),
    )


def _counts(notice: ReleaseAlert, since: _Since) -> str:
    """What alerts and stands; quiet changes may have moved indicators too, and are in the number of now.

    That number is of the day of the release, and is left out once the alert has been corrected.
    """
    standing = [moved for moved in notice.moved if not since.withdrawn(moved)]
    kinds = [moved.change.kind for moved in standing]
    unsure = sum(moved.within_margin for moved in standing)
    entered, left, improved = (kinds.count(kind) for kind in _COUNTED)
    if not any((entered, left, improved)):
        judged = notice.judged and not _void(notice, since)
        text = f"no indicator entered or left the bottom quartile{_besides(notice.unsure)}" if judged else ""
    else:
        told = [
            f"{words.count(entered, 'indicator')} {_COUNTED[Kind.ENTERED]}",
            f"{left or 'none'} {_COUNTED[Kind.LEFT]}",
            f"{unsure} {'is' if unsure == 1 else 'are'} within the margin of error" if unsure else "",
            f"{improved} {_COUNTED[Kind.IMPROVED]}" if improved else "",
        ]
        text = ", ".join(part for part in told if part) + _besides(notice.unsure)
    are = "is" if notice.bottom == 1 else "are"
    now = f"{notice.bottom:,} of {words.count(notice.judged, 'indicator')} {are} in it now"
    return words.joined(
        f"New or revised figures: {text}" if text else "",
        now if text and notice.judged and not since.corrected else "",
        _withdrawn_here(notice.withdrawn),
        _muted_here(notice.muted),
    )


def _withdrawn_here(number: int) -> str:
    are = "is" if number == 1 else "are"
    return f"{words.count(number, 'change')} told earlier {are} withdrawn" if number else ""


def _besides(number: int) -> str:
    """What crossed the line too and is left to the digest, so that no count is wrong without it."""
    return f", besides {number:,} within the margin of error" if number else ""


def _left_to_digest(number: int) -> str:
    verb = "is" if number == 1 else "are"
    return f"{words.count(number, 'change')} within the margin of error {verb} left to the digest" if number else ""


def _muted_here(number: int) -> str:
    are = "is" if number == 1 else "are"
    return f"{words.count(number, 'muted change')} {are} left out" if number else ""


def _told(moved: Moved, since: _Since, *, remembered: bool) -> Iterable[str]:
    yield since.line(moved)
    if remembered and not since.withdrawn(moved):
        yield words.last_time(moved.said)


def _more(number: int) -> str:
    return f"… and {number:,} more change{words.plural_s(number)}: see the thread" if number > 0 else ""


def _seen_first(number: int) -> str:
    return f"{words.count(number, 'indicator')} seen for the first time" if number else ""


def _done(notice: ReleaseAlert, amendments: Sequence[Amendment]) -> list[str]:
    """What people did with the buttons, the newest of it."""
    said = [one for one in amendments if isinstance(one, AcknowledgedNotice)]
    muted = [one for one in amendments if isinstance(one, MutedNotice)]
    single = len(notice.moved) == 1
    earlier = len(said) - _ACKNOWLEDGED
    note = f"… and {words.count(earlier, 'earlier acknowledgement')}: see the thread" if earlier > 0 else ""
    lines = [
        f"Acknowledged by {words.name(one.by)} on {words.day(one.day)}{_of(one.names, single=single)}: "
        + (words.remarks(one.cause, one.action, one.review) or "nothing said")
        for one in said[-_ACKNOWLEDGED:]
    ]
    lines += [
        f"Muted by {words.name(one.by)} on {words.day(one.day)} {words.until(one.until)}{_of(one.names, single=single)}"
        + (f": {words.echo(one.reason)}" if one.reason.strip() else "")
        for one in muted[-1:]
    ]
    return [note, *lines]


def _of(names: Sequence[str], *, single: bool) -> str:
    """Which changes somebody meant, where there are several to mean."""
    if single or not names:
        return ""
    return f" ({words.listed([words.name(name) for name in names], 1)})"


def _buttons(first: Moved | None, ref: str, *, void: bool) -> list[Block]:
    """What can be done about it, each button saying to screen readers what it is about."""
    if first is None or not ref:
        return []

    def press(text: str, action: str, told: str) -> Block:
        return button(text, action, ref, label=f"{told} {cut(first.name, _LABEL - len(told) - 1)}")

    asked = [press("Why?", WHY, "Why it moved:"), press("Chart", CHART, "Chart in the thread:")]
    if not void:
        asked += [
            press("Acknowledge", ACKNOWLEDGE, "Acknowledge:"),
            press("Mute until next release", MUTE, "Mute until next release:"),
        ]
    return [actions(*asked)]


def _thread(notice: ReleaseAlert, since: _Since) -> list[Message]:
    """Every change, theme by theme, with why a theme moved and what was last said."""

    def theme(moved: Moved) -> str:
        return moved.change.theme

    def lines(moved: Moved) -> list[str]:
        why = "" if moved.change.subject in since.corrected else words.why(moved.why)
        return [text for text in (since.line(moved), why, words.last_time(moved.said)) if text]

    groups = [
        (words.strong(heading), [text for moved in found for text in lines(moved)])
        for heading, found in groupby(sorted(notice.moved, key=theme), key=theme)
    ]
    marked = [context(words.ILLUSTRATIVE)] if notice.footing.illustrative else []
    return in_thread(groups, *marked)
