"""Keys in a token (PKCS#11): a key that seals others, and SIMs' keys that never leave, with MILENAGE done inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Self

from freehold.crypto.aka import Milenage
from freehold.spec.errors import Unusable
from freehold.trust.seal.keys import needs

BLOCK: Final = 16
# TS 35.206 4.1: rotations in octets and the last octets of c1 to c5.
_ROTATION: Final = (8, 0, 4, 8, 12)
_CONSTANT: Final = tuple(bytes(15) + bytes([last]) for last in (0, 1, 2, 4, 8))
_TAG_BITS: Final = 128


class PinRefused(Unusable):
    """The token refused the PIN; after few more refusals it locks itself."""


class _Session:
    """A session with one token; Unusable in one line for what the token refuses."""

    def __init__(self, module: str, token: str, pin: str) -> None:
        try:
            import pkcs11
        except ImportError:
            raise needs("python-pkcs11") from None
        self._library = pkcs11
        self._what = f"token {token!r}"
        found = self.ask(lambda: pkcs11.lib(module).get_token(token_label=token))

        def opened() -> Any:
            try:
                return found.open(rw=True, user_pin=pin)
            except pkcs11.UserAlreadyLoggedIn:  # another session of this process: a login is the process's
                return found.open(rw=True)

        self.session: Any = self.ask(opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Unusable):  # the token may have ended it
            self.ask(self.session.close)

    def ask(self, what: Callable[[], Any]) -> Any:
        """Do something with the token."""
        refused = self._library.PinIncorrect, self._library.PinLocked, self._library.exceptions.PinExpired
        try:
            return what()
        except refused as error:
            raise PinRefused(f"{self._what}: {_told(error)}") from None
        except (self._library.PKCS11Error, RuntimeError, OSError) as error:
            raise Unusable(f"{self._what}: {_told(error)}") from None

    def answers(self) -> bool:
        """Whether the token still serves this session."""
        try:
            self.ask(lambda: self.session.generate_random(8))
        except Unusable:
            return False
        return True

    def secret(self, label: str) -> Any:
        """The AES key of this label."""
        kind = self._library.ObjectClass.SECRET_KEY
        return self.ask(lambda: self.session.get_key(object_class=kind, label=label))

    def kept(self, **more: bool) -> dict[Any, Any]:
        """The attributes of a key that never leaves."""
        a = self._library.Attribute
        fixed = {a.TOKEN: True, a.PRIVATE: True, a.SENSITIVE: True, a.EXTRACTABLE: False}
        return fixed | {getattr(a, name.upper()): value for name, value in more.items()}


class TokenKey(_Session):
    """A key-encryption key of a token, by its label; `create` makes it there."""

    def __init__(self, module: str, token: str, pin: str, label: str, *, create: bool = False) -> None:
        super().__init__(module, token, pin)
        kinds, template = self._library.KeyType, self.kept(encrypt=True, decrypt=True)
        if create:
            self._key = self.ask(
                lambda: self.session.generate_key(kinds.AES, 256, store=True, label=label, template=template)
            )
        else:
            self._key = self.secret(label)

    def seal(self, nonce: bytes, octets: bytes) -> bytes:
        """Octets sealed by AES-GCM inside the token."""
        sealed: bytes = self.ask(lambda: self._key.encrypt(octets, **self._gcm(nonce)))
        return sealed

    def open(self, nonce: bytes, sealed: bytes) -> bytes:
        """Sealed octets in clear; Unusable where they were changed, or the key is another."""
        octets: bytes = self.ask(lambda: self._key.decrypt(sealed, **self._gcm(nonce)))
        return octets

    def _gcm(self, nonce: bytes) -> dict[str, Any]:
        parameters = self._library.GCMParams(nonce, b"", _TAG_BITS)
        return {"mechanism": self._library.Mechanism.AES_GCM, "mechanism_param": parameters}


class TokenCredentials(_Session):
    """SIMs' keys in a token, one AES key a subscriber by its SUPI; K is written once and never read again."""

    def __init__(self, module: str, token: str, pin: str) -> None:
        super().__init__(module, token, pin)
        self._keys: dict[str, Any] = {}
        self._indexed = False

    def add(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Keep the K of subscribers, of 16 octets each: all, or none where the token has one already or refuses one."""
        for supi, k in keys:
            _check_length(supi, k)
            if self._objects(supi):
                raise Unusable(f"{supi}: the token has a key of it already")
        for number, (supi, k) in enumerate(keys):
            try:
                self._create(supi, k)
            except Unusable:
                for made, _ in keys[:number]:
                    self.forget(made)
                raise

    def keep(self, supi: str, k: bytes) -> None:
        """Have this K of a subscriber and no other; nothing is done where the token has it already."""
        found = self._objects(supi)
        if len(found) == 1 and self._is(found[0], k):
            self._keys[supi] = found[0]
            return
        self._create(supi, k)
        for each in found:
            self.ask(each.destroy)

    def ensure(self, label: str) -> None:
        """Have a key of this label: where there is none, one that the token draws."""
        if not self._objects(label):
            template, kind = self.kept(encrypt=True, decrypt=False), self._library.KeyType.AES
            self.ask(lambda: self.session.generate_key(kind, 8 * BLOCK, store=True, label=label, template=template))

    def _create(self, supi: str, k: bytes) -> None:
        _check_length(supi, k)
        a = self._library.Attribute
        kind = {a.CLASS: self._library.ObjectClass.SECRET_KEY, a.KEY_TYPE: self._library.KeyType.AES, a.LABEL: supi}
        template = {**kind, a.VALUE: k, **self.kept(encrypt=True, decrypt=False)}
        self._keys[supi] = self.ask(lambda: self.session.create_object(template))

    def forget(self, supi: str) -> None:
        """Have no key of a subscriber any more."""
        self._keys.pop(supi, None)
        for each in self._objects(supi):
            self.ask(each.destroy)

    def _objects(self, supi: str) -> list[Any]:
        a = self._library.Attribute
        kind = {a.CLASS: self._library.ObjectClass.SECRET_KEY, a.LABEL: supi}
        return list(self.ask(lambda: list(self.session.get_objects(kind))))

    def _is(self, key: Any, k: bytes) -> bool:
        """Whether a key of the token is K: by what both make of one block."""
        mechanism = self._library.Mechanism.AES_ECB
        inside: bytes = self.ask(lambda: key.encrypt(bytes(BLOCK), mechanism=mechanism))
        return inside == _encrypted(k)

    def supis(self) -> list[str]:
        """Whose keys the token has."""
        a = self._library.Attribute
        kind = {a.CLASS: self._library.ObjectClass.SECRET_KEY}
        found = self.ask(lambda: [each[a.LABEL] for each in self.session.get_objects(kind)])
        return sorted(each for each in found if each.startswith(("imsi-", "nai-")))

    def leaves(self, supi: str) -> bool:
        """Whether the token would give the key away: by what it says of it."""
        key, a = self._key(supi), self._library.Attribute
        return bool(self.ask(lambda: key[a.EXTRACTABLE] or not key[a.SENSITIVE]))

    def milenage(self, supi: str, opc: bytes, challenges: Sequence[tuple[bytes, bytes, bytes]]) -> list[Milenage]:
        """A vector for each (RAND, SQN, AMF) of 16, 6 and 2 octets: two encryptions in all, whatever their number."""
        masked = [_xor(rand, opc) for rand, _, _ in challenges]
        temps = self._encrypt(supi, masked)
        inputs: list[bytes] = []
        for temp, (_, sqn, amf) in zip(temps, challenges, strict=True):
            first = _turned(_xor((sqn + amf) * 2, opc), _ROTATION[0])
            masked_temp = _xor(temp, opc)
            inputs.append(_xor(temp, _xor(first, _CONSTANT[0])))
            inputs += [_xor(_turned(masked_temp, _ROTATION[n]), _CONSTANT[n]) for n in range(1, 5)]
        outputs = [_xor(each, opc) for each in self._encrypt(supi, inputs)]
        return [_vector(outputs[at : at + 5]) for at in range(0, len(outputs), 5)]

    def _encrypt(self, supi: str, blocks: Sequence[bytes]) -> list[bytes]:
        key, mechanism = self._key(supi), self._library.Mechanism.AES_ECB
        octets: bytes = self.ask(lambda: key.encrypt(b"".join(blocks), mechanism=mechanism))
        return [octets[at : at + BLOCK] for at in range(0, len(octets), BLOCK)]

    def _key(self, supi: str) -> Any:
        if supi not in self._keys and not self._indexed:
            self._index()
        if supi not in self._keys:
            self._keys[supi] = self.secret(supi)
        return self._keys[supi]

    def _index(self) -> None:
        """Find every key in one pass: a token that searches by label looks at all of them each time."""
        a = self._library.Attribute
        kind = {a.CLASS: self._library.ObjectClass.SECRET_KEY, a.KEY_TYPE: self._library.KeyType.AES}
        found = self.ask(lambda: [(each[a.LABEL], each) for each in self.session.get_objects(kind)])
        labels = Counter(label for label, _ in found)
        self._keys = {label: each for label, each in found if labels[label] == 1} | self._keys
        self._indexed = True


def _check_length(supi: str, k: bytes) -> None:
    if len(k) != BLOCK:
        raise Unusable(f"{supi}: K has 16 octets inside a token: TUAK's keys of 32 need Keccak, which none has")


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _vector(out: Sequence[bytes]) -> Milenage:
    return Milenage(out[0][:8], out[0][8:], out[1][8:], out[2], out[3], out[1][:6], out[4][:6])


def _encrypted(k: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    # One block of zeros, to compare two keys by: nothing is kept secret with it.
    encryptor = Cipher(AES(k), ECB()).encryptor()  # noqa: S305
    return encryptor.update(bytes(BLOCK)) + encryptor.finalize()


def _turned(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
