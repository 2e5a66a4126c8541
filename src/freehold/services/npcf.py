"""Npcf: access and mobility policy, session management policy (TS 29.507, TS 29.512)."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.services.nudm import Ambr, Arp, DnnConfiguration
from freehold.spec.identities import SNssai, Supi, Tai


class AmPolicyAssociation(msgspec.Struct, frozen=True, gc=False):
    """What the AMF enforces (TS 29.507 5.6.2.2): UE-AMBR and RFSP where the policy sets them."""

    ue_ambr: Ambr | None = None
    rfsp_index: int | None = None


class SmPolicyContext(msgspec.Struct, frozen=True):
    """What a session management policy is asked for (TS 29.512 5.6.2.3)."""

    supi: Supi
    pdu_session_id: int
    slice: SNssai
    dnn: str
    subscribed: DnnConfiguration


class FlowFilter(msgspec.Struct, frozen=True, gc=False):
    """Which packets of a session are a flow's, seen from the terminal; what is None matches all (TS 23.501 5.7.6).

    `remote` is a network, ports are the first and the last, `service` a type of service or traffic class and its mask.
    Of frames, `mac` is the far end's address, `vlan` the identifier of the customer's tag.
    """

    direction: Literal["both", "uplink", "downlink"] = "both"
    protocol: int | None = None
    remote: str | None = None
    remote_ports: tuple[int, int] | None = None
    local_ports: tuple[int, int] | None = None
    service: tuple[int, int] | None = None
    ethertype: int | None = None
    vlan: int | None = None
    mac: bytes | None = None


class QosFlow(msgspec.Struct, frozen=True, gc=False):
    """A QoS flow beside the default one (TS 29.512 5.6.2.6, 5.6.2.8); one with a guaranteed rate has a GBR.

    `reflective`: terminals that can send back on the flow that packets came on (TS 23.501 5.7.5).
    """

    five_qi: int
    arp: Arp
    filters: tuple[FlowFilter, ...]
    guaranteed: Ambr | None = None
    most: Ambr | None = None
    reflective: bool = False


class AskedFlows(msgspec.Struct, frozen=True, gc=False):
    """What flows a terminal may ask for: their 5QIs, the rate of each at most, and how many at a time."""

    five_qis: tuple[int, ...]
    most: Ambr
    flows: int


class SmPolicyDecision(msgspec.Struct, frozen=True, gc=False):
    """What the SMF enforces (TS 29.512 5.6.2.4): the default flow, `flows` beside it, what may be asked for beyond.

    Rates are in bit/s.
    """

    session_ambr: Ambr
    five_qi: int
    arp: Arp
    flows: tuple[QosFlow, ...] = ()
    asked: AskedFlows | None = None


class PolicyControl(Protocol):
    """The PCF as AMF and SMF see it; ServiceError POLICY_CONTEXT_DENIED, USER_UNKNOWN."""

    async def create_am_policy(self, supi: Supi, tai: Tai, subscribed: Ambr) -> AmPolicyAssociation:
        """Npcf_AMPolicyControl_Create (TS 29.507 4.2.2)."""

    async def update_am_policy(self, supi: Supi, tai: Tai, subscribed: Ambr) -> AmPolicyAssociation:
        """Npcf_AMPolicyControl_Update (TS 29.507 4.2.3)."""

    async def delete_am_policy(self, supi: Supi) -> None:
        """Npcf_AMPolicyControl_Delete (TS 29.507 4.2.5)."""

    async def create_sm_policy(self, context: SmPolicyContext) -> SmPolicyDecision:
        """Npcf_SMPolicyControl_Create (TS 29.512 4.2.2)."""

    async def update_sm_policy(self, context: SmPolicyContext) -> SmPolicyDecision:
        """Npcf_SMPolicyControl_Update (TS 29.512 4.2.4)."""

    async def delete_sm_policy(self, supi: Supi, pdu_session_id: int) -> None:
        """Npcf_SMPolicyControl_Delete (TS 29.512 4.2.5)."""
