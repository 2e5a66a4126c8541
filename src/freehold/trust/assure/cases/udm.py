"""TS 33.514: the home network's part of authentication."""

from __future__ import annotations

from freehold.codecs import nas
from freehold.crypto import aka
from freehold.spec.causes import MmCause
from freehold.trust.assure.case import case
from freehold.trust.assure.cases.amf_authentication import SQN_OF_THE_CARD
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import Gnb
from freehold.trust.assure.roles.ue import Terminal, named
from freehold.trust.assure.verdict import Inapplicable, need, require


@case("TS 33.514", "4.2.1.1", "N2")
async def deconcealment(lab: Lab) -> str:
    """A SUCI of the home network's key is resolved to the SUPI it conceals: that subscriber's key answers."""
    if lab.profile.home_key is None:
        raise Inapplicable("the target names no public key of its home network")
    gnb = await Gnb(lab).serve()
    Terminal(gnb)  # a subscriber that it might be taken for
    ue = Terminal(gnb)
    ue.start(ue.registration(identity=ue.suci(conceal=True)))
    message = await ue.hear()
    require(
        isinstance(message, nas.AuthenticationRequest), f"a rightly concealed SUPI was answered with {named(message)}"
    )
    name = lab.profile.plmn.serving_network_name
    answer = aka.answer_challenge(ue.sim.k, ue.sim.opc, message.rand or b"", message.autn or b"", name)
    require(answer is not None, "the challenge is not of the subscriber that the SUCI conceals")
    ue.tell(ue.answer(message))
    await ue.secure()
    await ue.accepted()
    broken = Terminal(gnb, ue.sim)
    whole = broken.suci(conceal=True)
    octets = bytearray(whole.output)
    octets[-1] ^= 1
    broken.start(
        broken.registration(
            identity=type(whole)(whole.plmn, whole.routing_indicator, whole.scheme, whole.key_id, bytes(octets))
        )
    )
    message = await broken.hear()
    require(not isinstance(message, nas.AuthenticationRequest), "a SUCI with a wrong tag was resolved")
    scheme = lab.profile.home_key[0]
    return f"scheme {scheme}: resolved to its own subscriber; with a wrong tag: {named(message)}"


@case("TS 33.514", "4.2.2.1", "N2")
async def resynchronisation(lab: Lab) -> str:
    """After a right AUTS the next challenge is ahead of the card's SQN; after a wrong one there is none."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    ue.start()
    first = await ue.expect(nas.AuthenticationRequest)
    auts = aka.make_auts(ue.sim.k, ue.sim.opc, first.rand or b"", SQN_OF_THE_CARD)
    ue.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=auts))
    second = await ue.hear()
    require(isinstance(second, nas.AuthenticationRequest), f"a right AUTS was answered with {named(second)}")
    name = lab.profile.plmn.serving_network_name
    answer = aka.answer_challenge(ue.sim.k, ue.sim.opc, second.rand or b"", second.autn or b"", name)
    need(answer is not None, "the second challenge is not of this subscriber")
    sqn = answer.sqn if answer else 0
    require(sqn > SQN_OF_THE_CARD, f"the new challenge has SQN {sqn:#x}, the card said {SQN_OF_THE_CARD:#x}")
    forged = Terminal(gnb)
    forged.start()
    challenge = await forged.expect(nas.AuthenticationRequest)
    wrong = aka.make_auts(bytes(forged.sim.opc), bytes(forged.sim.k), challenge.rand or b"", SQN_OF_THE_CARD)
    forged.tell(nas.AuthenticationFailure(cause=MmCause.SYNCH_FAILURE, failure_parameter=wrong))
    message = await forged.hear()
    require(not isinstance(message, nas.AuthenticationRequest), "an AUTS with a wrong MAC-S moved the SQN")
    return f"the new challenge is ahead of the card's SQN by {sqn - SQN_OF_THE_CARD}; a wrong MAC-S: {named(message)}"


@case("TS 33.514", "4.2.2.2", "N2", "inside")
async def authentication_status(lab: Lab) -> str:
    """The UDM keeps who was authenticated, by which network, when, and how it ended."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    need(not lab.inside.authentications(ue.sim.supi), "a fresh subscriber has been authenticated")
    began = lab.inside.now()
    await ue.register()
    found = lab.inside.authentications(ue.sim.supi)
    require(found, "after an authentication the UDM has no record of it")
    event = found[0]
    name = lab.profile.plmn.serving_network_name
    require(event.success and event.serving_network_name == name, f"the UDM's record is {event}")
    require(began <= event.time <= lab.inside.now(), f"the UDM's record is of {event.time}, not of when it happened")
    other = Terminal(gnb)
    other.start()
    await other.expect(nas.AuthenticationRequest)
    other.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    await other.hear()
    require(
        not any(each.success for each in lab.inside.authentications(other.sim.supi)), "a failed one is kept as done"
    )
    return f"kept: {name.decode()}, success; a failed one is not kept as a success"
