"""One slow or dead publisher delays no other, nor the schedule, nor Slack; and is left alone until it is well again."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.publishers.desk import settings_text
from tests.publishers.server import Publishers
from tests.publishers.shops import Els, Fingertips, Nomis, Shop, write_catalogue
from tests.real_data import needs_official
from tests.slack_double import SlackDouble
from tests.system.commands import Desk
from tests.system.conftest import Start
from tests.system.releases import Entry, release
from tests.system.service import OPS, SETTINGS, TEAM, TOKENS, Service, until
from tests.system.test_service import PATIENCE, answer, sent, top

pytestmark = needs_official

SLOW, DEAD, WELL = Fingertips, Nomis, Els
EVERY = 'every = ["1s"]\n'
SOON = 10.0
"""Seconds in which the service must end."""

Shops = dict[str, Any]


@pytest.fixture
def shops() -> Shops:
    return {shop.name: shop() for shop in (SLOW, DEAD, WELL)}


@pytest.fixture
def web(shops: Shops) -> Iterator[Publishers]:
    with Publishers({name: shop.stand_in for name, shop in shops.items()}) as web:
        yield web


@pytest.fixture
def filled(desk: Desk, web: Publishers, shops: Shops) -> Desk:
    """A folder with settings for all three and their figures, taken in while all were well."""
    write_catalogue(desk.folder / "catalogue", map(type, shops.values()))
    (desk.folder / "drop").mkdir()
    watched = settings_text(web, list(shops), table=EVERY)
    desk.settings(SETTINGS.format(mode="socket") + watched, catalogue='"catalogue"')
    done = desk.run("poll")
    assert (done.code, done.err) == (0, ""), done
    assert desk.owed() == [("team", "baseline")]
    web.forget()
    return desk


def polled(service: Service) -> set[str]:
    """The sources that the health page says were looked at."""
    return set(json.loads(service.get("/readyz")[1])["last_poll"])


def asks(slack: SlackDouble) -> str:
    """What /rank answers."""
    assert slack.wait_for(lambda: slack.socket.connected)
    reply = slack.socket.slash("/rank", "overall", channel=TEAM)
    assert reply.ok
    return answer(slack, reply.trigger_id)


def publish(shop: Shop, value: str, slack: SlackDouble) -> str:
    """A release of a publisher, and the message that it becomes: an alert, or a line below the one it corrects."""
    before = len(slack.channel(TEAM).messages)
    shop.publish(value)
    slack.wait_for(lambda: len(slack.channel(TEAM).messages) > before, PATIENCE)
    return slack.channel(TEAM).messages[before].text


def test_while_one_publisher_hangs_and_another_fails_everything_else_goes_on(
    filled: Desk, slack: SlackDouble, start: Start, web: Publishers, shops: Shops
) -> None:
    hold = web.faults.hang(SLOW.name, SLOW.detector)
    web.faults.status(DEAD.name, "", 500)
    service = start()
    assert hold.until(1)
    sent(filled, 1)
    assert "Premises with gigabit-capable broadband" in publish(shops[WELL.name], "12.5", slack)
    assert "Leicestershire" in asks(slack)
    release((Entry("burglary"),), {"burglary": 10}, "2023/24").write(filled.folder / "drop", "crime-2024-11-01.csv")
    until(lambda: filled.rows("SELECT status FROM releases WHERE source = 'file'") == [("accepted",)], "the file")
    assert polled(service) == {WELL.name, "file"}
    assert service.get("/readyz")[0] == 200

    service.kill()
    service = start()
    assert hold.until(2), "the hang lasts"
    assert "Premises with gigabit-capable broadband" in publish(shops[WELL.name], "99.5", slack)
    assert "Leicestershire" in asks(slack)
    assert polled(service) == {WELL.name, "file"}
    assert hold.waiting >= 1
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < SOON


def test_beside_a_running_service_nobody_else_asks_publishers(
    filled: Desk, slack: SlackDouble, start: Start, web: Publishers
) -> None:
    hold = web.faults.hang(SLOW.name, SLOW.detector)
    start()
    assert hold.until(1)
    for command in (["poll", SLOW.name], ["poll"], ["run"]):
        done = filled.run(*command, extra={**TOKENS, "SLACK_API_URL": slack.api_url})
        assert done.code == 1, done
        assert "is in use by another benchwatch process" in done.err, done
    assert web.count(SLOW.name) == 1


def looks(web: Publishers, number: int) -> None:
    """Wait for so many more looks at the publisher that is well."""
    assert web.until(web.count(WELL.name, WELL.figures) + number, WELL.name, WELL.figures, 30)


def rows(desk: Desk, name: str) -> tuple[int, str]:
    """How often a publisher has failed in a row, and when it is asked again."""
    found = desk.rows("SELECT failures, next_try FROM sources WHERE source = ? AND place = ''", name)
    return (found[0][0], found[0][1]) if found else (0, "")


def test_a_publisher_that_keeps_failing_is_left_alone_and_told_once_and_once_when_it_works_again(
    filled: Desk, slack: SlackDouble, start: Start, web: Publishers, shops: Shops
) -> None:
    web.faults.status(DEAD.name, "", 500)
    service = start()
    [told] = top(slack, 1, OPS)
    assert "Nomis (Office for National Statistics)" in told.text
    assert "the server answered 500" in told.text
    failures, again = rows(filled, DEAD.name)
    assert failures == 3
    assert again
    web.forget()
    looks(web, 4)
    assert web.count(DEAD.name) == 0, "it is left alone"
    assert len(slack.channel(OPS).top_level()) == 1

    web.faults.clear()
    shops[DEAD.name].publish("12.5")
    db = sqlite3.connect(filled.database, timeout=10)
    with db:  # as if the time had passed
        db.execute("UPDATE sources SET next_try = '' WHERE source = ?", (DEAD.name,))
    db.close()
    assert "People aged 16 to 64 in employment" in top(slack, 2)[1].text
    over = top(slack, 2, OPS)[1]
    assert "Nomis (Office for National Statistics)" in over.text
    assert "works again" in over.text
    looks(web, 2)
    assert len(slack.channel(OPS).top_level()) == 2
    assert polled(service) >= {DEAD.name, WELL.name}
    assert service.stop() == 0
