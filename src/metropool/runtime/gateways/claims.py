"""The two signed objects (JWT of the broker's own kind) by which the porter answers: may this one come in, and what may it then do."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import nkeys
from nacl.signing import SigningKey

from metropool.core.errors import Invalid
from metropool.plan.broker import SYSTEM_ACCOUNT
from metropool.storage.disk import write_once

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


@dataclass(frozen=True)
class Knock:
    """Somebody asks to come in.

    Attributes:
        user: Key that the broker made for this one connection; the answer is good for it alone.
        server: The server of the broker that asks.
        kind: ``mqtt`` or another kind of client.
        client_id: The MQTT client id.
        name, secret: What it says it is.
    """

    user: str
    server: str
    kind: str
    client_id: str
    name: str
    secret: str


def read_knock(data: bytes) -> Knock:
    """Read what the broker asks.

    Raises:
        Invalid: It is not what a broker asks.
    """
    try:
        body = data.split(b".")[1]
        told = json.loads(urlsafe_b64decode(body + b"=" * (-len(body) % 4)))["nats"]
        client, options = told["client_info"], told["connect_opts"]
        return Knock(
            user=str(told["user_nkey"]),
            server=str(told["server_id"]["id"]),
            kind=str(client.get("type", "")),
            client_id=str(client.get("mqtt_id", "")),
            name=str(options.get("user", "")),
            secret=str(options.get("pass", "")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as cause:
        raise Invalid(f"not what a broker asks: {cause!r}") from cause


class Issuer:
    """Signs answers with the porter's account key.

    Args:
        seed: nkey seed of an account.
    """

    def __init__(self, seed: str) -> None:
        self._pair = nkeys.from_seed(seed.encode())
        self.public = str(self._pair.public_key.decode())

    def admit(self, knock: Knock, *, account: str, publish: Sequence[str], subscribe: Sequence[str]) -> bytes:
        """Let one in, as a user of ``account`` that may do just this."""
        unbounded = {"subs": 16, "data": -1, "payload": -1}
        may = {"pub": {"allow": list(publish)}, "sub": {"allow": list(subscribe)}, "allowed_connection_types": ["MQTT"]}
        user = {"aud": account, "name": knock.name, "sub": knock.user}
        token = self._signed(user, {**may, **unbounded, "type": "user", "version": 2})
        return self._answer(knock, {"jwt": token})

    def refuse(self, knock: Knock) -> bytes:
        """Do not let one in; it is not told why."""
        return self._answer(knock, {"error": "not let in"})

    def _answer(self, knock: Knock, said: dict[str, Any]) -> bytes:
        claims = {"aud": knock.server, "sub": knock.user}
        return self._signed(claims, {**said, "type": "authorization_response", "version": 2}).encode()

    def _signed(self, claims: dict[str, Any], nats: dict[str, Any]) -> str:
        whole = {**claims, "iss": self.public, "iat": 0, "nats": nats}
        whole["jti"] = sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
        signed = f"{_coded(json.dumps(_HEADER).encode())}.{_coded(json.dumps(whole).encode())}"
        return f"{signed}.{_coded(self._pair.sign(signed.encode()))}"


def open_issuer(home: Path) -> Issuer:
    """The key of the broker's porter, drawn at the first call and kept for its owner alone."""
    path = home / SYSTEM_ACCOUNT / "keys" / "porter.nk"
    if not path.exists():
        write_once(path, nkeys.encode_seed(bytes(SigningKey.generate()), nkeys.PREFIX_BYTE_ACCOUNT).decode() + "\n")
    return Issuer(path.read_text(encoding="ascii").strip())


def _coded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
