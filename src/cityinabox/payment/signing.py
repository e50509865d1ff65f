"""Ed25519 signatures over what travels, as PAYMENT.md describes them."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ANSWER = "ANSWER"
"""Stands in place of the method when an answer is signed."""


def signed_text(method: str, path: str, timestamp: str, body: bytes) -> bytes:
    """The bytes a signature is made over: method, path with query, timestamp and the body's digest, one a line."""
    return f"{method}\n{path}\n{timestamp}\n{sha256(body).hexdigest()}".encode()


@dataclass(frozen=True)
class Signer:
    """Holds a private key."""

    key: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """32 bytes in hex."""
        return self.key.public_key().public_bytes_raw().hex()

    def sign(self, method: str, path: str, timestamp: str, body: bytes) -> str:
        """The signature, 64 bytes in hex."""
        return self.key.sign(signed_text(method, path, timestamp, body)).hex()


def is_signed(public_key: str, signature: str, text: bytes) -> bool:
    """Whether ``signature`` (hex) over ``text`` is of ``public_key`` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_signer(path: Path) -> Signer:
    """The key of ``path``; made and kept there at the first start."""
    if path.exists():
        return Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii"))))
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(key.private_bytes_raw().hex(), "ascii")
    return Signer(key)
