"""A file is read whole or refused whole; what cannot be used in it is listed by line, with the reason."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import Polarity
from engine.panel import ABSENT, PLAIN
from engine.periods import Mark
from jobs.errors import SourceError
from jobs.observation_file import read_dictionary, unpack
from jobs.tidy import BadRow, Duplicate, Release, date_in, panel_areas, tidy

US = "E10000018"
KENT = "E10000016"
HEADER = "indicator,area_code,period,value"
NAME = "2024-05-01.csv"
LIMIT = 1 << 20


def read(*rows: str, header: str = HEADER, dictionary: str | None = None) -> Release:
    body = "\n".join([header, *rows]) + "\n"
    return tidy(body.encode(), None if dictionary is None else dictionary.encode(), NAME)


def cell(release: Release, area: str = US, indicator: str = "x", row: int = 0) -> float:
    panel = release.panel
    rows = [at for at, which in enumerate(panel.row_indicator) if panel.indicators[which] == indicator]
    return float(panel.values[rows[row], panel.areas.index(area)])


def cell_status(release: Release, area: str = US) -> int:
    return int(release.panel.status[0, release.panel.areas.index(area)])


def only_bad(release: Release) -> BadRow:
    assert release.bad_rows == len(release.bad) == 1, release.bad
    return release.bad[0]


def refused(body: bytes, dictionary: bytes | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        tidy(body, dictionary, NAME)
    message = str(caught.value)
    assert NAME.removesuffix(".csv") in message
    return message


# --- unpacking ------------------------------------------------------------------------------------


def unpack_refused(body: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(SourceError) as caught:
        unpack(body, "release.csv.gz", limit)
    assert "release.csv.gz" in str(caught.value)
    return str(caught.value)


def test_plain_and_packed_files_give_the_same_text() -> None:
    text = HEADER.encode() + b"\nx,E10000018,FYE 2023,1\n"
    assert unpack(text, NAME, LIMIT) == unpack(gzip.compress(text), NAME, LIMIT) == text


@pytest.mark.parametrize("keep", [5, 15, 40, -9, -1])
def test_a_gzip_file_cut_short_is_refused(keep: int) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    assert "cut short or damaged" in unpack_refused(packed[:keep])


def test_a_damaged_gzip_file_is_refused() -> None:
    packed = bytearray(gzip.compress(b"x,E10000018,FYE 2023,1\n" * 400))
    packed[-6] ^= 0xFF  # its checksum
    assert "damaged" in unpack_refused(bytes(packed))


def test_a_gzip_bomb_is_refused_with_little_memory() -> None:
    packed = gzip.compress(bytes(200 << 20), 1)
    tracemalloc.start()
    try:
        assert "more than 1 MB" in unpack_refused(packed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20


def test_a_plain_file_over_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    assert "max_mb" in unpack_refused(b"x" * (LIMIT + 1))
    assert len(unpack(b"x" * LIMIT, NAME, LIMIT)) == LIMIT
    assert len(unpack(gzip.compress(b"x" * LIMIT), NAME, LIMIT)) == LIMIT


@pytest.mark.parametrize(
    "body",
    [b"", b" \r\n\n", gzip.compress(b""), gzip.compress(b"\n")],
    ids=["none", "blank", "packed none", "packed blank"],
)
def test_an_empty_file_is_refused(body: bytes) -> None:
    assert "empty" in unpack_refused(body)


# --- refused whole --------------------------------------------------------------------------------


def test_a_file_that_is_not_utf8_is_refused_with_its_line() -> None:
    message = refused(f"{HEADER}\nx,{US},FYE 2023,1\nchildren’s,{US},FYE 2023,1\n".encode("cp1252"))
    assert "line 3" in message
    assert "UTF-8" in message


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("indicator,area_code,period", "lacks value"),
        ("name,area,year,value", "lacks indicator, area_code, period"),
        ("Indicator,Area_Code,Period,Value", "lacks"),
        ("indicator;area_code;period;value", "lacks"),
        (f"{HEADER},value", "repeated"),
        (f"{HEADER},note", "unknown or repeated columns: note"),
        ("x,E10000018,FYE 2023,1", "lacks"),
        ("<html>", "lacks"),
    ],
)
def test_a_wrong_header_is_refused_with_what_is_wrong(header: str, reason: str) -> None:
    message = refused(f"{header}\nx,{US},FYE 2023,1\n".encode())
    assert "line 1" in message
    assert reason in message
    assert HEADER in message


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_header_and_nothing_else_is_refused(end: str) -> None:
    assert "no rows" in refused((HEADER + end).encode())


def test_a_quote_that_is_never_closed_is_refused() -> None:
    assert "CSV" in refused(f'{HEADER}\nx,{US},FYE 2023,1\n"x,{US},2024,1\n'.encode())


def test_a_row_with_a_field_too_many_never_passes_for_a_figure() -> None:
    # 1,234 without quotes: the figure would be 1.
    body = f"{HEADER}\nx,{US},FYE 2022,7\nx,{US},FYE 2023,1,234\n".encode()
    try:
        release = tidy(body, None, NAME)
    except SourceError as error:
        assert "line 3" in str(error)  # noqa: PT017  # either refused or listed will do
    else:
        assert only_bad(release).line == 3


# --- rows that cannot be used ---------------------------------------------------------------------

NOT_NUMBERS = [
    "c", "-", "..", "n/a", "NA", "N/A", "nan", "NaN", "null", "None", "inf", "-inf", "Infinity", "1e400", "-1e400",
    "1_000", '"1,234"', "5%", "£5", "1.2.3", "0x10", "TRUE", "1 2", "1e", "9999999999999", "1e12", "٣", "7.7 (7.3)",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_a_value_that_is_no_possible_number_is_listed_with_its_line(text: str) -> None:
    release = read(f"x,{KENT},FYE 2023,1.5", f"x,{US},FYE 2023,{text}")
    bad = only_bad(release)
    assert (bad.line, bad.column) == (3, "value")
    assert "not a" in bad.reason
    assert str(bad).startswith("line 3, value: ")
    assert np.isnan(cell(release))
    assert cell(release, KENT) == 1.5
    assert release.rows == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.50", 1.5),
        ("-3", -3),
        ("+2", 2),
        ("1.4E-2", 0.014),
        ("2e3", 2000),
        (".5", 0.5),
        ('"7"', 7),
        ("-0", 0),
    ],
)
def test_every_common_way_to_write_a_number_is_read(text: str, value: float) -> None:
    release = read(f"x,{US},FYE 2023,{text}")
    assert release.bad_rows == 0
    assert cell(release) == value


@pytest.mark.parametrize("column", ["lower_ci", "upper_ci"])
def test_a_limit_that_is_no_number_is_listed(column: str) -> None:
    limits = "low,2" if column == "lower_ci" else "1,high"
    bad = only_bad(read(f"x,{US},FYE 2023,1.5,{limits}", header=f"{HEADER},lower_ci,upper_ci"))
    assert (bad.line, bad.column) == (2, column)


def test_an_area_nobody_knows_is_listed_and_named() -> None:
    release = read(f"x,{US},FYE 2023,1", "x,W06000001,FYE 2023,1", "x,Kent,FYE 2023,1")
    assert [(bad.line, bad.column) for bad in release.bad] == [(3, "area_code"), (4, "area_code")]
    assert "'W06000001'" in release.bad[0].reason
    assert sorted(release.unknown_areas) == ["Kent", "W06000001"]


def test_a_period_nobody_can_read_is_listed_where_it_has_a_value() -> None:
    release = read(f"x,{US},FYE 2023,1", f"x,{US},sometime,1")
    bad = only_bad(release)
    assert (bad.line, bad.column) == (3, "period")
    assert "'sometime'" in bad.reason


def test_a_period_nobody_can_read_is_only_noted_where_it_has_no_value() -> None:
    release = read(f"x,{US},FYE 2023,1", f"x,{US},0,", f"x,{KENT},0,")
    assert release.bad_rows == 0
    (note,) = release.notes
    assert "2 rows" in note
    assert "'0'" in note
    assert release.panel.labels == ("FYE 2023",)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f",{US},FYE 2023,1", "indicator"),
        (f"  ,{US},FYE 2023,1", "indicator"),
        ("x,,FYE 2023,1", "area_code"),
        (f"x,{US},,1", "period"),
    ],
)
def test_a_blank_code_is_listed(row: str, column: str) -> None:
    bad = only_bad(read(f"x,{US},FYE 2022,1", row))
    assert (bad.line, bad.column) == (3, column)


@pytest.mark.parametrize("row", ["", f"x,{US}", "x"])
def test_a_row_cut_short_is_listed(row: str) -> None:
    release = read(f"x,{US},FYE 2022,1", row, f"x,{US},FYE 2023,1")
    assert only_bad(release).line == 3
    assert release.panel.labels == ("FYE 2022", "FYE 2023")


def test_a_row_counts_once_however_much_is_wrong_with_it() -> None:
    assert read("x,nowhere,sometime,much").bad_rows == 1


def test_all_bad_rows_are_counted_and_the_first_are_shown_in_order() -> None:
    release = read(*(f"x,{US},FYE 2023,c" for _ in range(30)), "x,nowhere,FYE 2023,1")
    assert release.bad_rows == 31
    assert len(release.bad) <= 20
    lines = [bad.line for bad in release.bad]
    assert lines == sorted(lines)


# --- form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        f"\ufeff{HEADER}\nx,{US},FYE 2023,1.5\n",
        f"{HEADER}\r\nx,{US},FYE 2023,1.5\r\n",
        f"\ufeff{HEADER}\r\nx,{US},FYE 2023,1.5",
        f'"indicator","area_code","period","value"\n"x","{US}","FYE 2023","1.5"\n',
        f"indicator, area_code, period, value\nx,{US},FYE 2023,1.5\n",
        f"value,period,area_code,indicator\n1.5,FYE 2023,{US},x\n",
    ],
    ids=["byte-order mark", "CRLF", "both and no last line end", "quotes", "spaces in the header", "other order"],
)
def test_every_common_form_of_csv_is_read_alike(body: str) -> None:
    release = tidy(body.encode(), None, NAME)
    assert (release.bad_rows, release.rows) == (0, 1)
    assert release.panel.indicators == ("x",)
    assert cell(release) == 1.5


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n\r\n", "\n,,,\n,,,\n", "\n  \n"])
def test_empty_lines_at_the_end_are_no_rows(end: str) -> None:
    release = tidy(f"indicator,area_code,period,value\nx,{US},FYE 2023,1\nx,{US},FYE 2024,{end}".encode(), None, NAME)
    assert (release.bad_rows, release.rows) == (0, 2)


def test_an_indicator_with_a_comma_is_read_from_quotes() -> None:
    assert read(f'"a, b",{US},FYE 2023,1').panel.indicators == ("a, b",)


def test_a_file_whose_periods_are_all_plain_years_is_read() -> None:
    release = read(f"x,{US},2022,1", f"x,{US},2023,2")
    assert release.panel.labels == ("2022", "2023")


def test_indicator_codes_of_digits_alone_keep_their_noughts() -> None:
    assert read(f"0090,{US},FYE 2022,1", f"90,{US},FYE 2022,2").panel.indicators == ("0090", "90")


# --- cells ----------------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=60)
@given(
    digits=st.lists(st.integers(10**16, 10**18 - 1), min_size=1, max_size=30),
    places=st.integers(6, 24),
    spoil=st.booleans(),
)
def test_values_of_18_digits_come_back_exactly(digits: list[int], places: int, spoil: bool) -> None:
    texts = [f"{number}e-{places}" for number in digits]
    rows = [f"x{at},{US},FYE 2023,{text}" for at, text in enumerate(texts)]
    release = read(
        *rows, *([f"spoilt,{US},FYE 2023,c"] if spoil else [])
    )  # one bad row must not change the others' digits
    assert [cell(release, indicator=f"x{at}") for at in range(len(texts))] == [float(text) for text in texts]


@pytest.mark.parametrize("text", ["39.450000000000003", "0.123456789012345678", "123456789.012345678", "2.675"])
@pytest.mark.parametrize("spoil", [False, True])
def test_a_long_decimal_keeps_every_digit(text: str, spoil: bool) -> None:
    release = read(f"x,{US},FYE 2023,{text}", *([f"y,{US},FYE 2023,c"] if spoil else []))
    assert cell(release) == float(text)


def test_a_missing_value_keeps_its_reason_and_a_cell_never_stated_has_none() -> None:
    release = read(f"x,{US},FYE 2023,,c", f"x,{KENT},FYE 2023,1,", header=f"{HEADER},status")
    assert np.isnan(cell(release))
    assert release.remarks[cell_status(release)] == "c"
    assert cell_status(release, KENT) == PLAIN
    assert cell_status(release, "E10000003") == ABSENT


def test_without_a_status_column_a_missing_value_is_stated_without_a_reason() -> None:
    release = read(f"x,{US},FYE 2023,", f"x,{KENT},FYE 2023,1")
    assert cell_status(release) == PLAIN
    assert np.isnan(cell(release))


def test_limits_are_kept_with_their_value() -> None:
    release = read(f"x,{US},FYE 2023,1.5,1.25,1.75", header=f"{HEADER},lower_ci,upper_ci")
    at = release.panel.areas.index(US)
    assert (release.panel.lower[0, at], release.panel.upper[0, at]) == (1.25, 1.75)


@pytest.mark.parametrize("first", [0, 1])
def test_labels_that_differ_by_a_mark_are_one_period_and_the_more_settled_counts(first: int) -> None:
    rows = [f"x,{US},2024 (prov),1", f"x,{US},2024,2"]
    release = read(rows[first], rows[1 - first])
    assert release.panel.labels == ("2024",)
    assert release.panel.periods[0].mark == Mark.UNMARKED
    assert cell(release) == 2
    assert release.duplicates == ()


def test_each_mark_gives_way_to_the_next() -> None:
    labels = ["2024 (prov)", "2024", "2024 (Rev)", "2024 (Final)"]
    for count in range(1, 5):
        release = read(*(f"x,{US},{label},{at}" for at, label in reversed(list(enumerate(labels[:count])))))
        assert release.panel.labels == (labels[count - 1],)
        assert cell(release) == count - 1


def test_a_settled_label_without_a_value_leaves_the_provisional_figure_standing() -> None:
    release = read(f"x,{US},2024 (prov),1", f"x,{US},2024,", f"x,{KENT},2024,5")
    assert release.panel.labels == ("2024",)
    assert cell(release) == 1
    assert cell(release, KENT) == 5


def test_two_spellings_of_one_period_are_one_row() -> None:
    release = read(f"x,{US},2022/23,1", f"x,{KENT},2022-23,2")
    assert len(release.panel.periods) == 1
    assert (cell(release), cell(release, KENT)) == (1, 2)
    assert release.duplicates == ()


@pytest.mark.parametrize(("second", "values"), [("2", ("1.0", "2.0")), ("1", ("1.0", "1.0"))])
def test_two_rows_for_one_cell_are_listed_whether_they_agree_or_not(second: str, values: tuple[str, str]) -> None:
    release = read(f"x,{US},FYE 2023,1", f"x,{KENT},FYE 2023,9", f"x,{US},FYE 2023,{second}")
    assert release.duplicates == (Duplicate("x", US, "FYE 2023", (2, 4), values),)


def test_three_rows_for_one_cell_are_one_duplicate() -> None:
    (found,) = read(*[f"x,{US},FYE 2023,{value}" for value in (1, 2, 3)]).duplicates
    assert found.lines == (2, 3, 4)


def test_an_old_code_is_carried_to_the_new_one() -> None:
    release = read(
        "x,E10000002,FYE 2019,1", "x,E06000060,FYE 2023,2", "x,E10000023,FYE 2019,3", "x,E10000027,FYE 2019,4"
    )
    assert (cell(release, "E06000060"), cell(release, "E06000060", row=1)) == (1, 2)
    assert (cell(release, "E06000065"), cell(release, "E06000066")) == (3, 4)
    assert "E10000002" not in release.panel.areas
    assert release.bad_rows == 0


def test_an_area_under_its_old_and_its_new_code_is_a_duplicate() -> None:
    (found,) = read("x,E10000002,FYE 2023,1", "x,E06000060,FYE 2023,2").duplicates
    assert (found.area, found.lines) == ("E06000060", (2, 3))


def test_an_area_whose_boundary_changed_keeps_its_own_code() -> None:
    assert cell(read("x,E10000009,FYE 2018,1"), "E10000009") == 1  # Dorset county lost Christchurch


def test_districts_and_regions_are_left_out_without_a_word() -> None:
    release = read(f"x,{US},FYE 2023,1", "x,E07000008,FYE 2023,2", "x,E12000004,FYE 2023,3", "x,E92000001,FYE 2023,4")
    assert (release.bad_rows, release.unknown_areas, release.notes) == (0, (), ())
    assert cell(release, "E92000001") == 4
    assert not {"E07000008", "E12000004"} & set(release.panel.areas)
    assert (~np.isnan(release.panel.values)).sum() == 2


def test_every_release_has_the_same_areas() -> None:
    assert read(f"x,{US},FYE 2023,1").panel.areas == read(f"x,{KENT},FYE 2023,1").panel.areas == panel_areas()
    assert len(set(panel_areas())) == len(panel_areas())


# --- the release itself ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2024-05-01.csv", date(2024, 5, 1)),
        ("lait 2024-05-01 final.csv.gz", date(2024, 5, 1)),
        ("2024-13-01.csv", None),
        ("12024-05-01.csv", None),
        ("release.csv", None),
    ],
)
def test_the_day_published_is_read_from_the_name(name: str, day: date | None) -> None:
    assert date_in(name) == day
    assert tidy(f"{HEADER}\nx,{US},FYE 2023,1\n".encode(), None, name).published == day


def test_the_day_told_counts_before_the_one_in_the_name() -> None:
    told = date(2023, 1, 1)
    assert tidy(f"{HEADER}\nx,{US},FYE 2023,1\n".encode(), None, NAME, published=told).published == told


def test_the_same_content_has_the_same_identity_whatever_its_name() -> None:
    body, other = (f"{HEADER}\nx,{US},FYE 2023,{value}\n".encode() for value in (1, 2))
    words = b"indicator,name,theme,polarity\nx,X,T,high\n"
    assert tidy(body, None, "a.csv").identity == tidy(body, None, "b.csv").identity
    identities = {tidy(body, None, "a").identity, tidy(other, None, "a").identity, tidy(body, words, "a").identity}
    assert len(identities) == 3


# --- the dictionary -------------------------------------------------------------------------------

WORDS = "indicator,name,theme,polarity,unit,decimals,target"


def dictionary_refused(body: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        read_dictionary(body, NAME)
    message = str(caught.value)
    assert message.startswith("2024-05-01.indicators.csv")
    return message


def test_a_dictionary_describes_its_indicators_and_its_other_columns_are_left_out() -> None:
    body = f"{WORDS},note\nx,Name,Theme,High,%,1,<9%,anything\ny,Other,Theme,none,,,,\n"
    first, second = read(f"x,{US},FYE 2023,1", dictionary=body).entries
    assert (first.code, first.name, first.theme, first.polarity) == ("x", "Name", "Theme", Polarity("high"))
    assert (first.unit, first.decimals, first.target) == ("%", 1, "<9%")
    assert (second.polarity, second.decimals) == (Polarity("none"), None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"", "lacks indicator, name, theme, polarity"),
        (b"indicator,name\nx,X\n", "lacks theme, polarity"),
        (b"indicator,name,theme,polarity\nx,X,T,upwards\n", "line 2: indicator 'x': polarity 'upwards'"),
        (b"indicator,name,theme,polarity\ny,Y,T,low\nx,,T,high\n", "line 3: name missing for indicator 'x'"),
        (b"indicator,name,theme,polarity\n,X,T,high\n", "line 2: code missing"),
        (b"indicator,name,theme,polarity\nx,X\n", "line 2: theme, polarity missing"),
        (b"indicator,name,theme,polarity\nx,X,T,low\nx,X,T,low\n", "line 3: indicator 'x' is described twice"),
        (b"indicator,name,theme,polarity,decimals\nx,X,T,low,1.5\n", "line 2: indicator 'x': decimals '1.5'"),
        (b"indicator,name,theme,polarity,decimals\nx,X,T,low,7\n", "decimals '7'"),
    ],
)
def test_an_unusable_dictionary_is_refused_with_its_line(body: bytes, reason: str) -> None:
    assert reason in dictionary_refused(body)
    with pytest.raises(SourceError):
        tidy(f"{HEADER}\nx,{US},FYE 2023,1\n".encode(), body, NAME)


def test_a_dictionary_may_have_a_byte_order_mark_and_line_breaks_in_quotes() -> None:
    (entry,) = read_dictionary('\ufeffindicator,name,theme,polarity\r\nx,"A\r\nname",T,low\r\n'.encode(), NAME)
    assert entry.name == "A\r\nname"
