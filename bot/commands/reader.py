"""What answers are made from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Protocol, TypeVar

from engine.quadrants import Against
from state.database import Database
from state.planes import Plane
from state.views import (
    BottomReport,
    ChangeView,
    IndicatorReport,
    LeagueReport,
    Names,
    OverallReport,
    ReleaseView,
    SnapshotView,
    ThemeReport,
)

T = TypeVar("T")


class Reads(Protocol):
    """What explanations are made from."""

    def read(self, query: Callable[[Database], T]) -> T:
        """What a query finds, in one consistent view."""


class Reader(Reads, Protocol):
    """What answers are made from, as ``state.reader.Reader`` has it; safe to read from many threads."""

    def version(self) -> int:
        """Changes whenever an answer may."""

    def snapshot(self) -> SnapshotView | None:
        """The current snapshot; None before the first release."""

    def names(self) -> Names:
        """Everything that can be asked for."""

    def theme(self, name: str, area: str | None = None) -> ThemeReport | None:
        """One theme or composite by its exact name, of ours or of another area."""

    def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
        """A theme or composite of ours and of another area."""

    def league(self, name: str) -> LeagueReport | None:
        """Every area's place in a theme or composite."""

    def plane(self, against: Against, theme: str = "") -> Plane | None:
        """Performance against spending or deprivation: every area in a theme, or us in every theme."""

    def indicator(self, code: str) -> IndicatorReport | None:
        """One indicator by its code."""

    def overall(self, area: str | None = None) -> OverallReport | None:
        """Every composite and theme, of ours or of another area."""

    def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
        """Every composite and theme of ours and of another area."""

    def bottom(self, theme: str | None = None) -> BottomReport | None:
        """The bottom quartile, of everything or of a theme."""

    def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
        """Changes since a day, of one release, or all; of the newest release first."""

    def latest_change(self) -> int | None:
        """The release that made the latest change, baselines apart; None when nothing has changed."""

    def releases(self) -> tuple[ReleaseView, ...]:
        """Every release, the newest first."""
