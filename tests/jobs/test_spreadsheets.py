from __future__ import annotations

import io
import re
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pytest

from engine.areas import load_areas
from engine.periods import parse_period
from jobs.errors import LayoutChanged
from jobs.spreadsheets import Table, code_of, plain_name, read_table
from jobs.workbooks import MOST_CELLS, open_book
from tests.real_data import OFFICIAL, REFERENCE, needs_official

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
MANIFEST = '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:x"/>'

NUMBER = '<table:table-cell office:value-type="float">'

Cells = Sequence[Sequence[Any]]


# --- making workbooks -----------------------------------------------------------------------------


def cell(value: object) -> str:
    if value == "":
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        return f'{NUMBER[:-1]} office:value="{value!r}"><text:p>{value}</text:p></table:table-cell>'
    text = escape(str(value))
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def content(sheets: dict[str, Cells]) -> str:
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    return document(tables)


def document(tables: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES}><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def packed(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return out.getvalue()


def ods(inside: str | bytes, manifest: str = MANIFEST) -> bytes:
    return packed({"mimetype": MIMETYPE, "META-INF/manifest.xml": manifest, "content.xml": inside})


def made(rows: Sequence[Any], name: str = "T") -> bytes:
    return ods(content({name: rows}))


XLSX_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
XLSX_BOOK = (
    '<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="T" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
XLSX_LINKS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>'
)


def xlsx(rows: str, texts: Sequence[str] = ()) -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    return packed(
        {
            "[Content_Types].xml": XLSX_TYPES,
            "_rels/.rels": XLSX_LINKS.replace("/worksheet", "/officeDocument").replace(
                "worksheets/sheet1.xml", "xl/workbook.xml"
            ),
            "xl/workbook.xml": XLSX_BOOK,
            "xl/_rels/workbook.xml.rels": XLSX_LINKS,
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
            "xl/sharedStrings.xml": f"<sst {main}>{shared}</sst>",
        }
    )


def changed(file: str, change: Callable[[str], str]) -> bytes:
    """A real workbook with its content changed."""
    with zipfile.ZipFile(OFFICIAL / file) as book:
        before = book.read("content.xml").decode()
    after = change(before)
    assert after != before
    return ods(after)


def read(
    body: bytes, where: str = "file.ods", codes: dict[str, str] | None = None, **described: object
) -> pd.DataFrame:
    return read_table(open_book(body, where), Table.model_validate(described), codes)


def plain(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(frame[["area_code", "period", "value", "status"]].itertuples(index=False, name=None))


ROADS: dict[str, Any] = {"sheet": "RDC0120_A_.*", "area": "ONS area code", "value": r"(?P<period>FYE \d{4})"}
RATE: dict[str, Any] = {"area": "Code", "period": "Year", "value": "Rate"}
LEICESTERSHIRE, DEVON = "E10000018", "E10000008"


# --- layouts --------------------------------------------------------------------------------------


def test_a_table_is_read_by_its_headings_wherever_it_stands() -> None:
    rows = [
        ["Table 1: rates [note 1]", "", "", ""],
        ["", "", "", ""],
        ["Area", "code [note 2]", "year", "Rate\n per 1,000  people"],
        ["Area", " Code  [note 2]", "YEAR", "Rate\n per 1,000  people [r]"],
        ["Leicestershire", LEICESTERSHIRE, 2023, 1.5],
        ["East Midlands", "E12000004", 2023, 2],
        ["Blaby", "E07000129", 2023, 3],
        ["England", "E92000001", 2023, 4.25],
        ["", "", "", ""],
        ["Source: made up", "", "", ""],
    ]
    found = read(made(rows[:2] + rows[3:]), **{**RATE, "value": r"Rate per 1,000 people"})
    assert plain(found) == [(LEICESTERSHIRE, "2023", "1.5", ""), ("E92000001", "2023", "4.25", "")]


def test_a_row_that_repeats_the_header_is_no_figure() -> None:
    rows = [["Code", "Year", "Rate"], [DEVON, "2023", 1], ["Code", "Year", "Rate"], ["E10", "2023", 9]]
    assert plain(read(made(rows), **RATE)) == [(DEVON, "2023", "1", "")]


def test_numbers_may_be_text_and_markers_never_become_figures() -> None:
    cells = ["1,234.5", " 12 ", "−3", "[x]", "[c]", "[low]", "..", ":", "-", "*", "", "0"]
    rows = [["Code", "Year", "Rate"], *([DEVON, str(2000 + at), text] for at, text in enumerate(cells))]
    found = read(made(rows), **RATE)
    assert list(found["value"]) == ["1234.5", "12", "-3", *[""] * 8, "0"]
    assert list(found["status"]) == ["", "", "", "x", "c", "low", "..", ":", "-", "*", "", ""]


@pytest.mark.parametrize("text", ["7.7 (7.3)", "60 (:)", "1,234 (1,200)", "8 (7.9)"])
def test_a_cell_with_two_figures_is_missing(text: str) -> None:
    found = read(made([["Code", "Year", "Rate"], [DEVON, "2023", text], [LEICESTERSHIRE, "2023", 2]]), **RATE)
    assert plain(found) == [(DEVON, "2023", "", "two figures"), (LEICESTERSHIRE, "2023", "2", "")]


@pytest.mark.parametrize("text", ["about 5", "12 34", "5%", "(7.3)", "7.7 (7.3) (7.1)"])
def test_a_cell_that_is_neither_a_number_nor_a_marker_is_refused(text: str) -> None:
    with pytest.raises(LayoutChanged, match=r"file.ods, sheet 'T', column 'Rate': .* neither a number nor a known"):
        read(made([["Code", "Year", "Rate"], [DEVON, "2023", text]]), **RATE)


def test_limits_are_there_where_a_figure_has_a_margin() -> None:
    rows = [["Code", "2022-23 Rate", "2022-23 Margin", "2023-24 Rate", "2023-24 Margin"], [DEVON, 1.5, 0.2, 2, "[c]"]]
    given: dict[str, Any] = {"value": r"(?P<period>\d{4}-\d\d) Rate", "margin": r"(?P<period>\d{4}-\d\d) Margin"}
    found = read(made(rows), area="Code", **given)
    assert plain(found) == [(DEVON, "2022-23", "1.5", ""), (DEVON, "2023-24", "2", "")]
    assert list(found["lower_ci"]) == ["1.3", ""]
    assert list(found["upper_ci"]) == ["1.7", ""]


def test_figures_and_limits_are_scaled_exactly() -> None:
    rows = [["Code", "Year", "Rate", "Margin"], [DEVON, "2023", 0.451, 0.013], [LEICESTERSHIRE, "2023", 0.07, ""]]
    found = read(made(rows), **RATE, margin="Margin", scale=100.0)
    assert list(found["value"]) == ["45.1", "7"]
    assert list(found["lower_ci"]) == ["43.8", ""]
    assert list(found["upper_ci"]) == ["46.4", ""]


def test_the_period_may_stand_in_the_title_or_the_name_of_the_sheet() -> None:
    rows = [["Rates as at 31 March 2024 [note 1]", ""], ["Code", "Rate"], [DEVON, 1]]
    found = read(made(rows), area="Code", value="Rate", title=r"as at (?P<period>\d+ \w+ \d{4})")
    assert plain(found) == [(DEVON, "31 March 2024", "1", "")]
    found = read(made(rows, "Rates_31_March_2024"), area="Code", value="Rate", sheet="Rates_(?P<period>.*)")
    assert plain(found) == [(DEVON, "31 March 2024", "1", "")]
    with pytest.raises(LayoutChanged, match=r"no text above the header fits 'on \(\?P.*there are 'Rates as at"):
        read(made(rows), area="Code", value="Rate", title=r"on (?P<period>\d+ \w+ \d{4})")


def test_a_date_as_period_is_its_day() -> None:
    day = '<table:table-cell office:value-type="date" office:date-value="2024-03-31"><text:p>31/03/24</text:p>'
    inside = content({"T": [["Code", "Year", "Rate"], [DEVON, "HERE", 1]]})
    inside = inside.replace(cell("HERE"), f"{day}</table:table-cell>")
    assert plain(read(ods(inside), **RATE)) == [(DEVON, "2024-03-31", "1", "")]


@pytest.mark.parametrize("label", ["", "latest", "2023-45"])
def test_a_period_nobody_can_read_is_refused(label: str) -> None:
    rows = [["Code", "Year", "Rate"], [DEVON, label, 1], [DEVON, "2022", 1]]
    with pytest.raises(LayoutChanged, match=r"sheet 'T': 1 figures stand under a period nobody can read"):
        read(made(rows), **RATE)


def test_codes_that_nobody_else_writes_are_put_right_or_left_out() -> None:
    rows = [
        ["Code", "Year", "Rate"],
        ["E06000048", "2023", 1],
        ["E10000099", "2023", 2],
        ["E06000061 / E06000062", "2023", 3],
    ]
    found = read(made(rows), codes={"E06000048": "E06000057", "E10000099": ""}, **RATE)
    assert plain(found) == [("E06000057", "2023", "1", "")]
    assert [row[0] for row in plain(read(made(rows), **RATE))] == ["E06000048", "E10000099"]  # to be reported


def test_the_same_row_twice_counts_once_and_two_that_differ_are_left_to_be_reported() -> None:
    rows = [["Code", "Year", "Rate"], [DEVON, "2023", 1], [DEVON, "2023", 1], [DEVON, "2023", 2]]
    assert [row[2] for row in plain(read(made(rows), **RATE))] == ["1", "2"]


def test_grades_become_numbers_and_other_words_are_refused() -> None:
    given = {**RATE, "value": "Grade", "grades": ["Good", "Bad"]}
    rows = [["Code", "Year", "Grade"], [DEVON, "2023", "bad"], [LEICESTERSHIRE, "2023", "[z]"]]
    assert plain(read(made(rows), **given)) == [(DEVON, "2023", "2", ""), (LEICESTERSHIRE, "2023", "", "z")]
    with pytest.raises(LayoutChanged, match="'Awful' is neither"):
        read(made([*rows, ["E10000003", "2023", "Awful"]]), **given)
    with pytest.raises(LayoutChanged, match="'2' stands where a grade was; grades are Good, Bad"):
        read(made([*rows, ["E10000003", "2023", 2]]), **given)


# --- what is not there ----------------------------------------------------------------------------


def test_a_sheet_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(LayoutChanged, match=r"file.ods: no sheet fits 'Table_1'; the nearest is 'Table_1a'"):
        read(ods(content({"Table_1a": [["x"]], "Notes": [["y"]]})), **RATE, sheet="Table_1")


def test_several_sheets_that_fit_are_named() -> None:
    with pytest.raises(LayoutChanged, match=r"2 sheets fit 'Table_.' \(Table_1, Table_2\)"):
        read(ods(content({"Table_1": [["x"]], "Table_2": [["y"]]})), **RATE, sheet="Table_.")
    with pytest.raises(LayoutChanged, match="2 sheets fit ''"):
        read(ods(content({"Table_1": [["x"]], "Table_2": [["y"]]})), **RATE)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["ONS Code", "Year", "Rate"], "'Code'; the nearest is 'ONS Code'"),
        (["Code", "Years", "Rate"], "'Year'; the nearest is 'Years'"),
        (["Code", "Year", "Rates"], "'Rate'; the nearest is 'Rates'"),
        (["Code", "Code", "Year", "Rate"], "'Code' is there more than once"),
        (["Code", "Year", "Rate", "Rate"], r"2 columns fit 'Rate' \('Rate', 'Rate'\)"),
    ],
)
def test_a_column_renamed_or_repeated_is_told(header: list[str], words: str) -> None:
    with pytest.raises(LayoutChanged, match=f"sheet 'T': .*{words}"):
        read(made([["A title"], ["A note", "another"], header, [DEVON, "2023", 1, 1]]), **RATE)


def test_a_margin_renamed_is_told() -> None:
    with pytest.raises(LayoutChanged, match="no column fits 'Margin'; the nearest is 'Margin of error'"):
        read(made([["Code", "Year", "Rate", "Margin of error"], [DEVON, "2023", 1, 1]]), **RATE, margin="Margin")


@pytest.mark.parametrize("rows", [[["Code", "Year", "Rate"]], [["Code", "Year", "Rate"], ["E12000004", "2023", 1]]])
def test_a_table_without_a_council_is_refused(rows: Cells) -> None:
    with pytest.raises(LayoutChanged, match="no row under 'Code' is of a council or England"):
        read(made(rows), **RATE)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(LayoutChanged, match="no header with the column 'Code'; there is none"):
        read(ods(content({"T": []})), **RATE)


# --- real workbooks, changed ----------------------------------------------------------------------


@cache
def roads() -> pd.DataFrame:
    return read((OFFICIAL / "rdc0120.ods").read_bytes(), **ROADS)


FIRST_ROW = re.compile(r'(<table:table table:name="RDC0120_A_Roads[^>]*>.*?)(<table:table-row)', re.DOTALL)


@needs_official
def test_a_header_that_moved_down_is_found() -> None:
    blank = "<table:table-row><table:table-cell/></table:table-row>"
    body = changed("rdc0120.ods", lambda text: FIRST_ROW.sub(rf"\g<1>{blank * 3}\g<2>", text, count=1))
    pd.testing.assert_frame_equal(read(body, **ROADS), roads())


@needs_official
def test_a_sheet_renamed_or_gone_from_a_real_workbook_is_told() -> None:
    body = changed("rdc0120.ods", lambda text: text.replace('"RDC0120_A_Roads_and_Motorways"', '"RDC0120_A-Roads"'))
    with pytest.raises(LayoutChanged, match=r"no sheet fits 'RDC0120_A_.*'; the nearest is 'RDC0120_A-Roads'"):
        read(body, **ROADS)


@needs_official
def test_a_column_renamed_in_a_real_workbook_is_told() -> None:
    body = changed("rdc0120.ods", lambda text: text.replace("ONS Area Code", "Area code (ONS)"))
    with pytest.raises(
        LayoutChanged, match=r"RDC0120_A_Roads_and_Motorways': no header with the column 'ONS area code'"
    ):
        read(body, **ROADS)


@needs_official
def test_figures_written_as_text_are_the_same_figures() -> None:
    number = re.compile(r'office:value-type="float" office:value="[^"]*"')
    body = changed("rdc0120.ods", lambda text: number.sub('office:value-type="string"', text))
    pd.testing.assert_frame_equal(read(body, **ROADS), roads())


# --- councils by name -----------------------------------------------------------------------------

BY_NAME: dict[str, Any] = {"area_name": "Council", "period": "Year", "value": "Rate"}


def test_councils_are_found_by_any_name_that_publishers_give_them() -> None:
    names = ["Durham", "County Durham UA", "Herefordshire, County of", "Bristol, City of", "Kingston upon Hull",
             "St. Helens", "Devon CC [note 3]", "Leicestershire County Council", "Telford & Wrekin",
             "London Borough of Camden", "City of London", "Barnsley MBC", "England"]  # fmt: skip
    rows = [["Council", "Year", "Rate"], *([name, "2025-26", at] for at, name in enumerate(names))]
    found = read(made(rows), **BY_NAME)
    assert list(found["area_code"]) == [
        "E06000047", "E06000047", "E06000019", "E06000023", "E06000010", "E08000013", DEVON, LEICESTERSHIRE,
        "E06000020", "E09000007", "E09000001", "E08000038", "E92000001",
    ]  # fmt: skip


def test_a_council_has_the_code_of_its_day() -> None:
    rows = [["Council", "Year", "Rate"], *(["Dorset", year, 1] for year in ("2017-18", "2018-19", "2019-20"))]
    assert list(read(made(rows), **BY_NAME)["area_code"]) == ["E10000009", "E10000009", "E06000059"]
    rows = [["Council", "Year", "Rate"], ["Barnsley", "2024-25", 1], ["Barnsley", "2025-26", 1]]
    assert list(read(made(rows), **BY_NAME)["area_code"]) == ["E08000016", "E08000038"]


def test_totals_regions_and_districts_are_left_out_by_name() -> None:
    names = ["East Midlands", "London", "Inner London", "Shire counties", "Total England", "All authorities", "Blaby"]
    rows = [["Council", "Year", "Rate"], *([name, "2023", 1] for name in names), ["Devon", "2023", 1]]
    assert list(read(made([*rows, ["Source: made up", "", ""]]), **BY_NAME)["area_code"]) == [DEVON]


def test_a_name_nobody_knows_is_told_with_the_nearest() -> None:
    rows = [["Council", "Year", "Rate"], ["Devon", "2023", 1], ["Leicestershre", "2023", 1]]
    with pytest.raises(
        LayoutChanged, match="'Leicestershre', which is no council we know; the nearest is 'Leicestershire'"
    ):
        read(made(rows), **BY_NAME)


def test_every_council_is_found_by_its_own_name_on_its_last_day() -> None:
    for area in load_areas():
        if area.upper_tier:
            last = area.end or area.start
            period = parse_period(last.isoformat() if last else "2025-11-01")
            assert code_of(area.name, period) == area.code, area.name


@needs_official
def test_every_spelling_met_in_the_sources_is_known() -> None:
    seen = pd.read_csv(REFERENCE / "names_seen.csv")
    wrong = {name: code_of(name, parse_period("2024")) for name in seen["name"]}
    assert {name: code for name, code in wrong.items() if [code] != list(seen["area_code"][seen["name"] == name])} == {}


def test_plain_names_keep_councils_apart() -> None:
    current = [area for area in load_areas() if area.upper_tier and not area.end]
    assert len({plain_name(area.name) for area in current}) == len(current)


# --- CSV and XLSX ---------------------------------------------------------------------------------


def test_a_csv_file_is_read_like_a_sheet() -> None:
    body = f'﻿A title\n\nCode,Year,Rate\n{DEVON},2023,"1,234"\n{LEICESTERSHIRE},2023,[c]\n'.encode()
    assert plain(read(body, "file.CSV", **RATE)) == [(DEVON, "2023", "1234", ""), (LEICESTERSHIRE, "2023", "", "c")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"Code,Year\n\xff,1\n", "no UTF-8 CSV"),
        (b'Code,Year\n"a"b,1\n', "no UTF-8 CSV"),
        (b"<html>", "a web page instead of a CSV"),
        (b"%PDF-1.7", "a PDF instead of a CSV"),
        (b"PK\x03\x04", "a ZIP file instead of a CSV"),
    ],
)
def test_a_body_that_is_no_csv_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(LayoutChanged, match=f"file.csv: .*{words}"):
        open_book(body, "file.csv")


@pytest.mark.parametrize("body", [b"," * (MOST_CELLS + 1), b"," * 3000 + b"\n" * 3000], ids=["long", "wide and long"])
def test_a_csv_file_with_too_many_cells_is_refused(body: bytes) -> None:
    with pytest.raises(LayoutChanged, match="more than any real file"):
        open_book(body, "file.csv")


def test_an_xlsx_workbook_is_read_with_its_shared_texts() -> None:
    rows = (
        '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c></row>'
        f'<row r="4"><c r="A4" t="inlineStr"><is><t>{DEVON}</t></is></c><c r="B4"><v>2023</v></c>'
        '<c r="C4"><v>1.5</v></c></row>'
    )
    assert plain(read(xlsx(rows, ["Code", "Year", "Rate"]), "file.xlsx", **RATE)) == [(DEVON, "2023", "1.5", "")]


# --- what is no workbook --------------------------------------------------------------------------

OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html>", "a web page instead of an ODS or XLSX"),
        (b"  <html>", "a web page"),
        (b"%PDF-1.7", "a PDF"),
        (OLD_EXCEL, r"an old Excel file \(.xls\) or a workbook protected by a password"),
        (b"Code,Year\n", "something unknown"),
        (b"PK\x03\x04 and nothing else", "the workbook is damaged"),
        (packed({"a.txt": "x", "b.txt": "y"}), "a ZIP file without a workbook in it, of a.txt, b.txt"),
        (packed({}), "a ZIP file without a workbook in it, of nothing"),
        (ods(content({"T": [["x"]]})[:-20]), "content.xml: broken XML"),
        (ods(""), "content.xml: broken XML"),
        (packed({"content.xml": content({"T": [["x"]]})}), "the workbook cannot be read"),
        (ods(content({"T": [["x"]]}).replace("table:", "t:")), "broken XML|no sheet|cannot be read"),
    ],
)
def test_what_is_no_workbook_is_refused_in_plain_words(body: bytes, words: str) -> None:
    with pytest.raises(LayoutChanged, match=f"file.ods.*({words})"):
        read(body, **RATE)


def test_a_workbook_cut_short_or_altered_is_refused() -> None:
    body = made([["Code", "Year", "Rate"], [DEVON, "2023", 1]])
    for broken in (body[: len(body) // 2], body[:-30], body.replace(b"PK\x01\x02", b"PK\x01\x09", 1)):
        with pytest.raises(LayoutChanged, match=r"file.ods: the workbook is damaged|without a workbook"):
            open_book(broken, "file.ods")
    at = body.index(b"content.xml") + len("content.xml") + 20
    with pytest.raises(LayoutChanged, match=r"file.ods: the workbook is damaged"):
        open_book(body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :], "file.ods")


def test_a_protected_workbook_is_told_from_a_broken_one() -> None:
    manifest = MANIFEST.replace("/>", "><manifest:encryption-data/></manifest:manifest>")
    with pytest.raises(LayoutChanged, match="protected by a password"):
        open_book(ods(b"\x8f\x01 not XML", manifest), "file.ods")
    body = bytearray(made([["x"]]))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := body.find(mark, at + 1)) >= 0:
            body[at + offset] |= 1
    with pytest.raises(LayoutChanged, match="protected by a password"):
        open_book(bytes(body), "file.ods")


# --- attacks --------------------------------------------------------------------------------------

MANY = {"rows": 1_048_576, "columns": 16_384}


def repeated(rows: int, columns: int, inside: str = "<text:p>1</text:p>", attributes: str = "") -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell {attributes}'
        f' table:number-columns-repeated="{columns}">{inside}</table:table-cell></table:table-row>'
    )


def sheet(*rows: str) -> str:
    return document(f'<table:table table:name="T">{"".join(rows)}</table:table>')


STRING = 'office:value-type="string"'
LAST = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
BOMBS = {
    "cells repeated": ods(sheet(repeated(MANY["rows"], MANY["columns"], attributes=STRING))),
    "one row repeated": ods(sheet(repeated(MOST_CELLS, 2, attributes=STRING))),
    "blanks before a figure": ods(
        sheet(
            '<table:table-row><table:table-cell table:number-columns-repeated="99999999999"/>'
            f"{cell(1)}</table:table-row>"
        )
    ),
    "blank rows before a figure": ods(
        sheet(
            '<table:table-row table:number-rows-repeated="99999999999"><table:table-cell/></table:table-row>',
            f"<table:table-row>{cell(1)}</table:table-row>",
        )
    ),
    "a value without text": ods(sheet(repeated(9_999_999, 9, "", 'office:value-type="float" office:value="1"'))),
    "a number hidden in entities": ods(
        sheet(repeated(1, 1, attributes=STRING)).replace('repeated="1"', 'repeated="&#57;9"')
    ),
    "a long text repeated": ods(sheet(repeated(1000, 1000, f"<text:p>{'x' * 1000}</text:p>", STRING))),
    "many sheets": ods(
        document(f'<table:table table:name="T">{repeated(10_000, 100, attributes=STRING)}</table:table>' * 9)
    ),
    "the last cell": xlsx('<row r="1"><c r="A1"><v>1</v></c></row>' + LAST),
    "the last cell in small letters": xlsx('<row r="1"><c r="A1"><v>1</v></c></row>' + LAST.replace("XFD", "xfd")),
    "a far row": xlsx(
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row><row r="9999"><c><v>1</v></c></row>'
    ),
    "a long text shared": xlsx(
        "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001)), ["x" * 32_000]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_unfolds_to_a_huge_sheet_is_refused(name: str) -> None:
    assert len(BOMBS[name]) < 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LayoutChanged, match="more than any real file"):
        open_book(BOMBS[name], "file.ods")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_blank_cells_up_to_the_last_row_and_column_are_no_attack() -> None:
    empty = repeated(MANY["rows"], MANY["columns"], "")
    self_closed = empty.replace("></table:table-cell>", "/>")
    for rest in (empty, self_closed):
        inside = content({"T": [["Code", "Year", "Rate"], [DEVON, "2023", 1]]}).replace(
            "</table:table>", f"{rest}</table:table>"
        )
        assert plain(read(ods(inside), **RATE)) == [(DEVON, "2023", "1", "")]
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row>{LAST.replace("<v>1</v>", "")}'
    assert open_book(xlsx(rows), "file.xlsx").rows("T") == [[1.0]]


def test_a_real_repetition_is_read_as_often_as_it_says() -> None:
    row = f"<table:table-row>{cell(DEVON)}{cell('2023')}"
    twice = cell(7).replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"')
    inside = content({"T": [["Code", "Year", "Rate", "Other"]]}).replace(
        "</table:table>", f"{row}{twice}</table:table-row></table:table>"
    )
    assert open_book(ods(inside), "file.ods").rows("T")[1] == [DEVON, "2023", 7.0, 7.0]
    assert plain(read(ods(inside), **RATE)) == [(DEVON, "2023", "7", "")]


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = ods(b" " * (201 << 20))
    assert len(bomb) < 300_000
    with pytest.raises(LayoutChanged, match="holds more than 200 MB, more than any real file"):
        open_book(bomb, "file.ods")


def test_a_false_size_in_the_directory_is_found_out() -> None:
    body = bytearray(ods(sheet() + " " * 100_000))
    true = len(sheet()) + 100_000
    assert body.count(struct.pack("<I", true)) == 2
    false = bytes(body).replace(struct.pack("<I", true), struct.pack("<I", 10))
    with pytest.raises(LayoutChanged, match="the workbook is damaged"):
        open_book(false, "file.ods")


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("?>", f"?>{LAUGHS}", 1).replace("BOOM", "&j;"), "declared types or entities"),
        (
            lambda text: text.replace("?>", '?><!DOCTYPE x SYSTEM "file:///etc/passwd">', 1),
            "declared types or entities",
        ),
        (lambda text: text.replace("BOOM", "<!-- </table:table> -->"), "comments"),
        (lambda text: text.replace("BOOM", "<![CDATA[</table:table>]]>"), "CDATA"),
        (lambda text: text.replace("UTF-8", "UTF-16", 1).encode("utf-16"), "another encoding"),
        (lambda text: text.replace("UTF-8", "cp037", 1), "another encoding|broken XML"),
    ],
)
def test_xml_that_no_spreadsheet_has_is_refused(change: Callable[[str], str | bytes], words: str) -> None:
    inside = change(content({"T": [["BOOM"]]}))
    with pytest.raises(LayoutChanged, match=rf"file.ods, content.xml: .*({words})"):
        open_book(ods(inside), "file.ods")


def test_the_same_part_twice_is_refused() -> None:
    body = packed({"mimetype": MIMETYPE, "content.xml": sheet(), "content.xmk": sheet()})
    with pytest.raises(LayoutChanged, match=r"holds 'content.xml' twice"):
        open_book(body.replace(b"content.xmk", b"content.xml"), "file.ods")


def test_parts_that_hold_no_figures_are_not_unpacked() -> None:
    parts: dict[str, str | bytes] = {
        "mimetype": MIMETYPE,
        "META-INF/manifest.xml": MANIFEST,
        "content.xml": content({"T": [["x"]]}),
    }
    body = packed({**parts, "media/picture.png": bytes(201 << 20), "styles.xml": "<broken"})
    assert open_book(body, "file.ods").rows("T") == [["x"]]


@needs_official
@pytest.mark.slow
def test_reading_the_largest_real_workbook_stays_within_its_memory() -> None:
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from jobs.spreadsheets import Table, read_table\n"
        "from jobs.workbooks import open_book\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "book = open_book(Path(sys.argv[1]).read_bytes(), 'waste.ods')\n"
        "read_table(book, Table(sheet='Table_3', area='ONS code', period='Year', value='Residual.*'))\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    file = OFFICIAL / "LA_and_Regional_Spreadsheet_202324.ods"
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, check=True, text=True)
    assert int(done.stdout) < 250
