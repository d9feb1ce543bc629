"""What /rank answers about where the figures come from."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import Answers, answer
from bot.slack_text import plain
from jobs.overview import Overview
from tests.bot.asking import DATASET, HELD, RELEASE, TODAY, FakeReader, overview, told
from tests.slack_double import check_message


def asked_sources(text: str, found: Overview) -> str:
    message = answer(text, FakeReader(), today=TODAY, overview=lambda: found)
    assert check_message({"text": message.text, "blocks": message.blocks}) is None
    return plain(message)


def test_releases_tell_what_came_and_what_waits() -> None:
    text = told("releases", FakeReader(came=(HELD, RELEASE)))
    assert text.startswith("2 releases came, 1 accepted · 1 release waiting for a decision\n")
    assert (
        "• Release 5 waste.csv — approvers decide with the buttons in the ops channel, or type benchwatch approve 5"
        in text
    )
    assert "areas missing: 12 of 31 areas have no figures" in text
    came = "• 4 crime.csv — file · published 27 October 2025 · accepted · 32 new and 1 revised figures, 3 changes"
    assert came in text
    assert text.index("Release 5") < text.index("crime.csv")
    assert told("what came in", FakeReader(came=(RELEASE,))).startswith("1 release came, 1 accepted, none held")


def test_one_release_is_told_with_its_findings() -> None:
    reader = FakeReader(came=(HELD, RELEASE))
    assert told("release 5", reader).startswith("Release 5: waste.csv · held\n")
    assert "areas missing: 12 of 31 areas" in told("releases 5", reader)
    assert "What it changed: /rank changes 4" in told("releases #4", reader)
    assert told("releases 77", reader).startswith("There is no release 77.")


def test_releases_and_sources_are_never_remembered() -> None:
    reader, seen = FakeReader(), [overview(DATASET)]
    answers = Answers(reader, today=lambda: TODAY, overview=lambda: seen[0])
    assert plain(answers.answer("releases")).startswith("No release has come yet.")
    for text in ("sources", "sorces", "what is failing?"):
        fact = "Nothing is late, failing or held · next: Recorded crime on 20 November"
        assert plain(answers.answer(text)).startswith(fact)
    reader.came, seen[0] = (RELEASE,), overview(replace(DATASET, problem="the page has gone"))
    assert plain(answers.answer("releases")).startswith("1 release came")
    for text in ("sources", "sorces", "what is failing?"):
        assert plain(answers.answer(text)).startswith("1 data set watched: 1 is failing or held")


def test_sources_tell_what_is_late_failing_and_due() -> None:
    late = replace(DATASET, dataset="waste", title="Waste", next_expected="2025-10-20", late=True)
    failing = replace(DATASET, dataset="roads", title="Roads", problem="release 9 is held for a decision")
    text = asked_sources("sources", overview(DATASET, late, failing, problem="no answer"))
    assert text.startswith(
        "3 data sets watched: 1 is late and 2 are failing or held · next: Recorded crime on 20 November 2025"
    )
    assert "• Office for National Statistics (3 attempts without success) — no answer" in text
    assert "• Roads (Office for National Statistics) — release 9 is held for a decision" in text
    assert "• Waste — was expected on 20 October 2025, 14 days ago · Office for National Statistics" in text
    assert "• Recorded crime — 20 November 2025 · Office for National Statistics" in text
    assert "Not watched: LG Inform" in text


def test_late_is_what_the_ops_channel_was_told_is_overdue() -> None:
    in_time = replace(DATASET, next_expected="2025-10-20")
    assert asked_sources("sources", overview(in_time)).startswith("Nothing is late, failing or held")
    assert asked_sources("is anything late?", overview(DATASET)).startswith("Nothing is late")


def test_sources_of_one_theme_or_indicator() -> None:
    text = asked_sources("sources vehicle crime", overview(DATASET, replace(DATASET, dataset="x", title="Other")))
    assert text.startswith(
        "Nothing is late, failing or held for Vehicle crime · next: Recorded crime on 20 November 2025"
    )
    assert "Other" not in text
    assert asked_sources("sources police", overview(DATASET)).startswith(
        "Nothing is late, failing or held for Police & Crime"
    )
    asked = asked_sources("when is the next police data due?", overview(DATASET))
    assert asked.startswith("Nothing is late, failing or held for Police & Crime · next: Recorded crime on 20 November")
    assert asked_sources("when does anything come", overview(DATASET)).startswith("Nothing is late, failing or held ·")
    alone = asked_sources("sources childrens", overview(DATASET))
    assert alone.startswith("Children's Social Care comes from no publisher that is watched")
