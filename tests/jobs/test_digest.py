"""Weekly digests over weeks: each once, whenever the service runs and whatever the clocks do, and what they tell."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.catalogue import Catalogue, Indicator, Polarity, Theme
from engine.changes import Cause, Kind
from engine.origins import DataSet, Origin
from jobs.coming import overdue
from jobs.digest import YOURS, choose, digests_due, digests_now, owe_digests, owe_now
from jobs.errors import SettingsError
from jobs.notices import DigestNotice, DueLine, from_json
from jobs.pipeline import ingest
from jobs.policy import Policy
from jobs.schedule import due_at
from jobs.settings import Settings
from jobs.settings.tables import Digest, Lead
from jobs.settings.values import parse_cron
from state import acknowledgements, mutes, sources, subscriptions
from state.acknowledgements import Acknowledgement
from state.database import Database, connect, unit
from state.sources import Expected
from state.subscriptions import How, Subscription
from tests.system.releases import COUNCIL, POLICE, ROADS, Book, Entry, at_place, policy, release

LONDON = ZoneInfo("Europe/London")
MONDAYS = parse_cron("30 8 * * mon")
CODES = tuple(f"p{number}" for number in range(4))
ENTRIES = (*(Entry(code) for code in CODES), Entry("potholes", ROADS))

WEDNESDAY = datetime(2025, 11, 12, 10, tzinfo=UTC)
MONDAY = datetime(2025, 11, 17, 8, 30, tzinfo=UTC)
WEEK = timedelta(days=7)


def lead(name: str, slack: str, *themes: str) -> Lead:
    return Lead.model_validate({"name": name, "slack": slack, "themes": themes})


SAFETY = lead("Community safety", "C2", POLICE)


def settings(*leads: Lead, every: str = "30 8 * * mon", on: bool = True) -> Settings:
    return Settings(leads=leads, digest=Digest(on=on, every=parse_cron(every)))


class Council:
    """A database, the settings, and releases that come to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db: Database = connect(path)
        self.settings = settings(SAFETY)
        self.policy: Policy = policy()
        self.level = 100.0

    def take(self, day: str, now: datetime, period: str = "2022/23", **places: int) -> None:
        """A release that puts the council at these places, at the others where it was."""
        self.level -= 1
        book = release(ENTRIES, {"potholes": 5} | dict.fromkeys(CODES, 10) | places, period, level=self.level)
        ingest(self.db, book.raw(f"r-{day}.csv"), self.policy, now=now)

    def owe(self, now: datetime) -> int:
        with unit(self.db, self.path):
            return owe_digests(self.db, self.settings, self.policy, now)

    def due(self, now: datetime) -> bool:
        return digests_due(self.db, self.settings, now)

    def owed(self) -> list[str]:
        return [key for (key,) in self.db.execute("SELECT key FROM outbox WHERE kind = 'digest' ORDER BY id")]

    def told(self, at: int = -1) -> DigestNotice:
        rows = self.db.execute("SELECT payload FROM outbox WHERE kind = 'digest' ORDER BY id").fetchall()
        notice = from_json(rows[at][0])
        assert isinstance(notice, DigestNotice)
        return notice

    def subscribe(self, place: str, theme: str, since: datetime = WEDNESDAY, how: How = "weekly") -> None:
        with unit(self.db):
            subscriptions.subscribe(self.db, Subscription(place, theme, how, place, since.isoformat()))

    def say(self, subject: str, review: str = "", at: str = "2025-11-13T09:00:00+00:00") -> None:
        with unit(self.db):
            said = Acknowledgement(subject, at, "U1", "Ann", "cause", "action", review, None)
            acknowledgements.acknowledge(self.db, said)


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    made = Council(tmp_path / "benchwatch.db")
    yield made
    made.db.close()


@pytest.fixture
def begun(council: Council) -> Council:
    """A first release on a Wednesday, seen by the service; the digest of Monday is the first."""
    council.take("2025-11-10", WEDNESDAY)
    assert council.owe(WEDNESDAY) == 0
    return council


# --- when ------------------------------------------------------------------------------------------


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "now", "due"),
    [
        ("30 8 * * mon", "2025-11-17T08:30", "2025-11-17T08:30"),
        ("30 8 * * mon", "2025-11-17T08:29:59", "2025-11-10T08:30"),
        ("30 8 * * mon", "2025-11-16T23:59", "2025-11-10T08:30"),
        ("30 8 * * mon", "2026-07-06T07:30", "2026-07-06T08:30"),
        ("30 8 * * mon", "2026-07-06T07:29", "2026-06-29T08:30"),
        # Clocks are put forward on Sunday 29 March 2026 and back on Sunday 25 October 2026.
        ("30 8 * * mon", "2026-03-30T07:30", "2026-03-30T08:30"),
        ("30 8 * * mon", "2026-03-30T07:29", "2026-03-23T08:30"),
        ("30 8 * * mon", "2026-10-26T08:29", "2026-10-19T08:30"),
        ("30 8 * * mon", "2026-10-26T08:30", "2026-10-26T08:30"),
        ("30 1 * * sun", "2026-03-29T01:29", "2026-03-22T01:30"),
        ("30 1 * * sun", "2026-03-29T01:30", "2026-03-29T01:30"),
        ("30 1 * * sun", "2026-10-25T00:29", "2026-10-18T01:30"),
        ("30 1 * * sun", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("30 1 * * sun", "2026-10-25T01:10", "2026-10-25T01:30"),
        ("30 1 * * sun", "2026-10-25T01:30", "2026-10-25T01:30"),
        ("0 1 * * *", "2026-10-25T01:30", "2026-10-25T01:00"),
        ("* * * jan *", "2026-12-20T10:00", "2026-01-31T23:59"),
        ("* * * * *", "2026-03-29T02:10:30", "2026-03-29T03:10"),
        ("0 9 29 feb *", "2027-03-01T10:00", "2024-02-29T09:00"),
    ],
)
def test_a_digest_is_due_by_the_clock_on_the_wall(every: str, now: str, due: str) -> None:
    found = due_at(parse_cron(every), LONDON, utc(now))
    assert found is not None
    assert found.strftime("%Y-%m-%dT%H:%M") == due


def test_a_day_that_never_comes_is_never_due() -> None:
    assert due_at(parse_cron("30 8 31 feb *"), LONDON, MONDAY) is None


def test_each_week_has_one_digest_also_when_clocks_change(council: Council) -> None:
    council.take("2025-11-10", WEDNESDAY)
    council.owe(WEDNESDAY)
    found = []
    for week in range(52):
        for hours in (-1.5, -1, -0.5, 0, 50):
            now = MONDAY + week * WEEK + timedelta(hours=hours)
            found += [now.time().isoformat("minutes")] * (council.owe(now) if council.due(now) else 0)
    summer = 30  # weeks
    assert found == ["08:30"] * 19 + ["07:30"] * summer + ["08:30"] * 3
    assert len(set(council.owed())) == 52
    assert {key.rpartition("T")[2] for key in council.owed()} == {"08:30"}


def test_a_digest_at_an_hour_that_comes_twice_is_one(council: Council) -> None:
    council.settings = settings(SAFETY, every="30 1 * * sun")
    council.take("2025-11-10", WEDNESDAY)
    council.owe(utc("2026-10-20T10:00"))
    owed = [council.owe(utc("2026-10-25T00:00") + timedelta(minutes=10 * step)) for step in range(18)]
    assert sum(owed) == 1
    assert council.owed() == ["digest/lead:Community safety/2026-10-25T01:30"]


# --- once ------------------------------------------------------------------------------------------


def test_the_first_digest_is_that_of_the_first_monday_after(begun: Council) -> None:
    assert not begun.due(WEDNESDAY + timedelta(days=1))
    assert not begun.due(MONDAY - timedelta(seconds=1))
    assert begun.due(MONDAY)
    assert begun.owe(MONDAY) == 1
    assert not begun.due(MONDAY)
    assert begun.owed() == ["digest/lead:Community safety/2025-11-17T08:30"]


def test_an_installation_on_a_monday_sends_no_digest_at_once(council: Council) -> None:
    later = MONDAY + timedelta(hours=1)
    assert (council.due(later), council.owe(later)) == (False, 0)
    council.take("2025-11-10", later)
    assert [council.owe(later), council.owe(later + timedelta(days=2))] == [0, 0]
    assert council.owe(MONDAY + WEEK) == 1


def test_a_monday_missed_is_made_up_for_at_the_start_by_the_latest_alone(begun: Council) -> None:
    begun.owe(MONDAY)
    begun.take("2025-11-18", MONDAY + timedelta(days=1), "2023/24", p0=30, p1=30)
    back = MONDAY + 3 * WEEK + timedelta(hours=5)
    assert begun.owe(back) == 1
    assert begun.owed()[1:] == ["digest/lead:Community safety/2025-12-08T08:30"]
    assert begun.told().since == "2025-11-17"
    assert [item.change.kind for item in begun.told().moved] == [Kind.ENTERED, Kind.ENTERED]
    assert [begun.owe(back), begun.owe(MONDAY + 4 * WEEK)] == [0, 1]


def test_asked_twice_at_once_a_digest_is_owed_once(begun: Council) -> None:
    other = connect(begun.path)
    with unit(other, begun.path):
        first = owe_digests(other, begun.settings, begun.policy, MONDAY)
    other.close()
    assert (first, begun.owe(MONDAY), begun.owe(MONDAY)) == (1, 0, 0)
    assert len(begun.owed()) == 1


def test_broken_off_halfway_nothing_is_kept_and_the_next_try_is_whole(begun: Council) -> None:
    begun.settings = settings(SAFETY, lead("Highways", "C3", ROADS))
    begun.owe(WEDNESDAY)
    with suppress(KeyboardInterrupt), unit(begun.db, begun.path):
        assert owe_digests(begun.db, begun.settings, begun.policy, MONDAY) == 2
        raise KeyboardInterrupt
    assert begun.owed() == []
    assert begun.owe(MONDAY) == 2


def test_a_clock_that_was_a_year_ahead_keeps_no_later_digest_from_being_made(begun: Council) -> None:
    assert (begun.owe(MONDAY), begun.owe(MONDAY + 52 * WEEK)) == (1, 1)
    begun.take("2025-11-12", WEDNESDAY, "2023/24", p0=29)
    later = [MONDAY + number * WEEK for number in (1, 1, 2)]
    assert [begun.owe(now) for now in later] == [1, 0, 1]
    assert [len(begun.told(at).moved) for at in (-2, -1)] == [1, 0]
    assert not any(begun.due(now) for now in later)


def test_a_new_lead_begins_with_the_next_monday(begun: Council) -> None:
    begun.owe(MONDAY)
    begun.settings = settings(SAFETY, lead("Highways", "C3", ROADS))
    tuesday = MONDAY + timedelta(days=1)
    assert [begun.owe(tuesday), begun.owe(MONDAY + WEEK)] == [0, 2]
    assert [key.split("/")[1] for key in begun.owed()] == [
        "lead:Community safety",
        "lead:Community safety",
        "lead:Highways",
    ]


def test_digests_that_are_off_are_never_due(begun: Council) -> None:
    begun.settings = settings(SAFETY, on=False)
    assert (begun.due(MONDAY), begun.owe(MONDAY)) == (False, 0)


def test_two_leads_in_one_channel_have_a_digest_each(begun: Council) -> None:
    begun.settings = settings(SAFETY, lead("Highways", "C2", ROADS))
    begun.owe(WEDNESDAY)
    assert begun.owe(MONDAY) == 2
    assert [theme.line.name for theme in begun.told().themes] == [ROADS]


# --- subscribers -----------------------------------------------------------------------------------


def test_a_subscriber_has_one_digest_of_all_themes_chosen(begun: Council) -> None:
    begun.settings = settings()
    begun.subscribe("U7", ROADS)
    begun.subscribe("U7", POLICE)
    begun.subscribe("U8", POLICE, how="now")
    assert [begun.owe(WEDNESDAY), begun.owe(MONDAY)] == [0, 1]
    notice = begun.told()
    assert begun.owed() == ["digest/to:U7/2025-11-17T08:30"]
    assert (notice.name, notice.personal) == (YOURS, True)
    assert [theme.line.name for theme in notice.themes] == [POLICE, ROADS]


def test_what_a_lead_is_told_in_a_place_is_not_told_there_to_subscribers(begun: Council) -> None:
    for theme in (POLICE, ROADS):
        begun.subscribe("C2", theme)
    begun.subscribe("U7", POLICE)
    begun.owe(WEDNESDAY)
    assert begun.owe(MONDAY) == 3
    themes = [[theme.line.name for theme in begun.told(at).themes] for at in range(3)]
    assert dict(zip([key.split("/")[1] for key in begun.owed()], themes, strict=True)) == {
        "lead:Community safety": [POLICE],
        "to:C2": [ROADS],
        "to:U7": [POLICE],
    }


def test_who_subscribes_again_is_not_told_at_once_of_the_months_between(begun: Council) -> None:
    begun.settings = settings()
    begun.subscribe("U7", POLICE)
    begun.owe(WEDNESDAY)
    with unit(begun.db):
        subscriptions.unsubscribe(begun.db, "U7", [POLICE])
    begun.take("2025-11-18", MONDAY, "2023/24", p0=30, p1=30)
    back = MONDAY + 8 * WEEK + timedelta(days=2)
    begun.subscribe("U7", POLICE, back)
    assert [begun.owe(back), begun.owe(MONDAY + 9 * WEEK)] == [0, 1]
    assert not begun.told().changed


def test_two_hundred_subscribers_are_owed_theirs_within_a_second(council: Council) -> None:
    council.settings = settings()
    book = Book(tuple(Entry(f"i{number}", f"Theme {number % 10}") for number in range(60)))
    for number in range(60):
        book.add(f"i{number}", "2022/23", at_place(10))
    ingest(council.db, book.raw("a-2025-11-10.csv"), council.policy, now=WEDNESDAY)
    for number in range(200):
        for theme in range(3):
            council.subscribe(f"U{number}", f"Theme {(number + theme) % 10}")
    council.owe(WEDNESDAY)
    later = Book(book.entries)
    for number in range(60):
        later.add(f"i{number}", "2023/24", at_place(28, level=90))
    ingest(council.db, later.raw("b-2025-11-13.csv"), council.policy, now=WEDNESDAY + timedelta(days=1))
    begun = time.process_time()
    assert council.owe(MONDAY) == 200
    assert time.process_time() - begun < 1


# --- what ------------------------------------------------------------------------------------------


def test_what_changed_is_told_with_the_way_out_and_why(begun: Council) -> None:
    begun.take("2025-11-13", WEDNESDAY + timedelta(days=1), "2023/24", p0=30, p1=30, potholes=28)
    begun.owe(MONDAY)
    notice = begun.told()
    [theme] = notice.themes
    assert (theme.before.standing.rank if theme.before else None, theme.line.standing.rank) == (10, 20)
    assert (theme.before.bottom if theme.before else None, theme.line.bottom, notice.judged) == (0, 2, 4)
    assert {(part.name, part.kind) for part in theme.why} == {("Name of p0", "common"), ("Name of p1", "common")}
    assert [(item.name, item.change.kind) for item in notice.moved] == [
        ("Name of p0", Kind.ENTERED),
        ("Name of p1", Kind.ENTERED),
    ]
    assert [(item.code, item.standing.rank, item.places) for item in notice.bottom] == [("p0", 30, 6), ("p1", 30, 6)]
    assert (notice.since, notice.day) == ("2025-11-12", "2025-11-17")


def test_a_week_without_news_is_so(begun: Council) -> None:
    begun.owe(MONDAY)
    assert begun.owe(MONDAY + WEEK) == 1
    notice = begun.told()
    assert not notice.changed
    assert (notice.moved, notice.muted, notice.seen_first) == ((), 0, 0)


def test_what_moved_several_times_is_told_once_from_where_it_stood_to_where_it_stands(begun: Council) -> None:
    day = timedelta(days=1)
    begun.take("2025-11-12", WEDNESDAY, "2023/24", p0=30)
    begun.take("2025-11-13", WEDNESDAY + day, "2024/25", p0=12)
    begun.take("2025-11-14", WEDNESDAY + 2 * day, "2025/26", p0=28)
    begun.owe(MONDAY)
    [moved] = begun.told().moved
    assert moved.change.before is not None
    assert (moved.change.kind, moved.change.before.rank, moved.change.after.rank) == (Kind.ENTERED, 10, 28)
    assert moved.change.after.period == "2025/26"


def test_what_is_undone_before_the_digest_vanishes(begun: Council) -> None:
    begun.take("2025-11-12", WEDNESDAY, "2023/24", p0=30, p1=30)
    begun.level += 1
    begun.take("2025-11-14", WEDNESDAY + timedelta(days=2), "2023/24", p1=30)  # the figure of p0 is put right
    begun.owe(MONDAY)
    assert [moved.name for moved in begun.told().moved] == ["Name of p1"]


def test_what_moved_for_another_council_before_the_settings_named_this_one_is_not_told(begun: Council) -> None:
    begun.take("2025-11-12", WEDNESDAY, "2023/24", p0=29)
    begun.policy = replace(begun.policy, council="E10000016")
    begun.take("2025-11-13", WEDNESDAY, "2024/25", p0=29)
    begun.owe(MONDAY)
    notice = begun.told()
    assert (notice.footing.council, notice.moved) == ("Kent", ())
    assert (notice.themes[0].line.bottom, notice.themes[0].moved) == (4, False)


@pytest.mark.parametrize(("revised", "told"), [(27, 1), (31, 0)])
def test_an_improvement_whose_figure_was_revised_since_is_not_told_of(begun: Council, revised: int, told: int) -> None:
    for number, (place, period) in enumerate(((31, "2022/23"), (27, "2023/24"), (revised, "2023/24"))):
        book = Book((Entry("life"),), header=("indicator", "area_code", "period", "value", "lower_ci", "upper_ci"))
        for area, value in at_place(place).items():
            book.rows.append(("life", area, period, value, value - 0.2, value + 0.2))
        ingest(begun.db, book.raw(f"life-2025-11-{11 + number}.csv"), begun.policy, now=WEDNESDAY)
    begun.owe(MONDAY)
    assert begun.db.execute("SELECT count(*) FROM changes WHERE kind = ?", (Kind.IMPROVED,)).fetchone() == (1,)
    assert [moved.change.kind for moved in begun.told().moved] == [Kind.IMPROVED] * told


def test_changes_that_do_not_come_from_performance_are_told_with_their_cause(begun: Council) -> None:
    begun.take("2025-11-12", WEDNESDAY, "2023/24", p0=22)
    begun.owe(MONDAY)
    figures = at_place(22)
    fewer = tuple(area for area in figures if figures[area] > 100 - len(figures) + 6)  # without the six worst
    begun.policy = Policy(COUNCIL, fewer, Catalogue())
    book = Book((Entry("potholes", ROADS),)).add("potholes", "2024/25", at_place(5, level=90))
    ingest(begun.db, book.raw("c-2025-11-18.csv"), begun.policy, now=MONDAY + timedelta(days=3))
    begun.owe(MONDAY + WEEK)
    assert [(item.name, item.change.kind, item.change.cause) for item in begun.told().moved] == [
        ("Name of p0", Kind.ENTERED, Cause.COMPARATORS)
    ]


def test_indicators_seen_for_the_first_time_are_counted_and_their_theme_moves_by_its_basket(begun: Council) -> None:
    book = Book((Entry("new"),)).add("new", "2023/24", at_place(30))
    ingest(begun.db, book.raw("n-2025-11-12.csv"), begun.policy, now=WEDNESDAY)
    begun.owe(MONDAY)
    notice = begun.told()
    assert (notice.seen_first, notice.changed, notice.moved) == (1, True, ())
    assert [theme.cause for theme in notice.themes if theme.moved] == [Cause.BASKET]


def test_what_is_muted_is_counted_and_not_listed(begun: Council) -> None:
    with unit(begun.db):
        for place, subject in ((mutes.EVERYBODY, "indicator:p0"), ("U9", "indicator:p1")):
            mutes.mute(
                begun.db, place=place, subject=subject, until="2026-01-01", reason="", by="U1", by_name="Ann", at=""
            )
    begun.take("2025-11-13", WEDNESDAY, "2023/24", p0=30, p1=30)
    begun.owe(MONDAY)
    assert [item.name for item in begun.told().moved] == ["Name of p1"]
    assert begun.told().muted == 1


@pytest.mark.parametrize(
    ("subject", "review", "told"),
    [
        ("indicator:p0", "", True),
        ("indicator:p1", "", False),
        ("indicator:p1", "2025-12-01", True),
        ("indicator:p1", "2025-12-02", False),
        ("indicator:p1", "2025-05-03", True),
        (f"basket:{POLICE}", "", True),
        ("indicator:potholes", "2025-11-17", False),
        (f"basket:{ROADS}", "2025-11-17", False),
    ],
)
def test_what_owners_said_returns_while_it_matters(begun: Council, subject: str, review: str, told: bool) -> None:
    begun.say(subject, review)
    begun.take("2025-11-13", WEDNESDAY, "2023/24", p0=30)
    begun.owe(MONDAY)
    assert bool(begun.told().acknowledged) == told
    assert [line.said.review for line in begun.told().acknowledged] == [review] * told


def catalogued() -> Policy:
    """A policy with a publisher of two data sets, one for each theme."""
    indicators = {
        code: Indicator(code, f"Name of {code}", theme, Polarity.parse("high"), decimals=2)
        for code, theme in (("p0", POLICE), ("potholes", ROADS))
    }
    origins: Mapping[str, Origin] = {
        "p0": Origin("nomis", "crime"),
        "potholes": Origin("nomis", "roads"),
    }
    datasets = {("nomis", name): DataSet("nomis", name, name.capitalize()) for name in ("crime", "roads")}
    themes = {name: Theme(name) for name in (POLICE, ROADS)}
    catalogue = Catalogue(indicators, themes, origins=origins, datasets=datasets)
    return Policy("E10000018", "counties", catalogue, publishers=("nomis",))


def test_releases_of_the_next_seven_days_are_told_to_those_they_concern(begun: Council) -> None:
    begun.policy = catalogued()
    with unit(begun.db):
        sources.save_expected(begun.db, "nomis", "crime", Expected("2025-11-20", "confirmed", "Crime, 2025", "", True))
        sources.save_expected(begun.db, "nomis", "roads", Expected("2025-11-21", "provisional"))
    begun.owe(MONDAY)
    assert begun.told().due == (DueLine("Crime, 2025", "Nomis (Office for National Statistics)", "2025-11-20", False),)


@pytest.mark.parametrize(("day", "state"), [("2025-11-25", "confirmed"), ("2025-11-20", "cancelled")])
def test_releases_that_are_far_off_or_cancelled_are_not_told(begun: Council, day: str, state: str) -> None:
    begun.policy = catalogued()
    with unit(begun.db):
        sources.save_expected(begun.db, "nomis", "crime", Expected(day, state))
    begun.owe(MONDAY)
    assert begun.told().due == ()
    assert overdue(begun.db, begun.policy) == ()


# --- now -------------------------------------------------------------------------------------------


def test_a_digest_asked_for_is_owed_at_once_and_once_a_minute(begun: Council) -> None:
    now = WEDNESDAY + timedelta(days=1)
    chosen = choose(begun.db, begun.settings, "community SAFETY")
    with unit(begun.db):
        first = owe_now(begun.db, begun.settings, begun.policy, now, chosen)
        again = owe_now(begun.db, begun.settings, begun.policy, now, chosen)
    assert (first, again) == (1, 0)
    assert begun.owed() == ["digest/lead:Community safety/2025-11-13T10:00"]
    assert begun.owe(MONDAY) == 1, "the one of Monday comes all the same"


def test_looking_changes_nothing_and_covers_a_week_where_there_was_none(council: Council) -> None:
    council.take("2025-10-10", WEDNESDAY - 4 * WEEK)
    council.take("2025-11-10", WEDNESDAY, "2023/24", p0=30)
    before = "\n".join(council.db.iterdump())
    [(one, notice)] = digests_now(
        council.db, council.settings, council.policy, WEDNESDAY, choose(council.db, council.settings, "C2")
    )
    assert one.destination == "lead:Community safety"
    assert [item.name for item in notice.moved] == ["Name of p0"]
    assert "\n".join(council.db.iterdump()) == before


def test_nobody_of_that_name_is_an_error_with_the_names_there_are(council: Council) -> None:
    with pytest.raises(SettingsError, match="no digest goes to 'Roads'; digests go to Community safety"):
        choose(council.db, council.settings, "Roads")
