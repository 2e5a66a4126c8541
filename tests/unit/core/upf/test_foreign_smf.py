"""What SMFs of other networks send that ours does not (TS 29.244): names, tunnels and placeholders of their own."""

from __future__ import annotations

import pytest

from freehold.codecs.pfcp import (
    FTEID,
    CreateFAR,
    ForwardingParameters,
    OuterHeaderCreation,
    SessionDeletionRequest,
    SessionModificationRequest,
    UEIPAddress,
    UpdateFAR,
    UpdateForwardingParameters,
    UpdatePDR,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface, PFCPSEReqFlag, UPFunctionFeature
from freehold.services.access import Tunnel
from freehold.spec.causes import PfcpCause
from upfkit import HOLD, UPLINK_FAR, World, downlink_pdr, establishment, uplink_pdr

N3 = bytes((192, 0, 2, 1))
GNB = bytes((192, 0, 2, 10))
NOWHERE = OuterHeaderCreation(gtpu_ipv4=True, teid=0, ipv4=bytes(4))
FORWARD_CORE = CreateFAR(
    far_id=1, apply_action=ApplyAction.FORW, forwarding_parameters=ForwardingParameters(Interface.CORE)
)


def given(teid, **fields):
    """An uplink rule of a tunnel that the SMF chose, named nowhere."""
    return uplink_pdr(local_f_teid=FTEID(teid, ipv4=N3), network_instance=None, **fields)


def to_access(action, creation=NOWHERE):
    """A downlink action that names a tunnel from the start."""
    parameters = ForwardingParameters(Interface.ACCESS, outer_header_creation=creation)
    return CreateFAR(far_id=2, apply_action=action, forwarding_parameters=parameters)


def unnamed(teid=11, *, number=2, action=ApplyAction.DROP):
    """A session as an SMF sends it that chooses TEIDs and names no network instance."""
    address = (UEIPAddress(ipv4=bytes((10, 45, 0, number))),)
    return establishment(
        create_pdr=(
            given(teid, ue_ip_address=(), qfi=()),
            downlink_pdr(network_instance=None, ue_ip_address=address),
        ),
        create_far=(FORWARD_CORE, to_access(action)),
    )


class Given(World):
    """A UPF that leaves F-TEIDs to its SMF, with a terminal of such a session at the gNB."""

    def __init__(self, **settings):
        super().__init__(smf_teids=True, **settings)

    def attach(self, teid=11):
        response = self.ask(unnamed(teid))
        assert response.cause == PfcpCause.REQUEST_ACCEPTED
        assert response.created_pdr == ()
        self.seid = response.up_f_seid.seid
        self.handle, self.tunnel = self.gnb.add_bearer(Tunnel("192.0.2.1", teid), 9)
        self.gnb.attach(1, "10.45.0.2", 1400)
        self.gnb.bind(1, self.handle)

    def far(self, action, teid=None, address=GNB):
        creation = None if teid is None else OuterHeaderCreation(gtpu_ipv4=True, teid=teid, ipv4=address)
        parameters = creation and UpdateForwardingParameters(destination_interface=0, outer_header_creation=creation)
        update = UpdateFAR(far_id=2, apply_action=action, update_forwarding_parameters=parameters)
        return self.ask(SessionModificationRequest(update_far=(update,)), self.seid).cause

    def ping(self):
        results = []
        self.gnb.ping(1, "10.45.0.1", 56, results.append)
        self.poll()
        return len(results)


def test_when_f_teids_are_the_smfs_then_that_is_told_and_its_tunnels_carry_packets():
    world = Given(associated=False)
    assert not world.associate().up_function_features & UPFunctionFeature.FTUP
    world.attach()
    assert world.ping() == 0  # TS 29.244 5.5.1: nobody hid this TEID, and the gNB is not known yet
    assert world.far(ApplyAction.FORW, world.tunnel.teid) == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == 1
    assert world.ask(SessionDeletionRequest(), world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert (world.ping(), world.upf_plane.sessions()) == (0, 0)


def test_when_f_teids_are_ours_then_one_that_the_smf_chose_is_refused():
    # TS 29.244 5.5.1
    world = World()
    response = world.ask(unnamed())
    assert (response.cause, response.offending_ie) == (PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION, 21)
    assert world.upf_plane.sessions() == 0


def test_when_a_session_is_restored_then_it_keeps_its_f_teid():
    # TS 29.244 5.5.1, TS 23.527 4.3.2
    world = World()
    request = establishment(create_pdr=(given(0x5EED), downlink_pdr()), pfcpsereq_flags=PFCPSEReqFlag.RESTI)
    assert world.ask(request).cause == PfcpCause.REQUEST_ACCEPTED
    again = world.ask(establishment(create_pdr=(given(0x5EED), downlink_pdr()), pfcpsereq_flags=PFCPSEReqFlag.RESTI))
    assert again.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE


def test_p04_when_an_f_teid_is_live_then_a_second_session_does_not_get_it():
    # TS 33.513 4.2.2.6
    world = Given()
    world.attach()
    world.far(ApplyAction.FORW, world.tunnel.teid)
    chosen_here = (
        world.ask(
            establishment(
                create_pdr=(
                    uplink_pdr(ue_ip_address=(UEIPAddress(ipv4=bytes((10, 45, 0, 9))),)),
                    downlink_pdr(ue_ip_address=(UEIPAddress(ipv4=bytes((10, 45, 0, 9))),)),
                )
            )
        )
        .created_pdr[0]
        .local_f_teid.teid
    )
    for taken in (11, chosen_here):
        refused = world.ask(unnamed(taken, number=3))
        assert refused.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
        assert refused.offending_ie == 21
    assert (world.ping(), world.upf_plane.sessions()) == (1, 2)


@pytest.mark.parametrize(
    "f_teid",
    [FTEID(0, ipv4=N3), FTEID(11, ipv4=bytes((192, 0, 2, 99))), FTEID(11, ipv4=N3, ipv6=bytes(16))],
    ids=["TEID 0", "another address", "an address too many"],
)
def test_when_an_f_teid_is_none_of_ours_then_it_is_refused(f_teid):
    world = Given()
    response = world.ask(establishment(create_pdr=(uplink_pdr(local_f_teid=f_teid), downlink_pdr())))
    assert response.cause in {PfcpCause.MANDATORY_IE_INCORRECT, PfcpCause.INVALID_LENGTH}
    assert world.upf_plane.sessions() == 0


def test_when_the_same_f_teid_comes_in_an_update_then_the_tunnel_stays():
    world = Given()
    world.attach()
    world.far(ApplyAction.FORW, world.tunnel.teid)
    update = UpdatePDR(pdr_id=1, pdi=given(11, qfi=()).pdi, far_id=1)
    response = world.ask(SessionModificationRequest(update_pdr=(update,)), world.seid)
    assert (response.cause, response.updated_pdr) == (PfcpCause.REQUEST_ACCEPTED, ())
    assert world.ping() == 1
    other = UpdatePDR(pdr_id=1, pdi=given(12, qfi=()).pdi, far_id=1)
    assert world.ask(SessionModificationRequest(update_pdr=(other,)), world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == 0


def test_when_an_action_that_does_not_forward_names_a_place_then_it_may_be_none():
    for action in (ApplyAction.DROP, ApplyAction.BUFF, HOLD):
        assert World().ask(establishment(create_far=(UPLINK_FAR, to_access(action)))).cause == 1
    nowhere = World().ask(establishment(create_far=(UPLINK_FAR, to_access(ApplyAction.FORW))))
    assert (nowhere.cause, nowhere.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 84)


def test_when_a_terminal_is_idle_for_a_while_then_its_tunnel_is_what_it_was():
    # TS 29.244 7.5.4.3: what an update does not name stays
    world = Given()
    world.attach()
    world.far(ApplyAction.FORW, world.tunnel.teid)
    assert world.far(HOLD) == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == 0
    assert world.far(ApplyAction.FORW) == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() >= 1
    assert world.far(HOLD, 0) == PfcpCause.REQUEST_ACCEPTED  # an address, and TEID 0: no tunnel
    assert world.far(ApplyAction.FORW) == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == 0


def test_when_no_network_instance_is_named_then_the_terminals_address_says_which():
    world = World()
    for number, address in ((0, (10, 45, 0, 2)), (1, (10, 46, 0, 2))):
        ue = (UEIPAddress(ipv4=bytes(address)),)
        pdrs = (
            uplink_pdr(network_instance=None, ue_ip_address=ue),
            downlink_pdr(network_instance=None, ue_ip_address=ue),
        )
        response = world.ask(establishment(create_pdr=pdrs, create_far=(FORWARD_CORE, to_access(ApplyAction.DROP))))
        assert response.cause == PfcpCause.REQUEST_ACCEPTED, number
    outside = (UEIPAddress(ipv4=bytes((10, 99, 0, 2))),)
    pdrs = (uplink_pdr(network_instance=None, ue_ip_address=outside),)
    refused = world.ask(establishment(create_pdr=pdrs, create_far=(FORWARD_CORE,)))
    assert (refused.cause, refused.offending_ie) == (PfcpCause.CONDITIONAL_IE_MISSING, 22)


def test_when_network_instances_have_other_names_then_the_configuration_says_which_they_are():
    names = {"core.example": "internet"}
    pdrs = (uplink_pdr(network_instance=b"access.example"), downlink_pdr(network_instance=b"\x04CORE\x07example"))
    far = CreateFAR(
        far_id=1,
        apply_action=ApplyAction.FORW,
        forwarding_parameters=ForwardingParameters(Interface.CORE, network_instance=b"core.example"),
    )
    request = establishment(create_pdr=pdrs, create_far=(far, to_access(ApplyAction.DROP)))
    assert World(network_instances=names).ask(request).cause == PfcpCause.REQUEST_ACCEPTED
    refused = World().ask(request)
    assert (refused.cause, refused.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 22)


def test_when_only_the_access_side_has_a_name_of_its_own_then_it_says_nothing():
    pdrs = (uplink_pdr(network_instance=b"access"), downlink_pdr(network_instance=None))
    request = establishment(create_pdr=pdrs, create_far=(FORWARD_CORE, to_access(ApplyAction.DROP)))
    assert World().ask(request).cause == PfcpCause.REQUEST_ACCEPTED


def test_when_the_smf_sends_and_hears_itself_then_a_tunnel_leads_there():
    # TS 29.244 5.3: router advertisements of an SMF, and solicitations to it
    smf = OuterHeaderCreation(gtpu_ipv4=True, teid=0x99, ipv4=bytes((10, 0, 0, 9)))
    pdrs = (
        uplink_pdr(),
        downlink_pdr(),
        downlink_pdr(
            pdr_id=3,
            source_interface=Interface.CP_FUNCTION,
            local_f_teid=FTEID(choose_ipv4=True, choose_id=7),
            network_instance=None,
        ),
        uplink_pdr(pdr_id=4, precedence=1, far_id=4),
    )
    to_smf = ForwardingParameters(Interface.CP_FUNCTION, outer_header_creation=smf)
    far = CreateFAR(far_id=4, apply_action=ApplyAction.FORW, forwarding_parameters=to_smf)
    fars = (UPLINK_FAR, to_access(ApplyAction.DROP), far)
    response = World().ask(establishment(create_pdr=pdrs, create_far=fars))
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    assert [one.pdr_id for one in response.created_pdr] == [1, 3, 4]
    bare = CreateFAR(
        far_id=4, apply_action=ApplyAction.FORW, forwarding_parameters=ForwardingParameters(Interface.CP_FUNCTION)
    )
    refused = World().ask(establishment(create_pdr=pdrs, create_far=(*fars[:2], bare)))
    assert (refused.cause, refused.offending_ie) == (PfcpCause.CONDITIONAL_IE_MISSING, 84)
