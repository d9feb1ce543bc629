"""Scorecards: of a dashboard file as the council publishes them, or of the council's own indicators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.base import Config, Json, app, settings_of, show, stored
from bot.errors import BotError
from bot.tell.scorecard import file_document, file_text, names, own_document, own_text
from engine.progress import Progress
from jobs.dashboards import APART, read_dashboard, themes_apart
from jobs.errors import SettingsError
from state.scorecards import scorecard_report


@app.command("scorecard")
def scorecard_command(
    file: Annotated[
        Path | None, typer.Argument(help="A dashboard as CSV; the council's own indicators without.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without", help="Leave themes with this in their name out of the directions; of a file, school and crime."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Leave no theme out of the directions.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Count quartiles, directions of travel and targets, by theme and in all."""
    if without and every:
        raise SettingsError("--without leaves themes out and --all leaves none out; give one of them")
    if any(not word.strip() for word in without or ()):
        raise SettingsError("--without needs a part of a theme's name")
    settings = settings_of(config)
    similar = settings.ranking.similar
    if file is not None:
        board = read_dashboard(file.read_bytes(), file.name, similar)
        left_out = _left_out(board.printed(), without, () if every else APART)
        show(file_document(board, left_out, similar), file_text(board, left_out, similar), as_json=as_json)
        return
    report = stored(settings, lambda db: scorecard_report(db, similar))
    if report is None:
        raise BotError("there are no figures yet; give a dashboard file, or take a release in first")
    items = tuple(one.progress for one in report.indicators)
    left_out = _left_out(items, without, ())
    show(own_document(items, left_out), own_text(items, left_out, similar), as_json=as_json)


def _left_out(items: Sequence[Progress], asked: Sequence[str] | None, otherwise: Sequence[str]) -> tuple[str, ...]:
    """The themes left out of the directions. Raises SettingsError where nothing is called as asked."""
    themes = tuple(dict.fromkeys(item.theme for item in items))
    for word in asked or ():
        if not themes_apart(themes, [word]):
            raise SettingsError(f"--without {word!r} is in no theme's name; there are {names(themes)}")
    return themes_apart(themes, asked or otherwise)
