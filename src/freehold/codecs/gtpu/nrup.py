"""The NR user plane protocol between the nodes of a split gNB and of dual connectivity (TS 38.425 5.5.2)."""

from __future__ import annotations

from typing import ClassVar, Final

from freehold.codecs.gtpu.frame import Constant, Flag, Frame, Number, Pairs, Part, Strings, Truth

NR_RAN_CONTAINER: Final = 0x84
"""The extension header type of the NR RAN container (TS 29.281 5.2.1)."""


class DlUserData(Frame, frozen=True, gc=False, kw_only=True):
    """PDU type 0: a PDCP PDU for the corresponding node, and what it may discard (TS 38.425 5.5.2.1).

    `discard_blocks` are pairs of first PDCP sequence number and size.
    """

    header_type: ClassVar[int] = NR_RAN_CONTAINER
    pdu_type: ClassVar[int | None] = 0
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(0, 5),
        Flag("discard_blocks"),
        Flag("discard_up_to"),
        Truth("report_polling"),
        Constant(0, 3),
        Truth("request_out_of_sequence_report"),
        Flag("report_delivered"),
        Truth("user_data_existence"),
        Truth("assistance_information_report_polling"),
        Truth("retransmission"),
        Number("nr_u_sequence_number", 24),
        Number("discard_up_to", 24),
        Pairs("discard_blocks", 24, 8),
        Number("report_delivered", 24),
    )

    nr_u_sequence_number: int
    discard_up_to: int | None = None
    discard_blocks: tuple[tuple[int, int], ...] | None = None
    report_delivered: int | None = None
    report_polling: bool = False
    request_out_of_sequence_report: bool = False
    user_data_existence: bool = False
    assistance_information_report_polling: bool = False
    retransmission: bool = False


class DlDataDeliveryStatus(Frame, frozen=True, gc=False, kw_only=True):
    """PDU type 1: what was delivered and lost, and how much more is wanted (TS 38.425 5.5.2.2).

    Ranges are pairs of first and last sequence number; `desired_buffer_size` is in octets, `desired_data_rate` in
    octets a second.
    """

    header_type: ClassVar[int] = NR_RAN_CONTAINER
    pdu_type: ClassVar[int | None] = 1
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(1, 4),
        Flag("highest_transmitted"),
        Flag("highest_delivered"),
        Truth("final_frame"),
        Flag("lost_ranges"),
        Constant(0, 3),
        Flag("delivered_ranges"),
        Flag("desired_data_rate"),
        Flag("highest_retransmitted"),
        Flag("highest_delivered_retransmitted"),
        Flag("cause_value"),
        Number("desired_buffer_size", 32),
        Number("desired_data_rate", 32),
        Pairs("lost_ranges", 24, 24),
        Number("highest_delivered", 24),
        Number("highest_transmitted", 24),
        Number("cause_value", 8),
        Number("highest_delivered_retransmitted", 24),
        Number("highest_retransmitted", 24),
        Pairs("delivered_ranges", 24, 24),
    )

    desired_buffer_size: int
    final_frame: bool = False
    desired_data_rate: int | None = None
    lost_ranges: tuple[tuple[int, int], ...] | None = None
    highest_delivered: int | None = None
    highest_transmitted: int | None = None
    cause_value: int | None = None
    highest_delivered_retransmitted: int | None = None
    highest_retransmitted: int | None = None
    delivered_ranges: tuple[tuple[int, int], ...] | None = None


class AssistanceInformationData(Frame, frozen=True, gc=False, kw_only=True):
    """PDU type 2: radio quality and delays at the corresponding node (TS 38.425 5.5.2.3).

    `assistance_information` are pairs of a type (5.5.3.32) and its octets; delays are in ms.
    """

    header_type: ClassVar[int] = NR_RAN_CONTAINER
    pdu_type: ClassVar[int | None] = 2
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(2, 4),
        Flag("pdcp_duplication_activation_suggestion"),
        Flag("assistance_information"),
        Flag("ul_delay"),
        Flag("dl_delay"),
        Truth("pdcp_duplication_activation_suggestion", octet=True),
        Strings("assistance_information"),
        Number("ul_delay", 32),
        Number("dl_delay", 32),
    )

    pdcp_duplication_activation_suggestion: bool | None = None
    assistance_information: tuple[tuple[int, bytes], ...] | None = None
    ul_delay: int | None = None
    dl_delay: int | None = None


NrRanContainer = DlUserData | DlDataDeliveryStatus | AssistanceInformationData
