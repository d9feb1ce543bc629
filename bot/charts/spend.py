"""Performance against spending: high performance at the top and low spending at the right, in four named quadrants.

So the council's report has it: the high performing and low spending are at the top right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.charts.style import (
    BANDS,
    BETTER,
    DOT,
    INK,
    INNER,
    LEFT,
    PAPER,
    RIGHT,
    SMALL,
    SOFT,
    WIDTH,
    WORSE,
    Card,
    among,
    fitted,
    foot,
    listed,
    plain,
    told,
    width,
)
from bot.slack_text import Picture
from bot.words import count, half, place, position, quadrant, spend
from engine.changes import Standing
from state.histories import SpendMap, SpendPoint

_PLOT, _AXIS = 3.0, 0.25
_STRIP = 0.27
"""Height of the strips above and below the points that hold the quadrants' names."""
_SIDE = 0.16
_NEAR = 2
_NAME_ROOM = 1.35
_ROW = 0.17
_NEUTRAL = "#f1f1ee"

_QUADRANTS = ((-1, 1), (-1, -1), (1, 1), (1, -1))
_FILLS = {(-1, 1): BANDS[0], (1, -1): BANDS[3]}


@dataclass
class _Room:
    """What is taken already on the plane: marks and labels, as (left, top, right, bottom)."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def free(self, box: tuple[float, float, float, float]) -> bool:
        """Whether nothing stands there."""
        left, top, right, bottom = box
        return all(right <= a or left >= c or bottom <= b or top >= d for a, b, c, d in self.taken)


def spend_chart(spending: SpendMap) -> Picture:
    """Every comparator, or with no theme named every theme of the council, by its two ranks."""
    return _areas_chart(spending) if spending.theme else _themes_chart(spending)


def _areas_chart(spending: SpendMap) -> Picture:
    on = spending.snapshot
    own = next((point for point in spending.points if point.code == on.council), None)
    said = f"◆ {_places(own)}" if own else f"{plain(on.council_name)} has no place here"
    line = f"● comparators; spending: {plain(spending.line)}"
    card = Card(
        _PLOT + _AXIS,
        spending.theme,
        _quadrant(own) if own else "no rank to compare",
        notes=(said, line),
        foot=foot(on),
        edge=_colour(own),
    )
    _plane(card)
    room = _Room()
    others = [point for point in spending.points if point is not own]
    shared = Counter(_at(card, point) for point in others)
    beneath = shared.pop(_at(card, own), 0) if own else 0
    card.marks([spot for spot, number in shared.items() if number == 1], size=5.5, fill=DOT)
    for (x, y), number in shared.items():
        _taken(room, x, y, 0.045)
        if number > 1:
            card.mark(x, y, size=8, fill=DOT)
            card.write(x, y, str(number), size=SMALL, colour=PAPER, bold=True, align="center")
    if own:
        x, y = _at(card, own)
        _taken(room, x, y, 0.07)
        card.mark(x, y, "D", size=9, fill=INK, edge=PAPER, width=1.4)
        with_it = f" and {beneath} more" if beneath else ""
        _name(card, room, x, y, f"{plain(own.name)}{with_it}", bold=True)
    for point in _told_of(others, own):
        _name(card, room, *_at(card, point), plain(point.name))
    return card.picture(_areas_alt(spending, own))


def _themes_chart(spending: SpendMap) -> Picture:
    on = spending.snapshot
    points = sorted(spending.points, key=lambda point: (point.performance.rank or 0, point.name))
    good = sum(_sides(point) == (-1, 1) for point in points)
    notes = ("Each number is a theme: its rank in performance and in spending",)
    fact = f"{good} of {count(len(points), 'theme')} high performing and low spending"
    body = _PLOT + _AXIS + _ROW * len(points) + 0.04
    card = Card(body, on.council_name, fact, notes=notes, foot=foot(on))
    _plane(card)
    room = _Room()
    for number, point in enumerate(points, start=1):
        x, y = _free_spot(room, *_at(card, point))
        card.mark(x, y, size=11.5, fill=INK, edge=PAPER, width=0.8)
        card.write(x, y, str(number), size=SMALL, colour=PAPER, bold=True, align="center")
        middle = card.top + _PLOT + _AXIS + _ROW * (number - 0.5) + 0.04
        words = f"{position(point.performance)}, spending {_spending(point.spend)}"
        card.write(LEFT + 0.13, middle, str(number), bold=True, align="right")
        card.write(WIDTH - RIGHT, middle, words, size=SMALL, colour=SOFT, align="right")
        card.write(LEFT + 0.2, middle, plain(point.name), room=INNER - 0.28 - width(words, SMALL))
    start = (
        f"Chart: performance of {plain(on.council_name)} against spending per head by theme, 1st being best "
        f"performance and highest spend, among {among(on)}."
    )
    clauses = [
        f"{plain(one.name)}: {_quadrant(one)}, {position(one.performance)}, spending {_spending(one.spend)}."
        for one in points
    ]
    return card.picture(
        told(start, clauses, lambda left: f"And {count(left, 'more theme')}.", _unplaced(spending, "theme"))
    )


def _free_spot(room: _Room, x: float, y: float) -> tuple[float, float]:
    """The spot, or the next beside it where another mark stands."""
    for away in range(40):
        spot = x + 0.17 * ((away + 1) // 2) * (-1 if away % 2 else 1)
        inside = LEFT + 0.08 < spot < WIDTH - RIGHT - 0.08
        if inside and room.free((spot - 0.08, y - 0.08, spot + 0.08, y + 0.08)):
            break
    else:
        spot = x
    _taken(room, spot, y, 0.075)
    return spot, y


def _sides(point: SpendPoint) -> tuple[int, int]:
    return half(point.performance), half(point.spend)


def _quadrant(point: SpendPoint) -> str:
    """As "high performing, low spending"."""
    return quadrant(*_sides(point))


def _spending(standing: Standing) -> str:
    """As "=22nd highest", "lowest": without the number of areas, which the foot has."""
    if standing.rank == standing.of:
        return "lowest"
    return spend(standing).partition(" of ")[0]


def _places(point: SpendPoint) -> str:
    return f"performance {place(point.performance)}, spending {spend(point.spend)}"


def _colour(own: SpendPoint | None) -> str:
    sides = _sides(own) if own else (0, 0)
    return BETTER if sides == (-1, 1) else WORSE if sides == (1, -1) else DOT


def _plane(card: Card) -> None:
    """The four quadrants with their names, and the ends of both axes."""
    left, middle, top = LEFT, LEFT + INNER / 2, card.top
    for performing, spending in _QUADRANTS:
        fill = _FILLS.get((performing, spending), _NEUTRAL)
        x = middle + 0.008 if spending > 0 else left
        y = top if performing < 0 else top + _PLOT / 2 + 0.008
        card.box(x, y, INNER / 2 - 0.008, _PLOT / 2 - 0.008, fill)
        label = top + _STRIP / 2 if performing < 0 else top + _PLOT - _STRIP / 2
        edge = WIDTH - RIGHT - 0.06 if spending > 0 else left + 0.06
        words = quadrant(performing, spending).capitalize()
        card.write(edge, label, words, size=SMALL, colour=SOFT, align="right" if spending > 0 else "left")
    below = top + _PLOT + 0.11
    card.write(left, below, "◀ higher spending per head", size=SMALL, colour=SOFT)
    card.write(WIDTH - RIGHT, below, "lower spending per head ▶", size=SMALL, colour=SOFT, align="right")


def _at(card: Card, point: SpendPoint) -> tuple[float, float]:
    """Where a point stands: each rank in the middle of its own share of the axis."""
    across = ((point.spend.rank or 0) - 0.5) / (point.spend.of or 1)
    down = ((point.performance.rank or 0) - 0.5) / (point.performance.of or 1)
    x = LEFT + _SIDE / 2 + (INNER - _SIDE) * across
    return round(x, 4), round(card.top + _STRIP + (_PLOT - 2 * _STRIP) * down, 4)


def _taken(room: _Room, x: float, y: float, reach: float) -> None:
    room.taken.append((x - reach, y - reach, x + reach, y + reach))


def _told_of(others: Sequence[SpendPoint], own: SpendPoint | None) -> list[SpendPoint]:
    """Those worth a name: the ends of both axes, then those nearest to the council."""

    def performance(point: SpendPoint) -> tuple[int, str]:
        return point.performance.rank or 0, point.code

    def spending(point: SpendPoint) -> tuple[int, str]:
        return point.spend.rank or 0, point.code

    if not others:
        return []
    chosen = [end(others, key=key) for key in (performance, spending) for end in (min, max)]
    if own:

        def away(point: SpendPoint) -> tuple[int, str]:
            down = (point.performance.rank or 0) - (own.performance.rank or 0)
            across = (point.spend.rank or 0) - (own.spend.rank or 0)
            return down * down + across * across, point.code

        chosen += sorted(others, key=away)[:_NEAR]
    return list({point.code: point for point in chosen}.values())


def _name(card: Card, room: _Room, x: float, y: float, name: str, *, bold: bool = False) -> None:
    """A name beside its mark where there is room for it; the council's is written in any case."""
    points, mark = (8.0, 0.075) if bold else (SMALL, 0.05)
    words = fitted(name, _NAME_ROOM * (2 if bold else 1), points, bold=bold)
    reach, rise = width(words, points, bold=bold), points / 72 * 0.62
    right, left = x + mark + 0.015, x - mark - 0.015 - reach
    away = mark + rise + 0.005
    spots = [
        (right, y), (left, y),
        (x - reach / 2, y - away), (x - reach / 2, y + away),
        (right, y - away * 0.8), (left, y - away * 0.8),
        (right, y + away * 0.8), (left, y + away * 0.8),
    ]  # fmt: skip
    boxes = [(at, down - rise, at + reach, down + rise) for at, down in spots]
    inside = [box for box in boxes if box[0] > LEFT + 0.03 and box[2] < WIDTH - RIGHT - 0.03]
    inside = [box for box in inside if box[1] > card.top + 0.2 and box[3] < card.top + _PLOT - 0.2] or inside
    found = next((box for box in inside if room.free(box)), inside[0] if bold and inside else None)
    if found:
        room.taken.append(found)
        card.write(
            found[0], (found[1] + found[3]) / 2, words, size=points, bold=bold, colour=INK if bold else SOFT, halo=bold
        )


def _areas_alt(spending: SpendMap, own: SpendPoint | None) -> str:
    on = spending.snapshot
    ours = f"{plain(on.council_name)} is {_quadrant(own)}: {_places(own)}." if own else ""
    start = (
        f"Chart: performance against spending per head in {plain(spending.theme)} (spending line: "
        f"{plain(spending.line)}), 1st being best performance and highest spend, among {among(on)}. {ours}"
    ).strip()
    held: dict[tuple[int, int], list[str]] = {sides: [] for sides in _QUADRANTS}
    for point in sorted(spending.points, key=lambda point: point.performance.rank or 0):
        held.setdefault(_sides(point), []).append(plain(point.name))
    counts = [f"{quadrant(*sides)}: {len(names)}" for sides, names in held.items() if names or sides in _QUADRANTS]
    best = held[-1, 1]
    clauses = [
        f"Areas: {'; '.join(counts)}.",
        *([f"High performing, low spending: {listed(best)}."] if best else []),
    ]
    return told(start, clauses, lambda _: "Names are left out.", _unplaced(spending, "area"))


def _unplaced(spending: SpendMap, what: str) -> str:
    return f"{count(spending.unplaced, what)} without both ranks left out." if spending.unplaced else ""
