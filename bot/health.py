"""Is it alive, is it ready, what has it done: /healthz, /readyz and /metrics beside Slack's requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Health:
    """What the service knows of its own health; safe to use from many threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.releases = Counter("benchwatch_releases", "Releases looked at", ["status"], registry=self.registry)
        self.refusals = Counter("benchwatch_refusals", "Files and addresses refused", registry=self.registry)
        self.delivered = Counter("benchwatch_messages_delivered", "Messages delivered", registry=self.registry)
        self.last_poll = Gauge(
            "benchwatch_last_poll_timestamp_seconds", "Last look at a source", ["source"], registry=self.registry
        )
        self._guard = threading.Lock()
        self._parts: dict[str, Callable[[], str]] = {}
        self._polled: dict[str, str] = {}

    def watch(self, part: str, fault: Callable[[], str]) -> None:
        """Ask ``fault`` about a part whenever readiness is asked for: what is wrong with it, or nothing."""
        with self._guard:
            self._parts[part] = fault

    def polled(self, source: str) -> None:
        """A source was looked at just now."""
        now = datetime.now(UTC)
        self.last_poll.labels(source).set(now.timestamp())
        with self._guard:
            self._polled[source] = now.isoformat(timespec="seconds")

    def totals(self) -> dict[str, float]:
        """Releases by status, refusals and messages delivered since the start."""
        found = {
            f"releases_{sample.labels['status']}": sample.value
            for metric in self.releases.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }
        counters = {"refusals": self.refusals, "messages": self.delivered}
        return found | {
            name: next(s.value for metric in counter.collect() for s in metric.samples if s.name.endswith("_total"))
            for name, counter in counters.items()
        }

    def readiness(self) -> tuple[bool, dict[str, object]]:
        """Whether every part is well, and each part's state."""
        with self._guard:
            parts, polled = dict(self._parts), dict(self._polled)
        faults = {part: fault() for part, fault in parts.items()}
        states = {part: fault or "ok" for part, fault in faults.items()}
        return not any(faults.values()), {**states, "last_poll": polled}


def wsgi_app(health: Health, slack: WSGIApplication | None) -> WSGIApplication:
    """One WSGI application: health for anyone who can reach it, and Slack's requests where they come by HTTP."""
    metrics: WSGIApplication = make_wsgi_app(health.registry)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            return _json(start_response, "200 OK", {"alive": True})
        if path == "/readyz":
            ready, document = health.readiness()
            return _json(start_response, "200 OK" if ready else "503 Service Unavailable", document)
        if path == "/metrics":
            return metrics(environ, start_response)
        if slack is not None and path == "/slack/events":
            return slack(environ, start_response)
        return _json(start_response, "404 Not Found", {"error": "no such page"})

    return serve


def _json(start_response: StartResponse, status: str, document: dict[str, object]) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(document).encode()]
