"""UE policy containers in octets written out by hand, and whatever octets come (TS 24.501 Annex D, TS 24.526 5.2)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import pytest

from freehold.codecs.nas import policy
from freehold.codecs.nas.values.identity import SNssaiElement
from freehold.spec.identities import PlmnId, SNssai
from naskit import Generator

PLMN = PlmnId("001", "01")
ROUTES = [policy.Route(2, [policy.RouteComponent(1, 1), policy.RouteComponent(2, SNssaiElement(SNssai(1)))])]
RULE = policy.UrspRule(1, [policy.TrafficComponent(0x88, "ims")], ROUTES)
PART = "0018" + "01" + "0015" + "01" + "0006" + "880403696d73" + "000a" + "0008" + "02" + "0005" + "0101" + "020101"
WRITTEN_OUT = {
    "8001" + "0023" + "0021" + "00f110" + "001c" + "0007" + PART: policy.ManageUePolicyCommand(
        0x80, [policy.SectionSublist(PLMN, [policy.Instruction(7, [policy.PolicyPart(policy.URSP, [RULE])])])]
    ),
    "8002": policy.ManageUePolicyComplete(0x80),
    "8003" + "0009" + "01" + "00f110" + "0007" + "0001" + "6f": policy.ManageUePolicyCommandReject(
        0x80, [policy.SectionSubresult(PLMN, [policy.SectionFailure(7, 1, 111)])]
    ),
    "0104" + "0007" + "0005" + "00f110" + "0007" + "0101": policy.UeStateIndication(
        1, [policy.UpsiSublist(PLMN, [7])], policy.Classmark(supported=True)
    ),
}
ROOT = Path(__file__).resolve().parents[4]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
PYCRATE = """
import sys
from pycrate_mobile.TS24501_UEPOL import get_5guepol_msg_instances
for line in sys.stdin:
    octets = bytes.fromhex(line)
    message = get_5guepol_msg_instances()[octets[1]]
    message.from_bytes(octets)
    print(message.to_bytes().hex())
"""


@pytest.mark.parametrize(("octets", "message"), WRITTEN_OUT.items(), ids=lambda value: type(value).__name__)
def test_when_a_policy_message_is_written_then_its_octets_are_those_of_the_figures(octets, message):
    assert policy.encode_policy(message).hex() == octets
    assert policy.decode_policy(bytes.fromhex(octets)).message == message
    assert policy.decode_policy(bytes.fromhex(octets)).faults == ()


def test_when_another_network_sends_a_rule_for_all_traffic_then_its_route_is_read():
    octets = bytes.fromhex(
        "8001" + "002b" + "0029" + "00f110" + "0024" + "0001" + "0020" + "01" + "001dff0001010017" + "0015ff0012"
        "0101" + "020101" + "040908" + b"internet".hex() + "0803"
    )

    message = policy.decode_policy(octets).message

    route = message.sections[0].instructions[0].parts[0].contents[0].routes[0]
    assert [component.value for component in route.components] == [1, SNssaiElement(SNssai(1)), "internet", 3]
    assert policy.encode_policy(message) == octets


# pycrate 0.8.1 leaves the UPSC and the part type out of the lengths of D.6.2
JUDGED = [octets for octets in WRITTEN_OUT if not octets.startswith("8001")]


@pytest.mark.skipif(not PYTHON.exists(), reason="the build environment with pycrate is not there")
def test_when_pycrate_reads_the_messages_then_it_writes_the_same_octets():
    command = [str(PYTHON), "-c", PYCRATE]
    answer = subprocess.run(command, input="\n".join(JUDGED), capture_output=True, text=True, check=True)

    assert answer.stdout.split() == JUDGED


def judge(seeds: range) -> None:
    for seed in seeds:
        message = Generator(seed, 0.5).message(policy.POLICY_MESSAGES[seed % len(policy.POLICY_MESSAGES)])
        octets = policy.encode_policy(message)
        decoded = policy.decode_policy(octets)
        assert policy.encode_policy(decoded.message) == octets, octets.hex()
        damaged = bytearray(octets)
        damaged[Random(seed).randrange(len(damaged))] ^= 1 << seed % 8
        found = policy.decode_policy(bytes(damaged))
        assert found.message is not None or found.faults


def test_when_policies_are_random_then_they_come_back_and_damage_is_survived():
    judge(range(400))


@pytest.mark.soak
def test_when_ten_thousand_policies_are_random_then_they_come_back():
    judge(range(400, 10_400))


@pytest.mark.parametrize(
    ("octets", "cause"), [("", None), ("80", None), ("8000", 97), ("80ff", 97), ("8001", 96), ("80010001", 96)]
)
def test_when_a_container_is_malformed_then_the_cause_is_told(octets, cause):  # TS 24.501 D.4
    decoded = policy.decode_policy(bytes.fromhex(octets))

    assert decoded.message is None
    assert decoded.faults[-1].cause == cause
