import asyncio

import pytest

from freehold.net import endpoints, sctp
from freehold.net.endpoints import parse_address
from freehold.spec.errors import Unusable

from .recorder import Gate, Recorder


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", ("192.0.2.1", 38412)),
        ("192.0.2.1:5000", ("192.0.2.1", 5000)),
        ("[2001:db8::1]:5000", ("2001:db8::1", 5000)),
        ("[2001:db8::1]", ("2001:db8::1", 38412)),
        ("2001:db8::1", ("2001:db8::1", 38412)),
    ],
)
def test_when_an_address_is_written_then_it_is_read(text, address):
    assert parse_address(text, 38412, "amf.n2") == address


@pytest.mark.parametrize("text", ["", "amf.example", "192.0.2.1:ngap", "192.0.2.300", "192.0.2.1:70000", "[::g"])
def test_when_it_is_no_address_then_the_setting_is_named(text):
    with pytest.raises(Unusable, match=r"amf\.n2: "):
        parse_address(text, 38412, "amf.n2")


def test_when_addresses_share_a_port_then_they_are_one_endpoint(monkeypatch):
    opened = []
    monkeypatch.setattr(sctp, "listen", lambda addresses, acceptor: opened.append(addresses))
    endpoints.listen(["192.0.2.1", "198.51.100.1", "[2001:db8::1]", "192.0.2.1:9999"], Gate.accept)
    assert opened == [
        [("192.0.2.1", 38412), ("198.51.100.1", 38412)],
        [("2001:db8::1", 38412)],
        [("192.0.2.1", 9999)],
    ]


def test_when_one_endpoint_cannot_be_then_the_others_are_closed(tmp_path):
    async def main():
        path = tmp_path / "n2.sock"
        with pytest.raises(Unusable):
            endpoints.listen([f"unix:{path}", "nonsense"], Gate().accept)
        assert not path.exists()

    asyncio.run(main())


def test_when_an_endpoint_is_a_path_then_associations_are_unix(tmp_path):
    async def main():
        gate, gnb = Gate(echo=True), Recorder()
        listeners = endpoints.listen([f"unix:{tmp_path}/n2.sock"], gate.accept)
        association = await endpoints.connect(f"unix:{tmp_path}/n2.sock", gnb.accept)
        association.send(b"x", 0)
        assert (await gnb.until(2))[1] == (b"x", 0, 60)
        for listener in listeners:
            listener.close()

    asyncio.run(main())
