"""Alerts as they stand in the channel: buttons, reasons, what was said, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import UNKNOWN_WAIT, Delivery
from bot.messages import nothing_left, render
from bot.slack_poster import SlackPoster, web_client
from bot.slack_text import Message, plain
from engine.changes import Cause, Change, Kind, Standing
from jobs.audience import TO
from jobs.notices import (
    AcknowledgedNotice,
    Amendment,
    Because,
    ChartNotice,
    CorrectedLine,
    CorrectionNotice,
    Footing,
    Moved,
    MutedNotice,
    Notice,
    ReleaseAlert,
    ReleaseInfo,
    Said,
    from_json,
    to_json,
)
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM, Lead
from jobs.quiet import QuietHours
from state import outbox
from state.database import connect, unit
from state.subscriptions import Subscription, subscribe
from tests.slack_double import Message as Posted
from tests.slack_double import SlackDouble, check_message, live_mentions
from tests.system.releases import NOW, POLICE, ROADS, Entry, policy, release

FOOTING = Footing("Leicestershire", "county areas", 32, "rank", "2024-07-20/1", illustrative=True)
RELEASE = ReleaseInfo(12, "Recorded crime", "ONS", "2024-07-20")
REVISING = ReleaseInfo(15, "Recorded crime, revised", "ONS", "2024-09-03")
HOSTILE = "<!channel> ~struck~ *bold* \u202eevil\u0000\n<@U123|you> `x` مرحبا " + "n" * 300
SAID = Said("Ann", "2024-05-03", "one gang", "patrols at night", "2024-08-01")


def at(rank: int, of: int = 32, value: float | None = None) -> Standing:
    return Standing(rank, of, 1 + 4 * (rank - 1) // of, period="2022/23" if value else None, value=value)


def theme(name: str, before: int, after: int, **more: Any) -> Moved:
    change = Change(Kind.THEME_MOVED, Cause.PERFORMANCE, "new periods", name, None, "E10000018", at(before), at(after))
    return Moved(change, name, **more)


def indicator(name: str, before: int, after: int, group: str = "Police & Crime", **more: Any) -> Moved:
    kind = Kind.ENTERED if after > before else Kind.LEFT
    sides = (at(before, value=4.6), at(after, value=5.9))
    change = Change(kind, Cause.PERFORMANCE, "a new period", group, name.lower(), "E10000018", *sides)
    return Moved(change, name, "per 1,000", 1, "low", **more)


FELL = theme("Police & Crime", 11, 21)
ENTERED = indicator("Vehicle crime", 24, 28)


def alert(*changes: Moved, **more: Any) -> ReleaseAlert:
    return ReleaseAlert("release_alert", FOOTING, RELEASE, changes, more.pop("quiet", {}), 0, 37, 257, **more)


def correction(*corrected: tuple[Moved, int, bool], by: ReleaseInfo = REVISING) -> CorrectionNotice:
    lines = tuple(CorrectedLine(moved.change, moved.name, gone, at(rank)) for moved, rank, gone in corrected)
    return CorrectionNotice("correction", by, lines, FOOTING)


def shown(notice: Notice, *amendments: Amendment, ref: str = "7") -> Message:
    """The message after a way through the outbox; what Slack would refuse of it, or would notify for, fails here."""
    known: Sequence[Any] = [from_json(to_json(one)) for one in amendments]
    message = render(from_json(to_json(notice)), known, ref)
    for part in (message, *message.thread):
        assert check_message({"text": part.text, "blocks": part.blocks}, update=True) is None
        assert not live_mentions({"text": part.text, "blocks": part.blocks})
    return message


def lines(message: Message) -> list[str]:
    return plain(message).splitlines()


def buttons(message: Message) -> list[dict[str, Any]]:
    return [button for block in message.blocks if block["type"] == "actions" for button in block["elements"]]


# --- as it is told --------------------------------------------------------------------------------


def test_four_buttons_carry_the_number_of_the_message_and_say_what_they_are_about() -> None:
    found = buttons(shown(alert(FELL, ENTERED)))
    assert [(one["text"]["text"], one["action_id"], one["value"]) for one in found] == [
        ("Why?", "alert:why", "7"),
        ("Chart", "alert:chart", "7"),
        ("Acknowledge", "alert:acknowledge", "7"),
        ("Mute until next release", "alert:mute", "7"),
    ]
    assert all("Police & Crime" in one["accessibility_label"] for one in found)
    long = buttons(shown(alert(theme("T" * 300, 11, 21))))
    assert {len(one["accessibility_label"]) for one in long} == {75}


def test_there_are_no_buttons_without_a_number_or_anything_to_press_them_for() -> None:
    assert buttons(shown(alert(FELL), ref="")) == []
    assert buttons(shown(alert(quiet={"method": 1}))) == []


def test_why_a_theme_moved_is_said_in_plain_words() -> None:
    why = (
        Because("Vehicle crime", 1.9, "common"),
        Because("Public order", 1.4, "joined"),
        Because("Theft", -0.6, "left"),
        Because("Arson", 0.04, "common"),
    )
    told = lines(shown(alert(replace(FELL, why=why))))
    assert told[2] == (
        "Why: Vehicle crime cost 1.9 places of the average rank, Public order 1.4 (newly counted);"
        " Theft gained 0.6 (no longer counted)"
    )
    rising = lines(
        shown(alert(theme("Roads", 9, 4, why=(Because("Potholes", -2.0, "common"), Because("Salt", 1, "common")))))
    )
    assert rising[2] == "Why: Potholes gained 2.0 places of the average rank; Salt cost 1.0"
    assert not any(line.startswith("Why") for line in lines(shown(alert(FELL))))


def test_a_long_name_loses_its_code_before_it_is_cut() -> None:
    long = "Users with as much social contact as they would like"
    why = (Because(f"{long} (ASCOF 1I pt 1)", -1.4, "common"), Because("Carers (ASCOF 3B)", 0.9, "common"))
    told = lines(shown(alert(theme("Roads", 9, 4, why=why))))
    assert f"Why: {long} gained 1.4 places of the average rank; Carers (ASCOF 3B) cost 0.9" in told


def test_fact_cause_and_other_changes_are_blocks_of_their_own() -> None:
    message = shown(alert(theme("Roads", 9, 4, why=(Because("Salt", -1.0, "common"),)), ENTERED))
    sections = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    assert [text.split(" ")[0] for text in sections] == ["*Roads", "Why:", "▼"]


def test_what_an_owner_last_said_comes_back_with_the_subject() -> None:
    told = lines(shown(alert(replace(FELL, said=replace(SAID, review="")), replace(ENTERED, said=SAID))))
    assert told[2] == "Last time, Ann on 3 May 2024: cause – one gang; action – patrols at night"
    assert told[3].startswith("▼ Vehicle crime")
    assert (
        told[4] == "Last time, Ann on 3 May 2024: cause – one gang; action – patrols at night; review by 1 August 2024"
    )
    long = replace(SAID, cause="c" * 900, action="a" * 900)
    assert "c" * 149 + "…; action – " + "a" * 149 + "…;" in lines(shown(alert(replace(FELL, said=long))))[2]


def test_what_is_withdrawn_elsewhere_and_what_is_muted_is_counted_in_the_second_line() -> None:
    told = lines(shown(alert(ENTERED, withdrawn=1, muted=2)))[1]
    assert told.endswith("are in it now · 1 change told earlier is withdrawn · 2 muted changes are left out")
    told = lines(shown(alert(ENTERED, withdrawn=3, muted=1)))[1]
    assert told.endswith(" · 3 changes told earlier are withdrawn · 1 muted change is left out")


def test_an_entry_within_the_margin_of_error_is_counted_and_marked() -> None:
    sure, unsure = ENTERED, indicator("Burglary", 22, 26, unsure=True)
    told = lines(shown(alert(FELL, sure, unsure)))
    assert told[1].startswith(
        "New or revised figures: 2 indicators entered the bottom quartile, none left,"
        " 1 is within the margin of error · 37 of 257"
    )
    assert [line.endswith(" · within the margin of error") for line in told[2:4]] == [False, True]
    assert " · within the margin of error · Recorded crime" in lines(shown(alert(unsure)))[0]
    assert "margin" not in plain(shown(alert(FELL, sure, unsure), correction((unsure, 20, True)))).splitlines()[1]


def test_who_hears_of_a_composite_alone_is_told_nothing_about_indicators() -> None:
    change = replace(FELL.change, kind=Kind.COMPOSITE_MOVED)
    told = lines(shown(replace(alert(replace(FELL, change=change)), bottom=0, judged=0)))
    assert not any("indicator" in line for line in told)


def test_the_thread_says_why_each_theme_moved() -> None:
    themes = [theme(f"Theme {number}", 5, 9 + number, why=(Because("Salt", 1.5, "common"),)) for number in range(9)]
    message = shown(alert(*themes))
    thread = "\n".join(plain(page) for page in message.thread)
    assert thread.count("Why: Salt cost 1.5 places of the average rank") == 9


# --- as it is corrected ---------------------------------------------------------------------------


def test_a_withdrawn_line_is_struck_and_says_so_in_words() -> None:
    message = shown(alert(FELL, ENTERED), correction((ENTERED, 23, True)))
    told = lines(message)
    assert told[0] == "Police & Crime falls from 11th to 21st of 32 · Recorded crime (ONS, published 20 July 2024)"
    assert told[1] == "New or revised figures: no indicator entered or left the bottom quartile"
    assert told[2] == (
        "• Withdrawn: Vehicle crime — 24th → 28th of 32, quartile 3 → 4 · 4.6 → 5.9 per 1,000 (higher is worse)"
        " · 2022/23 · withdrawn by release 15, 3 September 2024: revised figures put it at 23rd of 32"
    )
    struck = message.blocks[1]["text"]["text"]
    assert struck.startswith("• Withdrawn: ~Vehicle crime — ")
    assert "2022/23~ · withdrawn by release 15" in struck
    assert "~" not in message.text, "who hears the text hears the words"
    assert len(buttons(message)) == 4


def test_a_withdrawn_headline_begins_with_the_word() -> None:
    message = shown(alert(FELL, ENTERED), correction((FELL, 11, True)))
    assert lines(message)[0] == (
        "Withdrawn: Police & Crime falls from 11th to 21st of 32 · withdrawn by release 15, 3 September 2024:"
        " revised figures put it back at 11th of 32 · 1 other change stands"
        " · Recorded crime (ONS, published 20 July 2024)"
    )
    assert message.blocks[0]["text"]["text"].startswith(
        "*Withdrawn:* ~Police &amp; Crime falls from 11th to 21st of 32~ · "
    )
    assert not any(line.startswith("Why") for line in lines(message))


def test_a_corrected_headline_says_where_it_stands_now() -> None:
    why = (Because("Vehicle crime", 1.9, "common"),)
    roads = theme("Roads", 5, 9)
    message = shown(alert(replace(FELL, why=why), roads), correction((FELL, 24, False), (roads, 11, False)))
    told = lines(message)
    assert told[0] == (
        "Police & Crime falls from 11th to 24th of 32 and 1 more theme moved · corrected by release 15,"
        " 3 September 2024: revised figures put it at 24th of 32, told as 21st of 32"
        " · Recorded crime (ONS, published 20 July 2024)"
    )
    assert told[2].startswith("▼ Roads (theme) — 5th → 11th of 32, quartile 1 → 2 · corrected by release 15, ")
    assert not any(line.startswith("Why") for line in told), "the reasons are those of the rank told first"


def test_of_several_corrections_the_last_counts() -> None:
    later = ReleaseInfo(18, "Recorded crime, again", "ONS", "")
    told = lines(shown(alert(FELL), correction((FELL, 24, False)), correction((FELL, 13, False), by=later)))
    assert told[0].startswith(
        "Police & Crime falls from 11th to 13th of 32 · corrected by release 18: revised figures put it at 13th of 32,"
        " told as 21st of 32 · "
    )


def test_when_nothing_stands_the_first_line_says_so_and_nothing_can_be_acknowledged() -> None:
    message = shown(alert(FELL, replace(ENTERED, said=SAID)), correction((FELL, 11, True), (ENTERED, 23, True)))
    told = lines(message)
    assert told[0] == (
        "Withdrawn: nothing of this stands · Police & Crime is back at 11th of 32 by release 15, 3 September 2024:"
        " revised figures · Recorded crime (ONS, published 20 July 2024)"
    )
    assert ["withdrawn by release 15" in line for line in told[1:3]] == [True, True]
    assert len(told) == 4, "a footer, and no count of what did not happen"
    assert [one["action_id"] for one in buttons(message)] == ["alert:why", "alert:chart"]


def test_nothing_is_left_of_an_alert_once_all_of_it_is_withdrawn() -> None:
    told, half = alert(FELL, ENTERED), correction((FELL, 11, True))
    assert nothing_left(told, []) is None
    assert nothing_left(told, [half]) is None
    assert nothing_left(told, [half, correction((ENTERED, 23, True))]) == REVISING
    assert nothing_left(replace(told, quiet={"method": 1}), [half, correction((ENTERED, 23, True))]) is None
    assert nothing_left(told, [correction((FELL, 11, True), (ENTERED, 28, False))]) is None


# --- what people did ------------------------------------------------------------------------------

ACKNOWLEDGED = AcknowledgedNotice(
    "acknowledged",
    "Ann",
    "2024-07-22",
    (FELL.change.subject,),
    ("Police & Crime",),
    "one gang",
    "patrols",
    "2024-10-01",
)
MUTED = MutedNotice("muted", "Ben", "2024-07-23", ("Vehicle crime",), "", "known fault")


def test_acknowledgements_and_mutes_stand_under_the_lines() -> None:
    told = lines(shown(alert(FELL, ENTERED), ACKNOWLEDGED, MUTED, replace(MUTED, until="2024-12-24")))
    assert told[3:5] == [
        (
            "Acknowledged by Ann on 22 July 2024 (Police & Crime): cause – one gang; action – patrols;"
            " review by 1 October 2024"
        ),
        "Muted by Ben on 23 July 2024 until 24 December 2024 (Vehicle crime): “known fault”",
    ]
    alone = lines(shown(alert(FELL), replace(ACKNOWLEDGED, action="", review="")))
    assert alone[2] == "Acknowledged by Ann on 22 July 2024: cause – one gang"


def test_of_many_acknowledgements_the_newest_are_shown() -> None:
    many = [replace(ACKNOWLEDGED, cause=f"cause {number}") for number in range(5)]
    text = plain(shown(alert(FELL), *many))
    assert "… and 2 earlier acknowledgements: see the thread\n" in text
    assert [number for number in range(5) if f"cause {number}" in text] == [2, 3, 4]


def test_lines_in_the_thread_stand_alone() -> None:
    both = correction((ENTERED, 23, True), (FELL, 24, False))
    assert lines(shown(both)) == [
        (
            "Withdrawn: Vehicle crime enters the bottom quartile · revised figures in Recorded crime, revised (ONS,"
            " published 3 September 2024) put it at 23rd of 32"
        ),
        "Corrected: Police & Crime falls from 11th to 24th of 32 · revised figures put it there · told as 21st of 32",
        "Leicestershire · Quartiles: rank rule, 32 county areas · snapshot 2024-07-20/1 · illustrative comparators",
    ]
    assert lines(shown(ACKNOWLEDGED)) == [
        "Acknowledged by Ann on 22 July 2024: Police & Crime",
        "cause – one gang; action – patrols; review by 1 October 2024",
    ]
    assert lines(shown(MUTED)) == [
        "Muted for everybody until the next release: Vehicle crime · by Ben on 23 July 2024",
        "reason – known fault",
    ]


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (ChartNotice("chart", "theme", ("Roads",)), "Chart: the rank of Roads over the years"),
        (ChartNotice("chart", "themes", ()), "Chart: the ranks of all themes"),
        (ChartNotice("chart", "spend", ()), "Chart: performance against spend"),
        (ChartNotice("chart", "indicator", ("VC_1",)), "Chart: VC_1 against the other areas"),
        (ChartNotice("chart", "bottom", ("Roads",)), "Chart: what is in the bottom quartile, by theme, Roads"),
    ],
)
def test_a_chart_says_what_it_shows(notice: ChartNotice, said: str) -> None:
    message = shown(notice)
    assert plain(message) == said
    assert message.chart
    assert (message.chart.kind, message.chart.names) == (notice.chart, notice.names)


def test_everything_moving_under_long_names_stays_within_limits_when_all_of_it_is_corrected() -> None:
    moved = [
        indicator(
            f"{number:03}" + "N" * 300, 24, 28, f"{number % 13:02}" + "T" * 300, said=replace(SAID, cause="c" * 400)
        )
        for number in range(257)
    ]
    moved += [
        theme(f"{number:02}" + "T" * 300, 3, 30, why=(Because("W" * 300, 1.5, "common"),) * 4) for number in range(13)
    ]
    told = alert(*moved, withdrawn=9, muted=9, quiet={"method": 3})
    corrections: tuple[list[Amendment], ...] = (
        [],
        [correction(*((one, 11, False) for one in moved)), *[ACKNOWLEDGED] * 9, MUTED],
        [correction(*((one, 5, True) for one in moved))],
    )
    for amendments in corrections:
        message = shown(told, *amendments)
        assert "see the thread" in plain(message)
        thread = "\n".join(plain(page) for page in message.thread)
        assert all(f"{number:03}NNN" in thread for number in range(257))
        for one in amendments:
            shown(one)


def test_hostile_words_mention_nobody_and_format_nothing() -> None:
    said = Said(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    info = ReleaseInfo(15, HOSTILE, HOSTILE, HOSTILE)
    moved = replace(indicator(HOSTILE, 24, 28, HOSTILE), said=said, unit=HOSTILE)
    fell = theme(HOSTILE, 11, 21, said=said, why=(Because(HOSTILE, 1.0, "common"),) * 4)
    amendments: list[Amendment] = [
        correction((moved, 23, True), by=info),
        AcknowledgedNotice("acknowledged", HOSTILE, HOSTILE, (), (HOSTILE,) * 30, HOSTILE * 9, HOSTILE * 9, HOSTILE),
        MutedNotice("muted", HOSTILE, HOSTILE, (HOSTILE,) * 30, HOSTILE, HOSTILE * 9),
        ChartNotice("chart", "theme", (HOSTILE,)),
    ]
    for message in (shown(alert(fell, moved), *amendments), *map(shown, amendments)):
        whole = message.text + json.dumps([part.blocks for part in (message, *message.thread)], ensure_ascii=False)
        assert "\u202e" not in whole
        assert "\u0000" not in whole


# --- in the channel -------------------------------------------------------------------------------

ENTRIES = (Entry("burglary", name="Burglary"), Entry("robbery", name="Robbery"), Entry("potholes", ROADS, "Potholes"))
FIRST = {"burglary": 10, "robbery": 12, "potholes": 3}


class Office:
    """A database that takes releases in, and a Slack where the team and a lead read."""

    def __init__(self, folder: Path) -> None:
        self.slack = SlackDouble(bot_token="xoxb-1", patience=1.0)
        self.slack.pace(None)
        self.slack.start()
        for channel in ("C1", "C2", "C3"):
            self.slack.add_channel(channel)
        self.now = NOW
        self.db = connect(folder / "benchwatch.db")
        poster = SlackPoster(web_client("xoxb-1", self.slack.api_url), self._seconds, self._sleep)
        places = {TEAM: "C1", OPS: "C3", "lead:Safety": "C2"}
        self.delivery = Delivery(self.db, folder / "benchwatch.db", poster, places, lambda: self.now)
        self.leads = (Lead("Safety", frozenset({POLICE}), "C2"),)
        self.taken = 0

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def take(self, places: dict[str, int], period: str) -> None:
        """The next release, which puts the council at these places; nothing is delivered yet."""
        self.taken += 1
        book = release(ENTRIES, places, period, level=200.0 - int(period[2:4]))
        raw = book.raw(f"r{self.taken}-2025-{self.taken:02}-01.csv")
        assert ingest(self.db, raw, policy(leads=self.leads), now=self.now).status == "accepted"

    def fall(self) -> None:
        self.take(FIRST, "2022/23")
        self.take({**FIRST, "burglary": 28}, "2023/24")

    def deliver(self) -> None:
        for _ in range(3):
            self.now += timedelta(seconds=UNKNOWN_WAIT)
            self.delivery.deliver_due()

    def alert(self, channel: str) -> Posted:
        """The newest message of a channel itself, as it stands now."""
        return self.slack.channel(channel).top_level()[-1]

    def thread(self, channel: str) -> list[str]:
        return [reply.text for reply in self.slack.channel(channel).thread(self.alert(channel).ts)]

    def states(self) -> list[tuple[str, str, str]]:
        rows = self.db.execute("SELECT destination, state, reason FROM outbox ORDER BY id")
        return [(destination, state, reason) for destination, state, reason in rows]

    def amend(self, notice: Amendment, amends: int, key: str) -> None:
        with unit(self.db):
            payload, stamp = to_json(notice), self.now.isoformat()
            outbox.owe(self.db, key=key, destination=TEAM, kind=notice.kind, payload=payload, now=stamp, amends=amends)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    for channel in ("C1", "C2", "C3"):
        for message in office.slack.channel(channel).messages:
            assert message.mentions == []
    office.db.close()
    office.slack.stop()


def test_a_revision_changes_the_alerts_where_they_stand_and_adds_one_line_to_each_thread(office: Office) -> None:
    office.fall()
    office.deliver()
    stood = {channel: office.alert(channel) for channel in ("C1", "C2")}
    assert all(message.text.startswith("Police &amp; Crime falls from 11th to ") for message in stood.values())
    office.take({"burglary": 10}, "2023/24")
    office.deliver()
    for channel, before in stood.items():
        now = office.alert(channel)
        assert now.ts == before.ts, "no second message"
        assert now.edited
        assert now.text.startswith(
            "Withdrawn: nothing of this stands · Police &amp; Crime is back at 11th of 31 by release 3, 1 March 2025"
        )
        assert "~Burglary — " in json.dumps(now.blocks, ensure_ascii=False)
        [line] = office.thread(channel)
        assert line.startswith("Withdrawn: Police &amp; Crime falls from 11th to ")
        assert "\nWithdrawn: Burglary enters the bottom quartile · " in line
    count = len(office.slack.requests)
    office.deliver()
    assert len(office.slack.requests) == count, "and that is all"


def test_where_a_message_can_be_changed_no_more_its_correction_stands_below_it(office: Office) -> None:
    office.fall()
    office.deliver()
    office.slack.faults.answer("chat.update", {"ok": False, "error": "edit_window_closed"}, times=2)
    office.take({"burglary": 10}, "2023/24")
    office.deliver()
    for channel in ("C1", "C2"):
        stands, line = office.slack.channel(channel).top_level()[-2:]
        assert stands.text.startswith("Police &amp; Crime falls from 11th to ")
        assert line.text.startswith("Withdrawn: Police &amp; Crime falls from 11th to ")
        assert office.thread(channel) == []


@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
def test_a_reply_lost_on_the_way_leaves_one_correction(office: Office, method: str) -> None:
    office.fall()
    office.deliver()
    office.slack.faults.lose_reply(method)
    office.take({"burglary": 10}, "2023/24")
    office.deliver()
    for channel in ("C1", "C2"):
        assert office.alert(channel).text.startswith("Withdrawn: nothing of this stands")
        assert len(office.thread(channel)) == 1


def test_what_is_undone_before_it_was_sent_is_never_seen(office: Office) -> None:
    office.take(FIRST, "2022/23")
    office.deliver()
    office.take({**FIRST, "burglary": 28}, "2023/24")
    office.take({"burglary": 10}, "2023/24")
    office.deliver()
    assert office.alert("C1").text.startswith("Watching ")
    assert office.slack.channel("C2").messages == []
    reasons = ["withdrawn by release 3 before it was sent"] * 2 + ["the message it amends was not sent"] * 2
    assert [reason for _, state, reason in office.states() if state == "suppressed"] == reasons


def test_what_is_corrected_before_it_was_sent_is_told_right_at_once(office: Office) -> None:
    office.take(FIRST, "2022/23")
    office.take({**FIRST, "burglary": 28}, "2023/24")
    office.take({"burglary": 22}, "2023/24")
    office.deliver()
    told = office.alert("C1").text
    assert told.startswith("Police &amp; Crime falls from 11th to ")
    assert ": revised figures put it at " in told.splitlines()[0]
    assert "Burglary — 10th → 28th of 31" in told
    assert "withdrawn by release 3, 1 March 2025: revised figures put it at 22nd of 31" in told
    assert office.thread("C1") == []
    assert office.slack.calls("chat.update") == []


def test_an_alert_that_may_stand_already_is_not_taken_for_unsent(office: Office) -> None:
    office.take(FIRST, "2022/23")
    office.deliver()
    office.take({**FIRST, "burglary": 28}, "2023/24")
    office.slack.faults.lose_reply("chat.postMessage")
    office.delivery.deliver_due()
    office.take({"burglary": 10}, "2023/24")
    office.deliver()
    tops = office.slack.channel("C1").top_level()
    assert [message.text.split(" · ")[0] for message in tops[1:]] == ["Withdrawn: nothing of this stands"]
    assert len(office.thread("C1")) == 1


def test_what_people_did_with_an_alert_is_seen_in_it_and_in_its_thread(office: Office) -> None:
    office.fall()
    office.deliver()
    [number] = [number for number, to in office.db.execute("SELECT id, destination FROM outbox") if to == TEAM][1:]
    office.amend(ACKNOWLEDGED, number, "alert/ack")
    office.amend(MUTED, number, "alert/mute")
    office.deliver()
    now = office.alert("C1")
    assert now.text.startswith("Police &amp; Crime falls from 11th to ")
    assert "\nAcknowledged by Ann on 22 July 2024 (Police &amp; Crime): cause – one gang; " in now.text
    assert "\nMuted by Ben on 23 July 2024 until the next release (Vehicle crime): “known fault”" in now.text
    assert [line.splitlines()[0] for line in office.thread("C1")] == [
        "Acknowledged by Ann on 22 July 2024: Police &amp; Crime",
        "Muted for everybody until the next release: Vehicle crime · by Ben on 23 July 2024",
    ]
    assert [one["value"] for block in now.blocks if block["type"] == "actions" for one in block["elements"]] == [
        str(number)
    ] * 4


def test_a_subscriber_hears_at_once_in_a_direct_message_and_quiet_hours_are_kept(office: Office) -> None:
    office.slack.add_user("U7")
    with unit(office.db):
        subscribe(office.db, Subscription("U7", POLICE, "now", "U7", "2025-11-21"))
    start, end = ((NOW + timedelta(hours=hours)).time() for hours in (-1, 1))
    quiet = QuietHours(start, end, policy().zone)
    office.fall()
    awake, office.delivery = office.delivery, replace(office.delivery, quiet=quiet)
    office.deliver()
    assert office.slack.calls("chat.postMessage") == []
    office.now += timedelta(hours=1)
    office.delivery = awake
    office.deliver()
    [message] = office.slack.direct_message("U7").messages
    assert message.text.startswith("Police &amp; Crime falls from 11th to ")
    assert office.states()[-1][:2] == (f"{TO}U7", "sent")
