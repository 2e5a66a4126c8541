from freehold.procedure.follow import Follower, follow
from freehold.procedure.tap import Record

MINE, OTHER = "imsi-...0001", "imsi-...0002"


class Value:
    def __init__(self, ran_ue_ngap_id):
        self.ran_ue_ngap_id = ran_ue_ngap_id


def n2(name, ran_id, subject="", *, up=True):
    ends = ("gnb-1", "AMF") if up else ("AMF", "gnb-1")
    return Record(0.0, "N2", *ends, name, value=Value(ran_id), subject=subject)


def n1(name, subject):
    return Record(0.0, "N1", "AMF", "UE", name, subject=subject)


RUN = [
    n2("InitialUEMessage", 1),
    n2("InitialUEMessage", 2),
    n1("RegistrationRequest", "UE 1 at gnb-1"),
    n1("RegistrationRequest", "UE 2 at gnb-1"),
    Record(0.0, "SBI", "AUSF", "UDM", "unrelated"),
    n2("DownlinkNASTransport", 1, "UE 1 at gnb-1", up=False),
    n2("DownlinkNASTransport", 2, "UE 2 at gnb-1", up=False),
    Record(0.0, "SBI", "AMF", "UDM", "Get", subject=MINE),
    n1("RegistrationAccept", OTHER),
    n1("RegistrationAccept", MINE),
    n2("InitialContextSetupRequest", 2, OTHER, up=False),
    n2("InitialContextSetupRequest", 1, MINE, up=False),
    n2("InitialContextSetupResponse", 1),
    n1("later", OTHER),
    n1("later", MINE),
    Record(0.0, "procedure", "SMF", "SMF", "establishment", subject=f"{MINE} session 1"),
]
WANTED = [0, 2, 5, 7, 9, 11, 12, 14, 15]


def test_when_a_run_is_followed_then_what_came_before_the_identity_is_there_too():
    assert list(follow(RUN, MINE)) == [RUN[number] for number in WANTED]


def test_when_followed_live_then_records_come_once_and_in_order():
    follower = Follower(MINE)
    shown = [follower(record) for record in RUN]
    assert [record for batch in shown for record in batch] == [RUN[number] for number in WANTED]
    assert shown[:11] == [[]] * 11
    assert len(shown[11]) == 6


def test_when_a_new_connection_brings_a_known_terminal_back_then_its_first_message_comes_before_the_nas_in_it():
    follower = Follower(MINE)
    for record in RUN:
        follower(record)
    carrier = n2("InitialUEMessage", 9)
    request = Record(0.0, "N1", "UE", "AMF", "ServiceRequest", subject=MINE)
    assert follower(carrier) == []
    assert follower(request) == [carrier, request]
    assert follower(n2("UplinkNASTransport", 9)) != []
    foreign = Record(0.0, "N1", "UE", "AMF", "ServiceRequest", subject=OTHER)
    assert [follower(n2("InitialUEMessage", 10)), follower(foreign)] == [[], []]


def test_when_nothing_is_known_of_the_ue_then_nothing_is_shown():
    assert list(follow(RUN[:7], MINE)) == []


def test_when_very_much_passes_by_then_memory_is_bounded():
    follower = Follower(MINE)
    for number in range(10_000):
        follower(n2("InitialUEMessage", number))
    assert len(follower._kept) == 2000
