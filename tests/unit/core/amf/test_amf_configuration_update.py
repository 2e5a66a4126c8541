"""The AMF tells gNBs what it serves now (TS 38.413 8.7.3)."""

import pytest
from msgspec.structs import replace

from amfkit.harness import World
from amfkit.neighbours import SLICE
from freehold.codecs import ngap
from freehold.spec.errors import Unusable

REFUSED = ("misc", "om-intervention")


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    made = world.gnb()
    made.all()
    return made


def serve(world, *slices):
    before = world.amf.function.configuration
    plmns = tuple(replace(support, slices=slices) for support in before.plmns)
    world.amf.reconfigure(replace(before, plmns=plmns))


def told(gnb):
    """The slices in the update that came next."""
    (support,) = gnb.next(ngap.AMFConfigurationUpdate).plmn_support_list
    return [(item.s_nssai.sst, item.s_nssai.sd) for item in support.slice_support_list]


def test_when_the_slices_change_then_the_gnb_hears_of_it_once(world, gnb):
    serve(world, SLICE)

    assert told(gnb) == [(b"\1", None)]
    gnb.send(ngap.AMFConfigurationUpdateAcknowledge())
    world.run_for(100)
    gnb.nothing()
    assert not world.events("amf-configuration-refused")


def test_when_the_gnb_asks_to_wait_then_it_is_asked_again_after_that_time(world, gnb):
    serve(world, SLICE)
    told(gnb)
    gnb.send(ngap.AMFConfigurationUpdateFailure(cause=REFUSED, time_to_wait="v5s"))
    world.run_for(4)
    gnb.nothing()
    world.run_for(2)

    assert told(gnb) == [(b"\1", None)]


def test_when_the_gnb_always_asks_to_wait_then_it_is_left_alone_in_the_end(world, gnb):
    serve(world, SLICE)
    for _ in range(3):
        told(gnb)
        gnb.send(ngap.AMFConfigurationUpdateFailure(cause=REFUSED, time_to_wait="v1s"))
        world.run_for(2)

    gnb.nothing()
    assert world.events("amf-configuration-refused")


@pytest.mark.parametrize("answers", [True, False])
def test_when_the_gnb_refuses_or_is_silent_then_the_operator_hears_of_it(world, gnb, answers):
    serve(world, SLICE)
    told(gnb)
    if answers:
        gnb.send(ngap.AMFConfigurationUpdateFailure(cause=REFUSED))
    else:
        world.run_for(100)

    assert world.events("amf-configuration-refused")


def test_when_nothing_is_left_for_the_gnb_then_it_stays_and_the_operator_hears_of_it(world, gnb):
    serve(world, replace(SLICE, sst=9))
    told(gnb)
    gnb.send(ngap.AMFConfigurationUpdateAcknowledge())

    assert world.events("gnb-not-served")
    assert list(world.amf.gnbs())


def test_when_the_amf_would_be_another_one_then_nothing_changes(world, gnb):
    before = world.amf.function.configuration
    with pytest.raises(Unusable, match="restart"):
        world.amf.reconfigure(replace(before, name="another"))

    assert world.amf.function.configuration is before
    gnb.nothing()
