import os
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.app.bench.userplane import bench_userplane
from freehold.app.bench.xdp import Wanted, bench_kernel
from freehold.net.xdp import CAPABILITIES, program
from freehold.spec.errors import Unusable

QUICK = Wanted(sessions=100, seconds=0.2, packets=20_000)
NOT_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


@pytest.mark.root
@pytest.mark.xdist_group("xdp")
@NOT_ROOT
@pytest.mark.parametrize("path", ["xdp", "generic", "tc"])
def test_when_a_path_is_measured_live_then_packets_arrive_and_a_bare_redirect_is_the_limit(path):
    cases, why = bench_kernel(path, QUICK)
    if why:
        pytest.skip(why)
    assert [(case.path, case.direction, case.sessions, case.size) for case in cases] == [
        (path, "up", 100, 128),
        (path, "down", 100, 128),
    ]
    for case in cases:
        assert (
            0 <= case.loss < 0.5
        )  # what a veth's ring has no room for on a busy machine is lost before the program sees it
        assert case.mpps_per_core > 0
        assert 0 < case.share_of_redirect < 1.5
        assert case.gbps_per_core == pytest.approx(case.mpps_per_core * 128 * 8 / 1000, rel=0.01, abs=0.01)
        if path == "tc":
            assert case.ns_per_packet_testrun is None
            assert case.hidden_ns_testrun is None
        else:
            assert case.hidden_ns_testrun > case.redirect_ns_testrun
            assert case.ns_per_packet_testrun > case.redirect_ns_testrun - 5  # ns are whole: nothing but rounding


@pytest.mark.root
@pytest.mark.xdist_group("tun")
@NOT_ROOT
@pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here")
def test_when_the_engine_s_path_is_measured_then_it_is_a_share_of_the_redirect_too():
    found = bench_userplane("tun", Wanted(direction="up", seconds=0.2))
    if found.skipped:
        pytest.skip(found.skipped[0])
    [case] = found.live
    assert (case.path, case.direction, case.sessions) == ("tun", "up", 1)
    assert 0 < case.share_of_redirect < 1


def test_when_a_path_is_not_known_then_one_line_says_so():
    with pytest.raises(Unusable, match=r"^--path sctp"):
        bench_userplane("sctp", QUICK)


@pytest.mark.root
def test_when_the_capability_is_missing_then_it_says_so_and_measures_nothing():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", sys.executable, "-c",
         "from freehold.app.bench.xdp import Wanted, bench_kernel; print(bench_kernel('xdp', Wanted(1)))"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"cannot run as another user here: {done.stderr.strip()[-200:]}")
    assert done.stdout.strip() == str(([], CAPABILITIES))


def test_when_a_program_is_read_then_it_is_compiled_for_bpf():
    for name in ("userplane", "bench"):
        octets = program(name)
        assert octets[:6] == b"\x7fELF\x02\x01"
        assert int.from_bytes(octets[18:20], "little") == 247  # EM_BPF
        assert b"/work/" not in octets
