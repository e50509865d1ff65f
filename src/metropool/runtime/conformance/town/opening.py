"""A town in a new home, with ports and a clock of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from metropool.capabilities.metering.validation.kernels import is_compiled
from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.processes import Processes
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.demo.state import FIRST_INSTANT, DemoClock, DemoState
from metropool.runtime.ports import free_ports
from metropool.runtime.settings import PREFIX, Settings

SPEED = 60.0
PATIENCE_S, COLD_S = 90.0, 240.0
"""How long something that should come is waited for while everyone it needs is at work [s of the machine]: longer where the loops
over readings are compiled for the first time."""
OWN = {f"{PREFIX}{name.upper()}": "" for name in Settings.model_fields}
"""Whatever the environment of the runner says of a city, its towns hear nothing of it: a variable that is empty counts as not set."""


def open_town(home: Path, *, plan: str, compiled: Compiled, city: City, served: Mapping[str, Sequence[str]]) -> Town:
    """A town in a new home, not started yet.

    Args:
        home: An empty folder.
        served: See ``Processes``.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = DemoState(home=home, seed=0, homes=len(city.accounts), plan=plan, clock_at=FIRST_INSTANT, stages=[])
    clock, (field_port, *ports) = DemoClock.resume(state, speed=SPEED), free_ports(1 + len(compiled.nodes()))
    environment = {
        **OWN,
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
        ports=dict(zip(map(str, compiled.nodes()), ports, strict=True)),
        field_port=field_port,
        patience_s=PATIENCE_S if is_compiled() else COLD_S,
    )
