"""Whether a UE may have the session it asks for, before anything is done for it (TS 23.502 4.3.2.2.1 steps 3 to 5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from freehold.codecs.nas import PduSessionEstablishmentRequest
from freehold.core.smf import n1
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.session import SmContext, Terms
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextCreateData
from freehold.services.nudm import DnnConfiguration
from freehold.spec.causes import SmCause
from freehold.spec.errors import Reject
from freehold.spec.failures import Unmet

SUBSCRIPTION: Final[Mapping[str, SmCause]] = MappingProxyType(
    {
        "USER_NOT_FOUND": SmCause.USER_AUTHENTICATION_OR_AUTHORIZATION_FAILED,
        "DATA_NOT_FOUND": SmCause.REQUESTED_SERVICE_OPTION_NOT_SUBSCRIBED,
    }
)
"""5GSM causes of the UDM's refusals (TS 29.524 4.3); any other is a failure of the network."""


class UnsupportedSscMode(Reject):
    """#68, which tells the modes that are allowed (TS 24.501 6.4.1.4.1)."""

    def __init__(self, modes: tuple[int, ...]) -> None:
        super().__init__(
            SmCause.NOT_SUPPORTED_SSC_MODE,
            f"the subscription allows SSC modes {', '.join(map(str, modes))} only",
            "add the SSC mode to the subscriber's DNN",
            unmet=Unmet("ssc-mode", configured=f"SSC mode {', '.join(map(str, modes))}"),
        )
        self.modes = modes


async def admission(
    smf: SmfFunction, data: SmContextCreateData, request: PduSessionEstablishmentRequest
) -> tuple[SmContext, DnnConfiguration]:
    """A new session with what is subscribed; Reject where the UE cannot have it."""
    # 3
    if data.request_type == "EXISTING_PDU_SESSION":
        # TS 24.501 6.4.1.4: it is nowhere to be handed over from
        raise Reject(
            SmCause.PDU_SESSION_DOES_NOT_EXIST, "a session to hand over that is not here", unmet=Unmet("no-session")
        )
    network = select_network(smf, data)
    # 4
    subscribed = await subscription(smf, data)
    terms = agree(request, network, subscribed, always_on=smf.configuration.always_on)
    # 8: chosen here, so that a UE hears of a missing UPF at once
    upf = smf.select_upf()
    if upf is None:
        raise Reject(
            SmCause.NETWORK_FAILURE,
            "no UPF has an association",
            "start the UPF and compare [upf] n4 on both sides",
            unmet=Unmet("no-upf", "a user plane", "no UPF has an association"),
        )
    return smf.new_session(data, network, await smf.amf(), upf, terms), subscribed


def select_network(smf: SmfFunction, data: SmContextCreateData) -> Network:
    """The data network of DNN and slice (TS 24.501 6.4.1.4.1: #27, #70)."""
    named = [network for network in smf.networks if network.dnn == data.dnn]
    if not named:
        raise Reject(
            SmCause.MISSING_OR_UNKNOWN_DNN,
            f"DNN {data.dnn} is not configured",
            f"add a [[dnn]] named {data.dnn!r}",
            unmet=Unmet(
                "dnn-not-configured",
                f"DNN {data.dnn}",
                f"DNN {', '.join(network.dnn for network in smf.networks)}",
                {"dnn": data.dnn},
            ),
        )
    for network in named:
        if network.serves(data.slice):
            return network
    raise Reject(
        SmCause.MISSING_OR_UNKNOWN_DNN_IN_A_SLICE,
        f"DNN {data.dnn} is not in slice {data.slice}",
        f"add slice {data.slice} to the [[dnn]] named {data.dnn!r}",
        unmet=Unmet("dnn-not-in-slice", f"DNN {data.dnn} in slice {data.slice}", about={"dnn": data.dnn}),
    )


async def subscription(smf: SmfFunction, data: SmContextCreateData) -> DnnConfiguration:
    """Session management subscription data (TS 23.502 4.3.2.2.1 step 4)."""
    try:
        return await smf.peers.udm.get_sm_data(data.supi, data.slice, data.dnn)
    except ServiceError as error:
        raise Reject(
            SUBSCRIPTION.get(error.application_error, SmCause.NETWORK_FAILURE),
            f"the subscription has no DNN {data.dnn} in slice {data.slice} ({error})",
            f"freehold subscriber set ... --dnn {data.dnn}",
            unmet=Unmet(
                "dnn-not-subscribed",
                f"DNN {data.dnn} in slice {data.slice}",
                "not in the subscription",
                {"dnn": data.dnn, "slice": str(data.slice)},
            ),
        ) from error


def agree(
    request: PduSessionEstablishmentRequest, network: Network, subscribed: DnnConfiguration, *, always_on: bool
) -> Terms:
    """PDU session type, SSC mode and always-on as asked, subscribed and possible (TS 24.501 6.4.1.3, 6.4.1.4)."""
    usual = n1.ETHERNET if network.ethernet else n1.IPV4
    asked = usual if request.pdu_session_type is None else request.pdu_session_type
    selected, told = select_type(asked, network, subscribed)
    mode = subscribed.ssc_modes[0] if request.ssc_mode is None else request.ssc_mode
    if mode not in subscribed.ssc_modes:
        raise UnsupportedSscMode(subscribed.ssc_modes)
    # TS 24.501 6.4.1.3: an answer is due whenever it was asked
    wish = request.always_on_requested
    always = None if wish is None else bool(wish) and always_on
    capability = request.session_capability
    return Terms(request.pti, mode, selected, told, always, capability is not None and bool(capability.reflective_qos))


def select_type(asked: int, network: Network, subscribed: DnnConfiguration) -> tuple[int, SmCause | None]:
    """The PDU session type that a terminal gets, and the cause to tell beside it (TS 24.501 6.4.1.3, 6.4.1.4.1).

    Limited by what the data network has addresses for, and by what is subscribed.
    """
    if network.ethernet:
        return select_ethernet(asked, network, subscribed), None
    if asked not in {n1.IPV4, n1.IPV6, n1.IPV4V6}:
        raise _not_of_ip(asked, network, subscribed)
    types = {*subscribed.types}
    version_4 = network.pool is not None and bool(types & {"IPV4", "IPV4V6"})
    version_6 = network.pool6 is not None and bool(types & {"IPV6", "IPV4V6"})
    if not version_4 and not version_6:
        raise _nothing_in_common(network, subscribed)
    if asked == n1.IPV4V6:
        if version_4 and version_6:
            return (n1.IPV4V6 if "IPV4V6" in types else n1.IPV4), None
        if version_4:
            return n1.IPV4, SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED
        return n1.IPV6, SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED
    if asked == n1.IPV6 and not version_6:
        raise Reject(
            SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED,
            "an IPv6 session, where only IPv4 is provided",
            f"set the terminal's APN to IPv4v6, or give the [[dnn]] named {network.dnn!r} a pool6",
            unmet=_version("IPv6", network, subscribed),
        )
    if asked == n1.IPV4 and not version_4:
        raise Reject(
            SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED,
            "an IPv4 session, where only IPv6 is provided",
            f"set the terminal's APN to IPv4v6, or let the [[dnn]] named {network.dnn!r} have IPv4",
            unmet=_version("IPv4", network, subscribed),
        )
    return asked, None


def select_ethernet(asked: int, network: Network, subscribed: DnnConfiguration) -> int:
    """Ethernet, which is all that the data network has; Reject where it is not asked for (TS 24.501 6.4.1.4.1)."""
    if asked != n1.ETHERNET:
        kind = n1.TYPES.get(asked, f"PDU session type {asked}")
        raise Reject(
            SmCause.PDU_SESSION_TYPE_ETHERNET_ONLY_ALLOWED,
            f"{kind}, where only Ethernet is provided",
            f"set the terminal's APN for {network.dnn} to Ethernet",
            unmet=Unmet("session-type", kind, f"{network.dnn} has Ethernet"),
        )
    if "ETHERNET" not in subscribed.types:
        raise Reject(
            SmCause.UNKNOWN_PDU_SESSION_TYPE,
            f"{network.dnn} has Ethernet, and the subscription allows {', '.join(subscribed.types)}",
            "add the type ETHERNET to the subscriber's DNN",
            unmet=Unmet(
                "session-type",
                "Ethernet",
                f"the subscription allows {', '.join(subscribed.types)}",
                {"dnn": network.dnn, "types": "ETHERNET"},
            ),
        )
    return asked


def _not_of_ip(asked: int, network: Network, subscribed: DnnConfiguration) -> Reject:
    """A type that no data network of IP has; the cause names the one type that can be had, where there is one."""
    kind = n1.TYPES.get(asked, f"PDU session type {asked}")
    types = {*subscribed.types}
    version_4 = network.pool is not None and bool(types & {"IPV4", "IPV4V6"})
    version_6 = network.pool6 is not None and bool(types & {"IPV6", "IPV4V6"})
    cause = SmCause.UNKNOWN_PDU_SESSION_TYPE
    if asked == n1.ETHERNET and version_4 != version_6:
        four, six = SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED, SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED
        cause = four if version_4 else six
    return Reject(
        cause,
        f"{kind} is not provided in {network.dnn}",
        "set the terminal's APN to a type that is provided, or give it a [[dnn]] of type ethernet",
        unmet=Unmet("session-type", kind, f"{network.dnn} has IP"),
    )


def _nothing_in_common(network: Network, subscribed: DnnConfiguration) -> Reject:
    """The subscription allows no version of IP that the data network has."""
    alone = SmCause.PDU_SESSION_TYPE_IPV6_ONLY_ALLOWED if network.pool6 is None else None
    cause = alone or SmCause.PDU_SESSION_TYPE_IPV4_ONLY_ALLOWED
    has = "IPv4" if network.pool6 is None else "IPv6" if network.pool is None else "IPv4 and IPv6"
    return Reject(
        cause,
        f"{network.dnn} has {has}, and the subscription allows {', '.join(subscribed.types) or 'nothing'}",
        "add the type to the subscriber's DNN",
        unmet=Unmet(
            "session-type",
            f"what {network.dnn} has: {has}",
            f"the subscription allows {', '.join(subscribed.types) or 'nothing'}",
            {"dnn": network.dnn, "types": "IPV4 IPV6 IPV4V6"},
        ),
    )


def _version(asked: str, network: Network, subscribed: DnnConfiguration) -> Unmet:
    """Which side lacks a version of IP: the data network's pools, or the subscription's types."""
    pools = [name for name, pool in (("IPv4", network.pool), ("IPv6", network.pool6)) if pool is not None]
    about = {"dnn": network.dnn}
    if asked in pools:
        about["types"] = f"{asked.upper()} IPV4V6"
    here = f"{network.dnn} has {' and '.join(pools)}, the subscription allows {', '.join(subscribed.types)}"
    return Unmet("session-type", asked, here, about)
