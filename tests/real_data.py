"""Published figures for tests that need them: a folder beside this one, and a reason to skip where it is missing."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv as arrow_csv

PUBLISHED = Path(__file__).parents[2] / "shared" / "data"
LAIT = PUBLISHED / "releases" / "lait"
BENCHMARK = PUBLISHED / "benchmark"
REFERENCE = PUBLISHED / "reference"
OFFICIAL = PUBLISHED / "official"
RESPONSES = PUBLISHED / "responses"

needs_releases = pytest.mark.skipif(not LAIT.is_dir(), reason="no published releases in ../shared/data/releases/lait")
needs_benchmark = pytest.mark.skipif(not BENCHMARK.is_dir(), reason="no published figures in ../shared/data/benchmark")
needs_official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="no publishers' own files in ../shared/data/official")
needs_responses = pytest.mark.skipif(not RESPONSES.is_dir(), reason="no contracts in ../shared/data/responses")


def lait_releases() -> list[Path]:
    """The dated editions of the local authority interactive tool, oldest first."""
    return sorted(LAIT.glob("*.csv.gz"))


def columns_of(path: Path, *names: str) -> pa.Table:
    """Those of the columns that a CSV file has, packed or not, as text and with nothing interpreted."""
    with (
        gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as text
    ):
        header = next(csv.reader(text))
    wanted = [name for name in header if name in names]
    if not wanted:
        return pa.table({})
    as_text = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
    )
    cells = arrow_csv.ParseOptions(newlines_in_values=True)
    return arrow_csv.read_csv(path, parse_options=cells, convert_options=as_text)


def dictionary_of(release: Path) -> Path:
    """The indicator dictionary beside an observation file."""
    return release.with_name(release.name.removesuffix(".csv.gz") + ".indicators.csv")
