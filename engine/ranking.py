"""The dense kernel: value keys, badness, competition ranks, quartiles and baskets, in exact integers.

Everything here works on whole matrices of indicator-periods by areas and knows nothing of catalogues or files.
The same results from grouped pandas are in the tests as the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Literal

import numpy as np

from engine.catalogue import Polarity
from engine.errors import PanelError
from engine.panel import Bools, Floats, Ints

QuartileRule = Literal["rank", "value"]

MISSING = np.iinfo(np.int64).max
"""Key and badness of a missing value: strictly worse than every value, and never ranked."""

SHARE_NEEDED = Fraction(2, 3)
"""Share of the comparators that must have a value before an indicator counts (method, items 5 and 9)."""

DISTINCT_NEEDED = 4
"""Different values an indicator needs before it can tell areas apart (method, item 5)."""

_LARGEST_KEY = float(2**62)
_FROM_THE_TOP = frozenset({"high", "none"})
_HALF = 0.5
_FLOAT_ERROR = 2.0**-50
"""Relative error that a float and its product with a power of ten stay well within."""

_LEAST_ERROR = 1e-9


class Eligibility(IntEnum):
    """Why an indicator takes part in themes and quartile changes, or does not (method, item 5)."""

    ELIGIBLE = 0
    NO_DIRECTION = 1
    FEW_AREAS = 2
    FEW_VALUES = 3
    LARGE_TIE = 4


@dataclass(frozen=True)
class Ranks:
    """Competition ranks of R rows by A areas.

    ``rank`` is 0 where there is none; ``of`` (R,) counts the areas with a value; ``tied`` marks a shared rank;
    ``eligible`` (R,) holds Eligibility; ``quartile`` is 0 where there is none.
    """

    rank: Ints
    of: Ints
    tied: Bools
    quartile: Ints
    eligible: Ints

    def rows(self, keep: Ints) -> Ranks:
        """The given rows only."""
        return Ranks(self.rank[keep], self.of[keep], self.tied[keep], self.quartile[keep], self.eligible[keep])


@dataclass(frozen=True)
class BasketRanks:
    """Ranks of the mean rank over G baskets by A areas; ``rank`` and ``quartile`` are 0 where there is none.

    ``total`` (G,) counts the members; ``sum`` and ``count`` add up the ranks present.
    """

    rank: Ints
    of: Ints
    tied: Bools
    quartile: Ints
    sum: Ints
    count: Ints
    total: Ints


def value_keys(values: Floats, decimals: Ints) -> Ints:
    """Integer keys round_half_even(x · 10^dp) of values (R, A), dp per row (R,); MISSING where the value is NaN.

    Ties between two keys are decided on the decimal as published (the shortest text of the float), so that 2.675 at
    two decimals is a true half. Raises PanelError for a value too large for an exact key. Method, item 1.
    """
    scaled = values * np.power(10.0, decimals)[:, None]
    missing = np.isnan(scaled)
    rounded = np.rint(scaled)
    largest = np.fmax.reduce(np.abs(rounded), axis=1, initial=0.0)
    if (largest >= _LARGEST_KEY).any():
        msg = f"a value of {np.nanmax(np.abs(values)):g} is too large to compare exactly at its decimals"
        raise PanelError(msg)
    # So near a half, the float may be on the wrong side of it.
    nearly_half = _HALF - np.maximum(largest * _FLOAT_ERROR, _LEAST_ERROR)
    doubtful = np.flatnonzero(np.abs(scaled - rounded) > nearly_half[:, None])
    rounded[missing] = 0
    keys = rounded.astype(np.int64)
    keys[missing] = MISSING
    for at in doubtful.tolist():
        row, area = divmod(at, values.shape[1])
        keys[row, area] = exact_key(float(values[row, area]), int(decimals[row]))
    return keys


def exact_key(value: float, decimals: int) -> int:
    """round_half_even(value · 10^decimals), reading the float as the decimal it prints as."""
    return int(Decimal(repr(value)).scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def badness(keys: Ints, decimals: Ints, polarity: Sequence[Polarity]) -> Ints:
    """Badness of keys (R, A), smaller is better: −k high, k low, the distance from a band; MISSING stays.

    A row without direction gets −k, so that its position counts from the highest value. Method, item 2.
    """
    sign = np.array([-1 if entry.kind in _FROM_THE_TOP else 1 for entry in polarity], np.int64)
    bad = keys * sign[:, None]
    for row in [at for at, entry in enumerate(polarity) if entry.kind == "band"]:
        scale = int(decimals[row])
        low, high = (_band_key(end, scale) for end in (polarity[row].lowest, polarity[row].highest))
        bad[row] = np.maximum(np.maximum(low - keys[row], keys[row] - high), 0)
    bad[keys == MISSING] = MISSING
    return bad


def _band_key(end: Decimal, decimals: int) -> int:
    return int(end.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def rank_rows(
    bad: Ints,
    polarity: Sequence[Polarity],
    comparators: int,
    quartile_rule: QuartileRule = "rank",
    keys: Ints | None = None,
) -> Ranks:
    """Competition ranks of badness (R, A): 1 + the number of areas strictly better, none where missing or n < 2.

    Only rows with a direction have quartiles. ``comparators`` is N, the areas compared, of which SHARE_NEEDED must
    have a value for a row to be eligible. ``keys`` are the value keys behind ``bad``, needed where there are bands: an
    indicator must tell values apart, though all within the band are equally good. Method, items 3, 4 and 5; the
    quartile rule on ranks is OHID's ``phe_quantile``.
    """
    directional = np.array([entry.kind != "none" for entry in polarity], bool)
    rows, areas = bad.shape
    present = bad != MISSING
    of = present.sum(axis=1)
    order = (np.argsort(bad, axis=1) + np.arange(0, rows * areas, areas)[:, None]).ravel()
    ordered = bad.ravel()[order].reshape(rows, areas)
    starts = np.ones((rows, areas), bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    ranked = present & (of >= 2)[:, None]
    rank = np.empty(rows * areas, np.int32)
    rank[order] = _places(starts).ravel() + np.int32(1)
    rank = np.where(ranked, rank.reshape(rows, areas), 0)
    tied = np.empty(rows * areas, bool)
    tied[order] = ~(starts.ravel() & np.append(starts.ravel()[1:], True))
    if quartile_rule == "rank":
        quartile = quartiles(rank, of)
    else:
        high = np.array([entry.kind == "high" for entry in polarity], bool)
        quartile = _value_quartiles(bad, ordered, of, high)
    quartile[~(directional[:, None] & (rank > 0))] = 0
    return Ranks(
        rank=rank,
        of=of,
        tied=tied.reshape(rows, areas) & ranked,
        quartile=quartile,
        eligible=_eligibility(ordered, _distinct(starts, of, polarity, keys), of, directional, comparators),
    )


def _places(starts: Bools) -> Ints:
    """For each cell of sorted rows (R, A), the place at which its run of equal values starts, from 0."""
    rows, areas = starts.shape
    flat = np.arange(rows * areas, dtype=np.int32)
    first = np.maximum.accumulate(np.where(starts.ravel(), flat, np.int32(0)))  # every row starts a run of its own
    return first.reshape(rows, areas) - flat[::areas, None]


def _distinct(starts: Bools, of: Ints, polarity: Sequence[Polarity], keys: Ints | None) -> Ints:
    """Different values in each row (R,), from the starts of equal runs in sorted rows, missing ones being one run."""
    distinct: Ints = starts.sum(axis=1) - (of < starts.shape[1])
    if keys is not None:
        for row in [at for at, entry in enumerate(polarity) if entry.kind == "band"]:
            distinct[row] = np.unique(keys[row][keys[row] != MISSING]).size
    return distinct


def _eligibility(ordered: Ints, distinct: Ints, of: Ints, directional: Bools, comparators: int) -> Ints:
    """Eligibility of rows (R,) from their sorted cells (R, A), missing ones last, and their different values."""
    rows = len(ordered)
    # A tie of more than half the areas includes the middle one, so no other needs counting.
    middle = ordered[np.arange(rows), np.maximum(of - 1, 0) // 2]
    largest_tie = (ordered == middle[:, None]).sum(axis=1)
    needed = -(-SHARE_NEEDED.numerator * comparators // SHARE_NEEDED.denominator)
    return np.select(
        [~directional, of < needed, distinct < DISTINCT_NEEDED, 2 * largest_tie > of],
        [Eligibility.NO_DIRECTION, Eligibility.FEW_AREAS, Eligibility.FEW_VALUES, Eligibility.LARGE_TIE],
        Eligibility.ELIGIBLE,
    ).astype(np.int64)


def quartiles(rank: Ints, of: Ints) -> Ints:
    """Quartile 1 + 4·(r − 1) // n of ranks (R, A) among n (R,); 0 where there is no rank or n < 4. Method, item 4."""
    fours, n = 4 * (rank - 1), of[:, None].astype(rank.dtype)
    quartile = (
        (fours >= n).astype(np.int8) + (fours >= 2 * n) + (fours >= 3 * n) + np.int8(1)
    )  # the quotient, undivided
    quartile[(rank == 0) | (of < 4)[:, None]] = 0
    return quartile


def _value_quartiles(bad: Ints, ordered: Ints, of: Ints, high: Bools) -> Ints:
    """Quartile by linear quantiles of the values (type 7: Excel's QUARTILE.INC, DfE's LAIT), in exact integers.

    The cuts include their lower value, as in LAIT: a value on a cut falls on the better side when low is good and on
    the worse side when high is good.
    """
    quartile = np.ones_like(bad)
    rows = np.arange(bad.shape[0])
    last = np.maximum(of, 1) - 1
    keys = np.where(bad == MISSING, 0, bad)
    for cut in (1, 2, 3):
        whole, quarters = np.divmod(last * cut, 4)
        below = np.where(of > 0, ordered[rows, whole], 0)
        above = np.where(of > 0, ordered[rows, np.minimum(whole + 1, last)], 0)
        past = 4 * (keys - below[:, None]) - (quarters * (above - below))[:, None]
        quartile += np.where(high[:, None], past >= 0, past > 0)
    return np.where((bad != MISSING) & (of >= 4)[:, None], quartile, 0)


def rank_baskets(rank: Ints, members: Sequence[Ints], min_coverage: Fraction = SHARE_NEEDED) -> BasketRanks:
    """Ranks of the mean rank over each basket of rows of ``rank`` (R, A), means compared exactly as fractions.

    An area has a basket rank when at least ``min_coverage`` of the members have a rank for it, and at least two where
    the basket has two. Method, items 6 and 7.
    """
    total = np.array([rows.size for rows in members], np.int64)
    sums = np.zeros((len(members), rank.shape[1]), np.int64)
    counts = np.zeros_like(sums)
    filled = np.flatnonzero(total)
    if filled.size:
        own = rank[np.concatenate(members)]
        starts = np.concatenate([[0], np.cumsum(total[filled])[:-1]])
        sums[filled] = np.add.reduceat(own, starts, axis=0)
        counts[filled] = np.add.reduceat(own > 0, starts, axis=0, dtype=np.int64)
    return rank_means(sums, counts, total, min_coverage)


def rank_means(sums: Ints, counts: Ints, total: Ints, min_coverage: Fraction = SHARE_NEEDED) -> BasketRanks:
    """Ranks of the means of G baskets: what ``rank_baskets`` does once ranks are added up, ``sums`` of ``counts``."""
    covered = min_coverage.denominator * counts >= min_coverage.numerator * total[:, None]
    ranked = covered & (counts >= np.minimum(total, 2)[:, None]) & (counts > 0)
    # Half as wide where the products fit, as they do for any catalogue in sight: twice as fast.
    fits = int(sums.max(initial=0)) * int(counts.max(initial=0)) < np.iinfo(np.int32).max
    width = np.dtype(np.int32 if fits else np.int64)
    s, c = np.where(ranked, sums, 1).astype(width), np.where(ranked, counts, 0).astype(width)
    # better[j, m]: mean m < mean j, exactly when s_m * c_j < s_j * c_m; an unranked area's mean is 1/0, infinite.
    better = s[:, None, :] * c[:, :, None] < s[:, :, None] * c[:, None, :]
    better &= ranked[:, :, None]
    basket_rank = np.where(ranked, 1 + better.sum(axis=2), 0)
    of = ranked.sum(axis=1)
    alike = of[:, None] - better.sum(axis=2) - better.sum(axis=1)
    return BasketRanks(
        rank=basket_rank,
        of=of,
        tied=ranked & (alike > 1),
        quartile=quartiles(basket_rank, of),
        sum=sums,
        count=counts,
        total=total,
    )
