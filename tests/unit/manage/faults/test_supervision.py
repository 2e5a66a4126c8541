"""What raises an alarm and what ends it: events, levels with hysteresis, thresholds."""

import pytest

from freehold.manage.faults import AlarmList, Supervision
from freehold.manage.faults.rules import CLEARING, LEVELS, RAISING, RULES
from freehold.manage.performance.readings import Period
from freehold.manage.performance.thresholds import BUILT_IN, Threshold, Thresholds
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from freehold.store import MemoryStore


class Scene:
    def __init__(self, configured=()):
        self.store = MemoryStore()
        self.time = 0.0
        self.alarms = AlarmList(self.store, lambda: self.time)
        self.thresholds = Thresholds(self.store, configured)
        self.supervision = Supervision(self.alarms, self.thresholds)
        self.counters = {}

    def heard(self, name, subject="", severity="warning"):
        self.supervision.heard(Event(name, "text", severity, subject, "fix", "TS 1"))

    def standing(self):
        return {
            (alarm.specific_problem, alarm.object_instance): alarm.perceived_severity
            for alarm in self.alarms.all()
            if alarm.stands
        }

    def last(self, seconds):
        return Period(0.0, seconds, self.counters, {})

    def judge(self, **counts):
        self.counters = {name.replace("_", "."): {"": value} for name, value in counts.items()}
        self.supervision.thresholds(self)
        return self.standing()


@pytest.fixture
def scene():
    return Scene()


@pytest.mark.parametrize(
    ("bad", "good", "problem"),
    [
        ("gnb-lost", "gnb-connected", "gnb-lost"),
        ("gnb-refused", "gnb-connected", "gnb-refused"),
        ("upf-unreachable", "upf-associated", "upf-lost"),
        ("upf-lost", "upf-associated", "upf-lost"),
        ("n4.peer-silent", "n4.peer-answers", "smf-silent"),
        ("n3-path-lost", "n3-path-restored", "n3-path-lost"),
        ("ng-setup-unanswered", "ng-setup", "amf-not-reached"),
        ("n2-refused", "ng-setup", "amf-not-reached"),
    ],
)
def test_when_a_trouble_is_told_and_its_end_then_the_alarm_stands_between(scene, bad, good, problem):
    scene.heard(bad, "one")
    assert scene.standing() == {(problem, "one"): RULES[problem].severity}
    scene.heard(good, "another", "info")
    assert scene.standing()
    scene.heard(good, "one", "info")
    assert scene.standing() == {}


def test_when_a_setup_is_told_with_reservations_then_the_alarm_stays(scene):
    scene.heard("ng-setup-refused", "AMF")
    scene.heard("ng-setup", "AMF", "warning")
    assert scene.standing()


def test_when_nothing_ends_a_trouble_then_an_operator_does(scene):
    scene.heard("n4.foreign-session", "10.0.0.9")
    assert scene.standing() == {("foreign-session", "10.0.0.9"): "MAJOR"}
    scene.alarms.clear("foreign-session", "10.0.0.9", "anna")
    assert scene.alarms.all()[0].clear_user == "anna"


@pytest.mark.parametrize("name", ["registration-rejected", "session-refused", "5gsm-status"])
def test_when_one_terminal_is_refused_then_that_is_an_event_and_no_alarm(scene, name):
    scene.heard(name, "imsi-...0001")
    assert scene.standing() == {}


@pytest.mark.parametrize(
    ("problem", "steps"),
    [
        ("address-pool", [(0.5, None), (0.86, "MINOR"), (0.84, "MINOR"), (0.82, None), (0.96, "MAJOR")]),
        ("address-pool", [(1.0, "CRITICAL"), (0.99, "CRITICAL"), (0.97, "MAJOR"), (0.1, None)]),
        ("disk", [(0.905, "MINOR"), (0.895, "MINOR"), (0.88, None)]),
        ("certificate", [(60, None), (29, "MINOR"), (6, "MAJOR"), (-1, "CRITICAL"), (365, None)]),
        ("upf-lost", [(0, None), (1, "CRITICAL"), (0, None)]),
        ("overload", [(0.2, None), (1.2, "MINOR"), (0.7, "MINOR"), (6.0, "MAJOR"), (0.1, None)]),
        ("store-write", [(1, "CRITICAL"), (0, None)]),
    ],
)  # fmt: skip
def test_when_a_level_rises_and_falls_then_the_alarm_follows_behind_its_hysteresis(scene, problem, steps):
    for value, severity in steps:
        scene.supervision.levels({(problem, "one"): value})
        assert scene.standing() == ({} if severity is None else {(problem, "one"): severity}), value


def test_when_a_level_stays_then_nothing_is_told_again(scene):
    told = []
    scene.alarms.listen(told.append)
    for _ in range(5):
        scene.supervision.levels({("address-pool", "internet"): 0.9})
    assert len(told) == 1
    assert "90% of the addresses are taken" in told[0].alarm.text


def test_when_a_gnb_is_there_after_a_restart_then_what_an_earlier_run_said_of_it_ends(scene):
    scene.heard("gnb-lost", "gnb-1")
    scene.supervision.levels({("gnb-lost", "gnb-1"): 0.0})
    assert scene.standing() == {}


def test_when_registrations_fail_then_an_alarm_says_how_many_until_they_are_well_again(scene):
    assert scene.judge(RM_RegInitReq=10, RM_RegInitSucc=0) == {}  # too few to say anything
    assert scene.judge(RM_RegInitReq=100, RM_RegInitSucc=80) == {("threshold", "registration-success"): "MAJOR"}
    assert "RSR.Initial is 80.0 % over 300 s, under the threshold of 90 %" in scene.alarms.all()[0].text
    assert scene.judge(RM_RegInitReq=100, RM_RegInitSucc=92)  # within the hysteresis
    assert scene.judge(RM_RegInitReq=100, RM_RegInitSucc=94) == {}


def test_when_authentications_fail_in_a_burst_then_an_alarm_stands_until_it_is_over(scene):
    assert scene.judge(AMF_AuthFail=19) == {}
    assert scene.judge(AMF_AuthFail=20) == {("threshold", "authentication-failures"): "MAJOR"}
    assert scene.judge(AMF_AuthFail=12)
    assert scene.judge(AMF_AuthFail=9) == {}


def test_when_an_operator_sets_a_threshold_then_it_holds_over_a_restart_until_it_is_taken_back(scene):
    off = Threshold("registration-success", "RSR.Initial", 50.0, "under", events=1, severity="WARNING")
    scene.thresholds.put(off)
    assert scene.judge(RM_RegInitReq=100, RM_RegInitSucc=80) == {}
    assert Thresholds(scene.store).find("registration-success") == off
    scene.thresholds.remove("registration-success")
    assert scene.judge(RM_RegInitReq=100, RM_RegInitSucc=80) == {("threshold", "registration-success"): "MAJOR"}
    assert scene.thresholds.remove("registration-success") is None


def test_when_a_threshold_is_switched_off_then_its_alarm_ends():
    scene = Scene()
    scene.judge(AMF_AuthFail=99)
    scene.thresholds.put(Threshold("authentication-failures", "AMF.AuthFail", 20.0, enabled=False))
    assert scene.judge(AMF_AuthFail=99) == {}


def test_when_the_configuration_names_one_then_it_takes_the_place_of_the_built_in():
    scene = Scene([Threshold("authentication-failures", "AMF.AuthFail", 5.0, severity="CRITICAL")])
    assert scene.judge(AMF_AuthFail=6) == {("threshold", "authentication-failures"): "CRITICAL"}


def test_when_one_label_is_watched_then_the_others_do_not_count(scene):
    scene.thresholds.put(Threshold("congestion", "RM.RegInitFail:#22", 5.0))
    scene.counters = {"RM.RegInitFail": {"#22": 4, "#3": 90}}
    scene.supervision.thresholds(scene)
    assert scene.standing() == {}
    scene.counters = {"RM.RegInitFail": {"#22": 5}}
    scene.supervision.thresholds(scene)
    assert ("threshold", "congestion") in scene.standing()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("of", "nothing"), ("name", ""), ("name", "a/b"), ("name", "x" * 65), ("window_s", 0), ("window_s", 901),
        ("hysteresis", -1),
    ],
)  # fmt: skip
def test_when_a_threshold_is_wrong_then_its_field_is_named(scene, field, value):
    fields = {"name": "x", "of": "RSR.Initial", "value": 1.0, field: value}
    with pytest.raises(Unusable, match=f"^{field}:"):
        scene.thresholds.put(Threshold(**fields))
    with pytest.raises(Unusable, match=f"^{field}:"):
        Thresholds(MemoryStore(), [Threshold(**fields)])


def test_when_thresholds_are_very_many_then_one_more_is_refused(scene):
    for number in range(100):
        scene.thresholds.put(Threshold(f"{number}", "RSR.Initial", 1.0))
    with pytest.raises(Unusable, match="100 thresholds"):
        scene.thresholds.put(Threshold("more", "RSR.Initial", 1.0))
    scene.thresholds.put(Threshold("99", "RSR.Initial", 2.0))


def test_when_the_tables_are_read_then_they_agree_with_each_other():
    assert set(LEVELS) <= set(RULES)
    assert all(problem in RULES for problems in CLEARING.values() for problem in problems)
    assert all(rule.text and not rule.text.endswith(".") for rule in RULES.values())
    assert set(RAISING).isdisjoint(CLEARING)
    assert {each.of for each in BUILT_IN} == {"RSR.Initial", "PDUSessionEstSR", "AMF.AuthFail", "N4EstSR"}
