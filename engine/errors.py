"""What the engine refuses, as one small tree.

EngineError
├── CatalogueError     a catalogue entry cannot be used
├── PanelError         observations that cannot be laid out as a panel (duplicate cell, value out of range)
├── PeriodError        a period label no rule reads (engine.periods)
├── UnknownArea        an area code nobody knows (engine.areas)
└── UnknownGroup       a comparator group nobody knows (engine.areas)
"""

from __future__ import annotations


class EngineError(Exception):
    """Something the engine was given cannot be used; the message says what, where and what to do."""


class CatalogueError(EngineError):
    """A catalogue file or entry cannot be used."""


class PanelError(EngineError):
    """Observations cannot be laid out as a panel."""
