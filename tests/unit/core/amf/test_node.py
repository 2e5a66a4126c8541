"""NG Setup, RAN configuration update, NG Reset, Error Indication, loss of a gNB (TS 38.413 8.7)."""

import pytest

from amfkit.harness import CONFIGURATION, GUAMI, OTHER_PLMN, PLMN, Terminal, World, supported
from amfkit.neighbours import SLICE, SLICE_SD
from asn1kit.pdu import take_apart
from freehold.codecs import nas, ngap
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.errors import Aborted, Unusable
from freehold.spec.identities import GnbId, SNssai


@pytest.fixture
def world():
    return World()


def refused(world, **options):
    gnb = world.bare_gnb()
    gnb.send(gnb.setup_request(**options))
    failure = gnb.next(ngap.NGSetupFailure)
    assert failure.time_to_wait == "v5s"
    assert world.baseline()["gnbs"] == 0
    assert world.faults() == 1
    return failure.cause, world.event("gnb-refused")


# --- NG Setup ----------
def test_when_a_gnb_fits_then_it_is_told_what_is_served(world):
    gnb = world.bare_gnb()
    response = gnb.setup(name="roof")
    assert response.amf_name == "amf1"
    assert response.relative_amf_capacity == 255
    (guami,) = response.served_guami_list
    assert guami.guami.amf_region_id == (GUAMI.region, 8)
    (support,) = response.plmn_support_list
    assert support.plmn_identity == PLMN.octets
    assert [(each.s_nssai.sst, each.s_nssai.sd) for each in support.slice_support_list] == [
        (b"\1", None),
        (b"\1", b"\1\2\3"),
    ]
    (view,) = world.amf.gnbs()
    assert (view.name, view.identity, len(view.tais)) == ("roof", GnbId(PLMN, 77, 22), 3)
    assert "roof" in world.event("gnb-connected").text


@pytest.mark.parametrize("bits", [22, 24, 32])
def test_when_the_gnb_id_has_any_length_then_it_is_taken(world, bits):
    gnb = world.bare_gnb()
    gnb.setup(bits=bits)
    assert next(iter(world.amf.gnbs())).identity.bits == bits


def test_when_no_plmn_is_common_then_the_event_names_both(world):
    cause, event = refused(world, plmn=OTHER_PLMN)
    assert cause == ("misc", "unknown-PLMN-or-SNPN")
    assert "999/70" in event.text
    assert "001/01" in event.text
    assert "[network] plmn" in event.fix


def test_when_no_tac_is_common_then_the_event_names_both(world):
    cause, event = refused(world, tacs=(8, 9))
    assert cause == ("misc", "unspecified")
    assert "8, 9" in event.text
    assert "1, 2, 3" in event.text


def test_when_no_slice_is_common_then_the_event_says_that_an_sd_matters(world):
    cause, event = refused(world, slices=(SNssai(1, 0),))
    assert cause == ("radioNetwork", "slice-not-supported")
    assert "1-000000" in event.text
    assert "without SD" in event.fix


def test_when_the_node_is_no_gnb_then_it_is_refused(world):
    gnb = world.bare_gnb()
    node = ngap.GlobalNgENBID(plmn_identity=PLMN.octets, ng_enb_id=("macroNgENB-ID", (1, 20)))
    gnb.send(
        ngap.NGSetupRequest(
            global_ran_node_id=("globalNgENB-ID", node),
            supported_ta_list=supported(PLMN, (1,), (SLICE,)),
            default_paging_drx="v64",
        )
    )
    assert gnb.next(ngap.NGSetupFailure).cause == ("protocol", "semantic-error")


def test_when_a_refused_gnb_is_corrected_then_the_same_association_serves(world):
    gnb = world.bare_gnb()
    gnb.send(gnb.setup_request(plmn=OTHER_PLMN))
    gnb.next(ngap.NGSetupFailure)
    gnb.setup()
    assert world.baseline()["gnbs"] == 1


def test_when_the_gnb_speaks_of_several_areas_then_each_keeps_its_slices(world):
    gnb = world.bare_gnb()
    request = gnb.setup_request()
    both = supported(PLMN, (1,), (SLICE,)) + supported(PLMN, (2,), (SLICE_SD,)) + supported(OTHER_PLMN, (2,), (SLICE,))
    gnb.send(
        ngap.NGSetupRequest(
            global_ran_node_id=request.global_ran_node_id, supported_ta_list=both, default_paging_drx="v64"
        )
    )
    gnb.next(ngap.NGSetupResponse)
    ue = world.terminal(gnb)
    ue.start(tac=2)
    ue.authenticate()
    ue.command()
    ue.complete()
    assert ue.expect(nas.RegistrationReject).cause == 62


# --- again, and loss ----------
def test_when_a_gnb_associates_anew_then_its_ues_are_idle_and_the_old_end_is_closed(world):
    gnb = world.gnb()
    ue = world.terminal(gnb)
    ue.register()
    ue.establish()
    again = world.bare_gnb(gnb.number)
    again.setup()
    assert gnb.wire.closed
    assert world.baseline() == {"ues": 1, "connections": 0, "gnbs": 1, "sessions": 1}
    assert world.smf.last("update_sm_context")[1].up_cnx_state == "DEACTIVATED"
    gnb.link.lost("closed")
    assert world.baseline()["gnbs"] == 1
    ue.gnb = again
    ue.service_request(uplink=[1])
    ue.downlink(ngap.InitialContextSetupRequest)


def test_when_ng_setup_comes_again_then_the_ues_of_the_gnb_are_reset(world):
    gnb, other = world.gnb(), world.gnb()
    first, second = world.terminal(gnb, 1), world.terminal(other, 2)
    first.register()
    second.register()
    gnb.setup()
    states = {view.supi: view.cm_state for view in world.amf.ues()}
    assert states == {first.subscription.supi: "CM-IDLE", second.subscription.supi: "CM-CONNECTED"}


def test_when_a_gnb_is_lost_then_its_ues_are_idle_and_others_are_not(world):
    gnb, other = world.gnb(), world.gnb()
    first, second = world.terminal(gnb, 1), world.terminal(other, 2)
    first.register()
    first.establish()
    second.register()
    gnb.lose()
    states = {view.supi: view.cm_state for view in world.amf.ues()}
    assert states == {first.subscription.supi: "CM-IDLE", second.subscription.supi: "CM-CONNECTED"}
    assert world.baseline() == {"ues": 2, "connections": 1, "gnbs": 1, "sessions": 1}
    assert "gnb1" in world.event("gnb-lost").text


def test_when_a_gnb_of_many_is_lost_then_others_are_served_meanwhile_and_all_are_idle_soon(world, monkeypatch):
    monkeypatch.setattr("freehold.core.amf.procedures.ng_setup.AT_ONCE", 2)
    gnb, other = world.gnb(), world.gnb()
    terminals = [world.terminal(gnb, number) for number in range(1, 6)]
    for terminal in terminals:
        terminal.register()
    gnb.lose()
    assert world.baseline()["connections"] == 3
    last = terminals[-1]
    last.gnb = other
    last.register()  # it is at another gNB before its old connection's turn comes
    world.run_for(0.001)
    assert world.baseline() == {"ues": 5, "connections": 1, "gnbs": 1, "sessions": 0}
    last.establish()


# --- RAN configuration update ----------
def test_when_the_gnb_changes_its_areas_then_they_count_at_once(world):
    gnb = world.gnb()
    gnb.send(ngap.RANConfigurationUpdate(ran_node_name="cellar", supported_ta_list=supported(PLMN, (2,), (SLICE,))))
    gnb.next(ngap.RANConfigurationUpdateAcknowledge)
    (view,) = world.amf.gnbs()
    assert view.name == "cellar"
    assert [tai.tac for tai in view.tais] == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"supported_ta_list": supported(PLMN, (9,), (SLICE,))},
        {
            "global_ran_node_id": (
                "globalGNB-ID",
                ngap.GlobalGNBID(plmn_identity=PLMN.octets, gnb_id=("gNB-ID", (5, 22))),
            )
        },
    ],
)
def test_when_the_change_serves_nobody_then_everything_stays(world, change):
    gnb = world.gnb()
    gnb.send(ngap.RANConfigurationUpdate(**change))
    gnb.next(ngap.RANConfigurationUpdateFailure)
    (view,) = world.amf.gnbs()
    assert len(view.tais) == 3


# --- NG Reset ----------
def test_when_the_interface_is_reset_then_all_its_ues_are_idle(world):
    gnb = world.gnb()
    for number in (1, 2):
        world.terminal(gnb, number).register()
    gnb.send(ngap.NGReset(cause=("misc", "om-intervention"), reset_type=("nG-Interface", "reset-all")))
    assert gnb.next(ngap.NGResetAcknowledge).ue_associated_logical_ng_connection_list is None
    assert world.baseline() == {"ues": 2, "connections": 0, "gnbs": 1, "sessions": 0}


def test_when_part_is_reset_then_the_others_stay_and_all_are_acknowledged(world):
    gnb = world.gnb()
    first, second, third = (world.terminal(gnb, number) for number in (1, 2, 3))
    for ue in (first, second, third):
        ue.register()
    items = [
        ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=first.amf_id),
        ngap.UEAssociatedLogicalNGConnectionItem(ran_ue_ngap_id=second.ran_id),
        ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=999_999),
    ]
    gnb.send(ngap.NGReset(cause=("misc", "unspecified"), reset_type=("partOfNG-Interface", items)))
    assert gnb.next(ngap.NGResetAcknowledge).ue_associated_logical_ng_connection_list == items
    states = {view.supi: view.cm_state for view in world.amf.ues()}
    assert list(states.values()) == ["CM-IDLE", "CM-IDLE", "CM-CONNECTED"]


def test_when_another_gnbs_ue_is_listed_then_it_is_not_touched(world):
    gnb, other = world.gnb(), world.gnb()
    ue = world.terminal(gnb)
    ue.register()
    items = [ngap.UEAssociatedLogicalNGConnectionItem(amf_ue_ngap_id=ue.amf_id)]
    other.send(ngap.NGReset(cause=("misc", "unspecified"), reset_type=("partOfNG-Interface", items)))
    other.next(ngap.NGResetAcknowledge)
    assert world.baseline()["connections"] == 1


def test_when_the_amf_resets_a_gnb_then_it_waits_for_the_answer(world):
    gnb = world.gnb()
    world.terminal(gnb).register()
    (view,) = world.amf.gnbs()
    done = world.amf.start_reset(view.identity)
    assert gnb.next(ngap.NGReset).reset_type == ("nG-Interface", "reset-all")
    assert not done.settled
    gnb.send(ngap.NGResetAcknowledge())
    assert done.settled
    assert world.baseline()["connections"] == 0


def test_when_an_unknown_gnb_is_to_be_reset_then_it_says_so(world):
    with pytest.raises(Aborted):
        world.amf.start_reset(GnbId(PLMN, 1, 22)).result()


# --- Error Indication ----------
def test_when_the_gnb_does_not_know_the_ue_then_its_connection_ends_here_too(world):
    gnb = world.gnb()
    ue = world.terminal(gnb)
    ue.register()
    gnb.send(ngap.ErrorIndication(**ue.ids(), cause=("radioNetwork", "unknown-local-UE-NGAP-ID")))
    assert world.baseline()["connections"] == 0
    gnb.nothing()


def test_when_the_error_is_another_then_it_is_told_and_nothing_ends(world):
    gnb = world.gnb()
    ue = world.terminal(gnb)
    ue.register()
    gnb.send(ngap.ErrorIndication(**ue.ids(), cause=("protocol", "semantic-error")))
    assert world.baseline()["connections"] == 1
    assert "semantic-error" in world.event("protocol-fault").text


# --- streams ----------
@pytest.mark.parametrize(("streams", "allowed"), [(1, {0}), (2, {1}), (4, {1, 2, 3})])
def test_when_streams_are_few_then_each_ue_keeps_one_and_zero_is_the_nodes(world, streams, allowed):
    gnb = world.bare_gnb(streams=streams)
    gnb.setup()
    assert gnb.wire.sent[0][1] == 0
    for number in range(1, 7):
        before = len(gnb.wire.sent)
        Terminal(gnb, world.home.add(f"00101{number:010}")).register()
        used = {stream for _, stream in gnb.wire.sent[before:]}
        assert len(used) == 1
        assert used <= allowed


# --- configuration ----------
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tacs": ()}, "TAC"),
        ({"plmns": ()}, "PLMN"),
        ({"security": type(CONFIGURATION.security)(integrity=())}, "algorithm"),
        ({"security": type(CONFIGURATION.security)(ciphering=(4,))}, "0, 1, 2 and 3"),
    ],
)
def test_when_the_configuration_serves_nobody_then_one_line_says_why(change, said):
    with pytest.raises(Unusable, match=said):
        World(**change)


def test_when_two_amfs_run_side_by_side_then_neither_sees_the_others_ues():
    first, second = World(), World()
    first.terminal(first.gnb()).register()
    assert first.baseline()["ues"] == 1
    assert second.baseline()["ues"] == 0
    assert isinstance(second.environment, VirtualEnvironment)


# --- IEs in another order (TS 38.413 10.3.6) ----------
def reversed_ies(message):
    pdu = take_apart(ngap.encode(message))
    return pdu.with_ies(pdu.ies[::-1])


def test_when_ies_are_in_wrong_order_then_the_setup_is_refused_and_the_setting_named(world):
    gnb = world.bare_gnb()
    gnb.send_octets(reversed_ies(gnb.setup_request()))
    assert gnb.next(ngap.NGSetupFailure).cause == ("protocol", "abstract-syntax-error-falsely-constructed-message")
    assert 'amf.ie_order = "any"' in world.event("protocol-fault").fix


def test_when_the_owner_takes_any_order_then_the_gnb_is_served_and_the_fault_told():
    world = World(any_ie_order=True)
    gnb = world.bare_gnb()
    gnb.send_octets(reversed_ies(gnb.setup_request()))
    assert gnb.next(ngap.NGSetupResponse).amf_name == "amf1"
    gnb.nothing()
    assert "an IE in wrong order" in world.event("protocol-fault").text


def test_when_the_owner_takes_any_order_then_an_ie_that_comes_twice_is_refused_still():
    world = World(any_ie_order=True)
    gnb = world.bare_gnb()
    pdu = take_apart(ngap.encode(gnb.setup_request()))
    gnb.send_octets(pdu.with_ies([*pdu.ies, pdu.ies[0]]))
    assert gnb.next(ngap.NGSetupFailure).cause == ("protocol", "abstract-syntax-error-falsely-constructed-message")
