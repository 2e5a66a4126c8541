"""Generic UE configuration update (TS 24.501 5.4.4, TS 23.502 4.2.4.2)."""

from __future__ import annotations

from functools import lru_cache

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.registration_accept import slices
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Collision, exchange, procedure
from freehold.spec import counters
from freehold.spec.errors import TimerExpired
from freehold.spec.identities import SNssai


@procedure(
    spec="TS 24.501 5.4.4",
    # TS 24.501 5.4.4.6 c to e: a service request goes on beside it; who registers or leaves ends it
    collides={
        "new_guti": Collision.DROP,
        "registration": Collision.ABORT,
        "deregistration_by_ue": Collision.ABORT,
        "deregistration_by_network": Collision.ABORT,
        "an_release": Collision.ABORT,
        "slice_update": Collision.QUEUE,
    },
)
async def new_guti(amf: AmfFunction, ue: Ue) -> None:
    """Give the UE a new 5G-GUTI; the old one stays good until the UE acknowledges (TS 24.501 5.4.4.2, 5.4.4.4)."""
    command = nas.ConfigurationUpdateCommand(
        configuration_update_indication=nas.ConfigurationUpdateIndication(acknowledgement_requested=True),
        guti=amf.contexts.new_tmsi(ue),
    )
    amf.environment.count(counters.CONFIGURATION_UPDATE)
    try:
        await exchange(N1(amf, ue), command, nas.ConfigurationUpdateComplete, timer="T3555")
    except TimerExpired:
        return  # TS 24.501 5.4.4.6 a: both 5G-GUTIs are the UE's
    amf.environment.count(counters.CONFIGURATION_UPDATE_SUCCESS)
    amf.contexts.confirm_tmsi(ue)


async def new_slices(
    amf: AmfFunction, ue: Ue, allowed: tuple[SNssai, ...] | None, configured: tuple[SNssai, ...], *, register: bool
) -> bool:
    """Tell the UE of its slices after its subscription changed; whether it acknowledged (TS 24.501 5.4.4.2).

    `allowed` is None where it stays; with `register` the UE registers again once its connection is released.
    """
    command = nas.ConfigurationUpdateCommand(
        configuration_update_indication=nas.ConfigurationUpdateIndication(register, acknowledgement_requested=True),
        allowed_nssai=None if allowed is None else slices(allowed),
        network_slicing_indication=nas.NetworkSlicingIndication(subscription_changed=True),
        configured_nssai=slices(configured),
    )
    try:
        await exchange(N1(amf, ue), command, nas.ConfigurationUpdateComplete, timer="T3555")
    except TimerExpired:
        return False
    return True


def tell_names(amf: AmfFunction, ue: Ue) -> None:
    """The network's name as phones show it; nothing is acknowledged (TS 24.501 5.4.4.2, TS 22.042 4)."""
    name = amf.configuration.network_name
    if name:
        amf.environment.count(counters.CONFIGURATION_UPDATE)
        N1(amf, ue).send(names(name))


@lru_cache(maxsize=16)
def names(name: str) -> nas.ConfigurationUpdateCommand:
    """The command that carries a name, full and short (TS 24.501 8.2.19.7, 8.2.19.8)."""
    text = nas.NetworkName.of(name)
    return nas.ConfigurationUpdateCommand(full_name=text, short_name=text)
