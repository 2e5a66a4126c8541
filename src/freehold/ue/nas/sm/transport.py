"""5GSM messages through the AMF: UL and DL NAS TRANSPORT at the UE (TS 24.501 5.4.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold.codecs import nas
from freehold.codecs.nas import (
    DlNasTransport,
    GprsTimer3,
    PayloadContainerType,
    PduSessionModificationCommand,
    PduSessionModificationCommandReject,
    PduSessionModificationComplete,
    PduSessionReleaseCommand,
    PduSessionReleaseComplete,
    RequestType,
    SmMessage,
    SmStatus,
    SNssaiElement,
    UlNasTransport,
)
from freehold.spec.causes import SmCause
from freehold.spec.identities import SNssai
from freehold.ue.nas.link import Link, Released

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

UNASSIGNED_PTI, RESERVED_PTI = 0, 255
"""TS 24.007 11.2.3.1a."""
COMPLETIONS: Final[Mapping[type[SmMessage], type[SmMessage]]] = MappingProxyType(
    {
        PduSessionReleaseCommand: PduSessionReleaseComplete,
        PduSessionModificationCommand: PduSessionModificationComplete,
    }
)
"""How each command is completed (TS 24.501 6.3.2.3, 6.3.3.3)."""
COMMANDS: Final = tuple(COMPLETIONS)


class Undelivered(msgspec.Struct, frozen=True, gc=False):
    """The AMF gave a 5GSM message back: its session, its transaction, the 5GMM cause (TS 24.501 5.4.5.3.1)."""

    pdu_session_identity: int
    pti: int
    cause: int
    back_off_timer: GprsTimer3 | None = None


class SessionChannel:
    """The channel of one PDU session: wraps its messages in UL NAS TRANSPORT (TS 24.501 5.4.5.2.2)."""

    __slots__ = ("_dnn", "_identity", "_link", "_request_type", "_snssai")

    def __init__(
        self,
        link: Link,
        identity: int,
        *,
        request_type: RequestType | None = None,
        dnn: str | None = None,
        snssai: SNssai | None = None,
    ) -> None:
        self._link = link
        self._identity = identity
        self._request_type = request_type
        self._dnn = dnn
        self._snssai = SNssaiElement(snssai) if snssai is not None else None

    def send(self, message: SmMessage) -> None:
        """Send one 5GSM message."""
        self._link.send(
            UlNasTransport(
                PayloadContainerType.N1_SM_INFORMATION,
                nas.encode(message),
                pdu_session_identity=self._identity,
                request_type=self._request_type,
                snssai=self._snssai,
                dnn=self._dnn,
            )
        )


def of_transaction(identity: int, pti: int) -> Callable[[Any], bool]:
    """Accepts answers of one transaction, and the loss of the connection."""
    return lambda message: (
        isinstance(message, Released) or (message.pdu_session_identity, message.pti) == (identity, pti)
    )


def delivered(ue: Terminal, transport: DlNasTransport, dispatch: Callable[[Terminal, SmMessage], None]) -> None:
    """DL NAS TRANSPORT: a 5GSM message for `dispatch`, or one given back (TS 24.501 5.4.5.3.3)."""
    if transport.payload_container_type != PayloadContainerType.N1_SM_INFORMATION:
        return  # SMS, LPP, policies and updates have no user in this terminal
    decoded = nas.decode(transport.payload_container)
    message = decoded.message
    if transport.cause is not None:
        if isinstance(message, SmMessage):
            identity, pti = message.pdu_session_identity, message.pti
            ue.conversation.deliver(Undelivered(identity, pti, transport.cause, transport.back_off_timer))
        return
    if isinstance(message, SmMessage):
        dispatch(ue, message)
        return
    cause = next((fault.cause for fault in decoded.faults if fault.cause is not None), None)
    octets = transport.payload_container
    if cause is not None and len(octets) > 2 and transport.pdu_session_identity is not None:
        status(ue, octets[1], octets[2], cause)  # TS 24.501 7.4, 7.5.1


def status(ue: Terminal, identity: int, pti: int, cause: int) -> None:
    """5GSM STATUS (TS 24.501 6.5.1)."""
    SessionChannel(ue.link, identity).send(SmStatus(identity, pti, cause))


def misfit(ue: Terminal, message: SmMessage) -> None:
    """A 5GSM message that no transaction waits for (TS 24.501 7.3)."""
    identity, pti = message.pdu_session_identity, message.pti
    channel, completed = SessionChannel(ue.link, identity), ue.sm.completed.get(pti)
    if identity not in range(1, 16) or pti == RESERVED_PTI or isinstance(message, SmStatus):
        return  # TS 24.501 6.5.2, 7.3.1 d, 7.3.2
    if pti == UNASSIGNED_PTI:
        if isinstance(message, COMMANDS) and identity not in ue.sm.sessions:
            status(ue, identity, pti, SmCause.INVALID_PDU_SESSION_IDENTITY)  # TS 24.501 7.3.2
    elif completed is not None and type(completed) is COMPLETIONS.get(type(message)):
        channel.send(completed)  # TS 24.501 7.3.1: the network had not got it
    elif isinstance(message, PduSessionModificationCommand):
        channel.send(PduSessionModificationCommandReject(identity, pti, SmCause.PTI_MISMATCH))  # TS 24.501 7.3.1
    else:
        status(ue, identity, pti, SmCause.PTI_MISMATCH)  # TS 24.501 7.3.1
