"""Keys of 5G ProSe relays (TS 24.501 8.2.34 to 8.2.38)."""

from typing import ClassVar

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import LVE, TLVE, MmMessage, OctetString, V
from freehold.codecs.nas.values.access import RelayKeyRequestParameters, RelayKeyResponseParameters
from freehold.codecs.nas.values.mobility import Octet1


class RelayKeyRequest(MmMessage, frozen=True):
    """A relay UE asks for the keys of a remote UE (TS 24.501 8.2.34)."""

    message_type: ClassVar[int] = 0x69

    relay_transaction_identity: Annotated[Octet1, V(1)]
    parameters: Annotated[RelayKeyRequestParameters, LVE(22)]


class RelayKeyAccept(MmMessage, frozen=True):
    """The network gives the keys (TS 24.501 8.2.35)."""

    message_type: ClassVar[int] = 0x6A

    relay_transaction_identity: Annotated[Octet1, V(1)]
    parameters: Annotated[RelayKeyResponseParameters, LVE(51)]
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None


class RelayKeyReject(MmMessage, frozen=True):
    """The network refuses the keys (TS 24.501 8.2.36)."""

    message_type: ClassVar[int] = 0x6B

    relay_transaction_identity: Annotated[Octet1, V(1)]
    eap_message: Annotated[OctetString | None, TLVE(0x78, 7, 1503)] = None


class RelayAuthenticationRequest(MmMessage, frozen=True):
    """The network authenticates the remote UE (TS 24.501 8.2.37)."""

    message_type: ClassVar[int] = 0x6C

    relay_transaction_identity: Annotated[Octet1, V(1)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]


class RelayAuthenticationResponse(MmMessage, frozen=True):
    """The remote UE answers (TS 24.501 8.2.38)."""

    message_type: ClassVar[int] = 0x6D

    relay_transaction_identity: Annotated[Octet1, V(1)]
    eap_message: Annotated[OctetString, LVE(6, 1502)]
