"""The information elements of GTP-U's signalling messages (TS 29.281 8)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import msgspec

RECOVERY: Final = 14
TEID_DATA_I: Final = 16
GTP_U_PEER_ADDRESS: Final = 133
EXTENSION_HEADER_TYPE_LIST: Final = 141
GTP_U_TUNNEL_STATUS_INFORMATION: Final = 230
RECOVERY_TIME_STAMP: Final = 231
PRIVATE_EXTENSION: Final = 255

_FIXED: Final = MappingProxyType({RECOVERY: 1, TEID_DATA_I: 4})


class InformationElement(msgspec.Struct, frozen=True, gc=False):
    """An IE as it came: one not known here, repeated, or with a value that does not hold (TS 29.281 8.1)."""

    kind: int
    content: bytes


class PrivateExtension(msgspec.Struct, frozen=True, gc=False):
    """A vendor's own value (TS 29.281 8.6)."""

    extension_identifier: int
    extension_value: bytes


class TunnelStatusInformation(msgspec.Struct, frozen=True, gc=False):
    """What changes on a tunnel (TS 29.281 8.7); `spare` holds the octet's other bits and octets that follow."""

    start_pause_of_charging: bool
    spare: bytes = b""


def split(body: bytes) -> tuple[list[InformationElement], bytes]:
    """The IEs of a body in its order, and what is left where one does not end or its size is not known."""
    found: list[InformationElement] = []
    at = 0
    while at < len(body):
        start, size = _span(body, at)
        if size is None or start + size > len(body):
            break
        found.append(InformationElement(body[at], body[start : start + size]))
        at = start + size
    return found, body[at:]


def _span(body: bytes, at: int) -> tuple[int, int | None]:
    """Where a value starts and its size: types below 128 have a fixed one, others tell it (TS 29.281 8.1)."""
    kind = body[at]
    if kind < 128:
        return at + 1, _FIXED.get(kind)
    start = at + 1 + _wide(kind)
    return start, int.from_bytes(body[at + 1 : start], "big")


def _wide(kind: int) -> int:
    """Octets of the length; the extension header type list counts in one (TS 29.281 8.5)."""
    return 1 if kind == EXTENSION_HEADER_TYPE_LIST else 2


def join(element: InformationElement) -> bytes:
    """The octets of an IE. ValueError or OverflowError where its content does not fit its type."""
    kind, content = element.kind, element.content
    if kind >= 128:
        return bytes((kind,)) + len(content).to_bytes(_wide(kind), "big") + content
    if _FIXED.get(kind) != len(content):
        raise ValueError(f"IE {kind} has a fixed size")
    return bytes((kind,)) + content


def tunnel_status(content: bytes) -> TunnelStatusInformation | None:
    """From an IE's content; None where it is empty."""
    if not content:
        return None
    rest = bytes((content[0] & 0xFE,)) + content[1:]
    return TunnelStatusInformation(bool(content[0] & 1), b"" if rest == b"\0" else rest)


def tunnel_status_content(value: TunnelStatusInformation) -> bytes:
    """The content of the IE."""
    first, rest = value.spare[:1] or b"\0", value.spare[1:]
    return bytes((first[0] & 0xFE | value.start_pause_of_charging,)) + rest
