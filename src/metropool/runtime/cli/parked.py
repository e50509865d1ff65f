"""``metropool parked``: letters that a system could not take in, with their reasons; taken in like new, or discarded, with its audit."""

import getpass
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import language, word

parked_app = typer.Typer(help=word("parked"), no_args_is_help=True)
System = Annotated[str, typer.Argument(metavar="SYSTEM", help=word("parked_system"))]
MOST_LISTED = 10_000
Letter = Annotated[str, typer.Argument(metavar="ID", help=word("parked_letter"))]


@parked_app.command("list", help=word("parked_list"))
def show(system: System, as_json: AsJson = False) -> None:
    """List parked letters."""
    from metropool.runtime.intake import parked_in
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        rows = parked_in(node)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write(
            f"{row['id']}  {row['heard_at'][:16]}  {row['sender']} {row['phrase']}  {row['bytes']} B  {row['reason']}\n"
        )


@parked_app.command("replay", help=word("parked_replay"))
def take_in(system: System, letter: Letter) -> None:
    """Take a parked letter in like one that just came."""
    from metropool.runtime.intake import replay_now
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        replay_now(node, letter, by=f"{getpass.getuser()}@host")
    sys.stderr.write(word("parked_taken", letter=letter, system=system) + "\n")


@parked_app.command("batches", help=word("parked_batches"))
def show_batches(system: System, as_json: AsJson = False) -> None:
    """List batches that are not whole, oldest first."""
    from metropool.runtime.batch_health import short_sentence
    from metropool.runtime.intake import short_in
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        found = short_in(node, limit=MOST_LISTED)
    if as_json:
        print_json([asdict(one) for one in found.oldest])
        return
    for one in found.oldest:
        sys.stdout.write(f"{short_sentence(one).said(language())}\n")


@parked_app.command("give-up", help=word("parked_give_up"))
def wait_no_longer(system: System, batch: Annotated[str, typer.Argument(metavar="BATCH", help=word("parked_batch"))]) -> None:
    """Wait no longer for the rest of a batch."""
    from metropool.runtime import intake
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        intake.wait_no_longer(node, batch, by=f"{getpass.getuser()}@host")
    sys.stderr.write(word("parked_waited", batch=batch, system=system) + "\n")


@parked_app.command("discard", help=word("parked_discard"))
def discard(system: System, letter: Letter) -> None:
    """Give a parked letter up; its record and reason stay."""
    from metropool.runtime.intake import discard_now
    from metropool.runtime.systems import opened_beside

    with opened_beside(system) as node:
        discard_now(node, letter, by=f"{getpass.getuser()}@host")
    sys.stderr.write(word("parked_given_up", letter=letter, system=system) + "\n")
