from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import pytest

from engine.areas import comparators, load_areas
from engine.catalogue import Catalogue, Indicator, Polarity, load_catalogue
from engine.errors import CatalogueError
from engine.origins import DataSet
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client, Site
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, govuk, publisher, publisher_names, wants_of
from tests.jobs.sources import benchmark
from tests.publishers.govuk import ASCOF, INSPECTIONS, OUTTURN, OUTTURN_2022, OUTTURN_2023, ROADS, WASTE, StandIn
from tests.publishers.server import Publishers
from tests.real_data import OFFICIAL, RESPONSES, needs_benchmark, needs_official, needs_responses

DATA_SETS = {"ascof", "waste", "road-condition", "revenue-outturn", "ofsted-inspections"}
COUNTIES_PROVEN = 20

pytestmark = [needs_official, needs_responses]


@cache
def catalogue() -> Catalogue:
    return load_catalogue(["builtin"])


def wants() -> dict[str, Wants]:
    return wants_of(catalogue(), "govuk")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({"govuk": StandIn()}) as started:
        yield started


@pytest.fixture
def site(client: Client, web: Publishers) -> Site:
    return client.site(web.address("govuk"))


def stand_in(web: Publishers) -> StandIn:
    made: StandIn = web.stand_ins["govuk"]
    return made


def noticed(site: Site, *names: str) -> dict[str, Noticed]:
    wanted = {name: wants()[name] for name in names or DATA_SETS}
    found = list(govuk.notice(site, wanted))
    assert all(isinstance(one, Noticed) for one in found), found
    return {one.dataset: one for one in found if isinstance(one, Noticed)}


def trouble(site: Site, name: str, want: Wants | None = None) -> SourceError:
    (found,) = govuk.notice(site, {name: want or wants()[name]})
    assert isinstance(found, Trouble)
    return found.error


def read(site: Site, name: str) -> Tidied:
    one = noticed(site, name)[name]
    return govuk.tidy(wants()[name], one, govuk.fetch(site, wants()[name], one))


@cache
def tidied(name: str) -> Tidied:
    with Publishers({"govuk": StandIn()}) as web, Client() as client:
        return read(client.site(web.address("govuk")), name)


# --- the real files -------------------------------------------------------------------------------


def test_govuk_is_a_publisher_and_the_catalogue_is_fit_for_it() -> None:
    assert "govuk" in publisher_names()
    assert set(wants()) == DATA_SETS
    publisher("govuk").check(wants().values())


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_every_indicator_is_read_from_a_real_file_for_most_counties(name: str) -> None:
    found = tidied(name)
    assert found.gaps == ()
    assert list(found.rows.columns) == [
        "indicator", "area_code", "period", "value", "status", "lower_ci", "upper_ci",
    ]  # fmt: skip
    keys = ["indicator", "area_code", "period"]
    assert not found.rows.duplicated(keys).any()
    counties = set(comparators("counties", "E10000018", date(2025, 4, 1)).codes)
    stated = found.rows[found.rows["value"] != ""]
    carried = stated["area_code"].map(load_areas().carry)
    most = stated[carried.isin(counties)].groupby(["indicator", "period"]).size().groupby("indicator").max()
    assert set(most.index) == {wanted.indicator.code for wanted in wants()[name].series}
    unproven = {
        code for code, origin in catalogue().origins.items() if origin.publisher == govuk.NAME and origin.unproven
    }
    assert {code for code, n in most.items() if n < COUNTIES_PROVEN} == unproven & set(most.index)


@cache
def published() -> pd.DataFrame:
    frame = benchmark.figures()
    frame = frame.assign(indicator=frame["indicator"].replace(_CODES))
    frame = frame[frame["indicator"].isin(catalogue().origins)]
    return keyed(frame)


_CODES = {
    "rsx-adult-social-care": "outturn-adult-social-care",
    "rsx-central-services": "outturn-central",
    "rsx-children-social-care": "outturn-childrens-social-care",
    "rsx-cultural-and-related-services": "outturn-cultural",
    "rsx-education-services": "outturn-education",
    "rsx-environmental-and-regulatory-services": "outturn-environmental-regulatory",
    "rsx-fire-and-rescue-services": "outturn-fire-rescue",
    "rsx-highways-and-transport-services": "outturn-highways-transport",
    "rsx-housing-services-gfra-only": "outturn-housing",
    "rsx-other-services": "outturn-other",
    "rsx-planning-and-development-services": "outturn-planning-development",
    "rsx-police-services": "outturn-police",
    "rsx-public-health": "outturn-public-health",
    "rsx-total-service-expenditure": "outturn-total",
}


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    """Figures by indicator, carried area and days of the period, those with a value alone."""
    frame = frame[frame["value"] != ""]
    columns = {
        "indicator": frame["indicator"],
        "area": frame["area_code"].map({code: load_areas().carry(code) for code in frame["area_code"].unique()}),
        "period": frame["period"].map({label: parse_period(label).key for label in frame["period"].unique()}),
    }
    figures: pd.DataFrame = frame[["value", "lower_ci", "upper_ci"]].apply(pd.to_numeric).astype(float)
    figures.index = pd.MultiIndex.from_arrays(list(columns.values()), names=list(columns))
    return figures.sort_index()


@needs_benchmark
@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_every_cell_is_the_independently_converted_one(name: str) -> None:
    codes = [wanted.indicator.code for wanted in wants()[name].series]
    expected = published()[published().index.get_level_values("indicator").isin(codes)]
    assert set(expected.index.get_level_values("indicator")) == set(codes)
    rows = tidied(name).rows
    assert rows["area_code"].isin([area.code for area in load_areas()]).all()
    found = keyed(rows)
    compared = found.reindex(expected.index)
    pd.testing.assert_frame_equal(compared, expected, check_exact=False, rtol=1e-9, atol=0)
    counties = set(comparators("counties", "E10000018", date(2025, 4, 1)).codes)
    more = found.index.difference(expected.index)
    extra = {key for key in more if key[1] in counties}
    # The old code that Defra wrote for Northumberland is put right here.
    assert {key[1] for key in extra} <= {"E06000057"}
    assert {key[2][:4] for key in extra} <= {"2015", "2016", "2017"}


def test_limits_are_the_figure_less_and_plus_its_margin() -> None:
    rows = tidied("ascof").rows.set_index(["indicator", "area_code", "period"])
    for column, expected in (("value", "19.4"), ("lower_ci", "19.1"), ("upper_ci", "19.7")):
        assert rows.loc[("ascof-1a", "E06000022", "2015 to 2016"), column] == expected
    assert (rows.loc["ascof-2a"][["lower_ci", "upper_ci"]] == "").to_numpy().all()


def test_two_figures_in_a_cell_are_neither_of_them() -> None:
    rows = tidied("ascof").rows
    carers = rows[(rows["indicator"] == "ascof-1c") & (rows["period"] == "2016 to 2017")]
    double = carers[carers["status"] == "two figures"]
    assert len(double) > 100
    assert (double[["value", "lower_ci", "upper_ci"]] == "").to_numpy().all()


def test_markers_are_kept_as_statuses_and_never_become_figures() -> None:
    rows = tidied("road-condition").rows
    assert {"x", "y", "z"} <= set(rows["status"])
    assert (rows.loc[rows["status"] != "", "value"] == "").all()
    rows = tidied("ascof").rows
    assert {"c", "x", "z"} <= set(rows["status"])
    waste = tidied("waste").rows
    assert (waste.loc[waste["status"] == ":", "value"] == "").all()


def test_proportions_become_percentages_without_a_false_digit() -> None:
    rows = tidied("waste").rows.set_index(["indicator", "area_code", "period"])
    assert rows.loc[("defra-recycling-pct", "E06000057", "2023-24"), "value"] == "34.9"
    assert rows.loc[("defra-residual-kg", "E06000059", "2023-24"), "value"] == "363"


def test_an_old_code_written_for_a_later_year_is_put_right() -> None:
    waste = tidied("waste").rows
    assert "E06000048" not in set(waste["area_code"])
    ours = waste[(waste["area_code"] == "E06000057") & (waste["indicator"] == "defra-recycling-pct")]
    assert len(ours) == 14


def test_grades_become_numbers_and_councils_are_found_by_name_and_day() -> None:
    rows = tidied("ofsted-inspections").rows
    overall = rows[rows["indicator"] == "ofsted-ilacs-overall"].set_index("area_code")["value"]
    assert len(overall) == 151  # all but the two that were new and had not been inspected
    assert overall["E06000058"] in "1234"  # Bournemouth, Christchurch & Poole
    assert overall["E06000010"] == "3"  # Kingston Upon Hull
    assert "E08000016" in overall.index  # Barnsley, before its code changed
    assert set(rows["period"]) == {"31 March 2024"}


def test_class_totals_and_the_hidden_rows_of_the_outturn_are_left_out() -> None:
    rows = tidied("revenue-outturn").rows
    assert set(rows["period"]) == {"2022-23", "2023-24"}
    assert rows["area_code"].str.fullmatch(r"E(?:06|08|09|10)\d{6}|E92000001").all()
    assert "x" in set(rows["status"])


# --- noticing -------------------------------------------------------------------------------------


def test_what_is_noticed_of_each_data_set(site: Site) -> None:
    found = noticed(site)
    assert found["waste"].published == date(2025, 3, 27)
    assert found["waste"].title == "Local authority collected waste management"
    assert found["ascof"].title == "Measures from the Adult Social Care Outcomes Framework, England, 2024 to 2025"
    assert [part.rpartition("/")[2] for part in found["revenue-outturn"].parts] == [
        "RSX_2023-24_data_by_LA.ods",
        "RSX_2022-23_data_by_LA.ods",
    ]
    assert found["revenue-outturn"].published == date(2024, 8, 29)


def test_looking_takes_no_more_than_a_few_small_requests(web: Publishers, site: Site) -> None:
    noticed(site)
    asked = [one.path for one in web.requests]
    assert len(asked) == 9  # two pages, two collections with three editions, a search with one
    assert not [path for path in asked if "media" in path]


def test_the_same_pages_give_the_same_mark(site: Site) -> None:
    assert noticed(site) == noticed(site)


@pytest.mark.parametrize("at", ["", "2025-04-02T09:30:00+01:00"], ids=["quietly", "and says so"])
def test_a_file_under_a_new_address_is_noticed(web: Publishers, site: Site, at: str) -> None:
    before = noticed(site, "waste")["waste"]
    stand_in(web).correct(WASTE, at=at)
    after = noticed(site, "waste")["waste"]
    assert after.mark != before.mark
    assert after.parts != before.parts


def test_a_correction_to_an_older_edition_is_noticed(web: Publishers, site: Site) -> None:
    before = noticed(site, "revenue-outturn")["revenue-outturn"]
    stand_in(web).correct(OUTTURN_2022)
    assert noticed(site, "revenue-outturn")["revenue-outturn"].mark != before.mark


def test_another_publishing_of_the_same_page_is_no_news(web: Publishers, site: Site) -> None:
    before = noticed(site)
    for page in stand_in(web).pages.values():
        page.updated_at = "2026-11-20T09:30:00Z"
    stand_in(web).correct(ROADS, file=1)  # another table of the same page
    assert noticed(site) == before


def test_a_new_edition_takes_the_place_of_the_last(web: Publishers, site: Site) -> None:
    pages = stand_in(web).pages
    path = OUTTURN_2023.replace("2023-to-2024", "2024-to-2025")
    page = stand_in(web)._item(OUTTURN_2023, pages[OUTTURN_2023], "")
    new = type(pages[OUTTURN_2023])(
        page["title"].replace("2023 to 2024", "2024 to 2025"),
        "official_statistics",
        "2025-08-28T00:01:00+01:00",
        [type(one)(one.title, "RSX_2024-25.ods", one.real, one.body) for one in pages[OUTTURN_2023].files[:1]],
    )
    pages[path] = new
    pages[OUTTURN].documents.append(path)
    found = noticed(site, "revenue-outturn")["revenue-outturn"]
    assert "2024 to 2025" in found.title
    assert found.published == date(2025, 8, 28)  # a minute past midnight in London
    assert len(found.parts) == 3


def test_a_second_edition_of_the_same_year_stands_for_the_first(web: Publishers, site: Site) -> None:
    pages = stand_in(web).pages
    path = f"{OUTTURN_2023}-revised"
    first = pages[OUTTURN_2023]
    pages[path] = type(first)(f"{first.title} (revised)", first.kind, "2024-12-01T09:30:00+00:00", first.files)
    pages[OUTTURN].documents.append(path)
    found = noticed(site, "revenue-outturn")["revenue-outturn"]
    assert found.title.endswith("(revised)")
    assert len(found.parts) == 2


def test_an_older_edition_that_is_gone_does_not_stop_the_newest(web: Publishers, site: Site) -> None:
    stand_in(web).pages[OUTTURN_2022].state = "gone"
    assert len(noticed(site, "revenue-outturn")["revenue-outturn"].parts) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            "withdrawn",
            r"annual results: withdrawn on 2026-02-03 \(These figures were wrong ?\.\).*correct the catalogue",
        ),
        ("gone", r"the server answered 410"),
        ("moved", r"has moved to /government/.*-new; correct its path"),
    ],
)
def test_a_page_that_is_no_longer_there_is_told(web: Publishers, site: Site, state: str, words: str) -> None:
    stand_in(web).pages[WASTE].state = state
    with pytest.raises(SourceError, match=words):
        raise trouble(site, "waste")


def test_a_page_that_never_was_is_told(web: Publishers, site: Site) -> None:
    del stand_in(web).pages[WASTE]
    with pytest.raises(SourceError, match="nothing at this address"):
        raise trouble(site, "waste")


def test_a_longer_path_is_followed_to_its_page(web: Publishers, site: Site) -> None:
    details = {"path": f"{WASTE}/more", "attachments": ["LA_and_Regional"]}
    (found,) = govuk.notice(site, {"x": Wants(DataSet("govuk", "x", "X", details=details), ())})
    assert isinstance(found, Noticed)
    assert found.parts[0].endswith("LA_and_Regional_Spreadsheet_202324.ods")


def test_a_page_without_the_file_names_the_nearest(web: Publishers, site: Site) -> None:
    upload = stand_in(web).pages[ROADS].files[0]
    upload.title, upload.name = "Roads by authority", "rdc0190.ods"
    with pytest.raises(LayoutChanged, match=r"no spreadsheet .* like 'rdc0120'; the nearest is 'rdc01\d\d.ods'"):
        raise trouble(site, "road-condition")


def test_a_page_with_two_such_files_is_told(web: Publishers, site: Site) -> None:
    upload = stand_in(web).pages[ROADS].files[1]
    upload.title = "RDC0120 revised"
    with pytest.raises(LayoutChanged, match=r"2 spreadsheets fit 'rdc0120': .*RDC0120 revised.*narrower"):
        raise trouble(site, "road-condition")


def test_a_search_without_an_edition_names_the_nearest_title(web: Publishers, site: Site) -> None:
    stand_in(web).pages[ASCOF].title = "Adult social care outcomes, England, 2024 to 2025"
    with pytest.raises(SourceError, match=r"no edition whose title fits .*the nearest is 'Adult social care outcomes"):
        raise trouble(site, "ascof")


def test_a_collection_without_documents_is_told(web: Publishers, site: Site) -> None:
    stand_in(web).pages[OUTTURN].documents = []
    with pytest.raises(LayoutChanged, match="no longer lists pages"):
        raise trouble(site, "revenue-outturn")


def test_one_page_in_trouble_does_not_stop_the_others(web: Publishers, site: Site) -> None:
    stand_in(web).pages[INSPECTIONS].state = "withdrawn"
    found = list(govuk.notice(site, wants()))
    assert {one.dataset for one in found if isinstance(one, Trouble)} == {"ofsted-inspections"}
    assert {one.dataset for one in found if isinstance(one, Noticed)} == DATA_SETS - {"ofsted-inspections"}


def test_nobody_there_is_said_once_for_the_whole_publisher(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.http.ATTEMPTS", 1)
    with Publishers({"govuk": StandIn()}) as web:
        address = web.address("govuk")
    with pytest.raises(Unreachable):
        list(govuk.notice(client.site(address), wants()))


# --- files that only the HTML names ---------------------------------------------------------------


def test_files_that_only_the_body_links_to_are_read(web: Publishers, site: Site) -> None:
    stand_in(web).pages[ROADS].in_html = True
    rows = read(site, "road-condition").rows
    pd.testing.assert_frame_equal(rows, tidied("road-condition").rows)


def example(name: str) -> Any:
    return json.loads((RESPONSES / "govuk-content" / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        (
            "statistical_data_set__statistical_data_set",
            6,
            govuk._File(
                "Olympics",
                "https://www.gov.uk/government/uploads/system/uploads/attachment_data/file/35761/tsgb_2012_-_olympics_summary.pdf",
                "243KB",
            ),
        ),
        (
            "statistical_data_set__statistical_data_set_with_block_attachments",
            0,
            govuk._File(
                "Number of vacancies posted:September 2016",
                "https://www.gov.uk/government/uploads/system/uploads/attachment_data/file/552946/AV_Number_of_Vacancies_Posted_Sep16.xls",
                "50.5KB",
            ),
        ),
        (
            "statistical_data_set__statistical_data_set_with_csv",
            0,
            govuk._File(
                "MOT test results by class of vehicle",
                "https://www.gov.uk/government/uploads/system/uploads/attachment_data/file/479486/dvsa-mot-01-mot-test-results-by-class-of-vehicle.csv",
                "",
            ),
        ),
    ],
)
def test_real_pages_name_their_files_in_html(name: str, count: int, first: govuk._File) -> None:
    item = example(name)
    files = govuk._files(item, govuk.ADDRESS)
    assert files[0] == first
    suffixes = (".xls", ".pdf", ".csv", ".zip", ".ods", ".xlsx")
    linked = {part.split('"')[0] for part in item["details"]["body"].split('href="')[1:]}
    assert {file.address for file in files} == {
        f"https://www.gov.uk{link}" for link in linked if link.lower().endswith(suffixes)
    }
    assert len(files) == count or not count
    assert all(file.title and not file.title.startswith("Download") for file in files)


def test_a_list_of_attachments_goes_before_the_html(web: Publishers) -> None:
    page = stand_in(web).pages[ROADS]
    page.in_html = True
    item = stand_in(web)._item(ROADS, page, govuk.ADDRESS)
    item["details"]["attachments"] = [
        {"attachment_type": "external", "title": "elsewhere", "url": "https://example.org/x.ods"},
        {"attachment_type": "file", "title": "the one", "url": "/media/1/one.ods", "file_size": 7},
    ]
    assert govuk._files(item, govuk.ADDRESS) == [govuk._File("the one", "https://www.gov.uk/media/1/one.ods", "7")]


# --- fetching and reading -------------------------------------------------------------------------


def test_the_file_is_fetched_from_where_the_page_says(web: Publishers, site: Site) -> None:
    one = noticed(site, "road-condition")["road-condition"]
    web.forget()
    (body,) = govuk.fetch(site, wants()["road-condition"], one)
    assert body == (OFFICIAL / "rdc0120.ods").read_bytes()
    assert web.count("govuk") == 1


def test_a_file_corrected_between_looking_and_fetching_is_told(web: Publishers, site: Site) -> None:
    one = noticed(site, "road-condition")["road-condition"]
    stand_in(web).correct(ROADS)
    with pytest.raises(SourceError, match="nothing at this address"):
        govuk.fetch(site, wants()["road-condition"], one)


def test_an_indicator_that_the_file_does_not_hold_is_a_gap_and_the_others_go_on() -> None:
    real = wants()["road-condition"]
    keys = {**real.series[0].keys, "sheet": "RDC0120_A_Road"}
    changed = Wants(real.dataset, (Wanted(real.series[0].indicator, keys), real.series[1]))
    one = Noticed("road-condition", "m", "Roads", parts=("https://example.org/rdc0120.ods",))
    found = govuk.tidy(changed, one, ((OFFICIAL / "rdc0120.ods").read_bytes(),))
    assert set(found.rows["indicator"]) == {real.series[1].indicator.code}
    (gap,) = found.gaps
    assert gap.indicator == real.series[0].indicator.code
    assert "Roads, rdc0120.ods: no sheet fits 'RDC0120_A_Road'; the nearest is 'RDC0120_" in gap.reason


def test_a_file_with_none_of_the_tables_is_refused() -> None:
    one = Noticed("road-condition", "m", "Roads", parts=("https://example.org/rdc0120.ods",))
    body = (OFFICIAL / "RSX_2023-24_data_by_LA.ods").read_bytes()
    with pytest.raises(
        LayoutChanged, match=r"Roads: nothing that is wanted can be read: .*no sheet fits 'RDC0120_A_Roads"
    ):
        govuk.tidy(wants()["road-condition"], one, (body,))


def test_a_page_instead_of_a_file_is_refused() -> None:
    one = Noticed("road-condition", "m", "Roads", parts=("https://example.org/rdc0120.ods",))
    with pytest.raises(LayoutChanged, match=r"Roads, rdc0120.ods: a web page instead of an ODS or XLSX workbook"):
        govuk.tidy(wants()["road-condition"], one, (b"<!DOCTYPE html><title>Sorry</title>",))


# --- the catalogue's words ------------------------------------------------------------------------

GOOD_DETAILS = {"path": "government/statistics/x", "attachments": ["x"]}
GOOD_KEYS = {"sheet": "T", "area": "Code", "period": "Year", "value": "Rate"}


def wish(details: Mapping[str, Any], keys: Mapping[str, Any]) -> Wants:
    indicator = Indicator("made-up", "Made up", "Economy", Polarity.parse("high"))
    return Wants(DataSet("govuk", "made-up", "Made up", details=details), (Wanted(indicator, keys),))


def test_a_plain_description_is_accepted() -> None:
    govuk.check([wish(GOOD_DETAILS, GOOD_KEYS)])


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"attachments": ["x"]}, "give one of path, collection and search"),
        ({**GOOD_DETAILS, "search": "x"}, "give one of path, collection and search"),
        ({**GOOD_DETAILS, "edition": "x"}, "need edition"),
        ({"collection": "x", "attachments": ["x"]}, "need edition"),
        ({"path": "/government/x", "attachments": ["x"]}, "path: .*without the leading slash"),
        ({"path": "https://www.gov.uk/x", "attachments": ["x"]}, "path: "),
        ({"path": "x", "attachments": ["("]}, r"attachments: '\(' is no pattern"),
        ({"path": "x", "attachments": []}, "attachments: "),
        ({**GOOD_DETAILS, "colour": "red"}, "colour: .*its keys are path, collection, search"),
        ({**GOOD_DETAILS, "editions": "2"}, "editions: "),
    ],
)
def test_details_that_cannot_be_used_are_refused(details: dict[str, Any], words: str) -> None:
    with pytest.raises(CatalogueError, match=f"data set 'made-up' of govuk: .*{words}"):
        govuk.check([wish(details, GOOD_KEYS)])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({**GOOD_KEYS, "area_name": "Name"}, "give area .* or area_name"),
        ({key: text for key, text in GOOD_KEYS.items() if key != "period"}, "give period"),
        ({**GOOD_KEYS, "value": "(?P<period>.*) rate"}, "give period"),
        ({**GOOD_KEYS, "value": "rate ("}, "value: .*is no pattern"),
        ({**GOOD_KEYS, "scale": 0.0}, "scale: "),
        ({**GOOD_KEYS, "column": "x"}, "column: .*its keys are sheet, area"),
        ({**GOOD_KEYS, "attachment": "y"}, "attachment 'y' is none of the data set 'made-up'; there are 'x'"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(CatalogueError, match=f"indicator 'made-up': .*{words}"):
        govuk.check([wish(GOOD_DETAILS, keys)])


def test_where_there_are_several_files_a_table_must_say_in_which_it_is() -> None:
    details = {"path": "x", "attachments": ["one", "two"]}
    with pytest.raises(CatalogueError, match="attachment '' is none"):
        govuk.check([wish(details, GOOD_KEYS)])
    govuk.check([wish(details, {**GOOD_KEYS, "attachment": "two"})])


# --- the stand-in ---------------------------------------------------------------------------------


def test_the_stand_in_refuses_what_the_search_refuses(site: Site) -> None:
    for asked in ({"colour": "red"}, {"q": "x" * 513}, {"count": "1501"}, {"fields": "title,colour"}):
        with pytest.raises(SourceError, match="the server answered 422"):
            site.get("api/search.json", asked)


def test_the_stand_in_announces_releases(web: Publishers, site: Site) -> None:
    stand_in(web).announce("waste-2026", "Local authority collected waste: 2026", display_date="March 2027")
    found = site.get("api/search.json", {"filter_format": "statistics_announcement", "count": 100}).json()["results"]
    assert len(found) == 6
    states = {one["link"].rpartition("/")[2]: one["statistics_announcement_state"] for one in found}
    assert states["waste-2026"] == "provisional"
    assert states["diagnostic-imaging-dataset-for-september-2015"] == "cancelled"
    changed = site.get(
        "api/content/government/statistics/announcements/diagnostic-imaging-dataset-for-september-2015--1"
    ).json()
    assert changed == example("statistics_announcement__release_date_changed")
