"""Payment channels as settings: ``<home>/channels.json`` names each with its address and public key; our key is in the platform's keys."""

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from metropool.capabilities.settlement.adapters.channel import HttpChannel
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import SystemId
from metropool.plan.compiled import Compiled
from metropool.runtime.settings import Settings
from metropool.storage.disk import move_durably, write_once

MERCHANT = "platform"
FILE = "channels.json"


def merchant_key(home: Path, system: str) -> Ed25519PrivateKey:
    """Our signing key towards payment channels; drawn at the first call, readable by its owner alone.

    It is in the keys of the system that hosts settlement; one that an older version kept beside the systems is moved there.
    """
    path = home / system / "keys" / "merchant.key"
    if not path.exists():
        move_durably(home / "keys" / "merchant.key", to=path)
    if not path.exists():
        write_once(path, Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def merchant_system(compiled: Compiled) -> SystemId:
    """The system that speaks to payment channels.

    Raises:
        NotFound: The plan places settlement nowhere.
    """
    found = compiled.host_of("settlement")
    if found is None:
        raise NotFound(f"the plan {compiled.plan} places settlement nowhere")
    return found


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half, as channels are told it."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def open_channels(settings: Settings, system: str) -> dict[str, HttpChannel]:
    """The payment channels of the system that hosts settlement, by name; none when nobody set any up.

    Raises:
        Invalid: The settings file is broken.
    """
    path = settings.home / FILE
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["name"]: _channel(row, settings, system) for row in rows}
    except (ValueError, KeyError, TypeError) as cause:
        raise Invalid(f"{path} is broken: {cause!r}") from cause


def _channel(row: dict[str, str], settings: Settings, system: str) -> HttpChannel:
    return HttpChannel(
        name=row["name"],
        url=row["url"],
        merchant=MERCHANT,
        key=merchant_key(settings.home, system),
        channel_key=Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["public_key"])),
        clock=settings.the_clock,
    )


@dataclass(frozen=True)
class ChannelPlaces:
    """Where payers and notices come back to."""

    settings: Settings
    system: str

    def return_url(self, *, account: str, order: str) -> str:
        """Page that shows how a payment ended."""
        return f"{self.settings.public_url}/pay/result/{account}/{order}"

    def notify_url(self, *, channel: str) -> str:
        """Address the channel posts its notices to."""
        return f"{self.settings.public_url}/{self.system}/api/payment-channels/{channel}/notices"

    def mandate_return_url(self, *, account: str) -> str:
        """Page the resident comes back to from signing."""
        return f"{self.settings.public_url}/pay/{account}"

    def mandate_notify_url(self, *, channel: str) -> str:
        """Address the channel posts what became of mandates to."""
        return f"{self.settings.public_url}/{self.system}/api/payment-channels/{channel}/mandate-notices"
