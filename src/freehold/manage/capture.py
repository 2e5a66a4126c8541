"""A capture file (pcapng) of what crossed the interfaces, with the clause of every message as a comment."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from typing import IO, Final

from freehold.manage.packets import SctpPath, ethernet, udp
from freehold.procedure.clauses import clause_of
from freehold.procedure.ladder import ends_of
from freehold.procedure.tap import Record
from freehold.services.datagram import Address
from freehold.services.n2 import NGAP_PPID
from freehold.services.xn import XNAP_PORT, XNAP_PPID

ETHERNET, UPPER_PDU = 1, 252
"""Link types; 252 hands octets to a dissector by its name, for NAS as it was before ciphering."""
INTERFACES: Final = (
    ("N2", ETHERNET),
    ("N3", ETHERNET),
    ("N4", ETHERNET),
    ("N6", ETHERNET),
    ("N1", UPPER_PDU),
    ("Xn", ETHERNET),
    ("N4-u", ETHERNET),
)
SECTION, DESCRIPTION, PACKET = 0x0A0D0D0A, 1, 6
COMMENT, NAME = 1, 2
PORTS: Final = {"N2": 38412, "N3": 2152, "N4": 8805, "N4-u": 2152, "Xn": XNAP_PORT}
"""TS 38.412 7, TS 38.422 7, TS 29.281 4.4.2, TS 29.244 4.2.2."""
GNB_PORT: Final = 50000
NAS_DISSECTOR: Final = b"nas-5gs\0"
UE_STREAMS: Final = 9


class CaptureWriter:
    """Writes records as they come; what has no octets is left out."""

    __slots__ = ("_addresses", "_file", "_offset", "_paths", "nas", "written")

    def __init__(self, file: IO[bytes], *, utc_offset: float = 0.0, nas: bool = False) -> None:
        self._file = file
        self._offset = utc_offset
        self._addresses: dict[str, str] = {}
        self._paths: dict[tuple[str, str], SctpPath] = {}
        self.nas = nas
        """Whether NAS messages are also written alone, in clear."""
        self.written = 0
        """Packets so far."""
        file.write(_block(SECTION, struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1)))
        for name, link in INTERFACES:
            file.write(_block(DESCRIPTION, struct.pack("=HHI", link, 0, 0) + _options((NAME, name.encode()))))

    def record(self, record: Record) -> None:
        """Write one record's packets; for a tap's `listen`."""
        make = FRAMERS.get(record.interface)
        if make is None or not record.octets:
            return
        number = next(index for index, (name, _) in enumerate(INTERFACES) if name == record.interface)
        clause = record.clause or clause_of(record.name, record.value, record.interface)
        comment = f"{record.source} -> {record.target}: {record.name} {clause}".rstrip().encode()
        missing = max(0, record.length - len(record.octets))
        for frame in make(self, record):
            self._packet(number, record.time, frame, comment, missing)

    def path(self, source: Address, target: Address) -> SctpPath:
        """The SCTP direction from one name to another, with its running numbers."""
        key = (source[0], target[0])
        if key not in self._paths:
            self._paths[key] = SctpPath(source, target, 0x46480000 + len(self._paths))
        return self._paths[key]

    def ends(self, record: Record) -> tuple[str, str]:
        """The addresses of a record's source and target, both of one version of IP."""
        source, target = self.address(record.source), self.address(record.target)
        if (":" in source) is (":" in target):
            return source, target
        return self._made_up(record.source, source), self._made_up(record.target, target)

    def address(self, name: str) -> str:
        """The IP address in a function's name, or one of its own for this file."""
        place = name.rpartition(" ")[2]
        host = place.rpartition(":")[0] or place
        for text in (place, host):
            try:
                return str(ipaddress.ip_address(text.strip("[]")))
            except ValueError:
                continue
        return self._made_up(name)

    def _made_up(self, name: str, known: str = ":") -> str:
        """An IPv4 address that stands for a name, where it has none."""
        number = 1 + len(self._addresses)
        made = f"10.254.{number >> 8 & 255}.{number & 255}"
        return self._addresses.setdefault(name, made) if ":" in known else known

    def _packet(self, interface: int, time: float, frame: bytes, comment: bytes, missing: int) -> None:
        stamp = int((time + self._offset) * 1_000_000)
        head = struct.pack("=IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame) + missing)
        self._file.write(_block(PACKET, head + frame + bytes(-len(frame) % 4) + _options((COMMENT, comment))))
        self.written += 1


def _block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack("=II", kind, length) + body + struct.pack("=I", length)


def _options(*options: tuple[int, bytes]) -> bytes:
    written = b"".join(struct.pack("=HH", code, len(text)) + text + bytes(-len(text) % 4) for code, text in options)
    return written + bytes(4)


# --- one framer an interface ----------------------------------------------------------------------
def _n2(writer: CaptureWriter, record: Record) -> Iterator[bytes]:
    ran_id = getattr(record.value, "ran_ue_ngap_id", None)
    stream = 1 + ran_id % UE_STREAMS if isinstance(ran_id, int) else 0
    near, far = PORTS["N2"], GNB_PORT
    from_amf = ends_of(record)[0] == "AMF"
    source, target = writer.ends(record)
    ports = (near, far) if from_amf else (far, near)
    return writer.path((source, ports[0]), (target, ports[1])).frames(record.octets, stream, NGAP_PPID)


def _xn(writer: CaptureWriter, record: Record) -> Iterator[bytes]:
    source_id = getattr(record.value, "source_ng_ran_node_ue_xnap_id", None)
    stream = 1 + source_id % UE_STREAMS if isinstance(source_id, int) else 0
    source, target = writer.ends(record)
    path = writer.path((source, PORTS["Xn"]), (target, PORTS["Xn"]))
    return path.frames(record.octets, stream, XNAP_PPID)


def _datagram(writer: CaptureWriter, record: Record) -> Iterator[bytes]:
    port = PORTS[record.interface]
    source, target = writer.ends(record)
    missing = max(0, record.length - len(record.octets))
    yield udp(record.octets, (source, port), (target, port), missing=missing)


def _n6(writer: CaptureWriter, record: Record) -> Iterator[bytes]:
    yield record.octets if record.name == "frame" else ethernet(record.octets, *writer.ends(record))


def _n1(writer: CaptureWriter, record: Record) -> Iterator[bytes]:
    if writer.nas:
        yield struct.pack("!HH", 12, len(NAS_DISSECTOR)) + NAS_DISSECTOR + bytes(4) + record.octets


FRAMERS: Final[dict[str, Callable[[CaptureWriter, Record], Iterator[bytes]]]] = {
    "N1": _n1,
    "N2": _n2,
    "N3": _datagram,
    "N4": _datagram,
    "N4-u": _datagram,
    "N6": _n6,
    "Xn": _xn,
}
