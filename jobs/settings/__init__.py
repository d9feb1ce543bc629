"""Settings from config.toml and secrets from the environment."""

from __future__ import annotations

from jobs.settings.keys import REQUIRED, UNSET, Key, known_keys, toml_value
from jobs.settings.reading import CONFIG_FILE, CONFIG_VARIABLE, load_settings, settings_path
from jobs.settings.secrets import SLACK_API_URL, Secrets, load_credentials, load_secrets
from jobs.settings.tables import Council, Lead, Mode, QuartileRule, Settings, Slack
from jobs.settings.values import Cron, Interval, parse_every, parse_interval

__all__ = [
    "CONFIG_FILE",
    "CONFIG_VARIABLE",
    "REQUIRED",
    "SLACK_API_URL",
    "UNSET",
    "Council",
    "Cron",
    "Interval",
    "Key",
    "Lead",
    "Mode",
    "QuartileRule",
    "Secrets",
    "Settings",
    "Slack",
    "known_keys",
    "load_credentials",
    "load_secrets",
    "load_settings",
    "parse_every",
    "parse_interval",
    "settings_path",
    "toml_value",
]
