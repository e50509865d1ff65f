"""One root and a few kinds. The portal turns each kind into an HTTP status once; texts.yaml turns the key into words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from metropool.core.texts import Language


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where it is, what is wrong, what to do."""

    where: str
    what: str
    remedy: str = ""


@dataclass
class MetropoolError(Exception):
    """What stopped an operation.

    Args:
        what: One sentence for the log and for tests (English).
        key: Text key (``room.key``) of the sentence shown to people, in both languages; empty when ``what`` is enough.
        values: Parameters of the text.
        faults: Every fault found in the input, not only the first.
    """

    what: str
    key: str = ""
    values: dict[str, object] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    status: ClassVar[int] = 500

    def faults_in(self, _: Language, /) -> Sequence[Fault]:
        """The faults as they are told in a language, where they have words in each."""
        return self.faults

    def __str__(self) -> str:
        details = "; ".join(f"{fault.where}: {fault.what}" for fault in self.faults)
        return f"{self.what} ({details})" if details else self.what


class Invalid(MetropoolError):
    """The input cannot be right (422)."""

    status = 422


class NotFound(MetropoolError):
    """No such thing, or none this caller may know of (404)."""

    status = 404


class Conflict(MetropoolError):
    """The thing is not in a state that allows this, or the key was used for something else (409)."""

    status = 409


class Forbidden(MetropoolError):
    """The caller has no right to this (403)."""

    status = 403


class Unavailable(MetropoolError):
    """Something we depend on does not answer; trying later may help (503)."""

    status = 503
