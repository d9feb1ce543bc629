"""Answers that depend on who asks and may change something: subscriptions, mutes, exports.

They always say what was done and how to undo it, and are never remembered or shared. Who asks is what Slack says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from bot import words
from bot.commands.answers import no_figures, nothing_yet
from bot.commands.csv_files import csv_bytes, file_name, ranks_query
from bot.commands.grammar import COMMAND, Request, parse
from bot.commands.lookup import Lookup
from bot.commands.matching import Match, Named, as_written
from bot.commands.parts import ALL_CHOICES, DO, ask_button, choices, command, counted, told, typed_as, with_kind
from bot.commands.reader import Reader
from bot.commands.verbs import CHATTER, PERSONAL, Verb
from bot.commands.wishes import HOW_LONG, UNTIL, MuteWish, SubscriptionWish, mute_wish, subscription_wish
from bot.errors import BotError
from bot.people import Permissions, Person
from bot.slack_text import Block, Message, cut, literal, paragraphs, section
from state.database import Database, Writer
from state.ledger import note
from state.mutes import EVERYBODY, Mute, mute, mutes, unmute
from state.subscriptions import Subscription, subscribe, subscriptions, unsubscribe

_SHOWN = 300
_LISTED = 25
"""Subscriptions or mutes shown one by one."""
_ALL = frozenset({"all", "everything", "all themes", "the lot"})
_EVERYTHING = _ALL | {"overall"}
_NAME_WORDS = 24
"""Words of a command in which a name that goes on is looked for."""
_OUT_OF_IT = frozenset({"as", "to", "in", "a", "csv", "please", "numbers", "figures", "data", "file", "excel", "the"})
_HOW = {"weekly": "in the weekly digest", "now": "at once"}


class SendFile(Protocol):
    """Sends a file to a user by direct message; raises BotError with a reason fit to be shown where it cannot."""

    def __call__(self, user: str, filename: str, data: bytes, title: str) -> None:
        """Send it."""


class Personal:
    """Answers to commands that are about the one who asks; safe to use from many threads.

    ``now`` is a clock of where the council is: its date is today.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        permissions: Permissions,
        send_file: SendFile,
        now: Callable[[], datetime],
        *,
        command: str = COMMAND,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._permissions = permissions
        self._send_file = send_file
        self._now = now
        self._command = command

    def handles(self, text: str) -> bool:
        """Whether the text is such a command; a misspelt verb is none where the whole is the name of something."""
        request = parse(text)
        if request.verb not in PERSONAL:
            return False
        lookup = Lookup(self._reader.names())
        return not (request.slip and lookup.written(request.text, lookup.everything))

    def answer(self, text: str, person: Person, channel: str) -> Message:
        """Do what is asked, if the person may, and say what was done."""
        with typed_as(self._command):
            request = parse(text)
            if not self._permissions.member(person):
                return _not_a_member(request.verb)
            asked = _Asked(request, person, channel, self._reader, self._writer, self._permissions, self._now())
            return asked.export(self._send_file) if request.verb == "export" else asked.answer()


@dataclass(frozen=True)
class _Asked:
    """One request of one person."""

    request: Request
    person: Person
    channel: str
    reader: Reader
    writer: Writer
    permissions: Permissions
    now: datetime

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.reader.names())

    @property
    def approver(self) -> bool:
        return self.permissions.approver(self.person)

    @property
    def stamp(self) -> str:
        return self.now.astimezone(UTC).isoformat(timespec="seconds")

    @property
    def today(self) -> str:
        return self.now.date().isoformat()

    def answer(self) -> Message:
        verb = self.request.verb
        if verb in {"subscribe", "unsubscribe"}:
            wish = subscription_wish(self.request.argument)
            if wish.here and (refused := self._not_here()):
                return refused
            return self._subscribe(wish) if verb == "subscribe" else self._unsubscribe(wish)
        if verb == "subscriptions":
            return self._subscriptions()
        if verb == "mutes":
            return self._mutes()
        wished = self._mute_wish()
        return self._mute(wished) if verb == "mute" else self._unmute(wished)

    # --- subscriptions ----------------------------------------------------------------------------

    def _not_here(self) -> Message | None:
        """Why the person may not decide for this channel; None where they may."""
        if not self.approver:
            own = command(self.request.verb, subscription_wish(self.request.argument).about)
            lines = ["*Only approvers can decide for a channel.* Nothing was changed.", f"For yourself: {own}"]
            return told(paragraphs(lines))
        if not self.channel.startswith(("C", "G")):
            lines = ["*This is no channel.* Nothing was changed.", "Type it in the channel that is meant."]
            return told(paragraphs(lines))
        return None

    def _subscribe(self, wish: SubscriptionWish) -> Message:
        themes = self.lookup.themes
        if not themes:
            return nothing_yet()
        after = f"{wish.how} {'here' if wish.here else ''}"
        if not wish.about or wish.about.casefold() in _ALL:
            return choices(["*Which theme?*"], themes, (), "subscribe", most=ALL_CHOICES, after=after)
        found = self.lookup.subject(wish.about, themes)
        if found.how == "nearest" and (one := self._theme_of(wish.about)):
            return self._by_theme(*one)
        if found.how != "exact":
            return self._which(found, "theme", "subscribe", wish.about, after)
        return self._subscribed(found.found[0].key, wish)

    def _subscribed(self, theme: str, wish: SubscriptionWish) -> Message:
        place, how = self._place(wish), wish.how or "weekly"
        with self.writer.unit() as db:
            before = next((one for one in subscriptions(db, place) if one.theme == theme), None)
            subscribe(db, Subscription(place, theme, how, self.person.id, self.stamp))
            if wish.here:
                self._note(db, "subscribe", theme, f"channel {place}, {how}")
        name, here = words.name(theme), " here" if wish.here else ""
        who = "This channel gets" if wish.here else "You get"
        was = f" It was {_HOW[before.how]} until now." if before and before.how != how else ""
        again = " as before" if before and before.how == how else " from now on"
        other = "now" if how == "weekly" else "weekly"
        lines = [
            f"*{who} {name} {_HOW[how]}*{again}.{was}",
            f"To end it: {command('unsubscribe', f'theme {theme}{here}')}; all of yours: {command('subscriptions')}",
        ]
        return told(
            paragraphs(lines),
            ask_button(_HOW[other].capitalize(), "subscribe", f"theme {theme} {other}{here}", f"{theme} {_HOW[other]}"),
            ask_button("Unsubscribe", "unsubscribe", f"theme {theme}{here}", f"No more of {theme}", f"{DO}:end"),
        )

    def _place(self, wish: SubscriptionWish) -> str:
        return self.channel if wish.here else self.person.id

    def _theme_of(self, text: str) -> tuple[Named, str] | None:
        """An indicator that is meant, and its theme: subscriptions are by theme."""
        found = self.lookup.written(text, self.lookup.indicators)
        report = self.reader.indicator(found.found[0].key) if found and found.how == "exact" else None
        return (found.found[0], report.indicator.theme) if found and report else None

    def _by_theme(self, indicator: Named, theme: str) -> Message:
        whole = f"{words.name(indicator.name)} is part of {words.name(theme)}"
        lines = [
            f"*Subscriptions are by theme, and {whole}.* Nothing was changed.",
            f"That theme: {command('subscribe', f'theme {theme}')}",
        ]
        return told(paragraphs(lines), ask_button("Subscribe", "subscribe", f"theme {theme}", f"Subscribe to {theme}"))

    def _unsubscribe(self, wish: SubscriptionWish) -> Message:
        place = self._place(wish)
        own = self.reader.read(lambda db: subscriptions(db, place))
        whose, here = ("This channel has", " here") if wish.here else ("You have", "")
        if not own:
            lines = [f"*{whose} no subscriptions.* Nothing was changed.", f"What there is: {command('subscribe')}"]
            return told(paragraphs(lines))
        if wish.about.casefold() in _EVERYTHING:
            return self._unsubscribed(place, [one.theme for one in own], here)
        known = [self._named(one.theme) for one in own]
        if not wish.about:
            return choices(["*Which?* Or all of them:"], known, [command("unsubscribe", f"all{here}")], "unsubscribe",
                           most=ALL_CHOICES, after=here.strip())  # fmt: skip
        found = self.lookup.subject(wish.about, known)
        if found.how == "exact":
            return self._unsubscribed(place, [found.found[0].key], here)
        if found.how == "several":
            return self._which(found, "theme", "unsubscribe", wish.about, here.strip())
        fact = f"*{whose} no subscription to {words.echo(wish.about)}.* Nothing was changed. There is:"
        return choices([fact], known, (), "unsubscribe", after=here.strip())

    def _named(self, theme: str) -> Named:
        """A theme that is subscribed to, also one that is no longer ranked."""
        return next((one for one in self.lookup.themes if one.key == theme), Named("theme", theme, theme))

    def _unsubscribed(self, place: str, themes: Sequence[str], here: str) -> Message:
        with self.writer.unit() as db:
            unsubscribe(db, place, themes)
            if here:
                self._note(db, "unsubscribe", ", ".join(themes), f"channel {place}")
        whose = "This channel" if here else "You"
        listed = ", ".join(words.name(theme) for theme in themes)
        verb = "no longer gets" if here else "no longer get"
        back = [ask_button("Subscribe again", "subscribe", f"theme {themes[0]}{here}", f"Subscribe to {themes[0]}")]
        again = f"To have it again: {command('subscribe', f'theme {themes[0]}{here}')}"
        return told(paragraphs([f"*{whose} {verb} {listed}.*", again]), *back)

    def _subscriptions(self) -> Message:
        """Mine; for approvers also those of the channel."""
        own = self.reader.read(lambda db: subscriptions(db, self.person.id))
        channel = self.channel if self.approver and self.channel.startswith(("C", "G")) else ""
        theirs = self.reader.read(lambda db: subscriptions(db, channel)) if channel else []
        fact = f"*You get {words.count(len(own), 'theme')}*" if own else "*You have no subscriptions*"
        more = f" · this channel gets {words.count(len(theirs), 'theme')}" if channel else ""
        blocks = paragraphs([fact + more])
        blocks += [self._subscription(one, "") for one in own[:_LISTED]]
        if theirs:
            blocks += [section("*This channel*"), *(self._subscription(one, " here") for one in theirs[:_LISTED])]
        left = len(own) + len(theirs) - len(own[:_LISTED]) - len(theirs[:_LISTED])
        example = next((command("subscribe", f"theme {one.key} weekly") for one in self.lookup.themes), command("help"))
        return told([*blocks, *paragraphs([f"… and {left} more" if left else "", f"Another: {example}"])])

    def _subscription(self, one: Subscription, here: str) -> Block:
        since = f"since {words.day(one.since)}"
        line = f"• {words.strong(one.theme)} — {words.joined(_HOW[one.how], since)}"
        ask = ask_button("Unsubscribe", "unsubscribe", f"theme {one.theme}{here}", f"No more of {one.theme}")
        return section(line, ask)

    # --- mutes ------------------------------------------------------------------------------------

    def _mute_wish(self) -> MuteWish:
        """The wish; a name that holds a comma, a span or the like is taken whole."""
        wish = mute_wish(self.request.argument, self.now.date())
        lookup = self.lookup
        if wish.about and (longer := self._with_longer_name(wish, lookup)):
            return longer
        if wish.reason or not wish.about:
            return wish
        if lookup.written(wish.about, lookup.everything):
            return wish
        parts = wish.about.split()
        for at in range(len(parts) - 1, 0, -1):  # nothing marks where the name ends: the longest that is one
            beginning = " ".join(parts[:at])
            if _is_a_name(beginning, lookup):
                reason = cut(" ".join(parts[at:]), _SHOWN)
                return MuteWish(beginning, wish.until, reason, wish.everybody, wish.wrong)
        return wish

    def _with_longer_name(self, wish: MuteWish, lookup: Lookup) -> MuteWish | None:
        """The wish where a name goes on behind what looks like its end: "plans issued within 20 weeks 30d"."""
        argument = self.request.argument
        until = UNTIL.search(argument)
        parts = (argument[: until.start()] if until else argument).split()[:_NAME_WORDS]
        span = HOW_LONG.search(argument)
        for at in range(len(parts), len(wish.about.split()), -1):
            beginning = " ".join(parts[:at])
            if span and span.start() < len(beginning) < span.end(1):
                continue  # "neet 1 month" is no name with a 1 in it
            if parts[at - 1].casefold() not in CHATTER and as_written(beginning, lookup.everything):
                rest = " ".join(argument.split()[at:])
                return replace(mute_wish(f"x, {rest}", self.now.date()), about=beginning, everybody=wish.everybody)
        return None

    def _mute(self, wish: MuteWish) -> Message:
        if not self.lookup.everything:
            return nothing_yet()
        if wish.wrong:
            ways = ", ".join(command("mute", f"{wish.about} {until}") for until in ("30d", "until next release"))
            return told(paragraphs([f"*The day {wish.wrong}.* Nothing was changed.", f"For example: {ways}"]))
        if wish.everybody and not self.approver:
            return self._only_approvers("mute", wish.about)
        if not wish.about or wish.about.casefold() in _ALL:
            lines = ["*Mute what?* Name a theme or indicator, until when, and why.", f"For example: {self._example()}"]
            return told(paragraphs(lines))
        found = self.lookup.subject(wish.about)
        if found.how != "exact":
            return self._which(found, "theme or indicator", "mute", wish.about, _again(wish))
        return self._muted(found.found[0], wish)

    def _muted(self, one: Named, wish: MuteWish) -> Message:
        place = EVERYBODY if wish.everybody else self.person.id
        with self.writer.unit() as db:
            mute(
                db,
                place=place,
                subject=_subject(one),
                until=wish.until,
                reason=wish.reason,
                by=self.person.id,
                by_name=self.person.name,
                at=self.stamp,
            )
            if wish.everybody:
                self._note(db, "mute", _subject(one), f"until {wish.until or 'the next release'}: {wish.reason}")
        whom, everybody = ("everybody", " for everybody") if wish.everybody else ("you", "")
        why = f" – {literal(wish.reason)}" if wish.reason else ""
        lines = [
            f"*{words.name(one.name)} is muted for {whom} {words.until(wish.until)}*{why}",
            f"Alerts leave it out; ranks and answers do not. To undo: {command('unmute', with_kind(one) + everybody)}",
        ]
        return told(paragraphs(lines), ask_button("Unmute", "unmute", with_kind(one) + everybody, f"Unmute {one.name}"))

    def _unmute(self, wish: MuteWish) -> Message:
        held = self.reader.read(lambda db: mutes(db, self.today))
        mine = [one for one in held if one.place in {self.person.id, EVERYBODY}]
        if wish.everybody and not self.approver:
            return self._only_approvers("unmute", wish.about)
        known = list(dict.fromkeys(self._of_subject(one.subject) for one in mine))  # once, if muted for me and for all
        if not known:
            return told(paragraphs(["*Nothing is muted for you.* Nothing was changed."]))
        if not wish.about:
            return choices(["*Which?*"], known, (), "unmute", most=ALL_CHOICES)
        found = self.lookup.subject(wish.about, known)
        if found.how != "exact":
            return self._which(
                found, "theme or indicator", "unmute", wish.about, "for everybody" if wish.everybody else ""
            )
        return self._unmuted(
            found.found[0], {one.place for one in mine if one.subject == _subject(found.found[0])}, wish
        )

    def _unmuted(self, one: Named, places: Iterable[str], wish: MuteWish) -> Message:
        place = EVERYBODY if wish.everybody else self.person.id
        if place not in places:
            return self._muted_elsewhere(one, wish)
        with self.writer.unit() as db:
            unmute(db, place=place, subject=_subject(one), at=self.stamp)
            if wish.everybody:
                self._note(db, "unmute", _subject(one), "")
        whom = "everybody" if wish.everybody else "you"
        still = "" if wish.everybody or EVERYBODY not in places else " It is still muted for everybody, by an approver."
        return told(paragraphs([f"*{words.name(one.name)} is no longer muted for {whom}.*{still}"]))

    def _muted_elsewhere(self, one: Named, wish: MuteWish) -> Message:
        """It is muted for the other: for you where everybody was said, for everybody where not."""
        ask = with_kind(one) if wish.everybody else f"{with_kind(one)} for everybody"
        whom = "for you, not for everybody" if wish.everybody else "for everybody, not by you"
        who = "" if wish.everybody or self.approver else " Only approvers can change that."
        lines = [f"*{words.name(one.name)} is muted {whom}.* Nothing was changed.{who}"]
        if who:
            return told(paragraphs(lines))
        return told(
            paragraphs([*lines, command("unmute", ask)]), ask_button("Unmute", "unmute", ask, f"Unmute {one.name}")
        )

    def _mutes(self) -> Message:
        held = self.reader.read(lambda db: mutes(db, self.today))
        mine = [one for one in held if one.place == self.person.id]
        all_of_us = [one for one in held if one.place == EVERYBODY]
        fact = f"*{words.count(len(mine), 'mute').capitalize()} for you, {len(all_of_us) or 'none'} for everybody*"
        blocks = paragraphs([fact])
        for one in (*mine, *all_of_us)[:_LISTED]:
            blocks.append(self._held(one))
        left = len(mine) + len(all_of_us) - _LISTED
        return told([*blocks, *paragraphs([f"… and {left} more" if left > 0 else "", f"Another: {self._example()}"])])

    def _held(self, one: Mute) -> Block:
        name, everybody = self._of_subject(one.subject), one.place == EVERYBODY
        whom = f"for everybody, by {words.name(one.by_name)}" if everybody else "for you"
        reason = literal(cut(one.reason, _SHOWN))
        line = f"• {words.strong(name.name)} — {words.joined(whom, words.until(one.until), reason)}"
        if everybody and not self.approver:
            return section(line)
        ask = f"{with_kind(name)}{' for everybody' if everybody else ''}"
        return section(line, ask_button("Unmute", "unmute", ask, f"Unmute {name.name}"))

    def _of_subject(self, subject: str) -> Named:
        """What a stored subject means, also where it is no longer ranked."""
        kind, _, key = subject.partition(":")
        known = self.lookup.indicators if kind == "indicator" else self.lookup.themes
        return next(
            (one for one in known if one.key == key), Named("indicator" if kind == "indicator" else "theme", key, key)
        )

    def _only_approvers(self, verb: Verb, what: str) -> Message:
        lines = [
            f"*Only approvers can {verb} for everybody.* Nothing was changed.",
            f"For yourself: {command(verb, what)}",
        ]
        return told(paragraphs(lines))

    def _example(self) -> str:
        one = next(iter(self.lookup.indicators), None)
        return command(
            "mute", f"{with_kind(one)} until next release method changes" if one else "indicator burglary 30d"
        )

    # --- exports ----------------------------------------------------------------------------------

    def export(self, send: SendFile) -> Message:
        """The published figures of a theme, composite or indicator, or of all, as a file in a direct message."""
        lookup = self.lookup
        if not lookup.everything:
            return nothing_yet()
        asked = _without(self.request.argument)
        if asked.casefold() in _EVERYTHING:
            return self._send(send, "All themes", None)
        if not asked:
            return choices(["*Which theme?* Or all of it:"], lookup.themes, [command("export", "all")], "export",
                           most=ALL_CHOICES)  # fmt: skip
        found = lookup.subject(asked)
        if found.how != "exact":
            return self._which(found, "theme or indicator", "export", asked, "")
        one = found.found[0]
        if one.kind == "indicator":
            return self._send(send, one.name, [one.key])
        report = self.reader.theme(one.key)
        return self._send(send, one.name, [item.code for item in report.indicators]) if report else no_figures(one)

    def _send(self, send: SendFile, title: str, codes: Sequence[str] | None) -> Message:
        found = self.reader.read(ranks_query(codes))
        name = file_name(title)
        try:
            send(self.person.id, name, csv_bytes(found), title)
        except BotError as error:
            lines = [
                f"*The figures of {words.name(title)} could not be sent.* {literal(cut(str(error), _SHOWN))}",
                f"To look at them here: {command('theme', title)}",
            ]
            return told(paragraphs(lines))
        indicators = len({row[0] for row in found})
        snapshot = self.reader.snapshot()
        illustrative = words.ILLUSTRATIVE if snapshot and snapshot.illustrative else ""
        size = (words.count(indicators, "indicator"), words.count(len(found), "row"))
        what = words.joined(*size, words.name(name), illustrative)
        return told(paragraphs([f"*{words.name(title)} comes by direct message*: {what}"]))

    # --- all of them ------------------------------------------------------------------------------

    def _which(self, found: Match, what: str, verb: Verb, asked: str, after: str) -> Message:
        """Nothing is done where it is not clear what is meant."""
        if found.how == "several":
            fact = f"*{words.echo(asked)} may mean {counted(found.found, what)}.* Nothing was changed. Which?"
        else:
            fact = f"*No {what} is called {words.echo(asked)}.* Nothing was changed. The nearest:"
        return choices([fact], found.found, (), verb, after=after)

    def _note(self, db: Database, action: str, subject: str, detail: str) -> None:
        note(db, at=self.stamp, actor=self.person.actor, action=action, subject=subject, detail=detail)


def _not_a_member(verb: Verb) -> Message:
    what = {"export": "Exports are", "mutes": "Mutes are", "mute": "Mutes are", "unmute": "Mutes are"}
    fact = f"*{what.get(verb, 'Subscriptions are')} for members of our own workspace.* Nothing was changed."
    return told(paragraphs([fact, f"Questions are answered for everybody: {command('help')}"]))


def _subject(one: Named) -> str:
    return f"indicator:{one.key}" if one.kind == "indicator" else f"basket:{one.key}"


def _again(wish: MuteWish) -> str:
    """What follows the name in the command that asks for the same."""
    until = f"until {wish.until}" if wish.until else "until next release"
    return f"{'for everybody ' if wish.everybody else ''}{until} {wish.reason}".strip()


def _is_a_name(text: str, lookup: Lookup) -> bool:
    return lookup.written(text, lookup.everything) is not None


def _without(argument: str) -> str:
    """What is to be exported, without the words around it."""
    parts = argument.split()
    while parts and parts[-1].casefold().strip("?.!") in _OUT_OF_IT:
        parts.pop()
    while parts and parts[0].casefold() in _OUT_OF_IT:
        parts.pop(0)
    return " ".join(parts)
