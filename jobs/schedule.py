"""When things happen: APScheduler with a memory store, jobs in code, and nothing skipped after downtime."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from jobs.settings import Cron, Interval

log = structlog.get_logger(__name__)


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
