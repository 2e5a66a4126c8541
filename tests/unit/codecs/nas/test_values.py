"""Typed values of information elements: what they mean, and their octets."""

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import decode, encode
from freehold.codecs.nas.values.qos import COMPONENTS, Component
from freehold.spec.identities import PlmnId, SNssai, Suci, Tai

PLMN = PlmnId("001", "01")
OTHER = PlmnId("999", "70")


def element(message, start=0):
    """The octets of a message after its header."""
    return encode(message)[start:].hex()


# --- timers ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "unit", "value"),
    [(2, 0, 1), (62, 0, 31), (63, 1, 2), (720, 1, 12), (1860, 1, 31), (1861, 2, 6), (11160, 2, 31), (None, 7, 0)],
)
def test_when_a_gprs_timer_is_made_then_it_runs_at_least_so_long(seconds, unit, value):  # TS 24.008 10.5.7.3
    timer = nas.GprsTimer.of(seconds)

    assert timer == nas.GprsTimer(unit, value)
    assert timer.seconds is None if seconds is None else timer.seconds >= seconds


@pytest.mark.parametrize(
    ("seconds", "unit", "value"),
    [(2, 3, 1), (63, 4, 3), (931, 5, 16), (3240, 0, 6), (18601, 1, 6), (111601, 2, 4), (10**9, 7, 0), (1116001, 6, 1)],
)
def test_when_a_gprs_timer_3_is_made_then_it_runs_at_least_so_long(seconds, unit, value):  # TS 24.008 10.5.7.4a
    assert nas.GprsTimer3.of(seconds) == nas.GprsTimer3(unit, value)


@pytest.mark.parametrize(("unit", "seconds"), [(0, 6), (1, 180), (2, 1080), (3, 180), (6, 180), (7, None)])
def test_when_a_gprs_timer_has_an_unknown_unit_then_it_counts_minutes(unit, seconds):  # TS 24.008 10.5.7.3
    assert nas.GprsTimer(unit, 3).seconds == seconds


# --- rates --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rate", "unit", "value"),
    [(0, 1, 0), (1000, 1, 1), (65_535_000, 1, 65535), (65_536_000, 2, 16384), (10**9, 3, 62500), (10**12, 8, 62500)],
)
def test_when_a_bit_rate_is_made_then_the_smallest_unit_that_holds_it_is_used(rate, unit, value):  # TS 24.501 9.11.4.14
    assert nas.BitRate.of(rate) == nas.BitRate(unit, value)
    assert nas.BitRate.of(rate).bits_per_second == rate


@pytest.mark.parametrize(
    ("unit", "rate"), [(0, 0), (1, 10**3), (5, 256 * 10**3), (6, 10**6), (11, 10**9), (16, 10**12), (21, 10**15)]
)
def test_when_a_unit_is_read_then_it_is_four_times_the_one_before(unit, rate):  # TS 24.501 9.11.4.14
    assert nas.BitRate(unit, 1).bits_per_second == rate


def test_when_a_unit_beyond_the_table_is_read_then_it_is_the_last():
    assert nas.BitRate(255, 1).bits_per_second == nas.BitRate(25, 1).bits_per_second == 256 * 10**15


# --- slices ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("slice_", "octets"),
    [
        (nas.SNssaiElement(SNssai(1)), "0101"),
        (nas.SNssaiElement(SNssai(1), nas.MappedSNssai(2)), "020102"),
        (nas.SNssaiElement(SNssai(1, 0)), "0401000000"),
        (nas.SNssaiElement(SNssai(1, 0xABCDEF), nas.MappedSNssai(2)), "0501abcdef02"),
        (nas.SNssaiElement(SNssai(1, 0xABCDEF), nas.MappedSNssai(2, 3)), "0801abcdef02000003"),
    ],
)
def test_when_a_slice_is_coded_then_its_length_tells_what_it_holds(slice_, octets):  # TS 24.501 9.11.2.8
    message = nas.ConfigurationUpdateCommand(allowed_nssai=[slice_])
    assert element(message, 3) == f"15{len(octets) // 2:02x}{octets}"
    assert decode(encode(message)).message == message


@pytest.mark.parametrize("octets", ["0301abcd", "0601abcdef0200", "0701abcdef020000", "00", "0901abcdef0200000300"])
def test_when_a_slice_has_another_length_then_it_is_malformed(octets):  # TS 24.501 9.11.2.8
    decoded = decode(bytes.fromhex(f"7e005415{len(octets) // 2:02x}{octets}"))

    assert decoded.message == nas.ConfigurationUpdateCommand()
    assert decoded.faults


def test_when_slices_are_rejected_then_each_has_its_cause():  # TS 24.501 9.11.3.46
    message = nas.RegistrationReject(
        62, rejected_nssai=[nas.RejectedSNssai(0, SNssai(1)), nas.RejectedSNssai(1, SNssai(2, 0x010203))]
    )
    assert element(message, 4) == "6907" + "1001" + "4102010203"


# --- tracking areas ------------------------------------------------------------------------------------------
def test_when_areas_are_listed_then_each_type_has_its_octets():  # TS 24.501 9.11.3.9
    message = nas.RegistrationAccept(
        nas.RegistrationResult(),
        tai_list=[
            nas.TacList(PLMN, [1, 9]),
            nas.TacRange(3, PLMN, 0x10),
            nas.TaiEntries([Tai(PLMN, 5), Tai(OTHER, 6)]),
        ],
    )
    assert element(message, 5) == (
        "541e" + "0100f110000001000009" + "2200f110000010" + "4100f110000005" + "99f907000006"
    )
    assert nas.tais(message.tai_list) == [
        *(Tai(PLMN, tac) for tac in (1, 9, 0x10, 0x11, 0x12, 5)),
        Tai(OTHER, 6),
    ]


def test_when_areas_of_two_plmns_are_given_then_they_are_grouped():
    areas = [Tai(PLMN, 1), Tai(OTHER, 2), Tai(PLMN, 3)]

    assert nas.tai_list(areas) == [nas.TacList(PLMN, [1, 3]), nas.TacList(OTHER, [2])]


def test_when_service_is_restricted_then_each_type_has_its_octets():  # TS 24.501 9.11.3.49
    message = nas.ConfigurationUpdateCommand(
        service_area_list=[
            nas.ServiceTacList(True, PLMN, [1]),
            nas.ServiceTacRange(False, 2, PLMN, 7),
            nas.ServiceTaiEntries(False, [Tai(OTHER, 6)]),
            nas.ServicePlmn(True, OTHER),
        ]
    )
    assert element(message, 3) == "2719" + "8000f110000001" + "2100f110000007" + "4099f907000006" + "e099f907"


def test_when_a_ladn_is_told_then_its_area_comes_along():  # TS 24.501 9.11.3.30
    message = nas.ConfigurationUpdateCommand(ladn_information=[nas.Ladn("lan", nas.tai_list([Tai(PLMN, 1)]))])
    assert element(message, 3) == "79000d" + "04036c616e" + "07" + "0000f110000001"


# --- identities ----------------------------------------------------------------------------------------------
def test_when_a_suci_has_a_short_routing_indicator_then_it_is_filled():  # TS 24.501 9.11.3.4
    message = nas.IdentityResponse(Suci(PLMN, "17", 1, 27, bytes(40)))
    assert element(message, 3) == "0030" + "0100f11071ff011b" + "00" * 40
    assert decode(encode(message)).message == message


def test_when_the_supi_is_a_name_then_the_suci_is_text():  # TS 24.501 9.11.3.4
    message = nas.IdentityResponse(nas.NetworkSpecificSuci(1, b"type1.rid678.schid0.useridu@example.com"))
    assert element(message, 3).startswith("002811")
    assert decode(encode(message)).message == message


@pytest.mark.parametrize("mnc", ["01", "001", "999"])
def test_when_an_mnc_has_two_or_three_digits_then_it_keeps_them(mnc):
    message = nas.RegistrationAccept(nas.RegistrationResult(), equivalent_plmns=[PlmnId("310", mnc)])

    assert decode(encode(message)).message.equivalent_plmns == [PlmnId("310", mnc)]


# --- capabilities ----------------------------------------------------------------------------------------------
def test_when_a_security_capability_is_made_then_its_bits_start_at_algorithm_0():  # TS 24.501 9.11.3.54
    capability = nas.UeSecurityCapability.of(nea=(0, 2), nia=(1, 7))

    assert capability.octets.hex() == "a041"
    assert [n for n in range(8) if capability.ciphering(n)] == [0, 2]
    assert [n for n in range(8) if capability.integrity(n)] == [1, 7]
    assert not any(capability.eps_ciphering(n) or capability.eps_integrity(n) for n in range(8))


def test_when_a_capability_has_eps_algorithms_then_they_are_told():
    capability = nas.UeSecurityCapability(bytes.fromhex("f0f0c060"))

    assert [n for n in range(8) if capability.eps_ciphering(n)] == [0, 1]
    assert [n for n in range(8) if capability.eps_integrity(n)] == [1, 2]


@pytest.mark.parametrize("length", range(2, 9))
def test_when_a_security_capability_comes_then_it_is_kept_byte_for_byte(length):  # TS 24.501 5.4.2.2
    octets = bytes(range(0xF0, 0xF0 + length))
    message = nas.SecurityModeCommand(nas.SecurityAlgorithms(1, 2), nas.NO_KEY, nas.UeSecurityCapability(octets))

    assert decode(encode(message)).message.replayed_ue_security_capability.octets == octets


def test_when_features_are_told_then_their_bits_are_those_of_the_figure():  # TS 24.501 9.11.3.5
    message = nas.RegistrationAccept(
        nas.RegistrationResult(),
        network_feature_support=nas.NetworkFeatureSupport(
            interworking_without_n26=True, emergency_fallback=1, emergency_services=2, ims_voice_3gpp=True
        ),
    )
    assert element(message, 5) == "210159"


def test_when_sessions_are_told_then_bit_n_is_session_n():  # TS 24.501 9.11.3.44
    assert element(nas.NotificationResponse([1, 7, 8, 15]), 3) == "50028281"


def test_when_a_session_status_has_spare_octets_then_they_are_ignored():
    assert decode(bytes.fromhex("7e006650040200ffff")).message == nas.NotificationResponse([1])


def test_when_a_network_name_is_made_then_it_is_ucs2():  # TS 24.008 10.5.3.5a
    assert element(nas.ConfigurationUpdateCommand(short_name=nas.NetworkName.of("Fh")), 3) == "450590" + "00460068"


# --- sessions ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("address", "octets"),
    [
        (nas.PduAddress(1, ipv4=bytes([10, 0, 0, 1])), "0a000001"),
        (nas.PduAddress(2, interface_identifier=bytes(range(8))), "0001020304050607"),
        (nas.PduAddress(3, interface_identifier=bytes(8), ipv4=bytes([10, 0, 0, 1])), "00" * 8 + "0a000001"),
    ],
)
def test_when_an_address_is_given_then_its_type_tells_its_octets(address, octets):  # TS 24.501 9.11.4.10
    message = nas.PduSessionEstablishmentAccept(
        1, 1, address.pdu_session_type, 1, [nas.default_rule(1)], nas.SessionAmbr.of(1000, 1000), pdu_address=address
    )
    told = f"29{len(octets) // 2 + 1:02x}0{address.pdu_session_type}{octets}"
    assert encode(message).hex().endswith(told)
    assert decode(encode(message)).message == message


@pytest.mark.parametrize("kind", COMPONENTS)
def test_when_a_filter_has_a_component_then_it_comes_back(kind):  # TS 24.501 9.11.4.13
    lengths = {0x01: 0, 0x10: 8, 0x11: 8, 0x21: 17, 0x23: 17, 0x30: 1, 0x40: 2, 0x41: 4, 0x50: 2, 0x51: 4, 0x60: 4}
    lengths |= {0x70: 2, 0x80: 3, 0x81: 6, 0x82: 6, 0x83: 2, 0x84: 2, 0x85: 1, 0x86: 1, 0x87: 2, 0x88: 12, 0x89: 12}
    component = bytes([kind]) + bytes([0x05] * lengths[kind])
    rule = bytes([1, 0, len(component) + 5, 0x21, 0x31, len(component)]) + component + b"\x0a\x05"
    octets = bytes.fromhex("2e0102cb7a") + len(rule).to_bytes(2, "big") + rule

    decoded = decode(octets)

    assert decoded.faults == ()
    (found,) = decoded.message.authorized_qos_rules[0].packet_filters[0].components
    assert isinstance(found, Component)
    assert found.kind == kind
    assert encode(decoded.message) == octets


def test_when_the_default_rule_is_made_then_it_matches_all_last():  # TS 24.501 6.2.5.1.1.2
    rule = nas.default_rule(9)

    assert (rule.identifier, rule.default, rule.precedence, rule.qfi) == (1, True, 255, 9)
    assert rule.packet_filters == [nas.PacketFilter(3, 1, [nas.Component(1)])]


def test_when_a_flow_is_described_then_its_parameters_can_be_asked_for():  # TS 24.501 9.11.4.12
    flow = nas.QosFlowDescription(
        1, 1, all_parameters=True, parameters=[nas.FlowParameter(1, 9), nas.FlowParameter(2, nas.BitRate(1, 100))]
    )
    assert (flow.parameter(1), flow.parameter(2), flow.parameter(3)) == (9, nas.BitRate(1, 100), None)


def test_when_a_flow_has_a_parameter_of_a_later_release_then_it_is_kept():
    octets = bytes.fromhex("2e0102cb790008" + "092042" + "010109" + "7f00")
    decoded = decode(octets)

    assert decoded.message.authorized_qos_flow_descriptions[0].parameter(0x7F) == b""
    assert encode(decoded.message) == octets


def test_when_an_option_is_asked_for_then_its_contents_are_found():  # TS 24.008 10.5.6.3
    options = nas.ExtendedProtocolConfigurationOptions(
        options=[nas.ExtendedConfigurationOption(0x000A), nas.ExtendedConfigurationOption(0x000D, b"1234")]
    )
    assert (options.contents(0x000D), options.contents(0x000A), options.contents(0x0010)) == (b"1234", b"", None)


# --- shared values ---------------------------------------------------------------------------------------------------
def test_when_a_small_value_comes_again_then_it_is_the_same_object():
    octets = encode(nas.RegistrationReject(22, t3346=nas.GprsTimer(1, 9)))

    assert decode(octets).message.t3346 is decode(octets).message.t3346


def test_when_more_small_values_came_than_are_kept_then_new_ones_are_shared_all_the_same():
    for number in range(5000):
        plmn = PlmnId(f"{number // 10:03}", f"{number % 10:02}")
        assert decode(b"~\x00\x42\x01\x01\x4a\x03" + plmn.octets).message.equivalent_plmns == [plmn]
    octets = encode(nas.RegistrationReject(22, t3346=nas.GprsTimer(1, 9)))

    assert decode(octets).message.t3346 is decode(octets).message.t3346


def test_when_a_value_holds_a_list_then_it_is_nobody_elses():
    octets = bytes.fromhex("2e0501c1ffff7b000180")
    first, second = (decode(octets).message.extended_pco for _ in range(2))
    first.options.append(nas.ExtendedConfigurationOption(0x000D))

    assert second.options == []
    assert decode(octets).message.extended_pco.options == []


def test_when_more_small_values_come_than_are_kept_then_each_is_still_right():
    for number in range(5000):
        slice_ = nas.SNssaiElement(SNssai(number % 256, number))
        message = nas.UlNasTransport(1, b"x", snssai=slice_)
        assert decode(encode(message)).message.snssai == slice_
