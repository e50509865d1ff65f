"""What a contract and a plan file may say: typed, closed (an unknown key is a fault), immutable."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from metropool.core.errors import NotFound

Kind = Literal["node", "device", "carrier", "face", "outside"]
Zone = Literal["field", "carrier", "production", "management", "dmz", "public"]
Name = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
RowId = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9.]+$", max_length=63)]
Many = Literal["community", "building", "home", "charging_station", "person", "usage_point"]
Network = Literal["local", "vpn", "public"]
People = Literal["resident", "staff"]
Section = Annotated[StrictStr, Field(pattern=r"^[0-9]+(\.[0-9]+)+$")]  # of the paper
Operation = Annotated[StrictStr, Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE) /\S*$")]
REST, OWN = "rest", "own"


def _seen(text: str) -> str:
    if text.isprintable() and text.strip():
        return text
    raise ValueError("a text that one can see, on one line")


Words = Annotated[StrictStr, Field(min_length=1, max_length=300), AfterValidator(_seen)]


class Letter(NamedTuple):
    """One message from one system to another (the sender first)."""

    sender: str
    message: str
    receiver: str


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Title(_Closed):
    """A name in both languages."""

    zh: Words
    en: Words


class Party(Title):
    """An organisation, or a kind of them."""

    optional: bool = False
    many: bool = False
    kinds: tuple[Name, ...] = ()
    part_of: Name | None = None
    named_by_plan: bool = False
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
    """A message id: the phrase, where it begins, what carries it, and what its rows must be (``service: water``).

    Attributes:
        carried_by: Class of the letter (``is``); empty where it travels as none.
        http, calls: Operations by which apps and outside parties say or hear it: ours, and an outside party's own that we call.
        frames: What it is between terminals and front end: ``sealed`` records, or ``meters``' own protocols within them.
        personal: It tells of a person or a household (个人信息): who hears it can see personal data.
    """

    begins: tuple[Name, ...] = Field(alias="from")
    carried_by: Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Za-z]+$")] | Literal[""] = Field(alias="is", default="")
    http: tuple[Operation, ...] = ()
    calls: tuple[Operation, ...] = ()
    frames: Literal["sealed", "meters"] | None = None
    where: Mapping[Name, StrictStr] = Field(default_factory=dict)
    personal: bool = False


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
    channel: tuple[Literal["vpn", "end_to_end_encrypted"], ...] = ()
    consent: tuple[Name, ...] = ()
    when: Literal["indoors", "outdoors"] | None = None
    also: Section | None = None
    either: Section | None = None
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

    def with_messages(self, added: Mapping[Name, MessageEntry]) -> "Contract":
        """The same with a city's own messages, which change none that is here."""
        return self.model_copy(update={"messages": {**added, **self.messages}})


class RunningSystem(_Closed):
    """What runs of one system: what it hosts and for which rows, or what else it is.

    Attributes:
        hosts: Capability to the rows it is hosted for (service or place kinds; empty: no such division).
        face: Role of the people it serves; it comes through its host's API, not the broker.
        stands_for: ``device``, ``carrier`` or ``outside`` when it is no node of ours.
        front_end: Name of the worker that listens to devices in the access zone, in a process of its own.
        per, way_in: What it has one instance for (小区, 楼宇, 家庭: one each), and how it reaches us.
        software: ``outside``: the work is done by software that is not ours and comes through a door; what its rows list, it says.
    """

    hosts: Mapping[Name, tuple[Name, ...]] = Field(default_factory=dict)
    face: Name | None = None
    stands_for: Literal["device", "carrier", "outside"] | None = Field(default=None, alias="is")
    front_end: Annotated[StrictStr, Field(pattern=r"^[a-z]+$")] | None = None
    per: Many | None = None
    way_in: tuple[Literal["api", "broker", "mqtt"], ...] = ()
    software: Literal["outside"] | None = None

    @property
    def kind(self) -> Kind:
        """Which of the kinds it is."""
        if self.stands_for:
            return self.stands_for
        return "face" if self.face else "node"


class Variant(_Closed):
    """One of the ways a plan is run: the same systems and rows, some of them in other hands."""

    title: Title
    operated_by: Mapping[Name, Name] = Field(default_factory=dict)


class NotYet(_Closed):
    """What the contract gives this plan and is not built; all of it is refused until it is. Systems are written as they will run.

    ``letters`` are messages that are not built in one row alone; ``withheld`` says why something does not run though it could."""

    systems: Mapping[Name, RunningSystem] = Field(default_factory=dict)
    rows: tuple[RowId, ...] = ()
    messages: tuple[Name, ...] = ()
    letters: Mapping[RowId, tuple[Name, ...]] = Field(default_factory=dict)
    capabilities: tuple[StrictStr, ...] = ()
    withheld: Mapping[StrictStr, Words] = Field(default_factory=dict)


class Plan(_Closed):
    """What runs.

    Attributes:
        variants: Ways to run it, the first where none is asked for.
        operators, identity: Who does the work of a party that the paper does not name; who vouches for people: a system, or ``own``.
        brokers, networks: Systems of each broker, rows of each network; one of them may take the ``rest``.
        add_messages, add: A city's own messages and rows, written as in the contract.
    """

    plan: Name
    title: Title
    variants: Mapping[Name, Variant] = Field(default_factory=dict)
    operators: Mapping[Name, Name] = Field(default_factory=dict)
    identity: Mapping[People, Name] = Field(default_factory=dict)
    brokers: Mapping[Name, tuple[Name, ...] | Literal["rest"]] = Field(default_factory=dict)
    networks: Mapping[Network, tuple[RowId, ...] | Literal["rest"]] = Field(default_factory=dict)
    systems: Mapping[Name, RunningSystem]
    rows: tuple[RowId, ...]
    not_yet: NotYet = NotYet()
    add_messages: Mapping[Name, MessageEntry] = Field(default_factory=dict)
    add: Mapping[RowId, Row] = Field(default_factory=dict)

    def running_rows(self, contract: Contract) -> Mapping[str, Row]:
        """The rows that run, in the order of the plan; names nobody knows are left out (``checks`` reports them)."""
        listed = {row: contract.rows[row] for row in self.rows if row in contract.rows}
        return {**listed, **self.add}

    def all_rows(self, contract: Contract) -> Mapping[str, Row]:
        """Those and the rows that are not built yet."""
        return {**self.running_rows(contract), **{row: contract.rows[row] for row in self.not_yet.rows if row in contract.rows}}

    def all_systems(self) -> Mapping[str, RunningSystem]:
        """The systems that run, and those that will."""
        return {**self.systems, **self.not_yet.systems}

    def letters(self, rows: Mapping[str, Row]) -> Sequence[tuple[str, Letter]]:
        """Row id and letter of everything that may be said."""
        unsaid, here = set(self.not_yet.messages), self.not_yet.letters
        return [
            (row, letter)
            for row, letter in letters_of(rows)
            if letter.message not in unsaid and letter.message not in here.get(row, ())
        ]

    def network(self, row: str) -> Network | None:
        """The network a row travels on; None where the plan does not say."""
        named: dict[Network, tuple[RowId, ...]] = {
            name: rows for name, rows in self.networks.items() if not isinstance(rows, str)
        }
        found = next((name for name, rows in named.items() if row in rows), None)
        return found or next((name for name, rows in self.networks.items() if rows == REST), None)

    def variant(self, name: str | None) -> str | None:
        """The variant that runs: the one of this name, else the first; None where the plan has none.

        Raises:
            NotFound: No variant has this name.
        """
        if name is None:
            return next(iter(self.variants), None)
        if name not in self.variants:
            known = ", ".join(f"{self.plan}:{variant}" for variant in self.variants) or self.plan
            told: dict[str, object] = {"plan": self.plan, "name": name, "known": known}
            raise NotFound(f"the plan {self.plan} has no variant {name!r}; there is {known}", key="plan.no_variant", values=told)
        return name


def letters_of(rows: Mapping[str, Row]) -> Sequence[tuple[str, Letter]]:
    """Row id and letter of everything in some rows."""
    return [(row, letter) for row, entry in rows.items() for letter in entry.letters()]
