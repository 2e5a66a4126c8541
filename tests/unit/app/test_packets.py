from __future__ import annotations

import os
from pathlib import Path

import pytest

from freehold.app.config import parse
from freehold.app.packets import Packets
from freehold.app.world import VirtualWorld
from freehold.procedure import Tap
from freehold.spec.errors import Unusable


@pytest.mark.parametrize(
    ("outside", "notes"),
    [(True, ["internet: TCP and UDP of 10.45.0.0/16 leave through this machine (n6 = relay)"]), (False, [])],
)
def test_when_n6_is_relay_then_terminals_leave_through_this_machine_unless_nothing_may(outside, notes):
    configuration = parse('[[dnn]]\nname = "internet"\npool = "10.45.0.0/16"\nn6 = "relay"')
    packets = Packets(configuration, VirtualWorld(), Tap())
    packets.add_upf(outside=outside)
    assert packets.notes == notes
    packets.close()


def test_when_xdp_is_insisted_on_without_a_routed_network_then_one_line_says_why():
    configuration = parse('[upf]\nn3 = "127.0.9.1"\npath = "xdp"\n[[dnn]]\nname = "internet"\nn6 = "internal"')
    packets = Packets(configuration, VirtualWorld(), Tap())
    with pytest.raises(Unusable, match=r"^upf\.path = xdp serves data networks with n6 = route"):
        packets.add_upf(outside=True)
    packets.close()


@pytest.mark.root
@pytest.mark.xdist_group("tun")
@pytest.mark.skipif(os.geteuid() != 0, reason="a TUN needs root")
@pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no /dev/net/tun here")
def test_when_the_fast_path_cannot_be_had_then_auto_says_so_in_one_line_and_goes_on():
    configuration = parse('[upf]\nn3 = "127.0.9.1"\n[[dnn]]\nname = "internet"\npool = "10.213.0.0/24"\nn6 = "route"')
    packets = Packets(configuration, VirtualWorld(), Tap())
    assert packets.add_upf(outside=True).sessions() == 0
    [line] = [note for note in packets.notes if note.startswith("UPF")]
    assert "needs" in line
    assert line.endswith("packets take the portable engine")
    packets.close()
