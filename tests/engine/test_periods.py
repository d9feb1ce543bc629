"""Labels read, refused, ordered and written again; and every label of the published files, where at hand."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.periods import Mark, Period, PeriodError, a_year_apart, as_written, parse_period
from tests.real_data import PUBLISHED, columns_of

needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files are not at hand")


def period(start: str, end: str, mark: Mark = Mark.UNMARKED) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end), mark)


SAME_LABELS = {
    "2023-01-01/2023-12-31": (
        "2023",
        ["2023", "2023-01-01/P1Y", "2023-01-01T00:00:00/P1Y", "Jan 2023-Dec 2023"],
    ),
    "2016-04-01/2017-03-31": (
        "2016/17",
        [
            "2016-17",
            "2016/17",
            "2016/2017",
            "2016 to 2017",
            "201617",
            "FYE 2017",
            "2016-04-01/P1Y",
            " 2016\u201317 ",
        ],
    ),
    "1999-04-01/2000-03-31": ("1999/00", ["1999/00", "1999-00", "199900", "1999-2000", "FYE 2000"]),
    "2021-01-01/2023-12-31": (
        "2021 to 2023",
        ["2021 - 23", "2021-23", "2021/23", "2021\u201323", "2021 to 2023"],
    ),
    "2010-01-01/2012-12-31": ("2010 to 2012", ["2010-12", "2010-01-01/P3Y"]),
    "1998-01-01/2000-12-31": ("1998 to 2000", ["1998-00", "1998-2000"]),
    "2021-04-01/2024-03-31": (
        "2021/22 to 2023/24",
        ["2021/22-23/24", "2021/22 - 2023/24", "2021-22 to 2023-24"],
    ),
    "2008-04-01/2008-04-30": ("April 2008", ["2008-04", "Apr 2008", "2008 APR", "2008-04-01/P1M"]),
    "2024-12-01/2024-12-31": ("December 2024", ["Dec 2024", "December 2024", "2024-12"]),
    "2023-10-01/2023-12-31": (
        "Q3 2023/24",
        ["Q3 2023/24", "2023/24 Q3", "2023 Q4", "Q4 2023", "Oct-Dec 2023"],
    ),
    "2024-01-01/2024-03-31": ("Q4 2023/24", ["Q4 2023/24", "2024 Q1", "2024Q1", "2024-01-01/P3M"]),
    "2023-12-01/2024-02-29": ("December 2023 to February 2024", ["Dec-Feb 2024", "Dec 2023 to Feb 2024"]),
    "2018-08-01/2019-07-31": ("August 2018 to July 2019", ["2018-08-01/P1Y", "year ending July 2019"]),
    "2015-11-16/2016-11-15": (
        "16 November 2015 to 15 November 2016",
        ["2015-11-16T00:00:00/P1Y", "year ending 15 November 2016", "16 Nov 2015 - 15 Nov 2016"],
    ),
    "2015-01-01/2016-12-31": ("January 2015 to December 2016", ["2015-01-01/P2Y"]),
    "2025-04-30/2025-04-30": (
        "30 April 2025",
        [
            "2025-04-30",
            "30 April 2025",
            "30th Apr 2025",
            "30/04/2025",
            "as at 30 April 2025",
            "2025-04-30/P1D",
        ],
    ),
}


@pytest.mark.parametrize(
    ("written", "key", "label"),
    [(written, key, label) for key, (label, labels) in SAME_LABELS.items() for written in labels],
)
def test_labels_of_one_period_share_key_and_name(written: str, key: str, label: str) -> None:
    read = parse_period(written)
    assert (read.key, read.label, read.mark) == (key, label, Mark.UNMARKED)


@pytest.mark.parametrize(
    ("written", "mark"),
    [
        ("2023(prov)", Mark.PROVISIONAL),
        ("2023 (Prov)", Mark.PROVISIONAL),
        ("2023 [p]", Mark.PROVISIONAL),
        ("2023p", Mark.PROVISIONAL),
        ("2023", Mark.UNMARKED),
        ("2023 (Rev)", Mark.REVISED),
        ("2023 (Revised)", Mark.REVISED),
        ("2023r", Mark.REVISED),
        ("2023 (Final)", Mark.FINAL),
        ("2023 (OT)", Mark.FINAL),
    ],
)
def test_marks_say_how_settled_one_period_is(written: str, mark: Mark) -> None:
    assert parse_period(written) == period("2023-01-01", "2023-12-31", mark)
    assert parse_period(written).key == parse_period("2023").key
    assert parse_period(written).label == "2023"


def test_provisional_gives_way_to_unmarked_then_revised_then_final() -> None:
    marked = [parse_period(f"2024{mark}") for mark in ("(prov)", "", " (Rev)", " (Final)")]
    shuffled = [marked[place] for place in (2, 0, 3, 1)]
    assert sorted(shuffled) == marked
    assert len(set(marked)) == 4
    assert len({each.key for each in marked}) == 1


def test_order_is_by_last_day_then_first_day() -> None:
    labels = ["2021/22", "2020 to 2022", "2022", "December 2022", "2022/23", "2023 (prov)", "2023"]
    assert [each.label for each in sorted(map(parse_period, reversed(labels)))] == [
        label.removesuffix(" (prov)") for label in labels
    ]


@pytest.mark.parametrize(
    "label",
    [
        "0",
        "",
        " ",
        "abc",
        "2023/25x",
        "13/2024",
        "2023-13-01",
        "2023-02-30",
        "31/02/2023",
        "2023/22",
        "2023/23",
        "2024 to 2024",
        "202224",
        "2023-45",
        "2023-15",
        "1040",
        "3024",
        "Q5 2023",
        "2023 (maybe)",
        "Smarch 2023",
        "2023-01-01/P0Y",
        "2023-01-01/P9999Y",
        "2023-12-31/2023-01-01",
        "2099/00",
        "30 February 2023",
    ],
)
def test_anything_else_is_refused_with_what_was_read_and_examples(label: str) -> None:
    with pytest.raises(PeriodError, match=re.escape(repr(label)) + r".*2022/23.*2021-23"):
        parse_period(label)


def test_refusals_are_errors_of_the_engine_and_of_value() -> None:
    assert issubclass(PeriodError, EngineError)
    assert issubclass(PeriodError, ValueError)
    with pytest.raises(PeriodError, match="last day must not come before the first"):
        period("2024-01-02", "2024-01-01")


def test_a_label_is_read_once() -> None:
    assert parse_period("2031/32") is parse_period("2031/32")


DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MARKS = st.sampled_from(Mark)
FIRST_OF_MONTHS = DAYS.map(lambda day: day.replace(day=1))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Any days, or whole months, which are what the short names stand for."""
    if draw(st.booleans()):
        start, end = sorted((draw(DAYS), draw(DAYS)))
        return Period(start, end, draw(MARKS))
    first, last = sorted((draw(FIRST_OF_MONTHS), draw(FIRST_OF_MONTHS)))
    return Period(first, (last + timedelta(days=31)).replace(day=1) - timedelta(days=1), draw(MARKS))


@given(periods())
def test_key_and_label_read_back_as_the_same_days(each: Period) -> None:
    unmarked = Period(each.start, each.end)
    assert parse_period(each.key) == unmarked
    assert parse_period(each.label) == unmarked


@given(periods(), periods(), periods())
def test_order_is_total_and_agrees_with_equality(a: Period, b: Period, c: Period) -> None:
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a <= b <= c) or a <= c
    assert max(a, b, c).end == max(a.end, b.end, c.end)


@given(st.integers(1900, 2098))
def test_a_financial_year_has_one_key_however_it_is_written(year: int) -> None:
    short = f"{(year + 1) % 100:02}"
    labels = [f"{year}/{short}", f"{year}-{short}", f"{year}{short}", f"FYE {year + 1}", f"{year}-04-01/P1Y"]
    assert {parse_period(label) for label in labels} == {Period(date(year, 4, 1), date(year + 1, 3, 31))}


@given(st.integers(1900, 2099), st.integers(1, 99))
def test_two_digits_after_a_hyphen_are_a_year_if_later_else_a_month(year: int, digits: int) -> None:
    try:
        read = parse_period(f"{year}-{digits:02}")
    except PeriodError:
        return
    if digits > year % 100:
        assert read.end.year % 100 == digits
    else:
        assert (read.start.year, read.start.month) == (year, digits)


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{4}[-/ ]?[0-9QPYM/ -]{0,12}", fullmatch=True))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        read = parse_period(text)
    except PeriodError:
        return
    assert parse_period(read.key).key == read.key


# --- the published files ------------------------------------------------------------------------------


def csv_labels() -> Iterator[str]:
    for folder in ("releases/lait", "benchmark", "official", "responses/nomis", "responses/dfe-ees"):
        for path in sorted((PUBLISHED / folder).rglob("*.csv*")):
            for column in columns_of(path, "period", "Period", "Time period", "time_period", "DATE_NAME").columns:
                yield from column.unique().to_pylist()


def sheet_headers(path: Path) -> set[str]:
    """Cells of an OpenDocument sheet that are nothing but years."""
    content = zipfile.ZipFile(path).read("content.xml").decode()
    cells = set(re.findall(r"<table:table-cell[^>]*>(.*?)</table:table-cell>", content, re.DOTALL))
    texts = {" ".join(html.unescape(re.sub("<[^>]+>", " ", cell)).split()) for cell in cells}
    return {text for text in texts if re.fullmatch(r"(FYE )?(19|20)\d\d(( to |[-/])\d{2,4})?[a-z]?", text)}


def refused(labels: set[str]) -> set[str]:
    return {label for label in labels if not _reads(label)}


def _reads(label: str) -> bool:
    try:
        parse_period(label)
    except PeriodError:
        return False
    return True


@needs_published
def test_every_published_label_is_read_except_the_empty_period_0() -> None:
    labels = set(csv_labels())
    assert len(labels) > 300
    assert refused(labels) == {"0"}


@needs_published
def test_every_period_header_of_the_sheets_is_read_except_one_misprint() -> None:
    labels = {label for path in (PUBLISHED / "official").glob("*.ods") for label in sheet_headers(path)}
    assert {"FYE 2025", "2015-16", "2004-05r", "2015 to 2016"} <= labels
    assert refused(labels) == {"2024 to 2024"}


@pytest.mark.parametrize(
    ("earlier", "later", "apart"),
    [
        pytest.param("2023-03-31", "2024-03-31", True, id="a year with a leap day"),
        pytest.param("2023-12-31", "2025-02-03", True, id="and five weeks"),
        pytest.param("2023-12-31", "2025-02-04", False, id="and a day more"),
        pytest.param("2015-12-31", "2024-12-31", False, id="nine years"),
    ],
)
def test_what_is_a_year_apart(earlier: str, later: str, apart: bool) -> None:
    assert a_year_apart(earlier, later) is apart


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("2022-04-01/P1Y", "2022/23"),
        ("2022-01-01T00:00:00/P3Y", "2022 to 2024"),
        ("2024 (Rev)", "2024 (Rev)"),
        ("2022/23", "2022/23"),
        ("2019-99-99/P1Y", "2019-99-99/P1Y"),
        ("", ""),
    ],
)
def test_what_is_written_for_machines_is_told_as_people_write_it(label: str, written: str) -> None:
    assert as_written(label) == written
