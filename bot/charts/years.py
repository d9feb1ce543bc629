"""A theme's rank over the years: 1st at the top, the four quartiles as bands behind the line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.charts.style import (
    BANDS,
    BETTER,
    INK,
    LEFT,
    QUARTILES,
    RIGHT,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    WORSE,
    Card,
    accent,
    among,
    foot,
    moved,
    plain,
    quartile_ends,
    quartile_words,
    rank_of,
    told,
    width,
)
from bot.slack_text import Picture
from bot.words import ordinal, place, position
from engine.changes import Standing
from state.histories import ThemeHistory, ThemeYear
from state.views import SnapshotView

_PLOT, _HEAD, _FOOT = 1.9, 0.17, 0.32
"""Above and below the bands there is room for the ranks of the first and the last."""
_GUTTER = 0.98


def theme_chart(history: ThemeHistory) -> Picture:
    """The council's rank in one theme, year by year; years without a rank leave a gap."""
    on, years = history.snapshot, history.years
    now = years[-1].standing if years else None
    notes = (
        f"{plain(on.council_name)}'s rank each year; 1st, at the top, is best",
        *_since(years),
    )
    card = Card(_HEAD + _PLOT + _FOOT, history.name, _fact(now), notes=notes, foot=foot(on), edge=accent(now))
    columns = _columns(len(years))
    shown = next((year.standing for year in reversed(years) if year.standing), None)
    _bands(card, years, columns, shown)
    _path(card, years, columns)
    for (left, right), year in zip(columns, years, strict=True):
        card.write(
            (left + right) / 2, card.top + _HEAD + _PLOT + 0.25, str(year.year), size=TEXT, colour=SOFT, align="center"
        )
    if shown is None:
        card.write(
            (LEFT + _GUTTER + WIDTH - RIGHT) / 2,
            card.top + _HEAD + _PLOT / 2,
            "no rank in any year",
            align="center",
            halo=True,
        )
    return card.picture(_alt(history, on, now))


def _fact(standing: Standing | None) -> str:
    """As "21st of 32, third quartile"."""
    return ", ".join(part for part in (place(standing), quartile_words(standing)) if part)


def _since(years: Sequence[ThemeYear]) -> tuple[str, ...]:
    """The move from the last year that had a rank, with its arrow."""
    ranked = [year for year in years if year.standing and year.standing.rank]
    if len(ranked) < 2 or ranked[-1] is not years[-1]:  # noqa: PLR2004 - a move is between two
        return ()
    word = moved(ranked[-2].standing, ranked[-1].standing)
    way = {"better": "▲ better", "worse": "▼ worse", "same": "= unchanged"}[word]
    return (f"{way} since {ranked[-2].year}, when it was {place(ranked[-2].standing)}",)


def _columns(number: int) -> list[tuple[float, float]]:
    left, step = LEFT + _GUTTER, (WIDTH - RIGHT - LEFT - _GUTTER) / max(number, 1)
    return [(left + step * at, left + step * (at + 1)) for at in range(number)]


def _bands(
    card: Card, years: Sequence[ThemeYear], columns: Sequence[tuple[float, float]], shown: Standing | None
) -> None:
    """The quartiles of each year's own number of areas, in words with their ranks at the left."""
    usual = (shown.of if shown else None) or len(QUARTILES)
    for (left, right), year in zip(columns, years, strict=True):
        of = (year.standing.of if year.standing else None) or usual
        edges = quartile_ends(of)
        for fill, first, last in zip(BANDS, edges, edges[1:], strict=False):
            top = card.top + _HEAD + _PLOT * first
            card.box(left, top, right - left + 0.004, _PLOT * (last - first) - 0.012, fill)
    edges = quartile_ends(usual)
    for words, first, last in zip(QUARTILES, edges, edges[1:], strict=False):
        middle = card.top + _HEAD + _PLOT * (first + last) / 2
        if last <= first:  # fewer areas than quartiles
            continue
        card.write(LEFT, middle - 0.065, words, size=SMALL, colour=INK)
        if shown:
            ends = dict.fromkeys(ordinal(rank) for rank in (round(first * usual) + 1, round(last * usual)))
            span = " to ".join(ends)
            card.write(LEFT, middle + 0.065, span, size=SMALL, colour=SOFT)


def _path(card: Card, years: Sequence[ThemeYear], columns: Sequence[tuple[float, float]]) -> None:
    points: list[tuple[float, float] | None] = []
    for (left, right), year in zip(columns, years, strict=True):
        rank = rank_of(year.standing)
        of = year.standing.of if year.standing else None
        points.append(((left + right) / 2, card.top + _HEAD + _PLOT * (rank - 0.5) / of) if rank and of else None)
    for before, after in pairwise(points):
        if before and after:
            card.line([before[0], after[0]], [before[1], after[1]], INK, 1.6)
    taken: tuple[float, float, float, float] | None = None
    for at in range(len(points) - 1, -1, -1):  # the last one first: the others make room for it
        standing = years[at].standing
        if points[at] and standing:
            taken = _point(card, points, at, standing, taken)


def _point(
    card: Card,
    points: Sequence[tuple[float, float] | None],
    at: int,
    standing: Standing,
    taken: tuple[float, float, float, float] | None,
) -> tuple[float, float, float, float]:
    """A year's mark and rank, the last one's larger and in full; returns where the rank stands.

    It stands above or below, away from the line, and not on the one that stands already.
    """
    x, y = points[at] or (0.0, 0.0)
    last = at == len(points) - 1
    words, points_of = (place(standing), 8.2) if last else (position(standing), SMALL)
    reach = width(words, points_of, bold=last) / 2
    x_label = min(x, WIDTH - RIGHT - reach - 0.03)
    boxes = [(x_label - reach, y + away - 0.08, x_label + reach, y + away + 0.08) for away in (-0.15, 0.15)]
    near = [other[1] for other in (points[at - 1] if at else None, None if last else points[at + 1]) if other]
    above = sum(near) / len(near) >= y if near else y > card.top + _HEAD + _PLOT / 2
    box = boxes[0] if above else boxes[1]
    if taken and box[2] > taken[0] and box[1] < taken[3] and box[3] > taken[1]:
        box = boxes[1] if above else boxes[0]
    colour = {1: BETTER, 4: WORSE}.get(standing.quartile or 0, INK) if last else INK
    card.mark(x, y, "D" if last else "o", size=7 if last else 5, fill=colour)
    middle = (box[1] + box[3]) / 2
    card.write(x_label, middle, words, size=points_of, bold=last, align="center", colour=colour, halo=True)
    return box


def _alt(history: ThemeHistory, on: SnapshotView, now: Standing | None) -> str:
    start = (
        f"Chart: {plain(history.name)}, rank of {plain(on.council_name)} over the years, 1st being best, "
        f"among {among(on)}. Now {_fact(now)}."
    )
    clauses = [f"{year.year}: {_fact(year.standing)}." for year in history.years]
    return told(start, clauses, lambda left: f"And {left} more.")
