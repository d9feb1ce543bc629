"""Which mentions in a message would notify people: those in live text, not the escaped or literal ones."""

import re
from collections.abc import Iterator
from typing import Any

from .report import Json

LIVE = re.compile(r"<(?:!(?:channel|here|everyone)|@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")
NAMED = re.compile(r"@(?:channel|here|everyone)\b")
NODES = {"user": ("<@", "user_id"), "usergroup": ("<!subteam^", "usergroup_id"), "broadcast": ("<!", "range")}
ATTACHMENT_TEXT = ("pretext", "title", "text", "footer", "author_name")


def live_mentions(payload: Json) -> list[str]:
    """Every mention that the text, blocks and attachments of a message would activate, in reading order.

    plain_text objects, raw_text cells and rich_text text nodes are literal. With `link_names` or
    `parse=full` a bare @channel is live as well.
    """
    patterns = [LIVE]
    if payload.get("parse") == "full" or payload.get("link_names") in (True, 1, "1", "true"):
        patterns.append(NAMED)
    return [found for text in _live_text(payload) for pattern in patterns for found in pattern.findall(text)]


def _live_text(payload: Json) -> Iterator[str]:
    yield payload.get("text") or ""
    yield from _walk(payload.get("blocks") or [])
    for attachment in payload.get("attachments") or []:
        for key in ATTACHMENT_TEXT:
            yield str(attachment.get(key) or "")
        for field in attachment.get("fields") or []:
            yield str(field.get("value") or "")
        yield from _walk(attachment.get("blocks") or [])


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind in ("mrkdwn", "markdown"):
            yield str(value.get("text") or "")
        elif kind in NODES and NODES[kind][1] in value:
            opening, key = NODES[kind]
            yield f"{opening}{value[key]}>"
        else:
            for item in value.values():
                if isinstance(item, (dict, list)):
                    yield from _walk(item)
