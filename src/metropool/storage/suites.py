"""Suites of signature and hash, by name: each signed object names its own, so that another can follow and old ones still verify."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from metropool.core.errors import Invalid, Unavailable

ED25519 = "ed25519-sha256"
SM2 = "sm2-sm3"
SM2_CURVE = "1.2.156.10197.1.301"
"""What the curve of SM2 is called in certificates (GM/T 0006)."""
_KNOWN_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
_KNOWN_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
_KNOWN_SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
    "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
_KNOWN_HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@dataclass(frozen=True)
class SigningKey:
    """A key that signs.

    Attributes:
        suite: Name of its suite.
        public: The public key, hexadecimal.
        id: First 32 hexadecimal digits of the SHA-256 of the public key.
    """

    suite: str
    public: str
    sign: Callable[[bytes], str] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """What signed objects name it by."""
        return id_of(self.public)


def id_of(public: str) -> str:
    """What signed objects name the key of this public key by; empty for a text that is no public key."""
    try:
        return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:32]
    except ValueError:
        return ""


def draw_secret(suite: str) -> str:
    """A fresh secret key of a suite, hexadecimal.

    Raises:
        Unavailable, Invalid: See ``require``.
    """
    require(suite)
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def signing_key(suite: str, secret: str) -> SigningKey:
    """The key of a secret.

    Raises:
        Invalid: The text is no secret key of the suite.
    """
    require(suite)
    try:
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    except ValueError as cause:
        raise Invalid(f"this is no secret key of {suite}: {cause}") from cause
    return SigningKey(
        suite=suite, public=private.public_key().public_bytes_raw().hex(), sign=lambda data: private.sign(data).hex()
    )


def is_signed(suite: str, *, public: str, signature: str, data: bytes) -> bool:
    """Whether a signature of this suite is right; False for a key or signature that is none.

    Raises:
        Unavailable, Invalid: See ``require``.
    """
    require(suite)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def require(suite: str) -> None:
    """Refuse a suite that cannot be used.

    Raises:
        Unavailable: The library cannot do it.
        Invalid: Nobody knows it.
    """
    if suite == SM2:
        raise Unavailable(_why_not_sm2())
    if suite != ED25519:
        raise Invalid(f"there is no suite {suite!r}: {ED25519} or {SM2}")


def _why_not_sm2() -> str:
    """Why SM2 with SM3 cannot be used, from what the installed library offers: no release so far signs with SM2."""
    import cryptography
    from cryptography.hazmat.backends.openssl import backend

    library = f"cryptography {cryptography.__version__} ({backend.openssl_version_text()})"
    sm3, sm2 = _has_sm3(), _has_sm2()
    if sm3 and sm2:
        found = "SM3 and SM2, but this program does not sign with them"
    elif sm3 or sm2:
        found = "SM3 but no SM2" if sm3 else "SM2 but no SM3"
    else:
        found = "neither, SM3 nor SM2"
    looked = f"looked for the hash SM3 and the curve {SM2_CURVE}"
    return f"{SM2} cannot be used here: {library} has {found} ({looked}); use {ED25519}"


def _has_sm3() -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        hashes.Hash(hashes.SM3())
    except UnsupportedAlgorithm:
        return False
    return True


def _has_sm2() -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import ObjectIdentifier

    try:
        ec.get_curve_for_oid(ObjectIdentifier(SM2_CURVE))
    except LookupError:
        return False
    return True


def self_test(suite: str) -> None:
    """Sign and hash what is known, before anything relies on it.

    Source: RFC 8032, section 7.1, test 1 (the empty message); FIPS 180-2, appendix B.1.

    Raises:
        Unavailable: The answers are not the known ones, or see ``require``.
        Invalid: See ``require``.
    """
    key = signing_key(suite, _KNOWN_SEED)
    refuses = not is_signed(suite, public=_KNOWN_PUBLIC, signature=_KNOWN_SIGNATURE, data=b"\x00")
    known = (key.public, key.sign(b""), hashlib.sha256(b"abc").hexdigest())
    if known != (_KNOWN_PUBLIC, _KNOWN_SIGNATURE, _KNOWN_HASH) or not refuses:
        raise Unavailable(f"{suite} gives wrong answers on this machine: the cryptography library is broken; install it again")
