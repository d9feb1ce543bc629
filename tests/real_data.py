"""Published figures for tests that need them: a folder beside this one, and a reason to skip where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def dictionary_of(release: Path) -> Path:
    """The indicator dictionary beside an observation file."""
    return release.with_name(release.name.removesuffix(".csv.gz") + ".indicators.csv")
