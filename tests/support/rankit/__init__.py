"""A gNB between a scripted AMF, scripted terminals and a bearer plane that only remembers."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.ran.cu_cp.gnb import Gnb
from freehold.services.access import Tunnel
from freehold.services.air import RrcSetup
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.identities import GnbId, Guami, PlmnId, SNssai, STmsi
from freehold.spec.timers import Timers
from freehold.stack.ngap_values import guami, slice_, tai, tunnel

PLMN = PlmnId("999", "70")
GUAMI = Guami(PLMN, 2, 1, 0)
SLICE = SNssai(1)
AREA = TrackingArea(1, (SLICE,))
CONFIGURATION = GnbConfiguration(GnbId(PLMN, 0x1234, 22), (AREA,), name="gnb-test")
TMSI = STmsi(1, 0, 0xC0FFEE)
K_GNB = bytes(range(32))
UPF = Tunnel("192.0.2.20", 0x1000)
NAS = b"\x7e\x00\x41nas"


class Wire:
    """The gNB's end of an association; what it sends is decoded and kept with its stream."""

    def __init__(self, amf, streams):
        self.amf = amf
        self.peer = "scripted"
        self.outbound_streams = streams
        self.open = True

    def send(self, octets, stream, ppid=60):
        decoded = ngap.decode(octets)
        assert not decoded.faults, decoded.faults
        self.amf.sent.append((decoded.message, stream, ppid))

    def close(self):
        self.open = False


class ScriptedAmf:
    """The far end: what the gNB sent, and a way to say things."""

    def __init__(
        self,
        environment,
        streams=5,
        guamis=(GUAMI,),
        name="amf-test",
        plmns=(PLMN,),
        capacity=255,
        *,
        reachable=True,
        answers_setup=True,
    ):
        self.environment = environment
        self.streams = streams
        self.guamis, self.name, self.plmns, self.capacity = guamis, name, plmns, capacity
        self.sent = []
        self.wire = self.user = None
        self.attempts = []
        self.reachable, self.answers_setup = reachable, answers_setup

    def connect(self, acceptor, refused):
        self.attempts.append(self.environment.now())
        if not self.reachable:
            refused("connection refused")
            return
        self.wire = Wire(self, self.streams)
        self.user = acceptor(self.wire)
        if self.answers_setup:
            self.expect(ngap.NGSetupRequest)
            self.say(self.setup_response())

    def setup_response(self):
        return ngap.NGSetupResponse(
            amf_name=self.name,
            served_guami_list=[ngap.ServedGUAMIItem(guami=guami(value)) for value in self.guamis],
            relative_amf_capacity=self.capacity,
            plmn_support_list=[
                ngap.PLMNSupportItem(
                    plmn_identity=plmn.octets, slice_support_list=[ngap.SliceSupportItem(s_nssai=slice_(SLICE))]
                )
                for plmn in self.plmns
            ],
        )

    def say(self, message, stream=1):
        self.user.received(ngap.encode(message), stream, 60)

    def shout(self, octets, stream=1, ppid=60):
        self.user.received(octets, stream, ppid)

    def lose(self, reason="connection reset"):
        self.user.lost(reason)

    def expect(self, kind):
        """The next message sent, which must be of a kind."""
        assert self.sent, f"nothing was sent; {kind.__name__} expected"
        message, self.stream, self.ppid = self.sent.pop(0)
        assert type(message) is kind, f"{message!r} instead of {kind.__name__}"
        return message

    def silent(self):
        assert not self.sent, self.sent


class ScriptedTerminal:
    """Accepts everything unless told otherwise, and remembers."""

    def __init__(self, capability=b"\x01" * 40):
        self.nas, self.keys, self.added, self.removed, self.reconfigurations = [], [], [], [], []
        self.releases = self.pages = 0
        self.accepts = True
        self.capability = capability
        self.connection = None

    def downlink_nas(self, octets):
        self.nas.append(octets)

    def security(self, k_gnb, ciphering, integrity):
        self.keys.append((k_gnb, ciphering, integrity))
        return self.accepts

    def radio_capability(self):
        return self.capability

    def bearers(self, added, released):
        self.added.extend(added)
        self.removed.extend(released)

    def reconfiguration(self, octets):
        self.reconfigurations.append(octets)

    def released(self):
        self.releases += 1
        self.connection = None

    def paged(self):
        self.pages += 1


class Plane:
    """Bearers as numbers."""

    address = "192.0.2.10"

    def __init__(self):
        self.bearers, self.active, self.count = {}, set(), 0
        self.forwarded, self.counted, self.awaited, self.ended = {}, {}, [], []

    def add_bearer(self, uplink, qfi):
        self.count += 1
        self.bearers[self.count] = (uplink, qfi)
        return self.count, Tunnel(self.address, 0x9000 + self.count)

    def update_bearer(self, handle, uplink, qfi):
        assert handle in self.bearers
        self.bearers[handle] = (uplink, qfi)

    def remove_bearer(self, handle):
        del self.bearers[handle]

    def take_activity(self, handle):
        found = handle in self.active
        self.active.discard(handle)
        return found

    def on_tunnel_lost(self, callback):
        self.tunnel_lost = callback

    def on_end_marker(self, callback):
        self.end_marker = callback

    def forward(self, handle, target):
        assert handle in self.bearers
        self.forwarded[handle] = target

    def await_forwarding(self, handle):
        assert handle in self.bearers
        self.awaited.append(handle)
        return Tunnel(self.address, 0xA000 + handle)

    def end_forwarding(self, handle):
        assert handle in self.bearers
        self.ended.append(handle)

    def counts(self, handle):
        return self.counted.get(handle, (0, 0))

    def set_counts(self, handle, uplink, downlink):
        assert handle in self.bearers
        self.counted[handle] = (uplink, downlink)


class Scene:
    """Everything joined, NG set up."""

    def __init__(self, configuration=CONFIGURATION, timers=None, **of_amf):
        self.environment = VirtualEnvironment()
        self.plane = Plane()
        self.gnb = Gnb(configuration, self.environment, self.plane, Timers(timers or {}))
        self.amf = ScriptedAmf(self.environment, **of_amf)
        self.link = self.gnb.add_amf("amf.example", self.amf.connect)

    def terminal(self, cause="mo-Signalling", s_tmsi=None, registered_amf=None, plmn=PLMN, **of_terminal):
        """A terminal with a connection; its INITIAL UE MESSAGE is still to be expected."""
        terminal = ScriptedTerminal(**of_terminal)
        terminal.connection = self.gnb.setup(terminal, RrcSetup(cause, NAS, plmn, s_tmsi, registered_amf))
        return terminal

    def connected(self, amf_id=77, **of_terminal):
        """A terminal that the AMF has answered once, and its RAN UE NGAP ID."""
        terminal = self.terminal(**of_terminal)
        ran_id = self.amf.expect(ngap.InitialUEMessage).ran_ue_ngap_id
        self.amf.say(downlink(amf_id, ran_id))
        terminal.nas.clear()
        return terminal, ran_id

    def established(self, amf_id=77, sessions=(), **of_terminal):
        """A terminal with a UE context and sessions."""
        terminal, ran_id = self.connected(amf_id, **of_terminal)
        self.amf.say(context_setup(amf_id, ran_id, sessions=sessions))
        if terminal.capability:
            self.amf.expect(ngap.UERadioCapabilityInfoIndication)
        self.amf.expect(ngap.InitialContextSetupResponse)
        terminal.nas.clear()
        return terminal, ran_id

    def faults(self):
        return self.environment.counts["protocol.fault", "NGAP"], len(self.environment.emitted("ngap-fault"))


def downlink(amf_id, ran_id, nas=b"down"):
    return ngap.DownlinkNASTransport(amf_ue_ngap_id=amf_id, ran_ue_ngap_id=ran_id, nas_pdu=nas)


def flow(qfi=1, gbr=None, five_qi=9):
    return ngap.QosFlowSetupRequestItem(
        qos_flow_identifier=qfi,
        qos_flow_level_qos_parameters=ngap.QosFlowLevelQosParameters(
            qos_characteristics=("nonDynamic5QI", ngap.NonDynamic5QIDescriptor(five_qi=five_qi)),
            allocation_and_retention_priority=ngap.AllocationAndRetentionPriority(
                priority_level_arp=8,
                pre_emption_capability="shall-not-trigger-pre-emption",
                pre_emption_vulnerability="not-pre-emptable",
            ),
            gbr_qos_information=gbr,
        ),
    )


def setup_transfer(flows=None, peer=UPF, ambr=True, kind="ipv4", security=None):
    return ngap.PDUSessionResourceSetupRequestTransfer(
        pdu_session_aggregate_maximum_bit_rate=ngap.PDUSessionAggregateMaximumBitRate(
            pdu_session_aggregate_maximum_bit_rate_dl=10**9, pdu_session_aggregate_maximum_bit_rate_ul=10**9
        )
        if ambr
        else None,
        ul_ngu_up_tnl_information=tunnel(peer),
        pdu_session_type=kind,
        security_indication=security,
        qos_flow_setup_request_list=[flow()] if flows is None else list(flows),
    )


def context_setup(amf_id, ran_id, *, nea=0xE000, nia=0xE000, sessions=(), nas=None, capability=None, value=SLICE):
    items = [
        ngap.PDUSessionResourceSetupItemCxtReq(
            pdu_session_id=number,
            nas_pdu=b"session %d" % number,
            s_nssai=slice_(value),
            pdu_session_resource_setup_request_transfer=setup_transfer(),
        )
        for number in sessions
    ]
    return ngap.InitialContextSetupRequest(
        amf_ue_ngap_id=amf_id,
        ran_ue_ngap_id=ran_id,
        ue_aggregate_maximum_bit_rate=ngap.UEAggregateMaximumBitRate(
            ue_aggregate_maximum_bit_rate_dl=10**9, ue_aggregate_maximum_bit_rate_ul=10**9
        ),
        guami=guami(GUAMI),
        pdu_session_resource_setup_list_cxt_req=items or None,
        allowed_nssai=[ngap.AllowedNSSAIItem(s_nssai=slice_(SLICE))],
        ue_security_capabilities=ngap.UESecurityCapabilities(
            nr_encryption_algorithms=(nea, 16),
            nr_integrity_protection_algorithms=(nia, 16),
            eutra_encryption_algorithms=(0, 16),
            eutra_integrity_protection_algorithms=(0, 16),
        ),
        security_key=(int.from_bytes(K_GNB, "big"), 256),
        nas_pdu=nas,
        ue_radio_capability=capability,
    )


def session_setup(amf_id, ran_id, *items, nas=None):
    """Items are (PDU session id, transfer)."""
    return ngap.PDUSessionResourceSetupRequest(
        amf_ue_ngap_id=amf_id,
        ran_ue_ngap_id=ran_id,
        nas_pdu=nas,
        pdu_session_resource_setup_list_su_req=[
            ngap.PDUSessionResourceSetupItemSUReq(
                pdu_session_id=number,
                pdu_session_nas_pdu=b"accept %d" % number,
                s_nssai=slice_(SLICE),
                pdu_session_resource_setup_request_transfer=transfer,
            )
            for number, transfer in items
        ],
    )


def release_command(amf_id, ran_id=None, cause=("nas", "normal-release")):
    pair = ("aMF-UE-NGAP-ID", amf_id)
    if ran_id is not None:
        pair = ("uE-NGAP-ID-pair", ngap.UENGAPIDPair(amf_ue_ngap_id=amf_id, ran_ue_ngap_id=ran_id))
    return ngap.UEContextReleaseCommand(ue_ngap_ids=pair, cause=cause)


def paging(temporary=TMSI, area=None):
    from freehold.stack.ngap_values import s_tmsi

    return ngap.Paging(
        ue_paging_identity=("fiveG-S-TMSI", s_tmsi(temporary)),
        tai_list_for_paging=[ngap.TAIListForPagingItem(tai=tai(area or CONFIGURATION.tai))],
    )
