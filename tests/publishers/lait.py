"""A stand-in for the repository of DfE's Local Authority Interactive Tool: two real editions, at their addresses.

As at raw.githubusercontent.com every body has a strong ETag and may be kept for five minutes, and what is missing is a
line of text with 404.
"""

from __future__ import annotations

import hashlib
from functools import cache

from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL

EDITIONS = ("2025-10-27", "2025-11-25")
FOLDER = "/01_data/02_prod/"
FIGURES = "bds_long_0.parquet"
DICTIONARY = "lait_data_dictionary.csv"


@cache
def real_body(edition: str, name: str) -> bytes:
    """A file of an edition as it was published."""
    return (OFFICIAL / "lait" / f"{edition}.{name}").read_bytes()


class StandIn:
    """``edition`` is the state of the repository; ``max_age`` how many seconds its answers may be kept."""

    def __init__(self) -> None:
        self.edition = EDITIONS[-1]
        self.max_age = 300
        self._published: dict[str, bytes] = {}

    def publish(self, name: str, body: bytes) -> None:
        """Replace a file, whatever the edition."""
        self._published[name] = body

    def answer(self, request: Request) -> Reply:
        """A file of the edition; 404 for any other path."""
        name = request.path.removeprefix(FOLDER)
        if request.path != FOLDER + name or name not in (FIGURES, DICTIONARY):
            return Reply(b"404: Not Found", 404, "text/plain; charset=utf-8")
        body = self._published.get(name) or real_body(self.edition, name)
        kind = "text/plain; charset=utf-8" if name == DICTIONARY else "application/octet-stream"
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        return Reply(body, content_type=kind, tag=tag, headers={"Cache-Control": f"max-age={self.max_age}"})
