"""Core and UPF apart: N4 on either version of IP, and an end of either that the other one hears of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.root
@pytest.mark.parametrize("version", ["4", "6"])
def test_when_core_and_upf_are_apart_then_each_releases_the_other_at_its_end(version, tmp_path):
    # TS 29.244 6.2.7, 6.2.8
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare for a namespace")
    script = Path(__file__).with_name("n4_namespace.py")
    words = ["unshare", "--net", sys.executable, str(script), version, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    smf, upf = ("10.4.0.1", "10.4.0.2") if version == "4" else ("fd00:4::1", "fd00:4::2")
    assert told["ends"] == [upf, [smf]]
    assert {"upf-leaves", "upf-restarted"} <= {*told["told"]}
    assert told["traced"] == [["N3", "G-PDU"], ["N6", "packet"]]
    assert (told["associated"], told["answered"], told["left"], told["back"], told["nobody"]) == (True,) * 5
