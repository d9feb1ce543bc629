"""Delivery against a Slack in trouble: nothing lost, nothing said twice, nobody waiting for another's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from bot.delivery import LONGEST_WAIT, UNKNOWN_WAIT, Delivery
from bot.slack_poster import PACE, SlackPoster, web_client
from bot.slack_text import ChartOf, Picture
from jobs.notices import AcknowledgedNotice, Amendment, ChartNotice, SourceNotice, TroubleLine, to_json
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM
from jobs.quiet import QuietHours
from state import outbox
from state.database import connect, unit
from tests.slack_double import Message, SlackDouble
from tests.system.releases import NOW, Entry, policy, release

POST, UPDATE, COMPLETE = "chat.postMessage", "chat.update", "files.completeUploadExternal"
PICTURE = Picture(b"png", "Theme 0 fell from 10th to 28th of 32", "Theme 0: 28th of 32")
NIGHT = QuietHours(time(22), time(7), ZoneInfo("Europe/London"))


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
        self.draw: Callable[[ChartOf], Picture | None] = lambda _: None
        self.quiet: QuietHours | None = None
        self.db = connect(self.path)
        self.restart()

    def restart(self, **destinations: str) -> None:
        """A new process: nothing is remembered but the database."""
        poster = SlackPoster(web_client("xoxb-1", self.slack.api_url), self._seconds, self._sleep)
        places = {TEAM: "C1", OPS: "C2"} | destinations
        self.delivery = Delivery(self.db, self.path, poster, places, lambda: self.now, self._drawn, self.quiet)

    def _drawn(self, chart: ChartOf) -> Picture | None:
        return self.draw(chart)

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

    def alert(self) -> int:
        """The number of the alert that ``owe_alert`` owed."""
        return int(self.db.execute("SELECT max(id) FROM outbox WHERE amends IS NULL").fetchone()[0])

    def amend(self, notice: Amendment, key: str = "amendment") -> None:
        """Owe an amendment to the alert."""
        with unit(self.db):
            number = self.alert()
            payload = to_json(notice)
            outbox.owe(self.db, key=key, destination=TEAM, kind=notice.kind, payload=payload, now="", amends=number)

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


def test_a_clock_that_was_years_ahead_keeps_nothing_back_and_nothing_is_said_twice(office: Office) -> None:
    office.now += timedelta(days=3_650)
    for name in ("stands", "refused"):
        office.owe(name)
    office.slack.faults.lose_reply(POST)
    office.slack.faults.answer(POST, {"ok": False, "error": "not_in_channel"})
    assert office.after(0) == 0
    office.now = datetime.now(UTC)
    office.restart()
    assert office.after(0) == 2
    assert sorted(keys(office.posted())) == ["refused#0", "stands#0"]


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


# --- amendments -----------------------------------------------------------------------------------

ACKNOWLEDGED = AcknowledgedNotice(
    "acknowledged", "Pat", "2024-11-02", ("indicator:i0",), ("Name of i0",), "Staffing", "Recruiting", "2025-01-15"
)
CHART = ChartNotice("chart", "theme", ("Theme 0",))


def told(office: Office) -> tuple[Message, list[Message]]:
    """The alert as it stands, and its thread."""
    alert = office.slack.channel("C1").top_level()[1]
    return alert, office.slack.channel("C1").thread(alert.ts)


def about(messages: list[Message], key: str = "amendment") -> list[Message]:
    return [message for message in messages if keys([message]) == [f"{key}#0"]]


def test_an_amendment_changes_the_message_and_adds_one_line_to_its_thread(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    before, thread = told(office)
    office.amend(ACKNOWLEDGED)
    assert office.after(10) == 1
    alert, now = told(office)
    assert (alert.edited is not None, alert.metadata) == (True, before.metadata)
    assert alert.text.splitlines()[0] == before.text.splitlines()[0], "the fact stays what is read first"
    assert "Pat" in alert.text
    [line] = now[len(thread) :]
    assert about(now) == [line]
    assert "Acknowledged by" in line.text
    assert line.mentions == []
    office.after(3_600)
    assert len(office.slack.calls(UPDATE)) == 1


@pytest.mark.parametrize("method", [UPDATE, POST])
def test_a_reply_lost_while_amending_leaves_one_line(office: Office, method: str) -> None:
    office.owe_alert()
    office.after(0)
    office.amend(ACKNOWLEDGED)
    office.slack.faults.lose_reply(method)
    assert [office.after(10), office.after(UNKNOWN_WAIT)] == [0, 1]
    alert, thread = told(office)
    assert "Pat" in alert.text
    assert len(about(thread)) == 1


def test_a_kill_between_the_change_and_its_line_leaves_one_of_each(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    office.amend(ACKNOWLEDGED)
    office.slack.faults.answer(POST, {"ok": False, "error": "not_in_channel"})
    assert office.after(10) == 0
    assert ("Pat" in told(office)[0].text, about(told(office)[1])) == (True, [])
    office.restart()
    assert office.after(60) == 1
    alert, thread = told(office)
    assert alert.text.count("Staffing") == 1
    assert len(about(thread)) == 1


def test_where_the_message_can_be_changed_no_more_the_line_goes_to_the_channel(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    before, thread = told(office)
    office.slack.edit_window(0)
    office.amend(ACKNOWLEDGED)
    assert office.after(10) == 1
    assert told(office) == (before, thread)
    assert len(about(office.slack.channel("C1").top_level())) == 1


def test_a_message_taken_away_meanwhile_is_amended_in_the_channel(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    office.slack.channel("C1").remove(told(office)[0].ts)
    office.amend(ACKNOWLEDGED)
    assert office.after(10) == 1
    assert len(about(office.slack.channel("C1").top_level())) == 1


def test_where_the_channel_is_gone_the_line_goes_to_where_the_destination_is_told_now(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    office.slack.channel("C1").archived = True
    office.amend(ACKNOWLEDGED)
    assert office.after(10) == 0, "and nowhere else"
    office.restart(team="C2")
    office.slack.faults.lose_reply(POST)
    assert [office.after(20), office.after(20), office.after(60)] == [0, 1, 0]
    assert len(about(office.posted("C2"))) == 1


def test_an_amendment_to_what_was_not_sent_yet_goes_out_within_it(office: Office) -> None:
    office.owe_alert()
    office.slack.faults.answer(POST, {"ok": False, "error": "not_in_channel"}, times=2)
    office.after(0)
    office.amend(ACKNOWLEDGED)
    assert office.after(1) == 0
    office.after(60)
    alert, thread = told(office)
    assert ("Pat" in alert.text, alert.edited) == (True, None)
    assert about([alert, *thread]) == []
    assert office.states() == ["sent", "sent", "suppressed"]
    assert office.slack.calls(UPDATE) == []


def test_an_amendment_to_what_was_suppressed_is_too(office: Office) -> None:
    office.restart(team="")
    office.owe_alert()
    office.after(0)
    office.amend(ACKNOWLEDGED)
    office.restart()
    office.after(10)
    assert office.states() == ["suppressed"] * 3
    assert office.posted() == []


def test_a_change_that_slack_refuses_for_now_does_not_keep_other_channels_waiting(office: Office) -> None:
    office.owe_alert()
    office.after(0)
    office.amend(ACKNOWLEDGED)
    office.owe("ons", OPS)
    office.slack.faults.rate_limit(UPDATE, retry_after=40)
    assert office.after(10) == 1
    assert keys(office.posted("C2")) == ["ons#0"]
    assert office.after(30) == 0
    assert office.after(20) == 1
    assert len(about(told(office)[1])) == 1


# --- charts ---------------------------------------------------------------------------------------


def test_a_chart_asked_for_stands_in_the_thread_and_changes_nothing(office: Office) -> None:
    drawn: list[ChartOf] = []

    def draw(chart: ChartOf) -> Picture:
        drawn.append(chart)
        return PICTURE

    office.draw = draw
    office.owe_alert()
    office.after(0)
    before, thread = told(office)
    drawn.clear()
    office.amend(CHART)
    assert office.after(10) == 1
    alert, now = told(office)
    assert alert == before
    [reply] = now[len(thread) :]
    assert (drawn, reply.files[0]["alt_txt"]) == ([ChartOf("theme", ("Theme 0",))], PICTURE.alt)
    assert reply.text == PICTURE.title


def test_a_chart_whose_reply_was_lost_is_found_and_stands_once(office: Office) -> None:
    office.draw = lambda _: PICTURE
    office.owe_alert()
    office.after(0)
    office.amend(CHART)
    standing = len(office.posted())
    office.slack.faults.lose_reply(COMPLETE)
    assert office.after(10) == 0
    office.restart()
    assert office.after(UNKNOWN_WAIT) == 1
    assert len(office.posted()) == standing + 1
    assert len(office.slack.calls(COMPLETE)) == len([one for one in office.posted() if one.files])


@pytest.mark.parametrize("scope", ["files:write", ""])
def test_where_there_can_be_no_picture_words_say_what_it_shows(office: Office, scope: str) -> None:
    office.draw = (lambda _: PICTURE) if scope else (lambda _: None)
    office.slack.scopes.discard(scope)
    office.owe_alert()
    office.after(0)
    office.amend(CHART)
    assert office.after(10) == 1
    reply = told(office)[1][-1]
    assert (reply.files, "Theme 0" in reply.text, PICTURE.alt in reply.text) == ([], True, bool(scope))


def test_a_chart_that_cannot_be_drawn_is_told_in_words_and_keeps_nothing_waiting(office: Office) -> None:
    def draw(chart: ChartOf) -> Picture:
        raise ValueError(chart)

    office.draw = draw
    office.owe_alert()
    office.after(0)
    office.amend(CHART)
    assert office.after(10) == 1
    reply = told(office)[1][-1]
    assert (reply.files, "Theme 0" in reply.text) == ([], True)


def test_a_part_whose_channel_changed_while_its_outcome_was_unknown_is_read_back_where_it_was_posted_last(
    office: Office,
) -> None:
    office.owe("ons")
    office.slack.faults.drop_before(POST)
    office.after(0)
    office.restart(team="C2")
    office.slack.faults.lose_reply(POST)
    assert [office.after(UNKNOWN_WAIT), office.after(UNKNOWN_WAIT)] == [0, 1]
    assert keys(office.posted("C2")) == ["ons#0"]


# --- quiet hours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2024, 7, 20, 21, 30, tzinfo=UTC), datetime(2024, 7, 21, 6, tzinfo=UTC)),
        (datetime(2024, 3, 30, 23, 30, tzinfo=UTC), datetime(2024, 3, 31, 6, tzinfo=UTC)),  # clocks go forward
        (datetime(2024, 10, 26, 21, 30, tzinfo=UTC), datetime(2024, 10, 27, 7, tzinfo=UTC)),  # and back
        (datetime(2024, 10, 27, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 7, tzinfo=UTC)),  # the hour that comes twice
    ],
)
def test_quiet_hours_hold_what_is_owed_and_let_it_go_when_they_end(
    office: Office, evening: datetime, morning: datetime
) -> None:
    office.quiet = NIGHT
    office.restart()
    office.now = evening
    for name in ("first", "second"):
        office.owe(name)
    assert office.after(0) == 0
    office.restart()
    office.now = morning - timedelta(seconds=1)
    assert (office.after(0), office.posted()) == (0, [])
    assert office.after(1) == 2
    assert keys(office.posted()) == ["first#0", "second#0"]


def test_outside_of_quiet_hours_nothing_waits(office: Office) -> None:
    office.quiet = NIGHT
    office.restart()
    office.now = datetime(2024, 7, 20, 20, 59, tzinfo=UTC)
    office.owe("ons")
    assert office.after(0) == 1


def test_what_was_begun_before_the_night_is_read_back_in_the_morning(office: Office) -> None:
    office.quiet = NIGHT
    office.restart()
    office.now = datetime(2024, 7, 20, 20, 59, 58, tzinfo=UTC)
    office.owe("ons")
    office.slack.faults.lose_reply(POST)
    assert [office.after(0), office.after(5), office.after(9 * 3_600)] == [0, 0, 1]
    assert keys(office.posted()) == ["ons#0"]
