"""`freehold decode` and `freehold encode`: octets of any protocol to text or JSON, and back."""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import note, show_json, show_line
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.codecs.capture import Carried
    from freehold.codecs.display import Protocol, Reading

GZIP: Final = b"\x1f\x8b"

ProtocolOption = Annotated[str, typer.Option("--protocol", "-p", help="ngap, nas, pfcp, gtpu, ...")]
TypeOption = Annotated[str, typer.Option("--type", "-t", help="Read as a value of this type: ULDCCHMessage, ...")]


def decode(
    what: Annotated[str, typer.Argument(metavar="INPUT", help="Hexadecimal octets, a file of them, a pcap, or -.")],
    protocol: ProtocolOption = "",
    type_name: TypeOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show the messages in octets, a file or a capture as a tree, or as JSON that `encode` reads."""
    row = _protocol(protocol) if protocol else None
    if type_name and row is None:
        raise Unusable("--type: say of which --protocol")
    octets = _octets(what)
    from freehold.codecs.capture import is_capture

    if is_capture(octets):
        _capture(octets, row, what, as_json)
        return
    chosen = row or _guessed(octets)
    try:
        reading = chosen.decode(octets, type_name)
    except ValueError as wrong:
        raise Unusable(f"--type: {wrong}") from None
    if chosen.types and not type_name:
        note(f"type: {reading.name} (guessed)")
    if reading.message is None:
        raise Unusable(f"{_short(what)}: no message of {chosen.name}: {'; '.join(reading.faults)}")
    behind = chosen.behind(reading, octets)
    if behind:
        note(f"{behind} octets behind the message are none of it")
    if as_json:
        show_json(_document(reading, octets))
    else:
        _show(reading)


def encode(
    what: Annotated[
        str, typer.Argument(metavar="INPUT", help="JSON as `decode --json` prints it, a file of it, or -.")
    ],
    protocol: ProtocolOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write the octets of the messages that JSON describes, in hexadecimal, a message a line."""
    text = what if what.lstrip()[:1] in {"{", "["} else _read(what).decode("utf-8", "replace")
    count = 0
    try:
        for count, document in enumerate(_documents(text), 1):  # noqa: B007 - counted beyond the loop
            row = _protocol(protocol or document.get("protocol"))
            octets = _written(row, document)
            if as_json:
                show_json({"protocol": row.name, "octets": octets.hex()})
            else:
                show_line(octets.hex())
    except (ValueError, RecursionError) as wrong:
        where = f"message {count}: " if count > 1 else ""
        raise Unusable(f"{_short(what)}: {where}{_said(wrong)}") from None
    if not count:
        raise Unusable(f"{_short(what)}: no JSON in it")


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """The objects of a text, one after the other."""
    reader, at = json.JSONDecoder(), len(text) - len(text.lstrip())
    while at < len(text):
        document, at = reader.raw_decode(text, at)
        if not isinstance(document, dict) or "message" not in document:
            raise ValueError('an object with "message" is needed')
        yield document
        at += len(text) - at - len(text[at:].lstrip())


def _said(wrong: Exception) -> str:
    if isinstance(wrong, RecursionError):
        return "nested too deep"
    return f"not JSON: {wrong}" if isinstance(wrong, json.JSONDecodeError) else str(wrong)


def _written(row: Protocol, document: dict[str, Any]) -> bytes:
    from freehold.codecs.display import read

    message = read(document["message"], row.class_named)
    header = read(document.get("header"), row.class_named, "header")
    came = document.get("octets", "")
    return row.encode(message, header, bytes.fromhex(came) if isinstance(came, str) else b"")


def _protocol(name: object) -> Protocol:
    from freehold.codecs.display import protocol_named

    if not isinstance(name, str):
        raise Unusable("--protocol: say which; the document does not")
    try:
        return protocol_named(name)
    except ValueError as wrong:
        raise Unusable(f"--protocol: {wrong}") from None


def _guessed(octets: bytes) -> Protocol:
    """The one protocol these octets are a message of."""
    from freehold.codecs.display import PROTOCOLS, guess

    found = guess(octets)
    if len(found) != 1:
        among = ", ".join(row.name for row in found or PROTOCOLS.values())
        raise Unusable(f"the protocol cannot be guessed; say --protocol with one of {among}")
    note(f"protocol: {found[0].name} (guessed)")
    return found[0]


def _octets(what: str) -> bytes:
    """The octets that an argument, a file or standard input means; there is at least one."""
    octets = _given(what)
    if not octets:
        raise Unusable(f"{_short(what) or 'the argument'}: no octets")
    return octets


def _given(what: str) -> bytes:
    if what != "-" and not _is_there(what):
        if re.search(r"[^\s0-9a-fA-FxX:]", what):
            raise Unusable(f"{_short(what)}: neither hexadecimal octets nor a file")
        return _from_hex(what, _short(what))
    read = _unpacked(_read(what), what)
    try:
        text = read.decode("ascii").strip()
    except UnicodeDecodeError:
        return read
    return _from_hex(text, what) if re.fullmatch(r"[\s0-9a-fA-FxX:]+", text) else read


def _unpacked(octets: bytes, what: str) -> bytes:
    """What a file holds, also where it is compressed, as captures often are."""
    if octets[:2] != GZIP:
        return octets
    try:
        return gzip.decompress(octets)
    except (OSError, EOFError, zlib.error) as wrong:
        raise Unusable(f"{_short(what)}: {wrong}") from None


def _is_there(what: str) -> bool:
    try:
        return bool(what) and Path(what).exists()
    except OSError:  # octets are more than a name can have
        return False


def _read(what: str) -> bytes:
    if what == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(what).read_bytes()
    except (OSError, ValueError) as wrong:
        raise Unusable(f"{_short(what)}: {getattr(wrong, 'strerror', None) or wrong}") from None


def _from_hex(text: str, what: str) -> bytes:
    digits = re.sub(r"0[xX]|[\s:]", "", text)
    if len(digits) % 2:
        raise Unusable(f"{what}: {len(digits)} hexadecimal digits are no whole octets")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise Unusable(f"{what}: not hexadecimal") from None


def _short(what: str) -> str:
    return what if len(what) <= 60 else what[:57] + "..."


def _document(reading: Reading, octets: bytes) -> dict[str, Any]:
    from freehold.codecs.display import described

    return {"protocol": reading.protocol, "name": reading.name, "octets": octets.hex()} | described(reading)


def _show(reading: Reading, *above: str) -> None:
    """The tree of one message, under lines of its own where there are some: written at once."""
    from freehold.codecs.display import render

    indent = "  " if above else ""
    show_line("\n".join([*above, *(indent + line for line in render(reading))]))


def _capture(octets: bytes, row: Protocol | None, what: str, as_json: bool) -> None:
    """One entry a message, in the order of the capture; what was read before a damage is shown all the same."""
    from freehold.codecs.capture import Carrier, Malformed, packets

    carrier = Carrier()
    count = 0
    try:
        for packet in packets(octets):
            for carried in carrier.messages(packet):
                count += _entry(carried, row, as_json)
    except Malformed as wrong:
        raise Unusable(f"{_short(what)}: {wrong}") from None
    unread = ", ".join(f"{_many(of, 'packet')} of link type {link}" for link, of in sorted(carrier.unread.items()))
    beside = f"; not read: {unread}" if unread else ""
    if not count:
        raise Unusable(f"{_short(what)}: no message of {row.name if row else 'any protocol'} in this capture{beside}")
    note(f"{_many(count, 'message')}{beside}")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _entry(carried: Carried, row: Protocol | None, as_json: bool) -> int:
    """Show what one carried payload holds; how many messages."""
    from freehold.codecs.capture import UNSAID
    from freehold.codecs.display import carried_by

    unsaid = carried.protocol == UNSAID
    chosen = row if unsaid else carried_by(carried.ppid, carried.ports, carried.protocol)
    if chosen is None or (row is not None and chosen is not row):
        return 0
    when = datetime.fromtimestamp(carried.time, UTC).isoformat()
    pieces = list(chosen.split(carried.octets))
    for piece in pieces:
        reading = chosen.decode(piece, carried.type_name)
        if as_json:
            head = {"time": when, "from": carried.source, "to": carried.target}
            show_json(head | _document(reading, piece))
        else:
            _show(reading, f"{when}  {carried.source} -> {carried.target}")
    return len(pieces)
