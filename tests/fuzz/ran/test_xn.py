"""Any XnAP from another gNB: the gNB answers by clause 10 and everybody else goes on (TS 38.423 10)."""

from __future__ import annotations

import random

import msgspec
import pytest

from asn1kit.damage import PduDamage
from asn1kit.generate import Generator
from asn1kit.tables import messages
from freehold.codecs import xnap
from rankit import Scene, downlink
from rankit.xn import ELSEWHERE, OtherGnb, handover_request

NAMES = [name for name, _ in messages("xnap")]
SEEDS = [xnap.encode(handover_request(Scene().gnb, sessions)) for sessions in ((1,), (1, 2), tuple(range(1, 16)))]
"""Requests as a real source makes them: what damage begins from, beside what the schema allows."""


class Storm:
    """A gNB with a terminal that is being handed over, one that is to come, and one that must not notice."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.damage = PduDamage(self.rng, private=22)
        self.generator = Generator("xnap", xnap, self.rng, 0.4)
        self.scene = Scene()
        self.bystander, self.bystander_id = self.scene.established(500, sessions=(9,))
        self.numbers = 1000
        self.peer = OtherGnb(self.scene)
        self.victim()

    def victim(self):
        """A terminal that is about to leave to the other gNB, and one that is to come from there."""
        self.numbers += 1
        if not self.peer.link.up or self.peer.link not in self.scene.gnb.xns:
            self.peer = OtherGnb(self.scene)
        self.scene.amf.sent.clear()
        terminal, self.leaving = self.scene.established(self.numbers, sessions=(1,))
        self.scene.gnb.hand_over(terminal.connection, ELSEWHERE.neighbour, self.peer.link)
        self.peer.shout(self.rng.choice(SEEDS))
        self.coming = max(self.scene.gnb.contexts.ues)
        self.peer.sent.clear()

    def valid(self, name):
        """A message as the schema allows it, mostly about one of the two."""
        message = self.generator.named(name)
        known = {"source_ng_ran_node_ue_xnap_id": self.leaving, "target_ng_ran_node_ue_xnap_id": self.coming}
        if self.rng.random() < 0.8:
            fields = {field: value for field, value in known.items() if hasattr(message, field)}
            message = msgspec.structs.replace(message, **fields)
        return xnap.encode(message)

    def shout(self, octets):
        """Send it; the gNB must not break, answers little, and counts each fault once."""
        scene = self.scene
        before = self.peer.faults()
        self.peer.shout(octets)
        assert not scene.environment.emitted("bug"), (octets.hex(), scene.environment.emitted("bug"))
        after = self.peer.faults()
        assert after[0] - before[0] == after[1] - before[1] <= 2, octets.hex()
        assert len(self.peer.sent) <= 3, (octets.hex(), self.peer.sent)
        self.peer.sent.clear()
        scene.amf.sent.clear()
        if self.leaving not in scene.gnb.contexts.ues or self.coming not in scene.gnb.contexts.ues:
            self.forget()
            self.victim()

    def forget(self):
        """Whoever is left of the two goes, so that the gNB does not fill up; only the bystander matters."""
        gnb = self.scene.gnb
        for number, ue in tuple(gnb.contexts.ues.items()):
            if number != self.bystander_id:
                gnb.release_locally(ue, "the storm goes on with others")
        self.scene.environment.events.clear()

    def end(self):
        """Everything of the bystander is as it was, and it still works."""
        self.scene.amf.say(downlink(500, self.bystander_id, b"still here"))
        assert (self.bystander.nas, self.bystander.releases) == ([b"still here"], 0)
        assert len(self.bystander.added) == 1


@pytest.mark.parametrize("name", NAMES)
def test_when_any_valid_message_comes_then_the_gnb_serves_on(name):
    storm = Storm(name)
    for _ in range(20):
        storm.shout(storm.valid(name))
    storm.end()


def thousands(count, seed):
    storm = Storm(seed)
    for _ in range(count):
        octets = storm.rng.choice(SEEDS) if storm.rng.random() < 0.5 else storm.valid(storm.rng.choice(NAMES))
        storm.shout(storm.damage.damaged(octets))
    storm.end()


def test_when_thousands_of_damaged_messages_come_then_the_gnb_serves_on():
    thousands(5_000, 38423)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(25))
def test_when_a_quarter_of_a_million_damaged_messages_come_then_the_gnb_serves_on(seed):
    thousands(10_000, seed)
