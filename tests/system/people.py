"""People beside the running service: they type, press, fill in and read, by signed HTTP or over Socket Mode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from bot.slack_text import Message as Said
from bot.slack_text import plain
from tests.slack_double import Actor, Message, Response, SlackDouble, check_message, live_mentions
from tests.slack_double.client import Reply
from tests.system.commands import Desk, Launcher
from tests.system.service import PATIENCE, TOKENS, Service, new_slack, prepare, running, until

CARRIERS = ("http", "socket")
ANN, BOB, ROSE, EVE = "U0ANN", "U0BOB", "U0ROSE", "U0EVE"
"""An approver, a colleague, the lead of the roads, and somebody of another workspace."""
SAFETY, LOBBY = "C0SAFE", "C0LOBBY"
"""The channel of the lead for crime, and one where nothing is sent to."""

PEOPLE = f"""
[[leads]]
name = "Community safety"
slack = "{SAFETY}"
themes = ["Police & Crime"]

[[leads]]
name = "Roads"
slack = "{ROSE}"
themes = ["Transport & Highways"]
"""

PACE = 0.05
"""Seconds between messages in a channel; this Slack takes them as quickly as they come."""

View = dict[str, Any]
_LOADING = "Loading…"


@dataclass
class Office:
    """The service, the Slack beside it, and what people do there."""

    desk: Desk
    slack: SlackDouble
    carrier: str
    launcher: Launcher
    stack: ExitStack
    refusals: set[str] = field(default_factory=lambda: {"hash_conflict"})
    """Slack's refusals that a test asked for, and that of a Home tab published twice at once; all others are faults."""
    _service: Service | None = None

    @property
    def service(self) -> Service:
        """The service that runs, or ran last."""
        assert self._service is not None
        return self._service

    @property
    def people(self) -> Actor:
        """People who use the app the way it is connected."""
        return (
            self.slack.socket if self.carrier == "socket" else self.slack.http(f"{self.service.address}/slack/events")
        )

    def start(self) -> None:
        """Start the service, and wait until it can be talked to."""
        self._service = self.stack.enter_context(running(self.desk, self.slack, self.launcher, PACE))
        if self.carrier == "socket":
            self.slack.wait_for(lambda: self.slack.socket.connected == 1, PATIENCE)
        else:
            self.service.says("listening")

    def killed(self) -> None:
        """kill -9, and start it again."""
        self.service.kill()
        if self.carrier == "socket":
            self.slack.wait_for(lambda: not self.slack.socket.connected, PATIENCE)
        self.start()

    def settings(self, more: str = "") -> None:
        """Write the settings: approvers, leads, and ``more``."""
        prepare(self.desk, self.carrier, f"{PEOPLE}{more}")
        path = self.desk.folder / "config.toml"
        text = path.read_text("utf-8")
        path.write_text(text.replace("[slack]\n", f'[slack]\napprovers = ["{ANN}"]\n', 1), "utf-8")

    def catalogue(self, paths: str) -> None:
        """Have the settings name these paths of a catalogue."""
        path = self.desk.folder / "config.toml"
        path.write_text(path.read_text("utf-8").replace("paths = []", f"paths = [{paths}]", 1), "utf-8")

    # --- what people do ---------------------------------------------------------------------------

    def ask(self, text: str, user: str = BOB, channel: str = LOBBY) -> Message:
        """Type a command; the answer, once it is shown."""
        return self.shown(self.good(self.people.slash("/rank", text, user=user, channel=channel)))

    def press(self, action: str, message: Message, user: str = BOB, value: str | None = None) -> Reply:
        """Press a button of a message that stands."""
        channel = self.where(message)
        return self.good(self.people.press(action, value, user=user, channel=channel, ts=message.ts))

    def answered(self, action: str, message: Message, user: str = BOB, value: str | None = None) -> str:
        """Press a button, and read what is said to the one who pressed."""
        return read(self.shown(self.press(action, message, user, value)))

    def opened(self, action: str, message: Message, user: str = BOB) -> View:
        """Press a button that opens a modal; the modal, once it is no longer loading. Those open before are closed."""
        while self.slack.modal(user):
            self.people.close(user=user)
        self.press(action, message, user)
        return self.modal(user)

    def good(self, reply: Reply) -> Reply:
        """A reply that came in time, and without an error."""
        assert reply.ok, reply
        return reply

    # --- what people see --------------------------------------------------------------------------

    def responses(self, reply: Reply) -> list[Response]:
        """What was answered, once anything is."""
        self.slack.wait_for(lambda: self.slack.responses(reply), PATIENCE)
        return self.slack.responses(reply)

    def shown(self, reply: Reply) -> Message:
        """The first message that answers."""
        message = self.responses(reply)[0].message
        assert message is not None
        return message

    def modal(self, user: str = BOB, containing: str = "") -> View:
        """The modal a person looks at, once it has loaded and has these words."""

        def found() -> View | None:
            view = self.slack.modal(user)
            return view if view and _LOADING not in str(view["blocks"]) and containing in words_of(view) else None

        return cast("View", self.slack.wait_for(found, PATIENCE))

    def home(self, user: str, containing: str = "") -> View:
        """The Home tab of a person, once it has these words."""

        def found() -> View | None:
            view = self.slack.home(user)
            return view if view and containing in words_of(view) else None

        return cast("View", self.slack.wait_for(found, PATIENCE))

    def where(self, message: Message) -> str:
        """The channel that a message stands in."""
        found = self.slack._workspace.channels.values()
        return next(one.id for one in found if one.find(message.ts))

    def standing(self, channel: str, containing: str = "") -> Message:
        """The newest message of a channel itself that has these words, once there is one."""

        def found() -> Message | None:
            shown = self.slack.channel(channel).top_level()
            return next((one for one in reversed(shown) if containing in one.text), None)

        return cast("Message", self.slack.wait_for(found, PATIENCE))

    def now(self, message: Message, containing: str = "") -> Message:
        """A message as it stands, once it has these words."""
        channel = self.slack.channel(self.where(message))

        def found() -> Message | None:
            shown = channel.find(message.ts)
            return shown if shown and containing in shown.text else None

        return cast("Message", self.slack.wait_for(found, PATIENCE))

    def thread(self, message: Message, containing: str = "", count: int = 1) -> list[Message]:
        """What stands in the thread of a message, once so many have these words."""
        channel = self.slack.channel(self.where(message))

        def found() -> list[Message]:
            shown = [one for one in channel.thread(message.ts) if containing in one.text]
            return shown if len(shown) >= count else []

        return self.slack.wait_for(found, PATIENCE)

    def told(self, user: str, channel: str, containing: str) -> Message:
        """What only one person sees in a channel, once it has these words."""

        def found() -> Message | None:
            shown = self.slack.channel(channel).ephemeral
            return next((one for one in shown if one.ephemeral_to == user and containing in one.text), None)

        return cast("Message", self.slack.wait_for(found, PATIENCE))

    def top(self, channel: str) -> list[str]:
        """The first lines of what stands in a channel itself."""
        return [first(message) for message in self.slack.channel(channel).top_level()]

    # --- what the database shows ------------------------------------------------------------------

    def settled(self) -> None:
        """Wait until everything owed is sent."""
        owed = "SELECT key FROM outbox WHERE state NOT IN ('sent', 'suppressed')"
        until(lambda: self.desk.rows(owed) == [], "all sent")

    def released(self, number: int) -> None:
        """Wait until a release is taken in."""
        until(lambda: self.desk.rows("SELECT 1 FROM releases WHERE id = ?", number), f"release {number}")

    # --- what must always be so -------------------------------------------------------------------

    def assert_well(self) -> None:
        """Every message says in its text what its blocks say, mentions nobody, and nothing went wrong."""
        for channel in self.slack._workspace.channels.values():
            for message in (*channel.messages, *channel.ephemeral):
                assert_twin(message)
                assert not live_mentions({"text": message.text, "blocks": message.blocks}) or message.ephemeral_to
        refused = [
            (request.method, request.answer)
            for request in self.slack.requests
            if not request.fault and not request.answer.get("ok") and request.answer.get("error") not in self.refusals
        ]
        assert refused == []
        assert "Traceback" not in self.service.err, self.service.err
        assert "answer_without_blocks" not in self.service.err
        for secret in (*TOKENS.values(), self.slack.api_url.replace("/api/", "/response/"), "ticket="):
            assert secret not in self.service.err


def assert_twin(message: Message) -> None:
    """What a screen reader reads, the text alone, has the fact and what the blocks have; nothing is over a limit."""
    if message.user != "UBOT":
        return
    if message.files:
        assert all(file["alt_txt"] for file in message.files if file["mimetype"].startswith("image/"))
        return
    assert check_message({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert message.text.strip()
    read = spaced(plain(Said(message.text, [])))
    if any(block["type"] == "image" for block in message.blocks):
        assert all(spaced(block["alt_text"])[:500] in read for block in message.blocks)
        return
    lines = plain(Said("", [block for block in message.blocks if block["type"] != "table"])).split("\n")
    missing = [line for line in lines if spaced(line) not in read]
    assert missing == [] or "more line" in read or "see the thread" in read, (missing, message.text)
    if message.blocks and message.blocks[0]["type"] != "table":
        assert read.startswith(spaced(lines[0])), (lines[0], message.text)
    rows = [row for block in message.blocks if block["type"] == "table" for row in block["rows"]]
    told = [spaced(cell["text"]).casefold() for row in rows for cell in row if cell is not rows[0][0]]
    assert "more line" in read or [cell for cell in told if cell not in read.casefold()] == [], message.text


def spaced(text: str) -> str:
    """Text with its white space alike, and without characters that are not seen."""
    return re.sub(r"\s+", " ", re.sub(r"[\u2060\u2068\u2069\u034f\u200b]", "", text)).strip()


def words_of(view: View) -> str:
    """The words of a modal or a Home tab, as people read them."""
    said = plain(Said("", [block for block in view["blocks"] if block["type"] not in {"input", "actions"}]))
    labels = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    title = [view["title"]["text"]] if "title" in view else []
    return spaced("\n".join([*title, said, *labels]))


def first(message: Message) -> str:
    """The first line of a message's text, as a person reads it."""
    return read(message).split("\n", 1)[0]


def read(message: Message) -> str:
    """A message's text alone, as a person reads it."""
    return re.sub(r"[\u2060\u2068\u2069\u034f\u200b]", "", plain(Said(message.text, [])))


def options(view: View, block: str) -> list[str]:
    """What can be chosen under a name in a modal, as people read it."""
    element = next(one["element"] for one in view["blocks"] if one.get("block_id") == block)
    return [option["text"]["text"] for option in element["options"]]


def forged_press(people: Actor, message: Message, channel: str, user: str, action: Mapping[str, Any]) -> Reply:
    """Press something that is not there: any action id and value, said to be under a message."""
    interaction = people._interactions.begin(channel, user, message.ts)
    payload = {
        **people._envelope("block_actions", user, interaction),
        "container": {"type": "message", "message_ts": message.ts, "channel_id": channel, "is_ephemeral": False},
        "channel": {"id": channel, "name": channel.lower()},
        "response_url": people._response_url(interaction),
        "state": {"values": {}},
        "actions": [{"type": "button", "block_id": "x", "action_ts": people._workspace.next_ts(), **action}],
    }
    return people._send("interactive", payload, interaction)


def forged_form(people: Actor, view: View, user: str, state: Mapping[str, Any]) -> Reply:
    """Send in a form with whatever state, as another person if wanted, past what Slack would check."""
    interaction = people._interactions.begin(None, user, view=view["id"])
    payload = {
        **people._envelope("view_submission", user, interaction),
        "view": {**view, "state": {"values": dict(state)}},
        "response_urls": [],
    }
    return people._send("interactive", payload, interaction)


@contextmanager
def office(desk: Desk, carrier: str, launcher: Launcher) -> Iterator[Office]:
    """A Slack with people in it, and a folder with settings; the service is not started yet."""
    with ExitStack() as stack:
        slack = stack.enter_context(new_slack())
        slack.pace(None)
        for channel in (SAFETY, LOBBY):
            slack.add_channel(channel)
        for user, name in ((ANN, "ann"), (BOB, "bob"), (ROSE, "rose")):
            slack.add_user(user, name=name)
        slack.add_user(EVE, name="eve", team_id="T2")
        made = Office(desk, slack, carrier, launcher, stack)
        made.settings()
        yield made
