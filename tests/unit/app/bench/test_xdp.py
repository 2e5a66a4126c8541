import subprocess
import sys

import pytest

from freehold.app.bench.xdp import bench_xdp
from freehold.net.xdp import CAPABILITIES, program


@pytest.mark.root
def test_when_the_program_is_measured_then_it_costs_more_than_a_bare_redirect():
    cases, why = bench_xdp(sessions=100, packets=20_000)
    if why:
        pytest.skip(why)
    assert [(case.direction, case.sessions, case.size) for case in cases] == [("up", 100, 128), ("down", 100, 128)]
    for case in cases:
        assert case.ns_per_packet_testrun > case.redirect_ns_testrun >= 0
        assert case.load_seconds > 0


@pytest.mark.root
def test_when_the_capability_is_missing_then_it_says_so_and_measures_nothing():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", sys.executable, "-c",
         "from freehold.app.bench.xdp import bench_xdp; print(bench_xdp(1))"],
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
