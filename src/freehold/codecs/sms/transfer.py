"""The messages of the transfer layer (TS 23.040 9.2.2)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from freehold.codecs.sms.address import Address
from freehold.codecs.sms.times import Period, TimeStamp
from freehold.codecs.sms.user_data import UserData


class Tpdu(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What every TPDU has: its type, who sends it, and octets after its end, which are kept (TS 23.040 9.2.3.1)."""

    message_type_indicator: ClassVar[int]
    to_network: ClassVar[bool]

    more: bytes = b""


class Deliver(Tpdu, frozen=True, gc=False, kw_only=True):
    """A short message to a mobile station; so is one of the reserved type, which it stores (TS 23.040 9.2.2.1)."""

    message_type_indicator: ClassVar[int] = 0
    to_network: ClassVar[bool] = False

    originating_address: Address
    service_centre_time_stamp: TimeStamp | bytes
    user_data: UserData
    protocol_identifier: int = 0
    data_coding_scheme: int = 0
    more_messages_to_send: bool = False
    loop_prevention: bool = False
    status_report_indication: bool = False
    reply_path: bool = False
    reserved_type: bool = False


class Submit(Tpdu, frozen=True, gc=False, kw_only=True):
    """A short message from a mobile station (TS 23.040 9.2.2.2)."""

    message_type_indicator: ClassVar[int] = 1
    to_network: ClassVar[bool] = True

    message_reference: int
    destination_address: Address
    user_data: UserData
    protocol_identifier: int = 0
    data_coding_scheme: int = 0
    validity_period: Period | None = None
    reject_duplicates: bool = False
    status_report_request: bool = False
    reply_path: bool = False


class StatusReport(Tpdu, frozen=True, gc=False, kw_only=True):
    """What became of a message or command (TS 23.040 9.2.2.3); `reserved` as that of a report."""

    message_type_indicator: ClassVar[int] = 2
    to_network: ClassVar[bool] = False

    message_reference: int
    recipient_address: Address
    service_centre_time_stamp: TimeStamp | bytes
    discharge_time: TimeStamp | bytes
    status: int
    of_command: bool = False
    more_messages_to_send: bool = False
    loop_prevention: bool = False
    protocol_identifier: int | None = None
    data_coding_scheme: int | None = None
    user_data: UserData | None = None
    reserved: bytes = b""


class Command(Tpdu, frozen=True, gc=False, kw_only=True):
    """What a service centre shall do with a message submitted before (TS 23.040 9.2.2.4); its data is octets."""

    message_type_indicator: ClassVar[int] = 2
    to_network: ClassVar[bool] = True

    message_reference: int
    command_type: int
    message_number: int
    destination_address: Address
    command_data: UserData
    protocol_identifier: int = 0
    status_report_request: bool = False


class Report(Tpdu, frozen=True, gc=False, kw_only=True):
    """What both reports have; `failure_cause` is there in an RP-ERROR, and only there (TS 23.040 9.2.3.22).

    `reserved` are the bits of TP-PI that have no meaning yet and the octets that extend it (TS 23.040 9.2.3.27).
    """

    failure_cause: int | None = None
    protocol_identifier: int | None = None
    data_coding_scheme: int | None = None
    user_data: UserData | None = None
    reserved: bytes = b""


class DeliverReport(Report, frozen=True, gc=False, kw_only=True):
    """A mobile station's answer to a message or status report (TS 23.040 9.2.2.1a)."""

    message_type_indicator: ClassVar[int] = 0
    to_network: ClassVar[bool] = True


class SubmitReport(Report, frozen=True, gc=False, kw_only=True):
    """A service centre's answer to a message or command (TS 23.040 9.2.2.2a)."""

    message_type_indicator: ClassVar[int] = 1
    to_network: ClassVar[bool] = False

    service_centre_time_stamp: TimeStamp | bytes
