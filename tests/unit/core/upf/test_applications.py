"""Applications by their packet flow descriptions (TS 29.244 6.2.5): whose packets a rule with a name finds."""

from __future__ import annotations

import pytest

from freehold.codecs.pfcp import (
    ApplicationIDsPFDs,
    AssociationReleaseRequest,
    CreateFAR,
    PFDContext,
    PFDManagementRequest,
    SDFFilter,
    SessionModificationRequest,
)
from freehold.codecs.pfcp.flags import ApplyAction
from freehold.core.upf.compiling import compile_rules
from freehold.core.upf.state.rules import unpack
from freehold.spec.causes import PfcpCause
from upfkit import OTHER, SMF_NODE, STRANGER, Attached, downlink_pdr

PING = b"permit out 1 from any to assigned"
WEB = b"permit out 6 from any 80,443 to assigned"


def contents(first, *others):
    """A description with one flow, and more of them (TS 29.244 8.2.39)."""
    more = b"".join(len(text).to_bytes(2, "big") + text for text in others)
    flags = 0x01 | (0x20 if others else 0)
    tail = len(more).to_bytes(2, "big") + more if others else b""
    return bytes((flags, 0)) + len(first).to_bytes(2, "big") + first + tail


def described(**applications):
    """A request that describes applications; None is no description."""
    each = [
        ApplicationIDsPFDs(
            application_id=name, pfd_context=() if octets is None else (PFDContext(pfd_contents=octets),)
        )
        for name, octets in applications.items()
    ]
    return PFDManagementRequest(application_ids_pfds=tuple(each))


def blocked(world, application="ping"):
    """Drop downlink packets of an application, before everything else."""
    pdr = downlink_pdr(pdr_id=7, precedence=1, far_id=7, application_id=application, qer_id=())
    request = SessionModificationRequest(create_pdr=(pdr,), create_far=(CreateFAR(7, ApplyAction.DROP),))
    return world.ask(request, world.seid)


def test_when_an_application_is_described_then_rules_find_its_packets_and_no_others():
    world = Attached()
    assert world.ask(described(ping=(contents(PING),))).cause == PfcpCause.REQUEST_ACCEPTED
    assert blocked(world).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == []
    assert world.ask(described(ping=(contents(WEB),))).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping()[0].octets == 56  # the same rule, and other packets
    assert world.ask(described(ping=(contents(WEB, PING),))).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == []


@pytest.mark.parametrize("request_", [described(ping=None), PFDManagementRequest()], ids=["one", "all"])
def test_when_a_description_ends_then_its_rules_find_nothing(request_):
    world = Attached()
    world.ask(described(ping=(contents(PING),), web=(contents(WEB),)))
    blocked(world)
    assert world.ping() == []
    assert world.ask(request_).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping()[0].octets == 56
    rules = compile_rules(unpack(world.upf.sessions.by_teid[world.teid].rules))
    assert [rule.id for rule in rules.downlink] == [2]


def test_when_nobody_described_an_application_then_a_rule_of_it_is_refused():
    world = Attached()
    refused = blocked(world)
    assert (refused.cause, refused.failed_rule_id.pdr_id) == (PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, 7)
    world.ask(described(ping=(contents(PING),)))
    pdr = downlink_pdr(pdr_id=7, far_id=2, application_id="ping", sdf_filter=(SDFFilter(WEB),))
    refused = world.ask(SessionModificationRequest(create_pdr=(pdr,)), world.seid)
    assert (refused.cause, refused.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 24)
    assert world.ping()[0].octets == 56


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        (b"", PfcpCause.SERVICE_NOT_SUPPORTED),
        (b"\x02\0\0\x0bexample.org", PfcpCause.SERVICE_NOT_SUPPORTED),
        (b"\x04\0\0\x0bexample.org", PfcpCause.SERVICE_NOT_SUPPORTED),
        (b"\x01\0\xff\xffshort", PfcpCause.MANDATORY_IE_INCORRECT),
        (b"\x01\0", PfcpCause.MANDATORY_IE_INCORRECT),
        (b"\x20\0\0\x04\0\x09ab", PfcpCause.MANDATORY_IE_INCORRECT),
        (contents(b"deny everything"), PfcpCause.MANDATORY_IE_INCORRECT),
        (contents(WEB, *[WEB] * 70), PfcpCause.NO_RESOURCES_AVAILABLE),
    ],
    ids=["nothing", "a URL", "a domain", "too long", "no length", "more that is cut", "no flow", "too many"],
)
def test_when_a_description_is_wrong_then_none_of_the_request_is_taken(octets, cause):
    world = Attached()
    assert world.ask(described(ping=(contents(PING),), bad=(octets,))).cause == cause
    assert blocked(world).cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    assert world.ping()[0].octets == 56


def test_when_descriptions_fill_what_there_is_room_for_then_no_more_are_taken():
    world = Attached()
    for start in range(0, 1024, 256):
        many = {f"app{start + number}": (contents(PING),) for number in range(256)}
        assert world.ask(described(**many)).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ask(described(more=(contents(PING),))).cause == PfcpCause.NO_RESOURCES_AVAILABLE


def test_when_another_peer_describes_an_application_then_it_is_no_other_peers():
    world = Attached()
    assert world.ask(described(ping=(contents(PING),)), source=STRANGER).cause == (
        PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    )
    world.associate(OTHER, node=world.upf.entity.node_id)
    assert world.ask(described(ping=(contents(PING),)), source=OTHER).cause == PfcpCause.REQUEST_ACCEPTED
    assert blocked(world).cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    world.ask(described(ping=(contents(PING),)))
    assert world.ask(AssociationReleaseRequest(node_id=SMF_NODE)).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.upf.sessions.applications.of("10.0.0.9") == {}
