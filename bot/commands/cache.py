"""Answers remembered until anything they are made from changes, so that many people asking at once cost little."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction

from bot.commands.answers import answer
from bot.commands.grammar import COMMAND, parse
from bot.commands.parts import without_buttons
from bot.commands.reader import Reader
from bot.commands.verbs import Verb
from bot.slack_text import ChartOf, Message
from engine.progress import SIMILAR
from jobs.overview import Overview

KEPT = 256
_FRESH: frozenset[Verb] = frozenset({"releases", "sources"})
"""Verbs whose answers change without a new snapshot: made each time."""
_LONGEST_KEY = 300


def _today() -> date:
    return datetime.now(tz=UTC).date()


@dataclass(frozen=True, slots=True)
class Payload:
    """An answer as it goes to a response address: with blocks, and as text alone should Slack refuse these."""

    full: bytes
    text_only: bytes
    chart: ChartOf | None = None
    """The picture that is to follow the answer."""


@dataclass(frozen=True, slots=True)
class _Rendered:
    message: Message
    private: Payload
    shared: Payload


class Answers:
    """Answers to commands, from one reader; safe to use from many threads.

    ``command`` is what people type before them; ``overview`` says how the sources stand, where that is known;
    ``similar`` is the relative change up to which a figure is similar.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        today: Callable[[], date] = _today,
        command: str = COMMAND,
        overview: Callable[[], Overview] | None = None,
        similar: Fraction = SIMILAR,
    ) -> None:
        self._reader = reader
        self._today = today
        self._command = command
        self._overview = overview
        self._similar = similar
        self._kept: OrderedDict[tuple[int, date, str], _Rendered] = OrderedDict()
        self._lock = threading.Lock()
        self._rendering = threading.Lock()

    def answer(self, text: str) -> Message:
        """The answer as a message, buttons included."""
        return self._rendered(text).message

    def payload(self, text: str, *, shared: bool = False) -> Payload:
        """The answer as bytes to post: for the one who asked, or ``shared`` with the channel."""
        rendered = self._rendered(text)
        return rendered.shared if shared else rendered.private

    def _rendered(self, text: str) -> _Rendered:
        """From memory, or made by one thread while the others who ask wait for it rather than make it too."""
        today = self._today()
        request = parse(text)
        if _FRESH & {request.verb, *(verb for verb, _ in request.others)}:
            return self._made(text, today)
        key = (self._reader.version(), today, " ".join(text.split()).casefold())
        if found := self._recall(key):
            return found
        with self._rendering:
            if found := self._recall(key):
                return found
            made = self._made(text, today)
            self._keep(key, made)
        return made

    def _made(self, text: str, today: date) -> _Rendered:
        made = answer(
            text,
            self._reader,
            today=today,
            command=self._command,
            overview=self._overview,
            similar=self._similar,
        )
        return _render(made)

    def _recall(self, key: tuple[int, date, str]) -> _Rendered | None:
        with self._lock:
            found = self._kept.get(key)
            if found:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: tuple[int, date, str], made: _Rendered) -> None:
        if len(key[2]) > _LONGEST_KEY:
            return
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def payload(message: Message, *, shared: bool = False) -> Payload:
    """A message as bytes to post to a response address."""
    base: dict[str, object] = {
        "response_type": "in_channel" if shared else "ephemeral",
        "replace_original": False,
        "text": message.text,
    }
    return Payload(_json(base | {"blocks": message.blocks}), _json(base), message.chart)


def _render(message: Message) -> _Rendered:
    return _Rendered(message, payload(message), payload(without_buttons(message), shared=True))


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
