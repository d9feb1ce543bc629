"""Faults to come: each is used up by the next call to its method, in the order they were asked for."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .report import Json


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, as bytes on the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def of(cls, body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> "Answer":
        """A JSON answer."""
        return cls(status, json.dumps(body).encode(), headers or {})


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call: whether it still takes effect, and what the app sees of it."""

    name: str
    takes_effect: bool = False
    drop: bool = False
    seconds: float = 0.0
    answer: Answer | None = None


class Faults:
    """Scripted trouble by method name; "response_url" and "upload" are methods too, and "*" is any."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {}
        self._lock = threading.Lock()

    def lose_reply(self, method: str, times: int = 1) -> None:
        """The call takes effect, then the connection closes without an answer."""
        self._add(method, Fault("lose_reply", takes_effect=True, drop=True), times)

    def drop_before(self, method: str, times: int = 1) -> None:
        """The connection is reset before the call takes effect."""
        self._add(method, Fault("drop_before", drop=True), times)

    def hang(self, method: str, seconds: float, times: int = 1, *, takes_effect: bool = True) -> None:
        """The answer comes `seconds` late; with `takes_effect` the call has done its work by then."""
        self._add(method, Fault("hang", takes_effect=takes_effect, seconds=seconds), times)

    def answer(self, method: str, body: Json, times: int = 1) -> None:
        """Slack answers this body on HTTP status 200, and nothing takes effect."""
        self._add(method, Fault("answer", answer=Answer.of(body)), times)

    def http(self, method: str, status: int, times: int = 1, body: str | bytes = "") -> None:
        """An HTTP error such as 500 or 503, with any body, and nothing takes effect."""
        raw = body.encode() if isinstance(body, str) else body
        self._add(method, Fault("http", answer=Answer(status, raw, content_type="text/plain")), times)

    def rate_limit(self, method: str, retry_after: int = 1, times: int = 1) -> None:
        """HTTP 429 with a Retry-After header, and nothing takes effect."""
        refusal = Answer.of({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(retry_after)})
        self._add(method, Fault("rate_limit", answer=refusal), times)

    def clear(self) -> None:
        """Forget the faults not used yet."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """Use up the next fault for a method, if any waits."""
        if not self._waiting:
            return None
        with self._lock:
            for name in (method, "*"):
                if self._waiting.get(name):
                    return self._waiting[name].popleft()
        return None

    def _add(self, method: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._waiting.setdefault(method, deque()).extend([fault] * times)
