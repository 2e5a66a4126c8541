"""Real octets for hostile input, and the control terminal that must not notice."""

import msgspec

from amfkit.harness import World
from freehold.codecs import nas, ngap

REFUSALS = {"protocol-fault", "gnb-refused", "gnb-update-refused", "path-switch-refused", "handover-failed"}
"""Events that say that a peer was refused something."""


class Watched:
    """A world with a control terminal on its own gNB, registered before, still served during and after."""

    def __init__(self, **changes):
        self.world = World(**changes)
        self.control_gnb = self.world.gnb()
        self.control = self.world.terminal(self.control_gnb, 1)
        self.control.register()
        self.control.establish()
        self.gnb = self.world.gnb()
        self.before = self.state()
        self.said = len(self.world.environment.events)
        self.counted = self.world.faults()

    def state(self):
        """What the AMF keeps of the control terminal."""
        view = self.world.amf.ue(self.control.subscription.supi)
        return msgspec.structs.astuple(view)

    def faults(self):
        """How many faults were counted since the control terminal registered."""
        return self.world.faults() - self.counted

    def events(self):
        return self.world.environment.events[self.said :]

    def check(self, *, faults=1):
        """The control terminal is as it was and still served; so many faults and events, nothing secret, no bug."""
        assert self.state() == self.before
        assert self.faults() == faults, self.events()
        events = self.events()
        assert not [event for event in events if event.name == "bug"], events
        if faults:
            assert len([event for event in events if event.name in REFUSALS]) == faults
        for event in events:
            text = event.text + event.subject + event.fix
            assert "0010100000000" not in text
        control = self.control
        control.ask_session(2, "ims")
        self.control_gnb.next(ngap.PDUSessionResourceSetupRequest)
        control.resources(2)
        control.go_idle()
        control.service_request(uplink=[1])
        control.downlink(ngap.InitialContextSetupRequest)
        fresh = self.world.terminal(self.control_gnb, 7777)
        fresh.register()
        fresh.establish()

    def terminal(self, number=2):
        """A terminal of the other gNB, registered."""
        ue = self.world.terminal(self.gnb, number)
        ue.register()
        return ue


def status(ue):
    """The 5GMM STATUS that came, as its cause."""
    return ue.expect(nas.MmStatus).cause
