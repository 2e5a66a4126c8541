"""TS 29.507 4.2, TS 29.512 4.2: static policies."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from freehold.core.pcf import Pcf, PcfConfiguration, SessionRule
from freehold.services.npcf import AmPolicyAssociation, SmPolicyContext, SmPolicyDecision
from freehold.services.nudm import Ambr, Arp, DnnConfiguration
from freehold.spec.identities import PlmnId, SNssai, Supi, Tai

T = TypeVar("T")
SUPI = Supi("imsi-001010000000001")
TAI = Tai(PlmnId("001", "01"), 1)


def result(operation: Coroutine[Any, Any, T]) -> T:
    """The value of a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as stopped:
        operation.send(None)
    value: T = stopped.value.value
    return value


def asked(subscribed: DnnConfiguration, sst: int = 1) -> SmPolicyContext:
    return SmPolicyContext(SUPI, 1, SNssai(sst), subscribed.dnn, subscribed)


def test_when_there_is_no_rule_then_the_subscription_decides() -> None:
    subscribed = DnnConfiguration("internet", five_qi=7, arp=Arp(3), session_ambr=Ambr(1000, 2000))
    assert result(Pcf().create_sm_policy(asked(subscribed))) == SmPolicyDecision(Ambr(1000, 2000), 7, Arp(3))


def test_when_a_rule_fits_then_it_limits_and_changes() -> None:
    rules = (
        SessionRule("ims", most=Ambr(1, 1)),
        SessionRule("internet", slice=SNssai(2), five_qi=1),
        SessionRule("internet", most=Ambr(500, 9000), five_qi=8, arp=Arp(1)),
    )
    pcf = Pcf(PcfConfiguration(sessions=rules))
    subscribed = DnnConfiguration("internet", session_ambr=Ambr(1000, 2000))
    assert result(pcf.create_sm_policy(asked(subscribed))) == SmPolicyDecision(Ambr(500, 2000), 8, Arp(1))
    other = result(pcf.create_sm_policy(asked(subscribed, 2)))
    assert other == SmPolicyDecision(Ambr(1000, 2000), 1, Arp())


def test_when_more_is_subscribed_than_can_be_told_then_the_most_is_given() -> None:
    subscribed = DnnConfiguration("internet", session_ambr=Ambr(10**15, 1000))
    decision = result(Pcf().create_sm_policy(asked(subscribed)))
    assert decision.session_ambr == Ambr(4 * 10**12, 1000)


def test_when_two_sessions_have_equal_policies_then_they_share_one() -> None:
    pcf = Pcf()
    one, two = (result(pcf.create_sm_policy(asked(DnnConfiguration("internet")))) for _ in range(2))
    assert one is two
    result(pcf.delete_sm_policy(SUPI, 1))


def test_when_a_ue_registers_then_its_ambr_is_as_subscribed_up_to_the_limit() -> None:
    subscribed = Ambr(1000, 2000)
    assert result(Pcf().create_am_policy(SUPI, TAI, subscribed)) == AmPolicyAssociation(subscribed, None)
    pcf = Pcf(PcfConfiguration(ue_ambr=Ambr(1500, 1500), rfsp_index=3))
    assert result(pcf.create_am_policy(SUPI, TAI, subscribed)) == AmPolicyAssociation(Ambr(1000, 1500), 3)
    result(pcf.delete_am_policy(SUPI))
