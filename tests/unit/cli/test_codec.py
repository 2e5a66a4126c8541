"""`freehold decode` and `freehold encode`."""

import gzip
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from clikit import command

VECTORS = Path(__file__).parents[2] / "vectors" / "codec"
INITIAL = (VECTORS / "ngap_initial_ue.hex").read_text().strip()
LONG = (VECTORS / "ngap_ics_request.hex").read_text().strip()
"""More digits than a file's name can have."""
REJECT = "7e004403"
SHORT_MESSAGE = "190119" + "0005" + "00" + "07914477581006f5" + "0d" + "01000b916407281553f8000000"
NOTIFIED = "0105000c" + "320c0000" + "0c018000"


@pytest.fixture
def run(monkeypatch, capsys):
    def runner(*arguments, stdin=b""):
        return command(monkeypatch, capsys, *arguments, given=stdin)

    return runner


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """A capture of a whole run."""
    path = tmp_path_factory.mktemp("capture") / "demo.pcapng"
    words = [sys.executable, "-c", "from freehold.cli.main import main; main()", "demo", "--ues", "2", "--pcap", path]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return path


@pytest.mark.parametrize("octets", [INITIAL, LONG, REJECT, SHORT_MESSAGE, NOTIFIED])
def test_when_octets_are_decoded_then_encode_reads_the_json(run, octets):
    status, shown, said = run("decode", "--json", octets)
    assert status == 0
    assert json.loads(shown)["octets"] == octets
    assert "guessed" in said
    assert run("encode", "-", stdin=shown.encode())[:2] == (0, octets + "\n")


def test_when_octets_are_in_a_file_or_come_by_a_pipe_then_they_are_decoded(run, tmp_path):
    (tmp_path / "hex").write_text("7e 00\n44:03\n")
    (tmp_path / "binary").write_bytes(bytes.fromhex(REJECT))
    wanted = run("decode", REJECT)[1]
    assert "illegal ue" in wanted
    assert run("decode", tmp_path / "hex")[1] == wanted
    assert run("decode", "-p", "nas", tmp_path / "binary")[1] == wanted
    assert run("decode", "-", stdin=REJECT.encode())[1] == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", "7e0"),
        ("decode", "nothing-like-it"),
        ("decode", "00"),
        ("decode", ""),
        ("decode", "-p", "sip", "7e00"),
        ("decode", "-p", "ngap", "ff"),
        ("decode", "-p", "rrc", "--type", "Nothing", "00"),
        ("decode", "--type", "ULDCCHMessage", "00"),
        ("encode", "{"),
        ("encode", "[]"),
        ("encode", '{"protocol": "nas"}'),
        ("encode", '{"protocol": "nas", "message": {"@": "RegistrationReject", "cause": "x"}}'),
        ("encode", '{"protocol": "nas", "message": 5}'),
        ("encode", '{"protocol": "nas", "message": {"@": "__class__"}}'),
        ("encode", '{"protocol": "ngap", "message": {"@": "NGSetupRequest", "global_ran_node_id": 5}}'),
        ("encode", '{"protocol": "pfcp", "message": {"@": "HeartbeatRequest", "recovery_time_stamp": 1}}'),
        ("encode", '{"protocol": "gtpu", "message": {"@": "GPdu", "payload": "x"}}'),
        ("encode", '{"protocol": "gtpu", "message": {"@": "EchoRequest", "teid": -1}}'),
        ("encode", '{"protocol": "nas", "message": ' + "[" * 100_000),
        ("encode", '{"protocol": "nas", "message": ' + "[" * 500 + "]" * 500 + "}"),
        ("encode", "/nowhere/at/all"),
    ],
)
def test_when_the_input_is_bad_then_one_line_says_so_and_the_status_is_2(run, arguments):
    status, shown, said = run(*arguments)
    assert (status, shown) == (2, "")
    assert said.startswith("freehold: ")
    assert said.count("\n") == 1


def test_when_a_demonstration_is_captured_then_every_message_decodes_and_encodes_again(run, capture):
    status, shown, _ = run("decode", "--json", capture)
    assert status == 0
    entries = [json.loads(line) for line in shown.splitlines()]
    assert {entry["protocol"] for entry in entries} == {"ngap", "pfcp", "gtpu"}
    from freehold.codecs.display import protocol_named, read

    for each in entries:
        assert each["faults"] == []
        row = protocol_named(each["protocol"])
        header = read(each["header"], row.class_named) if "header" in each else None
        assert row.encode(read(each["message"], row.class_named), header).hex() == each["octets"]


def test_when_a_capture_is_decoded_then_there_are_as_many_messages_as_an_analyser_counts(run, capture):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    words = ["tshark", "-r", capture, "-Y", "ngap || pfcp || gtp", "-T", "fields", "-e", "frame.protocols"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    ngap = sum("ngap" in line.split(":") for line in listed)
    entries = [json.loads(line) for line in run("decode", "--json", capture)[1].splitlines()]
    assert len(entries) == len(listed)
    assert sum(each["protocol"] == "ngap" for each in entries) == ngap
    only = run("decode", "--json", "-p", "ngap", capture)[1].splitlines()
    assert len(only) == ngap


def test_when_a_capture_is_cut_off_then_the_messages_before_are_shown_and_the_status_is_2(run, capture, tmp_path):
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(capture.read_bytes()[:-50])
    status, shown, said = run("decode", "--json", cut)
    assert status == 2
    assert shown.count("\n") > 10
    assert "too early" in said
    assert said.count("\n") == 1


def pcap(*packets: tuple[int, bytes]) -> bytes:
    """A pcapng with an interface of its own for each packet, whose link type is said."""
    blocks = [struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)]
    blocks += [struct.pack("<IIHHII", 1, 20, link, 0, 0, 20) for link, _ in packets]
    for at, (_, octets) in enumerate(packets):
        padded = octets + bytes(-len(octets) % 4)
        size = 32 + len(padded)
        head = struct.pack("<IIIIIII", 6, size, at, 0, 0, len(octets), len(octets))
        blocks.append(head + padded + struct.pack("<I", size))
    return b"".join(blocks)


def test_when_some_links_of_a_capture_are_not_read_then_it_is_said_which(run, tmp_path):
    (tmp_path / "some").write_bytes(pcap((127, b"radio"), (147, bytes.fromhex(REJECT)), (195, b"x"), (195, b"y")))
    (tmp_path / "none").write_bytes(pcap((127, b"radio")))

    status, shown, said = run("decode", "-p", "nas", tmp_path / "some")
    assert status == 0
    assert "RegistrationReject" in shown
    assert said == "1 message; not read: 1 packet of link type 127, 2 packets of link type 195\n"
    status, shown, said = run("decode", tmp_path / "none")
    assert (status, shown) == (2, "")
    assert "no message of any protocol in this capture; not read: 1 packet of link type 127\n" in said


def test_when_a_capture_is_compressed_then_it_is_read_all_the_same(run, tmp_path):
    whole = gzip.compress(pcap((147, bytes.fromhex(REJECT))))
    (tmp_path / "whole.gz").write_bytes(whole)
    (tmp_path / "cut.gz").write_bytes(whole[:-9])
    (tmp_path / "none.gz").write_bytes(b"\x1f\x8b no such thing")

    status, shown, said = run("decode", "-p", "nas", tmp_path / "whole.gz")
    assert (status, said) == (0, "1 message\n")
    assert "RegistrationReject" in shown
    assert "RegistrationReject" in run("decode", "-p", "nas", "-", stdin=whole)[1]
    for damaged in ("cut.gz", "none.gz"):
        status, shown, said = run("decode", "-p", "nas", tmp_path / damaged)
        assert (status, shown, said.count("\n")) == (2, "", 1)


def test_when_a_capture_becomes_a_tree_then_each_message_stands_under_its_line(run, tmp_path):
    octets = bytes.fromhex(REJECT)
    (tmp_path / "two").write_bytes(pcap((147, octets), (147, octets)))

    shown = run("decode", "-p", "nas", tmp_path / "two")[1].splitlines()
    alone = run("decode", "-p", "nas", REJECT)[1].splitlines()
    assert shown == ["1970-01-01T00:00:00+00:00  - -> -", *("  " + line for line in alone)] * 2


def test_when_a_type_is_said_then_octets_are_read_as_it_and_the_json_names_it(run):
    octets = "1d7b7b1bcd16"
    status, shown, _ = run("decode", "--json", "-p", "rrc", "--type", "ULCCCHMessage", octets)
    assert status == 0
    document = json.loads(shown)
    assert document["message"]["@"] == document["name"] == "ULCCCHMessage"
    assert run("encode", "-", stdin=shown.encode())[:2] == (0, octets + "\n")
    said = run("decode", octets)[2]
    assert "protocol: rrc (guessed)" in said
    assert "type: " in said


def test_when_a_message_contains_another_then_the_json_shows_it_opened(run):
    document = json.loads(run("decode", "--json", INITIAL)[1])
    assert [(each["in"], each["name"]) for each in document["contained"]] == [("nas_pdu", "RegistrationRequest")]


@pytest.mark.parametrize(
    ("protocol", "octets"),
    [
        # ADR 13: IE 75 sent with reject for ignore, octets behind a PDU; PFCP's cause before its node
        ("ngap", "201d0024000003000a40020001005540020001004b00110000050d0003e07f000002000000010001"),
        ("ngap", "0004401e000003000a000200010055000200010026000b0a7e005c000d0164f0000f00" + "00e0617f"),
        ("pfcp", "2133002b000000000000000000000700 0013000101 003c0005000a000001 0039000d02 0000000000000001 0a000001"),
        ("pfcp", "20060024000007f00013000101003c0005f00a0000010060000400000001002b0006100100000000"),
        ("gtpu", "3cfe000400000001 01020300"),
    ],
)
def test_when_a_sender_codes_otherwise_then_its_octets_come_back_until_a_value_changes(run, protocol, octets):
    octets = octets.replace(" ", "")
    status, shown, _ = run("decode", "--json", "-p", protocol, octets)
    assert status == 0
    document = json.loads(shown)
    assert run("encode", json.dumps(document))[1].strip() == octets
    if protocol == "ngap":
        del document["octets"]
        assert run("encode", json.dumps(document))[1].strip() not in {"", octets}
    document["octets"] = "7e00"
    assert run("encode", json.dumps(document))[1].strip() not in {"", "7e00"}
    document["octets"] = "no digits"
    assert run("encode", json.dumps(document))[0] == 2


def test_when_a_capture_becomes_json_then_encode_writes_each_message_again(run, capture):
    shown = run("decode", "--json", capture)[1]
    wanted = [json.loads(line)["octets"] for line in shown.splitlines()]
    assert len(wanted) > 20
    status, written, _ = run("encode", "-", stdin=shown.encode())
    assert (status, written.splitlines()) == (0, wanted)


def test_when_one_of_several_documents_is_bad_then_its_number_is_said(run):
    good = run("decode", "--json", REJECT)[1]
    status, written, said = run("encode", "-", stdin=(good + '{"protocol": "nas", "message": 7}').encode())
    assert (status, written) == (2, REJECT + "\n")
    assert "message 2: " in said


def test_when_octets_follow_a_message_then_it_is_said_how_many(run):
    assert "3 octets behind the message" in run("decode", "-p", "ngap", INITIAL + "000102")[2]
    assert "behind" not in run("decode", "-p", "ngap", INITIAL)[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decode", ""), "no octets"),
        (("decode", "-"), "no octets"),
        (("encode", "-"), "no JSON"),
        (("encode", '{"message": {}}'), "--protocol"),
        (("encode", "[" * 100_000), "nested too deep"),
        (("encode", "{"), "not JSON"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_when_there_is_nothing_to_read_then_that_is_said(run, arguments, said):
    status, shown, error = run(*arguments)
    assert (status, shown) == (2, "")
    assert said in error


def test_when_a_folder_is_given_then_it_is_called_one(run, tmp_path):
    status, _, said = run("decode", tmp_path)
    assert status == 2
    assert "Is a directory" in said
