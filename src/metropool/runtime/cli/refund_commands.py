"""``metropool refund``: refunds, as typed; what they do is in ``refunds.py``."""

from typing import Annotated

import typer

from metropool.runtime.cli.options import HERE, AsJson, Login, Site
from metropool.runtime.cli.words import word

refund_app = typer.Typer(help=word("refund"), no_args_is_help=True)


@refund_app.command("ask", help=word("refund_ask"))
def refund_ask(
    payment: Annotated[str, typer.Argument(help=word("refund_payment"))],
    amount: Annotated[str, typer.Option("--amount", help=word("refund_amount"))],
    reason: Annotated[str, typer.Option("--reason", help=word("refund_reason"))],
    login: Login,
    site: Site = HERE,
    as_json: AsJson = False,
) -> None:
    """Ask for a refund."""
    from metropool.runtime.cli.refunds import ask_refund

    ask_refund(payment=payment, amount_cny=amount, reason=reason, site=site, login=login, as_json=as_json)


@refund_app.command("approve", help=word("refund_approve"))
def refund_approve(
    refund: Annotated[str, typer.Argument(help=word("refund_id"))],
    reason: Annotated[str, typer.Option("--reason", help=word("refund_reason"))],
    login: Login,
    site: Site = HERE,
    reject: Annotated[bool, typer.Option("--reject", help=word("control_reject"))] = False,
    as_json: AsJson = False,
) -> None:
    """Say the second person's word."""
    from metropool.runtime.cli.refunds import decide_on_refund

    decide_on_refund(refund=refund, reject=reject, reason=reason, site=site, login=login, as_json=as_json)


@refund_app.command("list", help=word("refund_list"))
def refund_list(login: Login, site: Site = HERE, as_json: AsJson = False) -> None:
    """The newest refunds."""
    from metropool.runtime.cli.refunds import list_refunds

    list_refunds(site=site, login=login, as_json=as_json)
