from collections.abc import Callable, Sequence
from typing import Any

# Classes are numbered by their place. A layout is (class number or None, leading octets, bits of the fields one of which is needed, items); an item
# is (form, size or shift, most or width, condition, mask, value). A group is (class number, members, whether no octets remove); a member is (IE
# type, is grouped, number of its group or layout, ord of "M", "C" or "O", repeated). A message is (type, has a SEID,
# number of its group). `frame` are the classes of the result: Decoded, Header, Fault, UnknownIE.
class Engine:
    def __init__(
        self,
        classes: Sequence[type[Any]],
        layouts: Sequence[tuple[int | None, int, int, Sequence[tuple[str, int, int, str, int, int]]]],
        groups: Sequence[tuple[int, Sequence[tuple[int, bool, int, int, bool]], bool]],
        messages: Sequence[tuple[int, bool, int]],
        frame: tuple[type[Any], type[Any], type[Any], type[Any]],
        astuple: Callable[[Any], tuple[Any, ...]],
    ) -> None: ...
    def decode(self, octets: bytes) -> Any: ...
    def encode(
        self,
        message: object,
        sequence: int,
        seid: int | None,
        priority: int | None,
        follow_on: bool,
        spare: bytes,
    ) -> bytes: ...
