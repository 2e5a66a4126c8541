"""A mistake of ours costs one session; contexts are found by whoever owns them."""

from __future__ import annotations

from typing import Any

from freehold.codecs import nas
from freehold.core.smf.state.contexts import Contexts
from freehold.procedure import Signal
from freehold.services.nsmf import SmContextUpdateData

from .world import OTHER, SUPI, World, asking, carried_out, response


def test_when_a_procedure_breaks_then_only_its_session_is_given_up() -> None:
    world = World()
    kept = world.create(supi=OTHER)
    world.set_up(kept)

    async def broken(_: object) -> Any:
        return 1 // 0

    create, world.pcf.create_sm_policy = world.pcf.create_sm_policy, broken  # type: ignore[method-assign]
    world.create()
    (event,) = world.environment.emitted("bug")
    assert "establishment" in event.text
    assert [str(session) for session in world.smf.sessions] == ["imsi-...0002 session 1"]
    assert world.amf.gone == [(SUPI, 1, "2")]
    assert len(world.upf.sessions) == 1
    world.pcf.create_sm_policy = create  # type: ignore[method-assign]
    world.create()
    assert isinstance(world.amf.n1, nas.PduSessionEstablishmentAccept)


def test_when_an_active_sessions_procedure_breaks_then_the_upf_lets_go_of_it_too() -> None:
    world = World()
    reference = world.active()
    del world.session.user_plane.uplink
    assert world.update(reference, up_cnx_state="ACTIVATING").up_cnx_state == "DEACTIVATED"
    assert world.environment.emitted("bug")
    assert not world.smf.sessions
    assert not world.upf.sessions


def test_when_numbers_run_over_then_used_ones_are_passed_over() -> None:
    world = World()
    contexts: Contexts = world.smf._smf.contexts
    world.create(asking(1))
    contexts._last = 0xFFFF_FFFF - 1
    assert contexts.number() == 0xFFFF_FFFF
    assert contexts.number() == 2
    assert len(contexts) == 1


def test_when_the_smf_starts_anew_then_its_seids_are_others() -> None:
    one, two = Contexts(1), Contexts(2)
    world = World()
    world.active()
    session = world.session
    assert one.seid(session) != two.seid(session)
    assert one.by_seid(two.seid(session)) is None


def test_when_the_session_ends_before_a_gnbs_answer_is_used_then_the_amf_is_answered_all_the_same() -> None:
    world = World()
    early: list[Any] = []

    async def at_once(supi: object, data: object) -> Any:
        update = SmContextUpdateData(n2_sm_info=response(), n2_sm_info_type="PDU_RES_SETUP_RSP")
        early.append(world.caller.perform(carried_out(world.smf.update_sm_context("1", update))))
        return await Signal()  # the AMF never comes back

    world.amf.n1_n2_message_transfer = at_once  # type: ignore[method-assign]
    reference = world.create()
    assert not early[0].settled
    world.call(world.smf.release_sm_context(reference))
    assert early[0].settled
    assert world.smf._smf.unanswered == {}
