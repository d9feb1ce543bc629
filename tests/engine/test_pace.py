"""The pace of a figure, by hand: which periods count, how long it takes to a line, and where it is on a day."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pace import Pace, pace, run, years_between
from engine.periods import Period, parse_period

steady = settings(derandomize=True, max_examples=60)


def in_months(day: date) -> Fraction:
    """Months gone by at the end of a day, the one it is in by its share of days."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return 12 * day.year + day.month + Fraction(day.day, (following - timedelta(days=1)).day)


def over(*figures: tuple[str, float]) -> list[tuple[Period, float]]:
    return [(parse_period(label), value) for label, value in figures]


def at_pace(found: Pace | None) -> tuple[object, ...]:
    """The way and periods, the years and the pace to two decimals."""
    if found is None:
        return (None,)
    years = None if found.years is None else round(float(found.years), 2)
    return found.way, found.periods, years, round(float(found.per_year), 2)


@pytest.mark.parametrize(
    ("points", "needed", "told"),
    [
        pytest.param((("2022", 10), ("2023", 9), ("2024", 8)), "6", ("towards", 2, 2.0, -1.0), id="years down"),
        pytest.param((("2022", 6), ("2023", 9), ("2024", 8)), "10", ("towards", 2, 2.0, 1.0), id="up, not evenly"),
        pytest.param((("2022", 10), ("2023", 9), ("2024", 8)), "5.5", ("towards", 3, 2.5, -1.0), id="half way"),
        pytest.param((("2022", 10), ("2023", 9), ("2024", 8)), "7.9", ("towards", 1, 0.1, -1.0), id="next"),
        pytest.param((("2022", 10), ("2023", 9), ("2024", 8)), "9", ("away", None, None, -1.0), id="away"),
        pytest.param((("2022", 8), ("2023", 9), ("2024", 8)), "6", ("still", None, None, 0.0), id="still"),
        pytest.param(
            (("2020", 99), ("2022", 10), ("2023", 9), ("2024", 8)), "6", ("towards", 2, 2.0, -1.0), id="last 3"
        ),
        pytest.param((("2024", 8), ("2022", 10), ("2023", 9)), "6", ("towards", 2, 2.0, -1.0), id="any order"),
        pytest.param((("2016", 10), ("2018", 9), ("2024", 8)), "6", ("towards", 2, 8.0, -0.25), id="a gap in between"),
        pytest.param((("2020-22", 10), ("2021-23", 9), ("2022-24", 8)), "6", ("towards", 2, 2.0, -1.0), id="rolling"),
        pytest.param(
            (("Apr-Jun 2024", 10), ("Jul-Sep 2024", 9), ("Oct-Dec 2024", 8)),
            "5",
            ("towards", 3, 0.75, -4.0),
            id="quarters",
        ),
        pytest.param(
            (("Dec 2023", 10), ("Jan 2024", 9), ("Feb 2024", 8)), "7", ("towards", 1, 0.08, -12.0), id="months"
        ),
        pytest.param((("2022", 10), ("2023", 9)), "6", (None,), id="two periods"),
        pytest.param((("2022-24", 8), ("2022", 10), ("2023", 9)), "6", (None,), id="of other lengths"),
        pytest.param(
            (("2021", 30), ("2022", 10), ("2023", 9), ("Q4 2023", 70), ("2024", 8)),
            "6",
            ("towards", 2, 2.0, -1.0),
            id="others left out",
        ),
        pytest.param((("2023", 10), ("2023", 9), ("2023", 8)), "6", (None,), id="one period thrice"),
        pytest.param((), "6", (None,), id="none"),
    ],
)
def test_paces_worked_out_by_hand(points: tuple[tuple[str, float], ...], needed: str, told: tuple[object, ...]) -> None:
    assert at_pace(pace(over(*points), Fraction(needed), 1)) == told


def test_figures_that_compare_as_equal_stand_still() -> None:
    points = over(("2022", 10.04), ("2023", 9.0), ("2024", 9.96))
    found = pace(points, Fraction(6), 1)
    assert found is not None
    assert found.way == "still"
    finer = pace(points, Fraction(6), 2)
    assert finer is not None
    assert finer.way == "towards"


@given(
    values=st.lists(st.integers(-50, 50), min_size=3, max_size=3),
    gaps=st.lists(st.integers(200, 1500), min_size=2, max_size=2),
    needed=st.integers(-60, 60),
)
@steady
def test_going_on_at_the_pace_reaches_the_value_at_that_period_and_not_before(
    values: list[int], gaps: list[int], needed: int
) -> None:
    ends = [date(2015, 12, 31)]
    for gap in gaps:
        ends.append(ends[-1] + timedelta(days=gap))
    points = [(Period(end - timedelta(days=364), end), float(value)) for end, value in zip(ends, values, strict=True)]
    found = pace(points, Fraction(needed), 0)
    assert found is not None
    step = Fraction(values[2] - values[0], 2)
    if not step:
        assert (found.way, found.periods) == ("still", None)
        return
    if (needed - values[2]) * step <= 0:
        assert (found.way, found.periods) == ("away", None)
        return
    reached, at = 0, Fraction(values[2])
    while (needed - at) * step > 0:
        reached, at = reached + 1, at + step
    assert (found.way, found.periods) == ("towards", reached)
    assert found.years == Fraction(needed - values[2]) / step * (in_months(ends[-1]) - in_months(ends[0])) / 24


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        pytest.param("2023-12-31", "2024-12-31", "1", id="a leap year"),
        pytest.param("2022-12-31", "2023-12-31", "1", id="a common year"),
        pytest.param("2024-02-29", "2025-02-28", "1", id="from one end of February to another"),
        pytest.param("2016-12-31", "2021-03-31", "17/4", id="ends of months"),
        pytest.param("2024-03-15", "2025-03-15", "1", id="the same day"),
        pytest.param("2024-04-15", "2024-05-31", "1/8", id="half a month and one"),
        pytest.param("2024-05-31", "2024-04-15", "-1/8", id="backwards"),
        pytest.param("2024-05-31", "2024-05-31", "0", id="no time"),
    ],
)
def test_time_is_counted_in_months_that_are_all_alike(first: str, last: str, years: str) -> None:
    assert years_between(date.fromisoformat(first), date.fromisoformat(last)) == Fraction(years)


@pytest.mark.parametrize(
    ("points", "least", "day", "told"),
    [
        pytest.param((("2022", 10), ("2023", 9), ("2024", 8)), 3, "2026-12-31", "6", id="three periods"),
        pytest.param((("2021", 99), ("2022", 10), ("2023", 9), ("2024", 8)), 3, "2026-12-31", "6", id="the last three"),
        pytest.param((("2023", 9), ("2024", 8)), 3, "2026-12-31", None, id="too few"),
        pytest.param((("2023", 9), ("2024", 8)), 2, "2026-12-31", "6", id="two where two do"),
        pytest.param((("2022", 10), ("2024", 8)), 2, "2025-06-30", "15/2", id="half a year on, after a gap"),
        pytest.param((("2024", 8),), 1, "2026-12-31", None, id="one is never a pace"),
        pytest.param((("2023", 9), ("Q3 2024", 70), ("2024", 8)), 2, "2025-12-31", "7", id="others left out"),
        pytest.param((("2022", 7), ("2023", 9), ("2024", 7)), 3, "2030-12-31", "7", id="level"),
    ],
)
def test_a_figure_goes_on_as_it_went(
    points: tuple[tuple[str, float], ...], least: int, day: str, told: str | None
) -> None:
    found = run(((period, Fraction(value)) for period, value in over(*points)), least)
    assert (None if found is None else found.on(date.fromisoformat(day))) == (None if told is None else Fraction(told))
