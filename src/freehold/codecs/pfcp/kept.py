"""Information elements that are kept as octets wherever they come (TS 29.244 8.1.2): `UnknownIE` names them so.

Type 116 left the specification in Release 16. A table in front of an IE's figure, and it is typed:
`docs/how-to/add-a-pfcp-ie.md`.
"""

from types import MappingProxyType
from typing import Final

NAMES: Final = MappingProxyType({116: "User Plane IP Resource Information"})
"""Type and name of every IE of the table that has no class here."""
