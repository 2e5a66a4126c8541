"""Which NAS messages are taken under which protection (TS 24.501 4.4.4, 9.3)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Ue
from freehold.stack.nas_security import HeaderType, NasSecurity

# TS 24.501 4.4.4.3: what the AMF processes without integrity protection until the secure exchange is there
PLAIN: Final = frozenset(
    {
        nas.RegistrationRequest,
        nas.IdentityResponse,
        nas.AuthenticationResponse,
        nas.AuthenticationFailure,
        nas.SecurityModeReject,
        nas.DeregistrationRequestFromUe,
        nas.DeregistrationAcceptFromUe,
        nas.ServiceRequest,
    }
)
NEW_CONTEXT: Final = frozenset({HeaderType.INTEGRITY_NEW_CONTEXT, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT})
HEADER_TYPE: Final = 0x0F
"""The half octet of the security header type (TS 24.501 9.3)."""
HEADER: Final = 7
"""Octets before the text of a protected message (TS 24.501 9.1.1)."""


def holder(ue: Ue, octets: bytes) -> NasSecurity | None:
    """The context a protected message is to be verified under (TS 24.501 9.3).

    The answer to a SECURITY MODE COMMAND that was sent again comes when its context is the current one already.
    """
    security = ue.security
    return (security.pending or security.current) if octets[1] & HEADER_TYPE in NEW_CONTEXT else security.current


def unprotect(amf: AmfFunction, ue: Ue, octets: bytes) -> bytes | None:
    """The text of a protected message; None where its MAC is wrong or its COUNT was used (TS 24.501 4.4.3.2)."""
    context = holder(ue, octets)
    if context is None:
        # no keys: the message counts as plain, where it is not ciphered
        plain = early(octets) if ue.security.current is None else None
    else:
        verdict = context.unprotect(octets)
        if verdict.verified and verdict.plain is not None:
            return verdict.plain
        if verdict.replayed:
            drop(amf, ue, "NAS replay", "a NAS message came again under a COUNT already used")
            return None
        plain = None
    if plain is None:
        drop(amf, ue, "NAS MAC", "a NAS message failed its integrity check")
    return plain


def unprotected(amf: AmfFunction, ue: Ue, octets: bytes) -> bytes | None:
    """A plain message: nothing plain is taken after the secure exchange began, whatever it claims to be."""
    if ue.security.current is None:
        return octets
    drop(amf, ue, "NAS plain", "a NAS message came unprotected after security was established")
    return None


def early(octets: bytes) -> bytes | None:
    """A message protected under keys this AMF does not have: its text, where it is not ciphered."""
    header = octets[1] & HEADER_TYPE
    return octets[HEADER:] if header in {HeaderType.INTEGRITY, HeaderType.INTEGRITY_NEW_CONTEXT} else None


def drop(amf: AmfFunction, ue: Ue, kind: str, text: str) -> None:
    """Discard a message, count it, say so (TS 24.501 4.4.4.3: no answer)."""
    amf.fault(kind, text + ": dropped", subject=ue, clause="TS 24.501 4.4.4.3")
