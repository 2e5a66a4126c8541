"""ASN.1 names as Python names: classes keep the spec's spelling, fields become snake_case."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

# Identifiers that join an acronym and a lower-case word: split here so that the rules below see two words.
_JOINED: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Qo([SE])(?=[A-Z]|-|$)"), lambda match: f"Qo{match[1].lower()}"),
    (re.compile(r"(NR|EUTRA|MBS|PDU|PLMN|UE|NGRAN|RAN)(?=[a-z]{2,})"), r"\1-"),
    (re.compile(r"(?<=[a-z])([ge]NB)"), lambda match: f"-{match[1].upper()}"),
    (re.compile(r"(?<=-)([ge]NB)"), lambda match: match[1].upper()),
    (re.compile(r"XnAP(?=-?ID)-?"), "Xnap-"),
    (re.compile(r"(?<=[a-z])(for|to|of)(?=[A-Z])"), r"-\1"),
    (re.compile(r"(setup|arking)or(?=[A-Z])"), r"\1-or"),
    (re.compile(r"per(?=[A-Z])"), "-per"),
    (re.compile(r"IoT"), "Iot"),
    (re.compile(r"ProSe(?=PC5)"), "ProSe-"),
)
_PLURAL = re.compile(r"([A-Z]{2,})s(?![a-z])")
_ACRONYM_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_WORD_ACRONYM = re.compile(r"([a-z])([A-Z])|([0-9])([A-Z][a-z])")


def field_name(identifier: str) -> str:
    """Snake case of an ASN.1 identifier: `pLMNIdentity` -> `plmn_identity`, `id-NAS-PDU` -> `nas_pdu`."""
    text = identifier.removeprefix("id-")
    text = text[0].upper() + text[1:]
    for pattern, replacement in _JOINED:
        text = pattern.sub(replacement, text)
    text = _PLURAL.sub(lambda match: match[1] + "S", text)
    text = _ACRONYM_WORD.sub(r"\1_\2", text)
    text = _WORD_ACRONYM.sub(lambda match: f"{match[1] or match[3]}_{match[2] or match[4]}", text)
    name = text.replace("-", "_").lower()
    return f"{name}_" if keyword.iskeyword(name) else name


def class_name(typename: str) -> str:
    """The Python name of an ASN.1 type: its dashes dropped, the letter after each raised (`NR-CGI` -> `NRCGI`)."""
    return "".join(part[:1].upper() + part[1:] for part in typename.split("-"))
