"""``metropool gateway``: gateways and their credentials, on the machine of whoever vouches for them."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

gateway_app = typer.Typer(help=word("gateway"), no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help=word("gateway_name"))]
Per = Annotated[str, typer.Option(metavar="KIND", help=word("gateway_per"))]
AtSystem = Annotated[str, typer.Option(metavar="SYSTEM", help=word("gateway_system"))]
HOME = "home"


@gateway_app.command("list", help=word("gateway_list"))
def list_gateways(as_json: AsJson = False) -> None:
    """Every gateway: since when it has its credential, or when it was taken back, when it came in and was heard last."""
    fields = ("per", "name", "place", "issued_at", "revoked_at", "came_in_at", "heard_at")
    rows = []
    for host in _hosts():
        told = _at(host, lambda work: work.admission_book.gateways())
        rows += [{"host": host, **{name: getattr(one, name) for name in fields}} for one in told]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write("  ".join(f"{row[name] or '-':<32}" for name in ("host", *fields)) + "\n")


@gateway_app.command("enrol", help=word("gateway_enrol"))
def enrol(
    name: Name,
    household: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=word("gateway_household"))] = "",
    per: Per = HOME,
    place: Annotated[str, typer.Option(metavar="PLACE", help=word("gateway_place"))] = "",
    system: AtSystem = "",
) -> None:
    """Write down that there is a gateway."""
    from metropool.capabilities.admission import operations

    given: dict[str, Any] = {"per": per, "name": name, "place": place or name, "household": household or None}
    _at(_only(_hosts(per=per, system=system)), lambda work: operations.enrol_gateway(work=work, **given))


@gateway_app.command("issue", help=word("gateway_issue"))
def issue(name: Name, per: Per = HOME, system: AtSystem = "") -> None:
    """Draw a new credential and print it: it is shown nowhere else."""
    from metropool.capabilities.admission import operations

    given = {"per": per, "name": name, "by": "command line"}
    secret = _at(_known(per, name, system), lambda work: operations.issue_credential(work=work, **given))
    sys.stdout.write(secret + "\n")


@gateway_app.command("revoke", help=word("gateway_revoke"))
def revoke(name: Name, per: Per = HOME, system: AtSystem = "") -> None:
    """Take a credential back; the gateway is put out within a second while its host is served."""
    from metropool.capabilities.admission import operations

    _at(_known(per, name, system), lambda work: operations.revoke_credential(work=work, per=per, name=name))


def _hosts(*, per: str = "", system: str = "") -> list[str]:
    """The systems of the plan that vouch for gateways, as far as this home has their books.

    Raises:
        NotFound: The plan has none, or nobody has served them here.
    """
    from metropool.core.errors import NotFound
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named, has_books

    settings = settings_of_home()
    compiled = compile_named(settings.plan, home=settings.home)
    every = [host for kind in compiled.broker.gateways if per in ("", kind.per) for host in kind.hosts]
    hosts = [host for host in dict.fromkeys(every) if system in ("", host)]
    if not hosts:
        raise NotFound(f"in the plan {compiled.plan} nobody vouches for a gateway of a {per}{f' at {system}' if system else ''}")
    here = [host for host in hosts if has_books(settings, host)]
    if not here:
        raise NotFound(word("no_books", home=settings.home))
    return here


def _known(per: str, name: str, system: str) -> str:
    """The one host that knows a gateway.

    Raises:
        NotFound: Nobody does.
        Invalid: Several do, and none is named.
    """
    from metropool.core.errors import NotFound

    hosts = _hosts(per=per, system=system)
    if len(hosts) > 1:
        hosts = [host for host in hosts if _at(host, partial(_is_enrolled, per, name))]
    if not hosts:
        raise NotFound(f"no host knows a gateway {name} of a {per}: enrol it first")
    return _only(hosts)


def _is_enrolled(per: str, name: str, work: Any) -> bool:
    return work.admission_book.gateway(per, name) is not None


def _only(hosts: list[str]) -> str:
    from metropool.core.errors import Invalid

    if len(hosts) > 1:
        raise Invalid(f"several systems could be meant: name one with --system: {', '.join(hosts)}")
    return hosts[0]


def _at(host: str, operation: Callable[[Any], Any]) -> Any:
    """Run an operation in the books of a host, beside whoever serves it."""
    from metropool.runtime.systems import opened_beside

    with opened_beside(host) as node:
        return node.write_now("admission", operation)[0]
