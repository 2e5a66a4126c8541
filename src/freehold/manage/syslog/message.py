"""Acts and events as syslog messages (RFC 5424)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import msgspec

from freehold import __version__
from freehold.services.ledger import Act
from freehold.spec.events import Event, Severity

AUTH, AUDIT, LOCAL0 = 10, 13, 16
"""Facilities of log-ins, of acts, and of the network's events (RFC 5424 6.2.1)."""
NOTICE: Final = 5
SEVERITIES: Final = MappingProxyType[Severity, int]({"error": 3, "warning": 4, "info": 6, "debug": 7})
"""RFC 5424 6.2.1"""
AUTH_EVENTS: Final = frozenset({"login-refused", "account.login", "account.logout"})
NIL: Final = "-"
MOST: Final = 2048
"""Octets of a message that every receiver takes (RFC 5424 6.1)."""
BOM: Final = b"\xef\xbb\xbf"


class Origin(msgspec.Struct, frozen=True):
    """Who sends: the name of the machine and the number of the process."""

    host: str
    process: int


def of_act(origin: Origin, act: Act, number: int) -> bytes:
    """An act of somebody: who did what to what."""
    facility = AUTH if act.act in AUTH_EVENTS else AUDIT
    about = f" {act.subject}" if act.subject else ""
    detail = f": {act.detail}" if act.detail else ""
    return message(origin, facility * 8 + NOTICE, act.time, act.act, number, f"{act.actor}: {act.act}{about}{detail}")


def of_event(origin: Origin, event: Event, time: float, number: int) -> bytes:
    """An event of the network, or of its management."""
    facility = AUTH if event.name in AUTH_EVENTS else LOCAL0
    about = f"{event.subject}: " if event.subject else ""
    fix = f"; {event.fix}" if event.fix else ""
    clause = f" [{event.clause}]" if event.clause else ""
    text = f"{about}{event.text}{fix}{clause}"
    return message(origin, facility * 8 + SEVERITIES[event.severity], time, event.name, number, text)


def message(origin: Origin, priority: int, time: float, kind: str, number: int, text: str) -> bytes:
    """One message; a long text is cut where a character ends, and what would break a line is a space."""
    when = datetime.fromtimestamp(time, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    fields = (
        f"<{priority}>1",
        when,
        _name(origin.host, 255),
        "freehold",
        str(origin.process),
        _name(kind, 32),
        f'[origin software="freehold" swVersion="{__version__}"][meta sequenceId="{number}"]',
    )
    head = " ".join(fields).encode() + b" " + BOM
    body = "".join(each if each.isprintable() else " " for each in text).encode("utf-8", "replace")
    return head + body[: MOST - len(head)].decode("utf-8", "ignore").encode()


def _name(text: str, most: int) -> str:
    """A field of the header: printable ASCII without spaces (RFC 5424 6)."""
    return "".join(each if "!" <= each <= "~" else "_" for each in text)[:most] or NIL
