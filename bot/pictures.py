"""Charts of what is known now, drawn when they are asked for: one at a time, and the same one once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from bot.charts import (
    ThemeMove,
    bottom_chart,
    indicator_chart,
    plane_chart,
    theme_chart,
    themes_chart,
)
from bot.slack_text import ChartKind, ChartOf, Picture
from bot.words import day
from engine.quadrants import Against
from state.histories import indicator_history
from state.planes import plane
from state.reader import Reader
from state.strips import quartile_strip
from state.years import theme_history

KEPT = 32
"""Pictures kept for the next who asks."""

_drawing = threading.Lock()
"""Matplotlib draws for one thread at a time."""


class Pictures:
    """Draws what a ``ChartOf`` names from what ``reader`` knows; usable from many threads at once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: OrderedDict[tuple[int, ChartOf], Picture | None] = OrderedDict()
        self._guard = threading.Lock()
        self._charts: dict[ChartKind, Callable[[tuple[str, ...]], Callable[[], Picture] | None]] = {
            "theme": self._theme,
            "themes": self._themes,
            "spend": partial(self._plane, "spend"),
            "deprivation": partial(self._plane, "deprivation"),
            "indicator": self._indicator,
            "bottom": self._bottom,
        }

    def __call__(self, of: ChartOf) -> Picture | None:
        """The picture, or None where there is nothing to draw."""
        key = self._reader.version(), of
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        chart = self._charts[of.kind](of.names)
        picture = None
        if chart:
            with _drawing:
                picture = chart()
        with self._guard:
            self._kept[key] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture

    def _theme(self, names: tuple[str, ...]) -> Callable[[], Picture] | None:
        history = self._reader.read(lambda db: theme_history(db, names[0])) if names else None
        return partial(theme_chart, history) if history and any(year.standing for year in history.years) else None

    def _themes(self, names: tuple[str, ...]) -> Callable[[], Picture] | None:
        """The named themes and composites, or all of them, now and a year ago."""
        report = self._reader.overall()
        if report is None:
            return None
        views = [view for view in (*report.composites, *report.themes) if not names or view.name in names]
        moves = [ThemeMove(view.name, view.previous, view.standing) for view in views]
        if not any(view.standing.rank for view in views):
            return None
        years = "a year earlier", f"now, {day(report.snapshot.label.partition('/')[0])}"
        return partial(themes_chart, moves, report.snapshot, years)

    def _plane(self, against: Against, names: tuple[str, ...]) -> Callable[[], Picture] | None:
        """All comparators in the named theme, or the council in all themes, against spending or deprivation."""
        found = self._reader.read(lambda db: plane(db, against, *names[:1]))
        return partial(plane_chart, found) if found and found.points else None

    def _indicator(self, names: tuple[str, ...]) -> Callable[[], Picture] | None:
        history = self._reader.read(lambda db: indicator_history(db, names[0])) if names else None
        shown = history and any(period.spread or period.standing for period in history.periods)
        return partial(indicator_chart, history) if history and shown else None

    def _bottom(self, names: tuple[str, ...]) -> Callable[[], Picture] | None:
        strip = self._reader.read(lambda db: quartile_strip(db, names))
        return partial(bottom_chart, strip) if strip and strip.themes else None
