"""Records kept while somebody watches, and opened later."""

import asyncio

import msgspec
import pytest

from freehold.codecs import nas
from freehold.manage import kept as module
from freehold.manage.dissect import opened
from freehold.manage.kept import Kept
from freehold.procedure import Record, Tap
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from managekit import K


def record(number, interface="N2", **more):
    return Record(float(number), interface, "AMF", "gnb-1", f"message {number}", **more)


def test_when_nobody_watches_then_the_tap_rests_and_what_was_kept_stays():
    tap = Tap()
    recorder = Kept(tap)
    assert not tap.active
    seen = []
    stop = recorder.watch(seen.append, packets=False)
    first = record(1)
    tap.record(first)
    tap.record(record(2, "N3"))
    stop()
    assert not tap.active
    assert seen == [first]
    assert recorder.find(1) is first
    assert recorder.number(first) == 1
    assert list(recorder) == [first]


def test_when_several_watch_then_each_record_has_one_number_and_packets_are_for_who_wants_them():
    tap = Tap()
    recorder = Kept(tap)
    plain, all_of_it = [], []
    stops = [recorder.watch(plain.append, packets=False), recorder.watch(all_of_it.append, packets=True)]
    assert tap.packets
    for one in (record(1), record(2, "N3"), record(3)):
        tap.record(one)
    assert [len(plain), len(all_of_it)] == [2, 3]
    assert [recorder.number(one) for one in all_of_it] == [1, 0, 2]
    stops[1]()
    assert tap.active
    assert not tap.packets
    stops[0]()
    assert not tap.active


def test_when_too_many_come_then_the_oldest_give_way(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 10)
    monkeypatch.setattr(module, "TRIMMED", 12)
    tap = Tap()
    recorder = Kept(tap)
    recorder.watch(lambda _: None, packets=False)
    for number in range(100):
        tap.record(record(number))
    assert [one.name for one in recorder] == [f"message {number}" for number in range(90, 100)]
    assert recorder.find(90) is None
    assert recorder.find(91).name == "message 90"
    assert len(recorder._records) < 12


class Secrets(msgspec.Struct, frozen=True):
    supi: Supi
    key: bytes
    items: tuple[bytes, ...]
    text: str = "shown"


def test_when_an_operation_is_opened_then_no_octet_of_it_is_shown():
    key = bytes.fromhex(K)
    value = (Secrets(Supi("imsi-001010000000001"), key, (key,)), key, 5, None)
    view = asyncio.run(opened(record(1, "SBI", value=value)))
    text = msgspec.json.encode(view).decode()
    assert K not in text
    assert "shown" in text
    assert "16 octets" in text
    assert "001010000000001" not in text


def test_when_a_message_is_opened_then_it_is_read_as_its_interface_carries_it():
    octets = nas.encode(nas.RegistrationReject(cause=15))
    view = asyncio.run(opened(record(1, "N1", octets=octets)))
    assert view.protocol == "nas"
    assert [(field.label, field.first, field.bits) for field in view.content.fields] == [("cause", 24, 8)]


@pytest.mark.parametrize("interface", ["N1", "N2", "N3", "N4", "N4-u", "Uu", "Xn", "F1", "E1", "N6"])
def test_when_strange_octets_crossed_then_opening_them_is_answered(interface):
    octets = bytes(range(40))
    try:
        assert asyncio.run(opened(record(1, interface, octets=octets))).octets == octets.hex()
    except Unusable as refused:
        assert "no protocol fits" in str(refused)  # noqa: PT017 - either is an answer


MINE, OTHER = Supi("imsi-001010000000001"), Supi("imsi-001019999990001")


class Value:
    def __init__(self, ran_ue_ngap_id):
        self.ran_ue_ngap_id = ran_ue_ngap_id


def begin(time, number):
    return record(time, value=Value(number))


def of(time, supi, number):
    return record(time, value=Value(number), subject=str(supi), about=supi)


def test_when_one_ue_is_followed_then_nothing_of_another_one_is_kept_though_its_number_ends_alike():
    tap = Tap()
    recorder, seen = Kept(tap), []
    recorder.watch(seen.append, packets=False, supi=MINE)
    assert tap.wants(MINE)
    assert not tap.wants(OTHER)
    first, foreign, mine, other = begin(1, 1), begin(2, 2), of(3, MINE, 1), of(4, OTHER, 2)
    for one in (first, foreign, mine, other):
        tap.record(one)
    assert seen == list(recorder) == [first, mine]
    assert [recorder.number(one) for one in (first, mine, foreign, other)] == [1, 2, 0, 0]


def test_when_another_watches_everything_then_a_followed_record_keeps_its_one_number_and_is_kept_once():
    tap = Tap()
    recorder, followed, again, everything = Kept(tap), [], [], []
    recorder.watch(followed.append, packets=False, supi=MINE)
    recorder.watch(again.append, packets=False, supi=MINE)
    stop = recorder.watch(everything.append, packets=False)
    run = [begin(1, 1), begin(2, 2), of(3, MINE, 1), of(4, OTHER, 2)]
    for one in run:
        tap.record(one)
    stop()
    assert not tap.wants(OTHER)
    assert everything == list(recorder) == run
    assert followed == again == [run[0], run[2]]
    assert [recorder.number(one) for one in run] == [1, 2, 3, 4]


def test_when_a_ue_is_followed_late_then_what_was_kept_of_it_comes_first_and_its_connection_is_known():
    tap = Tap()
    recorder, seen = Kept(tap), []
    stop = recorder.watch(lambda _: None, packets=False)
    for one in (begin(1, 1), of(2, MINE, 1), of(3, OTHER, 2)):
        tap.record(one)
    stop()
    recorder.watch(seen.append, packets=False, supi=MINE, kept=True)
    tap.record(record(4, "SBI", about=MINE, subject=str(MINE)))
    assert [one.time for one in seen] == [1, 2, 4]


def test_when_a_terminal_with_a_wrong_key_is_followed_then_its_ladder_is_shown_and_no_other_ones():
    from freehold.app.network import Network
    from freehold.ue.errors import UsimInvalid

    async def main():
        async with Network() as network:
            good, bad = network.ue(), network.ue()
            udr = network.core.udr
            stored = udr.subscriber(bad.supi)
            wrong = msgspec.structs.replace(stored.authentication, k=bytes(16))
            await network.world.wait(udr.put(msgspec.structs.replace(stored, authentication=wrong)))
            recorder, seen, all_of_it = Kept(network.tap), [], []
            stop = recorder.watch(seen.append, packets=False, supi=bad.supi)
            network.tap.listen(all_of_it.append, packets=False, whose=frozenset({bad.supi}))
            await good.register()
            foreign = len(all_of_it)
            with pytest.raises(UsimInvalid):
                await bad.register()
            stop()
            return foreign, [f"{one.interface} {one.name}" for one in seen], {one.about for one in seen}, bad.supi

    foreign, names, whose, supi = asyncio.run(main())
    assert foreign < 10  # what came before the home network knew whose it is, and no more
    assert names[:2] == ["N2 InitialUEMessage", "N1 RegistrationRequest"]
    assert "N1 AuthenticationRequest" in names
    assert "SBI Nausf_UEAuthentication_Authenticate request" in names
    assert "N1 AuthenticationFailure" in names
    assert whose <= {None, supi}


def test_when_subscribers_were_refused_then_their_next_tries_are_kept_for_a_while_and_of_few():
    tap = Tap()
    recorder = Kept(tap)
    for number in range(module.MINDED + 1):
        recorder.mind(Supi(f"imsi-00101000000000{number}"), 100.0)
    first, second, last = (Supi(f"imsi-00101000000000{number}") for number in (0, 1, module.MINDED))
    assert [tap.wants(each) for each in (first, second, last)] == [False, True, True]
    one = of(101, last, 1)
    tap.record(one)
    assert list(recorder) == [one]
    recorder.mind(second, 800.0)
    recorder.rest(1100.0)
    assert [tap.wants(each) for each in (second, last)] == [True, False]
    recorder.rest(2000.0)
    assert not tap.active
