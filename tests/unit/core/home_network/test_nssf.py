"""Slice selection (TS 23.501 5.15.5.2.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.core.nssf import Nssf
from freehold.spec.identities import SNssai, Tai

from .home import PLMN, World

RUN = World().run
A, B, C, D = SNssai(1), SNssai(2), SNssai(3), SNssai(1, 0)
HOME, EDGE = Tai(PLMN, 1), Tai(PLMN, 2)
NSSF = Nssf((A, B, C), {EDGE: (A,)})


@pytest.mark.parametrize(
    ("requested", "subscribed", "default", "tai", "allowed", "rejected"),
    [
        ((), (A, B), (A,), HOME, (A,), ()),
        ((B,), (A, B), (A,), HOME, (B,), ()),
        ((B, A), (A, B), (A,), HOME, (B, A), ()),
        ((C,), (A, B), (A,), HOME, (A,), ((C, "plmn"),)),
        ((D,), (A, D), (A,), HOME, (A,), ((D, "plmn"),)),
        ((B, A), (A, B), (A,), EDGE, (A,), ((B, "registration-area"),)),
        ((B,), (A, B), (B,), EDGE, (), ((B, "registration-area"),)),
        ((A, A), (A,), (A,), HOME, (A,), ()),
        ((), (), (), HOME, (), ()),
        ((), (D,), (D,), HOME, (), ()),
    ],
)
def test_when_slices_are_asked_for_then_the_rules_choose(requested, subscribed, default, tai, allowed, rejected):
    info = RUN(NSSF.select(requested, subscribed, default, tai))
    assert (info.allowed, info.rejected) == (allowed, rejected)


def test_when_a_ue_is_subscribed_to_more_than_there_is_then_it_is_configured_with_what_there_is():
    assert RUN(NSSF.select((), (B, D, A), (A,), HOME)).configured == (B, A)


SLICES = st.lists(st.builds(SNssai, st.integers(1, 20)), max_size=24).map(tuple)


@given(requested=SLICES, subscribed=SLICES, default=SLICES)
def test_when_anything_is_asked_for_then_only_what_is_subscribed_and_here_is_allowed(requested, subscribed, default):
    nssf = Nssf(tuple(SNssai(n) for n in range(1, 15)), {EDGE: (SNssai(n) for n in range(1, 12))})
    info = RUN(nssf.select(requested, subscribed, default, EDGE))
    assert set(info.allowed) <= set(subscribed)
    assert all(one.sst < 12 for one in info.allowed)
    assert not set(info.allowed) & {one for one, _ in info.rejected}
    assert (len(info.allowed) <= 8, len(info.configured) <= 16, len(info.rejected) <= 8) == (True, True, True)
    assert len(set(info.allowed)) == len(info.allowed)
