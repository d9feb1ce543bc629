"""Everything that can be typed, asked of the running service over both carriers: with figures, and before the first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import demo
from bot.demo.story import write_releases
from tests.system.commands import Desk, Done, Launcher
from tests.system.people import ANN, BOB, CARRIERS, LOBBY, Office, first, office, read, words_of
from tests.system.service import PATIENCE

ASKED = {
    "": "/rank answers questions about our ranks.",
    "help": "/rank answers questions about our ranks.",
    "theme Police": "Police & Crime: ",
    "police": "Police & Crime: ",
    "indicator domestic burglary": "Domestic burglary: 22nd of 24",
    "burgalry": "Domestic burglary: 22nd of 24",
    "overall": "Leicestershire: Core Performance ",
    "bottom": "22 of 108 indicators (20%) are in the bottom quartile",
    "bottom police": "2 of 5 indicators (40%) of Police & Crime are in the bottom quartile",
    "changes": "17 changes by the latest release that changed anything",
    "changes 7d": "17 changes since ",
    "changes 2016-01-01": "17 changes since 1 January 2016",
    "changes release 2": "17 changes by release 2",
    "why theme Police": "Police & Crime ",
    "why indicator burglary": "Domestic burglary fell from 21st to 22nd of 24",
    "council Durham": "Durham: ",
    "council Derbyshire police": "Derbyshire, Police & Crime: =17th of 24",
    "compare Derbyshire": "We are ahead of Derbyshire in ",
    "compare Derbyshire theme police": "Police & Crime: we are 11th of 24, Derbyshire =17th of 24",
    "peers police": "10 of 24 are ahead of us in Police & Crime",
    "spend": "We are high performing and low spending in 5 of 9 themes",
    "spend police": "Police & Crime has no spending to be set against.",
    "releases": "2 releases came, 2 accepted, none held",
    "sources": "Nothing is late, failing or held",
    "xylophone": "No theme or indicator is called “xylophone”.",
    "adult": "“adult” may mean 3 themes:",
    "subscriptions": "You have no subscriptions",
    "subscribe": "Which theme?",
    "unsubscribe police": "You have no subscriptions.",
    "mutes": "No mutes for you, none for everybody",
    "mute police 30d new system": "Police & Crime is muted for you until ",
    "unmute police": "Police & Crime is no longer muted for you.",
    "mute police for everybody 30d": "Only approvers can mute for everybody. Nothing was changed.",
    "scorecard": "Of 109 indicators 40 improved, 14 are similar, 21 declined and 34 cannot be compared",
    "scorecard police": "Police & Crime: all 5 indicators declined; 2 are in the bottom quartile",
    "history": "11 themes and composites have ranks of several years",
    "history police": "Police & Crime: 11th of 24 (11th last year)",
    "deprivation": "No theme can be set against deprivation yet.",
    "export theme Police": "Police & Crime comes by direct message: ",
    "export": "Which theme? Or all of it:",
    "chart theme Police": "Police & Crime: ",
}
"""What is typed, and how the answer begins."""
CHARTS = ("chart theme Police", "chart indicator domestic burglary", "chart spend", "chart overall", "chart bottom")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Path:
    """A database with both releases of the demonstration."""
    desk = Desk(tmp_path_factory.mktemp("figures"), launcher)
    desk.settings(catalogue=f'"{demo.CATALOGUE}"')
    done = desk.run("ingest", *write_releases(desk.folder))
    assert done.code == 0, done
    return desk.database


@pytest.fixture(scope="module", params=CARRIERS)
def asked(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    figures: Path,
    launcher: Launcher,
    second_launcher: Launcher,
) -> Iterator[Office]:
    """The service with these figures, its baseline and alert sent."""
    desk = Desk(tmp_path_factory.mktemp("asked"), launcher)
    desk.database.parent.mkdir()
    shutil.copy(figures, desk.database)
    with office(desk, request.param, second_launcher) as made:
        made.catalogue(f'"{demo.CATALOGUE}"')
        made.start()
        yield made
        made.settled()
        made.assert_well()


def test_every_command_is_answered_with_a_fact_first(asked: Office) -> None:
    for text, beginning in ASKED.items():
        told = asked.ask(text)
        assert first(told).startswith(beginning), text
        assert told.ephemeral_to == BOB


def test_charts_follow_as_pictures_with_their_numbers_in_words(asked: Office) -> None:
    for text in CHARTS:
        reply = asked.good(asked.people.slash("/rank", text, user=BOB, channel=LOBBY))
        asked.slack.wait_for(lambda reply=reply: len(asked.slack.responses(reply)) == 2, PATIENCE)  # type: ignore[misc]
        words, picture = (response.message for response in asked.slack.responses(reply))
        assert words is not None
        assert picture is not None
        [image] = picture.blocks
        assert image["alt_text"].startswith("Chart: "), text
        assert "Illustrative" not in image["alt_text"]
        assert read(picture).startswith("Chart: ")
        content = asked.slack.file_content(image["slack_file"]["id"]) or b""
        assert content.startswith(b"\x89PNG")


def test_answers_are_shared_turned_and_chosen_from_by_buttons(asked: Office) -> None:
    told = asked.ask("bottom")
    reply = asked.press("rank:share", told, BOB)
    shared = asked.shown(reply)
    assert shared.ephemeral_to is None
    assert not [block for block in shared.blocks if block["type"] == "actions"], "a press would answer one person only"
    assert first(shared) == first(told)
    assert "page 1 of 2" in read(told)
    turned = asked.answered("rank:page", told)
    assert turned.startswith(f"{first(told)}\nTransport & Highways (1)")
    assert "page 2 of 2" in turned
    several = asked.ask("adult")
    assert first(several) == "“adult” may mean 3 themes:"
    chosen = asked.answered("rank:ask", several, value="theme Adult Social Care - Perception")
    assert chosen.startswith("Adult Social Care - Perception: 18th of 24")


def test_fifty_at_once_are_all_acknowledged_in_time_and_answered(asked: Office) -> None:
    texts = ["overall", "theme police", "bottom", "changes", "spend", "why theme police", "compare Derbyshire"]
    with ThreadPoolExecutor(50) as crowd:
        ask = [
            crowd.submit(asked.people.slash, "/rank", texts[at % 7], user=f"U{at}", channel=LOBBY) for at in range(50)
        ]
        replies = [one.result() for one in ask]
    assert [reply for reply in replies if not reply.ok] == []
    for at, reply in enumerate(replies):
        assert asked.shown(reply).ephemeral_to == f"U{at}"


PUBLISHED = """theme,rank,previous_rank,of,expenditure_rank,expenditure_of
Police & Crime,21,11,32,,
Housing,2,7,32,,
"""


def test_the_terminal_looks_back_and_forward_beside_the_service(asked: Office) -> None:
    def run(*arguments: str) -> Done:
        done = asked.desk.run(*arguments)
        assert (done.code, done.err) == (0, ""), done
        return done

    (asked.desk.folder / "benchmark_2022_23.csv").write_text(PUBLISHED, encoding="utf-8")
    assert "imported 2 published ranks" in run("history", "import", "benchmark_2022_23.csv").out
    told = read(asked.ask("history police"))
    assert "2023 — published 21st of 32 in 2022/23" in told
    assert "2022 — published 11th of 32 in 2021/22" in told
    assert run("edition", "Autumn 2017").out.startswith("Edition Autumn 2017 is snapshot 2017-10-31/1.")
    against = asked.ask("overall against edition Autumn 2017")
    assert first(against) == "Leicestershire against edition Autumn 2017: 16 ranks the same"
    would = run("simulate", "--json").document
    assert (would["from"], would["today"]["messages"], would["today"]["changes"]) == ("2016-09-30", 1, 17)
    assert sum(run("scorecard", "--json").document["quartiles"].values()) == 108
    made = run("report", "--out", "annex", "--against", "2022/23", "--json").document
    assert [Path(one["file"]).suffix for one in made["files"]] == [".html", ".docx"]
    assert all(Path(one["file"]).stat().st_size == one["bytes"] for one in made["files"])


def test_the_home_tab_has_everything_and_its_toggles_work(asked: Office) -> None:
    asked.good(asked.people.open_home(user=ANN))
    text = words_of(asked.home(ANN))
    assert text.startswith("Leicestershire Core Performance 14th of 24")
    assert "Transport & Highways — " in text
    assert "Your subscriptions: none" in text
    assert "Releases due" in text
    assert "Sources: no publisher is watched; figures come from files." in text
    for option, shown in ((2, "at once: Culture"), (1, "in the weekly digest: Culture"), (0, "subscriptions: none")):
        home = asked.home(ANN)
        culture = next(block for block in home["blocks"] if "*Culture*" in str(block.get("text")))
        value = culture["accessory"]["options"][option]["value"]
        asked.good(asked.people.press_view(home["id"], "home:subscribe", value, user=ANN))
        asked.home(ANN, shown)
