"""Who pressed or typed, as Slack itself says it, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk import WebClient

from bot.slack_errors import NO_REPLY
from bot.slack_text import clean, cut

_NAME = 80

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack; ``name`` is for showing only, ``id`` and ``team`` are what counts."""

    id: str
    name: str
    team: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> Person:
        """The sender of a request, from the fields that Slack fills in; what a button carries is never asked.

        The workspace of a press is the user's own: the other one named is where it was pressed, which for a guest of
        a shared channel may be ours.
        """
        user = body.get("user")
        if isinstance(user, dict):
            name = user.get("name") or user.get("username") or user["id"]
            return cls(str(user["id"]), cut(clean(str(name)), _NAME), str(user.get("team_id") or ""))
        own = str(body.get("user_id", ""))
        return cls(own, cut(clean(str(body.get("user_name") or own)), _NAME), str(body.get("team_id", "")))

    @property
    def actor(self) -> str:
        """Who did it, for the audit: a name to read and the ID that counts."""
        return f"{self.name} ({self.id})"


@dataclass(frozen=True)
class Permissions:
    """What people may do: approvers decide, mute for everybody and subscribe channels; members the rest.

    ``team`` says which workspace the app is installed in, and is empty while Slack cannot be asked.
    """

    approvers: Collection[str]
    team: Callable[[], str]

    def member(self, person: Person) -> bool:
        """Whether the person is of the app's own workspace; guests of shared channels are not."""
        own = self.team()
        return bool(person.id and own) and person.team == own

    def approver(self, person: Person) -> bool:
        """Whether the person may decide."""
        return person.id in self.approvers and self.member(person)


class OwnTeam:
    """The workspace that the app is installed in: asked of Slack when first needed, and remembered."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._known = ""

    def __call__(self) -> str:
        """Its ID, or nothing while Slack cannot be asked."""
        if not self._known:
            try:
                self._known = str(self._client.auth_test().get("team_id") or "")
            except NO_REPLY as error:
                log.warning("cannot ask Slack whose app this is", reason=type(error).__name__)
        return self._known
