"""Faults of the core: each turns one test of TS 33.512 to TS 33.515 to FAIL."""

from types import SimpleNamespace

import msgspec

from freehold.codecs import nas
from freehold.core.amf import values
from freehold.core.amf.procedures import (
    authentication,
    path_switch,
    registration,
    security_mode_control,
    uplink_nas_transport,
)
from freehold.core.amf.procedures.registration import KINDS
from freehold.core.amf.state.contexts import Contexts
from freehold.core.ausf import ausf
from freehold.core.smf import transfers
from freehold.core.smf.procedures import activation
from freehold.core.udm import sidf
from freehold.core.udm.authentication import UeAuthentication
from freehold.core.udm.state import AuthenticationStatus
from freehold.crypto.algorithms import DOWNLINK
from freehold.net.userplane import UpfPlane
from freehold.services.nudm import UserPlaneSecurity
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guti, Supi
from freehold.stack.nas_security import HeaderType, NasSecurity, Unprotected

from .faults import mutant

AMF, UPF, UDM, SMF = "TS 33.512", "TS 33.513", "TS 33.514", "TS 33.515"


class Anything:
    """Equal to whatever it is compared with."""

    def __eq__(self, _):
        return True

    def __ne__(self, _):
        return False

    __hash__ = None


# --- AMF ----------
@mutant(AMF, "4.2.2.1.1", "a synchronisation failure leads to a challenge without asking the home network about AUTS")
def auts_forgotten(fault):
    async def challenge_again(attempt, _, __):
        attempt.resynchronized = True

    fault.replace(authentication, "FAILURES", {**authentication.FAILURES, MmCause.SYNCH_FAILURE: challenge_again})


@mutant(AMF, "4.2.2.1.2", "RES* is not compared")
def res_star_believed(fault):
    fault.replace(
        authentication, "keys", SimpleNamespace(**{**vars(authentication.keys), "hres_star": lambda *_: Anything()})
    )
    fault.replace(ausf, "hmac", SimpleNamespace(compare_digest=lambda *_: True))


@mutant(AMF, "4.2.2.1.4", "the MAC of uplink NAS messages is not verified")
def mac_ignored(fault):
    def lenient(self, octets):
        found = verify(self, octets)
        if found.verified or self._direction != DOWNLINK or len(octets) < 8:
            return found
        count = self._estimate(octets[6])
        plain = octets[7:]
        if octets[1] & 15 in {HeaderType.INTEGRITY_CIPHERED, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT}:
            plain = self._keys.cipher(count, self.access, 1 - self._direction, plain)
        self._expected = count + 1
        return Unprotected(plain, verified=True, header_type=octets[1] & 15, count=count)

    verify = fault.replace(NasSecurity, "unprotect", lenient)


@mutant(AMF, "4.2.2.3.1", "an uplink NAS COUNT may be used again")
def count_again(fault):
    def nearest(self, sequence_number):
        if self._direction == DOWNLINK:
            return self._expected - self._expected % 256 + sequence_number
        return estimate(self, sequence_number)

    estimate = fault.replace(NasSecurity, "_estimate", nearest)


def chosen(fault, choose):
    fault.replace(security_mode_control, "select", lambda *given: nas.SecurityAlgorithms(*choose(*given)))


@mutant(AMF, "4.2.2.3.2", "NIA0 is taken into use")
def null_integrity(fault):
    chosen(fault, lambda *_: (2, 0))


@mutant(AMF, "4.2.2.3.3", "the operator's last algorithm comes first")
def priorities_upside_down(fault):
    def last(policy, capability):
        return (
            next(each for each in reversed(policy.ciphering) if capability.ciphering(each)),
            next(each for each in reversed(policy.integrity) if capability.integrity(each)),
        )

    chosen(fault, last)


@mutant(AMF, "4.2.2.4.1", "a gNB's security capabilities at a path switch are believed")
def bidding_down(fault):
    def believe(_, ue, __, ___):
        ue.security.capability = b"\0\0"

    fault.replace(path_switch, "compare_capabilities", believe)


@mutant(AMF, "4.2.2.4.2", "an AMF keeps to NIA2 whatever its own priorities are")
def algorithm_of_before(fault):
    chosen(fault, lambda *_: (2, 2))


@mutant(AMF, "4.2.2.5.1", "a 5G-GUTI is kept for ever")
def guti_kept(fault):
    def same(self, ue):
        return draw(self, ue) if ue.identity.tmsi is None else Guti(known[0], ue.identity.tmsi)

    known = []

    def first(self, ue):
        guti = same(self, ue)
        known.append(guti.guami)
        return guti

    draw = fault.replace(Contexts, "new_tmsi", first)


@mutant(AMF, "4.2.2.6.1", "a terminal without algorithms is served without protection")
def no_algorithms_needed(fault):
    def some(policy, capability):
        return (
            next((each for each in policy.ciphering if capability.ciphering(each)), 0),
            next((each for each in policy.integrity if capability.integrity(each)), 0),
        )

    chosen(fault, some)
    fault.replace(registration, "require_mandatory", lambda *_: None)


@mutant(AMF, "4.2.2.6.2", "the gNB is told fewer algorithms than the terminal has")
def fewer_algorithms(fault):
    def fewer(octets):
        return msgspec.structs.replace(told(octets), nr_integrity_protection_algorithms=(0x4000, 16))

    told = fault.replace(values, "ue_security_capabilities", fewer)


@mutant(AMF, "4.2.2.8.1", "a slice that is not allowed is quietly replaced by one that is")
def slice_not_checked(fault):
    fault.replace(uplink_nas_transport, "select_slice", lambda ue, _: ue.mobility.allowed[0])


# --- UPF ----------
@mutant(UPF, "4.2.2.6", "every session gets the TEID of the first")
def one_teid(fault):
    first = []

    def again(self):
        if not first:
            first.append(draw(self))
        return first[0]

    draw = fault.replace(UpfPlane, "open", again)


# --- UDM ----------
@mutant(UDM, "4.2.1.1", "a SUCI is taken for the subscriber before it")
def wrong_subscriber(fault):
    def neighbour(suci, plain):
        digits = right(suci, plain).digits
        return Supi.imsi(f"{int(digits) - 1:0{len(digits)}}")

    right = fault.replace(sidf, "_imsi", neighbour)


@mutant(UDM, "4.2.2.1", "AUTS does not move the sequence number")
def sqn_stays(fault):
    async def unmoved(_, subscriber, __, ___):
        return subscriber

    fault.replace(UeAuthentication, "_resynchronize", unmoved)


@mutant(UDM, "4.2.2.2", "results of authentications are not kept")
def status_forgotten(fault):
    fault.replace(AuthenticationStatus, "note", lambda *_: None)


# --- SMF ----------
@mutant(SMF, "4.2.2.1.1", "the SMF's own user plane policy goes before the UDM's")
def local_policy_first(fault):
    own = fault.replace(transfers, "_indication", lambda _: own(UserPlaneSecurity()))


@mutant(SMF, "4.2.2.1.3", "a gNB's weaker user plane policy is believed")
def weaker_policy(fault):
    fault.replace(activation, "own_policy", lambda *_: None)


# --- all of them ----------
@mutant("TS 33.117", "4.4.4", "a registration that lacks something is a mistake of the program")
def breaks_on_unknown_types(fault):
    def careless(amf, ue, initial):
        capability = initial.message.ue_security_capability
        if initial.message.registration_type.value not in KINDS or capability is None:
            raise RuntimeError("a type nobody thought of")
        return careful(amf, ue, initial)

    careful = fault.replace(registration, "check", careless)


@mutant("TS 33.117", "4.2.3.3.3", "terminals that never go on are never forgotten")
def never_forgotten(fault):
    async def keep(*_):
        return

    fault.replace(registration, "remove", keep)
