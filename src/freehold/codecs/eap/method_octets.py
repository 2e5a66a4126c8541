"""Methods to octets and back: total, each with its type's own length rules (RFC 3748 5, RFC 4187 8.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from freehold.codecs.eap import methods as m
from freehold.codecs.eap.aka import (
    AtAutn,
    AtAuts,
    AtClientErrorCode,
    AtEncrData,
    AtIv,
    AtKdf,
    AtKdfInput,
    AtMac,
    AtNotification,
    AtRand,
    AtRes,
)
from freehold.codecs.eap.attributes import read_attributes, write_attributes
from freehold.codecs.eap.faults import Fault, unable
from freehold.codecs.eap.layout import Known, name_of, number_of
from freehold.codecs.eap.names import Subtype

Faults = tuple[Fault, ...]
_NAK = (0, 3)
_CHOICE: Final = 8
"""Octets of an expanded type: its type, vendor and vendor type (RFC 3748 5.7)."""

_REQUIRED: Final[dict[tuple[bool, int], tuple[type[Known], ...]]] = {
    (True, Subtype.CHALLENGE): (AtRand, AtAutn, AtMac),
    (False, Subtype.CHALLENGE): (AtRes, AtMac),
    (False, Subtype.SYNCHRONIZATION_FAILURE): (AtAuts,),
    (True, Subtype.NOTIFICATION): (AtNotification,),
    (True, Subtype.REAUTHENTICATION): (AtIv, AtEncrData, AtMac),
    (False, Subtype.REAUTHENTICATION): (AtIv, AtEncrData, AtMac),
    (False, Subtype.CLIENT_ERROR): (AtClientErrorCode,),
}
"""What a message must have, by whether it is a request, and its subtype (RFC 4187 10.1)."""
_REQUIRED_PRIME: Final[dict[tuple[bool, int], tuple[type[Known], ...]]] = {
    (True, Subtype.CHALLENGE): (AtKdf, AtKdfInput),
    (False, Subtype.SYNCHRONIZATION_FAILURE): (AtKdf,),
}
"""And in EAP-AKA' (RFC 9048 3.1, 3.2)."""
_RESPONSES: Final = frozenset({Subtype.AUTHENTICATION_REJECT, Subtype.SYNCHRONIZATION_FAILURE, Subtype.CLIENT_ERROR})
"""Messages that only a peer sends (RFC 4187 9.5, 9.6, 9.9)."""
_SUBTYPES: Final = frozenset(Subtype)


def read_method(kind: int, data: bytes, *, request: bool) -> tuple[m.Method, Faults]:
    """The method of a request or response, and its faults; malformed data stays octets."""
    if kind in {m.Aka.number, m.AkaPrime.number}:
        return _aka(kind, data, request=request)
    if kind == m.Nak.number and request:  # RFC 3748 5.3.1
        return m.OtherMethod(kind, data), (Fault("Nak in a request", "RFC 3748 5.3.1"),)
    read = _READERS.get(kind)
    found = m.OtherMethod(kind, data) if read is None else read(data)
    if found is None:
        return m.OtherMethod(kind, data), (Fault("type data", _CLAUSES[kind]),)
    return found, ()


def _aka(kind: int, data: bytes, *, request: bool) -> tuple[m.Method, Faults]:
    if len(data) < 3:
        return m.OtherMethod(kind, data), (unable("too short", "RFC 4187 8.1"),)
    attributes, faults = read_attributes(data[3:])
    if attributes is None:
        return m.OtherMethod(kind, data), faults
    made = (m.AkaPrime if kind == m.AkaPrime.number else m.Aka)(data[0], attributes, int.from_bytes(data[1:3], "big"))
    return made, faults + tuple(_missing(made, request=request))


def _missing(message: m.Aka, *, request: bool) -> Iterator[Fault]:
    """What the message should have, or that there is no such message."""
    prime, key = isinstance(message, m.AkaPrime), (request, message.subtype)
    if message.subtype not in _SUBTYPES:
        yield unable("subtype", "RFC 4187 11")
    elif request and message.subtype in _RESPONSES:
        yield unable("subtype", "RFC 4187 9")
    elif prime and not request and message.first(AtKdf) is not None and message.subtype == Subtype.CHALLENGE:
        return  # the peer chooses another function and answers nothing else (RFC 9048 3.2)
    there = set(map(number_of, message.attributes))
    wanted = [(kind, "RFC 4187 10.1") for kind in _REQUIRED.get(key, ())]
    wanted += [(kind, kind.clause) for kind in _REQUIRED_PRIME.get(key, ()) if prime]
    for kind, clause in wanted:
        if kind.number not in there:
            yield unable("mandatory attribute missing", clause, name_of(kind))


def _nak(data: bytes) -> m.Method | None:
    return m.Nak(list(data)) if data else None  # one or more types (RFC 3748 5.3.1)


def _md5(data: bytes) -> m.Method | None:
    if not data or not data[0] or data[0] >= len(data):
        return None
    return m.Md5Challenge(data[1 : 1 + data[0]], data[1 + data[0] :])


def _expanded(data: bytes) -> m.Method | None:
    if len(data) < _CHOICE - 1:
        return None
    vendor, vendor_type = int.from_bytes(data[:3], "big"), int.from_bytes(data[3:7], "big")
    choices = data[7:]
    if (vendor, vendor_type) != _NAK:
        return m.Expanded(vendor, vendor_type, choices)
    if not choices or len(choices) % _CHOICE or any(octet != m.Expanded.number for octet in choices[::_CHOICE]):
        return None
    parts = (choices[at : at + _CHOICE] for at in range(0, len(choices), _CHOICE))
    return m.ExpandedNak(
        tuple(m.MethodChoice(int.from_bytes(one[1:4], "big"), int.from_bytes(one[4:], "big")) for one in parts)
    )


_TEXTS: Final[dict[int, Callable[[bytes], m.Method]]] = {
    kind.number: kind for kind in (m.Identity, m.Notification, m.OneTimePassword, m.GenericTokenCard)
}
_READERS: Final[dict[int, Callable[[bytes], m.Method | None]]] = {
    **_TEXTS,
    m.Nak.number: _nak,
    m.Md5Challenge.number: _md5,
    m.Expanded.number: _expanded,
}
_CLAUSES: Final = {
    m.Nak.number: "RFC 3748 5.3.1",
    m.Md5Challenge.number: "RFC 3748 5.4",
    m.Expanded.number: "RFC 3748 5.7",
}


def write_method(method: m.Method) -> bytes:
    """Type and data; ValueError where a value does not fit."""
    write = _WRITERS.get(type(method))
    if write is None:
        raise ValueError(f"{type(method).__name__} is no method of EAP")
    kind = method.kind if isinstance(method, m.OtherMethod) else method.number
    if not 0 <= kind <= 255:
        raise ValueError(f"a type is below 256, not {kind}")
    return bytes((kind,)) + write(method)


def _data(method: Any) -> bytes:
    return bytes(method.data)


def _write_nak(method: m.Nak) -> bytes:
    if not method.wanted:
        raise ValueError("a Nak names one type, or 0")
    return bytes(method.wanted)


def _write_md5(method: m.Md5Challenge) -> bytes:
    if not 0 < len(method.value) < 256:
        raise ValueError("an MD5 challenge has 1 to 255 octets")
    return bytes((len(method.value),)) + method.value + method.name


def _write_aka(method: m.Aka) -> bytes:
    if not (0 <= method.subtype <= 255 and 0 <= method.reserved < 1 << 16):
        raise ValueError("a subtype has 8 bits, what is reserved 16")
    return bytes((method.subtype,)) + method.reserved.to_bytes(2, "big") + write_attributes(method.attributes)


def _type_of(vendor: int, vendor_type: int) -> bytes:
    if not (0 <= vendor < 1 << 24 and 0 <= vendor_type < 1 << 32):
        raise ValueError("a vendor has 24 bits, its type 32")
    return vendor.to_bytes(3, "big") + vendor_type.to_bytes(4, "big")


def _write_expanded(method: m.Expanded) -> bytes:
    return _type_of(method.vendor, method.vendor_type) + method.data


def _write_expanded_nak(method: m.ExpandedNak) -> bytes:
    if not method.wanted:
        raise ValueError("an expanded Nak names one method, or vendor 0 and type 0")
    wanted = (bytes((method.number,)) + _type_of(one.vendor, one.vendor_type) for one in method.wanted)
    return _type_of(*_NAK) + b"".join(wanted)


_WRITERS: Final[dict[type[m.Method], Callable[[Any], bytes]]] = {
    m.Identity: _data,
    m.Notification: _data,
    m.OneTimePassword: _data,
    m.GenericTokenCard: _data,
    m.OtherMethod: _data,
    m.Nak: _write_nak,
    m.Md5Challenge: _write_md5,
    m.Aka: _write_aka,
    m.AkaPrime: _write_aka,
    m.Expanded: _write_expanded,
    m.ExpandedNak: _write_expanded_nak,
}
