"""What a report says: its sections, sentences, tables and charts, made once for the page and the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from bot import words
from bot.charts import ThemeMove, bottom_chart, plane_chart, theme_chart, themes_chart
from bot.commentary import comments
from bot.report import said
from bot.report.facts import BottomLine, Report, Since, ThemeLine
from bot.report.method import method
from bot.report.parts import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Grid,
    Heading,
    Lines,
    Paper,
    Section,
    Spark,
    Words,
)
from bot.slack_text import Picture
from engine.changes import Standing
from engine.progress import Scorecard
from engine.quadrants import BEST
from state.planes import Plane, PlanePoint
from state.views import IndicatorView

ALL = "All themes"

SIGNIFICANT = "a significant improvement"

NAMED = 3
"""Indicators of the bottom quartile named beside a theme; all have a list of their own."""

YEARS = 7
"""Years in the small line beside a theme."""

DECADE = 12
"""Years in the chart of a composite."""

MADE_UP = "Illustrative: the comparators’ figures in this report are made up. Nothing here may be used for a decision."


def paper(report: Report) -> Paper:
    """The whole report in words."""
    on = report.snapshot
    council = said.outside(on.council_name)
    sections = (
        _summary(report),
        _themes(report),
        *_years(report),
        *_moved_themes(report),
        _bottom(report),
        _changes(report),
        *_progress(report),
        _quartiles(report),
        _spending(report),
        method(report),
    )
    return Paper(
        title=f"{council}: performance and expenditure benchmarking",
        stands=(
            f"Figures known on {said.day(report.day)}",
            f"{council} among {on.areas:,} {said.outside(on.comparators)}",
            f"Quartiles by the {on.quartile_rule} rule; snapshot {said.outside(on.label)}",
        ),
        sections=sections,
        council=council,
        day=report.day,
        warning=MADE_UP if on.illustrative else "",
    )


# --- the first page --------------------------------------------------------------------------------


def _summary(report: Report) -> Section:
    """Where the council stands as a whole."""
    side = report.since
    moves = Counter(words.trend(line.before, line.view.standing) for line in report.themes if line.view.standing.rank)
    facts = [said.headline(line, side) for line in report.composites]
    if report.themes:
        facts.append(said.themes_moved(moves["↑"], moves["↓"], moves["→"], moves[""], side))
        facts += said.furthest(report.themes, side)
    if side.differences.any:
        facts.append(f"{said.seen(words.not_alike(side.differences))}.")
    facts.append(said.in_bottom(report.quartiles[-1], report.judged))
    facts.append(_crossings(report))
    if report.improved:
        facts.append(said.improved(len(report.improved)))
    facts += _cheap(report.spending)
    return Section("summary", "Summary", (Bullets(tuple(facts)),))


def _cheap(plane: Plane | None) -> Iterator[str]:
    themes = [point for point in plane.points if point.kind == "theme"] if plane else []
    if themes:
        yield said.best(sum(point.quadrant == BEST for point in themes), len(themes))


def _themes(report: Report) -> Section:
    """The summary table."""
    side = said.since(report.since)
    lines = report.lines
    columns = (
        Column("Theme", 16),
        Column(f"Performance rank ({side})", 17),
        Column("Expenditure rank", 16),  # in the document no narrower: its longest word is to stand on one line
        Column(f"Last {YEARS} years", 14),
        Column("Comments", 37),
    )
    rows = tuple(_theme_row(report, line) for line in lines)
    grid = Grid(f"Performance and expenditure by theme; in brackets the rank {side}", columns, rows)
    note = (
        "In performance 1 is the best rank; ↑ is a better rank than the one in brackets, ↓ a worse one, → the same, "
        "and = a shared place. In expenditure 1 is the highest net spend per head. The line runs over the years with "
        "the best rank at the top, the latest year marked by the large dot."
    ) + (" Where spending per head is not known it is n/a." if any(line.spend is None for line in lines) else "")
    if not lines:
        return Section("themes", "Performance and expenditure by theme", (Words("No theme has a rank yet."),))
    return Section("themes", "Performance and expenditure by theme", (Words(note), grid))


def _theme_row(report: Report, line: ThemeLine) -> tuple[Cell, ...]:
    now, spend = line.view.standing, line.spend
    rank = Lines(said.bracketed(now, line.before), _among(line, report.since))
    place = Lines(words.position(spend), (f"of {spend.of}",)) if spend and spend.rank else "n/a"
    # Who entered, left and improved has lists of its own. Here it would make the table long, and a composite, whose
    # last year may be another than its themes', would count others.
    short = replace(line.summary, entered=(), left=(), improved=())
    told = comments(short, said.outside, said.since(report.since), most=NAMED)
    if now.rank and line.before and line.before.rank:  # the move stands beside the rank
        told = told[1:]
    return said.outside(line.view.name), rank, place, _spark(line), Bullets(told)


def _among(line: ThemeLine, side: Since) -> tuple[str, ...]:
    """As "of 32, up 4 places"; and of how many the earlier rank was, where that differs."""
    now, before = line.view.standing, line.before
    if now.rank is None:
        return (said.available(line),)
    differs = before is not None and before.rank is not None and before.of not in {None, now.of}
    earlier = f"of {before.of} {said.since(side)}" if differs and before else ""
    return tuple(part for part in (f"of {now.of}, {said.moved(now, before)}", earlier) if part)


def _spark(line: ThemeLine) -> Cell:
    ranks = tuple(rank for _, rank in line.view.history[-YEARS:])
    if not any(ranks):
        return "–"
    of = line.view.standing.of or max(filter(None, ranks))
    return Spark(ranks, of, said.spark_alt(ranks, said.outside(line.view.name)))


def _years(report: Report) -> Iterator[Section]:
    """The composites over the years."""
    held = (replace(one, years=one.years[-DECADE:]) for one in report.histories)
    charts = [_chart(theme_chart(one), small=True) for one in held if any(year.standing for year in one.years)]
    if charts:
        yield Section("years", "Overall ranks over the years", tuple(charts))


def _moved_themes(report: Report) -> Iterator[Section]:
    """Every theme now and before as a chart."""
    lines, then = report.themes, said.since(report.since)
    if any(line.view.standing.rank for line in lines):
        moves = [ThemeMove(line.view.name, line.before, line.view.standing) for line in lines]
        chart = _chart(themes_chart(moves, report.snapshot, (then, f"now, {said.day(report.day)}")))
        yield Section("moves", f"Themes now and {then}", (chart,))


# --- the bottom quartile ---------------------------------------------------------------------------


def _bottom(report: Report) -> Section:
    """Every indicator in the bottom quartile by theme, with what it takes to leave it."""
    sure = Counter(line.indicator.certainty for line in report.bottom)
    told = said.in_bottom(report.quartiles[-1], report.judged, words.how_sure(sure["clear"], sure["unsure"], sure[""]))
    blocks: list[Block] = [Words(told)]
    if report.bottom:
        blocks.append(Words(_BOTTOM_NOTE, "note"))
    judged = {line.view.name: line.judged for line in report.themes}
    for theme, lines in groupby(report.bottom, key=lambda line: line.indicator.theme):
        blocks += [Heading(said.outside(theme)), _bottom_grid(theme, list(lines), judged.get(theme, 0))]
    return Section("bottom", "Indicators in the bottom quartile", tuple(blocks), fresh=True)


_BOTTOM_NOTE = (
    "By theme, the lowest place first. What it takes to leave the bottom quartile is counted from the figures of "
    "today: the places to go, and the figure that would pass the area at the line if no other moved."
)


def _bottom_grid(theme: str, lines: Sequence[BottomLine], judged: int) -> Grid:
    columns = (Column("Indicator", 33), Column("Figure", 25), Column("Rank", 18), Column("To leave it", 24))
    rows = tuple((_indicator(line.indicator), _figure(line.indicator), _rank(line), _way(line)) for line in lines)
    return Grid(f"{said.outside(theme)}: {words.share(len(lines), judged, 'indicator')}", columns, rows)


def _indicator(view: IndicatorView) -> Cell:
    name = said.outside(view.name or view.code)
    return Lines(name, (words.OLD,)) if view.old else name


def _figure(view: IndicatorView) -> Cell:
    return Lines(said.figure(view.standing, view), (said.about(view.standing, view),))


def _rank(line: BottomLine) -> Cell:
    sure = words.certainty(line.indicator.certainty, bottom=True)
    return Lines(said.place(line.indicator.standing), (sure,) if sure else ())


def _way(line: BottomLine) -> Cell:
    far, value = said.way_out(line.way, line.indicator)
    return Lines(far, (value,) if value else ())


# --- what has changed ------------------------------------------------------------------------------


def _changes(report: Report) -> Section:
    """Who left and who entered the bottom quartile, and who improved significantly."""
    that = said.that(report.crossed)
    blocks: list[Block] = [Words(_crossings(report))]
    improved = {one.indicator.code for one in report.improved}
    for heading, views in (
        ("Left the bottom quartile", report.left),
        ("Entered the bottom quartile", report.entered),
        (
            "Improved significantly, still in the bottom quartile",
            [one.indicator for one in report.improved if not one.left],
        ),
    ):
        if views:
            blocks += [Heading(heading), _moves(f"{heading}: {words.count(len(views), 'indicator')}", views, improved)]
    return Section("changes", f"Changes since {that}", tuple(blocks))


def _crossings(report: Report) -> str:
    if not report.comparable:
        return said.nothing_to_compare(report.crossed)
    return said.crossings(len(report.left), len(report.entered), report.crossed)


def _moves(caption: str, views: Iterable[IndicatorView], improved: Collection[str]) -> Grid:
    columns = (Column("Indicator", 34), Column("Theme", 22), Column("Was", 22), Column("Is", 22))
    rows = []
    for view in views:
        more = SIGNIFICANT if view.code in improved and not view.in_bottom_quartile else ""
        was, now = _stood(view, view.previous), _stood(view, view.standing, more)
        rows.append((_indicator(view), said.outside(view.theme), was, now))
    return Grid(caption, columns, tuple(rows))


def _stood(view: IndicatorView, standing: Standing | None, more: str = "") -> Cell:
    told = said.figure(standing, view), said.period(standing.period) if standing else ""
    return Lines(said.place(standing), tuple(part for part in (", ".join(filter(None, told)), more) if part))


# --- quartiles -------------------------------------------------------------------------------------


def _quartiles(report: Report) -> Section:
    """How many indicators of each theme are in each quartile, and the same as a chart."""
    columns = (
        Column("Theme", 34),
        *(Column(name, 11, number=True) for name in ("Top", "Second", "Third", "Bottom")),
        Column("Judged", 11, number=True),
        Column("In the bottom", 11, number=True),
    )
    rows = [_counted(said.outside(line.view.name), line.quartiles) for line in report.themes]
    rows.append(_counted(ALL, report.quartiles))
    grid = Grid("Indicators by quartile and theme", columns, tuple(rows), total=True)
    strip = (_chart(bottom_chart(report.strip)),) if report.strip and report.strip.themes else ()
    return Section("quartiles", "Quartiles by theme", (grid, *strip))


def _counted(name: str, held: Sequence[int]) -> tuple[Cell, ...]:
    judged = sum(held)
    return name, *(f"{number:,}" for number in held), f"{judged:,}", words.percentage(held[-1], judged)


# --- progress --------------------------------------------------------------------------------------


def _progress(report: Report) -> Iterator[Section]:
    """Which way the indicators of each theme went, and what became of their targets where there are any."""
    cards = [card for card in report.scorecards if card.indicators]
    if not cards:
        return
    aimed = [card for card in cards if card.targets.of]
    blocks: list[Block] = [Words(said.directions(report.similar)), _directions(cards)]
    if aimed:
        blocks += [
            Words("A target is on course where the pace of the last three periods will meet it."),
            _targets(aimed),
        ]
    else:
        blocks.append(Words("No indicator has a target."))
    yield Section("progress", "Progress and targets", tuple(blocks))


def _directions(cards: Sequence[Scorecard]) -> Grid:
    ways = ((card, card.directions) for card in cards)
    rows = {card.name: (way.improved, way.similar, way.declined, way.not_comparable, way.of) for card, way in ways}
    headings = ("Improved", "Similar", "Declined", "Not comparable", "Indicators")
    return _counts("Direction of travel by theme", headings, rows)


def _targets(cards: Sequence[Scorecard]) -> Grid:
    aims = ((card, card.targets) for card in cards)
    rows = {card.name: (aim.met, aim.missed, aim.not_assessable, aim.on_course, aim.of) for card, aim in aims}
    return _counts("Targets by theme", ("Met", "Missed", "Not assessable", "On course", "Targets"), rows)


def _counts(caption: str, headings: Sequence[str], rows: Mapping[str, Sequence[int]]) -> Grid:
    """Counts by theme, those of all themes last, which have no name."""
    columns = (Column("Theme", 33), *(Column(name, 15 if " " in name else 13, number=True) for name in headings))
    counted = tuple(
        (said.outside(name) if name else ALL, *(f"{number:,}" for number in held)) for name, held in rows.items()
    )
    return Grid(caption, columns, counted, total=True)


# --- performance against spending ------------------------------------------------------------------


def _spending(report: Report) -> Section:
    """Every theme whose spending is known by its two ranks."""
    heading = "Performance against expenditure"
    plane = report.spending
    points = (*plane.points, *plane.unplaced) if plane else ()
    if plane is None or not any(point.across.rank for point in points):
        nothing = Words("No release has brought our expenditure per head for any theme.")
        return Section("spending", heading, (nothing,))
    columns = (
        Column("Theme", 28),
        Column("Performance", 18),
        Column("Net expenditure per head", 32),
        Column("Which is", 22),
    )
    rows = tuple(
        (said.outside(point.name), said.place(point.performance), _across(point), _where(point))
        for point in sorted(points, key=lambda point: (point.kind != "composite", point.name))
    )
    blocks: list[Block] = [
        Words(
            "In performance 1st is the best. In expenditure 1st is the highest per head, so the last is the lowest. "
            "High and low are the halves of the places: a theme in the better half is high performing, and one in the "
            "half that spends less is low spending."
        ),
        Grid("Performance and expenditure of the themes whose spending is known", columns, rows),
    ]
    if plane.without:
        blocks.append(Words(f"No spending per head is known for {said.listed(plane.without)}.", "note"))
    if plane.points:
        blocks.append(_chart(plane_chart(plane)))
    return Section("spending", heading, tuple(blocks))


def _across(point: PlanePoint) -> Cell:
    fact, *rest = said.seen(words.across(point, "spend")).split(", ", 1)
    return Lines(fact, tuple(rest))


def _where(point: PlanePoint) -> str:
    return words.quadrant(point.quadrant).capitalize() if point.quadrant else "No rank to compare"


def _chart(picture: Picture, *, small: bool = False) -> Figure:
    return Figure(replace(picture, alt=said.writable(picture.alt)), small)
