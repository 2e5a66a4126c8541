"""Writes the types of one protocol as a stub: a class a SEQUENCE, an alias a CHOICE, ENUMERATED or SEQUENCE OF."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from asn1.graph import Graph, Node

_HEADER = '''"""Made by make setup from the ASN.1 of {specification}; never edited."""

from typing import ClassVar, Literal, TypeAlias, TypeVar

import msgspec

from freehold.codecs.asn1 import Decoded as Decoded
from freehold.codecs.asn1 import EncodeError as EncodeError
from freehold.codecs.asn1 import Fault as Fault
from freehold.codecs.asn1 import Header as Header
from freehold.codecs.asn1 import Message as Message
from freehold.codecs.asn1 import UnknownIe as UnknownIe

_T = TypeVar("_T", bound=msgspec.Struct)

{functions}def decode_as(type_: type[_T], octets: bytes, /) -> tuple[_T | None, tuple[Fault, ...]]: ...
def encode_value(value: msgspec.Struct, /) -> bytes: ...

'''
_FUNCTIONS = """def decode(octets: bytes, any_order: bool = False, /) -> Decoded[Message]: ...
def encode(message: Message, {transaction}/) -> bytes: ...
def message_class(procedure_code: int, kind: str) -> type[Message] | None: ...
def element_names() -> dict[int, str]: ...
"""
_SHARED = {"Decoded", "EncodeError", "Fault", "Header", "Message", "UnknownIe", "ClassVar", "Literal", "TypeAlias"}
_PLAIN = {
    "Int": "int",
    "Bool": "bool",
    "Null": "Literal[True]",
    "Oid": "tuple[int, ...]",
    "Text": "str",
    "Any": "bytes",
}
_KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")
_OPTIONS = "frozen=True, kw_only=True, gc=False"
_KEPT = {"unknown_ies": "list[UnknownIe]", "unknown_extensions": "list[tuple[int, bytes]]"}


def _range(body: Node) -> str:
    if body["lb"] is None and body["ub"] is None:
        return ""
    low, high = body["lb"], body["ub"]
    text = str(low) if low == high else f"{'' if low is None else low}..{'' if high is None else high}"
    return text + (", ..." if body["ext"] else "")


class _Stub:
    """The types of one graph."""

    def __init__(self, graph: Graph, messages: list[Node]) -> None:
        self.graph = graph
        self.messages = {graph.names[message["node"]]: message for message in messages}

    def type_of(self, number: int) -> str:
        """The Python type of the values of a node."""
        name = self.graph.names.get(number)
        return name if name is not None else self.expression(number)

    def expression(self, number: int) -> str:
        """The type of a node written out, its own name left aside."""
        ((kind, body),) = self.graph.nodes[number].items()
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "Enum":
            return self._literal([*body["root"], *(body["ext"] or [])])
        if kind == "List":
            return f"list[{self.type_of(body['item'])}]"
        if kind in {"Choice", "Single"}:
            return " | ".join(dict.fromkeys(self._alternatives(kind, body)))
        return self._string(kind, body) if kind in {"Bits", "Octets"} else str(body["name"])

    def _string(self, kind: str, body: Node) -> str:
        plain = "tuple[int, int]" if kind == "Bits" else "bytes"
        return plain if body["contains"] is None else f"{self.type_of(body['contains'])} | {plain}"

    @staticmethod
    def _literal(names: list[str]) -> str:
        return f"Literal[{', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}]"

    def _alternatives(self, kind: str, body: Node) -> Iterator[str]:
        if kind == "Single":
            for entry in body["entries"]:
                yield f'tuple[Literal["{entry["name"]}"], {self.type_of(entry["node"])}]'
            yield 'tuple[Literal["unknown"], UnknownIe]'
            return
        for name, node in [*body["root"], *(body["ext"] or [])]:
            ((inner, inner_body),) = self.graph.nodes[node].items()
            if inner == "Single":
                yield from self._alternatives(inner, inner_body)
            else:
                yield f'tuple[Literal["{name}"], {self.type_of(node)}]'
        if body["ext"] is not None:
            yield 'tuple[Literal["unknown"], tuple[int, bytes]]'

    def note(self, number: int) -> str:
        """A comment with the bounds of a node's values, where it has any."""
        ((kind, body),) = self.graph.nodes[number].items()
        bounds = _range(body) if kind in {"Int", "Bits", "Octets", "Text", "List"} else ""
        unit = {"Bits": " bits", "Octets": " octets", "Text": " characters", "List": " items"}.get(kind, "")
        return f"  # {bounds}{unit}" if bounds else ""

    def fields(self, body: Node) -> Iterator[tuple[str, str, str, str, str]]:
        """Name, type when read, type when built, default and comment of each field."""
        additions = [
            part for addition in body["additions"] or [] for part in (addition.get("Group") or [addition["One"]])
        ]
        for component, added in [*((each, False) for each in body["root"]), *((each, True) for each in additions)]:
            if "Ies" in component:
                for entry in component["Ies"]["entries"]:
                    built = self.type_of(entry["node"])
                    name, note = body["fields"][entry["slot"]], self.note(entry["node"])
                    if not entry["mandatory"] or component["Ies"]["optional"]:
                        yield name, f"{built} | None", f"{built} | None", " = None", note
                    elif entry["criticality"] == "reject":
                        yield name, built, built, "", note
                    else:
                        yield name, f"{built} | None", built, "", note
                continue
            value = component["Value"]
            built, note = self.type_of(value["node"]), self.note(value["node"])
            name = body["fields"][value["slot"]]
            if value["default"] is not None:
                yield name, built, built, f" = {value['default']!r}", note
            elif value["optional"] or added:
                yield name, f"{built} | None", f"{built} | None", " = None", note
            else:
                yield name, built, built, "", note
        for name in body["fields"]:
            if name in _KEPT:
                yield name, f"{_KEPT[name]} | None", f"{_KEPT[name]} | None", " = None", ""

    def structure(self, number: int) -> Iterator[str]:
        """The class of a SEQUENCE."""
        body = self.graph.nodes[number]["Struct"]
        message = self.messages.get(body["name"])
        yield f"class {body['name']}({'Message' if message else 'msgspec.Struct'}, {_OPTIONS}):\n"
        if message:
            yield f"    procedure_code: ClassVar[Literal[{message['procedure_code']}]]\n"
            yield f'    kind: ClassVar[Literal["{_KINDS[message["kind"]]}"]]\n'
            yield f'    criticality: ClassVar[Literal["{message["criticality"]}"]]\n'
        fields = list(self.fields(body))
        for name, read, _, default, note in fields:
            yield f"    {name}: {read}{default}{note}\n"
        if not (fields or message):
            yield "    pass\n"
        if any(read != built for _, read, built, _, _ in fields):
            yield "    def __init__(\n        self,\n        *,\n"
            yield from (f"        {name}: {built}{default},\n" for name, _, built, default, _ in fields)
            yield "    ) -> None: ...\n"
        yield "\n"

    def text(self) -> Iterator[str]:
        """The whole stub, in the order of the schema."""
        written: set[str] = set()
        for number, name in sorted(self.graph.names.items()):
            if name in written:
                continue
            written.add(name)
            if hasattr(builtins, name) or name in _SHARED:
                raise ValueError(f"{name} would hide another name")
            if "Struct" in self.graph.nodes[number]:
                yield from self.structure(number)
            else:
                yield f"{name}: TypeAlias = {self.expression(number)}{self.note(number)}\n\n"


def stub(specification: str, graph: Graph, messages: list[Node], header: Node | None) -> str:
    """The stub of one protocol; `header` says how its PDUs begin, None where it has none."""
    functions = ""
    if header is not None:
        numbered = header["transaction"] is not None
        functions = _FUNCTIONS.format(transaction="transaction_id: int, " if numbered else "")
    head = _HEADER.format(specification=specification, functions=functions)
    return head + "".join(_Stub(graph, messages).text())
