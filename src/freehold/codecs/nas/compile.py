"""From declarations to the tables of the native engine."""

import inspect
from collections.abc import Iterable, Sequence
from types import UnionType
from typing import Any, get_args

import msgspec

from freehold._native.nas import Codec
from freehold.codecs.marks import Marked
from freehold.codecs.nas.layout import (
    Bits,
    Choice,
    Constant,
    Count,
    Digits,
    Equipment,
    Extent,
    Format,
    IfLeft,
    Labels,
    Length,
    Lengths,
    Mark,
    Message,
    MmMessage,
    Octets,
    Plmn,
    PolicyMessage,
    Record,
    Repeat,
    Rest,
    Sessions,
    Sized,
    SmMessage,
    Spare,
    Switch,
    Value,
    When,
)

PREFIXES = (Spare, Constant, Extent, Length, Count)
PLAIN = {Rest: "rest", Labels: "labels", Sessions: "sessions", Plmn: "plmn"}
PRESENCES = (IfLeft, Lengths, When)
WRAPPERS = (*PREFIXES, *PRESENCES, Sized)
ALWAYS = ("always",)
# extended protocol discriminators (TS 24.007 11.2.3.1.1A)
MOBILITY_MANAGEMENT = 0x7E
SESSION_MANAGEMENT = 0x2E
HEADERS: dict[type, tuple[int, int]] = {
    MmMessage: (MOBILITY_MANAGEMENT, 0),
    SmMessage: (SESSION_MANAGEMENT, 2),
    PolicyMessage: (MOBILITY_MANAGEMENT, 0),  # with its header put in that order
}


def declared(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The bare type of an annotation and its marks, those that wrap a layout first; an optional's None is left out."""
    if type(annotation) is Marked:
        kind, more = declared(annotation.kind)
        marks = (*more, *annotation.marks)
        return kind, tuple(sorted(marks, key=_within_others)) if len(marks) > 1 else marks
    if type(annotation) is UnionType:
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return declared(kinds[0]) if len(kinds) == 1 else (annotation, ())
    return annotation, ()


def _within_others(mark: Mark) -> bool:
    return not isinstance(mark, WRAPPERS)


def mask(numbers: Iterable[int]) -> int:
    """A number with these bits set."""
    return sum(1 << number for number in numbers)


def fields_of(cls: type[msgspec.Struct]) -> list[tuple[str, Any]]:
    """The fields of a class in the order its values are built, with their annotations."""
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-2]):
        annotations.update(inspect.get_annotations(base))
    return [(name, annotations[name]) for name in cls.__struct_fields__]


class Compiler:
    """Collects layouts, classes and messages, each once."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = []
        self.classes: dict[type, int] = {}
        self._records: dict[type, int] = {}
        self._layouts: dict[tuple[Any, ...], int] = {}

    def codec(self, messages: Iterable[type[Message]], results: tuple[type, type, type, type]) -> Codec:
        """The engine for these messages; `results` as `Codec` wants them."""
        compiled = [self._message(message) for message in messages]
        return Codec(self.nodes, compiled, list(self.classes), results)

    def _add(self, *node: Any) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _class(self, cls: type) -> int:
        return self.classes.setdefault(cls, len(self.classes))

    def _message(self, cls: type[Message]) -> tuple[int, int, int, list[Any]]:
        discriminator, header = HEADERS[cls.__mro__[1]]
        elements = []
        for name, annotation in fields_of(cls)[header:-1]:
            kind, marks = declared(annotation)
            form = next(mark for mark in marks if isinstance(mark, Format))
            rest = tuple(mark for mark in marks if not isinstance(mark, Format))
            node = self._node(kind, rest)
            elements.append((name, node, (form.name, form.tag, form.bits, form.least, form.most)))
        return self._class(cls), discriminator, cls.message_type, elements  # type: ignore[attr-defined]

    def _of(self, annotation: Any) -> int:
        return self._node(*declared(annotation))

    def _node(self, kind: Any, marks: Sequence[Mark]) -> int:
        """The layout of a value of `kind` that carries these marks, made once."""
        if not marks:
            if not (isinstance(kind, type) and issubclass(kind, Value)):
                raise TypeError(f"no layout declared for {kind}")
            return self._record(kind, None)
        key = (kind, *marks)
        if key not in self._layouts:
            self._layouts[key] = self._marked(kind, marks[0], marks[1:])
        return self._layouts[key]

    def _marked(self, kind: Any, first: Mark, rest: Sequence[Mark]) -> int:
        match first:
            case Spare(bits):
                return self._add("after", bits, self._node(kind, rest))
            case Sized(bits):
                return self._add("sized", bits, self._node(kind, rest))
            case Record(cls, fields):
                return self._record(cls, fields)
            case _:
                return self._add(*self._leaf(kind, first))

    def _leaf(self, kind: Any, mark: Mark) -> tuple[Any, ...]:
        node: tuple[Any, ...]
        match mark:
            case Bits(bits, plus):
                node = ("boolean",) if kind is bool else ("unsigned", bits, plus)
            case Octets(count):
                node = ("octets", count)
            case Repeat(most, counted):
                item = self._of(get_args(kind)[0])
                node = ("counted", item) if counted else ("list", item, most)
            case Digits(octets):
                node = ("digits", octets)
            case Equipment(cls):
                node = ("equipment", self._class(cls))
            case Choice(offset, bits, cases):
                node = ("choice", offset, bits, [(key, self._of(case)) for key, case in cases.items()])
            case _:
                if type(mark) not in PLAIN:
                    raise TypeError(f"no layout for {mark}")
                node = (PLAIN[type(mark)],)
        return node

    def _record(self, cls: type[msgspec.Struct], fields: Any) -> int:
        """The layout of a class: as it declares itself, once, or with these fields."""
        if fields is None and cls in self._records:
            return self._records[cls]
        declarations = fields_of(cls) if fields is None else list(fields.items())
        names = [name for name, _ in declarations]
        steps: list[tuple[Any, ...]] = []
        for _, annotation in declarations:
            steps += self._steps(annotation, names, declarations)
        node = self._add("record", self._class(cls), steps)
        if fields is None:
            self._records[cls] = node
        return node

    def _steps(self, annotation: Any, names: list[str], declarations: Any) -> list[tuple[Any, ...]]:
        """What a record does for one field: bits before it, and the field itself."""
        kind, marks = declared(annotation)
        steps = [self._prefix(mark, declarations) for mark in marks if isinstance(mark, PREFIXES)]
        presence = next((self._presence(mark, names) for mark in marks if isinstance(mark, PRESENCES)), ALWAYS)
        layout = [mark for mark in marks if not isinstance(mark, (*PREFIXES, *PRESENCES))]
        node = self._within(kind, layout, names)
        if presence != ALWAYS:  # an absent field takes its spare bits along
            for name, *parameters in reversed(steps):
                if name != "spare":
                    raise TypeError(f"{name} before a field that may be absent")
                node = self._add("after", *parameters, node)
            steps = []
        return [*steps, ("field", node, presence)]

    def _prefix(self, mark: Mark, declarations: Any) -> tuple[Any, ...]:
        match mark:
            case Spare(bits):
                return ("spare", bits)
            case Constant(value, bits):
                return ("constant", value, bits)
            case Extent(octets):
                return ("extent", mask(octets))
            case Length(bits, after):
                return ("length", bits, after)
            case Count(bits, bias):
                return ("count", bits, bias, self._counted(declarations))
        raise TypeError(f"no step for {mark}")

    @staticmethod
    def _presence(mark: Mark, names: list[str]) -> tuple[Any, ...]:
        match mark:
            case Lengths(octets):
                return ("lengths", mask(octets))
            case When(on, values):
                return ("when", names.index(on), mask(values))
        return ("left",)

    def _within(self, kind: Any, marks: list[Mark], names: list[str]) -> int:
        """The layout of a record's field, which may depend on an earlier one."""
        if marks and isinstance(marks[0], Sized) and len(marks) > 1:
            return self._add("sized", marks[0].bits, self._within(kind, marks[1:], names))
        if marks and isinstance(marks[0], Switch):
            switch = marks[0]
            cases = [(key, self._of(case)) for key, case in switch.cases.items()]
            default = None if switch.default is None else self._of(switch.default)
            return self._add("switch", names.index(switch.on), cases, default)
        if len(marks) > 1 and isinstance(marks[0], Repeat) and isinstance(marks[1], Switch):
            item = self._within(kind, marks[1:], names)
            return self._add("counted", item) if marks[0].counted else self._add("list", item, marks[0].most)
        return self._node(kind, marks)

    @staticmethod
    def _counted(declarations: Any) -> int:
        for index, (_, annotation) in enumerate(declarations):
            if any(isinstance(mark, Repeat) and mark.counted for mark in declared(annotation)[1]):
                return index
        raise TypeError("a count without a counted list")
