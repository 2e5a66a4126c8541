"""EAP packets in octets written out by hand from their figures, the published keys' exchanges, whatever octets come."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from random import Random

import pytest

from eapkit import Generator
from freehold.codecs import eap
from freehold.crypto import eap as keys

VECTORS = json.loads((Path(__file__).parents[3] / "vectors/crypto/eap_aka_prime.json").read_text())["sets"]
RAND, AUTN, MAC = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))
# RFC 9048 3, RFC 4187 10.6, 10.7, 10.15: type 50, subtype 1, the network name of 32 octets, one function
CHALLENGE = (
    "0105006c" + "32010000"
    "01050000" + RAND.hex() + "02050000" + AUTN.hex() + "18010001"
    "17090020" + b"5G:mnc001.mcc001.3gppnetwork.org".hex() + "0b050000" + MAC.hex()
)  # fmt: skip


def read(octets: str) -> eap.Packet:
    decoded = eap.decode(bytes.fromhex(octets))
    assert decoded.faults == ()
    assert decoded.message is not None
    assert eap.encode(decoded.message).hex() == octets
    return decoded.message


def kinds(octets: str) -> list[tuple[str, str, int | None, str]]:
    """Kind, clause, cause and element of every fault; what was read is written as it came all the same."""
    decoded = eap.decode(bytes.fromhex(octets))
    if decoded.message is not None:
        assert eap.encode(decoded.message).hex() == octets
    return [(fault.kind, fault.clause, fault.cause, fault.element) for fault in decoded.faults]


def test_when_the_network_challenges_then_every_attribute_is_named():
    message = read(CHALLENGE)

    assert isinstance(message, eap.Request)
    assert message.method == eap.AkaPrime(
        eap.Subtype.CHALLENGE,
        (
            eap.AtRand(RAND),
            eap.AtAutn(AUTN),
            eap.AtKdf(1),
            eap.AtKdfInput(b"5G:mnc001.mcc001.3gppnetwork.org"),
            eap.AtMac(MAC),
        ),
    )


def test_when_the_peer_answers_then_the_bits_of_its_answer_are_counted():
    # RFC 4187 10.8: 64 bits
    message = read("02050028" + "32010000" + "03030040" + "a1b2c3d4e5f60718" + "0b050000" + MAC.hex())

    assert message.method.first(eap.AtRes) == eap.AtRes(bytes.fromhex("a1b2c3d4e5f60718"))


def test_when_an_answer_ends_within_an_octet_then_its_unused_bits_and_zeros_are_written_again():
    message = read("02050028" + "17010000" + "03030025" + "a1b2c3d4e8000000" + "0b050000" + MAC.hex())

    assert message.method.first(eap.AtRes) == eap.AtRes(bytes.fromhex("a1b2c3d4e8"), unused=3)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("01070005" + "01", eap.Request(identifier=7, method=eap.Identity())),
        ("0207000b" + "01" + b"0user1".hex(), eap.Response(identifier=7, method=eap.Identity(b"0user1"))),
        ("02070005" + "02", eap.Response(identifier=7, method=eap.Notification())),
        ("02070007" + "03" + "3217", eap.Response(identifier=7, method=eap.Nak([50, 23]))),
        ("0107000a" + "04" + "02abcd" + "6e61", eap.Request(identifier=7, method=eap.Md5Challenge(b"\xab\xcd", b"na"))),
        ("01070006" + "05" + "78", eap.Request(identifier=7, method=eap.OneTimePassword(b"x"))),
        ("01070006" + "06" + "78", eap.Request(identifier=7, method=eap.GenericTokenCard(b"x"))),
        ("0107000a" + "0d" + "2000000005", eap.Request(identifier=7, method=eap.OtherMethod(13, b"\x20\0\0\0\5"))),
        (
            "0107000d" + "fe" + "000137" + "00000009" + "ff",
            eap.Request(identifier=7, method=eap.Expanded(311, 9, b"\xff")),
        ),
        (
            "0207001c" + "fe" + "000000" + "00000003" + "fe00000000000032" + "fe00013700000009",
            eap.Response(identifier=7, method=eap.ExpandedNak((eap.MethodChoice(0, 50), eap.MethodChoice(311, 9)))),
        ),
        ("03070004", eap.Success(identifier=7)),
        ("04070004" + "aaaa", eap.Failure(identifier=7, more=b"\xaa\xaa")),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_when_a_packet_is_of_any_type_then_it_reads_as_the_clause_has_it(octets, message):
    # RFC 3748 4.1, 4.2, 5.1 to 5.7
    octets = octets[:4] + f"{len(bytes.fromhex(octets)) - len(message.more):04x}" + octets[8:]

    assert read(octets) == message


@pytest.mark.parametrize(
    ("octets", "attribute"),
    [
        ("04040102030405060708090a0b0c0d0e", eap.AtAuts(bytes(range(1, 15)))),  # RFC 4187 10.9
        ("06010000", eap.AtPadding(bytes(2))),  # RFC 4187 10.12
        ("0a010000", eap.AtPermanentIdReq()),  # RFC 4187 10.2
        ("0c018000", eap.AtNotification(eap.NotificationCode.SUCCESS)),  # RFC 4187 10.19
        ("0d010000", eap.AtAnyIdReq()),  # RFC 4187 10.3
        ("0e0200016e000000", eap.AtIdentity(b"n")),  # RFC 4187 10.5
        ("11010000", eap.AtFullauthIdReq()),  # RFC 4187 10.4
        ("13010007", eap.AtCounter(7)),  # RFC 4187 10.16
        ("14010000", eap.AtCounterTooSmall()),  # RFC 4187 10.17
        ("15050000" + MAC.hex(), eap.AtNonceS(MAC)),  # RFC 4187 10.18
        ("16010000", eap.AtClientErrorCode(0)),  # RFC 4187 10.20
        ("81050000" + MAC.hex(), eap.AtIv(MAC)),  # RFC 4187 10.12
        ("82050000" + MAC.hex(), eap.AtEncrData(MAC)),
        ("8402000270310000", eap.AtNextPseudonym(b"p1")),  # RFC 4187 10.10
        ("8502000372313200", eap.AtNextReauthId(b"r12")),  # RFC 4187 10.11
        ("86010000", eap.AtCheckcode(b"")),  # RFC 4187 10.13
        ("86090000" + (RAND + MAC).hex(), eap.AtCheckcode(RAND + MAC)),  # RFC 9048 3.4.3
        ("87010000", eap.AtResultInd()),  # RFC 4187 10.14
        ("88018000", eap.AtBidding(eap.BiddingFlag.SUPPORTS_EAP_AKA_PRIME)),  # RFC 9048 4
        ("9809" + (RAND + MAC).hex() + "0000", eap.AtPubEcdhe(RAND + MAC + bytes(2))),  # RFC 9678 6.1
        ("99010002", eap.AtKdfFs(eap.KeyExchange.P_256)),  # RFC 9678 6.2
        ("c8020a0b0c0d0e0f", eap.OtherAttribute(200, bytes(range(10, 16)))),  # RFC 4187 8.1
    ],
    ids=lambda value: value[:8] if isinstance(value, str) else type(value).__name__,
)
def test_when_an_attribute_comes_then_its_octets_are_those_of_the_figure(octets, attribute):
    assert eap.read_attributes(bytes.fromhex(octets)) == ((attribute,), ())
    assert eap.write_attributes((attribute,)).hex() == octets


def test_when_a_notification_comes_then_its_bits_say_success_and_phase():
    # RFC 4187 6.1
    said = [(code.success, code.before_authentication) for code in map(eap.AtNotification, (0, 16384, 32768))]

    assert said == [(False, False), (False, True), (True, False)]


def test_when_a_public_key_is_padded_then_the_key_alone_is_as_long_as_its_curve_says():
    # RFC 9678 6.1
    attribute = eap.AtPubEcdhe(bytes(range(34)))

    assert [len(attribute.key(exchange)) for exchange in eap.KeyExchange] == [32, 33]
    assert attribute.key(3) is None
    assert eap.AtPubEcdhe(bytes(30)).key(1) is None


def test_when_reserved_bits_or_padding_are_not_zero_then_they_are_ignored_and_written_again():
    # RFC 4187 8.1
    octets = "010507ff" + RAND.hex() + "0e0200016effff01" + "0e0300016e" + "00" * 7 + "0a0100ff"
    attributes, faults = eap.read_attributes(bytes.fromhex(octets))

    assert [fault.kind for fault in faults] == ["attribute repeated"]
    assert attributes[1] == eap.AtIdentity(b"n", b"\xff\xff\x01")
    assert attributes[2] == eap.AtIdentity(b"n", bytes(7))
    assert eap.write_attributes(attributes).hex() == octets


def test_when_the_peer_wants_another_function_then_it_answers_with_that_alone():
    # RFC 9048 3.2
    assert read("0205000c" + "32010000" + "18010001").method.every(eap.AtKdf) == [eap.AtKdf(1)]


UNABLE = 0  # RFC 4187 10.20


@pytest.mark.parametrize(
    ("octets", "faults"),
    [
        ("", [("length", "RFC 3748 4.1", None, "")]),
        ("010100", [("length", "RFC 3748 4.1", None, "")]),
        ("01010003" + "01", [("length", "RFC 3748 4.1", None, "")]),
        ("01010006" + "01", [("length", "RFC 3748 4.1", None, "")]),
        ("01010004", [("type missing", "RFC 3748 4.1", None, "")]),
        ("05010004", [("code", "RFC 3748 4", None, "")]),
        ("03010005" + "01", [("length", "RFC 3748 4.2", None, "")]),
        ("01010006" + "0332", [("Nak in a request", "RFC 3748 5.3.1", None, "")]),
        ("02010005" + "03", [("type data", "RFC 3748 5.3.1", None, "")]),
        ("01010006" + "0400", [("type data", "RFC 3748 5.4", None, "")]),
        ("0101000a" + "fe0000000000", [("type data", "RFC 3748 5.7", None, "")]),
        ("0201000c" + "fe00000000000003", [("type data", "RFC 3748 5.7", None, "")]),
        ("01010006" + "3201", [("too short", "RFC 4187 8.1", UNABLE, "")]),
        ("0101000c" + "32050000" + "0d020000", [("attribute length", "RFC 4187 8.1", UNABLE, "13")]),
        ("0101000c" + "32050000" + "0d000000", [("attribute length", "RFC 4187 8.1", UNABLE, "13")]),
        ("0101000c" + "32050000" + "7f010000", [("non-skippable attribute unknown", "RFC 4187 8.1", UNABLE, "127")]),
        ("0101000c" + "32050000" + "80010000", []),
        ("01010010" + "32050000" + "0d02000000000000", [("attribute invalid", "RFC 4187 10.3", 0, "AT_ANY_ID_REQ")]),
        ("02010010" + "32050000" + "0e02ffff00000000", [("attribute invalid", "RFC 4187 10.5", 0, "AT_IDENTITY")]),
        ("01010010" + "32050000" + "0d0100000d010000", [("attribute repeated", "RFC 4187 10.1", 0, "AT_ANY_ID_REQ")]),
        ("01010008" + "320c0000", [("mandatory attribute missing", "RFC 4187 10.1", UNABLE, "AT_NOTIFICATION")]),
        ("01010008" + "17090000", [("subtype", "RFC 4187 11", UNABLE, "")]),
        ("01010008" + "17020000", [("subtype", "RFC 4187 9", UNABLE, "")]),
        ("02010008" + "17020000", []),
        ("02010008" + "320e0000", [("mandatory attribute missing", "RFC 4187 10.1", UNABLE, "AT_CLIENT_ERROR_CODE")]),
    ],
)  # fmt: skip
def test_when_a_packet_is_wrong_then_the_fault_has_its_clause_and_answer(octets, faults):
    assert kinds(octets) == faults


def test_when_a_challenge_lacks_what_the_primed_method_adds_then_it_is_named():
    # RFC 9048 3.1, 3.2: without AT_KDF and AT_KDF_INPUT it is a challenge of EAP-AKA only
    body = "01050000" + RAND.hex() + "02050000" + AUTN.hex() + "0b050000" + MAC.hex()

    assert kinds("01010044" + "17010000" + body) == []
    assert [element for *_, element in kinds("01010044" + "32010000" + body)] == ["AT_KDF", "AT_KDF_INPUT"]


@pytest.mark.parametrize("one", VECTORS, ids=[f"case {one['case']}" for one in VECTORS])
def test_when_the_published_keys_are_used_then_the_exchange_is_authenticated(one):
    # RFC 9048 Appendix D: the challenge of each case under its K_aut, judged by the standard library's HMAC
    k_aut = bytes.fromhex(one["k_aut"])
    challenge = eap.AkaPrime(
        eap.Subtype.CHALLENGE,
        (
            eap.AtRand(RAND),
            eap.AtAutn(bytes.fromhex(one["autn"])),
            eap.AtKdf(eap.KeyDerivation.CK_PRIME_IK_PRIME),
            eap.AtKdfInput(one["network"].encode()),
            eap.AtMac(bytes(16)),
        ),
    )
    unsigned = eap.Request(identifier=3, method=challenge)

    signed = eap.with_mac(unsigned, k_aut)

    expected = hmac.digest(k_aut, eap.encode(unsigned), "sha256")[:16]
    assert signed.method.first(eap.AtMac).value == expected
    assert eap.mac_is_right(eap.decode(eap.encode(signed) + b"padding").message, k_aut)
    assert not eap.mac_is_right(unsigned, k_aut)
    assert not eap.mac_is_right(signed, bytes(32))
    assert not eap.mac_is_right(eap.Success(identifier=3), k_aut)


def test_when_there_is_no_place_for_a_mac_then_none_is_made():
    for method in (eap.Identity(b"x"), eap.AkaPrime(5), eap.Aka(1, (eap.AtMac(bytes(16)),))):
        with pytest.raises(ValueError, match="AT_MAC is needed"):
            eap.with_mac(eap.Request(identifier=1, method=method), bytes(32))


@pytest.mark.parametrize("pseudonym", [b"", b"p", b"pseud", b"pseudonym1", b"a longer pseudonym than a block"])
def test_when_attributes_are_encrypted_then_they_are_padded_to_a_block_and_come_back(pseudonym):
    # RFC 4187 10.12
    k_encr, hidden = bytes(range(16)), (eap.AtCounter(2), eap.AtNonceS(MAC), eap.AtNextPseudonym(pseudonym))

    iv, data = eap.encrypted(hidden, k_encr, RAND)

    assert len(data.value) % 16 == 0
    found, faults = eap.decrypted(eap.AkaPrime(13, (iv, data)), k_encr)
    assert faults == ()
    assert tuple(each for each in found if not isinstance(each, eap.AtPadding)) == hidden
    assert eap.decrypted(eap.AkaPrime(13, (data,)), k_encr)[1][0].element == "AT_IV"
    assert eap.decrypted(eap.AkaPrime(13), k_encr) == ((), ())


def test_when_blocks_are_chained_then_they_are_those_published():
    # NIST SP 800-38A F.2.1
    k, iv = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), bytes(range(16))
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    ciphered = bytes.fromhex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")

    assert keys.encrypt(k, iv, plain) == ciphered
    assert keys.decrypt(k, iv, ciphered) == plain
    with pytest.raises(ValueError, match="length of encrypted data"):
        keys.decrypt(k, iv, ciphered[:31])
    with pytest.raises(ValueError, match="K_encr has 15 octets"):
        keys.encrypt(k[:15], iv, plain)


@pytest.mark.parametrize(
    "message",
    [
        eap.Success(identifier=256),
        eap.Request(identifier=1, method=eap.OtherMethod(13, bytes(65535))),
        eap.Request(identifier=1, method=eap.OtherMethod(256)),
        eap.Request(identifier=1, method=eap.Md5Challenge(b"")),
        eap.Response(identifier=1, method=eap.Nak([])),
        eap.Response(identifier=1, method=eap.ExpandedNak(())),
        eap.Request(identifier=1, method=eap.Expanded(1 << 24, 1)),
        eap.Request(identifier=1, method=eap.Aka(256)),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtRand(b"short"),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtAuts(b"short"),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtRes(bytes(17)),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtRes(bytes(8), unused=8),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtKdf(1 << 16),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.AtIdentity(bytes(1017)),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.OtherAttribute(200, b"odd"),))),
        eap.Request(identifier=1, method=eap.Aka(1, (eap.OtherAttribute(256, b"12"),))),
        eap.Packet(identifier=1),
        eap.Request(identifier=1, method=eap.Method()),
    ],
    ids=lambda message: type(getattr(message, "method", message)).__name__,
)
def test_when_a_value_does_not_fit_then_it_is_refused(message):
    with pytest.raises(ValueError, match=r"octets|bits|type|names|packet|method"):
        eap.encode(message)


@pytest.mark.parametrize("seed", range(400))
def test_when_any_packet_is_encoded_then_it_decodes_to_itself(seed):
    message = Generator(seed).message()

    assert eap.decode(eap.encode(message)) == eap.Decoded(message)


def test_when_octets_are_random_then_each_is_answered_and_written_again():
    random = Random(3748)
    for _ in range(20_000):
        octets = random.randbytes(random.randrange(60))
        if random.random() < 0.8:
            octets = bytes((random.randrange(1, 5), 0)) + (4 + len(octets)).to_bytes(2, "big") + octets
        if random.random() < 0.7 and len(octets) > 8:
            octets = octets[:4] + bytes((random.choice((23, 50)), random.choice((1, 5, 13)))) + octets[6:]
        decoded = eap.decode(octets)
        if decoded.message is None:
            assert decoded.faults
        else:
            assert eap.encode(decoded.message) == octets, octets.hex()
