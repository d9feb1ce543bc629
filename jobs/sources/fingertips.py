"""Fingertips: public health indicators of the Office for Health Improvement and Disparities, one data set each.

A data set is an indicator of theirs, named by its number. When its figures were last uploaded or deleted stands in
its metadata, which come for a hundred indicators at once; the figures come as CSV, one indicator at a time, for
counties and unitary authorities as they are since April 2023 (area type 502) beside England (15). One indicator holds
several series: each sex and age, and single years beside three years pooled.

Traps, all seen in real files:

* England's rows are there twice, once without a parent and once as their own; the column named after the parent
  changes its name with it. Columns are found by name, areas by code.
* Deprivation deciles stand in the same file, as England with a category.
* A value left out has a note that says why, and may have limits of -1. A note beside a value does not take it away:
  the old county's value given for the council that replaced it, or the value of two councils together.
* ``Recent Trend`` says the opposite of the figures in half the files, and ``New data`` is always blank.
* ``2006 - 07`` is two calendar years and looks like a financial year. Label, ``Time period Sortable`` (YYYYQQMM, the
  start) and ``Time period range`` are read together, and where they disagree nothing is read.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any

import pandas as pd
from pydantic import Field

from engine.areas import ENGLAND
from engine.errors import CatalogueError
from engine.periods import Period, PeriodError, parse_period
from jobs.errors import LayoutChanged, SourceError
from jobs.http import Answer, Site
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, in_groups, read_details, read_keys, tidied
from jobs.tables import mapped, nearest, numbers, read_csv, upper_tier

NAME = "fingertips"
TITLE = "Fingertips (Office for Health Improvement and Disparities)"
ADDRESS = "https://fingertips.phe.org.uk/api/"
ON = True

MOST_AT_ONCE = 100
"""Indicators that one request may name."""

AREAS, PARENT = 502, 15
"""Counties and unitary authorities from April 2023, and England; older area types are being emptied."""

STATUS_LENGTH = 60

_COLUMNS = (
    "Indicator ID", "Area Code", "Sex", "Age", "Category Type", "Category", "Time period", "Value",
    "Lower CI 95.0 limit", "Upper CI 95.0 limit", "Value note", "Time period Sortable", "Time period range",
)  # fmt: skip

_STATUSES = (
    (re.compile(r"value suppressed"), "suppressed"),
    (re.compile(r"not presented"), "not presented"),
    (re.compile(r"should be treated with caution"), "caution"),
    (re.compile(r"value for .* combined"), "combined"),
    (re.compile(r"value for .* applied to"), "former council"),
)
"""How the notes begin that real files hold, and a short word for each."""

_SORTABLE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_RANGE = re.compile(r"([1-9]\d?)y")
_MONTHS = 12
_APRIL = 4


class _Keys(Keys):
    """Which series of an indicator is read, in the publisher's words."""

    sex: str = Field(min_length=1, description="as the publisher writes it, such as 'Persons'")
    age: str = Field(min_length=1, description="such as '<15 yrs'")
    range: str = Field("", pattern=r"^([1-9]\d?y)?$", description="where there are several, such as '3y'")


def check(wants: Iterable[Wants]) -> None:
    """Each data set is a number without details, and each indicator of it names sex and age, and perhaps a range."""
    for want in wants:
        name = want.dataset.name
        if not re.fullmatch(r"[1-9]\d*", name):
            msg = f"{NAME}: the data set {name!r} should be the number of an indicator, such as 90284"
            raise CatalogueError(msg)
        read_details(Keys, want.dataset)
        for wanted in want.series:
            read_keys(_Keys, wanted)


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """When each indicator was last uploaded or deleted, a hundred to a request."""
    ordered = sorted(wants.values(), key=lambda want: int(want.dataset.name))
    batches = (ordered[start : start + MOST_AT_ONCE] for start in range(0, len(ordered), MOST_AT_ONCE))
    return in_groups(batches, lambda batch: _batch(site, batch))


def _batch(site: Site, wants: Sequence[Wants]) -> Iterator[Noticed | Trouble]:
    names = ",".join(want.dataset.name for want in wants)
    answer = site.get("indicator_metadata/by_indicator_id", {"indicator_ids": names})
    described = answer.json()
    if not isinstance(described, dict):
        msg = f"{TITLE}: the metadata are no longer an object with one entry for each indicator"
        raise LayoutChanged(msg)
    for want in wants:
        yield _noticed(want, described.get(want.dataset.name), _month(answer))


def _month(answer: Answer) -> str:
    """The month of the answer by the publisher's own clock, or nothing."""
    try:
        return f"{parsedate_to_datetime(answer.headers.get('date', '')):%Y-%m}"
    except ValueError:
        return ""


def _noticed(wants: Wants, entry: object, month: str) -> Noticed | Trouble:
    name = wants.dataset.name
    if not isinstance(entry, dict):
        wanted = ", ".join(sorted(wanted.indicator.code for wanted in wants.series))
        msg = (
            f"{TITLE}: knows no indicator {name} any more, or never did ({wanted}); find the number that replaces it "
            "on its site and correct the catalogue"
        )
        return Trouble(name, SourceError(msg))
    change = _table(entry, "DataChange")
    uploaded, deleted = (str(change.get(key) or "").strip() for key in ("LastUploadedAt", "LastDeletedAt"))
    title = str(_table(entry, "Descriptive").get("Name") or "").strip()
    return Noticed(
        dataset=name,
        mark=_mark(uploaded, deleted) or _undated_mark(entry, month),
        title=title or wants.dataset.title,
        published=_day(uploaded),
    )


def _table(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = entry.get(key)
    return found if isinstance(found, dict) else {}


def _mark(uploaded: str, deleted: str) -> str:
    dated = {"uploaded": uploaded, "deleted": deleted}
    return ", ".join(f"{what} {when}" for what, when in dated.items() if when)


def _undated_mark(entry: Mapping[str, Any], month: str) -> str:
    """For an indicator without dates, as some are: what its metadata say, and looked at again each month."""
    digest = hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()
    return f"undated {digest[:16]} {month}".strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The CSV of one indicator. Answers are cached on the way; a number made of the mark asks for a fresh one."""
    answer = site.get(
        "all_data/csv/by_indicator_id",
        {
            "indicator_ids": wants.dataset.name,
            "child_area_type_id": AREAS,
            "parent_area_type_id": PARENT,
            "timestamp": zlib.crc32(noticed.mark.encode()),
        },
        cached=False,
    )
    return (answer.body,)


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """The series wanted of one indicator; a series that is not there, or has unclear periods, is a gap."""
    where = f"{TITLE}, indicator {wants.dataset.name} ({noticed.title})"
    frame = _rows(bodies[0], wants.dataset.name, where)
    return tidied((_series(frame, wanted, where) for wanted in wants.series), where)


def _rows(body: bytes, name: str, where: str) -> pd.DataFrame:
    """The rows of councils and England, without those of deprivation deciles and the like."""
    if body.removeprefix(BOM_UTF8).startswith(_COLUMNS[0].encode()) and b"\n" not in body.strip():
        msg = (
            f"{where}: a header and no rows for counties and unitary authorities (area type {AREAS}); the figures "
            "were withdrawn or moved to newer areas: look at the indicator on its site"
        )
        raise LayoutChanged(msg)
    frame = read_csv(body, where, needed=_COLUMNS)
    kept = (
        (frame["Indicator ID"] == name)
        & (frame["Category Type"] == "")
        & (frame["Category"] == "")
        & upper_tier(frame["Area Code"])
    )
    if not kept.any():
        msg = f"{where}: no row of indicator {name} is of a council or England as a whole"
        raise LayoutChanged(msg)
    return frame[kept]


def _series(frame: pd.DataFrame, wanted: Wanted, where: str) -> pd.DataFrame | Gap:
    keys, code = read_keys(_Keys, wanted), wanted.indicator.code
    rows = frame[(frame["Sex"] == keys.sex) & (frame["Age"] == keys.age)]
    if rows.empty:
        name = f"{keys.sex}, {keys.age}"
        return Gap(code, f"no figures for {name!r}; {nearest(name, frame['Sex'] + ', ' + frame['Age'])}")
    ranges = sorted(rows["Time period range"].unique())
    if not keys.range and len(ranges) > 1:
        return Gap(code, f"there are figures over {' and over '.join(map(repr, ranges))}; choose one with range")
    if keys.range:
        rows = rows[rows["Time period range"] == keys.range]
    if rows.empty:
        return Gap(code, f"no figures over {keys.range!r}; there are {', '.join(map(repr, ranges))}")
    fault = _unclear(rows)
    if fault:
        return Gap(code, fault)
    if rows["Area Code"].eq(ENGLAND).all():
        return Gap(code, f"figures for England only; area type {AREAS} may have been emptied for newer areas")
    return _observations(rows, code, where)


def _unclear(rows: pd.DataFrame) -> str:
    """What is wrong with the first period that cannot be trusted, or nothing."""
    written = rows[["Time period", "Time period Sortable", "Time period range"]].drop_duplicates()
    for label, sortable, span in written.itertuples(index=False):
        try:
            period = parse_period(label)
        except PeriodError as error:
            return str(error)
        if not _agree(period, sortable, span, financial="/" in label):
            return (
                f"the period {label!r} (read as {period.start} to {period.end}) does not fit its sortable form "
                f"{sortable!r} and range {span!r}"
            )
    return ""


def _agree(period: Period, sortable: str, span: str, *, financial: bool) -> bool:
    """Whether the period begins where its sortable form says and, for whole years, lasts as long as its range."""
    found = _SORTABLE.fullmatch(sortable)
    if not found:
        return False
    year, quarter, month = map(int, found.groups())
    start = (period.start.year, period.start.month)
    # Quarters and months are counted from April in financial years; of a month, the label does not tell which.
    if quarter:
        return start == _later(year, (_APRIL if financial else 1) + 3 * (quarter - 1))
    if month:
        return start in {_later(year, month), _later(year, _APRIL + month - 1)}
    years = _RANGE.fullmatch(span)
    months = _MONTHS * (period.end.year - period.start.year) + period.end.month - period.start.month + 1
    return years is not None and start[0] == year and months == _MONTHS * int(years[1])


def _later(year: int, month: int) -> tuple[int, int]:
    """The month of this number, counted on over the end of the year."""
    return year + (month - 1) // _MONTHS, (month - 1) % _MONTHS + 1


def _observations(rows: pd.DataFrame, code: str, where: str) -> pd.DataFrame:
    value, marker = numbers(rows["Value"], f"{where}, column 'Value'")
    lower, upper = (
        numbers(rows[column], f"{where}, column {column!r}")[0]
        for column in ("Lower CI 95.0 limit", "Upper CI 95.0 limit")
    )
    status = mapped(rows["Value note"], _status)
    stated = value != ""
    return pd.DataFrame(
        {
            "indicator": code,
            "area_code": rows["Area Code"],
            "period": rows["Time period"],
            "value": value,
            "status": status.where(status != "", marker),
            "lower_ci": lower.where(stated, ""),
            "upper_ci": upper.where(stated, ""),
        }
    )


def _status(note: str) -> str:
    """A short word for a note that is known; of any other its beginning."""
    for pattern, word in _STATUSES:
        if pattern.match(note.lower()):
            return word
    return note[:STATUS_LENGTH].rstrip()
