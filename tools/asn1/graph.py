"""Walks pycrate's objects once and lays them out as plain nodes: tables for the engine, names for the stubs."""

from __future__ import annotations

from typing import Any

from asn1.naming import class_name, field_name

Asn1 = Any  # pycrate objects carry no types
Node = dict[str, Any]

_TEXTS = {"PrintableString", "VisibleString", "IA5String", "NumericString"}
_UNTYPED_TEXTS = {"UTF8String", "ObjectDescriptor", "T61String", "GraphicString"}
_NAMED = {"SEQUENCE", "CHOICE", "ENUMERATED", "SEQUENCE OF", "SET OF"}
_LEAVES: dict[str, Node] = {
    "NULL": {"Null": {}},
    "BOOLEAN": {"Bool": {}},
    "OBJECT IDENTIFIER": {"Oid": {}},
    "OPEN_TYPE": {"Any": {}},
    "ANY": {"Any": {}},
}
_KEPT = ("unknown_ies", "unknown_extensions")


def reference(item: Asn1) -> str | None:
    """Name of the type that `item` refers to, unless that is a field of an information object class."""
    called = None if item._typeref is None else getattr(item._typeref, "called", None)
    if called is None or isinstance(called[1], list | tuple) or item._typeref.__class__.__name__ != "ASN1RefType":
        return None
    return str(called[1])


def bounds(constraint: Asn1) -> Node:
    """Lower and upper bound and extensibility of a size or value constraint, None where there is no bound."""
    if constraint is None:
        return {"lb": None, "ub": None, "ext": False}
    lower, upper = constraint.lb, constraint.ub
    return {
        "lb": lower if isinstance(lower, int) else None,
        "ub": upper if isinstance(upper, int) else None,
        "ext": constraint.ext is not None,
    }


def objects(field: Asn1) -> list[Node]:
    """Information objects that may fill the open type `field`, in the schema's order."""
    table = field._const_tab
    if table is None or table._val is None:
        return []
    return [entry for entry in [*table._val.root, *(table._val.ext or [])] if field._const_tab_id in entry]


def open_field(item: Asn1) -> Asn1 | None:
    """The open type of an IE field `{id, criticality, value}`, or None where `item` is no such SEQUENCE."""
    if (
        item.TYPE != "SEQUENCE"
        or item._cont is None
        or list(item._root)[:2] != ["id", "criticality"]
        or len(item._root) != 3
    ):
        return None
    field = item._cont[item._root[2]]
    if field.TYPE != "OPEN_TYPE" or item._cont["id"].TYPE != "INTEGER":
        return None
    return field


class Graph:
    """The nodes of one protocol: `nodes` by number, `names` of those that a type assignment names."""

    def __init__(self, constants: dict[int, str], parameterised: set[str]) -> None:
        """`constants` are the protocol's names of its IE ids; a type of the `parameterised` is named by its use."""
        self.constants = constants
        self.parameterised = parameterised
        self._spellings: dict[str, str] = {}
        self.nodes: list[Node] = []
        self.names: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self._kept_alive: list[Asn1] = []

    def add(self, item: Asn1, context: str) -> int:
        """Number of the node made of `item`; `context` names it where the schema does not."""
        known = self._numbers.get(id(item))
        if known is not None:
            return known
        self._kept_alive.append(item)
        number = len(self.nodes)
        self._numbers[id(item)] = number
        self.nodes.append({})
        name = self._name(item, context)
        if item.TYPE in _NAMED and open_field(item) is None:
            self.names[number] = name
        self.nodes[number] = self._build(item, name)
        return number

    def _name(self, item: Asn1, context: str) -> str:
        """A Python name; where two ASN.1 names differ in their dashes only, the later one keeps them as underscores."""
        called = reference(item)
        spelling = context if called is None or called in self.parameterised else called
        name = class_name(spelling)
        if item.TYPE in _NAMED and self._spellings.setdefault(name, spelling) != spelling:
            return spelling.replace("-", "_") if "-" in spelling else f"{spelling}_"
        return name

    def _build(self, item: Asn1, name: str) -> Node:
        if item.TYPE in _LEAVES:
            return _LEAVES[item.TYPE]
        build = _BUILDERS.get(item.TYPE)
        if build is None:
            raise NotImplementedError(f"{name}: {item.TYPE}")
        return build(self, item, name)

    def _integer(self, item: Asn1, _: str) -> Node:
        body = bounds(item._const_val)
        if item._const_val is not None and len(item._const_val.root) > 1:
            body["among"] = [
                [each, each] if isinstance(each, int) else [each.lb, each.ub] for each in item._const_val.root
            ]
        return {"Int": body}

    def _enumerated(self, item: Asn1, _: str) -> Node:
        return {"Enum": {"root": list(item._root), "ext": None if item._ext is None else list(item._ext)}}

    def _text(self, item: Asn1, _: str) -> Node:
        if item.TYPE in {"UTCTime", "GeneralizedTime"}:  # X.680 46, 47: VisibleStrings of no bounds
            return {"Text": {"kind": "VisibleString", **bounds(None)}}
        return {"Text": {"kind": item.TYPE if item.TYPE in _TEXTS else "UTF8String", **bounds(item._const_sz)}}

    def _list(self, item: Asn1, name: str) -> Node:
        field = open_field(item._cont)
        if field is not None and (reference(item) or "").endswith("Container"):
            return self._alone(field, bounds(item._const_sz), name)
        return {"List": {**bounds(item._const_sz), "item": self.add(item._cont, f"{name}Item")}}

    def _string(self, item: Asn1, name: str) -> Node:
        inner = getattr(item, "_const_cont", None)
        contains = None if inner is None else self.add(inner, f"{name}Contents")
        kind = "Bits" if item.TYPE == "BIT STRING" else "Octets"
        return {kind: {**bounds(item._const_sz), "contains": contains}}

    def _alone(self, field: Asn1, size: Node, name: str) -> Node:
        """A container of IEs that is a value by itself: a structure of nothing else."""
        slots: dict[str, int] = {}
        container = {"optional": False, **self._container(field, slots, size)}
        slots[_KEPT[0]] = len(slots)
        kept = [slots[_KEPT[0]], None]
        return {
            "Struct": {
                "name": name,
                "fields": list(slots),
                "kept": kept,
                "root": [{"Ies": container}],
                "additions": None,
            }
        }

    def _choice(self, item: Asn1, name: str) -> Node:
        def alternatives(names: list[str]) -> list[list[Any]]:
            return [[each, self.add(item._cont[each], f"{name}-{each}")] for each in names]

        extension = None if item._ext is None else alternatives(list(item._ext))
        return {"Choice": {"root": alternatives(list(item._root)), "ext": extension}}

    def _sequence(self, item: Asn1, name: str) -> Node:
        single = open_field(item)
        if single is not None:
            return {"Single": self._container(single, {}, None)}
        slots: dict[str, int] = {}
        root = [self._component(item, each, slots, name) for each in item._root]
        additions = None
        if item._ext is not None:
            additions = [self._addition(item, group, slots, name) for group in (item._ext_nest or [])]
        kept = []
        if any("Ies" in component for component in root):
            kept.append(_KEPT[0])
        if additions is not None:
            kept.append(_KEPT[1])
        for each in kept:
            slots[each] = len(slots)
        fields = list(slots)
        return {
            "Struct": {
                "name": name,
                "fields": fields,
                "kept": [slots.get(each) for each in _KEPT],
                "root": root,
                "additions": additions,
            }
        }

    def _addition(self, item: Asn1, group: Asn1, slots: dict[str, int], name: str) -> Node:
        if isinstance(group, str):
            return {"One": self._component(item, group, slots, name)}
        return {"Group": [self._component(item, each, slots, name) for each in group]}

    def _component(self, item: Asn1, identifier: str, slots: dict[str, int], name: str) -> Node:
        child = item._cont[identifier]
        optional = bool(child._opt) or child._def is not None
        if child.TYPE == "SEQUENCE OF" and child._cont is not None:
            field = open_field(child._cont)
            if field is not None and (reference(child) or "").endswith("Container"):
                return {"Ies": {"optional": optional, **self._container(field, slots, bounds(child._const_sz))}}
        slot = self._slot(slots, field_name(identifier), name)
        default = child._def if isinstance(child._def, int | str | bool) else None
        return {
            "Value": {
                "slot": slot,
                "node": self.add(child, f"{name}-{identifier}"),
                "optional": optional,
                "default": default,
            }
        }

    @staticmethod
    def _slot(slots: dict[str, int], field: str, name: str) -> int:
        if field in slots:
            raise ValueError(f"{name}: two fields are named {field}")
        slots[field] = len(slots)
        return slots[field]

    def _container(self, field: Asn1, slots: dict[str, int], size: Node | None) -> Node:
        entries = []
        for entry in objects(field):
            identifier = self.constants[entry["id"]]
            value = entry[field._const_tab_id]
            entries.append(
                {
                    "id": entry["id"],
                    "name": identifier.removeprefix("id-"),
                    "criticality": entry["criticality"],
                    "mandatory": entry.get("presence") == "mandatory",
                    "slot": 0 if size is None else self._slot(slots, field_name(identifier), identifier),
                    "node": self.add(value, identifier.removeprefix("id-")),
                }
            )
        return {"size": size or {"lb": 1, "ub": 1, "ext": False}, "entries": entries}


_BUILDERS = {
    "INTEGER": Graph._integer,
    "ENUMERATED": Graph._enumerated,
    "BIT STRING": Graph._string,
    "OCTET STRING": Graph._string,
    **dict.fromkeys(_TEXTS | _UNTYPED_TEXTS | {"UTCTime", "GeneralizedTime"}, Graph._text),
    **dict.fromkeys(("SEQUENCE OF", "SET OF"), Graph._list),
    "CHOICE": Graph._choice,
    "SEQUENCE": Graph._sequence,
}
