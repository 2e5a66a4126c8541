"""Runs in the build environment: makes messages from pycrate's own schema with pycrate alone, nothing of ours in them.

usage: pycrate_maker.py PROTOCOL SEEDS. It writes a JSON line [name, octets in hexadecimal] a message: of every
procedure and kind, or of every alternative of the channels of RRC; each as often as there are seeds.
"""

from __future__ import annotations

import json
import string
import sys
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from asn1.graph import objects, open_field
from asn1.naming import class_name
from asn1.protocols import PROTOCOLS
from asn1kit.pycrate_witness import Peer, components, message_type, name_of

PLMN = b"\x00\xf1\x10"
PROTOCOL = {row.name: row for row in PROTOCOLS}
CHANNELS = (
    "BCCH-BCH-Message",
    "BCCH-DL-SCH-Message",
    "DL-CCCH-Message",
    "DL-DCCH-Message",
    "MCCH-Message-r17",
    "PCCH-Message",
    "SBCCH-SL-BCH-Message",
    "SCCH-Message",
    "UL-CCCH-Message",
    "UL-CCCH1-Message",
    "UL-DCCH-Message",
)
HELD = {
    ("", "CellGroupConfig"): "CellGroupConfig",
    ("", "MeasConfig"): "MeasConfig",
    ("", "MeasGapConfig"): "MeasGapConfig",
    ("", "CG-ConfigInfo"): "CGConfigInfo",
    ("", "CG-Config"): "CGConfig",
    ("", "HandoverPreparationInformation"): "HandoverPreparationInformation",
    ("", "UE-CapabilityRAT-ContainerList"): "UECapabilityRATContainerList",
    ("", "MeasurementTimingConfiguration"): "MeasurementTimingConfiguration",
    ("", "DRX-Config"): "DRXConfig",
    ("", "UEAssistanceInformation"): "UEAssistanceInformation",
    ("", "MIB-message"): "MIB",
    ("", "SIB1-message"): "SIB1",
    ("", "ReferenceTime"): "ReferenceTimeR16",
    ("InitialULRRCMessageTransfer", "RRCContainer"): "ULCCCHMessage",
    ("", "rrc-Context"): "HandoverPreparationInformation",
    ("", "sRB-RLC-Bearer-Configuration"): "RLCBearerConfig",
    ("SNodeAdditionRequest", "Value"): "CGConfigInfo",
    ("SNodeAdditionRequestAcknowledge", "Value"): "CGConfig",
    ("SNodeChangeRequired", "Value"): "CGConfig",
    ("HandoverRequestAcknowledge", "Value"): "HandoverCommand",
    ("", "UERadioCapability"): "UERadioAccessCapabilityInformation",
    ("", "SourceToTarget-TransparentContainer"): "SourceNGRANNodeToTargetNGRANNodeTransparentContainer",
    ("", "TargetToSource-TransparentContainer"): "TargetNGRANNodeToSourceNGRANNodeTransparentContainer",
    ("HandoverRequired", "RRCContainer"): "HandoverPreparationInformation",
    ("HandoverRequest", "RRCContainer"): "HandoverPreparationInformation",
    ("HandoverCommand", "RRCContainer"): "HandoverCommand",
    ("HandoverRequestAcknowledge", "RRCContainer"): "HandoverCommand",
}
"""What octets hold, by the message ("" any) and the name of their type or field (TS 38.473 9.3.1, TS 38.423 9.2)."""
DEEP = 12


def later(item: Any) -> dict[str, Any]:
    """An IE of a later version, where the table has none of this one."""
    return {"id": 65000, "criticality": "ignore", item._root[2]: ("_unk_004", b"later")}


class Maker:
    """Random values of pycrate's types; those in octets that other protocols read are messages of RRC."""

    def __init__(self, peer: Peer, rng: Random, optional: float, rrc: Peer) -> None:
        self.peer, self.rng, self.optional, self.rrc = peer, rng, optional, rrc
        self.message = ""

    def value(self, item: Any, depth: int = 0) -> Any:
        return getattr(self, "_" + item.TYPE.replace(" ", "_").lower(), self._text)(item, depth)

    def _null(self, _item: Any, _depth: int) -> int:
        return 0

    def _boolean(self, _item: Any, _depth: int) -> bool:
        return self.rng.random() < 0.5

    def _integer(self, item: Any, _depth: int) -> int:
        bound = item._const_val
        if bound is None:
            return self.rng.randrange(1 << 16)
        if len(bound.root) > 1:
            one = self.rng.choice(bound.root)
            return one if isinstance(one, int) else self.rng.randint(one.lb, one.ub)
        low = 0 if bound.lb is None else bound.lb
        return self.rng.randint(low, low + (1 << 16) if bound.ub is None else bound.ub)

    def _enumerated(self, item: Any, _depth: int) -> str:
        names = [name for name in item._root if not name.startswith("spare")]
        return self.rng.choice(names or list(item._root))

    def size(self, item: Any, most: int) -> int:
        bound = item._const_sz
        if bound is None:
            return self.rng.randint(1, most)
        low = bound.lb or 0
        high = low + most if bound.ub is None else bound.ub
        return min(high, self.rng.randint(low, low + most)) if high > low else low

    def _bit_string(self, item: Any, _depth: int) -> tuple[int, int]:
        inner = item._const_cont
        count = self.size(item, 32) if inner is None else 8
        if item._const_sz is not None and item._const_sz.ub == 160:  # TS 38.414 5.3: 32, 128 or 160 bits
            count = self.rng.choice((32, 128, 160))
        return (self.rng.getrandbits(count) if count else 0), count

    def _octet_string(self, item: Any, depth: int) -> Any:
        inner = item._const_cont
        if inner is not None:
            return name_of(inner), self.value(inner, depth + 1)
        count = self.size(item, 6)
        octets = self.rng.randbytes(count)
        carried = self._carried(item) if item._const_sz is None else None
        if carried is not None:
            return carried
        return PLMN + octets[3:] if count in {3, 8} else octets

    def _carried(self, item: Any) -> bytes | None:
        """A message where these octets hold one that is known."""
        name = item._name if item._typeref is None else item._typeref.called[1]
        wanted = HELD.get((self.message, name)) or HELD.get(("", name), "")
        for peer in (self.rrc, self.peer):
            if wanted in peer.types:
                inner = Maker(peer, self.rng, 0.0, self.rrc)
                inner.message = self.message
                return peer.written(peer.types[wanted], inner.value(peer.types[wanted], 1))
        return None

    def _text(self, item: Any, _depth: int) -> str:
        return "".join(self.rng.choices(string.ascii_lowercase, k=self.size(item, 8)))

    def _numericstring(self, item: Any, _depth: int) -> str:
        return "".join(self.rng.choices(string.digits, k=self.size(item, 8)))

    def _object_identifier(self, _item: Any, _depth: int) -> tuple[int, ...]:
        return (1, 3, 6, 1, self.rng.randrange(1 << 16))

    def _open_type(self, _item: Any, _depth: int) -> tuple[str, bytes]:
        return "_unk_004", self.rng.randbytes(4)

    def _utctime(self, _item: Any, _depth: int) -> tuple[str, ...]:
        return ("26", "11", "26", "15", "14", None, "Z")  # type: ignore[return-value]

    def wanted(self, child: Any, depth: int) -> bool:
        if not child._opt and child._def is None:
            return True
        return depth <= DEEP and self.rng.random() < self.optional / (1 + depth / 2)

    def _sequence(self, item: Any, depth: int) -> dict[str, Any]:
        if open_field(item) is not None:
            every = self.ies(item, depth, every=True)
            return self.rng.choice(every or [later(item)])
        root = {name: child for name in item._root if self.wanted(child := item._cont[name], depth)}
        made = {name: self.value(child, depth + 1) for name, child in root.items()}
        return {name: value for name, value in made.items() if value != [] or not root[name]._opt}

    def ies(self, item: Any, depth: int, *, every: bool = False) -> list[dict[str, Any]]:
        """IEs of an object set: those that must be there, and some others."""
        field, found = item._cont[item._root[2]], []
        for entry in objects(field):
            optional = entry.get("presence", "mandatory") != "mandatory"
            if every or not optional or (depth < DEEP and self.rng.random() < self.optional / (1 + depth / 2)):
                kind = entry[field._const_tab_id]
                content = (name_of(kind), self.value(kind, depth + 1))
                found.append({"id": entry["id"], "criticality": entry["criticality"], item._root[2]: content})
        return found

    def _sequence_of(self, item: Any, depth: int) -> list[Any]:
        inner = item._cont
        if inner.TYPE == "SEQUENCE" and open_field(inner) is not None:
            several = item._const_sz is not None and (item._const_sz.lb or 0) > 0
            needed = (self.ies(inner, depth, every=True) or [later(inner)])[:1] if several and not item._opt else []
            return self.ies(inner, depth) or needed
        most = 1 if depth > DEEP // 2 else 2
        return [self.value(inner, depth + 1) for _ in range(max(self.size(item, most), 1 if depth < DEEP else 0))]

    def _choice(self, item: Any, depth: int) -> tuple[str, Any]:
        names = [name for name in item._root if not name.startswith("spare") and not name.startswith("choice-ext")]
        if depth > DEEP:  # what ends soonest
            names = [name for name in names if item._cont[name].TYPE in {"NULL", "INTEGER", "ENUMERATED"}] or names
        name = self.rng.choice(names or list(item._root))
        return name, self.value(item._cont[name], depth + 1)


def procedures(peer: Peer, maker: Maker) -> Any:
    """[name, octets] of every message."""
    for kind, alternative in enumerate(list(peer.pdu._root)[:3]):
        for entry in objects(peer.pdu._cont[alternative]._cont["value"]):
            item = message_type(peer.pdu, kind, entry["procedureCode"])
            maker.message = class_name(name_of(item))
            inner = {"procedureCode": entry["procedureCode"], "criticality": entry.get("criticality", "ignore")}
            if "nrppatransactionID" in peer.pdu._cont[alternative]._cont:
                inner["nrppatransactionID"] = maker.rng.randrange(1 << 15)
            inner["value"] = (name_of(item), maker.value(item))
            yield maker.message, peer.written(peer.pdu, (alternative, inner))


def channels(peer: Peer, maker: Maker) -> Any:
    """[channel/alternative, octets] of every message of every channel."""
    for channel in CHANNELS:
        item = peer.types[class_name(channel)]
        body = item._cont["message"]
        for path in alternatives(body):
            value = chosen(body, path, maker)
            yield f"{class_name(channel)}/{'/'.join(path)}", peer.written(item, {"message": value})


def alternatives(body: Any) -> list[list[str]]:
    """The paths to the messages of a channel, spares and extensions left out."""
    if body.TYPE != "CHOICE":
        return [[]]
    found = []
    for name in body._root:
        if name.startswith("spare") or name == "messageClassExtensionFuture-r17":
            continue
        inner = body._cont[name]
        if inner.TYPE == "CHOICE" and name in {"c1", "c2", "messageClassExtension"}:
            found += [[name, *path] for path in alternatives(inner)]
        elif inner.TYPE != "NULL" and not (inner.TYPE == "SEQUENCE" and not components(inner)):
            found.append([name])
    return found


def chosen(body: Any, path: list[str], maker: Maker) -> Any:
    if not path:
        return maker.value(body)
    return path[0], chosen(body._cont[path[0]], path[1:], maker) if path[1:] else maker.value(body._cont[path[0]], 1)


def main(name: str, seeds: str) -> None:
    peer = Peer(PROTOCOL[name])
    rrc = peer if name == "rrc" else Peer(PROTOCOL["rrc"])
    for seed in range(int(seeds)):
        maker = Maker(peer, Random(f"{name} {seed}"), (0.0, 0.3, 0.7)[seed % 3], rrc)
        for row in (channels if name == "rrc" else procedures)(peer, maker):
            sys.stdout.write(json.dumps([row[0], row[1].hex()]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
