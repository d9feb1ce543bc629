"""Ranks of a few years as a line no higher than a line of text: 1st at the top, the latest year marked."""

from __future__ import annotations

import io
from itertools import pairwise

from PIL import Image, ImageDraw

from bot.report.parts import Spark

WIDTH, HEIGHT = 96, 34
_EDGE = 5
_TIMES = 4
"""The picture is drawn so many times larger, and larger still before it is made smooth."""
_SMOOTH = 2
_INK, _SOFT = "#1b1f24", "#8c959f"


def points(spark: Spark) -> list[tuple[float, float] | None]:
    """Where each year stands in a box of ``WIDTH`` by ``HEIGHT``, from its top left; None for a year without rank."""
    step = (WIDTH - 2 * _EDGE) / max(len(spark.ranks) - 1, 1)
    start = _EDGE if len(spark.ranks) > 1 else WIDTH / 2
    deep = (HEIGHT - 2 * _EDGE) / max(spark.of - 1, 1)
    return [
        None if rank is None else (round(start + step * at, 1), round(_EDGE + deep * (min(rank, spark.of) - 1), 1))
        for at, rank in enumerate(spark.ranks)
    ]


def png(spark: Spark) -> bytes:
    """The line as a small picture, the same bytes for the same ranks."""
    times = _TIMES * _SMOOTH
    image = Image.new("RGB", (WIDTH * times, HEIGHT * times), "white")
    draw = ImageDraw.Draw(image)
    for edge in (1, HEIGHT - 1):
        draw.line([(0, edge * times), (WIDTH * times, edge * times)], fill="#d0d7de", width=times // 2)
    places = points(spark)
    for before, after in pairwise(places):
        if before and after:
            draw.line([_large(before, times), _large(after, times)], fill=_INK, width=int(1.5 * times))
    for at, place in enumerate(places):
        if place:
            last = at == len(places) - 1
            x, y = _large(place, times)
            reach = (3.2 if last else 1.7) * times
            draw.ellipse([x - reach, y - reach, x + reach, y + reach], fill=_INK if last else _SOFT)
    small = image.resize((WIDTH * _TIMES, HEIGHT * _TIMES), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.quantize(16, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


def _large(place: tuple[float, float], times: int) -> tuple[float, float]:
    return place[0] * times, place[1] * times
