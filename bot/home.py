"""The Home tab: how the council stands, what its reader subscribes to, what is due, and how the sources are.

The themes are sections, one each with its own choice of subscription, and no ``table`` block: tables are made for
messages, a Home tab may refuse them, and a row of a table can hold no choice.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import words
from bot.people import Permissions, Person
from bot.slack_text import Block, code, context, cut, header, literal, paragraphs, section
from engine.areas import load_areas
from jobs import digest
from jobs.notices import DueLine
from jobs.overview import Overview, overview
from jobs.policy import Policy
from jobs.settings import Settings
from state import acknowledgements, homes, mutes, sources, subscriptions
from state.database import Database, Writer
from state.reader import Reader
from state.subscriptions import How, Subscription
from state.views import OverallReport, ThemeView

CHOOSE = "home:subscribe"
"""Action id of the choice beside a theme."""

View = dict[str, Any]

log = structlog.get_logger(__name__)

THEMES = 60
"""Themes and composites shown with a choice: a Home tab takes 100 blocks."""
DUE, LATE, TROUBLES = 8, 5, 6

_AHEAD = timedelta(days=60)
_HEADER = 140
_REASON = 160
_TOKEN = 12
_CHOICES: tuple[tuple[str, str], ...] = (("off", "Not subscribed"), ("weekly", "Weekly digest"), ("now", "At once"))
_HOW: dict[str, How | None] = {"off": None, "weekly": "weekly", "now": "now"}
_GONE = frozenset({"user_not_found", "users_not_found", "invalid_user", "invalid_user_id", "user_disabled"})
_OF_ALL = frozenset(
    {
        "not_enabled", "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "missing_scope", "service_unavailable", "fatal_error", "internal_error", "request_timeout",
    }
)  # fmt: skip
"""Refusals that every user's Home tab would meet with now."""
_TOO_MANY, _SERVER_ERROR = 429, 500
_REST = 60.0


@dataclass(frozen=True)
class Facts:
    """What every Home tab shows alike; ``overall`` is None before the first release.

    ``late`` are releases that the ops channel was told are overdue; ``held`` counts releases that wait for a decision,
    whole or in part; ``muted`` and ``acknowledged`` count subjects.
    """

    council: str
    overall: OverallReport | None
    due: tuple[DueLine, ...]
    late: tuple[DueLine, ...]
    sources: Overview
    held: int
    muted: int
    acknowledged: int
    command: str


def token(name: str) -> str:
    """A theme's name as the value of a choice carries it: short, whatever the name is."""
    return hashlib.sha256(name.encode()).hexdigest()[:_TOKEN]


def home_view(facts: Facts, own: Mapping[str, How]) -> View:
    """The Home tab of somebody with these subscriptions, by theme; within Slack's limits."""
    blocks = [
        header(cut(facts.council, _HEADER)),
        *paragraphs([_headline(facts)]),
        *_themes(facts, own),
        *paragraphs([_subscriptions(facts, own)]),
        *paragraphs(_releases(facts)),
        *paragraphs(_health(facts.sources)),
        context(_foot(facts)),
    ]
    return {"type": "home", "blocks": blocks}


def _headline(facts: Facts) -> str:
    overall = facts.overall
    if overall is None:
        return (
            "*There are no figures yet.* The first release that comes is ranked and told to the team's channel; this "
            "page then shows every theme. Below is what is expected and how the sources are."
        )
    low = f"{words.share(overall.bottom, overall.judged, 'indicator')} in the bottom quartile"
    composites = [f"{words.name(view.name)} {words.place(view.standing)}" for view in overall.composites[:3]]
    return f"*{words.joined(*composites, low)}*"


def _themes(facts: Facts, own: Mapping[str, How]) -> list[Block]:
    """One section for each theme and composite, and for what is subscribed to and no longer there."""
    overall = facts.overall
    views = [*overall.composites, *overall.themes] if overall else []
    gone = sorted(own.keys() - {view.name for view in views})
    rows = [
        *((view.name, _theme(view, overall)) for view in views),
        *((name, f"{words.strong(name)}\nNothing is known of it now") for name in gone),
    ]
    # Where there are too many, those subscribed to come first, so that every subscription can be ended.
    chosen = sorted(rows, key=lambda row: row[0] not in own)[:THEMES] if len(rows) > THEMES else rows
    shown = {name for name, _ in chosen}
    found = [_row(name, text, own.get(name)) for name, text in rows if name in shown]
    if len(rows) > THEMES:
        more = words.count(len(rows) - THEMES, "more theme")
        found.append(section(f"… and {more}: {code(f'{facts.command} overall')} shows them"))
    return found


def _theme(view: ThemeView, overall: OverallReport | None) -> str:
    """As "*Police & Crime* — 21st of 32 (11th last year, ▼) · spend 3rd highest of 32 · 7 of 23 …"."""
    what = " (composite)" if view.kind == "composite" else ""
    before = view.previous
    last = ""
    if before is not None and before.rank is not None:
        arrow = {"↑": f", {words.UP} better", "↓": f", {words.DOWN} worse"}.get(words.trend(before, view.standing), "")
        last = f"{words.position(before)} last year{arrow}"
    line = overall.expenditure.get(view.name) if overall else None
    detail = words.joined(
        last,
        f"spend {words.spend(line.standing)}" if line else "",
        f"{words.share(view.bottom, view.judged, 'indicator')} in the bottom quartile" if view.judged else "",
    )
    fact = f"{words.strong(view.name)}{what} — {words.place(view.standing)}"
    return f"{fact}\n{detail}" if detail else fact


def _row(name: str, text: str, how: How | None) -> Block:
    mark = token(name)
    options = {kind: _option(said, f"{kind}:{mark}") for kind, said in _CHOICES}
    # A block is named by what it shows: Slack keeps an old choice where block and action are called as before.
    chosen = how or "off"
    choice: Block = {
        "type": "static_select",
        "action_id": CHOOSE,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
    return section(text, choice) | {"block_id": f"home:{mark}:{chosen}"}


def _option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": value}


def _subscriptions(facts: Facts, own: Mapping[str, How]) -> str:
    if not own:
        ways = f"Choose beside a theme, or type {code(f'{facts.command} subscribe')}"
        return words.joined("*Your subscriptions: none*", ways if facts.overall else "")
    told = []
    for how, said in (("now", "at once"), ("weekly", "in the weekly digest")):
        names = sorted(name for name, kind in own.items() if kind == how)
        if names:
            told.append(f"{said}: {_some([words.name(name) for name in names], 8)}")
    return f"*Your subscriptions* · {' · '.join(told)}"


def _some(names: list[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _releases(facts: Facts) -> list[str]:
    """What is due, what is late and what waits for a decision."""
    due = [f"• {_expected(line)}" for line in facts.due[:DUE]]
    more = len(facts.due) - DUE
    late = [f"• {_expected(line)}: has not come" for line in facts.late[:LATE]]
    later = len(facts.late) - LATE
    held = f"*{words.count(facts.held, 'release')} held for a decision*" if facts.held else ""
    return [
        "*Releases due*" if due else "*Releases due: none announced for the next two months*",
        *due,
        f"… and {more:,} more: {code(f'{facts.command} releases')}" if more > 0 else "",
        f"*Late: {words.count(len(facts.late), 'release')}*" if late else "",
        *late,
        f"… and {later:,} more" if later > 0 else "",
        held,
    ]


def _expected(line: DueLine) -> str:
    day = f"by {words.day(line.day)}, provisional" if line.provisional else words.day(line.day)
    return f"{words.name(line.title)} ({words.name(line.source)}) · {day}"


def _health(found: Overview) -> list[str]:
    """Which sources are well, and what is wrong at the others."""
    watched = [line for line in found.sources if line.on]
    troubles = []
    for line in watched:
        broken = [dataset for dataset in line.datasets if dataset.problem]
        if line.problem:
            troubles.append(f"• {words.strong(line.title)}: {_reason(line.problem)}")
        elif broken:
            first = f"{words.name(broken[0].title)}: {_reason(broken[0].problem)}"
            more = f" and {words.count(len(broken) - 1, 'more data set')}" if len(broken) > 1 else ""
            troubles.append(f"• {words.strong(line.title)}: {first}{more}")
    if not watched:
        return ["*Sources: no publisher is watched*; figures come from files."]
    well = len(watched) - len(troubles)
    fact = f"*Sources: {well:,} of {len(watched):,} {'is' if well == 1 else 'are'} well*"
    hidden = len(troubles) - TROUBLES
    return [fact, *troubles[:TROUBLES], f"… and {hidden} more" if hidden > 0 else ""]


def _reason(text: str) -> str:
    return literal(cut(text, _REASON))


def _foot(facts: Facts) -> str:
    on = words.foot(words.footing(facts.overall.snapshot)) if facts.overall else ""
    return words.joined(
        on,
        f"{facts.muted:,} muted for everybody" if facts.muted else "",
        f"{facts.acknowledged:,} acknowledged" if facts.acknowledged else "",
        f"{code(f'{facts.command} help')} shows what else can be asked",
    )


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
                due=digest.due_between(db, policy, today, today + _AHEAD),
                late=digest.overdue(db, policy),
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
            except (SlackClientError, OSError, HTTPException) as error:
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
        name = str(error.response.get("error") or error.response.status_code)
        if error.response.status_code == _TOO_MANY or name in {"ratelimited", "rate_limited"}:
            self._resting_until = self._now() + timedelta(seconds=_seconds(error))
            log.info("Slack asks to slow down; Home tabs wait")
            return False
        gone = name in _GONE or "user not found" in str(error.response.get("response_metadata"))
        mine = error.response.status_code < _SERVER_ERROR and name not in _OF_ALL
        log.warning("home not published", reason=name, user=user if mine else "")
        if not mine:
            self._resting_until = self._now() + timedelta(seconds=_REST)
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


def _seconds(error: SlackApiError) -> float:
    """What Retry-After asks for; a minute where it says nothing that is a number."""
    try:
        return max(float(error.response.headers.get("Retry-After") or ""), 1.0)
    except ValueError:
        return _REST
