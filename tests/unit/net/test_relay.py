"""N6 without root: TCP and UDP through the host's sockets (RFC 4787, RFC 5382)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.net.userplane import PlaneSettings, UserPlane

pytestmark = pytest.mark.xdist_group("tun")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
@pytest.mark.skipif(not all(map(shutil.which, ("ip", "unshare", "nsenter"))), reason="no iproute2 or util-linux")
def test_when_there_is_a_relay_then_terminals_reach_the_neighbour_and_never_the_host():
    command = ["unshare", "--net", sys.executable, str(Path(__file__).with_name("relay_namespace.py"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "page": True,
        "uploaded": "500000",
        "echo": "198.51.100.1:9000 cba",
        "closed port": None,
        "own": [None, None],
        "here": True,
    }


def test_when_a_relay_is_attached_to_nothing_then_it_is_refused():
    upf = UserPlane().add_upf(PlaneSettings("192.0.2.1"), bytes(16))
    with pytest.raises((ValueError, IndexError)):
        upf.attach_relay(9, "10.45.0.1")
