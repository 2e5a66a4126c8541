"""G01 to G14: hostile NGAP over an association, the clause's answer, one event, the control terminal undisturbed."""

import random

import msgspec
import pytest

from amfkit.harness import OTHER_PLMN, PLMN, RESPONSE, TAI, supported
from amfkit.neighbours import SLICE
from amfkit.watched import Watched
from freehold.codecs import ngap

NR = ("radioNetwork", "unspecified")


@pytest.fixture
def watched():
    return Watched()


def ue_messages(amf_id, ran_id):
    """Every UE-associated message a gNB sends to the AMF as it stands."""
    ids = {"amf_ue_ngap_id": amf_id, "ran_ue_ngap_id": ran_id}
    location = (
        "userLocationInformationNR",
        ngap.UserLocationInformationNR(
            nr_cgi=ngap.NRCGI(plmn_identity=PLMN.octets, nr_cell_identity=(1, 36)),
            tai=ngap.TAI(plmn_identity=PLMN.octets, tac=b"\0\0\1"),
        ),
    )
    setup = ngap.PDUSessionResourceSetupItemSURes(
        pdu_session_id=1, pdu_session_resource_setup_response_transfer=RESPONSE
    )
    return [
        ngap.UplinkNASTransport(**ids, nas_pdu=b"\x7e\0\x64\x6f", user_location_information=location),
        ngap.NASNonDeliveryIndication(**ids, nas_pdu=b"\x7e\0\x64\x6f", cause=NR),
        ngap.UERadioCapabilityInfoIndication(**ids, ue_radio_capability=b"radio"),
        ngap.InitialContextSetupResponse(**ids),
        ngap.InitialContextSetupFailure(**ids, cause=NR),
        ngap.UEContextReleaseRequest(**ids, cause=NR),
        ngap.UEContextReleaseComplete(**ids),
        ngap.PDUSessionResourceSetupResponse(**ids, pdu_session_resource_setup_list_su_res=[setup]),
        ngap.PDUSessionResourceReleaseResponse(
            **ids,
            pdu_session_resource_released_list_rel_res=[
                ngap.PDUSessionResourceReleasedItemRelRes(
                    pdu_session_id=1,
                    pdu_session_resource_release_response_transfer=ngap.PDUSessionResourceReleaseResponseTransfer(),
                )
            ],
        ),
        ngap.PDUSessionResourceModifyResponse(**ids),
        ngap.PDUSessionResourceNotify(**ids),
        ngap.UEContextModificationResponse(**ids),
        ngap.UEContextModificationFailure(**ids, cause=NR),
        ngap.RRCInactiveTransitionReport(**ids, rrc_state="inactive", user_location_information=location),
        ngap.ErrorIndication(**ids, cause=("radioNetwork", "unknown-local-UE-NGAP-ID")),
    ]


NAMES = [type(message).__name__ for message in ue_messages(1, 1)]
ANSWERED = [name for name in NAMES if name != "ErrorIndication"]


def one_of(name, amf_id, ran_id):
    return next(message for message in ue_messages(amf_id, ran_id) if type(message).__name__ == name)


# --- G01 ----------
@pytest.mark.parametrize("name", ANSWERED)
def test_g01_when_a_ues_message_comes_before_ng_setup_then_the_state_is_wrong(watched, name):
    gnb = watched.world.bare_gnb()
    control = watched.control
    gnb.send(one_of(name, control.amf_id, control.ran_id))
    error = gnb.next(ngap.ErrorIndication)
    assert error.cause == ("protocol", "message-not-compatible-with-receiver-state")
    watched.check()


@pytest.mark.parametrize(
    "message",
    [
        ngap.NGReset(cause=("misc", "unspecified"), reset_type=("nG-Interface", "reset-all")),
        ngap.RANConfigurationUpdate(ran_node_name="x"),
        ngap.NGResetAcknowledge(),
        ngap.OverloadStart(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_g01_when_a_nodes_message_comes_before_ng_setup_then_the_state_is_wrong(watched, message):
    gnb = watched.world.bare_gnb()
    gnb.send(message)
    assert gnb.next(ngap.ErrorIndication).cause == ("protocol", "message-not-compatible-with-receiver-state")
    watched.check()


def test_g01_when_an_initial_ue_message_comes_before_ng_setup_then_no_context_is_made(watched):
    gnb = watched.world.bare_gnb()
    gnb.initial(b"\x7e\0\x41")
    gnb.next(ngap.ErrorIndication)
    watched.check()
    assert watched.world.baseline()["gnbs"] == 2


# --- G02 ----------
UNSOLICITED = [
    "InitialContextSetupResponse",
    "InitialContextSetupFailure",
    "UEContextReleaseComplete",
    "PDUSessionResourceSetupResponse",
    "PDUSessionResourceReleaseResponse",
    "UEContextModificationResponse",
    "UEContextModificationFailure",
]


@pytest.mark.parametrize("name", UNSOLICITED)
def test_g02_when_an_outcome_was_not_asked_for_then_it_changes_nothing(watched, name):
    ue = watched.terminal()
    before = watched.world.amf.ue(ue.subscription.supi)
    updates = watched.world.smf.calls["update_sm_context"]
    watched.gnb.send(one_of(name, ue.amf_id, ue.ran_id), 1)
    watched.gnb.nothing()
    assert watched.world.amf.ue(ue.subscription.supi) == before
    assert watched.world.smf.calls["update_sm_context"] == updates
    watched.check()
    ue.establish()


@pytest.mark.parametrize("flip", [0x20, 0x40, 0x60])
def test_g02_when_the_kind_of_pdu_does_not_fit_its_procedure_then_nothing_breaks(watched, flip):
    octets = bytearray(ngap.encode(watched.gnb.setup_request()))
    octets[0] ^= flip
    watched.gnb.send_octets(bytes(octets))
    watched.gnb.all()
    watched.check(faults=1)


@pytest.mark.parametrize(
    "message",
    [
        ngap.NGSetupResponse(amf_name="x", served_guami_list=[], relative_amf_capacity=1, plmn_support_list=[]),
        ngap.UEContextReleaseCommand(ue_ngap_ids=("aMF-UE-NGAP-ID", 1), cause=NR),
        ngap.Paging(ue_paging_identity=None, tai_list_for_paging=None),
        ngap.HandoverCancelAcknowledge(amf_ue_ngap_id=1, ran_ue_ngap_id=1),
    ],
    ids=lambda message: type(message).__name__,
)
def test_g02_when_the_gnb_speaks_the_amfs_part_then_nothing_happens(watched, message):
    if isinstance(message, ngap.NGSetupResponse):
        message = watched.world.bare_gnb(9).setup()
    if isinstance(message, ngap.Paging):
        watched.control.go_idle()
        tmsi = ngap.FiveGSTMSI(amf_set_id=(1, 10), amf_pointer=(0, 6), five_g_tmsi=bytes(4))
        area = ngap.TAIListForPagingItem(tai=ngap.TAI(plmn_identity=PLMN.octets, tac=b"\0\0\1"))
        message = ngap.Paging(ue_paging_identity=("fiveG-S-TMSI", tmsi), tai_list_for_paging=[area])
    watched.gnb.send(message)
    watched.gnb.all()
    assert not watched.world.events("bug")
    assert watched.world.baseline()["ues"] == 1


# --- G03 ----------
def test_g03_when_octets_are_damaged_then_each_is_answered_and_nothing_breaks(watched):
    ue = watched.terminal()
    generator = random.Random(3)
    corpus = [ngap.encode(message) for message in ue_messages(ue.amf_id + 1000, 5)]
    corpus.append(ngap.encode(watched.world.bare_gnb(12).setup_request(plmn=OTHER_PLMN)))
    for _ in range(3000):
        octets = bytearray(generator.choice(corpus))
        for _ in range(generator.randint(1, 4)):
            octets[generator.randrange(len(octets))] = generator.randrange(256)
        if generator.random() < 0.3:
            del octets[generator.randrange(len(octets)) :]
        watched.gnb.send_octets(bytes(octets))
        if not watched.gnb.link.gnb.ready:
            watched.gnb.setup()
        watched.gnb.all()
    assert not watched.world.events("bug")
    watched.check(faults=watched.faults())


@pytest.mark.parametrize("octets", [b"", b"\0", b"\xff" * 40, bytes(2000), b"\x00\x15\x00\xff\xff"])
def test_g03_when_nothing_can_be_read_then_it_is_a_syntax_error(watched, octets):
    watched.gnb.send_octets(octets)
    for message in watched.gnb.all():
        assert type(message) in {ngap.ErrorIndication, ngap.NGSetupFailure, ngap.RANConfigurationUpdateFailure}
    watched.check()


# --- G04 ----------
@pytest.mark.parametrize("amf_id", [0, 999, 2**32, 2**40 - 1])
@pytest.mark.parametrize("name", ANSWERED)
def test_g04_when_the_amf_ue_ngap_id_is_unknown_then_both_ids_come_back(watched, amf_id, name):
    watched.gnb.send(one_of(name, amf_id, 4_000_000_000), 1)
    error = watched.gnb.next(ngap.ErrorIndication)
    assert error.cause == ("radioNetwork", "unknown-local-UE-NGAP-ID")
    assert (error.amf_ue_ngap_id, error.ran_ue_ngap_id) == (amf_id, 4_000_000_000)
    watched.check()


def test_g04_when_an_id_does_not_encode_then_the_error_path_does(watched):
    octets = bytearray(ngap.encode(one_of("UplinkNASTransport", 2**40 - 1, 5)))
    at = octets.index(b"\xff\xff\xff\xff\xff")
    octets[at - 1] = 0xFF
    watched.gnb.send_octets(bytes(octets))
    watched.gnb.all()
    watched.check()


# --- G05 ----------
@pytest.mark.parametrize("name", NAMES)
def test_g05_when_the_ids_are_of_another_gnbs_ue_then_it_is_not_touched(watched, name):
    control = watched.control
    watched.gnb.send(one_of(name, control.amf_id, control.ran_id), 1)
    if name != "ErrorIndication":
        assert watched.gnb.next(ngap.ErrorIndication).cause == ("radioNetwork", "unknown-local-UE-NGAP-ID")
    watched.control_gnb.nothing()
    watched.check()


@pytest.mark.parametrize("name", ANSWERED)
def test_g05_when_the_ran_id_does_not_fit_then_that_connection_ends_alone(watched, name):
    ue, other = watched.terminal(2), watched.terminal(3)
    watched.gnb.send(one_of(name, ue.amf_id, 123), 1)
    assert watched.gnb.next(ngap.ErrorIndication).cause == ("radioNetwork", "inconsistent-remote-UE-NGAP-ID")
    assert watched.world.amf.ue(ue.subscription.supi).cm_state == "CM-IDLE"
    assert watched.world.amf.ue(other.subscription.supi).cm_state == "CM-CONNECTED"
    watched.check()


# --- G06 ----------
def without(message, field):
    """The octets of a message one of whose mandatory IEs is missing: its criticality is kept by the others."""
    octets = bytearray(ngap.encode(message))
    # NGAP-PDU: choice and procedure code, criticality, length; SEQUENCE extension bit; count of IEs; IEs
    at = 3 + (2 if octets[3] & 0x80 else 1) + 1
    count = int.from_bytes(octets[at : at + 2], "big")
    at += 2
    kept = []
    for index in range(count):
        length_at = at + 3
        length, size = octets[length_at], 1
        if length & 0x80:
            length, size = (length & 0x3F) << 8 | octets[length_at + 1], 2
        end = length_at + size + length
        if index != field:
            kept.append(bytes(octets[at:end]))
        at = end
    body = b"\0" + len(kept).to_bytes(2, "big") + b"".join(kept)
    assert len(body) < 0x4000
    size = len(body).to_bytes(1, "big") if len(body) < 0x80 else (0x8000 | len(body)).to_bytes(2, "big")
    return bytes(octets[:3]) + size + body, count


@pytest.mark.parametrize("name", NAMES)
def test_g06_when_any_ie_is_missing_then_clause_10_decides(watched, name):
    ue = watched.terminal()
    message = one_of(name, ue.amf_id, ue.ran_id)
    _, count = without(message, -1)
    for field in range(count):
        octets, _ = without(message, field)
        watched.gnb.send_octets(octets, 1)
        for answer in watched.gnb.all():
            assert type(answer) in {ngap.ErrorIndication, ngap.UEContextReleaseCommand}
    assert not watched.world.events("bug")
    watched.check(faults=watched.faults())


def test_g06_when_ng_setup_lacks_its_areas_then_the_failure_names_the_ie(watched):
    gnb = watched.world.bare_gnb()
    octets, count = without(gnb.setup_request(), 2)
    assert count == 4
    gnb.send_octets(octets)
    failure = gnb.next(ngap.NGSetupFailure)
    assert failure.cause == ("protocol", "abstract-syntax-error-reject")
    (item,) = failure.criticality_diagnostics.ies_criticality_diagnostics
    assert (item.ie_id, item.type_of_error) == (102, "missing")
    watched.check()


def test_g06_when_ies_come_twice_or_out_of_order_then_the_message_is_false(watched):
    octets = bytearray(ngap.encode(watched.gnb.setup_request()))
    at = 3 + (2 if octets[3] & 0x80 else 1) + 1
    octets[at : at + 2] = (5).to_bytes(2, "big")
    watched.gnb.send_octets(bytes(octets))
    watched.gnb.all()
    watched.check()


# --- G07 ----------
@pytest.mark.parametrize("plmn", [b"\xff\xff\xff", b"\x0a\xf1\x10", b"\xaa\xaa\xaa"])
def test_g07_when_a_plmn_has_no_digits_then_the_setup_is_refused(watched, plmn):
    gnb = watched.world.bare_gnb()
    request = gnb.setup_request()
    items = [msgspec.structs.replace(item) for item in supported(PLMN, (1,), (SLICE,))]
    bad = [msgspec.structs.replace(items[0].broadcast_plmn_list[0], plmn_identity=plmn)]
    gnb.send(
        msgspec.structs.replace(request, supported_ta_list=[msgspec.structs.replace(items[0], broadcast_plmn_list=bad)])
    )
    assert gnb.next(ngap.NGSetupFailure).cause == ("protocol", "semantic-error")
    watched.check()


def test_g07_when_a_location_has_no_plmn_then_the_message_is_refused(watched):
    tai = ngap.TAI(plmn_identity=b"\xff\xff\xff", tac=b"\0\0\1")
    cell = ngap.NRCGI(plmn_identity=PLMN.octets, nr_cell_identity=(1, 36))
    watched.gnb.send(
        ngap.InitialUEMessage(
            ran_ue_ngap_id=5,
            nas_pdu=b"\x7e\0\x41",
            user_location_information=(
                "userLocationInformationNR",
                ngap.UserLocationInformationNR(nr_cgi=cell, tai=tai),
            ),
            rrc_establishment_cause="mo-Data",
        ),
        1,
    )
    assert watched.gnb.next(ngap.ErrorIndication).cause == ("protocol", "semantic-error")
    watched.check()


def test_g07_when_a_location_is_of_another_access_then_the_message_is_refused(watched):
    area = ngap.TAI(plmn_identity=PLMN.octets, tac=b"\0\0\1")
    cell = ngap.EUTRACGI(plmn_identity=PLMN.octets, eutra_cell_identity=(1, 28))
    message = ngap.InitialUEMessage(
        ran_ue_ngap_id=5,
        nas_pdu=b"\x7e\0\x41",
        user_location_information=(
            "userLocationInformationEUTRA",
            ngap.UserLocationInformationEUTRA(eutra_cgi=cell, tai=area),
        ),
        rrc_establishment_cause="mo-Data",
    )
    watched.gnb.send(message, 1)
    assert watched.gnb.next(ngap.ErrorIndication).cause == ("protocol", "semantic-error")
    watched.check()


# --- G11 ----------
def test_g11_when_a_container_holds_nonsense_then_the_smf_gets_it_as_it_is(watched):
    ue = watched.terminal()
    ue.ask_session()
    watched.gnb.next(ngap.PDUSessionResourceSetupRequest)
    message = ngap.PDUSessionResourceSetupResponse(
        **ue.ids(),
        pdu_session_resource_setup_list_su_res=[
            ngap.PDUSessionResourceSetupItemSURes(
                pdu_session_id=1, pdu_session_resource_setup_response_transfer=b"\xff\xff\xff"
            )
        ],
    )
    watched.gnb.send(message, 1)
    assert watched.world.smf.last("update_sm_context")[1].n2_sm_info == b"\xff\xff\xff"
    watched.check(faults=watched.faults())


@pytest.mark.parametrize("identity", [0, 5, 16, 255])
def test_g11_when_a_session_was_not_asked_for_then_its_answer_goes_nowhere(watched, identity):
    ue = watched.terminal()
    ue.establish()
    updates = watched.world.smf.calls["update_sm_context"]
    ue.resources(identity)
    assert watched.world.smf.calls["update_sm_context"] == updates
    watched.check()


# --- G12 ----------
def test_g12_when_associations_come_and_go_then_nothing_stays(watched):
    for number in range(300):
        gnb = watched.world.bare_gnb(number + 100, streams=1)
        if number % 3 == 0:
            gnb.setup()
        if number % 5 == 0:
            gnb.send_octets(b"\0\x15")
        gnb.lose()
    assert watched.world.baseline()["gnbs"] == 2
    watched.check(faults=60)


# --- G13 ----------
@pytest.mark.parametrize("step", range(3))
def test_g13_when_the_gnb_is_lost_before_the_accept_then_no_context_stays(watched, step):
    ue = watched.world.terminal(watched.gnb, 2)
    steps = [ue.start, ue.authenticate, ue.command]
    for action in steps[: step + 1]:
        action()
    watched.gnb.lose()
    assert watched.world.baseline()["connections"] == 1
    assert watched.world.baseline()["ues"] == 1
    watched.world.run_for(60)
    assert len(watched.world.amf.function.contexts.tmsis) == 1
    watched.check(faults=0)


def test_g13_when_the_gnb_is_lost_after_the_accept_then_the_ue_is_registered_until_its_timers_end(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    watched.gnb.lose()
    view = watched.world.amf.ue(ue.subscription.supi)
    assert (view.mm_state, view.cm_state) == ("5GMM-REGISTERED", "CM-IDLE")
    watched.world.run_for(2 * 3480 + 1)
    assert watched.world.amf.ue(ue.subscription.supi) is None
    watched.check(faults=0)


# --- G14 ----------
def test_g14_when_a_second_gnb_claims_the_identity_then_the_newer_stays(watched):
    again = watched.world.bare_gnb(watched.gnb.number)
    again.setup()
    assert watched.gnb.wire.closed
    assert len(watched.world.events("gnb-replaced")) == 1
    watched.check(faults=0)


def test_g14_when_256_areas_come_then_they_are_kept(watched):
    gnb = watched.world.bare_gnb()
    gnb.setup(tacs=tuple(range(1, 257)))
    view = next(view for view in watched.world.amf.gnbs() if view.name == "gnb77")
    assert len(view.tais) == 256
    watched.check(faults=0)


def test_g14_when_a_foreign_plmn_is_among_ours_then_only_ours_counts(watched):
    gnb = watched.world.bare_gnb()
    request = gnb.setup_request()
    both = supported(OTHER_PLMN, (1,), (SLICE,)) + supported(PLMN, (1,), (SLICE,))
    gnb.send(msgspec.structs.replace(request, supported_ta_list=both))
    gnb.next(ngap.NGSetupResponse)
    watched.check(faults=0)


def test_g14_when_ng_setup_comes_again_and_fails_then_the_first_one_stands(watched):
    watched.gnb.send(watched.gnb.setup_request(plmn=OTHER_PLMN))
    watched.gnb.next(ngap.NGSetupFailure)
    ue = watched.world.terminal(watched.gnb, 2)
    ue.register()
    watched.check()


# --- what is asked at the wrong place ----------
def test_when_a_handover_to_a_gnb_that_serves_the_terminal_or_of_no_session_is_required_then_it_fails(watched):
    ue = watched.terminal()
    message = ngap.HandoverRequired(
        **ue.ids(),
        handover_type="intra5gs",
        cause=("radioNetwork", "handover-desirable-for-radio-reason"),
        target_id=(
            "targetRANNodeID",
            ngap.TargetRANNodeID(
                global_ran_node_id=watched.control_gnb.setup_request().global_ran_node_id,
                selected_tai=ngap.TAI(plmn_identity=PLMN.octets, tac=b"\0\0\1"),
            ),
        ),
        pdu_session_resource_list_ho_rqd=[
            ngap.PDUSessionResourceItemHORqd(pdu_session_id=1, handover_required_transfer=b"\0")
        ],
        source_to_target_transparent_container=b"x",
    )
    watched.gnb.send(message, 1)
    assert watched.gnb.next(ngap.HandoverPreparationFailure).amf_ue_ngap_id == ue.amf_id
    watched.check()


@pytest.mark.parametrize(
    "message",
    [
        ngap.OverloadStart(),
        ngap.OverloadStop(),
        ngap.UplinkNonUEAssociatedNRPPaTransport(routing_id=b"\0", nrp_pa_pdu=b"\0"),
        ngap.AMFConfigurationUpdateAcknowledge(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_when_a_function_is_not_there_then_its_messages_end_quietly(watched, message):
    watched.gnb.send(message)
    watched.gnb.nothing()
    watched.check(faults=watched.faults())


def test_when_the_payload_protocol_is_another_then_it_is_dropped_and_zero_is_taken(watched):
    octets = ngap.encode(watched.gnb.setup_request())
    watched.gnb.send_octets(octets, ppid=46)
    watched.gnb.nothing()
    watched.check()
    watched.gnb.send_octets(octets, ppid=0)
    watched.gnb.next(ngap.NGSetupResponse)
    assert TAI in next(iter(watched.world.amf.gnbs())).tais


def test_when_a_gnb_wants_to_modify_sessions_then_each_stays_as_it_was(watched):
    ue = watched.terminal()
    ue.establish()
    message = ngap.PDUSessionResourceModifyIndication(
        **ue.ids(),
        pdu_session_resource_modify_list_mod_ind=[
            ngap.PDUSessionResourceModifyItemModInd(
                pdu_session_id=1,
                pdu_session_resource_modify_indication_transfer=ngap.PDUSessionResourceModifyIndicationTransfer(
                    dl_qos_flow_per_tnl_information=ngap.QosFlowPerTNLInformation(
                        up_transport_layer_information=(
                            "gTPTunnel",
                            ngap.GTPTunnel(transport_layer_address=(0x0A000001, 32), gtp_teid=bytes(4)),
                        ),
                        associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=1)],
                    )
                ),
            )
        ],
    )
    watched.gnb.send(message, 1)
    confirm = watched.gnb.next(ngap.PDUSessionResourceModifyConfirm)
    (item,) = confirm.pdu_session_resource_failed_to_modify_list_mod_cfm
    assert item.pdu_session_id == 1
    watched.check()
