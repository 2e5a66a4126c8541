"""Our values in a form that names neither side's fields: positions, IE ids and hexadecimal digits."""

from __future__ import annotations

from typing import Any

from asn1kit.tables import node, parts


def neutral(protocol: str, number: int, value: Any) -> Any:
    kind, body = node(protocol, number)
    return _FORMS.get(kind, _plain)(protocol, body, value)


def _plain(_protocol: str, _body: dict[str, Any], value: Any) -> Any:
    return value


def _octets(protocol: str, body: dict[str, Any], value: Any) -> Any:
    return value.hex() if body["contains"] is None else neutral(protocol, body["contains"], value)


def _any(_protocol: str, _body: dict[str, Any], value: bytes) -> str:
    return value.hex()


def _list(protocol: str, body: dict[str, Any], value: list[Any]) -> list[Any]:
    return [neutral(protocol, body["item"], each) for each in value]


def _choice(protocol: str, body: dict[str, Any], value: tuple[str, Any]) -> list[Any]:
    for name, number in [*body["root"], *(body["ext"] or [])]:
        kind, inner = node(protocol, number)
        if kind == "Single":
            ie = _single(protocol, inner, value)
            if ie is not None:
                return [name, ie]
        elif name == value[0]:
            return [name, neutral(protocol, number, value[1])]
    raise LookupError(value[0])


def _single(protocol: str, body: dict[str, Any], value: tuple[str, Any]) -> list[Any] | None:
    for entry in body["entries"]:
        if entry["name"] == value[0]:
            return [entry["id"], entry["criticality"], neutral(protocol, entry["node"], value[1])]
    return None


def _ies(protocol: str, body: dict[str, Any], container: dict[str, Any], value: Any) -> list[Any]:
    entries = [(entry, getattr(value, body["fields"][entry["slot"]])) for entry in container["entries"]]
    known = [
        [entry["id"], entry["criticality"], neutral(protocol, entry["node"], given)]
        for entry, given in entries
        if given is not None
    ]
    kept = None if body["kept"][0] is None else getattr(value, body["fields"][body["kept"][0]])
    return known + [[ie.id, ie.criticality, ie.value.hex()] for ie in kept or []]


def _struct(protocol: str, body: dict[str, Any], value: Any) -> list[Any]:
    root = body["root"]
    if body["additions"] is None and len(root) == 1 and "Ies" in root[0] and not root[0]["Ies"]["optional"]:
        return _ies(protocol, body, root[0]["Ies"], value)  # a container that is a value by itself
    found: list[Any] = []
    for part, _ in parts(body):
        if "Ies" in part:
            ies = _ies(protocol, body, part["Ies"], value)
            found.append(ies if ies or not part["Ies"]["optional"] else None)
        else:
            given = getattr(value, body["fields"][part["Value"]["slot"]])
            found.append(None if given is None else neutral(protocol, part["Value"]["node"], given))
    return found


_FORMS = {"Octets": _octets, "Any": _any, "List": _list, "Choice": _choice, "Single": _single, "Struct": _struct}
