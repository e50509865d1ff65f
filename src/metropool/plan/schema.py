"""What a contract and a plan file may say: typed, closed (an unknown key is a fault), immutable."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictStr

Kind = Literal["node", "device", "carrier", "face", "outside"]
Zone = Literal["field", "carrier", "production", "management", "dmz", "public"]
Name = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
RowId = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9.]+$")]


class Letter(NamedTuple):
    """One message from one system to another (the sender first)."""

    sender: str
    message: str
    receiver: str


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Title(_Closed):
    """A name in both languages."""

    zh: StrictStr
    en: StrictStr


class Party(Title):
    """An organisation, or a kind of them."""

    optional: bool = False
    many: bool = False
    kinds: tuple[Name, ...] = ()
    part_of: Name | None = None
    note: StrictStr = ""


class System(Title):
    """A system of the contract, whoever runs it; no zone of its own means the field (devices)."""

    party: Name
    zone: Zone = "field"
    plans: tuple[Name, ...] = ()
    optional: bool = False
    asset_owner: Mapping[Name, Name] = Field(default_factory=dict)
    operated_by: Mapping[Name, Name] = Field(default_factory=dict)
    note: StrictStr = ""


class MessageEntry(Title):
    """A message id: the phrase, where it begins, the class that carries it, and what its rows must be (``service: water``)."""

    begins: tuple[Name, ...] = Field(alias="from")
    carried_by: Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Za-z]+$")] = Field(alias="is")
    where: Mapping[Name, StrictStr] = Field(default_factory=dict)


class Row(_Closed):
    """One link between exactly two systems: the left one sends what is ``up``, the right one what is ``down``."""

    plans: tuple[Name, ...] = ()
    link: tuple[Name, Name]
    path: tuple[Name, ...] = ()
    via: Literal["access_zone"] | None = None
    up: tuple[Name, ...] = ()
    down: tuple[Name, ...] = ()
    up_inferred: tuple[Name, ...] = ()
    down_inferred: tuple[Name, ...] = ()
    where: Mapping[Name, StrictStr] = Field(default_factory=dict)
    channel: tuple[Name, ...] = ()
    consent: tuple[Name, ...] = ()
    when: Name | None = None
    also: RowId | None = None
    either: RowId | None = None
    provides: tuple[StrictStr, ...] = ()
    src: Literal["paper", "inferred", "product"]
    why: StrictStr = ""

    def letters(self) -> Iterator[Letter]:
        """Every message of the row with its direction."""
        left, right = self.link
        for message in (*self.up, *self.up_inferred):
            yield Letter(left, message, right)
        for message in (*self.down, *self.down_inferred):
            yield Letter(right, message, left)


class Contract(_Closed):
    """Parties, systems, hosting, messages and rows, each once."""

    version: int
    parties: Mapping[Name, Party]
    systems: Mapping[Name, System]
    hosting: Mapping[StrictStr, Mapping[Name, Name | tuple[Name, ...]]]
    messages: Mapping[Name, MessageEntry]
    rows: Mapping[RowId, Row]


class RunningSystem(_Closed):
    """What runs of one system: what it hosts and for which rows, or what else it is.

    Attributes:
        hosts: Capability to the rows it is hosted for (service or place kinds; empty: no such division).
        face: Role of the people it serves; it comes through its host's API, not the broker.
        stands_for: ``device``, ``carrier`` or ``outside`` when it is no node of ours.
        front_end: Name of the worker that listens to devices in the access zone, in a process of its own.
        per: What it has one instance for.
        way_in: How it reaches us.
    """

    hosts: Mapping[Name, tuple[Name, ...]] = Field(default_factory=dict)
    face: Name | None = None
    stands_for: Literal["device", "carrier", "outside"] | None = Field(default=None, alias="is")
    front_end: Annotated[StrictStr, Field(pattern=r"^[a-z]+$")] | None = None
    per: Name | None = None
    way_in: tuple[Literal["api", "broker", "mqtt"], ...] = ()

    @property
    def kind(self) -> Kind:
        """Which of the kinds it is."""
        if self.stands_for:
            return self.stands_for
        return "face" if self.face else "node"


class NotYet(_Closed):
    """What the contract gives this plan and is not built; all of it is refused until it is."""

    rows: tuple[RowId, ...] = ()
    messages: tuple[Name, ...] = ()
    capabilities: tuple[StrictStr, ...] = ()


class Plan(_Closed):
    """What runs."""

    plan: Name
    title: Title
    operators: Mapping[Name, Name] = Field(default_factory=dict)
    identity: Mapping[Name, Name] = Field(default_factory=dict)
    systems: Mapping[Name, RunningSystem]
    rows: tuple[RowId, ...]
    not_yet: NotYet = NotYet()
    add: Mapping[RowId, Row] = Field(default_factory=dict)

    def running_rows(self, contract: Contract) -> Mapping[str, Row]:
        """The rows that run, in the order of the plan; names nobody knows are left out (``checks`` reports them)."""
        listed = {row: contract.rows[row] for row in self.rows if row in contract.rows}
        return {**listed, **self.add}

    def letters(self, rows: Mapping[str, Row]) -> Sequence[tuple[str, Letter]]:
        """Row id and letter of everything that may be said."""
        unsaid = set(self.not_yet.messages)
        return [(row, letter) for row, entry in rows.items() for letter in entry.letters() if letter.message not in unsaid]
