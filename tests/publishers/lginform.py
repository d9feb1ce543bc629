"""A stand-in for LG Inform: one metric type behind a key and signature. Figures made up, shape real.

The shape is that of scripts that read the real service: periods as columns, and a second line that again begins with
area. Its refusals repeat what was asked, which is the worst a service can do. Key and secret are for tests alone.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
from zlib import crc32

from engine.areas import load_areas
from tests.publishers.exchange import Reply, Request

KEY = "test+key/for=stand-in"
SECRET = "test secret & nothing more"
CARE_HOMES = 17443

_COLUMNS = ["area", "area label", "area long label"]


class StandIn:
    """``updated`` is the mark; ``revised`` are values by area and period; with ``echo`` figures repeat the request."""

    def __init__(self) -> None:
        self.updated = "2026-11-03T04:12:33"
        self.periods = [str(year) for year in range(2018, 2026)]
        self.revised: dict[tuple[str, str], str] = {}
        self.echo = False

    def answer(self, request: Request) -> Reply:
        refused = _refusal(request)
        if refused:
            return Reply(refused.encode(), 401, "text/plain")
        if request.path == f"/metricTypes/{CARE_HOMES}":
            return Reply(json.dumps({"metricType": self._described()}).encode(), content_type="application/json")
        if request.path == "/data.csv" and request.one("metricType") == str(CARE_HOMES):
            body = self._data(request) + (_address(request) if self.echo else "")
            return Reply(body.encode(), content_type="text/csv")
        return Reply(f"nothing at {_address(request)}".encode(), 404, "text/plain")

    def _described(self) -> dict[str, object]:
        return {
            "identifier": str(CARE_HOMES),
            "label": "Percentage of care homes rated good or outstanding by the CQC",
            "polarity": "High is good",
            "outputPrecision": 1,
            "latestTimePeriod": {"identifier": f"cal_{self.periods[-1]}", "label": self.periods[-1]},
            "metadataOrDataLastUpdated": self.updated,
        }

    def _data(self, request: Request) -> str:
        count = int(request.one("period").partition(":")[2] or 1)
        periods = self.periods[-count:]
        names = {area.code: area.name for area in load_areas()}
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([*_COLUMNS, *periods])
        writer.writerow([*_COLUMNS, *periods])
        for area in request.one("area").split(","):
            cells = [self.revised.get((area, period), _made_up(area, period)) for period in periods]
            writer.writerow([area, names[area], f"{names[area]} (long)", *cells])
        return out.getvalue()


def _made_up(area: str, period: str) -> str:
    return f"{65 + crc32(f'{area} {period}'.encode()) % 300 / 10:.1f}"


def _address(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
    return f"{request.base.rstrip('/')}{request.path}?{query}"


def _refusal(request: Request) -> str:
    """Why a request is not answered: signed is the address as it was sent, decoded, without the signature."""
    before, _, signature = _address(request).partition("&Signature=")
    mac = hmac.new(SECRET.encode(), before.encode(), hashlib.sha1)
    if request.one("ApplicationKey") == KEY and signature == base64.b64encode(mac.digest()).decode():
        return ""
    return f"Unauthorised: {_address(request)}"
