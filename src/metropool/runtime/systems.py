"""Opens the systems of a compiled plan as nodes; the same code whether one process runs one of them or all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from metropool.core.errors import NotFound
from metropool.core.identifiers import RandomIds, SystemId
from metropool.exchange.capability import Capability
from metropool.plan.compile import NO_INSTANCES, compile_plan
from metropool.plan.compiled import CapabilityFacts, Compiled
from metropool.plan.load import load_contract, load_plan, named_plan, outside_of, plan_path
from metropool.runtime.capabilities import BOOKS, CAPABILITIES, TABLES
from metropool.runtime.evidence import listing_of
from metropool.runtime.hold import hold
from metropool.runtime.instances import read_instances
from metropool.runtime.node import Hosted, Node
from metropool.runtime.settings import Settings, settings_of_home
from metropool.storage.database import open_database
from metropool.storage.lake import Lake


def facts_of(capabilities: Mapping[str, Capability]) -> dict[str, CapabilityFacts]:
    """What the plan must know of the capabilities that are built."""
    return {
        name: CapabilityFacts(
            name=name,
            consumes=frozenset(kind.__name__ for kind in capability.consumes),
            produces=frozenset(kind.__name__ for kind in capability.produces),
            is_door=capability.is_door,
            rows=capability.rows or (None if capability.is_door else ()),
        )
        for name, capability in capabilities.items()
    }


def compile_named(plan: str, *, home: Path | None = None) -> Compiled:
    """The plan of this name (``one``, ``one:indirect``, ``two+water_system``) or file, held to the contract and to what is built.

    Args:
        home: Of a city, whose communities and buildings run as its file of instances says; without one each system runs once.

    Raises:
        NotFound: No such plan, or no such variant of it.
        Invalid: The plan has faults, or the instances do; each is listed.
    """
    path, variant = named_plan(plan)
    facts = facts_of(CAPABILITIES)
    contract = load_contract(plan_path("contract"))
    many = read_instances(home) if home else NO_INSTANCES
    compiled = compile_plan(load_plan(path), contract, facts, variant=variant, outside=outside_of(plan), instances=many)
    compiled.require_sound()
    return compiled


def hold_node(system: SystemId, *, settings: Settings) -> IO[bytes]:
    """Be the one process that serves a system and takes its log in, until what is returned is closed.

    Raises:
        Conflict: Another process is.
    """
    return hold(settings.folder(system) / "lock")


def open_node(system: SystemId, *, compiled: Compiled, settings: Settings) -> Node:
    """Open the books of one system and place on it what the plan says."""
    hosted = {
        name: Hosted(capability=CAPABILITIES[name], rows=tuple(rows)) for name, rows in compiled.systems[system].hosts.items()
    }
    folder = settings.folder(system)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Node(
        system=system,
        party=compiled.systems[system].party,
        database=open_database(settings.database_url(system), schema=system),
        lake=Lake(root=settings.lake_root(system)),
        clock=settings.the_clock,
        ids=RandomIds(),
        hosted=hosted,
        routes=compiled.routes.get(system, {}),
        books=BOOKS,
        tables=TABLES,
        listing=listing_of(compiled),
        passes=compiled.passes.get(system, {}),
        ways=compiled.ways.get(system, ()),
    )


def has_books(settings: Settings, system: str) -> bool:
    """Whether somebody has served a system of this home; of a PostgreSQL that is taken to be so."""
    return settings.database != "embedded" or (settings.folder(system) / f"{system}.sqlite").exists()


@contextmanager
def opened_beside(system: str) -> Iterator[Node]:
    """The books of one system of this home's plan, opened beside whoever serves it.

    Raises:
        NotFound: The plan runs no such node, or nobody has served it yet.
    """
    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    compiled.require_nodes([system])
    if not has_books(settings, system):
        raise NotFound(f"there are no books of {system} in {settings.home}; serve it once")
    node = open_node(SystemId(system), compiled=compiled, settings=settings)
    try:
        yield node
    finally:
        node.close()
