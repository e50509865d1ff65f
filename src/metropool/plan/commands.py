"""``metropool plan check``: what the command line shows of a plan."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from metropool.core.texts import Language, say
from metropool.plan.compile import compile_plan
from metropool.plan.compiled import CapabilityFacts, Compiled
from metropool.plan.load import Unreadable, load_contract, load_plan
from metropool.plan.source import ROOM, PlanFault


@dataclass(frozen=True)
class CheckReport:
    """What ``plan check`` found; ``exit_code`` is 0 for a sound plan, 1 otherwise."""

    plan: str
    faults: tuple[PlanFault, ...]
    notes: tuple[PlanFault, ...]
    letters: int
    variant: str | None = None

    @property
    def exit_code(self) -> int:
        """Status for the shell."""
        return 1 if self.faults else 0

    def as_json(self, language: Language = "en") -> str:
        """The report for ``--json``."""
        shown = {
            "plan": self.plan,
            "variant": self.variant,
            "sound": not self.faults,
            "messages_allowed": self.letters,
            "faults": [fault.as_json(language) for fault in self.faults],
            "notes": [note.as_json(language) for note in self.notes],
        }
        return json.dumps(shown, ensure_ascii=False, indent=2)

    def as_text(self, language: Language = "en") -> str:
        """The report for a person, one line each."""
        lines = [self._line("fault_line", fault, language) for fault in self.faults]
        lines += [self._line("note_line", note, language) for note in self.notes]
        name = f"{self.plan}:{self.variant}" if self.variant else self.plan
        verdict = "faulty" if self.faults else "sound"
        return "\n".join([*lines, say(ROOM, verdict, language, plan=name, count=len(self.faults), letters=self.letters)])

    @staticmethod
    def _line(key: str, fault: PlanFault, language: Language) -> str:
        return say(ROOM, key, language, where=fault.where, what=fault.what(language), remedy=fault.remedy(language))


def compile_files(
    *,
    plan: Path,
    contract: Path,
    capabilities: Mapping[str, CapabilityFacts],
    variant: str | None = None,
    outside: Sequence[str] = (),
) -> Compiled:
    """Read and compile a plan; the result has the faults of its meaning. ``outside``: systems that outside software runs.

    Raises:
        NotFound: No such file, no such variant of it, or no such system.
        Unreadable: A file that is no plan or contract.
    """
    return compile_plan(load_plan(plan), load_contract(contract), capabilities, variant=variant, outside=outside)


def check(
    *,
    plan: Path,
    contract: Path,
    capabilities: Mapping[str, CapabilityFacts],
    variant: str | None = None,
    outside: Sequence[str] = (),
) -> CheckReport:
    """Everything wrong with a plan, whether it can be read or not.

    Raises:
        NotFound: No such file, no such variant of it, or no such system.
    """
    try:
        compiled = compile_files(plan=plan, contract=contract, capabilities=capabilities, variant=variant, outside=outside)
    except Unreadable as unreadable:
        return CheckReport(plan=plan.stem, faults=unreadable.plan_faults, notes=(), letters=0)
    found = {"faults": compiled.faults, "notes": compiled.notes}
    return CheckReport(plan=compiled.plan, variant=compiled.variant, letters=len(compiled.allowed), **found)
