"""The command line, run in the test's own process as a terminal would."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from bot.cli import main
from tests.bot.asking import Run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Run]]:
    """Opens a terminal in a folder; what is typed there gives exit code, standard output and standard error.

    Words given after the folder begin every command. Commands set up the logs of a whole process, and here other tests
    follow in it, so those are put back.
    """
    root, loggers = logging.getLogger(), logging.root.manager.loggerDict.values()
    handlers, level = root.handlers[:], root.level
    levels = {logger: logger.level for logger in loggers if isinstance(logger, logging.Logger)}
    monkeypatch.delenv("BENCHWATCH_CONFIG", raising=False)

    def opened(folder: Path, *first: str) -> Run:
        monkeypatch.chdir(folder)

        def run(*arguments: str) -> tuple[int, str, str]:
            monkeypatch.setattr("sys.argv", ["benchwatch", *first, *arguments])
            capfd.readouterr()
            with pytest.raises(SystemExit) as end:
                main()
            captured = capfd.readouterr()
            return int(end.value.code or 0), captured.out, captured.err

        return run

    yield opened
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, before in levels.items():
        logger.setLevel(before)
    structlog.reset_defaults()
