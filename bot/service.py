"""The running service: settings in; watching, delivering, answering and health out, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TextIO, TypeVar

import structlog
from apscheduler.jobstores.base import JobLookupError
from slack_sdk.errors import SlackClientError
from waitress.server import create_server

from bot.actions import Actions
from bot.commands import Answers
from bot.commands.personal import Personal
from bot.console import ConsolePoster
from bot.delivery import Delivery, Poster
from bot.health import Health, wsgi_app
from bot.home import Homes
from bot.people import OwnTeam, Permissions
from bot.slack_app import build_app, socket_handler, wsgi
from bot.slack_files import Files
from bot.slack_poster import SlackPoster, web_client
from jobs import calendar, polling, publishers
from jobs.digest import digests_due
from jobs.errors import SettingsError
from jobs.overview import Overview, overview
from jobs.policy import OPS, TEAM, policy_from
from jobs.polling import Polled, new_client
from jobs.quiet import quiet_hours
from jobs.ranking import comparators_of
from jobs.schedule import add_job, new_scheduler
from jobs.settings import Interval, Secrets, Settings, load_credentials, load_secrets
from jobs.sources import file, wants_of
from jobs.watching import Fault
from jobs.worker import (
    carry_out_decisions,
    keep_calendar,
    look_addresses,
    look_folders,
    make_digests,
    start_worker,
    take_in,
)
from state import ledger, sources
from state.database import Lock, Writer, connect
from state.errors import StateError
from state.reader import Reader

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from slack_bolt import App
    from slack_sdk import WebClient

    from bot.pictures import Pictures
    from bot.slack_text import ChartOf, Picture

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger(__name__)

TICK = Interval(1)
RECONNECT = Interval(10)
DIGESTS, HOMES = Interval(20), Interval(10)
WEB_THREADS = 32
POLITE = 60.0
"""Least seconds between two requests to one address; folders may be looked at more often."""


def _now() -> datetime:
    return datetime.now(UTC)


def run_service(settings: Settings, messages: TextIO = sys.stdout) -> dict[str, float]:
    """Run until SIGTERM or SIGINT, and return how many releases, refusals and messages there were.

    ``messages`` is where the terminal's messages go, when there is no Slack. Raises SettingsError, StateError or
    EngineError when it cannot start.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Service(settings, load_secrets(os.environ, settings.slack.mode), messages) as service:
        stop.wait()
    log.info("stopped")
    return service.health.totals()


class _Stopping(Exception):
    """The service is being stopped, and takes nothing more in."""


class Service:
    """Everything that runs, started on entering and stopped in reverse on leaving."""

    def __init__(self, settings: Settings, secrets: Secrets, messages: TextIO) -> None:
        # A catalogue, a council or a group that cannot be used stops the start, not the first release.
        self._policy = policy_from(settings)
        comparators_of(self._policy, _now().date())
        self._credentials = {name: load_credentials(os.environ, name) for name in self._policy.publishers}
        self._looking = {name: threading.Lock() for name in (*self._policy.publishers, calendar.NAME)}
        self._messages = messages
        self._settings = settings
        self._scheduler = new_scheduler(settings.schedule.timezone)
        self._secrets = secrets
        self._stack = ExitStack()
        self.health = Health()
        self._delivering = threading.Lock()
        self._stopping = threading.Event()
        self._replacing = threading.Lock()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        path = self._settings.state.path
        stack.callback(Lock(path).release)
        db = connect(path)
        stack.callback(db.close)
        self._reader = Reader(path)
        stack.callback(self._reader.close)
        self._writer = Writer(path)
        stack.callback(self._writer.close)
        self._delivery = Delivery(
            db, path, self._poster(), self._destinations(), _now, self._draw, quiet_hours(self._settings)
        )
        self.health.watch("database", self._database_fault)
        self.health.watch("schedule", lambda: "not started yet")
        slack = self._start_slack(stack)
        self._start_web(stack, slack)
        self._client = new_client(self._settings)
        stack.callback(self._client.close)
        self._pool = start_worker(self._settings)
        stack.callback(lambda: self._pool.shutdown(cancel_futures=True))
        self._start_schedule(stack)
        log.info("started", council=self._settings.council.code, slack=self._settings.slack.mode)

    def _destinations(self) -> dict[str, str]:
        slack = self._settings.slack
        leads = {f"lead:{lead.name}": lead.slack for lead in self._settings.leads}
        return {TEAM: slack.channel, OPS: slack.ops_channel, **leads}

    def _poster(self) -> Poster:
        if self._settings.slack.mode == "console":
            return ConsolePoster(self._messages)
        return SlackPoster(web_client(self._secrets.bot_token, self._secrets.api_url))

    def _start_slack(self, stack: ExitStack) -> WSGIApplication | None:
        """Answer commands over Socket Mode, or give what serves them by HTTP; nothing in the terminal."""
        mode = self._settings.slack.mode
        if mode == "console":
            return None
        client = web_client(self._secrets.bot_token, self._secrets.api_url)
        app = self._app(client)
        if mode == "http":
            return wsgi(app)
        self._socket = socket_handler(app, self._secrets.app_token, client)
        stack.callback(self._socket.close)
        self.health.watch("slack", lambda: "" if self._socket.client.is_connected() else "not connected")
        self._connect()
        return None

    def _app(self, client: WebClient) -> App:
        """Everything that people can ask, press and open."""
        slack = self._settings.slack
        here = partial(datetime.now, self._settings.schedule.timezone)
        team = OwnTeam(client)
        threading.Thread(target=team, name="team", daemon=True).start()  # asked before the first form is sent in
        permissions, files = Permissions(slack.approvers, team), Files(client)
        self._homes = Homes(self._reader, self._writer, client, permissions, self._settings, self._policy)
        return build_app(
            Answers(
                self._reader,
                today=lambda: here().date(),
                command=slack.command,
                overview=self._overview,
                similar=self._settings.ranking.similar,
            ),
            client,
            signing_secret=self._secrets.signing_secret or "unused in socket mode",
            command=slack.command,
            personal=Personal(self._reader, self._writer, permissions, files.send, here, command=slack.command),
            actions=Actions(self._reader, self._writer, permissions, client, self._deliver_soon, clock=here),
            homes=self._homes,
            draw=self._draw,
            upload=files.upload,
        )

    def _draw(self, of: ChartOf) -> Picture | None:
        return self._pictures(of)

    @cached_property
    def _pictures(self) -> Pictures:
        from bot.pictures import Pictures  # noqa: PLC0415 - drawing takes 40 MB, and many services never draw

        return Pictures(self._reader)

    def _overview(self) -> Overview:
        return self._reader.read(lambda db: overview(db, self._settings, self._policy))

    def _connect(self) -> None:
        """Connect to Slack unless connected; a failure is tried again by the schedule."""
        if self._socket.client.is_connected():
            return
        try:
            self._socket.connect()  # type: ignore[no-untyped-call]  # bolt leaves it without types
            log.info("connected to Slack")
        except (SlackClientError, OSError) as error:
            log.warning("cannot connect to Slack", reason=str(error))

    def _start_web(self, stack: ExitStack, slack: WSGIApplication | None) -> None:
        http = self._settings.http
        try:
            server = create_server(wsgi_app(self.health, slack), host=http.host, port=http.port, threads=WEB_THREADS)
        except OSError as error:
            msg = f"cannot listen on {http.host}:{http.port} ({error.strerror}); set another port in [http]"
            raise SettingsError(msg) from error
        threading.Thread(target=server.run, name="web", daemon=True).start()
        stack.callback(server.close)
        log.info("listening", host=http.host, port=server.effective_port)

    def _start_schedule(self, stack: ExitStack) -> None:
        zone, every = (self._settings.schedule.timezone, self._settings.sources.file.every)
        scheduler = self._scheduler
        add_job(scheduler, "folders", self._poll_folders, [every], zone)
        if polling.addresses(self._settings):
            polite = Interval(max(every.seconds, POLITE)) if isinstance(every, Interval) else every
            add_job(scheduler, "addresses", self._poll_addresses, [polite], zone)
        for name in self._policy.publishers:
            times = self._settings.sources.publisher(name).every
            add_job(scheduler, name, partial(self._start_look, name, self._look), times, zone)
        if self._settings.calendar.on:
            look = partial(self._start_look, calendar.NAME, self._look_at_calendars)
            add_job(scheduler, calendar.NAME, look, [self._settings.calendar.every], zone)
        add_job(scheduler, "decisions", self._decide, [TICK], zone)
        add_job(scheduler, "delivery", self._deliver, [TICK], zone)
        add_job(scheduler, "digests", self._make_digests, [DIGESTS], zone)
        if self._settings.slack.mode != "console":
            add_job(scheduler, "homes", self._homes.refresh, [HOMES], zone)
        if self._settings.slack.mode == "socket":
            add_job(scheduler, "connection", self._connect, [RECONNECT], zone)
        scheduler.start()
        stack.callback(scheduler.shutdown)
        self.health.watch("schedule", lambda: "" if scheduler.running else "stopped")

    def _database_fault(self) -> str:
        try:
            self._reader.version()
        except StateError as error:
            return str(error)
        return ""

    def _poll_folders(self) -> None:
        """Look whether a folder holds anything new: cheap, and only then is the worker asked."""
        seen = self._reader.read(lambda db: sources.places(db, file.NAME))
        if polling.folders_want_a_look(self._settings, seen, _now()):
            self._poll_places(look_folders)
        else:
            self.health.polled(file.NAME)

    def _poll_addresses(self) -> None:
        self._poll_places(look_addresses)

    def _poll_places(self, look: Callable[[Settings], Polled]) -> None:
        self._count(self._in_worker(look))
        self.health.polled(file.NAME)
        self._deliver_soon()

    def _count(self, polled: Polled) -> None:
        for outcome in polled.outcomes:
            self.health.releases.labels(outcome.status).inc()
        self.health.refusals.inc(len(polled.refusals))

    def _start_look(self, name: str, look: Callable[[str], None]) -> None:
        """Look at a source in a thread of its own, which no other job waits for and which ends with the process."""
        threading.Thread(target=self._alone, args=(name, look), name=name, daemon=True).start()

    def _alone(self, name: str, look: Callable[[str], None]) -> None:
        if not self._looking[name].acquire(blocking=False):
            return  # the look before is not over
        try:
            look(name)
        except _Stopping:
            log.info("a look ends with the service", source=name)
        except Exception:
            log.exception("a look at a source broke off", source=name)
        finally:
            self._looking[name].release()

    def _look(self, name: str) -> None:
        """Look at a publisher and take in what it brings, one item after the other."""
        places = self._reader.read(lambda db: sources.places(db, name))
        if publishers.may_be_asked(places, _now()):
            at = publishers.site(self._client, self._settings, name, self._credentials[name])
            for item in publishers.look(name, at, wants_of(self._policy.catalogue, name), places):
                self._take(item)
                if isinstance(item, publishers.Looked) and item.fault is None:
                    self.health.polled(name)
            self._deliver_soon()

    def _look_at_calendars(self, name: str) -> None:
        """Look at the release calendars, and tell what has become overdue."""
        seen = calendar.look(self._client, self._settings, self._policy, _now())
        self._in_worker(keep_calendar, seen)
        if not any(one.fault for one in seen):
            self.health.polled(name)
        self._deliver_soon()

    def _decide(self) -> None:
        if self._reader.read(ledger.open_decisions):
            self._in_worker(carry_out_decisions)
            self._deliver_soon()

    def _make_digests(self) -> None:
        if self._reader.read(lambda db: digests_due(db, self._settings, _now())):
            self._in_worker(make_digests)
            self._deliver_soon()

    def _take(self, item: publishers.Item) -> None:
        """Take one item in; a release that breaks the worker is a failure of its data set, and the look goes on."""
        try:
            self._count(self._in_worker(take_in, item))
        except _Stopping:
            raise
        except Exception:
            if not isinstance(item, publishers.Found):
                raise
            log.exception("a release could not be taken in", publisher=item.publisher, dataset=item.noticed.dataset)
            fault = Fault("cannot be taken in; the log says where it failed", passing=False)
            self._count(self._in_worker(take_in, publishers.Failed(item.publisher, item.noticed.dataset, fault)))

    def _in_worker(self, work: Callable[Concatenate[Settings, P], T], *given: P.args, **named: P.kwargs) -> T:
        pool = self._pool
        try:
            return pool.submit(work, self._settings, *given, **named).result()
        except (CancelledError, RuntimeError) as error:
            if self._stopping.is_set():
                raise _Stopping from error
            with self._replacing:
                if isinstance(error, BrokenProcessPool) and self._pool is pool:  # one of those who wait starts another
                    log.exception("the worker process died; another is started")
                    self._pool = start_worker(self._settings)
            raise

    def _deliver_soon(self) -> None:
        """Deliver without waiting for the tick, and without keeping the one who asks: threads take a second a part.

        Asked from a thread of its own: a scheduler that is being shut down waits for its jobs, and holds the lock that
        this takes.
        """
        if not self._stopping.is_set():
            threading.Thread(target=self._bring_forward, name="delivery", daemon=True).start()

    def _bring_forward(self) -> None:
        with suppress(JobLookupError):  # gone, when the scheduler has been shut down meanwhile
            self._scheduler.modify_job("delivery", next_run_time=_now())

    def _deliver(self) -> None:
        if not self._delivering.acquire(blocking=False):
            return  # the one at work takes what is due now too, or the next tick does
        try:
            self.health.delivered.inc(self._delivery.deliver_due())
        finally:
            self._delivering.release()
