"""A decoder's fault as one line that names its clause."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from freehold.codecs.display.names import element_name

CLAUSES: Final = MappingProxyType(
    {
        # TS 38.413 10.2, 10.3.4 to 10.3.6; the other application protocols have the same clause 10, RRC its own 10.2
        "transfer-syntax-error": "10.2",
        "abstract-syntax-error-reject": "10.3",
        "abstract-syntax-error-ignore-and-notify": "10.3",
        "abstract-syntax-error-falsely-constructed-message": "10.3.6",
        # TS 24.501 7.2.1 to 7.8
        "too short": "7.2.1",
        "last element truncated": "7.5.1",
        "unknown protocol discriminator": "9.2",
        "unknown security header type": "9.3",
        "unknown message type": "7.4",
        "mandatory element missing": "7.5.1",
        "mandatory element invalid": "7.5.1",
        "unknown element with comprehension required": "7.5.1",
        "optional element invalid": "7.7.1",
        "element out of sequence": "7.6.2",
        "element repeated": "7.6.3",
        "element too long": "7.7.1",
        # TS 29.244 7.6
        "version": "7.6.2",
        "message length": "7.6.3",
        "unknown message": "7.6.4",
        "mandatory IE missing": "7.6.6",
        "IE length": "7.6.7",
        "IE incorrect": "7.6.8",
        "IE repeated": "7.6.10",
    }
)
"""Clauses of the protocols' own specifications by the words of their faults."""
IE_CLAUSES: Final = MappingProxyType({"not-understood": "10.3.4", "missing": "10.3.5"})
"""Clauses of the application protocols by what is wrong with an IE (TS 38.413 10.3.4, 10.3.5)."""
LPP_CLAUSE: Final = "5.4.3"
"""The clause that every fault of LPP has (TS 37.355 5.4.3)."""
GTPU_CLAUSES: Final = MappingProxyType(
    {
        "version": "5.1",
        "length": "5.1",
        "extension headers": "5.2",
        "extension header not understood": "5.2.1",
        "mandatory IE missing": "7.1",
        "IE length": "8.1",
    }
)
"""Clauses of TS 29.281."""


def clause_of(row: Any, fault: Any) -> str:
    """The fault's words, the element concerned, what else it says, and the clause."""
    word = str(_first(fault, "reason", "kind", "cause"))
    own = getattr(fault, "clause", None)
    element = _first(fault, "ie", "offending_ie", "header_type")
    parts = [word] if element is None else [word, f"IE {element} {element_name(row.name, element)}".rstrip()]
    parts += [str(said) for name in ("error", "where", "element", "detail") if (said := getattr(fault, name, None))]
    if isinstance(own, str):  # of the several specifications that its protocol has
        return f"{', '.join(parts)} ({own})"
    clause = _clause(row.name, word, getattr(fault, "error", None))
    return f"{', '.join(parts)} ({row.specification}{f' {clause}' if clause else ''})"


def _clause(protocol: str, word: str, error: str | None) -> str | None:
    if protocol == "lpp":
        return LPP_CLAUSE
    return IE_CLAUSES.get(error or "") or (GTPU_CLAUSES if protocol == "gtpu" else CLAUSES).get(word)


def _first(fault: Any, *names: str) -> Any:
    return next((getattr(fault, name) for name in names if hasattr(fault, name)), None)
