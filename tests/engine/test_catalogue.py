"""What is measured, from TOML files: read as written, or refused with file and entry."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.catalogue import (
    EXPENDITURE,
    UNKNOWN_DECIMALS,
    Catalogue,
    Composite,
    Indicator,
    Polarity,
    Theme,
    load_catalogue,
    read_indicator,
)
from engine.errors import CatalogueError

ENTRY = '[[indicator]]\ncode = "x"\nname = "X"\npolarity = "low"\n'
THEME = '[theme]\nname = "Waste"\n'
X = Indicator("x", "X", "Waste", Polarity("low"), "%", 1)


def load(folder: Path, **files: str) -> Catalogue:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_catalogue([folder])


def refused(folder: Path, **files: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        load(folder, **files)
    assert str(folder) in str(caught.value)
    return str(caught.value)


# --- the files ------------------------------------------------------------------------------------


def test_the_catalogue_shipped_here_can_be_read() -> None:
    catalogue = load_catalogue(["builtin"])
    assert {"SEND", "Corporate", "Children's Social Care"} <= set(catalogue.themes)
    assert set(catalogue.composites) == {"Core Performance", "Overall Outcomes"}
    assert catalogue.composites["Overall Outcomes"].themes == ()


def test_the_composites_shipped_here_name_themes_there_are() -> None:
    catalogue = load_catalogue(["builtin"])
    for composite in catalogue.composites.values():
        assert set(composite.themes) <= set(catalogue.themes)


def test_an_entry_is_read_as_written_and_belongs_to_the_theme_of_its_file(tmp_path: Path) -> None:
    extra = 'unit = "%"\ndecimals = 1\ntarget = ">50%"\naliases = ["recycling", "bins"]\n'
    catalogue = load(tmp_path, waste=f'{THEME}aliases = ["rubbish"]\nexpenditure = "spend"\n{ENTRY}{extra}')
    expected = Indicator("x", "X", "Waste", Polarity("low"), "%", 1, ">50%", ("recycling", "bins"))
    assert catalogue.indicators == {"x": expected}
    assert catalogue.themes == {"Waste": Theme("Waste", ("rubbish",), "spend")}


def test_an_entry_may_name_its_theme_itself(tmp_path: Path) -> None:
    catalogue = load(
        tmp_path, mixed=f'{ENTRY}theme = "SEND"\n', waste=f'{THEME}{ENTRY.replace("x", "y")}theme = "Roads"\n'
    )
    assert [entry.theme for entry in catalogue.indicators.values()] == ["SEND", "Roads"]


def test_several_folders_add_up(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "waste.toml").write_text(f"{THEME.replace('Waste', 'Own waste')}{ENTRY}", encoding="utf-8")
    catalogue = load_catalogue(["builtin", str(tmp_path / "own")])
    assert "x" in catalogue.indicators
    assert {"SEND", "Own waste"} <= set(catalogue.themes)


def test_a_composite_is_read_with_its_spending_line(tmp_path: Path) -> None:
    catalogue = load(tmp_path, all='[[composite]]\nname = "All"\nexpenditure = "spend"\n')
    assert catalogue.composites == {"All": Composite("All", expenditure="spend")}


def test_a_composite_is_read_with_its_themes(tmp_path: Path) -> None:
    text = '[[composite]]\nname = "Core"\nthemes = ["Waste"]\naliases = ["c"]\n[[composite]]\nname = "All"\n'
    assert load(tmp_path, composites=text).composites == {
        "Core": Composite("Core", ("Waste",), ("c",)),
        "All": Composite("All"),
    }


def test_the_composites_shipped_here_are_set_against_all_spending() -> None:
    catalogue = load_catalogue(["builtin"])
    assert {composite.expenditure for composite in catalogue.composites.values()} == {"spend-total"}
    assert catalogue.indicators["spend-total"].is_expenditure


def test_the_measure_of_deprivation_shipped_here_has_the_highest_score_first() -> None:
    catalogue = load_catalogue(["builtin"])
    assert catalogue.deprivation == "fingertips-93553-persons-all-ages"
    measure = catalogue.indicators[catalogue.deprivation]
    assert (measure.polarity, measure.theme) == (Polarity("none"), "Context")
    assert catalogue.origins[catalogue.deprivation].dataset == "93553"


MEASURE = 'deprivation = "x"\n'
PLAIN = ENTRY.replace("low", "none")


def test_a_measure_of_deprivation_is_named_above_the_tables(tmp_path: Path) -> None:
    assert load(tmp_path, waste=f"{THEME}{ENTRY}").deprivation == ""
    assert load(tmp_path, waste=f"{MEASURE}{THEME}{PLAIN}").deprivation == "x"


def test_a_later_folder_names_another_measure_of_deprivation(tmp_path: Path) -> None:
    for name, code in (("first", "x"), ("second", "y")):
        (tmp_path / name).mkdir()
        text = f"{MEASURE}{THEME}{PLAIN}".replace('"x"', f'"{code}"').replace("Waste", name)
        (tmp_path / name / "own.toml").write_text(text, encoding="utf-8")
    assert load_catalogue([tmp_path / "first", tmp_path / "second"]).deprivation == "y"
    assert load_catalogue([tmp_path / "second", tmp_path / "first"]).deprivation == "x"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"a": f"{MEASURE}{THEME}"}, "deprivation names 'x', which is no indicator here", id="unknown"),
        pytest.param({"a": f"{MEASURE}{THEME}{ENTRY}"}, "which is no indicator here without direction", id="judged"),
        pytest.param({"a": f"deprivation = 1\n{THEME}{PLAIN}"}, "should be the code of an indicator", id="a number"),
        pytest.param({"a": f'deprivation = " "\n{THEME}{PLAIN}'}, "should be the code of an indicator", id="nothing"),
        pytest.param(
            {"a": f"{MEASURE}{THEME}{PLAIN}", "b": MEASURE}, "deprivation is named twice, in a.toml too", id="twice"
        ),
    ],
)
def test_a_measure_that_cannot_be_ranked_from_the_most_deprived_is_refused(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    assert reason in refused(tmp_path, **files)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no such folder"):
        load_catalogue([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not TOML", "cannot be read as TOML"),
        ('[theme]\nnaem = "Waste"\n', "unknown key 'naem'"),
        ("[theme]\n", "name missing"),
        ("[[composite]]\n", "name missing"),
        ('[[composite]]\nname = "Core"\nweights = [1]\n', "unknown key 'weights'"),
        ('[indicators]\nx = "y"\n', "unknown key 'indicators'"),
        (f'{THEME}{ENTRY}colour = "red"\n', "unknown key 'colour'"),
        (f"{THEME}{ENTRY}{ENTRY}", "'x' is described twice"),
        (ENTRY, "theme missing for indicator 'x'"),
        (f'{THEME}[[indicator]]\nname = "X"\npolarity = "low"\n', "code missing"),
        (f'{THEME}[[indicator]]\ncode = "x"\npolarity = "low"\nname = " "\n', "name missing for indicator 'x'"),
        (f"{THEME}{ENTRY.replace('low', 'lower')}", "indicator 'x': polarity 'lower'"),
        (f"{THEME}{ENTRY}decimals = 7\n", "decimals '7'"),
        (f"{THEME}{ENTRY}decimals = -1\n", "decimals '-1'"),
        (f"{THEME}{ENTRY}decimals = 1.5\n", "decimals '1.5'"),
    ],
)
def test_an_unusable_file_is_refused_with_its_name_and_the_entry(tmp_path: Path, text: str, reason: str) -> None:
    message = refused(tmp_path, waste=text)
    assert "waste.toml" in message
    assert reason in message


@pytest.mark.parametrize(
    "text",
    [
        f"{THEME}{ENTRY.replace('[[indicator]]', '[indicator]')}",
        f'{THEME}{ENTRY}aliases = "recycling"\n',
        '[theme]\nname = "Waste"\naliases = "rubbish"\n',
        '[[composite]]\nname = "Core"\nthemes = "Waste"\n',
    ],
    ids=["one table for an array of tables", "aliases of an indicator", "aliases of a theme", "themes of a composite"],
)
def test_a_single_thing_where_a_list_belongs_is_refused(tmp_path: Path, text: str) -> None:
    assert "waste.toml" in refused(tmp_path, waste=text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "waste.toml").write_bytes("[theme]\nname = 'Children’s'\n".encode("cp1252"))
    with pytest.raises(CatalogueError, match=r"waste\.toml: cannot be read as TOML"):
        load_catalogue([tmp_path])


def test_an_indicator_or_a_theme_described_in_two_files_is_refused(tmp_path: Path) -> None:
    assert "'x' is described twice" in refused(tmp_path, a=f"{THEME}{ENTRY}", b=f'{ENTRY}theme = "Roads"\n')
    assert "'Waste' is described twice" in refused(tmp_path, a=THEME, b=THEME)


# --- directions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("high", Polarity("high")),
        (" Low ", Polarity("low")),
        ("NONE", Polarity("none")),
        ("28..40", Polarity("band", Decimal(28), Decimal(40))),
        (" -1.5 .. 2.25 ", Polarity("band", Decimal("-1.5"), Decimal("2.25"))),
        ("7..7", Polarity("band", Decimal(7), Decimal(7))),
    ],
)
def test_a_direction_is_read_and_written_back(text: str, polarity: Polarity) -> None:
    assert Polarity.parse(text) == polarity
    assert Polarity.parse(str(polarity)) == polarity
    assert polarity.directional == (polarity.kind != "none")


@pytest.mark.parametrize("text", ["", "up", "40..28", "28-40", "28..", "..40", "1.2.3..4", "a..b", "inf..nan"])
def test_a_direction_nobody_understands_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"not one of high, low, none or a band such as 28\.\.40"):
        Polarity.parse(text)


# --- entries --------------------------------------------------------------------------------------


def test_decimals_nobody_states_are_unknown_and_compared_at_six() -> None:
    raw = {"code": "x", "name": "X", "theme": "Waste", "polarity": "low"}
    assert read_indicator(raw, "here").decimals is None
    assert read_indicator(raw, "here").key_decimals == UNKNOWN_DECIMALS
    assert read_indicator({**raw, "decimals": "0"}, "here").key_decimals == 0


def test_only_spending_without_direction_is_a_spending_line() -> None:
    assert replace(X, theme=EXPENDITURE, polarity=Polarity("none")).is_expenditure
    assert not replace(X, theme=EXPENDITURE).is_expenditure
    assert not replace(X, polarity=Polarity("none")).is_expenditure


# --- what a release brings ------------------------------------------------------------------------


def test_a_release_adds_its_indicators_and_their_themes() -> None:
    roads = replace(X, code="y", theme="Roads")
    catalogue, conflicts = Catalogue({"x": X}, {"Waste": Theme("Waste", ("rubbish",))}).extended([roads])
    assert catalogue.indicators == {"x": X, "y": roads}
    assert catalogue.themes == {"Waste": Theme("Waste", ("rubbish",)), "Roads": Theme("Roads")}
    assert conflicts == []


@pytest.mark.parametrize(
    ("theirs", "conflict"),
    [
        (replace(X, polarity=Polarity("high")), True),
        (replace(X, decimals=2), True),
        (replace(X, theme="Roads"), True),
        (replace(X, name="Otherwise named", unit="per cent"), False),
    ],
)
def test_the_catalogue_wins_over_a_release_and_says_where_they_differ(theirs: Indicator, conflict: bool) -> None:
    catalogue, conflicts = Catalogue({"x": X}).extended([theirs])
    assert catalogue.indicators == {"x": X}
    assert conflicts == (["x"] if conflict else [])
    assert "Roads" not in catalogue.themes


def test_extending_leaves_the_catalogue_as_it_was() -> None:
    own = Catalogue({"x": X})
    own.extended([replace(X, code="y")])
    assert set(own.indicators) == {"x"}
