"""The catalogue changes while the figures stay: ranks follow at the next look, and nothing old stays behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.catalogue import Indicator, Polarity
from engine.origins import Ratio
from engine.periods import parse_period
from jobs.deciding import approve
from state.ledger import Decision
from state.planes import plane
from tests.publishers import els
from tests.publishers.desk import COUNCIL, Desk, desk
from tests.publishers.server import Publishers
from tests.real_data import needs_official

pytestmark = needs_official

CLAIMANTS, GAS = "els-claimant-count", "els-greenhouse-gas-emissions"
CATALOGUE = """
[[dataset]]
publisher = "els"
name = "claimant-count"
title = "Claimant Count"
[[dataset]]
publisher = "els"
name = "greenhouse-gas-emissions"
title = "Greenhouse gas emissions"
[[dataset]]
publisher = "els"
name = "net-additions-to-the-housing-stock"
title = "Homes"

[[indicator]]
code = "els-claimant-count"
name = "Claimants"
theme = "Economy"
polarity = "low"
from = { publisher = "els", dataset = "claimant-count", indicator = "Claimant Count", measure = "Percentage" }
[[indicator]]
code = "els-greenhouse-gas-emissions"
name = "Emissions"
theme = "Economy"
polarity = "low"
from = { publisher = "els", dataset = "greenhouse-gas-emissions", indicator = "Greenhouse gas emissions", measure = "Emissions (tCO2e) per capita" }
[[indicator]]
code = "homes"
name = "Homes"
theme = "Economy"
polarity = "none"
from = { publisher = "els", dataset = "net-additions-to-the-housing-stock", indicator = "Net additions to the housing stock (England)", measure = "Net additional dwellings per 1,000 stock" }
[[indicator]]
code = "homes-by-gas"
name = "Homes by emissions"
theme = "Economy"
polarity = "low"
ratio = { of = "homes", to = "els-greenhouse-gas-emissions", times = 10 }
"""  # noqa: E501  # inline tables stand on one line


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "all.toml").write_text(CATALOGUE, encoding="utf-8")
    with (
        Publishers({"els": els.StandIn()}) as web,
        desk(tmp_path, web, ["els"], '[catalogue]\npaths = ["catalogue"]\n') as here,
    ):
        web.stand_ins["els"].max_age = 0
        here.poll()
        yield here


def described(here: Desk, **changed: Indicator | None) -> Mapping[str, Indicator]:
    entries = dict(here.policy.catalogue.indicators)
    for code, entry in changed.items():
        entries.pop(code.replace("_", "-"))
        if entry:
            entries[entry.code] = entry
    return entries


def edit(here: Desk, *, ratios: Mapping[str, Ratio] | None = None, **changed: Indicator | None) -> None:
    """Another catalogue from now on: entries changed, or taken out for None."""
    own = here.policy.catalogue
    entries = described(here, **changed)
    catalogue = replace(
        own,
        indicators=entries,
        origins={code: origin for code, origin in own.origins.items() if code in entries},
        ratios=own.ratios if ratios is None else ratios,
    )
    here.policy = replace(here.policy, catalogue=catalogue)


def rank(here: Desk, code: str) -> int | None:
    rows = here.db.execute(
        "SELECT rank FROM ranks JOIN indicators ON indicators.id = indicator_id JOIN areas ON areas.id = area_id "
        "WHERE until_snapshot IS NULL AND indicators.code = ? AND areas.code = ?",
        (code, COUNCIL),
    )
    return next((row[0] for row in rows), None)


def quiet(here: Desk) -> list[str]:
    rows = here.db.execute("SELECT DISTINCT cause FROM changes WHERE kind <> 'baseline' ORDER BY 1")
    return [row[0] for row in rows]


def test_nothing_is_ranked_anew_while_the_catalogue_stays(here: Desk) -> None:
    before = here.figures()
    here.poll()
    assert here.figures() == before


def test_a_measure_of_deprivation_counts_at_once_and_ranks_nothing_anew(here: Desk) -> None:
    def state() -> tuple[str, int]:
        found = plane(here.db, "deprivation", "Economy")
        assert found
        taken = here.db.execute("SELECT count(*) FROM snapshots").fetchone()[0]
        return found.measure.code if found.measure else "", taken

    unnamed, before = state()
    here.policy = replace(here.policy, catalogue=replace(here.policy.catalogue, deprivation="homes"))
    here.poll()
    assert (unnamed, *state()) == ("", "homes", before)


def test_a_direction_turned_in_the_catalogue_turns_the_ranks_though_no_figure_is_new(here: Desk) -> None:
    best = rank(here, CLAIMANTS)
    of = here.areas()[CLAIMANTS]
    turned = replace(here.policy.catalogue.indicators[CLAIMANTS], polarity=Polarity.parse("high"))
    edit(here, els_claimant_count=turned)
    here.poll()
    now = rank(here, CLAIMANTS)
    assert best is not None
    assert now is not None
    assert abs(best + now - (of + 1)) <= 8, "the order is turned round, but for ties"
    assert now != best
    assert set(quiet(here)) <= {"method", "basket"}
    alerts = here.db.execute("SELECT payload FROM outbox WHERE kind = 'release_alert'").fetchall()
    assert all('"moved":[]' in payload for (payload,) in alerts), "told in a line, not as an alert"


def test_another_factor_of_a_ratio_counts_at_once(here: Desk) -> None:
    before = here.latest("homes-by-gas")
    assert before
    edit(here, ratios={"homes-by-gas": Ratio("homes", GAS, 1)})
    here.poll()
    assert here.latest("homes-by-gas") == pytest.approx(before / 10)


def test_what_is_taken_out_of_the_catalogue_is_ranked_no_more(here: Desk) -> None:
    assert rank(here, CLAIMANTS)
    edit(here, els_claimant_count=None)
    here.poll()
    assert rank(here, CLAIMANTS) is None
    members = here.db.execute("SELECT total FROM theme_ranks WHERE until_snapshot IS NULL AND name = 'Economy'")
    assert {row[0] for row in members} == {2}


def test_a_ratio_goes_with_the_periods_that_its_numerator_gives_up(here: Desk) -> None:
    """A relabelled series that is approved replaces what was held, and no ratio is left standing on what has gone."""
    source = here.web.stand_ins["els"]
    body = els.real_body("2026-06", "net-additions-to-the-housing-stock", "csv")
    assert body is not None
    moved = YEAR.sub(lambda year: str(int(year[0]) + 1).encode(), body)
    source.publish(PATH, b"".join(line for line in moved.splitlines(keepends=True) if b"2010-04-01/P1Y" not in line))
    (outcome,) = here.poll().outcomes
    assert (outcome.status, [str(finding.check) for finding in outcome.findings]) == ("held", ["labels_moved"])
    before = periods(here, "homes-by-gas")
    approve(here.db, Decision(outcome.release, "approve", "test"), here.policy, now=datetime.now(UTC))
    assert before - periods(here, "homes-by-gas") == {parse_period("2010/11").key}
    assert periods(here, "homes-by-gas") <= periods(here, "homes")


PATH = "/net-additions-to-the-housing-stock/net-additions-to-the-housing-stock.csv"
YEAR = re.compile(rb"(?<=,)20\d\d(?=-04-01/P1Y)")


def periods(here: Desk, code: str) -> set[str]:
    """The periods that the council has a figure for."""
    rows = here.db.execute(
        "SELECT period FROM series JOIN indicators ON indicators.id = indicator_id "
        "JOIN observations ON observations.series_id = series.id JOIN areas ON areas.id = area_id "
        "WHERE indicators.code = ? AND areas.code = ? AND value IS NOT NULL",
        (code, COUNCIL),
    )
    return {row[0] for row in rows}


def test_what_was_held_is_no_longer_asked_about_once_a_later_release_is_in(here: Desk) -> None:
    source = here.web.stand_ins["els"]
    body = els.real_body("2026-06", "claimant-count", "csv")
    assert body is not None
    path = "/claimant-count/claimant-count.csv"
    source.publish(path, body.replace(b"E10000018", b"E10000099"))
    (strange,) = here.poll().outcomes
    assert strange.status == "held"
    source.publish(path, body)
    here.poll()
    statuses = dict(here.db.execute("SELECT id, status FROM releases").fetchall())
    assert statuses[strange.release] == "superseded"
    assert here.db.execute("SELECT count(*) FROM staged").fetchone() == (0,)


def test_the_places_of_what_is_taken_out_are_forgotten(here: Desk) -> None:
    edit(here, els_claimant_count=None)
    here.poll()
    places = {row[0] for row in here.db.execute("SELECT place FROM sources WHERE source = 'els'")}
    assert places == {"", "greenhouse-gas-emissions", "net-additions-to-the-housing-stock"}
