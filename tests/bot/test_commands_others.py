"""What /rank answers about other councils, about spending, and with a chart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.commands import SHARE, Answers
from bot.slack_text import ChartOf, plain
from state.views import BottomReport, IndicatorReport, OverallReport, ThemeReport
from tests.bot.asking import COUNCIL, SNAPSHOT, FakeReader, ask, buttons, indicator, theme, told


def test_a_comparator_is_told_as_we_are() -> None:
    text = told("council durham")
    assert text.startswith("Durham: Overall Outcomes 5th of 32 · 1 of 3 indicators (33%) in the bottom quartile\n")
    assert "Beside us: /rank compare Durham" in text
    assert text.startswith(told("county durham")[:30])
    assert told("durham police").startswith("Durham, Police & Crime: 21st of 32 (11th last year) ↓, quartile 3")


@pytest.mark.parametrize(
    "typed", ["durham", "County Durham", "council durham", "durhma", "how is durham doing?", "DURHAM"]
)
def test_a_council_is_understood_as_people_write_it(typed: str) -> None:
    assert told(typed).startswith("Durham: Overall Outcomes")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("derbys", "Derbyshire"),
        ("n yorks", "North Yorkshire"),
        ("north yorkshire county council", "North Yorkshire"),
        ("notts", "Nottinghamshire"),
        ("lincs", "Lincolnshire"),
        ("e sussex", "East Sussex"),
        ("surrey", "Surrey"),
        ("esex", "Essex"),
        ("county of hertfordshire", "Hertfordshire"),
    ],
)
def test_counties_are_understood_in_short(typed: str, meant: str) -> None:
    names = ["Derbyshire", "North Yorkshire", "Nottinghamshire", "Lincolnshire", "East Sussex", "West Sussex", "Surrey",
             "Essex", "Hertfordshire", "Durham"]  # fmt: skip
    counties = ((COUNCIL, "Leicestershire"), *((f"E{at}", name) for at, name in enumerate(names)))
    survey = indicator("Survey of users", 3, theme="Police & Crime")
    reader = FakeReader(councils=counties, indicators=(survey,))
    assert told(f"council {typed}", reader).startswith(f"{meant}: ")
    assert told(typed, reader).startswith(f"{meant}: ")


def test_side_by_side_says_first_who_is_ahead_in_how_many() -> None:
    class Two(FakeReader):
        def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
            own = self.overall()
            theirs = (
                theme("Police & Crime", 25),
                theme("Adult Social Care delivery", 1),
                theme("Special Educational Needs & Disabilities", 5),
                theme("Children's Social Care", None),
            )
            return (own, replace(own, themes=theirs, area="Durham")) if own else None  # fmt: skip

    message = ask("compare durham", Two())
    assert plain(message).startswith("We are ahead of Durham in 1 of 3 themes, behind in 1, level in 1\n")
    [table] = [block for block in message.blocks if block["type"] == "table"]
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["Theme", "Our rank", "Rank of Durham", "Difference"]
    assert rows[2] == ["Police & Crime", "21st of 32", "25th of 32", "+4"]
    assert rows[3] == ["Adult Social Care delivery", "3rd of 32", "1st of 32", "−2"]
    assert [row[3] for row in rows[4:]] == ["level", "–"]
    assert "Police &amp; Crime: our rank 21st of 32, rank of Durham 25th of 32, difference +4" in message.text


def test_side_by_side_in_a_theme_begins_where_they_are_furthest_ahead() -> None:
    class Two(FakeReader):
        def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
            own = self.theme(name)
            theirs = (indicator("Vehicle crime", 3), indicator("Confidence in the police", 9, unit="%"))
            return (own, replace(own, indicators=theirs, area="Durham")) if own else None

    message = ask("compare durham police", Two())
    ranks = "Police & Crime: we are 21st of 32, Durham 21st of 32"
    assert plain(message).startswith(f"{ranks} · we are ahead of Durham in 1 of 2 indicators, behind in 1\n")
    [table] = [block for block in message.blocks if block["type"] == "table"]
    names = [row[0]["text"] for row in table["rows"]]
    assert names == ["Indicator", "Vehicle crime", "Residential burglary", "Confidence in the police"]
    assert (SHARE, "compare Durham theme Police & Crime") in buttons(message)


def test_one_indicator_side_by_side_is_told_among_everybody() -> None:
    reader = FakeReader(councils=((COUNCIL, "Leicestershire"), ("E30", "County 30")))
    message = ask("are we better than county 30 at vehicle crime", reader)
    fact = "We are ahead of County 30 in Vehicle crime: 28th of 32 beside 30th · 5.9 per 1,000 and 7.5 per 1,000"
    assert plain(message).startswith(f"{fact} (higher is worse)\n")
    assert "\n→ 30th County 30 — 7.5 per 1,000, quartile 4" in plain(message)
    assert told("county 30 road safety", reader).startswith("We have no figure in Road safety survey")
    [shared] = [value for action, value in buttons(message) if action == SHARE]
    assert told(shared, reader) == plain(message)


def test_a_council_that_is_not_compared_gets_who_is() -> None:
    message = ask("compare leeds")
    assert plain(message).startswith("We are not compared with Leeds. The nearest by name:\nDurham · council")
    assert told("leeds") == plain(message)
    assert told("council atlantis").startswith(
        "No council that we are compared with is called “atlantis”. The nearest:"
    )
    assert told("compare leicestershire").startswith("Leicestershire is us, and nothing to be compared with.")
    assert told("council leicestershire") == told("overall")
    assert told("compare").startswith("Which council? There is 1:\nDurham · council · /rank compare Durham")
    assert told("compare police").startswith("Which council, for Police & Crime? For example:")
    assert told("peers").startswith("We are compared with 1 other: Durham")


def test_everybody_in_the_order_of_a_theme_or_indicator() -> None:
    assert told("peers police").startswith(
        "1 of 2 is ahead of us in Police & Crime · we are 21st of 32 · Leicestershire"
    )
    text = told("who is better than us at vehicle crime")
    assert text.startswith("27 of 32 are ahead of us in Vehicle crime · we are 28th of 32 · County 1, County 2, ")
    assert "• 28th Leicestershire (us) — 7.0 per 1,000, quartile 4" in text


def test_without_a_figure_of_ours_nobody_is_around_us() -> None:
    class Absent(FakeReader):
        def indicator(self, code: str) -> IndicatorReport | None:
            found = super().indicator(code)
            return replace(found, peers=tuple(peer for peer in found.peers if peer.code != COUNCIL)) if found else None

    assert "Around us, best first" in told("indicator vehicle")
    text = told("indicator vehicle", Absent())
    assert "Those in front, best first" in text
    assert "Around us" not in text


def test_what_has_no_direction_is_neither_better_nor_ahead() -> None:
    view = indicator("Takeaways", 28, polarity="none", eligibility="no_direction")
    reader = FakeReader(indicators=(view,))
    own = told("indicator takeaways", reader).splitlines()
    assert own[0] == "Takeaways: 28th highest of 32 (24th a year earlier), no direction, so not judged"
    assert any(line.endswith(" (taller is nearer to the highest)") for line in own)
    assert "Around us, highest first" in own
    everybody = told("peers takeaways", reader)
    assert everybody.startswith("27 of 32 are above us in Takeaways · we are 28th highest of 32 · County 1, County 2, ")
    assert "Highest first" in everybody
    top = FakeReader(indicators=(indicator("Takeaways", 1, polarity="none", eligibility="no_direction"),))
    assert told("peers takeaways", top).startswith("Nobody is above us in Takeaways: we are highest of 32")
    for text in ("\n".join(own), everybody):
        assert not re.search("better|best|ahead|[↑↓▲▼]", text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("typed", "chart", "fact"),
    [
        ("chart theme Police", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32 (11th last year) ↓"),
        ("chart indicator vehicle", ChartOf("indicator", ("VEHICLE_CRIME",)), "Vehicle crime: 28th of 32 · quartile 4"),
        ("chart spend police", ChartOf("spend", ("Police & Crime",)), "Police & Crime: low performing, low spending"),
        (
            "chart deprivation police",
            ChartOf("deprivation", ("Police & Crime",)),
            "Police & Crime: low performing, less deprived · 21st of 32 in performance, deprivation 441.2 score, ",
        ),
        (
            "chart spend police against deprivation",
            ChartOf("deprivation", ("Police & Crime",)),
            "Police & Crime: low performing, less deprived",
        ),
        ("chart deprivation", ChartOf("deprivation", ("Overall Outcomes",)), "We are 32nd most deprived of 32, the "),
        ("chart spend", ChartOf("spend"), "We are high performing and low spending in 0 of 1 theme"),
        ("chart bottom", ChartOf("bottom"), "1 of 3 indicators (33%) is in the bottom quartile"),
        ("chart overall", ChartOf("themes"), "Overall Outcomes 5th of 32 · 1 of 3 indicators (33%) in the bottom"),
        ("chart", ChartOf("themes"), "Overall Outcomes 5th of 32"),
        ("show me a graph of police", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32"),
        ("police chart", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32"),
    ],
)
def test_a_chart_is_one_line_and_a_picture(typed: str, chart: ChartOf, fact: str) -> None:
    message = ask(typed)
    assert plain(message).startswith(fact)
    assert message.chart == chart
    assert Answers(FakeReader()).payload(typed).chart == chart


def test_with_nothing_judged_the_bottom_quartile_and_its_chart_say_the_same() -> None:
    class Unjudged(FakeReader):
        def bottom(self, theme: str | None = None) -> BottomReport | None:
            return BottomReport(SNAPSHOT, theme, (), (), 0)

    for text in ("bottom", "chart bottom"):
        assert told(text, Unjudged()).startswith("No indicators are in the bottom quartile\n")
