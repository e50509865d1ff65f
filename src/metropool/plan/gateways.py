"""Gateways at the broker: an account for each kind of them, a door that asks the registry, and exactly who hears and who speaks.

A gateway is whoever comes in over MQTT: of a home, a public terminal of a community or building, a charging station. It is no broker
user of the plan: it comes with a name and a secret, the broker asks its porter (auth callout), the porter the door of whoever vouches
for it, and answers with what this one gateway may say and hear. So one of them comes and goes without the broker being told anew, and a
secret is told to its own host alone.

Topics are ``<per>/<gateway>/up/<message>`` and ``…/down/<message>``: ``home/home-0001/up/home_energy``. Where there are many hosts (one a
community) the host's name stands before its own: who hosts one hears and tells no gateway of another. It logs in as its topics begin, a
home's without the ``home/``. What a gateway says with QoS 1 is in the stream ``$MQTT_msgs`` before it is acknowledged; each system that
hears some of it has a consumer of its own there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from metropool.plan.schema import Letter

STREAM = "$MQTT_msgs"
STORED = "$MQTT.msgs."
"""What a gateway said under a subject is stored under this and the subject."""
RECEIPTS = "receipts"
"""Said by gateways: that they are there, and what came down to them. It is no message of a plan."""
DOORS = "gateways"
"""The broker's account in which porter, warden and hosts meet; no gateway is let into it."""
DROP = "gateways.drop"
"""Asked under this and the host's name, with a gateway's name: end its connection now."""
KNOCK = "gateways.knock"
"""Asked under this and the host's name, with who it says to be and a secret: may it come in?"""
HOME = "home"
ADMISSION = "admission"
"""The capability whose host vouches for gateways."""


@dataclass(frozen=True)
class Gateways:
    """The gateways of one kind in a running plan.

    Attributes:
        account: The system of the plan that they are instances of; the broker's account has its name.
        per: What there is one of them for (``home``), and how their topics begin.
        hosts: The systems whose registries vouch for them.
        is_many: Whether each host is for those of one place: names then begin with it.
        heard: System to the messages it hears from them.
        said: System to the messages it says to them.
        kinds: Message to the class that carries it.
    """

    account: str
    per: str
    hosts: tuple[str, ...]
    is_many: bool
    heard: Mapping[str, tuple[str, ...]] = field(hash=False)
    said: Mapping[str, tuple[str, ...]] = field(hash=False)
    kinds: Mapping[str, str] = field(hash=False)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Systems that hear or say something; who vouches for them hears that they are there."""
        return tuple(dict.fromkeys((*self.heard, *self.said, *self.hosts)))

    @property
    def prefix(self) -> str:
        """How the names begin by which they log in."""
        return "" if self.per == HOME else f"{self.per}/"

    def among(self, systems: Iterable[str]) -> "Gateways | None":
        """Those that come in where some of the systems are: they are vouched for, heard and told there; None where nobody vouches."""
        here = set(systems)
        hosts = tuple(host for host in self.hosts if host in here)
        heard = {system: messages for system, messages in self.heard.items() if system in here}
        said = {system: messages for system, messages in self.said.items() if system in here}
        return replace(self, hosts=hosts, heard=heard, said=said) if hosts else None

    def name_of(self, host: str, gateway: str) -> str:
        """What a gateway logs in as."""
        return f"{self.prefix}{host}/{gateway}" if self.is_many else f"{self.prefix}{gateway}"

    def gateway_of(self, name: str) -> str:
        """What its host calls it."""
        own = name.removeprefix(self.prefix)
        return own.partition("/")[2] if self.is_many else own

    def host_of(self, name: str) -> str | None:
        """Who vouches for a gateway; None where nobody can: then its secret is told to nobody."""
        host = name.removeprefix(self.prefix).partition("/")[0] if self.is_many else self.hosts[0]
        own = self.gateway_of(name)
        return host if name.startswith(self.prefix) and host in self.hosts and own and "/" not in own else None

    def every(self, system: str) -> str:
        """The names of all gateways that a system hears or tells: its own, or everyone's."""
        return self.name_of(system if system in self.hosts else "*", "*")

    def up(self, name: str, message: str) -> str:
        """The subject on which a gateway says something."""
        return f"{self._subtree(name)}.up.{message}"

    def down(self, name: str, message: str) -> str:
        """The subject on which it is told something."""
        return f"{self._subtree(name)}.down.{message}"

    def _subtree(self, name: str) -> str:
        return f"{self.per}.{name.removeprefix(self.prefix).replace('/', '.')}"

    def said_on(self, subject: str) -> tuple[str, str]:
        """The gateway, as its host calls it, and the message of a subject on which it said something."""
        parts = subject.split(".")
        return parts[2 if self.is_many else 1], parts[-1]

    def may_publish(self, name: str) -> list[str]:
        """All that one gateway may say."""
        heard = dict.fromkeys(message for messages in self.heard.values() for message in messages)
        return [self.up(name, message) for message in (*heard, RECEIPTS)]

    def may_subscribe(self, name: str) -> list[str]:
        """All that one gateway may hear; MQTT's ``down/#`` is of ``down`` itself too."""
        return [self.down(name, "").removesuffix("."), self.down(name, ">")]

    def subjects_of(self, system: str) -> list[str]:
        """What the consumer of a system is given, as it is stored."""
        receipts = (RECEIPTS,) if system in self.said or system in self.hosts else ()
        return [STORED + self.up(self.every(system), message) for message in (*self.heard.get(system, ()), *receipts)]


def kind_of(every: Sequence[Gateways], name: str) -> Gateways | None:
    """Which gateways one who logs in under a name says to be of; None where that is none there is."""
    named = next((kind for kind in every if kind.prefix and name.startswith(kind.prefix)), None)
    return named or next((kind for kind in every if not kind.prefix), None)


def of_kind(every: Sequence[Gateways], per: str) -> Gateways | None:
    """The gateways that there is one of for each home, community, building or charging station."""
    return next((kind for kind in every if kind.per == per), None)


def gateways_of(
    *, systems: Mapping[str, Any], letters: Iterable[Letter], kinds: Mapping[str, str], capability: str = ADMISSION
) -> tuple[Gateways, ...]:
    """The gateways a plan runs, by kind; without those that nobody vouches for.

    Args:
        systems: Name to ``RunningFacts`` of what runs.
        letters: Everything that may be said.
        kinds: Message to its class.
        capability: Whose host vouches for them.
    """
    listed, found = sorted(letters), list[Gateways]()
    for facts in systems.values():
        if facts.kind != "device" or facts.per is None or "mqtt" not in facts.way_in:
            continue
        hosts = tuple(name for name, other in systems.items() if facts.per in other.hosts.get(capability, ()))
        if hosts:
            found.append(_gateways(facts.id, facts.per, hosts, systems, listed, kinds))
    return tuple(found)


def _gateways(
    account: str,
    per: str,
    hosts: tuple[str, ...],
    systems: Mapping[str, Any],
    letters: Iterable[Letter],
    kinds: Mapping[str, str],
) -> Gateways:
    heard: dict[str, tuple[str, ...]] = {}
    said: dict[str, tuple[str, ...]] = {}
    for letter in letters:
        if letter.sender == account and systems[letter.receiver].kind == "node":
            heard[letter.receiver] = (*heard.get(letter.receiver, ()), letter.message)
        if letter.receiver == account and systems[letter.sender].kind == "node":
            said[letter.sender] = (*said.get(letter.sender, ()), letter.message)
    named = {message: kinds[message] for messages in (*heard.values(), *said.values()) for message in messages}
    is_many = any(systems[host].place for host in hosts)
    return Gateways(account=account, per=per, hosts=hosts, is_many=is_many, heard=heard, said=said, kinds=named)
