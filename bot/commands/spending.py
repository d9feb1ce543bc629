"""Performance against spending, as the council's report draws it.

High performance is above and low spending to the right, and each theme is in one of the four quadrants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot import words
from bot.commands.parts import answered, command, paged, paged_table, with_chart
from bot.slack_text import ChartOf, Message, paragraphs
from engine.changes import Standing
from state.views import AreaStanding, LeagueReport, OverallReport, ThemeReport, ThemeView

BEST = words.quadrant(-1, 1)
_NAMED = 12


def quadrant(performance: Standing | None, spend: Standing | None) -> str:
    """As "high performing, low spending"; empty where either has no rank.

    Rank 1 is the best performance and the highest spending; the very middle of an odd number is in neither half.
    """
    if performance is None or spend is None or performance.rank is None or spend.rank is None:
        return ""
    return words.quadrant(words.half(performance), words.half(spend))


def spend(report: OverallReport, page: int) -> Message:
    """All themes with performance rank, spending rank and quadrant, the best placed first."""
    rows: list[tuple[str, ...]] = [("Theme", "Performance", "Spend per head", "Which is")]
    found: list[tuple[str, str]] = []
    for view in (*report.composites, *report.themes):
        line = report.expenditure.get(view.name)
        where = quadrant(view.standing, line.standing if line else None)
        if view.kind == "theme" and where:
            found.append((view.name, where))
        if line:
            rows.append((view.name, words.place(view.standing), words.spend(line.standing), where or "no rank"))
    if len(rows) == 1:
        return nothing_to_compare(report)
    best = [name for name, where in found if where == BEST]
    fact = f"*We are high performing and low spending in {len(best):,} of {words.count(len(found), 'theme')}*"
    others = Counter(where for _, where in found)
    counts = words.joined(*(f"{where[:1].upper()}{where[1:]}: {number}" for where, number in others.most_common()))
    without = sum(view.name not in report.expenditure for view in report.themes)
    missing = f"{words.count(without, 'theme').capitalize()} {'has' if without == 1 else 'have'} no spending line"
    top = [fact, counts, "Spend 1st is the highest per head, so the last is the lowest", missing if without else ""]
    return with_chart(paged_table(("spend", ""), page, top, rows, report.snapshot), ChartOf("spend"))


def nothing_to_compare(report: OverallReport) -> Message:
    """No theme has a spending line."""
    lines = [
        "*No theme can be set against its spending yet.* No release has brought expenditure per head for it.",
        f"The themes themselves: {command('overall')}",
    ]
    return answered(("spend", ""), 1, 1, paragraphs(lines), report.snapshot)


def spend_theme(report: ThemeReport, league: LeagueReport | None, page: int) -> Message:
    """One theme: our quadrant, and who does better for less."""
    view, line = report.theme, report.expenditure
    where = quadrant(view.standing, line.standing if line else None)
    if line is None:
        lines = [
            f"*{words.name(view.name)} has no spending to be set against.* It is {words.place(view.standing)}.",
            f"All themes with one: {command('spend')}",
        ]
        return answered(("spend", view.name), 1, 1, paragraphs(lines), report.snapshot)
    fact = f"*{words.name(view.name)}: {where or 'no rank to compare'}* · {words.place(view.standing)} in performance, "
    top = [f"{fact}spend {words.spend(line.standing)}", _last_year(view, line)]
    groups = [("*The areas compared*", _groups(league.areas if league else (), view.standing, line.standing))]
    message = paged(("spend", view.name), page, top, groups, report.snapshot)
    return with_chart(message, ChartOf("spend", (view.name,)))


def _last_year(view: ThemeView, line: ThemeView) -> str:
    """Both ranks a year before, where they are known."""
    parts = (
        f"{words.place(view.previous)} in performance" if view.previous and view.previous.rank else "",
        f"spend {words.spend(line.previous)}" if line.previous and line.previous.rank else "",
    )
    said = ", ".join(part for part in parts if part)
    return f"Last year: {said}" if said else ""


def _groups(areas: Iterable[AreaStanding], own: Standing, spent: Standing) -> list[str]:
    """Who performs better and spends less, and how many are in each quadrant."""
    areas = list(areas)
    placed = Counter(where for area in areas if (where := quadrant(area.standing, area.spend)))
    better = [area.name for area in areas if _better_for_less(area, own, spent)]
    listed = words.listed([words.name(name) for name in better], _NAMED)
    known = own.rank is not None and spent.rank is not None
    return [
        *([f"• Better and spending less per head than us: {listed or 'nobody'}"] if known else []),
        *(f"• {where[:1].upper()}{where[1:]}: {words.count(number, 'area')}" for where, number in placed.most_common()),
    ]


def _better_for_less(area: AreaStanding, own: Standing, spent: Standing) -> bool:
    return _before(area.standing, own) and _before(spent, area.spend)


def _before(one: Standing, other: Standing | None) -> bool:
    return bool(one.rank and other and other.rank and one.rank < other.rank)
