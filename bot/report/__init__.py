"""The annex to a Cabinet paper: facts read at one moment, worded once, as a page for the browser and as a document."""

from __future__ import annotations

from bot.report.document import document
from bot.report.facts import Report, gather
from bot.report.page import page
from bot.report.wording import paper

__all__ = ["Report", "document", "gather", "page", "paper"]
