"""What every part of one SMF shares: configuration, neighbours, sessions, UPFs, its operator's ear."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from freehold.codecs import pfcp
from freehold.core.smf.configuration import SmfConfiguration, SmfPeers
from freehold.core.smf.messages import NOTHING, FromGnb, HandoverStep, ModificationAnswered
from freehold.core.smf.router import Router
from freehold.core.smf.state.contexts import Contexts
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.session import SmContext, SmIdentity, Terms
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Call, Driver, Environment
from freehold.procedure.correlation import correlation, supi_of
from freehold.services.errors import ServiceError
from freehold.services.namf import Communication
from freehold.services.nsmf import SmContextCreateData
from freehold.services.nudm import SdmNotify
from freehold.spec.errors import Unusable
from freehold.spec.events import Event, Severity
from freehold.spec.failures import Unmet
from freehold.spec.identities import Supi
from freehold.spec.timers import Timers
from freehold.stack.pfcp import PfcpEntity


def nothing(_: Supi) -> None:
    """An SMF whose subscriptions never change."""


class SmfFunction:
    """One SMF without its interfaces: procedures take it as their first argument."""

    n4: PfcpEntity
    """The end of N4; there is one once a port is open."""

    __slots__ = (
        "configuration",
        "contexts",
        "driver",
        "give_up",
        "n4",
        "networks",
        "node",
        "peers",
        "router",
        "subscription_changed",
        "unanswered",
        "upfs",
    )

    def __init__(
        self, configuration: SmfConfiguration, peers: SmfPeers, environment: Environment, timers: Timers
    ) -> None:
        faults = configuration.faults()
        if faults:
            raise Unusable(faults[0])
        self.configuration = configuration
        self.peers = peers
        self.driver = Driver(configuration.name, environment, timers)
        self.networks = tuple(Network(network) for network in configuration.networks)
        self.upfs = tuple(Upf(address) for address in configuration.upfs)
        self.contexts = Contexts(int.from_bytes(environment.random(4), "big"))
        self.unanswered: dict[int, list[FromGnb | HandoverStep | ModificationAnswered]] = {}
        """What gNBs and UEs said and procedures have not answered yet, by session."""
        self.give_up: Callable[[SmContext], None] = self.forget
        self.subscription_changed: SdmNotify = nothing
        octets, version = configuration.n4.packed, configuration.n4.version
        self.node = pfcp.NodeID(octets) if version == 4 else pfcp.NodeID(ipv6=octets)
        self.router = (
            None if configuration.n4u is None else Router(configuration.name, configuration.n4u, self.upfs, environment)
        )
        """The router of terminals' IPv6 links, where no UPF is."""

    @property
    def ends(self) -> tuple[bytes | None, bytes | None]:
        """Our address of N4, as IPv4 or as IPv6."""
        return self.node.ipv4, self.node.ipv6

    @property
    def environment(self) -> Environment:
        """The outside world."""
        return self.driver.environment

    # --- sessions ---------------------------------------------------------------------------
    def new_session(
        self, data: SmContextCreateData, network: Network, amf: Communication, upf: Upf, terms: Terms
    ) -> SmContext:
        """A session with its conversation, kept from now on."""
        identity = SmIdentity(self.contexts.number(), data.supi, data.pdu_session_id, data.slice)
        session = SmContext(identity, network, amf, upf, terms)
        session.conversation = self.driver.converse(session, partial(self._broke, session))
        self.contexts.add(session)
        return session

    def _broke(self, session: SmContext) -> None:
        """A mistake of ours in one of a session's procedures: only this session is given up."""
        self.give_up(session)

    def forget(self, session: SmContext) -> None:
        """Know a session no more; its address stays taken. Harmless when it was forgotten before."""
        self.let_go(session)
        if self.router is not None:
            self.router.leave(session)
        self.contexts.remove(session)

    def own_f_seid(self, session: SmContext) -> pfcp.FSEID:
        """Our end of a session's N4 (TS 29.244 8.2.37)."""
        return pfcp.FSEID(self.contexts.seid(session), *self.ends)

    def select_upf(self) -> Upf | None:
        """The first UPF with an association (TS 23.501 6.3.3)."""
        return next((upf for upf in self.upfs if upf.associated), None)

    async def amf(self) -> Communication:
        """The AMF (TS 23.501 6.3.5); ServiceError where the NRF knows none."""
        for profile in await self.peers.nrf.discover("AMF"):
            if profile.service is not None:
                return cast("Communication", profile.service)
        raise ServiceError(404, "TARGET_NF_NOT_FOUND", "no AMF is registered")

    def connected(self, session: SmContext) -> None:
        """The UPF sends to the terminal again: it hears of its router, where that is us."""
        if self.router is not None:
            self.router.advertise(session)

    def perform(self, session: SmContext, call: Call[None], ended: Callable[[], None] | None = None) -> None:
        """Start a procedure of a session; however it ends, no answer of a gNB stays without a reply."""

        def settle(_: object) -> None:
            if ended is not None:
                ended()
            self.let_go(session)

        session.conversation.perform(call).watch(settle)

    def let_go(self, session: SmContext) -> None:
        """Reply to what a gNB said and no procedure answered."""
        for answer in self.unanswered.pop(session.identity.number, ()):
            answer.reply.set(NOTHING)

    def perform_soon(self, session: SmContext, call: Call[None]) -> None:
        """Start a procedure once what runs now has let go: its answer goes first."""

        def start() -> None:
            self.perform(session, call)

        tracer = self.environment.tap.tracer
        self.environment.call_at(self.environment.now(), start if tracer is None else tracer.later(start))

    # --- the operator -----------------------------------------------------------------------
    def tell(
        self,
        name: str,
        text: str,
        *,
        subject: object = "",
        severity: Severity = "warning",
        fix: str = "",
        clause: str = "",
        cause: str = "",
        unmet: Unmet | None = None,
    ) -> None:
        """One event in plain words."""
        whom = supi_of(subject) or (unmet.supi if unmet is not None else None)
        ue = correlation(whom, self.environment.tap.key)
        self.environment.emit(
            Event(name, text, severity, str(subject), fix, clause, ue=ue, whom=whom, cause=cause, unmet=unmet)
        )
