"""Logs on standard error: what functions tell the operator, one line an event, without identities or keys in full."""

from __future__ import annotations

import logging
import sys
from typing import Final

from freehold.spec.events import Event, Severity

LEVELS: Final[dict[Severity, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
LOGGER: Final = logging.getLogger("freehold")


def start(level: Severity, *, quiet: bool = False) -> None:
    """Log from `level` on to standard error, or nowhere while something else covers the screen."""
    handler: logging.Handler = logging.NullHandler() if quiet else logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)-7s %(message)s", "%H:%M:%S"))
    LOGGER.handlers = [handler]
    LOGGER.setLevel(LEVELS[level])
    LOGGER.propagate = False


def log(event: Event) -> None:
    """Log one event; for an environment's `listen`."""
    level = LEVELS[event.severity]
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", line(event))


def line(event: Event) -> str:
    """An event in one line: about whom, what, what to do, and the clause."""
    about = f"{event.subject}: " if event.subject else ""
    fix = f"; {event.fix}" if event.fix else ""
    clause = f" [{event.clause}]" if event.clause else ""
    return f"{about}{event.text}{fix}{clause}".replace("\n", " ")
