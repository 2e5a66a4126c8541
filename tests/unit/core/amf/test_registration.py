from freehold.codecs import nas

from .harness import TAC, World


def test_when_a_suci_registers_then_the_accept_says_everything_a_phone_needs():
    world = World()
    gnb = world.gnb()
    ue = world.terminal(gnb)
    accept = ue.register()
    assert accept.registration_result.value == 1
    assert accept.guti is not None
    assert TAC in [tai.tac for tai in nas.tais(accept.tai_list)]
    assert accept.network_feature_support is not None
    (view,) = world.amf.ues()
    assert view.supi == ue.subscription.supi
    assert view.mm_state == "5GMM-REGISTERED"
    assert view.guti == ue.guti
