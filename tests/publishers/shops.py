"""Publishers with few data sets and small bodies, which publish and spoil what tests tell them to.

Each shop has a stand-in, of which the figures are real but few, and the indicators that the catalogue takes from it.
Publishing changes one figure of the council's; a spoilt release has another fault in its body besides.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pyarrow as pa
import python_calamine
from pyarrow import parquet

from tests.publishers import ees, els, fingertips, govuk, lait, lginform, nomis
from tests.publishers.exchange import StandIn
from tests.publishers.server import Publishers
from tests.real_data import OFFICIAL

COUNCIL = "E10000018"
Edit = Callable[[bytes], bytes]
Rows = list[list[Any]]

_BUILTIN = Path(__file__).parents[2] / "engine" / "catalogue"


class Shop:
    """A publisher: where it is asked what there is and for figures, and what the catalogue calls them."""

    name: ClassVar[str]
    detector: ClassVar[str]
    figures: ClassVar[str]
    dataset: ClassVar[str]
    title: ClassVar[str]
    """What people are told the data set of ``code`` is called, or part of that."""
    code: ClassVar[str]
    """The indicator whose figure each release changes."""
    others: ClassVar[tuple[str, ...]] = ()
    """Indicators that come along: in the same data set, or in another."""

    def __init__(self) -> None:
        self.stand_in: Any = self.opened()

    def opened(self) -> StandIn:
        """The stand-in, before anything was published."""
        raise NotImplementedError

    def publish(self, value: str) -> None:
        """A new release, in which the council's latest figure is this one."""
        raise NotImplementedError

    def spoil(self, web: Publishers, edit: Edit, value: str = "61") -> None:
        """A new release whose body is another than it should be, until the fault is cleared."""
        self.publish(value)
        web.faults.replace(self.name, self.figures, edit)


# --- bodies and their faults ----------------------------------------------------------------------


def heading(old: str, new: str) -> Edit:
    """One heading called otherwise."""

    def edit(body: bytes) -> bytes:
        first, rest = body.split(b"\n", 1)
        assert old.encode() in first
        return first.replace(old.encode(), new.encode(), 1) + b"\n" + rest

    return edit


def text(old: str, new: str) -> Edit:
    """Words replaced wherever they stand."""

    def edit(body: bytes) -> bytes:
        assert old.encode() in body
        return body.replace(old.encode(), new.encode())

    return edit


def below_a_title(body: bytes) -> bytes:
    """Two lines of words above the header."""
    return b"Official statistics\nPublished on 21 November\n" + body


def header_alone(body: bytes) -> bytes:
    """The first line and nothing below it."""
    return body[: body.index(b"\n") + 1]


def first_half(body: bytes) -> bytes:
    """Half of the body as if it were all of it."""
    return body[: len(body) // 2]


def without_end(body: bytes) -> bytes:
    """All but the last letters, as if it were all."""
    return body.rstrip()[: -len(b"Percentage,%,,,,")]


def without(*codes: str) -> Edit:
    """The lines in which none of these codes stands."""

    def edit(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        kept = [line for line in lines if not any(code.encode() in line for code in codes)]
        assert len(kept) < len(lines)
        return b"".join(kept)

    return edit


def cells(column: str, change: Callable[[pd.Series[str]], pd.Series[str]]) -> Edit:
    """A column of a CSV body with its cells changed."""

    def edit(body: bytes) -> bytes:
        frame = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False, encoding="utf-8-sig")
        frame[column] = change(frame[column])
        return frame.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n").encode()

    return edit


# --- the publishers -------------------------------------------------------------------------------


class Fingertips(Shop):
    """One indicator, of which the last three years are left."""

    name, detector, figures = "fingertips", "^/indicator_metadata", "^/all_data"
    dataset, title = "90284", "90284"
    code = "fingertips-90284-persons-under-15"

    def opened(self) -> StandIn:
        stand_in = fingertips.StandIn()
        stand_in._body = _few_of_fingertips()
        return stand_in

    def publish(self, value: str) -> None:
        self.stand_in.revise(COUNCIL, "2023/24", value)


@cache
def _few_of_fingertips() -> bytes:
    def few(rows: list[fingertips.Row]) -> list[fingertips.Row]:
        wanted = {"Sex": "Persons", "Age": "<15 yrs", "Category Type": ""}
        years = {"2021/22", "2022/23", "2023/24"}
        return [row for row in rows if wanted.items() <= row.items() and row["Time period"] in years]

    return fingertips.edited(fingertips.real_body(), few)


class Lait(Shop):
    """Two measures of the tool, and the dictionary's lines on them."""

    name, detector, figures = "lait", "parquet$", "parquet$"
    dataset, title = "lait", "Local Authority Interactive Tool"
    code = "lait-pct-of-lac-adopted"
    others = ("lait-cp-conf-15days",)
    measures = ("%_of LAC Adopted", "CP_conf_15days")

    def opened(self) -> StandIn:
        stand_in = lait.StandIn()
        stand_in.max_age = 0
        stand_in.publish(lait.DICTIONARY, _few_of_the_dictionary(self.measures))
        stand_in.publish(lait.FIGURES, parquet_of(_few_of_the_tool(self.measures)))
        return stand_in

    def publish(self, value: str) -> None:
        frame = _few_of_the_tool(self.measures)
        ours = frame[(frame["Short Desc"] == self.measures[0]) & (frame["LA Number"] == 855)]
        frame.loc[ours["Years"].idxmax(), "Values"] = value
        self.stand_in.publish(lait.DICTIONARY, _few_of_the_dictionary(self.measures))
        self.stand_in.publish(lait.FIGURES, parquet_of(frame))

    def describe(self, old: str, new: str, column: str = "Polarity", measure: str = measures[0]) -> None:
        """The dictionary says something else of one measure."""
        frame = pd.read_csv(io.BytesIO(_few_of_the_dictionary(self.measures)), dtype=str, keep_default_na=False)
        where = frame["Measure_short"] == measure
        assert (frame.loc[where, column] == old).all()
        frame.loc[where, column] = new
        self.stand_in.publish(lait.DICTIONARY, frame.to_csv(index=False).encode())


def parquet_of(frame: pd.DataFrame) -> bytes:
    """A table as the tool publishes it."""
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), out)
    return out.getvalue()


def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Edit:
    """A parquet body with its table changed."""
    return lambda body: parquet_of(change(parquet.read_table(io.BytesIO(body)).to_pandas()))


@cache
def _whole_tool() -> pd.DataFrame:
    body = lait.real_body(lait.EDITIONS[-1], lait.FIGURES)
    measures = [("Short Desc", "in", list(Lait.measures))]
    frame: pd.DataFrame = parquet.read_table(io.BytesIO(body), filters=measures).to_pandas()
    return frame


def _few_of_the_tool(measures: Sequence[str]) -> pd.DataFrame:
    frame = _whole_tool()
    return frame[frame["Short Desc"].isin(measures)].copy()


@cache
def _few_of_the_dictionary(measures: Sequence[str]) -> bytes:
    body = lait.real_body(lait.EDITIONS[-1], lait.DICTIONARY)
    frame = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)
    return frame[frame["Measure_short"].isin(measures)].to_csv(index=False).encode()


class Els(Shop):
    """Two small folders."""

    name, detector, figures = "els", r"^/gigabit.*\.csv$", r"^/gigabit.*\.csv$"
    dataset, title = "gigabit-capable-broadband", "Gigabit capable broadband"
    code = "els-gigabit-capable-broadband"
    others = ("els-premises-below-30",)
    path = "/gigabit-capable-broadband/gigabit-capable-broadband.csv"

    def opened(self) -> StandIn:
        stand_in = els.StandIn()
        stand_in.max_age = 0
        return stand_in

    def publish(self, value: str) -> None:
        body = els.real_body("2026-06", self.dataset, "csv")
        assert body
        self.stand_in.publish(
            self.path, re.sub(rb"(?m)^(E10000018,(?:[^,]*,){4})[^,]*", rb"\g<1>" + value.encode(), body)
        )


class Govuk(Shop):
    """Road condition, two tables in one workbook; and Ofsted's inspections in another data set."""

    name, detector, figures = "govuk", "^/api/content", "^/media/.*rdc0120"
    dataset, title = "road-condition", "Condition of local roads (RDC0120)"
    code = "dft-rdc0120-a-roads"
    others = ("dft-rdc0120-bc-roads", "ofsted-ilacs-overall")
    sheet = "RDC0120_A_Roads_and_Motorways"

    def opened(self) -> StandIn:
        stand_in = govuk.StandIn()
        stand_in.pages[govuk.ROADS].files[0].body = ods(workbook())
        return stand_in

    def publish(self, value: str) -> None:
        sheets = workbook()
        rows = sheets[self.sheet]
        ours = next(row for row in rows if row[0] == COUNCIL)
        ours[_LAST_YEAR] = float(value)
        self.release(ods(sheets))

    def release(self, body: bytes) -> None:
        """The workbook replaced, on the day after the last."""
        upload = self.stand_in.pages[govuk.ROADS].files[0]
        self.stand_in.correct(govuk.ROADS, body, at=f"2026-02-{20 + upload.version % 8}T09:30:00+00:00")


_LAST_YEAR = -2
"""The column of the last year; notes come after it."""


@cache
def _real_workbook() -> Mapping[str, Rows]:
    book = python_calamine.load_workbook(str(OFFICIAL / "rdc0120.ods"))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def workbook() -> dict[str, Rows]:
    """The sheets of the road condition tables with the last four years, for changing."""
    return {
        name: [[*row[:3], *row[-5:]] if name.startswith("RDC") else list(row) for row in rows]
        for name, rows in _real_workbook().items()
    }


def book(change: Callable[[dict[str, Rows]], None]) -> Edit:
    """A workbook with its sheets changed."""

    def edit(body: bytes) -> bytes:
        read = python_calamine.load_workbook(io.BytesIO(body))
        sheets = {name: read.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read.sheet_names}
        changed = {name: [list(row) for row in rows] for name, rows in sheets.items()}
        change(changed)
        return ods(changed)

    return edit


class Merged:
    """A cell merged with those to the right of it or below it."""

    def __init__(self, value: object, *, columns: int = 1, rows: int = 1) -> None:
        self.value, self.columns, self.rows = value, columns, rows


COVERED = object()
"""What is left of a cell that is merged with another."""

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def ods(sheets: Mapping[str, Rows]) -> bytes:
    """A workbook of these sheets."""
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    return packed(
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES}><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def packed(content: str | Iterable[bytes]) -> bytes:
    """An ODS file with this content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as whole:
        whole.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        whole.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:x"/>')
        with whole.open("content.xml", "w", force_zip64=True) as part:
            for piece in [content.encode()] if isinstance(content, str) else content:
                part.write(piece)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is COVERED:
        return "<table:covered-table-cell/>"
    spans = ""
    if isinstance(value, Merged):
        spans = f' table:number-columns-spanned="{value.columns}" table:number-rows-spanned="{value.rows}"'
        value = value.value
    if value == "":
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        given = f' office:value-type="float" office:value="{value!r}"'
    else:
        given = ' office:value-type="string"'
    return f"<table:table-cell{given}{spans}><text:p>{escape(str(value))}</text:p></table:table-cell>"


class Ees(Shop):
    """Two data sets of children's social care."""

    name, detector, figures = "ees", "^/publications", "/query$"
    dataset, title = "placement-stability", "Stability measures for children looked after: placements"
    code = "ees-cla-placements-3-in-year"
    others = ("ees-cla-placements-3-in-2-years", "ees-cpp-2-years-or-more")
    shelved = "la_cla_placement_stability"

    def opened(self) -> StandIn:
        stand_in = ees.StandIn()
        kept = (self.shelved, "d5_cpps_at31march_by_duration_2013_to_2025")
        stand_in.data_sets = {name: stand_in.data_sets[name] for name in kept}
        for name, shelved in stand_in.data_sets.items():
            shelved.frames["1.0"] = partial(_last_years, name)
        return stand_in

    def publish(self, value: str) -> None:
        self.release(lambda frame: frame, value)

    def release(self, change: Callable[[pd.DataFrame], pd.DataFrame], value: str = "61") -> None:
        """A new version of the figures as first published, changed; ids are new, for columns may be."""
        stand_in: ees.StandIn = self.stand_in
        shelved = stand_in.data_sets[self.shelved]

        def edited() -> pd.DataFrame:
            frame = _last_years(self.shelved).copy()
            ours = (
                (frame["new_la_code"] == COUNCIL)
                & (frame["time_period"] == frame["time_period"].max())
                & (frame["cla_group"] == "CLA on 31 March")
                & (frame["placement_stability"] == "With 3 or more placements during the year")
            )
            assert ours.sum() == 1
            frame.loc[ours, "children_percent"] = value
            return change(frame)

        shelved.frames[f"{len(shelved.frames) + 1}.0"] = edited
        shelved.published += timedelta(days=7)


@cache
def _last_years(name: str) -> pd.DataFrame:
    frame = ees.table(name)
    return frame[frame["time_period"].isin(sorted(frame["time_period"].unique())[-3:])]


class Nomis(Shop):
    """Two rates of the Annual Population Survey."""

    name, detector, figures = "nomis", r"NM_17_5/def", r"NM_17_5\.data"
    dataset, title = "annual-population-survey", "Annual Population Survey"
    code = "nomis-employment-rate"
    others = ("nomis-unemployment-rate",)

    def __init__(self) -> None:
        super().__init__()
        self._releases = 0

    def opened(self) -> StandIn:
        stand_in = nomis.StandIn()
        stand_in.tables = {nomis.RATES: _last_rates()}
        return stand_in

    def publish(self, value: str) -> None:
        self._releases += 1
        self.stand_in.tables[nomis.RATES] = _last_rates()
        last = max(self.stand_in.tables[nomis.RATES].dates)
        stamp = f"2026-10-{13 + self._releases:02d} 07:00:00"
        self.stand_in.change(nomis.RATES, stamp, {(COUNCIL, last, (45, 20599)): (value, "A")})


@cache
def _last_rates() -> nomis.Table:
    """The last three years of the survey."""
    whole = nomis.rates()
    dates = dict(list(whole.dates.items())[-3:])
    return replace(whole, dates=dates, figures={cell: said for cell, said in whole.figures.items() if cell[1] in dates})


class Lginform(Shop):
    """One metric type."""

    name, detector, figures = "lginform", "^/metricTypes", r"^/data\.csv"
    dataset, title = "care-homes", "Care homes rated good or outstanding"
    code = "lginform-care-homes-good-or-outstanding"

    def __init__(self) -> None:
        super().__init__()
        self._releases = 0

    def opened(self) -> StandIn:
        return lginform.StandIn()

    def publish(self, value: str) -> None:
        self._releases += 1
        self.stand_in.updated = f"2026-11-{3 + self._releases:02d}T04:12:33"
        self.stand_in.revised[COUNCIL, self.stand_in.periods[-1]] = value


SHOPS: Mapping[str, type[Shop]] = {shop.name: shop for shop in (Fingertips, Lait, Els, Govuk, Ees, Nomis, Lginform)}


# --- the catalogue --------------------------------------------------------------------------------


def write_catalogue(folder: Path, shops: Iterable[type[Shop]]) -> None:
    """The entries of what these shops publish, as they stand in the catalogue that is shipped."""
    shops = list(shops)
    codes = {code for shop in shops for code in (shop.code, *shop.others)}
    names = {shop.name for shop in shops}
    folder.mkdir()
    for file, head, parts in _shipped():
        kept = [part for part, entry in parts if _wanted(entry, codes, names)]
        if kept:
            (folder / file).write_text(head + "".join(kept), encoding="utf-8")


@cache
def _shipped() -> list[tuple[str, str, list[tuple[str, dict[str, Any]]]]]:
    """The files of the catalogue: name, theme, and the text of each entry with what it says."""
    found = []
    for file in _BUILTIN.glob("*.toml"):
        first, *parts = re.split(r"(?m)^(?=\[\[)", file.read_text("utf-8"))
        theme = tomllib.loads(first).get("theme", {}).get("name")
        head = f'[theme]\nname = "{theme}"\n\n' if theme else ""
        found.append((file.name, head, [(part, tomllib.loads(part)) for part in parts]))
    return found


def _wanted(entry: dict[str, Any], codes: set[str], publishers: set[str]) -> bool:
    return any(one["code"] in codes for one in entry.get("indicator", [])) or any(
        one["publisher"] in publishers for one in entry.get("dataset", [])
    )
