"""Captures as octets: the files of pcap and pcapng, and the messages that their packets carry."""

from freehold.codecs.capture.file import Malformed, Packet, is_capture, packets
from freehold.codecs.capture.messages import UNSAID, Carried, Carrier

__all__ = ["UNSAID", "Carried", "Carrier", "Malformed", "Packet", "is_capture", "packets"]
