"""Releases as they appeared over time: each is noticed once, revisions are told from news, nothing is lost quietly."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engine.areas import Kind, load_areas
from engine.catalogue import load_catalogue
from engine.periods import parse_period
from jobs.pipeline import ingest
from jobs.sources.file import read
from tests.publishers import els, lait
from tests.publishers.desk import Desk, desk
from tests.publishers.server import Publishers
from tests.real_data import LAIT, columns_of, dictionary_of, lait_releases, needs_official, needs_releases

pytestmark = [needs_official, needs_releases]

EXCEL_BEGINS = date(1899, 12, 30)
HELD = {"2025-03-25": {"lait-firstyjs"}}
"""What is held of the indicators that the catalogue takes, and for what; see docs/decisions.md."""


@pytest.fixture
def web() -> Iterator[Publishers]:
    with Publishers({"lait": lait.StandIn(), "els": els.StandIn()}) as web:
        yield web


# --- five editions of DfE's tool --------------------------------------------------------------------

CATALOGUE = load_catalogue(["builtin"])
SERIES = {
    code
    for code, origin in CATALOGUE.origins.items()
    if origin.publisher == "lait" and CATALOGUE.indicators[code].theme in {"SEND", "Police & Crime"}
}
"""The series these tests follow; taking all of them only takes longer."""


@contextmanager
def watching(folder: Path, web: Publishers, name: str = "lait", series: Collection[str] = SERIES) -> Iterator[Desk]:
    with desk(folder, web, [name]) as here:
        origins = {code: origin for code, origin in here.policy.catalogue.origins.items() if code in series}
        here.policy = replace(here.policy, catalogue=replace(here.policy.catalogue, origins=origins, ratios={}))
        yield here


@cache
def edition(path: Path) -> pd.DataFrame:
    """The figures of the series followed as an edition has them, as text."""
    cells = columns_of(path, "indicator", "area_code", "period", "value", "status")
    frame: pd.DataFrame = cells.filter(pc.is_in(cells["indicator"], pa.array(sorted(SERIES)))).to_pandas()
    return frame


def in_the_publishers_shape(path: Path) -> tuple[bytes, bytes]:
    """An edition as its repository held it, rebuilt from the figures kept: not all the files themselves are at hand."""
    with dictionary_of(path).open(encoding="utf-8-sig", newline="") as stream:
        described = list(csv.DictReader(stream))
    names = {row["indicator"]: row["short_desc"] for row in described}
    numbers = {area.code: float(area.dfe_number) for area in load_areas() if area.dfe_number} | {"E92000001": 970.0}
    frame = edition(path)
    table = pd.DataFrame(
        {
            "Short Desc": frame["indicator"].map(names),
            "Years": frame["period"],
            "Values": frame["value"].where(frame["value"] != "", frame["status"]),
            "LA Number": frame["area_code"].map(numbers),
        }
    )
    figures = io.BytesIO()
    table.to_parquet(figures)
    return figures.getvalue(), dictionary(described)


def dictionary(described: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    heads = ("Measure_short", "Polarity", "y_axis_name", "dps", "No_Quartile", "Last Update", "Next Update")
    writer = csv.writer(out)
    writer.writerow(heads)
    for row in described:
        flag = "N" if row["no_quartile"] == "1" else "NA"
        days = (excel(row["last_update"]), excel(row["next_update"]))
        decimals = row["decimals"] or "NA"
        writer.writerow((row["short_desc"], row["published_polarity"], row["unit"], decimals, flag, *days))
    return out.getvalue().encode()


def excel(day: str) -> str:
    return str((date.fromisoformat(day) - EXCEL_BEGINS).days) if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else day


@needs_releases
def test_each_edition_is_noticed_once_and_its_revisions_are_told_from_its_news(tmp_path: Path, web: Publishers) -> None:
    stand_in = web.stand_ins["lait"]
    stand_in.max_age = 0
    known: dict[tuple[str, str, str], str] = {}
    with watching(tmp_path, web) as here:
        for path in lait_releases():
            figures, described = in_the_publishers_shape(path)
            stand_in.publish(lait.FIGURES, figures)
            stand_in.publish(lait.DICTIONARY, described)
            (outcome,) = here.poll().outcomes
            assert (outcome.status, outcome.kind) == ("accepted", "new")
            assert set(outcome.held) >= HELD.get(path.name[:10], set())
            stated = cells(path, SERIES - set(outcome.held))
            revised = sum(key in known and known[key] != value for key, value in stated.items())
            assert (outcome.new_cells, outcome.revised_cells) == (len(stated.keys() - known.keys()), revised)
            known |= stated
            assert here.poll().outcomes == ()
        assert [kind for _, kind in here.owed()].count("baseline") == 1
        alerts = list(here.db.execute("SELECT key FROM outbox WHERE kind = 'release_alert'"))
        assert len(alerts) == len(lait_releases()) - 1
        assert {notice["kind"] for notice in here.told()} <= {"held", "decided", "source"}


@cache
def upper() -> frozenset[str]:
    return frozenset(area.code for area in load_areas() if area.upper_tier or area.kind == Kind.COUNTRY)


@cache
def key_of(label: str) -> str:
    return parse_period(label).key


def cells(path: Path, taken: set[str]) -> dict[tuple[str, str, str], str]:
    frame = edition(path)
    frame = frame[frame["indicator"].isin(taken) & frame["area_code"].isin(upper())]
    carry = load_areas().carry
    return {
        (code, carry(area), key_of(period)): value or status
        for code, area, period, value, status in frame.astype(object).itertuples(index=False)
        if value or period != "0"
    }


def test_the_raw_editions_say_the_same_as_the_replayed_ones(tmp_path: Path, web: Publishers) -> None:
    """The shape rebuilt above is the publisher's own: an edition in it is the very release of the file itself."""
    stand_in = web.stand_ins["lait"]
    stand_in.max_age = 0
    stand_in.edition = "2025-11-25"
    with watching(tmp_path, web) as here:
        (first,) = here.poll().outcomes
        figures, described = in_the_publishers_shape(LAIT / "2025-11-25.csv.gz")
        stand_in.publish(lait.FIGURES, figures)
        stand_in.publish(lait.DICTIONARY, described)
        before = here.figures()
        again = here.poll().outcomes
        assert first.kind == "new"
        assert [one.status for one in again] == ["unchanged"]
        assert here.figures() == before


def test_what_moves_against_figures_held_from_files_is_told_even_in_the_first_fill(
    tmp_path: Path, web: Publishers
) -> None:
    web.stand_ins["lait"].edition = "2025-11-25"
    earlier = LAIT / "2025-10-27.csv.gz"
    with watching(tmp_path, web) as here:
        path = tmp_path / "2025-10-27.csv"
        edition(earlier).to_csv(path, index=False)
        ingest(here.db, read(path, limit=1 << 30), here.policy, now=datetime(2025, 10, 28, tzinfo=UTC))
        assert here.owed() == [("team", "baseline")]
        here.poll()
        assert ("team", "release_alert") in here.owed()
        assert here.owed()[-1] == ("team", "baseline"), (
            "what the publishers have brought, now that all have been looked at"
        )


def test_a_measure_under_a_new_name_is_reported_and_its_figures_stand(tmp_path: Path, web: Publishers) -> None:
    stand_in = web.stand_ins["lait"]
    stand_in.max_age = 0
    with watching(tmp_path, web) as here:
        here.poll()
        measure = here.policy.catalogue.origins["lait-firstyjs"].keys["measure"]
        before = here.latest("lait-firstyjs")
        frame = pd.read_parquet(io.BytesIO(lait.real_body(stand_in.edition, lait.FIGURES)))
        frame.loc[frame["Short Desc"] == measure, "Short Desc"] = f"{measure}_new"
        out = io.BytesIO()
        frame.to_parquet(out)
        stand_in.publish(lait.FIGURES, out.getvalue())
        here.poll()
        here.poll()
        (notice,) = [one for one in sourced(here) if one["gaps"]]
        (gap,) = notice["gaps"]
        assert (gap["indicator"], f"{measure}_new" in gap["reason"]) == ("lait-firstyjs", True)
        assert here.latest("lait-firstyjs") == before is not None


# --- two generations of ONS Explore Local Statistics ------------------------------------------------

RELABELLED = {"Gross median weekly pay": "labels_moved"}
"""What stood under the month of April stands under the day of the survey since: somebody has to look."""


def test_the_second_generation_is_noticed_once_and_revises_the_first(tmp_path: Path, web: Publishers) -> None:
    stand_in = web.stand_ins["els"]
    stand_in.max_age = 0
    stand_in.generation = "2025-07"
    shared = set(els.folders("2025-07")) & set(els.folders("2026-06"))
    with desk(tmp_path, web, ["els"]) as here:
        first = {one.name for one in here.poll().outcomes}
        assert here.poll().outcomes == ()
        missing = {line["place"] for notice in sourced(here) for line in notice["troubles"]}
        stand_in.generation = "2026-06"
        second = {outcome.name: outcome for outcome in here.poll().outcomes}
        assert here.poll().outcomes == ()
        assert len(first) == len(shared & set(wanted(here)))
        assert len(second) == len(set(els.folders("2026-06")) & set(wanted(here)))
        revised = {name: one for name, one in second.items() if one.revised_cells}
        assert {"Claimant Count", "Greenhouse gas emissions", "Healthy life expectancy"} <= set(revised)
        held = {name: one for name, one in second.items() if one.status == "held"}
        assert {name: str(one.findings[0].check) for name, one in held.items()} == RELABELLED
        recovered = {place for notice in sourced(here) for place in notice["recovered"]}
        assert recovered
        assert recovered < missing


def sourced(here: Desk) -> list[dict[str, Any]]:
    return [notice for notice in here.told() if notice["kind"] == "source"]


def wanted(here: Desk) -> set[str]:
    return {origin.dataset for origin in here.policy.catalogue.origins.values() if origin.publisher == "els"}


BESIDE_CLAIMANTS = {
    code
    for code, origin in CATALOGUE.origins.items()
    if origin.publisher == "els"
    and CATALOGUE.indicators[code].theme == CATALOGUE.indicators["els-claimant-count"].theme
}
"""The series of one theme; filling the others, as the test above does, has nothing to do with the file revised."""


def test_a_revised_file_without_a_new_period_is_a_revision(tmp_path: Path, web: Publishers) -> None:
    stand_in = web.stand_ins["els"]
    stand_in.max_age = 0
    with watching(tmp_path, web, "els", BESIDE_CLAIMANTS) as here:
        here.poll()
        body = els.real_body("2026-06", "claimant-count", "csv")
        assert body is not None
        lines = body.decode("utf-8-sig").splitlines(keepends=True)
        at = next(row for row, line in enumerate(lines) if line.startswith("E10000018"))
        cell = re.search(r",(\d+\.\d+),", lines[at])
        assert cell
        lines[at] = lines[at].replace(cell[0], f",{float(cell[1]) + 0.1:.1f},")
        stand_in.publish("/claimant-count/claimant-count.csv", "".join(lines).encode())
        (outcome,) = here.poll().outcomes
        assert (outcome.status, outcome.kind, outcome.new_cells, outcome.revised_cells) == (
            "accepted",
            "revision",
            0,
            1,
        )
        stand_in.publish("/claimant-count/claimant-count.csv", body + b"\n")
        kinds = [(one.status, one.kind) for one in here.poll().outcomes]
        assert kinds == [("held", None)], "the older figures again: somebody has to say that they are right"
