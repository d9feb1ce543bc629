"""A database and settings for the stand-ins: publishers polled as the command does it, in this process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import stamina
import time_machine
from sqlite_utils import Database

from bot.messages import render
from bot.slack_text import plain
from jobs.http import ATTEMPTS, Client
from jobs.notices import from_json
from jobs.policy import Policy, policy_from
from jobs.polling import Polled, new_client
from jobs.publishers import may_be_asked, poll_publishers
from jobs.settings import Settings, load_settings
from state import sources
from state.database import connect
from tests.publishers.server import Publishers

COUNCIL = "E10000018"
START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BETWEEN_LOOKS = timedelta(hours=7)
"""Longer than anything is kept without asking, and than a publisher that fails is left alone."""


def settings_text(web: Publishers, names: Sequence[str], more: str = "", *, table: str = "") -> str:
    """Settings under which these publishers are watched, at their stand-ins, and no others.

    ``table`` are settings of each of them.
    """
    from jobs.sources import publisher_names  # noqa: PLC0415  # looked up late: a test may add a source

    tables = [
        f'[sources.{name}]\non = true\naddress = "{web.address(name)}"\n{table}'
        if name in names
        else f"[sources.{name}]\non = false\n"
        for name in publisher_names()
    ]
    return "\n".join([*tables, "[calendar]\non = false\n", more])


class Desk:
    """One benchwatch beside the stand-ins.

    ``now`` is its clock, set by a test or the real one; once set, each look comes some hours after the one before.
    ``client`` is the usual one unless a test sets another before the first look.
    """

    def __init__(self, folder: Path, web: Publishers, names: Sequence[str], more: str = "", *, table: str = "") -> None:
        self.names = names
        self.now: datetime | None = None
        self.client: Client | None = None
        self.attempts = ATTEMPTS
        self._folder, self._more, self._table = folder, more, table
        self.move(web)
        self.policy: Policy = policy_from(self.settings)
        self.settings.state.path.parent.mkdir(exist_ok=True)
        self.db: Database = connect(self.settings.state.path)

    def move(self, web: Publishers) -> None:
        """Watch the publishers at other stand-ins from now on."""
        self.web = web
        path = self._folder / "config.toml"
        path.write_text(settings_text(web, self.names, self._more, table=self._table), encoding="utf-8")
        self.settings: Settings = load_settings(path, {})

    def close(self) -> None:
        """Close the client and the database."""
        if self.client:
            self.client.close()
        self.db.close()

    def poll(self, *names: str) -> Polled:
        """One look at these publishers, or all, with all that it brought; nobody waits between attempts."""
        with ExitStack() as stack:
            if self.now:
                self.now += BETWEEN_LOOKS
                stack.enter_context(time_machine.travel(self.now))
            stack.enter_context(stamina.set_testing(True, attempts=self.attempts))
            self.client = self.client or new_client(self.settings)
            polls = list(poll_publishers(self.db, self.settings, self.policy, self.client, names or self.names))
        return Polled(
            tuple(outcome for polled in polls for outcome in polled.outcomes),
            tuple(refusal for polled in polls for refusal in polled.refusals),
        )

    def left_alone(self, name: str, seconds: float) -> bool:
        """Whether the schedule would leave a publisher alone so many seconds after the last look."""
        return not may_be_asked(sources.places(self.db, name), (self.now or START) + timedelta(seconds=seconds))

    def figures(self, *, apart: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that answers and alerts are made from; ``apart`` from some indicators, figures and ranks alone."""
        tables = ("observations", "revisions", "series", "indicators", "ranks", "theme_ranks", "snapshots", "changes")
        if not apart:
            return {table: list(self.db.execute(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608
        of_series = "JOIN series ON series.id = series_id JOIN indicators ON indicators.id = series.indicator_id"
        of_ranks = "JOIN indicators ON indicators.id = indicator_id"
        skipped = ", ".join("?" * len(apart))
        return {
            table: list(self.db.execute(f"SELECT {table}.* FROM {table} {join} WHERE code NOT IN ({skipped})", apart))  # noqa: S608
            for table, join in (("observations", of_series), ("ranks", of_ranks))
        }

    def latest(self, code: str, area: str = COUNCIL) -> float | None:
        """The last figure held of an indicator."""
        rows = self.db.execute(
            "SELECT value FROM ranks JOIN indicators ON indicators.id = indicator_id "
            "JOIN areas ON areas.id = area_id WHERE until_snapshot IS NULL AND indicators.code = ? AND areas.code = ?",
            (code, area),
        )
        return next((row[0] for row in rows), None)

    def owed(self) -> list[tuple[str, str]]:
        """Destination and kind of every message owed."""
        return list(self.db.execute("SELECT destination, kind FROM outbox ORDER BY id"))

    def told(self) -> list[dict[str, Any]]:
        """What the ops channel has been told."""
        return [json.loads(payload) for payload in self._payloads()]

    def read(self) -> list[str]:
        """What people read of it in the ops channel."""
        return [plain(render(from_json(payload))) for payload in self._payloads()]

    def _payloads(self) -> list[str]:
        rows = self.db.execute("SELECT payload FROM outbox WHERE destination = 'ops' ORDER BY id")
        return [row[0] for row in rows]

    def areas(self) -> Counter[str]:
        """For each indicator ranked now, how many of the comparators have a figure."""
        rows = self.db.execute(
            'SELECT indicators.code, max("of") FROM ranks JOIN indicators ON indicators.id = indicator_id '
            "WHERE until_snapshot IS NULL GROUP BY 1"
        )
        return Counter(dict(rows))


@contextmanager
def desk(folder: Path, web: Publishers, names: Sequence[str], more: str = "", *, table: str = "") -> Iterator[Desk]:
    """A desk that is closed at the end."""
    made = Desk(folder, web, names, more, table=table)
    try:
        yield made
    finally:
        made.close()
