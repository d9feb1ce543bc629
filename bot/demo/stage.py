"""What the demonstration plays on: all of benchwatch, but that Slack's place is taken by what keeps what it would show.

Releases are taken in, messages delivered, buttons pressed, forms sent in and questions asked as they are in service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot import demo
from bot.actions import Actions
from bot.commands import Answers
from bot.delivery import Delivery
from bot.home import Homes
from bot.home_view import CHOOSE, token
from bot.people import Permissions
from bot.pictures import Pictures
from bot.report import gather, paper
from bot.report.parts import Paper
from bot.slack_text import Message, Picture
from jobs.deciding import reject
from jobs.digest import owe_digests
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM, policy_from
from jobs.settings import Settings, load_settings, toml_value
from jobs.sources import file
from state import ledger
from state.database import Writer, connect, unit
from state.reader import Reader

TEAM_CHANNEL, OPS_CHANNEL, LEAD_CHANNEL = "performance", "performance-ops", "adult-social-care"
LEAD = "Adult social care"
ANALYST, SERVICE_LEAD = "U0ANALYST", "U0LEAD"
"""Who presses and asks; the analyst is an approver."""

View = Mapping[str, Any]

_NAMES = {ANALYST: "performance.analyst", SERVICE_LEAD: "service.lead"}
_THEMES = ("Adult Social Care - Delivery", "Adult Social Care - Perception")
_WORKSPACE = "T0DEMO"
_LIMIT = 50 << 20
_LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """A message or a picture in a channel; ``number`` is its own, ``thread`` that of the message it stands under."""

    number: str
    channel: str
    said: Message | Picture
    at: datetime
    thread: str


@dataclass
class _Channel:
    """Collects what would stand in the channels, in place of Slack."""

    stands: list[Standing] = field(default_factory=list)
    now: datetime = _LONG_AGO

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        del key
        return self._put(channel, message, thread)

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        del key
        return self._put(channel, picture, thread)

    def update(self, channel: str, ts: str, message: Message) -> bool:
        del channel
        at = int(ts) - 1
        self.stands[at] = replace(self.stands[at], said=message)
        return True

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        del channel, key, since, thread
        return ""

    def _put(self, channel: str, said: Message | Picture, thread: str) -> tuple[str, str]:
        number = str(len(self.stands) + 1)
        self.stands.append(Standing(number, channel, said, self.now, thread))
        return channel, number


class _Workspace(WebClient):
    """Keeps the modals and Home tabs that would be shown, by who sees them, and asks nobody."""

    def __init__(self) -> None:
        super().__init__(token="")
        self.views: dict[str, View] = {}

    def api_call(self, api_method: str, *, json: View | None = None, **_: object) -> SlackResponse:
        sent = json or {}
        name = str(sent.get("view_id") or sent.get("user_id") or sent.get("trigger_id"))
        if "view" in sent:
            self.views[name] = sent["view"]
        answer = {"ok": True, "view": {"id": name, "hash": "1"}}
        return SlackResponse(
            client=self, http_verb="POST", api_url=api_method, req_args={}, data=answer, headers={}, status_code=200
        )


class Stage:
    """The service with a database of its own in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._settings = _settings(folder)
        self._policy = replace(policy_from(self._settings), illustrative=demo.ILLUSTRATIVE)
        self._path = self._settings.state.path
        self._channel = _Channel()
        self._workspace = _Workspace()
        self._pressed = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._db = connect(self._path)
            stack.callback(self._db.close)
            self._reader = Reader(self._path)
            stack.callback(self._reader.close)
            writer = Writer(self._path)
            stack.callback(writer.close)
            self._start(writer)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, writer: Writer) -> None:
        reader, client, permissions = self._reader, self._workspace, Permissions({ANALYST}, lambda: _WORKSPACE)
        self._pictures = Pictures(reader)
        places = {TEAM: TEAM_CHANNEL, OPS: OPS_CHANNEL, f"lead:{LEAD}": LEAD_CHANNEL}
        self._delivery = Delivery(self._db, self._path, self._channel, places, self._now, self._pictures)
        self._actions = Actions(reader, writer, permissions, client, self._deliver, clock=self._now)
        self._homes = Homes(reader, writer, client, permissions, self._settings, self._policy, self._now)
        self._answers = Answers(reader)

    def _now(self) -> datetime:
        return self._channel.now

    def _deliver(self) -> None:
        self._delivery.deliver_due()

    @property
    def stands(self) -> Sequence[Standing]:
        """Everything that was posted, as it stands now."""
        return tuple(self._channel.stands)

    def at(self, moment: datetime) -> None:
        """Let the clock go on to a moment."""
        self._channel.now = moment

    def release(self, path: Path) -> None:
        """Take a file in and deliver what there is to tell."""
        ingest(self._db, file.read(path, limit=_LIMIT), self._policy, now=self._now(), path=self._path)
        self._deliver()

    def digests(self) -> None:
        """Make and deliver the digests that are due."""
        with unit(self._db, self._path):
            owe_digests(self._db, self._settings, self._policy, self._now())
        self._deliver()

    def press(self, person: str, message: Standing, action: str) -> View:
        """Press a button of a message; what opens, if anything does."""
        [value] = (
            element["value"]
            for block in _message(message).blocks
            for element in block.get("elements", ())
            if element.get("action_id") == action
        )
        self._pressed += 1
        trigger = f"press {self._pressed}"
        body = _by(person) | {"trigger_id": trigger, "channel": {"id": message.channel}}
        body["actions"] = [{"action_id": action, "value": value, "action_ts": trigger}]
        self._actions.presses[action](body)
        return self._workspace.views.get(trigger, {})

    def send(self, person: str, form: View, filled: Mapping[str, Mapping[str, Any]]) -> None:
        """Send a form in; inputs left alone keep what they showed. What follows from it is done at once."""
        values = {block["block_id"]: {"in": _initial(block["element"])} for block in form["blocks"] if _asks(block)}
        values |= {name: {"in": dict(given)} for name, given in filled.items()}
        self._pressed += 1
        view = {**form, "id": f"V{self._pressed}", "state": {"values": values}}
        body = _by(person) | {"view": view, "trigger_id": f"form {self._pressed}"}
        done = self._actions.forms[form["callback_id"]](body)
        if done.then is None:
            raise AssertionError(f"the form was not taken: {done.ack}")
        done.then()

    def turn_down(self) -> None:
        """Carry out what was decided about held releases, as the worker does."""
        for decision in ledger.open_decisions(self._db):
            reject(self._db, decision, now=self._now(), path=self._path)
            with unit(self._db, self._path):
                ledger.close_decision(self._db, decision.id, "done")
        self._deliver()

    def ask(self, question: str) -> tuple[View, Picture | None]:
        """What the one who asks sees: the answer, and the chart that follows it."""
        answer = self._answers.payload(question)
        return json.loads(answer.full), self._pictures(answer.chart) if answer.chart else None

    def annex(self) -> Paper:
        """The annex to a committee's paper, as the figures stand."""
        found = self._reader.read(lambda db: gather(db, self._settings.ranking.similar))
        if found is None:
            raise AssertionError("no release was taken in")
        return paper(found)

    def home(self, person: str, subscribe: str = "") -> View:
        """What somebody sees on the Home tab, who chooses a theme there for the weekly digest."""
        self._homes.opened({"event": {"user": person, "tab": "home"}, "team_id": _WORKSPACE})
        if subscribe:
            chosen = {"action_id": CHOOSE, "selected_option": {"value": f"weekly:{token(subscribe)}"}}
            self._homes.chosen(_by(person) | {"actions": [chosen]})
        return self._workspace.views[person]


def _settings(folder: Path) -> Settings:
    def quoted(*texts: str) -> str:
        return ", ".join(map(toml_value, texts))

    path = folder / "config.toml"
    path.write_text(
        f"""
        council = {{ code = {quoted(demo.COUNCIL)}, comparators = {quoted(demo.COMPARATORS)} }}
        slack = {{ channel = {quoted(TEAM_CHANNEL)}, ops_channel = {quoted(OPS_CHANNEL)} }}
        leads = [{{ name = {quoted(LEAD)}, slack = {quoted(LEAD_CHANNEL)}, themes = [{quoted(*_THEMES)}] }}]
        catalogue = {{ paths = [{quoted(str(demo.CATALOGUE))}] }}
        polling = {{ on = false }}
        state = {{ path = {quoted(str(folder / "demo.db"))} }}
        """,
        encoding="utf-8",
    )
    return load_settings(path, {})


def _by(person: str) -> dict[str, Any]:
    return {"user": {"id": person, "name": _NAMES[person], "team_id": _WORKSPACE}}


def _message(standing: Standing) -> Message:
    if isinstance(standing.said, Message):
        return standing.said
    raise AssertionError("a picture has no buttons")


def _asks(block: Mapping[str, Any]) -> bool:
    return bool(block["type"] == "input")


def _initial(element: Mapping[str, Any]) -> dict[str, Any]:
    """What Slack sends of an input that nobody touched."""
    return {"selected_options": element["initial_options"]} if element.get("initial_options") else {}
