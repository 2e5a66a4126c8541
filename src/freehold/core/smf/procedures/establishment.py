"""UE-requested PDU session establishment, after its admission (TS 23.502 4.3.2.2.1 steps 6 to 20)."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Network
from typing import Final

from freehold.codecs.nas import PduSessionEstablishmentRequest
from freehold.core.smf import n1, pco, rules, transfers
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.messages import NOTHING, FromGnb
from freehold.core.smf.procedures import user_plane
from freehold.core.smf.procedures.modification import pdu_session_modification
from freehold.core.smf.procedures.teardown import notify, teardown
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.pool import AddressPool
from freehold.core.smf.state.session import Ipv6, SmContext, SmState, Tunnel
from freehold.core.smf.transfers import Failed, SetUp
from freehold.procedure import Collision, Count, expect, procedure
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.services.npcf import SmPolicyContext
from freehold.services.nudm import DnnConfiguration
from freehold.spec import counters
from freehold.spec.causes import SmCause
from freehold.spec.errors import Aborted, Reject, TimerExpired
from freehold.spec.failures import Unmet

MICROSECONDS: Final = 1e6


async def refuse(
    reject: Reject,
    smf: SmfFunction,
    session: SmContext,
    request: PduSessionEstablishmentRequest,
    subscribed: DnnConfiguration,  # noqa: ARG001 - the same for every handler
) -> None:
    """The UE gets the reject by N1N2MessageTransfer, the AMF drops the context (TS 23.502 4.3.2.2.1 step 20)."""
    identity = session.identity
    await Count(counters.SESSION_NOT_ESTABLISHED, f"5GSM #{int(reject.cause)}")
    smf.tell(
        "session-refused",
        f"{session.network.dnn}: {reject.why}",
        subject=session,
        fix=reject.fix,
        clause="TS 24.501 6.4.1.4",
        cause=f"5GSM #{int(reject.cause)}",
        unmet=reject.unmet,
    )
    answer = n1.reject(identity.pdu_session_id, request.pti, reject.cause)
    data = N1N2MessageTransferReqData(identity.pdu_session_id, identity.slice, answer)
    with suppress(ServiceError):  # the UE may be gone, and with it the wish for a session
        await session.amf.n1_n2_message_transfer(identity.supi, data)
    await teardown(smf, session)
    await notify(session)


async def fail(
    error: Exception,
    smf: SmfFunction,
    session: SmContext,
    request: PduSessionEstablishmentRequest,
    subscribed: DnnConfiguration,
) -> None:
    """Given up by others: no signalling. A neighbour that failed: the UE is told."""
    if isinstance(error, Aborted):
        await teardown(smf, session)
        return
    unmet = error.unmet if isinstance(error, ServiceError) else None
    if isinstance(error, TimerExpired):
        unmet = Unmet("gnb-silent", error.timer, about={"timer": error.timer})
    reject = Reject(
        SmCause.NETWORK_FAILURE,
        f"a neighbour failed ({error})",
        "see the events before this one",
        unmet=unmet or Unmet("function-failed", str(error)),
    )
    await refuse(reject, smf, session, request, subscribed)


@procedure(
    spec="TS 23.502 4.3.2.2.1",
    keeps=(FromGnb,),
    collides={
        "pdu_session_release": Collision.ABORT,
        "deactivation": Collision.ABORT,
        "pdu_session_modification": Collision.QUEUE,
        "requested_modification": Collision.DROP,
    },
    on_reject=refuse,
    on_failure=fail,
)
async def pdu_session_establishment(
    smf: SmfFunction,
    session: SmContext,
    request: PduSessionEstablishmentRequest,
    subscribed: DnnConfiguration,
) -> None:
    """Policy, address, user plane, accept, and the gNB's answer."""
    identity, network = session.identity, session.network
    if session.state is SmState.INACTIVE:
        return  # released before it began
    supi, pdu_session_id, began = identity.supi, identity.pdu_session_id, smf.environment.now()
    # 4: the UDM knows which SMF has the session
    await smf.peers.udm.register_smf(supi, pdu_session_id, identity.slice, network.dnn)
    await smf.peers.udm.subscribe_sdm(supi, smf.subscription_changed)
    # 7b, 9
    session.policy = await smf.peers.pcf.create_sm_policy(
        SmPolicyContext(supi, pdu_session_id, identity.slice, network.dnn, subscribed)
    )
    session.security = subscribed.up_security or smf.configuration.security  # TS 23.501 5.10.3
    take_addresses(smf, session, subscribed)
    # 10
    await user_plane.establish(smf, session, subscribed.framed_routes)
    # 11-12
    await session.amf.n1_n2_message_transfer(
        supi,
        N1N2MessageTransferReqData(
            pdu_session_id,
            identity.slice,
            n1.accept(session, pco.answer(request.extended_pco, network.configuration)),
            transfers.setup_request(session),
            "PDU_RES_SETUP_REQ",
            session.policy.arp.priority_level,
        ),
    )
    # 14-15
    answer = await expect(FromGnb, timer="NGAP-response")
    try:
        # 16
        await connect(smf, session, tunnel_of(answer.value))
    finally:
        # 17
        answer.reply.set(NOTHING)
    session.state = SmState.ACTIVE
    if session.policy.flows:
        # TS 23.502 4.3.3.2: the flows beside the default one, once the session stands
        smf.perform_soon(session, pdu_session_modification(smf, session))
    smf.environment.count(counters.SESSION_ESTABLISHED)
    smf.environment.count(counters.SESSION_TIME, "", round(MICROSECONDS * (smf.environment.now() - began)))


def tunnel_of(answer: SetUp | Failed) -> Tunnel:
    """The gNB's end of N3; without its resources there is no session (TS 23.502 4.3.2.2.1 step 16)."""
    if isinstance(answer, SetUp):
        return answer.tunnel
    raise Reject(
        SmCause.INSUFFICIENT_RESOURCES,
        f"the gNB has no resources ({answer.cause})",
        "see the gNB's log",
        unmet=Unmet("gnb-resources", f"NGAP {answer.cause}"),
    )


async def connect(smf: SmfFunction, session: SmContext, tunnel: Tunnel) -> None:
    """The UPF sends downlink packets to the gNB (TS 23.502 4.3.2.2.1 step 16a)."""
    tunnel = tunnel.towards(session.user_plane.uplink)
    if not await user_plane.modify(smf, session, rules.forward_downlink(session, tunnel)):
        raise Reject(
            SmCause.NETWORK_FAILURE,
            "the UPF does not send to the gNB",
            "see the UPF's events",
            unmet=Unmet("upf", "the downlink rule"),
        )
    session.user_plane.downlink = tunnel
    # 19
    smf.connected(session)


ROUTER: Final = 1
"""The interface identifier of the router on every link (freehold.net.userplane): no UE is given it."""


def take_addresses(smf: SmfFunction, session: SmContext, subscribed: DnnConfiguration) -> None:
    """What the PDU session type has: an IPv4 address, a /64 with an interface identifier (TS 23.501 5.8.2.2)."""
    network, kind = session.network, session.terms.pdu_session_type
    if network.pool is not None and kind in {n1.IPV4, n1.IPV4V6}:
        static = None if subscribed.static_ipv4 is None else int(IPv4Address(subscribed.static_ipv4))
        session.address = take(network, network.pool, static, subscribed.static_ipv4)
    if network.pool6 is not None and kind in {n1.IPV6, n1.IPV4V6}:
        chosen = subscribed.static_ipv6
        static = None if chosen is None else int(IPv6Network(chosen, strict=False).network_address) >> 64
        prefix = take(network, network.pool6, static, chosen)
        session.ipv6 = Ipv6(prefix, interface_identifier(smf))


def interface_identifier(smf: SmfFunction) -> bytes:
    """An identifier that differs from the router's (TS 23.501 5.8.2.2.3); nobody else is on the link."""
    drawn = smf.environment.random(8)
    return drawn if int.from_bytes(drawn, "big") > ROUTER else b"\xff" * 8


def take(network: Network, pool: AddressPool, static: int | None, shown: str | None) -> int:
    """The subscriber's static address, or one of the pool (TS 23.501 5.8.2.2.1)."""
    if static is not None:
        if not pool.take_static(static):
            # P03: nobody gets an address that another session has
            raise Reject(
                SmCause.INSUFFICIENT_RESOURCES,
                f"the static address {shown} is in use",
                "give each subscriber its own static address",
                unmet=Unmet(
                    "static-address",
                    str(shown),
                    "in use, or outside of the pool",
                    {"dnn": network.dnn, "field": "ip6" if ":" in str(shown) else "ip"},
                ),
            )
        return static
    taken = pool.take()
    if taken is None:
        raise Reject(
            SmCause.INSUFFICIENT_RESOURCES_FOR_SLICE_AND_DNN,
            f"no address is left in {pool.network}",
            f"widen the pool of the [[dnn]] named {network.dnn!r}",
            unmet=Unmet("pool", "an address", f"{pool.network} is used up", {"dnn": network.dnn}),
        )
    return taken
