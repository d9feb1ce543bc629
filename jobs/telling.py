"""What is owed: notices into the outbox, one a release and destination, nobody told twice in one place.

What a release corrects of an earlier alert changes that alert where it stands, and is not told a second time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.areas import load_areas
from engine.changes import Change, Kind, basket_standing
from engine.margin import Certainty, certainty_of
from engine.quality import Finding
from jobs.audience import TO, Audience, audiences, loud_and_muted, why_muted, worth_a_message
from jobs.corrections import corrections
from jobs.explaining import because
from jobs.notices import (
    BaselineNotice,
    Because,
    CorrectionNotice,
    FindingLine,
    Footing,
    HeldNotice,
    Moved,
    Notice,
    OverdueNotice,
    RefusedNotice,
    ReleaseAlert,
    ReleaseInfo,
    Said,
    SourceNotice,
    ThemeLine,
    to_json,
)
from jobs.owing import owe
from jobs.policy import OPS, TEAM, Policy
from jobs.ranking import Ranked, bottom_and_judged, rank_held
from state import acknowledgements, outbox
from state.database import Database

FIRST_FILL = f"publishers/first-fill/{TEAM}"
"""The key of the baseline owed once all publishers have been looked at."""


def owe_release(
    db: Database, release: ReleaseInfo, ranked: Ranked, policy: Policy, now: datetime, *, published: bool = False
) -> int:
    """Owe what an accepted release has to tell: the baseline, or its changes to the team, leads and subscribers.

    ``published`` tells a publisher's own release from a file. Returns the number of messages owed: none when nothing
    moved, and none for what a publisher's release changes by indicators never seen before alone. Until all publishers
    have been looked at, the baseline waits for the others. Within the caller's unit of work.
    """
    filling = published and not outbox.known(db, FIRST_FILL)
    if ranked.first and filling:
        return 0
    if ranked.first:
        key = f"release/{release.id}/baseline/{TEAM}"
        return int(_owed(db, key, TEAM, _baseline(release, ranked, policy), now))
    teller = _Teller(db, release, ranked, policy, now)
    heard = audiences(db, policy, now)
    hearing = [audience.destination for audience in heard]
    former = sorted(outbox.ever_alerted(db) - set(hearing))
    # What stands there is wrong all the same, and is corrected before anything else is told in the same place.
    owed = sum(teller.correct(destination) for destination in (*former, *hearing))
    return owed + sum(teller.tell(audience, filling=filling, published=published) for audience in heard)


def owe_first_fill(db: Database, policy: Policy, now: datetime) -> bool:
    """Owe the team one baseline once every publisher has been looked at, whatever came of it; never again."""
    if outbox.known(db, FIRST_FILL):
        return False
    ranked = rank_held(db, policy)
    if ranked is None:
        return False
    release = ReleaseInfo(ranked.head.release_id, "the publishers, looked at for the first time", "", "")
    return _owed(db, FIRST_FILL, TEAM, _baseline(release, ranked, policy), now)


def owe_held(
    db: Database,
    release: ReleaseInfo,
    findings: Iterable[Finding],
    policy: Policy,
    now: datetime,
    *,
    names: Mapping[str, str],
    whole: bool,
    again: int = 0,
) -> bool:
    """Owe the ops channel word of a release held whole, or of indicators held from it; ``again`` asks once more."""
    lines = tuple(
        FindingLine(finding.check, finding.indicator or "", names.get(finding.indicator or "", ""), finding.evidence)
        for finding in findings
    )
    held = sum(1 for line in lines if line.indicator)
    notice = HeldNotice("held", release, whole, lines, held, policy.illustrative)
    what = hashlib.sha256(repr([(line.check, line.indicator) for line in lines]).encode()).hexdigest()[:12]
    what += f"-{again}" if again else ""
    return _owed(db, f"release/{release.id}/held/{what}/{OPS}", OPS, notice, now)


def owe_refused(db: Database, source: str, name: str, identity: str, reason: str, now: datetime) -> bool:
    """Owe the ops channel word of a file that cannot be read as a release, once for each content."""
    return _owed(db, f"refused/{identity}/{OPS}", OPS, RefusedNotice("refused", source, name, reason), now)


def owe_source(db: Database, source: str, notice: SourceNotice, now: datetime) -> bool:
    """Owe the ops channel word of what goes wrong at a source, and of what works again."""
    what = hashlib.sha256(to_json(notice).encode()).hexdigest()[:12]
    return _owed(db, f"source/{source}/{now.isoformat(timespec='seconds')}/{what}", OPS, notice, now)


def owe_overdue(db: Database, releases: Iterable[str], notice: OverdueNotice, now: datetime) -> bool:
    """Owe the ops channel word of releases overdue, moved or cancelled; ``releases`` are what it tells, once for all.

    Each is one text made of what is told of it, its source, its data set and its day.
    """
    what = hashlib.sha256(repr(sorted(releases)).encode()).hexdigest()[:12]
    return _owed(db, f"overdue/{what}/{OPS}", OPS, notice, now)


def _owed(db: Database, key: str, destination: str, notice: Notice, now: datetime) -> bool:
    return owe(db, key, destination, notice, now) is not None


def _footing(ranked: Ranked, policy: Policy) -> Footing:
    return Footing(
        council=load_areas()[ranked.council].name,
        comparators=ranked.group.label,
        areas=len(ranked.group.codes),
        quartile_rule=ranked.snapshot.basis.rules.quartile_rule,
        snapshot=ranked.head.label,
        illustrative=policy.illustrative,
    )


def _baseline(release: ReleaseInfo, ranked: Ranked, policy: Policy) -> BaselineNotice:
    bottom, judged = bottom_and_judged(ranked.snapshot, ranked.council)
    return BaselineNotice(
        kind="baseline",
        footing=_footing(ranked, policy),
        release=release,
        indicators=len(ranked.snapshot.panel.indicators),
        themes=_lines(ranked, "theme"),
        composites=_lines(ranked, "composite"),
        bottom=bottom,
        judged=judged,
    )


def _lines(ranked: Ranked, kind: str) -> tuple[ThemeLine, ...]:
    lines = []
    for name, basket in ranked.snapshot.baskets:
        standing = basket_standing(ranked.snapshot, name, ranked.council)
        if basket == kind and standing is not None:
            lines.append(ThemeLine(name, standing, *bottom_and_judged(ranked.snapshot, ranked.council, name)))
    return tuple(lines)


@dataclass
class _Teller:
    """Tells the destinations one release, each what concerns it."""

    db: Database
    release: ReleaseInfo
    ranked: Ranked
    policy: Policy
    now: datetime
    explained: dict[str, tuple[Because, ...]] = field(default_factory=dict)
    """Why each theme or composite moved, worked out once for all destinations."""
    corrected: dict[str, set[str]] = field(default_factory=dict)
    """The subjects corrected at each destination, and in each place under whatever destination it was told."""
    withdrawn: Counter[str] = field(default_factory=Counter)
    """Changes withdrawn at each destination that may have been read: what was not sent yet goes out corrected."""
    said: dict[str, Said] = field(init=False)

    def __post_init__(self) -> None:
        self.said = {
            subject: Said.of(one, self.policy.zone) for subject, one in acknowledgements.latest(self.db).items()
        }

    def tell(self, audience: Audience, *, filling: bool, published: bool) -> int:
        """Owe a destination its alert, once all is corrected; returns how many messages are to be sent.

        Muted changes alone are owed as a message that is suppressed with the reason, so that silence can be seen to be
        wanted.
        """
        destination = audience.destination
        concerned = [change for change in self.ranked.changes if audience.concerns(change.theme)]
        known = self.corrected.get(destination, set()) | self.corrected.get(audience.place, set())
        fresh = [change for change in concerned if change.subject not in known]
        loud, muted = loud_and_muted(audience, fresh)
        sure = [change for change in loud if not self.policy.leaves_to_digest(self._certainty(change))]
        alert = replace(
            self._alert(audience, sure, fresh, muted=len(muted), withdrawn=self.withdrawn[destination]),
            unsure=len(loud) - len(sure),
        )
        quiet = {*alert.quiet, *(("margin",) if alert.unsure else ())}
        told = worth_a_message(alert.moved, quiet, alert.seen_first, filling=filling, published=published)
        if not (told or muted):
            return 0
        key = f"release/{self.release.id}/snapshot/{self.ranked.head.id}/{destination}"
        number = owe(self.db, key, destination, alert, self.now)
        if number is None:
            return 0
        if not told:
            outbox.finish(self.db, number, "suppressed", why_muted(mute for _, mute in muted))
            return 0
        outbox.alerted(self.db, destination, [moved.change.subject for moved in alert.moved], number)
        return 1

    def correct(self, destination: str) -> int:
        """Owe one correction for each earlier alert at a destination that the release undoes or alters; how many.

        What stands there and is wrong is corrected though it is muted.
        """
        changes, thresholds = self.ranked.changes, self.policy.thresholds
        found = corrections(self.db, destination, changes, thresholds, self.now, since=self.ranked.since)
        owed = 0
        for number, lines in found.items():
            notice = CorrectionNotice("correction", self.release, lines, _footing(self.ranked, self.policy))
            key = f"release/{self.release.id}/snapshot/{self.ranked.head.id}/corrects/{number}"
            owed += owe(self.db, key, destination, notice, self.now, amends=number) is not None
            stands = outbox.place_of(self.db, number)
            # A user's place is their ID, and their messages stand in the direct message to them.
            places = {destination, destination.removeprefix(TO), stands[0]} if stands else {destination}
            for place in places:
                self.corrected.setdefault(place, set()).update(line.told.subject for line in lines)
            if outbox.parts(self.db, number):
                self.withdrawn[destination] += sum(line.withdrawn for line in lines)
        return owed

    def _alert(
        self, audience: Audience, loud: Iterable[Change], concerned: Iterable[Change], *, muted: int, withdrawn: int
    ) -> ReleaseAlert:
        ranked = self.ranked
        counts = [
            bottom_and_judged(ranked.snapshot, ranked.council, name)
            for name, kind in ranked.snapshot.baskets
            if kind == "theme" and audience.concerns(name)
        ]
        concerned = list(concerned)
        quiet = Counter(str(change.cause) for change in concerned if change.cause and not change.alerts)
        return ReleaseAlert(
            kind="release_alert",
            footing=_footing(ranked, self.policy),
            release=self.release,
            moved=tuple(self._moved(change) for change in sorted(loud, key=_by_theme)),
            quiet=dict(quiet),
            seen_first=sum(change.kind == Kind.BASELINE for change in concerned),
            bottom=sum(bottom for bottom, _ in counts),
            judged=sum(judged for _, judged in counts),
            muted=muted,
            withdrawn=withdrawn,
        )

    def _moved(self, change: Change) -> Moved:
        said = self.said.get(change.subject)
        if change.indicator is None:
            return Moved(change, change.theme, why=self._why(change), said=said)
        entry = self.ranked.catalogue.indicators[change.indicator]
        sure = self._certainty(change)
        return Moved(change, entry.name, entry.unit, entry.decimals, str(entry.polarity), said=said, certainty=sure)

    def _certainty(self, change: Change) -> Certainty:
        return certainty_of(self.ranked.snapshot, change)

    def _why(self, change: Change) -> tuple[Because, ...]:
        """Why a theme or composite moved since the snapshot that it was compared with."""
        since = self.ranked.since.get(change.subject)
        if since is None:
            return ()
        if change.subject not in self.explained:
            self.explained[change.subject] = because(
                self.db, change.theme, self.ranked.council, since, self.ranked.head.id
            )
        return self.explained[change.subject]


def _by_theme(change: Change) -> tuple[str, bool, str]:
    return change.theme, change.indicator is not None, change.indicator or ""
