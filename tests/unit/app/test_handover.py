"""Terminals go from gNB to gNB with their sessions: scripts, over N2 and over Xn, on virtual time."""

from __future__ import annotations

import shutil
import struct
import subprocess

import pytest
from msgspec.structs import replace
from tests.support.rankit.moving import PORT, play, served

from freehold.app.config import parse
from freehold.app.radio import with_gnbs
from freehold.procedure.follow import follow
from freehold.services.nudm import UserPlaneSecurity
from freehold.spec import counters as c
from freehold.spec.errors import Aborted, PeerError, TimerExpired
from freehold.spec.identities import SNssai
from freehold.stack.ngap_faults import NgapReject

WAYS = pytest.mark.parametrize("way", ["n2", "xn"])


# --- as it should be -----------------------------------------------------------------------------
@WAYS
def test_when_a_terminal_is_handed_over_to_and_fro_then_counters_and_pings_go_along(way):
    async def script(scene):
        for target in (scene.target, scene.source, scene.target):
            await scene.ue.handover(target, way)
            await served(scene, target)
        names = (c.HO_PREPARATION_REQUEST, c.HO_PREPARATION_SUCCESS, c.HO_ALLOCATION_REQUEST, c.HO_ALLOCATION_SUCCESS)
        names = (*names, c.HO_EXECUTION_REQUEST, c.HO_EXECUTION_SUCCESS)
        assert [scene.counted(name) for name in names] == [3] * 6
        core = (
            (c.HANDOVER_SUCCESS, c.PATH_SWITCH_SUCCESS) if way == "n2" else (c.PATH_SWITCH_SUCCESS, c.HANDOVER_SUCCESS)
        )
        assert [scene.counted(name) for name in core] == [3, 0]
        # KgNB is chained at both ends: an NH a handover over N2, and over Xn one from the second on
        assert scene.ue.terminal.link.chain.ncc == (3 if way == "n2" else 2)
        assert scene.ue.registered

    play(script)


@WAYS
def test_when_packets_come_all_the_time_then_none_is_lost_or_misordered_in_either_direction(way):
    async def script(scene):
        down, up = scene.session.udp(PORT), scene.session.udp()
        for number in range(200):
            scene.at(number / 1000, lambda number=number: scene.inject(number))
            octets = struct.pack("!I", number)
            scene.at(number / 1000, lambda octets=octets: up.send(octets, scene.session.gateway, 7))
        await scene.network.sleep(0.05)
        await scene.ue.handover(scene.target, way)
        await scene.network.sleep(2)
        for port in (down, up):
            got = [struct.unpack("!I", (await port.receive())[0])[0] for _ in range(200)]
            assert got == list(range(200))
        await served(scene, scene.target)

    play(script)


@WAYS
def test_when_one_handover_follows_the_other_at_once_then_no_packet_is_lost_or_misordered(way):
    # TS 38.300 9.2.3.2: the second one begins before the first one's end marker has come
    async def script(scene):
        down, up = scene.session.udp(PORT), scene.session.udp()
        for number in range(200):
            scene.at(number / 1000, lambda number=number: scene.inject(number))
            octets = struct.pack("!I", number)
            scene.at(number / 1000, lambda octets=octets: up.send(octets, scene.session.gateway, 7))
        for target in (scene.target, scene.source) * 3:
            await scene.ue.handover(target, way)
        await scene.network.sleep(4)
        for port in (down, up):
            got = [struct.unpack("!I", (await port.receive())[0])[0] for _ in range(200)]
            assert got == list(range(200))
        assert not any(gnb.contexts.ending or gnb.contexts.chained for gnb in (scene.source, scene.target))
        await served(scene, scene.source)

    play(script)


@WAYS
def test_when_tcp_runs_in_both_directions_then_it_goes_on(way):
    async def script(scene):
        download = await scene.session.tcp_connect(scene.session.gateway, 80)
        upload = await scene.session.tcp_connect(scene.session.gateway, 7)
        length = 3_000_000
        await download.send(b"GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % length)
        sent = bytes(range(256)) * 400
        await upload.send(sent[:50_000])
        await scene.ue.handover(scene.target, way)
        await upload.send(sent[50_000:])
        head, _, body = (await download.receive_all()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert len(body) == length
        echoed = b""
        while len(echoed) < len(sent):
            echoed += await upload.receive()
        assert echoed == sent
        await served(scene, scene.target)

    play(script)


@WAYS
def test_when_a_terminal_has_two_sessions_then_both_go_along(way):
    async def script(scene):
        await scene.ue.handover(scene.target, way)
        await served(scene, scene.target)
        assert (await scene.sessions[1].ping()).rtt_ms is not None
        assert [session.active for session in scene.sessions] == [True, True]
        assert scene.counted(c.SERVICE_REQUEST) == 0

    play(script, sessions=2)


@WAYS
def test_when_a_session_is_opened_after_a_handover_then_it_is_at_the_target_and_goes_along_too(way):
    async def script(scene):
        await scene.ue.handover(scene.target, way)
        fresh = await scene.ue.pdu_session("internet")
        assert (await fresh.ping()).rtt_ms is not None
        await scene.ue.handover(scene.source, way)
        assert (await fresh.ping()).rtt_ms is not None
        await scene.ue.release(fresh)
        await served(scene, scene.source)

    play(script)


@WAYS
def test_when_a_terminal_goes_idle_after_a_handover_then_it_is_paged_where_it_is(way):
    async def script(scene):
        await scene.ue.handover(scene.target, way)
        await scene.network.sleep(2)
        await scene.ue.go_idle()
        await scene.network.sleep(1)
        port = scene.session.udp(PORT)
        scene.inject(7)
        await scene.network.sleep(2)
        assert (await port.receive())[0] == struct.pack("!I", 7)
        await served(scene, scene.target)

    play(script)


def test_when_an_idle_terminal_moves_to_another_cell_then_its_sessions_go_along():
    async def script(scene):
        await scene.ue.go_idle()
        await scene.network.sleep(1)
        scene.ue.terminal.move(scene.target)
        assert (await scene.session.ping()).rtt_ms is not None
        await served(scene, scene.target)

    play(script)


def test_when_one_terminal_is_followed_then_its_messages_at_both_gnbs_are_there_and_no_others():
    async def script(scene):
        other = scene.network.ue(gnb=1)
        await other.register()
        await other.pdu_session("internet")
        scene.network.trace.clear()
        for way, target in (("n2", scene.target), ("xn", scene.source)):
            await scene.ue.handover(target, way)
            await other.handover(target, way)
        await scene.network.sleep(2)
        chosen = list(follow(scene.network.trace, str(scene.ue.supi)))
        names = [record.name for record in chosen if record.interface in {"N2", "Xn"}]
        assert names == [
            "HandoverRequired",
            "HandoverRequest",
            "HandoverRequestAcknowledge",
            "HandoverCommand",
            "UplinkRANStatusTransfer",
            "DownlinkRANStatusTransfer",
            "HandoverNotify",
            "UEContextReleaseCommand",
            "UEContextReleaseComplete",
            "HandoverRequest",
            "HandoverRequestAcknowledge",
            "SNStatusTransfer",
            "PathSwitchRequest",
            "PathSwitchRequestAcknowledge",
            "UEContextRelease",
        ]
        assert "gnb-2  gnb-3" in scene.network.trace.ladder(str(scene.ue.supi))

    play(script)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not here")
def test_when_a_capture_is_written_then_wireshark_reads_every_message(tmp_path):
    async def script(scene):
        for way, target in (("n2", scene.target), ("xn", scene.source)):
            for number in range(40):
                scene.at(number / 1000, lambda number=number: scene.inject(number))
            await scene.ue.handover(target, way)
            await scene.network.sleep(2)
        scene.network.trace.pcap(tmp_path / "handover.pcapng")

    play(script)
    fields = [
        "-T",
        "fields",
        "-e",
        "frame.protocols",
        "-e",
        "_ws.malformed",
        "-e",
        "_ws.expert.group",
        "-e",
        "xnap.procedureCode",
    ]
    command = ["tshark", "-r", str(tmp_path / "handover.pcapng"), *fields]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    columns = [(row.split("\t") + [""] * 4)[:4] for row in rows]
    assert [row for row in columns if row[1]] == []
    protocols = {name for row in columns for name in row[0].split(":")}
    assert {"ngap", "xnap", "gtp", "nr-rrc"} <= protocols
    assert {row[3] for row in columns if row[3]} >= {"17", "0", "1", "6"}  # TS 38.423 9.3.3


def test_when_the_answer_to_a_packet_is_quicker_than_the_path_switch_of_a_service_request_then_it_waits_for_that():
    async def script(scene):
        await scene.ue.go_idle()
        await scene.network.sleep(1)
        scene.network.trace.clear()
        assert (await scene.session.ping()).rtt_ms is not None
        await served(scene, scene.source)
        assert "PDUSessionResourceSetupRequest" not in {record.name for record in scene.network.trace}
        assert not scene.told("session-refused")

    play(script)


# --- as it should not be ---------------------------------------------------------------------------
def cause_of(error):
    return error.value.ngap_cause[1]


@WAYS
def test_when_a_terminal_has_no_session_then_there_is_nothing_to_hand_over(way):
    async def script(scene):
        with pytest.raises(NgapReject, match="no PDU session"):
            await scene.ue.handover(scene.target, way)
        assert scene.counted(c.HO_PREPARATION_FAILURE, "unspecified") == 1
        assert scene.told("gnb-handover-failed")
        scene.sessions = [await scene.ue.pdu_session("internet")]
        await served(scene, scene.source)

    play(script, sessions=0)


def test_when_a_terminal_is_idle_or_there_already_then_it_is_not_handed_over():
    async def script(scene):
        with pytest.raises(NgapReject, match="serves the terminal already"):
            await scene.ue.handover(scene.source, "n2")
        await scene.ue.go_idle()
        with pytest.raises(NgapReject, match="no connection"):
            await scene.ue.handover(scene.target, "n2")

    play(script)


@WAYS
def test_when_the_target_has_no_algorithm_of_the_terminal_then_it_refuses_and_nobody_moves(way):
    async def script(scene):
        scene.target.configuration = replace(scene.target.configuration, integrity=(7,))
        with pytest.raises(NgapReject):
            await scene.ue.handover(scene.target, way)
        refused = c.HO_ALLOCATION_FAILURE, "encryption-and-or-integrity-protection-algorithms-not-supported"
        assert scene.counted(*refused) == 1
        assert scene.told("handover-refused")
        assert scene.told("gnb-handover-failed")
        await served(scene, scene.source)

    play(script)


@WAYS
def test_when_the_target_serves_no_slice_of_the_sessions_then_it_takes_none(way):
    async def script(scene):
        scene.target.slices = frozenset({SNssai(9)})
        with pytest.raises(NgapReject):
            await scene.ue.handover(scene.target, way)
        assert scene.counted(c.HO_ALLOCATION_FAILURE, "slice-not-supported") == 1
        await served(scene, scene.source)

    play(script)


@WAYS
def test_when_the_target_refuses_one_of_two_sessions_then_that_one_has_no_user_plane(way):
    async def script(scene):
        plane, add = scene.target.plane, scene.target.plane.add_bearer
        made = []

        def one(uplink, qfi):
            if made:
                raise NgapReject(("radioNetwork", "radio-resources-not-available"))
            made.append(uplink)
            return add(uplink, qfi)

        plane.add_bearer = one
        await scene.ue.handover(scene.target, way)
        plane.add_bearer = add
        await served(scene, scene.target)
        assert [session.active for session in scene.sessions] == [True, False]
        states = [session.up_cnx_state for session in scene.network.core.smf.sessions]
        assert states == ["ACTIVATED", "DEACTIVATED"]
        # what it sends asks for resources anew
        assert (await scene.sessions[1].ping()).rtt_ms is not None

    play(script, sessions=2)


@WAYS
def test_when_the_target_cannot_protect_a_session_as_required_then_it_is_released_at_the_target(way):
    # TS 23.502 4.9.1.2.2 step 2, 4.9.1.3.3; TS 23.501 5.10.3
    async def script(scene):
        first, second = scene.network.core.smf.sessions
        second.security = UserPlaneSecurity("required", "preferred")
        plane, add = scene.target.plane, scene.target.plane.add_bearer
        made = []

        def one(uplink, qfi):
            if made:
                raise NgapReject(("radioNetwork", "up-integrity-protection-not-possible"))
            made.append(uplink)
            return add(uplink, qfi)

        plane.add_bearer = one
        await scene.ue.handover(scene.target, way)
        await served(scene, scene.target)
        assert list(scene.network.core.smf.sessions) == [first]
        assert list(scene.ue.terminal.sm.sessions) == [1]
        assert len(scene.told("session-unprotected")) == 1

    play(script, sessions=2)


@WAYS
def test_when_the_terminal_finds_another_key_than_the_target_then_it_comes_back_by_a_service_request(way):
    async def script(scene):
        port = scene.session.udp()
        chain = scene.ue.terminal.link.chain
        scene.ue.terminal.link.chain = replace(chain, kgnb=bytes(32), sync_input=bytes(32))
        with pytest.raises((TimerExpired, NgapReject, Aborted)):
            await scene.ue.handover(scene.target, way)
        assert scene.counted(c.HO_FAILED_ARRIVAL, "MAC-I") == 1
        assert scene.told("handover-arrival")
        await scene.network.sleep(40)
        port.send(b"still here", scene.session.gateway, 7)
        await scene.network.sleep(1)
        assert (await port.receive())[0] == b"still here"
        await served(scene, scene.source)

    play(script)


def test_when_the_source_takes_the_preparation_back_then_the_amf_acknowledges_and_nobody_moves():
    async def script(scene):
        begun = scene.begin()
        connection = scene.ue.terminal.link.connection
        scene.at(0.004, lambda: scene.source.cancel_handover(connection))
        await scene.network.sleep(5)
        with pytest.raises(Aborted):
            begun.result()
        names = [record.name for record in scene.network.trace if record.interface == "N2"]
        assert names.count("HandoverCancel") == names.count("HandoverCancelAcknowledge") == 1
        await served(scene, scene.source)

    play(script)


def test_when_the_amf_changes_a_session_during_the_preparation_then_that_comes_first():
    async def script(scene):
        begun = scene.begin()
        fresh = scene.network.wait(scene.ue.terminal.pdu_session("internet"))
        session = await fresh
        await scene.network.sleep(5)
        if scene.ue.terminal.cell is scene.source:
            with pytest.raises(Aborted):
                begun.result()
        assert session.bearer is not None

    play(script)


def test_when_the_target_is_lost_during_the_preparation_then_the_source_is_told():
    async def script(scene):
        begun = scene.begin()
        scene.at(0.004, scene.target.stop)
        await scene.network.sleep(5)
        with pytest.raises(NgapReject):
            begun.result()
        assert scene.told("gnb-handover-failed")
        assert (await scene.session.ping()).rtt_ms is not None
        assert scene.ue.terminal.cell is scene.source

    play(script)


@WAYS
def test_when_the_target_dies_before_the_terminal_is_there_then_the_terminal_finds_its_way_back(way):
    async def script(scene):
        async def during():
            with pytest.raises((TimerExpired, NgapReject, Aborted, PeerError)):
                await scene.ue.handover(scene.target, way)

        if way == "xn":
            await scene.ue.handover(scene.target, way)
            await scene.ue.handover(scene.source, way)
        scene.at(0.015 if way == "xn" else 0.02, scene.target.stop)
        await during()
        await scene.network.sleep(60)
        assert scene.ue.registered
        assert (await scene.session.ping()).rtt_ms is not None
        assert scene.ue.terminal.cell is scene.source

    play(script)


def test_when_the_source_is_lost_during_the_preparation_then_nothing_of_the_handover_stays():
    async def script(scene):
        begun = scene.begin()
        association = scene.source.links[0].association
        scene.at(0.004, lambda: association.fail("the path broke"))
        await scene.network.sleep(30)
        with pytest.raises(Aborted):
            begun.result()
        assert scene.target.contexts.ues == {}
        assert scene.target.contexts.expected == {}
        await scene.network.sleep(30)
        assert (await scene.session.ping()).rtt_ms is not None
        await served(scene, scene.source)

    play(script)


def test_when_xn_is_lost_during_the_preparation_then_nobody_moves_and_the_next_one_has_a_new_association():
    async def script(scene):
        await scene.ue.handover(scene.target, "xn")
        await scene.ue.handover(scene.source, "xn")
        await scene.network.sleep(1)
        link = scene.source.xns[0]
        begun = scene.source.hand_over(scene.ue.terminal.link.connection, scene.target.configuration.neighbour, link)
        scene.at(0.004, lambda: link.association.fail("the path broke"))
        await scene.network.sleep(5)
        with pytest.raises(Aborted):
            begun.result()
        assert scene.told("xn-lost")
        await served(scene, scene.source)
        await scene.ue.handover(scene.target, "xn")
        await served(scene, scene.target)

    play(script)


def test_when_more_gnbs_are_asked_for_then_they_are_there():
    configuration = with_gnbs(parse("[[gnb]]\nid = 2\nname = 'mine'"), 3)
    assert [(section.id, section.name) for section in configuration.gnb] == [(2, "mine"), (1, "gnb-1"), (3, "gnb-3")]
    assert with_gnbs(configuration, 2) is configuration
