"""A provider of OpenID Connect that can be told to lie."""

import base64
import hashlib
import json
import time
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://id.example.test"
CLIENT = "freehold"
KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def public(key, name):
    return {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
        "kid": name,
        "use": "sig",
        "alg": "RS256",
    }


class Provider:
    def __init__(self):
        self.claims = {"sub": "248289761001", "preferred_username": "Ada", "groups": ["staff", "net-ops"]}
        self.change = {}
        self.key, self.kid, self.algorithm, self.secret = KEY, "1", "RS256", None
        self.shown = [("1", KEY)]
        self.codes = {}
        self.asked = []
        self.issuer = ISSUER

    def log_in(self, url):
        """What a browser brings back from the provider."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        self.codes["the code"] = query
        return {"code": "the code", "state": query["state"]}

    async def fetch(self, method, url, headers, body):
        self.asked.append(url.path)
        if url.path.endswith("openid-configuration"):
            paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            return 200, json.dumps({"issuer": self.issuer} | {n: f"{ISSUER}/{p}" for n, p in paths.items()}).encode()
        if url.path == "/keys":
            return 200, json.dumps({"keys": [public(key, name) for name, key in self.shown]}).encode()
        return self.token({name: values[0] for name, values in parse_qs(body.decode()).items()}, dict(headers))

    def token(self, form, headers):
        asked = self.codes.pop(form["code"], None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        right = f"Basic {base64.b64encode(b'freehold:hush%20hush').decode()}"
        if asked is None or asked["code_challenge"] != challenge or headers.get("authorization") != right:
            return 400, b'{"error": "invalid_grant"}'
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims}
        claims = {name: value for name, value in {**claims, **self.change}.items() if value is not None}
        token = jwt.encode(claims, self.secret or self.key, self.algorithm, {"kid": self.kid})
        return 200, json.dumps({"access_token": "x", "token_type": "Bearer", "id_token": token}).encode()
