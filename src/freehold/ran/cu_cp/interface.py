"""What an AMF tells of itself or of the whole interface (TS 38.413 8.5.1, 8.7.3 to 8.7.8)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.procedure import exchange, procedure
from freehold.ran.cu_cp.link import Link
from freehold.ran.state.ue import Ue
from freehold.spec.errors import PeerError
from freehold.spec.events import Event
from freehold.stack.ngap_values import guami_of, s_tmsi_of, tai_of

Notes = ngap.CriticalityDiagnostics | None


def paging(link: Link, message: ngap.Paging, _: Notes) -> None:
    """Page the terminal that listens under the identity, where a tracking area is ours (TS 38.413 8.5.1.2)."""
    gnb = link.gnb
    identity, areas = message.ue_paging_identity, message.tai_list_for_paging or ()
    if identity is None or identity[0] != "fiveG-S-TMSI":
        return
    if gnb.configuration.tai in {tai_of(item.tai) for item in areas}:
        terminal = gnb.contexts.camped.get(s_tmsi_of(identity[1]))
        if terminal is not None:
            terminal.paged()


def overload_start(link: Link, message: ngap.OverloadStart, _: Notes) -> None:
    """Refuse from now on what the AMF says; without a word everything but emergencies (TS 38.413 8.7.7.2)."""
    response = message.amf_overload_response
    stated = None if response is None or response[0] != "overloadAction" else response[1]
    link.amf.overload = stated or "permit-emergency-sessions-and-mobile-terminated-services-only"
    link.amf.reduction = message.amf_traffic_load_reduction_indication or 0
    link.gnb.report("amf-overload", f"{link} asks for less: {link.amf.overload}", None)


def overload_stop(link: Link, _message: ngap.OverloadStop, _: Notes) -> None:
    """Serve as before (TS 38.413 8.7.8.2)."""
    link.amf.overload, link.amf.reduction = None, 0


def amf_configuration_update(link: Link, message: ngap.AMFConfigurationUpdate, notes: Notes) -> None:
    """Take the AMF's changes over; further associations are not set up (TS 38.413 8.7.3.2)."""
    try:
        link.amf.learn(message)
    except PeerError:
        link.send(
            ngap.AMFConfigurationUpdateFailure(cause=("protocol", "semantic-error"), criticality_diagnostics=notes)
        )
        raise
    failed = [
        ngap.TNLAssociationItem(
            tnl_association_address=item.amf_tnl_association_address, cause=("transport", "unspecified")
        )
        for item in message.amf_tnl_association_to_add_list or ()
    ]
    link.send(
        ngap.AMFConfigurationUpdateAcknowledge(
            amf_tnl_association_failed_to_setup_list=failed or None, criticality_diagnostics=notes
        )
    )


def amf_status_indication(link: Link, message: ngap.AMFStatusIndication, _: Notes) -> None:
    """Choose this AMF no longer for the GUAMIs it gives up; connected terminals stay (TS 38.413 8.7.6.2)."""
    gone = {guami_of(item.guami) for item in message.unavailable_guami_list}
    link.amf.guamis -= gone
    link.gnb.report("amf-status", f"{link} serves no longer as {', '.join(map(str, sorted(gone)))}", None)


def reset(link: Link, message: ngap.NGReset, notes: Notes) -> None:
    """Release all UEs, or the named ones, without signalling for each, and acknowledge (TS 38.413 8.7.4.2.1)."""
    kind, part = message.reset_type
    named: list[ngap.UEAssociatedLogicalNGConnectionItem] | None = None
    if kind == "nG-Interface":
        ues = tuple(link.ues.values())
    else:
        named = part if isinstance(part, list) else []
        ues = tuple(ue for item in named if (ue := find(link, item.amf_ue_ngap_id, item.ran_ue_ngap_id)) is not None)
    for ue in ues:
        link.gnb.release_locally(ue, "NG Reset by the AMF", tell=False)
    link.send(
        # TS 38.413 8.7.4.2.1: the items come back in the order received, known or not.
        ngap.NGResetAcknowledge(ue_associated_logical_ng_connection_list=named or None, criticality_diagnostics=notes)
    )
    link.gnb.report("ng-reset", f"{link} reset {'the interface' if named is None else f'{len(ues)} UEs'}", None)


def find(link: Link, amf_ue_ngap_id: int | None, ran_ue_ngap_id: int | None) -> Ue | None:
    """The UE that one or both identifiers name; none where they contradict each other (TS 38.413 9.2.6.11)."""
    ue = None if ran_ue_ngap_id is None else link.ues.get(ran_ue_ngap_id)
    if ran_ue_ngap_id is None and amf_ue_ngap_id is not None:
        ue = link.by_amf_id.get(amf_ue_ngap_id)
    contradicted = ue is not None and amf_ue_ngap_id is not None and ue.amf_ue_ngap_id not in {None, amf_ue_ngap_id}
    return None if contradicted else ue


def error_indication(link: Link, message: ngap.ErrorIndication, _: Notes) -> None:
    """The AMF met an error of ours: told, never answered; a UE it does not know is released (TS 38.413 8.7.5, 10.6)."""
    cause = message.cause or ("misc", "unspecified")
    diagnosis = message.criticality_diagnostics
    about = "" if diagnosis is None else f" about procedure {diagnosis.procedure_code}"
    text = f"{link} indicates an error{about}: {cause[0]}: {cause[1]}"
    link.gnb.driver.environment.emit(Event("error-indication", text, "warning", str(link), clause="TS 38.413 8.7.5"))
    if cause[1] in {"unknown-local-UE-NGAP-ID", "inconsistent-remote-UE-NGAP-ID"}:
        ue = find(link, message.amf_ue_ngap_id, message.ran_ue_ngap_id)
        ue = ue or (None if message.ran_ue_ngap_id is None else link.ues.get(message.ran_ue_ngap_id))
        if ue is not None:
            link.gnb.release_locally(ue, "the AMF does not know it")


@procedure(spec="TS 38.413 8.7.4")
async def ng_reset(link: Link, cause: ngap.Cause, ues: tuple[tuple[int | None, int], ...] | None) -> None:
    """Reset the interface, or the UEs of (AMF, RAN) identifiers, at the AMF (TS 38.413 8.7.4.2.2)."""
    kind: ngap.ResetType = ("nG-Interface", "reset-all")
    if ues is not None:
        items = [
            ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=amf_id, ran_ue_ngap_id=ran_id)
            for amf_id, ran_id in ues
        ]
        kind = ("partOfNG-Interface", items)
    await exchange(link, ngap.NGReset(cause=cause, reset_type=kind), ngap.NGResetAcknowledge, timer="NGAP-response")
