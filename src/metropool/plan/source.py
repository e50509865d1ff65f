"""Where in a file something was written, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from metropool.core.errors import Fault, Invalid
from metropool.core.texts import Language, Sentence

ROOM = "metropool.plan"
PathInFile = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file and the line (from 1) of every key and item in it."""

    file: str
    lines: Mapping[PathInFile, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """Line of what is at ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def has(self, *path: str | int) -> bool:
        """Whether something is written at ``path``."""
        return path in self.lines

    def fault(self, key: str, *path: str | int, **values: Any) -> "PlanFault":
        """A fault at ``path``; ``key`` and ``key_remedy`` are its texts."""
        return PlanFault(file=self.file, line=self.line(*path), key=key, values=values)

    def note(self, key: str, *path: str | int, **values: Any) -> "PlanFault":
        """Worth knowing, no reason to refuse the plan."""
        return PlanFault(file=self.file, line=self.line(*path), key=key, values=values, is_note=True)


@dataclass(frozen=True)
class PlanFault:
    """One thing wrong with a plan or the contract.

    Attributes:
        file: File as it was named to us.
        line: Line, from 1.
        key: Text of what is wrong; ``<key>_remedy`` says what to do.
        values: Parameters of both texts; a ``Sentence`` among them is said in the same language.
        is_note: Worth knowing only.
    """

    file: str
    line: int
    key: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    is_note: bool = False

    def what(self, language: Language = "en") -> str:
        """What is wrong, one sentence."""
        return Sentence(ROOM, self.key, self.values).said(language)

    def remedy(self, language: Language = "en") -> str:
        """What to do about it."""
        return Sentence(ROOM, f"{self.key}_remedy", self.values).said(language)

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"

    def as_fault(self, language: Language = "en") -> Fault:
        """The common form of a fault, for errors and pages."""
        return Fault(where=self.where, what=self.what(language), remedy=self.remedy(language))

    def as_json(self, language: Language = "en") -> dict[str, object]:
        """The fault for ``--json``."""
        return {
            "file": self.file,
            "line": self.line,
            "kind": self.key,
            "is_note": self.is_note,
            "what": self.what(language),
            "remedy": self.remedy(language),
        }


class Faulty(Invalid):
    """A file, or a plan, with faults; ``plan_faults`` has each with its line."""

    def __init__(self, what: str, plan_faults: Sequence[PlanFault], *, key: str, values: dict[str, object]) -> None:
        super().__init__(what, key=key, values=values, faults=[fault.as_fault() for fault in plan_faults])
        self.plan_faults = tuple(plan_faults)

    def faults_in(self, language: Language, /) -> Sequence[Fault]:
        """See ``MetropoolError``."""
        return [fault.as_fault(language) for fault in self.plan_faults]
