"""Explore Education Statistics: nine real files read over HTTP, with requests and answers held to the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import httpx
import jsonschema
import pandas as pd
import pytest
import stamina

from engine.areas import comparators, load_areas
from engine.catalogue import Indicator, Polarity, load_catalogue
from engine.errors import CatalogueError
from engine.origins import DataSet
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client, Site
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, ees, wants_of
from tests.jobs.sources import benchmark
from tests.publishers.ees import FILES, PUBLICATIONS, StandIn, table
from tests.publishers.server import Publishers
from tests.real_data import RESPONSES, needs_benchmark, needs_official, needs_responses

pytestmark = needs_official

CATALOGUE = load_catalogue(["builtin"])
WANTS = wants_of(CATALOGUE, ees.NAME)
PROVEN = sorted(
    code for code, origin in CATALOGUE.origins.items() if origin.publisher == ees.NAME and not origin.unproven
)
LEICESTERSHIRE = "E10000018"
COUNTIES = comparators("counties", LEICESTERSHIRE, date(2026, 4, 1)).codes
STABILITY, PLANS, ABSENCE, PRIMARY = (
    "placement-stability",
    "protection-plans-duration",
    "social-care-absence",
    "social-care-key-stage-2",
)
STABILITY_FILE, PLANS_FILE = "la_cla_placement_stability", "d5_cpps_at31march_by_duration_2013_to_2025"
CONTRACT = RESPONSES / "dfe-ees" / "openapi-v1.json"

TWINS = {
    "ees-ehc-20-weeks-all": ("lait-sen-ehc-all-20wks", 185),
    "ees-ehc-20-weeks-excluding-exceptions": ("lait-sen-ehc-excpt-20wks", 184),
    "ees-cla-placements-3-in-year": ("lait-lacstable-2016on", 155),
    "ees-cla-same-carer-2-years": ("lait-lac-longstablepct", 155),
    "ees-care-leavers-eet-19-21": ("lait-careleavereet", 155),
    "ees-cpp-2-years-or-more": ("lait-cpplans2yrsactive", 227),
}
"""The same figures as the local authority interactive tool took over, and of how many cells of counties."""

REVISED = {
    "ees-cin-absence-overall": ("lait-cintotalab-3term", 104, 153, 1.0),
    "ees-cin-absence-persistent": ("lait-cinpermabsent-3term", 38, 153, 7.0),
    "ees-cla-absence-overall": ("lait-lac-over-abs", 139, 154, 0.4),
    "ees-cla-absence-persistent": ("lait-lac-pers-abs", 75, 154, 4.1),
    "ees-cin-ks2-rwm": ("lait-cin-ks2-expstd-rwm", 94, 120, 4.0),
    "ees-cla-ks2-rwm": ("lait-lac-ks2-expstd-rwm", 88, 93, 2.0),
    "ees-cpp-ks2-rwm": ("lait-cppo-ks2-rwm", 69, 73, 3.0),
    "ees-cin-ks4-attainment-8": ("lait-cin-avg-attain8-ks4", 149, 184, 2.1),
    "ees-cla-ks4-attainment-8": ("lait-lac-ks4-avg-attain8", 172, 184, 0.5),
    "ees-cpp-ks4-attainment-8": ("lait-cppo-ks4-a8", 168, 178, 3.9),
    "ees-cin-ks4-english-maths-4": ("lait-cin-engmaths9-4", 143, 180, 1.8),
    "ees-cla-ks4-english-maths-4": ("lait-lac-engmaths9-4", 150, 162, 1.3),
    "ees-cin-ks4-english-maths-5": ("lait-cin-engmaths9-5", 130, 163, 1.1),
}
"""The same measures a release later: equal cells, compared cells and the largest difference.

The files are those of April 2026, which revised the years before; the tool's edition is of November 2025.
"""


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Publishers]:
    with Publishers({ees.NAME: stand_in}) as web:
        yield web


@pytest.fixture
def site(web: Publishers) -> Iterator[Site]:
    with Client() as client:
        yield client.site(web.address(ees.NAME))


def noticed_one(site: Site, want: Wants) -> Noticed:
    (found,) = ees.notice(site, {want.dataset.name: want})
    assert isinstance(found, Noticed), found
    return found


def trouble(site: Site, want: Wants) -> str:
    (found,) = ees.notice(site, {want.dataset.name: want})
    assert isinstance(found, Trouble), found
    return str(found.error)


def read(site: Site, want: Wants) -> Tidied:
    noticed = noticed_one(site, want)
    return ees.tidy(want, noticed, ees.fetch(site, want, noticed))


@cache
def everything() -> pd.DataFrame:
    """All that the catalogue wants, read from the real files over HTTP."""
    with Publishers({ees.NAME: StandIn()}) as web, Client() as client:
        site = client.site(web.address(ees.NAME))
        tidied = [read(site, want) for want in WANTS.values()]
    assert not [gap for one in tidied for gap in one.gaps]
    return pd.concat([one.rows for one in tidied], ignore_index=True)


def wants(name: str, **series: Mapping[str, Any]) -> Wants:
    """What is wanted of a data set of the catalogue under made-up codes."""
    return Wants(
        WANTS[name].dataset,
        tuple(Wanted(Indicator(code, code, "Theme", Polarity.parse("none")), keys) for code, keys in series.items()),
    )


THREE_PLACEMENTS = {
    "indicator": "children_percent",
    "filters": {"cla_group": "CLA on 31 March", "placement_stability": "With 3 or more placements during the year"},
}


# --- proof ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", PROVEN)
def test_a_proven_indicator_has_figures_of_most_counties(code: str) -> None:
    rows = everything()
    rows = rows[(rows["indicator"] == code) & (rows["value"] != "")]
    carried = rows["area_code"].map(load_areas().carry)
    counts = carried[carried.isin(COUNTIES)].groupby(rows["period"]).nunique()
    assert len(COUNTIES) == 31
    assert counts.max() >= 20


def test_every_indicator_of_the_catalogue_is_read_and_proven() -> None:
    assert len(PROVEN) == 29
    assert (
        set(everything()["indicator"])
        == set(PROVEN)
        == {wanted.indicator.code for want in WANTS.values() for wanted in want.series}
    )


def test_each_cell_is_there_once_with_a_period_that_can_be_read() -> None:
    rows = everything()
    keys = rows["period"].map(lambda label: parse_period(label).key)
    areas = rows["area_code"].map(load_areas().carry)
    assert not pd.DataFrame({"code": rows["indicator"], "area": areas, "period": keys}).duplicated().any()


def test_leicestershires_figures_are_those_of_the_file() -> None:
    rows = everything()
    mine = rows[(rows["area_code"] == LEICESTERSHIRE) & (rows["indicator"] == "ees-cla-placements-3-in-year")]
    file = table(STABILITY_FILE)
    file = file[
        (file["new_la_code"] == LEICESTERSHIRE)
        & (file["cla_group"] == "CLA on 31 March")
        & (file["placement_stability"] == "With 3 or more placements during the year")
    ]
    assert len(file) == 5
    assert dict(zip(mine["period"], mine["value"], strict=True)) == dict(
        zip(file["time_period"], file["children_percent"], strict=True)
    )


def differences(code: str, twin: str) -> list[float]:
    """How far our figures are from the tool's, which writes an academic year as the year it ends in."""
    areas = load_areas()
    frame = benchmark.figures()
    theirs = frame[(frame["indicator"] == twin) & (frame["value"] != "")]
    expected = {
        (area, parse_period(period).end.year): float(value)
        for area, period, value in theirs[["area_code", "period", "value"]].to_numpy().tolist()
    }
    rows = everything()
    mine = rows[(rows["indicator"] == code) & (rows["value"] != "")]
    return [
        abs(float(value) - expected[key])
        for area, period, value in mine[["area_code", "period", "value"]].to_numpy().tolist()
        if (key := (areas.carry(area), parse_period(period).end.year)) in expected
    ]


@needs_benchmark
@pytest.mark.parametrize("code", TWINS)
def test_figures_are_those_that_the_interactive_tool_took_over(code: str) -> None:
    twin, cells = TWINS[code]
    found = differences(code, twin)
    assert len(found) == cells
    assert max(found) < 1e-9


@needs_benchmark
@pytest.mark.parametrize("code", REVISED)
def test_figures_of_the_next_release_differ_by_its_revisions_alone(code: str) -> None:
    twin, *expected = REVISED[code]
    found = differences(code, twin)
    assert [sum(one < 1e-9 for one in found), len(found), round(max(found), 1)] == expected


# --- the contract ---------------------------------------------------------------------------------


@cache
def contract() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return document


def schema(part: Any) -> Any:
    """A part of the contract as JSON schema: ``nullable`` said with types, parts that are one object joined."""
    if isinstance(part, list):
        return [schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {"$ref": part["$ref"].replace("#/components/schemas/", "#/$defs/")}
    plain = {key: schema(value) for key, value in part.items() if key not in {"nullable", "example", "format"}}
    if len(part.get("allOf", ())) > 1:
        plain = joined(part["allOf"])
    return {"anyOf": [plain, {"type": "null"}]} if part.get("nullable") else plain


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One object of several: each is closed, so that together they would allow nothing at all."""
    whole: dict[str, Any] = {"type": "object", "required": [], "properties": {}, "additionalProperties": False}
    for part in parts:
        named = contract()["components"]["schemas"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        whole["required"] += named.get("required", [])
        whole["properties"] |= schema(named.get("properties", {}))
    return whole


@cache
def definitions() -> dict[str, Any]:
    found = {name: schema(part) for name, part in contract()["components"]["schemas"].items()}
    jsonschema.Draft202012Validator.check_schema({"$defs": found})
    return found


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions()})


def held_to(name: str, document: Any) -> None:
    """Raise unless the document is what the contract calls by this name."""
    validator(name).validate(document)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("DataSetQueryRequest", {"indicators": ["A"], "criteria": {"filters": {"in": "A"}}}),
        ("DataSetQueryRequest", {"indicators": ["A"], "pageSize": 10_001}),
        ("DataSetQueryRequest", {"indicators": ["A"], "size": 1}),
        ("LocationLocalAuthorityOptionViewModel", {"id": "A", "label": "B", "code": "C"}),
        ("PagingViewModel", {"page": 1, "pageSize": 2, "totalResults": None, "totalPages": 1}),
    ],
)
@needs_responses
def test_the_contract_as_read_refuses_what_it_should(name: str, document: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        held_to(name, document)


@needs_responses
def test_requests_are_as_the_contract_has_them(web: Publishers, stand_in: StandIn, site: Site) -> None:
    for found in list(ees.notice(site, WANTS)):
        assert isinstance(found, Noticed)
        ees.fetch(site, WANTS[found.dataset], found)
    assert len(stand_in.questions) == len(WANTS) == 7
    for asked in stand_in.questions:
        held_to("DataSetQueryRequest", asked)
    assert len(web.requests) == 1 + 5 + 2 * 7
    for one in web.requests:
        assert not parameter_faults(one.method, one.path, one.query)


@needs_responses
def test_a_parameter_beyond_the_contract_would_be_seen() -> None:
    assert parameter_faults("GET", "/publications", {"pageSize": ["41"]}) == ["pageSize"]
    assert parameter_faults("GET", "/publications", {"size": ["1"]}) == ["size"]
    assert not parameter_faults("GET", "/publications", {"pageSize": ["40"]})


def parameter_faults(method: str, path: str, query: Mapping[str, list[str]]) -> list[str]:
    """The query parameters that the contract does not have at this path, or not with this value."""
    parts = path.strip("/").split("/")
    (template,) = [
        one
        for one in contract()["paths"]
        if len(own := one.split("/")[2:]) == len(parts)
        and all(ours.startswith("{") or ours == theirs for ours, theirs in zip(own, parts, strict=True))
    ]
    known = {one["name"]: one["schema"] for one in contract()["paths"][template][method.lower()]["parameters"]}
    return [name for name, values in query.items() if name not in known or not fitting(known[name], values)]


def fitting(rule: dict[str, Any], values: list[str]) -> bool:
    read_as = int if rule["type"] == "integer" else str
    return len(values) == 1 and jsonschema.Draft202012Validator(schema(rule)).is_valid(read_as(values[0]))


@needs_responses
def test_answers_are_as_the_contract_has_them(web: Publishers, stand_in: StandIn) -> None:
    stand_in.deprecate("ks2_la", heir="ks4_la")
    stand_in.withdraw("absence_la")
    with httpx.Client(base_url=web.address(ees.NAME)) as client:
        publications = client.get("publications", params={"pageSize": 40}).json()
        held_to("PublicationPaginatedListViewModel", publications)
        assert {entry["slug"] for entry in publications["results"]} == set(PUBLICATIONS)
        for entry in publications["results"]:
            held_to("DataSetPaginatedListViewModel", client.get(f"publications/{entry['id']}/data-sets").json())
        for name, shelved in stand_in.data_sets.items():
            if name != "absence_la":
                held_to("DataSetViewModel", client.get(f"data-sets/{shelved.id}").json())
                meta = client.get(f"data-sets/{shelved.id}/meta").json()
                for group in meta["locations"]:
                    assert len({frozenset(option) for option in group["options"]}) == 1
                    del group["options"][5:]  # all are made alike, and each is held to five shapes
                held_to("DataSetMetaViewModel", meta)
                asked = {"indicators": [], "page": 2, "pageSize": 100}
                page = client.post(f"data-sets/{shelved.id}/query", json=asked).json()
                held_to("DataSetQueryPaginatedResultsViewModel", page)
                assert len(page["results"]) == 100
        missing = client.get("data-sets/00000000-0000-0000-0000-000000000000")
        forbidden = client.get(f"data-sets/{stand_in.data_sets['absence_la'].id}/meta")
        refused = client.get("publications", params={"pageSize": 41})
    assert [missing.status_code, forbidden.status_code, refused.status_code] == [404, 403, 400]
    held_to("ProblemDetailsViewModel", missing.json())
    held_to("ProblemDetailsViewModel", forbidden.json())
    held_to("ValidationProblemViewModel", refused.json())


@needs_responses
def test_the_stand_in_warns_and_refuses_as_the_interface_does(web: Publishers, stand_in: StandIn) -> None:
    shelved = stand_in.data_sets[STABILITY_FILE]
    meta = shelved.table("1.0").meta
    percent = next(one["id"] for one in meta["indicators"] if one["column"] == "children_percent")
    codes = []
    facets: list[dict[str, Any]] = [
        {"filters": {"eq": "nope"}},
        {"geographicLevels": {"eq": "WARD"}},
        {"locations": {"eq": {"level": "LA", "code": "E99999999"}}},
        {"timePeriods": {"eq": {"code": "RY", "period": "1999"}}},
    ]
    with httpx.Client(base_url=web.address(ees.NAME)) as client:
        path = f"data-sets/{shelved.id}/query"
        for facet in facets:
            page = client.post(path, json={"indicators": [percent], "criteria": facet}).json()
            held_to("DataSetQueryPaginatedResultsViewModel", page)
            codes += [warning["code"] for warning in page["warnings"]]
            assert not page["results"]
        refused = client.post(path, json={"indicators": ["nope"]})
        packed = client.get(f"data-sets/{shelved.id}", headers={"Accept-Encoding": "gzip"})
        here = {"locations": {"in": [{"level": "LA", "oldCode": "855"}]}}
        since = {"timePeriods": {"gte": {"code": "RY", "period": "2024"}}}
        no_totals = {"not": {"filters": {"in": [option_id(meta, "placement_stability", "Total children")]}}}
        criteria = {"and": [here, since, no_totals]}
        mine = client.post(path, json={"indicators": [percent], "criteria": criteria}).json()
    assert codes == [
        code
        for name in ("Filters", "GeographicLevels", "Locations", "TimePeriods")
        for code in (f"{name}NotFound", "QueryNoResults")
    ]
    assert refused.status_code == 400
    held_to("ValidationProblemViewModel", refused.json())
    assert refused.json()["errors"][0]["code"] == "IndicatorsNotFound"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "ETag" not in packed.headers
    assert mine["paging"]["totalResults"] == 2 * 3
    assert [row["timePeriod"]["period"] for row in mine["results"]] == ["2025"] * 3 + ["2024"] * 3


def option_id(meta: Mapping[str, Any], column: str, label: str) -> str:
    options = next(each["options"] for each in meta["filters"] if each["column"] == column)
    return str(next(option["id"] for option in options if option["label"] == label))


# --- the catalogue --------------------------------------------------------------------------------


def test_the_shipped_catalogue_can_be_looked_up() -> None:
    ees.check(WANTS.values())
    assert len(WANTS) == 7


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "indicator 'code': indicator: field required"),
        ({"indicator": 7}, "indicator: input should be a valid string"),
        ({"indicator": "a", "filters": {"b": 1}}, r"filters\.b: input should be a valid string"),
        (
            {"indicator": "a", "column": "b"},
            r"column: extra inputs are not permitted; its keys are indicator \(a column\)",
        ),
    ],
)
def test_a_series_that_cannot_be_looked_up_is_refused_by_name(keys: Mapping[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        ees.check([wants(STABILITY, code=keys)])


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ({}, "publication: field required"),
        ({"publication": "A title", "data_set": "x"}, "publication: string should match pattern"),
        ({"publication": "a", "data_set": "("}, r"data_set: '\(' is no pattern"),
        ({"publication": "a", "data_set": "x", "id": "1"}, "id: extra inputs are not permitted"),
    ],
)
def test_a_data_set_that_cannot_be_looked_up_is_refused_by_name(details: Mapping[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError, match=f"data set 'x' of ees: .*{told}"):
        ees.check([Wants(DataSet(ees.NAME, "x", "X", details=details), ())])


# --- the detector ---------------------------------------------------------------------------------


def test_a_look_takes_one_request_for_all_publications_and_one_for_each_wanted(web: Publishers, site: Site) -> None:
    found = list(ees.notice(site, WANTS))
    assert {one.dataset for one in found} == set(WANTS)
    assert all(isinstance(one, Noticed) for one in found)
    assert web.requests[0].path == "/publications"
    assert len(web.requests) == 1 + 5


def test_what_is_noticed_is_the_latest_version_with_its_day_and_period(stand_in: StandIn, site: Site) -> None:
    identity = stand_in.data_sets[STABILITY_FILE].id
    assert noticed_one(site, WANTS[STABILITY]) == Noticed(
        dataset=STABILITY,
        mark=f"{identity} 1.0",
        title="Stability measures for children looked after: placements, 2025",
        published=date(2026, 4, 2),
        parts=(identity, "1.0"),
    )


def test_a_new_version_is_noticed_and_read(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    before = noticed_one(site, want)
    old = read(site, want).rows
    stand_in.publish(STABILITY_FILE, "1.1", lambda frame: set_value(frame, "children_percent", "99"))
    after = noticed_one(site, want)
    assert (before.mark.split()[1], after.mark.split()[1]) == ("1.0", "1.1")
    assert after.published == date(2026, 4, 9)
    new = read(site, want).rows
    assert set(new["value"]) == {"99"}
    assert set(old["value"]) > {"", "10"}
    assert len(old) == len(new)


def set_value(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return frame.assign(**{column: value})


def test_a_major_version_has_new_ids_and_is_read_by_its_columns_and_labels(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    old = read(site, want).rows
    stand_in.publish(STABILITY_FILE, "2.0", lambda frame: frame)
    new = read(site, want).rows
    first, second = stand_in.questions
    assert not set(first["indicators"]) & set(second["indicators"])
    pd.testing.assert_frame_equal(old, new)


def test_rows_are_those_of_the_version_noticed_though_a_newer_one_came_since(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    stand_in.publish(STABILITY_FILE, "2.0", lambda frame: set_value(frame, "children_percent", "99"))
    rows = ees.tidy(want, noticed, ees.fetch(site, want, noticed)).rows
    assert "99" not in set(rows["value"])


def test_a_data_set_is_found_on_a_later_page_of_its_publication(web: Publishers, stand_in: StandIn, site: Site) -> None:
    slug, _ = FILES[STABILITY_FILE]
    for number in range(45):
        stand_in.shelve(
            f"other-{number}", slug, f"A school stability {number}", STABILITY_FILE
        ).published = stand_in.data_sets[STABILITY_FILE].published
    assert noticed_one(site, WANTS[STABILITY]).parts[0] == stand_in.data_sets[STABILITY_FILE].id
    assert [one.query["page"] for one in web.asked(ees.NAME, "data-sets$")] == [["1"], ["2"], ["3"]]


def test_a_publication_that_is_not_in_the_interface_is_told_with_the_nearest(stand_in: StandIn, site: Site) -> None:
    dataset = replace(
        WANTS[STABILITY].dataset,
        details={"publication": "stability-measures-for-children-looked-after", "data_set": "placement"},
    )
    told = trouble(site, replace(WANTS[STABILITY], dataset=dataset))
    assert "has no data set in the interface, as not all have" in told
    assert "the nearest is 'stability-measures-for-children-looked-after-in-england'" in told


def test_a_title_that_does_not_fit_is_told_and_the_others_go_on(stand_in: StandIn, site: Site) -> None:
    stand_in.data_sets["ks2_la"].title = "Attainment of pupils aged 11"
    found = {one.dataset: one for one in ees.notice(site, WANTS)}
    error = found.pop(PRIMARY)
    assert isinstance(error, Trouble)
    assert "no data set has a title that fits" in str(error.error)
    assert "'Attainment of pupils aged 11'" in str(error.error)
    assert all(isinstance(one, Noticed) for one in found.values())


def test_two_titles_that_fit_are_too_many(stand_in: StandIn, site: Site) -> None:
    slug, title = FILES[STABILITY_FILE]
    stand_in.shelve("other", slug, f"{title}, by age", STABILITY_FILE)
    assert "the titles of 2 data sets fit" in trouble(site, WANTS[STABILITY])


def test_a_data_set_that_another_replaces_is_told_with_its_successor(stand_in: StandIn, site: Site) -> None:
    slug, _ = FILES[STABILITY_FILE]
    heir = stand_in.shelve("heir", slug, "Placements of looked-after children", STABILITY_FILE)
    stand_in.deprecate(STABILITY_FILE, heir="heir")
    told = trouble(site, WANTS[STABILITY])
    assert f"its successor is 'Placements of looked-after children', {heir.id}" in told


def test_a_data_set_that_is_kept_up_goes_before_one_that_is_not(stand_in: StandIn, site: Site) -> None:
    slug, title = FILES[STABILITY_FILE]
    heir = stand_in.shelve("heir", slug, title, STABILITY_FILE)
    stand_in.deprecate(STABILITY_FILE, heir="heir")
    assert noticed_one(site, WANTS[STABILITY]).parts[0] == heir.id


def test_a_data_set_without_successor_is_still_read_and_said_to_be_given_up(stand_in: StandIn, site: Site) -> None:
    stand_in.deprecate("b1_children_in_need_2013_to_2025")
    stand_in.deprecate(PLANS_FILE)
    assert noticed_one(site, WANTS[PLANS]).title.endswith(", 2025 (no longer kept up)")


def test_a_withdrawn_data_set_is_told(stand_in: StandIn, site: Site) -> None:
    stand_in.withdraw(PLANS_FILE)
    assert "has been withdrawn; figures held stay as they are" in trouble(site, WANTS[PLANS])


def test_a_data_set_without_a_version_is_told(stand_in: StandIn, site: Site) -> None:
    stand_in.data_sets[PLANS_FILE].frames.clear()
    assert "has no version to read now" in trouble(site, WANTS[PLANS])


def test_a_publisher_that_is_down_is_said_to_be() -> None:
    with Client() as client, pytest.raises(Unreachable):
        list(ees.notice(client.site("http://127.0.0.1:9/"), WANTS))


def test_a_list_of_publications_that_is_refused_is_told_once_for_all(web: Publishers, site: Site) -> None:
    web.faults.status(ees.NAME, "publications$", 403)
    with pytest.raises(SourceError, match="answered 403"):
        list(ees.notice(site, WANTS))


# --- the rows -------------------------------------------------------------------------------------


def test_only_the_rows_needed_are_asked_for_a_criterion_for_each_filter(stand_in: StandIn, site: Site) -> None:
    want = WANTS[ABSENCE]
    noticed = noticed_one(site, want)
    meta, page = ees.fetch(site, want, noticed)
    (asked,) = stand_in.questions
    assert asked["pageSize"] == 10_000
    assert len(asked["indicators"]) == 3
    levels, *filters = asked["criteria"]["and"]
    assert levels == {"geographicLevels": {"in": ["LA", "NAT"]}}
    assert [len(each["filters"]["in"]) for each in filters] == [1, 3, 1]
    total = option_id(json.loads(meta), "phase_type_grouping", "Total")
    rows = json.loads(page)["results"]
    assert {tuple(row["filters"].values())[2] for row in rows} == {total}
    assert {row["geographicLevel"] for row in rows} == {"LA", "NAT"}


def test_many_pages_are_read_as_one(web: Publishers, stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    whole = read(site, want).rows
    stand_in.largest_page = 300
    stand_in.questions.clear()
    paged = read(site, want).rows
    pd.testing.assert_frame_equal(whole, paged)
    assert [asked["page"] for asked in stand_in.questions] == [1, 2, 3]


def test_a_page_that_is_missing_is_noticed(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    stand_in.largest_page = 300
    bodies = ees.fetch(site, want, noticed)
    with pytest.raises(LayoutChanged, match=r"rows came where \d+, \d+ were announced"):
        ees.tidy(want, noticed, bodies[:-1])


def test_markers_stay_markers_and_are_never_nought() -> None:
    rows = everything()
    blank = rows[rows["value"] == ""]
    assert {"c", "x", "z"} <= set(blank["status"])
    assert set(rows[rows["value"] != ""]["status"]) == {""}
    file = table("ks2_la")
    file = file[(file["geographic_level"] != "Regional") & (file["social_care_group"] == "CPPO at 31 March")]
    mine = rows[rows["indicator"] == "ees-cpp-ks2-rwm"]
    assert (mine["status"] == "c").sum() == (file["pt_rwm_met_expected_standard"] == "c").sum() > 100


def test_each_marker_is_read_as_it_stands(stand_in: StandIn, site: Site) -> None:
    councils = dict(zip(["c", "k", "u", "x", "z", "low"], sorted(COUNTIES), strict=False))

    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        for marker, council in councils.items():
            frame.loc[frame["new_la_code"] == council, "children_percent"] = marker
        return frame

    stand_in.publish(STABILITY_FILE, "1.1", edit)
    rows = read(site, wants(STABILITY, code=THREE_PLACEMENTS)).rows
    for marker, council in councils.items():
        mine = rows[rows["area_code"] == council]
        assert mine[["value", "status"]].to_numpy().tolist() == [["", marker]] * 5


def test_text_that_is_neither_is_refused_with_its_indicator(stand_in: StandIn, site: Site) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame["new_la_code"] == LEICESTERSHIRE, "children_percent"] = "about 8"
        return frame

    stand_in.publish(STABILITY_FILE, "1.1", edit)
    with pytest.raises(LayoutChanged, match="'code': 'about 8' is neither a number nor a known marker"):
        read(site, wants(STABILITY, code=THREE_PLACEMENTS))


def test_joint_areas_are_left_out_and_told(stand_in: StandIn, site: Site) -> None:
    joint = "E06000061 / E06000062"

    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame[frame["new_la_code"] != "E06000062"]
        frame.loc[frame["new_la_code"] == "E06000061", ["new_la_code", "old_la_code"]] = [joint, "940 / 941"]
        return frame

    stand_in.publish(STABILITY_FILE, "1.1", edit)
    tidied = read(site, wants(STABILITY, code=THREE_PLACEMENTS))
    assert not {"E06000061", "E06000062", joint} & set(tidied.rows["area_code"])
    assert "E06000060" in set(tidied.rows["area_code"])
    assert tidied.notes == (f"Figures of joint areas belong to no council and were left out: {joint}",)


def test_a_council_that_got_a_new_code_or_name_keeps_one_row_for_each_period(stand_in: StandIn, site: Site) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        older = frame["time_period"] < "2023"
        frame.loc[older & (frame["new_la_code"] == "E06000065"), "new_la_code"] = "E10000023"
        frame.loc[older & (frame["new_la_code"] == LEICESTERSHIRE), "la_name"] = "Leicestershire County"
        return frame

    before = read(site, wants(STABILITY, code=THREE_PLACEMENTS)).rows
    stand_in.publish(STABILITY_FILE, "1.1", edit)
    after = read(site, wants(STABILITY, code=THREE_PLACEMENTS)).rows
    assert sorted(after[after["area_code"] == "E10000023"]["period"]) == ["2021", "2022"]
    assert sorted(after[after["area_code"] == LEICESTERSHIRE]["period"]) == ["2021", "2022", "2023", "2024", "2025"]
    carry = load_areas().carry
    same = [
        sorted(zip(rows["area_code"].map(carry), rows["period"], rows["value"], strict=True))
        for rows in (before, after)
    ]
    assert same[0] == same[1]


def test_old_codes_of_old_years_stay_as_published() -> None:
    rows = everything()
    plans = rows[rows["indicator"] == "ees-cpp-2-years-or-more"]
    assert {"E10000023", "E06000065", "E10000021", "E92000001"} <= set(plans["area_code"])


def test_the_most_settled_version_of_a_cell_counts_and_marks_its_period(stand_in: StandIn, site: Site) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        newest = frame[frame["time_period"] == "202425"]
        earlier = newest.assign(version="Provisional", pt_rwm_met_expected_standard="1")
        some_final = newest[newest["new_la_code"] == LEICESTERSHIRE]
        return pd.concat([frame, earlier, some_final.assign(version="Final", pt_rwm_met_expected_standard="77")])

    stand_in.publish("ks2_la", "1.1", edit)
    rows = read(site, WANTS[PRIMARY]).rows
    mine = rows[(rows["area_code"] == LEICESTERSHIRE) & (rows["indicator"] == "ees-cin-ks2-rwm")]
    newest = mine[mine["period"].str.startswith("2024/25")]
    assert newest[["period", "value"]].to_numpy().tolist() == [["2024/25 (Final)", "77"]]
    labels = set(rows["period"])
    assert "2024/25 (Revised)" in labels
    assert "2023/24 (Final)" in labels
    assert not any("Provisional" in label for label in labels)
    assert not rows.duplicated(["indicator", "area_code", "period"]).any()


def test_a_version_named_in_the_catalogue_is_taken_as_it_is(site: Site) -> None:
    keys = {
        "indicator": "pt_rwm_met_expected_standard",
        "filters": {"social_care_group": "CINO at 31 March", "version": "Final"},
    }
    rows = read(site, wants(PRIMARY, code=keys)).rows
    assert "2023/24" in set(rows["period"])
    assert not rows["period"].str.startswith("2024/25").any()


@pytest.mark.parametrize(
    ("word", "period", "label"),
    [
        ("Academic year", "202425", "2024/25"),
        ("Financial year", "202425", "2024/25"),
        ("Calendar year", "2024", "2024"),
        ("Reporting year", "2024", "2024"),
    ],
)
def test_years_of_each_kind_are_labelled(stand_in: StandIn, site: Site, word: str, period: str, label: str) -> None:
    def edit(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame[frame["time_period"] == "2025"]
        return frame.assign(time_period=period, time_identifier=word)

    stand_in.publish(STABILITY_FILE, "1.1", edit)
    rows = read(site, wants(STABILITY, code=THREE_PLACEMENTS)).rows
    assert set(rows["period"]) == {label}


def test_weeks_are_refused(stand_in: StandIn, site: Site) -> None:
    stand_in.publish(STABILITY_FILE, "1.1", lambda frame: frame.assign(time_identifier="Week 25"))
    with pytest.raises(LayoutChanged, match=r"the period '20\d\d' with code 'W25' is none of"):
        read(site, wants(STABILITY, code=THREE_PLACEMENTS))


# --- what is renamed or gone ----------------------------------------------------------------------


RENAMES: list[tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    (
        lambda frame: frame.rename(columns={"children_percent": "child_percent"}),
        "there is no indicator 'children_percent'; the nearest is 'child_percent'",
    ),
    (
        lambda frame: frame.rename(columns={"cla_group": "cla_groups"}),
        "there is no filter 'cla_group'; the nearest is 'cla_groups'",
    ),
    (
        lambda frame: frame.replace({"cla_group": {"CLA on 31 March": "CLA at 31 March"}}),
        "the filter 'cla_group' has no option 'CLA on 31 March'; the nearest is 'CLA at 31 March'",
    ),
    (
        lambda frame: pd.concat([frame.assign(age="1"), frame.assign(age="2 years")]).assign(sex="Total"),
        "the filter 'age' needs an option named in the catalogue; there are '1 year', '2 years'",
    ),
]


@pytest.mark.parametrize(("edit", "told"), RENAMES)
def test_what_is_renamed_or_new_is_told_with_the_nearest(
    stand_in: StandIn, site: Site, edit: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    stand_in.publish(STABILITY_FILE, "2.0", lambda frame: edit(frame).replace({"age": {"1": "1 year"}}))
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    with pytest.raises(LayoutChanged, match=told):
        ees.fetch(site, want, noticed)


def test_a_new_filter_with_a_total_is_taken_at_its_total(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    before = read(site, want).rows
    stand_in.publish(
        STABILITY_FILE,
        "2.0",
        lambda frame: pd.concat([frame.assign(sex="Total"), frame.assign(sex="Female", children_percent="1")]),
    )
    pd.testing.assert_frame_equal(read(site, want).rows, before)


def test_one_series_that_is_gone_is_a_gap_and_the_others_go_on(stand_in: StandIn, site: Site) -> None:
    renamed = {"placement_stability": {"With 3 or more placements during the year": "3 or more placements in the year"}}
    stand_in.publish(STABILITY_FILE, "2.0", lambda frame: frame.replace(renamed))
    tidied = read(site, WANTS[STABILITY])
    (gap,) = tidied.gaps
    assert gap.indicator == "ees-cla-placements-3-in-year"
    assert "the nearest is '3 or more placements in the year'" in gap.reason
    assert set(tidied.rows["indicator"]) == {"ees-cla-placements-3-in-2-years", "ees-cla-same-carer-2-years"}


def test_options_that_never_meet_are_a_gap(site: Site) -> None:
    apart = {"cla_group": "CLA 2 years on 31 March", "placement_stability": "With 3 or more placements during the year"}
    tidied = read(site, wants(STABILITY, code=THREE_PLACEMENTS, apart={**THREE_PLACEMENTS, "filters": apart}))
    (gap,) = tidied.gaps
    assert gap.indicator == "apart"
    assert "no row of a council has the options asked for together" in gap.reason


def test_options_that_never_meet_at_all_are_warned_of_and_refused(site: Site) -> None:
    apart = {"cla_group": "CLA 2 years on 31 March", "placement_stability": "With 3 or more placements during the year"}
    want = wants(STABILITY, apart={**THREE_PLACEMENTS, "filters": apart})
    noticed = noticed_one(site, want)
    with pytest.raises(LayoutChanged, match="QueryNoResults: The query did not match any results"):
        ees.fetch(site, want, noticed)


def test_a_warning_of_what_was_not_found_is_an_error_that_names_it(stand_in: StandIn, site: Site) -> None:
    """As when ids change between the meta data and the query."""
    stand_in.publish(STABILITY_FILE, "1.1", lambda frame: frame)
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    version = stand_in.data_sets[STABILITY_FILE].table("1.1")
    gone = option_id(version.meta, "cla_group", "CLA on 31 March")
    version._options.pop(gone)
    with pytest.raises(LayoutChanged, match=rf"FiltersNotFound: One or more filters could not be found\. \({gone}\)"):
        ees.fetch(site, want, noticed)


def test_a_refusal_is_told_in_the_publishers_words(stand_in: StandIn, site: Site) -> None:
    path = f"data-sets/{stand_in.data_sets[STABILITY_FILE].id}/query"
    with pytest.raises(SourceError, match=r"answered 400.*One or more indicators could not be found"):
        site.post(path, {"indicators": ["nope"]})


def test_a_data_set_withdrawn_since_is_refused_with_the_status(stand_in: StandIn, site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    stand_in.withdraw(STABILITY_FILE)
    with pytest.raises(SourceError, match=r"answered 403.*Forbidden"):
        ees.fetch(site, want, noticed)
    stand_in.data_sets.pop(STABILITY_FILE)
    with pytest.raises(SourceError, match="nothing at this address"):
        ees.fetch(site, want, noticed)


def test_figures_for_england_alone_are_refused(stand_in: StandIn, site: Site) -> None:
    stand_in.publish(STABILITY_FILE, "1.1", lambda frame: frame[frame["geographic_level"] == "National"])
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    with pytest.raises(LayoutChanged, match="has no figures for local authorities, only for NAT"):
        ees.fetch(site, want, noticed)


@pytest.mark.parametrize(
    ("body", "told"),
    [(b'{"paging": {}}', "answered with another shape"), (b"no JSON", "answered with another shape")],
)
def test_an_answer_of_another_shape_is_refused(site: Site, body: bytes, told: str) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    meta, *_ = ees.fetch(site, want, noticed)
    with pytest.raises(LayoutChanged, match=told):
        ees.tidy(want, noticed, (meta, body))
    with pytest.raises(LayoutChanged, match=told):
        ees.tidy(want, noticed, (body,))


def test_a_row_with_an_unknown_place_is_refused(site: Site) -> None:
    want = wants(STABILITY, code=THREE_PLACEMENTS)
    noticed = noticed_one(site, want)
    meta, page = ees.fetch(site, want, noticed)
    document = json.loads(page)
    document["results"][0]["locations"] = dict.fromkeys(document["results"][0]["locations"], "elsewhere")
    with pytest.raises(LayoutChanged, match=r"a place that the meta data do not list.*elsewhere"):
        ees.tidy(want, noticed, (meta, json.dumps(document).encode()))
