"""What ``/rank`` answers: the grammar, names as people type them, and the answers, remembered."""

from __future__ import annotations

from bot.commands.answers import answer
from bot.commands.cache import Answers, Payload, payload
from bot.commands.matching import Match, Named, match, named
from bot.commands.parts import ASK, BUTTONS, PAGE, SHARE
from bot.commands.reader import Reader

__all__ = [
    "ASK",
    "BUTTONS",
    "PAGE",
    "SHARE",
    "Answers",
    "Match",
    "Named",
    "Payload",
    "Reader",
    "answer",
    "match",
    "named",
    "payload",
]
