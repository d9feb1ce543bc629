"""A theme's rank over the years: 1st at the top, the four quartiles as bands behind the line.

What earlier editions printed stands beside as hollow squares, at the year each edition ends in.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.charts.style import (
    BANDS,
    BETTER,
    INK,
    LEFT,
    PAPER,
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
from state.views import SnapshotView
from state.years import ThemeHistory, ThemeYear

_PLOT, _HEAD, _FOOT = 1.9, 0.17, 0.32
"""Above and below the bands there is room for the ranks of the first and the last."""
_GUTTER = 0.98
YEARS_SHOWN = 12
_ROOMY = 8
"""Years whose labels have room to be written in full."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def theme_chart(history: ThemeHistory) -> Picture:
    """The council's rank in one theme, the last twelve years; years without a rank leave a gap."""
    on, years = history.snapshot, history.years[-YEARS_SHOWN:]
    now = history.now
    notes = (
        f"{plain(on.council_name)}'s rank each year; 1st, at the top, is best",
        *_since(years, history.own),
        *(["Hollow squares: as published, at the year an edition ends in"] if _printed(years) else []),
        *_thin(years, history.judged),
    )
    card = Card(_HEAD + _PLOT + _FOOT, history.name, _fact(now), notes=notes, foot=foot(on), edge=accent(now))
    columns = _columns(len(years))
    shown = next((year.standing for year in reversed(years) if year.standing), None)
    _bands(card, years, columns, shown)
    squares = _squares(card, years, columns)  # the computed ranks stand on them
    _published(card, squares, _path(card, years, columns, history.own, [_around(point) for point, _ in squares]))
    for (left, right), label in zip(columns, _labels(years), strict=True):
        card.write((left + right) / 2, card.top + _HEAD + _PLOT + 0.25, label, size=TEXT, colour=SOFT, align="center")
    if shown is None:
        card.write(
            (LEFT + _GUTTER + WIDTH - RIGHT) / 2,
            card.top + _HEAD + _PLOT / 2,
            "no rank in any year",
            align="center",
            halo=True,
        )
    return card.picture(_alt(history.name, years, on, now))


def _labels(years: Sequence[ThemeYear]) -> list[str]:
    """As "2014", or where there are many the last two digits of those between: "2014", "15", "16" and "2025"."""
    ends = {0, len(years) - 1}
    return [
        str(one.year) if at in ends or len(years) <= _ROOMY else f"{one.year % 100:02}" for at, one in enumerate(years)
    ]


def _printed(years: Sequence[ThemeYear]) -> list[ThemeYear]:
    """The years whose published rank has a mark of its own: it is not the computed one, or there is none."""
    return [one for one in years if one.published and not _alike(one)]


def _alike(year: ThemeYear) -> bool:
    """Whether the published rank is the computed one, among as many."""
    standing, printed = year.standing, year.published
    return bool(standing and printed and (standing.rank, standing.of) == (printed.rank, printed.of))


def _thin(years: Sequence[ThemeYear], judged: int) -> tuple[str, ...]:
    """Until when fewer than two thirds of the theme's indicators go back."""
    few = [one.year for one in years if one.thin(judged)]
    return (f"To {max(few)} on fewer than two thirds of today's indicators",) if few else ()


def _fact(standing: Standing | None) -> str:
    """As "21st of 32, third quartile"."""
    return ", ".join(part for part in (place(standing), quartile_words(standing)) if part)


def _since(years: Sequence[ThemeYear], own: int) -> tuple[str, ...]:
    """The move to the year of its current figures from the last one that had a rank, with its arrow."""
    ranked = [year for year in years if year.standing and year.standing.rank]
    if len(ranked) < 2 or ranked[-1].year != (own or years[-1].year):  # noqa: PLR2004 - a move is between two
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


def _path(
    card: Card, years: Sequence[ThemeYear], columns: Sequence[tuple[float, float]], own: int, taken: list[Box]
) -> list[Box]:
    """The line through the years with its marks and ranks, which keep off what is taken; returns that and theirs."""
    points = [_at(card, column, year.standing) for column, year in zip(columns, years, strict=True)]
    for before, after in pairwise(points):
        if before and after:
            card.line([before[0], after[0]], [before[1], after[1]], INK, 1.6)
    taken = [*taken, *(_around(point) for point in points if point)]
    crowded = len(years) > _ROOMY
    for at in range(len(points) - 1, -1, -1):  # the last one first: the others make room for it
        standing = years[at].standing
        if points[at] and standing:
            last = years[at].year == (own or years[-1].year)
            words = place(standing) if last else str(standing.rank) if crowded else position(standing)
            box = _point(card, points, at, words, (standing, last), taken)
            taken += [box] if box else []
    return taken


def _around(point: tuple[float, float]) -> Box:
    """The room that a mark takes."""
    x, y = point
    return x - 0.05, y - 0.05, x + 0.05, y + 0.05


def _at(card: Card, column: tuple[float, float], standing: Standing | None) -> tuple[float, float] | None:
    """Where a rank stands: in the middle of its column, as far down as it is among all."""
    rank, of = rank_of(standing), standing.of if standing else None
    return (sum(column) / 2, card.top + _HEAD + _PLOT * (rank - 0.5) / of) if rank and of else None


def _point(
    card: Card,
    points: list[tuple[float, float] | None],
    at: int,
    words: str,
    of: tuple[Standing, bool],
    taken: Sequence[Box],
) -> Box | None:
    """A year's mark and rank, the current one's larger and in full; returns where the rank stands.

    It stands above or below, away from the line if it can, and not on what stands already; where neither is free, only
    the current one is written.
    """
    x, y = points[at] or (0.0, 0.0)
    standing, last = of
    points_of = 8.2 if last else SMALL
    boxes = _boxes(x, y, width(words, points_of, bold=last) / 2)
    near = [other[1] for other in points[max(at - 1, 0) : at] + points[at + 1 : at + 2] if other]
    above = sum(near) / len(near) >= y if near else y > card.top + _HEAD + _PLOT / 2
    choice = [*(boxes if above else boxes[::-1]), *(_further(boxes) if last else ())]
    box = next((one for one in choice if not _meets(one, taken)), None)
    colour = {1: BETTER, 4: WORSE}.get(standing.quartile or 0, INK) if last else INK
    card.mark(x, y, "D" if last else "o", size=7 if last else 5, fill=colour)
    if box is None and not last:
        return None  # a rank on another's place would be read as that one's; the alternative text has it
    box = box or boxes[not above]
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    card.write(*middle, words, size=points_of, bold=last, align="center", colour=colour, halo=True)
    return box


def _boxes(x: float, y: float, reach: float) -> tuple[Box, Box]:
    """Room for a label above and below a mark, within the card."""
    middle = min(x, WIDTH - RIGHT - reach - 0.03)
    above, below = ((middle - reach, y + away - 0.07, middle + reach, y + away + 0.07) for away in (-0.15, 0.15))
    return above, below


def _further(boxes: tuple[Box, Box]) -> tuple[Box, Box]:
    """The same, further off."""
    (a, b, c, d), (e, f, g, h) = boxes
    return (a, b - 0.12, c, d - 0.12), (e, f + 0.12, g, h + 0.12)


def _meets(box: Box, taken: Sequence[Box]) -> bool:
    return any(box[0] < c and a < box[2] and box[1] < d and b < box[3] for a, b, c, d in taken)


def _squares(
    card: Card, years: Sequence[ThemeYear], columns: Sequence[tuple[float, float]]
) -> list[tuple[tuple[float, float], int]]:
    """Published ranks as hollow squares; returns where they stand, and the ranks."""
    found = []
    for column, year in zip(columns, years, strict=True):
        if year.published and not _alike(year) and (point := _at(card, column, year.published.standing)):
            card.mark(*point, "s", size=7, fill=PAPER, edge=INK, width=1.1)
            found.append((point, year.published.rank))
    return found


def _published(card: Card, squares: Sequence[tuple[tuple[float, float], int]], taken: list[Box]) -> None:
    """The ranks of the squares, where there is room for them."""
    for point, rank in squares:
        free = [box for box in _boxes(*point, width(str(rank), SMALL) / 2) if not _meets(box, taken)]
        if free:
            box = free[0]
            taken.append(box)
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            card.write(*middle, str(rank), size=SMALL, colour=SOFT, align="center", halo=True)


def _alt(name: str, years: Sequence[ThemeYear], on: SnapshotView, now: Standing | None) -> str:
    start = (
        f"Chart: {plain(name)}, rank of {plain(on.council_name)} over the years, 1st being best, "
        f"among {among(on)}. Now {_fact(now)}."
    )
    clauses = [f"{year.year}: {_told(year)}." for year in years]
    return told(start, clauses, lambda left: f"And {left} more.")


def _told(year: ThemeYear) -> str:
    """As "5th of 31, top quartile; published 3rd of 32 (2022/23)"."""
    printed = f"published {place(year.published.standing)} ({year.published.edition})" if year.published else ""
    computed = _fact(year.standing) if year.standing or not printed else ""
    return "; ".join(part for part in (computed, printed) if part)
