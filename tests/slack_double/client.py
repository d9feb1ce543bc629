"""Acting as the people in Slack: slash commands, buttons, modals and the Home tab."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .carriers import Ack, Carrier, SentRequest, send
from .filling import chosen, elements, filled, kept, unfinished
from .interactions import Interaction, Interactions
from .messages import Channel, Message
from .report import ApiError, Json
from .submissions import TROUBLE, settle
from .views import close_top
from .workspace import APP_ID, TEAM_ID, Workspace

STATEFUL = ("type", "value", "selected_option", "selected_options", "selected_date", "selected_time")


@dataclass(frozen=True)
class Reply:
    """How the app acknowledged: `status` 0 when it did not, `in_time` when it did within Slack's patience.

    After a modal was sent in `action` is what Slack then did: close, errors, update, push or clear, or "trouble" for
    an answer it does not take; `errors` are those it shows, by block_id.
    """

    status: int
    body: str
    seconds: float
    in_time: bool
    trigger_id: str
    request: SentRequest | None = None
    action: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the user sees no error."""
        return self.in_time and self.status == 200 and self.action != TROUBLE


class Actor:
    """People in Slack, using the app over one carrier; with `team` they and what they send are of that workspace."""

    def __init__(
        self,
        workspace: Workspace,
        interactions: Interactions,
        carrier: Carrier,
        patience: float,
        team: str | None = None,
    ) -> None:
        self._workspace = workspace
        self._interactions = interactions
        self._carrier = carrier
        self._patience = patience
        self._team = team

    def elsewhere(self, team: str = "T2") -> "Actor":
        """The same way to the app, used by another workspace."""
        return Actor(self._workspace, self._interactions, self._carrier, self._patience, team)

    def slash(self, command: str, text: str = "", *, user: str = "U1", channel: str = "C1") -> Reply:
        """Type a slash command; a body in the acknowledgement is shown as a response."""
        interaction = self._interactions.begin(channel, user)
        payload = {
            "token": "legacy-token",
            "team_id": self._team_of(user),
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
            "state": {"values": self._state(message.blocks, action)},
            "actions": [action],
        }
        if not hidden:
            payload["message"] = message.to_json()
        return self._send("interactive", payload, interaction)

    def press_view(
        self, view_id: str | None = None, action_id: str | None = None, value: Any = None, *, user: str = "U1"
    ) -> Reply:
        """Press a button or choose options in a modal or on the Home tab; without a view, in the modal on top."""
        view = self._view(view_id, user)
        action = self._action_in(view["blocks"], action_id, value)
        if action is None:
            raise LookupError(f"no such element in view {view['id']}")
        if action["type"] not in ("button", "overflow"):
            held = {key: item for key, item in action.items() if key in STATEFUL}
            view = self._hold(view, {action["block_id"]: {action["action_id"]: held}})
        interaction = self._interactions.begin(None, user, view=view["id"])
        payload = {
            **self._envelope("block_actions", user, interaction),
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [action],
        }
        return self._send("interactive", payload, interaction)

    def fill(self, values: Mapping[str, Any], view_id: str | None = None, *, user: str = "U1") -> Json:
        """Fill elements in, by block_id or action_id, without sending anything; without a view, in the modal on top.

        A text or a date is a string, an option is its value, several options are a list, and None empties.
        """
        return self._hold(self._view(view_id, user), values)

    def submit(self, view_id: str | None = None, values: Mapping[str, Any] | None = None, *, user: str = "U1") -> Reply:
        """Fill in and send a modal, without `view_id` the one on top; ValueError where Slack would not let it go."""
        view = self.fill(values or {}, view_id, user=user)
        if not view.get("submit") or unfinished(view):
            raise ValueError(f"this modal cannot be sent in: {unfinished(view) or 'it has no such button'}")
        interaction = self._interactions.begin(None, user, view=view["id"])
        payload = {**self._envelope("view_submission", user, interaction), "view": view, "response_urls": []}
        begun = time.monotonic()
        ack = self._carrier.carry("interactive", payload, self._patience)
        reply = self._reply(ack, time.monotonic() - begun, interaction.trigger_id)
        action, errors = settle(self._workspace, view, interaction, ack if reply.in_time else Ack())
        return replace(reply, action=action, errors=errors)

    def close(self, *, user: str = "U1") -> Reply | None:
        """Close the modal on top; the app is told only where the view asked for it."""
        view = self._view(None, user)
        close_top(self._workspace, user)
        if not view.get("notify_on_close"):
            return None
        interaction = self._interactions.begin(None, user)
        payload = {**self._envelope("view_closed", user, interaction), "view": view, "is_cleared": False}
        return self._send("interactive", payload, interaction)

    def open_home(self, *, user: str = "U1", tab: str = "home") -> Reply:
        """Look at the app: its Home tab, or with tab="messages" the conversation with it."""
        with self._workspace.changed:
            self._workspace.user(user)
            channel = self._workspace.direct_message(user).id
            home = self._workspace.views.get(self._workspace.homes.get(user, ""))
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
        return self.event({**event, **({"view": home} if home and tab == "home" else {})})

    def event(self, event: Json) -> Reply:
        """Send an event the app subscribes to, such as app_home_opened."""
        payload = {
            "token": "legacy-token",
            "team_id": self._team or TEAM_ID,
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
            "user": {"id": user, "username": name, "name": name, "team_id": self._team_of(user)},
            "api_app_id": APP_ID,
            "token": "legacy-token",
            "team": {"id": self._team or TEAM_ID, "domain": "double"},
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": interaction.trigger_id,
        }

    def _team_of(self, user: str) -> str:
        return self._team or str(self._workspace.user(user)["team_id"])

    def _view(self, view_id: str | None, user: str) -> Json:
        with self._workspace.changed:
            stack = self._workspace.stacks.get(user) or [""]
            view = self._workspace.views.get(view_id or stack[-1])
            if view is None:
                raise LookupError(f"no view {view_id}" if view_id else f"{user} has no modal open")
            return view

    def _hold(self, view: Json, values: Mapping[str, Any]) -> Json:
        """Remember what was filled in."""
        with self._workspace.changed:
            held = {**view, "state": {"values": filled(view, values)}}
            self._workspace.views[view["id"]] = held
            return held

    @staticmethod
    def _state(blocks: list[Json], action: Json) -> Json:
        """What the elements of a message hold after the action."""
        values = kept(blocks, None)
        block = values.get(action["block_id"], {})
        if action.get("action_id") in block:
            block[action["action_id"]] = {key: item for key, item in action.items() if key in STATEFUL}
        return values

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

    def _action_in(self, blocks: list[Json], action_id: str | None, value: Any) -> Json | None:
        for block_id, element, block in elements(blocks):
            if block["type"] == "input" and not block.get("dispatch_action"):
                continue
            if action_id in (None, element.get("action_id")) and element["type"] != "image":
                told = chosen(element, value)
                if told is not None:
                    own: Json = {key: element[key] for key in ("type", "action_id", "text") if key in element}
                    return {**own, "block_id": block_id, **told, "action_ts": self._workspace.next_ts()}
        return None
