"""Settings from config.toml and secrets from the environment: what may be set, and what it is by default.

Each key is one field below. Its type is the check, its description the documentation: `docs/settings.md` is
compared with both by a test.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from jobs.errors import SettingsError
from jobs.logs import Format, Level, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Mode = Literal["console", "socket", "http"]
QuartileRule = Literal["rank", "value"]

CONFIG_VARIABLE = "BENCHWATCH_CONFIG"
CONFIG_FILE = Path("config.toml")
DOCS = "docs/settings.md"
SHOWN = 60  # characters of a wrong value in an error
SLACK_API_URL = "https://slack.com/api/"


# Values that TOML has no word for


@dataclass(frozen=True)
class Interval:
    """A length of time, written `30s`, `1m` or `2h`."""

    seconds: float

    def __str__(self) -> str:
        for unit, length in (("h", 3600), ("m", 60)):
            if self.seconds and self.seconds % length == 0:
                return f"{self.seconds / length:.0f}{unit}"
        return f"{self.seconds:.3f}".rstrip("0").rstrip(".") + "s"


@dataclass(frozen=True)
class Cron:
    """A cron line; the fields are named as APScheduler's CronTrigger names its arguments."""

    minute: str
    hour: str
    day: str
    month: str
    day_of_week: str

    def __str__(self) -> str:
        return " ".join(asdict(self).values())


_INTERVAL = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_WEEKDAYS = re.compile(rf"\*|{_WEEKDAY}(?:-{_WEEKDAY})?(?:,{_WEEKDAY}(?:-{_WEEKDAY})?)*")


def parse_interval(value: object) -> Interval:
    """`30s`, `1m`, `2h` as an Interval; a ValueError that says what is expected for anything else."""
    if isinstance(value, Interval):
        return value
    found = _INTERVAL.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        message = 'should be a length of time such as "30s", "1m" or "2h"'
        raise ValueError(message)
    return Interval(float(found[1]) * _UNITS[found[2]])


def parse_every(value: object) -> Interval | Cron:
    """An interval longer than nothing, or a cron line whose weekdays are named.

    Weekdays by number are refused: 1 is Monday to cron and Tuesday to the scheduler.
    """
    if isinstance(value, Cron):
        return value
    if isinstance(value, str) and len(fields := value.lower().split()) > 1:
        return _parse_cron(fields)
    try:
        interval = parse_interval(value)
    except ValueError:
        message = 'should be an interval such as "30s", "1m" or "2h", or a cron line such as "30 9 * * mon-fri"'
        raise ValueError(message) from None
    if interval.seconds == 0:
        message = "should be longer than nothing"
        raise ValueError(message)
    return interval


def _parse_cron(fields: list[str]) -> Cron:
    names = tuple(Cron.__dataclass_fields__)
    if len(fields) != len(names):
        message = "should be a cron line of five fields: minute, hour, day, month, weekday"
        raise ValueError(message)
    cron = Cron(*fields)
    if not _WEEKDAYS.fullmatch(cron.day_of_week):
        message = (
            f'should name its weekdays (mon, tue, wed, thu, fri, sat, sun) instead of "{cron.day_of_week}", '
            "since 1 is Monday to cron but Tuesday to the scheduler"
        )
        raise ValueError(message)
    try:
        CronTrigger(**asdict(cron), timezone=ZoneInfo("UTC"))
    except ValueError as error:
        message = f"should be a cron line the scheduler understands ({error})"
        raise ValueError(message) from None
    return cron


def _fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", value.replace(" ", "")) if isinstance(value, str) else None
    if found is None or not 0 < int(found[1]) <= int(found[2]):
        message = 'should be a fraction of at most one, such as "2/3"'
        raise ValueError(message)
    return Fraction(int(found[1]), int(found[2]))


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ValueError, KeyError, OSError):
        message = 'should be the name of a time zone, such as "Europe/London"'
        raise ValueError(message) from None


def _path(value: object, info: ValidationInfo) -> Path:
    """Paths are relative to the folder of the settings file, which the loader passes as context."""
    if not isinstance(value, str | Path) or not str(value).strip():
        message = "should be a path in quotes"
        raise ValueError(message)
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / Path(value).expanduser()


def _place(value: object, info: ValidationInfo) -> Path | str:
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return value
    return _path(value, info)


def _catalogue(value: object, info: ValidationInfo) -> Path | Literal["builtin"]:
    return "builtin" if value == "builtin" else _path(value, info)


def _comparators(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, list | tuple) and value and all(isinstance(code, str) and code.strip() for code in value):
        return tuple(code.strip() for code in value)
    message = "should be the name of a group in quotes or a list of area codes"
    raise ValueError(message)


def _need_id(value: str, kinds: str, mode: str | None, expected: str) -> None:
    if mode not in {None, "console"} and not re.fullmatch(rf"[{kinds}][A-Z0-9]+", value):
        message = f'should be {expected}, since slack.mode is "{mode}"'
        raise ValueError(message)


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Every = Annotated[Interval | Cron, PlainValidator(parse_every)]
Places = Annotated[tuple[Annotated[Path | str, PlainValidator(_place)], ...], Field(strict=False)]
CatalogueFolder = Annotated[Path | Literal["builtin"], PlainValidator(_catalogue)]


# The tables of config.toml


class Table(BaseModel):
    """One table of the file: nothing unknown, nothing coerced, nothing changed afterwards."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        # Defaults pass the same checks, which also makes their paths relative to the file.
        validate_default=True,
        revalidate_instances="always",
        hide_input_in_errors=True,
    )


class Council(Table):
    """Who is ranked, and against whom."""

    code: Text = Field(default="E10000018", description="Area code of the council that is ranked.")
    comparators: Annotated[str | tuple[str, ...], PlainValidator(_comparators)] = Field(
        default="counties",
        description="Areas it is ranked against: the name of a group, or a list of area codes.",
    )


class Slack(Table):
    """Where messages go, and who may decide."""

    mode: Mode = Field(
        default="console",
        description="How to reach Slack: console prints messages in the terminal and needs no Slack, "
        "socket connects outwards, http listens for signed requests.",
    )
    channel: Text = Field(default="team", description="Channel of the team, which gets everything. With Slack, its ID.")
    ops_channel: str = Field(
        default="",
        description="Channel for failing sources and held releases. Empty for the channel of the team.",
    )
    approvers: Texts = Field(default=(), description="User IDs of those who may approve, reject and mute for everyone.")
    command: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(
        default="/rank", description="Name of the slash command."
    )

    @field_validator("channel", "ops_channel")
    @classmethod
    def _ids_with_slack(cls, value: str, info: ValidationInfo) -> str:
        """Names of channels can be changed by anyone and messages posted to a name cannot be edited."""
        if info.field_name == "ops_channel" and not value.strip():
            return str(info.data.get("channel", ""))
        _need_id(value, "CGD", info.data.get("mode"), 'the ID of a channel, such as "C0123456789"')
        return value

    @field_validator("approvers")
    @classmethod
    def _people(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for person in value:
            _need_id(person, "UW", info.data.get("mode"), 'IDs of users, such as "U0123456789"')
        return value


class Lead(Table):
    """A service lead: whom to tell about which themes."""

    name: Text = Field(description="Name of the lead's service, used in digests and on the command line.")
    slack: Text = Field(description="Channel or user that gets the lead's messages. With Slack, its ID.")
    themes: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] = Field(
        description="Themes the lead answers for, as the catalogue names them."
    )


class FileSource(Table):
    """Files dropped in a folder."""

    paths: Places = Field(
        default=(Path("drop"),),
        description="Folders to look in, or addresses of files. An empty list turns the source off.",
    )
    every: Every = Field(
        default=Interval(1),
        description="How often to look: an interval (30s, 1m, 2h) or a cron line with named weekdays.",
    )
    settle: Annotated[Interval, PlainValidator(parse_interval)] = Field(
        default=Interval(1), description="A file is read once it has stayed unchanged for so long."
    )
    max_mb: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Largest file that is read, in megabytes after unpacking."
    )


class Sources(Table):
    """Where releases come from."""

    file: FileSource = FileSource()


class Catalogue(Table):
    """What is measured."""

    paths: Annotated[tuple[CatalogueFolder, ...], Field(strict=False)] = Field(
        default=("builtin",),
        description="Where indicators are described: builtin, and folders of TOML files. "
        "An empty list leaves what releases bring themselves.",
    )


class State(Table):
    """What is remembered."""

    path: Annotated[Path, PlainValidator(_path)] = Field(
        default=Path("state/benchwatch.db"), description="The database file, on a local disk."
    )


class Ranking(Table):
    """The council's choices within the method."""

    quartile_rule: QuartileRule = Field(
        default="rank",
        description="How quartiles are cut: rank splits the places, value the values as spreadsheets do.",
    )
    min_coverage: Annotated[Fraction, PlainValidator(_fraction)] = Field(
        default=Fraction(2, 3),
        description="Share of a theme's indicators an area needs for a theme rank, as a fraction.",
    )
    max_age_years: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Leave out indicators whose latest period ended longer ago. Unset keeps them all.",
    )


class Alerts(Table):
    """How large a change must be to be told at once."""

    min_theme_move: Annotated[int, Field(ge=1)] = Field(default=1, description="Places a theme rank must move.")
    min_composite_move: Annotated[int, Field(ge=1)] = Field(default=3, description="Places a composite rank must move.")


class Quality(Table):
    """When a release is held for a person to look at."""

    max_bad_rows: Share = Field(default=0.0, description="Share of a file's rows that may be refused.")
    max_median_jump: Annotated[float, Field(gt=1, allow_inf_nan=False)] = Field(
        default=5.0, description="How many times larger or smaller an indicator's median may become."
    )
    max_areas_lost: Share = Field(default=0.2, description="Share of the known areas that a whole file may lack.")
    max_rows_lost: Share = Field(
        default=0.5, description="Share of the earlier release's rows that a whole file may lack."
    )
    max_coverage_lost: Share = Field(default=0.2, description="Share of its areas that an indicator may lose.")


class Http(Table):
    """Where the service listens."""

    host: Text = Field(default="127.0.0.1", description="Address to listen on. The default is this machine only.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=3000, description="Port to listen on. 0 takes any free one."
    )


class Schedule(Table):
    """When things happen."""

    timezone: Annotated[ZoneInfo, PlainValidator(_zone)] = Field(
        default=ZoneInfo("Europe/London"),
        description="Time zone of cron lines, digests and dates in messages.",
    )


class Logs(Table):
    """What the service says about itself, on standard error."""

    level: Level = Field(default="info", description="Least important message to write: debug, info, warning or error.")
    format: Format = Field(default="text", description="text for people, json for machines.")


class Settings(Table):
    """Everything in config.toml. `Settings()` is the defaults, with paths relative to the working folder."""

    council: Council = Council()
    slack: Slack = Slack()
    leads: Annotated[tuple[Lead, ...], Field(strict=False)] = ()
    sources: Sources = Sources()
    catalogue: Catalogue = Catalogue()
    state: State = State()
    ranking: Ranking = Ranking()
    alerts: Alerts = Alerts()
    quality: Quality = Quality()
    http: Http = Http()
    schedule: Schedule = Schedule()
    logs: Logs = Logs()

    @field_validator("leads")
    @classmethod
    def _leads(cls, value: tuple[Lead, ...], info: ValidationInfo) -> tuple[Lead, ...]:
        slack: Slack | None = info.data.get("slack")
        seen: set[str] = set()
        for lead in value:
            if lead.name.casefold() in seen:
                message = f'should have one entry for each name; "{lead.name}" is there twice'
                raise ValueError(message)
            seen.add(lead.name.casefold())
            expected = f'for "{lead.name}" the ID of a channel or user, such as "C0123456789", under slack'
            _need_id(lead.slack, "CGDUW", slack.mode if slack else None, expected)
        return value


# Reading the file


def settings_path(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file: the one given, else the one in BENCHWATCH_CONFIG, else ./config.toml."""
    return path or Path(environ.get(CONFIG_VARIABLE) or CONFIG_FILE)


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in the file, checked, with its relative paths taken from its own folder.

    Raises SettingsError, with a line for each fault: the file, the key, what is wrong and what to do.
    """
    file = settings_path(path, os.environ if environ is None else environ)
    data = _parse(file, _read(file, _missing_config))
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


def _read(file: Path, missing: Callable[[Path], str]) -> str:
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


# The keys, for the documentation and for error messages

REQUIRED = "required"
UNSET = "unset"


@dataclass(frozen=True)
class Key:
    """A key of the settings file: its full name, its default as TOML, what it means."""

    name: str
    default: str
    description: str


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


# Secrets, from the environment only

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


def _secret(environ: Mapping[str, str], variable: str, field: str, mode: Mode) -> str:
    value, file = environ.get(variable, "").strip(), environ.get(f"{variable}_FILE", "").strip()
    if value and file:
        message = f"{variable} and {variable}_FILE are both set. Unset one of them."
        raise SettingsError(message)
    if file:
        value = _read(Path(file), lambda path: f"{path}: no such file, though {variable}_FILE names it.").strip()
    if not value:
        where = f"{file} (named by {variable}_FILE) is empty" if file else f"{variable} is not set"
        message = f'{where}, and slack.mode = "{mode}" needs it. Set {variable}, or {variable}_FILE to a file.'
        raise SettingsError(message)
    # A line break or a space would come back, value and all, in the HTTP library's error.
    if not re.fullmatch(r"[!-~]+", value):
        message = f"{variable} holds spaces or other characters that no secret of Slack's has. Copy it again."
        raise SettingsError(message)
    start = _STARTS.get(field, "")
    if not value.startswith(start):
        message = f'{variable} does not start with "{start}". Check that the right secret was copied.'
        raise SettingsError(message)
    return value


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
