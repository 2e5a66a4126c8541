"""The identities of TS 23.003 as values: parsed at the edge, compared and printed inside."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec


class Identity(msgspec.Struct, frozen=True, gc=False, order=True):
    """A value that identifies something in the network."""


class PlmnId(Identity, frozen=True, order=True):
    """A PLMN: MCC of three digits, MNC of two or three (TS 23.003 2.2)."""

    mcc: str
    mnc: str

    def __post_init__(self) -> None:
        if not (len(self.mcc) == 3 and len(self.mnc) in {2, 3} and (self.mcc + self.mnc).isdecimal()):
            raise ValueError(f"a PLMN is three digits and two or three, not {self.mcc!r} {self.mnc!r}")

    def __str__(self) -> str:
        return f"{self.mcc}/{self.mnc}"

    @classmethod
    def parse(cls, text: str) -> PlmnId:
        """Read `001/01`, `00101` or `001-01`."""
        digits = text.replace("/", "").replace("-", "")
        return cls(digits[:3], digits[3:])

    @property
    def octets(self) -> bytes:
        """The three octets of TS 24.501 9.11.3.4 (BCD, digits swapped, filler F)."""
        return _plmn_octets(self)

    @staticmethod
    def from_octets(octets: bytes) -> PlmnId:
        """Read three octets; ValueError when a digit is not decimal."""
        return _plmn(bytes(octets))

    @property
    def serving_network_name(self) -> bytes:
        """The serving network name of TS 24.501 9.12.1, e.g. `5G:mnc001.mcc001.3gppnetwork.org`."""
        return f"5G:mnc{self.mnc:0>3}.mcc{self.mcc}.3gppnetwork.org".encode()


@lru_cache(maxsize=1024)
def _plmn_octets(plmn: PlmnId) -> bytes:
    mcc, mnc = plmn.mcc, plmn.mnc
    third = mnc[2] if len(mnc) == 3 else "f"
    return bytes.fromhex(f"{mcc[1]}{mcc[0]}{third}{mcc[2]}{mnc[1]}{mnc[0]}")


@lru_cache(maxsize=1024)
def _plmn(octets: bytes) -> PlmnId:
    if len(octets) != 3:
        raise ValueError(f"a PLMN is 3 octets, not {len(octets)}")
    a, b, c = octets
    digits = [a & 15, a >> 4, b & 15, c & 15, c >> 4]
    if b >> 4 != 15:
        digits.append(b >> 4)
    if max(digits) > 9:
        raise ValueError(f"digit above 9 in PLMN {octets.hex()}")
    text = "".join(map(str, digits))
    return PlmnId(text[:3], text[3:])


class SNssai(Identity, frozen=True, order=True):
    """A network slice: SST 0..255 and an optional SD of 24 bits; no SD is not SD 000000 (TS 23.003 28.4)."""

    sst: int
    sd: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sst <= 255 or (self.sd is not None and not 0 <= self.sd <= 0xFFFFFF):
            raise ValueError(f"S-NSSAI out of range: sst {self.sst}, sd {self.sd}")

    def __str__(self) -> str:
        return str(self.sst) if self.sd is None else f"{self.sst}-{self.sd:06x}"

    @classmethod
    def parse(cls, text: str) -> SNssai:
        """Read `1` or `1-010203` (SD in hexadecimal)."""
        sst, _, sd = text.partition("-")
        return cls(int(sst), int(sd, 16) if sd else None)


class Tai(Identity, frozen=True, order=True):
    """A tracking area: PLMN and TAC of 24 bits (TS 23.003 28.6)."""

    plmn: PlmnId
    tac: int

    def __str__(self) -> str:
        return f"{self.plmn} tac {self.tac:06x}"


class Guami(Identity, frozen=True, order=True):
    """An AMF: PLMN, region (8 bits), set (10 bits), pointer (6 bits) (TS 23.003 2.10.1)."""

    plmn: PlmnId
    region: int
    set_id: int
    pointer: int

    def __str__(self) -> str:
        return f"{self.plmn} {self.region:02x}/{self.set_id:03x}/{self.pointer:02x}"


class STmsi(Identity, frozen=True, order=True):
    """A 5G-S-TMSI: AMF set, AMF pointer, 5G-TMSI of 32 bits (TS 23.003 2.11)."""

    set_id: int
    pointer: int
    tmsi: int

    def __str__(self) -> str:
        return f"s-tmsi {self.set_id:03x}/{self.pointer:02x}/{self.tmsi:08x}"


class Guti(Identity, frozen=True, order=True):
    """A 5G-GUTI: GUAMI and 5G-TMSI (TS 23.003 2.10.1)."""

    guami: Guami
    tmsi: int

    def __str__(self) -> str:
        return f"5g-guti {self.guami} {self.tmsi:08x}"

    @property
    def s_tmsi(self) -> STmsi:
        """The shortened form the radio uses (TS 23.003 2.11)."""
        return STmsi(self.guami.set_id, self.guami.pointer, self.tmsi)


class Supi(Identity, frozen=True, order=True):
    """A permanent identity `imsi-...` or `nai-...` (TS 23.003 2.2A); printed only on purpose, through `value`."""

    value: str

    def __post_init__(self) -> None:
        kind, _, rest = self.value.partition("-")
        imsi = kind == "imsi" and rest.isascii() and rest.isdecimal() and 6 <= len(rest) <= 15
        nai = kind == "nai" and 3 <= len(rest) <= 255 and rest.isascii() and rest.isprintable() and "/" not in rest
        if not (imsi or nai):
            raise ValueError("a SUPI is imsi- and 6 to 15 digits, or nai- and a printable name")

    def __repr__(self) -> str:
        return f"Supi({self.masked!r})"

    def __str__(self) -> str:
        return self.masked

    @classmethod
    def imsi(cls, digits: str) -> Supi:
        """The SUPI of an IMSI of 6 to 15 digits (TS 23.003 2.2)."""
        return cls(f"imsi-{digits}")

    @property
    def digits(self) -> str:
        """The IMSI's digits; empty for a network specific identifier."""
        return self.value[5:] if self.value.startswith("imsi-") else ""

    @property
    def masked(self) -> str:
        """What a log may show: the type and the last four characters."""
        return _masked(self.value)


@lru_cache(maxsize=4096)
def _masked(value: str) -> str:
    kind, _, rest = value.partition("-")
    return f"{kind}-...{rest[-4:]}"


class Suci(Identity, frozen=True, order=True):
    """A concealed SUPI (TS 23.003 2.2B): scheme 0 null, 1 profile A, 2 profile B; for a NAI, `realm` names the home."""

    plmn: PlmnId | None
    routing_indicator: str
    scheme: int
    key_id: int
    output: bytes
    supi_type: Literal["imsi", "nai"] = "imsi"
    realm: str = ""

    def __str__(self) -> str:
        shown = self.output.hex()[:8] if self.scheme else "clear"
        return f"suci {self.plmn or self.realm} scheme {self.scheme} key {self.key_id} {shown}"

    __repr__ = __str__


class Pei(Identity, frozen=True, order=True):
    """A permanent equipment identity `imei-...` or `imeisv-...` (TS 23.003 6.2)."""

    value: str

    def __str__(self) -> str:
        return self.value


class GnbId(Identity, frozen=True, order=True):
    """A global gNB identity: PLMN and an id of 22..32 bits (TS 38.413 9.3.1.6)."""

    plmn: PlmnId
    value: int
    bits: int

    def __str__(self) -> str:
        return f"gnb {self.plmn} {self.value:#x}/{self.bits}"


class Ncgi(Identity, frozen=True, order=True):
    """An NR cell: PLMN and NR cell identity of 36 bits (TS 38.413 9.3.1.7)."""

    plmn: PlmnId
    cell: int

    def __str__(self) -> str:
        return f"cell {self.plmn} {self.cell:#x}"


def dnn(text: str) -> str:
    """A DNN in its canonical form: lower case, 1..100 octets on the wire, no empty label (TS 23.003 9.1)."""
    name = text.lower()
    labels = name.split(".")
    allowed = all(0 < len(label) < 64 and label.isascii() and label.replace("-", "").isalnum() for label in labels)
    if not allowed or len(name) + 1 > 100:
        raise ValueError(f"not a DNN: {text!r}")
    return name
