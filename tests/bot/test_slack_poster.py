"""Posting to Slack: paced, told apart by outcome, found again by key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery import Refused, Unknown, Unreadable
from bot.slack_poster import SlackPoster, web_client
from bot.slack_text import Message, compose, section
from tests.slack_double import SlackDouble

POST, HISTORY, REPLIES = "chat.postMessage", "conversations.history", "conversations.replies"
MESSAGE = compose([section("*Fact*")])
THEN = datetime.now(UTC)


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble(bot_token="xoxb-1") as slack:
        slack.pace(None)
        slack.add_channel("C1")
        yield slack


@pytest.fixture
def poster(slack: SlackDouble) -> SlackPoster:
    return SlackPoster(web_client("xoxb-1", slack.api_url), clock=lambda: 0.0, sleep=lambda _: None)


def post(poster: SlackPoster, key: str = "k", channel: str = "C1", thread: str = "") -> str:
    return poster.post(channel, MESSAGE, key, thread)[1]


def test_a_message_says_all_that_slack_needs_and_nothing_that_unfurls(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster)
    [call] = slack.calls(POST)
    assert call.params["text"]
    assert str(call.params["unfurl_links"]).lower() in ("false", "0")
    [message] = slack.channel("C1").messages
    assert (message.ts, message.metadata) == (ts, {"event_type": "benchwatch_message", "event_payload": {"key": "k"}})


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("not_in_channel", "invite it there"),
        ("is_archived", "unarchive it or name another"),
        ("invalid_auth", "check SLACK_BOT_TOKEN"),
        ("missing_scope", "install it again from the manifest"),
        ("restricted_action", "restricted_action"),
    ],
)
def test_a_no_is_refused_with_what_to_do(slack: SlackDouble, poster: SlackPoster, error: str, advice: str) -> None:
    slack.faults.answer(POST, {"ok": False, "error": error})
    with pytest.raises(Refused, match=advice) as caught:
        post(poster)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("error", ["fatal_error", "internal_error", "request_timeout", "service_unavailable"])
def test_what_slack_may_yet_do_is_unknown(slack: SlackDouble, poster: SlackPoster, error: str) -> None:
    slack.faults.answer(POST, {"ok": False, "error": error})
    with pytest.raises(Unknown, match=error):
        post(poster)


def test_lost_connections_and_strange_answers_are_unknown_and_never_tried_again(
    slack: SlackDouble, poster: SlackPoster
) -> None:
    slack.faults.lose_reply(POST)
    slack.faults.drop_before(POST)
    slack.faults.http(POST, 502, body="<html>Bad gateway</html>")
    slack.faults.http(POST, 200, body="<html>Welcome to this hotel's network</html>")
    for _ in range(4):
        with pytest.raises(Unknown):
            post(poster)
    assert len(slack.calls(POST)) == 4


def test_a_rate_limit_says_how_long(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.faults.rate_limit(POST, retry_after=17)
    with pytest.raises(Refused) as caught:
        post(poster)
    assert caught.value.retry_after == 17


def test_blocks_refused_and_the_plain_text_too_is_a_no(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.faults.answer(POST, {"ok": False, "error": "invalid_blocks"})
    slack.faults.answer(POST, {"ok": False, "error": "msg_too_long"})
    with pytest.raises(Refused, match="msg_too_long"):
        post(poster)


def test_a_key_is_found_in_the_channel_and_in_the_thread_only_where_it_stands(
    slack: SlackDouble, poster: SlackPoster
) -> None:
    top = post(poster, "a#0")
    reply = post(poster, "a#1", thread=top)
    assert poster.find("C1", "a#0", THEN, "") == top
    assert poster.find("C1", "a#1", THEN, top) == reply
    assert poster.find("C1", "a#1", THEN, "") == ""
    assert poster.find("C1", "b#0", THEN, "") == ""


def test_only_what_is_new_enough_is_looked_through(slack: SlackDouble, poster: SlackPoster) -> None:
    post(poster, "a#0")
    assert poster.find("C1", "a#0", datetime.now(UTC) + timedelta(hours=1), "") == ""
    assert all(float(call.params["oldest"]) > 0 for call in slack.calls(HISTORY))


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel", "channel_not_found"])
def test_history_that_is_refused_is_unreadable(slack: SlackDouble, poster: SlackPoster, error: str) -> None:
    slack.faults.answer(HISTORY, {"ok": False, "error": error})
    with pytest.raises(Unreadable, match=error):
        poster.find("C1", "a#0", THEN, "")


def test_history_in_trouble_is_unknown_not_empty(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.faults.rate_limit(HISTORY)
    slack.faults.http(HISTORY, 503)
    slack.faults.drop_before(HISTORY)
    for _ in range(3):
        with pytest.raises(Unknown):
            poster.find("C1", "a#0", THEN, "")


def test_a_thread_in_a_direct_message_is_paced_with_its_first_message(slack: SlackDouble) -> None:
    slack.add_user("U7")
    slept: list[float] = []
    poster = SlackPoster(web_client("xoxb-1", slack.api_url), clock=lambda: 0.0, sleep=slept.append)
    channel, ts = poster.post("U7", MESSAGE, "a#0", "")
    assert channel.startswith("D")
    poster.post(channel, MESSAGE, "a#1", ts)
    assert slept == [1.0]


def test_neither_token_nor_address_is_in_what_a_failure_says(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.faults.drop_before(POST)
    with pytest.raises(Unknown) as caught:
        post(poster)
    assert "xoxb" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_message_without_blocks_is_posted_as_its_text(slack: SlackDouble, poster: SlackPoster) -> None:
    poster.post("C1", Message("only text", []), "k", "")
    assert slack.channel("C1").messages[0].text == "only text"
