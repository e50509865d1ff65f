"""What a run found: per message of a row whether it works, and how many of the unlisted were refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from metropool.core.clock import Instant
from metropool.core.texts import Language, say
from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.losing import Losses
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
        each: Where the plan has many of an end, the same of each instance; the finding is then the worst of them.
    """

    way: Way
    status: Status
    delay_ms: int | None = None
    evidence: str | None = None
    why: Words | None = None
    each: tuple["Finding", ...] = ()

    def as_json(self, language: Language) -> dict[str, Any]:
        """The finding for ``--json``."""
        way = self.way
        told: dict[str, Any] = {"id": way.row, "direction": way.direction, "message": way.message, "status": self.status}
        told |= {"delay_ms": self.delay_ms, "evidence": self.evidence}
        told |= {"from": way.sender, "to": way.receiver, "src": way.src}
        told |= {"instances": [found.as_json(language) for found in self.each]} if self.each else {}
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
        table: ``combinations`` of sender, message and receiver that the compiled plan was held to, ``listed`` of them, ``wrong`` ones.
        losses: Where servers of brokers were killed meanwhile, what became of letters.
    """

    plan: str
    seed: int
    at: Instant
    took_s: float
    compiled: Compiled
    findings: Sequence[Finding]
    doors: Sequence[Door]
    table: Mapping[str, int]
    losses: Losses | None = None

    @property
    def is_sound(self) -> bool:
        """Nothing failed, nothing unlisted got through, and no server took a letter with it."""
        has_failed = any(found.status == "failed" for found in self.findings)
        has_lost = self.losses is not None and not (self.losses.killed and self.losses.letters.is_whole)
        return (
            not has_failed
            and not has_lost
            and bool(self.doors)
            and all(door.is_shut for door in self.doors)
            and not self.table["wrong"]
        )

    @property
    def unlisted(self) -> tuple[int, int]:
        """How often something not listed was tried, and how often it was refused."""
        return sum(door.tried for door in self.doors), sum(door.refused for door in self.doors)

    def counts(self) -> dict[str, dict[str, int]]:
        """Findings by source and status."""
        return {src: tally(found for found in self.findings if found.way.src == src) for src in ("paper", "inferred", "product")}

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The report for ``--json``."""
        tried, refused = self.unlisted
        return {
            "plan": self.plan,
            "variant": self.compiled.variant,
            "at": self.at.isoformat(),
            "seed": self.seed,
            "took_s": round(self.took_s, 1),
            "sound": self.is_sound,
            "counts": self.counts(),
            "flows": [found.as_json(language) for found in self.findings],
            "unlisted": {
                "tried": tried,
                "refused": refused,
                "controls": sum(door.controls for door in self.doors),
                "let_through": sum(door.let_through for door in self.doors),
                "doors": {door.name: _door_json(door) for door in self.doors},
                "table": dict(self.table),
            },
        } | ({"brokers": asdict(self.losses)} if self.losses else {})


def together(findings: Iterable[Finding], compiled: Compiled) -> list[Finding]:
    """Findings with those of the instances of a system as one, in their order."""
    found: dict[Way, list[Finding]] = {}
    for finding in findings:
        way = finding.way
        sender, receiver = (compiled.facts(end).listed_as for end in (way.sender, way.receiver))
        found.setdefault(replace(way, sender=sender, receiver=receiver), []).append(finding)
    return [each[0] if len(each) == 1 and each[0].way == way else _worst(way, each) for way, each in found.items()]


def _worst(way: Way, each: Sequence[Finding]) -> Finding:
    worst = max(each, key=lambda found: (STATUSES.index(found.status), found.delay_ms or 0))
    return replace(worst, way=way, each=tuple(each))


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
