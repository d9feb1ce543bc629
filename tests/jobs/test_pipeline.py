"""One release through the pipeline, at its inner door: what an outcome says and what it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from engine.catalogue import Catalogue, Indicator, Polarity, Theme
from engine.changes import Cause, Kind
from jobs.errors import DecisionError, SourceError
from jobs.pipeline import Outcome, approve, ingest, reject
from jobs.policy import Lead, Policy
from state import observations
from state.database import connect
from tests.system.releases import COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy, release

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))
FIRST = {"burglary": 10, "robbery": 12, "potholes": 3}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str, by: Policy | None = None) -> Outcome:
    return ingest(db, book.raw(name), by or policy(), now=NOW)


def begin(db: Database, by: Policy | None = None) -> Outcome:
    return take(db, release(ENTRIES, FIRST, "2022/23"), "a-2023-11-01.csv", by)


def test_an_accepted_release_says_what_it_brought(db: Database) -> None:
    outcome = begin(db)
    assert (outcome.release, outcome.status, outcome.snapshot) == (1, "accepted", "2023-11-01/1")
    assert (outcome.new_cells, outcome.revised_cells, outcome.owed) == (3 * len(COUNTIES), 0, 1)
    assert {change.kind for change in outcome.changes} == {Kind.BASELINE}


def test_two_releases_of_one_day_are_two_snapshots_of_it(db: Database) -> None:
    begin(db)
    entries = (*ENTRIES, Entry("litter", ROADS))
    assert take(db, release(entries, {"litter": 5}, "2022/23"), "b-2023-11-01.csv").snapshot == "2023-11-01/2"


def test_a_release_without_a_date_is_known_from_today(db: Database) -> None:
    outcome = take(db, release(ENTRIES, FIRST, "2022/23"), "undated.csv")
    assert outcome.snapshot == f"{NOW.date()}/1"


def test_districts_regions_and_england_are_left_out_of_the_ranks_without_complaint(db: Database) -> None:
    book = release(ENTRIES, {"burglary": 10}, "2022/23")
    book.add("burglary", "2022/23", {"E92000001": 500.0, "E12000004": 400.0, "E07000129": 300.0})
    outcome = take(db, book, "a-2023-11-01.csv")
    assert (outcome.status, outcome.new_cells) == ("accepted", len(COUNTIES) + 1)
    assert list(db.execute('SELECT DISTINCT "of" FROM ranks')) == [(len(COUNTIES),)]


def test_where_file_and_catalogue_describe_an_indicator_the_catalogue_wins_with_a_note(db: Database) -> None:
    entry = Indicator("burglary", "Burglaries", POLICE, Polarity.parse("low"), decimals=2)
    catalogue = Catalogue({"burglary": entry}, {POLICE: Theme(POLICE)})
    outcome = begin(db, policy(catalogue=catalogue))
    assert any("described otherwise in the catalogue, which wins: burglary" in note for note in outcome.notes)
    assert observations.load_indicators(db)["burglary"] == entry
    [(rank,)] = db.execute(
        "SELECT rank FROM ranks JOIN indicators ON indicators.id = indicator_id JOIN areas ON areas.id = area_id "
        "WHERE indicators.code = 'burglary' AND areas.code = 'E10000018'"
    )
    assert rank == len(COUNTIES) + 1 - 10


def test_a_changed_catalogue_entry_is_a_change_of_method_without_an_alert(db: Database) -> None:
    begin(db)
    entry = Indicator("burglary", "Burglaries", POLICE, Polarity.parse("low"), decimals=2)
    catalogue = Catalogue({"burglary": entry}, {POLICE: Theme(POLICE)})
    book = release((), {"burglary": 4, "robbery": 12, "potholes": 3}, "2023/24", level=90)
    outcome = take(db, book, "b-2024-11-01.csv", policy(catalogue=catalogue))
    [change] = [change for change in outcome.changes if change.indicator == "burglary"]
    assert (change.kind, change.cause, change.alerts) == (Kind.ENTERED, Cause.METHOD, False)


def test_an_indicator_nobody_describes_refuses_the_file_and_leaves_nothing(db: Database) -> None:
    with pytest.raises(
        SourceError, match=r"'arson' and 1 more is described neither in the catalogue nor in a.indicators.csv"
    ):
        take(db, Book(ENTRIES).add("arson", "2022/23", at_place(1)).add("theft", "2022/23", at_place(1)), "a.csv")
    assert list(db.execute("SELECT * FROM releases")) == []


def test_an_indicator_described_once_need_not_be_described_again(db: Database) -> None:
    begin(db)
    outcome = take(db, release((), FIRST, "2023/24", level=90), "b-2024-11-01.csv")
    assert (outcome.status, outcome.new_cells) == ("accepted", 3 * len(COUNTIES))


def test_each_notice_is_owed_to_its_destination_with_the_changes_of_its_themes(db: Database) -> None:
    leads = (Lead("Safety", frozenset({POLICE})), Lead("Roads", frozenset({ROADS})))
    begin(db, policy(leads=leads))
    moved = release(ENTRIES, {"burglary": 26, "robbery": 12, "potholes": 3}, "2023/24", level=90)
    outcome = take(db, moved, "b-2024-11-01.csv", policy(leads=leads))
    assert outcome.owed == 2
    rows = list(db.execute("SELECT key, destination, payload FROM outbox WHERE kind = 'release_alert' ORDER BY id"))
    assert [row[1] for row in rows] == ["team", "lead:Safety"]
    assert [row[0] for row in rows] == ["release/2/snapshot/2/team", "release/2/snapshot/2/lead:Safety"]
    counted = {}
    for _, destination, payload in rows:
        alert = json.loads(payload)
        assert {line["change"]["theme"] for line in alert["moved"]} == {POLICE}
        counted[destination] = (alert["bottom"], alert["judged"])
    assert counted == {"team": (1, 3), "lead:Safety": (1, 2)}


def test_deciding_without_anything_held_says_so_and_changes_nothing(db: Database) -> None:
    begin(db)
    with pytest.raises(DecisionError, match="there is no release 7"):
        approve(db, 7, policy(), now=NOW, actor="U1")
    with pytest.raises(DecisionError, match="is accepted and nothing of it is held"):
        reject(db, 1, now=NOW, actor="U1")
    assert list(db.execute("SELECT * FROM audit")) == []


def test_a_held_release_keeps_its_text_for_the_decision_and_forgets_it_after(db: Database) -> None:
    begin(db)
    older = release(ENTRIES, {**FIRST, "burglary": 26}, "2022/23").raw("b-2022-11-01.csv")
    assert ingest(db, older, policy(), now=NOW).status == "held"
    assert list(db.execute("SELECT name FROM staged")) == [("b-2022-11-01.csv",)]
    outcome = approve(db, 2, policy(), now=NOW, actor="U1", reason="fine")
    assert (outcome.status, outcome.revised_cells > 0) == ("accepted", True)
    assert list(db.execute("SELECT * FROM staged")) == []
    assert list(db.execute("SELECT status, decided_by, reason FROM releases WHERE id = 2")) == [
        ("accepted", "U1", "fine")
    ]


def test_a_date_given_beats_the_one_in_the_name(db: Database) -> None:
    raw = replace(release(ENTRIES, FIRST, "2022/23").raw("a-2023-11-01.csv"), published=date(2023, 12, 1))
    assert ingest(db, raw, policy(), now=NOW).snapshot == "2023-12-01/1"
