"""What the bot refuses, as one small tree.

BotError
├── AnswerRefused      Slack did not take an answer to a command or a button
└── FileNotSent        Slack did not take a file for a direct message
"""

from __future__ import annotations


class BotError(Exception):
    """Something the bot was asked for cannot be done; the message says what, where and what to do."""


class AnswerRefused(BotError):
    """Slack did not take an answer; the message names Slack's reason, never the address."""


class FileNotSent(BotError):
    """Slack did not take a file for a direct message, or did not say whether it has."""
