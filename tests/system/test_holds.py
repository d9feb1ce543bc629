"""Releases and indicators held for a person to look at, and what decisions do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.commands import Desk, Launcher
from tests.system.releases import COUNCIL, COUNTIES, Book, Entry, at_place, release, without

FINE, DOUBTFUL = Entry("burglary"), Entry("robbery", unit="%")
OPS = '[slack]\nops_channel = "ops"\n'
Change = Callable[[Book, dict[str, float]], None]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Desk:
    """A desk with one release of two indicators in, to be copied."""
    desk = Desk(tmp_path_factory.mktemp("first"), launcher)
    desk.settings(OPS)
    book = Book((FINE, DOUBTFUL))
    for code, place in (("burglary", 10), ("robbery", 12)):
        book.add(code, "2021/22", at_place(place, level=95, seed=2)).add(code, "2022/23", at_place(place))
    assert desk.run("ingest", book.write(desk.folder / "in", "first-2023-11-01.csv")).code == 0
    return desk


@pytest.fixture
def held(desk: Desk, first: Desk) -> Desk:
    """A desk with one release of two indicators in."""
    return desk.like(first)


def duplicated(book: Book, figures: dict[str, float]) -> None:
    book.add("robbery", "2023/24", figures).add("robbery", "2023/24", {"E10000003": 1.5})


def jumped(book: Book, figures: dict[str, float]) -> None:
    book.add("robbery", "2023/24", {area: figure * 6 for area, figure in figures.items()})


def turned(book: Book, figures: dict[str, float]) -> None:
    book.entries = (FINE, Entry("robbery", unit="%", polarity="low"))
    book.add("robbery", "2023/24", figures)


def rescaled(book: Book, figures: dict[str, float]) -> None:
    book.entries = (FINE, Entry("robbery", unit="per 1,000"))
    book.add("robbery", "2023/24", figures)


def thinned(book: Book, figures: dict[str, float]) -> None:
    lost = [area for area in COUNTIES if area != COUNCIL][:8]
    book.add("robbery", "2021/22", at_place(12, level=95, seed=2))
    book.add("robbery", "2022/23", {**at_place(12), **dict.fromkeys(lost, "")})


def relabelled(book: Book, figures: dict[str, float]) -> None:
    book.add("robbery", "2022/23", at_place(12, level=95, seed=2)).add("robbery", "2023/24", at_place(12))


FAULTS: dict[Change, tuple[str, str]] = {
    duplicated: ("duplicate_cells", "lines 36 and 64 each state E10000003, 2023/24: 86.0, 1.5"),
    jumped: ("median_jump", "the median jumped from 84 (2022/23) to 444 (2023/24)"),
    turned: ("polarity_changed", "direction was high, now low"),
    rescaled: ("unit_changed", "unit was '%', now 'per 1,000'"),
    thinned: ("coverage_lost", "8 of 31 areas lost their figure for 2022/23"),
    relabelled: ("labels_moved", "the figures of 2021/22 now stand one label on, under 2022/23"),
}


def second(desk: Desk, fault: Change, *, alone: bool = False) -> Path:
    """A release with one doubtful indicator, and a fine one beside it unless ``alone``."""
    book = Book((FINE, DOUBTFUL))
    if not alone:
        book.add("burglary", "2023/24", at_place(26, level=90))
    fault(book, at_place(26, level=90))
    return book.write(desk.folder / "in", "second-2024-11-01.csv")


def later(desk: Desk) -> Path:
    """A release of both indicators with nothing wrong."""
    book = release((FINE, DOUBTFUL), {"burglary": 26, "robbery": 12}, "2023/24", level=90)
    for code, place in (("burglary", 10), ("robbery", 12)):
        book.add(code, "2022/23", at_place(place))
    return book.write(desk.folder / "in", "third-2024-12-01.csv")


def periods(desk: Desk, code: str) -> list[str]:
    return [row["period"] for row in desk.run("export", "observations").rows if row["indicator"] == code]


def changed(desk: Desk) -> set[str | None]:
    return {change["indicator"] for change in desk.json("changes")["changes"]}


def release_of(desk: Desk, number: int) -> Any:
    return next(one for one in desk.json("releases")["releases"] if one["id"] == number)


def decided(desk: Desk) -> list[tuple[str, str, str]]:
    return desk.rows("SELECT action, subject, detail FROM audit ORDER BY id")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_one_doubtful_indicator_is_held_and_the_rest_goes_through(held: Desk, fault: Change) -> None:
    before = [row for row in held.run("export", "ranks", "--all-areas").rows if row["indicator"] == "robbery"]
    done = held.run("ingest", second(held, fault))
    check, evidence = FAULTS[fault]
    assert done.code == 0
    assert "1 indicator held; decide with: benchwatch approve 2 INDICATOR" in done.out
    assert f"{check} robbery: {evidence}" in done.out
    assert release_of(held, 2)["held"] == ["robbery"]
    assert periods(held, "burglary")[-1] == "2023/24"
    assert [row for row in held.run("export", "ranks", "--all-areas").rows if row["indicator"] == "robbery"] == before
    assert "robbery" not in changed(held)
    assert "burglary" in changed(held)
    assert sorted(held.owed()[1:]) == [("ops", "held"), ("team", "release_alert")]


def test_an_approved_indicator_goes_in_with_its_changes_and_is_audited(held: Desk) -> None:
    held.run("ingest", second(held, jumped))
    done = held.run("approve", "2", "robbery", "--reason", "the publisher changed the scale")
    assert done.code == 0, done
    assert "robbery" in changed(held)
    assert release_of(held, 2)["held"] == []
    assert decided(held) == [("approve", "release 2", "robbery the publisher changed the scale")]
    assert held.rows("SELECT count(*) FROM staged") == [(0,)]


def test_a_rejected_indicator_stays_out_and_is_audited(held: Desk) -> None:
    held.run("ingest", second(held, jumped))
    before = held.figures()
    done = held.run("reject", "2", "robbery", "--reason", "a slip of theirs")
    assert (done.code, done.out) == (0, "Release 2: rejected robbery.\n")
    assert held.figures() == before
    assert release_of(held, 2)["held"] == []
    assert decided(held) == [("reject", "release 2", "robbery a slip of theirs")]


def test_a_decision_on_what_is_not_held_fails_and_says_what_is(held: Desk) -> None:
    held.run("ingest", second(held, jumped))
    for arguments, reason in (
        (("approve", "2", "burglary"), "release 2: burglary is not held; held are robbery"),
        (("approve", "1"), "release 1 (first-2023-11-01.csv) is accepted and nothing of it is held"),
        (("reject", "9"), "there is no release 9; benchwatch releases lists them"),
    ):
        done = held.run(*arguments)
        assert (done.code, done.err) == (1, f"benchwatch: {reason}\n")
    assert decided(held) == []


def test_a_decision_cannot_be_made_twice(held: Desk) -> None:
    held.run("ingest", second(held, jumped))
    assert held.run("approve", "2", "robbery").code == 0
    assert held.run("approve", "2", "robbery").code == 1
    assert held.run("reject", "2", "robbery").code == 1
    assert len(decided(held)) == 1


def test_an_approved_relabelled_series_becomes_the_baseline_without_alerts(held: Desk) -> None:
    book = Book((FINE, DOUBTFUL)).add("burglary", "2023/24", at_place(10, level=90))
    book.add("robbery", "2022/23", at_place(12, level=95, seed=2)).add("robbery", "2023/24", at_place(12))
    held.run("ingest", book.write(held.folder / "in", "second-2024-11-01.csv"))
    owed = held.owed()
    done = held.run("approve", "2", "robbery")
    assert "nothing moved" in done.out, done
    assert held.owed() == [*owed, ("ops", "decided")], "nobody is told of changes, the ops channel of the decision"
    assert changed(held) == set()
    assert periods(held, "robbery") == ["2022/23", "2023/24"], "2021/22 is withdrawn: its figures moved on"
    later = Book((FINE, DOUBTFUL)).add("robbery", "2022/23", at_place(12, level=95, seed=2))
    later.add("robbery", "2023/24", at_place(12)).add("robbery", "2024/25", at_place(27, level=80))
    held.run("ingest", later.write(held.folder / "in", "third-2025-11-01.csv"))
    assert "robbery" in changed(held), "from the new baseline on, changes are told again"


def test_a_release_of_doubtful_indicators_only_is_held_whole_and_approved_with_one_decision(held: Desk) -> None:
    done = held.run("ingest", second(held, jumped, alone=True))
    assert done.code == 3
    assert "held. Nothing of it is used." in done.out
    assert held.owed()[1:] == [("ops", "held")]
    done = held.run("approve", "2")
    assert (done.code, "held" in done.out) == (0, False), done
    assert "robbery" in changed(held)
    assert release_of(held, 2)["status"] == "accepted"
    assert held.rows("SELECT state FROM findings") == [("approved",)]


def test_of_a_release_held_whole_single_indicators_can_be_decided(held: Desk) -> None:
    book = Book((FINE, DOUBTFUL))
    for code in ("burglary", "robbery"):
        book.add(code, "2023/24", {area: figure * 6 for area, figure in at_place(26, level=90).items()})
    assert held.run("ingest", book.write(held.folder / "in", "second-2024-11-01.csv")).code == 3
    assert held.run("reject", "2", "burglary").code == 0
    assert release_of(held, 2)["held"] == ["robbery"]
    assert held.run("approve", "2", "robbery").code == 0
    assert changed(held) >= {"robbery"}
    assert "burglary" not in changed(held)
    assert release_of(held, 2)["held"] == []
    assert dict(held.rows("SELECT indicator, state FROM findings")) == {"burglary": "rejected", "robbery": "approved"}


def test_rejecting_a_release_held_whole_leaves_everything_as_it_was(held: Desk) -> None:
    before = held.figures()
    book = Book((FINE, DOUBTFUL)).add("burglary", "2023/24", without(at_place(26, level=90), COUNCIL))
    path = book.write(held.folder / "in", "second-2024-11-01.csv")
    assert held.run("ingest", path).code == 3
    done = held.run("reject", "2")
    assert (done.code, done.out) == (0, "Release 2: rejected the whole file.\n")
    assert held.figures() == before
    assert release_of(held, 2)["status"] == "rejected"
    again = held.run("ingest", path)
    assert (again.code, again.out) == (0, "Release 2, second-2024-11-01.csv: was rejected earlier; nothing done.\n")


def test_approving_a_release_held_whole_takes_it_in_with_its_changes(held: Desk) -> None:
    book = Book((FINE, DOUBTFUL))
    book.add("burglary", "2022/23", at_place(26)).add("robbery", "2022/23", at_place(12))
    path = book.write(held.folder / "in", "earlier-2022-11-01.csv")
    assert held.run("ingest", path).code == 3
    done = held.run("approve", "2", "--reason", "checked with the publisher")
    assert done.code == 0, done
    assert "burglary" in changed(held)
    assert release_of(held, 2)["status"] == "accepted"
    assert decided(held) == [("approve", "release 2", "checked with the publisher")]


def test_doubtful_indicators_of_an_approved_release_stay_held_and_ops_is_told_of_them(held: Desk) -> None:
    book = Book((FINE, DOUBTFUL)).add("burglary", "2022/23", at_place(26))
    book.add("robbery", "2022/23", {area: figure * 6 for area, figure in at_place(12).items()})
    assert held.run("ingest", book.write(held.folder / "in", "earlier-2022-11-01.csv")).code == 3
    done = held.run("approve", "2")
    assert "1 indicator held" in done.out, done
    assert release_of(held, 2)["held"] == ["robbery"]
    told = [kind for destination, kind in held.owed() if destination == "ops"]
    assert told == ["held", "held", "decided"], "what is still held is asked about anew"
    assert held.run("approve", "2", "robbery").code == 0


def test_a_later_release_of_a_held_indicator_settles_the_earlier_question(held: Desk) -> None:
    held.run("ingest", second(held, jumped))
    held.run("ingest", later(held))
    assert release_of(held, 2)["held"] == []
    assert held.run("approve", "2", "robbery").code == 1
    assert held.rows("SELECT state FROM findings") == [("superseded",)]


def test_a_release_held_whole_is_settled_by_a_later_one_of_its_indicators(held: Desk) -> None:
    assert held.run("ingest", second(held, jumped, alone=True)).code == 3
    assert held.run("ingest", later(held)).code == 0
    assert release_of(held, 2)["status"] == "superseded"
    assert held.run("approve", "2").code == 1
    assert held.rows("SELECT count(*) FROM staged") == [(0,)]
