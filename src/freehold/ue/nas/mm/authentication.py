"""5G AKA at the UE: the challenge, its failures, and rejection (TS 24.501 5.4.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    AuthenticationFailure,
    AuthenticationReject,
    AuthenticationRequest,
    AuthenticationResponse,
    MmStatus,
)
from freehold.procedure import procedure
from freehold.spec.causes import MmCause
from freehold.ue.state.mobility import MmEvent, UpdateStatus
from freehold.ue.usim import Failed, PartialContext

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

MOST_FAILURES = 3
"""TS 24.501 5.4.1.3.7: consecutive challenges that may fail before the network is not believed any more."""


@procedure(spec="TS 24.501 5.4.1.3")
async def authentication(ue: Terminal, request: AuthenticationRequest) -> None:
    """Answer one AUTHENTICATION REQUEST."""
    rand, autn, ngksi = request.rand, request.autn, request.ng_ksi.value
    if rand is None or autn is None:
        ue.link.send(MmStatus(MmCause.CONDITIONAL_IE_ERROR))  # TS 24.501 7.7.2
        return
    ue.alarms.stop("T3520")
    partial = ue.usim.partial
    if partial is not None and partial.agreed.rand == rand:  # TS 24.501 5.4.1.3.3: the same challenge again
        ue.link.send(AuthenticationResponse(response_parameter=partial.agreed.res_star))
        return
    security = ue.usim.security
    if security is not None and security.ngksi == ngksi:  # TS 24.501 5.4.1.3.7 e
        failed(ue, Failed(MmCause.NGKSI_ALREADY_IN_USE))
        return
    outcome = ue.usim.authenticate(rand, autn, request.abba, ue.serving_network_name)
    if isinstance(outcome, Failed):
        failed(ue, outcome)
        return
    ue.mm.challenges_failed = 0
    ue.usim.partial = PartialContext(ngksi, outcome)
    ue.link.send(AuthenticationResponse(response_parameter=outcome.res_star))
    ue.alarms.start("T3516", ue.forget_challenge)  # TS 24.501 5.4.1.3.3


def failed(ue: Terminal, failure: Failed) -> None:
    """AUTHENTICATION FAILURE; after the third in a row the cell is barred (TS 24.501 5.4.1.3.6, 5.4.1.3.7)."""
    ue.mm.challenges_failed += 1
    if ue.mm.challenges_failed >= MOST_FAILURES:
        distrust(ue)
        return
    ue.link.send(AuthenticationFailure(failure.cause, failure_parameter=failure.auts))
    ue.alarms.start("T3520", lambda: distrust(ue))


def distrust(ue: Terminal) -> None:
    """The network did not prove itself: release and bar the cell (TS 24.501 5.4.1.3.7)."""
    ue.mm.challenges_failed = 0
    ue.bar_cell()
    ue.release_locally()


@procedure(spec="TS 24.501 5.4.1.3.5")
async def authentication_reject(ue: Terminal, reject: AuthenticationReject) -> None:
    """The network does not accept this USIM: it is invalid until the terminal is switched off."""
    ue.alarms.stop("T3516", "T3520")
    ue.usim.forget()
    ue.usim.invalid = True
    ue.mm.status = UpdateStatus.ROAMING_NOT_ALLOWED
    ue.sessions.drop_all()
    ue.mm.step(MmEvent.DEREGISTERED)
    while ue.conversation.deliver(reject):
        pass
    ue.conversation.abort("the network rejected the authentication", but=authentication_reject)
    ue.expect_release()
