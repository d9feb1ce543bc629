"""Commands that take releases in and decide about those that are held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bot import tell
from bot.cli.base import (
    FAILED,
    FAULTS,
    HELD,
    LARGEST,
    Config,
    Json,
    actor,
    app,
    code_of,
    day_of,
    in_words,
    now,
    reading,
    settings_of,
    show,
    writing,
)
from jobs import calendar, polling, publishers
from jobs.deciding import approve, reject
from jobs.errors import DecisionError, SettingsError, SourceError
from jobs.pipeline import Outcome, ingest
from jobs.policy import Policy, policy_from
from jobs.settings import Settings
from jobs.sources import file, publisher_names
from state import ledger, releases
from state.database import Database, connect, unit
from state.errors import StateInUse
from state.ledger import Decision

Release = Annotated[int, typer.Argument(help="Number of the held release.", min=1, max=LARGEST)]
Indicators = Annotated[list[str] | None, typer.Argument(help="Only these of the indicators held from it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit.")]


@app.command("ingest")
def ingest_command(
    files: Annotated[
        list[Path], typer.Argument(help="Observation files, CSV or gzip, oldest first; or folders of them.")
    ],
    published: Annotated[str, typer.Option("--published", help="Date published; else the one in the name.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take files in, each as a release through the whole pipeline."""
    settings = settings_of(config)
    policy, day = (policy_from(settings), day_of(published, "--published") if published else None)
    outcomes: list[Outcome] = []
    refusals: list[polling.Refusal] = []
    fault = None
    try:
        with writing(settings) as db:
            for path in [one for given in files for one in (file.in_folder(given) if given.is_dir() else [given])]:
                try:
                    limit, zone = settings.sources.file.max_mb << 20, settings.schedule.timezone
                    raw = file.read(path, limit=limit, published=day, zone=zone)
                    outcome = ingest(db, raw, policy, now=now(), path=settings.state.path)
                except SourceError as error:
                    refusals.append(polling.Refusal(str(path), str(error)))
                    line = tell.refusal(refusals[-1])
                else:
                    outcomes.append(outcome)
                    line = _told(db, outcome)
                if not as_json:
                    typer.echo(line)
    except FAULTS as error:
        fault = error
    _finish(outcomes, refusals, fault, as_json=as_json)


def _told(db: Database, outcome: Outcome) -> str:
    stored = releases.by_number(db, outcome.release)
    return tell.outcome(outcome, superseded=stored is not None and stored.status == "superseded")


def _finish(
    outcomes: Sequence[Outcome],
    refusals: Sequence[polling.Refusal],
    fault: Exception | None = None,
    *,
    as_json: bool,
) -> None:
    """Print what was taken in and what was not; ``fault`` is what cut it short."""
    if as_json:
        document = {"releases": [tell.outcome_document(one) for one in outcomes], "refused": refusals}
        show(document | ({"error": in_words(fault)} if fault else {}), "", as_json=True)
    for reason in [*(refusal.reason for refusal in refusals), *([in_words(fault)] if fault else [])]:
        typer.echo(f"benchwatch: {reason}", err=True)
    if fault:
        raise typer.Exit(code_of(fault))
    if refusals:
        raise typer.Exit(FAILED)
    if any(one.status == "held" for one in outcomes):
        raise typer.Exit(HELD)


@app.command("poll")
def poll_command(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Only these: file, or publishers as benchwatch sources names them.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Look at the sources once, now."""
    settings = settings_of(config)
    policy = policy_from(settings)
    chosen = _chosen(sources or (), policy)
    outcomes: list[Outcome] = []
    refusals: list[polling.Refusal] = []
    with writing(settings) as db, polling.new_client(settings) as client:

        def take(polled: polling.Polled) -> None:
            outcomes.extend(polled.outcomes)
            refusals.extend(polled.refusals)
            for outcome in polled.outcomes:
                if not as_json:
                    typer.echo(_told(db, outcome))

        if file.NAME in chosen:
            take(polling.poll(db, settings, policy, client=client))
        for polled in publishers.poll_publishers(
            db, settings, policy, client, sorted(chosen - {file.NAME}), at_once=bool(sources)
        ):
            take(polled)
        if not sources and settings.calendar.on:
            seen = calendar.look(client, settings, policy, now())
            calendar.keep(db, settings, policy, seen, now())
    if not outcomes and not as_json:
        typer.echo("Nothing new.")
    _finish(outcomes, refusals, as_json=as_json)


def _chosen(names: Sequence[str], policy: Policy) -> set[str]:
    """The sources asked for, or all that are on. Raises SettingsError for a name nobody knows or that is off."""
    known = (file.NAME, *publisher_names())
    for name in names:
        if name not in known:
            raise SettingsError(f"no source is called {name!r}; there are {', '.join(known)}")
        if name != file.NAME and name not in policy.publishers:
            raise SettingsError(f"the source {name} is off; switch it on with on = true in [sources.{name}]")
    return set(names) or {file.NAME, *policy.publishers}


@app.command("approve")
def approve_command(
    release: Release,
    indicators: Indicators = None,
    reason: Reason = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a held release through, or some of the indicators held from it."""
    settings = settings_of(config)
    decision = Decision(release, "approve", actor(), reason, tuple(indicators or ()))

    def now_here(db: Database, policy: Policy) -> None:
        outcome = approve(db, decision, policy, now=now(), path=settings.state.path)
        show(tell.outcome_document(outcome), tell.outcome(outcome), as_json=as_json)
        if outcome.status == "held":
            raise typer.Exit(HELD)

    _decide(settings, decision, now_here, as_json=as_json)


@app.command("reject")
def reject_command(
    release: Release,
    indicators: Indicators = None,
    reason: Reason = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Turn down a held release, or some of the indicators held from it."""
    settings = settings_of(config)
    decision = Decision(release, "reject", actor(), reason, tuple(indicators or ()))

    def now_here(db: Database, policy: Policy) -> None:
        del policy
        turned_down = reject(db, decision, now=now(), path=settings.state.path)
        what = ", ".join(turned_down) or "the whole file"
        show({"release": release, "rejected": turned_down}, f"Release {release}: rejected {what}.", as_json=as_json)

    _decide(settings, decision, now_here, as_json=as_json)


def _decide(
    settings: Settings, decision: Decision, now_here: Callable[[Database, Policy], None], *, as_json: bool
) -> None:
    """Decide here, or leave the decision to the running service that has the database."""
    try:
        with writing(settings) as db:
            now_here(db, policy_from(settings))
    except StateInUse:
        _check_held(settings, decision.release, decision.indicators)
        with closing(connect(settings.state.path, migrate=False)) as db, unit(db, settings.state.path):
            ledger.ask_decision(db, decision, at=now().isoformat(timespec="seconds"))
        text = "The service is running: it carries this out within seconds; benchwatch releases shows what came of it."
        show({"release": decision.release, "left_to_service": decision.verdict}, text, as_json=as_json)


def _check_held(settings: Settings, release: int, indicators: Sequence[str]) -> None:
    with reading(settings) as reader:
        waiting = {view.id: view.held for view in reader.releases() if view.status == "held" or view.held}
    if release not in waiting:
        raise DecisionError(f"nothing of release {release} is held; benchwatch releases lists what is")
    unknown = sorted(set(indicators) - set(waiting[release]))
    if unknown:
        held = ", ".join(sorted(waiting[release])) or "the whole file"
        raise DecisionError(f"release {release}: {unknown[0]} is not held; held are {held}")
