"""The state of the double: channels, users, views, files and traffic behind one lock.

Every change wakes whoever waits on `changed`, so tests wait for facts and never sleep.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .faults import Faults
from .messages import Channel, Message
from .report import ApiError, Json

TEAM_ID, APP_ID, BOT_ID, BOT_USER = "T1", "A1", "B1", "UBOT"
ALL_SCOPES = frozenset(
    {
        "chat:write",
        "commands",
        *(f"{kind}:{right}" for kind in ("channels", "groups", "im") for right in ("history", "read")),
        "files:read",
        "files:write",
        "im:write",
        "users:read",
        "users:read.email",
    }
)


class RateLimited(ApiError):
    """HTTP 429 with a Retry-After header."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Request:
    """One call the app made; `answer` is what Slack decided, even when a fault kept it from arriving."""

    method: str
    params: Json
    answer: Json
    time: float
    status: int = 200
    fault: str | None = None


@dataclass(frozen=True)
class Pace:
    """How fast one channel may be posted to; `burst=None` turns the limit off."""

    burst: int | None = 5
    per_second: float = 1.0


@dataclass
class Upload:
    """A file, from the asking for its address on; `waits` is how many more looks at it find it not processed."""

    id: str
    filename: str
    length: int
    alt_text: str | None
    content: bytes | None = None
    title: str = ""
    completed: float | None = None
    waits: int = 0
    shares: dict[str, list[Json]] = field(default_factory=dict)


@dataclass
class Workspace:
    """Everything Slack would remember. Take `changed` (a re-entrant condition) around any read or change."""

    bot_token: str
    app_token: str
    clock: Callable[[], float] = time.time
    base_url: str = ""
    pace: Pace = field(default_factory=Pace)
    faults: Faults = field(default_factory=Faults)
    changed: threading.Condition = field(default_factory=threading.Condition)
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    views: dict[str, Json] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    file_waits: int = 0
    edit_window: float | None = None
    home_enabled: bool = True
    requests: list[Request] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    _micros: int = 0
    _serial: int = 0
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def next_ts(self) -> str:
        """A `ts` later than every other one, near the clock."""
        self._micros = max(self._micros + 100, int(self.clock() * 1_000_000))
        return f"{self._micros // 1_000_000}.{self._micros % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """An identifier never given before."""
        self._serial += 1
        return f"{prefix}{self._serial:08d}"

    def notify(self) -> None:
        """Wake the waiting; the caller holds `changed`."""
        self.changed.notify_all()

    def log(self, method: str, params: Json, answer: Json, status: int = 200, fault: str | None = None) -> None:
        """Add to the traffic log."""
        with self.changed:
            self.requests.append(Request(method, params, answer, self.clock(), status, fault))
            self.notify()

    def add_channel(self, channel: Channel) -> Channel:
        """Register a conversation."""
        with self.changed:
            self.channels[channel.id] = channel
            return channel

    def user(self, user_id: str) -> Json:
        """The user object, made on first mention."""
        with self.changed:
            return self.users.setdefault(
                user_id,
                {
                    "id": user_id,
                    "team_id": TEAM_ID,
                    "name": f"user-{user_id.lower()}",
                    "is_bot": False,
                    "profile": {},
                },
            )

    def direct_message(self, user_id: str) -> Channel:
        """The conversation between the bot and one user, opened when needed."""
        for channel in self.channels.values():
            if channel.user == user_id:
                return channel
        return self.add_channel(Channel(self.next_id("D"), "directmessage", user=user_id))

    def reach(self, channel_id: Any, *, member: bool = True) -> Channel:
        """The channel with this id as the bot sees it; refuses names, and with `member` also outsiders."""
        channel = self.channels.get(str(channel_id))
        if channel is None or (channel.private and not channel.bot_is_member):
            raise ApiError("channel_not_found")
        if member and not channel.bot_is_member:
            raise ApiError("not_in_channel")
        return channel

    def spend(self, channel_id: str) -> None:
        """Take one message from the channel's allowance, or refuse with the time until the next."""
        if self.pace.burst is None:
            return
        now = self.clock()
        left, since = self._buckets.get(channel_id, (float(self.pace.burst), now))
        left = min(float(self.pace.burst), left + (now - since) * self.pace.per_second)
        if left < 1:
            self._buckets[channel_id] = (left, now)
            raise RateLimited(math.ceil((1 - left) / self.pace.per_second))
        self._buckets[channel_id] = (left - 1, now)

    def set_pace(self, pace: Pace) -> None:
        """Change the allowance and start every channel afresh."""
        with self.changed:
            self.pace = pace
            self._buckets.clear()

    def post(self, channel: Channel, message: Message) -> Message:
        """Make the message stand (or show it, when ephemeral) and wake the waiting."""
        with self.changed:
            channel.put(message)
            self.notify()
            return message

    def bot_message(self, text: str, **parts: Any) -> Message:
        """A message by the app's bot, with a new `ts`."""
        return Message(self.next_ts(), text, BOT_USER, bot_id=BOT_ID, app_id=APP_ID, **parts)
