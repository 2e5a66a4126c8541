"""The association with one UPF: set up, watched, set up again (TS 29.244 6.2.2, 6.2.6, TS 23.527 4.2, 4.3)."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import PFCPASRspFlag
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.release import pdu_session_release
from freehold.core.smf.procedures.user_plane import ACCEPTED
from freehold.core.smf.state.session import SmState
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Collision, Expire, procedure
from freehold.spec.causes import SmCause
from freehold.spec.errors import PeerError, TimerExpired

HEARTBEAT: Final = "PFCP-heartbeat"
LOOK: Final = "PFCP-leaving"


@procedure(spec="TS 29.244 6.2.6")
async def association(smf: SmfFunction, upf: Upf) -> None:
    """Keep one UPF associated for as long as the SMF runs."""
    told = False
    while True:
        trouble = await set_up(smf, upf)
        if trouble and not told:
            smf.tell(
                "upf-unreachable",
                f"{upf} does not associate: {trouble}",
                subject=upf,
                severity="error",
                fix="start the UPF; compare [upf] n4 on both sides",
                clause="TS 29.244 6.2.6",
            )
        told = bool(trouble)
        await Expire(HEARTBEAT)
        while not trouble and await heartbeat(smf, upf):
            await Expire(HEARTBEAT)


async def set_up(smf: SmfFunction, upf: Upf, *, retain: bool = False) -> str:
    """PFCP Association Setup by the CP function (TS 29.244 6.2.6.2.1); what went wrong, or nothing.

    To `retain` asks a UPF to keep the sessions it may have; one that does not say so has lost them.
    """
    request = pfcp.AssociationSetupRequest(
        node_id=smf.node,
        recovery_time_stamp=smf.n4.recovery_time_stamp,
        cp_function_features=0,
        pfcp_session_retention_information=retention(smf) if retain else None,
    )
    try:
        response = await smf.n4.request(request, pfcp.AssociationSetupResponse, upf.address)
    except (TimerExpired, PeerError) as error:
        return str(error)
    if response.cause != ACCEPTED:
        return f"refused with cause {response.cause}"
    if retain and not (response.pfcpasrsp_flags or 0) & PFCPASRspFlag.PSREI:
        restarted(smf, upf, response.recovery_time_stamp)
    associated(smf, upf, response.recovery_time_stamp, response.up_function_features)
    return ""


def retention(smf: SmfFunction) -> pfcp.PFCPSessionRetentionInformation:
    """The wish that all sessions of this function stay (TS 29.244 7.4.4.1)."""
    own = pfcp.CPPFCPEntityIPAddress(*smf.ends)
    return pfcp.PFCPSessionRetentionInformation(cp_pfcp_entity_ip_address=(own,))


async def heartbeat(smf: SmfFunction, upf: Upf) -> bool:
    """One heartbeat; False where the UPF restarted, so that the association has to be set up again.

    A UPF that does not answer may have kept its sessions: they wait for it (TS 23.527 4.2). It may as well have
    restarted and answer nobody before an association, so it is asked for one that keeps them (TS 29.244 6.2.6.2.2).
    """
    if upf.leaving is not None:
        return await wait_until_left(upf)
    try:
        response = await smf.n4.heartbeat(upf.address)
    except (TimerExpired, PeerError):
        lost(smf, upf)
        if not await set_up(smf, upf, retain=True):
            user_plane.collect(smf, upf)
        return True
    if response.recovery_time_stamp != upf.recovery:
        restarted(smf, upf, response.recovery_time_stamp)
        upf.associated = False
        return False
    associated(smf, upf, response.recovery_time_stamp, upf.features)
    user_plane.collect(smf, upf)
    return True


async def wait_until_left(upf: Upf) -> bool:
    """A UPF that leaves is asked for an association again once it has left; False then."""
    if not upf.leaving:
        upf.leaving = None
        return False
    return True


@procedure(spec="TS 29.244 6.2.7.3.1", collides={"graceful_release": Collision.DROP})
async def graceful_release(smf: SmfFunction, upf: Upf, seconds: float) -> None:
    """A UPF wants to be released: its sessions move, where there is another one, then the association ends.

    Moving is a release with the wish to be set up again (TS 24.501 6.3.3.2, #39). Where no other UPF is there,
    sessions wait as they do for a UPF that is lost, and are set up again when it is back (TS 23.527 4.3).
    """
    upf.associated, upf.leaving = False, True
    moves = smf.select_upf() is not None
    smf.tell(
        "upf-leaves",
        f"{upf} asks to be released; its {len(upf.sessions)} sessions {'move' if moves else 'wait for it'}",
        subject=upf,
        clause="TS 29.244 6.2.7.3",
    )
    end = smf.environment.now() + seconds
    if moves:
        for session in tuple(upf.sessions.values()):
            smf.perform(session, pdu_session_release(smf, session, SmCause.REACTIVATION_REQUESTED))
        while upf.sessions and smf.environment.now() < end:
            await Expire(LOOK)
    await end_association(smf, upf)
    upf.leaving = False


async def end_association(smf: SmfFunction, upf: Upf) -> None:
    """PFCP Association Release (TS 29.244 6.2.8.2): the UPF has no session of ours any more."""
    request = pfcp.AssociationReleaseRequest(node_id=smf.node)
    with suppress(TimerExpired, PeerError):  # it is gone then, or will hear of our restart
        await smf.n4.request(request, pfcp.AssociationReleaseResponse, upf.address)
    upf.associated = False
    upf.recovery = 0  # TS 23.527 4.3: whatever it says next, its sessions are lost


@procedure(spec="TS 29.244 6.2.8.2")
async def association_release(smf: SmfFunction, upf: Upf) -> None:
    """The SMF ends: nothing is left at the UPF that nobody controls."""
    await end_association(smf, upf)


def lost(smf: SmfFunction, upf: Upf) -> None:
    """The path to a UPF failed; no new session goes there (TS 23.527 4.2)."""
    if upf.associated:
        upf.associated = False
        smf.tell(
            "upf-lost",
            f"{upf} does not answer heartbeats; its {len(upf.sessions)} sessions wait for it",
            subject=upf,
            severity="error",
            fix="look at the UPF and the network between",
            clause="TS 29.244 6.2.2",
        )


def associated(smf: SmfFunction, upf: Upf, recovery: int, features: int | None) -> None:
    """The association stands; a UPF that restarted meanwhile has lost its sessions (TS 29.244 8.2.65)."""
    if upf.recovery is not None and upf.recovery != recovery:
        restarted(smf, upf, recovery)
    upf.recovery = recovery
    upf.features = features or 0
    if not upf.associated:
        upf.associated = True
        smf.tell("upf-associated", f"{upf} is associated", subject=upf, severity="info", clause="TS 29.244 6.2.6")


def restarted(smf: SmfFunction, upf: Upf, recovery: int) -> None:
    """A UPF has restarted: its sessions are released, and the UEs asked to set them up again (TS 23.527 4.3)."""
    upf.recovery = recovery
    victims = [session for session in upf.sessions.values() if session.state is not SmState.INACTIVE]
    smf.tell(
        "upf-restarted",
        f"{upf} restarted; {len(victims)} sessions are released, their terminals set them up again",
        subject=upf,
        severity="error",
        clause="TS 23.527 4.3",
    )
    for seid in tuple(upf.orphans):
        user_plane.gone(upf, seid)
    for session in victims:
        session.user_plane.remote_seid = None
        smf.perform(session, pdu_session_release(smf, session, SmCause.REACTIVATION_REQUESTED))
