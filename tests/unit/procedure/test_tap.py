"""The tap: nothing is built while nobody listens, and packets go to those who want them."""

from __future__ import annotations

from freehold.procedure import Record, Tap
from freehold.spec.identities import Supi

MESSAGE = Record(1.0, "N2", "gNB", "AMF", "NGSetupRequest")
PACKET = Record(1.0, "N3", "gNB", "UPF", "G-PDU")


def test_when_nobody_listens_then_the_tap_is_off():
    tap = Tap()
    assert (tap.active, tap.packets) == (False, False)
    stop = tap.listen([].append)
    assert (tap.active, tap.packets) == (True, True)
    stop()
    assert (tap.active, tap.packets) == (False, False)


def test_when_a_listener_wants_no_packets_then_it_hears_signalling_alone():
    tap = Tap()
    everything, signalling = [], []
    tap.listen(everything.append)
    tap.listen(signalling.append, packets=False)
    for record in (MESSAGE, PACKET):
        tap.record(record)
    assert everything == [MESSAGE, PACKET]
    assert signalling == [MESSAGE]


def test_when_only_signalling_is_wanted_then_packets_are_not_copied():
    tap = Tap()
    tap.listen([].append, packets=False)
    assert (tap.active, tap.packets) == (True, False)


def test_when_a_listener_stops_during_a_record_then_the_others_still_hear_it():
    tap, heard = Tap(), []
    stops = []
    stops.append(tap.listen(lambda _: stops[0]()))
    tap.listen(heard.append)
    tap.record(MESSAGE)
    tap.record(MESSAGE)
    assert heard == [MESSAGE, MESSAGE]


ANNA, BERT = Supi("imsi-001010000000001"), Supi("imsi-001010000000002")


class Context:
    """What belongs to a subscriber, once that is known."""

    about = None


def test_when_listeners_want_some_subscribers_then_what_is_another_ones_is_not_wanted():
    tap, context = Tap(), Context()
    stops = [tap.listen([].append, whose=frozenset({each})) for each in (ANNA, BERT)]
    assert tap.wants(ANNA)
    assert tap.wants(context)
    context.about = BERT
    assert tap.wants(context)
    stops[1]()
    assert not tap.wants(context)
    assert tap.wants("gnb-1")
    stop = tap.listen([].append)
    assert tap.wants(context)
    stop()
    assert not tap.wants(BERT)
