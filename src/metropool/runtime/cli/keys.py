"""``metropool keys``: the terminals' own keys, on the machine of the front end."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metropool.core.errors import NotFound
from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import word

if TYPE_CHECKING:
    from metropool.capabilities.metering.frontend.sealed.key_file import TerminalKeyFile
    from metropool.core.clock import Clock

keys_app = typer.Typer(help=word("keys"), no_args_is_help=True)
Terminals = Annotated[list[str], typer.Argument(metavar="TERMINAL...", help=word("keys_terminal"))]


@keys_app.command("list", help=word("keys_list"))
def list_keys(as_json: AsJson = False) -> None:
    """Every key there was: whose, its number, since when, and how it ended."""
    from metropool.devices.addresses import unpack

    keys, _ = _open()
    rows = [
        {"terminal": unpack(row.terminal).address, "number": row.number, "at": row.at, "ended": row.ended or None}
        for row in keys.standing()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = word(f"keys_{row['ended'] or 'good'}")
        sys.stdout.write(f"{row['terminal']:<14} {row['number']:>3}  {str(row['at'])[:10]}  {state}\n")


@keys_app.command("draw", help=word("keys_draw"))
def draw_keys(terminals: Terminals, to: Annotated[Path, typer.Option("--to", help=word("keys_to"))]) -> None:
    """Draw a new key for each; the one before stays good until the new one was used."""
    from metropool.runtime.terminal_keys import hand_over

    keys, clock = _open()
    drawn = keys.draw(_addresses(terminals), at=clock.now().isoformat())
    hand_over(drawn, to=to)
    sys.stdout.write(f"{len(drawn)} {word('keys_drawn')} {to}\n")


@keys_app.command("revoke", help=word("keys_revoke"))
def revoke_keys(terminals: Terminals) -> None:
    """End every key of each; its link is cut within seconds.

    Raises:
        NotFound: One never had a key; those of the others are ended all the same.
    """
    keys, _ = _open()
    numbers = _addresses(terminals)
    known = {row.terminal for row in keys.standing()}
    ended = sum(keys.end(terminal=number, how="revoked") for number in numbers)
    sys.stdout.write(f"{ended} {word('keys_ended')}\n")
    if unknown := [text for text, number in zip(terminals, numbers, strict=True) if number not in known]:
        raise NotFound(word("keys_none", names=", ".join(unknown)))


def _open() -> "tuple[TerminalKeyFile, Clock]":
    from metropool.runtime.settings import settings_of_home
    from metropool.runtime.systems import compile_named
    from metropool.runtime.terminal_keys import front_end_system, open_terminal_keys

    settings = settings_of_home()
    return open_terminal_keys(settings, front_end_system(compile_named(settings.plan, home=settings.home))), settings.the_clock


def _addresses(terminals: list[str]) -> list[int]:
    """Device numbers.

    Raises:
        Invalid: One is no address of a link.
    """
    from metropool.capabilities.metering.collection.adapters.terminals import link_address

    return [link_address("dlt645" if len(text) == 12 and text.isdecimal() else "gdw1376", text, {}) for text in terminals]
