"""A stand-in for the release calendar of ONS: the real example answer of its search, and releases made in its shape.

As the real one it refuses a parameter it cannot use with 400 and a line of text, gives ten releases unless asked for
more, finds any of the words of a query, and has what is cancelled in a list apart from what is upcoming.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.publishers.exchange import Reply, Request
from tests.real_data import RESPONSES

EXAMPLE = RESPONSES / "ons-release-search" / "transformer_testdata_search_release_expected_plain.json"

_MOST = 1000
_KINDS = ("type-upcoming", "type-published", "type-cancelled")
_SORTS = ("release_date_asc", "release_date_desc", "title_asc", "title_desc", "relevance")


class _Refused(Exception):
    """What is answered to a parameter that cannot be used."""


class StandIn:
    """``releases`` are those of the calendar, as they are answered; ``today`` is its day."""

    def __init__(self) -> None:
        self.today = date(2018, 6, 1)
        self.releases: list[dict[str, Any]] = json.loads(EXAMPLE.read_bytes())["releases"] if EXAMPLE.exists() else []

    def announce(self, title: str, release_date: str, **description: Any) -> None:
        """A release as the search answers it; further facts such as ``finalised`` by their names."""
        facts = {"published": False, "cancelled": False, "finalised": False, "postponed": False, "census": False}
        about = {"title": title, "summary": "", "release_date": release_date, **facts, **description}
        uri = "/releases/" + re.sub(r"[^a-z0-9]", "", title.lower())
        self.releases = [one for one in self.releases if one["uri"] != uri]
        self.releases.append({"uri": uri, "description": about})

    def answer(self, request: Request) -> Reply:
        """The calendar's answer; 404 for any other path."""
        if request.path != "/search/releases":
            return Reply(b"404 page not found", 404, "text/plain; charset=utf-8")
        try:
            return self._search(request)
        except _Refused as error:
            return Reply(f"{error}\n".encode(), 400, "text/plain; charset=utf-8")

    def _search(self, request: Request) -> Reply:
        limit, offset = _number(request, "limit", "10"), _number(request, "offset", "0")
        kind = request.one("release-type", "type-published")
        sort = request.one("sort", "release_date_asc")
        if limit > _MOST:
            raise _Refused("Invalid limit parameter")
        if kind not in _KINDS:
            raise _Refused("Invalid release-type parameter")
        if sort not in _SORTS:
            raise _Refused("Invalid sort parameter")
        first, last = _day(request, "fromDate"), _day(request, "toDate")
        found = [
            one
            for one in self._of(kind)
            if first <= one["description"]["release_date"][:10] <= (last or "9999") and _fits(one, request.one("query"))
        ]
        found.sort(key=lambda one: str(one["description"]["release_date"]), reverse=sort == "release_date_desc")
        shown = copy.deepcopy(found[offset : offset + limit])
        if request.one("highlight", "true") == "true":
            for one in shown:
                one["highlight"] = {"title": _marked(one["description"]["title"], request.one("query"))}
        return Reply.json({"took": 11, "breakdown": self._breakdown(len(found)), "releases": shown})

    def _of(self, kind: str) -> Iterator[dict[str, Any]]:
        for one in self.releases:
            about = one["description"]
            upcoming = about["release_date"][:10] >= self.today.isoformat()
            if about["cancelled"]:
                here = kind == "type-cancelled"
            elif about["published"]:
                here = kind == "type-published"
            else:
                here = kind == "type-upcoming" and upcoming
            if here:
                yield one

    def _breakdown(self, total: int) -> dict[str, int]:
        upcoming = [one["description"] for one in self._of("type-upcoming")]
        return {
            "total": total,
            "provisional": sum(not one["finalised"] for one in upcoming),
            "confirmed": sum(one["finalised"] and not one["postponed"] for one in upcoming),
            "postponed": sum(one["postponed"] for one in upcoming),
            "published": len(list(self._of("type-published"))),
            "cancelled": len(list(self._of("type-cancelled"))),
        }


def _number(request: Request, name: str, default: str) -> int:
    text = request.one(name, default)
    if not text.isdecimal():
        raise _Refused(f"Invalid {name} parameter")
    return int(text)


def _day(request: Request, name: str) -> str:
    text = request.one(name)
    if text and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise _Refused(f"Invalid {name} parameter")
    return text


def _fits(one: dict[str, Any], query: str) -> bool:
    words = set(re.findall(r"\w+", query.lower()))
    about = one["description"]
    return not words or bool(words & set(re.findall(r"\w+", f"{about['title']} {about['summary']}".lower())))


def _marked(title: str, query: str) -> str:
    words = set(re.findall(r"\w+", query.lower()))
    return re.sub(
        r"\w+", lambda at: f'<em class="ons-highlight">{at[0]}</em>' if at[0].lower() in words else at[0], title
    )
