"""Which field of Wireshark's dissector shows which field of our elements, and its texts in the form of our values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from freehold.codecs import nas

MM, SM = "nas_5gs.mm.", "nas_5gs.sm."
FIELDS = {
    nas.RegistrationType: {"follow_on_request": MM + "for", "value": MM + "5gs_reg_type"},
    nas.RegistrationResult: {
        "emergency_registered": MM + "reg_res.emergency_reg",
        "slice_authentication_pending": MM + "reg_res.nssaa_perf",
        "sms_allowed": MM + "reg_res.sms_all",
        "value": MM + "reg_res.res",
    },
    nas.UpdateType: {
        "eps_preferred_ciot": MM + "eps_pnb_ciot",
        "preferred_ciot": MM + "5gs_pnb_ciot",
        "radio_capability_update": MM + "ng_ran_rcu",
        "sms_requested": MM + "sms_requested",
    },
    nas.DeregistrationType: {
        "switch_off": MM + "switch_off",
        "reregistration_required": MM + "re_reg_req",
        "access_type": MM + "acc_type",
    },
    nas.AdditionalSecurityInformation: {
        "retransmit_initial_message": MM + "rinmr",
        "horizontal_derivation": MM + "hdp",
    },
    nas.ConfigurationUpdateIndication: {
        "registration_requested": MM + "conf_upd_ind.red",
        "acknowledgement_requested": MM + "conf_upd_ind.ack",
    },
    nas.MicoIndication: {"strictly_periodic_timer": MM + "sprti_b1", "all_plmn_registration_area": MM + "raai_b0"},
    nas.NetworkSlicingIndication: {"default_configured_nssai": MM + "dcni", "subscription_changed": MM + "nssci"},
    nas.UeStatus: {"n1_mode_registered": MM + "n1_mode_reg_b1", "s1_mode_registered": MM + "s1_mode_reg_b0"},
    nas.UeUsageSetting: {"data_centric": MM + "ue_usage_setting"},
    nas.DrxParameters: {"value": MM + "drx_value"},
    nas.MobilityCapability: {
        "service_gap_control": MM + "sgc_b7",
        "header_compression_cp_ciot": MM + "5g_iphc_cp_ciot_b6",
        "control_plane_ciot": MM + "5g_cp_ciot_b4",
        "restrict_enhanced_coverage": MM + "restrict_ec_b3",
        "lpp": MM + "lpp_cap_b2",
        "handover_attach": MM + "ho_attach_b1",
        "s1_mode": MM + "s1_mode_b0",
    },
    nas.MobilityCapabilityOctet4: {
        "radio_capability_signalling": MM + "racs_b7",
        "slice_authentication": MM + "nssaa_b6",
        "location_notification": MM + "5g_lcs_b5",
        "v2x_over_nr_pc5": MM + "v2xcnpc5_b4",
        "v2x_over_e_utra_pc5": MM + "v2xcepc5_b3",
        "v2x": MM + "v2x_b2",
        "user_plane_ciot": MM + "5g_up_ciot_b1",
        "srvcc_to_utran": MM + "5g_srvcc_b0",
    },
    nas.MobilityCapabilityOctet5: {
        "ethernet_header_compression_cp_ciot": MM + "ehc_cp_ciot_b3",
        "multiple_user_planes": MM + "multiple_up_b2",
        "wus_assistance": MM + "wsusa_b1",
        "closed_access_groups": MM + "cag_b0",
    },
    nas.NetworkFeatureSupport: {
        "mps_indicator": "nas_5gs.nw_feat_sup.mpsi",
        "interworking_without_n26": "nas_5gs.nw_feat_sup.iwk_n26",
        "emergency_fallback": "nas_5gs.nw_feat_sup.emf",
        "emergency_services": "nas_5gs.nw_feat_sup.emc",
        "ims_voice_non_3gpp": "nas_5gs.nw_feat_sup.vops_n3gpp",
        "ims_voice_3gpp": "nas_5gs.nw_feat_sup.vops_3gpp",
    },
    nas.NetworkFeaturesOctet4: {
        "user_plane_ciot": "nas_5gs.nw_feat_sup.5g_ciot_up",
        "header_compression_cp_ciot": "nas_5gs.nw_feat_sup.5g_iphc_cp_ciot",
        "n3_data": "nas_5gs.nw_feat_sup.n3_data",
        "control_plane_ciot": "nas_5gs.nw_feat_sup.5g_cp_ciot",
        "restrict_enhanced_coverage": "nas_5gs.nw_feat_sup.restrict_ec",
        "mcs_indicator": "nas_5gs.nw_feat_sup.mcsi",
        "emergency_services_non_3gpp": "nas_5gs.nw_feat_sup.emcn3",
    },
    nas.NetworkFeaturesOctet5: {
        "ethernet_header_compression_cp_ciot": "nas_5gs.nw_feat_sup.5g_ehc_cp_ciot",
        "atsss": "nas_5gs.nw_feat_sup.ats_ind",
        "location_services": "nas_5gs.nw_feat_sup.5g_lcs",
    },
    nas.CipheringDataSet: {
        "identity": MM + "ciph_key_data.ciphering_set_id",
        "key": MM + "ciph_key_data.ciphering_key",
        "c0": MM + "ciph_key_data.c0",
        "validity_duration": MM + "ciph_key_data.validity_duration",
    },
    nas.CagEntry: {"cag_only": MM + "cag_info.entry.cag_only", "identities": MM + "cag_info.entry.cag_id"},
    nas.TruncatedSTmsiConfiguration: {"set_id_bits": MM + "trunc_amf_set_id", "pointer_bits": MM + "trunc_amf_pointer"},
    nas.AccessCategoryDefinition: {
        "precedence": MM + "operator_defined_access_cat.precedence",
        "has_standardized": MM + "operator_defined_access_cat.psac",
        "standardized": MM + "operator_defined_access_cat.standardized_number",
    },
    nas.RejectedSNssai: {"cause": MM + "rej_s_nssai.cause"},
    nas.SorPlmnList: {"mac_i_ausf": MM + "sor_mac_iausf", "counter": MM + "counter_sor"},
    nas.SorSecuredPacket: {
        "mac_i_ausf": MM + "sor_mac_iausf",
        "counter": MM + "counter_sor",
        "packet": MM + "sor_sec_pkt",
    },
    nas.SorAcknowledgement: {"mac_i_ue": MM + "sor_mac_iue"},
    nas.SessionCapability: {
        "transfer_of_port_management": SM + "tpmic",
        "atsss": SM + "atsss_st",
        "ethernet_s1": SM + "ept_s1",
        "multi_homed_ipv6": SM + "mh6_pdu",
        "reflective_qos": SM + "rqos",
    },
    nas.IntegrityDataRate: {"uplink": SM + "int_prot_max_data_rate_ul", "downlink": SM + "int_prot_max_data_rate_dl"},
    nas.PacketFilterLimit: {"value": SM + "max_nb_sup_pkt_flt.nb"},
    nas.AllowedSscModes: {
        "ssc3": SM + "all_ssc_mode_b2",
        "ssc2": SM + "all_ssc_mode_b1",
        "ssc1": SM + "all_ssc_mode_b0",
    },
    nas.ReattemptIndicator: {"not_in_equivalent_plmn": SM + "eplmnc", "not_in_s1_mode": SM + "ratc"},
    nas.CongestionReattemptIndicator: {"all_plmns": SM + "abo"},
    nas.HeaderCompression: {
        "maximum_cid": SM + "ip_hdr_comp_config.max_cid",
        "additional_type": SM + "ip_hdr_comp_config.add_hdr_compr_cxt_setup_params_type",
    },
    nas.QosRule: {
        "identifier": SM + "qos_rule_id",
        "operation": SM + "rop",
        "default": SM + "dqr",
    },
    nas.PacketFilter: {"direction": SM + "pkt_flt_dir"},
    nas.FlowParameter: {"identifier": SM + "param_id"},
}  # fmt: skip
"""The dissector's field of each of our fields that it has as well."""


def collected(value: Any) -> Iterator[tuple[str, int | str]]:
    """The dissector's field and our value, in the order of the octets."""
    if isinstance(value, nas.QosRule) and value.operation not in {1, 3, 4}:  # has no filters but random ones
        value = nas.QosRule(value.identifier, value.operation, default=value.default)
    for name in value.__struct_fields__ if isinstance(value, msgspec.Struct) else ():
        part = getattr(value, name)
        field = FIELDS.get(type(value), {}).get(name)
        for item in part if isinstance(part, list | tuple) else [part]:
            if field and item is not None and item != b"":  # no octets, no field
                yield field, item.hex() if isinstance(item, bytes) else int(item)
            yield from collected(item)


def theirs(shown: str, mine: list[int | str]) -> list[int | str]:
    """What the dissector shows of one field, in the form in which we have it: numbers, or octets in hexadecimal."""
    texts = [text for text in shown.split(",") if text]
    return [*texts] if any(isinstance(each, str) for each in mine) else [int(text, 0) for text in texts]
