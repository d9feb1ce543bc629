"""Commands answered from values made by hand, for the tests of what /rank answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from bot.commands import answer
from bot.slack_text import Message, plain
from engine.changes import Cause, Change, Kind, Standing
from engine.quadrants import Against
from jobs.overview import DataSetLine, IndicatorLine, Overview, SourceLine
from state.database import Database, nothing_yet
from state.planes import Measure, Plane, PlanePoint
from state.views import (
    AreaStanding,
    BottomReport,
    ChangeView,
    Improvement,
    IndicatorReport,
    IndicatorView,
    LeagueReport,
    Names,
    OverallReport,
    Peer,
    Point,
    ReleaseView,
    SnapshotView,
    ThemeReport,
    ThemeView,
)
from tests.slack_double import check_message, live_mentions

T = TypeVar("T")
Run = Callable[..., tuple[int, str, str]]
"""A command typed: exit code, standard output and standard error."""

TODAY = date(2025, 11, 3)
COUNCIL = "E10000018"

SNAPSHOT = SnapshotView(
    id=3,
    label="2024-07-20/1",
    council=COUNCIL,
    council_name="Leicestershire",
    comparators="county areas",
    areas=32,
    quartile_rule="rank",
    illustrative=True,
)


def standing(
    rank: int | None, *, quartile: int | None = None, tied: bool = False, value: float | None = None
) -> Standing:
    quartile = quartile or (1 + 4 * (rank - 1) // 32 if rank else None)
    return Standing(rank, 32, quartile, tied, "2022/23" if value is not None else None, value)


def indicator(
    name: str, rank: int | None, *, theme: str = "Police & Crime", code: str = "", **other: object
) -> IndicatorView:
    view = IndicatorView(
        code=code or name.upper().replace(" ", "_"),
        name=name,
        theme=theme,
        unit="per 1,000",
        decimals=1,
        polarity="low",
        eligibility="eligible",
        standing=standing(rank, value=5.9) if rank else None,
        previous=standing(rank - 4, value=4.6) if rank and rank > 4 else None,
        period_end="2023-03-31",
        release="crime.csv",
        source="ONS",
        published="2024-07-20",
        previous_end="2022-03-31",
    )
    return replace(view, **other)  # type: ignore[arg-type]


def theme(name: str, rank: int | None, previous: int | None = None, **other: object) -> ThemeView:
    view = ThemeView(
        name=name,
        kind="theme",
        standing=standing(rank),
        previous=standing(previous) if previous else None,
        available=3,
        total=4,
        bottom=1,
        judged=3,
        history=((3, 12), (2, None), (1, previous), (0, rank)),
        expenditure="",
    )
    return replace(view, **other)  # type: ignore[arg-type]


def change(
    kind: Kind, before: Standing | None, after: Standing, cause: Cause | None = Cause.PERFORMANCE, **other: object
) -> ChangeView:
    reason = {Cause.REVISION: "figures of the same period were revised", Cause.PERFORMANCE: "a new period"}
    moved = Change(kind, cause, reason.get(cause, "") if cause else "", "Police & Crime", "VC", COUNCIL, before, after)
    view = ChangeView(12, "Recorded crime", "2025-10-27", moved, "Vehicle crime", "per 1,000", 1, "low")
    return replace(view, **other)  # type: ignore[arg-type]


MEASURES = {
    "spend": Measure("SP", "Police spending", "£ per head", 0),
    "deprivation": Measure("IMD", "Deprivation score (IMD 2019)", "score", 1),
}

INDICATORS = (
    indicator("Vehicle crime", 28),
    indicator("Residential burglary", 22, code="RES_BURG"),
    indicator("Confidence in the police", 7, polarity="high", unit="%"),
    indicator("Road safety survey", None),
)


@dataclass
class FakeReader:
    """A reader of values made by hand; counts how often it is asked for a theme."""

    held: SnapshotView | None = SNAPSHOT
    themes: tuple[ThemeView, ...] = (
        theme("Police & Crime", 21, 11, expenditure="Police & Crime"),
        theme("Adult Social Care delivery", 3, 7),
        theme("Special Educational Needs & Disabilities", 5, 5),
        theme("Children's Social Care", 17),
    )
    composites: tuple[ThemeView, ...] = (theme("Overall Outcomes", 5, 4, kind="composite"),)
    indicators: tuple[IndicatorView, ...] = INDICATORS
    moved: tuple[ChangeView, ...] = ()
    improved: tuple[Improvement, ...] = ()
    spent: ThemeView = field(default_factory=lambda: theme("Expenditure: Police & Crime", 32, 31, kind="expenditure"))
    councils: tuple[tuple[str, str], ...] = ((COUNCIL, "Leicestershire"), ("E06000047", "Durham"))
    came: tuple[ReleaseView, ...] = ()
    now: int = 1
    asked: int = 0

    def version(self) -> int:
        return self.now

    def snapshot(self) -> SnapshotView | None:
        return self.held

    def names(self) -> Names:
        return Names(
            themes=tuple((view.name, ()) for view in self.themes),
            composites=tuple((view.name, ("the overall position",)) for view in self.composites),
            indicators=tuple((view.code, view.name, ()) for view in self.indicators),
            councils=self.councils,
            council=COUNCIL,
        )

    def theme(self, name: str, area: str | None = None) -> ThemeReport | None:
        self.asked += 1
        view = next((view for view in (*self.themes, *self.composites) if view.name == name), None)
        own = tuple(item for item in self.indicators if item.theme == name)
        spent = self.spent if view and view.expenditure else None
        return ThemeReport(SNAPSHOT, view, spent, own, self.county(area)) if view else None

    def indicator(self, code: str) -> IndicatorReport | None:
        view = next((view for view in self.indicators if view.code == code), None)
        if view is None:
            return None
        own = view.standing.rank if view.standing else 0
        peers = tuple(
            Peer(COUNCIL if rank == own else f"E{rank}", "Leicestershire" if rank == own else f"County {rank}",
                 rank / 4, rank or 0, tied=False, quartile=1 + 4 * (rank - 1) // 32)
            for rank in range(1, 33)
        )  # fmt: skip
        trend = (Point("2021/22", 4.6, 24, 32), Point("2022/23", 5.9, own or None, 32))
        return IndicatorReport(SNAPSHOT, view, trend, peers)

    def overall(self, area: str | None = None) -> OverallReport | None:
        name = self.county(area)
        return OverallReport(SNAPSHOT, self.composites, self.themes, {"Police & Crime": self.spent}, 1, 3, name)

    def county(self, area: str | None) -> str:
        return dict(self.councils).get(area or "", "") if area != COUNCIL else ""

    def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
        own = self.theme(name)
        return (own, replace(own, area=self.county(area))) if own else None

    def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
        own, other = self.overall(), self.overall(area)
        return (own, other) if own and other else None

    def league(self, name: str) -> LeagueReport | None:
        view = next(view for view in (*self.themes, *self.composites) if view.name == name)
        found = (AreaStanding(code, county, standing(at + 20)) for at, (code, county) in enumerate(self.councils))
        return LeagueReport(SNAPSHOT, view, tuple(found))

    def plane(self, against: Against, theme: str = "") -> Plane | None:
        """Of a theme us and Durham as in ``league``; by theme each that has a line, all against deprivation."""
        if theme:
            view = next((view for view in (*self.themes, *self.composites) if view.name == theme), None)
            measure = MEASURES[against] if view and (against == "deprivation" or view.expenditure) else None
            codes = self.councils if measure else ()
            places = [view.standing if view and code == COUNCIL else standing(7) for code, _ in codes]
            points = tuple(
                PlanePoint(*council, "area", place, replace(standing(31 + at % 2, value=441.2), quartile=None), measure)
                for at, (council, place) in enumerate(zip(codes, places, strict=True), start=1)
                if measure
            )
            return Plane(SNAPSHOT, against, theme, measure, points) if view else None
        spent = replace(self.spent.standing, quartile=None, period="2022/23", value=441.2)
        named = [view for view in (*self.composites, *self.themes) if view.expenditure or against == "deprivation"]
        points = tuple(
            PlanePoint(view.name, view.name, view.kind, view.standing, spent, MEASURES[against]) for view in named
        )
        without = tuple(view.name for view in self.themes if view not in named)
        return Plane(
            SNAPSHOT, against, "", MEASURES[against] if against == "deprivation" else None, points, (), without
        )

    def releases(self) -> tuple[ReleaseView, ...]:
        return self.came

    def read(self, query: Callable[[Database], T]) -> T:
        return query(nothing_yet())

    def bottom(self, theme: str | None = None) -> BottomReport | None:
        found = tuple(item for item in self.indicators if item.in_bottom_quartile and theme in {None, item.theme})
        return BottomReport(SNAPSHOT, theme, found, self.improved, 3)

    def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
        return tuple(
            item
            for item in self.moved
            if (since is None or item.published >= since.isoformat()) and release in {None, item.release_id}
        )

    def latest_change(self) -> int | None:
        return next((item.release_id for item in self.moved if item.change.kind is not Kind.BASELINE), None)


def ask(text: str, reader: FakeReader | None = None) -> Message:
    found = answer(text, reader or FakeReader(), today=TODAY)
    assert check_message({"text": found.text, "blocks": found.blocks}) is None
    assert not live_mentions({"text": found.text, "blocks": found.blocks})
    return found


def told(text: str, reader: FakeReader | None = None) -> str:
    return plain(ask(text, reader)).replace("\u2068", "").replace("\u2069", "")


def buttons(message: Message) -> list[tuple[str, str]]:
    elements = [element for block in message.blocks for element in (*block.get("elements", ()), block.get("accessory"))]
    return [(item["action_id"], item["value"]) for item in elements if item and item["type"] == "button"]


RELEASE = ReleaseView(
    id=4, source="file", name="crime.csv", published="2025-10-27", received="2025-10-28T09:00:00+00:00",
    status="accepted", rows=100, new_cells=32, revised_cells=1, changes=3, findings=(), held=(), decided_by="",
    reason="",
)  # fmt: skip
HELD = replace(
    RELEASE, id=5, name="waste.csv", status="held", findings=(("areas_lost", "", "12 of 31 areas have no figures"),)
)
DATASET = DataSetLine(
    dataset="crime", title="Recorded crime", page="", indicators=3, last_release="crime.csv", released="2025-10-27",
    kind="", next_expected="2025-11-20", expected_state="confirmed", checked="2025-11-03T08:00:00", problem="",
)  # fmt: skip


def overview(*datasets: DataSetLine, problem: str = "") -> Overview:
    ons = SourceLine("ons", "Office for National Statistics", True, "2025-11-03T08:00:00", 3, "", problem, datasets)
    off = SourceLine("key", "LG Inform", False, "", 0, "", "", ())
    return Overview((ons, off), (INDICATOR_LINE,))


INDICATOR_LINE = IndicatorLine(
    indicator="VEHICLE_CRIME", name="Vehicle crime", theme="Police & Crime", source="ons", dataset="crime",
    polarity="low", proven=True, last_release="crime.csv", released="2025-10-27", next_expected="2025-11-20",
    period="2022/23", areas=32, problem="",
)  # fmt: skip
