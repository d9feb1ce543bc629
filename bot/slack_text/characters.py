"""Single strings: cleaned of what hides or reorders text, escaped, made literal, and cut between characters."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
JOINER = "\u034f"
"""Combining grapheme joiner: invisible, and keeps the mark after it from opening or closing a format."""

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_ZWJ = 0x200D

_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Bidi controls, zero-width spaces and joiners, interlinear marks: a reader sees none of them.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]")
_BROKEN = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile(f"{_SPACES.pattern}|{_UNSEEN.pattern}|{_BROKEN.pattern}")

# A mark formats only at the edge of a word, so codes such as ASC_1A stay as they are and can be copied.
_MARKS = re.compile(r"(?<![^\W_])[*_~`]|[*_~`](?![^\W_])|`|(?<=:)(?=[\w+'-]+:)")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_LONGEST_ENTITY = 5
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def escape(text: str) -> str:
    """The text with ``&``, ``<`` and ``>`` escaped, which is all that Slack asks for."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The text as a reader sees it: the reverse of ``escape``, without the joiners of ``literal``."""
    shown = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return shown.replace(JOINER, "")


def clean(text: str) -> str:
    """One line without control characters, line ends, or characters that hide or reorder text."""
    text = _BROKEN.sub("\ufffd", _UNSEEN.sub("", text)) if _UNSAFE.search(text) else text
    return _SPACES.sub(" ", text).strip()


def literal(text: str) -> str:
    """Untrusted text for mrkdwn: shown as it is, mentioning, linking and formatting nothing.

    Text written from right to left is isolated, so that it leaves the numbers beside it in their order.
    """
    shown = _MARKS.sub(lambda found: JOINER + found[0], escape(clean(text)))
    if not shown.isascii() and any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in shown):
        return f"{_ISOLATE}{shown}{_END_ISOLATE}"
    return shown


def code(text: str) -> str:
    """Untrusted text as code, to be copied."""
    return f"`{escape(clean(text)).replace('`', chr(0x2019)) or '?'}`"


def size(text: str) -> int:
    """Length as the strictest reader counts it, in UTF-16 units: most emoji are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """At most ``limit`` units of the text, ending in "…" if cut; letters with marks and emoji stay whole."""
    if size(text) <= limit:
        return text
    at = max(limit - 1, 0)
    while (over := size(text[:at]) - (limit - 1)) > 0 and at:
        at -= max(over // 2, 1)
    whole = at
    while whole and not _between(text, whole):
        whole -= 1
    return (text[: whole or at].rstrip() + ELLIPSIS)[: max(limit, 0)]


def _between(text: str, at: int) -> bool:
    """Whether the text may be cut before ``at``: not within an emoji, an accented letter or an entity."""
    before, after = ord(text[at - 1]), ord(text[at])
    if before == _ZWJ or _extends(after):
        return False
    if _is_flag(before) and _is_flag(after):
        start = at
        while start and _is_flag(ord(text[start - 1])):
            start -= 1
        return (at - start) % 2 == 0
    return not any(
        found.start() < at < found.end()
        for found in _ENTITY.finditer(text, max(at - _LONGEST_ENTITY, 0), at + _LONGEST_ENTITY)
    )


def _extends(char: int) -> bool:
    """Joiners, variation selectors, skin tones, tags and combining marks belong to the character before."""
    return (
        char == _ZWJ
        or 0x1F3FB <= char <= 0x1F3FF  # noqa: PLR2004 - the five skin tones
        or 0xE0020 <= char <= 0xE007F  # noqa: PLR2004 - the letters of flags such as England's
        or unicodedata.category(chr(char)).startswith("M")
    )


def _is_flag(char: int) -> bool:
    return 0x1F1E6 <= char <= 0x1F1FF  # noqa: PLR2004 - regional letters, two to a flag
