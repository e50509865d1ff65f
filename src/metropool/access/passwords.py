"""Passwords: argon2id, and the same work for a login that does not exist."""

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from metropool.core.errors import Fault, Invalid

SHORTEST, LONGEST = 10, 128


@dataclass(frozen=True)
class Passwords:
    """Hashes and checks passwords; slow on purpose, so never inside a unit of work.

    Attributes:
        hasher: argon2id with its cost; the default is RFC 9106's second choice (64 MiB, three passes, four lanes).
    """

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _nobody: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_nobody", self.hasher.hash("nobody has this password"))

    def hash(self, password: str) -> str:
        """The hash to keep."""
        return self.hasher.hash(password)

    def right(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of ``kept``; the same work when there is none (unknown login)."""
        try:
            return self.hasher.verify(kept or self._nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def check_new_password(password: str, *, login: str) -> None:
    """Hold a new password to the few rules that help.

    Raises:
        Invalid: Too short, too long, or the login itself.
    """
    if not SHORTEST <= len(password) <= LONGEST or login in password.casefold():
        fault = Fault("new", "access.password_rule")
        raise Invalid("the new password does not keep the rules", key="access.password_weak", faults=(fault,))
