"""How sure it is, told: in alerts and digests, by the setting, and what that leaves of corrections and notes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.changes import Kind, Thresholds
from jobs.digest import owe_digests
from jobs.notices import CorrectionNotice, DigestNotice, Moved, Notice, ReleaseAlert, from_json
from jobs.pipeline import ingest
from jobs.policy import Policy, policy_from
from jobs.settings import Settings
from jobs.settings.tables import Alerts
from state import acknowledgements, outbox
from state.acknowledgements import Acknowledgement
from state.database import Database, connect, unit
from tests.jobs.test_digest import MONDAY, WEDNESDAY, WEEK, lead, settings
from tests.system.releases import COUNCIL, NOW, POLICE, ROADS, Book, Entry, at_place, policy

LIFE = Entry("life")
SUBJECT = "indicator:life"
CLEAR, UNSURE = 1.7, 1.8
"""Half widths with which 28th of 31 areas one apart is clearly in the bottom quartile, and is not."""
NARROW = 0.5
"""With it 20th is clearly out; 24th is not, for 25th is no further than its margin."""


class Shelf:
    """Releases with limits, one a month, and what is owed for them."""

    def __init__(self, path: Path) -> None:
        self.db: Database = connect(path)
        self.policy: Policy = policy()
        self.number = 0

    def take(self, book: Book, now: datetime = NOW) -> int:
        """Take a release in; returns the last message owed before."""
        self.number += 1
        before = self.last()
        outcome = ingest(self.db, book.raw(f"r-2025-{self.number:02}-01.csv"), self.policy, now=now)
        assert outcome.status == "accepted", outcome
        return before

    def stand(self, place: int, half: float, period: str, now: datetime = NOW, level: float = 100.0) -> int:
        """The council at a place in the one indicator, high being good."""
        return self.take(Book((LIFE,)).add_limited("life", period, at_place(place, level=level), half), now)

    def last(self) -> int:
        return int(self.db.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0])

    def owed(self, after: int) -> list[Notice]:
        rows = self.db.execute("SELECT payload FROM outbox WHERE id > ? ORDER BY id", (after,))
        return [from_json(payload) for (payload,) in rows]

    def alert(self, after: int) -> ReleaseAlert:
        [notice] = self.owed(after)
        assert isinstance(notice, ReleaseAlert), notice
        return notice

    def digest(self, now: datetime, *themes: str) -> DigestNotice | None:
        """What the digest of a lead of these themes tells that is due now; None where it is owed none."""
        before = self.last()
        with unit(self.db):
            owe_digests(self.db, settings(lead("Lead", "C2", *(themes or (POLICE,)))), self.policy, now)
        found = self.owed(before)
        assert len(found) < 2
        return next((notice for notice in found if isinstance(notice, DigestNotice)), None)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "benchwatch.db")
    yield shelf
    shelf.db.close()


@pytest.fixture
def calm(shelf: Shelf) -> Shelf:
    """One that leaves to the digest what is within the margin of error, and tells of no theme."""
    shelf.policy = replace(shelf.policy, within_margin="digest", thresholds=Thresholds(theme=99))
    return shelf


def of_life(notice: ReleaseAlert | DigestNotice) -> Moved | None:
    return next((moved for moved in notice.moved if moved.change.subject == SUBJECT), None)


def test_the_settings_decide_where_it_is_told() -> None:
    made = {
        where: policy_from(Settings(alerts=Alerts(within_margin=where))).within_margin for where in ("alert", "digest")
    }
    assert made == {"alert": "alert", "digest": "digest"}
    assert policy_from(Settings()).within_margin == "alert"
    with pytest.raises(ValueError, match="within_margin"):
        Alerts(within_margin="never")  # type: ignore[arg-type]


MOVES = [
    pytest.param(10, 28, CLEAR, Kind.ENTERED, "clear", id="enters-clearly"),
    pytest.param(10, 28, UNSURE, Kind.ENTERED, "unsure", id="enters-within-the-margin"),
    pytest.param(28, 20, NARROW, Kind.LEFT, "clear", id="leaves-clearly"),
    pytest.param(28, 24, NARROW, Kind.LEFT, "unsure", id="leaves-within-the-margin"),
]


@pytest.mark.parametrize(("before", "after", "half", "kind", "sure"), MOVES)
def test_an_alert_says_how_sure_each_crossing_of_the_line_is(
    shelf: Shelf, before: int, after: int, half: float, kind: Kind, sure: str
) -> None:
    shelf.stand(before, half, "2022/23")
    alert = shelf.alert(shelf.stand(after, half, "2023/24"))
    moved = of_life(alert)
    assert moved
    assert (moved.change.kind, moved.certainty, alert.unsure) == (kind, sure, 0)


@pytest.mark.parametrize(("before", "after", "half", "kind", "sure"), MOVES)
def test_by_the_setting_what_is_not_sure_is_counted_and_told_in_the_digest(
    calm: Shelf, before: int, after: int, half: float, kind: Kind, sure: str
) -> None:
    calm.stand(before, half, "2022/23", WEDNESDAY)
    assert calm.digest(WEDNESDAY) is None, "digests begin here"
    alert = calm.alert(calm.stand(after, half, "2023/24", WEDNESDAY))
    told = sure == "clear"
    assert (len(alert.moved), alert.unsure, alert.quiet) == (int(told), int(not told), {})
    assert (SUBJECT in outbox.last_alert(calm.db, "team")) is told
    digest = calm.digest(MONDAY)
    assert digest
    moved = of_life(digest)
    assert moved
    assert (moved.change.kind, moved.certainty) == (kind, sure)


def test_a_revision_that_undoes_what_was_only_counted_corrects_no_message(calm: Shelf) -> None:
    calm.stand(10, UNSURE, "2022/23")
    calm.stand(28, UNSURE, "2023/24")
    alert = calm.alert(calm.stand(12, NARROW, "2023/24"))
    moved = of_life(alert)
    assert moved
    assert (moved.change.kind, moved.certainty) == (Kind.LEFT, "clear")


def test_what_was_told_is_withdrawn_though_that_is_within_the_margin(calm: Shelf) -> None:
    calm.stand(10, CLEAR, "2022/23")
    calm.stand(28, CLEAR, "2023/24")
    told = calm.last()
    [correction] = calm.owed(calm.stand(24, CLEAR, "2023/24"))
    assert isinstance(correction, CorrectionNotice)
    assert [(line.told.subject, line.withdrawn) for line in correction.lines] == [(SUBJECT, True)]
    assert outbox.owed(calm.db, told)
    again = calm.alert(calm.stand(28, UNSURE, "2023/24"))
    assert (again.moved, again.unsure) == ((), 1), "and comes back as surely as any other entry"


def test_what_was_said_of_it_comes_with_the_digest_and_the_next_alert(calm: Shelf) -> None:
    calm.stand(10, UNSURE, "2022/23", WEDNESDAY)
    calm.digest(WEDNESDAY)
    said = Acknowledgement(SUBJECT, "2025-11-13T09:00:00+00:00", "U1", "Ann", "recording", "patrols", "", None)
    with unit(calm.db):
        acknowledgements.acknowledge(calm.db, said)
    calm.stand(28, UNSURE, "2023/24", WEDNESDAY)
    digest = calm.digest(MONDAY)
    assert digest
    assert [line.said.cause for line in digest.acknowledged] == ["recording"]
    moved = of_life(calm.alert(calm.stand(12, NARROW, "2024/25", MONDAY)))
    assert moved
    assert moved.said
    assert moved.said.cause == "recording"


def test_that_it_has_become_clear_is_told_in_the_next_digest_though_nothing_crossed_the_line(calm: Shelf) -> None:
    calm.stand(10, UNSURE, "2022/23", WEDNESDAY)
    calm.digest(WEDNESDAY)
    calm.stand(28, UNSURE, "2023/24", WEDNESDAY)
    first = calm.digest(MONDAY)
    assert first
    assert [(item.certainty, item.was, item.firmed) for item in first.bottom] == [("unsure", "", False)]
    before = calm.last()
    calm.stand(28, CLEAR, "2024/25", MONDAY)
    assert calm.owed(before) == [], "it is where it was"
    second = calm.digest(MONDAY + WEEK)
    assert second
    assert [(item.certainty, item.was, item.firmed) for item in second.bottom] == [("clear", "unsure", True)]
    assert second.changed
    third = calm.digest(MONDAY + 2 * WEEK)
    assert third
    assert [(item.certainty, item.was) for item in third.bottom] == [("clear", "clear")]
    assert not third.changed, "once is enough"


# --- improvements, tested together -----------------------------------------------------------------


def improving(better: float, half: float, others: int, period: str, moved: float) -> Book:
    """``life`` in the bottom quartile, its own figure so much better; others in which only chance moved it a little."""
    entries = (LIFE, *(Entry(f"other{at}", POLICE if at % 2 else ROADS) for at in range(others)))
    book = Book(entries)
    figures = {area: 10 * value for area, value in at_place(31).items()}
    for entry in entries:
        step = better if entry is LIFE else moved
        book.add_limited(entry.code, period, {**figures, COUNCIL: figures[COUNCIL] + step}, half)
    return book


def chance_of(step: float, half: float) -> float:
    """The p of a step between two figures with the same limits, both ends counted."""
    z = step / math.hypot(2 * half / 3.92, 2 * half / 3.92)
    return math.erfc(abs(z) / math.sqrt(2))


@pytest.mark.parametrize(
    ("others", "themes", "compared", "sure"),
    [
        pytest.param(0, (POLICE,), 1, "clear", id="alone"),
        pytest.param(12, (POLICE,), 7, "unsure", id="among-those-of-its-theme"),
        pytest.param(12, (POLICE, ROADS), 13, "unsure", id="among-those-of-both-themes"),
        pytest.param(2, (POLICE,), 2, "clear", id="among-two"),
    ],
)
def test_an_improvement_is_significant_where_it_stands_out_among_all_that_the_digest_compares(
    shelf: Shelf, others: int, themes: tuple[str, ...], compared: int, sure: str
) -> None:
    half, better, little = 2.0, 3.3, 0.2
    shelf.take(improving(0.0, half, others, "2022/23", 0.0), WEDNESDAY)
    shelf.digest(WEDNESDAY, *themes)
    before = shelf.take(improving(better, half, others, "2023/24", little), WEDNESDAY)
    alert = of_life(next(notice for notice in shelf.owed(before) if isinstance(notice, ReleaseAlert)))
    assert alert
    assert (alert.change.kind, alert.certainty) == (Kind.IMPROVED, ""), "one release, one test: an alert says so"
    digest = shelf.digest(MONDAY, *themes)
    assert digest
    moved = of_life(digest)
    assert moved
    p_values = sorted([chance_of(better, half), *[chance_of(little, half)] * (compared - 1)])
    stands = any(p <= 0.05 * k / compared and p >= chance_of(better, half) for k, p in enumerate(p_values, start=1))
    assert (moved.compared, moved.certainty) == (compared, sure)
    assert stands is (sure == "clear")


def test_a_figure_of_the_same_period_is_no_comparison(shelf: Shelf) -> None:
    shelf.take(improving(0.0, 2.0, 12, "2022/23", 0.0), WEDNESDAY)
    shelf.digest(WEDNESDAY)
    figures = {area: 10 * value for area, value in at_place(31).items()}
    shelf.take(
        Book((LIFE,)).add_limited("life", "2023/24", {**figures, COUNCIL: figures[COUNCIL] + 3.3}, 2.0), WEDNESDAY
    )
    digest = shelf.digest(MONDAY)
    assert digest
    moved = of_life(digest)
    assert moved
    assert (moved.compared, moved.certainty) == (1, "clear")


def test_an_improvement_over_years_is_tested_from_where_it_was_last_told(shelf: Shelf) -> None:
    steps: Mapping[str, float] = {"2021/22": 0.0, "2022/23": 2.0, "2023/24": 4.0}
    for at, (period, step) in enumerate(steps.items()):
        now = WEDNESDAY if at == 0 else MONDAY + at * WEEK - WEEK / 2
        shelf.take(improving(step, 2.0, 0, period, 0.0), now)
        digest = shelf.digest(now if at == 0 else MONDAY + at * WEEK)
        if at == 1:
            assert digest
            assert of_life(digest) is None, "2.0 is 1.39 standard errors"
    assert digest
    moved = of_life(digest)
    assert moved
    assert (moved.certainty, moved.compared) == ("clear", 1), "4.0 since it was told of is 2.77"
