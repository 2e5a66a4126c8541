"""tshark reads the extension headers that we send as we mean them (TS 38.415, TS 38.425, TS 29.281 5.2)."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from freehold.codecs import gtpu

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def dissect(path: Path, message: gtpu.Message, *fields: str) -> list[str]:
    """What tshark shows of one message, and whether it finds it malformed."""
    octets = gtpu.encode(message)
    udp = struct.pack("!HHHH", 2152, 2152, 8 + len(octets), 0) + octets
    packet = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + bytes((10, 0, 0, 1)) * 2 + udp
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
    path.write_bytes(head + struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    names = [word for name in (*fields, "_ws.malformed") for word in ("-e", name)]
    command = ["tshark", "-r", str(path), "-T", "fields", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.rstrip("\n").split("\t")


HEADERS: list[tuple[gtpu.Extension, dict[str, str]]] = [
    (
        gtpu.DlUserData(
            nr_u_sequence_number=7,
            discard_up_to=70,
            discard_blocks=((80, 3), (90, 4)),
            report_delivered=99,
            report_polling=True,
            retransmission=True,
        ),
        {
            "nrup.pdu_type": "0",
            "nrup.seq_num": "7",
            "nrup.dl_disc_nr_pdcp_pdu_sn": "70",
            "nrup.dl_disc_num_blks": "2",
            "nrup.dl_disc_nr_pdcp_pdu_sn_start": "80,90",
            "nrup.disc_blk_sz": "3,4",
            "nrup.dl_report_nr_pdcp_pdu_sn": "99",
            "nrup.report_polling": "1",
            "nrup.retransmission_flag": "1",
            "nrup.user_data_existence_flag": "0",
        },
    ),
    (
        gtpu.DlDataDeliveryStatus(
            desired_buffer_size=100_000,
            desired_data_rate=5_000,
            lost_ranges=((1, 2), (4, 9)),
            highest_delivered=10,
            highest_transmitted=20,
            cause_value=1,
            highest_delivered_retransmitted=30,
            highest_retransmitted=40,
            final_frame=True,
        ),
        {
            "nrup.pdu_type": "1",
            "nrup.desrd_buff_sz_data_radio_bearer": "100000",
            "nrup.desrd_data_rate": "5000",
            "nrup.num_lost_nru_seq_num": "2",
            "nrup.start_num_lost_nru_seq_num": "1,4",
            "nrup.end_num_lost_nru_seq_num": "2,9",
            "nrup.high_success_delivered_nr_pdcp_sn": "10",
            "nrup.high_tx_nr_pdcp_sn": "20",
            "nrup.cause_val": "1",
            "nrup.high_success_delivered_retx_nr_pdcp_sn": "30",
            "nrup.high_retx_nr_pdcp_sn": "40",
            "nrup.final_frame_ind": "1",
        },
    ),
    (
        gtpu.AssistanceInformationData(
            pdcp_duplication_activation_suggestion=True,
            assistance_information=((1, b"\5"), (2, b"\1\2")),
            ul_delay=11,
            dl_delay=22,
        ),
        {
            "nrup.pdu_type": "2",
            "nrup.pdcp_duplication_activation_suggestion": "1",
            "nrup.num_assistance_info_fields": "2",
            "nrup.assistance_info_type": "1,2",
            "nrup.radio_qa_info": "05,0102",
            "nrup.ul_delay_du_result": "11",
            "nrup.dl_delay_du_result": "22",
        },
    ),
    (
        gtpu.DlPduSessionInformation(qfi=9, rqi=True, ppi=5),
        {
            "gtp.ext_hdr.pdu_ses_con.pdu_type": "0",
            "gtp.ext_hdr.pdu_ses_con.qos_flow_id": "9",
            "gtp.ext_hdr.pdu_ses_cont.rqi": "1",
            "gtp.ext_hdr.pdu_ses_cont.ppi": "5",
        },
    ),
    (gtpu.UdpPort(port=2152), {"gtp.ext_hdr.udp_port": "2152"}),
    (gtpu.PdcpPduNumber(number=321), {"gtp.ext_hdr.pdcp_sn": "321"}),
    (gtpu.LongPdcpPduNumberToUnderstand(number=262_143), {"gtp.ext_hdr.long_pdcp_sn": "262143"}),
]


@pytest.mark.parametrize(("header", "seen"), HEADERS, ids=[type(header).__name__ for header, _ in HEADERS])
def test_when_tshark_reads_an_extension_header_then_it_sees_our_values(
    tmp_path: Path, header: gtpu.Extension, seen: dict[str, str]
) -> None:
    message = gtpu.GPdu(teid=1, payload=b"E\0\0\x14" + bytes(16), extensions=(header,))
    *values, malformed = dissect(tmp_path / "one.pcap", message, *seen)
    assert dict(zip(seen, values, strict=True)) == seen
    assert malformed == ""
