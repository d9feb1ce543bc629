"""How far a theme's rank hangs on a single indicator, on how ties and gaps are counted, and on the quartile rule.

Ranks again what is ranked already, in exact integers; nothing is drawn at random, so it is the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from engine.catalogue import Indicator
from engine.changes import BOTTOM_QUARTILE
from engine.panel import Floats, Ints
from engine.ranking import BasketRanks, QuartileRule, badness, rank_means, rank_rows, value_keys

Place = tuple[int, int]
"""A rank and the number ranked."""


@dataclass(frozen=True)
class Table:
    """The members of a theme or composite: ``ranks`` and ``values`` (R, A), 0 and NaN where there is none.

    ``entries`` describe the rows and decide how values compare; ``areas`` name the columns. ``rule`` is the quartile
    rule in force and ``min_coverage`` the share of members an area needs.
    """

    entries: tuple[Indicator, ...]
    areas: tuple[str, ...]
    ranks: Ints
    values: Floats
    rule: QuartileRule
    min_coverage: Fraction


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An end of the range: the rank, and the members of which each alone gives it when left out, by code."""

    rank: int
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """An area's ``rank`` in a basket of ``members``, and what else it would be; None where it would have none.

    ``best`` and ``worst`` are the ends of its range with any one member left out, None with a single member;
    ``unranked`` are the members without which it has no rank. ``average_ties`` is its place when areas that tie in a
    member share the mean of their places, ``any_coverage`` and ``full_coverage`` when no share of the members and when
    all of them are needed. By ``other_rule`` it would have these members in the bottom quartile too (``entering``), and
    those not (``leaving``); the basket's own quartile is by ranks under either.
    """

    rank: int
    of: int
    members: int
    best: LeftOut | None
    worst: LeftOut | None
    unranked: tuple[str, ...]
    average_ties: Place | None
    any_coverage: Place | None
    full_coverage: Place | None
    other_rule: QuartileRule
    entering: tuple[str, ...]
    leaving: tuple[str, ...]

    @property
    def width(self) -> int:
        """Places between the ends of the range, the rank as it is being within it."""
        if self.best is None or self.worst is None:
            return 0
        return max(self.worst.rank, self.rank) - min(self.best.rank, self.rank)


def sensitivity(table: Table, area: str) -> Sensitivity | None:
    """What the area's rank in the basket hangs on; None where it has none, or is not compared.

    The areas with a value, the members' own ranks and what is judged at all stay as they are. Method, item 12.
    """
    if area not in table.areas or not len(table.ranks):
        return None
    column = table.areas.index(area)
    sums, counts, total = _added(table.ranks)
    now = _place(rank_means(sums, counts, total, table.min_coverage), column)
    if now is None:
        return None
    found = _left_out(table, column)
    twice, counted, _ = _added(_average_ties(table.ranks))
    entering, leaving = _sides(table, column)
    codes = [entry.code for entry in table.entries]
    return Sensitivity(
        rank=now[0],
        of=now[1],
        members=len(codes),
        best=_end(found, min),
        worst=_end(found, max),
        unranked=tuple(code for code in codes if len(codes) > 1 and code not in found),
        average_ties=_place(rank_means(twice, counted, total, table.min_coverage), column),
        any_coverage=_place(rank_means(sums, counts, total, Fraction(0)), column),
        full_coverage=_place(rank_means(sums, counts, total, Fraction(1)), column),
        other_rule=other_rule(table.rule),
        entering=entering,
        leaving=leaving,
    )


def _end(found: Mapping[str, int], which: Callable[[Iterable[int]], int]) -> LeftOut | None:
    """One end of the range of ranks with a member left out, and the members that give it."""
    if not found:
        return None
    rank = which(found.values())
    return LeftOut(rank, tuple(code for code, other in found.items() if other == rank))


def other_rule(rule: QuartileRule) -> QuartileRule:
    """The quartile rule that is not in force."""
    return "rank" if rule == "value" else "value"


def _added(ranks: Ints) -> tuple[Ints, Ints, Ints]:
    """Sums, counts and total of one basket of all rows, as ``rank_means`` takes them."""
    sums = ranks.sum(axis=0, dtype=np.int64)[None]
    return sums, (ranks > 0).sum(axis=0, dtype=np.int64)[None], np.array([len(ranks)], np.int64)


def _place(found: BasketRanks, column: int) -> Place | None:
    rank = int(found.rank[0, column])
    return (rank, int(found.of[0])) if rank else None


def _left_out(table: Table, column: int) -> dict[str, int]:
    """The rank with each member left out, by the code of the member, where there is one."""
    if len(table.ranks) == 1:
        return {}
    sums, counts, total = _added(table.ranks)
    fewer = np.full(len(table.ranks), total[0] - 1, np.int64)
    found = rank_means(sums - table.ranks, counts - (table.ranks > 0), fewer, table.min_coverage)
    ranks = found.rank[:, column].tolist()
    return {entry.code: rank for entry, rank in zip(table.entries, ranks, strict=True) if rank}


def _average_ties(ranks: Ints) -> Ints:
    """Twice the mean place of each tied group: r, shared by so many, is 2·r and one less than these more."""
    sharing = (ranks[:, :, None] == ranks[:, None, :]).sum(axis=2)
    return np.where(ranks > 0, 2 * ranks + sharing - 1, 0)


def _sides(table: Table, column: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The members that are in the area's bottom quartile by the other rule only, and by the rule in force only."""
    decimals = np.array([entry.key_decimals for entry in table.entries], np.int64)
    polarity = [entry.polarity for entry in table.entries]
    keys = value_keys(table.values, decimals)
    bad = badness(keys, decimals, polarity)
    now, then = (
        rank_rows(bad, polarity, len(table.areas), rule, keys).quartile[:, column] == BOTTOM_QUARTILE
        for rule in (table.rule, other_rule(table.rule))
    )
    codes = np.array([entry.code for entry in table.entries])
    return tuple(codes[then & ~now].tolist()), tuple(codes[now & ~then].tolist())
