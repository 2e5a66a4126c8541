"""The N4 session of a PDU session (TS 23.502 4.4.1), as steps of other procedures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.core.smf import rules
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.session import Ipv6, SmContext, Tunnel
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Count, Signal
from freehold.spec import counters
from freehold.spec.causes import PfcpCause, SmCause
from freehold.spec.errors import PeerError, Reject, TimerExpired
from freehold.spec.failures import Unmet

ACCEPTED: Final = PfcpCause.REQUEST_ACCEPTED
CAUSES: Final[Mapping[int, SmCause]] = MappingProxyType(
    {
        PfcpCause.NO_RESOURCES_AVAILABLE: SmCause.INSUFFICIENT_RESOURCES,
        PfcpCause.PFCP_ENTITY_IN_CONGESTION: SmCause.INSUFFICIENT_RESOURCES,
        PfcpCause.ALL_DYNAMIC_ADDRESSES_ARE_OCCUPIED: SmCause.INSUFFICIENT_RESOURCES,
    }
)
"""5GSM causes of a UPF's refusals; any other is a failure of the network."""


async def establish(smf: SmfFunction, session: SmContext, framed_routes: tuple[str, ...] = ()) -> None:
    """N4 Session Establishment (TS 23.502 4.4.1.2); Reject where the UPF has no session for us."""
    own = smf.own_f_seid(session)
    plane = session.user_plane
    routes = framed_routes if serves_framed_routes(smf, session, framed_routes) else ()
    linked = smf.router is not None and session.ipv6 is not None
    n4u = smf.router.join(session) if smf.router is not None and linked else None
    known = smf.configuration
    request = rules.establishment(session, smf.node, own, known.usage_report, routes, known.n3, n4u)
    smf.environment.count(counters.N4_SESSION_REQUEST)
    try:
        answer = smf.n4.request(request, pfcp.SessionEstablishmentResponse, plane.upf.address, 0, subject=session)
        late = LateAnswer(smf, plane.upf)
        answer.watch(late.came)
        response = await answer
        late.taken = True
    except (TimerExpired, PeerError) as error:
        await Count(counters.N4_SESSION_FAILURE, "no answer")
        raise Reject(
            SmCause.NETWORK_FAILURE,
            f"{plane.upf} gave no usable answer ({error})",
            unmet=Unmet("upf", str(plane.upf), str(error)),
        ) from error
    tunnel = rules.tunnel_of(response)
    if response.up_f_seid is not None:
        plane.remote_seid = response.up_f_seid.seid
    unknown_here(plane.upf, response.cause)
    if response.cause != ACCEPTED or plane.remote_seid is None or tunnel is None:
        await Count(counters.N4_SESSION_FAILURE, f"cause {response.cause}")
        raise Reject(
            CAUSES.get(response.cause, SmCause.NETWORK_FAILURE),
            f"{plane.upf} refused the session (cause {response.cause}, IE {response.offending_ie})",
            "see the UPF's events",
            unmet=Unmet("upf", str(plane.upf), f"PFCP cause {response.cause}", {"pfcp": str(response.cause)}),
        )
    plane.uplink = tunnel
    lead_link(smf, session, rules.tunnel_of(response, rules.ADVERTISEMENTS))


def lead_link(smf: SmfFunction, session: SmContext, far: Tunnel | None) -> None:
    """Where the SMF is the router, the UPF has said where advertisements go; without that only IPv6 is cut off."""
    link = session.user_plane.link
    if smf.router is None or link is None:
        return
    if far is not None:
        smf.router.lead(link, far)
        return
    smf.tell(
        "no-router",
        f"{session.user_plane.upf} gives no tunnel for router advertisements: the terminal gets no IPv6 prefix",
        subject=session,
        fix="take smf.n4u away where the UPF advertises by itself; else give the data network IPv4",
        clause="TS 29.244 5.3.1",
    )


def serves_framed_routes(smf: SmfFunction, session: SmContext, framed_routes: tuple[str, ...]) -> bool:
    """Whether the UPF takes framed routes; without them only what is behind the UE is cut off (TS 29.244 5.16)."""
    upf = session.user_plane.upf
    served = bool(upf.features & UPFunctionFeature.FRRT)
    if framed_routes and not served:
        smf.tell(
            "framed-routes",
            f"{upf} serves no framed routes: {', '.join(framed_routes)} are left out",
            subject=session,
            fix="give the DNN a UPF that serves them",
            clause="TS 29.244 5.16",
        )
    return served


def unknown_here(upf: Upf, cause: int) -> None:
    """A UPF without association has lost everything: the next heartbeat sets it up again (TS 29.244 8.2.1)."""
    if cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION:
        upf.associated = False
        upf.recovery = None


class LateAnswer:
    """A session that was given up before the UPF had answered must not live on there."""

    __slots__ = ("_smf", "_upf", "taken")

    def __init__(self, smf: SmfFunction, upf: Upf) -> None:
        self._smf = smf
        self._upf = upf
        self.taken = False

    def came(self, answer: Signal[pfcp.SessionEstablishmentResponse]) -> None:
        """Delete at the UPF what nobody waits for any more."""
        if self.taken:
            return
        try:
            seid = answer.result().up_f_seid
        except (TimerExpired, PeerError):
            return
        if seid is not None:
            self._upf.orphans[seid.seid] = nothing
            collect(self._smf, self._upf)


def nothing() -> None:
    """An orphan that holds nothing here."""


async def modify(smf: SmfFunction, session: SmContext, request: pfcp.SessionModificationRequest) -> bool:
    """N4 Session Modification (TS 23.502 4.4.1.3); False where the UPF did not do it."""
    plane = session.user_plane
    if plane.remote_seid is None or not plane.upf.associated:
        return False
    try:
        response = await smf.n4.request(
            request, pfcp.SessionModificationResponse, plane.upf.address, plane.remote_seid, subject=session
        )
    except (TimerExpired, PeerError) as error:
        smf.tell("n4-failure", f"{plane.upf} gave no usable answer ({error})", subject=session)
        return False
    unknown_here(plane.upf, response.cause)
    if response.cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND:
        plane.remote_seid = None
    if response.cause != ACCEPTED:
        text = f"{plane.upf} refused a change (cause {response.cause}, IE {response.offending_ie})"
        smf.tell("n4-failure", text, subject=session, fix="see the UPF's events", clause="TS 29.244 8.2.1")
    return response.cause == ACCEPTED


async def delete(smf: SmfFunction, session: SmContext) -> None:
    """N4 Session Release (TS 23.502 4.4.1.4); the address is free once the UPF has let go of it."""
    plane = session.user_plane
    seid, plane.remote_seid = plane.remote_seid, None
    plane.downlink = None
    free = partial(give_back, session.network, session.address, session.ipv6)
    session.address = session.ipv6 = None
    if seid is not None:
        plane.upf.orphans[seid] = free
        free = partial(gone, plane.upf, seid)
        if not plane.upf.associated:
            return  # deleted when the UPF is there again
        try:
            response = await smf.n4.request(
                pfcp.SessionDeletionRequest(), pfcp.SessionDeletionResponse, plane.upf.address, seid, subject=session
            )
        except (TimerExpired, PeerError):
            return
        for report in response.usage_report:
            used(session, report)
    free()


def give_back(network: Network, address: int | None, ipv6: Ipv6 | None) -> None:
    """Address and prefix are free again."""
    if network.pool is not None and address is not None:
        network.pool.give_back(address)
    if network.pool6 is not None and ipv6 is not None:
        network.pool6.give_back(ipv6.prefix)


def gone(upf: Upf, seid: int) -> None:
    """The UPF has a session no more."""
    upf.orphans.pop(seid, nothing)()


ORPHANS: Final = 100
"""So many deletions are asked for at once."""


def collect(smf: SmfFunction, upf: Upf) -> None:
    """Delete sessions that are over here and may live on at a UPF that could not be reached."""
    for seid in tuple(upf.orphans)[:ORPHANS]:
        answer = smf.n4.request(pfcp.SessionDeletionRequest(), pfcp.SessionDeletionResponse, upf.address, seid)
        answer.watch(partial(_collected, upf, seid))


def _collected(upf: Upf, seid: int, answer: Signal[pfcp.SessionDeletionResponse]) -> None:
    try:
        answer.result()
    except (TimerExpired, PeerError):
        return
    gone(upf, seid)


MOST_STATIONS: Final = 64
"""MAC addresses kept of one session."""


def used(session: SmContext, report: pfcp.UsageReport) -> None:
    """Add what a UPF measured (TS 29.244 7.5.5.2), and the MAC addresses that it heard (TS 29.244 8.2.103)."""
    heard = report.ethernet_traffic_information
    for detected in heard.mac_addresses_detected if heard is not None else ():
        count = detected[0] if detected else 0
        found = (detected[1 + 6 * place : 7 + 6 * place] for place in range(count))
        known = dict.fromkeys((*session.stations, *(one for one in found if len(one) == 6)))
        session.stations = tuple(known)[-MOST_STATIONS:]
    volume = report.volume_measurement
    if volume is not None:
        session.user_plane.uplink_octets += volume.uplink_volume or 0
        session.user_plane.downlink_octets += volume.downlink_volume or 0
