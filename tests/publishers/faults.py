"""What can go wrong on the way from a publisher: set for a publisher and its paths, for some requests or for all.

A fault sees the connection and the publisher's real answer, and writes to the connection what it likes. The first fault
set that fits a request takes it.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.publishers.exchange import Reply

BLOCK = 1 << 16
ENDLESS = 3 << 30
_BODILESS = frozenset({204, 304})
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body><h1>Sorry, we are busy</h1></body></html>\n"


class Hung(Exception):
    """The server stops while a connection is held."""


class Line:
    """The connection of one request, from the publisher's side; ``answered`` is told each status, once."""

    def __init__(self, handler: BaseHTTPRequestHandler, answered: Callable[[int], None]) -> None:
        self._handler = handler
        self._answered = answered

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Status and headers; the body is the caller's business."""
        self._answered(status)
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def reply(self, reply: Reply) -> None:
        """A whole answer; to a HEAD request without the body."""
        length = {} if reply.status in _BODILESS else {"Content-Length": str(len(reply.body))}
        self.head(reply.status, {**described(reply), **length})
        self.write(reply.body)

    def write(self, body: bytes) -> None:
        """Part of a body."""
        if self._handler.command != "HEAD":
            self._handler.wfile.write(body)

    def chunk(self, body: bytes) -> None:
        """One chunk of a chunked body; the empty one is its end."""
        self.write(b"%x\r\n%b\r\n" % (len(body), body))

    def close(self) -> None:
        """End the connection after this answer."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """End the connection at once and roughly (RST)."""
        self._handler.wfile.flush()
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()
        self.close()


def described(reply: Reply) -> dict[str, str]:
    """The headers of an answer, without its length."""
    headers = {"Content-Type": reply.content_type, "ETag": reply.tag, "Last-Modified": reply.modified, **reply.headers}
    return {name: value for name, value in headers.items() if value}


Fault = Callable[[Line, Callable[[], Reply]], None]


class Hold:
    """A place where connections are held, so that a test decides when each goes on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._permits = 0
        self._open = False
        self._stopped = False
        self.waiting = 0
        self.most = 0

    def here(self) -> None:
        """Hold this connection until it is let go. Raises Hung when the server stops."""
        with self._changed:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._permits or self._open or self._stopped)
            self._permits -= not self._open
            self.waiting -= 1
            if self._stopped:
                raise Hung

    def until(self, number: int, seconds: float = 10.0) -> bool:
        """Wait until so many connections are held at once; False when that does not happen in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.waiting >= number, seconds)

    def let_go(self, number: int | None = None) -> None:
        """Let so many connections go on, or all that are held and all to come."""
        with self._changed:
            self._permits += number or 0
            self._open = self._open or number is None
            self._changed.notify_all()

    def stop(self) -> None:
        """End every connection held."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


@dataclass
class _Set:
    publisher: str
    paths: re.Pattern[str]
    left: float
    fault: Fault = field(repr=False)


class Faults:
    """The faults set: each for the paths of a publisher that a pattern is found in, so often or, for None, always."""

    def __init__(self) -> None:
        self._set: list[_Set] = []
        self._holds: list[Hold] = []
        self._lock = threading.Lock()

    def add(self, publisher: str, paths: str, fault: Fault, times: int | None = None) -> None:
        """Any fault, as a function of the connection and the real answer."""
        with self._lock:
            self._set.append(_Set(publisher, re.compile(paths), float("inf") if times is None else times, fault))

    def take(self, publisher: str, path: str) -> Fault | None:
        """The fault for a request, which uses it up once."""
        with self._lock:
            for one in self._set:
                if one.publisher == publisher and one.left > 0 and one.paths.search(path):
                    one.left -= 1
                    return one.fault
        return None

    def clear(self) -> None:
        """Set no fault any more, and let go what is held."""
        with self._lock:
            self._set.clear()
            for hold in self._holds:
                hold.let_go()

    def stop(self) -> None:
        """End every connection held, for the server stops."""
        with self._lock:
            for hold in self._holds:
                hold.stop()

    def status(
        self,
        publisher: str,
        paths: str,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        times: int | None = None,
    ) -> None:
        """Another status, for example 429 with Retry-After."""
        reply = Reply(body, status, "text/plain; charset=utf-8", headers=headers or {})
        self.add(publisher, paths, lambda line, _: line.reply(reply), times)

    def redirect(self, publisher: str, paths: str, to: str, *, status: int = 302, times: int | None = None) -> None:
        """Elsewhere, to a whole or relative address."""
        self.status(publisher, paths, status, headers={"Location": to}, times=times)

    def replace(
        self, publisher: str, paths: str, body: bytes | Callable[[bytes], bytes], *, times: int | None = None
    ) -> None:
        """Another body with status 200 and without validators: these bytes, or what is made of the real ones."""

        def fault(line: Line, real: Callable[[], Reply]) -> None:
            if isinstance(body, bytes):
                line.reply(Reply(body))
            else:
                reply = real()
                line.reply(Reply(body(reply.body), reply.status, reply.content_type, headers=reply.headers))

        self.add(publisher, paths, fault, times)

    def page(self, publisher: str, paths: str, *, times: int | None = None) -> None:
        """A web page for people with status 200."""
        self.add(publisher, paths, lambda line, _: line.reply(Reply(_PAGE, 200, "text/html; charset=utf-8")), times)

    def empty(self, publisher: str, paths: str, *, times: int | None = None) -> None:
        """Nothing with status 200."""
        self.replace(publisher, paths, b"", times=times)

    def hang(self, publisher: str, paths: str, *, part: float = 0.0, times: int | None = None) -> Hold:
        """The real answer, held before its status or, with a ``part`` above 0, after that part of its body."""
        hold = Hold()

        def fault(line: Line, real: Callable[[], Reply]) -> None:
            reply = real()
            if not part:
                hold.here()
                line.reply(reply)
                return
            half = round(len(reply.body) * part)
            line.head(reply.status, {**described(reply), "Content-Length": str(len(reply.body))})
            line.write(reply.body[:half])
            hold.here()
            line.write(reply.body[half:])

        with self._lock:
            self._holds.append(hold)
        self.add(publisher, paths, fault, times)
        return hold

    def reset(self, publisher: str, paths: str, *, times: int | None = None) -> None:
        """The real headers with the whole length, half of the body, and a reset."""

        def fault(line: Line, real: Callable[[], Reply]) -> None:
            reply = real()
            line.head(reply.status, {**described(reply), "Content-Length": str(len(reply.body))})
            line.write(reply.body[: len(reply.body) // 2])
            line.reset()

        self.add(publisher, paths, fault, times)

    def cut(self, publisher: str, paths: str, *, times: int | None = None) -> None:
        """Half of the body in chunks, without the chunk that ends it, and the connection closed politely."""

        def fault(line: Line, real: Callable[[], Reply]) -> None:
            reply = real()
            line.head(reply.status, {**described(reply), "Transfer-Encoding": "chunked"})
            line.chunk(reply.body[: len(reply.body) // 2 or 1])
            line.close()

        self.add(publisher, paths, fault, times)

    def drip(self, publisher: str, paths: str, pause: float, *, times: int | None = None) -> None:
        """The real body byte by byte, ``pause`` seconds apart."""

        def fault(line: Line, real: Callable[[], Reply]) -> None:
            reply = real()
            line.head(reply.status, {**described(reply), "Content-Length": str(len(reply.body))})
            for at in range(len(reply.body)):
                time.sleep(pause)
                line.write(reply.body[at : at + 1])

        self.add(publisher, paths, fault, times)

    def endless(self, publisher: str, paths: str, *, size: int = ENDLESS, times: int | None = None) -> None:
        """Zeros in chunks, three gigabytes unless told otherwise, none of them kept in memory."""
        self.add(
            publisher, paths, lambda line, _: _stream(line, {}, (bytes(BLOCK) for _ in range(size // BLOCK))), times
        )

    def bomb(
        self, publisher: str, paths: str, *, size: int = ENDLESS, layers: int = 1, times: int | None = None
    ) -> None:
        """Zeros packed by gzip on the way, a thousand times smaller than what they unpack to, in each of its layers."""
        headers = {"Content-Encoding": ", ".join(["gzip"] * layers)}

        def fault(line: Line, _: Callable[[], Reply]) -> None:
            blocks: Iterator[bytes] = (bytes(BLOCK) for _ in range(size // BLOCK))
            for _layer in range(layers):
                blocks = _packed(blocks)
            _stream(line, headers, blocks)

        self.add(publisher, paths, fault, times)


def _stream(line: Line, headers: Mapping[str, str], blocks: Iterator[bytes]) -> None:
    line.head(200, {"Content-Type": "application/octet-stream", **headers, "Transfer-Encoding": "chunked"})
    for block in blocks:
        line.chunk(block)
    line.chunk(b"")


def _packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer: Any = zlib.compressobj(wbits=31)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()
