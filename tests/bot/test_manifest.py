"""The manifest against what Slack takes in one: keys, lengths and forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.manifest import PUBLIC_URL, SCOPES, WITHOUT, manifest
from jobs.settings import Settings, load_settings
from tests.slack_double import ALL_SCOPES

Json = dict[str, Any]


def shape(required: list[str] | None = None, **properties: Json) -> Json:
    """An object that holds these keys and no others."""
    return {"type": "object", "properties": properties, "required": required or [], "additionalProperties": False}


def string(least: int = 1, most: int = 3_000, pattern: str = "") -> Json:
    return {"type": "string", "minLength": least, "maxLength": most, **({"pattern": pattern} if pattern else {})}


FLAG: Json = {"type": "boolean"}
WHOLE: Json = {"type": "integer"}
ADDRESS = string(pattern="^https://")
NAMES: Json = {"type": "array", "items": string(), "uniqueItems": True}
COMMAND = shape(
    ["command", "description"],
    command=string(2, 32, "^/"),
    description=string(most=2_000),
    usage_hint=string(most=1_000),
    should_escape=FLAG,
    url=ADDRESS,
)
SCHEMA = shape(
    ["display_information", "features", "oauth_config", "settings"],
    _metadata=shape(major_version=WHOLE, minor_version=WHOLE),
    display_information=shape(
        ["name"],
        name=string(most=35),
        description=string(most=140),
        long_description=string(175, 4_000),
        background_color=string(4, 7, "^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$"),
    ),
    features=shape(
        app_home=shape(home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG),
        bot_user=shape(["display_name"], display_name=string(most=80), always_online=FLAG),
        slash_commands={"type": "array", "minItems": 1, "maxItems": 50, "items": COMMAND},
    ),
    oauth_config=shape(scopes=shape(bot=NAMES)),
    settings=shape(
        event_subscriptions=shape(bot_events=NAMES, request_url=ADDRESS),
        interactivity=shape(["is_enabled"], is_enabled=FLAG, request_url=ADDRESS),
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled=FLAG,
    ),
)
TAKEN = Draft202012Validator(SCHEMA)


def settings(folder: Path, mode: str, more: str = "") -> Settings:
    path = folder / "config.toml"
    path.write_text(f'[slack]\nmode = "{mode}"\nchannel = "C0123456789"\n{more}', encoding="utf-8")
    return load_settings(path, {})


@pytest.mark.parametrize("mode", ["console", "socket", "http"])
def test_slack_takes_the_manifest(tmp_path: Path, mode: str) -> None:
    assert [error.message for error in TAKEN.iter_errors(manifest(settings(tmp_path, mode)))] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("features", "slash_commands", 0, "command"), "rank"),
        (("display_information", "long_description"), "Too short to be shown"),
        (("display_information", "background_color"), "blue"),
        (("settings", "interactivity"), {}),
        (("features", "app_home", "home_tab"), True),
    ],
)
def test_what_slack_would_not_take_is_seen(tmp_path: Path, place: tuple[str | int, ...], value: object) -> None:
    made: Any = manifest(settings(tmp_path, "socket"))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not TAKEN.is_valid(made)


def test_by_http_every_way_in_has_the_address_and_by_socket_none(tmp_path: Path) -> None:
    made = manifest(settings(tmp_path, "http"))
    assert made["settings"]["socket_mode_enabled"] is False
    assert str(made).count(PUBLIC_URL) == 3
    made = manifest(settings(tmp_path, "socket"))
    assert made["settings"]["socket_mode_enabled"] is True
    assert "https://" not in str(made)


def test_the_command_is_the_one_in_the_settings(tmp_path: Path) -> None:
    [command] = manifest(settings(tmp_path, "socket", 'command = "/standing"'))["features"]["slash_commands"]
    assert command["command"] == "/standing"


def test_home_messages_and_buttons_reach_the_service(tmp_path: Path) -> None:
    made = manifest(settings(tmp_path, "socket"))
    home = made["features"]["app_home"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, True)
    assert made["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened"]
    assert made["settings"]["interactivity"]["is_enabled"] is True


def test_every_scope_has_a_reason_and_what_is_missed_without_it(tmp_path: Path) -> None:
    assert manifest(settings(tmp_path, "socket"))["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert set(SCOPES) - set(WITHOUT) == {"chat:write", "commands"}
    assert set(WITHOUT) <= set(SCOPES) <= ALL_SCOPES
    assert all(re.fullmatch(r"to .*|the same .*", reason) for reason in SCOPES.values())
