"""PDU sessions of the terminal (TS 24.501 6.3, 6.4), driven by a scripted network."""

import pytest

from freehold.codecs import nas
from freehold.spec.causes import MmCause, SmCause
from freehold.spec.errors import Bug, TimerExpired
from freehold.spec.identities import SNssai
from freehold.ue import NoConnection, Refused, SmState
from freehold.ue.nas.sm.modification import changed_flows, changed_rules
from freehold.ue.state.session import Session, SmContext, SmEvent
from uekit import SLICE, Network


@pytest.fixture
def network():
    network = Network()
    network.registered()
    return network


def open_request(network, **asked):
    done = network.ue.pdu_session("internet", **asked)
    transport, request = network.take_session(nas.PduSessionEstablishmentRequest)
    return done, transport, request


def options(**contents):
    return nas.ExtendedProtocolConfigurationOptions(
        options=[nas.ExtendedConfigurationOption(int(name[1:], 16), value) for name, value in contents.items()]
    )


# --- establishment -----------------------------------------------------------------------------------
def test_when_a_session_is_asked_for_then_the_request_names_dnn_slice_and_options(network):  # TS 24.501 6.4.1.2
    _, transport, request = open_request(network, snssai=SLICE)

    assert (transport.pdu_session_identity, transport.request_type) == (1, nas.RequestType.INITIAL_REQUEST)
    assert (transport.dnn, transport.snssai.snssai) == ("internet", SLICE)
    assert (request.pdu_session_identity, request.pti, request.pdu_session_type) == (1, 1, 1)
    assert {option.identifier for option in request.extended_pco.options} == {0x000D, 0x0003, 0x0010, 0x000C, 0x000A}


def test_when_neither_dnn_nor_slice_is_given_then_neither_is_sent(network):
    network.ue.pdu_session()

    transport, _ = network.take_session(nas.PduSessionEstablishmentRequest)
    assert (transport.dnn, transport.snssai) == (None, None)


def test_when_the_session_is_accepted_then_it_has_address_options_and_bearer(network):
    done, _, request = open_request(network)
    network.grant(
        request,
        extended_pco=options(x000D=bytes([8, 8, 8, 8]), x000C=bytes([10, 0, 0, 9]), x0010=(1400).to_bytes(2, "big")),
        dnn="internet",
    )
    assert not done.settled
    network.bearer(1)

    session = done.result()
    assert (session.state, session.address, session.granted.mtu) == (SmState.ACTIVE, "10.45.0.2", 1400)
    assert (session.granted.dns, session.granted.p_cscf) == (("8.8.8.8",), ("10.0.0.9",))
    assert network.plane.calls == [("attach", 49, "10.45.0.2", 1400), ("bind", 49, 70)]


def test_when_the_bearer_comes_before_the_accept_then_the_session_still_gets_it(network):
    done, _, request = open_request(network)
    network.bearer(1)
    network.grant(request)

    assert done.result().bearer.handle == 70
    assert network.plane.calls == [("attach", 49, "10.45.0.2", 1500), ("bind", 49, 70)]


@pytest.mark.parametrize(("asked", "granted", "fits"), [(3, 1, True), (3, 2, True), (1, 1, True), (1, 2, False)])
def test_when_a_type_is_granted_then_it_must_be_one_that_was_asked_for(network, asked, granted, fits):
    done, _, request = open_request(network, pdu_session_type=nas.PduSessionType(asked))
    network.grant(request, selected_pdu_session_type=granted, cause=50 if asked == 3 else None)
    network.bearer(1)

    if fits:
        assert done.result().granted.pdu_session_type == granted
    else:
        with pytest.raises(Refused):
            done.result()
        assert network.ue.sm.sessions == {}


def test_when_ipv6_is_granted_then_the_link_gets_its_identifier_and_the_prefix_makes_the_address(network):
    # TS 24.501 6.2.4.2, TS 23.501 5.8.2.2.3
    done, _, request = open_request(network, pdu_session_type=nas.PduSessionType.IPV4V6)
    address = nas.PduAddress(3, interface_identifier=bytes.fromhex("0102030405060708"), ipv4=bytes((10, 45, 0, 2)))
    network.grant(request, selected_pdu_session_type=3, pdu_address=address)
    network.bearer(1)

    session = done.result()
    assert network.plane.calls == [
        ("attach", 49, "10.45.0.2", 1500),
        ("link", 49, 0x0102030405060708, 1500),
        ("bind", 49, 70),
    ]
    assert (session.ipv6, session.configured.settled) == (None, False)
    network.plane.links[49]("2001:db8::1")
    assert (session.ipv6, session.configured.settled) == ("2001:db8::1", True)
    network.plane.links[49](None)
    assert session.ipv6 == "2001:db8::1"
    network.ue.sessions.drop(1)
    assert network.plane.calls[-1] == ("detach", 49)


def test_when_no_router_answers_then_the_session_has_no_ipv6_address(network):
    done, _, request = open_request(network, pdu_session_type=nas.PduSessionType.IPV6)
    network.grant(request, selected_pdu_session_type=2, pdu_address=nas.PduAddress(2, interface_identifier=bytes(8)))
    network.bearer(1)
    session = done.result()
    network.plane.links[49](None)
    assert (session.ipv6, session.address, session.configured.settled) == (None, None, True)


def test_when_the_session_is_rejected_then_the_script_gets_the_cause(network):  # TS 24.501 6.4.1.4
    done, _, request = open_request(network)
    network.send_session(nas.PduSessionEstablishmentReject(1, request.pti, SmCause.MISSING_OR_UNKNOWN_DNN))

    with pytest.raises(Refused) as refused:
        done.result()
    assert refused.value.cause == SmCause.MISSING_OR_UNKNOWN_DNN
    assert network.ue.sm.sessions == {}
    assert network.ue.sm.transactions == set()


def test_when_the_amf_gives_the_request_back_then_the_script_gets_its_cause(network):  # TS 24.501 5.4.5.3.3
    done, transport, _ = open_request(network)
    cause = MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE
    network.send(nas.DlNasTransport(1, transport.payload_container, pdu_session_identity=1, cause=cause))

    with pytest.raises(Refused) as refused:
        done.result()
    assert refused.value.cause == cause


@pytest.mark.parametrize(
    ("cause", "same_slice", "other_slice", "other_dnn"),
    [(26, False, False, True), (67, False, True, True), (69, False, True, False), (27, False, True, True)],
)
def test_when_a_session_is_refused_with_a_back_off_then_the_same_is_not_asked_for(
    network, cause, same_slice, other_slice, other_dnn
):  # TS 24.501 6.4.1.4
    done, _, request = open_request(network, snssai=SLICE)
    network.send_session(nas.PduSessionEstablishmentReject(1, request.pti, cause, back_off_timer=nas.GprsTimer3.of(60)))
    with pytest.raises(Refused):
        done.result()

    def asked(dnn, slice_):
        return not network.ue.pdu_session(dnn, slice_).settled

    assert asked("internet", SLICE) is same_slice
    assert asked("internet", SNssai(2)) is other_slice
    assert asked("ims", SLICE) is other_dnn
    network.world.run(61)
    assert asked("internet", SLICE)


def test_when_the_back_off_is_deactivated_then_it_lasts_until_the_switch_off(network):
    _, transport, _ = open_request(network)
    forever = nas.GprsTimer3(7, 0)
    network.send(
        nas.DlNasTransport(
            1, transport.payload_container, pdu_session_identity=1, cause=MmCause.CONGESTION, back_off_timer=forever
        )
    )
    network.world.run(10**6)
    assert network.ue.pdu_session("internet").settled
    network.ue.deregister(switch_off=True)
    network.uplink.clear()
    network.release()
    network.ue.usim.forget()
    network.registered()

    assert not network.ue.pdu_session("internet").settled


@pytest.mark.parametrize("cause", [50, 51, 54, 57, 58, 61, 68])
def test_when_the_request_may_differ_then_its_back_off_is_ignored(network, cause):  # TS 24.501 6.4.1.4.3
    _, _, request = open_request(network)
    timer = nas.GprsTimer3.of(60)
    network.send_session(nas.PduSessionEstablishmentReject(1, request.pti, cause, back_off_timer=timer))

    assert not network.ue.pdu_session("internet").settled


@pytest.mark.parametrize("seconds", [0, -1])
def test_when_the_back_off_is_zero_or_absent_then_the_session_may_be_asked_for_at_once(network, seconds):
    _, _, request = open_request(network)
    timer = nas.GprsTimer3(3, 0) if seconds == 0 else None
    network.send_session(nas.PduSessionEstablishmentReject(1, request.pti, 26, back_off_timer=timer))

    assert not network.ue.pdu_session("internet").settled


def test_when_no_answer_comes_then_the_request_is_sent_five_times(network):  # TS 24.501 6.4.1.6 a
    done, _, _ = open_request(network)
    network.world.run(16 * 5 + 1)

    assert len(network.uplink) == 4
    with pytest.raises(TimerExpired):
        done.result()
    assert network.ue.sm.sessions == {}


def test_when_the_connection_is_lost_then_every_request_ends(network):
    first, _, _ = open_request(network)
    second, _, _ = open_request(network)
    network.release()

    for done in (first, second):
        with pytest.raises(NoConnection):
            done.result()


def test_when_two_sessions_are_opened_at_once_then_each_gets_its_own_answer(network):
    first, _, one = open_request(network)
    second, _, two = open_request(network)
    assert (one.pdu_session_identity, one.pti) != (two.pdu_session_identity, two.pti)
    network.grant(two, pdu_address=nas.PduAddress(1, ipv4=bytes([10, 45, 0, 3])))
    network.grant(one)
    network.bearer(2)
    network.bearer(1)

    assert (first.result().address, second.result().address) == ("10.45.0.2", "10.45.0.3")


def test_when_the_terminal_is_idle_then_it_asks_for_service_first(network):
    network.release()
    done = network.ue.pdu_session("internet")
    assert network.setups[-1].cause == "mo-Signalling"
    network.take(nas.ServiceRequest)
    network.send(nas.ServiceAccept(pdu_session_status=[]))

    _, request = network.take_session(nas.PduSessionEstablishmentRequest)
    network.grant(request)
    network.bearer(1)
    assert done.result().address == "10.45.0.2"


def test_when_two_sessions_are_opened_in_idle_mode_then_one_service_request_is_enough(network):  # TS 24.501 4.4.2.5
    network.release()
    first, second = network.ue.pdu_session("internet"), network.ue.pdu_session("ims")
    network.take(nas.ServiceRequest)
    assert not network.uplink
    network.send(nas.ServiceAccept())

    asked = {network.take_session(nas.PduSessionEstablishmentRequest)[0].dnn for _ in range(2)}
    assert asked == {"internet", "ims"}
    assert not first.settled
    assert not second.settled


def test_when_the_service_is_not_granted_then_what_waits_for_it_ends(network):
    network.release()
    first, second = network.ue.pdu_session("internet"), network.ue.pdu_session("ims")
    network.send(nas.ServiceReject(22), None)
    network.release()

    with pytest.raises(Refused):
        first.result()
    with pytest.raises(NoConnection):
        second.result()
    assert network.ue.sm.sessions == {}


def test_when_the_terminal_is_not_registered_then_no_session_is_opened():
    network = Network()
    network.ue.switch_on()

    with pytest.raises(NoConnection):
        network.ue.pdu_session("internet").result()


def test_when_all_identities_are_in_use_then_the_terminal_refuses(network):
    for _ in range(15):
        network.ue.pdu_session("internet")

    with pytest.raises(Refused):
        network.ue.pdu_session("internet").result()


# --- release -------------------------------------------------------------------------------------------
def test_when_the_terminal_releases_a_session_then_it_completes_the_command(network):  # TS 24.501 6.4.3
    network.session()
    done = network.ue.release_session(1)
    _, request = network.take_session(nas.PduSessionReleaseRequest)
    network.send_session(nas.PduSessionReleaseCommand(1, request.pti, SmCause.REGULAR_DEACTIVATION))

    _, complete = network.take_session(nas.PduSessionReleaseComplete)
    assert complete.pti == request.pti
    assert done.result() is None
    assert network.ue.sm.sessions == {}
    assert network.plane.calls[-1] == ("detach", 49)


def test_when_the_network_keeps_the_session_then_the_script_gets_the_cause(network):
    network.session()
    done = network.ue.release_session(1)
    _, request = network.take_session(nas.PduSessionReleaseRequest)
    network.send_session(nas.PduSessionReleaseReject(1, request.pti, SmCause.PTI_ALREADY_IN_USE))

    with pytest.raises(Refused):
        done.result()
    assert network.ue.sm.sessions[1].state is SmState.ACTIVE


def test_when_no_release_command_comes_then_the_session_is_released_locally(network):  # TS 24.501 6.4.3.5
    network.session()
    done = network.ue.release_session(1)
    network.world.run(16 * 5 + 1)

    with pytest.raises(TimerExpired):
        done.result()
    assert network.ue.sm.sessions == {}


def test_when_an_idle_terminal_releases_a_session_then_it_asks_for_service_first(network):
    network.session()
    network.release()
    network.ue.release_session(1)
    network.take(nas.ServiceRequest)
    network.send(nas.ServiceAccept())

    assert network.take_session(nas.PduSessionReleaseRequest)


@pytest.mark.parametrize("ask", ["release_session", "modify_session"])
def test_when_the_session_is_gone_by_the_time_of_service_then_nothing_is_asked_for(network, ask):
    network.session()
    network.release()
    done = getattr(network.ue, ask)(1)
    network.take(nas.ServiceRequest)
    network.send(nas.ServiceAccept(pdu_session_status=[]))

    assert done.settled
    assert not network.uplink
    assert network.world.events == []


def test_when_an_unknown_session_is_released_then_nothing_is_sent(network):
    assert network.ue.release_session(4).result() is None
    assert not network.uplink


def test_when_the_network_releases_the_session_then_the_terminal_completes(network):  # TS 24.501 6.3.3.3
    network.session()
    network.send_session(nas.PduSessionReleaseCommand(1, 0, SmCause.REGULAR_DEACTIVATION))

    assert network.take_session(nas.PduSessionReleaseComplete)[1].pti == 0
    assert network.ue.sm.sessions == {}


def test_when_the_network_asks_for_reactivation_then_the_session_is_opened_again(network):
    network.session()
    network.send_session(nas.PduSessionReleaseCommand(1, 0, SmCause.REACTIVATION_REQUESTED))
    network.take_session(nas.PduSessionReleaseComplete)

    transport, request = network.take_session(nas.PduSessionEstablishmentRequest)
    assert (transport.dnn, request.pdu_session_identity) == ("internet", 1)


def test_when_a_session_is_released_while_it_is_opened_then_the_script_is_told(network):
    done, _, request = open_request(network)
    network.grant(request)
    network.send_session(nas.PduSessionReleaseCommand(1, 0, SmCause.NETWORK_FAILURE))

    with pytest.raises(NoConnection):
        done.result()


# --- modification ----------------------------------------------------------------------------------------
def test_when_the_network_modifies_the_session_then_it_goes_by_the_new_values(network):  # TS 24.501 6.3.2.3
    session = network.session()
    rule = nas.QosRule(2, 1, default=False, packet_filters=[], precedence=10, segregation=False, qfi=2)
    flow = nas.QosFlowDescription(2, 1, all_parameters=True, parameters=[nas.FlowParameter(1, 5)])
    network.send_session(
        nas.PduSessionModificationCommand(
            1,
            0,
            session_ambr=nas.SessionAmbr.of(10**6, 10**6),
            authorized_qos_rules=[rule],
            authorized_qos_flow_descriptions=[flow],
        )
    )

    network.take_session(nas.PduSessionModificationComplete)
    assert session.granted.ambr.downlink.bits_per_second == 10**6
    assert session.granted.rules == (nas.default_rule(1), rule)
    assert session.granted.flows == (flow,)


def test_when_the_terminal_asks_for_other_rules_then_it_goes_by_what_is_commanded(network):  # TS 24.501 6.4.2
    session = network.session()
    rule = nas.QosRule(2, 1, default=False, precedence=10, segregation=False, qfi=2)
    done = network.ue.modify_session(1, (rule,))
    transport, request = network.take_session(nas.PduSessionModificationRequest)
    assert transport.request_type == nas.RequestType.MODIFICATION_REQUEST
    assert request.requested_qos_rules == [rule]
    assert session.state is SmState.MODIFICATION_PENDING
    network.send_session(nas.PduSessionModificationCommand(1, request.pti, authorized_qos_rules=[rule]))

    assert network.take_session(nas.PduSessionModificationComplete)[1].pti == request.pti
    assert done.result() is session
    assert session.granted.rules == (nas.default_rule(1), rule)
    assert session.state is SmState.ACTIVE


@pytest.mark.parametrize("how", ["rejected", "undelivered", "released", "unanswered"])
def test_when_a_modification_fails_then_the_session_stays_as_it_was(network, how):  # TS 24.501 6.4.2.4, 6.4.2.6
    session = network.session()
    before = session.granted
    done = network.ue.modify_session(1)
    transport, request = network.take_session(nas.PduSessionModificationRequest)
    match how:
        case "rejected":
            network.send_session(nas.PduSessionModificationReject(1, request.pti, 31))
        case "undelivered":
            network.send(nas.DlNasTransport(1, transport.payload_container, pdu_session_identity=1, cause=90))
        case "released":
            network.release()
        case "unanswered":
            network.world.run(16 * 5 + 1)

    with pytest.raises((Refused, NoConnection, TimerExpired)):
        done.result()
    assert (session.state, session.granted) == (SmState.ACTIVE, before)
    assert network.ue.sm.transactions == set()


def test_when_an_idle_terminal_asks_for_a_modification_then_it_asks_for_service_first(network):
    network.session()
    network.release()
    network.ue.modify_session(1)
    network.take(nas.ServiceRequest)
    network.send(nas.ServiceAccept())

    assert network.take_session(nas.PduSessionModificationRequest)


def test_when_an_inactive_session_is_to_be_modified_then_nothing_is_sent(network):
    with pytest.raises(NoConnection):
        network.ue.modify_session(3).result()
    assert not network.uplink


def test_when_rules_and_flows_are_deleted_then_they_are_gone():
    rule = nas.default_rule(1)
    flow = nas.QosFlowDescription(1, 1)

    assert changed_rules((rule,), [nas.QosRule(1, 2, default=False)]) == ()
    assert changed_rules((rule,), [nas.QosRule(9, 3, default=False)]) == (rule,)
    assert changed_flows((flow,), [nas.QosFlowDescription(1, 2)]) == ()


# --- what does not fit --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (nas.PduSessionReleaseCommand(5, 0, 36), SmCause.INVALID_PDU_SESSION_IDENTITY),  # TS 24.501 7.3.2
        (nas.PduSessionModificationCommand(5, 0), SmCause.INVALID_PDU_SESSION_IDENTITY),
        (nas.PduSessionReleaseCommand(1, 9, 36), SmCause.PTI_MISMATCH),  # TS 24.501 7.3.1
        (nas.PduSessionEstablishmentReject(1, 9, 26), SmCause.PTI_MISMATCH),
        (nas.PduSessionEstablishmentReject(7, 9, 26), SmCause.PTI_MISMATCH),
        (nas.PduSessionEstablishmentReject(1, 0, 26), None),
        (nas.PduSessionEstablishmentReject(7, 0, 26), None),
        (nas.PduSessionModificationReject(1, 0, 26), None),
        (nas.PduSessionReleaseReject(7, 0, 26), None),
        (nas.PduSessionModificationReject(1, 9, 26), SmCause.PTI_MISMATCH),
        (nas.PduSessionReleaseReject(1, 9, 26), SmCause.PTI_MISMATCH),
        (nas.PduSessionModificationCommand(1, 255), None),
        (nas.PduSessionModificationCommand(16, 9), None),
        (nas.PduSessionEstablishmentReject(0, 9, 26), None),
        (nas.PduSessionEstablishmentReject(255, 9, 26), None),
        (nas.SmStatus(7, 0, 43), None),
        (nas.PduSessionEstablishmentRequest(1, 9, nas.IntegrityDataRate()), SmCause.MESSAGE_TYPE_NON_EXISTENT),
        (nas.PduSessionReleaseCommand(1, 255, 36), None),
        (nas.PduSessionReleaseCommand(0, 0, 36), None),
        (nas.PduSessionReleaseCommand(16, 0, 36), None),
        (nas.SmStatus(1, 9, 47), None),
    ],
)
def test_when_a_5gsm_message_fits_no_transaction_then_the_status_says_so(network, message, cause):
    network.session()
    network.send_session(message)

    if cause is None:
        assert not network.uplink
    else:
        _, status = network.take_session(nas.SmStatus)
        assert (status.cause, status.pti) == (cause, message.pti)


@pytest.mark.parametrize("identity", [1, 7])
def test_when_a_modification_is_of_no_transaction_then_it_is_rejected(network, identity):  # TS 24.501 7.3.1
    session = network.session()
    before = session.granted
    network.send_session(nas.PduSessionModificationCommand(identity, 9, session_ambr=nas.SessionAmbr.of(1, 1)))

    _, reject = network.take_session(nas.PduSessionModificationCommandReject)
    assert (reject.pdu_session_identity, reject.pti, reject.cause) == (identity, 9, SmCause.PTI_MISMATCH)
    assert session.granted is before


def test_when_a_command_comes_again_after_its_completion_then_so_does_the_completion(network):  # TS 24.501 7.3.1
    session = network.session()
    network.ue.modify_session(1, (nas.QosRule(2, 1, default=False, precedence=10, segregation=False, qfi=2),))
    _, request = network.take_session(nas.PduSessionModificationRequest)
    command = nas.PduSessionModificationCommand(1, request.pti, session_ambr=nas.SessionAmbr.of(10**6, 10**6))
    network.send_session(command)
    _, complete = network.take_session(nas.PduSessionModificationComplete)
    granted = session.granted
    network.send_session(command)
    assert network.take_session(nas.PduSessionModificationComplete)[1] == complete
    assert session.granted is granted

    network.ue.release_session(1)
    _, request = network.take_session(nas.PduSessionReleaseRequest)
    command = nas.PduSessionReleaseCommand(1, request.pti, 36)
    network.send_session(command)
    _, complete = network.take_session(nas.PduSessionReleaseComplete)
    network.send_session(command)
    assert network.take_session(nas.PduSessionReleaseComplete)[1] == complete
    network.send_session(nas.PduSessionModificationCommand(1, request.pti))
    assert network.take_session(nas.PduSessionModificationCommandReject)[1].cause == SmCause.PTI_MISMATCH


@pytest.mark.parametrize(("octets", "cause"), [("2e0100ff", 97), ("2e0100d3", 96)])
def test_when_a_5gsm_message_cannot_be_handled_then_the_status_names_the_cause(network, octets, cause):
    network.session()
    network.send(nas.DlNasTransport(1, bytes.fromhex(octets), pdu_session_identity=1))

    assert network.take_session(nas.SmStatus)[1].cause == cause


@pytest.mark.parametrize("kind", [2, 3, 5, 15])
def test_when_a_payload_has_no_user_then_it_is_ignored(network, kind):
    network.send(nas.DlNasTransport(kind, b"x"))

    assert not network.uplink


# --- states and transactions ----------------------------------------------------------------------------------
def test_when_transactions_begin_and_end_then_identities_go_round():  # TS 24.007 11.2.3.1a
    context = SmContext()
    first = [context.begin() for _ in range(254)]
    assert first == list(range(1, 255))
    with pytest.raises(Bug):
        context.begin()
    context.end(7)

    context.completed[7] = nas.PduSessionReleaseComplete(1, 7)

    assert context.begin() == 7
    assert context.completed == {}


def test_when_a_session_has_no_such_step_then_it_is_a_mistake():
    session = Session(1, 1, None, SNssai(1))

    with pytest.raises(Bug):
        session.step(SmEvent.ACCEPTED)
