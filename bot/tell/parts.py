"""What several answers of the command line are made of: a table for a terminal, a rank for JSON."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.changes import Standing


def rank_document(standing: Standing) -> dict[str, object]:
    """A rank as JSON takes it, null where there is none."""
    return {"rank": standing.rank, "of": standing.of, "tied": standing.tied, "quartile": standing.quartile}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under their heads, for a terminal."""
    table = Table(box=SIMPLE, pad_edge=False)
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=160)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().strip("\n").splitlines())
