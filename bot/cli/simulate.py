"""The command that replays stored history through today's rules, so that a team can tune them before it goes live."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.base import Config, Json, app, day_of, reading, settings_of, show
from bot.tell.simulation import simulated_document, simulated_text
from jobs.policy import policy_from
from jobs.simulating import simulate


@app.command("simulate")
def simulate_command(
    since: Annotated[
        str, typer.Option("--from", help="Replay releases from this date on; else all after the first.")
    ] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show which alerts stored history would have brought by today's rules, and by others. Changes nothing."""
    day = day_of(since, "--from") if since else None
    settings = settings_of(config)
    policy = policy_from(settings)
    with reading(settings) as reader:
        found = reader.read(lambda db: simulate(db, policy, day))
    show(simulated_document(found), simulated_text(found), as_json=as_json)
