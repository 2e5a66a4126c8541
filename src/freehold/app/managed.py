"""A running network as its management sees it (`manage.network.ManagedNetwork`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from freehold import __version__
from freehold.app.network import Network
from freehold.app.reconfiguration import LiveConfiguration
from freehold.app.registry import home_key_views
from freehold.core.amf.state.machines import MmState
from freehold.core.smf.state.session import SmContext
from freehold.manage.views import FunctionView, GnbView, HomeKeyView, SessionView, StatusView, UeView
from freehold.procedure import Signal, Tap
from freehold.services.errors import ServiceError
from freehold.services.ledger import Act
from freehold.services.nudr import DataRepository
from freehold.services.userplane import RulesRefused
from freehold.spec.events import Event
from freehold.spec.identities import Supi

T = TypeVar("T")
LOOKING: Final = 50
"""A look at everything may cost one part in so many of the time since the last."""


class Managed:
    """The core of a network, read by operators; SUPIs are whole here, for those who may see them."""

    def __init__(self, network: Network, source: Path | None = None) -> None:
        """`source` is the file of the configuration, None where it has none."""
        self.configuration = LiveConfiguration(network, source)
        self._network = network
        self._core = network.core
        self._began = network.world.environment.now()
        self._status: StatusView | None = None
        self._looked = self._cost = 0.0

    @property
    def subscribers(self) -> DataRepository:
        """The subscriptions."""
        return self._core.udr

    @property
    def tap(self) -> Tap:
        """Where records of every interface come by."""
        return self._network.tap

    def utc(self) -> float:
        """Seconds since 1970."""
        return self._network.world.environment.utc()

    def now(self) -> float:
        """The monotonic time that tap records carry."""
        return self._network.world.environment.now()

    def status(self) -> StatusView:
        """The whole at one glance; looked at anew as often as costs at most a fiftieth of the time."""
        began = self.now()
        if self._status is None or began - self._looked >= LOOKING * self._cost:
            self._status = self._look()
            self._looked = self.now()
            self._cost = self._looked - began
        return msgspec.structs.replace(self._status, uptime_s=round(began - self._began, 3))

    def _look(self) -> StatusView:
        counts, section = self._core.amf.counts(), self._network.configuration.network
        carried = [self._carried(session) for session in self._core.smf.sessions]
        return StatusView(
            name=section.name,
            plmn=str(section.plmn),
            tac=section.tac,
            version=__version__,
            pid=os.getpid(),
            uptime_s=round(self.now() - self._began, 3),
            gnbs=counts["gnbs"],
            ues_registered=sum(
                ue.state is MmState.REGISTERED for ue in self._core.amf.function.contexts.supis.values()
            ),
            ues_connected=counts["connections"],
            sessions=counts["sessions"],
            uplink_bytes=sum(octets[0] for octets in carried),
            downlink_bytes=sum(octets[1] for octets in carried),
        )

    def gnbs(self) -> Sequence[GnbView]:
        """The gNBs with an association."""
        return [
            GnbView(
                id=f"{gnb.identity.plmn} {gnb.identity.value:#x}/{gnb.identity.bits}",
                name=gnb.name,
                address=gnb.peer,
                tacs=tuple(sorted({tai.tac for tai in gnb.tais})),
                plmns=tuple(sorted({str(tai.plmn) for tai in gnb.tais})),
                slices=tuple(str(section.id) for section in self._network.configuration.slice),
                ues=gnb.connections,
            )
            for gnb in self._core.amf.gnbs()
        ]

    def ues(self) -> Sequence[UeView]:
        """The UE contexts."""
        return [
            UeView(
                supi=ue.supi.value if ue.supi else "",
                guti=str(ue.guti) if ue.guti else "",
                state=ue.mm_state,
                connection="CM-CONNECTED" if ue.gnb else "CM-IDLE",
                gnb=ue.gnb,
                tai=str(ue.tai) if ue.tai else "",
                pei=ue.pei,
            )
            for ue in self._core.amf.ues()
        ]

    def sessions(self) -> Sequence[SessionView]:
        """The PDU sessions."""
        return [self._session(session) for session in self._core.smf.sessions]

    def functions(self) -> Sequence[FunctionView]:
        """The network functions of this process."""
        names = ("AMF", "SMF", "AUSF", "UDM", "UDR", "PCF", "NSSF", "NRF")
        functions = [FunctionView(name.lower(), name) for name in names]
        if "upf" in self._network.roles:
            functions.append(FunctionView("upf", "UPF", self._network.upf_plane.address))
        return functions

    def home_keys(self) -> Sequence[HomeKeyView]:
        """What SIMs need to conceal their SUPIs."""
        return home_key_views(self._core.home_network_keys)

    def counters(self) -> Mapping[tuple[str, str], int]:
        """Every counter by name and label, those of the user plane as `packets.*`."""
        counted = self._network.world.counted()
        if "upf" in self._network.roles:
            counted |= {("packets", name): value for name, value in self._network.upf_plane.counters().items()}
        return counted

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        return self._network.world.listen(listener)

    def subscription_changed(self, supi: Supi) -> None:
        """Tell the functions that work with a subscription that it changed (TS 29.503 5.2.2.5)."""
        self._core.udm.changed(supi)

    def deregister(self, supi: Supi) -> bool:
        """Begin the network's deregistration of a UE; whether it has a context (TS 24.501 5.5.2.3)."""
        try:
            _ended = self._core.amf.start_deregistration(supi)
        except ServiceError:
            return False
        return True

    def record(self, act: Act) -> Signal[None]:
        """Write an act into the ledger; set once it is durable."""
        return self._network.ledger.append(act)

    def ledger(self) -> Sequence[bytes]:
        """Every entry of the ledger, in order."""
        return self._network.ledger.entries()

    async def wait(self, signal: Signal[T]) -> T:
        """The value of a signal, once it is set."""
        return await self._network.world.wait(signal)

    def _session(self, session: SmContext) -> SessionView:
        uplink, downlink = self._carried(session)
        return SessionView(
            supi=session.identity.supi.value,
            pdu_session_id=session.identity.pdu_session_id,
            dnn=session.network.dnn,
            slice=str(session.identity.slice),
            ip="" if session.address is None else str(IPv4Address(session.address)),
            state=session.up_cnx_state,
            uplink_bytes=uplink,
            downlink_bytes=downlink,
        )

    def _carried(self, session: SmContext) -> tuple[int, int]:
        """Octets of a session: as the UPF of this process counts now, or as the last usage report said."""
        plane = session.user_plane
        if "upf" not in self._network.roles or plane.uplink is None:
            return plane.uplink_octets, plane.downlink_octets
        try:
            usage = self._network.upf_plane.usage(plane.uplink.teid)
        except RulesRefused:  # released at the UPF, not yet here
            return plane.uplink_octets, plane.downlink_octets
        return usage.uplink_octets, usage.downlink_octets
