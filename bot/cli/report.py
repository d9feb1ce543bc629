"""The command that writes the annex to a Cabinet paper, as a page and as a document."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.base import Config, Json, app, reading, settings_of, show
from bot.errors import BotError
from jobs.errors import SettingsError

FORMATS = ("html", "docx", "both")
_FILES = frozenset({".html", ".htm", ".docx", ".pdf"})
_SIZES = (("MB", 1_000_000), ("kB", 1_000))


@app.command("report")
def report_command(
    out: Annotated[Path, typer.Option("--out", help="Folder to write into; made if it is not there.")] = Path(),
    form: Annotated[str, typer.Option("--format", help="html, docx or both.")] = "both",
    against: Annotated[
        str, typer.Option("--against", help="Compare with a named or published edition in place of last year.")
    ] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write the annex to a Cabinet paper: ranks, bottom quartile, changes, progress, spending, sources."""
    from bot.report import document, gather, page, paper  # noqa: PLC0415  # what draws and writes, for this alone
    from bot.tell.report import facts_document  # noqa: PLC0415

    if form not in FORMATS:
        raise SettingsError(f"no format is called {form!r}; there are {', '.join(FORMATS)}")
    if out.suffix.lower() in _FILES and not out.is_dir():
        raise SettingsError(f"--out is a folder, and {out} is called like a file")
    settings = settings_of(config)
    with reading(settings) as reader:
        report = reader.read(lambda db: gather(db, settings.ranking.similar, against))
    if report is None:
        raise BotError("there are no figures yet; take a release in first")
    out.mkdir(parents=True, exist_ok=True)
    made = paper(report)
    contents = {}
    if form != "docx":
        contents["html"] = page(made).encode()
    if form != "html":
        contents["docx"] = document(made)
    files = [_written(out, f"benchmarking-{report.day}.{kind}", content) for kind, content in contents.items()]
    sizes = [(path, path.stat().st_size) for path in files]
    found = {
        "files": [{"file": str(path), "bytes": size} for path, size in sizes],
        "report": facts_document(report),
    }
    show(found, "\n".join(f"Written: {path} ({_size(size)})" for path, size in sizes), as_json=as_json)


def _written(folder: Path, name: str, content: bytes) -> Path:
    """The file, whole or not at all; one of the same name is replaced."""
    path = folder / name
    handle, partial = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:  # also where it is interrupted
        Path(partial).unlink(missing_ok=True)
        raise
    return path.resolve()


def _size(size: int) -> str:
    """As "320 kB", "1.2 MB", "900 bytes"."""
    for unit, least in _SIZES:
        if size >= least:
            shown = size / least
            return f"{shown:.1f} {unit}" if unit == "MB" else f"{shown:.0f} {unit}"
    return f"{size} bytes"
