"""The N4 messages of a PDU session: one uplink and one downlink rule over the default QoS flow (TS 29.244 5.2, 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address
from types import MappingProxyType
from typing import Final, Literal

from freehold.codecs import ndp, pfcp
from freehold.codecs.pfcp.flags import (
    ApplyAction,
    Gate,
    HeaderRemoval,
    Interface,
    InterfaceType,
    MeasurementMethod,
    PDNType,
    PFCPSMReqFlag,
    ReportingTrigger,
)
from freehold.core.smf.state.pool import octets
from freehold.core.smf.state.session import SmContext, Tunnel
from freehold.services.npcf import SmPolicyDecision

UPLINK, DOWNLINK = 1, 2
"""Ids of the PDRs and FARs."""
DSCP_BITS: Final = 0xFC
"""Which bits of a type of service or traffic class a mark sets (TS 29.244 8.2.12)."""
TARGET: Final = 3
"""The id of the FAR towards a handover's target."""
ADVERTISEMENTS, SOLICITATIONS = 3, 4
"""Ids of the PDRs, and of the FAR to us, where the SMF is the router."""
DEFAULT_FLOW: Final = 1
"""The QFI of the default QoS flow, the id of its QER and URR (TS 23.501 5.7.1.4)."""
PRECEDENCE: Final = 255
"""The default rule comes last (TS 23.501 5.7.1.9)."""
MARKED: Final = 64
"""What a DSCP is added to, for the id of the FAR of flows that are marked with it."""
SHARED: Final = 1
"""The CHOOSE ID of a session's own tunnel, where several rules have it."""
FIRST: Final = 1
"""No rule of a flow takes what is for the router."""

FORWARD: Final = ApplyAction.FORW
BUFFER: Final = ApplyAction.BUFF
BUFFER_AND_NOTIFY: Final = ApplyAction.BUFF | ApplyAction.NOCP

_N3: Final[Mapping[str, tuple[pfcp.FTEID, pfcp.OuterHeaderRemoval]]] = MappingProxyType(
    {
        "ipv4": (pfcp.FTEID(choose_ipv4=True), pfcp.OuterHeaderRemoval(HeaderRemoval.GTPU_UDP_IPV4)),
        "ipv6": (pfcp.FTEID(choose_ipv6=True), pfcp.OuterHeaderRemoval(HeaderRemoval.GTPU_UDP_IPV6)),
        "ipv4v6": (
            pfcp.FTEID(choose_ipv4=True, choose_ipv6=True),
            pfcp.OuterHeaderRemoval(HeaderRemoval.GTPU_UDP_IP),
        ),
    }
)
"""The wish for an F-TEID and what is taken off, by the IP versions of N3 (TS 29.244 8.2.3, 8.2.64)."""
_N4U: Final[Mapping[bool, tuple[pfcp.FTEID, pfcp.OuterHeaderRemoval]]] = MappingProxyType(
    {
        True: (pfcp.FTEID(choose_ipv4=True), pfcp.OuterHeaderRemoval(HeaderRemoval.GTPU_UDP_IPV4)),
        False: (pfcp.FTEID(choose_ipv6=True), pfcp.OuterHeaderRemoval(HeaderRemoval.GTPU_UDP_IPV6)),
    }
)
"""The same for N4-u, by whether our end of it is of IPv4."""
_SOLICITED: Final = tuple(
    pfcp.SDFFilter(flow_description=f"permit out 58 from {address}/128 to assigned".encode())
    for address in map(IPv6Address, (ndp.ALL_ROUTERS, ndp.ROUTER, ndp.SOLICITED_NODE))
)
"""ICMPv6 to all routers, to the one that we are, and to the group of whoever looks for it (RFC 4861 4.1, 4.3).

From the network's side, whatever the direction (TS 29.212 5.4.2); of a list, a packet that matches one is the rule's
(TS 29.244 8.2.5). All routers come first: some UPFs read one filter.
"""
_PDN_TYPES: Final = {1: PDNType.IPV4, 2: PDNType.IPV6, 3: PDNType.IPV4V6, 5: PDNType.ETHERNET}
"""By PDU session type (TS 24.501 9.11.4.11)."""
_OPEN: Final = pfcp.GateStatus(Gate.OPEN, Gate.OPEN)
ETHI: Final = 0x01
"""All frames of an Ethernet PDU session (TS 29.244 8.2.102)."""
STATIONS: Final = 2
"""The id of the URR that tells the MAC addresses behind a terminal (TS 29.244 5.13.5)."""
_STATIONS: Final = pfcp.CreateURR(STATIONS, MeasurementMethod.EVENT, ReportingTrigger.MACAR)


def establishment(
    session: SmContext,
    node: pfcp.NodeID,
    own: pfcp.FSEID,
    usage_report: int,
    framed_routes: tuple[str, ...] = (),
    n3: Literal["ipv4", "ipv6", "ipv4v6"] = "ipv4",
    n4u: Tunnel | None = None,
) -> pfcp.SessionEstablishmentRequest:
    """The request for a new session; the UPF chooses the N3 TEID (TS 23.502 4.3.2.2.1 step 10a, TS 29.244 5.5.1).

    Framed routes are part of both rules: their packets are the session's (TS 23.501 5.6.14). `n4u` is our end of the
    tunnel between the terminal's link and its router, where that is us.
    """
    instance = session.network.instance
    linked = () if n4u is None else (_advertisements(n4u), _solicitations(n3))
    uplink = _uplink_rule(session, framed_routes, n3, shared=n4u is not None)
    return pfcp.SessionEstablishmentRequest(
        node_id=node,
        cp_f_seid=own,
        create_pdr=(uplink, _downlink_rule(session, framed_routes), *linked),
        create_far=(
            pfcp.CreateFAR(
                UPLINK,
                FORWARD,
                forwarding_parameters=pfcp.ForwardingParameters(
                    Interface.CORE, network_instance=instance, destination_interface_type=InterfaceType.N6
                ),
            ),
            *(pfcp.CreateFAR(far_id, BUFFER) for far_id, _ in downlink_fars(session)),
            *(() if n4u is None else (_to_router(n4u),)),
        ),
        create_urr=(
            pfcp.CreateURR(
                DEFAULT_FLOW,
                MeasurementMethod.VOLUM,
                ReportingTrigger.VOLTH,
                volume_threshold=pfcp.VolumeThreshold(total_volume=usage_report),
            ),
            *((_STATIONS,) if session.network.ethernet else ()),
        ),
        create_qer=() if session.policy is None else (_qos(session.policy),),
        pdn_type=_PDN_TYPES[session.terms.pdu_session_type],
    )


def ue_ip_address(session: SmContext, *, destination: bool) -> tuple[pfcp.UEIPAddress, ...]:
    """Addresses of the UE: without a length the prefix of one is a /64 (TS 29.244 8.2.62). Frames have none."""
    if session.network.ethernet:
        return ()
    return (
        pfcp.UEIPAddress(
            ipv4=None if session.address is None else octets(session.address),
            ipv6=None if session.ipv6 is None else session.ipv6.address,
            destination=destination,
        ),
    )


# --- the link of a terminal whose router is the SMF (TS 29.244 5.3) ------------------------------
def _solicitations(n3: str) -> pfcp.CreatePDR:
    """What a terminal asks of its router, in the session's own tunnel and on any flow, comes to us."""
    choose, removal = _N3[n3]
    return pfcp.CreatePDR(
        SOLICITATIONS,
        FIRST,
        pfcp.PDI(
            Interface.ACCESS,
            local_f_teid=_shared(choose),
            sdf_filter=_SOLICITED,
            source_interface_type=InterfaceType.N3_3GPP_ACCESS,
        ),
        outer_header_removal=removal,
        far_id=SOLICITATIONS,
    )


def _shared(choose: pfcp.FTEID) -> pfcp.FTEID:
    """One F-TEID for all rules of a request that ask so (TS 29.244 5.5.3)."""
    return pfcp.FTEID(choose_ipv4=choose.choose_ipv4, choose_ipv6=choose.choose_ipv6, choose_id=SHARED)


def _to_router(n4u: Tunnel) -> pfcp.CreateFAR:
    parameters = pfcp.ForwardingParameters(Interface.CP_FUNCTION, outer_header_creation=_towards(n4u))
    return pfcp.CreateFAR(SOLICITATIONS, FORWARD, forwarding_parameters=parameters)


def _advertisements(n4u: Tunnel) -> pfcp.CreatePDR:
    """What we send goes where the data network's packets go, marked as they are; it is nobody's traffic."""
    choose, removal = _N4U[n4u.ipv4 is not None]
    return pfcp.CreatePDR(
        ADVERTISEMENTS,
        PRECEDENCE,
        pfcp.PDI(Interface.CP_FUNCTION, local_f_teid=choose),
        outer_header_removal=removal,
        far_id=DOWNLINK,
        qer_id=(DEFAULT_FLOW,),
    )


def header_removal(n3: str) -> pfcp.OuterHeaderRemoval:
    """What is taken off of packets of N3 (TS 29.244 8.2.64)."""
    return _N3[n3][1]


def _uplink_rule(session: SmContext, framed_routes: tuple[str, ...], n3: str, *, shared: bool) -> pfcp.CreatePDR:
    choose, removal = _N3[n3]
    return pfcp.CreatePDR(
        UPLINK,
        PRECEDENCE,
        pfcp.PDI(
            Interface.ACCESS,
            local_f_teid=_shared(choose) if shared else choose,
            ue_ip_address=ue_ip_address(session, destination=False),
            qfi=(DEFAULT_FLOW,),
            framed_route=_ipv4(framed_routes),
            framed_ipv6_route=_ipv6(framed_routes),
            source_interface_type=InterfaceType.N3_3GPP_ACCESS,
        ),
        outer_header_removal=removal,
        far_id=UPLINK,
        urr_id=(DEFAULT_FLOW, STATIONS) if session.network.ethernet else (DEFAULT_FLOW,),
        qer_id=(DEFAULT_FLOW,),
    )


def _downlink_rule(session: SmContext, framed_routes: tuple[str, ...]) -> pfcp.CreatePDR:
    return pfcp.CreatePDR(
        DOWNLINK,
        PRECEDENCE,
        pfcp.PDI(
            Interface.CORE,
            network_instance=session.network.instance,
            ue_ip_address=ue_ip_address(session, destination=True),
            framed_route=_ipv4(framed_routes),
            framed_ipv6_route=_ipv6(framed_routes),
            ethernet_pdu_session_information=ETHI if session.network.ethernet else None,
            source_interface_type=InterfaceType.N6,
        ),
        far_id=DOWNLINK,
        urr_id=(DEFAULT_FLOW,),
        qer_id=(DEFAULT_FLOW,),
    )


def _ipv4(routes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(route for route in routes if ":" not in route)


def _ipv6(routes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(route for route in routes if ":" in route)


def _qos(policy: SmPolicyDecision) -> pfcp.CreateQER:
    """Session AMBR as MBR in kbit/s, rounded up (TS 29.244 5.4.4, 8.2.8), marked with the flow's QFI (5.4.2)."""
    return pfcp.CreateQER(DEFAULT_FLOW, _OPEN, mbr=_mbr(policy), qfi=DEFAULT_FLOW)


def _mbr(policy: SmPolicyDecision) -> pfcp.MBR:
    ambr = policy.session_ambr
    return pfcp.MBR(-(-ambr.uplink // 1000), -(-ambr.downlink // 1000))


def change_policy(
    session: SmContext, before: SmPolicyDecision | None, after: SmPolicyDecision
) -> pfcp.SessionModificationRequest | None:
    """Other rates and another mark of the default flow from now on (TS 23.502 4.3.3.2 step 8); None for the same."""
    rates = before is None or before.session_ambr != after.session_ambr
    mark = mark_of(session, after.five_qi)
    remarked = before is not None and mark_of(session, before.five_qi) != mark
    if not rates and not remarked:
        return None
    parameters = pfcp.UpdateForwardingParameters(transport_level_marking=_marking(mark))
    return pfcp.SessionModificationRequest(
        update_qer=(pfcp.UpdateQER(DEFAULT_FLOW, mbr=_mbr(after)),) if rates else (),
        update_far=(pfcp.UpdateFAR(DOWNLINK, update_forwarding_parameters=parameters),) if remarked else (),
    )


# --- marks of the outer header (TS 29.244 8.2.12) --------------------------------------------------
def mark_of(session: SmContext, five_qi: int) -> int:
    """The DSCP that flows of a 5QI get on the way to the gNB."""
    network = session.network.configuration
    return network.dscp_5qi.get(five_qi, network.dscp)


def far_of(session: SmContext, five_qi: int) -> int:
    """The rule that forwards a flow beside the default one: one for each mark, the same for all without marks."""
    return MARKED + mark_of(session, five_qi) if session.network.configuration.dscp_5qi else DOWNLINK


def downlink_fars(session: SmContext) -> tuple[tuple[int, int], ...]:
    """Every rule that forwards to the gNB with its mark, as long as the session stands: the default flow's first."""
    network, policy = session.network.configuration, session.policy
    default = network.dscp if policy is None else mark_of(session, policy.five_qi)
    marks = sorted({network.dscp, *network.dscp_5qi.values()}) if network.dscp_5qi else ()
    return ((DOWNLINK, default), *((MARKED + mark, mark) for mark in marks))


def _marking(mark: int) -> int:
    return mark << 10 | DSCP_BITS


def forward_downlink(
    session: SmContext, tunnel: Tunnel, *, end_marker: bool = False, expected: bool = False
) -> pfcp.SessionModificationRequest:
    """Downlink packets go to the gNB from now on (TS 23.502 4.3.2.2.1 step 16a); with end markers on the old path.

    `expected`: it was a handover's target until now, which ends with it.
    """
    marked = bool(session.network.configuration.dscp_5qi)
    return pfcp.SessionModificationRequest(
        remove_far=(pfcp.RemoveFAR(TARGET),) if expected else (),
        update_far=tuple(
            pfcp.UpdateFAR(
                far_id,
                apply_action=FORWARD,
                update_forwarding_parameters=pfcp.UpdateForwardingParameters(
                    destination_interface=Interface.ACCESS,
                    destination_interface_type=InterfaceType.N3_3GPP_ACCESS,
                    outer_header_creation=_towards(tunnel),
                    transport_level_marking=_marking(mark) if mark or marked else None,
                    # TS 29.244 5.2.3.1 and 8.2.31: SNDEM on change of the AN tunnel, which all flows share
                    pfcpsmreq_flags=PFCPSMReqFlag.SNDEM if end_marker and far_id == DOWNLINK else None,
                ),
            )
            for far_id, mark in downlink_fars(session)
        ),
    )


def _towards(tunnel: Tunnel) -> pfcp.OuterHeaderCreation:
    """TS 29.244 8.2.56: one bit and one address for each version of IP."""
    return pfcp.OuterHeaderCreation(
        gtpu_ipv4=tunnel.ipv4 is not None,
        gtpu_ipv6=tunnel.ipv6 is not None,
        teid=tunnel.teid,
        ipv4=tunnel.ipv4,
        ipv6=tunnel.ipv6,
    )


def expect_target(tunnel: Tunnel) -> pfcp.SessionModificationRequest:
    """A handover's target: a forwarding action that no rule points to yet (TS 23.502 4.9.1.3.2 step 11a)."""
    return pfcp.SessionModificationRequest(
        create_far=(
            pfcp.CreateFAR(
                TARGET,
                FORWARD,
                forwarding_parameters=pfcp.ForwardingParameters(
                    Interface.ACCESS,
                    outer_header_creation=_towards(tunnel),
                    destination_interface_type=InterfaceType.N3_3GPP_ACCESS,
                ),
            ),
        )
    )


FORGET_TARGET: Final = pfcp.SessionModificationRequest(remove_far=(pfcp.RemoveFAR(TARGET),))
"""Nobody comes from there (TS 23.502 4.9.1.4)."""


def hold_downlink(session: SmContext, *, drop: bool = False) -> pfcp.SessionModificationRequest:
    """Downlink packets wait, and the first one is told (TS 23.502 4.2.6 step 6a).

    To `drop` throws away what waits, for the UE does not answer (TS 23.502 4.2.3.3 step 5, TS 29.244 5.2.3.1).
    """
    return pfcp.SessionModificationRequest(
        update_far=tuple(
            pfcp.UpdateFAR(far_id, apply_action=BUFFER_AND_NOTIFY) for far_id, _ in downlink_fars(session)
        ),
        pfcpsmreq_flags=PFCPSMReqFlag.DROBU if drop else None,
    )


def tunnel_of(response: pfcp.SessionEstablishmentResponse, pdr_id: int = UPLINK) -> Tunnel | None:
    """The F-TEID the UPF chose for a rule; None where it gave no usable one (TS 29.244 7.5.3.2)."""
    for created in response.created_pdr:
        chosen = created.local_f_teid
        address = b"" if chosen is None else (chosen.ipv4 or b"") + (chosen.ipv6 or b"")
        if created.pdr_id == pdr_id and chosen is not None and address and chosen.teid:
            return Tunnel(address, chosen.teid)
    return None
