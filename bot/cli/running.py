"""Commands that run it: the demonstration, the service, its check-up, the Slack app, the digests."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bot import tell
from bot.cli.base import FAILED, Config, Json, app, now, settings_of, show, stored, writing
from bot.manifest import manifest as slack_manifest
from bot.messages import render
from bot.slack_text import Message, plain
from bot.words import count
from jobs import digest, doctor, polling
from jobs.logs import configure_logs
from jobs.policy import policy_from
from jobs.settings import load_settings
from state.database import Database, connect, unit
from state.errors import StateInUse


@app.command("demo")
def demo_command(
    out: Annotated[Path, typer.Option("--out", help="Folder for the HTML page and the chart.")] = Path("demo"),
    as_json: Json = False,
) -> None:
    """Replay Leicestershire's 2015/16 to 2016/17 through the whole pipeline, with illustrative comparators."""
    from bot.demo.run import run_demo  # noqa: PLC0415  # matplotlib takes a second that no other command needs

    configure_logs("warning")
    shown = run_demo(out)
    if as_json:
        show(shown.document, "", as_json=True)
    else:
        shown.show()


@app.command("run")
def run_command(config: Config = None, as_json: Json = False) -> None:
    """Run the service: watch the sources, deliver messages, answer questions."""
    from bot.service import run_service  # noqa: PLC0415  # the Slack libraries are loaded by this command only

    settings = load_settings(config)
    configure_logs(settings.logs.level, settings.logs.format)
    did = run_service(settings, messages=sys.stderr if as_json else sys.stdout)
    if as_json:
        show(did, "", as_json=True)


@app.command("doctor")
def doctor_command(
    probe: Annotated[
        bool, typer.Option("--live", help="Ask every publisher once too, and report names and columns that drifted.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Check settings, catalogue, database, sources and Slack, and say what to do."""
    settings = settings_of(config)
    policy = policy_from(settings)
    read = f"{count(len(policy.catalogue.indicators), 'indicator')} from {count(len(policy.publishers), 'publisher')}"
    found = [doctor.Diagnosis("Settings and catalogue", well=True, found=read)]
    found += stored(settings, lambda db: list(doctor.stored(db, settings, policy)))
    if settings.slack.mode != "console":
        from bot.slack_doctor import slack_checks  # noqa: PLC0415  # loads the Slack libraries

        found += slack_checks(settings, os.environ)
    if probe:
        with polling.new_client(settings) as client:
            found += doctor.live(settings, policy, client)
    show({"checks": found}, tell.diagnoses(found), as_json=as_json)
    if not all(one.well for one in found):
        raise typer.Exit(FAILED)


@app.command("manifest")
def manifest_command(config: Config = None, as_json: Json = False) -> None:
    """Print the Slack app manifest for these settings."""
    del as_json  # a manifest is JSON either way
    typer.echo(json.dumps(slack_manifest(load_settings(config)), indent=2))


@app.command("digest")
def digest_command(
    to: Annotated[
        str, typer.Option("--to", help="Only this lead, by name, or this user or channel, by ID; at once, due or not.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent now, and change nothing.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Send the weekly digests that are due, or show what would be sent now."""
    settings = settings_of(config)
    policy = policy_from(settings)
    if dry_run:
        found = stored(
            settings, lambda db: digest.digests_now(db, settings, policy, now(), digest.choose(db, settings, to))
        )
        shown = [_digest(one, render(notice)) for one, notice in found]
        text = "\n\n".join(f"To {one['name']} ({one['place']}):\n{one['text']}" for one in shown)
        show(
            {"digests": shown},
            text or "No digest would be sent: there is nobody to tell, or no figure.",
            as_json=as_json,
        )
        return

    def owe(db: Database) -> int:
        with unit(db, settings.state.path):
            if not to:
                return digest.owe_digests(db, settings, policy, now())
            return digest.owe_now(db, settings, policy, now(), digest.choose(db, settings, to))

    try:
        with writing(settings) as db:
            owed, then = owe(db), "benchwatch run delivers"
    except StateInUse:
        with closing(connect(settings.state.path, migrate=False)) as db:
            owed, then = owe(db), "the running service delivers within seconds"
    nothing = "No digest is due." if not to else "Nothing is owed: there is no figure yet, or it was owed this minute."
    show({"owed": owed}, f"{count(owed, 'digest')} owed; {then}." if owed else nothing, as_json=as_json)


def _digest(one: digest.Recipient, message: Message) -> dict[str, str]:
    """One digest for people and scripts: whom it is for, and what it says with its thread."""
    text = "\n\n".join(plain(part) for part in (message, *message.thread))
    return {"to": one.destination, "place": one.place, "name": one.name, "text": text}
