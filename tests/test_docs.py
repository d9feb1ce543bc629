from __future__ import annotations

import csv
import io
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from bot.cli import DONE, FAILED, HELD, USAGE, app
from bot.health import Health
from bot.manifest import PUBLIC_URL, SCOPES
from engine.areas import group_names
from engine.catalogue import Indicator, load_catalogue
from engine.changes import Cause, Kind
from engine.periods import PeriodError, parse_period
from engine.quality import Check
from engine.snapshot import METHOD_VERSION
from jobs.observation_file import COLUMNS as OBSERVATION_COLUMNS
from jobs.observation_file import OPTIONAL
from jobs.settings import Key, known_keys, load_settings
from jobs.sources import publisher, publisher_names, wants_of
from state import export
from tests.real_data import OFFICIAL, needs_official

ROOT = Path(__file__).parents[1]
VARIABLES = (
    "BENCHWATCH_CONFIG",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
    "LGINFORM_KEY",
    "LGINFORM_SECRET",
)
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/add-a-source.md",
    "docs/charts.md",
    "docs/decisions.md",
    "docs/in-slack.md",
    "docs/method.md",
    "docs/operations.md",
    "docs/settings.md",
    "docs/slack-setup.md",
    "docs/sources.md",
    "bot/demo/README.md",
)
WHOLE_CONFIGS = ("README.md", "docs/operations.md", "docs/slack-setup.md")
"""Pages whose TOML is the beginning of a config.toml; elsewhere it is a single key or a catalogue entry."""

CLI = typer.main.get_command(app)
COMMANDS: dict[str, object] = dict(CLI.commands)  # type: ignore[attr-defined]  # it is a group of commands


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


SETTINGS = text("docs/settings.md")
OPERATIONS = text("docs/operations.md")
METHOD = text("docs/method.md")
README = text("README.md")
SOURCES = text("docs/sources.md")

CATALOGUE = load_catalogue(["builtin"])
DIRECTIONAL = [entry for entry in CATALOGUE.indicators.values() if entry.polarity.directional]


@dataclass(frozen=True)
class Block:
    """One fenced block: the page and line it begins on, its language, its text."""

    page: str
    line: int
    language: str
    body: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, *languages: str) -> Iterator[Block]:
    found = re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text(page), flags=re.MULTILINE | re.DOTALL)
    for block in found:
        body = re.sub(rf"^{block[1]}", "", block[3], flags=re.MULTILINE)
        if block[2] in languages:
            yield Block(page, text(page)[: block.start()].count("\n") + 1, block[2], body)


def shell_lines() -> Iterator[tuple[str, str]]:
    """Where each command line of the documentation stands, and the line itself."""
    for page in PAGES:
        for block in blocks(page, "sh", "console"):
            for line in block.body.replace("\\\n", " ").splitlines():
                if block.language == "sh" or line.startswith("$ "):
                    yield str(block), line.removeprefix("$ ")


def benchwatch_lines() -> list[tuple[str, list[str]]]:
    """The arguments of every command line that calls benchwatch."""
    found = []
    for place, line in shell_lines():
        words = shlex.split(line.partition(" > ")[0], comments=True)
        if "benchwatch" in (names := [Path(word).name for word in words]) and words[0] != "sqlite3":
            found.append((place, words[len(names) - names[::-1].index("benchwatch") :]))
    return found


def tomls() -> list[Block]:
    return [block for page in WHOLE_CONFIGS for block in blocks(page, "toml")]


def cells(page: str, heading: str) -> list[list[str]]:
    """Rows of the tables under a heading, without the marks of code."""
    section = re.split(rf"^#+ {re.escape(heading)}$", page, flags=re.MULTILINE)[1]
    section = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (.*) \|$", section, flags=re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split(" | ")] for row in rows]


# --- settings -------------------------------------------------------------------------------------


def sections(page: str) -> dict[str, str]:
    """What stands under each heading that names a key or a variable, on one line."""
    parts = re.split(r"^### `([\w.]+)`$", page, flags=re.MULTILINE)
    bodies = (re.split(r"^#", body, maxsplit=1, flags=re.MULTILINE)[0] for body in parts[2::2])
    return dict(zip(parts[1::2], (" ".join(body.split()) for body in bodies), strict=True))


KEYS = {key.documented: key for key in known_keys()}
"""What all publishers have is documented once."""


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_setting_is_documented_as_it_is(key: Key) -> None:
    section = sections(SETTINGS).get(key.documented, "")
    assert section, f"docs/settings.md has no heading ### `{key.documented}`"
    assert key.description in section
    assert f"Default: `{key.default}`." in section or (key.default in {"required", "unset"})
    assert (key.default == "required") == ("Required." in section)
    assert (key.default == "unset") == ("Default: unset." in section)


def test_no_setting_is_documented_that_is_not_there() -> None:
    assert set(sections(SETTINGS)) == {*KEYS, *VARIABLES}


def test_settings_stand_in_their_order() -> None:
    documented = [name for name in sections(SETTINGS) if name not in VARIABLES]
    assert documented == list(KEYS)


@pytest.mark.parametrize("name", publisher_names())
def test_the_keys_of_each_publisher_are_those_documented(name: str) -> None:
    keys = [key for key in known_keys() if key.name.startswith(f"sources.{name}.")]
    shared = [key for key in KEYS.values() if key.documented.startswith("sources.PUBLISHER.")]
    assert [(key.documented, key.default, key.description) for key in keys] == [
        (key.documented, key.default, key.description) for key in shared
    ]


@pytest.mark.parametrize("block", tomls(), ids=str)
def test_every_settings_snippet_is_accepted(block: Block, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(block.body, encoding="utf-8")
    load_settings(tmp_path / "config.toml", {})


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    documented = {cell for row in cells(OPERATIONS, "Commands") for cell in re.findall(r"[\w-]+", row[0])}
    assert name in documented
    assert any(words[:1] == [name] for _, words in benchwatch_lines())


@pytest.mark.parametrize(("place", "words"), benchwatch_lines(), ids=lambda value: " ".join(value)[:60])
def test_every_command_line_can_be_typed(place: str, words: list[str]) -> None:
    command = COMMANDS.get(words[0])
    assert command is not None, f"{place}: benchwatch has no command {words[0]}"
    command.make_context(words[0], list(words[1:]))  # type: ignore[attr-defined]  # raises what is wrong with it


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_every_command_is_said_to_have_are_there(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}  # type: ignore[attr-defined]
    assert ("--config" in options) == (name != "demo")
    assert "--json" in options


def test_the_exit_codes_are_documented() -> None:
    assert [row[0] for row in cells(OPERATIONS, "Exit codes")[1:]] == [
        str(code) for code in (DONE, FAILED, USAGE, HELD)
    ]


def test_the_export_columns_are_documented_as_they_are() -> None:
    assert cells(OPERATIONS, "Export")[1:] == [[table, ",".join(names)] for table, names in export.COLUMNS.items()]


def test_the_columns_of_an_observation_file_are_documented() -> None:
    documented = [name for row in cells(OPERATIONS, "Observation files")[1:] for name in re.findall(r"\w+", row[0])]
    assert tuple(documented) == (*OBSERVATION_COLUMNS, *OPTIONAL)


# --- what is said in words of the code -------------------------------------------------------------


@pytest.mark.parametrize("check", Check)
def test_every_check_is_documented_with_what_to_do(check: Check) -> None:
    assert f"`{check}`" in OPERATIONS


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_change_is_documented(kind: Kind) -> None:
    assert str(kind) in [row[0] for row in cells(METHOD, "11. Kinds of change")]
    assert f"`{kind}`" in OPERATIONS


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_documented(cause: Cause) -> None:
    assert str(cause) in [row[0] for row in cells(METHOD, "10. What counts as a change, and its cause")]
    assert f"`{cause}`" in OPERATIONS


@pytest.mark.parametrize("group", group_names())
def test_every_comparator_group_is_documented(group: str) -> None:
    assert group in [row[0] for row in cells(METHOD, "16. What a snapshot remembers")]


def test_every_scope_is_documented_with_its_reason() -> None:
    documented = cells(text("docs/slack-setup.md"), "Scopes and their reasons")[1:]
    assert documented == [[scope, reason] for scope, reason in SCOPES.items()]
    assert f"`{PUBLIC_URL}`" in text("docs/slack-setup.md")


def test_every_metric_is_documented() -> None:
    documented = {row[0].removesuffix("_total") for row in cells(OPERATIONS, "Health and metrics")}
    assert {family.name for family in Health().registry.collect()} <= documented


def test_periods_are_read_as_documented() -> None:
    labels = [label for row in cells(METHOD, "Periods")[1:] for label in row[0].replace("`", "").split(", ")]
    keys = {label: parse_period(label).key for label in labels}
    assert keys["2008-04"] == "2008-04-01/2008-04-30"
    assert keys["2010-12"] == "2010-01-01/2012-12-31"
    assert keys["2004-05"] == "2004-04-01/2005-03-31"
    assert keys["Q3 2023/24"] == keys["2023 Q4"]
    assert len({keys[label] for label in ("2022/23", "2022-23", "2022 to 2023", "202223", "FYE 2023")}) == 1
    with pytest.raises(PeriodError):
        parse_period("20xx")


# --- sources --------------------------------------------------------------------------------------


def proven(entry: Indicator) -> bool:
    return not CATALOGUE.origins[entry.code].unproven


def test_the_publishers_are_counted_as_they_are() -> None:
    expected = []
    for name in publisher_names():
        wants = wants_of(CATALOGUE, name).values()
        series = [wanted.indicator for want in wants for wanted in want.series]
        directional = [entry for entry in series if entry.polarity.directional]
        counts = (len(wants), len(series), len(directional), sum(map(proven, directional)))
        expected.append([name, publisher(name).TITLE, *map(str, counts)])
    assert cells(SOURCES, "The publishers")[1:] == expected


@pytest.mark.parametrize("name", publisher_names())
def test_every_publisher_is_documented_with_its_address(name: str) -> None:
    assert f"`{publisher(name).ADDRESS}" in SOURCES


def test_the_themes_are_counted_as_they_are() -> None:
    all_of = Counter(entry.theme for entry in DIRECTIONAL)
    proven_of = Counter(entry.theme for entry in DIRECTIONAL if proven(entry))
    *themes, total = cells(SOURCES, "The themes")[1:]
    assert {row[0]: row[1:] for row in themes} == {
        theme: [str(number), str(proven_of[theme])] for theme, number in all_of.items()
    }
    assert total == ["All", str(all_of.total()), str(proven_of.total())]


def test_what_is_not_proven_is_counted_with_its_reason() -> None:
    reasons = Counter((one.publisher, one.unproven) for one in CATALOGUE.origins.values() if one.unproven)
    assert cells(SOURCES, "Not proven, and why")[1:] == [
        [*reason, str(number)] for reason, number in sorted(reasons.items())
    ]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_the_size_of_the_catalogue_is_said_as_it_is(page: str) -> None:
    themes = {entry.theme for entry in DIRECTIONAL}
    said = re.split(r"^## \[0\.1\.0\]", text(page), flags=re.MULTILINE)[0]
    words = " ".join(said.split())
    assert f"{len(DIRECTIONAL)} directional indicators in {len(themes)} themes" in words
    assert re.search(rf"\b{sum(map(proven, DIRECTIONAL))} of them(?: are)? proven", words)


def test_spending_lines_are_documented_as_they_are_computed() -> None:
    shown = {
        code: [entry.name for entry in CATALOGUE.themes.values() if entry.expenditure == code]
        for code in CATALOGUE.ratios
    }
    assert [[one.strip("`") for one in row] for row in cells(SOURCES, "Spending per head")[1:]] == [
        [code, ratio.of, "; ".join(shown[code]) or "–"] for code, ratio in CATALOGUE.ratios.items()
    ]
    assert {(ratio.to, ratio.times) for ratio in CATALOGUE.ratios.values()} == {("population", 1000)}


def twins() -> list[list[str]]:
    """Indicators of EES with their twin in LAIT, its measure and how the figures compare."""
    return [row for row in cells(SOURCES, "Explore Education Statistics") if row[0].startswith("ees-")]


def test_the_twins_in_lait_are_not_in_the_catalogue_yet() -> None:
    measures = {origin.keys["measure"] for origin in CATALOGUE.origins.values() if origin.publisher == "lait"}
    assert len(twins()) == 18
    for code, twin, measure, _ in twins():
        assert CATALOGUE.origins[code].publisher == "ees"
        assert twin not in CATALOGUE.indicators
        assert measure not in measures


@needs_official
def test_the_twins_are_called_as_lait_calls_them() -> None:
    dictionary = OFFICIAL / "lait" / "2025-11-25.lait_data_dictionary.csv"
    with dictionary.open(encoding="utf-8-sig", newline="") as file:
        known = {row["Measure_short"] for row in csv.DictReader(file)}
    assert {row[2] for row in twins()} <= known


def test_the_entries_in_the_documentation_can_be_used(tmp_path: Path) -> None:
    found = list(blocks("docs/sources.md", "toml"))
    assert found
    for number, block in enumerate(found):
        (tmp_path / f"{number}.toml").write_text(block.body, encoding="utf-8")
    catalogue = load_catalogue(["builtin", tmp_path])
    assert len(catalogue.origins) > len(CATALOGUE.origins)
    for name in publisher_names():
        publisher(name).check(wants_of(catalogue, name).values())
    assert {origin.publisher for origin in catalogue.origins.values()} <= set(publisher_names())


# --- the exercise in the README -------------------------------------------------------------------


def test_the_exercise_in_the_readme_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BENCHWATCH_CONFIG", raising=False)
    names = re.findall(r"^`([\w.-]+\.(?:csv|toml))`", README, flags=re.MULTILINE)
    found = [block for block in blocks("README.md", "toml", "csv") if "[slack]" not in block.body]
    assert len(names) == len(found) == 4
    for name, block in zip(names, found, strict=True):
        Path(name).write_text(block.body, encoding="utf-8")
    typed = next(words for _, words in benchwatch_lines() if words[0] == "ingest")
    assert CliRunner().invoke(app, typed).exit_code == DONE
    exported = CliRunner().invoke(app, ["export", "changes"]).stdout
    changes = {row["kind"]: row for row in csv.DictReader(io.StringIO(exported))}
    for kind in ("entered_bottom_quartile", "theme_rank_moved"):
        change = changes[kind]
        assert (change["cause"], change["rank_before"], change["rank_after"]) == ("performance", "5", "6")
    assert "6th of 6" in CliRunner().invoke(app, ["ask", "indicator recycled"]).stdout
    assert "6th of 6" in CliRunner().invoke(app, ["ask", "theme waste"]).stdout


# --- the pages themselves -------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if not target.startswith(("https://", "mailto:")):
            name, _, anchor = target.partition("#")
            place = (ROOT / page).parent / name if name else ROOT / page
            assert place.exists(), f"{page}: {target} is not there"
            assert not anchor or anchor in anchors(place), f"{page}: {target} has no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_place_on_one_machine(page: str) -> None:
    places = re.compile(r"(?<![\w.:/-])/(?:work|tmp|home|root|Users)/|file://|\blocalhost\b|\bpypi\b", re.IGNORECASE)
    assert places.findall(visible(text(page))) == []


def visible(page: str) -> str:
    return re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", README))
    assert {page for page in PAGES if page != "README.md"} <= linked


def test_every_picture_is_small_and_says_its_fact_in_words() -> None:
    pictures = {alt.group(2): alt.group(1) for alt in re.finditer(r"!\[([^\]]*)\]\(([^)]+)\)", README)}
    assert {ROOT / name for name in pictures} == set((ROOT / "docs").glob("*.png"))
    for name, alt in pictures.items():
        assert len(alt) > 100
        assert "illustrative comparators" in alt
        assert (ROOT / name).stat().st_size < 200_000


def test_the_newest_entry_of_the_changelog_is_this_version_and_names_its_method() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    newest = re.split(r"^## ", text("CHANGELOG.md"), flags=re.MULTILINE)[1]
    assert newest.startswith(f"[{project['version']}] - ")
    assert f"Method version {METHOD_VERSION}" in newest
    assert METHOD.startswith(f"# The method\n\nMethod version {METHOD_VERSION}.")
