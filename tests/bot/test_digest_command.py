"""``benchwatch digest``: what would be sent, what is owed, and to whom, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.pipeline import ingest
from state import digests, subscriptions
from state.database import Lock, connect, unit
from state.subscriptions import Subscription
from tests.bot.asking import Run
from tests.system.releases import POLICE, Entry, policy, release

CONFIG = f"""
[catalogue]
paths = []

[[leads]]
name = "Community safety"
slack = "C2"
themes = ["{POLICE}"]
"""
DATABASE = Path("state/benchwatch.db")
FALLS = "Community safety this week: Police & Crime falls from 10th to 28th of 31; 1 indicator entered"


@pytest.fixture
def run(tmp_path: Path, terminal: Callable[..., Run]) -> Run:
    """Runs the command line in a folder with settings; returns exit code, standard output and standard error."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return terminal(tmp_path, "digest")


@pytest.fixture
def history(run: Run, tmp_path: Path) -> Run:
    """Two releases, and a digest of two weeks ago up to the first of them."""
    DATABASE.parent.mkdir()
    then = datetime.now(UTC) - timedelta(days=7)
    with closing(connect(DATABASE)) as db:
        for day, period, place in (("2024-11-01", "2022/23", 10), ("2025-11-01", "2023/24", 28)):
            book = release([Entry("burglary")], {"burglary": place}, period, level=100 - place)
            ingest(db, book.raw(f"r-{day}.csv"), policy(), now=datetime.now(UTC))
        with unit(db):
            stamp = then.isoformat(timespec="seconds")
            digests.keep(db, "lead:Community safety", "2000-01-03T08:30", at=stamp, snapshot=1, outbox=None)
            subscriptions.subscribe(db, Subscription("U7", POLICE, "weekly", "U7", datetime.now(UTC).isoformat()))
    return run


def owed() -> list[str]:
    with closing(connect(DATABASE)) as db:
        return [where for (where,) in db.execute("SELECT destination FROM outbox WHERE kind = 'digest'")]


def test_a_dry_run_shows_what_would_be_sent_to_each_and_changes_nothing(history: Run) -> None:
    before = DATABASE.read_bytes()
    code, out, _ = history("--dry-run")
    assert code == 0
    assert out.startswith(f"To Community safety (C2):\n{FALLS}")
    assert "Still in the bottom quartile: Police & Crime\nName of burglary — 28th of 31" in out
    assert "To Your subscriptions (U7):\nYour subscriptions this week: " in out
    assert DATABASE.read_bytes() == before


def test_a_dry_run_for_scripts_is_one_document(history: Run) -> None:
    code, out, _ = history("--dry-run", "--to", "community safety", "--json")
    [one] = json.loads(out)["digests"]
    assert (code, one["to"], one["place"], one["name"]) == (0, "lead:Community safety", "C2", "Community safety")
    assert one["text"].startswith(FALLS)


def test_what_is_due_is_owed_once(history: Run) -> None:
    assert history() == (0, "1 digest owed; benchwatch run delivers.\n", "")
    assert history() == (0, "No digest is due.\n", "")
    assert owed() == ["lead:Community safety"]


def test_one_is_owed_at_once_to_the_one_named(history: Run) -> None:
    code, out, _ = history("--to", "U7", "--json")
    assert (code, json.loads(out)) == (0, {"owed": 1})
    assert owed() == ["to:U7"]


def test_beside_the_running_service_it_is_left_to_that(history: Run) -> None:
    lock = Lock(DATABASE)
    try:
        code, out, _ = history()
    finally:
        lock.release()
    assert (code, out) == (0, "1 digest owed; the running service delivers within seconds.\n")
    assert owed() == ["lead:Community safety"]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_nobody_of_that_name_is_wrong_usage(history: Run, options: tuple[str, ...]) -> None:
    code, out, err = history("--to", "Roads", *options)
    assert (code, out) == (2, "")
    assert "no digest goes to 'Roads'; digests go to Community safety, U7" in err


def test_before_the_first_release_there_is_nothing_to_send(run: Run) -> None:
    assert run("--dry-run")[:2] == (0, "No digest would be sent: there is nobody to tell, or no figure.\n")
    assert not DATABASE.exists()
    assert run()[:2] == (0, "No digest is due.\n")
