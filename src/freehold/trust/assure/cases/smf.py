"""TS 33.515: the user plane security policy of a PDU session."""

from __future__ import annotations

from typing import Any

from freehold.codecs import ngap
from freehold.trust.assure.case import case
from freehold.trust.assure.cases.amf_mobility import switch
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import Gnb, decoded
from freehold.trust.assure.roles.ue import Terminal
from freehold.trust.assure.verdict import Inapplicable, need, require

REQUIRED = ("required", "required")


def policy_of(indication: Any) -> tuple[str, str] | None:
    """Integrity and confidentiality of a security indication."""
    if indication is None:
        return None
    return indication.integrity_protection_indication, indication.confidentiality_protection_indication


@case("TS 33.515", "4.2.2.1.1", "N2", "N3")
async def policy_precedence(lab: Lab) -> str:
    """The gNB is told the UDM's user plane security policy, where it differs from the SMF's own."""
    gnb = await Gnb(lab).serve()
    ue = Terminal(gnb)
    wanted = lab.profile.up_security
    if "inside" in lab.surfaces:
        await lab.inside.set_security(ue.sim.supi, *REQUIRED)
        wanted = REQUIRED
    if wanted is None:
        raise Inapplicable("the target does not tell which policy its UDM subscribes")
    await ue.register()
    told = policy_of((await ue.session()).transfer.security_indication)
    require(told == wanted, f"the gNB was told {told}, the UDM subscribes {wanted}")
    return f"the gNB was told {wanted[0]} integrity and {wanted[1]} confidentiality, as subscribed"


@case("TS 33.515", "4.2.2.1.3", "N2", "N3")
async def policy_check_at_path_switch(lab: Lab) -> str:
    """A gNB that comes with a weaker policy at a path switch is told the SMF's own, and that is logged."""
    source, target = await Gnb(lab, 1).serve(), await Gnb(lab, 2).serve()
    ue = Terminal(source)
    if "inside" in lab.surfaces:
        await lab.inside.set_security(ue.sim.supi, *REQUIRED)
    await ue.register()
    own = policy_of((await ue.session()).transfer.security_indication)
    need(own is not None, "the SMF told the gNB no user plane security policy")
    weaker = ngap.SecurityIndication(
        integrity_protection_indication="not-needed", confidentiality_protection_indication="not-needed"
    )
    need(own != policy_of(weaker), "the session has no policy that could be weakened")
    claimed = ngap.UserPlaneSecurityInformation(
        security_result=ngap.SecurityResult(
            integrity_protection_result="not-performed", confidentiality_protection_result="not-performed"
        ),
        security_indication=weaker,
    )
    answer = await switch(ue, target, indication=claimed)
    if not isinstance(answer, ngap.PathSwitchRequestAcknowledge):
        need(isinstance(answer, ngap.PathSwitchRequestFailure), "the path switch was not answered")
        return "the path switch with a weaker policy is refused"
    items = answer.pdu_session_resource_switched_list or []
    need(items, "no session was switched")
    transfer = decoded(ngap.PathSwitchRequestAcknowledgeTransfer, items[0].path_switch_request_acknowledge_transfer)
    told = policy_of(transfer.security_indication if transfer else None)
    require(told == own, f"the gNB said {policy_of(weaker)}, the SMF has {own} and told it {told}")
    if "inside" in lab.surfaces:
        require(any("user plane security policy" in each.text for each in lab.events), "nothing was logged of it")
    return f"the gNB is told {own} again, and an event names the difference"
