"""The protocols that can be read and written, a row each; a protocol's room is imported when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import msgspec

from freehold.codecs.display.faults import clause_of
from freehold.spec.errors import Bug

PACKAGE: Final = "freehold.codecs"


class Reading(msgspec.Struct, frozen=True):
    """What octets held: the message or None, the header where one is beside it, and each fault with its clause."""

    protocol: str
    message: Any
    header: Any = None
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The message's name, `-` where there is none."""
        return "-" if self.message is None else type(self.message).__name__

    @property
    def ciphered(self) -> bool:
        """Whether this is a NAS message whose content only its keys open (TS 24.501 4.4.5)."""
        return self.name == "SecurityProtected" and self.message.security_header in {2, 4}


class Protocol(msgspec.Struct, frozen=True):
    """A row: name on the command line, title, specification, and the room's name under `freehold.codecs`.

    `extra` are further modules whose classes its values use; `ppid` is its SCTP payload protocol identifier.
    """

    name: str
    title: str
    specification: str
    extra: tuple[str, ...] = ()
    ppid: int | None = None
    port: int | None = None

    @property
    def room(self) -> Any:
        """The codec's module, imported now where it was not before."""
        return import_module(f"{PACKAGE}.{self.name}")

    @property
    def here(self) -> bool:
        """Whether the room exists in this installation."""
        return find_spec(f"{PACKAGE}.{self.name}") is not None

    def decode(self, octets: bytes) -> Reading:
        """Read one message; total."""
        decoded = self.room.decode(octets)
        faults = tuple(clause_of(self, fault) for fault in decoded.faults)
        return Reading(self.name, decoded.message, getattr(decoded, "header", None), faults)

    def split(self, datagram: bytes) -> Iterator[bytes]:
        """The messages of one payload: several where PFCP's follow-on flag says so (TS 29.244 6.2.4)."""
        if self.name == "pfcp":
            yield from self.room.split(datagram)
        else:
            yield datagram

    def encode(self, message: Any, header: Any = None) -> bytes:
        """Write one message; ValueError says what does not fit."""
        if message is None or not isinstance(message, msgspec.Struct):
            raise ValueError("message: a message of this protocol is needed")
        try:
            return self._encode(message, header)
        except (Bug, TypeError, OverflowError, AttributeError) as wrong:
            raise ValueError(f"{type(message).__name__}: {wrong}") from None

    def _encode(self, message: Any, header: Any) -> bytes:
        if self.name == "pfcp":  # TS 29.244 7.2.2: the header is not the message's own
            if not isinstance(header, self.room.Header):
                raise ValueError('header: {"@": "Header", ...} is needed')
            octets = self.room.encode(
                message, header.sequence, header.seid, priority=header.priority, follow_on=header.follow_on
            )
        elif type(message).__name__ == "SecurityProtected":
            octets = message.octets
        else:
            octets = self.room.encode(message)
        if not isinstance(octets, bytes):
            raise TypeError("octets are missing")
        return octets

    def class_named(self, name: str) -> type[msgspec.Struct] | None:
        """The class of a value of this protocol by its name."""
        for module in (self.room, *map(import_module, self.extra)):
            found = getattr(module, name, None)
            if isinstance(found, type) and issubclass(found, msgspec.Struct):
                return found
        return None


_IDENTITIES: Final = ("freehold.spec.identities",)
_PFCP: Final = tuple(f"{PACKAGE}.pfcp.{part}" for part in ("messages", "rules", "reports", "layouts", "table"))

# SCTP payload protocol identifiers: TS 38.412 7, TS 38.422 7, TS 38.472 7, TS 37.482 7
_ROWS: Final = (
    Protocol("ngap", "NG Application Protocol", "TS 38.413", ppid=60, port=38412),
    Protocol("nas", "Non-access stratum of 5GS", "TS 24.501", _IDENTITIES),
    Protocol("pfcp", "Packet Forwarding Control Protocol", "TS 29.244", _PFCP, port=8805),
    Protocol("gtpu", "GTP user plane", "TS 29.281", port=2152),
    Protocol("xnap", "Xn Application Protocol", "TS 38.423", ppid=61, port=38422),
    Protocol("f1ap", "F1 Application Protocol", "TS 38.473", ppid=62, port=38472),
    Protocol("e1ap", "E1 Application Protocol", "TS 37.483", ppid=64, port=38462),
    Protocol("e2ap", "E2 Application Protocol", "O-RAN.WG3.E2AP"),
)
PROTOCOLS: Final = {row.name: row for row in _ROWS if row.here}
"""Every protocol whose room is there, by its name."""


def protocol_named(name: str) -> Protocol:
    """A row by its name; ValueError lists the names."""
    if name not in PROTOCOLS:
        raise ValueError(f"no protocol {name!r}; there are {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def carried_by(ppid: int | None, ports: tuple[int, int], name: str = "") -> Protocol | None:
    """The protocol of what a packet carried: its name, SCTP's payload protocol identifier, or a UDP port."""
    for row in PROTOCOLS.values():
        if name:
            if row.name == name:
                return row
        elif ppid is not None:
            if row.ppid == ppid or (ppid == 0 and row.ppid is not None and row.port in ports):
                return row
        elif row.ppid is None and row.port is not None and row.port in ports:
            return row
    return None


def guess(octets: bytes) -> list[Protocol]:
    """The protocols whose decoder finds a message without a fault that encodes to the same octets again."""
    return [row for row in PROTOCOLS.values() if _fits(row, octets)]


def _fits(row: Protocol, octets: bytes) -> bool:
    reading = row.decode(octets)
    if reading.message is None or reading.faults or reading.name == "OtherMessage":
        return False
    try:
        return row.encode(reading.message, reading.header) == octets
    except ValueError:
        return False
