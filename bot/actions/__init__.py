"""What happens when people press buttons under messages that stand, and send in the forms these open.

A button's value is the number of its message in the outbox: the facts are read from there, so buttons work weeks
later and after restarts. Who presses is what Slack says, never what a button or a form carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from slack_sdk import WebClient

from bot.actions.acknowledging import Acknowledging
from bot.actions.deciding import Deciding
from bot.actions.desk import Desk, Pressed, Sent, Submitted
from bot.actions.looking import Looking, Why
from bot.actions.muting import Muting
from bot.commands.why import why_blocks
from bot.messages.alerts import CHART
from bot.messages.ops import LOOK
from bot.people import Permissions
from state.database import Writer
from state.reader import Reader

__all__ = ["Actions", "Pressed", "Sent", "Submitted", "Why"]


WRITING = frozenset({CHART, LOOK})
"""Presses that write at once, and so wait while a release is taken in; the others open a form."""


def _now() -> datetime:
    return datetime.now(UTC)


class Actions:
    """Everything that can be pressed under alerts and held releases, by action id, and every form, by callback id.

    What a press returns is said to the one who pressed; safe to use from many threads.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        permissions: Permissions,
        client: WebClient,
        deliver_soon: Callable[[], None],
        *,
        why: Why | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """``why`` stands in for ``bot.commands.why``; ``clock`` is one of where the council is: its date is today."""
        desk = Desk(reader, writer, permissions, client, deliver_soon, clock)
        parts = (Looking(desk, why or partial(why_blocks, reader)), Acknowledging(desk), Muting(desk), Deciding(desk))
        self.presses: Mapping[str, Pressed] = {name: press for part in parts for name, press in part.presses.items()}
        self.forms: Mapping[str, Sent] = {name: sent for part in parts for name, sent in part.forms.items()}
        self.writing = WRITING
