"""Ethernet PDU sessions over N4 (TS 23.501 5.6.10.2, TS 29.244 7.5.2.2)."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    CTAG,
    CreateURR,
    EthernetPacketFilter,
    MACAddress,
    SDFFilter,
    SessionModificationRequest,
)
from freehold.codecs.pfcp.flags import PDNType, ReportingTrigger, UsageReportTrigger
from freehold.manage.capture import CaptureWriter
from freehold.net.userplane import is_station
from freehold.services.access import Tunnel
from freehold.spec.causes import PfcpCause
from interopkit import tshark
from upfkit import World, changed, downlink_pdr, establishment, uplink_pdr

HOST, PHONE = bytes((2, 0, 0, 0, 0, 0x99)), bytes((2, 0, 0, 0, 0, 1))
ARP = bytes.fromhex("0806") + bytes(28)


def frame(destination: bytes, source: bytes, rest: bytes = ARP) -> bytes:
    return destination + source + rest


class Lan(World):
    """A terminal with an Ethernet session, and what its gNB sends and gets."""

    def __init__(self, *, filters: dict[str, Any] | None = None, **fields: Any) -> None:
        super().__init__()
        self.lan = self.upf_plane.add_instance("lan", [], ethernet=True)
        no_address: dict[str, Any] = {"ue_ip_address": (), "network_instance": b"lan"}
        pdrs = uplink_pdr(**no_address, **(filters or {})), downlink_pdr(**no_address)
        urrs = fields.get("create_urr", ())
        linked = tuple(changed(pdr, {"urr_id": tuple(urr.urr_id for urr in urrs)}) for pdr in pdrs)
        far = pfcp.CreateFAR(1, 2, pfcp.ForwardingParameters(1, network_instance=b"lan"))
        self.bearer, self.tunnel = self.gnb.add_bearer(Tunnel("192.0.2.1", 1), 9)
        creation = pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=self.tunnel.teid, ipv4=bytes((192, 0, 2, 10)))
        down = pfcp.CreateFAR(2, 2, pfcp.ForwardingParameters(0, outer_header_creation=creation))
        request: dict[str, Any] = {"create_pdr": linked, "create_far": (far, down), "pdn_type": PDNType.ETHERNET}
        self.response = self.ask(establishment(**request | fields))
        if self.response.up_f_seid is None:
            return
        self.seid, self.teid = self.response.up_f_seid.seid, self.response.created_pdr[0].local_f_teid.teid
        self.gnb.update_bearer(self.bearer, Tunnel("192.0.2.1", self.teid), 9)
        self.plane.fabric.attach(0, 1, "10.0.0.1", 1400)
        self.plane.fabric.bind(0, 1, self.bearer)
        self.plane.fabric.raw(0, 1, True)
        self.sent.clear()

    def up(self, octets: bytes) -> None:
        self.plane.fabric.raw_send(0, 1, octets)
        self.poll()

    def down(self, octets: bytes) -> list[bytes]:
        self.upf_plane.inject(self.lan, octets)
        self.poll()
        return self.plane.fabric.raw_receive(0, 1)

    def forwarded(self) -> int:
        return self.upf_plane.counters()["uplink_forwarded"]


def test_when_an_ethernet_session_is_established_then_frames_flow_both_ways():
    lan = Lan()
    assert lan.response.cause == PfcpCause.REQUEST_ACCEPTED
    answer = frame(PHONE, HOST)
    assert lan.down(answer) == [], "nobody was heard yet"
    lan.up(frame(HOST, PHONE))
    assert lan.forwarded() == 1
    assert lan.down(answer) == [answer]
    everybody = frame(b"\xff" * 6, HOST)
    assert lan.down(everybody) == [everybody]
    assert lan.ask(pfcp.SessionDeletionRequest(), lan.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert lan.down(answer) == []


def test_when_a_rule_asks_for_mac_addresses_then_each_is_reported_once():
    # TS 29.244 8.2.103
    lan = Lan(create_urr=(CreateURR(1, 2, ReportingTrigger.MACAR),))
    lan.up(frame(HOST, PHONE))
    lan.up(frame(HOST, PHONE))
    (request,) = lan.requests_of(pfcp.SessionReportRequest)
    (report,) = request.message.usage_report
    assert report.usage_report_trigger == UsageReportTrigger.MACAR
    (detected,) = report.ethernet_traffic_information.mac_addresses_detected
    assert detected == bytes((1,)) + PHONE + bytes(2)


@pytest.mark.parametrize(
    ("fields", "good", "bad"),
    [
        ({"mac_address": (MACAddress(destination=HOST),)}, frame(HOST, PHONE), frame(PHONE, PHONE)),
        (
            {"mac_address": (MACAddress(destination=HOST[:5] + b"\x90", upper_destination=HOST[:5] + b"\x9f"),)},
            frame(HOST, PHONE),
            frame(HOST[:5] + b"\xa0", PHONE),
        ),
        ({"ethertype": 0x0806}, frame(HOST, PHONE), frame(HOST, PHONE, b"\x08\x07" + bytes(20))),
        (
            {"c_tag": CTAG(4, bytes((0x10, 5)))},
            frame(HOST, PHONE, bytes.fromhex("8100e105") + ARP),
            frame(HOST, PHONE, bytes.fromhex("81000005") + ARP),
        ),
        (
            {"c_tag": CTAG(1, bytes((0x07, 0)))},
            frame(HOST, PHONE, bytes.fromhex("8100e105") + ARP),
            frame(HOST, PHONE, bytes.fromhex("8100c105") + ARP),
        ),
        (
            {"ethertype": 0x0800, "sdf_filter": (SDFFilter(flow_description=b"permit out 17 from any 53 to any"),)},
            frame(HOST, PHONE, bytes.fromhex("08004500001c00000000401100000a2d00020a2d00010035003500080000")),
            frame(HOST, PHONE, bytes.fromhex("08004500001c00000000401100000a2d00020a2d00010035003600080000")),
        ),
    ],
)
def test_when_a_rule_has_an_ethernet_filter_then_only_such_frames_pass(fields, good, bad):
    lan = Lan(filters={"ethernet_packet_filter": (EthernetPacketFilter(**fields),)})
    assert lan.response.cause == PfcpCause.REQUEST_ACCEPTED
    lan.up(bad)
    assert lan.forwarded() == 0
    lan.up(good)
    assert lan.forwarded() == 1


def test_when_a_filter_is_for_both_directions_then_naming_it_turns_it_round():
    # TS 29.244 8.2.98, 8.2.99
    both = EthernetPacketFilter(7, 1, (MACAddress(destination=HOST),))
    lan = Lan(filters={"ethernet_packet_filter": (both,)})
    pdi = downlink_pdr(ue_ip_address=(), network_instance=b"lan", ethernet_packet_filter=(EthernetPacketFilter(7),)).pdi
    update = pfcp.UpdatePDR(pdr_id=2, pdi=pdi)
    assert lan.ask(SessionModificationRequest(update_pdr=(update,)), lan.seid).cause == PfcpCause.REQUEST_ACCEPTED
    lan.up(frame(HOST, PHONE))
    assert len(lan.down(frame(PHONE, HOST))) == 1
    assert lan.down(frame(PHONE, PHONE[:5] + b"\x55")) == []
    unknown = downlink_pdr(
        ue_ip_address=(), network_instance=b"lan", ethernet_packet_filter=(EthernetPacketFilter(8),)
    ).pdi
    refused = lan.ask(SessionModificationRequest(update_pdr=(pfcp.UpdatePDR(pdr_id=2, pdi=unknown),)), lan.seid)
    assert (refused.cause, refused.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 132)


def test_when_the_kind_of_session_and_of_network_differ_then_it_is_refused():
    assert (Lan(pdn_type=PDNType.IPV4).response.cause, Lan(pdn_type=PDNType.IPV4).response.offending_ie) == (69, 22)
    filters = (EthernetPacketFilter(ethertype=0x0806),)
    refused = World().ask(establishment(create_pdr=(uplink_pdr(ethernet_packet_filter=filters), downlink_pdr())))
    assert (refused.cause, refused.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 132)


def test_when_a_station_is_traced_then_the_capture_has_its_frames_and_can_be_read(tmp_path):
    # TS 32.423
    lan = Lan()
    lan.up(frame(HOST, PHONE))
    lan.upf_plane.trace([PHONE.hex(":")], 2000, 1000)
    lan.up(frame(HOST, PHONE))
    lan.down(frame(PHONE, HOST))
    lan.down(frame(b"\xff" * 6, HOST))
    records = lan.upf_plane.take_traced()
    assert [(record.interface, record.name) for record in records] == [
        ("N3", "G-PDU"),
        *[("N6", "frame"), ("N6", "frame"), ("N3", "G-PDU")],
        *[("N6", "frame"), ("N3", "G-PDU")],
    ]
    assert (records[1].source, records[1].target) == ("N6 02-00-00-00-00-01", "N6 02-00-00-00-00-99")
    capture = tmp_path / "lan.pcapng"
    with capture.open("wb") as file:
        writer = CaptureWriter(file)
        for record in records:
            writer.record(record)
    octets = capture.read_bytes()
    assert octets.count(frame(HOST, PHONE)) == 2, "in its tunnel, and as it left to N6"
    if shutil.which("tshark") is not None:
        assert tshark.count(capture, "arp.opcode") == {"0": 6}, "in tunnels and out of them"


@pytest.mark.parametrize(
    ("end", "station"), [("02:00:00:00:00:01", True), ("2001:db8:456:22::", False), ("10.45.0.2", False)]
)
def test_when_an_end_of_a_trace_is_read_then_a_station_is_known(end, station):
    assert is_station(end) is station
