"""Logs: one JSON object a line in production, coloured lines in development; ours and every library's alike.

No personal value belongs into a log: not in an event's fields, and not by way of an exception's message or of the
locals in a traceback. Errors are told by their type, their place and, from the database, their SQLSTATE.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import psycopg
import structlog

from portal.settings import Settings

# These write addresses with their parameters, statements with their values, or secrets at their lower levels.
_TALKATIVE = ("asyncio", "authlib", "h11", "httpcore2", "httpx2", "procrastinate", "psycopg", "sqlalchemy", "urllib3")

Event = MutableMapping[str, Any]


def configure(settings: Settings) -> None:
    """Send every log line of this process to standard output, in the configured form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_coloured_copy,
        tell_exception,
        strip_control_characters,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _Formatter(
            structlog.processors.JSONRenderer()
            if settings.log_format == "json"
            else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty()),
            shared,
        )
    )
    _say_nothing_of_places()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Ours are finished when they come here, and are not copied first as those of libraries are."""

    def __init__(self, render: structlog.typing.Processor, shared: list[structlog.typing.Processor]) -> None:
        super().__init__(processors=[self.remove_processors_meta, render], foreign_pre_chain=shared)
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, dict):
            return str(self._render(None, "", dict(record.msg)))
        return super().format(record)


def _say_nothing_of_places() -> None:
    """No line says from which line of code, thread or process it comes, so logging need not look for it (logging HOWTO,
    Optimization)."""
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def drop_coloured_copy(_logger: object, _method: str, event: Event) -> Event:
    """Uvicorn sends each message a second time, in colours."""
    event.pop("color_message", None)
    return event


def tell_exception(_logger: object, _method: str, event: Event) -> Event:
    """Say which exception it was and where, without its message: that may quote what somebody typed."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if info is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["error"] = describe(error)
        event["exception"] = _places(error)
    return event


def describe(error: BaseException) -> str:
    """An exception in words without personal values."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        return f"{kind} of {', '.join(map(describe, error.exceptions))}"
    cause = getattr(error, "orig", None) or error  # SQLAlchemy wraps the driver's
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return " ".join(filter(None, [kind, cause.sqlstate, cause.diag.constraint_name]))
    if isinstance(cause, psycopg.OperationalError | OSError):
        return f"{kind}: {cause}"  # an address and a reason
    return kind


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    places = [f"{frame.filename.rsplit('site-packages/')[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    if isinstance(error, BaseExceptionGroup):
        places += [f"({_places(one)})" for one in error.exceptions]
    if error.__cause__ is not None:
        places.append(f"from {describe(error.__cause__)}")
    return " > ".join(places)


def strip_control_characters(_logger: object, _method: str, event: Event) -> Event:
    """No value can begin a line of its own or colour the terminal, whoever sent it."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return event
