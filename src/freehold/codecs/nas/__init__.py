"""NAS of 5GS: messages and values of TS 24.501, read and written by declared tables."""

from freehold.codecs.nas.engine import MESSAGES as MESSAGES
from freehold.codecs.nas.engine import Decoded as Decoded
from freehold.codecs.nas.engine import Fault as Fault
from freehold.codecs.nas.engine import SecurityProtected as SecurityProtected
from freehold.codecs.nas.engine import decode as decode
from freehold.codecs.nas.engine import encode as encode
from freehold.codecs.nas.layout import Message as Message
from freehold.codecs.nas.layout import MmMessage as MmMessage
from freehold.codecs.nas.layout import SmMessage as SmMessage
from freehold.codecs.nas.messages.mobility import *  # noqa: F403 - the messages are this room's names
from freehold.codecs.nas.messages.registration import *  # noqa: F403
from freehold.codecs.nas.messages.relay import *  # noqa: F403
from freehold.codecs.nas.messages.security import *  # noqa: F403
from freehold.codecs.nas.messages.session import *  # noqa: F403
from freehold.codecs.nas.names import *  # noqa: F403
from freehold.codecs.nas.values.access import *  # noqa: F403
from freehold.codecs.nas.values.area import *  # noqa: F403
from freehold.codecs.nas.values.container import *  # noqa: F403
from freehold.codecs.nas.values.identity import *  # noqa: F403
from freehold.codecs.nas.values.mobility import *  # noqa: F403
from freehold.codecs.nas.values.multicast import *  # noqa: F403
from freehold.codecs.nas.values.positioning import *  # noqa: F403
from freehold.codecs.nas.values.qos import *  # noqa: F403
from freehold.codecs.nas.values.session import *  # noqa: F403
from freehold.codecs.nas.values.sharing import *  # noqa: F403
from freehold.codecs.nas.values.slicing import *  # noqa: F403
from freehold.codecs.nas.values.timer import *  # noqa: F403
