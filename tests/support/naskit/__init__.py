"""Random NAS messages made from their own declarations."""

from __future__ import annotations

import string
from base64 import b64encode
from random import Random
from typing import Any, get_args

from freehold.codecs import nas
from freehold.codecs.nas.compile import declared, fields_of
from freehold.codecs.nas.layout import (
    Bits,
    Choice,
    Digits,
    Equipment,
    Format,
    IfLeft,
    Labels,
    Lengths,
    Octets,
    Plmn,
    Record,
    Repeat,
    Rest,
    Sessions,
    Sized,
    SmMessage,
    Switch,
    When,
)
from freehold.spec.identities import Pei, PlmnId, SNssai


class Generator:
    """Draws values of declared types; `optional` is how likely each optional element is there.

    Without `opaque`, optional elements that are octets only are left out: a witness may want more of them than octets.
    """

    def __init__(self, seed: int, optional: float = 0.5, *, opaque: bool = True) -> None:
        self.random = Random(seed)
        self.optional = optional
        self.opaque = opaque

    def message(self, cls: type[Any]) -> Any:
        """A message that can be encoded."""
        header = 2 if issubclass(cls, SmMessage) else 0
        values: dict[str, Any] = {}
        if header:
            values = {"pdu_session_identity": self.random.randrange(256), "pti": self.random.randrange(256)}
        for name, annotation in fields_of(cls)[header:-1]:
            kind, marks = declared(annotation)
            form = next(mark for mark in marks if isinstance(mark, Format))
            optional = form.name.startswith("tag")
            if optional and self.random.random() > self.optional:
                continue
            if optional and kind is bytes and not self.opaque:
                continue
            if name == "eap_message":
                values[name] = self.eap()
                continue
            rest = tuple(mark for mark in marks if not isinstance(mark, Format))
            values[name] = self.fitting(kind, rest, form)
        return cls(**values)

    def eap(self) -> bytes:
        """A request or response of an experimental method, which nobody reads further (RFC 3748 4.1, 5.8)."""
        data = b"\xff" + self.octets(0, 39)
        return self.random.choice((b"\1", b"\2")) + self.random.randbytes(1) + (4 + len(data)).to_bytes(2, "big") + data

    def fitting(self, kind: Any, marks: tuple[Any, ...], form: Format) -> Any:
        """A value within the bounds of its format, found by trying."""
        if (marks and isinstance(marks[0], Rest)) or (form.name == "half" and kind is bytes):
            return self.octets(form.least, min(form.most, form.least + 40))
        for _ in range(2000):
            value = self.value(kind, marks)
            if form.least <= size(kind, marks, value) <= form.most or form.bits == 0:
                return value
        raise AssertionError(f"no value of {kind} fits {form}")

    def octets(self, least: int, most: int) -> bytes:
        return self.random.randbytes(self.random.randint(least, most))

    def value(self, kind: Any, marks: tuple[Any, ...], siblings: dict[str, Any] | None = None) -> Any:
        """One value of a declared type."""
        marks = tuple(mark for mark in marks if not isinstance(mark, Sized))
        layout = [
            mark for mark in marks if type(mark).__name__ not in {"Spare", "Constant", "Extent", "Length", "Count"}
        ]
        layout = [mark for mark in layout if not isinstance(mark, IfLeft | Lengths | When)]
        if not layout:
            return self.record(kind, fields_of(kind))
        mark = layout[0]
        match mark:
            case Bits(1, 0) if kind is bool:
                return self.random.random() < 0.5
            case Bits(bits, plus):
                return self.random.randrange(1 << bits) + plus
            case Octets(count):
                return self.random.randbytes(count)
            case Rest():
                return self.octets(0, 6)
            case Repeat():
                item_kind, item_marks = declared(get_args(kind)[0])
                rest = tuple(layout[1:]) or item_marks
                made = [self.value(item_kind, rest, siblings) for _ in range(self.random.randint(1, 3))]
                # the octets of cells have no end of their own: nothing comes after them (TS 24.501 9.11.4.31)
                ends = [at for at, item in enumerate(made, 1) if getattr(item, "service_area", 0) > 1]
                return made[: ends[0]] if ends else made
            case Switch(on, cases, default):
                case = cases.get((siblings or {}).get(on), default)
                return self.value(*declared(case))
            case Choice(_, _, cases):
                return self.value(*declared(self.random.choice(list(cases.values()))))
            case Record(cls, fields):
                return self.record(cls, list(fields.items()) if fields else fields_of(cls))
        return self.special(mark)

    def special(self, mark: Any) -> Any:
        match mark:
            case Plmn():
                digits = "".join(self.random.choices(string.digits, k=6))
                return PlmnId(digits[:3], digits[3 : self.random.choice((5, 6))])
            case Digits(octets):
                return "".join(self.random.choices(string.digits, k=self.random.randint(1, octets * 2)))
            case Labels():
                label = string.ascii_lowercase + string.digits + "-"
                return ".".join("".join(self.random.choices(label, k=self.random.randint(1, 9))) for _ in range(3))
            case Sessions():
                return sorted(self.random.sample(range(1, 16), self.random.randint(0, 15)))
            case Equipment():
                kind, count = self.random.choice((("imei", 15), ("imeisv", 16)))
                return Pei(f"{kind}-{''.join(self.random.choices(string.digits, k=count))}")
        raise AssertionError(f"no generator for {mark}")

    def record(self, cls: Any, declarations: list[tuple[str, Any]]) -> Any:
        if cls is nas.SNssaiElement:
            return self.slice()
        if cls is nas.NetworkSpecificSuci:
            return self.named_suci(cls)
        values: dict[str, Any] = {}
        tail, ended = self.random.random() < 0.7, False
        choices = [
            mark for _, annotation in declarations for mark in declared(annotation)[1] if isinstance(mark, Switch)
        ]
        for name, annotation in declarations:
            kind, marks = declared(annotation)
            if any(isinstance(mark, IfLeft) for mark in marks) and not tail:
                ended = True
                continue
            if ended and isinstance(marks[-1], Rest):
                continue  # nothing follows what is not there
            when = next((mark for mark in marks if isinstance(mark, When)), None)
            if when is not None and values[when.on] not in when.values:
                continue
            if any(mark.on == name and mark.default is None for mark in choices):
                key = self.random.choice([key for mark in choices if mark.on == name for key in mark.cases])
                values[name] = bool(key) if kind is bool else key
                continue
            values[name] = self.value(kind, marks, values)
        return cls(**values)

    def named_suci(self, cls: Any) -> Any:
        """A SUCI whose NAI has the form of its SUPI type: format 2 is a GCI, of type 3, and 3 a GLI, of type 2.

        TS 24.501 9.11.3.4, TS 23.003 2.2B, 28.7.3, 28.15.5, 28.16.5.
        """
        kind = self.random.randint(1, 3)
        user = "".join(self.random.choices(string.ascii_lowercase, k=self.random.randint(1, 9)))
        if kind == 3:
            user = b64encode(self.random.randbytes(9)).decode()
        routing = "678" if kind == 1 else "0"
        return cls(kind, f"type{(0, 1, 3, 2)[kind]}.rid{routing}.schid0.userid{user}@example.com".encode())

    def slice(self) -> nas.SNssaiElement:
        sst, sd = self.random.randrange(256), self.random.choice((None, self.random.randrange(1 << 24)))
        mapped = self.random.choice((None, nas.MappedSNssai(self.random.randrange(256))))
        if mapped is not None and sd is not None and self.random.random() < 0.5:
            mapped = nas.MappedSNssai(mapped.sst, self.random.randrange(1 << 24))
        return nas.SNssaiElement(SNssai(sst, sd), mapped)


def size(kind: Any, marks: tuple[Any, ...], value: Any) -> int:
    """The octets of a value, by encoding it in an element without bounds."""
    return len(_measure(kind, marks, value))


def _measure(kind: Any, marks: tuple[Any, ...], value: Any) -> bytes:
    codec = _CODECS.get(key := repr((kind, [type(mark).__name__ for mark in marks], id(marks[-1]) if marks else 0)))
    if codec is None:
        codec = _CODECS[key] = _probe(kind, marks)
    cls, encode = codec
    return encode(cls(value))[3:]


def _probe(kind: Any, marks: tuple[Any, ...]) -> Any:
    from typing import ClassVar

    from freehold.codecs.marks import Annotated
    from freehold.codecs.nas.compile import Compiler
    from freehold.codecs.nas.engine import Decoded, Fault, SecurityProtected
    from freehold.codecs.nas.layout import LVE, MmMessage

    annotation = Annotated[(kind, *marks, LVE(2))]
    cls = type(
        "Probe",
        (MmMessage,),
        {"__annotations__": {"message_type": ClassVar[int], "value": annotation}, "message_type": 1},
    )
    codec = Compiler().codec([cls], (Decoded, Fault, SecurityProtected, PlmnId))
    return cls, lambda message: codec.encode(message)[2:]


_CODECS: dict[str, Any] = {}
