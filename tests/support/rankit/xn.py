"""Another gNB at the far end of Xn that says what a test wants, and remembers what it was told."""

from __future__ import annotations

from msgspec.structs import replace

from freehold.codecs import xnap
from freehold.ran.cu_cp import xn_values
from freehold.ran.cu_cp.xn_link import XnLink
from freehold.spec.identities import GnbId

from . import CONFIGURATION, PLMN, Scene

OTHER = GnbId(PLMN, 0x77, 22)
ELSEWHERE = replace(CONFIGURATION, identity=OTHER, name="gnb-other")
"""The configuration of the other gNB."""


class OtherGnb:
    """The gNB's association to it, and its own voice."""

    peer = "scripted"

    def __init__(self, scene, streams=5, *, initiator=False, set_up=True):
        self.scene, self.outbound_streams, self.sent, self.open = scene, streams, [], True
        self.link = XnLink(scene.gnb, "gnb-other", initiator=initiator)
        self.user = self.link.associated(self)
        if set_up:
            self.say(self.setup_request())
            self.expect(xnap.XnSetupResponse)

    # --- the association ---------------------------------------------------------------------------
    def send(self, octets, stream, ppid=61):
        decoded = xnap.decode(octets)
        assert not decoded.faults, decoded.faults
        self.sent.append((decoded.message, stream, ppid))

    def close(self):
        self.open = False

    # --- what it says --------------------------------------------------------------------------------
    @staticmethod
    def setup_request():
        slices = [
            xnap.BroadcastPLMNinTAISupportItem(plmn_id=PLMN.octets, tai_slice_support_list=[xnap.SNSSAI(sst=b"\1")])
        ]
        return xnap.XnSetupRequest(
            global_ng_ran_node_id=xn_values.global_gnb_id(OTHER),
            tai_support_list=[xnap.TAISupportItem(tac=b"\0\0\1", broadcast_plmns=slices)],
            amf_region_information=[xnap.GlobalAMFRegionInformation(plmn_id=PLMN.octets, amf_region_id=(2, 8))],
        )

    def say(self, message, stream=1):
        self.shout(xnap.encode(message), stream)

    def shout(self, octets, stream=1, ppid=61):
        self.user.received(octets, stream, ppid)

    def expect(self, kind):
        """The next message it was sent, which must be of a kind."""
        assert self.sent, f"nothing was sent; {kind.__name__} expected"
        message, *_ = self.sent.pop(0)
        assert type(message) is kind, f"{message!r} instead of {kind.__name__}"
        return message

    def silent(self):
        assert not self.sent, self.sent

    def faults(self):
        """How many faults were counted, and how many events told of them."""
        environment = self.scene.environment
        return environment.counts["protocol.fault", "XnAP"], len(environment.emitted("xnap-fault"))


def handover_request(gnb, sessions=(1,)):
    """HANDOVER REQUEST of a real source for a terminal that is to come to a gNB."""
    scene = Scene(ELSEWHERE)
    terminal, _ = scene.established(7, sessions=sessions)
    far = OtherGnb(scene)
    scene.gnb.hand_over(terminal.connection, gnb.configuration.neighbour, far.link)
    return far.expect(xnap.HandoverRequest)
