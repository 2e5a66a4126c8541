"""What a card of this network has to hold beside its keys, file by file (TS 31.102)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from freehold.manage.views import HomeKeyView
from freehold.spec.identities import PlmnId

NG_RAN: Final = "0800"
"""The access technology identifier of NG-RAN (TS 31.102 4.2.5)."""
_SPN: Final = 16
_PROFILES: Final = {"A": 1, "B": 2}
"""Protection scheme identifiers (TS 33.501 C)."""


class FileView(msgspec.Struct, frozen=True):
    """One elementary file: its path in pySim's words, its content in hexadecimal or what to do, and the clause."""

    name: str
    path: str
    content: str
    text: str
    clause: str
    command: str


def suci_calc_info(keys: Iterable[HomeKeyView]) -> str:
    """EF_SUCI_Calc_Info: the schemes by priority, profile B first, each with the place of its key among the keys."""
    ordered = sorted(keys, key=lambda key: (key.profile != "B", key.id))
    schemes = b"".join(bytes([_PROFILES[key.profile], place]) for place, key in enumerate(ordered, 1))
    listed = b"".join(
        _data_object(0x80, bytes([key.id])) + _data_object(0x81, bytes.fromhex(key.public_key)) for key in ordered
    )
    return (_data_object(0xA0, schemes + b"\0\0") + _data_object(0xA1, listed)).hex()


def _data_object(tag: int, value: bytes) -> bytes:
    """BER-TLV with a length of one, two or three octets."""
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    size = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + value


def routing_indicator(digits: str) -> str:
    """EF_Routing_Indicator: up to four digits, swapped, filled with F, then two octets for later use."""
    filled = digits.ljust(4, "f")
    return f"{filled[1]}{filled[0]}{filled[3]}{filled[2]}ffff"


def service_provider_name(name: str) -> str:
    """EF_SPN: shown with the PLMN's name where the network is at home."""
    plain = name.isascii() and name.isprintable() and not set(name) & set("@$_`[]{}|\\^~")
    octets = name.encode("ascii") if plain else b"\x80" + name.encode("utf-16-be")
    return (b"\x01" + octets[:_SPN].ljust(_SPN, b"\xff")).hex()


def profile(name: str, plmn: PlmnId, keys: Sequence[HomeKeyView], indicator: str = "0") -> list[FileView]:
    """Every file that a private network's SIM needs, in the order to write them."""
    return list(_files(name, plmn, keys, indicator))


def _files(name: str, plmn: PlmnId, keys: Sequence[HomeKeyView], indicator: str) -> Iterator[FileView]:
    usim, ds5 = "MF/ADF.USIM", "MF/ADF.USIM/DF.5GS"
    preferred = plmn.octets.hex() + NG_RAN
    yield _written("EF.AD", usim, f"000000{len(plmn.mnc):02x}", "how many digits the MNC has", "4.2.18")
    yield _written("EF.SPN", usim, service_provider_name(name), "the network's name on the phone", "4.2.12")
    yield _written("EF.HPLMNwAcT", usim, preferred, "the home network, over NG-RAN", "4.2.54")
    yield _written("EF.OPLMNwAcT", usim, preferred, "the same among the operator's preferred networks", "4.2.53")
    yield _written("EF.FPLMN", usim, "ff" * 12, "no network is forbidden", "4.2.16")
    yield _written("EF.SUCI_Calc_Info", ds5, suci_calc_info(keys), "keys to conceal the SUPI with", "4.4.11.8")
    yield _written("EF.Routing_Indicator", ds5, routing_indicator(indicator), "the routing indicator", "4.4.11.11")
    for service, wanted, text in (
        (122, True, "5GS mobility management information is kept"),
        (123, True, "5G security parameters are kept"),
        (124, True, "the SUPI is concealed"),
        (125, False, "by the phone, not by the card"),
    ):
        command = f"select {usim}/EF.UST\nust_service_{'activate' if wanted else 'deactivate'} {service}"
        content = f"service {service} {'available' if wanted else 'not available'}"
        yield FileView("EF.UST", f"{usim}/EF.UST", content, text, "TS 31.102 4.2.8", command)


def _written(name: str, folder: str, content: str, text: str, clause: str) -> FileView:
    path = f"{folder}/{name}"
    return FileView(name, path, content, text, f"TS 31.102 {clause}", f"select {path}\nupdate_binary {content}")
