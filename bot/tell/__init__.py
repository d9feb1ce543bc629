"""What the command line prints, for people and as JSON documents: a module for each subject."""

from __future__ import annotations

from bot.tell.parts import table
from bot.tell.stored import (
    change_document,
    changes,
    diagnoses,
    outbox,
    outcome,
    outcome_document,
    refusal,
    release_document,
    releases,
    sources,
)

__all__ = [
    "change_document",
    "changes",
    "diagnoses",
    "outbox",
    "outcome",
    "outcome_document",
    "refusal",
    "release_document",
    "releases",
    "sources",
    "table",
]
