"""What /rank does for the one who asks: subscriptions, mutes, exports; who may, and what is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.commands import SHARE
from bot.commands.csv_files import HEADS, csv_bytes, file_name
from bot.commands.personal import Personal
from bot.commands.wishes import mute_wish, subscription_wish
from bot.errors import BotError
from bot.people import Permissions, Person
from bot.slack_text import plain
from jobs.pipeline import ingest
from state.database import connect
from state.export import COLUMNS
from state.mutes import EVERYBODY, mutes
from state.subscriptions import Subscription, subscriptions
from tests.bot.asking import buttons
from tests.bot.test_questions import APPROVER, ASKER, GUEST, NOW, TODAY, Office, demonstrated
from tests.system.releases import POLICE, ROADS, Entry, policy, release

CHANNEL = "C1"
HOSTILE = "<!channel> *bold* `x` \u202e<@U1> & @here"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """For what changes nothing."""
    found = Office(demonstrated(tmp_path_factory.mktemp("shown")))
    yield found
    found.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "benchwatch.db"
    db = connect(path)
    entries = (
        Entry("burglary", POLICE, "Residential burglary"),
        Entry("robbery", POLICE, "=HYPERLINK(1), robbery"),
        Entry("potholes", ROADS, "Potholes, filled within a week"),
        Entry("verges", ROADS, "Road verges cut"),
    )
    book = release(entries, {entry.code: 20 for entry in entries}, "2016/17")
    ingest(db, book.raw("figures-2017-10-01.csv"), policy(), now=NOW, path=path)
    db.close()
    found = Office(path)
    yield found
    found.close()


def subscribed(office: Office, place: str) -> list[Subscription]:
    return office.reader.read(lambda db: subscriptions(db, place))


def muted(office: Office) -> list[tuple[str, str, str, str]]:
    found = office.reader.read(lambda db: mutes(db, office.today.isoformat()))
    return [(one.place, one.subject, one.until, one.reason) for one in found]


def audited(office: Office) -> list[tuple[str, str, str]]:
    query = "SELECT actor, action, subject FROM audit WHERE actor LIKE '%(U%' ORDER BY id"
    return office.reader.read(lambda db: [(row[0], row[1], row[2]) for row in db.execute(query)])


# --- subscriptions --------------------------------------------------------------------------------


def test_a_subscription_is_weekly_unless_said_and_replaced_when_said_again(office: Office) -> None:
    text = office.told("subscribe police")
    assert text.startswith("You get Police & Crime in the weekly digest from now on.\n")
    assert "To end it: /rank unsubscribe theme Police & Crime" in text
    again = office.told("subscribe theme Police now")
    assert again.startswith("You get Police & Crime at once from now on. It was in the weekly digest until now.")
    assert [(one.theme, one.how, one.by) for one in subscribed(office, "U1")] == [(POLICE, "now", "U1")]
    assert office.told("subscribe police now").startswith("You get Police & Crime at once as before.")
    assert audited(office) == []


def test_subscriptions_are_listed_and_ended(office: Office) -> None:
    for text in ("subscribe police now", "subscribe theme transport"):
        office.told(text)
    listed = office.told("subscriptions")
    assert listed.startswith("You get 2 themes\n")
    assert "• Police & Crime — at once · since 1 November 2017" in listed
    assert office.told("unsubscribe").startswith("Which? Or all of them:")
    assert office.told("unsubscribe roads").startswith("You have no subscription to “roads”. Nothing was changed.")
    assert office.told("unsubscribe transprot").startswith("You no longer get Transport & Highways.")
    assert [one.theme for one in subscribed(office, "U1")] == [POLICE]
    assert office.told("unsubscribe all").startswith("You no longer get Police & Crime.")
    assert subscribed(office, "U1") == []
    assert office.told("subscriptions").startswith("You have no subscriptions\n")
    assert office.told("unsubscribe all").startswith("You have no subscriptions. Nothing was changed.")


def test_only_approvers_subscribe_a_channel_and_it_is_audited(office: Office) -> None:
    refused = office.told("subscribe police now here", ASKER, CHANNEL)
    assert refused.startswith("Only approvers can decide for a channel. Nothing was changed.")
    assert subscribed(office, CHANNEL) == []
    assert office.told("subscribe police weekly here", APPROVER, "D7").startswith("This is no channel.")
    allowed = office.told("subscribe police here weekly", APPROVER, CHANNEL)
    assert allowed.startswith("This channel gets Police & Crime in the weekly digest")
    assert [(one.theme, one.by) for one in subscribed(office, CHANNEL)] == [(POLICE, "U2")]
    assert subscribed(office, "U2") == []
    assert "this channel gets 1 theme" in office.told("subscriptions", APPROVER, CHANNEL)
    assert "channel" not in office.told("subscriptions", ASKER, CHANNEL)
    assert office.told("unsubscribe police here", ASKER, CHANNEL).startswith("Only approvers can")
    assert office.told("unsubscribe police here", APPROVER, CHANNEL).startswith("This channel no longer gets")
    assert subscribed(office, CHANNEL) == []
    assert audited(office) == [("approver (U2)", "subscribe", POLICE), ("approver (U2)", "unsubscribe", POLICE)]


def test_what_is_not_clear_changes_nothing_and_offers_a_choice(office: Office) -> None:
    nothing = office.told("subscribe xylophones")
    assert nothing.startswith("No theme is called “xylophones”. Nothing was changed. The nearest:")
    by_theme = office.asked("subscribe burglary")
    assert plain(by_theme).startswith("Subscriptions are by theme, and Residential burglary is part of Police & Crime.")
    assert ("rank:do", f"subscribe theme {POLICE}") in buttons(by_theme)
    assert subscribed(office, "U1") == []


def test_several_themes_are_offered_with_what_was_wished(shown: Office) -> None:
    message = shown.asked("subscribe adult social now")
    assert plain(message).startswith("“adult social” may mean 2 themes. Nothing was changed. Which?")
    assert ("rank:ask", "subscribe theme Adult Social Care - Delivery now") in buttons(message)
    assert subscribed(shown, "U1") == []


def test_a_subscription_to_what_is_no_longer_ranked_can_be_ended(office: Office) -> None:
    with office.writer.unit() as db:
        db.execute("INSERT INTO subscriptions VALUES ('U1', 'Old theme', 'weekly', 'U1', '2016-01-01')")
    assert "• Old theme — in the weekly digest" in office.told("subscriptions")
    assert office.told("unsubscribe old theme").startswith("You no longer get Old theme.")


# --- mutes ----------------------------------------------------------------------------------------


def test_a_mute_is_personal_unless_an_approver_says_for_everybody(office: Office) -> None:
    text = office.told("mute indicator burglary until next release counting rules change", APPROVER)
    assert text.startswith("Residential burglary is muted for you until the next release – counting rules change")
    assert "To undo: /rank unmute indicator burglary" in text
    assert muted(office) == [("U2", "indicator:burglary", "", "counting rules change")]
    assert audited(office) == []
    refused = office.told("mute theme police for everybody 30d rules", ASKER)
    assert refused.startswith("Only approvers can mute for everybody. Nothing was changed.")
    allowed = office.told("mute theme police for everybody until 3 May 2018: rules", APPROVER)
    assert allowed.startswith("Police & Crime is muted for everybody until 3 May 2018 – rules")
    assert (EVERYBODY, f"basket:{POLICE}", "2018-05-03", "rules") in muted(office)
    assert audited(office) == [("approver (U2)", "mute", f"basket:{POLICE}")]


def test_mutes_are_listed_and_ended_by_who_may(office: Office) -> None:
    office.told("mute potholes 30d")
    office.told("mute police for all 2 weeks new rules", APPROVER)
    listed = office.asked("mutes")
    text = plain(listed)
    assert text.startswith("1 mute for you, 1 for everybody\n")
    assert "• Potholes, filled within a week — for you · until 1 December 2017" in text
    assert "• Police & Crime — for everybody, by approver · until 15 November 2017 · new rules" in text
    assert [value for _, value in buttons(listed)] == ["unmute indicator potholes"]
    denied = office.told("unmute police")
    assert denied.startswith("Police & Crime is muted for everybody, not by you. Nothing was changed. Only approvers")
    assert office.told("unmute police for everybody").startswith("Only approvers can unmute for everybody.")
    assert office.told("unmute potholes").startswith("Potholes, filled within a week is no longer muted for you.")
    assert ("rank:do", f"unmute theme {POLICE} for everybody") in buttons(office.asked("unmute police", APPROVER))
    assert office.told("unmute police for everybody", APPROVER).startswith(
        "Police & Crime is no longer muted for every"
    )
    assert muted(office) == []
    assert office.told("unmute police", APPROVER).startswith("Nothing is muted for you.")
    assert [line[1] for line in audited(office)] == ["mute", "unmute"]


def test_a_mute_ends_when_its_day_is_over(office: Office) -> None:
    office.told("mute burglary 1d")
    assert office.told("mutes").startswith("1 mute for you")
    office.today = date(2017, 11, 3)
    assert office.told("mutes").startswith("No mutes for you, none for everybody")


def test_today_is_the_councils_and_times_are_kept_in_utc(office: Office) -> None:
    just_after_midnight = datetime(2026, 6, 2, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    permissions = Permissions([], lambda: "T1")
    personal = Personal(office.reader, office.writer, permissions, office.send, lambda: just_after_midnight)
    assert "2 June 2026" in plain(personal.answer("mute theme police until 2 june 2026 recount", ASKER, "D1"))
    assert "2 June 2026" not in plain(personal.answer("mute theme police until 1 june 2026 recount", ASKER, "D1"))
    with office.writer.unit() as db:
        assert db.execute("SELECT until, at FROM mutes").fetchall() == [("2026-06-02", "2026-06-01T23:30:00+00:00")]


def test_a_name_with_a_comma_is_taken_whole(office: Office) -> None:
    assert office.told("mute Potholes, filled within a week").startswith(
        "Potholes, filled within a week is muted for you"
    )
    assert muted(office)[0][3] == ""


def test_a_day_that_cannot_be_is_refused_with_an_example(office: Office) -> None:
    for day in ("3 May 2016", "2031-01-01", "31/02/2018"):
        assert office.told(f"mute burglary until {day}").startswith("The day is ")
    assert muted(office) == []


def test_a_misspelt_verb_does_something_only_with_one_slip(office: Office) -> None:
    assert office.told("subcribe police").startswith("You get Police & Crime")
    for text in ("subcrib police", "moot police", "mutation of police"):
        assert not office.personal.handles(text)
    assert office.personal.handles("unmut police")


def test_what_is_a_name_is_no_misspelt_verb(tmp_path: Path) -> None:
    path = tmp_path / "benchwatch.db"
    db = connect(path)
    book = release([Entry("advice", POLICE, "Expert advice given")], {"advice": 5}, "2016/17")
    ingest(db, book.raw("figures-2017-10-01.csv"), policy(), now=NOW, path=path)
    db.close()
    office = Office(path)
    assert not office.personal.handles("expert advice")
    assert office.told("expert advice").startswith("Expert advice given: 5th of ")
    office.close()


# --- exports --------------------------------------------------------------------------------------


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_theme_is_exported_with_everybody_compared(office: Office) -> None:
    text = office.told("export theme Police")
    assert text.startswith("Police & Crime comes by direct message: 2 indicators · 62 rows · police-crime.csv")
    [(user, name, data, title)] = office.sent
    assert (user, name, title) == ("U1", "police-crime.csv", POLICE)
    found = rows(data)
    assert {row["indicator"] for row in found} == {"burglary", "robbery"}
    assert len({row["area_code"] for row in found}) == 31
    assert tuple(found[0])[: len(COLUMNS["ranks"])] == COLUMNS["ranks"]
    own = next(row for row in found if row["area_code"] == "E10000018" and row["indicator"] == "burglary")
    assert (own["rank"], own["of"], own["period"], own["area_name"]) == ("20", "31", "2016/17", "Leicestershire")
    assert {row["indicator_name"] for row in found} == {"Residential burglary", "'=HYPERLINK(1), robbery"}


def test_an_indicator_and_everything_are_exported_too(office: Office) -> None:
    office.told("export indicator burglary")
    office.told("export all")
    one, everything = (rows(data) for _, _, data, _ in office.sent)
    assert {row["indicator"] for row in one} == {"burglary"}
    assert {row["indicator"] for row in everything} == {"burglary", "robbery", "potholes", "verges"}


def test_no_cell_is_a_formula_and_numbers_stay_numbers() -> None:
    row = ("=1+1", "+44", "-x", "@here", -1.5, None, "plain", "\tx", "a=b", "", "", "")
    [cells] = list(csv.reader(io.StringIO(csv_bytes([row]).decode("utf-8-sig"))))[1:]
    assert cells == ["'=1+1", "'+44", "'-x", "'@here", "-1.5", "", "plain", "'\tx", "a=b", "", "", ""]
    assert csv_bytes([]).decode("utf-8-sig").strip() == ",".join(HEADS)
    assert file_name("../../Police & Crime: <x>") == "police-crime-x.csv"
    assert file_name("…") == "ranks.csv"


def test_a_file_that_cannot_be_sent_is_said_with_the_reason(office: Office) -> None:
    def refuse(user: str, filename: str, data: bytes, title: str) -> None:
        raise BotError("The app may not send files here.")

    personal = Personal(office.reader, office.writer, Permissions([], lambda: "T1"), refuse, office.now)
    text = plain(personal.answer("export police", ASKER, "D1"))
    assert text.startswith("The figures of Police & Crime could not be sent. The app may not send files here.")


# --- who may --------------------------------------------------------------------------------------


def test_people_of_other_workspaces_get_a_polite_no(office: Office) -> None:
    strangers = (GUEST, Person("U2", "forged", "T9"), Person("", "nobody", "T1"), Person("U1", "unknown", ""))
    commands = ("subscribe police", "unsubscribe all", "subscriptions", "mute police", "mutes", "export all")
    for person, text in ((person, text) for person in strangers for text in commands):
        answer = office.told(text, person, CHANNEL)
        assert "for members of our own workspace. Nothing was changed." in answer
        assert (subscribed(office, person.id), muted(office), office.sent) == ([], [], [])


def test_nobody_is_an_approver_while_slack_cannot_say_whose_workspace_it_is(office: Office) -> None:
    personal = Personal(office.reader, office.writer, Permissions(["U2"], lambda: ""), office.send, office.now)
    assert "Nothing was changed" in plain(personal.answer("mute police for everybody", APPROVER, CHANNEL))
    assert muted(office) == []


def test_personal_answers_cannot_be_shared_and_are_for_slack_only(office: Office) -> None:
    for text in (
        "subscribe police",
        "subscriptions",
        "mute police",
        "mutes",
        "export police",
        "unmute police",
        "export",
    ):
        assert SHARE not in {action for action, _ in buttons(office.asked(text))}
        assert plain(office.answers.answer(text)).startswith("This works in Slack only")


def test_hostile_words_are_shown_and_do_nothing(office: Office) -> None:
    office.told("subscribe police")
    office.told("mute police")
    for verb in ("subscribe", "unsubscribe", "mute", "unmute", "export", "mute burglary 30d", "subscribe x here"):
        assert "\u202e" not in office.told(f"{verb} {HOSTILE}", APPROVER, CHANNEL)
        assert office.told(f"{verb} {'é' * 3000}")


def test_with_no_data_everything_says_so(tmp_path: Path) -> None:
    connect(tmp_path / "empty.db").close()
    office = Office(tmp_path / "empty.db")
    for text in ("subscribe police", "mute police", "export police", "export all"):
        assert office.told(text).startswith("There are no figures yet.")
    assert office.told("subscriptions").startswith("You have no subscriptions")
    assert office.told("mutes").startswith("No mutes for you")
    assert office.told("unsubscribe").startswith("You have no subscriptions.")
    assert office.told("unmute police").startswith("Nothing is muted for you.")
    office.close()


def test_the_name_of_the_command_is_the_one_of_the_settings(office: Office) -> None:
    permissions = Permissions([], lambda: "T1")
    personal = Personal(office.reader, office.writer, permissions, office.send, office.now, command="/league")
    assert "/league unsubscribe theme Police & Crime" in plain(personal.answer("subscribe police", ASKER, "D1"))


# --- what is wished -------------------------------------------------------------------------------


def test_wishes_are_read_as_people_write_them() -> None:
    wish = mute_wish("indicator library issues for everybody until next release, because the system changes", TODAY)
    assert (wish.about, wish.until, wish.reason, wish.everybody) == (
        "indicator library issues", "", "the system changes", True,
    )  # fmt: skip
    assert mute_wish("falls for 2 weeks new form", TODAY).until == "2017-11-15"
    assert mute_wish("falls until may reason: new form", TODAY).until == "2018-05-01"
    assert mute_wish("falls because of the form", TODAY).reason == "the form"
    assert mute_wish("falls - new form", TODAY).about == "falls"
    assert mute_wish("theme police for me", TODAY).about == "theme police"
    both = subscription_wish("to theme Police & Crime every week in this channel")
    assert (both.about, both.how, both.here) == ("theme Police & Crime", "weekly", True)
    assert subscription_wish("police straight away").how == "now"
    assert subscription_wish("here").here
