"""The real releases replayed by six choices of settings, beside taking them in by one of them, in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from jobs.pipeline import ingest
from jobs.policy import policy_from
from jobs.settings import load_settings
from jobs.simulating import Simulation, simulate
from jobs.sources.file import read
from state.database import connect, connect_reader
from tests.real_data import LAIT, lait_releases

ROOT = Path(__file__).parents[2]
AIM, AIM_MB = 30, 600
LIMIT = 1 << 28


def report(folder: Path) -> None:
    """Print seconds and peak memory of the replay, and how often it fits into taking the releases in anew."""
    if not LAIT.is_dir():
        print("Simulating: skipped, the real releases (../shared/data/releases/lait) are not here")
        return
    folder = folder / "simulating"
    (folder / "state").mkdir(parents=True)
    (folder / "config.toml").write_text("", encoding="utf-8")
    taking = _take_in(folder)
    start = time.perf_counter()
    found = _replay(folder)
    replaying = time.perf_counter() - start
    peak = _peak_mb(folder)
    choices = 1 + len(found.variants)
    print(
        f"Simulating {found.releases} releases by {choices} choices of settings: {replaying:.1f} s (aim {AIM}), the "
        f"command at its peak {peak:.0f} MB (aim {AIM_MB})"
    )
    print(
        f"  taking them in anew by one choice, as one would to try it out: {taking:.1f} s; by all {choices} that is "
        f"{choices * taking / replaying:.0f} times as long"
    )


def _take_in(folder: Path) -> float:
    """Seconds to take all releases in."""
    policy = policy_from(load_settings(folder / "config.toml"))
    path = folder / "state" / "benchwatch.db"
    start = time.perf_counter()
    with closing(connect(path)) as db:
        for file in lait_releases():
            ingest(db, read(file, limit=LIMIT), policy, now=datetime.now(UTC), path=path)
    return time.perf_counter() - start


def _replay(folder: Path) -> Simulation:
    with closing(connect_reader(folder / "state" / "benchwatch.db")) as db:
        return simulate(db, policy_from(load_settings(folder / "config.toml")))


def _peak_mb(folder: Path) -> float:
    """Peak resident memory of ``benchwatch simulate``, as its process says at its end."""
    command = [sys.executable, "-c", _COMMAND, "simulate", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) / 1024


_COMMAND = """
import sys
from pathlib import Path
from bot.cli import main
try:
    main()
except SystemExit as end:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), file=sys.stderr)
    raise
"""
