"""Direction of travel and scorecards: which way figures went, and how many went where. Method, item 15."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from engine.catalogue import Polarity
from engine.targets import Course, Target, Verdict

SIMILAR = Fraction(3, 400)
"""Relative change up to which a figure is similar: 0.75%."""


class Direction(StrEnum):
    """Which way a figure went since the period before, by its polarity."""

    IMPROVED = "improved"
    SIMILAR = "similar"
    DECLINED = "declined"
    NOT_COMPARABLE = "not_comparable"


# --- direction of travel --------------------------------------------------------------------------


def direction(
    now: Decimal | None, before: Decimal | None, polarity: Polarity, similar: Fraction = SIMILAR
) -> Direction:
    """Which way a figure went: similar up to a relative change of ``similar``, else by polarity.

    The change is relative to the size of the earlier figure, so from 0 any change is one, and −2 → −1 halves it. In
    a band, or as far from it on either side, is similar. Without two figures or a polarity nothing is comparable.
    """
    if now is None or before is None or not polarity.directional:
        return Direction.NOT_COMPARABLE
    new, old = Fraction(now), Fraction(before)
    if abs(new - old) <= similar * abs(old):
        return Direction.SIMILAR
    gain = _badness(old, polarity) - _badness(new, polarity)
    return Direction.IMPROVED if gain > 0 else Direction.DECLINED if gain < 0 else Direction.SIMILAR


def relative_change(now: Decimal, before: Decimal) -> Fraction | None:
    """The change relative to the size of the earlier figure; None from 0."""
    return (Fraction(now) - Fraction(before)) / abs(Fraction(before)) if before else None


def _badness(value: Fraction, polarity: Polarity) -> Fraction:
    if polarity.kind == "band":
        return max(Fraction(polarity.lowest) - value, value - Fraction(polarity.highest), Fraction(0))
    return value if polarity.kind == "low" else -value


# --- scorecards -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """One indicator: its quartile, which way it went, and what became of its target."""

    code: str
    name: str
    theme: str
    quartile: int | None
    direction: Direction
    target: Target
    verdict: Verdict
    course: Course


@dataclass(frozen=True, slots=True)
class Directions:
    """How many indicators went which way."""

    improved: int
    similar: int
    declined: int
    not_comparable: int

    @property
    def of(self) -> int:
        """All of them."""
        return self.improved + self.similar + self.declined + self.not_comparable


@dataclass(frozen=True, slots=True)
class Targets:
    """How many of the targets stated are met, and how many of them will be at this pace."""

    met: int
    missed: int
    not_assessable: int
    on_course: int
    not_on_course: int

    @property
    def of(self) -> int:
        """All that are stated."""
        return self.met + self.missed + self.not_assessable

    @property
    def unpredicted(self) -> int:
        """Those of which nothing is predicted."""
        return self.of - self.on_course - self.not_on_course


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The counts of one theme, or of all with an empty ``name``.

    ``quartiles`` are the indicators in the first to the fourth, ``unplaced`` those in none.
    """

    name: str
    quartiles: tuple[int, int, int, int]
    unplaced: int
    directions: Directions
    targets: Targets

    @property
    def indicators(self) -> int:
        """All of them."""
        return self.directions.of

    @property
    def placed(self) -> int:
        """Indicators with a quartile."""
        return sum(self.quartiles)


def scorecard(name: str, items: Iterable[Progress]) -> Scorecard:
    """The counts of some indicators."""
    items = tuple(items)
    places = Counter(item.quartile for item in items)
    ways = Counter(item.direction for item in items)
    aimed = [item for item in items if item.target.stated]
    verdicts, courses = Counter(item.verdict for item in aimed), Counter(item.course for item in aimed)
    return Scorecard(
        name,
        (places[1], places[2], places[3], places[4]),
        places[None],
        Directions(
            ways[Direction.IMPROVED],
            ways[Direction.SIMILAR],
            ways[Direction.DECLINED],
            ways[Direction.NOT_COMPARABLE],
        ),
        Targets(
            verdicts[Verdict.MET],
            verdicts[Verdict.MISSED],
            verdicts[Verdict.NOT_ASSESSABLE],
            courses[Course.ON_COURSE],
            courses[Course.NOT_ON_COURSE],
        ),
    )


def scorecards(items: Iterable[Progress]) -> tuple[Scorecard, ...]:
    """The counts theme by theme, as they come, and those of all last, with an empty name."""
    items = tuple(items)
    themes: dict[str, list[Progress]] = {}
    for item in items:
        themes.setdefault(item.theme, []).append(item)
    return (*(scorecard(name, own) for name, own in themes.items()), scorecard("", items))
