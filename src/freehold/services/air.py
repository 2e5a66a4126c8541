"""The air link, first form: what a terminal and a gNB tell each other while RRC is not there yet (TS 38.331 names).

A gNB offers `Cell`, a terminal offers `Terminal`; each keeps the other's Protocol. NAS always crosses as octets. User
data crosses in the native access engine by `bearer`, never here.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.spec.identities import Guami, Ncgi, PlmnId, STmsi, Tai

EstablishmentCause = Literal[
    "emergency",
    "highPriorityAccess",
    "mt-Access",
    "mo-Signalling",
    "mo-Data",
    "mo-VoiceCall",
    "mo-VideoCall",
    "mo-SMS",
    "mps-PriorityAccess",
    "mcs-PriorityAccess",
]


class SystemInformation(msgspec.Struct, frozen=True):
    """What a cell broadcasts (SIB1, TS 38.331 6.2.2): identity, tracking area, PLMNs, whether it is barred."""

    cell: Ncgi
    tai: Tai
    plmns: tuple[PlmnId, ...]
    barred: bool = False


class RrcSetup(msgspec.Struct, frozen=True):
    """A connection request with the first NAS message (RRCSetupRequest and RRCSetupComplete, TS 38.331 5.3.3)."""

    cause: EstablishmentCause
    nas: bytes
    selected_plmn: PlmnId
    s_tmsi: STmsi | None = None
    registered_amf: Guami | None = None


class Bearer(msgspec.Struct, frozen=True, gc=False):
    """A data radio bearer that carries one PDU session; `handle` names it in the access engine."""

    pdu_session_id: int
    handle: int
    qfis: tuple[int, ...]


class Connection(Protocol):
    """A terminal's connection, as the gNB's side offers it to the terminal."""

    def uplink_nas(self, octets: bytes) -> None:
        """ULInformationTransfer (TS 38.331 5.7.2)."""

    def release_request(self, cause: Literal["user-inactivity", "radio-connection-with-ue-lost"]) -> None:
        """The terminal is idle or lost: the gNB asks the AMF to release (TS 38.413 8.3.2)."""


class Cell(Protocol):
    """A cell as a terminal sees it."""

    @property
    def system_information(self) -> SystemInformation:
        """What is broadcast now."""

    def setup(self, terminal: Terminal, request: RrcSetup) -> Connection | None:
        """Connect; None when the cell refuses (barred, N2 down, overload)."""

    def camp(self, terminal: Terminal, s_tmsi: STmsi | None) -> None:
        """Listen to paging in this cell under an S-TMSI; None stops it."""

    def synchronise(self, terminal: Terminal, c_rnti: int, complete: bytes) -> Connection | None:
        """Come by handover, under the C-RNTI that the command named; None where the cell does not take the terminal.

        `complete` is RRCReconfigurationComplete with its MAC-I (TS 38.331 5.3.5.3, TS 38.323 5.9).
        """


class Air(Protocol):
    """The cells that a terminal can hear."""

    def cell(self, pci: int, arfcn: int) -> Cell | None:
        """The cell of a physical cell identity on a frequency (TS 38.331 5.3.5.5.2)."""


class Terminal(Protocol):
    """A terminal as the gNB sees it."""

    def downlink_nas(self, octets: bytes) -> None:
        """DLInformationTransfer (TS 38.331 5.7.1)."""

    def security(self, k_gnb: bytes, ciphering: int, integrity: int) -> bool:
        """AS SecurityModeCommand (TS 38.331 5.3.4); whether the terminal accepts the key and the algorithms."""

    def radio_capability(self) -> bytes:
        """UECapabilityInformation (TS 38.331 5.6.1), as an octet string for the AMF to store."""

    def bearers(self, added: tuple[Bearer, ...], released: tuple[int, ...]) -> None:
        """RRCReconfiguration (TS 38.331 5.3.5): bearers added and PDU session ids whose bearer is released."""

    def reconfiguration(self, octets: bytes) -> None:
        """RRCReconfiguration with sync: the terminal goes to another cell (TS 38.331 5.3.5.5.2)."""

    def released(self) -> None:
        """RRCRelease (TS 38.331 5.3.8), or loss of the radio link: the connection is gone."""

    def paged(self) -> None:
        """Paging with this terminal's S-TMSI (TS 38.331 5.3.2)."""
