"""The key hierarchy of TS 33.501 Annex A, judged by HMAC-SHA-256 and SHA-256 of the standard library."""

import hashlib
import hmac

import pytest

from freehold.crypto import keys

NETWORK = b"5G:mnc093.mcc208.3gppnetwork.org"
KEY = bytes(range(32))


def derived(key: bytes, fc: int, *parameters: bytes) -> bytes:
    # TS 33.220 B.2
    s = bytes([fc]) + b"".join(p + len(p).to_bytes(2) for p in parameters)
    return hmac.digest(key, s, "sha256")


def test_when_kausf_is_derived_then_ck_and_ik_are_the_key():
    assert keys.kausf(KEY[:16], KEY[16:], NETWORK, b"concea") == derived(KEY, 0x6A, NETWORK, b"concea")


def test_when_res_star_is_derived_then_it_is_the_low_half():
    full = derived(KEY, 0x6B, NETWORK, bytes(16), b"response")
    assert keys.res_star(KEY[:16], KEY[16:], NETWORK, bytes(16), b"response") == full[16:]


def test_when_hres_star_is_computed_then_it_is_the_low_half_of_the_hash():
    assert keys.hres_star(b"r" * 16, b"s" * 16) == hashlib.sha256(b"r" * 16 + b"s" * 16).digest()[16:]


def test_when_kseaf_and_kamf_are_derived_then_each_has_its_parameters():
    assert keys.kseaf(KEY, NETWORK) == derived(KEY, 0x6C, NETWORK)
    assert keys.kamf(KEY, b"208930000000001", keys.ABBA) == derived(KEY, 0x6D, b"208930000000001", b"\0\0")


def test_when_the_supi_differs_by_a_digit_then_kamf_differs():
    assert keys.kamf(KEY, b"208930000000001", keys.ABBA) != keys.kamf(KEY, b"208930000000002", keys.ABBA)


def test_when_the_abba_is_not_the_networks_then_kamf_differs():
    # negative R02: a wrong ABBA makes another KAMF
    assert keys.kamf(KEY, b"208930000000001", b"\0\1") != keys.kamf(KEY, b"208930000000001", b"\0\0")


@pytest.mark.parametrize("kind", keys.Distinguisher)
@pytest.mark.parametrize("algorithm", range(4))
def test_when_an_algorithm_key_is_derived_then_it_is_the_low_half(kind, algorithm):
    assert keys.algorithm_key(KEY, kind, algorithm) == derived(KEY, 0x69, bytes([kind]), bytes([algorithm]))[16:]


def test_when_kgnb_is_derived_then_count_and_access_are_in_it():
    assert keys.kgnb(KEY, 0x010203) == derived(KEY, 0x6E, b"\0\1\2\3", b"\1")
    assert keys.kgnb(KEY, 5, keys.NON_3GPP) == derived(KEY, 0x6E, b"\0\0\0\5", b"\2")


def test_when_next_hops_are_derived_then_each_stands_on_the_one_before():
    first = keys.nh(KEY, keys.kgnb(KEY, 0))
    assert first == derived(KEY, 0x6F, keys.kgnb(KEY, 0))
    assert keys.nh(KEY, first) == derived(KEY, 0x6F, first)


def test_when_a_target_cell_key_is_derived_then_pci_and_frequency_are_in_it():
    assert keys.kng_ran_star(KEY, 0x1FF, 0xABCDE) == derived(KEY, 0x70, b"\x01\xff", b"\x0a\xbc\xde")
    with pytest.raises(ValueError, match="ARFCN-DL"):
        keys.kng_ran_star(KEY, 1, 1 << 24)


def test_when_the_serving_keys_are_computed_then_they_are_hxres_star_and_kseaf():
    assert keys.serving_keys(KEY, b"r" * 16, b"s" * 16, NETWORK) == (
        keys.hres_star(b"r" * 16, b"s" * 16),
        keys.kseaf(KEY, NETWORK),
    )


def test_when_a_name_is_too_long_for_its_length_field_then_it_is_refused():
    with pytest.raises(ValueError, match="serving network name is longer than 65535 octets"):
        keys.kseaf(KEY, b"x" * 65536)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_when_a_key_has_a_wrong_length_then_it_is_refused(length):
    with pytest.raises(ValueError, match="KSEAF has"):
        keys.kamf(bytes(length), b"208930000000001", keys.ABBA)


def test_when_a_key_stands_on_counters_then_each_has_its_octets():
    assert keys.kng_ran_star_of_ng_enb(KEY, 0x1F7, 0x10000) == derived(KEY, 0x71, b"\x01\xf7", b"\1\0\0")  # A.12
    assert keys.kamf_at_mobility(KEY, 1, 0x010203) == derived(KEY, 0x72, b"\1", b"\0\1\2\3")  # A.13
    assert keys.ksn(KEY, 0x0102) == derived(KEY, 0x79, b"\1\2")  # A.16
    assert keys.ktngf_key(KEY, keys.Usage.TNAP) == derived(KEY, 0x84, b"\2")  # A.22
    assert keys.kiab(KEY, b"\x0a\0\0\1", b"\x0a\0\0\2") == derived(KEY, 0x83, b"\x0a\0\0\1", b"\x0a\0\0\2")  # A.23


def test_when_steering_of_roaming_is_protected_then_both_macs_are_low_halves():
    # TS 33.501 A.17, A.18
    assert keys.sor_mac_iausf(KEY, b"\x01", 7) == derived(KEY, 0x77, b"\1", b"\0\7")[16:]
    assert keys.sor_mac_iausf(KEY, b"\x01", 7, b"list") == derived(KEY, 0x77, b"\1", b"\0\7", b"list")[16:]
    assert keys.sor_mac_iue(KEY, 7) == derived(KEY, 0x78, b"\1", b"\0\7")[16:]


def test_when_parameters_are_updated_then_both_macs_are_low_halves():
    # TS 33.501 A.19, A.20
    assert keys.upu_mac_iausf(KEY, b"update", 9) == derived(KEY, 0x7B, b"update", b"\0\x09")[16:]
    assert keys.upu_mac_iue(KEY, 9) == derived(KEY, 0x7C, b"\1", b"\0\x09")[16:]
