"""What a run found: per message of a row whether it works, and how many of the unlisted were refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from metropool.core.clock import Instant
from metropool.core.texts import Language, say
from metropool.runtime.conformance.ways import Way, Words

ROOM = "metropool.runtime.conformance"
Status = Literal["works", "not built", "failed"]
STATUSES: tuple[Status, ...] = ("works", "not built", "failed")


@dataclass(frozen=True)
class Finding:
    """What became of one message.

    Attributes:
        delay_ms: Machine time from the act to when the receiver's client saw it.
        evidence: Record of it: ``system:number`` of an evidence book, or where the one who was told keeps it.
        why: Why it is not built or failed.
    """

    way: Way
    status: Status
    delay_ms: int | None = None
    evidence: str | None = None
    why: Words | None = None

    def as_json(self, language: Language) -> dict[str, Any]:
        """The finding for ``--json``."""
        way = self.way
        told = {"id": way.row, "direction": way.direction, "message": way.message, "status": self.status}
        told |= {"delay_ms": self.delay_ms, "evidence": self.evidence}
        told |= {"from": way.sender, "to": way.receiver, "src": way.src}
        return told | ({"why": said(self.why, language)} if self.why else {})


@dataclass(frozen=True)
class Door:
    """One door: what was tried there.

    Attributes:
        tried, refused: Of what is not listed.
        controls, let_through: Of what is listed, tried beside it.
        leaks: What got through, and controls that did not; a few of each.
    """

    name: str
    tried: int
    refused: int
    controls: int
    let_through: int
    leaks: tuple[str, ...] = ()

    @property
    def is_shut(self) -> bool:
        """Nothing unlisted passed, and what is listed did."""
        return self.tried == self.refused and 0 < self.controls == self.let_through and not self.leaks


@dataclass(frozen=True)
class Report:
    """One plan's run.

    Attributes:
        seed: What the town was made from: its meters show other registers for another seed.
        table: Combinations of sender, message and receiver that the compiled plan was held to the contract by.
    """

    plan: str
    seed: int
    at: Instant
    took_s: float
    findings: Sequence[Finding]
    doors: Sequence[Door] = ()
    table: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Nothing failed, and nothing unlisted got through."""
        return not any(found.status == "failed" for found in self.findings) and all(door.is_shut for door in self.doors)

    def counts(self) -> dict[str, dict[str, int]]:
        """Findings by source and status."""
        return {src: tally(found for found in self.findings if found.way.src == src) for src in ("paper", "inferred", "product")}

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The report for ``--json``."""
        return {
            "plan": self.plan,
            "at": self.at.isoformat(),
            "seed": self.seed,
            "took_s": round(self.took_s, 1),
            "sound": self.is_sound,
            "counts": self.counts(),
            "flows": [found.as_json(language) for found in self.findings],
            "unlisted": {
                "tried": sum(door.tried for door in self.doors),
                "refused": sum(door.refused for door in self.doors),
                "controls": sum(door.controls for door in self.doors),
                "let_through": sum(door.let_through for door in self.doors),
                "doors": {door.name: _door_json(door) for door in self.doors},
                "table": dict(self.table),
            },
        }


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each status."""
    counted = Counter(found.status for found in findings)
    return {status: counted[status] for status in STATUSES}


def said(words: Words | None, language: Language) -> str:
    """Words in a language; empty for none."""
    return say(ROOM, words.key, language, **dict(words.values)) if words else ""


def _door_json(door: Door) -> dict[str, Any]:
    told = {name: getattr(door, name) for name in ("tried", "refused", "controls", "let_through")}
    return told | ({"leaks": list(door.leaks)} if door.leaks else {})
