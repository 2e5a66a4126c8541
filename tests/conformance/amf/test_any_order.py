"""Any message in any order at any time: no mistake of ours, no context left, every other UE served."""

import random

import pytest

from amfkit.harness import World, from_smf
from amfkit.neighbours import SLICE
from amfkit.watched import Watched
from freehold.codecs import nas, ngap
from freehold.procedure import Signal
from freehold.services.errors import ServiceError
from freehold.stack.nas_security import HeaderType

SETUP = "PDU_RES_SETUP_REQ"


class Walker:
    """A terminal and its gNB that do what the dice say."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.world = World()
        self.gnbs = [self.world.gnb(), self.world.gnb()]
        self.ues = [self.world.terminal(self.gnbs[n % 2], n + 1) for n in range(3)]
        self.pending = {}

    def step(self):
        ue = self.dice.choice(self.ues)
        self.dice.choice(ACTIONS)(self, ue)
        for each in self.ues:
            self.hear(each)

    def hear(self, ue):
        """Follow what came down, as far as it is readable, like a terminal would."""
        for message in ue.gnb.all():
            nas_pdu = getattr(message, "nas_pdu", None)
            owner = next((each for each in self.ues if each.ran_id == getattr(message, "ran_ue_ngap_id", -1)), None)
            if owner is None:
                continue
            owner.amf_id = getattr(message, "amf_ue_ngap_id", owner.amf_id)
            if isinstance(nas_pdu, bytes) and self.dice.random() < 0.8:
                self.follow(owner, nas_pdu)

    def follow(self, ue, octets):
        if octets[1] == HeaderType.INTEGRITY_NEW_CONTEXT and ue.kamf is not None:
            command = nas.decode(octets[7:]).message
            chosen = command.security_algorithms
            kind = ue.security.__class__ if ue.security else None
            ue.security = make_security(kind, ue, command, chosen)
            ue.security.unprotect(octets)
            ue.request = ue.registration_request(identity=ue.suci)
            ue.complete()
            return
        if octets[1] and (ue.security is None or not (verdict := ue.security.unprotect(octets)).verified):
            return
        message = nas.decode(verdict.plain if octets[1] else octets).message
        if isinstance(message, nas.AuthenticationRequest):
            ue.tell(ue.response(message))
        elif isinstance(message, nas.RegistrationAccept):
            ue.guti = message.guti
            ue.tell(nas.RegistrationComplete())
        elif isinstance(message, nas.IdentityRequest):
            ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
        elif isinstance(message, nas.ConfigurationUpdateCommand) and message.guti is not None:
            ue.guti = message.guti
            ue.tell(nas.ConfigurationUpdateComplete())
        elif isinstance(message, nas.DeregistrationRequestToUe):
            ue.tell(nas.DeregistrationAcceptFromUe())

    def end(self):
        """Everything is let go; nothing may stay."""
        for signal in self.pending.values():
            signal.set(None)
        for function in (self.world.home, self.world.smf, self.world.nssf):
            function.hold.clear()
            function.fail.clear()
        for gnb in self.gnbs:
            gnb.lose()
        self.world.run_for(2 * 3480 + 60)


def make_security(_, ue, command, chosen):
    from freehold.stack.nas_security import NasSecurity

    return NasSecurity("ue", ue.kamf, command.ng_ksi.value, nea=chosen.ciphering, nia=chosen.integrity)


def connected(action):
    def act(walker, ue):
        if ue.amf_id is not None:
            action(walker, ue)

    return act


def start(walker, ue):
    ue.start()


def update(walker, ue):
    if ue.security is not None and ue.guti is not None:
        kind = walker.dice.choice([1, 2, 3])
        whole = ue.registration_request(
            kind=kind, ksi=0, uplink_data_status=walker.dice.choice([None, [1], [1, 2]]), pdu_session_status=[1]
        )
        ue.begin(ue.protected_initial(ue.registration_request(kind=kind, ksi=0), whole))


def service(walker, ue):
    if ue.security is not None and ue.guti is not None:
        ue.service_request(kind=walker.dice.choice([0, 1, 2]), uplink=walker.dice.choice([None, [1], [2]]))


@connected
def any_nas(walker, ue):
    ue.tell(
        walker.dice.choice(
            [
                nas.RegistrationComplete(),
                nas.SecurityModeComplete(),
                nas.SecurityModeReject(cause=24),
                nas.AuthenticationFailure(cause=walker.dice.choice([20, 26, 71, 111])),
                nas.AuthenticationResponse(response_parameter=bytes(16)),
                nas.ConfigurationUpdateComplete(),
                nas.DeregistrationAcceptFromUe(),
                nas.MmStatus(cause=111),
                nas.IdentityResponse(mobile_identity=ue.suci),
                ue.registration_request(identity=ue.suci),
            ]
        )
    )


@connected
def session(walker, ue):
    ue.ask_session(walker.dice.choice([1, 1, 2, 0, 99]), walker.dice.choice(["internet", "ims", "none", None]))


@connected
def leave(walker, ue):
    ue.tell(
        nas.DeregistrationRequestFromUe(
            deregistration_type=nas.DeregistrationType(switch_off=walker.dice.random() < 0.5),
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=0),
            mobile_identity=ue.guti or ue.suci,
        )
    )


@connected
def any_ngap(walker, ue):
    ids = ue.ids()
    cause = ("radioNetwork", "user-inactivity")
    ue.gnb.send(
        walker.dice.choice(
            [
                ngap.InitialContextSetupResponse(**ids),
                ngap.InitialContextSetupFailure(**ids, cause=cause),
                ngap.UEContextReleaseRequest(**ids, cause=cause),
                ngap.UEContextReleaseComplete(**ids),
                ngap.UERadioCapabilityInfoIndication(**ids, ue_radio_capability=b"radio"),
                ngap.ErrorIndication(**ids, cause=("radioNetwork", "unknown-local-UE-NGAP-ID")),
                ngap.NGReset(cause=cause, reset_type=("nG-Interface", "reset-all")),
            ]
        ),
        1,
    )


@connected
def set_up(walker, ue):
    ue.gnb.send(ngap.InitialContextSetupResponse(**ue.ids()), 1)
    ue.resources(walker.dice.choice([1, 2]))


def downlink(walker, ue):
    data = {"n2_sm_info": walker.world.smf.TRANSFER, "n2_sm_info_type": SETUP}
    if walker.dice.random() < 0.5:
        data = {"n1_sm_message": b"\x2e\1\0\xcb"}
    try:
        from_smf(walker.world, ue, **data)
    except ServiceError:
        return


def operator(walker, ue):
    if walker.world.amf.ue(ue.subscription.supi) is not None:
        walker.world.amf.start_deregistration(ue.subscription.supi)


def wait(walker, ue):
    walker.world.run_for(walker.dice.choice([0.1, 3, 7, 31]))


def slow(walker, ue):
    operation = walker.dice.choice(["authenticate", "get_am_data", "create_sm_context", "update_sm_context", "select"])
    function = {"authenticate": walker.world.home, "get_am_data": walker.world.home, "select": walker.world.nssf}.get(
        operation, walker.world.smf
    )
    if operation in walker.pending:
        function.hold.pop(operation, None)
        walker.pending.pop(operation).set(None)
    else:
        function.hold[operation] = walker.pending[operation] = Signal()


def broken(walker, ue):
    operation = walker.dice.choice(["confirm", "register_amf", "update_sm_context", "release_sm_context"])
    function = walker.world.smf if "sm_" in operation else walker.world.home
    if operation in function.fail:
        del function.fail[operation]
    else:
        function.fail[operation] = ServiceError(500, "SYSTEM_FAILURE")


def radio_lost(walker, ue):
    number = ue.gnb.number
    if walker.dice.random() < 0.2:
        ue.gnb.lose()
        again = type(ue.gnb)(walker.world, number)
        again.next_id = ue.gnb.next_id
        again.setup()
        walker.gnbs = [again if gnb.number == number else gnb for gnb in walker.gnbs]
        for each in walker.ues:
            if each.gnb.number == number:
                each.gnb, each.amf_id = again, None


ACTIONS = [start, update, service, any_nas, session, leave, any_ngap, set_up, downlink, operator, wait, slow, broken]
ACTIONS += [start, set_up, session, update, service, radio_lost]


@pytest.mark.parametrize("seed", range(40))
def test_when_anything_comes_in_any_order_then_nothing_breaks_and_nothing_stays(seed):
    walker = Walker(seed)
    for _ in range(150):
        walker.step()
        assert not walker.world.events("bug"), walker.world.events("bug")
    walker.end()
    assert not walker.world.events("bug"), walker.world.events("bug")
    assert walker.world.baseline() == {"ues": 0, "connections": 0, "gnbs": 0, "sessions": 0}
    assert walker.world.amf.function.contexts.tmsis == {}


@pytest.mark.parametrize("seed", range(4))
def test_when_protected_nas_is_mutated_then_nothing_breaks(seed):
    watched = Watched()
    dice = random.Random(seed)
    ue = watched.terminal()
    corpus = [
        nas.encode(message)
        for message in (
            ue.registration_request(kind=2, requested_nssai=nas.nssai((SLICE,)), pdu_session_status=[1]),
            nas.UlNasTransport(
                payload_container_type=1, payload_container=b"\x2e\1\1\xc1\xff\xff", pdu_session_identity=1, dnn="ims"
            ),
            nas.SecurityModeComplete(nas_message_container=b"\x7e\0\x41\x79"),
            nas.IdentityResponse(mobile_identity=ue.suci),
        )
    ]
    for _ in range(5000):
        octets = bytearray(dice.choice(corpus))
        for _ in range(dice.randint(1, 5)):
            octets[dice.randrange(2, len(octets))] = dice.randrange(256)
        if dice.random() < 0.2:
            del octets[dice.randrange(3, len(octets)) :]
        if ue.gnb.link.gnb.connections.get(ue.ran_id) is None:
            ue.register()
        ue.uplink(ue.security.protect(bytes(octets)))
        kinds = [type(message) for message in watched.gnb.all()]
        if ngap.UEContextReleaseCommand in kinds:
            ue.released()
        if watched.world.amf.function.contexts.connections.get(ue.amf_id) is None:
            ue.register()
    assert not watched.world.events("bug"), watched.world.events("bug")
    assert watched.faults() > 500
    watched.check(faults=watched.faults())
