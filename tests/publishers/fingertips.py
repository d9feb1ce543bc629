"""A stand-in for Fingertips: the real file of one indicator, metadata in the shape of its published source.

It has no validators and answers CSV as an attachment. Refusals are a text of messages; figures it does not have are a
header alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL

REAL = OFFICIAL / "fingertips_all_data_90284_2025-06-25.csv"
INDICATOR = "90284"
NAME = "Hospital admissions caused by unintentional and deliberate injuries in children (aged 0 to 14 years)"

_MOST = 100
_COUNTIES, _ENGLAND = "502", "15"

Row = dict[str, str]


@cache
def real_body() -> bytes:
    return REAL.read_bytes()


def edited(body: bytes, change: Callable[[list[Row]], list[Row]]) -> bytes:
    """The CSV with its rows changed; columns and line ends stay."""
    reader = csv.DictReader(io.StringIO(body.decode(), newline=""))
    rows = change(list(reader))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


class StandIn:
    """``known`` are the indicators it has metadata for; ``dated`` is whether these say when figures were uploaded."""

    known: frozenset[str] = frozenset({INDICATOR})

    def __init__(self) -> None:
        self.dated = True
        self.uploaded = datetime(2025, 5, 7, 9, 30, 5, 657000)  # noqa: DTZ001  # the publisher names no zone
        self.deleted: datetime | None = None
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        return real_body() if self._body is None else self._body

    def upload(self, body: bytes | None = None) -> None:
        """A new upload: of the same figures, or of others."""
        self.uploaded += timedelta(days=30)
        self._body = self.body if body is None else body

    def next_year(self) -> None:
        """A new period, 2024/25, in which every figure is as it was the year before."""

        def grown(rows: list[Row]) -> list[Row]:
            latest = [row for row in rows if row["Time period"] == "2023/24"]
            new = {"Time period": "2024/25", "Time period Sortable": "20240000"}
            return [*({**row, "Recent Trend": ""} for row in rows), *({**row, **new} for row in latest)]

        self.upload(edited(self.body, grown))

    def revise(self, area: str, period: str, value: str) -> None:
        """A new upload with another value for one area and period, both sexes together."""

        def revised(rows: list[Row]) -> list[Row]:
            place = {"Area Code": area, "Time period": period, "Sex": "Persons", "Category Type": ""}
            return [row | {"Value": value} if place.items() <= row.items() else row for row in rows]

        self.upload(edited(self.body, revised))

    def withdraw(self) -> None:
        """All figures deleted."""
        self.deleted = self.uploaded + timedelta(days=1)
        self._body = _header(self.body)

    def answer(self, request: Request) -> Reply:
        path = request.path.strip("/")
        if path == "indicator_metadata/by_indicator_id":
            return self._metadata(request)
        if path == "all_data/csv/by_indicator_id":
            return self._csv(request)
        return Reply(b"", 404)

    def _metadata(self, request: Request) -> Reply:
        ids, faults = _ids(request)
        if faults:
            return _refused(faults)
        return Reply.json({name: self._described(name) for name in ids if name in self.known})

    def _described(self, name: str) -> dict[str, Any]:
        text = NAME if name == INDICATOR else f"Indicator {name}"
        entry: dict[str, Any] = {
            "IID": int(name),
            "Descriptive": {"Name": text, "NameLong": text, "DataSource": "Hospital Episode Statistics (HES)"},
            "Unit": {"Id": 9, "Value": 10000.0, "Label": "per 10,000"},
            "ValueType": {"Id": 3, "Name": "Crude rate"},
            "YearType": {"Id": 2, "Name": "Financial"},
            "ConfidenceIntervalMethod": {"Id": 2, "Name": "Byar's method"},
        }
        if self.dated:
            entry["DataChange"] = {
                "IndicatorId": int(name),
                "LastUploadedAt": self.uploaded.isoformat(timespec="milliseconds"),
                "LastDeletedAt": self.deleted.isoformat(timespec="milliseconds") if self.deleted else None,
            }
        return entry

    def _csv(self, request: Request) -> Reply:
        ids, faults = _ids(request)
        children, parents = request.one("child_area_type_id"), request.one("parent_area_type_id")
        for key, value in (("child_area_type_id", children), ("parent_area_type_id", parents)):
            if not value.isdecimal():
                faults.append(f"Parameter {key} is not valid: '{value}'")
        if faults:
            return _refused(faults)
        there = INDICATOR in ids and INDICATOR in self.known and (children, parents) == (_COUNTIES, _ENGLAND)
        return Reply(
            self.body if there else _header(self.body),
            content_type="application/octet-stream",
            headers={"Content-Disposition": "attachment; filename=indicators-CountyUA.data.csv"},
        )


def _ids(request: Request) -> tuple[list[str], list[str]]:
    ids = request.one("indicator_ids").split(",")
    faults = [f"Parameter indicator_ids is not valid: '{name}'" for name in ids if not name.isdecimal()]
    if len(ids) > _MOST:
        faults.append(f"Maximum number of indicator IDs exceeded: {len(ids)} of {_MOST}")
    return ids, faults


def _header(body: bytes) -> bytes:
    return body[: body.index(b"\n") + 1]


def _refused(faults: list[str]) -> Reply:
    return Reply(",".join(faults).encode(), 400, "text/plain; charset=utf-8")
