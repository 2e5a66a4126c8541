"""Runs in the build environment: answers pycrate's octets for values that come in neutral form.

It reads [kind, procedure code, criticality, transaction ID, neutral value] for a PDU, [type, neutral value] for a value
that travels alone, [] for the names of all types. The second item of an answer to the former two says whether pycrate
reads its own octets back as the same neutral value.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from asn1.naming import class_name
from asn1.protocols import PROTOCOLS, Protocol, modules_of

ALTERNATIVES = ("InitiatingMessage", "SuccessfulOutcome", "UnsuccessfulOutcome")


def is_ie(item: Any) -> bool:
    if item.TYPE != "SEQUENCE" or list(item._root)[:2] != ["id", "criticality"] or len(item._root) != 3:
        return False
    return item._cont["id"].TYPE == "INTEGER" and item._cont[item._root[2]].TYPE == "OPEN_TYPE"


def ie_type(item: Any, number: int) -> tuple[str, Any]:
    """Name and type of an IE's value; one that no table lists is an open type."""
    field = item._cont[item._root[2]]
    table = None if field._const_tab is None else field._const_tab._val
    for entry in [*table.root, *(table.ext or [])] if table else []:
        if entry["id"] == number:
            return name_of(entry[field._const_tab_id]), entry[field._const_tab_id]
    return "_unk_004", None


def name_of(item: Any) -> str:
    return item._typeref.called[1] if item._typeref is not None else item.TYPE


def components(item: Any) -> list[str]:
    return [*item._root, *(item._ext or [])]


def to_pycrate(item: Any, value: Any) -> Any:
    kind = item.TYPE
    if kind in {"SEQUENCE OF", "SET OF"}:
        return [to_pycrate(item._cont, each) for each in value]
    if kind == "CHOICE":
        return value[0], to_pycrate(item._cont[value[0]], value[1])
    if kind == "SEQUENCE":
        if is_ie(item):
            name, inner = ie_type(item, value[0])
            content = bytes.fromhex(value[2]) if inner is None else to_pycrate(inner, value[2])
            return {"id": value[0], "criticality": value[1], item._root[2]: (name, content)}
        pairs = zip(components(item), value, strict=True)
        return {name: to_pycrate(item._cont[name], each) for name, each in pairs if each is not None}
    if kind == "OCTET STRING":
        inner = item._const_cont
        return bytes.fromhex(value) if inner is None else (name_of(inner), to_pycrate(inner, value))
    if kind == "OPEN_TYPE":
        return "_unk_004", bytes.fromhex(value)
    if kind == "NULL":
        return 0
    return tuple(value) if isinstance(value, list) else value


def from_pycrate(item: Any, value: Any) -> Any:
    kind = item.TYPE
    if kind in {"SEQUENCE OF", "SET OF"}:
        return [from_pycrate(item._cont, each) for each in value]
    if kind == "CHOICE":
        return [value[0], from_pycrate(item._cont[value[0]], value[1])]
    if kind == "SEQUENCE":
        if is_ie(item):
            _, inner = ie_type(item, value["id"])
            content = value[item._root[2]][1]
            return [
                value["id"],
                value["criticality"],
                content.hex() if inner is None else from_pycrate(inner, content),
            ]
        return [from_pycrate(item._cont[name], value[name]) if name in value else None for name in components(item)]
    if kind == "OCTET STRING":
        return value.hex() if item._const_cont is None else from_pycrate(item._const_cont, value[1])
    if kind == "OPEN_TYPE":
        return value[1].hex()
    if kind == "NULL":
        return True
    return list(value) if isinstance(value, tuple) else value


def message_type(pdu: Any, kind: int, procedure_code: int) -> Any:
    field = pdu._cont[list(pdu._root)[kind]]._cont["value"]
    for entry in field._const_tab._val.root:
        if entry["procedureCode"] == procedure_code:
            return entry[ALTERNATIVES[kind]]
    raise LookupError(procedure_code)


class Peer:
    """One protocol as pycrate knows it."""

    def __init__(self, protocol: Protocol) -> None:
        self.aligned = protocol.aligned
        self.types: dict[str, Any] = {}
        self.pdu = None
        for module in modules_of(protocol.source):
            for name in module["_type_"]:
                if name == protocol.pdu:
                    self.pdu = module[name]
                elif name not in module["_param_"]:
                    self.types.setdefault(class_name(name), module[name])

    def written(self, item: Any, value: Any) -> bytes:
        item.set_val(value)
        return item.to_aper() if self.aligned else item.to_uper()

    def read(self, item: Any, octets: bytes) -> Any:
        (item.from_aper if self.aligned else item.from_uper)(octets)
        return item.get_val()

    def message(self, kind: int, procedure_code: int, criticality: str, transaction: Any, value: Any) -> list[Any]:
        item = message_type(self.pdu, kind, procedure_code)
        inner = {"procedureCode": procedure_code, "criticality": criticality}
        if transaction is not None:
            inner["nrppatransactionID"] = transaction
        inner["value"] = (name_of(item), to_pycrate(item, value))
        octets = self.written(self.pdu, (list(self.pdu._root)[kind], inner))
        return [octets.hex(), from_pycrate(item, self.read(self.pdu, octets)[1]["value"][1]) == value]

    def answer(self, asked: list[Any]) -> list[Any]:
        if not asked:
            return sorted(self.types)
        return self.alone(*asked) if len(asked) == 2 else self.message(*asked)

    def alone(self, name: str, value: Any) -> list[Any]:
        item = self.types[name]
        octets = self.written(item, to_pycrate(item, value))
        return [octets.hex(), from_pycrate(item, self.read(item, octets)) == value]


def main() -> None:
    (protocol,) = [each for each in PROTOCOLS if each.name == sys.argv[1]]
    peer = Peer(protocol)
    reply: list[Any]
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply = peer.answer(asked)
        except Exception as error:  # noqa: BLE001 - the asking test shows it
            reply = [repr(error), False]
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
