"""N2: one association with a gNB; NGAP messages are read once and dispatched by table (TS 38.413 8, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import ngap
from freehold.core.amf import ngap_errors
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.n2_ue import UE_HANDLERS, initial_ue_message
from freehold.core.amf.procedures import handover, path_switch
from freehold.core.amf.procedures.an_release import lose
from freehold.core.amf.procedures.ng_reset import ng_reset
from freehold.core.amf.procedures.ng_setup import lose_ues, ng_setup, ran_configuration_update
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.procedure import Record, about
from freehold.services.n2 import NGAP_PPID, Association
from freehold.spec import counters
from freehold.spec.errors import PeerError

RELEASING_ERRORS: Final = frozenset({"unknown-local-UE-NGAP-ID", "inconsistent-remote-UE-NGAP-ID"})
"""Error indications after which both sides forget the connection (TS 38.413 10.6)."""


class NodeEntry(msgspec.Struct, frozen=True):
    """A message that concerns the node: whether it may come before its NG Setup, and where it goes."""

    early: bool
    handle: Callable[[AmfFunction, Gnb, Any], None]


def error_indication(amf: AmfFunction, gnb: Gnb, message: ngap.ErrorIndication) -> None:
    """The node reports an error; one about identities ends that connection here too (TS 38.413 8.7.5, 10.6)."""
    cause = message.cause
    words = "without a cause" if cause is None else f"{cause[0]} {cause[1]}"
    amf.fault("Error Indication", f"{gnb} reports an error: {words}", subject=gnb, clause="TS 38.413 8.7.5")
    if cause is not None and cause[1] in RELEASING_ERRORS:
        forget(amf, gnb, message.amf_ue_ngap_id, message.ran_ue_ngap_id)


def acknowledge(amf: AmfFunction, gnb: Gnb, message: ngap.Message) -> None:
    """An answer of the node to a procedure of ours, or to nothing (TS 38.413 10.4)."""
    if not gnb.conversation.deliver(message):
        amf.fault(
            "unsolicited outcome",
            f"{gnb} sent {type(message).__name__}, which nothing waits for",
            subject=gnb,
            clause="TS 38.413 10.4",
        )


def ignore(amf: AmfFunction, _: Gnb, message: ngap.Message) -> None:
    """A message for functions this AMF does not offer, which asks for no answer."""
    amf.environment.count(counters.NGAP_IGNORED, type(message).__name__)


# TS 38.413 8: what concerns a node
NODE_HANDLERS: Mapping[type[Any], NodeEntry] = MappingProxyType(
    {
        ngap.NGSetupRequest: NodeEntry(True, ng_setup),
        ngap.ErrorIndication: NodeEntry(True, error_indication),
        ngap.RANConfigurationUpdate: NodeEntry(False, ran_configuration_update),
        ngap.NGReset: NodeEntry(False, ng_reset),
        ngap.NGResetAcknowledge: NodeEntry(False, acknowledge),
        ngap.AMFConfigurationUpdateAcknowledge: NodeEntry(False, acknowledge),
        ngap.AMFConfigurationUpdateFailure: NodeEntry(False, acknowledge),
        ngap.InitialUEMessage: NodeEntry(False, initial_ue_message),
        ngap.PathSwitchRequest: NodeEntry(False, path_switch.begin),
        ngap.HandoverRequestAcknowledge: NodeEntry(False, handover.acknowledged),
        ngap.HandoverFailure: NodeEntry(False, handover.failed),
        ngap.OverloadStart: NodeEntry(False, ignore),
        ngap.OverloadStop: NodeEntry(False, ignore),
        ngap.UplinkRANConfigurationTransfer: NodeEntry(False, ignore),
        ngap.PWSRestartIndication: NodeEntry(False, ignore),
        ngap.PWSFailureIndication: NodeEntry(False, ignore),
        ngap.UplinkNonUEAssociatedNRPPaTransport: NodeEntry(False, ignore),
        ngap.UplinkRIMInformationTransfer: NodeEntry(False, ignore),
    }
)


def find_connection(amf: AmfFunction, gnb: Gnb, message: Any) -> Connection | None:
    """The connection of a UE-associated message; disorder is answered and forgotten (TS 38.413 10.6)."""
    amf_id, ran_id = message.amf_ue_ngap_id, message.ran_ue_ngap_id
    connection = amf.contexts.connections.get(amf_id)
    if (
        connection is not None
        and connection.gnb is gnb
        and (connection.ran_ue_ngap_id == ran_id or not connection.placed)
    ):
        return connection
    known = connection is not None and connection.gnb is gnb
    cause = ngap_errors.INCONSISTENT_REMOTE if known else ngap_errors.UNKNOWN_LOCAL
    ngap_errors.misplaced(amf, gnb, message, cause)
    forget(amf, gnb, amf_id, ran_id)
    return None


def forget(amf: AmfFunction, gnb: Gnb, amf_ue_ngap_id: int | None, ran_ue_ngap_id: int | None) -> None:
    """TS 38.413 10.6: locally release what has either identity on this NG interface; other nodes' UEs stay."""
    connection = amf.contexts.connections.get(amf_ue_ngap_id or 0)
    if connection is not None and connection.gnb is gnb:
        lose(amf, connection, "the gNB's identities of the UE are in disorder")
    other = gnb.connections.get(-1 if ran_ue_ngap_id is None else ran_ue_ngap_id)
    if other is not None:
        lose(amf, other, "the gNB's identities of the UE are in disorder")


class N2Link:
    """The AMF's end of one association (an AssociationUser)."""

    __slots__ = ("amf", "gnb")

    def __init__(self, amf: AmfFunction, association: Association) -> None:
        self.amf = amf
        self.gnb = Gnb(association)
        self.gnb.conversation = amf.driver.converse(self.gnb)

    def received(self, octets: bytes, stream: int, ppid: int) -> None:
        """One SCTP message: decode, answer its faults, dispatch; a mistake of ours ends here (TS 38.412 7)."""
        amf = self.amf
        decoded = ngap.decode(octets, amf.configuration.any_ie_order)
        tap = amf.environment.tap
        if not tap.heard:
            self._handle(decoded, stream, ppid)
            return
        connection = amf.contexts.connections.get(decoded.identifier("amf_ue_ngap_id") or 0)
        subject = "" if connection is None else connection.subject
        before = tap.attend(subject)
        try:
            if tap.active:
                self._record(octets, decoded.message, subject)
            self._handle(decoded, stream, ppid)
        finally:
            tap.leave(before)

    def _handle(self, decoded: ngap.Decoded[ngap.Message], stream: int, ppid: int) -> None:
        amf, gnb = self.amf, self.gnb
        if ppid == 0 and not gnb.ready:
            text = f"{gnb} sends payload protocol 0 instead of {NGAP_PPID}: taken as NGAP"
            amf.tell("ppid", text, subject=gnb, clause="TS 38.412 7")
        elif ppid not in {NGAP_PPID, 0}:
            amf.fault("PPID", f"{gnb} sent payload protocol {ppid} instead of {NGAP_PPID}", clause="TS 38.412 7")
            return
        try:
            if decoded.faults:
                ngap_errors.answer_faults(amf, gnb, decoded, stream)
            if decoded.message is not None:
                self.dispatch(decoded.message)
        except PeerError as wrong:
            amf.tell("ngap-value", f"{gnb}: {wrong}", subject=gnb, clause="TS 38.413 10.4")
            if decoded.message is not None:
                ngap_errors.misplaced(amf, gnb, decoded.message, ngap_errors.SEMANTIC, stream)
        except Exception as bug:  # noqa: BLE001 - isolated: one message of one gNB, never the process
            amf.broke(bug, f"a {type(decoded.message).__name__} of {gnb}")

    def dispatch(self, message: ngap.Message) -> None:
        """By table: messages of the node, of a UE, and those this AMF does not know (TS 38.413 10.3.4.1, 10.4)."""
        amf, gnb, kind = self.amf, self.gnb, type(message)
        entry = NODE_HANDLERS.get(kind)
        if not gnb.ready and (entry is None or not entry.early):
            ngap_errors.misplaced(amf, gnb, message)
            return
        if entry is not None:
            entry.handle(amf, gnb, message)
            return
        handle = UE_HANDLERS.get(kind)
        if handle is not None:
            connection = find_connection(amf, gnb, message)
            if connection is not None:
                handle(amf, connection, message)
            return
        self.unsupported(message)

    def unsupported(self, message: ngap.Message) -> None:
        """A procedure this AMF does not provide: its own failure, or its criticality decides (TS 38.413 10.3.4.1)."""
        amf, gnb = self.amf, self.gnb
        if message.kind != "initiatingMessage" or message.criticality != "reject":
            ignore(amf, gnb, message)
        else:
            ngap_errors.misplaced(amf, gnb, message, ngap_errors.REJECTED)

    def lost(self, reason: str) -> None:
        """The association is gone: its UEs are idle (TS 38.412 7, TS 23.502 4.2.6)."""
        amf, gnb = self.amf, self.gnb
        gnb.conversation.abort(reason)
        lose_ues(amf, gnb, f"N2 lost: {reason}")
        if gnb.identity is not None:
            if amf.contexts.gnbs.get(gnb.identity) is gnb:
                del amf.contexts.gnbs[gnb.identity]
            amf.tell("gnb-lost", f"gNB {gnb} is gone: {reason}", subject=gnb)
            gnb.identity = None

    def _record(self, octets: bytes, message: ngap.Message | None, subject: object) -> None:
        environment = self.amf.environment
        environment.tap.record(
            Record(
                environment.now(),
                "N2",
                str(self.gnb),
                self.amf.configuration.name,
                "undecodable" if message is None else type(message).__name__,
                octets=octets,
                value=message,
                subject=str(subject),
                about=about(subject),
            )
        )
