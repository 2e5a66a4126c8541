"""Messages that other implementations agree on come back octet for octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.codecs import ngap

VECTORS = Path(__file__).parents[3] / "vectors" / "codec"


def octets(name: str) -> bytes:
    return bytes.fromhex((VECTORS / f"{name}.hex").read_text())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ngap_initial_ue", "InitialUEMessage"),
        ("ngap_ics_request", "InitialContextSetupRequest"),
        ("ngap_pdusess_setup", "PDUSessionResourceSetupRequest"),
    ],
)
def test_when_a_vector_is_decoded_and_encoded_then_it_is_the_same(name: str, message: str) -> None:
    decoded = ngap.decode(octets(name))
    assert decoded.faults == ()
    assert type(decoded.message).__name__ == message
    assert ngap.encode(decoded.message) == octets(name)


def test_when_a_container_travels_alone_then_it_is_read_and_written_alone() -> None:
    alone = octets("ngap_pdusess_setup_transfer")
    transfer, faults = ngap.decode_as(ngap.PDUSessionResourceSetupRequestTransfer, alone)
    assert faults == ()
    assert transfer.pdu_session_type == "ipv4"
    assert ngap.encode_value(transfer) == alone


def test_when_a_vector_is_decoded_then_its_values_are_those_of_its_fields() -> None:
    message = ngap.decode(octets("ngap_initial_ue")).message
    assert message.ran_ue_ngap_id == 7
    assert message.rrc_establishment_cause == "mo-Signalling"
    name, location = message.user_location_information
    assert name == "userLocationInformationNR"
    assert location.tai == ngap.TAI(plmn_identity=b"\x02\xf8\x39", tac=b"\0\0\1")
    assert location.nr_cgi.nr_cell_identity == (305419777, 36)
    assert message.five_g_s_tmsi is None
