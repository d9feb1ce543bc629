"""The command line: one JSON document on standard output for every command and every error, and stable columns."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.changes import Kind
from jobs.pipeline import Outcome, Raw, ingest
from jobs.sources.file import read
from state import ledger
from state.database import Database, Lock, connect, unit
from state.errors import StateFull
from state.reader import Reader
from tests.bot.asking import Run
from tests.system.releases import NOW, ROADS, Book, Entry, at_place, policy, release

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))


@pytest.fixture
def run(tmp_path: Path, terminal: Callable[..., Run]) -> Run:
    """Runs the command line in a folder with settings; returns exit code, standard output and standard error."""
    (tmp_path / "config.toml").write_text("[catalogue]\npaths = []\n", encoding="utf-8")
    return terminal(tmp_path)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three releases in: a baseline, one with moves and a held indicator, one held whole."""
    folder = tmp_path_factory.mktemp("history")
    first = release(ENTRIES, {"burglary": 10, "robbery": 12, "potholes": 3}, "2022/23")
    second = release(ENTRIES, {"burglary": 26, "potholes": 3}, "2023/24", level=90)
    second.add("robbery", "2023/24", {area: 9 * figure for area, figure in at_place(12).items()})
    third = release(ENTRIES, {"burglary": 1}, "2021/22")
    (folder / "state").mkdir()
    db = connect(folder / "state" / "benchwatch.db")
    for book, name in ((first, "a-2023-11-01"), (second, "b-2024-11-01"), (third, "c-2022-11-01")):
        path = book.write(folder / "in", f"{name}.csv")
        ingest(db, read(path, limit=1 << 20), policy(), now=NOW)
    db.close()
    return folder


@pytest.fixture
def history(run: Run, releases: Path, tmp_path: Path) -> Run:
    """The command line in a folder with those releases."""
    shutil.copytree(releases, tmp_path, dirs_exist_ok=True)
    return run


def document(run: Run, *arguments: str, code: int = 0) -> Any:
    found, out, _ = run(*arguments, "--json")
    assert found == code, out
    return json.loads(out)


COMMANDS: dict[str, tuple[list[str], int]] = {
    "ingest again": (["ingest", "in/b-2024-11-01.csv"], 0),
    "ingest a held one": (["ingest", "in/c-2022-11-01.csv"], 3),
    "ingest nothing": (["ingest", "nowhere.csv"], 1),
    "poll": (["poll"], 0),
    "poll a source there is not": (["poll", "ons"], 2),
    "ask": (["ask", "theme police"], 0),
    "ask for blocks": (["ask", "overall", "--blocks"], 0),
    "ask for nothing known": (["ask", "zebra crossings"], 0),
    "changes": (["changes"], 0),
    "changes of a release": (["changes", "--release", "2"], 0),
    "why": (["why", "theme", "police"], 0),
    "why by a release": (["why", "indicator", "burglary", "--release", "2"], 0),
    "why by no release": (["why", "theme", "police", "--release", "77"], 1),
    "why of nothing known": (["why", "theme", "zebra crossings"], 1),
    "why of a cake": (["why", "cake", "police"], 2),
    "export": (["export", "themes"], 0),
    "export as CSV all the same": (["export", "ranks", "--format", "csv"], 0),
    "export a table there is not": (["export", "cakes"], 2),
    "export in a format there is not": (["export", "ranks", "--format", "xml"], 2),
    "export on no day": (["export", "ranks", "--as-of", "yesterday"], 2),
    "releases": (["releases"], 0),
    "outbox": (["outbox"], 0),
    "approve": (["approve", "2", "robbery"], 0),
    "approve a number too large": (["approve", "99999999999999999999"], 2),
    "reject a number below one": (["reject", "0"], 2),
    "changes of a number too large": (["changes", "--release", "99999999999999999999"], 2),
    "demo into no folder": (["demo", "--out", "/dev/null/x"], 1),
    "approve nothing held": (["approve", "1"], 1),
    "reject": (["reject", "3"], 0),
    "reject nothing there is": (["reject", "7"], 1),
    "manifest": (["manifest"], 0),
    "scorecard": (["scorecard"], 0),
    "scorecard without a theme": (["scorecard", "--without", "police"], 0),
    "scorecard without a theme there is not": (["scorecard", "--without", "cakes"], 2),
    "scorecard of a file there is not": (["scorecard", "nowhere.csv"], 1),
    "scorecard of another file": (["scorecard", "in/b-2024-11-01.csv"], 1),
    "no command": (["dance"], 2),
    "no option": (["releases", "--sideways"], 2),
    "no argument": (["approve"], 2),
    "an argument of another kind": (["approve", "two"], 2),
    "other settings": (["releases", "--config", "elsewhere.toml"], 2),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_every_command_and_every_error_is_exactly_one_json_document(history: Run, case: str) -> None:
    arguments, expected = COMMANDS[case]
    code, out, err = history(*arguments, "--json")
    assert code == expected, (out, err)
    found = json.loads(out)
    assert isinstance(found, dict)
    if expected in (1, 2) and "refused" not in found:
        assert found["error"]
        assert err.strip(), "people read it on standard error"


@pytest.mark.parametrize("case", COMMANDS)
def test_no_command_ends_in_a_traceback(history: Run, case: str) -> None:
    arguments, expected = COMMANDS[case]
    code, _, err = history(*arguments)
    assert code == expected
    assert "Traceback" not in err


COLUMNS = {
    "ranks": "indicator,theme,period,area_code,value,rank,of,quartile,eligible,tied",
    "themes": "theme,area_code,rank_sum,rank_count,rank,of,quartile,indicators_available,indicators_total",
    "observations": "indicator,area_code,period,value,lower_ci,upper_ci,status",
    "changes": (
        "release,kind,cause,theme,indicator,area_code,period_before,period_after,rank_before,of_before,"
        "quartile_before,rank_after,of_after,quartile_after"
    ),
}


@pytest.mark.parametrize("table", COLUMNS)
def test_exports_have_the_columns_people_script_against(history: Run, table: str) -> None:
    _, out, _ = history("export", table)
    header, *rows = out.splitlines()
    assert header == COLUMNS[table]
    assert rows
    assert [",".join(row) for row in document(history, "export", table)[table]] == [header] * len(rows)


def test_an_export_is_of_our_council_unless_all_areas_are_asked_for(history: Run) -> None:
    own = document(history, "export", "ranks")["ranks"]
    everyone = document(history, "export", "ranks", "--all-areas")["ranks"]
    assert {row["area_code"] for row in own} == {"E10000018"}
    assert len({row["area_code"] for row in everyone}) == 31
    assert len(everyone) == 31 * len(own)


def test_an_exported_change_says_what_happened_from_where_to_where(history: Run) -> None:
    [entered] = [
        row for row in document(history, "export", "changes")["changes"] if row["kind"] == "entered_bottom_quartile"
    ]
    assert entered == {
        "release": 2,
        "kind": "entered_bottom_quartile",
        "cause": "performance",
        "theme": "Police & Crime",
        "indicator": "burglary",
        "area_code": "E10000018",
        "period_before": "2022/23",
        "period_after": "2023/24",
        "rank_before": 10,
        "of_before": 31,
        "quartile_before": 2,
        "rank_after": 26,
        "of_after": 31,
        "quartile_after": 4,
    }


def test_a_theme_that_is_exported_adds_up(history: Run) -> None:
    ranks = document(history, "export", "ranks")["ranks"]
    themes = {row["theme"]: row for row in document(history, "export", "themes")["themes"]}
    police = [row["rank"] for row in ranks if row["theme"] == "Police & Crime" and row["eligible"]]
    assert themes["Police & Crime"]["rank_sum"] == sum(police)
    assert themes["Police & Crime"]["rank_count"] == len(police)
    assert themes["Police & Crime"]["indicators_total"] == len(police)


def test_a_release_says_what_is_held_of_it_and_why(history: Run) -> None:
    third, second, first = document(history, "releases")["releases"]
    assert (first["status"], first["held"], first["findings"]) == ("accepted", [], [])
    assert (second["status"], second["held"]) == ("accepted", ["robbery"])
    assert second["findings"][0]["check"] == "median_jump"
    assert third["status"] == "held"


def test_statuses_and_limits_of_a_file_come_back_in_the_export(run: Run, tmp_path: Path) -> None:
    book = Book(
        (Entry("burglary"),), header=("indicator", "area_code", "period", "value", "status", "lower_ci", "upper_ci")
    )
    figures = at_place(10)
    book.rows = [("burglary", area, "2022/23", figure, "", figure - 1, figure + 1) for area, figure in figures.items()]
    own = next(at for at, row in enumerate(book.rows) if row[1] == "E10000018")
    book.rows[own] = (*book.rows[own][:4], "provisional", 89.5, 90.5)
    book.rows[0] = (*book.rows[0][:3], "", "suppressed", "", "")
    run("ingest", str(book.write(tmp_path / "in", "a-2023-11-01.csv")))
    everyone = document(run, "export", "observations", "--all-areas")["observations"]
    [council] = [row for row in everyone if row["area_code"] == "E10000018"]
    assert (council["value"], council["status"], council["lower_ci"], council["upper_ci"]) == (
        90.0,
        "provisional",
        89.5,
        90.5,
    )
    assert [(row["value"], row["status"]) for row in everyone if row["status"] == "suppressed"] == [
        (None, "suppressed")
    ]


def test_what_was_taken_in_before_a_failure_is_in_the_document(
    history: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(db: Database, raw: Raw, *arguments: Any, **options: Any) -> Outcome:
        if raw.name.startswith("z"):
            raise StateFull("the disk is full")
        return ingest(db, raw, *arguments, **options)

    monkeypatch.setattr("bot.cli.taking.ingest", full)
    release(ENTRIES, {"burglary": 9}, "2024/25").write(tmp_path / "in", "z-2025-11-01.csv")
    files = ["in/a-2023-11-01.csv", "nowhere.csv", "in/z-2025-11-01.csv"]
    found = document(history, "ingest", *files, code=1)
    assert [one["release"] for one in found["releases"]] == [4]
    assert [one["place"] for one in found["refused"]] == ["nowhere.csv"]
    assert found["error"] == "the disk is full"
    code, _, err = history("ingest", *files)
    assert code == 1
    assert "nowhere.csv" in err
    assert err.endswith("benchwatch: the disk is full\n")


def test_a_release_still_held_after_approval_exits_with_three(run: Run, tmp_path: Path) -> None:
    first = release(ENTRIES, {"burglary": 10, "potholes": 3}, "2022/23")
    strange = {area: 9 * figure for area, figure in at_place(10).items()}
    second = Book(ENTRIES).add("burglary", "2023/24", {**strange, "W06000001": 5.0})
    run("ingest", str(first.write(tmp_path / "in", "a-2023-11-01.csv")))
    assert run("ingest", str(second.write(tmp_path / "in", "b-2024-11-01.csv")))[0] == 3
    assert document(run, "approve", "2", code=3)["status"] == "held"
    assert document(run, "approve", "2")["status"] == "accepted"


@pytest.fixture
def beside_service(history: Run, tmp_path: Path) -> Iterator[Run]:
    """The command line while another process, as it were, holds the database."""
    lock = Lock(tmp_path / "state" / "benchwatch.db")
    yield history
    lock.release()


def test_a_decision_left_to_the_service_is_shown_with_what_came_of_it(beside_service: Run, tmp_path: Path) -> None:
    def decisions() -> list[str]:
        return [one["decision"] for one in document(beside_service, "releases")["releases"]]

    assert decisions() == ["", "", ""]
    assert "Decision" not in beside_service("releases")[1]
    assert document(beside_service, "approve", "2", "robbery")["left_to_service"] == "approve"
    assert document(beside_service, "reject", "3")["left_to_service"] == "reject"
    assert decisions() == ["reject: waiting for the service", "approve: waiting for the service", ""]
    with closing(connect(tmp_path / "state" / "benchwatch.db")) as db, unit(db):
        ledger.close_decision(db, 1, "done")
        ledger.close_decision(db, 2, "release 3 is gone")
    assert decisions() == ["reject: release 3 is gone", "approve: done", ""]
    assert "Decision" in beside_service("releases")[1]
    assert "approve: done" in beside_service("releases")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["approve", "2", "burglary"], "release 2: burglary is not held; held are robbery"),
        (["reject", "3", "burglary"], "release 3: burglary is not held; held are the whole file"),
        (["approve", "1"], "nothing of release 1 is held; benchwatch releases lists what is"),
    ],
)
def test_a_decision_about_what_is_not_held_is_not_left_to_the_service(
    beside_service: Run, arguments: list[str], said: str
) -> None:
    assert document(beside_service, *arguments, code=1) == {"error": said}
    assert not any(one["decision"] for one in document(beside_service, "releases")["releases"])


def test_a_superseded_release_is_not_said_to_be_taken_in(history: Run, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "state" / "benchwatch.db")) as db, unit(db):
        db.execute("UPDATE releases SET status = 'superseded' WHERE id = 3")
    code, out, _ = history("ingest", "in/c-2022-11-01.csv")
    assert (code, out) == (0, "Release 3, c-2022-11-01.csv: superseded by a later release; nothing to do.\n")


@dataclass
class Story:
    """Releases of one indicator after another, read back."""

    folder: Path
    places: list[tuple[str, str, int]]
    now: datetime = NOW

    def __post_init__(self) -> None:
        with closing(connect(self.folder / "story.db")) as db:
            for number, (day, period, place) in enumerate(self.places):
                book = release((Entry("burglary"),), {"burglary": place}, period, level=100 - number / 10)
                assert ingest(db, book.raw(f"r-{day}.csv"), policy(), now=self.now).status == "accepted"

    def read(self, query: Callable[[Reader], Any]) -> Any:
        with closing(Reader(self.folder / "story.db")) as reader:
            return query(reader)

    def left(self) -> list[str]:
        return [one.indicator.previous.period for one in self.read(Reader.bottom).left]


def test_what_was_in_the_bottom_quartile_a_year_before_and_is_out_now_is_listed(tmp_path: Path) -> None:
    story = [
        ("2022-11-01", "2020/21", 28),
        ("2022-12-01", "2021/22", 10),
        ("2023-11-01", "2022/23", 28),
        ("2023-12-01", "2023/24", 10),
        ("2024-11-30", "2024/25", 9),
        ("2024-12-02", "2025/26", 8),
    ]
    for number, expected in enumerate([[], ["2020/21"], [], ["2022/23"], [], []]):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert Story(folder, story[: number + 1]).left() == expected, number


def test_what_was_found_today_is_in_the_changes_of_the_last_days(tmp_path: Path) -> None:
    story = Story(tmp_path, [("2022-11-01", "2020/21", 10), ("2023-11-01", "2021/22", 28)])
    kinds = [view.change.kind for view in story.read(lambda reader: reader.changes(since=NOW.date()))]
    assert Kind.ENTERED in kinds
    assert story.read(lambda reader: reader.changes(since=NOW.date() + timedelta(days=1))) == ()
    assert story.read(Reader.latest_change) == 2


def test_the_end_of_the_earlier_period_and_the_day_published_come_with_an_indicator(tmp_path: Path) -> None:
    story = Story(tmp_path, [("2016-11-01", "2015/16", 10), ("2023-11-01", "2022/23", 12)])
    view = story.read(lambda reader: reader.indicator("burglary")).indicator
    assert (view.period_end, view.previous_end, view.published) == ("2023-03-31", "2016-03-31", "2023-11-01")


def test_why_adds_up_in_exact_fractions(history: Run) -> None:
    found = document(history, "why", "theme", "police")
    moved = Fraction(found["mean_after"]) - Fraction(found["mean_before"])
    assert moved == sum(Fraction(term["effect"]) for term in found["terms"]) == 8
    code, out, _ = history("why", "theme", "police")
    assert code == 0
    assert "These add up to +8.0: 11.0 → 19.0" in out


def test_first_sights_are_no_latest_change(tmp_path: Path) -> None:
    assert Story(tmp_path, [("2016-11-01", "2015/16", 10)]).read(Reader.latest_change) is None


def test_a_file_under_embargo_is_refused_and_shown_as_waiting(run: Run, tmp_path: Path) -> None:
    name = "crime-embargo-2999-01-31T0930.csv"
    path = release(ENTRIES, {"burglary": 10}, "2022/23").write(tmp_path / "drop", name)
    code, _, err = run("ingest", str(path))
    assert code == 1
    assert f"{name}: under embargo until 2999-01-31 09:30 (Europe/London); nothing of it is read before" in err
    for beside in path.parent.iterdir():
        os.utime(beside, (0, 0))
    assert run("poll", "file")[:2] == (0, "Nothing new.\n")
    assert f"Under embargo until 2999-01-31 09:30: {path}\n" in run("sources")[1]
    assert document(run, "sources")["waiting"] == [{"place": str(path), "until": "2999-01-31T09:30+00:00"}]
    assert document(run, "releases")["releases"] == []
