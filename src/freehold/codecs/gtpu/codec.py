"""Octets to messages and back (TS 29.281 5 to 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from freehold.codecs.gtpu import container
from freehold.codecs.gtpu import messages as m

EXTENSIONS: Final = 8
"""More extension headers than this are not read: the chain is bounded."""

Reason = Literal["version", "length", "extension headers", "extension header not understood", "mandatory IE missing"]


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What is wrong; `header_type` of an extension header that had to be understood (TS 29.281 5.2.1)."""

    reason: Reason
    header_type: int | None = None


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A decoded message; without `message` the faults say why."""

    message: m.Message | None
    faults: tuple[Fault, ...] = ()


def decode(octets: bytes) -> Decoded:
    """Decode one message; total: every input has an answer."""
    if len(octets) < 8:
        return _refused("length")
    if octets[0] >> 4 != 0b0011:  # version 1, protocol type GTP (TS 29.281 5.1)
        return _refused("version")
    end = 8 + int.from_bytes(octets[2:4], "big")
    optional = octets[0] & 0b111
    at = 12 if optional else 8
    if not at <= end <= len(octets):
        return _refused("length")
    flags, teid = octets[0], int.from_bytes(octets[4:8], "big")
    extensions: list[m.Extension] = []
    faults: list[Fault] = []
    if flags & 4:
        after = _extensions(octets[:end], extensions, faults)
        if after is None:
            return _refused("extension headers")
        at = after
    head: dict[str, Any] = {
        "teid": teid,
        "sequence": int.from_bytes(octets[8:10], "big") if flags & 2 else None,
        "n_pdu": octets[10] if flags & 1 else None,
        "extensions": tuple(extensions),
    }
    return _body(octets[1], octets[at:end], head, faults)


def _refused(reason: Reason) -> Decoded:
    return Decoded(None, (Fault(reason),))


def _extensions(octets: bytes, found: list[m.Extension], faults: list[Fault]) -> int | None:
    """Read the chain of extension headers; where the body begins, or None where the chain does not end well."""
    at, kind = 12, octets[11]
    while kind:
        size = 4 * octets[at] if at < len(octets) else 0
        if not size or at + size > len(octets) or len(found) == EXTENSIONS:
            return None
        content = octets[at + 1 : at + size - 1]
        made = container.decode(content) if kind == m.PDU_SESSION_CONTAINER else None
        if made is None and kind & 0x80:
            # Bits 8 and 7 of the type say that the endpoint has to understand it (TS 29.281 5.2.1).
            faults.append(Fault("extension header not understood", kind))
        found.append(m.ExtensionHeader(kind, content) if made is None else made)
        kind = octets[at + size - 1]
        at += size
    return at


def _body(kind: int, body: bytes, head: dict[str, Any], faults: list[Fault]) -> Decoded:
    build = _BUILD.get(kind)
    if build is None:
        return Decoded(m.OtherMessage(kind=kind, body=body, **head), tuple(faults))
    message = build(body, head)
    if message is None:
        faults.append(Fault("mandatory IE missing"))
    return Decoded(message, tuple(faults))


# IEs of GTP-U messages by type: recovery, TEID data I, peer address, extension header type list (TS 29.281 8.1).
RECOVERY: Final = 14
TEID_DATA_I: Final = 16
PEER_ADDRESS: Final = 133
EXTENSION_HEADER_TYPE_LIST: Final = 141
_FIXED: Final = {RECOVERY: 1, TEID_DATA_I: 4}


def _ies(body: bytes) -> dict[int, bytes]:
    """The IEs of a signalling message: fixed ones below 128, others with their length (TS 29.281 8.1)."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(body):
        kind = body[at]
        if kind < 128:
            start, size = at + 1, _FIXED.get(kind, len(body))
        else:
            wide = 1 if kind == EXTENSION_HEADER_TYPE_LIST else 2
            start, size = at + 1 + wide, int.from_bytes(body[at + 1 : at + 1 + wide], "big")
        at = start + size
        if at <= len(body):
            found.setdefault(kind, body[start:at])
    return found


def _echo_response(body: bytes, head: dict[str, Any]) -> m.Message:
    return m.EchoResponse(recovery=_ies(body).get(RECOVERY, b"\0")[0], **head)


def _error_indication(body: bytes, head: dict[str, Any]) -> m.Message | None:
    ies = _ies(body)
    teid, address = ies.get(TEID_DATA_I), ies.get(PEER_ADDRESS)
    if teid is None or address is None or len(address) not in {4, 16}:
        return None
    return m.ErrorIndication(
        tunnel_endpoint_identifier_data_i=int.from_bytes(teid, "big"), gtp_u_peer_address=address, **head
    )


def _notification(body: bytes, head: dict[str, Any]) -> m.Message | None:
    types = _ies(body).get(EXTENSION_HEADER_TYPE_LIST)
    if types is None:
        return None
    return m.SupportedExtensionHeadersNotification(extension_header_types=tuple(types), **head)


_BUILD: Final[dict[int, Callable[[bytes, dict[str, Any]], m.Message | None]]] = {
    m.ECHO_REQUEST: lambda _, head: m.EchoRequest(**head),
    m.ECHO_RESPONSE: _echo_response,
    m.ERROR_INDICATION: _error_indication,
    m.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: _notification,
    m.END_MARKER: lambda _, head: m.EndMarker(**head),
    m.G_PDU: lambda body, head: m.GPdu(payload=body, **head),
}


def encode(message: m.Message) -> bytes:
    """Encode a message. ValueError or OverflowError where a field is out of range."""
    flags = 0x30 | bool(message.extensions) << 2 | (message.sequence is not None) << 1 | (message.n_pdu is not None)
    middle = b""
    if flags & 0b111:
        chain = [_extension(header) for header in message.extensions]
        types = [kind for kind, _ in chain] + [0]
        middle = (message.sequence or 0).to_bytes(2, "big") + bytes((message.n_pdu or 0, types[0]))
        for (_, content), following in zip(chain, types[1:], strict=True):
            middle += bytes(((len(content) + 2) // 4,)) + content + bytes((following,))
    kind = message.kind if isinstance(message, m.OtherMessage) else message.message_type
    body = middle + _content(message)
    return bytes((flags, kind)) + len(body).to_bytes(2, "big") + message.teid.to_bytes(4, "big") + body


def _extension(header: m.Extension) -> tuple[int, bytes]:
    if not isinstance(header, m.ExtensionHeader):
        return m.PDU_SESSION_CONTAINER, container.encode(header)
    if len(header.content) % 4 != 2:
        raise ValueError("an extension header's content is 4n - 2 octets long")  # TS 29.281 5.2.1
    return header.header_type, header.content


def _content(message: m.Message) -> bytes:
    match message:
        case m.GPdu(payload=payload):
            return payload
        case m.OtherMessage(body=body):
            return body
        case m.EchoResponse(recovery=recovery):
            return bytes((RECOVERY, recovery))
        case m.ErrorIndication(tunnel_endpoint_identifier_data_i=teid, gtp_u_peer_address=address):
            size = len(address).to_bytes(2, "big")
            return bytes((TEID_DATA_I,)) + teid.to_bytes(4, "big") + bytes((PEER_ADDRESS,)) + size + address
        case m.SupportedExtensionHeadersNotification(extension_header_types=types):
            return bytes((EXTENSION_HEADER_TYPE_LIST, len(types), *types))
    return b""
