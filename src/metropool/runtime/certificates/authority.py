"""The city's small certificate authority: makes, renews and revokes the certificates of its machines (not of people, not of sites).

It lives in one folder on one machine, best one that is on no network. What it publishes is in ``trust/``: its own certificate,
the list of revoked ones (CRL) and the public keys that are good (pins), which the broker's servers are given because they read no
CRL. A certificate with host names is a server's (and may dial other servers); one without is a client's and can be no server.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from metropool.core.clock import Instant
from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.runtime.certificates.papers import Own, authority_certificate, machine_certificate, revocation_list
from metropool.runtime.certificates.trust import Pins
from metropool.runtime.hold import hold
from metropool.storage.disk import write_durably, write_once

AUTHORITY_DAYS = 3650
DAYS = 398
HOST = re.compile(r"[A-Za-z0-9.:-]+")


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that was made.

    Attributes:
        serial: Its number, hexadecimal.
        name: The machine it is of.
        hosts: Names and addresses it is reached at; none for a client.
        pin: SHA-256 of its public key, hexadecimal.
        revoked_at: When it was; None while it is good.
    """

    serial: str
    name: str
    hosts: tuple[str, ...]
    since: datetime
    until: datetime
    pin: str
    revoked_at: datetime | None = None

    def is_good(self, now: Instant) -> bool:
        """Whether it may be shown."""
        return self.revoked_at is None and now < self.until


@dataclass(frozen=True)
class Handed:
    """What a machine is handed: its certificate and key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """The authority in one folder: ``authority.pem``, ``authority.key`` and ``issued.json``, made at the first call."""

    def __init__(self, folder: Path, *, now: Instant) -> None:
        self._folder = folder
        self.now = now
        self._lock = hold(folder / "lock")
        self._key = self._open_key()
        self._own = Own(key=self._key, certificate=self._open_certificate())

    @property
    def trust(self) -> Path:
        """The folder to be copied to every machine."""
        return self._folder / "trust"

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.close()

    def issued(self) -> list[Issued]:
        """Every certificate there was, the oldest first.

        Raises:
            Invalid: The list cannot be read.
        """
        try:
            return msgspec.json.decode((self._folder / "issued.json").read_bytes(), type=list[Issued])
        except FileNotFoundError:
            return []
        except msgspec.MsgspecError as cause:
            raise Invalid(f"{self._folder / 'issued.json'} is no list of certificates: put it back from a backup") from cause

    def issue(self, name: str, *, hosts: Sequence[str] = (), days: float = DAYS) -> Handed:
        """Make a key and a certificate for a machine; those it has stay good until they end or are revoked.

        Args:
            name: Its name in the list and in the certificate.
            hosts: Names and addresses others dial it at; none for a machine that only dials.
            days: How long it is good.

        Raises:
            Invalid: A name or term that no certificate can have.
        """
        if not 0 < days <= AUTHORITY_DAYS or not 0 < len(name) <= 64:
            raise Invalid(f"{name!r} for {days} days: a name has 1 to 64 characters, a term is at most {AUTHORITY_DAYS} days")
        if wrong := [host for host in hosts if not HOST.fullmatch(host)]:
            raise Invalid(f"{', '.join(wrong)}: no name and no address")
        key, until = ec.generate_private_key(ec.SECP256R1()), self.now + timedelta(days=days)
        certificate = machine_certificate(self._own, name, key.public_key(), hosts=hosts, since=self.now, until=until)
        pin = sha256(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
        serial = f"{certificate.serial_number:x}"
        new = Issued(serial=serial, name=name, hosts=tuple(hosts), since=self.now, until=until, pin=pin)
        self._keep([*self.issued(), new])
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Handed(certificate=certificate.public_bytes(Encoding.PEM), key=private)

    def renew(self, name: str, *, days: float = DAYS) -> Handed:
        """A new key and certificate for the machine of this name, at the same hosts.

        Raises:
            NotFound: It never had one.
        """
        before = [each for each in self.issued() if each.name == name]
        if not before:
            raise NotFound(f"no certificate was made for {name}")
        return self.issue(name, hosts=before[-1].hosts, days=days)

    def revoke(self, which: str) -> int:
        """End every certificate of a name, or the one of a serial number; how many were still good.

        Raises:
            NotFound: There is none.
        """
        every = self.issued()
        meant = [each for each in every if which in (each.name, each.serial)]
        if not meant:
            raise NotFound(f"no certificate has the name or number {which}")
        ended = [each for each in meant if each.is_good(self.now)]
        self._keep([msgspec.structs.replace(each, revoked_at=self.now) if each in ended else each for each in every])
        return len(ended)

    def publish(self) -> None:
        """Write ``trust/`` anew: after each change, and before the list of revoked ones ends.

        Raises:
            Unavailable: The disk is full.
        """
        self._publish(self.issued())

    def hand(self, handed: Handed, *, to: Path) -> None:
        """Write a machine's certificate folder: its certificate, its key and whom it trusts.

        Raises:
            Unavailable: The disk is full.
        """
        write_durably(to / "certificate.key", handed.key)
        write_durably(to / "certificate.pem", handed.certificate, mode=0o644)
        for file in self.trust.iterdir():
            write_durably(to / file.name, file.read_bytes(), mode=0o644)

    def hand_trust(self, to: Path) -> None:
        """Bring a machine's certificate folder up to date; nothing where there is none."""
        for file in self.trust.iterdir() if to.is_dir() else ():
            write_durably(to / file.name, file.read_bytes(), mode=0o644)

    def _keep(self, every: list[Issued]) -> None:
        write_durably(self._folder / "issued.json", msgspec.json.format(msgspec.json.encode(every)))
        self._publish(every)

    def _publish(self, every: Sequence[Issued]) -> None:
        good = [each for each in every if each.is_good(self.now)]
        pins = Pins(good=tuple(each.pin for each in good), servers=tuple(each.pin for each in good if each.hosts))
        write_durably(self.trust / "authority.pem", self._own.certificate.public_bytes(Encoding.PEM), mode=0o644)
        write_durably(self.trust / "revoked.pem", self._revoked(every).public_bytes(Encoding.PEM), mode=0o644)
        write_durably(self.trust / "pins.json", msgspec.json.encode(pins), mode=0o644)

    def _revoked(self, every: Sequence[Issued]) -> x509.CertificateRevocationList:
        ended = [(int(each.serial, 16), each.revoked_at) for each in every if each.revoked_at is not None]
        return revocation_list(self._own, ended, since=self.now)

    def _open_key(self) -> ec.EllipticCurvePrivateKey:
        file = self._folder / "authority.key"
        if not file.exists():
            if (self._folder / "issued.json").exists():
                raise Unavailable(f"{file} is gone: put it back from the backup, or begin a new authority in another folder")
            drawn = ec.generate_private_key(ec.SECP256R1())
            write_once(file, drawn.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key = load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Invalid(f"{file} is not the authority's key")
        return key

    def _open_certificate(self) -> x509.Certificate:
        file = self._folder / "authority.pem"
        if not file.exists():
            until = self.now + timedelta(days=AUTHORITY_DAYS)
            made = authority_certificate(self._key, name="Metropool city", since=self.now, until=until)
            write_durably(file, made.public_bytes(Encoding.PEM), mode=0o644)
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        if certificate.public_key() != self._key.public_key():
            raise Conflict(f"{file} and authority.key do not belong together: put both back from one backup")
        return certificate
