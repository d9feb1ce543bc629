"""The last section of a report: how it was made, from what and among whom, and what is to be read with care."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bot import words
from bot.report import said
from bot.report.facts import Report, Since
from bot.report.parts import Block, Bullets, Column, Grid, Heading, Section, Words
from jobs.sources import publisher, publisher_names
from state.views import IndicatorView


def method(report: Report) -> Section:
    """How it was made, from what, among whom, and what is to be read with care."""
    on = report.snapshot
    council = said.outside(on.council_name)
    others = words.count(len(report.comparators), "area")
    blocks: list[Block] = [
        Heading("How the ranks are made"),
        Bullets(tuple(_rules(report))),
        Heading("Comparators"),
        Words(f"{council} is compared with {others}: {said.listed(report.comparators)}."),
        Heading("Sources"),
        *_sources(report),
        Heading("To be read with care"),
        *_care(report),
    ]
    return Section("method", "Method and sources", tuple(blocks))


def _rules(report: Report) -> Iterator[str]:
    side = report.since
    yield "Each indicator ranks the areas that have a figure, 1st being the best; equal figures share the better place."
    yield "A theme’s rank is the rank of the average of its indicators’ ranks; a composite takes all of its indicators."
    if report.snapshot.quartile_rule == "rank":
        yield "The bottom quartile is the lowest quarter of the areas ranked, and never more than a quarter of them."
    else:
        yield "The bottom quartile begins at the quartile of the areas’ figures."
    yield "Each indicator is taken at the latest period for which enough areas have a figure."
    if side.kind == "year":
        yield (
            "Last year’s rank takes the figures of periods that ended at least a year earlier, as they are known "
            "today, among today’s areas and with today’s indicators."
        )
    elif side.kind == "edition":
        yield f"Ranks {said.since(side)} are those of the edition’s figures, known on {said.day(side.day)}."
    else:
        yield f"Ranks {said.since(side)} are those printed at the time, by the rules and indicators of that time."
    if side.differences.any:
        yield f"{said.seen(words.not_alike(side.differences))}."
    if report.crossed != side:
        yield f"Nothing is known of single indicators {said.since(side)}: they are compared with {said.that(Since())}."
    yield "Expenditure is net expenditure per head, ranked from the highest to the lowest; it is not judged."
    if any(line.indicator.certainty for line in report.bottom):
        yield (
            "Where a publisher gives margins of error, a place in the bottom quartile is called clear where no place "
            "that they leave open is outside it."
        )


def _sources(report: Report) -> Iterator[Block]:
    if not report.releases:
        yield Words("No release has brought a figure that is judged.")
        return
    columns = (
        Column("Release", 40),
        Column("From", 25),
        Column("Published", 20),
        Column("Indicators", 15, number=True),
    )
    rows = tuple(
        (said.outside(use.name), _from(use.source), said.day(use.published) or "–", f"{use.indicators:,}")
        for use in report.releases
    )
    yield Grid("Releases that the figures are from, and of how many indicators", columns, rows)


def _from(source: str) -> str:
    """Who published it, or that it came as a file."""
    return publisher(source).TITLE if source in publisher_names() else f"a {said.outside(source)}"


def _care(report: Report) -> Iterator[Block]:
    """What is old, and what is not judged and why."""
    if report.old:
        columns = (Column("Indicator", 50), Column("Theme", 30), Column("Period", 20))
        rows = tuple(
            (
                said.outside(view.name),
                said.outside(view.theme),
                said.period(view.standing.period if view.standing else ""),
            )
            for view in report.old
        )
        yield Words(said.rests_on_old(len(rows)))
        yield Grid("Judged on a period that ended more than four years ago", columns, rows)
    else:
        yield Words(said.rests_on_old(0))
    yield Words(said.unjudged(Counter(map(_why_not, report.unjudged))))


def _why_not(view: IndicatorView) -> str:
    if view.eligibility != "eligible":
        return words.not_judged(view.eligibility).removeprefix("not judged: ").removesuffix(", so not judged")
    return "no figure for the council" if view.standing is None else "too few areas for quartiles"
