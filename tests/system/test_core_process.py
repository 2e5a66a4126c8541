"""The core as an owner runs it: what ends it, what does not, and what is still there afterwards."""

import asyncio
import socket

import pytest

from freehold.crypto.aka import answer_challenge
from freehold.net import unix
from freehold.spec.errors import Unusable

from .owner import Owner, descriptors


@pytest.fixture
def owner(tmp_path):
    return Owner(tmp_path)


def test_when_terminals_come_then_status_and_lists_tell(owner):
    sims = owner.sims(3)
    with owner.core():

        async def main():
            async with owner.gnb() as gnb:
                await gnb.ready
                result = await gnb.run(sims, 2, 1)
                assert (result.registered, result.sessions) == (3, 3)
                return owner.json("gnb"), owner.json("ue", "list"), owner.json("session")

        gnbs, ues, sessions = asyncio.run(main())
    assert [gnb["name"] for gnb in gnbs] == ["gnb-1"]
    assert sorted(ue["supi"].removeprefix("imsi-") for ue in ues) == [sim.digits for sim in sims]
    assert len({session["ip"] for session in sessions}) == 3


def test_when_the_core_is_killed_then_subscribers_stay_and_no_sequence_number_comes_twice(owner):
    sims = owner.sims(2)
    before = owner.json("subscriber", "list")
    seen = []

    def remember(gnb):
        advance = gnb._advance

        def watching(terminal, message):
            nas = getattr(message, "nas_pdu", None) or b""
            if nas[:3] == b"\x7e\x00\x56":  # AUTHENTICATION REQUEST in clear
                rand, autn = nas[nas.index(b"\x21") + 1 :][:16], nas[-16:]
                answer = answer_challenge(terminal.sim.k, terminal.sim.opc, rand, autn, gnb.plmn.serving_network_name)
                seen.append(answer.sqn)
            advance(terminal, message)

        gnb._advance = watching

    async def register():
        async with owner.gnb() as gnb:
            await gnb.ready
            remember(gnb)
            return await gnb.run(sims, 1, 1)

    for _ in range(3):
        core = owner.core()
        assert asyncio.run(register()).registered == 2
        core.kill()
    assert len(seen) == 6
    assert seen == sorted(set(seen))
    assert owner.json("subscriber", "list") == before


def test_when_a_second_network_starts_on_the_same_data_then_it_ends_with_one_line(owner):
    with owner.core() as core:
        status, out, err = owner.run("run", "core", "upf")
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert f"in use by process {core.pid}" in err
        assert owner.run("status")[0] == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[upf]\nn3 = "192.0.2.1"\n', "upf.n3"),
        ("[[gnb]]\nid = 1\n[smf]\nn5 = 1\n", "smf.n5"),
    ],
)
def test_when_the_configuration_cannot_be_then_one_line_says_where_and_nothing_listens(owner, more, words):
    owner.configure(more) if "n5" not in more else owner.file.write_text(more)
    status, out, err = owner.run("run", "core", "upf")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert words in err
    assert owner.run("status")[0] == 2


@pytest.mark.parametrize("end", ["interrupt", "end"])
def test_when_the_owner_ends_it_then_its_sockets_are_gone_and_it_starts_again(owner, end):
    for _ in range(2):
        core = owner.core()
        getattr(core, end)()
        assert "Traceback" not in core.output
        assert not [place for place in owner.folder.iterdir() if place.suffix == ".sock"]


def test_when_a_gnb_of_another_network_comes_then_the_doctor_says_what_differs(owner):
    with owner.core() as core:

        async def main():
            for plmn, tac in (("999/70", 1), ("001/01", 77)):
                async with owner.gnb(plmn, tac) as gnb:
                    with pytest.raises(Unusable, match="refused NG Setup"):
                        await gnb.ready

        asyncio.run(main())
        status, out, _ = owner.run("doctor")
        assert status == 1
        assert "999/70" in out
        assert "00004d" in out.lower() or "77" in out
        core.wait_for("refused", count=2)


def test_when_peers_flood_n2_then_terminals_are_served_before_during_and_after(owner):
    """G12: associations that come and go, stay silent, or talk nonsense."""
    sims = owner.sims(6)
    with owner.core() as core:

        async def serve(gnb, few, first):
            result = await gnb.run(few, 1, first)
            assert result.sessions == len(few)

        async def flood(stop):
            silent, flooded = [], 0
            while not stop.is_set():
                for _ in range(20):
                    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
                    if one.connect_ex(owner.n2) == 0:
                        flooded += 1
                        if flooded % 3 == 0:
                            one.send(unix.HEADER.pack(0, 0, 60) + b"\x00\x15\x40nonsense")
                        if flooded % 2 == 0:
                            silent.append(one)
                            continue
                    one.close()
                await asyncio.sleep(0)
                if len(silent) > 300:
                    silent.pop(0).close()
            for one in silent:
                one.close()
            return flooded

        async def main():
            async with owner.gnb() as gnb:
                await gnb.ready
                await serve(gnb, sims[:2], 1)
                baseline = descriptors(core.pid)
                stop = asyncio.Event()
                flooding = asyncio.ensure_future(flood(stop))
                await asyncio.sleep(0)
                await serve(gnb, sims[2:4], 3)
                stop.set()
                assert await flooding > 20
                await serve(gnb, sims[4:], 5)
                for _ in range(500):
                    if descriptors(core.pid) <= baseline:
                        break
                    await asyncio.sleep(0.02)
                assert descriptors(core.pid) <= baseline
                assert [one["name"] for one in owner.json("gnb")] == ["gnb-1"]
                assert len(owner.json("session")) == 6

        asyncio.run(main())
        assert "Traceback" not in core.output
