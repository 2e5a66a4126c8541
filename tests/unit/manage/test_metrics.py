import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from freehold.manage.metrics import metric_name
from freehold.manage.performance.dashboard import dashboard
from managekit import Client, Served


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        yield made


def families(served):
    client = Client(served.path)
    try:
        status, text = client.ask("GET", "/v1/metrics")
    finally:
        client.close()
    assert status == 200
    text = text.decode() if isinstance(text, bytes) else text
    return {family.name: family for family in text_string_to_metric_families(text)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RM.RegInitReq", "freehold_rm_reg_init_req"),
        ("SM.PduSessionCreationFail", "freehold_sm_pdu_session_creation_fail"),
        ("ngap.nas-non-delivery", "freehold_ngap_nas_non_delivery"),
        ("packets", "freehold_packets"),
        ("RM.RegisteredSubUDMNbr", "freehold_rm_registered_sub_udm_nbr"),
        ("SM.PDUSessionSetupReq", "freehold_sm_pdu_session_setup_req"),
    ],
)
def test_when_a_measurement_is_exposed_then_its_name_is_allowed(name, expected):
    assert metric_name(name) == expected


def test_when_the_network_runs_then_a_scraper_reads_its_state_and_measurements(served):
    served.network.environment.count("RM.RegInitSucc")
    read = families(served)
    assert [sample.value for sample in read["freehold_rm_registered_sub_nbr"].samples] == [1.0]
    assert [sample.value for sample in read["freehold_uptime_seconds"].samples] == [2.5]
    (success,) = read["freehold_rm_reg_init_succ"].samples
    assert (success.name, success.labels, success.value) == ("freehold_rm_reg_init_succ_total", {"label": ""}, 1.0)


def test_when_nothing_has_happened_then_every_counter_of_the_dashboard_is_a_series(served):
    found = {sample.name for family in families(served).values() for sample in family.samples}
    asked = {
        name
        for panel in dashboard()["panels"]
        for target in panel["targets"]
        for name in re.findall(r"freehold_\w+_total", target["expr"])
    }
    assert len(asked) > 30
    assert asked - found == set()


def test_when_a_label_holds_quotes_and_line_ends_then_it_is_read_back_whole(served):
    served.network.environment.count("RM.RegInitFail", 'a "quoted"\nlabel \\')
    (failure,) = families(served)["freehold_rm_reg_init_fail"].samples
    assert failure.labels == {"label": 'a "quoted"\nlabel \\'}
