"""Weekly digests: when each is due, what it has to tell, and that it is owed once and only once.

A digest is due at times on the clock of the settings' zone. One that fell due while nobody was there to make it is made
as soon as somebody is, the latest only, and tells of everything since the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from engine.changes import Kind, Standing
from engine.margin import Certainty, standing_out
from jobs.audience import TO, silencing
from jobs.coming import due_between
from jobs.errors import SettingsError
from jobs.explaining import because
from jobs.notices import (
    AcknowledgedLine,
    Because,
    DigestNotice,
    DigestTheme,
    DueLine,
    Footing,
    Moved,
    Said,
    StillBottom,
    ThemeLine,
)
from jobs.owing import owe
from jobs.policy import Policy
from jobs.schedule import due_at
from jobs.settings import Settings
from state import acknowledgements, certainty, digests, mutes, queries, subscriptions
from state.database import Database
from state.digests import BasketThen
from state.explanations import distance_out
from state.snapshots import latest
from state.views import ChangeView, IndicatorView, SnapshotView, ThemeView

YOURS, OF_CHANNEL = "Your subscriptions", "This channel's subscriptions"
"""What the digest of subscriptions is called, a person's and a channel's."""

WEEK = timedelta(days=7)
FORTNIGHT = timedelta(days=14)

_A_DAY = timedelta(days=1)
_USERS = ("U", "W")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets a digest: a destination of the outbox, its place in Slack, and what it is about."""

    destination: str
    place: str
    name: str
    themes: tuple[str, ...]
    personal: bool = False


def recipients(db: Database, settings: Settings, before: datetime | None = None) -> list[Recipient]:
    """Every lead, and every place with weekly subscriptions to what no lead's digest brings there already.

    With ``before``, subscriptions made later are left out; a place then has perhaps nothing to be told of.
    """
    covered: dict[str, set[str]] = {}
    found = []
    for lead in settings.leads:
        covered.setdefault(lead.slack, set()).update(lead.themes)
        themes = tuple(dict.fromkeys(lead.themes))
        found.append(Recipient(f"lead:{lead.name}", lead.slack, lead.name, themes))
    wanted: dict[str, list[str]] = {}
    for one in subscriptions.subscriptions(db, how="weekly"):
        if one.theme not in covered.get(one.place, ()):
            early = before is None or datetime.fromisoformat(one.since).astimezone(UTC) <= before
            wanted.setdefault(one.place, []).extend([one.theme] if early else [])
    for place, names in wanted.items():
        name = YOURS if place.startswith(_USERS) else OF_CHANNEL
        found.append(Recipient(f"{TO}{place}", place, name, tuple(names), personal=True))
    return found


def choose(db: Database, settings: Settings, wanted: str = "") -> list[Recipient]:
    """Everybody who gets a digest; or those whom a lead's name or the ID of a user or channel means.

    Raises SettingsError for one that nobody has.
    """
    everybody = recipients(db, settings)
    if not wanted:
        return everybody
    plain = wanted.strip().casefold()
    found = [
        one for one in everybody if plain == one.place.casefold() or (not one.personal and plain == one.name.casefold())
    ]
    if not found:
        known = ", ".join(one.place if one.personal else one.name for one in everybody) or "nobody"
        raise SettingsError(f"no digest goes to {wanted!r}; digests go to {known}")
    return found


def digests_due(db: Database, settings: Settings, now: datetime) -> bool:
    """Whether a digest is to be made now; cheap."""
    due = _due(settings, now)
    return due is not None and latest(db) is not None and bool(_waiting(db, settings, due, now))


def owe_digests(db: Database, settings: Settings, policy: Policy, now: datetime) -> int:
    """Owe every digest that is due and was not owed before; returns how many.

    A destination seen for the first time is owed nothing for a time before that: its first digest begins there. All of
    it is one unit of work, which is the caller's.
    """
    due = _due(settings, now)
    waiting = _waiting(db, settings, due, now) if due else []
    facts = _facts(db, settings, policy, now) if waiting else None
    if due is None or facts is None:
        return 0
    made = _made(db, settings, now)
    return sum(_owe(facts, one, made.get(one.destination), _face(due)) for one in waiting)


def owe_now(db: Database, settings: Settings, policy: Policy, now: datetime, chosen: Sequence[Recipient]) -> int:
    """Owe these a digest at once, though none is due; once a minute at most. Returns how many were owed."""
    facts = _facts(db, settings, policy, now)
    if facts is None:
        return 0
    face = _face(now.astimezone(settings.schedule.timezone))
    made = _made(db, settings, now)
    return sum(_owe(facts, one, made.get(one.destination) or facts.beginning, face) for one in chosen)


def digests_now(
    db: Database, settings: Settings, policy: Policy, now: datetime, chosen: Sequence[Recipient]
) -> list[tuple[Recipient, DigestNotice]]:
    """What a digest would tell each of these now; nothing is written. Empty before the first release."""
    facts = _facts(db, settings, policy, now)
    if facts is None:
        return []
    made = _made(db, settings, now)
    return [(one, facts.notice(one, made.get(one.destination) or facts.beginning)) for one in chosen]


def _due(settings: Settings, now: datetime) -> datetime | None:
    return due_at(settings.digest.every, settings.schedule.timezone, now) if settings.digest.on else None


def _made(db: Database, settings: Settings, now: datetime) -> dict[str, digests.Digest]:
    """The last digest of each destination, but for what was made with a clock that was far ahead."""
    return digests.last_of_all(db, _face(now.astimezone(settings.schedule.timezone) + _A_DAY))


def _face(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _waiting(db: Database, settings: Settings, due: datetime, now: datetime) -> list[Recipient]:
    """Those whose last digest was due earlier, or who never had one."""
    made = _made(db, settings, now)
    return [
        one
        for one in recipients(db, settings, due)
        if one.destination not in made or made[one.destination].due < _face(due)
    ]


def _owe(facts: _Facts, one: Recipient, last: digests.Digest | None, due: str) -> bool:
    """Owe one digest and note it; only noted where there is no beginning yet, or nothing asked for so early."""
    number = None
    stamp = facts.now.isoformat(timespec="seconds")
    if last is not None and one.themes:
        notice = facts.notice(one, last)
        number = owe(facts.db, f"digest/{one.destination}/{due}", one.destination, notice, facts.now)
        if number is None:
            return False
    digests.keep(facts.db, one.destination, due, at=stamp, snapshot=facts.snapshot.id, outbox=number)
    return number is not None


def _facts(db: Database, settings: Settings, policy: Policy, now: datetime) -> _Facts | None:
    snapshot = queries.current_snapshot(db)
    return _Facts(db, settings, policy, now, snapshot) if snapshot else None


class _Since:
    """What changed since a snapshot, read once for all who had their last digest then."""

    def __init__(self, db: Database, number: int, area: str) -> None:
        self.baskets: dict[str, BasketThen] = digests.baskets_at(db, number, area)
        self.first_seen = digests.first_seen_after(db, number, area)
        self.changes: dict[str, list[ChangeView]] = {}
        for view in digests.changes_after(db, number, area):
            self.changes.setdefault(view.change.subject, []).append(view)


class _Facts:
    """What digests tell of, each fact read once however many get it."""

    def __init__(self, db: Database, settings: Settings, policy: Policy, now: datetime, snapshot: SnapshotView) -> None:
        self.db = db
        self.now = now
        self.snapshot = snapshot
        self._policy = policy
        self._zone = settings.schedule.timezone
        self._today = now.astimezone(self._zone).date()
        self._since: dict[int, _Since] = {}
        self._why: dict[tuple[str, int], tuple[Because, ...]] = {}
        self._nets: dict[int, tuple[Moved, ...]] = {}
        self._low: dict[tuple[str, int], tuple[StillBottom, ...]] = {}
        self._better: dict[int, Mapping[str, float]] = {}
        self._were: dict[int, Mapping[str, Certainty]] = {}
        self._due: dict[tuple[str, ...], tuple[DueLine, ...]] = {}

    @cached_property
    def _themes(self) -> dict[str, ThemeView]:
        return {view.name: view for view in queries.theme_views(self.db, self.snapshot) if view.kind != "expenditure"}

    @cached_property
    def _indicators(self) -> dict[str, IndicatorView]:
        return {view.code: view for view in queries.indicator_views(self.db, self.snapshot, None)}

    @cached_property
    def _said(self) -> dict[str, acknowledgements.Acknowledgement]:
        return acknowledgements.latest(self.db)

    @cached_property
    def _mutes(self) -> list[mutes.Mute]:
        return mutes.mutes(self.db, self._today.isoformat())

    @property
    def beginning(self) -> digests.Digest:
        """A week ago, for one who never had a digest and gets one all the same."""
        then = self.now - WEEK
        number = digests.snapshot_before(self.db, then.isoformat(timespec="seconds"))
        return digests.Digest("", then.isoformat(timespec="seconds"), number)

    def notice(self, one: Recipient, last: digests.Digest) -> DigestNotice:
        """What one is told who was last told of everything up to a digest."""
        since = self._read(last.snapshot_id)
        muted = {mute.subject for mute in self._mutes if mute.place in (mutes.EVERYBODY, one.place)}
        themes = tuple(self._theme(name, since, last.snapshot_id, muted) for name in one.themes)
        moved = self._tested(
            [item for item in self._moved(last.snapshot_id) if item.change.theme in one.themes],
            last.snapshot_id,
            one.themes,
        )
        loud = [item for item in moved if not muted & silencing(item.change)]
        told = {item.change.subject for item in moved} | {
            f"basket:{theme.line.name}" for theme in themes if theme.moved
        }
        return DigestNotice(
            kind="digest",
            name=one.name,
            day=self._today.isoformat(),
            since=datetime.fromisoformat(last.at).astimezone(self._zone).date().isoformat(),
            footing=Footing.of(self.snapshot),
            themes=themes,
            moved=tuple(loud),
            muted=len(moved) - len(loud),
            seen_first=sum(since.first_seen.get(name, 0) for name in one.themes),
            bottom=tuple(item for name in one.themes for item in self._bottom(name, last.snapshot_id)),
            judged=sum(theme.line.judged for theme in themes if theme.kind == "theme"),
            acknowledged=self._acknowledged(one.themes, told),
            due=self._coming(one.themes),
            personal=one.personal,
        )

    def _read(self, snapshot: int) -> _Since:
        if snapshot not in self._since:
            self._since[snapshot] = _Since(self.db, snapshot, self.snapshot.council)
        return self._since[snapshot]

    def _theme(self, name: str, since: _Since, snapshot: int, muted: set[str]) -> DigestTheme:
        view, then = self._themes.get(name), since.baskets.get(name)
        line = ThemeLine(name, view.standing, view.bottom, view.judged) if view else ThemeLine(name, _NOWHERE, 0, 0)
        changes = since.changes.get(f"basket:{name}", ())
        theme = DigestTheme(
            line=line,
            before=ThemeLine(name, then.standing, then.bottom, then.judged) if then else None,
            kind="composite" if view and view.kind == "composite" else "theme",
            cause=changes[-1].change.cause if changes else None,
            muted=f"basket:{name}" in muted,
        )
        return replace(theme, why=self._because(name, snapshot)) if theme.moved else replace(theme, cause=None)

    def _because(self, name: str, snapshot: int) -> tuple[Because, ...]:
        if (name, snapshot) not in self._why:
            area, until = self.snapshot.council, self.snapshot.id
            self._why[name, snapshot] = because(self.db, name, area, snapshot, until)
        return self._why[name, snapshot]

    def _moved(self, snapshot: int) -> tuple[Moved, ...]:
        """What has become of every indicator that changed since a snapshot, in order."""
        if snapshot not in self._nets:
            changes = self._read(snapshot).changes
            nets = (self._net(views) for subject, views in changes.items() if subject.startswith("indicator:"))
            self._nets[snapshot] = tuple(sorted((net for net in nets if net), key=_in_order))
        return self._nets[snapshot]

    def _net(self, views: Sequence[ChangeView]) -> Moved | None:
        """All changes of one indicator as one, from where it stood to where it stands; None where that is no change."""
        kinds = [view.change.kind for view in views]
        now = self._indicators.get(views[-1].change.indicator or "")
        kind = _net_kind(kinds)
        if kind is None or now is None or now.eligibility != "eligible" or now.standing is None:
            return None
        if now.in_bottom_quartile == (kind is Kind.LEFT):
            return None  # undone since, and nobody was to be told
        last = next(view for view in reversed(views) if view.change.kind is kind).change
        if kind is Kind.IMPROVED and _figure(last.after) != _figure(now.standing):
            return None  # whether the figure that stands there since is significantly better nobody has found
        change = replace(last, before=views[0].change.before, after=now.standing, theme=now.theme)
        sure = now.certainty if kind in {Kind.ENTERED, Kind.LEFT} else ""
        return Moved(change, now.name, now.unit, now.decimals, now.polarity, certainty=sure)

    def _tested(self, moved: Iterable[Moved], snapshot: int, themes: Sequence[str]) -> list[Moved]:
        """The changes, with each improvement judged among all that these themes' figures gave to compare.

        A figure that got worse or never was in the bottom quartile is a comparison too. Method, item 14.
        """
        moved = list(moved)
        improved = {item.change.subject: item.change.indicator or "" for item in moved if _is_improvement(item)}
        if not improved:
            return moved
        family = {
            code: z
            for code, z in self._better_since(snapshot).items()
            if (view := self._indicators[code]).theme in themes and view.eligibility == "eligible"
        }
        for subject, code in improved.items():
            since = self._read(snapshot).changes[subject][0].since  # where it was last told of, perhaps long before
            if (z := self._better_since(since or snapshot).get(code)) is not None:
                family[code] = z
        standing, tested = standing_out(family), []
        for item in moved:
            named = improved.get(item.change.subject)
            if named is None:
                tested.append(item)
            elif named in family:  # else its limits are gone, and nothing may be said
                sure: Certainty = "clear" if named in standing else "unsure"
                tested.append(replace(item, certainty=sure, compared=len(family)))
        return tested

    def _better_since(self, snapshot: int) -> Mapping[str, float]:
        if snapshot not in self._better:
            self._better[snapshot] = certainty.better_since(self.db, self.snapshot.council, snapshot)
        return self._better[snapshot]

    def _bottom(self, theme: str, snapshot: int) -> tuple[StillBottom, ...]:
        """Indicators of a theme in the bottom quartile, the worst first, with how sure that was at a snapshot."""
        if (theme, snapshot) not in self._low:
            low = [view for view in self._indicators.values() if view.theme == theme and view.in_bottom_quartile]
            ordered = sorted(low, key=queries.worst_first)
            self._low[theme, snapshot] = tuple(self._still(view, self._certain_at(snapshot)) for view in ordered)
        return self._low[theme, snapshot]

    def _certain_at(self, snapshot: int) -> Mapping[str, Certainty]:
        """How sure it was at a snapshot of what is in the bottom quartile clearly now."""
        if snapshot not in self._were:
            clear = [
                code for code, view in self._indicators.items() if view.in_bottom_quartile and view.certainty == "clear"
            ]
            found = certainty.certainties(self.db, snapshot, self.snapshot.council, clear) if clear else {}
            self._were[snapshot] = found
        return self._were[snapshot]

    def _still(self, view: IndicatorView, were: Mapping[str, Certainty]) -> StillBottom:
        out = distance_out(self.db, view.code, self.snapshot.council)
        return StillBottom(
            code=view.code,
            name=view.name,
            theme=view.theme,
            standing=view.standing or _NOWHERE,
            unit=view.unit,
            decimals=view.decimals,
            polarity=view.polarity,
            places=out.places if out else None,
            needed=None if out is None or out.needed is None else float(out.needed),
            gap=None if out is None or out.gap is None else abs(float(out.gap)),
            certainty=view.certainty,
            was=were.get(view.code, ""),
        )

    def _acknowledged(self, themes: Sequence[str], told: set[str]) -> tuple[AcknowledgedLine, ...]:
        """What was said of what moved, is in the bottom quartile or is to be looked at again; reviews first."""
        soon = (self._today + FORTNIGHT).isoformat()
        found = []
        for subject, said in self._said.items():
            name = self._name(subject, themes)
            review = bool(said.review) and said.review <= soon
            if name and (review or subject in told or self._is_low(subject)):
                line = AcknowledgedLine(name, Said.of(said, self._zone))
                found.append((not review, said.review if review else "", name, line))
        return tuple(line for *_, line in sorted(found, key=lambda item: item[:3]))

    def _name(self, subject: str, themes: Sequence[str]) -> str:
        """What a subject is called where it belongs to one of these themes; else nothing."""
        kind, _, key = subject.partition(":")
        if kind == "basket":
            return key if key in themes else ""
        view = self._indicators.get(key)
        return view.name if view and view.theme in themes else ""

    def _is_low(self, subject: str) -> bool:
        view = self._indicators.get(subject.removeprefix("indicator:")) if subject.startswith("indicator:") else None
        return view is not None and view.in_bottom_quartile

    def _coming(self, themes: tuple[str, ...]) -> tuple[DueLine, ...]:
        if themes not in self._due:
            self._due[themes] = due_between(self.db, self._policy, self._today, self._today + WEEK, themes)
        return self._due[themes]


_NOWHERE = Standing(None, None)


def _figure(standing: Standing) -> tuple[str | None, float | None]:
    return standing.period, standing.value


def _is_improvement(moved: Moved) -> bool:
    return moved.change.kind is Kind.IMPROVED


_ORDER = {Kind.ENTERED: 0, Kind.LEFT: 1, Kind.IMPROVED: 2}


def _in_order(moved: Moved) -> tuple[str, int, float, str]:
    """By theme; entries, then exits and improvements; within each the worst first."""
    change = moved.change
    return change.theme, _ORDER.get(change.kind, 3), -(change.after.rank or 0) / (change.after.of or 1), moved.name


def _net_kind(kinds: Sequence[Kind]) -> Kind | None:
    """What several changes of one indicator come to; None where they undo each other."""
    began_low, ends_low = kinds[0] is not Kind.ENTERED, kinds[-1] is not Kind.LEFT
    if began_low and ends_low:
        return Kind.IMPROVED if set(kinds) == {Kind.IMPROVED} else None
    if began_low == ends_low:
        return None
    return Kind.ENTERED if ends_low else Kind.LEFT
