"""The QoS flows of a session beside its default one: what changes, and what N1, N2 and N4 say of it (TS 23.501 5.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from freehold.codecs import ngap, pfcp
from freehold.codecs.nas import QosFlowDescription, QosRule
from freehold.codecs.nas.values.qos import (
    CREATE,
    DELETE,
    FIVE_QI,
    GFBR_DOWNLINK,
    GFBR_UPLINK,
    MFBR_DOWNLINK,
    MFBR_UPLINK,
    FlowParameter,
)
from freehold.codecs.nas.values.session import BitRate
from freehold.codecs.pfcp.flags import Gate, Interface, InterfaceType
from freehold.core.smf import packet_filters, rules
from freehold.core.smf.state.session import Flow, SmContext
from freehold.services.npcf import QosFlow, SmPolicyDecision
from freehold.services.nudm import Arp

QFIS: Final = range(2, 64)
"""QFIs of dedicated flows; 1 is the default one's (TS 23.501 5.7.1.1)."""
NETWORK_PRECEDENCE: Final = 10
"""The first precedence of the network's own rules."""
ASKED_PRECEDENCE: Final = range(70, 100)
"""Precedences of rules that a terminal asked for (TS 24.501 9.11.4.13)."""
UPLINK_PDR, DOWNLINK_PDR = 256, 512
"""What a flow's QFI is added to, for the ids of its rules at the UPF; its QER has the QFI itself."""


class FlowChange(msgspec.Struct, frozen=True):
    """Flows that a session gets, and flows that it has no more."""

    added: tuple[Flow, ...] = ()
    removed: tuple[Flow, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


def of_policy(session: SmContext, policy: SmPolicyDecision) -> FlowChange:
    """What it takes that a session has the flows of its policy; those a terminal asked for are its own affair."""
    have = session.user_plane.flows
    known = {flow.qos for flow in have if not flow.asked}
    removed = tuple(flow for flow in have if not flow.asked and flow.qos not in policy.flows)
    fresh = [(qos, NETWORK_PRECEDENCE + place) for place, qos in enumerate(policy.flows) if qos not in known]
    free = free_qfis(session)
    able = session.terms.reflective
    added = (
        Flow(qfi, qos, at, reflective=able and qos.reflective) for qfi, (qos, at) in zip(free, fresh, strict=False)
    )
    return FlowChange(tuple(added), removed)


def free_qfis(session: SmContext) -> Iterator[int]:
    """QFIs that no flow of the session has, not even one that goes."""
    taken = {flow.qfi for flow in session.user_plane.flows}
    return (qfi for qfi in QFIS if qfi not in taken)


# --- N1 -----------------------------------------------------------------------------------------
def qos_rules(change: FlowChange) -> list[QosRule] | None:
    """The authorized QoS rules of a command (TS 24.501 9.11.4.13); a rule has the number of its flow."""
    made = [
        QosRule(
            flow.qfi,
            CREATE,
            default=False,
            packet_filters=[*packet_filters.told(flow.qos.filters)],
            precedence=flow.precedence,
            segregation=False,
            qfi=flow.qfi,
        )
        for flow in change.added
    ]
    return made + [QosRule(flow.qfi, DELETE, default=False) for flow in change.removed] or None


def descriptions(change: FlowChange) -> list[QosFlowDescription] | None:
    """The authorized QoS flow descriptions of a command (TS 24.501 9.11.4.12)."""
    made = [
        QosFlowDescription(flow.qfi, CREATE, all_parameters=True, parameters=[*_parameters(flow.qos)])
        for flow in change.added
    ]
    return made + [QosFlowDescription(flow.qfi, DELETE) for flow in change.removed] or None


def _parameters(qos: QosFlow) -> Iterator[FlowParameter]:
    yield FlowParameter(FIVE_QI, qos.five_qi)
    for rate, up, down in ((qos.guaranteed, GFBR_UPLINK, GFBR_DOWNLINK), (qos.most, MFBR_UPLINK, MFBR_DOWNLINK)):
        if rate is not None and qos.guaranteed is not None:
            yield FlowParameter(up, BitRate.of(rate.uplink))
            yield FlowParameter(down, BitRate.of(rate.downlink))


# --- N2 -----------------------------------------------------------------------------------------
def level(
    five_qi: int, arp: Arp, qos: QosFlow | None = None, *, reflective: bool = False
) -> ngap.QosFlowLevelQosParameters:
    """What a gNB is told of a flow (TS 38.413 9.3.1.12)."""
    gbr = None
    if qos is not None and qos.guaranteed is not None:
        most = qos.most or qos.guaranteed
        gbr = ngap.GBRQosInformation(
            maximum_flow_bit_rate_dl=most.downlink,
            maximum_flow_bit_rate_ul=most.uplink,
            guaranteed_flow_bit_rate_dl=qos.guaranteed.downlink,
            guaranteed_flow_bit_rate_ul=qos.guaranteed.uplink,
        )
    return ngap.QosFlowLevelQosParameters(
        qos_characteristics=("nonDynamic5QI", ngap.NonDynamic5QIDescriptor(five_qi=five_qi)),
        reflective_qos_attribute="subject-to" if reflective else None,
        allocation_and_retention_priority=ngap.AllocationAndRetentionPriority(
            priority_level_arp=arp.priority_level,
            pre_emption_capability="may-trigger-pre-emption" if arp.may_preempt else "shall-not-trigger-pre-emption",
            pre_emption_vulnerability="pre-emptable" if arp.preemptable else "not-pre-emptable",
        ),
        gbr_qos_information=gbr,
    )


def to_set_up(flows: Iterable[Flow]) -> list[ngap.QosFlowSetupRequestItem]:
    """Flows of a session whose resources are set up."""
    return [
        ngap.QosFlowSetupRequestItem(
            qos_flow_identifier=flow.qfi,
            qos_flow_level_qos_parameters=level(flow.qos.five_qi, flow.qos.arp, flow.qos, reflective=flow.reflective),
        )
        for flow in flows
    ]


def to_add(change: FlowChange) -> list[ngap.QosFlowAddOrModifyRequestItem]:
    """Flows that are added to a session whose resources stand."""
    return [
        ngap.QosFlowAddOrModifyRequestItem(
            qos_flow_identifier=flow.qfi,
            qos_flow_level_qos_parameters=level(flow.qos.five_qi, flow.qos.arp, flow.qos, reflective=flow.reflective),
        )
        for flow in change.added
    ]


def to_release(change: FlowChange) -> list[ngap.QosFlowWithCauseItem] | None:
    """Flows whose resources are released."""
    return [
        ngap.QosFlowWithCauseItem(qos_flow_identifier=flow.qfi, cause=("nas", "normal-release"))
        for flow in change.removed
    ] or None


# --- N4 -----------------------------------------------------------------------------------------
def uplink_pdrs(session: SmContext, flows: Iterable[Flow], n3: str) -> tuple[pfcp.CreatePDR, ...]:
    """The rules for what comes from the terminal on these flows, in the session's own tunnel."""
    tunnel = session.user_plane.uplink
    if tunnel is None:
        return ()
    end = pfcp.FTEID(tunnel.teid, ipv4=tunnel.ipv4, ipv6=tunnel.ipv6)
    return tuple(
        pfcp.CreatePDR(
            UPLINK_PDR + flow.qfi,
            flow.precedence,
            pfcp.PDI(
                Interface.ACCESS,
                local_f_teid=end,
                ue_ip_address=rules.ue_ip_address(session, destination=False),
                qfi=(flow.qfi,),
                source_interface_type=InterfaceType.N3_3GPP_ACCESS,
                sdf_filter=_sdf(session, flow, uplink=True),
                ethernet_packet_filter=_frames(session, flow, uplink=True),
            ),
            outer_header_removal=rules.header_removal(n3),
            far_id=rules.UPLINK,
            urr_id=(rules.DEFAULT_FLOW,),
            qer_id=_qers(flow),
        )
        for flow in flows
        if packet_filters.of_direction(flow.qos.filters, uplink=True)
    )


def downlink_pdrs(session: SmContext, flows: Iterable[Flow]) -> tuple[pfcp.CreatePDR, ...]:
    """The rules for what goes to the terminal on these flows."""
    return tuple(
        pfcp.CreatePDR(
            DOWNLINK_PDR + flow.qfi,
            flow.precedence,
            pfcp.PDI(
                Interface.CORE,
                network_instance=session.network.instance,
                ue_ip_address=rules.ue_ip_address(session, destination=True),
                source_interface_type=InterfaceType.N6,
                sdf_filter=_sdf(session, flow, uplink=False),
                ethernet_packet_filter=_frames(session, flow, uplink=False),
            ),
            far_id=rules.far_of(session, flow.qos.five_qi),
            urr_id=(rules.DEFAULT_FLOW,),
            qer_id=_qers(flow),
        )
        for flow in flows
        if packet_filters.of_direction(flow.qos.filters, uplink=False)
    )


def _sdf(session: SmContext, flow: Flow, *, uplink: bool) -> tuple[pfcp.SDFFilter, ...]:
    """The filters of a session of packets."""
    chosen = packet_filters.of_direction(flow.qos.filters, uplink=uplink)
    return () if session.network.ethernet else tuple(map(packet_filters.sdf, chosen))


def _frames(session: SmContext, flow: Flow, *, uplink: bool) -> tuple[pfcp.EthernetPacketFilter, ...]:
    """The filters of a session of frames."""
    chosen = packet_filters.of_direction(flow.qos.filters, uplink=uplink)
    return tuple(packet_filters.frames(one, uplink=uplink) for one in chosen) if session.network.ethernet else ()


def _qers(flow: Flow) -> tuple[int, ...]:
    """The flow's own, whose mark counts; what is not guaranteed shares the session's rate (TS 23.501 5.7.2.6)."""
    return (flow.qfi,) if flow.qos.guaranteed is not None else (flow.qfi, rules.DEFAULT_FLOW)


def qers(flows: Iterable[Flow]) -> tuple[pfcp.CreateQER, ...]:
    """Rates and mark of flows; kbit/s, rounded up (TS 29.244 8.2.8, 8.2.9)."""
    gate = pfcp.GateStatus(Gate.OPEN, Gate.OPEN)
    made = []
    for flow in flows:
        most, least = flow.qos.most or flow.qos.guaranteed, flow.qos.guaranteed
        mbr = None if most is None else pfcp.MBR(_kilobits(most.uplink), _kilobits(most.downlink))
        gbr = None if least is None else pfcp.GBR(_kilobits(least.uplink), _kilobits(least.downlink))
        rqi = 1 if flow.reflective else None
        made.append(pfcp.CreateQER(flow.qfi, gate, mbr=mbr, gbr=gbr, qfi=flow.qfi, rqi=rqi))
    return tuple(made)


def _kilobits(rate: int) -> int:
    return -(-rate // 1000)


def opened(session: SmContext, change: FlowChange, n3: str) -> pfcp.SessionModificationRequest:
    """Packets of new flows may come from the terminal, flows that go are gone (TS 23.502 4.3.3.2 step 2a)."""
    known = {flow.qfi for flow in session.user_plane.flows}
    gone = [flow for flow in change.removed if flow.qfi in known]
    pdrs = [
        start + flow.qfi
        for flow in gone
        for start, uplink in ((UPLINK_PDR, True), (DOWNLINK_PDR, False))
        if packet_filters.of_direction(flow.qos.filters, uplink=uplink)
    ]
    return pfcp.SessionModificationRequest(
        remove_pdr=tuple(map(pfcp.RemovePDR, pdrs)),
        remove_qer=tuple(pfcp.RemoveQER(flow.qfi) for flow in gone),
        create_pdr=uplink_pdrs(session, change.added, n3),
        create_qer=qers(change.added),
    )


def filled(session: SmContext, flows: tuple[Flow, ...]) -> pfcp.SessionModificationRequest:
    """Packets to the terminal take their flows (TS 23.502 4.3.3.2 step 8)."""
    return pfcp.SessionModificationRequest(create_pdr=downlink_pdrs(session, flows))


def closed(flows: tuple[Flow, ...]) -> pfcp.SessionModificationRequest:
    """Flows that were opened and are not to be after all."""
    up = (UPLINK_PDR + flow.qfi for flow in flows if packet_filters.of_direction(flow.qos.filters, uplink=True))
    return pfcp.SessionModificationRequest(
        remove_pdr=tuple(map(pfcp.RemovePDR, up)), remove_qer=tuple(pfcp.RemoveQER(flow.qfi) for flow in flows)
    )
