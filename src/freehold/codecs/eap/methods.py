"""What requests and responses carry: the types of RFC 3748 clause 5, and the messages of EAP-AKA and EAP-AKA'."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import msgspec

from freehold.codecs.eap.layout import Attribute

A = TypeVar("A", bound=Attribute)


class Method(msgspec.Struct, frozen=True, gc=False):
    """What a request or response carries; `number` is its type (RFC 3748 4.1)."""

    number: ClassVar[int]


class Identity(Method, frozen=True, gc=False):
    """A displayable message and, after a zero octet, options; or the peer's identity (RFC 3748 5.1)."""

    number: ClassVar[int] = 1

    data: bytes = b""


class Notification(Method, frozen=True, gc=False):
    """A displayable message in UTF-8, or nothing as its acknowledgement (RFC 3748 5.2)."""

    number: ClassVar[int] = 2

    data: bytes = b""


class Nak(Method, frozen=True, gc=False):
    """The types that the peer would rather have, 0 alone for none (RFC 3748 5.3.1)."""

    number: ClassVar[int] = 3

    wanted: list[int]


class Md5Challenge(Method, frozen=True, gc=False):
    """A challenge or its response, and a name (RFC 3748 5.4, RFC 1994 4.1)."""

    number: ClassVar[int] = 4

    value: bytes
    name: bytes = b""


class OneTimePassword(Method, frozen=True, gc=False):
    """A challenge that is shown, or the words that answer it (RFC 3748 5.5)."""

    number: ClassVar[int] = 5

    data: bytes = b""


class GenericTokenCard(Method, frozen=True, gc=False):
    """A text that is shown, or what the token card said (RFC 3748 5.6)."""

    number: ClassVar[int] = 6

    data: bytes = b""


class Aka(Method, frozen=True, gc=False):
    """A message of EAP-AKA: its Subtype and attributes, in their order (RFC 4187 8.1)."""

    number: ClassVar[int] = 23

    subtype: int
    attributes: tuple[Attribute, ...] = ()
    reserved: int = 0

    def first(self, kind: type[A]) -> A | None:
        """The first attribute of a kind, None where there is none."""
        return next((each for each in self.attributes if isinstance(each, kind)), None)

    def every(self, kind: type[A]) -> list[A]:
        """All attributes of a kind: of AT_KDF there may be several (RFC 9048 3.2)."""
        return [each for each in self.attributes if isinstance(each, kind)]


class AkaPrime(Aka, frozen=True, gc=False):
    """A message of EAP-AKA' (RFC 9048 3)."""

    number: ClassVar[int] = 50


class Expanded(Method, frozen=True, gc=False):
    """A type of a vendor; vendor 0 is the IETF (RFC 3748 5.7)."""

    number: ClassVar[int] = 254

    vendor: int
    vendor_type: int
    data: bytes = b""


class MethodChoice(msgspec.Struct, frozen=True, gc=False):
    """A method that an expanded Nak names (RFC 3748 5.3.2)."""

    vendor: int
    vendor_type: int


class ExpandedNak(Method, frozen=True, gc=False):
    """The methods that the peer would rather have, in the answer to an expanded type (RFC 3748 5.3.2)."""

    number: ClassVar[int] = 254

    wanted: tuple[MethodChoice, ...]


class OtherMethod(Method, frozen=True, gc=False):
    """A method that nobody reads further here, or one whose data is malformed: its type and octets."""

    number: ClassVar[int] = 255

    kind: int
    data: bytes = b""
