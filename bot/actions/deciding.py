"""[Approve], [Reject] and [Look again] under a held release: for approvers, carried out by the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from bot import words
from bot.actions import forms
from bot.actions.desk import STALE, Body, Desk, Found, Pressed, Sent, Submitted, refused, sentence, wrong
from bot.actions.forms import OPTIONS, Filled, Option, View, modal, picked
from bot.messages.decisions import in_short
from bot.messages.ops import APPROVE, LOOK, REJECT
from bot.people import Person
from bot.slack_text import Message, clean, code, literal, paragraphs
from jobs import held
from jobs.notices import HeldNotice
from state import ledger, releases
from state.database import Database
from state.ledger import Decision

Verdict = Literal["approve", "reject"]
_WHAT = "Deciding about held releases"
_TITLES: dict[str, str] = {"approve": "Approve release", "reject": "Reject release"}


@dataclass(frozen=True)
class _Standing:
    """What still waits of what a message asks about: places among its findings; or why it cannot be decided."""

    waiting: tuple[int, ...] = ()
    of: int = 0
    closed: str = ""


class Deciding:
    """The three buttons, the form of two of them, and the decision that is left for the worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.presses: Mapping[str, Pressed] = {
            APPROVE: partial(self.press, "approve"),
            REJECT: partial(self.press, "reject"),
            LOOK: self.look,
        }
        self.forms: Mapping[str, Sent] = {
            "approve": partial(self.sent, "approve"),
            "reject": partial(self.sent, "reject"),
        }

    def press(self, verdict: Verdict, body: Body) -> Message | None:
        """Open the form that asks why, for an approver, while there is something to decide."""
        found = self._desk.pressed(body, HeldNotice)
        if found is None:
            return sentence(STALE)
        if no := self._desk.no_approver(Person.of(body), _WHAT):
            return sentence(no)
        standing = self._desk.reader.read(lambda db: _standing(db, found))
        if standing.closed:
            return sentence(standing.closed)
        title = f"{_TITLES[verdict]} {found.notice.release.id}"
        return self._desk.show(body, title, lambda: _form(verdict, title, found, standing))

    def look(self, body: Body) -> Message:
        """Have the release judged anew."""
        found, person = self._desk.pressed(body, HeldNotice), Person.of(body)
        if found is None:
            return sentence(STALE)
        if no := self._desk.no_approver(person, _WHAT):
            return sentence(no)
        if closed := self._ask(found, person, "look", (), ""):
            return sentence(closed)
        return sentence(
            f"*Release {found.notice.release.id} is being looked at again.* What is found comes into the thread."
        )

    def sent(self, verdict: Verdict, body: Body) -> Submitted:
        """Check who decides, what on and why; the decision is left when the form is acknowledged."""
        person, view = Person.of(body), body["view"]
        found = self._desk.find(view.get("private_metadata"), HeldNotice)
        if found is None:
            return refused("Held release", STALE)
        title = f"{_TITLES[verdict]} {found.notice.release.id}"
        if no := self._desk.no_approver(person, _WHAT):
            return refused(title, no)
        standing = self._desk.reader.read(lambda db: _standing(db, found))
        if standing.closed:
            return refused(title, standing.closed)
        filled = Filled(view)
        findings, reason = found.notice.findings, filled.words("reason")
        chosen = [at for at in picked(filled.several("indicators"), len(findings)) if at in standing.waiting]
        errors = {}
        if standing.waiting and not chosen:
            errors["indicators"] = "Choose at least one that is still held."
        if not reason:
            errors["reason"] = "Say why; it is kept with the decision."
        if errors:
            return wrong(errors)
        everything = len(chosen) == min(len(standing.waiting), OPTIONS) and standing.of == len(standing.waiting)
        codes = () if everything else tuple(dict.fromkeys(findings[at].indicator for at in chosen))

        def leave() -> Message | None:
            closed = self._ask(found, person, verdict, codes, reason)
            return sentence(closed) if closed else None

        return Submitted(then=self._desk.later(found, person, leave))

    def _ask(
        self, found: Found[HeldNotice], person: Person, verdict: ledger.Verdict, codes: Sequence[str], reason: str
    ) -> str:
        """Leave the decision for the worker; or say why there is nothing to decide."""
        with self._desk.writer.unit() as db:
            standing = _standing(db, found)
            if not standing.closed:
                decision = Decision(found.notice.release.id, verdict, person.actor, reason, tuple(codes))
                ledger.ask_decision(db, decision, at=self._desk.stamp())
        return standing.closed


def _standing(db: Database, found: Found[HeldNotice]) -> _Standing:
    """What still waits of what the message asks about, from what is stored now."""
    number = found.notice.release.id
    made = held.decisions(db, found.ref)
    if made and not made[-1].open:
        return _Standing(closed=f"*This is decided already:* {in_short(made[-1])}.")
    if number not in releases.all_held(db):
        return _Standing(closed=f"*Nothing of release {number} is held any more.*")
    asked = next((one for one in ledger.open_decisions(db) if one.release == number), None)
    if asked:
        by = words.name(held.by(asked.actor))
        return _Standing(closed=f"*{by} has just decided about release {number}.* It is being carried out.")
    codes = releases.held_indicators(db, number)
    waiting = tuple(at for at, finding in enumerate(found.notice.findings) if finding.indicator in codes)
    return _Standing(waiting, len(codes))


def _form(verdict: Verdict, title: str, found: Found[HeldNotice], standing: _Standing) -> View:
    notice = found.notice
    about = f"*{literal(notice.release.name)}*: " + (
        "what it states is taken in as it is." if verdict == "approve" else "nothing held of it is used."
    )
    options = [Option(str(at), _named(notice, at)) for at in standing.waiting[:OPTIONS]]
    which = []
    if options:
        most = len(standing.waiting)
        hint = f"The first {OPTIONS} of {most:,}; all of them are meant while all are chosen." if most > OPTIONS else ""
        which = [forms.several("indicators", "Which of the held indicators?", options, options, hint)]
    return modal(
        title,
        [
            *paragraphs([about, f"The same from a terminal: {code(f'benchwatch {verdict} {notice.release.id}')}"]),
            *which,
            forms.words("reason", "Why?", hint="Kept with your name and the day, and shown in the thread."),
        ],
        form=verdict,
        submit="Approve" if verdict == "approve" else "Reject",
        kept=str(found.ref),
    )


def _named(notice: HeldNotice, at: int) -> str:
    finding = notice.findings[at]
    return clean(finding.name) or finding.indicator
