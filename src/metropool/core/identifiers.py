"""Identifiers: derived from business keys where a repeat must be recognised, drawn from a given source otherwise."""

import hashlib
import random
import secrets
from dataclasses import dataclass, field
from typing import NewType, Protocol

SystemId = NewType("SystemId", str)
PartyId = NewType("PartyId", str)
PlaceId = NewType("PlaceId", str)


def derived_id(*parts: str) -> str:
    """A 32-digit id that is the same for the same business key, on any machine, after any crash."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


class IdSource(Protocol):
    """Where fresh ids, jitter and secrets come from."""

    def fresh_id(self) -> str:
        """A new 32-digit id."""
        ...

    def jitter(self) -> float:
        """A number in [0, 1)."""
        ...


@dataclass(frozen=True)
class RandomIds:
    """Ids nobody can guess."""

    def fresh_id(self) -> str:
        return secrets.token_hex(16)

    def jitter(self) -> float:
        return secrets.randbelow(1 << 30) / (1 << 30)


@dataclass
class SeededIds:
    """Ids that a seed replays; for simulations and tests only."""

    seed: int
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def fresh_id(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def jitter(self) -> float:
        return self._random.random()
