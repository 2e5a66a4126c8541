"""The AUSF: 5G-AKA runs and every way they fail (negative N16)."""

from __future__ import annotations

import hashlib

import pytest

from freehold.core.ausf import Ausf
from freehold.core.ausf.ausf import OPEN_CONTEXTS
from freehold.crypto import aka, keys
from freehold.services.errors import ServiceError
from freehold.services.nausf import AuthenticationInfo, ResynchronizationInfo
from freehold.spec.identities import PlmnId

from .home import NAME, PLMN, Card, Home, supi_of


def refused(act, *arguments):
    with pytest.raises(ServiceError) as caught:
        act(*arguments)
    return caught.value.status, caught.value.application_error


@pytest.mark.parametrize("by_suci", [True, False])
def test_when_the_card_answers_then_supi_and_kseaf_come_and_the_ue_has_the_same(by_suci):
    home, card = Home(), Card(1)
    ctx = home.challenge(card.suci() if by_suci else supi_of(1))
    answer = aka.answer_challenge(card.k, card.opc, ctx.rand, ctx.autn, NAME)
    assert answer is not None
    # TS 33.501 A.5: the SEAF compares this before it asks the AUSF
    assert hashlib.sha256(ctx.rand + answer.res_star).digest()[16:] == ctx.hxres_star
    done = home.confirm(ctx.context_id, answer.res_star)
    assert (done.success, done.supi) == (True, supi_of(1))
    assert done.k_seaf == keys.kseaf(answer.kausf, NAME)


@pytest.mark.parametrize("res_star", [b"", bytes(16), bytes(15), b"\xff" * 17], ids=len)
@pytest.mark.parametrize("by_suci", [True, False], ids=["SUCI", "GUTI"])
def test_when_res_star_is_wrong_then_neither_supi_nor_key_is_given(res_star, by_suci):
    # TS 33.512 4.2.2.1.2
    home = Home()
    ctx = home.challenge(Card(1).suci() if by_suci else supi_of(1))
    done = home.confirm(ctx.context_id, res_star)
    assert (done.success, done.supi, done.k_seaf) == (False, None, None)


@pytest.mark.parametrize("right", [True, False])
def test_when_an_authentication_ends_then_the_udm_learns_how(right):
    # TS 33.501 6.1.4.1a
    home, card, told = Home(), Card(1), []

    async def learn(supi, name, *, success):
        told.append((supi, name, success))

    home.udm.confirm_auth = learn
    ctx = home.challenge(supi_of(1))
    _, res_star = card.answer(ctx.rand, ctx.autn)
    home.confirm(ctx.context_id, res_star if right else bytes(16))
    assert told == [(supi_of(1), NAME, right)]


def test_when_hxres_star_is_sent_as_res_star_then_it_is_wrong():
    home = Home()
    ctx = home.challenge(supi_of(1))
    assert not home.confirm(ctx.context_id, ctx.hxres_star).success


@pytest.mark.parametrize("right", [True, False])
def test_when_a_context_was_confirmed_once_then_it_is_gone(right):
    home, card = Home(), Card(1)
    ctx = home.challenge(supi_of(1))
    _, res_star = card.answer(ctx.rand, ctx.autn)
    home.confirm(ctx.context_id, res_star if right else bytes(16))
    assert refused(home.confirm, ctx.context_id, res_star) == (404, "CONTEXT_NOT_FOUND")
    assert len(home.ausf) == 0


def test_when_a_context_is_another_ones_then_its_answer_does_not_fit():
    home = Home()
    mine, other = home.challenge(supi_of(1)), home.challenge(supi_of(2))
    _, res_star = Card(1).answer(mine.rand, mine.autn)
    assert not home.confirm(other.context_id, res_star).success
    assert home.confirm(mine.context_id, res_star).supi == supi_of(1)


def test_when_a_serving_network_is_not_authorized_then_no_vector_is_made():
    # TS 33.501 6.1.2
    home = Home()
    info = AuthenticationInfo(supi_of(1), PlmnId("999", "99").serving_network_name)
    assert refused(home.world.run, home.ausf.authenticate(info)) == (403, "SERVING_NETWORK_NOT_AUTHORIZED")
    assert home.udr.next_sequence().result() == 1


def test_when_no_network_is_named_then_every_one_may_ask():
    home = Home()
    name = PlmnId("999", "99").serving_network_name
    ctx = home.world.run(Ausf(home.udm).authenticate(AuthenticationInfo(supi_of(1), name)))
    assert Card(1).answer(ctx.rand, ctx.autn, name)[0] == "res"


@pytest.mark.parametrize(
    ("identity", "error"),
    [
        (Card(99).suci(), (404, "USER_NOT_FOUND")),
        (supi_of(99), (404, "USER_NOT_FOUND")),
        (Card(99).suci(None), (404, "USER_NOT_FOUND")),
    ],
    ids=["SUCI", "SUPI", "null scheme"],
)
def test_when_the_udm_refuses_then_its_error_comes_through_and_nothing_is_kept(identity, error):
    home = Home()
    assert refused(home.challenge, identity) == error
    assert len(home.ausf) == 0


def test_when_the_card_is_ahead_then_the_run_ends_well_after_resynchronisation():
    # TS 33.501 6.1.3.3.2
    home, card = Home(), Card(1)
    for index in range(32):
        card.sqn.accept((1 << 20) + index)
    first = home.challenge(card.suci())
    kind, auts = card.answer(first.rand, first.autn)
    assert kind == "auts"
    second = home.challenge(card.suci(), ResynchronizationInfo(first.rand, auts))
    kind, res_star = card.answer(second.rand, second.autn)
    assert (kind, home.confirm(second.context_id, res_star).supi) == ("res", supi_of(1))


def test_when_authentications_are_never_confirmed_then_what_is_kept_is_bounded():
    # negative D01
    home = Home()
    first = home.challenge(supi_of(1))
    for _ in range(OPEN_CONTEXTS):
        home.challenge(supi_of(1))
    assert len(home.ausf) == OPEN_CONTEXTS
    assert refused(home.confirm, first.context_id, bytes(16)) == (404, "CONTEXT_NOT_FOUND")


def test_when_what_is_kept_is_printed_then_no_key_is_in_the_text():
    home, card = Home(), Card(1)
    ctx = home.challenge(card.suci())
    answer = aka.answer_challenge(card.k, card.opc, ctx.rand, ctx.autn, PLMN.serving_network_name)
    assert answer is not None
    done_text = repr(list(home.ausf._contexts.values())) + repr(home.confirm(ctx.context_id, answer.res_star))
    for secret in (answer.res_star, keys.kseaf(answer.kausf, NAME)):
        assert repr(secret) not in done_text
    assert supi_of(1).digits not in done_text
