"""The seal of rows is AES-256-GCM: another implementation seals alike, and nothing opens that was changed."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto.seal import Seal

KEY, NONCE = bytes(range(32)), bytes(range(12))


@given(key=st.binary(min_size=32, max_size=32), octets=st.binary(max_size=300), beside=st.binary(max_size=60))
def test_when_a_row_is_sealed_then_it_is_aes_gcm(key, octets, beside):
    sealed = Seal(key).seal(NONCE, octets, beside)
    assert sealed == AESGCM(key).encrypt(NONCE, octets, beside)
    assert Seal(key).open(NONCE, sealed, beside) == octets


@given(octets=st.binary(max_size=80), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_when_a_bit_changes_then_nothing_opens(octets, at, bit):
    sealed = bytearray(Seal(KEY).seal(NONCE, octets, b"place"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(ValueError, match="mac"):
        Seal(KEY).open(NONCE, bytes(sealed), b"place")


@pytest.mark.parametrize("sealed", [b"", b"x", bytes(15), bytes(16)])
def test_when_there_is_no_tag_then_nothing_opens(sealed):
    with pytest.raises(ValueError, match="mac"):
        Seal(KEY).open(NONCE, sealed, b"")


@pytest.mark.parametrize(("key", "nonce", "name"), [(bytes(16), NONCE, "the key"), (KEY, bytes(16), "the nonce")])
def test_when_a_length_is_wrong_then_it_is_named_without_an_octet(key, nonce, name):
    with pytest.raises(ValueError, match=name):
        Seal(key).seal(nonce, b"row", b"")
