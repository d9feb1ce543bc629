"""What docs/add-a-source.md says is so: its files, put where their names say, are a source that users can have."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jobs.sources import publisher_names
from tests.publishers.server import Publishers
from tests.system import commands
from tests.system.commands import Desk, Launcher

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add-a-source.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
NAME = "loamshire"
TITLE = "Loamshire Observatory"
ADDRESS = "https://data.loamshire.example/open/"
COUNCILS = '["E10000007", "E10000018", "E10000019", "E10000024", "E10000028"]'
PROJECT_TESTS = ("engine/test_catalogue", "test_imports", "test_docs")
"""Those that look at every publisher, setting and catalogue file there is."""

OTHERS_OFF = "\n".join(f"[sources.{name}]\non = false" for name in publisher_names())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that has the page's files too."""
    project = tmp_path_factory.mktemp("project")
    unfinished = shutil.ignore_patterns("*.pyc.*")  # bytecode that other tests are just writing
    for folder in ("bot", "jobs", "state", "engine", "tests"):
        shutil.copytree(ROOT / folder, project / folder, ignore=unfinished)
    shutil.copytree(ROOT / "docs", project / "docs")
    for file in ("pyproject.toml", *(path.name for path in ROOT.glob("*.md"))):
        shutil.copy(ROOT / file, project)
    for name, text in FILES.items():
        (project / name).write_text(text, encoding="utf-8")
    with (project / "docs" / "sources.md").open("a", encoding="utf-8") as page:
        page.write(f"\nThe {TITLE} is at `{ADDRESS}`.\n")
    return project


@pytest.fixture(scope="module")
def launcher(project: Path) -> Iterator[Launcher]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "CHECKOUT", project)
        with Launcher() as launcher:
            yield launcher


@pytest.fixture(scope="module")
def module(project: Path) -> ModuleType:
    """The page's stand-in."""
    spec = importlib.util.spec_from_file_location("stand_in_of_the_page", project / f"tests/publishers/{NAME}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def web(module: ModuleType) -> Iterator[Publishers]:
    with Publishers({NAME: module.StandIn()}) as web:
        yield web


@pytest.fixture
def desk(tmp_path: Path, launcher: Launcher, web: Publishers) -> Desk:
    """A folder whose settings have the page's publisher on, at the stand-in, and every other off."""
    desk = Desk(tmp_path, launcher)
    desk.settings(f"{OTHERS_OFF}\n{web.settings()}", catalogue='"builtin"')
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    (tmp_path / "config.toml").write_text(text.replace('"counties"', COUNCILS), encoding="utf-8")
    return desk


def python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    environment = commands.environ({"PYTHONPATH": str(project)})
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def source_of(desk: Desk) -> dict[str, Any]:
    sources = desk.json("sources")["sources"]
    return next(source for source in sources if source["source"] == NAME)


def told_to_ops(desk: Desk) -> list[dict[str, Any]]:
    """What the ops channel is owed about the source, oldest first."""
    rows = desk.rows("SELECT payload FROM outbox WHERE destination = 'ops' AND kind = 'source' ORDER BY id")
    return [json.loads(payload) for (payload,) in rows]


def test_the_page_has_the_four_files() -> None:
    assert list(FILES) == [
        f"jobs/sources/{NAME}.py",
        f"engine/catalogue/publisher-{NAME}.toml",
        f"tests/publishers/{NAME}.py",
        f"tests/jobs/sources/test_{NAME}.py",
    ]
    assert not any((ROOT / name).exists() for name in FILES)


def test_the_files_meet_the_rules_of_the_linter_and_the_format(project: Path) -> None:
    files = [name for name in FILES if name.endswith(".py")]
    for check in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = python(project, "ruff", *check, *files)
        assert done.returncode == 0, done.stdout


def test_its_own_test_passes_and_those_of_the_project_need_no_change(project: Path) -> None:
    tests = [f"tests/jobs/sources/test_{NAME}.py", *(f"tests/{name}.py" for name in PROJECT_TESTS)]
    done = python(project, "pytest", "-q", "-p", "no:cacheprovider", "-k", f"{NAME} or shipped or setting", *tests)
    assert done.returncode == 0, done.stdout


def test_its_figures_arrive_and_a_second_look_brings_nothing(desk: Desk, web: Publishers) -> None:
    assert [release["status"] for release in desk.json("poll")["releases"]] == ["accepted"]
    [dataset] = source_of(desk)["datasets"]
    assert (dataset["title"], dataset["indicators"]) == ("Roads in Loamshire and its neighbours", 2)
    held = {line["indicator"]: line for line in desk.json("sources")["indicators"] if line["source"] == NAME}
    assert {code: (line["areas"], line["period"], line["proven"]) for code, line in held.items()} == {
        "loamshire-potholes-mended": (5, "2023/24", True),
        "loamshire-lights-out": (4, "2023/24", True),
    }
    web.forget()
    assert desk.json("poll") == {"releases": [], "refused": []}
    assert [(one.path, one.status) for one in web.requests] == [("/roads.csv", 304)]


def test_what_it_brings_is_ranked_and_answers_questions(desk: Desk) -> None:
    desk.json("poll")
    theme = desk.run("ask", "theme transport").out
    assert theme.startswith("Transport & Highways: 1st of 4")  # Staffordshire lacks one of the two figures
    assert "street lights out of order — 1st of 4, quartile 1 · 1.2% (higher is worse)" in theme
    assert "Lincolnshire (5th, 79.4%)" in desk.run("ask", "indicator potholes mended").out


def test_the_doctor_asks_it_and_finds_it_well(desk: Desk, web: Publishers) -> None:
    desk.json("poll")
    web.forget()
    checks = {check["subject"]: check for check in desk.json("doctor", "--live")["checks"]}
    assert web.count(NAME)
    assert checks[f"{TITLE}: Roads in Loamshire and its neighbours"]["found"] == "2 of 2 indicators read"


def test_a_renamed_column_is_told_once_and_once_more_when_it_is_over(desk: Desk, web: Publishers) -> None:
    desk.json("poll")
    before = desk.figures()
    web.stand_ins[NAME].roads = web.stand_ins[NAME].roads.replace("ONS code", "ONS area code")
    [refusal] = desk.json("poll", code=1)["refused"]
    words = f"{TITLE}, roads.csv: the column 'ONS code' is missing; the nearest is 'ONS area code'"
    assert refusal["reason"].startswith(words)
    assert desk.json("poll") == {"releases": [], "refused": []}
    [notice] = told_to_ops(desk)
    assert [trouble["reason"] for trouble in notice["troubles"]] == [refusal["reason"]]
    assert source_of(desk)["datasets"][0]["problem"] == refusal["reason"]
    found = desk.json("doctor", "--live", code=1)["checks"]
    assert any(not check["well"] and check["found"].startswith(words) for check in found)
    assert desk.figures() == before
    web.stand_ins[NAME].roads = web.stand_ins[NAME].roads.replace("ONS area code", "ONS code").replace("91.2", "90.2")
    [release] = desk.json("poll")["releases"]
    assert (release["status"], release["revised_cells"]) == ("accepted", 1)
    assert told_to_ops(desk)[1]["recovered"] == ["Roads in Loamshire and its neighbours"]
    assert source_of(desk)["datasets"][0]["problem"] == ""


def test_a_renamed_measure_is_told_once_and_the_other_goes_on(desk: Desk, web: Publishers) -> None:
    desk.json("poll")
    changed = web.stand_ins[NAME].roads.replace("Street lights out of", "Lights out of").replace("91.2", "90.2")
    web.stand_ins[NAME].roads = changed
    [release] = desk.json("poll")["releases"]
    assert (release["status"], release["revised_cells"]) == ("accepted", 1)
    desk.json("poll")
    [notice] = told_to_ops(desk)
    [gap] = notice["gaps"]
    assert gap["name"] == "Loamshire survey: street lights out of order"
    assert gap["reason"].endswith("the nearest is 'Lights out of order (%)'")


def test_a_key_the_module_does_not_know_is_refused_before_anything_is_asked(desk: Desk, web: Publishers) -> None:
    entries = FILES[f"engine/catalogue/publisher-{NAME}.toml"]
    folder = desk.folder / "catalogue"
    folder.mkdir()
    (folder / "roads.toml").write_text(entries.replace("measure = ", "mesure = "), encoding="utf-8")
    desk.settings(web.settings(), catalogue='"catalogue"')
    done = desk.run("poll")
    assert done.code == 2
    assert "indicator 'loamshire-potholes-mended': measure: field required, mesure: extra inputs" in done.err
    assert "its keys are measure (as in the file)" in done.err
    assert web.requests == []


def test_its_settings_are_there_and_can_switch_it_off(desk: Desk, web: Publishers) -> None:
    desk.json("poll")
    web.forget()
    table = f"[sources.{NAME}]\n"
    changed = web.settings().replace(table, f'{table}on = false\nevery = ["2h"]\nmax_mb = 5\n')
    desk.settings(f"{OTHERS_OFF}\n{changed}", catalogue='"builtin"')
    done = desk.run("poll", NAME)
    assert done.code == 2
    assert f"switch it on with on = true in [sources.{NAME}]" in done.err
    assert not source_of(desk)["on"]
    assert web.requests == []
