"""What each 5GMM cause of a refusal does to the terminal (TS 24.501 5.5.1.2.5, 5.5.1.3.5, 5.5.2.3.2, 5.6.1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from freehold.spec.causes import MmCause
from freehold.ue.state.mobility import UpdateStatus

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal


class Effect(msgspec.Struct, frozen=True, gc=False):
    """One row: update status, what is deleted, made invalid or forbidden, and what follows."""

    status: UpdateStatus
    forget: bool = False
    invalidate: bool = False
    forbid: Literal["", "plmn", "tai"] = ""
    register_again: bool = False

    @property
    def deregisters(self) -> bool:
        """Whether a registered terminal is registered no more (TS 24.501 5.5.1.3.5)."""
        return self.forget or self.register_again


_BARRED = UpdateStatus.ROAMING_NOT_ALLOWED
_NOT_UPDATED = UpdateStatus.NOT_UPDATED

EFFECTS: Mapping[int, Effect] = MappingProxyType(
    {
        MmCause.ILLEGAL_UE: Effect(_BARRED, forget=True, invalidate=True),
        MmCause.ILLEGAL_ME: Effect(_BARRED, forget=True, invalidate=True),
        MmCause.FIVE_GS_SERVICES_NOT_ALLOWED: Effect(_BARRED, forget=True, invalidate=True),
        MmCause.UE_IDENTITY_CANNOT_BE_DERIVED: Effect(_NOT_UPDATED, forget=True, register_again=True),
        MmCause.IMPLICITLY_DEREGISTERED: Effect(_NOT_UPDATED, register_again=True),
        MmCause.PLMN_NOT_ALLOWED: Effect(_BARRED, forget=True, forbid="plmn"),
        MmCause.TRACKING_AREA_NOT_ALLOWED: Effect(_BARRED, forget=True, forbid="tai"),
        MmCause.ROAMING_NOT_ALLOWED_IN_THIS_TRACKING_AREA: Effect(_BARRED, forbid="tai"),
        MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA: Effect(_BARRED, forbid="tai"),
        MmCause.CONGESTION: Effect(_NOT_UPDATED),
        MmCause.N1_MODE_NOT_ALLOWED: Effect(_BARRED, forget=True, forbid="plmn"),
        MmCause.NO_NETWORK_SLICES_AVAILABLE: Effect(_NOT_UPDATED),
        MmCause.SERVING_NETWORK_NOT_AUTHORIZED: Effect(_BARRED, forget=True, forbid="plmn"),
    }
)
OTHERWISE = Effect(_NOT_UPDATED)
"""TS 24.501 5.5.1.2.7: any other cause is an abnormal case."""


def apply(ue: Terminal, cause: int) -> Effect:
    """Do to the terminal what the cause asks for, and say what follows."""
    effect = EFFECTS.get(cause, OTHERWISE)
    ue.mm.status = effect.status
    if effect.forget:
        ue.usim.forget()
        ue.granted(tai_list=())
    if effect.invalidate:
        ue.usim.invalid = True
    if ue.cell is not None and effect.forbid:
        broadcast = ue.cell.system_information
        if effect.forbid == "plmn":
            ue.mm.forbidden.plmns.add(ue.selected_plmn(broadcast))
        else:
            ue.forbid_area(broadcast.tai)
    return effect
