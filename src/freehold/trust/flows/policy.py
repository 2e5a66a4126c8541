"""The policy: every flow that a network declares, as one table that people read and nftables enforces."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, Literal

import msgspec

from freehold.spec.errors import Unusable

Network = IPv4Network | IPv6Network
ANY: Final = "any"
TABLE: Final = "freehold_flows"
GROUP: Final = 5380
"""The group of NFLOG that refused packets are told to."""
HOOKS: Final = ("input", "output", "forward")
ERRORS: Final = ("destination-unreachable", "time-exceeded", "parameter-problem")
ERRORS6: Final = ("destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem")
DISCOVERY: Final = ("nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert")
_SNAP: Final = 128


class Flow(msgspec.Struct, frozen=True):
    """One declared flow: `opens` says who sends first: the peer (`in`), the function (`out`), either, or terminals.

    `function` is who of us, `peer` who of them; networks of `remote` are theirs, of `local` ours; none, or port 0: any.
    `uid` is the user that the function's process runs as, where functions have users of their own.
    """

    name: str
    function: str
    peer: str
    opens: Literal["in", "out", "either", "through"]
    protocol: Literal["tcp", "udp", "sctp", "any"]
    local: tuple[Network, ...] = ()
    local_port: int = 0
    remote: tuple[Network, ...] = ()
    remote_port: int = 0
    uid: int | None = None


class Policy(msgspec.Struct, frozen=True):
    """All flows of one unit: of the processes in one network namespace; with users, of each function by its user."""

    unit: str
    flows: tuple[Flow, ...]

    def __post_init__(self) -> None:
        names = [flow.name for flow in self.flows]
        if len(set(names)) != len(names):
            raise Unusable("two flows have one name")

    def rows(self) -> list[dict[str, Any]]:
        """A row a flow, for people."""
        return [
            {
                "flow": flow.name,
                "function": flow.function if flow.uid is None else f"{flow.function} (uid {flow.uid})",
                "opens": flow.opens,
                "peer": flow.peer,
                "protocol": flow.protocol,
                "local": _end(flow.local, flow.local_port),
                "remote": _end(flow.remote, flow.remote_port),
            }
            for flow in self.flows
        ]

    def ruleset(self) -> dict[str, Any]:
        """The commands of nftables, in its JSON: a total, the flows, and what is refused, for each hook."""
        commands: list[dict[str, Any]] = [
            {"add": {"table": {"family": "inet", "name": TABLE}}},
            {"delete": {"table": {"family": "inet", "name": TABLE}}},
            {"add": {"table": {"family": "inet", "name": TABLE}}},
        ]
        commands += [_add("counter", name=name) for name in self.counters()]
        for hook in HOOKS:
            commands.append(_add("chain", name=hook, type="filter", hook=hook, prio=0, policy="drop"))
            commands.append(_rule(hook, [{"counter": f"total {hook}"}]))
            commands += [_rule(hook, matches) for matches in _link(hook)]
            for flow in self.flows:
                commands += [
                    _rule(hook, [*matches, {"counter": f"{flow.name} {hook}"}, {"accept": None}])
                    for matches in _matches(flow, hook)
                ]
            log = {"log": {"group": GROUP, "prefix": hook, "snaplen": _SNAP, "queue-threshold": 1}}
            commands.append(_rule(hook, [{"counter": f"refused {hook}"}, log, {"drop": None}]))
        return {"nftables": commands}

    def _counted(self, hook: str) -> list[str]:
        link = ["link"] if _link(hook) else []
        return ["total", *link, *(flow.name for flow in self.flows if _matches(flow, hook)), "refused"]

    def counters(self) -> list[str]:
        """The names of every counter: a total, the link's own, the flows and the refused, for each hook."""
        return [f"{name} {hook}" for hook in HOOKS for name in self._counted(hook)]


def _end(networks: tuple[Network, ...], port: int) -> str:
    where = ", ".join(map(_named, networks)) or ANY
    return f"{where} :{port or '*'}"


def _named(network: Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _add(kind: str, **fields: Any) -> dict[str, Any]:
    return {"add": {kind: {"family": "inet", "table": TABLE, **fields}}}


def _rule(chain: str, expressions: list[dict[str, Any]]) -> dict[str, Any]:
    return _add("rule", chain=chain, expr=expressions)


def _is(left: dict[str, Any], right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"op": operator, "left": left, "right": right}}


def _link(hook: str) -> list[list[dict[str, Any]]]:
    """What a link and its routers need: neighbour discovery, and errors that come in (RFC 4861, RFC 792, RFC 4443)."""
    if hook == "forward":
        return []
    done: list[dict[str, Any]] = [{"counter": f"link {hook}"}, {"accept": None}]
    kind = {"payload": {"protocol": "icmpv6", "field": "type"}}
    near = _is({"payload": {"protocol": "ip6", "field": "hoplimit"}}, 255)
    found = [[_is(kind, {"set": list(DISCOVERY)}), near, *done]]
    if hook == "input":
        found.append([_is({"payload": {"protocol": "icmp", "field": "type"}}, {"set": list(ERRORS)}), *done])
        found.append([_is(kind, {"set": list(ERRORS6)}), *done])
    else:  # who listens to groups of its link says so (RFC 3810): it stays on the link
        listener = _is(kind, {"set": ["mld2-listener-report"]})
        found.append([listener, _is({"payload": {"protocol": "ip6", "field": "hoplimit"}}, 1), *done])
    return found


def _matches(flow: Flow, hook: str) -> list[list[dict[str, Any]]]:
    """The conditions under which a packet at a hook is of the flow; one list for each version of IP."""
    if (flow.opens == "through") != (hook == "forward"):
        return []
    versions = {network.version for network in (*flow.local, *flow.remote)} or {4, 6}
    found = []
    for version in sorted(versions):
        sides = [(hook == "output", flow.local, flow.local_port), (hook != "output", flow.remote, flow.remote_port)]
        if hook == "forward":  # terminals' packets leave and come: a rule each way
            found += [_at(flow, version, sides, hook), _at(flow, version, [(not s, n, p) for s, n, p in sides], hook)]
        else:
            found.append(_at(flow, version, sides, hook))
    return [each for each in found if each]


def _at(
    flow: Flow, version: int, sides: list[tuple[bool, tuple[Network, ...], int]], hook: str
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [_is({"meta": {"key": "nfproto"}}, "ipv4" if version == 4 else "ipv6")]
    if flow.protocol != "any":
        found.append(_is({"meta": {"key": "l4proto"}}, flow.protocol))
    for source, networks, port in sides:
        mine = [network for network in networks if network.version == version]
        if networks and not mine:
            return []
        if mine:
            left = {"payload": {"protocol": "ip" if version == 4 else "ip6", "field": "saddr" if source else "daddr"}}
            found.append(_is(left, {"set": [_prefix(network) for network in mine]}))
        if port:
            found.append(_is({"payload": {"protocol": "th", "field": "sport" if source else "dport"}}, port))
    opening = {"in": "input", "out": "output"}.get(flow.opens, hook)
    if flow.protocol == "tcp" and opening != hook:  # nobody opens the other way round
        flags = {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "ack"]]}
        found.append(_is(flags, "syn", "!="))
    if flow.uid is not None and hook == "output":
        found.append(_is({"meta": {"key": "skuid"}}, flow.uid))
    return found


def _prefix(network: Network) -> dict[str, Any]:
    return {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}
