"""Fetching from publishers: conditional, patient, limited."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import stamina

from jobs.errors import SourceError
from jobs.http import ATTEMPTS, fetch, user_agent
from tests.system.web import Page, Web

LIMIT = 1 << 20


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def test_a_body_comes_with_the_mark_to_ask_with_next_time(web: Web) -> None:
    web.pages["/a.csv"] = Page(b"x,y", tag='"7"')
    answer = fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert answer is not None
    assert answer.body == b"x,y"
    assert fetch(f"{web.address}/a.csv", answer.mark, limit=LIMIT) is None
    assert web.requests[0].headers["User-Agent"] == user_agent()
    assert user_agent().startswith("benchwatch")


def test_a_server_without_etags_is_asked_by_date(web: Web) -> None:
    web.pages["/a.csv"] = Page(b"x", modified="Fri, 21 Nov 2025 09:30:00 GMT")
    answer = fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert answer is not None
    assert fetch(f"{web.address}/a.csv", answer.mark, limit=LIMIT) is None
    assert web.requests[1].headers["If-Modified-Since"] == "Fri, 21 Nov 2025 09:30:00 GMT"


def test_a_server_with_neither_is_simply_asked_again(web: Web) -> None:
    web.pages["/a.csv"] = Page(b"x")
    answer = fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert answer is not None
    assert answer.mark == ""


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_is_asked_again(web: Web, status: int) -> None:
    web.pages["/a.csv"] = Page(b"x", troubles=[status] * (ATTEMPTS - 1))
    answer = fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert answer is not None
    assert answer.body == b"x"
    assert len(web.requests) == ATTEMPTS


def test_a_server_that_stays_in_trouble_is_given_up_with_the_reason(web: Web) -> None:
    web.pages["/a.csv"] = Page(b"x", troubles=[503] * 9)
    with pytest.raises(SourceError, match=rf"/a.csv: the server answered 503 \(tried {ATTEMPTS} times\)"):
        fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert len(web.requests) == ATTEMPTS


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_no_is_not_asked_again(web: Web, status: int) -> None:
    web.pages["/a.csv"] = Page(b"", status=status)
    with pytest.raises(SourceError, match=rf"the server answered {status}; check the address"):
        fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert len(web.requests) == 1


def test_what_may_be_missing_is_nothing_when_it_is(web: Web) -> None:
    assert fetch(f"{web.address}/a.indicators.csv", "", limit=LIMIT, optional=True) is None


def test_a_body_beyond_the_limit_is_refused(web: Web) -> None:
    web.pages["/a.csv"] = Page(bytes(LIMIT + 1))
    with pytest.raises(SourceError, match=r"/a.csv: larger than 1 MB; raise max_mb in \[sources.file\]"):
        fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    web.pages["/b.csv"] = Page(bytes(LIMIT))
    assert fetch(f"{web.address}/b.csv", "", limit=LIMIT) is not None


def test_a_body_packed_for_the_way_counts_as_what_it_unpacks_to(web: Web) -> None:
    web.pages["/a.csv"] = Page(gzip.compress(bytes(LIMIT * 9)), headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="larger than 1 MB"):
        fetch(f"{web.address}/a.csv", "", limit=LIMIT)


def test_a_body_cut_short_is_tried_again_and_never_taken(web: Web) -> None:
    web.pages["/a.csv"] = Page(b"indicator,area_code", cut=True)
    with pytest.raises(SourceError, match="cannot be fetched"):
        fetch(f"{web.address}/a.csv", "", limit=LIMIT)
    assert len(web.requests) == ATTEMPTS


def test_a_moved_address_is_followed_and_a_circle_is_not(web: Web) -> None:
    web.pages["/old.csv"] = Page(b"", status=301, headers={"Location": "/new.csv"})
    web.pages["/new.csv"] = Page(b"x")
    answer = fetch(f"{web.address}/old.csv", "", limit=LIMIT)
    assert answer is not None
    assert answer.body == b"x"
    web.pages["/loop.csv"] = Page(b"", status=302, headers={"Location": "/loop.csv"})
    with pytest.raises(SourceError, match=r"/loop\.csv"):
        fetch(f"{web.address}/loop.csv", "", limit=LIMIT)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a.csv", "http://[::bad/a.csv", "ftp://example.org/a.csv"])
def test_an_address_that_leads_nowhere_is_refused_with_the_address(address: str) -> None:
    with pytest.raises(SourceError) as caught:
        fetch(address, "", limit=LIMIT)
    assert str(caught.value).startswith(address)
