"""Logs on standard error: what functions tell the operator, one line an event, without identities or keys in full."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from datetime import UTC, datetime
from typing import Final, Self

from freehold.spec.events import Event, Severity

LEVELS: Final[dict[Severity, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
LOGGER: Final = logging.getLogger("freehold")
RECENT: Final = 2000
"""Lines kept in memory."""


def start(level: Severity, *, quiet: bool = False, as_json: bool = False) -> None:
    """Log from `level` on to standard error, or nowhere while something else covers the screen."""
    handler: logging.Handler = logging.NullHandler() if quiet else logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)-7s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonFormatter() if as_json else text)
    LOGGER.handlers = [handler]
    LOGGER.setLevel(LEVELS[level])
    LOGGER.propagate = False


def log(event: Event) -> None:
    """Log one event; for an environment's `listen`."""
    level = LEVELS[event.severity]
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", line(event), extra={"event": event})


class Recent(logging.Handler):
    """The last lines, for who helps; attached to the log for as long as the block runs."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"))
        self.lines: deque[str] = deque(maxlen=RECENT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(self.format(record))

    def __enter__(self) -> Self:
        LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        LOGGER.removeHandler(self)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, text, and of an event its name, subject, UE pseudonym, fix and clause."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        shown: dict[str, object] = {"time": when, "level": record.levelname.lower()}
        event = getattr(record, "event", None)
        if isinstance(event, Event):
            shown |= {"event": event.name, "text": event.text}
            about = {"subject": event.subject, "ue": event.ue, "fix": event.fix, "clause": event.clause}
            shown |= {name: value for name, value in about.items() if value}
            shown |= {name: value for name, value in event.fields.items() if name not in shown}
        else:
            shown["text"] = record.getMessage()
        if record.exc_info:
            shown["exception"] = self.formatException(record.exc_info)
        return json.dumps(shown, ensure_ascii=False, default=str)


def line(event: Event) -> str:
    """An event in one line: about whom, what, what to do, and the clause."""
    about = f"{event.subject}: " if event.subject else ""
    fix = f"; {event.fix}" if event.fix else ""
    clause = f" [{event.clause}]" if event.clause else ""
    return f"{about}{event.text}{fix}{clause}".replace("\n", " ")
