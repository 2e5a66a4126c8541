"""Generic UE configuration update at the UE (TS 24.501 5.4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import (
    ConfigurationUpdateCommand,
    ConfigurationUpdateComplete,
    NetworkName,
    RegistrationKind,
    tais,
)
from freehold.procedure import procedure
from freehold.ue.nas.mm.registration import registration

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

UCS2 = 1
"""TS 24.008 10.5.3.5a."""


@procedure(spec="TS 24.501 5.4.4.3")
async def configuration_update(ue: Terminal, command: ConfigurationUpdateCommand) -> None:
    """Store what the network changed, acknowledge where asked, register again where asked."""
    if command.guti is not None:
        ue.usim.guti = command.guti
    changes: dict[str, object] = {}
    if command.tai_list is not None:
        changes["tai_list"] = tuple(tais(command.tai_list))
    if command.allowed_nssai is not None:
        changes["allowed_nssai"] = tuple(item.snssai for item in command.allowed_nssai)
    if command.configured_nssai is not None:
        changes["configured_nssai"] = tuple(item.snssai for item in command.configured_nssai)
    if command.rejected_nssai is not None:
        changes["rejected_nssai"] = tuple(item.snssai for item in command.rejected_nssai)
    if command.full_name is not None:
        changes["network_name"] = text_of(command.full_name)
    ue.granted(**changes)
    indication = command.configuration_update_indication
    if indication is None:
        return
    if indication.acknowledgement_requested:
        ue.link.send(ConfigurationUpdateComplete())
    if indication.registration_requested:  # TS 24.501 5.4.4.3: after the connection is released
        ue.after_release(lambda: ue.conversation.start(registration(ue, RegistrationKind.MOBILITY_UPDATING)))


def text_of(name: NetworkName) -> str:
    """A network's name in UCS2; empty where it is coded otherwise (TS 24.501 9.11.3.35)."""
    return name.text.decode("utf-16-be", "replace") if name.coding_scheme == UCS2 else ""
