"""Random short messages of every kind, from a seed."""

from __future__ import annotations

from random import Random

from freehold.codecs import sms

GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà^{}\\[~]|€\f"
SEPTETS, OCTETS, UCS2 = (0x00, 0x11, 0xC8, 0xF1, 0x50), (0x04, 0x15, 0xF6), (0x08, 0x18, 0xE0)


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def octet(self) -> int:
        return self.random.randrange(256)

    def octets(self, longest: int) -> bytes:
        return self.random.randbytes(self.random.randrange(longest + 1))

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def address(self) -> sms.Address:
        if self.random.random() < 0.2:
            name = "".join(self.random.choice("ABCxyz 019") for _ in range(self.random.randrange(1, 12)))
            return sms.Address(name, 5, 0)
        digits = "".join(self.random.choice("0123456789*#abc") for _ in range(self.random.randrange(1, 21)))
        return sms.Address(digits, self.random.choice((0, 1, 2, 3, 4, 6)), self.random.choice((0, 1, 8, 9)))

    def relay_address(self) -> sms.Address:
        digits = "".join(self.random.choice("0123456789") for _ in range(self.random.randrange(1, 21)))
        return sms.Address(digits, self.random.choice((0, 1)), 1)

    def stamp(self) -> sms.TimeStamp:
        low = self.random.randrange
        return sms.TimeStamp(low(100), low(1, 13), low(1, 29), low(24), low(60), low(60), low(-48, 57))

    def period(self) -> sms.RelativePeriod | sms.AbsolutePeriod | sms.EnhancedPeriod | None:
        form = self.random.randrange(5)
        if form == 3:
            kind = self.random.randrange(4)
            value = (0, self.octet(), self.octet(), self.random.randrange(360000))[kind]
            return sms.EnhancedPeriod(kind, value, self.flag())
        return (None, sms.RelativePeriod(self.octet()), sms.AbsolutePeriod(self.stamp()), None, None)[form]

    def element(self) -> sms.Concatenation | sms.ApplicationPorts | sms.OtherElement:
        wide = self.flag()
        top = 65536 if wide else 256
        match self.random.randrange(3):
            case 0:
                parts = self.random.randrange(1, 256)
                part = self.random.randrange(1, parts + 1)
                return sms.Concatenation(self.random.randrange(top), parts, part, wide)
            case 1:
                return sms.ApplicationPorts(self.random.randrange(top), self.random.randrange(top), wide)
        return sms.OtherElement(self.random.choice((0x06, 0x20, 0x22, 0x70, 0x80, 0xC0, 0xFE)), self.octets(6))

    def data(self, coding: int, room: int = 140) -> sms.UserData:
        header = tuple(self.element() for _ in range(self.random.randrange(1, 4))) if self.flag() else None
        room = self.random.randrange(room - (0 if header is None else 40))
        if coding in SEPTETS:
            text = "".join(self.random.choice(GSM) for _ in range(room * 4 // 7))
            return sms.UserData(text + "." if text else text, header)
        if coding in UCS2:
            text = "".join(self.random.choice("aé€Жש漢😀") for _ in range(room // 4))
            return sms.UserData(text, header)
        return sms.UserData(self.random.randbytes(room), header)

    def coding(self) -> int:
        return self.random.choice(SEPTETS + OCTETS + UCS2)

    def tpdu(self, *, to_network: bool) -> sms.Tpdu:
        coding = self.coding()
        if to_network and self.flag():
            return sms.Command(
                message_reference=self.octet(),
                command_type=self.octet(),
                message_number=self.octet(),
                destination_address=self.address(),
                command_data=sms.UserData(self.octets(100), (self.element(),) if self.flag() else None),
                protocol_identifier=self.octet(),
                status_report_request=self.flag(),
            )
        if to_network:
            return sms.Submit(
                message_reference=self.octet(),
                destination_address=self.address(),
                user_data=self.data(coding),
                protocol_identifier=self.octet(),
                data_coding_scheme=coding,
                validity_period=self.period(),
                reject_duplicates=self.flag(),
                status_report_request=self.flag(),
                reply_path=self.flag(),
            )
        flags = {name: self.flag() for name in ("more_messages_to_send", "loop_prevention")}
        if self.flag():
            return sms.StatusReport(
                message_reference=self.octet(),
                recipient_address=self.address(),
                service_centre_time_stamp=self.stamp(),
                discharge_time=self.stamp(),
                status=self.octet(),
                of_command=self.flag(),
                **flags,
                **self.optional(coding),
            )
        return sms.Deliver(
            originating_address=self.address(),
            service_centre_time_stamp=self.stamp(),
            user_data=self.data(coding),
            protocol_identifier=self.octet(),
            data_coding_scheme=coding,
            status_report_indication=self.flag(),
            reply_path=self.flag(),
            **flags,
        )

    def optional(self, coding: int) -> dict[str, object]:
        given: dict[str, object] = {}
        if self.flag():
            given["protocol_identifier"] = self.octet()
        if self.flag():
            given |= {"data_coding_scheme": coding, "user_data": self.data(coding, 120)}
        return given

    def report(self, *, to_network: bool, error: bool) -> sms.Tpdu:
        given = self.optional(self.coding()) | {"failure_cause": self.random.randrange(128, 256) if error else None}
        if to_network:
            return sms.DeliverReport(**given)
        return sms.SubmitReport(service_centre_time_stamp=self.stamp(), **given)

    def relay(self) -> sms.RpMessage:
        to_network, reference = self.flag(), self.octet()
        kind = self.random.randrange(8)
        if kind == 0:
            return sms.RpSmma(message_reference=reference)
        if kind < 3:
            report = self.report(to_network=to_network, error=False) if self.flag() else None
            return sms.RpAck(message_reference=reference, to_network=to_network, user_data=report)
        if kind < 5:
            report = self.report(to_network=to_network, error=True) if self.flag() else None
            cause = self.random.choice((1, 21, 22, 38, 111))
            return sms.RpError(message_reference=reference, to_network=to_network, cause=cause, user_data=report)
        addresses = {"destination_address" if to_network else "originator_address": self.relay_address()}
        data = self.tpdu(to_network=to_network)
        return sms.RpData(message_reference=reference, to_network=to_network, user_data=data, **addresses)

    def message(self) -> sms.CpMessage:
        head = {"transaction_identifier": self.random.randrange(7), "from_other": self.flag()}
        kind = self.random.randrange(10)
        if kind == 0:
            return sms.CpAck(**head)
        if kind == 1:
            return sms.CpError(cause=self.random.choice((17, 22, 81, 95, 96, 97, 98, 99, 111)), **head)
        return sms.CpData(user_data=self.relay(), **head)
