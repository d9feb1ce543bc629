"""HTTP and WebSocket on 127.0.0.1, in one background thread with its own event loop."""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from .faults import Answer, Fault
from .files import receive_upload
from .report import Json
from .sockets import SocketHub
from .web_api import WebApi
from .workspace import Workspace

Result = TypeVar("Result")
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
BACKLOG = 512


class Server:
    """Serves the Web API, upload addresses, response addresses and Socket Mode on one port."""

    def __init__(self, workspace: Workspace, api: WebApi, hub: SocketHub) -> None:
        self._workspace = workspace
        self._api = api
        self._hub = hub
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="slack-double", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def start(self) -> None:
        """Listen on a free port; returns when connections are accepted."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close every connection and the port; returns when the thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the thread of the server and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG).start()
        self._workspace.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        self._ready.set()
        await self._stop.wait()
        await self._hub.drop_all()
        await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        _, area, *rest = request.path.split("/", 2)
        name = rest[0] if rest else ""
        if area == "link":
            return await self._hub.serve(request)
        method = {"api": name, "response": "response_url", "upload": "upload"}.get(area)
        if method is None or request.method not in ("GET", "POST"):
            return web.Response(status=404)
        fault = self._workspace.faults.take(method)
        if area == "upload":
            answer = await self._upload(name, request, fault)
        elif area == "response":
            answer = self._api.respond(name, json.loads(await request.read()), fault)
        else:
            answer = self._api.call(name, _bearer(request), await _params(request), fault)
        return await self._reply(request, answer, fault)

    async def _upload(self, file_id: str, request: web.BaseRequest, fault: Fault | None) -> Answer:
        if fault is not None and not fault.takes_effect:
            return fault.answer or Answer(503, b"")
        content = await request.read()
        status, text = receive_upload(self._workspace, file_id, content)
        self._workspace.log("upload", {"file": file_id, "bytes": len(content)}, {"ok": status == 200}, status)
        return Answer(status, text.encode(), content_type="text/plain")

    async def _reply(self, request: web.BaseRequest, answer: Answer, fault: Fault | None) -> web.Response:
        if fault is not None and fault.seconds:
            await self._delay(fault.seconds)
        if fault is not None and fault.drop:
            _cut(request, reset=not fault.takes_effect)
        return web.Response(
            status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
        )

    async def _delay(self, seconds: float) -> None:
        """Hold an answer back, but not longer than the server runs."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


def _cut(request: web.BaseRequest, *, reset: bool) -> None:
    """Close the connection without an answer: abruptly with a TCP reset, else by an early end."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


def _bearer(request: web.BaseRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _params(request: web.BaseRequest) -> Json:
    """The parameters from the query and from a JSON, urlencoded or multipart body."""
    params: Json = dict(request.query)
    if request.content_type == "multipart/form-data":
        params.update(await request.post())
        return params
    body = await request.read()
    if request.content_type == "application/json":
        data = json.loads(body) if body else {}
        return {**params, **data} if isinstance(data, dict) else params
    return {**params, **dict(parse_qsl(body.decode(), keep_blank_values=True))}
