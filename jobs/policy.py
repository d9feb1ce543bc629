"""What decides about releases besides their figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from engine.catalogue import Catalogue, load_catalogue
from engine.changes import Thresholds
from engine.errors import CatalogueError
from engine.margin import Certainty
from engine.quality import Limits
from engine.snapshot import Rules
from jobs.settings import Settings
from jobs.sources import publisher, publisher_names, wants_of

TEAM, OPS = "team", "ops"
"""Where messages go: the team's channel has everything, the ops channel what concerns sources and releases."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A destination that gets only some themes; ``name`` becomes ``lead:NAME`` in the outbox.

    ``place`` is its channel or user.
    """

    name: str
    themes: frozenset[str]
    place: str = ""


@dataclass(frozen=True)
class Policy:
    """What decides about releases besides their figures: the council, its comparators, rules, limits, audience."""

    council: str
    comparators: str | tuple[str, ...]
    catalogue: Catalogue
    rules: Rules = field(default_factory=Rules)
    thresholds: Thresholds = field(default_factory=Thresholds)
    limits: Limits = field(default_factory=Limits)
    leads: tuple[Lead, ...] = ()
    publishers: tuple[str, ...] = ()
    """Those that are watched."""
    illustrative: bool = False
    team_place: str = ""
    """The team's channel."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    """Whose days count where something holds until a day."""
    within_margin: Literal["alert", "digest"] = "alert"
    """Where an entry to the bottom quartile, or an exit, is told that is within the margin of error."""

    def leaves_to_digest(self, certainty: Certainty) -> bool:
        """Whether an entry or an exit as sure as that is counted in alerts, and told in the digest alone."""
        return certainty == "unsure" and self.within_margin == "digest"


def policy_from(settings: Settings) -> Policy:
    """The policy that the settings ask for. Raises CatalogueError when a catalogue file cannot be used."""
    catalogue = load_catalogue(settings.catalogue.paths)
    return Policy(
        council=settings.council.code,
        comparators=settings.council.comparators,
        catalogue=catalogue,
        rules=Rules(settings.ranking.quartile_rule, settings.ranking.min_coverage, settings.ranking.max_age_years),
        thresholds=Thresholds(settings.alerts.min_theme_move, settings.alerts.min_composite_move),
        limits=Limits(
            bad_rows=settings.quality.max_bad_rows,
            rows_lost=settings.quality.max_rows_lost,
            areas_lost=settings.quality.max_areas_lost,
            coverage_lost=settings.quality.max_coverage_lost,
            median_jump=settings.quality.max_median_jump,
        ),
        leads=_leads(settings),
        publishers=_watched(settings, catalogue),
        team_place=settings.slack.channel,
        zone=settings.schedule.timezone,
        within_margin=settings.alerts.within_margin,
    )


def _watched(settings: Settings, catalogue: Catalogue) -> tuple[str, ...]:
    """The publishers that the catalogue takes something from and that are on, by the settings or by themselves."""
    watched = []
    for name in publisher_names():
        chosen = settings.sources.publisher(name).on
        wants = wants_of(catalogue, name)
        publisher(name).check(wants.values())
        by_itself = settings.polling.on and publisher(name).ON
        if wants and (by_itself if chosen is None else chosen):
            watched.append(name)
    unknown = sorted({origin.publisher for origin in catalogue.origins.values()} - set(publisher_names()))
    if unknown:
        msg = f"the catalogue takes figures from {unknown[0]!r}; there are {', '.join(publisher_names())}"
        raise CatalogueError(msg)
    return tuple(watched)


def _leads(settings: Settings) -> tuple[Lead, ...]:
    """The leads, one for each channel but the team's: nobody reads a change twice in one place."""
    shared: dict[str, Lead] = {}
    for lead in settings.leads:
        if lead.slack != settings.slack.channel:
            first = shared.get(lead.slack, Lead(lead.name, frozenset()))
            shared[lead.slack] = Lead(first.name, first.themes | set(lead.themes), lead.slack)
    return tuple(shared.values())
