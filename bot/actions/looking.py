"""Buttons that show more of an alert: why it moved, in a modal, and its chart, in the thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from bot.actions.desk import STALE, Body, Desk, Found, Pressed, Sent, headline, sentence, subjects
from bot.actions.forms import OPTIONS, View, dropdown, modal, picked, said
from bot.messages.alerts import CHART, WHY
from bot.people import Person
from bot.slack_text import Block, Message
from engine.changes import Kind
from jobs.notices import ChartNotice, Moved, ReleaseAlert
from state import outbox, snapshots

_TITLE = "Why it moved"
_ROOM = 90
OTHER = f"{WHY}:other"


class Why(Protocol):
    """Decomposes a change of standing."""

    def __call__(self, subject: str, snapshot: int | None) -> Sequence[Block]:
        """Blocks that say why a subject moved: in the snapshot with a number, or in the latest."""


class Looking:
    """[Why?] and [Chart]."""

    def __init__(self, desk: Desk, why: Why) -> None:
        self._desk = desk
        self._why = why
        self.presses: Mapping[str, Pressed] = {
            WHY: self.why,
            OTHER: self.other,
            CHART: self.chart,
        }
        self.forms: Mapping[str, Sent] = {}

    def why(self, body: Body) -> Message | None:
        """Show why the change of the first line came about, and offer the others."""
        found = self._desk.pressed(body, ReleaseAlert)
        if found is None or not found.notice.moved:
            return sentence(STALE)
        return self._desk.show(body, _TITLE, lambda: self._view(found, headline(found.notice)))

    def other(self, body: Body) -> None:
        """Show why another change of the same alert came about."""
        view = body["view"]
        chosen = str((body["actions"][0].get("selected_option") or {}).get("value", ""))
        self._desk.change(view["id"], _TITLE, lambda: self._other(view.get("private_metadata"), chosen))

    def _other(self, ref: object, chosen: str) -> View:
        found = self._desk.find(ref, ReleaseAlert)
        places = picked([chosen], len(found.notice.moved)) if found else []
        return self._view(found, places[0]) if found and places else said(_TITLE, STALE)

    def _view(self, found: Found[ReleaseAlert], at: int) -> View:
        moved = found.notice.moved
        label = found.notice.footing.snapshot
        snapshot = self._desk.reader.read(lambda db: snapshots.numbered(db, label))
        blocks = list(self._why(moved[at].change.subject, snapshot))[:_ROOM]
        options = subjects(moved, headline(found.notice), OPTIONS)
        chosen = next((option for option in options if option.value == str(at)), None)
        if chosen is not None and len(options) > 1:
            # The block is called after what it shows, or Slack would keep what was chosen before.
            blocks.append(dropdown(f"other:{at}", OTHER, "Another change of this alert:", options, chosen))
        return modal(_TITLE, blocks, kept=str(found.ref))

    def chart(self, body: Body) -> Message:
        """Post the chart of what the first line tells into the thread, once."""
        found = self._desk.alert(self._desk.pressed(body, ReleaseAlert), Person.of(body), "Posting a chart")
        if isinstance(found, str):
            return sentence(found)
        kind, names = chart_of(found.notice.moved, headline(found.notice))
        digest = hashlib.sha256(repr(names).encode()).hexdigest()[:12]
        key = f"chart/{found.ref}/{kind}/{digest}"
        with self._desk.writer.unit() as db:
            new = self._desk.owe(db, found, ChartNotice("chart", kind, names), key)
            [row] = outbox.under(db, key)
        if row.state == "sent":
            return sentence("*The chart is in the thread already.*")
        if row.state == "suppressed":
            return sentence("*The chart could not be posted into the thread.*")
        if new:
            self._desk.deliver_soon()
        return sentence("*The chart is on its way into the thread.*")


def chart_of(moved: Sequence[Moved], first: int) -> tuple[Literal["theme", "themes", "indicator"], tuple[str, ...]]:
    """What to draw for an alert: the themes that moved, or the indicator of the first line."""
    change = moved[first].change
    if change.indicator is not None:
        return "indicator", (change.indicator,)
    if change.kind is not Kind.THEME_MOVED:
        return "theme", (change.theme,)
    names = tuple(dict.fromkeys(one.change.theme for one in moved if one.change.kind is Kind.THEME_MOVED))
    return ("theme", names) if len(names) == 1 else ("themes", names)
