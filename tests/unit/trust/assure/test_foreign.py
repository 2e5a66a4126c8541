"""A network of ours as if it were foreign: by its addresses alone, over a UNIX socket and loopback, in real time."""

import asyncio
import os
from dataclasses import dataclass

import pytest

from freehold.app.config import AmfSection, Configuration, UpfSection
from freehold.app.network import Network
from freehold.spec.errors import Unusable
from freehold.trust.assure.case import cases
from freehold.trust.assure.cases import host
from freehold.trust.assure.evidence import Evidence
from freehold.trust.assure.foreign import foreign, read_target
from freehold.trust.assure.run import judged
from freehold.trust.assure.verdict import Verdict

CASES = {case.key: case for case in cases()}
NET = f"127.{160 + (os.getpid() >> 8) % 32}.{os.getpid() % 254 + 1}"
TARGET = """
name = "as a stranger sees it"
plmn = "001/01"
n2 = "unix:{n2}"
n3 = "{net}.1"
n3_local = ["{net}.11", "{net}.12", "{net}.66"]
gateway = "10.45.0.1"
core = ["{net}.1"]
{more}
"""


@dataclass
class Seen:
    verdict: Verdict
    reason: str
    evidence: Evidence


def see(tmp_path, key, more=""):
    """A test's verdict on a network that runs beside, known by a file alone."""

    async def play():
        n2 = tmp_path / "n2.sock"
        configuration = Configuration(
            amf=AmfSection(n2=(f"unix:{n2}",)), upf=UpfSection(n3=f"{NET}.1", path="tun"), gnb=()
        )
        async with Network(configuration, real_time=True, outside=True) as network:
            text = TARGET.format(n2=n2, net=NET, more=more)
            for _ in range(3):
                one = network.subscribe()
                keys = one.authentication
                text += f'[[subscriber]]\nsupi = "{one.supi.value}"\nk = "{bytes(keys.k).hex()}"\n'
                text += f'opc = "{bytes(keys.opc).hex()}"\n'
            file = tmp_path / "target.toml"
            file.write_text(text)
            evidence = Evidence()
            return Seen(*await judged(CASES[key], foreign(read_target(file)), evidence), evidence)

    return asyncio.run(play())


@pytest.mark.xdist_group("assure")
def test_when_a_network_is_foreign_then_its_n2_and_n3_are_judged(tmp_path):
    found = see(tmp_path, ("TS 33.117", "4.3.3.1.1"))
    assert found.verdict is Verdict.PASS, found.reason
    assert {record.interface for record in found.evidence.records} == {"N2", "N3"}


def test_when_a_surface_is_not_told_then_the_test_is_not_applicable(tmp_path):
    found = see(tmp_path, ("TS 33.514", "4.2.2.2"))
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "the target names no inside")


def test_when_the_owner_says_nothing_of_n3s_protection_then_it_fails_and_else_it_does_not_apply(tmp_path):
    key = ("TS 33.513", "4.2.2.1")
    assert see(tmp_path, key).verdict is Verdict.FAIL
    stated = see(tmp_path, key, more='isolation = {N3 = "a cable between two racks"}')
    assert stated.verdict is Verdict.NOT_APPLICABLE
    assert "a cable between two racks" in stated.reason


def test_when_nothing_answers_then_it_is_inconclusive(tmp_path):
    file = tmp_path / "target.toml"
    file.write_text('name = "nobody"\nplmn = "001/01"\nn2 = "unix:/nowhere/n2.sock"\n')

    async def play():
        return await judged(CASES["TS 33.512", "4.2.2.3.1"], foreign(read_target(file)), Evidence())

    verdict, reason = asyncio.run(play())
    assert verdict is Verdict.INCONCLUSIVE
    assert "does not answer" in reason


async def serving(answer, play):
    """What `play` gives beside a server at a high port that answers everything so."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, _):
            self.transport.write(answer)
            self.transport.close()

    server = await asyncio.get_running_loop().create_server(Answering, f"{NET}.1", 0)
    try:
        return await play(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def test_when_a_port_answers_that_nobody_declared_then_it_is_found_wherever_it_is(tmp_path, monkeypatch):
    def scanned(more):
        file = tmp_path / "target.toml"
        file.write_text(f'name = "x"\nplmn = "001/01"\nn2 = "a"\nn3_local = ["{NET}.9"]\ncore = ["{NET}.1"]\n{more}')
        return judged(CASES["TS 33.117", "4.4.2"], foreign(read_target(file)), Evidence())

    async def play(port):
        assert port in host.SCANNED
        monkeypatch.setattr(host, "SCANNED", (port, 1))  # others are the machine's own
        return port, await scanned(""), await scanned(f"ports = [{port}]")

    port, hidden, declared = asyncio.run(serving(b"", play))
    assert hidden == (Verdict.FAIL, f"{NET}.1: TCP ports [{port}] answer and are not declared")
    assert declared == (Verdict.PASS, f"2 TCP ports each: {NET}.1: [{port}]")


def test_when_a_foreign_console_has_no_page_then_idle_connections_are_judged_by_what_it_said_before(tmp_path):
    async def play(port):
        file = tmp_path / "target.toml"
        file.write_text(f'name = "x"\nplmn = "001/01"\nn2 = "a"\nconsole = "{NET}.1:{port}"\n')
        return await judged(CASES["TS 33.117", "4.3.3.1.4"], foreign(read_target(file)), Evidence())

    verdict, reason = asyncio.run(serving(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", play))
    assert verdict is Verdict.PASS, reason


@pytest.mark.parametrize(
    "text",
    ["", "name = 1", 'name = "x"', 'name = "x"\nplmn = "1"\nn2 = "a"', "name = ", 'plmn = "001/01"\nn2 = "a"\nk = "1"'],
)
def test_when_a_targets_file_is_wrong_then_one_line_says_so(tmp_path, text):
    file = tmp_path / "target.toml"
    file.write_text(text)
    with pytest.raises(Unusable, match=r"target\.toml: "):
        read_target(file)


def test_when_a_key_of_a_target_is_wrong_then_it_is_not_repeated(tmp_path):
    file = tmp_path / "target.toml"
    one = '[[subscriber]]\nsupi = "imsi-001010000000001"\nk = "5ec2e7zz"\nopc = "00"\n'
    file.write_text(f'name = "x"\nplmn = "001/01"\nn2 = "a"\n{one}')
    with pytest.raises(Unusable) as told:
        read_target(file)
    assert "5ec2e7" not in str(told.value)
