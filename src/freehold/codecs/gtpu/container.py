"""The PDU session and PDU set user plane protocols (TS 38.415 5.5.2 and 6.5.2), carried in GTP-U extension headers."""

from __future__ import annotations

from typing import ClassVar, Final

from freehold.codecs.gtpu.frame import Constant, Flag, Flags, Frame, Gate, Number, Numbers, Part, Truth

PDU_SESSION_CONTAINER: Final = 0x85
"""The extension header type of the PDU session container (TS 29.281 5.2.1)."""
PDU_SET_INFORMATION_CONTAINER: Final = 0x04
"""The extension header type of the PDU set information container (TS 29.281 5.2.1)."""


class DlPduSessionInformation(Frame, frozen=True, gc=False, kw_only=True):
    """PDU type 0, to the RAN (TS 38.415 5.5.2.1); `ppi` where paging policy differentiation is used.

    `burst_size` and `time_to_next_burst` have their flags beside `ppi`: they need it.
    """

    header_type: ClassVar[int] = PDU_SESSION_CONTAINER
    pdu_type: ClassVar[int | None] = 0
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(0, 4),
        Flag("sending_time_stamp"),
        Flag("sequence_number"),
        Flag("mbs_sequence_number"),
        Constant(0, 1),
        Flag("ppi"),
        Truth("rqi"),
        Number("qfi", 6),
        Number("ppi", 3, after=3),
        # The flags of Release 18 stand in the octet of the PPI (TS 38.415 5.5.2.1)
        Flag("burst_size", under="ppi"),
        Flag("time_to_next_burst", under="ppi"),
        Number("sending_time_stamp", 64),
        Number("sequence_number", 24),
        Number("mbs_sequence_number", 32),
        Number("burst_size", 24),
        Number("time_to_next_burst", 16),
    )

    qfi: int
    rqi: bool = False
    ppi: int | None = None
    sending_time_stamp: int | None = None
    sequence_number: int | None = None
    mbs_sequence_number: int | None = None
    burst_size: int | None = None
    time_to_next_burst: int | None = None


_NEW_IES: Final = Gate(
    (
        "d1_ul_pdcp_delay_result",
        "ul_congestion_information",
        "dl_congestion_information",
        "ul_available_bitrate",
        "dl_available_bitrate",
    ),
)


class UlPduSessionInformation(Frame, frozen=True, gc=False, kw_only=True):
    """PDU type 1, from the RAN (TS 38.415 5.5.2.2); `time_stamps` are DL sent, DL received, UL sent."""

    header_type: ClassVar[int] = PDU_SESSION_CONTAINER
    pdu_type: ClassVar[int | None] = 1
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(1, 4),
        Flag("time_stamps"),
        Flag("dl_delay"),
        Flag("ul_delay"),
        Flag("sequence_number"),
        Flag("n3_n9_delay"),
        _NEW_IES,
        Number("qfi", 6),
        Numbers("time_stamps", 3, 64),
        Number("dl_delay", 32),
        Number("ul_delay", 32),
        Number("sequence_number", 24),
        Number("n3_n9_delay", 32),
        Flags(_NEW_IES),
        Truth("d1_ul_pdcp_delay_result", octet=True),
        Number("ul_congestion_information", 16),
        Number("dl_congestion_information", 16),
        Number("ul_available_bitrate", 32),
        Number("dl_available_bitrate", 32),
    )

    qfi: int
    time_stamps: tuple[int, int, int] | None = None
    dl_delay: int | None = None
    ul_delay: int | None = None
    sequence_number: int | None = None
    n3_n9_delay: int | None = None
    d1_ul_pdcp_delay_result: bool | None = None
    ul_congestion_information: int | None = None
    dl_congestion_information: int | None = None
    ul_available_bitrate: int | None = None
    dl_available_bitrate: int | None = None


class DlPduSetInformation(Frame, frozen=True, gc=False, kw_only=True):
    """Which PDU set a packet belongs to, its importance and size (TS 38.415 6.5.2.1)."""

    header_type: ClassVar[int] = PDU_SET_INFORMATION_CONTAINER
    pdu_type: ClassVar[int | None] = 0
    parts: ClassVar[tuple[Part, ...]] = (
        Constant(0, 4),
        Truth("end_of_data_burst"),
        Truth("end_pdu"),
        Flag("pdu_set_size"),
        Constant(0, 1),
        Number("qfi", 6),
        Number("pdu_set_sequence_number", 10),
        Constant(0, 4),
        Number("pdu_set_importance", 4),
        Number("pdu_sequence_number", 8),
        Number("pdu_set_size", 24),
    )

    qfi: int
    pdu_set_sequence_number: int
    pdu_set_importance: int = 0
    pdu_sequence_number: int = 0
    end_of_data_burst: bool = False
    end_pdu: bool = False
    pdu_set_size: int | None = None


PduSessionContainer = DlPduSessionInformation | UlPduSessionInformation
