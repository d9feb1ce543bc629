from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.commands import Desk, Launcher


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture
def desk(tmp_path: Path, launcher: Launcher) -> Desk:
    return Desk(tmp_path, launcher)
