"""pfcpsim drives Freehold's UPF: it names no network instances, chooses TEIDs, and says where the gNB is later."""

import pytest

from interopkit import foreign_smf, pfcpsim
from interopkit.foreign_smf import SMF_N4, UPF_N4
from interopkit.namespaces import RAN_ADDRESS

POOL = "10.45.0.1/16"
MANY = 50

pytestmark = [pytest.mark.interop, pytest.mark.root, pytest.mark.xdist_group("interop")]


@pytest.fixture
def site(site_of):
    """A UPF that leaves F-TEIDs to its SMF."""
    return site_of(smf_n4=SMF_N4, upf_n4=UPF_N4, f_teids="smf")


def test_when_pfcpsim_drives_the_upf_then_packets_pass_as_its_sessions_say(site, pfcpsim_programs):
    uplink, downlink = pfcpsim.tunnels(0)
    ends = (uplink, downlink, "10.45.0.2")
    with foreign_smf.start_upf(site), pfcpsim.Pfcpsim(pfcpsim_programs, site.hosts) as smf:
        smf.associate(UPF_N4)
        smf.sessions("create", 1, "-u", POOL, "-q", "9")
        assert foreign_smf.ping(site, *ends, count=1) == 0
        smf.sessions("modify", 1, "-g", RAN_ADDRESS)
        assert foreign_smf.ping(site, *ends) == 5
        assert foreign_smf.ping(site, uplink + 1, downlink, "10.45.0.2", count=1) == 0
        assert foreign_smf.ping(site, uplink, downlink, "10.45.0.3", count=1) == 0
        smf.sessions("modify", 1, "-g", RAN_ADDRESS, "-b")
        assert foreign_smf.ping(site, *ends, count=1) == 0
        smf.sessions("modify", 1, "-g", RAN_ADDRESS)
        assert foreign_smf.ping(site, *ends) == 5
        smf.sessions("delete", 1)
        assert foreign_smf.ping(site, *ends, count=1) == 0
        smf.order("service", "disassociate")


def test_when_pfcpsim_has_many_sessions_then_each_has_its_own_tunnel(site, pfcpsim_programs):
    last = MANY - 1
    with foreign_smf.start_upf(site), pfcpsim.Pfcpsim(pfcpsim_programs, site.hosts) as smf:
        smf.associate(UPF_N4)
        smf.sessions("create", MANY, "-u", POOL, "-q", "9")
        smf.sessions("modify", MANY, "-g", RAN_ADDRESS)
        for number in (0, MANY // 2, last):
            assert foreign_smf.ping(site, *pfcpsim.tunnels(number), f"10.45.0.{2 + number}") == 5
        assert foreign_smf.ping(site, *pfcpsim.tunnels(last), "10.45.0.2", count=1) == 0
    with foreign_smf.start_upf(site), pfcpsim.Pfcpsim(pfcpsim_programs, site.hosts) as smf:
        smf.associate(UPF_N4)
        for _ in range(2):
            smf.sessions("create", MANY, "-u", POOL, "-q", "9")
            smf.sessions("delete", MANY)


def test_when_pfcpsim_starts_again_then_its_old_sessions_are_gone_and_its_numbers_are_new_requests(
    site, pfcpsim_programs
):
    with foreign_smf.start_upf(site):
        for _ in range(2):
            with pfcpsim.Pfcpsim(pfcpsim_programs, site.hosts) as smf:
                smf.associate(UPF_N4)
                smf.sessions("create", 3, "-u", POOL, "-q", "9")
                smf.sessions("modify", 3, "-g", RAN_ADDRESS)
                assert foreign_smf.ping(site, *pfcpsim.tunnels(0), "10.45.0.2") == 5
