"""Each check fires on the fault it is for, with evidence a person can use, and is silent on ordinary figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from engine.catalogue import Indicator, Polarity
from engine.panel import Panel
from engine.quality import (
    Check,
    Finding,
    Limits,
    description_findings,
    indicator_findings,
    indicators_lost,
    release_findings,
    unit_scale,
)
from tests.engine import oracle

AREAS = tuple(f"E{at:08}" for at in range(1, 25))
NAMES = {code: f"County {at}" for at, code in enumerate(AREAS, start=1)}
US = AREAS[0]
YEARS = ("2019", "2020", "2021", "2022", "2023")

Row = npt.NDArray[np.float64]
Series = Mapping[str, Row]


def panel(**indicators: Series) -> Panel:
    series = [
        (code, label, " ".join("-" if np.isnan(value) else f"{value:.6g}" for value in row))
        for code, rows in indicators.items()
        for label, row in rows.items()
    ]
    return oracle.panel(oracle.observations(AREAS, *series), AREAS)


def ordinary(
    seed: int = 1, *, level: float = 50, between: float = 12, within: float = 2, years: int = 5
) -> dict[str, Row]:
    """A series as publishers have it: areas differ more from each other than from themselves a year before."""
    draw = np.random.default_rng(seed)
    base = level + between * draw.standard_normal(len(AREAS))
    labels = [str(2024 - years + at) for at in range(years)]
    return {label: np.round(base + within * draw.standard_normal(len(AREAS)), 1) for label in labels}


def revised(series: Series, *, share: float = 0.3, by: float = 0.4, seed: int = 9) -> dict[str, Row]:
    """The same series with some of its figures corrected a little."""
    draw = np.random.default_rng(seed)
    return {
        label: np.where(draw.random(row.size) < share, np.round(row + by * draw.standard_normal(row.size), 1), row)
        for label, row in series.items()
    }


def moved_back(series: Series) -> dict[str, Row]:
    """Every period's figures under the label of the year before."""
    return {str(int(label) - 1): row for label, row in series.items()}


def moved_on(series: Series) -> dict[str, Row]:
    return {str(int(label) + 1): row for label, row in series.items()}


def blanked(row: Row, count: int) -> Row:
    out = row.copy()
    out[-count:] = np.nan
    return out


def of_series(new: Series, old: Series, limits: Limits | None = None) -> list[Finding]:
    return indicator_findings(panel(x=new), panel(x=old), limits or Limits())


def of_release(new: Panel, old: Panel, limits: Limits | None = None) -> list[Finding]:
    return release_findings(new, old, US, NAMES, limits or Limits())


def the_only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


# --- ordinary releases ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_new_period_is_ordinary(seed: int) -> None:
    whole = ordinary(seed, years=6)
    old = dict(list(whole.items())[:-1])
    assert of_series(whole, old) == []
    assert of_release(panel(x=whole), panel(x=old)) == []


@pytest.mark.parametrize("seed", range(8))
def test_revised_figures_are_ordinary(seed: int) -> None:
    old = ordinary(seed)
    assert of_series(revised(old, share=0.8), old) == []


def test_the_same_figures_again_are_ordinary() -> None:
    same = ordinary()
    assert of_series(same, same) == []
    assert of_release(panel(x=same), panel(x=same)) == []


def test_a_history_cut_short_at_its_beginning_is_ordinary() -> None:
    old = ordinary()
    new = dict(list(old.items())[2:])
    assert of_series(new, old) == []
    assert of_release(panel(x=new), panel(x=old)) == []


def test_an_indicator_seen_for_the_first_time_has_nothing_to_be_compared_with() -> None:
    assert indicator_findings(panel(y=ordinary()), panel(x=ordinary()), Limits()) == []
    assert of_release(panel(y=ordinary()), panel(x=ordinary())) == []


# --- labels moved ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_labels_moved_back_are_found(seed: int) -> None:
    old = ordinary(seed)
    finding = the_only(of_series({**moved_back(old), "2023": ordinary(seed + 50)["2023"]}, old))
    assert (finding.check, finding.indicator) == (Check.LABELS_MOVED, "x")
    assert "one label back" in finding.evidence


@pytest.mark.parametrize("seed", range(5))
def test_labels_moved_on_are_found(seed: int) -> None:
    old = ordinary(seed)
    assert the_only(of_series(moved_on(old), old)).check == Check.LABELS_MOVED


def test_labels_moved_on_are_not_said_to_have_moved_back() -> None:
    old = ordinary(0)
    assert "one label on" in the_only(of_series(moved_on(old), old)).evidence


@pytest.mark.parametrize("seed", range(5))
def test_labels_moved_back_with_every_figure_revised_are_found(seed: int) -> None:
    old = ordinary(seed)
    new = revised(moved_back(old), share=1, by=0.5)
    finding = the_only(of_series(new, old))
    assert finding.check == Check.LABELS_MOVED
    assert "instead of" in finding.evidence


@pytest.mark.parametrize("seed", range(5))
def test_labels_moved_on_with_every_figure_revised_are_found(seed: int) -> None:
    old = ordinary(seed)
    assert the_only(of_series(revised(moved_on(old), share=1, by=0.5), old)).check == Check.LABELS_MOVED


def test_one_label_that_took_its_neighbours_place_is_named() -> None:
    old = ordinary()
    new = {**old, "2021": old["2022"]}
    new.pop("2022")
    finding = the_only(of_series(new, old))
    assert finding.check == Check.LABELS_MOVED
    assert "2022" in finding.evidence
    assert "2021" in finding.evidence


def test_financial_years_move_like_calendar_years() -> None:
    old = {f"{year}/{int(year[2:]) + 1}": row for year, row in ordinary().items()}
    rows = list(old.values())
    assert the_only(of_series(dict(zip(list(old)[:-1], rows[1:], strict=True)), old)).check == Check.LABELS_MOVED


def test_too_few_areas_to_tell_are_left_alone() -> None:
    old = {label: blanked(row, len(AREAS) - 9) for label, row in ordinary().items()}
    assert of_series(moved_back(old), old) == []


def test_a_whole_percent_series_that_hardly_changes_is_not_taken_for_moved() -> None:
    draw = np.random.default_rng(4)
    base = draw.integers(2, 6, len(AREAS)).astype(float)
    rows = [np.where(draw.random(len(AREAS)) < 0.1, base + 1, base) for _ in range(7)]
    old = dict(zip(YEARS, rows[:5], strict=True))
    new = {**old, "2022": rows[5], "2024": rows[6]}
    assert of_series(new, old) == []


def test_a_figure_carried_forward_to_a_new_label_is_not_taken_for_moved() -> None:
    old = ordinary()
    assert of_series({**old, "2024": old["2023"]}, old) == []


def test_a_flat_series_revised_and_carried_forward_is_not_taken_for_moved() -> None:
    base = ordinary()["2019"]
    old = dict.fromkeys(YEARS, base)
    better = base.copy()
    better[3] += 1
    assert of_series(dict.fromkeys((*YEARS, "2024"), better), old) == []


def test_a_release_of_one_new_period_with_grades_like_the_last_is_not_taken_for_moved() -> None:
    grades = np.array([1, 2, 3, 4] * 6, np.float64)
    next_year = grades.copy()
    next_year[5] = 1
    assert of_series({"2024": next_year}, {"2023": grades}) == []


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 1.25])
def test_a_series_rebased_in_proportion_is_not_taken_for_moved(factor: float) -> None:
    flat = ordinary(3, within=0.5)
    old = {label: row * 1.1**at for at, (label, row) in enumerate(flat.items())}
    assert of_series({label: np.round(row * factor, 1) for label, row in old.items()}, old) == []


# --- median and coverage --------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [10, 0.1, 1000])
def test_a_median_many_times_what_it_was_is_found(factor: float) -> None:
    old = ordinary(level=70, between=5)
    finding = the_only(of_series({**old, "2024": old["2023"] * factor}, old))
    assert (finding.check, finding.indicator) == (Check.MEDIAN_JUMP, "x")
    assert "(2023)" in finding.evidence
    assert "(2024)" in finding.evidence


@pytest.mark.parametrize("factor", [2, 0.5, 4.9])
def test_a_median_that_doubles_is_ordinary(factor: float) -> None:
    old = ordinary(level=70, between=5)
    assert of_series({**old, "2024": np.round(ordinary(8, level=70)["2023"] * factor, 1)}, old) == []


def test_how_far_a_median_may_jump_is_a_setting() -> None:
    old = ordinary(level=70, between=5)
    new = {**old, "2024": ordinary(8, level=70, between=5)["2023"] * 3}
    assert of_series(new, old) == []
    assert the_only(of_series(new, old, Limits(median_jump=2))).check == Check.MEDIAN_JUMP


def test_a_median_of_nought_is_no_measure_of_a_jump() -> None:
    nothing = np.zeros(len(AREAS))
    assert of_series({"2022": nothing, "2023": nothing + 5}, {"2022": nothing}) == []


def test_areas_that_lost_their_figure_for_a_period_are_found() -> None:
    old = ordinary()
    finding = the_only(of_series({**old, "2023": blanked(old["2023"], 8)}, old))
    assert (finding.check, finding.indicator) == (Check.COVERAGE_LOST, "x")
    assert finding.evidence == "8 of 24 areas lost their figure for 2023"


def test_a_few_areas_without_a_figure_are_ordinary() -> None:
    old = ordinary()
    assert of_series({**old, "2023": blanked(old["2023"], 4)}, old) == []


def test_an_indicator_has_the_finding_that_explains_the_most() -> None:
    old = ordinary()
    moved = {label: blanked(row, 8) for label, row in moved_back(old).items()}
    assert the_only(of_series(moved, old)).check == Check.LABELS_MOVED


def test_findings_name_their_indicators() -> None:
    old, other = ordinary(1), ordinary(2)
    new = panel(a=other, b=moved_back(old), c=other)
    findings = indicator_findings(new, panel(a=other, b=old, c=other), Limits())
    assert [finding.indicator for finding in findings] == ["b"]


# --- the release as a whole -----------------------------------------------------------------------


def several() -> dict[str, dict[str, Row]]:
    return {f"i{at}": ordinary(at) for at in range(5)}


def without(series: Mapping[str, Series], areas: int | slice) -> dict[str, dict[str, Row]]:
    out = {code: {label: row.copy() for label, row in rows.items()} for code, rows in series.items()}
    for rows in out.values():
        for row in rows.values():
            row[areas] = np.nan
    return out


def test_an_older_release_republished_is_found() -> None:
    old = several()
    new = {code: dict(list(rows.items())[:-1]) for code, rows in old.items()}
    finding = the_only(of_release(panel(**new), panel(**old)))
    assert (finding.check, finding.indicator) == (Check.OLDER_RELEASE, None)
    assert "5 of 5 series" in finding.evidence


@pytest.mark.parametrize(("earlier", "older"), [(1, False), (2, False), (3, True)])
def test_a_release_is_older_when_most_of_its_series_end_earlier(earlier: int, older: bool) -> None:
    old = several()
    cut = {code: dict(list(rows.items())[:-1]) for code, rows in list(old.items())[:earlier]}
    found = {finding.check for finding in of_release(panel(**{**old, **cut}), panel(**old))}
    assert found == ({Check.OLDER_RELEASE} if older else set())


def test_areas_lost_wholesale_are_found_and_named() -> None:
    old = several()
    finding = the_only(of_release(panel(**without(old, slice(16, None))), panel(**old)))
    assert finding.check == Check.AREAS_LOST
    assert "8 of 24 areas" in finding.evidence
    assert "County 17" in finding.evidence


def test_a_few_areas_lost_are_ordinary() -> None:
    old = several()
    assert of_release(panel(**without(old, slice(20, None))), panel(**old)) == []


def test_the_council_itself_lost_is_found_though_it_is_only_one() -> None:
    old = several()
    finding = the_only(of_release(panel(**without(old, 0)), panel(**old)))
    assert finding.check == Check.COUNCIL_LOST
    assert "County 1" in finding.evidence


def test_the_council_without_a_figure_in_one_of_several_indicators_is_ordinary() -> None:
    old = several()
    new = {**old, "i0": without({"i0": old["i0"]}, 0)["i0"]}
    assert of_release(panel(**new), panel(**old)) == []


def test_rows_lost_wholesale_are_found() -> None:
    old = several()
    new = {}
    for at, (code, rows) in enumerate(old.items()):
        gone = [1 + (4 * at + step) % (len(AREAS) - 1) for step in range(14)]
        new[code] = {label: np.where(np.isin(np.arange(len(AREAS)), gone), np.nan, row) for label, row in rows.items()}
    finding = the_only(of_release(panel(**new), panel(**old)))
    assert finding.check == Check.ROWS_LOST
    assert "50 figures" in finding.evidence
    assert "120" in finding.evidence


def test_a_release_of_the_newest_period_alone_is_ordinary() -> None:
    old = several()
    new = {code: dict(list(rows.items())[-1:]) for code, rows in old.items()}
    assert of_release(panel(**new), panel(**old)) == []


@pytest.mark.parametrize(("here", "before", "lost"), [(9, 20, True), (10, 20, False), (1, 19, False), (0, 0, False)])
def test_a_bulk_release_cut_short_is_found_and_a_part_of_a_small_one_is_ordinary(
    here: int, before: int, lost: bool
) -> None:
    codes = [f"i{at}" for at in range(before)]
    findings = indicators_lost([*codes[:here], "new"], codes, Limits())
    assert [finding.check for finding in findings] == [Check.ROWS_LOST] * lost


def test_a_release_of_other_indicators_has_lost_nothing() -> None:
    old = several()
    assert of_release(panel(i0=old["i0"]), panel(**old)) == []


# --- descriptions ---------------------------------------------------------------------------------


def described(unit: str = "%", polarity: str = "low", code: str = "x") -> Indicator:
    return Indicator(code, code, "Theme", Polarity.parse(polarity), unit)


def of_descriptions(new: Indicator, old: Indicator) -> list[Finding]:
    return description_findings([new], {old.code: old})


def test_a_direction_turned_round_is_found() -> None:
    finding = the_only(of_descriptions(described(polarity="high"), described(polarity="low")))
    assert (finding.check, finding.indicator) == (Check.POLARITY_CHANGED, "x")
    assert finding.evidence == "direction was low, now high"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("per 10,000", "per 1,000"),
        ("Rate per 10,000 of 10-17 population", "Rate per 1,000 of 10-17 population"),
        ("%", "Number"),
        ("£", "£ thousand"),
        ("£ million", "£ thousand"),
        ("Number", "per 100000"),
    ],
)
def test_a_unit_on_another_scale_is_found(before: str, now: str) -> None:
    finding = the_only(of_descriptions(described(now), described(before)))
    assert finding.check == Check.UNIT_CHANGED
    assert repr(before) in finding.evidence
    assert repr(now) in finding.evidence


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("% of Looked After Children", "% of Children Looked After"),
        ("per 10,000", "Rate per 10000 children"),
        ("% of pupils", "per cent of pupils"),
        ("Percentage", "%"),
        ("Number of pupils", "Pupils"),
        ("GBP per head", "£ per head"),
        ("", "score"),
        ("Rate per 100,000", "per 100,000"),
    ],
)
def test_a_unit_only_reworded_is_ordinary(before: str, now: str) -> None:
    assert of_descriptions(described(now), described(before)) == []


def test_an_indicator_never_described_before_is_ordinary() -> None:
    assert description_findings([described(code="new")], {"x": described()}) == []


def test_a_scale_is_the_part_of_a_unit_that_a_figure_is_multiplied_by() -> None:
    assert unit_scale("Rate per 10,000") == ("per 10000",)
    assert unit_scale("£ million") == ("£", "million")
    assert unit_scale("Number of pupils") == ()
