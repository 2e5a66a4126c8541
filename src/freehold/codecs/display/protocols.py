"""The protocols that can be read and written, a row each; a protocol's room is imported when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import msgspec

from freehold.codecs.display.faults import clause_of
from freehold.spec.errors import Bug

PACKAGE: Final = "freehold.codecs"
_CRITICALITY: Final = {"reject": 0x00, "ignore": 0x40, "notify": 0x80}
"""The third octet of a PDU, which a sender may have chosen against its specification (TS 38.413 9.4.3)."""


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
        """Whether this is a NAS message whose content only its keys open, 5G-EA0 needing none (TS 24.501 4.4.5)."""
        if self.name != "SecurityProtected" or self.message.security_header not in {2, 4}:
            return False
        nas, content = PROTOCOLS["nas"], self.message.content
        return not nas.fits(nas.decode(content), content)

    @property
    def title(self) -> str:
        """The message's name, and of a channel's message in RRC which one it is (TS 38.331 6.2.1)."""
        chosen, names = getattr(self.message, "message", None), [self.name]
        while isinstance(chosen, tuple) and len(chosen) == 2 and isinstance(chosen[0], str):
            names[1:], chosen = [chosen[0]], chosen[1]
        return " ".join(names)


class Protocol(msgspec.Struct, frozen=True):
    """A row: name on the command line, title, specification, and its room under `freehold.codecs` if named otherwise.

    `extra` are further modules whose classes its values use; `ppids` are its SCTP payload protocol identifiers. `verbs`
    and `alone` name the room's functions for messages and for values of a type. `types` are those that say nowhere what
    they are, in the order in which they are tried; `headed` rows need the header to encode. `rank` 1 is guessed only
    where nothing of rank 0 fits, 2 never.
    """

    name: str
    title: str
    specification: str
    extra: tuple[str, ...] = ()
    ppids: tuple[int, ...] = ()
    port: int | None = None
    module: str = ""
    verbs: tuple[str, str] = ("decode", "encode")
    alone: tuple[str, str] = ("decode_as", "encode_value")
    types: tuple[str, ...] = ()
    headed: bool = False
    rank: int = 0

    @property
    def room(self) -> Any:
        """The codec's module, imported now where it was not before."""
        return import_module(f"{PACKAGE}.{self.module or self.name}")

    @property
    def here(self) -> bool:
        """Whether the room exists in this installation."""
        return find_spec(f"{PACKAGE}.{(self.module or self.name).partition('.')[0]}") is not None

    def decode(self, octets: bytes, type_name: str = "") -> Reading:
        """Read one message, as a value of `type_name` where it is said; total. ValueError: there is no such type."""
        if type_name or self.types:
            return self._first_fitting(octets, (type_name,) if type_name else self.types)
        decoded = getattr(self.room, self.verbs[0])(octets)
        return self._reading(decoded.message, decoded.faults, getattr(decoded, "header", None))

    def _first_fitting(self, octets: bytes, types: tuple[str, ...]) -> Reading:
        """The reading as the first type that the octets fit, and where they fit none, as the first of all."""
        first = self._as(octets, types[0])
        others = (self._as(octets, name) for name in types[1:])
        return next((each for each in (first, *others) if self.fits(each, octets)), first)

    def _as(self, octets: bytes, type_name: str) -> Reading:
        kind, reader = self.class_named(type_name), getattr(self.room, self.alone[0], None)
        if kind is None or reader is None:
            raise ValueError(f"{self.name} has no type {type_name!r} that travels alone")
        read = reader(kind, octets)
        value, faults = read if isinstance(read, tuple) else (read.message, read.faults)
        return self._reading(value, faults)

    def _reading(self, message: Any, faults: Iterable[Any], header: Any = None) -> Reading:
        return Reading(self.name, message, header, tuple(clause_of(self, fault) for fault in faults))

    def fits(self, reading: Reading, octets: bytes) -> bool:
        """Whether the reading has a message, no fault, and encodes to the same octets again."""
        if reading.message is None or reading.faults or reading.name == "OtherMessage":
            return False
        try:
            return self.encode(reading.message, reading.header) == octets
        except ValueError:
            return False

    def behind(self, reading: Reading, octets: bytes) -> int:
        """How many octets follow the message that they begin with."""
        try:
            again = self.encode(reading.message, reading.header)
        except ValueError:  # read with faults, and not to be written as it is
            return 0
        return len(octets) - len(again) if octets.startswith(again) else 0

    def split(self, datagram: bytes) -> Iterator[bytes]:
        """The messages of one payload: several where PFCP's follow-on flag says so (TS 29.244 6.5)."""
        if self.name == "pfcp":
            yield from self.room.split(datagram)
        elif self.name == "gtpu" and len(datagram) >= 8:  # TS 29.281 5.1: the length; octets after it are no message's
            yield datagram[: 8 + int.from_bytes(datagram[2:4], "big")]
        else:
            yield datagram

    def encode(self, message: Any, header: Any = None, came: bytes = b"") -> bytes:
        """Write one message, in the octets it `came` in while they say the same; ValueError says what does not fit."""
        if came and self._says(came, message, header):
            return came
        if message is None or not isinstance(message, msgspec.Struct):
            raise ValueError("message: a message of this protocol is needed")
        if self.headed and not isinstance(header, self.room.Header):
            raise ValueError('header: {"@": "Header", ...} is needed')
        try:
            octets = self._encode(message, header)
            if not isinstance(octets, bytes):
                raise TypeError("octets are missing")  # noqa: TRY301 - one line for either
        except (Bug, TypeError, OverflowError, AttributeError, LookupError) as wrong:
            raise ValueError(f"{type(message).__name__}: {wrong}") from None
        return octets

    def _says(self, octets: bytes, message: Any, header: Any) -> bool:
        try:
            reading = self.decode(octets, type(message).__name__ if self.types and message is not None else "")
        except ValueError:
            return False
        return bool(reading.message == message and reading.header == header)

    def _encode(self, message: Any, header: Any) -> Any:
        if type(message).__name__ == "SecurityProtected":
            return message.octets
        if self.types or (hasattr(self.room, self.alone[1]) and not hasattr(message, "procedure_code")):
            return getattr(self.room, self.alone[1])(message)
        write = getattr(self.room, self.verbs[1])
        if self.name == "pfcp":  # TS 29.244 7.2.2: the header is not the message's own
            options = {"priority": header.priority, "follow_on": header.follow_on}
            return write(message, header.sequence, header.seid, spare=header.spare, **options)
        octets = write(message, header.transaction_id) if self.headed else write(message)
        return octets if header is None else octets[:2] + bytes([_CRITICALITY[header.criticality]]) + octets[3:]

    def class_named(self, name: str) -> type[msgspec.Struct] | None:
        """The class of a value of this protocol by its name."""
        for module in (self.room, *map(import_module, self.extra)):
            found = getattr(module, name, None)
            if isinstance(found, type) and issubclass(found, msgspec.Struct):
                return found
        return None


_NAS: Final = ("freehold.codecs.nas", "freehold.spec.identities")
_PFCP: Final = tuple(f"{PACKAGE}.pfcp.{part}" for part in ("messages", "rules", "reports", "layouts", "table"))

# TS 38.331 6.2.1: one message a logical channel; the longest and commonest are tried first
_CHANNELS: Final = (
    "DLDCCHMessage",
    "ULDCCHMessage",
    "DLCCCHMessage",
    "ULCCCHMessage",
    "ULCCCH1Message",
    "BCCHDLSCHMessage",
    "BCCHBCHMessage",
    "PCCHMessage",
    "MCCHMessageR17",
    "SBCCHSLBCHMessage",
    "SCCHMessage",
)

# SCTP payload protocol identifiers: TS 38.412 7, TS 38.422 7, TS 38.472 7, TS 37.482 7; E2's as IANA assigned them
_ROWS: Final = (
    Protocol("ngap", "NG Application Protocol", "TS 38.413", ppids=(60,), port=38412),
    Protocol("nas", "Non-access stratum of 5GS", "TS 24.501", _NAS),
    Protocol("pfcp", "Packet Forwarding Control Protocol", "TS 29.244", _PFCP, port=8805, headed=True),
    Protocol("gtpu", "GTP user plane", "TS 29.281", port=2152),
    Protocol("xnap", "Xn Application Protocol", "TS 38.423", ppids=(61,), port=38422),
    Protocol("f1ap", "F1 Application Protocol", "TS 38.473", ppids=(62,), port=38472),
    Protocol("e1ap", "E1 Application Protocol", "TS 37.483", ppids=(64,), port=38462),
    Protocol("e2ap", "E2 Application Protocol", "O-RAN.WG3.E2AP", ppids=(70, 71, 72), port=36421),
    Protocol("nrppa", "NR Positioning Protocol A", "TS 38.455", headed=True),
    Protocol("lpp", "LTE Positioning Protocol", "TS 37.355", types=("LPPMessage",), rank=1),
    Protocol("rrc", "NR Radio Resource Control", "TS 38.331", types=_CHANNELS, rank=1),
    Protocol("sms", "Short message", "TS 24.011"),
    Protocol("eap", "Extensible Authentication Protocol", "RFC 3748"),
    Protocol(
        "policy",
        "UE policy delivery",
        "TS 24.501",
        _NAS,
        module="nas.policy",
        verbs=("decode_policy", "encode_policy"),
        rank=2,
    ),
    Protocol(
        "container",
        "Container of a non-access stratum",
        "TS 24.501",
        _NAS,
        module="nas.alone",
        alone=("decode_alone", "encode_alone"),
        types=("Upu", "Sor", "Payloads", "IntraN1", "N1ToS1", "S1ToN1"),
        rank=2,
    ),
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
            if ppid in row.ppids or (ppid == 0 and row.ppids and row.port in ports):
                return row
        elif not row.ppids and row.port is not None and row.port in ports:
            return row
    return None


def guess(octets: bytes) -> list[Protocol]:
    """The protocols whose decoder finds a message without a fault that encodes to the same octets again."""
    for rank in (0, 1):
        found = [row for row in PROTOCOLS.values() if row.rank == rank and row.fits(row.decode(octets), octets)]
        if found:
            return found
    return []
