"""Socket Mode: the open sockets of the app, and the delivery of envelopes to one of them at random."""

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from .report import Json
from .table import LIMITS
from .workspace import APP_ID, Workspace

CLOSING_SECONDS = 1.0


@dataclass(eq=False)
class Link:
    """One open socket; `leaving` after a disconnect frame, when nothing more is sent to it."""

    stream: web.WebSocketResponse
    request: web.BaseRequest
    pending: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    leaving: bool = False


class SocketHub:
    """The sockets of one app. All coroutines run in the thread of the server."""

    def __init__(self, workspace: Workspace, seed: int = 0) -> None:
        self._workspace = workspace
        self._links: list[Link] = []
        self._random = random.Random(seed)
        self._closing: set[asyncio.Future[bool]] = set()

    @property
    def connected(self) -> int:
        """How many sockets would take an envelope now."""
        with self._workspace.changed:
            return sum(not link.leaving for link in self._links)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One socket from handshake to close; a ticket from apps.connections.open works once."""
        with self._workspace.changed:
            ticket = request.query.get("ticket", "")
            if ticket not in self._workspace.tickets or len(self._links) >= LIMITS["sockets.max_items"]:
                return web.Response(status=404)
            self._workspace.tickets.remove(ticket)
        link = Link(web.WebSocketResponse(compress=False, timeout=CLOSING_SECONDS), request)
        await link.stream.prepare(request)
        await link.stream.send_str(json.dumps(self._hello()))
        self._keep(link)
        self._close_leaving()
        with contextlib.suppress(ConnectionError):
            async for frame in link.stream:
                if frame.type is WSMsgType.TEXT:
                    _acknowledge(link, frame.data)
        self._forget(link)
        return link.stream

    async def deliver(self, kind: str, payload: Json, seconds: float) -> Json | None:
        """Send one envelope and wait for its acknowledgement: the response payload, or None without one."""
        with self._workspace.changed:
            open_links = [link for link in self._links if not link.leaving]
            envelope_id = self._workspace.next_id("envelope")
        if not open_links:
            return None
        link = self._random.choice(open_links)
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind == "slash_commands" or payload.get("type") == "view_submission",
        }
        acknowledged = link.pending[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await link.stream.send_str(json.dumps(envelope))
            return await asyncio.wait_for(acknowledged, seconds)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            link.pending.pop(envelope_id, None)

    async def drop_all(self) -> None:
        """Cut every socket without a closing handshake."""
        for link in list(self._links):
            self._forget(link)
            if link.request.transport is not None:
                link.request.transport.abort()

    async def disconnect(self) -> None:
        """Announce that each socket will be refreshed; the app is expected to open another."""
        frame = json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "double"}})
        for link in list(self._links):
            link.leaving = True
            await link.stream.send_str(frame)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._links) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": "double", "approximate_connection_time": 18060},
        }

    def _close_leaving(self) -> None:
        """Close the sockets being refreshed once another has taken over."""
        for link in self._links:
            if link.leaving:
                closing = asyncio.ensure_future(link.stream.close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    def _keep(self, link: Link) -> None:
        with self._workspace.changed:
            self._links.append(link)
            self._workspace.notify()

    def _forget(self, link: Link) -> None:
        with self._workspace.changed:
            if link in self._links:
                self._links.remove(link)
            for waiting in link.pending.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionResetError("socket closed before the acknowledgement"))
            self._workspace.notify()


def _acknowledge(link: Link, data: str) -> None:
    frame = json.loads(data)
    waiting = link.pending.get(frame.get("envelope_id", ""))
    if waiting is not None and not waiting.done():
        waiting.set_result(frame.get("payload") or {})
