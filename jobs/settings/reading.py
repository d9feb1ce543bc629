"""Reading config.toml: the settings, or every fault in it in plain words."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from jobs.errors import SettingsError
from jobs.logs import redact
from jobs.settings.keys import REQUIRED, UNSET, known_keys, toml_value
from jobs.settings.tables import Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_VARIABLE = "BENCHWATCH_CONFIG"
CONFIG_FILE = Path("config.toml")
DOCS = "docs/settings.md"
SHOWN = 60  # characters of a wrong value in an error


def settings_path(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file: the one given, else the one in BENCHWATCH_CONFIG, else ./config.toml."""
    return path or Path(environ.get(CONFIG_VARIABLE) or CONFIG_FILE)


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in the file, checked, with its relative paths taken from its own folder.

    Raises SettingsError, with a line for each fault: the file, the key, what is wrong and what to do.
    """
    file = settings_path(path, os.environ if environ is None else environ)
    data = _parse(file, read_text(file, _missing_config))
    try:
        return Settings.model_validate(data, context={"folder": file.absolute().parent})
    except ValidationError as error:
        lines = [f"{file}: {_explain(fault)}" for fault in error.errors(include_url=False)]
    raise SettingsError("\n".join(lines))


def _missing_config(file: Path) -> str:
    return (
        f"{file}: no such settings file. "
        f"Name one with --config or {CONFIG_VARIABLE}, or start from the config.toml of benchwatch itself."
    )


def read_text(file: Path, missing: Callable[[Path], str]) -> str:
    """The text of a UTF-8 file; ``missing`` says what is wrong when there is none. Raises SettingsError."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        message = missing(file)
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror}). Check what it is and who may read it."
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"{file}: line {line} is not UTF-8. Save the file as UTF-8."
    raise SettingsError(message)


def _parse(file: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{file}: not valid TOML: {error}. Correct that place; text needs quotes, lists square brackets."
    raise SettingsError(redact(message))


# pydantic's types of fault in our words; its own message serves for the others.
_SHOULD = {
    "string_type": "should be text in quotes",
    "int_type": "should be a whole number without quotes",
    "float_type": "should be a number without quotes",
    "finite_number": "should be a finite number",
    "tuple_type": "should be a list in square brackets",
    "string_too_short": "should not be empty",
    "string_pattern_mismatch": 'should be a slash, then small letters, digits, "-" or "_", such as "/rank"',
    "too_short": "should have at least one entry",
}


def _explain(fault: ErrorDetails) -> str:
    """One fault in plain words: `http.port = "abc": should be …. The default is 3000; …`."""
    key, entry = _dotted(fault["loc"])
    if fault["type"] == "extra_forbidden":
        return _unknown(key, entry)
    if fault["type"] == "missing":
        return f"{key}{entry} is missing. Add it; {DOCS} describes it."
    given = fault["input"]
    value = "" if isinstance(given, dict | list | tuple) else f" = {_shown(given)}"
    return f"{key}{entry}{value}: {_fault(fault, key)}. {_remedy(key, given)}"


def _dotted(loc: tuple[int | str, ...]) -> tuple[str, str]:
    """The key's full name, and which entry of a list is meant, counted from one."""
    names = [str(part) for part in loc if isinstance(part, str)]
    entries = [part + 1 for part in loc if isinstance(part, int)]
    return ".".join(names), f" (entry {entries[0]})" if entries else ""


def _fault(fault: ErrorDetails, key: str) -> str:
    if fault["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        return f"should be a table, written [{key}]"
    if fault["type"] == "tuple_type" and key == "leads":
        return "should be written [[leads]], once for each lead"
    return _SHOULD.get(fault["type"]) or re.sub(r"^(Value error, |\w+ (?=should))", "", fault["msg"])


def _shown(value: object) -> str:
    text = redact(str(value))
    text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text.lower()


def _remedy(key: str, given: object) -> str:
    default = next((known.default for known in known_keys() if known.name == key), REQUIRED)
    if default in {REQUIRED, UNSET, toml_value(given)}:
        return f"{DOCS} describes it."
    return f"The default is {default}; {DOCS} describes it."


def _unknown(key: str, entry: str) -> str:
    key = redact(key)
    if re.search(r"token|secret", key, re.IGNORECASE):
        return f"{key}{entry}: secrets come from the environment only. Take it out; {DOCS} names the variables."
    names = {name for known in known_keys() for name in (known.name, *_tables_of(known.name))}
    nearest = get_close_matches(key, sorted(names), n=1, cutoff=0)[0]
    return f"unknown key {key}{entry}. The nearest known one is {nearest}; {DOCS} describes them all."


def _tables_of(name: str) -> Iterator[str]:
    parts = name.split(".")[:-1]
    return (".".join(parts[: n + 1]) for n in range(len(parts)))
