"""What an AMF asks about a terminal: where it is, what it can (TS 38.413 8.12.1, 8.14.2)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.state.ue import Ue


def location_reporting_control(ue: Ue, message: ngap.LocationReportingControl) -> None:
    """Answer a direct request with the cell (TS 38.413 8.12.1.2); with one cell, changes have nothing to report."""
    asked = message.location_reporting_request_type
    if asked is not None and asked.event_type == "direct":
        UeChannel(ue).send(
            ngap.LocationReport(
                amf_ue_ngap_id=message.amf_ue_ngap_id,
                ran_ue_ngap_id=message.ran_ue_ngap_id,
                user_location_information=ue.link.gnb.location,
                location_reporting_request_type=asked,
            )
        )


def radio_capability_check(ue: Ue, message: ngap.UERadioCapabilityCheckRequest) -> None:
    """Say that voice over IMS is not matched by this radio (TS 38.413 8.14.2.2)."""
    UeChannel(ue).send(
        ngap.UERadioCapabilityCheckResponse(
            amf_ue_ngap_id=message.amf_ue_ngap_id,
            ran_ue_ngap_id=message.ran_ue_ngap_id,
            ims_voice_support_indicator="not-supported",
        )
    )
