"""The many of a plan (``per: community | building``): each community and each building with a system of its own. Pure.

A city says which there are in a file beside the plan. Each instance is a system like any other: an account, books, keys, a door. What
tells of a household goes to the instance of the place it lies in alone; what tells of nobody goes to all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field, RootModel, StrictStr

from metropool.core.identifiers import SystemId
from metropool.core.texts import printable
from metropool.exchange.ways import PLACES
from metropool.plan.compiled import Many, RunningFacts
from metropool.plan.reserved import is_reserved
from metropool.plan.schema import Name, Title
from metropool.plan.source import Faulty, PlanFault, Source

FILE: Final = "instances.yaml"


class Instance(Title):
    """One community or building, and what its system is told apart by."""

    place: Annotated[StrictStr, Field(pattern=r"^[^\s\x00-\x1f\x7f]+$", max_length=128)]


class Instances(RootModel[Mapping[Name, Mapping[Name, Instance]]]):
    """System of the plan to its instances, by the name each runs under."""


NONE = Instances({})


def spread(systems: Mapping[str, RunningFacts], instances: Instances, source: Source) -> tuple[dict[str, RunningFacts], Many]:
    """Put instances in the place of their system.

    Args:
        systems: What runs by the plan.
        instances: Those of the city.
        source: Where they are written.

    Raises:
        Faulty: A system is not there, or no node of which there are many; a name that is not free; two of one place.
    """
    if faults := list(_faults(systems, instances, source)):
        what = f"{source.file} does not fit the plan"
        raise Faulty(what, faults, key="plan.instances_unfit", values={"file": source.file})
    running: dict[str, RunningFacts] = {}
    names: dict[str, tuple[SystemId, ...]] = {}
    for system, facts in systems.items():
        listed = instances.root.get(system, {})
        each = {name: _instance(facts, name, given) for name, given in listed.items()} or {system: facts}
        running |= each
        if listed:
            names[system] = tuple(facts.id for facts in each.values())
    return running, Many(names)


def title_of(whole: Title, part: Title) -> Title:
    """The name of one way or one instance of a thing; it may be longer than what a file may write, which bounds each of the two."""
    return Title.model_construct(zh=f"{whole.zh}（{part.zh}）", en=f"{whole.en} ({part.en})")


def _instance(facts: RunningFacts, name: str, given: Instance) -> RunningFacts:
    return replace(facts, id=SystemId(name), title=title_of(facts.title, given), instance_of=facts.id, place=given.place)


def _faults(systems: Mapping[str, RunningFacts], instances: Instances, source: Source) -> Iterator[PlanFault]:
    seen = set(systems)
    for system, listed in instances.root.items():
        facts, places = systems.get(system), dict[str, str]()
        if facts is None:
            yield source.fault("instance_no_system", system, name=system, known=", ".join(_many(systems)))
        elif facts.kind != "node" or facts.per not in PLACES:
            yield source.fault("instance_not_many", system, name=system, known=", ".join(_many(systems)))
        for name, given in listed.items():
            if name in seen or is_reserved(name):
                yield source.fault("instance_name_taken", system, name, name=name)
            if given.place in places:
                taken = {"name": name, "place": printable(given.place), "other": places[given.place]}
                yield source.fault("instance_place_taken", system, name, **taken)
            seen.add(name)
            places.setdefault(given.place, name)


def _many(systems: Mapping[str, RunningFacts]) -> list[str]:
    return [name for name, facts in systems.items() if facts.kind == "node" and facts.per in PLACES] or ["–"]
