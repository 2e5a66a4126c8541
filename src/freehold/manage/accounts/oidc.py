"""Log-in at somebody else's provider: OpenID Connect Core 1.0 3.1, the authorization code flow with PKCE (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import h11
import msgspec

from freehold.manage.accounts.roles import GRANTS, Role
from freehold.spec.errors import Unusable

WAITING: Final = 1000
"""Log-ins that are under way at once; the oldest is forgotten."""
PATIENCE: Final = 600.0
"""Seconds that one may take."""
KEYS_AGAIN: Final = 60.0
"""Seconds between two looks for a key that is not known."""
LEEWAY: Final = 30
"""Seconds that two clocks may differ."""
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by a key of the provider alone: neither none nor one by a shared secret."""

T = TypeVar("T")
Fetch = Callable[[str, SplitResult, list[tuple[str, str]], bytes], Awaitable[tuple[int, bytes]]]


class OidcSettings(msgspec.Struct, frozen=True):
    """A provider and what it knows us as; `roles` are by values of the claim `claim`."""

    issuer: str
    client_id: str
    secret: str = ""
    scope: str = "openid profile"
    claim: str = "groups"
    name: str = "preferred_username"
    roles: Mapping[str, Role] = {}


class Identity(msgspec.Struct, frozen=True):
    """Who logged in: an identity that never changes, a name for people, and the role that the claim gives."""

    subject: str
    name: str
    role: Role


class NotAdmitted(Exception):  # noqa: N818 - what happened
    """A log-in that is not taken, in words for whoever tried."""


class _Begun(msgspec.Struct, frozen=True):
    began: float
    nonce: str
    verifier: str
    binding: str
    redirect: str


class _Discovered(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class Oidc:
    """One provider; `now` is the monotonic time in seconds."""

    def __init__(self, settings: OidcSettings, fetch: Fetch, now: Callable[[], float]) -> None:
        self._settings = settings
        self._fetch = fetch
        self._now = now
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._discovered: _Discovered | None = None
        self._keys: Any = None
        self._looked = float("-inf")

    async def begin(self, redirect: str) -> tuple[str, str]:
        """Where to send a browser, and what binds the log-in to it: kept in a cookie until it comes back."""
        found = await self._discover()
        state, binding = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        begun = _Begun(self._now(), secrets.token_urlsafe(32), secrets.token_urlsafe(48), binding, redirect)
        self._begun[state] = begun
        while len(self._begun) > WAITING:
            self._begun.popitem(last=False)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "scope": self._settings.scope,
            "state": state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        mark = "&" if urlsplit(found.authorization_endpoint).query else "?"
        return f"{found.authorization_endpoint}{mark}{urlencode(query)}", binding

    async def finish(self, query: Mapping[str, str], binding: str) -> Identity:
        """Who came back from the provider; NotAdmitted says why nobody did."""
        begun = self._begun.pop(query.get("state", ""), None)
        if begun is None or self._now() - begun.began > PATIENCE:
            raise NotAdmitted("this log-in is not under way, or took too long: begin again")
        if not hmac.compare_digest(begun.binding.encode(), binding.encode()):
            raise NotAdmitted("another browser began this log-in: begin again")
        if query.get("iss", self._settings.issuer) != self._settings.issuer:  # RFC 9207 2.4
            raise NotAdmitted("another provider answered")
        if "code" not in query:
            raise NotAdmitted(f"the provider refused: {query.get('error', 'without a reason')[:100]}")
        claims = await self._claims(await self._redeem(query["code"], begun), begun.nonce)
        return self._identity(claims)

    async def _redeem(self, code: str, begun: _Begun) -> str:
        """The ID token for a code (OpenID Connect Core 3.1.3)."""
        found, settings = await self._discover(), self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.redirect,
            "code_verifier": begun.verifier,
            "client_id": settings.client_id,
        }
        headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
        if settings.secret:
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.secret, safe='')}"  # RFC 6749 2.3.1
            headers.append(("authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        tokens = await self._read("POST", found.token_endpoint, _Tokens, headers, urlencode(form).encode())
        return tokens.id_token

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """What a right ID token says (OpenID Connect Core 3.1.3.7)."""
        import jwt

        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:
                raise NotAdmitted("the provider's token is not signed by a key of its own")
            key = await self._key(head.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.client_id,
                issuer=self._settings.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "nonce"]},
            )
        except jwt.PyJWTError as wrong:
            raise NotAdmitted(f"the provider's token is not right: {wrong}") from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise NotAdmitted("the provider's token is of another log-in")
        if claims.get("azp", self._settings.client_id) != self._settings.client_id or (
            isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
        ):
            raise NotAdmitted("the provider's token is for another program")
        return claims

    async def _key(self, name: object) -> Any:
        """A key of the provider by its name; it is looked for again where it is not known, but not often."""
        import jwt

        for again in (False, True):
            if self._keys is None or (again and self._now() - self._looked >= KEYS_AGAIN):
                self._looked = self._now()
                found = await self._read("GET", (await self._discover()).jwks_uri, dict[str, Any])
                self._keys = jwt.PyJWKSet.from_dict(found)
            fit = [key for key in self._keys.keys if key.public_key_use in {None, "sig"}]
            chosen = [key for key in fit if key.key_id == name] if name is not None else fit if len(fit) == 1 else []
            if chosen:
                return chosen[0]
        raise NotAdmitted("the provider's token is signed by a key that the provider does not show")

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        given = claims.get(self._settings.claim, ())
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        roles = [self._settings.roles[value] for value in values if value in self._settings.roles]
        if not roles:
            raise NotAdmitted(
                f"the provider's {self._settings.claim} give you no role here: ask who administers this network"
            )
        role = max(roles, key=lambda each: (len(GRANTS[each]), each == Role.OPERATOR))
        subject, name = str(claims["sub"]), str(claims.get(self._settings.name) or claims["sub"])
        return Identity(f"{self._settings.issuer} {subject}", name, role)

    async def _discover(self) -> _Discovered:
        if self._discovered is None:
            url = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await self._read("GET", url, _Discovered)
            if found.issuer != self._settings.issuer:  # OpenID Connect Discovery 4.3
                raise NotAdmitted(f"the provider calls itself {found.issuer[:200]}: set management.oidc.issuer to that")
            for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                check_url(each, "the provider's own")
            self._discovered = found
        return self._discovered

    async def _read(
        self, method: str, url: str, kind: type[T], headers: list[tuple[str, str]] | None = None, body: bytes = b""
    ) -> T:
        try:
            status, read = await self._fetch(method, urlsplit(url), headers or [("accept", "application/json")], body)
            if status != 200:
                raise NotAdmitted(f"the provider answered {status}")
            return msgspec.json.decode(read, type=kind)
        except (OSError, ValueError, TimeoutError, h11.RemoteProtocolError, msgspec.DecodeError) as error:
            raise NotAdmitted(f"the provider cannot be understood: {error}") from None


def check_url(url: str, setting: str) -> None:
    """Unusable where a URL is not https; plain http is for this machine alone."""
    parts = urlsplit(url)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"})
    ):
        raise Unusable(f"{setting}: {url[:200]!r} is not an https URL")
