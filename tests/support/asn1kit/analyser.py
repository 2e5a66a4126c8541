"""A message as numbers and octets in the order of its octets: ours by its schema, theirs by Wireshark's tree."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self
from xml.etree import ElementTree as ET

import msgspec

from asn1kit.tables import node, parts
from freehold.codecs.asn1 import UnknownIe
from freehold.codecs.capture.messages import DISSECTORS, UPPER_PDU

Leaf = int | str
"""Values, indexes and counts are numbers; octets and bits are hexadecimal digits; characters are themselves."""


class Bits(str):  # noqa: SLOT000 - of a str no other slots can be
    """Bits as digits, filled up with zero bits to whole octets, and as the number they are."""

    number: int

    def __new__(cls, bits: int | bytes, count: int) -> Self:
        number = bits if isinstance(bits, int) else int.from_bytes(bits, "big") >> -count % 8
        self = super().__new__(cls, (number << -count % 8).to_bytes((count + 7) // 8, "big").hex())
        self.number = number
        return self


INSIDE = ("nr-rrc", "lte-rrc", "nas-5gs", "pdcp-nr", "pdcp-lte", "x2ap", "s1ap", "nrppa", "ngap")
"""Dissected further inside octets that may be random."""
KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")
CRITICALITIES = ("reject", "ignore", "notify")


def leaves(protocol: str, number: int, value: Any) -> Iterator[Leaf]:
    """Of a value of the schema's node `number`: IE ids and criticalities, numbers, indexes, counts and octets."""
    kind, body = node(protocol, number)
    yield from _FORMS[kind](protocol, body, value)


def _octets(protocol: str, body: dict[str, Any], value: Any) -> Iterator[Leaf]:
    if isinstance(value, bytes):
        yield value.hex()
    elif isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int) and body["contains"] is None:
        yield Bits(*value)
    else:
        yield from leaves(protocol, body["contains"], value)


def _list(protocol: str, body: dict[str, Any], value: list[Any]) -> Iterator[Leaf]:
    if not (body["lb"] == body["ub"] and not body["ext"]):
        yield len(value)
    for each in value:
        yield from leaves(protocol, body["item"], each)


def _choice(protocol: str, body: dict[str, Any], value: tuple[str, Any]) -> Iterator[Leaf]:
    if value[0] == "unknown":  # of a later version: its octets are all there is
        return
    for index, (name, number) in enumerate([*body["root"], *(body["ext"] or [])]):
        kind, inner = node(protocol, number)
        entries = inner["entries"] if kind == "Single" else []
        entry = next((entry for entry in entries if entry["name"] == value[0]), None)
        if entry is not None or (kind != "Single" and name == value[0]):
            yield index
            yield from leaves(protocol, number, value) if entry else leaves(protocol, number, value[1])
            return
    raise LookupError(value[0])


def _single(protocol: str, body: dict[str, Any], value: tuple[str, Any]) -> Iterator[Leaf]:
    entry = next(entry for entry in body["entries"] if entry["name"] == value[0])
    yield from _ie(protocol, entry, value[1])


def _ie(protocol: str, entry: dict[str, Any], value: Any) -> Iterator[Leaf]:
    yield entry["id"]
    yield CRITICALITIES.index(entry["criticality"])
    yield from leaves(protocol, entry["node"], value)


def _unknown(ie: UnknownIe) -> Iterator[Leaf]:
    yield ie.id
    yield CRITICALITIES.index(ie.criticality)


def _struct(protocol: str, body: dict[str, Any], value: Any) -> Iterator[Leaf]:
    for part, _ in parts(body):
        if "Ies" in part:
            slots = [(entry, getattr(value, body["fields"][entry["slot"]])) for entry in part["Ies"]["entries"]]
            kept = None if body["kept"][0] is None else getattr(value, body["fields"][body["kept"][0]])
            there = [(entry, given) for entry, given in slots if given is not None]
            if there or kept or not part["Ies"]["optional"]:
                yield len(there) + len(kept or ())
            for entry, given in there:
                yield from _ie(protocol, entry, given)
            for ie in kept or ():
                yield from _unknown(ie)
        else:
            given, default = getattr(value, body["fields"][part["Value"]["slot"]]), part["Value"]["default"]
            if given is not None and default is None:
                yield from leaves(protocol, part["Value"]["node"], given)


def _enumerated(_protocol: str, body: dict[str, Any], value: Any) -> Iterator[Leaf]:
    yield [*body["root"], *(body["ext"] or [])].index(value)


def _number(_protocol: str, _body: dict[str, Any], value: Any) -> Iterator[Leaf]:
    yield int(value)


def _text(_protocol: str, _body: dict[str, Any], value: str) -> Iterator[Leaf]:
    yield value


def _nothing(_protocol: str, _body: dict[str, Any], _value: Any) -> Iterator[Leaf]:
    yield from ()


_FORMS: dict[str, Callable[[str, dict[str, Any], Any], Iterator[Leaf]]] = {
    "Octets": _octets,
    "Bits": _octets,
    "List": _list,
    "Choice": _choice,
    "Single": _single,
    "Struct": _struct,
    "Enum": _enumerated,
    "Int": _number,
    "Bool": _number,
    "Text": _text,
    "Utf8": _text,
    "Null": _nothing,
    "Any": _nothing,
    "Oid": _nothing,
}


class Shown(msgspec.Struct):
    """What the analyser shows of one packet: values in their order, its protocols, whether it calls it malformed.

    A message of a release later than its own it does not know, and leaves whole.
    """

    values: list[str]
    protocols: str
    known: bool
    malformed: bool


def exported(path: Path, messages: Iterable[tuple[str, str, bytes]]) -> None:
    """Write a capture of messages (protocol, type or nothing, octets), as a program exports them by dissector."""
    dissectors = {said: name for name, said in DISSECTORS.items()}
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, UPPER_PDU)
    for number, (protocol, type_name, octets) in enumerate(messages):
        name = dissectors[protocol, type_name]
        padded = name + bytes(-len(name) % 4)
        frame = struct.pack("!HH", 12, len(padded)) + padded + bytes(4) + octets
        out += struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame
    path.write_bytes(out)


def dissect(path: Path, protocol: str) -> list[Shown]:
    """Of each packet of a capture, what the analyser shows of the protocol, and of no other in its octets."""
    words = ["tshark", "-r", str(path), "-T", "pdml"]
    words += [word for each in INSIDE if each != protocol for word in ("--disable-protocol", each)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=600)
    return [_shown(packet, protocol) for packet in ET.fromstring(done.stdout).iter("packet")]


def _shown(packet: ET.Element, protocol: str) -> Shown:
    # what the dissector of a whole PDU shows may stand beside its protocol
    protos = [proto for proto in packet.iter("proto") if proto.get("name") in {protocol, "fake-field-wrapper"}]
    fields = [field for proto in protos for field in proto.iter("field")]
    names = {field.get("name") or "" for field in packet.iter("field")}
    frame = next(field for field in packet.iter("field") if field.get("name") == "frame.protocols")
    return Shown(
        [(field.get("show") or "").replace(":", "") for field in fields],
        frame.get("show") or "",
        protocol == "nr-rrc" or bool(names & {f"{protocol}.protocolIEs", f"{protocol}.privateIEs"}),
        any(proto.get("name") == "_ws.malformed" for proto in packet.iter("proto")),
    )


def missed(mine: Iterable[Leaf], theirs: Shown) -> Leaf | None:
    """The first of mine that theirs has not, or not in its order; None where it has all."""
    rest = iter(theirs.values)
    return next((leaf for leaf in mine if not any(_same(leaf, other) for other in rest)), None)


def _same(leaf: Leaf, show: str) -> bool:
    if show == leaf or show == {0: "False", 1: "True"}.get(leaf):  # type: ignore[call-overload]
        return True
    try:
        number = int(show, 0)
    except ValueError:
        return False
    if isinstance(leaf, Bits):
        return number in {leaf.number, int(leaf, 16)}
    return number == (leaf if isinstance(leaf, int) else int(leaf, 16) if _is_hex(leaf) else None)


def _is_hex(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789abcdef")
