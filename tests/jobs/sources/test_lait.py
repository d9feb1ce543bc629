"""DfE's Local Authority Interactive Tool: two real editions, read and looked at over HTTP."""

from __future__ import annotations

import builtins
import importlib
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import stamina
from pyarrow import parquet

from engine.areas import comparators, load_areas
from engine.catalogue import Indicator, Polarity, load_catalogue
from engine.errors import CatalogueError
from engine.origins import DataSet
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, lait, wants_of
from tests.jobs.sources import benchmark
from tests.publishers.lait import DICTIONARY, EDITIONS, FIGURES, FOLDER, StandIn, real_body
from tests.publishers.server import Publishers
from tests.real_data import LAIT, needs_benchmark, needs_official, needs_releases

pytestmark = needs_official

EARLIER, LATER = EDITIONS
CATALOGUE = load_catalogue(["builtin"])
DATASET = CATALOGUE.datasets[lait.NAME, "lait"]
PROVEN = {code for code, origin in CATALOGUE.origins.items() if origin.publisher == lait.NAME and not origin.unproven}
LEICESTERSHIRE = "E10000018"
ATTAINMENT, ABSENCE = "AVG_Attain8_Score", "TotAbs"


def wants(*measures: str, polarity: str = "none", unit: str = "") -> Wants:
    """Measures under codes of their own."""
    return Wants(
        DATASET,
        tuple(
            Wanted(Indicator(f"x-{measure}", measure, "SEND", Polarity.parse(polarity), unit), {"measure": measure})
            for measure in measures
        ),
    )


def bodies(edition: str = LATER) -> tuple[bytes, bytes]:
    return real_body(edition, FIGURES), real_body(edition, DICTIONARY)


def tidied(want: Wants, figures: bytes | None = None, dictionary: bytes | None = None) -> Tidied:
    real = bodies()
    return lait.tidy(want, Noticed("lait", "", ""), (figures or real[0], dictionary or real[1]))


@cache
def published(edition: str) -> tuple[Tidied, pd.DataFrame]:
    """All measures of an edition as read, and as converted by others from the same two files."""
    frame = pd.read_csv(LAIT / f"{edition}.csv.gz", dtype=str, keep_default_na=False)
    described = pd.read_csv(LAIT / f"{edition}.indicators.csv", dtype=str, keep_default_na=False)
    want = Wants(
        DATASET,
        tuple(
            Wanted(Indicator(code, code, theme, Polarity.parse("none")), {"measure": measure})
            for code, theme, measure in described[["indicator", "theme", "short_desc"]].itertuples(index=False)
        ),
    )
    return lait.tidy(want, Noticed("lait", "", ""), bodies(edition)), frame


@cache
def catalogued() -> Tidied:
    """All the catalogue takes, from the later edition."""
    return lait.tidy(wants_of(CATALOGUE, lait.NAME)["lait"], Noticed("lait", "", ""), bodies())


def figures(**columns: Sequence[object]) -> bytes:
    """A parquet file of the publisher's shape."""
    shape: dict[str, Sequence[object]] = {
        "Short Desc": [ABSENCE],
        "Years": ["2024"],
        "LA and Regions": ["Leicestershire"],
        "Values": ["6.71"],
        "LA Number": [855.0],
        **columns,
    }
    size = max(map(len, shape.values()))
    out = io.BytesIO()
    parquet.write_table(pa.table({name: (list(cells) * size)[:size] for name, cells in shape.items()}), out)
    return out.getvalue()


def dictionary(**cells: str) -> bytes:
    """The later edition's dictionary with other cells for the absence measure."""
    frame = pd.read_csv(io.BytesIO(bodies()[1]), dtype=str, keep_default_na=False)
    for column, text in cells.items():
        frame.loc[frame["Measure_short"] == ABSENCE, column.replace("_Update", " Update")] = text
    return frame.to_csv(index=False).encode()


# --- against others' conversion of the same files -------------------------------------------------


@needs_releases
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_cell_of_both_editions_is_as_others_converted_it(edition: str) -> None:
    ours, theirs = published(edition)
    areas = load_areas()
    theirs = theirs.assign(area_code=theirs["area_code"].map({c: areas.carry(c) for c in theirs["area_code"].unique()}))
    cells = ours.rows.merge(theirs, on=["indicator", "area_code", "period"], how="outer", suffixes=("", "_theirs"))
    assert len(cells) == len(ours.rows) == len(theirs) > 550_000
    assert cells[(cells["value"] != cells["value_theirs"]) | (cells["status"] != cells["status_theirs"])].empty
    assert ours.rows["area_code"].nunique() == 159
    assert ours.gaps == ()


@needs_releases
@pytest.mark.parametrize("edition", EDITIONS)
def test_councils_that_ended_keep_the_codes_their_figures_stand_under(edition: str) -> None:
    rows = published(edition)[0].rows
    codes = set(rows["area_code"].unique())
    assert {"E10000009", "E06000028", "E06000029", "E10000006", "E10000021"} <= codes
    assert not [code for code in codes if code.startswith("E12")]


@needs_releases
@pytest.mark.parametrize("edition", EDITIONS)
def test_polarity_and_decimals_are_the_publishers(edition: str) -> None:
    described = pd.read_csv(LAIT / f"{edition}.indicators.csv", dtype=str, keep_default_na=False)
    theirs = {row.indicator: (row.polarity, row.decimals) for row in described.itertuples()}
    ours = published(edition)[0].entries
    shown = {one.code: (str(one.polarity), "" if one.decimals is None else str(one.decimals)) for one in ours}
    assert shown == theirs


@needs_benchmark
def test_every_cell_of_the_catalogue_is_that_of_the_benchmark() -> None:
    areas = load_areas()
    keys = ["indicator", "area", "time"]

    def comparable(frame: pd.DataFrame) -> pd.DataFrame:
        counties = frame.assign(
            area=frame["area_code"].map({code: areas.carry(code) for code in frame["area_code"].unique()}),
            figure=pd.to_numeric(frame["value"]),
        ).dropna(subset="figure")
        times = {label: parse_period(label).key for label in counties["period"].unique()}
        return counties.assign(time=counties["period"].map(times))[[*keys, "figure"]].sort_values(keys)

    there = benchmark.figures()
    theirs = comparable(there[there["indicator"].isin(PROVEN)])
    ours = comparable(catalogued().rows)
    ours = ours[ours["area"].isin(theirs["area"])]
    assert set(theirs["indicator"]) == PROVEN
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), theirs.reset_index(drop=True), rtol=1e-9)


# --- the catalogue --------------------------------------------------------------------------------


def test_every_indicator_of_the_catalogue_is_there_for_most_counties_in_this_decade() -> None:
    counties = comparators("counties", LEICESTERSHIRE, date(2025, 11, 25)).codes
    rows = catalogued().rows
    rows = rows[(rows["value"] != "") & rows["area_code"].isin(counties)]
    reporting = rows.groupby(["indicator", "period"]).size()
    full = reporting[reporting >= 21].reset_index()
    recent = full[full["period"].map({label: parse_period(label).end.year >= 2021 for label in full["period"]})]
    assert len(PROVEN) >= 200
    assert set(recent["indicator"]) == PROVEN


def test_the_catalogue_agrees_with_the_publisher_on_every_direction() -> None:
    own = {code: str(CATALOGUE.indicators[code].polarity) for code in PROVEN}
    assert {entry.code: str(entry.polarity) for entry in catalogued().entries} == own
    assert set(own.values()) == {"high", "low"}


def test_nothing_in_the_catalogue_is_kept_from_quartiles_by_the_publisher() -> None:
    assert catalogued().notes == ()


def test_the_catalogues_keys_are_understood() -> None:
    lait.check(wants_of(CATALOGUE, lait.NAME).values())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "measure: field required"),
        ({"measure": ""}, "measure: string should have"),
        ({"measure": 7}, "measure: input should be"),
        ({"measure": ABSENCE, "years": "2024"}, "years: extra inputs"),
    ],
)
def test_wrong_keys_are_refused_with_indicator_and_key(keys: dict[str, object], said: str) -> None:
    series = (Wanted(Indicator("absence", "Absence", "SEND", Polarity.parse("low")), keys),)
    with pytest.raises(CatalogueError, match=f"indicator 'absence': {said}.*; its keys are measure \\(the publisher's"):
        lait.check([Wants(DATASET, series)])


def test_a_measure_taken_twice_is_refused() -> None:
    twice = wants(ABSENCE).series + tuple(
        Wanted(Indicator("again", "Again", "SEND", Polarity.parse("low")), one.keys) for one in wants(ABSENCE).series
    )
    with pytest.raises(CatalogueError, match="'x-TotAbs' and 'again' both take the measure 'TotAbs'"):
        lait.check([Wants(DATASET, twice)])


@pytest.mark.parametrize(
    "details", [{}, {"figures": "a.csv", "dictionary": "b.csv"}, {**DATASET.details, "sheet": "1"}]
)
def test_wrong_details_of_the_data_set_are_refused(details: dict[str, object]) -> None:
    with pytest.raises(CatalogueError, match=r"data set 'lait' of lait: \w+: .*; its keys are figures \("):
        lait.check([Wants(DataSet(lait.NAME, "lait", "LAIT", details=details), ())])


# --- looking and fetching -------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({lait.NAME: StandIn()}) as web:
        yield web


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


def look(web: Publishers, client: Client, want: Wants | None = None) -> list[Noticed | Trouble]:
    return list(lait.notice(client.site(web.address(lait.NAME)), {"lait": want or wants(ABSENCE)}))


def seen(web: Publishers, client: Client) -> Noticed:
    (one,) = look(web, client)
    assert isinstance(one, Noticed)
    return one


def stand_in(web: Publishers) -> StandIn:
    found = web.stand_ins[lait.NAME]
    assert isinstance(found, StandIn)
    return found


def test_each_edition_has_its_mark_and_its_month(web: Publishers, client: Client) -> None:
    stand_in(web).edition = EARLIER
    earlier, again = seen(web, client), seen(web, client)
    stand_in(web).edition = LATER
    later = seen(web, client)
    assert earlier == again
    assert earlier.mark != later.mark
    assert earlier.title == "Local Authority Interactive Tool, October 2025"
    assert later.title == "Local Authority Interactive Tool, November 2025"
    assert earlier.published is later.published is None


def test_the_next_release_is_expected_when_a_wanted_measure_is_next_due(web: Publishers, client: Client) -> None:
    (due,) = look(web, client, wants_of(CATALOGUE, lait.NAME)["lait"])
    assert isinstance(due, Noticed)
    assert due.expected == date(2025, 12, 1)
    stand_in(web).publish(DICTIONARY, dictionary(Next_Update="TBC"))
    assert seen(web, client).expected is None
    stand_in(web).publish(DICTIONARY, dictionary(Next_Update="46113"))
    assert seen(web, client).expected == date(2026, 4, 1)


def test_a_change_of_the_dictionary_alone_is_noticed(web: Publishers, client: Client) -> None:
    before = seen(web, client)
    stand_in(web).publish(DICTIONARY, dictionary(dps="1"))
    assert seen(web, client).mark != before.mark


def test_unchanged_files_are_asked_for_with_conditions_and_fetched_from_the_cache(
    web: Publishers, tmp_path: Path
) -> None:
    def statuses() -> list[int]:
        return [one.status for one in web.asked(lait.NAME)]

    stand_in(web).max_age = 0
    with Client(tmp_path / "cache.db") as client:
        first, second = seen(web, client), seen(web, client)
        assert first == second
        assert statuses() == [200, 200, 304, 304]
        site = client.site(web.address(lait.NAME))
        assert lait.fetch(site, wants(ABSENCE), first) == bodies()
        assert statuses()[4:] == [304, 304]


def test_a_file_that_moved_is_trouble_with_its_address(web: Publishers, client: Client) -> None:
    moved = Wants(
        DataSet(lait.NAME, "lait", "LAIT", details={**DATASET.details, "figures": "01_data/03_new/bds.parquet"}), ()
    )
    (trouble,) = look(web, client, moved)
    assert isinstance(trouble, Trouble)
    assert "01_data/03_new/bds.parquet" in str(trouble.error)
    assert "404" in str(trouble.error)


def test_a_host_that_does_not_answer_ends_the_look() -> None:
    with Publishers({lait.NAME: StandIn()}) as web:
        address = web.address(lait.NAME)
    with Client() as client, pytest.raises(Unreachable):
        list(lait.notice(client.site(address), {"lait": wants(ABSENCE)}))


def test_a_web_page_instead_of_data_is_no_answer(web: Publishers, client: Client) -> None:
    stand_in(web).publish(FIGURES, b"<!DOCTYPE html><html><title>Unicorn</title></html>")
    with pytest.raises(Unreachable, match="web page"):
        look(web, client)


def test_the_address_is_where_the_stand_in_is() -> None:
    assert f"/{DATASET.details['figures']}" == FOLDER + FIGURES
    assert f"/{DATASET.details['dictionary']}" == FOLDER + DICTIONARY
    assert lait.ADDRESS.endswith("/main/")


# --- what may change ------------------------------------------------------------------------------


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(SourceError, match=r"pip install 'benchwatch\[lait\]'"):
        tidied(wants(ABSENCE))


def test_the_module_itself_does_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: object, **more: object) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert importlib.reload(lait).NAME == "lait"


def test_a_renamed_measure_is_a_gap_with_the_nearest_while_the_others_go_on() -> None:
    found = tidied(wants(ABSENCE, "AVG_Attain8_Scores"))
    (gap,) = found.gaps
    assert gap.indicator == "x-AVG_Attain8_Scores"
    assert "no measure 'AVG_Attain8_Scores'; the nearest is 'AVG_Attain8_Score'" in gap.reason
    assert set(found.rows["indicator"]) == {"x-TotAbs"}


def test_no_measure_at_all_is_a_change_of_layout() -> None:
    with pytest.raises(LayoutChanged, match=r"none of the measures wanted is there, not even 'TotAbz'.*'TotAbs'"):
        tidied(wants("TotAbz"))


def test_a_renamed_column_of_the_figures_is_named_with_the_nearest() -> None:
    table = parquet.read_table(io.BytesIO(figures())).rename_columns(
        ["Short Desc", "Year", "LA and Regions", "Values", "LA Number"]
    )
    out = io.BytesIO()
    parquet.write_table(table, out)
    with pytest.raises(
        LayoutChanged, match=r"bds_long_0\.parquet: the column 'Years' is missing; the nearest is 'Year'"
    ):
        tidied(wants(ABSENCE), out.getvalue())


def test_a_renamed_column_of_the_dictionary_is_named_with_the_nearest() -> None:
    renamed = bodies()[1].replace(b'"Polarity"', b'"Polarities"', 1)
    with pytest.raises(LayoutChanged, match=r"dictionary\.csv: the column 'Polarity' is missing; .*'Polarities'"):
        tidied(wants(ABSENCE), dictionary=renamed)


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("Values", [6.71], "'Values' holds double instead of text"),
        ("LA Number", ["855"], "'LA Number' holds string instead of numbers"),
        ("LA Number", [855.0, None], "'LA Number' has empty cells"),
        ("Values", ["6.71", None], "'Values' has empty cells"),
        ("Values", ["6.71", "about 7"], "Values: 'about 7' is neither a number nor a known marker"),
    ],
)
def test_cells_of_another_kind_are_a_change_of_layout(column: str, cells: list[object], said: str) -> None:
    with pytest.raises(LayoutChanged, match=said):
        tidied(wants(ABSENCE), figures(**{column: cells}))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><body>Unicorn</body></html>", "is no parquet file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no parquet file"),
        (b"PAR1" + bytes(1000) + b"PAR1", "cut short or damaged"),
        (b"PAR1", "cut short or damaged"),
    ],
)
def test_what_is_no_whole_parquet_file_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        tidied(wants(ABSENCE), body)


def test_a_dictionary_that_is_a_web_page_is_refused() -> None:
    with pytest.raises(LayoutChanged, match=r"lait_data_dictionary\.csv: the column 'Measure_short' is missing"):
        tidied(wants(ABSENCE), dictionary=b"<html>\n<body>Unicorn</body></html>")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("39.450000000000003", "39.45"),
        ("7.0000000000000007E-2", "0.07"),
        ("-7.0000000000000007E-2", "-0.07"),
        ("4.0", "4"),
        ("1234567", "1234567"),
        ("0", "0"),
    ],
)
def test_numbers_are_written_plainly(written: str, meant: str) -> None:
    rows = tidied(wants(ABSENCE), figures(Values=[written])).rows
    assert rows[["area_code", "period", "value", "status"]].to_numpy().tolist() == [[LEICESTERSHIRE, "2024", meant, ""]]


@pytest.mark.parametrize("marker", ["-", "..", "c", "x", "low"])
def test_markers_are_statuses_and_no_numbers(marker: str) -> None:
    rows = tidied(wants(ABSENCE), figures(Values=[marker])).rows
    assert rows[["value", "status"]].to_numpy().tolist() == [["", marker]]


def test_rows_stated_twice_count_once_and_conflicting_ones_are_left_to_be_reported() -> None:
    rows = tidied(wants(ABSENCE), figures(Values=["6.71", "6.71", "6.72"])).rows
    assert rows["value"].tolist() == ["6.71", "6.72"]


def test_england_is_kept_regions_are_not_and_a_new_council_is_reported_by_its_number() -> None:
    rows = tidied(wants(ABSENCE), figures(**{"LA Number": [970.0, 983.0, 855.0, 777.0]})).rows
    assert rows["area_code"].tolist() == ["E92000001", LEICESTERSHIRE, "DfE 777"]


def test_a_council_stands_under_the_last_of_its_codes() -> None:
    rows = tidied(wants(ABSENCE), figures(**{"LA Number": [370.0, 825.0, 835.0]})).rows
    assert rows["area_code"].tolist() == ["E08000038", "E06000060", "E10000009"]


def test_what_the_dictionary_says_is_seen_when_it_changes() -> None:
    (before,) = tidied(wants(ABSENCE)).entries
    (after,) = tidied(
        wants(ABSENCE), dictionary=dictionary(Polarity="High", dps="1", y_axis_name="per 1,000 sessions")
    ).entries
    assert (str(before.polarity), before.decimals, before.unit) == ("low", 2, "% half days missed")
    assert (str(after.polarity), after.decimals, after.unit) == ("high", 1, "per 1,000 sessions")


@pytest.mark.parametrize("nothing", ["-", "NA", ""])
def test_what_the_dictionary_does_not_say_is_the_catalogues(nothing: str) -> None:
    said = dictionary(Polarity=nothing, dps="NA", y_axis_name="NA")
    (entry,) = tidied(wants(ABSENCE, polarity="low", unit="%"), dictionary=said).entries
    assert (str(entry.polarity), entry.decimals, entry.unit) == ("low", None, "%")


@pytest.mark.parametrize(("column", "text"), [("Polarity", "Medium"), ("dps", "two"), ("dps", "9")])
def test_a_description_nobody_can_read_is_a_change_of_layout(column: str, text: str) -> None:
    with pytest.raises(LayoutChanged, match=rf"'TotAbs': {column} '{text}' is not"):
        tidied(wants(ABSENCE), dictionary=dictionary(**{column: text}))


def test_of_a_measure_described_twice_the_first_entry_counts() -> None:
    assert tidied(wants("LAC_Over_Abs")).entries[0].decimals is None


def test_a_measure_without_quartiles_and_one_without_description_are_noted() -> None:
    described = bodies()[1].replace(b'"TotAbs"', b'"TotalAbsence"')
    flagged, missing = tidied(wants("SpecPermEx", ABSENCE), dictionary=described).notes
    assert "gives no quartiles" in flagged
    assert "x-SpecPermEx" in flagged
    assert "does not describe" in missing
    assert "x-TotAbs" in missing
