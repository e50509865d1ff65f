"""A town in a new home, with ports and a clock of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.town.brokers import Brokers, place_servers
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.processes import Processes
from metropool.runtime.conformance.town.town import DOOR, Town
from metropool.runtime.demo.state import FIRST_INSTANT, DemoClock, DemoState
from metropool.runtime.ports import free_ports
from metropool.runtime.settings import PREFIX, Settings

SPEED = 60.0
PATIENCE_S = 90.0
"""How long something that should come is waited for while everyone it needs is at work [s of the machine]."""
OWN = {f"{PREFIX}{name.upper()}": "" for name in Settings.model_fields}
"""Whatever the environment of the runner says of a city, its towns hear nothing of it: a variable that is empty counts as not set."""


def open_town(
    home: Path, *, plan: str, compiled: Compiled, city: City, served: Mapping[str, Sequence[str]], servers: int = 0
) -> Town:
    """A town in a new home, not started yet.

    Args:
        home: An empty folder.
        served: See ``Processes``.
        servers: How many each broker of the plan has, which then speak TLS; 0: one process is the broker of all.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = DemoState(home=home, seed=0, homes=len(city.accounts), plan=plan, clock_at=FIRST_INSTANT, stages=[])
    idle = idle_doors(compiled)
    alone = [str(name) for name in compiled.nodes() if name not in idle]
    clock, (field_port, of_doors, *ports) = DemoClock.resume(state, speed=SPEED), free_ports(2 + len(alone))
    apart = place_servers(home, compiled, servers=servers) if servers else {"broker": "embedded"}
    settings = Settings(home=home, plan=plan, clock=clock.setting, database="embedded", **{"certificates": None, **apart})
    environment = {
        **OWN,
        **{f"{PREFIX}{name.upper()}": value for name, value in apart.items()},
        "METROPOOL_HOME": str(home),
        "METROPOOL_PLAN": plan,
        "METROPOOL_CLOCK": clock.setting,
        "METROPOOL_FIELD_PORT": str(field_port),
        "METROPOOL_DEMO": "1",
    }
    return Town(
        home=home,
        plan=plan,
        compiled=compiled,
        city=city,
        clock=clock,
        processes=Processes(home=home, environment=environment, served=served),
        brokers=Brokers(settings=settings, compiled=compiled),
        ports={**dict(zip(alone, ports, strict=True)), **dict.fromkeys(idle, of_doors)},
        idle=idle,
        field_port=field_port,
        patience_s=PATIENCE_S,
    )


def idle_doors(compiled: Compiled) -> tuple[str, ...]:
    """Systems that have a door and, as long as none of their rows is built, say and hear nothing: one process serves them all."""
    ends = {end for letter in compiled.letters for end in (letter.sender, letter.receiver)}
    return tuple(str(name) for name in compiled.nodes() if name not in ends and set(compiled.systems[name].hosts) == {DOOR})
