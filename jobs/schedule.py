"""When things happen: APScheduler with a memory store, jobs in code, and nothing skipped after downtime."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from jobs.settings import Cron, Interval

log = structlog.get_logger(__name__)

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_OVER_A_CHANGE = timedelta(hours=3)
"""More than clocks are ever put forward or back by."""
_LONGEST = timedelta(days=366 * 10)


def new_scheduler(zone: ZoneInfo) -> BackgroundScheduler:
    """A stopped scheduler: late jobs still run, once for all missed times, and never twice at a time."""
    scheduler = BackgroundScheduler(
        timezone=zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    # A tick that finds the one before still at work is no news; failures and misses come to _report.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler.add_listener(_report, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


def add_job(
    scheduler: BackgroundScheduler,
    name: str,
    work: Callable[[], object],
    every: Sequence[Interval | Cron],
    zone: ZoneInfo,
) -> None:
    """Run ``work`` at these times, and once at the start: what fell due while the service was down is caught up."""
    trigger = OrTrigger([_trigger(one, zone) for one in every])
    scheduler.add_job(work, trigger, id=name, name=name, next_run_time=datetime.now(zone), replace_existing=True)


def _trigger(every: Interval | Cron, zone: ZoneInfo) -> IntervalTrigger | CronTrigger:
    if isinstance(every, Interval):
        return IntervalTrigger(seconds=every.seconds, timezone=zone)
    return CronTrigger(**asdict(every), timezone=zone)


def _report(event: JobExecutionEvent) -> None:
    if event.exception:
        log.error("job failed", job=event.job_id, error=repr(event.exception))
    else:
        log.warning("job missed", job=event.job_id)


def due_at(every: Cron, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The latest time on the clocks of ``zone`` at which something was due, up to ``now``; None without one in years.

    A time that the clocks show twice counts when they show it first; one that they leave out counts as much later as
    they were put forward.
    """
    trigger = CronTrigger(**asdict(every), timezone=UTC)  # on the face of the clock, where no hour is missing
    face = now.astimezone(zone).replace(tzinfo=UTC, fold=0)
    due = _last_before(trigger, face - _OVER_A_CHANGE) or _next(trigger, face - _OVER_A_CHANGE)
    found = None
    while due is not None and due <= face + _OVER_A_CHANGE:
        at = due.replace(tzinfo=zone)
        found = at if at.astimezone(UTC) <= now else found
        due = _next(trigger, due + _MINUTE)
    return found


def _next(trigger: CronTrigger, moment: datetime) -> datetime | None:
    """The first time at or after a moment."""
    found: datetime | None = trigger.get_next_fire_time(None, moment)
    return found


def _last_before(trigger: CronTrigger, moment: datetime) -> datetime | None:
    """The last time before a moment, which a trigger does not know: looked for further and further back."""

    def passed(start: datetime) -> bool:
        found = _next(trigger, start)
        return found is not None and found < moment

    if not passed(moment - _LONGEST):
        return None
    back = _HOUR
    while not passed(moment - back):
        back *= 4
    early, late = moment - back, moment
    while late - early > _MINUTE:
        middle = early + (late - early) / 2
        early, late = (middle, late) if passed(middle) else (early, middle)
    return _next(trigger, early)
