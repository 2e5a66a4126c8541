"""The main job, headless: terminals register, open a session, send traffic, and are counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

import msgspec

from freehold.app import logs
from freehold.app.config import Configuration, DnnSection
from freehold.app.handles import PduSession, UserEquipment
from freehold.app.network import Network
from freehold.spec.errors import Aborted, PeerError, Reject, TimerExpired, Unusable

AT_ONCE: Final = 64
"""Terminals that register at the same time; the next one starts when one is done."""
PINGS: Final = 3
"""Echo requests each terminal sends; one that is answered is enough."""


class DemoItem(msgspec.Struct, frozen=True):
    """One terminal of a demonstration; a round trip is None where no echo came back, `failure` says what went wrong."""

    supi: str
    guti: str | None
    ip: str | None
    rtt_ms: float | None
    uplink_bytes: int
    downlink_bytes: int
    failure: str = ""
    ip6: str | None = None
    rtt6_ms: float | None = None

    @property
    def answered(self) -> bool:
        """Whether an echo came back over each version of IP that it has."""
        return (self.ip is None or self.rtt_ms is not None) and (self.ip6 is None or self.rtt6_ms is not None)


class DemoReport(msgspec.Struct, frozen=True):
    """What a demonstration did, in total and terminal by terminal."""

    ues: int
    registered: int
    sessions: int
    ping_ok: int
    seconds: float
    items: list[DemoItem]

    @property
    def complete(self) -> bool:
        """Whether every terminal did everything."""
        return self.registered == self.sessions == self.ping_ok == self.ues


async def demonstrate(
    ues: int = 10,
    *,
    pcap: Path | None = None,
    configuration: Configuration | None = None,
    null_ciphering: bool = False,
    progress: Callable[[DemoItem], None] = lambda _: None,
) -> DemoReport:
    """Run a whole network in real time for `ues` terminals; `pcap` captures N2, N3 and N4.

    `null_ciphering` puts NEA0 first, so that NAS can be read in the capture.
    """
    chosen = configuration or Configuration()
    if null_ciphering:
        amf = msgspec.structs.replace(chosen.amf, ciphering=("NEA0",))
        chosen = msgspec.structs.replace(chosen, amf=amf)
    section = first_of_ip(chosen)
    if section is None:
        raise Unusable("a demonstration pings a data network of IP: add a [[dnn]] that is not of type ethernet")
    capacity = min(map(room_of, section.networks))
    if not 0 < ues <= capacity:
        shown = " and ".join(map(str, section.networks))
        raise Unusable(f"--ues {ues}: the pool {shown} has addresses for 1 to {capacity} terminals")
    began = time.perf_counter()
    async with Network(chosen, real_time=True, trace=pcap is not None) as network:
        network.world.listen(logs.log)
        items = await drive(network, [network.ue() for _ in range(ues)], progress)
        seconds = time.perf_counter() - began
        if pcap is not None:
            network.trace.stop()
            save(network, pcap)
    return DemoReport(
        ues,
        sum(item.guti is not None for item in items),
        sum(bool(item.ip or item.ip6) for item in items),
        sum(bool(item.ip or item.ip6) and item.answered for item in items),
        round(seconds, 3),
        items,
    )


async def drive(
    network: Network, ues: list[UserEquipment], progress: Callable[[DemoItem], None] = lambda _: None
) -> list[DemoItem]:
    """Let terminals of a running network do the main job, some at a time; their results in the same order."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(ue: UserEquipment) -> DemoItem:
        async with room:
            item = await main_job(ue, usual_dnn(network.configuration))
        progress(item)
        return item

    return list(await asyncio.gather(*map(one, ues)))


async def main_job(ue: UserEquipment, dnn: str) -> DemoItem:
    """Register, open a session, ping the data network."""
    ip, ip6, rtt, rtt6, octets, failure = None, None, None, None, (0, 0), ""
    try:
        await ue.register()
        session = await ue.pdu_session(dnn)
        ip, ip6 = session.ip or None, session.ip6 or None
        rtt = await round_trip(session, session.gateway) if ip else None
        rtt6 = await round_trip(session, session.gateway6) if ip6 else None
        octets = (session.traffic.uplink, session.traffic.downlink)
    except (Reject, PeerError, TimerExpired, Aborted) as error:
        failure = str(error)
    guti = str(ue.guti) if ue.registered and ue.guti else None
    return DemoItem(ue.supi.value, guti, ip, rtt, *octets, failure, ip6, rtt6)


async def round_trip(session: PduSession, destination: str) -> float | None:
    """Milliseconds to the data network and back; None where no echo is answered."""
    for _ in range(PINGS):
        rtt = (await session.ping(destination)).rtt_ms
        if rtt is not None:
            return round(rtt, 3)
    return None


def first_of_ip(configuration: Configuration) -> DnnSection | None:
    """The first data network with addresses."""
    return next((section for section in configuration.dnn if not section.ethernet), None)


def usual_dnn(configuration: Configuration) -> str:
    """Where terminals go that nobody told where: the first data network with addresses, or the first one."""
    return (first_of_ip(configuration) or configuration.dnn[0]).name


def room_of(network: IPv4Network | IPv6Network) -> int:
    """How many terminals a pool has addresses for."""
    return network.num_addresses - 3 if network.version == 4 else (network.num_addresses >> 64) - 1


def save(network: Network, path: Path) -> int:
    """Write the trace as a capture file; Unusable where the file cannot be written."""
    try:
        return network.trace.pcap(path)
    except OSError as error:
        raise Unusable(f"{path}: the capture cannot be written: {error.strerror}") from None
