"""Imports go down only: bot, jobs, state, engine; and each thing from outside is used where it belongs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("bot", "jobs", "state", "engine")  # from the top down

# What the engine must not know of: the network, Slack, a database, the clock, the schedule.
OUTSIDE_ENGINE = {
    "aiohttp", "apscheduler", "asyncio", "ftplib", "http", "httpcore", "httpx", "prometheus_client",
    "requests", "sched", "slack_bolt", "slack_sdk", "smtplib", "socket", "sqlite3", "sqlite_utils",
    "ssl", "stamina", "subprocess", "threading", "time", "urllib", "waitress",
}  # fmt: skip
DATABASES = {"sqlite3", "sqlite_utils"}


def imports(source: str, package: tuple[str, ...]) -> set[str]:
    """The top-level packages that a module of the given package imports, wherever in it the imports stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = (*above, *(node.module or "").split("."))
            found |= {module[0]} if module[0] else {alias.name for alias in node.names}
    return found


def faults(floor: str, imported: set[str]) -> set[str]:
    """The imports that this floor may not make."""
    above = set(FLOORS[: FLOORS.index(floor)]) | {"tests"}
    outside = OUTSIDE_ENGINE if floor == "engine" else set()
    database = set() if floor == "state" else DATABASES
    return imported & (above | outside | database)


def modules() -> list[Path]:
    return [path.relative_to(ROOT) for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


def test_every_floor_is_looked_at() -> None:
    assert {path.parts[0] for path in modules()} == set(FLOORS)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_go_down_only(path: Path) -> None:
    imported = imports((ROOT / path).read_text(encoding="utf-8"), path.parts[:-1])
    assert faults(path.parts[0], imported) == set()


@pytest.mark.parametrize(
    ("floor", "source", "wrong"),
    [
        ("engine", "import jobs.settings", {"jobs"}),
        ("engine", "def f():\n    from state import store", {"state"}),
        ("engine", "import time, numpy", {"time"}),
        ("engine", "from sqlite3 import connect", {"sqlite3"}),
        ("engine", "from .ranking import rank", set()),
        ("state", "import sqlite_utils\nimport engine.panel", set()),
        ("state", "from jobs import settings", {"jobs"}),
        ("jobs", "import sqlite3", {"sqlite3"}),
        ("jobs", "from bot.cli import main", {"bot"}),
        ("bot", "import jobs, state, engine, slack_bolt", set()),
        ("bot", "from tests import slack_double", {"tests"}),
        ("bot", "from sqlite_utils import Database", {"sqlite_utils"}),
    ],
)
def test_the_rule_itself(floor: str, source: str, wrong: set[str]) -> None:
    assert faults(floor, imports(source, (floor,))) == wrong


def test_a_command_loads_what_draws_and_writes_only_when_it_needs_it() -> None:
    heavy = "{'matplotlib', 'docx', 'lxml', 'jinja2', 'slack_bolt'}"
    code = f"import sys, bot.cli; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
