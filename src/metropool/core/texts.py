"""Sentences for people, Chinese and English together, in the ``texts.yaml`` of each room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from metropool.core.yaml_text import read_yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@cache
def texts_of(room: str) -> Mapping[str, Mapping[Language, str]]:
    """The texts of a package such as ``metropool.capabilities.billing``; empty when it has none."""
    resource = files(room).joinpath("texts.yaml")
    if not resource.is_file():
        return {}
    loaded: dict[str, Mapping[Language, str]] = read_yaml(resource.read_text(encoding="utf-8")) or {}
    return loaded


def say(room: str, key: str, language: Language, **values: object) -> str:
    """The sentence ``key`` of ``room`` with its parameters filled in.

    Raises:
        KeyError: The room has no such text: a fault of ours, found by the texts test.
    """
    return texts_of(room)[key][language].format(**values)


@dataclass(frozen=True)
class Sentence:
    """A sentence for people that is said in their language when it is shown.

    Attributes:
        room, key: Which text (see ``say``).
        values: Its parameters; a sentence among them is said in the same language.
    """

    room: str
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, language: Language) -> str:
        """The sentence in a language."""
        values = {name: value.said(language) if isinstance(value, Sentence) else value for name, value in self.values.items()}
        return say(self.room, self.key, language, **values)

    def both(self) -> dict[Language, str]:
        """The sentence in each language."""
        return {language: self.said(language) for language in LANGUAGES}

    def __str__(self) -> str:
        return self.said("en")


Words = str | Sentence
"""A plain text, or one that has words in each language."""


def in_words(words: Words, language: Language) -> str:
    """What is said in a language; a plain text is the same in each."""
    return words.said(language) if isinstance(words, Sentence) else words


def printable(text: str) -> str:
    """A text as a terminal may show it: what it does not print is written out."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
