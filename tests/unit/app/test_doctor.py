import errno
import socket

import pytest

from freehold.app import doctor
from freehold.app.config import parse
from freehold.net import sctp


def states(findings):
    return [finding.state for finding in findings]


def test_when_sctp_is_missing_then_it_is_bad_only_where_it_is_wanted(monkeypatch):
    monkeypatch.setattr(sctp, "supported", lambda: False)
    assert states(doctor.kernel_sctp(parse(""))) == ["limited"]
    assert states(doctor.kernel_sctp(parse('[amf]\nn2 = ["unix:/run/n2"]'))) == ["limited"]
    found = list(doctor.kernel_sctp(parse('[amf]\nn2 = ["192.0.2.1"]')))
    assert states(found) == ["bad"]
    assert "modprobe sctp" in found[0].fix
    monkeypatch.setattr(sctp, "supported", lambda: True)
    assert states(doctor.kernel_sctp(parse('[amf]\nn2 = ["192.0.2.1"]'))) == ["good"]


def test_when_a_port_is_taken_or_foreign_then_the_setting_is_named():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = list(doctor.addresses(parse(f'[upf]\nn3 = "127.0.0.1:{port}"\nn4 = "192.0.2.1"')))
        assert states(found) == ["bad", "bad"]
        assert f"upf.n3 UDP 127.0.0.1:{port}" in found[0].what
        assert "an address of this machine" in found[1].fix
        assert doctor.bindable("upf.n3", ("127.0.0.1", port), "UDP", running=True).state == "good"
    assert states(doctor.addresses(parse(f'[upf]\nn3 = "127.0.0.1:{port}"'))) == ["good"]
    assert states(doctor.addresses(parse('[upf]\nn3 = "nonsense"'))) == ["bad"]
    assert states(doctor.addresses(parse(""))) == ["good"]


@pytest.mark.parametrize(
    ("reason", "n6", "state"), [("", "nat", "good"), ("no", "nat", "bad"), ("no", "internal", "limited")]
)
def test_when_a_tun_is_needed_then_its_lack_is_bad(monkeypatch, reason, n6, state):
    monkeypatch.setattr(doctor, "tun_refused", lambda: reason)
    assert states(doctor.tunnels(parse(f'[[dnn]]\nname = "internet"\npool = "10.45.0.0/16"\nn6 = "{n6}"'))) == [state]


def test_when_a_tun_is_refused_then_the_reason_is_words(monkeypatch):
    def refused(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.open", refused)
    assert doctor.tun_refused() == "/dev/net/tun: operation not permitted"


@pytest.mark.parametrize(("link", "state"), [(1500, "good"), (1400, "bad"), (None, "limited")])
def test_when_packets_do_not_fit_then_the_setting_is_given(monkeypatch, link, state):
    monkeypatch.setattr(doctor, "link_mtu", lambda _: link)
    found = list(doctor.mtu(parse('[upf]\nn3 = "192.0.2.1"')))
    assert states(found) == [state]
    if state == "bad":
        assert "dnn.mtu = 1356" in found[0].fix
    assert list(doctor.mtu(parse(""))) == []


def test_when_n3_is_of_ipv6_then_its_longer_header_is_counted(monkeypatch):
    monkeypatch.setattr(doctor, "link_mtu", lambda _: 1460)
    for n3, state in (
        ('n3 = "fd03::1"', "bad"),
        ('n3 = "192.0.2.1"\nn3_second = "fd03::1"', "bad"),
        ('n3 = "192.0.2.1"', "good"),
    ):
        assert states(doctor.mtu(parse(f"[upf]\n{n3}"))) == [state]


@pytest.mark.parametrize(
    ("text", "there", "state"),
    [
        ('[[dnn]]\npool6 = "fd45::/48"\nn6 = "nat"', True, ["good"]),
        ('[[dnn]]\npool6 = "fd45::/48"\nn6 = "nat"', False, ["bad"]),
        ('[[dnn]]\npool6 = "fd45::/48"', False, []),
        ('[upf]\nn3 = "fd03::1"', False, ["bad"]),
        ('[upf]\nn3 = "192.0.2.1:2152"', False, []),
    ],
)
def test_when_ipv6_is_needed_then_its_lack_is_bad(monkeypatch, tmp_path, text, there, state):
    monkeypatch.setattr(doctor, "IPV6_SETTINGS", tmp_path if there else tmp_path / "absent")
    assert states(doctor.ipv6(parse(text))) == state


def test_when_the_path_is_known_then_its_mtu_is():
    assert (doctor.link_mtu("127.0.0.1") or 0) > 1500


def test_when_the_clock_is_in_the_past_then_it_is_bad(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert states(doctor.clock(parse(""))) == ["bad"]


def test_when_a_setup_was_refused_then_its_words_are_told(monkeypatch):
    event = {
        "clause": "TS 38.413 8.7.1.3",
        "subject": "gnb-7",
        "text": "TAC 7 is not served",
        "fix": "set network.tac = 7",
    }

    class Running:
        def __init__(self, _):
            pass

        def answers(self):
            return True

        def get(self, *_):
            return [event, {"clause": ""}]

    monkeypatch.setattr(doctor, "Client", Running)
    found = list(doctor.refused_setups(parse("")))
    assert [(finding.state, finding.fix) for finding in found] == [("bad", "set network.tac = 7")]
    assert "gnb-7: TAC 7" in found[0].what
