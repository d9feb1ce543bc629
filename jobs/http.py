"""The one HTTP client: a named user agent, time-outs, conditional requests, patient retries, a limit on size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx
import stamina

from jobs.errors import SourceError

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
ATTEMPTS = 3
_MISSING = 404
_UNCHANGED = 304


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body as sent, and the mark to ask with next time."""

    body: bytes
    mark: str


class _TryAgain(Exception):
    """The server or the way to it failed; the same request may succeed in a moment."""


def user_agent() -> str:
    """How benchwatch names itself to publishers."""
    try:
        return f"benchwatch/{version('benchwatch')}"
    except PackageNotFoundError:
        return "benchwatch"


def shown(address: str) -> str:
    """An address as people may see it, without the credentials it may carry before the host or in its query."""
    return re.sub(r"^(https?://)[^/?#]*@", r"\1", address, flags=re.IGNORECASE).partition("?")[0]


def fetch(address: str, mark: str, *, limit: int, optional: bool = False) -> Fetched | None:
    """The body at an address, or None when it is unchanged since ``mark`` (or missing and ``optional``).

    ``mark`` is what an earlier Fetched said. Network faults and server errors are tried ATTEMPTS times with back-off.
    Raises SourceError when it cannot be fetched or is larger than ``limit`` bytes.
    """
    try:
        return _fetch(address, mark, limit, optional=optional)
    except _TryAgain as error:
        msg = f"{shown(address)}: {error} (tried {ATTEMPTS} times)"
        raise SourceError(msg) from error


@stamina.retry(on=_TryAgain, attempts=ATTEMPTS, wait_initial=0.2, wait_max=5.0, timeout=60.0)
def _fetch(address: str, mark: str, limit: int, *, optional: bool) -> Fetched | None:
    headers = {"User-Agent": user_agent()} | _conditions(mark)
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", address, headers=headers) as response,
        ):
            if response.status_code == _UNCHANGED or (optional and response.status_code == _MISSING):
                return None
            if response.is_server_error:
                raise _TryAgain(f"the server answered {response.status_code}")
            if not response.is_success:
                msg = f"{shown(address)}: the server answered {response.status_code}; check the address"
                raise SourceError(msg)
            return Fetched(b"".join(_limited(response, address, limit)), _mark(response))
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise _TryAgain(f"cannot be fetched ({type(error).__name__})") from error
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        msg = f"{shown(address)}: {error}"
        raise SourceError(msg) from error


def _conditions(mark: str) -> dict[str, str]:
    kind, _, text = mark.partition(" ")
    return {"If-None-Match": text} if kind == "etag" else {"If-Modified-Since": text} if kind == "date" else {}


def _mark(response: httpx.Response) -> str:
    if tag := response.headers.get("ETag"):
        return f"etag {tag}"
    if day := response.headers.get("Last-Modified"):
        return f"date {day}"
    return ""


def _limited(response: httpx.Response, address: str, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit:
            msg = f"{shown(address)}: larger than {limit >> 20} MB; raise max_mb in [sources.file] if that is right"
            raise SourceError(msg)
        yield chunk
