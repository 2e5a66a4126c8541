"""The flows that a configuration declares: each address and port in it, with who opens towards whom."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from freehold.app.config import Configuration
from freehold.net.resolver import host_resolver
from freehold.spec.errors import Unusable
from freehold.trust.flows import Flow, Policy

Networks = tuple[IPv4Network | IPv6Network, ...]
GTPU, PFCP, N2_PORT = 2152, 8805, 38412
PEERS: Final = ("n2", "n3", "n4", "console")
"""What has peers whose networks the owner may name."""
_SCHEMES: Final = {"http": 80, "https": 443}


def policy_of(
    configuration: Configuration,
    roles: Sequence[str],
    peers: Mapping[str, Networks],
    uids: Mapping[str, int],
) -> Policy:
    """The policy of a process with these roles. `peers` bounds who may be at the far end of an interface."""
    unit = "a user per function, in this network namespace" if uids else "every process of this network namespace"
    flows = [
        *_n2(configuration, roles, peers),
        *_user_plane(configuration, roles, peers),
        *_outside(configuration, peers),
    ]
    return Policy(unit, tuple(_with_user(flow, uids) for flow in flows))


def _with_user(flow: Flow, uids: Mapping[str, int]) -> Flow:
    role = {"amf": "core", "smf": "core", "upf": "upf", "gnb": "gnb", "management": "core"}[flow.function]
    uid = uids.get(flow.function, uids.get(role))
    return flow if uid is None or flow.opens == "through" else _replace(flow, uid)


def _replace(flow: Flow, uid: int) -> Flow:
    from msgspec.structs import replace

    return replace(flow, uid=uid)


def _n2(configuration: Configuration, roles: Sequence[str], peers: Mapping[str, Networks]) -> Iterator[Flow]:
    far = peers.get("n2", ())
    if "core" in roles:
        for number, address in enumerate(_addresses(configuration.amf.n2), 1):
            local, port = _end(address, N2_PORT)
            yield Flow(f"N2 {number}", "amf", "gNB", "in", "sctp", local, port, far)
    if "gnb" in roles:
        for number, gnb in enumerate(configuration.gnb, 1):
            for address in _addresses((gnb.amf,)):
                remote, port = _end(address, N2_PORT)
                yield Flow(f"N2 gNB {number}", "gnb", "AMF", "out", "sctp", (), 0, remote, port)


def _user_plane(configuration: Configuration, roles: Sequence[str], peers: Mapping[str, Networks]) -> Iterator[Flow]:
    upf, smf = configuration.upf, configuration.smf
    ends = [("upf", "SMF", upf.n4)] if "upf" in roles else []
    ends += [("smf", "UPF", smf.n4)] if "core" in roles else []
    for function, peer, address in ends:
        if address:
            local, port = _end(address, PFCP)
            yield Flow(f"N4 {function}", function, peer, "either", "udp", local, port, peers.get("n4", ()))
    nodes = [("upf", "gNB", address) for address in (upf.n3, upf.n3_second) if address and "upf" in roles]
    nodes += [("gnb", "UPF", gnb.n3) for gnb in configuration.gnb if gnb.n3 and "gnb" in roles]
    for number, (function, peer, address) in enumerate(nodes, 1):
        yield from _tunnels(f"N3 {number}", function, peer, address, peers.get("n3", ()))
    if "core" in roles and "upf" not in roles and smf.n4u:
        # TS 29.244 5.3: the UPF's end of it is where its end of N3 is
        yield from _tunnels("N4-u", "smf", "UPF", smf.n4u, peers.get("n3", ()))
    if "upf" in roles:
        for dnn in configuration.dnn:
            if dnn.n6 in {"nat", "route"}:
                yield Flow(f"N6 {dnn.name}", "upf", "data network", "through", "any", dnn.networks)
            elif dnn.n6 == "relay":
                for protocol in ("tcp", "udp"):
                    yield Flow(f"N6 {dnn.name} {protocol}", "upf", "data network", "out", protocol)


def _tunnels(name: str, function: str, peer: str, address: str, far: Networks) -> Iterator[Flow]:
    """TS 29.281 4.4.2: to the registered port, or from it in answer to a request from any."""
    local, port = _end(address, GTPU)
    yield Flow(f"{name} received", function, peer, "either", "udp", local, port, far)
    yield Flow(f"{name} sent", function, peer, "either", "udp", local, 0, far, GTPU)


def _outside(configuration: Configuration, peers: Mapping[str, Networks]) -> Iterator[Flow]:
    """The console, and who is told of alarms and traces."""
    if configuration.management.enabled and configuration.management.listen:
        local, port = _end(configuration.management.listen, 0)
        far = peers.get("console", tuple(each for each in local if each.is_loopback))
        yield Flow("console", "management", "browser", "in", "tcp", local, port, far)
        if local and all(each.is_loopback for each in local):  # both ends are in this namespace
            yield Flow("console browser", "management", "console", "out", "tcp", local, 0, local, port)
    urls = [(f"webhook {number}", each.url) for number, each in enumerate(configuration.alarms.webhook, 1)]
    urls += [("traces", configuration.telemetry.otlp)] if configuration.telemetry.otlp else []
    names = []
    for name, url in urls:
        parts = urlsplit(url)
        remote, named = _resolved(parts.hostname or "")
        names += named
        yield Flow(name, "management", "receiver", "out", "tcp", (), 0, remote, parts.port or _SCHEMES[parts.scheme])
    for number, each in enumerate(configuration.alarms.snmp, 1):
        remote, port = _end(each.address, 162)
        yield Flow(f"SNMP {number}", "management", "receiver", "out", "udp", (), 0, remote, port)
    if names and (server := host_resolver()):
        for protocol in ("udp", "tcp"):
            yield Flow(
                f"DNS {protocol}", "management", "name server", "out", protocol, (), 0, (ip_network(server),), 53
            )


def _addresses(configured: Sequence[str]) -> Iterator[str]:
    return (each for each in configured if each and not each.startswith(("unix:", "/")))


def _end(address: str, default: int) -> tuple[Networks, int]:
    """The networks (none: every address) and the port of `host`, `host:port` or `[host]:port`."""
    host, _, port = address.rpartition(":") if address.count(":") == 1 or "]:" in address else (address, "", "")
    host = host.strip("[]")
    try:
        found = ip_address(host)
        number = int(port) if port else default
    except ValueError:
        raise Unusable(f"{address!r}: flows are declared by addresses: write address:port") from None
    return (() if found.is_unspecified else (ip_network(found),)), number


def _resolved(host: str) -> tuple[Networks, list[str]]:
    try:
        return (ip_network(host),), []
    except ValueError:
        pass
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise Unusable(f"{host}: {(error.strerror or str(error)).lower()}: its flow cannot be declared") from None
    return tuple(ip_network(str(each).partition("%")[0]) for each in sorted(found)), [host]
