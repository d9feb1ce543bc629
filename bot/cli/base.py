"""What every command stands on: the application, its settings, the database for reading or writing, and printing."""

from __future__ import annotations

import dataclasses
import getpass
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot.errors import BotError
from engine.errors import EngineError
from jobs.errors import JobsError, SettingsError
from jobs.logs import configure_logs
from jobs.settings import Settings, load_settings
from state.database import Database, Lock, connect, nothing_yet
from state.errors import StateError
from state.reader import Reader

T = TypeVar("T")

DONE, FAILED, USAGE, HELD = 0, 1, 2, 3
FAULTS = (JobsError, EngineError, StateError, BotError, OSError)
"""What a command may fail with; anything else is a fault of its own and shows where it came from."""
LARGEST = 2**63 - 1

app = typer.Typer(
    name="benchwatch",
    help="Watch official statistics for a council, rank it, and tell its people when something moved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="BENCHWATCH_CONFIG", help="Settings file; ./config.toml when not given."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def in_words(error: Exception) -> str:
    """What a failure says of itself; of the system's own, where and what to check."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; check the path and its permissions"
    return str(error)


def code_of(error: Exception) -> int:
    """The exit code of a failure."""
    return USAGE if isinstance(error, (SettingsError, EngineError)) else FAILED


def settings_of(config: Path | None) -> Settings:
    """The settings of a command, which keeps its logs short."""
    settings = load_settings(config)
    configure_logs("warning" if settings.logs.level == "info" else settings.logs.level, settings.logs.format)
    return settings


@contextmanager
def writing(settings: Settings) -> Iterator[Database]:
    """The database for writing, for as long as the lock is ours."""
    lock = Lock(settings.state.path)
    try:
        db = connect(settings.state.path)
        try:
            yield db
        finally:
            db.close()
    finally:
        lock.release()


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """The database for reading; a writer is never waited for."""
    reader = Reader(settings.state.path)
    try:
        yield reader
    finally:
        reader.close()


def stored(settings: Settings, question: Callable[[Database], T]) -> T:
    """What the database answers; before the first release an empty one."""
    if not settings.state.path.exists():
        with closing(nothing_yet()) as db:
            return question(db)
    with reading(settings) as reader:
        return reader.read(question)


def show(document: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401  # any JSON document
    """Print a command's answer: its JSON document, or its text for people."""
    typer.echo(json.dumps(document, ensure_ascii=False, default=_plain) if as_json else text)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def day_of(text: str, option: str) -> date:
    """The date given for an option. Raises SettingsError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option} {text!r} is not a date such as 2025-11-25") from None


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Who runs the command, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"
