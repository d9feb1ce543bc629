"""The one HTTP client: polite, patient, careful where it is sent, with a cache that obeys HTTP.

At most PER_HOST requests at once go to one host, named by a user agent with a contact. Answers are kept in the cache
for as long as the publisher allows and asked for again with conditions after that. Network faults, 429 and server
errors are tried again with back-off and jitter, or after the time the publisher asks for. A body has a limit in size
and in time, and no redirect or link leads to an address that is not public.

Four traps of hishel are closed here: it heeds ``no-store`` in answers but not in requests, it takes an answer without
a stated lifetime for fresh for up to a week after its Last-Modified, it keeps a server error that states one, and it
keeps what was replaced beside what replaced it.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
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

LONGEST = 1800.0
"""Longest time in seconds that one body may take: a server that drips would otherwise hold us for ever."""

MAX_REDIRECTS = 5
_LONGEST_REST = 7 * 86_400.0  # what a publisher can ask for; a number of any length would not fit into a time
_MEGABYTE = 1 << 20
_NOT_MODIFIED = 304
_MISSING = 404
_TOO_MANY = 429
_AGAIN = frozenset({408, 425, _TOO_MANY})
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its address and headers; ``requests`` says how many requests it took, 0 when the cache had it."""

    address: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 1

    def json(self) -> Any:  # noqa: ANN401  # any JSON document
        """The body as JSON. Raises Unreachable when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            msg = f"{shown(self.address)}: answered with something that is not JSON ({error})"
            raise Unreachable(msg) from error

    def text(self) -> str:
        """The body as UTF-8 text, with or without a byte-order mark. Raises SourceError when it is none."""
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"{shown(self.address)}: answered with something that is not UTF-8 ({error})"
            raise SourceError(msg) from error


@dataclass
class _Errand:
    """One fetch: what is asked for and how, and what it has taken so far."""

    address: str
    origin: str
    limit: int
    document: object = None
    secret: bool = False
    cached: bool = True
    attempts: int = 0
    requests: int = 0


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
    return re.sub(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", r"\1", address, flags=re.IGNORECASE).partition("?")[0]


class Client:
    """One for a process, safe for all its threads; close it to close the cache.

    ``cache`` is the file answers are kept in, None for no cache; ``contact`` goes into the user agent; ``timeout``
    is for each step of a request, ``longest`` for a whole body in seconds.
    """

    def __init__(
        self,
        cache: Path | None = None,
        *,
        contact: str = "",
        timeout: httpx.Timeout = TIMEOUT,
        longest: float = LONGEST,
    ) -> None:
        way: httpx.BaseTransport = _Careful(_Ways())
        self._client = httpx.Client(
            transport=way if cache is None else _Keeping(way, cache),
            timeout=timeout,
            headers={"User-Agent": user_agent(contact)},
        )
        self._longest = longest
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
        """How many requests have gone over the network, redirected and failed ones included."""
        return self._count

    def site(self, address: str, *, limit_mb: int = 200, credentials: Mapping[str, str] | None = None) -> Site:
        """A publisher's site at its base address, whose bodies may have ``limit_mb`` megabytes."""
        return Site(self, address.rstrip("/") + "/", limit_mb * _MEGABYTE, credentials or {})

    def fetch(
        self,
        address: str,
        *,
        origin: str,
        limit: int,
        document: object = None,
        secret: bool = False,
        cached: bool = True,
    ) -> Answer | None:
        """The body at an address, or None when it is missing (404); a ``document`` is posted as JSON.

        ``origin`` is an address whose host is trusted; any other must be public. An address that is ``secret``, for
        it carries a key, is kept out of the cache; so is what is not to be ``cached``. Raises Unreachable when there is
        no usable answer, SourceError when the body is larger than ``limit`` bytes or the address is refused.
        """
        errand = _Errand(address, origin, limit, document, secret, cached)
        try:
            return self._fetch(errand)
        except _TryAgain as error:
            times = "once" if errand.attempts == 1 else f"{errand.attempts} times"
            msg = f"{shown(address)}: {error} (tried {times})"
            raise Unreachable(msg, error.wait) from error
        finally:
            with self._making:
                self._count += errand.requests

    def _fetch(self, errand: _Errand) -> Answer | None:
        for attempt in stamina.retry_context(
            on=_wait, attempts=ATTEMPTS, wait_initial=0.5, wait_max=20.0, wait_jitter=1.0, timeout=None
        ):
            with attempt:
                return self._once(errand)
        raise AssertionError("stamina gives up by raising")

    def _once(self, errand: _Errand) -> Answer | None:
        errand.attempts += 1
        try:
            return self._follow(self._request(errand), errand)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            msg = f"{shown(errand.address)}: not an address that can be asked ({error})"
            raise SourceError(msg) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _TryAgain(f"cannot be fetched ({_kind(error)})") from error
        except RuntimeError as error:
            if not self._client.is_closed:
                raise
            msg = f"{shown(errand.address)}: not asked, for we are stopping"
            raise Unreachable(msg) from error

    def _request(self, errand: _Errand) -> httpx.Request:
        return self._client.build_request(
            "GET" if errand.document is None else "POST",
            errand.address,
            json=errand.document,
            headers={"Cache-Control": "no-store"} if errand.secret else {},
            extensions={"errand": errand},
        )

    def _follow(self, request: httpx.Request, errand: _Errand) -> Answer | None:
        """The answer where redirects end. Each step takes its turn at its own host until its body is read."""
        for _ in range(MAX_REDIRECTS + 1):
            with self._host(request.url.host), closing(self._client.send(request, stream=True)) as response:
                if response.next_request is None:
                    return self._read(response, errand)
                deque(self._chunks(response, errand), maxlen=0)
                request = response.next_request
        msg = f"{shown(errand.address)}: redirected more than {MAX_REDIRECTS} times; check the address"
        raise SourceError(msg)

    def _read(self, response: httpx.Response, errand: _Errand) -> Answer | None:
        where, status = shown(errand.address), response.status_code
        if status == _MISSING:
            return None
        if status in _AGAIN or response.is_server_error:
            raise _TryAgain(f"the server answered {status}", _asked_to_wait(response))
        if not response.is_success:
            # What is said of a secret address may repeat the secret.
            words = "" if errand.secret else _words(response)
            msg = f"{where}: the server answered {status}{words}; check the address and the settings"
            raise SourceError(msg)
        body = b"".join(self._chunks(response, errand))
        if _PAGE.match(body):
            msg = f"{where}: answered with a web page instead of data"
            raise Unreachable(msg)
        if not body.strip():
            msg = f"{where}: answered with nothing"
            raise Unreachable(msg)
        return Answer(errand.address, body, dict(response.headers), errand.requests)

    def _chunks(self, response: httpx.Response, errand: _Errand) -> Iterator[bytes]:
        """The body, as long as it stays within its limits."""
        where = shown(errand.address)
        if "," in response.headers.get("Content-Encoding", ""):
            # Each layer unpacks a chunk a thousandfold at once, so that two would fill the memory before any limit.
            msg = f"{where}: the body is packed more than once, which is refused"
            raise SourceError(msg)
        until = time.monotonic() + self._longest
        for chunk in _limited(response, where, errand.limit):
            if time.monotonic() > until:
                msg = f"{where}: the body was still not complete after {self._longest:g} seconds"
                raise Unreachable(msg)
            yield chunk

    def _host(self, host: str) -> threading.BoundedSemaphore:
        with self._making:
            return self._hosts[host]


@dataclass(frozen=True)
class Site:
    """A publisher's interface at its base address, as the sources use it."""

    client: Client
    address: str
    limit: int
    credentials: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Site({shown(self.address)!r})"

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, cached: bool = True) -> Answer:
        """The body at a path below the base address, or at a whole address.

        ``cached`` is False for figures that something else has shown to be new: an answer kept from before would be
        taken for them. Raises Unreachable or SourceError; also when there is nothing (404).
        """
        answer = self.find(path, params, cached=cached)
        if answer is None:
            raise SourceError(_nothing_at(self._at(path)))
        return answer

    def find(self, path: str, params: Mapping[str, Any] | None = None, *, cached: bool = True) -> Answer | None:
        """As ``get``, but None when there is nothing (404)."""
        address = _asking(self._at(path), params or {})
        secret = bool(self.credentials)
        return self.client.fetch(address, origin=self.address, limit=self.limit, secret=secret, cached=cached)

    def post(self, path: str, document: object) -> Answer:
        """What the interface answers to a JSON document. Raises as ``get``."""
        answer = self.client.fetch(
            self._at(path), origin=self.address, limit=self.limit, document=document, secret=bool(self.credentials)
        )
        if answer is None:
            raise SourceError(_nothing_at(self._at(path)))
        return answer

    def _at(self, path: str) -> str:
        return path if re.match(r"https?://", path, re.IGNORECASE) else self.address + path.lstrip("/")


def _asking(address: str, params: Mapping[str, Any]) -> str:
    """An address with parameters beside those it has."""
    try:
        return str(httpx.URL(address).copy_merge_params(dict(params))) if params else address
    except httpx.InvalidURL as error:
        msg = f"{shown(address)}: not an address that can be asked ({error})"
        raise SourceError(msg) from error


def _nothing_at(address: str) -> str:
    return f"{shown(address)}: there is nothing at this address (404); find where it moved, and correct the catalogue"


class _Ways(httpx.BaseTransport):
    """Straight to the host, or by the proxy that the environment names for it (HTTPS_PROXY, NO_PROXY).

    httpx reads the environment only where it makes the transport itself, which would go round the cache.
    """

    def __init__(self) -> None:
        self._straight = httpx.HTTPTransport()
        self._proxied = {
            scheme: httpx.HTTPTransport(proxy=address if "://" in address else f"http://{address}")
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
    """Sends requests to the trusted host, or to public addresses; the way is checked at each redirect.

    What goes out is counted, and what comes back says how it may be kept.
    """

    def __init__(self, way: httpx.BaseTransport) -> None:
        self._way = way

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        errand: _Errand = request.extensions["errand"]
        if _place(request.url) != _place(httpx.URL(errand.origin)):
            _refuse_private(request.url)
        errand.requests += 1
        response = self._way.handle_request(request)
        _rule_keeping(response)
        return response

    def close(self) -> None:
        self._way.close()


class _Latest(hishel.SqliteStorage):
    """Keeps one body for each address.

    hishel would keep the one before as well, ask with either's validators, and fetch the body once more for nothing
    when a 304 with a weak tag does not tell which of them it means.
    """

    def create_entry(
        self,
        request: hishel.Request,
        response: hishel.Response,
        key: str,
        *,
        ttl: float | None = None,
        tti: float | None = None,
    ) -> hishel.Entry:
        for before in self.get_entries(key):
            self.remove_entry(before.id)
        return super().create_entry(request, response, key, ttl=ttl, tti=tti)


class _Keeping(httpx.BaseTransport):
    """Through the cache in a file, or past it for secret addresses and for what must be fresh."""

    def __init__(self, way: httpx.BaseTransport, cache: Path) -> None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        # hishel puts a name without a folder into a folder of its own.
        storage = _Latest(database_path=cache.absolute())
        # Answers to us alone: what a publisher marks as private may be kept too.
        self._cached = CacheTransport(way, storage, rfc=hishel.CacheOptions(shared=False))
        self._past = way

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        errand: _Errand = request.extensions["errand"]
        return (self._cached if errand.cached and not errand.secret else self._past).handle_request(request)

    def close(self) -> None:
        self._cached.close()


def _rule_keeping(response: httpx.Response) -> None:
    """Write into an answer what hishel would get wrong: errors are not kept, and only a stated lifetime counts."""
    said = response.headers.get("Cache-Control", "")
    if response.is_error:
        rule = "no-store"
    elif "max-age" in said.lower() or "Expires" in response.headers:
        return
    elif response.status_code == _NOT_MODIFIED and not said:
        return  # what was stated with the body still counts
    else:
        rule = "no-cache"
    response.headers["Cache-Control"] = f"{said}, {rule}" if said else rule


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
    except (socket.gaierror, UnicodeError):
        return set()


def _kind(error: Exception) -> str:
    """What went wrong, without addresses: the certificate's fault is said, for it is nobody's accident."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        return f"the certificate is not to be trusted: {text.rpartition('failed: ')[2].partition(' (_ssl')[0]}"
    return next((words for kind, words in _WORDS.items() if isinstance(error, kind)), type(error).__name__)


_WORDS = {
    httpx.ConnectTimeout: "no connection in time",
    httpx.TimeoutException: "no answer in time",
    httpx.ConnectError: "no connection: the name is not known, or nobody listens there",
    httpx.ProxyError: "the proxy refused",
    httpx.DecodingError: "the body is packed wrongly",
    httpx.NetworkError: "the connection broke off",
    httpx.RemoteProtocolError: "the connection broke off",
}
"""What went wrong on the way, in words; the more special kinds stand first."""


def _wait(error: Exception) -> bool | float:
    """Whether to try again, and after how long where the publisher says so."""
    if not isinstance(error, _TryAgain) or error.wait > PATIENCE:
        return False
    return error.wait or True


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds the publisher asks us to wait, from Retry-After as a number or a date; 0 for none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_REST)
    then = _moment(text)
    if then is None:
        return 0.0
    now = _moment(response.headers.get("Date", "")) or datetime.now(UTC)
    return min(max(0.0, (then - now).total_seconds()), _LONGEST_REST)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000" is read as no zone at all


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


def _limited(response: httpx.Response, where: str, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit:
            msg = f"{where}: larger than {limit >> 20} MB; raise max_mb if that is right"
            raise SourceError(msg)
        yield chunk
