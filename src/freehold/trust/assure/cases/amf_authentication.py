"""TS 33.512: primary authentication as the AMF and its SEAF run it."""

from __future__ import annotations

from typing import Final

from freehold.codecs import nas
from freehold.crypto.aka import make_auts
from freehold.spec.causes import MmCause
from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import Gnb
from freehold.trust.assure.roles.ue import Terminal, named
from freehold.trust.assure.verdict import need, require

SQN_OF_THE_CARD = 1 << 24
"""Ahead of what a fresh subscription has reached, within what a USIM may be ahead by (TS 33.102 C.3)."""
UNACCEPTABLE: Final[tuple[tuple[str, bytes | None], ...]] = (
    ("none", None),
    ("no 5G-EA", b"\0\xf0"),
    ("no 5G-IA", b"\xf0\0"),
    ("no mandatory 5G-EA", b"\x10\xf0"),
    ("no mandatory 5G-IA", b"\xf0\x10"),
    ("null alone", b"\x80\x80"),
)
"""UE security capabilities that are rejected (TS 24.501 5.5.1.2.8, 9.11.3.54)."""
EMERGENCY: Final = 4
"""5GS registration type (TS 24.501 9.11.3.7)."""
LONG: Final = 40.0
"""Seconds, longer than T3560 and what a home network may take."""


@case("TS 33.512", "4.2.2.1.1", "N2")
async def synchronisation_failure(lab: Lab) -> str:
    """A terminal that says its SQN is ahead is challenged anew, once the home network has answered, and not before."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    ue.start()
    first = await ue.expect(nas.AuthenticationRequest)
    auts = make_auts(ue.sim.k, ue.sim.opc, first.rand or b"", SQN_OF_THE_CARD)
    ue.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=auts))
    second = await ue.hear()
    require(
        isinstance(second, nas.AuthenticationRequest) and second.rand != first.rand,
        f"case A: after a right AUTS a new challenge was to come, and {named(second)} did",
    )
    ue.tell(ue.answer(second))
    command = await ue.hear()
    require(isinstance(command, nas.SecurityModeCommand), f"case A: the new challenge led to {named(command)}")
    ue.complete()
    await ue.accepted()
    late = make_auts(ue.sim.k, ue.sim.opc, second.rand or b"", SQN_OF_THE_CARD << 1)
    ue.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=late))
    answer = await ue.hear(2.0)
    require(not isinstance(answer, nas.AuthenticationRequest), "a failure that answers no challenge led to a challenge")
    # case B: an AUTS that the home network refuses must never lead to a challenge of its own
    other = Terminal(gnb)
    other.start()
    await other.expect(nas.AuthenticationRequest)
    other.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=bytes(14)))
    answer = await other.hear()
    require(
        not isinstance(answer, nas.AuthenticationRequest),
        "case B: a new challenge went out although the home network gave no vector for a wrong AUTS",
    )
    said = f"B: a wrong AUTS is answered with {named(answer)}"
    if "inside" in lab.surfaces:
        waiting = Terminal(gnb)
        waiting.start()
        first = await waiting.expect(nas.AuthenticationRequest)
        auts = make_auts(waiting.sim.k, waiting.sim.opc, first.rand or b"", SQN_OF_THE_CARD)
        with lab.inside.silent_home():
            waiting.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=auts))
            answer = await waiting.hear(LONG)
        require(
            not isinstance(answer, nas.AuthenticationRequest),
            "case B: a new challenge went out before the home network had answered",
        )
        said += f", and while it says nothing {named(answer)} comes"
    return f"A: a new challenge after AUTS, then security mode; none for a failure of no challenge; {said}"


@case("TS 33.512", "4.2.2.1.2", "N2")
async def wrong_res_star(lab: Lab) -> str:
    """A wrong RES* is refused for good; where the terminal named a 5G-GUTI it is identified first."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    ue.start()
    await ue.expect(nas.AuthenticationRequest)
    ue.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    answer = await ue.hear()
    require(isinstance(answer, nas.AuthenticationReject), f"SUCI: a wrong RES* was answered with {named(answer)}")
    good = Terminal(gnb)
    await good.register()
    await good.idle()
    thief = Terminal(gnb, good.sim)
    thief.start(thief.registration(identity=good.guti))
    first = await thief.hear()
    if isinstance(first, nas.IdentityRequest):
        return "SUCI: refused; 5G-GUTI: a plain request of a known 5G-GUTI is identified before it is challenged"
    require(isinstance(first, nas.AuthenticationRequest), f"5G-GUTI: {named(first)} came instead of a challenge")
    thief.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    answer = await thief.hear()
    # TS 33.501 6.1.3.2.2: the 5G-GUTI may have been another's, so its SUCI is asked for before anything is refused
    require(isinstance(answer, nas.IdentityRequest), f"5G-GUTI: a wrong RES* was answered with {named(answer)}")
    thief.tell(nas.IdentityResponse(mobile_identity=thief.suci()))
    await thief.expect(nas.AuthenticationRequest)
    thief.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    answer = await thief.hear()
    require(isinstance(answer, nas.AuthenticationReject), f"the SUCI asked for: a wrong RES* led to {named(answer)}")
    return "SUCI: AUTHENTICATION REJECT; 5G-GUTI: its SUCI is asked for, then AUTHENTICATION REJECT"


@case("TS 33.512", "4.2.2.3.2", "N2")
async def null_integrity(lab: Lab) -> str:
    """NIA0 is never chosen for a terminal that is registered with a subscription."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    ue.start()
    await ue.authenticate()
    command = await ue.expect(nas.SecurityModeCommand)
    chosen = command.security_algorithms.integrity
    require(chosen != 0, "the AMF chose NIA0 for a terminal that has others")
    require(ue.command_verified, "SECURITY MODE COMMAND is not protected by a right MAC")
    urgent = Terminal(gnb)
    urgent.start(urgent.registration(kind=EMERGENCY))
    message = await urgent.hear()
    if isinstance(message, nas.AuthenticationRequest):
        urgent.tell(urgent.answer(message))
        message = await urgent.hear()
    require(
        not (isinstance(message, nas.SecurityModeCommand) and message.security_algorithms.integrity == 0),
        "the AMF chose NIA0 for an emergency registration that was authenticated",
    )
    emergency = named(message)
    bare = Terminal(gnb)
    bare.capability = nas.UeSecurityCapability(bytes((0x80, 0x80)))
    bare.start(bare.registration())
    message = await bare.hear()
    if isinstance(message, nas.AuthenticationRequest):
        bare.tell(bare.answer(message))
        message = await bare.hear()
    require(
        not (isinstance(message, nas.SecurityModeCommand) and message.security_algorithms.integrity == 0),
        "the AMF took NIA0 into use with a terminal that offers nothing else",
    )
    return f"NIA{chosen} was chosen, in a protected command; emergency: {emergency}; NIA0 alone: {named(message)}"


@case("TS 33.512", "4.2.2.3.3", "N2")
async def algorithm_priority(lab: Lab) -> str:
    """The algorithms chosen are the operator's first that the terminal has, and stand in a protected command."""
    gnb = await Gnb(lab).serve()
    found = []
    ours = set(lab.profile.integrity), set(lab.profile.ciphering)
    for offered in (0xF0, 0xD0, 0xB0):  # all of them; without the second, without the first (TS 24.501 9.11.3.54)
        has = [number for number in range(4) if offered >> (7 - number) & 1]
        if all(ours) and not all(wanted & set(has) for wanted in ours):
            continue  # nothing in common: what then happens is another test's
        ue = Terminal(gnb)
        ue.capability = nas.UeSecurityCapability(bytes((offered, offered)))
        ue.start(ue.registration())
        await ue.authenticate()
        command = await ue.expect(nas.SecurityModeCommand)
        chosen = command.security_algorithms
        require(
            chosen.integrity in has and chosen.ciphering in has,
            f"NEA{chosen.ciphering}/NIA{chosen.integrity} is not offered",
        )
        for taken, wanted, kind in (
            (chosen.integrity, lab.profile.integrity, "NIA"),
            (chosen.ciphering, lab.profile.ciphering, "NEA"),
        ):
            first = next((each for each in wanted if each in has), taken)
            require(
                taken == first,
                f"{kind}{taken} was chosen where the operator's first that the terminal has is {kind}{first}",
            )
        found.append(f"NEA{chosen.ciphering}/NIA{chosen.integrity}")
    return f"chosen: {', '.join(found)}" + (
        "" if lab.profile.integrity else " (the operator's priorities are not told)"
    )


@case("TS 33.512", "4.2.2.6.1", "N2")
async def security_capabilities(lab: Lab) -> str:
    """A registration without acceptable security capabilities is rejected, and none of them leads to security mode."""
    gnb = await Gnb(lab).serve()
    said = []
    for name, capability in UNACCEPTABLE:
        ue = Terminal(gnb)
        ue.capability = None if capability is None else nas.UeSecurityCapability(capability)  # type: ignore[assignment]
        ue.start(ue.registration())
        message = await ue.hear()
        if isinstance(message, nas.AuthenticationRequest):
            ue.tell(ue.answer(message))
            message = await ue.hear()
        require(
            not isinstance(message, (nas.SecurityModeCommand, nas.RegistrationAccept)),
            f"{name}: {named(message)} although the terminal has no algorithm to be protected with",
        )
        need(message is not None, f"{name}: the registration was not answered")
        require(isinstance(message, nas.RegistrationReject), f"{name}: {named(message)} instead of a rejection")
        said.append(f"{name}: {named(message)} #{getattr(message, 'cause', '-')}")
    return "; ".join(said)


@case("TS 33.512", "4.2.2.4.2", "N2", "inside")
async def algorithms_after_amf_change(lab: Lab) -> str:
    """An AMF that takes over a terminal from another one chooses by its own priorities, in a security mode command."""
    profile = lab.profile
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    await ue.register()
    before = ue.command.security_algorithms.integrity if ue.command else 0
    wanted = tuple(each for each in (1, 2, 3) if each != before)
    async with lab.inside.another(integrity=wanted, amf_set=7) as other:
        moved = Terminal(await Gnb(other).serve(), other.sim())
        moved.start(moved.registration(identity=ue.guti, kind=2))
        await moved.authenticate()
        command = await moved.expect(nas.SecurityModeCommand)
        chosen = command.security_algorithms.integrity
        require(chosen == wanted[0], f"the new AMF chose NIA{chosen}, its first is NIA{wanted[0]}")
        sent = command.replayed_ue_security_capability
        require(sent == moved.capability, "the new AMF replays other capabilities than the terminal sent")
    return f"{profile.name}: NIA{before} at the old AMF, NIA{chosen} by the new one's priorities"
