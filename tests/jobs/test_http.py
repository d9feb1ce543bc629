"""Fetching from publishers: polite, patient, limited, careful where it is sent, with a cache that obeys HTTP."""

from __future__ import annotations

import gzip
import logging
import re
import shutil
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import stamina
import time_machine
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from jobs import http
from jobs.errors import SourceError, Unreachable
from jobs.http import ATTEMPTS, MAX_REDIRECTS, PATIENCE, PER_HOST, Answer, Client, Site, shown, user_agent
from tests.publishers.exchange import Reply, Request
from tests.publishers.faults import Line
from tests.publishers.server import Publishers, self_signed

KEY = "0xSECRETKEY"
LONG_AGO = "Thu, 21 Nov 2024 09:30:00 GMT"
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")


class Shelf:
    """A publisher with bodies by path, which echoes what is posted."""

    def __init__(self) -> None:
        self.pages = {"a.csv": Reply(b"x,y\n1,2\n")}

    def answer(self, request: Request) -> Reply:
        if request.method == "POST":
            return Reply(request.body)
        return self.pages.get(request.path.lstrip("/"), Reply(b"no such file", 404))


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({"shelf": Shelf(), "other": Shelf()}) as web:
        yield web


@pytest.fixture
def pages(web: Publishers) -> dict[str, Reply]:
    shelf: Shelf = web.stand_ins["shelf"]
    return shelf.pages


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


@pytest.fixture
def site(web: Publishers, client: Client) -> Site:
    return client.site(web.address("shelf"), limit_mb=1)


@pytest.fixture
def kept(tmp_path: Path, web: Publishers) -> Iterator[Site]:
    """The same site through a cache."""
    with Client(tmp_path / "cache" / "http.db") as client:
        yield client.site(web.address("shelf"), limit_mb=1)


# How it asks


def test_a_request_names_us_and_whom_to_write_to(web: Publishers) -> None:
    with Client(contact="data@council.example") as client:
        client.site(web.address("shelf")).get("a.csv")
    assert re.fullmatch(r"benchwatch/\S+ \(contact: data@council\.example\)", web.requests[0].headers["User-Agent"])
    assert re.fullmatch(r"benchwatch/\S+", user_agent())


def test_a_path_is_below_the_base_with_parameters_beside_its_own(web: Publishers, site: Site) -> None:
    site.get("/a.csv?date=latest", {"area": ["E10000018", "E10000031"], "note": "a b&c"})
    assert web.requests[0].path == "/a.csv"
    assert web.requests[0].query == {"date": ["latest"], "area": ["E10000018", "E10000031"], "note": ["a b&c"]}
    whole = site.get(f"{site.address}a.csv")
    assert whole.address == f"{web.address('shelf')}a.csv"


def test_a_document_is_posted_as_json(web: Publishers, site: Site) -> None:
    assert site.post("query", {"areas": ["E10000018"]}).json() == {"areas": ["E10000018"]}
    assert (web.requests[0].method, web.requests[0].headers["Content-Type"]) == ("POST", "application/json")


def test_a_body_that_is_no_json_or_no_text_is_said() -> None:
    address = "https://example.org/a?key=1"
    assert Answer(address, b'\xef\xbb\xbf{"a": 1}').json() == {"a": 1}
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(Unreachable, match=r"^https://example.org/a: answered with something that is not JSON"):
            Answer(address, body).json()
    assert Answer(address, b"\xef\xbb\xbfa").text() == "a"
    with pytest.raises(SourceError, match=r"^https://example.org/a: answered with something that is not UTF-8"):
        Answer(address, b"\xa3").text()


# What it keeps


@pytest.mark.parametrize(
    ("reply", "header", "value"),
    [
        (Reply(b"x", tag='"7"'), "If-None-Match", '"7"'),
        (Reply(b"x", tag='W/"7"'), "If-None-Match", 'W/"7"'),
        (Reply(b"x", modified=LONG_AGO), "If-Modified-Since", LONG_AGO),
        (Reply(b"x", tag='"7"', headers={"Cache-Control": "max-age=0, must-revalidate"}), "If-None-Match", '"7"'),
    ],
)
def test_what_is_kept_is_asked_for_again_with_conditions(
    web: Publishers, pages: dict[str, Reply], kept: Site, reply: Reply, header: str, value: str
) -> None:
    pages["a.csv"] = reply
    first, second, third = (kept.get("a.csv") for _ in range(3))
    assert first.body == second.body == third.body == b"x"
    assert [one.status for one in web.requests] == [200, 304, 304]
    assert [one.headers.get(header) for one in web.requests] == [None, value, value]
    assert (first.requests, second.requests, kept.client.requests) == (1, 1, 3)
    pages["a.csv"] = Reply(b"y", tag='"8"')
    assert kept.get("a.csv").body == b"y"
    assert kept.get("a.csv").body == b"y"
    assert [one.status for one in web.requests[3:]] == [200, 304]


def test_without_validators_everything_is_asked_for_whole(web: Publishers, kept: Site) -> None:
    assert kept.get("a.csv").body == kept.get("a.csv").body
    assert [(one.status, one.conditional) for one in web.requests] == [(200, False), (200, False)]


@pytest.mark.parametrize("allowed", ["max-age=300", "private, max-age=300", "public, max-age=300, s-maxage=0"])
def test_for_as_long_as_the_publisher_allows_nothing_is_asked(
    web: Publishers, pages: dict[str, Reply], kept: Site, allowed: str
) -> None:
    pages["a.csv"] = Reply(b"x", tag='"7"', headers={"Cache-Control": allowed})
    kept.get("a.csv")
    again = kept.get("a.csv")
    assert (again.body, again.requests, kept.client.requests, web.count("shelf")) == (b"x", 0, 1, 1)
    for minutes, asked in ((6, 2), (10, 2), (12, 3)):
        with time_machine.travel(time.time() + 60 * minutes):
            assert kept.get("a.csv").body == b"x"
        assert web.count("shelf") == asked
    assert [one.status for one in web.requests] == [200, 304, 304]


def test_what_was_allowed_with_the_body_holds_when_it_is_confirmed_without_a_word(
    web: Publishers, pages: dict[str, Reply], kept: Site
) -> None:
    pages["a.csv"] = Reply(b"x", tag='"7"', headers={"Cache-Control": "max-age=300"})
    kept.get("a.csv")
    web.faults.status("shelf", "a.csv", 304, headers={"ETag": '"7"'})
    for minutes, asked in ((6, 2), (10, 2), (12, 3)):
        with time_machine.travel(time.time() + 60 * minutes):
            assert kept.get("a.csv").body == b"x"
        assert web.count("shelf") == asked


def test_an_expiry_date_counts_as_well(web: Publishers, pages: dict[str, Reply], kept: Site) -> None:
    pages["a.csv"] = Reply(b"x", headers={"Expires": formatdate(time.time() + 300, usegmt=True)})
    kept.get("a.csv")
    assert (kept.get("a.csv").requests, web.count("shelf")) == (0, 1)


def test_an_old_date_alone_does_not_keep_us_from_asking(web: Publishers, pages: dict[str, Reply], kept: Site) -> None:
    # A cache may guess that what has not changed for a year will not change this week; a watcher must not.
    pages["a.csv"] = Reply(b"x", modified=LONG_AGO, headers={"Cache-Control": "public"})
    for _ in range(3):
        assert kept.get("a.csv").requests == 1
    assert [one.status for one in web.requests] == [200, 304, 304]


def test_what_must_not_be_stored_is_not(web: Publishers, pages: dict[str, Reply], kept: Site, tmp_path: Path) -> None:
    pages["a.csv"] = Reply(b"figures under embargo", tag='"7"', headers={"Cache-Control": "no-store"})
    kept.get("a.csv")
    kept.get("a.csv")
    assert [one.conditional for one in web.requests] == [False, False]
    assert b"embargo" not in on_disk(tmp_path)


def test_the_cache_outlives_its_client(web: Publishers, pages: dict[str, Reply], tmp_path: Path) -> None:
    pages["a.csv"] = Reply(b"x" * 300_000, tag='"7"')
    for _ in range(2):
        with Client(tmp_path / "http.db") as client:
            assert client.site(web.address("shelf")).get("a.csv").body == b"x" * 300_000
    assert [one.status for one in web.requests] == [200, 304]


def test_a_cache_without_a_folder_is_in_the_present_one(
    web: Publishers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Client(Path("http.db")) as client:
        client.site(web.address("shelf")).get("a.csv")
    assert (tmp_path / "http.db").is_file()


def test_clients_and_threads_share_a_cache(
    web: Publishers, pages: dict[str, Reply], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = {f"{number}.csv": b"%d" % number * 100_000 for number in range(6)}
    pages.update({name: Reply(body, tag=f'"{name}"') for name, body in bodies.items()})
    wanted = [name for name in bodies for _ in range(8)]
    with (
        Client(tmp_path / "http.db") as one,
        Client(tmp_path / "http.db") as other,
        ThreadPoolExecutor(8) as pool,
        caplog.at_level(logging.WARNING, "hishel"),
    ):
        sites = [one.site(web.address("shelf")), other.site(web.address("shelf"))]
        answers = list(pool.map(lambda n: sites[n % 2].get(wanted[n]).body, range(len(wanted))))
        assert answers == [bodies[name] for name in wanted]
        assert one.requests + other.requests == web.count("shelf") == len(wanted)
    assert caplog.records == []
    assert {one.status for one in web.requests} == {200, 304}


def test_a_spoilt_cache_file_costs_only_the_caching(
    web: Publishers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "http.db").write_bytes(b"not a database at all " * 500)
    with Client(tmp_path / "http.db") as client, caplog.at_level(logging.CRITICAL, "hishel"):
        assert client.site(web.address("shelf")).get("a.csv").body == b"x,y\n1,2\n"


def test_a_body_packed_for_the_way_is_kept_and_unpacked_each_time(
    web: Publishers, pages: dict[str, Reply], kept: Site
) -> None:
    pages["a.csv"] = Reply(gzip.compress(b"x" * 999), tag='"7"', headers={"Content-Encoding": "gzip"})
    assert [kept.get("a.csv").body for _ in range(2)] == [b"x" * 999] * 2
    assert [one.status for one in web.requests] == [200, 304]


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_half_a_body_is_not_kept(web: Publishers, pages: dict[str, Reply], kept: Site, fault: str) -> None:
    pages["a.csv"] = Reply(b"x" * 400_000, tag='"7"', headers={"Cache-Control": "max-age=300"})
    getattr(web.faults, fault)("shelf", "a.csv", times=ATTEMPTS)
    with pytest.raises(Unreachable, match="cannot be fetched"):
        kept.get("a.csv")
    assert len(kept.get("a.csv").body) == 400_000
    assert [one.conditional for one in web.requests] == [False] * (ATTEMPTS + 1)


def test_a_body_refused_for_its_size_is_not_kept(pages: dict[str, Reply], kept: Site) -> None:
    pages["a.csv"] = Reply(b"x" * 400_000, headers={"Cache-Control": "max-age=300"})
    with pytest.raises(SourceError, match="larger than 0 MB"):
        replace(kept, limit=100_000).get("a.csv")
    assert len(kept.get("a.csv").body) == 400_000


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_is_not_kept_whatever_it_says(
    web: Publishers, pages: dict[str, Reply], kept: Site, status: int
) -> None:
    pages["a.csv"] = Reply(b"x", tag='"7"')
    kept.get("a.csv")
    web.faults.status("shelf", "a.csv", status, headers={"Cache-Control": "public, max-age=300"}, times=ATTEMPTS + 1)
    with pytest.raises(Unreachable):
        kept.get("a.csv")
    again = kept.get("a.csv")  # one error more, then the answer that what was kept before is still right
    assert (again.body, again.requests) == (b"x", 2)
    assert [one.status for one in web.requests] == [200, *[status] * (ATTEMPTS + 1), 304]


# Secrets


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nothing_of_a_key_reaches_the_cache_file(web: Publishers, pages: dict[str, Reply], tmp_path: Path) -> None:
    pages["a.csv"] = Reply(b"x", tag='"7"', headers={"Cache-Control": "max-age=300"})
    web.faults.redirect("shelf", "old", f"{web.address('shelf')}a.csv?uid={KEY}")
    with Client(tmp_path / "http.db") as client:
        site = client.site(web.address("shelf"), credentials={"uid": KEY})
        for _ in range(2):
            site.get("a.csv", {"uid": KEY})
            site.get("old", {"uid": KEY})
            site.post("query", {"uid": KEY})
        client.fetch(f"{site.address}a.csv?uid={KEY}", origin=site.address, limit=9, secret=True)
        client.site(web.address("shelf")).get("a.csv", {"open": "yes"})
    assert all(one.query.get("uid") == [KEY] for one in web.asked("shelf", "a.csv")[:-1])
    assert {one.headers["Cache-Control"] for one in web.asked("shelf", "old")} == {"no-store"}
    assert not any(one.conditional for one in web.requests)
    assert KEY.encode() not in on_disk(tmp_path)
    assert b"a.csv?open=yes" in on_disk(tmp_path)


def test_an_address_is_shown_without_what_it_may_hide() -> None:
    assert shown(f"HTTPS://me:{KEY}@example.org/a.csv?uid={KEY}") == "HTTPS://example.org/a.csv"
    assert shown(f"ftp://{KEY}@example.org/") == "ftp://example.org/"
    assert shown("https://example.org/@here/a.csv") == "https://example.org/@here/a.csv"


@pytest.mark.parametrize(
    "trouble",
    [
        lambda faults: faults.status("shelf", "", 503, body=KEY.encode()),
        lambda faults: faults.status("shelf", "", 400, body=f"uid {KEY} is not known".encode()),
        lambda faults: faults.status("shelf", "", 404),
        lambda faults: faults.reset("shelf", ""),
        lambda faults: faults.page("shelf", ""),
        lambda faults: faults.empty("shelf", ""),
        lambda faults: faults.bomb("shelf", ""),
        lambda faults: faults.bomb("shelf", "", layers=2),
        lambda faults: faults.redirect("shelf", "", f"http://me:{KEY}@localhost/?uid={KEY}"),
        lambda faults: faults.redirect("shelf", "", f"?uid={KEY}"),
        lambda faults: faults.redirect("shelf", "", f"http://[::{KEY}/"),
    ],
)
def test_no_message_repeats_a_key(web: Publishers, client: Client, trouble: Callable[..., None]) -> None:
    trouble(web.faults)
    address = web.address("shelf").replace("//", f"//me:{KEY}@")
    site = client.site(address, limit_mb=1, credentials={"uid": KEY})
    with pytest.raises(SourceError) as caught:
        site.get("a.csv", {"uid": KEY})
    assert KEY not in str(caught.value)
    assert str(caught.value).startswith(("http://127.0.0.1", "http://localhost"))
    assert KEY not in repr(site)
    assert "127.0.0.1" in repr(site)


# Patience


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(web: Publishers, site: Site, status: int) -> None:
    web.faults.status("shelf", "a.csv", status, times=ATTEMPTS - 1)
    answer = site.get("a.csv")
    assert (answer.body, answer.requests) == (b"x,y\n1,2\n", ATTEMPTS)
    assert [one.status for one in web.requests] == [status] * (ATTEMPTS - 1) + [200]
    assert site.client.requests == ATTEMPTS


@pytest.mark.parametrize(("status", "asked"), [(503, 0.0), (429, 7.0)])
def test_a_server_that_stays_in_trouble_is_given_up_with_the_reason(
    web: Publishers, site: Site, status: int, asked: float
) -> None:
    web.faults.status("shelf", "a.csv", status, headers={"Retry-After": "7"} if asked else {})
    with pytest.raises(
        Unreachable, match=rf"^http://127.0.0.1:\d+/shelf/a.csv: the server answered {status} \(tried {ATTEMPTS} times"
    ) as caught:
        site.get("a.csv")
    assert caught.value.retry_after == asked
    assert web.count("shelf") == site.client.requests == ATTEMPTS


@pytest.mark.parametrize("fault", ["reset", "cut"])
def test_a_connection_lost_half_way_is_tried_again_and_half_a_body_never_taken(
    web: Publishers, site: Site, fault: str
) -> None:
    getattr(web.faults, fault)("shelf", "a.csv", times=1)
    assert site.get("a.csv").body == b"x,y\n1,2\n"
    getattr(web.faults, fault)("shelf", "a.csv")
    with pytest.raises(
        Unreachable, match=rf"cannot be fetched \(the connection broke off\) \(tried {ATTEMPTS} times\)"
    ):
        site.get("a.csv")
    assert web.count("shelf") == site.client.requests == 2 + ATTEMPTS


def test_a_server_that_does_not_answer_is_given_up(web: Publishers) -> None:
    web.faults.hang("shelf", "a.csv")
    with Client(timeout=httpx.Timeout(5, read=0.1)) as client:
        with pytest.raises(Unreachable, match=rf"cannot be fetched \(no answer in time\) \(tried {ATTEMPTS} times\)"):
            client.site(web.address("shelf")).get("a.csv")
        assert web.until(ATTEMPTS, "shelf")
        assert client.requests == ATTEMPTS


def test_nobody_there_is_tried_again_too(site: Site, web: Publishers) -> None:
    with Publishers({}) as gone:
        address = gone.address("shelf")
    with pytest.raises(Unreachable, match=rf"cannot be fetched \(no connection: [^)]*\) \(tried {ATTEMPTS} times\)"):
        site.client.site(address).get("a.csv")
    assert site.client.requests == ATTEMPTS


def test_a_body_that_drips_is_given_up(web: Publishers, pages: dict[str, Reply]) -> None:
    pages["a.csv"] = Reply(b"x" * 300)
    web.faults.drip("shelf", "a.csv", 0.01)
    with Client(longest=0.1) as client:
        with pytest.raises(Unreachable, match=r"a\.csv: the body was still not complete after 0\.1 seconds"):
            client.site(web.address("shelf")).get("a.csv")
        assert web.count("shelf") == 1


class _EnoughError(Exception):
    """Ends a test before the wait it wants to see."""


def waits(ask: Callable[[], object]) -> float:
    """How long would be waited before the second attempt, in seconds."""
    seen: list[float] = []

    def hook(details: RetryDetails) -> None:
        seen.append(details.wait_for)
        raise _EnoughError

    set_on_retry_hooks([hook])
    try:
        with stamina.set_testing(False), pytest.raises(_EnoughError):
            ask()
    finally:
        set_on_retry_hooks(None)
    return seen[0]


def test_the_time_a_publisher_asks_for_is_waited(web: Publishers, site: Site) -> None:
    web.faults.status("shelf", "a.csv", 429, headers={"Retry-After": "37"}, times=1)
    assert waits(lambda: site.get("a.csv")) == 37
    web.faults.status("shelf", "a.csv", 503, headers={"Retry-After": formatdate(time.time() + 37, usegmt=True)})
    assert 35 <= waits(lambda: site.get("a.csv")) <= 38


def test_without_a_time_the_wait_is_short_and_not_for_all_the_same(web: Publishers, site: Site) -> None:
    web.faults.status("shelf", "a.csv", 503)
    found = {waits(lambda: site.get("a.csv")) for _ in range(5)}
    assert len(found) == 5
    assert all(0.5 <= one <= 1.5 for one in found)


@pytest.mark.parametrize(
    ("asked", "now", "seconds"),
    [
        ("120", "", 120),
        (" 5 ", "", 5),
        ("0", "", 0),
        ("-3", "", 0),
        ("soon", "", 0),
        ("", "", 0),
        ("9" * 400, "", 604_800),
        ("Fri, 21 Nov 2025 09:31:30 GMT", "Fri, 21 Nov 2025 09:30:00 GMT", 90),
        ("Fri, 21 Nov 2025 09:31:30 -0000", "Fri, 21 Nov 2025 09:30:00 GMT", 90),
        ("Fri, 21 Nov 2025 09:29:00 GMT", "Fri, 21 Nov 2025 09:30:00 GMT", 0),
        ("Fri, 21 Nov 2999 09:29:00 GMT", "Fri, 21 Nov 2025 09:30:00 GMT", 604_800),
        ("Fri, 99 Nov 2025 09:29:00 GMT", "Fri, 21 Nov 2025 09:30:00 GMT", 0),
        ("Fri, 21 Nov 2025 09:31:30 GMT", "", 0),
    ],
)
def test_every_way_to_name_a_time_is_read(asked: str, now: str, seconds: float) -> None:
    headers = {"Retry-After": asked} | ({"Date": now} if now else {})
    with time_machine.travel("2026-01-01T00:00Z"):
        assert http._asked_to_wait(httpx.Response(503, headers=headers)) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_more_than_our_patience_is_left_for_later(web: Publishers, site: Site, status: int) -> None:
    web.faults.status("shelf", "a.csv", status, headers={"Retry-After": str(int(PATIENCE) + 1)})
    with pytest.raises(Unreachable, match=rf"the server answered {status} \(tried once\)") as caught:
        site.get("a.csv")
    assert caught.value.retry_after == PATIENCE + 1
    assert web.count("shelf") == 1


# Politeness


@pytest.mark.parametrize(("part", "path"), [(0.0, "a.csv"), (0.5, "a.csv"), (0.0, "old.csv")])
def test_a_host_gets_two_requests_at_once_until_their_bodies_are_read(
    web: Publishers, client: Client, part: float, path: str
) -> None:
    hold = web.faults.hang("shelf", "a.csv", part=part)
    web.faults.redirect("other", "old.csv", f"{web.address('shelf')}a.csv")
    site = client.site(web.address("other" if path == "old.csv" else "shelf"))
    asking = 3 * PER_HOST
    with ThreadPoolExecutor(asking) as pool:
        answers = [pool.submit(site.get, path) for _ in range(asking)]
        for gone in range(asking):
            assert web.until(min(gone + PER_HOST, asking), "shelf")
            assert hold.until(min(PER_HOST, asking - gone))
            hold.let_go(1)
        assert [answer.result().body for answer in answers] == [b"x,y\n1,2\n"] * asking
    assert hold.most == PER_HOST == 2


def test_a_host_that_hangs_holds_up_no_other(web: Publishers, client: Client) -> None:
    hold = web.faults.hang("shelf", "a.csv")
    with ThreadPoolExecutor(PER_HOST) as pool:
        stuck = [pool.submit(client.site(web.address("shelf")).get, "a.csv") for _ in range(PER_HOST)]
        assert hold.until(PER_HOST)
        elsewhere = client.site(web.address("other").replace("127.0.0.1", "localhost"))
        assert elsewhere.get("a.csv").body == b"x,y\n1,2\n"
        assert not any(one.done() for one in stuck)
        hold.let_go()
        assert all(one.result().body for one in stuck)


def test_a_wait_does_not_hold_a_turn(web: Publishers, site: Site) -> None:
    # While one waits to try again, others may go on; were its turn kept, they would wait with it.
    web.faults.status("shelf", "bad.csv", 503)
    waiting = threading.Barrier(PER_HOST + 1, timeout=10)

    def hook(details: RetryDetails) -> None:
        if details.retry_num == 1:
            waiting.wait()
            waiting.wait()

    set_on_retry_hooks([hook])
    try:
        with ThreadPoolExecutor(PER_HOST) as pool:
            bad = [pool.submit(site.get, "bad.csv") for _ in range(PER_HOST)]
            waiting.wait()
            assert site.get("a.csv").body == b"x,y\n1,2\n"
            waiting.wait()
            assert all(isinstance(one.exception(), Unreachable) for one in bad)
    finally:
        set_on_retry_hooks(None)


def test_requests_are_counted_as_they_go_out(web: Publishers, pages: dict[str, Reply], kept: Site) -> None:
    pages["a.csv"] = Reply(b"x", headers={"Cache-Control": "max-age=300"})
    web.faults.redirect("shelf", "old.csv", f"{web.address('shelf')}new.csv")
    pages["new.csv"] = Reply(b"y")
    web.faults.redirect("shelf", "inside.csv", "https://10.0.0.1/")
    assert [kept.get("a.csv").requests, kept.get("a.csv").requests, kept.get("old.csv").requests] == [1, 0, 2]
    assert kept.find("gone.csv") is None
    with pytest.raises(SourceError, match="refused"):
        kept.get("inside.csv")
    assert kept.client.requests == web.count("shelf") == 5


# Limits


def peak(ask: Callable[[], object]) -> float:
    """The most memory held while asking, in megabytes."""
    tracemalloc.start()
    try:
        ask()
        return tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("fault", "megabytes"), [("endless", 8), ("bomb", 160)])
def test_a_body_of_three_gigabytes_ends_at_the_limit(
    web: Publishers, site: Site, kept: Site, fault: str, megabytes: int
) -> None:
    getattr(web.faults, fault)("shelf", "a.csv")
    for one in (site, kept):

        def ask(one: Site = one) -> None:
            with pytest.raises(SourceError, match=r"a\.csv: larger than 1 MB; raise max_mb if that is right") as caught:
                one.get("a.csv")
            assert not isinstance(caught.value, Unreachable)

        assert peak(ask) < megabytes
    assert web.count("shelf") == 2


def test_a_bomb_within_a_bomb_is_not_even_opened(web: Publishers, site: Site) -> None:
    web.faults.bomb("shelf", "a.csv", size=1 << 28, layers=2)

    def ask() -> None:
        with pytest.raises(SourceError, match="packed more than once, which is refused"):
            site.get("a.csv")

    assert peak(ask) < 8


def test_the_limit_itself_is_allowed(pages: dict[str, Reply], site: Site) -> None:
    pages["a.csv"] = Reply(b"x" * (1 << 20))
    assert len(site.get("a.csv").body) == 1 << 20
    pages["a.csv"] = Reply(b"x" * ((1 << 20) + 1))
    with pytest.raises(SourceError, match="larger than 1 MB"):
        site.get("a.csv")
    assert len(replace(site, limit=2 << 20).get("a.csv").body) == (1 << 20) + 1


@pytest.mark.parametrize("status", [400, 302])
def test_what_is_not_data_has_limits_too(web: Publishers, site: Site, status: int) -> None:
    def fault(line: Line, _: Callable[[], Reply]) -> None:
        line.head(status, {"Transfer-Encoding": "chunked", "Location": "a.csv"})
        for _block in range(3 << 14):
            line.chunk(bytes(1 << 16))

    web.faults.add("shelf", "a.csv", fault)

    def ask() -> None:
        with pytest.raises(SourceError):
            site.get("a.csv")

    assert peak(ask) < 8


# What it takes for an answer


@pytest.mark.parametrize(
    "body",
    [b"<!DOCTYPE html><p>Sorry", b"\xef\xbb\xbf\n <HTML lang='en'>", b"<!doctype HTML PUBLIC '-//W3C//DTD'>", None],
)
def test_a_web_page_is_no_data(web: Publishers, site: Site, body: bytes | None) -> None:
    if body:
        web.faults.replace("shelf", "a.csv", body)
    else:
        web.faults.page("shelf", "a.csv")
    with pytest.raises(Unreachable, match=r"a\.csv: answered with a web page instead of data"):
        site.get("a.csv")
    assert web.count("shelf") == 1


def test_data_about_web_pages_is_data(web: Publishers, site: Site) -> None:
    web.faults.replace("shelf", "a.csv", b"tag,count\n<html>,1\n")
    assert site.get("a.csv").body.startswith(b"tag")


def test_nothing_is_no_data(web: Publishers, site: Site) -> None:
    web.faults.empty("shelf", "a.csv")
    web.faults.replace("shelf", "b.csv", b" \r\n")
    for path in ("a.csv", "b.csv"):
        with pytest.raises(Unreachable, match=rf"{path}: answered with nothing"):
            site.get(path)


def test_what_is_missing_may_be_so_only_where_that_is_said(web: Publishers, site: Site) -> None:
    assert site.find("next.csv") is None
    for params in ({}, {"edition": "5"}):
        with pytest.raises(
            SourceError, match=r"next\.csv: there is nothing at this address \(404\); find where"
        ) as caught:
            site.get("next.csv", params)
        assert not isinstance(caught.value, Unreachable)
    web.faults.status("shelf", "query", 404)
    with pytest.raises(SourceError, match=r"query: there is nothing at this address \(404\)"):
        site.post("query", {})
    assert web.count("shelf") == 4


@pytest.mark.parametrize("status", [400, 401, 403, 410, 422])
def test_a_no_is_not_asked_again_and_is_given_in_the_publishers_words(web: Publishers, site: Site, status: int) -> None:
    body = b"<html><body><h1>Bad request</h1>\n<p>Parameter 'area_type_id'\n is repeated</p></body></html>"
    web.faults.status("shelf", "a.csv", status, body=body)
    with pytest.raises(
        SourceError,
        match=rf"the server answered {status} \(Bad request Parameter 'area_type_id' is repeated\); check the address",
    ) as caught:
        site.get("a.csv")
    assert not isinstance(caught.value, Unreachable)
    assert web.count("shelf") == 1


def test_words_that_are_many_or_cannot_be_read_are_left_out(web: Publishers, site: Site) -> None:
    web.faults.status("shelf", "long.csv", 400, body=b"no " * 1000)
    with pytest.raises(SourceError, match=r"answered 400 \((no ){66}no\); check"):
        site.get("long.csv")
    web.faults.status("shelf", "odd.csv", 400, headers={"Content-Encoding": "gzip"}, body=b"not gzip at all")
    with pytest.raises(SourceError, match=r"answered 400; check"):
        site.get("odd.csv")


def test_a_body_that_is_not_packed_as_said_is_tried_again(web: Publishers, site: Site) -> None:
    web.faults.status("shelf", "a.csv", 200, headers={"Content-Encoding": "gzip"}, body=b"not gzip", times=1)
    assert site.get("a.csv").body == b"x,y\n1,2\n"


# Where it may be sent


@pytest.mark.parametrize("to", ["/shelf/a.csv", "a.csv", "http://127.0.0.1:{port}/shelf/a.csv", "../other/a.csv"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_moved_address_is_followed_within_the_host(web: Publishers, site: Site, to: str, status: int) -> None:
    port = httpx.URL(site.address).port
    web.faults.redirect("shelf", "old.csv", to.format(port=port), status=status)
    answer = site.get("old.csv")
    assert (answer.body, answer.address) == (b"x,y\n1,2\n", f"{site.address}old.csv")
    assert web.requests[1].headers["User-Agent"] == user_agent()


def test_a_circle_is_not_followed_for_ever(web: Publishers, site: Site) -> None:
    web.faults.redirect("shelf", "old.csv", "old.csv")
    with pytest.raises(SourceError, match=rf"old\.csv: redirected more than {MAX_REDIRECTS} times"):
        site.get("old.csv")
    assert web.count("shelf") == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://127.0.0.1:{other}/shelf/a.csv", "an address without https"),
        ("http://localhost:{port}/shelf/a.csv", "an address without https"),
        ("http://169.254.169.254/latest/meta-data", "an address without https"),
        ("http://example.org/a.csv", "an address without https"),
        ("ftp://example.org/a.csv", "an address without https"),
        ("https://127.0.0.1:{port}/shelf/a.csv", r"a private address \(127\.0\.0\.1\)"),
        ("https://127.1/a.csv", r"a private address \(127\.0\.0\.1\)"),
        ("https://localhost:{port}/shelf/a.csv", r"a private address \((127\.0\.0\.1|::1)\)"),
        ("https://169.254.169.254/latest/meta-data", r"a private address \(169\.254\.169\.254\)"),
        ("https://10.0.0.1/a.csv", r"a private address \(10\.0\.0\.1\)"),
        ("https://[::1]/a.csv", r"a private address \(::1\)"),
        ("https://[::ffff:10.0.0.1]/a.csv", r"a private address \(::ffff:.*\)"),
        ("https://[fd00::1]/a.csv", r"a private address \(fd00::1\)"),
    ],
)
def test_no_redirect_and_no_link_leads_inside(web: Publishers, site: Site, to: str, reason: str) -> None:
    with Publishers({"shelf": Shelf()}) as inside:
        ports = {"port": httpx.URL(site.address).port, "other": httpx.URL(inside.address("shelf")).port}
        address = to.format(**ports)
        web.faults.redirect("shelf", "old.csv", address)
        for path in ("old.csv", address):
            if re.match("https?:", path) or path == "old.csv":
                with pytest.raises(SourceError, match=f"refused, for the publisher leads to {reason}") as caught:
                    site.get(path)
                assert not isinstance(caught.value, Unreachable)
        assert inside.requests == []
    assert web.count("shelf") == 1


def test_public_addresses_are_not_refused() -> None:
    for address in ("https://1.1.1.1/a.csv", "https://[2606:4700::1111]/a.csv", "https://no.such.host.invalid/"):
        http._refuse_private(httpx.URL(address))


@pytest.mark.parametrize("address", ["http://[::bad/a.csv", "ftp://example.org/a.csv", "http://host..name/a.csv"])
def test_what_is_no_address_is_said_with_the_address(client: Client, address: str) -> None:
    with pytest.raises(SourceError, match=f"^{re.escape(address)}: not an address that can be asked") as caught:
        client.fetch(address, origin=address, limit=9)
    assert not isinstance(caught.value, Unreachable)


def test_a_link_that_is_no_address_is_said_with_the_link(site: Site) -> None:
    for params in ({}, {"edition": "5"}):
        with pytest.raises(SourceError, match=r"^http://\[::bad/a\.csv: not an address that can be asked"):
            site.get("http://[::bad/a.csv", params)


@needs_openssl
def test_a_certificate_is_checked_and_what_is_wrong_with_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, name, trusted, reason in (
        ("unknown", "IP:127.0.0.1", False, "self-signed certificate"),
        ("another", "DNS:another.example", True, "certificate is not valid for '127.0.0.1'"),
        ("right", "IP:127.0.0.1", True, ""),
    ):
        (tmp_path / folder).mkdir()
        certificate = self_signed(tmp_path / folder, name)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        with Publishers({"shelf": Shelf()}, certificate=certificate) as web, Client() as client:
            site = client.site(web.address("shelf"))
            if not reason:
                assert site.get("a.csv").body == b"x,y\n1,2\n"
                continue
            with pytest.raises(Unreachable, match=f"the certificate is not to be trusted: .*{reason}"):
                site.get("a.csv")
            assert web.requests == []


# Proxies


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that answers itself: where it is, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b"by proxy")

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_proxy_of_the_environment_is_used_save_for_what_it_excepts(
    web: Publishers, proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    address, asked = proxy
    monkeypatch.setenv("http_proxy", scheme + address)
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    with Client(tmp_path / "http.db") as client:
        # No name server knows this host: only the proxy could find it.
        assert client.site("http://publisher.invalid").get("a.csv").body == b"by proxy"
        assert client.site(web.address("shelf")).get("a.csv").body == b"x,y\n1,2\n"
    assert asked == ["http://publisher.invalid/a.csv"]


def test_a_proxy_that_fails_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with Publishers({}) as gone:
        address = gone.address("").rstrip("/").replace("//", f"//me:{KEY}@")
    monkeypatch.setenv("http_proxy", address)
    with Client() as client, pytest.raises(Unreachable, match=r"^http://publisher.invalid/a: cannot be") as caught:
        client.site("http://publisher.invalid").get("a")
    assert KEY not in str(caught.value)
