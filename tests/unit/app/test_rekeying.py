"""A new KAMF on a live connection reaches the AS at the next handover: both ends have one key (TS 33.501 6.9.2.3)."""

from __future__ import annotations

import struct

import pytest
from msgspec.structs import replace
from tests.support.rankit.moving import PORT, play, served

from freehold.spec import counters as c
from freehold.spec.errors import Aborted, TimerExpired
from freehold.stack.ngap_faults import NgapReject

WAYS = pytest.mark.parametrize("way", ["n2", "xn"])


async def authenticate(scene):
    """The terminal updates its registration, and the AMF authenticates it, on the connection that it has."""
    amf, terminal = scene.network.core.amf.function, scene.ue.terminal
    before, connection = terminal.usim.security, terminal.link.connection
    configuration = amf.configuration
    amf.configuration = replace(configuration, security=replace(configuration.security, authenticate_always=True))
    await scene.ue.register()
    amf.configuration = configuration
    assert terminal.usim.security is not before
    assert terminal.link.connection is connection


def keys(scene, gnb):
    """KgNB with its NCC, the same at the gNB and at the terminal."""
    (ue,) = gnb.contexts.ues.values()
    chain = scene.ue.terminal.link.chain
    assert (ue.security.k_gnb, ue.security.ncc) == (chain.kgnb, chain.ncc)
    assert not ue.security.key_set_change
    return chain


async def go(scene, target, way):
    """A handover after which both ends have one key that is none of those before."""
    before = scene.ue.terminal.link.chain
    await scene.ue.handover(target, way)
    await served(scene, target)
    chain = keys(scene, target)
    assert chain.kgnb != before.kgnb
    return chain


def rekeyed(scene):
    """Whether the keys come from the KAMF that the AMF authenticated last."""
    link, security = scene.ue.terminal.link, scene.ue.terminal.usim.security
    return link.root is security and link.chain.sync_input == security.kgnb(link.security_mode_count)


def test_when_a_terminal_is_authenticated_anew_then_the_keys_agree_over_n2_over_xn_and_after_idle():
    async def script(scene):
        await authenticate(scene)
        assert not rekeyed(scene)  # NAS has the new keys, the gNB those of before
        keys(scene, scene.source)
        chain = await go(scene, scene.target, "n2")
        assert rekeyed(scene)
        assert chain.ncc == 0
        chain = await go(scene, scene.source, "xn")
        assert chain.ncc == 0  # horizontal: an NH comes with this path switch
        chain = await go(scene, scene.target, "xn")
        assert chain.ncc == 1
        chain = await go(scene, scene.source, "n2")
        assert chain.ncc == 3
        await scene.ue.go_idle()
        await scene.network.sleep(1)
        assert scene.ue.terminal.link.root is None
        assert (await scene.session.ping()).rtt_ms is not None
        assert keys(scene, scene.source).ncc == 0
        chain = await go(scene, scene.target, "n2")
        assert chain.ncc == 1
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 0

    play(script)


def test_when_the_path_is_switched_after_that_then_the_new_gnb_changes_the_key_in_its_cell_at_once():
    async def script(scene):
        await go(scene, scene.target, "xn")
        await authenticate(scene)
        # the source has an NH of the KAMF before, and uses it: TS 33.501 6.9.2.3.2
        connection = scene.ue.terminal.link.connection
        await scene.ue.handover(scene.source, "xn")
        (ue,) = scene.source.contexts.ues.values()
        port = scene.session.udp(PORT)
        for number in range(200):
            scene.at(number / 1000, lambda number=number: scene.inject(number))
        await served(scene, scene.source)
        assert [struct.unpack("!I", (await port.receive())[0])[0] for _ in range(200)] == list(range(200))
        assert scene.source.contexts.ues[ue.ran_ue_ngap_id] is ue
        assert [ending.outcome for ending in ue.conversation.past if ending.name == "key_change"] == ["ended"]
        assert rekeyed(scene)
        assert keys(scene, scene.source).ncc == 0
        assert scene.ue.terminal.link.connection is not connection
        for number, (target, way) in enumerate([(scene.target, "n2"), (scene.source, "xn"), (scene.target, "xn")]):
            chain = await go(scene, target, way)
            assert chain.ncc == (1, 1, 2)[number]
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 0

    play(script)


def test_when_a_handover_is_asked_for_while_the_key_changes_then_it_waits_for_that():
    async def script(scene):
        await authenticate(scene)
        begun = []

        def begin():
            ues = list(scene.target.contexts.ues.values())
            if ues and "key_change" in ues[0].conversation.running:
                neighbour = scene.source.configuration.neighbour
                begun.append(scene.target.hand_over(scene.ue.terminal.link.connection.left, neighbour))
            else:
                scene.at(0.001, begin)

        scene.at(0.001, begin)
        await scene.ue.handover(scene.target, "xn")
        await served(scene, scene.source)
        assert begun[0].result() is None
        assert rekeyed(scene) is False  # one NH on
        assert keys(scene, scene.source).ncc == 1
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 0

    play(script)


def test_when_a_key_of_a_security_mode_procedure_is_asked_for_and_there_was_none_then_the_terminal_follows_nowhere():
    async def script(scene):
        await authenticate(scene)
        scene.ue.terminal.link.security_mode_count = None
        with pytest.raises((TimerExpired, NgapReject, Aborted)):
            await scene.ue.handover(scene.target, "n2")
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 0
        await scene.network.sleep(40)
        assert (await scene.session.ping()).rtt_ms is not None
        await served(scene, scene.source)
        assert keys(scene, scene.source).ncc == 0

    play(script)


@WAYS
def test_when_the_terminal_has_another_kamf_than_the_amf_then_it_comes_back_by_a_service_request(way):
    async def script(scene):
        await authenticate(scene)
        scene.ue.terminal.link.security_mode_count += 1
        if way == "n2":
            with pytest.raises((TimerExpired, NgapReject, Aborted)):
                await scene.ue.handover(scene.target, way)
        else:
            await scene.ue.handover(scene.target, way)
        await scene.network.sleep(40)
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 1
        scene.ue.terminal.link.security_mode_count -= 1
        back = scene.ue.terminal.cell
        assert back is (scene.source if way == "n2" else scene.target)
        assert (await scene.session.ping()).rtt_ms is not None
        await served(scene, back)
        assert keys(scene, back).ncc == 0
        other = scene.target if way == "n2" else scene.source
        assert (await go(scene, other, "n2")).ncc == 1

    play(script)
