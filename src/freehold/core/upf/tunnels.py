"""Local F-TEIDs of a session (TS 29.244 5.5.3): its own tunnel, and one more for each further one that PDRs ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Final

import msgspec

from freehold.codecs.pfcp import FTEID, CreatedPDR, CreatePDR, UpdatedPDR, UpdatePDR
from freehold.codecs.pfcp.flags import Interface
from freehold.core.upf.faults import RuleFault, incorrect, missing
from freehold.core.upf.state import RuleSet
from freehold.services.userplane import SessionPlane
from freehold.spec.causes import PfcpCause

F_TEID: Final = 21


class Addresses(msgspec.Struct, frozen=True, gc=False):
    """The N3 addresses in network order: one, or one of each version of IP."""

    ipv4: bytes | None = None
    ipv6: bytes | None = None

    @classmethod
    def of(cls, addresses: Iterable[str]) -> Addresses:
        """From how they are written."""
        packed = {address.version: address.packed for address in map(ip_address, addresses)}
        return cls(packed.get(4), packed.get(6))

    def f_teid(self, teid: int, wanted: FTEID) -> FTEID:
        """One end of a tunnel, with our addresses of the IP versions that are asked for (TS 29.244 8.2.3)."""
        return FTEID(
            teid,
            ipv4=self.ipv4 if wanted.choose_ipv4 else None,
            ipv6=self.ipv6 if wanted.choose_ipv6 else None,
        )

    def have(self, local: FTEID) -> bool:
        """Whether every address of an F-TEID is ours."""
        named = [(local.ipv4, self.ipv4), (local.ipv6, self.ipv6)]
        return any(one for one, _ in named) and all(one in {None, ours} for one, ours in named)

    def __str__(self) -> str:
        return ", ".join(str(ip_address(address)) for address in (self.ipv4, self.ipv6) if address is not None)


Key = tuple[str, int]
"""What PDRs that share a tunnel have in common: a CHOOSE ID, one and the same PDR (TS 29.244 8.2.3), or a TEID."""
TEID: Final = "TEID"
"""The kind of key of tunnels whose TEID the SMF chose."""


class Tunnels(msgspec.Struct):
    """What the PDRs of one request ask for: the key of a tunnel that is chosen here, or the TEID of a known one."""

    asked: dict[int, Key | int]
    chosen: dict[Key, int] = {}

    @property
    def fresh(self) -> list[Key]:
        """The tunnels to open, in the order of their PDRs."""
        return list(dict.fromkeys(key for key in self.asked.values() if not isinstance(key, int)))

    @property
    def given(self) -> tuple[int, ...]:
        """The TEIDs that the SMF chose."""
        return tuple(number for kind, number in self.fresh if kind == TEID)

    def open(self, plane: SessionPlane, teid: int, *, own: bool) -> None:
        """Open them; the first is the session's `own` where that is still free. RulesRefused where none is left."""
        for key in self.fresh:
            if key[0] == TEID:
                self.chosen[key] = plane.open_tunnel(teid, key[1])
            else:
                self.chosen[key] = teid if own else plane.open_tunnel(teid)
                own = False

    def assign(self, rules: RuleSet, own: int) -> None:
        """Give each PDR its TEID; that of uplink packets of the session's `own` tunnel is 0."""
        for pdr_id, key in self.asked.items():
            teid = key if isinstance(key, int) else self.chosen[key]
            pdr = rules.pdrs[pdr_id]
            teid = 0 if pdr.uplink and teid == own else teid
            if teid != pdr.teid:
                rules.pdrs[pdr_id] = msgspec.structs.replace(pdr, teid=teid)

    def told(self, addresses: Addresses, pdrs: Iterable[CreatePDR | UpdatePDR]) -> Iterator[CreatedPDR]:
        """What was chosen for each of `pdrs` (TS 29.244 7.5.3.2)."""
        for pdr in pdrs:
            key = self.asked.get(pdr.pdr_id)
            if key is None or isinstance(key, int) or pdr.pdi is None or pdr.pdi.local_f_teid is None:
                continue
            if key[0] == TEID:
                continue
            given = addresses.f_teid(self.chosen[key], pdr.pdi.local_f_teid)
            yield CreatedPDR(pdr_id=pdr.pdr_id, local_f_teid=given)


def asked(
    pdrs: Iterable[CreatePDR | UpdatePDR], addresses: Addresses, known: Iterable[int] = (), *, given: bool = False
) -> Tunnels:
    """What PDRs ask for; `known` are the session's TEIDs. RuleFault where an F-TEID is missing or not ours.

    `given` takes F-TEIDs that the SMF chose.
    """
    found: dict[int, Key | int] = {}
    for pdr in pdrs:
        if pdr.pdi is None:
            continue
        local = pdr.pdi.local_f_teid
        if local is None:
            if pdr.pdi.source_interface == Interface.ACCESS and isinstance(pdr, CreatePDR):
                raise missing(F_TEID, f"uplink PDR {pdr.pdr_id} has no F-TEID")
            continue
        found[pdr.pdr_id] = _key(pdr.pdr_id, local, addresses, known, given=given)
    return Tunnels(found)


def _key(pdr_id: int, local: FTEID, addresses: Addresses, known: Iterable[int], *, given: bool) -> Key | int:
    if (local.choose_ipv4 and addresses.ipv4) or (local.choose_ipv6 and addresses.ipv6):
        return ("PDR", pdr_id) if local.choose_id is None else ("CHOOSE ID", local.choose_id)
    if local.teid is not None and local.teid in known:
        return local.teid
    if local.teid is None or not given:  # TS 29.244 5.5.1
        raise RuleFault(
            PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION,
            f"PDR {pdr_id}: F-TEIDs of {addresses} are chosen by this function",
            offending_ie=F_TEID,
        )
    if not local.teid or not addresses.have(local):
        raise incorrect(F_TEID, f"PDR {pdr_id}: no tunnel of {addresses} is TEID {local.teid:#x} there")
    return TEID, local.teid


def known_to(rules: RuleSet, own: int) -> set[int]:
    """The TEIDs of a session."""
    return {own} | {pdr.teid for pdr in rules.pdrs.values() if pdr.teid}


def updated(created: Iterable[CreatedPDR]) -> tuple[UpdatedPDR, ...]:
    """The same in an answer about PDRs that were there before (TS 29.244 7.5.5.4)."""
    return tuple(UpdatedPDR(pdr_id=one.pdr_id, local_f_teid=one.local_f_teid) for one in created)
