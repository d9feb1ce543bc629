"""The Slack app manifest for a configuration: each council makes its own app from it."""

from __future__ import annotations

from typing import Any

from jobs.settings import Settings

PUBLIC_URL = "https://benchwatch.example.gov.uk/slack/events"
"""Stands for the council's own address in HTTP mode, to be replaced before the app is made."""

SCOPES = {
    "chat:write": "to post alerts",
    "commands": "to answer the slash command",
    "im:write": "to write to a service lead directly",
    "channels:history": "to see whether a message whose reply was lost stands in a public channel",
    "groups:history": "the same in a private channel",
    "im:history": "the same in a direct message",
}


def manifest(settings: Settings) -> dict[str, Any]:
    """The manifest to paste where Slack offers to make an app from one."""
    socket = settings.slack.mode != "http"
    command: dict[str, Any] = {
        "command": settings.slack.command,
        "description": "Ask where the council stands",
        "usage_hint": "theme Police",
        "should_escape": False,
    }
    interactivity: dict[str, Any] = {"is_enabled": True}
    if not socket:
        command["url"] = interactivity["request_url"] = PUBLIC_URL
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "benchwatch",
            "description": "Where the council stands among its comparators, and what moved",
            "background_color": "#0b5394",
        },
        "features": {
            "bot_user": {"display_name": "benchwatch", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }
