"""What can go wrong with the database, as one small tree.

StateError
├── StateInUse        another benchwatch process holds the database
├── StateUnwritable   the folder or file cannot be created or written
├── StateFull         the disk is full
├── StateCorrupt      the file is damaged or is not a database
└── StateNewer        the file was written by a later version
"""

from __future__ import annotations


class StateError(Exception):
    """The database cannot do what was asked; the message says what, where and what to do."""


class StateInUse(StateError):
    """Another benchwatch process holds the database."""


class StateUnwritable(StateError):
    """The folder or the file cannot be created or written."""


class StateFull(StateError):
    """The disk is full; nothing of the unit of work was kept."""


class StateCorrupt(StateError):
    """The file is damaged or is not a database."""


class StateNewer(StateError):
    """The file was written by a later version of benchwatch."""
