"""What was ordered of devices: the command journal and its state machine."""

from metropool.facts.commands.commands import Command, Commands, Draft, Step
from metropool.facts.commands.states import KINDS, OPEN, TRANSITIONS, Kind, outcome_of
from metropool.facts.commands.tables import metadata

__all__ = ["KINDS", "OPEN", "TRANSITIONS", "Command", "Commands", "Draft", "Kind", "Step", "metadata", "outcome_of"]
