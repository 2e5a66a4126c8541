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
    """Packets of an interface as its driver counts them, and as nftables saw them.

    `beside` is the rest: sent by raw sockets (AF_PACKET), or taken and sent by a program of the kernel (XDP).
    """

    name: str
    received: int
    sent: int
    seen_in: int
    seen_out: int

    @property
    def beside(self) -> int:
        """Packets that nobody accounts for."""
        return max(0, self.received - self.seen_in) + max(0, self.sent - self.seen_out)


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
    return found


def decode(payload: bytes, name: str) -> Counts:
    """A report of another party; Refused where it is none."""
    try:
        return msgspec.json.decode(payload, type=Counts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{name} is no report of flows: {error}") from None
