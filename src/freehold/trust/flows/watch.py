"""Enforcing a policy for a while: each refusal told as it happens, and the count of everything at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from freehold.trust.flows.kernel import Nftables, RefusedPackets, Told, default_route
from freehold.trust.flows.packets import kind_of
from freehold.trust.flows.policy import Policy
from freehold.trust.flows.report import Counts, Refusal, sums

LOOK: Final = 0.25
"""Seconds between two looks at the clock while nothing is refused."""
KINDS: Final = 1000
"""Kinds of refused packets that are told apart; more are one kind."""
_SETTLE: Final = 20


def who_of(policy: Policy, told: Told) -> str:
    """Whose packet it was: the function that has this user, or the user, or nobody that the kernel knows."""
    if told.uid is None:
        return "the network" if told.hook != "output" else "the kernel"
    functions = sorted({flow.function for flow in policy.flows if flow.uid == told.uid})
    return " and ".join(functions) + f" (uid {told.uid})" if functions else f"uid {told.uid}"


def watch(
    policy: Policy,
    tell: Callable[[str, Told], None],
    ended: Callable[[], bool],
) -> Counts:
    """Enforce the policy in this namespace until `ended`; `tell` hears of each kind of refusal the first time."""
    began, kinds = time.time(), dict[tuple[str, str, str], int]()
    log = RefusedPackets()
    try:
        with Nftables(policy) as rules:
            while not ended():
                _hear(policy, log, kinds, tell, LOOK)
                rules.look()
            while _hear(policy, log, kinds, tell, 0.0):
                pass
            return _count(policy, rules, began, kinds)
    finally:
        log.close()


def _hear(
    policy: Policy, log: RefusedPackets, kinds: dict[tuple[str, str, str], int], tell: Callable[[str, Told], None],
    seconds: float,
) -> bool:  # fmt: skip
    heard = log.read(seconds)
    for told in heard:
        key = (told.hook, kind_of(told.what), who_of(policy, told))
        if key not in kinds and len(kinds) >= KINDS:
            key = (told.hook, "packets of other kinds", "others")
        if key not in kinds:
            tell(key[2], told)
        kinds[key] = kinds.get(key, 0) + 1
    return bool(heard)


def _count(
    policy: Policy, rules: Nftables, began: float, kinds: Mapping[tuple[str, str, str], int],
) -> Counts:  # fmt: skip
    """One reading in which no packet came between two counters, if there is such a moment."""
    for _ in range(_SETTLE):
        counters, interfaces = rules.counters(), rules.interfaces()
        still = counters == rules.counters() and interfaces == rules.interfaces()
        if still and all(total == parts for total, parts in sums(counters).values()):
            break
    refusals = tuple(Refusal(hook, what, who, packets) for (hook, what, who), packets in kinds.items())
    return Counts(
        policy.unit, began, time.time(), policy.rows(), counters, interfaces, refusals, default_route=default_route()
    )
