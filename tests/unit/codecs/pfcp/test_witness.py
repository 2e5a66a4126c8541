"""tshark reads what we send as we mean it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from freehold.codecs import pfcp

from .samples import ESTABLISHMENT, Maker

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def capture(path: Path, messages: list[bytes]) -> None:
    """A pcap of raw IPv4 packets."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
        for octets in messages:
            udp = struct.pack("!HHHH", 8805, 8805, 8 + len(octets), 0) + octets
            address = bytes((10, 0, 0, 1))
            packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + address * 2 + udp
            file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


def tshark(*arguments: str) -> list[str]:
    done = subprocess.run(["tshark", *arguments], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def dissect(path: Path, *arguments: str) -> list[str]:
    return tshark("-r", str(path), *arguments)


def test_when_tshark_reads_every_message_then_none_is_malformed(tmp_path: Path) -> None:
    sent = []
    for chance in (0.0, 0.5, 1.0):
        maker = Maker(3, chance)
        for at, kind in enumerate(pfcp.MESSAGES):
            sent.append(pfcp.encode(maker.message(at), 1, 2 if kind.session else None))
    capture(tmp_path / "all.pcap", sent)
    rows = dissect(
        tmp_path / "all.pcap", "-T", "fields", "-e", "frame.number", "-e", "pfcp.msg_type", "-e", "_ws.malformed"
    )
    assert [row.split("\t")[1] for row in rows] == [str(kind.number) for kind in pfcp.MESSAGES] * 3
    assert [row for row in rows if "Malformed Packet" in row] == []


SEEN = {
    "pfcp.seqno": "7",
    "pfcp.pdr_id": "1,2",
    "pfcp.far_id": "1,2,1,2",
    "pfcp.qer_id": "1,1,1",
    "pfcp.urr_id": "1,1,1",
    "pfcp.ue_ip_addr_ipv4": "10.45.0.2,10.45.0.2",
    "pfcp.f_teid_flags.ch": "1",
    "pfcp.outer_hdr_creation.teid": "0x00000005",
    "pfcp.outer_hdr_creation.ipv4": "10.0.0.9",
    "pfcp.ul_mbr": "1000000",
    "pfcp.dl_mbr": "2000000",
    "pfcp.volume_threshold.tovol": "1000000000",
    "pfcp.source_interface": "0,1",
    "pfcp.apply_action.forw": "1,1",
    "pfcp.qfi_value": "0x01,0x01",
    "pfcp.pdn_type": "1",
}


def test_when_tshark_reads_a_session_establishment_then_it_sees_our_values(tmp_path: Path) -> None:
    capture(tmp_path / "one.pcap", [pfcp.encode(ESTABLISHMENT, 7, 0)])
    names = list(SEEN)
    fields = [word for name in names for word in ("-e", name)]
    (row,) = dissect(tmp_path / "one.pcap", "-T", "fields", *fields)
    assert dict(zip(names, row.split("\t"), strict=True)) == SEEN


def test_when_tshark_names_the_ies_then_our_numbers_have_the_same_names() -> None:
    known = dict[str, str]()
    for line in tshark("-G", "values"):
        if line.startswith("V\tpfcp.ie_type\t"):
            _, _, number, name = line.split("\t")[:4]
            known[number] = plain(name)
    # tshark 4.0 has no names for the parts of a MAR, Ethernet Context Information, and what came after 320
    unnamed = {170, 171, 172, 173, 174, 254, *range(321, 403)}
    for name, number in ours():
        if number in unnamed and str(number) not in known:
            continue
        assert known[str(number)].startswith(plain(name)), (name, number, known[str(number)])


def plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


OTHERWISE = {
    "UpdateBARInReportResponse": "Update BAR (PFCP Session Report Response)",
    "UsageReportInModificationResponse": "Usage Report (Session Modification Response)",
    "UsageReportInDeletionResponse": "Usage Report (Session Deletion Response)",
    "UsageReportInReportRequest": "Usage Report (Session Report Request)",
    "TGPPInterfaceType": "3GPP Interface Type",
    "PFCPAssociationReleaseRequestFlags": "PFCP Association Release Request",
    "EventTimeStamp": "Time Stamp",
    "APNDNN": "APN/DNN",
    "TGPPAccessForwardingActionInformation": "Access Forwarding Action Information 1",
    "NonTGPPAccessForwardingActionInformation": "Access Forwarding Action Information 2",
    "UpdateTGPPAccessForwardingActionInformation": "Update Access Forwarding Action Information 1",
    "UpdateNonTGPPAccessForwardingActionInformation": "Update Access Forwarding Action Information 2",
    "FiveGSUserPlaneNode": "5GS User Plane Node",
    "TSCManagementInformationInModificationRequest": "TSC Management Information IE within PFCP Session Modification",
    "TSCManagementInformationInModificationResponse": "Port Management Information for TSC IE",
    "TSCManagementInformationInReportRequest": "Port Management Information for TSC IE",
    "AreaSessionID": "Area Sesson ID",
    "CreatedL2TPSession": "L2TP Session Information within PFCP Session Establishment Response",
    "PacketRateStatusReportInModificationResponse": "Query Packet Rate Status Report",
    "MBSSessionN4Information": "MBS Session N4 Control Information IE within PFCP Session Establishment Resp",
}


def ours() -> list[tuple[str, int]]:
    """Name and type of every IE of our tables."""
    found: list[tuple[str, int]] = []
    for room in (pfcp.elements, pfcp.multiaccess, pfcp.bridge, pfcp.broadcast, pfcp.tunnels, pfcp.quality):
        for name, hint in vars(room).items():
            notes = getattr(hint, "__metadata__", ())
            found += [(OTHERWISE.get(name, name), note.number) for note in notes if isinstance(note, pfcp.elements.IE)]
    for name in pfcp.__all__:
        kind = getattr(pfcp, name)
        if isinstance(kind, type) and issubclass(kind, pfcp.Group | pfcp.Layout) and not issubclass(kind, pfcp.Message):
            number = getattr(kind, "number", None)
            if isinstance(number, int):
                found.append((OTHERWISE.get(name, name), number))
    return found
