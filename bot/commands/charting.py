"""Answers that are a picture: one line says what it shows, the picture follows."""

from __future__ import annotations

from collections.abc import Sequence

from bot import words
from bot.commands.parts import answered, with_chart
from bot.commands.spending import both_places, where_it_is
from bot.commands.themes import bottom_fact, composites, headline, printed, share_of, years
from bot.slack_text import ChartOf, Message, paragraphs
from state.planes import Plane
from state.views import BottomReport, IndicatorReport, OverallReport, SnapshotView, ThemeReport


def chart_theme(report: ThemeReport) -> Message:
    """The ranks of a theme over the years."""
    view = report.theme
    return _chart(
        f"theme {view.name}",
        [headline(view), years(view), printed(report.published)],
        ChartOf("theme", (view.name,)),
        report.snapshot,
    )


def chart_indicator(report: IndicatorReport) -> Message:
    """An indicator's figures over the years, among the comparators'."""
    view = report.indicator
    rank = words.place(view.standing) if view.standing else words.NO_FIGURE
    figure = ""
    if view.standing:
        shown = words.figures_judged(None, view.standing, view.unit, view.decimals, view.polarity)
        figure = words.joined(shown, words.periods(None, view.standing))
    lines = [words.joined(f"*{words.name(view.name)}: {rank}*", words.judged(view), figure)]
    return _chart(f"indicator {view.code}", lines, ChartOf("indicator", (view.code,)), report.snapshot)


def chart_overall(report: OverallReport) -> Message:
    """The ranks of all themes, this year's and last year's."""
    fact = f"*{composites(report) or words.count(len(report.themes), 'theme')}* · {share_of(report)}"
    return _chart("overall", [fact], ChartOf("themes"), report.snapshot)


def chart_bottom(report: BottomReport) -> Message:
    """The bottom quartile theme by theme."""
    return _chart("bottom", [bottom_fact(report)], ChartOf("bottom"), report.snapshot)


def chart_plane(plane: Plane, report: ThemeReport) -> Message:
    """One theme of ours and of everybody, performance against spending or deprivation."""
    view = report.theme
    fact = words.joined(f"*{words.name(view.name)}: {where_it_is(plane)}*", both_places(plane, view))
    return _chart(f"{plane.against} {view.name}", [fact], ChartOf(plane.against, (view.name,)), report.snapshot)


def _chart(asked: str, lines: Sequence[str], chart: ChartOf, snapshot: SnapshotView) -> Message:
    return with_chart(answered(("chart", asked), 1, 1, paragraphs(lines), snapshot), chart)
