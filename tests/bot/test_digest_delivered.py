"""A Monday as leads and subscribers see it: digests owed, delivered to their channels and messages, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery import Delivery
from bot.slack_poster import SlackPoster, web_client
from jobs.digest import digests_due, owe_digests
from jobs.pipeline import ingest
from jobs.settings import Settings
from jobs.settings.tables import Lead
from state import subscriptions
from state.database import Database, connect, unit
from state.subscriptions import Subscription
from tests.slack_double import SlackDouble
from tests.system.releases import POLICE, ROADS, Entry, policy, release

MONDAY = datetime(2025, 11, 17, 8, 30, tzinfo=UTC)
ENTRIES = (Entry("burglary", name="Burglary"), Entry("potholes", ROADS, name="Potholes"))
SETTINGS = Settings(leads=(Lead.model_validate({"name": "Safety", "slack": "C2", "themes": (POLICE,)}),))


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        double.pace(None)
        double.add_channel("C2")
        double.add_user("U7")
        yield double


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(connect(tmp_path / "benchwatch.db")) as db:
        for week, period, place in ((0.9, "2022/23", 10), (0.5, "2023/24", 28)):
            now = MONDAY - timedelta(weeks=week)
            book = release(ENTRIES, {"burglary": place, "potholes": 5}, period, level=100 - place)
            ingest(db, book.raw(f"r-{now.date()}.csv"), policy(), now=now)
            with unit(db):
                since = now.isoformat()
                for theme in (POLICE, ROADS):
                    subscriptions.subscribe(db, Subscription("U7", theme, "weekly", "U7", since))
                owe_digests(db, SETTINGS, policy(), now)
            db.execute("UPDATE outbox SET state = 'suppressed' WHERE kind <> 'digest'")
            db.conn.commit()
        yield db


def test_on_monday_each_finds_one_digest_where_they_read(slack: SlackDouble, db: Database, tmp_path: Path) -> None:
    now = MONDAY

    def seconds() -> float:
        return now.timestamp()

    def sleep(some: float) -> None:
        nonlocal now
        now += timedelta(seconds=some)

    poster = SlackPoster(web_client("xoxb-test", slack.api_url), seconds, sleep)
    delivery = Delivery(db, tmp_path / "benchwatch.db", poster, {"lead:Safety": "C2"}, lambda: now)
    for minutes in range(3):
        now = MONDAY + timedelta(minutes=minutes)
        if digests_due(db, SETTINGS, now):
            with unit(db):
                owe_digests(db, SETTINGS, policy(), now)
        delivery.deliver_due()
    [channel] = slack.channel("C2").top_level()
    [personal] = slack.direct_message("U7").top_level()
    fact = "Police &amp; Crime falls from 10th to 28th of 31; 1 indicator entered the bottom quartile"
    assert channel.text.startswith(f"Safety this week: {fact}\n")
    assert personal.text.startswith(f"Your subscriptions this week: {fact}\n")
    threads = [slack.channel("C2").thread(channel.ts), slack.direct_message("U7").thread(personal.ts)]
    assert [[reply.text.split("\n")[0] for reply in thread] for thread in threads] == [
        [
            "The ranks in words: Police &amp; Crime 28th of 31",
            "Still in the bottom quartile: Police &amp; Crime",
        ],
        [
            "The ranks in words: Police &amp; Crime 28th of 31 · Transport &amp; Highways 5th of 31",
            "Still in the bottom quartile: Police &amp; Crime",
        ],
    ]
