"""Damaged and hostile requests at the management API: an answer or silence, never an error of ours."""

import asyncio
import json
import random

import pytest

from freehold.manage.api import Api
from freehold.manage.http import PEER, _Exchange
from freehold.manage.routes import ROUTES
from managekit import OPC, SUPI, FakeNetwork, K

FORM = {"supi": SUPI, "k": K, "opc": OPC, "slices": [{"id": "1", "dnns": [{"dnn": "internet", "ip": "10.45.0.9"}]}]}
CSV = f"supi,k,opc,dnn,ip,enabled\n{SUPI},{K},{OPC},internet ims,10.45.0.2,yes\n"
ODD = [
    b"",
    b"\0",
    b"%00",
    b"%ff",
    b"..",
    b"/",
    b"?",
    b"#",
    b"-1",
    b"9" * 400,
    b"\xff\xfe",
    b"null",
    b"{}",
    b"[[[[",
    b"1e309",
]
STREAMS = {"tap", "ladder", "capture", "live"}


def seeds():
    for route, methods in ROUTES.items():
        if route in STREAMS:
            continue
        path = route.replace("{supi}", SUPI).replace("{id}", SUPI)
        for method in (*methods, "PUT", "TRACE"):
            for body in (b"", json.dumps(FORM).encode(), json.dumps([FORM, FORM]).encode(), CSV.encode()):
                kind = "text/csv" if body == CSV.encode() else "application/json"
                head = f"{method} /v1/{path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\n"
                yield head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


def mutated(octets, chance):
    damaged = bytearray(octets)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(damaged) + 1)
        match chance.randrange(5):
            case 0:
                damaged[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del damaged[place : place + chance.randint(1, 20)]
            case 2:
                damaged[place:place] = chance.choice(ODD)
            case 3:
                damaged[place:place] = damaged[place : place + chance.randint(1, 30)]
            case _:
                damaged = damaged[:place] or damaged
    return bytes(damaged)


class Owner:
    """The socket of the owner's connection."""

    def getsockopt(self, level, option, size):
        return PEER.pack(1, 0, 0)


class Writer:
    """Where an exchange writes; nothing is kept but the status of each answer."""

    def __init__(self):
        self.statuses = []

    def write(self, octets):
        if octets.startswith(b"HTTP/1.1 "):
            self.statuses.append(int(octets[9:12]))

    def get_extra_info(self, name):
        return Owner()

    async def drain(self):
        pass


async def asked(api, octets):
    reader, writer = asyncio.StreamReader(), Writer()
    reader.feed_data(octets)
    reader.feed_eof()
    async with asyncio.timeout(10):
        await _Exchange(reader, writer, api).run()
    return writer.statuses


def run(count, seed):
    chance, network = random.Random(seed), FakeNetwork()
    api, originals, statuses = Api(network), list(seeds()), []

    async def main():
        for _ in range(count):
            octets = mutated(chance.choice(originals), chance)
            found = await asked(api, octets)
            assert 500 not in found, octets
            statuses.extend(found)
        assert (await asked(api, next(each for each in originals if b" /v1/status " in each)))[:1] == [200]

    asyncio.run(main())
    assert not network.environment.emitted("bug")
    assert not [event for event in api.journal.events() if event.name == "bug"]
    assert {200, 400, 404, 405, 422} <= set(statuses)
    for subscriber in network.subscribers.subscribers():
        assert subscriber.supi.value.startswith(("imsi-", "nai-"))


def test_when_requests_are_undamaged_then_each_is_answered():
    network = FakeNetwork()
    api = Api(network)

    async def main():
        return [await asked(api, octets) for octets in seeds()]

    assert all(len(found) == 1 and found[0] < 500 for found in asyncio.run(main()))


def test_when_ten_thousand_damaged_requests_come_then_none_is_our_mistake():
    run(10_000, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(25))
def test_when_very_many_damaged_requests_come_then_none_is_our_mistake(seed):
    run(10_000, seed)


def test_when_a_handler_breaks_then_the_client_is_told_and_the_next_is_served(monkeypatch):
    network = FakeNetwork()
    api = Api(network)
    monkeypatch.setattr(network, "gnbs", lambda: 1 / 0)
    octets = b"GET /v1/gnbs HTTP/1.1\r\nhost: x\r\n\r\n"

    async def main():
        return await asked(api, octets + b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n")

    assert asyncio.run(main()) == [500, 200]
    assert [event.name for event in api.journal.events()] == ["bug"]
