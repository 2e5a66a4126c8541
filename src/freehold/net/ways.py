"""Where packets of the fast path leave: next hops and their Ethernet addresses, kept as the host knows them."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold._native.xdp import Datapath
from freehold.net.netlink import Link, Netlink, Route
from freehold.services.userplane import Network
from freehold.spec.errors import Unusable

UPLINK: Final = 0
"""The hop of all uplink packets: the host's default route."""
MOST_WAYS: Final = 1024
UPLINK_6: Final = MOST_WAYS - 1
"""The same of IPv6."""
MOST_NETWORKS: Final = 32
TUNNEL_OCTETS: Final = 44
TUNNEL_6_OCTETS: Final = 64
EVERYTHING: Final[dict[int, Network]] = {4: ("0.0.0.0", 0), 6: ("::", 0)}  # noqa: S104 - networks, nothing listens
NEVER: Final[tuple[Network, ...]] = (("0.0.0.0", 8), ("127.0.0.0", 8), ("169.254.0.0", 16), ("224.0.0.0", 3))  # noqa: S104
"""What no router forwards (RFC 6890); of IPv6 the program itself lets only unicast leave."""


class Devices(msgspec.Struct, frozen=True):
    """The interfaces of N3 and N6; they may be one."""

    n3: Link
    n6: Link

    def indexes(self) -> tuple[int, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys((self.n3.index, self.n6.index)))


def version(network: Network) -> int:
    """A network's version of IP."""
    return 6 if ":" in network[0] else 4


def default_route(routes: list[Route], of: int = 4) -> Route | None:
    """The route of everything else in a version of IP, through a router."""
    found = [route for route in routes if route.network == EVERYTHING[of] and route.device and route.router is not None]
    return min(found, key=lambda route: route.metric, default=None)


def find_devices(netlink: Netlink, n3: str) -> Devices:
    """The interfaces of an N3 address and of the default route; Unusable where one is not there."""
    links, index = netlink.links(), netlink.device_of(n3)
    route = default_route(netlink.routes())
    at_n3, at_n6 = links.get(index or 0), links.get(route.device if route else 0)
    if at_n3 is None or not at_n3.address.strip(b"\0"):
        raise Unusable(f"the fast path in the kernel needs N3 address {n3} on an Ethernet interface")
    if at_n6 is None or not at_n6.address.strip(b"\0"):
        raise Unusable("the fast path in the kernel needs a default route through a router: that is where N6 is")
    return Devices(at_n3, at_n6)


class Ways:
    """The program's hops and the networks it leaves to the host. What is not known goes up to the portable engine."""

    def __init__(self, netlink: Netlink, datapath: Datapath, devices: Devices, kept: tuple[Network, ...]) -> None:
        self._netlink = netlink
        self._datapath = datapath
        self._devices = devices
        self._kept = kept
        self._hops = {peer: number for number, peer in datapath.ways()}
        self._known: dict[int, tuple[bytes, int, int] | None] = {}
        self._networks: list[Network] = []
        self.outside: str | None = None
        """The host's own address where uplink packets of IPv4 leave."""
        self._ports = {index: number for number, index in enumerate(devices.indexes())}
        for index, number in self._ports.items():
            datapath.port(number, index)

    def hop(self, peer: str) -> int | None:
        """The hop of a gNB's or a UPF's N3 address; None where there are more of them than hops."""
        number = self._hops.get(peer)
        if number is None:
            number = max(self._hops.values(), default=UPLINK) + 1
            if number >= UPLINK_6:
                return None
            self._hops[peer] = number
            self._aim(number, self._netlink.way(peer), peer, self._netlink.neighbours(), self._netlink.links())
        return number

    def refresh(self) -> None:
        """Make hops and networks those that the host has now, and have old neighbours confirmed."""
        self._netlink.drain()
        routes, links, neighbours = self._netlink.routes(), self._netlink.links(), self._netlink.neighbours()
        defaults = {of: default_route(routes, of) for of in EVERYTHING}
        self._keep_back(routes, defaults)
        for of, number in ((4, UPLINK), (6, UPLINK_6)):
            default = defaults[of]
            if default is not None and links[default.device].mtu + TUNNEL_OCTETS < self._devices.n3.mtu:
                default = None  # what is too long for N6 is the host's to cut or to refuse
            self._aim(number, default, "", neighbours, links)
        self.outside = self._outside(defaults[4])
        for peer, number in self._hops.items():
            self._aim(number, self._netlink.way(peer), peer, neighbours, links)

    def _outside(self, default: Route | None) -> str | None:
        if default is None or default.router is None:
            return None
        route = self._netlink.way(default.router)
        return None if route is None else route.source

    def _keep_back(self, routes: list[Route], defaults: dict[int, Route | None]) -> None:
        own = {*(route.network for route in routes if route.network[1]), *self._kept, *NEVER}
        networks: list[Network] = []
        for of, default in defaults.items():
            chosen = sorted(network for network in own if version(network) == of)
            allowed = default is not None and len(chosen) <= MOST_NETWORKS
            networks += chosen if allowed else [EVERYTHING[of]]
        if networks != self._networks:
            self._datapath.keep_back(networks)
            self._networks = networks

    def _aim(
        self,
        number: int,
        route: Route | None,
        peer: str,
        neighbours: dict[tuple[int, str], bytes],
        links: dict[int, Link],
    ) -> None:
        """Point a hop to where a route leads, once its neighbour is known; the kernel is asked to look for it."""
        hop = None
        if route is not None and route.device in self._ports:
            towards = route.router or peer
            address = neighbours.get((route.device, towards))
            if address is not None:
                hop = address + links[route.device].address, self._ports[route.device], route.device
            self._netlink.resolve(route.device, towards)
        if number not in self._known or self._known[number] != hop:
            self._datapath.way(number, peer or None, hop)
            self._known[number] = hop
