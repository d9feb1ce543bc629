"""The running service beside a local Slack: started, watched and ended as an operator does it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from tests.slack_double import SlackDouble
from tests.system.commands import COMMAND, Desk, Launcher, environ

T = TypeVar("T")
PATIENCE = 60.0
TOKENS = {
    "SLACK_BOT_TOKEN": "xoxb-7-secret-bot",
    "SLACK_APP_TOKEN": "xapp-7-secret-app",
    "SLACK_SIGNING_SECRET": "s1gn1ng",
}
TEAM, OPS = "C0TEAM", "C0OPS"

SETTINGS = f"""
[slack]
mode = "{{mode}}"
channel = "{TEAM}"
ops_channel = "{OPS}"

[sources.file]
paths = ["drop"]
every = "0.1s"
settle = "0s"

[http]
port = 0
"""


def until(fact: Callable[[], T], what: str = "", patience: float = PATIENCE) -> T:
    """The first true value of ``fact``, tried again and again; AssertionError when it never comes."""
    deadline = time.monotonic() + patience
    pause = threading.Event()
    while True:
        found = fact()
        if found:
            return found
        assert time.monotonic() < deadline, f"never came: {what or fact}"
        pause.wait(0.05)


class Running(Protocol):
    """A process that can be sent signals, and waited for."""

    pid: int

    def wait(self, timeout: float) -> int:
        """The exit code once it has ended; negative for a signal."""


class Forked:
    """A process forked by a Launcher, waited for in a thread."""

    def __init__(self, launcher: Launcher, request: dict[str, object]) -> None:
        begun = threading.Event()
        self.pid = 0
        self._code: int | None = None

        def started(pid: int) -> None:
            self.pid = pid
            begun.set()

        def run() -> None:
            self._code = launcher.run(request, started)["code"]

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert begun.wait(PATIENCE), "the launcher takes a minute to load the libraries"

    def wait(self, timeout: float) -> int:
        self._thread.join(timeout)
        assert self._code is not None, "still running"
        return self._code


class Service:
    """One run of the service; what it writes is in files and read from there."""

    def __init__(self, folder: Path, process: Running) -> None:
        self._folder = folder
        self._process = process
        self._ended = False

    @property
    def out(self) -> str:
        """Standard output so far."""
        return (self._folder / "service.out").read_text("utf-8")

    @property
    def err(self) -> str:
        """Standard error so far."""
        return (self._folder / "service.err").read_text("utf-8")

    def says(self, words: str) -> str:
        """Wait for a line on standard error that holds the words, and return it."""
        return until(
            lambda: next((line for line in self.err.splitlines() if words in line), ""), f"{words!r} in {self._folder}"
        )

    @property
    def address(self) -> str:
        """Where it listens."""
        found = re.search(r"port=(\d+)", self.says("listening"))
        assert found
        return f"http://127.0.0.1:{found[1]}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, group: bool = False) -> int:
        """Ask it to end, the whole process group if asked as a terminal does, and return the exit code."""
        return self._end(number, group=group)

    def _end(self, number: signal.Signals, *, group: bool = False) -> int:
        (os.killpg if group else os.kill)(self._process.pid, number)
        self._ended = True
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        """End it if nobody has."""
        if not self._ended:
            self.kill()


def prepare(desk: Desk, mode: str = "socket", more: str = "") -> None:
    """Settings for a service beside a Slack."""
    desk.settings(SETTINGS.format(mode=mode) + more)
    (desk.folder / "drop").mkdir(exist_ok=True)


def new_slack() -> SlackDouble:
    """A Slack with the two channels, as patient as the service asks."""
    slack = SlackDouble(
        bot_token=TOKENS["SLACK_BOT_TOKEN"],
        app_token=TOKENS["SLACK_APP_TOKEN"],
        signing_secret=TOKENS["SLACK_SIGNING_SECRET"],
    )
    for channel in (TEAM, OPS):
        slack.add_channel(channel)
    return slack


@contextmanager
def running(
    desk: Desk, slack: SlackDouble | None, launcher: Launcher | None, pace: float | None = None
) -> Iterator[Service]:
    """The service, forked by the launcher, or a process from nothing when there is none.

    With ``pace``, which needs a launcher, messages follow each other in a channel after so many seconds.
    """
    secrets = environ({**TOKENS, "SLACK_API_URL": slack.api_url} if slack else {})
    out, err = desk.folder / "service.out", desk.folder / "service.err"
    out.write_bytes(b"")
    err.write_bytes(b"")
    process: Running
    if launcher is None:
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*COMMAND, "run"], cwd=desk.folder, env=secrets, stdout=stdout, stderr=stderr, start_new_session=True
            )
    else:
        request: dict[str, object] = {"arguments": ["run"], "folder": str(desk.folder), "environ": secrets}
        if pace is not None:
            request["pace"] = pace
        process = Forked(launcher, {**request, "out": str(out), "err": str(err), "user": 0, "file_size": 0})
    service = Service(desk.folder, process)
    try:
        yield service
    finally:
        service.close()
