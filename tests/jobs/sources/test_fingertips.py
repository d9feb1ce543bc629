"""Fingertips: a real file of one indicator read, and the interface asked over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import cast

import pandas as pd
import pytest
import stamina

from engine.areas import comparators, load_areas
from engine.catalogue import Indicator, Polarity
from engine.errors import CatalogueError
from engine.origins import DataSet
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client, Site
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, fingertips
from tests.jobs.sources import benchmark
from tests.publishers.fingertips import INDICATOR, NAME, Row, StandIn, edited, real_body
from tests.publishers.server import Publishers
from tests.real_data import needs_benchmark, needs_official

CODE = "fingertips-90284-persons-under-15"
PERSONS = {"sex": "Persons", "age": "<15 yrs"}
COUNCIL = "E10000018"

pytestmark = needs_official


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({"fingertips": StandIn()}) as web:
        yield web


@pytest.fixture
def stand_in(web: Publishers) -> StandIn:
    found = web.stand_ins["fingertips"]
    assert isinstance(found, StandIn)
    return found


@pytest.fixture
def site(web: Publishers) -> Iterator[Site]:
    with Client() as client, stamina.set_testing(True, attempts=1):
        yield client.site(web.address("fingertips"))


def wanted(code: str = CODE, **keys: str) -> Wanted:
    return Wanted(Indicator(code, code, "Health - Child", Polarity.parse("low")), keys or PERSONS)


def wants(*series: Wanted, name: str = INDICATOR) -> Wants:
    return Wants(DataSet("fingertips", name, name), series or (wanted(),))


def tidied(body: bytes, *series: Wanted) -> Tidied:
    return fingertips.tidy(wants(*series), Noticed(INDICATOR, "uploaded 2025-05-07", NAME), (body,))


@cache
def plain() -> Tidied:
    return tidied(real_body())


def noticed(site: Site, name: str = INDICATOR) -> Noticed:
    [found] = fingertips.notice(site, {name: wants(name=name)})
    assert isinstance(found, Noticed)
    return found


def changed(change: Callable[[Row], Row]) -> bytes:
    return edited(real_body(), lambda rows: [change(row) for row in rows])


def texts(frame: pd.DataFrame) -> list[list[str]]:
    return cast("list[list[str]]", frame.to_numpy().tolist())


def cell(table: Tidied, area: str, period: str) -> tuple[str, str, str, str]:
    rows = table.rows[(table.rows["area_code"] == area) & (table.rows["period"] == period)]
    assert len(rows) == 1
    value, status, lower, upper = rows[["value", "status", "lower_ci", "upper_ci"]].iloc[0]
    return value, status, lower, upper


# --- the real file --------------------------------------------------------------------------------


def test_a_cell_is_as_published_with_95_percent_limits() -> None:
    assert cell(plain(), COUNCIL, "2023/24") == ("39.97002", "", "36.47376", "43.71098")


@needs_benchmark
def test_every_figure_is_that_of_the_independent_conversion() -> None:
    carry = load_areas().carry
    columns = ["area_code", "period", "value", "lower_ci", "upper_ci", "status"]
    mine = {
        (carry(area), parse_period(period).key): tuple(cells) for area, period, *cells in texts(plain().rows[columns])
    }
    theirs = benchmark.figures()
    figures = texts(theirs.loc[theirs["indicator"] == CODE, columns])
    assert len(figures) == 432
    for area, period, *cells, marker in figures:
        *found, status = mine[area, parse_period(period).key]
        if marker:  # there the converted limits are the publisher's -1, which is no limit
            assert (cells, found, status) == (["", "-1", "-1"], ["", "", ""], "not presented")
        else:
            assert list(map(float, found)) == pytest.approx(list(map(float, cells)), rel=1e-9)


def test_all_31_county_areas_have_a_latest_value() -> None:
    rows = plain().rows
    latest = rows[(rows["period"] == "2023/24") & (rows["value"] != "")]
    counties = comparators("counties", COUNCIL, date(2025, 6, 25)).codes
    assert len(counties) == 31
    assert set(counties) <= {load_areas().carry(code) for code in latest["area_code"]}


def test_england_is_there_once_for_each_period_and_deprivation_deciles_are_not() -> None:
    rows = plain().rows
    england = rows[rows["area_code"] == "E92000001"]
    assert list(england["period"]) == sorted({f"{year}/{year % 100 + 1}" for year in range(2010, 2024)})
    assert not rows.duplicated(["indicator", "area_code", "period"]).any()
    assert cell(plain(), "E92000001", "2010/11")[0] == "115.2166797"


def test_sexes_of_one_indicator_are_indicators_of_their_own() -> None:
    both = tidied(real_body(), wanted(), wanted("boys", sex="Male", age="<15 yrs"))
    assert list(both.rows["indicator"].unique()) == [CODE, "boys"]
    persons, boys = (both.rows[both.rows["indicator"] == code] for code in (CODE, "boys"))
    assert (len(persons), len(boys)) == (2144, 1848)  # sexes apart begin two years later
    at = (boys["area_code"] == "E10000034") & (boys["period"] == "2023/24")
    assert boys.loc[at, "value"].item() == "70.41974"
    assert cell(plain(), "E10000034", "2023/24")[0] not in {"", "70.41974"}


def test_a_blank_value_is_missing_with_the_reason_and_without_its_limits() -> None:
    table = plain()
    assert cell(table, "E10000024", "2016/17") == ("", "not presented", "", "")
    assert cell(table, "E06000053", "2023/24") == ("", "combined", "", "")
    girls = tidied(real_body(), wanted("girls", sex="Female", age="<15 yrs"))
    boys = tidied(real_body(), wanted("boys", sex="Male", age="<15 yrs"))
    assert "suppressed" in {*girls.rows["status"], *boys.rows["status"]}


def test_a_note_beside_a_value_leaves_it_there() -> None:
    table = plain()
    noted = table.rows[(table.rows["status"] != "") & (table.rows["value"] != "")]
    assert set(noted["status"]) == {"combined", "caution", "former council"}
    former = noted[noted["status"] == "former council"]
    assert set(former["area_code"]) == {"E06000060", "E06000065", "E06000066"}


def test_an_unknown_note_is_cut_to_a_status() -> None:
    note = "Data quality was judged too low by the department after a review of the returns of this area"

    def withheld(row: Row) -> Row:
        return row | ({"Value": "", "Value note": note} if row["Area Code"] == COUNCIL else {})

    value, status, _, _ = cell(tidied(changed(withheld)), COUNCIL, "2023/24")
    assert (value, status) == ("", "Data quality was judged too low by the department after a re")


# --- what has changed -----------------------------------------------------------------------------


def test_a_renamed_column_is_refused_with_the_nearest() -> None:
    body = real_body().replace(b"Lower CI 95.0 limit", b"Lower CI 95 limit", 1)
    with pytest.raises(LayoutChanged, match=r"'Lower CI 95.0 limit' is missing; the nearest is 'Lower CI 95 limit'"):
        tidied(body)


def test_new_columns_and_another_parent_change_nothing() -> None:
    head, rest = real_body().split(b"\n", 1)
    head = head.replace(b"Compared to percentiles", b"Compared to Regions (statistical) value or percentiles")
    head = head.replace(b"Time period range", b"Time period range,Added")
    body = head + b"\n" + rest.replace(b",1y\n", b",1y,x\n")
    pd.testing.assert_frame_equal(tidied(body).rows, plain().rows)


def test_trend_and_new_data_are_never_read() -> None:
    body = changed(lambda row: row | {"Recent Trend": "nonsense", "New data": "New data"})
    pd.testing.assert_frame_equal(tidied(body).rows, plain().rows)


def test_a_web_page_is_no_data() -> None:
    with pytest.raises(LayoutChanged, match="'Indicator ID' is missing"):
        tidied(b"<!DOCTYPE html>\n<html><body>Service unavailable</body></html>\n")


def test_text_in_place_of_a_value_is_refused_with_its_column() -> None:
    body = changed(lambda row: row | ({"Value": "about 40"} if row["Area Code"] == COUNCIL else {}))
    with pytest.raises(LayoutChanged, match="column 'Value': 'about 40' is neither a number nor a known marker"):
        tidied(body)


def test_a_series_that_is_not_there_is_a_gap_with_the_nearest_while_the_others_go_on() -> None:
    table = tidied(real_body(), wanted(), wanted("older", sex="Persons", age="<16 yrs"))
    [gap] = table.gaps
    assert gap.indicator == "older"
    assert gap.reason == "no figures for 'Persons, <16 yrs'; the nearest is 'Persons, <15 yrs'"
    assert set(table.rows["indicator"]) == {CODE}


def test_a_file_without_any_wanted_series_is_refused() -> None:
    with pytest.raises(LayoutChanged, match=r"nothing .* can be read: no figures for 'Persons, <16 yrs'"):
        tidied(real_body(), wanted("older", sex="Persons", age="<16 yrs"))


def test_a_file_of_another_indicator_is_refused() -> None:
    with pytest.raises(LayoutChanged, match="no row of indicator 90284"):
        tidied(changed(lambda row: row | {"Indicator ID": "90285"}))


def test_a_header_alone_says_that_there_are_no_figures() -> None:
    with pytest.raises(LayoutChanged, match="withdrawn or moved"):
        tidied(real_body()[: real_body().index(b"\n") + 1])


def test_figures_for_england_alone_are_no_release() -> None:
    body = edited(real_body(), lambda rows: [row for row in rows if row["Area Code"] == "E92000001"])
    with pytest.raises(LayoutChanged, match="figures for England only"):
        tidied(body)


def test_two_different_values_for_one_cell_are_left_for_the_pipeline_to_report() -> None:
    def doubled(rows: list[Row]) -> list[Row]:
        place = {"Area Code": COUNCIL, "Time period": "2023/24", "Sex": "Persons"}
        return [*rows, *(row | {"Value": "12.5"} for row in rows if place.items() <= row.items())]

    rows = tidied(edited(real_body(), doubled)).rows
    there = rows[(rows["area_code"] == COUNCIL) & (rows["period"] == "2023/24")]
    assert set(there["value"]) == {"39.97002", "12.5"}


# --- periods --------------------------------------------------------------------------------------


@cache
def last_year() -> bytes:
    """The real file with no other year than its last."""
    return edited(real_body(), lambda rows: [row for row in rows if row["Time period"] == "2023/24"])


def renamed(label: str, sortable: str, span: str) -> bytes:
    """The last year, written otherwise."""
    new = {"Time period": label, "Time period Sortable": sortable, "Time period range": span}
    return edited(last_year(), lambda rows: [row | new for row in rows])


@pytest.mark.parametrize(
    ("label", "sortable", "span"),
    [
        ("2023", "20230000", "1y"),
        ("2021 - 23", "20210000", "3y"),
        ("2020/21 - 22/23", "20200000", "3y"),
        ("Jul 2020 - Jun 2021", "20200000", "1y"),
        ("Aug 2006 - Jul 2008", "20060000", "2y"),
        ("2024 Q2", "20240200", "1q"),
        ("2024/25 Q1", "20240100", "1q"),
        ("2024/25 Q4", "20240400", "1q"),
        ("Mar 2024", "20240003", "1m"),
        ("Mar 2024", "20230012", "1m"),
    ],
)
def test_periods_are_kept_as_written_where_all_three_forms_agree(label: str, sortable: str, span: str) -> None:
    assert set(tidied(renamed(label, sortable, span)).rows["period"]) == {label}


@pytest.mark.parametrize(
    ("label", "sortable", "span"),
    [
        ("2006 - 07", "20060000", "2y"),  # two calendar years, which read as a financial year
        ("2023/24", "20220000", "1y"),
        ("2021 - 23", "20210000", "1y"),
        ("2023", "20230000", ""),
        ("2023", "2023", "1y"),
        ("2024 Q2", "20240100", "1q"),
        ("2024/25 Q1", "20240200", "1q"),
        ("Mar 2024", "20240004", "1m"),
    ],
)
def test_a_period_whose_three_forms_disagree_is_never_guessed(label: str, sortable: str, span: str) -> None:
    with pytest.raises(LayoutChanged, match=f"the period '{label}' .* does not fit its sortable form '{sortable}'"):
        tidied(renamed(label, sortable, span))


def test_a_period_nobody_reads_is_refused() -> None:
    with pytest.raises(LayoutChanged, match="cannot read '2019/20 Q1 - 2023/24 Q4' as a period"):
        tidied(renamed("2019/20 Q1 - 2023/24 Q4", "20192000", "5y"))


@cache
def pooled() -> bytes:
    """The real file with its last year a second time, as three years pooled."""
    new = {"Time period": "2021/22 - 23/24", "Time period Sortable": "20210000", "Time period range": "3y"}
    return edited(real_body(), lambda rows: [*rows, *(r | new for r in rows if r["Time period"] == "2023/24")])


def test_single_years_and_pooled_years_are_never_one_series() -> None:
    with pytest.raises(LayoutChanged, match="there are figures over '1y' and over '3y'; choose one with range"):
        tidied(pooled())
    chosen = tidied(pooled(), wanted("single", **PERSONS, range="1y"), wanted("pooled", **PERSONS, range="3y"))
    periods = chosen.rows.groupby("indicator")["period"].nunique()
    assert periods.to_dict() == {"single": 14, "pooled": 1}
    with pytest.raises(LayoutChanged, match="no figures over '5y'; there are '1y', '3y'"):
        tidied(pooled(), wanted("five", **PERSONS, range="5y"))


# --- the catalogue --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sex": "Persons"}, "age"),
        ({"sex": "Persons", "age": ""}, "age"),
        ({"sex": 4, "age": "<15 yrs"}, "sex"),
        ({**PERSONS, "category": "x"}, "category"),
        ({**PERSONS, "range": "3 years"}, "range"),
    ],
)
def test_unusable_keys_are_refused_by_indicator_and_key(keys: dict[str, str], said: str) -> None:
    with pytest.raises(CatalogueError, match=f"indicator 'x': {said}: .*its keys are sex .*Persons"):
        fingertips.check([wants(wanted("x", **keys))])


def test_a_data_set_is_a_number_without_details() -> None:
    fingertips.check([wants()])
    with pytest.raises(CatalogueError, match="'injuries' should be the number"):
        fingertips.check([wants(name="injuries")])
    with pytest.raises(CatalogueError, match=r"'90284' of fingertips: profile: extra .*it takes no keys"):
        fingertips.check([Wants(DataSet("fingertips", "90284", "t", details={"profile": 19}), (wanted(),))])


# --- over HTTP ------------------------------------------------------------------------------------


def test_the_mark_changes_with_an_upload_and_with_nothing_else(stand_in: StandIn, site: Site) -> None:
    first = noticed(site)
    assert (first.title, first.published) == (NAME, date(2025, 5, 7))
    assert noticed(site) == first
    stand_in.upload()
    second = noticed(site)
    assert second.mark != first.mark
    assert second.published == date(2025, 6, 6)
    stand_in.withdraw()
    assert noticed(site).mark not in {first.mark, second.mark}


def test_without_dates_the_mark_follows_the_metadata_and_the_month(
    web: Publishers, stand_in: StandIn, site: Site
) -> None:
    stand_in.dated = False
    first = noticed(site)
    assert first.published is None
    assert re.fullmatch(r"undated [0-9a-f]{16} 20\d\d-\d\d", first.mark)
    assert noticed(site) == first
    web.faults.replace("fingertips", "metadata", lambda body: body.replace(b"Byar", b"Dobson"))
    assert noticed(site).mark.split()[1] != first.mark.split()[1]


def test_the_same_figures_have_the_same_address_and_new_ones_another(
    web: Publishers, stand_in: StandIn, site: Site
) -> None:
    first = noticed(site)
    bodies = [fingertips.fetch(site, wants(), first), fingertips.fetch(site, wants(), first)]
    stand_in.revise(COUNCIL, "2023/24", "41.5")
    fresh = fingertips.fetch(site, wants(), noticed(site))
    assert bodies == [(real_body(),), (real_body(),)]
    asked = [{key: one for key, [one] in request.query.items()} for request in web.asked("fingertips", "csv")]
    assert (
        asked[0]
        == asked[1]
        == {
            "indicator_ids": "90284",
            "child_area_type_id": "502",
            "parent_area_type_id": "15",
            "timestamp": asked[0]["timestamp"],
        }
    )
    assert asked[2] == asked[0] | {"timestamp": asked[2]["timestamp"]}
    assert asked[2] != asked[0]
    table = fingertips.tidy(wants(), noticed(site), fresh)
    assert cell(table, COUNCIL, "2023/24")[0] == "41.5"


def test_a_new_year_is_read_beside_the_old_ones(stand_in: StandIn, site: Site) -> None:
    stand_in.next_year()
    now = noticed(site)
    rows = fingertips.tidy(wants(), now, fingertips.fetch(site, wants(), now)).rows
    assert rows["period"].nunique() == 15
    assert (rows["period"] == "2024/25").sum() == (rows["period"] == "2023/24").sum()


def test_withdrawn_figures_are_told_and_read_as_nothing(stand_in: StandIn, site: Site) -> None:
    stand_in.withdraw()
    now = noticed(site)
    with pytest.raises(LayoutChanged, match="withdrawn or moved"):
        fingertips.tidy(wants(), now, fingertips.fetch(site, wants(), now))


def test_an_indicator_the_publisher_does_not_know_is_a_trouble_of_its_own(site: Site) -> None:
    looked = list(fingertips.notice(site, {name: wants(name=name) for name in ("90284", "11001")}))
    trouble, found = looked
    assert isinstance(trouble, Trouble)
    assert trouble.dataset == "11001"
    assert "knows no indicator 11001" in str(trouble.error)
    assert isinstance(found, Noticed)


def test_a_hundred_indicators_go_into_one_request(web: Publishers, stand_in: StandIn, site: Site) -> None:
    names = [str(number) for number in range(1, 251)]
    stand_in.known = frozenset(names)
    looked = list(fingertips.notice(site, {name: wants(name=name) for name in names}))
    assert [found.dataset for found in looked] == names
    assert all(isinstance(found, Noticed) for found in looked)
    assert [len(request.query["indicator_ids"][0].split(",")) for request in web.requests] == [100, 100, 50]


def test_one_request_that_fails_leaves_the_others(web: Publishers, stand_in: StandIn, site: Site) -> None:
    names = [str(number) for number in range(1, 151)]
    stand_in.known = frozenset(names)
    looking = fingertips.notice(site, {name: wants(name=name) for name in names})
    first = [next(looking) for _ in range(100)]
    web.faults.status("fingertips", "", 503)
    rest = list(looking)
    assert all(isinstance(found, Noticed) for found in first)
    assert [found.dataset for found in rest if isinstance(found, Trouble)] == names[100:]


def test_a_publisher_that_is_down_is_unreachable(web: Publishers, site: Site) -> None:
    web.faults.status("fingertips", "", 503)
    with pytest.raises(Unreachable, match="503"):
        list(fingertips.notice(site, {INDICATOR: wants()}))


def test_the_stand_in_refuses_as_the_publisher_does(site: Site) -> None:
    path = "all_data/csv/by_indicator_id"
    with pytest.raises(SourceError, match=r"400 \(Parameter child_area_type_id is not valid: ''"):
        site.get(path, {"indicator_ids": "90284", "parent_area_type_id": "15"})
    with pytest.raises(SourceError, match=r"400 \(Maximum number of indicator IDs exceeded: 101 of 100"):
        site.get("indicator_metadata/by_indicator_id", {"indicator_ids": ",".join(map(str, range(1, 102)))})
    empty = site.get(path, {"indicator_ids": "90284", "child_area_type_id": "202", "parent_area_type_id": "15"})
    assert empty.body == real_body()[: real_body().index(b"\n") + 1]
    assert empty.headers["content-type"] == "application/octet-stream"
    assert empty.headers["content-disposition"].startswith("attachment")
    assert not {"etag", "last-modified"} & set(empty.headers)
