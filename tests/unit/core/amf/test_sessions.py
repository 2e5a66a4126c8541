"""5GSM messages and session resources between UE, gNB and SMF (TS 24.501 5.4.5, TS 38.413 8.2)."""

import pytest

from amfkit.harness import INTERNET, RESPONSE, TAI, World, from_smf
from amfkit.neighbours import SLICE, SLICE_SD, Smf
from freehold.codecs import nas, ngap
from freehold.procedure import procedure
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdatedData
from freehold.spec.causes import MmCause
from freehold.spec.identities import SNssai

REJECT = b"\x2e\x01\x01\xc3\x1b"
RELEASE = ngap.encode_value(ngap.PDUSessionResourceReleaseCommandTransfer(cause=("nas", "normal-release")))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    terminal = world.terminal(gnb)
    terminal.register()
    return terminal


def released(gnb, ue):
    """The gNB has freed session 1."""
    item = ngap.PDUSessionResourceReleasedItemRelRes(
        pdu_session_id=1,
        pdu_session_resource_release_response_transfer=ngap.PDUSessionResourceReleaseResponseTransfer(),
    )
    gnb.send(ngap.PDUSessionResourceReleaseResponse(**ue.ids(), pdu_session_resource_released_list_rel_res=[item]), 1)


def given_back(ue):
    message = ue.expect(nas.DlNasTransport)
    assert message.payload_container == INTERNET
    return message.cause


# --- establishment ----------
def test_when_a_session_is_asked_for_then_smf_and_gnb_get_their_parts(world, ue):
    message = ue.establish()
    data = world.smf.last("create_sm_context")[0]
    assert (data.supi, data.pdu_session_id, data.slice, data.dnn) == (ue.subscription.supi, 1, SLICE, "internet")
    assert (data.dnn_selected_by_ue, data.request_type, data.tai) == (True, "INITIAL_REQUEST", TAI)
    assert data.n1_sm_message == INTERNET
    assert data.pei.value == "imeisv-3520990017614823"
    (item,) = message.pdu_session_resource_setup_list_su_req
    assert item.s_nssai.sst == b"\1"
    n1 = ue.read(item.pdu_session_nas_pdu)
    assert type(n1) is nas.DlNasTransport
    assert n1.payload_container == b"\x2e\x01\x01\xc2"
    assert ngap.encode_value(item.pdu_session_resource_setup_request_transfer) == Smf.TRANSFER
    assert message.ue_aggregate_maximum_bit_rate.ue_aggregate_maximum_bit_rate_ul == 10**9


def test_when_the_gnb_has_set_it_up_then_the_smf_gets_the_answer_octet_for_octet(world, ue):
    ue.establish()
    reference, data = world.smf.last("update_sm_context")
    assert reference in world.smf.contexts
    assert (data.n2_sm_info, data.n2_sm_info_type) == (RESPONSE, "PDU_RES_SETUP_RSP")


def test_when_dnn_and_slice_are_absent_then_the_defaults_are_used(world, ue):
    ue.ask_session(dnn=None)
    data = world.smf.last("create_sm_context")[0]
    assert (data.dnn, data.slice, data.dnn_selected_by_ue) == ("internet", SLICE, False)


def test_when_the_dnn_is_written_large_then_it_is_the_same(world, ue):
    ue.ask_session(dnn="InterNet")
    assert world.smf.last("create_sm_context")[0].dnn == "internet"


def test_when_the_dnn_is_not_subscribed_then_the_payload_comes_back_with_91(world, ue):
    ue.ask_session(dnn="corporate")
    assert given_back(ue) == MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE
    event = world.event("session-not-forwarded")
    assert "corporate" in event.text
    assert "[[dnn]]" in event.fix


@pytest.mark.parametrize("slice_", [SLICE_SD, SNssai(7)])
def test_when_the_slice_is_not_allowed_then_the_payload_comes_back_with_90(world, ue, slice_):
    ue.ask_session(snssai=nas.SNssaiElement(slice_))
    assert given_back(ue) == MmCause.PAYLOAD_WAS_NOT_FORWARDED
    assert world.smf.calls["create_sm_context"] == 0


def test_when_no_smf_serves_it_then_90(world, ue):
    world.nrf.smf = None
    ue.ask_session()
    assert given_back(ue) == MmCause.PAYLOAD_WAS_NOT_FORWARDED


def test_when_the_smf_refuses_then_its_own_reject_goes_to_the_ue(world, ue):
    world.smf.fail["create_sm_context"] = ServiceError(403, "DNN_DENIED", n1_sm_message=REJECT)
    ue.ask_session()
    message = ue.expect(nas.DlNasTransport)
    assert (message.payload_container, message.cause, message.pdu_session_identity) == (REJECT, None, 1)
    assert world.baseline()["sessions"] == 0


def test_when_the_smf_breaks_then_90_and_nothing_stays(world, ue):
    world.smf.fail["create_sm_context"] = ServiceError(500, "SYSTEM_FAILURE")
    ue.ask_session()
    assert given_back(ue) == MmCause.PAYLOAD_WAS_NOT_FORWARDED
    assert world.baseline()["sessions"] == 0


def test_when_a_session_is_asked_for_again_then_the_old_one_ends_and_a_new_one_begins(world, gnb, ue):
    ue.establish()
    first = next(iter(world.smf.contexts))
    ue.ask_session()
    # TS 38.413 8.2.1.4: the gNB refuses a second setup of an identity it has resources for
    gnb.next(ngap.PDUSessionResourceReleaseCommand)
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    released(gnb, ue)
    ue.resources()
    assert world.faults() == 0
    assert first not in world.smf.contexts
    assert world.baseline()["sessions"] == 1
    assert world.smf.last("release_sm_context") == (first, "REL_DUE_TO_DUPLICATE_SESSION_ID")


def test_when_the_payload_is_no_5gsm_then_it_is_counted_and_nothing_breaks(world, gnb, ue):
    ue.tell(nas.UlNasTransport(payload_container_type=2, payload_container=b"sms"))
    gnb.nothing()
    assert world.faults() == 1
    ue.establish()


def test_when_the_context_is_not_at_the_gnb_yet_then_the_session_brings_it(world, gnb):
    ue = world.terminal(gnb, 2)
    ue.register(context=False)
    ue.ask_session()
    context = gnb.next(ngap.InitialContextSetupRequest)
    (item,) = context.pdu_session_resource_setup_list_cxt_req
    assert item.pdu_session_id == 1
    assert type(ue.read(context.nas_pdu)) is nas.DlNasTransport


# --- later ----------
def test_when_a_5gsm_message_follows_then_it_goes_to_its_smf_and_the_answer_comes_back(world, gnb, ue):
    ue.establish()
    world.smf.answers[b"\x2e\x01\x02\xd1"] = SmContextUpdatedData(b"\x2e\x01\x02\xd3\x24", RELEASE, "PDU_RES_REL_CMD")
    ue.ask_session(payload=b"\x2e\x01\x02\xd1", request_type=None)
    command = gnb.next(ngap.PDUSessionResourceReleaseCommand)
    assert ue.read(command.nas_pdu).payload_container == b"\x2e\x01\x02\xd3\x24"
    released(gnb, ue)
    assert world.smf.last("update_sm_context")[1].n2_sm_info_type == "PDU_RES_REL_RSP"


def test_when_the_smf_ends_a_session_then_the_amf_forgets_it(world, ue):
    ue.establish()

    @procedure(spec="TS 29.502 5.2.2.5.1")
    async def notify():
        await world.amf.sm_context_status_notify(ue.subscription.supi, 1, next(iter(world.smf.contexts)))

    world.amf.function.driver.converse("smf").start(notify())
    assert world.baseline()["sessions"] == 0


def test_when_the_smf_sends_n1_alone_then_it_goes_by_dl_nas_transport(world, ue):
    ue.establish()
    assert from_smf(world, ue, n1_sm_message=REJECT) == "N1_N2_TRANSFER_INITIATED"
    assert ue.expect(nas.DlNasTransport).payload_container == REJECT


def test_when_the_smf_modifies_then_the_gnb_is_asked_and_answers(world, gnb, ue):
    ue.establish()
    modify = ngap.encode_value(ngap.PDUSessionResourceModifyRequestTransfer())
    from_smf(world, ue, n1_sm_message=REJECT, n2_sm_info=modify, n2_sm_info_type="PDU_RES_MOD_REQ")
    request = gnb.next(ngap.PDUSessionResourceModifyRequest)
    (item,) = request.pdu_session_resource_modify_list_mod_req
    assert ue.read(item.nas_pdu).payload_container == REJECT
    gnb.send(
        ngap.PDUSessionResourceModifyResponse(
            **ue.ids(),
            pdu_session_resource_modify_list_mod_res=[
                ngap.PDUSessionResourceModifyItemModRes(
                    pdu_session_id=1,
                    pdu_session_resource_modify_response_transfer=ngap.PDUSessionResourceModifyResponseTransfer(),
                )
            ],
        ),
        1,
    )
    assert world.smf.last("update_sm_context")[1].n2_sm_info_type == "PDU_RES_MOD_RSP"


def test_when_the_gnb_cannot_set_it_up_then_the_smf_learns_it(world, gnb, ue):
    ue.ask_session()
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    failed = ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=("radioNetwork", "radio-resources-not-available"))
    gnb.send(
        ngap.PDUSessionResourceSetupResponse(
            **ue.ids(),
            pdu_session_resource_failed_to_setup_list_su_res=[
                ngap.PDUSessionResourceFailedToSetupItemSURes(
                    pdu_session_id=1, pdu_session_resource_setup_unsuccessful_transfer=failed
                )
            ],
        ),
        1,
    )
    assert world.smf.last("update_sm_context")[1].n2_sm_info_type == "PDU_RES_SETUP_FAIL"
    (view,) = world.amf.ues()
    assert not view.sessions[0].active


def test_when_the_gnb_releases_a_session_by_itself_then_the_smf_learns_it(world, gnb, ue):
    ue.establish()
    released = ngap.PDUSessionResourceNotifyReleasedTransfer(cause=("radioNetwork", "radio-connection-with-ue-lost"))
    gnb.send(
        ngap.PDUSessionResourceNotify(
            **ue.ids(),
            pdu_session_resource_released_list_not=[
                ngap.PDUSessionResourceReleasedItemNot(
                    pdu_session_id=1, pdu_session_resource_notify_released_transfer=released
                )
            ],
        ),
        1,
    )
    assert world.smf.last("update_sm_context")[1].n2_sm_info_type == "PDU_RES_NTY_REL"


def test_when_the_ue_is_unknown_then_the_smf_is_told_so(world, gnb):
    ue = world.terminal(gnb, 9)
    with pytest.raises(ServiceError, match="CONTEXT_NOT_FOUND"):
        from_smf(world, ue, n1_sm_message=REJECT)
