"""Lists too long for the message itself: its first lines, how many more there are, and all of them in its thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot import words
from bot.slack_text import Block, Message, compose, pages, section

_PAGE = 2_800


def few(lines: Sequence[str], most: int, what: str = "") -> list[str]:
    """The first lines and, where there are more, how many more of ``what`` the thread has."""
    more = len(lines) - most
    noun = f" {what}{words.plural_s(more)}" if what else ""
    return [*lines[:most], f"… and {more:,} more{noun}: see the thread"] if more > 0 else list(lines)


def rest(lines: Sequence[str], most: int, *below: Block) -> list[Message]:
    """Messages for the thread with all of the lines; none where ``few`` shows them all."""
    return in_thread([("", lines)], *below) if len(lines) > most else []


def in_thread(groups: Iterable[tuple[str, Sequence[str]]], *below: Block) -> list[Message]:
    """Messages for the thread with all groups of lines, each under its heading, and the same blocks below each."""
    return [compose([section(page), *below]) for page in pages(groups, _PAGE)]
