"""The Cabinet paper's annex: every figure in the page and in the document worked out again from the raw files."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.document import Document as Made
from docx.oxml.ns import qn
from PIL import Image

from bot import words
from bot.cli import main
from bot.report import Report, document, gather, page, paper, said, sparks
from bot.report.facts import Since, ThemeLine
from bot.report.parts import Spark
from bot.tell.report import facts_document
from engine.catalogue import Catalogue, Composite, Indicator, Polarity, Theme
from engine.changes import Standing
from engine.explain import Distance
from engine.summary import summarise
from jobs.pipeline import ingest
from jobs.policy import Policy
from state.database import connect, unit
from state.editions import save_edition
from state.reader import Reader
from state.views import IndicatorView, ThemeView
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy

SCHOOLS, HOMES = "School Quality & Access", "Housing"
THEMES = (POLICE, ROADS, SCHOOLS, HOMES)
BEFORE, NOW_YEAR = "2022/23", "2023/24"
SIMILAR = Fraction(3, 400)
N = len(COUNTIES)


# --- made-up figures, and what is worked out from their text ----------------------------------------


def entries() -> tuple[Entry, ...]:
    polarities = ("high", "low", "high", "low", "40..60")
    judged = tuple(Entry(f"i{at}", THEMES[at % 3], f"Indicator {at}", polarities[at % 5], "%", "1") for at in range(24))
    return (
        *judged,
        Entry("one-home", HOMES, "Homes", "high", "homes", "0"),
        Entry("new", ROADS, "New measure", "high", "%", "1"),
        Entry("level", ROADS, "Nearly all the same", "high", "%", "1"),
        Entry("people", "Context", "Population", "none", "people", "0"),
        Entry("SP", "Expenditure", "Policing", "none", "£ per head", "2"),
        Entry("SR", "Expenditure", "Roads", "none", "£ per head", "2"),
    )


def figures() -> list[tuple[str, str, str, str]]:
    """Rows of both years: random, with ties and a few gaps; the council low in many."""
    chance = random.Random(7)
    rows = []
    for entry in entries():
        for year in (BEFORE, NOW_YEAR):
            if entry.code == "new" and year == BEFORE:
                continue
            for area in COUNTIES:
                value = chance.uniform(20, 80) if entry.decimals == "1" else chance.uniform(1000, 4000)
                if area == COUNCIL and entry.code in {"i0", "i3", "i6", "i9", "i7", "i14"}:
                    value = {"high": 22.0, "low": 78.0}.get(entry.polarity, 79.9) + chance.uniform(-2, 2)
                if entry.code == "level" and area != COUNCIL:
                    value = 50.0
                if area != COUNCIL and chance.random() < 0.03:
                    continue
                rows.append((entry.code, area, year, f"{value:.{entry.decimals}f}"))
    return rows


@dataclass(eq=False)
class Oracle:
    """The ranks by plain loops over the rows of the file."""

    rows: Sequence[tuple[str, str, str, str]]
    known: Mapping[str, Entry] = field(default_factory=lambda: {entry.code: entry for entry in entries()})

    @cache  # noqa: B019 - there is one oracle, as long as the tests run
    def values(self, code: str, year: str) -> dict[str, Decimal]:
        return {area: Decimal(value) for one, area, when, value in self.rows if one == code and when == year}

    def badness(self, code: str, value: Decimal) -> Decimal:
        polarity = self.known[code].polarity
        if ".." in polarity:
            low, high = (Decimal(end) for end in polarity.split(".."))
            return max(low - value, value - high, Decimal(0))
        return -value if polarity in {"high", "none"} else value

    @cache  # noqa: B019 - there is one oracle, as long as the tests run
    def ranks(self, code: str, year: str) -> dict[str, int]:
        values = {area: self.badness(code, value) for area, value in self.values(code, year).items()}
        return {area: 1 + sum(other < own for other in values.values()) for area, own in values.items()}

    @cache  # noqa: B019 - there is one oracle, as long as the tests run
    def eligible(self, code: str, year: str) -> bool:
        values = self.values(code, year)
        if 3 * len(values) < 2 * N or self.known[code].polarity == "none":
            return False
        ties = Counter(values.values())
        return len(ties) >= 4 and 2 * max(ties.values()) <= len(values)

    def own(self, code: str, year: str) -> tuple[int, int, bool] | None:
        """Rank, of how many, tied."""
        ranks = self.ranks(code, year)
        if COUNCIL not in ranks:
            return None
        return ranks[COUNCIL], len(ranks), list(ranks.values()).count(ranks[COUNCIL]) > 1

    def quartile(self, code: str, year: str) -> int | None:
        own = self.own(code, year)
        return None if own is None or not self.eligible(code, year) else 1 + 4 * (own[0] - 1) // own[1]

    def members(self, theme: str, year: str) -> list[str]:
        return [
            code
            for code, entry in self.known.items()
            if (entry.theme == theme or (theme == "Overall Outcomes" and entry.theme in THEMES))
            and self.eligible(code, year)
        ]

    @cache  # noqa: B019 - there is one oracle, as long as the tests run
    def theme(self, theme: str, year: str) -> tuple[int, int, bool] | None:
        members = self.members(theme, year)
        means = {}
        for area in COUNTIES:
            held = [ranks[area] for code in members if area in (ranks := self.ranks(code, year))]
            if 3 * len(held) >= 2 * len(members) and (len(held) >= 2 or len(members) == 1):
                means[area] = Fraction(sum(held), len(held))
        if COUNCIL not in means:
            return None
        rank = 1 + sum(other < means[COUNCIL] for other in means.values())
        return rank, len(means), list(means.values()).count(means[COUNCIL]) > 1

    def judged(self, year: str = NOW_YEAR) -> list[str]:
        return [code for theme in THEMES for code in self.members(theme, year) if self.quartile(code, year)]

    def bottom(self, year: str = NOW_YEAR) -> set[str]:
        return {code for code in self.judged(year) if self.quartile(code, year) == 4}


def ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def place(found: tuple[int, int, bool]) -> str:
    rank, of, tied = found
    return f"{'=' if tied else ''}{ordinal(rank)} of {of}"


ORACLE = Oracle(figures())


def catalogue() -> Catalogue:
    lines = {
        code: Indicator(code, name, "Expenditure", Polarity("none"))
        for code, name in (("SP", "Policing"), ("SR", "Roads"))
    }
    themes = {POLICE: Theme(POLICE, expenditure="SP"), ROADS: Theme(ROADS, expenditure="SR")}
    return Catalogue(lines, themes, {"Overall Outcomes": Composite("Overall Outcomes", THEMES)})


def known_database(folder: Path, *books: Book, of: Policy, source: str = "file") -> Path:
    path = folder / "benchwatch.db"
    with closing(connect(path)) as db:
        for at, book in enumerate(books):
            raw = replace(book.raw(f"figures-2024-11-{10 + at}.csv"), source=source)
            ingest(db, raw, of, now=NOW, path=path)
    return path


@contextmanager
def report_of(path: Path, against: str = "") -> Iterator[Report]:
    reader = Reader(path)
    try:
        found = reader.read(lambda db: gather(db, SIMILAR, against))
        assert found is not None
        yield found
    finally:
        reader.close()


# --- reading what was written ----------------------------------------------------------------------


class Page(HTMLParser):
    """The page as its reader has it: tables by caption, headings, pictures, links, and what must not be there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.headings: list[tuple[int, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._rows: list[list[str]] = []
        self._into: list[str] | None = None
        self._caption = ""
        self.feed(text)
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"th", "td", "caption", "h1", "h2", "h3"}:
            self._into = []
        elif tag == "svg":
            self.handle_data(f"[{dict(attrs)['aria-label']}]")

    def handle_endtag(self, tag: str) -> None:
        if self._into is not None and tag in {"th", "td", "caption", "h1", "h2", "h3"}:
            text = " ".join(" ".join(self._into).split())
            if tag in {"th", "td"}:
                self._rows[-1].append(text)
            elif tag == "caption":
                self._caption = text
            else:
                self.headings.append((int(tag[1]), text))
            self._into = None
        if tag == "table":
            assert self._caption not in self.tables, "each caption names one table"
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] not in {"style", "title"}:
            self.words += f" {data}"
        if self._into is not None:
            self._into.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for one, attributes in self.tags if one == tag]


def docx_tables(made: Made) -> dict[str, list[list[str]]]:
    """Tables by the caption above them; pictures by the words that stand for them."""
    found = {}
    for table in made.tables:
        caption = table._tbl.getprevious()
        name = "".join(text.text or "" for text in caption.iter(qn("w:t")))
        found[name] = [[_cell(cell._tc) for cell in row.cells] for row in table.rows]
    return found


def _cell(cell: Any) -> str:
    nodes = cell.iter(qn("w:t"), qn("wp:docPr"))
    parts = [node.text or "" if node.tag == qn("w:t") else f"[{node.get('descr')}]" for node in nodes]
    return " ".join(" ".join(parts).split())


@dataclass(frozen=True)
class Written:
    html: str
    page: Page
    docx: bytes
    made: Made
    facts: dict[str, Any]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = Book(entries(), rows=list(figures()))
    return known_database(tmp_path_factory.mktemp("annex"), book, of=policy(catalogue=catalogue()))


@pytest.fixture(scope="module")
def written(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report as the command writes it, both ways, and as JSON."""
    folder = tmp_path_factory.mktemp("command")
    config = folder / "config.toml"
    config.write_text(f'[catalogue]\npaths = []\n[state]\npath = "{path}"\n', encoding="utf-8")
    out = folder / "new" / "annex"
    code, text, err = command("report", "--config", str(config), "--out", str(out), "--json")
    assert (code, err) == (0, ""), err
    facts = json.loads(text)
    [html, docx] = [Path(one["file"]) for one in facts["files"]]
    assert [one["bytes"] for one in facts["files"]] == [html.stat().st_size, docx.stat().st_size]
    assert sorted(one.name for one in out.iterdir()) == ["benchmarking-2024-11-10.docx", "benchmarking-2024-11-10.html"]
    return Written(
        html.read_text(encoding="utf-8"),
        Page(html.read_text(encoding="utf-8")),
        docx.read_bytes(),
        Document(io.BytesIO(docx.read_bytes())),
        facts["report"],
    )


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["benchwatch", *arguments])
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.delenv("BENCHWATCH_CONFIG", raising=False)
        with pytest.raises(SystemExit) as end:
            main()
    return int(end.value.code or 0), out.getvalue(), err.getvalue()


# --- figures ---------------------------------------------------------------------------------------

SUMMARY = "Performance and expenditure by theme; in brackets the rank last year"


def arrow(now: int, before: int) -> str:
    return "→" if now == before else "↑" if now < before else "↓"


def bracketed(theme: str) -> str:
    now, before = ORACLE.theme(theme, NOW_YEAR), ORACLE.theme(theme, BEFORE)
    assert now
    rank = f"{'=' if now[2] else ''}{now[0]}"
    return f"{rank} ({'=' if before[2] else ''}{before[0]}) {arrow(now[0], before[0])}" if before else rank


@pytest.mark.parametrize("theme", ["Overall Outcomes", *THEMES])
def test_ranks_with_last_years_in_brackets_are_those_of_the_raw_figures(written: Written, theme: str) -> None:
    [row] = [row for row in written.page.tables[SUMMARY] if row[0] == theme]
    now, before = ORACLE.theme(theme, NOW_YEAR), ORACLE.theme(theme, BEFORE)
    assert now
    assert before
    assert row[1].startswith(f"{bracketed(theme)} of {now[1]}, ")
    assert row[1].endswith(f" of {before[1]} last year") == (before[1] != now[1])
    way = {True: "up", False: "down"}[before[0] > now[0]] if before[0] != now[0] else "same place"
    assert f"of {now[1]}, {way}" in row[1]
    assert row[3].endswith(f"oldest first: {ordinal(before[0])}, {ordinal(now[0])}]")


@pytest.mark.parametrize(("theme", "line"), [(POLICE, "SP"), (ROADS, "SR")])
def test_spending_is_ranked_from_the_highest(written: Written, theme: str, line: str) -> None:
    own = ORACLE.own(line, NOW_YEAR)
    assert own
    [summary] = [row for row in written.page.tables[SUMMARY] if row[0] == theme]
    assert summary[2] == f"{ordinal(own[0])} of {own[1]}"
    grid = written.page.tables["Performance and expenditure of the themes whose spending is known"]
    [row] = [row for row in grid if row[0] == theme]
    place_now = ORACLE.theme(theme, NOW_YEAR)
    assert place_now
    assert row[1] == place(place_now)
    value = ORACLE.values(line, NOW_YEAR)[COUNCIL]
    assert row[2] == f"£{value:,} per head {ordinal(own[0])} highest of {own[1]}, {NOW_YEAR}"
    halves = {True: "high", False: "low"}
    high, costly = (2 * one[0] < one[1] + 1 for one in (place_now, own))
    assert row[3].lower() == f"{halves[high]} performing, {halves[costly]} spending"


def test_indicators_are_counted_by_quartile(written: Written) -> None:
    rows = {row[0]: row[1:] for row in written.page.tables["Indicators by quartile and theme"][1:]}
    held: Counter[tuple[str, int]] = Counter()
    for code in ORACLE.judged():
        quartile = ORACLE.quartile(code, NOW_YEAR)
        assert quartile
        for name in (ORACLE.known[code].theme, "All themes"):
            held[name, quartile] += 1
    assert set(rows) == {*THEMES, "All themes"}
    for name, row in rows.items():
        counts = [held[name, quartile] for quartile in (1, 2, 3, 4)]
        share = Decimal(100 * counts[3]) / sum(counts)
        assert row == [*map(str, counts), str(sum(counts)), f"{share.quantize(Decimal(1), ROUND_HALF_EVEN)}%"]


def test_the_summary_says_what_the_raw_figures_say(written: Written) -> None:
    bottom, judged = len(ORACLE.bottom()), len(ORACLE.judged())
    assert (
        f"{bottom} of {judged} indicators ({100 * bottom / judged:.0f}%) are in the bottom quartile."
        in written.page.words
    )
    crossed = [code for code in ORACLE.judged() if ORACLE.quartile(code, BEFORE)]
    entered = {code for code in crossed if code in ORACLE.bottom() and ORACLE.quartile(code, BEFORE) != 4}
    left = {code for code in crossed if code not in ORACLE.bottom() and ORACLE.quartile(code, BEFORE) == 4}
    assert len(left) > 1
    assert len(entered) > 1
    assert (
        f"Compared with last year, {len(left)} indicators have left the bottom quartile and "
        f"{len(entered)} have entered it."
    ) in written.page.words
    for heading, codes in (("Left", left), ("Entered", entered)):
        rows = written.page.tables[f"{heading} the bottom quartile: {len(codes)} indicators"][1:]
        assert {row[0] for row in rows} == {ORACLE.known[code].name for code in codes}
        for row in rows:
            [code] = [code for code in codes if ORACLE.known[code].name == row[0]]
            for cell, year in ((row[2], BEFORE), (row[3], NOW_YEAR)):
                own = ORACLE.own(code, year)
                assert own
                assert cell.startswith(f"{place(own)} {ORACLE.values(code, year)[COUNCIL]:,}")
                assert cell.endswith(f", {year}")


def test_the_bottom_quartile_is_listed_with_what_it_takes_to_leave_it(written: Written) -> None:
    for theme in THEMES:
        codes = {code for code in ORACLE.bottom() if ORACLE.known[code].theme == theme}
        judged = [code for code in ORACLE.judged() if ORACLE.known[code].theme == theme]
        captions = [name for name in written.page.tables if name.startswith(f"{theme}: {len(codes)} of {len(judged)} ")]
        assert len(captions) == bool(codes)
        rows = written.page.tables[captions[0]][1:] if captions else []
        assert len(rows) == len(codes)
        for row in rows:
            [code] = [code for code in codes if ORACLE.known[code].name == row[0]]
            own, values = ORACLE.own(code, NOW_YEAR), ORACLE.values(code, NOW_YEAR)
            assert own
            assert row[2] == place(own)
            assert row[1].startswith(f"{values[COUNCIL]:,}")
            ranks = ORACLE.ranks(code, NOW_YEAR)
            line = max(rank for rank in ranks.values() if 1 + 4 * (rank - 1) // own[1] == 3)
            assert row[3].startswith(f"{own[0] - line} place")
            if ".." in ORACLE.known[code].polarity:
                continue
            at = next(values[area] for area, rank in ranks.items() if rank == line)
            step = Decimal(1).scaleb(-int(ORACLE.known[code].decimals))
            needed = at + (step if ORACLE.known[code].polarity == "high" else -step)
            assert re.search(rf" {abs(values[COUNCIL] - needed):,}( .*)?, to {needed:,}", row[3])


def test_directions_of_travel_are_counted_by_theme(written: Written) -> None:
    held: Counter[tuple[str, str]] = Counter()
    for code, entry in ORACLE.known.items():
        if entry.polarity == "none":
            continue
        now, before = (ORACLE.values(code, year).get(COUNCIL) for year in (NOW_YEAR, BEFORE))
        way = "Not comparable"
        if now is not None and before is not None:
            gain = ORACLE.badness(code, before) - ORACLE.badness(code, now)
            near = abs(now - before) * 400 <= 3 * abs(before)
            way = "Similar" if near or not gain else "Improved" if gain > 0 else "Declined"
        for name in (entry.theme, "All themes"):
            held[name, way] += 1
    [header, *rows] = written.page.tables["Direction of travel by theme"]
    assert {row[0] for row in rows} == {*THEMES, "All themes"}
    for row in rows:
        assert row[1:5] == [str(held[row[0], way]) for way in header[1:5]]


def test_the_document_has_the_tables_of_the_page(written: Written) -> None:
    assert docx_tables(written.made) == written.page.tables


def test_the_document_says_what_the_page_says(written: Written) -> None:
    for paragraph in written.made.paragraphs:
        assert " ".join(paragraph.text.split()) in written.page.words


def test_the_json_has_the_same_facts(written: Written) -> None:
    facts = written.facts
    assert facts["judged"] == len(ORACLE.judged())
    assert {one["indicator"] for one in facts["bottom"]} == ORACLE.bottom()
    assert facts["quartiles"]["bottom"] == len(ORACLE.bottom())
    for one in (*facts["composites"], *facts["themes"]):
        for key, year in (("now", NOW_YEAR), ("before", BEFORE)):
            found = ORACLE.theme(one["name"], year)
            assert found
            assert (one[key]["rank"], one[key]["of"], one[key]["tied"]) == found
    assert sorted(facts["comparators"]["others"]) == facts["comparators"]["others"]
    assert len(facts["comparators"]["others"]) == N - 1
    reasons = {one["indicator"]: one["reason"] for one in facts["not_judged"]}
    assert reasons == {"people": "no_direction", "level": "few_values"}


def test_comparators_sources_and_what_is_not_judged_are_named(written: Written) -> None:
    assert "Leicestershire is compared with 30 areas: Buckinghamshire, Cambridgeshire," in written.page.words
    sources = written.page.tables["Releases that the figures are from, and of how many indicators"]
    assert sources[1:] == [["figures-2024-11-10.csv", "a file", "10 November 2024", str(len(ORACLE.judged()) + 2)]]
    assert "2 indicators are not judged (no direction: 1; too few different values: 1)." in written.page.words


# --- for everybody: the page -------------------------------------------------------------------------


def test_the_page_needs_nothing_else_and_runs_nothing(written: Written) -> None:
    assert "http://" not in written.html
    assert "https://" not in written.html
    assert "//" not in "".join(
        str(value) for _, found in written.page.tags for value in found.values() if not str(value).startswith("data:")
    )
    assert not {tag for tag, _ in written.page.tags} & {"script", "iframe", "object", "embed", "link", "base", "form"}
    assert not [name for _, found in written.page.tags for name in found if name.startswith("on")]
    [policy_of] = [one for one in written.page.all("meta") if one.get("http-equiv")]
    assert policy_of["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(written.html) < 1_500_000


def test_the_page_is_british_english_with_a_title_and_a_way_past_the_contents(written: Written) -> None:
    assert written.page.all("html") == [{"lang": "en-GB"}]
    assert "<title>Leicestershire: performance and expenditure benchmarking</title>" in written.html
    ids = [found["id"] for _, found in written.page.tags if "id" in found]
    assert len(set(ids)) == len(ids)
    links = [one["href"] for one in written.page.all("a")]
    assert links[0] == "#report"
    assert {str(link).removeprefix("#") for link in links} <= set(ids)
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in written.page.tags}


def test_headings_of_the_page_stand_in_order(written: Written) -> None:
    levels = [level for level, _ in written.page.headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pictures_of_the_page_have_words(written: Written) -> None:
    images = written.page.all("img")
    assert len(images) == 4
    for image in images:
        assert str(image["src"]).startswith("data:image/png;base64,")
        assert Image.open(io.BytesIO(base64.b64decode(str(image["src"]).partition(",")[2]))).width > 400
        assert str(image["alt"]).startswith("Chart: ")
    drawn = written.page.all("svg")
    assert len(drawn) == len(THEMES) + 1
    assert all(one["role"] == "img" and str(one["aria-label"]).startswith("Ranks of ") for one in drawn)


def test_tables_of_the_page_have_captions_and_headings(written: Written) -> None:
    assert len(written.page.all("table")) == len(written.page.all("caption")) == len(written.page.tables)
    assert {one.get("scope") for one in written.page.all("th")} == {"col", "row"}
    assert not [one for _, one in written.page.tags if "colspan" in one or "rowspan" in one]
    for caption, rows in written.page.tables.items():
        assert caption
        assert len({len(row) for row in rows}) == 1
        assert all(cell for row in rows for cell in row), "no cell is empty"


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_of_the_page_can_be_read_by_day_and_by_night(written: Written) -> None:
    palettes = re.findall(r":root \{(.*?)\}", written.html, flags=re.DOTALL)[:2]
    assert len(palettes) == 2
    for palette in palettes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", palette))
        for ink, paper_of in (
            ("ink", "paper"),
            ("soft", "paper"),
            ("accent", "paper"),
            ("ink", "shade"),
            ("ink", "warn-shade"),
        ):
            assert contrast(colours[ink], colours[paper_of]) >= 4.5


def test_the_page_prints_on_paper(written: Written) -> None:
    printed = written.html.partition("@media print")[2]
    assert "size: A4" in written.html
    assert "counter(page)" in written.html
    assert "display: table-header-group" in printed
    assert re.search(r"tr, [^{]*\{ break-inside: avoid; \}", printed)
    assert ".fresh { break-before: page; }" in printed


# --- for everybody: the document -----------------------------------------------------------------------


def test_headings_of_the_document_are_real_and_in_order(written: Written) -> None:
    styles = [(one.style.name, one.text) for one in written.made.paragraphs if one.style and one.text]
    intro = next(one for one in written.made.paragraphs if one.text.startswith("In performance 1st is the best."))
    assert intro.paragraph_format.keep_with_next, "what introduces a table stands on its page"
    assert not [one for one in written.made.paragraphs if not one.text and not one._p.xpath(".//w:drawing")], (
        "no spacers"
    )
    assert styles[0] == ("Title", "Leicestershire: performance and expenditure benchmarking")
    assert [text for name, text in styles if name == "Heading 1"] == [
        text for level, text in written.page.headings if level == 2 and text != "Contents"
    ]
    assert [text for name, text in styles if name == "Heading 2"] == [
        text for level, text in written.page.headings if level == 3
    ]
    assert [text for name, text in styles if name == "Caption"] == list(written.page.tables)


def test_tables_of_the_document_repeat_their_heads_and_split_and_merge_nothing(written: Written) -> None:
    for table in written.made.tables:
        for at, row in enumerate(table.rows):
            marks = {child.tag for child in row._tr.trPr}
            assert qn("w:cantSplit") in marks
            assert (qn("w:tblHeader") in marks) == (at == 0)
        found = {node.tag for node in table._tbl.iter()}
        assert not found & {qn("w:gridSpan"), qn("w:vMerge"), qn("w:hMerge")}
        assert table._tbl.tblPr.find(qn("w:tblCaption")) is not None


def test_pictures_of_the_document_have_the_words_of_the_page(written: Written) -> None:
    described = [node.get("descr") for node in written.made.element.iter(qn("wp:docPr"))]
    assert described == [
        str(one.get("alt") or one.get("aria-label")) for tag, one in written.page.tags if tag in {"img", "svg"}
    ]
    numbers = [node.get("id") for node in written.made.element.iter(qn("wp:docPr"))]
    assert len(set(numbers)) == len(numbers)


def test_the_document_is_a4_british_english_in_arial_with_page_numbers(written: Written) -> None:
    made = written.made
    [section] = made.sections
    assert section.page_width
    assert section.page_height
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert [field.get(qn("w:instr")) for field in section.footer._element.iter(qn("w:fldSimple"))] == [
        "PAGE",
        "NUMPAGES",
    ]
    [language] = made.styles.element.iter(qn("w:lang"))
    assert language.get(qn("w:val")) == "en-GB"
    xml = "".join(archive(written.docx)[name].decode() for name in ("word/document.xml", "word/styles.xml"))
    assert set(re.findall(r'<w:rFonts[^>]*w:ascii="([^"]+)" w:hAnsi="([^"]+)"', xml)) == {("Arial", "Arial")}
    assert "Theme=" not in xml
    assert min(int(size) for size in re.findall(r'<w:sz w:val="(\d+)"', xml)) == 22


def archive(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_the_document_says_whose_it_is_and_not_what_made_it(written: Written) -> None:
    core = written.made.core_properties
    assert (core.title, core.author, core.last_modified_by, core.language) == (
        "Leicestershire: performance and expenditure benchmarking",
        "Leicestershire",
        "Leicestershire",
        "en-GB",
    )
    assert core.created
    assert core.created.date().isoformat() == "2024-11-10"
    parts = archive(written.docx)
    everything = b"".join(parts.values()).lower()
    assert not [
        word for word in (b"python", b"docx.com", b"macintosh", b"benchwatch", b"generat") if word in everything
    ]
    assert not [name for name in parts if "thumbnail" in name or "customXml" in name or "app.xml" in name]


def test_the_same_figures_give_the_same_bytes(written: Written, path: Path) -> None:
    with report_of(path) as report:
        again = paper(report)
    assert page(again) == written.html
    assert document(again) == written.docx


# --- what may be wrong, missing or hostile --------------------------------------------------------------

NASTY = "<script>alert(1)</script> & \"quoted\" 'single' </table>\x01\x0b\ufffe\u202e" + "long " * 80


def small(**names: str) -> Book:
    """Two indicators of one theme and nothing else, the council at the end of both."""
    known = (
        Entry("A", ROADS, names.get("name", "Potholes"), "high", names.get("unit", "%"), "1"),
        Entry("B", ROADS, "Verges"),
    )
    book = Book(known)
    for year, where in ((BEFORE, 5), (NOW_YEAR, 31)):
        book.add("A", year, at_place(where)).add("B", year, at_place(where, seed=2))
    return book


def test_names_from_outside_are_text_and_nothing_else(tmp_path: Path) -> None:
    hostile = Catalogue(
        {"A": Indicator("A", NASTY, NASTY[:90], Polarity("high"), unit="<b>&", decimals=1)},
        composites={f"{NASTY[:60]} all": Composite(f"{NASTY[:60]} all")},
    )
    path = known_database(tmp_path, small(), of=policy(catalogue=hostile))
    with report_of(path) as report:
        made = paper(report)
    text = page(made)
    found = Page(text)
    assert "script" not in {tag for tag, _ in found.tags}
    assert "<script>alert(1)</script> &" in found.words
    assert "&lt;script&gt;" in text
    opened = Document(io.BytesIO(document(made)))
    assert docx_tables(opened) == found.tables
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\u202e\ufffe\uffff]", text)
    json.dumps(facts_document(report))


def test_one_theme_without_spending_or_composites(tmp_path: Path) -> None:
    path = known_database(tmp_path, small(), of=policy())
    with report_of(path) as report:
        found = Page(page(paper(report)))
    assert [row[0] for row in found.tables[SUMMARY][1:]] == [ROADS]
    assert "No release has brought our expenditure per head for any theme." in found.words
    assert "Overall ranks over the years" not in found.words
    assert "2 of 2 indicators (100%) are in the bottom quartile." in found.words


def test_without_an_earlier_year_or_anything_judged(tmp_path: Path) -> None:
    book = Book((Entry("A", ROADS, "Potholes"), Entry("B", POLICE, "Level")))
    book.add("A", NOW_YEAR, at_place(5)).add("B", NOW_YEAR, dict.fromkeys(COUNTIES, 50.0))
    path = known_database(tmp_path, book, of=policy())
    with report_of(path) as report:
        found = Page(page(paper(report)))
    assert found.words.count("No indicator had a place last year to compare with.") == 2
    assert "left or entered" not in found.words
    rows = {row[0]: row[1] for row in found.tables[SUMMARY]}
    assert rows[POLICE] == "no rank no indicator that is judged"
    assert rows[ROADS] == "5 of 31, no earlier rank"


def test_margins_of_error_and_targets_where_they_are_published(tmp_path: Path) -> None:
    """A is low and clearly so, and got significantly better; of B's place nobody can be sure; both have targets."""
    aims = {"A": "60", "B": "> 90"}
    known = {
        code: Indicator(code, f"Measure {code}", ROADS, Polarity("high"), target=aim) for code, aim in aims.items()
    }
    book = Book(header=("indicator", "area_code", "period", "value", "lower_ci", "upper_ci"))
    for code, margin in (("A", 0.05), ("B", 40.0)):
        for year, level in ((BEFORE, 90.0), (NOW_YEAR, 100.0)):
            figures_now = at_place(30, level=level).items()
            book.rows += [(code, area, year, value, value - margin, value + margin) for area, value in figures_now]
    path = known_database(tmp_path, book, of=policy(catalogue=Catalogue(known)), source="nomis")
    with report_of(path) as report:
        found, facts = Page(page(paper(report))), facts_document(report)
    assert (
        "2 of 2 indicators (100%) are in the bottom quartile: 1 of them clearly, 1 within the margin of error."
    ) in found.words
    rows = {row[0]: row[2] for row in found.tables[f"{ROADS}: 2 of 2 indicators (100%)"][1:]}
    assert rows == {
        "Measure A": "30th of 31 clearly in the bottom quartile",
        "Measure B": "30th of 31 within the margin of error",
    }
    [_, better] = found.tables["Improved significantly, still in the bottom quartile: 1 indicator"]
    assert better == ["Measure A", ROADS, "30th of 31 60.00, 2022/23", "30th of 31 70.00, 2023/24"]
    assert facts["improved_significantly"] == ["A"]
    [_, source] = found.tables["Releases that the figures are from, and of how many indicators"]
    assert source[1:] == ["Nomis (Office for National Statistics)", "10 November 2024", "2"]
    assert found.tables["Targets by theme"][1:] == [
        [ROADS, "1", "1", "0", "0", "2"],
        ["All themes", "1", "1", "0", "0", "2"],
    ]


def test_made_up_comparators_are_said_to_be(tmp_path: Path) -> None:
    made_up = Policy(COUNCIL, "counties", Catalogue(), illustrative=True)
    path = known_database(tmp_path, small(), of=made_up)
    with report_of(path) as report:
        made = paper(report)
    found = Page(page(made))
    warning = "Illustrative: the comparators’ figures in this report are made up."
    assert found.words.count(warning) == 2, "above and at the foot"
    assert all("illustrative comparators" in str(image["alt"]) for image in found.all("img"))
    opened = Document(io.BytesIO(document(made)))
    assert [one.text for one in opened.paragraphs if one.text.startswith(warning)]
    assert "illustrative" in opened.sections[0].footer.paragraphs[0].text.lower()


def test_compared_with_an_edition(tmp_path: Path) -> None:
    """The edition froze other figures: the brackets, the crossings and the comments are those since then."""
    first, second = small(), small()
    first.rows = [row for row in first.rows if row[2] == BEFORE]
    path = known_database(tmp_path, first, second, of=policy())
    with closing(connect(path)) as db, unit(db):
        save_edition(db, "Budget", 1, at="2024-11-12", by="Ann")
    with report_of(path, "budget") as report:
        found = Page(page(paper(report)))
    [row] = found.tables["Performance and expenditure by theme; in brackets the rank in Budget"][1:]
    places = [{area: at for at, area in enumerate(at_place(5, seed=seed), start=1)} for seed in (1, 2)]
    sums = {area: sum(one[area] for one in places) for area in COUNTIES}
    then = 1 + sum(other < sums[COUNCIL] for other in sums.values())
    assert row[1] == f"31 ({then}) ↓ of 31, down {31 - then} places"
    assert "Both indicators fell in relative terms" in row[4]
    assert "Compared with Budget, no indicators have left the bottom quartile and 2 have entered it." in found.words
    assert "Ranks in Budget are those of the edition’s figures, known on 10 November 2024." in found.words


def test_compared_with_what_was_published(tmp_path: Path) -> None:
    path = known_database(tmp_path, small(), of=policy())
    with closing(connect(path)) as db, unit(db):
        db.execute(
            'INSERT INTO published_ranks (edition, name, title, rank, "of", file, imported) '
            "VALUES ('2022/23', ?, 'Roads', 2, 32, 'paper.csv', '2024-11-12')",
            (ROADS,),
        )
    with report_of(path, "2022-23") as report:
        found = Page(page(paper(report)))
    [row] = found.tables["Performance and expenditure by theme; in brackets the rank in 2022/23"][1:]
    assert row[1] == "31 (2) ↓ of 31, down 29 places of 32 in 2022/23"
    assert "fell in relative terms" not in row[4], "nothing is known of its indicators then"
    assert "Compared with last year, no indicators have left the bottom quartile and 2 have entered it." in found.words
    assert "Ranks in 2022/23 are those printed at the time" in found.words


def settings(folder: Path, database: Path) -> str:
    config = folder / "config.toml"
    config.write_text(f'[catalogue]\npaths = []\n[state]\npath = "{database}"\n', encoding="utf-8")
    return str(config)


def test_what_cannot_be_done_is_said(tmp_path: Path, path: Path) -> None:
    nothing = tmp_path / "none.db"
    connect(nothing).close()
    empty = settings(tmp_path, nothing)
    assert command("report", "--config", empty) == (
        1,
        "",
        "benchwatch: there are no figures yet; take a release in first\n",
    )
    good = settings(tmp_path, path)
    code, _, err = command("report", "--config", good, "--against", "2031/32")
    assert (code, err) == (1, "benchwatch: there is no edition '2031/32' to compare with; there are: none\n")
    code, _, err = command("report", "--config", good, "--format", "pdf")
    assert (code, err) == (2, "benchwatch: no format is called 'pdf'; there are html, docx, both\n")
    like_a_file = tmp_path / "annex.docx"
    code, _, err = command("report", "--config", good, "--out", str(like_a_file))
    assert (code, err) == (2, f"benchwatch: --out is a folder, and {like_a_file} is called like a file\n")
    assert not like_a_file.exists()
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way", encoding="utf-8")
    code, out, err = command("report", "--config", good, "--format", "html", "--out", str(blocked), "--json")
    assert code == 1
    assert str(blocked) in json.loads(out)["error"]
    assert "check the path" in err


def test_an_earlier_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = known_database(tmp_path, small(), of=policy())
    out = tmp_path / "annex"
    out.mkdir()
    file = out / "benchmarking-2024-11-10.html"
    file.write_text("an earlier one", encoding="utf-8")
    code, text, _ = command("report", "--config", settings(tmp_path, path), "--format", "html", "--out", str(out))
    assert code == 0
    assert text == f"Written: {file} ({file.stat().st_size / 1000:.0f} kB)\n"
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(out.iterdir()) == [file]


# --- sentences -----------------------------------------------------------------------------------------

LAST_YEAR, EDITION, PRINTED = Since(), Since("edition", "2022/23", "2023-07-01"), Since("published", "2022/23")


def at(rank: int | None, of: int | None = 32, *, tied: bool = False, **more: Any) -> Standing:
    return Standing(rank, of, tied=tied, **more)


def line(now: Standing, before: Standing | None = None, available: int = 5, total: int = 7) -> ThemeLine:
    view = ThemeView("Roads & <b>", "theme", now, before, available, total, 0, 0, ((0, now.rank),), "")
    return ThemeLine(view, before, None, summarise("Roads", "theme", now, before, None, ()), (0, 0, 0, 0))


def view(unit: str = "%", decimals: int | None = 1, polarity: str = "low") -> IndicatorView:
    return IndicatorView("X", "X", ROADS, unit, decimals, polarity, "eligible", None, None, "", "", "file")


@pytest.mark.parametrize(
    ("now", "before", "side", "expected"),
    [
        pytest.param(at(3), at(7), LAST_YEAR, "is 3rd of 32, up from 7th last year.", id="up"),
        pytest.param(at(7), at(3), LAST_YEAR, "is 7th of 32, down from 3rd last year.", id="down"),
        pytest.param(at(7), at(7), LAST_YEAR, "is 7th of 32, the same place as last year.", id="same"),
        pytest.param(at(7), at(7, 30), LAST_YEAR, "is 7th of 32, after 7th of 30 last year.", id="same of fewer"),
        pytest.param(at(3), at(7, 30), LAST_YEAR, "is 3rd of 32, up from 7th of 30 last year.", id="up of fewer"),
        pytest.param(at(3, tied=True), at(7, tied=True), EDITION, "is =3rd of 32, up from =7th in 2022/23.", id="ties"),
        pytest.param(at(3), None, LAST_YEAR, "is 3rd of 32; it had no rank last year.", id="new"),
        pytest.param(at(3), at(None, None), PRINTED, "is 3rd of 32; it had no rank in 2022/23.", id="none before"),
        pytest.param(at(None), at(3), LAST_YEAR, "has no rank: 5 of 7 indicators available.", id="none now"),
    ],
)
def test_a_headline(now: Standing, before: Standing | None, side: Since, expected: str) -> None:
    assert said.headline(line(now, before), side) == f"Roads & <b> {expected}"


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param(at(3), at(7), ("3 (7) ↑", "up 4 places"), id="up"),
        pytest.param(at(7), at(6), ("7 (6) ↓", "down 1 place"), id="down one"),
        pytest.param(at(7, tied=True), at(7, tied=True), ("=7 (=7) →", "same place"), id="same, tied"),
        pytest.param(at(7), None, ("7", "no earlier rank"), id="new"),
        pytest.param(at(7), at(None, None), ("7", "no earlier rank"), id="none before"),
        pytest.param(at(None), at(7), ("no rank (7)", ""), id="none now"),
        pytest.param(at(None), None, ("no rank", ""), id="never any"),
    ],
)
def test_a_rank_with_the_earlier_one_in_brackets(
    now: Standing, before: Standing | None, expected: tuple[str, str]
) -> None:
    assert (said.bracketed(now, before), said.moved(now, before)) == expected


@pytest.mark.parametrize(
    ("part", "whole", "sure", "expected"),
    [
        pytest.param(37, 257, "", "37 of 257 indicators (14%) are in the bottom quartile.", id="some"),
        pytest.param(1, 257, "", "1 of 257 indicators (under 1%) is in the bottom quartile.", id="one of many"),
        pytest.param(1, 1, "", "1 of 1 indicator (100%) is in the bottom quartile.", id="the only one"),
        pytest.param(0, 257, "", "None of 257 indicators is in the bottom quartile.", id="none"),
        pytest.param(0, 0, "", "No indicator has enough figures to be judged.", id="nothing judged"),
        pytest.param(
            2,
            4,
            "1 of them clearly",
            "2 of 4 indicators (50%) are in the bottom quartile: 1 of them clearly.",
            id="sure",
        ),
    ],
)
def test_how_many_are_in_the_bottom_quartile(part: int, whole: int, sure: str, expected: str) -> None:
    assert said.in_bottom(part, whole, sure) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(37, 257, "14%"), (1, 257, "under 1%"), (0, 257, "0%"), (3, 3, "100%"), (0, 0, "–")],
)
def test_a_percentage(part: int, whole: int, expected: str) -> None:
    assert words.percentage(part, whole) == expected


@pytest.mark.parametrize(
    ("left", "entered", "side", "expected"),
    [
        pytest.param(
            5,
            2,
            LAST_YEAR,
            "Compared with last year, 5 indicators have left the bottom quartile and 2 have entered it.",
            id="both",
        ),
        pytest.param(
            1,
            1,
            LAST_YEAR,
            "Compared with last year, 1 indicator has left the bottom quartile and 1 has entered it.",
            id="one each",
        ),
        pytest.param(
            0,
            3,
            EDITION,
            "Compared with 2022/23, no indicators have left the bottom quartile and 3 have entered it.",
            id="only in",
        ),
        pytest.param(
            2,
            0,
            PRINTED,
            "Compared with 2022/23 as published, 2 indicators have left the bottom quartile and none has entered it.",
            id="only out",
        ),
        pytest.param(
            0,
            0,
            LAST_YEAR,
            "Compared with last year, no indicator has left or entered the bottom quartile.",
            id="neither",
        ),
    ],
)
def test_who_crossed_the_line(left: int, entered: int, side: Since, expected: str) -> None:
    assert said.crossings(left, entered, side) == expected


@pytest.mark.parametrize(
    ("counts", "side", "expected"),
    [
        pytest.param(
            (7, 4, 2, 0),
            LAST_YEAR,
            "Compared with last year, 7 of 13 themes rank higher, 4 lower and 2 the same.",
            id="all ways",
        ),
        pytest.param(
            (1, 0, 0, 1),
            LAST_YEAR,
            "Compared with last year, 1 of 2 themes ranks higher; 1 has no earlier rank.",
            id="one and one new",
        ),
        pytest.param(
            (0, 0, 3, 2),
            EDITION,
            "Compared with 2022/23, 3 of 5 themes rank the same; 2 have no earlier rank.",
            id="all the same",
        ),
        pytest.param(
            (0, 1, 1, 0),
            LAST_YEAR,
            "Compared with last year, 1 of 2 themes ranks lower and 1 the same.",
            id="none higher",
        ),
        pytest.param((1, 0, 0, 0), LAST_YEAR, "Compared with last year, 1 of 1 theme ranks higher.", id="the only one"),
        pytest.param((0, 0, 0, 3), LAST_YEAR, "No theme had a rank last year to compare with.", id="all new"),
    ],
)
def test_how_many_themes_moved(counts: tuple[int, int, int, int], side: Since, expected: str) -> None:
    assert said.themes_moved(*counts, side) == expected


@pytest.mark.parametrize(
    ("good", "themes", "expected"),
    [
        pytest.param(
            6, 9, "6 of 9 themes whose spending per head is known are high performing and low spending.", id="some"
        ),
        pytest.param(
            1,
            1,
            "1 of 1 theme whose spending per head is known is high performing and low spending.",
            id="the only one",
        ),
        pytest.param(
            0, 9, "None of 9 themes whose spending per head is known is high performing and low spending.", id="none"
        ),
    ],
)
def test_how_many_do_well_for_little(good: int, themes: int, expected: str) -> None:
    assert said.best(good, themes) == expected


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        pytest.param({}, "Every indicator with figures is judged.", id="none"),
        pytest.param({"no direction": 1}, "1 indicator is not judged (no direction: 1).", id="one"),
        pytest.param(
            {"too many areas tie": 2, "no direction": 1170},
            "1,172 indicators are not judged (no direction: 1,170; too many areas tie: 2).",
            id="two reasons",
        ),
    ],
)
def test_what_is_not_judged(reasons: dict[str, int], expected: str) -> None:
    assert said.unjudged(reasons) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "No judged indicators rest"), (1, "1 judged indicator rests"), (2, "2 judged indicators rest")],
)
def test_what_rests_on_old_figures(number: int, expected: str) -> None:
    assert said.rests_on_old(number) == f"{expected} on a period that ended more than four years ago."


@pytest.mark.parametrize(
    ("moves", "side", "expected"),
    [
        pytest.param(
            [("A", at(1, 9), at(8, 8), 0, 5), ("B", at(2), at(5), 4, 4)],
            LAST_YEAR,
            (
                (
                    "Largest moves up: A, from 8th of 8 to 1st of 9 (0 of 5 indicators comparable); "
                    "B, from 5th to 2nd of 32."
                ),
            ),
            id="two up, of one few indicators are comparable",
        ),
        pytest.param(
            [("A", at(1), at(1), 1, 1), ("B", at(28), at(7), 1, 1)],
            LAST_YEAR,
            ("Largest move down: B, from 7th to 28th of 32.",),
            id="one down",
        ),
        pytest.param(
            [(name, at(2, tied=True), at(4), 1, 1) for name in "ABC"] + [("D", at(5), at(1), 0, 2)],
            EDITION,
            (
                "Largest moves up: A, from 4th to =2nd of 32; B, from 4th to =2nd of 32; C, from 4th to =2nd of 32.",
                "Largest move down: D, from 1st to 5th of 32 (0 of 2 indicators comparable).",
            ),
            id="all that moved as far, at most four",
        ),
        pytest.param(
            [("A", at(2), at(4), 0, 2)], PRINTED, ("Largest move up: A, from 4th to 2nd of 32.",), id="published"
        ),
        pytest.param([("A", at(None), at(4), 0, 2), ("B", at(4), None, 0, 2)], LAST_YEAR, (), id="no ranks"),
        pytest.param([], LAST_YEAR, (), id="no themes"),
    ],
)
def test_the_largest_moves(
    moves: list[tuple[str, Standing, Standing | None, int, int]], side: Since, expected: tuple[str, ...]
) -> None:
    """Each move is a name, now, before, how many indicators are comparable, and of how many."""
    lines = []
    for name, now, before, known, total in moves:
        moved = line(now, before)
        summary = replace(moved.summary, rose=known, members=total)
        lines.append(replace(moved, view=replace(moved.view, name=name), summary=summary))
    assert said.furthest(lines, side) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "1 indicator that was"), (5, "5 indicators that were")], ids=["one", "more"]
)
def test_significant_improvements_are_counted(number: int, expected: str) -> None:
    have = "has" if number == 1 else "have"
    assert said.improved(number) == f"{expected} in the bottom quartile last year {have} improved significantly."


WAY = Distance("leave", 3, "E1", 4.7, Fraction(23, 5), Fraction(13, 10))


@pytest.mark.parametrize(
    ("way", "of", "expected"),
    [
        pytest.param(WAY, view(), ("3 places", "1.3 percentage points, to 4.6%"), id="per cent"),
        pytest.param(WAY, view("£ per head", 2), ("3 places", "£1.30 per head, to £4.60 per head"), id="pounds"),
        pytest.param(WAY, view("score"), ("3 places", "1.3, to 4.6"), id="a score"),
        pytest.param(WAY, view("per 1,000"), ("3 places", "1.3, to 4.6 per 1,000"), id="the unit once"),
        pytest.param(
            WAY, view("% of plans"), ("3 places", "1.3 percentage points, to 4.6%"), id="per cent of something"
        ),
        pytest.param(
            WAY,
            view("% points"),
            ("3 places", "1.3 percentage points, to 4.6 percentage points"),
            id="a gap in per cent",
        ),
        pytest.param(
            Distance("leave", 1, "E1", 4.7, None, None), view(), ("1 place", ""), id="one place, within a band"
        ),
        pytest.param(
            Distance("leave", 1, "E1", 1, Fraction(1), Fraction(1, 10**6)),
            view("%", 6),
            ("1 place", "0.000001 percentage points, to 1.000000%"),
            id="a hair",
        ),
        pytest.param(None, view(), ("no place outside it", ""), id="nowhere to go"),
        pytest.param(
            Distance("leave", 5, "E1", 40.605, Fraction("40.606"), Fraction("1.954006")),
            replace(view("%", 6), standing=at(29, value=38.651994)),
            ("5 places", "1.96 percentage points, to 40.61%"),
            id="what is shown adds up",
        ),
    ],
)
def test_the_way_out_of_the_bottom_quartile(way: Distance | None, of: IndicatorView, expected: tuple[str, str]) -> None:
    assert said.way_out(way, of) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("2022/23", "2022/23"), ("2019-01-01/P1Y", "2019"), ("2022-01-01/P3Y", "2022 to 2024"),
        ("2025-03-15", "15 March 2025"),
        ("2024 (Rev)", "2024 (Rev)"), ("2019-99-99/P1Y", "2019-99-99/P1Y"), ("", ""), (None, ""),
    ],
)  # fmt: skip
def test_a_period_as_people_write_it(label: str | None, expected: str) -> None:
    assert said.period(label) == expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        pytest.param(58.7, 2, "58.70%", id="as published"),
        pytest.param(38.651994, 6, "38.65%", id="a computer's decimals"),
        pytest.param(38.651994, None, "38.65%", id="unknown decimals"),
        pytest.param(0.00012, 6, "0.0001%", id="too small for two"),
        pytest.param(0, 6, "0.00%", id="nothing"),
        pytest.param(None, 1, "no figure", id="none"),
    ],
)
def test_a_figure_as_published(value: float | None, decimals: int | None, expected: str) -> None:
    assert said.figure(at(1, value=value), view(decimals=decimals)) == expected


@pytest.mark.parametrize(
    ("unit_of", "expected"),
    [
        ("score", "18.6"), ("Average Score", "18.6"), ("Score per pupil", "18.6"), ("points", "18.6 points"),
        ("% points", "18.6 percentage points"), ("percentage points", "18.6 percentage points"),
        ("out of 10", "18.6 out of 10"),
        ("% of plans", "18.6% of plans"),
    ],
)  # fmt: skip
def test_a_unit_as_people_say_it(unit_of: str, expected: str) -> None:
    assert said.figure(at(1, value=18.6), view(unit_of)) == expected


@pytest.mark.parametrize(
    ("polarity", "expected"),
    [("low", "2022/23, higher is worse"), ("28..40", "2022/23, best between 28 and 40"), ("none", "2022/23")],
)
def test_when_a_figure_is_of_and_which_way_is_good(polarity: str, expected: str) -> None:
    assert said.about(at(1, period="2022/23"), view(polarity=polarity)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "<C>"], "A, B and <C>"), ([], "")],
)
def test_a_list_of_names(names: list[str], expected: str) -> None:
    assert said.listed(names) == expected


def test_years_of_a_theme_as_a_small_line() -> None:
    assert said.spark_alt((5, None, 1), "Housing") == "Ranks of Housing over 3 years, oldest first: 5th, none, 1st"
    assert said.spark_alt((5,), "Housing") == "Ranks of Housing over 1 year, oldest first: 5th"
    assert sparks.points(Spark((1, None, 31), 31, "")) == [(5, 5), None, (91, 29)], "1st at the top"
    assert sparks.points(Spark((31,), 31, "")) == [(48, 29)]
    drawn = Image.open(io.BytesIO(sparks.png(Spark((1, 31), 31, "")))).convert("L")
    assert drawn.getpixel((360, 115)) < 60, "the latest year is marked"  # type: ignore[operator]
