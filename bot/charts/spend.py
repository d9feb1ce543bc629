"""Performance against spending or deprivation: high performance at the top, in four named quadrants.

Low spending, and less deprivation, is at the right. So the council's report has it: the high performing and low
spending are at the top right.
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
    plain,
    short,
    told,
    width,
)
from bot.slack_text import Picture, unescape
from bot.words import across, across_figure, count, deprived, place, position, quadrant, series, spend
from engine.changes import Standing
from engine.quadrants import BEST, WORST, Against, Half, Quadrant
from state.planes import Plane, PlanePoint

_PLOT, _AXIS = 3.0, 0.25
_STRIP = 0.27
"""Height of the strips above and below the points that hold the quadrants' names."""
_SIDE = 0.16
_NEAR = 2
_NAME_ROOM = 1.35
_ROW = 0.17
_NEUTRAL = "#f1f1ee"

_HIGH, _LOW = Half.FIRST, Half.SECOND
_MOST, _LEAST = Half.FIRST, Half.SECOND
_QUADRANTS = tuple(Quadrant(up, along) for up in (_HIGH, _LOW) for along in (_LEAST, _MOST))
_FILLS: dict[Against, dict[Quadrant, str]] = {"spend": {BEST: BANDS[0], WORST: BANDS[3]}, "deprivation": {}}
"""Only spending is judged together with performance: deprivation is neither good nor bad."""

_AXES: dict[Against, tuple[str, str]] = {
    "spend": ("◀ higher spending per head", "lower spending per head ▶"),
    "deprivation": ("◀ more deprived", "less deprived ▶"),
}
_SET_AGAINST: dict[Against, str] = {"spend": "spending", "deprivation": "deprivation"}


@dataclass
class _Room:
    """What is taken already on the plane: marks and labels, as (left, top, right, bottom)."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def free(self, box: tuple[float, float, float, float]) -> bool:
        """Whether nothing stands there."""
        left, top, right, bottom = box
        return all(right <= a or left >= c or bottom <= b or top >= d for a, b, c, d in self.taken)


def plane_chart(plane: Plane) -> Picture:
    """Every comparator, or with no theme named every theme of the council, by its two ranks."""
    return _areas_chart(plane) if plane.theme else _themes_chart(plane)


def _areas_chart(plane: Plane) -> Picture:
    on = plane.snapshot
    own = next((point for point in plane.points if point.code == on.council), None)
    said = f"◆ {_places(own, plane.against)}" if own else f"{plain(on.council_name)} has no place here"
    line = f"● comparators; {_SET_AGAINST[plane.against]}: {_measure(plane)}"
    card = Card(
        _PLOT + _AXIS,
        plane.theme,
        _quadrant(own, plane.against) if own else "no rank to compare",
        notes=(said, line),
        foot=foot(on),
        edge=_colour(own, plane.against),
    )
    _draw_plane(card, plane.against)
    room = _Room()
    others = [point for point in plane.points if point is not own]
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
    return card.picture(_areas_alt(plane, own))


def _themes_chart(plane: Plane) -> Picture:
    on, against = plane.snapshot, plane.against
    marked, figures = _marked(plane.points), _Figures.of(plane)
    themes = [point for point in plane.points if point.kind != "composite"]
    letters = ", each letter several together" if len(themes) < len(marked) else ""
    body = _PLOT + _AXIS + _ROW * len(marked) + 0.04
    card = Card(
        body,
        on.council_name,
        _themes_fact(themes, against),
        notes=(
            f"Each number is a theme{letters}: its rank in performance and in {_SET_AGAINST[against]}",
            figures.note,
        ),
        foot=foot(on),
    )
    _draw_plane(card, against)
    room = _Room()
    for row, (mark, point) in enumerate(marked):
        x, y = _free_spot(room, *_at(card, point))
        card.mark(x, y, "s" if point.kind == "composite" else "o", size=11.5, fill=INK, edge=PAPER, width=0.8)
        card.write(x, y, mark, size=SMALL, colour=PAPER, bold=True, align="center")
        middle = card.top + _PLOT + _AXIS + _ROW * (row + 0.5) + 0.04
        words = ", ".join((position(point.performance), *figures.of_one(point)))
        card.write(LEFT + 0.13, middle, mark, bold=True, align="right")
        card.write(WIDTH - RIGHT, middle, words, size=SMALL, colour=SOFT, align="right")
        card.write(LEFT + 0.2, middle, plain(point.name), room=INNER - 0.28 - width(words, SMALL))
    start = (
        f"Chart: performance of {plain(on.council_name)} against {_axis(against)} by theme, {_first(against)}, among "
        f"{among(on)}.{f' {figures.note}.' if figures.note else ''}"
    )
    clauses = [
        f"{plain(one.name)}: {', '.join((_quadrant(one, against), position(one.performance), *figures.of_one(one)))}."
        for _, one in marked
    ]
    return card.picture(told(start, clauses, lambda left: f"And {count(left, 'more theme')}.", _unplaced(plane)))


@dataclass(frozen=True, slots=True)
class _Figures:
    """How the figures of themes are written: what all have in common once, in ``note``, and the rest with each."""

    against: Against
    note: str = ""

    @classmethod
    def of(cls, plane: Plane) -> _Figures:
        """In deprivation all themes have one figure and place; lines of spending often have one unit and period."""
        against, first = plane.against, next(iter(plane.points), None)
        found = {(point.measure.unit, point.across.period) for point in plane.points}
        if first is None or len(found) > 1:
            return cls(against)
        if against == "deprivation":
            return cls(against, f"Deprivation: {_across(first, against)}")
        unit, period = found.pop()
        return cls(against, ", ".join(filter(None, (f"Spending in {plain(unit)}", period))) if unit else "")

    def of_one(self, point: PlanePoint) -> tuple[str, ...]:
        """As ("£441.20", "29th highest"), or with unit and period where these differ."""
        if self.against == "deprivation" and self.note:
            return ()
        measure = point.measure
        figure = short(point.across.value, measure.unit, measure.decimals) if self.note else _figure(point)
        return figure, _short_place(point.across, self.against)


def _marked(points: Sequence[PlanePoint]) -> list[tuple[str, PlanePoint]]:
    """Composites with letters, then themes with numbers, the best placed first."""
    ordered = sorted(points, key=lambda point: (point.performance.rank or 0, point.name))
    composites = [point for point in ordered if point.kind == "composite"]
    themes = [point for point in ordered if point.kind != "composite"]
    letters = [chr(ord("A") + at % 26) for at in range(len(composites))]
    return [
        *zip(letters, composites, strict=True),
        *((str(number), point) for number, point in enumerate(themes, start=1)),
    ]


def _themes_fact(themes: Sequence[PlanePoint], against: Against) -> str:
    """As "5 of 9 themes high performing and low spending"."""
    if not themes:
        return "no theme has both ranks"
    if against == "spend":
        good = sum(point.quadrant == BEST for point in themes)
        return f"{good} of {count(len(themes), 'theme')} high performing and low spending"
    high = sum(point.quadrant is not None and point.quadrant.performing is _HIGH for point in themes)
    return f"{high} of {count(len(themes), 'theme')} high performing"


def _free_spot(room: _Room, x: float, y: float) -> tuple[float, float]:
    """The spot, or the next beside it where another mark stands: in the same half, while there is room."""
    left, middle, right = LEFT + 0.08, LEFT + INNER / 2, WIDTH - RIGHT - 0.08
    own = (left, middle - 0.08) if x < middle else (middle + 0.08, right)
    spots = [x + 0.17 * ((away + 1) // 2) * (-1 if away % 2 else 1) for away in range(80)]
    spot = next(
        (
            each
            for ends in (own, (left, right))
            for each in spots
            if (each == x or ends[0] <= each <= ends[1]) and room.free((each - 0.08, y - 0.08, each + 0.08, y + 0.08))
        ),
        x,
    )
    _taken(room, spot, y, 0.075)
    return spot, y


def _quadrant(point: PlanePoint, against: Against) -> str:
    """As "high performing, low spending"."""
    return quadrant(point.quadrant, against) if point.quadrant else "no rank to compare"


def _short_place(standing: Standing, against: Against) -> str:
    """As "=22nd highest", "lowest", "27th most deprived": without the number of areas, which the foot has."""
    if standing.rank == standing.of:
        return "lowest" if against == "spend" else "least deprived"
    return (spend(standing) if against == "spend" else deprived(standing)).partition(" of ")[0]


def _figure(point: PlanePoint) -> str:
    """As "£441.20 per head, 2023-24"."""
    return plain(unescape(across_figure(point)))


def _across(point: PlanePoint, against: Against) -> str:
    """As "£441.20 per head, 29th highest of 31, 2023-24"."""
    return plain(unescape(across(point, against)))


def _places(point: PlanePoint, against: Against) -> str:
    return f"performance {place(point.performance)}, {_SET_AGAINST[against]} {_across(point, against)}"


def _measure(plane: Plane) -> str:
    return plain(plane.measure.name if plane.measure else "")


def _axis(against: Against) -> str:
    return "spending per head" if against == "spend" else "deprivation"


def _first(against: Against) -> str:
    return f"1st being best performance and {'highest spend' if against == 'spend' else 'most deprived'}"


def _colour(own: PlanePoint | None, against: Against) -> str:
    """By the quadrant against spending; against deprivation by performance alone."""
    found = own.quadrant if own else None
    if found is None:
        return DOT
    if against == "deprivation":
        return {_HIGH: BETTER, _LOW: WORSE}.get(found.performing, DOT)
    return {BEST: BETTER, WORST: WORSE}.get(found, DOT)


def _draw_plane(card: Card, against: Against) -> None:
    """The four quadrants with their names, and the ends of both axes."""
    left, middle, top = LEFT, LEFT + INNER / 2, card.top
    for each in _QUADRANTS:
        high, right = each.performing is _HIGH, each.across is _LEAST
        fill = _FILLS[against].get(each, _NEUTRAL)
        x = middle + 0.008 if right else left
        y = top if high else top + _PLOT / 2 + 0.008
        card.box(x, y, INNER / 2 - 0.008, _PLOT / 2 - 0.008, fill)
        label = top + _STRIP / 2 if high else top + _PLOT - _STRIP / 2
        edge = WIDTH - RIGHT - 0.06 if right else left + 0.06
        words = quadrant(each, against).capitalize()
        card.write(edge, label, words, size=SMALL, colour=SOFT, align="right" if right else "left")
    below = top + _PLOT + 0.11
    most, least = _AXES[against]
    card.write(left, below, most, size=SMALL, colour=SOFT)
    card.write(WIDTH - RIGHT, below, least, size=SMALL, colour=SOFT, align="right")


def _at(card: Card, point: PlanePoint) -> tuple[float, float]:
    """Where a point stands: each rank in the middle of its own share of the axis."""
    across = ((point.across.rank or 0) - 0.5) / (point.across.of or 1)
    down = ((point.performance.rank or 0) - 0.5) / (point.performance.of or 1)
    x = LEFT + _SIDE / 2 + (INNER - _SIDE) * across
    return round(x, 4), round(card.top + _STRIP + (_PLOT - 2 * _STRIP) * down, 4)


def _taken(room: _Room, x: float, y: float, reach: float) -> None:
    room.taken.append((x - reach, y - reach, x + reach, y + reach))


def _told_of(others: Sequence[PlanePoint], own: PlanePoint | None) -> list[PlanePoint]:
    """Those worth a name: the ends of both axes, then those nearest to the council."""

    def performance(point: PlanePoint) -> tuple[int, str]:
        return point.performance.rank or 0, point.code

    def beside(point: PlanePoint) -> tuple[int, str]:
        return point.across.rank or 0, point.code

    if not others:
        return []
    chosen = [end(others, key=key) for key in (performance, beside) for end in (min, max)]
    if own:

        def away(point: PlanePoint) -> tuple[int, str]:
            down = (point.performance.rank or 0) - (own.performance.rank or 0)
            across = (point.across.rank or 0) - (own.across.rank or 0)
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


def _areas_alt(plane: Plane, own: PlanePoint | None) -> str:
    on, against = plane.snapshot, plane.against
    ours = f"{plain(on.council_name)} is {_quadrant(own, against)}: {_places(own, against)}." if own else ""
    called = "spending line" if against == "spend" else "measure"
    start = (
        f"Chart: performance against {_axis(against)} in {plain(plane.theme)} ({called}: {_measure(plane)}), "
        f"{_first(against)}, among {among(on)}. {ours}"
    ).strip()
    held: dict[Quadrant, list[str]] = {each: [] for each in _QUADRANTS}
    for point in sorted(plane.points, key=lambda point: point.performance.rank or 0):
        if point.quadrant:
            held.setdefault(point.quadrant, []).append(plain(point.name))
    counts = [f"{quadrant(each, against)}: {len(names)}" for each, names in held.items() if names or each in _QUADRANTS]
    # Worth a look: who does well for little, or with much deprivation.
    best = BEST if against == "spend" else Quadrant(_HIGH, _MOST)
    clauses = [
        f"Areas: {'; '.join(counts)}.",
        *([f"{quadrant(best, against).capitalize()}: {series(held[best])}."] if held[best] else []),
    ]
    return told(start, clauses, lambda _: "Names are left out.", _unplaced(plane))


def _unplaced(plane: Plane) -> str:
    """As "3 areas without both ranks left out."; empty for none."""
    what = "area" if plane.theme else "theme"
    return f"{count(len(plane.unplaced), what)} without both ranks left out." if plane.unplaced else ""
