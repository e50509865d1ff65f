"""What carries a message between two systems: a letter, a gateway's MQTT, an operation over HTTP, or frames of a terminal. Pure."""

from typing import Literal, Protocol

from metropool.exchange.described import KINDS
from metropool.plan.schema import Kind, MessageEntry

Medium = Literal["letter", "mqtt", "http", "frames", "indoors"]
"""``indoors``: between a household's own devices, which speak in the classes of messages."""


class End(Protocol):
    """As much of a system as decides how it is spoken with."""

    @property
    def kind(self) -> Kind: ...
    @property
    def way_in(self) -> tuple[str, ...]: ...


def medium_of(sender: End, receiver: End) -> Medium:
    """How two systems speak with one another."""
    ends = (sender, receiver)
    kinds = {end.kind for end in ends}
    if kinds == {"node"}:
        return "letter"
    if "node" not in kinds and "face" in kinds:
        return "indoors"
    if kinds & {"face", "outside"}:
        return "http"
    return "mqtt" if any("mqtt" in end.way_in for end in ends) else "frames"


def is_carried(entry: MessageEntry, medium: Medium) -> bool:
    """Whether there is something that carries a message that way."""
    if medium == "http":
        return bool(entry.http or entry.calls)
    return entry.frames is not None if medium == "frames" else entry.carried_by in KINDS
