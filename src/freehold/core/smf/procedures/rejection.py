"""What becomes of a session that the target of a handover rejects (TS 23.502 4.9.1.2.2 step 2, 4.9.1.3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs import ngap
from freehold.core.smf import rules
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import ModificationAnswered
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.release import pdu_session_release
from freehold.core.smf.state.session import SmContext
from freehold.core.smf.transfers import NotModified
from freehold.procedure import Collision, procedure
from freehold.services.nudm import UserPlaneSecurity
from freehold.spec.causes import SmCause

INTEGRITY: Final = frozenset({"integrity"})
CONFIDENTIALITY: Final = frozenset({"confidentiality"})
UNENFORCED: Final[Mapping[ngap.Cause, frozenset[str]]] = MappingProxyType(
    {
        ("radioNetwork", "up-integrity-protection-not-possible"): INTEGRITY,
        ("radioNetwork", "ue-max-integrity-protected-data-rate-reason"): INTEGRITY,
        ("radioNetwork", "up-confidentiality-protection-not-possible"): CONFIDENTIALITY,
        ("radioNetwork", "encryption-and-or-integrity-protection-algorithms-not-supported"): INTEGRITY
        | CONFIDENTIALITY,
    }
)
"""Which protection of the user plane a gNB says that it cannot give (TS 38.413 9.3.1.2)."""


def unprotected(security: UserPlaneSecurity, cause: ngap.Cause) -> bool:
    """Whether the target lacks what the user plane security policy requires (TS 23.501 5.10.3)."""
    return any(getattr(security, protection) == "required" for protection in UNENFORCED.get(cause, ()))


async def reject(smf: SmfFunction, session: SmContext, cause: ngap.Cause) -> None:
    """A session whose required protection the target cannot give is released; any other has no user plane."""
    session.user_plane.downlink = None
    await user_plane.modify(smf, session, rules.hold_downlink(session))
    if unprotected(session.security, cause):
        smf.tell(
            "session-unprotected",
            f"the gNB that the terminal went to cannot protect the session as its policy requires ({cause[1]}):"
            " it is released",
            subject=session,
            fix="let that gNB protect the user plane, or do not require it of the subscriber's DNN",
            clause="TS 23.501 5.10.3",
            cause=f"NGAP {cause[1]}",
        )
        smf.perform_soon(session, pdu_session_release(smf, session, SmCause.REGULAR_DEACTIVATION))


@procedure(
    spec="TS 23.502 4.9.1.2.2",
    keeps=(ModificationAnswered, NotModified),
    collides={"rejection": Collision.DROP, "deactivation": Collision.DROP},
)
async def rejection(smf: SmfFunction, session: SmContext, cause: ngap.Cause) -> None:
    """Another gNB serves the UE, and has no resources for this session: step 2."""
    await reject(smf, session, cause)
