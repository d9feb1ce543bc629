"""The places that published limits leave open, by one comparison after the other: slow, and nothing of the engine's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache


@lru_cache
def critical(count: int) -> float:
    """The z beyond which 0.05 / (n − 1) of a normal curve lies, both ends together; found by halving."""
    low, high = 0.0, 10.0
    for _ in range(200):
        z = (low + high) / 2
        low, high = (z, high) if math.erfc(z / math.sqrt(2)) > 0.05 / (count - 1) else (low, z)
    return low


Cell = tuple[float, float, float]
"""Value, lower and upper limit."""


def by_hand(cells: Sequence[Cell], polarity: str, decimals: int = 1) -> list[tuple[int, int] | None]:
    """Best and worst place of each area: one comparison after the other."""
    ranked = [at for at, (value, _, _) in enumerate(cells) if not math.isnan(value)]
    wide = all(cells[at][2] - cells[at][1] > 0 for at in ranked)
    if polarity not in {"high", "low"} or len(ranked) < 4 or not wide:
        return [None] * len(cells)
    found: list[tuple[int, int] | None] = []
    for own in range(len(cells)):
        if own not in ranked:
            found.append(None)
            continue
        better = worse = 0
        for other in ranked:
            values = [round(Fraction(str(cells[at][0])) * 10**decimals) for at in (other, own)]
            if values[0] == values[1]:
                continue
            errors = [(cells[at][2] - cells[at][1]) / 3.92 for at in (other, own)]
            if abs(cells[other][0] - cells[own][0]) > critical(len(ranked)) * math.sqrt(sum(e * e for e in errors)):
                ahead = values[0] > values[1] if polarity == "high" else values[0] < values[1]
                better, worse = better + ahead, worse + (not ahead)
        found.append((1 + better, len(ranked) - worse))
    return found
