"""Merges the nodes of a graph that are the same in structure, by refining classes until they are stable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from asn1.graph import Node


def _references(node: Node) -> Iterator[tuple[dict[str, Any] | list[Any], Any]]:
    """Each place in `node` that holds the number of another node, as (holder, key)."""
    ((kind, body),) = node.items()
    if kind in {"Bits", "Octets"} and body["contains"] is not None:
        yield body, "contains"
    elif kind == "List":
        yield body, "item"
    elif kind == "Choice":
        yield from ((alternative, 1) for alternative in [*body["root"], *(body["ext"] or [])])
    elif kind == "Single":
        yield from ((entry, "node") for entry in body["entries"])
    elif kind == "Struct":
        for addition in body["additions"] or []:
            components = addition["Group"] if "Group" in addition else [addition["One"]]
            yield from (place for component in components for place in _component(component))
        yield from (place for component in body["root"] for place in _component(component))


def _component(component: Node) -> Iterator[tuple[dict[str, Any] | list[Any], Any]]:
    if "Value" in component:
        yield component["Value"], "node"
    else:
        yield from ((entry, "node") for entry in component["Ies"]["entries"])


def _rewritten(node: Node, number: Callable[[int], int]) -> Node:
    copy: Node = json.loads(json.dumps(node))
    for holder, key in _references(copy):
        holder[key] = number(holder[key])
    return copy


def compact(nodes: list[Node]) -> tuple[list[Node], list[int]]:
    """The distinct nodes, numbered from 0 in order of first appearance, and the new number of each old one."""
    shapes = [json.dumps(_rewritten(node, lambda _: 0), sort_keys=True) for node in nodes]
    targets = [[holder[key] for holder, key in _references(node)] for node in nodes]
    first: dict[Any, int] = {}
    classes = [first.setdefault(shape, len(first)) for shape in shapes]
    while True:
        seen: dict[Any, int] = {}
        refined = [
            seen.setdefault((classes[i], tuple(classes[target] for target in targets[i])), len(seen))
            for i in range(len(nodes))
        ]
        if len(seen) == len(set(classes)):
            break
        classes = refined
    representative: dict[int, int] = {}
    for i, each in enumerate(refined):
        representative.setdefault(each, i)
    distinct = [_rewritten(nodes[representative[each]], lambda old: refined[old]) for each in range(len(seen))]
    return distinct, refined
