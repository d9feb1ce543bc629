"""The command line: every command prints for people, or one JSON document with --json."""

from __future__ import annotations

import json
import sys

import typer

from bot.cli import asking, history, report, running, scorecard, simulate, taking
from bot.cli.base import DONE, FAILED, FAULTS, HELD, USAGE, app, code_of, in_words

__all__ = [
    "DONE",
    "FAILED",
    "HELD",
    "USAGE",
    "app",
    "asking",
    "history",
    "main",
    "report",
    "running",
    "scorecard",
    "simulate",
    "taking",
]


def main() -> None:
    """Run the command line; exit codes are 0 done, 1 failed, 2 wrong usage or settings, 3 a whole release is held."""
    try:
        app()
    except SystemExit as end:
        if end.code == USAGE and "--json" in sys.argv:  # typer has explained itself on standard error
            typer.echo(json.dumps({"error": "wrong usage; standard error says what"}))
        raise
    except FAULTS as error:
        if "--json" in sys.argv:
            typer.echo(json.dumps({"error": in_words(error)}, ensure_ascii=False))
        typer.echo(f"benchwatch: {in_words(error)}", err=True)
        raise SystemExit(code_of(error)) from None
