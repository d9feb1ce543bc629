from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from jobs.logs import Format, configure_logs, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

BOT = "xoxb-111-222-abcDEF"
APP = "xapp-1-A1-222-abcdef"
HOOK = "https://hooks.slack.com/commands/T1/2/abc"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail(message: str) -> None:
    raise ValueError(message)


@pytest.mark.parametrize(
    "secret",
    [
        BOT,
        APP,
        "xoxp-1-2-3",
        "xoxe.xoxb-1-Mi0xLTI",
        "xoxe-1-abc",
        HOOK,
        "https://hooks.slack.com/services/T0/B0/zzz",
        "https://hooks.slack.com/actions/T1/2/abc?x=1",
        "https://hooks.slack-gov.com/commands/T1/2/abc",
        "https://files.slack.com/upload/v1/abc",
        "wss://wss-primary.slack.com/link/?ticket=abc-123&app_id=x",
        "Authorization: Bearer abc.def",
        "{'Authorization': 'Basic abc=='}",
        "client_secret=abc",
        '{"signing_secret": "abc"}',
        "https://example.org/data?token=abc&year=2024",
        "SLACK_SIGNING_SECRET=abc",
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(secret: str) -> None:
    said = redact(f"before {secret} after")
    assert said.startswith("before ")
    assert said.endswith(" after")
    assert "[hidden]" in said
    assert not re.search(r"abc|zzz|1-2-3|Mi0x", said)
    assert redact(said) == said


@pytest.mark.parametrize(
    "text",
    [
        "release 2024-07-20/1 accepted",
        "channel C0123456789",
        "https://example.org/x?year=2024",
        "boxoxb 3 tokens",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_our_logs_and_the_libraries_take_the_same_way(capsys: Capture, fmt: Format) -> None:
    configure_logs("info", fmt)
    structlog.get_logger("jobs.pipeline").info("ours", sent=BOT, response_url=HOOK, parts=[{"token": "abc"}])
    logging.getLogger("slack_bolt.App").warning("theirs %s %s", APP, {"Authorization": "Bearer abc"})
    said = capsys.readouterr()
    assert said.out == ""
    ours, theirs = said.err.splitlines()
    for line, name, event in ((ours, "jobs.pipeline", "ours"), (theirs, "slack_bolt.App", "theirs")):
        assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line)
        assert name in line
        assert event in line
        assert "abc" not in line


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_tracebacks_are_cleaned_and_show_no_local_variables(capsys: Capture, fmt: Format) -> None:
    configure_logs("info", fmt)
    hush = "a local"
    try:
        fail(f"cannot post to {HOOK} with {BOT}")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("waitress").exception("failed")
    said = capsys.readouterr().err
    assert said.count("Traceback") == said.count("ValueError: cannot post to https://hooks.slack.com/") == 2
    assert "111-222" not in said
    assert "T1/2/abc" not in said
    assert hush not in said


@given(event=st.text(), key=st.text(min_size=1), value=st.text())
def test_a_json_line_stays_one_line_of_json(event: str, key: str, value: str) -> None:
    line = json.dumps({"event": event, "x" + key: value, "after": 1}, ensure_ascii=False)
    assert json.loads(redact(line))["after"] == 1


def test_values_that_json_does_not_know_are_written_as_text(capsys: Capture) -> None:
    configure_logs("info", "json")
    structlog.get_logger().info("odd", what={1, 2}.__class__, whom=("é", 1))
    line = json.loads(capsys.readouterr().err)
    assert line["what"] == "<class 'set'>"
    assert line["whom"] == ["é", 1]
    assert line["level"] == "info"


def test_libraries_that_report_every_request_are_heard_from_warning_up(capsys: Capture) -> None:
    configure_logs("debug")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org")
    logging.getLogger("httpx").warning("slow")
    structlog.get_logger().debug("ours")
    said = capsys.readouterr().err
    assert "GET" not in said
    assert "slow" in said
    assert "ours" in said


def test_the_level_holds(capsys: Capture) -> None:
    configure_logs("error")
    structlog.get_logger().warning("quiet")
    logging.getLogger("apscheduler").warning("quiet")
    assert capsys.readouterr().err == ""


def test_setting_up_twice_says_everything_once(capsys: Capture) -> None:
    configure_logs("info", "json")
    configure_logs("info", "text")
    structlog.get_logger().info("once")
    assert capsys.readouterr().err.count("once") == 1
