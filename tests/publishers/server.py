"""The server that stands in for the publishers: each under a path of its own, with what it was asked and its faults.

Every module beside this one that has a class ``StandIn`` is a publisher. A stand-in sees paths from its own base on,
with a leading slash and decoded.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

import tests.publishers as package
from tests.publishers.exchange import Reply, Request, StandIn
from tests.publishers.faults import Faults, Hung, Line

_NOT_PUBLISHERS = frozenset({"__main__", "exchange", "faults", "server"})
_NOT_MODIFIED = 304
_MISSING = 404


@cache
def classes() -> Mapping[str, type[StandIn]]:
    """The stand-ins there are, by the publishers' names."""
    names = sorted({module.name for module in pkgutil.iter_modules(package.__path__)} - _NOT_PUBLISHERS)
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    found = {name: getattr(module, "StandIn", None) for name, module in modules.items()}
    return {name: kind for name, kind in found.items() if kind and kind.__module__.endswith(f".{name}")}


@dataclass
class Asked:
    """One request as it came; ``status`` is 0 until it is answered."""

    name: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    conditional: bool
    status: int = 0


@dataclass
class _Log:
    """What was asked, safe for all threads."""

    asked: list[Asked] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, one: Asked) -> None:
        with self.changed:
            self.asked.append(one)
            self.changed.notify_all()


class Publishers:
    """The server on loopback, with all stand-ins there are or those given; a certificate (file, key) makes it https."""

    def __init__(
        self,
        stand_ins: Mapping[str, StandIn] | None = None,
        *,
        port: int = 0,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.stand_ins: dict[str, Any] = dict(
            {name: made() for name, made in classes().items()} if stand_ins is None else stand_ins
        )
        self.faults = Faults()
        self._log = _Log()
        self._broken: list[Exception] = []
        publishers = self

        class Handler(_Handler):
            web = publishers

        self._server = _Server(("127.0.0.1", port), Handler)
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is left to the thread of the connection, so that none holds up the others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.faults.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._broken:
            msg = "a stand-in failed once or more, first like this"
            raise RuntimeError(msg) from self._broken[0]

    def address(self, name: str) -> str:
        """The base address of a publisher."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/{name}/"

    @property
    def requests(self) -> list[Asked]:
        """What was asked of all publishers since the start or since ``forget``, in order."""
        with self._log.changed:
            return list(self._log.asked)

    def asked(self, name: str, paths: str = "") -> list[Asked]:
        """What was asked of one publisher, at paths that a pattern is found in."""
        return [one for one in self.requests if one.name == name and re.search(paths, one.path)]

    def count(self, name: str, paths: str = "") -> int:
        """How often that was."""
        return len(self.asked(name, paths))

    def until(self, number: int, name: str, paths: str = "", seconds: float = 10.0) -> bool:
        """Wait until so many requests have come; False when they do not in time."""
        with self._log.changed:
            return self._log.changed.wait_for(lambda: self.count(name, paths) >= number, seconds)

    def forget(self) -> None:
        """Start counting anew."""
        with self._log.changed:
            self._log.asked.clear()

    def settings(self) -> str:
        """The base addresses as settings for config.toml."""
        tables = [f'[sources.{name}]\naddress = "{self.address(name)}"\n' for name in self.stand_ins if name != "ons"]
        calendars = "".join(f'{name} = "{self.address(name)}"\n' for name in ("govuk", "ons"))
        return "\n".join([*tables, f"[calendar]\n{calendars}"])

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer one request."""
        parts = urlsplit(handler.path)
        name, _, rest = parts.path.lstrip("/").partition("/")
        headers = httpx.Headers(handler.headers.items())
        request = Request(
            handler.command,
            "/" + unquote(rest),
            parse_qs(parts.query, keep_blank_values=True),
            headers,
            body,
            self.address(name),
        )
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        one = Asked(name, request.method, request.path, request.query, headers, conditional)
        self._log.add(one)

        def answered(status: int) -> None:
            one.status = status

        line = Line(handler, answered)
        fault = self.faults.take(name, request.path)
        if fault:
            fault(line, lambda: self._real(name, request))
        else:
            line.reply(_unless_known(self._real(name, request), headers))

    def _real(self, name: str, request: Request) -> Reply:
        stand_in = self.stand_ins.get(name)
        if stand_in is None:
            return Reply(f"no stand-in called {name!r}".encode(), _MISSING, "text/plain")
        try:
            return cast("StandIn", stand_in).answer(request)
        except Exception as error:
            self._broken.append(error)
            raise


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that nobody has signed, for ``DNS:a.name`` or ``IP:an.address``, and its key. Needs openssl."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=stand-in", "-addext", f"subjectAltName={name}", "-out", certificate, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def _unless_known(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """The answer, or 304 with the same validators and Cache-Control when the asker has it already."""
    tags = {tag.strip().removeprefix("W/") for tag in headers.get("If-None-Match", "").split(",")} - {""}
    if tags:
        known = reply.tag.removeprefix("W/") in tags or "*" in tags
    else:
        known = bool(reply.modified) and headers.get("If-Modified-Since") == reply.modified
    if reply.status != 200 or not known:
        return reply
    kept = {key: value for key, value in reply.headers.items() if key.lower() in {"cache-control", "expires", "vary"}}
    return Reply(b"", _NOT_MODIFIED, "", reply.tag, reply.modified, kept)


class _Handler(BaseHTTPRequestHandler):
    web: Publishers
    protocol_version = "HTTP/1.1"
    # An answer is written in two parts, which must not wait for each other's acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._take()

    def do_HEAD(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.web.take(self, body)
        except Hung:
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away or refuses the certificate is what many tests are about; all else is a fault here.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
