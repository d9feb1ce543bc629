"""Secrets: from the environment only, and never in an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jobs.errors import SettingsError
from jobs.settings.reading import read_text
from jobs.settings.tables import Mode

SLACK_API_URL = "https://slack.com/api/"

_NEEDED: dict[Mode, dict[str, str]] = {
    "console": {},
    "socket": {"bot_token": "SLACK_BOT_TOKEN", "app_token": "SLACK_APP_TOKEN"},
    "http": {"bot_token": "SLACK_BOT_TOKEN", "signing_secret": "SLACK_SIGNING_SECRET"},
}
_STARTS = {"bot_token": "xox", "app_token": "xapp-"}


@dataclass(frozen=True, repr=False)
class Secrets:
    """What Slack gave us to prove who we are. What the mode does not need is empty."""

    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    api_url: str = SLACK_API_URL

    def __repr__(self) -> str:
        return "Secrets(hidden)"


def load_secrets(environ: Mapping[str, str], mode: Mode) -> Secrets:
    """The secrets the mode needs, each from its variable or from the file that `…_FILE` names.

    Raises SettingsError with the variable's name, never with its value.
    """
    found = {field: _secret(environ, variable, field, mode) for field, variable in _NEEDED[mode].items()}
    return Secrets(**found, api_url=_api_url(environ))


def load_credentials(environ: Mapping[str, str], publisher: str) -> dict[str, str]:
    """A publisher's key and secret, as far as they are set: from NAME_KEY and NAME_SECRET, or the files they name.

    Raises SettingsError with the variable's name, never with its value.
    """
    found = {part: _value(environ, f"{publisher}_{part}".upper()) for part in ("key", "secret")}
    return {part: value for part, (value, _) in found.items() if value}


def _secret(environ: Mapping[str, str], variable: str, field: str, mode: Mode) -> str:
    value, file = _value(environ, variable)
    if not value:
        where = f"{file} (named by {variable}_FILE) is empty" if file else f"{variable} is not set"
        message = f'{where}, and slack.mode = "{mode}" needs it. Set {variable}, or {variable}_FILE to a file.'
        raise SettingsError(message)
    start = _STARTS.get(field, "")
    if not value.startswith(start):
        message = f'{variable} does not start with "{start}". Check that the right secret was copied.'
        raise SettingsError(message)
    return value


def _value(environ: Mapping[str, str], variable: str) -> tuple[str, str]:
    """The value of a variable or of the file its ``…_FILE`` names, with that file; empty when neither is set."""
    value, file = environ.get(variable, "").strip(), environ.get(f"{variable}_FILE", "").strip()
    if value and file:
        message = f"{variable} and {variable}_FILE are both set. Unset one of them."
        raise SettingsError(message)
    if file:
        value = read_text(Path(file), lambda path: f"{path}: no such file, though {variable}_FILE names it.").strip()
    # A line break or a space would come back, value and all, in the HTTP library's error.
    if value and not re.fullmatch(r"[!-~]+", value):
        message = f"{variable} holds spaces or other characters that no secret has. Copy it again."
        raise SettingsError(message)
    return value, file


def _api_url(environ: Mapping[str, str]) -> str:
    url = environ.get("SLACK_API_URL", "").strip() or SLACK_API_URL
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        message = f"SLACK_API_URL is not an address such as {SLACK_API_URL}. Correct it, or unset it."
        raise SettingsError(message)
    return url.rstrip("/") + "/"
