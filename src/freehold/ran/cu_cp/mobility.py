"""What both ways of a handover share: keys, bearers, forwarding, coming and going (TS 38.300 9.2.3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from freehold.codecs import ngap
from freehold.crypto.handover import Chain, NextHop
from freehold.procedure import Call, Collision, Collisions
from freehold.ran.cu_cp import context_release, sessions
from freehold.ran.state.machines import TRANSITIONS, Stage, Step
from freehold.ran.state.ue import Absent, AsSecurity, Handover, Ue
from freehold.services.access import BearerPlane, Tunnel
from freehold.services.air import Bearer, Terminal
from freehold.spec import counters
from freehold.spec.errors import PeerError, Reject
from freehold.spec.failures import Unmet
from freehold.spec.keys import Key
from freehold.stack import rrc_handover
from freehold.stack.ngap_faults import NgapReject
from freehold.stack.rrc_handover import DataBearer, Sync

if TYPE_CHECKING:
    from freehold.ran.configuration import Neighbour
    from freehold.ran.cu_cp.gnb import Gnb
    from freehold.ran.state.contexts import Contexts

ABSENT: Final = Absent()
PDCP_SN_BITS: Final = 18
"""Bits of the sequence numbers of data radio bearers, the least significant of a COUNT (TS 38.323 6.3.2)."""
NO_RESOURCES: Final[ngap.Cause] = ("radioNetwork", "no-radio-resources-available-in-target-cell")
DESIRABLE: Final[ngap.Cause] = ("radioNetwork", "handover-desirable-for-radio-reason")


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """The terminal is in the target cell (RRCReconfigurationComplete, TS 38.331 5.3.5.3)."""


class PathEnded(msgspec.Struct, frozen=True, gc=False):
    """The old path of one of its bearers is at its end (TS 38.300 9.2.3.2.3)."""


class Count(msgspec.Struct, frozen=True, gc=False):
    """The PDCP COUNTs of a data radio bearer, uplink and downlink (TS 38.413 9.3.1.108)."""

    drb: int
    uplink: int
    downlink: int


def parts(count: int) -> tuple[int, int]:
    """Sequence number and hyper frame number of a COUNT (TS 38.323 6.3.5)."""
    return count & (1 << PDCP_SN_BITS) - 1, count >> PDCP_SN_BITS


def joined(sequence_number: int, hyper_frame_number: int) -> int:
    """The COUNT of its parts."""
    return hyper_frame_number << PDCP_SN_BITS | sequence_number


# --- before ----------------------------------------------------------------------------------------
def check(ue: Ue, to: Neighbour) -> None:
    """Raise where a UE cannot be handed over to a cell at all."""
    gnb = ue.link.gnb
    if to.identity == gnb.configuration.identity:
        raise NgapReject(("radioNetwork", "ho-target-not-allowed"), f"{to.name} serves the terminal already")
    known = ue.context is not None and ue.security is not None and ue.amf_ue_ngap_id is not None
    if not gnb.serves(ue) or ue.stage is not Stage.ESTABLISHED or not known:
        raise NgapReject(
            ("radioNetwork", "interaction-with-other-procedure"),
            "the terminal has no context at its gNB to hand over",
            "register it, and wait until its connection is secured",
        )
    if not ue.sessions:
        # TS 38.413 9.2.3.1, TS 38.423 9.1.1.1: the list of sessions has at least one
        raise NgapReject(
            ("radioNetwork", "unspecified"),
            "the terminal has no PDU session with a bearer to hand over",
            "open one, or wake its user plane with some traffic",
        )


def until_commanded(running: Call[None], _: Call[None]) -> Collision:
    """What the AMF begins for sessions ends a preparation; the AMF is told (TS 38.413 8.4.1.2)."""
    ue: Ue = running.arguments[0]
    return Collision.ABORT if ue.stage is Stage.ESTABLISHED else Collision.PARALLEL


OF_SOURCE: Final[Collisions] = MappingProxyType(
    {
        "pdu_session_resource_setup": until_commanded,
        "pdu_session_resource_modify": until_commanded,
        "pdu_session_resource_release": until_commanded,
        "handover_cancellation": until_commanded,
        "n2_handover": Collision.DROP,
        "xn_handover": Collision.DROP,
    }
)
"""What meets a handover at its source, whichever way it goes."""


def next_key(security: AsSecurity, pci: int, arfcn: int) -> AsSecurity:
    """The key of a target cell: of a fresh NH where there is one, of the key in use else (TS 33.501 6.9.2.3.2)."""
    chain, hop = Chain(security.k_gnb, security.ncc, security.k_gnb), security.next_hop
    derived = chain.horizontal(pci, arfcn) if hop is None else chain.vertical(hop, pci, arfcn)
    key = Key(derived.kgnb)
    return AsSecurity(key, security.ciphering, security.integrity, derived.ncc, key_set_change=security.key_set_change)


def hop_of(context: ngap.SecurityContext) -> NextHop:
    """A pair of NH and NCC as an AMF sends it (TS 38.413 9.3.1.88)."""
    return NextHop(context.next_hop_chaining_count, context.next_hop_nh[0].to_bytes(32, "big"))


# --- the target --------------------------------------------------------------------------------------
class Admitted(msgspec.Struct, frozen=True):
    """What a target set up of what was asked, and what it did not, with the cause."""

    done: tuple[tuple[int, ngap.PDUSessionResourceSetupResponseTransfer, Tunnel | None], ...]
    failed: tuple[tuple[int, ngap.Cause], ...]


def admit(ue: Ue, asked: Iterable[sessions.Asked], forwarded: Iterable[int]) -> Admitted:
    """Bearers for a UE that is to come, with tunnels for what its source forwards; NgapReject where there is none."""
    gnb, forwarded = ue.link.gnb, frozenset(forwarded)
    done, failed = [], []
    for item in asked:
        try:
            session, transfer = sessions.set_up(ue, item)
        except NgapReject as refused:
            failed.append((item.pdu_session_id, refused.ngap_cause))
            gnb.report("session-refused", f"PDU session {item.pdu_session_id}: {refused}", ue, refused.fix)
            continue
        wanted = item.pdu_session_id in forwarded
        done.append((item.pdu_session_id, transfer, gnb.plane.await_forwarding(session.handle) if wanted else None))
    if not done:
        raise NgapReject(failed[0][1] if failed else NO_RESOURCES, "none of its sessions could be set up")
    if ue.handover is not None:
        ue.handover.forwarding = frozenset(number for number, _, tunnel in done if tunnel is not None)
    return Admitted(tuple(done), tuple(failed))


def container(ue: Ue) -> bytes:
    """HandoverCommand for a terminal that is to come (TS 38.331 11.2.2)."""
    configuration, security, handover = ue.link.gnb.configuration, ue.security, ue.handover
    if security is None or handover is None:
        raise NgapReject(NO_RESOURCES)
    bearers = tuple(DataBearer(number, number, session.qfis) for number, session in ue.sessions.items())
    return rrc_handover.handover_command(
        Sync(
            configuration.pci,
            configuration.arfcn,
            handover.c_rnti,
            security.ncc,
            security.ciphering,
            security.integrity,
            bearers,
            security.key_set_change,
        )
    )


def expect(ue: Ue, handover: Handover) -> None:
    """Have a UE's terminal expected; NgapReject where no C-RNTI is left."""
    handover.c_rnti = ue.link.gnb.contexts.expect(ue)
    ue.handover = handover
    if not handover.c_rnti:
        raise NgapReject(NO_RESOURCES, "every C-RNTI is given out")


def arrive(gnb: Gnb, terminal: Terminal, c_rnti: int, complete: bytes) -> Ue | None:
    """The UE of a terminal that comes, once its MAC-I proves the key (TS 33.501 6.5.1); None where it is nobody."""
    ue = gnb.contexts.expected.get(c_rnti)
    security = None if ue is None else ue.security
    if ue is None or security is None or (ue.stage, Step.ARRIVED) not in TRANSITIONS:
        gnb.driver.environment.count(counters.HO_FAILED_ARRIVAL, "unknown C-RNTI")
        unmet = Unmet("handover-key", f"C-RNTI {c_rnti}", "nobody under it")
        gnb.report("handover-arrival", "a terminal came by handover that was not expected", ue, unmet=unmet)
        return None
    if not rrc_handover.verified(security.k_gnb, security.integrity, complete):
        gnb.driver.environment.count(counters.HO_FAILED_ARRIVAL, "MAC-I")
        gnb.report(
            "handover-arrival",
            "the terminal that came by handover has another key",
            ue,
            "see which NCC it was told: it derives KgNB* from the NH of that one",
            Unmet("handover-key", "another MAC-I", f"the key of NCC {security.ncc}"),
        )
        return None
    del gnb.contexts.expected[c_rnti]
    ue.security = msgspec.structs.replace(security, key_set_change=False)
    ue.terminal = terminal
    ue.move(Step.ARRIVED)
    ue.activity.last = gnb.driver.environment.now()
    return ue


def arrived(ue: Ue) -> None:
    """The terminal has its bearers; the old path may be silent for a while before it is taken to be at its end."""
    gnb = ue.link.gnb
    bearers = (Bearer(number, session.handle, session.qfis) for number, session in ue.sessions.items())
    ue.terminal.bearers(tuple(bearers), ())
    for number in () if ue.handover is None else ue.handover.forwarding:
        session = ue.sessions.get(number)
        if session is not None:
            _supervise(gnb, session.handle)
    ue.handover = None if ue.handover is None or ue.handover.xn is None else Handover()
    context_release.attend(ue)


# --- the source --------------------------------------------------------------------------------------
def counted(ue: Ue, numbers: Iterable[int]) -> list[Count]:
    """The COUNTs of the bearers that go on at the target (TS 38.300 9.2.3.2.3)."""
    plane = ue.link.gnb.plane
    return [
        Count(number, *plane.counts(ue.sessions[number].handle)) for number in sorted(numbers) if number in ue.sessions
    ]


def count_on(ue: Ue, counts: Iterable[Count]) -> None:
    """The bearers of a UE that is to come go on from where the source's were."""
    for count in counts:
        session = ue.sessions.get(count.drb)
        if session is not None:
            ue.link.gnb.plane.set_counts(session.handle, count.uplink, count.downlink)


def leave(ue: Ue, command: bytes, forwarding: Mapping[int, Tunnel]) -> None:
    """Send the terminal to the target, and what comes for it from now on after it (TS 38.300 9.2.3.2.1)."""
    gnb, terminal = ue.link.gnb, ue.terminal
    reconfiguration = rrc_handover.reconfiguration(command)
    for number, tunnel in forwarding.items():
        if number in ue.sessions:
            _chain(gnb.contexts, ue.sessions[number].handle)
            gnb.plane.forward(ue.sessions[number].handle, tunnel)
    ue.handover = ue.handover or Handover()
    ue.handover.forwarding = frozenset(forwarding) & frozenset(ue.sessions)
    ue.move(Step.COMMANDED)
    ue.activity.stop()
    ue.radio.lost = True
    ue.terminal = ABSENT
    gnb.driver.environment.count(counters.HO_EXECUTION_REQUEST)
    terminal.reconfiguration(reconfiguration)


def readable(command: bytes) -> bytes:
    """A target's container, if a terminal could follow it; PeerError else."""
    rrc_handover.reconfiguration(command)
    return command


def lingering(ue: Ue, pdu_session_id: int) -> bool:
    """Whether packets of a session are passed on even after its UE context is gone (TS 38.423 8.2.7.2)."""
    leaving = ue.stage is Stage.LEAVING and ue.handover is not None
    return leaving and ue.handover is not None and pdu_session_id in ue.handover.forwarding


def linger(gnb: Gnb, handle: int) -> None:
    """Pass packets of a bearer on until its end marker comes, or nothing for a while."""
    _supervise(gnb, handle)


def _supervise(gnb: Gnb, handle: int) -> None:
    environment = gnb.driver.environment
    when = environment.now() + gnb.driver.timers["forwarding"].seconds
    gnb.contexts.ending[handle] = environment.call_at(when, partial(ended, gnb.contexts, gnb.plane, handle))


def _chain(contexts: Contexts, handle: int) -> None:
    """A bearer whose old path has not ended goes on: its next end marker is that path's (TS 38.300 9.2.3.2.3)."""
    alarm = contexts.ending.pop(handle, None)
    if alarm is not None:
        alarm.cancel()
        contexts.chained.add(handle)


def ended(contexts: Contexts, plane: BearerPlane, handle: int) -> None:
    """The old path of a bearer is at its end: the source forgets it, the target goes on without (TS 23.501 5.8.2.9)."""
    alarm = contexts.ending.pop(handle, None)
    if alarm is None:
        return
    alarm.cancel()
    contexts.chained.discard(handle)
    if handle in contexts.bearers:
        plane.end_forwarding(handle)
        contexts.bearers[handle].conversation.deliver(PathEnded())
    else:
        plane.remove_bearer(handle)


def end_marker(gnb: Gnb, handle: int) -> None:
    """An end marker came on a bearer of a handover (TS 29.281 7.3.2)."""
    if handle in gnb.contexts.chained:
        gnb.contexts.chained.remove(handle)
        return
    ue = gnb.contexts.bearers.get(handle)
    if ue is not None and ue.handover is not None and ue.stage is Stage.LEAVING:
        ended_sessions = {number for number, session in ue.sessions.items() if session.handle == handle}
        ue.handover.forwarding -= ended_sessions
    ended(gnb.contexts, gnb.plane, handle)


# --- the operator --------------------------------------------------------------------------------------
def failed(ue: Ue, to: str, error: Exception, phase: str) -> None:
    """Count and tell a handover that did not come about."""
    gnb = ue.link.gnb
    cause = str(error.ngap_cause[1]) if isinstance(error, NgapReject) else type(error).__name__
    gnb.driver.environment.count(phase, cause)
    fix = error.fix if isinstance(error, Reject) else ""
    unmet = Unmet("handover-source", f"a handover to {to}", str(error))
    gnb.report("gnb-handover-failed", f"no handover to {to}: {error}", ue, fix, unmet)


def refused(ue: Ue, error: Exception) -> None:
    """Tell that a terminal is not taken over."""
    fix = error.fix if isinstance(error, Reject) else ""
    unmet = Unmet("handover-target", "a terminal's sessions and key", str(error))
    ue.link.gnb.report("handover-refused", f"a terminal is not taken over: {error}", ue, fix, unmet)


def cause_of(error: Exception) -> ngap.Cause:
    """What a peer is told of an error."""
    if isinstance(error, NgapReject):
        return error.ngap_cause
    return ("protocol", "semantic-error") if isinstance(error, PeerError) else ("misc", "unspecified")
