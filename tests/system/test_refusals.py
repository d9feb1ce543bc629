"""What cannot be taken in: a clear reason, the right exit code, and nothing kept."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.commands import Desk, Launcher
from tests.system.releases import Book, Entry, at_place, release

ENTRIES = (Entry("burglary"), Entry("robbery"))
FIGURES = at_place(10)
HEADER = "indicator,area_code,period,value\n"
ROW = "burglary,E10000018,2023/24,1.5\n"
NOBODY = 65534


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Desk:
    """A desk with one release in, to be copied."""
    desk = Desk(tmp_path_factory.mktemp("first"), launcher)
    book = release(ENTRIES, {"burglary": 10, "robbery": 12}, "2022/23")
    assert desk.run("ingest", book.write(desk.folder / "in", "first-2023-11-01.csv")).code == 0
    return desk


@pytest.fixture
def begun(desk: Desk, first: Desk) -> Desk:
    """A desk with one release in."""
    return desk.like(first)


def rows(change: Callable[[list[str]], None]) -> bytes:
    """A good release of the next year with something changed in its lines; the header is line 1."""
    lines = Book().add("burglary", "2023/24", at_place(26, level=90)).text.splitlines()
    change(lines)
    return ("\n".join(lines) + "\n").encode()


def bomb(path: Path, megabytes: int) -> Path:
    """A gzip file of zeros, in members of a megabyte each."""
    path.write_bytes(gzip.compress(HEADER.encode()) + gzip.compress(bytes(1 << 20)) * megabytes)
    return path


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "not UTF-8": (
        "second.csv",
        rows(lambda ls: ls.append("burglary,E10000018,caf")) + b"\xe9,1\n",
        "second.csv: line 34 is not UTF-8",
    ),
    "UTF-16": ("second.csv", (HEADER + ROW).encode("utf-16"), "second.csv: line 1 is not UTF-8"),
    "a wrong header": (
        "second.csv",
        b"indicator,area,period,value\n" + ROW.encode(),
        "second.csv: line 1, the header lacks area_code; expected indicator,area_code,period,value",
    ),
    "an unknown column": (
        "second.csv",
        b"indicator,area_code,period,value,colour\n",
        "second.csv: line 1, the header has unknown or repeated columns: colour",
    ),
    "a row too long": (
        "second.csv",
        (HEADER + ROW + "burglary,E10000018,2023/24,1,2,3\n").encode(),
        "second.csv: broken CSV",
    ),
    "a truncated gzip file": (
        "second.csv.gz",
        gzip.compress(rows(lambda _: None))[:-20],
        "second.csv.gz: the gzip file is cut short or damaged",
    ),
    "an empty file": ("second.csv", b"", "second.csv: the file is empty"),
    "blank lines only": ("second.csv", b"\n\n \n", "second.csv: the file is empty"),
    "a header and no rows": ("second.csv", HEADER.encode(), "second.csv: a header and no rows"),
    "an indicator nobody describes": (
        "second.csv",
        rows(lambda ls: ls.append("arson,E10000018,2023/24,1")),
        "second.csv: indicator 'arson' is described neither in the catalogue nor in second.indicators.csv beside",
    ),
}

HELD: dict[str, tuple[bytes, str]] = {
    "a text for a value": (
        rows(lambda ls: ls.__setitem__(4, ls[4].rpartition(",")[0] + ",n/a")),
        "1 of 31 rows cannot be used: line 5, value: 'n/a' is not a number",
    ),
    "infinity": (
        rows(lambda ls: ls.__setitem__(4, ls[4].rpartition(",")[0] + ",inf")),
        "1 of 31 rows cannot be used: line 5, value: inf is not a possible value",
    ),
    "an unknown area": (
        rows(lambda ls: ls.append("burglary,E99999999,2023/24,1")),
        "unknown_areas: 1 area codes nobody knows: E99999999",
    ),
    "an unreadable period": (
        rows(lambda ls: ls.append("burglary,E10000018,someday,1")),
        "1 of 32 rows cannot be used: line 33, period: ",
    ),
    "a blank indicator": (
        rows(lambda ls: ls.append(",E10000018,2023/24,1")),
        "1 of 32 rows cannot be used: line 33, indicator: blank",
    ),
}


def drop(desk: Desk, name: str, body: bytes) -> Path:
    path = desk.folder / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("fault", REFUSED)
def test_a_file_that_is_no_release_is_refused_with_the_reason(begun: Desk, fault: str) -> None:
    name, body, reason = REFUSED[fault]
    before = begun.contents()
    done = begun.run("ingest", drop(begun, name, body))
    assert done.code == 1, done
    assert reason in done.err, done.err
    assert "Traceback" not in done.err
    assert "refused, nothing kept" in done.out
    assert begun.contents() == before


@pytest.mark.parametrize("fault", HELD)
def test_a_file_with_rows_that_cannot_be_used_is_held_whole_with_line_and_reason(begun: Desk, fault: str) -> None:
    body, reason = HELD[fault]
    before = begun.figures()
    done = begun.run("ingest", drop(begun, "second-2024-11-01.csv", body))
    assert done.code == 3, done
    assert reason in done.out, done.out
    assert begun.figures() == before
    assert begun.owed()[1:] == [("ops", "held")]


def test_a_file_with_the_only_indicator_stated_twice_is_held_with_the_lines(begun: Desk) -> None:
    body = rows(lambda ls: ls.append("burglary,E10000018,2023/24,99"))
    done = begun.run("ingest", drop(begun, "second-2024-11-01.csv", body))
    assert done.code == 3
    assert "duplicate_cells burglary: lines 27 and 33 each state E10000018, 2023/24" in done.out, done.out


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "arson,Arson,Fire,upwards",
            "second.indicators.csv line 2: indicator 'arson': polarity 'upwards' is not one of",
        ),
        ("arson,,Fire,low", "second.indicators.csv line 2: name missing for indicator 'arson'"),
        ("arson,A,Fire,low\narson,B,Fire,low", "second.indicators.csv line 3: indicator 'arson' is described twice"),
    ],
)
def test_a_dictionary_that_cannot_be_used_is_refused_with_its_line(begun: Desk, line: str, reason: str) -> None:
    drop(begun, "second.indicators.csv", f"indicator,name,theme,polarity\n{line}\n".encode())
    done = begun.run("ingest", drop(begun, "second.csv", rows(lambda _: None)))
    assert done.code == 1
    assert reason in done.err, done.err


def test_a_gzip_bomb_is_refused_in_bounded_memory(begun: Desk) -> None:
    before = begun.contents()
    done = begun.run("ingest", bomb(begun.folder / "bomb.csv.gz", 2048))
    assert done.code == 1, done
    assert "bomb.csv.gz: unpacks to more than 200 MB; raise max_mb in [sources.file] if that is right" in done.err
    assert done.peak_mb < 600
    assert begun.contents() == before


def test_a_huge_plain_file_is_refused_without_reading_it_all(begun: Desk) -> None:
    path = drop(begun, "huge.csv", HEADER.encode())
    os.truncate(path, 3 << 30)
    done = begun.run("ingest", path)
    assert done.code == 1
    assert "huge.csv: larger than 200 MB; raise max_mb in [sources.file] if that is right" in done.err
    assert done.peak_mb < 600


def test_a_missing_file_is_refused(begun: Desk) -> None:
    done = begun.run("ingest", "nowhere.csv")
    assert (done.code, "nowhere.csv: cannot be read" in done.err) == (1, True), done


def test_after_a_bad_file_the_good_ones_are_still_taken(begun: Desk) -> None:
    good = drop(begun, "good-2024-11-01.csv", rows(lambda _: None))
    done = begun.run("ingest", drop(begun, "bad.csv", b""), good, "--json")
    assert done.code == 1
    assert [one["status"] for one in done.document["releases"]] == ["accepted"]
    assert [Path(one["place"]).name for one in done.document["refused"]] == ["bad.csv"]


def test_a_misspelt_setting_is_refused_with_the_nearest_known_one(begun: Desk) -> None:
    begun.settings("[alerts]\nmin_them_move = 2\n")
    done = begun.run("ingest", drop(begun, "second.csv", rows(lambda _: None)))
    assert done.code == 2
    assert "unknown key alerts.min_them_move. The nearest known one is alerts.min_theme_move" in done.err


def test_missing_settings_and_unusable_choices_are_wrong_usage(desk: Desk) -> None:
    done = desk.run("releases", "--config", "elsewhere.toml")
    assert (done.code, "elsewhere.toml: no such settings file" in done.err) == (2, True)
    path = release(ENTRIES, {"burglary": 3}, "2022/23").write(desk.folder / "in", "first.csv")
    desk.settings(comparators="countries")
    done = desk.run("ingest", path)
    assert (done.code, "'countries'; the nearest is 'counties'" in done.err) == (2, True), done
    desk.settings(catalogue='"nowhere"')
    done = desk.run("ingest", path)
    assert (done.code, "no such folder of catalogue files" in done.err) == (2, True), done


def test_a_state_folder_that_may_not_be_written_is_refused(desk: Desk) -> None:
    (desk.folder / "state").write_text("a file, not a folder", encoding="utf-8")
    path = release(ENTRIES, {"burglary": 3}, "2022/23").write(desk.folder / "in", "first.csv")
    done = desk.run("ingest", path)
    assert (done.code, "cannot be written" in done.err, "Traceback" in done.err) == (1, True, False), done


@pytest.fixture
def walkable(tmp_path: Path) -> Iterator[None]:
    """The folders above are open to other users for as long as the test runs."""
    changed = []
    for folder in tmp_path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o055)
            changed.append((folder, mode))
    yield
    for folder, mode in changed:
        folder.chmod(mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a command as another user")
@pytest.mark.usefixtures("walkable")
def test_another_user_without_rights_is_refused_for_writing(begun: Desk) -> None:
    begun.folder.chmod(0o755)
    path = drop(begun, "second-2024-11-01.csv", rows(lambda _: None))
    before = begun.contents()
    done = begun.run("ingest", path, user=NOBODY)
    assert (done.code, "cannot be written" in done.err) == (1, True), done
    assert "Permission denied" in done.err
    assert "Traceback" not in done.err
    assert begun.contents() == before


def large(desk: Desk) -> Path:
    """A release of several megabytes in the database."""
    codes = [f"i{number}" for number in range(60)]
    book = Book(tuple(Entry(code) for code in codes))
    for code in codes:
        for year in range(10, 22):
            book.add(code, f"20{year}/{year + 1}", at_place(7, level=300 - year / 10))
    return book.write(desk.folder / "in", "large-2023-12-01.csv")


def test_a_file_that_may_not_grow_leaves_the_database_as_it_was(begun: Desk) -> None:
    before = begun.contents()
    path = large(begun)
    done = begun.run("ingest", path, file_size=begun.database.stat().st_size + 100_000)
    assert done.code == 1, done
    assert "the disk" in done.err
    assert "othing of this step was kept" in done.err
    assert "Traceback" not in done.err
    assert begun.contents() == before
    assert begun.run("ingest", path).code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk, and not everywhere")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_leaves_the_database_as_it_was_and_room_lets_it_go_on(desk: Desk, small_disk: Path) -> None:
    (desk.folder / "state").symlink_to(small_disk)
    first = release(ENTRIES, {"burglary": 10}, "2022/23").write(desk.folder / "in", "first-2023-11-01.csv")
    assert desk.run("ingest", first).code == 0
    before = desk.contents()
    path = large(desk)
    done = desk.run("ingest", path)
    assert done.code == 1, done
    assert "the disk is full; nothing of this step was kept. Make room and run it again" in done.err
    assert desk.contents() == before
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert desk.run("ingest", path).code == 0


@pytest.mark.parametrize("place", ["head", "middle"])
@pytest.mark.parametrize("command", ["ingest", "poll", "releases", "ask", "export", "approve", "outbox"])
def test_a_damaged_database_is_reported_and_never_a_traceback(begun: Desk, place: str, command: str) -> None:
    size = begun.database.stat().st_size
    with begun.database.open("r+b") as file:
        file.seek(0 if place == "head" else 4096)
        file.write(b"\xa5" * (4096 if place == "head" else size - 4096))
    arguments = {"ingest": ["in/first-2023-11-01.csv"], "ask": ["overall"], "export": ["ranks"], "approve": ["1"]}
    done = begun.run(command, *arguments.get(command, []))
    assert done.code == 1, done
    assert "the database is damaged or is not one" in done.err, done.err
    assert "put back a copy, or move it away to start anew" in done.err
    assert "Traceback" not in done.err


def test_a_database_by_a_later_version_is_refused_and_left_alone(begun: Desk) -> None:
    db = sqlite3.connect(begun.database)
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('benchwatch', 'seventh_sense', '')"
    )
    db.commit()
    db.close()
    before = begun.contents()
    done = begun.run("ingest", drop(begun, "second-2024-11-01.csv", rows(lambda _: None)))
    assert done.code == 1
    assert "written by a later version (seventh_sense); install that one" in done.err
    assert begun.contents() == before


def test_before_the_first_release_questions_say_what_to_do(desk: Desk) -> None:
    for arguments in (["releases"], ["ask", "overall"], ["export", "ranks"], ["changes"], ["outbox"]):
        done = desk.run(*arguments)
        assert done.code == 1
        assert "no database yet; run benchwatch ingest or benchwatch run first" in done.err
