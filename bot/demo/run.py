"""The demonstration: the council's own story through the whole pipeline, shown as people would see it in Slack."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bot import demo, report
from bot.demo.stage import ANALYST, LEAD_CHANNEL, OPS_CHANNEL, SERVICE_LEAD, TEAM_CHANNEL, Stage, Standing, View
from bot.demo.story import write_correction, write_out_of_scale, write_releases
from bot.messages.alerts import ACKNOWLEDGE, CHART, WHY
from bot.messages.ops import REJECT
from bot.preview import Post, Section, Surface, draw, page
from bot.report.parts import Paper
from bot.slack_text import Message, Picture, literal, plain

QUESTIONS = ("theme police", "indicator burglary", "scorecard", "spend", "compare nottinghamshire", "chart bottom")
PAGE, PICTURE = "benchwatch-demo.html", "benchwatch-demo-themes.png"
REPORT, DOCUMENT = "benchwatch-demo-report.html", "benchwatch-demo-report.docx"

CAUSE = "Example: the survey went out in the weeks of the new rota"
ACTION = "Example: carers are asked again by telephone"
REASON = "Example: these are per 100,000 people, not per 1,000"

NOTE = (
    "What people see in Slack, in the order it happens. The council's own figures are the published ones; those of the "
    "other counties are generated and marked so."
)
NEXT = """What to do next
  1. Look at all of it, as a page:     {page}
     and at the annex to a report:     {report}
  2. Take in your own figures:         {command} ingest FILE.csv
     (the columns are in docs/operations.md)
  3. Ask in the terminal:              {command} ask "theme Police"
  4. Run it, with messages here:       {command} run
     and drop files into drop/
  5. Connect Slack:                    docs/slack-setup.md"""

_LINES = 12
"""Lines of a message that the terminal shows."""

_WHOLE = 40
"""As many for what is to be seen whole."""

_ABOUT = "Carers' satisfaction"
_SUBSCRIBED = "Police & Crime"


@dataclass(frozen=True)
class Shown:
    """What the demonstration made: sections as in Slack, the files written, and the same as a document.

    ``brief`` are the sections for the terminal, each with how many lines of a message it shows there.
    """

    sections: tuple[Section, ...]
    brief: tuple[tuple[Section, int], ...]
    page: Path
    document: dict[str, Any]

    def show(self) -> None:
        """Print it for people, in brief."""
        console = Console()
        console.print(f"{NOTE} Here it is in brief; all of it is on the page.", highlight=False)
        for section, lines in self.brief:
            console.print(draw(section, most=lines))
        console.print()
        told = NEXT.format(page=self.page, report=self.page.with_name(REPORT), command=_command())
        console.print(told, markup=False, highlight=False)


def _command() -> str:
    """How to call this program again: by its name where that is on the path, else by where it stands."""
    return "benchwatch" if shutil.which("benchwatch") else os.path.relpath(sys.argv[0])


def run_demo(out: Path) -> Shown:
    """Run the story in a folder of its own and write the page and the chart into ``out``."""
    out.mkdir(parents=True, exist_ok=True)  # first of all: where that cannot be done, there is no need to wait
    with tempfile.TemporaryDirectory() as scratch, Stage(Path(scratch)) as stage:
        play = _Play(stage, Path(scratch))
        play.run()
        annex = play.annex
    (out / PAGE).write_text(page(f"benchwatch: {demo.NAME}", play.sections, NOTE), encoding="utf-8")
    (out / PICTURE).write_bytes(play.chart.png)
    (out / REPORT).write_text(report.page(annex), encoding="utf-8")
    (out / DOCUMENT).write_bytes(report.document(annex))
    document = {
        "messages": [
            {"text": _words(one.said), "in_thread": bool(one.thread), "channel": one.channel} for one in stage.stands
        ],
        "answers": [{"question": question, "text": text} for question, text in play.answers],
        "modals": [_read(view) for view in play.modals],
        "home": _read(play.home),
        "chart": {"file": str(out / PICTURE), "alt": play.chart.alt},
        "page": str(out / PAGE),
        "report": [str(out / REPORT), str(out / DOCUMENT)],
    }
    return Shown(tuple(play.sections), tuple(play.brief), out / PAGE, document)


@dataclass
class _Play:
    """The story, scene by scene, and what was seen in it."""

    stage: Stage
    folder: Path
    sections: list[Section] = field(default_factory=list)
    brief: list[tuple[Section, int]] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    modals: list[View] = field(default_factory=list)
    home: View = field(default_factory=dict)
    chart: Picture = field(init=False)
    annex: Paper = field(init=False)

    def run(self) -> None:
        """Play all of it. The correction comes last, as its figure is made up and nothing else is to rest on it."""
        first, second = write_releases(self.folder)
        self._baseline(first)
        alert = self._alert(second)
        self._looked_into(alert)
        self._acknowledged(alert)
        self._held(write_out_of_scale(self.folder, second))
        self._digest()
        self._asked()
        self._home()
        self.annex = self.stage.annex()
        self._corrected(alert, write_correction(self.folder, second))

    def _baseline(self, release: Path) -> None:
        self._at(2016, 9, 30)
        self.stage.release(release)
        baseline = self._latest(TEAM_CHANNEL)
        note = "The first release brings one message and no alerts."
        self._scene("The first figures", [self._post(baseline)], TEAM_CHANNEL, note)

    def _alert(self, release: Path) -> Standing:
        self._at(2017, 10, 30, 8)
        self.stage.digests()  # a Monday; from now on there is a week to tell of
        self._at(2017, 10, 31)
        self.stage.release(release)
        alert = self._latest(TEAM_CHANNEL)
        note = "A year later new figures come. The service leads get the same about their own themes."
        self._scene("The alert", [self._post(alert)], TEAM_CHANNEL, note, lines=_WHOLE)
        return alert

    def _looked_into(self, alert: Standing) -> None:
        """[Why?] and [Chart]."""
        why = self._pressed(SERVICE_LEAD, alert, WHY)
        self._scene("[Why?] pressed", [Surface(why)], note="A modal that only the one who pressed sees.")
        before = len(self.stage.stands)
        self.stage.press(SERVICE_LEAD, alert, CHART)
        [charted] = self.stage.stands[before:]
        if isinstance(charted.said, Picture):
            self.chart = charted.said
        self._scene("[Chart] pressed", [_post(charted)], TEAM_CHANNEL, "In the alert's thread, for everybody.")

    def _acknowledged(self, alert: Standing) -> None:
        form = self._pressed(SERVICE_LEAD, alert, ACKNOWLEDGE)
        [choices] = (block["element"] for block in form["blocks"] if block.get("block_id") == "subjects")
        chosen = [option for option in choices["options"] if option["text"]["text"].startswith(_ABOUT)]
        filled: dict[str, View] = {
            "subjects": {"selected_options": chosen},
            "cause": {"value": CAUSE},
            "action": {"value": ACTION},
            "review": {"selected_date": "2017-11-20"},
        }
        note = "A form, and the alert as it stands when it is sent in. Its thread and the next digest say the same."
        self._changed(
            "[Acknowledge] pressed", alert, note, lambda: self.stage.send(SERVICE_LEAD, form, filled), Surface(form)
        )

    def _held(self, release: Path) -> None:
        self._at(2017, 11, 2)
        self.stage.release(release)
        held = self._latest(OPS_CHANNEL)
        note = "Here one indicator comes a hundred times too large. Only approvers can decide."
        self._scene("A doubtful release is held", [self._post(held)], OPS_CHANNEL, note)
        form = self._pressed(ANALYST, held, REJECT)

        def decide() -> None:
            self.stage.send(ANALYST, form, {"reason": {"value": REASON}})
            self.stage.turn_down()

        note = "A form, and the message as it stands when it is sent in."
        self._changed("[Reject] pressed", held, note, decide, Surface(form))

    def _digest(self) -> None:
        self._at(2017, 11, 6, 8)
        self.stage.digests()
        digest = self._latest(LEAD_CHANNEL)
        note = "Every Monday, one message for each lead about the themes that are theirs."
        self._scene("The weekly digest", [self._post(digest)], LEAD_CHANNEL, note)

    def _asked(self) -> None:
        note = "Only the one who asked sees the answer, and can share it."
        for question in QUESTIONS:
            answer, chart = self.stage.ask(question)
            post = Post(answer, charts=(chart,) if chart else ())
            self._scene(f"/rank {question}", [post], note=note)
            note = ""
            self.answers.append((question, _read(answer)))

    def _home(self) -> None:
        self.home = self.stage.home(SERVICE_LEAD, _SUBSCRIBED)
        note = "Everybody chooses here what to hear of; this one has chosen Police & Crime for the weekly digest."
        self._scene("The Home tab", [Surface(self.home)], note=note)

    def _corrected(self, alert: Standing, release: Path) -> None:
        self._at(2017, 11, 9)
        note = (
            "A revised figure takes a change back, so the alert is changed where it stands and its thread says so. "
            "The figure is made up for this: nothing of the kind was published."
        )
        self._changed("A correction", alert, note, lambda: self.stage.release(release))

    # What all scenes share

    def _changed(self, heading: str, message: Standing, note: str, act: Callable[[], None], *before: Surface) -> None:
        """A scene in which a message that stands is changed: as a whole, and in brief what is new in it."""
        then, count = self._now(message), len(self.stage.stands)
        act()
        now = self._now(message)
        replies = [one for one in self.stage.stands[count:] if one.thread == message.number]
        whole = Post(_json(now.said), _day(now.at), tuple(_post(reply) for reply in replies))
        old = set(_words(then.said).splitlines())
        new = [line for line in _words(now.said).splitlines() if line not in old]
        in_brief = Post({"text": "\n".join(map(literal, new))}, "(what is new in it)", whole.thread)
        self._scene(heading, [*before, whole], message.channel, note, [*before, in_brief])

    def _scene(
        self,
        heading: str,
        posts: Iterable[Post | Surface],
        channel: str = "",
        note: str = "",
        in_brief: Iterable[Post | Surface] | None = None,
        lines: int = _LINES,
    ) -> None:
        whole = tuple(posts)
        name = f"{len(self.sections) + 1}. {heading}"
        self.sections.append(Section(name, whole, channel, note))
        brief = Section(name, whole if in_brief is None else tuple(in_brief), channel, note)
        self.brief.append((brief, lines))

    def _pressed(self, person: str, message: Standing, action: str) -> View:
        view = self.stage.press(person, self._now(message), action)
        self.modals.append(view)
        return view

    def _at(self, year: int, month: int, day: int, hour: int = 9) -> None:
        self.stage.at(datetime(year, month, day, hour, 30, tzinfo=UTC))

    def _latest(self, channel: str) -> Standing:
        """The newest message of a channel itself."""
        return next(one for one in reversed(self.stage.stands) if one.channel == channel and not one.thread)

    def _now(self, message: Standing) -> Standing:
        return next(one for one in self.stage.stands if one.number == message.number)

    def _post(self, message: Standing) -> Post:
        """A message with its thread, as it stands now."""
        thread = tuple(_post(one) for one in self.stage.stands if one.thread == message.number)
        return Post(_json(message.said), _day(message.at), thread)


def _post(standing: Standing) -> Post:
    charts = (standing.said,) if isinstance(standing.said, Picture) else ()
    return Post(_json(standing.said), f"{standing.at:%H:%M}", charts=charts)


def _day(at: datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M}"


def _json(said: Message | Picture) -> Mapping[str, Any]:
    return {"text": ""} if isinstance(said, Picture) else {"text": said.text, "blocks": said.blocks}


def _words(said: Message | Picture) -> str:
    return said.alt if isinstance(said, Picture) else plain(said)


def _read(view: View) -> str:
    """The words of an answer, a modal or a Home tab, and what a form asks for."""
    title = [view["title"]["text"]] if "title" in view else []
    asked = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    said = plain(Message(view.get("text", ""), [block for block in view["blocks"] if block["type"] != "input"]))
    return "\n".join([*title, *([said] if said else []), *asked])
