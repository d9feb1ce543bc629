"""Areas, what became of them, and who is compared with whom."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.areas import (
    ENGLAND,
    Area,
    Comparators,
    Kind,
    UnknownArea,
    UnknownGroup,
    comparators,
    councils_and_england,
    group_names,
    load_areas,
)

REFERENCE = Path(__file__).parents[2].parent / "shared" / "data" / "reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="no published reference files")

LEICESTERSHIRE = "E10000018"
TODAY = date(2026, 1, 1)
AREAS = load_areas()
COUNCILS = sorted(area.code for area in AREAS if area.upper_tier and area.exists(TODAY))
ENDED_2009 = {"E10000001", "E10000004"}
"""Bedfordshire and Cheshire, which the road condition statistics still name."""
DAYS = st.dates(date(2015, 1, 1), date(2030, 1, 1))
CARRIED = {
    "E10000002": "E06000060",
    "E10000023": "E06000065",
    "E10000027": "E06000066",
    "E08000016": "E08000038",
    "E08000019": "E08000039",
}


def test_an_area_has_a_name_for_people_a_kind_and_its_dates() -> None:
    assert AREAS["E06000047"] == Area("E06000047", "Durham", Kind.UNITARY, dfe_number="840")
    assert AREAS["E10000009"] == Area(
        "E10000009",
        "Dorset (county council)",
        Kind.COUNTY,
        end=date(2019, 3, 31),
        successors=("E06000059", "E06000058"),
        dfe_number="835",
    )
    assert AREAS["E92000001"].kind == Kind.COUNTRY
    assert AREAS["E07000067"].name == "Braintree"


def test_figures_are_kept_of_councils_and_england_and_asked_for_of_those_there_are() -> None:
    assert {code: AREAS[code].kept for code in ("E06000047", "E10000002", "E07000067", "E12000004", ENGLAND)} == {
        "E06000047": True,
        "E10000002": True,
        "E07000067": False,
        "E12000004": False,
        ENGLAND: True,
    }
    assert AREAS[ENGLAND].name == "England"
    assert sorted(councils_and_england(TODAY)) == sorted([*COUNCILS, ENGLAND])
    before = councils_and_england(date(2019, 3, 31))
    assert "E10000009" in before
    assert "E10000009" not in councils_and_england(date(2019, 4, 1))


def test_every_kind_is_counted() -> None:
    assert Counter(area.kind for area in AREAS if area.exists(TODAY)) == {
        "county": 21,
        "unitary": 63,
        "metropolitan": 36,
        "london": 33,
        "district": 164,
        "region": 9,
        "country": 1,
    }
    assert sum(area.end is not None for area in AREAS) == 12
    assert len(AREAS) == 339


def test_no_two_areas_have_the_same_name() -> None:
    names = Counter(area.name for area in AREAS)
    assert [name for name, count in names.items() if count > 1] == []


def test_successors_begin_the_day_after() -> None:
    """Those of the two counties that ended in 2009 began before the dates we keep."""
    for area in AREAS:
        assert bool(area.end) == bool(area.successors)
        if area.code in ENDED_2009:
            assert [AREAS[code].start for code in area.successors] == [None, None]
            continue
        for code in area.successors:
            heir = AREAS[code].start
            assert heir is not None
            assert area.end is not None
            assert (heir - area.end).days == 1


def test_an_unknown_code_names_the_nearest() -> None:
    assert AREAS.get("E10000099") is None
    assert "E10000099" not in AREAS
    with pytest.raises(UnknownArea, match=r"'E1000018'.*E10000018 \(Leicestershire\)"):
        AREAS["E1000018"]
    with pytest.raises(UnknownArea, match=r"E10000018 \(Leicestershire\)"):
        AREAS["leicestershire"]
    with pytest.raises(UnknownArea, match="codes look like"):
        AREAS["?"]


def test_an_area_stands_until_the_end_of_its_last_day() -> None:
    assert AREAS.current("E10000006", date(2023, 3, 31)) == ("E10000006",)
    assert AREAS.current("E10000006", date(2023, 4, 1)) == ("E06000063", "E06000064")
    assert AREAS.current(LEICESTERSHIRE, TODAY) == (LEICESTERSHIRE,)


def test_figures_are_carried_only_within_the_same_boundary() -> None:
    moved = {area.code: AREAS.carry(area.code) for area in AREAS}
    assert {code: heir for code, heir in moved.items() if heir != code} == CARRIED
    assert AREAS.carry("E10000009") == "E10000009"
    assert AREAS.carry("E10000006") == "E10000006"


@pytest.mark.parametrize(
    ("group", "on", "count"),
    [
        ("two-tier-2016", date(2016, 6, 1), 27),
        ("two-tier-2016", TODAY, 24),
        ("counties-2023", date(2023, 3, 31), 32),
        ("counties-2023", date(2024, 3, 26), 31),
        ("counties", TODAY, 31),
        ("all-upper-tier", date(2016, 6, 1), 152),
        ("all-upper-tier", TODAY, 153),
        ("statistical-neighbours", TODAY, 11),
    ],
)
def test_groups_hold_who_is_there_on_the_day(group: str, on: date, count: int) -> None:
    assert len(comparators(group, LEICESTERSHIRE, on).codes) == count


def test_two_tier_counties_are_all_counties_in_2016() -> None:
    codes = comparators("two-tier-2016", LEICESTERSHIRE, date(2016, 6, 1)).codes
    assert {code[:3] for code in codes} == {"E10"}


def test_the_counties_of_2023_become_those_of_today_without_cumbria() -> None:
    then = comparators("counties-2023", LEICESTERSHIRE, date(2023, 3, 31))
    later = comparators("counties-2023", LEICESTERSHIRE, TODAY)
    today = comparators("counties", LEICESTERSHIRE, TODAY)
    assert {"E10000006", "E10000023", "E10000027"} <= set(then.codes)
    assert later.codes == today.codes
    assert later.hash == today.hash != then.hash


def test_the_neighbours_of_leicestershire() -> None:
    names = {AREAS[code].name for code in comparators("statistical-neighbours", LEICESTERSHIRE, TODAY).codes}
    assert names == {
        "Leicestershire",
        "Gloucestershire",
        "South Gloucestershire",
        "Warwickshire",
        "North Somerset",
        "Hampshire",
        "Wiltshire",
        "Somerset",
        "West Sussex",
        "East Riding of Yorkshire",
        "Nottinghamshire",
    }


def test_a_list_is_sorted_carried_and_holds_the_council_once() -> None:
    chosen = comparators(["E10000027", "E10000003", "E10000003", LEICESTERSHIRE], LEICESTERSHIRE, TODAY)
    assert chosen == Comparators("list", "chosen councils", ("E06000066", "E10000003", LEICESTERSHIRE))


def test_no_place_is_in_twice_under_an_old_and_a_new_code() -> None:
    codes = comparators("counties", "E10000023", date(2022, 6, 1)).codes
    assert len(codes) == 31
    assert "E10000023" in codes
    assert "E06000065" not in codes


def test_a_council_outside_the_group_is_added() -> None:
    codes = comparators("counties", "E06000016", TODAY).codes
    assert len(codes) == 32
    assert "E06000016" in codes


def test_what_cannot_be_compared_is_refused_with_a_way_out() -> None:
    with pytest.raises(UnknownGroup, match=r"'county'.*nearest is 'counties'"):
        comparators("county", LEICESTERSHIRE, TODAY)
    with pytest.raises(UnknownArea, match="'E10000099'"):
        comparators(["E10000099"], LEICESTERSHIRE, TODAY)
    with pytest.raises(UnknownArea, match=r"England .* is a country"):
        comparators(["E92000001"], LEICESTERSHIRE, TODAY)
    with pytest.raises(UnknownGroup, match="at least one other council"):
        comparators([LEICESTERSHIRE], LEICESTERSHIRE, TODAY)
    with pytest.raises(UnknownArea, match=r"ended on 2023-03-31.*Cumberland \(E06000063\)"):
        comparators("counties", "E10000006", TODAY)
    with pytest.raises(UnknownGroup, match="names no neighbours of E07000067"):
        comparators("statistical-neighbours", "E07000067", TODAY)


@given(st.sampled_from(group_names()), st.sampled_from(COUNCILS), DAYS)
def test_every_group_holds_the_council_and_nobody_twice(group: str, council: str, on: date) -> None:
    codes = comparators(group, council, on).codes
    assert AREAS.settle(council, on) in codes
    assert list(codes) == sorted(codes)
    assert len({AREAS.carry(code) for code in codes}) == len(codes) > 1
    assert not any(AREAS[code].ended(on) for code in codes)


@given(st.lists(st.sampled_from(COUNCILS), min_size=2, unique=True))
def test_the_hash_does_not_depend_on_the_order_of_a_list(codes: list[str]) -> None:
    council = codes[0]
    assert comparators(codes, council, TODAY).hash == comparators(sorted(codes), council, TODAY).hash


def test_the_hash_is_stable_across_releases_of_this_project() -> None:
    assert Comparators("a", "b", ("E10000003", LEICESTERSHIRE)).hash == "02d5c36d62ce2447"


def reference(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@needs_reference
def test_upper_tier_areas_agree_with_the_reference() -> None:
    rows = {row["code"]: row for row in reference("areas.csv")}
    assert {area.code for area in AREAS if area.upper_tier} == set(rows) | ENDED_2009
    for code, row in rows.items():
        area = AREAS[code]
        dates = (str(area.start or ""), str(area.end or ""))
        assert dates == (row["start"], row["end"])
        assert (area.kind, area.dfe_number) == (row["kind"], row["dfe_la_number"])
        assert ";".join(area.successors) == row["successors"]


@needs_reference
@pytest.mark.parametrize(
    ("group", "column", "on"),
    [
        ("two-tier-2016", "in_two_tier_27_2016", date(2016, 3, 31)),
        ("counties-2023", "in_counties_32_2023", date(2023, 3, 31)),
        ("counties", "in_counties_31", TODAY),
    ],
)
def test_groups_agree_with_the_reference(group: str, column: str, on: date) -> None:
    expected = {row["code"] for row in reference("areas.csv") if row[column] == "1"}
    assert set(comparators(group, LEICESTERSHIRE, on).codes) == expected
    assert all(AREAS[code].exists(on) for code in expected)


@needs_reference
def test_districts_and_neighbours_agree_with_the_reference() -> None:
    english = {row["LTLA23CD"] for row in reference("ltla_utla_2023.csv") if row["LTLA23CD"].startswith("E")}
    assert english <= {area.code for area in AREAS}
    latest = {area.dfe_number: area.code for area in AREAS if area.end is None}
    for row in reference("statistical_neighbours_2025.csv"):
        numbers = {row["old_la_code"], *(row[f"SN_{place}"] for place in range(1, 11))}
        found = comparators("statistical-neighbours", latest[row["old_la_code"]], TODAY).codes
        assert {AREAS[code].dfe_number for code in found} == numbers
