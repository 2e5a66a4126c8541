"""N13, N14, N15 of security/negative.md: hostile 5GSM over the real N1, N2 and N4 of a whole network."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import RequestType
from freehold.spec.causes import MmCause
from freehold.spec.identities import SNssai

from .stage import Stage, staged

REQUEST = nas.encode(
    nas.PduSessionEstablishmentRequest(1, 5, integrity_protection_maximum_data_rate=nas.IntegrityDataRate())
)
GIVEN_BACK = MmCause.PAYLOAD_WAS_NOT_FORWARDED


# --- N13: malformed parts of 5GSM ------------------------------------------------------------------
DAMAGED = {
    "extended PCO longer than it is": "7b 00ff 80 000d 00",
    "extended PCO empty": "7b 0000",
    "PCO container past its end": "7b 0004 80 000d ff",
    "IPCP of one octet": "7b 0005 80 8021 01 01",
    "IPCP option of length 0": "7b 000a 80 8021 06 01010006 8100",
    "capability too long": "28 ff 00",
    "capability of length 0": "28 00",
    "unknown element": "7f 03 010203",
    "unknown element to be understood": "0f 03 010203",
    "last element cut": "39 10 00",
    "a thousand elements": "9191" * 500,
}


@pytest.mark.parametrize("element", DAMAGED.values(), ids=DAMAGED)
def test_n13_when_an_optional_part_is_damaged_then_the_answer_is_an_accept_or_a_reject(element: str) -> None:
    async def play(stage: Stage) -> None:
        answer, *_ = await stage.say(REQUEST + bytes.fromhex(element))
        assert isinstance(answer, nas.PduSessionEstablishmentAccept | nas.PduSessionEstablishmentReject)
        await stage.check(sessions=1 + isinstance(answer, nas.PduSessionEstablishmentAccept))

    staged(play)


MODIFICATIONS = {
    "QoS rule longer than it is": "7a 0007 01 00ff 21 31 01 01",
    "QoS rule without filters": "7a 0007 01 0004 30 31 01 01",
    "QoS flow description cut": "79 0003 01 20 41",
    "packet filter of length 0": "7a 0009 01 0006 21 31 00 00 ff 01",
    "mapped EPS bearer contexts cut": "75 0007 50 00ff 21 00 01 02",
}


@pytest.mark.parametrize("element", MODIFICATIONS.values(), ids=MODIFICATIONS)
def test_n13_when_a_modification_is_damaged_then_nothing_is_granted_and_the_session_stays(element: str) -> None:
    async def play(stage: Stage) -> None:
        session = await stage.attacker.pdu_session(dnn="internet")
        payload = bytes.fromhex("2e" + f"{session.identity:02x}" + "09c9" + element)
        answer, *_ = await stage.say(payload, session.identity, request=None)
        assert isinstance(answer, nas.PduSessionModificationReject | nas.PduSessionModificationCommand)
        if isinstance(answer, nas.PduSessionModificationCommand):
            # TS 24.501 7.7.1: an optional element that cannot be read was not there
            assert (answer.authorized_qos_rules, answer.authorized_qos_flow_descriptions) == (None, None)
        assert answer.pti == 9
        assert (await session.ping()).rtt_ms is not None
        await stage.check(sessions=2)

    staged(play)


def test_n13_when_5gsm_is_mutated_then_the_network_goes_on() -> None:
    async def play(stage: Stage) -> None:
        random = Random(5)
        for _ in range(150):
            payload = bytearray(REQUEST + bytes.fromhex("7b000880000d0000100000"))
            for _ in range(random.randint(1, 5)):
                payload[random.randrange(len(payload))] = random.getrandbits(8)
            await stage.say(bytes(payload), random.choice((1, 2, 3)), request=random.choice((None, *RequestType)))
        for session in stage.smf.sessions:
            if session.identity.supi == stage.attacker.supi:
                stage.smf.release(stage.attacker.supi, session.identity.pdu_session_id)
        await stage.net.sleep(200)
        await stage.check()

    staged(play)


# --- N14: identities and transactions --------------------------------------------------------------
@pytest.mark.parametrize("identity", [0, 16, 128, 255])
def test_n14_when_the_session_identity_is_reserved_then_the_payload_comes_back(identity: int) -> None:
    # TS 24.501 5.4.5.2.5, 7.3.2
    async def play(stage: Stage) -> None:
        payload = bytes((0x2E, identity)) + REQUEST[2:]
        assert await stage.say(payload, identity) == [GIVEN_BACK]
        assert await stage.say(payload, 1) == []  # the SMF ignores what is inside
        await stage.check()

    staged(play)


@pytest.mark.parametrize(("pti", "answer"), [(0, 81), (255, None)])
def test_n14_when_the_pti_is_none_or_reserved_then_no_session_comes(pti: int, answer: int | None) -> None:
    # TS 24.501 7.3.1
    async def play(stage: Stage) -> None:
        said = await stage.say(REQUEST[:2] + bytes((pti,)) + REQUEST[3:])
        assert said == ([] if answer is None else [nas.SmStatus(1, pti, answer)])
        await stage.check()

    staged(play)


def test_n14_when_the_identity_is_in_use_then_the_old_session_gives_way() -> None:
    # TS 24.501 5.4.5.2.5, 6.4.1.7
    async def play(stage: Stage) -> None:
        first = await stage.attacker.pdu_session(dnn="internet")
        payload = bytes((0x2E, first.identity)) + REQUEST[2:]
        accept, *_ = await stage.say(payload, first.identity)
        assert isinstance(accept, nas.PduSessionEstablishmentAccept)
        assert accept.pti == 5
        await stage.check(sessions=2)

    staged(play)


def test_n14_when_a_second_request_comes_while_the_first_is_pending_then_one_session_is_left() -> None:
    async def play(stage: Stage) -> None:
        def both() -> None:
            for _ in range(2):
                stage.attacker.terminal.link.send(
                    nas.UlNasTransport(
                        nas.PayloadContainerType.N1_SM_INFORMATION,
                        REQUEST,
                        pdu_session_identity=1,
                        request_type=RequestType.INITIAL_REQUEST,
                        dnn="internet",
                    )
                )

        said = await stage.send(both)
        assert isinstance(said[-1], nas.PduSessionEstablishmentAccept)
        await stage.check(sessions=2)

    staged(play)


MISFITS: dict[str, tuple[str, int]] = {
    "release complete": ("2e{0:02x}09d4", 47),
    "modification complete": ("2e{0:02x}09cc", 47),
    "release request without PTI": ("2e{0:02x}00d1", 81),
    "a message of the network": ("2e{0:02x}09d324", 97),
    "an unknown type": ("2e{0:02x}09ff", 97),
    "status of another identity": ("2e0e09d6" + "61", 43),
    "completion of another identity": ("2e0e09cc", 43),
    "authentication complete with a PTI": ("2e{0:02x}09c6" + "0006020100060131", 81),
}


@pytest.mark.parametrize(("payload", "cause"), MISFITS.values(), ids=MISFITS)
def test_n14_when_a_message_fits_no_transaction_then_5gsm_status_says_so(payload: str, cause: int) -> None:
    # TS 24.501 7.3.1, 7.3.2, 7.4
    async def play(stage: Stage) -> None:
        session = await stage.attacker.pdu_session(dnn="internet")
        octets = bytes.fromhex(payload.format(session.identity))
        said, *_ = await stage.say(octets, session.identity, request=None)
        assert isinstance(said, nas.SmStatus)
        assert said.cause == cause
        assert (await session.ping()).rtt_ms is not None
        await stage.check(sessions=2)

    staged(play)


# --- N15: DNN and slice ----------------------------------------------------------------------------
REFUSED_DNN = MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE


@pytest.mark.parametrize("dnn", ["nowhere", "internet.evil", "x" * 60])
def test_n15_when_the_dnn_is_not_subscribed_then_91(dnn: str) -> None:
    # TS 24.501 5.4.5.2.5
    async def play(stage: Stage) -> None:
        assert await stage.say(REQUEST, dnn=dnn) == [REFUSED_DNN]
        await stage.check()

    staged(play)


@pytest.mark.parametrize(
    "element",
    ["2500", "250100", "2564" + "63" + "61" * 99, "250409696e74", "25020069", "250508000000"],
    ids=["empty", "an empty label", "100 octets", "a label past the end", "an empty label first", "NUL"],
)
def test_n15_when_the_dnn_is_damaged_then_the_session_is_refused_or_the_default(element: str) -> None:
    # TS 24.501 7.7.1: an optional element with a fault is absent, and without a DNN the default one is meant
    async def play(stage: Stage) -> None:
        whole = nas.encode(
            nas.UlNasTransport(
                nas.PayloadContainerType.N1_SM_INFORMATION,
                REQUEST,
                pdu_session_identity=1,
                request_type=RequestType.INITIAL_REQUEST,
            )
        )
        said: Any = await stage.send(lambda: raw(stage, whole + bytes.fromhex(element)))
        sessions = sum(isinstance(answer, nas.PduSessionEstablishmentAccept) for answer in said)
        assert len(said) == 1
        await stage.check(sessions=1 + sessions)

    staged(play)


def raw(stage: Stage, plain: bytes) -> None:
    """Any octets as a protected 5GMM message."""
    terminal = stage.attacker.terminal
    assert terminal.usim.security is not None
    terminal.link.send_protected(terminal.usim.security.protect(plain))


def test_n15_when_the_slice_is_not_allowed_then_the_payload_comes_back() -> None:
    # TS 33.512 4.2.2.8.1
    async def play(stage: Stage) -> None:
        for slice_ in (SNssai(7), SNssai(1, 0x010203), SNssai(255)):
            assert await stage.say(REQUEST, slice_=slice_) == [GIVEN_BACK]
        await stage.check()

    staged(play)
