"""What one machine has of certificates: its own, its key, and whom it trusts; and how it speaks with them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import msgspec

from metropool.core.errors import Unavailable
from metropool.plan.sites import Secured


class Pins(msgspec.Struct, frozen=True):
    """The public keys of certificates that are good, by their SHA-256: of all, and of those that may be a server's."""

    good: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


FILES = ("certificate.pem", "certificate.key", "authority.pem", "revoked.pem", "pins.json")


@dataclass(frozen=True)
class Certificates:
    """The certificate folder of a machine."""

    folder: Path

    @property
    def pins(self) -> Pins:
        """Whom the authority holds good.

        Raises:
            Unavailable: The file is missing or no such list.
        """
        file = self.folder / "pins.json"
        try:
            return msgspec.json.decode(file.read_bytes(), type=Pins)
        except (OSError, msgspec.MsgspecError) as cause:
            raise Unavailable(f"{file} cannot be read: copy the authority's trust folder here again") from cause

    def for_server(self) -> Secured:
        """What a broker's server is told of TLS."""
        certificate, key, authority = (str(self.folder.resolve() / name) for name in FILES[:3])
        files, pins = {"cert_file": certificate, "key_file": key, "ca_file": authority}, self.pins
        return Secured(files=files, clients=pins.good, servers=pins.servers)

    def for_client(self) -> ssl.SSLContext:
        """How a client of the broker speaks: TLS 1.2 at least, shows its certificate, trusts the authority and its list alone.

        Raises:
            Unavailable: A file is missing or is not what it should be.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
        try:
            context.load_verify_locations(self.folder / "authority.pem")
            context.load_verify_locations(self.folder / "revoked.pem")
            context.load_cert_chain(self.folder / "certificate.pem", self.folder / "certificate.key")
        except (OSError, ssl.SSLError) as cause:
            raise Unavailable(
                f"the certificates in {self.folder} cannot be used ({cause}): it needs {', '.join(FILES[:4])}; "
                "see `metropool broker certificate`, or set METROPOOL_CERTIFICATES"
            ) from cause
        return context
