"""A home network for tests: UDR, UDM and AUSF on a store in memory, and the USIM and ME of its subscribers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from freehold.core.ausf import Ausf
from freehold.core.udm import HomeNetworkKey, Sidf, Udm
from freehold.core.udr import Udr
from freehold.crypto import aka, milenage, suci
from freehold.crypto.sqn import SqnArray
from freehold.procedure import AlarmQueue, Driver, Tap, procedure
from freehold.services.nausf import AuthenticationInfo, ResynchronizationInfo
from freehold.services.nudm import AccessAndMobilitySubscriptionData, Ambr, DnnConfiguration
from freehold.services.nudr import AuthenticationSubscription, SliceSubscription, Subscriber
from freehold.spec.events import Event
from freehold.spec.identities import PlmnId, SNssai, Suci, Supi
from freehold.spec.keys import Key
from freehold.spec.timers import Timers
from freehold.store import MemoryStore

T = TypeVar("T")
PLMN = PlmnId("001", "01")
NAME = PLMN.serving_network_name
OP = bytes(range(16))
PROFILE_A = HomeNetworkKey(1, suci.Scheme.PROFILE_A, Key(bytes(range(1, 33))))
PROFILE_B = HomeNetworkKey(2, suci.Scheme.PROFILE_B, Key(bytes(range(1, 33))))


@procedure(spec="TS 33.501 6.1.3.2")
async def serve(call: Coroutine[Any, Any, T]) -> T:
    """Await one service call, as a procedure of the AMF does."""
    return await call


class World:
    """The outside of the functions under test; every draw of randomness is another one."""

    def __init__(self) -> None:
        self.drawn = 0
        self.tap = Tap()
        self.queue = AlarmQueue()
        self.bugs: list[Event] = []
        self.conversation = Driver("AMF", self, Timers({})).converse("ue")

    def now(self) -> float:
        return 0.0

    def utc(self) -> float:
        return 0.0

    def random(self, octets: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(octets)

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        return self.queue.call_at(when, callback)

    def count(self, name: str, label: str = "", amount: int = 1) -> None:
        pass

    def emit(self, event: Event) -> None:
        self.bugs.append(event)

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """What a service answers; its error is raised here."""
        answer = self.conversation.perform(serve(call)).result()
        assert not self.bugs
        return answer


def supi_of(number: int) -> Supi:
    return Supi.imsi(f"00101{number:010}")


def subscriber_of(number: int, *, enabled: bool = True, sqn_offset: int = 0, gpsi: str = "") -> Subscriber:
    k = number.to_bytes(16)
    slices = (SNssai(1), SNssai(2, 0x010203))
    return Subscriber(
        supi_of(number),
        AuthenticationSubscription(Key(k), Key(milenage.opc(k, OP)), sqn_offset=sqn_offset),
        AccessAndMobilitySubscriptionData(slices[:1], slices, Ambr(1_000_000, 2_000_000), gpsi=gpsi),
        (
            SliceSubscription(slices[0], (DnnConfiguration("internet"), DnnConfiguration("ims", five_qi=5))),
            SliceSubscription(slices[1], (DnnConfiguration("factory"),), default=False),
        ),
        enabled=enabled,
    )


class Card:
    """The USIM and the ME of one subscriber."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.k = number.to_bytes(16)
        self.opc = milenage.opc(self.k, OP)
        self.sqn = SqnArray()

    def suci(self, key: HomeNetworkKey | None = PROFILE_A) -> Suci:
        """A fresh concealed identity; the null scheme without a key (TS 33.501 6.12.2)."""
        plain = suci.imsi_plaintext(f"{self.number:010}")
        if key is None:
            return Suci(PLMN, "0", 0, 0, plain)
        ephemeral = (self.number + 7).to_bytes(32)
        return Suci(PLMN, "0", key.scheme, key.key_id, suci.conceal(key.scheme, key.public, ephemeral, plain))

    def answer(self, rand: bytes, autn: bytes, name: bytes = NAME) -> tuple[str, bytes]:
        """`res` with RES*, `auts` with AUTS, or `mac` (TS 33.102 6.3.3)."""
        answer = aka.answer_challenge(self.k, self.opc, rand, autn, name)
        if answer is None:
            return "mac", b""
        if not self.sqn.accept(answer.sqn):
            return "auts", aka.make_auts(self.k, self.opc, rand, self.sqn.highest)
        return "res", answer.res_star


class Home:
    """The functions, wired to each other."""

    def __init__(self, population: int = 3, store: MemoryStore | None = None, **policy: Any) -> None:
        self.world = World()
        self.store = store or MemoryStore()
        self.udr = Udr(self.store)
        self.udr.put_all(subscriber_of(number) for number in range(1, population + 1)).result()
        self.udm = Udm(self.udr, Sidf((PROFILE_A, PROFILE_B), **policy))
        self.ausf = Ausf(self.udm, (PLMN,))

    def challenge(self, identity: Suci | Supi, resynchronization: ResynchronizationInfo | None = None):
        """What the AUSF answers to the AMF."""
        return self.world.run(self.ausf.authenticate(AuthenticationInfo(identity, NAME, resynchronization)))

    def confirm(self, context_id: int, res_star: bytes):
        """What the AUSF says of a RES*."""
        return self.world.run(self.ausf.confirm(context_id, res_star))
