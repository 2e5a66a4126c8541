"""NAS security mode control: take a security context into use (TS 24.501 5.4.2, TS 33.501 6.7.2)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.configuration import SecurityPolicy
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.initial import Initial
from freehold.core.amf.procedures.authentication import Authenticated
from freehold.core.amf.state.ue import Ue
from freehold.procedure import exchange, procedure
from freehold.spec.causes import MmCause
from freehold.spec.errors import PeerError, Reject
from freehold.spec.failures import Unmet
from freehold.spec.identities import Pei
from freehold.stack.nas_security import HeaderType, NasSecurity

ALGORITHMS: Final = range(4)
PREFIXES: Final = {"ciphering": "NEA", "integrity": "NIA"}
RETRANSMIT: Final = nas.AdditionalSecurityInformation(retransmit_initial_message=True)


def select(policy: SecurityPolicy, capability: nas.UeSecurityCapability) -> nas.SecurityAlgorithms:
    """The operator's first algorithms that the UE has (TS 33.501 6.7.1.1)."""
    ciphering = next((each for each in policy.ciphering if capability.ciphering(each)), None)
    integrity = next((each for each in policy.integrity if capability.integrity(each)), None)
    if ciphering is None or integrity is None:
        # TS 33.512 4.2.2.6.1: a null algorithm is never the way out unless the operator listed it
        raise Reject(
            MmCause.UE_SECURITY_CAPABILITIES_MISMATCH,
            f"the terminal has none of 5G-EA {policy.ciphering} or none of 5G-IA {policy.integrity}",
            "[amf] ciphering and integrity list the algorithms allowed here",
            unmet=_no_algorithm(policy, capability),
        )
    return nas.SecurityAlgorithms(ciphering=ciphering, integrity=integrity)


@procedure(spec="TS 24.501 5.4.2")
async def security_mode_control(
    amf: AmfFunction, ue: Ue, authenticated: Authenticated, initial: Initial[nas.RegistrationRequest]
) -> nas.RegistrationRequest:
    """Protect N1 from here on; the complete initial message comes back (TS 24.501 4.4.6)."""
    capability = nas.UeSecurityCapability(ue.security.capability)
    algorithms = select(amf.configuration.security, capability)
    ue.security.unanswered = 0
    ue.security.pending = NasSecurity(
        "amf", authenticated.kamf, authenticated.ngksi, nea=algorithms.ciphering, nia=algorithms.integrity
    )
    answer = await exchange(
        N1(amf, ue, HeaderType.INTEGRITY_NEW_CONTEXT),
        nas.SecurityModeCommand(
            security_algorithms=algorithms,
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=authenticated.ngksi),
            replayed_ue_security_capability=capability,
            imeisv_request=1,
            # TS 24.501 5.4.2.2: a message whose protection this AMF could not verify is to come again, whole
            additional_security_information=RETRANSMIT if initial.protected and not initial.verified else None,
        ),
        nas.SecurityModeComplete,
        nas.SecurityModeReject,
        timer="T3560",
    )
    if isinstance(answer, nas.SecurityModeReject):
        # TS 24.501 5.4.2.5: the procedure that needed it ends, the context in use before stays
        ue.security.pending = None
        raise PeerError(
            f"the terminal rejected the security mode with cause #{answer.cause}",
            answer.cause,
            unmet=Unmet("security-mode-rejected", f"5GMM #{answer.cause} of the terminal"),
        )
    if isinstance(answer.imeisv, Pei):
        ue.identity.pei = answer.imeisv
    return complete_request(answer, initial.message)


def _no_algorithm(policy: SecurityPolicy, capability: nas.UeSecurityCapability) -> Unmet:
    """What the terminal has beside what is allowed."""
    has = {
        "ciphering": [number for number in ALGORITHMS if capability.ciphering(number)],
        "integrity": [number for number in ALGORITHMS if capability.integrity(number)],
    }
    allowed = {"ciphering": policy.ciphering, "integrity": policy.integrity}
    said = {kind: " ".join(f"{PREFIXES[kind]}{number}" for number in numbers) for kind, numbers in has.items()}
    here = [f"{PREFIXES[kind]}{number}" for kind, numbers in allowed.items() for number in numbers]
    lacking = {kind: said[kind] for kind in has if not set(has[kind]) & set(allowed[kind])}
    return Unmet("algorithms", " ".join(said.values()), " ".join(here), lacking)


def complete_request(answer: nas.SecurityModeComplete, request: nas.RegistrationRequest) -> nas.RegistrationRequest:
    """The initial message as the UE meant it (TS 24.501 5.4.2.4); without a container what came first."""
    if answer.nas_message_container is None:
        return request
    complete = nas.decode(answer.nas_message_container).message
    if isinstance(complete, nas.RegistrationRequest):
        return complete
    # TS 24.501 5.4.2.3: the container holds the message that started this procedure, and no other
    raise Reject(
        MmCause.SEMANTICALLY_INCORRECT_MESSAGE,
        f"the container of SECURITY MODE COMPLETE holds {type(complete).__name__}, not the registration request",
        "look at the terminal's NAS: it breaks TS 24.501 5.4.2.3",
        unmet=Unmet("container", type(complete).__name__, "RegistrationRequest"),
    )
