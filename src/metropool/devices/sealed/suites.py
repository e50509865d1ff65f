"""Suites of authenticated encryption a sealed link may use; each is tried on a published example before it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from metropool.core.errors import Unavailable

AES256GCM, SM4GCM = 1, 2
NAMES: Mapping[int, str] = {AES256GCM: "aes256gcm", SM4GCM: "sm4gcm"}
TAG = 16


class Aead(Protocol):
    """Seals under one key; ``decrypt`` raises ``InvalidTag`` for what was not sealed under it."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class Sm4Gcm:
    """SM4 in Galois/counter mode (RFC 8998), as ``AESGCM`` has it."""

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""
        sealing = Cipher(self._key, modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(associated_data or b"")
        return sealing.update(data) + sealing.finalize() + sealing.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plain bytes.

        Raises:
            InvalidTag: Not sealed under this key, or altered.
        """
        opening = Cipher(self._key, modes.GCM(nonce, data[-TAG:])).decryptor()
        opening.authenticate_additional_data(associated_data or b"")
        return opening.update(data[:-TAG]) + opening.finalize()


@dataclass(frozen=True)
class Example:
    """A published example: sealing ``plain`` gives ``sealed``, ciphertext and tag."""

    key: bytes
    nonce: bytes
    plain: bytes
    header: bytes
    sealed: bytes


_KEY_BYTES = {AES256GCM: 32, SM4GCM: 16}
EXAMPLES: Mapping[int, Example] = {
    # McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test case 16.
    AES256GCM: Example(
        key=bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
        nonce=bytes.fromhex("cafebabefacedbaddecaf888"),
        plain=bytes.fromhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        ),
        header=bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        sealed=bytes.fromhex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ),
    # RFC 8998, appendix A.1.
    SM4GCM: Example(
        key=bytes.fromhex("0123456789abcdeffedcba9876543210"),
        nonce=bytes.fromhex("00001234567800000000abcd"),
        plain=bytes.fromhex(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
        ),
        header=bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        sealed=bytes.fromhex(
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
            "83de3541e4c2b58177e065a9bf7b62ec"
        ),
    ),
}


def aead_of(suite: int, key: bytes) -> Aead:
    """What seals and opens under a key of 32 bytes; a suite with shorter keys takes the first of them.

    Raises:
        Unavailable: The suite is unknown, the library lacks it, or it fails its example.
    """
    if suite not in usable_suites():
        raise Unavailable(
            f"suite {NAMES.get(suite, suite)} cannot be used here: the cryptography library lacks it or fails its example"
        )
    return _made(suite, key)


@cache
def usable_suites() -> frozenset[int]:
    """Suites that the library has and that give their published example both ways."""
    return frozenset(suite for suite, example in EXAMPLES.items() if is_right(suite, example))


def is_right(suite: int, example: Example) -> bool:
    """The suite gives this example, and refuses it with one bit flipped."""
    try:
        aead = _made(suite, example.key)
        sealed = aead.encrypt(example.nonce, example.plain, example.header)
        opened = aead.decrypt(example.nonce, example.sealed, example.header)
    except (UnsupportedAlgorithm, InvalidTag, AttributeError):
        return False
    spoiled = example.sealed[:-1] + bytes([example.sealed[-1] ^ 1])
    try:
        aead.decrypt(example.nonce, spoiled, example.header)
    except InvalidTag:
        return sealed == example.sealed and opened == example.plain
    return False


def _made(suite: int, key: bytes) -> Aead:
    return AESGCM(key[: _KEY_BYTES[suite]]) if suite == AES256GCM else Sm4Gcm(key[: _KEY_BYTES[suite]])
