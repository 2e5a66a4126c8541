"""Security mode control at the UE (TS 24.501 5.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.codecs import nas
from freehold.codecs.nas import SecurityModeCommand, SecurityModeComplete, SecurityModeReject
from freehold.crypto.algorithms import NULL
from freehold.procedure import procedure
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.ue.usim import supports

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

IMEISV_REQUESTED = 1
"""TS 24.501 9.11.3.28."""


@procedure(spec="TS 24.501 5.4.2.3")
async def security_mode(ue: Terminal, command: SecurityModeCommand, octets: bytes) -> None:
    """Take a security context into use, or say why not; a command whose MAC is wrong is discarded."""
    refusal = objection(ue, command)
    if refusal is not None:
        ue.link.send(SecurityModeReject(refusal))  # TS 24.501 5.4.2.5
        return
    security = context(ue, command)
    if security is None or not security.unprotect(octets).verified:
        ue.environment.count(counters.PROTOCOL_FAULT, "UE N1 SECURITY MODE COMMAND discarded")  # TS 24.501 4.4.4.2
        return
    answered = ue.link.k_gnb_counts if repeated(ue, security) else ()
    ue.usim.security, ue.usim.partial = security, None
    ue.alarms.stop("T3516", "T3520")
    complete = SecurityModeComplete(
        imeisv=ue.configuration.equipment.pei if command.imeisv_request == IMEISV_REQUESTED else None,
        nas_message_container=ue.link.container(asked=retransmission_asked(command)),
    )
    ue.link.security_mode_count = security.uplink  # TS 33.501 6.9.4.4
    ue.link.k_gnb_counts = (*answered, security.uplink)  # TS 33.501 6.8.1.2.2
    ue.link.send_protected(security.protect(nas.encode(complete), HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT))
    ue.link.secure()


def repeated(ue: Terminal, security: NasSecurity) -> bool:
    """Whether this connection's last command comes again: T3560 ran out while its answer was on the way."""
    counts = ue.link.k_gnb_counts
    return security is ue.usim.security and ue.link.security_mode_count == counts[-1]


def retransmission_asked(command: SecurityModeCommand) -> bool:
    """Whether the network wants the initial message again: RINMR (TS 24.501 5.4.2.2, 9.11.3.12)."""
    information = command.additional_security_information
    return information is not None and information.retransmit_initial_message


def objection(ue: Terminal, command: SecurityModeCommand) -> MmCause | None:
    """Why the command cannot be accepted, whatever its MAC (TS 24.501 5.4.2.3, 5.4.2.5)."""
    capability = ue.configuration.equipment.security_capability
    algorithms = command.security_algorithms
    if command.replayed_ue_security_capability != capability:
        return MmCause.UE_SECURITY_CAPABILITIES_MISMATCH
    if not supports(capability, algorithms.ciphering, algorithms.integrity):
        return MmCause.UE_SECURITY_CAPABILITIES_MISMATCH
    if algorithms.integrity == NULL:  # TS 24.501 4.4.4.1: 5G-IA0 is for unauthenticated emergency calls only
        return MmCause.SECURITY_MODE_REJECTED
    return None


def context(ue: Terminal, command: SecurityModeCommand) -> NasSecurity | None:
    """The context the command names: the one just agreed, or the current one with these algorithms."""
    ngksi, algorithms = command.ng_ksi.value, command.security_algorithms
    if ue.usim.partial is not None and ue.usim.partial.ngksi == ngksi:
        kamf = ue.usim.partial.agreed.kamf
        return NasSecurity("ue", kamf, ngksi, nea=algorithms.ciphering, nia=algorithms.integrity)
    current = ue.usim.security
    if current is None or current.ngksi != ngksi:
        return None
    if (current.nea, current.nia) == (algorithms.ciphering, algorithms.integrity):
        return current
    state = current.snapshot(0)  # TS 24.501 4.4.2.6: other algorithms, the same KAMF and counts
    return NasSecurity.resume("ue", msgspec.structs.replace(state, nea=algorithms.ciphering, nia=algorithms.integrity))
