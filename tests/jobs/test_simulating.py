"""Stored history replayed: by the same rules it brings what is stored, by others what they would have stored."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from engine.catalogue import Catalogue, Composite, Polarity
from engine.changes import Cause, Change, Thresholds
from engine.snapshot import Rules
from jobs import simulating
from jobs.deciding import approve
from jobs.errors import JobsError
from jobs.pipeline import ingest
from jobs.policy import Policy
from jobs.ranking import catalogue_now
from jobs.simulating import Simulation, Tally, simulate
from jobs.telling import owe_first_fill
from jobs.tidy import date_in
from state.database import Database, connect, connect_reader, unit
from state.ledger import Decision
from state.snapshots import read_change
from tests.system.releases import COUNCIL, COUNTIES, POLICE, ROADS, Book, Entry, at_place, policy, tied_at, without

OVERALL = "Overall Outcomes"
CATALOGUE = Catalogue(composites={OVERALL: Composite(OVERALL)})
LIMITED = ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci")
ENTRIES = tuple(
    Entry(f"{theme[0].lower()}{number}", theme) for theme in (POLICE, ROADS, "Health - Adult") for number in range(4)
)
MORNING = time(9, tzinfo=UTC)


def today() -> Policy:
    return policy(catalogue=CATALOGUE)


@dataclass
class History:
    """Releases by file name, in order; and which of them are approved afterwards, on which day."""

    books: dict[str, Book] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)

    def take_in(self, path: Path, by: Policy, *, after_first: Callable[[Database], object] | None = None) -> Database:
        """A database that took the releases in, each on the day it was published."""
        db = connect(path)
        for name, book in self.books.items():
            day = date_in(name)
            assert day is not None
            outcome = ingest(db, book.raw(name), by, now=datetime.combine(day, MORNING), path=path)
            if name in self.approved:
                assert outcome.findings, name
                then = datetime.combine(date.fromisoformat(self.approved[name]), MORNING)
                approve(db, Decision(outcome.release, "approve", "test"), by, now=then, path=path)
            else:
                assert (outcome.status, outcome.findings) == ("accepted", ()), (name, outcome)
            if after_first and outcome.release == 1:
                after_first(db)
        return db


def book(**figures: Mapping[str, object]) -> Book:
    """A release of figures by indicator and period, as ``p0_2023`` for 2023/24."""
    made = Book(ENTRIES)
    for key, values in figures.items():
        code, _, year = key.partition("_")
        made.add(code, f"{year}/{int(year[2:]) + 1:02d}", values)
    return made


def limited(code: str, year: int, figures: Mapping[str, float], width: float | None) -> list[tuple[object, ...]]:
    """Rows with published limits half as wide on each side; without where there is no width."""
    period = f"{year}/{year % 100 + 1:02d}"
    around = {
        area: ("", "") if width is None else (value - width / 2, value + width / 2) for area, value in figures.items()
    }
    return [(code, area, period, value, *around[area]) for area, value in figures.items()]


# --- histories -------------------------------------------------------------------------------------


def wandering() -> History:
    """Three themes whose indicators wander: new periods, revisions, areas that come and go, indicators that join."""
    chance, history, day = random.Random(20240326), History(), date(2021, 1, 11)
    at = {entry.code: chance.randint(8, 30) for entry in ENTRIES}
    year = dict.fromkeys(at, 2015)
    for number in range(7):
        made = Book(ENTRIES)
        for code in year:
            if number == 0 and code in {"p3", "t3"}:
                continue  # joins later
            what = "new" if number == 0 else chance.choice(("new", "new", "revised", "nothing"))
            if what == "nothing":
                continue
            year[code] += what == "new"
            at[code] = min(max(at[code] + chance.randint(-9, 9), 1), 31)
            gone = chance.sample([area for area in COUNTIES if area != COUNCIL], chance.choice((0, 0, 4)))
            place = min(at[code], 31 - len(gone))
            figures = at_place(place, areas=without(dict.fromkeys(COUNTIES, 0.0), *gone), seed=chance.randint(1, 99))
            made.add(code, f"{year[code]}/{(year[code] + 1) % 100:02d}", figures | dict.fromkeys(gone, ""))
        history.books[f"{number}-{day}.csv"] = made
        day += timedelta(days=chance.choice((20, 45, 70)))
    return history


def corrected() -> History:
    """An alert that a revision undoes, one that it alters, one revised too late; then the withdrawn one once more."""
    return History(
        {
            "a-2023-11-01.csv": book(
                p0_2022=at_place(10), p1_2022=at_place(12), t0_2022=at_place(3), t1_2022=at_place(4)
            ),
            "b-2024-11-01.csv": book(
                p0_2023=at_place(28), p1_2023=at_place(29), t0_2023=at_place(26), t1_2023=at_place(27)
            ),
            "c-2024-11-20.csv": book(p0_2023=at_place(10, seed=2), t0_2023=at_place(30, seed=2)),
            "d-2024-12-10.csv": book(p0_2023=at_place(28, seed=3)),
            "e-2025-02-20.csv": book(p1_2023=at_place(8, seed=4)),
        }
    )


def only_counted() -> History:
    """Comparators without a figure, then indicators that join: what moves is counted, and nothing told one by one."""
    missing = [area for area in COUNTIES if area != COUNCIL][:6]
    few = without(at_place(23), *missing)
    return History(
        {
            "a-2023-11-01.csv": book(p0_2022=at_place(23), p1_2022=at_place(23), t0_2022=at_place(3)),
            "b-2024-11-01.csv": book(
                p0_2022=few | dict.fromkeys(missing, ""), p1_2022=few | dict.fromkeys(missing, "")
            ),
            "c-2024-12-01.csv": book(t1_2023=at_place(31), t2_2023=at_place(30)),
        }
    )


def held_and_approved() -> History:
    """A part of a release that is let through later, as a snapshot of its own."""
    jumped = {area: 6 * value for area, value in at_place(30, level=90).items()}
    return History(
        {
            "a-2023-11-01.csv": book(p0_2022=at_place(10), p1_2022=at_place(12), t0_2022=at_place(3)),
            "b-2024-11-01.csv": book(p0_2023=jumped, p1_2023=at_place(30)),
        },
        {"b-2024-11-01.csv": "2024-11-05"},
    )


def relabelled() -> History:
    """A series taken over whole under other labels: a new baseline for it and its theme; then it moves once more."""
    return History(
        {
            "a-2023-11-01.csv": book(
                p0_2021=at_place(12, level=95, seed=2), p0_2022=at_place(12), p1_2022=at_place(3), t0_2022=at_place(3)
            ),
            "b-2024-11-01.csv": book(
                p0_2022=at_place(12, level=95, seed=2), p0_2023=at_place(30), t0_2023=at_place(28)
            ),
            "c-2025-11-01.csv": book(p0_2024=at_place(3, seed=5)),
        },
        {"b-2024-11-01.csv": "2024-11-05"},
    )


def relabelled_alone() -> History:
    """The same, held as a whole release because nothing else is in it."""
    history = relabelled()
    second = history.books["b-2024-11-01.csv"]
    second.rows = [row for row in second.rows if row[0] == "p0"]
    return history


def with_limits() -> History:
    """Margins of error: an entry within them, a clear one, an improvement in the bottom quartile; limits that go."""
    first, second, third, fourth = (Book(ENTRIES, header=LIMITED) for _ in range(4))
    first.rows += limited("p0", 2021, at_place(20), 4.0) + limited("p1", 2021, at_place(20), 0.5)
    first.rows += limited("p2", 2021, at_place(30, level=90), 0.5)
    second.rows += limited("p0", 2022, at_place(25), 12.0) + limited("p1", 2022, at_place(31), 0.5)
    second.rows += limited("p2", 2022, at_place(28, level=98), 0.5)
    third.rows += limited("p0", 2022, at_place(26, seed=2), None)
    fourth.rows += limited("p0", 2022, at_place(27, seed=3), 2.0)
    names = ("a-2022-11-01.csv", "b-2023-11-01.csv", "c-2024-11-01.csv", "d-2024-12-01.csv")
    return History(dict(zip(names, (first, second, third, fourth), strict=True)))


def remarked() -> History:
    """A period whose label says provisional, then not any more, with figures that undo an alert."""
    first, second, third = (Book(ENTRIES) for _ in range(3))
    for code in ("p0", "p1"):
        first.add(code, "2022", at_place(10))
        second.add(code, "2023 (prov)", at_place(28))
        third.add(code, "2023", at_place(9, seed=2))
    return History({"a-2023-11-01.csv": first, "b-2024-11-01.csv": second, "c-2024-11-20.csv": third})


def tied() -> History:
    """Ties at the line, and a theme that drifts by one place at a time."""
    return History(
        {
            f"{number}-{2019 + number}-11-01.csv": book(
                **{f"p0_{2018 + number}": tied_at(22 + number, others=2), f"p1_{2018 + number}": at_place(10 + number)}
            )
            for number in range(5)
        }
    )


Setting = tuple[str, str | int]
MOVE_2, MOVE_3, MOVE_5 = (("min_theme_move", least) for least in (2, 3, 5))
DIGEST, VALUE = ("within_margin", "digest"), ("quartile_rule", "value")

CHANGED: dict[Setting, Callable[[Policy], Policy]] = {
    MOVE_2: lambda by: replace(by, thresholds=Thresholds(2, by.thresholds.composite)),
    MOVE_3: lambda by: replace(by, thresholds=Thresholds(3, by.thresholds.composite)),
    MOVE_5: lambda by: replace(by, thresholds=Thresholds(5, by.thresholds.composite)),
    DIGEST: lambda by: replace(by, within_margin="digest"),
    VALUE: lambda by: replace(by, rules=Rules(quartile_rule="value")),
}

HISTORIES: dict[Callable[[], History], tuple[Setting, ...]] = {
    wandering: (MOVE_2, MOVE_5, VALUE),
    corrected: (MOVE_5, VALUE),
    only_counted: (MOVE_5,),
    held_and_approved: (),
    relabelled: (VALUE,),
    relabelled_alone: (),
    with_limits: (MOVE_3, DIGEST, VALUE),
    remarked: (),
    tied: (MOVE_2, MOVE_3),
}
"""Each with the settings by which it is taken in once more."""


# --- what is stored ---------------------------------------------------------------------------------


Line = tuple[int, Change]


def stored_changes(db: Database) -> Counter[Line]:
    cursor = db.execute("SELECT * FROM changes WHERE kind <> 'baseline'")
    heads = [column[0] for column in cursor.description]
    rows = [dict(zip(heads, row, strict=True)) for row in cursor]
    return Counter((row["release_id"], read_change(row)) for row in rows)


def stored_messages(db: Database) -> list[tuple[int, int]]:
    """The team's alerts: of which release, and how many changes they tell one by one."""
    rows = db.execute(
        "SELECT json_extract(payload, '$.release.id'), json_array_length(payload, '$.moved') FROM outbox "
        "WHERE kind = 'release_alert' AND destination = 'team' ORDER BY id"
    )
    return [(int(release), int(told)) for release, told in rows]


def stored_corrections(db: Database) -> Counter[str]:
    rows = db.execute(
        "SELECT coalesce(json_extract(line.value, '$.told.indicator'), json_extract(line.value, '$.told.theme')) "
        "FROM outbox, json_each(payload, '$.lines') AS line WHERE kind = 'correction' AND destination = 'team'"
    )
    return Counter(subject for (subject,) in rows)


def fired(tally: Tally) -> Counter[Line]:
    return Counter((one.release, one.change) for one in tally.fired)


def messages(tally: Tally) -> list[tuple[int, int]]:
    return [(one.release, one.changes) for one in tally.messages]


def corrections(tally: Tally) -> Counter[str]:
    return Counter(one.change.indicator or one.change.theme for one in tally.fired if one.how == "corrected")


def assert_as_stored(tally: Tally, db: Database) -> None:
    assert fired(tally) == stored_changes(db)
    assert messages(tally) == stored_messages(db)
    assert corrections(tally) == stored_corrections(db)


@dataclass(frozen=True)
class Replayed:
    """A history as stored by today's rules, its replay, and how to take it in by others."""

    made: Callable[[], History]
    db: Database
    found: Simulation
    folder: Path

    def variant(self, setting: Setting) -> Tally:
        return next(one for one in self.found.variants if (one.setting, one.value) == setting)


@pytest.fixture(scope="module", params=HISTORIES, ids=lambda made: str(made.__name__))
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("replayed")
    db = request.param().take_in(folder / "today.db", today())
    yield Replayed(request.param, db, simulate(db, today()), folder)
    db.close()


def test_by_the_rules_it_was_taken_in_with_the_replay_is_what_is_stored(replayed: Replayed) -> None:
    assert fired(replayed.found.today), "a history in which nothing moves shows nothing"
    assert_as_stored(replayed.found.today, replayed.db)


def test_each_other_setting_brings_what_a_database_taken_in_by_it_holds(replayed: Replayed) -> None:
    assert {(one.setting, one.value) for one in replayed.found.variants} == CHANGED.keys()
    for setting in HISTORIES[replayed.made]:
        db = replayed.made().take_in(replayed.folder / f"{setting}.db", CHANGED[setting](today()))
        assert_as_stored(replayed.variant(setting), db)
        db.close()


def test_what_the_histories_show_is_there_to_be_got_wrong(tmp_path: Path) -> None:
    """Each way to fire, each cause that alerts or does not, and each variant making a difference somewhere."""
    ways: set[str] = set()
    causes: set[Cause | None] = set()
    differing: set[Setting] = set()
    for made in (only_counted, with_limits, tied):
        db = made().take_in(tmp_path / f"{made.__name__}.db", today())
        found = simulate(db, today())
        ways |= {one.how for one in found.today.fired}
        causes |= {one.change.cause for one in found.today.fired}
        differing |= {(one.setting, one.value) for one in found.variants if one.told() != found.today.told()}
        db.close()
    assert ways == {"told", "counted", "corrected"}
    assert causes == {Cause.PERFORMANCE, Cause.REVISION, Cause.COMPARATORS, Cause.BASKET}
    assert differing == CHANGED.keys()


@pytest.fixture(scope="module")
def wanderings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    db = wandering().take_in(tmp_path_factory.mktemp("wandering") / "benchwatch.db", today())
    yield db
    db.close()


@pytest.fixture(scope="module")
def wandered(wanderings: Database) -> Simulation:
    return simulate(wanderings, today())


def test_a_snapshot_that_was_let_go_is_made_anew_the_same(
    wanderings: Database, wandered: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "KEPT", 1)
    assert simulate(wanderings, today()) == wandered


def test_by_another_rule_today_the_history_taken_in_by_the_first_is_replayed_by_that(
    wanderings: Database, wandered: Simulation
) -> None:
    first, other = wandered, simulate(wanderings, CHANGED[VALUE](CHANGED[MOVE_2](today())))
    assert other.settings == {"min_theme_move": 2, "within_margin": "alert", "quartile_rule": "value"}
    assert {one.value for one in other.variants if one.setting == "min_theme_move"} == {1, 3, 5}
    (rank,) = (one for one in other.variants if one.setting == "quartile_rule")
    (move_2,) = (one for one in first.variants if (one.setting, one.value) == MOVE_2)
    assert rank.fired == move_2.fired
    (value,) = (one for one in first.variants if (one.setting, one.value) == VALUE)
    (move_1,) = (one for one in other.variants if (one.setting, one.value) == ("min_theme_move", 1))
    assert move_1.fired == value.fired


def test_another_direction_in_todays_catalogue_holds_from_the_first_release_on(wanderings: Database) -> None:
    """No change is put down to the method: what the catalogue says today is said of every snapshot."""
    turned = {entry.code: entry for entry in catalogue_now(wanderings, today())[0].indicators.values()}
    turned["p0"] = replace(turned["p0"], polarity=Polarity("low"))
    found = simulate(wanderings, policy(catalogue=replace(CATALOGUE, indicators=turned)))
    assert {one.change.cause for one in found.today.fired} <= {Cause.PERFORMANCE, Cause.REVISION, Cause.COMPARATORS}
    assert fired(found.today) != stored_changes(wanderings)


@pytest.mark.parametrize(("filled", "told"), [(False, []), (True, [(2, 0)])], ids=["filling", "filled"])
def test_what_is_only_counted_brings_no_message_while_the_publishers_are_first_looked_at(
    tmp_path: Path, filled: bool, told: list[tuple[int, int]]
) -> None:
    """Nor does it afterwards where a publisher's release brings new indicators, and themes move by these alone."""
    by = replace(today(), publishers=("file",))

    def fill(db: Database) -> None:
        with unit(db):
            owe_first_fill(db, by, datetime(2023, 11, 2, tzinfo=UTC))

    db = only_counted().take_in(tmp_path / "benchwatch.db", by, after_first=fill if filled else None)
    assert messages(simulate(db, by).today) == stored_messages(db) == told
    db.close()


# --- from a day on ----------------------------------------------------------------------------------


def growing() -> History:
    """As wandering, but each release states everything that came before it as well."""
    history, known = wandering(), dict[tuple[object, ...], object]()
    for made in history.books.values():
        known |= {(code, area, period): figure for code, area, period, figure in made.rows}
        made.rows = [(*cell, figure) for cell, figure in known.items()]
    return history


@pytest.mark.parametrize(("start", "exactly"), [(3, True), (5, False)], ids=["on its day", "since the one before"])
def test_from_a_day_on_it_is_as_if_the_release_before_had_been_the_first(
    wanderings: Database, tmp_path: Path, start: int, exactly: bool
) -> None:
    names = list(growing().books)
    days = [date_in(name) for name in names]
    since = days[start] if exactly else (days[start - 1] or date.max) + timedelta(days=1)
    found = simulate(wanderings, today(), since)
    fresh = History({name: growing().books[name] for name in names[start - 1 :]}).take_in(tmp_path / "f.db", today())
    earlier = start - 1
    told = Counter(
        (release + earlier, change) for (release, change), n in stored_changes(fresh).items() for _ in range(n)
    )
    assert fired(found.today) == told
    assert messages(found.today) == [(release + earlier, number) for release, number in stored_messages(fresh)]
    assert (found.since, found.until, found.releases) == (since, days[-1], len(names) - start)
    assert found.baseline.startswith(str(days[start - 1]))
    fresh.close()


def test_from_before_the_first_release_or_without_a_day_the_first_is_the_baseline(tmp_path: Path) -> None:
    db, first = corrected().take_in(tmp_path / "benchwatch.db", today()), date(2023, 11, 1)
    whole, early = simulate(db, today()), simulate(db, today(), date(2000, 1, 1))
    assert (whole.since, early.since) == (first, date(2000, 1, 1))
    assert replace(early, since=first) == whole == simulate(db, today(), first)
    db.close()


def test_a_release_let_through_in_parts_is_one_release_with_two_messages(tmp_path: Path) -> None:
    db = held_and_approved().take_in(tmp_path / "benchwatch.db", today())
    found = simulate(db, today())
    assert (found.releases, len(found.today.messages)) == (1, 2)
    db.close()


# --- what cannot be replayed, and what is left alone -------------------------------------------------


def test_after_the_last_release_there_is_nothing_to_replay(wanderings: Database) -> None:
    last = date.fromisoformat(wanderings.execute("SELECT max(known) FROM snapshots").fetchone()[0])
    assert simulate(wanderings, today(), last).releases == 1
    with pytest.raises(JobsError, match=f"no release has come since {last + timedelta(1)}; the last one is of {last}"):
        simulate(wanderings, today(), last + timedelta(days=1))


@pytest.mark.parametrize("releases", [0, 1])
def test_with_fewer_than_two_releases_there_is_nothing_to_compare(tmp_path: Path, releases: int) -> None:
    books = dict(list(corrected().books.items())[:releases])
    db = History(books).take_in(tmp_path / "benchwatch.db", today())
    with pytest.raises(JobsError, match="nothing to compare yet"):
        simulate(db, today())
    db.close()


def test_it_reads_beside_a_writer_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "benchwatch.db"
    db = corrected().take_in(path, today())
    before = list(db.conn.iterdump())
    with unit(db, path):
        db.execute("DELETE FROM changes")
        reader = connect_reader(path)
        found = simulate(reader, today())
        reader.close()
        db.execute("ROLLBACK")
        db.execute("BEGIN")
    assert found.today.messages
    assert list(db.conn.iterdump()) == before
    db.close()
