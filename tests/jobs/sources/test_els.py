"""ONS Explore Local Statistics: the real files of June 2026 and July 2025, read and looked at over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import stamina

from engine.areas import comparators, load_areas
from engine.catalogue import Indicator, Polarity, load_catalogue
from engine.errors import CatalogueError
from engine.origins import DataSet
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, els, wants_of
from tests.jobs.sources import benchmark
from tests.publishers.els import StandIn, folders, real_body
from tests.publishers.server import Publishers
from tests.real_data import needs_benchmark, needs_official

pytestmark = needs_official

CATALOGUE = load_catalogue(["builtin"])
WANTS = wants_of(CATALOGUE, els.NAME)
PROVEN = sorted(
    code for code, origin in CATALOGUE.origins.items() if origin.publisher == els.NAME and not origin.unproven
)
LEICESTERSHIRE = "E10000018"
CLAIMANTS = "claimant-count"

GCSES = {
    "indicator": [
        "GCSEs in English and Maths",
        "Young people achieving GCSEs (and equivalent qualifications) in English and maths by age 19",
    ],
    "measure": "Percentage",
}
EMPLOYMENT = {
    "employed": {"indicator": ["Employment rate", "Employment Rate"], "measure": "Percentage"},
    "inactive": {"indicator": ["Economically inactive", "Economic Inactivity Rate"], "measure": "Percentage"},
}
OTHERS = {"gcses-in-english-and-maths": {"gcses": GCSES}, "employment-rate": EMPLOYMENT}
"""Folders at hand that the catalogue takes nothing from: other publishers have the same, or have it sooner."""
OLDER_NAMES = {
    "adult-obesity-prevalence": "adult-obesity-prevalence-aged-18-years-and-over",
    "gcses-in-english-and-maths": "gcses-and-equivalent-in-english-and-maths-by-age-19",
}

Cells = dict[tuple[str, str, str], tuple[str, ...]]


def wants(folder: str, **series: Mapping[str, object]) -> Wants:
    """What is wanted of a folder under made-up codes."""
    return Wants(
        DataSet(els.NAME, folder, folder.capitalize()),
        tuple(
            Wanted(Indicator(code, code, "Economy", Polarity.parse("none")), keys)
            for code, keys in (
                series or {"claimants": {"indicator": "Claimant Count", "measure": "Percentage"}}
            ).items()
        ),
    )


def figures(folder: str, generation: str = "2026-06") -> bytes:
    body = real_body(generation, folder, "csv")
    assert body is not None
    return body


def tidied(want: Wants, body: bytes) -> Tidied:
    return els.tidy(want, Noticed(want.dataset.name, "mark", "title"), (body,))


@cache
def newest(folder: str) -> pd.DataFrame:
    return tidied(WANTS[folder], figures(folder)).rows


def cells(rows: pd.DataFrame) -> Cells:
    """Value, status and limits by indicator, today's area and the days of the period; each is there once."""
    areas = load_areas()
    plain = rows[["indicator", "area_code", "period", "value", "status", "lower_ci", "upper_ci"]].astype(str)
    found: Cells = {
        (code, areas.carry(area), parse_period(period).key): tuple(rest)
        for code, area, period, *rest in plain.to_numpy().tolist()
    }
    assert len(found) == len(rows)
    return found


@cache
def converted() -> dict[str, Cells]:
    frame = benchmark.figures()
    frame = frame[frame["indicator"].isin(PROVEN)]
    return {str(code): cells(rows) for code, rows in frame.groupby("indicator")}


def differ(one: str, other: str) -> bool:
    """Whether two figures differ beyond the noise of binary fractions, such as 30.015970000000003 for 30.01597."""
    if not one or not other:
        return one != other
    return float(one) != pytest.approx(float(other), rel=1e-9)


# --- against the figures converted independently -------------------------------------------------


def test_every_indicator_whose_file_is_at_hand_is_proven() -> None:
    at_hand = set(folders("2026-06"))
    assert {code for code, origin in CATALOGUE.origins.items() if origin.publisher == els.NAME} > set(PROVEN)
    for want in WANTS.values():
        for wanted in want.series:
            unproven = CATALOGUE.origins[wanted.indicator.code].unproven
            assert bool(unproven) == (want.dataset.name not in at_hand), wanted.indicator.code
    assert len(PROVEN) == 17


@needs_benchmark
@pytest.mark.parametrize("code", PROVEN)
def test_every_cell_of_the_counties_is_as_published(code: str) -> None:
    rows = newest(CATALOGUE.origins[code].dataset)
    ours = cells(rows[rows["indicator"] == code])
    theirs = converted()[code]
    counties = set(comparators("counties", LEICESTERSHIRE, date(2026, 6, 26)).codes)
    assert {key for key in ours if key[1] in counties} == set(theirs)
    for key, (value, status, *limits) in theirs.items():
        own_value, own_status, *own_limits = ours[key]
        assert own_status == status, key
        for own, other in zip([own_value, *own_limits], [value, *limits], strict=True):
            assert not differ(own, other), key
    by_period: dict[str, set[str]] = {}
    for (_, area, period), (value, *_) in ours.items():
        if value and area in counties:
            by_period.setdefault(period, set()).add(area)
    assert max(map(len, by_period.values())) >= 20


def test_only_councils_and_england_are_kept_and_every_period_is_read() -> None:
    areas = load_areas()
    for folder in sorted(set(folders("2026-06")) & set(WANTS)):
        rows = newest(folder)
        assert all(areas[code].upper_tier or code == "E92000001" for code in rows["area_code"].unique()), folder
        assert set(rows) == {"indicator", "area_code", "period", "value", "status", "lower_ci", "upper_ci"}
        assert (rows["value"].ne("") | rows["status"].ne("")).all(), folder
        assert cells(rows)


# --- the two generations -------------------------------------------------------------------------


def both(folder: str, want: Wants) -> tuple[Cells, Cells]:
    """The same series from the files of 2025 and of 2026."""
    older = OLDER_NAMES.get(folder, folder)
    before = replace(want, dataset=replace(want.dataset, name=older))
    found = tidied(before, figures(older, "2025-07")), tidied(want, figures(folder))
    assert [one.gaps for one in found] == [(), ()]
    return cells(found[0].rows), cells(found[1].rows)


# Cells in both, those of them with another figure, those only in the older files and only in the newer.
SHARED = {
    "adult-obesity-prevalence": (1393, 0, 0, 154),
    "cancer-diagnosis-at-stage-1-and-2": (1368, 0, 0, 152),
    "claimant-count": (3696, 789, 0, 154),
    # Figures of the City of London that were held back are there; Cumbria has gone and its successors have come.
    "employment-rate": (6080, 15, 40, 80),
    "gcses-in-english-and-maths": (1074, 336, 0, 322),
    "greenhouse-gas-emissions": (2772, 2615, 0, 154),
    # Mostly the older figures rounded to one decimal; 133 moved by more.
    "healthy-life-expectancy": (3344, 3038, 0, 304),
}


@pytest.mark.parametrize(("folder", "expected"), SHARED.items())
def test_both_generations_give_the_same_series(folder: str, expected: tuple[int, int, int, int]) -> None:
    want = WANTS.get(folder) or wants(folder, **OTHERS[folder])
    before, after = both(folder, want)
    shared = before.keys() & after.keys()
    changed = [key for key in shared if differ(before[key][0], after[key][0])]
    assert (len(shared), len(changed), len(before.keys() - shared), len(after.keys() - shared)) == expected


def test_earnings_of_the_older_files_stand_under_the_month_and_agree_by_year() -> None:
    # The 133 are of April 2024, provisional in the older files and revised in the newer.
    folder = "gross-median-weekly-pay"
    before, after = both(folder, WANTS[folder])
    assert not before.keys() & after.keys()
    by_year = {(area, period[:4]): value for (_, area, period), (value, *_) in after.items()}
    pairs = [(value, by_year[area, period[:4]]) for (_, area, period), (value, *_) in before.items()]
    assert len(pairs) == len(before)
    assert sum(differ(*pair) for pair in pairs) == 133


# --- tidy on altered bodies ----------------------------------------------------------------------


def test_a_byte_order_mark_and_the_order_of_columns_do_not_matter() -> None:
    plain = figures(CLAIMANTS).removeprefix(b"\xef\xbb\xbf")
    frame = pd.read_csv(io.BytesIO(plain), dtype=str, keep_default_na=False)
    turned = frame[list(reversed(frame.columns))].to_csv(index=False)
    expected = tidied(wants(CLAIMANTS), figures(CLAIMANTS)).rows
    pd.testing.assert_frame_equal(tidied(wants(CLAIMANTS), plain).rows, expected)
    pd.testing.assert_frame_equal(tidied(wants(CLAIMANTS), turned.encode()).rows, expected)


def test_figures_in_a_column_called_value_are_read() -> None:
    body = figures(CLAIMANTS).replace(b"observation", b"value", 1)
    pd.testing.assert_frame_equal(
        tidied(wants(CLAIMANTS), body).rows, tidied(wants(CLAIMANTS), figures(CLAIMANTS)).rows
    )


def test_a_renamed_indicator_is_a_gap_with_the_nearest_name_and_the_others_go_on() -> None:
    body = figures("employment-rate").replace(b",Economically inactive,", b",Economically inactive people,")
    found = tidied(wants("employment-rate", **EMPLOYMENT), body)
    assert set(found.rows["indicator"]) == {"employed"}
    (gap,) = found.gaps
    assert gap.indicator == "inactive"
    assert gap.reason == "no indicator is called 'Economically inactive'; the nearest is 'Economically inactive people'"


def test_another_measure_is_a_gap_and_never_read_as_the_same_series() -> None:
    want = WANTS["public-electric-vehicle-chargers"]
    body = figures("public-electric-vehicle-chargers").replace(b",Rate per 100,000", b",Number per 100,000")
    body = body.replace(b'"Rate per 100,000 population"', b'"Number of chargers"')
    with pytest.raises(LayoutChanged, match=r"no measure is called 'Rate per 100,000 population'; .* 'Number of char"):
        tidied(want, body)


def test_of_an_old_and_a_new_name_in_one_file_the_first_listed_counts() -> None:
    both_names = wants(CLAIMANTS, one={"indicator": ["Claimant Count", "Claimants"], "measure": "Percentage"})
    again = figures(CLAIMANTS).partition(b"\n")[2].replace(b",Claimant Count,", b",Claimants,")
    found = tidied(both_names, figures(CLAIMANTS) + again)
    assert len(found.rows) == len(newest(CLAIMANTS))


@pytest.mark.parametrize(
    ("column", "other"),
    [("areacd", "areacode"), ("period", "periods"), ("observation", "observations"), ("lci_95", "lci"), ("status", "")],
)
def test_a_renamed_column_is_refused_with_its_name(column: str, other: str) -> None:
    body = figures(CLAIMANTS).replace(column.encode(), other.encode(), 1)
    with pytest.raises(LayoutChanged, match=rf"claimant-count\.csv: the column '{column}' is missing"):
        tidied(wants(CLAIMANTS), body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "the column 'areacd' is missing"),
        (b"404: Not Found", "the column 'areacd' is missing"),
        (b"\xff\xfe\x00", "no UTF-8 CSV"),
        (figures(CLAIMANTS).partition(b"\n")[0] + b"\n" if folders("2026-06") else b"", "a header and no rows"),
        (
            figures(CLAIMANTS)[:200_000] if folders("2026-06") else b"",
            "the file is cut short",
        ),
        (
            figures(CLAIMANTS).replace(b",Percentage,", b",,", 1) if folders("2026-06") else b"",
            "1 rows have no measure",
        ),
        (figures(CLAIMANTS) + b'"E' if folders("2026-06") else b"", "broken CSV"),
    ],
    ids=["page", "text", "binary", "header-only", "cut", "blank", "quote"],
)
def test_a_body_that_is_no_such_table_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(LayoutChanged, match=reason):
        tidied(wants(CLAIMANTS), body)


def with_rows(*rows: str) -> bytes:
    return figures(CLAIMANTS).rstrip(b"\r\n") + "".join(f"\n{row}" for row in rows).encode()


def row(code: str, period: str, value: str, status: str = "") -> str:
    header = figures(CLAIMANTS).partition(b"\n")[0].decode("utf-8-sig").strip().split(",")
    named = {"areacd": code, "indicator": "Claimant Count", "period": period, "observation": value}
    return ",".join({**named, "measure": "Percentage", "unit": "%", "status": status}.get(name, "") for name in header)


@pytest.mark.parametrize("cell", ["about 3", "3;1", "2.1 (2.3)", "[q]"])
def test_a_figure_that_is_neither_number_nor_marker_is_refused(cell: str) -> None:
    with pytest.raises(LayoutChanged, match=r"claimant-count\.csv, figures: .* is neither a number nor"):
        tidied(wants(CLAIMANTS), with_rows(row(LEICESTERSHIRE, "2026-01-01/P1Y", cell)))


def test_a_missing_figure_keeps_its_reason_and_is_never_nought() -> None:
    found = tidied(
        wants(CLAIMANTS),
        with_rows(
            row(LEICESTERSHIRE, "2026-01-01/P1Y", "", "u"),
            row("E10000007", "2026-01-01/P1Y", "[c]"),
            row("E10000008", "2026-01-01/P1Y", "3.1", "p"),
        ),
    ).rows
    found = found[found["period"] == "2026-01-01/P1Y"].set_index("area_code")
    assert found[["value", "status"]].to_numpy().tolist() == [["", "u"], ["", "c"], ["3.1", "p"]]


def test_a_row_stated_twice_counts_once_and_a_conflict_reaches_the_pipeline() -> None:
    again, conflict = row(LEICESTERSHIRE, "2026-01-01/P1Y", "2.5"), row(LEICESTERSHIRE, "2026-01-01/P1Y", "2.6")
    twice = tidied(wants(CLAIMANTS), with_rows(again, again)).rows
    assert twice["period"].eq("2026-01-01/P1Y").sum() == 1
    rows = tidied(wants(CLAIMANTS), with_rows(again, conflict)).rows
    assert rows[rows["period"] == "2026-01-01/P1Y"]["value"].tolist() == ["2.5", "2.6"]


def test_of_an_old_and_a_current_code_the_current_one_is_kept() -> None:
    period = "2026-01-01/P1Y"
    stated = with_rows(
        row("E10000002", period, "2.4"), row("E06000060", period, "2.5"), row("E10000023", period, "2.2")
    )
    found = tidied(wants(CLAIMANTS), stated)
    rows = found.rows[found.rows["period"] == period]
    # Buckinghamshire's county code gives way; North Yorkshire's stands alone and is carried on later.
    assert dict(zip(rows["area_code"], rows["value"], strict=True)) == {"E06000060": "2.5", "E10000023": "2.2"}
    assert found.notes == ("1 rows under codes of the past that repeat their successor's were left out",)


def test_other_countries_districts_and_regions_are_left_out() -> None:
    period = "2026-01-01/P1Y"
    codes = ["W06000001", "S12000033", "N09000001", "K02000001", "E12000004", "E07000129", "E47000013", "E92000001"]
    found = tidied(wants(CLAIMANTS), with_rows(*(row(code, period, "2.0") for code in codes))).rows
    assert found[found["period"] == period]["area_code"].tolist() == ["E92000001"]


def test_a_file_without_any_council_is_refused() -> None:
    body = "\n".join(line for line in figures(CLAIMANTS).decode("utf-8-sig").splitlines() if not line.startswith("E"))
    with pytest.raises(LayoutChanged, match="has no row for an upper-tier council or England"):
        tidied(wants(CLAIMANTS), body.encode())


# --- what the catalogue may say ------------------------------------------------------------------


def test_the_catalogue_as_shipped_is_accepted() -> None:
    els.check(WANTS.values())
    assert all((els.NAME, name) in CATALOGUE.datasets for name in WANTS)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"indicator": "Claimant Count"}, "measure"),
        ({"indicator": "", "measure": "Percentage"}, "indicator"),
        ({"indicator": [], "measure": "Percentage"}, "indicator"),
        ({"indicator": 7, "measure": "Percentage"}, "indicator"),
        ({"indicator": ["Claimant Count", 7], "measure": "Percentage"}, "indicator"),
        ({"indicator": "Claimant Count", "measure": "Percentage", "unit": "%"}, "unit"),
    ],
)
def test_keys_it_cannot_use_are_refused_by_name(keys: Mapping[str, object], key: str) -> None:
    with pytest.raises(CatalogueError, match=rf"indicator 'one': {key}\b.*; its keys are indicator \(.*\), measure \("):
        els.check([wants(CLAIMANTS, one=keys)])


def test_a_data_set_is_a_folder_and_has_no_keys_of_its_own() -> None:
    with pytest.raises(CatalogueError, match=r"'\.\./secrets' is not the name of a folder"):
        els.check([wants("../secrets")])
    more = wants(CLAIMANTS)
    with pytest.raises(CatalogueError, match=r"'claimant-count' of els: sheet: extra .*it takes no keys"):
        els.check([replace(more, dataset=replace(more.dataset, details={"sheet": 1}))])


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({els.NAME: StandIn()}) as publishers, stamina.set_testing(True, attempts=2):
        yield publishers


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(tmp_path / "answers.db") as made:
        yield made


def stand_in(web: Publishers) -> StandIn:
    found = web.stand_ins[els.NAME]
    assert isinstance(found, StandIn)
    return found


def look(web: Publishers, client: Client, wanted: Mapping[str, Wants] | None = None) -> dict[str, Noticed | Trouble]:
    site = client.site(web.address(els.NAME))
    return {one.dataset: one for one in els.notice(site, wanted or WANTS)}


def marks(found: Mapping[str, Noticed | Trouble]) -> dict[str, str]:
    return {name: one.mark for name, one in found.items() if isinstance(one, Noticed)}


def described(folder: str, **changes: object) -> bytes:
    document = json.loads(real_body("2026-06", folder, "json") or b"")
    document["ess-beta-metadata"].update(changes)
    return json.dumps(document).encode()


def test_a_look_notices_what_is_there_and_says_what_is_not(web: Publishers, client: Client) -> None:
    found = look(web, client)
    assert set(found) == set(WANTS)
    assert set(marks(found)) == set(folders("2026-06")) & set(WANTS)
    assert len(set(marks(found).values())) == 14
    trouble = found["library-walk"]
    assert isinstance(trouble, Trouble)
    assert type(trouble.error) is SourceError
    assert "look in https://github.com/ONSdigital/explore-local-statistics-data for one like 'library-walk'" in str(
        trouble.error
    )


def test_the_release_is_called_as_its_description_says_and_dated_by_its_source(web: Publishers, client: Client) -> None:
    found = look(web, client)
    shown = {name: (one.title, one.published) for name, one in found.items() if isinstance(one, Noticed)}
    assert shown["claimant-count"] == ("Claimant Count", date(2026, 1, 20))
    assert shown["gross-median-weekly-pay"] == ("Gross median weekly pay", date(2025, 10, 23))
    # Several indicators in one file: the catalogue's title stands for them all.
    assert shown["apprenticeships"] == ("Apprenticeships in England", date(2025, 11, 27))


def test_a_release_is_noticed_once_over_both_generations(web: Publishers, client: Client) -> None:
    source = stand_in(web)
    source.max_age = 0
    source.generation = "2025-07"
    first = look(web, client)
    assert set(marks(first)) == set(folders("2025-07")) & set(WANTS)
    assert isinstance(first["adult-obesity-prevalence"], Trouble)
    web.forget()
    assert marks(look(web, client)) == marks(first)
    assert {one.status for one in web.requests} == {304, 404}
    assert all(one.conditional for one in web.requests if one.status == 304)

    source.generation = "2026-06"
    second = look(web, client)
    assert all(marks(second)[name] != mark for name, mark in marks(first).items())
    assert marks(look(web, client)) == marks(second)


def test_nothing_is_asked_again_while_the_publisher_says_it_keeps(web: Publishers, client: Client) -> None:
    wanted = {CLAIMANTS: WANTS[CLAIMANTS]}
    found = look(web, client, wanted)[CLAIMANTS]
    assert isinstance(found, Noticed)
    web.forget()
    bodies = els.fetch(client.site(web.address(els.NAME)), WANTS[CLAIMANTS], found)
    assert bodies == (figures(CLAIMANTS), real_body("2026-06", CLAIMANTS, "json"))
    assert web.requests == []


def test_a_revised_file_is_noticed_alone_and_read(web: Publishers, client: Client) -> None:
    source = stand_in(web)
    source.max_age = 0
    before = look(web, client)
    source.publish(f"/{CLAIMANTS}/{CLAIMANTS}.csv", with_rows(row(LEICESTERSHIRE, "2026-01-01/P1Y", "2.5")))
    after = look(web, client)
    assert {name for name, mark in marks(after).items() if mark != marks(before)[name]} == {CLAIMANTS}
    found = after[CLAIMANTS]
    assert isinstance(found, Noticed)
    bodies = els.fetch(client.site(web.address(els.NAME)), WANTS[CLAIMANTS], found)
    rows = els.tidy(WANTS[CLAIMANTS], found, bodies).rows
    assert rows[rows["period"] == "2026-01-01/P1Y"]["value"].tolist() == ["2.5"]


@pytest.mark.parametrize(
    ("changes", "new"), [({"caveats": "Another word."}, False), ({"sourceDate": "17/02/2026"}, True)]
)
def test_only_what_is_taken_from_the_description_makes_a_release_new(
    web: Publishers, client: Client, changes: dict[str, str], new: bool
) -> None:
    source = stand_in(web)
    source.max_age = 0
    wanted = {CLAIMANTS: WANTS[CLAIMANTS]}
    before = marks(look(web, client, wanted))
    source.publish(f"/{CLAIMANTS}/{CLAIMANTS}.json", described(CLAIMANTS, **changes))
    assert (marks(look(web, client, wanted)) != before) == new


@pytest.mark.parametrize(
    ("body", "title", "published"),
    [
        # The shape of August 2026, cut to the keys that matter here.
        (
            {
                "dc:title": "Claimant count",
                "metadata": {
                    "source": [{"name": "ONS", "date": "2026-08-11"}, {"name": "NISRA", "date": "2026-08-12"}],
                    "indicators": [{"label": "Claimant Count (UK)", "code": "Claimant Count"}],
                },
            },
            "Claimant Count (UK)",
            date(2026, 8, 12),
        ),
        ({"ess-beta-metadata": {"label": "Claimants", "sourceDate": "31/02/2026"}}, "Claimants", None),
        ({"ess-beta-metadata": {"label": "Claimants", "sourceDate": None}}, "Claimants", None),
        (["a list"], "Claimant Count", None),
        ("{ broken", "Claimant Count", None),
        (None, "Claimant Count", None),
    ],
)
def test_a_description_in_another_shape_keeps_no_figure_back(
    web: Publishers, client: Client, body: object, title: str, published: date | None
) -> None:
    raw = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    stand_in(web).publish(f"/{CLAIMANTS}/{CLAIMANTS}.json", raw)
    found = look(web, client, {CLAIMANTS: WANTS[CLAIMANTS]})[CLAIMANTS]
    assert isinstance(found, Noticed)
    assert (found.title, found.published) == (title, published)
    bodies = els.fetch(client.site(web.address(els.NAME)), WANTS[CLAIMANTS], found)
    assert len(els.tidy(WANTS[CLAIMANTS], found, bodies).rows) == len(newest(CLAIMANTS))


def test_a_file_that_has_gone_between_look_and_fetch_is_said(web: Publishers, client: Client) -> None:
    source = stand_in(web)
    source.max_age = 0
    found = look(web, client, {CLAIMANTS: WANTS[CLAIMANTS]})[CLAIMANTS]
    assert isinstance(found, Noticed)
    source.publish(f"/{CLAIMANTS}/{CLAIMANTS}.csv", None)
    with pytest.raises(SourceError, match=r"claimant-count\.csv: there is nothing at this address"):
        els.fetch(client.site(web.address(els.NAME)), WANTS[CLAIMANTS], found)


def test_one_file_in_trouble_leaves_the_others(web: Publishers, client: Client) -> None:
    web.faults.page(els.NAME, "apprenticeships.csv")
    web.faults.status(els.NAME, "greenhouse-gas-emissions.csv", 503)
    found = look(web, client)
    for name in ("apprenticeships", "greenhouse-gas-emissions"):
        trouble = found[name]
        assert isinstance(trouble, Trouble)
        assert isinstance(trouble.error, Unreachable)
    assert len(marks(found)) == 12


def test_a_publisher_that_is_down_or_asks_us_to_wait_is_asked_no_more(web: Publishers, client: Client) -> None:
    web.faults.status(els.NAME, "", 503, times=2)
    with pytest.raises(Unreachable):
        look(web, client)
    assert web.count(els.NAME) == 2

    web.forget()
    web.faults.status(els.NAME, "claimant-count.csv", 429, headers={"Retry-After": "900"})
    with pytest.raises(Unreachable) as caught:
        look(web, client)
    assert caught.value.retry_after == 900
    assert web.asked(els.NAME)[-1].path == "/claimant-count/claimant-count.csv"
