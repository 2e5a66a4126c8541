"""What an operator sees of a network, as plain values: the same in the API, the command line and the console."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec


class View(msgspec.Struct, frozen=True):
    """One thing an operator sees."""


class StatusView(View, frozen=True):
    """A network at one glance; octets are of user data since the start."""

    name: str
    plmn: str
    tac: int
    version: str
    pid: int
    uptime_s: float
    gnbs: int = 0
    ues_registered: int = 0
    ues_connected: int = 0
    sessions: int = 0
    uplink_bytes: int = 0
    downlink_bytes: int = 0


class GnbView(View, frozen=True):
    """A gNB with an association: its global id, where it is, and what it offers."""

    id: str
    name: str
    address: str
    tacs: tuple[int, ...] = ()
    plmns: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    ues: int = 0


class UeView(View, frozen=True):
    """A UE context of the AMF: states as TS 24.501 5.1.3 and TS 23.502 4.2.2 name them."""

    supi: str
    guti: str = ""
    state: str = ""
    connection: Literal["CM-IDLE", "CM-CONNECTED"] = "CM-IDLE"
    gnb: str = ""
    tai: str = ""
    pei: str = ""
    procedures: tuple[str, ...] = ()
    cell: str = ""


class SessionView(View, frozen=True):
    """A PDU session: its data network, address, IPv6 prefix, and octets carried.

    `type` is the PDU session type; one of Ethernet has the MAC addresses that were heard from the terminal. `flows` are
    the QoS flows beside the default one: QFI, 5QI, and who wished for it where that was the terminal.
    """

    supi: str
    pdu_session_id: int
    dnn: str
    slice: str = ""
    ip: str = ""
    state: str = ""
    uplink_bytes: int = 0
    downlink_bytes: int = 0
    ip6: str = ""
    type: str = ""
    macs: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()


class SecurityView(View, frozen=True):
    """A 5G NAS security context: its algorithms, its identifier, the next NAS COUNTs (TS 24.501 4.4)."""

    ciphering: str
    integrity: str
    ng_ksi: int
    uplink_count: int
    downlink_count: int


class EndingView(View, frozen=True):
    """A procedure that ended: seconds since 1970, how long it took, how it ended and why it failed."""

    function: str
    name: str
    clause: str
    began: float
    seconds: float
    outcome: str
    why: str = ""


class UeInsideView(View, frozen=True):
    """What the functions know of one UE beside its state."""

    security: SecurityView | None = None
    allowed_slices: tuple[str, ...] = ()
    registration_area: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    ended: tuple[EndingView, ...] = ()


class UeDetails(UeView, frozen=True):
    """A UE context with its PDU sessions, its security and the procedures that ended last."""

    sessions: tuple[SessionView, ...] = ()
    inside: UeInsideView = UeInsideView()


class RowError(View, frozen=True):
    """What is wrong with a row of an import: its line in a CSV file or its number in a list, from 1, and its field."""

    line: int
    field: str
    detail: str


class Added(View, frozen=True, omit_defaults=True):
    """How many were added, and which rows were left out where that was asked for."""

    added: int
    skipped: int = 0
    errors: tuple[RowError, ...] = ()


class FunctionView(View, frozen=True):
    """A network function of this process."""

    name: str
    kind: str
    address: str = ""
    state: str = "running"


class HomeKeyView(View, frozen=True):
    """The public half of a home network key, as a SIM holds it (TS 31.102 4.4.11.8): hexadecimal.

    `uses` are the SUCIs that it opened since `counted_since`, `last_used` is the last of them: seconds since 1970, 0
    where there is none.
    """

    id: int
    profile: Literal["A", "B"]
    public_key: str
    uses: int = 0
    last_used: float = 0.0
    counted_since: float = 0.0


class CounterView(View, frozen=True):
    """One counter; `name` by TS 28.552 where it has one."""

    name: str
    label: str
    value: int


class EventView(View, frozen=True):
    """Something that happened: seconds since 1970 in UTC, and what to change; `ue` is the same in logs and traces."""

    time: float
    name: str
    severity: str
    text: str
    subject: str = ""
    fix: str = ""
    clause: str = ""
    ue: str = ""


class MeasurementView(View, frozen=True):
    """What a measurement means: `split` is what its labels are, `standard` whether TS 28.552 gives its name."""

    name: str
    object: str
    kind: str
    text: str
    split: str
    unit: str
    clause: str
    standard: bool


class KpiView(View, frozen=True):
    """A KPI over a stretch of time in seconds since 1970; none where nothing happened; `events` it is made of."""

    name: str
    title: str
    value: float | None
    unit: str
    formula: str
    clause: str
    standard: bool
    events: int | None
    begin: float
    end: float


class LookView(View, frozen=True):
    """What was seen at one look, at `time` in seconds since 1970; octets since the network started."""

    time: float
    uplink_bytes: int
    downlink_bytes: int
    ues_registered: int
    ues_connected: int
    sessions: int


class MeasurementFileView(View, frozen=True):
    """A measurement file that can be had (TS 32.432)."""

    name: str
    begin: float
    end: float
    suspect: bool


class RecordView(View, frozen=True):
    """A tap record: `detail` is the cause a message carries, `octets` hexadecimal as on the wire.

    `start` and `end` are its lanes in a ladder, `inside` names the message it carries, `id` finds it again (0: it is
    not kept).
    """

    time: float
    interface: str
    source: str
    target: str
    name: str
    detail: str = ""
    clause: str = ""
    subject: str = ""
    octets: str = ""
    start: str = ""
    end: str = ""
    inside: str = ""
    id: int = 0


class FieldView(View, frozen=True):
    """A field of a message: its place in bits from the message's first, where it has one, and what is in it."""

    label: str
    text: str
    first: int | None = None
    bits: int = 0
    fields: tuple[FieldView, ...] = ()


class DissectionView(View, frozen=True):
    """A message open to its bits: octets hexadecimal."""

    protocol: str
    specification: str
    octets: str
    content: FieldView


class Dissectable(View, frozen=True, forbid_unknown_fields=True):
    """Octets to open, hexadecimal, and what they are; the protocol is guessed where it is not said."""

    octets: Annotated[str, msgspec.Meta(pattern="^([0-9A-Fa-f]{2})+$", max_length=32768)]
    protocol: str = ""


class Change(View, frozen=True):
    """What is new of a topic: `rows` by their keys, and the keys of those that are gone; all there is where `whole`."""

    topic: str
    whole: bool
    rows: dict[str, Any]
    gone: tuple[str, ...] = ()


class ProblemView(View, frozen=True, omit_defaults=True):
    """Why a request was refused, in one line (RFC 9457); of an import every row that is wrong, 1000 at most."""

    status: int
    detail: str
    errors: tuple[RowError, ...] = ()


class ChangeView(View, frozen=True):
    """One setting that differs: its key, its values as a person writes them, and when the new one takes effect."""

    key: str
    before: str
    after: str
    takes_effect: Literal["now", "restart"]


class ConfigurationView(View, frozen=True):
    """The configuration as it is written, where, and what of it waits for a restart; the text may be empty."""

    text: str
    path: str
    pending: tuple[ChangeView, ...] = ()


class VersionView(View, frozen=True):
    """One configuration that was applied: when (seconds since 1970), by whom, and why."""

    number: int
    at: float
    actor: str
    note: str


class VersionText(View, frozen=True):
    """The text of a version."""

    number: int
    text: str


class BackupView(View, frozen=True):
    """What is in a backup, made at `made` (seconds since 1970); `files` are named by its configuration and not in it.

    `ledger_root` is the state of its ledger, to be compared with a checkpoint that was kept outside.
    """

    program: str
    made: float
    network: str
    plmn: str
    subscribers: int
    home_keys: int
    accounts: int
    tokens: int
    versions: int
    ledger_entries: int
    ledger_root: str
    periods: int = 0
    files: tuple[str, ...] = ()


class WaitingView(View, frozen=True):
    """The backup that the next start restores; none where none waits."""

    backup: BackupView | None


class FindingView(View, frozen=True):
    """One thing that was looked at on this machine; `fix` says what to do where it is not good."""

    check: str
    state: Literal["good", "limited", "bad"]
    what: str
    fix: str = ""
