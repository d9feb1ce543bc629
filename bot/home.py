"""The Home tabs: shown to those who open them, kept as things are, and what is chosen on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.home_view import CHOOSE, Facts, home_view, token
from bot.people import Permissions, Person
from bot.slack_errors import NO_REPLY, SERVER_ERROR, asked_to_wait, error_name
from engine.areas import load_areas
from jobs.coming import due_between, overdue
from jobs.overview import overview
from jobs.policy import Policy
from jobs.settings import Settings
from state import acknowledgements, homes, mutes, sources, subscriptions
from state.database import Database, Writer
from state.reader import Reader
from state.subscriptions import How, Subscription

log = structlog.get_logger(__name__)

_AHEAD = timedelta(days=60)
_HOW: dict[str, How | None] = {"off": None, "weekly": "weekly", "now": "now"}
_GONE = frozenset({"user_not_found", "users_not_found", "invalid_user", "invalid_user_id", "user_disabled"})
_OF_ALL = frozenset(
    {
        "not_enabled", "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "missing_scope", "service_unavailable", "fatal_error", "internal_error", "request_timeout",
    }
)  # fmt: skip
"""Refusals that every user's Home tab would meet with now."""
_REST = timedelta(minutes=1)


class Homes:
    """The Home tabs of those who have opened them; safe to use from many threads."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        client: WebClient,
        permissions: Permissions,
        settings: Settings,
        policy: Policy,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._client = client
        self._permissions = permissions
        self._settings = settings
        self._policy = policy
        self._now = now
        self._guard = threading.Lock()
        self._facts: tuple[str, Facts] | None = None
        self._hashes: dict[str, str] = {}
        self._resting_until = datetime.min.replace(tzinfo=UTC)

    def opened(self, body: dict[str, Any]) -> None:
        """Somebody has opened the app: show the Home tab, and from now on keep it as things are."""
        event = body.get("event") or {}
        person = Person.of({"user_id": event.get("user", ""), "team_id": body.get("team_id", "")})
        if event.get("tab") != "home" or not self._permissions.member(person):
            return
        stamp = self._stamp()
        if not self._publish(person.id, opened=stamp):
            with self._writer.unit() as db:
                homes.opened(db, person.id, stamp)  # so that the next refresh makes up for it

    def chosen(self, body: dict[str, Any]) -> None:
        """Somebody has chosen how to hear of a theme: it is kept for the one who chose, whatever the choice carries."""
        person = Person.of(body)
        if not self._permissions.member(person):
            log.warning("choice of somebody from elsewhere ignored", user=person.id)
            return
        for action in body.get("actions") or ():
            if action.get("action_id") == CHOOSE:
                self._choose(person, str((action.get("selected_option") or {}).get("value", "")))
        self._publish(person.id)

    def refresh(self) -> int:
        """Bring every Home tab up to date that shows something else than how things are; returns how many it was.

        Where Slack asks to slow down the rest waits for a later call.
        """
        if self._now() < self._resting_until:
            return 0
        facts_version = self._version()
        shown, wanted = self._reader.read(lambda db: (homes.versions(db), _by_place(db)))
        done = 0
        for user, version in shown.items():
            if version != _own_version(facts_version, wanted.get(user, {})):
                if not self._publish(user):
                    break
                done += 1
        return done

    def _choose(self, person: Person, value: str) -> None:
        kind, _, mark = value.partition(":")
        if kind not in _HOW:
            return
        how = _HOW[kind]
        names = self._reader.names()
        with self._writer.unit() as db:
            own = {one.theme: one for one in subscriptions.subscriptions(db, person.id)}
            known = [name for name, _ in (*names.composites, *names.themes)]
            name = next((name for name in (*known, *own) if token(name) == mark), None)
            if name is None:
                return
            if how is None:
                subscriptions.unsubscribe(db, person.id, [name])
            elif name not in own or own[name].how != how:
                subscriptions.subscribe(db, Subscription(person.id, name, how, person.id, self._stamp()))

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _today(self) -> date:
        return self._now().astimezone(self._settings.schedule.timezone).date()

    def _version(self) -> str:
        """Changes whenever what all Home tabs show alike does."""
        return f"{self._reader.version()}/{self._today().isoformat()}/{self._reader.read(homes.mark)}"

    def _shared(self) -> tuple[str, Facts]:
        """What all Home tabs show alike, read once for each version of it."""
        with self._guard:
            version = self._version()
            if self._facts is None or self._facts[0] != version:
                self._facts = version, self._read_facts()
            return self._facts

    def _read_facts(self) -> Facts:
        today, settings, policy = self._today(), self._settings, self._policy
        overall = self._reader.overall()

        def read(db: Database) -> Facts:
            held = {*sources.held_whole(db).values(), *sources.held_indicators(db).values()}
            muted = mutes.mutes(db, today.isoformat(), mutes.EVERYBODY)
            return Facts(
                council=overall.snapshot.council_name if overall else _council(settings),
                overall=overall,
                due=due_between(db, policy, today, today + _AHEAD),
                late=overdue(db, policy),
                sources=overview(db, settings, policy),
                held=len(held),
                muted=len(muted),
                acknowledged=len(acknowledgements.latest(db)),
                command=settings.slack.command,
            )

        return self._reader.read(read)

    def _publish(self, user: str, opened: str = "") -> bool:
        """Show a user how things are; False where Slack cannot be asked now, and the others need not try.

        Nothing is written before it is shown, as writing may have to wait for a release that comes in. What was
        published last is named, so that an older view never takes the place of a newer one.
        """
        for _ in range(3):
            known = self._hashes.get(user)
            facts_version, facts = self._shared()
            own = self._reader.read(lambda db: _by_place(db, user)).get(user, {})
            try:
                answer = self._client.views_publish(user_id=user, view=home_view(facts, own), hash=known)
            except SlackApiError as error:
                if error.response.get("error") == "hash_conflict":
                    self._hashes.pop(user, None)
                    continue
                return self._refused(user, _own_version(facts_version, own), error)
            except NO_REPLY as error:
                log.warning("home not published", reason=type(error).__name__)
                return False
            self._hashes[user] = str((answer.get("view") or {}).get("hash") or "")
            with self._writer.unit() as db:
                if opened:
                    homes.opened(db, user, opened)
                homes.shown(db, user, _own_version(facts_version, own))
            return True
        return True  # another thread shows this user something newer

    def _refused(self, user: str, version: str, error: SlackApiError) -> bool:
        """What Slack said no to; True where the others may be tried all the same."""
        name = error_name(error)
        if (seconds := asked_to_wait(error)) is not None:
            self._resting_until = self._now() + timedelta(seconds=seconds)
            log.info("Slack asks to slow down; Home tabs wait")
            return False
        gone = name in _GONE or "user not found" in str(error.response.get("response_metadata"))
        mine = error.response.status_code < SERVER_ERROR and name not in _OF_ALL
        log.warning("home not published", reason=name, user=user if mine else "")
        if not mine:
            self._resting_until = self._now() + _REST
            return False
        with self._writer.unit() as db:
            if gone:
                homes.forget(db, user)
            else:
                homes.shown(db, user, version)  # not asked again before there is something else to show
        self._hashes.pop(user, None)
        return True


def _council(settings: Settings) -> str:
    areas = load_areas()
    return areas[areas.carry(settings.council.code)].name


def _by_place(db: Database, place: str | None = None) -> dict[str, dict[str, How]]:
    found: dict[str, dict[str, How]] = {}
    for one in subscriptions.subscriptions(db, place):
        found.setdefault(one.place, {})[one.theme] = one.how
    return found


def _own_version(shared: str, own: Mapping[str, How]) -> str:
    """The version a Home tab shows: of what all show alike, and of its own subscriptions."""
    return f"{shared}/{token(repr(sorted(own.items())))}"
