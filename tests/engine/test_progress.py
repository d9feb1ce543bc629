"""Targets and direction of travel: figures and targets as printed, what became of them, and the counts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.catalogue import Polarity
from engine.periods import Period, parse_period
from engine.progress import Direction, Progress, direction, relative_change, scorecards
from engine.targets import (
    Course,
    Known,
    Target,
    Verdict,
    as_printed,
    assess,
    plain_target,
    predict,
    read_figure,
    read_target,
)

HIGH, LOW, NONE = (Polarity.parse(word) for word in ("high", "low", "none"))
BAND = Polarity.parse("28..40")
OPPOSITE = {Direction.IMPROVED: Direction.DECLINED, Direction.DECLINED: Direction.IMPROVED}

figures = st.decimals(min_value=-(10**9), max_value=10**9, places=3, allow_nan=False, allow_infinity=False)
above_nothing = st.decimals(min_value="0.001", max_value=1000, places=3, allow_nan=False, allow_infinity=False)


# --- figures as printed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("£653", "653", "£"),
        ("1.48m", "1480000", ""),
        ("£26.17m", "26170000", "£"),
        ("£23.7bn", "23700000000", "£"),
        ("£12k", "12000", "£"),
        ("95%", "95", "%"),
        ("69.10%", "69.1", "%"),
        ("22,689", "22689", ""),
        ("2,010", "2010", ""),
        ("1094", "1094", ""),
        ("0", "0", ""),
        ("32.3 (2015)", "32.3", ""),
        ("3+", "3", ""),
        ("-0.10", "-0.1", ""),
        ("−0.10", "-0.1", ""),
        ("-£5", "-5", "£"),
        ("£-5", "-5", "£"),
        ("  4.2   % ", "4.2", "%"),
        ("70.1% (Eng.)", "70.1", "%"),
    ],
)
def test_figures_are_read_exactly_as_printed(text: str, value: str, unit: str) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert (figure.value, figure.unit) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["", " ", "-", "–", "N/A", "n/a", "NA", "No data", "no data"])
def test_no_figure_is_none_and_no_word_either(text: str) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert (figure.value, figure.grade) == (None, "")


def test_a_word_is_kept_as_a_grade_and_a_year_as_a_period() -> None:
    excellent, speed = read_figure("Excellent"), read_figure("31.7 (2016)")
    assert excellent is not None
    assert speed is not None
    assert (excellent.value, excellent.grade) == (None, "excellent")
    assert speed.period == parse_period("2016")


@pytest.mark.parametrize(
    "text", ["1,20", "12,3456", "1.2.3", "2nd", "12 months", "<9%", "5-6%", "£1.5mm", "10 (est 5)", "1" * 26, "2016/17"]
)
def test_what_begins_like_a_number_and_is_none_is_refused(text: str) -> None:
    assert read_figure(text) is None


@pytest.mark.parametrize("text", ["=B2-C2", "@SUM(A1)", "#DIV/0!", "#N/A", "NaN", "-inf", "Infinity"])
def test_what_a_spreadsheet_could_not_work_out_is_no_grade(text: str) -> None:
    assert read_figure(text) is None


@settings(max_examples=40)
@given(st.integers(-(10**12), 10**12), st.sampled_from(["", "%"]))
def test_figures_with_commas_read_back(value: int, unit: str) -> None:
    figure = read_figure(f"{value:,}{unit}")
    assert figure is not None
    assert figure.value == value


@settings(max_examples=40)
@given(st.text(max_size=150))
def test_any_text_is_read_or_refused(text: str) -> None:
    figure, target = read_figure(text), read_target(text)
    assert figure is None or figure.value is None or figure.value.is_finite()
    assert target.lowest <= target.highest


def test_stored_figures_are_taken_as_printed() -> None:
    assert as_printed(0.1 + 0.2, 1) == Decimal("0.3")
    assert as_printed(2.675, 2) == Decimal("2.68")  # half to even on the decimal it prints as
    assert as_printed(1 / 3, None) == Decimal("0.333333")


# --- targets as published -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "sign", "ends", "due"),
    [
        ("90", "number", "", ("90", "90"), None),
        ("£23bn", "number", "", ("23000000000", "23000000000"), None),
        ("<9%", "number", "<", ("9", "9"), None),
        ("<1797", "number", "<", ("1797", "1797"), None),
        (">84%", "number", ">", ("84", "84"), None),
        ("<=9", "number", "≤", ("9", "9"), None),
        ("≥ 84", "number", "≥", ("84", "84"), None),
        ("3+", "number", "≥", ("3", "3"), None),
        ("28%-40%", "range", "", ("28", "40"), None),
        ("5-6%", "range", "", ("5", "6"), None),
        ("5 to 6", "range", "", ("5", "6"), None),
        ("5–6m", "range", "", ("5000000", "6000000"), None),
        ("30.3 (2020/21)", "number", "", ("30.3", "30.3"), "2020/21"),
        ("top quartile", "quartile", "", None, None),
        ("Top Quartile (2020)", "quartile", "", None, "2020"),
        ("increase", "increase", "", None, None),
        ("Increase", "increase", "", None, None),
        ("reduce", "reduce", "", None, None),
        ("Above average", "above average", "", None, None),
        ("below average", "below average", "", None, None),
        ("MTFS", "words", "", None, None),
        ("Excellent", "words", "", None, None),
        ("40-28", "words", "", None, None),
        ("1,20", "words", "", None, None),
        ("<3+", "words", "", None, None),
        ("9" * 300, "words", "", None, None),
        ("٣", "words", "", None, None),
        ("90 (or 5)", "words", "", None, None),
        ("N/A", "none", "", None, None),
        ("-", "none", "", None, None),
        ("", "none", "", None, None),
    ],
)
def test_targets_are_read_as_published(
    text: str, kind: str, sign: str, ends: tuple[str, str] | None, due: str | None
) -> None:
    target = read_target(text)
    assert (target.words, target.kind, target.sign) == (text, kind, sign)
    assert (target.stated, target.numeric) == (kind != "none", ends is not None)
    assert (target.lowest, target.highest) == tuple(map(Decimal, ends or ("0", "0")))
    assert target.due == (parse_period(due) if due else None)


@pytest.mark.parametrize(
    ("text", "unit", "read"),
    [
        ("<9%", "%", True),
        (">84%", "per cent", True),
        ("28%-40%", "%", True),
        ("90", "", True),
        ("90", "%", True),
        ("£1,204", "£ per head", True),
        ("5 to 6", "days", True),
        ("", "%", False),
        ("top quartile", "%", False),
        ("30.3 (2020/21)", "mph", False),
        ("5%", "people", False),
        ("£5", "people", False),
        ("1,20", "people", False),
        ("40-28", "people", False),
    ],
)
def test_plain_targets_are_numbers_in_the_unit_of_the_figures(text: str, unit: str, read: bool) -> None:
    target = plain_target(text, unit)
    assert (target.words if target else None) == (text if read else None)


@pytest.mark.parametrize(
    ("text", "unit", "ends"),
    [
        ("£1.48m", "£", ("1480000", "1480000")),
        ("£1.48m", "£m", ("1.48", "1.48")),
        ("£1.48m", "£k per head", ("1480", "1480")),
        ("£1.48", "£m", ("1.48", "1.48")),
        ("1.2-1.4m", "m tonnes", ("1.2", "1.4")),
        ("1.48m", "million visits", None),
        ("1.48m", "visits (000s)", None),
        ("1.48m", "visits", ("1480000", "1480000")),
        ("1.48m", "miles", ("1480000", "1480000")),
    ],
)
def test_millions_are_millions_of_the_unit(text: str, unit: str, ends: tuple[str, str] | None) -> None:
    target = plain_target(text, unit)
    assert (None if target is None else (target.lowest, target.highest)) == (
        None if ends is None else tuple(map(Decimal, ends))
    )
    if ends:
        at = Decimal(ends[0])
        assert assess(read_target(text), HIGH, Known(at, unit=unit)) is Verdict.MET
        assert assess(read_target(text), HIGH, Known(at - 1, unit=unit)) is Verdict.MISSED
        points = [(parse_period("2020"), at), (parse_period("2021"), at)]
        assert predict(read_target(text), HIGH, points, parse_period("2022"), unit, least=2) is Course.ON_COURSE


MET, MISSED, UNCLEAR = Verdict.MET, Verdict.MISSED, Verdict.NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("text", "polarity", "value", "became"),
    [
        ("<9", LOW, "8.9", MET),
        ("<9", LOW, "9.0", MISSED),
        ("<=9", LOW, "9.0", MET),
        (">84", HIGH, "84.0", MISSED),
        ("≥84", HIGH, "84.0", MET),
        ("3+", HIGH, "3", MET),
        ("3+", HIGH, "2.9", MISSED),
        ("90", HIGH, "90.0", MET),
        ("90", HIGH, "89.9", MISSED),
        ("90", LOW, "90.0", MET),
        ("90", LOW, "90.1", MISSED),
        ("90", NONE, "90", UNCLEAR),
        ("90", BAND, "90", UNCLEAR),
        ("28-40", LOW, "40", MET),
        ("28-40", LOW, "41", MISSED),
        ("5-6", LOW, "2", MET),  # two in a hundred roads in need, where five or six are planned for
        ("28-40", HIGH, "41", MET),
        ("28-40", HIGH, "27.9", MISSED),
        ("28-40", NONE, "30", MET),
        ("28-40", NONE, "41", MISSED),
        ("28-40", BAND, "27", MISSED),
        (">5", LOW, "1.3", UNCLEAR),  # printed so by the council, and against the direction
        ("<5", HIGH, "1.3", UNCLEAR),
        (">5", NONE, "6", MET),
        ("increase", LOW, "6", UNCLEAR),
        ("reduce", HIGH, "6", UNCLEAR),
        ("5%", HIGH, "6", UNCLEAR),  # of people counted
        ("MTFS", HIGH, "6", UNCLEAR),
        ("", HIGH, "6", UNCLEAR),
    ],
)
def test_a_target_is_met_as_it_says(text: str, polarity: Polarity, value: str, became: Verdict) -> None:
    assert assess(read_target(text), polarity, Known(Decimal(value), unit="people")) is became


@pytest.mark.parametrize(
    ("text", "known", "became"),
    [
        ("top quartile", Known(quartile=1), MET),
        ("top quartile", Known(quartile=2), MISSED),
        ("top quartile", Known(Decimal(5)), UNCLEAR),
        ("increase", Known(Decimal("5.01"), Decimal(5)), MET),
        ("increase", Known(Decimal(5), Decimal(5)), MISSED),
        ("increase", Known(Decimal(5)), UNCLEAR),
        ("increase", Known(None, Decimal(5)), UNCLEAR),
        ("above average", Known(Decimal(5), average=Fraction(14, 3)), MET),
        ("above average", Known(Decimal(5), average=Fraction(5)), MISSED),
        ("above average", Known(Decimal(5)), UNCLEAR),
        ("Excellent", Known(grade="excellent"), MET),
        ("Excellent", Known(grade="good"), UNCLEAR),
        ("Excellent", Known(Decimal(5)), UNCLEAR),
        ("90", Known(), UNCLEAR),
    ],
)
def test_targets_in_words_are_held_against_what_is_known(text: str, known: Known, became: Verdict) -> None:
    assert assess(read_target(text), HIGH, known) is became


def test_lower_is_what_reduce_and_below_average_ask_for() -> None:
    known = Known(Decimal(4), Decimal(5), average=Fraction(9, 2))
    assert assess(read_target("reduce"), LOW, known) is MET
    assert assess(read_target("below average"), LOW, known) is MET
    assert assess(read_target("below average"), HIGH, known) is UNCLEAR


# --- direction of travel --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "polarity", "way"),
    [
        ("100", "100.75", HIGH, Direction.SIMILAR),
        ("100", "100.76", HIGH, Direction.IMPROVED),
        ("100", "99.25", HIGH, Direction.SIMILAR),
        ("100", "99.24", HIGH, Direction.DECLINED),
        ("100", "99.24", LOW, Direction.IMPROVED),
        ("-0.11", "-0.10", HIGH, Direction.IMPROVED),
        ("-100", "-100.76", HIGH, Direction.DECLINED),
        ("-100", "-100.75", HIGH, Direction.SIMILAR),
        ("-1", "1", LOW, Direction.DECLINED),
        ("0", "0", HIGH, Direction.SIMILAR),
        ("0", "0.001", HIGH, Direction.IMPROVED),
        ("0", "0.001", LOW, Direction.DECLINED),
        ("20", "30", BAND, Direction.IMPROVED),
        ("30", "50", BAND, Direction.DECLINED),
        ("30", "35", BAND, Direction.SIMILAR),
        ("20", "48", BAND, Direction.SIMILAR),
        ("30", "50", NONE, Direction.NOT_COMPARABLE),
        (None, "50", HIGH, Direction.NOT_COMPARABLE),
        ("50", None, HIGH, Direction.NOT_COMPARABLE),
    ],
)
def test_the_direction_is_by_polarity_beyond_what_is_similar(
    before: str | None, now: str | None, polarity: Polarity, way: Direction
) -> None:
    old, new = (Decimal(text) if text else None for text in (before, now))
    assert direction(new, old, polarity) is way


@settings(max_examples=40)
@given(figures, figures)
@example(Decimal(0), Decimal(1))
def test_reversing_the_polarity_swaps_improved_and_declined(before: Decimal, now: Decimal) -> None:
    way = direction(now, before, HIGH)
    assert direction(now, before, LOW) is OPPOSITE.get(way, way)


@settings(max_examples=40)
@given(figures, figures, above_nothing, st.sampled_from([HIGH, LOW]))
def test_scaling_both_figures_keeps_the_direction(
    before: Decimal, now: Decimal, scale: Decimal, polarity: Polarity
) -> None:
    assert direction(now * scale, before * scale, polarity) is direction(now, before, polarity)
    assert direction(-now, -before, polarity) is direction(now, before, HIGH if polarity is LOW else LOW)


@settings(max_examples=40)
@given(figures, figures, st.sampled_from([HIGH, LOW]))
def test_going_back_is_the_opposite_unless_either_is_similar(before: Decimal, now: Decimal, polarity: Polarity) -> None:
    there, back = direction(now, before, polarity), direction(before, now, polarity)
    assume(Direction.SIMILAR not in (there, back))
    assert back is OPPOSITE[there]


@settings(max_examples=40)
@given(figures, figures, st.fractions(0, 1))
def test_similar_is_exactly_up_to_the_level(before: Decimal, now: Decimal, level: Fraction) -> None:
    way = direction(now, before, HIGH, level)
    change = relative_change(now, before)
    expected = now == before if change is None else abs(change) <= level
    assert (way is Direction.SIMILAR) is expected


# --- predictions ----------------------------------------------------------------------------------


def trend(*points: tuple[str, str]) -> list[tuple[Period, Decimal]]:
    return [(parse_period(label), Decimal(value)) for label, value in points]


ON, OFF, OPEN = Course.ON_COURSE, Course.NOT_ON_COURSE, Course.NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("text", "polarity", "points", "due", "course"),
    [
        ("80", HIGH, [("2015/16", "74.9"), ("2016/17", "78.0")], "2017/18", ON),
        ("82", HIGH, [("2015/16", "74.9"), ("2016/17", "78.0")], "2017/18", OFF),
        ("81.1", HIGH, [("2015/16", "74.9"), ("2016/17", "78.0")], "2017/18", ON),
        ("<9", LOW, [("2015/16", "11"), ("2016/17", "10")], "2017/18", OFF),
        ("<9.1", LOW, [("2015/16", "11"), ("2016/17", "10")], "2017/18", ON),
        ("30.3 (2020/21)", HIGH, [("2015", "32.3"), ("2016", "31.7")], "2017/18", OFF),
        ("29.15 (2020/21)", HIGH, [("2015", "32.3"), ("2016", "31.7")], None, ON),
        ("29.16 (2020/21)", HIGH, [("2015", "32.3"), ("2016", "31.7")], None, OFF),
        # the last three periods: from 2014/15 on, 2 a year; from 2015/16 on, 85 down in two years
        ("16", HIGH, [("2017/18", "14"), ("2013/14", "99"), ("2014/15", "8"), ("2016/17", "1")], "2018/19", ON),
        ("16", HIGH, [("2017/18", "14"), ("2015/16", "99"), ("2014/15", "8"), ("2016/17", "1")], "2018/19", OFF),
        # a leap year is no longer than another: 3 a year, and 20 is reached to the day
        ("20", HIGH, [("2022", "11"), ("2023", "15"), ("2024", "17")], "2025", ON),
        # only periods as long as the latest one
        ("16", HIGH, [("2015/16", "10"), ("2016/17", "12"), ("Q3 2017/18", "0"), ("2017/18", "14")], "2018/19", ON),
        ("16", HIGH, [("2014-16", "10"), ("2017", "14")], "2018", OPEN),
        # due by now: the last figure decides
        ("14", HIGH, [("2016/17", "99"), ("2017/18", "14")], "2017/18", ON),
        ("14", HIGH, [("2017/18", "13")], "2016/17", OFF),
        # nothing to go by
        ("14", HIGH, [("2017/18", "13")], "2018/19", OPEN),
        ("14", HIGH, [("2016/17", "12"), ("2017/18", "13")], None, OPEN),
        ("14", HIGH, [], "2018/19", OPEN),
        ("increase", HIGH, [("2016/17", "12"), ("2017/18", "13")], "2018/19", OPEN),
        (">14", LOW, [("2016/17", "12"), ("2017/18", "13")], "2018/19", OPEN),
        ("14%", HIGH, [("2016/17", "12"), ("2017/18", "13")], "2018/19", OPEN),
        ("14", NONE, [("2016/17", "12"), ("2017/18", "13")], "2018/19", OPEN),
    ],
)
def test_the_pace_is_taken_to_the_day_the_target_is_due(
    text: str, polarity: Polarity, points: list[tuple[str, str]], due: str | None, course: Course
) -> None:
    day = parse_period(due) if due else None
    assert predict(read_target(text), polarity, trend(*points), day, least=2) is course


def test_two_periods_are_no_pace_but_where_a_file_has_no_more() -> None:
    points = trend(("2015/16", "10"), ("2016/17", "12"))
    assert predict(read_target("14"), HIGH, points, parse_period("2017/18")) is OPEN
    assert predict(read_target("14"), HIGH, points, parse_period("2017/18"), least=2) is ON
    assert predict(read_target("12"), HIGH, points, parse_period("2016/17")) is ON


@settings(max_examples=40)
@given(st.lists(figures, min_size=3, max_size=8), figures, st.integers(1, 9), st.sampled_from([HIGH, LOW]))
def test_the_pace_by_hand_says_the_same(values: list[Decimal], aim: Decimal, ahead: int, polarity: Polarity) -> None:
    years = [2000 + at for at in range(len(values))]
    points = [(parse_period(str(year)), value) for year, value in zip(years, values, strict=True)]
    target = Target(str(aim), "number", "", aim, aim)
    first, _, last = (Fraction(value) for value in values[-3:])
    reaches = last + ahead * (last - first) / 2
    met = reaches >= Fraction(aim) if polarity is HIGH else reaches <= Fraction(aim)
    assert predict(target, polarity, reversed(points), parse_period(str(years[-1] + ahead))) is (ON if met else OFF)


# --- scorecards -----------------------------------------------------------------------------------


def item(theme: str, quartile: int | None, way: Direction, text: str, became: Verdict, course: Course) -> Progress:
    return Progress("", "x", theme, quartile, way, read_target(text), became, course)


items = st.builds(
    item,
    st.sampled_from(["A", "B", "C"]),
    st.sampled_from([1, 2, 3, 4, None]),
    st.sampled_from(Direction),
    st.sampled_from(["", "5", "MTFS"]),
    st.sampled_from(Verdict),
    st.sampled_from(Course),
)


@settings(max_examples=40)
@given(st.lists(items, max_size=30))
def test_scorecards_count_everything_once(found: list[Progress]) -> None:
    *themes, overall = scorecards(found)
    assert [card.name for card in themes] == list(dict.fromkeys(one.theme for one in found))
    assert overall.name == ""
    for card, own in [*((card, [one for one in found if one.theme == card.name]) for card in themes), (overall, found)]:
        aimed = [one for one in own if one.target.words]
        assert card.indicators == len(own) == card.placed + card.unplaced
        assert list(card.quartiles) == [sum(one.quartile == at for one in own) for at in (1, 2, 3, 4)]
        assert card.directions.declined == sum(one.direction == "declined" for one in own)
        assert card.directions.similar == sum(one.direction == "similar" for one in own)
        assert card.directions.improved == sum(one.direction == "improved" for one in own)
        assert card.targets.of == len(aimed)
        assert card.targets.met == sum(one.verdict == "met" for one in aimed)
        assert card.targets.missed == sum(one.verdict == "missed" for one in aimed)
        assert card.targets.on_course == sum(one.course == "on_course" for one in aimed)
        assert card.targets.not_on_course == sum(one.course == "not_on_course" for one in aimed)
        assert card.targets.unpredicted == sum(one.course == "not_assessable" for one in aimed)
