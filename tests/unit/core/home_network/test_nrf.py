"""The NRF: registration, discovery, and who may take whose identifier."""

from __future__ import annotations

import pytest

from freehold.core.nrf import Nrf
from freehold.services.errors import ServiceError
from freehold.services.nnrf import NfProfile
from freehold.spec.identities import SNssai

from .home import World

RUN = World().run
ANY = NfProfile("smf-any", "SMF", priority=5)
SLICED = NfProfile("smf-sliced", "SMF", slices=(SNssai(1),), dnns=("internet",), priority=1)
AMF = NfProfile("amf", "AMF")


@pytest.fixture
def nrf():
    nrf = Nrf()
    for profile in (ANY, SLICED, AMF):
        RUN(nrf.register(profile))
    return nrf


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("SMF",), (SLICED, ANY)),
        (("SMF", SNssai(1)), (SLICED, ANY)),
        (("SMF", SNssai(1), "internet"), (SLICED, ANY)),
        (("SMF", SNssai(1), "ims"), (ANY,)),
        (("SMF", SNssai(1, 0)), (ANY,)),
        (("AMF",), (AMF,)),
        (("UPF",), ()),
    ],
)
def test_when_functions_are_discovered_then_those_that_fit_come_best_first(nrf, wanted, found):
    assert RUN(nrf.discover(*wanted)) == found


def test_when_a_function_is_deregistered_then_it_is_not_found_again(nrf):
    RUN(nrf.deregister("smf-sliced"))
    assert RUN(nrf.discover("SMF")) == (ANY,)
    with pytest.raises(ServiceError, match="404"):
        RUN(nrf.deregister("smf-sliced"))


def test_when_a_function_registers_again_then_its_new_profile_counts(nrf):
    renewed = NfProfile("smf-any", "SMF", priority=0)
    RUN(nrf.register(renewed))
    assert RUN(nrf.discover("SMF")) == (renewed, SLICED)


def test_when_another_type_takes_an_identifier_then_it_is_refused(nrf):
    with pytest.raises(ServiceError, match="403"):
        RUN(nrf.register(NfProfile("amf", "SMF")))
    assert RUN(nrf.discover("AMF")) == (AMF,)
