"""AN release: the N1 and N2 connections of a UE end, its sessions' user plane is deactivated (TS 23.502 4.2.6)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Final

import msgspec

from freehold.codecs import ngap
from freehold.core.amf.channels import N2
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.paging import paging
from freehold.core.amf.procedures.reachability import start_mobile_reachable
from freehold.core.amf.procedures.removal import remove
from freehold.core.amf.state.connection import Connection
from freehold.core.amf.state.machines import ContextEvent, MmState
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, exchange, procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec.errors import TimerExpired

NORMAL: Final[ngap.Cause] = ("nas", "normal-release")
AUTHENTICATION_FAILED: Final[ngap.Cause] = ("nas", "authentication-failure")
DEREGISTERED: Final[ngap.Cause] = ("nas", "deregister")
UNSPECIFIED: Final[ngap.Cause] = ("nas", "unspecified")
GENERATED: Final[ngap.Cause] = ("radioNetwork", "release-due-to-5gc-generated-reason")


class Superseded(msgspec.Struct, frozen=True, gc=False):
    """Delivered to a UE's conversation when the UE is on another connection than the one being released."""


class TargetLost(msgspec.Struct, frozen=True, gc=False):
    """Delivered to a UE's conversation when the connection it was to be handed over to is gone."""


def tell_lost(connection: Connection) -> None:
    """Let a handover know that its target is gone."""
    handover = connection.handover
    if handover is not None and handover.target is connection and handover.source.ue is not None:
        handover.source.ue.conversation.deliver(TargetLost())


async def release_connection(amf: AmfFunction, connection: Connection, cause: ngap.Cause) -> None:
    """Steps 2 to 4: the gNB frees the UE's radio resources (TS 38.413 8.3.3)."""
    if not connection.move(ContextEvent.RELEASE_COMMANDED):
        return
    command, n2 = release_command(connection, cause), N2(amf, connection)
    answer = None
    try:
        with suppress(TimerExpired):  # a gNB that does not answer has no UE context either
            answer = await exchange(n2, command, ngap.UEContextReleaseComplete, Superseded, timer="NGAP-response")
    finally:
        if isinstance(answer, Superseded):
            abandon(amf, connection)
        else:
            amf.contexts.disconnect(connection)


def release_command(connection: Connection, cause: ngap.Cause) -> ngap.UEContextReleaseCommand:
    """UE CONTEXT RELEASE COMMAND with both identifiers, or the only one there is (TS 38.413 9.2.2.5)."""
    if not connection.placed:
        return ngap.UEContextReleaseCommand(ue_ngap_ids=("aMF-UE-NGAP-ID", connection.amf_ue_ngap_id), cause=cause)
    pair = ngap.UENGAPIDPair(amf_ue_ngap_id=connection.amf_ue_ngap_id, ran_ue_ngap_id=connection.ran_ue_ngap_id)
    return ngap.UEContextReleaseCommand(ue_ngap_ids=("uE-NGAP-ID-pair", pair), cause=cause)


def release_now(amf: AmfFunction, connection: Connection, cause: ngap.Cause) -> None:
    """Command the release of a connection that is no UE's any more; it ends with UE CONTEXT RELEASE COMPLETE."""
    if connection.move(ContextEvent.RELEASE_COMMANDED):
        N2(amf, connection).send(release_command(connection, cause))
        abandon(amf, connection)


def abandon(amf: AmfFunction, connection: Connection) -> None:
    """Part a UE from a connection that is being released; its end, or the gNB's silence, removes it."""
    ue, connection.ue = connection.ue, None
    if ue is not None and ue.connection is connection:
        ue.connection = None
    environment = amf.environment
    late = environment.now() + amf.driver.timers["NGAP-response"].seconds
    environment.call_at(late, partial(amf.contexts.disconnect, connection))


async def deactivate_sessions(ue: Ue, cause: str = "") -> None:
    """Steps 5 to 7: the SMFs stop the downlink of every active session (TS 29.502 5.2.2.3.2.3)."""
    for session in ue.sessions:
        if session.active:
            session.active = False
            session.awaited = ""
            if not session.reference:
                continue
            try:
                await session.smf.update_sm_context(
                    session.reference, SmContextUpdateData(up_cnx_state="DEACTIVATED", cause=cause)
                )
            except ServiceError:
                ue.drop_session(session)  # the SMF no longer knows it


@procedure(
    spec="TS 23.502 4.2.6",
    collides={
        "an_release": Collision.DROP,
        "registration": Collision.ABORT,
        "service_request": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
        "deregistration_by_network": Collision.QUEUE,
    },
)
async def an_release(amf: AmfFunction, ue: Ue, connection: Connection, cause: ngap.Cause) -> None:
    """Release a UE's connection; what is registered goes to CM-IDLE, what is not is forgotten."""
    # 1-4
    try:
        await release_connection(amf, connection, cause)
    finally:
        if ue.connection is connection:
            amf.contexts.disconnect(connection)
    # 5-7
    await settle_idle(amf, ue, str(cause[1]))


async def settle_idle(amf: AmfFunction, ue: Ue, cause: str = "") -> None:
    """What follows the loss of a connection, however it was lost."""
    if ue.connection is not None:
        return  # another connection took over meanwhile
    if ue.state is not MmState.REGISTERED:
        await remove(amf, ue)
        return
    await deactivate_sessions(ue, cause)
    start_mobile_reachable(amf, ue)
    if ue.queued:
        ue.conversation.start(paging(amf, ue))  # it came while the connection was being released


def lose(amf: AmfFunction, connection: Connection, reason: str) -> None:
    """A connection is gone without signalling: gNB lost, reset, or its identities are in disorder."""
    ue = connection.ue
    amf.contexts.disconnect(connection)
    tell_lost(connection)  # by now there is nothing to release any more
    if ue is not None and ue.connection is None:
        ue.conversation.abort(reason)
        ue.conversation.start(connection_lost(amf, ue, reason))


@procedure(
    spec="TS 38.413 8.7.4",
    collides={
        "connection_lost": Collision.DROP,
        "registration": Collision.QUEUE,
        "service_request": Collision.QUEUE,
        "deregistration_by_ue": Collision.QUEUE,
    },
)
async def connection_lost(amf: AmfFunction, ue: Ue, reason: str) -> None:
    """What is registered goes to CM-IDLE, what is not is forgotten: nothing of it stays (G13)."""
    await settle_idle(amf, ue, reason)
