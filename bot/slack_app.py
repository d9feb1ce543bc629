"""Slack's side of the conversation: commands and buttons in, answers out, over Socket Mode or signed HTTP.

Every request is acknowledged first and answered afterwards through its response address. That address lets anyone
who has it post, so it is never logged.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import structlog
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from bot.commands import ASK, PAGE, SHARE, Answers, Payload, payload
from bot.errors import AnswerRefused
from bot.slack_text import compose, section

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/slack/events"
LARGEST = 1_000_000
"""Bytes of a request that are read; Slack's own are far smaller."""

_WORKERS = 32
_TIMEOUT = httpx.Timeout(10, connect=5)
_POOL = httpx.Limits(max_connections=_WORKERS, max_keepalive_connections=_WORKERS)
_REMEMBERED = 1_000
_PING = 2
"""Seconds between pings; with the default of ten a lost socket is noticed after half a minute only."""

_log = structlog.stdlib.get_logger(__name__)

_SORRY = payload(
    compose([section("*That did not work.* The fault is on this side and has been logged; please try again later.")])
)


class Responder:
    """Posts answers to response addresses over connections that stay open; safe to use from many threads.

    An answer is tried once: one without a reply may have been shown. Only blocks that Slack refused, and so did not
    show, are followed by the text alone.
    """

    def __init__(self) -> None:
        for name in ("httpx", "httpcore"):  # they log every address they post to
            logging.getLogger(name).setLevel(logging.WARNING)
        self._http = httpx.Client(timeout=_TIMEOUT, limits=_POOL)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __call__(self, address: str, answer: Payload) -> None:
        """Post the answer; raises AnswerRefused where Slack did not take it or could not be reached."""
        refusal = self._post(address, answer.full)
        if "blocks" in refusal or "attachments" in refusal:
            _log.warning("answer_without_blocks", reason=refusal)
            refusal = self._post(address, answer.text_only)
        if refusal:
            raise AnswerRefused(f"Slack did not take the answer: {refusal}")

    def _post(self, address: str, body: bytes) -> str:
        """Slack's reason for refusing, or nothing."""
        try:
            reply = self._http.post(address, content=body, headers={"Content-Type": "application/json; charset=utf-8"})
        except httpx.HTTPError as error:
            return f"no reply ({type(error).__name__})"
        if reply.status_code == httpx.codes.OK and not reply.text.startswith('{"ok":false'):
            return ""
        return f"{reply.status_code} {reply.text[:200]}"


class Seen:
    """Remembers what was handled, so that a request sent twice is answered once."""

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, *key: str) -> bool:
        """True for a key never given before, of the last thousand."""
        with self._lock:
            new = key not in self._keys
            self._keys[key] = None
            self._keys.move_to_end(key)
            while len(self._keys) > _REMEMBERED:
                self._keys.popitem(last=False)
        return new


class _Conversation:
    """Answers commands and buttons, each once."""

    def __init__(self, answers: Answers, respond: Callable[[str, Payload], None]) -> None:
        self._answers = answers
        self._respond = respond
        self._seen = Seen()

    def command(self, body: dict[str, Any]) -> None:
        """Answer a slash command to the one who typed it."""
        if self._seen.first("command", body.get("trigger_id", "")):
            self._answer(body, body.get("text") or "", shared=False)

    def button(self, body: dict[str, Any]) -> None:
        """Answer the command in a button's value: to the one who pressed, or to the channel for Share here."""
        pressed = body["actions"][0]
        user, value = body["user"]["id"], pressed.get("value", "")
        if self._seen.first("button", user, pressed["action_ts"], value):
            self._answer(body, value, shared=pressed["action_id"] == SHARE)

    def _answer(self, body: dict[str, Any], text: str, *, shared: bool) -> None:
        begun = time.perf_counter()
        try:
            answer = self._answers.payload(text, shared=shared)
        except Exception:  # noqa: BLE001 - whatever went wrong, the one who asked is told
            _log.exception("answer_failed", command=text[:200])
            answer = _SORRY
        try:
            self._respond(body["response_url"], answer)
        except AnswerRefused as error:
            _log.error("answer_refused", command=text[:200], reason=str(error))
        else:
            _log.info("answered", command=text[:200], seconds=round(time.perf_counter() - begun, 3))


def build_app(
    answers: Answers,
    client: WebClient,
    *,
    signing_secret: str,
    command: str = "/rank",
    respond: Callable[[str, Payload], None] | None = None,
) -> App:
    """The Slack app: the command and its buttons, acknowledged at once and answered by a pool of threads.

    Listeners added to it must return at once too, as Slack waits for them: acknowledge, and hand the work over.
    Bolt's lazy listeners would do the same, after copying the whole request and waiting 10 ms for the
    acknowledgement. Nothing is asked of Slack to build it. ``respond`` is for answers that should not go out by HTTP.
    """
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="slack")
    app = App(
        name="benchwatch",
        client=client,
        signing_secret=signing_secret,
        logger=_quiet_logger("bot.slack_app.bolt", logging.ERROR),
        token_verification_enabled=False,
        authorize=_authorize(client),
        raise_error_for_unhandled_request=True,
        listener_executor=pool,
        process_before_response=True,  # listeners only acknowledge and hand over: bolt need not poll for that
    )
    if respond is None:
        respond = responder = Responder()
        weakref.finalize(app, responder.close)
    talk = _Conversation(answers, respond)

    def later(work: Callable[[dict[str, Any]], None]) -> Callable[[Ack, dict[str, Any]], None]:
        def listener(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            pool.submit(_logged, work, body)

        return listener

    app.command(command)(later(talk.command))
    for action in (ASK, SHARE, PAGE):
        app.action(action)(later(talk.button))
    app.error(_ignore)
    return app


def wsgi(app: App) -> WSGIApplication:
    """What a WSGI server calls for ``POST /slack/events``; a wrong signature is answered with 401."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = _serve(app, environ)
        body = (reply.body or "").encode()
        headers = [(name, value) for name, values in reply.headers.items() for value in values]
        kept = [item for item in headers if item[0].lower() != "content-length"]
        start_response(f"{reply.status} {httpx.codes.get_reason_phrase(reply.status)}", kept)
        return [body]

    return serve


def socket_handler(app: App, app_token: str, web_client: WebClient) -> SocketModeHandler:
    """Socket Mode for the app: ``connect()`` returns once connected, ``close()`` ends it."""
    return SocketModeHandler(
        app,
        app_token,
        logger=_quiet_logger("bot.slack_app.socket", logging.WARNING),
        web_client=web_client,
        ping_interval=_PING,
        concurrency=_WORKERS,
    )


def _logged(work: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
    """Do the work; nobody waits for it, so what goes wrong is logged here or nowhere."""
    try:
        work(body)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("request_failed")


def _authorize(client: WebClient) -> Callable[..., AuthorizeResult]:
    """One workspace, one token: nothing has to be asked of Slack, as bolt's own way does at the first request."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize


def _ignore(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """Politely ignores what the app has no answer to; anything else is a fault and is logged."""
    if isinstance(error, BoltUnhandledRequestError):
        _log.info("ignored", type=str(body.get("type") or body.get("command") or "unknown"))
        return BoltResponse(status=200)
    _log.error("listener_failed", exc_info=error)
    return BoltResponse(status=500)


def _serve(app: App, environ: WSGIEnvironment) -> BoltResponse:
    if environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") != PATH:
        return BoltResponse(status=404)
    if environ["REQUEST_METHOD"] != "POST":
        return BoltResponse(status=405, headers={"Allow": "POST"})
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return BoltResponse(status=413)
    try:
        body = environ["wsgi.input"].read(int(length)).decode()
        request = BoltRequest(body=body, query=environ.get("QUERY_STRING", ""), headers=_headers(environ))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return BoltResponse(status=400)
    return app.dispatch(request)


def _headers(environ: WSGIEnvironment) -> dict[str, str | Sequence[str]]:
    sent = {key.removeprefix("HTTP_"): value for key, value in environ.items() if key.startswith("HTTP_")}
    sent |= {"CONTENT_TYPE": environ.get("CONTENT_TYPE", "")}
    return {key.replace("_", "-").lower(): str(value) for key, value in sent.items()}


def _quiet_logger(name: str, level: int) -> logging.Logger:
    """A logger for bolt: below this level it writes whole requests, response addresses included."""
    logger = logging.getLogger(name)
    logger.setLevel(level)
    return logger
