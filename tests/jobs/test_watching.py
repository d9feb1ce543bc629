"""How places of a source fare: what is wrong is told once, what is over is told once, and the rest keeps still."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from jobs.watching import COOLING, FAILURES_TOLD, LONGEST_COOLING, Fault, open_until, record, tell
from state import sources
from state.database import connect, unit
from state.sources import Place
from tests.system.releases import NOW

SLOW = Fault("no answer")
MOVED = Fault("the column 'Value' is missing; the nearest is 'Values'", passing=False)


class Watch:
    """A database, a clock, and what the ops channel has been told."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = NOW

    def look(self, *faults: Fault | None, place: str = "roads", gaps: dict[str, str] | None = None) -> None:
        """One look after the other, ten minutes apart, each with its end."""
        for fault in faults:
            self.now += timedelta(minutes=10)
            with unit(self.db):
                record(self.db, "dft", place, fault, self.now, mark="seen" if fault is None else None)
                if gaps is not None:
                    sources.save_gaps(self.db, "dft", place, gaps, self.now.isoformat())
                tell(self.db, "dft", "Transport", self.now, shown=str.title, names={"bends": "Bends"})

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(row[0]) for row in self.db.execute("SELECT payload FROM outbox ORDER BY id")]

    def place(self) -> Place:
        return sources.places(self.db, "dft")["roads"]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    db = connect(tmp_path / "benchwatch.db")
    yield Watch(db)
    db.close()


def test_a_passing_fault_is_told_at_its_third_time_and_never_again(watch: Watch) -> None:
    watch.look(*[SLOW] * (FAILURES_TOLD - 1))
    assert watch.told() == []
    watch.look(SLOW, Fault("cut off"), SLOW)
    assert len(watch.told()) == 1
    assert watch.told()[0]["troubles"] == [{"place": "Roads", "reason": "no answer", "attempts": 3}]


def test_a_fault_that_does_not_pass_is_told_at_once_and_again_only_when_it_is_another(watch: Watch) -> None:
    watch.look(MOVED, MOVED)
    assert [notice["troubles"][0]["reason"] for notice in watch.told()] == [MOVED.reason]
    watch.look(Fault("the sheet is missing", passing=False))
    assert len(watch.told()) == 2


@pytest.mark.parametrize("fault", [SLOW, MOVED])
def test_that_it_works_again_is_told_once(watch: Watch, fault: Fault) -> None:
    watch.look(*[fault] * FAILURES_TOLD, None, None)
    assert [notice["recovered"] for notice in watch.told()] == [[], ["Roads"]]
    assert watch.place() == Place(mark="seen", checked=watch.now.isoformat(timespec="seconds"))


def test_what_was_never_told_is_not_said_to_work_again(watch: Watch) -> None:
    watch.look(SLOW, SLOW, None)
    assert watch.told() == []


def test_all_that_goes_wrong_in_one_look_is_one_message(watch: Watch) -> None:
    with unit(watch.db):
        for place in ("roads", "bridges"):
            record(watch.db, "dft", place, MOVED, watch.now)
        sources.save_gaps(watch.db, "dft", "roads", {"bends": "renamed"}, "")
        tell(watch.db, "dft", "Transport", watch.now, shown=str.title, names={"bends": "Bends"})
    (notice,) = watch.told()
    assert [trouble["place"] for trouble in notice["troubles"]] == ["Bridges", "Roads"]
    assert notice["gaps"] == [{"indicator": "bends", "name": "Bends", "reason": "renamed"}]


def test_a_gap_is_told_once_until_its_reason_changes_and_once_when_it_is_over(watch: Watch) -> None:
    watch.look(None, None, gaps={"bends": "renamed"})
    watch.look(None, gaps={"bends": "renamed"})
    assert len(watch.told()) == 1
    watch.look(None, gaps={"bends": "gone"})
    watch.look(None, gaps={})
    watch.look(None, gaps={})
    assert [[gap["reason"] for gap in notice["gaps"]] for notice in watch.told()] == [["renamed"], ["gone"], []]
    assert watch.told()[-1]["back"] == ["Bends"]
    assert sources.gaps(watch.db) == {}


def test_a_place_that_keeps_failing_is_left_alone_for_longer_and_longer(watch: Watch) -> None:
    watch.look(*[SLOW] * (FAILURES_TOLD - 1))
    assert open_until(watch.place(), watch.now) == ""
    waits = []
    for _ in range(5):
        watch.look(SLOW)
        until = watch.place().next_try
        waits.append(
            next(n for n in (1, 2, 4, 6, 0) if (watch.now + n * COOLING).isoformat(timespec="seconds") == until)
        )
    assert waits == [1, 2, 4, 6, 6]
    assert 6 * COOLING == LONGEST_COOLING
    assert open_until(watch.place(), watch.now) == watch.place().next_try
    assert open_until(watch.place(), watch.now + LONGEST_COOLING) == ""


def test_the_time_a_publisher_asks_us_to_wait_is_kept_from_the_first_failure(watch: Watch) -> None:
    watch.look(Fault("too many requests", retry_after=7200))
    assert open_until(watch.place(), watch.now + timedelta(seconds=7199))
    assert not open_until(watch.place(), watch.now + timedelta(seconds=7200))


def test_what_was_seen_before_a_failure_is_still_known_after_it(watch: Watch) -> None:
    watch.look(None, SLOW)
    assert watch.place().mark == "seen"
