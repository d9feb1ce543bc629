"""Charts as PNG pictures of one family, each with an alternative text made from the same numbers."""

from __future__ import annotations

from bot.charts.spend import plane_chart
from bot.charts.strip import bottom_chart
from bot.charts.style import ALT_LIMIT
from bot.charts.themes import ThemeMove, themes_chart
from bot.charts.trend import indicator_chart
from bot.charts.years import theme_chart

__all__ = [
    "ALT_LIMIT",
    "ThemeMove",
    "bottom_chart",
    "indicator_chart",
    "plane_chart",
    "theme_chart",
    "themes_chart",
]
