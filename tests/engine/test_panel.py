"""The matrix: rows in order of indicator and period, one place for each cell, nothing overwritten in silence."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.errors import PanelError
from engine.panel import ABSENT, PLAIN, Panel
from engine.periods import parse_period

AREAS = ("A", "B", "C")


def panel(*cells: tuple[str, str, str, float], areas: tuple[str, ...] = AREAS) -> Panel:
    """A panel of (indicator, label, area, value); each value's limits are one below and one above."""
    labels = list(dict.fromkeys((code, label) for code, label, _, _ in cells))
    values = np.array([value for *_, value in cells])
    return Panel.build(
        [(code, parse_period(label), label) for code, label in labels],
        areas,
        (
            np.array([labels.index((code, label)) for code, label, _, _ in cells], np.int64),
            np.array([areas.index(area) for _, _, area, _ in cells], np.int64),
            values,
            np.full(len(cells), PLAIN, np.int16),
            values - 1,
            values + 1,
        ),
    )


MIXED = (("y", "2023", "B", 5.0), ("x", "2023/24", "A", 3.0), ("x", "2023", "C", 2.0), ("x", "2021-23", "A", 1.0))


def test_rows_are_in_order_of_indicator_last_day_and_first_day() -> None:
    found = panel(*MIXED)
    assert found.indicators == ("x", "y")
    assert found.labels == ("2021-23", "2023", "2023/24", "2023")
    assert found.row_indicator.tolist() == [0, 0, 0, 1]


def test_each_value_is_in_its_place_with_its_limits_and_the_rest_is_absent() -> None:
    found = panel(*MIXED)
    places = {(0, 0): 1.0, (1, 2): 2.0, (2, 0): 3.0, (3, 1): 5.0}
    for row in range(4):
        for column in range(3):
            value = places.get((row, column), np.nan)
            assert found.status[row, column] == (PLAIN if (row, column) in places else ABSENT)
            cell = [getattr(found, field)[row, column] for field in ("lower", "values", "upper")]
            np.testing.assert_array_equal(cell, [value - 1, value, value + 1])


def test_two_values_for_one_cell_are_refused_with_their_place() -> None:
    with pytest.raises(PanelError, match="x, C, 2023: more than one value"):
        panel(("w", "2020", "A", 0.0), ("x", "2023", "C", 1.0), ("x", "2023", "C", 1.0))


def test_a_panel_without_rows_can_be_built_and_cut() -> None:
    empty = panel()
    assert empty.values.shape == (0, 3)
    assert empty.for_areas(("B", "Z")).values.shape == (0, 2)
    assert empty.rows(np.empty(0, np.int64)).indicators == ()
    assert empty.row_of == {}


def test_a_row_is_found_by_indicator_and_days_whatever_the_mark() -> None:
    found = panel(("x", "2023 (prov)", "A", 1.0), ("y", "2023", "A", 1.0))
    assert found.row_of == {("x", "2023-01-01/2023-12-31"): 0, ("y", "2023-01-01/2023-12-31"): 1}


def test_ends_are_the_last_days() -> None:
    days = [date.fromordinal(end) for end in panel(*MIXED).ends().tolist()]
    assert days == [date(2023, 12, 31), date(2023, 12, 31), date(2024, 3, 31), date(2023, 12, 31)]


def test_other_areas_are_taken_in_their_order_and_the_unknown_is_absent() -> None:
    found = panel(*MIXED).for_areas(("C", "Z", "A"))
    assert found.areas == ("C", "Z", "A")
    np.testing.assert_array_equal(found.values[:, 0], [np.nan, 2, np.nan, np.nan])
    np.testing.assert_array_equal(found.upper[:, 2], [2, np.nan, 4, np.nan])
    assert (found.status[:, 1] == ABSENT).all()
    assert np.isnan(found.values[:, 1]).all()


def test_rows_kept_are_renumbered_and_indicators_without_a_row_are_dropped() -> None:
    found = panel(*MIXED).rows(np.array([3]))
    assert (found.indicators, found.labels, found.row_indicator.tolist()) == (("y",), ("2023",), [0])
    np.testing.assert_array_equal(found.values, [[np.nan, 5, np.nan]])


def test_taking_areas_or_rows_leaves_the_panel_as_it_was() -> None:
    found = panel(*MIXED)
    values = found.values.copy()
    found.for_areas(("C",)).values[:] = 99
    found.rows(np.array([0, 2])).values[:] = 99
    np.testing.assert_array_equal(found.values, values)
