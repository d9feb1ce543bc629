"""Answers about themes: one of them, all of them, and the bottom quartile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot import words
from bot.commands.parts import answered, command, paged
from bot.messages.alerts import line
from bot.slack_text import Block, Message, paragraphs, table
from engine.changes import Kind
from jobs.notices import Moved
from state.views import BottomReport, ChangeView, IndicatorView, OverallReport, SnapshotView, ThemeReport, ThemeView

YEARS = 7
ROWS = 20
_HEADS = ("Theme", "Rank (last year)", "Spend per head", "Bottom quartile")


def theme(report: ThemeReport, page: int) -> Message:
    """A theme's rank, spend, years and indicators: those in the bottom quartile, then the others worst first."""
    view = report.theme
    bottom = [item for item in report.indicators if item.in_bottom_quartile]
    others = [item for item in report.indicators if not item.in_bottom_quartile]
    top = [
        _headline(view),
        _spend(report.expenditure),
        _years(view),
        words.joined(
            f"{words.share(view.bottom, view.judged, 'indicator')} in the bottom quartile" if view.judged else "",
            f"{view.available} of {words.count(view.total, 'judged indicator')} "
            f"{'has' if view.total == 1 else 'have'} a rank",
        ),
    ]
    groups = (
        ("*In the bottom quartile*", [indicator_line(item) for item in bottom]),
        ("*The others, worst first*" if bottom else "*Worst first*", [indicator_line(item) for item in others]),
    )
    return paged(("theme", view.name), page, top, groups, report.snapshot)


def indicator_line(item: IndicatorView) -> str:
    """An indicator now: place, quartile or why it has none, figure, direction, period."""
    return f"• {words.strong(item.name)} — {standing(item)}"


def standing(item: IndicatorView) -> str:
    """Where an indicator stands now."""
    now = item.standing
    if now is None:
        return words.joined(words.NO_FIGURE, words.judged(item))
    rank = ", ".join(part for part in (words.place(now), words.judged(item)) if part)
    shown = f"{words.figure(now.value, item.unit, item.decimals)} {words.direction(item.polarity)}".strip()
    return words.joined(rank, shown, words.periods(None, now), words.OLD if item.old else "")


def overall(report: OverallReport, page: int) -> Message:
    """The council's table: composites, then themes, with rank, spend and count in the bottom quartile."""
    lines = [*report.composites, *report.themes]
    of = max(-(-len(lines) // ROWS), 1)
    at = min(page, of)
    shown = lines[ROWS * (at - 1) : ROWS * at]
    council = words.name(report.snapshot.council_name)
    ranks = ", ".join(f"{words.name(item.name)} {words.place(item.standing)}" for item in report.composites[:3])
    bottom = f"{words.share(report.bottom, report.judged, 'indicator')} in the bottom quartile"
    fact = f"*{': '.join(part for part in (council, ranks) if part)}* · {bottom}"
    body: list[Block] = [table(_HEADS, [_row(item, report) for item in shown])] if shown else []
    return answered(("overall", ""), at, of, [*paragraphs([fact]), *body], report.snapshot)


def bottom(report: BottomReport, page: int) -> Message:
    """Indicators in the bottom quartile theme by theme, and those that left it or improved significantly."""
    number = len(report.indicators)
    share = (
        words.share(number, report.judged, "indicator") if report.judged else words.count(0, "indicator").capitalize()
    )
    within = f" of {words.name(report.theme)}" if report.theme else ""
    fact = f"*{share}{within} {'is' if number == 1 else 'are'} in the bottom quartile*"
    recent = [line(moved(change)) for change in report.left]
    groups = [*_by_theme(report.indicators), ("*Left it or improved significantly*", recent)]
    return paged(("bottom", report.theme or ""), page, [fact], groups, report.snapshot)


def changes(found: Sequence[ChangeView], asked: str, heading: str, page: int, snapshot: SnapshotView) -> Message:
    """What moved and why, release by release, the newest first."""
    groups = [(_release(items[0]), _told(items)) for items in _by_release(found)]
    told = sum(item.change.kind is not Kind.BASELINE for item in found)
    fact = f"*{words.count(told, 'change').capitalize()} {heading}*"
    hint = f"Other spans: {command('changes', '7d')}, {command('changes', '2025-10-27')}, or the number of a release"
    return paged(("changes", asked), page, [fact, hint], groups, snapshot)


def moved(change: ChangeView) -> Moved:
    """A stored change as notices carry it."""
    return Moved(change.change, change.name, change.unit, change.decimals, change.polarity)


def _headline(view: ThemeView) -> str:
    before = f" ({words.position(view.previous)} last year)" if view.previous and view.previous.rank else ""
    change = words.trend(view.previous, view.standing)
    kind = " (composite)" if view.kind == "composite" else ""
    fact = f"*{words.name(view.name)}: {words.place(view.standing)}*{kind}{before} {change}".strip()
    return ", ".join(part for part in (fact, words.quartiles(None, view.standing)) if part)


def _spend(view: ThemeView | None) -> str:
    if view is None:
        return ""
    before = f" ({words.spend(view.previous)} last year)" if view.previous and view.previous.rank else ""
    return f"Spend per head: {words.spend(view.standing)}{before}"


def _years(view: ThemeView) -> str:
    """The ranks of up to seven years, as words and as bars."""
    ranks = [rank for _, rank in view.history[-YEARS:]]
    if sum(rank is not None for rank in ranks) < 2:  # noqa: PLR2004 - one year is no trend
        return ""
    said = ", ".join("no rank" if rank is None else words.ordinal(rank) for rank in ranks)
    of = max(view.standing.of or 0, *(rank or 0 for rank in ranks))
    return f"{len(ranks)} years, oldest first: {said} {words.bars(ranks, of)} (taller is better)"


def _row(item: ThemeView, report: OverallReport) -> tuple[str, str, str, str]:
    before = f" ({words.position(item.previous)})" if item.previous and item.previous.rank else ""
    rank = f"{words.place(item.standing)}{before} {words.trend(item.previous, item.standing)}".strip()
    spent = report.expenditure.get(item.expenditure) or report.expenditure.get(item.name)
    return item.name, rank, words.spend(spent.standing) if spent else "–", words.share(item.bottom, item.judged)


def _by_theme(items: Iterable[IndicatorView]) -> list[tuple[str, list[str]]]:
    def theme_of(item: IndicatorView) -> str:
        return item.theme

    found = [(name, list(own)) for name, own in groupby(sorted(items, key=theme_of), key=theme_of)]
    return [(f"{words.strong(name)} ({len(own)})", [indicator_line(item) for item in own]) for name, own in found]


def _by_release(found: Sequence[ChangeView]) -> list[list[ChangeView]]:
    return [list(own) for _, own in groupby(found, key=lambda item: item.release_id)]


def _release(item: ChangeView) -> str:
    told = words.joined(words.name(item.release), words.published(item.published))
    return f"*Release {item.release_id}* · {told}"


def _told(items: Sequence[ChangeView]) -> list[str]:
    """Each change with its cause; first sights are counted only."""
    lines = [line(moved(item), why=True) for item in items if item.change.kind is not Kind.BASELINE]
    first = len(items) - len(lines)
    return [*lines, *([f"{words.count(first, 'indicator')} seen for the first time"] if first else [])]
