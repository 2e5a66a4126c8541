"""NG Setup and RAN configuration update (TS 38.413 8.7.1, 8.7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from freehold.codecs import ngap
from freehold.core.amf import values
from freehold.core.amf.channels import send_ngap
from freehold.core.amf.configuration import AmfConfiguration
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.an_release import lose
from freehold.core.amf.state.connection import Connection, Gnb
from freehold.spec.errors import PeerError
from freehold.spec.failures import Unmet
from freehold.spec.identities import GnbId, PlmnId, SNssai, Tai
from freehold.stack import ngap_values

Areas = dict[Tai, tuple[SNssai, ...]]

UNKNOWN_PLMN: Final[ngap.Cause] = ("misc", "unknown-PLMN-or-SNPN")
NO_SLICE: Final[ngap.Cause] = ("radioNetwork", "slice-not-supported")
NO_AREA: Final[ngap.Cause] = ("misc", "unspecified")
SEMANTIC: Final[ngap.Cause] = ("protocol", "semantic-error")
AT_ONCE: Final = 128
"""So many connections of a lost node end before others are served: about 10 ms."""


class Refused(Exception):  # noqa: N818 - the word of the procedure
    """The node is not served: NGAP cause, and in words what differs and where to change it."""

    def __init__(self, cause: ngap.Cause, why: str, fix: str, unmet: Unmet | None = None) -> None:
        super().__init__(why)
        self.unmet = unmet
        self.cause = cause
        self.why = why
        self.fix = fix


def time_to_wait(amf: AmfFunction) -> Any:
    """When the node may try again (TS 38.413 8.7.1.3)."""
    seconds = amf.driver.timers["time-to-wait"].seconds
    return next((name for name, length in ngap_values.TIME_TO_WAIT.items() if length >= seconds), "v60s")


def areas_of(supported: Iterable[ngap.SupportedTAItem]) -> Areas:
    """The tracking areas of a node with their slices (TS 38.413 9.2.6.1)."""
    areas: Areas = {}
    for item in supported:
        tac = int.from_bytes(item.tac, "big")
        for broadcast in item.broadcast_plmn_list:
            try:
                plmn = PlmnId.from_octets(broadcast.plmn_identity)
            except ValueError as wrong:
                raise PeerError(str(wrong)) from None
            slices = tuple(ngap_values.slice_of(each.s_nssai) for each in broadcast.tai_slice_support_list)
            tai = Tai(plmn, tac)
            areas[tai] = areas.get(tai, ()) + slices
    return areas


def judge(amf: AmfFunction, areas: Areas) -> None:
    """Raise Refused where node and AMF have no PLMN, no tracking area or no slice in common (TS 38.413 8.7.1.3)."""
    configuration = amf.configuration
    ours = [support.plmn for support in configuration.plmns]
    theirs = sorted({tai.plmn for tai in areas})
    if not any(plmn in ours for plmn in theirs):
        raise Refused(
            UNKNOWN_PLMN,
            f"the gNB broadcasts PLMN {listed(theirs)}, this network is {listed(ours)}",
            "set the gNB's PLMN or [network] plmn; an MNC of two digits is not one of three",
            _differs("gnb-plmn", areas, f"PLMN {listed(theirs)}", f"PLMN {listed(ours)}"),
        )
    served = [tai for tai in areas if configuration.supports(tai)]
    if not served:
        raise Refused(
            NO_AREA,
            f"the gNB's TAC {listed(sorted({tai.tac for tai in areas}))} is none of this network's "
            f"{listed(configuration.tacs)}",
            "set the gNB's TAC or [network] tac, or add it to [amf] tac (all in decimal here)",
            _differs(
                "gnb-tac",
                areas,
                f"TAC {listed(sorted({tai.tac for tai in areas}))}",
                f"TAC {listed(configuration.tacs)}",
            ),
        )
    if not any(slice_ in configuration.slices(tai.plmn) for tai in served for slice_ in areas[tai]):
        mine = [slice_ for support in configuration.plmns for slice_ in support.slices]
        raise Refused(
            NO_SLICE,
            f"the gNB's slices {listed(sorted({each for tai in served for each in areas[tai]}, key=str))} are none of "
            f"this network's {listed(mine)}",
            "set the gNB's slices or the [[slice]] sections; a slice without SD is not one with SD 000000",
            _differs(
                "gnb-slice",
                areas,
                f"slice {listed(sorted({each for tai in served for each in areas[tai]}, key=str))}",
                f"slice {listed(mine)}",
            ),
        )


def _differs(rule: str, areas: Areas, asked: str, configured: str) -> Unmet:
    """What the node broadcasts, beside what this network serves."""
    about = {
        "plmn": listed(sorted({tai.plmn for tai in areas})),
        "tac": listed(sorted({tai.tac for tai in areas})),
        "slice": listed(sorted({each for slices in areas.values() for each in slices}, key=str)),
    }
    return Unmet(rule, asked, configured, about)


def listed(values_: Iterable[object]) -> str:
    """Values as an operator reads them."""
    return ", ".join(map(str, values_)) or "none"


def ng_setup(amf: AmfFunction, gnb: Gnb, message: ngap.NGSetupRequest) -> None:
    """NG SETUP REQUEST (TS 38.413 8.7.1)."""
    name = message.ran_node_name or ""
    shown = name or gnb.association.peer
    try:
        identity = values.gnb_id(message.global_ran_node_id)
        shown = name or str(identity)
        areas = areas_of(message.supported_ta_list)
        judge(amf, areas)
    except Refused as refused:
        fail(amf, gnb, shown, refused)
        return
    except PeerError as wrong:
        fail(amf, gnb, shown, Refused(SEMANTIC, str(wrong), "set the gNB's PLMN and identity"))
        return
    # TS 38.413 8.7.1.1: the procedure erases what was there of this node's UEs
    reset_ues(amf, gnb, "NG setup on a live association")
    replace_older(amf, gnb, identity)
    gnb.identity, gnb.name, gnb.areas = identity, name or str(identity), areas
    amf.contexts.gnbs[identity] = gnb
    configuration = amf.configuration
    send_ngap(
        amf,
        gnb,
        ngap.NGSetupResponse(
            amf_name=configuration.name,
            served_guami_list=[ngap.ServedGUAMIItem(guami=amf.guami)],
            relative_amf_capacity=configuration.relative_capacity,
            plmn_support_list=plmn_support(configuration),
        ),
    )
    amf.tell("gnb-connected", f"gNB {gnb} connected from {gnb.association.peer}", subject=gnb, severity="info")


def plmn_support(configuration: AmfConfiguration) -> list[ngap.PLMNSupportItem]:
    """The PLMN Support List (TS 38.413 9.2.6.2, 9.2.6.7)."""
    return [
        ngap.PLMNSupportItem(
            plmn_identity=support.plmn.octets,
            slice_support_list=[ngap.SliceSupportItem(s_nssai=ngap_values.slice_(each)) for each in support.slices],
        )
        for support in configuration.plmns
    ]


def fail(amf: AmfFunction, gnb: Gnb, name: str, refused: Refused) -> None:
    """NG SETUP FAILURE with a time to wait, and one event with the values that differ (TS 38.413 8.7.1.3)."""
    send_ngap(amf, gnb, ngap.NGSetupFailure(cause=refused.cause, time_to_wait=time_to_wait(amf)))
    amf.fault(
        "NG setup",
        f"NG setup of {name} refused: {refused.why}",
        name="gnb-refused",
        subject=name,
        clause="TS 38.413 8.7.1.3",
        fix=refused.fix,
        cause=f"NGAP {refused.cause[1]}",
        unmet=refused.unmet,
    )


def replace_older(amf: AmfFunction, gnb: Gnb, identity: GnbId) -> None:
    """The same node came back before its old association was seen to end: its UEs are reset (TS 38.413 8.7.1)."""
    older = amf.contexts.gnbs.get(identity)
    if older is None or older is gnb:
        return
    lose_ues(amf, older, "the gNB associated anew")
    older.identity = None
    older.association.close()
    amf.tell(
        "gnb-replaced",
        f"{gnb.association.peer} set up as {identity}, connected from {older.association.peer} before: the newer stays",
        subject=identity,
        fix="if these are two gNBs, give each its own gNB identity",
        clause="TS 38.413 8.7.1",
    )


def reset_ues(amf: AmfFunction, gnb: Gnb, reason: str) -> None:
    """Every connection of a node ends without signalling (TS 38.413 8.7.4)."""
    for connection in tuple(gnb.connections.values()):
        lose(amf, connection, reason)


def lose_ues(amf: AmfFunction, gnb: Gnb, reason: str) -> None:
    """The same where the node is gone and no answer waits: so many at a time that nobody else does."""
    _lose_some(amf, gnb, iter(tuple(gnb.connections.values())), reason)


def _lose_some(amf: AmfFunction, gnb: Gnb, connections: Iterator[Connection], reason: str) -> None:
    some = tuple(islice(connections, AT_ONCE))
    for connection in some:
        if gnb.connections.get(connection.ran_ue_ngap_id) is connection:
            lose(amf, connection, reason)
    if len(some) == AT_ONCE:
        environment = amf.environment
        environment.call_at(environment.now(), partial(_lose_some, amf, gnb, connections, reason))


def updated_areas(amf: AmfFunction, gnb: Gnb, message: ngap.RANConfigurationUpdate) -> Areas:
    """The areas after an update; Refused where nobody could be served in them, or the node would be another one."""
    if message.global_ran_node_id is not None and values.gnb_id(message.global_ran_node_id) != gnb.identity:
        raise Refused(SEMANTIC, "a live association cannot become another gNB's", "restart the gNB")
    if message.supported_ta_list is None:
        return gnb.areas
    areas = areas_of(message.supported_ta_list)
    judge(amf, areas)
    return areas


def ran_configuration_update(amf: AmfFunction, gnb: Gnb, message: ngap.RANConfigurationUpdate) -> None:
    """RAN CONFIGURATION UPDATE: new name, areas or identity; a set nobody is served in is refused (TS 38.413 8.7.2)."""
    try:
        areas = updated_areas(amf, gnb, message)
    except (Refused, PeerError) as refused:
        cause = refused.cause if isinstance(refused, Refused) else SEMANTIC
        failure = ngap.RANConfigurationUpdateFailure(cause=cause, time_to_wait=time_to_wait(amf))
        send_ngap(amf, gnb, failure)
        amf.fault(
            "RAN configuration",
            f"{gnb}: update refused: {refused}",
            name="gnb-update-refused",
            subject=gnb,
            clause="TS 38.413 8.7.2.3",
            fix=refused.fix if isinstance(refused, Refused) else "",
            cause=f"NGAP {cause[1]}",
            unmet=refused.unmet,
        )
        return
    gnb.areas, gnb.name = areas, message.ran_node_name or gnb.name
    send_ngap(amf, gnb, ngap.RANConfigurationUpdateAcknowledge())
