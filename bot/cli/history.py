"""Commands that look back: ranks published in earlier years, every year held, and named editions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.cli.base import Config, Json, actor, app, now, reading, settings_of, show, stored, writing
from bot.commands import match, named
from bot.errors import BotError
from bot.tell.history import (
    edition_document,
    editions_text,
    history_document,
    history_text,
    imported_document,
    imported_text,
)
from jobs.errors import HistoryError, SettingsError
from jobs.history import checked_edition, freeze, import_published, read_published, remove_published
from jobs.policy import policy_from
from jobs.settings import Settings
from state.database import Database, connect, unit
from state.editions import editions
from state.errors import StateInUse
from state.published import published_ranks
from state.reader import Reader
from state.years import years_held

T = TypeVar("T")

history = typer.Typer(help="Ranks over the years: computed, and as published.", no_args_is_help=False)
app.add_typer(history, name="history")

EditionName = Annotated[
    str, typer.Option("--edition", help="The financial year, as 2022/23; else the one in the name.")
]


@history.callback(invoke_without_command=True)
def history_command(context: typer.Context, config: Config = None, as_json: Json = False) -> None:
    """Show every year's ranks, computed and as published, side by side."""
    if context.invoked_subcommand is None:
        history_show_command(config=config, as_json=as_json)
        return
    for name, option in (("config", "--config"), ("as_json", "--json")):
        # The subcommand has its own and would not see it: an import would go to another database.
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            raise SettingsError(f"{option} comes after {context.invoked_subcommand}, not before it")


@history.command("show")
def history_show_command(
    theme: Annotated[str, typer.Argument(help="A theme or composite as people type it; all when not given.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show every year's ranks, computed and as published, side by side."""
    with reading(settings_of(config)) as reader:
        names = _meant(theme, reader) if theme else ()
        found = reader.read(lambda db: years_held(db, names))
    show(history_document(found), history_text(found), as_json=as_json)


def _meant(theme: str, reader: Reader) -> tuple[str, ...]:
    """The theme, composite or published name that is meant. Raises BotError where it is not clear which."""
    printed = reader.read(published_ranks)
    if own := {one.name for one in printed if theme.casefold() in {one.name.casefold(), one.title.casefold()}}:
        return tuple(own)
    found = match(theme, [one for one in named(reader.names()) if one.kind != "indicator"])
    if found.how != "exact":
        near = "; ".join(one.name for one in found.found) or "none"
        says = "may mean" if found.how == "several" else "is no theme; the nearest are"
        raise BotError(f"{theme!r} {says}: {near}")
    return (found.found[0].key,)


@history.command("import")
def history_import_command(
    files: Annotated[list[Path], typer.Argument(help="CSV files of published ranks: theme, rank, of and more.")],
    edition: EditionName = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Keep ranks that were published in earlier years."""
    settings = settings_of(config)
    chosen = _edition(edition) if edition else ""
    if chosen and len(files) > 1:
        raise SettingsError("--edition is of one file; call each file by its edition, as benchmark_2022_23.csv")
    read = [read_published(path, chosen) for path in files]  # all of them are sound before any is kept
    catalogue = policy_from(settings).catalogue
    done = _write(
        settings,
        lambda db: [import_published(db, one, catalogue, actor=actor(), now=now()) for one in read],
    )
    show({"imported": [imported_document(one) for one in done]}, imported_text(done), as_json=as_json)


@history.command("remove")
def history_remove_command(
    edition: Annotated[str, typer.Argument(help="The financial year, as 2022/23.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Forget the ranks imported for an edition, and those it gave of the year before."""
    settings, chosen = settings_of(config), _edition(edition)
    gone = _write(settings, lambda db: remove_published(db, chosen, actor=actor(), now=now()))
    show({"edition": chosen, "removed": gone}, f"Removed {gone} published ranks of {chosen}.", as_json=as_json)


@app.command("edition")
def edition_command(
    name: Annotated[str, typer.Argument(help='The name, as "2022/23"; lists the editions when not given.')] = "",
    snapshot: Annotated[str, typer.Option("--snapshot", help="Its label; the current one when not given.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Move a name that another snapshot has.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Freeze a snapshot under a name, to compare with later; or list those that are."""
    settings = settings_of(config)
    if not name:
        if snapshot or replace:
            raise SettingsError('name the edition too, as: benchwatch edition "2022/23" --snapshot 2025-11-25/1')
        found = stored(settings, editions)
        show({"editions": [edition_document(one) for one in found]}, editions_text(found), as_json=as_json)
        return
    kept, changed = _write(settings, lambda db: freeze(db, name, snapshot, again=replace, actor=actor(), now=now()))
    said = f"Edition {kept.name} is snapshot {kept.label}{'.' if changed else ' already; nothing was changed.'}"
    show(edition_document(kept) | {"changed": changed}, said, as_json=as_json)


def _edition(text: str) -> str:
    """The financial year that was typed. Raises SettingsError for anything else, as for any wrong argument."""
    try:
        return checked_edition(text)
    except HistoryError as error:
        raise SettingsError(str(error)) from error


def _write(settings: Settings, work: Callable[[Database], T]) -> T:
    """One small unit of work, beside the running service where it has the database."""
    try:
        with writing(settings) as db, unit(db, settings.state.path):
            return work(db)
    except StateInUse:
        with closing(connect(settings.state.path, migrate=False)) as db, unit(db, settings.state.path):
            return work(db)
