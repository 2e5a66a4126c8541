from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.codecs.pfcp import SDFFilter
from freehold.core.upf.faults import RuleFault
from freehold.core.upf.flow_description import parse_filter
from freehold.core.upf.instances import instance_name
from freehold.services.userplane import EVERY_PORT, Filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"permit out ip from any to assigned", Filter()),
        (
            b"permit out 17 from 198.51.100.0/24 53 to assigned",
            Filter(17, None, ("198.51.100.0", 24), EVERY_PORT, (53, 53)),
        ),
        (
            b"permit out 6 from any 80-90 to 10.45.0.2 1000-2000",
            Filter(6, ("10.45.0.2", 32), None, (1000, 2000), (80, 90)),
        ),
        (b"permit out udp from any 53 to assigned", Filter(17, None, None, EVERY_PORT, (53, 53))),
        (b"permit out 6 from 2001:db8::/32 to assigned", Filter(6, None, ("2001:db8::", 32))),
        (b" permit  out ip from 10.0.0.9/8 to any\0", Filter(0, None, ("10.0.0.0", 8))),
    ],
)
def test_when_a_flow_description_is_right_then_it_is_a_filter(text, expected):
    assert parse_filter(SDFFilter(text)) == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"deny out ip from any to assigned",
        b"permit in ip from any to assigned",
        b"permit out 256 from any to assigned",
        b"permit out gre from any to assigned",
        b"permit out ip from any 90-80 to assigned",
        b"permit out ip from any 65536 to assigned",
        b"permit out ip from any 1,,2 to assigned",
        b"permit out ip from any 1,2,3,4,5,6,7,8,9 to any 1,2,3,4,5,6,7,8",
        b"permit out ip from any - to assigned",
        b"permit out ip from 10.0.0.0/33 to assigned",
        b"permit out ip from !10.0.0.1 to assigned",
        b"permit out ip from any to assigned frag",
        "permit out ip from any to assigned ٣".encode(),
        b"\xff" * 600,
    ],
)
def test_when_a_flow_description_is_wrong_then_the_filter_is_refused(text):
    with pytest.raises(RuleFault) as caught:
        parse_filter(SDFFilter(text))
    assert caught.value.offending_ie == 23


@given(st.binary(max_size=80) | st.text("permitoufanyssigned 0123456789./-:,", max_size=80).map(str.encode))
def test_when_any_octets_are_a_flow_description_then_it_is_a_filter_or_refused(octets):
    try:
        found = parse_filter(SDFFilter(octets))
    except RuleFault:
        return
    assert 1 <= len(found) <= 64
    assert {type(one) for one in found} == {Filter}


def test_when_a_type_of_service_is_given_then_it_is_matched_under_its_mask():
    for service in (0xB8FC, 0xBBFC):
        (found,) = parse_filter(SDFFilter(tos_traffic_class=service))
        assert found.service == (0xB8, 0xFC)


def test_when_ports_are_listed_then_each_pair_is_a_filter():
    found = parse_filter(SDFFilter(b"permit out 6 from any 80,443 to assigned 1,1000-2000"))
    assert [(one.local_ports, one.remote_ports) for one in found] == [
        ((1, 1), (80, 80)),
        ((1, 1), (443, 443)),
        ((1000, 2000), (80, 80)),
        ((1000, 2000), (443, 443)),
    ]
    assert {one.protocol for one in found} == {6}


def test_when_spi_or_flow_label_is_given_then_it_is_matched_beside_the_description():
    (found,) = parse_filter(SDFFilter(b"permit out 50 from any to assigned", security_parameter_index=0xDEAD))
    assert (found.protocol, found.security_parameter_index, found.flow_label) == (50, 0xDEAD, None)
    (found,) = parse_filter(SDFFilter(flow_label=0xF12345))
    assert (found.protocol, found.flow_label) == (0, 0x12345)


@pytest.mark.parametrize(
    "sdf",
    [
        SDFFilter(),
        SDFFilter(sdf_filter_id=4),
    ],
)
def test_when_a_filter_asks_for_what_is_not_matched_then_it_is_refused(sdf):
    with pytest.raises(RuleFault):
        parse_filter(sdf)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"internet", "internet"),
        (b"\x08internet", "internet"),
        (b"\x03ims\x06mnc001", "ims.mnc001"),
        (b"\x09internet", "\tinternet"),
        (b"\x00", "\x00"),
        (b"\xff", "\ufffd"),
    ],
)
def test_when_a_network_instance_comes_as_text_or_labels_then_its_name_is_read(octets, name):
    assert instance_name(octets) == name
