"""What the home network and the operator let a UE have here (TS 23.502 4.2.2.2.2 steps 14 to 16)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from freehold.codecs import nas
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.state.ue import Ue, UeSubscription
from freehold.services.nnssf import AuthorizedNetworkSliceInfo, RejectedIn
from freehold.services.nudm import Amf3GppAccessRegistration
from freehold.spec.causes import MmCause
from freehold.spec.errors import Aborted, Reject
from freehold.spec.failures import Unmet
from freehold.spec.identities import Pei, SNssai, Supi

IN_THIS_AREA: Final[RejectedIn] = "registration-area"


async def subscribe(amf: AmfFunction, ue: Ue, supi: Supi) -> None:
    """Steps 14 and 16: serve the UE, read its subscription, ask for its policy."""
    tai = ue.mobility.tai
    if tai is None:
        raise Aborted("the connection is gone")
    peers, identity = amf.peers, ue.identity
    # 14a-c
    await peers.udm.register_amf(
        supi, Amf3GppAccessRegistration(amf.configuration.instance_id, amf.configuration.guami, identity.pei)
    )
    data = await peers.udm.get_am_data(supi)
    await peers.udm.subscribe_sdm(supi, amf.subscription_changed)
    if data.allowed_pei and (identity.pei is None or identity.pei.value not in data.allowed_pei):
        raise Reject(
            amf.configuration.rejects.device,
            "the SIM is bound to other devices",
            "add this device to the subscriber's `allowed_pei`, or clear the list",
            unmet=_other_device(identity.pei, data.allowed_pei),
        )
    # 15-16
    policy = await peers.pcf.create_am_policy(supi, tai, data.ue_ambr)
    ue.subscription = UeSubscription(data, policy)


async def select_slices(amf: AmfFunction, ue: Ue, request: nas.RegistrationRequest) -> AuthorizedNetworkSliceInfo:
    """Allowed NSSAI: requested or default, subscribed, and served in this tracking area (TS 23.501 5.15.5.2)."""
    connection, subscription = ue.connection, ue.subscription
    if connection is None or subscription is None:
        raise Aborted("the connection is gone")
    requested = tuple(element.snssai for element in request.requested_nssai or ())
    data = subscription.data
    selection = await amf.peers.nssf.select(requested, data.slices, data.default_slices, connection.tai)
    served = connection.gnb.areas.get(connection.tai, ())
    mobility = ue.mobility
    mobility.allowed = shared(tuple(value for value in selection.allowed if value in served))
    mobility.area = amf.registration_area(connection.tai)
    if mobility.allowed:
        # TS 24.501 9.11.3.46: what this tracking area lacks is rejected for the registration area
        missing = tuple((value, IN_THIS_AREA) for value in selection.allowed if value not in served)
        return msgspec.structs.replace(selection, rejected=selection.rejected + missing) if missing else selection
    raise Reject(
        MmCause.NO_NETWORK_SLICES_AVAILABLE,
        f"no slice is left: asked for {words(requested) or 'the defaults'}, subscribed {words(data.slices)}, "
        f"allowed by the NSSF {words(selection.allowed)}, of the gNB here {words(served)}",
        "make subscriber, [[slice]] and the gNB's slices of this tracking area agree (an absent SD is not SD 000000)",
        unmet=Unmet(
            "slices",
            f"asked for {words(requested) or 'the defaults'}; subscribed {words(data.slices)}",
            f"of the network {words(selection.allowed)}; of the gNB {words(served)}",
            {
                "requested": words(requested or data.default_slices),
                "subscribed": words(data.slices),
                "gnb": words(served),
            },
        ),
    )


def _other_device(pei: Pei | None, allowed: tuple[str, ...]) -> Unmet:
    shown = "none was told" if pei is None else pei.value
    return Unmet("device", shown, ", ".join(allowed), {} if pei is None else {"pei": pei.value})


@lru_cache(maxsize=256)
def shared(slices: tuple[SNssai, ...]) -> tuple[SNssai, ...]:
    """One tuple for all the UEs with the same slices."""
    return slices


def words(slices: tuple[SNssai, ...]) -> str:
    """Slices as an operator writes them."""
    return ", ".join(map(str, slices)) or "none"
