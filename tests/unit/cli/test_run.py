"""`freehold run` with gNB and terminals in one process and their core in another's place."""

from __future__ import annotations

import asyncio
import os
import sys
from ipaddress import IPv4Address

import pytest

from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.sims import read_sims
from freehold.app.terminals import TerminalCounts
from freehold.cli import main as entry
from freehold.spec.errors import Unusable

K, OPC = "465B5CE8B199B49FAA5F0A2EE238A6BC", "E8ED289DEBA952E4283B54E88E6183CA"
ROWS = "supi,k,opc\n" + "".join(f"imsi-00101000000010{number},{K},{OPC}\n" for number in range(3))


@pytest.fixture
def sims(tmp_path):
    file = tmp_path / "sims.csv"
    file.write_text(ROWS)
    return file


def loopback(network):
    """A loopback address that no other run of these tests on this machine has."""
    return str(IPv4Address((127 << 24) + (network << 16) + os.getpid() % 65_534 + 1))


def settings(folder, name, more):
    return parse(
        f'[management]\nsocket = "{folder}/{name}.sock"\nlisten = ""\n[store]\npath = "{folder}/{name}"\n'
        + more.format(f=folder, core=loopback(77), ran=loopback(78))
    )


@pytest.mark.xdist_group("n3")
def test_when_sims_attach_from_another_process_then_they_get_sessions_over_n2_and_n3(tmp_path, sims):
    core = settings(tmp_path, "core", '[amf]\nn2 = ["unix:{f}/n2"]\n[upf]\nn3 = "{core}"\n')
    ran = settings(tmp_path, "ran", '[[gnb]]\namf = "unix:{f}/n2"\nn3 = "{ran}"\n')

    async def both():
        async with running(core, ("core", "upf")) as served:
            durable = served.network.core.udr.put_all(read_sims(sims, core))
            async with running(ran, ("gnb", "ue")) as attached, asyncio.timeout(30):
                attached.attach(read_sims(sims, ran))
                while attached.counts() != TerminalCounts(3, 3, 3):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0)
                sessions = [session for ue in attached.network.ues for session in ue.sessions.values()]
                pings = [await session.ping() for session in sessions]
                assert durable.settled
                return pings

    pings = asyncio.run(both())
    assert all(ping.rtt_ms is not None for ping in pings)


@pytest.mark.xdist_group("n3")
def test_when_the_core_restarts_then_gnb_and_terminal_come_back_by_themselves(tmp_path, sims):
    core = settings(tmp_path, "core", '[amf]\nn2 = ["unix:{f}/n2"]\n[upf]\nn3 = "{core}"\n')
    ran = settings(
        tmp_path,
        "ran",
        '[[gnb]]\namf = "unix:{f}/n2"\nn3 = "{ran}"\n[timers]\nN2-reconnect = 0.01\nN2-reconnect-limit = 0.05\n',
    )

    async def until(condition):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)

    async def restart():
        first, second = running(core, ("core", "upf")), running(core, ("core", "upf"))
        served = await first.__aenter__()
        await served.network.wait(served.network.core.udr.put_all(read_sims(sims, core)))
        async with running(ran, ("gnb", "ue")) as attached, asyncio.timeout(60):
            ue = attached.network.ue(read_sims(sims, ran)[0])
            await ue.register()
            session = await ue.pdu_session("internet")
            before = (await session.ping()).rtt_ms, ue.guti
            link = attached.network.radio.gnbs[0].links[0]
            await first.__aexit__(None, None, None)
            await until(lambda: not link.amf.ready)
            await second.__aenter__()
            await until(lambda: link.amf.ready)
            await session.ping()  # asks for service, is unknown, and registers again
            await until(lambda: ue.registered and ue.guti != before[1])
            again = await (await ue.pdu_session("internet")).ping()
        await second.__aexit__(None, None, None)
        return before[0], again.rtt_ms

    assert None not in asyncio.run(restart())


def test_when_a_file_of_sims_is_json_then_it_is_read_too(tmp_path):
    file = tmp_path / "sims.json"
    file.write_text(f'{{"supi": "001010000000001", "k": "{K}", "opc": "{OPC}"}}')
    (sim,) = read_sims(file, parse(""))
    assert sim.supi.value == "imsi-001010000000001"
    assert bytes(sim.authentication.k).hex().upper() == K


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no column supi"),
        ("supi,k,opc\n", "no SIM in it; one is a line of supi, k and opc"),
        (f"supi,k\nimsi-001010000000001,{K}\n", "either OPc or OP"),
        ("supi,colour\n1,red\n", "unknown column 'colour'"),
    ],
)
def test_when_a_file_of_sims_is_wrong_then_one_line_says_where(tmp_path, text, complaint):
    file = tmp_path / "sims.csv"
    file.write_text(text)
    with pytest.raises(Unusable) as wrong:
        read_sims(file, parse(""))
    assert complaint in str(wrong.value)
    assert str(wrong.value).startswith(str(file))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ue"], "run ue: terminals need a gNB beside them"),
        (["gnb", "ue"], "run gnb ue --sims FILE"),
        (["core", "--sims", "x.csv"], "run --sims: SIMs are for terminals"),
        (["gnb", "ue", "--sims", "/nowhere/x.csv"], "/nowhere/x.csv: cannot be read: No such file"),
    ],
)
def test_when_terminals_lack_something_then_one_line_says_what(tmp_path, monkeypatch, capsys, arguments, complaint):
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr(sys, "argv", ["freehold", "run", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
