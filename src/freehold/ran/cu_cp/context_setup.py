"""The UE context: initial setup, modification, radio capability (TS 38.413 8.3.1, 8.3.4, 8.14.1)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.procedure import procedure, send
from freehold.ran.configuration import GnbConfiguration
from freehold.ran.cu_cp import sessions
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.cu_cp.nas_transport import deliver
from freehold.ran.state.machines import Step
from freehold.ran.state.ue import AsSecurity, Ue, UeContext
from freehold.spec.errors import Reject
from freehold.spec.keys import Key
from freehold.stack.ngap_faults import NgapReject

Notes = ngap.CriticalityDiagnostics | None
_UNSUPPORTED: ngap.Cause = ("radioNetwork", "encryption-and-or-integrity-protection-algorithms-not-supported")
_RADIO_FAILURE: ngap.Cause = ("radioNetwork", "failure-in-radio-interface-procedure")


def supports(algorithms: tuple[int, int], number: int) -> bool:
    """Whether a string of NGAP names an algorithm: its first bit is number 1, 0 needs none (TS 38.413 9.3.1.86)."""
    value, bits = algorithms
    return number == 0 or (number <= bits and bool(value >> (bits - number) & 1))


def choose(order: tuple[int, ...], algorithms: tuple[int, int], what: str) -> int:
    """The best algorithm that the terminal has too (TS 33.501 6.7.3.0)."""
    for number in order:
        if supports(algorithms, number):
            return number
    raise NgapReject(
        _UNSUPPORTED, f"no common {what} algorithm", f"add one the terminal has to the gNB's {what} algorithms"
    )


def algorithms(
    configuration: GnbConfiguration, ciphering: tuple[int, int], integrity: tuple[int, int]
) -> tuple[int, int]:
    """The best ciphering and integrity algorithms that the terminal has too; NgapReject where there are none."""
    return choose(configuration.ciphering, ciphering, "ciphering"), choose(
        configuration.integrity, integrity, "integrity"
    )


def secure(ue: Ue, capabilities: ngap.UESecurityCapabilities, security_key: tuple[int, int]) -> AsSecurity:
    """Choose the algorithms and command them to the terminal (TS 33.501 6.7.4, TS 38.331 5.3.4)."""
    ciphering, integrity = algorithms(
        ue.link.gnb.configuration,
        capabilities.nr_encryption_algorithms,
        capabilities.nr_integrity_protection_algorithms,
    )
    k_gnb = Key(security_key[0].to_bytes(32, "big"))
    if not ue.terminal.security(k_gnb, ciphering, integrity):
        raise NgapReject(_RADIO_FAILURE, "the terminal refused the AS security mode command")
    return AsSecurity(k_gnb, ciphering, integrity)


def tell_capability(ue: Ue) -> None:
    """UE RADIO CAPABILITY INFO INDICATION with what the terminal says it can (TS 38.413 8.14.1.2)."""
    capability = ue.terminal.radio_capability()
    if capability and ue.amf_ue_ngap_id is not None:
        ue.radio.capability_told = True
        UeChannel(ue).send(
            ngap.UERadioCapabilityInfoIndication(
                amf_ue_ngap_id=ue.amf_ue_ngap_id, ran_ue_ngap_id=ue.ran_ue_ngap_id, ue_radio_capability=capability
            )
        )


async def setup_refused(error: Reject, ue: Ue, request: ngap.InitialContextSetupRequest, notes: Notes) -> None:
    """INITIAL CONTEXT SETUP FAILURE (TS 38.413 8.3.1.3)."""
    cause: ngap.Cause = error.ngap_cause if isinstance(error, NgapReject) else ("misc", "unspecified")
    await send(
        UeChannel(ue),
        ngap.InitialContextSetupFailure(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            cause=cause,
            criticality_diagnostics=notes,
        ),
    )
    ue.link.gnb.report("context-setup-refused", f"{error}", ue, error.fix)


@procedure(spec="TS 38.413 8.3.1", on_reject=setup_refused)
async def initial_context_setup(ue: Ue, request: ngap.InitialContextSetupRequest, notes: Notes) -> None:
    """Take key, capabilities and sessions over, command AS security, and answer."""
    ue.security = secure(ue, request.ue_security_capabilities, request.security_key)  # 8.3.1.2
    ue.context = UeContext(request.ue_security_capabilities, request.guami, request.ue_aggregate_maximum_bit_rate)
    ue.move(Step.SETUP)
    if request.ue_radio_capability is None and not ue.radio.capability_told:
        tell_capability(ue)
    asked = [
        sessions.Asked(
            item.pdu_session_id, item.nas_pdu, item.s_nssai, item.pdu_session_resource_setup_request_transfer
        )
        for item in request.pdu_session_resource_setup_list_cxt_req or ()
    ]
    done, failed, nas = sessions.admit(ue, asked)
    await send(
        UeChannel(ue),
        ngap.InitialContextSetupResponse(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            pdu_session_resource_setup_list_cxt_res=[
                ngap.PDUSessionResourceSetupItemCxtRes(
                    pdu_session_id=number, pdu_session_resource_setup_response_transfer=transfer
                )
                for number, transfer in done
            ]
            or None,
            pdu_session_resource_failed_to_setup_list_cxt_res=[
                ngap.PDUSessionResourceFailedToSetupItemCxtRes(
                    pdu_session_id=number, pdu_session_resource_setup_unsuccessful_transfer=transfer
                )
                for number, transfer in failed
            ]
            or None,
            criticality_diagnostics=notes,
        ),
    )
    deliver(ue, request.nas_pdu)
    for octets in nas:
        deliver(ue, octets)


async def modification_refused(error: Reject, ue: Ue, request: ngap.UEContextModificationRequest, notes: Notes) -> None:
    """UE CONTEXT MODIFICATION FAILURE (TS 38.413 8.3.4.3)."""
    cause: ngap.Cause = error.ngap_cause if isinstance(error, NgapReject) else ("misc", "unspecified")
    await send(
        UeChannel(ue),
        ngap.UEContextModificationFailure(
            amf_ue_ngap_id=request.amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            cause=cause,
            criticality_diagnostics=notes,
        ),
    )


@procedure(spec="TS 38.413 8.3.4", on_reject=modification_refused)
async def ue_context_modification(ue: Ue, request: ngap.UEContextModificationRequest, notes: Notes) -> None:
    """Take a changed key, capabilities and AMF UE NGAP ID over (TS 38.413 8.3.4.2)."""
    capabilities, key = request.ue_security_capabilities, request.security_key
    if capabilities is not None and key is not None:
        ue.security = secure(ue, capabilities, key)
    elif key is not None and ue.security is not None:
        k_gnb = Key(key[0].to_bytes(32, "big"))
        if not ue.terminal.security(k_gnb, ue.security.ciphering, ue.security.integrity):
            raise NgapReject(_RADIO_FAILURE, "the terminal refused the new key")
        ue.security = AsSecurity(k_gnb, ue.security.ciphering, ue.security.integrity)
    if ue.context is not None:
        ue.context = UeContext(
            capabilities or ue.context.capabilities,
            request.new_guami or ue.context.guami,
            request.ue_aggregate_maximum_bit_rate or ue.context.ambr,
        )
    amf_ue_ngap_id = request.amf_ue_ngap_id
    if request.new_amf_ue_ngap_id is not None:
        amf_ue_ngap_id = request.new_amf_ue_ngap_id
        ue.link.gnb.rename(ue, amf_ue_ngap_id)
    await send(
        UeChannel(ue),
        ngap.UEContextModificationResponse(
            amf_ue_ngap_id=amf_ue_ngap_id,
            ran_ue_ngap_id=request.ran_ue_ngap_id,
            criticality_diagnostics=notes,
        ),
    )
