"""Slack messages, modals and Home tabs as people see them, in the terminal and as one HTML page, without Slack.

A message is the dictionary that would be posted: ``text`` and ``blocks``; a modal or a Home tab is its view. Both
drawings are made from the same parts, so that neither shows what the other leaves out; the terminal may show the
beginnings only, and then says how much it leaves out. Nothing in a message is trusted: text is only ever text, links
lead to web pages only, and nothing is fetched.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.preview_parts import (
    Beside,
    Bullets,
    Button,
    Buttons,
    Control,
    Divider,
    Entry,
    Field,
    Fields,
    Grid,
    Image,
    Json,
    Menu,
    Paragraph,
    Part,
    Run,
    Runs,
    Ticks,
    clean,
    frame_of,
    parts_of,
)
from bot.slack_text import Picture

BOT = "benchwatch"

_STYLESHEET = Path(__file__).with_name("preview.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_DEEPEST = 4
"""Indents that the stylesheet knows."""
_BRIEF = 140
"""Characters of a picture's words that are shown in brief."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message in a channel, with the replies in its thread and the charts uploaded beneath it."""

    message: Json
    time: str = ""
    thread: tuple[Post, ...] = ()
    charts: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Surface:
    """A modal or a Home tab."""

    view: Json


@dataclass(frozen=True, slots=True)
class Section:
    """Posts and surfaces under a heading.

    ``channel`` is the channel's or the person's name, ``note`` says what is shown.
    """

    heading: str
    posts: tuple[Post | Surface, ...]
    channel: str = ""
    note: str = ""


@dataclass(frozen=True)
class _Beginning:
    """The first lines of a drawing, and how many more there are."""

    whole: RenderableType
    most: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self.whole, options, pad=False)
        left_out = len(lines) - self.most
        for line in lines[: self.most] if left_out > 1 else lines:
            yield from line
            yield Segment.line()
        if left_out > 1:
            yield Text(f"… and {left_out:,} more lines", style="dim")


def draw(section: Section, most: int = 0) -> RenderableType:
    """The section for a rich console, as wide as the console is.

    With ``most`` it is shown in brief: that many lines of each post, pictures by their titles, and of a thread how many
    replies it has.
    """
    lines: list[RenderableType] = [Text(), Rule(Text(clean(section.heading), style="bold"), align="left")]
    if section.note:
        lines.append(Text(clean(section.note), style="dim"))
    if section.channel:
        lines.append(Text(clean(section.channel), style="bold cyan"))
    for post in section.posts:
        drawn = _drawn_surface(post) if isinstance(post, Surface) else draw_post(post, brief=most > 0)
        lines += [Text(), _Beginning(drawn, most) if most else drawn]
    return Group(*lines)


def draw_post(post: Post, *, brief: bool = False) -> RenderableType:
    """The post and, indented beneath it, its charts in words and its thread."""
    lines: list[RenderableType] = [
        Text.assemble((BOT, "bold"), "  ", ("APP", "reverse"), "  ", (clean(post.time), "dim"))
    ]
    lines += [_drawn(_in_brief(part) if brief else part) for part in parts_of(post.message)]
    lines += [_drawn(Image(clean((one.title if brief else "") or one.alt), "")) for one in post.charts]
    if post.thread and brief:
        lines.append(Text(f"{_replies(post)} in the thread", style="dim"))
    elif post.thread:
        lines.append(Text(_replies(post), style="dim"))
        lines += [Padding(draw_post(reply), (0, 0, 0, 4)) for reply in post.thread]
    return Group(*lines)


def _drawn_surface(surface: Surface) -> RenderableType:
    """The modal or the Home tab, with what ends it at its foot."""
    kind, title, ends = frame_of(surface.view)
    lines: list[RenderableType] = [Text.assemble((title or BOT, "bold"), "  ", (kind, "reverse"))]
    lines += [_drawn(part) for part in parts_of(surface.view)]
    return Group(*lines, *([_drawn(Buttons(ends))] if ends else []))


def _in_brief(part: Part) -> Part:
    """A picture by its title; a beginning of its words where it has none."""
    if not isinstance(part, Image):
        return part
    beginning = part.alt if len(part.alt) <= _BRIEF else f"{part.alt[:_BRIEF].rstrip()}…"
    return replace(part, title="", alt=part.title or beginning)


def page(title: str, sections: Sequence[Section], note: str = "") -> str:
    """One HTML page that needs nothing else: charts and styles are inside it."""
    said = f'<p class="note">{html.escape(clean(note))}</p>' if note else ""
    body = "\n".join(_section_html(section, at) for at, section in enumerate(sections, start=1))
    heading = html.escape(clean(title))
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{heading}</title>\n<style>\n{_STYLESHEET.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<header><h1>{heading}</h1>{said}</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


# Drawing in the terminal


def _drawn(part: Part) -> RenderableType:
    drawn: RenderableType
    match part:
        case Paragraph():
            drawn = _drawn_paragraph(part)
        case Fields():
            drawn = _drawn_fields(part)
        case Bullets():
            drawn = _drawn_bullets(part)
        case Image(alt, title):
            drawn = Text.assemble(("Picture: ", "bold"), f"{title}. {alt}" if title else alt, style="dim")
        case Beside(paragraph, control):
            drawn = Group(_drawn_paragraph(paragraph), _drawn_control(control))
        case Grid():
            drawn = _drawn_grid(part)
        case Divider():
            drawn = Rule(style="dim")
        case _:
            drawn = _drawn_control(part)
    return drawn


def _drawn_control(part: Control) -> RenderableType:
    drawn: RenderableType
    match part:
        case Buttons(buttons):
            drawn = Text("  ").join(Text(f"[{_unbroken(one.label)}]", style="bold cyan") for one in buttons)
        case Menu(shown):
            drawn = Text(f"[{', '.join(shown)} ▾]", style="cyan")
        case Ticks(options, several):
            drawn = Group(*(Text(f"{_mark(chosen=chosen, several=several)} {text}") for text, chosen in options))
        case Entry(text):
            drawn = Text(f"[{text or '          '}]", style="cyan")
        case Field(label, answer, hint, optional):
            named = Text.assemble((label, "bold"), (" (optional)" if optional else "", "dim"))
            drawn = Group(named, *([_drawn(answer)] if answer else []), *([Text(hint, style="dim")] if hint else []))
    return drawn


def _drawn_paragraph(paragraph: Paragraph) -> RenderableType:
    text = _styled(paragraph.runs)
    if paragraph.kind == "header":
        text.stylize("bold")
    elif paragraph.kind == "context":
        text.stylize("dim")
    return Padding(text, (0, 0, 0, 2)) if paragraph.kind in ("quote", "pre") else text


def _drawn_fields(fields: Fields) -> RenderableType:
    grid = Table.grid(padding=(0, 3))
    cells = [*fields.cells, ()]
    for left, right in zip(cells[0:-1:2], cells[1::2], strict=False):
        grid.add_row(_styled(left), _styled(right))
    return grid


def _drawn_bullets(bullets: Bullets) -> RenderableType:
    marks = [f"{at}. " if bullets.ordered else "• " for at in range(1, len(bullets.items) + 1)]
    lines = [Text.assemble(mark, _styled(item)) for mark, item in zip(marks, bullets.items, strict=True)]
    return Padding(Group(*lines), (0, 0, 0, 2 + 2 * bullets.indent))


def _drawn_grid(grid: Grid) -> RenderableType:
    table = Table(title=Text(grid.caption) if grid.caption else None, title_justify="left", header_style="bold")
    for cell, align in zip(grid.rows[0], grid.align, strict=True):
        table.add_column(_styled(cell), justify="right" if align == "right" else "left", overflow="fold")
    for row in grid.rows[1:]:
        table.add_row(*(_styled(cell) for cell in row))
    return table


def _styled(runs: Runs) -> Text:
    text = Text(overflow="fold")
    for run in runs:
        colour = "cyan" if run.code or run.url else None
        style = Style(
            bold=run.bold or None, italic=run.italic or None, strike=run.strike or None,
            color=colour, underline=bool(run.url) or None, link=run.url or None,
        )  # fmt: skip
        text.append(run.text, style)
    return text


def _mark(*, chosen: bool, several: bool) -> str:
    return ("☑" if chosen else "☐") if several else ("●" if chosen else "○")


def _unbroken(label: str) -> str:
    return label.replace(" ", "\N{NO-BREAK SPACE}")


def _replies(post: Post) -> str:
    return "1 reply" if len(post.thread) == 1 else f"{len(post.thread)} replies"


# Drawing as HTML


def _section_html(section: Section, at: int) -> str:
    note = f'<p class="note">{html.escape(clean(section.note))}</p>\n' if section.note else ""
    channel = f'<p class="channel">{html.escape(clean(section.channel))}</p>\n' if section.channel else ""
    posts = "\n".join(_surface_html(post) if isinstance(post, Surface) else _post_html(post) for post in section.posts)
    return (
        f'<section aria-labelledby="section-{at}">\n<h2 id="section-{at}">{html.escape(clean(section.heading))}</h2>\n'
        f"{note}{channel}{posts}\n</section>"
    )


def _surface_html(surface: Surface) -> str:
    kind, title, ends = frame_of(surface.view)
    body = "\n".join(_html(part) for part in parts_of(surface.view))
    name = html.escape(title or BOT)
    foot = f"\n{_html(Buttons(ends))}" if ends else ""
    return (
        f'<article class="surface">\n<p class="from"><b>{name}</b> <span class="app">{kind.upper()}</span></p>\n'
        f"{body}{foot}\n</article>"
    )


def _post_html(post: Post) -> str:
    time = f' <span class="time">{html.escape(clean(post.time))}</span>' if post.time else ""
    body = "\n".join(_html(part) for part in parts_of(post.message))
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
    return f'\n<figure><img src="data:image/png;base64,{data}" alt="{html.escape(clean(chart.alt))}"></figure>'


def _html(part: Part) -> str:
    match part:
        case Paragraph(runs, kind):
            tag = {"header": "h3", "quote": "blockquote", "pre": "pre"}.get(kind, "p")
            code = f'<{tag} class="{kind}">{_runs_html(runs)}</{tag}>'
        case Fields(cells):
            code = f'<div class="fields">{"".join(f"<p>{_runs_html(cell)}</p>" for cell in cells)}</div>'
        case Bullets(items, ordered, indent):
            tag = "ol" if ordered else "ul"
            inner = "".join(f"<li>{_runs_html(item)}</li>" for item in items)
            code = f'<{tag} class="indent-{min(indent, _DEEPEST)}">{inner}</{tag}>'
        case Image():
            code = _picture_html(part)
        case Beside(paragraph, control):
            code = f'<div class="beside">{_html(paragraph)}{_control_html(control)}</div>'
        case Grid():
            code = _grid_html(part)
        case Divider():
            code = "<hr>"
        case _:
            code = _control_html(part)
    return code


def _control_html(part: Control) -> str:
    match part:
        case Buttons(buttons):
            code = f'<ul class="buttons" aria-label="Buttons">{"".join(map(_button_html, buttons))}</ul>'
        case Menu():
            code = _menu_html(part)
        case Ticks(options, several):
            marked = (f"{_mark(chosen=chosen, several=several)} {html.escape(text)}" for text, chosen in options)
            code = f'<ul class="ticks">{"".join(f"<li>{text}</li>" for text in marked)}</ul>'
        case Entry(text, large):
            code = f'<p class="entry{" large" if large else ""}">{html.escape(text) or "&nbsp;"}</p>'
        case Field():
            code = _field_html(part)
    return code


def _button_html(button: Button) -> str:
    style = f' class="{button.style}"' if button.style in ("primary", "danger") else ""
    told = f' aria-label="{html.escape(button.told)}"' if button.told else ""
    return f"<li{style}{told}>{html.escape(button.label)}</li>"


def _menu_html(menu: Menu) -> str:
    """What is chosen; the list opens without any script."""
    shown = html.escape(", ".join(menu.shown))
    if not menu.options:
        return f'<p class="menu">{shown} ▾</p>'
    options = "".join(f"<li>{html.escape(option)}</li>" for option in menu.options)
    return f'<details class="menu"><summary>{shown} ▾</summary><ul>{options}</ul></details>'


def _field_html(asked: Field) -> str:
    optional = ' <span class="context">(optional)</span>' if asked.optional else ""
    answer = _html(asked.answer) if asked.answer else ""
    hint = f'<p class="context">{html.escape(asked.hint)}</p>' if asked.hint else ""
    label = html.escape(asked.label)
    return f'<div class="field" role="group" aria-label="{label}"><p><b>{label}</b>{optional}</p>{answer}{hint}</div>'


def _picture_html(picture: Image) -> str:
    """In words: a page that fetched pictures would tell others who reads it."""
    words = html.escape(f"{picture.title}. {picture.alt}" if picture.title else picture.alt)
    linked = f'<a href="{html.escape(picture.url)}" rel="noreferrer">{words}</a>' if picture.url else words
    return f'<p class="context"><b>Picture:</b> {linked}</p>'


def _grid_html(grid: Grid) -> str:
    caption = f"<caption>{html.escape(grid.caption)}</caption>" if grid.caption else ""
    head = "".join(
        f'<th scope="col"{_aligned(align)}>{_runs_html(cell)}</th>'
        for cell, align in zip(grid.rows[0], grid.align, strict=True)
    )
    rows = "".join(f"<tr>{_row_html(row, grid.align)}</tr>" for row in grid.rows[1:])
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    name = html.escape(grid.caption or "Table")
    return f'<div class="table" role="region" aria-label="{name}" tabindex="0">{table}</div>'


def _row_html(row: tuple[Runs, ...], align: tuple[str, ...]) -> str:
    tags = ('th scope="row"', *["td"] * (len(row) - 1))
    return "".join(
        f"<{tag}{_aligned(side)}>{_runs_html(cell)}</{tag[:2]}>"
        for tag, side, cell in zip(tags, align, row, strict=True)
    )


def _aligned(align: str) -> str:
    return ' class="number"' if align == "right" else ""


def _runs_html(runs: Runs) -> str:
    return "".join(_run_html(run) for run in runs)


def _run_html(run: Run) -> str:
    text = html.escape(run.text).replace("\n", "<br>\n")
    for wanted, tag in ((run.code, "code"), (run.strike, "s"), (run.italic, "em"), (run.bold, "strong")):
        if wanted:
            text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{html.escape(run.url)}" rel="noreferrer">{text}</a>' if run.url else text
