"""The stand-ins' server itself: what it mounts, what it notes, and that each fault is what it says."""

from __future__ import annotations

import gzip
import http.client
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest

import tests.publishers as package
from tests.publishers.exchange import Reply, Request
from tests.publishers.server import Publishers, classes

BODY = bytes(range(256)) * 4000
TAGGED = Reply(BODY, 200, "text/csv", '"7"', "Fri, 21 Nov 2025 09:30:00 GMT", {"Cache-Control": "max-age=60"})


class Shelf:
    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.reply = TAGGED

    def answer(self, request: Request) -> Reply:
        self.seen.append(request)
        return self.reply


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({"shelf": Shelf(), "other": Shelf()}) as web:
        yield web


@pytest.fixture
def plain() -> Iterator[httpx.Client]:
    with httpx.Client(verify=False, trust_env=False, timeout=10) as plain:  # noqa: S501  # only http is asked
        yield plain


def get(plain: httpx.Client, web: Publishers, path: str = "a.csv", **headers: str) -> httpx.Response:
    return plain.get(f"{web.address('shelf')}{path}", headers={key.replace("_", "-"): headers[key] for key in headers})


# What is mounted


def test_every_module_with_a_stand_in_is_a_publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "someone.py").write_text(
        "from tests.publishers.exchange import Reply\n"
        "class StandIn:\n    def answer(self, request):\n        return Reply(request.path.encode())\n"
    )
    (tmp_path / "helper.py").write_text("X = 1\n")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    classes.cache_clear()
    try:
        with Publishers() as web:
            assert "someone" in web.stand_ins
            assert not {"helper", "server", "faults", "exchange", "__main__"} & set(web.stand_ins)
            assert httpx.get(f"{web.address('someone')}x", trust_env=False).content == b"/x"
        (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
        classes.cache_clear()
        with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
            Publishers()
    finally:
        classes.cache_clear()
        for name in ("someone", "helper", "broken"):
            sys.modules.pop(f"{package.__name__}.{name}", None)
            if hasattr(package, name):
                delattr(package, name)


def test_by_hand_it_prints_settings_and_serves_until_told_to_end() -> None:
    command = [sys.executable, "-m", "tests.publishers", "--port", "0"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = "".join(iter(process.stdout.readline, "# Serving until Ctrl-C.\n"))
        try:
            sources = tomllib.loads(printed).get("sources", {})
            assert {*sources, "ons"} == set(classes())
            for name, settings in sources.items():
                assert (
                    httpx.get(settings["address"].replace(f"/{name}/", "/nobody/"), trust_env=False).status_code == 404
                )
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_stand_in_sees_the_request_from_its_own_base_on(web: Publishers, plain: httpx.Client) -> None:
    get(plain, web, "by%20area/a.csv?area=E1&area=E2&none=")
    plain.post(f"{web.address('shelf')}query", json={"a": 1})
    first, second = web.stand_ins["shelf"].seen
    assert (first.method, first.path, first.base) == ("GET", "/by area/a.csv", web.address("shelf"))
    assert first.query == {"area": ["E1", "E2"], "none": [""]}
    assert first.headers["user-agent"] == first.headers["User-Agent"]
    assert (second.method, second.path, second.body) == ("POST", "/query", b'{"a":1}')


def test_a_publisher_nobody_stands_in_for_is_missing(web: Publishers, plain: httpx.Client) -> None:
    answer = plain.get(web.address("nobody"))
    assert (answer.status_code, answer.text) == (404, "no stand-in called 'nobody'")


def test_a_stand_in_that_fails_fails_the_test(plain: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def answer(self, request: Request) -> Reply:
            msg = "not written yet"
            raise NotImplementedError(msg)

    def ask() -> None:
        with Publishers({"a": Broken()}) as web, pytest.raises(httpx.RemoteProtocolError):
            plain.get(web.address("a"))

    with pytest.raises(RuntimeError, match="a stand-in failed once or more") as caught:
        ask()
    assert isinstance(caught.value.__cause__, NotImplementedError)
    assert "not written yet" in capsys.readouterr().err


# What is noted


def test_publishers_are_counted_apart(web: Publishers, plain: httpx.Client) -> None:
    for name, path in (("shelf", "a"), ("shelf", "b"), ("other", "a")):
        plain.get(f"{web.address(name)}{path}", params={"x": "1"})
    assert (web.count("shelf"), web.count("shelf", "^/a$"), web.count("other"), len(web.requests)) == (2, 1, 1, 3)
    one = web.asked("other")[0]
    assert (one.method, one.path, one.query, one.status, one.conditional) == ("GET", "/a", {"x": ["1"]}, 200, False)
    assert web.until(2, "shelf")
    assert not web.until(3, "shelf", seconds=0.01)
    web.forget()
    assert web.requests == []


def test_a_connection_stays_open(web: Publishers) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(web.address("shelf")).port, timeout=10)
    try:
        socket = None
        for _ in range(3):
            connection.request("GET", "/shelf/a.csv")
            assert connection.getresponse().read() == BODY
            assert connection.sock is not None
            assert connection.sock is (socket or connection.sock)
            socket = connection.sock
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": '"7"'}, 304),
        ({"If_None_Match": 'W/"7"'}, 304),
        ({"If_None_Match": '"6", "7"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"6"'}, 200),
        ({"If_Modified_Since": "Fri, 21 Nov 2025 09:30:00 GMT"}, 304),
        ({"If_Modified_Since": "Fri, 21 Nov 2025 09:29:00 GMT"}, 200),
        ({"If_None_Match": '"6"', "If_Modified_Since": "Fri, 21 Nov 2025 09:30:00 GMT"}, 200),
        ({}, 200),
    ],
)
def test_who_has_it_already_gets_304(
    web: Publishers, plain: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = get(plain, web, **headers)
    assert answer.status_code == status
    assert answer.content == (b"" if status == 304 else BODY)
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"7"', "max-age=60")
    assert answer.headers["Last-Modified"] == TAGGED.modified
    assert ("Content-Length" in answer.headers) == (status == 200)
    assert (web.requests[0].conditional, web.requests[0].status) == (bool(headers), status)


def test_without_validators_and_for_errors_there_is_no_304(web: Publishers, plain: httpx.Client) -> None:
    shelf = web.stand_ins["shelf"]
    for reply in (Reply(b"x"), Reply(b"x", 404, tag='"7"')):
        shelf.reply = reply
        assert get(plain, web, If_None_Match='"7"', If_Modified_Since=TAGGED.modified).status_code == reply.status


def test_a_head_request_gets_the_headers_alone(web: Publishers, plain: httpx.Client) -> None:
    answer = plain.head(f"{web.address('shelf')}a.csv")
    assert (answer.content, answer.headers["Content-Length"]) == (b"", str(len(BODY)))
    assert get(plain, web).content == BODY


# What goes wrong


def test_a_fault_is_for_its_publisher_and_paths_and_number_of_times(web: Publishers, plain: httpx.Client) -> None:
    web.faults.status("shelf", r"^/a", 503, times=2)
    web.faults.status("shelf", r"^/a", 429, headers={"Retry-After": "7"}, times=1)
    assert plain.get(f"{web.address('other')}a").status_code == 200
    assert get(plain, web, "b").status_code == 200
    answers = [get(plain, web, "a") for _ in range(4)]
    assert [one.status_code for one in answers] == [503, 503, 429, 200]
    assert answers[2].headers["Retry-After"] == "7"
    web.faults.status("shelf", "", 500)
    assert [get(plain, web).status_code for _ in range(2)] == [500, 500]
    web.faults.clear()
    assert get(plain, web).status_code == 200


def test_other_bodies(web: Publishers, plain: httpx.Client) -> None:
    web.faults.page("shelf", "page")
    web.faults.empty("shelf", "empty")
    web.faults.replace("shelf", "bytes", b"else")
    web.faults.replace("shelf", "half", lambda body: body[:9])
    web.faults.redirect("shelf", "moved", "https://example.org/", status=301)
    page = get(plain, web, "page")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")
    assert [get(plain, web, path).content for path in ("empty", "bytes", "half")] == [b"", b"else", BODY[:9]]
    assert "ETag" not in get(plain, web, "half").headers
    moved = get(plain, web, "moved")
    assert (moved.status_code, moved.headers["Location"]) == (301, "https://example.org/")


@pytest.mark.parametrize(("fault", "error"), [("reset", httpx.ReadError), ("cut", httpx.RemoteProtocolError)])
def test_a_body_breaks_off(web: Publishers, plain: httpx.Client, fault: str, error: type[Exception]) -> None:
    getattr(web.faults, fault)("shelf", "", times=1)
    with pytest.raises(error):
        get(plain, web)
    assert web.requests[0].status == 200
    assert get(plain, web).content == BODY


def test_a_held_connection_goes_on_when_it_is_let_go(web: Publishers, plain: httpx.Client) -> None:
    before, within = web.faults.hang("shelf", "before"), web.faults.hang("shelf", "within", part=0.5)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(get, plain, web, path) for path in ("before", "before", "within")]
        assert before.until(2)
        assert within.until(1)
        assert [one.status for one in web.asked("shelf", "before")] == [0, 0]
        assert [one.status for one in web.asked("shelf", "within")] == [200]
        before.let_go(1)
        next(as_completed(asked[:2], timeout=10))
        assert (before.waiting, before.most) == (1, 2)
        web.faults.clear()
        assert all(one.result().content == BODY for one in asked)


def test_what_is_held_ends_with_the_server(plain: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Publishers({"shelf": Shelf()}) as web:
            hold = web.faults.hang("shelf", "")
            asked = pool.submit(get, plain, web)
            assert hold.until(1)
        assert isinstance(asked.exception(10), httpx.RemoteProtocolError)


def test_a_body_drips(web: Publishers, plain: httpx.Client) -> None:
    web.stand_ins["shelf"].reply = Reply(b"abcde")
    web.faults.drip("shelf", "", 0.001)
    with plain.stream("GET", web.address("shelf")) as answer:
        assert b"".join(answer.iter_raw(1)) == b"abcde"


def test_a_body_without_end_and_one_that_grows(web: Publishers, plain: httpx.Client) -> None:
    web.faults.endless("shelf", "endless", size=1 << 20)
    web.faults.bomb("shelf", "bomb", size=1 << 24)
    web.faults.bomb("shelf", "twice", size=1 << 24, layers=2)
    endless = get(plain, web, "endless")
    assert (len(endless.content), "Content-Length" in endless.headers) == (1 << 20, False)
    sizes = []
    for path in ("bomb", "twice"):
        with plain.stream("GET", f"{web.address('shelf')}{path}") as answer:
            raw = b"".join(answer.iter_raw())
        sizes.append(len(raw))
        for _ in answer.headers["Content-Encoding"].split(","):
            raw = gzip.decompress(raw)
        assert raw == bytes(1 << 24)
    assert (1 << 24) / sizes[0] > 900
    assert sizes[1] < sizes[0] / 10
