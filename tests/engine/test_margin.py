"""Intervals of ranks and many changes tested at once, each against the definition read aloud in plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import Catalogue, Indicator, Polarity
from engine.changes import Estimate, better_by
from engine.margin import (
    RankInterval,
    benjamini_hochberg,
    bounds,
    certainty,
    rank_interval,
    standing_out,
    two_sided,
)
from engine.panel import Panel
from engine.periods import parse_period
from engine.snapshot import Basis, Rules, Snapshot, rank_chosen
from tests.engine.margins_by_hand import Cell, by_hand

NAN = math.nan


def snapshot(cells: Sequence[Cell], polarity: str = "high", decimals: int = 1, rules: Rules | None = None) -> Snapshot:
    """One indicator among made-up areas."""
    areas = [f"A{at:02}" for at in range(len(cells))]
    count = len(cells)
    rows, columns = np.zeros(count, np.int64), np.arange(count)
    value, lower, upper = (np.array([cell[part] for cell in cells], np.float64) for part in range(3))
    status = np.zeros(count, np.int16)
    period = parse_period("2023")
    panel = Panel.build([("life", period, "2023")], areas, (rows, columns, value, status, lower, upper))
    entry = Indicator("life", "life", "Health", Polarity.parse(polarity), decimals=decimals)
    return rank_chosen(panel, Basis.of(Catalogue({"life": entry}), areas, rules or Rules()))


def found(at: Snapshot) -> list[tuple[int, int] | None]:
    intervals = [rank_interval(at, "life", area) for area in at.panel.areas]
    return [(one.lower, one.upper) if one else None for one in intervals]


@st.composite
def published(draw: st.DrawFn) -> list[Cell]:
    """Figures to one decimal, sometimes to more, with limits either side, seldom without or of no width."""
    value = st.decimals(0, 40, places=draw(st.sampled_from([1, 1, 2]))).map(float)
    width = st.floats(0.05, 12) if draw(st.integers(0, 5)) else st.sampled_from([0.0, 1.0, NAN])

    def cell(figure: float, below: float, above: float) -> Cell:
        return figure, figure - below, figure + above

    cells = draw(st.lists(st.builds(cell, value, width, width), min_size=2, max_size=34))
    gone = draw(st.sets(st.integers(0, len(cells) - 1), max_size=3))
    return [(NAN, NAN, NAN) if at in gone else one for at, one in enumerate(cells)]


@settings(max_examples=150, derandomize=True)
@given(published(), st.sampled_from(["high", "low"]))
def test_intervals_are_those_of_one_comparison_after_the_other(cells: list[Cell], polarity: str) -> None:
    at = snapshot(cells, polarity)
    assert found(at) == by_hand(cells, polarity)
    for area, places in zip(at.panel.areas, found(at), strict=True):
        rank = int(at.ranks.rank[0, at.column[area]])
        assert places is None or places[0] <= rank <= places[1]


def test_many_rows_at_once_are_each_as_alone() -> None:
    maker = np.random.default_rng(1)
    value = maker.normal(50, 8, (40, 31)).round(1)
    half = maker.uniform(0.2, 9, (40, 31))
    value[::7, 3] = NAN
    half[::5, 11] = NAN
    cells = [[(v, v - h, v + h) for v, h in zip(*row, strict=True)] for row in zip(value, half, strict=True)]
    ranks = np.array([snapshot(row).ranks.rank[0] for row in cells])
    best, worst = bounds(value, value - half, value + half, ranks, np.ones(40, bool))
    for at, row in enumerate(cells):
        assert [(b, w) if b else None for b, w in zip(best[at], worst[at], strict=True)] == by_hand(row, "high"), at
    none, nothing = bounds(value, value - half, value + half, ranks, np.zeros(40, bool))
    assert not none.any()
    assert not nothing.any()


ONE_APART: list[Cell] = [(float(value), value - 1.7, value + 1.7) for value in range(31, 0, -1)]


@pytest.mark.parametrize(
    ("half", "expected"),
    [
        # z is 3.144 for 30 comparisons: figures 2.268 half widths apart are significantly different.
        pytest.param(1.7, (25, 31), id="clear"),
        pytest.param(1.8, (24, 31), id="within-the-margin"),
        pytest.param(0.1, (28, 28), id="exactly-there"),
        pytest.param(100.0, (1, 31), id="anywhere"),
    ],
)
def test_the_example_of_the_method(half: float, expected: tuple[int, int]) -> None:
    cells = [(value, value - half, value + half) for value, *_ in ONE_APART]
    interval = rank_interval(snapshot(cells), "life", "A27")
    assert interval == RankInterval(*expected, of=31)
    assert certainty(interval, bottom=True) == ("clear" if expected[0] >= 25 else "unsure")


def changed(at: int, cell: Cell) -> list[Cell]:
    return [cell if place == at else one for place, one in enumerate(ONE_APART)]


@pytest.mark.parametrize(
    ("cells", "polarity"),
    [
        pytest.param(changed(3, (28.0, NAN, NAN)), "high", id="one-area-without-limits"),
        pytest.param(changed(3, (28.0, NAN, 29.0)), "high", id="one-limit-missing"),
        pytest.param(changed(3, (28.0, 28.0, 28.0)), "high", id="limits-that-fall-together"),
        pytest.param(changed(3, (28.0, 29.0, 27.0)), "high", id="limits-the-wrong-way-round"),
        pytest.param(ONE_APART, "10..20", id="band"),
        pytest.param(ONE_APART, "none", id="no-direction"),
        pytest.param(ONE_APART[:3], "high", id="three-areas"),
    ],
)
def test_nothing_is_said_where_nothing_may_be_said(cells: list[Cell], polarity: str) -> None:
    at = snapshot(cells, polarity)
    assert found(at) == [None] * len(cells)
    assert certainty(None, bottom=True) == certainty(None, bottom=False) == ""


def test_an_area_without_a_figure_needs_no_limits_and_has_no_interval() -> None:
    places = found(snapshot(changed(3, (NAN, NAN, NAN))))
    assert places[3] is None
    assert None not in places[:3] + places[4:]


def test_the_standard_error_is_a_share_of_the_width_where_limits_are_not_symmetric() -> None:
    skewed = [(value, value - 0.1, value + 3.3) for value, *_ in ONE_APART]
    assert found(snapshot(skewed)) == found(snapshot(ONE_APART))


def test_areas_level_at_the_decimals_printed_are_never_apart() -> None:
    cells = [(10.04, 10.039, 10.041), (10.01, 10.009, 10.011), (9.0, 8.9, 9.1), (8.0, 7.9, 8.1)]
    assert found(snapshot(cells)) == [(1, 2), (1, 2), (3, 3), (4, 4)]


def test_by_the_rule_on_values_the_bottom_quartile_begins_where_its_best_area_stands() -> None:
    values = [100, 99, 98, 97, 96, 20, 19, 18, 17, 16, 15, 10]
    cells = [(float(value), value - 0.2, value + 0.2) for value in values]
    by_value, by_rank = snapshot(cells, rules=Rules("value")), snapshot(cells)
    assert [int(one) for one in by_value.ranks.quartile[0]][-4:] == [3, 4, 4, 4]
    assert rank_interval(by_value, "life", "A09") == RankInterval(10, 10, 12, begins=10)
    narrow = [certainty(rank_interval(at, "life", "A09"), bottom=True) for at in (by_value, by_rank)]
    assert narrow == ["clear", "clear"]
    tied = [(5.0, 4.0, 6.0)] * 6 + [(float(at), at - 1, at + 1) for at in (9, 8, 7, 6)]
    empty = snapshot(tied, rules=Rules("value"))
    for area in empty.panel.areas:
        one = rank_interval(empty, "life", area)
        assert one
        low = [
            int(rank)
            for rank, quartile in zip(empty.ranks.rank[0], empty.ranks.quartile[0], strict=True)
            if quartile == 4
        ]
        assert one.begins == (min(low) if low else 11)


@pytest.mark.parametrize(
    ("interval", "bottom", "sure"),
    [
        pytest.param(RankInterval(25, 31, 31), True, "clear", id="all-of-it-in"),
        pytest.param(RankInterval(24, 31, 31), True, "unsure", id="begins-above-the-line"),
        pytest.param(RankInterval(20, 24, 31), False, "clear", id="all-of-it-out"),
        pytest.param(RankInterval(20, 25, 31), False, "unsure", id="ends-below-the-line"),
        pytest.param(RankInterval(25, 25, 32), True, "clear", id="the-first-place-in-it"),
        pytest.param(RankInterval(24, 24, 32), False, "clear", id="the-last-place-out-of-it"),
        pytest.param(RankInterval(4, 4, 4), True, "clear", id="four-areas"),
        pytest.param(None, True, "", id="nothing"),
    ],
)
def test_a_side_is_clear_when_the_whole_interval_is_on_it(
    interval: RankInterval | None, *, bottom: bool, sure: str
) -> None:
    assert certainty(interval, bottom=bottom) == sure


# --- many at once ----------------------------------------------------------------------------------


def step_up(p_values: Sequence[float], q: float) -> list[bool]:
    """By the definition: for each number k of tests, whether at least k have p ≤ k·q/m; the largest such k counts."""
    tests = len(p_values)
    cut = -1.0
    for k in range(1, tests + 1):
        smallest = list(p_values)
        for _ in range(k - 1):
            smallest.remove(min(smallest))
        if min(smallest) * tests <= k * q:
            cut = min(smallest)
    return [p <= cut for p in p_values]


SHARES = st.one_of(st.floats(0, 1), st.floats(0, 0.05), st.sampled_from([0.0, 0.0125, 0.025, 0.05, 1.0]))


@settings(max_examples=300, derandomize=True)
@given(st.lists(SHARES, max_size=30), st.sampled_from([0.05, 0.1, 0.5]))
def test_which_tests_stand_is_as_the_step_up_rule_says(p_values: list[float], q: float) -> None:
    stands = benjamini_hochberg(p_values, q)
    assert list(stands) == step_up(p_values, q)
    assert len(stands) == len(p_values)


@pytest.mark.parametrize(
    ("p_values", "stands"),
    [
        pytest.param([], (), id="none"),
        pytest.param([0.05], (True,), id="one-at-the-limit"),
        pytest.param([0.051], (False,), id="one-above-it"),
        pytest.param([0.04, 0.05], (True, True), id="the-larger-takes-the-smaller-along"),
        pytest.param([0.03, 0.9], (False, False), id="alone-it-would-stand"),
        pytest.param([0.9, 0.025], (False, True), id="in-the-order-given"),
        pytest.param([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216], (True, True, *[False] * 8),
                     id="benjamini-and-hochberg-s-kind"),
        pytest.param([0.01] * 4, (True,) * 4, id="all-alike"),
    ],
)  # fmt: skip
def test_examples_of_the_step_up_rule(p_values: list[float], stands: tuple[bool, ...]) -> None:
    assert benjamini_hochberg(p_values) == stands


@pytest.mark.parametrize("wrong", [[-0.1], [1.1], [NAN]])
def test_what_is_no_chance_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg(wrong)


@pytest.mark.parametrize(("z", "p"), [(0.0, 1.0), (1.959964, 0.05), (-1.959964, 0.05), (2.575829, 0.01), (40.0, 0.0)])
def test_the_chance_of_a_difference_counts_both_ends(z: float, p: float) -> None:
    assert two_sided(z) == pytest.approx(p, abs=1e-7)


def test_what_got_significantly_worse_is_a_comparison_and_never_an_improvement() -> None:
    assert standing_out({"up": 3.0, "down": -5.0, "still": 0.1}) == {"up"}
    assert standing_out({"up": 2.2}) == {"up"}
    assert standing_out({"up": 2.2} | {f"still{at}": 0.1 for at in range(9)}) == frozenset()
    assert standing_out({}) == frozenset()


# --- one change ------------------------------------------------------------------------------------


def estimate(period: str, value: float, half: float = 1.0, lower: float | None = None) -> Estimate:
    return Estimate(parse_period(period), value, value - half if lower is None else lower, value + half)


@pytest.mark.parametrize(
    ("before", "after", "polarity", "z"),
    [
        pytest.param(estimate("2022", 10), estimate("2023", 12), "high", 2 / math.hypot(2 / 3.92, 2 / 3.92), id="up"),
        pytest.param(estimate("2022", 10), estimate("2023", 12), "low", -2 / math.hypot(2 / 3.92, 2 / 3.92), id="low"),
        pytest.param(estimate("2022", 10), estimate("2022", 12), "high", None, id="same-period"),
        pytest.param(estimate("2020-22", 10), estimate("2021-23", 12), "high", None, id="overlapping"),
        pytest.param(estimate("2020-22", 10), estimate("2023-25", 12), "high", 3.92 / math.sqrt(2), id="end-to-end"),
        pytest.param(estimate("2023", 10), estimate("2022", 12), "high", None, id="backwards"),
        pytest.param(estimate("2022", 10), estimate("2023", 12), "none", None, id="no-direction"),
        pytest.param(estimate("2022", 10), estimate("2023", 12), "3..9", None, id="band"),
        pytest.param(estimate("2022", 10, 0.0), estimate("2023", 12), "high", None, id="no-width-before"),
        pytest.param(estimate("2022", 10), estimate("2023", 12, 0.0), "high", None, id="no-width-now"),
        pytest.param(estimate("2022", 10), estimate("2023", 12, lower=NAN), "high", None, id="one-limit"),
        pytest.param(estimate("2022", NAN), estimate("2023", 12), "high", None, id="no-figure"),
    ],
)
def test_how_much_better_a_figure_got(before: Estimate, after: Estimate, polarity: str, z: float | None) -> None:
    found_z = better_by(before, after, polarity)
    assert found_z == (None if z is None else pytest.approx(z))
