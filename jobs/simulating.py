"""Stored history replayed through today's rules: which alerts would have fired, and which by other settings.

The comparison and the corrections are those of the pipeline itself; only what is remembered between releases is kept
in memory here instead of in the database, which is read and never written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal, TypeVar, get_args

from engine.areas import Comparators, load_areas
from engine.changes import Change, Kind, Known, Thresholds, indicator_standing
from engine.comparison import About, Compared, compare
from engine.derived import with_made
from engine.margin import certainty_of
from engine.panel import Panel
from engine.quality import Check
from engine.ranking import QuartileRule
from engine.snapshot import Basis, Rules
from jobs.audience import worth_a_message
from jobs.corrections import CORRECTED_FOR, Members, Told, correction
from jobs.errors import JobsError
from jobs.policy import Policy
from jobs.ranking import catalogue_now, comparators_of, known
from jobs.telling import FIRST_FILL
from state.database import Database
from state.observations import load_history
from state.replays import Step, steps

MOVE, MARGIN, RULE = "min_theme_move", "within_margin", "quartile_rule"
"""Settings that a team may tune before it goes live."""

THEME_MOVES = (1, 2, 3, 5)
"""Values of min_theme_move that are tried."""

KEPT = 40
"""Snapshots kept in memory, some 5 MB each; one that people were told of longer ago is made anew when it is needed."""

K = TypeVar("K", str, tuple[str, str, str])

How = Literal["told", "counted", "corrected"]


@dataclass(frozen=True, slots=True)
class Fired:
    """A change that would have come of a release, known on ``day``.

    It is ``told`` in the release's message, or only ``counted`` in one line of it, or it has ``corrected`` an earlier
    message where that stands.
    """

    change: Change
    release: int
    day: date
    how: How

    @property
    def month(self) -> str:
        """As 2025-11."""
        return f"{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the team's channel; without ``changes`` told one by one it only counts."""

    release: int
    day: date
    changes: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many changes fired in each way."""

    told: int = 0
    counted: int = 0
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What one choice of settings would have brought to the team's channel; ``setting`` is empty for today's."""

    setting: str
    value: str | int
    messages: tuple[Message, ...]
    fired: tuple[Fired, ...]

    @property
    def counts(self) -> Counts:
        """How many changes there were in all."""
        return self.by(lambda _: "").get("", Counts())

    def by(self, key: Callable[[Fired], K]) -> dict[K, Counts]:
        """How many changes there were of each key, in the order of the keys."""
        found = Counter((key(one), one.how) for one in self.fired)
        keys = sorted({part for part, _ in found})
        return {one: Counts(*(found[one, how] for how in get_args(How))) for one in keys}

    def kinds(self, *kinds: Kind) -> int:
        """How many changes of these kinds are told one by one."""
        return sum(one.how == "told" and one.change.kind in kinds for one in self.fired)

    def told(self) -> Counter[tuple[int, date, Kind, str]]:
        """What is told one by one: by which release, when, what, and of what."""
        return Counter(
            (one.release, one.day, one.change.kind, one.change.subject) for one in self.fired if one.how == "told"
        )


@dataclass(frozen=True, slots=True)
class Simulation:
    """The replay of all releases ``since`` a day against the snapshot ``baseline`` before them, ``until`` the last.

    ``settings`` are today's values of those that ``variants`` change, one at a time.
    """

    since: date
    until: date
    baseline: str
    releases: int
    settings: Mapping[str, str | int]
    today: Tally
    variants: tuple[Tally, ...]


def simulate(db: Database, policy: Policy, since: date | None = None) -> Simulation:
    """Replay the stored releases since a day, by today's settings and by each that a team may choose instead.

    Every snapshot's figures, as they were known then, are ranked by today's catalogue, comparators and method, and
    compared with what people would last have been told. The baseline is the last snapshot before ``since``, or the
    first of all. Mutes, quiet hours and leads are left out. Raises JobsError when there is nothing to compare.
    """
    history = steps(db, rebasing=Check.LABELS_MOVED, filled=FIRST_FILL)
    chosen = _chosen(history, since)
    figures = _Figures(db, policy, chosen)
    channels = [_Channel(figures, *choice) for choice in (("", "", policy), *_variants(policy))]
    tracks = {key: _Track(figures, *key) for channel in channels for key in channel.follows}
    for at, step in enumerate(chosen):
        found = {key: track.take(step) for key, track in tracks.items()}
        for channel in channels if at else ():  # the first is the baseline
            channel.tell(step, [found[key] for key in channel.follows])
    baseline, replayed = chosen[0], chosen[1:]
    today, *others = (channel.tally() for channel in channels)
    return Simulation(
        since=since or date.fromisoformat(baseline.known),
        until=date.fromisoformat(replayed[-1].known),
        baseline=baseline.label,
        releases=len({step.release for step in replayed}),
        settings={
            MOVE: policy.thresholds.theme,
            MARGIN: policy.within_margin,
            RULE: policy.rules.quartile_rule,
        },
        today=today,
        variants=tuple(others),
    )


def _chosen(history: Sequence[Step], since: date | None) -> Sequence[Step]:
    """The baseline and the snapshots after it."""
    if len(history) <= 1:
        msg = "nothing to compare yet: a simulation needs two releases or more; benchwatch releases lists them"
        raise JobsError(msg)
    if since is None:
        return history
    if since.isoformat() > history[-1].known:
        msg = f"no release has come since {since}; the last one is of {history[-1].known}"
        raise JobsError(msg)
    before = sum(step.known < since.isoformat() for step in history)
    return history[max(before - 1, 0) :]


def _variants(policy: Policy) -> Iterator[tuple[str, str | int, Policy]]:
    """Each setting that a team may tune with each of its other values, one at a time."""
    for least in THEME_MOVES:
        if least != policy.thresholds.theme:
            yield MOVE, least, replace(policy, thresholds=replace(policy.thresholds, theme=least))
    margin: Literal["alert", "digest"] = "alert" if policy.within_margin == "digest" else "digest"
    yield MARGIN, margin, replace(policy, within_margin=margin)
    rule: QuartileRule = "value" if policy.rules.quartile_rule == "rank" else "rank"
    yield RULE, rule, replace(policy, rules=replace(policy.rules, quartile_rule=rule))


class _Figures:
    """The figures of every snapshot replayed, ranked by today's catalogue among today's comparators."""

    def __init__(self, db: Database, policy: Policy, chosen: Sequence[Step]) -> None:
        self.catalogue, _ = catalogue_now(db, policy)
        self.council = load_areas().carry(policy.council)
        self._days = {step.snapshot: date.fromisoformat(step.known) for step in chosen}
        self._groups: dict[date, Comparators] = {
            day: comparators_of(policy, day) for day in sorted(set(self._days.values()))
        }
        areas = sorted({code for group in self._groups.values() for code in group.codes})
        self._history = load_history(db, areas, since=chosen[0].snapshot)
        self._kept: dict[int, tuple[Panel, dict[Rules, Known]]] = {}

    def known(self, snapshot: int, rules: Rules) -> Known:
        """What was known at a snapshot, by some rules; the snapshots asked for last are kept."""
        day = self._days[snapshot]
        codes = self._groups[day].codes
        if snapshot not in self._kept:
            self._kept[snapshot] = self._history.at(snapshot).for_areas(codes), {}
        panel, ranked = self._kept.pop(snapshot)
        if rules not in ranked:
            ranked[rules] = known(panel, Basis.of(self.catalogue, codes, rules), day)
        self._kept[snapshot] = panel, ranked
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return ranked[rules]


_TrackKey = tuple[Rules, Thresholds | None, About]


@dataclass
class _Track:
    """What people would know of all indicators, or of all themes and composites, by some rules; thresholds for these.

    Choices of settings that agree in them share it.
    """

    figures: _Figures
    rules: Rules
    thresholds: Thresholds | None
    about: About
    told: dict[str, int] = field(default_factory=dict)
    ranked: set[str] = field(default_factory=set)

    def known_at(self, snapshot: int) -> Known:
        """What was known at a snapshot, by these rules."""
        return self.figures.known(snapshot, self.rules)

    def take(self, step: Step) -> Compared:
        """Compare one snapshot with what was told, and remember what is told now."""
        after, council = self.known_at(step.snapshot), self.figures.council
        rebased = with_made(step.rebased, self.figures.catalogue.ratios)
        thresholds = self.thresholds or Thresholds()
        found = compare(after, self, council, thresholds, rebased, about={self.about})
        self.told |= dict.fromkeys(found.settled, step.snapshot)
        unseen = [code for code in after.snapshot.panel.indicators if code not in self.ranked]
        self.ranked |= {code for code in unseen if indicator_standing(after.snapshot, code, council)}
        return found


@dataclass
class _Alert:
    """A message as it stands: the day it was sent, and what it says by subject."""

    day: date
    says: dict[str, Told]


@dataclass
class _Channel:
    """The team's channel by one choice of settings, and what would have been told there."""

    figures: _Figures
    setting: str
    value: str | int
    policy: Policy
    messages: list[Message] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)
    _alerts: dict[str, _Alert] = field(default_factory=dict)
    """By subject, the message that told of it last."""

    @property
    def follows(self) -> tuple[_TrackKey, _TrackKey]:
        """The tracks whose changes are told here."""
        rules = self.policy.rules
        return (rules, None, "indicators"), (rules, self.policy.thresholds, "baskets")

    def tell(self, step: Step, found: Iterable[Compared]) -> None:
        """What a snapshot changes, told as the pipeline would tell it."""
        day, changes, since = date.fromisoformat(step.known), list[Change](), dict[str, int]()
        for one in found:
            changes += one.changes
            since |= one.since
        moved = [change for change in changes if change.kind is not Kind.BASELINE]
        corrected = self._correct(step, day, moved, since)
        fresh = [change for change in moved if change.subject not in corrected]
        loud = [change for change in fresh if self._is_loud(change, step.snapshot)]
        counted = [change for change in fresh if change not in loud]
        self._fire("corrected", step, day, [change for change in moved if change.subject in corrected])
        self._fire("told", step, day, loud)
        self._fire("counted", step, day, counted)
        seen_first, published = len(changes) - len(moved), step.source in self.policy.publishers
        causes = {change.cause for change in counted if change.cause}
        if worth_a_message(loud, causes, seen_first, filling=published and step.filling, published=published):
            self.messages.append(Message(step.release, day, len(loud)))
            says = {
                change.subject: Told(change, change.subject, change.after, withdrawn=False, snapshot=step.snapshot)
                for change in loud
            }
            self._alerts |= dict.fromkeys(says, _Alert(day, says))

    def _is_loud(self, change: Change, snapshot: int) -> bool:
        now = self.figures.known(snapshot, self.policy.rules).snapshot
        return change.alerts and not self.policy.leaves_to_digest(certainty_of(now, change))

    def _fire(self, how: How, step: Step, day: date, changes: Iterable[Change]) -> None:
        self.fired += [Fired(change, step.release, day, how) for change in changes]

    def _correct(self, step: Step, day: date, changes: Iterable[Change], since: Mapping[str, int]) -> set[str]:
        """The subjects whose change corrects a message that stands."""
        found: dict[str, tuple[_Alert, Told]] = {}
        for change in changes:
            alert = self._alerts.get(change.subject)
            if alert is None or alert.day < day - CORRECTED_FOR:
                continue
            told, between = alert.says[change.subject], (since.get(change.subject), step.snapshot)
            line = correction(change, told, self.policy.thresholds, partial(self._members, change), between)
            if line:
                found[change.subject] = alert, replace(told, now=line.now, withdrawn=line.withdrawn)
        for subject, (alert, told) in found.items():
            alert.says[subject] = told
        return set(found)

    def _members(self, change: Change, snapshot: int) -> Members:
        """The council's standing in the members of a theme or composite at a snapshot."""
        then = self.figures.known(snapshot, self.policy.rules).snapshot
        rows = then.members[then.basket[change.theme]] if change.theme in then.basket else ()
        standings = (
            (code, indicator_standing(then, code, change.area)) for code in (then.panel.indicators[row] for row in rows)
        )
        return {code: standing for code, standing in standings if standing}

    def tally(self) -> Tally:
        """What has come of it."""
        return Tally(self.setting, self.value, tuple(self.messages), tuple(self.fired))
