from typing import TypeVar

import msgspec

from freehold._gen.ngap import *  # noqa: F403
from freehold.codecs.asn1 import Decoded as Decoded
from freehold.codecs.asn1 import EncodeError as EncodeError
from freehold.codecs.asn1 import Fault as Fault
from freehold.codecs.asn1 import Header as Header
from freehold.codecs.asn1 import Message as Message
from freehold.codecs.asn1 import UnknownIe as UnknownIe

_T = TypeVar("_T", bound=msgspec.Struct)

def decode(octets: bytes, any_order: bool = False, /) -> Decoded[Message]: ...
def encode(message: Message, /) -> bytes: ...
def decode_as(type_: type[_T], octets: bytes, /) -> tuple[_T | None, tuple[Fault, ...]]: ...
def encode_value(value: msgspec.Struct, /) -> bytes: ...
def message_class(procedure_code: int, kind: str) -> type[Message] | None: ...
