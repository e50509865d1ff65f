"""Gateways, and the credential by which each comes in. Pure."""

import hashlib
import hmac
import re
from dataclasses import dataclass

HOME = "home"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a gateway may be called: its name is part of topics."""
PLACE = re.compile(r"[^\s\x00-\x1f\x7f]{1,128}")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Who comes in over MQTT (网关): a home's gateway, a public terminal of a community or building, a charging station.

    Attributes:
        per, name: What there is one of them for, and what it is called there; a home's gateway is called as its home.
        place, household: Where it stands; whose home that is, where it is one.
        secret_hash: None: it was never given a credential, or it was taken back.
        issued, dropped: How many credentials and revocations there were; up to which open connections were ended.
        came_in_at, heard_at: When it was let in last, and when it last said that it is there.
    """

    per: str
    name: str
    place: str
    household: str | None
    salt: str | None
    secret_hash: str | None
    issued: int
    issued_at: str | None
    issued_by: str | None
    revoked_at: str | None
    dropped: int
    came_in_at: str | None
    heard_at: str | None


def hashed(secret: str, salt: str) -> str:
    """What is kept of a secret. It is 256 random bits: one round of SHA-256 keeps it as well as many would."""
    return hashlib.sha256(f"{salt}\x1f{secret}".encode()).hexdigest()


def is_right(gateway: Gateway | None, secret: str) -> bool:
    """Whether a secret is the gateway's own; takes as long whatever is wrong with it."""
    kept, salt = (gateway.secret_hash, gateway.salt) if gateway else (None, None)
    same = hmac.compare_digest(hashed(secret, salt or ""), kept or "0" * 64)
    return same and kept is not None
