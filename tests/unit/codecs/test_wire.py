"""What other programs sent (tests/vectors/wire): read, written again to the octet, read as Wireshark reads it."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from asn1kit import analyser
from asn1kit.tables import table
from freehold.codecs import gtpu, nas
from freehold.codecs.display import PROTOCOLS, Reading, render
from interopkit import tshark
from interopkit.wire import VECTORS, messages, of_protocol, within
from naskit.analyser import FIELDS, collected, theirs
from pfcpkit.numbers import numbers

FILES = sorted(VECTORS.glob("*.hex"))
ALIGNED = ("ngap", "xnap", "f1ap", "e1ap")
"""In their octets a message of another protocol stands as it is (X.691 11.9: aligned PER)."""
analysed = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def every(protocol: str) -> dict[bytes, Reading]:
    """Each message of a protocol, alone or in others."""
    return {octets: read for path in FILES for octets, read in of_protocol(path, path.read_bytes(), protocol)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_when_a_program_sent_messages_then_each_is_read_and_written_again_to_the_octet(path: Path) -> None:
    sent = list(messages(path, path.read_bytes()))

    assert sent
    for protocol, octets, type_name in sent:
        row = PROTOCOLS[protocol]
        reading = row.decode(octets, type_name)
        assert not reading.faults
        assert row.encode(reading.message, reading.header) == octets
        assert reading.title in render(reading)[0]
        for inner in within(reading):
            assert not inner.faults
            again = PROTOCOLS[inner.protocol].encode(inner.message, None if inner.protocol == "rrc" else inner.header)
            assert protocol not in ALIGNED or again in octets


def test_when_vectors_are_counted_then_each_protocol_of_a_network_has_some() -> None:
    sent = {name: len(every(name)) for name in ("ngap", "nas", "rrc", "xnap", "f1ap", "e1ap", "pfcp", "gtpu")}

    assert min(sent.values()) >= 3, sent


@pytest.mark.interop
@analysed
@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "rrc"])
def test_when_a_program_sent_messages_then_an_analyser_reads_the_same_values(protocol: str, tmp_path: Path) -> None:
    rrc = protocol == "rrc"
    sent = [(octets, read, read.name if rrc else "") for octets, read in every(protocol).items()]
    known = [each for each in sent if (protocol, each[2]) in analyser.DISSECTORS.values()]
    analyser.exported(tmp_path / "sent.pcap", [(protocol, name, octets) for octets, _, name in known])
    shown = analyser.dissect(tmp_path / "sent.pcap", "nr-rrc" if rrc else protocol)

    assert known
    for (octets, read, _), each in zip(known, shown, strict=True):
        leaves = analyser.leaves(protocol, table(protocol)["types"][read.name], read.message)
        assert not each.malformed
        assert each.known
        assert analyser.missed(leaves, each) is None, octets.hex()


def rows(protocol: str, path: Path, *names: str) -> list[tuple[Reading, dict[str, str]]]:
    """What was read of each message, and the named fields that an analyser shows of it; none is malformed."""
    sent = every(protocol)
    analyser.exported(path, [(protocol, "", octets) for octets in sent])
    shown = tshark.fields(path, "_ws.malformed", *names)

    assert len(shown) == len(sent)
    assert {malformed for malformed, *_ in shown} == {""}
    return [(read, dict(zip(names, row[1:], strict=True))) for read, row in zip(sent.values(), shown, strict=True)]


@pytest.mark.interop
@analysed
def test_when_a_program_sent_nas_then_an_analyser_reads_the_same_values(tmp_path: Path) -> None:
    names = sorted({field for fields in FIELDS.values() for field in fields.values()})
    seen = Counter[str]()
    for read, shown in rows("nas", tmp_path / "nas.pcap", "nas_5gs.msg_auth_code", "nas_5gs.seq_no", *names):
        inner = [read, *within(read)]
        if isinstance(read.message, nas.SecurityProtected):
            code = int.from_bytes(read.message.message_authentication_code, "big")
            assert theirs(shown["nas_5gs.msg_auth_code"], [0]) == [code]
            assert theirs(shown["nas_5gs.seq_no"], [0]) == [read.message.sequence_number]
        mine: dict[str, list[int | str]] = {}
        for each in inner:
            for field, item in collected(each.message):
                mine.setdefault(field, []).append(item)
        for field, values in mine.items():
            if shown[field]:
                assert theirs(shown[field], values) == values, (field, read)
                seen[field] += len(values)
    assert len(seen) >= 10, seen


PFCP: dict[str, Any] = {
    "pfcp.msg_type": lambda read: [type(read.message).number],
    "pfcp.seqno": lambda read: [read.header.sequence],
    "pfcp.seid": lambda read: [] if read.header.seid is None else [read.header.seid],
}


@pytest.mark.interop
@analysed
def test_when_a_program_sent_pfcp_then_an_analyser_reads_the_same_elements(tmp_path: Path) -> None:
    for read, shown in rows("pfcp", tmp_path / "pfcp.pcap", *PFCP, "pfcp.ie_type"):
        for field, mine in PFCP.items():
            assert theirs(shown[field], [0])[: len(mine(read))] == mine(read), (field, read)
        assert Counter(theirs(shown["pfcp.ie_type"], [0])) == Counter(numbers(read.message))


GTPU: dict[str, Any] = {
    "gtp.message": lambda read: [read.message.number if hasattr(read.message, "number") else 255],
    "gtp.teid": lambda read: [read.message.teid],
    "gtp.ext_hdr.pdu_ses_con.qos_flow_id": lambda read: [
        each.qfi
        for each in read.message.extensions
        if isinstance(each, gtpu.DlPduSessionInformation | gtpu.UlPduSessionInformation)
    ],
    "nrup.pdu_type": lambda read: [
        1 for each in read.message.extensions if isinstance(each, gtpu.DlDataDeliveryStatus)
    ],
    "nrup.desrd_buff_sz_data_radio_bearer": lambda read: [
        each.desired_buffer_size for each in read.message.extensions if isinstance(each, gtpu.DlDataDeliveryStatus)
    ],
}


@pytest.mark.interop
@analysed
def test_when_a_program_sent_gtp_u_then_an_analyser_reads_the_same_headers(tmp_path: Path) -> None:
    read = rows("gtpu", tmp_path / "gtpu.pcap", *GTPU)

    for message, shown in read:
        for field, mine in GTPU.items():
            assert theirs(shown[field], [0]) == mine(message), (field, message)
    assert any(shown["nrup.pdu_type"] for _, shown in read)
