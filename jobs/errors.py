"""What the jobs refuse, as one small tree.

JobsError
├── SettingsError      config.toml or the environment cannot be used
├── SourceError        a source cannot be read
└── DecisionError      there is nothing of the kind to approve or reject
"""

from __future__ import annotations


class JobsError(Exception):
    """Something a job was asked for cannot be done; the message says what, where and what to do."""


class SettingsError(JobsError):
    """The settings file or the environment cannot be used; the message names the file and the key."""


class SourceError(JobsError):
    """A source cannot be read; the message names the source, the place and the reason."""


class DecisionError(JobsError):
    """There is nothing of the kind to approve or reject; the message says what is held."""
