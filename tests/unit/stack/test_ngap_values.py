"""Identities and tunnels between TS 23.003's and NGAP's forms (TS 38.413 9.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.codecs import ngap
from freehold.services.access import Tunnel
from freehold.spec.errors import PeerError
from freehold.spec.identities import GnbId, Guami, Ncgi, PlmnId, SNssai, STmsi, Tai
from freehold.stack import ngap_values as values

digits = st.text("0123456789", min_size=3, max_size=3)
plmns = st.builds(PlmnId, digits, st.one_of(digits, st.text("0123456789", min_size=2, max_size=2)))


def bits(count):
    return st.integers(0, (1 << count) - 1)


@given(st.builds(Tai, plmns, bits(24)))
def test_when_a_tracking_area_goes_there_and_back_then_it_is_the_same(area):
    assert values.tai_of(values.tai(area)) == area


@given(st.builds(SNssai, bits(8), st.one_of(st.none(), bits(24))))
def test_when_a_slice_goes_there_and_back_then_it_is_the_same_with_and_without_sd(slice_):
    assert values.slice_of(values.slice_(slice_)) == slice_


@given(st.builds(Guami, plmns, bits(8), bits(10), bits(6)))
def test_when_a_guami_goes_there_and_back_then_it_is_the_same(guami):
    assert values.guami_of(values.guami(guami)) == guami


@given(st.builds(STmsi, bits(10), bits(6), bits(32)))
def test_when_an_s_tmsi_goes_there_and_back_then_it_is_the_same(temporary):
    assert values.s_tmsi_of(values.s_tmsi(temporary)) == temporary


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), bits(32))
def test_when_a_tunnel_goes_there_and_back_then_it_is_the_same(address, teid):
    tunnel = Tunnel(str(address), teid)
    kind, value = values.tunnel(tunnel)
    assert (kind, value.transport_layer_address[1]) == ("gTPTunnel", address.max_prefixlen)
    assert values.tunnel_of((kind, value)) == tunnel


@given(plmns, bits(32), st.integers(22, 32))
def test_when_a_gnb_names_itself_then_its_id_keeps_its_length(plmn, number, length):
    number >>= 32 - length
    kind, value = values.global_gnb_id(GnbId(plmn, number, length))
    assert (kind, value.plmn_identity, value.gnb_id) == ("globalGNB-ID", plmn.octets, ("gNB-ID", (number, length)))


def test_when_a_cell_is_told_then_its_identity_has_36_bits():
    plmn = PlmnId("001", "01")
    kind, value = values.user_location(Ncgi(plmn, 5), Tai(plmn, 7))
    assert kind == "userLocationInformationNR"
    assert value.nr_cgi == ngap.NRCGI(plmn_identity=b"\x00\xf1\x10", nr_cell_identity=(5, 36))
    assert value.tai == ngap.TAI(plmn_identity=b"\x00\xf1\x10", tac=b"\0\0\7")


@pytest.mark.parametrize("octets", [b"\xaa\xaa\xaa", b"\xff\xff\xff", b"\x0a\xf1\x10"])
def test_when_a_plmn_has_a_digit_above_nine_then_the_peer_is_wrong(octets):
    with pytest.raises(PeerError, match="digit above 9"):
        values.plmn_of(octets)
    with pytest.raises(PeerError):
        values.tai_of(ngap.TAI(plmn_identity=octets, tac=b"\0\0\1"))


@pytest.mark.parametrize("length", [1, 31, 33, 127, 129, 159])
def test_when_an_address_is_neither_ipv4_nor_ipv6_then_the_peer_is_wrong(length):
    value = ngap.GTPTunnel(transport_layer_address=(1, length), gtp_teid=b"\0\0\0\1")
    with pytest.raises(PeerError, match=f"{length} bits"):
        values.tunnel_of(("gTPTunnel", value))


def test_when_a_transport_is_of_a_later_release_then_the_peer_is_wrong():
    unknown = ngap.UnknownIe(9, "ignore", b"")
    with pytest.raises(PeerError, match="kind unknown"):
        values.tunnel_of(("unknown", unknown))
