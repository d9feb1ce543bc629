"""The Slack app manifest for a configuration: each council makes its own app from it."""

from __future__ import annotations

from typing import Any

from jobs.settings import Settings

PUBLIC_URL = "https://benchwatch.example.gov.uk/slack/events"
"""Stands for the council's own address in HTTP mode, to be replaced before the app is made."""

SCOPES = {
    "chat:write": "to post alerts, and to change them where figures are corrected",
    "commands": "to answer the slash command",
    "files:write": "to post charts",
    "files:read": "to see when Slack can show a chart",
    "im:write": "to write to people directly: leads, subscribers and those who ask for a table",
    "channels:read": "to see whether the bot is in a public channel",
    "groups:read": "the same for a private channel",
    "channels:history": "to see whether a message whose reply was lost stands in a public channel",
    "groups:history": "the same in a private channel",
    "im:history": "the same in a direct message",
}
"""What the app asks for, each with its reason."""

WITHOUT = {
    "files:write": "charts are told in words",
    "files:read": "charts in answers and dialogues are told in words; those in threads are posted",
    "im:write": "people cannot be written to: leads need a channel, and personal digests and tables do not come",
    "channels:read": "whether the bot is in a public channel shows with the first message only",
    "groups:read": "whether the bot is in a private channel shows with the first message only",
    "channels:history": "a message in a public channel whose reply was lost is posted twice",
    "groups:history": "a message in a private channel whose reply was lost is posted twice",
    "im:history": "a direct message whose reply was lost is posted twice",
}
"""What the scopes that may be refused are missed for; without the others there is no service."""

_ABOUT = """\
benchwatch watches the publishers of official statistics for one council. When a release moves the council among its \
comparators it posts one message: what moved, from which place to which, how sure that is, and why. /rank answers \
questions about any theme or indicator. Releases that look wrong are held until somebody decides. Channels are read \
only after a reply of Slack's was lost, to see whether the app's own message stands there."""


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
    events: dict[str, Any] = {"bot_events": ["app_home_opened"]}
    if not socket:
        command["url"] = interactivity["request_url"] = events["request_url"] = PUBLIC_URL
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "benchwatch",
            "description": "Where the council stands among its comparators, and what moved",
            "long_description": _ABOUT,
            "background_color": "#0b5394",
        },
        "features": {
            # The command can be typed beside the app's own messages, which a read-only tab would not allow.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "benchwatch", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }
