"""NG Setup, and what the gNB tells of itself (TS 38.413 8.7.1, 8.7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from freehold.codecs import ngap
from freehold.procedure import Emit, Expire, exchange, procedure
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.ran.cu_cp.link import Link
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event
from freehold.stack.ngap_values import global_gnb_id, slice_, time_to_wait

REFUSALS: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("misc", "unknown-PLMN-or-SNPN"): (
            "the AMF serves none of the PLMNs {plmns}, or no TAC of {tacs}",
            "give gNB and core the same [network] plmn and tac",
        ),
        ("radioNetwork", "slice-not-supported"): (
            "the AMF offers none of the slices {slices}",
            "give gNB and core a common [[slice]]; a slice without SD is not SD 000000",
        ),
        ("misc", "control-processing-overload"): ("the AMF is overloaded", ""),
    }
)


def supported_areas(configuration: GnbConfiguration) -> list[ngap.SupportedTAItem]:
    """The Supported TA List (TS 38.413 9.2.6.1)."""
    return [_area(configuration, area) for area in configuration.areas]


def _area(configuration: GnbConfiguration, area: TrackingArea) -> ngap.SupportedTAItem:
    slices = [ngap.SliceSupportItem(s_nssai=slice_(value)) for value in area.slices]
    plmns = dict.fromkeys((configuration.plmn, *area.plmns))
    return ngap.SupportedTAItem(
        tac=area.tac.to_bytes(3, "big"),
        broadcast_plmn_list=[
            ngap.BroadcastPLMNItem(plmn_identity=plmn.octets, tai_slice_support_list=slices) for plmn in plmns
        ],
    )


def paging_drx(frames: int) -> ngap.PagingDRX:
    """A paging cycle in radio frames as NGAP names it; the nearest that exists (TS 38.413 9.3.1.90)."""
    drx: tuple[ngap.PagingDRX, ...] = ("v32", "v64", "v128", "v256")
    return min(drx, key=lambda name: abs(int(name[1:]) - frames))


def request(configuration: GnbConfiguration) -> ngap.NGSetupRequest:
    """NG SETUP REQUEST (TS 38.413 9.2.6.1)."""
    return ngap.NGSetupRequest(
        global_ran_node_id=global_gnb_id(configuration.identity),
        ran_node_name=configuration.name[:150] or None,
        supported_ta_list=supported_areas(configuration),
        default_paging_drx=paging_drx(configuration.paging_drx),
    )


def refusal(configuration: GnbConfiguration, link: Link, answer: ngap.NGSetupFailure, wait: float) -> Event:
    """A refused NG Setup in words: what differs, and what to change."""
    group, name = answer.cause or ("misc", "unspecified")
    text, fix = REFUSALS.get((group, str(name)), (f"cause {group}: {name}", ""))
    areas = configuration.areas
    told = text.format(
        plmns=", ".join(map(str, configuration.plmns)),
        tacs=", ".join(f"{area.tac:06x}" for area in areas),
        slices=", ".join(sorted({str(value) for area in areas for value in area.slices})),
    )
    message = f"{configuration.name}: NG Setup refused by {link}: {told}; again in {wait:g} s"
    return Event("ng-setup-refused", message, "error", str(link), fix, "TS 38.413 8.7.1.3")


@procedure(spec="TS 38.413 8.7.1")
async def ng_setup(link: Link) -> None:
    """Set the interface up; a refusal or silence is followed by another try, for as long as the association stands."""
    configuration, timers = link.gnb.configuration, link.gnb.driver.timers
    while True:
        wait = timers["time-to-wait"].seconds
        try:
            answer = await exchange(
                link, request(configuration), ngap.NGSetupResponse, ngap.NGSetupFailure, timer="NG-setup"
            )
            if isinstance(answer, ngap.NGSetupResponse):
                link.amf.learn(answer)  # 8.7.1.2
                break
            # 8.7.1.3: not before the time to wait has passed.
            if answer.time_to_wait is not None:
                wait = max(time_to_wait(answer.time_to_wait), wait)
            await Emit(refusal(configuration, link, answer, wait))
        except (TimerExpired, PeerError) as wrong:
            text = f"{configuration.name}: NG Setup to {link}: {wrong}"
            await Emit(Event("ng-setup-unanswered", text, "warning", str(link)))
        await Expire(wait)
    link.amf.ready = True
    link.failures = 0
    served = "" if link.amf.plmns & set(configuration.plmns) else "; but it serves none of this gNB's PLMNs"
    text = f"{configuration.name}: connected to {link}{served}"
    await Emit(Event("ng-setup", text, "warning" if served else "info", str(link)))


@procedure(spec="TS 38.413 8.7.2")
async def ran_configuration_update(link: Link) -> bool:
    """Tell a changed name, paging cycle or tracking areas; whether the AMF took them over."""
    configuration = link.gnb.configuration
    message = ngap.RANConfigurationUpdate(
        ran_node_name=configuration.name[:150] or None,
        supported_ta_list=supported_areas(configuration),
        default_paging_drx=paging_drx(configuration.paging_drx),
    )
    while True:
        answer = await exchange(
            link,
            message,
            ngap.RANConfigurationUpdateAcknowledge,
            ngap.RANConfigurationUpdateFailure,
            timer="NGAP-response",
        )
        if isinstance(answer, ngap.RANConfigurationUpdateAcknowledge):
            return True
        text = f"{configuration.name}: {link} refused the changed configuration: {answer.cause}"
        await Emit(Event("ran-configuration-refused", text, "error", str(link), clause="TS 38.413 8.7.2.3"))
        if answer.time_to_wait is None:
            return False
        await Expire(time_to_wait(answer.time_to_wait))  # 8.7.2.3
