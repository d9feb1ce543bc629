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
from jobs import deciding
from jobs.errors import DecisionError, SourceError
from jobs.notices import DecidedNotice, HeldNotice, from_json
from jobs.pipeline import Outcome, ingest
from jobs.policy import Lead, Policy
from state import observations, outbox
from state.database import connect
from state.ledger import Decision
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy, release, without

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


def approve(db: Database, number: int, by: str, why: str = "", *codes: str) -> Outcome:
    return deciding.approve(db, Decision(number, "approve", by, why, codes), policy(), now=NOW)


def reject(db: Database, number: int, by: str, why: str = "", *codes: str) -> tuple[str, ...]:
    return deciding.reject(db, Decision(number, "reject", by, why, codes), now=NOW)


def look_again(db: Database, by: Policy) -> Outcome:
    return deciding.look_again(db, Decision(2, "look", "Ann (U1)"), by, now=NOW)


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
        approve(db, 7, "U1")
    with pytest.raises(DecisionError, match="is accepted and nothing of it is held"):
        reject(db, 1, "U1")
    assert list(db.execute("SELECT * FROM audit")) == []


def test_a_held_release_keeps_its_text_for_the_decision_and_forgets_it_after(db: Database) -> None:
    begin(db)
    older = release(ENTRIES, {**FIRST, "burglary": 26}, "2022/23").raw("b-2022-11-01.csv")
    assert ingest(db, older, policy(), now=NOW).status == "held"
    assert list(db.execute("SELECT name FROM staged")) == [("b-2022-11-01.csv",)]
    outcome = approve(db, 2, "U1", "fine")
    assert (outcome.status, outcome.revised_cells > 0) == ("accepted", True)
    assert list(db.execute("SELECT * FROM staged")) == []
    assert list(db.execute("SELECT status, decided_by, reason FROM releases WHERE id = 2")) == [
        ("accepted", "U1", "fine")
    ]


def test_a_date_given_beats_the_one_in_the_name(db: Database) -> None:
    raw = replace(release(ENTRIES, FIRST, "2022/23").raw("a-2023-11-01.csv"), published=date(2023, 12, 1))
    assert ingest(db, raw, policy(), now=NOW).snapshot == "2023-12-01/1"


LOST = [area for area in COUNTIES if area != COUNCIL][:8]
FORGIVING = replace(policy(), limits=replace(policy().limits, areas_lost=0.5, rows_lost=0.9, coverage_lost=0.5))
STRANGE = {area: figure * 9 for area, figure in at_place(26, level=90).items()}


def hold(db: Database, *doubtful: str, name: str = "b-2024-11-01.csv") -> Outcome:
    """A release of which some indicators are on another scale, and the others fine."""
    book = Book(ENTRIES)
    for entry in ENTRIES:
        book.add(entry.code, "2023/24", STRANGE if entry.code in doubtful else at_place(10, level=90))
    return take(db, book, name)


def hold_whole(db: Database, name: str = "b-2022-11-01.csv") -> Outcome:
    """An older release, held as a file."""
    return take(db, release(ENTRIES, {**FIRST, "burglary": 26}, "2022/23"), name)


def questions(db: Database, number: int) -> list[tuple[int, HeldNotice]]:
    """The messages that ask about a release."""
    rows = outbox.under(db, f"release/{number}/held/")
    return [(row.id, notice) for row in rows if isinstance(notice := from_json(row.payload), HeldNotice)]


def told(db: Database, message: int) -> list[DecidedNotice]:
    """What stands in the thread of a message that asks."""
    notices = [from_json(row.payload) for row in outbox.amendments(db, message)]
    return [notice for notice in notices if isinstance(notice, DecidedNotice)]


def test_an_approval_is_told_where_the_question_stands_and_closes_it(db: Database) -> None:
    begin(db)
    hold_whole(db)
    outcome = approve(db, 2, "Ann (U0ANN)", "checked with them")
    [(message, _)] = questions(db, 2)
    [notice] = told(db, message)
    assert (notice.verdict, notice.by, notice.day, notice.reason) == (
        "approve",
        "Ann",
        NOW.date().isoformat(),
        "checked with them",
    )
    assert (notice.indicators, notice.open, notice.failed) == ((), False, False)
    assert notice.outcome == f"accepted as snapshot {outcome.snapshot}; {len(outcome.changes)} changes"
    [(destination, amends)] = db.execute("SELECT destination, amends FROM outbox WHERE kind = 'decided'")
    assert (destination, amends) == ("ops", message)


def test_decisions_on_some_of_the_indicators_leave_the_question_open_until_the_last(db: Database) -> None:
    begin(db)
    hold(db, "burglary", "robbery")
    [(message, _)] = questions(db, 2)
    reject(db, 2, "Ann (U1)", "a slip", "robbery")
    approve(db, 2, "Bob (U2)", "it is so", "burglary")
    first, last = told(db, message)
    assert (first.verdict, first.indicators, first.open) == ("reject", ("Name of robbery",), True)
    assert first.outcome == "nothing of it is used; no rank was touched; 1 indicator is still held"
    assert (last.verdict, last.indicators, last.open) == ("approve", ("Name of burglary",), False)
    assert list(db.execute("SELECT actor, action FROM audit ORDER BY id")) == [
        ("Ann (U1)", "reject"),
        ("Bob (U2)", "approve"),
    ]


def test_a_later_release_that_states_the_same_is_told_where_the_earlier_was_asked_about(db: Database) -> None:
    begin(db)
    hold(db, "burglary", "robbery")
    [(message, _)] = questions(db, 2)
    later = Book(ENTRIES).add("robbery", "2023/24", at_place(12, level=90))
    take(db, later, "c-2024-12-01.csv")
    later = Book(ENTRIES).add("burglary", "2023/24", at_place(12, level=90))
    take(db, later, "d-2024-12-02.csv")
    first, last = told(db, message)
    assert (first.verdict, first.by, first.indicators, first.open) == ("superseded", "", ("Name of robbery",), True)
    assert first.outcome == "release 3 (c-2024-12-01.csv) has come since; 1 indicator is still held"
    assert (last.indicators, last.open) == ((), False)


def test_an_approval_that_brings_up_other_findings_asks_anew_and_closes_the_first_question(db: Database) -> None:
    begin(db)
    book = Book(ENTRIES).add("burglary", "2022/23", {**STRANGE, "W06000001": 5.0})
    assert take(db, book, "b-2024-11-01.csv").status == "held"
    assert approve(db, 2, "U1", "fine").status == "held"
    (first, _), (second, asked) = questions(db, 2)
    assert [notice.open for notice in told(db, first)] == [False]
    assert told(db, first)[0].outcome == "1 other finding came up and is asked about"
    assert [finding.indicator for finding in asked.findings] == ["burglary"]
    approve(db, 2, "U1", "fine")
    assert len(told(db, first)) == 1, "it is told once, in the thread that asks now"
    assert [notice.open for notice in told(db, second)] == [False]


def test_looking_again_with_other_limits_takes_in_what_is_found_no_more(db: Database) -> None:
    begin(db)
    hold(db, "burglary", "robbery")
    [(message, _)] = questions(db, 2)
    generous = replace(policy(), limits=replace(policy().limits, median_jump=100.0))
    outcome = look_again(db, generous)
    assert (outcome.status, outcome.held) == ("accepted", ())
    [notice] = told(db, message)
    assert (notice.verdict, notice.by, notice.open) == ("look", "Ann", False)
    assert notice.outcome.startswith(f"nothing is found any more; accepted as snapshot {outcome.snapshot}; ")
    assert list(db.execute("SELECT * FROM staged")) == []
    assert {state for (state,) in db.execute("SELECT state FROM findings")} == {"noted"}
    assert list(db.execute("SELECT actor, action, subject FROM audit")) == [("Ann (U1)", "look", "release 2")]
    with pytest.raises(DecisionError, match="nothing of it is held"):
        look_again(db, generous)


def test_looking_again_at_what_is_as_it_was_leaves_it_held_and_asks_nobody_twice(db: Database) -> None:
    begin(db)
    hold(db, "burglary")
    [(message, _)] = questions(db, 2)
    before = list(db.execute("SELECT * FROM findings"))
    outcome = look_again(db, policy())
    assert (outcome.status, outcome.held) == ("held", ("burglary",))
    assert [(notice.outcome, notice.open) for notice in told(db, message)] == [("still held: the same is found", True)]
    assert len(questions(db, 2)) == 1
    assert list(db.execute("SELECT * FROM findings")) == before
    assert len(list(db.execute("SELECT * FROM staged"))) == 1


def test_looking_again_takes_in_part_and_leaves_the_rest_open(db: Database) -> None:
    begin(db)
    book = Book((Entry("burglary", unit="%"), *ENTRIES[1:]))
    book.add("burglary", "2023/24", at_place(10, level=90)).add("robbery", "2023/24", STRANGE)
    book.add("potholes", "2023/24", at_place(10, level=90))
    assert take(db, book, "b-2024-11-01.csv").held == ("burglary", "robbery")
    [(message, _)] = questions(db, 2)
    entry = Indicator("burglary", "Burglary", POLICE, Polarity.parse("high"), "%", decimals=2)
    changed = policy(catalogue=Catalogue({"burglary": entry}, {POLICE: Theme(POLICE)}))
    outcome = look_again(db, changed)
    assert (outcome.status, outcome.held) == ("accepted", ("robbery",))
    [notice] = told(db, message)
    assert notice.open
    assert notice.outcome.endswith("; still held: 1 finding left")
    assert len(questions(db, 2)) == 1


def test_looking_again_at_a_release_held_whole_judges_it_as_if_it_came_now(db: Database) -> None:
    begin(db)
    book = Book(ENTRIES)
    for code, place in FIRST.items():
        book.add(code, "2023/24", without(at_place(place, level=90), *LOST))
    assert take(db, book, "b-2024-11-01.csv").status == "held"
    [(message, _)] = questions(db, 2)
    assert look_again(db, policy()).status == "held"
    outcome = look_again(db, FORGIVING)
    assert outcome.status == "accepted"
    assert [notice.open for notice in told(db, message)] == [True, False]
    assert list(db.execute("SELECT status, decided_by FROM releases WHERE id = 2")) == [("accepted", "Ann (U1)")]
    assert list(db.execute("SELECT * FROM staged")) == []


def test_looking_again_that_finds_something_else_asks_anew_and_closes_the_first_question(db: Database) -> None:
    begin(db)
    book = Book(ENTRIES)
    for entry in ENTRIES:
        book.add(entry.code, "2023/24", without(STRANGE, *LOST))
    assert take(db, book, "b-2024-11-01.csv").status == "held"
    outcome = look_again(db, FORGIVING)
    assert (outcome.status, len(outcome.findings)) == ("held", 3)
    (first, _), (second, asked) = questions(db, 2)
    assert [(notice.outcome, notice.open) for notice in told(db, first)] == [
        ("3 findings now, asked about anew below", False)
    ]
    assert {finding.check for finding in asked.findings} == {"median_jump"}
    assert look_again(db, policy()).status == "held"
    assert [notice.open for notice in told(db, second)] == [False], "what was found at first is asked about once more"
    assert len(questions(db, 2)) == 3
    assert questions(db, 2)[2][1].findings == questions(db, 2)[0][1].findings


def test_an_older_release_stays_an_older_one_when_it_is_looked_at_again(db: Database) -> None:
    begin(db)
    hold_whole(db)
    assert look_again(db, policy()).status == "held"
    [(message, _)] = questions(db, 2)
    assert [notice.outcome for notice in told(db, message)] == ["still held: the same is found"]
