"""TS 33.512: protection of NAS messages, identities and slices."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from freehold.codecs import nas, ngap
from freehold.stack.nas_security import HeaderType
from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles import packets
from freehold.trust.assure.roles.gnb import Gnb
from freehold.trust.assure.roles.ue import Terminal, named
from freehold.trust.assure.verdict import need, require

ROUNDS: Final = 12
"""How many 5G-GUTIs are looked at."""
MOBILE_TERMINATED: Final = 2
"""Service type of an answer to paging (TS 24.501 9.11.3.50)."""
CIPHERED: Final = (HeaderType.INTEGRITY_CIPHERED, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)


@case("TS 33.512", "4.2.2.1.4", "N2")
async def integrity_failure(lab: Lab) -> str:
    """A message whose MAC is wrong changes nothing; an initial one whose MAC is wrong leads to authentication."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    await ue.register()
    good = ue.protected(
        nas.DeregistrationRequestFromUe(
            deregistration_type=nas.DeregistrationType(),
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=0),
            mobile_identity=ue.guti or ue.suci(),
        )
    )
    ue.connection.uplink(good[:2] + bytes(4) + good[6:])
    require(await ue.silent(), "a deregistration with a MAC of zeros was answered")
    require(not ue.connection.released, "a deregistration with a MAC of zeros ended the connection")
    await ue.session()
    await ue.idle()
    wrong = nas.encode(ue.registration(identity=ue.guti, kind=2, ksi=0))
    ue.begin(b"\x7e\x01\xde\xad\xbe\xef\x05" + wrong, s_tmsi=ue.s_tmsi)
    message = await ue.hear()
    require(
        isinstance(message, (nas.AuthenticationRequest, nas.IdentityRequest)),
        f"an initial message with a wrong MAC led to {named(message)}, not to authentication",
    )
    return f"dropped on a connection; at its begin answered with {named(message)}"


@case("TS 33.512", "4.2.2.3.1", "N2")
async def replay(lab: Lab) -> str:
    """A NAS message that was taken once is not taken again, on the connection or on a new one."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    ue.start()
    await ue.authenticate()
    await ue.expect(nas.SecurityModeCommand)
    completed = ue.complete()
    await ue.accepted()
    ue.connection.uplink(completed)
    require(await ue.silent(), "a replayed SECURITY MODE COMPLETE was answered")
    octets = ue.ask_session()
    need(await ue.hear() is not None, "a PDU session was not answered")
    before = len(ue.connection.messages)
    ue.connection.uplink(octets)
    require(await ue.silent(), "a replayed request for a PDU session was answered")
    require(len(ue.connection.messages) == before, "a replayed NAS message made the AMF act on N2")
    await ue.idle()
    octets = ue.service_request()
    need(await ue.hear() is not None, "a service request was not answered")
    await ue.idle()
    ue.begin(octets, s_tmsi=ue.s_tmsi)
    message = await ue.hear(2.0)
    require(not isinstance(message, nas.ServiceAccept), "a replayed service request was accepted")
    require(ue.connection.context is None, "a replayed service request set up a context")
    return f"no answer on the connection; a replayed service request gets {named(message)}"


@case("TS 33.512", "4.2.2.5.1", "N2")
async def guti_allocation(lab: Lab) -> str:
    """Each registration and each service request after paging gives a new 5G-GUTI that nobody can foresee."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    seen = []
    await ue.register()
    for _ in range(ROUNDS):
        guti = ue.guti
        need(guti is not None, "REGISTRATION ACCEPT holds no 5G-GUTI")
        seen.append(guti.tmsi if guti else 0)
        await ue.idle()
        request = ue.registration(identity=guti, kind=2, ksi=ue.security.ngksi if ue.security else 7)
        ue.begin(ue.protected(request, 1), s_tmsi=ue.s_tmsi)
        message = await ue.hear()
        if isinstance(message, nas.AuthenticationRequest):
            ue.tell(ue.answer(message))
            await ue.secure()
            message = await ue.hear()
        need(isinstance(message, nas.RegistrationAccept), f"a mobility registration led to {named(message)}")
        require(message.guti is not None, "a mobility registration gave no new 5G-GUTI")
        protected_guti(ue)
        ue.guti = message.guti
        ue.tell(nas.RegistrationComplete())
        await ue.settle()
    require(len(set(seen)) == len(seen), "a 5G-TMSI was given twice")
    steps = {(after - before) & 0xFFFFFFFF for before, after in pairwise(seen)}
    require(len(steps) > 1 or len(seen) < 3, "5G-TMSIs follow one another by a constant step")
    weight = sum(value.bit_count() for value in seen) / len(seen)
    require(11 < weight < 21, f"5G-TMSIs have {weight:.1f} of 32 bits set: they are not random")
    said = f"{len(seen)} registrations, {len(set(seen))} 5G-TMSIs, {weight:.1f} of 32 bits set on average"
    if "inside" in lab.surfaces and "N3" in lab.surfaces:
        await paged(ue)
        return f"{said}; another after paging"
    return f"{said}; paging was not brought about"


def protected_guti(ue: Terminal) -> None:
    """The message with a 5G-GUTI was ciphered and integrity protected by algorithms that are not null."""
    chosen = ue.command.security_algorithms if ue.command else None
    require(ue.header in CIPHERED, f"a 5G-GUTI came under security header type {ue.header}")
    require(chosen is not None and chosen.ciphering and chosen.integrity, "a 5G-GUTI came under a null algorithm")


async def paged(ue: Terminal) -> None:
    """A packet for an idle terminal has it paged; its service request brings a new 5G-GUTI (TS 33.501 6.12.3)."""
    await ue.session()
    before, lab = ue.guti, ue.lab
    await ue.idle()
    lab.inside.downlink(packets.icmp(lab.profile.gateway, ue.address, packets.ECHO_REQUEST))
    need(await ue.gnb.take(ngap.Paging) is not None, "no page came for an idle terminal")
    ue.service_request(MOBILE_TERMINATED)
    fresh = None
    while (message := await ue.hear(all_=True)) is not None:
        if isinstance(message, nas.ConfigurationUpdateCommand) and message.guti is not None:
            fresh = message.guti
            protected_guti(ue)
            break
    require(fresh is not None, "after paging the service request brought no new 5G-GUTI")
    require(fresh != before, "after paging the 5G-GUTI is the one of before")


@case("TS 33.512", "4.2.2.8.1", "N2")
async def slice_of_a_session(lab: Lab) -> str:
    """A PDU session in a slice that is not allowed is refused by the AMF and never reaches an SMF."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    await ue.register()
    ue.ask_session(slice_=lab.profile.other_slice)
    message = await ue.hear()
    require(not ue.connection.resources, "the session was set up in a slice that is not allowed")
    require(isinstance(message, nas.DlNasTransport), f"the request led to {named(message)}")
    require(
        message.cause is not None,
        "the request went on to an SMF: what came back is a 5GSM message, not the payload with a 5GMM cause",
    )
    await ue.session()
    return (
        f"given back with 5GMM cause #{int(message.cause)}; a session in an allowed slice is set up "
        "(no slice here asks for authentication of its own)"
    )
