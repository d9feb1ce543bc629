"""What all actions share: the message a button belongs to, the forms it opens, and how people are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import words
from bot.actions.forms import Option, View, loading, said
from bot.messages.alerts import foremost
from bot.people import Permissions, Person
from bot.slack_errors import NO_REPLY
from bot.slack_text import Message, clean, compose, cut, escape, paragraphs, size
from jobs.notices import Moved, Notice, ReleaseAlert, from_json
from jobs.owing import owe
from state import outbox
from state.database import Database, Writer
from state.reader import Reader

log = structlog.get_logger(__name__)

Body = dict[str, Any]
N = TypeVar("N")

Pressed = Callable[[Body], Message | None]
"""What a press does; what it returns is said to the one who pressed."""


@dataclass(frozen=True)
class Submitted:
    """How a form sent in is acknowledged, and what is then done; done without anybody waiting for it."""

    ack: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[], None] | None = None


Sent = Callable[[Body], Submitted]

_TOO_LATE = {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"}
_SHOWN = 5
_LONGEST_NUMBER = 18


def sentence(*lines: str) -> Message:
    """A short answer in mrkdwn."""
    return compose(paragraphs(lines))


STALE = "*This button is no longer of use.* What it belongs to is gone or stands elsewhere."
SORRY = "*That did not work.* The fault is on this side and has been logged; please try again later."
_UNKNOWN = "Slack cannot be asked who is of this workspace; please try again soon."
TOO_LATE = "*That took too long, so nothing was opened.* Please press the button again."


@dataclass(frozen=True)
class Found(Generic[N]):
    """The message that a button or a form belongs to, where it stands, and the facts it tells."""

    ref: int
    notice: N
    channel: str
    destination: str


@dataclass(frozen=True)
class Desk:
    """What actions read, write and answer with."""

    reader: Reader
    writer: Writer
    permissions: Permissions
    client: WebClient
    deliver_soon: Callable[[], None]
    clock: Callable[[], datetime]

    def pressed(self, body: Body, kind: type[N]) -> Found[N] | None:
        """The message whose button was pressed; None unless it is of the kind and stands in that very channel.

        It may be pressed before its place is noted; a direct message then has the ID of its reader in place of it.
        """
        found = self.find(body["actions"][0].get("value"), kind)
        channel = str((body.get("channel") or {}).get("id"))
        if found and found.channel == Person.of(body).id and channel.startswith("D"):
            return replace(found, channel=channel)
        return found if found and channel == found.channel else None

    def find(self, ref: object, kind: type[N]) -> Found[N] | None:
        """The message with a number, given as text, where it is of the kind and stands in Slack, or may stand there."""
        text = str(ref)
        if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
            return None
        number = int(text)

        def query(db: Database) -> tuple[outbox.Owed | None, outbox.Part | None]:
            return outbox.owed(db, number), outbox.parts(db, number).get(0)

        owed, part = self.reader.read(query)
        if owed is None or part is None:
            return None
        notice = from_json(owed.payload)
        return Found(number, notice, part.channel, owed.destination) if isinstance(notice, kind) else None

    def alert(self, found: Found[ReleaseAlert] | None, person: Person, what: str) -> Found[ReleaseAlert] | str:
        """The alert that a button or form belongs to, or why the person may not do this with it, in mrkdwn."""
        if found is None or not found.notice.moved:
            return STALE
        return self.refusal(person, what) or found

    def show(self, body: Body, title: str, make: Callable[[], View]) -> Message | None:
        """Open a modal for the one who pressed: an empty one at once, as Slack waits three seconds only."""
        try:
            opened = self.client.views_open(trigger_id=body["trigger_id"], view=loading(title))
        except SlackApiError as error:
            if error.response.get("error") in _TOO_LATE:
                return sentence(TOO_LATE)
            raise
        self.change(opened["view"]["id"], title, make)
        return None

    def change(self, view_id: str, title: str, make: Callable[[], View]) -> None:
        """Put another modal in the place of an open one; one that was closed meanwhile is let be."""
        try:
            view = make()
        except Exception:  # whatever went wrong, the one who waits is told
            log.exception("form_failed", title=title)
            view = said(title, SORRY)
        try:
            self.client.views_update(view_id=view_id, view=view)
        except SlackApiError as error:
            if error.response.get("error") != "not_found":
                raise

    def owe(self, db: Database, found: Found[Any], notice: Notice, key: str) -> bool:
        """Owe what changes a message that stands; False when it was owed already."""
        return owe(db, key, found.destination, notice, self.clock().astimezone(UTC), amends=found.ref) is not None

    def stamp(self) -> str:
        """The moment it is, as it is stored: in UTC."""
        return self.clock().astimezone(UTC).isoformat(timespec="seconds")

    def today(self) -> date:
        """The day it is where the council is."""
        return self.clock().date()

    def tell(self, found: Found[Any], person: Person, message: Message) -> None:
        """Say something to one person where the message stands; forms have no other way to answer."""
        try:
            self.client.chat_postEphemeral(
                channel=found.channel, user=person.id, text=message.text, blocks=message.blocks
            )
        except NO_REPLY as error:
            log.warning("not_told", reason=type(error).__name__)

    def later(self, found: Found[Any], person: Person, work: Callable[[], Message | None]) -> Callable[[], None]:
        """The work of a form, to be done when it is acknowledged; what it returns is told to the one who sent it."""

        def run() -> None:
            try:
                answer = work()
            except Exception:
                self.tell(found, person, sentence(SORRY))
                raise
            if answer is not None:
                self.tell(found, person, answer)

        return run

    def refusal(self, person: Person, what: str) -> str:
        """Why somebody may not change anything here, in mrkdwn; empty for members of this workspace."""
        if not self.permissions.team():
            return f"*{what} is not possible just now.* {_UNKNOWN}"
        if self.permissions.member(person):
            return ""
        return f"*{what} is for members of this workspace.* What the ranks are can be asked by everybody."

    def no_approver(self, person: Person, what: str) -> str:
        """Why somebody may not decide, and who can, in mrkdwn; empty for approvers."""
        if person.id in self.permissions.approvers and not self.permissions.team():
            return f"*{what} is not possible just now.* {_UNKNOWN}"
        if self.permissions.approver(person):
            return ""
        able = sorted(self.permissions.approvers)
        if not able:
            return f"*{what} is for approvers, and none are set.* They are named in slack.approvers of the settings."
        more = f" and {len(able) - _SHOWN} more" if len(able) > _SHOWN else ""
        people = ", ".join(f"<@{escape(clean(one))}>" for one in able[:_SHOWN])
        return f"*{what} is for approvers.* Thank you for looking; {people}{more} can."


def refused(title: str, *lines: str) -> Submitted:
    """A form that cannot be taken: it says why instead."""
    return Submitted({"response_action": "update", "view": said(title, *lines)})


def wrong(errors: Mapping[str, str]) -> Submitted:
    """A form with something to put right: each input by name, with what to do."""
    return Submitted({"response_action": "errors", "errors": dict(errors)})


def headline(alert: ReleaseAlert) -> int:
    """The place of the change that the first line tells."""
    first = foremost(alert.moved)
    return next((at for at, moved in enumerate(alert.moved) if moved is first), 0)


def subjects(moved: Sequence[Moved], first: int, most: int) -> list[Option]:
    """The changes of an alert to choose from by their place in it, the first line's foremost, each subject once."""
    found: dict[str, Option] = {}
    for at in (first, *(at for at in range(len(moved)) if at != first)):
        found.setdefault(moved[at].change.subject, Option(str(at), _named(moved[at])))
    return list(found.values())[:most]


def _named(moved: Moved) -> str:
    """As "Vehicle crime: 24th → 28th of 32", the name cut so that the ranks are seen."""
    ranks = f": {words.move(moved.change.before, moved.change.after)}"
    return cut(clean(moved.name) or "(no name)", 75 - size(ranks)) + ranks
