"""Examples of all charts, drawn the way they are in Slack: ``python -m bot.demo.pictures docs``.

Writes the pictures into ``pictures/`` and the page ``charts.md`` beside it, with each picture's own alternative text.
"""

from __future__ import annotations

import csv
import io
import logging
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import numpy as np
import structlog

from bot import demo
from bot.demo.story import load_published, write_releases
from bot.pictures import Pictures
from bot.slack_text import ChartOf, Picture
from engine.areas import comparators
from engine.catalogue import Indicator, Polarity, load_catalogue
from jobs.pipeline import Raw, ingest
from jobs.policy import Policy
from jobs.sources import file
from state.database import connect
from state.reader import Reader

PAGE, FOLDER = "charts.md", "pictures"

YEARS = tuple(f"{year}/{(year + 1) % 100:02}" for year in range(2009, 2017))
"""Financial years of the figures that are made up throughout."""

_SEED = 19
_LIMIT = 50 << 20
_COLUMNS = 118
_THEMES = ("Police & Crime", "Safer Communities")
_DEPRIVATION = Indicator("deprivation", "Deprivation score", "Context", Polarity("none"), "score", 1)
_MADE_UP = "In this example every figure is made up, the council's too."
_STORY = "The council's figures are its own, the comparators' are made up."


@dataclass(frozen=True, slots=True)
class Example:
    """One chart of the page: its file, what is asked for, how to read it, and whether all its figures are made up."""

    file: str
    heading: str
    of: ChartOf
    reading: str
    made_up: bool = False


EXAMPLES = (
    Example(
        "theme.png",
        "A theme over the years",
        ChartOf("theme", ("Police & Crime",)),
        "Higher is better: the line climbs through the four quartiles, which are named at the left with their ranks, "
        "and a year without a rank leaves a gap. Up to twelve years are shown. Hollow squares are ranks as published "
        "then, where they are not the computed ones; the year is the one their edition ends in.",
        made_up=True,
    ),
    Example(
        "themes.png",
        "All themes, before and after",
        ChartOf("themes"),
        "Best theme first: the open mark is where the council stood, the full one where it stands; left is better.",
    ),
    Example(
        "spend.png",
        "Performance against spending",
        ChartOf("spend", ("Environment & Waste",)),
        "The top right is where a council wants to be: high performing and low spending. The diamond is the council; "
        "the ends of both axes and its nearest neighbours are named where there is room.",
    ),
    Example(
        "spend-themes.png",
        "Performance against spending, theme by theme",
        ChartOf("spend"),
        "The same plane for one council: each number is one of its themes, each letter several together, named below.",
    ),
    Example(
        "deprivation.png",
        "Performance against deprivation",
        ChartOf("deprivation", ("Police & Crime",)),
        "The same with the most deprived at the left. No field is coloured: deprivation is neither good nor bad.",
        made_up=True,
    ),
    Example(
        "indicator.png",
        "An indicator over its periods",
        ChartOf("indicator", ("vehicle_crime",)),
        "The dark line is the council, the grey area all areas from best to worst, the dotted line the middle one, and "
        "what is beyond the broken line is the bottom quartile. Where a target is known the bar below shows figure "
        "and target over the four quartiles.",
        made_up=True,
    ),
    Example(
        "target.png",
        "An indicator with one period and a target",
        ChartOf("indicator", ("csc_three_placements",)),
        "The same with little to show; a target that is not a plain number or range is left out.",
    ),
    Example(
        "bottom.png",
        "The bottom quartile, theme by theme",
        ChartOf("bottom"),
        "One block is one indicator: a cross is the bottom quartile, a bar the third, a dot the second, plain the top.",
    ),
)


def examples() -> dict[str, Picture]:
    """The pictures by file name."""
    with tempfile.TemporaryDirectory() as scratch:
        story, made_up = (_database(Path(scratch), invented=flag) for flag in (False, True))
        drawn = {}
        for database in (story, made_up):
            reader = Reader(database)
            try:
                pictures = Pictures(reader)
                for example in EXAMPLES:
                    if example.made_up is (database == made_up) and (picture := pictures(example.of)):
                        drawn[example.file] = picture
            finally:
                reader.close()
    return drawn


def page(drawn: dict[str, Picture]) -> str:
    """The page of the documentation that shows them."""
    lines = [
        "# Charts",
        "",
        "Every chart is a picture for a phone, posted in a thread or shown in a modal. Its heading says the fact, its",
        "foot says on what it stands, and its alternative text, shown here below each picture, says the same to those",
        "who cannot see it. Colours repeat what words, arrows and shapes say. `make pictures` draws this page afresh.",
    ]
    for example in EXAMPLES:
        picture = drawn[example.file]
        lines += [
            "",
            f"## {example.heading}",
            "",
            f"![{_bracketed(picture.title)}]({FOLDER}/{example.file})",
            "",
            textwrap.fill(f"{example.reading} {_MADE_UP if example.made_up else _STORY}", _COLUMNS),
            "",
            f"> {picture.alt}",
        ]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write the pictures and the page."""
    drawn = examples()
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, picture in drawn.items():
        (folder / FOLDER / name).write_bytes(picture.png)
    (folder / PAGE).write_text(page(drawn), encoding="utf-8")


def _bracketed(title: str) -> str:
    return title.replace("[", "(").replace("]", ")")


def _database(scratch: Path, *, invented: bool) -> Path:
    """A database with the demonstration's releases, or with one that is invented."""
    folder = scratch / ("invented" if invented else "story")
    folder.mkdir()
    database = folder / "demo.db"
    db = connect(database)
    catalogue = load_catalogue([demo.CATALOGUE])
    if invented:
        indicators = {**catalogue.indicators, _DEPRIVATION.code: _DEPRIVATION}
        catalogue = replace(catalogue, indicators=indicators, deprivation=_DEPRIVATION.code)
    policy = Policy(demo.COUNCIL, demo.COMPARATORS, catalogue, illustrative=True)
    releases = [_invented()] if invented else [file.read(path, limit=_LIMIT) for path in write_releases(folder)]
    for raw in releases:
        published = raw.published or date(2017, 10, 31)
        ingest(db, raw, policy, now=datetime.combine(published, time(9, 30, tzinfo=UTC)), path=database)
    db.close()
    return database


def _invented() -> Raw:
    """Eight years of figures for all areas in two themes, and how deprived each area is."""
    codes = comparators(demo.COMPARATORS, demo.COUNCIL, date(2016, 3, 31)).codes
    entries = [entry for entry in load_published() if entry.theme in _THEMES]
    rows: list[tuple[object, ...]] = []
    for number, entry in enumerate(entries):
        figures = _walks(number, len(codes))
        base = float(next(value for value in entry.values if value is not None))
        for at, year in enumerate(YEARS):
            for area, level in zip(codes, figures[at].tolist(), strict=True):
                value = max(base * (1 + 0.16 * level), base / 10)
                rows.append((entry.code, area, year, f"{value:.{entry.decimals}f}", "illustrative"))
    for area, level in zip(codes, _walks(len(entries), len(codes))[0].tolist(), strict=True):
        rows.append((_DEPRIVATION.code, area, "2015", f"{18 + 3 * level:.1f}", "illustrative"))
    dictionary = [(e.code, e.name, e.theme, e.polarity, e.unit, e.decimals, e.target) for e in entries]
    return Raw(
        _csv(("indicator", "area_code", "period", "value", "status"), rows),
        _csv(("indicator", "name", "theme", "polarity", "unit", "decimals", "target"), dictionary),
        "invented-2017-10-31.csv",
        "file",
        date(2017, 10, 31),
    )


def _walks(number: int, areas: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """For each year and area a level about 0 that moves a little each year, the same on every machine."""
    bits = np.random.PCG64(np.random.SeedSequence([_SEED, number]))
    draws = (bits.random_raw(4 * areas * len(YEARS)) >> np.uint64(16)).astype(np.float64) / 2**48
    steps = draws.reshape(len(YEARS), areas, 4).sum(axis=2) - 2
    steps[0] *= 2
    steps[1:] *= 0.8
    return np.asarray(np.round(steps.cumsum(axis=0), 6), np.float64)


def _csv(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(_all(header, rows))
    return text.getvalue().encode()


def _all(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    yield header
    yield from rows


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
