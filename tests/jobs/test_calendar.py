"""Release calendars: what is announced is understood and kept, and what has not come is told once."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from sqlite_utils import Database
from typer.testing import CliRunner

from bot.cli import app
from bot.service import Service
from engine.catalogue import load_catalogue
from jobs import calendar
from jobs.calendar import NAME, Seen
from jobs.http import Client
from jobs.notices import OverdueLine, OverdueNotice, SourceNotice, from_json
from jobs.overview import overview
from jobs.pipeline import Raw, ingest
from jobs.policy import OPS, Policy
from jobs.settings import Secrets, load_settings
from jobs.sources import publisher
from state import sources
from state.database import connect
from state.sources import Expected
from tests.publishers.els import StandIn as Els
from tests.publishers.govuk import StandIn as Govuk
from tests.publishers.ons import StandIn as Ons
from tests.publishers.server import Publishers
from tests.real_data import needs_official, needs_responses
from tests.system.releases import COUNCIL, Entry, release
from tests.system.releases import NOW as TODAY
from tests.system.service import until

pytestmark = needs_responses

PAGE = "https://www.gov.uk/government/statistics/waste"
CATALOGUE = """
[[dataset]]
publisher = "govuk"
name = "scans"
title = "Diagnostic imaging"
announced = "diagnostic imaging dataset"

[[dataset]]
publisher = "govuk"
name = "forces"
title = "Armed forces"
announced = "UK armed-forces quarterly PERSONNEL report"

[[dataset]]
publisher = "ees"
name = "vehicles"
title = "Vehicles"
announced = "vehicle licensing statistics"

[[dataset]]
publisher = "govuk"
name = "waste"
title = "Collected waste"
page = "https://www.gov.uk/government/statistics/waste"
announced = "authorities' collected waste"

[[dataset]]
publisher = "nomis"
name = "suicides"
title = "Suicides"
announced = "estimating suicide among higher education students"
calendar = "ons"

[[dataset]]
publisher = "nomis"
name = "neet"
title = "Young people"
announced = "young people not in education, employment or training (NEET)"
calendar = "ons"
""" + "".join(
    f"""
[[indicator]]
code = "i-{dataset}"
name = "Indicator of {dataset}"
theme = "Economy"
polarity = "high"
from = {{ publisher = "{publisher}", dataset = "{dataset}" }}
"""
    for publisher, dataset in (
        ("govuk", "scans"),
        ("govuk", "forces"),
        ("ees", "vehicles"),
        ("govuk", "waste"),
        ("nomis", "suicides"),
        ("nomis", "neet"),
        ("lait", "attendance"),
    )
)
WASTE = "Local authorities’ collected waste: 2014 to 2015"


@pytest.fixture(autouse=True)
def _straight_and_without_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with stamina.set_testing(True, attempts=3):
        yield


class Desk:
    """A database, both calendars over HTTP, and a clock."""

    def __init__(self, folder: Path, web: Publishers) -> None:
        (folder / "catalogue").mkdir()
        (folder / "catalogue" / "all.toml").write_text(CATALOGUE, encoding="utf-8")
        config = folder / "config.toml"
        config.write_text(
            f'[calendar]\ngovuk = "{web.address("govuk")}"\nons = "{web.address("ons")}"\n', encoding="utf-8"
        )
        self.web = web
        self.govuk: Govuk = web.stand_ins["govuk"]
        self.ons: Ons = web.stand_ins["ons"]
        self.settings = load_settings(config, {})
        names = ("ees", "govuk", "lait", "nomis")
        self.policy = Policy(COUNCIL, "counties", load_catalogue([folder / "catalogue"]), publishers=names)
        self.db: Database = connect(folder / "benchwatch.db")
        self.client = Client()
        self.now = datetime(2016, 1, 4, 7, 15, tzinfo=UTC)

    def close(self) -> None:
        self.client.close()
        self.db.close()

    def on(self, day: str) -> Desk:
        self.now = datetime.fromisoformat(f"{day}T07:15:00+00:00")
        self.ons.today = self.now.date()
        return self

    def look(self) -> tuple[Seen, ...]:
        seen = calendar.look(self.client, self.settings, self.policy, self.now)
        calendar.keep(self.db, self.settings, self.policy, seen, self.now)
        return seen

    def expected(self, source: str, dataset: str) -> Expected | None:
        return sources.expected(self.db, source).get(dataset)

    def late(self) -> list[str]:
        """Data sets that the overview calls late."""
        shown = overview(self.db, self.settings, self.policy)
        return [dataset.dataset for source in shown.sources for dataset in source.datasets if dataset.late]

    def day(self, source: str, dataset: str) -> tuple[str, str, str] | None:
        found = self.expected(source, dataset)
        return (found.day, found.state, found.was) if found else None

    def release(self, day: str, dataset: str = "waste", source: str = "govuk") -> None:
        """A release of the data set is taken in that was published on this day."""
        published = date.fromisoformat(day)
        entry, place = Entry(f"i-{dataset}"), 1 + published.day % 20
        book = release((entry,), {entry.code: place}, f"{published.year}-{published.month:02}")
        body, about = book.text.encode(), book.dictionary.encode()
        outcome = ingest(
            self.db, Raw(body, about, f"{dataset} {day}", source, published, b"", dataset), self.policy, now=TODAY
        )
        assert outcome.status == "accepted"

    def own(self, day: str, dataset: str = "waste", source: str = "govuk", title: str = "edition 1") -> None:
        """The publisher says beside its data when the next release comes."""
        sources.save_expected(self.db, source, dataset, Expected(day, "provisional", title))

    def told(self) -> list[OverdueLine]:
        """What has been told of releases so far, in order."""
        rows = self.db.execute("SELECT destination, payload FROM outbox WHERE kind = 'overdue' ORDER BY id").fetchall()
        assert {destination for destination, _ in rows} <= {OPS}
        notices = [from_json(payload) for _, payload in rows]
        return [line for one in notices if isinstance(one, OverdueNotice) for line in one.lines]

    def faults(self) -> list[SourceNotice]:
        rows = self.db.execute("SELECT payload FROM outbox WHERE kind = 'source' ORDER BY id")
        return [one for (payload,) in rows if isinstance(one := from_json(payload), SourceNotice)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Publishers({"govuk": Govuk(), "ons": Ons()}) as web:
        desk = Desk(tmp_path, web)
        yield desk
        desk.close()


# What calendars say


def test_the_examples_of_gov_uk_are_understood(desk: Desk) -> None:
    desk.look()
    # Three examples of one title: to come, moved and cancelled. What is announced anew is not cancelled.
    assert desk.day("govuk", "scans") == ("2016-01-20", "confirmed", "")
    assert desk.day("govuk", "forces") == ("2016-01-31", "provisional", "")
    assert desk.day("ees", "vehicles") == ("2018-01-11", "confirmed", "")
    assert desk.day("govuk", "waste") is None
    found = desk.expected("ees", "vehicles")
    assert found
    assert (found.title, found.announced) == ("Vehicle licensing statistics: November 2017", True)


def test_a_cancelled_example_is_cancelled(desk: Desk) -> None:
    slug = "diagnostic-imaging-dataset-for-september-2015"
    desk.govuk.announcements = {slug: desk.govuk.announcements[slug]}
    desk.release("2015-12-17", "scans")
    desk.look()
    assert desk.day("govuk", "scans") == ("2016-01-20", "cancelled", "")
    [line] = desk.told()
    assert (line.kind, line.name, line.day) == (
        "cancelled", "Diagnostic imaging dataset for September 2015", "2016-01-20",
    )  # fmt: skip
    desk.on("2016-01-05").look()
    assert len(desk.told()) == 1


def test_the_example_whose_date_changed_has_moved_where_the_day_before_was_known(desk: Desk) -> None:
    slug = "diagnostic-imaging-dataset-for-september-2015--1"
    changed = desk.govuk.announcements[slug]
    before = json.loads(json.dumps(changed))
    before["details"]["display_date"] = changed["details"]["previous_display_date"]
    desk.release("2015-12-17", "scans")
    desk.govuk.announcements = {slug: before}
    desk.look()
    assert desk.day("govuk", "scans") == ("2016-01-19", "confirmed", "")
    assert desk.told() == []
    desk.govuk.announcements = {slug: changed}
    desk.on("2016-01-05").look()
    assert desk.day("govuk", "scans") == ("2016-01-20", "confirmed", "2016-01-19")
    [line] = desk.told()
    assert (line.kind, line.was, line.day) == ("moved", "2016-01-19", "2016-01-20")
    desk.on("2016-01-06").look()
    assert desk.day("govuk", "scans") == ("2016-01-20", "confirmed", "2016-01-19")
    assert len(desk.told()) == 1


def test_the_example_of_ons_is_understood(desk: Desk) -> None:
    desk.on("2018-06-01").look()
    # Finalised, and so confirmed on its day, although it was postponed and still has the words of a provisional time.
    assert desk.day("nomis", "suicides") == ("2018-06-25", "confirmed", "")
    assert desk.day("nomis", "neet") == ("2018-08-23", "provisional", "")


def test_a_provisional_time_of_ons_ends_with_its_last_month(desk: Desk) -> None:
    title = "Young people not in education, employment or training (NEET), UK: November 2018"
    desk.ons.announce(title, "2018-11-01T09:30:00.000Z", provisional_date="November to December")
    desk.on("2018-09-03").look()
    assert desk.day("nomis", "neet") == ("2018-12-31", "provisional", "")


def test_a_release_of_ons_at_midnight_in_summer_is_on_the_next_day(desk: Desk) -> None:
    title = "Young people not in education, employment or training (NEET), UK: May 2018"
    desk.ons.announce(title, "2018-07-02T23:00:00.000Z", finalised=True)
    desk.on("2018-06-01").look()
    assert desk.day("nomis", "neet") == ("2018-07-03", "confirmed", "")


def test_a_release_of_ons_that_is_cancelled_leaves_the_list_and_is_found_in_the_other(desk: Desk) -> None:
    desk.on("2018-06-01").look()
    [about] = [one["description"] for one in desk.ons.releases if "suicide" in one["uri"]]
    about["cancelled"] = True
    desk.on("2018-06-04").look()
    assert desk.day("nomis", "suicides") == ("2018-06-25", "cancelled", "")


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("18 November 2026 9:30am", "2026-11-18"),
        ("November 2026", "2026-11-30"),
        ("January to February 2028", "2028-02-29"),
        ("December 2026 to January 2027", "2027-01-31"),
        ("Nov 2026", "2026-11-30"),
    ],
)
def test_dates_are_read_as_they_are_written(desk: Desk, said: str, day: str) -> None:
    desk.govuk.announce("waste", WASTE, display_date=said)
    desk.look()
    assert desk.day("govuk", "waste") == (day, "provisional", "")


@pytest.mark.parametrize("said", ["To be announced", "31 February", ""])
def test_a_date_that_says_nothing_leaves_the_timestamp(desk: Desk, said: str) -> None:
    desk.govuk.announce("waste", WASTE, display_date=said, release_timestamp="2016-06-30T23:00:00Z", state="confirmed")
    desk.govuk.announce("older", WASTE + " (older)", display_date=said, state="confirmed")
    desk.look()
    assert desk.day("govuk", "waste") == ("2016-07-01", "confirmed", "")


def test_all_words_are_needed_and_the_earliest_to_come_is_taken(desk: Desk) -> None:
    for slug, title, said in (
        ("a", "Authorities' waste", "5 January 2016"),
        ("b", "COLLECTED WASTE OF AUTHORITIES, 2015 to 2016", "8 March 2016 9:30am"),
        ("c", WASTE, "9 February 2016 9:30am"),
        ("d", "Authorities’ collected waste, long ago", "3 January 2016 9:30am"),
    ):
        desk.govuk.announce(slug, title, display_date=said, state="confirmed")
    desk.look()
    found = desk.expected("govuk", "waste")
    assert found
    assert (found.title, found.day) == (WASTE, "2016-02-09")


def test_a_title_belongs_to_the_data_set_that_is_described_more_closely(desk: Desk, tmp_path: Path) -> None:
    wider = CATALOGUE.replace('"vehicle licensing statistics"', '"collected waste"')
    (tmp_path / "catalogue" / "all.toml").write_text(wider, encoding="utf-8")
    desk.policy = Policy(COUNCIL, "counties", load_catalogue([tmp_path / "catalogue"]), publishers=("ees", "govuk"))
    desk.govuk.announce("a", WASTE, display_date="9 February 2016", state="confirmed")
    desk.govuk.announce("b", "Collected waste by hand", display_date="8 March 2016", state="confirmed")
    desk.look()
    assert desk.day("govuk", "waste") == ("2016-02-09", "confirmed", "")
    assert desk.day("ees", "vehicles") == ("2016-03-08", "confirmed", "")


def test_requests_are_few_and_each_calendar_is_asked_for_what_is_its_own(desk: Desk, tmp_path: Path) -> None:
    twice = CATALOGUE.replace('"diagnostic imaging dataset"', '"AUTHORITIES’ collected, waste"')
    (tmp_path / "catalogue" / "all.toml").write_text(twice, encoding="utf-8")
    watched = ("ees", "govuk", "nomis")
    desk.policy = Policy(COUNCIL, "counties", load_catalogue([tmp_path / "catalogue"]), publishers=watched)
    desk.govuk.announce("a", WASTE, display_date="9 February 2016", state="confirmed")
    desk.look()
    assert desk.day("govuk", "scans") == desk.day("govuk", "waste") == ("2016-02-09", "confirmed", "")
    assert [one.query["q"] for one in desk.web.asked("govuk")] == [
        ["vehicle licensing statistics"],
        ["UK armed-forces quarterly PERSONNEL report"],
        ["AUTHORITIES’ collected, waste"],
    ]
    assert [one.query["release-type"][0] for one in desk.web.asked("ons")] == [
        "type-cancelled", "type-upcoming", "type-upcoming",
    ]  # fmt: skip
    assert {one.status for one in desk.web.requests} == {200}
    assert {name: values[0] for name, values in desk.web.asked("govuk")[0].query.items() if name != "q"} == {
        "filter_format": "statistics_announcement",
        # A provisional month may have its timestamp on any of its days.
        "filter_release_timestamp": "from:2015-11-03",
        "fields": "title,link,display_date,release_timestamp,statistics_announcement_state",
        "count": "100",
    }
    assert desk.web.asked("ons")[0].query["fromDate"] == ["2016-01-04"]


def test_a_publisher_that_is_off_is_not_looked_for(desk: Desk) -> None:
    policy = replace(desk.policy, publishers=("ees", "govuk"))
    seen = calendar.look(desk.client, desk.settings, policy, desk.now)
    assert [one.calendar for one in seen] == ["govuk"]
    assert desk.web.count("ons") == 0


# What has not come


def announced(desk: Desk, said: str = "19 January 2016 9:30am", state: str = "confirmed", title: str = WASTE) -> None:
    desk.govuk.announcements = {}
    desk.govuk.announce("waste", title, display_date=said, state=state)


def test_an_overdue_release_is_told_once_after_the_working_days_of_grace(desk: Desk) -> None:
    announced(desk, "21 January 2016 9:30am")  # a Thursday
    desk.release("2015-11-10")
    desk.look()
    for day in ("2016-01-22", "2016-01-25", "2016-01-26"):
        desk.on(day).look()
        assert (desk.told(), desk.late()) == ([], []), day
    desk.on("2016-01-27").look()
    line = OverdueLine("overdue", WASTE, "GOV.UK", "2016-01-21", late=6, page=PAGE)
    assert (desk.told(), desk.late()) == ([line], ["waste"])
    for day in ("2016-01-27", "2016-01-28", "2016-02-29"):
        desk.on(day).look()
        assert desk.told() == [line], day
    desk.release("2016-02-29")
    assert desk.late() == []


def test_a_release_that_came_is_not_overdue(desk: Desk) -> None:
    announced(desk)
    desk.release("2015-11-10")
    desk.look()
    desk.release("2016-01-19")
    desk.on("2016-03-01").look()
    assert desk.told() == []


@pytest.mark.parametrize(("came", "late"), [("2016-01-14", False), ("2016-01-11", True)])
def test_a_release_put_up_in_the_days_before_is_the_one(desk: Desk, came: str, late: bool) -> None:
    announced(desk)
    desk.look()
    desk.release(came)
    desk.on("2016-02-10").look()
    assert [line.kind for line in desk.told()] == ["overdue"] * late


def test_grace_may_be_none_at_all(desk: Desk) -> None:
    table = desk.settings.calendar.model_copy(update={"overdue_days": 0})
    desk.settings = desk.settings.model_copy(update={"calendar": table})
    announced(desk)
    desk.release("2015-11-10")
    desk.on("2016-01-19").look()
    assert desk.told() == []
    desk.on("2016-01-20").look()
    assert [line.late for line in desk.told()] == [1]


def test_a_provisional_month_has_thirty_days_after_its_last(desk: Desk) -> None:
    announced(desk, "January 2016", "provisional")
    desk.release("2015-11-10")
    desk.look()
    desk.on("2016-03-01").look()
    assert desk.told() == []
    desk.on("2016-03-02").look()
    [line] = desk.told()
    assert (line.day, line.provisional, line.late) == ("2016-01-31", True, 31)


def test_a_release_within_the_provisional_month_is_the_one(desk: Desk) -> None:
    announced(desk, "January 2016", "provisional")
    desk.release("2015-11-10")
    desk.look()
    desk.release("2016-01-05")
    desk.on("2016-06-01").look()
    assert desk.told() == []


def test_a_day_within_the_provisional_month_is_no_move_and_one_in_another_is(desk: Desk) -> None:
    announced(desk, "January 2016", "provisional")
    desk.release("2015-11-10")
    desk.look()
    announced(desk, "19 January 2016 9:30am")
    desk.on("2016-01-05").look()
    assert desk.day("govuk", "waste") == ("2016-01-19", "confirmed", "")
    announced(desk, "March 2016", "provisional")
    desk.on("2016-01-06").look()
    assert desk.day("govuk", "waste") == ("2016-03-31", "provisional", "2016-01-19")
    assert [(line.kind, line.was, line.day) for line in desk.told()] == [("moved", "2016-01-19", "2016-03-31")]


def test_the_next_announcement_after_a_release_is_no_move(desk: Desk) -> None:
    announced(desk)
    desk.release("2015-11-10")
    desk.look()
    desk.release("2016-01-19")
    announced(desk, "17 January 2017 9:30am", title=WASTE.replace("2015", "2016"))
    desk.on("2016-01-20").look()
    assert desk.day("govuk", "waste") == ("2017-01-17", "confirmed", "")
    assert desk.told() == []


def test_the_next_announcement_does_not_hide_a_release_that_has_not_come(desk: Desk) -> None:
    announced(desk)
    desk.release("2015-11-10")
    desk.look()
    announced(desk, "17 January 2017 9:30am", title=WASTE.replace("2015", "2016"))
    for day in ("2016-01-19", "2016-01-20", "2016-01-22"):
        desk.on(day).look()
        assert desk.day("govuk", "waste") == ("2016-01-19", "confirmed", ""), day
    desk.on("2016-01-25").look()
    assert [(line.kind, line.name) for line in desk.told()] == [("overdue", WASTE)]
    desk.on("2016-01-26").look()
    assert desk.day("govuk", "waste") == ("2017-01-17", "confirmed", "")
    assert len(desk.told()) == 1


def test_a_date_that_moves_on_and_on_is_told_each_time_and_its_delay_too(desk: Desk) -> None:
    announced(desk)
    desk.release("2015-11-10")
    desk.look()
    for said in ("26 January 2016", "2 February 2016", "26 January 2016"):
        announced(desk, said)
        desk.on("2016-01-18").look()
    desk.on("2016-02-08").look()
    assert [(line.kind, line.day) for line in desk.told()] == [
        ("moved", "2016-01-26"),
        ("moved", "2016-02-02"),
        ("moved", "2016-01-26"),
        ("overdue", "2016-01-26"),
    ]


def test_all_of_a_day_is_one_message_with_the_latest_first(desk: Desk) -> None:
    desk.release("2015-12-01", "scans")
    desk.release("2015-11-10")
    desk.release("2015-10-01", "forces")
    announced(desk)
    desk.govuk.announce("scans", "Diagnostic imaging dataset", display_date="12 January 2016", state="confirmed")
    desk.look()
    desk.govuk.announce("f", "UK armed forces quarterly personnel report", display_date="May 2016", state="cancelled")
    desk.on("2016-02-01").look()
    [(_, payload)] = desk.db.execute("SELECT key, payload FROM outbox WHERE kind = 'overdue'").fetchall()
    notice = from_json(payload)
    assert isinstance(notice, OverdueNotice)
    assert [(line.kind, line.late) for line in notice.lines] == [("overdue", 20), ("overdue", 13), ("cancelled", 0)]


def test_data_sets_announced_together_are_one_line(desk: Desk, tmp_path: Path) -> None:
    twice = CATALOGUE.replace('"diagnostic imaging dataset"', '"authorities\' collected waste"')
    twice = twice.replace(f'page = "{PAGE}"\n', "")
    (tmp_path / "catalogue" / "all.toml").write_text(twice, encoding="utf-8")
    desk.policy = Policy(COUNCIL, "counties", load_catalogue([tmp_path / "catalogue"]), publishers=("govuk",))
    announced(desk)
    for dataset in ("scans", "waste"):
        desk.release("2015-11-10", dataset)
    desk.look()
    desk.on("2016-02-01").look()
    assert [line.name for line in desk.told()] == [WASTE]


def test_nothing_is_said_before_a_first_release_nor_of_what_waits_for_a_decision(desk: Desk) -> None:
    announced(desk)
    desk.look()
    desk.on("2016-02-01").look()
    assert desk.told() == []
    desk.release("2015-11-10")
    desk.release("2015-11-11")
    desk.db.execute("UPDATE releases SET status = 'held' WHERE id = (SELECT max(id) FROM releases)")
    desk.on("2016-02-02").look()
    assert desk.told() == []
    desk.db.execute("UPDATE releases SET status = 'rejected' WHERE status = 'held'")
    desk.on("2016-02-03").look()
    assert [line.kind for line in desk.told()] == ["overdue"]


# What a publisher says itself


def test_a_publishers_own_date_is_kept_and_overdue_after_thirty_days(desk: Desk) -> None:
    desk.release("2015-11-10", "attendance", "lait")
    desk.own("2016-01-10", "attendance", "lait")
    desk.on("2016-02-09").look()
    assert desk.told() == []
    desk.on("2016-02-10").look()
    [line] = desk.told()
    assert line == OverdueLine(
        "overdue", "attendance", publisher("lait").TITLE, "2016-01-10", provisional=True, late=31
    )
    desk.own("2016-03-10", "attendance", "lait")
    desk.on("2016-02-11").look()
    assert [(line.kind, line.was) for line in desk.told()] == [("overdue", ""), ("moved", "2016-01-10")]


def test_an_announcement_outranks_the_publishers_own_date_and_they_do_not_take_turns(desk: Desk) -> None:
    desk.release("2015-11-10")
    desk.own("2016-01-31")
    for state, said in (("provisional", "February 2016"), ("confirmed", "16 February 2016 9:30am")):
        announced(desk, said, state)
        desk.look()
        for again in (lambda: desk.own("2016-01-31"), desk.look) * 2:
            again()
            found = desk.expected("govuk", "waste")
            assert found
            assert (found.state, found.was, found.announced) == (state, "", True)
    assert desk.told() == []
    desk.release("2016-02-16")
    desk.own("2017-01-31", title="edition 2")
    assert desk.day("govuk", "waste") == ("2017-01-31", "provisional", "")


def test_an_announcement_takes_the_place_of_an_own_date_that_has_passed(desk: Desk) -> None:
    desk.release("2015-10-01")
    desk.own("2015-12-31")
    announced(desk, "16 February 2016")
    desk.look()
    assert desk.day("govuk", "waste") == ("2016-02-16", "confirmed", "")


def test_the_next_date_after_a_release_is_no_move(desk: Desk) -> None:
    desk.own("2016-01-10")
    desk.release("2016-01-12")
    desk.own("2017-01-10")
    assert desk.day("govuk", "waste") == ("2017-01-10", "provisional", "")


# What goes wrong


def test_an_unreachable_calendar_is_told_once_at_the_third_time_and_once_when_it_is_over(desk: Desk) -> None:
    desk.web.faults.status("govuk", "search", 503)
    for day, told in (("2016-01-04", 0), ("2016-01-05", 0), ("2016-01-06", 1), ("2016-01-07", 1), ("2016-01-08", 1)):
        desk.web.forget()
        desk.on(day).look()
        assert len(desk.faults()) == told
        assert {one.query["q"][0] for one in desk.web.asked("govuk")} == {"vehicle licensing statistics"}
    [trouble] = desk.faults()[0].troubles
    assert (trouble.place, trouble.attempts) == ("GOV.UK release calendar", 3)
    assert "api/search.json: the server answered 503 (tried 3 times)" in trouble.reason
    desk.web.faults.clear()
    desk.on("2016-01-11").look()
    assert desk.faults()[1].recovered == ("GOV.UK release calendar",)
    assert desk.day("govuk", "scans") == ("2016-01-20", "confirmed", "")


def test_one_calendar_that_fails_does_not_keep_the_other(desk: Desk) -> None:
    desk.web.faults.page("govuk", "search")
    govuk, ons = desk.on("2018-06-01").look()
    assert govuk.fault
    assert ons.fault is None
    assert desk.day("nomis", "suicides") == ("2018-06-25", "confirmed", "")


def test_what_was_overdue_is_told_also_while_the_calendar_cannot_be_reached(desk: Desk) -> None:
    announced(desk)
    desk.release("2015-11-10")
    desk.look()
    desk.web.faults.reset("govuk", "search")
    desk.on("2016-02-01").look()
    assert [line.kind for line in desk.told()] == ["overdue"]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"total": 3}', "results: Field required"),
        (b'{"results": [{"titel": "x"}]}', "results.0.title: Field required"),
        (b"[]", "the whole answer: "),
    ],
)
def test_a_calendar_in_another_shape_is_told_at_once(desk: Desk, body: bytes, what: str) -> None:
    desk.web.faults.replace("govuk", "search", body)
    desk.look()
    [trouble] = desk.faults()[0].troubles
    assert f"api/search.json: the calendar answers in another shape; {what}" in trouble.reason
    desk.on("2016-01-05").look()
    assert len(desk.faults()) == 1


def test_a_refused_question_is_told_at_once(desk: Desk) -> None:
    desk.web.faults.status("ons", "releases", 400, body=b"Invalid release-type parameter\n")
    desk.look()
    [trouble] = desk.faults()[0].troubles
    assert trouble.place == "ONS release calendar"
    assert "400" in trouble.reason
    assert "Invalid release-type parameter" in trouble.reason


# Where it is used

POLLED = """
[catalogue]
paths = ["catalogue"]

[state]
path = "benchwatch.db"

[sources.file]
paths = []

[sources.els]
address = "{els}"

[calendar]
govuk = "{govuk}"
ons = "{ons}"

[http]
port = 0
"""
CLAIMANTS = """
[[dataset]]
publisher = "els"
name = "claimant-count"
title = "Claimant Count"
announced = "claimant count"
calendar = "ons"

[[indicator]]
code = "claimants"
name = "People who claim benefits for being out of work"
theme = "Economy"
polarity = "low"
from = { publisher = "els", dataset = "claimant-count", indicator = "Claimant Count", measure = "Percentage" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Settings with one data set of one publisher, and its release announced in a week."""
    with Publishers({"els": Els(), "govuk": Govuk(), "ons": Ons()}) as web:
        (tmp_path / "catalogue").mkdir()
        (tmp_path / "catalogue" / "all.toml").write_text(CLAIMANTS, encoding="utf-8")
        text = POLLED.format(**{name: web.address(name) for name in ("els", "govuk", "ons")})
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        day = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
        web.stand_ins["ons"].today = datetime.now(UTC).date()
        web.stand_ins["ons"].announce("Claimant count by area", f"{day}T09:30:00.000Z", finalised=True)
        (tmp_path / "day").write_text(day, encoding="utf-8")
        yield tmp_path


def kept(folder: Path) -> list[tuple[str, str]]:
    with_calendar = connect(folder / "benchwatch.db")
    try:
        return [(one.day, one.state) for one in sources.expected(with_calendar, "els").values()]
    finally:
        with_calendar.close()


@needs_official
def test_benchwatch_poll_looks_at_the_calendars_unless_it_is_asked_for_one_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert CliRunner().invoke(app, ["poll", "els"]).exit_code == 0
    assert kept(folder) == []
    assert CliRunner().invoke(app, ["poll"]).exit_code == 0
    assert kept(folder) == [((folder / "day").read_text(), "confirmed")]


@needs_official
def test_the_service_looks_at_the_calendars(folder: Path) -> None:
    settings = load_settings(folder / "config.toml", {})
    with Service(settings, Secrets(), io.StringIO()) as service:

        def polled() -> bool:
            looked_at = service.health.readiness()[1]["last_poll"]
            return isinstance(looked_at, dict) and {NAME, "els"} <= set(looked_at)

        until(polled)
    assert kept(folder) == [((folder / "day").read_text(), "confirmed")]
