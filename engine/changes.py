"""Two states of knowledge in, typed changes for one council out, each with its cause and a named reason.

A cause is found by re-ranking counterfactually, in the order method, basket, comparators, revision, performance: the
first single difference without which the change would not have happened (method, item 10).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from engine.panel import Bools, Panel
from engine.periods import Period
from engine.ranking import rank_baskets
from engine.snapshot import Basis, Snapshot, rank_chosen, rank_panel

Z_SIGNIFICANT = 1.96
"""Two-sided 5% limit for a change between two published estimates (method, item 14)."""

WIDTH_IN_ERRORS = 3.92
"""Width of a 95% interval in standard errors (method, item 14)."""

BOTTOM_QUARTILE = 4


class Kind(StrEnum):
    """What happened (method, item 11)."""

    ENTERED = "entered_bottom_quartile"
    LEFT = "left_bottom_quartile"
    THEME_MOVED = "theme_rank_moved"
    COMPOSITE_MOVED = "composite_rank_moved"
    IMPROVED = "significant_improvement"
    BASELINE = "baseline"


class Cause(StrEnum):
    """Why it happened (method, item 10)."""

    METHOD = "method"
    BASKET = "basket"
    COMPARATORS = "comparators"
    REVISION = "revision"
    PERFORMANCE = "performance"


ALERTING = frozenset({Cause.PERFORMANCE, Cause.REVISION})
"""Causes that alert; the others go to the digest and to one summary line (method, item 10)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the council stood: rank and number ranked, quartile, period as published and value; None where none."""

    rank: int | None
    of: int | None
    quartile: int | None = None
    tied: bool = False
    period: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the council's standing; ``indicator`` is None for a theme or composite, named in ``theme``."""

    kind: Kind
    cause: Cause | None
    reason: str
    theme: str
    indicator: str | None
    area: str
    before: Standing | None
    after: Standing

    @property
    def subject(self) -> str:
        """What it is about, as ``indicator:CODE`` or ``basket:NAME``."""
        return f"indicator:{self.indicator}" if self.indicator is not None else f"basket:{self.theme}"

    @property
    def alerts(self) -> bool:
        """True when people are told at once rather than in the digest."""
        return self.cause in ALERTING


@dataclass(frozen=True)
class Known:
    """What was known at one time: all values held then, and the snapshot made from them."""

    panel: Panel
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Places a theme or a composite must move before it is a change (method, item 11)."""

    theme: int = 1
    composite: int = 3


def indicator_changes(
    before: Known, after: Known, council: str, indicators: Collection[str] | None = None
) -> list[Change]:
    """Entries to and exits from the bottom quartile, and significant improvements within it, for ``council``.

    ``indicators`` limits the comparison to those last told at ``before``. An indicator without an eligible rank on
    either side is no change.
    """
    found = []
    for code in after.snapshot.panel.indicators if indicators is None else indicators:
        old, new = _judged(before.snapshot, code, council), _judged(after.snapshot, code, council)
        if old is None or new is None:
            continue
        was, now = old.quartile == BOTTOM_QUARTILE, new.quartile == BOTTOM_QUARTILE
        theme = after.snapshot.basis.indicators[code].theme
        if was != now:
            cause, reason = _indicator_cause(before, after, code, council)
            kind = Kind.ENTERED if now else Kind.LEFT
            found.append(Change(kind, cause, reason, theme, code, council, old, new))
        elif now and (z := improvement_z(before.snapshot, after.snapshot, code, council)) > Z_SIGNIFICANT:
            reason = f"better by {z:.1f} standard errors of the change"
            found.append(Change(Kind.IMPROVED, Cause.PERFORMANCE, reason, theme, code, council, old, new))
    return found


def basket_changes(
    before: Known,
    after: Known,
    council: str,
    thresholds: Thresholds,
    baskets: Collection[str] | None = None,
) -> list[Change]:
    """Themes and composites whose rank moved by at least the threshold, for ``council``."""
    found = []
    for name, kind in after.snapshot.baskets:
        if kind == "expenditure" or (baskets is not None and name not in baskets):
            continue
        old, new = basket_standing(before.snapshot, name, council), basket_standing(after.snapshot, name, council)
        if old is None or new is None or old.rank is None or new.rank is None:
            continue
        least = thresholds.theme if kind == "theme" else thresholds.composite
        if abs(new.rank - old.rank) >= least:
            cause, reason = _basket_cause(before, after, name, council, least)
            moved = Kind.THEME_MOVED if kind == "theme" else Kind.COMPOSITE_MOVED
            found.append(Change(moved, cause, reason, name, None, council, old, new))
    return found


def baselines(after: Snapshot, council: str, unseen: Iterable[str]) -> list[Change]:
    """One baseline for each indicator in ``unseen`` that has a rank now: first sight is not a change."""
    return [
        Change(Kind.BASELINE, None, "seen for the first time", entry.theme, code, council, None, standing)
        for code in unseen
        if (entry := after.basis.indicators.get(code)) and (standing := indicator_standing(after, code, council))
    ]


def indicator_standing(snapshot: Snapshot, indicator: str, area: str) -> Standing | None:
    """The area's standing in an indicator, or None when it has no rank there."""
    at, column = snapshot.row.get(indicator), snapshot.column.get(area)
    if at is None or column is None or not snapshot.ranks.rank[at, column]:
        return None
    ranks = snapshot.ranks
    return Standing(
        rank=int(ranks.rank[at, column]),
        of=int(ranks.of[at]),
        quartile=int(ranks.quartile[at, column]) or None,
        tied=bool(ranks.tied[at, column]),
        period=snapshot.panel.labels[at],
        value=float(snapshot.panel.values[at, column]),
    )


def basket_standing(snapshot: Snapshot, name: str, area: str) -> Standing | None:
    """The area's standing in a theme, composite or spending line; None when the snapshot has no such basket."""
    at, column = snapshot.basket.get(name), snapshot.column.get(area)
    if at is None or column is None:
        return None
    ranks = snapshot.basket_ranks
    return Standing(
        rank=int(ranks.rank[at, column]) or None,
        of=int(ranks.of[at]),
        quartile=int(ranks.quartile[at, column]) or None,
        tied=bool(ranks.tied[at, column]),
    )


def basket_standings(snapshot: Snapshot, name: str) -> dict[str, Standing]:
    """The standings in a theme, composite or spending line of all areas that have a rank there, by area."""
    at, ranks = snapshot.basket.get(name), snapshot.basket_ranks
    if at is None:
        return {}
    of = int(ranks.of[at])
    cells = (ranks.rank[at].tolist(), ranks.quartile[at].tolist(), ranks.tied[at].tolist())
    return {
        area: Standing(rank=rank, of=of, quartile=quartile or None, tied=tied)
        for area, rank, quartile, tied in zip(snapshot.panel.areas, *cells, strict=True)
        if rank
    }


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of one period with its published 95% limits, NaN where it has none."""

    period: Period
    value: float
    lower: float
    upper: float


def better_by(before: Estimate, after: Estimate, polarity: str) -> float | None:
    """Standard errors by which a figure got better, negative where it got worse; None where nothing may be said.

    Needs a direction, high or low, limits that are apart on both sides and periods that do not overlap:
    SE = (upper − lower) / 3.92, z = (x1 − x0) / √(SE0² + SE1²), turned so that better is positive. Method, item 14.
    """
    errors = [(side.upper - side.lower) / WIDTH_IN_ERRORS for side in (before, after)]
    if polarity not in ("high", "low") or after.period.start <= before.period.end:
        return None
    if not all(error > 0 for error in errors) or math.isnan(after.value - before.value):
        return None
    return (after.value - before.value) / math.hypot(*errors) * (1 if polarity == "high" else -1)


def improvement_z(before: Snapshot, after: Snapshot, indicator: str, area: str) -> float:
    """Standard errors by which the area's value got better between two snapshots; 0.0 where nothing may be said."""
    then, now = _estimate(before, indicator, area), _estimate(after, indicator, area)
    return better_by(then, now, after.basis.indicators[indicator].polarity.kind) or 0.0


def _estimate(snapshot: Snapshot, indicator: str, area: str) -> Estimate:
    at, column, panel = snapshot.row[indicator], snapshot.column[area], snapshot.panel
    value, lower, upper = (float(figure[at, column]) for figure in (panel.values, panel.lower, panel.upper))
    return Estimate(panel.periods[at], value, lower, upper)


def _judged(snapshot: Snapshot, indicator: str, area: str) -> Standing | None:
    return indicator_standing(snapshot, indicator, area) if snapshot.eligible(indicator) else None


def _in_bottom(panel: Panel, basis: Basis, indicator: str, area: str) -> bool:
    """Whether the area is in the bottom quartile on the one row of ``panel``."""
    ranks = rank_panel(panel, [basis.indicators[indicator]], basis)
    return bool(ranks.quartile[0, panel.areas.index(area)] == BOTTOM_QUARTILE)


def _indicator_cause(before: Known, after: Known, code: str, council: str) -> tuple[Cause, str]:
    then, now = before.snapshot, after.snapshot
    old = then.panel.rows(np.array([then.row[code]]))
    new = now.panel.rows(np.array([now.row[code]]))
    if _ruled_differently(then.basis, now.basis, [code]):
        undone = _in_bottom(new, _earlier_rules(now.basis, then.basis), code, council)
        if undone != _in_bottom(new, now.basis, code, council):
            return Cause.METHOD, "the rule or the catalogue entry changed; by the earlier one nothing moved"
    both = _areas_on_both_sides(old, new)
    shared = [area for area, there in both.items() if there]
    if council in shared:
        old_shared = _in_bottom(old.for_areas(shared), then.basis, code, council)
        if old_shared == _in_bottom(new.for_areas(shared), now.basis, code, council):
            return Cause.COMPARATORS, "no change among the areas with a figure on both sides"
    if old.periods[0].key == new.periods[0].key:
        return Cause.REVISION, "figures of the same period were revised"
    today = _today(after.panel, old, now.basis.comparators)
    if today is not None and _in_bottom(today, now.basis, code, council) == _in_bottom(new, now.basis, code, council):
        return Cause.REVISION, "the earlier period, as revised since, already stood here"
    return Cause.PERFORMANCE, f"a new period, {new.labels[0]} after {old.labels[0]}"


def _areas_on_both_sides(old: Panel, new: Panel) -> dict[str, bool]:
    has_old = dict(zip(old.areas, ~np.isnan(old.values[0]), strict=True))
    return {
        area: bool(there and has_old.get(area, False))
        for area, there in zip(new.areas, ~np.isnan(new.values[0]), strict=True)
    }


def _today(panel: Panel, rows: Panel, areas: tuple[str, ...]) -> Panel | None:
    """The same indicators and periods as ``rows`` with the figures of ``panel``; None where a row is no longer held."""
    where = panel.row_of
    codes = [rows.indicators[at] for at in rows.row_indicator]
    found = [where.get((code, period.key), -1) for code, period in zip(codes, rows.periods, strict=True)]
    if min(found, default=0) < 0:
        return None
    return panel.rows(np.array(found, np.int64)).for_areas(areas)


def _ruled_differently(then: Basis, now: Basis, indicators: Iterable[str]) -> bool:
    if (then.rules, then.version) != (now.rules, now.version):
        return True
    return any(
        (old.polarity, old.key_decimals) != (new.polarity, new.key_decimals)
        for old, new in ((then.indicators.get(code), now.indicators.get(code)) for code in indicators)
        if old and new
    )


def _earlier_rules(now: Basis, then: Basis) -> Basis:
    """Today's basis with the rules and the entries' direction and decimals as they were."""
    indicators = {
        code: replace(entry, polarity=old.polarity, decimals=old.decimals)
        if (old := then.indicators.get(code))
        else entry
        for code, entry in now.indicators.items()
    }
    return replace(now, rules=then.rules, indicators=indicators)


def _basket_cause(before: Known, after: Known, name: str, council: str, least: int) -> tuple[Cause, str]:
    then, now = before.snapshot, after.snapshot
    members_then, members_now = _members(then, name), _members(now, name)
    rank_then, rank_now = _rank(then, name, council), _rank(now, name, council)
    common = sorted(members_then & members_now)

    def vanishes(move: int | None) -> bool:
        return move is None or abs(move) < least

    if _ruled_differently(then.basis, now.basis, members_then | members_now):
        move = _move(rank_then, _rank(rank_chosen(now.panel, _earlier_rules(now.basis, then.basis)), name, council))
        if vanishes(move):
            return Cause.METHOD, f"a rule or a catalogue entry changed; by the earlier one {_left_of(move)}"
    if members_then != members_now:
        move = _move(_rank_over(then, common, council), _rank_over(now, common, council))
        back = (move or 0) * ((rank_now or 0) - (rank_then or 0)) < 0
        if vanishes(move) or back:
            joined, left = _indicators(len(members_now - members_then)), len(members_then - members_now)
            without = "it moved the other way" if back else _left_of(move)
            return Cause.BASKET, f"{joined} joined and {left} left; without them {without}"
    move = _move(*_ranks_on_shared_areas(then, now, (members_then, members_now), council))
    if move is not None and vanishes(move):
        return Cause.COMPARATORS, f"among the areas with a figure on both sides {_left_of(move)}"
    if all(_period(then, code) == _period(now, code) for code in common):
        return Cause.REVISION, "figures of the same periods were revised"
    today = _rank_today(before, after, name, council)
    if today is not None and vanishes(_move(today, rank_now)):
        return Cause.REVISION, "the earlier periods, as revised since, already stood here"
    fresh = sum(_period(then, code) != _period(now, code) for code in common)
    return Cause.PERFORMANCE, f"new periods in {fresh} of {_indicators(len(common))}"


def _left_of(move: int | None) -> str:
    """What a move would have been without its cause, too small to be told."""
    return "it had no rank" if move is None else "it moved less" if move else "it did not move"


def _indicators(number: int) -> str:
    return f"{number} indicator{'' if number == 1 else 's'}"


def _members(snapshot: Snapshot, name: str) -> set[str]:
    at = snapshot.basket.get(name)
    return set() if at is None else {snapshot.panel.indicators[row] for row in snapshot.members[at]}


def _rank(snapshot: Snapshot, name: str, area: str) -> int | None:
    standing = basket_standing(snapshot, name, area)
    return standing.rank if standing else None


def _move(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _period(snapshot: Snapshot, indicator: str) -> str:
    return snapshot.panel.periods[snapshot.row[indicator]].key


def _rank_over(snapshot: Snapshot, indicators: Iterable[str], area: str, keep: Bools | None = None) -> int | None:
    """The area's rank over just these indicators; ``keep`` (K, A) blanks cells before they are ranked."""
    rows = np.array([snapshot.row[code] for code in indicators], np.int64)
    if not rows.size:
        return None
    ranks = snapshot.ranks.rank[rows]
    if keep is not None:
        panel = snapshot.panel.rows(np.sort(rows))
        panel = replace(panel, values=np.where(keep[np.sort(rows)], panel.values, np.nan))
        entries = [snapshot.basis.indicators[code] for code in panel.indicators]
        ranks = rank_panel(panel, entries, snapshot.basis).rank
    basket = rank_baskets(ranks, [np.arange(len(rows))], snapshot.basis.rules.min_coverage)
    return int(basket.rank[0, snapshot.column[area]]) or None


def _ranks_on_shared_areas(
    then: Snapshot, now: Snapshot, members: tuple[set[str], set[str]], area: str
) -> tuple[int | None, int | None]:
    """Ranks before and after, each indicator ranked only among the areas with a figure on both sides."""
    keep_then, keep_now = _kept(then, now), _kept(now, then)
    return _rank_over(then, members[0], area, keep_then), _rank_over(now, members[1], area, keep_now)


def _kept(own: Snapshot, other: Snapshot) -> Bools:
    """Cells (K, A) of ``own`` whose area is compared, and has a figure in the same indicator, in ``other`` too."""
    there: Mapping[str, int] = other.row
    columns = np.array([other.column.get(area, -1) for area in own.panel.areas], np.int64)
    keep = np.tile(columns >= 0, (len(own.panel.indicators), 1))
    for at, code in enumerate(own.panel.indicators):
        if code in there:
            keep[at] &= ~np.isnan(other.panel.values[there[code], columns])
    return keep


def _rank_today(before: Known, after: Known, name: str, area: str) -> int | None:
    """The basket's rank at the earlier periods with today's figures, on today's basis."""
    today = _today(after.panel, before.snapshot.panel, after.snapshot.basis.comparators)
    if today is None:
        return None
    known: Callable[[str], bool] = after.snapshot.basis.indicators.__contains__
    keep = np.array([at for at, code in enumerate(today.indicators) if known(code)], np.int64)
    return _rank(rank_chosen(today.rows(keep), after.snapshot.basis), name, area)
