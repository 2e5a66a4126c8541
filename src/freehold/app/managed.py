"""A running network as its management sees it (`manage.network.ManagedNetwork`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from freehold import __version__
from freehold.app import authority, config
from freehold.app.apart import TraceElsewhere
from freehold.app.backups import RunningBackups
from freehold.app.inside import inside
from freehold.app.network import Network
from freehold.app.reconfiguration import LiveConfiguration
from freehold.app.registry import home_key_views
from freehold.core.amf.state.machines import MmState
from freehold.core.smf.n1 import TYPES
from freehold.core.smf.state.pool import printed_prefix
from freehold.core.smf.state.session import SmContext
from freehold.core.udm import home_keys
from freehold.manage.terminals import ManagedTerminals
from freehold.manage.views import (
    FindingView,
    FunctionView,
    GnbView,
    HomeKeyView,
    SessionView,
    StatusView,
    UeInsideView,
    UeView,
)
from freehold.procedure import Alarm, Record, Signal, Tap
from freehold.services.errors import ServiceError
from freehold.services.ledger import Act
from freehold.services.nudr import DataRepository
from freehold.services.userplane import RulesRefused
from freehold.spec import counters
from freehold.spec.events import Event
from freehold.spec.identities import Supi

T = TypeVar("T")
STARTING: Final = 5.0
"""Seconds that UPFs have to associate before their absence is a trouble."""
LOOKING: Final = 50
"""A look at everything may cost one part in so many of the time since the last."""


class Managed:
    """The core of a network, read by operators; SUPIs are whole here, for those who may see them."""

    def __init__(self, network: Network, source: Path | None = None, terminals: ManagedTerminals | None = None) -> None:
        """`source` is the file of the configuration, None where it has none."""
        self.terminals = terminals
        self.configuration = LiveConfiguration(network, source)
        self.backups = RunningBackups(network, source)
        self.log: Collection[str] = ()
        """The last lines of the log."""
        self._network = network
        self._core = network.core
        self._elsewhere = TraceElsewhere(network.configuration)
        self._began = network.world.environment.now()
        self._status: StatusView | None = None
        self._looked = self._cost = 0.0
        self._carried_by: dict[int, tuple[int, int]] = {}
        self._octets = [0, 0]
        """What sessions carried so far, those that are over too, uplink and downlink."""

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
        carried = self._sum_up()
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

    def _sum_up(self) -> Collection[tuple[int, int]]:
        """What each session carried; what it carried since the last look is added to what never falls."""
        before, carried = self._carried_by, {}
        for session in self._core.smf.sessions:
            octets = carried[session.identity.number] = self._carried(session)
            was = before.get(session.identity.number, (0, 0))
            for way in (0, 1):
                # a session that began anew under the same number begins at 0
                self._octets[way] += octets[way] - was[way] if octets[way] >= was[way] else octets[way]
        self._carried_by = carried
        return carried.values()

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
                cell="" if ue.cell is None else f"{ue.cell:09x}",
            )
            for ue in self._core.amf.ues()
        ]

    def inside(self, supi: Supi) -> UeInsideView:
        """What the functions know of one UE beside its state."""
        sessions = [session for session in self._core.smf.sessions if session.identity.supi == supi]
        return inside(self._core.amf.inside(supi), sessions, self.utc() - self.now())

    def settings(self) -> dict[str, Any]:
        """Every setting, as a file holds it."""
        return config.show(self._network.configuration)

    def settings_schema(self) -> dict[str, Any]:
        """The JSON schema of the settings."""
        return config.schema()

    def sessions(self) -> Sequence[SessionView]:
        """The PDU sessions."""
        return [self._session(session) for session in self._core.smf.sessions]

    def trace(self, ends: Sequence[str], octets: int, a_second: int) -> None:
        """Trace terminals' packets at the UPF by address; nobody's where there is none."""
        if "upf" in self._network.roles:
            self._network.upf_plane.trace(ends, octets, a_second)
        else:
            self._elsewhere.trace(ends, octets, a_second)

    def traced(self) -> Sequence[Record]:
        """The packets traced since the last call."""
        return self._network.upf_plane.take_traced() if "upf" in self._network.roles else self._elsewhere.take()

    def functions(self) -> Sequence[FunctionView]:
        """The network functions of this process."""
        names = ("AMF", "SMF", "AUSF", "UDM", "UDR", "PCF", "NSSF", "NRF")
        functions = [FunctionView(name.lower(), name) for name in names]
        if "upf" in self._network.roles:
            functions.append(FunctionView("upf", "UPF", self._network.upf_plane.address))
        return functions

    def home_keys(self) -> Sequence[HomeKeyView]:
        """What SIMs need to conceal their SUPIs."""
        return home_key_views(self._core.home_network_keys, self._core.key_use.of)

    async def rotate_home_key(self, profile: Literal["A", "B"]) -> HomeKeyView:
        """A fresh key pair beside those that are there."""
        made = await self._core.rotate_home_key(home_keys.SCHEMES[profile])
        return home_key_views([made], self._core.key_use.of)[0]

    async def retire_home_key(self, key_id: int) -> None:
        """Remove a key pair; Unusable where there is none, or no other."""
        await self._core.retire_home_key(key_id)

    def counters(self) -> Mapping[tuple[str, str], int]:
        """Every counter by name and label, those of the user plane as `packets.*`."""
        counted = self._network.world.counted()
        self.status()
        counted[counters.N3_OCTETS_IN, ""], counted[counters.N3_OCTETS_OUT, ""] = self._octets
        if "upf" in self._network.roles:
            packets = self._network.upf_plane.counters()
            counted |= {(counters.PACKETS, name): value for name, value in packets.items()}
            counted[counters.N3_PACKETS_IN, ""] = packets.get("uplink_forwarded", 0)
            counted[counters.N3_PACKETS_OUT, ""] = packets.get("downlink_forwarded", 0)
        return counted

    def values(self) -> Mapping[str, float]:
        """What is sampled, by its name in `spec.measurements`."""
        status = self.status()
        return {
            counters.REGISTERED_SUBSCRIBERS: status.ues_registered,
            counters.CONNECTED_UES: status.ues_connected,
            counters.SESSIONS: status.sessions,
            counters.GNBS: status.gnbs,
            counters.REGISTERED_AT_UDM: self._core.udm.registered,
        }

    def levels(self) -> Mapping[tuple[str, str], float]:
        """What may become an alarm: gNBs and UPFs that are lost, pools, the disk, the store, the certificate."""
        from freehold.manage.faults.certificates import days_left  # brings TLS along, which a start need not wait for

        core, section = self._core, self._network.configuration.management
        found: dict[tuple[str, str], float] = {("gnb-lost", gnb.name): 0.0 for gnb in core.amf.gnbs()}
        if self.now() - self._began >= STARTING:
            found |= {("upf-lost", str(upf)): float(not upf.associated) for upf in core.smf.upfs}
        found["registration-storm", "AMF"] = float(core.amf.function.contexts.crowded)
        for network in core.smf.networks:
            found["address-pool", network.dnn] = network.used
        name, folder = section.certificate, self._network.folder
        if name == authority.OWN:
            name = "" if folder is None else str(folder / authority.CERTIFICATE)
        left = days_left(Path(name), self.utc()) if name else None
        if left is not None:
            found["certificate", name] = left
        if self._network.folder is not None:
            disk = shutil.disk_usage(self._network.folder)
            found["disk", str(self._network.folder)] = disk.used / max(1, disk.used + disk.free)
            found["store-write", str(self._network.folder)] = float(bool(self._network.store_fault()))
        return found

    def examine(self) -> Sequence[FindingView]:
        """What the machine has and lacks for this network."""
        from freehold.app.doctor import examine

        found = examine(self._network.configuration)
        return [FindingView(each.check, each.state, each.what, each.fix) for each in found]

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """Call back once monotonic time reaches `when` seconds."""
        return self._network.world.environment.call_at(when, callback)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hand every event to `listener` until the returned function is called."""
        return self._network.world.listen(listener)

    def tell(self, event: Event) -> None:
        """Hand an event of the management itself to everybody who listens."""
        self._network.world.environment.emit(event)

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
            ip6="" if session.ipv6 is None else printed_prefix(session.ipv6.prefix),
            state=session.up_cnx_state,
            uplink_bytes=uplink,
            downlink_bytes=downlink,
            type=TYPES[session.terms.pdu_session_type],
            macs=tuple(station.hex(":") for station in session.stations),
            flows=tuple(
                f"QFI {flow.qfi}: 5QI {flow.qos.five_qi}{', asked for' if flow.asked else ''}"
                for flow in session.user_plane.flows
            ),
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
