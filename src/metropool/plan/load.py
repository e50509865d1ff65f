"""Read a contract or a plan file: every fault in it, each with its line, or the typed thing."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from metropool.core.errors import NotFound
from metropool.plan.instances import Instances
from metropool.plan.misread import faults_of
from metropool.plan.schema import Contract, Plan
from metropool.plan.sites import Sites
from metropool.plan.source import Faulty, PlanFault, Source
from metropool.plan.written import Unwritten, parse

Model = TypeVar("Model", bound=BaseModel)
MAX_BYTES = 1 << 20
"""Of a file that is read."""
CONTRACT = "contract"
PLANS = ("one:direct", "one:indirect", "two", "transition")
"""Plans that come with the product, each way of running them."""


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A file that was read: what it says, where it says it."""

    content: Model
    source: Source


class Unreadable(Faulty):
    """A file that is no contract or plan; ``plan_faults`` has each reason with its line."""


def load_contract(path: Path) -> Loaded[Contract]:
    """Read the contract.

    Raises:
        NotFound: No such file.
        Unreadable: Faults, all of them.
    """
    return _load(path, Contract)


def load_plan(path: Path) -> Loaded[Plan]:
    """Read a plan file.

    Raises:
        NotFound: No such file.
        Unreadable: Faults, all of them.
    """
    return _load(path, Plan)


def load_sites(path: Path) -> Loaded[Sites]:
    """Read where the brokers run.

    Raises:
        NotFound: No such file.
        Unreadable: Faults, all of them.
    """
    return _load(path, Sites)


def load_instances(path: Path) -> Loaded[Instances]:
    """Read which communities and buildings have a system of their own.

    Raises:
        NotFound: No such file.
        Unreadable: Faults, all of them.
    """
    return _load(path, Instances)


def plan_path(name: str) -> Path:
    """The file of a plan given by path, or by the name of one that comes with us (``transition``; ``contract`` too).

    Raises:
        NotFound: Neither.
    """
    beside_source = Path(__file__).resolve().parents[3] / "plans" / f"{name}.yaml"
    shipped = Path(str(files("metropool.plan"))) / "files" / f"{name}.yaml"
    given: tuple[Path, ...] = (
        () if name == CONTRACT else (Path(name),)
    )  # never a file that happens to lie where a command is given
    for candidate in (*given, shipped, beside_source):
        if candidate.is_file():
            return candidate
    if name and Path(name).is_dir():
        raise NotFound(f"{name} is a folder: give the path of the plan file in it", key="plan.is_folder", values={"name": name})
    what = f"no plan is called {name!r}: give the path of a plan file, or the name of a shipped one"
    raise NotFound(what, key="plan.no_plan", values={"name": name})


def named_plan(name: str) -> tuple[Path, str | None]:
    """The file of a plan given as ``one``, ``one:indirect`` or a path, and the variant asked for; see ``outside_of`` for what more.

    Raises:
        NotFound: No such plan.
    """
    try:
        return plan_path(name), None
    except NotFound:
        plan, colon, variant = name.partition("+")[0].rpartition(":")
        if not colon and "+" in name:
            return plan_path(variant), None
        if not colon:
            raise
        return plan_path(plan), variant


def outside_of(name: str) -> tuple[str, ...]:
    """The systems that a plan's name gives to outside software: ``water_system`` of ``transition+water_system``."""
    return () if Path(name).is_file() else tuple(name.split("+")[1:])


def _load(path: Path, model: type[Model]) -> Loaded[Model]:
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as cause:
        told: dict[str, object] = {"file": path, "reason": cause.strerror}
        raise NotFound(f"{path} cannot be opened: {cause.strerror}", key="plan.not_opened", values=told) from cause
    if len(content) > MAX_BYTES:
        raise _unreadable(path, PlanFault(str(path), 1, "too_large", {"most": MAX_BYTES}))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        raise _unreadable(path, PlanFault(str(path), line, "not_utf8")) from cause
    return cast(Loaded[Model], _read(str(path), text, model))


def _unreadable(file: str | Path, *faults: PlanFault) -> Unreadable:
    ordered = tuple(sorted(faults, key=lambda fault: fault.line))
    return Unreadable(f"{file} cannot be read", ordered, key="plan.unreadable", values={"file": file})


@lru_cache(maxsize=16)
def _read(file: str, text: str, model: type[BaseModel]) -> Loaded[Any]:
    """What a text says; the same text is read once in a process, as finding the lines takes a quarter of a second."""
    try:
        source, faults, data = parse(file, text)
    except Unwritten as cause:
        raise _unreadable(file, *cause.plan_faults) from cause
    try:
        content = model.model_validate(data)
    except ValidationError as error:
        faults += faults_of(error, data=data, source=source)
    if faults:
        raise _unreadable(file, *faults)
    return Loaded(content=content, source=source)
