"""One line of log per event, to standard error, with nothing secret in it."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Literal, TextIO

import structlog
from structlog.stdlib import BoundLogger, LoggerFactory, ProcessorFormatter

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

HIDDEN = "[hidden]"
_HANDLER = "benchwatch"

# Libraries whose "info" is one line per request or tick; they are heard from "warning" up.
_CHATTY = ("apscheduler", "httpcore", "httpx", "matplotlib", "PIL")

_SECRET_NAME = re.compile(r"token|secret|authorization|password|response_url", re.IGNORECASE)

_SECRET_TEXT = (
    # Slack tokens: xoxb-…, xoxp-…, xoxe.xoxb-…, xapp-…
    (re.compile(r"x(?:ox[a-z]|app)[-.][\w.%-]+"), HIDDEN),
    # Addresses that let anyone who has them post: response_url, incoming webhooks, one-time uploads.
    (
        re.compile(r"(https?://(?:hooks|files)\.slack(?:-gov)?\.com/(?:[a-z]+/)?)[^\s\"'<>\\]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # A publisher's key and the signature made with its secret.
    (re.compile(r"(\b(?:ApplicationKey|Signature)=)[^\s\"'&\\]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\bticket=)[^\s\"'&\\]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(\bBearer\s+)[^\s\"',\\]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # Whatever follows the name of a secret and "=" or ":", in any quotes.
    (
        re.compile(
            r"((?:token|secret|authorization|password)\\?[\"']?\s*[:=]\s*\\?[\"']?(?:Basic\s+)?)"
            r"(?!Bearer\b|Basic\b|\[hidden\])[^\s\"',;&{}()\[\]\\]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)


def redact(text: str) -> str:
    """The text without Slack tokens, response addresses and values that follow a secret's name."""
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def configure_logs(level: Level = "info", fmt: Format = "text") -> None:
    """Every log, ours and the libraries', goes redacted to standard error with its time in UTC.

    Call it before the first log line: until then structlog prints to standard output, where only answers
    belong. Calling it again replaces the earlier set-up.
    """
    structlog.configure(
        processors=[*_shared(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.set_name(_HANDLER)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                ProcessorFormatter.remove_processors_meta,
                _hide_named,
                _renderer(fmt),
                _hide_written,
            ],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what sys.stderr is now, so that a stream swapped for a while is followed and never kept."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _shared() -> list[Processor]:
    """What happens to our events and to the libraries' alike, before they are written."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(fmt: Format) -> Processor:
    """JSON for machines, plain text for people; a traceback never shows local variables."""
    if fmt == "json":
        return _json
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    event = structlog.processors.format_exc_info(logger, method, event)
    return str(structlog.processors.JSONRenderer(ensure_ascii=False, default=str)(logger, method, event))


def _hide_named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides values by the name of their key, at any depth."""
    return {key: _hide(key, value) for key, value in event.items()}


def _hide(key: object, value: object) -> object:
    if isinstance(key, str) and _SECRET_NAME.search(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _hide(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        return type(value)(_hide(None, item) for item in value)
    return value


def _hide_written(_logger: WrappedLogger, _method: str, line: object) -> str:
    """Hides secrets by their look in the finished line, tracebacks included."""
    return redact(str(line))
