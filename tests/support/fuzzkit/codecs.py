"""What must hold of any octets at every codec's Python face: an answer, and what is sent on reads the same."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import thread_time
from types import ModuleType
from typing import Any

from freehold.codecs import eap, gtpu, nas, pfcp, sms
from fuzzkit.corpus import seeds
from fuzzkit.tables import protocols

ALONE = {
    "lpp": ("LPPMessage",),
    "rrc": ("BCCHDLSCHMessage", "DLCCCHMessage", "DLDCCHMessage", "PCCHMessage", "ULCCCHMessage", "ULDCCHMessage"),
}
"""Types of a whole message where a protocol has no procedures (TS 37.355 6.2, TS 38.331 6.2.1)."""


LIMIT = 0.010
"""Seconds that an input may take to be read, written again and read again."""
ALONE_BIT = 0x80
"""Set in the first octet of a seed whose next two choose a type of a protocol that has messages too."""


def _answered(decoded: Any, octets: bytes) -> None:
    assert decoded.message is not None or decoded.faults, octets.hex()


def check_asn1(codec: ModuleType, octets: bytes) -> None:
    decoded = codec.decode(octets)
    _answered(decoded, octets)
    if decoded.message is not None and not decoded.faults:
        transaction = () if decoded.header.transaction_id is None else (decoded.header.transaction_id,)
        assert codec.decode(codec.encode(decoded.message, *transaction)).message == decoded.message, octets.hex()


def check_types(codec: ModuleType, types: tuple[str, ...], octets: bytes) -> None:
    """The same for a protocol without procedures, as each of the types that travel alone."""
    for name in types:
        kind = getattr(codec, name)
        value, faults = codec.decode_as(kind, octets)
        assert value is not None or faults, octets.hex()
        if value is not None and not faults:
            assert codec.decode_as(kind, codec.encode_value(value)) == (value, faults), octets.hex()


def check_nas(octets: bytes) -> None:
    decoded = nas.decode(octets)
    _answered(decoded, octets)
    if isinstance(decoded.message, nas.SecurityProtected):
        assert decoded.message.octets[2:] == octets[2:], octets.hex()
    elif decoded.message is not None:
        assert nas.decode(nas.encode(decoded.message)).message == decoded.message, octets.hex()


def check_pfcp(octets: bytes) -> None:
    decoded = pfcp.decode(octets)
    _answered(decoded, octets)
    if decoded.message is not None:
        head = decoded.header
        rest = {"priority": head.priority, "follow_on": head.follow_on, "spare": head.spare}
        again = pfcp.encode(decoded.message, head.sequence, head.seid, **rest)
        assert again == octets[: len(again)], octets.hex()
    assert sum(map(len, pfcp.split(octets))) == len(octets)


def check_gtpu(octets: bytes) -> None:
    decoded = gtpu.decode(octets)
    _answered(decoded, octets)
    if decoded.message is not None:
        again = gtpu.encode(decoded.message)
        assert again == octets[: len(again)], octets.hex()


def check_sms(octets: bytes) -> None:
    decoded = sms.decode(octets)
    _answered(decoded, octets)
    if decoded.message is not None:
        assert sms.decode(sms.encode(decoded.message)).message == decoded.message, octets.hex()


def check_eap(octets: bytes) -> None:
    decoded = eap.decode(octets)
    _answered(decoded, octets)
    if decoded.message is not None:
        assert eap.encode(decoded.message) == octets, octets.hex()


def _asn1(protocol: str) -> Callable[[bytes], None]:
    codec = import_module(f"freehold.codecs.{protocol}")
    if protocol in ALONE:
        return lambda octets: check_types(codec, ALONE[protocol], octets)
    return lambda octets: check_asn1(codec, octets)


CODECS: dict[str, Callable[[bytes], None]] = {
    **{name: _asn1(name) for name in protocols() if find_spec(f"freehold.codecs.{name}")},
    "nas": check_nas,
    "pfcp": check_pfcp,
    "gtpu": check_gtpu,
    "sms": check_sms,
    "eap": check_eap,
}


def timed(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The check, for which no input may take longer than LIMIT of its thread's time, twice again where it did."""

    def checked(octets: bytes) -> None:
        for _ in range(3):
            began = thread_time()
            check(octets)
            if thread_time() - began <= LIMIT:
                return
        raise AssertionError(f"more than {LIMIT} s for {len(octets)} octets: {octets.hex()}")

    return checked


def samples(codec: str) -> list[bytes]:
    """Octets of the corpus that fit a codec."""
    match codec:
        case "nas" | "pfcp" | "sms" | "eap":
            return [octets for _, octets in seeds(codec)]
        case "gtpu":
            return [octets[1:] for _, octets in seeds("userplane") if octets[0] & 1 == 0]
    head = 3 if codec in ALONE else 1
    return [octets[head:] for name, octets in seeds("per") if name.startswith(f"{codec}-") and octets[0] < ALONE_BIT]
