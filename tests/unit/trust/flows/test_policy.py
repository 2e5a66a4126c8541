"""What a configuration declares, and what a report must add up to."""

from ipaddress import ip_network

import msgspec
import pytest

from freehold.app.config import parse
from freehold.app.flows import policy_of
from freehold.net.xdp import InterfaceCounts
from freehold.spec.errors import Unusable
from freehold.trust.flows import Counted, Counts, Flow, Policy, kernel, verdict
from freehold.trust.flows.packets import describe, kind_of
from freehold.trust.flows.report import Interface, Refusal, decode
from freehold.trust.seal import Refused

WHOLE = """
[amf]
n2 = ["192.0.2.1:38412", "unix:/run/n2.sock"]
[upf]
n3 = "192.0.2.1"
n4 = "[2001:db8::1]:8805"
[smf]
n4 = "2001:db8::2"
[[dnn]]
name = "internet"
pool = "10.45.0.0/16"
n6 = "nat"
[[gnb]]
amf = "192.0.2.1:38412"
n3 = "192.0.2.9"
[management]
listen = "127.0.0.1:5380"
[[alarms.webhook]]
url = "https://198.51.100.1/alarm"
[telemetry]
otlp = "http://198.51.100.2:4318"
[[alarms.snmp]]
address = "198.51.100.3:162"
"""
PEERS = {"n3": (ip_network("192.0.2.0/24"),)}


def flows(text=WHOLE, roles=("core", "upf", "gnb"), uids=None):
    return {flow.name: flow for flow in policy_of(parse(text), roles, PEERS, uids or {}).flows}


def test_when_a_configuration_has_addresses_then_each_is_a_flow():
    found = flows()
    assert set(found) == {
        "N2 1", "N2 gNB 1", "N4 upf", "N4 smf", "N3 1 received", "N3 1 sent", "N3 2 received", "N3 2 sent",
        "N6 internet",
        "console", "console browser", "webhook 1", "traces", "SNMP 1",
    }  # fmt: skip
    assert (found["N2 1"].protocol, found["N2 1"].opens, found["N2 1"].local_port) == ("sctp", "in", 38412)
    assert found["N3 1 sent"].remote == PEERS["n3"]
    assert (found["webhook 1"].remote_port, found["traces"].remote_port) == (443, 4318)
    assert found["N6 internet"].opens == "through"


def test_when_only_one_part_runs_then_only_its_flows_are_declared():
    assert set(flows(roles=("gnb",))) >= {"N2 gNB 1", "N3 1 sent"}
    assert not {"N2 1", "N4 upf", "N6 internet"} & set(flows(roles=("gnb",)))


def test_when_the_smf_is_the_router_of_another_upf_then_its_tunnels_are_a_flow():
    text = WHOLE.replace("[smf]", '[smf]\nn4u = "192.0.2.5"')
    found = flows(text, roles=("core",))
    assert (found["N4-u received"].local_port, found["N4-u sent"].remote_port) == (2152, 2152)
    assert (found["N4-u sent"].function, found["N4-u sent"].remote) == ("smf", PEERS["n3"])
    assert not {"N4-u received", "N4-u sent"} & set(flows(text)), "the UPF is here: it is the router"


def test_when_the_defaults_run_then_only_the_console_is_reachable():
    assert set(flows("")) == {"console", "console browser"}


def test_when_functions_have_users_then_what_they_send_is_theirs():
    found = flows(uids={"upf": 1001, "core": 1002})
    assert (found["N3 1 sent"].uid, found["N2 1"].uid, found["N6 internet"].uid) == (1001, 1002, None)


def test_when_an_address_is_a_name_then_it_is_said():
    with pytest.raises(Unusable, match="write address:port"):
        flows(WHOLE.replace("198.51.100.3:162", "traps.example:162"))


def test_when_a_policy_becomes_rules_then_every_rule_has_its_counter_and_the_last_refuses():
    policy = Policy("unit", tuple(flows().values()))
    rules = [each["add"]["rule"] for each in policy.ruleset()["nftables"] if "rule" in each.get("add", {})]
    named = {expression["counter"] for rule in rules for expression in rule["expr"] if "counter" in expression}
    assert named == set(policy.counters())
    for hook in ("input", "output", "forward"):
        last = [rule["expr"] for rule in rules if rule["chain"] == hook][-1]
        assert last[-1] == {"drop": None}
        assert last[0] == {"counter": f"refused {hook}"}


def test_when_two_flows_have_one_name_then_it_is_refused():
    flow = Flow("a", "upf", "gNB", "in", "udp")
    with pytest.raises(Unusable):
        Policy("unit", (flow, flow))


def counts(**more):
    counters = {"total input": Counted(5, 500), "a input": Counted(3, 300), "link input": Counted(2, 200)}
    return Counts("unit", 0.0, 1.0, more.pop("policy", []), {**counters, **more.pop("counters", {})}, **more)


def test_when_everything_adds_up_then_nothing_is_wrong():
    assert verdict(counts()) == []
    assert verdict(counts(interfaces=(Interface("eth0", 10, 12, 10, 12),))) == []


UPF = [{"flow": "N3 1 received", "function": "upf (uid 7)"}]


def test_when_the_fast_path_carries_packets_then_they_are_part_of_the_sum():
    n3, n6 = Interface("n3", 110, 62, 10, 12, 95, 5, 50), Interface("n6", 60, 95, 10, 0, 50, 0, 95)
    assert verdict(counts(policy=UPF, interfaces=(n3, n6))) == []
    one_more = Interface("n3", 111, 62, 10, 12, 95, 5, 50)
    assert verdict(counts(policy=UPF, interfaces=(one_more, n6))) == ["n3: 1 packets went beside the rules"]
    lost = Interface("n6", 60, 94, 10, 0, 50, 0, 94)
    assert verdict(counts(policy=UPF, interfaces=(n3, lost))) == [
        "the fast path: 145 packets forwarded, 144 given to an interface"
    ]
    assert verdict(counts(interfaces=(n3, n6))) == [
        "the fast path: it takes packets, and no flow declares a user plane"
    ]


def test_when_programs_come_go_and_begin_anew_then_every_packet_is_counted_once(monkeypatch):
    told = {}
    monkeypatch.setattr(kernel, "interface_counts", lambda: told)
    programs = kernel.Programs()
    told["n3"] = InterfaceCounts(received=100, redirected=90, passed=5, dropped=5, transmitted=7)
    programs.look()
    programs.begin()
    assert programs.of("n3") == (0, 0, 0)
    told["n3"] = InterfaceCounts(received=110, redirected=97, passed=7, dropped=6, transmitted=7)
    programs.look()
    assert programs.of("n3") == (7, 1, 0)
    told.clear()  # the process ended
    programs.look()
    told["n3"] = InterfaceCounts(received=4, redirected=3, passed=0, dropped=1, transmitted=2)  # another began
    programs.look()
    assert programs.of("n3") == (10, 2, 2)
    told["n6"] = InterfaceCounts(received=1, redirected=1, passed=0, dropped=0, transmitted=3)
    programs.look()
    programs.look()
    assert programs.of("n6") == (1, 0, 3)
    assert programs.of("eth0") == (0, 0, 0)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"counters": {"total input": Counted(6, 500)}}, "input: 6 packets in all, 5 declared or refused"),
        ({"counters": {"total input": Counted(6), "refused input": Counted(1)}}, "input: 1 packets were refused"),
        ({"refusals": (Refusal("output", "UDP", "uid 7", 1),)}, "refused: uid 7: UDP"),
        ({"interfaces": (Interface("eth0", 10, 12, 10, 11),)}, "eth0: 1 packets went beside the rules"),
        ({"interfaces": (Interface("eth0", 11, 2, 10, 2),)}, "eth0: 1 packets went beside the rules"),
    ],
)
def test_when_something_does_not_add_up_then_it_is_said(more, what):
    assert verdict(counts(**more)) == [what]


def test_when_a_report_is_read_then_it_is_the_same_and_anything_else_is_refused():
    assert decode(msgspec.json.encode(counts()), "it") == counts()
    for octets in (b"{}", b"7", b"[" * 10000, b"\xff", b'{"unit": 7}'):
        with pytest.raises(Refused):
            decode(octets, "it")


UDP = bytes.fromhex("45000020000040004011000001020304050607080fa00035000c0000") + b"abcd"


def test_when_a_packet_is_told_then_it_is_named_with_its_service():
    assert describe(UDP) == "UDP 1.2.3.4:4000 to 5.6.7.8:53 (DNS)"
    assert kind_of(describe(UDP)) == "UDP 1.2.3.4 to 5.6.7.8:53 (DNS)"
    six = bytes([0x60, 0, 0, 0, 0, 8, 58, 64]) + bytes(15) + b"\1" + bytes(15) + b"\2" + b"\x80\0\0\0"
    assert describe(six) == "ICMPv6 ::1 to ::2"


@pytest.mark.parametrize("length", range(len(UDP)))
def test_when_a_packet_is_cut_anywhere_then_it_is_still_told(length):
    assert describe(UDP[:length])
    assert describe(bytes([0x60]) + UDP[1:length])
