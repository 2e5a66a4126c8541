"""Numbers that have names in the specifications are shown by them."""

import pytest

from freehold.codecs import nas, pfcp
from freehold.codecs.display import PROTOCOLS, render
from freehold.codecs.display.names import named
from freehold.codecs.pfcp import flags
from freehold.codecs.pfcp.table import UnknownIE


@pytest.mark.parametrize(
    ("owner", "field", "value", "shown"),
    [
        (pfcp.CreateFAR, "apply_action", 2, "2 (FORW)"),
        (pfcp.CreateFAR, "apply_action", 0x0C, "12 (BUFF, NOCP)"),
        (pfcp.CreateFAR, "apply_action", 0x8001, "32769 (DROP, 0x8000)"),
        (pfcp.CreateFAR, "apply_action", 0, "0"),
        (pfcp.PDI, "source_interface", 0, "0 (ACCESS)"),
        (pfcp.PDI, "source_interface", 5, "5 (FIVE_G_VN_INTERNAL)"),
        (pfcp.PDI, "source_interface", 9, "9"),
        (pfcp.GateStatus, "ul_gate", 1, "1 (CLOSED)"),
        (pfcp.OuterHeaderRemoval, "description", 6, "6 (GTPU_UDP_IP)"),
        (pfcp.SessionEstablishmentResponse, "cause", 1, "1 (request accepted)"),
        (pfcp.SessionEstablishmentResponse, "offending_ie", 21, "21 (FTEID)"),
        (pfcp.AssociationSetupRequest, "up_function_features", 0x10, "16 (FTUP)"),
        (UnknownIE, "number", 44, "44 (ApplyAction)"),
        (nas.RegistrationType, "value", 1, "1 (initial)"),
        (nas.IdentityRequest, "identity_type", 1, "1 (suci)"),
        (nas.SecurityAlgorithms, "ciphering", 2, "2 (nea2 128)"),
        (nas.PduSessionEstablishmentAccept, "selected_ssc_mode", 1, "1 (ssc mode 1)"),
        (nas.PduSessionReleaseCommand, "cause", 26, "26 (insufficient resources)"),
        (nas.RegistrationReject, "cause", 200, "200"),
        (nas.RegistrationReject, "pti", 3, "3"),
    ],
)
def test_when_a_number_has_a_name_then_it_is_shown_beside_it(owner, field, value, shown):
    assert named(owner, field, value) == shown


def test_when_a_rule_of_a_session_is_shown_then_its_action_is_named():
    far = pfcp.CreateFAR(far_id=1, apply_action=flags.ApplyAction.FORW)
    request = pfcp.SessionModificationRequest(create_far=(far,))
    shown = "\n".join(render(PROTOCOLS["pfcp"].decode(pfcp.encode(request, 1, 2))))
    assert "apply_action: 2 (FORW)" in shown
