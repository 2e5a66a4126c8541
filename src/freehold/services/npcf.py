"""Npcf: access and mobility policy, session management policy (TS 29.507, TS 29.512)."""

from __future__ import annotations

from typing import Protocol

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


class SmPolicyDecision(msgspec.Struct, frozen=True, gc=False):
    """What the SMF enforces on the default flow (TS 29.512 5.6.2.4); rates in bit/s."""

    session_ambr: Ambr
    five_qi: int
    arp: Arp


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
