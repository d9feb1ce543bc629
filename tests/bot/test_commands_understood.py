"""What /rank understands: names, sentences, spans of time and slips."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from bot.commands import ASK, match, named
from bot.commands.grammar import LONGEST, Request, canonical, parse
from bot.commands.spans import Span, span
from bot.commands.verbs import Verb
from bot.slack_text import plain
from tests.bot.asking import TODAY, FakeReader, ask, buttons, indicator, told


@pytest.mark.parametrize("text", ["changes soon", "changes 2025-13-40", "changes 31/02/2025", "changes -1"])
def test_a_span_nobody_understands_gets_examples(text: str) -> None:
    answer_text = told(text)
    assert "is no span of time and no release." in answer_text
    assert "/rank changes 7d" in answer_text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("police", "Police & Crime"),
        ("POLICE AND CRIME", "Police & Crime"),
        ("crime police", "Police & Crime"),
        ("polic", "Police & Crime"),
        ("asc delivery", "Adult Social Care delivery"),
        ("ascd", "Adult Social Care delivery"),
        ("send", "Special Educational Needs & Disabilities"),
        ("childrens social", "Children's Social Care"),
        ("theme adlut social", "Adult Social Care delivery"),
        ("burgalry", "Residential burglary"),
        ("res_burg", "Residential burglary"),
        ("vehicle", "Vehicle crime"),
        ("overall outcomes", "Overall Outcomes"),
        ("the overall position", "Overall Outcomes"),
        ("indicator police", "Confidence in the police"),
    ],
)
def test_names_are_matched_as_people_type_them(typed: str, meant: str) -> None:
    assert told(typed).startswith(f"{meant}: ")


def test_several_meanings_are_offered_as_buttons_and_as_text() -> None:
    message = ask("theme social")
    assert plain(message).startswith("“social” may mean 2 themes:\nAdult Social Care delivery · theme · /rank theme")
    assert buttons(message) == [(ASK, "theme Adult Social Care delivery"), (ASK, "theme Children's Social Care")]


def test_unknown_words_get_the_nearest_three_and_an_example() -> None:
    message = ask("quantum xylophones")
    assert plain(message).startswith("No theme or indicator is called “quantum xylophones”. The nearest:\n")
    assert len(buttons(message)) == 3
    assert "For example: /rank theme Police & Crime" in plain(message)
    assert "No theme is called “xx yy”" in told("bottom xx yy")


def test_names_shared_by_two_indicators_are_told_apart_by_code() -> None:
    twins = FakeReader(indicators=(indicator("Falls", 2, code="F1"), indicator("Falls", 9, code="F2")))
    assert buttons(ask("falls", twins)) == [(ASK, "indicator F1"), (ASK, "indicator F2")]
    assert told("indicator f2", twins).startswith("Falls: 9th of 32")


def test_match_is_pure_and_says_how() -> None:
    names = named(FakeReader().names())
    assert match("police & crime", names).how == "exact"
    assert match("social", names).how == "several"
    assert match("zzz", names).how == "nearest"
    assert match("", names).how == "nearest"
    assert match("x", ()).found == ()


def test_commands_are_read_forgivingly() -> None:
    assert parse("  THEME   police  page 2 ") == Request("theme", "police", 2)
    assert parse("overall outcomes") == Request("name", "overall outcomes")
    assert parse("?") == Request("help")
    assert parse("y" * 9000).argument == "y" * LONGEST
    assert parse(canonical("theme", "Route page 3")) == Request("theme", "Route page 3")
    assert parse(canonical("theme", "Roads", 4)) == Request("theme", "Roads", 4)


def test_spans_of_time() -> None:
    assert span("2 weeks", TODAY) == Span(since=date(2025, 10, 20))
    assert span("yesterday", TODAY) == Span(since=date(2025, 11, 2))
    assert span("27/10/2025", TODAY) == Span(since=date(2025, 10, 27))
    assert span("#12", TODAY) == Span(release=12)
    assert span("999999d", TODAY) == Span(since=date(1, 1, 1))
    assert span("someday", TODAY) is None


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("what is a quartile?", "A quartile is a quarter of the areas compared"),
        ("what does rank mean", "A rank is a place among the areas compared"),
        ("explain composites", "A composite puts several themes together"),
        ("meaning quartile", "A quartile is a quarter"),
        ("who are you", "/rank answers questions about our ranks."),
    ],
)
def test_words_of_ours_are_explained(typed: str, begins: str) -> None:
    assert told(typed).startswith(begins)


def test_the_nearest_hold_most_of_the_words() -> None:
    found = match("percentage of burglary victims satisfied", named(FakeReader().names()))
    assert (found.how, found.found[0].key) == ("nearest", "RES_BURG")


@pytest.mark.parametrize(
    ("typed", "request_"),
    [
        ("indicater burglary", Request("name", "indicater burglary")),
        ("overal", Request("overall")),
        ("show me the bottom quartile please", Request("bottom", "please")),
        ("what are our worst indicators", Request("bottom")),
        ("compare us with durham on roads", Request("compare", "durham on roads")),
        ("why has police fallen", Request("why", "police")),
        ("what's new", Request("changes")),
        ("when is the next crime data due", Request("sources", "next crime data due")),
        ("table", Request("overall")),
        ("who are we compared with", Request("peers")),
        ("tell me when police moves", Request("offer", "subscribe police")),
        ("please mute police", Request("mute", "police")),
        ("what is mute", Request("name", "what is mute")),
        ("i want to see police", Request("name", "i want to see police")),
        ("send me roads as a csv", Request("export", "roads")),
    ],
)
def test_sentences_become_commands(typed: str, request_: Request) -> None:
    assert parse(typed) == request_


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("indicater burglary", "Residential burglary: "),
        ("compair durham", "We are ahead of Durham in 0 of 4 themes, behind in 0, level in 4"),
        ("themes police", "Police & Crime: 21st"),
        ("theme burglary", "No theme is called “burglary”. But it is the name of:"),
        ("bottom of police", "1 of 3 indicators (33%) of Police & Crime"),
        ("show me police", "Police & Crime: 21st"),
        ("how are we doing on policing", "Police & Crime: 21st"),
        ("what got worse", "No changes for the worse so far"),
        ("changes police 7d", "No changes in Police & Crime since 27 October 2025"),
        ("everything", "Leicestershire: "),
    ],
)
def test_slips_and_extra_words_are_understood(typed: str, begins: str) -> None:
    assert told(typed).startswith(begins)


def test_what_begins_like_a_verb_may_be_a_name() -> None:
    names = ("Council tax collected", "New enterprises", "Value added per head", "Average speed")
    reader = FakeReader(indicators=tuple(indicator(name, 5) for name in names))
    assert told("council tax collected", reader).startswith("Council tax collected: 5th")
    assert told("new enterprise", reader).startswith("New enterprises: 5th")
    assert told("value added", reader).startswith("Value added per head: 5th")
    assert told("speed", reader).startswith("Average speed: 5th")


def test_the_documented_commands_are_understood_as_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "in-slack.md").read_text(encoding="utf-8")
    section = page.split("## Asking\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, flags=re.MULTILINE)
    commands = [command for row in rows for command in re.findall("`([^`]+)`", row)]
    assert {parse(command).verb for command in commands} == set(get_args(Verb)) - {"name", "offer", "meaning"}
    for command in commands:
        assert command.startswith(parse(command).verb)
