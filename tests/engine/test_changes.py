"""Each kind of change and each cause, by an example small enough to check by hand.

Unless a test says otherwise low is good, the council is U and stands first in the list of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from engine.catalogue import Composite, Indicator, Polarity
from engine.changes import (
    Cause,
    Change,
    Kind,
    Known,
    Standing,
    Thresholds,
    baselines,
    basket_changes,
    improvement_z,
    indicator_changes,
)
from engine.snapshot import Basis, Rules, take_snapshot
from tests.engine import oracle

US = "U"
EIGHT = tuple("UABCDEFG")
SIX = tuple("UABCDE")


def entry(code: str, polarity: str = "low", decimals: int = 1, theme: str = "Theme") -> Indicator:
    return Indicator(code, code, theme, Polarity.parse(polarity), decimals=decimals)


def known(
    *series: tuple[str, str, str],
    areas: Sequence[str] = EIGHT,
    entries: Sequence[Indicator] | None = None,
    among: Sequence[str] | None = None,
    rules: Rules | None = None,
    composites: Sequence[Composite] = (),
    limits: Mapping[str, float] | None = None,
) -> Known:
    """What is known from series (indicator, period, values); ``limits`` gives a margin to each period."""
    frame = oracle.observations(areas, *series)
    if limits:
        values = pd.to_numeric(frame["value"])
        margin = frame["period"].map(dict(limits))
        frame = frame.assign(lower_ci=values - margin, upper_ci=values + margin)
    among = tuple(among or areas)
    panel = oracle.panel(frame, areas).for_areas(among)
    described = entries if entries is not None else [entry(code) for code in dict.fromkeys(row[0] for row in series)]
    basis = Basis(among, {one.code: one for one in described}, tuple(composites), rules or Rules())
    return Known(panel, take_snapshot(panel, basis))


def only(changes: list[Change]) -> Change:
    assert len(changes) == 1, changes
    return changes[0]


GOOD = "3 1 2 4 5 6 7 8"
"""The council third of eight."""
BAD = "9 1 2 4 5 6 7 8"
"""The council last of eight."""


# --- into and out of the bottom quartile ----------------------------------------------------------


def test_a_worse_figure_in_a_new_period_enters_by_performance() -> None:
    before, after = known(("x", "2022", GOOD)), known(("x", "2022", GOOD), ("x", "2023", BAD))
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.PERFORMANCE)
    assert change.before == Standing(3, 8, 2, tied=False, period="2022", value=3.0)
    assert change.after == Standing(8, 8, 4, tied=False, period="2023", value=9.0)
    assert (change.indicator, change.theme, change.area) == ("x", "Theme", US)
    assert "2023" in change.reason
    assert "2022" in change.reason
    assert change.alerts


def test_a_better_figure_in_a_new_period_leaves_by_performance() -> None:
    before, after = known(("x", "2022", BAD)), known(("x", "2022", BAD), ("x", "2023", GOOD))
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.LEFT, Cause.PERFORMANCE)


def test_peers_overtaking_us_is_performance_too() -> None:
    before = known(("x", "2022", "6 1 2 3 4 5 7 8"))
    after = known(("x", "2023", "6 1 2 3 4 5 5.5 5.6"))
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.PERFORMANCE)
    assert change.before
    assert change.before.value == change.after.value


def test_the_same_period_revised_is_a_revision() -> None:
    change = only(indicator_changes(known(("x", "2023", GOOD)), known(("x", "2023", BAD)), US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.REVISION)
    assert change.alerts


def test_the_same_period_under_another_mark_is_a_revision() -> None:
    change = only(indicator_changes(known(("x", "2023 (prov)", GOOD)), known(("x", "2023", BAD)), US))
    assert change.cause == Cause.REVISION
    assert change.before
    assert (change.before.period, change.after.period) == ("2023 (prov)", "2023")


def test_an_earlier_period_revised_to_where_we_stand_now_is_a_revision() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2022", BAD), ("x", "2023", "9.5 1 2 4 5 6 7 8"))
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.REVISION)


def test_an_earlier_period_revised_a_little_leaves_the_cause_with_performance() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2022", "3.5 1 2 4 5 6 7 8"), ("x", "2023", BAD))
    assert only(indicator_changes(before, after, US)).cause == Cause.PERFORMANCE


def test_fifth_of_six_becomes_fifth_of_five_by_comparators_when_a_worse_peer_is_abolished() -> None:
    figures = ("x", "2023", "5 1 2 3 4 6")
    before = known(figures, areas=SIX)
    after = known(figures, areas=SIX, among="UABCD")
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.COMPARATORS)
    assert change.before
    assert (change.before.rank, change.before.of, change.before.quartile) == (5, 6, 3)
    assert (change.after.rank, change.after.of, change.after.quartile) == (5, 5, 4)
    assert not change.alerts


def test_a_better_peer_abolished_leaves_us_in_the_third_quartile() -> None:
    figures = ("x", "2023", "5 1 2 3 4 6")
    assert indicator_changes(known(figures, areas=SIX), known(figures, areas=SIX, among="UBCDE"), US) == []


def test_a_peer_without_a_figure_in_the_new_period_is_comparators() -> None:
    before = known(("x", "2022", "5 1 2 3 4 6"), areas=SIX)
    after = known(("x", "2022", "5 1 2 3 4 6"), ("x", "2023", "5 1 2 3 4 -"), areas=SIX)
    assert only(indicator_changes(before, after, US)).cause == Cause.COMPARATORS


def test_a_peer_abolished_while_we_got_worse_is_performance() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2023", BAD), among="UABCDEF")
    assert only(indicator_changes(before, after, US)).cause == Cause.PERFORMANCE


def test_fewer_decimals_that_tie_us_with_better_peers_are_method() -> None:
    figures = ("x", "2023", "7.4 1 2 3 4 5 7.2 7.3")
    before = known(figures, entries=[entry("x", decimals=1)])
    after = known(figures, entries=[entry("x", decimals=0)])
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.LEFT, Cause.METHOD)
    assert (change.after.rank, change.after.tied) == (6, True)
    assert not change.alerts


def test_another_quartile_rule_is_method() -> None:
    figures = ("x", "2023", "2 5 4 3 1")
    five = "UABCD"
    before = known(figures, areas=five, entries=[entry("x", "high")])
    after = known(figures, areas=five, entries=[entry("x", "high")], rules=Rules(quartile_rule="value"))
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.ENTERED, Cause.METHOD)


def test_a_direction_turned_round_is_method() -> None:
    before = known(("x", "2023", BAD), entries=[entry("x", "high")])
    after = known(("x", "2023", BAD), entries=[entry("x", "low")])
    assert only(indicator_changes(before, after, US)).cause == Cause.METHOD


def test_a_change_of_decimals_that_is_not_to_blame_leaves_the_cause_with_performance() -> None:
    before = known(("x", "2022", GOOD), entries=[entry("x", decimals=1)])
    after = known(("x", "2023", BAD), entries=[entry("x", decimals=0)])
    assert only(indicator_changes(before, after, US)).cause == Cause.PERFORMANCE


def test_a_tie_at_the_quartile_line_is_broken_by_one_peer() -> None:
    before = known(("x", "2022", "6 1 2 3 4 5 6 6"))
    after = known(("x", "2023", "6 1 2 3 4 5 5.9 6"))
    change = only(indicator_changes(before, after, US))
    assert change.before
    assert (change.before.rank, change.before.tied, change.before.quartile) == (6, True, 3)
    assert (change.after.rank, change.after.tied, change.after.quartile) == (7, True, 4)


def test_nothing_moved_is_no_change() -> None:
    same = known(("x", "2023", BAD), ("y", "2023", GOOD))
    assert indicator_changes(same, same, US) == []
    assert basket_changes(same, same, US, Thresholds()) == []


def test_a_move_within_the_other_quartiles_is_no_change() -> None:
    before, after = known(("x", "2022", GOOD)), known(("x", "2023", "5.5 1 2 3 4 5 6 7"))
    assert indicator_changes(before, after, US) == []


@pytest.mark.parametrize("turned", [False, True])
def test_an_indicator_not_eligible_on_one_side_is_no_change(turned: bool) -> None:
    # By the large tie the indicator keeps its ranks and loses its place among the judged.
    sides = known(("x", "2022", GOOD)), known(("x", "2023", "9 1 1 1 1 1 2 3"))
    before, after = reversed(sides) if turned else sides
    assert indicator_changes(before, after, US) == []


@pytest.mark.parametrize("turned", [False, True])
def test_the_council_missing_on_one_side_is_no_change(turned: bool) -> None:
    sides = known(("x", "2022", "- 1 2 4 5 6 7 8")), known(("x", "2023", BAD))
    before, after = reversed(sides) if turned else sides
    assert indicator_changes(before, after, US) == []


def test_an_indicator_without_direction_is_no_change() -> None:
    entries = [entry("x", "none")]
    assert (
        indicator_changes(known(("x", "2022", GOOD), entries=entries), known(("x", "2023", BAD), entries=entries), US)
        == []
    )


def test_the_first_sight_of_an_indicator_is_a_baseline_and_not_a_change() -> None:
    before, after = known(("x", "2023", GOOD)), known(("x", "2023", GOOD), ("y", "2023", BAD))
    assert indicator_changes(before, after, US) == []
    change = only(baselines(after.snapshot, US, ["y"]))
    assert (change.kind, change.cause, change.indicator, change.before) == (Kind.BASELINE, None, "y", None)
    assert change.after.rank == 8
    assert not change.alerts


def test_an_indicator_in_which_the_council_has_no_rank_is_no_baseline() -> None:
    after = known(("y", "2023", "- 1 2 4 5 6 7 8"))
    assert baselines(after.snapshot, US, ["y", "unheard-of"]) == []


def test_only_the_indicators_asked_for_are_compared() -> None:
    before = known(("x", "2022", GOOD), ("y", "2022", GOOD))
    after = known(("x", "2023", BAD), ("y", "2023", BAD))
    assert {change.indicator for change in indicator_changes(before, after, US, ["y"])} == {"y"}


# --- themes and composites ------------------------------------------------------------------------

ALL = (Composite("Overall"),)


def moved(before: Known, after: Known, **thresholds: int) -> list[Change]:
    return basket_changes(before, after, US, Thresholds(**thresholds))


def test_a_theme_moved_by_one_place_is_told_and_a_composite_is_not() -> None:
    before = known(("x", "2022", "3 1 2 4 5 6 7 8"), composites=ALL)
    after = known(("x", "2023", "4.5 1 2 4 5 6 7 8"), composites=ALL)
    change = only(moved(before, after))
    assert (change.kind, change.cause, change.theme, change.indicator) == (
        Kind.THEME_MOVED,
        Cause.PERFORMANCE,
        "Theme",
        None,
    )
    assert change.before
    assert (change.before.rank, change.before.of, change.after.rank) == (3, 8, 4)
    assert change.reason == "new periods in 1 of 1 indicator"


@pytest.mark.parametrize(("ours", "told"), [("5.5", False), ("6.5", True), ("7.5", True)])
def test_a_composite_is_told_from_three_places_on(ours: str, told: bool) -> None:
    before = known(("x", "2022", "3 1 2 4 5 6 7 8"), composites=ALL)
    after = known(("x", "2023", f"{ours} 1 2 4 5 6 7 8"), composites=ALL)
    kinds = [change.kind for change in moved(before, after)]
    assert kinds == [Kind.THEME_MOVED, *([Kind.COMPOSITE_MOVED] if told else [])]


def test_a_theme_moved_by_less_than_its_threshold_is_not_told() -> None:
    before, after = known(("x", "2022", GOOD)), known(("x", "2023", "4.5 1 2 4 5 6 7 8"))
    assert moved(before, after, theme=2) == []
    assert len(moved(before, after, theme=1)) == 1


def test_a_joiner_that_alone_moves_the_theme_is_basket() -> None:
    before = known(("x", "2023", GOOD))
    after = known(("x", "2023", GOOD), ("y", "2023", BAD))
    change = only(moved(before, after))
    assert change.cause == Cause.BASKET
    assert change.reason == "1 indicator joined and 0 left; without them it did not move"
    assert not change.alerts


def test_a_leaver_that_alone_moves_the_theme_is_basket() -> None:
    before = known(("x", "2023", GOOD), ("y", "2022", BAD))
    after = known(("x", "2023", GOOD), ("y", "2023", "9 1 1 1 1 1 2 3"))  # a large tie: no longer eligible
    change = only(moved(before, after))
    assert change.cause == Cause.BASKET
    assert change.reason == "0 indicators joined and 1 left; without them it did not move"


def test_a_joiner_that_turns_a_gain_into_a_loss_is_basket() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2023", "1.5 1 2 4 5 6 7 8"), ("y", "2023", BAD))
    change = only(moved(before, after))
    assert change.before
    assert (change.after.rank or 0) > (change.before.rank or 0)
    assert change.cause == Cause.BASKET
    assert change.reason == "1 indicator joined and 0 left; without them it moved the other way"


def test_a_joiner_but_for_which_a_move_were_too_small_to_tell_is_basket() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2023", "4.5 1 2 4 5 6 7 8"), ("y", "2023", BAD))
    change = only(moved(before, after, theme=2))
    assert change.cause == Cause.BASKET
    assert change.reason == "1 indicator joined and 0 left; without them it moved less"


def test_a_method_but_for_which_a_move_were_too_small_to_tell_did_not_stop_all_of_it() -> None:
    before = known(("x", "2022", GOOD), entries=[entry("x", "low")])
    after = known(("x", "2023", "4.5 1 2 4 5 6 7 8"), entries=[entry("x", "high")])
    change = only(moved(before, after, theme=2))
    assert change.cause == Cause.METHOD
    assert change.reason == "a rule or a catalogue entry changed; by the earlier one it moved less"


def test_a_loss_that_a_joiner_only_adds_to_is_performance() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2023", BAD), ("y", "2023", BAD))
    assert only(moved(before, after)).cause == Cause.PERFORMANCE


def test_a_peer_abolished_moves_a_theme_by_comparators() -> None:
    figures = (("x", "2023", "5 1 2 3 4 6"), ("y", "2023", "5 1 2 3 4 6"))
    before = known(*figures, areas=SIX)
    after = known(*figures, areas=SIX, among="UBCDE")
    change = only(moved(before, after))
    assert change.cause == Cause.COMPARATORS
    assert change.before
    assert (change.before.rank, change.before.of, change.after.rank, change.after.of) == (5, 6, 4, 5)


def test_revised_figures_of_the_same_periods_move_a_theme_by_revision() -> None:
    assert only(moved(known(("x", "2023", GOOD)), known(("x", "2023", BAD)))).cause == Cause.REVISION


def test_revised_figures_of_the_earlier_periods_move_a_theme_by_revision() -> None:
    before = known(("x", "2022", GOOD))
    after = known(("x", "2022", BAD), ("x", "2023", "9.5 1 2 4 5 6 7 8"))
    assert only(moved(before, after)).cause == Cause.REVISION


def test_fewer_decimals_move_a_theme_by_method() -> None:
    figures = ("x", "2023", "7.4 1 2 3 4 5 7.2 7.3")
    before = known(figures, entries=[entry("x", decimals=1)])
    after = known(figures, entries=[entry("x", decimals=0)])
    assert only(moved(before, after)).cause == Cause.METHOD


def test_a_theme_without_a_rank_on_one_side_is_no_change() -> None:
    sides = known(("x", "2022", "- 1 2 4 5 6 7 8")), known(("x", "2023", BAD))
    assert moved(*sides) == []
    assert moved(*reversed(sides)) == []


def test_a_theme_seen_for_the_first_time_is_no_change() -> None:
    before = known(("x", "2023", GOOD))
    entries = [entry("x"), entry("y", theme="Other")]
    assert moved(before, known(("x", "2023", GOOD), ("y", "2023", BAD), entries=entries)) == []


def test_a_spending_line_is_never_a_change() -> None:
    entries = [entry("spend", "none", theme="Expenditure")]
    before, after = (
        known(("spend", year, values), entries=entries) for year, values in (("2022", GOOD), ("2023", BAD))
    )
    assert after.snapshot.baskets == (("Expenditure: spend", "expenditure"),)
    assert moved(before, after) == []


def test_only_the_baskets_asked_for_are_compared() -> None:
    before, after = known(("x", "2022", GOOD), composites=ALL), known(("x", "2023", BAD), composites=ALL)
    found = basket_changes(before, after, US, Thresholds(), ["Overall"])
    assert [change.kind for change in found] == [Kind.COMPOSITE_MOVED]


# --- significant improvement ----------------------------------------------------------------------

STILL_BAD = "12 1 2 4 5 6 7 8"
MARGIN = {"2022": 1.96, "2023": 1.96}
"""A standard error of one on each side, so z is the gain over the root of two."""


def test_a_significant_improvement_is_told_though_we_are_still_in_the_bottom_quartile() -> None:
    before = known(("x", "2022", "15 1 2 4 5 6 7 8"), limits=MARGIN)
    after = known(("x", "2023", STILL_BAD), limits=MARGIN)
    change = only(indicator_changes(before, after, US))
    assert (change.kind, change.cause) == (Kind.IMPROVED, Cause.PERFORMANCE)
    assert improvement_z(before.snapshot, after.snapshot, "x", US) == pytest.approx(3 / 2**0.5)
    assert "2.1 standard errors" in change.reason


def test_where_high_is_good_an_improvement_is_a_rise() -> None:
    entries = [entry("x", "high")]
    before = known(("x", "2022", "-15 -1 -2 -4 -5 -6 -7 -8"), limits=MARGIN, entries=entries)
    after = known(("x", "2023", "-12 -1 -2 -4 -5 -6 -7 -8"), limits=MARGIN, entries=entries)
    assert only(indicator_changes(before, after, US)).kind == Kind.IMPROVED


@pytest.mark.parametrize(
    ("first", "second", "ours", "limits"),
    [
        ("2022", "2023", "15", None),  # no limits published
        ("2022", "2023", "15", {"2022": 1.96}),  # on one side only
        ("2022", "2023", "14", MARGIN),  # 2 over the root of two is below 1.96
        ("2022", "2023", "9", MARGIN),  # it got worse
        ("2021-23", "2022-24", "15", {"2021-23": 1.96, "2022-24": 1.96}),  # the periods overlap
        ("2023", "2023", "15", {"2023": 1.96}),  # the same period, revised
    ],
)
def test_nothing_is_said_of_significance_where_nothing_may_be(
    first: str, second: str, ours: str, limits: dict[str, float] | None
) -> None:
    before = known(("x", first, f"{ours} 1 2 4 5 6 7 8"), limits=limits)
    after = known(("x", second, STILL_BAD), limits=limits)
    assert indicator_changes(before, after, US) == []
    assert improvement_z(before.snapshot, after.snapshot, "x", US) <= 1.96


def test_an_improvement_outside_the_bottom_quartile_is_no_change() -> None:
    before = known(("x", "2022", "6.5 1 2 3 4 5 7 8"), limits=MARGIN)
    after = known(("x", "2023", "1 1 2 3 4 5 7 8"), limits=MARGIN)
    assert indicator_changes(before, after, US) == []
