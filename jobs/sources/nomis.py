"""Nomis, the labour market and population service of the Office for National Statistics.

What is known of its interface (help page at /api/v01/help, and the clients nomisr and UKCensusAPI):

* ``dataset/NM_17_5/def.sdmx.json`` describes one data set: its dimensions and, among its annotations, LastUpdated,
  which is the mark. An id it does not have gives a document without key families.
* ``dataset/NM_17_5.data.csv`` holds the figures. A dimension that is not pinned multiplies the rows, so the catalogue
  pins every one of them; all dimensions the data set has are asked for as columns, so that a forgotten one shows.
* A guest gets at most 25,000 rows for each request. Every row tells in RECORD_COUNT how many there are, and
  recordOffset goes on from there. Fewer rows than that are refused, never used.
* A parameter it does not know, and too many requests, give a web page or text instead of CSV, with status 200.
* No geography type is known to hold the counties of today, so all councils are asked for by their ONS codes.
* OBS_STATUS is A for a figure; whatever stands beside another status (Q: missing or withheld) is no figure.
* The measure 21003 of the Annual Population Survey is half the width of the 95% confidence interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from engine.areas import councils_and_england
from engine.errors import CatalogueError
from jobs.errors import LayoutChanged, Unreachable
from jobs.http import Answer, Site, shown
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, faults, one_by_one, read_details, read_keys, tidied
from jobs.tables import nearest, numbers, read_csv, upper_tier
from jobs.tidy import date_in

NAME = "nomis"
TITLE = "Nomis (Office for National Statistics)"
ADDRESS = "https://www.nomisweb.co.uk/api/v01/"
ON = True

MOST_ROWS = 250_000
"""More than any data set of the catalogue needs by far: a dimension was not pinned."""

LIMIT_DECIMALS = 6
"""To which limits are rounded: enough for any rate, and none of the noise of binary fractions."""

_NORMAL = "A"
_CELL = ["GEOGRAPHY_CODE", "DATE_NAME"]
_FIGURE = ["OBS_VALUE", "OBS_STATUS"]
_COUNT = "RECORD_COUNT"
_PLACE_OR_TIME = frozenset({"GEOGRAPHY", "FREQ", "TIME", "DATE"})
_WHEN = r"(?:latest|previous|\d{4}(?:-\d{2})?)(?:MINUS\d+)?"

_Dimension = Annotated[str, StringConstraints(pattern=r"^(?!(?:geography|date|time|freq|measures|select)$)[a-z]\w*$")]
_Pins = dict[_Dimension, Annotated[int, Field(ge=0)]]


class _Details(Keys):
    """What the catalogue says of a data set; ``confidence`` is the measure that holds half the interval's width."""

    id: Annotated[str, StringConstraints(pattern=r"^NM_\d+_\d+$")]
    date: Annotated[str, StringConstraints(pattern=rf"^{_WHEN}(?:[-,]{_WHEN})*$")]
    measures: Annotated[int, Field(ge=0)]
    confidence: Annotated[int, Field(ge=0)] | None = None
    dimensions: _Pins = Field(default_factory=dict)


class _Keys(Keys):
    """What the catalogue says of an indicator: the dimensions that tell it from the others of its data set."""

    dimensions: _Pins = Field(default_factory=dict)


class _Annotation(BaseModel):
    annotationtitle: str
    annotationtext: str | int = ""


class _Annotations(BaseModel):
    annotation: tuple[_Annotation, ...] = ()


class _Concept(BaseModel):
    conceptref: str


class _Components(BaseModel):
    dimension: tuple[_Concept, ...] = ()


class _KeyFamily(BaseModel):
    id: str
    annotations: _Annotations
    components: _Components = _Components()


class _KeyFamilies(BaseModel):
    keyfamily: tuple[_KeyFamily, ...]


class _Structure(BaseModel):
    keyfamilies: _KeyFamilies | None = None


class _Definition(BaseModel):
    structure: _Structure


def check(wants: Iterable[Wants]) -> None:
    """Refuse data sets without id, date or measures, and indicators that their dimensions do not tell apart."""
    for wanted in wants:
        own = read_details(_Details, wanted.dataset)
        names: dict[frozenset[str], str] = {}
        pins: dict[str, str] = {}
        for series in wanted.series:
            code, found = series.indicator.code, read_keys(_Keys, series).dimensions
            twice = sorted(set(found) & set(own.dimensions))
            if twice:
                msg = f"indicator {code!r}: dimensions.{twice[0]} is already pinned for the whole data set"
                raise CatalogueError(msg)
            names.setdefault(frozenset(found), code)
            same = pins.setdefault(str(sorted(found.items())), code)
            if same != code:
                msg = f"indicators {same!r} and {code!r} have the same dimensions in {wanted.dataset.name!r} of {NAME}"
                raise CatalogueError(msg)
        if len(names) > 1:
            msg = (
                f"indicators {' and '.join(map(repr, names.values()))} pin different dimensions of "
                f"{wanted.dataset.name!r} of {NAME}; pin the same ones in each, or make two data sets"
            )
            raise CatalogueError(msg)


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """What the definition of each data set says; its LastUpdated is the mark."""
    return one_by_one(wants.values(), lambda want: _noticed(site, want))


def _noticed(site: Site, wants: Wants) -> Noticed:
    own = read_details(_Details, wants.dataset)
    answer = site.get(f"dataset/{own.id}/def.sdmx.json")
    family = _family(answer, own.id)
    texts = {note.annotationtitle: str(note.annotationtext) for note in family.annotations.annotation}
    updated = texts.get("LastUpdated", "").strip()
    if not updated:
        msg = f"{shown(answer.address)}: the annotation 'LastUpdated' is missing; {nearest('LastUpdated', texts)}"
        raise LayoutChanged(msg)
    day = date_in(updated)
    return Noticed(
        dataset=wants.dataset.name,
        mark=updated,
        title=f"{wants.dataset.title}, {day.day} {day:%B %Y}" if day else wants.dataset.title,
        published=day,
        parts=tuple(
            concept.conceptref.upper()
            for concept in family.components.dimension
            if concept.conceptref.upper() not in _PLACE_OR_TIME
        ),
    )


def _family(answer: Answer, wanted: str) -> _KeyFamily:
    where = shown(answer.address)
    try:
        families = _Definition.model_validate(answer.json()).structure.keyfamilies
    except ValidationError as error:
        msg = f"{where}: {faults(error)}; the definition has another shape now"
        raise LayoutChanged(msg) from error
    for family in families.keyfamily if families else ():
        if family.id == wanted:
            return family
    msg = f"{where}: Nomis has no data set {wanted}; correct its id in the catalogue if it was replaced"
    raise LayoutChanged(msg)


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """All pages of the figures: as many rows as RECORD_COUNT says, or SourceError."""
    own = read_details(_Details, wants.dataset)
    pins = _pins(wants)
    columns = [*_CELL, *dict.fromkeys([*pins, *noticed.parts]), *_FIGURE, _COUNT]
    query = {
        "geography": ",".join(councils_and_england(datetime.now(UTC).date())),
        "date": own.date,
        **{name.lower(): ",".join(map(str, values)) for name, values in pins.items()},
        "select": ",".join(columns).lower(),
    }
    pages: list[bytes] = []
    got = total = 0
    while not pages or got < total:
        answer = site.get(f"dataset/{own.id}.data.csv", {**query, "recordOffset": str(got)}, cached=False)
        where = f"{shown(answer.address)}, from row {got}" + (f" of {total}" if pages else "")
        rows, count = _size(answer.body, where)
        if not pages:
            total = count
            _refuse_flood(total, where, set(noticed.parts) - set(pins))
        if count != total:
            msg = f"{where}: there are {count} rows now; the data set was changed meanwhile"
            raise Unreachable(msg)
        got += rows
        if got > total or answer.body in pages:
            msg = f"{where}: the answer repeats rows that were there before; recordOffset is not heeded"
            raise LayoutChanged(msg)
        pages.append(answer.body)
    return tuple(pages)


def _pins(wants: Wants) -> dict[str, list[int]]:
    """The values asked for, by the column of their dimension."""
    own = read_details(_Details, wants.dataset)
    pins = {name.upper(): [value] for name, value in own.dimensions.items()}
    for series in wants.series:
        for name, value in read_keys(_Keys, series).dimensions.items():
            pins.setdefault(name.upper(), []).append(value)
    measures = [own.measures] if own.confidence is None else [own.measures, own.confidence]
    return {**{name: sorted(set(values)) for name, values in pins.items()}, "MEASURES": measures}


def _size(body: bytes, where: str) -> tuple[int, int]:
    """How many rows a page has, and how many there are on all pages."""
    stated = read_csv(body, where, needed=[_COUNT])[_COUNT]
    found = list(stated.unique())
    if len(found) > 1 or not found[0].isdecimal():
        msg = f"{where}: {_COUNT} should be one number on all rows and is {', '.join(found[:3])}"
        raise LayoutChanged(msg)
    return len(stated), int(found[0])


def _refuse_flood(total: int, where: str, unpinned: set[str]) -> None:
    if total > MOST_ROWS:
        which = f": {', '.join(sorted(unpinned))}" if unpinned else ""
        msg = f"{where}: {total} rows, which is too many; pin all dimensions in the catalogue{which}"
        raise LayoutChanged(msg)


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """One row for each council and period; limits from the confidence measure where the catalogue names one."""
    own = read_details(_Details, wants.dataset)
    pins = _pins(wants)
    where = f"{TITLE} {own.id}"
    needed = [*_CELL, *pins, *_FIGURE]
    pages = (read_csv(body, where, needed=needed, keep=noticed.parts) for body in bodies)
    frame = pd.concat(pages, ignore_index=True).drop_duplicates()
    frame = frame[upper_tier(frame["GEOGRAPHY_CODE"])]
    _refuse_unpinned(frame, list(pins), where)
    return tidied((_series(frame, own, wanted, where) for wanted in wants.series), where)


def _series(frame: pd.DataFrame, own: _Details, wanted: Wanted, where: str) -> pd.DataFrame | Gap:
    """The figures of one indicator, or why there are none."""
    code = wanted.indicator.code
    chosen = {**own.dimensions, **read_keys(_Keys, wanted).dimensions, "measures": own.measures}
    mine = frame[_holds(frame, chosen)]
    if mine.empty:
        return Gap(code, _missing(frame, chosen))
    found = _figures(mine, where).assign(indicator=code)
    if own.confidence is None:
        return found
    return _with_limits(found, frame[_holds(frame, {**chosen, "measures": own.confidence})], where)


def _holds(frame: pd.DataFrame, chosen: Mapping[str, int]) -> pd.Series[bool]:
    held = pd.Series(data=True, index=frame.index)
    for name, value in chosen.items():
        held &= frame[name.upper()].eq(str(value))
    return held


def _missing(frame: pd.DataFrame, chosen: Mapping[str, int]) -> str:
    """Which of the pins no row has, with the nearest that is there."""
    for name, value in chosen.items():
        present = frame[name.upper()].unique()
        if str(value) not in present:
            return f"no row of a council has {name.upper()} {value}; {nearest(str(value), present)}"
    return "no row of a council has all of " + ", ".join(f"{name.upper()} {value}" for name, value in chosen.items())


def _refuse_unpinned(frame: pd.DataFrame, pinned: list[str], where: str) -> None:
    """Raise LayoutChanged when cells have several rows that differ in a dimension the catalogue leaves open."""
    cell = [*_CELL, *pinned]
    several = frame[frame.duplicated(cell, keep=False)]
    if several.empty:
        return
    others = [column for column in frame.columns if column not in {*cell, *_FIGURE}]
    varying = [column for column in others if several.groupby(cell)[column].nunique().gt(1).any()]
    if varying:
        first = several[_CELL].iloc[0]
        msg = (
            f"{where}: several rows for one cell ({first['GEOGRAPHY_CODE']}, {first['DATE_NAME']}) that differ in "
            f"{', '.join(varying)}; pin {'it' if len(varying) == 1 else 'them'} in the catalogue"
        )
        raise LayoutChanged(msg)


def _figures(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    given = rows["OBS_STATUS"]
    if given.eq("").any():
        msg = f"{where}: OBS_STATUS is blank in {int(given.eq('').sum())} rows, so nobody can say whether they count"
        raise LayoutChanged(msg)
    normal = given.eq(_NORMAL)
    value, status = numbers(rows["OBS_VALUE"].where(normal, ""), f"{where}, OBS_VALUE")
    return pd.DataFrame(
        {
            "area_code": rows["GEOGRAPHY_CODE"],
            "period": rows["DATE_NAME"],
            "value": value,
            "status": status.where(normal, given),
            "lower_ci": "",
            "upper_ci": "",
        }
    )


def _with_limits(figures: pd.DataFrame, rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """The figures with value - and + half the interval's width as limits, where both are there."""
    widths = _figures(rows, where).set_index(["area_code", "period"])["value"]
    if widths.index.has_duplicates:
        area, period = widths.index[widths.index.duplicated()][0]
        msg = f"{where}: two confidence intervals for one cell ({area}, {period})"
        raise LayoutChanged(msg)
    of_each = widths.reindex(pd.MultiIndex.from_frame(figures[["area_code", "period"]])).to_numpy()
    width = pd.to_numeric(pd.Series(of_each, index=figures.index), errors="coerce")
    value = pd.to_numeric(figures["value"], errors="coerce")
    return figures.assign(
        lower_ci=(value - width).round(LIMIT_DECIMALS), upper_ci=(value + width).round(LIMIT_DECIMALS)
    )
