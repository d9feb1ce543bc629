"""Dashboards as published: every row as read by hand, the published totals, and what is refused."""

from __future__ import annotations

import gzip
from collections import Counter
from fractions import Fraction

import pytest

from engine.progress import scorecard, scorecards
from jobs.dashboards import APART, Dashboard, read_dashboard, themes_apart
from jobs.errors import SourceError
from tests.dashboards import HEADER, PUBLISHED, SMALL, by_hand, needs_dashboards, rows_of


def read(text: str | bytes, similar: Fraction = Fraction(3, 400)) -> Dashboard:
    return read_dashboard(text.encode() if isinstance(text, str) else text, "d.csv", similar)


def as_read(board: Dashboard) -> list[dict[str, object]]:
    return [
        {
            "quartile": row.progress.quartile,
            "printed": row.printed,
            "computed": row.progress.direction,
            "became": row.progress.verdict if row.progress.target.stated else None,
            "predicted": row.progress.course if row.progress.target.stated else None,
        }
        for row in board.rows
    ]


@pytest.fixture(scope="module")
def published() -> Dashboard:
    return read(PUBLISHED.read_bytes())


# --- the council's own ----------------------------------------------------------------------------


@needs_dashboards
def test_every_published_row_is_read_as_by_hand(published: Dashboard) -> None:
    rows = rows_of(PUBLISHED.read_text(encoding="utf-8"))
    assert len(rows) == len(published.rows) == 179
    assert as_read(published) == [by_hand(row) for row in rows]
    assert [(row.progress.theme, row.progress.name) for row in published.rows] == [
        (row["theme"], row["indicator"]) for row in rows
    ]
    assert (published.year, published.year_before, published.target_year) == ("2016/17", "2015/16", "2017/18")


@needs_dashboards
def test_the_published_totals_come_out(published: Dashboard) -> None:
    printed = published.printed()
    everything = scorecards(printed)[-1]
    assert (everything.quartiles, everything.placed) == ((31, 43, 27, 21), 122)
    apart = themes_apart([one.theme for one in printed], APART)
    assert set(apart) == {"School & Academy Performance", "Keeping People Safe - Police & Crime"}
    ways = scorecard("", [one for one in printed if one.theme not in apart]).directions
    assert (ways.improved, ways.similar, ways.declined, ways.not_comparable) == (80, 28, 38, 10)
    assert ways.of == 156


@needs_dashboards
def test_the_figures_agree_with_the_arrows_but_for_fourteen_rows(published: Dashboard) -> None:
    assert published.compared == 161
    assert len(published.disagreements) == 14
    kinds = Counter(row.printed == "similar" for row in published.disagreements)
    assert (kinds[True], kinds[False]) == (9, 5)


# --- a small one ----------------------------------------------------------------------------------


def test_every_kind_of_row_is_read_as_by_hand() -> None:
    board = read(SMALL)
    assert as_read(board) == [by_hand(row) for row in rows_of(SMALL)]
    assert [row.line for row in board.rows] == list(range(2, 24))


def test_the_small_one_is_what_it_looks_like() -> None:
    rows = {row.progress.name: row for row in read(SMALL).rows}

    def told(name: str) -> tuple[str, str, str]:
        progress = rows[name].progress
        return str(progress.direction), str(progress.verdict), str(progress.course)

    assert told("Savings") == ("declined", "missed", "not_assessable")  # printed as not comparable: no pace
    assert told("Speed in the morning (mph)") == ("declined", "met", "not_on_course")
    assert told("Roads in need") == ("similar", "met", "on_course")
    assert told("In control") == ("improved", "missed", "on_course")
    assert told("Custody") == ("improved", "not_assessable", "not_assessable")
    assert told("Repeat cases at MARAC") == ("not_comparable", "met", "on_course")
    assert told("Equality framework") == ("not_comparable", "met", "not_assessable")
    assert [row.progress.name for row in read(SMALL).disagreements] == ["Value added per head", "Progress 8"]


@pytest.mark.parametrize(
    ("cells", "became", "course"),
    [
        # a year of its own counts from the figure's: 31.7 in December 2016 falls 0.6 a year to 29.15 in March 2021
        ("↓,31.7 (2016),29.2 (2020/21),32.3 (2015),-,High", "met", "not_on_course"),
        ("↓,31.7 (2016),29.1 (2020/21),32.3 (2015),-,High", "met", "on_course"),
        ("↓,31.7,29.2 (2020/21),32.3,-,High", "met", "on_course"),
        ("↑,4,5%,3,-,High", "not_assessable", "not_assessable"),
        ("↑,4%,5%,3%,-,High", "missed", "on_course"),
        ("↑,4%,5,3%,-,High", "missed", "on_course"),
        ("↑,4,£5,3,-,High", "not_assessable", "not_assessable"),
        ("↑,£1.4m,£1.5m,£1.3m,-,High", "missed", "on_course"),
        ("N/A,No data,5 (2015/16),6,-,High", "not_assessable", "not_assessable"),
        ("→,No data,5 (2015/16),6,-,High", "not_assessable", "not_assessable"),
        ("→,6,5 (2015/16),4,-,High", "met", "on_course"),
    ],
)
def test_targets_in_the_units_and_years_they_are_printed_in(cells: str, became: str, course: str) -> None:
    (row,) = read(f"{HEADER}\nRoads,Repair,Potholes,,{cells}\n").rows
    assert (row.progress.verdict, row.progress.course) == (became, course)


def test_what_is_similar_is_a_setting() -> None:
    assert len(read(SMALL, Fraction(0)).disagreements) == 1
    assert len(read(SMALL, Fraction(1, 10)).disagreements) > 2


def test_years_blank_lines_marks_and_packing_do_not_matter() -> None:
    later = (
        SMALL.replace("2016_17", "2019_20").replace("2015_16", "2018_19").replace("target_2017_18", "target_2024_25")
    )
    swapped = later.replace("2018_19", "X").replace("2019_20", "2018_19").replace("X", "2019_20")
    assert read(later).year == "2019/20"
    assert read(swapped).rows[0].now.text == "£661"
    plain = as_read(read(SMALL))
    assert as_read(read("\ufeff" + SMALL.replace("\n", "\r\n") + "\r\n\r\n")) == plain
    assert as_read(read(gzip.compress(SMALL.encode()))) == plain


def test_other_columns_are_left_alone() -> None:
    lines = SMALL.splitlines()
    more = "\n".join([f"{lines[0]},commentary", *(f'{line},"Said, at length"' for line in lines[1:])])
    assert as_read(read(more)) == as_read(read(SMALL))


@pytest.mark.parametrize(
    ("themes", "words", "apart"),
    [
        (["Schools", "Roads", "Crime & Safety"], APART, ("Schools", "Crime & Safety")),
        (["Roads"], APART, ()),
        (["Roads", "ROADS"], ["roads"], ("Roads", "ROADS")),
        (["Roads"], [], ()),
    ],
)
def test_themes_are_left_out_by_a_part_of_their_name(themes: list[str], words: list[str], apart: tuple[str]) -> None:
    assert themes_apart(themes, words) == apart


# --- refused --------------------------------------------------------------------------------------

ROW = "Roads,Repair,Potholes,,↓,5.1,4,4.9,2nd,Low"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "d.csv: the file is empty"),
        (f"{HEADER}\n", "d.csv: a header and no rows"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), "d.csv: line 1 is not UTF-8"),
        (f"{HEADER}\nRoads,,P\xa3,,".encode("latin-1"), "d.csv: line 2 is not UTF-8"),
        (f"{HEADER},theme\n{ROW},x\n", "d.csv line 1, the header: theme stands twice"),
        (f"{HEADER.replace('polarity', 'way')}\n{ROW}\n", "d.csv line 1, the header: lacks polarity"),
        (f"{HEADER.replace('end_of_year_2015_16', 'x')}\n{ROW}\n", "line 1, the header: needs end_of_year_2016_17 and"),
        (f"{HEADER},end_of_year_2014_15\n{ROW},4\n", "line 1, the header: needs end_of_year_2016_17 and"),
        (f"{HEADER.replace('target_', 'aim_')}\n{ROW}\n", "needs one column such as target_2017_18; it has none"),
        (f"{HEADER.replace('2015_16', '2015_19')}\n{ROW}\n", "column end_of_year_2015_19: ends in no year such as"),
        (f"{HEADER.replace('target_2017_18', 'target_soon')}\n{ROW}\n", "column target_soon: ends in no year such as"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('↓', '⇓')}\n", "d.csv line 3, column direction_of_travel: '⇓' is none of ↑"),
        (f"{HEADER}\n{ROW.replace('2nd', '5th')}\n", "d.csv line 2, column quartile_position: '5th' is none of 1st"),
        (f"{HEADER}\n{ROW.replace('2nd', '2st')}\n", "column quartile_position: '2st'"),
        (f"{HEADER}\n{ROW.replace('2nd', '1st/3rd')}\n", "column quartile_position: '1st/3rd'"),
        (f"{HEADER}\n{ROW.replace('Low', 'Lower')}\n", "d.csv line 2, column polarity: 'Lower' is none of High, Low"),
        (f"{HEADER}\n{ROW.replace('5.1', '5.1.2')}\n", "line 2, column end_of_year_2016_17: '5.1.2' is no figure"),
        (f"{HEADER}\n{ROW.replace('4.9', '4 9')}\n", "line 2, column end_of_year_2015_16: '4 9' is no figure"),
        (f"{HEADER}\n{ROW.replace('4.9', '1' * 99)}\n", f"column end_of_year_2015_16: '{'1' * 39}…' is no figure"),
        (f"{HEADER}\n{ROW.replace('Potholes', ' ')}\n", "d.csv line 2, column indicator: is empty"),
        (f"{HEADER}\n{ROW.replace('Roads', '')}\n", "d.csv line 2, column theme: is empty"),
        (f"{HEADER}\n{ROW}\n\n{ROW}\n", "d.csv line 4, column indicator: 'Potholes' stands in line 2 already"),
        (f"{HEADER}\n{ROW},more\n", "d.csv line 2: 11 cells where the header has 10"),
        (f"{HEADER}\n{ROW}\n{ROW[:-4]}\n", "d.csv line 3: 9 cells where the header has 10"),
        (f'{HEADER}\n"Roads,Repair\n{ROW}\n', "d.csv line 2: cannot be read as CSV"),
        (f'{HEADER}\n{ROW}\n"Roads"x,{ROW[6:]}\n', "d.csv line 3: cannot be read as CSV"),
        (f'{HEADER}\n{ROW.replace("Repair", chr(34) + "Re" + chr(10) + "pair" + chr(34))}\n{ROW.replace("↓", "?")}\n',
         "d.csv line 4, column direction_of_travel: '?'"),
        (f"{HEADER}\n{ROW.replace('5.1', '#DIV/0!')}\n", "column end_of_year_2016_17: '#DIV/0!' is no figure"),
        (f"{HEADER},a\x1b[2J,a\x1b[2J\n{ROW},x,x\n", "the header: a[2J stands twice"),
        (f"{HEADER},{'w' * 999},{'w' * 999}\n{ROW},x,x\n", f"the header: {'w' * 79}… stands twice"),
        (f"{HEADER}\n{ROW}\n" + "x" * (10 << 20), "d.csv: larger than 10 MB; a dashboard has some hundreds of rows"),
    ],
)  # fmt: skip
def test_a_file_with_anything_else_in_it_is_refused_whole(text: str | bytes, why: str) -> None:
    with pytest.raises(SourceError) as refused:
        read(text)
    assert why in str(refused.value)
