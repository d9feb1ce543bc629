"""The report as one HTML page that needs nothing else: styles and pictures are inside it, and no script."""

from __future__ import annotations

import base64
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.report import sparks
from bot.report.parts import ILLUSTRATIVE, Grid, Paper

_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(paper: Paper) -> str:
    """The page, the same text for the same report; whatever comes from outside is escaped by the template."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.globals.update(
        data=lambda png: base64.b64encode(png).decode(),
        kind=lambda part: type(part).__name__,
        pair=lambda one, other: zip(one, other, strict=True),
        pairs=pairwise,
        points=sparks.points,
        width=sparks.WIDTH,
        height=sparks.HEIGHT,
    )
    grids = (block for section in paper.sections for block in section.blocks if isinstance(block, Grid))
    return environment.get_template("page.html").render(
        paper=paper,
        policy=_POLICY,
        illustrative=ILLUSTRATIVE,
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        shares=sorted({column.share for grid in grids for column in grid.columns}),
    )
