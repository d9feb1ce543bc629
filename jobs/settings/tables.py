"""The tables of config.toml: what may be set, and what it is by default.

Each key is one field below. Its type is the check, its description the documentation: `docs/settings.md` is
compared with both by a test.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    create_model,
    field_validator,
)

from jobs.logs import Format, Level
from jobs.settings.values import (
    CatalogueFolder,
    Comparators,
    Cron,
    Every,
    FilePath,
    Hours,
    Interval,
    Length,
    Part,
    Places,
    Share,
    Text,
    Texts,
    Zone,
    need_id,
    parse_cron,
    parse_every,
)
from jobs.sources import publisher_names

Mode = Literal["console", "socket", "http"]
QuartileRule = Literal["rank", "value"]


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
    comparators: Comparators = Field(
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
    approvers: Texts = Field(default=(), description="User IDs of those who may decide about held releases in Slack.")
    command: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_-]{1,31}$")] = Field(
        default="/rank", description="Name of the slash command."
    )

    @field_validator("channel", "ops_channel")
    @classmethod
    def _ids_with_slack(cls, value: str, info: ValidationInfo) -> str:
        """Names of channels can be changed by anyone and messages posted to a name cannot be edited."""
        if info.field_name == "ops_channel" and not value.strip():
            return str(info.data.get("channel", ""))
        need_id(value, "CGD", info.data.get("mode"), 'the ID of a channel, such as "C0123456789"')
        return value

    @field_validator("approvers")
    @classmethod
    def _people(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for person in value:
            need_id(person, "UW", info.data.get("mode"), 'IDs of users, such as "U0123456789"')
        return value


class Lead(Table):
    """A service lead: whom to tell about which themes."""

    name: Text = Field(description="Name of the lead's service.")
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
    settle: Length = Field(default=Interval(1), description="A file is read once it has stayed unchanged for so long.")
    max_mb: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Largest file that is read, in megabytes after unpacking."
    )


class PublisherSource(Table):
    """One publisher that is watched."""

    on: bool | None = Field(
        default=None,
        description="Whether it is watched. Unset leaves it to polling.on; then all are watched that need no key.",
    )
    address: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")] | None = Field(
        default=None,
        description="Base address of its interface, where that has moved or is reached another way. "
        "Unset for the publisher's own.",
    )
    every: Annotated[tuple[Every, ...], Field(strict=False, min_length=1)] = Field(
        default=(parse_every("30-59/5 9 * * mon-fri"), parse_every("7 * * * *")),
        description="When to look: cron lines or intervals, quick when official statistics appear and slow otherwise.",
    )
    max_mb: Annotated[int, Field(ge=1)] = Field(
        default=200, description="Largest answer that is read, in megabytes after unpacking."
    )


class _Sources(Table):
    """Where releases come from."""

    file: FileSource = FileSource()

    def publisher(self, name: str) -> PublisherSource:
        """The settings of a publisher, one of ``publisher_names()``."""
        found: PublisherSource = getattr(self, name)
        return found


if TYPE_CHECKING:
    Sources = _Sources
else:  # one table for each module in jobs/sources, so that a new source brings its own
    _tables = {name: (PublisherSource, PublisherSource()) for name in publisher_names()}
    Sources = create_model("Sources", __base__=_Sources, __module__=__name__, **_tables)


class Polling(Table):
    """How benchwatch behaves towards publishers."""

    on: bool = Field(
        default=True,
        description="Whether publishers are watched. A source's own switch goes before this one.",
    )
    contact: str = Field(
        default="",
        description="Whom publishers may write to about our requests, such as an e-mail address; in the user agent.",
    )


Address = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")]


class Calendar(Table):
    """Release calendars: what is announced, and what has not come."""

    on: bool = Field(
        default=True, description="Whether release calendars are looked at and late releases told to the ops channel."
    )
    every: Every = Field(
        default=parse_every("15 7 * * mon-fri"),
        description="When to look: an interval or a cron line. Once a working day is enough.",
    )
    govuk: Address = Field(
        default="https://www.gov.uk/", description="Base address of GOV.UK, for the search of its announcements."
    )
    ons: Address = Field(
        default="https://api.beta.ons.gov.uk/v1/",
        description="Base address of the interface of ONS that has its release calendar.",
    )
    overdue_days: Annotated[int, Field(ge=0)] = Field(
        default=3,
        description="Working days that a release may be late after its confirmed day before the ops channel hears.",
    )


class Catalogue(Table):
    """What is measured."""

    paths: Annotated[tuple[CatalogueFolder, ...], Field(strict=False)] = Field(
        default=("builtin",),
        description="Where indicators are described: builtin, and folders of TOML files. "
        "An empty list leaves what releases bring themselves.",
    )


class State(Table):
    """What is remembered."""

    path: FilePath = Field(default=Path("state/benchwatch.db"), description="The database file, on a local disk.")


class Ranking(Table):
    """The council's choices within the method."""

    quartile_rule: QuartileRule = Field(
        default="rank",
        description="How quartiles are cut: rank splits the places, value the values as spreadsheets do.",
    )
    min_coverage: Part = Field(
        default=Fraction(2, 3),
        description="Share of a theme's indicators an area needs for a theme rank, as a fraction.",
    )
    max_age_years: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Leave out indicators whose latest period ended longer ago. Unset keeps them all.",
    )
    similar_change: Share = Field(
        default=0.0075,
        description="Relative change up to which a figure counts as similar: 0.0075 is 0.75%.",
    )

    @property
    def similar(self) -> Fraction:
        """The same, exactly as written."""
        return Fraction(str(self.similar_change))


class Alerts(Table):
    """How large a change must be to be told at once."""

    min_theme_move: Annotated[int, Field(ge=1)] = Field(default=1, description="Places a theme rank must move.")
    min_composite_move: Annotated[int, Field(ge=1)] = Field(default=3, description="Places a composite rank must move.")
    within_margin: Literal["alert", "digest"] = Field(
        default="alert",
        description="Where it is told that an indicator entered or left the bottom quartile within the margin of error "
        "of the published figures: at once, or counted in the alert and told in the digest.",
    )
    quiet_hours: Hours = Field(
        default=None,
        description='Hours in which messages wait, such as "18:30-08:00", in schedule.timezone. Unset for none. '
        "Answers to people who ask are always given.",
    )


class Digest(Table):
    """The weekly digest to each lead and subscriber."""

    on: bool = Field(default=True, description="Whether digests are sent.")
    every: Annotated[Cron, PlainValidator(parse_cron)] = Field(
        default=parse_cron("30 8 * * mon"),
        description="When digests are sent: a cron line with named weekdays, in schedule.timezone. One that fell due "
        "while the service was down is sent at its start.",
    )


class Quality(Table):
    """When a release is held for a person to look at."""

    max_bad_rows: Share = Field(default=0.0, description="Share of a file's rows that may be refused.")
    max_median_jump: Annotated[float, Field(gt=1, allow_inf_nan=False)] = Field(
        default=5.0, description="How many times larger or smaller an indicator's median may become."
    )
    max_areas_lost: Share = Field(default=0.2, description="Share of the known areas that a whole file may lack.")
    max_rows_lost: Share = Field(
        default=0.5, description="Share of the latest figures, or of a bulk release's indicators, that a file may lack."
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

    timezone: Zone = Field(
        default=ZoneInfo("Europe/London"),
        description="Time zone of cron lines, quiet hours, embargoes and the last days of mutes.",
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
    polling: Polling = Polling()
    calendar: Calendar = Calendar()
    catalogue: Catalogue = Catalogue()
    state: State = State()
    ranking: Ranking = Ranking()
    alerts: Alerts = Alerts()
    digest: Digest = Digest()
    quality: Quality = Quality()
    http: Http = Http()
    schedule: Schedule = Schedule()
    logs: Logs = Logs()

    @field_validator("digest")
    @classmethod
    def _digest(cls, value: Digest, info: ValidationInfo) -> Digest:
        alerts: Alerts | None = info.data.get("alerts")
        if alerts and alerts.within_margin == "digest" and not value.on:
            message = 'should be on where alerts.within_margin is "digest", which leaves changes to it'
            raise ValueError(message)
        return value

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
            need_id(lead.slack, "CGDUW", slack.mode if slack else None, expected)
        return value
