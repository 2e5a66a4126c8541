"""RRC of a handover, as target, source and terminal exchange it (TS 38.331 5.3.5.5, 11.2.2), and its protection.

The tables of RRC are read on first use: a network whose terminals stay where they are need not wait for them.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from freehold.crypto import keys
from freehold.crypto.algorithms import UPLINK, nia
from freehold.crypto.keys import Distinguisher
from freehold.spec.errors import PeerError

SRB1: Final = 0
"""BEARER of signalling radio bearer 1: its identity less one (TS 38.323 5.9)."""
MAC_I: Final = 4
"""Octets of a MAC-I (TS 38.323 6.3.4)."""
BAND: Final = 78
"""The NR band of the simulated cells (TS 38.104 5.2)."""
T304: Final = "ms1000"
"""How long a terminal looks for the target, as RRC writes it (TS 38.331 6.3.2)."""


class DataBearer(msgspec.Struct, frozen=True, gc=False):
    """A data radio bearer: the PDU session it carries, and its flows (TS 38.331 6.3.2)."""

    identity: int
    pdu_session_id: int
    qfis: tuple[int, ...]


class Sync(msgspec.Struct, frozen=True, gc=False):
    """What a reconfiguration with sync asks for: the cell, the C-RNTI there, the next key, algorithms, bearers.

    With `key_set_change` the key comes from KAMF anew, not from the chain in use (TS 38.331 5.3.5.7).
    """

    pci: int
    arfcn: int
    c_rnti: int
    ncc: int
    ciphering: int
    integrity: int
    bearers: tuple[DataBearer, ...]
    key_set_change: bool = False


def handover_preparation() -> bytes:
    """HandoverPreparationInformation, which source gNBs send: no capability is known (TS 38.331 11.2.2)."""
    from freehold.codecs import rrc

    known = rrc.HandoverPreparationInformationIEs(ue_capability_rat_list=[])
    return rrc.encode_value(
        rrc.HandoverPreparationInformation(critical_extensions=("c1", ("handoverPreparationInformation", known)))
    )


def handover_command(sync: Sync) -> bytes:
    """HandoverCommand with the reconfiguration that a target gNB makes (TS 38.331 5.3.5.5.2, 11.2.2)."""
    from freehold.codecs import rrc

    carrier = rrc.SCSSpecificCarrier(offset_to_carrier=0, subcarrier_spacing="kHz30", carrier_bandwidth=106)
    frequency = rrc.FrequencyInfoDL(
        absolute_frequency_ssb=sync.arfcn,
        frequency_band_list=[BAND],
        absolute_frequency_point_a=sync.arfcn,
        scs_specific_carrier_list=[carrier],
    )
    common = rrc.ServingCellConfigCommon(
        phys_cell_id=sync.pci,
        downlink_config_common=rrc.DownlinkConfigCommon(frequency_info_dl=frequency),
        dmrs_type_a_position="pos2",
        ss_pbch_block_power=0,
    )
    with_sync = rrc.ReconfigurationWithSync(sp_cell_config_common=common, new_ue_identity=sync.c_rnti, t304=T304)
    cell_group = rrc.CellGroupConfig(
        cell_group_id=0, sp_cell_config=rrc.SpCellConfig(reconfiguration_with_sync=with_sync)
    )
    algorithms = rrc.SecurityAlgorithmConfig(
        ciphering_algorithm=_NEA[sync.ciphering], integrity_prot_algorithm=_NIA[sync.integrity]
    )
    bearers = rrc.RadioBearerConfig(
        srb_to_add_mod_list=[rrc.SRBToAddMod(srb_identity=1, reestablish_pdcp="true")],
        drb_to_add_mod_list=[_drb(bearer) for bearer in sync.bearers] or None,
        security_config=rrc.SecurityConfig(security_algorithm_config=algorithms, key_to_use="master"),
    )
    key = rrc.MasterKeyUpdate(key_set_change_indicator=sync.key_set_change, next_hop_chaining_count=sync.ncc)
    extension = rrc.RRCReconfigurationV1530IEs(master_cell_group=cell_group, master_key_update=key)
    content = rrc.RRCReconfigurationIEs(radio_bearer_config=bearers, non_critical_extension=extension)
    message = rrc.RRCReconfiguration(rrc_transaction_identifier=0, critical_extensions=("rrcReconfiguration", content))
    command = rrc.HandoverCommandIEs(handover_command_message=message)
    return rrc.encode_value(rrc.HandoverCommand(critical_extensions=("c1", ("handoverCommand", command))))


def _drb(bearer: DataBearer) -> Any:
    from freehold.codecs import rrc

    sdap = rrc.SDAPConfig(
        pdu_session=bearer.pdu_session_id,
        sdap_header_dl="absent",
        sdap_header_ul="absent",
        default_drb=True,
        mapped_qos_flows_to_add=list(bearer.qfis),
    )
    return rrc.DRBToAddMod(cn_association=("sdap-Config", sdap), drb_identity=bearer.identity, reestablish_pdcp="true")


def reconfiguration(container: bytes) -> bytes:
    """What a source gNB sends its terminal, out of a target's HandoverCommand; PeerError where there is none."""
    from freehold.codecs import rrc

    command: Any
    command, faults = rrc.decode_as(rrc.HandoverCommand, container)
    try:
        message = command.critical_extensions[1][1].handover_command_message
    except (AttributeError, IndexError, TypeError):
        message = None
    if faults or not isinstance(message, rrc.RRCReconfiguration):
        raise PeerError("the target's HandoverCommand holds no RRCReconfiguration")
    return rrc.encode_value(rrc.DLDCCHMessage(message=("c1", ("rrcReconfiguration", message))))


def read_sync(octets: bytes) -> Sync:
    """The reconfiguration with sync that a terminal got; PeerError where it is none (TS 38.331 5.3.5.3)."""
    from freehold.codecs import rrc

    decoded: Any  # every path below is one of many that a message may take
    decoded, faults = rrc.decode_as(rrc.DLDCCHMessage, octets)
    try:
        content = decoded.message[1][1].critical_extensions[1]
        bearers, extension = content.radio_bearer_config, content.non_critical_extension
        with_sync = extension.master_cell_group.sp_cell_config.reconfiguration_with_sync
        frequency = with_sync.sp_cell_config_common.downlink_config_common.frequency_info_dl
        algorithms = bearers.security_config.security_algorithm_config
        sync = Sync(
            with_sync.sp_cell_config_common.phys_cell_id,
            frequency.absolute_frequency_ssb,
            with_sync.new_ue_identity,
            extension.master_key_update.next_hop_chaining_count,
            CIPHERING[algorithms.ciphering_algorithm],
            INTEGRITY[algorithms.integrity_prot_algorithm],
            tuple(_bearer(drb) for drb in bearers.drb_to_add_mod_list or ()),
            extension.master_key_update.key_set_change_indicator,
        )
    except (AttributeError, IndexError, KeyError, TypeError) as missing:
        raise PeerError(f"no reconfiguration with sync: {missing}") from None
    if faults:
        raise PeerError(f"a faulty reconfiguration: {faults[0].cause}")
    return sync


_NEA: Final[tuple[Literal["nea0", "nea1", "nea2", "nea3"], ...]] = ("nea0", "nea1", "nea2", "nea3")
_NIA: Final[tuple[Literal["nia0", "nia1", "nia2", "nia3"], ...]] = ("nia0", "nia1", "nia2", "nia3")
CIPHERING: Final = {name: number for number, name in enumerate(_NEA)}
INTEGRITY: Final = {name: number for number, name in enumerate(_NIA)}


def _bearer(drb: Any) -> DataBearer:
    sdap = drb.cn_association[1]
    return DataBearer(drb.drb_identity, sdap.pdu_session, tuple(sdap.mapped_qos_flows_to_add or ()))


def reconfiguration_complete() -> bytes:
    """RRCReconfigurationComplete (TS 38.331 5.3.5.3)."""
    from freehold.codecs import rrc

    done = rrc.RRCReconfigurationComplete(
        rrc_transaction_identifier=0,
        critical_extensions=("rrcReconfigurationComplete", rrc.RRCReconfigurationCompleteIEs()),
    )
    return rrc.encode_value(rrc.ULDCCHMessage(message=("c1", ("rrcReconfigurationComplete", done))))


def protect(k_gnb: bytes, integrity: int, message: bytes) -> bytes:
    """The first uplink message on SRB1 under a key, with its MAC-I (TS 33.501 6.5.1, TS 38.323 5.9)."""
    key = keys.algorithm_key(k_gnb, Distinguisher.RRC_INT, integrity)
    return message + nia(integrity, key, 0, SRB1, UPLINK, message)


def verified(k_gnb: bytes, integrity: int, octets: bytes) -> bool:
    """Whether it was protected under that key and algorithm (TS 33.501 6.5.1)."""
    return len(octets) > MAC_I and protect(k_gnb, integrity, octets[:-MAC_I]) == octets
