"""``metropool control``: reading on demand and control, as typed; what they do is in ``control.py``."""

from typing import Annotated

import typer

from metropool.runtime.cli.options import HERE, AsJson, Login, Site, Wait
from metropool.runtime.cli.words import word

control_app = typer.Typer(help=word("control"), no_args_is_help=True)


@control_app.command("order", help=word("control_order"))
def control_order(
    meter: Annotated[str, typer.Argument(help=word("control_meter"))],
    kind: Annotated[str, typer.Argument(help=word("control_kind"))],
    reason: Annotated[str, typer.Option("--reason", help=word("control_reason"))],
    login: Login,
    site: Site = HERE,
    wait: Wait = 60.0,
    expires: Annotated[int | None, typer.Option("--expires", min=10, help=word("control_expires"))] = None,
    minutes: Annotated[int | None, typer.Option("--minutes", help=word("control_minutes"))] = None,
    on_site: Annotated[str | None, typer.Option("--on-site-by", help=word("control_on_site"))] = None,
    as_json: AsJson = False,
) -> None:
    """Read a meter on demand, or order supply or a valve switched."""
    from metropool.runtime.cli.control import order_command

    order_command(
        meter=meter,
        kind=kind,
        reason=reason,
        site=site,
        login=login,
        wait_s=wait,
        as_json=as_json,
        expires_in_s=expires,
        minutes=minutes,
        on_site_by=on_site,
    )


@control_app.command("approve", help=word("control_approve"))
def control_approve(
    command: Annotated[str, typer.Argument(help=word("control_id"))],
    reason: Annotated[str, typer.Option("--reason", help=word("control_reason"))],
    login: Login,
    site: Site = HERE,
    wait: Wait = 60.0,
    reject: Annotated[bool, typer.Option("--reject", help=word("control_reject"))] = False,
    as_json: AsJson = False,
) -> None:
    """Say the second person's word."""
    from metropool.runtime.cli.control import approve_command

    approve_command(command=command, reject=reject, reason=reason, site=site, login=login, wait_s=wait, as_json=as_json)


@control_app.command("list", help=word("control_list"))
def control_list(login: Login, site: Site = HERE, as_json: AsJson = False) -> None:
    """The newest commands."""
    from metropool.runtime.cli.control import list_commands

    list_commands(site=site, login=login, as_json=as_json)
