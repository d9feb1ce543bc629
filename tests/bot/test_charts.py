from __future__ import annotations

import io
import struct

import pytest
from matplotlib.image import imread

from bot.charts import ALT_LIMIT, Chart, ThemeMove, theme_chart
from engine.changes import Standing


def move(theme: str, before: int | None, after: int | None, of: int = 27) -> ThemeMove:
    return ThemeMove(theme, *(None if rank is None else Standing(rank, of) for rank in (before, after)))


def chart(*moves: ThemeMove, illustrative: bool = True) -> Chart:
    return theme_chart(
        moves,
        council="Leicestershire",
        comparators="27 counties",
        years=("2015/16", "2016/17"),
        illustrative=illustrative,
    )


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_alt_text_tells_the_same_numbers_best_theme_first() -> None:
    alt = chart(move("Police & Crime", 11, 21), move("Economy", 6, 5), move("Housing", 2, 2)).alt
    assert alt == (
        "Chart: rank of Leicestershire by theme, 2015/16 to 2016/17, 1st being best, among 27 counties, "
        "illustrative comparators. Housing: 2nd to 2nd of 27, same. Economy: 6th to 5th of 27, better. "
        "Police & Crime: 11th to 21st of 27, worse."
    )


def test_alt_text_says_illustrative_only_of_illustrative_figures() -> None:
    assert "illustrative comparators" not in chart(move("Economy", 6, 5), illustrative=False).alt


def test_the_picture_differs_when_the_comparators_are_illustrative() -> None:
    moves = move("Economy", 6, 5)
    assert chart(moves).png != chart(moves, illustrative=False).png


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, Standing(5, 27), "5th of 27, no rank before"),
        (Standing(5, 27), None, "5th to no rank"),
        (None, None, "no rank"),
        (Standing(None, None), Standing(3, 4), "3rd of 4, no rank before"),
        (Standing(13, 27, tied=True), Standing(10, 26, tied=True), "=13th to =10th of 26, better"),
    ],
)
def test_missing_and_shared_ranks_are_said(before: Standing | None, after: Standing | None, words: str) -> None:
    assert chart(ThemeMove("Culture", before, after)).alt.endswith(f" Culture: {words}.")


def test_a_long_alt_text_says_what_it_leaves_out() -> None:
    alt = chart(*(move(f"Theme number {number}", 5, 7) for number in range(60))).alt
    assert len(alt) <= ALT_LIMIT
    told = alt.count(" of 27, worse.")
    assert alt.endswith(f" And {60 - told} more themes.")


def test_the_picture_is_phone_wide_at_twice_the_resolution_and_opaque() -> None:
    png = chart(*(move(f"Theme {number}", 5, 7) for number in range(14))).png
    width, height = size(png)
    assert width == 840
    assert 1200 < height < 2000
    pixels = imread(io.BytesIO(png), format="png")
    assert pixels[..., 3].min() == 1.0


def test_the_same_figures_give_the_same_bytes() -> None:
    moves = [move("Economy", 6, 5), move("Housing", 2, 4)]
    assert chart(*moves).png == chart(*reversed(moves)).png


@pytest.mark.parametrize("name", ["$x^", "救急", "a" * 300, "\\frac{1}", ""])
def test_any_theme_name_can_be_drawn(name: str) -> None:
    drawn = chart(move(name, 5, 7))
    assert size(drawn.png)[0] == 840
    assert f"{name}: 5th to 7th" in drawn.alt


def test_no_themes_give_an_empty_chart() -> None:
    assert chart().png.startswith(b"\x89PNG")
