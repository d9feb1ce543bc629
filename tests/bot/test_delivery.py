"""Delivery against a Slack in trouble: nothing lost, nothing said twice, nobody waiting for another's fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.delivery import LONGEST_WAIT, UNKNOWN_WAIT, Delivery
from bot.slack_poster import PACE, SlackPoster, web_client
from jobs.notices import SourceNotice, TroubleLine, to_json
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM
from state import outbox
from state.database import connect, unit
from tests.slack_double import Message, SlackDouble
from tests.system.releases import NOW, Entry, policy, release

POST = "chat.postMessage"


class Office:
    """A database with messages owed, a Slack, and a clock that only moves when told or slept by."""

    def __init__(self, folder: Path) -> None:
        self.slack = SlackDouble(bot_token="xoxb-1", patience=1.0)
        self.slack.pace(None)
        self.slack.start()
        for channel in ("C1", "C2"):
            self.slack.add_channel(channel)
        self.path = folder / "benchwatch.db"
        self.now = NOW
        self.slept: list[float] = []
        self.db = connect(self.path)
        self.restart()

    def restart(self, **destinations: str) -> None:
        """A new process: nothing is remembered but the database."""
        poster = SlackPoster(web_client("xoxb-1", self.slack.api_url), self._seconds, self._sleep)
        places = {TEAM: "C1", OPS: "C2"} | destinations
        self.delivery = Delivery(self.db, self.path, poster, places, lambda: self.now)

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def owe(self, name: str, destination: str = TEAM) -> None:
        notice = SourceNotice("source", name, (TroubleLine(name, "no answer", 3),))
        with unit(self.db):
            outbox.owe(self.db, key=name, destination=destination, kind="source", payload=to_json(notice), now="")

    def owe_alert(self, indicators: int = 8, themes: int = 2) -> None:
        """A baseline and an alert, each with a thread."""
        entries = [Entry(f"i{number}", f"Theme {number % themes}") for number in range(indicators)]
        for place, period, level in ((10, "2022/23", 100.0), (28, "2023/24", 90.0)):
            book = release(entries, {entry.code: place for entry in entries}, period, level=level)
            ingest(self.db, book.raw(f"e-{int(period[:4]) + 1}-11-01.csv"), policy(), now=NOW)

    def after(self, seconds: float) -> int:
        """Deliver what is due so much later; returns how many are finished."""
        self.now += timedelta(seconds=seconds)
        return self.delivery.deliver_due()

    def posted(self, channel: str = "C1") -> list[Message]:
        return self.slack.channel(channel).messages

    def states(self) -> list[str]:
        return [state for (state,) in self.db.execute("SELECT state FROM outbox ORDER BY id")]

    def close(self) -> None:
        self.db.close()
        self.slack.stop()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


def keys(messages: list[Message]) -> list[str]:
    return [message.metadata["event_payload"]["key"] for message in messages if message.metadata]


def test_a_message_is_posted_once_with_its_key_and_then_done(office: Office) -> None:
    office.owe("ons")
    assert [office.after(0), office.after(3600)] == [1, 0]
    assert keys(office.posted()) == ["ons#0"]
    assert office.states() == ["sent"]
    [(channel, ts)] = office.db.execute("SELECT channel, ts FROM deliveries")
    assert (channel, ts) == ("C1", office.posted()[0].ts)


def test_a_reply_lost_after_slack_took_the_message_leaves_one_copy(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    assert office.after(0) == 0
    assert office.after(UNKNOWN_WAIT - 1) == 0, "Slack may still be at work"
    assert office.after(1) == 1
    assert keys(office.posted()) == ["ons#0"]
    assert len(office.slack.calls(POST)) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_is_looked_up_and_posted_again_where_nothing_stands(office: Office, status: int) -> None:
    office.owe("ons")
    office.slack.faults.http(POST, status)
    assert [office.after(0), office.after(UNKNOWN_WAIT)] == [0, 1]
    assert keys(office.posted()) == ["ons#0"]
    assert len(office.slack.calls("conversations.history")) == 1


def test_a_connection_reset_before_slack_took_the_message_leaves_one_copy(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.drop_before(POST, times=2)
    assert [office.after(0), office.after(UNKNOWN_WAIT), office.after(UNKNOWN_WAIT)] == [0, 0, 1]
    assert keys(office.posted()) == ["ons#0"]


def test_an_error_that_slack_may_yet_carry_out_is_looked_up_first(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.answer(POST, {"ok": False, "error": "fatal_error"})
    assert [office.after(0), office.after(UNKNOWN_WAIT)] == [0, 1]
    assert office.slack.calls("conversations.history")


def test_a_rate_limit_is_waited_for_as_long_as_slack_asks(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.rate_limit(POST, retry_after=40)
    assert [office.after(0), office.after(39), office.after(1)] == [0, 0, 1]
    assert [call.status for call in office.slack.calls(POST)] == [429, 200]
    assert office.slack.calls("conversations.history") == [], "a definite no needs no look-up"


def test_while_slack_asks_to_slow_down_nothing_else_goes_to_that_channel(office: Office) -> None:
    for name in ("first", "second"):
        office.owe(name)
    office.owe("other", OPS)
    office.slack.faults.rate_limit(POST, retry_after=40)
    assert office.after(0) == 1
    assert keys(office.posted("C2")) == ["other#0"]
    assert office.after(20) == 0
    assert len(office.slack.calls(POST)) == 2
    for _ in range(3):
        office.after(21)
    assert sorted(keys(office.posted())) == ["first#0", "second#0"]


def test_blocks_that_slack_refuses_are_posted_as_plain_text(office: Office) -> None:
    office.owe("ons")
    refusal = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] no such block"]}}
    office.slack.faults.answer(POST, refusal)
    assert office.after(0) == 1
    [message] = office.posted()
    assert message.blocks == []
    assert "ons is failing" in message.text
    assert keys([message]) == ["ons#0"]


def test_a_missing_channel_keeps_the_message_until_there_is_one(office: Office) -> None:
    office.restart(team="C9")
    office.owe("ons")
    assert office.after(0) == 0
    [(state, reason)] = office.db.execute("SELECT state, reason FROM outbox")
    assert state == "pending"
    assert (
        "channel_not_found: there is no such channel, or the bot cannot see it: check the ID and invite the bot"
        in reason
    )
    office.slack.add_channel("C9")
    assert office.after(60) == 1
    assert keys(office.posted("C9")) == ["ons#0"]


def test_waits_grow_but_never_beyond_an_hour(office: Office) -> None:
    office.restart(team="C9")
    office.owe("ons")
    waits = []
    for _ in range(14):
        assert office.after(0) == 0
        [(until,)] = office.db.execute("SELECT not_before FROM outbox")
        waits.append((datetime.fromisoformat(until) - office.now).total_seconds())
        office.now += timedelta(seconds=waits[-1])
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_a_bad_channel_does_not_keep_others_waiting_nor_are_those_told_again(office: Office) -> None:
    office.restart(team="C9")
    office.owe("bad")
    office.owe("good", OPS)
    assert office.after(0) == 1
    for _ in range(5):
        assert office.after(600) == 0
    assert keys(office.posted("C2")) == ["good#0"]
    assert office.states() == ["pending", "sent"]


def test_a_message_that_cannot_be_put_into_words_does_not_keep_others_waiting(office: Office) -> None:
    office.owe("good")
    with unit(office.db):
        office.db.execute("UPDATE outbox SET id = 9")
        outbox.owe(office.db, key="odd", destination=TEAM, kind="poem", payload='{"kind": "poem"}', now="")
        office.db.execute("UPDATE outbox SET id = 1 WHERE key = 'odd'")
    assert office.after(0) == 1
    assert keys(office.posted()) == ["good#0"]
    [(state, reason)] = office.db.execute("SELECT state, reason FROM outbox WHERE key = 'odd'")
    assert (state, "cannot be put into words" in reason) == ("pending", True), reason


def test_a_destination_without_a_channel_is_suppressed_with_the_reason(office: Office) -> None:
    office.owe("ons", "lead:Gone")
    assert office.after(0) == 1
    [row] = office.db.execute("SELECT state, reason FROM outbox")
    assert row == ("suppressed", "no channel is set for lead:Gone")


def test_history_that_may_not_be_read_means_at_least_once(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    office.after(0)
    office.slack.faults.answer("conversations.history", {"ok": False, "error": "missing_scope"})
    assert office.after(UNKNOWN_WAIT) == 1
    assert keys(office.posted()) == ["ons#0", "ons#0"], "late and twice beats lost"


def test_history_that_cannot_be_read_now_is_tried_again_before_anything_is_posted(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    office.after(0)
    office.slack.faults.http("conversations.history", 503)
    assert [office.after(UNKNOWN_WAIT), office.after(UNKNOWN_WAIT)] == [0, 1]
    assert keys(office.posted()) == ["ons#0"]


def test_a_message_lost_from_sight_behind_many_others_is_found_by_paging(office: Office) -> None:
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    office.after(0)
    for number in range(450):
        office.slack.say("C1", f"chat {number}")
    assert office.after(UNKNOWN_WAIT) == 1
    assert keys(office.posted()) == ["ons#0"]


@pytest.mark.parametrize("done", range(4))
def test_a_reply_lost_at_any_part_leaves_each_part_once_and_in_its_thread(office: Office, done: int) -> None:
    office.owe_alert()
    office.slack.faults.hang(POST, 0.0, times=done)
    office.slack.faults.lose_reply(POST)
    for _ in range(4):
        office.after(UNKNOWN_WAIT)
    assert office.states() == ["sent", "sent"]
    messages = office.posted()
    assert len(keys(messages)) == len(set(keys(messages))) == 4
    tops = office.slack.channel("C1").top_level()
    assert [keys(office.slack.channel("C1").thread(top.ts))[0].partition("#")[0] for top in tops] == [
        key.partition("#")[0] for key in keys(tops)
    ]


def test_after_a_restart_between_the_parts_only_the_missing_ones_are_posted(office: Office) -> None:
    office.owe_alert()
    office.slack.faults.hang(POST, 0.0, times=3)
    office.slack.faults.answer(POST, {"ok": False, "error": "not_in_channel"})
    office.after(0)
    assert len(office.posted()) == 3
    office.restart()
    assert office.after(60) == 1
    assert len(set(keys(office.posted()))) == len(office.posted()) == 4


def test_sixty_changes_in_one_release_are_one_message_with_all_of_them_in_its_thread(office: Office) -> None:
    office.owe_alert(indicators=60, themes=12)
    office.after(0)
    assert office.states() == ["sent", "sent"]
    alert = office.slack.channel("C1").top_level()[1]
    assert "60" in alert.text
    thread = office.slack.channel("C1").thread(alert.ts)
    told = " ".join(str(message.blocks) for message in thread)
    assert all(f"Name of i{number}*" in told for number in range(60))
    assert all(message.mentions == [] for message in office.posted())


def test_one_channel_gets_one_message_a_second_and_another_does_not_wait(office: Office) -> None:
    for number in range(3):
        office.owe(f"team {number}")
    office.owe("ops", OPS)
    began = office.now
    office.after(0)
    assert office.slept == pytest.approx([PACE, PACE])
    assert (office.now - began).total_seconds() == pytest.approx(2 * PACE)


def test_nothing_is_delivered_by_two_at_once(office: Office) -> None:
    office.owe("ons")
    [owed] = outbox.due(office.db, office.now.isoformat())
    with unit(office.db):
        assert outbox.claim(office.db, owed)
        assert not outbox.claim(office.db, owed)


def test_messages_to_a_person_go_to_one_direct_message_and_are_read_back_there(office: Office) -> None:
    office.slack.add_user("U7")
    office.restart(team="U7")
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    assert [office.after(0), office.after(UNKNOWN_WAIT)] == [0, 1]
    assert keys(office.slack.direct_message("U7").messages) == ["ons#0"]


def test_the_database_is_as_before_when_it_cannot_be_written(office: Office) -> None:
    office.owe("ons")
    reader: Database = office.db
    office.slack.faults.lose_reply(POST)
    office.after(0)
    [(state, attempts)] = reader.execute("SELECT state, attempts FROM outbox")
    assert (state, attempts) == ("pending", 1)
    [(part,)] = reader.execute("SELECT state FROM deliveries")
    assert part == "sending", "that its outcome is unknown is kept"
