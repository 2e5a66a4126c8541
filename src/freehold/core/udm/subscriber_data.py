"""Nudm_SubscriberDataManagement (TS 29.503 5.2)."""

from __future__ import annotations

from freehold.services.errors import ServiceError
from freehold.services.nudm import AccessAndMobilitySubscriptionData, DnnConfiguration, SdmNotify, SmfSelectionData
from freehold.services.nudr import DataRepository, SliceSubscription, Subscriber
from freehold.spec.identities import SNssai, Supi


class SubscriberData:
    """The parts of subscriptions that the AMF and the SMF ask for."""

    def __init__(self, repository: DataRepository) -> None:
        self._repository = repository
        self._told: dict[str, tuple[SdmNotify, ...]] = {}

    async def subscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        """Tell of changes from now on; once, however often it is asked (TS 29.503 5.2.2.3)."""
        told = self._told.get(supi.value, ())
        if notify not in told:
            self._told[supi.value] = (*told, notify)

    async def unsubscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        """Tell of changes no more (TS 29.503 5.2.2.4)."""
        told = tuple(each for each in self._told.pop(supi.value, ()) if each != notify)
        if told:
            self._told[supi.value] = told

    def changed(self, supi: Supi) -> None:
        """The operator changed a subscription: whoever works with it is told (TS 29.503 5.2.2.5)."""
        for notify in self._told.get(supi.value, ()):
            notify(supi)

    async def get_am_data(self, supi: Supi) -> AccessAndMobilitySubscriptionData:
        """Access and mobility subscription data (TS 29.503 5.2.2.2.3)."""
        return self._subscriber(supi).mobility

    async def get_smf_select_data(self, supi: Supi, slice_: SNssai) -> SmfSelectionData:
        """The DNNs of one slice (TS 29.503 5.2.2.2.4)."""
        return SmfSelectionData(tuple(dnn.dnn for dnn in self._slice(supi, slice_).dnns))

    async def get_sm_data(self, supi: Supi, slice_: SNssai, dnn: str) -> DnnConfiguration:
        """Session management subscription data of one DNN (TS 29.503 5.2.2.2.5)."""
        for configuration in self._slice(supi, slice_).dnns:
            if configuration.dnn == dnn:
                return configuration
        raise ServiceError(404, "DATA_NOT_FOUND", f"the subscription has no DNN {dnn} in slice {slice_}")

    def _subscriber(self, supi: Supi) -> Subscriber:
        found = self._repository.subscriber(supi)
        if found is None or not found.enabled:
            raise ServiceError(404, "USER_NOT_FOUND", "no such subscription, or a disabled one")
        return found

    def _slice(self, supi: Supi, slice_: SNssai) -> SliceSubscription:
        for subscription in self._subscriber(supi).slices:
            if subscription.slice == slice_:
                return subscription
        raise ServiceError(404, "DATA_NOT_FOUND", f"the subscription has no slice {slice_}")
