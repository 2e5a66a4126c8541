"""`Annotated` for the tables that classes are: typing's own takes longer to make than a class to declare with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

__all__ = ["Annotated", "Marked", "marked"]


class Marked:
    """A type with its marks, innermost first; with `| None` it is the same, as a field's default says that already."""

    __slots__ = ("kind", "marks")

    def __init__(self, kind: Any, marks: tuple[Any, ...]) -> None:
        self.kind: Final = kind
        self.marks: Final = marks

    def __or__(self, other: object) -> Marked:
        return self if other is None else NotImplemented


def marked(kind: Any, *marks: Any) -> Marked:
    """The type with these marks behind those that it carries."""
    return Marked(kind.kind, kind.marks + marks) if type(kind) is Marked else Marked(kind, marks)


if TYPE_CHECKING:
    from typing import Annotated
else:

    class Annotated:
        """What type checkers take for typing's."""

        def __class_getitem__(cls, parts: tuple[Any, ...]) -> Marked:
            return marked(*parts)
