"""What the kernel counted, and whether it adds up: total = declared + refused at each hook, packet by packet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from freehold.trust.flows.policy import HOOKS
from freehold.trust.seal import Refused


class Counted(msgspec.Struct, frozen=True):
    """Packets and octets of one counter."""

    packets: int = 0
    octets: int = 0


class Interface(msgspec.Struct, frozen=True):
    """Packets of an interface as its driver counts them, as nftables saw them, and as the fast path's program did.

    The program (XDP, TC) `forwarded` packets of this interface to another, or `dropped` them by its sessions' rules;
    it `gave` the interface packets of another to send. `beside` is the rest: sent by raw sockets (AF_PACKET), or by
    programs of others.
    """

    name: str
    received: int
    sent: int
    seen_in: int
    seen_out: int
    forwarded: int = 0
    dropped: int = 0
    gave: int = 0

    @property
    def beside(self) -> int:
        """Packets that nobody accounts for."""
        received = self.received - self.seen_in - self.forwarded - self.dropped
        return max(0, received) + max(0, self.sent - self.seen_out - self.gave)

    @property
    def programmed(self) -> int:
        """Packets that the program took or gave."""
        return self.forwarded + self.dropped + self.gave


class Refusal(msgspec.Struct, frozen=True):
    """Refused packets of one kind: which way, from where, to where, by whom, and how many were told of."""

    hook: str
    what: str
    who: str
    packets: int


class Counts(msgspec.Struct, frozen=True):
    """One reading of everything: counters by name, interfaces, refusals, the unit, and when, in seconds since 1970."""

    unit: str
    began: float
    ended: float
    policy: list[dict[str, Any]]
    counters: dict[str, Counted]
    interfaces: tuple[Interface, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    default_route: bool = False


def sums(counters: Mapping[str, Counted]) -> dict[str, tuple[int, int]]:
    """The total of each hook, and the sum of its parts, in packets."""
    found = {}
    for hook in HOOKS:
        parts = [counted.packets for name, counted in counters.items() if name.rpartition(" ")[2] == hook]
        total = counters.get(f"total {hook}", Counted()).packets
        found[hook] = (total, sum(parts) - total)
    return found


def verdict(counts: Counts) -> list[str]:
    """What is wrong: sums that do not hold, packets that were refused, packets beside the rules. Empty: all is well."""
    found = [
        f"{hook}: {total} packets in all, {parts} declared or refused"
        for hook, (total, parts) in sums(counts.counters).items()
        if total != parts
    ]
    found += [
        f"{hook}: {refused} packets were refused"
        for hook in HOOKS
        if (refused := counts.counters.get(f"refused {hook}", Counted()).packets)
    ]
    found += [f"refused: {each.who}: {each.what}" for each in counts.refusals]
    found += [f"{each.name}: {each.beside} packets went beside the rules" for each in counts.interfaces if each.beside]
    forwarded = sum(each.forwarded for each in counts.interfaces)
    gave = sum(each.gave for each in counts.interfaces)
    if forwarded != gave:
        found.append(f"the fast path: {forwarded} packets forwarded, {gave} given to an interface")
    if any(each.programmed for each in counts.interfaces) and not _declares_user_plane(counts.policy):
        found.append("the fast path: it takes packets, and no flow declares a user plane")
    return found


def _declares_user_plane(policy: list[dict[str, Any]]) -> bool:
    return any(str(row.get("function", "")).startswith("upf") for row in policy)


def decode(payload: bytes, name: str) -> Counts:
    """A report of another party; Refused where it is none."""
    try:
        return msgspec.json.decode(payload, type=Counts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{name} is no report of flows: {error}") from None
