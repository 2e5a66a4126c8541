"""Any NGAP from the core side: the gNB answers by clause 10 and everybody else goes on (R04, negative.md G03, G06)."""

from __future__ import annotations

import random

import msgspec
import pytest

from asn1kit.damage import PduDamage
from asn1kit.generate import Generator
from asn1kit.tables import messages
from freehold.codecs import ngap
from rankit import Scene, context_setup, downlink, release_command, session_setup, setup_transfer

NAMES = [name for name, _ in messages("ngap")]

# One bit makes a reset of some terminals one of all: nothing that a gNB could know to be wrong.
HARMLESS = [name for name in NAMES if name != "NGReset"]


class Storm:
    """A gNB with a terminal that is attacked and a bystander that must not notice."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.damage = PduDamage(self.rng, private=31)
        self.generator = Generator("ngap", ngap, self.rng, 0.4)
        self.scene = Scene(streams=1 + self.rng.randrange(5))
        self.bystander, self.bystander_id = self.scene.established(500, sessions=(9,))
        self.victim()

    def victim(self):
        """A fresh terminal under attack; the AMF's identifier of the last one may still be in use."""
        self.amf_id = self.rng.randrange(1000, 1 << 40)
        # What a message may have said of the AMF itself is taken back: it would be believed.
        response = self.scene.amf.setup_response()
        taken_back = ngap.AMFConfigurationUpdate(
            served_guami_list=response.served_guami_list, plmn_support_list=response.plmn_support_list
        )
        self.scene.amf.say(ngap.OverloadStop())
        self.scene.amf.say(taken_back)
        self.scene.amf.sent.clear()
        _, self.ran_id = self.scene.connected(self.amf_id)
        if self.rng.random() < 0.7:
            self.scene.amf.say(context_setup(self.amf_id, self.ran_id, sessions=(1, 2)))
        self.scene.amf.sent.clear()

    def valid(self, name):
        """A message as the schema allows it, mostly about the victim, never about everybody."""
        message = self.generator.named(name)
        known = {"amf_ue_ngap_id": self.amf_id, "ran_ue_ngap_id": self.ran_id}
        if self.rng.random() < 0.8:
            fields = {field: value for field, value in known.items() if hasattr(message, field)}
            message = msgspec.structs.replace(message, **fields)
        if name == "NGReset":
            message = msgspec.structs.replace(message, reset_type=("partOfNG-Interface", []))
            items = [ngap.UEAssociatedLogicalNGConnectionItem(**known)]
            message = msgspec.structs.replace(message, reset_type=("partOfNG-Interface", items))
        if name == "AMFConfigurationUpdate":
            message = msgspec.structs.replace(message, served_guami_list=None, plmn_support_list=None)
        return message

    def shout(self, octets):
        """Send it; the gNB must not break, and the bystander must still be there."""
        scene = self.scene
        before = scene.environment.counts["protocol.fault", "NGAP"], len(scene.environment.emitted("ngap-fault"))
        scene.amf.shout(octets)
        assert not scene.environment.emitted("bug"), (octets.hex(), scene.environment.emitted("bug"))
        after = scene.environment.counts["protocol.fault", "NGAP"], len(scene.environment.emitted("ngap-fault"))
        assert after[0] - before[0] == after[1] - before[1] <= 2, octets.hex()
        assert len(scene.amf.sent) <= 4, (octets.hex(), scene.amf.sent)
        scene.amf.sent.clear()
        if scene.gnb.contexts.ues.get(self.ran_id) is None:
            scene.environment.events.clear()
            self.victim()

    def end(self):
        """Everything of the bystander is as it was, and it still works."""
        scene = self.scene
        scene.amf.say(ngap.OverloadStop())
        scene.amf.say(downlink(500, self.bystander_id, b"still here"))
        assert (self.bystander.nas, self.bystander.releases) == ([b"still here"], 0)
        assert len(self.bystander.added) == 1
        scene.amf.say(release_command(500, self.bystander_id))
        complete = scene.amf.expect(ngap.UEContextReleaseComplete)
        assert [item.pdu_session_id for item in complete.pdu_session_resource_list_cxt_rel_cpl] == [9]


@pytest.mark.parametrize("name", NAMES)
def test_when_any_valid_message_comes_then_the_gnb_serves_on(name):
    storm = Storm(name)
    for _ in range(20):
        storm.shout(ngap.encode(storm.valid(name)))
    storm.end()


def thousands(count, seed):
    storm = Storm(seed)
    realistic = [
        lambda: downlink(storm.amf_id, storm.ran_id, b"nas"),
        lambda: context_setup(storm.amf_id, storm.ran_id, sessions=(3, 4)),
        lambda: session_setup(storm.amf_id, storm.ran_id, (5, setup_transfer())),
        lambda: storm.valid(storm.rng.choice(HARMLESS)),
    ]
    for _ in range(count):
        storm.shout(storm.damage.damaged(ngap.encode(storm.rng.choice(realistic)())))
    storm.end()


def test_when_ten_thousand_damaged_messages_come_then_the_gnb_serves_on():
    thousands(10_000, 38413)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(25))
def test_when_a_quarter_of_a_million_damaged_messages_come_then_the_gnb_serves_on(seed):
    thousands(10_000, seed)
