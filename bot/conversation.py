"""What people say to the app, and what it answers: commands, buttons, forms and events, each once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Protocol

import structlog

from bot.actions import Submitted
from bot.actions.desk import SORRY, Body, refused
from bot.commands import SHARE, Answers, Payload, payload
from bot.delivery import NoPicture
from bot.errors import AnswerRefused
from bot.people import Person
from bot.slack_text import ChartOf, Message, Picture, clean, compose, cut, escape, literal, paragraphs, section

log = structlog.stdlib.get_logger(__name__)

_REMEMBERED = 1_000
_ALT, _TEXT, _LOGGED = 2_000, 4_000, 200
_ARTISTS = 2
"""Threads that draw and upload: charts take long, and whoever presses a button meanwhile has three seconds."""

_SORRY = payload(compose([section(SORRY)]))
_NOTHING_TO_DRAW = "*There is no chart:* there are no figures to draw."


class Personal(Protocol):
    """Answers that depend on who asks, and may write."""

    def handles(self, text: str) -> bool:
        """Whether a command is one of these."""

    def answer(self, text: str, person: Person, channel: str) -> Message:
        """The answer for a person who asks in a channel."""


def logged(work: Callable[[Body], None], body: Body) -> None:
    """Do the work; nobody waits for it, so what goes wrong is logged here or nowhere."""
    try:
        work(body)
    except Exception:
        log.exception("request_failed")


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


class Conversation:
    """Answers commands and buttons, each once."""

    def __init__(
        self,
        answers: Answers,
        respond: Callable[[str, Payload], None],
        personal: Personal | None,
        draw: Callable[[ChartOf], Picture | None] | None,
        upload: Callable[[Picture], str] | None,
        writers: Executor,
    ) -> None:
        """``writers`` are the threads for what may write, which waits while a release is taken in."""
        self._answers = answers
        self._respond = respond
        self._personal = personal
        self._draw = draw
        self._upload = upload
        self._writers = writers
        self._seen = Seen()
        self._artists = ThreadPoolExecutor(_ARTISTS, thread_name_prefix="charts")

    def command(self, body: Body) -> None:
        """Answer a slash command to the one who typed it."""
        if self._seen.first("command", body.get("trigger_id", "")):
            self._answer(body, body.get("text") or "", body.get("channel_id", ""), shared=False)

    def button(self, body: Body) -> None:
        """Answer the command in a button's value: to the one who pressed, or to the channel for Share here."""
        pressed = body["actions"][0]
        user, value = body["user"]["id"], pressed.get("value", "")
        if self._seen.first("button", user, pressed["action_ts"], value):
            channel = (body.get("channel") or {}).get("id", "")
            self._answer(body, value, channel, shared=pressed["action_id"] == SHARE)

    def press(self, act: Callable[[Body], Message | None], body: Body) -> None:
        """Do what a button under a message or in a form does, and say what comes of it to the one who pressed."""
        pressed = body["actions"][0]
        if not self._seen.first("press", body["user"]["id"], pressed["action_ts"], pressed["action_id"]):
            return
        try:
            message = act(body)
            answer = payload(message) if message else None
        except Exception:
            log.exception("press_failed", action=pressed["action_id"])
            answer = _SORRY
        if answer and body.get("response_url"):
            self._send(body, answer, pressed["action_id"])

    def form(self, sent: Callable[[Body], Submitted], body: Body) -> Submitted:
        """How a form sent in is acknowledged, and what is then to be done; nothing for one sent before."""
        view = body["view"]
        if not self._seen.first("form", view.get("id", ""), body.get("trigger_id") or view.get("hash", "")):
            return Submitted()
        try:
            return sent(body)
        except Exception:
            log.exception("form_failed", form=view.get("callback_id", ""))
            return refused(view["title"]["text"], SORRY)

    def event(self, work: Callable[[Body], None], body: Body) -> None:
        """Do what an event asks for."""
        if self._seen.first("event", body.get("event_id", "")):
            work(body)

    def _answer(self, body: Body, text: str, channel: str, *, shared: bool) -> None:
        """At once what only reads; what may write has threads of its own, so that nobody else waits for it."""
        personal = self._personal
        if personal is None or shared or not self._handles(personal, text):
            self._give(body, text, lambda: self._answers.payload(text, shared=shared), shared=shared)
        else:
            person = Person.of(body)
            made = partial(self._give, text=text, make=lambda: payload(personal.answer(text, person, channel)))
            self._writers.submit(logged, made, body)

    @staticmethod
    def _handles(personal: Personal, text: str) -> bool:
        try:
            return personal.handles(text)
        except Exception:  # noqa: BLE001 - it is met with again, logged and told when the answer is made
            return False

    def _give(self, body: Body, text: str, make: Callable[[], Payload], *, shared: bool = False) -> None:
        begun = time.perf_counter()
        try:
            answer = make()
        except Exception:  # whatever went wrong, the one who asked is told
            log.exception("answer_failed", command=_logged_as(text))
            answer = _SORRY
        if self._send(body, answer, text):
            log.info("answered", command=_logged_as(text), seconds=round(time.perf_counter() - begun, 3))
            if answer.chart and self._draw:
                self._artists.submit(self._follow, body, self._draw, answer.chart, text, shared=shared)

    def _follow(
        self, body: Body, draw: Callable[[ChartOf], Picture | None], chart: ChartOf, text: str, *, shared: bool
    ) -> None:
        """Send the chart after its answer."""
        try:
            self._send(body, payload(self._picture(draw, chart), shared=shared), text)
        except Exception:  # nobody waits for it, so what goes wrong is logged here or nowhere
            log.exception("chart_failed", chart=chart.kind)

    def _picture(self, draw: Callable[[ChartOf], Picture | None], chart: ChartOf) -> Message:
        """The chart as an image; in words where it cannot be posted, and a sentence where it cannot be drawn."""
        try:
            picture = draw(chart)
        except Exception:
            log.exception("drawing_failed", chart=chart.kind)
            return compose([section("*The chart could not be drawn.* The fault has been logged.")])
        if picture is None:
            return compose([section(_NOTHING_TO_DRAW)])
        if self._upload is None:
            return _in_words(picture)
        try:
            file = self._upload(picture)
        except NoPicture as error:
            log.warning("no_picture", chart=chart.kind, reason=str(error))
            return _in_words(picture)
        except Exception:
            log.exception("upload_failed", chart=chart.kind)
            return _in_words(picture)
        image = {"type": "image", "slack_file": {"id": file}, "alt_text": cut(picture.alt, _ALT)}
        return Message(cut(escape(picture.alt), _TEXT), [image])

    def _send(self, body: Body, answer: Payload, asked: str) -> bool:
        try:
            self._respond(body["response_url"], answer)
        except AnswerRefused as error:
            log.error("answer_refused", command=_logged_as(asked), reason=str(error))  # noqa: TRY400 - the reason is all
            return False
        return True


def _logged_as(text: str) -> str:
    """What somebody typed as the log has it: short, and with nothing that turns or hides what is beside it."""
    return clean(text[:_LOGGED])


def _in_words(picture: Picture) -> Message:
    """A chart for where pictures cannot be posted."""
    return compose(paragraphs([f"*The chart in words, as pictures cannot be posted here:* {literal(picture.alt)}"]))
