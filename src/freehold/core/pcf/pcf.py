"""Npcf_AMPolicyControl and Npcf_SMPolicyControl with policies that stand in the configuration (TS 23.503 6)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.services.npcf import AmPolicyAssociation, AskedFlows, QosFlow, SmPolicyContext, SmPolicyDecision
from freehold.services.nudm import Ambr, Arp
from freehold.spec.identities import SNssai, Supi, Tai

MOST: Final = Ambr(4_000_000_000_000, 4_000_000_000_000)
"""What a gNB can be told (TS 38.413 9.3.1.4)."""


class SessionRule(msgspec.Struct, frozen=True):
    """What the operator decides for a DNN, in one slice or in all; what is None stays as subscribed. Rates in bit/s."""

    dnn: str
    slice: SNssai | None = None
    most: Ambr | None = None
    """The highest session AMBR anybody gets."""
    five_qi: int | None = None
    arp: Arp | None = None
    flows: tuple[QosFlow, ...] = ()
    """Flows that every session has beside its default one."""
    asked: AskedFlows | None = None
    """What flows terminals may ask for; None where none."""


class PcfConfiguration(msgspec.Struct, frozen=True):
    """One PCF: session rules, the first that fits counts, and what every UE's AMBR and RFSP index are limited to."""

    sessions: tuple[SessionRule, ...] = ()
    ue_ambr: Ambr | None = None
    rfsp_index: int | None = None


class Pcf:
    """Policies from subscription and configuration; sessions with equal policies share one decision."""

    def __init__(self, configuration: PcfConfiguration | None = None) -> None:
        self._configuration = configuration or PcfConfiguration()
        self._decisions: dict[SmPolicyDecision, SmPolicyDecision] = {}

    def reconfigure(self, configuration: PcfConfiguration) -> None:
        """Decide by other policies from now on; what was decided stays until it is asked again."""
        self._configuration = configuration
        self._decisions.clear()

    async def create_am_policy(self, supi: Supi, tai: Tai, subscribed: Ambr) -> AmPolicyAssociation:  # noqa: ARG002
        """Npcf_AMPolicyControl_Create: what is subscribed, up to the operator's limit (TS 29.507 4.2.2)."""
        return self._association(subscribed)

    async def update_am_policy(self, supi: Supi, tai: Tai, subscribed: Ambr) -> AmPolicyAssociation:  # noqa: ARG002
        """Npcf_AMPolicyControl_Update: decided anew for what is subscribed now (TS 29.507 4.2.3)."""
        return self._association(subscribed)

    def _association(self, subscribed: Ambr) -> AmPolicyAssociation:
        limit = self._configuration.ue_ambr
        return AmPolicyAssociation(_least(subscribed, limit), self._configuration.rfsp_index)

    async def delete_am_policy(self, supi: Supi) -> None:
        """Npcf_AMPolicyControl_Delete: nothing is kept of a UE (TS 29.507 4.2.5)."""

    async def create_sm_policy(self, context: SmPolicyContext) -> SmPolicyDecision:
        """Npcf_SMPolicyControl_Create: what is subscribed, changed by the first rule that fits (TS 29.512 4.2.2)."""
        return self._decided(context)

    async def update_sm_policy(self, context: SmPolicyContext) -> SmPolicyDecision:
        """Npcf_SMPolicyControl_Update: decided anew for what is subscribed now (TS 29.512 4.2.4)."""
        return self._decided(context)

    def _decided(self, context: SmPolicyContext) -> SmPolicyDecision:
        subscribed = context.subscribed
        rule = self._rule(context)
        if rule is None:
            return self._decision(SmPolicyDecision(subscribed.session_ambr, subscribed.five_qi, subscribed.arp))
        return self._decision(
            SmPolicyDecision(
                _least(subscribed.session_ambr, rule.most),
                subscribed.five_qi if rule.five_qi is None else rule.five_qi,
                rule.arp or subscribed.arp,
                rule.flows,
                rule.asked,
            )
        )

    async def delete_sm_policy(self, supi: Supi, pdu_session_id: int) -> None:
        """Npcf_SMPolicyControl_Delete: nothing is kept of a session (TS 29.512 4.2.5)."""

    def _rule(self, context: SmPolicyContext) -> SessionRule | None:
        for rule in self._configuration.sessions:
            if rule.dnn == context.dnn and rule.slice in {None, context.slice}:
                return rule
        return None

    def _decision(self, decided: SmPolicyDecision) -> SmPolicyDecision:
        ambr = decided.session_ambr
        if ambr.uplink > MOST.uplink or ambr.downlink > MOST.downlink:
            decided = msgspec.structs.replace(decided, session_ambr=_least(ambr, MOST))
        return self._decisions.setdefault(decided, decided)


def _least(subscribed: Ambr, limit: Ambr | None) -> Ambr:
    if limit is None:
        return subscribed
    return Ambr(min(subscribed.uplink, limit.uplink), min(subscribed.downlink, limit.downlink))
