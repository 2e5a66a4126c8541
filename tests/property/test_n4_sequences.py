"""Random sequences of PFCP against the live UPF and a model: associations, sessions, repetitions, wrong SEIDs."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FSEID,
    AssociationReleaseRequest,
    AssociationSetupRequest,
    HeartbeatRequest,
    NodeID,
    RemovePDR,
    SessionDeletionRequest,
    SessionModificationRequest,
    UEIPAddress,
    UpdateFAR,
)
from freehold.codecs.pfcp.flags import ApplyAction
from freehold.spec.causes import PfcpCause
from freehold.stack.pfcp import ANSWERS_KEPT
from upfkit import HOLD, OTHER, SMF, STRANGER, Attached, downlink_pdr, establishment, uplink_pdr

HOSTS = range(10, 16)
NODES = {OTHER: NodeID(fqdn="other.example"), STRANGER: NodeID(fqdn="stranger.example")}
SENDERS = st.sampled_from((OTHER, OTHER, OTHER, STRANGER))
ASSOCIATION_SETUP_REQUEST = 5
"""Its message type (TS 29.244 7.3)."""
SEQUENCES = st.integers(1, 12)
"""Few numbers: requests share them all the time."""


class N4Machine(RuleBasedStateMachine):
    """OTHER and a stranger do what they like; the SMF's session must not notice, and the model knows the rest."""

    seids = Bundle("seids")

    @initialize()
    def begin(self):
        self.world = Attached()
        self.own = self.world.seid
        self.recovery = None
        self.sessions = {}
        self.answered = {}

    def ask(self, message, sequence, source, seid=None):
        """Send a request; its answer, which is the one of before where it is the same request."""
        octets = pfcp.encode(message, sequence, (seid or 0) if message.session else None)
        self.world.sent.clear()
        self.world.upf.received(octets, source)
        answers = [answer for answer, to in self.world.sent if to == source and answer[1] == octets[1] + 1]
        assert len(answers) == 1, message
        repeated = self.answered.get((source, sequence, octets[1])) == (octets, answers[0])
        self.answered[source, sequence, octets[1]] = octets, answers[0]
        return pfcp.decode(answers[0]).message, repeated

    def associated(self, source):
        return source == OTHER and self.recovery is not None

    @rule(sequence=SEQUENCES, recovery=st.integers(1, 3), source=SENDERS)
    def associate(self, sequence, recovery, source):
        request = AssociationSetupRequest(node_id=NODES[source], recovery_time_stamp=recovery)
        answer, repeated = self.ask(request, sequence, source)
        if source == STRANGER:
            assert answer.cause == PfcpCause.REQUEST_REJECTED
        elif not repeated:
            assert answer.cause == PfcpCause.REQUEST_ACCEPTED
            if self.recovery not in {None, recovery}:
                self.sessions.clear()
                # what it was told before is forgotten, not what it is told now
                now = (source, sequence, ASSOCIATION_SETUP_REQUEST)
                self.answered = {key: kept for key, kept in self.answered.items() if key[0] != OTHER or key == now}
            self.recovery = recovery

    @rule(sequence=SEQUENCES, source=SENDERS)
    def release(self, sequence, source):
        answer, repeated = self.ask(AssociationReleaseRequest(node_id=NODES[source]), sequence, source)
        if repeated:
            return
        expected = PfcpCause.REQUEST_ACCEPTED if self.associated(source) else PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
        assert answer.cause == expected
        if source == OTHER:
            self.recovery = None
            self.sessions.clear()

    @rule(target=seids, sequence=SEQUENCES, source=SENDERS, host=st.sampled_from((2, *HOSTS)), damage=st.integers(0, 5))
    def establish(self, sequence, source, host, damage):
        address = (UEIPAddress(ipv4=bytes((10, 45, 0, host))),)
        rules = (uplink_pdr(ue_ip_address=address), downlink_pdr(ue_ip_address=address, far_id=9 if not damage else 2))
        request = establishment(node_id=NODES[source], cp_f_seid=FSEID(host, ipv4=bytes(4)), create_pdr=rules)
        answer, repeated = self.ask(request, sequence, source)
        if repeated:
            return multiple()
        if not self.associated(source):
            assert answer.cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
        elif not damage or host == 2 or host in self.sessions.values():
            assert answer.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
        else:
            assert answer.cause == PfcpCause.REQUEST_ACCEPTED
            self.sessions[answer.up_f_seid.seid] = host
            return answer.up_f_seid.seid
        return multiple()

    @rule(
        sequence=SEQUENCES,
        source=SENDERS,
        seid=seids,
        bit=st.integers(0, 80),
        change=st.sampled_from(("hold", "drop", "remove", "nothing")),
    )
    def modify(self, sequence, source, seid, bit, change):
        named = seid ^ (1 << bit if bit < 64 else 0)
        request = {
            "hold": SessionModificationRequest(update_far=(UpdateFAR(2, apply_action=HOLD),)),
            "drop": SessionModificationRequest(update_far=(UpdateFAR(2, apply_action=ApplyAction.DROP),)),
            "remove": SessionModificationRequest(remove_pdr=(RemovePDR(77),)),
            "nothing": SessionModificationRequest(),
        }[change]
        answer, repeated = self.ask(request, sequence, source, named)
        if not repeated:
            accepted = PfcpCause.RULE_CREATION_MODIFICATION_FAILURE if change == "remove" else 1
            assert answer.cause == self.expected(source, named, accepted)

    def expected(self, source, named, cause):
        if not self.associated(source):
            return PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
        return cause if named in self.sessions else PfcpCause.SESSION_CONTEXT_NOT_FOUND

    @rule(sequence=SEQUENCES, source=SENDERS, seid=seids)
    def delete(self, sequence, source, seid):
        answer, repeated = self.ask(SessionDeletionRequest(), sequence, source, seid)
        if not repeated:
            assert answer.cause == self.expected(source, seid, PfcpCause.REQUEST_ACCEPTED)
            if self.associated(source):
                self.sessions.pop(seid, None)

    @rule(sequence=SEQUENCES, source=SENDERS)
    def attack(self, sequence, source):
        answer, _ = self.ask(SessionDeletionRequest(), sequence, source, self.own)
        assert answer.cause in {PfcpCause.SESSION_CONTEXT_NOT_FOUND, PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION}

    @rule(sequence=SEQUENCES, source=SENDERS, recovery=st.integers(1, 3))
    def heartbeat(self, sequence, source, recovery):
        answer, _ = self.ask(HeartbeatRequest(recovery_time_stamp=recovery), sequence, source)
        assert answer.recovery_time_stamp == self.world.upf.entity.recovery_time_stamp

    @rule(source=SENDERS, seed=st.integers(0, 1 << 30))
    def noise(self, source, seed):
        chance = random.Random(seed)
        whole = bytearray(pfcp.encode(SessionModificationRequest(remove_pdr=(RemovePDR(1),)), 0xFFFF, self.own))
        for _ in range(chance.randrange(1, 6)):
            whole[chance.randrange(len(whole))] = chance.getrandbits(8)
        whole[1] = chance.choice((2, 4, 6, 11, 13, 53, 55, 57, 99, 255))  # nothing that is a request
        self.world.sent.clear()
        self.world.upf.received(bytes(whole[: chance.randrange(len(whole) + 1)]), source)

    @invariant()
    def as_the_model_says(self):
        if not hasattr(self, "world"):
            return
        upf = self.world.upf
        assert {one.seid for one in upf.sessions.by_teid.values()} == {self.own, *self.sessions}
        assert self.world.upf_plane.sessions() == 1 + len(self.sessions)
        assert len(upf.entity._answered) <= ANSWERS_KEPT
        assert SMF[0] in upf.associations.by_peer

    def teardown(self):
        if hasattr(self, "world"):
            assert self.world.ping()[0].octets == 56
            assert self.world.upf.sessions.audit() == (0, 0)
            assert [event for event in self.world.environment.events if event.severity == "error"] == []


TestSequences = N4Machine.TestCase
TestSequences.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
