"""Values for every message, made from the engine's own tables, and the request that the figures are measured with."""

from __future__ import annotations

import random
from typing import Any

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import ApplyAction, Interface, MeasurementMethod, PDNType, ReportingTrigger
from freehold.codecs.pfcp.table import Compiler

ADDRESS = bytes((10, 45, 0, 2))

ESTABLISHMENT = pfcp.SessionEstablishmentRequest(
    node_id=pfcp.NodeID(ipv4=bytes((10, 0, 0, 1))),
    cp_f_seid=pfcp.FSEID(seid=1, ipv4=bytes((10, 0, 0, 1))),
    create_pdr=(
        pfcp.CreatePDR(
            pdr_id=1,
            precedence=255,
            pdi=pfcp.PDI(
                source_interface=Interface.ACCESS,
                local_f_teid=pfcp.FTEID(choose_ipv4=True, choose_id=1),
                network_instance=b"internet",
                ue_ip_address=(pfcp.UEIPAddress(ipv4=ADDRESS),),
                qfi=(1,),
            ),
            outer_header_removal=pfcp.OuterHeaderRemoval(description=0),
            far_id=1,
            urr_id=(1,),
            qer_id=(1,),
        ),
        pfcp.CreatePDR(
            pdr_id=2,
            precedence=255,
            pdi=pfcp.PDI(
                source_interface=Interface.CORE,
                network_instance=b"internet",
                ue_ip_address=(pfcp.UEIPAddress(ipv4=ADDRESS, destination=True),),
            ),
            far_id=2,
            urr_id=(1,),
            qer_id=(1,),
        ),
    ),
    create_far=(
        pfcp.CreateFAR(
            far_id=1,
            apply_action=ApplyAction.FORW,
            forwarding_parameters=pfcp.ForwardingParameters(Interface.CORE, network_instance=b"internet"),
        ),
        pfcp.CreateFAR(
            far_id=2,
            apply_action=ApplyAction.FORW,
            forwarding_parameters=pfcp.ForwardingParameters(
                Interface.ACCESS,
                outer_header_creation=pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=5, ipv4=bytes((10, 0, 0, 9))),
            ),
        ),
    ),
    create_qer=(pfcp.CreateQER(1, pfcp.GateStatus(0, 0), mbr=pfcp.MBR(1_000_000, 2_000_000), qfi=1),),
    create_urr=(
        pfcp.CreateURR(
            1, MeasurementMethod.VOLUM, ReportingTrigger.VOLTH, volume_threshold=pfcp.VolumeThreshold(10**9)
        ),
    ),
    pdn_type=PDNType.IPV4,
)


OPAQUE: dict[int, Any] = {
    61: bytes(2),  # PFD contents without a field (TS 29.244 8.2.39)
    65: bytes.fromhex("01 0a000001 0001"),  # one CSID of an IPv4 node (TS 29.244 8.2.43)
    144: b"\1" + bytes(6) + bytes(2),
    145: b"\1" + bytes(6) + bytes(2),
    152: bytes.fromhex("00f110 000001 01 01 01 01 01 00"),  # trace information (TS 29.244 8.2.108)
    306: bytes.fromhex("00 00 04 e0000001 04 0a000001"),
    # tshark 4.0 does not find the end of these with every field that they may have
    192: pfcp.SourceIPAddress(ipv4=ADDRESS),
    198: pfcp.FiveGSUserPlaneNode(identity=bytes(8)),
    229: pfcp.UELinkSpecificIPAddress(ipv4=ADDRESS, non_3gpp_ipv4=ADDRESS, ipv6=bytes(16), non_3gpp_ipv6=bytes(16)),
    230: pfcp.PMFAddressInformation(ipv4=ADDRESS, port=1, non_3gpp_port=2),
    305: pfcp.MBSSessionIdentifier(tmgi=bytes(6)),
}
"""What a witness understands of IEs that the tables leave as octets, or that it reads otherwise."""


class Maker:
    """Makes values of any message by the tables, each field present with a given chance."""

    def __init__(self, seed: int, chance: float) -> None:
        self.random = random.Random(seed)
        self.chance = chance
        self.tables = Compiler()
        for message in pfcp.MESSAGES:
            self.tables.message(message)

    def message(self, at: int) -> Any:
        return self.group(self.tables.messages[at][2])

    def group(self, at: int) -> Any:
        kind, members, _ = self.tables.groups[at]
        return self.tables.classes[kind](*(self.member(*member) for member in members))

    def member(self, ie: int, grouped: bool, at: int, presence: int, many: bool) -> Any:
        if presence != ord("M") and self.random.random() > self.chance:
            return () if many else None
        if ie in OPAQUE:
            return (OPAQUE[ie],) if many else OPAQUE[ie]
        make = self.group if grouped else self.layout
        return tuple(make(at) for _ in range(self.random.randint(1, 2))) if many else make(at)

    def layout(self, at: int) -> Any:
        kind, lead, one_of, items = self.tables.layouts[at]
        while True:
            flags = self.random.getrandbits(8 * lead) if lead else 0
            held = [self.holds(item, flags) for item in items]
            told = 0
            for item, there in zip(items, held, strict=True):
                told |= item[5] if there and item[3] == "equal" else 0
            known = 0
            for item in items:
                known |= item[5]
            fits = flags & known == told
            if fits and (not one_of or any(there and one_of >> at & 1 for at, there in enumerate(held))):
                break
        values = [self.value(item, there) for item, there in zip(items, held, strict=True)]
        return values[0] if kind is None else self.tables.classes[kind](*values)

    @staticmethod
    def holds(item: Any, flags: int) -> bool:
        *_, when, mask, value = item
        return {"equal": flags & mask == value, "any": flags & mask != 0, "tail": True}[when]

    def value(self, item: Any, there: bool) -> Any:
        form, size, most, *_ = item
        if form == "flag":
            return there
        if not there:
            return None
        make = {
            "bits": lambda: self.random.getrandbits(most),
            "uint": lambda: self.random.getrandbits(8 * size),
            "number": lambda: self.random.getrandbits(16),
            "flags": lambda: self.random.getrandbits(8 * most),
            "octets": lambda: self.random.randbytes(size),
            "rest": lambda: self.random.randbytes(5),
            "counted": lambda: self.random.randbytes(3),
            "text": lambda: "tëxt",
            "labels": lambda: "upf.example",
        }
        return make[form]()
