"""In which quadrant of performance against spending, or against deprivation, something stands. Method, item 8.

Performance goes up, the highest at the top; across goes what it is set against, spending or deprivation, rank 1 (the
highest spend, the most deprived) at the left. High performing and low spending is the top right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from engine.changes import Standing

Against = Literal["spend", "deprivation"]
"""What performance is set against; rank 1 is the highest spend per head, or the most deprived."""


class Half(IntEnum):
    """Half of the places: the first, with rank 1; the second; or neither, in the exact middle of an odd number."""

    FIRST = -1
    MIDDLE = 0
    SECOND = 1


@dataclass(frozen=True, slots=True)
class Quadrant:
    """The half in performance, FIRST being high, and in what it is set against, FIRST being most."""

    performing: Half
    across: Half


BEST = Quadrant(Half.FIRST, Half.SECOND)
"""High performing and low spending: the top right."""

WORST = Quadrant(Half.SECOND, Half.FIRST)
"""Low performing and high spending: the bottom left."""


def half(standing: Standing) -> Half | None:
    """The half of a place, in integers: twice the rank against the number ranked and one; None without a rank.

    Of an odd number the exact middle is in neither half. A shared place counts as the rank it is shown with, which is
    the best of those it stands for, as in quartiles: two areas at =14th of 27 are in the middle, at =13th in the first
    half. The only area of one is in the middle.
    """
    if standing.rank is None or standing.of is None:
        return None
    twice, middle = 2 * standing.rank, standing.of + 1
    return Half((twice > middle) - (twice < middle))


def quadrant(performance: Standing | None, across: Standing | None) -> Quadrant | None:
    """The quadrant of two places, each among those ranked in it; None where either has no rank."""
    up = half(performance) if performance else None
    along = half(across) if across else None
    return None if up is None or along is None else Quadrant(up, along)
