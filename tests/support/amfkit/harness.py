"""An AMF on virtual time, gNBs and terminals that speak encoded NGAP and NAS to it."""

import msgspec

from freehold.codecs import nas, ngap
from freehold.core.amf import Amf, AmfConfiguration, AmfPeers, PlmnSupport, SecurityPolicy
from freehold.crypto import aka, keys
from freehold.procedure import procedure
from freehold.services.namf import N1N2MessageTransferReqData
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.identities import Guami, Pei, PlmnId, STmsi, Suci, Tai
from freehold.spec.timers import Timers
from freehold.stack.nas_security import HeaderType, NasSecurity

from .neighbours import SLICE, SLICE_SD, Home, Policy, Registry, Slices, Smf

PLMN = PlmnId("001", "01")
OTHER_PLMN = PlmnId("999", "70")
GUAMI = Guami(PLMN, 2, 1, 0)
TAC = 1
TAI = Tai(PLMN, TAC)
INTERNET = b"\x2e\x01\x01\xc1\xff\xff\x91"
CONFIGURATION = AmfConfiguration(
    name="amf1", guami=GUAMI, plmns=(PlmnSupport(PLMN, (SLICE, SLICE_SD)),), tacs=(1, 2, 3)
)


class Wire:
    """The AMF's end of an association: remembers what was sent."""

    def __init__(self, peer, streams=4):
        self.peer = peer
        self.outbound_streams = streams
        self.sent = []
        self.closed = False

    def send(self, octets, stream, ppid=60):
        if not self.closed:
            self.sent.append((octets, stream))

    def close(self):
        self.closed = True


@procedure(spec="TS 29.518 5.2.2.3.1")
async def transfer(amf, supi, data):
    return await amf.n1_n2_message_transfer(supi, data)


def from_smf(world, ue, **data):
    """The SMF sends N1 and N2 parts by itself."""
    driver = world.amf.function.driver
    part = N1N2MessageTransferReqData(1, SLICE, **data)
    return driver.converse("smf").perform(transfer(world.amf, ue.subscription.supi, part)).result()


class World:
    """One AMF with its scripted neighbours."""

    def __init__(self, configuration=CONFIGURATION, timers=None, **changes):
        self.environment = VirtualEnvironment(seed=7)
        self.home = Home(self.environment.random)
        self.pcf, self.nssf, self.smf = Policy(), Slices(), Smf()
        self.nrf = Registry(self.smf)
        self.configuration = msgspec.structs.replace(configuration, **changes)
        peers = AmfPeers(ausf=self.home, udm=self.home, pcf=self.pcf, nssf=self.nssf, nrf=self.nrf)
        self.amf = Amf(self.configuration, peers, self.environment, Timers(timers))
        self.smf.amf = self.amf
        self.gnbs = 0

    def gnb(self, **options):
        """A gNB whose NG Setup succeeded."""
        self.gnbs += 1
        gnb = Gnb(self, options.pop("number", self.gnbs), options.pop("streams", 4))
        gnb.setup(**options)
        return gnb

    def bare_gnb(self, number=77, streams=4):
        """A gNB before its NG Setup."""
        return Gnb(self, number, streams)

    def terminal(self, gnb, number=1, **options):
        """A terminal whose SIM is subscribed."""
        digits = f"00101{number:010}"
        subscription = self.home.add(digits, **options)
        return Terminal(gnb, subscription)

    def events(self, name):
        return self.environment.emitted(name)

    def event(self, name):
        """The one event of a name."""
        (event,) = self.environment.emitted(name)
        return event

    def faults(self):
        return self.environment.counted("protocol.fault")

    def run_for(self, seconds):
        self.environment.run_for(seconds)

    def baseline(self):
        """What must be nothing once everything ended."""
        return self.amf.counts()


class Gnb:
    """One gNB at the other end of an association."""

    def __init__(self, world, number, streams=4):
        self.world = world
        self.number = number
        self.wire = Wire(f"10.0.0.{number}:38412", streams)
        self.link = world.amf.accept(self.wire)
        self.read = 0
        self.next_id = number * 1000

    # --- octets ---------------------------------------------------------------------------
    def send(self, message, stream=0):
        self.link.received(ngap.encode(message), stream, 60)

    def send_octets(self, octets, stream=0, ppid=60):
        self.link.received(octets, stream, ppid)

    def all(self):
        """Every message not read yet, decoded."""
        new = self.wire.sent[self.read :]
        self.read = len(self.wire.sent)
        messages = []
        for octets, _ in new:
            decoded = ngap.decode(octets)
            assert not decoded.faults, decoded.faults
            messages.append(decoded.message)
        return messages

    def next(self, kind):
        """The next message, which must be of a kind."""
        assert self.read < len(self.wire.sent), f"no {kind.__name__} came: {self.world.environment.events[-3:]}"
        decoded = ngap.decode(self.wire.sent[self.read][0])
        assert not decoded.faults, decoded.faults
        self.read += 1
        assert type(decoded.message) is kind, decoded.message
        return decoded.message

    def next_any(self):
        """The next message, whatever it is."""
        assert self.read < len(self.wire.sent), "nothing came"
        self.read += 1
        return ngap.decode(self.wire.sent[self.read - 1][0]).message

    def nothing(self):
        """Nothing came."""
        assert self.wire.sent[self.read :] == [], [type(message).__name__ for message in self.all()]

    # --- the node ---------------------------------------------------------------------------
    def setup_request(self, *, plmn=PLMN, tacs=(1, 2, 3), slices=(SLICE, SLICE_SD), name=None, bits=22):
        return ngap.NGSetupRequest(
            global_ran_node_id=(
                "globalGNB-ID",
                ngap.GlobalGNBID(plmn_identity=plmn.octets, gnb_id=("gNB-ID", (self.number, bits))),
            ),
            ran_node_name=name or f"gnb{self.number}",
            supported_ta_list=supported(plmn, tacs, slices),
            default_paging_drx="v128",
        )

    def setup(self, **options):
        self.send(self.setup_request(**options))
        return self.next(ngap.NGSetupResponse)

    def location(self, tac=TAC, plmn=PLMN):
        return location(tac, plmn, self.number)

    def initial(self, nas_pdu, *, s_tmsi=None, context=True, tac=TAC, cause="mo-Signalling", ran_id=None):
        """INITIAL UE MESSAGE; the RAN UE NGAP ID."""
        self.next_id += 1
        identity = self.next_id if ran_id is None else ran_id
        self.send(
            ngap.InitialUEMessage(
                ran_ue_ngap_id=identity,
                nas_pdu=nas_pdu,
                user_location_information=self.location(tac),
                rrc_establishment_cause=cause,
                five_g_s_tmsi=None
                if s_tmsi is None
                else ngap.FiveGSTMSI(
                    amf_set_id=(s_tmsi.set_id, 10),
                    amf_pointer=(s_tmsi.pointer, 6),
                    five_g_tmsi=s_tmsi.tmsi.to_bytes(4, "big"),
                ),
                ue_context_request="requested" if context else None,
            ),
            1,
        )
        return identity

    def lose(self):
        self.link.lost("test")


def supported(plmn, tacs, slices):
    return [
        ngap.SupportedTAItem(
            tac=tac.to_bytes(3, "big"),
            broadcast_plmn_list=[
                ngap.BroadcastPLMNItem(
                    plmn_identity=plmn.octets,
                    tai_slice_support_list=[
                        ngap.SliceSupportItem(
                            s_nssai=ngap.SNSSAI(
                                sst=bytes([each.sst]), sd=None if each.sd is None else each.sd.to_bytes(3, "big")
                            )
                        )
                        for each in slices
                    ],
                )
            ],
        )
        for tac in tacs
    ]


def location(tac, plmn, number=1):
    return (
        "userLocationInformationNR",
        ngap.UserLocationInformationNR(
            nr_cgi=ngap.NRCGI(plmn_identity=plmn.octets, nr_cell_identity=(number << 14, 36)),
            tai=ngap.TAI(plmn_identity=plmn.octets, tac=tac.to_bytes(3, "big")),
        ),
    )


class Terminal:
    """USIM and 5GMM of one terminal, step by step."""

    def __init__(self, gnb, subscription):
        self.gnb = gnb
        self.subscription = subscription
        self.capability = nas.UeSecurityCapability.of()
        self.security = None
        self.guti = None
        self.ran_id = self.amf_id = None
        self.kamf = None
        self.accept = None
        self.context = None
        self.request = None
        self.tac = TAC

    # --- NGAP -----------------------------------------------------------------------------
    def begin(self, octets, **options):
        """Send the first NAS message of a connection."""
        self.amf_id = None
        self.tac = options.get("tac", TAC)
        self.ran_id = self.gnb.initial(octets, **options)

    def uplink(self, octets):
        """Send NAS octets on the connection."""
        self.gnb.send(
            ngap.UplinkNASTransport(
                amf_ue_ngap_id=self.amf_id,
                ran_ue_ngap_id=self.ran_id,
                nas_pdu=octets,
                user_location_information=self.gnb.location(self.tac),
            ),
            1,
        )

    def downlink(self, kind=ngap.DownlinkNASTransport):
        """The next message of this terminal's connection."""
        message = self.gnb.next(kind)
        assert message.ran_ue_ngap_id == self.ran_id
        self.amf_id = message.amf_ue_ngap_id
        return message

    def ids(self):
        return {"amf_ue_ngap_id": self.amf_id, "ran_ue_ngap_id": self.ran_id}

    # --- NAS ------------------------------------------------------------------------------
    def read(self, octets):
        """The message in downlink NAS octets; protected ones must verify."""
        if octets[1] & 0x0F:
            verdict = self.security.unprotect(octets)
            assert verdict.verified, octets.hex()
            octets = verdict.plain
        decoded = nas.decode(octets)
        assert not decoded.faults, decoded.faults
        return decoded.message

    def expect(self, kind):
        """The next downlink NAS message, which must be of a kind."""
        message = self.read(self.downlink().nas_pdu)
        assert type(message) is kind, message
        return message

    def tell(self, message):
        """Send one NAS message, protected as soon as there are keys."""
        self.uplink(self.protected(message))

    def protected(self, message, header=HeaderType.INTEGRITY_CIPHERED):
        octets = nas.encode(message)
        return octets if self.security is None else self.security.protect(octets, header)

    @property
    def suci(self):
        digits = self.subscription.supi.digits[5:]
        output = bytes.fromhex("".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2)))
        return Suci(PLMN, "0000", 0, 0, output)

    def registration_request(self, kind=1, *, identity=None, follow_on=True, ksi=7, **elements):
        return nas.RegistrationRequest(
            registration_type=nas.RegistrationType(follow_on_request=follow_on, value=kind),
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=ksi),
            mobile_identity=identity or self.guti or self.suci,
            ue_security_capability=elements.pop("ue_security_capability", self.capability),
            **elements,
        )

    # --- flows ------------------------------------------------------------------------------
    def start(self, request=None, **options):
        """Send a plain registration request with its cleartext IEs."""
        self.request = request or self.registration_request(identity=self.suci)
        clear = msgspec.structs.replace(self.request, requested_nssai=None, pdu_session_status=None)
        self.security = None
        self.begin(nas.encode(clear), **options)

    def challenge(self):
        return self.expect(nas.AuthenticationRequest)

    def response(self, challenge):
        subscription = self.subscription
        answer = aka.answer_challenge(
            subscription.k, subscription.opc, challenge.rand, challenge.autn, PLMN.serving_network_name
        )
        assert answer is not None
        k_seaf = keys.kseaf(answer.kausf, PLMN.serving_network_name)
        self.kamf = keys.kamf(k_seaf, subscription.supi.digits.encode(), challenge.abba)
        return nas.AuthenticationResponse(response_parameter=answer.res_star)

    def authenticate(self):
        """Answer the challenge rightly."""
        challenge = self.challenge()
        self.tell(self.response(challenge))
        return challenge

    def command(self):
        """SECURITY MODE COMMAND; its keys are taken into use."""
        octets = self.downlink().nas_pdu
        assert octets[1] == HeaderType.INTEGRITY_NEW_CONTEXT
        command = nas.decode(octets[7:]).message
        assert type(command) is nas.SecurityModeCommand
        algorithms = command.security_algorithms
        self.security = NasSecurity(
            "ue", self.kamf, command.ng_ksi.value, nea=algorithms.ciphering, nia=algorithms.integrity
        )
        assert self.security.unprotect(octets).verified
        return command

    def command_again(self):
        """SECURITY MODE COMMAND once more after T3560, under the same keys and the next COUNT."""
        octets = self.downlink().nas_pdu
        assert octets[1] == HeaderType.INTEGRITY_NEW_CONTEXT
        verdict = self.security.unprotect(octets)
        assert verdict.verified
        assert type(nas.decode(verdict.plain).message) is nas.SecurityModeCommand

    def complete(self, **elements):
        """SECURITY MODE COMPLETE with the whole request in its container."""
        elements.setdefault("nas_message_container", nas.encode(self.request))
        elements.setdefault("imeisv", Pei("imeisv-3520990017614823"))
        message = nas.SecurityModeComplete(**elements)
        self.uplink(self.protected(message, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT))

    def renew_keys(self):
        """A mobility update that the AMF authenticates, while the gNB has keys of the ones before."""
        context, self.request = self.context, self.registration_request(kind=2, ksi=0)
        self.tell(self.request)
        self.authenticate()
        self.command()
        self.complete()
        self.accepted(context=False)
        self.context = context
        self.tell(nas.RegistrationComplete())

    def accepted(self, *, context=True):
        """REGISTRATION ACCEPT, in a context setup or alone."""
        if context:
            self.context = self.downlink(ngap.InitialContextSetupRequest)
            message = self.read(self.context.nas_pdu)
        else:
            self.context = None
            message = self.read(self.downlink().nas_pdu)
        assert type(message) is nas.RegistrationAccept, message
        self.accept = message
        self.guti = message.guti
        return message

    def set_up(self, **lists):
        self.gnb.send(ngap.InitialContextSetupResponse(**self.ids(), **lists), 1)

    def register(self, request=None, *, context=True, **options):
        """A whole initial registration."""
        self.start(request, context=context, **options)
        self.authenticate()
        self.command()
        self.complete()
        accept = self.accepted(context=context)
        if context:
            self.set_up()
        self.tell(nas.RegistrationComplete())
        return accept

    def establish(self, session=1, dnn="internet", *, request_type=1, **elements):
        """Ask for a PDU session and let the gNB set it up."""
        self.ask_session(session, dnn, request_type=request_type, **elements)
        message = self.gnb.next(ngap.PDUSessionResourceSetupRequest)
        self.resources(session)
        return message

    def ask_session(self, session=1, dnn="internet", *, request_type=1, payload=INTERNET, **elements):
        self.tell(
            nas.UlNasTransport(
                payload_container_type=1,
                payload_container=payload,
                pdu_session_identity=session,
                request_type=request_type,
                dnn=dnn,
                **elements,
            )
        )

    def resources(self, session=1):
        self.gnb.send(
            ngap.PDUSessionResourceSetupResponse(
                **self.ids(),
                pdu_session_resource_setup_list_su_res=[
                    ngap.PDUSessionResourceSetupItemSURes(
                        pdu_session_id=session, pdu_session_resource_setup_response_transfer=RESPONSE
                    )
                ],
            ),
            1,
        )

    def go_idle(self):
        """The gNB releases the connection for inactivity."""
        self.gnb.send(ngap.UEContextReleaseRequest(**self.ids(), cause=("radioNetwork", "user-inactivity")), 1)
        command = self.gnb.next(ngap.UEContextReleaseCommand)
        self.released()
        return command

    def released(self):
        self.gnb.send(ngap.UEContextReleaseComplete(**self.ids()), 1)

    def protected_initial(self, message, whole=None):
        """An initial message under the keys: cleartext IEs, and the whole in a ciphered container."""
        if whole is not None:
            container = self.security.cipher_container(nas.encode(whole))
            message = msgspec.structs.replace(message, nas_message_container=container)
        return self.security.protect(nas.encode(message), HeaderType.INTEGRITY)

    @property
    def s_tmsi(self):
        return STmsi(GUAMI.set_id, GUAMI.pointer, self.guti.tmsi)

    def _service(self, kind):
        ksi = nas.KeySetIdentifier(mapped=False, value=self.security.ngksi)
        return nas.ServiceRequest(ng_ksi=ksi, service_type=kind, s_tmsi=self.s_tmsi)

    def ask_service(self, kind=1, *, uplink=None):
        """SERVICE REQUEST on the connection that is there."""
        self.tell(msgspec.structs.replace(self._service(kind), uplink_data_status=uplink))

    def service_request(self, kind=1, *, uplink=None, status=None):
        clear = self._service(kind)
        whole = msgspec.structs.replace(clear, uplink_data_status=uplink, pdu_session_status=status)
        self.begin(self.protected_initial(clear, whole), s_tmsi=self.s_tmsi, cause="mo-Data")


RESPONSE = ngap.encode_value(
    ngap.PDUSessionResourceSetupResponseTransfer(
        dl_qos_flow_per_tnl_information=ngap.QosFlowPerTNLInformation(
            up_transport_layer_information=(
                "gTPTunnel",
                ngap.GTPTunnel(transport_layer_address=(0x0A000001, 32), gtp_teid=bytes(4)),
            ),
            associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=1)],
        )
    )
)
NULL_ALLOWED = SecurityPolicy(integrity=(2, 0), ciphering=(0,))
