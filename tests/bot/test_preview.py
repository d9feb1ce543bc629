from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.preview import Post, Section, Surface, draw, page
from bot.slack_text import Picture

HOSTILE = [
    "<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[red]not red[/red] [/] [link=file:///etc/passwd]x[/link]",
    "<javascript:alert(1)|press>",
    "<https://example.org/\"onmouseover='x'|quoted>",
    "<data:text/html,x|data>",
    "<|empty> <> <!> <@> *_~`",
    "\x1b[31mred\x1b]8;;https://evil.example\x07x \x9b2J",
    "\u202egnp.exe",
    "<http://[broken|bad>",
]
VOID = {"meta", "br", "hr", "img"}
PNG = b"\x89PNG\r\n"


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that what opens also closes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def message(*blocks: dict[str, Any], text: str = "summary") -> Post:
    return Post({"text": text, "blocks": list(blocks)})


def said(text: str) -> Post:
    return message({"type": "section", "text": mrkdwn(text)})


def html_of(*posts: Post | Surface) -> str:
    return page("Title", [Section("Heading", posts, "#team", "A note")])


def body_of(post: Post) -> str:
    return html_of(post).partition("</p>\n<article")[2].partition("</p>\n")[2].partition("\n</article>")[0]


def terminal_of(*posts: Post | Surface, width: int = 80, colour: bool = False, most: int = 0) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    console.print(draw(Section("Heading", posts, "#team", "A note"), most))
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _italic_ ~gone~ `code`", "<strong>bold</strong> <em>italic</em> <s>gone</s> <code>code</code>"),
        ("*bold _both_*", "<strong>bold </strong><strong><em>both</em></strong>"),
        ("2 * 3 * 4, snake_case_name, a*b*c", "2 * 3 * 4, snake_case_name, a*b*c"),
        ("R&amp;D &lt;9% &amp;lt;", "R&amp;D &lt;9% &amp;lt;"),
        ("`*literal* &lt;b&gt;`", "<code>*literal* &lt;b&gt;</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        (
            "<https://a.example/?x=1&amp;y=2|the *source*>",
            '<a href="https://a.example/?x=1&amp;y=2" rel="noreferrer">the *source*</a>',
        ),
        ("<mailto:a@b.example|write>", "write"),
        ("<!date^1700000000^{date}|14 November> <!here> <@U1> <#C1|team>", "14 November @here @U1 team"),
        (":warning: :no-such-emoji:", "\N{WARNING SIGN} :no-such-emoji:"),
    ],
)
def test_slack_markup_becomes_html(text: str, expected: str) -> None:
    assert body_of(said(text)) == f'<p class="text">{expected}</p>'


def test_plain_text_is_not_markup() -> None:
    assert body_of(message({"type": "header", "text": plain("*Police* & <b>")})) == (
        '<h3 class="header">*Police* &amp; &lt;b&gt;</h3>'
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_html(text: str) -> None:
    blocks = (
        {"type": "section", "text": mrkdwn(text), "fields": [plain(text)]},
        {"type": "header", "text": plain(text)},
        {"type": "image", "image_url": "javascript:x", "alt_text": text, "title": plain(text)},
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}], [{"type": "raw_text", "text": text}]]},
        {"type": "actions", "elements": [{"type": "button", "text": plain(text)}]},
    )
    post = Post({"text": text, "blocks": blocks}, text, (Post({"text": text}),), (Picture(PNG, text, text),))
    source = page(text, [Section(text, (post,), text, text)])
    found = Reader(source)
    assert "script" not in {tag for tag, _ in found.tags}
    assert {key for _, attributes in found.tags for key in attributes if key.startswith("on")} == set()
    assert all((link["href"] or "").startswith("https://example.org/") for link in found.all("a"))
    assert "\x1b" not in source
    assert "\u202e" not in source


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_the_terminal(text: str) -> None:
    post = Post({"text": text}, text, (said(text),), (Picture(PNG, text, text),))
    drawn = terminal_of(post)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", drawn)
    if text.startswith("[red]"):
        assert text in drawn


def test_a_mention_is_shown_and_is_none() -> None:
    assert "@channel" in terminal_of(said("<!channel> look"))
    assert "<!channel>" not in html_of(said("<!channel> look"))


def test_links_in_the_terminal_lead_to_web_pages_only() -> None:
    drawn = terminal_of(said("<https://a.example|good> <file:///etc/passwd|bad>"), colour=True)
    assert re.findall(r"\x1b]8;[^;]*;([^\x1b]+)", drawn) == ["https://a.example"]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    words = "Health – Adult 救急 " + "x" * 100
    row = [{"type": "raw_text", "text": words}] * 3
    post = message(
        {"type": "header", "text": plain(words)},
        {"type": "section", "text": mrkdwn(words), "fields": [plain(words)] * 3},
        {"type": "table", "rows": [row, row]},
        {"type": "actions", "elements": [{"type": "button", "text": plain("Mute until next release")}] * 3},
    )
    lines = terminal_of(Post(post.message, thread=(post,)), width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width


def test_buttons_are_drawn_with_their_labels() -> None:
    buttons = [{"type": "button", "text": plain(label)} for label in ("Why?", "Look again")]
    post = message({"type": "actions", "elements": buttons})
    assert "[Why?]  [Look\N{NO-BREAK SPACE}again]" in terminal_of(post)
    assert '<ul class="buttons" aria-label="Buttons"><li>Why?</li><li>Look again</li></ul>' in html_of(post)


def option(text: str, value: str = "") -> dict[str, Any]:
    return {"text": plain(text), "value": value or text}


def asked(label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain(label), "element": element} | more


def form(*blocks: dict[str, Any]) -> Surface:
    return Surface(
        {
            "type": "modal",
            "title": plain("Acknowledge"),
            "close": plain("Cancel"),
            "submit": plain("Send it"),
            "blocks": list(blocks),
        }
    )


def test_a_modal_has_its_title_its_inputs_and_what_ends_it() -> None:
    few = [option("Burglary", "1"), option("Robbery", "2"), option("Theft", "3")]
    drawn = form(
        asked("Which?", {"type": "multi_static_select", "options": few, "initial_options": few[:2]}),
        asked("Why?", {"type": "plain_text_input", "multiline": True}, hint=plain("Kept for all"), optional=True),
        asked("When?", {"type": "datepicker", "initial_date": "2026-05-03"}),
        asked("How?", {"type": "radio_buttons", "options": few[:2], "initial_option": few[1]}),
        asked("What else?", {"type": "checkboxes", "options": few[:1]}),
    )
    terminal, found = terminal_of(drawn), Reader(html_of(drawn))
    for text in (terminal, found.text):
        for words in ("Acknowledge", "Which?", "Burglary, Robbery ▾", "Why?", "(optional)", "Kept for all"):
            assert words in text
        assert "2026-05-03" in text
        assert "○ Burglary" in text
        assert "● Robbery" in text
        assert "☐ Burglary" in text
    assert "[Cancel]  [Send\N{NO-BREAK SPACE}it]" in terminal
    labelled = [one["aria-label"] for one in found.all("div") if one.get("class") == "field"]
    assert labelled == ["Which?", "Why?", "When?", "How?", "What else?"]
    assert "Theft" in found.text, "the list opens without a script"


def test_a_home_tab_has_each_choice_beside_its_text() -> None:
    choice = {
        "type": "static_select",
        "options": [option("Weekly"), option("Never")],
        "initial_option": option("Never"),
    }
    drawn = Surface({"type": "home", "blocks": [{"type": "section", "text": mrkdwn("*Roads*"), "accessory": choice}]})
    source = html_of(drawn)
    assert '<div class="beside"><p class="text"><strong>Roads</strong></p>' in source
    assert "<summary>Never ▾</summary><ul><li>Weekly</li><li>Never</li></ul>" in source
    assert "Home tab" in terminal_of(drawn)
    assert "Roads\n[Never ▾]" in terminal_of(drawn)


def test_buttons_have_their_style_and_what_a_screen_reader_says() -> None:
    element = {"type": "button", "text": plain("Why?"), "style": "danger", "accessibility_label": "Why <it> moved"}
    source = html_of(message({"type": "actions", "elements": [element]}))
    assert '<li class="danger" aria-label="Why &lt;it&gt; moved">Why?</li>' in source


def test_choices_stand_between_the_buttons_of_a_row() -> None:
    elements = [
        {"type": "button", "text": plain("First")},
        {"type": "overflow", "options": [option("More")]},
        {"type": "users_select", "placeholder": plain("Whom?")},
        {"type": "button", "text": plain("Last")},
    ]
    drawn = terminal_of(message({"type": "actions", "elements": elements}))
    assert "[First]\n[⋯ ▾]\n[Whom? ▾]\n[Last]" in drawn


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_forms(text: str) -> None:
    options = [option(text)]
    drawn = Surface(
        {
            "type": "modal",
            "title": plain(text),
            "submit": plain(text),
            "blocks": [
                asked(text, {"type": "multi_static_select", "options": options, "initial_options": options}),
                asked(text, {"type": "radio_buttons", "options": options}, hint=plain(text)),
                asked(text, {"type": "plain_text_input", "initial_value": text}),
                asked(text, {"type": "datepicker", "placeholder": plain(text)}),
                {"type": "actions", "elements": [{"type": "button", "text": plain("x"), "accessibility_label": text}]},
            ],
        }
    )
    source = html_of(drawn)
    found = Reader(source)
    assert "script" not in {tag for tag, _ in found.tags}
    assert {key for _, attributes in found.tags for key in attributes if key.startswith("on")} == set()
    assert found.all("a") == []
    assert "\u202e" not in source
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", terminal_of(drawn))


def test_in_brief_it_says_what_is_left_out() -> None:
    chart = Picture(PNG, "every single number of it", "Two up")
    many = Post({"text": "\n".join(f"line {number}" for number in range(1, 31))})
    drawn = terminal_of(Post({"text": "the fact"}, thread=(said("a reply"),), charts=(chart,)), many, most=10)
    assert "the fact\nPicture: Two up\n1 reply in the thread\n" in drawn
    assert "a reply" not in drawn
    assert "every single number" not in drawn
    assert "line 9\n… and 21 more lines\n" in drawn
    assert "line 10" not in drawn
    assert "more lines" not in terminal_of(said("one\ntwo"), most=2), "one line more is shown rather than counted"


def test_tables_have_header_cells_with_scope() -> None:
    rows = [["Theme", "Rank"], ["Economy", "5th"]]
    table = {
        "type": "table",
        "column_settings": [None, {"align": "right"}],
        "rows": [[{"type": "raw_text", "text": text} for text in row] for row in rows],
    }
    found = Reader(html_of(message(table)))
    assert [head["scope"] for head in found.all("th")] == ["col", "col", "row"]
    assert [cell.get("class") for cell in found.all("td")] == ["number"]
    drawn = terminal_of(message(table))
    assert all(text in drawn for row in rows for text in row)


def test_rich_text_is_drawn() -> None:
    leaves = [
        {"type": "text", "text": "<b>*bold*", "style": {"bold": True}},
        {"type": "link", "url": "https://a.example"},
        {"type": "emoji", "name": "warning"},
        {"type": "broadcast", "range": "channel"},
    ]
    section = {"type": "rich_text_section", "elements": leaves}
    post = message(
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [section]},
                {"type": "rich_text_quote", "elements": leaves[:1]},
                {"type": "rich_text_preformatted", "elements": leaves[:1]},
            ],
        }
    )
    bold = "<strong>&lt;b&gt;*bold*</strong>"
    assert body_of(post) == (
        f'<ol class="indent-1"><li>{bold}<a href="https://a.example" rel="noreferrer">https://a.example</a>'
        f'\N{WARNING SIGN}@channel</li></ol>\n<blockquote class="quote">{bold}</blockquote>\n'
        f'<pre class="pre">{bold}</pre>'
    )
    assert "1. <b>*bold*https://a.example\N{WARNING SIGN}@channel" in terminal_of(post)


def test_every_kind_of_block_is_drawn_or_named_as_left_out() -> None:
    post = message(
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("_foot_"), {"type": "image", "image_url": "", "alt_text": "logo"}]},
        {"type": "section", "fields": [mrkdwn("*Rank*\n5th")], "accessory": {"type": "button", "text": plain("Go")}},
        {"type": "video", "alt_text": "film"},
    )
    for drawn in (terminal_of(post), Reader(html_of(post)).text):
        for words in ("foot", "logo", "Rank", "5th", "Go", "not drawn here"):
            assert words in drawn


def test_threads_and_charts_stand_beneath_their_parent() -> None:
    reply = Post({"text": "the reply"}, "09:31", charts=(Picture(PNG, 'rank "5th"', "Rank"),))
    post = Post({"text": "the parent"}, "09:30", thread=(reply,))
    source = html_of(post)
    found = Reader(source)
    assert [image["alt"] for image in found.all("img")] == ['rank "5th"']
    assert found.all("img")[0]["src"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert source.index("the parent") < source.index('class="thread"') < source.index("the reply")
    drawn = terminal_of(post)
    assert "1 reply\n    benchwatch  APP  09:31" in drawn
    assert '    Picture: rank "5th"' in drawn


def test_the_page_is_whole_and_fetches_nothing() -> None:
    source = html_of(message({"type": "image", "image_url": "https://a.example/x.png", "alt_text": "a chart"}))
    found = Reader(source)
    assert found.all("html") == [{"lang": "en-GB"}]
    assert [tag for tag, _ in found.tags if tag in ("h1", "h2")] == ["h1", "h2"]
    assert {"link", "iframe", "img"}.isdisjoint(tag for tag, _ in found.tags)
    assert "prefers-color-scheme: dark" in source
    assert "@media print" in source
    assert "url(" not in source
    assert all(words in found.text for words in ("Title", "Heading", "#team", "A note", "a chart"))


def test_a_message_without_blocks_shows_its_text() -> None:
    assert "summary" not in terminal_of(said("body"))
    assert "summary" in terminal_of(message())
