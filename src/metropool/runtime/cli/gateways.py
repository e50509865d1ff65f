"""``metropool gateway``: credentials of homes' gateways, on the machine of whoever hosts the homes."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

gateway_app = typer.Typer(help=word("gateway"), no_args_is_help=True)
Place = Annotated[str, typer.Argument(metavar="HOME", help=word("gateway_place"))]


@gateway_app.command("list", help=word("gateway_list"))
def list_gateways(as_json: AsJson = False) -> None:
    """Every gateway: since when it has its credential, or when it was taken back, and when it came in last."""
    fields = ("place", "issued_at", "revoked_at", "came_in_at")
    told = _at_hosts(lambda work: [{name: getattr(one, name) for name in fields} for one in work.place_book.gateways()])
    rows = [row for _, rows in told for row in rows]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write("  ".join(f"{row[name] or '-':<32}" for name in fields) + "\n")


@gateway_app.command("enrol", help=word("gateway_enrol"))
def enrol(
    place: Place,
    household: Annotated[str, typer.Argument(metavar="ACCOUNT", help=word("gateway_household"))],
    system: Annotated[str, typer.Option(metavar="SYSTEM", help=word("gateway_system"))] = "",
) -> None:
    """Write down that a home has a gateway."""
    from metropool.capabilities.places import operations

    _at_hosts(lambda work: operations.enrol_gateway(work=work, place=place, household=household), system=system, one=True)


@gateway_app.command("issue", help=word("gateway_issue"))
def issue(place: Place) -> None:
    """Draw a new credential and print it: it is shown nowhere else."""
    from metropool.capabilities.places import operations

    ((_, secret),) = _at_hosts(
        lambda work: operations.issue_credential(work=work, place=place, by="command line"), home=place, one=True
    )
    sys.stdout.write(secret + "\n")


@gateway_app.command("revoke", help=word("gateway_revoke"))
def revoke(place: Place) -> None:
    """Take a credential back; the gateway is put out within a second while its host is served."""
    from metropool.capabilities.places import operations

    _at_hosts(lambda work: operations.revoke_credential(work=work, place=place), home=place, one=True)


def _at_hosts(operation: Callable[[Any], Any], *, home: str = "", system: str = "", one: bool = False) -> list[tuple[str, Any]]:
    """Run an operation in the books of whoever hosts homes, beside whoever serves them; the system and what it gave, for each.

    Args:
        home: Only where the gateway of this home is known.
        system: Only at this host.
        one: At one host alone.

    Raises:
        NotFound: The plan hosts homes nowhere, or not there, or nobody knows the home's gateway.
        Invalid: There are several hosts and none is named.
    """
    from metropool.core.errors import Invalid, NotFound
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named

    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    gateways = compiled.broker.gateways
    hosts = [host for host in (gateways.hosts if gateways else ()) if system in ("", host)]
    if not hosts:
        raise NotFound(f"the plan {compiled.plan} hosts no homes{f' at {system}' if system else ''}")
    if home and len(hosts) > 1:
        hosts = [host for host in hosts if _knows(host, home, compiled, settings)]
    if not hosts:
        raise NotFound(f"no host knows a gateway of {home}: enrol it first")
    if one and len(hosts) > 1:
        raise Invalid(f"several systems host homes: name one with --system: {', '.join(hosts)}")
    return [(host, _at(host, operation, compiled, settings)) for host in hosts]


def _knows(host: str, home: str, compiled: Any, settings: Any) -> bool:
    return bool(_at(host, lambda work: [one for one in work.place_book.gateways() if one.place == home], compiled, settings))


def _at(host: str, operation: Callable[[Any], Any], compiled: Any, settings: Any) -> Any:
    from metropool.core.identifiers import SystemId
    from metropool.runtime.systems import open_node

    node = open_node(SystemId(host), compiled=compiled, settings=settings)
    try:
        return node.write_now("places", operation)[0]
    finally:
        node.close()
