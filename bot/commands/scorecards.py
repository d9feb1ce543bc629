"""Scorecards: which way indicators went in a year, their quartiles, and what became of their targets."""

from __future__ import annotations

from bot import scorecards as said
from bot import words
from bot.commands.parts import command, paged, paged_table
from bot.slack_text import Message
from engine.progress import Direction
from state.scorecards import Followed, ScorecardReport

_GROUPS = (
    (Direction.DECLINED, "Declined"),
    (Direction.IMPROVED, "Improved"),
    (Direction.SIMILAR, "Similar"),
    (Direction.NOT_COMPARABLE, "No earlier figure to compare with"),
)


def scorecard(report: ScorecardReport, theme: str | None, page: int) -> Message:
    """The table of all themes, or the indicators of one."""
    return _of_theme(report, theme, page) if theme else _of_all(report, page)


def _of_all(report: ScorecardReport, page: int) -> Message:
    card = report.overall
    top = [
        f"*{said.fact(card)}*",
        said.quartiles(card) if card.indicators else "",
        said.predicted(card.targets),
        f"Each against its latest figure at least a year older. One theme: {command('scorecard', _example(report))}",
    ]
    rows = [("Theme", *said.HEADS), *((one.name, *said.row(one)) for one in report.themes)]
    if len(report.themes) > 1:
        rows.append(("All themes", *said.row(card)))
    return paged_table(("scorecard", ""), page, top, rows, report.snapshot)


def _example(report: ScorecardReport) -> str:
    return report.themes[0].name if report.themes else ""


def _of_theme(report: ScorecardReport, theme: str, page: int) -> Message:
    card, fact = report.overall, said.fact(report.overall)
    top = [
        f"*{words.name(theme)}: {fact[:1].lower()}{fact[1:]}*",
        said.quartiles(card) if card.indicators else "",
        said.predicted(card.targets),
    ]
    groups = [
        (f"*{heading}* ({len(own)})", [_line(one) for one in own])
        for way, heading in _GROUPS
        if (own := [one for one in report.indicators if one.progress.direction is way])
    ]
    return paged(("scorecard", theme), page, top, groups, report.snapshot)


def _line(one: Followed) -> str:
    """As "• *Theft* — 4.6 → 5.9% (higher is worse) · 2021/22 → 2022/23 · quartile 4 · target <4: missed"."""
    view, progress = one.view, one.progress
    if view.standing is None:  # never among those counted
        return ""
    shown = words.figures_judged(view.previous, view.standing, view.unit, view.decimals, view.polarity)
    due = words.name(progress.target.due.label) if progress.target.due else ""
    aimed = said.target(progress, words.name(progress.target.words), due)
    return f"• {words.strong(view.name)} — " + words.joined(
        shown, words.periods(view.previous, view.standing), words.judged(view), aimed, words.OLD if view.old else ""
    )
