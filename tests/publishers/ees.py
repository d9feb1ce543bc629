"""Stand-in for the interface of Explore Education Statistics: nine real files as its data sets.

The files have the standard header; filters are their columns of words, indicators those with numbers. Ids are short
and opaque and change with a major version. Answers are packed where the client takes gzip, values are text, unknown
filter options, places, levels and periods are answered with 200 and a warning, unknown indicators with 400. Whether
these nine are among the data sets of the real interface, and their titles there, is not known.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL

Mask = npt.NDArray[np.bool_]

FOLDER = OFFICIAL / "ees"
LARGEST_PAGE = 10_000

PUBLICATIONS = {
    "characteristics-of-children-in-need": "Children in need",
    "children-looked-after-in-england-including-adoptions": "Children looked after in England including adoptions",
    "education-health-and-care-plans": "Education, health and care plans",
    "outcomes-for-children-in-need-including-children-looked-after-by-local-authorities-in-england": (
        "Outcomes for children in need, including children looked after by local authorities in England"
    ),
    "stability-measures-for-children-looked-after-in-england": (
        "Stability measures for children looked after in England"
    ),
}
_NEED, _LOOKED_AFTER, _PLANS, _OUTCOMES, _STABILITY = PUBLICATIONS

FILES = {
    "absence_la": (_OUTCOMES, "Absence - local authority"),
    "b1_children_in_need_2013_to_2025": (_NEED, "B1 Children in need by local authority, England 2013 to 2025"),
    "c3_factors_identified_at_end_of_assessment_2018_to_2025": (
        _NEED,
        "C3 Factors identified at the end of assessment by local authority, England 2018 to 2025",
    ),
    "d5_cpps_at31march_by_duration_2013_to_2025": (
        _NEED,
        "D5 Child Protection Plans at 31 March by duration and local authority, England 2013 to 2025",
    ),
    "ks2_la": (_OUTCOMES, "Key stage 2 attainment - local authority"),
    "ks4_la": (_OUTCOMES, "Key stage 4 attainment - local authority"),
    "la_care_leavers_activity": (_LOOKED_AFTER, "Care leavers' activity - LA"),
    "la_cla_placement_stability": (_STABILITY, "CLA placement stability - by local authority"),
    "timeliness_20_week": (_PLANS, "New EHC plans issued within 20 weeks"),
}
"""The files by name without ending: publication and title; the titles are modelled on those of neighbouring files."""

_TIMES = {"Academic year": "AY", "Calendar year": "CY", "Financial year": "FY", "Reporting year": "RY"}
_LEVELS = {"National": "NAT", "Regional": "REG", "Local authority": "LA"}
_PLACES = {
    "NAT": {"code": "country_code", "label": "country_name"},
    "REG": {"code": "region_code", "label": "region_name"},
    "LA": {"code": "new_la_code", "oldCode": "old_la_code", "label": "la_name"},
}
_STANDARD = {"time_period", "time_identifier", "geographic_level"} | {
    column for columns in _PLACES.values() for column in columns.values()
}
_ALL_LEVELS = (
    "EDA", "INST", "LA", "LAD", "LEP", "LSIP", "MAT", "MCA", "NAT", "OA", "PA", "PCON", "PFA", "PROV", "REG", "RSC",
    "SCH", "SPON", "WARD",
)  # fmt: skip
_MESSAGES = {
    "FiltersNotFound": "One or more filters could not be found.",
    "GeographicLevelsNotFound": "One or more geographic levels could not be found.",
    "IndicatorsNotFound": "One or more indicators could not be found.",
    "LocationsNotFound": "One or more locations could not be found.",
    "TimePeriodsNotFound": "One or more time periods could not be found.",
    "QueryNoResults": "The query did not match any results. You may need to refine your criteria.",
    "AllowedValue": "Must be one of the allowed values.",
    "InclusiveBetween": "Must be within the range.",
    "MinimumLength": "Must be 3 characters or more.",
    "NotEmptyBody": "A non-empty request body is required.",
    "RequiredValue": "Must provide a value.",
    "UnknownField": "Must not contain unknown fields.",
}
_REASONS = {
    403: ("Forbidden", "https://tools.ietf.org/html/rfc9110#section-15.5.4"),
    404: ("Not Found", "https://tools.ietf.org/html/rfc9110#section-15.5.5"),
}
_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?(?:[eE][-+]?\d+)?")


@cache
def table(name: str) -> pd.DataFrame:
    """One of the real files, all text."""
    return pd.read_csv(FOLDER / f"{name}.csv.gz", dtype=str, keep_default_na=False, encoding="utf-8-sig")


class _Refused(Exception):
    """An answer of 400 with one error."""

    def __init__(self, code: str, path: str, **detail: Any) -> None:
        super().__init__(code)
        self.error = {"message": _MESSAGES[code], "code": code, "path": path, "detail": detail or None}


class _Ids:
    """Short opaque ids, the same for the same words and salt."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._taken: set[str] = set()

    def new(self, *words: str) -> str:
        digest = hashlib.sha256("\n".join((self._salt, *words)).encode()).hexdigest()
        letters = "".join(chr(ord("A") + int(pair, 16) % 26) for pair in re.findall("..", digest))
        made = next(letters[at : at + 5] for at in range(20) if letters[at : at + 5] not in self._taken)
        self._taken.add(made)
        return made


class Table:
    """One version of a data set: its meta data, and its rows by query."""

    def __init__(self, frame: pd.DataFrame, salt: str) -> None:
        self.frame = frame.reset_index(drop=True)
        self._ids = _Ids(salt)

    @cached_property
    def _own_columns(self) -> tuple[list[str], list[str]]:
        """Columns that are filters and those that are indicators."""
        own = [column for column in map(str, self.frame.columns) if column not in _STANDARD]
        numeric = {column for column in own if any(map(_NUMBER.fullmatch, self.frame[column].unique()))}
        return [column for column in own if column not in numeric], [column for column in own if column in numeric]

    @cached_property
    def _times(self) -> pd.DataFrame:
        """Code, period and label of each row's time."""
        text = self.frame["time_period"]
        spans = text.str.len() == 6
        years = text.str[:4]
        return pd.DataFrame(
            {
                "code": self.frame["time_identifier"].map(lambda word: _TIMES.get(word, "W25")),
                "period": years.where(~spans, years + "/" + years.str[:2] + text.str[4:]),
                "label": years.where(~spans, years + "/" + text.str[4:]),
            }
        )

    @cached_property
    def _levels(self) -> pd.Series[str]:
        return self.frame["geographic_level"].map(_LEVELS)

    @cached_property
    def _places(self) -> dict[str, tuple[pd.Series[str], list[dict[str, str]]]]:
        """By level: each row's place, and the places there are."""
        found = {}
        for level, columns in _PLACES.items():
            parts = self.frame[list(columns.values())].set_axis(list(columns), axis=1)
            entries = [
                dict(zip(columns, map(str, row), strict=True))
                for row in parts[parts["code"] != ""].drop_duplicates().itertuples(index=False, name=None)
            ]
            options = [{"id": self._ids.new("place", level, *entry.values()), **entry} for entry in entries]
            ids = {tuple(entry.values()): option["id"] for entry, option in zip(entries, options, strict=True)}
            # Rows of one place have one number; numbers are in the order in which places first come.
            number = parts.groupby(list(parts), sort=False).ngroup().to_numpy()
            first = parts.drop_duplicates().itertuples(index=False, name=None)
            of_number = np.array([ids.get(row, "") for row in first], object)
            found[level] = (pd.Series(of_number[number], parts.index, dtype=object), options)
        return found

    @cached_property
    def meta(self) -> dict[str, Any]:
        """The meta data."""
        filters, indicators = self._own_columns
        times = self._times.drop_duplicates().sort_values(["period", "code"])
        held = [code for code in _LEVELS.values() if (self._levels == code).any()]
        words = {code: word for word, code in _LEVELS.items()}
        return {
            "filters": [
                {
                    "id": self._ids.new("filter", column),
                    "column": column,
                    "label": _words(column),
                    "hint": "",
                    "options": [
                        {"id": self._ids.new("option", column, label), "label": label}
                        for label in sorted(self.frame[column].unique())
                    ],
                }
                for column in filters
            ],
            "indicators": [
                {
                    "id": self._ids.new("indicator", column),
                    "column": column,
                    "label": _words(column),
                    "unit": "%" if re.search(r"^p[ct]_|percent", column, re.IGNORECASE) else "",
                    "decimalPlaces": _decimals(self.frame[column]),
                }
                for column in indicators
            ],
            "geographicLevels": [{"code": code, "label": words[code]} for code in held],
            "locations": [
                {"level": {"code": level, "label": words[level]}, "options": options}
                for level, (_, options) in self._places.items()
                if options
            ],
            "timePeriods": times.to_dict("records"),
        }

    @cached_property
    def _options(self) -> dict[str, tuple[str, str]]:
        """Column and label of each filter option."""
        return {
            option["id"]: (each["column"], option["label"])
            for each in self.meta["filters"]
            for option in each["options"]
        }

    def query(self, asked: Mapping[str, Any], largest: int) -> dict[str, Any]:
        """The rows asked for, as the interface answers."""
        _only(asked, {"criteria", "indicators", "sorts", "debug", "page", "pageSize"}, "")
        number, size = asked.get("page", 1), asked.get("pageSize", 1000)
        _within(number, 1, 2**31, "page")
        _within(size, 1, LARGEST_PAGE, "pageSize")
        columns = self._wanted(asked)
        warnings: list[dict[str, Any]] = []
        criteria = asked.get("criteria")
        fits = np.ones(len(self.frame), bool) if criteria is None else self._fit(criteria, "criteria", warnings)
        rows = np.flatnonzero(fits)
        order = np.argsort(-self._time_rank[rows], kind="stable")
        rows = rows[order]
        if not rows.size:
            warnings.append({"message": _MESSAGES["QueryNoResults"], "code": "QueryNoResults"})
        size = min(size, largest)
        return {
            "paging": _paging(number, size, len(rows)),
            "results": self._results(rows[(number - 1) * size : number * size], columns),
            "warnings": warnings,
        }

    @cached_property
    def _time_rank(self) -> npt.NDArray[np.int64]:
        return (self._times["period"] + self._times["code"]).rank(method="dense").to_numpy().astype(np.int64)

    def _wanted(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """The columns asked for by their ids, all of them where none are."""
        known = {each["id"]: each["column"] for each in self.meta["indicators"]}
        ids = asked.get("indicators") or list(known)
        if unknown := [one for one in ids if one not in known]:
            raise _Refused("IndicatorsNotFound", "indicators", items=unknown)
        return {one: known[one] for one in ids}

    def _results(self, rows: npt.NDArray[np.int64], columns: Mapping[str, str]) -> list[dict[str, Any]]:
        times = _records(self._times[["code", "period"]].iloc[rows])
        levels = self._levels.iloc[rows].tolist()
        places = _records(pd.DataFrame({level: ids.iloc[rows] for level, (ids, _) in self._places.items()}))
        ids = {}
        for each in self.meta["filters"]:
            options = {option["label"]: option["id"] for option in each["options"]}
            ids[each["id"]] = self.frame[each["column"]].iloc[rows].map(options)
        filters = _records(pd.DataFrame(ids, index=rows))
        values = _records(self.frame[list(columns.values())].iloc[rows].set_axis(list(columns), axis=1))
        return [
            {
                "timePeriod": time,
                "geographicLevel": level,
                "locations": {at: one for at, one in place.items() if one},
                "filters": chosen,
                "values": value,
            }
            for time, level, place, chosen, value in zip(times, levels, places, filters, values, strict=True)
        ]

    def _fit(self, criteria: Mapping[str, Any], path: str, warnings: list[dict[str, Any]]) -> Mask:
        """The rows that fit: and, or, not, or facets that must all hold."""
        if "and" in criteria or "or" in criteria:
            word = "and" if "and" in criteria else "or"
            _only(criteria, {word}, path)
            parts = [self._fit(one, f"{path}.{word}[{at}]", warnings) for at, one in enumerate(criteria[word])]
            if not parts:
                raise _Refused("RequiredValue", f"{path}.{word}")
            return np.asarray((np.logical_and if word == "and" else np.logical_or).reduce(parts), bool)
        if "not" in criteria:
            _only(criteria, {"not"}, path)
            return ~self._fit(criteria["not"], f"{path}.not", warnings)
        facets: dict[str, Callable[[list[Any], str, list[dict[str, Any]]], Mask]] = {
            "filters": self._filters,
            "geographicLevels": self._geographic_levels,
            "locations": self._locations,
            "timePeriods": self._time_periods,
        }
        _only(criteria, set(facets), path)
        fits = np.ones(len(self.frame), bool)
        for name, wanted in criteria.items():
            comparators = {"eq", "notEq", "in", "notIn"} | (
                {"gt", "gte", "lt", "lte"} if name == "timePeriods" else set()
            )
            _only(wanted, comparators, f"{path}.{name}")
            for comparator, items in wanted.items():
                where = f"{path}.{name}.{comparator}"
                if comparator in {"gt", "gte", "lt", "lte"}:
                    fits &= self._compared(comparator, items, where, warnings)
                    continue
                found = facets[name](items if comparator in {"in", "notIn"} else [items], where, warnings)
                fits &= ~found if comparator in {"notEq", "notIn"} else found
        return fits

    def _filters(self, ids: list[Any], path: str, warnings: list[dict[str, Any]]) -> Mask:
        """Options of two filters are joined by or, as the real service does."""
        _warn("FiltersNotFound", [one for one in ids if one not in self._options], path, warnings)
        fits = np.zeros(len(self.frame), bool)
        for one in ids:
            if one in self._options:
                column, label = self._options[one]
                fits |= (self.frame[column] == label).to_numpy()
        return fits

    def _geographic_levels(self, codes: list[Any], path: str, warnings: list[dict[str, Any]]) -> Mask:
        if unknown := [code for code in codes if code not in _ALL_LEVELS]:
            raise _Refused("AllowedValue", path, value=unknown[0], allowed=list(_ALL_LEVELS))
        held = {level["code"] for level in self.meta["geographicLevels"]}
        _warn("GeographicLevelsNotFound", [code for code in codes if code not in held], path, warnings)
        return self._levels.isin(codes).to_numpy()

    def _locations(self, places: list[Any], path: str, warnings: list[dict[str, Any]]) -> Mask:
        fits = np.zeros(len(self.frame), bool)
        missing = []
        for place in places:
            ids, options = self._places.get(place["level"], (pd.Series("", self.frame.index), []))
            key = next(key for key in ("id", "code", "oldCode") if key in place)
            chosen = [option["id"] for option in options if option.get(key) == place[key]]
            missing += [] if chosen else [place]
            fits |= ids.isin(chosen).to_numpy()
        _warn("LocationsNotFound", missing, path, warnings)
        return fits

    def _time_periods(self, times: list[Any], path: str, warnings: list[dict[str, Any]]) -> Mask:
        fits = np.zeros(len(self.frame), bool)
        missing = []
        for time in times:
            found = self._at(time)
            missing += [] if found.any() else [time]
            fits |= found
        _warn("TimePeriodsNotFound", missing, path, warnings)
        return fits

    def _compared(self, comparator: str, time: Mapping[str, str], path: str, warnings: list[dict[str, Any]]) -> Mask:
        at = self._at(time)
        _warn("TimePeriodsNotFound", [] if at.any() else [time], path, warnings)
        if not at.any():
            return at
        rank, pivot = self._time_rank, self._time_rank[at][0]
        fits = {"gt": rank > pivot, "gte": rank >= pivot, "lt": rank < pivot, "lte": rank <= pivot}[comparator]
        return np.asarray(fits, bool)

    def _at(self, time: Mapping[str, str]) -> Mask:
        """Rows of one period; a single year may stand for one that spans two."""
        _only(time, {"period", "code"}, "timePeriods")
        same = self._times["period"].isin([time["period"]]) | self._times["period"].str.startswith(f"{time['period']}/")
        return (same & (self._times["code"] == time["code"])).to_numpy()


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows by column, out of Python's own lists: taken from the packed text one by one they are dear."""
    if frame.columns.empty:
        return [{} for _ in frame.index]
    names = list(map(str, frame.columns))
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(frame[name].tolist() for name in frame.columns), strict=True)
    ]


def _words(column: str) -> str:
    return " ".join(column.split("_")).capitalize()


def _decimals(cells: pd.Series[str]) -> int:
    return max(len(found[1] or "") for cell in cells.unique() if (found := _NUMBER.fullmatch(cell)))


def _only(given: Mapping[str, Any], known: Iterable[str], path: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise _Refused("UnknownField", f"{path}.{unknown[0]}".lstrip("."))


def _within(number: int, lowest: int, highest: int, path: str) -> None:
    if not lowest <= number <= highest:
        raise _Refused("InclusiveBetween", path, value=number, **{"from": lowest, "to": highest})


def _warn(code: str, items: Sequence[Any], path: str, warnings: list[dict[str, Any]]) -> None:
    if items:
        warnings.append({"message": _MESSAGES[code], "path": path, "code": code, "detail": {"items": list(items)}})


def _paging(number: int, size: int, total: int) -> dict[str, int]:
    return {"page": number, "pageSize": size, "totalResults": total, "totalPages": -(-total // size)}


def identity(*words: str) -> str:
    """The id of a publication or data set."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("ees", *words))))


@cache
def _as_published(source: str) -> Table:
    """The first version of a file, which all stand-ins share, for none changes it."""
    return Table(table(source), f"{source} 1")


@dataclass
class Shelved:
    """A data set of the interface with its versions, the latest last."""

    name: str
    publication: str
    title: str
    source: str
    published: datetime = datetime(2026, 4, 2, 8, 30, tzinfo=UTC)
    status: str = "Published"
    heir: str | None = None
    frames: dict[str, Callable[[], pd.DataFrame]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frames.setdefault("1.0", lambda: table(self.source))

    @property
    def id(self) -> str:
        return identity("data-set", self.name)

    @property
    def version(self) -> str:
        """The latest version, empty when all are withdrawn."""
        return list(self.frames)[-1] if self.frames else ""

    def table(self, version: str) -> Table:
        """One version; ids are the same within a major one."""
        if version == "1.0":
            return _as_published(self.source)
        if version not in self.tables:
            self.tables[version] = Table(self.frames[version](), f"{self.source} {version.partition('.')[0]}")
        return self.tables[version]

    def summary(self) -> dict[str, Any]:
        """As in a list of data sets."""
        return {
            "id": self.id,
            "title": self.title,
            "summary": f"{self.title}, England.",
            "status": self.status,
            "supersedingDataSetId": self.heir,
            "latestVersion": self._latest() if self.frames else None,
        }

    def _latest(self) -> dict[str, Any]:
        latest = self.table(self.version)
        meta = latest.meta
        labels = [time["label"] for time in meta["timePeriods"]]
        return {
            "version": self.version,
            "published": self.published.isoformat().replace("+00:00", ".1234567+00:00"),
            "totalResults": len(latest.frame),
            "file": {"id": identity("file", self.name, self.version)},
            "timePeriods": {"start": labels[0], "end": labels[-1]},
            "geographicLevels": [level["label"] for level in meta["geographicLevels"]],
            "filters": [each["label"] for each in meta["filters"]],
            "indicators": [each["label"] for each in meta["indicators"]],
        }


class StandIn:
    """The interface; ``questions`` are the query bodies asked. Tests publish versions and take data sets away."""

    def __init__(self) -> None:
        self.publications = dict(PUBLICATIONS)
        self.data_sets = {name: Shelved(name, *told, source=name) for name, told in FILES.items()}
        self.questions: list[dict[str, Any]] = []
        self.largest_page = LARGEST_PAGE
        """Rows a page holds at most, whatever is asked for; smaller to see many pages."""

    def shelve(self, name: str, publication: str, title: str, source: str) -> Shelved:
        """One more data set, with the rows of a real file."""
        self.data_sets[name] = Shelved(name, publication, title, source)
        return self.data_sets[name]

    def publish(self, name: str, version: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """A new version of a data set, a week after the last; a new major version has new ids."""
        shelved = self.data_sets[name]
        before = shelved.frames[shelved.version]
        shelved.frames[version] = lambda: edit(before().copy())
        shelved.published += timedelta(days=7)

    def deprecate(self, name: str, heir: str = "") -> None:
        """No more updates; ``heir`` is the data set that replaces it."""
        self.data_sets[name].status = "Deprecated"
        self.data_sets[name].heir = self.data_sets[heir].id if heir else None

    def withdraw(self, name: str) -> None:
        """Not to be used any more: no version is left."""
        self.data_sets[name].status = "Withdrawn"
        self.data_sets[name].frames.clear()

    def answer(self, request: Request) -> Reply:
        """The interface's answer, packed where the client takes it."""
        status, document = self._answer(request)
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Vary": "Accept-Encoding"}
        accepted = {name.lower(): value for name, value in request.headers.items()}.get("accept-encoding", "")
        if "gzip" in accepted:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        kind = "application/json" if status < 400 else "application/problem+json"
        return Reply(body, status, f"{kind}; charset=utf-8", headers=headers)

    def _answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        try:
            match [part for part in request.path.split("/") if part], request.method:
                case ["publications"], "GET":
                    return 200, self._list_publications(request)
                case ["publications", one, "data-sets"], "GET":
                    return 200, self._list_data_sets(request, one)
                case ["data-sets", one, *rest], method:
                    return self._of_data_set(request, one, method, rest)
        except _Refused as refused:
            return 400, {
                "title": "One or more validation errors occurred.",
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                "status": 400,
                "errors": [refused.error],
            }
        return _problem(404)

    def _of_data_set(self, request: Request, one: str, method: str, rest: list[str]) -> tuple[int, dict[str, Any]]:
        shelved = next((each for each in self.data_sets.values() if each.id == one), None)
        if shelved is None or shelved.status == "Withdrawn":
            return _problem(403 if shelved else 404)
        version = request.one("dataSetVersion") or shelved.version
        if version not in shelved.frames:
            return _problem(404)
        match rest, method:
            case [], "GET":
                return 200, shelved.summary()
            case ["meta"], "GET":
                return 200, shelved.table(version).meta
            case ["query"], "POST":
                return 200, self._query(request, shelved.table(version))
        return _problem(404)

    def _query(self, request: Request, version: Table) -> dict[str, Any]:
        if not request.body:
            raise _Refused("NotEmptyBody", "")
        asked = json.loads(request.body)
        self.questions.append(asked)
        return version.query(asked, self.largest_page)

    def _list_publications(self, request: Request) -> dict[str, Any]:
        """Only publications with a data set that is kept up are listed."""
        search = request.one("search").lower()
        if search and len(search) < 3:
            raise _Refused("MinimumLength", "search", minLength=3)
        kept = {each.publication for each in self.data_sets.values() if each.status == "Published"}
        entries = [
            {
                "id": identity("publication", slug),
                "title": title,
                "slug": slug,
                "summary": f"{title}, as official statistics.",
                "lastPublished": "2026-04-02T08:30:00.0000000+00:00",
            }
            for slug, title in self.publications.items()
            if slug in kept and all(word in title.lower() for word in search.split())
        ]
        return _listing(request, entries, usual=20, most=40)

    def _list_data_sets(self, request: Request, one: str) -> dict[str, Any]:
        own = [each for each in self.data_sets.values() if identity("publication", each.publication) == one]
        own.sort(key=lambda each: (-each.published.timestamp(), each.title, each.id))
        return _listing(request, own, usual=10, most=20)


def _listing(request: Request, entries: Sequence[Any], *, usual: int, most: int) -> dict[str, Any]:
    number, size = int(request.one("page", "1")), int(request.one("pageSize", str(usual)))
    _within(number, 1, 2**31, "page")
    _within(size, 1, most, "pageSize")
    shown = entries[(number - 1) * size : number * size]
    results = [entry.summary() if isinstance(entry, Shelved) else entry for entry in shown]
    return {"paging": _paging(number, size, len(entries)), "results": results}


def _problem(status: int) -> tuple[int, dict[str, Any]]:
    title, kind = _REASONS[status]
    return status, {"type": kind, "title": title, "status": status}
