"""De-concealment and its policy (negative K02, K03, K04)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.core.udm import HomeNetworkKey, Sidf
from freehold.crypto import suci
from freehold.services.errors import ServiceError
from freehold.spec.identities import PlmnId, Suci
from freehold.spec.keys import Key

from .home import PLMN, PROFILE_A, PROFILE_B, Card, supi_of

SIDF = Sidf((PROFILE_A, PROFILE_B))


def refused(sidf, identity):
    with pytest.raises(ServiceError) as caught:
        sidf.supi(identity)
    return caught.value.status, caught.value.application_error


def concealed(plain, key=PROFILE_A, **fields):
    output = suci.conceal(key.scheme, key.public, bytes(range(32)), plain)
    return Suci(
        **({"plmn": PLMN, "routing_indicator": "0", "scheme": key.scheme, "key_id": key.key_id} | fields), output=output
    )


@pytest.mark.parametrize("key", [None, PROFILE_A, PROFILE_B], ids=["null", "A", "B"])
def test_when_a_suci_is_of_a_scheme_then_its_supi_comes(key):
    assert SIDF.supi(Card(5).suci(key)) == supi_of(5)


def test_when_a_suci_is_of_a_name_then_its_nai_comes():
    identity = concealed(b"verylongusername1", plmn=None, supi_type="nai", realm="3gpp.com")
    assert SIDF.supi(identity).value == "nai-verylongusername1@3gpp.com"


def test_when_the_policy_asks_for_concealment_then_the_null_scheme_is_refused():
    # negative K02
    strict = Sidf((PROFILE_A,), null_scheme=False)
    assert refused(strict, Card(5).suci(None)) == (501, "UNSUPPORTED_PROTECTION_SCHEME")
    assert strict.supi(Card(5).suci(PROFILE_A)) == supi_of(5)


@pytest.mark.parametrize(("scheme", "key_id"), [(1, 2), (2, 1), (1, 255), (3, 1), (15, 1)])
def test_when_no_key_has_this_identifier_then_it_is_said(scheme, key_id):
    # negative K03: wrong home network public key identifier
    identity = Suci(PLMN, "0", scheme, key_id, Card(5).suci().output)
    assert refused(SIDF, identity) == (403, "INVALID_HN_PUBLIC_KEY_IDENTIFIER")


def test_when_there_are_several_keys_of_a_profile_then_the_identifier_chooses():
    other = HomeNetworkKey(9, suci.Scheme.PROFILE_A, Key(bytes(range(100, 132))))
    sidf = Sidf((PROFILE_A, other))
    assert sidf.supi(Card(5).suci(other)) == sidf.supi(Card(5).suci(PROFILE_A)) == supi_of(5)
    wrong = Suci(PLMN, "0", 1, 9, Card(5).suci(PROFILE_A).output)
    assert refused(sidf, wrong) == (403, "INVALID_SCHEME_OUTPUT")


@pytest.mark.parametrize(
    "plain",
    [b"\x00", b"\xab" * 5, b"\x11" * 6, b"\xff" * 5, b"\x00\x00\x00\x00\x0a", b"1" * 1_000_000, b"\xf1"],
    ids=["2 digits", "no digits", "12 digits", "filler", "a digit A", "a megabyte", "too few"],
)
def test_when_what_is_concealed_is_no_imsi_then_it_is_refused(plain):
    # negative K04; 001 01 and one digit is an IMSI of 6
    expected = plain in {b"\x00", b"\xf1"}
    if expected:
        assert SIDF.supi(concealed(plain)).digits.startswith("00101")
    else:
        assert refused(SIDF, concealed(plain)) == (403, "INVALID_SCHEME_OUTPUT")


@pytest.mark.parametrize("plain", [b"a\0b", b"../../etc", b"a@b", b"\xff\xfe", b"x" * 300, b"a\nb"], ids=repr)
def test_when_what_is_concealed_is_no_user_name_then_it_is_refused(plain):
    identity = concealed(plain, plmn=None, supi_type="nai", realm="3gpp.com")
    assert refused(SIDF, identity) == (403, "INVALID_SCHEME_OUTPUT")


@given(output=st.binary(max_size=80), scheme=st.integers(0, 15), kind=st.sampled_from(["imsi", "nai"]))
def test_when_anything_at_all_comes_then_it_is_a_supi_or_the_specifications_error(output, scheme, kind):
    identity = Suci(PLMN, "0", scheme, 1, output, kind, "realm")
    try:
        assert SIDF.supi(identity).value.startswith((f"{kind}-00101", "nai-"))
    except ServiceError as error:
        assert error.application_error in {"INVALID_SCHEME_OUTPUT", "INVALID_HN_PUBLIC_KEY_IDENTIFIER"}  # noqa: PT017


def test_when_the_suci_is_of_another_plmn_then_the_user_is_not_found():
    sidf = Sidf((PROFILE_A,), plmns=(PlmnId("999", "70"),))
    assert refused(sidf, Card(5).suci()) == (404, "USER_NOT_FOUND")


def test_when_a_key_is_printed_then_its_private_octets_are_not_in_the_text():
    assert PROFILE_A.private.hex() not in repr(PROFILE_A)
    assert bytes.__repr__(PROFILE_A.private) not in repr(PROFILE_A)
    assert len(PROFILE_A.public) == 32
    assert len(PROFILE_B.public) == 33
