"""Identities of TS 23.003: parsed at the edge, printed without secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.spec.identities import Guami, Guti, PlmnId, SNssai, STmsi, Supi, dnn
from freehold.spec.keys import Key

DIGITS = st.text("0123456789", min_size=3, max_size=3)


@given(DIGITS, st.text("0123456789", min_size=2, max_size=3))
def test_when_a_plmn_is_encoded_then_it_decodes_to_itself(mcc: str, mnc: str):
    plmn = PlmnId(mcc, mnc)
    assert PlmnId.from_octets(plmn.octets) == plmn


@pytest.mark.parametrize(
    ("text", "octets"),
    [("001/01", "00f110"), ("999-70", "99f907"), ("310410", "130014"), ("208/93", "02f839")],
)
def test_when_a_plmn_is_written_by_a_person_then_its_octets_are_those_of_ts_24_501_9_11_3_4(text: str, octets: str):
    assert PlmnId.parse(text).octets == bytes.fromhex(octets)


@pytest.mark.parametrize("octets", ["", "02f8", "02f83900", "0af839", "02f8f9", "02e839", "f2f839"])
def test_when_plmn_octets_are_damaged_then_value_error(octets: str):
    with pytest.raises(ValueError, match=r"PLMN"):
        PlmnId.from_octets(bytes.fromhex(octets))


@pytest.mark.parametrize("text", ["", "01/01", "001/1", "001/0123", "00a/01", "001/0x"])
def test_when_a_plmn_is_not_digits_then_value_error(text: str):
    with pytest.raises(ValueError, match="PLMN"):
        PlmnId.parse(text)


def test_when_the_mnc_has_two_digits_then_the_serving_network_name_has_three():
    assert PlmnId("001", "01").serving_network_name == b"5G:mnc001.mcc001.3gppnetwork.org"
    assert PlmnId("310", "410").serving_network_name == b"5G:mnc410.mcc310.3gppnetwork.org"


def test_when_a_slice_has_no_sd_then_it_is_not_sd_zero():
    assert SNssai(1) != SNssai(1, 0)
    assert SNssai.parse("1-00000a") == SNssai(1, 10)
    assert str(SNssai.parse("1-010203")) == "1-010203"
    assert str(SNssai.parse("255")) == "255"


@pytest.mark.parametrize("value", [(256, None), (-1, None), (1, 1 << 24), (1, -1)])
def test_when_a_slice_is_out_of_range_then_value_error(value: tuple[int, int | None]):
    with pytest.raises(ValueError, match="S-NSSAI"):
        SNssai(*value)


def test_when_a_supi_is_printed_then_only_its_end_shows():
    supi = Supi.imsi("001010000000001")
    assert "00101000000" not in f"{supi} {supi!r} {[supi]}"
    assert supi.digits == "001010000000001"


@pytest.mark.parametrize(
    "value",
    ["imsi-", "imsi-12345", "imsi-1234567890123456", "imsi-00101000000000a", "nai-a/../b", "nai-\0\0\0", "imei-123456"],
)
def test_when_a_supi_is_malformed_then_value_error(value: str):
    with pytest.raises(ValueError, match="SUPI"):
        Supi(value)


def test_when_a_guti_is_shortened_then_set_pointer_and_tmsi_remain():
    guti = Guti(Guami(PlmnId("001", "01"), 2, 1, 0), 0xC0FFEE)
    assert guti.s_tmsi == STmsi(1, 0, 0xC0FFEE)


def test_when_a_dnn_is_written_in_capitals_then_it_is_the_same():
    assert dnn("Internet.MNC001") == "internet.mnc001"


@pytest.mark.parametrize("text", ["", ".", "a..b", "a." + "b" * 64, "a" * 100, "in ternet", "x\0y", "é"])
def test_when_a_dnn_has_bad_labels_then_value_error(text: str):
    with pytest.raises(ValueError, match="DNN"):
        dnn(text)


def test_when_a_key_is_printed_then_it_is_masked():
    key = Key(bytes(range(16)))
    assert "0001" not in f"{key} {key!r} {(key,)}"
    assert key == bytes(range(16))
