"""One root and a few kinds. The portal turns each kind into an HTTP status once; texts.yaml turns the key into words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

from metropool.core.texts import Language, Sentence, Words, in_words


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where it is, what is wrong, what to do.

    Each is a sentence where it has words in both languages; shown as it is, a sentence is English.
    """

    where: Words
    what: Words
    remedy: Words = ""

    def said(self, language: Language) -> "Fault":
        """The fault as it is told in a language: plain texts."""
        return Fault(in_words(self.where, language), in_words(self.what, language), in_words(self.remedy, language))


@dataclass
class MetropoolError(Exception):
    """What stopped an operation.

    Args:
        what: One sentence for the log and for tests (English).
        key: Text key (``room.key``) of the sentence shown to people, in both languages; empty when ``what`` is enough.
        values: Parameters of the text.
        faults: Every fault found in the input, not only the first.
        sentence: What ``what`` says, where it has words in both languages and no key.
    """

    what: str
    key: str = ""
    values: dict[str, object] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    sentence: Sentence | None = None
    status: ClassVar[int] = 500

    @classmethod
    def that(cls, sentence: Sentence, *, faults: Sequence[Fault] = ()) -> Self:
        """The error that a sentence tells, in each language."""
        return cls(str(sentence), faults=faults, sentence=sentence)

    def said(self, language: Language) -> str:
        """What happened, in a language where it has words in each, else as the log says it."""
        return self.sentence.said(language) if self.sentence else self.what

    def faults_in(self, language: Language, /) -> Sequence[Fault]:
        """The faults as they are told in a language, where they have words in each."""
        return [fault.said(language) for fault in self.faults]

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
