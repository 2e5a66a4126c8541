"""Short messages: the layers of TS 24.011 and the TPDUs of TS 23.040, as a NAS payload container carries them.

`decode(octets) -> Decoded(message, faults)` is total and opens every layer; `encode(message)` is its inverse.
"""

from freehold.codecs.sms.address import Address as Address
from freehold.codecs.sms.control import CpAck as CpAck
from freehold.codecs.sms.control import CpData as CpData
from freehold.codecs.sms.control import CpError as CpError
from freehold.codecs.sms.control import CpMessage as CpMessage
from freehold.codecs.sms.control import Decoded as Decoded
from freehold.codecs.sms.control import decode as decode
from freehold.codecs.sms.control import encode as encode
from freehold.codecs.sms.faults import Fault as Fault
from freehold.codecs.sms.names import CommandType as CommandType
from freehold.codecs.sms.names import CpCause as CpCause
from freehold.codecs.sms.names import FailureCause as FailureCause
from freehold.codecs.sms.names import NumberingPlan as NumberingPlan
from freehold.codecs.sms.names import RpCause as RpCause
from freehold.codecs.sms.names import Status as Status
from freehold.codecs.sms.names import TypeOfNumber as TypeOfNumber
from freehold.codecs.sms.reader import read_tpdu as read_tpdu
from freehold.codecs.sms.relay import RpAck as RpAck
from freehold.codecs.sms.relay import RpData as RpData
from freehold.codecs.sms.relay import RpError as RpError
from freehold.codecs.sms.relay import RpMessage as RpMessage
from freehold.codecs.sms.relay import RpSmma as RpSmma
from freehold.codecs.sms.relay import read_relay as read_relay
from freehold.codecs.sms.relay import write_relay as write_relay
from freehold.codecs.sms.times import AbsolutePeriod as AbsolutePeriod
from freehold.codecs.sms.times import EnhancedPeriod as EnhancedPeriod
from freehold.codecs.sms.times import OtherPeriod as OtherPeriod
from freehold.codecs.sms.times import RelativePeriod as RelativePeriod
from freehold.codecs.sms.times import TimeStamp as TimeStamp
from freehold.codecs.sms.transfer import Command as Command
from freehold.codecs.sms.transfer import Deliver as Deliver
from freehold.codecs.sms.transfer import DeliverReport as DeliverReport
from freehold.codecs.sms.transfer import StatusReport as StatusReport
from freehold.codecs.sms.transfer import Submit as Submit
from freehold.codecs.sms.transfer import SubmitReport as SubmitReport
from freehold.codecs.sms.transfer import Tpdu as Tpdu
from freehold.codecs.sms.user_data import ApplicationPorts as ApplicationPorts
from freehold.codecs.sms.user_data import Concatenation as Concatenation
from freehold.codecs.sms.user_data import OtherElement as OtherElement
from freehold.codecs.sms.user_data import UserData as UserData
from freehold.codecs.sms.user_data import alphabet as alphabet
from freehold.codecs.sms.user_data import split as split
from freehold.codecs.sms.writer import write_tpdu as write_tpdu
