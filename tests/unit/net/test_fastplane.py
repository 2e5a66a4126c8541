from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).with_name("fast_namespace.py")

pytestmark = [
    pytest.mark.root,
    pytest.mark.xdist_group("xdp"),
    pytest.mark.skipif(os.geteuid() != 0, reason="XDP and network namespaces need root"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here"),
    pytest.mark.skipif(not all(map(shutil.which, ("ip", "unshare"))), reason="no iproute2 or util-linux"),
]


@pytest.fixture(params=["xdp", "generic", "tc"])
def hook(request: pytest.FixtureRequest) -> str:
    """Where the program meets packets: in the driver, or in front of the host's stack in one of two ways."""
    return request.param


def scenario(name: str, hook: str = "xdp") -> dict[str, object]:
    command = ["unshare", "--net", "--mount", sys.executable, str(SCENARIOS), name, hook]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    if "this kernel refuses the fast path" in done.stderr or "needs root, or CAP_BPF" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_when_a_session_is_plain_then_its_packets_never_leave_the_kernel_and_all_are_counted(hook):
    assert scenario("pings", hook) == {"answered": 20, "counted": [20, 20], "fast": [20, 20]}


def test_when_packets_pass_then_the_program_s_counts_of_each_interface_say_what_became_of_them(hook):
    found = scenario("interfaces", hook)
    assert (found["n3"], found["n6"]) == ([21, 7, 20], [20, 0, 21])
    assert [said for name, said in found.items() if name.startswith(("passed", "driver"))] == [True] * 4


def test_when_packets_are_of_ipv6_then_they_never_leave_the_kernel_either(hook):
    assert scenario("pings_6", hook) == {"answered": 20, "counted": [20, 20], "fast": [20, 20]}


@pytest.mark.parametrize("inside", ["pings", "pings_6"])
def test_when_n3_is_over_ipv6_then_packets_of_both_versions_stay_in_the_kernel(hook, inside):
    assert scenario(f"{inside}_over_6", hook) == {"answered": 20, "counted": [20, 20], "fast": [20, 20]}


def test_when_the_host_hides_terminals_then_settled_connections_are_carried_past_it(hook):
    assert scenario("hidden", hook) == {"outside": ["198.51.100.2"], "carried": 50}


def test_when_a_packet_is_longer_than_a_tunnel_carries_then_it_is_the_portable_engines(hook):
    assert scenario("longer", hook) == {"100": [True, 1, 1], "102": [True, 1, 0]}


def test_when_packets_come_in_a_burst_then_each_arrives_and_is_counted_once(hook):
    assert scenario("burst", hook) == {"received": 5000, "counted": 5000, "fast": 5000}


def test_when_a_session_leaves_the_fast_path_and_returns_then_nothing_is_lost_or_counted_twice(hook):
    assert scenario("moves", hook) == {"answered": [True] * 4, "counted": [4, 4], "fast": [2, 2], "closed": True}


@pytest.mark.parametrize("path", ["xdp", "generic", "tc", "tun"])
def test_when_rules_change_under_traffic_then_no_packet_is_lost_or_overtaken_and_the_next_one_meets_the_change(path):
    assert scenario("changes", path) == {"wrong": [], "leaked": [], "refused": 0}


def test_when_a_quota_comes_later_then_what_the_program_carried_counts_against_it():
    assert scenario("quota") == {"passed": 4}


def test_when_both_paths_use_a_volume_then_it_is_told_once_and_in_time():
    found = scenario("volume")
    assert found["events"] == [True]
    assert 1000 <= found["told"] <= 1040


def test_when_a_session_mixes_paths_then_its_rate_is_kept(hook):
    found = scenario("rate", hook)
    assert found["fast"]
    assert 0.3 * found["allowed"] <= found["bits"] <= found["allowed"]  # how much less is the busy machine's


def test_when_the_host_s_routing_changes_then_the_hops_follow():
    assert scenario("neighbour") == {"fast": 0}


@pytest.mark.parametrize("hook", ["xdp", "tc"])
def test_when_the_process_is_replaced_while_packets_pass_then_none_is_lost_and_rules_and_counts_go_on(hook):
    assert scenario("takeover", hook) == {
        "wrong": [],
        "kept": [True, True],
        "sessions": [1, 1],
        "counted": True,
        "fast": True,
        "left": [],
    }


@pytest.mark.parametrize("hook", ["xdp", "tc"])
def test_when_the_user_plane_is_killed_then_packets_pass_on_until_it_is_back_and_nothing_stays_when_it_ends(hook):
    found = scenario("crash", hook)
    assert found == {
        "before": True,
        "orphaned": 50,
        "same_tunnel": True,
        "back": True,
        "names": [2, 0],
        "after": False,
    }
