"""A local Slack: Web API, Socket Mode, slash commands and buttons on 127.0.0.1, with Slack's limits.

Start it, point a `WebClient(base_url=slack.api_url)` at it, and read what stands in the channels.
"""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from .carriers import HttpCarrier, SentRequest, Signing, SocketCarrier
from .client import Actor, Reply
from .faults import Faults
from .interactions import Interactions, Response
from .limits import LIMITS, check_blocks, check_message, check_metadata, check_view
from .mentions import live_mentions
from .messages import Channel, Message
from .report import ApiError, Json
from .server import Server
from .sockets import SocketHub
from .web_api import WebApi
from .workspace import ALL_SCOPES, Pace, Request, Upload, Workspace

__all__ = [
    "ALL_SCOPES",
    "LIMITS",
    "Actor",
    "ApiError",
    "Channel",
    "Faults",
    "Message",
    "Reply",
    "Request",
    "Response",
    "SentRequest",
    "Signing",
    "SlackDouble",
    "SocketActor",
    "Upload",
    "check_blocks",
    "check_message",
    "check_metadata",
    "check_view",
    "live_mentions",
]

Fact = TypeVar("Fact")
PATIENCE = 3.0


class SocketActor(Actor):
    """People in Slack using the app over Socket Mode, and the trouble sockets get into."""

    def __init__(
        self,
        workspace: Workspace,
        interactions: Interactions,
        server: Server,
        hub: SocketHub,
        patience: float,
    ) -> None:
        self._server = server
        self._hub = hub
        super().__init__(workspace, interactions, SocketCarrier(self._deliver), patience)

    @property
    def connected(self) -> int:
        """How many sockets would take an envelope now."""
        return self._hub.connected

    def drop_all(self) -> None:
        """Cut every socket without a closing handshake."""
        self._server.run(self._hub.drop_all())

    def disconnect(self) -> None:
        """Send the `disconnect` frame with reason refresh_requested; nothing more goes to those sockets."""
        self._server.run(self._hub.disconnect())

    def _deliver(self, kind: str, payload: Json, seconds: float) -> Json | None:
        return self._server.run(self._hub.deliver(kind, payload, seconds))


class SlackDouble:
    """One workspace with one app in it. Use as a context manager, or call `start` and `stop`."""

    def __init__(
        self,
        *,
        signing_secret: str = "signing-secret",
        bot_token: str = "xoxb-test",
        app_token: str = "xapp-test",
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self.signing_secret = signing_secret
        self._patience = patience
        self._workspace = Workspace(bot_token, app_token, clock)
        self._interactions = Interactions(self._workspace)
        hub = SocketHub(self._workspace)
        self._server = Server(self._workspace, WebApi(self._workspace, self._interactions), hub)
        self.socket = SocketActor(self._workspace, self._interactions, self._server, hub, patience)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server.start()

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._server.stop()

    @property
    def api_url(self) -> str:
        """The `base_url` for WebClient."""
        return f"{self._workspace.base_url}api/"

    @property
    def faults(self) -> Faults:
        """Where trouble is asked for."""
        return self._workspace.faults

    @property
    def requests(self) -> list[Request]:
        """Every call the app has made so far, oldest first."""
        with self._workspace.changed:
            return list(self._workspace.requests)

    def calls(self, method: str) -> list[Request]:
        """The calls to one method; "response_url" is a method here."""
        return [request for request in self.requests if request.method == method]

    def pace(self, burst: int | None = 5, per_second: float = 1.0) -> None:
        """Set how fast one channel may be posted to; `burst=None` turns the limit off."""
        self._workspace.set_pace(Pace(burst, per_second))

    def add_channel(
        self,
        id: str,
        *,
        name: str | None = None,
        bot_is_member: bool = True,
        archived: bool = False,
        private: bool = False,
        num_members: int = 2,
    ) -> Channel:
        """Make a channel."""
        channel = Channel(
            id,
            name or id.lower(),
            bot_is_member=bot_is_member,
            archived=archived,
            private=private,
            num_members=num_members,
        )
        return self._workspace.add_channel(channel)

    def add_user(self, id: str, **fields: Any) -> Json:
        """Make a user known to users.info and conversations.open; people who act become known by acting.

        With `team_id` a person of another workspace, in a channel that both share.
        """
        with self._workspace.changed:
            user = self._workspace.user(id)
            user.update(fields)
            return user

    def channel(self, id: str) -> Channel:
        """The channel with this id."""
        return self._workspace.channels[id]

    def direct_message(self, user: str) -> Channel:
        """The direct message between the bot and this user."""
        with self._workspace.changed:
            return self._workspace.direct_message(user)

    def home(self, user: str) -> Json | None:
        """The Home tab last published for this user."""
        with self._workspace.changed:
            return self._workspace.views.get(self._workspace.homes.get(user, ""))

    @property
    def views(self) -> dict[str, Json]:
        """Modals and Home tabs by view id."""
        with self._workspace.changed:
            return dict(self._workspace.views)

    def modals(self, user: str = "U1") -> list[Json]:
        """The modals open for this user, the topmost last."""
        with self._workspace.changed:
            return [self._workspace.views[view_id] for view_id in self._workspace.stacks.get(user, [])]

    def modal(self, user: str = "U1") -> Json | None:
        """The modal this user looks at."""
        return next(reversed(self.modals(user)), None)

    @property
    def scopes(self) -> set[str]:
        """The permissions granted to the bot; change the set, or set another."""
        return self._workspace.scopes

    @scopes.setter
    def scopes(self, scopes: Iterable[str]) -> None:
        with self._workspace.changed:
            self._workspace.scopes = set(scopes)

    def file_processing(self, calls: int) -> None:
        """Have Slack still at work on each file completed from now on, for so many calls of files.info."""
        with self._workspace.changed:
            self._workspace.file_waits = calls

    def edit_window(self, seconds: float | None) -> None:
        """Let messages be edited for so long only: 0 for never, None for ever."""
        with self._workspace.changed:
            self._workspace.edit_window = seconds

    def home_tab(self, enabled: bool) -> None:
        """Turn the Home tab of the app on or off."""
        with self._workspace.changed:
            self._workspace.home_enabled = enabled

    @property
    def files(self) -> list[Upload]:
        """The files completed so far, private or shared, oldest first."""
        with self._workspace.changed:
            return [upload for upload in self._workspace.uploads.values() if upload.completed is not None]

    def file_content(self, file_id: str) -> bytes | None:
        """The bytes uploaded for a file."""
        return self._workspace.uploads[file_id].content

    def say(self, channel: str, text: str, *, user: str = "U1", thread_ts: str | None = None) -> Message:
        """Post as a person."""
        with self._workspace.changed:
            self._workspace.user(user)
            message = Message(self._workspace.next_ts(), text, user, thread_ts=thread_ts)
            return self._workspace.post(self._workspace.channels[channel], message)

    def http(self, url: str, signing: Signing | None = None) -> Actor:
        """People using the app through its request URL; signed rightly unless `signing` says not."""
        carrier = HttpCarrier(url, self.signing_secret, signing or Signing())
        return Actor(self._workspace, self._interactions, carrier, self._patience)

    def slash(
        self,
        command: str,
        text: str = "",
        *,
        url: str,
        user: str = "U1",
        channel: str = "C1",
        signing: Signing | None = None,
    ) -> Reply:
        """Type a slash command, delivered by signed HTTP."""
        return self.http(url, signing).slash(command, text, user=user, channel=channel)

    def press(
        self,
        action_id: str | None = None,
        button_value: str | None = None,
        *,
        url: str,
        user: str = "U1",
        channel: str = "C1",
        ts: str | None = None,
        signing: Signing | None = None,
    ) -> Reply:
        """Press a button, delivered by signed HTTP."""
        return self.http(url, signing).press(action_id, button_value, user=user, channel=channel, ts=ts)

    def replay(self, reply: Reply) -> Reply:
        """Send a signed request once more, byte for byte."""
        return self.http("").replay(reply)

    def responses(self, trigger: Reply | str) -> list[Response]:
        """What the app answered to one interaction, by acknowledgement or response_url, in order."""
        with self._workspace.changed:
            trigger_id = trigger if isinstance(trigger, str) else trigger.trigger_id
            interaction = self._interactions.find(trigger_id)
            return list(interaction.responses) if interaction else []

    def wait_for(self, predicate: Callable[[], Fact], timeout: float = 5.0) -> Fact:
        """The first true value of the predicate, tried at every change; TimeoutError after `timeout`."""
        found: list[Fact] = []

        def holds() -> bool:
            found[:] = [predicate()]
            return bool(found[0])

        with self._workspace.changed:
            if self._workspace.changed.wait_for(holds, timeout):
                return found[0]
        seen = [(request.method, request.answer.get("error", "ok")) for request in self.requests]
        raise TimeoutError(f"not true within {timeout} s; calls so far: {seen}")
