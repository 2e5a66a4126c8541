from __future__ import annotations

import os

import pytest

from freehold.app.bench.userplane import bench_engine, bench_path
from freehold.app.bench.xdp import Wanted
from freehold.net.userplane import measure_engine


@pytest.mark.xdist_group("tun")
def test_when_the_user_plane_is_measured_then_every_case_has_its_figures():
    found = bench_engine(Wanted(seconds=0.1, packets=5_000))
    assert [(case.sessions, case.octets) for case in found.engine[::2]] == [(1, 128), (10_000, 128), (100_000, 128)]
    assert all(case.uplink_ns > 0 and case.downlink_ns > 0 for case in found.engine)
    paths = [case.path for case in found.paths]
    if os.geteuid() == 0:
        assert paths == ["UDP", "UDP"] + ["UDP to TUN", "TUN to UDP"] * 2
    else:
        assert paths == ["UDP", "UDP"]
        assert "root" in found.skipped[0]
    assert all(case.packets > 0 for case in found.paths)


def test_when_a_path_is_measured_then_its_rate_follows_from_its_cost():
    (case,) = bench_path(tun=False, octets=1400, seconds=0.1)
    assert case.kpps_per_core == pytest.approx(1e6 / case.ns, rel=0.01)
    assert case.gbit_per_core == pytest.approx(1400 * 8 / case.ns, rel=0.01)


@pytest.mark.parametrize(("sessions", "octets"), [(0, 128), (1 << 20, 128), (1, 10)])
def test_when_the_sizes_make_no_sense_then_nothing_is_measured(sessions, octets):
    with pytest.raises(ValueError, match="sessions"):
        measure_engine(sessions, octets, 1)
