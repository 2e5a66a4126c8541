"""The user plane with the fast path beside the portable engine: one `SessionPlane`, whichever way a packet takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, ip_address, ip_network

import msgspec

from freehold._native.xdp import Datapath
from freehold.net.hiding import Hiding
from freehold.net.netlink import Netlink
from freehold.net.userplane import UpfPlane, is_station
from freehold.net.ways import TUNNEL_6_OCTETS, TUNNEL_OCTETS, Ways, find_devices, version
from freehold.net.xdp import Hook, names, program, unusable
from freehold.procedure import Record
from freehold.services.access import Tunnel
from freehold.services.userplane import (
    NOTHING,
    Measured,
    Network,
    PlaneEvent,
    Rule,
    RulesRefused,
    SessionRules,
    Usage,
    VolumeReached,
)

REFRESH_SECONDS = 5.0
SETTLE_SECONDS = 0.02
"""Changes of the host's routing come in bursts: they are looked at together."""
LAST_OCTETS = 4096
"""Of a volume to report less than this is not divided any more."""
KEPT_SECONDS = 600.0
"""How long sessions that an earlier process left go on while nobody asks for them."""
TAKEN, QOS_FLOW = 0x80, 0x3F
"""Of a direction's octet in a record."""
MOST_PREFIXES = 1 << 20
"""Of a pool of IPv6 so many terminals are the program's at most; the rest is the engine's."""


class Served(msgspec.Struct, frozen=True):
    """A network instance on the fast path: its pools, the MTU of its terminals' links, whether the host hides them."""

    networks: tuple[Network, ...]
    mtu: int = 0
    hidden: bool = False


class FastPlane:
    """The packets of one user plane function, on both paths.

    Rules always go to the engine; those of sessions that fit are mirrored into the program's records. A session's usage
    is the sum of both. A volume to report is halved between the two, and what is left is halved again when one of them
    has used its half: at most one packet passes it (TS 29.244 5.2.2.2).
    """

    def __init__(
        self, engine: UpfPlane, served: dict[int, Served], kept: tuple[Network, ...], hooks: Sequence[Hook]
    ) -> None:
        self.engine = engine
        self._served = served
        self._hiding: Hiding | None = None
        self.kept: dict[int, SessionRules] = {}
        """The sessions that an earlier process left: their packets go on, and nobody has asked for them yet."""
        self._listener: Callable[[PlaneEvent], None] | None = None
        self._divided: dict[int, SessionRules] = {}
        self._used_up: list[int] = []
        """Sessions whose volume was used up before `start`."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._netlink = Netlink()
        try:
            self._load(kept, hooks)
        except OSError as error:
            self._netlink.close()
            raise unusable(error) from error
        except BaseException:
            self._netlink.close()
            raise
        engine.listen(self._happened)

    def _load(self, kept: tuple[Network, ...], hooks: Sequence[Hook]) -> None:
        address, served = self.engine.address, self._served.values()
        devices = find_devices(self._netlink, address)
        over_6 = any(":" in one for one in self.engine.addresses)
        self._longest = devices.n3.mtu - (TUNNEL_6_OCTETS if over_6 else TUNNEL_OCTETS)
        pools = [(network[0], _size(network), self._mtu(one)) for one in served for network in one.networks]
        hiding = any(one.hidden for one in served)
        programs = program("userplane"), program("userplane_kept")
        key, seed = self.engine.tunnel_key(), self.engine.seed
        self._datapath = Datapath(programs, [*self.engine.addresses], key, seed, pools, hiding, names())
        self.engine.share_meters(self._datapath)
        networks = [network for one in served for network in one.networks]
        self._ways = Ways(self._netlink, self._datapath, devices, (*kept, *networks))
        self._ways.refresh()
        if hiding:
            hidden = (network for one in served if one.hidden for network in one.networks if version(network) == 4)
            self._hiding = Hiding(self._datapath, self._ways, [IPv4Network(network) for network in hidden])
        self._adopt()
        self.hook = self._attach(devices.indexes(), hooks)

    def _adopt(self) -> None:
        """Open the sessions again that an earlier process left: what the program does not take is the engine's."""
        for teid, ipv4, ipv6, peer, octets, rates in self._datapath.kept():
            instance = self._instance_of(ipv4 or ipv6)
            if instance is None or not self.engine.reopen(teid):
                self._datapath.close_session(teid)
                continue
            up, down = (_rules(octet, rate) for octet, rate in zip(octets, rates, strict=True))
            rules = SessionRules(instance, ipv4, ipv6, up, down, Tunnel(*peer))
            try:
                self.engine.install(teid, rules)
            except RulesRefused:  # none that this process allows
                self.engine.close(teid)
                self._datapath.close_session(teid)
            else:
                self.kept[teid] = rules

    def _instance_of(self, address: str | None) -> int | None:
        for number, one in self._served.items():
            for network in one.networks:
                if address is not None and ip_address(address) in ip_network(network):
                    return number
        return None

    def reopen(self, teid: int, carried: Usage = NOTHING) -> bool:
        """Whether a session of an earlier process is open, again or still; from now on its rules are the caller's."""
        if self.kept.pop(teid, None) is not None:
            return self.engine.carry_on(teid, carried)
        return self.engine.reopen(teid, carried)

    def reopen_tunnel(self, teid: int, tunnel: int) -> bool:
        """Whether one more local tunnel of such a session is open again."""
        return self.engine.reopen_tunnel(teid, tunnel)

    def fleeting(self, teid: int) -> Usage:
        """What of a session's usage ends with this process: records with names go on."""
        return self.engine.usage(teid) if self.stays else self.usage(teid)

    def _give_way(self, rules: SessionRules) -> None:
        """End sessions of an earlier process whose address another session has now."""
        for teid, one in tuple(self.kept.items()):
            if (one.ipv4 and one.ipv4 == rules.ipv4) or (one.ipv6 and one.ipv6 == rules.ipv6):
                self.close(teid)

    def _end_kept(self) -> None:
        for teid in tuple(self.kept):
            self.close(teid)

    def _mtu(self, served: Served) -> int:
        """The longest packet that a terminal's link and its tunnel carry."""
        return min(filter(None, (served.mtu, self.engine.link_mtu, self._longest)))

    def set_mtu(self, instance: int, mtu: int) -> None:
        """Have the links of an instance's terminals carry packets of at most so many octets."""
        self.engine.set_mtu(instance, mtu)
        if instance not in self._served:
            return
        self._served[instance] = msgspec.structs.replace(self._served[instance], mtu=mtu)
        owners = [number for number, one in self._served.items() for _ in one.networks]
        for pool, owner in enumerate(owners):
            if owner == instance:
                self._datapath.limit(pool, self._mtu(self._served[instance]))

    def _attach(self, devices: tuple[int, ...], hooks: Sequence[Hook]) -> Hook:
        """Attach at the first hook that every device has: one without it could not be sent to from the others."""
        refused: list[OSError] = []
        for hook in hooks:
            self.why = "".join(f", as the kernel refuses better: {error}" for error in refused[-1:])
            try:
                self.stays = self._datapath.attach(list(devices), hook)
            except OSError as error:
                refused.append(error)
            else:
                return hook
        raise refused[-1]

    @property
    def address(self) -> str:
        """The N3 address of every tunnel."""
        return self.engine.address

    @property
    def addresses(self) -> tuple[str, ...]:
        """The N3 addresses; the program knows the first."""
        return self.engine.addresses

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear in `loop` of volumes that are used up and of changes of the host's routing."""
        self._loop = loop
        if self._hiding is not None:
            self._hiding.start(loop)
        for teid in self._used_up:
            loop.call_soon(self._tell, VolumeReached(teid))
        loop.add_reader(self._datapath.fileno(), self._hear)
        loop.add_reader(self._netlink.fileno(), self._routing_changed)
        self._refresh()
        if self.kept:
            self._ending = loop.call_later(KEPT_SECONDS, self._end_kept)

    def stop(self, *, keep: bool = False) -> None:
        """Take the program from the interfaces: every packet is the portable engine's again.

        With `keep` it stays with its sessions, where it can, for the process that comes next.
        """
        if self._loop is not None:
            self._loop.remove_reader(self._datapath.fileno())
            self._loop.remove_reader(self._netlink.fileno())
            self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        if self._hiding is not None:
            self._hiding.stop()
        if self._ending is not None:
            self._ending.cancel()
        if keep and self.stays:
            self._datapath.leave()
        else:
            self._datapath.detach()
        self._netlink.close()

    def instance(self, name: str) -> int | None:
        """The number of a network instance by its name."""
        return self.engine.instance(name)

    def instances_of(self, addresses: Sequence[str]) -> list[int]:
        """The numbers of the network instances in whose pools all these addresses of a terminal are."""
        return self.engine.instances_of(addresses)

    def open(self) -> int:
        """Open a session: its TEID."""
        return self.engine.open()

    def install(self, teid: int, rules: SessionRules, *, end_marker: bool = False) -> None:
        """Give a session its rules, all at once or, with RulesRefused, not at all."""
        before = self.usage(teid)  # refuses a session that is not open
        if self.kept:
            self._give_way(rules)
        hop = self._hop(rules)
        if hop is None:
            self._datapath.remove(teid)
        left = rules.report_at - before.uplink_octets - before.downlink_octets
        share = _share(left) if hop is not None else left
        self.engine.install(teid, self._of_engine(teid, rules, share), end_marker=end_marker)
        self._divided.pop(teid, None)
        if hop is not None:
            hidden = self._served[rules.instance].hidden
            self._datapath.install(teid, rules, hop, max(share, 0) if rules.report_at else 0, hidden)
        if rules.report_at:
            self._divide(teid, rules, left)

    def _divide(self, teid: int, rules: SessionRules, left: int) -> None:
        """Remember what is divided between the two; a volume that is used up already is told soon."""
        if left > 0:
            self._divided[teid] = rules
        elif self._loop is not None:
            self._loop.call_soon(self._tell, VolumeReached(teid))
        else:
            self._used_up.append(teid)

    def _of_engine(self, teid: int, rules: SessionRules, share: int) -> SessionRules:
        """The rules in the engine's own numbers: without what the program carried before."""
        fast, own = Usage(*self._datapath.usage(teid)), self.engine.usage(teid)
        quota = rules.quota
        if quota is not None:
            carried = (fast.uplink_octets, fast.downlink_octets, fast.uplink_octets + fast.downlink_octets)
            up, down, total = (max(0, most - octets) for most, octets in zip(quota, carried, strict=True))
            quota = up, down, total
        reaching = own.uplink_octets + own.downlink_octets + share if rules.report_at and share > 0 else 0
        return msgspec.structs.replace(rules, report_at=reaching, quota=quota)

    def _hop(self, rules: SessionRules) -> int | None:
        """The hop of a session's downlink packets; None where the session does not fit the records."""
        if (
            rules.quota is not None
            or rules.instance not in self._served
            or rules.peer is None
            or all((":" in own) is not (":" in rules.peer.address) for own in self.engine.addresses)
        ):
            return None
        return self._ways.hop(rules.peer.address)

    def close(self, teid: int) -> Usage:
        """Close a session: what it carried on both paths."""
        self.engine.usage(teid)  # refuses a session that is not open
        self._divided.pop(teid, None)
        self.kept.pop(teid, None)
        fast = self._datapath.close_session(teid)
        return _sum(self.engine.close(teid), Usage(*fast))

    def usage(self, teid: int) -> Usage:
        """What a session carried until now on both paths."""
        return _sum(self.engine.usage(teid), Usage(*self._datapath.usage(teid)))

    def trace(self, ends: Sequence[str], octets: int = 0, a_second: int = 1) -> None:
        """Trace terminals by their addresses, prefixes or stations: meanwhile the engine has their packets."""
        self._datapath.pause([end for end in ends if not is_station(end)])
        self.engine.trace(ends, octets, a_second)

    def take_traced(self) -> list[Record]:
        """The packets of N3 and N6 traced since the last call, in their order."""
        return self.engine.take_traced()

    def open_tunnel(self, teid: int, wanted: int = 0) -> int:
        """Open one more local tunnel of a session: its packets are the engine's."""
        return self.engine.open_tunnel(teid, wanted)

    def measured(self, teid: int) -> dict[int, Measured]:
        """What the counters of a session counted until now: sessions that have some are the engine's alone."""
        return self.engine.measured(teid)

    def discard(self, teid: int) -> None:
        """Discard what is held for a session."""
        self.engine.discard(teid)

    def tell_again(self, teid: int) -> None:
        """Tell of the next packet that is held for a session as of the first."""
        self.engine.tell_again(teid)

    def teids(self) -> list[int]:
        """The TEIDs of all open sessions, in no order."""
        return self.engine.teids()

    def sessions(self) -> int:
        """How many sessions are open."""
        return self.engine.sessions()

    def listen(self, listener: Callable[[PlaneEvent], None]) -> None:
        """Call `listener` with what the packets tell."""
        self._listener = listener

    def counters(self) -> dict[str, int]:
        """What became of every packet, by name, on both paths."""
        counted = self.engine.counters()
        for name, count in self._datapath.totals():
            counted[name] = counted.get(name, 0) + count
        return counted

    def fast_counters(self) -> dict[str, int]:
        """What became of the packets that never left the kernel."""
        return dict(self._datapath.totals())

    def _tell(self, event: PlaneEvent) -> None:
        if self._listener is not None:
            self._listener(event)

    def _happened(self, event: PlaneEvent) -> None:
        if isinstance(event, VolumeReached):
            self._used_share(event.teid)
        else:
            self._tell(event)

    def _hear(self) -> None:
        for teid in self._datapath.take_events():
            self._used_share(teid)

    def _used_share(self, teid: int) -> None:
        """One path used its share of a volume: tell, or divide what is left."""
        rules = self._divided.get(teid)
        if rules is None:  # told already, when the other path used its share
            return
        usage = self.usage(teid)
        if usage.uplink_octets + usage.downlink_octets >= rules.report_at:
            del self._divided[teid]
            self._tell(VolumeReached(teid))
        else:
            self.install(teid, rules)

    def _routing_changed(self) -> None:
        self._netlink.drain()
        if self._loop is None or self._timer is None or self._timer.when() > self._loop.time() + SETTLE_SECONDS:
            self._again(SETTLE_SECONDS)

    def _refresh(self) -> None:
        self._ways.refresh()
        if self._hiding is not None:
            self._hiding.refresh()
        self._again(REFRESH_SECONDS)

    def _again(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._timer = self._loop.call_later(seconds, self._refresh)


def _rules(octet: int, rate: int) -> tuple[Rule, ...]:
    """The rule of a direction that a record has."""
    if not octet & TAKEN:
        return ()
    flow = octet & QOS_FLOW
    return (Rule(action="forward", match_qfi=flow, qfi=flow, rates=((1, rate),) if rate else ()),)


def _size(network: Network) -> int:
    """How many terminals a pool has addresses for."""
    if version(network) == 4:
        return 1 << 32 - network[1]
    return int(min(1 << max(64 - network[1], 0), MOST_PREFIXES))


def _share(left: int) -> int:
    """Half of what is left, or all of the last octets."""
    return left if left <= LAST_OCTETS else left // 2


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.uplink_octets + other.uplink_octets,
        one.uplink_packets + other.uplink_packets,
        one.downlink_octets + other.downlink_octets,
        one.downlink_packets + other.downlink_packets,
    )
