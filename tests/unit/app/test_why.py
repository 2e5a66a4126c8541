"""A whole network under its management: what fails is explained, and the change that is offered ends it."""

import asyncio
import json

import msgspec
import pytest

from freehold.app.config import parse
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.codecs.nas import PduSessionType, UeSecurityCapability
from freehold.manage.accounts.roles import Principal, Role
from freehold.manage.api import Api
from freehold.manage.http import Request
from freehold.spec.errors import PeerError, Reject, TimerExpired
from freehold.spec.identities import SNssai
from freehold.ue.errors import UsimInvalid

ADMIN = Principal("anna", Role.ADMIN)
FAILED = (Reject, PeerError, TimerExpired)


class Desk:
    """An operator at the API of a network on virtual time."""

    def __init__(self, network, api):
        self.network = network
        self.api = api

    async def ask(self, method, path, body=None, principal=ADMIN, **query):
        octets = b"" if body is None else json.dumps(body).encode()
        request = Request(method, ("v1", *path.split("/")), query, octets, principal=principal)
        answered = await self.api(request)
        return answered.status, json.loads(answered.body) if answered.body else None

    async def get(self, path, **query):
        status, read = await self.ask("GET", path, **query)
        assert status == 200, read
        return read

    async def newest(self):
        """The newest failure, with what may end it."""
        (first, *_) = await self.get("failures")
        return await self.get(f"failures/{first['id']}")

    async def repair(self, failure, name, fields=None, principal=ADMIN):
        chosen = next(one for one in failure["remedies"] if one["name"] == name)
        body = {"remedy": name, "tag": chosen["tag"], "fields": fields or {}}
        return await self.ask("POST", f"failures/{failure['id']}/repair", body, principal)


def desk(script, text=""):
    async def main():
        async with Network(parse(text)) as network:
            api = Api(Managed(network))
            api.start()
            try:
                return await script(network, Desk(network, api))
            finally:
                api.close()

    return asyncio.run(main())


async def refused(work):
    with pytest.raises(FAILED):
        await work


def names(failure):
    return [one["name"] for one in failure["remedies"]]


def with_keys(network, ue, **changes):
    """The subscription with other secrets; the card stays as it is."""
    secrets = msgspec.structs.replace(ue.subscriber.authentication, **changes)
    network.core.udr.put(msgspec.structs.replace(ue.subscriber, authentication=secrets))


def test_when_keys_differ_then_the_card_is_locked_until_a_power_cycle_and_the_right_keys_end_it():
    async def script(network, desk):
        ue = network.ue()
        supi, k, opc = ue.supi.value, ue.subscriber.authentication.k, ue.subscriber.authentication.opc
        with_keys(network, ue, k=type(k)(bytes(16)))
        await refused(ue.register())
        failure = await desk.newest()
        assert (failure["supi"], failure["procedure"]) == (supi, "Registration")
        assert failure["rule"]["name"] == "wrong-key"
        assert failure["cause"]["locks"]
        assert "locked until a power cycle" in failure["cause"]["then"]
        assert failure["cause"]["then_clause"] == "TS 24.501 5.4.1.3.5"
        status, told = await desk.repair(failure, "give-keys", {"k": "00", "opc": "00"})
        assert (status, "hexadecimal" in told["detail"] or "octets" in told["detail"], told) == (422, True, told)
        status, told = await desk.repair(failure, "give-keys", {"opc": bytes(opc).hex()})
        assert (status, "K of the card is needed" in told["detail"]) == (422, True)
        status, _ = await desk.repair(failure, "give-keys", {"k": bytes(k).hex(), "opc": bytes(opc).hex()})
        assert status == 200
        await refused(ue.register())  # the card is locked still
        await ue.deregister(switch_off=True)
        await ue.register()
        assert (await desk.newest())["over"]
        assert bytes(k).hex() not in json.dumps(await desk.get("failures"))

    desk(script)


def test_when_nobody_knows_the_supi_then_a_subscriber_with_it_can_be_added():
    async def script(network, desk):
        ue = network.ue()
        supi, secrets = ue.supi.value, ue.subscriber.authentication
        await network.wait(network.core.udr.delete(ue.supi))
        await refused(ue.register())
        failure = await desk.newest()
        assert (failure["supi"], failure["rule"]["name"]) == (supi, "unknown-subscriber")
        assert failure["rule"]["asked"] == supi
        keys = {"k": bytes(secrets.k).hex(), "opc": bytes(secrets.opc).hex(), "name": "pump 9"}
        assert (await desk.repair(failure, "add-subscriber", keys))[0] == 200
        assert (await desk.get(f"subscribers/{supi}"))["name"] == "pump 9"
        await ue.deregister(switch_off=True)
        await ue.register()
        assert names(await desk.newest()) == []

    desk(script)


def test_when_a_subscriber_is_barred_then_it_is_let_in_by_the_change_that_is_shown():
    async def script(network, desk):
        ue = network.ue()
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"enabled": False})
        await refused(ue.register())
        failure = await desk.newest()
        (remedy,) = failure["remedies"]
        (change,) = remedy["changes"]
        assert (change["key"], change["before"], change["after"]) == (
            f"subscriber {ue.supi.value}: enabled",
            "no",
            "yes",
        )
        assert (await desk.repair(failure, "enable-subscriber"))[0] == 200
        await ue.deregister(switch_off=True)
        await ue.register()

    desk(script)


def test_when_a_gnb_has_another_tac_and_slice_then_one_change_accepts_it_live():
    async def script(network, desk):
        section = msgspec.structs.replace(network.configuration.gnb[0], id=7, name="gnb-7", tac=99)
        gnb = network.gnb(section)
        await network.sleep(1)
        failure = await desk.newest()
        assert (failure["procedure"], failure["subject"]) == ("NG Setup", "gnb-7")
        assert (failure["rule"]["asked"], failure["rule"]["configured"]) == ("TAC 99", "TAC 1")
        (remedy,) = failure["remedies"]
        assert [(one["key"], one["after"], one["takes_effect"]) for one in remedy["changes"]] == [
            ("amf.tac", "99", "now")
        ]
        assert (await desk.repair(failure, "accept-gnb"))[0] == 200
        await network.sleep(60)
        assert gnb.links[0].amf.ready
        assert (await desk.newest())["over"]
        assert "tac = [99]" in network_text(desk)

    desk(script)


def network_text(desk):
    return desk.api.network.configuration.view().text


def test_when_a_gnb_has_another_plmn_then_the_change_says_that_it_waits_for_a_restart():
    async def script(network, desk):
        from freehold.ran.configuration import GnbConfiguration, TrackingArea
        from freehold.spec.identities import GnbId, PlmnId

        plmn = PlmnId("999", "70")
        gnb = network.radio.gnbs[0]
        gnb.reconfigure(GnbConfiguration(GnbId(plmn, 1, 32), (TrackingArea(1, (SNssai(1),), (plmn,)),), "gnb-1"))
        await network.sleep(1)
        failure = await desk.newest()
        assert failure["rule"]["name"] == "gnb-plmn"
        (remedy,) = failure["remedies"]
        assert [(one["key"], one["takes_effect"]) for one in remedy["changes"]] == [("network.plmn", "restart")]

    desk(script)


def test_when_no_slice_is_in_common_then_the_network_can_offer_it_or_the_subscription_have_another():
    async def script(network, desk):
        ue = network.ue()
        slices = [{"id": "2-000001", "default": True, "dnns": [{"dnn": "internet"}]}]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": slices})
        await refused(ue.register())
        failure = await desk.newest()
        assert failure["rule"]["name"] == "slices"
        assert names(failure) == ["serve-slice", "subscribe-slice"]
        assert (await desk.repair(failure, "subscribe-slice"))[0] == 200
        await ue.deregister(switch_off=True)
        await ue.register()

    desk(script)


def test_when_a_slice_is_offered_then_those_that_were_stay():
    async def script(network, desk):
        ue = network.ue()
        slices = [{"id": "2-000001", "default": True, "dnns": [{"dnn": "internet"}]}]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": slices})
        await refused(ue.register())
        failure = await desk.newest()
        assert (await desk.repair(failure, "serve-slice"))[0] == 200
        assert [str(one.id) for one in network.configuration.slice] == ["1", "2-000001"]

    desk(script)


@pytest.mark.parametrize(("dnn", "offered"), [("ims", ["add-dnn", "configure-dnn"]), ("lan", ["add-dnn"])])
def test_when_a_data_network_is_not_subscribed_then_it_can_be_added(dnn, offered):
    text = '[[dnn]]\nname = "internet"\n[[dnn]]\nname = "lan"\npool = "10.50.0.0/16"\n'

    async def script(network, desk):
        ue = network.ue()
        only = [{"id": "1", "default": True, "dnns": [{"dnn": "internet"}]}]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": only})
        await ue.register()
        await refused(ue.pdu_session(dnn))
        failure = await desk.newest()
        assert failure["cause"]["name"].startswith("5GMM #91")
        assert names(failure) == offered
        change = failure["remedies"][0]["changes"][0]
        assert (change["before"], change["after"]) == ("1: internet", f"1: internet, {dnn}")
        assert (await desk.repair(failure, "add-dnn"))[0] == 200
        if dnn == "lan":
            await ue.pdu_session(dnn)
            assert (await desk.newest())["over"]

    desk(script, text)


def test_when_a_data_network_is_not_configured_then_one_can_be_with_a_pool_of_its_own():
    async def script(network, desk):
        ue = network.ue()
        both = [{"id": "1", "default": True, "dnns": [{"dnn": "internet"}, {"dnn": "ims"}]}]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": both})
        await ue.register()
        await refused(ue.pdu_session("ims"))
        failure = await desk.newest()
        assert failure["rule"]["name"] == "dnn-not-configured"
        (remedy,) = failure["remedies"]
        changes = {one["key"]: one["after"] for one in remedy["changes"]}
        assert changes["dnn.ims.pool"] == "10.46.0.0/16"
        assert {one["takes_effect"] for one in remedy["changes"]} == {"restart"}

    desk(script)


def test_when_the_type_of_session_is_not_subscribed_then_it_can_be_allowed():
    async def script(network, desk):
        ue = network.ue()
        only = [{"id": "1", "default": True, "dnns": [{"dnn": "internet", "types": ["IPV6"]}]}]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": only})
        await ue.register()
        await refused(ue.pdu_session("internet", kind=PduSessionType.IPV4))
        failure = await desk.newest()
        assert failure["cause"]["name"].startswith("5GSM #")
        assert (await desk.repair(failure, "allow-types"))[0] == 200
        await ue.pdu_session("internet", kind=PduSessionType.IPV4)

    desk(script)


def test_when_a_subscription_allows_no_frames_then_they_can_be_allowed():
    async def script(network, desk):
        ue = network.ue()
        slices = msgspec.to_builtins((await desk.get("subscribers"))[0]["slices"])
        slices[0]["dnns"][0]["types"] = ["IPV4", "IPV6", "IPV4V6"]
        await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": slices})
        await ue.register()
        await refused(ue.pdu_session())
        failure = await desk.newest()
        assert failure["rule"]["title"] == "Data network and subscription do not have this type of session"
        assert failure["cause"]["name"].startswith("5GSM #28")
        assert (await desk.repair(failure, "allow-types"))[0] == 200
        assert (await ue.pdu_session()).ethernet

    desk(script, '[[dnn]]\nname = "lan"\ntype = "ethernet"\n')


def test_when_two_have_one_fixed_address_then_the_second_can_have_any():
    async def script(network, desk):
        first, second = network.ue(), network.ue()
        fixed = [{"id": "1", "default": True, "dnns": [{"dnn": "internet", "ip": "10.45.0.77"}]}]
        for ue in (first, second):
            await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"slices": fixed})
            await ue.register()
        await first.pdu_session("internet")
        await refused(second.pdu_session("internet"))
        failure = await desk.newest()
        assert (failure["supi"], failure["rule"]["asked"]) == (second.supi.value, "10.45.0.77")
        assert (await desk.repair(failure, "free-address"))[0] == 200
        await network.sleep(30)
        assert (await second.pdu_session("internet")).ip != "10.45.0.77"

    desk(script)


def test_when_a_terminal_has_none_of_the_algorithms_then_one_it_has_can_be_allowed():
    async def script(network, desk):
        ue = network.ue()
        terminal = ue.terminal
        weak = msgspec.structs.replace(
            terminal.configuration.equipment, security_capability=UeSecurityCapability.of((0, 1), (2,))
        )
        terminal.configuration = msgspec.structs.replace(terminal.configuration, equipment=weak)
        await refused(ue.register())
        failure = await desk.newest()
        assert failure["rule"]["name"] == "algorithms"
        assert names(failure) == ["allow-ciphering"]
        assert (await desk.repair(failure, "allow-ciphering"))[0] == 200
        assert network.configuration.amf.ciphering == ("NEA2", "NEA1")
        await ue.register()

    desk(script, '[amf]\nciphering = ["NEA2"]\n')


def test_when_a_card_does_not_conceal_its_identity_then_that_can_be_allowed():
    async def script(network, desk):
        ue = network.ue(null_scheme=True)
        await refused(ue.register())
        failure = await desk.newest()
        assert names(failure) == ["allow-null-scheme"]
        assert (await desk.repair(failure, "allow-null-scheme"))[0] == 200
        await ue.deregister(switch_off=True)
        await ue.register()

    desk(script, "[amf]\nnull_scheme = false\n")


def test_when_a_card_is_bound_to_another_device_then_this_one_can_be_allowed():
    async def script(network, desk):
        ue = network.ue()
        patch = {"allowed_pei": ["imeisv-1111111111111111"]}
        assert (await desk.ask("PATCH", f"subscribers/{ue.supi.value}", patch))[0] == 200
        await refused(ue.register())
        failure = await desk.newest()
        assert names(failure) == ["allow-device", "clear-devices"]
        assert (await desk.repair(failure, "allow-device"))[0] == 200
        shown = await desk.get(f"subscribers/{ue.supi.value}")
        assert len(shown["allowed_pei"]) == 2
        await ue.deregister(switch_off=True)
        await ue.register()

    desk(script)


def test_when_what_was_shown_is_not_what_would_change_then_nothing_is_changed():
    async def script(network, desk):
        ue = network.ue()
        supi = ue.supi.value
        await desk.ask("PATCH", f"subscribers/{supi}", {"enabled": False})
        await refused(ue.register())
        failure = await desk.newest()
        path = f"failures/{failure['id']}/repair"
        status, _ = await desk.ask("POST", path, {"remedy": "enable-subscriber", "tag": "x"})
        assert status == 412
        assert (await desk.ask("POST", path, {"remedy": "serve-tac", "tag": "x"}))[0] == 409
        assert (await desk.ask("POST", path, {"tag": "x"}))[0] == 422
        assert (await desk.repair(failure, "enable-subscriber", {"k": "1"}))[0] == 422
        assert (await desk.ask("GET", "failures/99"))[0] == 404
        assert not (await desk.get(f"subscribers/{supi}"))["enabled"]
        assert (await desk.repair(failure, "enable-subscriber"))[0] == 200
        assert (await desk.repair(failure, "enable-subscriber"))[0] == 409

    desk(script)


def test_when_an_operator_may_not_administer_then_it_cannot_change_the_configuration_by_a_repair():
    async def script(network, desk):
        section = msgspec.structs.replace(network.configuration.gnb[0], id=7, name="gnb-7", tac=99)
        network.gnb(section)
        await network.sleep(1)
        failure = await desk.newest()
        operator, reader = Principal("otto", Role.OPERATOR), Principal("eve", Role.READER)
        assert (await desk.repair(failure, "accept-gnb", principal=operator))[0] == 403
        assert (await desk.repair(failure, "accept-gnb", principal=reader))[0] == 403
        assert network.configuration.amf.tac == ()

    desk(script)


def test_when_the_same_fails_again_then_it_is_counted_once_and_a_ues_own_can_be_asked_for():
    async def script(network, desk):
        one, other = network.ue(), network.ue()
        for ue in (one, other):
            await desk.ask("PATCH", f"subscribers/{ue.supi.value}", {"enabled": False})
            await refused(ue.register())
        await one.deregister(switch_off=True)
        await refused(one.register())
        found = await desk.get("failures")
        assert [(each["supi"], each["count"]) for each in found] == [(one.supi.value, 2), (other.supi.value, 1)]
        assert [each["supi"] for each in await desk.get("failures", ue=other.supi.value)] == [other.supi.value]
        assert (await desk.ask("GET", "failures", ue="nobody"))[0] == 422

    desk(script)


def test_when_a_terminal_is_refused_again_then_the_support_bundle_has_its_ladder_and_no_key():
    from freehold.manage.support import contents

    async def script(network, desk):
        ue = network.ue()
        udr = network.core.udr
        stored = udr.subscriber(ue.supi)
        wrong = msgspec.structs.replace(stored.authentication, k=bytes(16))
        await network.wait(udr.put(msgspec.structs.replace(stored, authentication=wrong)))
        for _ in range(2):
            with pytest.raises(UsimInvalid):
                await ue.register()
            ue.terminal.usim.invalid = False  # as a power cycle does: TS 24.501 5.5.1.2.5
        return contents(desk.api, [], []), ue.supi.value, stored.authentication

    files, supi, secrets_ = desk(script)
    ladder = files[f"ladders/{supi}.txt"]
    assert "AuthenticationRequest" in ladder
    assert "AuthenticationFailure" in ladder
    text = msgspec.json.encode(files["failures.json"]).decode() + ladder
    assert supi in text
    assert bytes(secrets_.k).hex() not in text
