"""The UDM: vectors and resynchronisation (negative K01, N17), subscription data, who serves a UE."""

from __future__ import annotations

import pytest

from freehold.core.udm import state
from freehold.core.udm.authentication import UeAuthentication
from freehold.crypto import aka, sqn
from freehold.procedure import Signal
from freehold.services.errors import ServiceError
from freehold.services.nausf import ResynchronizationInfo
from freehold.services.nudm import Amf3GppAccessRegistration
from freehold.spec.errors import Unusable
from freehold.spec.identities import Guami, Pei, SNssai, Supi

from .home import NAME, PLMN, Card, Home, subscriber_of, supi_of


def vector(home, identity, resynchronization=None):
    return home.world.run(home.udm.generate_auth_data(identity, NAME, resynchronization))


def refused(home, call):
    with pytest.raises(ServiceError) as caught:
        home.world.run(call)
    return caught.value.status, caught.value.application_error


def generate(home, identity, resynchronization=None):
    return home.udm.generate_auth_data(identity, NAME, resynchronization)


def test_when_a_vector_is_made_then_the_card_answers_it():
    home, card = Home(), Card(1)
    made = vector(home, card.suci())
    assert card.answer(made.rand, made.autn) == ("res", made.xres_star)
    assert made.supi == supi_of(1)


def test_when_many_vectors_are_made_then_every_one_is_fresh_for_its_card():
    home, cards = Home(3), [Card(n) for n in (1, 2, 3)]
    for turn in range(100):
        card = cards[turn * 7 % 3]
        made = vector(home, supi_of(card.number))
        assert card.answer(made.rand, made.autn)[0] == "res"


def test_when_vectors_are_used_out_of_order_then_the_card_accepts_them():
    # TS 33.102 C.2.2: the array of indices
    home, card = Home(), Card(1)
    first, second = vector(home, supi_of(1)), vector(home, supi_of(1))
    assert card.answer(second.rand, second.autn)[0] == "res"
    assert card.answer(first.rand, first.autn)[0] == "res"


def resynchronized(home, card, sqn_ms):
    """Bring the card to SQNMS and go through one resynchronisation."""
    card.sqn = sqn.SqnArray([sqn_ms >> sqn.IND_BITS] * sqn.SLOTS)
    made = vector(home, supi_of(card.number))
    kind, auts = card.answer(made.rand, made.autn)
    assert kind == "auts"
    return vector(home, supi_of(card.number), ResynchronizationInfo(made.rand, auts))


@pytest.mark.parametrize("seq", [1, 100, 1 << 20, (1 << 43) - 1000], ids=str)
def test_when_the_card_is_ahead_then_one_resynchronisation_is_enough(seq):
    home, card = Home(), Card(1)
    for _ in range(3):
        vector(home, supi_of(2))
    again = resynchronized(home, card, sqn.sqn_of(seq + 5, 3))
    assert card.answer(again.rand, again.autn) == ("res", again.xres_star)
    following = vector(home, supi_of(1))
    assert card.answer(following.rand, following.autn)[0] == "res"


def test_when_the_card_was_resynchronised_then_it_stays_so_after_a_restart():
    home, card = Home(), Card(1)
    resynchronized(home, card, sqn.sqn_of(1 << 30, 0))
    again = vector(home, supi_of(1))
    assert card.answer(again.rand, again.autn)[0] == "res"
    made = vector(Home(0, home.store), supi_of(1))
    assert card.answer(made.rand, made.autn)[0] == "res"


def test_when_the_card_is_far_behind_then_resynchronisation_brings_the_network_back():
    # TS 33.102 C.2.1: a USIM refuses a jump of more than DELTA
    home, card = Home(0), Card(1)
    home.udr.put(subscriber_of(1, sqn_offset=1 << 40)).result()
    made = vector(home, supi_of(1))
    kind, auts = card.answer(made.rand, made.autn)
    assert kind == "auts"
    again = vector(home, supi_of(1), ResynchronizationInfo(made.rand, auts))
    assert card.answer(again.rand, again.autn)[0] == "res"


def test_when_the_card_would_accept_the_next_sqn_anyhow_then_nothing_is_reset():
    # TS 33.102 6.3.5 step 3
    home = Home()
    for _ in range(50):
        vector(home, supi_of(1))
    made = vector(home, supi_of(1))
    auts = aka.make_auts(Card(1).k, Card(1).opc, made.rand, sqn.sqn_of(7, 7))
    vector(home, supi_of(1), ResynchronizationInfo(made.rand, auts))
    assert home.udr.subscriber(supi_of(1)).authentication.sqn_offset == 0


def test_when_the_next_seq_is_the_very_one_of_the_card_then_it_is_reset():
    home, card = Home(), Card(1)
    made = vector(home, supi_of(1))  # SEQ 1; the resynchronisation takes SEQ 2
    auts = aka.make_auts(card.k, card.opc, made.rand, sqn.sqn_of(2, 31))
    again = vector(home, supi_of(1), ResynchronizationInfo(made.rand, auts))
    answer = aka.answer_challenge(card.k, card.opc, again.rand, again.autn, NAME)
    assert answer is not None
    assert answer.sqn >> sqn.IND_BITS == 3


REJECTED = (403, "AUTHENTICATION_REJECTED")


def auts_for(home, number, rand):
    return ResynchronizationInfo(rand, aka.make_auts(Card(number).k, Card(number).opc, rand, sqn.sqn_of(1 << 20, 0)))


def test_when_an_auts_is_replayed_then_it_is_refused_and_nothing_changed():
    # negative N17
    home = Home()
    made = vector(home, supi_of(1))
    info = auts_for(home, 1, made.rand)
    vector(home, supi_of(1), info)
    before = home.udr.subscriber(supi_of(1))
    assert refused(home, generate(home, supi_of(1), info)) == REJECTED
    assert home.udr.subscriber(supi_of(1)) == before


def test_when_an_auts_is_for_a_rand_that_was_never_sent_then_it_is_refused():
    home = Home()
    vector(home, supi_of(1))
    assert refused(home, generate(home, supi_of(1), auts_for(home, 1, bytes(16)))) == REJECTED


def test_when_an_auts_is_for_another_subscribers_rand_then_it_is_refused():
    home = Home()
    vector(home, supi_of(1))
    other = vector(home, supi_of(2))
    assert refused(home, generate(home, supi_of(1), auts_for(home, 1, other.rand))) == REJECTED


def test_when_an_auts_comes_after_success_then_it_is_refused():
    home = Home()
    made = vector(home, supi_of(1))
    home.world.run(home.udm.confirm_auth(supi_of(1), NAME, success=True))
    assert refused(home, generate(home, supi_of(1), auts_for(home, 1, made.rand))) == REJECTED


def test_when_an_authentication_failed_then_its_challenge_is_still_open():
    home = Home()
    made = vector(home, supi_of(1))
    home.world.run(home.udm.confirm_auth(supi_of(1), NAME, success=False))
    vector(home, supi_of(1), auts_for(home, 1, made.rand))


@pytest.mark.parametrize("auts", [b"", bytes(13), bytes(15), bytes(14), b"\xff" * 14])
def test_when_the_auts_is_no_auts_then_it_is_refused(auts):
    home = Home()
    made = vector(home, supi_of(1))
    assert refused(home, generate(home, supi_of(1), ResynchronizationInfo(made.rand, auts))) == REJECTED


def test_when_resynchronisations_do_not_end_then_they_are_refused_until_a_fresh_start():
    # negative N17: AUTS flood
    home = Home()
    made = vector(home, supi_of(1))
    for _ in range(state.RESYNCHRONIZATIONS):
        made = vector(home, supi_of(1), auts_for(home, 1, made.rand))
    assert refused(home, generate(home, supi_of(1), auts_for(home, 1, made.rand))) == REJECTED
    made = vector(home, supi_of(1))
    vector(home, supi_of(1), auts_for(home, 1, made.rand))


def test_when_a_suci_is_replayed_then_the_open_challenge_can_still_be_resynchronised():
    home = Home()
    first = vector(home, supi_of(1))
    for _ in range(state.OPEN_CHALLENGES - 1):
        vector(home, supi_of(1))
    vector(home, supi_of(1), auts_for(home, 1, first.rand))


def test_when_challenges_are_never_answered_then_what_is_remembered_is_bounded():
    challenges = state.Challenges()
    for number in range(state.OPEN_SUBSCRIBERS + 10):
        for turn in range(9):
            challenges.issued(supi_of(number), turn.to_bytes(16), again=False)
    assert len(challenges) == state.OPEN_SUBSCRIBERS
    assert not challenges.redeem(supi_of(0), (8).to_bytes(16))
    last = supi_of(state.OPEN_SUBSCRIBERS + 9)
    assert not challenges.redeem(last, (8 - state.OPEN_CHALLENGES).to_bytes(16))
    assert challenges.redeem(last, (8).to_bytes(16))


def test_when_the_sqn_is_at_its_end_then_no_vector_is_made():
    home = Home(0)
    home.udr.put(subscriber_of(1, sqn_offset=sqn.SEQ_MAX)).result()
    assert refused(home, generate(home, supi_of(1))) == (500, "AV_GENERATION_PROBLEM")


def test_when_the_store_fails_then_no_vector_is_made():
    home = Home()

    def full():
        signal = Signal()
        signal.fail(Unusable("the disk is full"))
        return signal

    home.udr.next_sequence = full
    assert refused(home, generate(home, supi_of(1))) == (500, "AV_GENERATION_PROBLEM")


def test_when_the_subscriber_is_unknown_then_the_work_is_the_same_and_the_user_not_found(monkeypatch):
    # negative K01: the same computations for both
    home, done = Home(), []
    real = aka.generate_vector
    monkeypatch.setattr(aka, "generate_vector", lambda *given: done.append(len(given)) or real(*given))
    vector(home, Card(1).suci())
    drawn = home.world.drawn
    assert refused(home, generate(home, Card(99).suci())) == (404, "USER_NOT_FOUND")
    assert (done, home.world.drawn) == ([6, 6], drawn + 1)


def test_when_the_subscription_is_disabled_then_it_is_refused_at_once():
    home = Home()
    home.udr.put(subscriber_of(1, enabled=False)).result()
    assert refused(home, generate(home, Card(1).suci())) == REJECTED


def test_when_an_error_is_told_then_neither_supi_nor_key_is_in_its_text():
    # canary: negative (f), S13
    home = Home()
    for identity in (Card(99).suci(), Card(99).suci(None), supi_of(99)):
        with pytest.raises(ServiceError) as caught:
            vector(home, identity)
        text = f"{caught.value!r} {caught.value} {caught.value.detail}"
        assert "0000000099" not in text


def test_when_subscription_data_is_asked_for_then_it_is_the_subscribers():
    home, run = Home(), Home().world.run
    one = subscriber_of(1)
    assert run(home.udm.get_am_data(supi_of(1))) == one.mobility
    assert run(home.udm.get_smf_select_data(supi_of(1), SNssai(1))).dnns == ("internet", "ims")
    assert run(home.udm.get_sm_data(supi_of(1), SNssai(1), "ims")) == one.slices[0].dnns[1]


def test_when_subscription_data_is_not_there_then_the_error_says_which():
    home = Home()
    assert refused(home, home.udm.get_am_data(supi_of(9))) == (404, "USER_NOT_FOUND")
    assert refused(home, home.udm.get_sm_data(supi_of(9), SNssai(1), "ims")) == (404, "USER_NOT_FOUND")
    assert refused(home, home.udm.get_smf_select_data(supi_of(1), SNssai(1, 0))) == (404, "DATA_NOT_FOUND")
    assert refused(home, home.udm.get_sm_data(supi_of(1), SNssai(1), "factory")) == (404, "DATA_NOT_FOUND")
    home.udr.put(subscriber_of(1, enabled=False)).result()
    assert refused(home, home.udm.get_am_data(supi_of(1))) == (404, "USER_NOT_FOUND")


GUAMI = Guami(PLMN, 2, 1, 0)


def test_when_an_amf_registers_then_it_serves_until_it_or_another_one_says_otherwise():
    home = Home()
    run, udm = home.world.run, home.udm
    first = Amf3GppAccessRegistration("amf-1", GUAMI, Pei("imei-356938035643803"))
    second = Amf3GppAccessRegistration("amf-2", Guami(PLMN, 2, 1, 1))
    run(udm.register_amf(supi_of(1), first))
    assert (udm.serving_amf(supi_of(1)), udm.registered) == (first, 1)
    run(udm.register_amf(supi_of(1), second))
    run(udm.deregister_amf(supi_of(1), GUAMI))
    assert udm.serving_amf(supi_of(1)) == second
    run(udm.deregister_amf(supi_of(1), second.guami))
    run(udm.deregister_amf(supi_of(1), second.guami))
    assert (udm.serving_amf(supi_of(1)), udm.registered) == (None, 0)


def test_when_a_stranger_is_registered_then_the_user_is_not_found():
    home = Home()
    stranger = Supi("nai-nobody@nowhere")
    assert refused(home, home.udm.register_amf(stranger, Amf3GppAccessRegistration("a", GUAMI)))[0] == 404
    assert refused(home, home.udm.register_smf(stranger, 1, SNssai(1), "internet"))[0] == 404


def test_when_sessions_come_and_go_then_nothing_of_them_is_left():
    home = Home()
    run, udm = home.world.run, home.udm
    run(udm.register_smf(supi_of(1), 1, SNssai(1), "internet"))
    run(udm.register_smf(supi_of(1), 2, SNssai(1), "ims"))
    run(udm.deregister_smf(supi_of(1), 1))
    run(udm.deregister_smf(supi_of(1), 1))
    assert len(udm._sessions) == 1
    run(udm.deregister_smf(supi_of(1), 2))
    assert not udm._sessions


def test_when_the_udm_is_made_then_it_has_all_its_services():
    assert isinstance(Home().udm, UeAuthentication)
