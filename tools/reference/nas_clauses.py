"""The clause of TS 24.501 of each element whose value is a number, a text or octets: no class is there to cite it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from freehold.codecs.nas import SmMessage

_COMMON: Final = MappingProxyType(
    {
        "additional_information": "9.11.2.1",
        "access_type": "9.11.2.1A",
        "dnn": "9.11.2.1B",
        "eap_message": "9.11.2.2",
        "identity_type": "9.11.3.3",
        "additional_guti": "9.11.3.4",
        "last_visited_tai": "9.11.3.8",
        "abba": "9.11.3.10",
        "allowed_pdu_session_status": "9.11.3.13",
        "failure_parameter": "9.11.3.14",
        "autn": "9.11.3.15",
        "rand": "9.11.3.16",
        "response_parameter": "9.11.3.17",
        "control_plane_service_type": "9.11.3.18D",
        "daylight_saving_time": "9.11.3.19",
        "eps_bearer_context_status": "9.11.3.23A",
        "eps_nas_message_container": "9.11.3.24",
        "imeisv_request": "9.11.3.28",
        "ladn_indication": "9.11.3.29",
        "ma_pdu_session_information": "9.11.3.31A",
        "nas_message_container": "9.11.3.33",
        "non_3gpp_nw_policies": "9.11.3.36A",
        "nssai_inclusion_mode": "9.11.3.37A",
        "payload_container": "9.11.3.39",
        "payload_container_type": "9.11.3.40",
        "pdu_session_identity": "9.11.3.41",
        "old_pdu_session_identity": "9.11.3.41",
        "reactivation_result": "9.11.3.42",
        "pdu_session_status": "9.11.3.44",
        "release_assistance_indication": "9.11.3.46A",
        "request_type": "9.11.3.47",
        "service_type": "9.11.3.50",
        "sms_indication": "9.11.3.50A",
        "local_time_zone": "9.11.3.52",
        "uplink_data_status": "9.11.3.57",
        "ue_radio_capability_id_deletion": "9.11.3.69",
        "n5gc_indication": "9.11.3.72",
        "requested_nb_n1_mode_drx_parameters": "9.11.3.73",
        "negotiated_nb_n1_mode_drx_parameters": "9.11.3.73",
        "additional_configuration": "9.11.3.74",
        "ue_request_type": "9.11.3.76",
        "additional_request_result": "9.11.3.81",
        "relay_transaction_identity": "9.11.3.88",
        "priority_indicator": "9.11.3.91",
        "always_on": "9.11.4.3",
        "always_on_requested": "9.11.4.4",
        "pdu_session_type": "9.11.4.11",
        "selected_pdu_session_type": "9.11.4.11",
        "dn_request_container": "9.11.4.15",
        "ssc_mode": "9.11.4.16",
        "selected_ssc_mode": "9.11.4.16",
        "serving_plmn_rate_control": "9.11.4.20",
        "control_plane_only": "9.11.4.23",
        "ds_tt_port_mac_address": "9.11.4.25",
        "ue_ds_tt_residence_time": "9.11.4.26",
        "port_management_container": "9.11.4.27",
        "ethernet_header_compression": "9.11.4.28",
        "pdu_session_pair_id": "9.11.4.32",
        "rsn": "9.11.4.33",
        "pti": "9.6",
        "os_identities": "D.6.6",
    }
)
_CAUSE: Final = "cause"


def clause_of(message: type, element: str) -> str:
    """The clause of an element of a message, "" where the classes of its value cite theirs."""
    if element == _CAUSE:  # TS 24.501 has one table of causes for each of its two protocols
        return "TS 24.501 9.11.4.2" if issubclass(message, SmMessage) else "TS 24.501 9.11.3.2"
    found = _COMMON.get(element)
    return f"TS 24.501 {found}" if found else ""
