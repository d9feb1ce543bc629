"""Publishers polled from an empty database, at the stand-ins: time, memory and requests, beside the bare downloads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.publishers.desk import settings_text
from tests.publishers.server import Asked, Publishers
from tests.real_data import OFFICIAL

ROOT = Path(__file__).parents[2]
WATCHED = ("ees", "els", "fingertips", "govuk", "lait", "nomis")
_POLL = [sys.executable, "-c", "from bot.cli import main; main()", "poll", "--json"]


@dataclass(frozen=True)
class Measured:
    """One poll: seconds on the clock and of the processor, peak memory in MB, and what it asked for."""

    seconds: float
    processor: float
    peak_mb: float
    asked: Sequence[Asked]


def report(folder: Path) -> None:
    """Print what a first fill and a second poll take."""
    if not OFFICIAL.is_dir():
        print("Publishers: skipped, the publishers' own files (../shared/data/official) are not here")
        return
    folder = folder / "publishers"
    folder.mkdir()
    with Publishers() as web:
        for stand_in in web.stand_ins.values():
            stand_in.max_age = 0  # so that the second poll has to ask whether anything changed
        (folder / "config.toml").write_text(settings_text(web, WATCHED), encoding="utf-8")
        _poll(folder, web)  # the stand-ins read and index their files at the first request
        for left in (folder / "state").rglob("*"):
            left.unlink() if left.is_file() else None
        first, second = _poll(folder, web), _poll(folder, web)
        bare = _download(web, first.asked)
    print("Publishers, polled from an empty database at stand-ins on loopback, by one command")
    _print("first fill", first)
    _print("second poll", second)
    ratio = first.seconds / bare
    print(f"  the same answers downloaded and thrown away: {bare:.1f} s; the first fill takes {ratio:.1f} times that")


def _print(what: str, one: Measured) -> None:
    counts = Counter(asked.name for asked in one.asked)
    conditional = sum(asked.conditional for asked in one.asked)
    print(
        f"  {what:11s} {one.seconds:5.1f} s ({one.processor:.1f} s of processor), peak {one.peak_mb:.0f} MB, "
        f"{len(one.asked)} requests, {conditional} of them conditional"
    )
    print("    " + ", ".join(f"{name} {number}" for name, number in sorted(counts.items())))


def _poll(folder: Path, web: Publishers) -> Measured:
    web.forget()
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(_POLL, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # waited for above
    seconds = time.perf_counter() - start
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, web.requests)


def _download(web: Publishers, asked: Sequence[Asked]) -> float:
    """Seconds that the same GET requests take without reading anything into the answers, each publisher in a thread."""

    def publisher(name: str) -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            for one in asked:
                if one.name == name and one.method == "GET":
                    address = httpx.URL(web.address(name) + one.path.lstrip("/"), params=dict(one.query))
                    client.get(address)

    start = time.perf_counter()
    with ThreadPoolExecutor(len(WATCHED)) as threads:
        list(threads.map(publisher, WATCHED))
    return time.perf_counter() - start
