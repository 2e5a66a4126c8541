from typing import Any

from collections.abc import Callable, Sequence

class Engine:
    """Decodes and encodes by the tables it is made from.

    `classes` are numbered by their place. A layout is (class number or None, leading octets, needs a field, items); an
    item (form, size or shift, most or width, condition, mask, value). A group is (class number, members); a member (IE type,
    is grouped, number of its group or layout, ord of "M", "C" or "O", repeated). A message is (type, has a SEID, number
    of its group). `frame` are the classes of the result: Decoded, Header, Fault, UnknownIE.
    """

    def __init__(
        self,
        classes: Sequence[type[Any]],
        layouts: Sequence[tuple[int | None, int, bool, Sequence[tuple[str, int, int, str, int, int]]]],
        groups: Sequence[tuple[int, Sequence[tuple[int, bool, int, int, bool]]]],
        messages: Sequence[tuple[int, bool, int]],
        frame: tuple[type[Any], type[Any], type[Any], type[Any]],
        astuple: Callable[[Any], tuple[Any, ...]],
    ) -> None: ...
    def decode(self, octets: bytes) -> Any: ...
    def encode(self, message: object, sequence: int, seid: int | None, priority: int | None, follow_on: bool) -> bytes: ...
