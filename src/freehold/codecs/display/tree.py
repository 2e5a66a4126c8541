"""Values as a tree of lines under the specifications' names, each with the place of its value in the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

import msgspec

from freehold.codecs.display.contained import DEPTH, opened
from freehold.codecs.display.document import given
from freehold.codecs.display.names import named
from freehold.codecs.display.protocols import PROTOCOLS, Reading
from freehold.spec.identities import PlmnId

Path = tuple[str | int, ...]
"""The fields and items that lead from a message to a value; `@header` leads to the header beside it."""
Reader = Callable[[bytes], Reading | None]
HEADER: Final = "@header"


class Node(msgspec.Struct, frozen=True):
    """A field: its label, its value in words, where it is in its message, and what is in it.

    Where its `octets` hold a message that was opened, `reopen` reads others in their place, and the children's paths
    begin there.
    """

    label: str
    text: str
    path: Path = ()
    children: tuple[Node, ...] = ()
    octets: bytes = b""
    reopen: Reader | None = None


def tree(reading: Reading, depth: int = 0) -> Node:
    """One message: its title, its fields, its faults under the label `!`."""
    title = f"{PROTOCOLS[reading.protocol].title}: {reading.title}"
    if reading.ciphered:
        title += " (ciphered: its content takes the keys)"
    children: list[Node] = []
    if reading.header is not None:
        children.append(struct("header", reading.header, (HEADER,), depth))
    if reading.message is not None:
        children += _fields(reading.message, (), depth)
    children += (Node("!", fault) for fault in reading.faults)
    return Node("", title, (), tuple(children))


def struct(label: str, value: Any, path: Path, depth: int) -> Node:
    """A value of named fields."""
    return Node(label, type(value).__name__, path, tuple(_fields(value, path, depth)))


def _fields(owner: Any, path: Path, depth: int) -> Iterator[Node]:
    for name, value in given(owner):
        yield _field(name, value, owner, (*path, name), depth)


def _field(name: str, value: Any, owner: Any, path: Path, depth: int, label: str = "") -> Node:
    """A field; `label` stands for the name where this is one of its items."""
    inner = opened(name, value, owner) if depth < DEPTH else None
    if inner is None:
        return _value(name, value, owner, path, depth, label or name)
    node = tree(inner, depth + 1)
    return Node(label or name, node.text, path, node.children, value, lambda octets: opened(name, octets, owner))


def _value(name: str, value: Any, owner: Any, path: Path, depth: int, label: str) -> Node:
    readable = _readable(name, value, owner)
    if readable is not None:
        return Node(label, readable, path)
    if isinstance(value, msgspec.Struct):
        return struct(label, value, path, depth)
    if isinstance(value, list) or (isinstance(value, tuple) and not _choice(value)):
        items = tuple(_field(name, item, owner, (*path, at), depth, str(at + 1)) for at, item in enumerate(value))
        return Node(label, f"{len(value)} item{'s' if len(value) != 1 else ''}", path, items)
    if _choice(value):
        return _field(f"{name}_{value[0]}", value[1], owner, (*path, 1), depth, f"{label}: {value[0]}")
    return Node(label, str(value), path)


def _choice(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)


def _readable(name: str, value: Any, owner: Any) -> str | None:
    """A value on one line, where it has such a form."""
    if isinstance(value, msgspec.Struct):
        return str(value) if isinstance(value, PlmnId) else None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return named(type(owner), name, value)
    if isinstance(value, bytes):
        if (type(owner).__name__, name) in _TEXTS and (said := _text(value)):
            return said
        return next((text for match, make in _OCTETS if match(name) and (text := make(value))), value.hex() or "empty")
    if isinstance(value, tuple) and len(value) == 2 and all(type(part) is int for part in value):
        return _bits(name, *value)
    return None


def _bits(name: str, number: int, count: int) -> str:
    # TS 38.414 5.3: 32 bits are IPv4, 128 IPv6, 160 IPv4 then IPv6.
    if name == "transport_layer_address" and count in {32, 128, 160} and number >= 0:
        octets = number.to_bytes(count // 8, "big")
        parts = {32: (octets, b""), 128: (b"", octets), 160: (octets[:4], octets[4:])}[count]
        return " ".join(part for part in (_ip(parts[0]), _ip(parts[1])) if part)
    return f"{number:#x} ({count} bits)"


def _ip(octets: bytes) -> str:
    if len(octets) == 4:
        return str(IPv4Address(octets))
    return str(IPv6Address(octets)) if len(octets) == 16 else ""


def _text(octets: bytes) -> str:
    """Octets that are a text, in quotes; "" where they are none."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return ""
    return f'"{text}"' if text.isprintable() else ""


def _plmn(octets: bytes) -> str:
    try:
        return str(PlmnId.from_octets(octets))
    except ValueError:
        return ""


def _number(octets: bytes) -> str:
    return f"{int.from_bytes(octets, 'big')} ({octets.hex()})" if octets else ""


_TEXTS: Final = frozenset(
    {
        ("NetworkSpecificSuci", "nai"),  # TS 24.501 9.11.3.4
        ("PduSessionEstablishmentRequest", "dn_request_container"),  # TS 24.501 9.11.4.15
        ("Identity", "data"),  # RFC 3748 5.1
        ("Notification", "data"),
        ("OneTimePassword", "data"),
        ("GenericTokenCard", "data"),
        ("AtIdentity", "value"),  # RFC 4187 10.5
        ("AtKdfInput", "value"),  # RFC 9048 3.1
        ("AtNextPseudonym", "value"),
        ("AtNextReauthId", "value"),
    }
)
"""Fields whose octets are a text where they are one, by the class of their owner."""

_OCTETS: Final[tuple[tuple[Callable[[str], bool], Callable[[bytes], str]], ...]] = (
    (lambda name: "plmn" in name, _plmn),
    (lambda name: "address" in name or "ipv" in name or name in {"ip", "dns"}, _ip),
    (lambda name: name.rsplit("_", 1)[-1] in {"tac", "sst", "sd", "teid"}, _number),
)
"""Octets with a better form than digits, by the name of their field (TS 38.413 9.3.3.5, 9.3.3.10, 9.3.1.24)."""
