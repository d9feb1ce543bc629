"""Who is told what of a release: each destination once, what is wrong corrected where it stands, what is muted not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.catalogue import Catalogue, Composite
from engine.changes import Cause, Change, Thresholds
from jobs.corrections import corrections
from jobs.notices import CorrectionNotice, Notice, ReleaseAlert, Said, from_json
from jobs.pipeline import Outcome, ingest
from jobs.policy import Lead, Policy
from state import outbox
from state.acknowledgements import Acknowledgement, acknowledge
from state.database import Database, connect, unit
from state.mutes import EVERYBODY, mute
from state.subscriptions import How, Subscription, subscribe, unsubscribe
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy, release

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("arson"), Entry("potholes", ROADS))
FIRST = {"burglary": 10, "robbery": 12, "arson": 8, "potholes": 3}
FELL = {**FIRST, "burglary": 28}
TEAM_PLACE = "C1"
SAFETY = Lead("Safety", frozenset({POLICE}), "C2")


class Desk:
    """A database that takes made-up releases in, one a month, and what it owes for them."""

    def __init__(self, path: Path) -> None:
        self.db: Database = connect(path)
        self.now: datetime = NOW
        self.leads: tuple[Lead, ...] = ()
        self.composites: dict[str, Composite] = {}
        self.number = 0

    @property
    def policy(self) -> Policy:
        plain = policy(leads=self.leads, catalogue=Catalogue(composites=self.composites))
        return Policy(plain.council, plain.comparators, plain.catalogue, leads=plain.leads, team_place=TEAM_PLACE)

    def take(self, places: dict[str, int], period: str) -> Outcome:
        """The next release, which puts the council at these places."""
        self.number += 1
        book = release(ENTRIES, places, period, level=200.0 - int(period[2:4]))
        outcome = ingest(self.db, book.raw(f"r{self.number}-2025-{self.number:02}-01.csv"), self.policy, now=self.now)
        assert outcome.status in {"accepted", "unchanged"}, outcome
        return outcome

    def fall(self) -> None:
        """A baseline, and a release by which burglary enters the bottom quartile and its theme falls."""
        self.take(FIRST, "2022/23")
        self.take(FELL, "2023/24")

    def owed(self, after: int = 0) -> list[tuple[str, Notice, int | None]]:
        """What is owed since a message: destination, notice, and the message it amends."""
        rows = self.db.execute("SELECT destination, payload, amends FROM outbox WHERE id > ? ORDER BY id", (after,))
        return [(destination, from_json(payload), amends) for destination, payload, amends in rows]

    def last(self) -> int:
        return int(self.db.execute("SELECT max(id) FROM outbox").fetchone()[0])

    def since(self, number: int) -> dict[str, Notice]:
        """What is owed since a message by destination, which has to be one each."""
        found = [(destination, notice) for destination, notice, _ in self.owed(number)]
        assert len(found) == len(dict(found)), found
        return dict(found)

    def mute(self, subject: str, *, place: str = EVERYBODY, until: str = "", reason: str = "known fault") -> None:
        with unit(self.db):
            mute(
                self.db,
                place=place,
                subject=subject,
                until=until,
                reason=reason,
                by="U9",
                by_name="Ann",
                at="2025-11-21",
            )

    def subscribe(self, place: str, theme: str, how: How = "now") -> None:
        with unit(self.db):
            subscribe(self.db, Subscription(place, theme, how, "U9", "2025-11-21"))

    def states(self, after: int = 0) -> list[tuple[str, str, str]]:
        rows = self.db.execute("SELECT destination, state, reason FROM outbox WHERE id > ? ORDER BY id", (after,))
        return [(destination, state, reason) for destination, state, reason in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "benchwatch.db")
    yield desk
    desk.db.close()


def subjects(notice: Notice) -> set[str]:
    assert isinstance(notice, ReleaseAlert)
    return {moved.change.subject for moved in notice.moved}


def corrected(notice: Notice) -> dict[str, tuple[bool, int | None]]:
    """By subject whether it is withdrawn, and the rank since."""
    assert isinstance(notice, CorrectionNotice)
    return {line.told.subject: (line.withdrawn, line.now.rank) for line in notice.lines}


THEME, BURGLARY, ARSON = f"basket:{POLICE}", "indicator:burglary", "indicator:arson"


# --- corrections ----------------------------------------------------------------------------------


def test_what_a_revision_undoes_is_withdrawn_where_it_was_told_and_told_no_second_time(desk: Desk) -> None:
    desk.leads = (SAFETY,)
    desk.fall()
    before = desk.last()
    outcome = desk.take({"burglary": 10}, "2023/24")
    assert outcome.owed == 2
    found = {destination: (corrected(notice), amends) for destination, notice, amends in desk.owed(before)}
    whole = {THEME: (True, 10), BURGLARY: (True, 10)}
    assert found == {"team": (whole, before - 1), "lead:Safety": (whole, before)}
    keys = [key for (key,) in desk.db.execute("SELECT key FROM outbox WHERE id > ? ORDER BY id", (before,))]
    assert keys == [f"release/3/snapshot/3/corrects/{number}" for number in (before - 1, before)]


def test_the_same_revision_again_corrects_nothing_twice(desk: Desk) -> None:
    desk.fall()
    desk.take({"burglary": 10}, "2023/24")
    before = desk.last()
    assert desk.take({"burglary": 10}, "2023/24").owed == 0
    assert desk.last() == before


def test_what_was_withdrawn_and_comes_back_is_a_new_alert(desk: Desk) -> None:
    desk.fall()
    desk.take({"burglary": 10}, "2023/24")
    before = desk.last()
    desk.take({"burglary": 29}, "2023/24")
    [alert] = desk.since(before).values()
    assert subjects(alert) == {THEME, BURGLARY}
    undone = desk.last()
    desk.take({"burglary": 9}, "2023/24")
    assert [amends for _, _, amends in desk.owed(undone)] == [undone], "and is corrected like any other"


def test_a_rank_that_revisions_move_is_corrected_each_time_until_it_is_back(desk: Desk) -> None:
    desk.fall()
    alert = desk.last()
    found = []
    for place in (22, 20, 13, 10):
        desk.take({"burglary": place}, "2023/24")
        [(_, notice, amends)] = desk.owed(desk.last() - 1)
        assert amends == alert
        found.append(corrected(notice))
    assert found[0][BURGLARY] == (True, 22), "22nd of 31 is not in the bottom quartile"
    ranks = [item[THEME] for item in found]
    assert [withdrawn for withdrawn, _ in ranks] == [False, False, False, True]
    assert [rank for _, rank in ranks] == [14, 13, 11, 10]
    assert all(set(item) == {THEME} for item in found[1:])


@pytest.mark.parametrize("sent", [True, False])
def test_what_else_a_revising_release_changes_is_its_own_alert_which_counts_what_it_withdraws_of_what_was_sent(
    desk: Desk, *, sent: bool
) -> None:
    desk.fall()
    before = desk.last()
    if sent:
        with unit(desk.db):
            outbox.begin_part(desk.db, before, 0, "C1", desk.now.isoformat())
    desk.take({"burglary": 10, "potholes": 30}, "2023/24")
    (_, correction, amends), (_, alert, own) = desk.owed(before)
    assert (amends, own) == (before, None)
    assert set(corrected(correction)) == {THEME, BURGLARY}
    assert isinstance(alert, ReleaseAlert)
    assert (subjects(alert), alert.withdrawn) == ({f"basket:{ROADS}", "indicator:potholes"}, 2 if sent else 0)


def test_who_was_not_told_before_is_told_of_the_revision_itself(desk: Desk) -> None:
    desk.fall()
    desk.leads = (SAFETY,)
    before = desk.last()
    desk.take({"burglary": 10}, "2023/24")
    told = desk.since(before)
    assert set(corrected(told["team"])) == subjects(told["lead:Safety"]) == {THEME, BURGLARY}


def test_an_alert_of_more_than_sixty_days_ago_stays_and_the_revision_is_told(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    desk.now += timedelta(days=61)
    desk.take({"burglary": 10}, "2023/24")
    [(_, alert, amends)] = desk.owed(before)
    assert (subjects(alert), amends) == ({THEME, BURGLARY}, None)


def test_an_alert_that_was_never_sent_is_not_corrected(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    with unit(desk.db):
        outbox.finish(desk.db, before, "suppressed", "no channel is set")
    desk.take({"burglary": 10}, "2023/24")
    [(_, alert, amends)] = desk.owed(before)
    assert (subjects(alert), amends) == ({THEME, BURGLARY}, None)


def test_a_revision_of_a_later_period_does_not_correct_what_was_told_of_an_earlier_one(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    desk.take({**FIRST, "burglary": 28}, "2024/25")
    assert desk.last() == before, "still in the bottom quartile"
    desk.take({"burglary": 10}, "2024/25")
    [(_, alert, amends)] = desk.owed(before)
    assert (subjects(alert), amends) == ({THEME, BURGLARY}, None), "in 2023/24 both fell, and that stands"


def test_new_figures_of_others_do_not_keep_a_theme_from_being_corrected(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    desk.take({"robbery": 12, "arson": 8}, "2024/25")
    assert desk.last() == before
    desk.take({"burglary": 10}, "2023/24")
    [(_, notice, amends)] = desk.owed(before)
    assert (corrected(notice), amends) == ({THEME: (True, 10), BURGLARY: (True, 10)}, before)


def test_revised_figures_that_come_with_a_new_period_withdraw_nothing_and_are_told(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    book = release(ENTRIES, FIRST, "2024/25", level=176.0).add("burglary", "2023/24", at_place(10, level=177.0))
    ingest(desk.db, book.raw("r3-2025-03-01.csv"), desk.policy, now=desk.now)
    [(_, alert, amends)] = desk.owed(before)
    assert (subjects(alert), amends) == ({THEME, BURGLARY}, None)
    assert {moved.change.cause for moved in moves(alert)} == {Cause.REVISION}


def test_what_was_told_of_another_council_is_not_corrected(desk: Desk) -> None:
    desk.fall()
    before = desk.last()
    other = next(area for area in COUNTIES if area != COUNCIL)
    told = moves(desk.owed()[-1][1])[0].change
    change = replace(told, area=other, cause=Cause.REVISION, before=told.after, after=told.before)
    found = corrections(desk.db, "team", [change], Thresholds(), desk.now, since={change.subject: 2})
    assert (found, before) == ({}, desk.last())


def test_a_theme_that_moved_unheard_since_is_told_of_and_not_corrected(desk: Desk) -> None:
    desk.fall()
    desk.mute(THEME, until="2025-11-30")
    desk.take({**FIRST, "burglary": 31, "robbery": 31}, "2024/25")
    desk.now += timedelta(days=20)
    before = desk.last()
    desk.take({"robbery": 20}, "2024/25")
    [(_, alert, amends)] = desk.owed(before)
    assert (subjects(alert), amends) == ({THEME, "indicator:robbery"}, None)


def test_a_composite_within_its_threshold_of_where_it_stood_is_withdrawn(desk: Desk) -> None:
    desk.composites = {"Overall": Composite("Overall", themes=(POLICE, ROADS))}
    desk.fall()
    told: dict[str, Change] = {moved.change.subject: moved.change for moved in moves(desk.owed()[-1][1])}
    overall = told["basket:Overall"]
    before = desk.last()
    desk.take({"burglary": 12}, "2023/24")
    [(_, notice, _)] = desk.owed(before)
    withdrawn, rank = corrected(notice)["basket:Overall"]
    assert overall.before
    assert withdrawn
    assert 0 < abs((rank or 0) - (overall.before.rank or 0)) < desk.policy.thresholds.composite


def moves(notice: Notice) -> Any:
    assert isinstance(notice, ReleaseAlert)
    return notice.moved


def test_what_stands_wrong_is_corrected_where_nobody_hears_of_it_any_more(desk: Desk) -> None:
    desk.subscribe("U1", POLICE)
    desk.fall()
    before = desk.last()
    with unit(desk.db):
        unsubscribe(desk.db, "U1", [POLICE])
    desk.take({"burglary": 10, "robbery": 31}, "2023/24")
    told = [(destination, type(notice)) for destination, notice, _ in desk.owed(before)]
    assert told == [("to:U1", CorrectionNotice), ("team", CorrectionNotice), ("team", ReleaseAlert)]


@pytest.mark.parametrize("stands", ["C2", "C9"])
def test_what_is_corrected_in_a_place_is_not_told_there_under_another_name(desk: Desk, stands: str) -> None:
    desk.leads = (SAFETY,)
    desk.fall()
    before = desk.last()
    with unit(desk.db):
        outbox.begin_part(desk.db, before, 0, stands, desk.now.isoformat())
        outbox.part_sent(desk.db, before, 0, stands, "1.1")
    desk.leads = (Lead("Community safety", frozenset({POLICE}), "C2"),)
    desk.take({"burglary": 10}, "2023/24")
    found = {destination: notice.kind for destination, notice, _ in desk.owed(before)}
    elsewhere = {"lead:Community safety": "release_alert"} if stands == "C9" else {}
    assert found == {"team": "correction", "lead:Safety": "correction"} | elsewhere


def test_what_is_corrected_for_subscribers_of_a_channel_is_not_told_there_to_its_lead(desk: Desk) -> None:
    for theme in (POLICE, ROADS):
        desk.subscribe("C2", theme)
    desk.fall()
    before = desk.last()
    with unit(desk.db):
        outbox.begin_part(desk.db, before, 0, "C2", desk.now.isoformat())
        outbox.part_sent(desk.db, before, 0, "C2", "1.1")
    desk.leads = (SAFETY,)
    desk.take({"burglary": 10}, "2023/24")
    found = {destination: notice.kind for destination, notice, _ in desk.owed(before)}
    assert found == {"team": "correction", "to:C2": "correction"}


def test_who_is_corrected_as_a_subscriber_is_not_told_the_same_as_a_lead(desk: Desk) -> None:
    desk.subscribe("U1", POLICE)
    desk.fall()
    before = desk.last()
    with unit(desk.db):
        outbox.begin_part(desk.db, before, 0, "D1", desk.now.isoformat())
        outbox.part_sent(desk.db, before, 0, "D1", "1.1")
    desk.leads = (Lead("Safety", frozenset({POLICE}), "U1"),)
    desk.take({"burglary": 10}, "2023/24")
    found = {destination: notice.kind for destination, notice, _ in desk.owed(before)}
    assert found == {"team": "correction", "to:U1": "correction"}


# --- who hears ------------------------------------------------------------------------------------


def test_who_subscribed_to_hear_at_once_is_told_of_that_theme_alone(desk: Desk) -> None:
    desk.composites = {"Overall": Composite("Overall", themes=(POLICE, ROADS))}
    desk.subscribe("U1", POLICE)
    desk.subscribe("U2", ROADS)
    desk.subscribe("U3", POLICE, "weekly")
    desk.subscribe("C7", "Overall")
    desk.take(FIRST, "2022/23")
    before = desk.last()
    desk.take(FELL, "2023/24")
    told = {destination: subjects(notice) for destination, notice in desk.since(before).items()}
    overall = {"basket:Overall"}
    assert told == {"team": {THEME, BURGLARY} | overall, "to:U1": {THEME, BURGLARY}, "to:C7": overall}


def test_nobody_is_told_the_same_twice_in_one_place(desk: Desk) -> None:
    desk.leads = (SAFETY,)
    for place in (TEAM_PLACE, "C2"):
        for theme in (POLICE, ROADS):
            desk.subscribe(place, theme)
    desk.take(FIRST, "2022/23")
    before = desk.last()
    desk.take({**FELL, "potholes": 30}, "2023/24")
    told = {destination: subjects(notice) for destination, notice in desk.since(before).items()}
    roads = {f"basket:{ROADS}", "indicator:potholes"}
    assert told == {"team": {THEME, BURGLARY} | roads, "lead:Safety": {THEME, BURGLARY}, "to:C2": roads}


# --- mutes ----------------------------------------------------------------------------------------


def test_what_is_muted_for_everybody_is_counted_and_not_told(desk: Desk) -> None:
    desk.leads = (SAFETY,)
    desk.take(FIRST, "2022/23")
    desk.mute(BURGLARY, until="2025-12-31")
    before = desk.last()
    desk.take(FELL, "2023/24")
    for notice in desk.since(before).values():
        assert isinstance(notice, ReleaseAlert)
        assert (subjects(notice), notice.muted) == ({THEME}, 1)


def test_muting_a_theme_silences_its_indicators_too_and_the_silence_can_be_seen(desk: Desk) -> None:
    desk.take(FIRST, "2022/23")
    desk.mute(THEME, until="2025-12-31", reason="recording changed")
    before = desk.last()
    outcome = desk.take(FELL, "2023/24")
    assert outcome.owed == 0
    [notice] = desk.since(before).values()
    assert isinstance(notice, ReleaseAlert)
    assert (notice.moved, notice.muted) == ((), 2)
    assert desk.states(before) == [("team", "suppressed", "muted by Ann until 2025-12-31: recording changed")]
    assert outbox.last_alert(desk.db, "team") == {}, "nobody was told"


def test_a_personal_mute_holds_for_that_person_alone(desk: Desk) -> None:
    desk.leads = (Lead("Safety", frozenset({POLICE}), "U1"),)
    desk.subscribe("U2", POLICE)
    desk.subscribe("U3", POLICE)
    desk.take(FIRST, "2022/23")
    for place in ("U1", "U2", TEAM_PLACE):
        desk.mute(BURGLARY, place=place, until="2025-12-31")
    before = desk.last()
    desk.take(FELL, "2023/24")
    told = {destination: subjects(notice) for destination, notice in desk.since(before).items()}
    everything = {THEME, BURGLARY}
    assert told == {"team": everything, "lead:Safety": {THEME}, "to:U2": {THEME}, "to:U3": everything}


def test_a_mute_until_the_next_release_outlasts_a_revision_and_ends_with_the_next_period(desk: Desk) -> None:
    desk.take(FIRST, "2022/23")
    desk.mute(BURGLARY)
    before = desk.last()
    desk.take({"burglary": 28}, "2022/23")
    [revised] = desk.since(before).values()
    assert isinstance(revised, ReleaseAlert)
    assert (subjects(revised), revised.muted) == ({THEME}, 1)
    before = desk.last()
    desk.take({**FIRST, "burglary": 5}, "2023/24")
    [alert] = desk.since(before).values()
    assert isinstance(alert, ReleaseAlert)
    assert BURGLARY in subjects(alert)
    assert alert.muted == 0


def test_a_mute_until_the_next_release_outlasts_an_earlier_year_filled_in(desk: Desk) -> None:
    desk.take(FIRST, "2022/23")
    desk.mute(BURGLARY)
    desk.mute(THEME)
    before = desk.last()
    book = release(ENTRIES, {"burglary": 28}, "2022/23", level=178.0).add("burglary", "2021/22", at_place(9))
    ingest(desk.db, book.raw("r2-2025-02-01.csv"), desk.policy, now=desk.now)
    assert [state for _, state, _ in desk.states(before)] == ["suppressed"]
    desk.take({"burglary": 5}, "2023/24")
    assert [state for _, state, _ in desk.states(before)] == ["suppressed", "pending"]


@pytest.mark.parametrize(("until", "muted"), [("2025-11-20", 0), ("2025-11-21", 1)])
def test_a_mute_until_a_day_holds_on_that_day_and_no_longer(desk: Desk, until: str, muted: int) -> None:
    desk.take(FIRST, "2022/23")
    desk.mute(BURGLARY, until=until)
    before = desk.last()
    desk.take(FELL, "2023/24")
    [alert] = desk.since(before).values()
    assert isinstance(alert, ReleaseAlert)
    assert alert.muted == muted


def test_the_day_of_a_mute_is_over_at_midnight_where_the_council_is(desk: Desk) -> None:
    desk.now = datetime.fromisoformat("2026-06-30T23:30:00+00:00")  # half past midnight of 1 July in London
    desk.take(FIRST, "2022/23")
    desk.mute(BURGLARY, until="2026-06-30")
    before = desk.last()
    desk.take(FELL, "2023/24")
    [alert] = desk.since(before).values()
    assert isinstance(alert, ReleaseAlert)
    assert alert.muted == 0


def test_what_stands_wrong_is_corrected_though_it_is_muted(desk: Desk) -> None:
    desk.fall()
    desk.mute(THEME)
    before = desk.last()
    desk.take({"burglary": 10}, "2023/24")
    [notice] = desk.since(before).values()
    assert set(corrected(notice)) == {THEME, BURGLARY}


# --- what is told with it -------------------------------------------------------------------------


def test_a_theme_s_move_says_why_and_each_subject_what_was_last_said_of_it(desk: Desk) -> None:
    desk.take(FIRST, "2022/23")
    for subject, cause in ((THEME, "fewer patrols"), (THEME, "recording"), (BURGLARY, "one gang")):
        said = Acknowledgement(subject, "2025-05-03T09:00:00+00:00", "U9", "Ann", cause, "patrols", "2025-06-01", None)
        with unit(desk.db):
            acknowledge(desk.db, said)
    desk.take(FELL, "2023/24")
    found = {moved.change.subject: moved for moved in moves(desk.owed()[-1][1])}
    assert found[THEME].said == Said("Ann", "2025-05-03", "recording", "patrols", "2025-06-01")
    assert found[BURGLARY].said.cause == "one gang"
    assert [(part.name, part.effect) for part in found[THEME].why] == [("Name of burglary", 6.0)]
    assert found[BURGLARY].why == ()


def test_changes_that_do_not_come_from_performance_are_counted_for_everybody_they_concern(desk: Desk) -> None:
    desk.subscribe("U1", POLICE)
    desk.subscribe("U2", ROADS)
    desk.take({"burglary": 10, "robbery": 12, "potholes": 3}, "2022/23")
    before = desk.last()
    desk.take({"arson": 31}, "2022/23")
    told = desk.since(before)
    assert set(told) == {"team", "to:U1"}
    for notice in told.values():
        assert isinstance(notice, ReleaseAlert)
        assert (notice.moved, notice.quiet, notice.seen_first) == ((), {"basket": 1}, 1)


LIMITS = ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci")
LAST = at_place(31)


def limited(place: int, period: str, half: float, *, polarity: str = "high", bare: str = "") -> Book:
    """Areas one apart with limits so far either side, but for one of them without."""
    book = Book((Entry("life", polarity=polarity),), header=LIMITS)
    sign = 1 if polarity == "high" else -1
    for area, figure in at_place(place, level=200.0 - int(period[2:4])).items():
        value = 500 + sign * figure
        limits = ("", "") if area == bare else (value - half, value + half)
        book.rows.append(("life", area, period, value, *limits))
    return book


@pytest.mark.parametrize("polarity", ["high", "low"])
@pytest.mark.parametrize(
    ("half", "bare", "unsure"),
    [
        # 28th of 31 is clearly in the bottom quartile while 24 areas are significantly better: the 24th is 4 better,
        # and z = 3.144 for 30 comparisons makes 2.268 times the half width the least that is significant.
        (1.7, "", False),
        (1.8, "", True),
        (1.8, min(LAST), False),
    ],
)
def test_an_entry_within_the_margin_of_error_is_told_as_such(
    desk: Desk, polarity: str, half: float, bare: str, unsure: bool
) -> None:
    for place, period, name in ((10, "2022/23", "a-2025-01-01.csv"), (28, "2023/24", "b-2025-02-01.csv")):
        book = limited(place, period, half, polarity=polarity, bare=bare)
        assert ingest(desk.db, book.raw(name), desk.policy, now=desk.now).status == "accepted"
    found = {moved.change.subject: moved.certainty for moved in moves(desk.owed()[-1][1])}
    assert found["indicator:life"] == ("" if bare else "unsure" if unsure else "clear")
