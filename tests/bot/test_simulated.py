"""What ``benchwatch simulate`` prints: each sentence, the tables, and the document, counted from what is stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.tell.simulation import difference, headline, told_kinds
from engine.changes import Cause, Change, Kind, Standing
from jobs.simulating import Fired, How, Message, Simulation, Tally
from state.database import connect
from tests.bot.asking import Run
from tests.jobs.test_simulating import book, corrected
from tests.system.releases import COUNCIL, at_place, policy

DAY = date(2025, 11, 25)


def change(kind: Kind = Kind.ENTERED, subject: str = "burglary", *, cause: Cause = Cause.PERFORMANCE) -> Change:
    basket = kind in {Kind.THEME_MOVED, Kind.COMPOSITE_MOVED}
    name, code = (subject, None) if basket else ("Police & Crime", subject)
    return Change(kind, cause, "", name, code, COUNCIL, Standing(20, 31, 3), Standing(27, 31, 4))


def tally(*fired: tuple[How, Kind], messages: int | None = None, setting: str = "", value: str = "") -> Tally:
    """One change of a subject of its own for each way and kind; one message where anything is told."""
    made = tuple(Fired(change(kind, f"s{at}"), 2, DAY, how) for at, (how, kind) in enumerate(fired))
    told = sum(how == "told" for how, _ in fired)
    number = (1 if told else 0) if messages is None else messages
    return Tally(setting, value, tuple(Message(2 + at, DAY, told) for at in range(number)), made)


def simulation(today: Tally, releases: int = 1) -> Simulation:
    return Simulation(date(2024, 12, 18), DAY, "2024-12-18/1", releases, {}, today, ())


TOLD: tuple[How, Kind] = ("told", Kind.ENTERED)
COUNTED: tuple[How, Kind] = ("counted", Kind.THEME_MOVED)
CORRECTED: tuple[How, Kind] = ("corrected", Kind.LEFT)


@pytest.mark.parametrize(
    ("today", "releases", "said"),
    [
        pytest.param(tally(), 1, "1 release would have brought no message: nothing moved.", id="nothing"),
        pytest.param(tally(), 3, "3 releases would have brought no message: nothing moved.", id="nothing in three"),
        pytest.param(tally(TOLD), 1, "1 release would have brought 1 message with 1 change.", id="one of each"),
        pytest.param(
            tally(TOLD, TOLD, TOLD, messages=2),
            4,
            "4 releases would have brought 2 messages with 3 changes.",
            id="several",
        ),
        pytest.param(
            tally(TOLD, COUNTED),
            1,
            "1 release would have brought 1 message with 1 change; 1 more would only be counted.",
            id="one counted",
        ),
        pytest.param(
            tally(TOLD, COUNTED, COUNTED, CORRECTED),
            2,
            "2 releases would have brought 1 message with 1 change; 2 more would only be counted; 1 change would have "
            "corrected earlier messages where they stand.",
            id="all three ways",
        ),
        pytest.param(
            tally(COUNTED, messages=1),
            1,
            "1 release would have brought 1 message, only to count 1 change.",
            id="a message that only counts",
        ),
        pytest.param(
            tally(COUNTED, COUNTED, CORRECTED, CORRECTED, messages=2),
            2,
            "2 releases would have brought 2 messages, only to count 2 changes; 2 changes would have corrected earlier "
            "messages where they stand.",
            id="messages that only count, and corrections",
        ),
        pytest.param(
            tally(COUNTED),
            1,
            "1 release would have brought no message; 1 change would only be counted in the digest.",
            id="counted without a message",
        ),
        pytest.param(
            tally(CORRECTED),
            1,
            "1 release would have brought no message; 1 change would have corrected earlier messages where they stand.",
            id="corrected alone",
        ),
        pytest.param(
            tally(*[TOLD] * 1200, messages=1100),
            1500,
            "1,500 releases would have brought 1,100 messages with 1,200 changes.",
            id="thousands",
        ),
    ],
)
def test_the_first_line_carries_the_fact(today: Tally, releases: int, said: str) -> None:
    assert headline(simulation(today, releases)) == f"Since 18 December 2024, {said}"


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        pytest.param((), "", id="none"),
        pytest.param((Kind.ENTERED,), "Told: 1 indicator entered the bottom quartile.", id="one entered"),
        pytest.param((Kind.LEFT,) * 2, "Told: 2 indicators left the bottom quartile.", id="two left"),
        pytest.param(
            (Kind.IMPROVED,), "Told: 1 indicator improved significantly in the bottom quartile.", id="one improved"
        ),
        pytest.param((Kind.THEME_MOVED,), "Told: 1 theme moved.", id="one theme"),
        pytest.param((Kind.COMPOSITE_MOVED,) * 2, "Told: 2 composites moved.", id="two composites"),
        pytest.param(
            (Kind.THEME_MOVED, Kind.THEME_MOVED, Kind.COMPOSITE_MOVED),
            "Told: 2 themes and 1 composite moved.",
            id="themes and a composite",
        ),
        pytest.param(
            (Kind.ENTERED, Kind.LEFT, Kind.LEFT, Kind.IMPROVED, Kind.THEME_MOVED),
            "Told: 1 indicator entered the bottom quartile, 2 left the bottom quartile, 1 improved significantly in "
            "the bottom quartile, 1 theme moved.",
            id="all",
        ),
    ],
)
def test_what_is_told_is_counted_by_kind(kinds: tuple[Kind, ...], said: str) -> None:
    counted: tuple[How, Kind] = ("counted", Kind.COMPOSITE_MOVED)
    assert told_kinds(tally(*(("told", kind) for kind in kinds), counted)) == said


@pytest.mark.parametrize(
    ("today", "other", "said"),
    [
        pytest.param(tally(TOLD), tally(TOLD), "the same", id="the same"),
        pytest.param(tally(), tally(), "the same", id="nothing on either side"),
        pytest.param(tally(TOLD, TOLD), tally(TOLD), "1 not told", id="one fewer"),
        pytest.param(tally(TOLD), tally(TOLD, TOLD, TOLD), "2 told besides", id="two more"),
        pytest.param(tally(TOLD), tally(), "1 not told, 1 message fewer", id="nothing left"),
        pytest.param(
            tally(TOLD, TOLD, messages=3), tally(TOLD), "1 not told, 2 messages fewer", id="two messages fewer"
        ),
        pytest.param(
            tally(("told", Kind.ENTERED)),
            tally(("told", Kind.LEFT), messages=2),
            "1 not told, 1 told besides, 1 message more",
            id="as many, but others",
        ),
        pytest.param(tally(COUNTED), tally(COUNTED, COUNTED), "the same", id="what is counted does not tell"),
    ],
)
def test_what_another_setting_does_is_said_against_todays(today: Tally, other: Tally, said: str) -> None:
    assert difference(today, other) == said


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Alerts, one corrected and one that only counts; no composites, as in a catalogue that is empty."""
    folder = tmp_path_factory.mktemp("simulated")
    (folder / "state").mkdir()
    (folder / "config.toml").write_text("[catalogue]\npaths = []\n", encoding="utf-8")
    history = corrected()
    history.books["f-2025-05-01.csv"] = book(p2_2023=at_place(31), p3_2023=at_place(30))
    history.take_in(folder / "state" / "benchwatch.db", policy()).close()
    return folder


@pytest.fixture
def run(folder: Path, terminal: Callable[..., Run]) -> Run:
    return terminal(folder, "simulate")


def document(run: Run, *arguments: str) -> Any:
    code, out, err = run("--json", *arguments)
    assert (code, err) == (0, "")
    return json.loads(out)


def stored(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(connect(folder / "state" / "benchwatch.db")) as db:
        return list(db.execute(query))


MOVED = (
    "SELECT theme, substr(known, 1, 7), cause, kind FROM changes JOIN snapshots ON snapshots.id = snapshot_id WHERE "
)


def test_the_document_counts_what_is_stored(run: Run, folder: Path) -> None:
    found = document(run)
    rows = stored(folder, MOVED + "kind <> 'baseline'")
    today = found["today"]
    for table, columns in (
        ("by_theme", (0,)),
        ("by_month", (1,)),
        ("by_cause", (2,)),
        ("by_kind", (3,)),
        ("table", (0, 1, 2)),
    ):
        names = ("theme", "month", "cause", "kind")
        counted = {
            tuple(line[names[at]] for at in columns): line["changes"] + line["counted"] + line["corrected"]
            for line in today[table]
        }
        assert counted == Counter(tuple(row[at] for at in columns) for row in rows), table
    assert today["changes"] + today["counted"] + today["corrected"] == len(rows)
    quiet = [row for row in rows if row[2] in {"comparators", "basket", "method"}]
    assert today["counted"] == len(quiet)
    alerts = stored(folder, "SELECT substr(created, 1, 7) FROM outbox WHERE kind = 'release_alert'")
    assert {line["month"]: line["messages"] for line in today["by_month"] if line["messages"]} == Counter(
        month for (month,) in alerts
    )
    assert today["messages"] == len(alerts)
    empty = stored(
        folder, "SELECT 1 FROM outbox WHERE kind = 'release_alert' AND json_extract(payload, '$.moved') = '[]'"
    )
    assert today["messages_only_counting"] == len(empty) == 1


def test_the_document_says_from_when_to_when_and_by_which_settings(run: Run) -> None:
    found = document(run)
    assert list(found) == ["from", "to", "baseline", "releases", "settings", "today", "variants"]
    assert (found["from"], found["to"], found["baseline"]) == ("2023-11-01", "2025-05-01", "2023-11-01/1")
    assert found["settings"] == {"min_theme_move": 1, "within_margin": "alert", "quartile_rule": "rank"}
    assert [(one["setting"], one["value"]) for one in found["variants"]] == [
        ("min_theme_move", 2),
        ("min_theme_move", 3),
        ("min_theme_move", 5),
        ("within_margin", "digest"),
        ("quartile_rule", "value"),
    ]
    for one in found["variants"]:
        assert one["difference"]["messages"] == one["messages"] - found["today"]["messages"]
        assert one["difference"]["changes"] == one["changes"] - found["today"]["changes"]
        assert one["changes"] == sum(one[kind] for kind in ("entered", "left", "improved", "themes", "composites"))


def test_settings_of_today_are_not_tried_twice(run: Run, folder: Path) -> None:
    text = '[catalogue]\npaths = []\n[alerts]\nmin_theme_move = 3\nwithin_margin = "digest"\n'
    (folder / "other.toml").write_text(text + '[ranking]\nquartile_rule = "value"\n', encoding="utf-8")
    found = document(run, "--config", "other.toml")
    assert found["settings"] == {"min_theme_move": 3, "within_margin": "digest", "quartile_rule": "value"}
    tried = [(one["setting"], one["value"]) for one in found["variants"]]
    assert tried[:3] == [("min_theme_move", 1), ("min_theme_move", 2), ("min_theme_move", 5)]
    assert tried[3:] == [("within_margin", "alert"), ("quartile_rule", "rank")]


def test_people_read_the_fact_first_then_the_tables(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    found = document(run)
    today = found["today"]
    lines = out.splitlines()
    assert lines[0].startswith(f"Since 1 November 2023, {found['releases']} releases would have brought ")
    assert lines[1].startswith("Told: ")
    assert 'today\'s (min_theme_move = 1, within_margin = "alert", quartile_rule = "rank"):' in out
    (row,) = (line.split() for line in lines if line.strip().startswith("today's "))
    assert row[1:] == [str(today[key] or "–") for key in ("messages", "changes", "entered", "left")] + [
        str(today["themes"] + today["composites"] or "–"),
        str(today["counted"] or "–"),
        str(today["corrected"] or "–"),
    ]
    assert sum(line.strip().startswith("Police & Crime ") for line in lines) == sum(
        line["theme"] == "Police & Crime" for line in today["table"]
    )
    assert "What is corrected amends an earlier message" in out


def test_from_a_day_on_the_day_is_said(run: Run) -> None:
    code, out, _ = run("--from", "2025-02-20")
    assert code == 0
    assert out.startswith("Since 20 February 2025, 2 releases would have brought ")
    assert document(run, "--from", "2025-02-20")["baseline"] == "2024-12-10/1"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("--from", "soon"), 2, "--from 'soon' is not a date such as 2025-11-25", id="no date"),
        pytest.param(
            ("--from", "2026-01-01"),
            1,
            "no release has come since 2026-01-01; the last one is of 2025-05-01",
            id="after",
        ),
    ],
)
def test_a_day_that_cannot_be_used_is_said_with_what_can(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found, out, err = run(*arguments)
    assert (found, out, err) == (code, "", f"benchwatch: {said}\n")
    found, out, _ = run("--json", *arguments)
    assert (found, json.loads(out)) == (code, {"error": said})


def test_without_a_database_or_with_one_release_it_says_what_is_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("[catalogue]\npaths = []\n", encoding="utf-8")
    code, _, err = run()
    assert code == 1
    assert "no database yet" in err
    history = corrected()
    history.books = dict(list(history.books.items())[:1])
    (tmp_path / "state").mkdir()
    history.take_in(tmp_path / "state" / "benchwatch.db", policy()).close()
    code, out, err = run()
    assert (code, out) == (1, "")
    assert err.startswith("benchwatch: nothing to compare yet")
