"""``metropool broker``: certificates of the city's machines, and where the servers of its brokers are."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

if TYPE_CHECKING:
    from metropool.core.clock import Instant
    from metropool.runtime.certificates.authority import Authority, Issued

broker_app = typer.Typer(help=word("broker"), no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help=word("broker_certificate_name"))]
Which = Annotated[str, typer.Argument(metavar="NAME|NUMBER", help=word("broker_revoke_which"))]
Folders = Annotated[list[Path], typer.Argument(metavar="FOLDER...", help=word("broker_trust_to"))]


@broker_app.command("certificate", help=word("broker_certificate"))
def make_certificate(
    name: Name,
    host: Annotated[list[str] | None, typer.Option("--host", help=word("broker_certificate_host"))] = None,
    days: Annotated[float, typer.Option("--days", help=word("broker_certificate_days"))] = 398,
    to: Annotated[Path | None, typer.Option("--to", help=word("broker_certificate_to"))] = None,
) -> None:
    """Make the certificate of a machine, or renew it: the hosts it had are kept where none are given."""
    with _authority() as authority:
        known = any(each.name == name for each in authority.issued())
        handed = authority.renew(name, days=days) if known and not host else authority.issue(name, hosts=host or (), days=days)
        folder = to or authority.trust.parent / "handed" / name
        authority.hand(handed, to=folder)
        authority.hand_trust(_here())
    sys.stdout.write(f"{word('broker_certificate_made')} {folder}\n")


@broker_app.command("certificates", help=word("broker_certificates"))
def list_certificates(as_json: AsJson = False) -> None:
    """Every certificate there was."""
    with _authority() as authority:
        rows = [(each, _state(each, authority.now)) for each in authority.issued()]
    if as_json:
        shown = ("name", "serial", "hosts", "since", "until", "pin")
        print_json([{key: getattr(each, key) for key in shown} | {"state": state} for each, state in rows])
        return
    for each, state in rows:
        sys.stdout.write(f"{each.name:<20} {each.serial:<40} {each.until:%Y-%m-%d}  {word(f'broker_state_{state}')}\n")


@broker_app.command("revoke", help=word("broker_revoke"))
def revoke_certificate(which: Which) -> None:
    """Revoke, and publish that."""
    with _authority() as authority:
        ended, trust = authority.revoke(which), authority.trust
        authority.hand_trust(_here())
    sys.stdout.write(f"{ended} {word('broker_revoked')} {trust}\n")


@broker_app.command("trust", help=word("broker_trust"))
def copy_trust(folders: Folders) -> None:
    """Write the trust files anew, and copy them."""
    with _authority() as authority:
        authority.publish()
        for folder in folders:
            authority.hand_trust(folder)


@broker_app.command("servers", help=word("broker_servers"))
def list_servers(as_json: AsJson = False) -> None:
    """Where each broker of the plan runs, who is on it, whom it dials.

    Raises:
        Invalid: There is no brokers' file.
    """
    from metropool.core.errors import Invalid
    from metropool.runtime.broker_beyond import read_sites
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named

    settings = settings_of_home()
    if not settings.has_brokers_file:
        raise Invalid(word("broker_no_file", broker=settings.broker))
    sites, zones = read_sites(settings, compile_named(settings.plan, home=settings.home))
    rows = [
        {
            "server": site.name,
            "broker": name,
            "url": f"{sites.scheme}://{site.at(site.port)}",
            "systems": [account for account in zone.broker.accounts if not account.startswith("border-")],
            "dials": [border.outer for border in zone.dials],
        }
        for name, zone in zones.items()
        for site in sites.brokers[name]
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write(f"{row['server']:<20} {row['url']:<32} {', '.join(row['systems'])} → {', '.join(row['dials']) or '–'}\n")


def _state(each: "Issued", now: "Instant") -> str:
    if each.revoked_at is not None:
        return "revoked"
    return "good" if each.is_good(now) else "ended"


def _here() -> Path:
    from metropool.runtime.settings import settings_of_home

    return settings_of_home().certificate_folder


@contextmanager
def _authority() -> "Iterator[Authority]":
    """The authority of this home; its time is the machine's, as that of whoever looks at a certificate."""
    from metropool.core.clock import SystemClock
    from metropool.runtime.certificates.authority import Authority
    from metropool.runtime.settings import settings_of_home

    authority = Authority(settings_of_home().home / "authority", now=SystemClock().now())
    try:
        yield authority
    finally:
        authority.close()
