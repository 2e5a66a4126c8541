"""Values as an indented tree under the specifications' names, with what a person wants to read beside the octets."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.codecs.display.protocols import Reading
from freehold.codecs.display.tree import Node, tree


def render(reading: Reading) -> list[str]:
    """The lines of one message: its title, its fields, its faults."""
    message = tree(reading)
    return [message.text, *(f"  {line}" for child in message.children for line in _lines(child))]


def _lines(node: Node) -> Iterator[str]:
    yield f"! {node.text}" if node.label == "!" else f"{node.label}: {node.text}"
    for child in node.children:
        yield from (f"  {line}" for line in _lines(child))
