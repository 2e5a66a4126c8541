"""Which IEs each signalling message has, read and written by one table (TS 29.281 7.2 and 7.3)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from freehold.codecs.gtpu import elements as e
from freehold.codecs.gtpu import messages as m


class Row(NamedTuple):
    """An IE of a message: type, field, and how its content is read (None where it does not hold) and written."""

    kind: int
    field: str
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    mandatory: bool = False


def _number(size: int) -> Callable[[bytes], int | None]:
    return lambda content: int.from_bytes(content, "big") if len(content) == size else None


def _octets(size: int) -> Callable[[int], bytes]:
    return lambda value: value.to_bytes(size, "big")


def _address(content: bytes) -> bytes | None:
    """An IPv4 or IPv6 address (TS 29.281 8.4)."""
    return content if len(content) in {4, 16} else None


def _private(content: bytes) -> e.PrivateExtension | None:
    """A vendor's number and value (TS 29.281 8.6)."""
    return e.PrivateExtension(int.from_bytes(content[:2], "big"), content[2:]) if len(content) >= 2 else None


def _private_content(value: e.PrivateExtension) -> bytes:
    return value.extension_identifier.to_bytes(2, "big") + value.extension_value


_ANY: Final = (
    Row(e.RECOVERY_TIME_STAMP, "recovery_time_stamp", _number(4), _octets(4)),  # TS 29.281 8.8
    Row(e.PRIVATE_EXTENSION, "private_extension", _private, _private_content),
)
_ERROR: Final = (
    Row(e.TEID_DATA_I, "tunnel_endpoint_identifier_data_i", _number(4), _octets(4), mandatory=True),
    Row(e.GTP_U_PEER_ADDRESS, "gtp_u_peer_address", _address, bytes, mandatory=True),
)
_TYPES: Final = Row(e.EXTENSION_HEADER_TYPE_LIST, "extension_header_types", tuple, bytes, mandatory=True)
_STATUS: Final = Row(
    e.GTP_U_TUNNEL_STATUS_INFORMATION,
    "tunnel_status_information",
    e.tunnel_status,
    e.tunnel_status_content,
    mandatory=True,
)

BODIES: Final[MappingProxyType[int, tuple[type[m.Signalling], tuple[Row, ...]]]] = MappingProxyType(
    {
        m.ECHO_REQUEST: (m.EchoRequest, _ANY),
        m.ECHO_RESPONSE: (m.EchoResponse, (Row(e.RECOVERY, "recovery", _number(1), _octets(1)), *_ANY)),
        m.ERROR_INDICATION: (m.ErrorIndication, (*_ERROR, *_ANY)),
        m.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: (m.SupportedExtensionHeadersNotification, (_TYPES, *_ANY)),
        m.TUNNEL_STATUS: (m.TunnelStatus, (_STATUS, *_ANY)),
        m.END_MARKER: (m.EndMarker, _ANY),
    }
)
"""The signalling messages: class and IEs, in the order in which they are sent (TS 29.281 8.1)."""


def signalling(kind: int, octets: bytes, head: dict[str, Any]) -> tuple[m.Signalling | None, bool]:
    """A message of IEs, and whether a mandatory one is missing: it is then None, an echo response excepted."""
    build, rows = BODIES[kind]
    came, tail = e.split(octets)
    ranks = {row.kind: rank for rank, row in enumerate(rows)}
    found: dict[str, Any] = {}
    others: list[e.InformationElement] = []
    slots: list[int] = []
    for element in came:
        rank = ranks.get(element.kind)
        value = None if rank is None or rows[rank].field in found else rows[rank].read(element.content)
        if rank is None or value is None:
            slots.append(len(rows) + len(others))
            others.append(element)
        else:
            slots.append(rank)
            found[rows[rank].field] = value
    if any(row.mandatory and row.field not in found for row in rows):
        return None, True
    missing = kind == m.ECHO_RESPONSE and found.setdefault("recovery", None) is None
    made = build(others=tuple(others), order=_order(slots), tail=tail, **found, **head)
    return made, missing


def _order(slots: list[int]) -> tuple[int, ...]:
    """Where each IE stood, in the order in which they are sent; empty where it is the same."""
    if all(one < two for one, two in pairwise(slots)):
        return ()
    return tuple(sorted(range(len(slots)), key=slots.__getitem__))


def body(message: m.Signalling) -> bytes:
    """The IEs of a message. ValueError or OverflowError where a value does not fit."""
    _, rows = BODIES[message.message_type]
    values = ((row, getattr(message, row.field)) for row in rows)
    made = [e.join(e.InformationElement(row.kind, row.write(value))) for row, value in values if value is not None]
    made += [e.join(element) for element in message.others]
    if message.order:
        made = _placed(made, message.order)
    return b"".join(made) + message.tail


def _placed(made: list[bytes], order: tuple[int, ...]) -> list[bytes]:
    if sorted(order) != list(range(len(made))):
        raise ValueError("order does not place each IE once")
    return [octets for _, octets in sorted(zip(order, made, strict=True))]
