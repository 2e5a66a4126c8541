"""Any decoded value as text for people and as JSON that gives the same value back; a row a protocol."""

from freehold.codecs.display.contained import described, inside
from freehold.codecs.display.document import read, write
from freehold.codecs.display.protocols import PROTOCOLS, Protocol, Reading, carried_by, guess, protocol_named
from freehold.codecs.display.text import render
from freehold.codecs.display.tree import Node, tree

__all__ = [
    "PROTOCOLS",
    "Node",
    "Protocol",
    "Reading",
    "carried_by",
    "described",
    "guess",
    "inside",
    "protocol_named",
    "read",
    "render",
    "tree",
    "write",
]
