"""``metropool door key``: keys for a system's own software, drawn, listed and revoked in the system's own books."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

door_app = typer.Typer(help=word("door"), no_args_is_help=True)
key_app = typer.Typer(help=word("door_key"), no_args_is_help=True)
door_app.add_typer(key_app, name="key")
System = Annotated[str, typer.Argument(metavar="SYSTEM", help=word("door_system"))]
Name = Annotated[str, typer.Option("--name", help=word("door_name"))]


@key_app.command("new", help=word("door_new"))
def new(system: System, name: Name = "software", as_json: AsJson = False) -> None:
    """Draw a key and show it this once."""
    from metropool.access.api_keys import ApiKeys

    with _books(system) as node:
        key, _ = node.write_now("door", lambda work: ApiKeys(work.context).make(name=name, by=_who()))
    if as_json:
        print_json({"system": system, "name": name, "key": key})
        return
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(word("door_shown_once", system=system, name=name) + "\n")


@key_app.command("list", help=word("door_list"))
def show(system: System, as_json: AsJson = False) -> None:
    """List keys, never their secrets."""
    from metropool.access.api_keys import ApiKeys

    with _books(system) as node:
        keys = node.read_now("door", lambda work: ApiKeys(work.context).all())
    rows = [{"id": k.id, "name": k.name, "made_at": k.made_at, "made_by": k.made_by} for k in keys]
    ends = [{"used_at": k.used_at, "revoked_at": k.revoked_at} for k in keys]
    if as_json:
        print_json([{**row, **end} for row, end in zip(rows, ends, strict=True)])
        return
    for key in keys:
        state = word("door_revoked", at=f"{key.revoked_at:%Y-%m-%d %H:%M}") if key.revoked_at else word("door_in_force")
        sys.stdout.write(f"{key.name:<24} {key.id}  {key.made_at:%Y-%m-%d %H:%M} {key.made_by:<12} {state}\n")


@key_app.command("revoke", help=word("door_revoke"))
def revoke(system: System, name: Name = "software") -> None:
    """End a key; the next request that shows it is refused."""
    from metropool.access.api_keys import ApiKeys

    with _books(system) as node:
        node.write_now("door", lambda work: ApiKeys(work.context).revoke(name=name, by=_who()))
    sys.stderr.write(word("door_ended", system=system, name=name) + "\n")


@contextmanager
def _books(system: str) -> Iterator[Any]:
    """The books of a system that has a door.

    Raises:
        NotFound: The plan of this home places no door on such a system, or nobody has served it yet.
    """
    from metropool.core.errors import NotFound
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        if "door" not in node.hosts:
            raise NotFound(word("door_none", system=system))
        yield node


def _who() -> str:
    return f"{getpass.getuser()}@host"
