"""Answers of control: the command timeline (命令时间线) and what waits."""

from collections.abc import Mapping
from dataclasses import dataclass

from metropool.capabilities.metering.ports import ControlWork
from metropool.facts.commands import Command, Step


@dataclass(frozen=True)
class Timeline:
    """A command and how it came to its state, oldest step first."""

    command: Command
    steps: tuple[Step, ...]


def timeline(*, work: ControlWork, id: str) -> Timeline:
    """One command with its steps.

    Raises:
        NotFound: No such command.
    """
    return Timeline(work.commands.get(id=id), tuple(work.commands.steps(id=id)))


def recent_commands(*, work: ControlWork, device: str | None = None, limit: int = 100) -> list[Command]:
    """The newest commands, of one device or of all."""
    return work.commands.recent(device=device, limit=limit)


@dataclass(frozen=True)
class CommandFigures:
    """Key figures of the page Read and control.

    Attributes:
        by_state: How many commands are in each state.
        answered_share: Answered of those sent, 0 to 1; None when none was sent.
        median_answer_s: Median time from sending to answer [s]; None when none was answered.
    """

    by_state: Mapping[str, int]
    answered_share: float | None
    median_answer_s: float | None


def command_figures(*, work: ControlWork, limit: int = 500) -> CommandFigures:
    """Figures over the newest ``limit`` commands."""
    recent = work.commands.recent(limit=limit)
    sent = [row for row in recent if row.sent_at is not None]
    took = sorted(
        (row.answered_at - row.sent_at) / 1000 for row in sent if row.answered_at is not None and row.sent_at is not None
    )
    return CommandFigures(
        by_state=work.commands.counts(),
        answered_share=len(took) / len(sent) if sent else None,
        median_answer_s=took[len(took) // 2] if took else None,
    )
