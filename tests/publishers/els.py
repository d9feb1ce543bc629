"""A stand-in for the repository of ONS Explore Local Statistics: the real files of two generations, at their addresses.

As at raw.githubusercontent.com every body has a strong ETag and may be kept for five minutes, and what is missing is a
line of text with 404. Folders whose files are not at hand are missing. For the generation of July 2025 there are
figures only, so its descriptions are made: the label, in the shape of that time, and no date.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL

GENERATIONS = {"2025-07": OFFICIAL / "ons-els-2025-07", "2026-06": OFFICIAL / "ons-els"}

_PATH = re.compile(r"/(?P<folder>[a-z0-9-]+)/(?P=folder)\.(?P<kind>csv|json)")


@cache
def real_body(generation: str, folder: str, kind: str) -> bytes | None:
    """A file of a folder as it was published; None where it is not at hand."""
    plain = GENERATIONS[generation] / f"{folder}.{kind}"
    if plain.exists():
        return plain.read_bytes()
    packed = plain.with_name(f"{plain.name}.gz")
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    figures = kind == "json" and generation == "2025-07" and real_body(generation, folder, "csv")
    return _description(folder) if figures else None


def folders(generation: str) -> tuple[str, ...]:
    """The folders whose figures are at hand."""
    return tuple(sorted({_folder(file) for file in GENERATIONS[generation].glob("*.csv*")}))


def _folder(file: Path) -> str:
    return file.name.partition(".")[0]


def _description(folder: str) -> bytes:
    label = folder.replace("-", " ").capitalize()
    schema = "https://purl.org/csv-cubed/qube-config/v1"
    return json.dumps({"$schema": schema, "title": label, "ess-beta-metadata": {"label": label}}).encode()


class StandIn:
    """``generation`` is the state of the repository; ``max_age`` how many seconds its answers may be kept."""

    def __init__(self) -> None:
        self.generation = "2026-06"
        self.max_age = 300
        self._published: dict[str, bytes | None] = {}

    def publish(self, path: str, body: bytes | None) -> None:
        """Put a new body at a path such as ``/claimant-count/claimant-count.csv``; None takes the file away."""
        self._published[path] = body

    def body(self, path: str) -> bytes | None:
        """What is at a path now."""
        if path in self._published:
            return self._published[path]
        found = _PATH.fullmatch(path)
        return real_body(self.generation, found["folder"], found["kind"]) if found else None

    def answer(self, request: Request) -> Reply:
        body = self.body(request.path)
        if body is None:
            return Reply(b"404: Not Found", 404, "text/plain; charset=utf-8")
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        kept = {"Cache-Control": f"max-age={self.max_age}"}
        return Reply(body, content_type="text/plain; charset=utf-8", tag=tag, headers=kept)
