"""Indicators made of two others: computed for what a release changes, and no further than the parts are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.derived import with_ratios
from engine.origins import Ratio
from engine.panel import ABSENT, PLAIN, Panel
from engine.periods import parse_period

AREAS = ("E10000018", "E10000024", "E10000031")
SPEND = {"spend": Ratio("outturn", "population", 1000)}

Cells = Mapping[tuple[str, str], list[float | str | None]]


def panel(cells: Cells) -> Panel:
    """A panel from values by (indicator, period) and area: None is missing with remark 7, "-" was never stated."""
    rows = [(code, parse_period(label), label) for code, label in cells]
    at: list[tuple[int, int, float, int]] = []
    for row, values in enumerate(cells.values()):
        for area, value in enumerate(values):
            if not isinstance(value, str):
                at.append((row, area, np.nan if value is None else value, 7 if value is None else PLAIN))
    row_of, area_of, value_of, status = np.array(at, np.float64).reshape(-1, 4).T
    none = np.full(len(at), np.nan)
    return Panel.build(
        rows,
        AREAS,
        (row_of.astype(np.int64), area_of.astype(np.int64), value_of, status.astype(np.int16), none, none),
    )


def values(made: Panel, code: str = "spend") -> dict[str, list[float]]:
    found = {}
    for (indicator, key), row in made.row_of.items():
        if indicator == code:
            found[key] = made.values[row].tolist()
    return found


FULL: Cells = {("outturn", "2023/24"): [100.0, 50.0, None], ("population", "2023"): [1000.0, None, 500.0]}


def test_the_year_that_the_period_begins_in_is_the_denominator() -> None:
    made = with_ratios(panel(FULL), panel({}), SPEND)
    assert values(made).keys() == {parse_period("2023/24").key}
    assert values(made)[parse_period("2023/24").key][0] == 100.0


def test_a_missing_part_leaves_the_ratio_missing_with_its_remark() -> None:
    made = with_ratios(panel(FULL), panel({}), SPEND)
    row = made.row_of["spend", parse_period("2023/24").key]
    assert np.isnan(made.values[row, 1:]).all()
    assert made.status[row].tolist() == [PLAIN, 7, 7]


def test_either_part_alone_completes_what_is_held_of_the_other() -> None:
    outturn, population = ({key: row} for key, row in FULL.items())
    whole = values(with_ratios(panel(FULL), panel({}), SPEND))
    for incoming, held in ((outturn, population), (population, outturn)):
        assert str(values(with_ratios(panel(incoming), panel(held), SPEND))) == str(whole)


def test_without_the_other_part_there_is_no_ratio() -> None:
    alone = panel({("outturn", "2023/24"): [100.0, 50.0, 1.0]})
    assert with_ratios(alone, panel({}), SPEND) is alone
    other_year = panel({("population", "2022"): [1.0, 1.0, 1.0]})
    assert values(with_ratios(alone, other_year, SPEND)) == {}


def test_a_cell_never_stated_gives_none() -> None:
    made = with_ratios(
        panel({("outturn", "2023/24"): [100.0, "-", 3.0], ("population", "2023"): [1000.0, 5.0, "-"]}), panel({}), SPEND
    )
    row = made.row_of["spend", parse_period("2023/24").key]
    assert made.status[row].tolist() == [PLAIN, ABSENT, ABSENT]


def test_nobody_is_divided_by_nought() -> None:
    made = with_ratios(
        panel({("outturn", "2023/24"): [100.0, 5.0, -3.0], ("population", "2023"): [0.0, -5.0, 3.0]}), panel({}), SPEND
    )
    assert str(values(made)[parse_period("2023/24").key]) == str([np.nan, np.nan, -1000.0])


def test_a_release_that_states_neither_part_is_left_as_it_is() -> None:
    incoming = panel({("crime", "2023"): [1.0, 2.0, 3.0]})
    assert with_ratios(incoming, panel(FULL), SPEND) is incoming


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    st.lists(st.floats(1, 1e7), min_size=3, max_size=3),
    st.booleans(),
)
def test_the_arithmetic_is_the_schoolbook_one(of: list[float], to: list[float], outturn_first: bool) -> None:
    outturn: Cells = {("outturn", "2023/24"): list(of)}
    population: Cells = {("population", "2023"): list(to)}
    sides = (outturn, population) if outturn_first else (population, outturn)
    made = with_ratios(panel(sides[1]), panel(sides[0]), SPEND)
    expected = [a * 1000 / b for a, b in zip(of, to, strict=True)]
    assert values(made)[parse_period("2023/24").key] == pytest.approx(expected, rel=1e-12)
