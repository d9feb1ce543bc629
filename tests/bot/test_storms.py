"""Many people at once, while something else writes: nobody who only asks waits for those who write."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest

from bot.commands.personal import Personal
from bot.people import Permissions, Person
from bot.slack_text import Message
from state.database import Writer
from state.reader import Reader
from state.subscriptions import subscriptions
from tests.bot.pressing import APPROVER, MEMBER, TEAM_CHANNEL, Office, office_at, prepare
from tests.system.releases import NOW

PEOPLE = 40
"""More than the app has threads for those who ask."""


class Here:
    """What depends on who asks, from the database of an office that is yet to come."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def parts(self) -> tuple[Reader, Writer]:
        return Reader(self._path), Writer(self._path)

    @cached_property
    def personal(self) -> Personal:
        return Personal(*self.parts, Permissions({APPROVER}, lambda: "T1"), lambda *_: None, lambda: NOW)

    def handles(self, text: str) -> bool:
        return self.personal.handles(text)

    def answer(self, text: str, person: Person, channel: str) -> Message:
        return self.personal.answer(text, person, channel)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    here = Here(tmp_path / "office" / "benchwatch.db")
    with office_at(prepare(tmp_path), tmp_path / "office", personal=here) as found:
        reader, writer = here.parts
        yield found
    reader.close()
    writer.close()


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """As while a release is taken in."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_who_only_asks_does_not_wait_for_those_who_write(office: Office) -> None:
    people = office.people
    with being_written(office.path), ThreadPoolExecutor(8) as crowd:
        wishes = list(crowd.map(lambda _: people.slash("/rank", "subscribe theme police", user=MEMBER), range(PEOPLE)))
        charts = list(crowd.map(lambda _: people.press("alert:chart", user=MEMBER), range(PEOPLE)))
        assert all(reply.in_time for reply in (*wishes, *charts))
        begun = time.monotonic()
        assert "Police &amp; Crime" in office.answered(people.slash("/rank", "overall")).text
        people.press("alert:acknowledge", user=MEMBER, channel=TEAM_CHANNEL)
        assert office.modal(MEMBER)["callback_id"] == "acknowledge"
        assert time.monotonic() - begun < 3
        assert not any(office.slack.responses(reply) for reply in (*wishes, *charts)), "nothing can be written yet"
    office.slack.wait_for(lambda: all(office.slack.responses(reply) for reply in (*wishes, *charts)), 20)
    assert [one.place for one in subscriptions(office.db, MEMBER)] == [MEMBER]
    assert office.rows("SELECT count(*) FROM outbox WHERE kind = 'chart'") == [(1,)]
