from __future__ import annotations

import re
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jobs.errors import SettingsError
from jobs.settings import (
    SLACK_API_URL,
    Council,
    Cron,
    Interval,
    Mode,
    Secrets,
    Settings,
    Slack,
    known_keys,
    load_secrets,
    load_settings,
    parse_every,
    parse_interval,
    settings_path,
)

SHIPPED = Path(__file__).parents[2] / "config.toml"

SOCKET = """
[slack]
mode = "socket"
channel = "C0123456789"
"""


def load(folder: Path, text: str | bytes) -> Settings:
    file = folder / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(file, {})


def fault(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as error:
        load(folder, text)
    message = str(error.value)
    assert all(line.startswith(f"{folder / 'config.toml'}: ") for line in message.splitlines())
    return message.replace(f"{folder / 'config.toml'}: ", "")


# The file


def test_an_empty_file_is_the_defaults_in_its_own_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    assert settings.state.path == tmp_path / "state/benchwatch.db"
    assert settings.sources.file.paths == (tmp_path / "drop",)
    assert settings.catalogue.paths == ("builtin",)
    assert settings.council == Council(code="E10000018", comparators="counties")
    assert settings.sources.file.every == Interval(1)
    assert settings.ranking.min_coverage == Fraction(2, 3)
    assert settings.schedule.timezone == ZoneInfo("Europe/London")


def test_everything_can_be_said(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        SOCKET
        + """
ops_channel = "C0123456780"
approvers = ["U0123456789"]

[council]
code = "E10000034"
comparators = ["E10000018", "E10000034"]

[[leads]]
name = "Community safety"
slack = "D0123456781"
themes = ["Police & Crime"]

[sources.file]
paths = ["in", "/srv/drop", "https://example.org/data.csv"]
every = "30 9 * * mon-fri"

[catalogue]
paths = ["builtin", "ours"]

[ranking]
min_coverage = "1/2"
max_age_years = 4
""",
    )
    assert settings.slack.ops_channel == "C0123456780"
    assert settings.slack.approvers == ("U0123456789",)
    assert settings.council.comparators == ("E10000018", "E10000034")
    assert [lead.themes for lead in settings.leads] == [("Police & Crime",)]
    assert settings.sources.file.paths == (
        tmp_path / "in",
        Path("/srv/drop"),
        "https://example.org/data.csv",
    )
    assert settings.sources.file.every == Cron("30", "9", "*", "*", "mon-fri")
    assert settings.catalogue.paths == ("builtin", tmp_path / "ours")
    assert settings.ranking.min_coverage == Fraction(1, 2)
    assert settings.ranking.max_age_years == 4


def test_relative_paths_are_relative_to_the_file_whatever_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("conf/config.toml"), {}).state.path == tmp_path / "conf/state/benchwatch.db"


def test_ops_messages_go_to_the_team_unless_told_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, SOCKET).slack.ops_channel == "C0123456789"
    assert Slack().ops_channel == "team"


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    assert load(tmp_path, b'\xef\xbb\xbf[logs]\nlevel = "debug"\n').logs.level == "debug"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().slack.channel = "other"


def test_the_argument_goes_before_the_variable_and_that_before_the_working_folder() -> None:
    environ = {"BENCHWATCH_CONFIG": "/etc/benchwatch.toml"}
    assert settings_path(Path("mine.toml"), environ) == Path("mine.toml")
    assert settings_path(None, environ) == Path("/etc/benchwatch.toml")
    assert settings_path(None, {"BENCHWATCH_CONFIG": ""}) == Path("config.toml")


# What is wrong, where, what to do


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: no such .*--config or BENCHWATCH_CONFIG"):
        load_settings(tmp_path / "none.toml", {})


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    assert "line 2 is not UTF-8" in fault(tmp_path, b'[council]\ncode = "\xe9"\n')


def test_bad_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 3" in fault(tmp_path, "[http]\nport = 3000\nhost = \n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[slack]\nchanel = "x"', "unknown key slack.chanel. The nearest known one is slack.channel;"),
        ("[scedule]\na = 1", "unknown key scedule. The nearest known one is schedule;"),
        ("port = 1", "unknown key port. The nearest known one is http.port;"),
        ('[alerts]\nwithin_margin = "never"', "alerts.within_margin = \"never\": should be 'alert' or 'digest'"),
        (
            '[alerts]\nwithin_margin = "digest"\n[digest]\non = false',
            'digest: should be on where alerts.within_margin is "digest", which leaves changes to it.',
        ),
        ('[sources.file]\nevry = "1s"', "unknown key sources.file.evry. The nearest known one is sources.fi"),
        (
            '[[leads]]\nname="a"\nslack="b"\nthemes=["c"]\ntheme="d"',
            "unknown key leads.theme (entry 1). The nearest known",
        ),
        ('[[leads]]\nname="a"\nslack="b"', "leads.themes (entry 1) is missing."),
        (
            '[http]\nport = "3000"',
            'http.port = "3000": should be a whole number without quotes. The default is',
        ),
        ("[http]\nport = 70000", "http.port = 70000: should be less than or equal to 65535."),
        ("[http]\nport = true", "http.port = true: should be a whole number"),
        ('[http]\nhost = ""', 'http.host = "": should not be empty.'),
        ("slack = 3", "slack = 3: should be a table, written [slack]"),
        ('[leads]\nname = "a"', "leads: should be written [[leads]], once for each lead"),
        ('[slack]\napprovers = "U1"', 'slack.approvers = "U1": should be a list in square brackets'),
        ('[slack]\nmode = "sockets"', "slack.mode = \"sockets\": should be 'console', 'socket' or 'http'."),
        ('[slack]\ncommand = "rank"', 'slack.command = "rank": should be a slash'),
        ('[slack]\nmode = "socket"', 'slack.channel = "team": should be the ID of a channel'),
        (SOCKET + 'ops_channel = "#ops"', 'slack.ops_channel = "#ops": should be the ID of a channel'),
        (SOCKET + 'approvers = ["jo"]', "slack.approvers: should be IDs of users"),
        (SOCKET + '[[leads]]\nname="a"\nslack="#a"\nthemes=["b"]', 'leads: should be for "a" the ID of a'),
        ('[sources.file]\npaths = ["a", 3]', "sources.file.paths (entry 2) = 3: should be a path in quotes"),
        ('[sources.file]\nsettle = "soon"', 'sources.file.settle = "soon": should be a length of time'),
        ("[council]\ncomparators = []", "council.comparators: should be the name of a group in quotes or"),
        ('[ranking]\nmin_coverage = "3/2"', 'ranking.min_coverage = "3/2": should be a fraction of at most'),
        ("[ranking]\nmin_coverage = 0.6", "ranking.min_coverage = 0.6: should be a fraction"),
        ("[quality]\nmax_bad_rows = nan", "quality.max_bad_rows = nan: should be a finite number"),
        ("[quality]\nmax_rows_lost = 1.5", "quality.max_rows_lost = 1.5: should be less than or equal to 1."),
        (
            '[schedule]\ntimezone = "London"',
            'schedule.timezone = "London": should be the name of a time zone',
        ),
        (
            '[schedule]\ntimezone = "Europe"',
            'schedule.timezone = "Europe": should be the name of a time zone',
        ),
    ],
)
def test_a_fault_names_its_key_and_the_remedy(tmp_path: Path, text: str, said: str) -> None:
    message = fault(tmp_path, text)
    assert message.startswith(said)
    assert "docs/settings.md" in message


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    assert len(fault(tmp_path, '[http]\nport = "a"\n[logs]\nlevel = "loud"\n').splitlines()) == 2


def test_leads_have_different_names(tmp_path: Path) -> None:
    lead = '[[leads]]\nname = "{}"\nslack = "x"\nthemes = ["y"]\n'
    assert '"roads" is there twice' in fault(tmp_path, lead.format("Roads") + lead.format("roads"))


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    message = fault(tmp_path, '[slack]\ntoken = "xoxb-12-34-abc"\nmode = "xapp-1-secret"\n')
    assert "secrets come from the environment only" in message
    assert "34-abc" not in message
    assert "1-secret" not in message


# Times


@pytest.mark.parametrize(
    ("text", "seconds", "back"),
    [("30s", 30, "30s"), ("1m", 60, "1m"), ("2h", 7200, "2h"), ("90m", 5400, "90m"), ("0.5s", 0.5, "0.5s")],
)
def test_intervals(text: str, seconds: float, back: str) -> None:
    assert parse_every(text) == parse_interval(text) == Interval(seconds)
    assert str(Interval(seconds)) == back


def test_a_source_is_not_looked_at_without_pause_but_a_file_may_be_read_at_once() -> None:
    assert parse_interval("0s") == Interval(0)
    with pytest.raises(ValueError, match="longer than nothing"):
        parse_every("0s")


@given(st.decimals(min_value="0.001", max_value=9_999, places=3), st.sampled_from("smh"))
def test_what_an_interval_is_written_as_reads_back(number: object, unit: str) -> None:
    interval = parse_every(f"{number}{unit}")
    assert isinstance(interval, Interval)
    assert parse_interval(str(interval)).seconds == pytest.approx(interval.seconds)


@pytest.mark.parametrize("text", ["", "1", "1d", "-1s", "s", "1 week", "1e3s", 5, None, True])
def test_no_interval(text: object) -> None:
    with pytest.raises(ValueError, match="should be"):
        parse_every(text)


@pytest.mark.parametrize("line", ["30 9 * * mon-fri", "*/15 8-18 * * *", "0 9 1 jan,jul *", "0 9 last * *"])
def test_a_cron_line_is_one_the_scheduler_takes(line: str) -> None:
    cron = parse_every(line)
    assert isinstance(cron, Cron)
    assert str(cron) == line
    CronTrigger(**asdict(cron), timezone=ZoneInfo("Europe/London"))


@pytest.mark.parametrize("weekday", ["1", "0", "7", "1-5", "mon,3", "*/2", "monday"])
def test_weekdays_are_named(weekday: str) -> None:
    with pytest.raises(ValueError, match="1 is Monday to cron but Tuesday to the scheduler"):
        parse_every(f"30 9 * * {weekday}")


@pytest.mark.parametrize("line", ["99 9 * * *", "0 9 * *", "0 0 9 * * *", "0 9 * * fri-mon", "a b c d *"])
def test_no_cron_line(line: str) -> None:
    with pytest.raises(ValueError, match="should be a cron line"):
        parse_every(line)


# Secrets

BOT, APP, SIGNING = "xoxb-1-bot", "xapp-1-app", "0123456789abcdef"
ALL = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_SIGNING_SECRET": SIGNING}


def test_each_mode_takes_the_secrets_it_needs() -> None:
    assert load_secrets(ALL, "console") == Secrets()
    assert load_secrets(ALL, "socket") == Secrets(bot_token=BOT, app_token=APP)
    assert load_secrets(ALL, "http") == Secrets(bot_token=BOT, signing_secret=SIGNING)


@pytest.mark.parametrize(
    ("mode", "variable"),
    [
        ("socket", "SLACK_BOT_TOKEN"),
        ("socket", "SLACK_APP_TOKEN"),
        ("http", "SLACK_BOT_TOKEN"),
        ("http", "SLACK_SIGNING_SECRET"),
    ],
)
def test_a_missing_secret_is_named_with_its_mode(mode: Mode, variable: str) -> None:
    environ = {name: value for name, value in ALL.items() if name != variable}
    with pytest.raises(SettingsError, match=f'^{variable} is not set, and slack.mode = "{mode}" needs it'):
        load_secrets(environ, mode)


def test_secrets_come_from_files_and_lose_their_line_break(tmp_path: Path) -> None:
    (tmp_path / "bot").write_text(f"{BOT}\n")
    environ = ALL | {"SLACK_BOT_TOKEN": "", "SLACK_BOT_TOKEN_FILE": str(tmp_path / "bot")}
    assert load_secrets(environ, "http").bot_token == BOT


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set"):
        load_secrets(ALL | {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "bot")}, "http")


def test_a_missing_or_empty_secret_file_is_named(tmp_path: Path) -> None:
    environ = {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "bot")}
    with pytest.raises(SettingsError, match=r"bot: no such file, though SLACK_BOT_TOKEN_FILE names it"):
        load_secrets(environ, "http")
    (tmp_path / "bot").touch()
    with pytest.raises(SettingsError, match=r"bot \(named by SLACK_BOT_TOKEN_FILE\) is empty"):
        load_secrets(environ, "http")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SLACK_BOT_TOKEN": APP}, "SLACK_BOT_TOKEN does not start with"),
        ({"SLACK_APP_TOKEN": BOT}, "SLACK_APP_TOKEN does not start with"),
        ({"SLACK_BOT_TOKEN": f"{BOT}\n{APP}"}, "SLACK_BOT_TOKEN holds spaces"),
        ({"SLACK_BOT_TOKEN": f"{BOT}é"}, "SLACK_BOT_TOKEN holds spaces or other characters"),
        ({"SLACK_API_URL": f"slack.com/{BOT}"}, "SLACK_API_URL is not an address"),
        ({"SLACK_API_URL": f"http://[{BOT}"}, "SLACK_API_URL is not an address"),
    ],
)
def test_no_error_shows_a_secret(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=f"^{said}") as error:
        load_secrets(ALL | environ, "socket")
    assert not re.search("1-bot|1-app", str(error.value))


def test_secrets_do_not_show_themselves() -> None:
    secrets = load_secrets(ALL, "socket")
    assert repr(secrets) == str(secrets) == f"{secrets}" == "Secrets(hidden)"


def test_the_address_of_slack_can_be_another_and_ends_in_a_slash() -> None:
    assert load_secrets({}, "console").api_url == SLACK_API_URL
    environ = {"SLACK_API_URL": "http://127.0.0.1:8888/api"}
    assert load_secrets(environ, "console").api_url == "http://127.0.0.1:8888/api/"


# What is shipped


def test_the_shipped_file_works_and_states_the_defaults() -> None:
    shipped = load_settings(SHIPPED, {})
    folder = SHIPPED.parent
    assert shipped == Settings.model_validate({}, context={"folder": folder})


def test_every_key_is_described_in_a_sentence() -> None:
    assert [key.name for key in known_keys() if not re.fullmatch(r"\S.*\.", key.description)] == []
    assert len({key.name for key in known_keys()}) == len(known_keys())
