"""Every IE of several fields, octet by octet as its figure of TS 29.244 8.2 draws it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from freehold._native import pfcp as native
from freehold.codecs import pfcp
from freehold.codecs.pfcp import elements as e
from freehold.codecs.pfcp.table import Compiler, Message, O

V4, V6 = bytes((10, 0, 0, 1)), bytes(range(16))
SIX = V6.hex()

LAYOUTS: list[tuple[Any, str]] = [
    (pfcp.FTEID(teid=5, ipv4=V4), "01 00000005 0a000001"),
    (pfcp.FTEID(teid=5, ipv6=V6), f"02 00000005 {SIX}"),
    (pfcp.FTEID(teid=5, ipv4=V4, ipv6=V6), f"03 00000005 0a000001 {SIX}"),
    (pfcp.FTEID(choose_ipv4=True), "05"),
    (pfcp.FTEID(choose_ipv6=True, choose_id=9), "0e 09"),
    (pfcp.FTEID(choose_ipv4=True, choose_ipv6=True), "07"),
    (pfcp.SDFFilter(flow_description=b"permit"), "01 00 0006 7065726d6974"),
    (pfcp.SDFFilter(tos_traffic_class=0xB8FC, security_parameter_index=1), "06 00 b8fc 00000001"),
    (pfcp.SDFFilter(flow_label=0xABCDE, sdf_filter_id=7), "18 00 0abcde 00000007"),
    (pfcp.GateStatus(ul_gate=1, dl_gate=0), "04"),
    (pfcp.GateStatus(ul_gate=0, dl_gate=1), "01"),
    (pfcp.MBR(1, 2**40 - 1), "0000000001 ffffffffff"),
    (pfcp.GBR(256, 2), "0000000100 0000000002"),
    (pfcp.VolumeThreshold(total_volume=1), "01 0000000000000001"),
    (pfcp.VolumeThreshold(uplink_volume=1, downlink_volume=2), "06 0000000000000001 0000000000000002"),
    (pfcp.SubsequentVolumeThreshold(downlink_volume=2), "04 0000000000000002"),
    (pfcp.RedirectInformation(2, b"url"), "02 0003 75726c"),
    (pfcp.RedirectInformation(4, b"a", b"b"), "04 0001 61 0001 62"),
    (pfcp.DownlinkDataServiceInformation(paging_policy_indication=3), "01 03"),
    (pfcp.DownlinkDataServiceInformation(qfi=9), "02 09"),
    (pfcp.DLBufferingDuration(unit=1, value=5), "25"),
    (pfcp.Timer(unit=7, value=31), "ff"),
    (pfcp.FSEID(1, ipv4=V4), "02 0000000000000001 0a000001"),
    (pfcp.FSEID(1, ipv6=V6), f"01 0000000000000001 {SIX}"),
    (pfcp.NodeID(ipv4=V4), "00 0a000001"),
    (pfcp.NodeID(ipv6=V6), f"01 {SIX}"),
    (pfcp.NodeID(fqdn="upf.example"), "02 03757066 076578616d706c65"),
    (pfcp.VolumeMeasurement(total_volume=1, uplink_packets=2), "11 0000000000000001 0000000000000002"),
    (pfcp.VolumeMeasurement(), "00"),
    (pfcp.DroppedDLTrafficThreshold(downlink_packets=1), "01 0000000000000001"),
    (pfcp.VolumeQuota(downlink_volume=3), "04 0000000000000003"),
    (pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=5, ipv4=V4), "01 00 00000005 0a000001"),
    (pfcp.OuterHeaderCreation(gtpu_ipv6=True, teid=5, ipv6=V6), f"02 00 00000005 {SIX}"),
    (
        pfcp.OuterHeaderCreation(gtpu_ipv4=True, gtpu_ipv6=True, teid=5, ipv4=V4, ipv6=V6),
        f"03 00 00000005 0a000001 {SIX}",
    ),
    (pfcp.OuterHeaderCreation(udp_ipv4=True, ipv4=V4, port=53), "04 00 0a000001 0035"),
    (pfcp.OuterHeaderCreation(raw_ipv4=True, n6_indication=True, ipv4=V4), "10 02 0a000001"),
    (pfcp.OuterHeaderCreation(c_tag_flag=True, c_tag=b"abc"), "40 00 616263"),
    (pfcp.UEIPAddress(ipv4=V4), "02 0a000001"),
    (pfcp.UEIPAddress(ipv4=V4, destination=True), "06 0a000001"),
    (pfcp.UEIPAddress(ipv6=V6, ipv6_prefix_delegation_bits=8), f"09 {SIX} 08"),
    (pfcp.UEIPAddress(ipv6=V6, ipv6_prefix_length=56), f"41 {SIX} 38"),
    (pfcp.UEIPAddress(choose_ipv4=True), "10"),
    (pfcp.UEIPAddress(choose_ipv6=True, destination=True), "24"),
    (pfcp.PacketRate(uplink_time_unit=1, max_uplink=2), "01 01 0002"),
    (pfcp.OuterHeaderRemoval(6), "06"),
    (pfcp.OuterHeaderRemoval(0, 1), "00 01"),
    (pfcp.DLFlowLevelMarking(tos_traffic_class=0xB8FC), "01 b8fc"),
    (pfcp.HeaderEnrichment(0, b"x", b"yz"), "00 01 78 02 797a"),
    (pfcp.FlowInformation(1, b"any"), "01 0003 616e79"),
    (pfcp.RemoteGTPUPeer(ipv4=V4), "02 0a000001"),
    (pfcp.RemoteGTPUPeer(ipv6=V6, network_instance=b"n"), f"09 {SIX} 0001 6e"),
    (pfcp.GracefulReleasePeriod(unit=0, value=3), "03"),
    (pfcp.FailedRuleID(pdr_id=7), "00 0007"),
    (pfcp.FailedRuleID(far_id=7), "01 00000007"),
    (pfcp.FailedRuleID(qer_id=7), "02 00000007"),
    (pfcp.FailedRuleID(urr_id=7), "03 00000007"),
    (pfcp.FailedRuleID(bar_id=7), "04 07"),
    (pfcp.TimeQuotaMechanism(1, 60), "01 0000003c"),
    (pfcp.Multiplier(3, 1), "0000000000000003 00000001"),
    (pfcp.SubsequentVolumeQuota(total_volume=3), "01 0000000000000003"),
    (pfcp.MACAddress(source=b"abcdef"), "01 616263646566"),
    (pfcp.MACAddress(destination=b"abcdef", upper_destination=b"abcdeg"), "0a 616263646566 616263646567"),
    (pfcp.CTAG(4, b"\x10\x01"), "04 1001"),
    (pfcp.STAG(1, b"\x10\x01"), "01 1001"),
    (pfcp.UserID(imsi=b"\x00\xf1\x10", gpsi=b"g"), "21 03 00f110 01 67"),
    (pfcp.AlternativeSMFIPAddress(ipv4=V4, preferred=True), "06 0a000001"),
    (pfcp.CPPFCPEntityIPAddress(ipv6=V6), f"01 {SIX}"),
    (pfcp.SourceIPAddress(ipv4=V4, mask_prefix_length=24), "06 0a000001 18"),
    (pfcp.PacketDelayThresholds(round_trip=3), "04 00000003"),
    (pfcp.QoSMonitoringMeasurement(measurement_failure=True), "08"),
    (pfcp.QoSMonitoringMeasurement(downlink=3), "01 00000003"),
    (pfcp.RequestedQoSMonitoring(uplink=True), "02"),
    (pfcp.SNSSAI(1, 0xFFFFFF), "01 ffffff"),
    (pfcp.OffendingIEInformation(21, b"\1"), "0015 01"),
    (pfcp.CPIPAddress(ipv4=V4, ipv6=V6), f"03 0a000001 {SIX}"),
    (pfcp.AccessAvailabilityInformation(access_type=1, availability_status=1), "05"),
    (pfcp.PMFControlInformation(pmfi=True), "01"),
    (pfcp.PMFControlInformation(drtti=True, qfis=b"\x05\x09"), "06 02 0509"),
    (pfcp.MPTCPAddressInformation(0, 5555, ipv4=V4), "01 00 15b3 0a000001"),
    (pfcp.MPTCPAddressInformation(0, 5555, ipv6=V6), f"02 00 15b3 {SIX}"),
    (pfcp.UELinkSpecificIPAddress(ipv4=V4, non_3gpp_ipv4=V4), "05 0a000001 0a000001"),
    (pfcp.UELinkSpecificIPAddress(ipv6=V6, non_3gpp_ipv6=V6), f"0a {SIX} {SIX}"),
    (pfcp.PMFAddressInformation(ipv4=V4, port=1, non_3gpp_port=2), "01 0a000001 0001 0002"),
    (
        pfcp.PMFAddressInformation(mac_address=V6[:6], non_3gpp_mac_address=V6[:6]),
        "04 000102030405 000102030405",
    ),
    (pfcp.Thresholds(round_trip_time=300, packet_loss_rate=5), "03 012c 05"),
    (pfcp.FiveGSUserPlaneNode(identity=bytes(8)), "01 0000000000000000"),
    (pfcp.FiveGSUserPlaneNode(), "00"),
    (pfcp.IPMulticastAddress(ipv4=V4), "02 0a000001"),
    (pfcp.IPMulticastAddress(ipv4=V4, last_ipv4=V4), "06 0a000001 0a000001"),
    (pfcp.IPMulticastAddress(ipv6=V6, last_ipv6=V6), f"05 {SIX} {SIX}"),
    (pfcp.IPMulticastAddress(any_address=True), "08"),
    (pfcp.MBSSessionIdentifier(tmgi=V6[:6]), "01 000102030405"),
    (pfcp.MBSSessionIdentifier(tmgi=V6[:6], non_public=True, rest=V6[:6]), "05 000102030405 000102030405"),
    (pfcp.LocalIngressTunnel(udp_port=7, ipv4=V4), "01 0007 0a000001"),
    (pfcp.LocalIngressTunnel(choose_ipv6=True), "06"),
    (pfcp.L2TPUserAuthentication(1, proxy_authen_name=b"a", proxy_authen_id=9), "0001 09 0161 09"),
    (pfcp.L2TPUserAuthentication(2, proxy_authen_challenge=b"a", proxy_authen_response=b"b"), "0002 06 0161 0162"),
    (pfcp.PacketRateStatus(uplink=1, validity_time=2), "01 0001 0000000000000002"),
    (
        pfcp.PacketRateStatus(uplink=1, additional_uplink=2, downlink=3, additional_downlink=4, validity_time=5),
        "07 0001 0002 0003 0004 0000000000000005",
    ),
    (pfcp.NumberOfUEIPAddresses(ipv4=1, ipv6=2), "03 00000001 00000002"),
    (pfcp.DSCPToPPIMappingInformation(5, b"\x2e"), "05 2e"),
    (
        pfcp.IPAddressAndPortNumberReplacement(destination_ipv4=V4, destination_port=53, source_ipv6=V6, source_port=9),
        f"35 0a000001 0035 {SIX} 0009",
    ),
    (
        pfcp.IPAddressAndPortNumberReplacement(destination_ipv6=V6, source_ipv4=V4),
        f"0a {SIX} 0a000001",
    ),
    (pfcp.DNSQueryFilter(b"*.example"), "0009 2a2e6578616d706c65"),
    (pfcp.HPLMNSNSSAI(1, 0xFFFFFF), "01 ffffff"),
    (pfcp.TrafficParameterThreshold(7), "01 00000007"),
    (pfcp.DLPeriodicity(10), "00 0000000a"),
    (pfcp.N6JitterMeasurement(10, 2**32 - 1, 2), "01 0000000a ffffffff 00000002"),
    (pfcp.N6JitterMeasurement(), "00"),
    (pfcp.ULPeriodicity(20), "00 00000014"),
    (pfcp.MPQUICAddressInformation(2, 443, ipv4=V4), "01 02 01bb 0a000001"),
    (pfcp.MPQUICAddressInformation(2, 443, ipv6=V6), f"02 02 01bb {SIX}"),
    (pfcp.ReportingSuggestionInfo(0, 60), "00 0000003c"),
    (pfcp.ReportingSuggestionInfo(1), "01"),
    (pfcp.ReportingThresholds(dl_congestion=10_000, ul_data_rate=1), "09 2710 0000000001"),
    (pfcp.RTPHeaderExtensionAdditionalInformation(format=2, number_of_pdus=1), "05 0a"),
    (pfcp.RTPHeaderExtensionAdditionalInformation(pdu_set_size_active=1), "02 04"),
    (pfcp.MappedN6IPAddress(choose_ipv4=True), "01"),
    (pfcp.MappedN6IPAddress(ipv4=V4), "02 0a000001"),
    (pfcp.N6RoutingInformation(source_ipv4=V4, destination_port=53), "21 0a000001 0035"),
    (pfcp.N6RoutingInformation(destination_ipv6=V6), f"10 {SIX}"),
    (pfcp.UELevelMeasurementsConfiguration(1, b"\1\6", 300), "01 02 0106 00012c"),
    (pfcp.N6DelayMeasurementInformation(9, maximum=12), "02 00000009 0000000c"),
    (pfcp.MeasurementEndpointAddress(ipv4=V4), "01 0a000001"),
    (pfcp.OnPathN6ConnectionInformation(1, ipv4=V4, port=443), "29 0a000001 01bb"),
    (pfcp.MoQRelayIPAddress(ipv6=V6), f"01 {SIX}"),
    (pfcp.KeyIDAndSharedSecretOWAMPOrTWAMP(b"key", b"pass"), "03 6b6579 04 70617373"),
]

ALONE: list[tuple[Any, Any, str]] = [
    (e.Cause, 65, "41"),
    (e.SourceInterface, 15, "0f"),
    (e.NetworkInstance, b"internet", "696e7465726e6574"),
    (e.ReportingTriggers, 0x02_8001, "01 80 02"),
    (e.ReportingTriggers, 0x0100, "00 01 00"),
    (e.ApplyAction, 0x0402, "02 04"),
    (e.ApplyAction, 0x0C, "0c 00"),
    (e.UPFunctionFeatures, 0x10, "10 00"),
    (e.UPFunctionFeatures, 1 << 40, "00 00 00 00 00 01"),
    (e.DLBufferingSuggestedPacketCount, 5, "05"),
    (e.DLBufferingSuggestedPacketCount, 300, "012c"),
    (e.UsageReportTrigger, 0x0800, "00 08 00"),
    (e.ForwardingPolicy, b"p", "01 70"),
    (e.PDRID, 0xABCD, "abcd"),
    (e.QFI, 63, "3f"),
    (e.RQI, 1, "01"),
    (e.APNDNN, "internet.mnc001", "08696e7465726e6574 066d6e63303031"),
    (e.UEIPAddressPoolIdentity, b"p1", "0002 7031"),
    (e.NFInstanceID, V6, SIX),
    (e.TrafficEndpointID, 3, "03"),
    (e.PDNType, 5, "05"),
    (pfcp.bridge.TimeOffsetThreshold, 2**64 - 1, "ffffffffffffffff"),
    (pfcp.tunnels.TunnelPreference, 7, "000007"),
    (pfcp.multiaccess.SteeringMode, 3, "03"),
    (pfcp.broadcast.AreaSessionID, 258, "0102"),
    (pfcp.media.PDUSetImportance, 0x8001, "01 80"),
    (pfcp.measuring.SecurityModeOWAMPOrTWAMP, 4, "00000004"),
    (e.UPFunctionFeatures, 1 << 86, "00 00 00 00 00 00 00 00 00 00 40"),
    (pfcp.quality.EventNotificationURI, "https://nef/x", "68747470733a2f2f6e65662f78"),
]


def through(hint: Any, value: Any) -> tuple[bytes, Any]:
    """The IE's value in octets, and what they decode to, by a message with nothing else in it."""
    fields = [("field", O[hint], None)]
    probe: Any = msgspec.defstruct("Probe", fields, bases=(Message,), frozen=True, namespace={"number": 200})
    compiler = Compiler()
    compiler.message(probe)
    frame = (pfcp.Decoded, pfcp.Header, pfcp.Fault, pfcp.UnknownIE)
    engine = native.Engine(
        compiler.classes, compiler.layouts, compiler.groups, compiler.messages, frame, msgspec.structs.astuple
    )
    octets = engine.encode(probe(field=value), 1, 1, None, False, b"")
    decoded = engine.decode(octets)
    assert decoded.faults == ()
    return octets[20:], decoded.message.field


@pytest.mark.parametrize(("value", "octets"), LAYOUTS, ids=lambda value: type(value).__name__)
def test_when_a_value_is_written_then_it_is_as_drawn_and_comes_back(value: Any, octets: str) -> None:
    assert through(type(value), value) == (bytes.fromhex(octets), value)


@pytest.mark.parametrize(("hint", "value", "octets"), ALONE)
def test_when_an_ie_has_one_field_then_it_is_as_drawn_and_comes_back(hint: Any, value: Any, octets: str) -> None:
    assert through(hint, value) == (bytes.fromhex(octets), value)


def test_when_the_layouts_are_counted_then_each_has_an_example() -> None:
    known = {kind for kind in vars(pfcp).values() if isinstance(kind, type) and issubclass(kind, pfcp.Layout)}
    assert known - {pfcp.Layout} == {type(value) for value, _ in LAYOUTS}


def test_when_presence_is_said_then_the_engine_gets_it() -> None:
    assert O[e.Cause].marks[-1] == "O"
    compiler = Compiler()
    compiler.message(pfcp.SessionDeletionResponse)
    _, members, _ = compiler.groups[-1]
    assert [chr(member[3]) for member in members] == ["M", "C", "O", "O", "C", "C", "C", "O", "C", "C", "C"]
    assert [member[4] for member in members] == [False, False, False, False, True, False, True, True, True, False, True]
