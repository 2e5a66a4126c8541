"""Values as an indented tree under the specifications' names, with what a person wants to read beside the octets."""

from __future__ import annotations

from freehold.codecs.display.protocols import Reading
from freehold.codecs.display.tree import Node, tree


def render(reading: Reading) -> list[str]:
    """The lines of one message: its title, its fields, its faults."""
    message = tree(reading)
    lines = [message.text]
    for child in message.children:
        _add(child, "  ", lines)
    return lines


def _add(node: Node, indent: str, lines: list[str]) -> None:
    lines.append(f"{indent}! {node.text}" if node.label == "!" else f"{indent}{node.label}: {node.text}")
    for child in node.children:
        _add(child, indent + "  ", lines)
