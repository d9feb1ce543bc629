"""The running service against a local Slack: from a file appearing to its message standing, and answers under load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.real_data import LAIT
from tests.slack_double import SlackDouble

ROOT = Path(__file__).parents[2]
PEOPLE, CROWD = 20, 50
QUESTIONS = ("theme Police", "theme send", "overall", "theme economy", "bottom", "theme schools")
ALL_QUESTIONS = (
    *QUESTIONS,
    "indicator employment rate",
    "bottom schools",
    "changes 30d",
    "why theme schools",
    "council Durham",
    "compare Durham",
    "spend",
    "releases",
    "sources",
    "subscriptions",
    "help",
    "skools",
)
CHANNEL = "C0000000001"
PATIENCE = 60.0

_CONFIG = """
[council]
code = "E10000018"
comparators = "counties"
[slack]
mode = "http"
channel = "C0000000001"
ops_channel = "C0000000002"
[sources.file]
paths = ["drop/"]
every = "1s"
settle = "1s"
[polling]
on = false
[http]
port = 0
[logs]
format = "json"
"""


@dataclass(frozen=True)
class Running:
    """The service's process and where it listens."""

    process: subprocess.Popen[str]
    url: str

    def peak_mb(self) -> float:
        """Peak resident memory of the service and its worker together, each at its own peak."""
        pids = [self.process.pid, *_children(self.process.pid)]
        return sum(_peak_kb(pid) for pid in pids) / 1024


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
    return found + [grandchild for child in found for grandchild in _children(child)]


def _peak_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@contextmanager
def service(folder: Path, slack: SlackDouble) -> Iterator[Running]:
    """``benchwatch run`` in ``folder``, talking to ``slack`` over signed HTTP, until the end of the block."""
    (folder / "drop").mkdir(parents=True)
    (folder / "config.toml").write_text(_CONFIG, encoding="utf-8")
    secrets = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "signing-secret"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from bot.cli import main; main()", "run"],
        cwd=folder,
        env=os.environ | secrets | {"SLACK_API_URL": slack.api_url, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Running(process, f"http://127.0.0.1:{_port(process)}/slack/events")
    finally:
        process.terminate()
        process.wait(30)


def _port(process: subprocess.Popen[str]) -> int:
    """The port the service says it listens on; afterwards its log is read and thrown away."""
    assert process.stderr is not None
    port = 0
    for line in process.stderr:
        event = json.loads(line)
        port = event.get("port", port)
        if event["event"] == "started":
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return int(port)
    raise RuntimeError("the service ended before it was ready")


def report(folder: Path) -> None:
    """Print times from file to message, peak memory, and answers while a release is taken in."""
    if not LAIT.is_dir():
        print("Service: skipped, the real releases (../shared/data/releases/lait) are not here")
        return
    files = sorted(LAIT.glob("*.csv.gz"))
    with SlackDouble() as slack:
        slack.add_channel(CHANNEL)
        slack.add_channel("C0000000002")
        with service(folder / "service", slack) as running:
            print("From the file appearing to the message standing in the channel")
            for number, file in enumerate(files, start=1):
                answers: list[float] = []
                with ThreadPoolExecutor(1) as aside:
                    asked = aside.submit(_ask, slack, running) if number == 3 else None
                    seconds = _drop(slack, folder / "service" / "drop", file)
                    answers = asked.result() if asked else []
                aim = 10 if number == 1 else 5
                print(f"  {file.name:20s} {seconds:5.2f} s (aim {aim})")
                if answers:
                    _print_answers(answers)
            _crowd(slack, running)
            print(f"  peak memory of service and worker {running.peak_mb():.0f} MB (aim 600)")


def _drop(slack: SlackDouble, drop: Path, file: Path) -> float:
    """Seconds from the file standing in the folder to one more message standing in the team's channel."""
    before = len(slack.channel(CHANNEL).top_level())
    dictionary = file.with_name(file.name.removesuffix(".csv.gz") + ".indicators.csv")
    shutil.copy(dictionary, drop)
    shutil.copyfile(file, drop / file.name)
    start = time.perf_counter()
    slack.wait_for(lambda: len(slack.channel(CHANNEL).top_level()) > before, PATIENCE)
    return time.perf_counter() - start


def _ask(slack: SlackDouble, running: Running) -> list[float]:
    """Seconds from asking to the answer, 20 people asking at once, again and again for four seconds."""
    end = time.perf_counter() + 4.0
    taken: list[float] = []

    def person(number: int) -> None:
        turn = number
        while time.perf_counter() < end:
            turn += 1
            taken.append(_answered(slack, running, QUESTIONS[turn % len(QUESTIONS)], f"U{number:03d}"))
            pause.wait(1.0)  # a person reads before asking again; all twenty ask in the same second

    pause = threading.Event()
    with ThreadPoolExecutor(PEOPLE) as people:
        list(people.map(person, range(PEOPLE)))
    return taken


def _answered(slack: SlackDouble, running: Running, question: str, user: str) -> float:
    """Seconds from one person's question to the answer."""
    start = time.perf_counter()
    reply = slack.slash("/rank", question, url=running.url, user=user, channel=CHANNEL)
    slack.wait_for(lambda: slack.responses(reply), PATIENCE)
    return time.perf_counter() - start


def _crowd(slack: SlackDouble, running: Running) -> None:
    """Print how fifty commands sent in the same moment are acknowledged and answered, asked once and once again."""
    for what in ("the first time", "again"):
        gate = threading.Barrier(CROWD)
        questions = [ALL_QUESTIONS[at % len(ALL_QUESTIONS)] for at in range(CROWD)]

        def person(
            number: int, gate: threading.Barrier = gate, asked: Sequence[str] = questions
        ) -> tuple[float, float]:
            gate.wait()
            start = time.perf_counter()
            reply = slack.slash("/rank", asked[number], url=running.url, user=f"U{number:03d}", channel=CHANNEL)
            acknowledged = time.perf_counter() - start
            slack.wait_for(lambda: slack.responses(reply), PATIENCE)
            return acknowledged, time.perf_counter() - start

        with ThreadPoolExecutor(CROWD) as people:
            taken = list(people.map(person, range(CROWD)))
        slowest, answers = max(acknowledged for acknowledged, _ in taken), [answer for _, answer in taken]
        print(
            f"  {CROWD} commands at once, {what}: slowest acknowledgement {slowest:.2f} s (aim 3), answers median "
            f"{1000 * median(answers):.0f} ms (aim 100), slowest {1000 * max(answers):.0f} ms"
        )


def _print_answers(taken: list[float]) -> None:
    worst = quantiles(taken, n=100)[98]
    print(
        f"    meanwhile {len(taken)} answers to {PEOPLE} people asking at once: median {1000 * median(taken):.0f} ms "
        f"(aim 50), 99th percentile {1000 * worst:.0f} ms (aim 250)"
    )
