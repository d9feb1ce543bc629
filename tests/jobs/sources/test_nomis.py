"""Nomis over real HTTP: pages, missing figures, limits, and what is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import stamina

from engine.areas import comparators, load_areas
from engine.catalogue import Indicator, Polarity
from engine.errors import CatalogueError
from engine.origins import DataSet, read_dataset
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client, Site
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, nomis
from tests.jobs.sources import benchmark
from tests.publishers.nomis import LINCOLNSHIRE, POPULATION, RATES, SAMPLE, Cell, StandIn
from tests.publishers.server import Publishers
from tests.real_data import needs_benchmark, needs_official, needs_responses

pytestmark = [needs_official, needs_responses]

CATALOGUE = Path(nomis.__file__).parents[2] / "engine" / "catalogue" / "publisher-nomis.toml"
VARIABLES = {"employment": 45, "unemployment": 83, "inactivity": 111}
COUNCIL = "E10000018"
DATA = r"\.data\.csv$"
CITY = "E09000001"
PEOPLE = {"id": POPULATION, "date": "latestMINUS14-latest", "measures": 20100}
ALL = {"gender": 0, "c_age": 200}


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Publishers]:
    with Publishers({"nomis": stand_in}) as web:
        yield web


@pytest.fixture
def site(web: Publishers) -> Iterator[Site]:
    with Client() as client, stamina.set_testing(True, attempts=1):
        yield client.site(web.address("nomis"))


def series(code: str, **dimensions: Any) -> Wanted:
    return Wanted(
        Indicator(code, code, "Context", Polarity.parse("none")), {"dimensions": dimensions} if dimensions else {}
    )


def wants(*wanted: Wanted, **details: Any) -> Wants:
    return Wants(DataSet("nomis", "set", "A data set", details=details), wanted)


def shipped(name: str) -> Wants:
    """A data set of the shipped catalogue, with its indicators."""
    entries = tomllib.loads(CATALOGUE.read_text())["dataset"]
    [dataset] = [read_dataset(entry, str(CATALOGUE)) for entry in entries if entry["name"] == name]
    found = [series(code, variable=number) for code, number in VARIABLES.items()]
    return Wants(dataset, (series("population"),) if name == "population" else tuple(found))


def noticed(site: Site, wanted: Wants) -> Noticed:
    [found] = nomis.notice(site, {wanted.dataset.name: wanted})
    assert isinstance(found, Noticed)
    return found


def read(site: Site, wanted: Wants) -> Tidied:
    nomis.check([wanted])
    seen = noticed(site, wanted)
    return nomis.tidy(wanted, seen, nomis.fetch(site, wanted, seen))


@cache
def untouched(name: str) -> Tidied:
    """A data set as the stand-in has it at first."""
    with Publishers({"nomis": StandIn()}) as web, Client() as client:
        return read(client.site(web.address("nomis")), shipped(name))


def cell(tidied: Tidied, indicator: str, area: str, period: str) -> Mapping[str, Any]:
    rows = tidied.rows
    [found] = rows[(rows.indicator == indicator) & (rows.area_code == area) & (rows.period == period)].to_dict(
        "records"
    )
    return {str(name): value for name, value in found.items()}


def test_the_mark_is_when_the_data_set_was_last_updated(site: Site, stand_in: StandIn) -> None:
    first = noticed(site, shipped("population"))
    assert (first.mark, first.published) == ("2026-07-29 09:30:00", date(2026, 7, 29))
    assert first.title == "Mid-year population estimates, 29 July 2026"
    assert first.parts == ("GENDER", "C_AGE", "MEASURES")
    assert noticed(site, shipped("population")).mark == first.mark
    stand_in.add_year("2027-07-28")
    later = noticed(site, shipped("population"))
    assert (later.mark, later.published) == ("2027-07-28", date(2027, 7, 28))


def test_the_population_of_all_councils_and_england_is_read(site: Site, stand_in: StandIn) -> None:
    found = read(site, shipped("population"))
    assert not found.gaps
    rows = found.rows
    assert not rows.duplicated(["indicator", "area_code", "period"]).any()
    assert rows.area_code.nunique() == 154
    assert rows.period.map(lambda label: parse_period(label).start.year).agg(["min", "max"]).tolist() == [2010, 2024]
    assert cell(found, "population", LINCOLNSHIRE, "2024") == {
        "indicator": "population", "area_code": LINCOLNSHIRE, "period": "2024",
        "value": "789502", "status": "", "lower_ci": "", "upper_ci": "",
    }  # fmt: skip
    stand_in.add_year("2027-07-28 09:30:00")
    later = read(site, shipped("population"))
    assert set(later.rows.period) == {str(year) for year in range(2011, 2026)}


def test_one_request_asks_for_the_councils_of_today_with_every_dimension_pinned(site: Site, web: Publishers) -> None:
    read(site, shipped("annual-population-survey"))
    [asked] = web.asked("nomis", DATA)
    query = {name: values[0] for name, values in asked.query.items()}
    assert len(query["geography"].split(",")) == 154
    assert {"E92000001", COUNCIL, "E06000065"} < set(query["geography"].split(","))
    assert not {"E10000023", "E07000129", "E12000004"} & set(query["geography"].split(","))
    assert query["variable"] == "45,83,111"
    assert query["measures"] == "20599,21003"
    assert query["select"] == "geography_code,date_name,variable,measures,obs_value,obs_status,record_count"


def test_pages_are_read_until_all_rows_are_there(site: Site, stand_in: StandIn, web: Publishers) -> None:
    whole = untouched("population")
    stand_in.page = 500
    wanted = shipped("population")
    pages = nomis.fetch(site, wanted, noticed(site, wanted))
    assert [page.count(b"\n") - 1 for page in pages] == [500, 500, 500, 500, 310]
    offsets = [asked.query["recordOffset"] for asked in web.asked("nomis", DATA)]
    assert offsets == [["0"], ["500"], ["1000"], ["1500"], ["2000"]]
    pd.testing.assert_frame_equal(nomis.tidy(wanted, noticed(site, wanted), pages).rows, whole.rows)


@pytest.mark.parametrize("ends", [700, 1000])
def test_an_answer_cut_short_is_refused(site: Site, stand_in: StandIn, ends: int) -> None:
    stand_in.page, stand_in.ends = 500, ends
    with pytest.raises(LayoutChanged, match=rf"from row {ends} of 2310: a header and no rows"):
        read(site, shipped("population"))


def test_pages_that_repeat_are_refused(site: Site, stand_in: StandIn) -> None:
    stand_in.page = 1155  # half of the rows, so that the sum alone looks right
    stand_in.deaf = True
    with pytest.raises(LayoutChanged, match="repeats rows"):
        read(site, shipped("population"))


def test_a_data_set_that_changes_between_two_pages_waits_for_the_next_look(
    site: Site, stand_in: StandIn, web: Publishers
) -> None:
    stand_in.page = 1500
    wanted = shipped("population")
    seen = noticed(site, wanted)
    # The first page begins with the oldest year, the second has one row less to tell of.
    web.faults.replace("nomis", DATA, lambda body: body if b'"2010"' in body else body.replace(b",2310\n", b",2309\n"))
    with pytest.raises(Unreachable, match="there are 2309 rows now"):
        nomis.fetch(site, wanted, seen)


def test_a_withheld_figure_is_missing_with_its_status() -> None:
    found = cell(untouched("annual-population-survey"), "unemployment", CITY, "Jan 2023-Dec 2023")
    assert (found["value"], found["status"]) == ("", "Q")
    assert pd.isna(found["lower_ci"])
    assert pd.isna(found["upper_ci"])


def test_a_figure_beside_a_status_other_than_normal_is_not_read(site: Site, stand_in: StandIn) -> None:
    stand_in.change(RATES, "2026-11-01", {(COUNCIL, "2023-12", (45, 20599)): ("75.5", "Q")})
    found = cell(read(site, shipped("annual-population-survey")), "employment", COUNCIL, "Jan 2023-Dec 2023")
    assert (found["value"], found["status"]) == ("", "Q")


def test_limits_are_the_figure_with_half_the_interval_on_each_side(site: Site, stand_in: StandIn) -> None:
    new: dict[Cell, tuple[str, str]] = {
        (COUNCIL, "2023-12", (45, 20599)): ("76.1", "A"),
        (COUNCIL, "2023-12", (45, 21003)): ("3.2", "A"),
    }
    stand_in.change(RATES, "2026-11-01", new)
    found = cell(read(site, shipped("annual-population-survey")), "employment", COUNCIL, "Jan 2023-Dec 2023")
    assert (found["value"], found["lower_ci"], found["upper_ci"]) == ("76.1", 72.9, 79.3)


def test_a_figure_without_confidence_has_no_limits(site: Site, stand_in: StandIn) -> None:
    stand_in.change(RATES, "2026-11-01", {(COUNCIL, "2023-12", (45, 21003)): ("", "Q")})
    found = cell(read(site, shipped("annual-population-survey")), "employment", COUNCIL, "Jan 2023-Dec 2023")
    assert float(found["value"]) > 0
    assert pd.isna(found["lower_ci"])


def cells(rows: pd.DataFrame, indicator: str) -> dict[tuple[str, str], list[float]]:
    """Value and limits where there is a value, by carried area and period."""
    mine = rows[rows.indicator == indicator]
    numbers = mine[["value", "lower_ci", "upper_ci"]].apply(pd.to_numeric)
    carry = load_areas().carry
    keys = [(carry(area), parse_period(label).key) for area, label in zip(mine.area_code, mine.period, strict=True)]
    return {
        key: values for key, values in zip(keys, numbers.to_numpy().tolist(), strict=True) if values[0] == values[0]
    }


@needs_benchmark
@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("employment", "els-employment-rate-employment-rate"),
        ("inactivity", "els-employment-rate-economically-inactive"),
    ],
)
def test_rates_and_limits_of_the_same_survey_come_through_unchanged(code: str, other: str) -> None:
    expected = cells(benchmark.figures(), other)
    found = cells(untouched("annual-population-survey").rows, code)
    group = comparators("counties", COUNCIL, date(2026, 11, 22)).codes
    shared = sorted(set(expected) & set(found))
    assert {area for area, _ in shared} == set(group)
    for key in shared:
        assert found[key] == pytest.approx(expected[key], rel=1e-9), key


def test_the_real_sample_lacks_the_columns_that_tell_a_whole_answer() -> None:
    wanted = shipped("population")
    with pytest.raises(LayoutChanged, match=r"the column 'GENDER' is missing; the nearest is 'GENDER_NAME'"):
        nomis.tidy(wanted, Noticed("population", "", ""), (SAMPLE.read_bytes(),))


def test_a_dimension_left_open_is_named(site: Site) -> None:
    open_age = wants(series("population"), **PEOPLE, dimensions={"gender": 0})
    with pytest.raises(LayoutChanged, match=r"several rows for one cell \(E10000019, 2024\) that differ in C_AGE; pin"):
        read(site, open_age)
    open_both = wants(series("population"), **PEOPLE)
    with pytest.raises(LayoutChanged, match="that differ in GENDER, C_AGE; pin them"):
        read(site, open_both)


def test_a_flood_of_rows_is_refused_at_its_first_page(
    site: Site, web: Publishers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nomis, "MOST_ROWS", 5000)
    with pytest.raises(LayoutChanged, match=r"rows, which is too many; pin all dimensions in the catalogue: GENDER"):
        read(site, wants(series("population"), **PEOPLE, dimensions={"c_age": 200}))
    assert web.count("nomis", DATA) == 1


def test_a_dimension_it_does_not_have_gives_a_web_page_which_is_refused(site: Site) -> None:
    with pytest.raises(Unreachable, match="answered with a web page"):
        read(site, wants(series("population"), **PEOPLE, dimensions={**ALL, "sex": 0}))


def test_text_instead_of_csv_is_refused(site: Site, web: Publishers) -> None:
    wanted = shipped("population")
    seen = noticed(site, wanted)
    web.faults.replace("nomis", DATA, b"You have asked too often.")
    with pytest.raises(LayoutChanged, match="'RECORD_COUNT' is missing"):
        nomis.fetch(site, wanted, seen)


def test_values_that_no_row_has_are_a_header_alone_which_is_refused(site: Site) -> None:
    with pytest.raises(LayoutChanged, match="a header and no rows"):
        read(site, wants(series("population"), **PEOPLE, dimensions={"gender": 0, "c_age": 999}))


def test_an_indicator_without_rows_is_a_gap_while_the_others_are_read(site: Site) -> None:
    own = {"id": RATES, "date": "latest", "measures": 20599, "confidence": 21003}
    found = read(site, wants(series("employment", variable=45), series("other", variable=84), **own))
    [gap] = found.gaps
    assert gap.indicator == "other"
    assert gap.reason == "no row of a council has VARIABLE 84; the nearest is '45'"
    assert set(found.rows.indicator) == {"employment"}


def test_a_renamed_column_is_refused_with_the_nearest(site: Site) -> None:
    wanted = shipped("population")
    seen = noticed(site, wanted)
    [body] = nomis.fetch(site, wanted, seen)
    with pytest.raises(LayoutChanged, match=r"'OBS_VALUE' is missing; the nearest is 'OBS_VALUES'"):
        nomis.tidy(wanted, seen, (body.replace(b'"OBS_VALUE"', b'"OBS_VALUES"'),))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'789502,"A"', b'"soon","A"', "'soon' is neither a number nor a known marker"),
        (b'789502,"A"', b'789502,""', "OBS_STATUS is blank in 1 rows"),
    ],
)
def test_what_cannot_be_told_is_refused(site: Site, old: bytes, new: bytes, message: str) -> None:
    wanted = shipped("population")
    seen = noticed(site, wanted)
    [body] = nomis.fetch(site, wanted, seen)
    assert old in body
    with pytest.raises(LayoutChanged, match=message):
        nomis.tidy(wanted, seen, (body.replace(old, new),))


def test_conflicting_rows_are_left_in_for_the_pipeline_and_identical_ones_dropped(site: Site) -> None:
    wanted = shipped("population")
    seen = noticed(site, wanted)
    [body] = nomis.fetch(site, wanted, seen)
    line = next(line for line in body.splitlines() if b"789502" in line)
    plain = nomis.tidy(wanted, seen, (body,)).rows
    assert len(nomis.tidy(wanted, seen, (body + line + b"\n",)).rows) == len(plain)
    other = line.replace(b"789502", b"789503")
    assert len(nomis.tidy(wanted, seen, (body + other + b"\n",)).rows) == len(plain) + 1


def test_a_data_set_that_is_gone_leaves_the_others_alone(site: Site) -> None:
    gone = wants(series("x"), **{**PEOPLE, "id": "NM_9_9"})
    found = list(nomis.notice(site, {"gone": gone, "population": shipped("population")}))
    assert isinstance(found[0], Trouble)
    assert "Nomis has no data set NM_9_9" in str(found[0].error)
    assert isinstance(found[1], Noticed)


def test_a_data_set_without_its_annotation_is_refused(site: Site, stand_in: StandIn) -> None:
    stand_in.change(POPULATION, "", {})
    [found] = nomis.notice(site, {"population": shipped("population")})
    assert isinstance(found, Trouble)
    assert "'LastUpdated' is missing" in str(found.error)


def test_a_publisher_that_answers_nobody_is_unreachable_as_a_whole(site: Site, stand_in: StandIn) -> None:
    stand_in.tired = True
    with pytest.raises(Unreachable, match="web page"):
        list(nomis.notice(site, {name: shipped(name) for name in ("annual-population-survey", "population")}))


def test_one_data_set_that_answers_badly_is_a_trouble_of_its_own(site: Site, web: Publishers) -> None:
    web.faults.status("nomis", RATES, 503)
    both = {name: shipped(name) for name in ("population", "annual-population-survey")}
    first, second = nomis.notice(site, both)
    assert isinstance(first, Noticed)
    assert isinstance(second, Trouble)
    assert isinstance(second.error, SourceError)


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({}, "data set 'set' of nomis: id: field required, date: field required, measures: field required"),
        ({}, "; its keys are id, date, measures, confidence, dimensions"),
        ({**PEOPLE, "id": "17_5"}, "id: string should match"),
        ({**PEOPLE, "date": "this year"}, "date: string should match"),
        ({**PEOPLE, "measures": "20100"}, "measures: input should be a valid integer"),
        ({**PEOPLE, "gender": 0}, "gender: extra inputs are not permitted"),
        ({**PEOPLE, "dimensions": {"geography": 1}}, "dimensions.geography"),
        ({**PEOPLE, "dimensions": {"gender": True}}, "dimensions.gender: input should be a valid integer"),
    ],
)
def test_data_sets_it_cannot_use_are_refused(details: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError) as error:
        nomis.check([wants(series("x"), **details)])
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ((series("x", gender=0),), "indicator 'x': dimensions.gender is already pinned for the whole data set"),
        ((series("x"), series("y")), "indicators 'x' and 'y' have the same dimensions"),
        ((series("x", variable=1), series("y", sex=1)), "indicators 'x' and 'y' pin different dimensions of 'set'"),
        ((Wanted(series("x").indicator, {"variable": 45}),), "indicator 'x': variable: extra inputs"),
    ],
)
def test_indicators_it_cannot_tell_apart_are_refused(wanted: tuple[Wanted, ...], message: str) -> None:
    with pytest.raises(CatalogueError) as error:
        nomis.check([wants(*wanted, **PEOPLE, dimensions=ALL)])
    assert message in str(error.value)
