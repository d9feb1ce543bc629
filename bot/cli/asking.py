"""Commands that only read: questions, what changed and why, tables, lists, the sources."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from bot import tell
from bot.cli.base import LARGEST, Config, Json, app, day_of, reading, settings_of, show, stored
from bot.commands import Answers, match, named
from bot.commands.why import explained, why_text
from bot.errors import BotError
from bot.slack_text import plain
from bot.tell.why import why_document
from engine.areas import load_areas
from jobs.errors import SettingsError
from jobs.overview import overview
from jobs.policy import policy_from
from state import export as tables
from state import snapshots
from state.database import Database


@app.command("ask")
def ask_command(
    question: Annotated[str, typer.Argument(help='As after /rank, for example "theme Police".')] = "help",
    blocks: Annotated[bool, typer.Option("--blocks", help="Print the answer as Block Kit JSON.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Answer what /rank would."""
    settings = settings_of(config)
    with reading(settings) as reader:
        known = partial(reader.read, lambda db: overview(db, settings, policy_from(settings)))
        today = datetime.now(settings.schedule.timezone).date()
        answers = Answers(
            reader,
            today=lambda: today,
            command=settings.slack.command,
            overview=known,
            similar=settings.ranking.similar,
        )
        message = answers.answer(question)
    if blocks:
        show({"text": message.text, "blocks": message.blocks}, "", as_json=True)
    else:
        show({"text": plain(message)}, plain(message), as_json=as_json)


@app.command("changes")
def changes_command(
    release: Annotated[int | None, typer.Option("--release", help="Number of one release.", min=1, max=LARGEST)] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what changed, and the cause."""
    with reading(settings_of(config)) as reader:
        views = [view for view in reader.changes(release=release) if view.change.kind != "baseline"]
    show({"changes": [tell.change_document(view) for view in views]}, tell.changes(views), as_json=as_json)


@app.command("why")
def why_command(
    kind: Annotated[str, typer.Argument(help="theme, indicator or composite.")],
    name: Annotated[str, typer.Argument(help="Its name as people type it, or an indicator's code.")],
    release: Annotated[int | None, typer.Option("--release", help="Number of one release.", min=1, max=LARGEST)] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show why a rank moved: the parts, which add up."""
    if kind not in ("theme", "indicator", "composite"):
        raise SettingsError(f"there is no why of {kind!r}; there is of a theme, an indicator or a composite")
    with reading(settings_of(config)) as reader:
        found = match(name, [one for one in named(reader.names()) if one.kind == kind])
        if found.how != "exact":
            near = "; ".join(one.name for one in found.found) or "none"
            says = "may mean" if found.how == "several" else f"is no {kind}; the nearest are"
            raise BotError(f"{name!r} {says}: {near}")
        why = explained(reader, "indicator" if kind == "indicator" else "theme", found.found[0].key, release)
    if why is None:
        by = f"release {release} changed no rank: it is held, was turned down, or never came"
        raise BotError(by if release else f"{found.found[0].name} has no rank yet")
    show(why_document(why), why_text(why), as_json=as_json)


@app.command("releases")
def releases_command(config: Config = None, as_json: Json = False) -> None:
    """Show every release and what became of it."""
    with reading(settings_of(config)) as reader:
        views = reader.releases()
    show({"releases": [tell.release_document(view) for view in views]}, tell.releases(views), as_json=as_json)


@app.command("outbox")
def outbox_command(config: Config = None, as_json: Json = False) -> None:
    """Show every message owed or sent."""
    with reading(settings_of(config)) as reader:
        views = reader.outbox()
    show({"outbox": views}, tell.outbox(views), as_json=as_json)


@app.command("export")
def export_command(
    table: Annotated[str, typer.Argument(help="ranks, themes, observations or changes.")],
    form: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    as_of: Annotated[str, typer.Option("--as-of", help="What was known on this date.")] = "",
    all_areas: Annotated[bool, typer.Option("--all-areas", help="Every area, not the council alone.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print a table for spreadsheets and scripts."""
    if table not in tables.TABLES:
        raise SettingsError(f"no table is called {table!r}; there are {', '.join(tables.TABLES)}")
    if form not in ("csv", "json"):
        raise SettingsError(f"no format is called {form!r}; there are csv and json")
    settings = settings_of(config)
    with reading(settings) as reader:
        rows = reader.read(_table(table, as_of, None if all_areas else load_areas().carry(settings.council.code)))
    columns = tables.COLUMNS[table]
    if as_json or form == "json":
        show({table: [dict(zip(columns, row, strict=True)) for row in rows]}, "", as_json=True)
    else:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def _table(table: str, as_of: str, area: str | None) -> Callable[[Database], list[tables.Row]]:
    day = day_of(as_of, "--as-of").isoformat() if as_of else "9999-12-31"

    def query(db: Database) -> list[tables.Row]:
        snapshot = snapshots.snapshot_on(db, day)
        if snapshot is None:
            return []
        return list(tables.rows(db, table, snapshot=snapshot, area=area))  # type: ignore[arg-type]  # checked above

    return query


@app.command("sources")
def sources_command(
    every: Annotated[bool, typer.Option("--all", help="Every indicator too, not the sources alone.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show every source and indicator: last release, next expected, what is held, what is wrong."""
    settings = settings_of(config)
    policy = policy_from(settings)
    found = stored(settings, lambda db: overview(db, settings, policy))
    show(found, tell.sources(found, indicators=every), as_json=as_json)
