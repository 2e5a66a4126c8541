"""QoS flows of a data network as an owner writes them, and as the policy has them (TS 23.503 6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from freehold.app.settings import BitRate
from freehold.core.pcf.pcf import PcfConfiguration, SessionRule
from freehold.core.smf.packet_filters import MOST_FILTERS
from freehold.services.npcf import AskedFlows, FlowFilter, QosFlow
from freehold.services.nudm import Ambr, Arp
from freehold.spec.qos import GUARANTEED

if TYPE_CHECKING:
    from freehold.app.config import Configuration, DnnSection

FIVE_QIS: Final = frozenset(map(str, range(1, 255)))
"""5QIs as keys (TS 24.501 9.11.4.12)."""
MOST_FLOWS: Final = 30
"""Flows of one data network, which leaves as many for what terminals ask for."""


class FilterSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which packets are a flow's, seen from the terminal; ports are written `5060` or `5060-5061`.

    `service` is a type of service or traffic class and its mask, `184/252`. `ethertype`, `vlan` and `mac`, the far
    end's address, are for a data network of type ethernet.
    """

    direction: Literal["both", "uplink", "downlink"] = "both"
    protocol: int | None = None
    remote: IPv4Network | IPv6Network | None = None
    remote_ports: str = ""
    local_ports: str = ""
    service: str = ""
    ethertype: int | None = None
    vlan: int | None = None
    mac: str = ""


class FlowSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A QoS flow that every session of the data network has: its 5QI, its priority (ARP, 1 is first), its filters.

    5QIs of flows with a guaranteed rate need `gbr_up` and `gbr_down`; `mbr_up` and `mbr_down` are the most it gets.
    `reflective`: terminals that can send back on it whatever came on it, without a rule for that (TS 23.501 5.7.5).
    """

    five_qi: int = 9
    priority: int = 8
    gbr_up: BitRate = BitRate(0)
    gbr_down: BitRate = BitRate(0)
    mbr_up: BitRate = BitRate(0)
    mbr_down: BitRate = BitRate(0)
    reflective: bool = False
    filter: tuple[FilterSection, ...] = ()


def flow_of(section: FlowSection) -> QosFlow:
    """The flow as the policy has it; ValueError where it is none."""
    if not 1 <= section.five_qi <= 254:
        raise ValueError("five_qi: 5QI is 1..254")
    if not 1 <= section.priority <= 15:
        raise ValueError("priority: 1..15, 1 is first")
    guaranteed = _rate(section.gbr_up, section.gbr_down, "gbr")
    most = _rate(section.mbr_up, section.mbr_down, "mbr")
    if (section.five_qi in GUARANTEED) != (guaranteed is not None):
        raise ValueError(f"five_qi: {section.five_qi} is {'' if guaranteed is None else 'not '}a 5QI with gbr")
    if (
        guaranteed is not None
        and most is not None
        and (most.uplink < guaranteed.uplink or most.downlink < guaranteed.downlink)
    ):
        raise ValueError("mbr_up: is below what is guaranteed")
    filters = tuple(map(filter_of, section.filter))
    if not 1 <= len(filters) <= MOST_FILTERS - sum(one.mac is not None for one in filters):
        raise ValueError("filter: a flow has at least one, and they fit into a QoS rule")
    if section.reflective and (guaranteed is not None or any(one.direction != "both" for one in filters)):
        raise ValueError("reflective: the flow has no gbr, and filters of both directions (TS 23.501 5.7.5.1)")
    arp = Arp(section.priority)
    return QosFlow(section.five_qi, arp, filters, guaranteed, most or guaranteed, section.reflective)


def _rate(up: BitRate, down: BitRate, name: str) -> Ambr | None:
    if bool(up) != bool(down):
        raise ValueError(f"{name}_up: both directions have a rate, or none")
    return Ambr(int(up), int(down)) if up else None


def filter_of(section: FilterSection) -> FlowFilter:
    """The filter as the policy has it; ValueError where it is none."""
    for key, value, most in (
        ("protocol", section.protocol, 255),
        ("ethertype", section.ethertype, 0xFFFF),
        ("vlan", section.vlan, 4094),
    ):
        if value is not None and not 0 <= value <= most:
            raise ValueError(f"{key}: {value} is outside 0..{most}")
    return FlowFilter(
        section.direction,
        section.protocol,
        None if section.remote is None else str(section.remote),
        _ports("remote_ports", section.remote_ports),
        _ports("local_ports", section.local_ports),
        _service(section.service),
        section.ethertype,
        section.vlan,
        _mac(section.mac),
    )


def _numbers(key: str, text: str, mark: str, most: int) -> tuple[int, ...]:
    parts = text.split(mark)
    if not all(part.isascii() and part.isdecimal() and int(part[:6]) <= most for part in parts) or len(parts) > 2:
        raise ValueError(f"{key}: {text!r} is not of the form N or N{mark}N, up to {most}")
    return tuple(map(int, parts))


def _ports(key: str, text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _numbers(key, text, "-", 0xFFFF)
    if found[0] > found[-1]:
        raise ValueError(f"{key}: {text!r} ends before it begins")
    return found[0], found[-1]


def _service(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _numbers("service", text, "/", 255)
    return found[0], found[1] if len(found) > 1 else 255


def _mac(text: str) -> bytes | None:
    if not text:
        return None
    try:
        octets = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        octets = b""
    if len(octets) != 6:
        raise ValueError(f"mac: {text!r} is not of the form 02:00:00:00:00:01")
    return octets


def wrong(section: DnnSection) -> Iterator[tuple[str, str]]:
    """What cannot be of a data network's flows: key and complaint."""
    if len(section.flow) > MOST_FLOWS:
        yield "dnn.flow", f"{section.name} has more than {MOST_FLOWS} flows"
    for flow in section.flow:
        try:
            found = flow_of(flow)
        except ValueError as error:
            key, _, complaint = str(error).partition(": ")
            yield f"dnn.flow.{key}", f"{section.name}: {complaint}"
            continue
        frames = any((one.ethertype, one.vlan, one.mac) != (None, None, None) for one in found.filters)
        if frames and not section.ethernet:
            yield "dnn.flow.filter", f"{section.name}: ethertype, vlan and mac are of frames: it has IP"
    yield from (("dnn.ask_5qi", f"{section.name}: 5QI is 1..254") for one in section.ask_5qi if not 1 <= one <= 254)
    yield from _wrong_marks(section)
    if not 1 <= section.ask_flows <= MOST_FLOWS:
        yield "dnn.ask_flows", f"{section.name}: 1..{MOST_FLOWS}"


def _wrong_marks(section: DnnSection) -> Iterator[tuple[str, str]]:
    """What is no DSCP (RFC 2474 3), or of no 5QI."""
    for key, marks in (("dnn.dscp", (section.dscp,)), ("dnn.dscp_5qi", section.dscp_5qi.values())):
        yield from ((key, f"{section.name}: {mark} is outside 0..63") for mark in marks if not 0 <= mark <= 63)
    for text in section.dscp_5qi:
        if text not in FIVE_QIS:
            yield "dnn.dscp_5qi", f"{section.name}: 5QI is 1..254, not {text!r}"


def policies(configuration: Configuration) -> PcfConfiguration:
    """What the PCF decides by: for each data network its flows, and what terminals may ask for."""
    return PcfConfiguration(
        tuple(
            SessionRule(section.name, flows=tuple(map(flow_of, section.flow)), asked=_asked(section))
            for section in configuration.dnn
        )
    )


def _asked(section: DnnSection) -> AskedFlows | None:
    if not section.ask_5qi:
        return None
    return AskedFlows(section.ask_5qi, Ambr(int(section.ask_rate), int(section.ask_rate)), section.ask_flows)
