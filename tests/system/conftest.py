from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.slack_double import SlackDouble
from tests.system.commands import Desk, Launcher
from tests.system.service import Service, new_slack, running

Start = Callable[[], Service]


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture(scope="session")
def second_launcher(launcher: Launcher) -> Iterator[Launcher]:
    """For the service, so that commands can be run beside it."""
    with Launcher(launcher) as second:
        yield second


@pytest.fixture
def desk(tmp_path: Path, launcher: Launcher) -> Desk:
    return Desk(tmp_path, launcher)


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with new_slack() as slack:
        slack.pace(None)
        yield slack


@pytest.fixture
def start(desk: Desk, slack: SlackDouble, second_launcher: Launcher) -> Iterator[Start]:
    """Starts the service, one after the other if several times; the last is ended with the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running(desk, slack, second_launcher))
