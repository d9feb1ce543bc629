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
_NEAR_HALF = 1e-4


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
    present = ~np.isnan(values)
    if np.any(np.abs(scaled[present]) >= _LARGEST_KEY):
        msg = f"a value of {np.nanmax(np.abs(values)):g} is too large to compare exactly at its decimals"
        raise PanelError(msg)
    keys = np.full(values.shape, MISSING, np.int64)
    keys[present] = np.rint(scaled[present]).astype(np.int64)
    doubtful = present & (np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < _NEAR_HALF)
    for row, area in zip(*np.nonzero(doubtful), strict=True):
        keys[row, area] = exact_key(float(values[row, area]), int(decimals[row]))
    return keys


def exact_key(value: float, decimals: int) -> int:
    """round_half_even(value · 10^decimals), reading the float as the decimal it prints as."""
    return int(Decimal(repr(value)).scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def badness(keys: Ints, decimals: Ints, polarity: Sequence[Polarity]) -> Ints:
    """Badness of keys (R, A), smaller is better: −k high, k low, the distance from a band; MISSING stays.

    A row without direction gets −k, so that its position counts from the highest value. Method, item 2.
    """
    kinds = np.array([entry.kind for entry in polarity])
    bad = np.where(np.isin(kinds, ("high", "none"))[:, None], -keys, keys)
    for row in np.nonzero(kinds == "band")[0].tolist():
        scale = int(decimals[row])
        low, high = (_band_key(end, scale) for end in (polarity[row].lowest, polarity[row].highest))
        bad[row] = np.maximum(np.maximum(low - keys[row], keys[row] - high), 0)
    bad[keys == MISSING] = MISSING
    return bad


def _band_key(end: Decimal, decimals: int) -> int:
    return int(end.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def rank_rows(bad: Ints, polarity: Sequence[Polarity], comparators: int, quartile_rule: QuartileRule = "rank") -> Ranks:
    """Competition ranks of badness (R, A): 1 + the number of areas strictly better, none where missing or n < 2.

    Only rows with a direction have quartiles. ``comparators`` is N, the areas compared, of which SHARE_NEEDED must
    have a value for a row to be eligible. Method, items 3, 4 and 5; the quartile rule on ranks is OHID's
    ``phe_quantile``.
    """
    directional = np.array([entry.directional for entry in polarity], bool)
    present = bad != MISSING
    of = present.sum(axis=1)
    order = np.argsort(bad, axis=1)
    ordered = np.take_along_axis(bad, order, axis=1)
    first, size = _runs(ordered)
    rank = np.empty_like(bad)
    ties = np.empty_like(bad)
    np.put_along_axis(rank, order, first + 1, axis=1)
    np.put_along_axis(ties, order, size, axis=1)
    ranked = present & (of >= 2)[:, None]
    rank = np.where(ranked, rank, 0)
    ties = np.where(ranked, ties, 0)
    if quartile_rule == "rank":
        quartile = quartiles(rank, of)
    else:
        high = np.array([entry.kind == "high" for entry in polarity], bool)
        quartile = _value_quartiles(bad, ordered, of, high)
    return Ranks(
        rank=rank,
        of=of,
        tied=ties > 1,
        quartile=np.where(directional[:, None] & ranked, quartile, 0),
        eligible=_eligibility(ordered, ties, of, directional, comparators),
    )


def _runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Start and length of the run of equal values each sorted cell belongs to."""
    width = ordered.shape[1]
    starts = np.empty(ordered.shape, bool)
    starts[:, 0] = True
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    positions = np.arange(width)
    first = np.maximum.accumulate(np.where(starts, positions, 0), axis=1)
    ends = np.full(ordered.shape, width)
    ends[:, :-1] = np.where(starts[:, 1:], positions[1:], width)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last - first


def _eligibility(ordered: Ints, ties: Ints, of: Ints, directional: Bools, comparators: int) -> Ints:
    changes = (ordered[:, 1:] != ordered[:, :-1]) & (ordered[:, 1:] != MISSING)
    distinct = changes.sum(axis=1) + (of > 0)
    needed = -(-SHARE_NEEDED.numerator * comparators // SHARE_NEEDED.denominator)
    return np.select(
        [~directional, of < needed, distinct < DISTINCT_NEEDED, 2 * ties.max(axis=1, initial=0) > of],
        [Eligibility.NO_DIRECTION, Eligibility.FEW_AREAS, Eligibility.FEW_VALUES, Eligibility.LARGE_TIE],
        Eligibility.ELIGIBLE,
    ).astype(np.int64)


def quartiles(rank: Ints, of: Ints) -> Ints:
    """Quartile 1 + 4·(r − 1) // n of ranks (R, A) among n (R,); 0 where there is no rank or n < 4. Method, item 4."""
    n = np.maximum(of, 1)[:, None]
    return np.where((rank > 0) & (of >= 4)[:, None], 1 + 4 * (rank - 1) // n, 0)


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
    areas = rank.shape[1]
    total = np.array([rows.size for rows in members], np.int64)
    sums = np.zeros((len(members), areas), np.int64)
    counts = np.zeros((len(members), areas), np.int64)
    for at, rows in enumerate(members):
        sums[at] = rank[rows].sum(axis=0)
        counts[at] = (rank[rows] > 0).sum(axis=0)
    covered = min_coverage.denominator * counts >= min_coverage.numerator * total[:, None]
    ranked = covered & (counts >= np.minimum(total, 2)[:, None]) & (counts > 0)
    s, c = np.where(ranked, sums, 1), np.where(ranked, counts, 0)
    # Mean m < mean j exactly when s_m * c_j < s_j * c_m; an unranked area has c = 0 and s = 1, an infinite mean.
    product = s[:, None, :] * c[:, :, None]
    better = product < product.transpose(0, 2, 1)
    equal = product == product.transpose(0, 2, 1)
    basket_rank = np.where(ranked, 1 + better.sum(axis=2), 0)
    of = ranked.sum(axis=1)
    return BasketRanks(
        rank=basket_rank,
        of=of,
        tied=ranked & ((equal & ranked[:, None, :]).sum(axis=2) > 1),
        quartile=quartiles(basket_rank, of),
        sum=sums,
        count=counts,
        total=total,
    )
