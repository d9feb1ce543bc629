"""What releases that follow one another change, and who is owed word of it: the command line and real files."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest

from tests.system.commands import Desk
from tests.system.releases import (
    COUNCIL,
    COUNTIES_2023,
    POLICE,
    ROADS,
    YEARS,
    Book,
    Entry,
    at_place,
    release,
    tied_at,
    without,
)

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))
FIRST = {"burglary": 10, "robbery": 12, "potholes": 3}

LEADS = """
[slack]
channel = "team"
ops_channel = "ops"

[[leads]]
name = "Safety"
slack = "safety"
themes = ["Police & Crime"]

[[leads]]
name = "Roads"
slack = "roads"
themes = ["Transport & Highways"]
"""


def take(desk: Desk, book: Book, name: str, *, code: int = 0) -> Any:
    """Ingest one release and return what became of it."""
    path = book.write(desk.folder / "in", name)
    return desk.json("ingest", path, code=code)["releases"][0]


def start(desk: Desk, places: dict[str, int] | None = None, entries: tuple[Entry, ...] = ENTRIES) -> None:
    took = take(desk, release(entries, places or FIRST, "2022/23"), "first-2023-11-01.csv")
    assert took["status"] == "accepted"


def moves(desk: Desk) -> list[tuple[str, str, str]]:
    """Kind, cause and subject of every change."""
    changes = desk.json("changes")["changes"]
    return [(one["kind"], one["cause"], one["indicator"] or one["theme"]) for one in changes]


def drift(desk: Desk, places: tuple[int, ...]) -> list[int]:
    """How many changes each of several releases brings, each with all periods so far."""
    book, changes = Book((Entry("burglary"),)), []
    for number, (period, place) in enumerate(zip(YEARS, places, strict=False)):
        book.add("burglary", period, at_place(place, level=100 - 5 * number))
        changes.append(take(desk, book, f"edition-{2020 + number}-11-01.csv")["changes"])
    return changes


def test_the_first_release_is_a_baseline_with_one_message_and_no_alert(desk: Desk) -> None:
    took = take(desk, release(ENTRIES, FIRST, "2022/23"), "first-2023-11-01.csv")
    assert (took["first_seen"], took["changes"], took["owed"]) == (3, 0, 1)
    assert desk.owed() == [("team", "baseline")]
    assert moves(desk) == []


def test_a_release_in_which_nothing_moves_is_taken_in_without_a_message(desk: Desk) -> None:
    start(desk)
    took = take(desk, release(ENTRIES, FIRST, "2023/24", level=90), "second-2024-11-01.csv")
    assert (took["status"], took["new_cells"], took["changes"], took["owed"]) == ("accepted", 93, 0, 0)
    assert desk.owed() == [("team", "baseline")]


def test_the_same_figures_restated_under_another_name_change_nothing(desk: Desk) -> None:
    start(desk)
    book = release(ENTRIES, FIRST, "2022/23")
    book.rows.reverse()
    took = take(desk, book, "again-2023-12-01.csv")
    assert (took["status"], took["new_cells"], took["revised_cells"], took["owed"]) == ("accepted", 0, 0, 0)
    assert desk.rows("SELECT count(*) FROM revisions") == [(0,)]


def test_an_indicator_seen_for_the_first_time_is_a_baseline_and_no_alert(desk: Desk) -> None:
    start(desk)
    entries = (*ENTRIES, Entry("litter", ROADS))
    took = take(desk, release(entries, {**FIRST, "litter": 31}, "2022/23"), "second-2023-12-01.csv")
    assert took["first_seen"] == 1
    assert desk.rows("SELECT indicator FROM changes WHERE kind = 'baseline' AND release_id = 2") == [("litter",)]
    told = [json.loads(payload) for (payload,) in desk.rows("SELECT payload FROM outbox WHERE kind = 'release_alert'")]
    assert all(moved["change"]["indicator"] != "litter" for alert in told for moved in alert["moved"])
    causes = {cause for kind, cause, _ in moves(desk) if kind == "theme_rank_moved"}
    assert causes <= {"basket"}


def test_entering_the_bottom_quartile_is_told_to_the_team_and_to_the_lead_of_the_theme_only(desk: Desk) -> None:
    desk.settings(LEADS)
    start(desk)
    took = take(desk, release(ENTRIES, {**FIRST, "burglary": 25}, "2023/24", level=90), "second-2024-11-01.csv")
    assert ("entered_bottom_quartile", "performance", "burglary") in moves(desk)
    assert took["owed"] == 2
    assert desk.owed()[1:] == [("team", "release_alert"), ("lead:Safety", "release_alert")]


def test_leaving_the_bottom_quartile_is_told_and_a_later_quiet_release_is_not(desk: Desk) -> None:
    start(desk, {**FIRST, "burglary": 28})
    take(desk, release(ENTRIES, {**FIRST, "burglary": 24}, "2023/24", level=90), "second-2024-11-01.csv")
    assert ("left_bottom_quartile", "performance", "burglary") in moves(desk)
    took = take(desk, release(ENTRIES, {**FIRST, "burglary": 24}, "2024/25", level=80), "third-2025-11-01.csv")
    assert (took["changes"], took["owed"]) == (0, 0)


def test_a_lead_is_told_of_the_own_themes_only_and_the_team_of_all(desk: Desk) -> None:
    desk.settings(LEADS)
    start(desk)
    take(
        desk, release(ENTRIES, {"burglary": 26, "robbery": 12, "potholes": 29}, "2023/24", level=90), "b-2024-11-01.csv"
    )
    told: dict[str, set[str]] = {}
    for destination, payload in desk.rows("SELECT destination, payload FROM outbox WHERE kind = 'release_alert'"):
        told[destination] = {moved["change"]["theme"] for moved in json.loads(payload)["moved"]}
    assert told == {"team": {POLICE, ROADS}, "lead:Safety": {POLICE}, "lead:Roads": {ROADS}}


@pytest.mark.parametrize("channel", ["team", "safety"])
def test_nobody_is_told_twice_in_one_channel(desk: Desk, channel: str) -> None:
    lead = f'\n[[leads]]\nname = "Crime too"\nslack = "{channel}"\nthemes = ["Police & Crime"]\n'
    desk.settings(LEADS + lead)
    start(desk)
    take(desk, release(ENTRIES, {**FIRST, "burglary": 26}, "2023/24", level=90), "second-2024-11-01.csv")
    assert desk.owed()[1:] == [("team", "release_alert"), ("lead:Safety", "release_alert")]


def test_a_theme_move_is_told_with_its_ranks_before_and_after(desk: Desk) -> None:
    start(desk)
    take(desk, release(ENTRIES, {**FIRST, "potholes": 5}, "2023/24", level=90), "second-2024-11-01.csv")
    [change] = desk.json("changes")["changes"]
    assert (change["kind"], change["theme"], change["cause"]) == ("theme_rank_moved", ROADS, "performance")
    assert (change["rank_before"], change["rank_after"], change["of_after"]) == (3, 5, 31)


def test_a_peer_missing_from_a_release_keeps_its_earlier_figures_and_holds_nothing(desk: Desk) -> None:
    start(desk)
    book = Book(ENTRIES)
    for code, place in FIRST.items():
        book.add(code, "2022/23", without(at_place(place), "E10000012"))
    took = take(desk, book, "second-2023-12-01.csv")
    assert (took["status"], took["held"], took["changes"]) == ("accepted", [], 0)
    peers = [row for row in desk.run("export", "observations", "--all-areas").rows if row["area_code"] == "E10000012"]
    assert len(peers) == len(FIRST)


def test_a_peer_without_figures_for_the_new_period_is_not_ranked_there(desk: Desk) -> None:
    start(desk)
    book = Book(ENTRIES)
    for code, place in FIRST.items():
        book.add(code, "2023/24", without(at_place(place, level=90), "E10000012"))
    take(desk, book, "second-2024-11-01.csv")
    rows = [row for row in desk.run("export", "ranks", "--all-areas").rows if row["indicator"] == "burglary"]
    assert {row["of"] for row in rows} == {"30"}
    assert [row["rank"] for row in rows if row["area_code"] == "E10000012"] == [""]


def test_a_release_without_our_own_council_is_held_and_ops_is_told(desk: Desk) -> None:
    desk.settings(LEADS)
    start(desk)
    before = desk.figures()
    book = Book(ENTRIES)
    for code, place in FIRST.items():
        book.add(code, "2023/24", without(at_place(place, level=90), COUNCIL))
    took = take(desk, book, "second-2024-11-01.csv", code=3)
    assert [finding["check"] for finding in took["findings"]] == ["council_lost"]
    assert "Leicestershire has no figure" in took["findings"][0]["evidence"]
    assert desk.figures() == before
    assert desk.owed()[1:] == [("ops", "held")]


def test_a_tie_across_the_quartile_line_forces_nobody_into_the_bottom_quartile(desk: Desk) -> None:
    start(desk)
    tied = Book(ENTRIES).add("burglary", "2023/24", tied_at(24, 4, level=90))
    take(desk, tied, "second-2024-11-01.csv")
    [own] = [row for row in desk.run("export", "ranks").rows if row["indicator"] == "burglary"]
    assert (own["rank"], own["of"], own["quartile"], own["tied"]) == ("24", "31", "3", "1")
    assert not [move for move in moves(desk) if move[0] == "entered_bottom_quartile"]
    beyond = Book(ENTRIES).add("burglary", "2024/25", tied_at(25, 3, level=80))
    take(desk, beyond, "third-2025-11-01.csv")
    [own] = [row for row in desk.run("export", "ranks").rows if row["indicator"] == "burglary"]
    assert (own["rank"], own["quartile"], own["tied"]) == ("25", "4", "1")
    assert ("entered_bottom_quartile", "performance", "burglary") in moves(desk)


def test_a_comparator_that_ceases_to_exist_is_a_change_of_comparators_without_an_alert(desk: Desk) -> None:
    desk.settings(comparators="counties-2023")
    cumbria = "E10000006"
    assert cumbria in COUNTIES_2023
    entries = (Entry("burglary"),)
    # Cumbria is worse than we are: with it we are 24th of 32, without it still 24th, now of 31.
    figures = at_place(24, areas=[area for area in COUNTIES_2023 if area != cumbria])
    take(desk, Book(entries).add("burglary", "2021/22", {**figures, cumbria: 99.5}), "first-2023-03-01.csv")
    [own] = desk.run("export", "ranks").rows
    assert (own["rank"], own["of"], own["quartile"]) == ("25", "32", "4")
    took = take(desk, Book(entries).add("burglary", "2021/22", figures), "second-2023-05-01.csv")
    [own] = desk.run("export", "ranks").rows
    assert (own["rank"], own["of"], own["quartile"]) == ("24", "31", "3")
    assert took["changes"] == 2
    assert {cause for _, cause, _ in moves(desk)} == {"comparators"}
    [(payload,)] = desk.rows("SELECT payload FROM outbox WHERE kind = 'release_alert'")
    alert = json.loads(payload)
    assert (alert["moved"], alert["quiet"]) == ([], {"comparators": 2})


def test_a_revision_of_the_same_period_is_told_as_a_revision(desk: Desk) -> None:
    start(desk)
    take(desk, release(ENTRIES, {**FIRST, "burglary": 27}, "2022/23"), "second-2024-02-01.csv")
    assert ("entered_bottom_quartile", "revision", "burglary") in moves(desk)


def test_a_composite_that_drifts_by_one_place_a_release_is_told_at_the_third_against_what_was_last_told(
    desk: Desk,
) -> None:
    folder = desk.folder / "catalogue"
    folder.mkdir()
    (folder / "core.toml").write_text('[[composite]]\nname = "Core Performance"\n', encoding="utf-8")
    desk.settings('[alerts]\nmin_theme_move = 30\n[slack]\nops_channel = "ops"\n', catalogue='"catalogue"')
    changes = drift(desk, (10, 11, 12, 13, 14))
    assert changes == [0, 0, 0, 1, 0]
    [change] = desk.json("changes")["changes"]
    assert (change["kind"], change["release"]) == ("composite_rank_moved", 4)
    assert (change["rank_before"], change["rank_after"]) == (10, 13)


def test_places_to_and_fro_within_the_threshold_are_never_told(desk: Desk) -> None:
    desk.settings("[alerts]\nmin_theme_move = 2\n")
    assert drift(desk, (10, 11, 10, 11, 10)) == [0, 0, 0, 0, 0]
    assert moves(desk) == []


def test_the_same_file_again_is_recognised_and_nothing_follows(desk: Desk) -> None:
    path = release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv")
    desk.run("ingest", path)
    before = desk.contents()
    done = desk.run("ingest", path)
    assert (done.code, done.out) == (0, "Release 1, first-2023-11-01.csv: already taken in; nothing to do.\n")
    assert desk.contents() == before


def test_the_same_content_packed_and_renamed_is_recognised(desk: Desk) -> None:
    book = release(ENTRIES, FIRST, "2022/23")
    start(desk)
    packed = desk.folder / "in" / "other-2023-12-24.csv.gz"
    packed.write_bytes(gzip.compress(book.text.encode()))
    (desk.folder / "in" / "other-2023-12-24.indicators.csv").write_text(book.dictionary, encoding="utf-8")
    assert desk.json("ingest", packed)["releases"][0]["status"] == "unchanged"


def test_an_earlier_file_again_is_held_as_an_old_release_and_told_to_ops_once(desk: Desk) -> None:
    desk.settings(LEADS)
    books = [release(ENTRIES, FIRST, "2022/23"), release(ENTRIES, {**FIRST, "burglary": 26}, "2023/24", level=90)]
    paths = [book.write(desk.folder / "in", f"e-{2023 + at}-11-01.csv") for at, book in enumerate(books)]
    desk.run("ingest", *paths)
    before = desk.figures()
    owed = desk.owed()
    for _ in range(2):
        done = desk.run("ingest", paths[0])
        assert done.code == 3
    assert (
        "the content of release 1 (e-2023-11-01.csv) again, and release 2 has come since"
        in desk.run("releases", "--json").out
    )
    assert desk.figures() == before
    assert desk.owed() == [*owed, ("ops", "held")]


def test_a_release_of_an_older_date_is_held(desk: Desk) -> None:
    start(desk)
    path = release(ENTRIES, {**FIRST, "burglary": 26}, "2022/23").write(desk.folder / "in", "e-2022-11-01.csv")
    done = desk.run("ingest", path)
    assert done.code == 3
    assert "published 2022-11-01, and figures published 2023-11-01 are already held" in done.out
    assert moves(desk) == []


def test_several_files_at_once_are_taken_in_the_order_given(desk: Desk) -> None:
    years = ("2021/22", "2022/23", "2023/24")
    paths = [
        release(ENTRIES, FIRST, year, level=100 - at).write(desk.folder / "in", f"e-{2022 + at}-11-01.csv")
        for at, year in enumerate(years)
    ]
    numbers = [one["release"] for one in desk.json("ingest", *paths)["releases"]]
    assert all(left < right for left, right in pairwise(numbers))
    assert {row["period"] for row in desk.run("export", "ranks").rows} == {"2023/24"}


def test_a_date_given_on_the_command_line_counts_as_the_day_of_publication(desk: Desk) -> None:
    path = release(ENTRIES, FIRST, "2022/23").write(desk.folder / "in", "undated.csv")
    assert desk.json("ingest", path, "--published", "2023-11-05")["releases"][0]["snapshot"] == "2023-11-05/1"


def test_what_was_known_on_a_day_can_be_exported_later(desk: Desk) -> None:
    start(desk)
    then = desk.run("export", "observations", "--all-areas").out
    ranks = desk.run("export", "ranks", "--all-areas").out
    take(desk, release(ENTRIES, {**FIRST, "burglary": 27}, "2022/23"), "second-2024-02-01.csv")
    assert desk.run("export", "ranks", "--all-areas").out != ranks
    assert desk.run("export", "observations", "--all-areas", "--as-of", "2024-01-31").out == then
    assert desk.run("export", "ranks", "--all-areas", "--as-of", "2024-01-31").out == ranks
    assert desk.run("export", "ranks", "--as-of", "2023-10-31").rows == []
