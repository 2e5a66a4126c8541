"""The PDU session user plane protocol (TS 38.415 5.5.2), carried as a GTP-U extension header."""

from __future__ import annotations

import msgspec


class DlPduSessionInformation(msgspec.Struct, frozen=True, gc=False):
    """PDU type 0, to the RAN (TS 38.415 5.5.2.1); `ppi` where paging policy differentiation is used."""

    qfi: int
    rqi: bool = False
    ppi: int | None = None
    sending_time_stamp: int | None = None
    sequence_number: int | None = None


class UlPduSessionInformation(msgspec.Struct, frozen=True, gc=False):
    """PDU type 1, from the RAN (TS 38.415 5.5.2.2); `time_stamps` are DL sent, DL received, UL sent."""

    qfi: int
    time_stamps: tuple[int, int, int] | None = None
    dl_delay: int | None = None
    ul_delay: int | None = None
    sequence_number: int | None = None
    n3_n9_delay: int | None = None


PduSessionContainer = DlPduSessionInformation | UlPduSessionInformation


class Reader:
    """Octets read from the front; reading past the end gives None from then on."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0
        self.short = False

    def uint(self, size: int) -> int:
        """The next `size` octets as a number; 0 and `short` when they are not there."""
        end = self._at + size
        self.short |= end > len(self._octets)
        value = int.from_bytes(self._octets[self._at : end], "big")
        self._at = end
        return value

    def when(self, flag: int, size: int) -> int | None:
        """The next `size` octets as a number where `flag` is set."""
        return self.uint(size) if flag else None


def decode(content: bytes) -> PduSessionContainer | None:
    """A container from the extension header's content; None where it is damaged or of a PDU type to come."""
    reader = Reader(content)
    first, second = reader.uint(1), reader.uint(1)
    build = _BY_TYPE.get(first >> 4)
    if build is None:
        return None
    made = build(reader, first, second)
    return None if reader.short else made


def _dl(reader: Reader, first: int, second: int) -> PduSessionContainer:
    ppi = reader.when(second & 0x80, 1)
    return DlPduSessionInformation(
        qfi=second & 0x3F,
        rqi=bool(second & 0x40),
        ppi=None if ppi is None else ppi >> 5,
        sending_time_stamp=reader.when(first & 0x08, 8),
        sequence_number=reader.when(first & 0x04, 3),
    )


def _ul(reader: Reader, first: int, second: int) -> PduSessionContainer:
    return UlPduSessionInformation(
        qfi=second & 0x3F,
        time_stamps=(reader.uint(8), reader.uint(8), reader.uint(8)) if first & 0x08 else None,
        dl_delay=reader.when(first & 0x04, 4),
        ul_delay=reader.when(first & 0x02, 4),
        sequence_number=reader.when(first & 0x01, 3),
        n3_n9_delay=reader.when(second & 0x80, 4),
    )


_BY_TYPE = {0: _dl, 1: _ul}


def encode(container: PduSessionContainer) -> bytes:
    """The extension header's content, padded to 4n - 2 octets (TS 38.415 5.5.3.21)."""
    body = _encode_dl(container) if isinstance(container, DlPduSessionInformation) else _encode_ul(container)
    return body + bytes((2 - len(body)) % 4)


def _encode_dl(container: DlPduSessionInformation) -> bytes:
    stamp, number = container.sending_time_stamp, container.sequence_number
    first = (stamp is not None) << 3 | (number is not None) << 2
    second = (container.ppi is not None) << 7 | container.rqi << 6 | container.qfi & 0x3F
    body = bytes((first, second))
    if container.ppi is not None:
        body += bytes((container.ppi << 5 & 0xE0,))
    return body + _some(stamp, 8) + _some(number, 3)


def _encode_ul(container: UlPduSessionInformation) -> bytes:
    flags = (container.time_stamps, container.dl_delay, container.ul_delay, container.sequence_number)
    first = 0x10 | sum((value is not None) << 3 - at for at, value in enumerate(flags))
    second = (container.n3_n9_delay is not None) << 7 | container.qfi & 0x3F
    stamps = b"".join(stamp.to_bytes(8, "big") for stamp in container.time_stamps or ())
    rest = _some(container.dl_delay, 4) + _some(container.ul_delay, 4) + _some(container.sequence_number, 3)
    return bytes((first, second)) + stamps + rest + _some(container.n3_n9_delay, 4)


def _some(value: int | None, size: int) -> bytes:
    return b"" if value is None else value.to_bytes(size, "big")
