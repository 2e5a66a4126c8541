"""A 5GSM message from a UE finds its SMF (TS 24.501 5.4.5.2, TS 23.502 4.3.2.2.1 steps 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from freehold.codecs import nas
from freehold.codecs.nas import RequestType
from freehold.core.amf.channels import N1
from freehold.core.amf.delivery import free, pass_on, transport
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Session, Ue
from freehold.procedure import Call, Collision, procedure
from freehold.services import nsmf
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextCreateData, SmContextUpdateData
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.spec.errors import Reject
from freehold.spec.failures import Unmet
from freehold.spec.identities import SNssai

IGNORED: Final = "N1_SM_ERROR"
"""What an SMF says of a 5GSM message (TS 29.502 6.1.7.3); with no answer for the UE there is none to give."""
PDU_SESSION_IDS: Final = range(1, 16)
"""Assigned PDU session identities; 0 is none, the others are reserved (TS 24.007 11.2.3.1b)."""


def same_session(running: Call[Any], new: Call[Any]) -> Collision:
    """One 5GSM message of a session after the other, sessions beside each other."""
    same = _session_id(running) == _session_id(new)
    return Collision.QUEUE if same else Collision.PARALLEL


def _session_id(call: Call[Any]) -> int | None:
    argument = call.arguments[2]
    return argument.pdu_session_id if isinstance(argument, Session) else getattr(argument, "pdu_session_identity", None)


async def give_back(reject: Reject, amf: AmfFunction, ue: Ue, message: nas.UlNasTransport) -> None:
    """DL NAS TRANSPORT with the payload that was not forwarded and why (TS 24.501 5.4.5.3.1 case e)."""
    N1(amf, ue).send(transport(message.pdu_session_identity or 0, message.payload_container, reject.cause))
    amf.environment.count(counters.SESSION_NOT_FORWARDED, f"5GMM #{int(reject.cause)}")
    amf.tell(
        "session-not-forwarded",
        f"PDU session {message.pdu_session_identity}: {reject.why}",
        subject=ue,
        fix=reject.fix,
        clause="TS 24.501 5.4.5.2.5",
        cause=f"5GMM #{int(reject.cause)}",
        unmet=reject.unmet,
    )


async def answer(error: Exception, amf: AmfFunction, ue: Ue, message: nas.UlNasTransport) -> None:
    """The SMF's own reject goes to the UE as it is; without one the payload goes back (TS 29.502 5.2.2.2.1)."""
    if not isinstance(error, ServiceError):
        return
    session_id = message.pdu_session_identity or 0
    if error.n1_sm_message is None and error.application_error == IGNORED:
        # TS 24.501 7.2.1, 7.3.1 d, 7.3.2 c
        amf.fault("5GSM ignored", f"a 5GSM message was ignored: {error.detail}", subject=ue, clause="TS 24.501 7.3")
        return
    if error.n1_sm_message is None:
        why = f"the SMF did not take the request ({error})"
        unmet = error.unmet or Unmet("function-failed", str(error))
        reject = Reject(MmCause.PAYLOAD_WAS_NOT_FORWARDED, why, "see the SMF's events", unmet=unmet)
        await give_back(reject, amf, ue, message)
        return
    N1(amf, ue).send(transport(session_id, error.n1_sm_message))


@procedure(
    spec="TS 24.501 5.4.5.2",
    collides={"uplink_nas_transport": same_session, "session_resources": same_session},
    on_reject=give_back,
    on_failure=answer,
)
async def uplink_nas_transport(amf: AmfFunction, ue: Ue, message: nas.UlNasTransport) -> None:
    """Route one 5GSM message by its PDU session identity, request type, slice and DNN."""
    identity = message.pdu_session_identity
    if identity is None or identity not in PDU_SESSION_IDS:
        raise Reject(
            MmCause.PAYLOAD_WAS_NOT_FORWARDED,
            f"{identity} is no PDU session identity: 1 to 15 are",
            "look at the terminal: it breaks TS 24.007 11.2.3.1b",
            unmet=Unmet("session-identity", str(identity), "1 to 15"),
        )
    session = ue.session(identity)
    route = ROUTES.get((session is not None, message.request_type), refuse)
    await route(amf, ue, session, message)


async def forward(amf: AmfFunction, ue: Ue, session: Session | None, message: nas.UlNasTransport) -> None:
    """TS 24.501 5.4.5.2.3 a 1: the routing context names the SMF."""
    if session is not None and session.reference:
        data = SmContextUpdateData(n1_sm_message=message.payload_container)
        pass_on(amf, ue, session, await session.smf.update_sm_context(session.reference, data))


async def replace(amf: AmfFunction, ue: Ue, session: Session | None, message: nas.UlNasTransport) -> None:
    """An initial request for a session that is there: the old one is released locally (TS 24.501 5.4.5.2.5)."""
    if session is not None:
        ue.drop_session(session)
        free(amf, ue, session)
        if session.reference:
            with suppress(ServiceError):  # gone already, which is what was wanted
                await session.smf.release_sm_context(session.reference, "REL_DUE_TO_DUPLICATE_SESSION_ID")
    await establish(amf, ue, None, message)


async def establish(amf: AmfFunction, ue: Ue, _: Session | None, message: nas.UlNasTransport) -> None:
    """TS 24.501 5.4.5.2.3 a 3: choose slice, DNN and SMF, keep the routing context, forward."""
    supi, tai = ue.identity.supi, ue.mobility.tai
    if supi is None or tai is None:
        raise Reject(MmCause.PAYLOAD_WAS_NOT_FORWARDED, "the terminal is not registered", unmet=Unmet("not-registered"))
    slice_ = select_slice(ue, message)
    dnns = (await amf.peers.udm.get_smf_select_data(supi, slice_)).dnns
    dnn = (message.dnn or "").lower() or next(iter(dnns), "")
    if dnn not in dnns:
        raise Reject(
            MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE,
            f"DNN {message.dnn!r} is not among the subscriber's {', '.join(dnns) or 'none'} of slice {slice_}",
            f"add the DNN to the subscriber's slice {slice_} and as a [[dnn]], or change the terminal's APN",
            unmet=Unmet(
                "dnn-not-subscribed",
                f"DNN {message.dnn} in slice {slice_}",
                f"DNN {', '.join(dnns) or 'none'} in slice {slice_}",
                {"dnn": dnn, "slice": str(slice_)},
            ),
        )
    session = Session(message.pdu_session_identity or 0, slice_, dnn, await amf.select_smf(slice_, dnn))
    # TS 24.501 5.4.5.2.3: kept before the SMF is asked, which may answer the UE at once
    ue.sessions += (session,)
    try:
        session.reference = await session.smf.create_sm_context(
            SmContextCreateData(
                supi=supi,
                pdu_session_id=session.pdu_session_id,
                slice=slice_,
                dnn=dnn,
                dnn_selected_by_ue=message.dnn is not None,
                guami=amf.configuration.guami,
                tai=tai,
                n1_sm_message=message.payload_container,
                request_type=REQUEST_TYPES.get(message.request_type or 0, "INITIAL_REQUEST"),
                pei=ue.identity.pei,
            )
        )
    except Exception:
        ue.drop_session(session)
        raise
    if session.gone:
        # the UE left, or asked anew, while the SMF was at work: nobody else knows the reference
        with suppress(ServiceError):
            await session.smf.release_sm_context(session.reference, "REL_DUE_TO_UNSPECIFIED_REASON")


def select_slice(ue: Ue, message: nas.UlNasTransport) -> SNssai:
    """The slice asked for if it is allowed, else the first allowed one (TS 24.501 5.4.5.2.3 a 3 i)."""
    allowed = ue.mobility.allowed
    if message.snssai is None:
        if allowed:
            return allowed[0]
        raise Reject(
            MmCause.PAYLOAD_WAS_NOT_FORWARDED,
            "the terminal has no allowed slice",
            "subscribe it to a slice",
            unmet=Unmet("slice-not-allowed", "any slice", "none is allowed"),
        )
    if message.snssai.snssai in allowed:
        return message.snssai.snssai
    raise Reject(
        MmCause.PAYLOAD_WAS_NOT_FORWARDED,
        f"slice {message.snssai.snssai} is not among the allowed {', '.join(map(str, allowed)) or 'none'}",
        "subscribe the terminal to the slice and configure it as a [[slice]] of AMF and gNB",
        unmet=Unmet(
            "slice-not-allowed",
            f"slice {message.snssai.snssai}",
            f"slice {', '.join(map(str, allowed)) or 'none'}",
            {"slice": str(message.snssai.snssai)},
        ),
    )


async def refuse(_: AmfFunction, __: Ue, session: Session | None, message: nas.UlNasTransport) -> None:
    """TS 24.501 5.4.5.2.5: nothing says where the message belongs."""
    there = "known" if session else "unknown"
    raise Reject(
        MmCause.PAYLOAD_WAS_NOT_FORWARDED,
        f"request type {message.request_type} for a PDU session that is {there} here leads nowhere",
        "look at the terminal; emergency and multi-access sessions are not provided",
        unmet=Unmet("request-type", f"request type {message.request_type}", f"the session is {there} here"),
    )


REQUEST_TYPES: Final[Mapping[int, nsmf.RequestType]] = MappingProxyType(
    {
        RequestType.INITIAL_REQUEST: "INITIAL_REQUEST",
        RequestType.EXISTING_PDU_SESSION: "EXISTING_PDU_SESSION",
        RequestType.MODIFICATION_REQUEST: "MODIFICATION_REQUEST",
    }
)
Route = Callable[[AmfFunction, Ue, "Session | None", nas.UlNasTransport], Coroutine[Any, Any, None]]
# TS 24.501 5.4.5.2.3 and 5.4.5.2.5 by (a routing context is there, request type); a missing pair is not forwarded
ROUTES: Mapping[tuple[bool, int | None], Route] = MappingProxyType(
    {
        (True, None): forward,
        (True, RequestType.MODIFICATION_REQUEST): forward,
        (True, RequestType.EXISTING_PDU_SESSION): forward,
        (True, RequestType.INITIAL_REQUEST): replace,
        (False, RequestType.INITIAL_REQUEST): establish,
        (False, RequestType.EXISTING_PDU_SESSION): establish,
    }
)
