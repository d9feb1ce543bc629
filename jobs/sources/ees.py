"""The Department for Education's statistics, by the interface of Explore Education Statistics.

What it offers is open to all, without a key: publications, their data sets, and rows of a data set by query. The
catalogue names a publication by its slug and a data set by a pattern for its title; ids are looked up at each look,
for they are only safe within a major version. What an adapter has to know of it:

* Only some data sets are in the interface (25 publications in September 2026); the others are files alone.
* Every filter of a data set needs one option, or rows multiply. An option nobody names is ``Total`` (or ``All``).
* An unknown filter option, level, place or period is answered with 200, fewer rows and a warning ``...NotFound``.
* ``filters.in`` with options of two filters is their union, so each filter has a criterion of its own.
* All values are text. Numbers and markers (c, k, u, x, z, low) stand in the same place.
* A joint area, ``E06000061 / E06000062``, has a code of two codes; it is neither council.
* Attainment is provisional, then revised, then final: a filter of its own, told by its options.
* There are no ETags. The detector is the version of a data set, with which its rows are then asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from engine.origins import DataSet
from jobs.errors import LayoutChanged
from jobs.http import Site
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, faults, in_groups, one_by_one, read_details, read_keys, tidied
from jobs.spreadsheets import pattern
from jobs.tables import nearest, numbers, upper_tier

NAME = "ees"
TITLE = "Department for Education (Explore Education Statistics)"
ADDRESS = "https://api.education.gov.uk/statistics/v1/"
ON = True

PAGE_SIZE = 10_000
"""Rows of a page of figures: the most the interface gives."""

_PUBLICATIONS, _DATA_SETS = 40, 20
"""Entries of a page of publications and of data sets: the most the interface gives."""

_COUNCIL, _ENGLAND = "LA", "NAT"
_TOTALS = frozenset({"total", "all"})
_SETTLED = {"provisional": 0, "revised": 1, "final": 2}
_SPANNING, _SINGLE = frozenset({"AY", "FY"}), frozenset({"CY", "RY"})
_JOINT = " / "


# --- what the catalogue says ----------------------------------------------------------------------


class _Details(Keys):
    """How a data set is found."""

    publication: str = Field(pattern=r"^[a-z0-9-]+$", description="a slug")
    data_set: str = Field(min_length=1, description="a pattern for its title")

    @field_validator("data_set")
    @classmethod
    def _pattern(cls, text: str) -> str:
        return pattern(text)


class _Keys(Keys):
    """Which column of a data set an indicator is, and in which rows."""

    indicator: str = Field(min_length=1, description="a column")
    filters: dict[str, str] = Field(default_factory=dict, description="an option's label for each filter column")


def check(wants: Iterable[Wants]) -> None:
    """Raise CatalogueError for a data set or series that cannot be looked up; it names the entry and the key."""
    for want in wants:
        read_details(_Details, want.dataset)
        for wanted in want.series:
            read_keys(_Keys, wanted)


# --- what the interface says ----------------------------------------------------------------------


class _Answer(BaseModel):
    """Of what is answered, the parts that are used."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


Entry = TypeVar("Entry", bound=_Answer)


class _Paging(_Answer):
    total_results: int
    total_pages: int


class _Listing(_Answer, Generic[Entry]):
    paging: _Paging
    results: list[Entry]


class _Publication(_Answer):
    id: str
    slug: str


class _Range(_Answer):
    end: str


class _Version(_Answer):
    version: str
    published: datetime
    time_periods: _Range


class _DataSet(_Answer):
    id: str
    title: str
    status: str
    superseding_data_set_id: str | None = None
    latest_version: _Version | None = None


class _Option(_Answer):
    id: str
    label: str


class _Filter(_Answer):
    id: str
    column: str
    options: list[_Option]


class _Indicator(_Answer):
    id: str
    column: str


class _Level(_Answer):
    code: str


class _Place(_Answer):
    id: str
    code: str = ""


class _Places(_Answer):
    level: _Level
    options: list[_Place]


class _Meta(_Answer):
    filters: list[_Filter]
    indicators: list[_Indicator]
    geographic_levels: list[_Level]
    locations: list[_Places]


class _Time(_Answer):
    code: str
    period: str


class _Row(_Answer):
    time_period: _Time
    geographic_level: str
    locations: dict[str, str]
    filters: dict[str, str]
    values: dict[str, str]


class _Warning(_Answer):
    code: str
    message: str
    detail: Any = None


class _Page(_Listing[_Row]):
    warnings: list[_Warning]


Read = TypeVar("Read", bound=_Answer)


def _read(model: type[Read], body: bytes, where: str) -> Read:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        msg = f"{where}: answered with another shape than its contract has ({faults(error)})"
        raise LayoutChanged(msg) from error


# --- what is there --------------------------------------------------------------------------------


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """The latest version of each data set wanted: one request for all publications, and one for each wanted.

    Raises SourceError when the list of publications cannot be read.
    """
    publications = {entry.slug: entry.id for entry in _listed(site, "publications", _PUBLICATIONS, _Publication)}
    groups: dict[str, list[Wants]] = {}
    for want in wants.values():
        groups.setdefault(read_details(_Details, want.dataset).publication, []).append(want)
    return in_groups(groups.values(), lambda group: _of_publication(site, publications, group), answered=True)


def _of_publication(site: Site, publications: Mapping[str, str], wants: Sequence[Wants]) -> Iterator[Noticed | Trouble]:
    slug = read_details(_Details, wants[0].dataset).publication
    if slug not in publications:
        msg = (
            f"{TITLE}: the publication {slug!r} has no data set in the interface, as not all have; "
            f"{nearest(slug, publications)}"
        )
        raise LayoutChanged(msg)
    shelf = _listed(site, f"publications/{publications[slug]}/data-sets", _DATA_SETS, _DataSet)
    return one_by_one(wants, lambda want: _noticed(want.dataset, *_chosen(want.dataset, slug, shelf)))


def _listed(site: Site, path: str, size: int, model: type[Entry]) -> list[Entry]:
    """All entries of a list, page by page."""
    found: list[Entry] = []
    number = pages = 1
    while number <= pages:
        answer = site.get(path, {"page": number, "pageSize": size})
        listing = _read(_Listing[model], answer.body, f"{TITLE}, {path}")  # type: ignore[valid-type]  # its own class
        found += listing.results
        pages, number = listing.paging.total_pages, number + 1
    return found


def _chosen(dataset: DataSet, slug: str, shelf: Sequence[_DataSet]) -> tuple[_DataSet, _Version]:
    """The one data set with a fitting title, and its version; one still published goes before those given up."""
    title = read_details(_Details, dataset).data_set
    fitting = [entry for entry in shelf if re.search(title, entry.title, re.IGNORECASE)]
    chosen = [entry for entry in fitting if entry.status == "Published"] or fitting
    where = f"{TITLE}, publication {slug!r}"
    if not chosen:
        titles = [entry.title for entry in shelf]
        msg = f"{where}: no data set has a title that fits {title!r}; {nearest(dataset.title, titles)}"
        raise LayoutChanged(msg)
    if len(chosen) > 1:
        titles = [entry.title for entry in chosen]
        msg = f"{where}: the titles of {len(chosen)} data sets fit {title!r} ({', '.join(titles)}); narrow it down"
        raise LayoutChanged(msg)
    return chosen[0], _latest(chosen[0], shelf, where)


def _latest(entry: _DataSet, shelf: Sequence[_DataSet], where: str) -> _Version:
    """The version to read. Raises LayoutChanged for a data set that another replaces, or that was withdrawn."""
    where = f"{where}: the data set {entry.title!r} ({entry.id})"
    if entry.superseding_data_set_id:
        heir = entry.superseding_data_set_id
        title = next((f"{other.title!r}, " for other in shelf if other.id == heir), "")
        msg = f"{where} is no longer kept up; its successor is {title}{heir}. Name that one in the catalogue"
        raise LayoutChanged(msg)
    if entry.status == "Withdrawn" or entry.latest_version is None:
        msg = f"{where} has been withdrawn" if entry.status == "Withdrawn" else f"{where} has no version to read now"
        raise LayoutChanged(f"{msg}; figures held stay as they are")
    return entry.latest_version


def _noticed(dataset: DataSet, entry: _DataSet, version: _Version) -> Noticed:
    title = f"{dataset.title}, {version.time_periods.end}"
    return Noticed(
        dataset=dataset.name,
        mark=f"{entry.id} {version.version}",
        title=title if entry.status == "Published" else f"{title} (no longer kept up)",
        published=version.published.date(),
        parts=(entry.id, version.version),
    )


# --- which rows -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Series:
    """An indicator in the ids of one version: options by filter, and how settled each option of ``ranked`` is."""

    code: str
    value: str
    options: Mapping[str, tuple[str, ...]]
    ranked: str
    labels: Mapping[str, str]


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The meta data of the version noticed, and each page of its rows for councils and England."""
    identity, version = noticed.parts
    where = _where(wants, noticed)
    body = site.get(f"data-sets/{identity}/meta", {"dataSetVersion": version}).body
    question = _question(_read(_Meta, body, where), wants, where)
    bodies = [body]
    pages = 1
    while len(bodies) <= pages:
        asked = {**question, "page": len(bodies), "pageSize": PAGE_SIZE}
        body = site.post(f"data-sets/{identity}/query?dataSetVersion={version}", asked).body
        pages = _page(body, where).paging.total_pages
        bodies.append(body)
    return tuple(bodies)


def _where(wants: Wants, noticed: Noticed) -> str:
    return f"{TITLE}, data set {wants.dataset.name!r} ({', version '.join(noticed.parts)})"


def _question(meta: _Meta, wants: Wants, where: str) -> dict[str, Any]:
    """The query for all rows that any series needs: one criterion for the levels and one for each filter."""
    found = [series for series in _resolved(meta, wants, where) if isinstance(series, _Series)]
    held = {level.code for level in meta.geographic_levels}
    if _COUNCIL not in held:
        msg = f"{where}: has no figures for local authorities, only for {', '.join(sorted(held))}"
        raise LayoutChanged(msg)
    levels = [level for level in (_COUNCIL, _ENGLAND) if level in held]
    criteria: list[dict[str, Any]] = [{"geographicLevels": {"in": levels}}]
    for each in meta.filters:
        needed = dict.fromkeys(option for series in found for option in series.options[each.id])
        criteria.append({"filters": {"in": list(needed)}})
    return {"criteria": {"and": criteria}, "indicators": list(dict.fromkeys(series.value for series in found))}


def _resolved(meta: _Meta, wants: Wants, where: str) -> list[_Series | Gap]:
    """The series in the ids of this version, or why it does not hold them. Raises LayoutChanged when it holds none."""
    found: list[_Series | Gap] = []
    for wanted in wants.series:
        try:
            found.append(_series(meta, wanted))
        except LayoutChanged as error:
            found.append(Gap(wanted.indicator.code, str(error)))
    if isinstance(found[0], Gap) and all(isinstance(one, Gap) for one in found):
        msg = f"{where}: {found[0].reason}"
        raise LayoutChanged(msg)
    return found


def _series(meta: _Meta, wanted: Wanted) -> _Series:
    keys = read_keys(_Keys, wanted)
    columns = {indicator.column: indicator.id for indicator in meta.indicators}
    filters = {each.column: each for each in meta.filters}
    if keys.indicator not in columns:
        msg = f"there is no indicator {keys.indicator!r}; {nearest(keys.indicator, columns)}"
        raise LayoutChanged(msg)
    for column in keys.filters:
        if column not in filters:
            msg = f"there is no filter {column!r}; {nearest(column, filters)}"
            raise LayoutChanged(msg)
    ranked = [each for column, each in filters.items() if column not in keys.filters and _tells_how_settled(each)][:1]
    options = {each.id: tuple(option.id for option in each.options) for each in ranked}
    for column, each in filters.items():
        if each.id not in options:
            options[each.id] = (_option(each, keys.filters.get(column)),)
    labels = {option.id: option.label for each in ranked for option in each.options}
    return _Series(wanted.indicator.code, columns[keys.indicator], options, ranked[0].id if ranked else "", labels)


def _tells_how_settled(each: _Filter) -> bool:
    return all(option.label.lower() in _SETTLED for option in each.options)


def _option(each: _Filter, label: str | None) -> str:
    """The id of the option with this label; where none is named, of the total or of the only one."""
    by_label = {option.label: option.id for option in each.options}
    if label is not None:
        if label not in by_label:
            msg = f"the filter {each.column!r} has no option {label!r}; {nearest(label, by_label)}"
            raise LayoutChanged(msg)
        return by_label[label]
    totals = [option.id for option in each.options if option.label.strip().lower() in _TOTALS]
    fitting = totals or [option.id for option in each.options]
    if len(fitting) != 1:
        msg = f"the filter {each.column!r} needs an option named in the catalogue; {nearest('', by_label)}"
        raise LayoutChanged(msg)
    return fitting[0]


def _page(body: bytes, where: str) -> _Page:
    """One page of rows. Raises LayoutChanged where the interface warns that it left something out."""
    page = _read(_Page, body, where)
    if page.warnings:
        told = "; ".join(f"{warning.code}: {warning.message}{_items(warning)}" for warning in page.warnings)
        msg = f"{where}: the rows are not all that was asked for. {told}"
        raise LayoutChanged(msg)
    return page


def _items(warning: _Warning) -> str:
    items = warning.detail.get("items", ()) if isinstance(warning.detail, dict) else ()
    return f" ({', '.join(map(str, items))})" if items else ""


# --- what the rows say ----------------------------------------------------------------------------


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """The observations of councils and England; of one cell's versions, the most settled with its mark."""
    where = _where(wants, noticed)
    meta = _read(_Meta, bodies[0], where)
    pages = [_page(body, where) for body in bodies[1:]]
    wanted = _resolved(meta, wants, where)
    rows = [row for page in pages for row in page.results]
    if not rows or any(page.paging.total_results != len(rows) for page in pages):
        told = ", ".join(str(page.paging.total_results) for page in pages) or "none"
        msg = f"{where}: {len(rows)} rows came where {told} were announced; it may have changed while it was read"
        raise LayoutChanged(msg)
    table = _table(rows, meta, where)
    joint = sorted(code for code in table["area_code"].unique() if _JOINT in code)
    table = table[upper_tier(table["area_code"])]
    notes = [f"Figures of joint areas belong to no council and were left out: {'; '.join(joint)}"] if joint else []
    series = (one if isinstance(one, Gap) else _observations(table, one, where) for one in wanted)
    return tidied(series, where, *notes)


def _table(rows: Sequence[_Row], meta: _Meta, where: str) -> pd.DataFrame:
    """The rows with area and period in words, and filters and values in columns named by their ids."""
    codes = {(group.level.code, place.id): place.code for group in meta.locations for place in group.options}
    times = {(row.time_period.code, row.time_period.period) for row in rows}
    labels = {time: _period(*time, where) for time in times}
    try:
        areas = [codes[row.geographic_level, row.locations[row.geographic_level]] for row in rows]
    except KeyError as error:
        msg = f"{where}: a row has a place that the meta data do not list ({error})"
        raise LayoutChanged(msg) from error
    facts = pd.DataFrame(
        {
            "area_code": pd.Series(areas, dtype=str),
            "period": [labels[row.time_period.code, row.time_period.period] for row in rows],
        }
    )
    filters = pd.DataFrame([row.filters for row in rows], columns=[each.id for each in meta.filters], dtype=str)
    values = pd.DataFrame([row.values for row in rows], dtype=str)  # noqa: PD011  # a row of the interface, no frame
    return pd.concat([facts, filters.add_prefix("filter "), values.add_prefix("value ")], axis=1)


def _period(code: str, period: str, where: str) -> str:
    """The label of an academic, financial, calendar or reporting year."""
    years = re.fullmatch(r"(\d{4})/(\d{4})", period)
    if code in _SPANNING and years and int(years[2]) == int(years[1]) + 1:
        return f"{years[1]}/{years[2][2:]}"
    if code in _SINGLE and re.fullmatch(r"\d{4}", period):
        return period
    msg = f"{where}: the period {period!r} with code {code!r} is none of AY, FY (2024/2025), CY and RY (2025)"
    raise LayoutChanged(msg)


def _observations(table: pd.DataFrame, series: _Series, where: str) -> pd.DataFrame | Gap:
    """One series as observations, each cell once: the most settled of its versions."""
    if (column := f"value {series.value}") not in table:
        msg = f"{where}: the rows lack the values of {series.code!r}, which were asked for"
        raise LayoutChanged(msg)
    fits = pd.Series(data=True, index=table.index)
    for each, options in series.options.items():
        fits &= table[f"filter {each}"].isin(options)
    rows = table[fits]
    if rows.empty:
        return Gap(series.code, "no row of a council has the options asked for together")
    if series.ranked:
        rows = _most_settled(rows, rows[f"filter {series.ranked}"].map(series.labels))
    value, status = numbers(rows[column].fillna(""), f"{where}, {series.code!r}")
    return pd.DataFrame(
        {
            "indicator": series.code,
            "area_code": rows["area_code"],
            "period": rows["period"],
            "value": value,
            "status": status,
            "lower_ci": "",
            "upper_ci": "",
        }
    )


def _most_settled(rows: pd.DataFrame, version: pd.Series[str]) -> pd.DataFrame:
    """The rows of the last version of each cell, with the version as the period's mark."""
    rank = version.str.lower().map(_SETTLED)
    last = rank.groupby([rows["area_code"], rows["period"]]).transform("max")
    return rows.assign(period=rows["period"] + " (" + version + ")")[rank == last]
