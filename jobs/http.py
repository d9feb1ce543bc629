"""The one HTTP client: polite, patient, careful where it is sent, with a cache that obeys HTTP.

At most PER_HOST requests at once go to one host, named by a user agent with a contact. Answers are kept in the cache
for as long as the publisher allows and asked for again with conditions after that. Network faults, 429 and server
errors are tried again with back-off and jitter, or after the time the publisher asks for. A body has a limit, and no
redirect or link leads to an address that is not public.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import hishel
import httpx
import stamina
import structlog
from hishel.httpx import CacheTransport

from jobs.errors import SourceError, Unreachable

log = structlog.get_logger(__name__)

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
ATTEMPTS = 3
PER_HOST = 2
PATIENCE = 60.0
"""Longest time in seconds that is waited within one look because a publisher asks for it."""

MAX_REDIRECTS = 5
_MEGABYTE = 1 << 20
_MISSING = 404
_TOO_MANY = 429
_AGAIN = frozenset({408, 425, _TOO_MANY})
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its address and headers; ``requests`` says how it was got: 0 from the cache, 1 over the network."""

    address: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 1

    def json(self) -> Any:  # noqa: ANN401  # any JSON document
        """The body as JSON. Raises Unreachable when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            msg = f"{shown(self.address)}: answered with something that is not JSON ({error})"
            raise Unreachable(msg) from error

    def text(self) -> str:
        """The body as UTF-8 text, with or without a byte-order mark. Raises SourceError when it is none."""
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"{shown(self.address)}: answered with something that is not UTF-8 ({error})"
            raise SourceError(msg) from error


class _TryAgain(Exception):
    """The server or the way to it failed; the same request may succeed in ``wait`` seconds, or in a moment for 0."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def user_agent(contact: str = "") -> str:
    """How benchwatch names itself to publishers, with whom to write to."""
    return f"benchwatch/{_version()}" + (f" (contact: {contact})" if contact else "")


def _version() -> str:
    try:
        return version("benchwatch")
    except PackageNotFoundError:
        return "0"


def shown(address: str) -> str:
    """An address as people may see it, without the credentials it may carry before the host or in its query."""
    return re.sub(r"^(https?://)[^/?#]*@", r"\1", address, flags=re.IGNORECASE).partition("?")[0]


class Client:
    """One for a process, safe for all its threads; close it to close the cache.

    ``cache`` is the file answers are kept in, None for no cache; ``contact`` goes into the user agent.
    """

    def __init__(self, cache: Path | None = None, *, contact: str = "", timeout: httpx.Timeout = TIMEOUT) -> None:
        transport: httpx.BaseTransport = _Careful(_Ways())
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            # Answers to us alone: what a publisher marks as private may be kept too.
            rules = hishel.CacheOptions(shared=False)
            transport = CacheTransport(transport, hishel.SqliteStorage(database_path=cache), rfc=rules)
        self._client = httpx.Client(
            transport=transport,
            timeout=timeout,
            headers={"User-Agent": user_agent(contact)},
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
        )
        self._hosts: defaultdict[str, threading.BoundedSemaphore] = defaultdict(
            lambda: threading.BoundedSemaphore(PER_HOST)
        )
        self._making = threading.Lock()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and cache."""
        self._client.close()

    @property
    def requests(self) -> int:
        """How many requests have gone over the network."""
        return self._count

    def site(self, address: str, *, limit_mb: int = 200, credentials: Mapping[str, str] | None = None) -> Site:
        """A publisher's site at its base address, whose bodies may have ``limit_mb`` megabytes."""
        return Site(self, address.rstrip("/") + "/", limit_mb * _MEGABYTE, credentials or {})

    def fetch(
        self, address: str, *, origin: str, limit: int, document: object = None, secret: bool = False
    ) -> Answer | None:
        """The body at an address, or None when it is missing (404); a ``document`` is posted as JSON.

        ``origin`` is an address whose host is trusted; any other must be public. An address that is ``secret``, for
        it carries a key, is kept out of the cache. Raises Unreachable when there is no usable answer, SourceError when
        the body is larger than ``limit`` bytes or the address is refused.
        """
        headers = {"Cache-Control": "no-store"} if secret else {}
        try:
            return self._fetch(address, origin, limit, document, headers)
        except _TryAgain as error:
            msg = f"{shown(address)}: {error} (tried {ATTEMPTS} times)"
            raise Unreachable(msg, error.wait) from error

    def _fetch(
        self, address: str, origin: str, limit: int, document: object, headers: Mapping[str, str]
    ) -> Answer | None:
        for attempt in stamina.retry_context(
            on=_wait, attempts=ATTEMPTS, wait_initial=0.5, wait_max=20.0, wait_jitter=1.0, timeout=None
        ):
            with attempt:
                return self._once(address, origin, limit, document, headers)
        raise AssertionError("stamina gives up by raising")

    def _once(
        self, address: str, origin: str, limit: int, document: object, headers: Mapping[str, str]
    ) -> Answer | None:
        try:
            request = self._client.build_request(
                "GET" if document is None else "POST",
                address,
                json=document,
                headers=headers,
                extensions={"origin": origin},
            )
            with self._host(request.url.host), closing(self._client.send(request, stream=True)) as response:
                return self._read(response, address, limit)
        except (httpx.TransportError, httpx.DecodingError, socket.gaierror) as error:
            raise _TryAgain(f"cannot be fetched ({_kind(error)})") from error
        except (httpx.InvalidURL, httpx.TooManyRedirects, httpx.UnsupportedProtocol) as error:
            msg = f"{shown(address)}: {error}"
            raise SourceError(msg) from error

    def _read(self, response: httpx.Response, address: str, limit: int) -> Answer | None:
        caching = response.extensions.get("caching")
        sent = 0 if caching and caching["from_cache"] and not caching["revalidated"] else 1
        with self._making:
            self._count += sent
        status = response.status_code
        if status == _MISSING:
            return None
        if status in _AGAIN or response.is_server_error:
            raise _TryAgain(f"the server answered {status}", _asked_to_wait(response))
        if not response.is_success:
            msg = (
                f"{shown(address)}: the server answered {status}{_words(response)}; check the address and the settings"
            )
            raise SourceError(msg)
        body = b"".join(_limited(response, address, limit))
        if _PAGE.match(body):
            msg = f"{shown(address)}: answered with a web page instead of data"
            raise Unreachable(msg)
        if not body.strip():
            msg = f"{shown(address)}: answered with nothing"
            raise Unreachable(msg)
        return Answer(address, body, dict(response.headers), sent)

    def _host(self, host: str) -> threading.BoundedSemaphore:
        with self._making:
            return self._hosts[host]


@dataclass(frozen=True)
class Site:
    """A publisher's interface at its base address, as the sources use it."""

    client: Client = field(repr=False)
    address: str
    limit: int
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, limit: int | None = None) -> Answer:
        """The body at a path below the base address, or at a whole address.

        Raises Unreachable or SourceError; also when there is nothing (404).
        """
        answer = self.find(path, params, limit=limit)
        if answer is None:
            msg = f"{shown(self._at(path))}: there is nothing at this address (404); it may have moved"
            raise SourceError(msg)
        return answer

    def find(self, path: str, params: Mapping[str, Any] | None = None, *, limit: int | None = None) -> Answer | None:
        """As ``get``, but None when there is nothing (404)."""
        address = self._at(path)
        if params:
            address = str(httpx.URL(address).copy_merge_params(dict(params)))
        return self.client.fetch(address, origin=self.address, limit=limit or self.limit, secret=bool(self.credentials))

    def post(self, path: str, document: object) -> Answer:
        """What the interface answers to a JSON document. Raises as ``get``."""
        answer = self.client.fetch(self._at(path), origin=self.address, limit=self.limit, document=document)
        if answer is None:
            msg = f"{shown(self._at(path))}: there is nothing at this address (404); it may have moved"
            raise SourceError(msg)
        return answer

    def _at(self, path: str) -> str:
        return path if re.match(r"https?://", path, re.IGNORECASE) else self.address + path.lstrip("/")


class _Ways(httpx.BaseTransport):
    """Straight to the host, or by the proxy that the environment names for it (HTTPS_PROXY, NO_PROXY).

    httpx reads the environment only where it makes the transport itself, which would go round the cache.
    """

    def __init__(self) -> None:
        self._straight = httpx.HTTPTransport()
        self._proxied = {
            scheme: httpx.HTTPTransport(proxy=address)
            for scheme, address in getproxies().items()
            if scheme in {"http", "https"}
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        way = None if proxy_bypass(request.url.host) else self._proxied.get(request.url.scheme)
        return (way or self._straight).handle_request(request)

    def close(self) -> None:
        for way in (self._straight, *self._proxied.values()):
            way.close()


class _Careful(httpx.BaseTransport):
    """Sends requests to the trusted host, or to public addresses; the way is checked at each redirect."""

    def __init__(self, way: httpx.BaseTransport) -> None:
        self._way = way

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        origin = httpx.URL(str(request.extensions.get("origin", "")))
        if _place(request.url) != _place(origin):
            _refuse_private(request.url)
        return self._way.handle_request(request)

    def close(self) -> None:
        self._way.close()


def _place(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _refuse_private(address: httpx.URL) -> None:
    """Raise SourceError for an address that is not public or not encrypted: a publisher's link must not lead inside."""
    where = shown(str(address))
    if address.scheme != "https":
        msg = f"{where}: refused, for the publisher leads to an address without https"
        raise SourceError(msg)
    for found in _resolved(address.host):
        if not ipaddress.ip_address(found).is_global:
            msg = f"{where}: refused, for the publisher leads to a private address ({found})"
            raise SourceError(msg)


def _resolved(host: str) -> set[str]:
    """The addresses of a host; none when only a proxy can find it, which then also sends the request."""
    try:
        return {str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, None)}
    except socket.gaierror:
        return set()


def _kind(error: Exception) -> str:
    """What went wrong, without addresses: the certificate's fault is said, for it is nobody's accident."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        return f"the certificate is not to be trusted: {text.rpartition('failed: ')[2].partition(' (_ssl')[0]}"
    return type(error).__name__


def _wait(error: Exception) -> bool | float:
    """Whether to try again, and after how long where the publisher says so."""
    if not isinstance(error, _TryAgain) or error.wait > PATIENCE:
        return False
    return error.wait or True


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds the publisher asks us to wait, from Retry-After as a number or a date; 0 for none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
        sent = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return 0.0
    return max(0.0, (then - sent).total_seconds())


@functools.lru_cache(maxsize=1)
def _tags() -> re.Pattern[str]:
    return re.compile(r"<[^>]*>")


def _words(response: httpx.Response) -> str:
    """The first words of a refusal, when they are for people to read."""
    try:
        text = b"".join(_limited(response, "", 10_000)).decode("utf-8", "replace")
    except (SourceError, httpx.HTTPError):
        return ""
    words = " ".join(_tags().sub(" ", text).split())
    return f" ({words[:200]})" if words else ""


def _limited(response: httpx.Response, address: str, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit:
            msg = f"{shown(address)}: larger than {limit >> 20} MB; raise max_mb if that is right"
            raise SourceError(msg)
        yield chunk
