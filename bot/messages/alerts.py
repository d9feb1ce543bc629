"""What a release changed: the fact first, the worst lines, and the whole list theme by theme in the thread."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bot import words
from bot.slack_text import Message, compose, context, pages, paragraphs, section
from engine.changes import Cause, Change, Kind
from jobs.notices import Amendment, Moved, ReleaseAlert, ReleaseInfo

SHOWN = 6
"""Lines in the message itself; all of them are in its thread."""

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


def release_alert(notice: ReleaseAlert, amendments: Sequence[Amendment] = (), ref: str = "") -> Message:
    """One message for one release and destination; the thread holds what it has no room for."""
    del amendments, ref
    first = _foremost(notice.moved)
    lines = [line(moved) for moved in sorted(notice.moved, key=_worst_first) if moved is not first]
    top = [f"{_headline(first, notice.moved)} · {release(notice.release)}", _counts(notice)]
    rest = [_more(len(lines) - SHOWN), words.quiet(notice.quiet), _seen_first(notice.seen_first)]
    body = [*top, *lines[:SHOWN], *rest]
    foot = context(words.foot(notice.footing))
    thread = _thread(notice) if len(lines) > SHOWN else []
    return compose([*paragraphs(body), foot], thread)


def release(info: ReleaseInfo) -> str:
    """As "Recorded crime (ONS, published 20 July 2024)"."""
    told = ", ".join(part for part in (words.name(info.source), words.published(info.published)) if part)
    return f"{words.name(info.name)} ({told})"


def line(moved: Moved, *, why: bool = False) -> str:
    """One change: arrow, name, ranks, quartiles, figures with unit and direction, periods, and the cause.

    The cause is told where it is a revision, and with ``why`` always.
    """
    change, before, after = moved.change, moved.change.before, moved.change.after
    rank = ", ".join(part for part in (words.move(before, after), words.quartiles(before, after)) if part)
    if change.kind is Kind.IMPROVED:
        rank = f"significantly better, {rank}"
    return words.joined(
        f"{words.arrow(change)} {words.strong(moved.name)}{_what(change)} — {rank}",
        _figures(moved),
        words.periods(before, after),
        words.cause(change) if why else _revision(change),
    )


def _what(change: Change) -> str:
    return {Kind.THEME_MOVED: " (theme)", Kind.COMPOSITE_MOVED: " (composite)"}.get(change.kind, "")


def _figures(moved: Moved) -> str:
    if moved.change.after.value is None:
        return ""
    shown = words.figures(moved.change.before, moved.change.after, moved.unit, moved.decimals)
    return f"{shown} {words.direction(moved.polarity)}".strip()


def _revision(change: Change) -> str:
    return words.cause(change) if change.cause is Cause.REVISION else ""


def _worst_first(moved: Moved) -> tuple[int, float]:
    """Falls of themes, entries, exits and improvements, rises of themes; within each the worst first."""
    change = moved.change
    if change.kind in _BASKETS:
        return (0 if words.gained(change) < 0 else 3), -abs(words.gained(change))
    order = {Kind.ENTERED: 1, Kind.LEFT: 2, Kind.IMPROVED: 2}.get(change.kind, 4)
    return order, -(change.after.rank or 0) / (change.after.of or 1)


def _foremost(moved: Sequence[Moved]) -> Moved | None:
    """The change that the first line tells: the theme that moved most, else the worst of the indicators."""
    for kind in (Kind.THEME_MOVED, Kind.COMPOSITE_MOVED):
        if themes := [item for item in moved if item.change.kind is kind]:
            return max(themes, key=lambda item: (abs(words.gained(item.change)), -words.gained(item.change)))
    return min(moved, key=_worst_first, default=None)


def _headline(first: Moved | None, moved: Sequence[Moved]) -> str:
    if first is None:
        return "*Nothing moved enough to alert*"
    change = first.change
    alike = [item for item in moved if item.change.kind is change.kind]
    if change.kind in _BASKETS:
        verb = "rises" if words.gained(change) > 0 else "falls"
        fact = f"{words.name(first.name)} {verb} {words.from_to(change.before, change.after)}"
        noun = "theme" if change.kind is Kind.THEME_MOVED else "composite"
    else:
        ranks = words.move(change.before, change.after)
        fact = f"{words.name(first.name)} {_VERDICTS.get(change.kind, 'moved')}: {ranks}"
        alike, noun = list(moved), "indicator"
    others = len(alike) - 1
    more = f" and {others:,} more {noun}{words.plural_s(others)}" if others else ""
    return words.joined(f"*{fact}*{more}", _detail(first))


def _detail(first: Moved) -> str:
    """What the line of the foremost change would add to the headline."""
    change = first.change
    if change.kind in _BASKETS:
        return _revision(change)
    return words.joined(
        words.quartiles(change.before, change.after),
        _figures(first),
        words.periods(change.before, change.after),
        _revision(change),
    )


def _counts(notice: ReleaseAlert) -> str:
    """What alerts; quiet changes may have moved indicators too, and are in the number of now."""
    kinds = [moved.change.kind for moved in notice.moved]
    entered, left, improved = (kinds.count(kind) for kind in _COUNTED)
    if not any((entered, left, improved)):
        text = "no indicator entered or left the bottom quartile"
    else:
        told = [
            f"{words.count(entered, 'indicator')} {_COUNTED[Kind.ENTERED]}",
            f"{left or 'none'} {_COUNTED[Kind.LEFT]}",
            f"{improved} {_COUNTED[Kind.IMPROVED]}" if improved else "",
        ]
        text = ", ".join(part for part in told if part)
    are = "is" if notice.bottom == 1 else "are"
    now = f"{notice.bottom:,} of {words.count(notice.judged, 'indicator')} {are} in it now"
    return words.joined(f"New or revised figures: {text}", now if notice.judged else "")


def _more(number: int) -> str:
    return f"… and {number:,} more change{words.plural_s(number)}: see the thread" if number > 0 else ""


def _seen_first(number: int) -> str:
    return f"{words.count(number, 'indicator')} seen for the first time" if number else ""


def _thread(notice: ReleaseAlert) -> list[Message]:
    """Every change, theme by theme."""

    def theme(moved: Moved) -> str:
        return moved.change.theme

    groups = [
        (words.strong(heading), [line(moved) for moved in found])
        for heading, found in groupby(sorted(notice.moved, key=theme), key=theme)
    ]
    marked = [context(words.ILLUSTRATIVE)] if notice.footing.illustrative else []
    return [compose([section(page), *marked]) for page in pages(groups, 2_800)]
