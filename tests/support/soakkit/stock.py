"""What the functions of a running network say they hold."""


def stock(network):
    """Contexts, sessions and bearers of the core, the gNB and the packet engine: what a leak shows in first."""
    core, gnb = network.core, network.radio.gnbs[0]
    return {
        **core.amf.counts(),
        "tmsis": len(core.amf.function.contexts.tmsis),
        "SM contexts": len(core.smf.sessions),
        "open authentications": len(core.ausf),
        "packet engine": network.upf_plane.sessions(),
        "gNB": (len(gnb.contexts.ues), len(gnb.contexts.bearers), len(gnb.contexts.camped)),
    }
