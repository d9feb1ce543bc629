"""Posting to Slack: paced, told apart by outcome, found again by key."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery import NoPicture, Refused, Unknown, Unreadable
from bot.slack_files import WAITS, Files, file_name
from bot.slack_poster import SlackPoster, web_client
from bot.slack_text import Message, Picture, compose, section
from tests.slack_double import SlackDouble

POST, HISTORY, REPLIES = "chat.postMessage", "conversations.history", "conversations.replies"
UPDATE, INFO = "chat.update", "files.info"
BEGIN, UPLOAD, COMPLETE = "files.getUploadURLExternal", "upload", "files.completeUploadExternal"
MESSAGE = compose([section("*Fact*")])
CHANGED = compose([section("*Fact, corrected*")])
PICTURE = Picture(b"\x89PNG and so on", "Police & Crime fell from 11th to 21st of 32", "Police & Crime: 21st of 32")
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


# --- pictures -------------------------------------------------------------------------------------


def picture(poster: SlackPoster, key: str = "k", channel: str = "C1", thread: str = "") -> tuple[str, str]:
    return poster.picture(channel, PICTURE, key, thread)


def test_a_picture_stands_in_the_thread_with_its_fact_in_words(slack: SlackDouble, poster: SlackPoster) -> None:
    top = post(poster)
    place, ts = picture(poster, "a#1", thread=top)
    [reply] = slack.channel("C1").thread(top)
    assert (place, ts, reply.text) == ("C1", reply.ts, "Police &amp; Crime: 21st of 32")
    [file] = reply.files
    assert (file["title"], file["alt_txt"]) == (PICTURE.title, PICTURE.alt)
    assert slack.file_content(file["id"]) == PICTURE.png
    assert reply.mentions == []


def test_a_picture_is_found_by_its_key_only_where_it_stands(slack: SlackDouble, poster: SlackPoster) -> None:
    top = post(poster)
    _, reply = picture(poster, "a#1", thread=top)
    _, above = picture(poster, "b#0")
    assert poster.find("C1", "a#1", THEN, top) == reply
    assert poster.find("C1", "b#0", THEN, "") == above
    assert poster.find("C1", "a#1", THEN, "") == ""
    assert poster.find("C1", "a", THEN, top) == ""


def test_a_picture_to_a_person_goes_to_the_direct_message(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.add_user("U7")
    place, ts = picture(poster, "a#0", channel="U7")
    [message] = slack.direct_message("U7").messages
    assert (place, ts) == (slack.direct_message("U7").id, message.ts)
    assert poster.find("U7", "a#0", THEN, "") == message.ts


def test_a_picture_whose_message_slack_does_not_name_is_told_by_its_file(
    slack: SlackDouble, poster: SlackPoster
) -> None:
    slack.scopes.discard("files:read")
    _, ts = picture(poster)
    [file] = slack.files
    assert ts == f"file:{file.id}"
    assert poster.update("C1", ts, CHANGED) is False
    below = poster.post("C1", MESSAGE, "k#1", ts)[1]
    assert poster.find("C1", "k#1", THEN, ts) == below


def test_a_lost_reply_to_the_last_step_is_unknown_and_the_picture_is_found(
    slack: SlackDouble, poster: SlackPoster
) -> None:
    slack.faults.lose_reply(COMPLETE)
    with pytest.raises(Unknown):
        picture(poster, "a#0")
    [message] = slack.channel("C1").messages
    assert poster.find("C1", "a#0", THEN, "") == message.ts


@pytest.mark.parametrize("step", [BEGIN, UPLOAD])
@pytest.mark.parametrize("fault", ["lose_reply", "drop_before"])
def test_before_the_last_step_nothing_can_stand(slack: SlackDouble, poster: SlackPoster, step: str, fault: str) -> None:
    getattr(slack.faults, fault)(step)
    with pytest.raises(Refused, match="could not be uploaded") as caught:
        picture(poster)
    assert "127.0.0.1" not in str(caught.value)
    assert slack.channel("C1").messages == []
    picture(poster)
    assert len(slack.channel("C1").messages) == 1


@pytest.mark.parametrize("step", [BEGIN, COMPLETE])
def test_where_slack_takes_no_pictures_it_is_said_what_to_do(
    slack: SlackDouble, poster: SlackPoster, step: str
) -> None:
    for error, advice in (
        ("file_uploads_disabled", "administrators can allow them"),
        ("file_uploads_except_images_disabled", "administrators can allow them"),
        ("restricted_action", "restricted_action"),
    ):
        slack.faults.answer(step, {"ok": False, "error": error})
        with pytest.raises(NoPicture, match=advice):
            picture(poster)


@pytest.mark.parametrize(("scope", "channel"), [("files:write", "C1"), ("im:write", "U7")])
def test_without_the_permission_there_is_no_picture(
    slack: SlackDouble, poster: SlackPoster, scope: str, channel: str
) -> None:
    slack.add_user("U7")
    slack.scopes.discard(scope)
    with pytest.raises(NoPicture, match=f"the app lacks {scope}: install it again"):
        picture(poster, channel=channel)


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "invalid_auth"])
def test_what_would_stop_words_too_is_refused(slack: SlackDouble, poster: SlackPoster, error: str) -> None:
    slack.faults.answer(COMPLETE, {"ok": False, "error": error})
    with pytest.raises(Refused, match=error):
        picture(poster)


@pytest.mark.parametrize("step", [BEGIN, COMPLETE])
def test_pictures_rest_while_slack_asks_for_it(slack: SlackDouble, poster: SlackPoster, step: str) -> None:
    slack.faults.rate_limit(step, retry_after=17)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            picture(poster)
        assert caught.value.retry_after == 17
    with pytest.raises(Refused):
        post(poster)
    assert len(slack.calls(step)) == 1


def test_a_picture_and_the_words_before_it_keep_the_pace(slack: SlackDouble) -> None:
    slept: list[float] = []
    poster = SlackPoster(web_client("xoxb-1", slack.api_url), clock=lambda: 0.0, sleep=slept.append)
    picture(poster, thread=post(poster))
    assert slept == [1.0]


def test_long_descriptions_are_cut_to_what_slack_takes(slack: SlackDouble, poster: SlackPoster) -> None:
    poster.picture("C1", Picture(b"png", "a" * 3_000, "t" * 3_000), "k", "")
    [file] = slack.channel("C1").messages[0].files
    assert len(file["alt_txt"]) == 1_000
    assert len(file["title"]) == 200


# --- pictures inside blocks -----------------------------------------------------------------------


def test_an_uploaded_picture_can_be_shown_and_stands_nowhere(slack: SlackDouble, poster: SlackPoster) -> None:
    slack.file_processing(calls=3)
    file_id = poster.upload(PICTURE)
    assert slack.channel("C1").messages == []
    block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": PICTURE.alt}
    poster.post("C1", Message("words", [block]), "k", "")
    assert slack.channel("C1").messages[0].blocks == [block]


def test_a_picture_that_slack_never_finishes_is_given_up(slack: SlackDouble) -> None:
    slept: list[float] = []
    slack.file_processing(calls=1_000)
    with pytest.raises(NoPicture, match="still at work"):
        Files(web_client("xoxb-1", slack.api_url), slept.append).upload(PICTURE)
    assert len(slack.calls(INFO)) == len(WAITS)
    assert sum(slept) == pytest.approx(5.0)


@pytest.mark.parametrize("step", [BEGIN, UPLOAD, COMPLETE, INFO])
def test_an_upload_in_trouble_is_no_picture(slack: SlackDouble, poster: SlackPoster, step: str) -> None:
    slack.faults.drop_before(step)
    slack.faults.http(step, 503)
    slack.faults.rate_limit(step)
    for _ in range(3):
        with pytest.raises(NoPicture) as caught:
            poster.upload(PICTURE)
        assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("scope", ["files:write", "files:read"])
def test_an_upload_without_the_permission_says_which(slack: SlackDouble, poster: SlackPoster, scope: str) -> None:
    slack.scopes.discard(scope)
    with pytest.raises(NoPicture, match=scope):
        poster.upload(PICTURE)


def test_many_can_upload_at_once(slack: SlackDouble) -> None:
    slack.file_processing(calls=1)
    files = Files(web_client("xoxb-1", slack.api_url), lambda _: None)
    pictures = [Picture(f"png {number}".encode(), f"alt {number}", "title") for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        found = dict(zip(pool.map(files.upload, pictures), pictures, strict=True))
    assert {file_id: slack.file_content(file_id) for file_id in found} == {
        file_id: picture.png for file_id, picture in found.items()
    }
    assert len(found) == 16


def test_file_names_tell_keys_apart_and_nothing_of_them() -> None:
    assert file_name("alert:C1#1") != file_name("alert:C1#2")
    assert "alert" not in file_name("alert:C1#1")


# --- changes --------------------------------------------------------------------------------------


def test_a_change_replaces_text_and_blocks_and_leaves_the_key(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster, "a#0")
    assert poster.update("C1", ts, CHANGED) is True
    [message] = slack.channel("C1").messages
    assert (message.text, message.blocks) == (CHANGED.text, CHANGED.blocks)
    assert poster.find("C1", "a#0", THEN, "") == ts


def test_a_change_without_blocks_takes_those_that_stood_away(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster)
    assert poster.update("C1", ts, Message("only text", []))
    [message] = slack.channel("C1").messages
    assert (message.text, message.blocks) == ("only text", [])


def test_blocks_that_slack_refuses_are_changed_to_their_text(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster)
    slack.faults.answer(UPDATE, {"ok": False, "error": "invalid_blocks"})
    assert poster.update("C1", ts, CHANGED)
    [message] = slack.channel("C1").messages
    assert (message.text, message.blocks) == (CHANGED.text, [])


def test_what_can_be_changed_no_more_is_told(slack: SlackDouble, poster: SlackPoster) -> None:
    ts, theirs = post(poster), slack.say("C1", "hello").ts
    assert poster.update("C1", "1.000000", CHANGED) is False
    assert poster.update("C1", theirs, CHANGED) is False
    slack.edit_window(0)
    assert poster.update("C1", ts, CHANGED) is False
    slack.channel("C1").archived = True
    assert poster.update("C1", ts, CHANGED) is False
    slack.faults.answer(UPDATE, {"ok": False, "error": "restricted_action_read_only_channel"})
    assert poster.update("C1", ts, CHANGED) is False


def test_a_change_whose_outcome_is_unknown_is_made_again(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster)
    slack.faults.answer(UPDATE, {"ok": False, "error": "fatal_error"})
    slack.faults.http(UPDATE, 503)
    slack.faults.lose_reply(UPDATE)
    for number in range(3):
        later = SlackPoster(web_client("xoxb-1", slack.api_url), clock=lambda: 0.0, sleep=lambda _: None)
        with pytest.raises(Refused, match="not known") as caught:
            later.update("C1", ts, CHANGED)
        assert caught.value.retry_after, number
    assert poster.update("C1", ts, CHANGED)
    assert slack.channel("C1").messages[0].text == CHANGED.text


@pytest.mark.parametrize(("error", "advice"), [("invalid_auth", "SLACK_BOT_TOKEN"), ("missing_scope", "manifest")])
def test_a_change_refused_for_the_apps_sake_says_what_to_do(
    slack: SlackDouble, poster: SlackPoster, error: str, advice: str
) -> None:
    ts = post(poster)
    slack.faults.answer(UPDATE, {"ok": False, "error": error})
    with pytest.raises(Refused, match=advice):
        poster.update("C1", ts, CHANGED)


def test_changes_rest_with_everything_else_in_the_channel(slack: SlackDouble, poster: SlackPoster) -> None:
    ts = post(poster)
    slack.faults.rate_limit(UPDATE, retry_after=9)
    for work in (lambda: poster.update("C1", ts, CHANGED), lambda: post(poster)):
        with pytest.raises(Refused) as caught:
            work()
        assert caught.value.retry_after == 9
