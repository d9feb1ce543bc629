"""Slack's side of the conversation: commands, buttons and forms in, answers out, over Socket Mode or signed HTTP.

Every request is acknowledged first and answered afterwards through its response address. That address lets anyone
who has it post, so it is never logged. Who asks is what Slack says; what may be written only by members of the app's
own workspace is refused to others.
"""

from __future__ import annotations

import json
import logging
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol

import httpx
import structlog
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from bot.actions import Actions, Sent
from bot.actions.desk import Body
from bot.commands import BUTTONS, Answers, Payload
from bot.conversation import Conversation, Personal, logged
from bot.errors import AnswerRefused
from bot.home_view import CHOOSE
from bot.slack_text import ChartOf, Picture

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/slack/events"
LARGEST = 1_000_000
"""Bytes of a request that are read; Slack's own are far smaller."""

_WORKERS = 32
_WRITERS = 8
"""Threads for what may write: while a release is taken in they wait, and those who only ask do not."""
_TIMEOUT = httpx.Timeout(10, connect=5)
_POOL = httpx.Limits(max_connections=_WORKERS, max_keepalive_connections=_WORKERS)
_PING = 2
"""Seconds between pings; with the default of ten a lost socket is noticed after half a minute only."""

_log = structlog.stdlib.get_logger(__name__)


class Homes(Protocol):
    """The Home tab."""

    def opened(self, body: Body) -> None:
        """Somebody has opened it."""

    def chosen(self, body: Body) -> None:
        """Somebody has chosen something on it."""


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


def build_app(
    answers: Answers,
    client: WebClient,
    *,
    signing_secret: str,
    command: str = "/rank",
    respond: Callable[[str, Payload], None] | None = None,
    personal: Personal | None = None,
    actions: Actions | None = None,
    homes: Homes | None = None,
    draw: Callable[[ChartOf], Picture | None] | None = None,
    upload: Callable[[Picture], str] | None = None,
) -> App:
    """The Slack app: commands, buttons, forms and the Home tab, acknowledged at once and answered by a pool of threads.

    Listeners added to it must return at once too, as Slack waits for them: acknowledge, and hand the work over.
    Bolt's lazy listeners would do the same, after copying the whole request and waiting 10 ms for the
    acknowledgement. Nothing is asked of Slack to build it. ``respond`` is for answers that should not go out by HTTP;
    ``draw`` and ``upload`` make the pictures that follow answers about charts. What is not given is not answered.
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
    writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="slack-writes")
    talk = Conversation(answers, respond, personal, draw, upload, writers)
    _listen(app, pool, writers, talk, command, actions, homes)
    app.error(_ignore)
    return app


def _listen(
    app: App,
    pool: ThreadPoolExecutor,
    writers: ThreadPoolExecutor,
    talk: Conversation,
    command: str,
    actions: Actions | None,
    homes: Homes | None,
) -> None:
    """Everything that people do, and what does it: what writes in threads of its own."""
    later = partial(_later, pool)
    app.command(command)(later(talk.command))
    app.action(BUTTONS)(later(talk.button))
    if actions:
        for action, act in actions.presses.items():
            app.action(action)(_later(writers if action in actions.writing else pool, partial(talk.press, act)))
        for form, sent in actions.forms.items():
            app.view(form)(_checked(writers, talk, sent))
    if homes:
        visits = ThreadPoolExecutor(_WORKERS, thread_name_prefix="slack-homes")  # these show first and write then
        app.event("app_home_opened")(_later(visits, partial(talk.event, homes.opened)))
        app.action(CHOOSE)(_later(writers, partial(talk.press, homes.chosen)))


def _later(pool: ThreadPoolExecutor, work: Callable[[Body], None]) -> Callable[[Ack, Body], None]:
    """Acknowledged at once, and done by the pool."""

    def listener(ack: Ack, body: Body) -> None:
        ack()
        pool.submit(logged, work, body)

    return listener


def _checked(pool: ThreadPoolExecutor, talk: Conversation, sent: Sent) -> Callable[[Ack, Body], None]:
    """A form is checked before it is acknowledged, as the acknowledgement says what to put right."""

    def listener(ack: Ack, body: Body) -> None:
        done = talk.form(sent, body)
        ack(**done.ack)
        if then := done.then:
            pool.submit(logged, lambda _: then(), body)

    return listener


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


def _authorize(client: WebClient) -> Callable[..., AuthorizeResult]:
    """One workspace, one token: nothing has to be asked of Slack, as bolt's own way does at the first request."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize


def _ignore(error: Exception, body: Body) -> BoltResponse:
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
