"""Looking at drop folders and addresses: what is new is taken in once, what fails is said once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database
from structlog.testing import capture_logs

from jobs.overview import WaitingLine, overview
from jobs.polling import Polled, folders_want_a_look, new_client, poll
from jobs.settings import Settings, load_settings
from jobs.sources.file import embargo_of
from state import sources
from state.database import connect
from tests.system.releases import NOW, Book, Entry, at_place, policy, release
from tests.system.web import Page, Web

ENTRIES = (Entry("burglary"),)


class Desk:
    """A drop folder, a database, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drop = folder / "drop"
        self.drop.mkdir()
        self.now = NOW
        self.settings = self.load('paths = ["drop"]')
        self.db: Database = connect(folder / "benchwatch.db")

    def load(self, source: str) -> Settings:
        path = self.folder / "config.toml"
        path.write_text(f'[catalogue]\npaths = []\n[sources.file]\nsettle = "10s"\n{source}\n', encoding="utf-8")
        self.settings = load_settings(path, {})
        return self.settings

    def write(self, name: str, place: int = 10, period: str = "2022/23", *, described: bool = True) -> Path:
        book = release(ENTRIES if described else (), {"burglary": place}, period, level=100 - int(period[2:4]))
        path = book.write(self.drop, name)
        for beside in self.drop.iterdir():
            self.touch(beside)
        return path

    def touch(self, path: Path, ago: float = 60.0) -> None:
        at = (self.now - timedelta(seconds=ago)).timestamp()
        os.utime(path, (at, at))

    def poll(self) -> Polled:
        with new_client(self.settings) as client:
            return poll(self.db, self.settings, policy(), client=client, clock=lambda: self.now)

    def statuses(self) -> list[str]:
        return [outcome.status for outcome in self.poll().outcomes]

    def owed(self) -> list[tuple[str, str]]:
        return list(self.db.execute("SELECT destination, kind FROM outbox ORDER BY id"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.db.close()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def test_a_dropped_file_is_taken_in_once(desk: Desk) -> None:
    desk.write("first-2023-11-01.csv")
    assert desk.statuses() == ["accepted"]
    assert desk.statuses() == []
    assert last_run(desk.db, "poll file") == (NOW.isoformat(timespec="seconds"), "done")


def test_a_file_still_being_written_waits_until_it_is_settled(desk: Desk) -> None:
    path = desk.write("first-2023-11-01.csv")
    desk.touch(path, ago=9)
    assert desk.statuses() == []
    desk.now += timedelta(seconds=1)
    assert desk.statuses() == ["accepted"]


def test_a_file_waits_for_the_dictionary_beside_it_to_settle_too(desk: Desk) -> None:
    path = desk.write("first-2023-11-01.csv")
    desk.touch(path.with_name("first-2023-11-01.indicators.csv"), ago=1)
    assert desk.statuses() == []


def test_a_dictionary_that_comes_later_makes_a_refused_file_a_release(desk: Desk) -> None:
    path = desk.write("first-2023-11-01.csv", described=False)
    polled = desk.poll()
    assert "described neither in the catalogue nor in first-2023-11-01.indicators.csv" in polled.refusals[0].reason
    assert desk.owed() == [("ops", "refused")]
    beside = path.with_name("first-2023-11-01.indicators.csv")
    beside.write_text(Book(ENTRIES).dictionary, encoding="utf-8")
    desk.touch(beside)
    assert desk.statuses() == ["accepted"]


def test_a_refused_file_is_told_once_and_again_when_its_content_is_another(desk: Desk) -> None:
    path = desk.drop / "bad-2023-11-01.csv"
    path.write_bytes(b"no csv")
    desk.touch(path)
    assert [len(desk.poll().refusals), len(desk.poll().refusals)] == [1, 0]
    assert desk.owed() == [("ops", "refused")]
    path.write_bytes(b"still no csv")
    desk.touch(path, ago=30)
    assert len(desk.poll().refusals) == 1
    assert desk.owed() == [("ops", "refused")] * 2


def test_files_are_taken_in_order_of_the_date_in_their_name(desk: Desk) -> None:
    desk.write("a-2024-11-01.csv", period="2023/24")
    desk.write("b-2023-11-01.csv", period="2022/23")
    desk.write("c.csv", period="2024/25")
    assert [outcome.name for outcome in desk.poll().outcomes] == ["b-2023-11-01.csv", "a-2024-11-01.csv", "c.csv"]


def test_hidden_files_dictionaries_and_other_kinds_are_left_alone(desk: Desk) -> None:
    for name in (".hidden.csv", "only.indicators.csv", "notes.txt", "book.xlsx"):
        (desk.drop / name).write_text("x", encoding="utf-8")
        desk.touch(desk.drop / name)
    (desk.drop / "folder.csv").mkdir()
    assert not folders_want_a_look(desk.settings, {}, desk.now)


def test_a_missing_folder_holds_nothing(desk: Desk) -> None:
    desk.load('paths = ["elsewhere"]')
    assert desk.statuses() == []


def test_a_bad_file_does_not_keep_a_good_one_waiting(desk: Desk) -> None:
    (desk.drop / "a-2023-10-01.csv").write_bytes(b"\xff")
    desk.touch(desk.drop / "a-2023-10-01.csv")
    desk.write("b-2023-11-01.csv")
    polled = desk.poll()
    assert (len(polled.refusals), [one.status for one in polled.outcomes]) == (1, ["accepted"])


def offer(web: Web, place: int = 10, period: str = "2022/23", tag: str = '"1"') -> None:
    book = release(ENTRIES, {"burglary": place}, period, level=100 - int(period[2:4]))
    web.pages["/ons-2023-11-01.csv"] = Page(book.text.encode(), tag=tag)
    web.pages["/ons-2023-11-01.indicators.csv"] = Page(book.dictionary.encode())


def test_an_address_is_fetched_once_and_then_asked_whether_it_changed(desk: Desk, web: Web) -> None:
    desk.load(f'paths = ["{web.address}/ons-2023-11-01.csv"]')
    offer(web)
    assert desk.statuses() == ["accepted"]
    assert desk.statuses() == []
    asked = [request for request in web.requests if request.path == "/ons-2023-11-01.csv"]
    assert [request.headers.get("If-None-Match") for request in asked] == [None, '"1"']
    offer(web, period="2023/24", tag='"2"')
    assert desk.statuses() == ["accepted"]


def test_an_address_that_fails_three_times_is_told_once_and_once_when_it_works_again(desk: Desk, web: Web) -> None:
    desk.load(f'paths = ["{web.address}/ons-2023-11-01.csv"]')
    for expected in (0, 0, 1, 1, 1):
        polled = desk.poll()
        assert "there is nothing at this address (404); check it" in polled.refusals[0].reason
        assert desk.owed() == [("ops", "source")] * expected
    offer(web)
    assert desk.statuses() == ["accepted"]
    assert desk.owed() == [("ops", "source"), ("team", "baseline"), ("ops", "source")]
    assert desk.statuses() == []
    assert len(desk.owed()) == 3


def test_an_address_that_fails_twice_and_recovers_is_not_told(desk: Desk, web: Web) -> None:
    desk.load(f'paths = ["{web.address}/ons-2023-11-01.csv"]')
    desk.poll()
    desk.poll()
    offer(web)
    desk.poll()
    web.pages.clear()
    desk.poll()
    desk.poll()
    assert desk.owed() == [("team", "baseline")]


def test_what_an_address_offers_and_is_no_release_is_told_once_for_each_content(desk: Desk, web: Web) -> None:
    desk.load(f'paths = ["{web.address}/ons-2023-11-01.csv"]')
    web.pages["/ons-2023-11-01.csv"] = Page(b"we have moved", tag='"bad"')
    assert len(desk.poll().refusals) == 1
    assert desk.owed() == [("ops", "refused")]
    assert len(desk.poll().refusals) == 0, "unchanged since"
    web.pages["/ons-2023-11-01.csv"] = Page(b"we have moved", tag='"another"')
    desk.poll()
    assert desk.owed() == [("ops", "refused")]
    offer(web)
    assert desk.statuses() == ["accepted"]


def test_one_failing_address_does_not_keep_another_waiting(desk: Desk, web: Web) -> None:
    offer(web)
    desk.load(f'paths = ["{web.address}/gone.csv", "{web.address}/ons-2023-11-01.csv"]')
    polled = desk.poll()
    assert (len(polled.refusals), [one.status for one in polled.outcomes]) == (1, ["accepted"])


def test_nothing_new_leaves_no_trace(desk: Desk) -> None:
    desk.poll()
    assert last_run(desk.db, "poll file") is None
    assert desk.owed() == []
    assert isinstance(desk.now, datetime)
    assert at_place(1)


# --- embargoes ------------------------------------------------------------------------------------

EMBARGOED = "crime-embargo-2025-11-21T1000.csv"


def wanted(desk: Desk) -> bool:
    return folders_want_a_look(desk.settings, sources.places(desk.db, "file"), desk.now)


def waiting(desk: Desk) -> list[WaitingLine]:
    return list(overview(desk.db, desk.settings, policy()).waiting)


def test_a_file_under_embargo_is_not_read_before_its_time_and_taken_in_then(desk: Desk) -> None:
    desk.write(EMBARGOED).write_bytes(b"not even a release: nobody may read it yet")
    desk.touch(desk.drop / EMBARGOED)
    assert wanted(desk), "to note it"
    with capture_logs() as logged:
        assert desk.statuses() == []
        assert not wanted(desk)
        desk.now += timedelta(minutes=29, seconds=59)
        polled = desk.poll()
    assert (polled.outcomes, polled.refusals, desk.owed()) == ((), (), [])
    assert [event["event"] for event in logged].count("waits for the end of its embargo") == 1
    assert waiting(desk) == [WaitingLine(str(desk.drop / EMBARGOED), "2025-11-21T10:00+00:00")]
    desk.write(EMBARGOED)  # put right in time
    desk.now += timedelta(seconds=1)
    assert wanted(desk)
    assert desk.statuses() == ["accepted"]
    assert desk.owed() == [("team", "baseline")]
    assert (desk.statuses(), waiting(desk)) == ([], [])


def test_a_file_under_embargo_that_is_taken_away_waits_no_more(desk: Desk) -> None:
    path = desk.write(EMBARGOED)
    desk.poll()
    path.unlink()
    assert waiting(desk) == []
    desk.now += timedelta(hours=1)
    assert desk.statuses() == []


def test_a_file_under_embargo_keeps_no_other_waiting(desk: Desk) -> None:
    desk.write(EMBARGOED)
    desk.write("b-2023-11-01.csv")
    assert [outcome.name for outcome in desk.poll().outcomes] == ["b-2023-11-01.csv"]


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("x-embargo-2026-11-26T0930.csv", "2026-11-26T09:30:00+00:00"),
        ("x-embargo-2026-07-01T0930.csv.gz", "2026-07-01T08:30:00+00:00"),
        ("X-2026-07-01-Embargo-2026-07-02T0000.CSV", "2026-07-01T23:00:00+00:00"),
        ("x-embargo-2026-03-29T0130.csv", "2026-03-29T01:30:00+00:00"),  # an hour that is not there
        ("x-embargo-2026-10-25T0130.csv", "2026-10-25T01:30:00+00:00"),  # an hour that is there twice
    ],
)
def test_an_embargo_is_in_local_time_and_where_clocks_change_the_later(name: str, over: str) -> None:
    found = embargo_of(name, ZoneInfo("Europe/London"))
    assert found
    assert found.isoformat() == over


MALFORMED = (
    "x-embargo.csv",
    "x-embargo-2025-11-21.csv",
    "x-embargo-2025-11-21T1000-final.csv",
    "x-embargo-2025-02-30T1000.csv",
    "x-embargo-2025-11-21T2500.csv.gz",
    "x-embargo-2025-11-21T10:00.csv",
    "EMBARGOED x-2025-11-01.csv",
)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_name_whose_embargo_cannot_be_read_is_refused_and_never_read(desk: Desk, name: str) -> None:
    desk.write(name)
    [refusal] = desk.poll().refusals
    assert refusal.reason.startswith(f"{name}: the name speaks of an embargo that cannot be read")
    assert (desk.owed(), desk.poll().refusals) == ([("ops", "refused")], ())


def test_a_file_at_an_address_is_not_fetched_before_its_embargo_is_over(desk: Desk, web: Web) -> None:
    desk.load(f'paths = ["{web.address}/{EMBARGOED}"]')
    book = release(ENTRIES, {"burglary": 10}, "2022/23")
    web.pages[f"/{EMBARGOED}"] = Page(book.text.encode())
    web.pages[f"/{EMBARGOED.removesuffix('.csv')}.indicators.csv"] = Page(book.dictionary.encode())
    with capture_logs() as logged:
        assert [desk.statuses(), desk.statuses()] == [[], []]
    assert web.requests == []
    assert [event["event"] for event in logged].count("waits for the end of its embargo") == 1
    assert [line.place for line in waiting(desk)] == [f"{web.address}/{EMBARGOED}"]
    desk.now += timedelta(minutes=30)
    assert desk.statuses() == ["accepted"]
    assert waiting(desk) == []


def last_run(db: Database, job: str) -> tuple[str, str] | None:
    """When a job last finished, and how."""
    row = db.execute("SELECT finished, outcome FROM job_runs WHERE job = ? ORDER BY id DESC", (job,)).fetchone()
    return tuple(row) if row else None
