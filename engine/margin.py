"""What may be said about a rank, and about many changes at once, where figures have published margins of error.

Without published limits nothing is said: every function here then answers None, or an empty certainty. Method, item 14.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np

from engine.changes import BOTTOM_QUARTILE, WIDTH_IN_ERRORS, Change, Kind
from engine.panel import Bools, Floats, Ints
from engine.snapshot import Snapshot

Certainty = Literal["clear", "unsure", ""]
"""Whether a side of the bottom quartile's line is clear, or within the margin of error; empty where nobody can say."""

WITH_LIMITS = frozenset({"high", "low"})
"""Directions in which a difference of values is a difference in how good they are; within a band it is not."""

_SURE = 0.05
"""Chance of a wrong word among all comparisons of one area with the others."""

_FEWEST = 4
"""Ranked areas below which there are no quartiles, and no interval."""

_BLOCK = 1_000_000
"""Pairs of areas compared at once, so that many areas do not take much memory."""


@dataclass(frozen=True, slots=True)
class RankInterval:
    """The places from ``lower``, the best, to ``upper`` of ``of`` that the published margins of error leave open.

    ``begins`` is the best place in the bottom quartile where that is not cut by the rule on ranks; else 0.
    """

    lower: int
    upper: int
    of: int
    begins: int = 0

    @property
    def clear(self) -> bool:
        """Whether all of it lies in the bottom quartile."""
        return self._low(self.lower)

    @property
    def reaches(self) -> bool:
        """Whether any of it lies in the bottom quartile."""
        return self._low(self.upper)

    def _low(self, place: int) -> bool:
        return place >= self.begins if self.begins else 4 * (place - 1) >= 3 * self.of


def certainty(interval: RankInterval | None, *, bottom: bool) -> Certainty:
    """How sure it is that an area is in the bottom quartile, or that it is out of it where it is not ``bottom``."""
    if interval is None:
        return ""
    return "clear" if (interval.clear if bottom else not interval.reaches) else "unsure"


def bounds(values: Floats, lower: Floats, upper: Floats, rank: Ints, told: Bools) -> tuple[Ints, Ints]:
    """Best and worst place that the limits leave open to each of R rows by A areas; 0 where nothing may be said.

    The best is one more than the areas significantly better, the worst all that are ranked less those significantly
    worse, with z so that the n − 1 comparisons of an area err together in one case of twenty. Only rows that are
    ``told`` (R,), with four areas ranked or more, each with limits that are apart: limits that fall together are no
    margin, and one area without would count as known exactly. SE is a 3.92nd of the width, also where limits are
    not symmetric. Areas that tie at the decimals printed are never apart. Method, item 14.
    """
    errors, ranked = (upper - lower) / WIDTH_IN_ERRORS, rank > 0
    count = ranked.sum(axis=1)
    usable = np.flatnonzero(told & (count >= _FEWEST) & np.all(~ranked | (errors > 0), axis=1))
    best, worst = np.zeros(rank.shape, np.int64), np.zeros(rank.shape, np.int64)
    step = max(_BLOCK // max(rank.shape[1], 1) ** 2, 1)
    for rows in (usable[at : at + step] for at in range(0, len(usable), step)):
        own, other = (rows, slice(None), None), (rows, None, slice(None))
        sure = np.array([_z(int(number)) for number in count[rows]])[:, None, None]
        apart = np.abs(values[own] - values[other]) > sure * np.hypot(errors[own], errors[other])
        apart &= ranked[own] & ranked[other]
        better = (apart & (rank[other] < rank[own])).sum(axis=2)
        worse = (apart & (rank[other] > rank[own])).sum(axis=2)
        best[rows] = np.where(ranked[rows], 1 + better, 0)
        worst[rows] = np.where(ranked[rows], count[rows, None] - worse, 0)
    return best, worst


@lru_cache(maxsize=256)
def _z(count: int) -> float:
    """Standard errors of a difference beyond which it is significant among ``count`` areas."""
    return NormalDist().inv_cdf(1 - _SURE / (2 * (count - 1)))


def rank_interval(snapshot: Snapshot, indicator: str, area: str) -> RankInterval | None:
    """The places that the published limits leave open to an area; None where nothing may be said."""
    at, column = snapshot.row.get(indicator), snapshot.column.get(area)
    if at is None or column is None:
        return None
    panel, ranks, row = snapshot.panel, snapshot.ranks, slice(at, at + 1)
    told = np.array([snapshot.basis.indicators[indicator].polarity.kind in WITH_LIMITS])
    best, worst = bounds(panel.values[row], panel.lower[row], panel.upper[row], ranks.rank[row], told)
    if not best[0, column]:
        return None
    begins = bottom_begins(ranks.rank[at], ranks.quartile[at]) if snapshot.basis.rules.quartile_rule == "value" else 0
    return RankInterval(int(best[0, column]), int(worst[0, column]), int(ranks.of[at]), begins)


def bottom_begins(rank: Ints, quartile: Ints) -> int:
    """The best place in the bottom quartile of one row; one more than all areas ranked where it is empty."""
    low = rank[quartile == BOTTOM_QUARTILE]
    return int(low.min()) if low.size else int((rank > 0).sum()) + 1


def certainty_of(snapshot: Snapshot, change: Change) -> Certainty:
    """How sure it is at a snapshot that an indicator entered or left the bottom quartile; of other changes nothing."""
    if (
        change.indicator is None
        or change.kind not in {Kind.ENTERED, Kind.LEFT}
        or not snapshot.eligible(change.indicator)
    ):
        return ""
    return certainty(rank_interval(snapshot, change.indicator, change.area), bottom=change.kind is Kind.ENTERED)


def two_sided(z: float) -> float:
    """The chance of a difference of at least so many standard errors, either way, where there is none."""
    return math.erfc(abs(z) / math.sqrt(2))


def standing_out(better: Mapping[str, float]) -> frozenset[str]:
    """Which of a family of changes, by name in standard errors, are significantly better when all are tested."""
    chosen = benjamini_hochberg([two_sided(z) for z in better.values()])
    return frozenset(name for (name, z), stands in zip(better.items(), chosen, strict=True) if stands and z > 0)


def benjamini_hochberg(p_values: Sequence[float], q: float = 0.05) -> tuple[bool, ...]:
    """Which of m tests stand when at most a share q of those that stand may be chance, in the order given.

    The step-up rule: with p in order, the largest k at which p(k) ≤ k·q/m, and every test whose p is no larger than
    p(k). Raises ValueError for what is no chance. Method, item 14.
    """
    if not all(0 <= p <= 1 for p in p_values):
        msg = f"p values lie between 0 and 1: {[p for p in p_values if not 0 <= p <= 1]}"
        raise ValueError(msg)
    tests = len(p_values)
    passed = [p for k, p in enumerate(sorted(p_values), start=1) if p * tests <= k * q]
    return tuple(bool(passed) and p <= passed[-1] for p in p_values)
