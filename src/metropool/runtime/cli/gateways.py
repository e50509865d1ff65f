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
    rows = _at_host(lambda work: [{name: getattr(one, name) for name in fields} for one in work.place_book.gateways()])
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write("  ".join(f"{row[name] or '-':<32}" for name in fields) + "\n")


@gateway_app.command("enrol", help=word("gateway_enrol"))
def enrol(place: Place, household: Annotated[str, typer.Argument(metavar="ACCOUNT", help=word("gateway_household"))]) -> None:
    """Write down that a home has a gateway."""
    from metropool.capabilities.places import operations

    _at_host(lambda work: operations.enrol_gateway(work=work, place=place, household=household))


@gateway_app.command("issue", help=word("gateway_issue"))
def issue(place: Place) -> None:
    """Draw a new credential and print it: it is shown nowhere else."""
    from metropool.capabilities.places import operations

    sys.stdout.write(_at_host(lambda work: operations.issue_credential(work=work, place=place, by="command line")) + "\n")


@gateway_app.command("revoke", help=word("gateway_revoke"))
def revoke(place: Place) -> None:
    """Take a credential back; the gateway is put out within a second while its host is served."""
    from metropool.capabilities.places import operations

    _at_host(lambda work: operations.revoke_credential(work=work, place=place))


def _at_host(operation: Callable[[Any], Any]) -> Any:
    """Run an operation in the books of whoever hosts homes, beside whoever serves them.

    Raises:
        NotFound: The plan hosts homes nowhere.
    """
    from metropool.core.errors import NotFound
    from metropool.core.identifiers import SystemId
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named, open_node

    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    gateways = compiled.broker.gateways
    if gateways is None:
        raise NotFound(f"the plan {compiled.plan} hosts no homes")
    node = open_node(SystemId(gateways.host), compiled=compiled, settings=settings)
    try:
        return node.write_now("places", operation)[0]
    finally:
        node.close()
