"""N2 SM information: NGAP transfers between SMF and gNB (TS 38.413 9.3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeVar

import msgspec

from freehold.codecs import ngap
from freehold.core.smf import flows
from freehold.core.smf.flows import FlowChange
from freehold.core.smf.rules import DEFAULT_FLOW
from freehold.core.smf.state.session import SmContext, Tunnel
from freehold.services.npcf import SmPolicyDecision
from freehold.services.nsmf import N2SmInfoType
from freehold.services.nudm import UserPlaneSecurity
from freehold.spec.errors import PeerError

T = TypeVar("T", bound=msgspec.Struct)

RegularCause = tuple[Literal["nas"], Literal["normal-release"]]
NO_CHANGE: Final = FlowChange()
REGULAR: Final[RegularCause] = ("nas", "normal-release")
NO_DEFAULT_FLOW: Final[ngap.Cause] = ("radioNetwork", "radio-resources-not-available")


class SetUp(msgspec.Struct, frozen=True, gc=False):
    """The gNB has resources and a tunnel for the session (TS 38.413 9.3.4.2)."""

    tunnel: Tunnel
    flows: tuple[int, ...]


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The gNB has no resources for the session, or none any more (TS 38.413 9.3.4.16, 9.3.4.5)."""

    cause: str


class Released(msgspec.Struct, frozen=True, gc=False):
    """The gNB has released the session's resources (TS 38.413 9.3.4.21)."""


class Modified(msgspec.Struct, frozen=True, gc=False):
    """The gNB has changed the session's resources, but for flows that it has none for (TS 38.413 9.3.4.4)."""

    refused: frozenset[int] = frozenset()


class NotModified(msgspec.Struct, frozen=True, gc=False):
    """The gNB keeps the session's resources as they were (TS 38.413 9.3.4.17)."""

    cause: str


class Switched(msgspec.Struct, frozen=True, gc=False):
    """Another gNB serves the UE now (TS 38.413 9.3.4.8); `security` is the policy it says it has, if it says one."""

    tunnel: Tunnel
    flows: tuple[int, ...]
    security: UserPlaneSecurity | None = None


class Required(msgspec.Struct, frozen=True, gc=False):
    """The gNB asks for a handover (TS 38.413 9.3.4.14); `direct` where it reaches the target to forward packets."""

    direct: bool


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """The target of a handover has resources (TS 38.413 9.3.4.11); `forwarding` takes packets of the source."""

    tunnel: Tunnel
    flows: tuple[int, ...]
    forwarding: ngap.UPTransportLayerInformation | None


class NotSwitched(msgspec.Struct, frozen=True, gc=False):
    """The gNB that serves the UE now has no resources for the session (TS 38.413 9.3.4.15)."""

    cause: ngap.Cause


class NotAdmitted(msgspec.Struct, frozen=True, gc=False):
    """The target of a handover has no resources for the session (TS 38.413 9.3.4.19)."""

    cause: ngap.Cause


class Other(msgspec.Struct, frozen=True, gc=False):
    """Information that changes nothing here."""


N2Information = (
    SetUp
    | Failed
    | Released
    | Modified
    | NotModified
    | Switched
    | NotSwitched
    | Required
    | Admitted
    | NotAdmitted
    | Other
)


_TYPES: Final[Mapping[int, Literal["ipv4", "ipv6", "ipv4v6", "ethernet"]]] = MappingProxyType(
    {1: "ipv4", 2: "ipv6", 3: "ipv4v6", 5: "ethernet"}
)
"""NGAP's names of PDU session types (TS 38.413 9.3.1.52, TS 24.501 9.11.4.11)."""


def setup_request(session: SmContext) -> bytes:
    """PDU Session Resource Setup Request Transfer (TS 38.413 9.3.4.1)."""
    policy, uplink = session.policy, session.user_plane.uplink
    if policy is None or uplink is None:
        raise PeerError("the session has no user plane yet")
    return ngap.encode_value(
        ngap.PDUSessionResourceSetupRequestTransfer(
            pdu_session_aggregate_maximum_bit_rate=_session_ambr(policy),
            ul_ngu_up_tnl_information=_tunnel(uplink),
            pdu_session_type=_TYPES[session.terms.pdu_session_type],
            security_indication=_indication(session.security),
            qos_flow_setup_request_list=[_default_flow(policy), *flows.to_set_up(session.user_plane.flows)],
        )
    )


def modify_request(before: SmPolicyDecision, after: SmPolicyDecision, change: FlowChange = NO_CHANGE) -> bytes:
    """PDU Session Resource Modify Request Transfer: what differs of rates and flows (TS 38.413 9.3.4.3)."""
    items = flows.to_add(change)
    if (after.five_qi, after.arp) != (before.five_qi, before.arp):
        items += [
            ngap.QosFlowAddOrModifyRequestItem(
                qos_flow_identifier=DEFAULT_FLOW, qos_flow_level_qos_parameters=_qos(after)
            )
        ]
    return ngap.encode_value(
        ngap.PDUSessionResourceModifyRequestTransfer(
            pdu_session_aggregate_maximum_bit_rate=_session_ambr(after),
            qos_flow_add_or_modify_request_list=items or None,
            qos_flow_to_release_list=flows.to_release(change),
        )
    )


def _session_ambr(policy: SmPolicyDecision) -> ngap.PDUSessionAggregateMaximumBitRate:
    ambr = policy.session_ambr
    return ngap.PDUSessionAggregateMaximumBitRate(
        pdu_session_aggregate_maximum_bit_rate_dl=ambr.downlink, pdu_session_aggregate_maximum_bit_rate_ul=ambr.uplink
    )


def _default_flow(policy: SmPolicyDecision) -> ngap.QosFlowSetupRequestItem:
    return ngap.QosFlowSetupRequestItem(qos_flow_identifier=DEFAULT_FLOW, qos_flow_level_qos_parameters=_qos(policy))


def _qos(policy: SmPolicyDecision) -> ngap.QosFlowLevelQosParameters:
    return flows.level(policy.five_qi, policy.arp)


def release_command(cause: RegularCause = REGULAR) -> bytes:
    """PDU Session Resource Release Command Transfer (TS 38.413 9.3.4.12)."""
    return ngap.encode_value(ngap.PDUSessionResourceReleaseCommandTransfer(cause=cause))


def _indication(security: UserPlaneSecurity) -> ngap.SecurityIndication:
    return ngap.SecurityIndication(
        integrity_protection_indication=security.integrity,
        confidentiality_protection_indication=security.confidentiality,
    )


def path_switched(uplink: Tunnel, security: UserPlaneSecurity | None = None) -> bytes:
    """Path Switch Request Acknowledge Transfer (TS 38.413 9.3.4.9), with the policy that the gNB is to take over."""
    return ngap.encode_value(
        ngap.PathSwitchRequestAcknowledgeTransfer(
            ul_ngu_up_tnl_information=_tunnel(uplink),
            security_indication=None if security is None else _indication(security),
        )
    )


def handover_command(forwarding: ngap.UPTransportLayerInformation | None) -> bytes:
    """Handover Command Transfer, with where packets under way may be forwarded to (TS 38.413 9.3.4.10)."""
    return ngap.encode_value(ngap.HandoverCommandTransfer(dl_forwarding_up_tnl_information=forwarding))


def read(kind: N2SmInfoType, octets: bytes) -> N2Information:
    """What a gNB says; PeerError where it cannot be read."""
    reader = READERS.get(kind)
    return Other() if reader is None else reader(octets)


def _set_up(octets: bytes) -> N2Information:
    transfer = _decoded(ngap.PDUSessionResourceSetupResponseTransfer, octets)
    info = transfer.dl_qos_flow_per_tnl_information
    flows = tuple(item.qos_flow_identifier for item in info.associated_qos_flow_list)
    # G08: a session without its default flow, or with an end nobody can reach, is no session
    if DEFAULT_FLOW not in flows:
        return Failed("the gNB refused the default QoS flow")
    return SetUp(_address(info.up_transport_layer_information), flows)


def _failed(octets: bytes) -> N2Information:
    group, value = _decoded(ngap.PDUSessionResourceSetupUnsuccessfulTransfer, octets).cause
    return Failed(f"{group} {value}")


def _modified(octets: bytes) -> N2Information:
    transfer = _decoded(ngap.PDUSessionResourceModifyResponseTransfer, octets)
    failed = transfer.qos_flow_failed_to_add_or_modify_list or ()
    for item in failed:
        if item.qos_flow_identifier == DEFAULT_FLOW:
            return NotModified(" ".join(map(str, item.cause)))
    return Modified(frozenset(item.qos_flow_identifier for item in failed))


def _not_modified(octets: bytes) -> N2Information:
    group, value = _decoded(ngap.PDUSessionResourceModifyUnsuccessfulTransfer, octets).cause
    return NotModified(f"{group} {value}")


def _notify_released(octets: bytes) -> N2Information:
    group, value = _decoded(ngap.PDUSessionResourceNotifyReleasedTransfer, octets).cause
    return Failed(f"{group} {value}")


def _switched(octets: bytes) -> N2Information:
    transfer = _decoded(ngap.PathSwitchRequestTransfer, octets)
    told = transfer.user_plane_security_information
    security = None
    if told is not None:
        said = told.security_indication
        security = UserPlaneSecurity(said.integrity_protection_indication, said.confidentiality_protection_indication)
    flows = tuple(item.qos_flow_identifier for item in transfer.qos_flow_accepted_list)
    return Switched(_address(transfer.dl_ngu_up_tnl_information), flows, security)


def _not_switched(octets: bytes) -> N2Information:
    return NotSwitched(_decoded(ngap.PathSwitchRequestSetupFailedTransfer, octets).cause)


def _required(octets: bytes) -> N2Information:
    transfer = _decoded(ngap.HandoverRequiredTransfer, octets)
    return Required(transfer.direct_forwarding_path_availability is not None)


def _admitted(octets: bytes) -> N2Information:
    transfer = _decoded(ngap.HandoverRequestAcknowledgeTransfer, octets)
    flows = tuple(item.qos_flow_identifier for item in transfer.qos_flow_setup_response_list)
    if DEFAULT_FLOW not in flows:
        return NotAdmitted(NO_DEFAULT_FLOW)
    return Admitted(_address(transfer.dl_ngu_up_tnl_information), flows, transfer.dl_forwarding_up_tnl_information)


def _not_admitted(octets: bytes) -> N2Information:
    return NotAdmitted(_decoded(ngap.HandoverResourceAllocationUnsuccessfulTransfer, octets).cause)


def _decoded(kind: type[T], octets: bytes) -> T:
    value, faults = ngap.decode_as(kind, octets)
    if value is None:
        raise PeerError(f"{kind.__name__} cannot be read: {faults[0].cause if faults else 'damaged'}")
    return value


def _address(information: ngap.UPTransportLayerInformation) -> Tunnel:
    """An end of IPv4, of IPv6, or of both, IPv4 first: 32, 128 or 160 bits (TS 38.414 5.3)."""
    if information[0] == "gTPTunnel":
        address, bits = information[1].transport_layer_address
        octets = address.to_bytes(bits // 8, "big") if bits in {32, 128, 160} else b""
        ends = [part for part in (octets[: len(octets) % 16], octets[len(octets) % 16 :]) if any(part)]
        if ends:
            return Tunnel(b"".join(ends), int.from_bytes(information[1].gtp_teid, "big"))
    raise PeerError("the gNB names no IP address for N3")


def _tunnel(tunnel: Tunnel) -> ngap.UPTransportLayerInformation:
    return (
        "gTPTunnel",
        ngap.GTPTunnel(
            transport_layer_address=(int.from_bytes(tunnel.address, "big"), 8 * len(tunnel.address)),
            gtp_teid=tunnel.teid.to_bytes(4, "big"),
        ),
    )


READERS: Final[Mapping[N2SmInfoType, Callable[[bytes], N2Information]]] = MappingProxyType(
    {
        "PDU_RES_SETUP_RSP": _set_up,
        "PDU_RES_SETUP_FAIL": _failed,
        "PDU_RES_NTY_REL": _notify_released,
        "PDU_RES_REL_RSP": lambda _: Released(),
        "PDU_RES_MOD_RSP": _modified,
        "PDU_RES_MOD_FAIL": _not_modified,
        "PATH_SWITCH_REQ": _switched,
        "PATH_SWITCH_SETUP_FAIL": _not_switched,
        "HANDOVER_REQUIRED": _required,
        "HANDOVER_REQ_ACK": _admitted,
        "HANDOVER_RES_ALLOC_FAIL": _not_admitted,
    }
)
