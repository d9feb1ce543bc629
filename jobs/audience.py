"""Who hears of a release's changes: the team of all, leads and subscribers of theirs, and nobody of what is muted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.changes import Cause, Change
from jobs.policy import TEAM, Policy
from state.database import Database
from state.mutes import EVERYBODY, Mute, mutes
from state.subscriptions import subscriptions

TO = "to:"
"""Begins a destination that names its place, the ID of a user or channel; others are named in the settings."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One destination: the themes and composites it hears of, None for all, and the mutes that hold there.

    ``place`` is the user or channel that it is, where that is known.
    """

    destination: str
    themes: frozenset[str] | None = None
    mutes: tuple[Mute, ...] = ()
    place: str = ""

    def concerns(self, theme: str) -> bool:
        """Whether a theme or composite is heard of here."""
        return self.themes is None or theme in self.themes

    def mute_of(self, change: Change) -> Mute | None:
        """The mute that silences a change; None where there is none."""
        silent = silencing(change)
        return next((mute for mute in self.mutes if mute.subject in silent), None)


def audiences(db: Database, policy: Policy, now: datetime) -> tuple[Audience, ...]:
    """The team, each lead, and each place with a subscription to hear at once of what is not told there already.

    A mute for everybody holds at all of them, one of a single place there alone; in the team's channel only the former.
    """
    held = mutes(db, now.astimezone(policy.zone).date().isoformat())

    def muted(place: str) -> tuple[Mute, ...]:
        return tuple(mute for mute in held if mute.place in {EVERYBODY, place})

    leads = [Audience(f"lead:{lead.name}", lead.themes, muted(lead.place), lead.place) for lead in policy.leads]
    told = {lead.place: lead.themes for lead in policy.leads if lead.place}
    subscribed: dict[str, set[str]] = {}
    for wanted in subscriptions(db, how="now"):
        if wanted.place != policy.team_place and wanted.theme not in told.get(wanted.place, ()):
            subscribed.setdefault(wanted.place, set()).add(wanted.theme)
    personal = [
        Audience(f"{TO}{place}", frozenset(themes), muted(place), place) for place, themes in subscribed.items()
    ]
    return (Audience(TEAM, mutes=muted(EVERYBODY), place=policy.team_place), *leads, *personal)


def silencing(change: Change) -> frozenset[str]:
    """The subjects whose mute silences a change: its own and its theme."""
    return frozenset({change.subject, f"basket:{change.theme}"})


def why_muted(found: Iterable[Mute]) -> str:
    """By whom, until when and why, as "muted by Ann until the next release: known fault"; each mute once."""
    said = dict.fromkeys(
        f"muted by {mute.by_name or mute.by} until {mute.until or 'the next release'}"
        + (f": {mute.reason}" if mute.reason else "")
        for mute in found
    )
    return "; ".join(said)


def loud_and_muted(audience: Audience, changes: Collection[Change]) -> tuple[list[Change], list[tuple[Change, Mute]]]:
    """Changes that alert, without and with a mute that silences them."""
    paired = [(change, audience.mute_of(change)) for change in changes if change.alerts]
    return [change for change, mute in paired if not mute], [(change, mute) for change, mute in paired if mute]


def worth_a_message(
    moved: Collection[object], quiet: Collection[str], seen_first: int, *, filling: bool, published: bool
) -> bool:
    """Whether a release brings a destination a message: for what moved, else for the causes of ``quiet`` changes.

    These alone are not worth one until the publishers have all been looked at, nor where a publisher's own release
    brings indicators never seen before, and themes have moved by these.
    """
    only_first = published and bool(seen_first) and set(quiet) <= {Cause.BASKET}
    return bool(moved) or (bool(quiet) and not (filling or only_first))
