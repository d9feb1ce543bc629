"""Messages and the few blocks they are made of, and what a message says without any blocks.

Builders take mrkdwn that is safe already (``literal``, ``code``) or plain text where Slack takes only
that: buttons, headers and table cells show their text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.slack_text.characters import JOINER, clean, escape, unescape

Block = dict[str, Any]

_BOLD = re.compile(rf"(?<![^\s(\u2068])\*(?=\S)([^\n]+?)(?<![\s{JOINER}])\*(?=[\s.,:;)\u2069]|$)", re.MULTILINE)
_STRIKE = re.compile(rf"(?<![^\s(\u2068])~(?=\S)([^\n]+?)(?<![\s{JOINER}])~(?=[\s.,:;)\u2069]|$)", re.MULTILINE)
_CODE = re.compile(rf"(?<!{JOINER})`([^`\n]+)`")
_SEPARATOR = " · "


ChartKind = Literal["theme", "themes", "spend", "deprivation", "indicator", "bottom"]


@dataclass(frozen=True, slots=True)
class ChartOf:
    """A picture to be drawn: its kind and what it shows, themes by name or an indicator by its code."""

    kind: ChartKind
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart as PNG, with the text that says the same to those who cannot see it."""

    png: bytes
    alt: str
    title: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message as Slack takes it: ``text`` alone carries the whole fact, ``blocks`` lay it out.

    ``thread`` are the messages to post under it. ``compose`` makes one from its blocks and keeps Slack's limits.
    One with a ``chart`` is posted as that picture, ``text`` in its place where there can be none.
    """

    text: str
    blocks: list[Block]
    thread: tuple[Message, ...] = ()
    chart: ChartOf | None = None


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph of mrkdwn, with a button beside it if given."""
    block: Block = {"type": "section", "text": _mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    """Small print in mrkdwn."""
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def header(text: str) -> Block:
    """A heading of plain text."""
    return {"type": "header", "text": _plain_text(text)}


def button(text: str, action_id: str, value: str, *, label: str = "") -> Block:
    """A button; ``label`` is what a screen reader says in place of ``text``."""
    element: Block = {"type": "button", "text": _plain_text(text), "action_id": action_id, "value": value}
    return element | {"accessibility_label": clean(label)} if label else element


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """A table of plain text, its first column to the left and the others to the right; one a message."""
    cells = [[{"type": "raw_text", "text": clean(cell) or "–"} for cell in row] for row in (heads, *rows)]
    settings = [{"align": "left" if at == 0 else "right", "is_wrapped": at == 0} for at in range(len(heads))]
    return {"type": "table", "rows": cells, "column_settings": settings}


def narrate(blocks: Iterable[Block]) -> str:
    """What the blocks say, line by line, without layout: mrkdwn still escaped, buttons left out."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def plain(message: Message) -> str:
    """The message as plain text for terminals and screen readers, tables in columns; its thread is not in it."""
    if not message.blocks:
        return unescape(_unmarked(message.text))
    parts = [_columns(block) if block["type"] == "table" else "\n".join(_lines(block)) for block in message.blocks]
    return unescape("\n".join(part for part in parts if part))


def _mrkdwn(text: str) -> Block:
    """Verbatim: Slack makes no links out of addresses, names and channels in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": clean(text), "emoji": False}


def _unmarked(text: str) -> str:
    return _CODE.sub(r"\1", _BOLD.sub(r"\1", _STRIKE.sub(r"\1", text)))


def _said(text: Block) -> str:
    """A text object's words, escaped either way."""
    return escape(text["text"]) if text["type"] == "plain_text" else _unmarked(text["text"])


def _lines(block: Block) -> list[str]:
    kind = block["type"]
    if kind == "table":
        return _sentences(block)
    if kind in {"section", "header"}:
        texts = [text for text in (block.get("text"), *block.get("fields", ())) if text]
        return [line for text in texts for line in _said(text).split("\n")]
    if kind == "context":
        return [_SEPARATOR.join(_said(item) for item in block["elements"] if "text" in item)]
    return [escape(block["alt_text"])] if kind == "image" else []


def _cells(block: Block) -> list[list[str]]:
    return [[escape(cell["text"]) for cell in row] for row in block["rows"]]


def _sentences(block: Block) -> list[str]:
    """Each row of a table as a sentence: its first cell, then every other with the head of its column."""
    heads, *rows = _cells(block)
    return [
        f"{row[0]}: "
        + ", ".join(f"{head[:1].lower()}{head[1:]} {cell}" for head, cell in zip(heads[1:], row[1:], strict=False))
        for row in rows
    ]


def _columns(block: Block) -> str:
    """A table in columns of equal width, the first to the left and the others to the right."""
    rows = _cells(block)
    count = max(len(row) for row in rows)
    widths = [max(len(unescape(row[at])) for row in rows if at < len(row)) for at in range(count)]
    return "\n".join(
        "  ".join(_pad(cell, widths[at], left=at == 0) for at, cell in enumerate(row)).rstrip() for row in rows
    )


def _pad(cell: str, width: int, *, left: bool) -> str:
    space = " " * (width - len(unescape(cell)))
    return cell + space if left else space + cell
