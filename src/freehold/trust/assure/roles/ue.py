"""A terminal whose every step its test decides: USIM, 5GMM and the user plane above N3 (TS 24.501)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from freehold.codecs import nas
from freehold.crypto import aka, keys, suci
from freehold.net.userplane import GTPU_PORT
from freehold.spec.identities import Guti, Pei, STmsi, Suci
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.trust.assure.lab import Lab, Sim
from freehold.trust.assure.roles.gnb import ANSWER, SILENCE, Connection, Gnb, Resources
from freehold.trust.assure.verdict import Blocked, need

ESTABLISHMENT: Final = b"\x2e\x01\x01\xc1\xff\xff\x91"
"""PDU SESSION ESTABLISHMENT REQUEST of session 1, PTI 1, for IPv4 (TS 24.501 8.3.1)."""
PASSED_OVER: Final = (nas.ConfigurationUpdateCommand,)
"""What a network may say at any time without meaning anything by it here."""
IMEISV: Final = Pei("imeisv-4370816125816151")


class Terminal:
    """One terminal under a gNB, with a subscriber's SIM or with a copy whose key is wrong."""

    def __init__(self, gnb: Gnb, sim: Sim | None = None) -> None:
        self.gnb = gnb
        self.lab: Lab = gnb.lab
        self.sim = sim or gnb.lab.sim()
        self.capability = nas.UeSecurityCapability.of()
        self.connection: Connection = gnb.connection()
        self.security: NasSecurity | None = None
        self.kamf = b""
        self.guti: Guti | None = None
        self.accept: nas.RegistrationAccept | None = None
        self.command: nas.SecurityModeCommand | None = None
        self.command_verified = False
        """Whether the last SECURITY MODE COMMAND had a right MAC."""
        self.header = 0
        """Security header type of the last downlink message (TS 24.501 9.3)."""
        self.address = ""
        """The IPv4 address of its session."""
        self.request: nas.RegistrationRequest | None = None

    # --- identities -----------------------------------------------------------------------------
    def suci(self, *, conceal: bool = False) -> Suci:
        """Its SUCI, concealed by the home network's key where asked for (TS 23.003 2.2B)."""
        profile = self.lab.profile
        plain = suci.imsi_plaintext(self.sim.supi.digits[3 + len(profile.plmn.mnc) :])
        if conceal and profile.home_key is not None:
            scheme, number, public = profile.home_key
            return Suci(profile.plmn, "0000", scheme, number, suci.conceal(scheme, public, self.lab.random(32), plain))
        return Suci(profile.plmn, "0000", 0, 0, plain)

    def registration(self, *, identity: Suci | Guti | None = None, kind: int = 1, ksi: int = 7) -> Any:
        """REGISTRATION REQUEST (TS 24.501 8.2.6)."""
        return nas.RegistrationRequest(
            registration_type=nas.RegistrationType(follow_on_request=True, value=kind),
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=ksi),
            mobile_identity=identity or self.suci(),
            ue_security_capability=self.capability,
        )

    @property
    def s_tmsi(self) -> STmsi | None:
        """The 5G-S-TMSI of its 5G-GUTI."""
        return None if self.guti is None else self.guti.s_tmsi

    # --- octets ---------------------------------------------------------------------------------
    def begin(self, octets: bytes, *, s_tmsi: STmsi | None = None) -> None:
        """Send octets as the first of a new connection."""
        self.connection = self.gnb.connection()
        self.connection.initial(octets, s_tmsi)

    def protected(self, message: Any, header: int = HeaderType.INTEGRITY_CIPHERED) -> bytes:
        """The octets of a message under its keys; plain where there are none."""
        octets = nas.encode(message)
        return octets if self.security is None else self.security.protect(octets, header)

    def tell(self, message: Any, header: int = HeaderType.INTEGRITY_CIPHERED) -> bytes:
        """Send one message; the octets sent."""
        octets = self.protected(message, header)
        self.connection.uplink(octets)
        return octets

    def read(self, octets: bytes) -> Any:
        """The message in downlink octets; Blocked where they cannot be read under its keys."""
        self.header = octets[1] & 0x0F if len(octets) > 1 and octets[0] == 0x7E else 0
        if self.header:
            if octets[1] & 0x0F in {HeaderType.INTEGRITY_NEW_CONTEXT, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT}:
                return self._take_command(octets)
            verdict = None if self.security is None else self.security.unprotect(octets)
            need(verdict is not None and verdict.plain is not None, "a downlink NAS message does not verify")
            octets = verdict.plain if verdict is not None and verdict.plain is not None else b""
        return nas.decode(octets).message

    def _take_command(self, octets: bytes) -> Any:
        """SECURITY MODE COMMAND: its keys are taken into use (TS 24.501 5.4.2.3)."""
        command = nas.decode(octets[7:]).message
        if isinstance(command, nas.SecurityModeCommand) and self.kamf:
            algorithms = command.security_algorithms
            self.command = command
            self.security = NasSecurity(
                "ue", self.kamf, command.ng_ksi.value, nea=algorithms.ciphering, nia=algorithms.integrity
            )
            self.command_verified = self.security.unprotect(octets).verified
        return command

    async def hear(self, seconds: float = ANSWER, *, all_: bool = False) -> Any:
        """The next 5GMM message, of `all_` or of those that mean something by themselves; None where none comes."""
        while await self.lab.until(lambda: bool(self.connection.nas), seconds):
            message = self.read(self.connection.nas.popleft())
            if all_ or not isinstance(message, PASSED_OVER):
                return message
        return None

    async def expect(self, kind: type[Any]) -> Any:
        """The next message, which must be of a kind for the test to go on."""
        message = await self.hear()
        need(isinstance(message, kind), f"{kind.__name__} was to come, and {named(message)} did")
        return message

    async def silent(self, seconds: float = SILENCE) -> bool:
        """Whether no NAS message comes."""
        return await self.hear(seconds) is None

    # --- flows ----------------------------------------------------------------------------------
    def start(self, request: Any = None) -> None:
        """Send a plain registration request."""
        self.request = request or self.registration(identity=self.suci())
        self.security = None
        self.begin(nas.encode(self.request))

    def answer(self, challenge: nas.AuthenticationRequest) -> nas.AuthenticationResponse:
        """What USIM and ME answer to a challenge, with KAMF kept."""
        name = self.lab.profile.plmn.serving_network_name
        answer = aka.answer_challenge(self.sim.k, self.sim.opc, challenge.rand or b"", challenge.autn or b"", name)
        if answer is None:
            raise Blocked("the challenge is not of this subscriber's key: check K and OPc of the target")
        seaf = keys.kseaf(answer.kausf, name)
        self.kamf = keys.kamf(seaf, self.sim.supi.digits.encode(), challenge.abba)
        return nas.AuthenticationResponse(response_parameter=answer.res_star)

    async def authenticate(self) -> nas.AuthenticationRequest:
        """Answer the challenge rightly, a stale SQN and an identity request too."""
        message = await self.hear()
        if isinstance(message, nas.IdentityRequest):
            self.tell(nas.IdentityResponse(mobile_identity=self.suci()))
            message = await self.hear()
        if not isinstance(message, nas.AuthenticationRequest):
            raise Blocked(f"a challenge was to come, and {named(message)} did")
        self.tell(self.answer(message))
        return message

    async def secure(self) -> nas.SecurityModeCommand:
        """Take the security mode and complete it with the whole request (TS 24.501 5.4.2.3)."""
        command: nas.SecurityModeCommand = await self.expect(nas.SecurityModeCommand)
        self.complete()
        return command

    def complete(self) -> bytes:
        """SECURITY MODE COMPLETE; the octets sent."""
        request = nas.encode(self.request) if self.request is not None else None
        message = nas.SecurityModeComplete(nas_message_container=request, imeisv=IMEISV)
        return self.tell(message, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)

    async def accepted(self) -> nas.RegistrationAccept:
        """REGISTRATION ACCEPT, acknowledged."""
        self.accept = await self.expect(nas.RegistrationAccept)
        self.guti = self.accept.guti or self.guti
        self.tell(nas.RegistrationComplete())
        await self.settle()
        return self.accept

    async def settle(self) -> None:
        """Let a network say what it says after a registration."""
        await self.silent(0.5)

    async def register(self, request: Any = None) -> nas.RegistrationAccept:
        """A whole initial registration."""
        self.start(request)
        await self.authenticate()
        await self.secure()
        return await self.accepted()

    async def idle(self) -> None:
        """Have the connection released."""
        self.connection.release()
        need(await self.lab.until(lambda: self.connection.released, ANSWER), "the AMF does not release a connection")

    def service_request(self, service: int = 0) -> bytes:
        """SERVICE REQUEST, for signalling unless said, sent as an initial message; its octets (TS 24.501 8.2.16)."""
        if self.security is None or self.s_tmsi is None:
            raise Blocked("the terminal is not registered")
        clear = nas.ServiceRequest(
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=self.security.ngksi),
            service_type=service,
            s_tmsi=self.s_tmsi,
        )
        container = self.security.cipher_container(nas.encode(clear))
        whole = msgspec.structs.replace(clear, nas_message_container=container)
        octets = self.security.protect(nas.encode(whole), HeaderType.INTEGRITY)
        self.begin(octets, s_tmsi=self.s_tmsi)
        return octets

    # --- sessions -------------------------------------------------------------------------------
    def ask_session(self, number: int = 1, *, slice_: Any = None, payload: bytes = b"") -> bytes:
        """UL NAS TRANSPORT that asks for a PDU session; the octets sent."""
        profile = self.lab.profile
        return self.tell(
            nas.UlNasTransport(
                payload_container_type=1,
                payload_container=payload or ESTABLISHMENT[:1] + bytes([number]) + ESTABLISHMENT[2:],
                pdu_session_identity=number,
                request_type=1,
                dnn=profile.dnn,
                snssai=nas.SNssaiElement(slice_ or profile.slices[0]),
            )
        )

    async def session(self, number: int = 1) -> Resources:
        """A PDU session of IPv4 with its tunnel."""
        self.ask_session(number)
        message = await self.hear()
        need(isinstance(message, nas.DlNasTransport), f"no PDU session: {named(message)} came")
        inner = nas.decode(message.payload_container).message
        if not isinstance(inner, nas.PduSessionEstablishmentAccept):
            raise Blocked(f"no PDU session: {named(inner)} with cause {getattr(inner, 'cause', None)}")
        address = getattr(inner.pdu_address, "ipv4", None)
        self.address = ".".join(map(str, address)) if isinstance(address, bytes) else str(address or "")
        need(number in self.connection.resources, "the gNB was not told of the session")
        return self.connection.resources[number]

    def send_packet(self, packet: bytes, session: int = 1, *, teid: int | None = None) -> None:
        """An IP packet in its tunnel, as its gNB sends it (TS 38.415 5.5.2.2)."""
        resources = self.connection.resources[session]
        octets = g_pdu(resources.uplink.teid if teid is None else teid, packet, resources.qfi)
        self.gnb.open_n3().send(octets, (resources.uplink.address, GTPU_PORT))


def g_pdu(teid: int, payload: bytes, qfi: int) -> bytes:
    """A G-PDU with an uplink PDU session container (TS 29.281 5.2.2.7)."""
    head = bytes((0x34, 255)) + (len(payload) + 8).to_bytes(2, "big") + teid.to_bytes(4, "big")
    return head + bytes((0, 0, 0, 0x85, 1, 0x10, qfi, 0)) + payload


def named(message: object) -> str:
    """What a message is called in a reason."""
    return "nothing" if message is None else type(message).__name__
