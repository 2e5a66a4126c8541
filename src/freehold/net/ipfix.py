"""Flow records to a collector: IPFIX over UDP (RFC 7011) with the elements of RFC 7012."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

VERSION: Final = 10
HEADER: Final = struct.Struct("!HHIII")
SET: Final = struct.Struct("!HH")
TEMPLATES, OPTIONS_TEMPLATES, IPV4_FLOWS, IPV6_FLOWS, NETWORKS = 2, 3, 256, 257, 258
LONGEST: Final = 1400
"""Octets of a message: it is never cut on its way (RFC 7011 10.3.3)."""
TEMPLATE_SECONDS: Final = 30.0
"""How often templates are sent again, as UDP may lose them (RFC 7011 8.4)."""
VARIABLE: Final = 65535

# IANA's registry of IPFIX information elements: number and octets.
SOURCE_IPV4, DESTINATION_IPV4, SOURCE_IPV6, DESTINATION_IPV6 = (8, 4), (12, 4), (27, 16), (28, 16)
COMMON: Final = (
    (7, 2),  # sourceTransportPort
    (11, 2),  # destinationTransportPort
    (4, 1),  # protocolIdentifier
    (61, 1),  # flowDirection: 0 into the network (uplink), 1 out of it
    (136, 1),  # flowEndReason
    (6, 2),  # tcpControlBits
    (234, 4),  # ingressVRFID: the network instance
    (1, 8),  # octetDeltaCount
    (2, 8),  # packetDeltaCount
    (152, 8),  # flowStartMilliseconds
    (153, 8),  # flowEndMilliseconds
)
RECORD: Final = struct.Struct("!HHBBBHIQQQQ")
INSTANCE_ID, INSTANCE_NAME = (234, 4), (236, VARIABLE)


class Flow(msgspec.Struct, frozen=True, gc=False):
    """What one direction of a flow carried since it was last told; addresses as on the wire, times in milliseconds."""

    instance: int
    uplink: bool
    source: bytes
    destination: bytes
    protocol: int
    ports: tuple[int, int]
    control: int
    octets: int
    packets: int
    first_ms: int
    last_ms: int
    reason: int


class Exporter:
    """Makes the messages of one exporting process to one collector; `domain` is its observation domain."""

    def __init__(self, names: dict[int, str], domain: int = 1) -> None:
        self._names = names
        self._domain = domain
        self._sequence = 0
        self._templates_at: float | None = None

    def repeat(self) -> None:
        """Send the templates with the next message: the collector may be newer than the last ones."""
        self._templates_at = None

    def messages(self, flows: Iterable[Flow], now: float) -> Iterator[bytes]:
        """The messages that tell of flows at `now`, in seconds since 1970; now and then the templates come first."""
        if self._templates_at is None or now - self._templates_at >= TEMPLATE_SECONDS:
            self._templates_at = now
            yield self._message(_templates() + self._networks(), now, len(self._names))
        found = list(flows)
        for kind, length in ((IPV4_FLOWS, 4), (IPV6_FLOWS, 16)):
            records = [_record(flow) for flow in found if len(flow.source) == length]
            many = (LONGEST - HEADER.size - SET.size) // (2 * length + RECORD.size)
            for start in range(0, len(records), many):
                chosen = records[start : start + many]
                yield self._message(_set(kind, b"".join(chosen)), now, len(chosen))

    def _message(self, sets: bytes, now: float, records: int) -> bytes:
        header = HEADER.pack(VERSION, HEADER.size + len(sets), int(now) & 0xFFFFFFFF, self._sequence, self._domain)
        self._sequence = (self._sequence + records) & 0xFFFFFFFF  # RFC 7011 3.1
        return header + sets

    def _networks(self) -> bytes:
        """The names of the network instances, by their numbers."""
        named = ((number, name.encode()[:254]) for number, name in self._names.items())
        return _set(NETWORKS, b"".join(struct.pack("!IB", number, len(name)) + name for number, name in named))


def _set(kind: int, content: bytes) -> bytes:
    return SET.pack(kind, SET.size + len(content)) + content


def _fields(elements: Iterable[tuple[int, int]]) -> bytes:
    return b"".join(struct.pack("!HH", number, length) for number, length in elements)


def _templates() -> bytes:
    """RFC 7011 3.4.1 and 3.4.2: flows of both versions of IP, and the names of network instances."""
    flows = b"".join(
        struct.pack("!HH", kind, len(ends) + len(COMMON)) + _fields((*ends, *COMMON))
        for kind, ends in ((IPV4_FLOWS, (SOURCE_IPV4, DESTINATION_IPV4)), (IPV6_FLOWS, (SOURCE_IPV6, DESTINATION_IPV6)))
    )
    names = struct.pack("!HHH", NETWORKS, 2, 1) + _fields((INSTANCE_ID, INSTANCE_NAME))
    return _set(TEMPLATES, flows) + _set(OPTIONS_TEMPLATES, names)


def _record(flow: Flow) -> bytes:
    return (
        flow.source
        + flow.destination
        + RECORD.pack(
            *flow.ports,
            flow.protocol,
            0 if flow.uplink else 1,
            flow.reason,
            flow.control,
            flow.instance,
            flow.octets,
            flow.packets,
            flow.first_ms,
            flow.last_ms,
        )
    )
