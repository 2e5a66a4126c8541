"""REGISTRATION ACCEPT, exactly what a terminal needs and no more (TS 24.501 5.5.1.2.4, 8.2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from freehold.codecs import nas
from freehold.core.amf.configuration import NetworkFeatures
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Ue
from freehold.services.nnssf import AuthorizedNetworkSliceInfo, RejectedIn
from freehold.spec.identities import Guti, SNssai, Tai

REJECTED: Final[dict[RejectedIn, int]] = {"plmn": 0, "registration-area": 1}
"""Cause of a rejected S-NSSAI (TS 24.501 9.11.3.46)."""
EMERGENCY_ON_NR: Final = 1
"""EMC and EMF values: on NR connected to 5GCN only (TS 24.501 9.11.3.5)."""


@lru_cache(maxsize=256)
def area(tais: tuple[Tai, ...]) -> list[nas.TacList | nas.TacRange | nas.TaiEntries]:
    """The 5GS tracking area identity list (TS 24.501 9.11.3.9)."""
    return nas.tai_list(tais)


@lru_cache(maxsize=256)
def slices(values: tuple[SNssai, ...]) -> list[nas.SNssaiElement]:
    """An NSSAI of up to 8 allowed or 16 configured slices (TS 24.501 9.11.3.37)."""
    return nas.nssai(values)


@lru_cache(maxsize=16)
def features(configured: NetworkFeatures, ims_voice: bool) -> nas.NetworkFeatureSupport:
    """5GS network feature support, said also where all is "no": phones leave SA otherwise (TS 24.501 9.11.3.5)."""
    return nas.NetworkFeatureSupport(
        interworking_without_n26=configured.interworking_without_n26,
        emergency_fallback=EMERGENCY_ON_NR if configured.emergency_fallback else 0,
        emergency_services=EMERGENCY_ON_NR if configured.emergency else 0,
        ims_voice_3gpp=configured.ims_voice and ims_voice,
        octet_4=nas.NetworkFeaturesOctet4(),
    )


@lru_cache(maxsize=16)
def timer3(seconds: float) -> nas.GprsTimer3:
    """T3512's form, rounded down: the AMF's own timers count on the UE coming in time (TS 24.501 5.3.7, 9.11.2.5)."""
    timer = nas.GprsTimer3.of(seconds)
    longer = timer.seconds is not None and timer.seconds > seconds
    return msgspec.structs.replace(timer, value=timer.value - 1) if longer else timer


@lru_cache(maxsize=16)
def timer2(seconds: float) -> nas.GprsTimer:
    """T3502's form (TS 24.501 9.11.2.4)."""
    return nas.GprsTimer.of(seconds)


def build_registration_accept(
    amf: AmfFunction,
    ue: Ue,
    request: nas.RegistrationRequest,
    selection: AuthorizedNetworkSliceInfo,
    guti: Guti,
    reactivation: Sequence[nas.ReactivationError] | None,
) -> nas.RegistrationAccept:
    """The accept of one registration; `reactivation` lists failures, None where nothing was to be reactivated."""
    timers, configuration, mobility = amf.driver.timers, amf.configuration, ue.mobility
    ims = ue.subscription is not None and ue.subscription.data.ims_voice
    rejected = [nas.RejectedSNssai(cause=REJECTED[where], snssai=slice_) for slice_, where in selection.rejected]
    # TS 24.501 5.5.1.2.4: a Configured NSSAI where the UE showed none of its own
    configured = request.requested_nssai is None or bool(rejected)
    return nas.RegistrationAccept(
        registration_result=nas.RegistrationResult(value=nas.AccessType.THREE_GPP),
        guti=guti,  # TS 33.501 6.12.3: always a new one; it starts T3550
        tai_list=area(mobility.area),
        allowed_nssai=slices(mobility.allowed),
        rejected_nssai=rejected or None,
        configured_nssai=slices(selection.configured) if configured and selection.configured else None,
        network_feature_support=features(configuration.features, ims),
        # TS 24.501 5.5.1.3.4: the session status answers the UE's, so that both sides agree
        pdu_session_status=None
        if request.pdu_session_status is None
        else [session.pdu_session_id for session in ue.sessions],
        reactivation_result=None if reactivation is None else [error.pdu_session_identity for error in reactivation],
        reactivation_result_errors=list(reactivation) if reactivation else None,
        mico_indication=None,  # TS 24.501 5.5.1.2.4: MICO was not granted: absent even where asked for
        negotiated_drx_parameters=request.requested_drx_parameters,
        t3512=timer3(timers["T3512"].seconds),
        t3502=timer2(timers["T3502"].seconds),
    )
