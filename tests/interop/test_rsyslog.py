"""TS 33.117 4.2.3.6.2: security events reach a log server that is not ours, over UDP, TCP and TLS."""

import asyncio
import contextlib
import re

import pytest

from freehold import __version__
from freehold.app import authority
from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.requests import Client
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore
from syslogkit import LogServer

K = "0123456789abcdef" * 2


def configuration(folder, server, **settings):
    lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    return parse(
        f'store.path = "{folder / "data"}"\n[management]\nsocket = "{folder / "management.sock"}"\nlisten = ""\n'
        f'[[log.server]]\naddress = "127.0.0.1:{server.port}"\ntransport = "{server.transport}"\n{lines}'
    )


@contextlib.asynccontextmanager
async def network(folder, server, **settings):
    async with running(configuration(folder, server, **settings)):
        client = Client(folder / "management.sock")

        async def ask(*request):
            return await asyncio.to_thread(client.ask, *request)

        yield ask


def sim(number):
    return {"supi": f"imsi-0010100000000{number:02}", "k": K, "opc": "11" * 16}


def kinds(messages):
    return [message["kind"] for message in messages]


def certificates(folder):
    """An authority of ours, and a certificate for 127.0.0.1 by it, for rsyslogd to show."""
    store = MemoryStore()
    certificate, key, _ = authority.ensure(store, "log server")
    shown, secret = authority.issue((certificate, key), folder, "127.0.0.1")
    return folder / authority.AUTHORITY, shown, secret


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_when_somebody_acts_then_rsyslogd_reads_who_did_what(tmp_path, transport):
    """TS 33.117 4.2.3.6.2"""
    known = certificates(tmp_path) if transport == "tls" else None
    trust = {"ca": str(known[0])} if known else {}

    async def main(server):
        async with network(tmp_path, server, **trust) as ask:
            await ask("POST", ("subscribers",), {}, sim(7))
            return await server.until(lambda messages: "subscriber.add" in kinds(messages))

    with LogServer(tmp_path, transport, known) as server:
        messages = asyncio.run(main(server))
    added = next(message for message in messages if message["kind"] == "subscriber.add")
    assert (added["facility"], added["severity"], added["program"]) == ("audit", "notice", "freehold")
    assert re.fullmatch(r"uid \d+: subscriber\.add imsi-001010000000007.*", added["text"].removeprefix("\ufeff"))
    assert f'swVersion="{__version__}"' in added["data"]
    assert "network.start" in kinds(messages)
    assert K not in str(messages)


def test_when_the_server_asks_who_we_are_then_our_certificate_says_it(tmp_path):
    known = certificates(tmp_path)

    async def told(server, **settings):
        async with network(tmp_path, server, ca=str(known[0]), **settings):
            return await server.until(lambda messages: "network.start" in kinds(messages))

    with LogServer(tmp_path, "tls", known, known=True) as server:
        assert asyncio.run(told(server, certificate=str(known[1]), key=str(known[2])))


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_when_the_server_is_gone_for_a_while_then_it_gets_what_it_missed(tmp_path, transport):
    known = certificates(tmp_path) if transport == "tls" else None
    trust = {"ca": str(known[0])} if known else {}
    server = LogServer(tmp_path, transport, known)

    async def main():
        async with network(tmp_path, server, **trust) as ask:
            await server.until(lambda messages: "network.start" in kinds(messages))
            await asyncio.to_thread(server.stop)
            for number in range(20):
                await ask("POST", ("subscribers",), {}, sim(number))
            await asyncio.to_thread(server.start)
            return await server.until(lambda messages: kinds(messages).count("subscriber.add") >= 20)

    with server:
        messages = asyncio.run(main())
    numbers = [int(message["data"].partition('sequenceId="')[2].partition('"')[0]) for message in messages]
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))


def test_when_the_network_ends_in_an_outage_then_the_next_start_tells_it(tmp_path):
    server = LogServer(tmp_path, "tcp")

    async def unheard():
        async with network(tmp_path, server) as ask:
            await ask("POST", ("subscribers",), {}, sim(7))

    async def heard():
        async with network(tmp_path, server):
            return await server.until(lambda messages: kinds(messages).count("network.start") == 2)

    asyncio.run(unheard())
    assert list((tmp_path / "data").glob("*.queue"))
    with server:
        messages = asyncio.run(heard())
    assert kinds(messages)[:3] == ["software.first", "network.start", "subscriber.add"]
    assert not list((tmp_path / "data").glob("*.queue"))


def test_when_nobody_vouches_for_the_server_then_nothing_is_told_and_an_alarm_stands(tmp_path):
    async def main(server):
        async with running(configuration(tmp_path, server)) as made:
            client = Client(tmp_path / "management.sock")
            async with asyncio.timeout(60):
                while not (found := await asyncio.to_thread(client.get, "alarms")):  # noqa: ASYNC110 - a client has none
                    await asyncio.sleep(0.1)
            assert made.managed is not None
            return found, server.messages()

    with LogServer(tmp_path, "tls", certificates(tmp_path)) as server:
        alarms, messages = asyncio.run(main(server))
    assert [(alarm["specific_problem"], alarm["object_instance"]) for alarm in alarms] == [
        ("forwarding", f"tls:127.0.0.1:{server.port}")
    ]
    assert messages == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('address = ""', "log.server.address: '' is no name or address"),
        ('address = "a b"', "is no name or address"),
        ('address = "log.example:x"', "is no name or address"),
        ('address = "log.example:70000"', "is no name or address"),
        ('address = "a"\ntransport = "udp"\nca = "x"', "udp has no certificates"),
        ('address = "a"\ncertificate = "x"', "certificate and key belong together"),
        ('address = "a"\n[[log.server]]\naddress = "a"', "'a' stands twice"),
        ('address = "a"\ntransport = "relp"', "'relp' is not one of"),
    ],
)
def test_when_a_log_server_is_written_wrongly_then_it_says_what_and_where(lines, complaint):
    with pytest.raises(Unusable, match=re.escape(complaint)):
        parse(f"[[log.server]]\n{lines}")
