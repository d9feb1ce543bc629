"""Snapshots against the naive method: which period counts, who is in which basket, and what a basis stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import Catalogue, Composite, Indicator, Polarity, Theme
from engine.panel import Panel
from engine.ranking import Eligibility
from engine.snapshot import Basis, Rules, Snapshot, choose_rows, own_year, take_snapshot
from tests.engine import oracle
from tests.engine.oracle import Described, Rule

FIVE = tuple("ABCDE")
COMPOSITES = {"Core": ("One",), "Overall": ()}
RULES: tuple[Rule, ...] = ("rank", "value")
LABELS = ("2021", "2022 (prov)", "2022", "2022/23", "2020-22", "2023 (prov)", "2023 (Rev)", "2023")


def basis(
    catalogue: Mapping[str, Described],
    areas: Sequence[str],
    rules: Rules | None = None,
    composites: Mapping[str, Sequence[str]] = COMPOSITES,
) -> Basis:
    indicators = {
        code: Indicator(code, one.name or code, one.theme, Polarity.parse(one.polarity), decimals=one.decimals)
        for code, one in catalogue.items()
    }
    wholes = tuple(Composite(name, tuple(themes)) for name, themes in composites.items())
    return Basis(tuple(areas), indicators, wholes, rules or Rules())


def snapshot(
    frame: pd.DataFrame,
    catalogue: Mapping[str, Described],
    areas: Sequence[str],
    rules: Rules | None = None,
    not_after: date | None = None,
    not_before: date | None = None,
) -> Snapshot:
    return take_snapshot(
        whole(frame, areas), basis(catalogue, areas, rules), not_after=not_after, not_before=not_before
    )


def whole(frame: pd.DataFrame, areas: Sequence[str]) -> Panel:
    """Everything stated, also of areas that are not compared."""
    return oracle.panel(frame, sorted({*areas, *frame["area_code"]}))


def low(*codes: str) -> dict[str, Described]:
    return {code: Described("One", "low", 1) for code in codes}


# --- against the naive method ---------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    frame: pd.DataFrame
    catalogue: dict[str, Described]
    areas: tuple[str, ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to six indicators of three themes, in several periods, for areas of which only some are compared."""
    everywhere = tuple(f"A{at}" for at in range(draw(st.integers(5, 9))))
    cell = st.sampled_from(["-", *(str(at / 10) for at in range(-3, 9)), "0.25", "0.35", "0.349"])
    codes = [f"i{at}" for at in range(draw(st.integers(1, 6)))]
    series = [
        (code, label, " ".join(draw(st.lists(cell, min_size=len(everywhere), max_size=len(everywhere)))))
        for code in codes
        for label in draw(st.lists(st.sampled_from(LABELS), min_size=1, max_size=3, unique=True))
    ]
    catalogue = {
        code: Described(
            draw(st.sampled_from(["One", "One", "Two", "Expenditure"])),
            draw(st.sampled_from(["high", "low", "none"])),
            draw(st.sampled_from([None, 0, 1, 2])),
            f"Name of {code}",
        )
        for code in codes
    }
    return World(oracle.observations(everywhere, *series), catalogue, everywhere[: draw(st.integers(4, 9))])


def ranked(taken: Snapshot) -> pd.DataFrame:
    """The snapshot's ranks of the areas that have a figure, in the naive shape."""
    ranks, missing = taken.ranks, np.isnan(taken.panel.values)
    return pd.DataFrame(
        [
            (
                code,
                area,
                taken.panel.labels[row],
                int(ranks.rank[row, column]),
                int(ranks.of[row]),
                bool(ranks.tied[row, column]),
                int(ranks.quartile[row, column]),
                bool(ranks.eligible[row] == Eligibility.ELIGIBLE),
            )
            for row, code in enumerate(taken.panel.indicators)
            for column, area in enumerate(taken.panel.areas)
            if not missing[row, column]
        ],
        columns=["indicator", "area_code", "label", "rank", "of", "tied", "quartile", "eligible"],
    )


def placed(taken: Snapshot) -> pd.DataFrame:
    found = taken.basket_ranks
    return pd.DataFrame(
        [
            (
                name,
                kind,
                area,
                int(found.total[row]),
                int(found.sum[row, column]),
                int(found.count[row, column]),
                int(found.rank[row, column]),
                int(found.of[row]),
                bool(found.tied[row, column]),
                int(found.quartile[row, column]),
            )
            for row, (name, kind) in enumerate(taken.baskets)
            for column, area in enumerate(taken.panel.areas)
        ],
        columns=["name", "kind", "area_code", "total", "rank_sum", "rank_count", "rank", "of", "tied", "quartile"],
    )


def assert_same(found: pd.DataFrame, naive: pd.DataFrame, keys: list[str]) -> None:
    if naive.empty:
        assert found.empty
        return
    sides = [side[found.columns].sort_values(keys).reset_index(drop=True) for side in (found, naive)]
    pd.testing.assert_frame_equal(sides[0], sides[1], check_dtype=False)


@settings(derandomize=True, max_examples=40)
@given(
    world=worlds(),
    coverage=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(2, 3), Fraction(1)]),
    not_after=st.sampled_from([None, date(2022, 12, 31), date(2023, 3, 31)]),
)
def test_a_snapshot_is_the_naive_one_cell_for_cell_by_either_rule(
    world: World, coverage: Fraction, not_after: date | None
) -> None:
    panel = whole(world.frame, world.areas)
    chosen = oracle.latest(oracle.held(world.frame), world.areas, not_after)
    for rule in RULES:
        rules = Rules(quartile_rule=rule, min_coverage=coverage)
        taken = take_snapshot(panel, basis(world.catalogue, world.areas, rules), not_after=not_after)
        naive = oracle.rank(chosen, world.catalogue, world.areas, rule)
        assert_same(ranked(taken), naive, ["indicator", "area_code"])
        baskets = oracle.baskets(naive, world.catalogue, world.areas, COMPOSITES, coverage)
        assert_same(placed(taken), baskets, ["name", "area_code"])


# --- which period ---------------------------------------------------------------------------------


def period_of(frame: pd.DataFrame, not_after: date | None = None, not_before: date | None = None) -> str | None:
    taken = snapshot(frame, low("x"), FIVE, not_after=not_after, not_before=not_before)
    return taken.panel.labels[taken.row["x"]] if "x" in taken.row else None


def test_the_latest_period_in_which_two_thirds_have_a_figure_counts() -> None:
    # Two thirds of five are four.
    frame = oracle.observations(
        FIVE, ("x", "2021", "1 2 3 4 5"), ("x", "2022", "1 2 3 4 -"), ("x", "2023", "1 2 3 - -")
    )
    assert period_of(frame) == "2022"


def test_an_indicator_without_a_period_in_which_enough_areas_have_a_figure_has_no_rank() -> None:
    assert period_of(oracle.observations(FIVE, ("x", "2023", "1 2 3 - -"))) is None


def test_an_area_missing_in_the_period_has_no_rank_though_it_had_a_figure_before() -> None:
    frame = oracle.observations(FIVE, ("x", "2022", "1 2 3 4 5"), ("x", "2023", "- 2 3 4 5"))
    taken = snapshot(frame, low("x"), FIVE)
    assert taken.panel.labels == ("2023",)
    assert taken.ranks.rank.tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("labels", "latest"),
    [
        (("2022", "2021/22"), "2022"),
        (("2022/23", "2022"), "2022/23"),
        (("2020-22", "2022"), "2022"),  # both end with the year: the one that begins later
        (("2023-12-01/P1M", "2023"), "2023-12-01/P1M"),
        (("2023 Q4", "2023/24"), "2023/24"),
    ],
)
def test_the_latest_period_is_the_one_that_ends_last(labels: tuple[str, str], latest: str) -> None:
    for order in (labels, labels[::-1]):
        assert period_of(oracle.observations(FIVE, *(("x", label, "1 2 3 4 5") for label in order))) == latest


YEARS = oracle.observations(FIVE, *(("x", label, "1 2 3 4 5") for label in ("2019", "2021/22", "2023")))


@pytest.mark.parametrize(
    ("year", "label"), [(2018, None), (2019, "2019"), (2021, "2019"), (2022, "2021/22"), (2023, "2023"), (2030, "2023")]
)
def test_the_snapshot_of_a_year_takes_what_ended_in_it_or_before(year: int, label: str | None) -> None:
    assert period_of(YEARS, not_after=date(year, 12, 31)) == label


def test_a_period_that_ended_too_long_ago_can_be_left_out() -> None:
    assert period_of(YEARS, not_before=date(2023, 12, 31)) == "2023"
    assert period_of(YEARS, not_before=date(2024, 1, 1)) is None


def test_each_indicator_can_have_its_own_last_day() -> None:
    series = [(code, label, "1 2 3 4 5") for code in "xyz" for label in ("2021", "2022", "2023")]
    panel = oracle.panel(oracle.observations(FIVE, *series), FIVE)
    rows = choose_rows(panel, not_after={"x": date(2022, 12, 31), "y": date(2023, 6, 30)})
    assert [(panel.indicators[panel.row_indicator[row]], panel.labels[row]) for row in rows] == [
        ("x", "2022"),
        ("y", "2022"),
    ]


# --- who is compared ------------------------------------------------------------------------------


def test_areas_outside_the_comparators_count_for_nothing() -> None:
    frame = oracle.observations(("A", "B", "C", "D", "Z", "Y"), ("x", "2023", "1 2 3 4 0 0"))
    taken = snapshot(frame, low("x"), ("A", "B", "C", "D"))
    assert (taken.ranks.rank.tolist(), taken.ranks.of.tolist()) == ([[1, 2, 3, 4]], [4])


def test_a_comparator_of_whom_nothing_is_known_is_one_without_a_figure() -> None:
    taken = snapshot(oracle.observations(FIVE, ("x", "2023", "1 2 3 4 5")), low("x"), (*FIVE, "Z"))
    assert taken.ranks.rank.tolist() == [[1, 2, 3, 4, 5, 0]]
    assert taken.eligible("x")


def test_an_indicator_the_basis_does_not_describe_is_left_out() -> None:
    frame = oracle.observations(FIVE, ("x", "2023", "1 2 3 4 5"), ("stranger", "2023", "1 2 3 4 5"))
    taken = snapshot(frame, low("x"), FIVE)
    assert taken.panel.indicators == ("x",)
    assert not taken.eligible("stranger")


# --- baskets --------------------------------------------------------------------------------------


def test_a_composite_is_flat_over_its_members_and_not_a_mean_of_theme_ranks() -> None:
    # Three members put B first and one puts A first: A has rank 1 in Two, B in One; flat, B leads.
    frame = oracle.observations(
        FIVE,
        *((f"o{at}", "2023", "2 1 3 4 5") for at in range(3)),
        ("t", "2023", "1 3 2 4 5"),
    )
    catalogue = {**low("o0", "o1", "o2"), "t": Described("Two", "low", 1)}
    taken = snapshot(frame, catalogue, FIVE)
    found = taken.basket_ranks
    overall = taken.basket["Overall"]
    assert found.sum[overall].tolist() == [7, 6, 11, 16, 20]
    assert found.rank[overall].tolist() == [2, 1, 3, 4, 5]
    assert found.rank[taken.basket["Core"]].tolist() == found.rank[taken.basket["One"]].tolist()


def test_a_spending_line_ranks_the_highest_first_and_judges_nobody() -> None:
    frame = oracle.observations(FIVE, ("spend", "2023", "100 300 200 500 400"), ("x", "2023", "1 2 3 4 5"))
    catalogue = {**low("x"), "spend": Described("Expenditure", "none", 0, "Spending per head")}
    taken = snapshot(frame, catalogue, FIVE)
    row = taken.basket["Expenditure: Spending per head"]
    assert taken.baskets[row][1] == "expenditure"
    assert taken.basket_ranks.rank[row].tolist() == [5, 3, 4, 1, 2]
    assert not taken.basket_ranks.quartile[row].any()
    assert not taken.ranks.quartile[taken.row["spend"]].any()
    assert taken.basket_ranks.total[taken.basket["Overall"]] == 1


def test_an_indicator_that_is_not_eligible_keeps_its_rank_and_is_in_no_basket() -> None:
    frame = oracle.observations(FIVE, ("x", "2023", "1 2 3 4 5"), ("tied", "2023", "1 1 1 2 3"))
    taken = snapshot(frame, low("x", "tied"), FIVE)
    assert taken.ranks.rank[taken.row["tied"]].tolist() == [1, 1, 1, 4, 5]
    assert taken.basket_ranks.total.tolist() == [1, 1, 1]
    assert not taken.eligible("tied")


def test_a_basket_is_made_of_what_the_basis_says_where_that_is_eligible() -> None:
    codes = ("x", "other", "tied", "plain")
    frame = oracle.observations(
        FIVE, *((code, "2023", "1 1 1 2 3" if code == "tied" else "1 2 3 4 5") for code in codes)
    )
    catalogue = {**low("x", "tied"), "other": Described("Two", "low", 1), "plain": Described("One", "none", 1)}
    taken = snapshot(frame, catalogue, FIVE)
    found = {}
    for (name, _), rows in zip(taken.baskets, taken.members, strict=True):
        found[name] = {taken.panel.indicators[row] for row in rows}
        assert found[name] == {code for code in taken.basis.made_of(name) if taken.eligible(code)}, name
    assert found == {"One": {"x"}, "Two": {"other"}, "Core": {"x"}, "Overall": {"x", "other"}}
    assert sorted(taken.basis.made_of("Core")) == ["tied", "x"]


@pytest.mark.parametrize(
    ("ends", "year"), [((2021, 2021, 2024), 2021), ((2024, 2021), 2024), ((2021, 2024, 2021, 2024), 2024), ((), None)]
)
def test_a_basket_is_of_the_year_in_which_most_of_its_periods_end(ends: tuple[int, ...], year: int | None) -> None:
    assert own_year(ends) == year


def test_a_snapshot_of_nothing_has_no_rows() -> None:
    taken = take_snapshot(oracle.panel(YEARS, FIVE), basis({}, FIVE))
    assert taken.panel.indicators == ()
    assert taken.basket_ranks.rank[taken.basket["Overall"]].tolist() == [0, 0, 0, 0, 0]


# --- the basis ------------------------------------------------------------------------------------

X = Indicator("x", "X", "One", Polarity("low"), "%", 1, "<9%", ("ex",))
BASIS = Basis(FIVE, {"x": X}, (Composite("Core", ("One",)),), Rules())


def test_a_basis_is_made_of_a_catalogue_areas_and_rules() -> None:
    catalogue = Catalogue({"x": X}, {"One": Theme("One")}, {"Core": Composite("Core", ("One",))})
    assert Basis.of(catalogue, FIVE, Rules()) == BASIS


@pytest.mark.parametrize(
    "other",
    [
        replace(BASIS, comparators=("A", "B", "C", "D")),
        replace(BASIS, rules=Rules(quartile_rule="value")),
        replace(BASIS, rules=Rules(min_coverage=Fraction(1, 2))),
        replace(BASIS, rules=Rules(max_age_years=4)),
        replace(BASIS, indicators={"x": replace(X, polarity=Polarity("high"))}),
        replace(BASIS, indicators={"x": replace(X, polarity=Polarity.parse("28..40"))}),
        replace(BASIS, indicators={"x": replace(X, decimals=2)}),
        replace(BASIS, indicators={"x": replace(X, theme="Two")}),
        replace(BASIS, indicators={}),
        replace(BASIS, composites=()),
        replace(BASIS, composites=(Composite("Core", ("Two",)),)),
        replace(BASIS, version="2"),
    ],
)
def test_whatever_decides_a_rank_changes_the_hash(other: Basis) -> None:
    assert other.hash != BASIS.hash


@pytest.mark.parametrize(
    "entry", [replace(X, name="Another"), replace(X, unit="percent"), replace(X, target=""), replace(X, aliases=())]
)
def test_words_alone_do_not_change_the_hash(entry: Indicator) -> None:
    assert replace(BASIS, indicators={"x": entry}).hash == BASIS.hash


@pytest.mark.parametrize("polarity", ["high", "low", "none", "28..40", "-1.50..2.25"])
def test_a_stored_basis_comes_back_with_the_same_hash_and_ranks_the_same(polarity: str) -> None:
    one = replace(X, polarity=Polarity.parse(polarity), decimals=None)
    rules = Rules("value", Fraction(3, 7), 5)
    before = Basis(FIVE, {"x": one}, (Composite("Core", ("One",)), Composite("All")), rules, "9")
    after = Basis.from_json(before.to_json())
    assert after.hash == before.hash
    assert (after.rules, after.comparators, after.version) == (rules, FIVE, "9")
    assert [(whole.name, whole.themes) for whole in after.composites] == [("Core", ("One",)), ("All", ())]
    assert (after.indicators["x"].polarity, after.indicators["x"].key_decimals) == (one.polarity, 6)
    panel = oracle.panel(oracle.observations(FIVE, ("x", "2023", "1 20 30 40.5 -")), FIVE)
    np.testing.assert_array_equal(take_snapshot(panel, after).ranks.rank, take_snapshot(panel, before).ranks.rank)
