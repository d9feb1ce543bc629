"""What the jobs refuse, as one small tree.

JobsError
├── SettingsError      config.toml or the environment cannot be used
├── SourceError        a source cannot be read
│   ├── Unreachable    the publisher gives no usable answer: later, the same request may succeed
│   ├── LayoutChanged  the publisher answers, and not in the shape the catalogue describes
│   └── TooEarly       a release says that it is of a day to come, or is under embargo
├── HistoryError       a published rank or an edition cannot be kept or found
└── DecisionError      there is nothing of the kind to approve or reject
"""

from __future__ import annotations


class JobsError(Exception):
    """Something a job was asked for cannot be done; the message says what, where and what to do."""


class SettingsError(JobsError):
    """The settings file or the environment cannot be used; the message names the file and the key."""


class SourceError(JobsError):
    """A source cannot be read; the message names the source, the place and the reason."""


class Unreachable(SourceError):
    """A publisher gives no usable answer; ``retry_after`` is how many seconds it asked us to wait, or 0."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LayoutChanged(SourceError):
    """What a publisher sent is not in the shape the catalogue describes; the message names the nearest match."""


class TooEarly(SourceError):
    """A release says that it was published on a day that is yet to come, or its embargo is not over."""


class DecisionError(JobsError):
    """There is nothing of the kind to approve or reject; the message says what is held."""


class HistoryError(JobsError):
    """A published rank or a named edition cannot be kept or found; the message says which there are."""
