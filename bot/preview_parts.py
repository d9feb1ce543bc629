"""What a Slack message, modal or Home tab is made of, read from its blocks: the parts that a drawing shows.

Nothing in a message is trusted: text is only ever text, and links lead to web pages only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from rich.emoji import Emoji

Json = Mapping[str, Any]

_LINKS = ("http", "https")
_MARKS = re.compile(
    r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<angle>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<bold>(?=\S)[^*\n]*[^*\s])\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>(?=\S)[^_\n]*[^_\s])_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>(?=\S)[^~\n]*[^~\s])~(?![\w~])",
    re.DOTALL,
)
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_DRAWN = "(a block of a type that is not drawn here)"


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    url: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``kind`` is text, header, context, quote or pre."""

    runs: Runs
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Fields:
    """Short texts in two columns."""

    cells: tuple[Runs, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Runs, ...]
    ordered: bool
    indent: int


@dataclass(frozen=True, slots=True)
class Button:
    """``style`` is primary, danger or empty; ``told`` is what a screen reader says in place of the label."""

    label: str
    style: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """What is chosen of a list, or what the list asks for as long as nothing is; ``options`` are all of them."""

    shown: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Options that are all seen: one of them may be chosen, or several."""

    options: tuple[tuple[str, bool], ...]
    several: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """Room to write in, or for a day or a time; ``text`` is what stands in it."""

    text: str
    large: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form: what it asks, what answers it, and a hint."""

    label: str
    answer: Menu | Ticks | Entry | Buttons | None
    hint: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """A paragraph with what is pressed or chosen from beside it."""

    paragraph: Paragraph
    control: Control


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in words; ``url`` leads to it where it is on the web."""

    alt: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """The first row is the header; ``align`` is left, center or right for each column."""

    rows: tuple[tuple[Runs, ...], ...]
    align: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Divider:
    """A line across."""


Control = Buttons | Menu | Ticks | Entry | Field
"""What people press, choose from and fill in."""

Part = Paragraph | Fields | Bullets | Beside | Image | Grid | Divider | Control


# Reading a message


def parts_of(message: Json) -> list[Part]:
    """What a message or a view shows, from the top down."""
    blocks = message.get("blocks")
    if not blocks:
        text = str(message.get("text", ""))
        return [Paragraph(_mrkdwn(text))] if text else []
    return [part for block in blocks for part in _block(block)]


def frame_of(view: Json) -> tuple[str, str, tuple[Button, ...]]:
    """What kind of surface it is, its title, and the buttons at its foot."""
    kind = "Home tab" if view.get("type") == "home" else "Modal"
    title, close, submit = (_said(view.get(name)) for name in ("title", "close", "submit"))
    ends = (Button(close) if close else None, Button(submit, "primary") if submit else None)
    return kind, title, tuple(end for end in ends if end)


def _block(block: Json) -> Iterator[Part]:
    read = _BLOCKS.get(str(block.get("type")))
    if read is None:
        yield Paragraph((Run(_NOT_DRAWN, italic=True),), "context")
    else:
        yield from read(block)


def _section(block: Json) -> Iterator[Part]:
    accessory = list(_element(block.get("accessory") or {}))
    if block.get("text"):
        text = Paragraph(_text(block["text"]))
        beside = next((part for part in accessory if isinstance(part, Control)), None)
        yield Beside(text, beside) if beside else text
        accessory = [] if beside else accessory
    if block.get("fields"):
        yield Fields(tuple(_text(field) for field in block["fields"]))
    yield from accessory


def _header(block: Json) -> Iterator[Part]:
    yield Paragraph(_text(block.get("text") or {}), "header")


def _context(block: Json) -> Iterator[Part]:
    for element in block.get("elements", ()):
        if element.get("type") == "image":
            yield from _image(element)
        else:
            yield Paragraph(_text(element), "context")


def _actions(block: Json) -> Iterator[Part]:
    """Buttons stand in one row; what can be chosen stands by itself."""
    row: list[Button] = []
    for element in block.get("elements", ()):
        for part in _element(element):
            if isinstance(part, Buttons):
                row += part.buttons
            else:
                if row:
                    yield Buttons(tuple(row))
                    row = []
                yield part
    if row:
        yield Buttons(tuple(row))


def _input(block: Json) -> Iterator[Part]:
    found = next(iter(_element(block.get("element") or {})), None)
    answer = found if isinstance(found, Menu | Ticks | Entry | Buttons) else None
    yield Field(_said(block.get("label")), answer, _said(block.get("hint")), optional=bool(block.get("optional")))


def _element(element: Json) -> Iterator[Part]:
    kind = str(element.get("type"))
    if kind == "image":
        yield from _image(element)
    elif kind in _TICKED:
        chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options") or ()
        values = {option.get("value") for option in chosen}
        options = ((_said(option.get("text")), option.get("value") in values) for option in element.get("options", ()))
        yield Ticks(tuple(options), several=kind == "checkboxes")
    elif kind.endswith("_select") or kind == "overflow":
        yield _menu(element, "⋯" if kind == "overflow" else "Choose …")
    elif kind in _WRITTEN:
        initial = next((str(element[name]) for name in _WRITTEN[kind] if element.get(name)), "")
        yield Entry(clean(initial) or _said(element.get("placeholder")), large=bool(element.get("multiline")))
    elif label := _said(element.get("text")) or _said(element.get("placeholder")):
        told = clean(str(element.get("accessibility_label") or ""))
        yield Buttons((Button(label, str(element.get("style") or ""), told),))


def _menu(element: Json, otherwise: str) -> Menu:
    chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options") or ()
    groups = element.get("option_groups") or ({"options": element.get("options") or ()},)
    options = tuple(_said(option.get("text")) for group in groups for option in group.get("options", ()))
    shown = tuple(_said(option.get("text")) for option in chosen)
    return Menu(shown or (_said(element.get("placeholder")) or otherwise,), options)


_TICKED = ("radio_buttons", "checkboxes")
_WRITTEN = {
    "plain_text_input": ("initial_value",),
    "number_input": ("initial_value",),
    "email_text_input": ("initial_value",),
    "url_text_input": ("initial_value",),
    "datepicker": ("initial_date",),
    "timepicker": ("initial_time",),
}
"""Elements to write in, and where what stands in them is."""


def _said(words: object) -> str:
    """A text object's words; Slack shows plain text as it is."""
    return _literal(str(words.get("text", ""))) if isinstance(words, Mapping) else ""


def _image(block: Json) -> Iterator[Part]:
    title = block.get("title")
    yield Image(
        _literal(str(block.get("alt_text", ""))),
        _literal(str(title.get("text", ""))) if title else "",
        _web(str(block.get("image_url", ""))),
    )


def _divider(_: Json) -> Iterator[Part]:
    yield Divider()


def _table(block: Json) -> Iterator[Part]:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in block.get("rows", ()))
    width = max((len(row) for row in rows), default=0)
    settings = [*(block.get("column_settings") or ()), *[None] * width][:width]
    align = tuple(str((setting or {}).get("align", "left")) for setting in settings)
    padded = tuple(row + ((),) * (width - len(row)) for row in rows)
    if padded:
        yield Grid(padded, align, _literal(str(block.get("caption", ""))))


def _cell(cell: Json) -> Runs:
    if cell.get("type") == "rich_text":
        return tuple(run for part in cell.get("elements", ()) for run in _leaves(part))
    return (Run(_literal(str(cell.get("text", "")))),)


def _rich_text(block: Json) -> Iterator[Part]:
    kinds = {"rich_text_quote": "quote", "rich_text_preformatted": "pre"}
    for part in block.get("elements", ()):
        if part.get("type") == "rich_text_list":
            items = tuple(_leaves(item) for item in part.get("elements", ()))
            yield Bullets(items, part.get("style") == "ordered", int(part.get("indent", 0)))
        else:
            yield Paragraph(_leaves(part), kinds.get(str(part.get("type")), "text"))


def _leaves(part: Json) -> Runs:
    return tuple(_leaf(leaf) for leaf in part.get("elements", ()))


def _leaf(leaf: Json) -> Run:
    kind, style = leaf.get("type"), leaf.get("style") or {}
    words = {
        "link": leaf.get("text") or leaf.get("url"),
        "emoji": f":{leaf.get('name')}:",
        "user": f"@{leaf.get('user_id')}",
        "usergroup": f"@{leaf.get('usergroup_id')}",
        "channel": f"#{leaf.get('channel_id')}",
        "broadcast": f"@{leaf.get('range')}",
        "date": leaf.get("fallback"),
        "color": leaf.get("value"),
    }.get(str(kind), leaf.get("text"))
    flags = {name: bool(style.get(name)) for name in ("bold", "italic", "strike", "code")}
    text = clean(str(words or ""))
    return Run(Emoji.replace(text) if kind == "emoji" else text, url=_web(str(leaf.get("url", ""))), **flags)


def _text(value: Json) -> Runs:
    text = str(value.get("text", ""))
    return _mrkdwn(text) if value.get("type") == "mrkdwn" else (Run(_literal(text)),)


_BLOCKS: dict[str, Callable[[Json], Iterator[Part]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": _divider,
    "image": _image,
    "table": _table,
    "data_table": _table,
    "rich_text": _rich_text,
}


# Reading text


def _mrkdwn(text: str, style: Run = Run("")) -> Runs:
    """Slack's own markup as runs: the marks nest, and what is between backticks is literal."""
    runs: list[Run] = []
    end = 0
    for found in _MARKS.finditer(text):
        runs.append(replace(style, text=_literal(text[end : found.start()])))
        runs += _marked(str(found.lastgroup), str(found[str(found.lastgroup)]), style)
        end = found.end()
    runs.append(replace(style, text=_literal(text[end:])))
    return tuple(run for run in runs if run.text)


def _marked(mark: str, inner: str, style: Run) -> Iterable[Run]:
    if mark in ("pre", "code"):
        return [replace(style, text=clean(_entities(inner.strip("\n"))), code=True)]
    if mark == "angle":
        return [_angle(inner, style)]
    marked = {"bold": replace(style, bold=True), "italic": replace(style, italic=True)}
    return _mrkdwn(inner, marked.get(mark, replace(style, strike=True)))


def _angle(inner: str, style: Run) -> Run:
    """What stands between angle brackets: a link, a mention, a date, or nothing Slack knows."""
    target, _, label = inner.partition("|")
    if target.startswith(("@", "#", "!")):
        name = target[0].replace("!", "@") + target[1:].partition("^")[0]
        return replace(style, text=_literal(label) if label else clean(name))
    url = _web(_entities(target))
    if url or label:
        return replace(style, text=_literal(label or target), url=url)
    return replace(style, text=_literal(f"<{inner}>"))


def _web(url: str) -> str:
    """The address if it leads to a web page, otherwise nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    fit = parts.scheme in _LINKS and bool(parts.netloc) and url == clean(url) and not re.search(r"\s", url)
    return url if fit else ""


def _literal(text: str) -> str:
    """Text as Slack shows it: its three entities and emoji names replaced."""
    return Emoji.replace(clean(_entities(text)))


def _entities(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def clean(text: str) -> str:
    """Text without control characters and turned writing, which could redraw the terminal or hide what is said."""
    spaced = text.replace("\t", " ")
    return "".join(c for c in spaced if c == "\n" or (unicodedata.category(c) != "Cc" and c not in _BIDI))
