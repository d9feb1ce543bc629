"""[Mute]: what nobody, or one person, wants to be alerted about until the next release or a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import words
from bot.actions import forms
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
from bot.actions.forms import OPTIONS, Filled, Option, View, modal, picked
from bot.messages.alerts import MUTE
from bot.people import Person
from bot.slack_text import Message
from jobs.notices import Moved, MutedNotice, ReleaseAlert
from state import ledger, mutes

FORM = "mute"
_TITLE = "Mute"
_WHAT = "Muting"
_NEXT = Option("next", "Until the next release that states it")
_DATE = Option("day", "Until the day chosen below, that day included")
_ME = Option("me", "For me: my own alerts and digests")
_ALL = Option("all", "For everybody: all alerts and digests")


@dataclass(frozen=True)
class _Asked:
    """What is to be muted, for whom, until when (a day, or empty for the next release) and why."""

    moved: Sequence[Moved]
    everybody: bool
    until: str
    reason: str


class Muting:
    """The button, its form, and what is kept of it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.presses: Mapping[str, Pressed] = {MUTE: self.press}
        self.forms: Mapping[str, Sent] = {FORM: self.sent}

    def press(self, body: Body) -> Message | None:
        """Open the form; approvers are asked for whom."""
        person = Person.of(body)
        found = self._desk.alert(self._desk.pressed(body, ReleaseAlert), person, _WHAT)
        if isinstance(found, str):
            return sentence(found)
        approver = self._desk.permissions.approver(person)
        return self._desk.show(body, _TITLE, lambda: _form(found, approver=approver))

    def sent(self, body: Body) -> Submitted:
        """Check what was filled in, and who sent it."""
        person, view = Person.of(body), body["view"]
        found = self._desk.alert(self._desk.find(view.get("private_metadata"), ReleaseAlert), person, _WHAT)
        if isinstance(found, str):
            return refused(_TITLE, found)
        filled = Filled(view)
        everybody = filled.one("whom") == _ALL.value
        if everybody and (no := self._desk.no_approver(person, "Muting for everybody")):
            return refused(_TITLE, no)
        moved = found.notice.moved
        chosen = [moved[at] for at in picked(filled.several("subjects"), len(moved))]
        by_day, until, reason = filled.one("until") == _DATE.value, filled.day("day"), filled.words("reason")
        errors = {}
        if not chosen:
            errors["subjects"] = "Choose at least one."
        if by_day and (until is None or until < self._desk.today()):
            errors["day"] = "Choose a day from today on."
        if everybody and not reason:
            errors["reason"] = "Say why, as it is muted for everybody."
        if errors:
            return wrong(errors)
        asked = _Asked(chosen, everybody, until.isoformat() if by_day and until else "", reason)
        key = f"mute/{found.ref}/{view['id']}"
        return Submitted(then=self._desk.later(found, person, lambda: self._keep(found, person, asked, key)))

    def _keep(self, found: Found[ReleaseAlert], person: Person, asked: _Asked, key: str) -> Message | None:
        at, names = self._desk.stamp(), tuple(one.name for one in asked.moved)
        with self._desk.writer.unit() as db:
            if asked.everybody:
                day = self._desk.today().isoformat()
                notice = MutedNotice("muted", person.name, day, names, asked.until, asked.reason)
                if not self._desk.owe(db, found, notice, key):
                    return None
            named = [one.change.subject for one in asked.moved]
            for subject in named:
                mutes.mute(
                    db,
                    place=mutes.EVERYBODY if asked.everybody else person.id,
                    subject=subject,
                    until=asked.until,
                    reason=asked.reason,
                    by=person.id,
                    by_name=person.name,
                    at=at,
                )
            if asked.everybody:
                detail = f"{', '.join(named)} until {asked.until or 'the next release'}: {asked.reason}"
                ledger.note(db, at=at, actor=person.actor, action="mute", subject=f"message {found.ref}", detail=detail)
        if asked.everybody:
            self._desk.deliver_soon()
            return None
        return _for_you(names, asked.until)


def _for_you(names: Sequence[str], until: str) -> Message:
    shown = " and ".join(map(words.name, names)) if len(names) <= 2 else words.count(len(names), "change")  # noqa: PLR2004
    are = "is" if len(names) == 1 else "are"
    return sentence(
        f"*{shown} {are} muted for you {words.until(until)}.*",
        "Your own alerts and digests leave it out; channels still have it.",
    )


def _form(found: Found[ReleaseAlert], *, approver: bool) -> View:
    options = subjects(found.notice.moved, headline(found.notice), OPTIONS)
    whom = [forms.one_of("whom", "For whom?", [_ME, _ALL])] if approver else []
    hint = "Needed where it is muted for everybody; it is shown in the thread." if approver else ""
    return modal(
        _TITLE,
        [
            forms.several("subjects", "What shall be muted?", options, options[:1]),
            forms.one_of("until", "Until when?", [_NEXT, _DATE]),
            forms.day("day", "Day"),
            *whom,
            forms.words("reason", "Why?", optional=True, hint=hint),
        ],
        form=FORM,
        submit="Mute" if approver else "Mute for me",
        kept=str(found.ref),
    )
