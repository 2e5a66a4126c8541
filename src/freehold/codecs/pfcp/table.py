"""How the tables of messages and information elements are written, and how the native engine gets them.

A class is a table: its annotations say for each field the IE's type, coding, clause and presence; type checkers read
them too. No annotation here may be postponed: the engine is made from them when the package is imported.
"""

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeVar

import msgspec

from freehold.codecs.marks import Annotated, Marked, marked
from freehold.codecs.pfcp.kept import NAMES

T = TypeVar("T")

VENDOR: Final = 0x8000
"""IE types from here on are vendors' (TS 29.244 8.1.1)."""


class Form(msgspec.Struct, frozen=True):
    """How a field lies in the octets: a name the engine knows, with its sizes."""

    name: Literal["uint", "number", "flags", "octets", "rest", "text", "labels", "counted"]
    size: int = 0
    most: int = 0


U8, U16, U24, U32, U40, U64 = (Form("uint", octets) for octets in (1, 2, 3, 4, 5, 8))
NUMBER = Form("number")
REST = Form("rest")
TEXT = Form("text")
LABELS = Form("labels")
IPV4 = Form("octets", 4)
IPV6 = Form("octets", 16)
COUNTED8, COUNTED16 = Form("counted", 1), Form("counted", 2)


def flags(least: int, most: int) -> Form:
    """Flags over `least` to `most` octets; bit 1 of the first octet is 1, bit 1 of the second 0x100, and so on.

    One octet less is read too: a later release added it.
    """
    return Form("flags", least, most)


def octets(size: int) -> Form:
    """Exactly `size` octets."""
    return Form("octets", size)


class Pattern(msgspec.Struct, frozen=True):
    """Leading octets of a layout, first octet first, bit 8 to bit 1: 0, 1, `x` for the field itself, `.` for others."""

    bits: str

    def mask(self, marks: str) -> int:
        """The marked bits as a number whose lowest octet is the first one."""
        rows = self.bits.split()
        return sum(int("".join("01"[bit in marks] for bit in row), 2) << 8 * at for at, row in enumerate(rows))

    @property
    def octets(self) -> int:
        """How many leading octets there are."""
        return len(self.bits.split())


class If(Pattern, frozen=True):
    """The field is there when the leading octets look like this; a `bool` is true then."""


class AnyOf(Pattern, frozen=True):
    """The field is there when one of the bits marked 1 is set, which other fields of the layout stand for."""


class Bits(Pattern, frozen=True):
    """The field is a number at the bits marked `x`."""


class Tail(msgspec.Struct, frozen=True):
    """The field is there when octets are left for it."""


class IE(msgspec.Struct, frozen=True):
    """Type, coding and clause of TS 29.244 of an information element with one field."""

    number: int
    form: Form | Bits
    clause: str


# Presence in a message or grouped IE (TS 29.244 7.1), alone and repeated; a filter is optional, but with a fault in it
# its group is refused: without it, it would match too much.
if TYPE_CHECKING:
    M = Annotated[T, "M"]
    C = Annotated[T | None, "C"]
    O = Annotated[T | None, "O"]  # noqa: E741 - the specification's letter
    MList = Annotated[tuple[T, ...], "M*"]
    CList = Annotated[tuple[T, ...], "C*"]
    OList = Annotated[tuple[T, ...], "O*"]
    Filter = Annotated[T | None, "O!"]
    Filters = Annotated[tuple[T, ...], "O!*"]
else:

    class Presence:
        """A presence that marks the type of what is there, or of each that is there."""

        def __init__(self, mark: str) -> None:
            self.mark = mark

        def __getitem__(self, kind: Any) -> Marked:
            return marked(kind, self.mark)

    M, C, O = Presence("M"), Presence("C"), Presence("O")  # noqa: E741
    MList, CList, OList = Presence("M*"), Presence("C*"), Presence("O*")
    Filter, Filters = Presence("O!"), Presence("O!*")


class UnknownIE(msgspec.Struct, frozen=True, gc=False):
    """An IE kept as octets: without a place in its table, a vendor's with its enterprise number (TS 29.244 8.1.1)."""

    number: int
    value: bytes
    enterprise_id: int | None = None

    @property
    def name(self) -> str | None:
        """The specification's name where it has one for an IE kept as octets."""
        return NAMES.get(self.number)


class Layout(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """The value of an IE of several fields; `number` is its type, one of the fields `one_of` has to be there."""

    number: ClassVar[int]
    one_of: ClassVar[tuple[str, ...]] = ()


class Group(msgspec.Struct, frozen=True, gc=False, kw_only=True, repr_omit_defaults=True):
    """A grouped IE; `number` is its type. What its fields do not say of the octets it came in is kept beside them.

    `unknown_ies` are those without a field, repeated ones, and optional ones with a fault. `order` says where each IE
    stood, in the order in which they are sent: fields, then unknown. `codings` are IEs whose octets are not those that
    their value is sent in, spare bits for instance: place in that order, and the octets; of use while the value is the
    same. Where a group `updates`, an IE without octets asks to remove what was provisioned (TS 29.244 5.6.3).
    """

    number: ClassVar[int]
    updates: ClassVar[bool] = False

    unknown_ies: tuple[UnknownIE, ...] = ()
    order: tuple[int, ...] = ()
    codings: tuple[tuple[int, bytes], ...] = ()

    @property
    def removed(self) -> frozenset[int]:
        """Types of the IEs that are to be removed: they came without octets (TS 29.244 5.6.3)."""
        return frozenset(ie.number for ie in self.unknown_ies if self.updates and not ie.value and ie.number < VENDOR)


class Message(Group, frozen=True, gc=False, repr_omit_defaults=True):
    """A PFCP message; `session` says whether its header carries a SEID."""

    session: ClassVar[bool] = True


Item = tuple[str, int, int, str, int, int]
LayoutRow = tuple[int | None, int, int, list[Item]]
MemberRow = tuple[int, bool, int, int, bool]


class Compiler:
    """Collects the rows for the engine from message classes."""

    def __init__(self) -> None:
        self.classes: list[type[Any]] = []
        self.layouts: list[LayoutRow] = []
        self.groups: list[tuple[int, list[MemberRow], bool]] = []
        self.messages: list[tuple[int, bool, int]] = []
        self._known: dict[object, int] = {}

    def message(self, kind: type[Message]) -> None:
        """Add one message with everything in it."""
        self.messages.append((kind.number, kind.session, self._group(kind)))

    def _class(self, kind: type[Any]) -> int:
        self.classes.append(kind)
        return len(self.classes) - 1

    def _group(self, kind: type[Group]) -> int:
        if kind not in self._known:
            members = [self._member(hint) for hint in hints(kind) if type(hint) is Marked]
            self.groups.append((self._class(kind), members, kind.updates))
            self._known[kind] = len(self.groups) - 1
        return self._known[kind]

    def _member(self, hint: Marked) -> MemberRow:
        element, presence = member(hint)
        number, many = element.number, presence.endswith("*")
        rank = ord("C" if "!" in presence else presence[0])
        if isinstance(element, IE):
            return number, False, self._alone(element), rank, many
        if issubclass(element, Layout):
            return number, False, self._layout(element), rank, many
        return number, True, self._group(element), rank, many

    def _alone(self, element: IE) -> int:
        if element not in self._known:
            item = _item(int, (element.form,))
            lead = element.form.octets if isinstance(element.form, Bits) else 0
            self.layouts.append((None, lead, 0, [item]))
            self._known[element] = len(self.layouts) - 1
        return self._known[element]

    def _layout(self, kind: type[Layout]) -> int:
        if kind not in self._known:
            items: list[Item] = []
            lead = 0
            for hint in hints(kind):
                lead = max(lead, *(note.octets for note in hint.marks if isinstance(note, Pattern)), 0)
                items.append(_item(hint.kind, hint.marks))
            needed = sum(1 << kind.__struct_fields__.index(name) for name in kind.one_of)
            self.layouts.append((self._class(kind), lead, needed, items))
            self._known[kind] = len(self.layouts) - 1
        return self._known[kind]


def hints(kind: type[Any]) -> list[Any]:
    """The annotations of a class's fields, in their order, those of its bases included."""
    known: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        known.update(inspect.get_annotations(base))
    return [known[name] for name in kind.__struct_fields__]


def member(hint: Marked) -> tuple[Any, str]:
    """What a field of a message or group holds, a class or an IE of one field, and its presence."""
    presence = next(note for note in hint.marks if isinstance(note, str))
    return next((note for note in hint.marks if isinstance(note, IE)), hint.kind), presence


def _item(inner: object, notes: tuple[Any, ...]) -> Item:
    when = _when(notes)
    for note in notes:
        if isinstance(note, Form):
            return note.name, note.size, note.most, *when
        if isinstance(note, Bits):
            field = note.mask("x")
            shift = (field & -field).bit_length() - 1
            return "bits", shift, field.bit_length() - shift, *when
    if inner is not bool:
        raise TypeError(f"a field of {inner} needs a form")
    return "flag", 0, 0, *when


def _when(notes: tuple[Any, ...]) -> tuple[str, int, int]:
    for note in notes:
        if isinstance(note, If):
            return "equal", note.mask("01"), note.mask("1")
        if isinstance(note, AnyOf):
            return "any", note.mask("1"), 0
        if isinstance(note, Tail):
            return "tail", 0, 0
    return "equal", 0, 0
