"""Acting as the people in Slack: slash commands, buttons, modals and the Home tab."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from .carriers import Ack, Carrier, SentRequest, send
from .interactions import Interaction, Interactions
from .messages import Channel, Message
from .report import ApiError, Json
from .workspace import APP_ID, TEAM_ID, Workspace


@dataclass(frozen=True)
class Reply:
    """How the app acknowledged: `status` 0 when it did not, `in_time` when it did within Slack's patience."""

    status: int
    body: str
    seconds: float
    in_time: bool
    trigger_id: str
    request: SentRequest | None = None

    @property
    def ok(self) -> bool:
        """Whether the user sees no error."""
        return self.in_time and self.status == 200


class Actor:
    """People in Slack, using the app over one carrier."""

    def __init__(self, workspace: Workspace, interactions: Interactions, carrier: Carrier, patience: float) -> None:
        self._workspace = workspace
        self._interactions = interactions
        self._carrier = carrier
        self._patience = patience

    def slash(self, command: str, text: str = "", *, user: str = "U1", channel: str = "C1") -> Reply:
        """Type a slash command; a body in the acknowledgement is shown as a response."""
        interaction = self._interactions.begin(channel, user)
        payload = {
            "token": "legacy-token",
            "team_id": TEAM_ID,
            "team_domain": "double",
            "channel_id": channel,
            "channel_name": self._workspace.channels[channel].name,
            "user_id": user,
            "user_name": self._workspace.user(user)["name"],
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(interaction),
            "trigger_id": interaction.trigger_id,
        }
        return self._send("slash_commands", payload, interaction)

    def press(
        self,
        action_id: str | None = None,
        button_value: str | None = None,
        *,
        user: str = "U1",
        channel: str = "C1",
        ts: str | None = None,
    ) -> Reply:
        """Press a button or choose an option on the newest message that has it; LookupError without one."""
        place = self._workspace.channels[channel]
        message, action = self._find_action(place, ts, action_id, button_value)
        interaction = self._interactions.begin(channel, user, message.ts)
        hidden = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel,
            "is_ephemeral": hidden,
        }
        payload = {
            **self._envelope("block_actions", user, interaction),
            "container": {**container, **({"thread_ts": message.thread_ts} if message.thread_ts else {})},
            "channel": {"id": channel, "name": place.name},
            "response_url": self._response_url(interaction),
            "state": {"values": {}},
            "actions": [action],
        }
        if not hidden:
            payload["message"] = message.to_json()
        return self._send("interactive", payload, interaction)

    def press_view(
        self, view_id: str, action_id: str | None = None, button_value: str | None = None, *, user: str = "U1"
    ) -> Reply:
        """Press a button in a modal or on the Home tab."""
        view = self._workspace.views[view_id]
        action = self._action_in(view["blocks"], action_id, button_value)
        if action is None:
            raise LookupError(f"no such element in view {view_id}")
        interaction = self._interactions.begin(None, user)
        payload = {
            **self._envelope("block_actions", user, interaction),
            "container": {"type": "view", "view_id": view_id},
            "view": view,
            "actions": [action],
        }
        return self._send("interactive", payload, interaction)

    def submit(self, view_id: str, values: Json, *, user: str = "U1") -> Reply:
        """Send a modal in; `values` is what Slack puts under view.state.values."""
        interaction = self._interactions.begin(None, user)
        view = {**self._workspace.views[view_id], "state": {"values": values}}
        payload = {**self._envelope("view_submission", user, interaction), "view": view, "response_urls": []}
        return self._send("interactive", payload, interaction)

    def event(self, event: Json) -> Reply:
        """Send an event the app subscribes to, such as app_home_opened."""
        payload = {
            "token": "legacy-token",
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "type": "event_callback",
            "event": {"event_ts": self._workspace.next_ts(), **event},
            "event_id": self._workspace.next_id("Ev"),
            "event_time": int(self._workspace.clock()),
            "authorizations": [{"team_id": TEAM_ID, "user_id": "UBOT", "is_bot": True}],
        }
        return self._send("events_api", payload, None)

    def replay(self, reply: Reply) -> Reply:
        """Send the same bytes, signature and all, once more."""
        sent = reply.request
        if sent is None:
            raise ValueError("only a request sent over HTTP can be replayed")
        begun = time.monotonic()
        return self._reply(send(sent, self._patience), time.monotonic() - begun, reply.trigger_id)

    def _send(self, kind: str, payload: Json, interaction: Interaction | None) -> Reply:
        begun = time.monotonic()
        ack = self._carrier.carry(kind, payload, self._patience)
        reply = self._reply(ack, time.monotonic() - begun, interaction.trigger_id if interaction else "")
        if interaction is not None and kind == "slash_commands" and reply.ok and ack.payload:
            self._show(interaction, ack.payload)
        return reply

    def _reply(self, ack: Ack, seconds: float, trigger_id: str) -> Reply:
        in_time = ack.status != 0 and seconds <= self._patience
        return Reply(ack.status, ack.body, seconds, in_time, trigger_id, ack.request)

    def _show(self, interaction: Interaction, payload: Json) -> None:
        """Show the body of an acknowledgement, or nothing when it breaks a limit; the log tells why."""
        try:
            self._interactions.respond(interaction, payload, acknowledgement=True)
        except ApiError as error:
            self._workspace.log("ack", payload, error.answer())

    def _envelope(self, kind: str, user: str, interaction: Interaction) -> Json:
        name = self._workspace.user(user)["name"]
        return {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": "legacy-token",
            "team": {"id": TEAM_ID, "domain": "double"},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": interaction.trigger_id,
        }

    def _response_url(self, interaction: Interaction) -> str:
        return f"{self._workspace.base_url}response/{interaction.address}"

    def _find_action(
        self, place: Channel, ts: str | None, action_id: str | None, value: str | None
    ) -> tuple[Message, Json]:
        with self._workspace.changed:
            shown = sorted([*place.messages, *place.ephemeral], key=lambda message: message.ts, reverse=True)
            for message in shown:
                action = self._action_in(message.blocks, action_id, value) if ts in (None, message.ts) else None
                if action is not None:
                    return message, action
        raise LookupError(f"no element in {place.id} with action_id={action_id} and value={value}")

    def _action_in(self, blocks: list[Json], action_id: str | None, value: str | None) -> Json | None:
        for block_id, element in _interactive(blocks):
            if action_id is None or element.get("action_id") == action_id:
                chosen = _chosen(element, value)
                if chosen is not None:
                    own: Json = {key: element[key] for key in ("type", "action_id", "text") if key in element}
                    return {**own, "block_id": block_id, **chosen, "action_ts": self._workspace.next_ts()}
        return None


def _interactive(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Each pressable element with the id of its block; Slack names the blocks that have no id."""
    for index, block in enumerate(blocks):
        block_id = str(block.get("block_id") or f"b{index}")
        elements = block.get("elements", []) if block["type"] == "actions" else []
        for element in [*elements, block.get("accessory")]:
            if element:
                yield block_id, element
        yield from _interactive(block.get("child_blocks") or [])


def _chosen(element: Json, value: str | None) -> Json | None:
    """The part of the action that tells the value: the button's own, or the option chosen."""
    if element["type"] == "button":
        own = element.get("value")
        return ({"value": own} if own is not None else {}) if value in (None, own) else None
    groups = [
        element.get("options") or [],
        *(group["options"] for group in element.get("option_groups") or []),
    ]
    for option in (option for group in groups for option in group):
        if value in (None, option["value"]):
            return {"selected_option": option}
    return None
