"""Changes of the configuration that apply live (TS 38.413 8.7.2, 8.7.3, TS 24.501 5.4.4)."""

import asyncio
from ipaddress import IPv4Address, IPv4Network

import pytest
from msgspec.structs import replace

from freehold.app.config import Configuration, DnnSection, SliceSection
from freehold.app.network import Network
from freehold.spec.errors import Unusable
from freehold.spec.identities import SNssai

ONE, TWO = SliceSection(SNssai(1)), SliceSection(SNssai(2))
BOTH = Configuration(slice=(ONE, TWO))


def run(scenario, configuration=None):
    async def whole():
        async with Network(configuration, trace=True) as network:
            events = []
            network.world.listen(events.append)
            await scenario(network, events)
            assert [event for event in events if event.name == "bug"] == []

    asyncio.run(whole())


def test_when_a_slice_is_added_then_gnbs_hear_of_it_and_a_terminal_may_use_it():
    async def scenario(network, _):
        before = network.configuration
        network.trace.clear()
        network.reconfigure(replace(before, slice=(ONE, TWO)))
        await network.sleep(1)

        assert "AMFConfigurationUpdate" in network.trace.ladder()
        assert "AMFConfigurationUpdateAcknowledge" in network.trace.ladder()
        assert "RANConfigurationUpdateAcknowledge" in network.trace.ladder()
        ue = network.ue()
        await ue.register()
        assert network.core.amf.function.contexts.supis[ue.supi].mobility.allowed == (SNssai(1), SNssai(2))

    run(scenario)


def test_when_a_slice_is_removed_then_its_sessions_end_and_the_terminal_hears_of_it():
    async def scenario(network, _):
        ue = network.ue()
        await ue.register()
        kept = await ue.pdu_session("internet", slice_=SNssai(1))
        lost = await ue.pdu_session("internet", slice_=SNssai(2))
        network.reconfigure(replace(network.configuration, slice=(ONE,)))
        await network.sleep(2)

        assert [session.identity.pdu_session_id for session in network.core.smf.sessions] == [kept.identity]
        assert lost.identity not in ue.terminal.sm.sessions
        assert lost.identity != kept.identity
        assert network.core.amf.function.contexts.supis[ue.supi].mobility.allowed == (SNssai(1),)
        await kept.ping()

    run(scenario, BOTH)


def test_when_the_tac_changes_then_gnb_and_core_change_together():
    async def scenario(network, events):
        ue = network.ue()
        await ue.register()
        network.reconfigure(replace(network.configuration, network=replace(network.configuration.network, tac=7)))
        await network.sleep(1)

        assert [tai.tac for gnb in network.core.amf.gnbs() for tai in gnb.tais] == [7]
        other = network.ue()
        await other.register()
        assert [event.name for event in events if event.severity != "info"] == ["gnb-not-served"]

    run(scenario)


def test_when_the_network_has_another_name_then_connected_terminals_show_it():
    async def scenario(network, _):
        ue = network.ue()
        await ue.register()
        named = replace(network.configuration.network, name="Harbour")
        network.reconfigure(replace(network.configuration, network=named))
        await network.sleep(1)

        assert ue.terminal.mm.granted.network_name == "Harbour"

    run(scenario)


def test_when_name_servers_change_then_new_sessions_have_them():
    async def scenario(network, _):
        changed = DnnSection(dns=(IPv4Address("192.0.2.53"),))
        network.reconfigure(replace(network.configuration, dnn=(changed,)))
        ue = network.ue()
        await ue.register()
        session = await ue.pdu_session("internet")

        assert [str(server) for server in session.dns] == ["192.0.2.53"]

    run(scenario)


@pytest.mark.parametrize(
    "other",
    [
        (DnnSection(pool=IPv4Network("10.99.0.0/16")),),
        (DnnSection(), DnnSection("ims", IPv4Network("10.99.0.0/16"))),
        (DnnSection("office"),),
    ],
)
def test_when_a_change_needs_a_restart_then_nothing_happens(other):
    async def scenario(network, _):
        before = network.configuration
        with pytest.raises(Unusable, match="restart"):
            network.reconfigure(replace(before, dnn=other))

        assert network.configuration is before
        assert network.core.configuration is before

    run(scenario)
