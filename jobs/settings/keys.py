"""The keys of the settings file, for its documentation and for error messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from jobs.settings.tables import Settings, Table
from jobs.sources import publisher_names

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

REQUIRED = "required"
UNSET = "unset"


@dataclass(frozen=True)
class Key:
    """A key of the settings file: its full name, its default as TOML, what it means."""

    name: str
    default: str
    description: str

    @property
    def documented(self) -> str:
        """The name it is documented under: what all publishers have is said once, under PUBLISHER."""
        head, publisher, *key = self.name.split(".")
        return f"sources.PUBLISHER.{key[0]}" if head == "sources" and publisher in publisher_names() else self.name


def known_keys() -> tuple[Key, ...]:
    """Every key there is, in the order of the tables."""
    return tuple(_keys(Settings, ""))


def _keys(table: type[Table], prefix: str) -> Iterator[Key]:
    for name, field in table.model_fields.items():
        inner = _inner_table(field.annotation)
        if inner:
            yield from _keys(inner, f"{prefix}{name}.")
        else:
            yield Key(prefix + name, _default(field), field.description or "")


def _inner_table(annotation: object) -> type[Table] | None:
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Table)), None)


def _default(field: FieldInfo) -> str:
    return REQUIRED if field.is_required() else toml_value(field.default)


def toml_value(value: object) -> str:
    """The value as one would write it in the file; "unset" for None."""
    if value is None:
        return UNSET
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(value.as_posix() if isinstance(value, Path) else str(value), ensure_ascii=False)
