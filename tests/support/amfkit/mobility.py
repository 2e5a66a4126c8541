"""What a gNB says of a terminal that came to it from another one."""

import msgspec

from freehold.codecs import ngap

SWITCH = ngap.PathSwitchRequestTransfer(
    dl_ngu_up_tnl_information=(
        "gTPTunnel",
        ngap.GTPTunnel(transport_layer_address=(0x0A000002, 32), gtp_teid=b"\0\0\0\2"),
    ),
    qos_flow_accepted_list=[ngap.QosFlowAcceptedItem(qos_flow_identifier=1)],
)


LACKING = ngap.PathSwitchRequestSetupFailedTransfer(cause=("radioNetwork", "up-integrity-protection-not-possible"))


def path_switch_request(ue, gnb, sessions=(1,), failed=(), **changes):
    """PATH SWITCH REQUEST of a gNB for a terminal."""
    return msgspec.structs.replace(
        ngap.PathSwitchRequest(
            ran_ue_ngap_id=gnb.number * 100,
            source_amf_ue_ngap_id=ue.amf_id,
            user_location_information=gnb.location(),
            ue_security_capabilities=ue.context.ue_security_capabilities,
            pdu_session_resource_to_be_switched_dl_list=[
                ngap.PDUSessionResourceToBeSwitchedDLItem(pdu_session_id=each, path_switch_request_transfer=SWITCH)
                for each in sessions
            ],
            pdu_session_resource_failed_to_setup_list_ps_req=[
                ngap.PDUSessionResourceFailedToSetupItemPSReq(
                    pdu_session_id=each, path_switch_request_setup_failed_transfer=LACKING
                )
                for each in failed
            ]
            or None,
        ),
        **changes,
    )
