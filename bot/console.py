"""The terminal in place of Slack: messages are printed as they would be read."""

from __future__ import annotations

import itertools
import sys
from datetime import datetime
from typing import TextIO

from bot.slack_text import Message, Picture, escape, plain


class ConsolePoster:
    """Prints messages; what was printed cannot be read back, so an interrupted one is printed again."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._numbers = itertools.count(1)

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Print one message under the name of its channel, a thread's indented."""
        del key
        lines = plain(message).splitlines()
        indent = "    " if thread else ""
        heading = "" if thread else f"\n#{channel}\n"
        print(heading + "\n".join(indent + line for line in lines), file=self._out, flush=True)
        return channel, str(next(self._numbers))

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        """Print what the picture shows in words."""
        return self.post(channel, Message(f"[Picture] {escape(picture.alt)}", []), key, thread)

    def update(self, channel: str, ts: str, message: Message) -> bool:
        """False: what is printed cannot be changed, and the change is printed below."""
        del channel, ts, message
        return False

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        """Nothing: a terminal keeps no history."""
        del channel, key, since, thread
        return ""
