"""How Slack's requests reach the app: signed HTTP, or an envelope on an open socket."""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from .report import Json


@dataclass(frozen=True)
class Signing:
    """How a request is signed: `age` in seconds, and the ways to sign it wrongly."""

    secret: str | None = None
    age: float = 0.0
    tampered: bool = False
    missing: bool = False


@dataclass(frozen=True)
class SentRequest:
    """The exact bytes that went to the app, so that the same request can be sent again."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Ack:
    """The app's acknowledgement: status 0 when none came; `payload` is what it wants shown."""

    status: int = 0
    body: str = ""
    payload: Json | None = None
    request: SentRequest | None = None


class Carrier(Protocol):
    """Takes one request to the app and brings the acknowledgement back."""

    def carry(self, kind: str, payload: Json, seconds: float) -> Ack:
        """`kind` is a Socket Mode envelope type: slash_commands, interactive or events_api."""
        ...


@dataclass(frozen=True)
class HttpCarrier:
    """Signed HTTP POST to the request URL of the app."""

    url: str
    secret: str
    signing: Signing = Signing()

    def carry(self, kind: str, payload: Json, seconds: float) -> Ack:
        """Sign and send; no answer within `seconds` is status 0."""
        body, content_type = encode(kind, payload)
        signature = sign(self.signing.secret or self.secret, body, int(time.time() - self.signing.age))
        headers = {"Content-Type": content_type, **({} if self.signing.missing else signature)}
        sent = SentRequest(self.url, headers, body + b"&x=1" if self.signing.tampered else body)
        return send(sent, seconds)


@dataclass(frozen=True)
class SocketCarrier:
    """An envelope to one of the open sockets."""

    deliver: Callable[[str, Json, float], Json | None]

    def carry(self, kind: str, payload: Json, seconds: float) -> Ack:
        """Deliver; no socket, a lost socket and no acknowledgement in time are all status 0."""
        shown = self.deliver(kind, payload, seconds)
        return Ack() if shown is None else Ack(200, json.dumps(shown) if shown else "", shown or None)


def encode(kind: str, payload: Json) -> tuple[bytes, str]:
    """The body of Slack's HTTP request and its content type."""
    form = "application/x-www-form-urlencoded"
    if kind == "slash_commands":
        return urlencode(payload).encode(), form
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}).encode(), form
    return json.dumps(payload).encode(), "application/json"


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The v0 signature headers over the raw body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def send(sent: SentRequest, seconds: float) -> Ack:
    """POST the bytes as they are."""
    target = urlsplit(sent.url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=seconds)
    try:
        connection.request("POST", target.path, body=sent.body, headers=dict(sent.headers))
        with connection.getresponse() as response:
            body = response.read().decode()
            return Ack(response.status, body, _shown(response.getheader("Content-Type", ""), body), sent)
    except (OSError, http.client.HTTPException):
        return Ack(request=sent)
    finally:
        connection.close()


def _shown(content_type: str, body: str) -> Json | None:
    """A body is shown as text, unless it is a JSON object with a message."""
    if not body.strip():
        return None
    if "json" in content_type:
        data = json.loads(body)
        return data if isinstance(data, dict) and data else None
    return {"text": body}
