"""Information elements that are kept as octets wherever they come (TS 29.244 8.1.2): `UnknownIE` names them so.

Type 116 left the specification in Release 16; the others came with Releases 17 to 19, and no network function here
sends them. A table in front of an IE's figure, and it is typed: `docs/how-to/add-a-pfcp-ie.md`.
"""

from types import MappingProxyType
from typing import Final

_RELEASE_18: Final = """
Metadata; Traffic Parameter Measurement Control Information; Traffic Parameter Measurement Report;
Traffic Parameter Threshold; DL Periodicity; N6 Jitter Measurement; Traffic Parameter Measurement Indication;
UL Periodicity; MPQUIC Control Information; MPQUIC Parameters; MPQUIC Address Information; Transport Mode;
Protocol Description; Reporting Suggestion Info; TL-Container; Measurement Indication; HPLMN S-NSSAI;
Media Transport Protocol; RTP Header Extension Information; RTP Payload Information; RTP Header Extension Type;
RTP Header Extension ID; RTP Payload Type; RTP Payload Format; Extended DL Buffering Notification Policy;
MT-SDT Control Information; Reporting Thresholds; RTP Header Extension Additional Information; Mapped N6 IP Address;
N6 Routing Information; URI; UE Level Measurements Configuration
"""
_RELEASE_19: Final = """
N6 Delay Measurement Protocols; N6 Delay Measurement Control Information; N6 Delay Measurement Report;
N6 Delay Measurement Information; Measurement Endpoint Address; Operator Configurable UPF Capability;
Packet Inspection Functionality; Header Handling Control Rule; Header Handling Reporting Control Info;
Header Handling Control Information; Header Detection Reference; Header Detection Support Information;
Reporting Endpoint ID; Header Handling Control Reference; Header Handling Action; Header Information; Header Value;
Header Handling Condition; Header Handling Control ID; Header Handling Control Rule ID;
On-path N6 Connection Information; Measurement Reporting Type; N6 Delay Measurement Failure Information;
N6 Delay Measurement Control Information ID; Protocol Specific Configuration Parameters;
Measurement Endpoint Port Number; Header Handling Reporting Indication
"""


def _named(first: int, names: str) -> dict[int, str]:
    return dict(enumerate((" ".join(name.split()) for name in names.split(";")), first))


NAMES: Final = MappingProxyType(
    {
        116: "User Plane IP Resource Information",
        **_named(322, _RELEASE_18),
        **_named(354, _RELEASE_19),
    }
)
"""Type and name of every IE of the table that has no class here."""
