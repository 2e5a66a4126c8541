"""Operations of the management API by what they are about; `routes` joins them with the rest."""

from __future__ import annotations

from typing import Any, Final

from freehold.manage import assurance, support, terminals
from freehold.manage.accounts import Permission
from freehold.manage.backup import operations as backups
from freehold.manage.faults.alarm import AlarmCounts, AlarmView
from freehold.manage.operation import OCTETS, Operation
from freehold.manage.performance.history import History
from freehold.manage.performance.thresholds import Threshold
from freehold.manage.sims import operations as sims
from freehold.manage.sims.cards import SimForm, SimsMade
from freehold.manage.sims.profile import FileView
from freehold.manage.views import (
    BackupView,
    FindingView,
    KpiView,
    LookView,
    MeasurementFileView,
    MeasurementView,
    WaitingView,
)
from freehold.manage.why import handlers as why
from freehold.manage.why.failures import FailureView

_SECONDS: Final = {"type": "number", "minimum": 0}
COUNT: Final = {"type": "integer", "minimum": 1, "maximum": assurance.MOST_ROWS}
"""The schema of a number of rows."""


def _switch(call: Any, text: str) -> dict[str, Operation]:
    """An operation on one simulated terminal."""
    view = terminals.TerminalView
    return {"POST": Operation(call, text, view, refusals=(404, 422), needs=Permission.OPERATE)}


ASSURANCE: Final[dict[str, dict[str, Operation]]] = {
    "alarms": {
        "GET": Operation(
            assurance.alarms,
            "The alarm list, the worst first (TS 28.532 11.2).",
            list[AlarmView],
            query={
                "severity": "only these, like CRITICAL,MAJOR",
                "ack_state": "ACKNOWLEDGED or UNACKNOWLEDGED",
                "follow": "what happens to alarms from now on, one notification a line",
            },
            refusals=(422,),
            key=("id",),
        )
    },
    "alarms/{id}": {
        "GET": Operation(assurance.show_alarm, "One alarm of the list.", AlarmView, refusals=(404,)),
        "PATCH": Operation(
            assurance.change_alarm,
            "Acknowledge an alarm, take that back, or clear it (TS 28.532 12.2.1.1).",
            AlarmView,
            body=assurance.AlarmChange,
            refusals=(404, 409, 412, 422),
            needs=Permission.OPERATE,
        ),
    },
    "alarms/{id}/comments": {
        "POST": Operation(
            assurance.comment_alarm,
            "Write about an alarm.",
            AlarmView,
            status=201,
            body=assurance.CommentForm,
            refusals=(404, 422),
            needs=Permission.OPERATE,
        )
    },
    "alarm-counts": {"GET": Operation(assurance.alarm_counts, "Alarms by severity.", AlarmCounts)},
    "alarm-history": {
        "GET": Operation(
            assurance.alarm_history,
            "Alarms that are over, the latest first.",
            list[AlarmView],
            query={"begin": "seconds since 1970", "end": "seconds since 1970", "most": "how many, 1000 by default"},
            types={"begin": _SECONDS, "end": _SECONDS, "most": COUNT},
            refusals=(422,),
            key=("id",),
        )
    },
    "thresholds": {
        "GET": Operation(
            assurance.thresholds, "Thresholds on KPIs and counters.", list[Threshold], refusals=(422,), key=("name",)
        )
    },
    "thresholds/{name}": {
        "GET": Operation(assurance.show_threshold, "One threshold.", Threshold, refusals=(404,)),
        "PUT": Operation(
            assurance.put_threshold,
            "Set a threshold.",
            Threshold,
            body=assurance.ThresholdForm,
            refusals=(412, 422),
            needs=Permission.OPERATE,
        ),
        "DELETE": Operation(
            assurance.delete_threshold,
            "Take back a threshold that was set; what is built in or configured counts again.",
            status=204,
            refusals=(404, 412),
            needs=Permission.OPERATE,
        ),
    },
    "measurements": {
        "GET": Operation(
            assurance.measurements,
            "What each measurement means.",
            list[MeasurementView],
            refusals=(422,),
            key=("name",),
        )
    },
    "looks": {
        "GET": Operation(
            assurance.looks,
            "What was seen at each look of the last quarter of an hour, oldest first: octets, UEs, sessions.",
            list[LookView],
            refusals=(422,),
            key=("time",),
        )
    },
    "kpis": {
        "GET": Operation(
            assurance.kpis,
            "KPIs of TS 28.554 over the last seconds.",
            list[KpiView],
            query={"window": "so many seconds, 300 by default, 900 at most"},
            types={"window": _SECONDS},
            refusals=(422,),
            key=("name",),
        )
    },
    "history": {
        "GET": Operation(
            assurance.history,
            "Counters, sampled values and KPIs of each granularity period.",
            History,
            query={
                "begin": "seconds since 1970; a day ago by default",
                "end": "seconds since 1970",
                "step": "join periods to stretches of so many seconds",
                "name": "only these, like RSR.*,RM.RegInitFail",
                "labels": "no: a counter's labels as their sum",
            },
            types={"begin": _SECONDS, "end": _SECONDS, "step": _SECONDS},
            refusals=(422,),
        )
    },
    "measurement-files": {
        "GET": Operation(
            assurance.files, "Measurement files (TS 32.432).", list[MeasurementFileView], refusals=(422,), key=("name",)
        )
    },
    "measurement-files/{name}": {
        "GET": Operation(
            assurance.measurement_file,
            "One measurement file (TS 32.435).",
            media_type=assurance.XML,
            refusals=(404,),
        )
    },
    "dashboard": {"GET": Operation(assurance.dashboard, "A Grafana dashboard of the metrics.", dict[str, Any])},
}
"""Fault and performance management."""

WHY: Final[dict[str, dict[str, Operation]]] = {
    "failures": {
        "GET": Operation(
            why.failures,
            "Procedures that failed, the latest first: the cause, and the rule that fired.",
            list[FailureView],
            query={"ue": "only those of this SUPI"},
            refusals=(422,),
        )
    },
    "failures/{id}": {
        "GET": Operation(
            why.show_failure, "One failure, with the changes that may end it.", why.FailureDetails, refusals=(404,)
        )
    },
    "failures/{id}/repair": {
        "POST": Operation(
            why.repair,
            "Make one of those changes; a change of the configuration needs the permission to administer.",
            why.FailureDetails,
            body=why.RemedyForm,
            refusals=(404, 409, 412, 422),
            needs=Permission.OPERATE,
        )
    },
    "terminals": {
        "GET": Operation(
            terminals.list_terminals, "Simulated terminals, where there are some.", list[terminals.TerminalView]
        )
    },
    "terminals/{supi}/start": _switch(terminals.start, "Switch a simulated terminal on; it is made where it is not."),
    "terminals/{supi}/stop": _switch(terminals.stop, "Switch a simulated terminal off."),
    "terminals/{supi}/session": {
        "POST": Operation(
            terminals.open_session,
            "Let a simulated terminal open one more PDU session; as an interface of this host, where one is named.",
            terminals.TerminalView,
            body=terminals.SessionForm,
            refusals=(404, 422),
            needs=Permission.OPERATE,
        )
    },
    "terminals/{supi}/release-session": {
        "POST": Operation(
            terminals.release_session,
            "Let a simulated terminal release a PDU session.",
            terminals.TerminalView,
            body=terminals.SessionName,
            refusals=(404, 422),
            needs=Permission.OPERATE,
        )
    },
    "terminals/{supi}/handover": {
        "POST": Operation(
            terminals.hand_over,
            "Hand a simulated terminal over to another gNB of this network, over Xn or N2.",
            terminals.TerminalView,
            body=terminals.HandoverForm,
            refusals=(404, 422),
            needs=Permission.OPERATE,
        )
    },
    "terminals/{supi}/power-cycle": _switch(terminals.power_cycle, "Switch a simulated terminal off and on."),
}
"""Failures and what ends them; simulated terminals."""

BACKUP: Final[dict[str, dict[str, Operation]]] = {
    "backup": {
        "POST": Operation(
            backups.create,
            "Make a backup: everything an operator would lose, encrypted.",
            body=backups.BackupForm,
            media_type=OCTETS,
            refusals=(422,),
            needs=Permission.ADMINISTER,
        )
    },
    "backup-check": {
        "POST": Operation(
            backups.verify,
            "Say what is in a backup, and whether it can be restored here.",
            BackupView,
            body=backups.RestoreForm,
            refusals=(422,),
            needs=Permission.ADMINISTER,
        )
    },
    "restore": {
        "POST": Operation(
            backups.restore,
            "Check a backup as a whole, and restore it at the next start.",
            BackupView,
            status=202,
            body=backups.RestoreForm,
            refusals=(422,),
            needs=Permission.ADMINISTER,
        ),
        "GET": Operation(
            backups.waiting,
            "What the next start restores.",
            WaitingView,
            needs=Permission.ADMINISTER,
        ),
        "DELETE": Operation(
            backups.give_up,
            "Restore nothing at the next start.",
            status=204,
            refusals=(404,),
            needs=Permission.ADMINISTER,
        ),
    },
}
"""Backup and restore."""

SIMS: Final[dict[str, dict[str, Operation]]] = {
    "sims": {
        "POST": Operation(
            sims.generate,
            "Make SIMs: their keys leave once, in the answer, encrypted to the card vendor.",
            SimsMade,
            status=201,
            body=SimForm,
            refusals=(422,),
            needs=Permission.OPERATE,
        )
    },
    "sim-profile": {
        "GET": Operation(
            sims.show_profile,
            "What a card has to hold beside its keys (TS 31.102).",
            list[FileView],
            query={"routing_indicator": "1 to 4 digits, 0 by default"},
            types={"routing_indicator": {"type": "string", "pattern": "^[0-9]{1,4}$"}},
            refusals=(422,),
            key=("path", "content"),
        )
    },
    "support-bundle": {
        "GET": Operation(
            support.bundle,
            "What somebody needs who helps: a ZIP file without secrets.",
            media_type=support.ZIP,
            query={"identities": "yes: identities of subscribers whole; pseudonyms by default"},
            types={"identities": {"enum": ["yes", "no"]}},
            refusals=(422,),
            needs=Permission.OPERATE,
        )
    },
    "doctor": {
        "GET": Operation(
            support.doctor,
            "What the machine has and lacks for this network.",
            list[FindingView],
            refusals=(422,),
            key=("check", "what"),
        )
    },
}
"""SIMs, and help."""
