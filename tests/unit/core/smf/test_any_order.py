"""Whatever happens in whatever order, with lost datagrams and restarts: nothing leaks, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.pfcp.flags import ReportType
from freehold.procedure import Signal
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec.errors import Aborted

from .world import OTHER, SUPI, Tunnel, World, asking, carried_out, response

FAILED = ngap.encode_value(ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=("misc", "unspecified")))
RELEASED = ngap.encode_value(ngap.PDUSessionResourceReleaseResponseTransfer())


class Chaos:
    """Draws events from a seed; what an AMF would wait for is kept, to be settled in the end."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World(timers={"PFCP-T1": 1})
        self.calls: list[Signal[Any]] = []
        self.references = ["1", "77"]
        self.lossy = False
        send, to_smf = self.world.send, self.world.to_smf
        self.world.send = lambda *args: None if self.lost(args[0]) else send(*args)  # type: ignore[method-assign]
        self.world.to_smf = lambda *args: None if self.lost(args[0]) else to_smf(*args)  # type: ignore[method-assign]

    def lost(self, octets: bytes) -> bool:
        """Not a new session's messages: a UPF that never hears again of what it answered keeps it."""
        new = octets[1] in {pfcp.SessionEstablishmentRequest.number, pfcp.SessionEstablishmentResponse.number}
        return self.lossy and not new and self.random.random() < 0.4

    def call(self, operation: Coroutine[Any, Any, Any]) -> None:
        self.calls.append(self.world.caller.perform(carried_out(operation)))

    def update(self, **changes: Any) -> None:
        reference = self.random.choice(self.references)
        self.call(self.world.smf.update_sm_context(reference, SmContextUpdateData(**changes)))

    # --- events ------------------------------------------------------------------------------------
    def create(self) -> None:
        session = self.random.randint(1, 3)
        supi = self.random.choice((SUPI, OTHER))
        self.call(self.world.smf.create_sm_context(self.world.data(asking(session), session=session, supi=supi)))
        self.references = [found.reference for found in self.world.smf.sessions] or ["1"]

    def gnb(self) -> None:
        kind, octets = self.random.choice(
            [
                ("PDU_RES_SETUP_RSP", response(Tunnel(bytes((10, 0, 0, 9)), self.random.randint(1, 99)))),
                ("PDU_RES_SETUP_RSP", response()),
                ("PDU_RES_SETUP_FAIL", FAILED),
                ("PDU_RES_REL_RSP", RELEASED),
            ]
        )
        self.update(n2_sm_info=octets, n2_sm_info_type=kind)

    def ue(self) -> None:
        session = self.random.randint(1, 3)
        message = self.random.choice(
            [
                nas.PduSessionReleaseRequest(session, 5),
                nas.PduSessionReleaseComplete(session, 5),
                nas.SmStatus(session, 5, cause=43),
            ]
        )
        self.update(n1_sm_message=nas.encode(message))

    def connection(self) -> None:
        self.update(up_cnx_state=self.random.choice(("ACTIVATING", "DEACTIVATED")))

    def amf_release(self) -> None:
        self.call(self.world.smf.release_sm_context(self.random.choice(self.references)))

    def network_release(self) -> None:
        self.world.smf.release(self.random.choice((SUPI, OTHER)), self.random.randint(1, 3))

    def report(self) -> None:
        sessions = list(self.world.upf.sessions.values())
        if sessions:
            data = pfcp.SessionReportRequest(ReportType.DLDR, downlink_data_report=pfcp.DownlinkDataReport((2,)))
            self.world.upf.report(data, self.random.choice(sessions))

    def restart(self) -> None:
        self.world.upf.restart()

    def lose(self) -> None:
        self.lossy = not self.lossy

    def unreachable(self) -> None:
        self.world.amf.error = None if self.world.amf.error else ServiceError(504, "UE_NOT_REACHABLE")

    def time(self) -> None:
        self.world.wait(self.random.choice((0.1, 1.5, 11, 30)))

    def run(self, steps: int) -> None:
        events: list[Callable[[], None]] = [
            *[self.create, self.gnb] * 4,
            *[self.ue, self.connection, self.time, self.report] * 2,
            self.amf_release,
            self.network_release,
            self.lose,
            self.unreachable,
        ]
        for _ in range(steps):
            self.random.choice(events)()
            self.world.settle()
            if self.random.random() < 0.01:
                self.restart()

    def heal(self) -> None:
        self.lossy = False
        self.world.amf.error = None
        self.world.wait(300)
        for session in self.world.smf.sessions:
            self.call(self.world.smf.release_sm_context(session.reference))
        self.world.wait(300)


def run(seed: int, steps: int) -> Chaos:
    chaos = Chaos(seed)
    chaos.run(steps)
    chaos.heal()
    return chaos


def nothing_is_left(chaos: Chaos) -> None:
    world = chaos.world
    assert world.smf.sessions == ()
    assert world.udm.registered == set()
    assert world.smf._smf.networks[0].pool.taken == 0
    assert world.smf._smf.unanswered == {}
    assert world.smf._smf.upfs[0].orphans == {}
    assert world.upf.sessions == {}
    assert world.smf._smf.upfs[0].sessions == {}
    assert world.environment.emitted("bug") == []
    assert all(call.settled for call in chaos.calls)
    for call in chaos.calls:
        try:
            call.result()
        except (ServiceError, Aborted):
            continue


@pytest.mark.parametrize("seed", range(40))
def test_when_events_come_in_any_order_then_nothing_is_left_in_the_end(seed: int) -> None:
    nothing_is_left(run(seed, 150))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_when_many_more_events_come_then_nothing_is_left_in_the_end(seed: int) -> None:
    nothing_is_left(run(seed, 400))
