"""The command line: every command prints for people, or one JSON document with --json."""

from __future__ import annotations

import csv
import dataclasses
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import tell
from bot.commands import Answers, match, named
from bot.commands.why import explained, why_text
from bot.errors import BotError
from bot.manifest import manifest as slack_manifest
from bot.messages import render
from bot.slack_text import Message, plain
from bot.why_document import why_document
from bot.words import count
from engine.areas import load_areas
from engine.errors import EngineError
from jobs import calendar, digest, doctor, polling, publishers
from jobs.deciding import approve, reject
from jobs.errors import DecisionError, JobsError, SettingsError, SourceError
from jobs.logs import configure_logs
from jobs.overview import overview
from jobs.pipeline import Outcome, ingest
from jobs.policy import Policy, policy_from
from jobs.settings import Settings, load_settings
from jobs.sources import file, publisher_names
from state import export as tables
from state import ledger, releases, snapshots
from state.database import Database, Lock, connect, nothing_yet, unit
from state.errors import StateError, StateInUse
from state.ledger import Decision
from state.reader import Reader

T = TypeVar("T")

DONE, FAILED, USAGE, HELD = 0, 1, 2, 3
_FAULTS = (JobsError, EngineError, StateError, BotError, OSError)
_LARGEST = 2**63 - 1

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
Release = Annotated[int, typer.Argument(help="Number of the held release.", min=1, max=_LARGEST)]
Indicators = Annotated[list[str] | None, typer.Argument(help="Only these of the indicators held from it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit.")]


def main() -> None:
    """Run the command line; exit codes are 0 done, 1 failed, 2 wrong usage or settings, 3 a whole release is held."""
    try:
        app()
    except SystemExit as end:
        if end.code == USAGE and "--json" in sys.argv:  # typer has explained itself on standard error
            typer.echo(json.dumps({"error": "wrong usage; standard error says what"}))
        raise
    except _FAULTS as error:
        if "--json" in sys.argv:
            typer.echo(json.dumps({"error": _reason(error)}, ensure_ascii=False))
        typer.echo(f"benchwatch: {_reason(error)}", err=True)
        raise SystemExit(_code(error)) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; check the path and its permissions"
    return str(error)


def _code(error: Exception) -> int:
    return USAGE if isinstance(error, (SettingsError, EngineError)) else FAILED


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    configure_logs("warning" if settings.logs.level == "info" else settings.logs.level, settings.logs.format)
    return settings


@contextmanager
def _writing(settings: Settings) -> Iterator[Database]:
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
def _reading(settings: Settings) -> Iterator[Reader]:
    reader = Reader(settings.state.path)
    try:
        yield reader
    finally:
        reader.close()


def _stored(settings: Settings, question: Callable[[Database], T]) -> T:
    """What the database answers; before the first release an empty one."""
    if not settings.state.path.exists():
        with closing(nothing_yet()) as db:
            return question(db)
    with _reading(settings) as reader:
        return reader.read(question)


def _print(document: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401  # any JSON document
    typer.echo(json.dumps(document, ensure_ascii=False, default=_plain) if as_json else text)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


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
        _print(shown.document, "", as_json=True)
    else:
        shown.show()


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
    settings = _settings(config)
    policy, day = (policy_from(settings), _day(published, "--published") if published else None)
    outcomes: list[Outcome] = []
    refusals: list[polling.Refusal] = []
    fault = None
    try:
        with _writing(settings) as db:
            for path in [one for given in files for one in (file.in_folder(given) if given.is_dir() else [given])]:
                try:
                    limit, zone = settings.sources.file.max_mb << 20, settings.schedule.timezone
                    raw = file.read(path, limit=limit, published=day, zone=zone)
                    outcome = ingest(db, raw, policy, now=_now(), path=settings.state.path)
                except SourceError as error:
                    refusals.append(polling.Refusal(str(path), str(error)))
                    line = tell.refusal(refusals[-1])
                else:
                    outcomes.append(outcome)
                    line = _told(db, outcome)
                if not as_json:
                    typer.echo(line)
    except _FAULTS as error:
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
        _print(document | ({"error": _reason(fault)} if fault else {}), "", as_json=True)
    for reason in [*(refusal.reason for refusal in refusals), *([_reason(fault)] if fault else [])]:
        typer.echo(f"benchwatch: {reason}", err=True)
    if fault:
        raise typer.Exit(_code(fault))
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
    settings = _settings(config)
    policy = policy_from(settings)
    chosen = _chosen(sources or (), policy)
    outcomes: list[Outcome] = []
    refusals: list[polling.Refusal] = []
    with _writing(settings) as db, polling.new_client(settings) as client:

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
            seen = calendar.look(client, settings, policy, _now())
            calendar.keep(db, settings, policy, seen, _now())
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


@app.command("sources")
def sources_command(
    every: Annotated[bool, typer.Option("--all", help="Every indicator too, not the sources alone.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show every source and indicator: last release, next expected, what is held, what is wrong."""
    settings = _settings(config)
    policy = policy_from(settings)
    found = _stored(settings, lambda db: overview(db, settings, policy))
    _print(found, tell.sources(found, indicators=every), as_json=as_json)


@app.command("doctor")
def doctor_command(
    probe: Annotated[
        bool, typer.Option("--live", help="Ask every publisher once too, and report names and columns that drifted.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Check settings, catalogue, database, sources and Slack, and say what to do."""
    settings = _settings(config)
    policy = policy_from(settings)
    read = f"{count(len(policy.catalogue.indicators), 'indicator')} from {count(len(policy.publishers), 'publisher')}"
    found = [doctor.Diagnosis("Settings and catalogue", well=True, found=read)]
    found += _stored(settings, lambda db: list(doctor.stored(db, settings, policy)))
    if settings.slack.mode != "console":
        from bot.slack_doctor import slack_checks  # noqa: PLC0415  # loads the Slack libraries

        found += slack_checks(settings, os.environ)
    if probe:
        with polling.new_client(settings) as client:
            found += doctor.live(settings, policy, client)
    _print({"checks": found}, tell.diagnoses(found), as_json=as_json)
    if not all(one.well for one in found):
        raise typer.Exit(FAILED)


@app.command("run")
def run_command(config: Config = None, as_json: Json = False) -> None:
    """Run the service: watch the sources, deliver messages, answer questions."""
    from bot.service import run_service  # noqa: PLC0415  # the Slack libraries are loaded by this command only

    settings = load_settings(config)
    configure_logs(settings.logs.level, settings.logs.format)
    did = run_service(settings, messages=sys.stderr if as_json else sys.stdout)
    if as_json:
        _print(did, "", as_json=True)


@app.command("ask")
def ask_command(
    question: Annotated[str, typer.Argument(help='As after /rank, for example "theme Police".')] = "help",
    blocks: Annotated[bool, typer.Option("--blocks", help="Print the answer as Block Kit JSON.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Answer what /rank would."""
    settings = _settings(config)
    with _reading(settings) as reader:
        known = partial(reader.read, lambda db: overview(db, settings, policy_from(settings)))
        today = datetime.now(settings.schedule.timezone).date()
        answers = Answers(reader, today=lambda: today, command=settings.slack.command, overview=known)
        message = answers.answer(question)
    if blocks:
        _print({"text": message.text, "blocks": message.blocks}, "", as_json=True)
    else:
        _print({"text": plain(message)}, plain(message), as_json=as_json)


@app.command("changes")
def changes_command(
    release: Annotated[
        int | None, typer.Option("--release", help="Number of one release.", min=1, max=_LARGEST)
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what changed, and the cause."""
    with _reading(_settings(config)) as reader:
        views = [view for view in reader.changes(release=release) if view.change.kind != "baseline"]
    _print({"changes": [tell.change_document(view) for view in views]}, tell.changes(views), as_json=as_json)


@app.command("why")
def why_command(
    kind: Annotated[str, typer.Argument(help="theme, indicator or composite.")],
    name: Annotated[str, typer.Argument(help="Its name as people type it, or an indicator's code.")],
    release: Annotated[
        int | None, typer.Option("--release", help="Number of one release.", min=1, max=_LARGEST)
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show why a rank moved: the parts, which add up."""
    if kind not in ("theme", "indicator", "composite"):
        raise SettingsError(f"there is no why of {kind!r}; there is of a theme, an indicator or a composite")
    with _reading(_settings(config)) as reader:
        found = match(name, [one for one in named(reader.names()) if one.kind == kind])
        if found.how != "exact":
            near = "; ".join(one.name for one in found.found) or "none"
            says = "may mean" if found.how == "several" else f"is no {kind}; the nearest are"
            raise BotError(f"{name!r} {says}: {near}")
        why = explained(reader, "indicator" if kind == "indicator" else "theme", found.found[0].key, release)
    if why is None:
        by = f"release {release} changed no rank: it is held, was turned down, or never came"
        raise BotError(by if release else f"{found.found[0].name} has no rank yet")
    _print(why_document(why), why_text(why), as_json=as_json)


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
    settings = _settings(config)
    with _reading(settings) as reader:
        rows = reader.read(_table(table, as_of, None if all_areas else load_areas().carry(settings.council.code)))
    columns = tables.COLUMNS[table]
    if as_json or form == "json":
        _print({table: [dict(zip(columns, row, strict=True)) for row in rows]}, "", as_json=True)
    else:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def _table(table: str, as_of: str, area: str | None) -> Callable[[Database], list[tables.Row]]:
    day = _day(as_of, "--as-of").isoformat() if as_of else "9999-12-31"

    def query(db: Database) -> list[tables.Row]:
        snapshot = snapshots.snapshot_on(db, day)
        if snapshot is None:
            return []
        return list(tables.rows(db, table, snapshot=snapshot, area=area))  # type: ignore[arg-type]  # checked above

    return query


@app.command("releases")
def releases_command(config: Config = None, as_json: Json = False) -> None:
    """Show every release and what became of it."""
    with _reading(_settings(config)) as reader:
        views = reader.releases()
    _print({"releases": [tell.release_document(view) for view in views]}, tell.releases(views), as_json=as_json)


@app.command("outbox")
def outbox_command(config: Config = None, as_json: Json = False) -> None:
    """Show every message owed or sent."""
    with _reading(_settings(config)) as reader:
        views = reader.outbox()
    _print({"outbox": views}, tell.outbox(views), as_json=as_json)


@app.command("approve")
def approve_command(
    release: Release,
    indicators: Indicators = None,
    reason: Reason = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a held release through, or some of the indicators held from it."""
    settings = _settings(config)
    decision = Decision(release, "approve", _actor(), reason, tuple(indicators or ()))

    def now_here(db: Database, policy: Policy) -> None:
        outcome = approve(db, decision, policy, now=_now(), path=settings.state.path)
        _print(tell.outcome_document(outcome), tell.outcome(outcome), as_json=as_json)
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
    settings = _settings(config)
    decision = Decision(release, "reject", _actor(), reason, tuple(indicators or ()))

    def now_here(db: Database, policy: Policy) -> None:
        del policy
        turned_down = reject(db, decision, now=_now(), path=settings.state.path)
        what = ", ".join(turned_down) or "the whole file"
        _print({"release": release, "rejected": turned_down}, f"Release {release}: rejected {what}.", as_json=as_json)

    _decide(settings, decision, now_here, as_json=as_json)


def _decide(
    settings: Settings, decision: Decision, now_here: Callable[[Database, Policy], None], *, as_json: bool
) -> None:
    """Decide here, or leave the decision to the running service that has the database."""
    try:
        with _writing(settings) as db:
            now_here(db, policy_from(settings))
    except StateInUse:
        _check_held(settings, decision.release, decision.indicators)
        with closing(connect(settings.state.path, migrate=False)) as db, unit(db, settings.state.path):
            ledger.ask_decision(db, decision, at=_now().isoformat(timespec="seconds"))
        text = "The service is running: it carries this out within seconds; benchwatch releases shows what came of it."
        _print({"release": decision.release, "left_to_service": decision.verdict}, text, as_json=as_json)


def _check_held(settings: Settings, release: int, indicators: Sequence[str]) -> None:
    with _reading(settings) as reader:
        waiting = {view.id: view.held for view in reader.releases() if view.status == "held" or view.held}
    if release not in waiting:
        raise DecisionError(f"nothing of release {release} is held; benchwatch releases lists what is")
    unknown = sorted(set(indicators) - set(waiting[release]))
    if unknown:
        held = ", ".join(sorted(waiting[release])) or "the whole file"
        raise DecisionError(f"release {release}: {unknown[0]} is not held; held are {held}")


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
    settings = _settings(config)
    policy = policy_from(settings)
    if dry_run:
        found = _stored(
            settings, lambda db: digest.digests_now(db, settings, policy, _now(), digest.choose(db, settings, to))
        )
        shown = [_digest(one, render(notice)) for one, notice in found]
        text = "\n\n".join(f"To {one['name']} ({one['place']}):\n{one['text']}" for one in shown)
        _print(
            {"digests": shown},
            text or "No digest would be sent: there is nobody to tell, or no figure.",
            as_json=as_json,
        )
        return

    def owe(db: Database) -> int:
        with unit(db, settings.state.path):
            if not to:
                return digest.owe_digests(db, settings, policy, _now())
            return digest.owe_now(db, settings, policy, _now(), digest.choose(db, settings, to))

    try:
        with _writing(settings) as db:
            owed, then = owe(db), "benchwatch run delivers"
    except StateInUse:
        with closing(connect(settings.state.path, migrate=False)) as db:
            owed, then = owe(db), "the running service delivers within seconds"
    nothing = "No digest is due." if not to else "Nothing is owed: there is no figure yet, or it was owed this minute."
    _print({"owed": owed}, f"{count(owed, 'digest')} owed; {then}." if owed else nothing, as_json=as_json)


def _digest(one: digest.Recipient, message: Message) -> dict[str, str]:
    """One digest for people and scripts: whom it is for, and what it says with its thread."""
    text = "\n\n".join(plain(part) for part in (message, *message.thread))
    return {"to": one.destination, "place": one.place, "name": one.name, "text": text}


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option} {text!r} is not a date such as 2025-11-25") from None


def _now() -> datetime:
    return datetime.now(UTC)


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"
