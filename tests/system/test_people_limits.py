"""The service where there is as much as there can be, with the longest names, and where there is nothing at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.system.commands import Desk, Launcher
from tests.system.people import ANN, BOB, CARRIERS, first, office, read, words_of
from tests.system.releases import Book, Entry, at_place, release
from tests.system.service import OPS, TEAM

QUESTIONS = (
    "",
    "police",
    "theme Police & Crime",
    "indicator burglary",
    "overall",
    "bottom",
    "changes",
    "why theme Police & Crime",
    "council Durham",
    "compare Durham",
    "peers police",
    "spend",
    "releases",
    "sources",
    "subscriptions",
    "subscribe",
    "subscribe police",
    "unsubscribe all",
    "mutes",
    "mute police 30d",
    "unmute police",
    "export all",
    "export police",
    "chart police",
    "chart overall",
    "chart bottom",
    "chart spend",
)
MOST = 257
LONG = "An indicator whose name was written by a committee, counted per 1,000 people & <all> of *them* " * 4
THEMES = [f"Theme {letter} with a name" for letter in "ABCDEFGHIJKLM"]
ALL = [
    Entry(f"i{at:03d}", THEMES[at % 13], f"{at:03d} {LONG}"[:300], unit="per 1,000 people of working age")
    for at in range(MOST)
]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_before_the_first_release_everything_is_answered_in_a_sentence(
    desk: Desk, second_launcher: Launcher, carrier: str
) -> None:
    with office(desk, carrier, second_launcher) as made:
        made.start()
        for text in QUESTIONS:
            for user in (BOB, ANN):
                told = made.ask(text, user)
                assert len(first(told)) > 15, text
                assert "did not work" not in told.text, text
        made.good(made.people.open_home(user=BOB))
        assert "Your subscriptions: none" in words_of(made.home(BOB))
        made.assert_well()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Path:
    """A database in which all that can be watched has moved at once."""
    desk = Desk(tmp_path_factory.mktemp("crowded"), launcher)
    desk.settings()
    for number, period in enumerate(("2022/23", "2023/24")):
        book = release(ALL, {entry.code: 29 if number else 5 for entry in ALL}, period, level=100 - 10 * number)
        done = desk.run("ingest", book.write(desk.folder / "in", f"all-{2023 + number}-11-01.csv"))
        assert done.code == 0, done
    book = Book(tuple(ALL))
    for entry in ALL:
        book.add(entry.code, "2024/25", {area: figure * 9 for area, figure in at_place(29, level=80).items()})
    assert desk.run("ingest", book.write(desk.folder / "in", "all-2025-11-01.csv")).code == 3
    return desk.database


@pytest.mark.parametrize("carrier", CARRIERS)
def test_with_all_moving_at_once_nothing_is_over_a_limit(
    tmp_path: Path, crowded: Path, launcher: Launcher, second_launcher: Launcher, carrier: str
) -> None:
    desk = Desk(tmp_path, launcher)
    desk.database.parent.mkdir()
    shutil.copy(crowded, desk.database)
    with office(desk, carrier, second_launcher) as made:
        made.start()
        alert = made.standing(TEAM, "falls")
        assert first(alert).startswith("Theme A with a name falls from 5th to 29th of 31 and 12 more themes")
        made.settled()
        told = " ".join(message.text for message in made.thread(alert))
        assert all(f"{at:03d} An indicator" in told for at in range(MOST)), "all of them are in the thread"
        for button in ("alert:why", "alert:acknowledge", "alert:mute"):
            assert words_of(made.opened(button, alert, ANN))
        made.opened("alert:acknowledge", alert)
        options = next(block for block in made.modal(BOB)["blocks"] if block.get("block_id") == "subjects")
        values = [option["value"] for option in options["element"]["options"]]
        assert len(values) == 100, "as many as Slack lets be chosen from"
        long = {"subjects": values, "cause": "x" * 1000, "action": "&" * 1000}
        assert made.people.submit(values=long, user=BOB).action == "close"
        assert "Acknowledged by bob" in made.now(alert, "Acknowledged").text
        held = made.standing(OPS, "is held")
        assert first(held).startswith("Release 3 is held: no rank was touched")
        made.opened("held:approve", held, ANN)
        assert made.people.submit(values={"reason": "<" * 1000}, user=ANN).action == "close"
        assert "approved by ann" in read(made.now(held, "approved"))
        for text in QUESTIONS:
            assert "did not work" not in made.ask(text, ANN).text, text
        assert "did not work" not in made.ask("indicator i007", ANN).text
        assert "did not work" not in made.ask("why indicator i007", ANN).text
        made.good(made.people.open_home(user=BOB))
        assert made.home(BOB)
        made.settled()
        made.assert_well()
