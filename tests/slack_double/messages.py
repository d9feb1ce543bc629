"""Messages and the channels they stand in: plain state, guarded by the lock of the workspace."""

from dataclasses import dataclass, field
from typing import Any

from .mentions import live_mentions
from .report import Json


@dataclass(frozen=True)
class Message:
    """A message as it stands now; an edit replaces it by another under the same `ts`."""

    ts: str
    text: str
    user: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    edited: str | None = None
    broadcast: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    files: list[Json] = field(default_factory=list)
    ephemeral_to: str | None = None
    parsing: Json = field(default_factory=dict)

    @property
    def mentions(self) -> list[str]:
        """The mentions that this message would activate, such as `<!channel>`; escaped ones are left out."""
        return live_mentions(
            {"text": self.text, "blocks": self.blocks, "attachments": self.attachments, **self.parsing}
        )

    def to_json(self, *, all_metadata: bool = True) -> Json:
        """The message as Slack returns it; without `all_metadata` the event payload stays behind."""
        data: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        optional: dict[str, Any] = {
            "blocks": self.blocks,
            "attachments": self.attachments,
            "files": self.files,
            "thread_ts": self.thread_ts,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "subtype": "thread_broadcast" if self.broadcast else None,
            "edited": {"user": self.user, "ts": self.edited} if self.edited else None,
        }
        data.update({key: value for key, value in optional.items() if value})
        if self.metadata:
            data["metadata"] = self.metadata if all_metadata else {"event_type": self.metadata["event_type"]}
        return data


class Channel:
    """A conversation: a public or private channel, or a direct message when `user` is set."""

    def __init__(
        self,
        id: str,
        name: str,
        *,
        bot_is_member: bool = True,
        archived: bool = False,
        private: bool = False,
        user: str | None = None,
        num_members: int = 2,
    ) -> None:
        self.id = id
        self.name = name
        self.bot_is_member = bot_is_member
        self.archived = archived
        self.private = private
        self.user = user
        self.num_members = num_members
        self._standing: dict[str, Message] = {}
        self._ephemeral: dict[str, Message] = {}
        self._replies: dict[str, list[str]] = {}

    @property
    def messages(self) -> list[Message]:
        """Everything that stands in the channel and its threads, oldest first, ephemeral messages aside."""
        return list(self._standing.values())

    @property
    def ephemeral(self) -> list[Message]:
        """The ephemeral messages still on someone's screen, oldest first."""
        return list(self._ephemeral.values())

    def top_level(self) -> list[Message]:
        """What a reader sees without opening a thread: first messages and broadcast replies."""
        return [m for m in self.messages if m.thread_ts in (None, m.ts) or m.broadcast]

    def thread(self, ts: str) -> list[Message]:
        """The replies under a message, oldest first, without the message itself."""
        return [self._standing[reply] for reply in self._replies.get(ts, ())]

    def find(self, ts: str) -> Message | None:
        """The standing or ephemeral message with this `ts`."""
        return self._standing.get(ts) or self._ephemeral.get(ts)

    def standing(self, ts: str) -> Message | None:
        """The message with this `ts` that everyone can see."""
        return self._standing.get(ts)

    def put(self, message: Message) -> None:
        """Add a message, or replace the one with the same `ts` in its place."""
        shelf = self._standing if message.ephemeral_to is None else self._ephemeral
        if message.ts not in shelf and message.ephemeral_to is None and message.thread_ts:
            self._replies.setdefault(message.thread_ts, []).append(message.ts)
        shelf[message.ts] = message

    def remove(self, ts: str) -> None:
        """Take a message away; the replies under it stay, as in Slack."""
        self._ephemeral.pop(ts, None)
        gone = self._standing.pop(ts, None)
        if gone and gone.thread_ts:
            self._replies[gone.thread_ts].remove(ts)

    def thread_root(self, ts: str) -> str | None:
        """The `ts` of the thread that a reply to `ts` joins; None when there is no such message or thread."""
        message = self._standing.get(ts)
        if message is not None:
            return message.thread_ts or message.ts
        return ts if self._replies.get(ts) else None

    def message_json(self, message: Message, *, all_metadata: bool) -> Json:
        """The message as conversations.history and conversations.replies return it."""
        data = message.to_json(all_metadata=all_metadata)
        replies = self._replies.get(message.ts)
        if replies:
            data.update(thread_ts=message.ts, reply_count=len(replies), latest_reply=replies[-1])
        return data

    def to_json(self) -> Json:
        """The conversation object of conversations.info and conversations.list."""
        if self.user is not None:
            return {
                "id": self.id,
                "is_im": True,
                "is_channel": False,
                "user": self.user,
                "is_archived": False,
            }
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.private,
            "is_group": self.private,
            "is_private": self.private,
            "is_im": False,
            "is_archived": self.archived,
            "is_member": self.bot_is_member,
        }
