"""How a held release, and what was decided about it, are put into words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages import render
from bot.slack_text import Message, plain
from jobs.notices import DecidedNotice, FindingLine, HeldNotice, ReleaseInfo
from tests.slack_double import check_blocks, live_mentions

RELEASE = ReleaseInfo(12, "crime.csv", "ONS", "2026-04-30")
FINDINGS = (FindingLine("median_jump", "VC_1", "Vehicle crime", "median 4.6 → 460"),)
HELD = HeldNotice("held", RELEASE, whole=True, findings=FINDINGS, held_indicators=0, illustrative=False)
APPROVED = DecidedNotice(
    kind="decided",
    release=12,
    verdict="approve",
    by="Ann",
    day="2026-05-03",
    indicators=(),
    reason="checked with *them*",
    outcome="accepted as snapshot 2026-04-30/1; 3 changes",
    open=False,
)
HOSTILE = "<!channel> *x* <https://evil|click> " * 60


def shown(*amendments: DecidedNotice, held: HeldNotice = HELD) -> Message:
    message = render(held, amendments, "7")
    for part in (message, *message.thread):
        assert check_blocks(part.blocks) == []
        assert live_mentions({"text": part.text, "blocks": part.blocks}) == []
    return message


def line(notice: DecidedNotice) -> str:
    message = render(notice)
    assert check_blocks(message.blocks) == []
    assert live_mentions({"text": message.text, "blocks": message.blocks}) == []
    return plain(message)


def has_buttons(message: Message) -> bool:
    return any(block["type"] == "actions" for block in message.blocks)


def test_what_was_decided_takes_the_place_of_the_question() -> None:
    message = shown(APPROVED)
    first, *others = plain(message).splitlines()
    assert first == f"{line(APPROVED).splitlines()[0]} · crime.csv (ONS, published 30 April 2026)"
    assert others == [
        "Reason: checked with *them*",
        "• Vehicle crime (VC_1): figures on another scale – median 4.6 → 460",
    ]
    assert not has_buttons(message)


def test_while_something_is_open_the_buttons_stay() -> None:
    part = replace(APPROVED, verdict="reject", indicators=("Vehicle crime", "Arson"), open=True)
    message = shown(part)
    assert plain(message).startswith("Vehicle crime and Arson of release 12 were rejected by Ann on 3 May 2026: ")
    assert has_buttons(message)
    assert "To decide, type benchwatch approve 12" in plain(message)
    assert not has_buttons(shown(part, APPROVED))


def test_without_a_number_there_are_no_buttons() -> None:
    assert not has_buttons(render(HELD))


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (APPROVED, "Release 12 was approved by Ann on 3 May 2026: accepted as snapshot 2026-04-30/1; 3 changes"),
        (replace(APPROVED, verdict="look"), "Release 12 was looked at again by Ann on 3 May 2026: "),
        (replace(APPROVED, indicators=("Arson",)), "Arson of release 12 was approved by Ann on 3 May 2026: "),
        (replace(APPROVED, indicators=("A", "B", "C")), "3 indicators of release 12 were approved by Ann on"),
        (
            replace(APPROVED, verdict="superseded", by="", outcome="release 13 (crime.csv) has come since"),
            "Release 12 is no longer asked about: release 13 (crime.csv) has come since",
        ),
        (
            replace(APPROVED, verdict="superseded", by="", indicators=("A", "B")),
            "A and B of release 12 are no longer asked about: ",
        ),
        (replace(APPROVED, by=""), "Release 12 was approved by somebody on 3 May 2026: "),
        (
            replace(APPROVED, verdict="look", failed=True, outcome="nothing of it is held"),
            "The second look at release 12 by Ann could not be carried out: nothing of it is held",
        ),
    ],
)
def test_each_decision_has_its_line_in_the_thread(notice: DecidedNotice, said: str) -> None:
    assert line(notice).startswith(said)


def test_a_decision_that_failed_leaves_the_question_as_it_was() -> None:
    failed = replace(APPROVED, failed=True, outcome="its text is no longer kept")
    assert plain(shown(failed)) == plain(shown())
    assert plain(shown(APPROVED, failed)) == plain(shown(APPROVED))


def test_what_people_and_publishers_write_does_no_harm() -> None:
    nasty = replace(APPROVED, by=HOSTILE, reason=HOSTILE, outcome=HOSTILE, indicators=(HOSTILE, HOSTILE))
    for notice in (nasty, replace(nasty, open=True), replace(nasty, failed=True)):
        line(notice)
        shown(notice, held=replace(HELD, findings=FINDINGS * 257, illustrative=True))
