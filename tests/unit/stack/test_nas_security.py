"""One NAS security context at both ends, and what must not pass it (negative N01, N10, N11)."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.crypto import algorithms, keys
from freehold.spec.errors import Bug
from freehold.stack import nas_security
from freehold.stack.nas_security import HeaderType, NasSecurity

KAMF = bytes(range(32))
PLAIN = bytes.fromhex("7e0043")


def both(nea=2, nia=2, uplink=0, downlink=0):
    return tuple(
        NasSecurity(side, KAMF, 3, nea=nea, nia=nia, uplink=uplink, downlink=downlink) for side in ("ue", "amf")
    )


@pytest.mark.parametrize("nea", range(4))
@pytest.mark.parametrize("nia", [1, 2, 3])
@pytest.mark.parametrize("header_type", [1, 2, 3, 4])
def test_when_the_ue_sends_then_the_amf_reads_it_and_back(nea, nia, header_type):
    ue, amf = both(nea, nia)
    for count in range(3):
        up = amf.unprotect(ue.protect(PLAIN, header_type))
        down = ue.unprotect(amf.protect(PLAIN, header_type))
        for got in (up, down):
            assert (got.plain, got.verified, got.count, got.header_type) == (PLAIN, True, count, header_type)
    assert (ue.uplink, ue.downlink, amf.uplink, amf.downlink) == (3, 3, 3, 3)


def test_when_a_message_is_protected_then_its_octets_are_those_of_the_specification():
    # TS 24.501 9.1.1, 4.4.4; TS 33.501 6.4.3.1, 6.4.4.1
    octets = NasSecurity("ue", KAMF, 0, nea=1, nia=2, uplink=0x1234).protect(PLAIN, 2)
    enc, integrity = (keys.algorithm_key(KAMF, kind, n) for kind, n in ((1, 1), (2, 2)))
    ciphered = algorithms.nea(1, enc, 0x1234, 1, 0, PLAIN)
    mac = algorithms.nia(2, integrity, 0x1234, 1, 0, b"\x34" + ciphered)
    assert octets == b"\x7e\x02" + mac + b"\x34" + ciphered


def test_when_the_sequence_number_wraps_then_the_overflow_counter_follows():
    ue, amf = both(uplink=250)
    for count in range(250, 600):
        assert amf.unprotect(ue.protect(PLAIN)).count == count


def test_when_messages_are_lost_then_the_next_one_is_still_read():
    ue, amf = both()
    assert amf.unprotect(ue.protect(PLAIN)).verified
    for _ in range(255):
        ue.protect(PLAIN)
    assert amf.unprotect(ue.protect(PLAIN)).count == 256


@pytest.mark.parametrize("times", [1, 2])
def test_when_a_message_is_replayed_then_it_is_refused_and_called_a_replay(times):
    ue, amf = both()
    octets = ue.protect(PLAIN)
    amf.unprotect(octets)
    for _ in range(times):
        got = amf.unprotect(octets)
        assert (got.verified, got.replayed, got.plain) == (False, True, None)
    assert amf.unprotect(ue.protect(PLAIN)).verified


def test_when_an_older_count_comes_then_it_is_refused_and_called_a_replay():
    ue, amf = both(uplink=254)
    older = ue.protect(PLAIN)
    for _ in range(3):
        assert amf.unprotect(ue.protect(PLAIN)).verified
    got = amf.unprotect(older)
    assert (got.verified, got.replayed) == (False, True)


def altered(octets, mac):
    return octets[:2] + mac + octets[6:]


@pytest.mark.parametrize("mac", [bytes(4), b"\xff" * 4, b"\x00\x00\x00\x01"])
def test_when_the_mac_is_wrong_then_nothing_is_accepted(mac):
    ue, amf = both()
    octets = ue.protect(PLAIN)
    got = amf.unprotect(altered(octets, mac))
    assert (got.verified, got.replayed, got.plain, amf.uplink) == (False, False, None, 0)
    assert amf.unprotect(octets).verified


@pytest.mark.parametrize("position", range(2, 10))
@pytest.mark.parametrize("header_type", [1, 2])
def test_when_any_protected_octet_is_changed_then_the_verdict_is_no(position, header_type):
    ue, amf = both()
    octets = bytearray(ue.protect(PLAIN, header_type))
    octets[position] ^= 0x10
    assert not amf.unprotect(bytes(octets)).verified
    assert amf.uplink == 0


def test_when_the_ues_own_message_comes_back_then_the_direction_is_refused():
    ue, amf = both()
    assert not ue.unprotect(ue.protect(PLAIN)).verified
    assert not amf.unprotect(amf.protect(PLAIN)).verified


def test_when_the_message_is_of_the_other_access_then_the_bearer_is_refused():
    other = NasSecurity("ue", KAMF, 3, nea=2, nia=2, access=keys.NON_3GPP)
    assert not both()[1].unprotect(other.protect(PLAIN)).verified


def test_when_an_integrity_protected_message_fails_then_its_text_is_still_there_to_judge():
    # TS 24.501 4.4.4.3: some messages are processed although they failed
    ue, amf = both()
    got = amf.unprotect(altered(ue.protect(PLAIN, HeaderType.INTEGRITY), bytes(4)))
    assert (got.plain, got.verified) == (PLAIN, False)


@pytest.mark.parametrize("length", range(8))
def test_when_the_octets_are_too_short_then_the_verdict_is_no(length):
    # negative N01
    ue, amf = both()
    got = amf.unprotect(ue.protect(PLAIN)[:length])
    assert (got.plain, got.verified) == (None, False)


@pytest.mark.parametrize("header_type", [5, 6, 15])
def test_when_the_header_type_is_reserved_then_the_verdict_is_no(header_type):
    ue, amf = both()
    octets = bytearray(ue.protect(PLAIN))
    octets[1] = header_type
    assert not amf.unprotect(bytes(octets)).verified


@pytest.mark.parametrize("header_type", [0, 5, 255])
def test_when_a_header_type_cannot_be_sent_then_it_is_refused(header_type):
    with pytest.raises(ValueError, match="security header type"):
        both()[0].protect(PLAIN, header_type)


@given(octets=st.binary(max_size=64), prefix=st.sampled_from([b"", b"\x7e\x02", b"\x7e\x01", b"\x7e\x04", b"\x7e\x00"]))
def test_when_anything_at_all_is_received_then_there_is_a_verdict_and_no_state_changed(octets, prefix):
    amf = both()[1]
    assert not amf.unprotect(prefix + octets).verified
    assert amf.uplink == 0


def test_when_integrity_is_null_then_only_a_zero_mac_passes():
    ue, amf = both(nea=0, nia=0)
    octets = ue.protect(PLAIN)
    assert octets[2:6] == bytes(4)
    assert amf.unprotect(octets).verified
    assert not amf.unprotect(altered(ue.protect(PLAIN), b"\0\0\0\1")).verified


def test_when_the_count_has_reached_its_end_then_nothing_more_is_sent():
    # TS 24.501 4.4.3.5
    ue, amf = both(uplink=nas_security.COUNT_MAX)
    last = ue.protect(PLAIN)
    assert amf.unprotect(last).count == nas_security.COUNT_MAX
    with pytest.raises(Bug):
        ue.protect(PLAIN)
    assert not amf.unprotect(last).verified


@pytest.mark.parametrize(("uplink", "due"), [(0, False), (nas_security.COUNT_MAX - 100, True)])
def test_when_a_count_nears_its_end_then_renewal_is_due(uplink, due):
    ue, amf = both(uplink=uplink)
    assert (ue.renewal_due, amf.renewal_due) == (due, due)


def test_when_an_initial_message_carries_a_container_then_the_amf_deciphers_it():
    # TS 24.501 4.4.6
    ue, amf = both(uplink=40)
    container = ue.cipher_container(b"the whole request")
    assert container != b"the whole request"
    assert amf.unprotect(ue.protect(PLAIN + container, HeaderType.INTEGRITY)).plain == PLAIN + container
    assert amf.decipher_container(container) == b"the whole request"


def test_when_security_mode_completes_then_both_ends_have_one_kgnb():
    ue, amf = both()
    amf.unprotect(ue.protect(PLAIN))
    completed = ue.protect(PLAIN, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)
    count = amf.unprotect(completed).count
    assert ue.kgnb() == amf.kgnb() == amf.kgnb(count) == keys.kgnb(KAMF, 1)
    assert ue.nh(ue.kgnb()) == keys.nh(KAMF, keys.kgnb(KAMF, 1))


def test_when_a_context_is_resumed_then_no_count_is_used_twice():
    ue, amf = both()
    assert amf.must_persist
    state = amf.snapshot(16)
    amf.persisted(state)
    used = set()
    while not amf.must_persist:
        used.add(amf.downlink)
        amf.protect(PLAIN)
    assert len(used) == 16
    resumed = NasSecurity.resume("amf", state)
    assert resumed.downlink not in used
    assert resumed.downlink == max(used) + 1
    assert ue.unprotect(resumed.protect(PLAIN)).verified


def test_when_a_context_is_resumed_then_an_uplink_message_from_before_is_not_accepted():
    ue, amf = both()
    state = amf.snapshot(16)
    seen = [ue.protect(PLAIN) for _ in range(16)]
    assert all(amf.unprotect(octets).verified for octets in seen)
    resumed = NasSecurity.resume("amf", state)
    assert not any(resumed.unprotect(octets).verified for octets in seen)
    assert resumed.unprotect(ue.protect(PLAIN)).verified


def test_when_a_context_is_printed_then_no_key_is_in_the_text():
    amf = both()[1]
    for value in (amf, amf.snapshot(1)):
        assert KAMF.hex() not in repr(value)
        assert repr(KAMF) not in repr(value)


def test_when_a_ue_is_registered_then_its_context_is_small():
    amf = both()[1]
    parts = [amf, amf._keys, *(getattr(amf, name) for name in ("_next", "_expected", "_mark_next", "_mark_expected"))]
    assert sum(map(sys.getsizeof, parts)) <= 400


def test_when_a_right_mac_is_past_the_last_count_then_it_is_not_accepted():
    # TS 24.501 4.4.3.5: a count has 24 bits, whatever the algorithm would take
    beyond = nas_security.COUNT_MAX + 1
    octets = algorithms.NasKeys(KAMF, 2, 2).protect(2, beyond, keys.THREE_GPP, algorithms.UPLINK, PLAIN)
    got = NasSecurity("amf", KAMF, 3, nea=2, nia=2, uplink=beyond).unprotect(octets)
    assert (got.verified, got.plain) == (False, None)


def test_when_only_uplink_messages_come_then_the_state_must_be_persisted_again():
    ue, amf = both()
    amf.persisted(amf.snapshot(2))
    for due in (False, False, True):
        assert amf.must_persist is due
        amf.unprotect(ue.protect(PLAIN))
