"""Rights that a grant does not bring: of others, of later times, and duties that stay with the licensee."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from freehold.trust.handover.declarations import UNVERIFIED, Declared, General
from freehold.trust.handover.grant import Terms

NOT_GRANTED: Final = "not granted"
COVERED: Final = "covered by the contract"
DUTY: Final = "a duty of the licensee"
ITEMS: Final = {
    "snow-3g": (NOT_GRANTED, "NEA1 and NIA1 use SNOW 3G, which has terms of use of its own (ETSI SAGE)"),
    "zuc": (NOT_GRANTED, "NEA3 and NIA3 use ZUC, which has terms of use of its own (ETSI SAGE)"),
    "256-bit": (NOT_GRANTED, "the 256-bit algorithms have terms of use of their own; this source has none of them"),
    "milenage-tuak": (NOT_GRANTED, "MILENAGE and TUAK are published by 3GPP with terms of use of their own"),
    "schema-tables": (NOT_GRANTED, "the ASN.1 protocols' tables come from modules whose copyright is 3GPP's partners'"),
    "later-releases": (NOT_GRANTED, "what later 3GPP releases add, in code and in patents"),
    "trademarks": (NOT_GRANTED, "names and marks of 3GPP, ETSI, and of the licensor"),
    "warranty": (NOT_GRANTED, "a warranty: Apache-2.0 sections 7 and 8 exclude it where the contract gives none"),
    "vulnerability-handling": (DUTY, "who takes reports of vulnerabilities, mends them and tells whom, from now on"),
    "export": (DUTY, "encryption and telecommunication are controlled goods: classify, and license where needed"),
    "cra": (DUTY, "Regulation (EU) 2024/2847 for who places it on the market: assessment, reports, support"),
    "type-approval": (DUTY, "radio, emergency calls and lawful interception are regulated where it runs"),
    "spectrum": (DUTY, "a licence for the spectrum"),
}  # fmt: skip
"""What no copyright licence brings, by a name that a contract may say it covers."""


class Gap(msgspec.Struct, frozen=True):
    """One right: its name, of whom, whether it is granted, and why not."""

    name: str
    holder: str
    state: str
    why: str


def gaps(
    terms: Terms, bill: Mapping[str, Any], specifications: Iterable[str],
    declared: Iterable[Declared] = (), general: Iterable[General] = (),
) -> list[Gap]:  # fmt: skip
    """Every right that is not the licensor's to give, or that this grant does not give."""
    found = [_item(name, state, why, terms) for name, (state, why) in ITEMS.items()]
    for allowed, name in ((terms.modify, "modify"), (terms.sublicense, "sublicense"), (terms.assign, "assign")):
        if not allowed:
            found.append(Gap(name, terms.licensor, NOT_GRANTED, f"the grant gives no right to {name}"))
    if not terms.perpetual:
        found.append(Gap("term", terms.licensor, NOT_GRANTED, "the grant ends"))
    found += [_part(component) for component in bill.get("components", ()) if component.get("type") != "file"]
    return [*found, *_patents(terms, set(specifications), declared, general)]


def _item(name: str, state: str, why: str, terms: Terms) -> Gap:
    return Gap(name, "", COVERED if name in terms.covers else state, why)


def _part(component: Mapping[str, Any]) -> Gap:
    """The copyright of a part of somebody else."""
    licences = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name", "")
        for each in component.get("licenses", ())
    ]
    stated = ", ".join(licences) or "no licence that its author states"
    holder = component.get("supplier", {}).get("name", "unknown")
    return Gap(
        f"copyright {component.get('purl', component['name'])}",
        holder,
        NOT_GRANTED,
        f"it is under {stated}, from its own authors",
    )


def _patents(
    terms: Terms, specifications: set[str], declared: Iterable[Declared], general: Iterable[General]
) -> list[Gap]:
    """What others declared; a holder's patents are counted once each, however often they stand in an export."""
    holders: dict[str, tuple[set[str], set[str]]] = {}
    licensor = terms.licensor.casefold()
    for each in declared:
        if each.specification in specifications and each.holder.casefold() != licensor:
            patents, of = holders.setdefault(each.holder, (set(), set()))
            patents.add(each.patent)
            of.add(each.specification)
    found = [
        Gap("patents", holder, NOT_GRANTED, f"{len(patents)} to {', '.join(sorted(of))}: {UNVERIFIED}")
        for holder, (patents, of) in sorted(holders.items())
    ]
    known = {holder.casefold() for holder in holders} | {licensor}
    return found + [
        Gap("patents", each.holder, NOT_GRANTED, _general(each))
        for each in general
        if each.holder.casefold() not in known
    ]


def _general(each: General) -> str:
    to = "all standards" if each.to_all else "some standards"
    return f"a general declaration only, to {to}, of {each.date or 'no date'}: it names no patent; unverified"
