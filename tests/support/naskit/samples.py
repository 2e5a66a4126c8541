"""Messages beside their octets, written out by hand from the figures of TS 24.501 clauses 8 and 9."""

from __future__ import annotations

from freehold.codecs import nas
from freehold.codecs.nas import KeySetIdentifier, nssai, tai_list
from freehold.spec.identities import Guami, Guti, Pei, PlmnId, SNssai, STmsi, Tai

PLMN = PlmnId("001", "01")
GUTI = Guti(Guami(PLMN, 1, 2, 3), 0xDEADBEEF)
KEY = KeySetIdentifier(mapped=False, value=1)
SMALL = nas.SNssaiElement(SNssai(1, 0x010203))
PCO = nas.ExtendedProtocolConfigurationOptions(
    options=[nas.ExtendedConfigurationOption(0x000D, bytes(4)), nas.ExtendedConfigurationOption(0x0023, bytes(300))]
)
WRITTEN_OUT = {
    "7e0056010200002100000000000000000000000000000000" + "2010" + "11" * 16: nas.AuthenticationRequest(
        KEY, abba=b"\0\0", rand=bytes(16), autn=b"\x11" * 16
    ),
    "7e00572d10" + "22" * 16: nas.AuthenticationResponse(response_parameter=b"\x22" * 16),
    "7e005915300e" + "33" * 14: nas.AuthenticationFailure(21, failure_parameter=b"\x33" * 14),
    "7e0058": nas.AuthenticationReject(),
    "7e005b01": nas.IdentityRequest(nas.IdentityType.SUCI),
    "7e005d220102f0f0e1360102": nas.SecurityModeCommand(
        nas.SecurityAlgorithms(2, 2),
        KEY,
        nas.UeSecurityCapability.of(),
        imeisv_request=1,
        additional_security_information=nas.AdditionalSecurityInformation(retransmit_initial_message=True),
    ),
    "7e005e7700094573806121856151f1710003616263": nas.SecurityModeComplete(
        imeisv=Pei("imeisv-4370816125816151"), nas_message_container=b"abc"
    ),
    "7e005f17": nas.SecurityModeReject(23),
    "7e0042010177000bf200f110010083deadbeef54070000f11000000115050401010203": nas.RegistrationAccept(
        nas.RegistrationResult(), guti=GUTI, tai_list=tai_list([Tai(PLMN, 1)]), allowed_nssai=nssai([SMALL.snssai])
    ),
    "7e0043": nas.RegistrationComplete(),
    "7e00440f": nas.RegistrationReject(15),
    "7e004519000bf200f110010083deadbeef": nas.DeregistrationRequestFromUe(
        nas.DeregistrationType(switch_off=True), KEY, GUTI
    ),
    "7e0046": nas.DeregistrationAcceptToUe(),
    "7e00470958095f0121": nas.DeregistrationRequestToUe(
        nas.DeregistrationType(switch_off=True), cause=9, t3346=nas.GprsTimer(1, 1)
    ),
    "7e004c110007f400830000000340020200": nas.ServiceRequest(
        KEY, nas.ServiceType.DATA, STmsi(2, 3, 3), uplink_data_status=[1]
    ),
    "7e004e50022080": nas.ServiceAccept(pdu_session_status=[5, 15]),
    "7e004d09": nas.ServiceReject(9),
    "7e0054d143059000460068": nas.ConfigurationUpdateCommand(
        configuration_update_indication=nas.ConfigurationUpdateIndication(acknowledgement_requested=True),
        full_name=nas.NetworkName.of("Fh"),
    ),
    "7e0055": nas.ConfigurationUpdateComplete(),
    "7e006501": nas.Notification(1),
    "7e006461": nas.MmStatus(97),
    "7e00670100017812018122040101020325040" + "3696d73": nas.UlNasTransport(
        nas.PayloadContainerType.N1_SM_INFORMATION,
        b"x",
        pdu_session_identity=1,
        request_type=nas.RequestType.INITIAL_REQUEST,
        snssai=SMALL,
        dnn="ims",
    ),
    "7e006801000178120158" + "5b": nas.DlNasTransport(1, b"x", pdu_session_identity=1, cause=91),
    "2e0501c1ffff91": nas.PduSessionEstablishmentRequest(
        5, 1, nas.IntegrityDataRate(), pdu_session_type=nas.PduSessionType.IPV4
    ),
    "2e0501c2110009010006313101" + "01ff0906060064060032" + "2905010a000001": nas.PduSessionEstablishmentAccept(
        5,
        1,
        selected_pdu_session_type=1,
        selected_ssc_mode=1,
        authorized_qos_rules=[nas.default_rule(9)],
        session_ambr=nas.SessionAmbr(nas.BitRate(6, 100), nas.BitRate(6, 50)),
        pdu_address=nas.PduAddress(1, ipv4=bytes([10, 0, 0, 1])),
    ),
    "2e0501c332": nas.PduSessionEstablishmentReject(5, 1, 50),
    "2e0501d324": nas.PduSessionReleaseCommand(5, 1, 36),
    "2e0102cb7a0005010002a103": nas.PduSessionModificationCommand(
        1,
        2,
        authorized_qos_rules=[
            nas.QosRule(1, 5, packet_filters=[nas.PacketFilterIdentifier(3)], default=False),
        ],
    ),
    "2e0001d62f": nas.SmStatus(0, 1, 47),
}
