"""Slack's limits, kept in one place: ``fit`` for any message, ``pages`` for lists that would be cut.

Where published numbers disagree the lower one is kept. Nothing is cut silently: a note says how much is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from bot.slack_text.blocks import Block, Message, narrate, section
from bot.slack_text.characters import ELLIPSIS, cut, size

BLOCKS = 50
TEXT = 4_000
"""Top-level text: chat.update refuses more."""
TOTAL = 9_000
"""All text of all blocks: undocumented, and refused from some 11,000 on."""
SECTION = 3_000
FIELDS, FIELD = 10, 2_000
HEADER = 150
CONTEXT, CONTEXT_TEXT = 10, 2_000
BUTTONS, BUTTON, VALUE, URL, LABEL = 25, 75, 2_000, 3_000, 75
ALT_TEXT = TITLE = 2_000
IDENTIFIER = 255
ROWS, COLUMNS = 100, 20

PAGE = 3_200
"""Text of one page: with a headline and a footer around it the whole still fits into ``TEXT``."""

_ENDS = frozenset({"context", "actions"})
_TAIL = 3_000
"""Text reserved at most for what ends a message: its footer and buttons."""
_NOTE = 120
"""Room for the note that says how much is left out."""


def fit(message: Message) -> Message:
    """The message within every limit of Slack, its thread too, with a note wherever something was cut.

    What ends the message, a footer and buttons, is kept; what stands above is cut from below.
    """
    where = _where(message.thread)
    body = [fitted for block in message.blocks for fitted in _block(block)]
    tail: list[Block] = []
    while body and body[-1]["type"] in _ENDS and weight([*tail, body[-1]]) <= _TAIL:
        tail.insert(0, body.pop())
    return replace(
        message,
        text=cut_lines(message.text, TEXT, where) or ELLIPSIS,
        blocks=[*_within(body, BLOCKS - len(tail), TOTAL - weight(tail), where), *tail],
        thread=tuple(fit(reply) for reply in message.thread),
    )


def compose(blocks: Iterable[Block], thread: Iterable[Message] = ()) -> Message:
    """A message whose text says what its blocks say, within Slack's limits; a footer is never cut from the text."""
    body, foot = list(blocks), list[Block]()
    while body and body[-1]["type"] in _ENDS:
        foot.insert(0, body.pop())
    end, replies = narrate(foot), tuple(thread)
    text = cut_lines(narrate(body), max(TEXT - size(end) - 1, TEXT // 4), _where(replies))
    return fit(Message("\n".join(part for part in (text, end) if part), [*body, *foot], replies))


def paragraphs(lines: Iterable[str]) -> list[Block]:
    """Lines as sections, as few as Slack takes."""
    return [section(page) for page in pages([("", [line for line in lines if line])], SECTION - _NOTE)]


def pages(groups: Iterable[tuple[str, Sequence[str]]], room: int = PAGE) -> list[str]:
    """Groups of lines, each under its heading or none, as texts of at most ``room``; a split heading is repeated."""
    found: list[list[str]] = [[]]
    used = 0
    for heading, lines in groups:
        for at, line in enumerate(cut(line, room - size(heading) - _NOTE) for line in lines):
            above = [heading] if heading and at == 0 else []
            cost = sum(size(text) + 1 for text in (*above, line))
            if found[-1] and used + cost > room:
                above = [f"{heading} (continued)" if at else heading] if heading else []
                cost = sum(size(text) + 1 for text in (*above, line))
                found.append([])
                used = 0
            found[-1] += [*above, line]
            used += cost
    return ["\n".join(lines) for lines in found if lines]


def cut_lines(text: str, limit: int, where: str = " left out") -> str:
    """The text within the limit, cut between lines where it can be, with a note of how many are missing."""
    if size(text) <= limit:
        return text
    lines = text.split("\n")
    kept, used = 0, _NOTE
    while kept < len(lines) and used + size(lines[kept]) + 1 <= limit:
        used, kept = used + size(lines[kept]) + 1, kept + 1
    if not kept:
        lines[0], kept = cut(lines[0], limit - _NOTE), 1
    missing = len(lines) - kept
    return "\n".join([*lines[:kept], _note(missing, where)] if missing else lines[:kept])


def weight(value: Any) -> int:  # noqa: ANN401 - any part of a block
    """Characters in all text of a block or a list of blocks, as Slack adds them up for the whole message."""
    if isinstance(value, list):
        return sum(map(weight, value))
    if not isinstance(value, dict):
        return 0
    own = [size(item) for key, item in value.items() if key in {"text", "alt_text"} and isinstance(item, str)]
    return sum(own) + sum(weight(item) for item in value.values() if isinstance(item, dict | list))


def _where(thread: Sequence[Message]) -> str:
    return ": see the thread" if thread else " left out"


def _note(missing: int, where: str) -> str:
    return f"{ELLIPSIS} and {missing:,} more {'line' if missing == 1 else 'lines'}{where}"


def _within(body: list[Block], most: int, room: int, where: str) -> list[Block]:
    """As many of the blocks as the message may hold, the last shortened; a note counts the lines left out."""
    body = _one_table(body)
    if len(body) <= most and weight(body) <= room:
        return body
    kept: list[Block] = []
    left = room - _NOTE
    while len(kept) < most - 1 and weight(body[len(kept)]) <= left:
        kept.append(body[len(kept)])
        left -= weight(kept[-1])
    rest = body[len(kept) :]
    if len(kept) < most - 1 and (part := _shortened(rest[0], left)):
        kept, rest = [*kept, part[0]], [*part[1], *rest[1:]]
    missing = len(narrate(rest).splitlines())
    return [*kept, section(_note(missing, where))] if missing else kept


def _shortened(block: Block, room: int) -> tuple[Block, list[Block]] | None:
    """The part of a block that fits the room, and the rest; None where it cannot be divided."""
    if block["type"] == "table":
        rows = block["rows"]
        count = _leading([weight(row) for row in rows], room)
        rest = {**block, "rows": [rows[0], *rows[count:]]}
        return ({**block, "rows": rows[:count]}, [rest]) if count > 1 else None
    if block["type"] != "section" or "text" not in block or block.get("fields"):
        return None
    lines = block["text"]["text"].split("\n")
    count = _leading([size(line) + 1 for line in lines], room)
    return (section("\n".join(lines[:count])), [section("\n".join(lines[count:]))]) if count else None


def _leading(sizes: Sequence[int], room: int) -> int:
    """How many of the first fit the room."""
    return sum(used <= room for used in accumulate(sizes))


def _one_table(body: list[Block]) -> list[Block]:
    """Slack takes one table a message: the others become text."""
    seen = False
    found = []
    for block in body:
        again = block["type"] == "table" and seen
        seen = seen or block["type"] == "table"
        found.append(section(cut_lines(narrate([block]).strip() or ELLIPSIS, SECTION)) if again else block)
    return found


def _block(block: Block) -> list[Block]:
    """The block within its own limits; nothing where it is empty."""
    if size(str(block.get("block_id", ""))) > IDENTIFIER:
        block = {key: value for key, value in block.items() if key != "block_id"}
    rule = _RULES.get(block["type"])
    return rule(block) if rule else [block]


def _section(block: Block) -> list[Block]:
    found = dict(block)
    if "text" in block:
        found |= _text(block, "text", SECTION)
    if "fields" in block:
        fields = [field for field in block["fields"] if field["text"].strip()][:FIELDS]
        found["fields"] = [field | {"text": cut(field["text"], FIELD)} for field in fields]
    found = {key: value for key, value in found.items() if key not in {"text", "fields"} or value}
    if (accessory := block.get("accessory")) and not _button(accessory):
        del found["accessory"]
    elif accessory:
        found["accessory"] = _button(accessory)[0]
    return [found] if "text" in found or "fields" in found else []


def _text(block: Block, key: str, limit: int) -> Block:
    """The text object under ``key`` within the limit; None under it where it is empty."""
    text = block[key]["text"]
    return {key: block[key] | {"text": cut_lines(text, limit)} if text.strip() else None}


def _header(block: Block) -> list[Block]:
    text = cut(block["text"]["text"], HEADER)
    return [block | {"text": block["text"] | {"text": text}}] if text.strip() else []


def _context(block: Block) -> list[Block]:
    shown = [item for item in block["elements"] if item.get("text", item.get("alt_text", "")).strip()]
    kept = shown if len(shown) <= CONTEXT else shown[: CONTEXT - 1]
    fitted = [item | {key: cut(item[key], limit) for key, limit in _ELEMENT if key in item} for item in kept]
    if len(shown) > CONTEXT:
        note = f"{ELLIPSIS} and {len(shown) - len(kept)} more notes left out"
        fitted.append({"type": "mrkdwn", "text": note})
    return [block | {"elements": fitted}] if fitted else []


def _actions(block: Block) -> list[Block]:
    """A button whose value is too long would do something else when cut, so it goes, and a note says so."""
    fitted = [kept for element in block["elements"] for kept in _button(element)][:BUTTONS]
    gone = len(block["elements"]) - len(fitted)
    row = [block | {"elements": fitted}] if fitted else []
    what = "button" if gone == 1 else "buttons"
    return [section(f"{ELLIPSIS} and {gone} more {what} left out"), *row] if gone else row


def _button(element: Block) -> list[Block]:
    if element["type"] != "button":
        return [element]
    too_long = {"value": VALUE, "url": URL, "action_id": IDENTIFIER}
    if any(size(element.get(key, "")) > limit for key, limit in too_long.items()):
        return []
    text = cut(element["text"]["text"], BUTTON).strip() or ELLIPSIS
    found = {key: value for key, value in element.items() if value != ""} | {"text": element["text"] | {"text": text}}
    if label := element.get("accessibility_label"):
        found["accessibility_label"] = cut(label, LABEL)
    return [found]


def _image(block: Block) -> list[Block]:
    if size(block.get("image_url", "")) > URL:
        return [section(cut_lines(narrate([block]).strip() or ELLIPSIS, SECTION))]
    found = block | {"alt_text": cut(block["alt_text"], ALT_TEXT) or ELLIPSIS}
    if title := block.get("title"):
        found["title"] = title | {"text": cut(title["text"], TITLE)}
    return [found]


def _table(block: Block) -> list[Block]:
    """Rows and columns beyond the limits become a note; an empty cell, which Slack refuses, a dash."""
    rows = [
        [cell | {"text": (cell["text"].strip() and cell["text"]) or "–"} for cell in row[:COLUMNS]]
        for row in block["rows"][:ROWS]
    ]
    found = block | {"rows": rows}
    if "column_settings" in block:
        found["column_settings"] = block["column_settings"][:COLUMNS]
    notes = []
    if (missing := len(block["rows"]) - len(rows)) > 0:
        notes.append(section(_note(missing, " left out")))
    if (wide := max(map(len, block["rows"]), default=0) - COLUMNS) > 0:
        notes.append(section(f"{ELLIPSIS} and {wide} more columns left out"))
    return [found, *notes] if rows else []


_ELEMENT = (("text", CONTEXT_TEXT), ("alt_text", ALT_TEXT))

_RULES: dict[str, Callable[[Block], list[Block]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "table": _table,
}
