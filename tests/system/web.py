"""A small web server on loopback, with pages that know ETags and can be in trouble."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass
class Page:
    """What an address offers; ``troubles`` are statuses answered first, one a request."""

    body: bytes
    tag: str = ""
    modified: str = ""
    status: int = 200
    troubles: list[int] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """One request, as it came."""

    path: str
    headers: Mapping[str, str]


class Web:
    """The server; ``pages`` by path, everything else is missing."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.answer(self)

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        path = handler.path
        headers = {name.title(): value for name, value in handler.headers.items()}
        self.requests.append(Request(path, headers))
        page = self.pages.get(path, Page(b"", status=404))
        asked_tag, asked_day = handler.headers.get("If-None-Match"), handler.headers.get("If-Modified-Since")
        same = (page.tag and asked_tag == page.tag) or (page.modified and asked_day == page.modified)
        status = page.troubles.pop(0) if page.troubles else 304 if same else page.status
        body = page.body if status == page.status else b""
        handler.send_response(status)
        for name, value in {"ETag": page.tag, "Last-Modified": page.modified, **page.headers}.items():
            if value:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body) + (9 if page.cut else 0)))
        handler.end_headers()
        handler.wfile.write(body)
