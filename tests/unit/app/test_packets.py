from __future__ import annotations

import pytest

from freehold.app.config import parse
from freehold.app.packets import Packets
from freehold.app.world import VirtualWorld
from freehold.procedure import Tap


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
