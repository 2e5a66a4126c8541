"""The UDM as its neighbours see it: its three services over one repository."""

from __future__ import annotations

from freehold.core.udm.authentication import UeAuthentication
from freehold.core.udm.context_management import UeContexts
from freehold.core.udm.sidf import Sidf
from freehold.core.udm.subscriber_data import SubscriberData
from freehold.services.arpf import Arpf
from freehold.services.nudr import DataRepository


class Udm(UeAuthentication, SubscriberData, UeContexts):
    """A `services.nudm.UnifiedDataManagement` (TS 29.503 5.1)."""

    def __init__(self, repository: DataRepository, sidf: Sidf, arpf: Arpf | None = None) -> None:
        UeAuthentication.__init__(self, repository, sidf, arpf)
        SubscriberData.__init__(self, repository)
        UeContexts.__init__(self, repository)
