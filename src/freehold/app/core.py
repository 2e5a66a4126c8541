"""The core: every network function of it in this process, joined by its services."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final, Literal

from freehold.app.config import Configuration, UpfSection
from freehold.app.qos import policies
from freehold.app.tapped import tapped
from freehold.app.world import World
from freehold.core.amf.amf import Amf
from freehold.core.amf.configuration import AmfConfiguration, AmfPeers, PlmnSupport, RejectPolicy, SecurityPolicy
from freehold.core.ausf.ausf import Ausf
from freehold.core.nrf.nrf import Nrf
from freehold.core.nssf.nssf import Nssf
from freehold.core.pcf.pcf import Pcf
from freehold.core.smf.configuration import DataNetwork, SmfConfiguration, SmfPeers
from freehold.core.smf.smf import Smf
from freehold.core.udm import home_keys
from freehold.core.udm.key_use import KeyUse
from freehold.core.udm.sidf import HomeNetworkKey, Sidf
from freehold.core.udm.udm import Udm
from freehold.core.udr.repository import Udr
from freehold.core.upf.function import Upf, UpfSettings
from freehold.crypto.suci import Scheme
from freehold.net.endpoints import parse_address
from freehold.procedure import Driver, Environment, Signal, procedure
from freehold.services.arpf import Arpf
from freehold.services.datagram import Address, DatagramPort
from freehold.services.journal import Journal
from freehold.services.nnrf import Discovery, NfProfile
from freehold.services.store import Store
from freehold.services.userplane import SessionPlane
from freehold.spec.errors import Unusable
from freehold.spec.identities import Guami
from freehold.spec.timers import Timers

SMF_N4: Final[Address] = ("127.0.0.1", 8805)
UPF_N4: Final[Address] = ("127.0.0.2", 8805)
"""N4 in process: names of the two ends, no sockets (TS 29.244 4.2.2 gives the port)."""


class Core:
    """AMF, SMF, AUSF, UDM, UDR, PCF, NSSF and NRF over one store; UPFs are told by their N4 addresses."""

    def __init__(
        self,
        configuration: Configuration,
        world: World,
        store: Store,
        smf_n4: Address = SMF_N4,
        upf_n4: Address = UPF_N4,
        arpf: Arpf | None = None,
        smf_n4u: Address | None = None,
    ) -> None:
        self.configuration = configuration
        self.world = world
        self.store = store
        self._arpf = arpf
        self.timers = Timers(configuration.timers)
        self.home_network_keys, self._keys_durable = home_keys.ensure(store, world.environment.random)
        plmn = configuration.network.plmn
        slices = tuple(section.id for section in configuration.slice)
        self.nrf = Nrf(world.environment.count)
        self.udr = Udr(store, arpf)
        self.key_use = KeyUse(store, (key.key_id for key in self.home_network_keys), world.environment.utc)
        self.sidf = Sidf(
            self.home_network_keys,
            null_scheme=configuration.amf.null_scheme,
            plmns=(plmn,),
            used=self.key_use.note,
        )
        self.udm = Udm(self.udr, self.sidf, arpf)
        self.ausf = Ausf(self._seen(self.udm, "AUSF", "UDM"), (plmn,))
        self.nssf = Nssf(slices, count=world.environment.count)
        self.pcf = Pcf(policies(configuration))
        self.smf = Smf(
            self._smf_configuration(smf_n4, upf_n4, smf_n4u), self._smf_peers(), world.environment, self.timers
        )
        self.amf = Amf(self._amf_configuration(), self._amf_peers(), world.environment, self.timers)

    async def start(self) -> None:
        """Make the functions known to each other, once the home network's keys are safe."""
        await self.world.wait(self._keys_durable)
        if self._arpf is not None:
            await self.world.wait(self.udr.hand_over())
        profiles = (
            NfProfile("amf", "AMF", service=self._seen(self.amf, "SMF", "AMF")),
            NfProfile("smf", "SMF", service=self._seen(self.smf, "AMF", "SMF")),
        )
        await self.world.wait(self._driver().converse("NRF").perform(announcement(self.nrf, profiles)))

    async def rotate_home_key(self, scheme: Scheme) -> HomeNetworkKey:
        """A fresh key pair beside those that are there; it opens identities once it is durable."""
        key_id = home_keys.unused_id(self.home_network_keys)
        made = home_keys.generate(key_id, scheme, self.world.environment.random)
        self.key_use.begin(key_id)
        await self._take_keys((*self.home_network_keys, made), home_keys.add(self.store, made))
        return made

    async def retire_home_key(self, key_id: int) -> None:
        """Remove a key pair: SIMs that conceal with it are refused. Unusable where there is none, or no other."""
        home_keys.retirable(self.home_network_keys, key_id)
        left = tuple(key for key in self.home_network_keys if key.key_id != key_id)
        await self._take_keys(left, home_keys.remove(self.store, key_id))

    async def _take_keys(self, keys: tuple[HomeNetworkKey, ...], durable: Signal[None]) -> None:
        self.home_network_keys = keys  # at once: the next change begins from these
        await self.world.wait(durable)
        self.sidf.take(self.home_network_keys)

    def reconfigure(self, configuration: Configuration) -> None:
        """Take over what needs no restart; Unusable, and nothing happens, where something does."""
        before, self.configuration = self.configuration, configuration
        try:
            self.smf.reconfigure(self._networks())
        except Unusable:
            self.configuration = before
            raise
        self.pcf.reconfigure(policies(configuration))
        self.smf.policy_changed(_changed_policies(before, configuration))
        self.nssf.serve(section.id for section in configuration.slice)
        self.sidf.null_scheme = configuration.amf.null_scheme
        self.amf.reconfigure(self._amf_configuration())

    def stop(self) -> None:
        """Watch the UPFs no more, and write what waited."""
        self.key_use.flush()
        self.smf.stop()

    def _driver(self) -> Driver:
        return Driver("NRF", self.world.environment, self.timers)

    def _seen(self, service: Any, source: str, target: str) -> Any:
        return tapped(service, self.world.environment, source, target)

    def _smf_peers(self) -> SmfPeers:
        return SmfPeers(
            udm=self._seen(self.udm, "SMF", "UDM"),
            pcf=self._seen(self.pcf, "SMF", "PCF"),
            nrf=self.nrf,
        )

    def _amf_peers(self) -> AmfPeers:
        return AmfPeers(
            ausf=self._seen(self.ausf, "AMF", "AUSF"),
            udm=self._seen(self.udm, "AMF", "UDM"),
            pcf=self._seen(self.pcf, "AMF", "PCF"),
            nssf=self._seen(self.nssf, "AMF", "NSSF"),
            nrf=self.nrf,
        )

    def _smf_configuration(self, n4: Address, upf: Address, n4u: Address | None) -> SmfConfiguration:
        return SmfConfiguration(
            "SMF",
            n4=ip_address(n4[0]),
            upfs=(upf,),
            networks=self._networks(),
            n3=n3_versions(self.configuration.upf),
            n4u=None if n4u is None else ip_address(n4u[0]),
        )

    def _networks(self) -> tuple[DataNetwork, ...]:
        return tuple(
            DataNetwork(
                section.name,
                section.pool if section.ipv4 and not section.ethernet else None,
                dns=section.dns or section.gateways,
                p_cscf=section.p_cscf,
                mtu=section.mtu,
                pool6=None if section.ethernet else section.pool6,
                ethernet=section.ethernet,
                dscp=section.dscp,
                dscp_5qi={int(five_qi): mark for five_qi, mark in section.dscp_5qi.items()},
            )
            for section in self.configuration.dnn
        )

    def _amf_configuration(self) -> AmfConfiguration:
        configuration, amf = self.configuration, self.configuration.amf
        plmn = configuration.network.plmn
        return AmfConfiguration(
            name="AMF",
            guami=Guami(plmn, amf.region, amf.set, amf.pointer),
            plmns=(PlmnSupport(plmn, tuple(section.id for section in configuration.slice)),),
            tacs=tuple(dict.fromkeys((configuration.network.tac, *amf.tac))),
            security=SecurityPolicy(
                tuple(int(name[3:]) for name in amf.integrity), tuple(int(name[3:]) for name in amf.ciphering)
            ),
            rejects=RejectPolicy(configuration.reject.unknown_subscriber, configuration.reject.barred_subscriber),
            network_name=configuration.network.name,
            any_ie_order=amf.ie_order == "any",
        )


def _changed_policies(before: Configuration, after: Configuration) -> frozenset[str]:
    """The data networks whose flows, or what may be asked of them, are other ones."""
    known = {rule.dnn: rule for rule in policies(before).sessions}
    return frozenset(rule.dnn for rule in policies(after).sessions if known.get(rule.dnn) != rule)


@procedure(spec="TS 29.510 5.2.2.2")
async def announcement(nrf: Discovery, profiles: tuple[NfProfile, ...]) -> None:
    """Register functions at the NRF."""
    for profile in profiles:
        await nrf.register(profile)


def n3_versions(upf: UpfSection) -> Literal["ipv4", "ipv6", "ipv4v6"]:
    """The IP versions of the UPF's N3, as gNBs are told them."""
    told = [text for text in (upf.advertise or upf.n3, upf.n3_second) if text]
    versions = {ip_address(parse_address(text, 0, "upf.n3")[0]).version for text in told}
    return "ipv4v6" if versions == {4, 6} else "ipv6" if versions == {6} else "ipv4"


def make_upf(
    configuration: Configuration,
    environment: Environment,
    plane: SessionPlane,
    port: DatagramPort,
    smfs: tuple[str, ...] = (SMF_N4[0],),
    journal: Journal | None = None,
) -> Upf:
    """The UPF of this process on its N4 port, serving the SMFs at these addresses; its journal is for the next one."""
    driver = Driver("UPF", environment, Timers(configuration.timers))
    settings = UpfSettings(
        node_id=port.address[0],
        peers=smfs,
        smf_teids=configuration.upf.f_teids == "smf",
        network_instances=configuration.upf.network_instances,
    )
    return Upf(driver, port, plane, settings, journal)
