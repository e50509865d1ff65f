"""What is written in a certificate and in the list of revoked ones (X.509, ECDSA P-256 with SHA-256)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

GRACE = timedelta(minutes=5)
"""How far the clocks of two machines may differ."""


@dataclass(frozen=True)
class Own:
    """The authority's own key and certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate


def authority_certificate(key: EllipticCurvePrivateKey, *, name: str, since: datetime, until: datetime) -> x509.Certificate:
    """The certificate of an authority, signed by itself; it may make those of machines and of no further authority."""
    builder = _begin(name, key.public_key(), issuer=_named(name), since=since, until=until)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_signs_others(), critical=True).sign(key, SHA256())


def machine_certificate(
    own: Own, name: str, public: EllipticCurvePublicKey, *, hosts: Sequence[str], since: datetime, until: datetime
) -> x509.Certificate:
    """The certificate of a machine; with hosts it may be a server's, without it is a client's only."""
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
    builder = _begin(name, public, issuer=own.certificate.subject, since=since, until=until)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(own.key.public_key())
    builder = builder.add_extension(by, critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    return builder.sign(own.key, SHA256())


def revocation_list(own: Own, ended: Iterable[tuple[int, datetime]], *, since: datetime) -> x509.CertificateRevocationList:
    """The list of revoked certificates, by serial number and time.

    It ends with the authority: a machine that gets no new one goes on with the last.
    """
    until = own.certificate.not_valid_after_utc
    builder = x509.CertificateRevocationListBuilder(own.certificate.subject, since - GRACE, until)
    for serial, at in ended:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, at).build())
    return builder.sign(own.key, SHA256())


def _begin(
    name: str, public: EllipticCurvePublicKey, *, issuer: x509.Name, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=_named(name),
        public_key=public,
        serial_number=x509.random_serial_number(),
        not_valid_before=since - GRACE,
        not_valid_after=until,
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signs_others() -> x509.KeyUsage:
    uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **dict.fromkeys(uses, False), key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False
    )
