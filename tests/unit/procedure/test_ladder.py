import pytest

from freehold.codecs import nas
from freehold.procedure.clauses import NGAP_CLAUSES, clause_of
from freehold.procedure.ladder import Ladder, cause_of, ends_of, inside, render, role
from freehold.procedure.tap import Record


class RegistrationReject:
    """The AMF refuses (TS 24.501 8.2.9), as TS 23.502 4.2.2.2.2 says."""

    cause = 15


class Release:
    cause = ("nas", "normal-release")


RUN = [
    Record(0.0, "N2", "gnb-1", "amf", "InitialUEMessage", octets=b"\0"),
    Record(0.001, "procedure", "amf", "amf", "registration", "TS 23.502 4.2.2.2.2", subject="imsi-...0001"),
    Record(0.002, "SBI", "AMF", "AUSF", "Nausf_UEAuthentication_Authenticate request", "TS 29.509 5.2.2.2"),
    Record(0.003, "SBI", "AUSF", "AMF", "Nausf_UEAuthentication_Authenticate response", "TS 29.509 5.2.2.2"),
    Record(0.004, "N1", "amf", "UE", "RegistrationReject", value=RegistrationReject(), subject="imsi-...0001"),
    Record(0.005, "N2", "amf", "gnb-1", "UEContextReleaseCommand", value=Release()),
]

GOLDEN = """\
  UE     gNB    AMF   AUSF
   |      |----->|      |       1  N2  InitialUEMessage                            TS 38.413 8.6.1
   |      |      *      |     -- registration --                                    TS 23.502 4.2.2.2.2
   |      |      |----->|       1  SBI Nausf_UEAuthentication_Authenticate request  TS 29.509 5.2.2.2
   |      |      |<-----|       2  SBI Nausf_UEAuthentication_Authenticate response  TS 29.509 5.2.2.2
   |<------------|      |       3  N1  RegistrationReject #15                       TS 24.501 8.2.9
   |      |<-----|      |       4  N2  UEContextReleaseCommand (nas normal-release)  TS 38.413 8.3.3
"""


def squeeze(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_when_a_run_is_drawn_then_it_reads_like_the_call_flow():
    assert squeeze(render(RUN)) == squeeze(GOLDEN)
    assert render(RUN).splitlines()[5].startswith("   |<-------------|") or "<------" in render(RUN)


def test_when_drawn_twice_then_it_is_equal_and_has_no_times():
    assert render(RUN) == render(RUN)
    assert "0.00" not in render(RUN)


def test_when_times_are_asked_then_they_stand_first():
    assert render(RUN, times=True).splitlines()[3].startswith("    0.002 ")


def test_when_interfaces_are_chosen_then_only_their_lanes_are_there():
    text = render(RUN, interfaces=["N2"])
    assert "AUSF" not in text.splitlines()[0]
    assert "Nausf" not in text
    assert "registration" in text


def test_when_lanes_are_fixed_then_unknown_ends_do_not_break_the_line():
    ladder = Ladder(("UE", "gNB", "AMF"))
    line = ladder.draw(Record(0.0, "SBI", "AMF", "LMF", "Something"))
    assert "*" in line
    assert "Something" in line
    assert "Something" in ladder.draw(Record(0.0, "SBI", "LMF", "GMLC", "Something"))


@pytest.mark.parametrize(
    ("columns", "header", "line"),
    [
        (
            111,
            "  UE   gNB   AMF   SMF   UPF   AUSF  UDM   UDR   PCF",
            f"   |     |     |{'-' * 16}>|     |     |     |      1  SBI Nausf_UEAuthentication_…  TS 29.509 5.2.2.2",
        ),
        (80, "", "AMF  > AUSF    1  SBI Nausf_UEAuthentication_Authenticate…  TS 29.509 5.2.2.2"),
        (60, "", "AMF  > AUSF    1  SBI Nausf_UEAuthentication_Authenticate r…"),
    ],
)
def test_when_a_ladder_has_to_fit_a_terminal_then_it_does_at_any_width(columns, header, line):
    ladder = Ladder(columns=columns)
    assert ladder.header() == header
    lines = [ladder.draw(record) for record in RUN[1:]]
    assert lines[1] == line
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize(
    ("name", "lane"),
    [("amf", "AMF"), ("freehold-amf", "AMF"), ("gnb-1", "gNB"), ("gnb 001/01 0x1/32", "gNB"), ("UE", "UE"), ("x", "x")],
)
def test_when_a_function_has_a_name_then_its_lane_is_known(name, lane):
    assert role(name) == lane


@pytest.mark.parametrize(
    ("record", "ends"),
    [
        (Record(0.0, "N2", "amf", "cell tower", "x"), ("AMF", "gNB")),
        (Record(0.0, "N2", "cell tower", "amf", "x"), ("gNB", "AMF")),
        (Record(0.0, "N4", "10.0.0.2", "smf", "x"), ("UPF", "SMF")),
        (Record(0.0, "N4", "here", "there", "x"), ("here", "there")),
        (Record(0.0, "N4-u", "smf 10.0.0.9:2152", "10.0.0.2:2152", "x"), ("SMF", "UPF")),
    ],
)
def test_when_a_name_tells_nothing_then_the_interface_does(record, ends):
    assert ends_of(record) == ends


def test_when_a_message_carries_a_cause_then_it_is_shown():
    assert cause_of(RegistrationReject()) == " #15"
    assert cause_of(Release()) == " (nas normal-release)"
    assert cause_of(None) == ""
    assert cause_of(type("SessionEstablishmentResponse", (), {"cause": 1})()) == ""


def test_when_a_transport_carries_a_session_message_then_it_is_named():
    reject = nas.encode(nas.PduSessionEstablishmentReject(1, 1, 27))
    transport = nas.DlNasTransport(nas.PayloadContainerType.N1_SM_INFORMATION, reject, pdu_session_identity=1)
    assert inside(transport) == " [PduSessionEstablishmentReject #27]"
    assert inside(nas.DlNasTransport(nas.PayloadContainerType.SMS, b"x")) == ""
    assert inside(nas.DlNasTransport(nas.PayloadContainerType.N1_SM_INFORMATION, b"x")) == ""
    assert inside(None) == ""


def test_when_a_clause_is_asked_then_the_table_or_the_class_tells():
    assert clause_of("NGSetupRequest", None) == "TS 38.413 8.7.1"
    assert clause_of("RegistrationReject", RegistrationReject()) == "TS 24.501 8.2.9"
    assert clause_of("x", None) == ""
    assert len(NGAP_CLAUSES) > 50


def test_when_ngap_has_a_message_of_the_table_then_its_name_is_right():
    from freehold.codecs import ngap

    for name in NGAP_CLAUSES:
        assert getattr(ngap, name).__name__ == name
