"""The service beside a local Slack: a dropped file becomes a message, questions are answered, and it ends cleanly."""

from __future__ import annotations

import json
import signal
import sqlite3
from functools import partial

import pytest

from state.errors import StateError
from tests.slack_double import Message, Signing, SlackDouble
from tests.slack_double.client import Reply
from tests.system.commands import Desk
from tests.system.conftest import Start
from tests.system.releases import ROADS, Book, Entry, at_place, release
from tests.system.service import OPS, TEAM, TOKENS, Service, prepare, running, until

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))
FIRST = {"burglary": 10, "robbery": 12, "potholes": 3}
SECOND = {"burglary": 26, "robbery": 12, "potholes": 3}
PATIENCE = 60.0


def drop(desk: Desk, name: str, places: dict[str, int], period: str, level: float) -> None:
    release(ENTRIES, places, period, level=level).write(desk.folder / "drop", name)


def top(slack: SlackDouble, count: int, channel: str = TEAM) -> list[Message]:
    """The messages in a channel once there are so many."""
    slack.wait_for(lambda: len(slack.channel(channel).top_level()) >= count, PATIENCE)
    return slack.channel(channel).top_level()


def sent(desk: Desk, count: int) -> None:
    """Wait until so many messages are wholly delivered."""

    def found() -> bool:
        try:
            return desk.rows("SELECT count(*) FROM outbox WHERE state = 'sent'") == [(count,)]
        except (StateError, sqlite3.OperationalError):  # before the service has made the database
            return False

    until(found, f"{count} messages sent")


def answer(slack: SlackDouble, trigger_id: str) -> str:
    """What is shown to the one who asked, once it is."""
    slack.wait_for(lambda: slack.responses(trigger_id), PATIENCE)
    shown = slack.responses(trigger_id)[0].message
    assert shown is not None
    return shown.text


def assert_no_secrets(desk: Desk, slack: SlackDouble, service: Service) -> None:
    """No token, secret, ticket or response address in anything written."""
    written = [
        service.out,
        service.err,
        *(path.read_bytes().decode("latin-1") for path in desk.database.parent.rglob("*") if path.is_file()),
    ]
    addresses = [slack.api_url.replace("/api/", "/response/")]
    for text in written:
        for secret in (*TOKENS.values(), *addresses, "response_url=http", "ticket="):
            assert secret not in text


def test_from_an_empty_folder_to_messages_answers_and_a_clean_end(desk: Desk, slack: SlackDouble) -> None:
    prepare(desk)
    with running(desk, slack, None) as service:
        drop(desk, "first-2023-11-01.csv", FIRST, "2022/23", 100)
        [baseline] = top(slack, 1)
        assert "Watching 3 indicators in 2 themes for Leicestershire" in baseline.text
        sent(desk, 1)
        assert slack.channel(TEAM).thread(baseline.ts)
        drop(desk, "second-2024-11-01.csv", SECOND, "2023/24", 90)
        alert = top(slack, 2)[1]
        assert "Name of burglary" in alert.text
        assert "Police & Crime" in alert.text.replace("&amp;", "&")
        until(lambda: slack.socket.connected)
        reply = slack.socket.slash("/rank", "theme police", channel=TEAM)
        assert reply.ok
        assert "Police" in answer(slack, reply.trigger_id)
        sent(desk, 2)
        assert service.stop(signal.SIGTERM) == 0
    assert service.out == ""
    assert "Traceback" not in service.err
    assert "stopped" in service.err.splitlines()[-1]
    assert_no_secrets(desk, slack, service)
    assert not desk.database.with_name("benchwatch.db-wal").exists(), "everything is in the one file"


def test_thread_parts_stand_in_order_under_their_message(desk: Desk, slack: SlackDouble, start: Start) -> None:
    prepare(desk)
    themes = [f"Theme {letter}" for letter in "ABCDEFGHIJKLMN"]
    entries = [
        Entry(f"{theme[-1]}{number}", theme, f"Indicator {number} of {theme}, " + "with a long name " * 5)
        for theme in themes
        for number in range(3)
    ]
    for place, period, level in ((10, "2022/23", 100.0), (28, "2023/24", 90.0)):
        book = release(entries, {entry.code: place for entry in entries}, period, level=level)
        desk.run("ingest", book.write(desk.folder / "in", f"edition-{int(period[:4]) + 1}-11-01.csv"))
    start()
    sent(desk, 2)
    alert = top(slack, 2)[1]
    thread = slack.channel(TEAM).thread(alert.ts)
    assert len(thread) > 2
    told = " ".join(json.dumps(message.blocks) for message in thread)
    places = [told.index(f"*{theme}*") for theme in themes]
    assert places == sorted(places)
    assert [message.ts for message in thread] == sorted(message.ts for message in thread)


def test_commands_by_signed_http_are_answered_and_forgeries_refused(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk, "http")
    book = release(ENTRIES, FIRST, "2022/23")
    desk.run("ingest", book.write(desk.folder / "in", "first-2023-11-01.csv"))
    service = start()
    url = f"{service.address}/slack/events"
    reply = slack.slash("/rank", "theme Police & Crime", url=url, channel=TEAM)
    assert (reply.status, reply.in_time) == (200, True)
    assert "Police" in answer(slack, reply.trigger_id)
    for forged in (Signing(secret="wrong"), Signing(missing=True), Signing(tampered=True), Signing(age=301)):
        refused = slack.slash("/rank", "overall", url=url, channel=TEAM, signing=forged)
        assert refused.status == 401
        assert slack.responses(refused) == []
    service.kill()
    assert_no_secrets(desk, slack, service)


def test_health_pages_say_what_is_well_and_what_is_not(desk: Desk, slack: SlackDouble, start: Start) -> None:
    prepare(desk)
    service = start()
    assert service.get("/healthz") == (200, '{"alive": true}')
    until(lambda: service.get("/readyz")[0] == 200, "readiness")
    until(lambda: "file" in json.loads(service.get("/readyz")[1])["last_poll"], "the first look at the folder")
    document = json.loads(service.get("/readyz")[1])
    assert (document["database"], document["schedule"], document["slack"]) == ("ok", "ok", "ok")
    assert document["last_poll"]["file"]
    assert "benchwatch_last_poll_timestamp_seconds" in service.get("/metrics")[1]
    assert service.get("/nothing")[0] == 404
    assert service.get("/slack/events")[0] == 404, "in Socket Mode nothing is taken by HTTP"


def asked_again(slack: SlackDouble) -> Reply | None:
    """Ask as someone would whose question got no answer; the reply if this one was taken."""
    reply = slack.socket.slash("/rank", "overall", channel=TEAM)
    return reply if reply.ok else None


def test_lost_sockets_are_replaced_and_commands_answered_again(desk: Desk, slack: SlackDouble, start: Start) -> None:
    prepare(desk)
    desk.run("ingest", release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv"))
    start()
    for trouble in (slack.socket.drop_all, slack.socket.disconnect):
        slack.wait_for(lambda: slack.socket.connected, PATIENCE)
        trouble()
        reply = until(partial(asked_again, slack), "an answer over a new socket")
        assert reply is not None
        assert "Police" in answer(slack, reply.trigger_id)


def test_a_service_that_cannot_reach_slack_starts_and_delivers_once_it_can(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk)
    slack.faults.http("apps.connections.open", 503)
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    desk.run("ingest", release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv"))
    service = start()
    sent(desk, 1)
    assert len(top(slack, 1)) == 1
    assert "cannot connect to Slack" in service.err


def test_a_second_process_is_refused_while_readers_go_on(desk: Desk, slack: SlackDouble, start: Start) -> None:
    prepare(desk)
    path = release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv")
    desk.run("ingest", path)
    start().says("started")
    for command in (["ingest", path], ["poll"], ["run"]):
        done = desk.run(*command, extra={**TOKENS, "SLACK_API_URL": slack.api_url})
        assert done.code == 1, done
        assert "is in use by another benchwatch process (process " in done.err
        assert "stop it first, or ask it in Slack" in done.err
    for command in (["ask", "overall"], ["releases"], ["export", "ranks"], ["changes"], ["outbox"]):
        done = desk.run(*command)
        assert (done.code, done.err) == (0, ""), done
        assert done.out.strip()


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_decision_is_left_to_the_running_service_and_carried_out(
    desk: Desk, slack: SlackDouble, start: Start, verdict: str
) -> None:
    prepare(desk)
    desk.run("ingest", release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv"))
    book = Book(ENTRIES)
    book.add("robbery", "2023/24", {area: figure * 9 for area, figure in at_place(26, level=90).items()})
    book.add("burglary", "2023/24", at_place(10, level=90))
    desk.run("ingest", book.write(desk.folder / "in", "second-2024-11-01.csv"))
    start().says("started")
    [notice] = top(slack, 1, OPS)
    assert "benchwatch approve 2 robbery" in notice.text
    done = desk.run(verdict, "2", "robbery", "--reason", "looked at it", "--json")
    assert (done.code, done.document) == (0, {"release": 2, "left_to_service": verdict}), done
    until(lambda: desk.rows("SELECT outcome FROM decisions") == [("done",)], "the decision")
    assert desk.rows("SELECT action, detail FROM audit") == [(verdict, "robbery looked at it")]
    entered = desk.rows("SELECT count(*) FROM changes WHERE kind = 'entered_bottom_quartile'")
    assert entered == [(1 if verdict == "approve" else 0,)]
    refused = desk.run(verdict, "2")
    assert (refused.code, "nothing of release 2 is held" in refused.err) == (1, True), refused


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["from the terminal", "by systemd"])
def test_a_signal_to_all_processes_ends_them_cleanly(
    desk: Desk, slack: SlackDouble, start: Start, number: signal.Signals
) -> None:
    prepare(desk)
    drop(desk, "first-2023-11-01.csv", FIRST, "2022/23", 100)
    service = start()
    sent(desk, 1)
    assert service.stop(number, group=True) == 0
    assert "Traceback" not in service.err, service.err
    assert "warning" not in service.err, service.err


def test_a_bad_file_is_told_to_ops_once_and_does_not_stop_the_others(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk)
    (desk.folder / "drop" / "bad-2023-10-01.csv").write_bytes(b"\xff\xfe\x00")
    drop(desk, "first-2023-11-01.csv", FIRST, "2022/23", 100)
    service = start()
    sent(desk, 2)
    [told] = top(slack, 1, OPS)
    assert "bad-2023-10-01.csv cannot be read" in told.text
    assert len(top(slack, 1)) == 1
    metrics = service.get("/metrics")[1]
    assert "benchwatch_refusals_total 1.0" in metrics
    assert 'benchwatch_releases_total{status="accepted"} 1.0' in metrics


def test_while_the_service_writes_a_reader_sees_the_last_whole_release(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk)
    desk.run("ingest", release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv"))
    start().says("started")
    writer = sqlite3.connect(desk.database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM ranks")
    reply = (
        slack.socket.slash("/rank", "theme police", channel=TEAM)
        if slack.wait_for(lambda: slack.socket.connected)
        else None
    )
    assert reply is not None
    assert "Police" in answer(slack, reply.trigger_id)
    assert len(desk.run("export", "ranks").rows) == 3
    writer.execute("ROLLBACK")
    writer.close()


def test_told_to_end_as_a_release_comes_in_it_ends(desk: Desk, start: Start) -> None:
    prepare(desk, mode="console")
    service = start()
    until(lambda: service.get("/readyz")[0] == 200, "readiness")
    drop(desk, "first-2023-11-01.csv", FIRST, "2022/23", 1.0)
    until(lambda: desk.rows("SELECT 1 FROM releases"), "a release")
    assert service.stop() == 0
