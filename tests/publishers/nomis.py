"""A stand-in for Nomis: population of all councils, and three rates of the Annual Population Survey.

No whole answer of the real service is at hand, so shape is real and figures are where they can be:

* people in Lincolnshire in 2024, also by age and sex: real (first lines of a real answer);
* employment and inactivity: real rates and limits of the same survey, as ONS Explore Local Statistics printed them
  until it froze them, calendar years only (the real data set has twelve months for each quarter);
* all other people, and unemployment: figures made up, shape real.

As the real one it gives a web page for a parameter it does not know, a header alone where nothing matches, every value
of a dimension that is not pinned, and at most ``page`` rows at once. It has no validators.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from zlib import crc32

from engine.areas import Kind, load_areas
from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL, RESPONSES

SAMPLE = RESPONSES / "nomis" / "pestsyoala_lincolnshire_2024_sample.csv"
SURVEY = OFFICIAL / "ons-els" / "employment-rate.csv.gz"
POPULATION, RATES = "NM_2002_1", "NM_17_5"
LINCOLNSHIRE = "E10000019"

_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Nomis</title></head><body>There is a problem with this request</body></html>"
)
_LIMIT = 25_000
_KNOWN = frozenset(
    {"geography", "date", "time", "select", "recordoffset", "recordlimit", "uid", "excludemissingvalues"}
)
_SMALL = frozenset({"E09000001", "E06000053"})
_GENDERS = {0: "Total", 1: "Male", 2: "Female"}
_ALL_AGES = 200
_FIRST_AGE = 101
_VARIABLES = {
    45: "Employment rate - aged 16-64",
    83: "Unemployment rate - aged 16+",
    111: "% who are economically inactive - aged 16-64",
}
_MEASURES = {20599: "Variable", 21003: "Confidence"}

Cell = tuple[str, str, tuple[int, ...]]
"""Area, date, and a value for each dimension."""


@dataclass(frozen=True)
class Table:
    """One data set; ``dates`` are codes and names from the oldest, ``figures`` are value and status."""

    name: str
    updated: str
    dimensions: dict[str, dict[int, str]]
    dates: dict[str, str]
    figures: dict[Cell, tuple[str, str]]


class StandIn:
    """``tables`` by id. ``page`` is the limit for guests; ``tired`` answers nobody.

    ``deaf`` does not heed recordOffset, and ``ends`` is where pages stop although there are more rows.
    """

    def __init__(self) -> None:
        self.page = _LIMIT
        self.tired = False
        self.ends: int | None = None
        self.deaf = False

    @cached_property
    def tables(self) -> dict[str, Table]:
        return {POPULATION: population(), RATES: rates()}

    def change(self, table: str, updated: str, figures: dict[Cell, tuple[str, str]]) -> None:
        """Publish a data set anew with these figures changed or added."""
        was = self.tables[table]
        self.tables[table] = replace(was, updated=updated, figures={**was.figures, **figures})

    def add_year(self, updated: str) -> None:
        """Publish the population of one more year: each council grows by 6 in 1,000."""
        was = self.tables[POPULATION]
        last = max(was.dates)
        year = str(int(last) + 1)
        grown = {
            (area, year, pins): (str(round(int(value) * 1.006)), status)
            for (area, date, pins), (value, status) in was.figures.items()
            if date == last and value
        }
        self.tables[POPULATION] = replace(
            was, updated=updated, dates={**was.dates, year: year}, figures={**was.figures, **grown}
        )

    def answer(self, request: Request) -> Reply:
        found = re.fullmatch(r"/?dataset/(\w+)(/def\.sdmx\.json|\.data\.csv)", request.path)
        if found is None:
            return Reply(b"not found", 404, "text/plain")
        if self.tired:
            return Reply(_PAGE, content_type="text/html")
        if found[2] == "/def.sdmx.json":
            return self._definition(found[1])
        return self._data(found[1], request)

    def _definition(self, table: str) -> Reply:
        families = {"keyfamily": [self._family(table)]} if table in self.tables else None
        header = {"id": "none", "prepared": "2026-11-20T10:19:25Z", "test": "false"}
        body = {"structure": {"header": header, "keyfamilies": families, "xmlns": "http://www.SDMX.org/structure"}}
        return Reply(json.dumps(body).encode(), content_type="application/json")

    def _family(self, table: str) -> dict[str, object]:
        own = self.tables[table]
        names = ["GEOGRAPHY", *own.dimensions, "FREQ"]
        notes = {"Status": "Current (being actively updated)", "Units": "Persons", "LastUpdated": own.updated}
        return {
            "agencyid": "NOMIS",
            "id": table,
            "name": {"value": own.name, "lang": "en"},
            "uri": table.replace("NM_", "Nm-").replace("_", "d"),
            "version": 1,
            "annotations": {
                "annotation": [{"annotationtitle": title, "annotationtext": text} for title, text in notes.items()]
            },
            "components": {
                "attribute": [{"assignmentstatus": "Mandatory", "conceptref": "OBS_STATUS"}],
                "dimension": [{"codelist": f"CL_{table[3:]}_{name}", "conceptref": name} for name in names],
                "primarymeasure": {"conceptref": "OBS_VALUE"},
                "timedimension": {"codelist": f"CL_{table[3:]}_TIME", "conceptref": "TIME"},
            },
        }

    def _data(self, table: str, request: Request) -> Reply:
        own = self.tables.get(table)
        asked = {name.lower() for name in request.query}
        if own is None or asked - _KNOWN - {name.lower() for name in own.dimensions} or "geography" not in asked:
            return Reply(_PAGE, content_type="text/html")
        cells = _cells(own, request)
        start = 0 if self.deaf else int(request.one("recordOffset", "0"))
        stop = min(start + self.page, len(cells) if self.ends is None else self.ends)
        part = [
            {**_row(own, cell), "RECORD_OFFSET": at, "RECORD_COUNT": len(cells)}
            for at, cell in enumerate(cells[start:stop], start=start)
        ]
        columns = [name.upper() for name in request.one("select").split(",") if name] or _columns(own)
        if set(columns) - set(_columns(own)):
            return Reply(_PAGE, content_type="text/html")
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, columns, extrasaction="ignore", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writeheader()
        writer.writerows(part)
        return Reply(out.getvalue().encode(), content_type="text/csv")


def _cells(own: Table, request: Request) -> list[Cell]:
    """The cells that a request means: each dimension as asked, or every value it has."""
    pinned = [
        [value for value in values if not request.one(name) or str(value) in request.one(name).split(",")]
        for name, values in own.dimensions.items()
    ]
    dates = _dates(request.one("date", "latest"), list(own.dates))
    areas = request.one("geography").split(",")
    return [
        (area, date, pins)
        for date, area, pins in itertools.product(dates, areas, list(itertools.product(*pinned)))
        if (area, date, pins) in own.figures
    ]


def _row(own: Table, cell: Cell) -> dict[str, object]:
    area, date, pins = cell
    value, status = own.figures[cell]
    row = {
        **_described("DATE", date, own.dates[date], date),
        **_described("GEOGRAPHY", crc32(area.encode()), load_areas()[area].name, area),
    }
    for (name, values), pin in zip(own.dimensions.items(), pins, strict=True):
        row |= _described(name, pin, values[pin], str(pin))
    return row | {
        "OBS_VALUE": float(value) if "." in value else int(value) if value else "",
        "OBS_STATUS": status,
        "OBS_STATUS_NAME": "Normal Value" if status == "A" else "These figures are missing.",
        "OBS_CONF": "F",
        "OBS_CONF_NAME": "Free (free for publication)",
        "URN": f"{area}d{date}",
    }


def _described(name: str, value: object, text: str, code: str) -> dict[str, object]:
    return {
        name: value,
        f"{name}_NAME": text,
        f"{name}_CODE": code,
        f"{name}_TYPE": name.lower(),
        f"{name}_TYPECODE": 0,
        f"{name}_SORTORDER": 0,
    }


def _columns(own: Table) -> list[str]:
    described = [column for name in ("DATE", "GEOGRAPHY", *own.dimensions) for column in _described(name, "", "", "")]
    ends = ["OBS_VALUE", "OBS_STATUS", "OBS_STATUS_NAME", "OBS_CONF", "OBS_CONF_NAME", "URN"]
    return [*described, *ends, "RECORD_OFFSET", "RECORD_COUNT"]


def _dates(text: str, known: list[str]) -> list[str]:
    """The dates that a list of dates and ranges means, each once."""
    found: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-") if "latest" in part else (part, "", "")
        begin = _date(first, known)
        found += known[begin : (_date(last, known) if last else begin) + 1]
    return list(dict.fromkeys(found))


def _date(text: str, known: list[str]) -> int:
    if text.startswith("latest"):
        return max(0, len(known) - 1 - int(text.partition("MINUS")[2] or 0))
    return known.index(text) if text in known else len(known)


def councils() -> list[str]:
    """The councils there are, without England."""
    return [area.code for area in load_areas() if area.upper_tier and area.end is None]


def england() -> str:
    return next(area.code for area in load_areas() if area.kind == Kind.COUNTRY)


@cache
def population() -> Table:
    """People of all ages by sex, 2010 to 2024; Lincolnshire's real figures of 2024 also by age, as far as they go."""
    figures: dict[Cell, tuple[str, str]] = {}
    real = _sample()
    sizes = {area: 150_000 + crc32(area.encode()) % 900_000 for area in councils()}
    sizes[LINCOLNSHIRE] = real[0, _ALL_AGES]
    for year in range(2010, 2025):
        people = {area: round(size * 1.006 ** (year - 2024)) for area, size in sizes.items()}
        people[england()] = sum(people.values())
        for area, number in people.items():
            for gender, count in ((0, number), (1, number // 2), (2, number - number // 2)):
                figures[area, str(year), (gender, _ALL_AGES, 20100)] = (str(count), "A")
    for (gender, age), count in real.items():
        figures[LINCOLNSHIRE, "2024", (gender, age, 20100)] = (str(count), "A")
    ages = {_ALL_AGES: "All Ages", **{_FIRST_AGE + age: f"Age {age}" for age in range(90)}, 191: "Aged 90+"}
    return Table(
        "Population estimates - local authority based by single year of age",
        "2026-07-29 09:30:00",
        {"GENDER": _GENDERS, "C_AGE": ages, "MEASURES": {20100: "value"}},
        {str(year): str(year) for year in range(2010, 2025)},
        figures,
    )


def _sample() -> dict[tuple[int, int], int]:
    """Lincolnshire's people by gender and age."""
    genders = {name: number for number, name in _GENDERS.items()}
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return {
            (genders[row["GENDER_NAME"]], _age(row["C_AGE_NAME"])): int(row["OBS_VALUE"])
            for row in csv.DictReader(file)
        }


def _age(name: str) -> int:
    if name == "All Ages":
        return _ALL_AGES
    return _FIRST_AGE + int(re.sub(r"\D", "", name))


@cache
def rates() -> Table:
    """Employment and inactivity as printed elsewhere by the same office, and unemployment made up; with confidence."""
    kept = {*councils(), england()}
    variables = {"Employment rate": 45, "Economically inactive": 111}
    figures: dict[Cell, tuple[str, str]] = {}
    years = set()
    with gzip.open(SURVEY, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["areacd"] in kept:
                year = row["period"][:4]
                years.add(year)
                figures |= _rate(row["areacd"], year, variables[row["indicator"]], row["observation"], _half(row))
    for area, year in itertools.product(sorted(kept), sorted(years)):
        made_up = 2 + crc32(f"{area} {year}".encode()) % 40 / 10
        figures |= _rate(area, year, 83, "" if area in _SMALL else f"{made_up:.1f}", "1.3")
    return Table(
        "annual population survey (variables (percentages))",
        "2026-10-13 07:00:00",
        {"VARIABLE": _VARIABLES, "MEASURES": _MEASURES},
        {f"{year}-12": f"Jan {year}-Dec {year}" for year in sorted(years)},
        figures,
    )


def _half(row: dict[str, str]) -> str:
    return f"{float(row['uci_95']) - float(row['observation']):.1f}" if row["uci_95"] and row["observation"] else ""


def _rate(area: str, year: str, variable: int, value: str, half: str) -> dict[Cell, tuple[str, str]]:
    half = half if value else ""
    return {
        (area, f"{year}-12", (variable, measure)): (text, "A" if text else "Q")
        for measure, text in ((20599, value), (21003, half))
    }
