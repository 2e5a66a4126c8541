"""The table of the management API: every path and method, from which its document and its checks are made."""

from __future__ import annotations

from typing import Any, Final

from freehold.manage import access, configuration, handlers, streams
from freehold.manage.accounts import Permission, TokenView
from freehold.manage.groups import ASSURANCE, BACKUP, COUNT, SIMS, WHY
from freehold.manage.live import TOPICS
from freehold.manage.operation import LINES, Operation
from freehold.manage.subscribers import SubscriberForm, SubscriberView
from freehold.manage.views import (
    Added,
    Change,
    ChangeView,
    ConfigurationView,
    CounterView,
    Dissectable,
    DissectionView,
    EventView,
    FunctionView,
    GnbView,
    HomeKeyView,
    RecordView,
    SessionView,
    StatusView,
    UeDetails,
    UeView,
    VersionText,
    VersionView,
)
from freehold.services.ledger import Act

_FOLLOWED: Final = {
    "ue": "only what concerns this SUPI",
    "interfaces": "only these, like N1,N2,N4,SBI",
    "lanes": "the lanes of a ladder, like UE,gNB,AMF",
    "columns": "the columns of the terminal that a ladder is to fit",
    "nas": "for a capture: NAS alone too, in clear",
    "kept": "first the signalling that was kept while somebody watched",
    "end": "for a capture: end once what was kept is written",
}
_PLAIN: Final = "text/plain; charset=utf-8"


def _read(name: str, text: str, answer: Any, *key: str) -> dict[str, Operation]:
    """What is read by the method `name` of a network; a list by what names its rows."""
    refusals = (422,) if key else ()
    call = handlers.reading(lambda network: getattr(network, name)())
    return {"GET": Operation(call, text, answer, refusals=refusals, key=key)}


def _stream(pieces: Any, text: str, media_type: str, answer: Any = None) -> dict[str, Operation]:
    """What comes by, until the client goes."""
    call = handlers.streaming(pieces, media_type)
    return {
        "GET": Operation(
            call, text, answer, media_type=media_type, query=_FOLLOWED, refusals=(422,), needs=Permission.OPERATE
        )
    }


ROUTES: Final[dict[str, dict[str, Operation]]] = {
    **BACKUP,
    **SIMS,
    "setup": {"GET": Operation(access.setup, "Whether the first account was made.", access.SetupView, needs=None)},
    "initialise": {
        "POST": Operation(
            access.initialise,
            "Make the first account, with the code told where the network runs.",
            status=204,
            body=access.FirstAccount,
            refusals=(403, 422),
            needs=None,
        )
    },
    "login": {
        "POST": Operation(
            access.login,
            "Log in: a secret, and a cookie.",
            access.LoginView,
            body=access.Credentials,
            refusals=(422, 429),
            needs=None,
        )
    },
    "oidc-login": {
        "GET": Operation(
            access.oidc_login, "Log in at the provider: sends a browser there.", status=303, refusals=(404,), needs=None
        )
    },
    access.CALLBACK: {
        "GET": Operation(
            access.oidc_callback,
            "Where the provider sends a browser back to: a cookie, or why not.",
            status=303,
            query={
                "state": "of the log-in",
                "code": "to be redeemed at the provider",
                "error": "why the provider refused",
                "iss": "who the provider is",
            },
            refusals=(404,),
            needs=None,
        )
    },
    "logout": {"POST": Operation(access.logout, "Log out.", status=204, due=True)},
    "me": {
        "GET": Operation(
            access.me, "Who asks, what the role grants, and when log-in and password end.", access.MeView, due=True
        ),
        "PATCH": Operation(
            access.change_password,
            "Change the own password; all log-ins of the account end.",
            status=204,
            body=access.PasswordChange,
            refusals=(409, 422, 429),
            due=True,
        ),
    },
    "accounts": {
        "GET": Operation(
            access.list_accounts,
            "All accounts.",
            list[access.AccountView],
            needs=Permission.AUDIT,
            refusals=(422,),
            key=("name",),
        ),
        "POST": Operation(
            access.add_account,
            "Make an account.",
            access.AccountView,
            status=201,
            body=access.AccountForm,
            refusals=(409, 422),
            needs=Permission.ADMINISTER,
        ),
    },
    "accounts/{name}": {
        "GET": Operation(
            access.show_account, "One account.", access.AccountView, refusals=(404,), needs=Permission.AUDIT
        ),
        "PATCH": Operation(
            access.change_account,
            "Change an account; its log-ins end.",
            access.AccountView,
            body=access.AccountChange,
            refusals=(404, 412, 422),
            needs=Permission.ADMINISTER,
        ),
        "DELETE": Operation(
            access.delete_account,
            "Remove an account with its tokens.",
            status=204,
            refusals=(404, 412, 422),
            needs=Permission.ADMINISTER,
        ),
    },
    "tokens": {
        "GET": Operation(
            access.list_tokens,
            "All tokens, without their secrets.",
            list[TokenView],
            needs=Permission.AUDIT,
            refusals=(422,),
            key=("id",),
        ),
        "POST": Operation(
            access.add_token,
            "Make a token; its secret is told once.",
            access.TokenSecret,
            status=201,
            body=access.TokenForm,
            refusals=(404, 422),
            needs=Permission.ADMINISTER,
        ),
    },
    "tokens/{id}": {
        "GET": Operation(
            access.show_token,
            "One token, without its secret.",
            TokenView,
            refusals=(404,),
            needs=Permission.AUDIT,
        ),
        "DELETE": Operation(
            access.revoke_token, "End a token.", status=204, refusals=(404, 412), needs=Permission.ADMINISTER
        ),
    },
    "status": _read("status", "The network at one glance.", StatusView),
    "gnbs": _read("gnbs", "gNBs with an association.", list[GnbView], "id"),
    "ues": _read("ues", "UE contexts of the AMF.", list[UeView], "supi"),
    "ues/{supi}": {
        "GET": Operation(handlers.show_ue, "One UE context with its sessions.", UeDetails, refusals=(404, 422))
    },
    "ues/{supi}/deregister": {
        "POST": Operation(
            handlers.deregister,
            "The network deregisters a UE (TS 24.501 5.5.2.3).",
            status=202,
            refusals=(404, 422),
            needs=Permission.OPERATE,
        )
    },
    "sessions": _read("sessions", "PDU sessions with address and octets.", list[SessionView], "supi", "pdu_session_id"),
    "functions": _read("functions", "Network functions of the process.", list[FunctionView], "name"),
    "home-keys": {
        **_read("home_keys", "Public keys for SIMs to conceal their SUPIs (TS 33.501 6.12).", list[HomeKeyView], "id"),
        "POST": Operation(
            handlers.rotate_home_key,
            "Make a fresh key pair; those before stay, and open what SIMs conceal with them.",
            HomeKeyView,
            status=201,
            body=handlers.HomeKeyForm,
            refusals=(422,),
            needs=Permission.ADMINISTER,
        ),
    },
    "home-keys/{id}": {
        "DELETE": Operation(
            handlers.retire_home_key,
            "Retire a key pair: SIMs that conceal with it are refused from now on.",
            status=204,
            query={"force": "one that SIMs may still use too"},
            refusals=(404, 409),
            needs=Permission.ADMINISTER,
        )
    },
    "settings": {"GET": Operation(handlers.settings, "Every setting, defaults too.", dict[str, Any])},
    "settings-schema": {"GET": Operation(handlers.settings_schema, "The JSON schema of the settings.", dict[str, Any])},
    "live": {
        "GET": Operation(
            handlers.live,
            "Rows of topics as they change; one line of all rows first.",
            Change,
            media_type=LINES,
            query={"topics": f"some of {', '.join(TOPICS)}"},
            refusals=(422,),
        )
    },
    "records/{id}": {
        "GET": Operation(
            handlers.show_record,
            "A record of the trace, open to its bits.",
            DissectionView,
            refusals=(404,),
            needs=Permission.OPERATE,
        )
    },
    "decode": {
        "POST": Operation(
            handlers.decode, "Octets, open to their bits.", DissectionView, body=Dissectable, refusals=(422,)
        )
    },
    "counters": {
        "GET": Operation(
            handlers.counters,
            "Counters, by TS 28.552 where it names one.",
            list[CounterView],
            refusals=(422,),
            key=("name", "label"),
        )
    },
    "metrics": {
        "GET": Operation(handlers.metrics, "State and counters in Prometheus' text format.", media_type="text/plain")
    },
    "events": {
        "GET": Operation(
            handlers.events,
            "The last 1000 events.",
            list[EventView],
            query={"follow": "those that come, one a line"},
            refusals=(422,),
            key=("time",),
        )
    },
    **ASSURANCE,
    **WHY,
    "ledger": {
        "GET": Operation(
            handlers.ledger,
            "Every act of an operator, oldest first.",
            Act,
            media_type=LINES,
            query={"last": "only so many"},
            types={"last": COUNT},
            refusals=(422,),
            needs=Permission.AUDIT,
        )
    },
    "subscribers": {
        "GET": Operation(
            handlers.list_subscribers,
            "All subscriptions, without secrets.",
            list[SubscriberView],
            query={"format": "csv"},
            types={"format": {"enum": ["csv", "json"]}},
            refusals=(422,),
            key=("supi",),
        ),
        "POST": Operation(
            handlers.add_subscribers,
            "Add subscriptions: all or none.",
            Added,
            status=201,
            body=SubscriberForm | list[SubscriberForm],
            query={
                "replace": "those that are there already too",
                "skip": "leave out rows that are wrong, and add the others",
                "progress": "lines that say how far it is; the last one is what was added, or the problem",
            },
            refusals=(409, 422),
            needs=Permission.OPERATE,
        ),
    },
    "subscribers/{supi}": {
        "GET": Operation(
            handlers.show_subscriber, "One subscription, without secrets.", SubscriberView, refusals=(404, 422)
        ),
        "PATCH": Operation(
            handlers.change_subscriber,
            "Change the fields given (RFC 7396); barring deregisters at once.",
            SubscriberView,
            body=dict[str, Any],
            refusals=(404, 412, 422),
            needs=Permission.OPERATE,
        ),
        "DELETE": Operation(
            handlers.delete_subscriber,
            "Remove a subscription, and deregister its UE.",
            status=204,
            refusals=(404, 412, 422),
            needs=Permission.OPERATE,
        ),
    },
    "configuration": {
        "GET": Operation(configuration.show, "The configuration as it is written.", ConfigurationView),
        "PUT": Operation(
            configuration.apply,
            "Apply a configuration: what changes, and when; needs If-Match.",
            list[ChangeView],
            body=configuration.ConfigurationForm,
            refusals=(412, 422, 428),
            needs=Permission.ADMINISTER,
        ),
    },
    "configuration-plan": {
        "POST": Operation(
            configuration.plan,
            "What a configuration would change, and when.",
            list[ChangeView],
            body=configuration.ConfigurationForm,
            refusals=(422,),
            needs=Permission.OPERATE,
        )
    },
    "configuration-versions": {
        "GET": Operation(
            configuration.versions, "Every version, oldest first.", list[VersionView], refusals=(422,), key=("number",)
        )
    },
    "configuration-versions/{number}": {
        "GET": Operation(configuration.version, "The text of a version.", VersionText, refusals=(404,))
    },
    "trace-file": _stream(streams.as_file, "What was kept, as a file that is opened elsewhere.", LINES, RecordView),
    "tap": _stream(streams.as_lines, "Tap records as they come.", LINES, RecordView),
    "ladder": _stream(streams.as_ladder, "The same as a ladder.", _PLAIN),
    "packets": {
        "GET": Operation(
            handlers.packets,
            "The packets of N3 and N6 of one UE as a pcapng file that grows.",
            media_type="application/x-pcapng",
            query={
                "ue": "whose, by SUPI",
                "octets": "of each packet at most, 64..65535; 256",
                "a_second": "so many packets a second at most; 10000",
            },
            refusals=(409, 422),
            needs=Permission.OPERATE,
        )
    },
    "capture": _stream(streams.as_capture, "The same as a pcapng file that grows.", "application/x-pcapng"),
}
"""Paths under /v1 with their parameters in braces, and what each method does."""


def shape(segments: tuple[str, ...]) -> tuple[str | None, ...]:
    """The shape of a path: None where a parameter stands."""
    return tuple(None if segment.startswith("{") else segment for segment in segments)


SHAPES: Final = {shape(tuple(path.split("/"))): methods for path, methods in ROUTES.items()}
