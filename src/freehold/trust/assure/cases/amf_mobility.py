"""TS 33.512: what gNBs are told, and believed, of a terminal's security capabilities."""

from __future__ import annotations

from freehold.codecs import nas, ngap
from freehold.services.access import Tunnel
from freehold.stack import ngap_values
from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.gnb import ANSWER, UE_STREAM, Gnb
from freehold.trust.assure.roles.ue import Terminal
from freehold.trust.assure.verdict import need, require


def capabilities(capability: nas.UeSecurityCapability) -> tuple[int, int]:
    """The NR algorithms as NGAP writes them: 5G-EA1 to 7, 5G-IA1 to 7 from the left (TS 38.413 9.3.1.86)."""
    ciphering, integrity = capability.octets[0], capability.octets[1]
    return (ciphering & 0x7F) << 9, (integrity & 0x7F) << 9


@case("TS 33.512", "4.2.2.6.2", "N2")
async def capabilities_in_context_setup(lab: Lab) -> str:
    """The gNB is told every algorithm that the terminal registered with, and no other."""
    gnb = await Gnb(lab).serve()
    said = []
    for octets in (b"\xf0\xf0", b"\xe0\xe0", b"\xb0\xb0"):
        ue = Terminal(gnb)
        ue.capability = nas.UeSecurityCapability(octets)
        await ue.register(ue.registration())
        context = ue.connection.context
        need(context is not None, "the AMF set up no context at the gNB")
        if context is None:
            continue
        told = context.ue_security_capabilities
        got = told.nr_encryption_algorithms[0], told.nr_integrity_protection_algorithms[0]
        wanted = capabilities(ue.capability)
        require(got == wanted, f"for capabilities {octets.hex()} the gNB was told {got[0]:04x}/{got[1]:04x}")
        said.append(f"{octets.hex()}: {got[0]:04x}/{got[1]:04x}")
    return "; ".join(said)


async def switch(
    ue: Terminal,
    target: Gnb,
    *,
    named: tuple[int, int] | None = None,
    indication: ngap.UserPlaneSecurityInformation | None = None,
) -> object:
    """PATH SWITCH REQUEST of another gNB for a terminal's session (TS 38.413 8.4.4); the answer."""
    connection = target.connection()
    resources = ue.connection.resources[1]
    port = target.open_n3()
    transfer = ngap.PathSwitchRequestTransfer(
        dl_ngu_up_tnl_information=ngap_values.tunnel(Tunnel(port.address[0], resources.downlink_teid)),
        qos_flow_accepted_list=[ngap.QosFlowAcceptedItem(qos_flow_identifier=resources.qfi)],
        user_plane_security_information=indication,
    )
    ciphering, integrity = named or capabilities(ue.capability)
    target.send(
        ngap.PathSwitchRequest(
            ran_ue_ngap_id=connection.ran_id,
            source_amf_ue_ngap_id=ue.connection.amf_id or 0,
            user_location_information=target.location(),
            ue_security_capabilities=ngap.UESecurityCapabilities(
                nr_encryption_algorithms=(ciphering, 16),
                nr_integrity_protection_algorithms=(integrity, 16),
                eutra_encryption_algorithms=(0, 16),
                eutra_integrity_protection_algorithms=(0, 16),
            ),
            pdu_session_resource_to_be_switched_dl_list=[
                ngap.PDUSessionResourceToBeSwitchedDLItem(pdu_session_id=1, path_switch_request_transfer=transfer)
            ],
        ),
        UE_STREAM,
    )
    await ue.lab.until(lambda: bool(connection.messages), ANSWER)
    return connection.messages[-1] if connection.messages else None


@case("TS 33.512", "4.2.2.4.1", "N2", "N3")
async def bidding_down_at_path_switch(lab: Lab) -> str:
    """Capabilities that a gNB names at a path switch do not replace the ones the terminal registered with."""
    source, target = await Gnb(lab, 1).serve(), await Gnb(lab, 2).serve()
    ue = Terminal(source)
    await ue.register()
    await ue.session()
    answer = await switch(ue, target, named=(0, 0))
    need(isinstance(answer, ngap.PathSwitchRequestAcknowledge), f"the path switch led to {type(answer).__name__}")
    told = getattr(answer, "ue_security_capabilities", None)
    require(told is not None, "the AMF did not tell the gNB which capabilities the terminal has")
    got = (told.nr_encryption_algorithms[0], told.nr_integrity_protection_algorithms[0]) if told else None
    require(got == capabilities(ue.capability), f"the AMF tells {got}, not what the terminal registered with")
    if "inside" in lab.surfaces:
        told_of = [each for each in lab.events if "capabilities" in each.text]
        require(told_of, "nothing was logged of a gNB that names other capabilities")
        return "the stored capabilities are returned, and an event names the difference"
    return "the stored capabilities are returned (the log of a foreign network is not read)"
