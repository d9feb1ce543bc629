"""Performance against spending, and against deprivation, as the council's report draws them.

High performance is above, low spending or less deprivation to the right, and each theme is in one of the quadrants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bot import words
from bot.commands.parts import answered, command, paged, paged_table, with_chart
from bot.slack_text import ChartOf, Message, code, paragraphs, unescape
from engine.changes import Standing
from engine.quadrants import BEST, Against, Half
from state.planes import Plane, PlanePoint
from state.views import ThemeReport, ThemeView

_NAMED = 12
_AGAINST = {"spend": "spending", "deprivation": "deprivation"}
_HEADS = {
    "spend": ("Theme", "Performance", "Spend", "Spend rank", "Which is"),
    "deprivation": ("Theme", "Performance", "Which is"),
}


def by_theme(plane: Plane, page: int) -> Message:
    """All composites and themes with both ranks, the figure and the quadrant."""
    if not any(point.across.rank for point in (*plane.points, *plane.unplaced)):
        return nothing_to_compare(plane)
    points = sorted((*plane.points, *plane.unplaced), key=lambda point: (point.kind != "composite", point.name))
    rows = [_HEADS[plane.against], *(_row(point, plane.against) for point in points)]
    top = _spend_top(plane) if plane.against == "spend" else _deprivation_top(plane)
    message = paged_table((plane.against, ""), page, top, rows, plane.snapshot)
    # Against deprivation all themes have one place across: a composite among the areas shows more.
    composites = sorted(point.name for point in plane.points if point.kind == "composite")
    if plane.against == "spend":
        return with_chart(message, ChartOf("spend"))
    return with_chart(message, ChartOf("deprivation", (composites[0],))) if composites else message


def _row(point: PlanePoint, against: Against) -> tuple[str, ...]:
    where = words.quadrant(point.quadrant, against) if point.quadrant else "no rank"
    spent = (unescape(words.across_figure(point)), words.spend(point.across)) if against == "spend" else ()
    return (point.name, words.place(point.performance), *spent, where)


def _spend_top(plane: Plane) -> list[str]:
    themes = [point for point in plane.points if point.kind == "theme"]
    best = sum(point.quadrant == BEST for point in themes)
    fact = f"We are high performing and low spending in {best:,} of {words.count(len(themes), 'theme')}"
    return [
        f"*{fact if themes else 'No theme has a rank in performance and in spending'}*",
        _quadrants(themes, plane.against),
        "Spend 1st is the highest per head, so the last is the lowest",
        without_line(plane.without),
    ]


def _deprivation_top(plane: Plane) -> list[str]:
    themes = [point for point in plane.points if point.kind == "theme"]
    high = sum(point.quadrant is not None and point.quadrant.performing is Half.FIRST for point in themes)
    own = next(point for point in (*plane.points, *plane.unplaced) if point.across.rank)
    fact = f"We are {words.deprived(own.across)}"
    counted = f", and high performing in {high:,} of {words.count(len(themes), 'theme')}"
    measure = f"{words.name(own.measure.name)}: {words.across_figure(own)}"
    return [
        f"*{fact}{counted if themes else ', and no theme of ours has a rank'}* · {measure}",
        _quadrants(themes, plane.against),
        "Deprivation 1st is the most deprived, so the last is the least",
    ]


def without_line(names: Sequence[str]) -> str:
    """As "2 themes have no spending line: Economy, Housing"; empty where all have one."""
    has = "has" if len(names) == 1 else "have"
    listed = words.listed([words.name(name) for name in names], _NAMED)
    return f"{words.count(len(names), 'theme')} {has} no spending line: {listed}" if names else ""


def _quadrants(points: Iterable[PlanePoint], against: Against) -> str:
    """As "High performing, low spending: 5 · Low performing, low spending: 3"."""
    counts = Counter(point.quadrant for point in points if point.quadrant)
    return words.joined(*(f"{words.capital(words.quadrant(where, against))}: {n}" for where, n in counts.most_common()))


def nothing_to_compare(plane: Plane) -> Message:
    """Why nothing can be set against it yet, and how to bring what is missing."""
    if plane.against == "spend":
        lines = [
            "*No theme can be set against its spending yet.* No release has brought our expenditure per head.",
            _lines_wanted(plane),
            f"What is due, and from where: {command('sources')}. The themes themselves: {command('overall')}",
        ]
    else:
        lines = [f"*No theme can be set against deprivation yet.* {_no_measure(plane)}", _how_to_bring(plane)]
    return answered((plane.against, plane.theme), 1, 1, paragraphs(lines), plane.snapshot)


def _lines_wanted(plane: Plane) -> str:
    """As "The catalogue names 2 lines: Spending on education per head, Spending on roads per head"."""
    names = sorted({point.measure.name for point in plane.unplaced})
    listed = words.listed([words.name(name) for name in names], _NAMED)
    return f"The catalogue names {words.count(len(names), 'line')}{f': {listed}' if names else ''}"


def _no_measure(plane: Plane) -> str:
    if plane.measure is None:
        return "The catalogue names no measure of deprivation."
    called = words.name(plane.measure.name) if plane.measure.name else code(plane.measure.code)
    return f"No release has brought {'figures' if plane.theme else 'our figure'} for its measure, {called}."


def _how_to_bring(plane: Plane) -> str:
    if plane.measure is None:
        example = code('deprivation = "imd"')
        return f"To name one: {example}, the code of an indicator without direction, in a file of the catalogue"
    return (
        f"It comes when its publisher is looked at ({command('sources')} says whether), or in a file with a figure "
        f"for each area under {code(plane.measure.code)}"
    )


def one_theme(plane: Plane, report: ThemeReport, page: int) -> Message:
    """One theme: our quadrant, both places and the figure, and who does better for less, or though more deprived."""
    view, own = report.theme, plane.own
    if plane.measure is None or own is None or not any(one.across.rank for one in (*plane.points, *plane.unplaced)):
        return _nothing_for(plane, report)
    fact = f"*{words.name(view.name)}: {where_it_is(plane)}* · {both_places(plane, view)}"
    top = [fact, last_year(plane.against, report)]
    groups = [("*The areas compared*", [f"• {line}" for line in among_areas(plane)])]
    message = paged((plane.against, view.name), page, top, groups, report.snapshot)
    return with_chart(message, ChartOf(plane.against, (view.name,))) if plane.points else message


def where_it_is(plane: Plane) -> str:
    """Our quadrant in a theme, as "high performing, low spending"; "no rank to compare"."""
    own = plane.own
    return words.quadrant(own.quadrant, plane.against) if own and own.quadrant else "no rank to compare"


def both_places(plane: Plane, view: ThemeView) -> str:
    """As "21st of 32 in performance, spending £441 per head, 29th highest of 31, 2023-24"."""
    own = plane.own
    figure = words.across(own, plane.against) if own else words.NO_FIGURE
    return f"{words.place(view.standing)} in performance, {_AGAINST[plane.against]} {figure}"


def _nothing_for(plane: Plane, report: ThemeReport) -> Message:
    """A theme that nothing is there for to set it against."""
    view = report.theme
    if plane.against == "deprivation":
        fact = f"*{words.name(view.name)} cannot be set against deprivation yet.*"
        lines = [f"{fact} {_no_measure(plane)} It is {words.place(view.standing)}.", _how_to_bring(plane)]
    else:
        line = plane.measure
        why = "No spending line is named for it"
        why = f"No release has brought figures for {words.name(line.name)}" if line else why
        lines = [
            f"*{words.name(view.name)} has no spending to be set against.* {why}. It is {words.place(view.standing)}.",
            f"All themes with one: {command('spend')}",
        ]
    return answered((plane.against, view.name), 1, 1, paragraphs(lines), report.snapshot)


def last_year(against: Against, report: ThemeReport) -> str:
    """As "Last year: 11th of 32 in performance, spending 31st highest of 32"; empty where neither is known."""
    view, line = report.theme, report.expenditure if against == "spend" else None
    parts = (
        f"{words.place(view.previous)} in performance" if view.previous and view.previous.rank else "",
        f"spending {words.spend(line.previous)}" if line and line.previous and line.previous.rank else "",
    )
    said = ", ".join(part for part in parts if part)
    return f"Last year: {said}" if said else ""


def among_areas(plane: Plane) -> list[str]:
    """Who does better for less or though more deprived, how many are in each quadrant, and how many are in none."""
    counts = Counter(point.quadrant for point in plane.points if point.quadrant)
    return [
        *([_better(plane)] if plane.own and plane.own.quadrant else []),
        *(
            f"{words.capital(words.quadrant(where, plane.against))}: {words.count(number, 'area')}"
            for where, number in counts.most_common()
        ),
        *left_out(plane),
    ]


def _better(plane: Plane) -> str:
    """As "Better and spending less per head than us: Kent and 2 more"."""
    own = plane.own
    names = [words.name(one.name) for one in plane.points if own and _does_better(one, own, plane.against)]
    way = "and spending less per head than us" if plane.against == "spend" else "than us though more deprived"
    return f"Better {way}: {words.listed(names, _NAMED) or 'nobody'}"


def _does_better(one: PlanePoint, own: PlanePoint, against: Against) -> bool:
    across = (own.across, one.across) if against == "spend" else (one.across, own.across)
    return _before(one.performance, own.performance) and _before(*across)


def _before(one: Standing, other: Standing) -> bool:
    return bool(one.rank and other.rank and one.rank < other.rank)


def left_out(plane: Plane) -> list[str]:
    """As "Left out: 3 areas without a rank in performance, 1 area without a figure for spending"; empty for none."""
    lacking = Counter((not one.performance.rank, not one.across.rank) for one in plane.unplaced)
    what = f"a figure for {_AGAINST[plane.against]}"
    said = {
        (True, False): "without a rank in performance",
        (False, True): f"without {what}",
        (True, True): f"without a rank in performance and {what}",
    }
    parts = [f"{words.count(lacking[key], 'area')} {words_}" for key, words_ in said.items() if lacking[key]]
    return [f"Left out: {', '.join(parts)}"] if parts else []
