"""A whole office for pressing buttons in: figures, messages that stand in Slack, the app, and the worker on demand."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import waitress
from slack_sdk import WebClient

from bot.actions import Actions
from bot.commands import Answers
from bot.delivery import Delivery
from bot.people import OwnTeam, Permissions
from bot.slack_app import Responder, build_app, socket_handler, wsgi
from bot.slack_poster import SlackPoster, web_client
from bot.slack_text import Message as Said
from bot.slack_text import plain
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM
from jobs.settings import Settings, load_settings
from jobs.worker import carry_out_decisions
from state.database import Database, Writer, connect
from state.reader import Reader
from tests.slack_double import Actor, Message, Response, SlackDouble
from tests.system.releases import NOW, ROADS, Book, Entry, at_place, policy, release

SECRET = "signing-secret"
TEAM_CHANNEL, OPS_CHANNEL, ELSEWHERE = "C1", "C2", "C3"
APPROVER, MEMBER, STRANGER = "U0ANN", "U0BOB", "U0EVE"
ENTRIES = (
    Entry("burglary", name="Burglary"),
    Entry("robbery", name="Robbery"),
    Entry("potholes", ROADS, name="Potholes"),
    Entry("litter", ROADS, name="Litter"),
)


def prepare(folder: Path) -> Path:
    """A database with a baseline, an alert about burglary and robbery, and a release of which two indicators are held.

    The theme falls by 16 places; of the third release potholes and litter are on another scale.
    """
    path = folder / "benchwatch.db"
    db = connect(path)
    first = {"burglary": 10, "robbery": 12, "potholes": 3, "litter": 4}
    worse = {**first, "burglary": 26, "robbery": 28}
    ingest(db, release(ENTRIES, first, "2022/23").raw("crime-2023-11-01.csv"), policy(), now=NOW)
    ingest(db, release(ENTRIES, worse, "2023/24", level=90).raw("crime-2024-11-01.csv"), policy(), now=NOW)
    book = Book(ENTRIES)
    for code, place in worse.items():
        figures = at_place(place, level=80)
        strange = code in {"potholes", "litter"}
        book.add(code, "2024/25", {area: figure * 9 if strange else figure for area, figure in figures.items()})
    ingest(db, book.raw("crime-2025-11-01.csv"), policy(), now=NOW)
    db.close()
    return path


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of the app's request URL."""
    server = waitress.create_server(wsgi(app), host="127.0.0.1", port=0, threads=8, asyncore_loop_timeout=0.05)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/slack/events"
    finally:
        with suppress(OSError):  # the loop may have come by itself, and closed what would have called it
            server.trigger.pull_trigger(lambda: [part.close() for part in list(server._map.values())])
        thread.join(5)
        server.task_dispatcher.shutdown()


@dataclass
class Office:
    """What a test acts on and looks at."""

    slack: SlackDouble
    db: Database
    path: Path
    client: WebClient
    delivery: Delivery
    settings: Settings
    app: Any
    url: str = ""
    soon: int = 0

    @property
    def people(self) -> Actor:
        """People who press, by signed HTTP."""
        return self.slack.http(self.url)

    def deliver(self) -> None:
        """Deliver what is due."""
        self.delivery.deliver_due()

    def work(self) -> None:
        """Let the worker carry out what was decided, and deliver what comes of it."""
        carry_out_decisions(self.settings)
        self.deliver()

    def until(self, fact: Any, timeout: float = 5.0) -> Any:
        """Wait for what the database or Slack shows; the pool of the app is at work."""
        pause = threading.Event()
        for _ in range(int(timeout / 0.005)):
            if found := fact():
                return found
            pause.wait(0.005)
        raise TimeoutError

    def rows(self, query: str, *given: str) -> list[tuple[Any, ...]]:
        """What the database shows."""
        return list(self.db.execute(query, given))

    def standing(self, channel: str, containing: str) -> Message:
        """The newest message of a channel itself that has these words."""
        return next(one for one in reversed(self.slack.channel(channel).top_level()) if containing in one.text)

    def thread(self, message: Message) -> list[str]:
        """What stands in the thread of a message, as people read it."""
        return [one.text for one in self.slack.channel(message_channel(self, message)).thread(message.ts)]

    def answered(self, reply: Any) -> Response:
        """The first answer to a press."""
        found: list[Response] = self.slack.wait_for(lambda: self.slack.responses(reply))
        return found[0]

    def modal(self, user: str, containing: str = "") -> dict[str, Any]:
        """The modal on top for a person, once it has these words and is no longer loading."""

        def shown() -> dict[str, Any]:
            view = self.slack.modal(user)
            return view if view and "Loading" not in str(view["blocks"]) and containing in read(view) else {}

        return self.slack.wait_for(shown)

    def ref(self, kind: str) -> str:
        """The number of the newest message of a kind."""
        return str(self.rows("SELECT max(id) FROM outbox WHERE kind = ?", kind)[0][0])

    def forge(self, channel: str, action: str, value: str) -> None:
        """Put a message of the app with a button of one's own making into a channel."""
        element = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": action, "value": value}
        self.client.chat_postMessage(channel=channel, text="x", blocks=[{"type": "actions", "elements": [element]}])


def message_channel(office: Office, message: Message) -> str:
    """The channel that a message stands in."""
    return next(one for one in (TEAM_CHANNEL, OPS_CHANNEL) if office.slack.channel(one).find(message.ts))


def read(view: dict[str, Any]) -> str:
    """The words of a modal, as people read them."""
    said = plain(Said("", [block for block in view["blocks"] if block["type"] != "input"]))
    labels = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    return "\n".join([view["title"]["text"], said, *labels])


@contextmanager
def office_at(path: Path, folder: Path, **given: Any) -> Iterator[Office]:
    """An office with a copy of a database, everything owed delivered; what is ``given`` goes to the app."""
    folder.mkdir(exist_ok=True)
    own = folder / "benchwatch.db"
    shutil.copy(path, own)
    with ExitStack() as stack:
        slack = stack.enter_context(SlackDouble(signing_secret=SECRET, bot_token="xoxb-1", patience=3.0))
        slack.pace(None)
        for channel in (TEAM_CHANNEL, OPS_CHANNEL, ELSEWHERE):
            slack.add_channel(channel)
        slack.add_user(APPROVER, name="ann")
        slack.add_user(MEMBER, name="bob")
        settings_file = folder / "config.toml"
        settings_file.write_text(SETTINGS.format(path=own), encoding="utf-8")
        client = web_client("xoxb-1", slack.api_url)
        db = connect(own)
        stack.callback(db.close)
        reader, writer = Reader(own), Writer(own)
        stack.callback(reader.close)
        stack.callback(writer.close)
        later = [timedelta()]

        def slept(seconds: float) -> None:
            later[0] += timedelta(seconds=seconds)

        def clock() -> datetime:
            return NOW + later[0]

        poster = SlackPoster(client, lambda: clock().timestamp(), slept)
        places = {TEAM: TEAM_CHANNEL, OPS: OPS_CHANNEL}
        delivery = Delivery(db, own, poster, places, clock, draw=given.get("draw", lambda _: None))
        office = Office(slack, db, own, client, delivery, load_settings(settings_file, {}), None)

        def soon() -> None:
            office.soon += 1

        permissions = Permissions({APPROVER}, OwnTeam(client))
        actions = Actions(reader, writer, permissions, client, soon, clock=clock, **given.pop("acting", {}))
        responder = Responder()
        stack.callback(responder.close)
        office.app = build_app(
            given.pop("answers", None) or Answers(reader),
            client,
            signing_secret=SECRET,
            respond=responder,
            actions=actions,
            **given,
        )
        stack.callback(office.app.listener_runner.listener_executor.shutdown)
        office.url = stack.enter_context(serving(office.app))
        office.deliver()
        yield office


@contextmanager
def socket(office: Office) -> Iterator[Actor]:
    """People who press, over Socket Mode."""
    handler = socket_handler(office.app, "xapp-test", WebClient("xapp-test", base_url=office.slack.api_url))
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        office.slack.wait_for(lambda: office.slack.socket.connected == 1)
        yield office.slack.socket
    finally:
        handler.close()  # type: ignore[no-untyped-call]


SETTINGS = """
[council]
code = "E10000018"
comparators = "counties"

[slack]
mode = "console"

[state]
path = "{path}"

[catalogue]
paths = []
"""
