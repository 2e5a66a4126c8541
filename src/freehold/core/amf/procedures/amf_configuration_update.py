"""What a changed configuration of the AMF means for its gNBs and UEs (TS 38.413 8.7.3, TS 23.502 4.2.4.2)."""

from __future__ import annotations

from typing import Final

from freehold.codecs import ngap
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.ng_reset import NodeChannel
from freehold.core.amf.procedures.ng_setup import Refused, judge, plmn_support
from freehold.core.amf.procedures.subscription_change import change_slices
from freehold.core.amf.state.connection import Gnb
from freehold.core.amf.state.machines import MmState
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, Expire, exchange, procedure
from freehold.spec.errors import TimerExpired
from freehold.stack.ngap_values import time_to_wait

TRIES: Final = 3
"""How often a gNB that asks to wait is told of a configuration."""


@procedure(
    spec="TS 38.413 8.7.3", collides={"amf_configuration_update": Collision.QUEUE, "reset_by_amf": Collision.QUEUE}
)
async def amf_configuration_update(amf: AmfFunction, gnb: Gnb) -> None:
    """Tell one gNB what the AMF serves now; one that refuses is asked again after its time to wait."""
    configuration = amf.configuration
    message = ngap.AMFConfigurationUpdate(
        relative_amf_capacity=configuration.relative_capacity, plmn_support_list=plmn_support(configuration)
    )
    why = ""
    for _ in range(TRIES):
        try:
            answer = await exchange(
                NodeChannel(amf, gnb),
                message,
                ngap.AMFConfigurationUpdateAcknowledge,
                ngap.AMFConfigurationUpdateFailure,
                timer="NGAP-response",
            )
        except TimerExpired:
            why = "it does not answer"
            break
        if isinstance(answer, ngap.AMFConfigurationUpdateAcknowledge):
            still_served(amf, gnb)
            return
        why = f"it refuses ({answer.cause[1] if answer.cause else 'without a cause'})"
        if answer.time_to_wait is None:
            break
        await Expire(time_to_wait(answer.time_to_wait))  # TS 38.413 8.7.3.3
    amf.tell(
        "amf-configuration-refused",
        f"{gnb} does not take over the changed slices: {why}",
        subject=gnb,
        fix="restart the gNB: it learns them at NG Setup",
        clause="TS 38.413 8.7.3.3",
    )


def still_served(amf: AmfFunction, gnb: Gnb) -> None:
    """A gNB with nothing in common with this AMF any more is told of to the operator, not cut off."""
    try:
        judge(amf, gnb.areas)
    except Refused as refused:
        amf.tell("gnb-not-served", f"{gnb}: {refused.why}", subject=gnb, fix=refused.fix, clause="TS 38.413 8.7.3")


@procedure(spec="TS 23.502 4.2.4.2", collides={"registration": Collision.ABORT})
async def slices_withdrawn(amf: AmfFunction, ue: Ue) -> None:
    """The network serves a slice of the UE no more: it leaves the Allowed NSSAI, and its sessions end."""
    subscription = ue.subscription
    if ue.state is MmState.REGISTERED and subscription is not None:
        await change_slices(amf, ue, subscription.data, subscription.data)
