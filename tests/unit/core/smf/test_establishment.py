"""PDU session establishment (TS 23.502 4.3.2.2.1, TS 24.501 6.4.1)."""

from __future__ import annotations

from freehold.codecs import nas, ngap

from .world import World


def test_when_a_ue_asks_for_a_session_then_it_gets_address_tunnel_and_accept() -> None:
    world = World()
    reference = world.create()
    (transfer,) = world.amf.transfers
    accept = world.amf.n1
    assert isinstance(accept, nas.PduSessionEstablishmentAccept)
    request, faults = ngap.decode_as(ngap.PDUSessionResourceSetupRequestTransfer, transfer.n2_sm_info or b"")
    world.set_up(reference)
    assert world.session.up_cnx_state == "ACTIVATED"
