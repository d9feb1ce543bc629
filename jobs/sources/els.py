"""ONS Explore Local Statistics, from the public repository its site is made from: one folder for each data set.

``claimant-count/claimant-count.csv`` holds the figures of every area, level and period, a row for each; the JSON
beside it describes them for people. The site's own interface says that it is not for other applications; the
repository is open, under the Open Government Licence v3.0.

* The folders are renamed now and then (``adult-obesity-prevalence-aged-18-years-and-over`` until 2025), and so are the
  indicators within the files (``Adult (18+) obesity prevalence``). The old address then answers 404.
* Nothing says when a file changes but its content. It is asked for with conditions; unchanged it costs a 304.
* Three headings are met (1 July 2025, two of them; 26 June 2026), in any order of columns, some after a byte-order
  mark. The descriptions of September 2026 name the column of figures ``value`` where the files had ``observation``.
* A missing figure is blank, with the reason under status: ``x``, not available; ``u``, unreliable.
* Codes of councils that have changed are there beside the new ones, often for the same periods, with a note such as
  ``Obsolete code since 2025 (replaced by E08000038 Barnsley)``. The register of areas knows these codes too.
* ``Polarity`` of the older files is wrong in places and never read. ``measure`` is wrong for the housing affordability
  ratio, which is no percentage.
* Earnings stand under ``2024-04`` in the older files and under the day the survey asks about in the newer
  (``2024-04-17``): other periods, which are not made one here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, Field

from engine.areas import load_areas
from engine.errors import CatalogueError
from jobs.errors import LayoutChanged, SourceError
from jobs.http import Answer, Site
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, one_by_one, read_details, read_keys, tidied
from jobs.tables import csv_columns, nearest, numbers, read_csv, upper_tier

NAME = "els"
TITLE = "ONS Explore Local Statistics"
ADDRESS = "https://raw.githubusercontent.com/ONSdigital/explore-local-statistics-data/main/"
ON = True

FOLDERS = "https://github.com/ONSdigital/explore-local-statistics-data"
"""Where people see the folders there are."""

_COLUMNS = ("area_code", "indicator", "period", "measure", "value", "lower_ci", "upper_ci", "status")
_HEADINGS = (
    ("areacd", "indicator", "period", "measure", "observation", "lci_95", "uci_95", "status"),
    ("areacd", "indicator", "period", "measure", "value", "lci_95", "uci_95", "status"),
    (
        "areacd", "indicator", "period", "measure", "observation",
        "lower_confidence_interval_95", "upper_confidence_interval_95", "observation_status",
    ),
    (
        "AREACD", "Indicator", "Period", "Measure", "Observation",
        "Lower Confidence Interval (95%)", "Upper Confidence Interval (95%)", "Observation Status",
    ),
)  # fmt: skip
"""What the files call ``_COLUMNS``, newest first."""

_FOLDER = re.compile(r"[a-z0-9][a-z0-9-]*")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4})")


def _listed(name: object) -> object:
    return [name] if isinstance(name, str) else name


_Names = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    Field(min_length=1, description="its name in the file, or a list of its names, newest first"),
    BeforeValidator(_listed),
]


class _Keys(Keys):
    """How an indicator is found in its file; of several names the first that is there counts."""

    indicator: _Names
    measure: _Names


def check(wants: Iterable[Wants]) -> None:
    """A data set is a folder's name; an indicator has its names and its measure's in the file, and nothing else."""
    for want in wants:
        dataset = want.dataset
        if not _FOLDER.fullmatch(dataset.name):
            msg = f"{NAME}: data set {dataset.name!r} is not the name of a folder such as claimant-count"
            raise CatalogueError(msg)
        read_details(Keys, dataset)
        for wanted in want.series:
            read_keys(_Keys, wanted)


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """Each folder's two files, asked for with conditions: the mark is made of what is taken from them."""
    return one_by_one(wants.values(), lambda want: _noticed(site, want))


def _noticed(site: Site, wants: Wants) -> Noticed:
    name = wants.dataset.name
    figures, description = _files(name)
    found = site.find(figures)
    if found is None:
        msg = (
            f"{site.address}{figures}: there is no such file (404). Folders are renamed at times: look in {FOLDERS} "
            f"for one like {name!r} ({wants.dataset.title}), and correct the name of the data set in the catalogue"
        )
        raise SourceError(msg)
    labels, published = _described(site.find(description))
    title = labels[0] if len(labels) == 1 else wants.dataset.title
    mark = hashlib.sha256(found.body + f"\n{title}\n{published}".encode()).hexdigest()
    return Noticed(name, mark, title, published, (figures, description))


def _files(name: str) -> tuple[str, str]:
    return f"{name}/{name}.csv", f"{name}/{name}.json"


def _described(answer: Answer | None) -> tuple[list[str], date | None]:
    """What the indicators are called, and the last day on which a source of theirs was published; what is known of it.

    No figure comes from here, so a description that is missing or cannot be read keeps none of them back.
    """
    try:
        document = json.loads(answer.body) if answer else {}
    except ValueError:
        document = {}
    if about := _table(_table(document).get("metadata")):
        labels = [entry.get("label") for entry in _tables(about.get("indicators"))]
        dates = [entry.get("date") for entry in _tables(about.get("source"))]
    else:
        about = _table(_table(document).get("ess-beta-metadata"))
        entries = [about, *_tables(list(about.values()))]
        labels = [entry.get("label") for entry in entries]
        dates = [entry.get("sourceDate") for entry in entries]
    return [label for label in labels if isinstance(label, str)], _last_day(" ".join(map(str, dates)))


def _table(entry: object) -> dict[str, Any]:
    return entry if isinstance(entry, dict) else {}


def _tables(entries: object) -> list[dict[str, Any]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _last_day(text: str) -> date | None:
    """The last of the days in a text, written 2025-11-20 or 20/11/2025."""
    days = []
    for found in _DAY.finditer(text):
        year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
        try:
            days.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return max(days, default=None)


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The figures, and their description where there is one."""
    figures, description = noticed.parts
    described = site.find(description)
    return (site.get(figures).body, *([described.body] if described else []))


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """The rows of upper-tier councils and England; where a place is stated under an old and its new code, the new."""
    where = f"{wants.dataset.name}.csv"
    frame = _read(bodies[0], where)
    found = tidied((_series(frame, wanted, where) for wanted in wants.series), where)
    doubled = _under_old_code_too(found.rows)
    if not doubled.any():
        return found
    note = f"{doubled.sum()} rows under codes of the past that repeat their successor's were left out"
    return replace(found, rows=found.rows[~doubled].reset_index(drop=True), notes=(note,))


def _read(body: bytes, where: str) -> pd.DataFrame:
    """The file as ``_COLUMNS``, by the heading it comes nearest to."""
    columns = set(csv_columns(body, where))
    heading = max(_HEADINGS, key=lambda names: len(columns & set(names)))
    frame = read_csv(body, where, needed=heading).rename(columns=dict(zip(heading, _COLUMNS, strict=True)))
    for column in ("area_code", "indicator", "period", "measure"):
        blank = int((frame[column] == "").sum())
        if blank:
            msg = f"{where}: {blank} rows have no {column}"
            raise LayoutChanged(msg)
    return frame


def _series(frame: pd.DataFrame, wanted: Wanted, where: str) -> pd.DataFrame | Gap:
    """The rows of one indicator, or why there are none."""
    keys, code = read_keys(_Keys, wanted), wanted.indicator.code
    rows = frame
    for column, names in (("indicator", keys.indicator), ("measure", keys.measure)):
        there = set(rows[column].unique())
        name = next((name for name in names if name in there), None)
        if name is None:
            return Gap(code, f"no {column} is called {names[0]!r}; {nearest(names[0], there)}")
        rows = rows[rows[column] == name]
    rows = rows[upper_tier(rows["area_code"])]
    if rows.empty:
        return Gap(code, f"{keys.indicator[0]!r} has no row for an upper-tier council or England")
    value, marker = numbers(rows["value"], f"{where}, figures")
    lower, upper = (numbers(rows[limit], f"{where}, 95% limits")[0] for limit in ("lower_ci", "upper_ci"))
    return pd.DataFrame(
        {
            "indicator": code,
            "area_code": rows["area_code"],
            "period": rows["period"],
            "value": value,
            "status": rows["status"].where(rows["status"] != "", marker),
            "lower_ci": lower,
            "upper_ci": upper,
        }
    )


def _under_old_code_too(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which rows stand under a code of the past while its successor states the same indicator and period."""
    areas = load_areas()
    carried = rows["area_code"].map({code: areas.carry(code) for code in rows["area_code"].unique() if code in areas})
    place = carried.fillna(rows["area_code"])
    cell = pd.MultiIndex.from_arrays([rows["indicator"], rows["period"], place])
    current = rows["area_code"] == place
    return ~current & pd.Series(cell.isin(cell[current]), index=rows.index)
