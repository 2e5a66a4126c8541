"""NAS between terminal and AMF, untouched (TS 38.413 8.6.2, 8.6.3, 8.6.4)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.ran.cu_cp.link import UeChannel
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Ue


def downlink(ue: Ue, message: ngap.DownlinkNASTransport) -> None:
    """Hand NAS to the terminal (TS 38.413 8.6.2.2)."""
    deliver(ue, message.nas_pdu)


def deliver(ue: Ue, octets: bytes | None) -> None:
    """Hand NAS to the terminal, or tell the AMF that it did not arrive (TS 38.413 8.6.4.2)."""
    if octets is None:
        return
    if not ue.radio.lost:
        ue.terminal.downlink_nas(octets)
    elif ue.amf_ue_ngap_id is not None:
        UeChannel(ue).send(
            ngap.NASNonDeliveryIndication(
                amf_ue_ngap_id=ue.amf_ue_ngap_id,
                ran_ue_ngap_id=ue.ran_ue_ngap_id,
                nas_pdu=octets,
                cause=_why_not(ue),
            )
        )


def _why_not(ue: Ue) -> ngap.Cause:
    """The terminal is on its way to another gNB, or out of reach (TS 38.413 8.6.4.2)."""
    return on_its_way(ue) or ("radioNetwork", "radio-connection-with-ue-lost")


def on_its_way(ue: Ue) -> ngap.Cause | None:
    """Why nothing changes at a terminal that was sent to another gNB (TS 38.413 9.3.1.2); None where it was not."""
    if ue.stage is not Stage.LEAVING or ue.handover is None:
        return None
    over_n2 = ue.handover.xn is None
    return ("radioNetwork", "ng-intra-system-handover-triggered" if over_n2 else "xn-handover-triggered")


def uplink(ue: Ue, octets: bytes) -> None:
    """Hand NAS to the AMF with the terminal's place (TS 38.413 8.6.3.2); before its first answer there is no way."""
    gnb = ue.link.gnb
    if ue.amf_ue_ngap_id is None and ue.handover is not None:
        ue.handover.waiting.append(octets)  # TS 38.413 8.4.4.2: the AMF's identifier comes with the acknowledgement
    if ue.amf_ue_ngap_id is None or not gnb.serves(ue):
        return
    ue.activity.last = gnb.driver.environment.now()
    UeChannel(ue).send(
        ngap.UplinkNASTransport(
            amf_ue_ngap_id=ue.amf_ue_ngap_id,
            ran_ue_ngap_id=ue.ran_ue_ngap_id,
            nas_pdu=octets,
            user_location_information=gnb.location,
        )
    )
