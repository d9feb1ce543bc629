"""Answers about themes: one of them, all of them, and the bottom quartile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot import words
from bot.commands.parts import CHART, WHY, ask_button, command, paged, paged_table
from bot.messages.alerts import line
from bot.slack_text import Block, Message
from engine.changes import Kind, Standing
from jobs.notices import Moved
from state.published import PublishedRank
from state.views import (
    BottomReport,
    ChangeView,
    Improvement,
    IndicatorView,
    OverallReport,
    SnapshotView,
    ThemeReport,
    ThemeView,
)

YEARS = 7
_NAMED = 3
"""Themes named as the best and as the worst."""


def theme(report: ThemeReport, page: int) -> Message:
    """A theme's rank, spend, years and indicators: those in the bottom quartile, then the others worst first."""
    view = report.theme
    top = [
        headline(view),
        spend_line(report.expenditure),
        years(view),
        printed(report.published),
        words.joined(
            f"{words.share(view.bottom, view.judged, 'indicator')} in the bottom quartile" if view.judged else "",
            f"{view.available} of {words.count(view.total, 'judged indicator')} "
            f"{'has' if view.total == 1 else 'have'} a rank",
        ),
    ]
    groups = by_standing(report.indicators)
    return paged(("theme", view.name), page, top, groups, report.snapshot, more_about("theme", view.name, view.name))


def more_about(kind: str, key: str, name: str) -> list[Block]:
    """Buttons for why it moved and for its chart."""
    return [
        ask_button("Why?", "why", f"{kind} {key}", f"Why {name} moved", WHY),
        ask_button("Chart", "chart", f"{kind} {key}", f"Chart of {name}", CHART),
    ]


def by_standing(items: Sequence[IndicatorView]) -> list[tuple[str, list[str]]]:
    """Those in the bottom quartile, the others that are judged, worst first, and those that are not judged."""
    low = [item for item in items if item.in_bottom_quartile]
    others = [item for item in items if item.eligibility == "eligible" and not item.in_bottom_quartile]
    unjudged = [item for item in items if item.eligibility != "eligible"]
    groups = (
        ("*In the bottom quartile*", low),
        ("*The others, worst first*" if low else "*Worst first*", others),
        ("*Not judged*", unjudged),
    )
    return [(heading, [indicator_line(item) for item in own]) for heading, own in groups]


def indicator_line(item: IndicatorView) -> str:
    """An indicator now: place, quartile or why it has none, figure, direction, period."""
    return f"• {words.strong(item.name)} — {standing(item)}"


def standing(item: IndicatorView) -> str:
    """Where an indicator stands now."""
    now = item.standing
    if now is None:
        return words.joined(words.NO_FIGURE, words.judged(item))
    rank = ", ".join(part for part in (words.place(now), words.judged_surely(item)) if part)
    shown = words.figures_judged(None, now, item.unit, item.decimals, item.polarity)
    return words.joined(rank, shown, words.periods(None, now), words.OLD if item.old else "")


def overall(report: OverallReport, page: int) -> Message:
    """The council's table: composites, then themes, with rank, spend and count in the bottom quartile."""
    council = words.name(report.snapshot.council_name)
    fact = f"*{': '.join(part for part in (council, composites(report)) if part)}* · {share_of(report)}"
    chart = ask_button("Chart", "chart", "overall", "Chart of all themes", CHART)
    return paged_table(
        ("overall", ""), page, [fact, _extremes(report.themes)], rows_of(report), report.snapshot, [chart]
    )


def composites(report: OverallReport) -> str:
    """As "Overall Outcomes 5th of 32"; empty without composites."""
    return ", ".join(f"{words.name(item.name)} {words.place(item.standing)}" for item in report.composites[:3])


def share_of(report: OverallReport) -> str:
    """How much is in the bottom quartile."""
    return f"{words.share(report.bottom, report.judged, 'indicator')} in the bottom quartile"


def rows_of(report: OverallReport, when: str = "last year") -> list[tuple[str, ...]]:
    """The table of composites and themes with its heads; in brackets the rank it had ``when``."""
    heads = ("Theme", f"Rank ({when})", "Spend per head", "Bottom quartile")
    return [heads, *(_row(item, report) for item in (*report.composites, *report.themes))]


def _extremes(themes: Sequence[ThemeView]) -> str:
    """As "Best: Housing 2nd, Economy 4th · Worst: Culture 24th"; nothing for a handful of themes."""
    ranked = sorted((view for view in themes if view.standing.rank), key=lambda view: (view.standing.rank, view.name))
    if len(ranked) < 2 * _NAMED:
        return ""
    best, worst = (
        ", ".join(f"{words.name(view.name)} {words.position(view.standing)}" for view in some)
        for some in (ranked[:_NAMED], ranked[: -_NAMED - 1 : -1])
    )
    return f"Best: {best} · Worst: {worst}"


def bottom(report: BottomReport, page: int) -> Message:
    """Indicators in the bottom quartile theme by theme, and those that left it or improved significantly."""
    recent = [improvement_line(one) for one in report.left]
    within = "" if all(one.left for one in report.left) else " or improved significantly"
    groups = [*_by_theme(report.indicators), (f"*Left it{within} since last year's figures*", recent)]
    sure = [item.certainty for item in report.indicators]
    how = words.how_sure(sure.count("clear"), sure.count("unsure"), sure.count(""))
    chart = [ask_button("Chart", "chart", "bottom", "Chart of the bottom quartile by theme", CHART)]
    return paged(
        ("bottom", report.theme or ""),
        page,
        [words.joined(bottom_fact(report), how)],
        groups,
        report.snapshot,
        [] if report.theme else chart,
    )


def improvement_line(one: Improvement) -> str:
    """An indicator that left the bottom quartile or improved within it, as it stood last year and stands now."""
    item, better = one.indicator, "significantly better" if one.significant else ""
    now = item.standing or Standing(None, None)
    rank = words.ranks(item.previous, now)
    return words.joined(
        f"{words.UP} {words.strong(item.name)} — {', '.join(part for part in (better, rank) if part)}",
        words.figures_judged(item.previous, now, item.unit, item.decimals, item.polarity),
        words.periods(item.previous, now),
        words.certainty(item.certainty, bottom=False) if one.left else "still in the bottom quartile",
        words.OLD if item.old else "",
    )


def bottom_fact(report: BottomReport) -> str:
    """As "5 of 20 indicators (25%) of Police & Crime are in the bottom quartile"."""
    number = len(report.indicators)
    share = words.share(number, report.judged, "indicator") if report.judged else words.count(0, "indicator")
    within = f" of {words.name(report.theme)}" if report.theme else ""
    return f"*{share.capitalize()}{within} {'is' if number == 1 else 'are'} in the bottom quartile*"


def changes(found: Sequence[ChangeView], asked: str, heading: str, page: int, snapshot: SnapshotView) -> Message:
    """What moved and why, release by release, the newest first; ``asked`` is the argument it was asked with."""
    groups = [(_release(items[0]), _told(items)) for items in _by_release(found)]
    told = sum(item.change.kind is not Kind.BASELINE for item in found)
    fact = f"*{words.count(told, 'change').capitalize()} {heading}*"
    hint = f"Other spans: {command('changes', '7d')}, {command('changes', '2025-10-27')}, or the number of a release"
    return paged(("changes", asked), page, [fact, hint], groups, snapshot)


def moved(change: ChangeView) -> Moved:
    """A stored change as notices carry it."""
    return Moved(change.change, change.name, change.unit, change.decimals, change.polarity)


def headline(view: ThemeView, whose: str = "", when: str = "last year") -> str:
    """Rank, an earlier one and quartile; ``whose`` it is stands before the name, ``when`` it was after the earlier."""
    kind = " (composite)" if view.kind == "composite" else ""
    before = words.bracketed(view.previous, view.standing, when)
    fact = f"*{whose}{words.name(view.name)}: {words.place(view.standing)}*{kind}{before}"
    return ", ".join(part for part in (fact, words.quartiles(None, view.standing)) if part)


def spend_line(view: ThemeView | None, when: str = "last year") -> str:
    """Where the spending per head stands, and stood ``when``."""
    if view is None:
        return ""
    before = f" ({words.spend(view.previous)} {when})" if view.previous and view.previous.rank else ""
    return f"Spend per head: {words.spend(view.standing)}{before}"


def printed(ranks: Sequence[PublishedRank]) -> str:
    """As "As published: 21st of 32 in 2022/23, 11th of 32 in 2021/22", the newest first; empty without any."""
    said = [words.place(one.standing) + f" in {words.name(one.edition)}" for one in ranks[::-1]]
    return f"As published: {words.listed(said, _NAMED)}" if said else ""


def years(view: ThemeView) -> str:
    """The ranks of up to seven years, as words and as bars."""
    told = spark(view)
    return f"{len(view.history[-YEARS:])} years, oldest first: {told} (taller is better)" if told else ""


def spark(view: ThemeView) -> str:
    """As "7th, no rank, 3rd ▆·█", oldest first; empty where fewer than two of up to seven years have a rank."""
    ranks = [rank for _, rank in view.history[-YEARS:]]
    if sum(rank is not None for rank in ranks) < 2:  # noqa: PLR2004 - one year is no trend
        return ""
    said = ", ".join("no rank" if rank is None else words.ordinal(rank) for rank in ranks)
    of = max(view.standing.of or 0, *(rank or 0 for rank in ranks))
    return f"{said} {words.bars(ranks, of)}"


def _row(item: ThemeView, report: OverallReport) -> tuple[str, str, str, str]:
    rank = words.place(item.standing) + words.bracketed(item.previous, item.standing)
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
