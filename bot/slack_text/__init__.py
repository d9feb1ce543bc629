"""Text and blocks as Slack takes them: escaped, harmless, and within every limit."""

from __future__ import annotations

from bot.slack_text.blocks import (
    Block,
    ChartKind,
    ChartOf,
    Message,
    Picture,
    actions,
    button,
    context,
    header,
    plain,
    section,
    table,
)
from bot.slack_text.characters import clean, code, cut, escape, literal, size, unescape
from bot.slack_text.limits import compose, fit, pages, paragraphs

__all__ = [
    "Block",
    "ChartKind",
    "ChartOf",
    "Message",
    "Picture",
    "actions",
    "button",
    "clean",
    "code",
    "compose",
    "context",
    "cut",
    "escape",
    "fit",
    "header",
    "literal",
    "pages",
    "paragraphs",
    "plain",
    "section",
    "size",
    "table",
    "unescape",
]
