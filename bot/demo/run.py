"""The demonstration: the council's own story through the whole pipeline, shown as people would see it in Slack."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from bot import demo
from bot.charts import ThemeMove, themes_chart
from bot.commands import Answers
from bot.delivery import Delivery
from bot.demo.story import PERIODS, write_releases
from bot.preview import Post, Section, draw, page
from bot.slack_text import Message, Picture, escape, plain
from engine.catalogue import load_catalogue
from jobs.pipeline import ingest
from jobs.policy import OPS, TEAM, Policy
from jobs.sources import file
from state.database import connect
from state.reader import Reader
from state.views import OverallReport

QUESTIONS = ("theme Police", "overall", "indicator burglary", "bottom adult social care perception")
HOUR = time(9, 30, tzinfo=UTC)
PAGE, PICTURE = "benchwatch-demo.html", "benchwatch-demo-themes.png"
_LIMIT = 50 << 20

NEXT = """What to do next
  1. Look at the page:                     {page}
  2. Take in your own figures:             {command} ingest FILE.csv
     (the columns are in docs/operations.md)
  3. Ask in the terminal:                  {command} ask "theme Police"
  4. Run it, with messages printed here:   {command} run
     and drop files into drop/
  5. Connect Slack:                        "Ten minutes to a real Slack" in README.md"""
_BEFORE = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass
class _Channel:
    """Collects what would stand in the channel, in place of Slack."""

    posts: list[tuple[str, Message, datetime]] = field(default_factory=list)
    now: datetime = _BEFORE

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        del key
        self.posts.append((thread, message, self.now))
        return channel, str(len(self.posts))

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        return self.post(channel, Message(escape(picture.alt), []), key, thread)

    def update(self, channel: str, ts: str, message: Message) -> bool:
        thread, _, when = self.posts[int(ts) - 1]
        self.posts[int(ts) - 1] = thread, message, when
        return bool(channel)

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        del channel, key, since, thread
        return ""

    def standing(self, charts: dict[int, Picture]) -> tuple[Post, ...]:
        """The posts with their threads; ``charts`` go under the top-level posts of these numbers."""
        return tuple(
            Post(
                _json(message),
                f"{when:%d %B %Y, %H:%M}",
                thread=tuple(
                    Post(_json(reply), f"{at:%H:%M}") for under, reply, at in self.posts if under == str(number)
                ),
                charts=(charts[number],) if number in charts else (),
            )
            for number, (thread, message, when) in enumerate(self.posts, start=1)
            if not thread
        )


@dataclass(frozen=True)
class Shown:
    """What the demonstration made: sections as in Slack, the files written, and the same as a document."""

    sections: tuple[Section, ...]
    page: Path
    document: dict[str, Any]

    def show(self) -> None:
        """Print it for people."""
        console = Console()
        for section in self.sections:
            console.print(draw(section))
        console.print(NEXT.format(page=self.page, command=_command()), markup=False, highlight=False)


def _command() -> str:
    """How to call this program again: by its name where that is on the path, else by where it stands."""
    return "benchwatch" if shutil.which("benchwatch") else os.path.relpath(sys.argv[0])


def run_demo(out: Path) -> Shown:
    """Run the story in a folder of its own and write the page and the chart into ``out``."""
    channel = _Channel()
    with tempfile.TemporaryDirectory() as scratch:
        before, after = _replay(Path(scratch), channel)
        reader = Reader(Path(scratch) / "demo.db")
        try:
            answers = [(question, Answers(reader).answer(question)) for question in QUESTIONS]
        finally:
            reader.close()
    chart = _chart(before, after)
    alert = max(number for number, (thread, _, _) in enumerate(channel.posts, start=1) if not thread)
    sections = (
        Section("Alerts", channel.standing({alert: chart}), "performance", "What the team's channel holds."),
        *(
            Section(f"/rank {question}", (Post(_json(message)),), "", "Only the one who asked sees the answer.")
            for question, message in answers
        ),
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / PAGE).write_text(page(f"benchwatch: {demo.NAME}", sections), encoding="utf-8")
    (out / PICTURE).write_bytes(chart.png)
    return Shown(sections, out / PAGE, _document(channel, answers, chart, out))


def _replay(scratch: Path, channel: _Channel) -> tuple[OverallReport, OverallReport]:
    """Both releases through the pipeline and the outbox; the table of themes after each."""
    database = scratch / "demo.db"
    db = connect(database)
    policy = Policy(demo.COUNCIL, demo.COMPARATORS, load_catalogue([demo.CATALOGUE]), illustrative=demo.ILLUSTRATIVE)
    delivery = Delivery(db, database, channel, {TEAM: "performance", OPS: "performance-ops"}, lambda: channel.now)
    tables = []
    for path in write_releases(scratch):
        raw = file.read(path, limit=_LIMIT)
        published = raw.published or datetime.now(UTC).date()
        channel.now = datetime.combine(published, HOUR)
        ingest(db, raw, policy, now=channel.now, path=database)
        channel.now += timedelta(minutes=1)
        delivery.deliver_due()
        reader = Reader(database)
        tables.append(reader.overall())
        reader.close()
    db.close()
    before, after = tables
    if before is None or after is None:
        raise AssertionError("a release of the demonstration was not taken in")
    return before, after


def _chart(before: OverallReport, after: OverallReport) -> Picture:
    earlier = {view.name: view.standing for view in (*before.composites, *before.themes)}
    moves = [ThemeMove(view.name, earlier.get(view.name), view.standing) for view in (*after.composites, *after.themes)]
    return themes_chart(moves, after.snapshot, (PERIODS[0], PERIODS[1]))


def _json(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks}


def _document(channel: _Channel, answers: Iterable[tuple[str, Message]], chart: Picture, out: Path) -> dict[str, Any]:
    return {
        "messages": [{"text": plain(message), "in_thread": bool(thread)} for thread, message, _ in channel.posts],
        "answers": [{"question": question, "text": plain(message)} for question, message in answers],
        "chart": {"file": str(out / PICTURE), "alt": chart.alt},
        "page": str(out / PAGE),
    }
