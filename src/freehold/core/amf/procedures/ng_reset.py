"""NG Reset, both ways (TS 38.413 8.7.4)."""

from __future__ import annotations

from typing import Any

from freehold.codecs import ngap
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import lose
from freehold.core.amf.procedures.ng_setup import reset_ues
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.procedure import Collision, exchange, procedure


def ng_reset(amf: AmfFunction, gnb: Gnb, message: ngap.NGReset) -> None:
    """NG RESET of the node: of the whole interface, or of the connections it lists (TS 38.413 8.7.4.2.2)."""
    kind, listed = message.reset_type
    if kind == "nG-Interface":
        reset_ues(amf, gnb, "NG reset by the gNB")
        send_ngap(amf, gnb, ngap.NGResetAcknowledge())
        return
    items: Any = listed if kind == "partOfNG-Interface" else []
    for item in items:
        connection = find(amf, gnb, item)
        if connection is not None:
            lose(amf, connection, "NG reset by the gNB")
    # TS 38.413 8.7.4.2.2: every connection of the request is in the answer, also an unknown one, in its order
    send_ngap(amf, gnb, ngap.NGResetAcknowledge(ue_associated_logical_ng_connection_list=items or None))


def find(amf: AmfFunction, gnb: Gnb, item: ngap.UEAssociatedLogicalNGConnectionItem) -> Connection | None:
    """The connection of an item, by either identity, of this node only."""
    if item.amf_ue_ngap_id is not None:
        connection = amf.contexts.connections.get(item.amf_ue_ngap_id)
        return connection if connection is not None and connection.gnb is gnb else None
    return None if item.ran_ue_ngap_id is None else gnb.connections.get(item.ran_ue_ngap_id)


class NodeChannel:
    """The non-UE-associated channel of a node."""

    __slots__ = ("amf", "gnb")

    def __init__(self, amf: AmfFunction, gnb: Gnb) -> None:
        self.amf = amf
        self.gnb = gnb

    def send(self, message: ngap.Message) -> None:
        """Send on stream 0 (TS 38.412 7)."""
        send_ngap(self.amf, self.gnb, message)


@procedure(spec="TS 38.413 8.7.4.2.1", collides={"reset_by_amf": Collision.DROP})
async def reset_by_amf(amf: AmfFunction, gnb: Gnb) -> None:
    """The AMF resets a node: its UEs' connections end on both sides."""
    reset_ues(amf, gnb, "NG reset by the AMF")
    message = ngap.NGReset(cause=("misc", "om-intervention"), reset_type=("nG-Interface", "reset-all"))
    await exchange(NodeChannel(amf, gnb), message, ngap.NGResetAcknowledge, timer="NGAP-response")
