from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.settings import Key, known_keys

ROOT = Path(__file__).parents[1]
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
VARIABLES = (
    "BENCHWATCH_CONFIG",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
)


def sections(text: str) -> dict[str, str]:
    """What stands under each heading that names a key or a variable, on one line."""
    parts = re.split(r"^### `([\w.]+)`$", text, flags=re.MULTILINE)
    bodies = (re.split(r"^#", body, maxsplit=1, flags=re.MULTILINE)[0] for body in parts[2::2])
    return dict(zip(parts[1::2], (" ".join(body.split()) for body in bodies), strict=True))


@pytest.mark.parametrize("key", known_keys(), ids=lambda key: key.name)
def test_every_setting_is_documented_as_it_is(key: Key) -> None:
    section = sections(SETTINGS).get(key.name, "")
    assert section, f"docs/settings.md has no heading ### `{key.name}`"
    assert key.description in section
    assert f"Default: `{key.default}`." in section or (key.default in {"required", "unset"})
    assert (key.default == "required") == ("Required." in section)
    assert (key.default == "unset") == ("Default: unset." in section)


def test_no_setting_is_documented_that_is_not_there() -> None:
    assert set(sections(SETTINGS)) == {key.name for key in known_keys()} | set(VARIABLES)


def test_settings_stand_in_their_order() -> None:
    documented = [name for name in sections(SETTINGS) if name not in VARIABLES]
    assert documented == [key.name for key in known_keys()]
