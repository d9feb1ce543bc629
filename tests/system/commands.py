"""The command line as a user has it: a folder with settings, and commands run in processes of their own."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from sqlite_utils import Database

from state.database import connect_reader

CHECKOUT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
"""What the installed ``benchwatch`` does, from the checkout."""

SETTINGS = """
[council]
code = "E10000018"
comparators = "{comparators}"

[catalogue]
paths = [{catalogue}]
{more}
"""


def environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of commands: this one's, without what would change how benchwatch behaves."""
    ours = ("SLACK_", "LGINFORM_", "BENCHWATCH_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(CHECKOUT)} | dict(extra or {})


TIMES = frozenset({"taken", "received", "created", "at", "started", "finished", "applied_at"})
"""Columns that say when something was written."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
    peak_mb: float = 0.0

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The CSV table on standard output."""
        return list(csv.DictReader(io.StringIO(self.out)))


class Launcher:
    """A process that has the libraries loaded and forks one process for each command."""

    def __init__(self, like: Launcher | None = None) -> None:
        """``like`` has the libraries loaded: it forks this one too, which then runs commands at the same time."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        if like:
            self._requests, self._answers = like._fork()
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.launcher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=environ(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def _fork(self) -> tuple[IO[str], IO[str]]:
        """Where another process like this one takes requests and answers."""
        with tempfile.TemporaryDirectory() as folder, self._lock:
            requests, answers = Path(folder) / "requests", Path(folder) / "answers"
            os.mkfifo(requests)
            os.mkfifo(answers)
            self._send({"requests": str(requests), "answers": str(answers)})
            json.loads(self._answers.readline())
            # Each waits until the other has opened it too, in the same order.
            return requests.open("w", encoding="utf-8"), answers.open(encoding="utf-8")

    def _send(self, request: dict[str, Any]) -> None:
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()
        self._answers.read()  # until it has ended
        self._answers.close()
        if self._process:
            self._process.wait(30)

    def run(self, request: dict[str, Any], started: Callable[[int], None] | None = None) -> dict[str, Any]:
        """Run one command; ``started`` is called with its process id while it runs."""
        with self._lock:
            self._send(request)
            pid = json.loads(self._answers.readline())["pid"]
            try:
                if started:
                    started(pid)
            finally:
                ended: dict[str, Any] = json.loads(self._answers.readline())
            return ended


class Desk:
    """A folder with a settings file, and the command line in it."""

    def __init__(self, folder: Path, launcher: Launcher) -> None:
        self.folder = folder
        self.launcher = launcher
        self.settings()

    def settings(self, more: str = "", *, comparators: str = "counties", catalogue: str = "") -> None:
        """Write config.toml."""
        text = SETTINGS.format(comparators=comparators, catalogue=catalogue, more=more)
        (self.folder / "config.toml").write_text(text, encoding="utf-8")

    @property
    def database(self) -> Path:
        """Where the database is, or will be."""
        return self.folder / "state" / "benchwatch.db"

    def run(
        self,
        *arguments: str | Path,
        user: int = 0,
        file_size: int = 0,
        started: Callable[[int], None] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Done:
        """Run one command to its end, as another user or with a limit on the size of files if asked."""
        with tempfile.TemporaryDirectory() as place:
            Path(place).chmod(0o777)
            out, err = Path(place) / "out", Path(place) / "err"
            for stream in (out, err):
                stream.touch()
                stream.chmod(0o666)
            ended = self.launcher.run(
                {
                    "arguments": [str(argument) for argument in arguments],
                    "folder": str(self.folder),
                    "environ": environ(extra),
                    "out": str(out),
                    "err": str(err),
                    "user": user,
                    "file_size": file_size,
                },
                started,
            )
            return Done(ended["code"], out.read_text("utf-8"), err.read_text("utf-8"), ended["peak_kb"] / 1024)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The document that a command prints with --json."""
        done = self.run(*arguments, "--json")
        assert done.code == code, done
        return done.document

    def read(self) -> Database:
        """A read-only connection to the database."""
        return connect_reader(self.database)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What a query finds in the database."""
        db = self.read()
        try:
            return list(db.execute(query, list(parameters)))
        finally:
            db.close()

    def contents(self, *, timeless: bool = False) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the database; ``timeless`` leaves out when it was written."""
        apart = TIMES if timeless else frozenset[str]()
        found = {}
        for (table,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
            columns = [
                name for (name,) in self.rows("SELECT name FROM pragma_table_info(?)", table) if name not in apart
            ]
            found[table] = self.rows(f"SELECT {', '.join(map(quoted, columns))} FROM {table}")  # noqa: S608
        return found

    def like(self, other: Desk) -> Self:
        """What another desk has, settings, files and database, of which no command may be running."""
        shutil.copytree(other.folder, self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.lock"))
        return self

    def figures(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the database that answers and alerts are made from."""
        apart = {"releases", "findings", "staged", "outbox", "audit", "sources", "job_runs"}
        return {table: rows for table, rows in self.contents().items() if table not in apart}

    def owed(self) -> list[tuple[str, str]]:
        """Destination and kind of every message ever owed, oldest first."""
        return self.rows("SELECT destination, kind FROM outbox ORDER BY id")

    def exports(self) -> dict[str, str]:
        """Every table that can be exported, for all areas."""
        tables = ("ranks", "themes", "observations", "changes")
        return {table: self.run("export", table, "--all-areas").out for table in tables}


def fresh(folder: Path, *arguments: str | Path, extra: Mapping[str, str] | None = None) -> Done:
    """Run one command in a process of its own, from nothing, as a shell does."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environ(extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def quoted(column: str) -> str:
    return f'"{column}"'


def kill(pid: int) -> None:
    """kill -9, unless it has ended by itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
