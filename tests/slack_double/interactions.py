"""Slash commands and button presses as Slack remembers them: trigger, response_url and answers."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from .files import refuse_files
from .limits import LIMITS, check_message
from .messages import Channel, Message
from .report import ApiError, Json
from .threads import thread_root
from .workspace import Workspace


@dataclass(frozen=True)
class Response:
    """One answer to an interaction, by acknowledgement or response_url, in the order they came."""

    text: str
    blocks: list[Json]
    response_type: str
    replace_original: bool
    delete_original: bool
    acknowledgement: bool
    message: Message | None

    @property
    def mentions(self) -> list[str]:
        """The live mentions of the message this answer made."""
        return self.message.mentions if self.message else []


@dataclass
class Interaction:
    """One slash command, press or submission: `source` is the message whose button was pressed, `view` the view."""

    trigger_id: str
    address: str
    channel: Channel | None
    user: str
    created: float
    source: str | None = None
    view: str | None = None
    uses: int = 0
    exchanged: bool = False
    responses: list[Response] = field(default_factory=list)


class Interactions:
    """All interactions so far, found by the secret in their response_url or by their trigger."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._by_trigger: dict[str, Interaction] = {}
        self._by_address: dict[str, Interaction] = {}

    def begin(
        self, channel_id: str | None, user: str, source: str | None = None, view: str | None = None
    ) -> Interaction:
        """Remember a new interaction."""
        with self._workspace.changed:
            self._workspace.user(user)
            channel = self._workspace.channels[channel_id] if channel_id is not None else None
            trigger_id = self._workspace.next_id("trigger.")
            address, now = secrets.token_urlsafe(18), self._workspace.clock()
            interaction = Interaction(trigger_id, address, channel, user, now, source, view)
            self._by_trigger[trigger_id] = self._by_address[address] = interaction
            return interaction

    def find(self, trigger_id: str) -> Interaction | None:
        """The interaction with this trigger."""
        return self._by_trigger.get(trigger_id)

    def exchange(self, trigger_id: str) -> Interaction:
        """Use a trigger to open a view: once, and within three seconds."""
        interaction = self.find(trigger_id)
        if interaction is None:
            raise ApiError("invalid_trigger_id")
        if interaction.exchanged:
            raise ApiError("exchanged_trigger_id")
        if self._workspace.clock() - interaction.created > LIMITS["trigger_id.seconds"]:
            raise ApiError("expired_trigger_id")
        interaction.exchanged = True
        return interaction

    def use_url(self, address: str, payload: Json) -> None:
        """A POST to a response_url: five of them, within thirty minutes."""
        with self._workspace.changed:
            interaction = self._by_address.get(address)
            if interaction is None:
                raise ApiError("no_such_url")
            if self._workspace.clock() - interaction.created > LIMITS["response_url.seconds"]:
                raise ApiError("expired_url")
            if interaction.uses >= LIMITS["response_url.uses"]:
                raise ApiError("used_url")
            interaction.uses += 1
            self.respond(interaction, payload)

    def respond(self, interaction: Interaction, payload: Json, *, acknowledgement: bool = False) -> None:
        """Show an answer: ephemeral unless it says in_channel, replacing the source message when asked."""
        with self._workspace.changed:
            kind = payload.get("response_type", "ephemeral")
            if kind not in ("ephemeral", "in_channel"):
                raise ApiError("invalid_response_type")
            message = self._show(interaction, payload, kind)
            interaction.responses.append(
                Response(
                    text=payload.get("text") or "",
                    blocks=payload.get("blocks") or [],
                    response_type=kind,
                    replace_original=bool(payload.get("replace_original")),
                    delete_original=bool(payload.get("delete_original")),
                    acknowledgement=acknowledgement,
                    message=message,
                )
            )
            self._workspace.notify()

    def _show(self, interaction: Interaction, payload: Json, kind: str) -> Message | None:
        channel = interaction.channel
        if channel is None:
            raise ApiError("channel_not_found")
        source = channel.find(interaction.source) if interaction.source else None
        if payload.get("delete_original"):
            if source is not None:
                channel.remove(source.ts)
            return None
        error = check_message(payload)
        if error is not None:
            raise error
        refuse_files(self._workspace, payload)
        parts: dict[str, Any] = {key: payload.get(key) or [] for key in ("blocks", "attachments")}
        text = (payload.get("text") or "")[: LIMITS["message.text.max_length"]]
        if payload.get("replace_original") and source is not None:
            edited = replace(source, text=text, edited=self._workspace.next_ts(), **parts)
            return self._workspace.post(channel, edited)
        message = self._workspace.bot_message(
            text,
            **parts,
            thread_ts=thread_root(channel, payload),
            ephemeral_to=interaction.user if kind == "ephemeral" else None,
        )
        return self._workspace.post(channel, message)
