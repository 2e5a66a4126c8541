import asyncio
import socket

import pytest

from freehold.net import udp
from freehold.spec.errors import Unusable


class Datagrams:
    def __init__(self, wanted=1):
        self.log = []
        self.enough = asyncio.Event()
        self.wanted = wanted

    def accept(self, port):
        self.port = port
        return self

    def received(self, octets, source):
        self.log.append((octets, source))
        if len(self.log) >= self.wanted:
            self.enough.set()


def test_when_datagrams_are_sent_then_they_arrive_with_their_source():
    async def main():
        smf, upf = Datagrams(), Datagrams(wanted=100)
        here = udp.bind(("127.0.0.1", 0), smf.accept)
        there = udp.bind(("127.0.0.1", 0), upf.accept)
        for number in range(100):
            here.send(bytes([number]), there.address)
        async with asyncio.timeout(20):
            await upf.enough.wait()
        assert upf.log == [(bytes([number]), here.address) for number in range(100)]
        there.send(b"", here.address)
        async with asyncio.timeout(20):
            await smf.enough.wait()
        assert smf.log == [(b"", there.address)]
        here.close()
        there.close()
        here.close()
        here.send(b"closed", there.address)
        assert here.dropped == 1

    asyncio.run(main())


def test_when_nobody_listens_then_the_port_survives_the_icmp_error():
    async def main():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            nobody = taken.getsockname()
        user = Datagrams()
        port = udp.bind(("127.0.0.1", 0), user.accept)
        for _ in range(10):
            port.send(b"x", nobody)
            await asyncio.sleep(0)
        port.send(b"to myself", port.address)
        async with asyncio.timeout(20):
            await user.enough.wait()
        port.close()

    asyncio.run(main())


def test_when_ipv6_is_asked_then_it_is_bound():
    async def main():
        user = Datagrams()
        try:
            port = udp.bind(("::1", 0), user.accept)
        except Unusable as error:
            pytest.skip(f"no IPv6 here: {error}")
        port.send(b"six", port.address)
        async with asyncio.timeout(20):
            await user.enough.wait()
        assert user.log == [(b"six", port.address)]
        port.close()

    asyncio.run(main())


def test_when_the_port_is_in_use_then_one_line_names_the_setting():
    async def main():
        port = udp.bind(("127.0.0.1", 0), Datagrams().accept)
        with pytest.raises(Unusable, match=r"UDP 127\.0\.0\.1:\d+: in use: .* upf\.n4"):
            udp.bind(port.address, Datagrams().accept)
        with pytest.raises(Unusable, match=r"no such address: .* upf\.n3"):
            udp.bind(("192.0.2.1", 0), Datagrams().accept, setting="upf.n3")
        port.close()

    asyncio.run(main())
