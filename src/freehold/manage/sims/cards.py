"""Cards of a batch: numbers, keys drawn at random, and the file that a card vendor or pySim writes them from."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final

import msgspec

from freehold.core.udr import generated
from freehold.manage.envelope import enveloped
from freehold.manage.subscribers import SliceForm, SubscriberForm, subscriber_of, supi_of
from freehold.services.nudr import DataRepository, Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId

MOST: Final = 10_000
"""Cards of one batch."""
IIN: Final = "8999901"
"""An issuer identification number (ITU-T E.118) of nobody: for networks that were given none."""
_ICCID: Final = 18
"""Digits of an ICCID before the one that checks them."""
_IMSI: Final = 15
COLUMNS: Final = (
    "iccid", "imsi", "mcc", "mnc", "ki", "opc", "adm1", "pin1", "puk1", "pin2", "puk2", "acc", "name",
    "routing_indicator", "suci_calc_info",
)  # fmt: skip
"""Columns of the file: by the names that pySim reads, and more."""
ENCRYPTED: Final = ("ki", "opc")
"""Columns that a transport key hides."""
_IV: Final = b"\x23" * 16
"""Of pySim's column encryption: AES in CBC; each cell is one block of a key that is random itself."""

Random = Callable[[int], bytes]


class SimForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of SIMs: `count` from `supi_from` on, which is the next free SUPI where it is empty.

    Its file is encrypted to the card vendor: CMS for the holder of `certificate` (PEM), or K and OPc under the AES
    `transport_key` (hexadecimal) in pySim's way, or both.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    supi_from: str = ""
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    iin: Annotated[str, msgspec.Meta(pattern=r"^89[0-9]{3,5}$")] = IIN
    routing_indicator: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}$")] = "0"
    certificate: Annotated[str, msgspec.Meta(max_length=65536)] = ""
    transport_key: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64})?$")] = ""


class SimsMade(msgspec.Struct, frozen=True):
    """A batch that was made: first and last of its numbers, and its file in base64, which is told once."""

    added: int
    first: str
    last: str
    first_iccid: str
    last_iccid: str
    name: str
    file: bytes


class Card(msgspec.Struct, frozen=True):
    """One card: its subscription and the numbers that only the card and the file have."""

    subscriber: Subscriber
    iccid: str
    adm1: str
    pins: tuple[str, str]
    puks: tuple[str, str]


def check_digit(digits: str) -> str:
    """The digit that makes a number right by Luhn's formula (ITU-T E.118, ISO/IEC 7812-1 annex B)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def iccid(iin: str, number: int) -> str:
    """The ICCID of the issuer's card `number`: 19 digits (ITU-T E.118)."""
    digits = f"{iin}{number:0{_ICCID - len(iin)}}"
    return digits + check_digit(digits)


def numbers(form: SimForm, plmn: PlmnId, repository: DataRepository) -> range:
    """The MSINs of a batch; Unusable where there is no room or one is in use."""
    prefix = f"{plmn.mcc}{plmn.mnc}"
    room = 10 ** (_IMSI - len(prefix))
    if form.supi_from:
        digits = supi_of(form.supi_from).digits
        if len(digits) != _IMSI or not digits.startswith(prefix):
            raise Unusable(f"supi_from: an IMSI of 15 digits that begins with {prefix}, the network's PLMN")
        first = int(digits[len(prefix) :])
    else:
        known = (each.supi.digits for each in repository.subscribers())
        first = 1 + max(
            (int(each[len(prefix) :]) for each in known if each.startswith(prefix) and len(each) == _IMSI), default=0
        )
    if first + form.count > room:
        raise Unusable(f"count: there are {max(0, room - first)} SUPIs from there on")
    return range(first, first + form.count)


def cards(
    form: SimForm, plmn: PlmnId, slices: tuple[SliceForm, ...], repository: DataRepository, random: Random
) -> list[Card]:
    """The cards of a batch; Unusable where a SUPI is in use."""
    prefix = f"{plmn.mcc}{plmn.mnc}"
    made: list[Card] = []
    for number in numbers(form, plmn, repository):
        supi = f"imsi-{prefix}{number:0{_IMSI - len(prefix)}}"
        if repository.subscriber(supi_of(supi)) is not None:
            raise Unusable(f"supi_from: {supi} is there already: take others, or remove it first")
        key = generated(random)
        given = SubscriberForm(supi, key.k.hex(), key.opc.hex(), name=f"{form.name} {number}".strip())
        pins, puks = (_digits(random, 4), _digits(random, 4)), (_digits(random, 8), _digits(random, 8))
        made.append(Card(subscriber_of(given, slices, None), iccid(form.iin, number), _digits(random, 8), pins, puks))
    return made


def _digits(random: Random, count: int) -> str:
    """Decimal digits, each as likely as any other."""
    return f"{int.from_bytes(random(16), 'big') % 10**count:0{count}}"


def access_class(imsi: str) -> str:
    """EF_ACC as hexadecimal: one of the classes 0 to 9, by the last digit (TS 31.102 4.2.15, TS 22.011 4.2)."""
    return f"{1 << int(imsi[-1]):04x}"


def file_of(made: Iterable[Card], form: SimForm, plmn: PlmnId, suci_calc_info: str) -> tuple[str, bytes]:
    """The name and the octets of a batch's file, encrypted; Unusable where nobody is named to encrypt it to."""
    if not form.certificate and not form.transport_key:
        raise Unusable("keys leave encrypted alone: give the vendor's certificate, a transport_key, or both")
    hide = bytes.fromhex(form.transport_key)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for card in made:
        row = _row(card, form, plmn, suci_calc_info)
        writer.writerow(
            {name: hidden(value, hide) if hide and name in ENCRYPTED else value for name, value in row.items()}
        )
    octets = text.getvalue().encode()
    if form.certificate:
        return "sims.csv.p7m", enveloped(octets, form.certificate.encode("ascii", "replace"))
    return "sims.csv", octets


def _row(card: Card, form: SimForm, plmn: PlmnId, suci_calc_info: str) -> dict[str, str]:
    imsi, keys = card.subscriber.supi.digits, card.subscriber.authentication
    return {
        "iccid": card.iccid,
        "imsi": imsi,
        "mcc": plmn.mcc,
        "mnc": plmn.mnc,
        "ki": keys.k.hex(),
        "opc": keys.opc.hex(),
        "adm1": card.adm1,
        "pin1": card.pins[0],
        "puk1": card.puks[0],
        "pin2": card.pins[1],
        "puk2": card.puks[1],
        "acc": access_class(imsi),
        "name": card.subscriber.name,
        "routing_indicator": form.routing_indicator,
        "suci_calc_info": suci_calc_info,
    }


def hidden(digits: str, transport_key: bytes) -> str:
    """A hexadecimal cell under a transport key: AES in CBC with pySim's initialisation vector."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    encryptor = Cipher(AES(transport_key), CBC(_IV)).encryptor()
    return (encryptor.update(bytes.fromhex(digits)) + encryptor.finalize()).hex()


def batch(
    form: SimForm,
    plmn: PlmnId,
    slices: tuple[SliceForm, ...],
    repository: DataRepository,
    suci_calc_info: str,
    random: Random = secrets.token_bytes,
) -> tuple[Sequence[Subscriber], SimsMade]:
    """The subscriptions of a batch, to be kept, and what is told once they are."""
    made = cards(form, plmn, slices, repository, random)
    name, octets = file_of(made, form, plmn, suci_calc_info)
    subscribers = [card.subscriber for card in made]
    first, last = made[0], made[-1]
    told = SimsMade(
        len(made), first.subscriber.supi.value, last.subscriber.supi.value, first.iccid, last.iccid, name, octets
    )
    return subscribers, told
