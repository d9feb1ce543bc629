"""The kernel against the naive version, cell for cell, and against what must hold of any ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.catalogue import Polarity
from engine.errors import PanelError
from engine.ranking import (
    MISSING,
    Eligibility,
    Ranks,
    badness,
    exact_key,
    quartiles,
    rank_baskets,
    rank_rows,
    value_keys,
)
from tests.engine import oracle
from tests.engine.oracle import Described, Rule

POLARITIES = ("high", "low", "none", "28..40", "0..0", "-1.5..2.25")
RULES: tuple[Rule, ...] = ("rank", "value")
steady = settings(derandomize=True, max_examples=50)


@dataclass(frozen=True)
class Table:
    """Indicators by areas: published texts (None where missing), a polarity and decimals for each indicator."""

    cells: tuple[tuple[str | None, ...], ...]
    polarities: tuple[str, ...]
    decimals: tuple[int | None, ...]

    @property
    def areas(self) -> int:
        return len(self.cells[0])


@cache
def texts(decimals: int | None) -> st.SearchStrategy[str | None]:
    """Values that tie, that tie only once rounded, that lie exactly on a half, and that are missing."""
    places = 2 if decimals is None else decimals
    few = st.integers(-3, 3).map(lambda number: Decimal(number).scaleb(-places))
    halves = st.integers(-9, 9).map(lambda number: Decimal(2 * number + 1).scaleb(-places - 1) * 5)
    near_halves = halves.map(lambda half: half + Decimal(1).scaleb(-places - 5))
    any_size = st.decimals(-5000, 5000, allow_nan=False, allow_infinity=False, places=places + 1)
    published = st.one_of(few, few, halves, near_halves, any_size).map(lambda value: f"{value:f}")
    return st.one_of(st.none(), published, published, published)


@st.composite
def tables(draw: st.DrawFn, *, polarities: Sequence[str] = POLARITIES) -> Table:
    rows, areas = draw(st.integers(1, 6)), draw(st.integers(1, 14))
    decimals = [draw(st.sampled_from([None, 0, 1, 2, 3])) for _ in range(rows)]
    return Table(
        tuple(tuple(draw(st.lists(texts(places), min_size=areas, max_size=areas))) for places in decimals),
        tuple(draw(st.sampled_from(polarities)) for _ in range(rows)),
        tuple(decimals),
    )


def kernel(table: Table, rule: Rule = "rank") -> Ranks:
    values = np.array([[np.nan if text is None else float(text) for text in row] for row in table.cells])
    decimals = np.array([6 if places is None else places for places in table.decimals], np.int64)
    polarity = [Polarity.parse(text) for text in table.polarities]
    keys = value_keys(values, decimals)
    return rank_rows(badness(keys, decimals, polarity), polarity, table.areas, rule, keys)


def naive(table: Table, rule: Rule = "rank") -> pd.DataFrame:
    """Ranks of the one period that there is, so that none need be chosen; the snapshot's tests choose."""
    names = area_names(table.areas)
    series = [
        (f"i{at:03}", "2023", " ".join("-" if text is None else text for text in row))
        for at, row in enumerate(table.cells)
    ]
    described = {
        f"i{at:03}": Described("Theme", polarity, places)
        for at, (polarity, places) in enumerate(zip(table.polarities, table.decimals, strict=True))
    }
    rows = oracle.observations(names, *series)
    return oracle.rank(rows.assign(stated=rows["value"] != ""), described, names, rule)


def area_names(count: int) -> list[str]:
    return [f"A{at:03}" for at in range(count)]


def cells(ranks: pd.DataFrame, column: str, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """A column of the naive ranks laid out as the kernel's matrix, 0 where an area has no row."""
    out = np.zeros(shape, np.int64)
    for code, area, value in ranks[["indicator", "area_code", column]].itertuples(index=False):
        out[int(code[1:]), int(area[1:])] = int(value)
    return out


def one(values: str, polarity: str = "low", decimals: int | None = 1, rule: Rule = "rank") -> Ranks:
    """Ranks of a single indicator, written as its values with a hyphen for a missing one."""
    row = tuple(None if text == "-" else text for text in values.split())
    return kernel(Table((row,), (polarity,), (decimals,)), rule)


# --- the kernel and the naive version agree -------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@steady
@given(table=tables())
def test_ranks_ties_counts_quartiles_and_eligibility_are_those_of_the_naive_version(table: Table, rule: Rule) -> None:
    ours, theirs = kernel(table, rule), naive(table, rule)
    for column in ("rank", "quartile", "tied"):
        assert (cells(theirs, column, ours.rank.shape) == getattr(ours, column)).all(), column
    each = theirs.drop_duplicates("indicator").set_index("indicator")
    assert [int(each["of"].get(f"i{at:03}", 0)) for at in range(len(table.cells))] == ours.of.tolist()
    expected = [bool(each["eligible"].get(f"i{at:03}", False)) for at in range(len(table.cells))]
    assert (ours.eligible == Eligibility.ELIGIBLE).tolist() == expected


@steady
@given(table=tables(polarities=("high", "low")), coverage=st.fractions(0, 1, max_denominator=6))
def test_themes_are_those_of_the_naive_version(table: Table, coverage: Fraction) -> None:
    ours, theirs = kernel(table), naive(table)
    fit = np.nonzero(ours.eligible == Eligibility.ELIGIBLE)[0]
    assume(fit.size)
    names = area_names(table.areas)
    described = {f"i{at:03}": Described("Theme", "high") for at in range(len(table.cells))}
    expected = oracle.baskets(theirs, described, names, min_coverage=coverage)
    found = rank_baskets(ours.rank, [fit], coverage)
    for column, own in (("rank", "rank"), ("quartile", "quartile"), ("rank_sum", "sum"), ("rank_count", "count")):
        assert expected[column].tolist() == getattr(found, own)[0].tolist(), column
    assert expected["tied"].tolist() == found.tied[0].tolist()
    assert expected["of"].unique().tolist() == found.of.tolist()


@steady
@given(ranks=st.lists(st.lists(st.integers(0, 6), min_size=7, max_size=7), min_size=1, max_size=9))
def test_means_are_compared_as_fractions_however_the_gaps_lie(ranks: list[list[int]]) -> None:
    rank = np.array(ranks, np.int64)
    found = rank_baskets(rank, [np.arange(len(ranks))], Fraction(0))
    present = [[own for own in column if own] for column in zip(*ranks, strict=True)]
    enough = min(2, len(ranks))
    means = [Fraction(sum(own), len(own)) if len(own) >= max(enough, 1) else None for own in present]
    stated = [mean for mean in means if mean is not None]
    expected = [0 if mean is None else 1 + sum(other < mean for other in stated) for mean in means]
    assert found.rank[0].tolist() == expected
    assert found.of.tolist() == [len(stated)]


@steady
@given(value=st.decimals(-(10**9), 10**9, places=6), decimals=st.integers(0, 6))
def test_a_key_is_the_published_decimal_rounded_half_to_even(value: Decimal, decimals: int) -> None:
    text = f"{value:f}"
    keys = value_keys(np.array([[float(text)]]), np.array([decimals], np.int64))
    assert keys[0, 0] == exact_key(float(text), decimals) == oracle.value_key(text, decimals)


def test_the_peer_that_the_benchmark_times_ranks_like_the_kernel() -> None:
    draw = np.random.default_rng(7)
    shape = (40, 32)
    values = np.where(draw.random(shape) < 0.05, np.nan, draw.integers(0, 300, shape) / 10)
    high = draw.random(40) < 0.5
    decimals = np.ones(40, np.int64)
    polarity = [Polarity("high" if good else "low") for good in high]
    ours = rank_rows(badness(value_keys(values, decimals), decimals, polarity), polarity, 32)
    frame = pd.DataFrame(
        {
            "indicator": np.repeat(np.arange(40), 32),
            "theme": np.repeat(np.arange(40) % 3, 32),
            "period": 2023,
            "area_code": np.tile(np.arange(32), 40),
            "value": values.ravel(),
            "high": np.repeat(high, 32),
        }
    )
    ranks, themes = oracle.rank_all(frame)
    assert (ranks["rank"].fillna(0).to_numpy().reshape(shape) == ours.rank).all()
    assert (ranks["quartile"].fillna(0).to_numpy().reshape(shape) == ours.quartile).all()
    found = rank_baskets(ours.rank, [np.arange(at, 40, 3) for at in range(3)])
    assert (themes["rank"].fillna(0).to_numpy().reshape(3, 32) == found.rank).all()


# --- what must hold of any ranks ------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@steady
@given(table=tables(), data=st.data())
def test_permuting_the_areas_permutes_the_ranks(table: Table, rule: Rule, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(table.areas)))
    shuffled = replace(table, cells=tuple(tuple(row[at] for at in order) for row in table.cells))
    before, after = kernel(table, rule), kernel(shuffled, rule)
    for field in ("rank", "tied", "quartile"):
        assert (getattr(before, field)[:, order] == getattr(after, field)).all()
    assert (before.of == after.of).all()
    assert (before.eligible == after.eligible).all()


@steady
@given(table=tables(polarities=("high", "low")))
def test_reversing_direction_and_sign_together_changes_nothing(table: Table) -> None:
    def negative(text: str | None) -> str | None:
        return None if text is None else f"{-Decimal(text):f}"

    turned = Table(
        tuple(tuple(map(negative, row)) for row in table.cells),
        tuple("low" if polarity == "high" else "high" for polarity in table.polarities),
        table.decimals,
    )
    before, after = kernel(table), kernel(turned)
    for field in ("rank", "of", "tied", "quartile", "eligible"):
        assert (getattr(before, field) == getattr(after, field)).all(), field


@pytest.mark.parametrize("rule", RULES)
@steady
@given(table=tables(), data=st.data())
def test_an_area_without_figures_changes_nobodys_rank(table: Table, rule: Rule, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, table.areas))
    wider = replace(table, cells=tuple((*row[:at], None, *row[at:]) for row in table.cells))
    before, after = kernel(table, rule), kernel(wider, rule)
    for field in ("rank", "tied", "quartile"):
        widened = getattr(after, field)
        assert not widened[:, at].any()
        assert (np.delete(widened, at, axis=1) == getattr(before, field)).all(), field
    assert (before.of == after.of).all()


@steady
@given(table=tables(polarities=("high", "low")))
def test_a_strictly_worse_peer_never_worsens_a_rank_or_a_quartile(table: Table) -> None:
    worst = {"high": "-9999", "low": "9999"}
    wider = replace(
        table,
        cells=tuple((*row, worst[which]) for row, which in zip(table.cells, table.polarities, strict=True)),
    )
    before, after = kernel(table), kernel(wider)
    ranked = before.rank > 0
    assert (after.rank[:, :-1][ranked] == before.rank[ranked]).all()
    judged = before.quartile > 0
    assert (after.quartile[:, :-1][judged] <= before.quartile[judged]).all()


@steady
@given(table=tables())
def test_the_bottom_quartile_never_holds_more_than_a_quarter(table: Table) -> None:
    ranks = kernel(table)
    assert (4 * (ranks.quartile == 4).sum(axis=1) <= ranks.of).all()


@pytest.mark.parametrize("rule", RULES)
@steady
@given(table=tables(polarities=("high", "low")))
def test_equal_values_share_rank_and_quartile_and_better_ones_are_before(table: Table, rule: Rule) -> None:
    ranks = kernel(table, rule)
    for at, row in enumerate(table.cells):
        described = Described("Theme", table.polarities[at], table.decimals[at])
        bad = [None if text is None else oracle.badness(text, described) for text in row]
        present = [(value, column) for column, value in enumerate(bad) if value is not None]
        for value, column in present:
            for other, rival in present if len(present) >= 2 else ():
                assert (value < other) == (ranks.rank[at, column] < ranks.rank[at, rival])
                if value == other:
                    assert ranks.quartile[at, column] == ranks.quartile[at, rival]


@steady
@given(table=tables())
def test_the_first_place_is_taken_and_ties_leave_a_gap_behind_them(table: Table) -> None:
    ranks = kernel(table)
    for row, of in zip(ranks.rank, ranks.of, strict=True):
        placed = sorted(row[row > 0].tolist())
        assert placed == [1 + sum(other < place for other in placed) for place in placed]
        assert len(placed) == (of if of >= 2 else 0)


# --- quartile sizes without ties ------------------------------------------------------------------

SIZES = {
    26: ((7, 6, 7, 6), (7, 6, 6, 7), (7, 6, 6, 7)),
    27: ((7, 7, 7, 6), (7, 7, 6, 7), (7, 6, 7, 7)),
    28: ((7, 7, 7, 7), (7, 7, 7, 7), (7, 7, 7, 7)),
    31: ((8, 8, 8, 7), (8, 8, 7, 8), (8, 7, 8, 8)),
    32: ((8, 8, 8, 8), (8, 8, 8, 8), (8, 8, 8, 8)),
    33: ((9, 8, 8, 8), (9, 8, 8, 8), (8, 8, 8, 9)),
    153: ((39, 38, 38, 38), (39, 38, 38, 38), (38, 38, 38, 39)),
}
"""By number of areas: the rank rule in both directions; the value rule with low good, and with high good."""


@pytest.mark.parametrize(("of", "sizes"), SIZES.items())
def test_quartile_sizes_are_those_the_official_rules_give(of: int, sizes: tuple[tuple[int, ...], ...]) -> None:
    values = " ".join(str(at) for at in range(of))
    found = [
        tuple(np.bincount(one(values, polarity, 0, rule).quartile[0], minlength=5)[1:].tolist())
        for rule in RULES
        for polarity in ("low", "high")
    ]
    by_rank, low_good, high_good = sizes
    assert found == [by_rank, by_rank, low_good, high_good]


@pytest.mark.parametrize("of", range(1, 200))
def test_the_rank_rule_is_the_official_one_of_equal_shares(of: int) -> None:
    places = np.arange(1, of + 1)
    expected = [1 + int(Fraction(4 * (place - 1), of)) if of >= 4 else 0 for place in places.tolist()]
    assert quartiles(places[None, :], np.array([of]))[0].tolist() == expected


# --- small examples to hold on to -----------------------------------------------------------------


def test_five_areas_two_tied_first_and_one_missing() -> None:
    ranks = one("3.1 3.1 4.0 - 5.2")
    assert ranks.rank[0].tolist() == [1, 1, 3, 0, 4]
    assert ranks.of.tolist() == [4]
    assert ranks.tied[0].tolist() == [True, True, False, False, False]
    assert ranks.quartile[0].tolist() == [1, 1, 3, 0, 4]


def test_fifth_of_six_is_the_third_quartile() -> None:
    assert one("1 2 3 4 5 6").quartile[0].tolist()[4] == 3


def test_fourth_of_five_is_still_the_third_quartile() -> None:
    assert one("- 2 3 4 5 6").quartile[0].tolist()[4] == 3


def test_fifth_of_five_is_the_fourth_quartile() -> None:
    assert one("1 2 3 4 5 -").quartile[0].tolist()[4] == 4


def test_ten_of_27_tied_worst_are_18th_and_nobody_is_in_the_bottom_quartile() -> None:
    ranks = one(" ".join([*(str(at) for at in range(17)), *["99"] * 10]))
    assert ranks.rank[0].tolist()[17:] == [18] * 10
    assert ranks.quartile[0].tolist()[17:] == [3] * 10
    assert not (ranks.quartile == 4).any()


def test_equal_means_share_a_rank_where_floats_would_part_them() -> None:
    # 36 and 37 in turn: 182/5 and 364/10 are one mean; the third area is worse, by 1/10.
    shares = np.array([[36, 36, 37], [36, 36, 37], [36, 36, 37], [37, 37, 36], [37, 37, 36]] * 2, np.int64)
    shares[5:, 0] = 0
    found = rank_baskets(shares, [np.arange(10)], Fraction(1, 2))
    assert list(zip(found.sum[0].tolist(), found.count[0].tolist(), strict=True)) == [(182, 5), (364, 10), (366, 10)]
    assert found.rank[0].tolist() == [1, 1, 3]
    assert found.tied[0].tolist() == [True, True, False]


# --- keys and badness -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "decimals", "key"),
    [
        ("2.675", 2, 268),  # as a float it lies just below the half
        ("2.665", 2, 266),  # to even
        ("2.685", 2, 268),
        ("-2.675", 2, -268),
        ("0.5", 0, 0),
        ("1.5", 0, 2),
        ("2.5", 0, 2),
        ("0.285", 2, 28),
        ("1.005", 2, 100),
        ("0.0000005", 6, 0),
        ("0.0000015", 6, 2),
        ("0", 1, 0),
        ("-0.0", 1, 0),
        ("123456789012.125", 2, 12345678901212),
    ],
)
def test_a_half_at_the_rounding_place_goes_to_the_even_neighbour(text: str, decimals: int, key: int) -> None:
    assert value_keys(np.array([[float(text)]]), np.array([decimals], np.int64)).tolist() == [[key]]
    assert oracle.value_key(text, decimals) == key


@pytest.mark.parametrize(
    ("text", "decimals", "key"),
    [
        ("4208252.7538785", 6, 4208252753878),
        ("9472462738.905", 2, 947246273890),
        ("163062069067.735", 2, 16306206906774),
        ("68195487.4568565", 6, 68195487456856),
        ("999999999999", 6, 999999999999000000),
    ],
)
def test_a_large_value_has_the_key_of_its_published_decimal(text: str, decimals: int, key: int) -> None:
    assert oracle.value_key(text, decimals) == key
    assert value_keys(np.array([[float(text)]]), np.array([decimals], np.int64)).tolist() == [[key]]


def test_values_that_print_alike_are_tied() -> None:
    assert one("2.675 2.68 2.684 2.69", "high", 2).rank[0].tolist() == [2, 2, 2, 1]


def test_nought_is_a_value_and_a_gap_is_none() -> None:
    ranks = one("0 - 0.0 1")
    assert ranks.rank[0].tolist() == [1, 0, 1, 3]
    assert ranks.of.tolist() == [3]


@pytest.mark.parametrize("value", [1e13, -1e13, np.inf])
def test_a_value_too_large_to_compare_exactly_is_refused(value: float) -> None:
    with pytest.raises(PanelError, match="too large"):
        value_keys(np.array([[1.0, value]]), np.array([6], np.int64))


@pytest.mark.parametrize(
    ("polarity", "expected"),
    [
        ("high", [-270, -280, -350, -400, -431, 0]),
        ("low", [270, 280, 350, 400, 431, 0]),
        ("28..40", [10, 0, 0, 0, 31, 280]),
        ("35..35", [80, 70, 0, 50, 81, 350]),
        ("none", [-270, -280, -350, -400, -431, 0]),
    ],
)
def test_badness_is_smaller_where_a_value_is_better(polarity: str, expected: list[int]) -> None:
    keys = np.array([[270, 280, 350, 400, 431, 0, MISSING]])
    bad = badness(keys, np.array([1]), [Polarity.parse(polarity)])
    assert bad[0].tolist() == [*expected, MISSING]


def test_everybody_inside_a_band_is_first() -> None:
    assert one("28 40 34.5 27.9 40.1 50", "28..40").rank[0].tolist() == [1, 1, 1, 4, 4, 6]


def test_without_direction_there_is_a_position_and_no_quartile() -> None:
    ranks = one("10 50 30 20 40", "none")
    assert ranks.rank[0].tolist() == [5, 1, 3, 4, 2]
    assert not ranks.quartile.any()
    assert ranks.eligible.tolist() == [Eligibility.NO_DIRECTION]


# --- few areas ------------------------------------------------------------------------------------


def test_one_area_alone_has_no_rank() -> None:
    ranks = one("- 5 - -")
    assert ranks.rank.tolist() == [[0, 0, 0, 0]]
    assert ranks.of.tolist() == [1]
    assert not ranks.tied.any()


def test_an_indicator_nobody_has_a_figure_for_has_no_ranks() -> None:
    ranks = one("- - -")
    assert ranks.rank.tolist() == [[0, 0, 0]]
    assert ranks.of.tolist() == [0]
    assert ranks.eligible.tolist() == [Eligibility.FEW_AREAS]


@pytest.mark.parametrize("rule", RULES)
def test_three_areas_have_ranks_and_no_quartiles(rule: Rule) -> None:
    ranks = one("1 2 3 -", rule=rule)
    assert ranks.rank.tolist() == [[1, 2, 3, 0]]
    assert not ranks.quartile.any()


@pytest.mark.parametrize("rule", RULES)
def test_four_areas_have_a_quartile_each(rule: Rule) -> None:
    assert one("1 2 3 4", rule=rule).quartile.tolist() == [[1, 2, 3, 4]]


def test_a_value_on_a_cut_goes_to_the_better_side_where_low_is_good_and_the_worse_where_high_is() -> None:
    # Of five values the second, third and fourth are the cuts themselves.
    assert one("1 2 3 4 5", "low", rule="value").quartile.tolist() == [[1, 1, 2, 3, 4]]
    assert one("5 4 3 2 1", "high", rule="value").quartile.tolist() == [[1, 2, 3, 4, 4]]


# --- eligibility ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("1 2 3 4 - -", Eligibility.ELIGIBLE),
        ("1 2 3 - - -", Eligibility.FEW_AREAS),
        ("1 2 3 4 - - -", Eligibility.FEW_AREAS),  # two thirds of seven are five
        ("1 2 3 4 5 - -", Eligibility.ELIGIBLE),
        ("1 1 2 2 3 3", Eligibility.FEW_VALUES),
        ("1 1 1 2 3 4", Eligibility.ELIGIBLE),  # half of them tied is still enough
        ("1 1 1 1 2 3 4", Eligibility.LARGE_TIE),
        ("1.01 1.02 1.03 1.04", Eligibility.FEW_VALUES),  # they print alike at one decimal
    ],
)
def test_an_indicator_counts_only_where_it_tells_enough_areas_apart(values: str, expected: Eligibility) -> None:
    assert one(values).eligible.tolist() == [expected]


def test_a_band_with_four_different_values_is_judged_by_its_values() -> None:
    # Item 5 asks for four distinct keys; here there are six, at three distances from the band.
    assert one("27 41 26 42 25 43", "28..40").eligible.tolist() == [Eligibility.ELIGIBLE]


# --- baskets --------------------------------------------------------------------------------------


def basket(ranks: Sequence[Sequence[int]], coverage: Fraction = Fraction(2, 3)) -> list[int]:
    rank = np.array(ranks, np.int64)
    return [int(own) for own in rank_baskets(rank, [np.arange(len(rank))], coverage).rank[0]]


def test_two_thirds_of_the_members_are_enough_and_fewer_are_not() -> None:
    assert basket([[1, 2, 3], [1, 2, 0], [1, 0, 0]]) == [1, 2, 0]


def test_one_member_of_two_is_not_enough_whatever_the_coverage() -> None:
    assert basket([[1, 2], [1, 0]], Fraction(0)) == [1, 0]


def test_the_only_member_of_a_basket_decides_it() -> None:
    assert basket([[2, 1, 3, 0]]) == [2, 1, 3, 0]


def test_a_basket_without_members_ranks_nobody() -> None:
    found = rank_baskets(np.zeros((0, 3), np.int64), [np.empty(0, np.int64)])
    assert found.rank.tolist() == [[0, 0, 0]]
    assert found.of.tolist() == [0]
    assert found.total.tolist() == [0]


def test_the_counts_available_are_kept_for_an_area_without_a_basket_rank() -> None:
    found = rank_baskets(np.array([[1, 0], [1, 2], [1, 0]]), [np.arange(3)])
    assert (found.count.tolist(), found.total.tolist(), found.rank.tolist()) == ([[3, 1]], [3], [[1, 0]])


def test_each_basket_ranks_its_own_members() -> None:
    rank = np.array([[1, 2, 3], [3, 2, 1], [2, 1, 3]], np.int64)
    found = rank_baskets(rank, [np.array([0]), np.array([1]), np.array([0, 1, 2])])
    assert found.rank.tolist() == [[1, 2, 3], [3, 2, 1], [2, 1, 3]]
    assert found.sum.tolist() == [[1, 2, 3], [3, 2, 1], [6, 5, 7]]
