"""A scripted network for one terminal: virtual time, one cell, an AMF's side of NAS security."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from freehold.codecs import nas
from freehold.codecs.nas import KeySetIdentifier, Message, SecurityProtected
from freehold.crypto import keys
from freehold.crypto.aka import generate_vector
from freehold.crypto.sqn import next_sqn
from freehold.crypto.suci import suci_public_key
from freehold.procedure import AlarmQueue, Driver, Tap
from freehold.procedure.alarms import QueuedAlarm
from freehold.services.access import PingResult, UplinkRule
from freehold.services.air import Bearer, RrcSetup, SystemInformation
from freehold.spec.events import Event
from freehold.spec.identities import Guami, Guti, Ncgi, Pei, PlmnId, SNssai, STmsi, Supi, Tai
from freehold.spec.timers import Timers
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.ue import Equipment, HomeNetworkKey, Subscription, Terminal, UeConfiguration

PLMN = PlmnId("001", "01")
TAI = Tai(PLMN, 7)
SLICE = SNssai(1)
K, OPC = bytes(range(16)), bytes(range(16, 32))
SUPI = Supi.imsi("001010000000001")
GUTI = Guti(Guami(PLMN, 1, 1, 1), 0x12345678)
HOME_PRIVATE_KEY = bytes(range(1, 33))
CAPABILITY = nas.UeSecurityCapability.of(nea=(0, 1, 2), nia=(0, 1, 2))
PEI = Pei("imeisv-4370816125816151")
AMF_FIELD = b"\x80\x00"
M = TypeVar("M", bound=Message)


class World:
    """Virtual time, and what the terminal counted and told."""

    def __init__(self) -> None:
        self.queue = AlarmQueue()
        self.time = 0.0
        self.drawn = 0
        self.counts: list[tuple[str, str]] = []
        self.events: list[Event] = []
        self.tap = Tap()

    def now(self) -> float:
        return self.time

    def utc(self) -> float:
        return self.time

    def random(self, octets: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(octets, "big")

    def call_at(self, when: float, callback: Callable[[], None]) -> QueuedAlarm:
        return self.queue.call_at(when, callback)

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        self.counts.append((name, label))

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def run(self, seconds: float) -> None:
        end = self.time + seconds
        while (due := self.queue.due()) is not None and due <= end:
            self.time = due
            self.queue.run(due)
        self.time = end


class Plane:
    """Keeps what the terminal tells the access engine."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.pending: dict[int, Callable[[], None]] = {}
        self.links: dict[int, Callable[[str | None], None]] = {}

    def attach(self, session: int, address: str, mtu: int) -> None:
        self.calls.append(("attach", session, address, mtu))

    def ethernet(self, session: int, mtu: int) -> None:
        self.calls.append(("ethernet", session, mtu))

    def classify(self, session: int, rules: list[UplinkRule]) -> None:
        self.calls.append(("classify", session, rules))

    def link(self, session: int, identifier: int, mtu: int, done: Callable[[str | None], None]) -> None:
        self.calls.append(("link", session, identifier, mtu))
        self.links[session] = done

    def bind(self, session: int, handle: int | None) -> None:
        self.calls.append(("bind", session, handle))

    def detach(self, session: int) -> None:
        self.calls.append(("detach", session))

    def ping(self, session: int, destination: str, size: int, done: Callable[[PingResult], None]) -> None:
        raise NotImplementedError

    def on_uplink_pending(self, session: int, callback: Callable[[], None]) -> None:
        self.pending[session] = callback

    def octets(self, session: int) -> tuple[int, int]:
        return (0, 0)


class Network:
    """Cell, connection and AMF in one; the test says what it does."""

    def __init__(self, *, capability: nas.UeSecurityCapability = CAPABILITY, concealed: bool = True) -> None:
        key = HomeNetworkKey(1, 1, suci_public_key(1, HOME_PRIVATE_KEY)) if concealed else None
        self.world = World()
        self.plane = Plane()
        self.system_information = SystemInformation(Ncgi(PLMN, 1), TAI, (PLMN,))
        self.refuses = False
        self.setups: list[RrcSetup] = []
        self.camped: list[STmsi | None] = []
        self.release_requests: list[str] = []
        self.uplink: deque[bytes] = deque()
        self.security: NasSecurity | None = None
        self.sqn = 32
        self.ue = Terminal(
            UeConfiguration(
                "ue-1", Subscription(SUPI, PLMN, K, OPC, key), Equipment(PEI, capability, b"radio"), (SLICE,)
            ),
            Driver("UE", self.world, Timers()),
            self,
            self.plane,
            number=3,
        )

    # --- the cell and the connection -----------------------------------------------------------
    def setup(self, terminal: Terminal, request: RrcSetup) -> Network | None:
        self.setups.append(request)
        if self.refuses:
            return None
        self.uplink.append(request.nas)
        return self

    def camp(self, terminal: Terminal, s_tmsi: STmsi | None) -> None:
        self.camped.append(s_tmsi)

    def uplink_nas(self, octets: bytes) -> None:
        self.uplink.append(octets)

    def release_request(self, cause: str) -> None:
        self.release_requests.append(cause)

    # --- N1 ----------------------------------------------------------------------------------------
    def take(self, kind: type[M]) -> M:
        """The next uplink message, which must be of this type; opened with the network's context."""
        message = self.opened(self.uplink.popleft())
        assert type(message) is kind, message
        return message

    def opened(self, octets: bytes) -> object:
        message = nas.decode(octets).message
        if not isinstance(message, SecurityProtected):
            return message
        if self.security is not None:
            verdict = self.security.unprotect(octets)
            if verdict.verified:
                return nas.decode(verdict.plain).message
        return nas.decode(message.content).message

    def send(self, message: Message, header: int | None = HeaderType.INTEGRITY_CIPHERED) -> bytes:
        """Send to the terminal, protected unless `header` is None; gives the octets to send again."""
        octets = nas.encode(message)
        if header is not None and self.security is not None:
            octets = self.security.protect(octets, header)
        self.ue.downlink_nas(octets)
        return octets

    def replay(self, octets: bytes) -> None:
        self.ue.downlink_nas(octets)

    # --- what a network does ---------------------------------------------------------------------
    def vector(self, *, amf: bytes = AMF_FIELD, sqn: int | None = None, k: bytes = K):
        if sqn is None:
            self.sqn = sqn = next_sqn(self.sqn)
        rand = sqn.to_bytes(16, "big")
        return generate_vector(k, OPC, rand, sqn, amf, PLMN.serving_network_name)

    def challenge(self, vector, *, ngksi: int = 0, abba: bytes = b"\0\0", header: int | None = None) -> bytes:
        request = nas.AuthenticationRequest(
            KeySetIdentifier(mapped=False, value=ngksi), abba, rand=vector.rand, autn=vector.autn
        )
        return self.send(request, header)

    def authenticate(self, *, ngksi: int = 0, header: int | None = None) -> bytes:
        """A challenge that is answered right; gives KAMF."""
        vector = self.vector()
        self.challenge(vector, ngksi=ngksi, header=header)
        assert self.take(nas.AuthenticationResponse).response_parameter == vector.xres_star
        kseaf = keys.kseaf(vector.kausf, PLMN.serving_network_name)
        return keys.kamf(kseaf, SUPI.digits.encode(), b"\0\0")

    def command(self, kamf: bytes, *, ngksi: int = 0, nea: int = 2, nia: int = 2, capability=None, **more) -> bytes:
        """SECURITY MODE COMMAND for a new context."""
        self.security = NasSecurity("amf", kamf, ngksi, nea=nea, nia=nia)
        command = nas.SecurityModeCommand(
            nas.SecurityAlgorithms(nea, nia),
            KeySetIdentifier(mapped=False, value=ngksi),
            capability or self.ue.configuration.equipment.security_capability,
            imeisv_request=1,
            **more,
        )
        return self.send(command, HeaderType.INTEGRITY_NEW_CONTEXT)

    def accept(self, **more) -> None:
        self.send(
            nas.RegistrationAccept(
                nas.RegistrationResult(),
                **{
                    "guti": GUTI,
                    "tai_list": nas.tai_list([TAI]),
                    "allowed_nssai": nas.nssai([SLICE]),
                    "t3512": nas.GprsTimer3.of(3600),
                    **more,
                },
            )
        )

    def registered(self):
        """Register the terminal; gives what its script was told."""
        done = self.ue.register()
        self.take(nas.RegistrationRequest)
        self.command(self.authenticate())
        self.take(nas.SecurityModeComplete)
        self.accept()
        self.take(nas.RegistrationComplete)
        return done.result()

    def release(self) -> None:
        self.ue.released()

    def idle(self) -> None:
        self.registered()
        self.release()

    # --- sessions -----------------------------------------------------------------------------------
    def take_session(self, kind: type[M]) -> tuple[nas.UlNasTransport, M]:
        transport = self.take(nas.UlNasTransport)
        message = nas.decode(transport.payload_container).message
        assert type(message) is kind, message
        return transport, message

    def send_session(self, message: nas.SmMessage, **more) -> None:
        self.send(nas.DlNasTransport(1, nas.encode(message), pdu_session_identity=message.pdu_session_identity, **more))

    def grant(self, request: nas.PduSessionEstablishmentRequest, **more) -> None:
        self.send_session(
            nas.PduSessionEstablishmentAccept(
                request.pdu_session_identity,
                request.pti,
                **{
                    "selected_pdu_session_type": 1,
                    "selected_ssc_mode": 1,
                    "authorized_qos_rules": [nas.default_rule(1)],
                    "session_ambr": nas.SessionAmbr.of(10**9, 10**8),
                    "pdu_address": nas.PduAddress(1, ipv4=bytes([10, 45, 0, 2])),
                    **more,
                },
            )
        )

    def bearer(self, identity: int, handle: int = 70) -> None:
        self.ue.bearers((Bearer(identity, handle, (1,)),), ())

    def session(self):
        """Open a session; gives what the script was told."""
        done = self.ue.pdu_session("internet")
        _, request = self.take_session(nas.PduSessionEstablishmentRequest)
        self.grant(request)
        self.bearer(request.pdu_session_identity)
        return done.result()
