"""Reading parameters: the same method may come as JSON or as a form, where all values are strings."""

import json
from typing import Any

from .report import ApiError, Json

STRUCTURED = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
}


def decode(params: Json) -> Json:
    """The parameters with JSON strings parsed and absent values gone."""
    decoded = {key: value for key, value in params.items() if value is not None}
    for key, error in STRUCTURED.items():
        value = decoded.get(key)
        if isinstance(value, str):
            try:
                decoded[key] = json.loads(value) if value else None
            except ValueError:
                raise ApiError(error) from None
    return decoded


def need(params: Json, *keys: str) -> tuple[str, ...]:
    """The values of required parameters as strings; refuses when one is missing or empty."""
    missing = [key for key in keys if params.get(key) in (None, "")]
    if missing:
        raise ApiError("invalid_arguments", [f"[ERROR] missing required field: {key}" for key in missing])
    return tuple(str(params[key]) for key in keys)


def flag(params: Json, key: str) -> bool:
    """A boolean given as true, "true", 1 or "1"."""
    return params.get(key) in (True, 1, "1", "true", "True")


def whole(params: Json, key: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    try:
        value = int(params.get(key, default))
    except (TypeError, ValueError):
        raise ApiError("invalid_limit") from None
    if not 1 <= value <= most:
        raise ApiError("invalid_limit")
    return value


def micros(value: Any, error: str) -> int:
    """A `ts` as microseconds, so that timestamps of different widths compare."""
    seconds, _, fraction = str(value).partition(".")
    if not seconds.isdigit() or (fraction and not fraction.isdigit()):
        raise ApiError(error)
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))
