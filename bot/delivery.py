"""From the outbox to the channel: each part of each message once, whatever Slack or the power does.

Before a part is posted, that it is about to be is written down. When the outcome is unknown (a lost reply, a kill),
the channel's history is read for the part's key before anything is posted again. What amends a message changes it
where it stands and adds a line to its thread; changing it once more changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from bot.messages import nothing_left, render
from bot.slack_text import ChartOf, Message, Picture, escape
from jobs.audience import TO
from jobs.notices import Amendment, ChartNotice, Notice, ReleaseInfo, from_json
from jobs.quiet import QuietHours
from state import outbox
from state.database import Database, unit
from state.errors import StateError
from state.outbox import Owed, Part

log = structlog.get_logger(__name__)

UNKNOWN_WAIT = 5.0
"""Seconds before an unknown outcome is looked up: Slack may still be at work on it."""

LONGEST_WAIT = 600.0
FURTHEST = 26 * 3600.0
"""Seconds beyond which nothing is ever put back, quiet hours on the day that clocks change included."""
FIRST_WAIT = 5.0


class Refused(Exception):
    """The part certainly does not stand in the channel; ``retry_after`` is what the channel asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unknown(Exception):
    """Nobody knows whether the part stands in the channel."""


class Unreadable(Exception):
    """The channel's history cannot be read back."""


class NoPicture(Exception):
    """Pictures cannot be posted there; words do instead."""


class Poster(Protocol):
    """A place where messages are put: Slack, or the terminal."""

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post and return the channel's number and the message's; raises Refused or Unknown."""

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        """Post a picture as ``post`` posts a message; raises NoPicture as well."""

    def update(self, channel: str, ts: str, message: Message) -> bool:
        """Change a message that stands; False when it is gone or can be changed no more. Raises Refused or Unknown."""

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        """The number of what was posted with ``key`` since a time, or nothing; raises Unreadable or Refused."""


@dataclass(frozen=True)
class Delivery:
    """Delivers what is due from ``db`` to the channels that ``destinations`` names."""

    db: Database
    path: Path
    poster: Poster
    destinations: Mapping[str, str]
    clock: Callable[[], datetime]
    draw: Callable[[ChartOf], Picture | None] = lambda _: None
    """Draws a chart of what is known now; None when there is nothing to draw."""
    quiet: QuietHours | None = None

    def deliver_due(self) -> int:
        """Deliver every message due now, a failing one never in the way of others; returns how many are finished.

        In quiet hours all of them wait for the end of these.
        """
        if self.quiet and (until := self.quiet.until(self.clock())):
            return self._hold(until)
        return sum(self._deliver(owed) for owed in self._due())

    def _hold(self, until: datetime) -> int:
        waiting = self._due()
        if waiting:
            stamp = until.isoformat(timespec="milliseconds")
            with unit(self.db, self.path):
                for owed in waiting:
                    outbox.put_back(self.db, owed.id, stamp, f"quiet hours until {stamp[:16].replace('T', ' ')} UTC")
        return 0

    def _due(self) -> list[Owed]:
        return outbox.due(self.db, self._stamp(), self._stamp(FURTHEST))

    def _stamp(self, ahead: float = 0.0) -> str:
        return (self.clock() + timedelta(seconds=ahead)).isoformat(timespec="milliseconds")

    def _deliver(self, owed: Owed) -> bool:
        if owed.amends is not None:
            return self._amend(owed, outbox.owed(self.db, owed.amends))
        channel = self._channel(owed.destination)
        if not channel:
            return self._suppress(owed, f"no channel is set for {owed.destination}")
        if by := self._withdrawn_unsent(owed):
            return self._suppress(owed, f"withdrawn by release {by.id} before it was sent")

        def send() -> None:
            known = outbox.amendments(self.db, owed.id)
            begun = outbox.parts(self.db, owed.id)  # what may stand already was said before these
            message = self._render(owed, known)
            self._parts(owed, channel, [message, *message.thread])
            if not begun:
                self._told_already(known)

        return self._try(owed, channel, send)

    def _withdrawn_unsent(self, owed: Owed) -> ReleaseInfo | None:
        """The release that has withdrawn all of a message of which nothing can stand in the channel yet."""
        known = outbox.amendments(self.db, owed.id)
        if not known or outbox.parts(self.db, owed.id):
            return None
        notices = [notice for one in known if isinstance(notice := self._notice(one), Amendment)]
        return nothing_left(self._notice(owed), notices)

    def _channel(self, destination: str) -> str:
        return destination.removeprefix(TO) if destination.startswith(TO) else self.destinations.get(destination, "")

    def _amend(self, owed: Owed, parent: Owed | None) -> bool:
        """Change the message and add to its thread; below it, or where that cannot be, in the channel."""
        place = outbox.place_of(self.db, parent.id) if parent else None
        if parent is None or parent.state == "suppressed":
            return self._suppress(owed, "the message it amends was not sent")
        if parent.state != "sent" or place is None:
            return False  # it goes out with the message, or after it
        channel, ts = place

        def send() -> None:
            message = self._render(owed)
            messages = [message, *message.thread]
            if isinstance(self._notice(owed), ChartNotice) or self.poster.update(
                channel, ts, self._render(parent, outbox.amendments(self.db, parent.id))
            ):
                self._parts(owed, channel, messages, ts)
            else:
                self._beside(owed, channel, self._channel(parent.destination), messages)

        return self._try(owed, channel, send)

    def _beside(self, owed: Owed, channel: str, now: str, messages: list[Message]) -> None:
        """In the channel of a message that can be changed no more; where that is gone, in its destination's of now."""
        try:
            self._parts(owed, channel, messages)
        except Refused as error:
            if error.retry_after is not None or now in {"", channel}:
                raise
            self._parts(owed, now, messages)

    def _told_already(self, amendments: Sequence[Owed]) -> None:
        """What the message had in it when it was first sent needs no line in its thread."""
        with unit(self.db, self.path):
            for owed in amendments:
                if owed.state == "pending" and not isinstance(self._notice(owed), ChartNotice):
                    outbox.finish(self.db, owed.id, "suppressed", "told in the message itself")

    def _try(self, owed: Owed, channel: str, send: Callable[[], None]) -> bool:
        with unit(self.db, self.path):
            if not outbox.claim(self.db, owed):
                return False
        try:
            send()
        except Refused as error:
            wait = error.retry_after or min(FIRST_WAIT * 2 ** min(owed.attempts, 10), LONGEST_WAIT)
            return self._put_back(owed, wait, str(error))
        except Unknown as error:
            return self._put_back(owed, UNKNOWN_WAIT, f"outcome unknown, to be read back: {error}")
        except StateError:
            raise
        except Exception as error:  # whatever it was, the part may stand, and others wait behind it
            log.exception("delivery failed", key=owed.key)
            return self._put_back(owed, UNKNOWN_WAIT, f"outcome unknown, to be read back: {type(error).__name__}")
        with unit(self.db, self.path):
            outbox.finish(self.db, owed.id, "sent")
        log.info("sent", key=owed.key, channel=channel)
        return True

    def _notice(self, owed: Owed) -> Notice:
        return from_json(owed.payload)

    def _render(self, owed: Owed, amendments: Sequence[Owed] = ()) -> Message:
        try:
            known = [notice for one in amendments if isinstance(notice := self._notice(one), Amendment)]
            return render(self._notice(owed), known, str(owed.id))
        except Exception as error:
            log.exception("cannot be put into words", key=owed.key)
            raise Refused(f"cannot be put into words ({type(error).__name__}); the log says why") from error

    def _suppress(self, owed: Owed, reason: str) -> bool:
        with unit(self.db, self.path):
            outbox.finish(self.db, owed.id, "suppressed", reason)
        log.warning("suppressed", key=owed.key, reason=reason)
        return True

    def _put_back(self, owed: Owed, wait: float, reason: str) -> bool:
        with unit(self.db, self.path):
            outbox.put_back(self.db, owed.id, self._stamp(wait), reason)
        log.warning("not sent yet", key=owed.key, wait=round(wait, 1), reason=reason)
        return False

    def _parts(self, owed: Owed, channel: str, messages: list[Message], thread: str = "") -> None:
        known = outbox.parts(self.db, owed.id)
        for number, message in enumerate(messages):
            part = known.get(number)
            if part is None or part.state != "sent":
                part = self._part(owed, number, channel, message, thread, begun=part)
            thread, channel = thread or part.ts, part.channel

    def _part(self, owed: Owed, number: int, channel: str, message: Message, thread: str, begun: Part | None) -> Part:
        key = f"{owed.key}#{number}"
        ts = self._read_back(channel, key, begun, thread) if begun else ""
        if not ts:
            with unit(self.db, self.path):
                outbox.begin_part(self.db, owed.id, number, channel, self._stamp())
            try:
                channel, ts = self._post(channel, message, key, thread)
            except Refused:
                with unit(self.db, self.path):
                    outbox.part_refused(self.db, owed.id, number)
                raise
        with unit(self.db, self.path):
            outbox.part_sent(self.db, owed.id, number, channel, ts)
        return Part(number, "sent", "", channel, ts)

    def _post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post a message, as its chart where it has one and pictures can be drawn and posted."""
        picture = self._drawn(message.chart, key) if message.chart else None
        if picture:
            try:
                return self.poster.picture(channel, picture, key, thread)
            except NoPicture as error:
                log.warning("no picture", key=key, reason=str(error))
                message = Message(f"{message.text}\n{escape(picture.alt)}", [])
        return self.poster.post(channel, message, key, thread)

    def _drawn(self, chart: ChartOf, key: str) -> Picture | None:
        """The picture; None where it cannot be drawn, whatever the reason: words do, and what follows is not kept."""
        try:
            return self.draw(chart)
        except StateError:
            raise
        except Exception:
            log.exception("a chart could not be drawn", key=key)
            return None

    def _read_back(self, channel: str, key: str, begun: Part, thread: str) -> str:
        """Where a part begun earlier stands, or nothing. Unreadable history means posting again: late beats lost.

        Raises Unknown while Slack may still be at work on it, as after a quick restart.
        """
        started, now = datetime.fromisoformat(begun.started), self.clock()
        if started <= now < started + timedelta(seconds=UNKNOWN_WAIT):
            raise Unknown("begun a moment ago")
        started = started if started <= now else now - timedelta(seconds=FURTHEST)  # the clock has been put back since
        try:
            return self.poster.find(begun.channel or channel, key, started, thread)
        except Unreadable as error:
            log.warning("history cannot be read, posting again", key=key, reason=str(error))
            return ""
