"""Keys between 5GS and EPS and those of EPS, judged by HMAC-SHA-256 of the standard library."""

import hmac

import pytest

from freehold.crypto import interworking

KEY = bytes(range(32))
COUNT = b"\x00\x12\x34\x56"


def derived(fc: int, *parameters: bytes) -> bytes:
    # TS 33.220 B.2
    s = bytes([fc]) + b"".join(p + len(p).to_bytes(2) for p in parameters)
    return hmac.digest(KEY, s, "sha256")


@pytest.mark.parametrize(
    ("function", "fc"),
    [
        (interworking.kasme_at_idle_mobility, 0x73),  # TS 33.501 A.14.1
        (interworking.kasme_at_handover, 0x74),  # TS 33.501 A.14.2
        (interworking.kamf_at_idle_mobility, 0x75),  # TS 33.501 A.15.1
        (interworking.kasme_srvcc, 0x7D),  # TS 33.501 A.21
        (interworking.kenb, 0x11),  # TS 33.401 A.3
    ],
)
def test_when_a_key_is_mapped_by_a_count_then_the_count_has_four_octets(function, fc):
    assert function(KEY, 0x123456) == derived(fc, COUNT)
    for count in (-1, 1 << 32):
        with pytest.raises(OverflowError):
            function(KEY, count)


def test_when_a_key_is_mapped_at_handover_from_eps_then_nh_is_in_it():
    # TS 33.501 A.15.2
    assert interworking.kamf_at_handover(KEY, b"n" * 32) == derived(0x76, b"n" * 32)
    # TS 33.401 A.4
    assert interworking.eps_nh(KEY, b"n" * 32) == derived(0x12, b"n" * 32)


def test_when_kasme_is_derived_then_network_and_concealed_sqn_are_in_it():
    # TS 33.401 A.2
    assert interworking.kasme(KEY[:16], KEY[16:], b"\x02\xf8\x39", b"concea") == derived(
        0x10, b"\x02\xf8\x39", b"concea"
    )


@pytest.mark.parametrize(("earfcn", "octets"), [(0xFFFF, "ffff"), (0x10000, "010000")])
def test_when_an_earfcn_is_above_16_bits_then_it_has_three_octets(earfcn, octets):
    # TS 33.401 A.5
    assert interworking.kenb_star(KEY, 3, earfcn) == derived(0x13, b"\0\3", bytes.fromhex(octets))


@pytest.mark.parametrize("kind", interworking.EpsDistinguisher)
def test_when_an_algorithm_key_is_derived_then_it_is_the_low_half(kind):
    # TS 33.401 A.7
    assert interworking.eps_algorithm_key(KEY, kind, 2) == derived(0x15, bytes([kind]), b"\2")[16:]
