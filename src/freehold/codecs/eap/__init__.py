"""EAP: packets of RFC 3748, and of EAP-AKA and EAP-AKA' every attribute (RFC 4187, RFC 9048, RFC 9678).

`decode(octets) -> Decoded(message, faults)` is total; `encode(message)` is its inverse. `with_mac` and `mac_is_right`
are AT_MAC's, `encrypted` and `decrypted` AT_ENCR_DATA's, with the keys of `freehold.crypto.eap`.
"""

from freehold.codecs.eap.aka import *  # noqa: F403 - the attributes are this room's names
from freehold.codecs.eap.attributes import read_attributes as read_attributes
from freehold.codecs.eap.attributes import write_attributes as write_attributes
from freehold.codecs.eap.faults import Fault as Fault
from freehold.codecs.eap.keyed import decrypted as decrypted
from freehold.codecs.eap.keyed import encrypted as encrypted
from freehold.codecs.eap.keyed import mac_is_right as mac_is_right
from freehold.codecs.eap.keyed import with_mac as with_mac
from freehold.codecs.eap.layout import Attribute as Attribute
from freehold.codecs.eap.layout import Known as Known
from freehold.codecs.eap.layout import OtherAttribute as OtherAttribute
from freehold.codecs.eap.layout import name_of as name_of
from freehold.codecs.eap.methods import Aka as Aka
from freehold.codecs.eap.methods import AkaPrime as AkaPrime
from freehold.codecs.eap.methods import Expanded as Expanded
from freehold.codecs.eap.methods import ExpandedNak as ExpandedNak
from freehold.codecs.eap.methods import GenericTokenCard as GenericTokenCard
from freehold.codecs.eap.methods import Identity as Identity
from freehold.codecs.eap.methods import Md5Challenge as Md5Challenge
from freehold.codecs.eap.methods import Method as Method
from freehold.codecs.eap.methods import MethodChoice as MethodChoice
from freehold.codecs.eap.methods import Nak as Nak
from freehold.codecs.eap.methods import Notification as Notification
from freehold.codecs.eap.methods import OneTimePassword as OneTimePassword
from freehold.codecs.eap.methods import OtherMethod as OtherMethod
from freehold.codecs.eap.names import BiddingFlag as BiddingFlag
from freehold.codecs.eap.names import ClientErrorCode as ClientErrorCode
from freehold.codecs.eap.names import KeyDerivation as KeyDerivation
from freehold.codecs.eap.names import KeyExchange as KeyExchange
from freehold.codecs.eap.names import MethodType as MethodType
from freehold.codecs.eap.names import NotificationCode as NotificationCode
from freehold.codecs.eap.names import Subtype as Subtype
from freehold.codecs.eap.packet import Decoded as Decoded
from freehold.codecs.eap.packet import Failure as Failure
from freehold.codecs.eap.packet import Packet as Packet
from freehold.codecs.eap.packet import Request as Request
from freehold.codecs.eap.packet import Response as Response
from freehold.codecs.eap.packet import Success as Success
from freehold.codecs.eap.packet import decode as decode
from freehold.codecs.eap.packet import encode as encode
