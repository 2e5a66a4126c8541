"""Chaining of keys over handovers: AMF, gNB and UE come to the same key (TS 33.501 6.9.2)."""

import pytest

from freehold.crypto import handover, keys

KAMF, KGNB = bytes(range(32)), bytes(range(32, 64))
CELL = (0x1FF, 0xABCDE)


def test_when_no_fresh_nh_is_there_then_the_target_key_stands_on_the_one_in_use():
    # TS 33.501 6.9.2.1.1
    chain = handover.initial_chain(KGNB)
    target = chain.follow(KAMF, 0, *CELL)
    assert target == chain.horizontal(*CELL)
    assert (target.kgnb, target.ncc) == (keys.kng_ran_star(KGNB, *CELL), 0)


def test_when_the_ncc_grows_then_the_target_key_stands_on_that_nh():
    # TS 33.501 6.9.2.3.2: the AMF's second pair is the first one it gives away
    hop = handover.first_hop(KAMF, KGNB).after(KAMF)
    assert hop.nh == keys.nh(KAMF, keys.nh(KAMF, KGNB))
    target = handover.initial_chain(KGNB).follow(KAMF, 2, *CELL)
    assert target == handover.initial_chain(KGNB).vertical(hop, *CELL)
    assert target.kgnb == keys.kng_ran_star(hop.nh, *CELL)


def test_when_a_horizontal_handover_came_before_then_nh_still_stands_on_the_initial_key():
    moved = handover.initial_chain(KGNB).follow(KAMF, 0, 1, 2)
    hop = handover.first_hop(KAMF, KGNB)
    assert moved.follow(KAMF, 1, *CELL).kgnb == keys.kng_ran_star(hop.nh, *CELL)


def test_when_many_handovers_are_done_then_ue_and_amf_agree_past_the_end_of_the_ncc():
    hop, chain = handover.first_hop(KAMF, KGNB), handover.initial_chain(KGNB)
    seen = []
    for _ in range(20):
        hop = hop.after(KAMF)
        chain = chain.follow(KAMF, hop.ncc, *CELL)
        assert chain.kgnb == keys.kng_ran_star(hop.nh, *CELL)
        seen.append(chain.ncc)
    assert seen == [(2 + i) % 8 for i in range(20)]


@pytest.mark.parametrize("ncc", [-1, 8])
def test_when_the_ncc_has_more_than_three_bits_then_it_is_refused(ncc):
    with pytest.raises(ValueError, match="NCC"):
        handover.initial_chain(KGNB).follow(KAMF, ncc, *CELL)


def test_when_a_chain_is_printed_then_no_key_is_in_the_text():
    assert repr(handover.initial_chain(KGNB)) == "Chain(ncc=0)"
    assert repr(handover.first_hop(KAMF, KGNB)) == "NextHop(ncc=1)"
