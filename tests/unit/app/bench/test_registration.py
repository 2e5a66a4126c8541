"""What is made of the rounds of `freehold bench registration --management`."""

from freehold.app.bench.registration import change


def test_when_the_machine_is_slower_for_a_round_then_what_management_costs_is_the_same():
    assert change([0.6, 0.8, 0.7], [0.63, 0.84, 0.735]) == 5.0


def test_when_one_round_is_disturbed_then_the_others_decide():
    assert change([0.6, 0.6, 0.6], [0.63, 1.2, 0.63]) == 5.0
