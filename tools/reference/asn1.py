"""The pages of the ASN.1 protocols, from the tables that the engine loads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from reference import asn1_clauses
from reference.page import Page, Section, bounds, link

KINDS = ("initiating message", "successful outcome", "unsuccessful outcome")
HEADS = ("field", "id", "presence", "criticality", "type", "range", "clause")
NESTED = 3
PLAIN = {"Bool": "BOOLEAN", "Null": "NULL", "Oid": "OBJECT IDENTIFIER", "Any": "open type"}
SIZED = {"Bits": ("BIT STRING", "bits"), "Octets": ("OCTET STRING", "octets")}
Node = dict[str, Any]


class Tables:
    """One protocol's tables, read without its engine; `channels` are the types that travel alone."""

    def __init__(self, name: str, specification: str, channels: tuple[str, ...] = ()) -> None:
        self.name, self.specification = name, specification
        self.table = json.loads(files("freehold._gen").joinpath(f"{name}.json").read_bytes())
        self.channels = channels

    def node(self, number: int) -> tuple[str, Node]:
        """Kind and body of a node."""
        ((kind, body),) = self.table["nodes"][number].items()
        return kind, body

    def messages(self) -> Iterator[Section]:
        """A section a message: of procedures, or of what a channel carries."""
        for message in self.table["messages"]:
            _, body = self.node(message["node"])
            kind = KINDS[message["kind"]]
            about = f"Procedure {message['procedure_code']}, {kind}, criticality {message['criticality']}"
            yield self._section(body, f"{about} ({self._message_clause(body['name'])}).")
        for channel in self.channels:
            known: set[str] = set()
            for name, number in self._carried(self.table["types"][channel]):
                _, body = self.node(number)
                if body["name"] not in known:
                    known.add(body["name"])
                    yield self._section(body, f"`{name}` in {link(channel)} ({self._message_clause(body['name'])}).")

    def _carried(self, number: int) -> Iterator[tuple[str, int]]:
        """The structures that the alternatives of a channel's choices are."""
        kind, body = self.node(number)
        if kind == "Struct":
            for part in body["root"]:
                if "Value" in part:
                    yield from self._chosen("", part["Value"]["node"])

    def _chosen(self, name: str, number: int) -> Iterator[tuple[str, int]]:
        kind, body = self.node(number)
        if kind == "Choice":
            for alternative, inner in [*body["root"], *(body["ext"] or [])]:
                yield from self._chosen(alternative, inner)
        elif kind == "Struct" and name and not name.startswith(("messageClassExtension", "spare")):
            yield name, number

    def types(self, without: set[str]) -> Iterator[Section]:
        """A section a structure that is no message."""
        structures = [body for each in self.table["nodes"] for kind, body in each.items() if kind == "Struct"]
        for body in sorted(structures, key=lambda structure: str(structure["name"])):
            if body["name"] not in without:
                yield self._section(body, "A SEQUENCE" + (", extensible." if body["additions"] is not None else "."))

    def _message_clause(self, name: str) -> str:
        return f"{self.specification} {asn1_clauses.of_message(self.name, name)}"

    def _section(self, body: Node, about: str) -> Section:
        return Section(body["name"], about, HEADS, tuple(self._rows(body)))

    def _clause(self, number: int, *names: str) -> str:
        """The clause of an element, by its name or by that of the structure that it is."""
        kind, body = self.node(number)
        found = asn1_clauses.of_element(self.name, *names, *([body["name"]] if kind == "Struct" else []))
        return f"{self.specification} {found}" if found else ""

    def _rows(self, body: Node) -> Iterator[tuple[str, ...]]:
        additions = body["additions"] or []
        added = [part for each in additions for part in each.get("Group") or [each["One"]]]
        for part, later in [*((each, False) for each in body["root"]), *((each, True) for each in added)]:
            if "Ies" in part:
                yield from self._ies(body, part["Ies"])
            else:
                yield self._value(body, part["Value"], later)

    def _ies(self, body: Node, container: Node) -> Iterator[tuple[str, ...]]:
        for entry in container["entries"]:
            needed = entry["mandatory"] and not container["optional"]
            kind, limits = self.type_of(entry["node"])
            name = body["fields"][entry["slot"]]
            where = self._clause(entry["node"], entry["name"])
            yield name, str(entry["id"]), "M" if needed else "O", entry["criticality"], kind, limits, where

    def _value(self, body: Node, value: Node, later: bool) -> tuple[str, ...]:
        kind, limits = self.type_of(value["node"])
        presence = "O" if later or value["optional"] else "M"
        if value["default"] is not None:
            presence, limits = "O", f"{limits}; default {value['default']}".lstrip("; ")
        return body["fields"][value["slot"]], "", presence, "", kind, limits, self._clause(value["node"])

    def type_of(self, number: int, depth: int = 0) -> tuple[str, str]:
        """The type of a node and the range of its values."""
        kind, body = self.node(number)
        if kind in PLAIN:
            return PLAIN[kind], ""
        if kind == "Struct":
            return link(body["name"]), ""
        if kind == "Int":
            return "INTEGER", bounds(body["lb"], body["ub"], body["ext"])
        if kind == "Enum":
            return "ENUMERATED", ", ".join(body["root"]) + self._later(body["ext"])
        if kind == "List":
            item, limits = self.type_of(body["item"], depth + 1)
            return (
                f"list of {item}",
                f"{bounds(body['lb'], body['ub'], body['ext'])} items{f' of {limits}' * bool(limits)}",
            )
        return self._choice(body, depth) if kind in {"Choice", "Single"} else self._string(kind, body, depth)

    @staticmethod
    def _later(names: list[str] | None) -> str:
        return "" if names is None else ", ..." + "".join(f", {name}" for name in names)

    def _string(self, kind: str, body: Node, depth: int) -> tuple[str, str]:
        name, unit = SIZED.get(kind, (body.get("kind", ""), "characters"))
        size = bounds(body["lb"], body["ub"], body["ext"])
        inner = (
            f" containing {self.type_of(body['contains'], depth + 1)[0]}" if body.get("contains") is not None else ""
        )
        return name + inner, f"{size} {unit}" if size else ""

    def _choice(self, body: Node, depth: int) -> tuple[str, str]:
        if depth > NESTED:
            return "CHOICE", ""
        pairs = body.get("root")
        if pairs is None:
            pairs = [(entry["name"], entry["node"]) for entry in body["entries"]]
        else:
            pairs = [*pairs, *(body["ext"] or [])]
        return "CHOICE", ", ".join(f"{name}: {' '.join(self.type_of(node, depth + 1)).strip()}" for name, node in pairs)


def exists(name: str) -> bool:
    """Whether a protocol has tables made from ASN.1."""
    return files("freehold._gen").joinpath(f"{name}.json").is_file()


def page(name: str, title: str, specification: str, channels: tuple[str, ...] = ()) -> Page:
    """The page of one protocol."""
    tables = Tables(name, specification, channels)
    messages = tuple(tables.messages())
    types = tuple(tables.types({section.name for section in messages}))
    return Page(name, title, specification, messages, types)
