"""Elements that few networks send, in octets written out by hand from the figures of TS 24.501 9.11."""

from datetime import UTC, datetime

import pytest

from freehold.codecs import nas
from freehold.codecs.display import PROTOCOLS, render
from freehold.spec.identities import PlmnId, Tai

PLMN = PlmnId("001", "01")
MAC = bytes(range(16))
KEYS = nas.CipheringDataSet(
    7, b"\x11" * 16, b"\xc0\xc1", b"\x80", b"\x01\x80", bytes.fromhex("6211625141"), 90, nas.tai_list([Tai(PLMN, 1)])
)
CAGS = nas.ExtendedCagEntry(PLMN, 0, True, [1, 2])
TIMED = nas.ExtendedCagEntry(
    PLMN, 3, False, [1], [nas.CagWithInformation(2, 0, True, nas.TimeValidity([nas.TimePeriod(3, 4)]))]
)
STEERED = nas.SorWithParameters(
    True, True, MAC, 3, [nas.PreferredPlmn(PLMN, 0x0880)], False, True, True, True, b"cmci", b"snpn"
)
GROUP = nas.Tmgi(0x010203, PLMN)
TMGI = "06" + "010203" + "00f110"


def both_ways(octets: str, message: nas.Message) -> None:
    assert nas.encode(message).hex() == octets
    assert nas.decode(bytes.fromhex(octets)) == nas.Decoded(message)


def test_when_keys_of_broadcast_data_are_given_then_each_says_where_and_when_it_is_used():  # TS 24.501 9.11.3.18C
    accept = nas.RegistrationAccept(nas.RegistrationResult(), ciphering_key_data=[KEYS])

    content = "0007" + "11" * 16 + "02c0c1" + "0180" + "020180" + "6211625141" + "005a" + "07" + "00" + "00f110000001"
    both_ways("7e00420101" + "74" + f"{len(content) // 2:04x}" + content, accept)
    assert KEYS.eutra_types == ["1-1"]
    assert KEYS.nr_types == ["1-8", "2-1"]
    assert KEYS.starts == datetime(2026, 11, 26, 15, 14, tzinfo=UTC)
    assert nas.CipheringDataSet(7, MAC, b"", b"", b"", b"\xff" * 5, 0, []).starts is None


@pytest.mark.parametrize(
    ("entry", "octets"),
    [
        (CAGS, "000c" + "00f110" + "01" + "00000001" + "00000002"),
        (nas.ExtendedCagEntry(PLMN, 1, False, [1]), "000a" + "00f110" + "04" + "0004" + "00000001"),
        (
            TIMED,
            "0024" + "00f110" + "0c" + "0004" + "00000001" + "0018" + "0016" + "00000002" + "01" + "01"
            "0000000000000003" + "0000000000000004",
        ),
    ],
    ids=["identities", "a length", "times"],
)
def test_when_closed_groups_have_information_then_it_is_read(entry, octets):  # TS 24.501 9.11.3.86
    reject = nas.RegistrationReject(76, extended_cag_information=[entry, entry])

    both_ways("7e00444c" + "71" + f"{len(octets):04x}" + octets * 2, reject)


def test_when_groups_with_information_follow_groups_without_a_length_then_the_list_is_malformed():
    decoded = nas.decode(bytes.fromhex("7e00444c" + "71000e" + "000c" + "00f110" + "08" + "00000001" + "00000002"))

    assert decoded.message == nas.RegistrationReject(76)
    assert [fault.element for fault in decoded.faults] == ["extended_cag_information"]


def test_when_roaming_is_steered_with_parameters_then_those_that_are_there_are_read():  # TS 24.501 9.11.3.51
    complete = nas.RegistrationComplete(sor_transparent_container=STEERED)

    content = "1e" + MAC.hex() + "0003" + "05" + "00f1100880" + "07" + "0004" + b"cmci".hex() + "0004" + b"snpn".hex()
    both_ways("7e0043" + "73" + f"{len(content) // 2:04x}" + content, complete)


def test_when_roaming_is_steered_by_a_packet_with_parameters_then_its_octets_are_kept():
    packet = nas.SorPacketWithParameters(False, True, MAC, 3, b"packet")

    both_ways(
        "7e0043" + "730019" + "12" + MAC.hex() + "0003" + b"packet".hex(),
        nas.RegistrationComplete(sor_transparent_container=packet),
    )


@pytest.mark.parametrize(
    ("answer", "octets"),
    [
        (nas.ReceivedMbsInformation(0, 0, 2, nas.MbsEverywhere(False, False, 0, False, GROUP)), "02" + "00" + TMGI),
        (
            nas.ReceivedMbsInformation(
                3, 0, 3, nas.MbsEverywhere(False, False, 2, False, GROUP, timer=nas.GprsTimer3(3, 5))
            ),
            "63" + "04" + TMGI + "65",
        ),
        (
            nas.ReceivedMbsInformation(
                0,
                1,
                2,
                nas.MbsInTrackingAreas(
                    False,
                    True,
                    1,
                    True,
                    GROUP,
                    nas.MulticastIpv4(bytes((10, 0, 0, 1)), bytes((232, 0, 0, 1))),
                    nas.tai_list([Tai(PLMN, 1)]),
                    0x0A0B0C0D0E0F,
                    nas.MbsSecurityContainer(
                        [nas.MbsSecurityKeySet(True, 5, 6, MAC, nas.MbsTrafficKey(7, MAC))],
                    ),
                ),
            ),
            "0a" + "0b" + TMGI + "0a000001e8000001" + "07" + "00" + "00f110000001" + "0a0b0c0d0e0f"
            "01" + "01" + "000005" + "00000006" + MAC.hex() + "0007" + MAC.hex(),
        ),
        (
            nas.ReceivedMbsInformation(0, 2, 1, nas.MbsInCells(False, False, 0, False, GROUP, more=b"cells")),
            "11" + "00" + TMGI + b"cells".hex(),
        ),
    ],
    ids=["accepted", "not yet", "in areas", "in cells"],
)
def test_when_a_multicast_session_is_answered_then_its_parts_are_read(answer, octets):  # TS 24.501 9.11.4.31
    command = nas.PduSessionModificationCommand(1, 2, received_mbs_container=[answer])

    both_ways("2e0102cb" + "71" + f"{len(octets) // 2:04x}" + octets, command)


@pytest.mark.parametrize(
    ("kind", "session", "octets"),
    [
        (nas.TMGI, nas.Tmgi(0x010203), "05" + "03" + "010203"),
        (nas.IPV4, nas.MulticastIpv4(b"\x0a\0\0\1", b"\xe8\0\0\1"), "06" + "0a000001" + "e8000001"),
        (nas.IPV6, nas.MulticastIpv6(MAC, MAC), "07" + MAC.hex() * 2),
    ],
)
def test_when_a_multicast_session_is_asked_for_then_its_type_has_the_number_of_the_table(kind, session, octets):
    # TS 24.501 9.11.4.30
    request = nas.PduSessionModificationRequest(
        1, 2, requested_mbs_container=[nas.MulticastRequest(1, kind, session)] * 2
    )

    both_ways("2e0102c9" + "70" + f"{len(octets):04x}" + octets * 2, request)


def test_when_a_capability_has_further_octets_then_each_bit_has_its_name():  # TS 24.501 9.11.3.1, 9.11.3.5, 9.11.4.1
    capability = nas.MobilityCapability(
        s1_mode=True,
        octet_4=nas.MobilityCapabilityOctet4(slice_authentication=True),
        octet_5=nas.MobilityCapabilityOctet5(closed_access_groups=True),
        octet_6=nas.MobilityCapabilityOctet6(paging_subgrouping=True),
        octet_7=nas.MobilityCapabilityOctet7(disaster_roaming=True),
        more=b"\x03",
    )
    request = nas.RegistrationRequest(
        nas.RegistrationType(False, 1), nas.NO_KEY, nas.NoIdentity(bytes(3)), mobility_capability=capability
    )
    both_ways("7e0041" + "71" + "0004" + "00000000" + "1006" + "01" + "40" + "01" + "08" + "02" + "03", request)

    features = nas.NetworkFeatureSupport(
        ims_voice_3gpp=True,
        octet_4=nas.NetworkFeaturesOctet4(restrict_enhanced_coverage=2),
        octet_5=nas.NetworkFeaturesOctet5(location_services=True),
    )
    accept = nas.RegistrationAccept(nas.RegistrationResult(), network_feature_support=features)
    both_ways("7e00420101" + "2103" + "01" + "08" + "01", accept)

    session = nas.SessionCapability(octet_4=nas.SessionCapabilityOctet4(measurement_per_qos_flow=True), more=b"\x01")
    asked = nas.PduSessionEstablishmentRequest(1, 2, nas.IntegrityDataRate(), session_capability=session)
    both_ways("2e0102c1ffff" + "2803" + "00" + "01" + "01", asked)


def test_when_header_compression_has_parameters_then_their_type_is_read():  # TS 24.501 9.11.4.24
    configuration = nas.HeaderCompression(0x7F, 16, 1, b"\xaa\xbb")
    command = nas.PduSessionModificationCommand(1, 2, ip_header_compression=configuration)

    both_ways("2e0102cb" + "6606" + "7f" + "0010" + "01" + "aabb", command)


def test_when_rare_elements_are_shown_then_their_numbers_are_named():
    complete = nas.RegistrationComplete(sor_transparent_container=STEERED)
    answer = nas.ReceivedMbsInformation(3, 0, 3, nas.MbsEverywhere(False, False, 0, False, GROUP))
    command = nas.PduSessionModificationCommand(1, 2, received_mbs_container=[answer])
    asked = nas.PduSessionEstablishmentRequest(1, 2, nas.IntegrityDataRate(), dn_request_container=b"pump@example.com")
    shown = [
        line.strip()
        for message in (complete, command, asked)
        for line in render(PROTOCOLS["nas"].decode(nas.encode(message)))
    ]

    assert "access_technologies: 2176 (gsm, ng ran)" in shown
    assert "rejection_cause: 3 (not started)" in shown
    assert "decision: 3 (join rejected)" in shown
    assert 'dn_request_container: "pump@example.com"' in shown
