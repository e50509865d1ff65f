"""The plan as it runs: systems and what flows between them."""

from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Text
from metropool.portal.schemas.site import Hosting, PlanNamed


class MessageNamed(Model):
    """A message of the contract and the class that carries it."""

    id: str
    name: Text
    class_: str | None = Field(alias="class")
    built: bool


class TopologyNode(Model):
    """A system: ``up`` or ``down`` as it is here, or is heard by those here that exchange letters with it, or told of by these
    (``unheard``: not yet). ``silent``: its work is its own software's, which waits for letters at its door, and has left it.

    ``beyond``: no system of ours (a device, the carrier, an app); ``not_run``: nobody here can tell; ``not_built``: nobody can run it yet.
    ``software_seen_at`` is when its own software, if any came, last called at its door.

    ``column`` counts from the field to the public side, ``top`` is its height in the drawing of the plan [px]; ``instances`` is how many
    of it run, where the plan has many.
    """

    id: str
    name: Text
    party: str
    party_name: Text
    zone: str
    zone_name: Text
    hosts: list[Hosting]
    running: bool
    state: Literal["up", "down", "silent", "unheard", "beyond", "not_run", "not_built"]
    last_seen_at: Instant | None
    software_seen_at: Instant | None = None
    column: int
    top: float
    instances: int = 1


class TopologyEdge(Model):
    """One row in one direction: ``broken`` with an end down or silent, ``refused`` with letters parked, ``waiting`` with late ones.

    ``uncounted``: it goes by frames of a protocol or by calls, not by letters, so that nothing here can tell how much. ``delivered`` is
    null then, and in a plan that does not run.
    """

    id: str
    row: str
    source: str
    target: str
    direction: Literal["up", "down"]
    control: bool
    messages: list[MessageNamed]
    state: Literal["flowing", "idle", "uncounted", "waiting", "refused", "broken", "not_run", "not_built"]
    per_minute: float | None
    delay_s: float | None
    delivered: int | None
    refused: int
    last_at: Instant | None
    provenance: Literal["paper", "inferred", "product"]


class Topology(Model):
    """All systems and edges of a plan; ``plans`` are those that can be drawn, ``running`` is the id of the one that runs."""

    as_of: Instant
    plan: PlanNamed
    plans: list[PlanNamed]
    running: str
    nodes: list[TopologyNode]
    edges: list[TopologyEdge]


class TopologyMessage(Model):
    """A message that travelled, without its content."""

    id: str
    message: str
    name: Text
    sender: str
    receiver: str
    sent_at: Instant
    delivered_at: Instant | None
    state: Literal["delivered", "waiting", "refused", "parked"]
    rows: int | None
    bytes: int
    reason: Text | None
