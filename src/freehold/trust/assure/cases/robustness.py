"""TS 33.117: overload, and messages that are broken at random, on every interface there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from freehold.codecs import gtpu, nas, ngap, pfcp
from freehold.trust.assure.case import case
from freehold.trust.assure.cases.packets import pinged, subscriber
from freehold.trust.assure.cases.upf import stranger
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles import packets
from freehold.trust.assure.roles.gnb import Gnb
from freehold.trust.assure.roles.ue import Terminal, g_pdu, named
from freehold.trust.assure.roles.web import Visitor, visitor
from freehold.trust.assure.verdict import need, require

STORM: Final = 150
"""Registrations that never go on."""
ENDED: Final = 120.0
"""Seconds after which they are forgotten: four tries of T3560 and what comes after (TS 24.501 5.4.1.3.7)."""
MUTANTS: Final = 250
"""Broken messages on each interface."""


class Chance:
    """A small generator whose seed the lab draws: what breaks can be played again from the evidence."""

    def __init__(self, seed: bytes) -> None:
        self._state = int.from_bytes(seed, "big") | 1

    def below(self, limit: int) -> int:
        """A number below a limit (xorshift64*)."""
        state = self._state
        state ^= state >> 12
        state ^= state << 25 & (1 << 64) - 1
        state ^= state >> 27
        self._state = state
        return (state * 2685821657736338717 >> 32 & 0xFFFFFFFF) % max(1, limit)

    def broken(self, octets: bytes) -> bytes:
        """Octets with a few of them changed, cut, repeated or put in."""
        made = bytearray(octets)
        for _ in range(1 + self.below(4)):
            at = self.below(len(made))
            kind = self.below(5)
            if kind == 0 and made:
                made[at] ^= 1 << self.below(8)
            elif kind == 1 and made:
                made[at] = (0, 255, 127, 128)[self.below(4)]
            elif kind == 2:
                del made[at:]
            elif kind == 3:
                made[at:at] = bytes(made[at : at + 1 + self.below(16)])
            else:
                made[at : at + self.below(8)] = bytes((self.below(256),))
        return bytes(made)


def mutants(lab: Lab, corpus: list[bytes], count: int = MUTANTS) -> Iterator[bytes]:
    """Broken messages made from good ones."""
    seed = lab.random(8)
    lab.note(f"seed {seed.hex()}")
    chance = Chance(seed)
    for _ in range(count):
        yield chance.broken(corpus[chance.below(len(corpus))])


async def served(ue: Terminal, what: str) -> None:
    """Whether a terminal is still served, and nothing broke."""
    if ue.gnb.closed:
        require(False, f"{what}: the AMF ended the association of a gNB that did nothing: {ue.gnb.closed}")
    ue.tell(
        nas.UlNasTransport(
            payload_container_type=1,
            payload_container=b"\x2e\x09\x01\xc1\xff\xff\x91",
            pdu_session_identity=9,
            request_type=1,
            dnn="none.such",
        )
    )
    require(await ue.hear() is not None, f"{what}: a terminal that did nothing is not served any more")
    bugs = [event.text for event in ue.lab.events if event.name == "bug"]
    require(not bugs, f"{what}: {bugs[:1]}")


@case("TS 33.117", "4.2.3.3.3", "N2", "N3")
async def overload(lab: Lab) -> str:
    """A storm of registrations that never go on keeps no terminal out, and leaves nothing behind."""
    ue = await subscriber(lab)
    before = lab.inside.loads() if "inside" in lab.surfaces else {}
    storm = await Gnb(lab, 3).serve()
    idle = [Terminal(storm, ue.sim) for _ in range(STORM)]
    for number, each in enumerate(idle):
        each.start(each.registration(identity=each.suci(conceal=number % 2 == 0)))
    await lab.until(lambda: all(each.connection.messages for each in idle), 5)
    challenged = sum(bool(each.connection.messages) for each in idle)
    other = Terminal(ue.gnb)
    await other.register()
    require(await pinged(ue), "during a storm of registrations a terminal's packets are not carried")
    if "inside" not in lab.surfaces:
        return f"{challenged} of {STORM} registrations were answered; a terminal registers and another pings meanwhile"
    await other.idle()
    await lab.sleep(ENDED)
    after = lab.inside.loads()
    left = {name: value for name, value in after.items() if name != "gnbs" and value > before.get(name, 0) + 1}
    require(not left, f"after the storm more is left than before: {left}, before {before}")
    require(not [event for event in lab.events if event.name == "bug"], "the storm broke something")
    return f"{challenged} of {STORM} answered; a terminal registers and another pings meanwhile; nothing is left of it"


@case("TS 33.117", "4.4.4", "N2", "N3")
async def robustness(lab: Lab) -> str:
    """Messages broken at random, on each interface: the network goes on and other terminals notice nothing."""
    control = await subscriber(lab)
    await n2(lab, control)
    await n1(lab, control)
    await n3(lab, control)
    said = "N1, N2, N3"
    if "N4" in lab.surfaces:
        await n4(lab, control)
        said += ", N4"
    if "accounts" in lab.surfaces:
        await api(lab, control)
        said += " and the management API"
    require(await pinged(control), "afterwards a terminal that did nothing has no user plane")
    return f"{MUTANTS} broken messages each on {said}: no mistake, and a terminal beside them was served throughout"


async def n2(lab: Lab, control: Terminal) -> None:
    """Broken NGAP from a gNB that was served."""
    gnb = await Gnb(lab, 4).serve()
    ue = Terminal(gnb)
    await ue.register()
    await ue.session()
    ids = ue.connection.ids
    corpus = [
        ngap.encode(gnb.setup_request()),
        ngap.encode(ngap.UplinkNASTransport(**ids, nas_pdu=b"\x7e\0\x41", user_location_information=gnb.location())),
        ngap.encode(ngap.UEContextReleaseRequest(**ids, cause=("radioNetwork", "user-inactivity"))),
        ngap.encode(ngap.NGReset(cause=("misc", "om-intervention"), reset_type=("nG-Interface", "reset-all"))),
        ngap.encode(ngap.ErrorIndication(**ids, cause=("protocol", "semantic-error"))),
    ]
    for number, octets in enumerate(mutants(lab, corpus)):
        if gnb.closed:
            gnb = await Gnb(lab, 4).serve()
        gnb.send_octets(octets, number % 2)
        if number % 50 == 0:
            await served(control, "broken NGAP")
    await lab.sleep(0.5)
    await served(control, "broken NGAP")


async def n1(lab: Lab, control: Terminal) -> None:
    """Broken NAS, plain and protected."""
    gnb = await Gnb(lab, 5).serve()
    ue = Terminal(gnb)
    await ue.register()
    plain = [
        nas.encode(ue.registration()),
        nas.encode(nas.AuthenticationResponse(response_parameter=bytes(16))),
        nas.encode(nas.IdentityResponse(mobile_identity=ue.suci(conceal=True))),
        nas.encode(
            nas.UlNasTransport(
                payload_container_type=1,
                payload_container=b"\x2e\x01\x01\xc1\xff\xff\x91",
                pdu_session_identity=1,
                request_type=1,
                dnn=lab.profile.dnn,
            )
        ),
    ]
    for number, octets in enumerate(mutants(lab, plain)):
        if number % 2 and not ue.connection.released and ue.security is not None:
            ue.connection.uplink(ue.security.protect(octets or b"\0"))
        else:
            gnb.connection().initial(octets)
        if number % 50 == 0:
            await served(control, "broken NAS")
    await lab.sleep(0.5)
    await served(control, "broken NAS")


async def n3(lab: Lab, control: Terminal) -> None:
    """Broken GTP-U from the gNB itself and from a stranger."""
    resources = control.connection.resources[1]
    ping = packets.icmp(control.address, lab.profile.gateway, packets.ECHO_REQUEST)
    corpus = [g_pdu(resources.uplink.teid, ping, resources.qfi), gtpu.encode(gtpu.EchoRequest(sequence=1))]
    other = stranger(lab, "N3", 67)
    port = control.gnb.open_n3()
    for number, octets in enumerate(mutants(lab, corpus)):
        (port if number % 2 else other.port).send(octets, lab.n3_target())
    await lab.sleep(0.5)
    require(await pinged(control), "broken GTP-U: a terminal's packets are not carried any more")


async def n4(lab: Lab, control: Terminal) -> None:
    """Broken PFCP from a stranger."""
    peer = stranger(lab, "N4")
    node = pfcp.NodeID(fqdn="stranger")
    corpus = [
        pfcp.encode(pfcp.HeartbeatRequest(recovery_time_stamp=1), 1),
        pfcp.encode(pfcp.AssociationSetupRequest(node_id=node, recovery_time_stamp=1, cp_function_features=0), 2),
        pfcp.encode(pfcp.SessionDeletionRequest(), 3, 1),
    ]
    for octets in mutants(lab, corpus):
        peer.port.send(octets, lab.n4_target())
    await lab.sleep(0.5)
    await served(control, "broken PFCP")
    require(await pinged(control), "broken PFCP: a terminal's packets are not carried any more")


async def api(lab: Lab, control: Terminal) -> None:
    """Broken requests of the management API, without a log-in."""
    guest: Visitor = await visitor(lab)
    corpus = [
        b'{"name": "anna", "password": "Correct horse battery staple"}',
        b"POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    ]
    for number, octets in enumerate(mutants(lab, corpus, MUTANTS // 5)):
        if number % 2:
            await guest.ask("POST", "/api/v1/initialise", octets)
        else:
            await guest.ask("GET", f"/api/v1/{octets[:60].hex()}?{octets[:20].hex()}")
    came = await guest.api("GET", "setup")
    need(came.status == 200, f"the management API does not answer any more: {named(came)} {came.status}")
    await served(control, "broken HTTP")
