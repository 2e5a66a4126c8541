"""Captures of whole runs, judged by Wireshark's dissectors."""

import json
import subprocess

import pytest

from interopkit import tshark
from interopkit.core import FREEHOLD, GATEWAY
from interopkit.program import Program
from interopkit.ueransim import DEREGISTERED, TUNNEL, Ueransim

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("interop")]

# TS 24.501 9.7: registration, accept, complete; authentication; security mode; both NAS transports
REGISTERING = ("0x41", "0x42", "0x43", "0x56", "0x57", "0x5d", "0x5e", "0x67", "0x68")
DEREGISTRATION_REQUEST, DEREGISTRATION_ACCEPT = "0x45", "0x46"
ESTABLISHING = ("0xc1", "0xc2")
# TS 38.413 9.4.7: NG Setup, Initial UE Message, context setup and release, both NAS transports, session setup
NG_SETUP, CONTEXT_RELEASE, SESSION_SETUP = "21", "41", "29"
# TS 29.244 7.3: association, session establishment, modification
BUILT = 1_700_000_000
"""A moment of UTC before any run of this version."""
N4_WORK = ("5", "6", "50", "51", "52", "53")


def assert_readable(capture):
    assert tshark.malformed(capture) == []
    nas = tshark.count(capture, "nas_5gs.mm.message_type")
    assert set(REGISTERING) <= set(nas)
    assert set(ESTABLISHING) <= set(tshark.count(capture, "nas_5gs.sm.message_type"))
    assert SESSION_SETUP in tshark.count(capture, "ngap.procedureCode")
    assert tshark.fields(capture, "frame.number", only="gtp && icmp")
    return nas


def test_when_a_demonstration_is_captured_then_all_of_it_can_be_read(tmp_path, tshark_needed):
    capture = tmp_path / "demo.pcap"
    words = [FREEHOLD, "demo", "--ues", "10", "--pcap", capture, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ping_ok"] == 10
    nas = assert_readable(capture)
    assert [nas[kind] for kind in ("0x41", "0x42", "0x43")] == [20, 10, 10]  # the first comes again, whole
    assert NG_SETUP in tshark.count(capture, "ngap.procedureCode")
    assert set(N4_WORK) <= set(tshark.count(capture, "pfcp.msg_type"))
    assert min(float(row[0]) for row in tshark.fields(capture, "frame.time_epoch")) > BUILT


@pytest.mark.root
def test_when_an_unmodified_terminal_is_captured_then_all_of_it_can_be_read(
    ueransim_programs, site_of, standin, tshark_needed
):
    site = site_of(ciphering="NEA0")
    ueransim = Ueransim(ueransim_programs, site, standin=standin)
    capture = site.folder / "ueransim.pcap"
    site.subscribe(1)
    with site.start(), Program(site.command("trace", "--pcap", capture)) as trace:
        trace.wait_for("writing")
        with ueransim.gnb(), ueransim.ue() as ue:
            interface, _ = ue.wait_for(TUNNEL)[0].groups()
            assert ueransim.ping(interface, GATEWAY) == 3
            ueransim.order(1, "deregister disable-5g")
            ue.wait_for(DEREGISTERED)
        assert site.ask("status")["ues_registered"] == 0
        assert trace.interrupt() == 0
    nas = assert_readable(capture)
    assert {DEREGISTRATION_REQUEST, DEREGISTRATION_ACCEPT} <= set(nas)
    assert {NG_SETUP, CONTEXT_RELEASE} <= set(tshark.count(capture, "ngap.procedureCode"))
    # every message type of N4 for this run, the association having been made before
    assert set(N4_WORK[2:]) <= set(tshark.count(capture, "pfcp.msg_type"))
