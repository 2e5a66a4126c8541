"""The tap: nothing is built while nobody listens, and packets go to those who want them."""

from __future__ import annotations

from freehold.procedure import Record, Tap

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
