"""Short messages in octets that others published or that are written out by hand, and whatever octets come."""

from __future__ import annotations

from random import Random

import pytest

from freehold.codecs import sms
from freehold.codecs.sms.address import write_relay_address
from freehold.codecs.sms.alphabet import pack, septets_of, text_of, unpack
from smskit import GSM, Generator

# The examples that tutorials of SMS PDUs have shown for decades, and one from a MAP trace
DELIVERED = "040bc87238880900f10000993092516195800ae8329bfd4697d9ec37"
SUBMITTED = "11000b916407281553f80000aa0ae8329bfd4697d9ec37"
TRACED = "240b912618185532f700009040029161428207caf03a2ca78701"
STAMP = sms.TimeStamp(24, 2, 29, 23, 59, 58, -22)


def read(octets: str, **context: bool) -> sms.Tpdu:
    message, faults = sms.read_tpdu(bytes.fromhex(octets), **context)
    assert faults == ()
    assert message is not None
    assert sms.write_tpdu(message).hex() == octets
    return message


def test_when_the_published_message_is_delivered_then_its_number_time_and_text_are_those_published():
    message = read(DELIVERED, to_network=False)

    assert message.originating_address == sms.Address("27838890001", 4, 8)
    assert message.service_centre_time_stamp == sms.TimeStamp(99, 3, 29, 15, 16, 59, 8)
    assert message.user_data == sms.UserData("hellohello")


def test_when_the_published_message_is_submitted_then_it_is_valid_for_four_days():
    message = read(SUBMITTED, to_network=True)

    assert message.destination_address == sms.Address("46708251358")
    assert message.validity_period.minutes == 4 * 24 * 60
    assert message.user_data.content == "hellohello"


def test_when_a_traced_message_asks_for_a_status_report_then_flag_number_and_text_are_read():
    message = read(TRACED, to_network=False)

    assert (message.status_report_indication, message.more_messages_to_send) == (True, False)
    assert (message.originating_address.number, message.user_data.content) == ("62818155237", "Jakarta")


def test_when_a_phone_submits_then_every_layer_is_opened_by_one_call():
    # TS 24.011 7.2.1, 7.3.1.2: transaction 1, reference 5, no originator, service centre +447785016005
    relay = "0005" + "00" + "07914477581006" + "50" + f"{len(SUBMITTED) // 2:02x}" + SUBMITTED
    octets = bytes.fromhex("1901" + f"{len(relay) // 2:02x}" + relay)

    decoded = sms.decode(octets)

    assert decoded.faults == ()
    carried = decoded.message.user_data
    assert (decoded.message.transaction_identifier, carried.message_reference, carried.to_network) == (1, 5, True)
    assert carried.destination_address == sms.Address("447785016005")
    assert carried.user_data.user_data.content == "hellohello"
    assert sms.encode(decoded.message) == octets


def test_when_the_network_refuses_then_cause_and_failure_cause_are_read():
    # TS 24.011 7.3.4, 8.2.5.4 with SMS-SUBMIT-REPORT of TS 23.040 9.2.2.2a: service centre busy
    octets = bytes.fromhex("990110" + "0507" + "012a" + "410a" + "01c000" + "42209232958522")

    message = sms.decode(octets).message.user_data

    assert (message.cause, message.to_network, message.user_data.failure_cause) == (42, False, 0xC0)
    assert message.user_data.service_centre_time_stamp == sms.TimeStamp(24, 2, 29, 23, 59, 58, 22)


@pytest.mark.parametrize(
    ("step", "minutes"), [(0, 5), (143, 720), (144, 750), (167, 1440), (168, 2880), (196, 43200), (255, 63 * 10080)]
)
def test_when_a_relative_period_is_asked_then_it_is_that_of_the_table(step, minutes):
    # TS 23.040 9.2.3.12.1
    assert sms.RelativePeriod(step).minutes == minutes


@pytest.mark.parametrize(
    ("octets", "period"),
    [
        ("00000000000000", sms.EnhancedPeriod(0)),
        ("41aa0000000000", sms.EnhancedPeriod(1, 170, single_shot=True)),
        ("02ff0000000000", sms.EnhancedPeriod(2, 255)),
        ("03321095000000", sms.EnhancedPeriod(3, 23 * 3600 + 60 + 59)),
    ],
)
def test_when_a_period_is_of_the_enhanced_format_then_its_kind_says_what_it_counts(octets, period):
    # TS 23.040 9.2.3.12.3
    whole = "0900" + SUBMITTED[4:20] + "0000" + octets + "00"

    assert read(whole, to_network=True).validity_period == period


def test_when_a_period_is_reserved_then_it_is_kept_and_the_fault_has_its_cause():
    octets = bytes.fromhex("0900" + SUBMITTED[4:20] + "0000" + "85aa0000000000" + "00")

    message, faults = sms.read_tpdu(octets, to_network=True)

    assert message.validity_period == sms.OtherPeriod(octets[12:19])
    assert sms.write_tpdu(message) == octets
    assert [(fault.cause, fault.rp_cause) for fault in faults] == [(0xC7, 111)]  # TS 23.040 9.2.3.22


def test_when_a_time_stamp_has_no_digits_then_it_is_stored_as_received():
    # TS 23.040 9.2.3.11
    octets = DELIVERED.replace("99309251619580", "9930925161fa80")

    assert read(octets, to_network=False).service_centre_time_stamp.hex() == "9930925161fa80"


def test_when_the_type_is_reserved_then_a_phone_processes_it_as_delivered_and_the_network_refuses_it():
    # TS 23.040 9.2.3.1
    octets = "07" + DELIVERED[2:]
    assert read(octets, to_network=False).reserved_type

    message, faults = sms.read_tpdu(bytes.fromhex(octets), to_network=True)

    assert (message, [fault.cause for fault in faults]) == (None, [0xB0])


@pytest.mark.parametrize("character", sorted(GSM))
def test_when_a_character_is_packed_in_any_place_then_it_is_read_again(character):
    # TS 23.038 6.1.2.1, 6.2.1
    for before in range(9):
        septets = septets_of("x" * before + character)
        for fill in range(7):
            assert text_of(unpack(pack(septets, fill), len(septets), fill)) == "x" * before + character


def test_when_the_extension_table_is_used_then_a_character_takes_two_septets():
    # TS 23.038 6.2.1.1
    assert septets_of("€[x").hex() == "1b651b3c78"
    assert pack(septets_of("hello")).hex() == "e8329bfd06"


@pytest.mark.parametrize("septets", [b"a\x1b", b"\x1b\x1b", b"\x1bA"])
def test_when_an_escape_leads_nowhere_then_the_septets_are_kept(septets):
    data = sms.UserData(septets)
    message = sms.Deliver(originating_address=sms.Address("1"), service_centre_time_stamp=STAMP, user_data=data)

    assert sms.read_tpdu(sms.write_tpdu(message), to_network=False) == (message, ())


def test_when_a_text_is_long_then_its_parts_fill_messages_and_divide_no_character():
    text = "€" * 200
    parts = sms.split(text, reference=7)

    assert [part.header[0] for part in parts] == [sms.Concatenation(7, 3, at) for at in (1, 2, 3)]
    assert "".join(part.content for part in parts) == text
    assert len(parts[0].content) == 76  # 153 septets hold 76 characters of two (TS 23.040 9.2.3.24.1)
    for part in parts:
        message = sms.Deliver(originating_address=sms.Address("1"), service_centre_time_stamp=STAMP, user_data=part)
        assert sms.read_tpdu(sms.write_tpdu(message), to_network=False)[0].user_data == part


@pytest.mark.parametrize(("text", "coding", "parts"), [("x" * 160, 0, 1), ("x" * 161, 0, 2), ("Ж" * 70, 8, 1)])
def test_when_a_text_fits_in_one_message_then_it_is_not_divided(text, coding, parts):
    assert len(sms.split(text, coding)) == parts


def test_when_surrogates_would_be_divided_then_the_pair_goes_to_the_next_part():
    assert [len(part.content) for part in sms.split("x" * 66 + "😀" * 3, 8)] == [66, 3]


def test_when_a_header_does_not_end_with_an_element_then_it_is_ignored_and_kept():
    # TS 23.040 9.2.3.24
    octets = bytes.fromhex("44" + DELIVERED[2:18] + "0004" + DELIVERED[22:36] + "06" + "04" + "00050102" + "61")

    message, faults = sms.read_tpdu(octets, to_network=False)

    assert (message.user_data.header.hex(), message.user_data.content) == ("00050102", b"a")
    assert [(fault.element, fault.cause) for fault in faults] == [("user data header", None)]
    assert sms.write_tpdu(message) == octets


@pytest.mark.parametrize("content", ["00" + "03" + "010200", "00" + "03" + "010203"])
def test_when_a_part_is_not_one_of_its_parts_then_the_element_is_ignored(content):
    # TS 23.040 9.2.3.24.1
    octets = "44" + DELIVERED[2:18] + "0004" + DELIVERED[22:36] + "06" + "05" + content

    assert read(octets, to_network=False).user_data.header == (sms.OtherElement(0, bytes.fromhex(content)[2:]),)


def test_when_a_report_has_reserved_indicators_then_they_and_what_follows_are_kept():
    # TS 23.040 9.2.3.27
    message = read("00" + "8900" + "7f" + "aabb", to_network=True)

    assert (message.protocol_identifier, message.reserved.hex(), message.more.hex()) == (0x7F, "8800", "aabb")


@pytest.mark.parametrize(
    ("octets", "layer", "cause"),
    [
        ("19", "CP", None),
        ("7e0100", "CP", None),
        ("1902", "CP", 97),
        ("1901", "CP", 96),
        ("190105" + "0005", "CP", 96),
        ("1910", "CP", 96),
        ("190101" + "00", "RP", None),
        ("190102" + "0700", "RP", 97),
        ("190105" + "0005000900", "RP", 96),
        ("190104" + "04050000", "RP", 96),
        ("190106" + "000500000103", "TP", 0xB0),
        ("190106" + "000500000100", "TP", 0xFF),
        ("190107" + "00050000020000", "TP", 0xB0),
    ],
)
def test_when_a_message_is_wrong_then_its_fault_has_the_cause_of_its_layer(octets, layer, cause):
    # TS 24.011 9.2, 9.3; TS 23.040 9.2.3.22
    faults = sms.decode(bytes.fromhex(octets)).faults

    assert [(fault.layer, fault.cause) for fault in faults] == [(layer, cause)]


@pytest.mark.parametrize("length", range(len(SUBMITTED) // 2))
def test_when_a_message_is_cut_then_there_is_a_fault_and_no_message(length):
    message, faults = sms.read_tpdu(bytes.fromhex(SUBMITTED)[:length], to_network=True)

    assert message is None
    assert [fault.cause for fault in faults] == [0xFF]


@pytest.mark.parametrize("seed", range(400))
def test_when_octets_are_damaged_then_what_is_read_is_written_and_read_the_same(seed):
    random = Random(seed)
    octets = bytearray(sms.encode(Generator(seed).message()))
    for _ in range(random.randrange(1, 5)):
        octets[random.randrange(len(octets))] = random.randrange(256)

    decoded = sms.decode(bytes(octets[: random.randrange(len(octets) + 1)] if seed % 3 == 0 else octets))

    assert decoded.message is not None or decoded.faults
    if decoded.message is not None:
        assert sms.decode(sms.encode(decoded.message)).message == decoded.message


@pytest.mark.parametrize(
    "message",
    [
        sms.CpAck(transaction_identifier=8),
        sms.CpError(transaction_identifier=0, cause=256),
        sms.CpData(transaction_identifier=0, user_data=bytes(256)),
        sms.CpData(transaction_identifier=0, user_data=sms.RpSmma(message_reference=0, to_network=False)),
        sms.CpData(transaction_identifier=0, user_data=sms.RpError(message_reference=0, cause=128)),
        sms.CpData(
            transaction_identifier=0,
            user_data=sms.RpAck(message_reference=0, user_data=sms.DeliverReport(failure_cause=0xFF)),
        ),
        sms.CpData(transaction_identifier=0, user_data=sms.RpData(message_reference=0, user_data=sms.DeliverReport())),
    ],
)
def test_when_a_message_is_built_wrongly_then_it_is_refused(message):
    with pytest.raises(ValueError, match=r"."):
        sms.encode(message)


def test_when_a_relay_address_ends_with_more_than_one_filler_then_it_is_written_as_it_came():
    # Found by atheris: an originator of sixteen semi-octets, of which the last four are 1111 (TS 24.011 8.2.5.1)
    octets = bytes.fromhex("99010f 0005 0981727434148532ffff 00 0100")

    decoded = sms.decode(octets)

    assert decoded.message.user_data.originator_address.number == "274743415823fff"
    assert sms.encode(decoded.message) == octets


def test_when_a_relay_address_would_lose_its_last_digit_then_it_is_refused():
    with pytest.raises(ValueError, match="filler"):
        write_relay_address(sms.Address("123f"))


@pytest.mark.parametrize(
    ("address", "data", "coding"),
    [
        (sms.Address("12+3"), sms.UserData(), 0),
        (sms.Address("1" * 21), sms.UserData(), 0),
        (sms.Address("1", 8), sms.UserData(), 0),
        (sms.Address("漢", 5), sms.UserData(), 0),
        (sms.Address("1"), sms.UserData("漢"), 0),
        (sms.Address("1"), sms.UserData("\x1b"), 0),
        (sms.Address("1"), sms.UserData(b"\x80"), 0),
        (sms.Address("1"), sms.UserData("text"), 4),
        (sms.Address("1"), sms.UserData(bytes(141)), 4),
        (sms.Address("1"), sms.UserData("x" * 161), 0),
        (sms.Address("1"), sms.UserData("", (sms.Concatenation(0, 1, 2),)), 0),
    ],
)
def test_when_a_value_does_not_fit_then_the_tpdu_is_refused(address, data, coding):
    message = sms.Submit(message_reference=0, destination_address=address, user_data=data, data_coding_scheme=coding)

    with pytest.raises(ValueError, match=r"."):
        sms.write_tpdu(message)


def submitted(period: sms.Period | None) -> str:
    address, data = sms.Address("1"), sms.UserData()
    message = sms.Submit(message_reference=0, destination_address=address, user_data=data, validity_period=period)
    return sms.write_tpdu(message).hex()


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (sms.AbsolutePeriod(sms.TimeStamp(24, 2, 29, 23, 59, 58, 80)), "79 quarters"),
        (sms.AbsolutePeriod(sms.TimeStamp(100, 2, 29, 23, 59, 58)), "two digits"),
        (sms.AbsolutePeriod(bytes(6)), "a time stamp has seven octets"),
        (sms.OtherPeriod(bytes(6)), "an enhanced validity period has seven octets"),
        (sms.EnhancedPeriod(4, 0), "a format from 0 to 3"),
        (sms.EnhancedPeriod(3, 100 * 3600), "shorter than 100 hours"),
        (sms.EnhancedPeriod(3, -1), "shorter than 100 hours"),
    ],
)
def test_when_a_time_does_not_fit_then_it_is_said_why(period, said):
    with pytest.raises(ValueError, match=said):
        submitted(period)


@pytest.mark.parametrize(
    ("period", "octets"),
    [
        (sms.RelativePeriod(0xAA), "aa"),  # TS 23.040 9.2.3.12.1
        (sms.AbsolutePeriod(STAMP), "4220923295852a"),  # 9.2.3.12.2: digits in swapped semi-octets, the sign in bit 3
        (sms.EnhancedPeriod(0, 0), "00000000000000"),  # 9.2.3.12.3
        (sms.EnhancedPeriod(1, 9, single_shot=True), "41090000000000"),
        (sms.EnhancedPeriod(2, 200), "02c80000000000"),
        (sms.EnhancedPeriod(3, 26 * 3600 + 3 * 60 + 4), "03623040000000"),
    ],
)
def test_when_a_period_is_written_then_its_octets_are_those_of_its_table(period, octets):
    written = submitted(period)
    assert octets in written
    assert read(written, to_network=True).validity_period == period
