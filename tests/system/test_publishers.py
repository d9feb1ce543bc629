"""From an empty database to all that the publishers offer, by the command line, over HTTP; and what comes after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.catalogue import load_catalogue
from jobs.sources import publisher
from tests.publishers.desk import settings_text
from tests.publishers.server import Asked, Publishers
from tests.real_data import needs_official, needs_responses
from tests.system.commands import Desk, Done, Launcher

pytestmark = [needs_official, needs_responses, pytest.mark.slow]

WATCHED = ("ees", "els", "fingertips", "govuk", "lait", "nomis")
CATALOGUE = load_catalogue(["builtin"])
DIRECTIONAL = {code for code, entry in CATALOGUE.indicators.items() if entry.polarity.directional}
PROVEN = {code for code in DIRECTIONAL if code in CATALOGUE.origins and not CATALOGUE.origins[code].unproven}
NO_VALIDATORS = {"ees", "fingertips", "govuk", "nomis"}
"""Publishers that give no ETag and no date: only their small detectors can be asked again."""
ANSWERED = {200, 304, 404}


class Filled:
    """A benchwatch filled once from the stand-ins; what it printed, and what it asked for."""

    def __init__(self, desk: Desk, web: Publishers, done: Done) -> None:
        self.desk, self.web, self.done = desk, web, done
        self.asked = web.requests

    @property
    def sources(self) -> dict[str, Any]:
        found: dict[str, Any] = self.desk.json("sources")
        return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Iterator[Filled]:
    with Publishers() as web:
        for stand_in in web.stand_ins.values():
            stand_in.max_age = 0  # so that the second poll has to ask whether anything changed
        desk = Desk(tmp_path_factory.mktemp("filled"), launcher)
        desk.settings(settings_text(web, WATCHED), catalogue='"builtin"')
        yield Filled(desk, web, desk.run("poll", "--json"))


def test_an_empty_database_is_filled_for_the_counties(filled: Filled) -> None:
    found = {line["indicator"]: line for line in filled.sources["indicators"]}
    held = {code for code in DIRECTIONAL if found[code]["areas"] >= 20}
    assert held >= PROVEN
    assert len(held) >= 200
    assert sum(found[code]["areas"] == 31 for code in held) >= 150


def test_every_theme_that_has_data_is_in_the_answer(filled: Filled) -> None:
    answer = filled.desk.run("ask", "overall").out
    themes = {CATALOGUE.indicators[code].theme for code in PROVEN}
    assert len(themes) >= 11
    for theme in themes:
        assert theme in answer
    assert "Core Performance" in answer
    assert "Overall Outcomes" in answer


def test_the_first_fill_is_one_baseline_and_no_alert(filled: Filled) -> None:
    kinds = filled.desk.owed()
    assert [kind for destination, kind in kinds if destination == "team"] == ["baseline"]
    assert {kind for destination, kind in kinds if destination == "ops"} <= {"source", "held"}


def test_what_the_publishers_do_not_have_is_said_once_for_each_publisher(filled: Filled) -> None:
    rows = filled.desk.rows("SELECT payload FROM outbox WHERE kind = 'source'")
    named = [json.loads(payload)["source"] for (payload,) in rows]
    assert sorted(named) == sorted({publisher(name).TITLE for name in ("els", "fingertips")}), "and the rest is there"


def test_spending_is_per_head(filled: Filled) -> None:
    answer = filled.desk.run("ask", "theme adult social care delivery").out
    assert "Spend per head" in answer
    rows = filled.desk.rows(
        "SELECT DISTINCT indicators.code FROM ranks JOIN indicators ON indicators.id = indicator_id "
        "WHERE until_snapshot IS NULL AND theme = 'Expenditure' AND rank IS NOT NULL"
    )
    assert {code for (code,) in rows} == {code for code in CATALOGUE.ratios if code.startswith("spend-")}


def test_the_fill_is_polite(filled: Filled) -> None:
    assert {one.status for one in filled.asked} <= ANSWERED
    assert all("benchwatch/" in one.headers.get("User-Agent", "") for one in filled.asked)
    assert len(filled.asked) < 400


def test_a_second_poll_asks_whether_anything_changed_and_touches_nothing(filled: Filled) -> None:
    before = sums(filled.desk)
    filled.web.forget()
    document = filled.desk.run("poll", "--json").document
    assert document["releases"] == []
    assert sums(filled.desk) == before
    assert filled.web.requests
    assert [one for one in filled.web.requests if not cheap(one)] == []
    assert {one.status for one in filled.web.requests if one.conditional} == {304}


def sums(desk: Desk) -> list[tuple[object, ...]]:
    """How many rows the tables of figures have, and what they add up to."""
    queries = (
        "SELECT count(*), total(value), total(remark_id), total(lower_ci), max(series_id) FROM observations",
        "SELECT count(*), total(value), max(snapshot_id) FROM revisions",
        "SELECT count(*), total(rank), max(from_snapshot), max(until_snapshot) FROM ranks",
        "SELECT count(*), total(rank), max(from_snapshot) FROM theme_ranks",
        "SELECT count(*), max(id), max(taken) FROM snapshots",
        "SELECT count(*), max(id), max(received) FROM releases",
        "SELECT count(*), max(id) FROM outbox",
    )
    return [row for query in queries for row in desk.rows(query)]


def cheap(one: Asked) -> bool:
    """A conditional request, something that is not there, or the detector of a publisher without validators."""
    if one.conditional or one.status == 404:
        return True
    detectors = ("metadata", "def.sdmx.json", "/publications", "/data-sets", "/api/content", "/api/search")
    return one.name in NO_VALIDATORS and one.method == "GET" and any(word in one.path for word in detectors)


def test_sources_say_what_is_held_expected_and_wrong(filled: Filled) -> None:
    found = filled.sources
    assert {line["source"] for line in found["sources"] if line["on"]} == set(WATCHED)
    lines = {line["indicator"]: line for line in found["indicators"]}
    recycling = lines["defra-recycling-pct"]
    assert recycling["period"] == "2023-24"
    assert (recycling["proven"], recycling["problem"], recycling["areas"]) == (True, "", 31)
    assert recycling["last_release"]
    assert all(line["problem"] for code, line in lines.items() if code in DIRECTIONAL and not line["last_release"])
    assert any(line["next_expected"] for line in found["indicators"])
    assert set(recycling) >= {
        "indicator", "name", "theme", "source", "polarity", "proven", "last_release", "next_expected", "period",
        "areas", "problem",
    }  # fmt: skip


def test_the_doctor_asks_everybody_and_keeps_nothing(filled: Filled) -> None:
    filled.desk.settings(settings_text(filled.web, ("els", "fingertips", "govuk")), catalogue='"builtin"')
    before = sums(filled.desk)
    document = filled.desk.json("doctor", "--live", code=1)
    assert sums(filled.desk) == before
    filled.desk.settings(settings_text(filled.web, WATCHED), catalogue='"builtin"')
    found = {check["subject"]: check for check in document["checks"]}
    assert any(check["well"] and "25 of 25 indicators read" in check["found"] for check in found.values())
    assert any(not check["well"] and "108" in check["found"] for check in found.values())


def test_nothing_of_a_machine_is_in_the_database(filled: Filled, tmp_path: Path) -> None:
    text = filled.desk.database.read_bytes()
    assert str(tmp_path.parent).encode() not in text
