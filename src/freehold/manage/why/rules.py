"""The rules that refuse something, in one table: what each compares with what, its clause, and what would meet it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One rule: its title, what its two sides are, its clause, the changes of `remedies` that may meet it."""

    title: str
    asked: str
    configured: str
    clause: str
    remedies: tuple[str, ...] = ()
    advice: str = ""


ELSEWHERE: Final = "Nothing here changes it: it is the terminal that breaks the specification."
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # --- who it is
        "unknown-subscriber": Rule(
            "No subscriber has this SUPI", "The card", "Subscribers", "TS 33.501 6.1.2", ("add-subscriber",),
            "If the card is another network's, nothing has to be done.",
        ),
        "barred-subscriber": Rule(
            "The subscriber may not use the network", "The terminal", "The subscriber", "TS 33.501 6.1.2",
            ("enable-subscriber",),
        ),
        "home-plmn": Rule(
            "The card is of another home network", "The card", "This network", "TS 33.501 6.12.2", (),
            "Cards of this network begin with its PLMN: personalise the card anew, or set [network] plmn.",
        ),
        "no-identity": Rule("The terminal told no subscriber's identity", "The terminal", "", "TS 24.501 5.4.3"),
        "home-key": Rule(
            "The card conceals its identity for a key that is not here", "The card", "Home network keys",
            "TS 33.501 6.12.5", (), "Personalise the card with a public key of this network, under its number.",
        ),
        "concealed-identity": Rule(
            "The concealed identity does not open", "The card", "The home network's private key",
            "TS 33.501 C.3.3", (), "The public key on the card is not the pair of this network's: personalise it anew.",
        ),
        "null-scheme": Rule(
            "The card does not conceal its identity", "The card", "The policy", "TS 33.501 6.12.2",
            ("allow-null-scheme",), "Or personalise the card with this network's public key.",
        ),
        "serving-network": Rule(
            "The home network does not allow this serving network", "This network", "The home network",
            "TS 33.501 6.1.2",
        ),
        # --- keys
        "wrong-key": Rule(
            "The card and the subscription have different keys", "The card found the network's MAC wrong with",
            "The network used", "TS 33.102 6.3.3", ("give-keys", "remake-card", "power-cycle"),
            "K and OPc of the subscription have to be those of the card.",
        ),
        "wrong-response": Rule(
            "The terminal's answer is not the subscription's", "The terminal answered with", "The network expected",
            "TS 33.501 6.1.3.2.0", ("give-keys", "remake-card", "power-cycle"),
            "K and OPc of the subscription have to be those of the card.",
        ),
        "separation-bit": Rule(
            "The authentication management field lacks its separation bit", "The terminal wants", "The subscription",
            "TS 33.501 6.1.3.2.0", ("give-keys",), "Give the subscriber the AMF field 8000.",
        ),
        "synchronisation": Rule(
            "Card and network do not agree on the sequence number", "The card", "The subscription", "TS 33.102 6.3.5",
            ("give-keys", "power-cycle"), "A card that was used in another network, or a wrong K or OPc.",
        ),
        "challenges": Rule(
            "The terminal never answered a challenge as it should", "Challenges sent", "", "TS 24.501 5.4.1.3.7",
            ("give-keys", "power-cycle"),
        ),
        "authentication-cause": Rule(
            "The terminal refused the challenge for a reason of its own", "The terminal", "", "TS 24.501 5.4.1.3.6",
            advice=ELSEWHERE,
        ),
        "algorithms": Rule(
            "The terminal has none of the algorithms allowed here", "The terminal has", "Allowed here",
            "TS 33.501 6.7.1.1", ("allow-algorithms",),
        ),
        "security-mode-rejected": Rule(
            "The terminal refused the security mode", "The terminal answered", "", "TS 24.501 5.4.2.5",
            advice="It found its own capabilities told back wrongly, or a wrong MAC: see that no gNB changes messages.",
        ),
        "security-capability": Rule(
            "The request names no acceptable security capabilities", "The terminal told", "",
            "TS 24.501 5.5.1.2.8", advice=ELSEWHERE,
        ),
        "container": Rule(
            "The complete message is another one than the first", "The terminal sent", "Expected",
            "TS 24.501 5.4.2.3", advice=ELSEWHERE,
        ),
        # --- where and what
        "tracking-area": Rule(
            "The cell's tracking area is not served", "The cell", "Served here", "TS 24.501 5.5.1.2.5", ("serve-tac",),
        ),
        "registration-type": Rule(
            "This kind of registration is not provided", "Registration type", "Provided", "TS 24.501 9.11.3.7",
            advice="Emergency, onboarding and disaster roaming registrations are not offered by this network.",
        ),
        "roaming": Rule("The subscriber may not roam here", "The terminal", "The subscription", "TS 29.524 4.3"),
        "no-slice-subscribed": Rule(
            "The subscription has no slice", "The terminal", "The subscription", "TS 23.501 5.15.3",
            ("subscribe-slice",),
        ),
        "slices": Rule(
            "Terminal, subscription, network and gNB have no slice in common", "The terminal", "Here",
            "TS 23.501 5.15.5.2", ("serve-slice", "subscribe-slice"),
            "A slice without SD is not the one with SD 000000.",
        ),
        "device": Rule(
            "The SIM is bound to other devices", "The device", "Allowed devices", "TS 23.501 5.9.3",
            ("allow-device", "clear-devices"),
        ),
        "emergency": Rule(
            "Emergency services are not provided", "The terminal", "", "TS 24.501 5.6.1.5",
        ),
        "storm": Rule(
            "Too many terminals begin and never prove themselves", "The terminal", "The limit", "TS 33.117 4.2.3.3.3",
            advice="Find the gNB or the terminals that begin registrations and never answer.",
        ),
        "function-failed": Rule(
            "A function of the network failed", "The function said", "", "TS 29.500 5.2.7.2",
            advice="The events before this one say what is wrong with it.",
        ),
        "timer": Rule(
            "The terminal did not answer in time", "Expired", "", "TS 24.501 10.2",
            advice="Off, out of coverage, or the radio link was lost while it was asked.",
        ),
        "unknown-terminal": Rule(
            "The terminal's temporary identity is not known", "The terminal", "Contexts", "TS 24.501 5.6.1.5",
            advice="The core was restarted, or the terminal was silent for too long.",
        ),
        "deregistered": Rule("The terminal was deregistered meanwhile", "", "", "TS 24.501 5.6.1.5"),
        "silent": Rule(
            "The terminal was not heard of for longer than its periodic timer", "", "", "TS 24.501 5.3.7",
            advice="It registers again once it is back.",
        ),
        "paging": Rule(
            "The terminal did not answer paging", "Expired", "", "TS 24.501 5.6.2.2.2",
            advice="Off, out of coverage, or in another tracking area than its last; the packets that waited are lost.",
        ),
        "context-setup": Rule(
            "The gNB could not set up the terminal's context", "The gNB said", "", "TS 38.413 8.3.1.3",
            advice="A wrong KgNB or an algorithm that gNB or terminal lack end here: see the gNB's log.",
        ),
        "path-switch": Rule(
            "The path was not switched to the new gNB", "The gNB asked for", "Here", "TS 38.413 8.4.4.3",
            advice="The terminal registers anew at the new gNB.",
        ),
        "handover": Rule(
            "The terminal was not handed over to the other gNB", "The gNB asked for", "Here", "TS 38.413 8.4.1.3",
            advice="The terminal stays where it is: see whether the target gNB is connected and has the source as its "
            "neighbour with the right identity and tracking area.",
        ),
        "handover-source": Rule(
            "The gNB could not hand the terminal over", "The gNB asked for", "What came of it", "TS 38.300 9.2.3.2",
            advice="The terminal needs a session with a bearer and a secured connection; the target has to be "
            "connected, to serve the slice, and to have algorithms of the terminal: see its own refusal.",
        ),
        "handover-target": Rule(
            "The target gNB does not take the terminal over", "The source asked for", "The target", "TS 38.413 8.4.2.3",
            advice="See the target's slices, algorithms and N3 address.",
        ),
        "handover-key": Rule(
            "A terminal came by handover that the target does not know", "The terminal has", "The target expects",
            "TS 33.501 6.9.2.3",
            advice="KgNB* comes from the NH of the NCC that was told: source, target and AMF have to be at the same. "
            "The terminal comes back by a service request.",
        ),
        # --- sessions
        "dnn-not-subscribed": Rule(
            "The data network is not in the subscription", "The terminal asked for", "The subscription has",
            "TS 23.501 5.6.1", ("add-dnn",), "Or set the terminal's APN to one of the subscription.",
        ),
        "dnn-not-configured": Rule(
            "The data network is not configured", "The terminal asked for", "Configured", "TS 24.501 6.4.1.4",
            ("configure-dnn",), "Or set the terminal's APN to a configured one.",
        ),
        "dnn-not-in-slice": Rule(
            "The data network is not in the slice", "The terminal asked for", "", "TS 24.501 6.4.1.4",
        ),
        "slice-not-allowed": Rule(
            "The slice is not among those allowed for the terminal", "The terminal asked for", "Allowed",
            "TS 24.501 5.4.5.2.5", ("serve-slice", "subscribe-slice"),
        ),
        "session-type": Rule(
            "Data network and subscription do not have this type of session", "The terminal asked for", "Here",
            "TS 24.501 6.4.1.4", ("allow-types",), "Or set the terminal's APN to a type that is provided.",
        ),
        "asked-qos": Rule(
            "The terminal may not ask for this quality of service", "The terminal asked for", "Allowed",
            "TS 24.501 6.4.2.4.1", (), "A [[dnn]] says what terminals may ask for: ask_5qi, ask_rate, ask_flows.",
        ),
        "ssc-mode": Rule(
            "The SSC mode is not allowed", "The terminal asked for another", "The subscription", "TS 24.501 6.4.1.4.1",
        ),
        "static-address": Rule(
            "The fixed address cannot be had", "The subscription fixes", "The pool", "TS 23.501 5.8.2.2.1",
            ("free-address",), "Two subscribers have it, or it is not in the pool of the data network.",
        ),
        "pool": Rule(
            "No address is left", "The terminal asked for", "The pool", "TS 23.501 5.8.2.2.1", (),
            "Widen the pool of the [[dnn]]; that takes a restart.",
        ),
        "no-upf": Rule(
            "No user plane is there", "The session needs", "The SMF", "TS 29.244 6.2.6", (),
            "Start the UPF, and compare [upf] n4 and [smf] n4 on both sides.",
        ),
        "upf": Rule(
            "The user plane refused the session", "The UPF", "It said", "TS 29.244 8.2.1", (),
            "The UPF's events say what it lacks.",
        ),
        "gnb-resources": Rule(
            "The gNB has no resources for the session", "The gNB said", "", "TS 38.413 8.2.1.3", (),
            "See the gNB's log: no N3 address that it can reach, a security policy it cannot keep, or no radio.",
        ),
        "gnb-silent": Rule(
            "The gNB did not answer in time", "Expired", "", "TS 38.413 8.2.1",
        ),
        "no-session": Rule("The session to hand over is not here", "The terminal", "", "TS 24.501 6.4.1.4"),
        "session-identity": Rule(
            "The PDU session identity is reserved", "The terminal used", "Allowed", "TS 24.007 11.2.3.1b",
            advice=ELSEWHERE,
        ),
        "request-type": Rule(
            "The request leads nowhere", "The terminal asked for", "Here", "TS 24.501 5.4.5.2.5",
            advice="Emergency and multi-access sessions are not provided.",
        ),
        "not-registered": Rule("The terminal is not registered", "", "", "TS 24.501 5.4.5.2.5"),
        # --- gNBs
        "gnb-plmn": Rule(
            "The gNB broadcasts another PLMN", "The gNB", "This network", "TS 38.413 8.7.1.3", ("set-plmn",),
            "Set the gNB's PLMN instead, where the cards are this network's. An MNC of two digits is not one of three.",
        ),
        "gnb-tac": Rule(
            "The gNB's tracking area is not served", "The gNB", "Served here", "TS 38.413 8.7.1.3", ("accept-gnb",),
            "Or set the gNB's TAC. Some gNBs are configured in hexadecimal: here it is decimal.",
        ),
        "gnb-slice": Rule(
            "gNB and network have no slice in common", "The gNB", "This network", "TS 38.413 8.7.1.3",
            ("accept-gnb",), "A slice without SD is not the one with SD 000000.",
        ),
    }
)  # fmt: skip
EVENTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "session-lost": ("PDU session", "TS 23.502 4.3.2.2.1"),
        "session-refused": ("PDU session establishment", "TS 24.501 6.4.1"),
        "session-not-forwarded": ("PDU session establishment", "TS 24.501 5.4.5.2"),
        "modification-refused": ("PDU session modification", "TS 24.501 6.3.2"),
        "modification-unanswered": ("PDU session modification", "TS 24.501 6.3.2"),
        "n4-failure": ("N4 session modification", "TS 29.244 6.3.3"),
        "registration-rejected": ("Registration", "TS 24.501 5.5.1"),
        "registration-failed": ("Registration", "TS 24.501 5.5.1"),
        "registration-storm": ("Registration", "TS 24.501 5.5.1"),
        "service-rejected": ("Service request", "TS 24.501 5.6.1"),
        "service-failed": ("Service request", "TS 24.501 5.6.1"),
        "implicit-deregistration": ("Periodic registration", "TS 24.501 5.3.7"),
        "paging-failed": ("Paging", "TS 24.501 5.6.2"),
        "context-setup-failed": ("Initial context setup", "TS 38.413 8.3.1"),
        "context-setup-refused": ("Initial context setup at the gNB", "TS 38.413 8.3.1"),
        "path-switch-refused": ("Path switch", "TS 38.413 8.4.4"),
        "handover-failed": ("N2 handover", "TS 23.502 4.9.1.3"),
        "gnb-handover-failed": ("Handover at the source gNB", "TS 38.300 9.2.3.2"),
        "handover-refused": ("Handover at the target gNB", "TS 38.413 8.4.2"),
        "handover-arrival": ("Handover execution", "TS 38.331 5.3.5.3"),
        "xn-setup-failed": ("Xn Setup", "TS 38.423 8.4.1"),
        "gnb-refused": ("NG Setup", "TS 38.413 8.7.1"),
        "gnb-update-refused": ("RAN configuration update", "TS 38.413 8.7.2"),
        "gnb-not-served": ("AMF configuration update", "TS 38.413 8.7.3"),
        "amf-configuration-refused": ("AMF configuration update", "TS 38.413 8.7.3"),
        "ue-ambr-unchanged": ("UE context modification", "TS 38.413 8.3.4"),
        "ue-not-reached": ("Downlink data", "TS 23.502 4.2.3.3"),
        "upf-unreachable": ("PFCP association", "TS 29.244 6.2.6"),
        "upf-lost": ("PFCP heartbeat", "TS 29.244 6.2.2"),
        "5gsm-status": ("PDU session", "TS 24.501 6.5.3"),
    }
)
"""Events that say that a procedure failed, with its name and clause."""
