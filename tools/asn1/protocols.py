"""The protocols that Freehold speaks in ASN.1, and the files made for each."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1.binary import binary
from asn1.compact import compact
from asn1.graph import Asn1, Graph, Node, objects
from asn1.stubs import stub

_KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")
_TRANSACTION = "nrppatransactionID"
_NAMED = {"SEQUENCE", "CHOICE", "ENUMERATED"}


@dataclass(frozen=True)
class Protocol:
    """One ASN.1 protocol: pycrate's module, name of the files made, whether aligned, clause, and its PDU if any."""

    source: str
    name: str
    aligned: bool
    specification: str
    pdu: str | None = None


PROTOCOLS = (
    Protocol("NGAP", "ngap", True, "TS 38.413 9.4", "NGAP-PDU"),
    Protocol("XnAP", "xnap", True, "TS 38.423 9.3", "XnAP-PDU"),
    Protocol("F1AP", "f1ap", True, "TS 38.473 9.4", "F1AP-PDU"),
    Protocol("E1AP", "e1ap", True, "TS 37.483 9.4", "E1AP-PDU"),
    Protocol("NRPPa", "nrppa", True, "TS 38.455 9.3", "NRPPA-PDU"),
    Protocol("E2AP", "e2ap", True, "O-RAN.WG3.E2AP 9.3", "E2AP-PDU"),
    Protocol("LPP", "lpp", False, "TS 37.355 6"),
    Protocol("RRCNR", "rrc", False, "TS 38.331 6"),
)


def modules_of(source: str) -> list[Any]:
    """The ASN.1 modules of one of pycrate's files."""
    container = importlib.import_module(f"pycrate_asn1dir.{source}")
    return [module for name, module in container.GLOBAL.MOD.items() if name.replace("-", "_") in vars(container)]


def _constants(modules: list[Any]) -> dict[int, str]:
    """Names of the protocol's IE ids."""
    names: dict[int, str] = {}
    for module in modules:
        for name in module["_val_"]:
            value = module[name]
            if value._typeref is not None and value._typeref.called[1] == "ProtocolIE-ID":
                if value._val in names:
                    raise ValueError(f"{name} and {names[value._val]} have one id")
                names[value._val] = name
    return names


def _messages(graph: Graph, pdu: Asn1) -> list[Node]:
    """Each message of the protocol: its procedure code, criticality, kind (0..2) and node."""
    messages = []
    for kind, alternative in enumerate(_KINDS):
        for entry in objects(pdu._cont[alternative]._cont["value"]):
            value = entry[pdu._cont[alternative]._cont["value"]._const_tab_id]
            criticality, code = entry.get("criticality", "ignore"), entry["procedureCode"]
            node = graph.add(value, "")
            messages.append({"procedure_code": code, "criticality": criticality, "kind": kind, "node": node})
    return sorted(messages, key=lambda message: (message["procedure_code"], message["kind"]))


def _header(pdu: Asn1) -> Node:
    """How a PDU begins: whether its CHOICE is extensible, its last alternative, and the last transaction ID if any."""
    components = pdu._cont[_KINDS[0]]._cont
    transaction = components[_TRANSACTION] if _TRANSACTION in components else None  # noqa: SIM401 - has no get
    return {
        "extensible": pdu._ext is not None,
        "last": len(pdu._root) - 1,
        "transaction": None if transaction is None else transaction._const_val.ub,
    }


def _types(graph: Graph, number: list[int]) -> dict[str, int]:
    """The node of each named type; a name stands for one structure only."""
    types: dict[str, int] = {}
    for node, name in sorted(graph.names.items(), key=lambda pair: (pair[1], pair[0])):
        if types.setdefault(name, number[node]) != number[node]:
            raise ValueError(f"two different types are named {name}")
    return types


def write(protocol: Protocol, folder: Path) -> None:
    """Write `<name>.per` (tables for the engine), `<name>.json` (the same to read) and `<name>.pyi` (types)."""
    modules = modules_of(protocol.source)
    parameterised = {name for module in modules for name in module["_param_"] if not name.startswith("PrivateIE-")}
    graph = Graph(_constants(modules), parameterised)
    messages: list[Node] = []
    header: Node | None = None
    for module in modules:
        for name in module["_type_"]:
            item = module[name]
            if name == protocol.pdu:
                messages, header = _messages(graph, item), _header(item)
            elif item.TYPE in _NAMED and item._typeref is None and name not in module["_param_"]:
                graph.add(item, name)
    (folder / f"{protocol.name}.pyi").write_text(
        stub(protocol.specification, graph, messages, header), encoding="utf-8"
    )
    nodes, number = compact(graph.nodes)
    types = _types(graph, number)
    for message in messages:
        message["node"] = number[message["node"]]
    table = {"aligned": protocol.aligned, "pdu": header, "nodes": nodes, "types": types, "messages": messages}
    (folder / f"{protocol.name}.per").write_bytes(binary(table))
    (folder / f"{protocol.name}.json").write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")


def write_all(folder: Path) -> None:
    """Write the files of every protocol."""
    for protocol in PROTOCOLS:
        write(protocol, folder)
