"""Why a rank moved, in exact parts that add up, and how far it is from the line of the bottom quartile.

In fractions throughout: what is shown rounded is rounded by those who show it (method, items 12 and 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from engine.catalogue import UNKNOWN_DECIMALS, Polarity
from engine.changes import BOTTOM_QUARTILE
from engine.ranking import QuartileRule, badness, exact_key, value_keys

Part = Literal["common", "joined", "left"]


@dataclass(frozen=True, slots=True)
class Term:
    """What one member did to a basket's mean rank, in places; a positive effect is for the worse.

    ``kind`` tells a member of both sides from one that joined and one that left.
    """

    indicator: str
    effect: Fraction
    kind: Part


@dataclass(frozen=True, slots=True)
class BasketMove:
    """An area's mean rank over a basket before and after; the terms, largest first, add up to the difference."""

    mean_before: Fraction
    mean_after: Fraction
    terms: tuple[Term, ...]

    @property
    def moved(self) -> Fraction:
        """Places by which the mean rank grew, and so got worse."""
        return self.mean_after - self.mean_before


def explain_basket(before: Mapping[str, int], after: Mapping[str, int]) -> BasketMove:
    """Why an area's mean rank moved, from its ranks by member on each side; members without a rank are in neither.

    A common member counts r1 − r0 over their number; one that joined what it adds to the mean of the common ones
    after, one that left what it had added before. With nothing in common each side counts whole. Method, item 12.
    Raises ValueError where a side has no rank and so no mean.
    """
    if not before or not after:
        raise ValueError("a basket without any rank has no mean to explain")
    common = before.keys() & after.keys()
    base_before, base_after = (_mean(ranks[code] for code in common) for ranks in (before, after))
    terms = [Term(code, Fraction(after[code] - before[code], len(common)), "common") for code in common]
    terms += [Term(code, (after[code] - base_after) / len(after), "joined") for code in after.keys() - common]
    terms += [Term(code, (base_before - before[code]) / len(before), "left") for code in before.keys() - common]
    terms.sort(key=lambda term: (-abs(term.effect), term.indicator))
    return BasketMove(_mean(before.values()), _mean(after.values()), tuple(terms))


def _mean(ranks: Iterable[int]) -> Fraction:
    """The mean; 0 of nothing, so that sides without anything in common count whole."""
    listed = list(ranks)
    return Fraction(sum(listed), len(listed)) if listed else Fraction(0)


@dataclass(frozen=True)
class Figures:
    """The values of an indicator in the areas that have one, and what decides how they compare.

    ``decimals`` are those the publisher prints, None where unknown.
    """

    values: Mapping[str, float]
    polarity: Polarity
    decimals: int | None = None

    @property
    def scale(self) -> int:
        """Decimals of the value keys (method, item 1)."""
        return UNKNOWN_DECIMALS if self.decimals is None else self.decimals

    @cached_property
    def badness(self) -> dict[str, int]:
        """Badness of each area's value, smaller being better, in units of 10^−scale (method, item 2)."""
        decimals = np.array([self.scale], np.int64)
        keys = value_keys(np.array([list(self.values.values())], np.float64), decimals)
        return dict(zip(self.values, badness(keys, decimals, [self.polarity])[0].tolist(), strict=True))

    @cached_property
    def printed(self) -> int:
        """Decimals of the figures as printed: where the publisher's are unknown, the most that any figure has.

        Beyond the decimals at which they compare nothing counts: 95.30000000000001 has one.
        """
        if self.decimals is not None:
            return self.decimals
        keys = [exact_key(value, self.scale) for value in self.values.values()]
        return next(
            shown for shown in range(self.scale + 1) if all(key % 10 ** (self.scale - shown) == 0 for key in keys)
        )


@dataclass(frozen=True, slots=True)
class IndicatorMove:
    """Why an area's rank in an indicator moved: ``own`` and ``peers`` (and ``method``) add up to it exactly.

    ``own`` is what its own figure did and ``peers`` what all others did, areas that joined or left among them, each the
    mean over both orders of change. ``method`` is what a changed polarity did, 0 but for that. ``overtaken_by`` are the
    peers ahead now that were not, ``overtook`` those ahead before that are no longer; ``joined_ahead`` and
    ``left_ahead`` are peers ahead that had no figure before or have none now: the four count up to the move as well.
    """

    rank_before: int
    of_before: int
    rank_after: int
    of_after: int
    own: Fraction
    peers: Fraction
    method: Fraction
    overtook: tuple[str, ...]
    overtaken_by: tuple[str, ...]
    joined_ahead: tuple[str, ...]
    left_ahead: tuple[str, ...]

    @property
    def moved(self) -> int:
        """Places lost."""
        return self.rank_after - self.rank_before


def explain_indicator(area: str, before: Figures, after: Figures) -> IndicatorMove:
    """Why the area's rank moved from ``before`` to ``after``: its own part and its peers', by Shapley.

    Raises ValueError where the area has no value on a side, or nobody to be ranked among. Method, item 12.
    """
    if any(area not in side.values or len(side.values) < 2 for side in (before, after)):
        raise ValueError(f"{area} has no rank on both sides")
    old, new = _on_one_scale(before, after)
    was, now = _rank(old[area], old, area), _rank(new[area], new, area)
    method = 0
    if before.polarity != after.polarity:
        # Figures judged in two ways cannot be mixed, so the earlier ones are first judged as today's.
        old, new = _on_one_scale(Figures(before.values, after.polarity, before.decimals), after)
        method = _rank(old[area], old, area) - was
    own_first, peers_first = _rank(new[area], old, area), _rank(old[area], new, area)
    own = Fraction(own_first - (was + method) + now - peers_first, 2)
    ahead_before = {peer for peer, bad in before.badness.items() if bad < before.badness[area]}
    ahead_after = {peer for peer, bad in after.badness.items() if bad < after.badness[area]}
    lost, won = ahead_after - ahead_before, ahead_before - ahead_after
    return IndicatorMove(
        rank_before=was,
        of_before=len(before.values),
        rank_after=now,
        of_after=len(after.values),
        own=own,
        peers=now - was - method - own,
        method=Fraction(method),
        overtook=tuple(sorted(won & after.values.keys())),
        overtaken_by=tuple(sorted(lost & before.values.keys())),
        joined_ahead=tuple(sorted(lost - before.values.keys())),
        left_ahead=tuple(sorted(won - after.values.keys())),
    )


def _on_one_scale(before: Figures, after: Figures) -> tuple[dict[str, int], dict[str, int]]:
    """Badness of both sides in the finer unit of the two, so that each side's own order is untouched."""
    scale = max(before.scale, after.scale)
    first, second = (
        {code: bad * 10 ** (scale - side.scale) for code, bad in side.badness.items()} for side in (before, after)
    )
    return first, second


def _rank(own: int, peers: Mapping[str, int], area: str) -> int:
    return 1 + sum(bad < own for peer, bad in peers.items() if peer != area)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far an area is from the line of the bottom quartile: out of it (``leave``), or above it (``enter``).

    ``places`` to go and the value at which it would have crossed, one printed step past the figure of ``at``, the area
    at the line; ``gap`` is the way to that value. Both are None within a band, where either way is possible. ``level``
    are all areas that stand at the line, ``at`` among them, but for the area itself.
    """

    way: Literal["leave", "enter"]
    places: int
    at: str
    at_value: float
    needed: Fraction | None
    gap: Fraction | None
    level: tuple[str, ...] = ()


def distance(
    area: str,
    figures: Figures,
    ranks: Mapping[str, tuple[int, int | None]],
    quartile_rule: QuartileRule = "rank",
) -> Distance | None:
    """How far the area is from the line, with the ``ranks`` and quartiles of all areas as they stand.

    To leave, past the worst-placed area outside the bottom quartile. To enter, by the rule on ranks, past the area
    after which too many are better; by the rule on values, whose line moves with every value, past the best-placed area
    inside. None where there is no quartile or nobody on the other side. Method, item 13.
    """
    rank, quartile = ranks.get(area, (0, None))
    if quartile is None:
        return None
    step = 10 ** (figures.scale - figures.printed)
    bad = figures.badness
    if quartile == BOTTOM_QUARTILE:
        outside = [code for code, (_, other) in ranks.items() if other is not None and other < BOTTOM_QUARTILE]
        if not outside:
            return None
        at = max(outside, key=lambda code: (bad[code], code))
        return _distance(figures, area, at, bad[at] - step, rank - ranks[at][0], "leave")
    at_line = _first_inside(area, bad, ranks, quartile_rule)
    if at_line is None:
        return None
    needed = bad[at_line] + step
    fallen = 1 + sum(other < needed for code, other in bad.items() if code != area)
    return _distance(figures, area, at_line, needed, fallen - rank, "enter")


def _first_inside(
    area: str, bad: Mapping[str, int], ranks: Mapping[str, tuple[int, int | None]], quartile_rule: QuartileRule
) -> str | None:
    """The area behind which the bottom quartile begins."""

    def order(code: str) -> tuple[int, str]:
        return bad[code], code

    if quartile_rule == "rank":
        others = sorted((code for code in bad if code != area), key=order)
        return others[-(-3 * len(bad) // 4) - 1]  # 4 · (r − 1) // n is 3 from so many better ones on
    inside = [code for code, (_, other) in ranks.items() if other == BOTTOM_QUARTILE]
    return min(inside, key=order, default=None)


def _distance(
    figures: Figures, area: str, at: str, needed: int, places: int, way: Literal["leave", "enter"]
) -> Distance:
    own = exact_key(figures.values[area], figures.scale)
    key = _key_of(figures, own, needed)
    unit = 10**figures.scale
    bad = figures.badness
    return Distance(
        way=way,
        places=places,
        at=at,
        at_value=figures.values[at],
        needed=None if key is None else Fraction(key, unit),
        gap=None if key is None else Fraction(abs(key - own), unit),
        level=tuple(sorted(code for code, other in bad.items() if other == bad[at] and code != area)),
    )


def _key_of(figures: Figures, own: int, needed: int) -> int | None:
    """The value key of a badness; with a band on the side where the own key is, None from within it."""
    polarity = figures.polarity
    if polarity.kind != "band":
        return -needed if polarity.kind == "high" else needed
    low, high = (exact_key(float(end), figures.scale) for end in (polarity.lowest, polarity.highest))
    if needed < 0 or low <= own <= high:
        return None
    return high + needed if own > high else low - needed
