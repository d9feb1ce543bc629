"""What goes over the wire between benchwatch and a stand-in, as a publisher's module sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """One request below the publisher's own address; ``base`` is that address, for links in the answers."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a parameter, with names in any case."""
        found = [values for key, values in self.query.items() if key.lower() == name.lower()]
        return found[-1][-1] if found else default


@dataclass(frozen=True)
class Reply:
    """One answer. With ``tag`` or ``modified`` the server answers 304 to a request that has them already."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    tag: str = ""
    modified: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, document: Any, status: int = 200, **more: Any) -> Reply:
        """A JSON document."""
        return cls(json.dumps(document).encode(), status, "application/json; charset=utf-8", **more)


class StandIn(Protocol):
    """One publisher; its module has a class ``StandIn`` made without arguments."""

    def answer(self, request: Request) -> Reply:
        """The publisher's answer; 404 for what it does not have."""
