"""What an operator decides for one AMF, and the neighbours it is given."""

from __future__ import annotations

from typing import Literal

import msgspec

from freehold.services.nausf import UeAuthentication
from freehold.services.nnrf import Discovery
from freehold.services.nnssf import SliceSelection
from freehold.services.npcf import PolicyControl
from freehold.services.nudm import UnifiedDataManagement
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guami, PlmnId, SNssai, Tai

AUTHENTICATION_REJECT = 0
"""In `RejectPolicy`: answer with AUTHENTICATION REJECT instead of a 5GMM cause (TS 29.524 4.2.2.2, note 2)."""


class SecurityPolicy(msgspec.Struct, frozen=True, gc=False):
    """NAS algorithms by priority (TS 33.501 6.7.1.1); a null algorithm is used only where it is listed."""

    integrity: tuple[int, ...] = (2, 1, 3)
    ciphering: tuple[int, ...] = (2, 1, 3)
    authenticate_always: bool = False
    """Authenticate also a UE whose registration request verified under a known security context."""


class NetworkFeatures(msgspec.Struct, frozen=True, gc=False):
    """The 5GS network feature support told to every UE (TS 24.501 9.11.3.5), said also where it is "no"."""

    ims_voice: bool = False
    emergency: bool = False
    emergency_fallback: bool = False
    interworking_without_n26: bool = False


class RejectPolicy(msgspec.Struct, frozen=True, gc=False):
    """5GMM causes the operator chooses (TS 29.524 4.2.2.2, 4.3); the defaults never disable a USIM."""

    unknown_subscriber: int = MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA
    barred_subscriber: int = MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA
    serving_network: int = MmCause.SERVING_NETWORK_NOT_AUTHORIZED
    device: int = MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA
    """For a SIM in a device it is not bound to; #6 would disable it until the terminal is switched off."""


class PlmnSupport(msgspec.Struct, frozen=True):
    """One served PLMN with its slices (TS 38.413 9.2.6.2)."""

    plmn: PlmnId
    slices: tuple[SNssai, ...]


class AmfConfiguration(msgspec.Struct, frozen=True):
    """One AMF: its name and GUAMI, what it serves, and the operator's policies."""

    name: str
    guami: Guami
    plmns: tuple[PlmnSupport, ...]
    tacs: tuple[int, ...]
    instance_id: str = "amf"
    relative_capacity: int = 255
    security: SecurityPolicy = SecurityPolicy()
    features: NetworkFeatures = NetworkFeatures()
    rejects: RejectPolicy = RejectPolicy()
    paging_drx: Literal["v32", "v64", "v128", "v256"] = "v128"
    network_name: str = ""
    any_ie_order: bool = False
    """Take NGAP messages whose IEs are in wrong order, which TS 38.413 10.3.6 has refused."""
    half_open: int = 8192
    """Terminals that may be unproved at one time; the next ones are told to try again (TS 33.117 4.2.3.3.3)."""

    def supports(self, tai: Tai) -> bool:
        """Whether this AMF serves a tracking area."""
        return tai.tac in self.tacs and any(tai.plmn == support.plmn for support in self.plmns)

    def slices(self, plmn: PlmnId) -> tuple[SNssai, ...]:
        """The slices of one served PLMN; none where it is not served."""
        return next((support.slices for support in self.plmns if support.plmn == plmn), ())

    def faults(self) -> tuple[str, ...]:
        """What makes this configuration unusable, one line each."""
        found = []
        if not self.plmns or not self.tacs:
            found.append("an AMF needs at least one PLMN and one TAC: set [network] plmn and tac")
        if any(not support.slices for support in self.plmns):
            found.append("every PLMN needs at least one slice: add a [[slice]]")
        if not self.security.integrity or not self.security.ciphering:
            found.append("[amf] integrity and ciphering need at least one algorithm each")
        if {*self.security.integrity, *self.security.ciphering} - {0, 1, 2, 3}:
            found.append("[amf] integrity and ciphering name the algorithms 0, 1, 2 and 3")
        return tuple(found)


class AmfPeers(msgspec.Struct, frozen=True):
    """The services an AMF calls; SMFs are found through the NRF, by slice and DNN."""

    ausf: UeAuthentication
    udm: UnifiedDataManagement
    pcf: PolicyControl
    nssf: SliceSelection
    nrf: Discovery
