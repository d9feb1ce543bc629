"""kill -9 at any moment: a release is wholly in or not at all, and every part of every message stands once."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.slack_double import SlackDouble
from tests.system.commands import Desk, Launcher, kill
from tests.system.conftest import Start
from tests.system.releases import Book, Entry, at_place, release
from tests.system.service import TEAM, Service, prepare, until

MOMENTS = 10
ENTRIES = tuple(Entry(f"i{number}", f"Theme {number % 5}") for number in range(24))
PATIENCE = 60.0


def editions(folder: Path) -> list[Path]:
    """Two releases of some size; the second moves, adds and revises."""
    first, second = Book(ENTRIES[:18]), Book(ENTRIES)
    for entry in ENTRIES:
        for at, year in enumerate(("2020/21", "2021/22", "2022/23")):
            if entry in first.entries:
                first.add(entry.code, year, at_place(10, level=100 + at))
            second.add(entry.code, year, at_place(11, level=100 + at))
        second.add(entry.code, "2023/24", at_place(27, level=90))
    return [first.write(folder, "first-2023-11-01.csv"), second.write(folder, "second-2024-11-01.csv")]


class Plan:
    """A database with the first release in, what the second makes of it, and how long that takes."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        desk = Desk(folder, launcher)
        first, self.second = editions(folder / "in")
        assert desk.run("ingest", first).code == 0
        self.begun = folder / "begun.db"
        shutil.copy(desk.database, self.begun)
        self.before = desk.contents(timeless=True)
        began = time.perf_counter()
        assert desk.run("ingest", self.second).code == 0
        self.seconds = time.perf_counter() - began
        self.after = desk.contents(timeless=True)
        assert self.after != self.before


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Plan:
    return Plan(tmp_path_factory.mktemp("plan"), launcher)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_release_killed_while_it_is_taken_in_is_wholly_in_or_not_at_all(desk: Desk, plan: Plan, moment: int) -> None:
    desk.database.parent.mkdir()
    shutil.copy(plan.begun, desk.database)
    pause = threading.Event()

    def killed(pid: int) -> None:
        pause.wait(plan.seconds * (moment + 1) / (MOMENTS + 1))
        kill(pid)

    done = desk.run("ingest", plan.second, started=killed)
    assert done.code in (-9, 0)
    found = desk.contents(timeless=True)
    assert found in (plan.before, plan.after), "neither as before nor as after"
    again = desk.run("ingest", plan.second)
    assert again.code == 0
    assert desk.contents(timeless=True) == plan.after


def test_a_release_killed_while_it_is_written_leaves_no_trace(desk: Desk, plan: Plan) -> None:
    desk.database.parent.mkdir()
    shutil.copy(plan.begun, desk.database)
    wal = desk.database.with_name("benchwatch.db-wal")

    def killed(pid: int) -> None:
        until(lambda: (wal.exists() and wal.stat().st_size) or not Path(f"/proc/{pid}").exists())
        kill(pid)

    desk.run("ingest", plan.second, started=killed)
    assert desk.contents(timeless=True) in (plan.before, plan.after)
    assert desk.run("ingest", plan.second).code == 0
    assert desk.contents(timeless=True) == plan.after


def test_a_service_killed_while_it_takes_a_file_in_takes_it_in_and_tells_it_once_after_restart(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk)
    release((Entry("burglary"),), {"burglary": 10}, "2022/23").write(desk.folder / "drop", "first-2023-11-01.csv")
    service = start()
    wal = desk.database.with_name("benchwatch.db-wal")
    service.says("started")
    size = wal.stat().st_size
    until(lambda: wal.stat().st_size > size, "the worker writing")
    service.kill()
    start()
    all_sent(desk)
    assert_each_part_stands_once(slack, 2)
    assert [row[:2] for row in desk.rows("SELECT status, name FROM releases")] == [("accepted", "first-2023-11-01.csv")]


def owe_alert(desk: Desk) -> None:
    """Owe a baseline and an alert, each of a message with one part in its thread."""
    prepare(desk)
    entries = [Entry(f"i{number}", f"Theme {number % 2}", f"Indicator {number}") for number in range(8)]
    for place, period, level in ((10, "2022/23", 100.0), (28, "2023/24", 90.0)):
        book = release(entries, {entry.code: place for entry in entries}, period, level=level)
        assert desk.run("ingest", book.write(desk.folder / "in", f"e-{int(period[:4]) + 1}-11-01.csv")).code == 0


def keys(slack: SlackDouble) -> list[str]:
    """The key of every message in the channel; each part of each message owed has one of its own."""
    return [message.metadata["event_payload"]["key"] for message in slack.channel(TEAM).messages if message.metadata]


def all_sent(desk: Desk) -> None:
    until(lambda: not desk.rows("SELECT 1 FROM outbox WHERE state <> 'sent'"), "everything sent", 40.0)


def assert_each_part_stands_once(slack: SlackDouble, parts: int) -> None:
    found = keys(slack)
    assert len(found) == len(set(found))
    assert len(found) == parts, found


def restart(service: Service, desk: Desk, slack: SlackDouble, start: Start) -> None:
    """kill -9, then a new service with a Slack that works again."""
    service.kill()
    slack.faults.clear()
    start()
    all_sent(desk)
    parts = desk.rows("SELECT count(*), sum(state = 'sent') FROM deliveries")
    assert_each_part_stands_once(slack, parts[0][0])
    assert parts[0][0] == parts[0][1]


@pytest.mark.parametrize(
    ("done", "stands"),
    [(0, True), (0, False), (1, True), (3, False)],
    ids=["message stands", "message never arrived", "thread part stands", "thread part never arrived"],
)
def test_a_service_killed_while_slack_keeps_it_waiting_posts_each_part_once(
    desk: Desk, slack: SlackDouble, start: Start, done: int, stands: bool
) -> None:
    owe_alert(desk)
    slack.faults.hang("chat.postMessage", 0.0, times=done)
    slack.faults.hang("chat.postMessage", 60.0, takes_effect=stands)
    service = start()
    slack.wait_for(lambda: len(slack.calls("chat.postMessage")) > done, PATIENCE)
    restart(service, desk, slack, start)


def test_a_service_killed_when_a_reply_was_lost_finds_its_message_and_posts_the_rest(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    owe_alert(desk)
    slack.faults.lose_reply("chat.postMessage")
    service = start()
    slack.wait_for(lambda: keys(slack), PATIENCE)
    restart(service, desk, slack, start)
