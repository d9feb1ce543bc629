"""Strings and blocks: escaped, harmless, whole when cut, and within every limit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slackblocks import _limits as other

from bot.slack_text import (
    Block,
    Message,
    actions,
    button,
    clean,
    code,
    compose,
    context,
    cut,
    escape,
    fit,
    header,
    literal,
    pages,
    paragraphs,
    plain,
    section,
    size,
    table,
    unescape,
)
from bot.slack_text.limits import weight
from tests.slack_double import check_message, live_mentions

TEXT = st.text(st.sampled_from("ab &<>*_`~\n\u034f\u202e\u00e9\u0301🏴🇬🇧👨\u200d👩<!here>"), max_size=60)
LONG = st.builds(lambda text, times: text * times, TEXT, st.sampled_from((1, 1, 3, 60, 200)))


def test_exactly_three_characters_are_escaped_ampersand_first() -> None:
    assert escape("a & b <c> \"d\" 'e' &lt;") == "a &amp; b &lt;c&gt; \"d\" 'e' &amp;lt;"
    assert unescape(escape("&lt; & <b>")) == "&lt; & <b>"


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("  two\n\tlines \u2028 and\u0000 more\u0085", "two lines and more"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("\u2066isolated\u2069 \u200bzero\ufeff", "isolated zero"),
        ("broken \ud800", "broken \ufffd"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("", ""),
    ],
)
def test_names_are_cleaned_of_what_hides_or_reorders(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


@pytest.mark.parametrize("mark", ["*", "_", "~", "`"])
def test_marks_in_names_format_nothing_and_read_the_same(mark: str) -> None:
    shown = literal(f"{mark}loud{mark} word")
    assert f" {mark}" not in f" {shown}"
    assert unescape(shown) == f"{mark}loud{mark} word"


def test_codes_can_be_copied_as_they_are() -> None:
    assert literal("ASC_1A") == "ASC_1A"
    assert code("A`B_C & D") == "`A’B_C &amp; D`"


def test_emoji_codes_and_mentions_in_names_stay_text() -> None:
    assert ":rage:" not in literal("so :rage: here")
    assert literal("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_text_from_right_to_left_is_isolated() -> None:
    assert literal("\u05e9\u05dc\u05d5\u05dd") == "\u2068\u05e9\u05dc\u05d5\u05dd\u2069"
    assert literal("café") == "café"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("shorter", 5, "shor…"),
        ("ab 🇬🇧🇫🇷", 6, "ab…"),
        ("ab 👨\u200d👩\u200d👧 end", 8, "ab…"),
        ("abe\u0301e", 4, "ab…"),
        ("tail &amp; more", 8, "tail…"),
        ("👍🏽👍🏽", 5, "👍🏽…"),
    ],
)
def test_cutting_tears_nothing_apart(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


def test_size_counts_as_the_strictest_reader() -> None:
    assert size("a👍") == 3
    assert size(cut("👍" * 100, 51)) <= 51


@settings(derandomize=True)
@given(LONG, st.integers(1, 200))
def test_cut_is_never_longer_and_never_changes_what_fits(text: str, limit: int) -> None:
    assert size(cut(text, limit)) <= limit
    assert size(text) > limit or cut(text, limit) == text


def test_pages_repeat_a_heading_that_is_split_and_lose_no_line() -> None:
    lines = [f"line {number}" for number in range(100)]
    found = pages([("*Roads*", lines), ("*Empty*", []), ("", ["last"])], room=300)
    assert found[0].startswith("*Roads*\nline 0\n")
    assert found[1].startswith("*Roads* (continued)\n")
    assert all(size(page) <= 300 for page in found)
    assert [line for page in found for line in page.splitlines() if "*" not in line] == [*lines, "last"]
    assert pages([]) == []


def test_plain_reads_every_block_without_marks() -> None:
    message = compose(
        [
            header("Roads & bridges"),
            section(f"*Fact* about {literal('*this* & <that>')}: `code_1`", button("Show", "a", "b")),
            table(("Theme", "Rank"), [("Roads", "3rd"), ("R&D", "")]),
            context("one", "two"),
            actions(button("Share here", "rank:share", "x")),
        ]
    )
    assert plain(message) == (
        "Roads & bridges\nFact about *this* & <that>: code_1\nTheme  Rank\nRoads   3rd\nR&D       –\none · two"
    )
    assert message.text.startswith("Roads &amp; bridges\nFact about ")
    assert "R&amp;D: rank –" in message.text
    assert plain(Message("*only* &amp; text", [])) == "only & text"


def test_what_is_cut_is_counted() -> None:
    message = compose([section("\n".join(f"line {number} {'x' * 60}" for number in range(400))), context("the foot")])
    assert "more lines left out" in message.blocks[0]["text"]["text"]
    assert message.blocks[-1] == context("the foot")
    assert message.text.endswith("\nthe foot")
    assert "more lines left out\n" in message.text
    assert size(message.text) <= 4_000


def test_a_thread_is_pointed_to_and_kept_within_limits_too() -> None:
    reply = Message("y" * 9_000, [section("z" * 9_000)])
    message = compose([section("x" * 200) for _ in range(80)], [reply])
    assert message.blocks[-1]["text"]["text"] == "… and 36 more lines: see the thread"
    assert len(message.blocks) == 45
    assert size(message.thread[0].text) <= 4_000
    assert size(message.thread[0].blocks[0]["text"]["text"]) <= 3_000


def test_a_second_table_becomes_text_as_slack_takes_one() -> None:
    rows = [(f"Theme {number}", "3rd") for number in range(150)]
    message = compose([table(("Theme", "Rank"), rows), table(("Theme", "Rank"), rows[:2])])
    assert [block["type"] for block in message.blocks] == ["table", "section", "section"]
    assert message.blocks[1]["text"]["text"] == "… and 51 more lines left out"
    assert message.blocks[2]["text"]["text"] == "Theme 0: rank 3rd\nTheme 1: rank 3rd"


def test_a_button_that_would_do_something_else_when_cut_is_left_out() -> None:
    message = compose([section("x"), actions(button("Go", "a", "v" * 2_001), button("Stay", "b", "v"))])
    assert message.blocks[1]["text"]["text"] == "… and 1 more button left out"
    assert [element["action_id"] for element in message.blocks[2]["elements"]] == ["b"]


def test_what_fits_is_left_as_it_is() -> None:
    message = Message("fact", [section("*fact*"), context("foot")], (Message("more", [section("more")]),))
    assert fit(message) == message
    assert paragraphs(["", "a", "", "b"]) == [section("a\nb")]


CELLS = st.lists(st.lists(LONG, min_size=1, max_size=25), min_size=1, max_size=4)
BUTTONS = st.builds(lambda text, value, label: button(text, "a", value, label=label), LONG, LONG, LONG)
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(section, LONG, st.none() | BUTTONS),
    st.builds(lambda texts: {"type": "section", "fields": [{"type": "mrkdwn", "text": t} for t in texts]},
              st.lists(LONG, min_size=1, max_size=14)),
    st.builds(lambda texts: context(*texts), st.lists(LONG, min_size=1, max_size=14)),
    st.builds(header, LONG),
    st.builds(lambda found: actions(*[item | {"action_id": f"a{at}"} for at, item in enumerate(found)]),
              st.lists(BUTTONS, min_size=1, max_size=30)),
    st.builds(lambda rows, times: table(rows[0], rows[1:] * times), CELLS, st.sampled_from((1, 60))),
    st.builds(lambda url, alt: {"type": "image", "image_url": "https://e.example/" + "u" * url, "alt_text": alt},
              st.sampled_from((1, 4_000)), LONG),
    st.just({"type": "divider"}),
)  # fmt: skip


def within_the_other_numbers(block: Block) -> bool:
    """The limits as another library has them."""
    texts = {
        "section": [(block.get("text"), other.SECTION_TEXT_MAX_LENGTH)]
        + [(item, other.SECTION_FIELDS_ITEM_MAX_LENGTH) for item in block.get("fields", ())],
        "header": [(block.get("text"), other.HEADER_TEXT_MAX_LENGTH)],
        "context": [(item, other.TEXT_MAX_LENGTH) for item in block.get("elements", ())],
        "actions": [
            (item["text"], other.BUTTON_TEXT_MAX_LENGTH) for item in block.get("elements", ()) if "text" in item
        ],
    }.get(block["type"], [])
    counts = {
        "context": other.CONTEXT_ELEMENTS_MAX_ITEMS,
        "actions": other.ACTIONS_ELEMENTS_MAX_ITEMS,
    }
    rows: list[list[Any]] = block.get("rows", [])
    return (
        all(1 <= len(item["text"]) <= limit for item, limit in texts if item)
        and len(block.get("elements", ())) <= counts.get(block["type"], 0)
        and len(block.get("fields", ())) <= other.SECTION_FIELDS_MAX_ITEMS
        and len(rows) <= other.TABLE_ROWS_MAX_ITEMS
        and all(len(row) <= other.TABLE_COLUMNS_MAX_ITEMS for row in rows)
        and len(block.get("alt_text", "")) <= other.IMAGE_ALT_TEXT_MAX_LENGTH
    )


@settings(max_examples=60, derandomize=True)
@given(LONG, st.lists(BLOCKS, max_size=8), st.sampled_from((1, 1, 9)))
def test_fit_never_exceeds_any_limit(text: str, blocks: list[Block], times: int) -> None:
    for message in (fit(Message(text, blocks * times)), compose(blocks * times, [Message(text, blocks)])):
        for part in (message, *message.thread):
            assert check_message({"text": part.text, "blocks": part.blocks}, update=True) is None
            assert len(part.blocks) <= other.MESSAGE_BLOCKS_MAX_ITEMS
            assert all(within_the_other_numbers(block) for block in part.blocks)
            assert weight(part.blocks) <= 9_000
            assert fit(part) == part


@settings(derandomize=True)
@given(LONG)
def test_literal_text_never_mentions_and_reads_the_same(text: str) -> None:
    message = compose([section(literal(text) or "–"), section(code(text))])
    assert live_mentions({"text": message.text, "blocks": message.blocks}) == []
    assert unescape(literal(text)) == clean(text)
