"""From the outbox to the channel: each part of each message once, whatever Slack or the power does.

Before a part is posted, that it is about to be is written down. When the outcome is unknown (a lost reply, a kill),
the channel's history is read for the part's key before anything is posted again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from bot.messages import render
from bot.slack_text import Message
from jobs.notices import from_json
from state import outbox
from state.database import Database, unit
from state.errors import StateError
from state.outbox import Owed, Part

log = structlog.get_logger(__name__)

UNKNOWN_WAIT = 5.0
"""Seconds before an unknown outcome is looked up: Slack may still be at work on it."""

LONGEST_WAIT = 600.0
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


class Poster(Protocol):
    """A place where messages are put: Slack, or the terminal."""

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post and return the channel's number and the message's; raises Refused or Unknown."""

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        """The number of the message posted with ``key`` since a time, or nothing; raises Unreadable or Refused."""


@dataclass(frozen=True)
class Delivery:
    """Delivers what is due from ``db`` to the channels that ``destinations`` names."""

    db: Database
    path: Path
    poster: Poster
    destinations: Mapping[str, str]
    clock: Callable[[], datetime]

    def deliver_due(self) -> int:
        """Deliver every message due now, a failing one never in the way of others; returns how many are finished."""
        return sum(self._deliver(owed) for owed in outbox.due(self.db, self._stamp()))

    def _stamp(self, ahead: float = 0.0) -> str:
        return (self.clock() + timedelta(seconds=ahead)).isoformat(timespec="milliseconds")

    def _deliver(self, owed: Owed) -> bool:
        channel = self.destinations.get(owed.destination)
        if not channel:
            return self._suppress(owed, f"no channel is set for {owed.destination}")
        with unit(self.db, self.path):
            if not outbox.claim(self.db, owed):
                return False
        try:
            message = self._render(owed)
            self._parts(owed, channel, [message, *message.thread])
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

    def _render(self, owed: Owed) -> Message:
        try:
            return render(from_json(owed.payload))
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

    def _parts(self, owed: Owed, channel: str, messages: list[Message]) -> None:
        known = outbox.parts(self.db, owed.id)
        thread = ""
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
                channel, ts = self.poster.post(channel, message, key, thread)
            except Refused:
                with unit(self.db, self.path):
                    outbox.part_refused(self.db, owed.id, number)
                raise
        with unit(self.db, self.path):
            outbox.part_sent(self.db, owed.id, number, channel, ts)
        return Part(number, "sent", "", channel, ts)

    def _read_back(self, channel: str, key: str, begun: Part, thread: str) -> str:
        """Where a part begun earlier stands, or nothing. Unreadable history means posting again: late beats lost.

        Raises Unknown while Slack may still be at work on it, as after a quick restart.
        """
        started = datetime.fromisoformat(begun.started)
        if self.clock() < started + timedelta(seconds=UNKNOWN_WAIT):
            raise Unknown("begun a moment ago")
        try:
            return self.poster.find(begun.channel or channel, key, started, thread)
        except Unreadable as error:
            log.warning("history cannot be read, posting again", key=key, reason=str(error))
            return ""
