"""From one broker for all to one a zone: who is on which, and the links between two of them with the letters that cross there. Pure.

A letter that crosses is handed to an account of the border at the sender's broker and taken over from the border's account at the
receiver's. A link joins the two accounts of one border: the inner broker dials the outer one and logs in as a user that is
permitted the letters of this border in their own direction, and their receipts. So no broker says anything that is not listed,
whoever holds it, and none opens a door inward.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metropool.core.errors import Invalid
from metropool.plan.broker import ANSWERS, BrokerPlan, BrokerUser, Passage
from metropool.plan.gateway_users import with_gateways
from metropool.plan.gateways import DOORS

ALONE = "city"


@dataclass(frozen=True)
class Border:
    """Two brokers and what crosses between them.

    Attributes:
        inner: The broker that dials.
        outer: The one that listens.
        outward: Letters from systems of the inner one to systems of the outer one.
        inward: Those the other way.
    """

    inner: str
    outer: str
    outward: tuple[Passage, ...]
    inward: tuple[Passage, ...]

    @property
    def account(self) -> str:
        """The outer broker's account of this border."""
        return border_account(self.inner)

    @property
    def user(self) -> BrokerUser:
        """What the inner broker logs in to the outer one as: what it may say there, and what it may hear."""
        return BrokerUser(
            name=f"{self.inner}-to-{self.outer}",
            account=self.account,
            publish=(*(way.subject for way in self.outward), ANSWERS),
            subscribe=(*(way.subject for way in self.inward), ANSWERS),
            connects_as="LEAFNODE",
        )


@dataclass(frozen=True)
class Zone:
    """One broker of a plan: what it must hold, the brokers it dials and those that dial it."""

    name: str
    broker: BrokerPlan
    dials: tuple[Border, ...]
    hears: tuple[Border, ...]


def border_account(other: str) -> str:
    """A broker's account of its border with another one; no system can have such a name."""
    return f"border-{other}"


def apart(brokers: Mapping[str, Sequence[str]], places: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Brokers of a plan, and one for each of some systems that are at a place of their own: it dials the broker it would be on.

    What lies further in than that still dials it: nothing of a place opens a door inward.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, systems in brokers.items():
        found |= {place: (place,) for place in places if place in systems}
        found[name] = tuple(system for system in systems if system not in places)
    return found


def split(broker: BrokerPlan, brokers: Mapping[str, Sequence[str]]) -> dict[str, Zone]:
    """One broker a zone.

    Args:
        broker: All that the plan needs, as if there were one.
        brokers: Broker to its systems; of two, the one named first dials the other. Those that do not run are passed over. None at
            all: one broker for everyone.

    Raises:
        Invalid: A system is on no broker, or on two.
    """
    names = dict(brokers) or {ALONE: tuple(_systems(broker))}
    home = _homes(broker, names)
    borders = _borders(broker, home, list(names))
    return {name: _zone(name, broker, home, borders) for name in names if name in home.values()}


def _homes(broker: BrokerPlan, brokers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    home, systems_here = dict[str, str](), set(_systems(broker))
    for name, systems in brokers.items():
        for system in systems:
            if system in home:
                raise Invalid(f"{system} is on the brokers {home[system]} and {name}")
            if system in systems_here:
                home[system] = name
    for kind in broker.gateways:  # who comes in over MQTT comes in where their host is
        at = {home[host] for host in kind.hosts if host in home}
        if far := [system for system in kind.speakers if {home.get(system)} != at and system not in kind.hosts]:
            raise Invalid(f"{', '.join(far)}: speak with gateways that come in at another broker, {', '.join(sorted(at))}")
    if lost := [system for system in _systems(broker) if system not in home]:
        raise Invalid(f"{', '.join(lost)}: on no broker of the plan")
    return home


def _systems(broker: BrokerPlan) -> list[str]:
    """The accounts that are systems of ours: of gateways, and of their doors, there are some wherever somebody vouches for them."""
    others = {DOORS, *(kind.account for kind in broker.gateways)}
    return [account for account in broker.accounts if account not in others]


def _borders(broker: BrokerPlan, home: Mapping[str, str], order: Sequence[str]) -> list[Border]:
    crossing = [way for way in broker.passages if home[way.sender] != home[way.receiver]]
    pairs = [(inner, outer) for at, inner in enumerate(order) for outer in order[at + 1 :]]
    found = [
        Border(
            inner=inner,
            outer=outer,
            outward=tuple(way for way in crossing if (home[way.sender], home[way.receiver]) == (inner, outer)),
            inward=tuple(way for way in crossing if (home[way.sender], home[way.receiver]) == (outer, inner)),
        )
        for inner, outer in pairs
    ]
    return [border for border in found if border.outward or border.inward]


def _zone(name: str, broker: BrokerPlan, home: Mapping[str, str], borders: Sequence[Border]) -> Zone:
    dials = tuple(border for border in borders if border.inner == name)
    hears = tuple(border for border in borders if border.outer == name)
    here = [system for system in _systems(broker) if home[system] == name]
    ways = (way for way in broker.passages if name in (home[way.sender], home[way.receiver]))
    others = [border_account(border.outer) for border in dials] + [border_account(border.inner) for border in hears]
    own = BrokerPlan(
        accounts=(*here, *others),
        users=(*(user for user in broker.users if user.account in here), *(border.user for border in hears)),
        passages=tuple(_as_seen_from(name, way, home) for way in ways),
        streams=tuple(stream for stream in broker.streams if stream.account in here),
    )
    gateways = [kind for kind in (each.among(here) for each in broker.gateways) if kind is not None]
    return Zone(name=name, broker=with_gateways(own, gateways), dials=dials, hears=hears)


def _as_seen_from(name: str, way: Passage, home: Mapping[str, str]) -> Passage:
    """A passage between the accounts of one broker; whoever is on another one is its border here."""
    sender, receiver = home[way.sender], home[way.receiver]
    return Passage(
        sender=way.sender if sender == name else border_account(sender),
        receiver=way.receiver if receiver == name else border_account(receiver),
        subject=way.subject,
    )
