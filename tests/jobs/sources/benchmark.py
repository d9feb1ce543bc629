"""The figures of county areas that were converted independently from the same files, read once for all tests."""

from __future__ import annotations

from functools import cache

import pandas as pd

from tests.real_data import BENCHMARK


@cache
def figures() -> pd.DataFrame:
    """All of them, as text."""
    return pd.read_csv(BENCHMARK / "observations.csv.gz", dtype=str, keep_default_na=False)
