"""[Acknowledge]: who takes a change on, the cause they see, what they do, and when they look again."""

from __future__ import annotations

from collections.abc import Mapping

from bot.actions.desk import (
    Body,
    Desk,
    Found,
    Pressed,
    Sent,
    Submitted,
    headline,
    refused,
    sentence,
    subjects,
    wrong,
)
from bot.actions.forms import OPTIONS, Filled, View, day, modal, picked, several, words
from bot.messages.alerts import ACKNOWLEDGE
from bot.people import Person
from bot.slack_text import Message
from jobs.notices import AcknowledgedNotice, Moved, ReleaseAlert
from state import acknowledgements, ledger
from state.acknowledgements import Acknowledgement

FORM = "acknowledge"
_TITLE = "Acknowledge"
_WHAT = "Acknowledging"


class Acknowledging:
    """The button, its form, and what is kept of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.presses: Mapping[str, Pressed] = {ACKNOWLEDGE: self.press}
        self.forms: Mapping[str, Sent] = {FORM: self.sent}

    def press(self, body: Body) -> Message | None:
        """Open the form."""
        found = self._desk.alert(self._desk.pressed(body, ReleaseAlert), Person.of(body), _WHAT)
        if isinstance(found, str):
            return sentence(found)
        return self._desk.show(body, _TITLE, lambda: _form(found))

    def sent(self, body: Body) -> Submitted:
        """Check what was filled in; what is right is kept once, however often it comes."""
        person, view = Person.of(body), body["view"]
        found = self._desk.alert(self._desk.find(view.get("private_metadata"), ReleaseAlert), person, _WHAT)
        if isinstance(found, str):
            return refused(_TITLE, found)
        filled = Filled(view)
        chosen = [found.notice.moved[at] for at in picked(filled.several("subjects"), len(found.notice.moved))]
        cause, review = filled.words("cause"), filled.day("review")
        errors = {}
        if not chosen:
            errors["subjects"] = "Choose at least one."
        if not cause:
            errors["cause"] = "Say what you think the cause is, in a few words."
        if review and review < self._desk.today():
            errors["review"] = "Choose a day from today on."
        if errors:
            return wrong(errors)
        notice = AcknowledgedNotice(
            kind="acknowledged",
            by=person.name,
            day=self._desk.today().isoformat(),
            subjects=tuple(moved.change.subject for moved in chosen),
            names=tuple(moved.name for moved in chosen),
            cause=cause,
            action=filled.words("action"),
            review=review.isoformat() if review else "",
        )
        key = f"ack/{found.ref}/{view['id']}"
        return Submitted(then=self._desk.later(found, person, lambda: self._keep(found, person, notice, key)))

    def _keep(self, found: Found[ReleaseAlert], person: Person, notice: AcknowledgedNotice, key: str) -> None:
        at = self._desk.stamp()
        with self._desk.writer.unit() as db:
            if not self._desk.owe(db, found, notice, key):
                return
            for subject in notice.subjects:
                said = Acknowledgement(
                    subject, at, person.id, person.name, notice.cause, notice.action, notice.review, found.ref
                )
                acknowledgements.acknowledge(db, said)
            detail = f"{', '.join(notice.subjects)}: {notice.cause}"
            ledger.note(
                db, at=at, actor=person.actor, action="acknowledge", subject=f"message {found.ref}", detail=detail
            )
        self._desk.deliver_soon()


def _form(found: Found[ReleaseAlert]) -> View:
    moved: tuple[Moved, ...] = found.notice.moved
    options = subjects(moved, headline(found.notice), OPTIONS)
    return modal(
        _TITLE,
        [
            several("subjects", "What do you acknowledge?", options, options[:1]),
            words("cause", "What is the cause?", hint="Shown in the thread, in digests and in the next alert on it."),
            words("action", "What is being done?", optional=True),
            day("review", "When will you look at it again?"),
        ],
        form=FORM,
        submit="Acknowledge",
        kept=str(found.ref),
    )
