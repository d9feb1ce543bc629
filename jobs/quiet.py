"""Quiet hours: when messages wait, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.settings import Settings


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, over midnight where the second is the earlier; ``zone`` is whose time."""

    start: time
    end: time
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours in force at ``now`` (aware) end, in UTC; None outside of them.

        Times of day are those on the clock: a night on which clocks change is an hour longer or shorter.
        """
        local = now.astimezone(self.zone)
        at = local.time().replace(tzinfo=None)
        over_midnight = self.end <= self.start
        inside = (at >= self.start or at < self.end) if over_midnight else self.start <= at < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and at >= self.start else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)


def quiet_hours(settings: Settings) -> QuietHours | None:
    """The hours in which messages wait, if any."""
    hours = settings.alerts.quiet_hours
    return QuietHours(*hours, settings.schedule.timezone) if hours else None
