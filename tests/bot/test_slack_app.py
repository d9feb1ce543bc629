"""Slack asking, by signed HTTP and by socket, and what people then see."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest
import structlog
import waitress
from slack_sdk import WebClient

from bot.commands import Answers, Payload, payload
from bot.errors import AnswerRefused
from bot.slack_app import LARGEST, Responder, build_app, socket_handler, wsgi
from bot.slack_text import compose, section
from tests.bot.test_commands import TODAY, FakeReader
from tests.slack_double import Response, Signing, SlackDouble

SECRET = "signing-secret"


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble(signing_secret=SECRET) as double:
        double.add_channel("C1")
        yield double


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def respond() -> Iterator[Responder]:
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture
def app(slack: SlackDouble, reader: FakeReader, respond: Responder) -> Iterator[Any]:
    client = WebClient("xoxb-test", base_url=slack.api_url)
    made = build_app(Answers(reader, today=lambda: TODAY), client, signing_secret=SECRET, respond=respond)
    yield made
    made.listener_runner.listener_executor.shutdown()


@pytest.fixture
def url(app: Any) -> Iterator[str]:
    server = waitress.create_server(wsgi(app), host="127.0.0.1", port=0, threads=20, asyncore_loop_timeout=0.05)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/slack/events"
    server.trigger.pull_trigger(lambda: [part.close() for part in list(server._map.values())])
    thread.join(5)
    server.task_dispatcher.shutdown()


def answered(slack: SlackDouble, reply: Any, count: int = 1) -> list[Response]:
    return slack.wait_for(lambda: found if len(found := slack.responses(reply)) >= count else [])


def test_a_command_is_acknowledged_empty_and_answered_to_the_one_who_asked(slack: SlackDouble, url: str) -> None:
    reply = slack.slash("/rank", "theme police", url=url)
    assert (reply.status, reply.body) == (200, "")
    [answer] = answered(slack, reply)
    assert answer.response_type == "ephemeral"
    assert answer.text.startswith("Police &amp; Crime: 21st of 32")
    assert not answer.acknowledgement
    assert slack.calls("auth.test") == []


def test_share_here_answers_the_channel(slack: SlackDouble, url: str) -> None:
    answered(slack, slack.slash("/rank", "police", url=url))
    [answer] = answered(slack, slack.press("rank:share", url=url, user="U2"))
    assert answer.response_type == "in_channel"
    assert not answer.replace_original
    assert answer.text.startswith("Police &amp; Crime: 21st of 32")
    assert len(slack.channel("C1").top_level()) == 1


def test_a_choice_is_answered_to_the_one_who_pressed(slack: SlackDouble, url: str) -> None:
    answered(slack, slack.slash("/rank", "social", url=url))
    reply = slack.press("rank:ask", "theme Children's Social Care", url=url)
    [answer] = answered(slack, reply)
    assert answer.response_type == "ephemeral"
    assert answer.text.startswith("Children's Social Care: 17th of 32")


def test_the_same_press_or_command_sent_twice_is_answered_once(slack: SlackDouble, url: str) -> None:
    asked = slack.slash("/rank", "police", url=url)
    answered(slack, asked)
    pressed = slack.press("rank:share", url=url)
    answered(slack, pressed)
    for reply in (asked, pressed):
        assert slack.replay(reply).status == 200
    answered(slack, slack.slash("/rank", "overall", url=url))
    assert len(slack.responses(asked)) == len(slack.responses(pressed)) == 1
    assert len(slack.channel("C1").top_level()) == 1


def test_a_fault_is_told_politely_and_logged(slack: SlackDouble, url: str, reader: FakeReader) -> None:
    reader.names = Mock(side_effect=RuntimeError("disk full"))  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as logged:
        [answer] = answered(slack, slack.slash("/rank", "police", url=url))
    assert logged[0]["event"] == "answer_failed"
    assert answer.text.startswith("That did not work. The fault is on this side and has been logged")
    assert "disk" not in answer.text


@pytest.mark.parametrize(
    "signing",
    [Signing(secret="wrong"), Signing(age=301), Signing(age=-301), Signing(missing=True), Signing(tampered=True)],
)
def test_a_wrong_signature_is_refused(slack: SlackDouble, url: str, signing: Signing) -> None:
    reply = slack.slash("/rank", "police", url=url, signing=signing)
    assert reply.status == 401
    assert slack.responses(reply) == []


def test_what_nobody_answers_is_ignored_politely(slack: SlackDouble, url: str) -> None:
    assert slack.slash("/other", "x", url=url).status == 200
    assert slack.http(url).event({"type": "app_home_opened", "user": "U1", "tab": "home"}).status == 200


def test_blocks_that_slack_refuses_are_followed_by_the_text(slack: SlackDouble, url: str) -> None:
    slack.faults.http("response_url", 400, body="invalid_blocks")
    [answer] = answered(slack, slack.slash("/rank", "overall", url=url))
    assert answer.blocks == []
    assert answer.text.startswith("Leicestershire: Overall Outcomes 5th of 32")


def test_an_answer_without_reply_is_not_sent_again(slack: SlackDouble, url: str) -> None:
    slack.faults.lose_reply("response_url")
    reply = slack.slash("/rank", "overall", url=url)
    answered(slack, reply)
    answered(slack, slack.slash("/rank", "police", url=url))
    assert len(slack.responses(reply)) == 1
    assert len(slack.calls("response_url")) == 2


def call(app: Any, method: str = "POST", path: str = "/slack/events", body: bytes = b"", **environ: str) -> int:
    status: list[str] = []
    base = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    list(wsgi(app)({**base, **environ}, lambda said, _headers: status.append(said)))  # type: ignore[arg-type]
    return int(status[0].split()[0])


def test_other_requests_get_a_plain_refusal(app: Any) -> None:
    assert call(app, path="/elsewhere") == 404
    assert call(app, method="GET") == 405
    assert call(app, body=b"\xff\xfe") == 400
    assert call(app, body=b"payload=%7Bbroken") == 400
    assert call(app, body=b"{broken", CONTENT_TYPE="application/json") == 400
    assert call(app, CONTENT_LENGTH=str(LARGEST + 1)) == 413
    assert call(app, CONTENT_LENGTH="-1") == 413
    assert call(app, body=b"text=hello") == 401
    assert call(app, path="/events", body=b"text=hello", SCRIPT_NAME="/slack") == 401


def test_a_used_up_address_is_reported_without_naming_it(respond: Responder, slack: SlackDouble) -> None:
    address = f"{slack.api_url.removesuffix('api/')}response/secret-part"
    with pytest.raises(AnswerRefused) as refused:
        respond(address, payload(compose([section("x")])))
    assert "404" in str(refused.value)
    assert "secret-part" not in str(refused.value)
    with pytest.raises(AnswerRefused, match=r"no reply \(ConnectError\)"):
        respond("http://127.0.0.1:9/secret-part", Payload(b"{}", b"{}"))


def test_response_addresses_are_never_logged(
    slack: SlackDouble, url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answered(slack, slack.slash("/rank", "police", url=url))
    slack.slash("/rank", "police", url=url, signing=Signing(secret="wrong"))
    slack.slash("/other", "police", url=url)
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the double's own
    written = [line for text in capsys.readouterr() for line in text.splitlines() if "aiohttp.access" not in line]
    everything = "".join((*ours, *written))
    assert "/response/" not in everything
    assert "%2Fresponse%2F" not in everything


def test_over_the_socket_the_answer_is_the_same(slack: SlackDouble, app: Any) -> None:
    handler = socket_handler(app, "xapp-test", WebClient("xapp-test", base_url=slack.api_url))
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        slack.wait_for(lambda: slack.socket.connected == 1)
        reply = slack.socket.slash("/rank", "police")
        assert reply.ok
        [answer] = answered(slack, reply)
        assert answer.text.startswith("Police &amp; Crime: 21st of 32")
        assert handler.client.ping_interval == 2
    finally:
        handler.close()  # type: ignore[no-untyped-call]


def test_twenty_people_at_once_are_all_answered_quickly(slack: SlackDouble, url: str, reader: FakeReader) -> None:
    people = [f"U{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as crowd:
        begun = time.monotonic()
        replies = list(crowd.map(lambda user: slack.slash("/rank", "police", url=url, user=user), people))
        assert all(reply.ok for reply in replies)
        for reply in replies:
            answered(slack, reply)
        assert time.monotonic() - begun < 3
    assert reader.asked == 1
