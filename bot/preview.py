"""Slack messages as people see them, drawn in the terminal and as one HTML page, without Slack.

A message is the dictionary that would be posted: ``text`` and ``blocks``. Both drawings are made from the same
parts, so that neither shows what the other leaves out. Nothing in a message is trusted: text is only ever text,
links lead to web pages only, and nothing is fetched.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Group, RenderableType
from rich.emoji import Emoji
from rich.padding import Padding
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.slack_text import Picture

BOT = "benchwatch"

Json = Mapping[str, Any]

_STYLESHEET = Path(__file__).with_name("preview.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LINKS = ("http", "https")
_MARKS = re.compile(
    r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<angle>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<bold>(?=\S)[^*\n]*[^*\s])\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>(?=\S)[^_\n]*[^_\s])_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>(?=\S)[^~\n]*[^~\s])~(?![\w~])",
    re.DOTALL,
)
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DEEPEST = 4
"""Indents that the stylesheet knows."""
_NOT_DRAWN = "(a block of a type that is not drawn here)"


@dataclass(frozen=True, slots=True)
class Post:
    """One message in a channel, with the replies in its thread and the charts uploaded beneath it."""

    message: Json
    time: str = ""
    thread: tuple[Post, ...] = ()
    charts: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Posts under a heading; ``channel`` is the channel's or the person's name, ``note`` says what is shown."""

    heading: str
    posts: tuple[Post, ...]
    channel: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Run:
    """Text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    url: str = ""


_Runs = tuple[_Run, ...]


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """``kind`` is text, header, context, quote or pre."""

    runs: _Runs
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class _Fields:
    cells: tuple[_Runs, ...]


@dataclass(frozen=True, slots=True)
class _Bullets:
    items: tuple[_Runs, ...]
    ordered: bool
    indent: int


@dataclass(frozen=True, slots=True)
class _Buttons:
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Picture:
    alt: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class _Grid:
    """The first row is the header; ``align`` is left, center or right for each column."""

    rows: tuple[tuple[_Runs, ...], ...]
    align: tuple[str, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class _Divider:
    pass


_Part = _Paragraph | _Fields | _Bullets | _Buttons | _Picture | _Grid | _Divider


def draw(section: Section) -> RenderableType:
    """The section for a rich console, as wide as the console is."""
    lines: list[RenderableType] = [Text(), Rule(Text(_clean(section.heading), style="bold"), align="left")]
    if section.note:
        lines.append(Text(_clean(section.note), style="dim"))
    if section.channel:
        lines.append(Text(_clean(section.channel), style="bold cyan"))
    for post in section.posts:
        lines += [Text(), draw_post(post)]
    return Group(*lines)


def draw_post(post: Post) -> RenderableType:
    """The post and, indented beneath it, its charts in words and its thread."""
    lines: list[RenderableType] = [
        Text.assemble((BOT, "bold"), "  ", ("APP", "reverse"), "  ", (_clean(post.time), "dim"))
    ]
    lines += [_drawn(part) for part in _parts(post.message)]
    lines += [_drawn(_Picture(_clean(chart.alt), "", "")) for chart in post.charts]
    if post.thread:
        lines.append(Text(_replies(post), style="dim"))
        lines += [Padding(draw_post(reply), (0, 0, 0, 4)) for reply in post.thread]
    return Group(*lines)


def page(title: str, sections: Sequence[Section]) -> str:
    """One HTML page that needs nothing else: charts and styles are inside it."""
    body = "\n".join(_section_html(section, at) for at, section in enumerate(sections, start=1))
    heading = html.escape(_clean(title))
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{heading}</title>\n<style>\n{_STYLESHEET.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<header><h1>{heading}</h1></header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


# Reading a message


def _parts(message: Json) -> list[_Part]:
    blocks = message.get("blocks")
    if not blocks:
        return [_Paragraph(_mrkdwn(str(message.get("text", ""))))]
    return [part for block in blocks for part in _block(block)]


def _block(block: Json) -> Iterator[_Part]:
    read = _BLOCKS.get(str(block.get("type")))
    if read is None:
        yield _Paragraph((_Run(_NOT_DRAWN, italic=True),), "context")
    else:
        yield from read(block)


def _section(block: Json) -> Iterator[_Part]:
    if block.get("text"):
        yield _Paragraph(_text(block["text"]))
    if block.get("fields"):
        yield _Fields(tuple(_text(field) for field in block["fields"]))
    if block.get("accessory"):
        yield from _element(block["accessory"])


def _header(block: Json) -> Iterator[_Part]:
    yield _Paragraph(_text(block.get("text") or {}), "header")


def _context(block: Json) -> Iterator[_Part]:
    for element in block.get("elements", ()):
        if element.get("type") == "image":
            yield from _image(element)
        else:
            yield _Paragraph(_text(element), "context")


def _actions(block: Json) -> Iterator[_Part]:
    labels = tuple(label for element in block.get("elements", ()) if (label := _label(element)))
    if labels:
        yield _Buttons(labels)


def _element(element: Json) -> Iterator[_Part]:
    if element.get("type") == "image":
        yield from _image(element)
    elif label := _label(element):
        yield _Buttons((label,))


def _label(element: Json) -> str:
    words = element.get("text") or element.get("placeholder")
    return _literal(str(words.get("text", ""))) if words else ""


def _image(block: Json) -> Iterator[_Part]:
    title = block.get("title")
    yield _Picture(
        _literal(str(block.get("alt_text", ""))),
        _literal(str(title.get("text", ""))) if title else "",
        _web(str(block.get("image_url", ""))),
    )


def _divider(_: Json) -> Iterator[_Part]:
    yield _Divider()


def _table(block: Json) -> Iterator[_Part]:
    rows = tuple(tuple(_cell(cell) for cell in row) for row in block.get("rows", ()))
    width = max((len(row) for row in rows), default=0)
    settings = [*(block.get("column_settings") or ()), *[None] * width][:width]
    align = tuple(str((setting or {}).get("align", "left")) for setting in settings)
    padded = tuple(row + ((),) * (width - len(row)) for row in rows)
    if padded:
        yield _Grid(padded, align, _literal(str(block.get("caption", ""))))


def _cell(cell: Json) -> _Runs:
    if cell.get("type") == "rich_text":
        return tuple(run for part in cell.get("elements", ()) for run in _leaves(part))
    return (_Run(_literal(str(cell.get("text", "")))),)


def _rich_text(block: Json) -> Iterator[_Part]:
    kinds = {"rich_text_quote": "quote", "rich_text_preformatted": "pre"}
    for part in block.get("elements", ()):
        if part.get("type") == "rich_text_list":
            items = tuple(_leaves(item) for item in part.get("elements", ()))
            yield _Bullets(items, part.get("style") == "ordered", int(part.get("indent", 0)))
        else:
            yield _Paragraph(_leaves(part), kinds.get(str(part.get("type")), "text"))


def _leaves(part: Json) -> _Runs:
    return tuple(_leaf(leaf) for leaf in part.get("elements", ()))


def _leaf(leaf: Json) -> _Run:
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
    text = _clean(str(words or ""))
    return _Run(Emoji.replace(text) if kind == "emoji" else text, url=_web(str(leaf.get("url", ""))), **flags)


def _text(value: Json) -> _Runs:
    text = str(value.get("text", ""))
    return _mrkdwn(text) if value.get("type") == "mrkdwn" else (_Run(_literal(text)),)


_BLOCKS: dict[str, Callable[[Json], Iterator[_Part]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
    "table": _table,
    "data_table": _table,
    "rich_text": _rich_text,
}


# Reading text


def _mrkdwn(text: str, style: _Run = _Run("")) -> _Runs:
    """Slack's own markup as runs: the marks nest, and what is between backticks is literal."""
    runs: list[_Run] = []
    end = 0
    for found in _MARKS.finditer(text):
        runs.append(replace(style, text=_literal(text[end : found.start()])))
        runs += _marked(str(found.lastgroup), str(found[str(found.lastgroup)]), style)
        end = found.end()
    runs.append(replace(style, text=_literal(text[end:])))
    return tuple(run for run in runs if run.text)


def _marked(mark: str, inner: str, style: _Run) -> Iterable[_Run]:
    if mark in ("pre", "code"):
        return [replace(style, text=_clean(_entities(inner.strip("\n"))), code=True)]
    if mark == "angle":
        return [_angle(inner, style)]
    marked = {"bold": replace(style, bold=True), "italic": replace(style, italic=True)}
    return _mrkdwn(inner, marked.get(mark, replace(style, strike=True)))


def _angle(inner: str, style: _Run) -> _Run:
    """What stands between angle brackets: a link, a mention, a date, or nothing Slack knows."""
    target, _, label = inner.partition("|")
    if target.startswith(("@", "#", "!")):
        name = target[0].replace("!", "@") + target[1:].partition("^")[0]
        return replace(style, text=_literal(label) if label else _clean(name))
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
    fit = parts.scheme in _LINKS and bool(parts.netloc) and url == _clean(url) and not re.search(r"\s", url)
    return url if fit else ""


def _literal(text: str) -> str:
    """Text as Slack shows it: its three entities and emoji names replaced."""
    return Emoji.replace(_clean(_entities(text)))


def _entities(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _clean(text: str) -> str:
    """Text without control characters and turned writing, which could redraw the terminal or hide what is said."""
    spaced = text.replace("\t", " ")
    return "".join(c for c in spaced if c == "\n" or (unicodedata.category(c) != "Cc" and c not in _BIDI))


# Drawing in the terminal


def _drawn(part: _Part) -> RenderableType:
    drawn: RenderableType
    match part:
        case _Paragraph():
            drawn = _drawn_paragraph(part)
        case _Fields():
            drawn = _drawn_fields(part)
        case _Bullets():
            drawn = _drawn_bullets(part)
        case _Buttons(labels):
            drawn = Text("  ").join(Text(f"[{_unbroken(label)}]", style="bold cyan") for label in labels)
        case _Picture(alt, title, _):
            drawn = Text.assemble(("Picture: ", "bold"), f"{title}. {alt}" if title else alt, style="dim")
        case _Grid():
            drawn = _drawn_grid(part)
        case _Divider():
            drawn = Rule(style="dim")
    return drawn


def _drawn_paragraph(paragraph: _Paragraph) -> RenderableType:
    text = _styled(paragraph.runs)
    if paragraph.kind == "header":
        text.stylize("bold")
    elif paragraph.kind == "context":
        text.stylize("dim")
    return Padding(text, (0, 0, 0, 2)) if paragraph.kind in ("quote", "pre") else text


def _drawn_fields(fields: _Fields) -> RenderableType:
    grid = Table.grid(padding=(0, 3))
    cells = [*fields.cells, ()]
    for left, right in zip(cells[0:-1:2], cells[1::2], strict=False):
        grid.add_row(_styled(left), _styled(right))
    return grid


def _drawn_bullets(bullets: _Bullets) -> RenderableType:
    marks = [f"{at}. " if bullets.ordered else "• " for at in range(1, len(bullets.items) + 1)]
    lines = [Text.assemble(mark, _styled(item)) for mark, item in zip(marks, bullets.items, strict=True)]
    return Padding(Group(*lines), (0, 0, 0, 2 + 2 * bullets.indent))


def _drawn_grid(grid: _Grid) -> RenderableType:
    table = Table(title=Text(grid.caption) if grid.caption else None, title_justify="left", header_style="bold")
    for cell, align in zip(grid.rows[0], grid.align, strict=True):
        table.add_column(_styled(cell), justify="right" if align == "right" else "left", overflow="fold")
    for row in grid.rows[1:]:
        table.add_row(*(_styled(cell) for cell in row))
    return table


def _styled(runs: _Runs) -> Text:
    text = Text(overflow="fold")
    for run in runs:
        colour = "cyan" if run.code or run.url else None
        style = Style(
            bold=run.bold or None, italic=run.italic or None, strike=run.strike or None,
            color=colour, underline=bool(run.url) or None, link=run.url or None,
        )  # fmt: skip
        text.append(run.text, style)
    return text


def _unbroken(label: str) -> str:
    return label.replace(" ", "\N{NO-BREAK SPACE}")


def _replies(post: Post) -> str:
    return "1 reply" if len(post.thread) == 1 else f"{len(post.thread)} replies"


# Drawing as HTML


def _section_html(section: Section, at: int) -> str:
    note = f'<p class="note">{html.escape(_clean(section.note))}</p>\n' if section.note else ""
    channel = f'<p class="channel">{html.escape(_clean(section.channel))}</p>\n' if section.channel else ""
    posts = "\n".join(_post_html(post) for post in section.posts)
    return (
        f'<section aria-labelledby="section-{at}">\n<h2 id="section-{at}">{html.escape(_clean(section.heading))}</h2>\n'
        f"{note}{channel}{posts}\n</section>"
    )


def _post_html(post: Post) -> str:
    time = f' <span class="time">{html.escape(_clean(post.time))}</span>' if post.time else ""
    body = "\n".join(_html(part) for part in _parts(post.message))
    charts = "".join(_chart_html(chart) for chart in post.charts)
    replies = "\n".join(_post_html(reply) for reply in post.thread)
    thread = (
        '\n<div class="thread" role="group" aria-label="Thread">\n'
        f'<p class="replies">{_replies(post)}</p>\n{replies}\n</div>'
    )
    return (
        f'<article class="post">\n<p class="from"><b>{BOT}</b> <span class="app">APP</span>{time}</p>\n'
        f"{body}{charts}{thread if post.thread else ''}\n</article>"
    )


def _chart_html(chart: Picture) -> str:
    data = base64.b64encode(chart.png).decode()
    return f'\n<figure><img src="data:image/png;base64,{data}" alt="{html.escape(_clean(chart.alt))}"></figure>'


def _html(part: _Part) -> str:
    match part:
        case _Paragraph(runs, kind):
            tag = {"header": "h3", "quote": "blockquote", "pre": "pre"}.get(kind, "p")
            code = f'<{tag} class="{kind}">{_runs_html(runs)}</{tag}>'
        case _Fields(cells):
            code = f'<div class="fields">{"".join(f"<p>{_runs_html(cell)}</p>" for cell in cells)}</div>'
        case _Bullets(items, ordered, indent):
            tag = "ol" if ordered else "ul"
            inner = "".join(f"<li>{_runs_html(item)}</li>" for item in items)
            code = f'<{tag} class="indent-{min(indent, _DEEPEST)}">{inner}</{tag}>'
        case _Buttons(labels):
            inner = "".join(f"<li>{html.escape(label)}</li>" for label in labels)
            code = f'<ul class="buttons" aria-label="Buttons">{inner}</ul>'
        case _Picture():
            code = _picture_html(part)
        case _Grid():
            code = _grid_html(part)
        case _Divider():
            code = "<hr>"
    return code


def _picture_html(picture: _Picture) -> str:
    """In words: a page that fetched pictures would tell others who reads it."""
    words = html.escape(f"{picture.title}. {picture.alt}" if picture.title else picture.alt)
    linked = f'<a href="{html.escape(picture.url)}" rel="noreferrer">{words}</a>' if picture.url else words
    return f'<p class="context"><b>Picture:</b> {linked}</p>'


def _grid_html(grid: _Grid) -> str:
    caption = f"<caption>{html.escape(grid.caption)}</caption>" if grid.caption else ""
    head = "".join(
        f'<th scope="col"{_aligned(align)}>{_runs_html(cell)}</th>'
        for cell, align in zip(grid.rows[0], grid.align, strict=True)
    )
    rows = "".join(f"<tr>{_row_html(row, grid.align)}</tr>" for row in grid.rows[1:])
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    name = html.escape(grid.caption or "Table")
    return f'<div class="table" role="region" aria-label="{name}" tabindex="0">{table}</div>'


def _row_html(row: tuple[_Runs, ...], align: tuple[str, ...]) -> str:
    tags = ('th scope="row"', *["td"] * (len(row) - 1))
    return "".join(
        f"<{tag}{_aligned(side)}>{_runs_html(cell)}</{tag[:2]}>"
        for tag, side, cell in zip(tags, align, row, strict=True)
    )


def _aligned(align: str) -> str:
    return ' class="number"' if align == "right" else ""


def _runs_html(runs: _Runs) -> str:
    return "".join(_run_html(run) for run in runs)


def _run_html(run: _Run) -> str:
    text = html.escape(run.text).replace("\n", "<br>\n")
    for wanted, tag in ((run.code, "code"), (run.strike, "s"), (run.italic, "em"), (run.bold, "strong")):
        if wanted:
            text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{html.escape(run.url)}" rel="noreferrer">{text}</a>' if run.url else text
