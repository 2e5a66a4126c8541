"""What a gNB knows of an AMF, from NG Setup and its updates (TS 38.413 9.2.6.2)."""

from __future__ import annotations

from freehold.codecs import ngap
from freehold.spec.identities import Guami, PlmnId, STmsi
from freehold.stack.ngap_values import guami_of, plmn_of


class AmfState:
    """An AMF: who it is, whom it serves, how loaded it is."""

    __slots__ = ("capacity", "guamis", "name", "overload", "plmns", "ready", "reduction")

    def __init__(self) -> None:
        self.name = ""
        self.guamis: frozenset[Guami] = frozenset()
        self.plmns: frozenset[PlmnId] = frozenset()
        self.capacity = 255
        self.overload: str | None = None
        self.reduction = 0
        self.ready = False

    def learn(self, message: ngap.NGSetupResponse | ngap.AMFConfigurationUpdate) -> None:
        """Take over what a message says (TS 38.413 8.7.1.2, 8.7.3.2); PeerError where an identity is none."""
        guamis, plmns = message.served_guami_list, message.plmn_support_list
        served = None if guamis is None else frozenset(guami_of(item.guami) for item in guamis)
        supported = None if plmns is None else frozenset(plmn_of(item.plmn_identity) for item in plmns)
        self.guamis = self.guamis if served is None else served
        self.plmns = self.plmns if supported is None else supported
        self.name = message.amf_name or self.name
        if message.relative_amf_capacity is not None:
            self.capacity = message.relative_amf_capacity

    def gave(self, temporary: STmsi) -> bool:
        """Whether one of its GUAMIs fits a 5G-S-TMSI (TS 23.003 2.11)."""
        return any(own.set_id == temporary.set_id and own.pointer == temporary.pointer for own in self.guamis)

    def forget(self) -> None:
        """The association is gone: nothing that was learnt holds."""
        self.guamis, self.plmns, self.overload, self.reduction, self.ready = frozenset(), frozenset(), None, 0, False
