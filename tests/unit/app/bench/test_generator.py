import asyncio

import pytest

from freehold.app.bench import generator
from freehold.app.bench.generator import Generator5G, Sim
from freehold.app.bench.registration import provisioned, write_configuration
from freehold.app.network import Network
from freehold.net.local import associate
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.spec.errors import Unusable
from freehold.spec.identities import GnbId, PlmnId, SNssai

PLMN = PlmnId("001", "01")


class Silent:
    """A core that never answers."""

    def accept(self, association):
        self.association = association
        return self

    def received(self, octets, stream, ppid):
        pass

    def lost(self, reason):
        pass


def gnb(plmn=PLMN, tac=1):
    area = TrackingArea(tac, (SNssai(1),), (plmn,))
    return Generator5G(GnbConfiguration(GnbId(plmn, 1, 32), (area,), "bench"), plmn)


def with_core(folder, script, count=3, *, spoil=None):
    """A whole core in this process's own loop, terminals at NGAP level beside it."""
    configuration = write_configuration(folder)
    sims = provisioned(configuration, folder, count)

    async def main():
        async with Network(configuration, real_time=True, folder=folder / "data", roles=("core", "upf")) as network:
            made = gnb()
            associate(made.accept, network.core.amf.accept, network.world.deliver, names=("bench", "AMF"))
            await made.ready
            if spoil is not None:
                sims[:] = [spoil(sim) for sim in sims]
            return await script(made, sims, network)

    return asyncio.run(main())


def test_when_terminals_run_then_each_has_a_session_and_a_latency(tmp_path):
    async def script(made, sims, network):
        result = await made.run(sims, 2, 1)
        assert (result.registered, result.sessions) == (3, 3)
        assert len(result.latencies) == 3
        assert network.core.amf.counts() == {"ues": 3, "connections": 3, "gnbs": 1, "sessions": 3}
        return network

    with_core(tmp_path, script)


def test_when_a_sim_has_another_key_then_the_run_says_so(tmp_path):
    async def script(made, sims, _):
        with pytest.raises(Unusable, match="terminal 1: the challenge is not of this home network"):
            await made.run(sims, 1, 1)

    with_core(tmp_path, script, spoil=lambda sim: Sim(sim.digits, bytes(16), sim.opc, sim.suci))


def test_when_the_subscriber_is_unknown_then_the_refusal_is_told(tmp_path):
    async def script(made, sims, network):
        await network.world.wait(network.core.udr.delete(network.core.udr.subscribers().__next__().supi))
        with pytest.raises(Unusable, match="a challenge was expected, not RegistrationReject 15"):
            await made.run(sims[:1], 1, 1)

    with_core(tmp_path, script)


def test_when_the_session_is_refused_then_the_refusal_is_told(tmp_path):
    async def script(made, sims, network):
        for upf in network.core.smf._smf.upfs:
            upf.associated = False
        with pytest.raises(Unusable, match="the PDU session was refused with PduSessionEstablishmentReject"):
            await made.run(sims[:1], 1, 1)

    with_core(tmp_path, script)


def local(made, far):
    loop = asyncio.get_running_loop()
    return associate(made.accept, far.accept, loop.call_soon, names=("bench", "AMF"))


def test_when_the_core_falls_silent_then_the_run_is_given_up(monkeypatch):
    monkeypatch.setattr(generator, "SILENCE", 0)

    async def main():
        made = gnb()
        local(made, Silent())
        sim = Sim("001010000000001", bytes(16), bytes(16), None)
        monkeypatch.setattr(generator, "life", lambda *_: (yield []))
        with pytest.raises(Unusable, match="fell silent after 0 registrations of 1"):
            await made.run([sim], 1, 1)

    asyncio.run(main())


def test_when_the_core_ends_then_the_run_does():
    async def main():
        made, far = gnb(), Silent()
        local(made, far)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        far.association.close()
        with pytest.raises(Unusable, match="the core ended: closed by the peer"):
            await made.ready

    asyncio.run(main())
