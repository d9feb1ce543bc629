"""What is stored of releases: current figures, what each revision replaced, and ranks only where they differ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from engine.panel import ABSENT, Panel
from jobs.pipeline import Outcome, ingest
from state import export as tables
from state import ledger, observations, outbox, snapshots
from state.database import connect, unit
from tests.system.releases import COUNTIES, NOW, ROADS, Book, Entry, at_place, policy, release

ENTRIES = (Entry("burglary"), Entry("potholes", ROADS))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str) -> Outcome:
    outcome = ingest(db, book.raw(name), policy(), now=NOW)
    assert outcome.status == "accepted", outcome
    return outcome


def begin(db: Database) -> Outcome:
    return take(db, release(ENTRIES, {"burglary": 10, "potholes": 3}, "2022/23"), "a-2023-11-01.csv")


def count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def panel(db: Database, as_of: int | None = None) -> Panel:
    return observations.load_panel(db, COUNTIES, as_of)


def same(left: Panel, right: Panel) -> bool:
    figures = all(
        np.array_equal(getattr(left, field), getattr(right, field), equal_nan=True)
        for field in ("values", "status", "lower", "upper")
    )
    return figures and left.labels == right.labels and left.indicators == right.indicators


def test_a_revision_of_some_cells_logs_those_and_no_others(db: Database) -> None:
    begin(db)
    assert count(db, "revisions") == 0
    figures = at_place(10)
    changed = dict(list({area: figure + 0.25 for area, figure in figures.items()}.items())[:7])
    book = Book(ENTRIES).add("burglary", "2022/23", figures | changed).add("potholes", "2022/23", at_place(3))
    outcome = take(db, book, "b-2024-02-01.csv")
    assert (outcome.new_cells, outcome.revised_cells) == (0, 7)
    assert count(db, "revisions") == 7
    logged = {value for (value,) in db.execute("SELECT value FROM revisions")}
    assert logged == {figures[area] for area in changed}


def test_limits_and_labels_that_changed_come_back_as_they_were(db: Database) -> None:
    """One cell revised again and again, with limits and without, under a label that says provisional first."""
    labels, widths, then = ("2023 (prov)", "2023 (prov)", "2023"), (2.0, None, 1.0), list[Panel]()
    for at, (label, width) in enumerate(zip(labels, widths, strict=True)):
        book = Book(ENTRIES, header=("indicator", "area_code", "period", "value", "lower_ci", "upper_ci"))
        for area, value in at_place(10 + at).items():
            limits = ("", "") if width is None else (value - width, value + width)
            book.rows.append(("burglary", area, label, value, *limits))
        take(db, book, f"{at}-2024-0{at + 1}-01.csv")
        then.append(panel(db))
    for at, known in enumerate(then, start=1):
        assert same(panel(db, as_of=at), known)
    widths_then = [float(np.nanmax(known.upper - known.lower, initial=0)) for known in then]
    assert widths_then == [4.0, 0.0, 2.0]
    assert [known.labels for known in then] == [(label,) for label in labels]


def test_new_periods_log_nothing(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"burglary": 11, "potholes": 3}, "2023/24", level=90), "b-2024-11-01.csv")
    assert count(db, "revisions") == 0
    assert count(db, "observations") == 4 * len(COUNTIES)


def test_the_panel_of_every_earlier_snapshot_can_be_had_again(db: Database) -> None:
    seen = []
    for number, (place, period) in enumerate([(10, "2021/22"), (20, "2021/22"), (5, "2022/23"), (30, "2021/22")]):
        book = Book(ENTRIES).add("burglary", period, at_place(place, level=100 - number))
        if number == 3:
            book.add("burglary", "2022/23", at_place(5, level=98))
        take(db, book, f"e-{2021 + number}-11-01.csv")
        seen.append(panel(db))
    for number, then in enumerate(seen, start=1):
        assert same(panel(db, number), then), number


def test_a_value_withdrawn_to_blank_is_a_revision_and_comes_back_as_of_before(db: Database) -> None:
    begin(db)
    before = panel(db)
    book = (
        Book(ENTRIES)
        .add("burglary", "2022/23", {**at_place(10), "E10000012": ""})
        .add("potholes", "2022/23", at_place(3))
    )
    assert take(db, book, "b-2024-02-01.csv").revised_cells == 1
    now = panel(db)
    column = now.areas.index("E10000012")
    assert math.isnan(now.values[0, column])
    assert now.status[0, column] != ABSENT, "stated without a value is not never stated"
    assert same(panel(db, 1), before)


def test_of_two_snapshots_the_second_stores_only_what_changed(db: Database) -> None:
    begin(db)
    assert count(db, "ranks") == 2 * len(COUNTIES)
    book = Book(ENTRIES).add("potholes", "2022/23", at_place(3)).add("burglary", "2022/23", at_place(10))
    second = dict(at_place(10))
    own = "E10000018"
    neighbour = next(area for area, figure in second.items() if figure == second[own] - 1)
    second[own], second[neighbour] = second[neighbour], second[own]
    book.rows = []
    book.add("burglary", "2022/23", second).add("potholes", "2022/23", at_place(3))
    take(db, book, "b-2024-02-01.csv")
    fresh = list(db.execute("SELECT count(*) FROM ranks WHERE from_snapshot = 2"))
    closed = list(db.execute("SELECT count(*) FROM ranks WHERE until_snapshot = 2"))
    assert (fresh, closed) == ([(2,)], [(2,)])
    assert list(db.execute("SELECT count(*) FROM theme_ranks WHERE from_snapshot = 2")) == [(2,)]


def test_ranks_of_an_earlier_snapshot_are_exported_as_they_were(db: Database) -> None:
    begin(db)
    then = list(tables.rows(db, "ranks", snapshot=1, area=None))
    take(db, release(ENTRIES, {"burglary": 25, "potholes": 4}, "2023/24", level=90), "b-2024-11-01.csv")
    assert list(tables.rows(db, "ranks", snapshot=1, area=None)) == then
    assert list(tables.rows(db, "ranks", snapshot=2, area=None)) != then
    assert snapshots.snapshot_on(db, "2024-10-31") == 1
    assert snapshots.snapshot_on(db, "2024-11-01") == 2
    assert snapshots.snapshot_on(db, "2023-10-31") is None


def test_no_number_is_stored_as_anything_but_a_number(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"burglary": 27, "potholes": 4}, "2023/24", level=90), "b-2024-11-01.csv")
    figures = {area: figure * 9 for area, figure in at_place(3).items()}
    take(
        db,
        Book(ENTRIES).add("burglary", "2024/25", at_place(9)).add("potholes", "2024/25", figures),
        "c-2025-11-01.csv",
    )
    allowed = {
        "INTEGER": {"integer", "null"},
        "REAL": {"real", "null"},
        "TEXT": {"text", "null"},
        "BLOB": {"blob", "null"},
    }
    found = {}
    for (table,) in list(
        db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'")
    ):
        for column, kind in db.execute("SELECT name, type FROM pragma_table_info(?)", [table]):
            kinds = {one for (one,) in db.execute(f'SELECT DISTINCT typeof("{column}") FROM {table}')}  # noqa: S608
            if not kinds <= allowed[kind]:
                found[f"{table}.{column}"] = kinds
    assert found == {}
    assert count(db, "staged") == 1


def test_an_ingest_that_fails_late_leaves_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(db)
    before = {table: list(db.execute(f"SELECT * FROM {table}")) for table in db.table_names()}  # noqa: S608

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(outbox, "owe", fail)
    book = release(ENTRIES, {"burglary": 27, "potholes": 4}, "2023/24", level=90)
    with pytest.raises(MemoryError):
        ingest(db, book.raw("b-2024-11-01.csv"), policy(), now=NOW)
    assert {table: list(db.execute(f"SELECT * FROM {table}")) for table in db.table_names()} == before  # noqa: S608
    monkeypatch.undo()
    assert take(db, book, "b-2024-11-01.csv").owed == 1


def test_a_message_is_owed_once_under_its_key(db: Database) -> None:
    with unit(db):
        once = [outbox.owe(db, key="k", destination="team", kind="source", payload="{}", now="") for _ in range(2)]
    assert once == [1, None]
    assert count(db, "outbox") == 1


def test_old_runs_of_a_job_are_forgotten_and_other_jobs_are_not_touched(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "RUNS_KEPT", 3)
    with unit(db):
        ledger.record_run(db, "digest", started="", finished="d", outcome="done", detail="")
        for number in range(9):
            ledger.record_run(db, "poll", started="", finished=str(number), outcome="done", detail="")
    assert last_run(db, "poll") == ("8", "done")
    assert last_run(db, "digest") == ("d", "done")
    assert count(db, "job_runs") <= 5


def test_decisions_wait_in_order_until_they_are_closed(db: Database) -> None:
    with unit(db):
        for release_number, codes in ((2, ("a", "b")), (1, ())):
            ledger.ask_decision(db, ledger.Decision(release_number, "approve", "U1", "why", codes), at="")
    first, second = ledger.open_decisions(db)
    assert (first.release, first.indicators, second.indicators) == (2, ("a", "b"), ())
    with unit(db):
        ledger.close_decision(db, first.id, "done")
    assert ledger.open_decisions(db) == [second]


def last_run(db: Database, job: str) -> tuple[str, str] | None:
    """When a job last finished, and how."""
    row = db.execute("SELECT finished, outcome FROM job_runs WHERE job = ? ORDER BY id DESC", (job,)).fetchone()
    return tuple(row) if row else None
