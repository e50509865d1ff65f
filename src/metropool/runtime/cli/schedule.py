"""``metropool schedule``: which items are collected how often, over the site's own API, so with the same rights and audit."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from metropool.runtime.cli.options import HERE, AsJson, Login, Site
from metropool.runtime.cli.printing import print_json
from metropool.runtime.cli.words import language, word

schedule_app = typer.Typer(help=word("schedule"), no_args_is_help=True)
BASE = "/metering/api/collection/schedules"
Item = Annotated[str, typer.Argument(help=word("schedule_item"))]
Reason = Annotated[str, typer.Option("--reason", help=word("schedule_reason"))]


@schedule_app.command("list", help=word("schedule_list"))
def list_schedules(login: Login, site: Site = HERE, as_json: AsJson = False) -> None:
    """The schedules, and the version each is at."""
    from metropool.runtime.cli.over_site import ask, signed_in

    with signed_in(site, login) as client:
        rows = ask(client, "GET", BASE, None, {})["rows"]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _line(row)


@schedule_app.command("set", help=word("schedule_set"))
def set_schedule(
    item: Item,
    reason: Reason,
    login: Login,
    every: Annotated[int | None, typer.Option("--every", help=word("schedule_every"))] = None,
    delay: Annotated[int | None, typer.Option("--delay", help=word("schedule_delay"))] = None,
    collect: Annotated[bool | None, typer.Option("--collect/--stop", help=word("schedule_collect"))] = None,
    site: Site = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a new version; what is not given stays as the newest version has it."""

    def body(row: Mapping[str, Any]) -> dict[str, Any]:
        last = row["versions"][0]
        given = {
            "every_s": None if every is None else every * 60,
            "delay_s": None if delay is None else delay * 60,
            "is_collected": collect,
        }
        wish = {name: last[name] if value is None else value for name, value in given.items()}
        return {**wish, "seen": row["version"], "reason": reason}

    _change(item, "", body, login=login, site=site, as_json=as_json)


@schedule_app.command("undo", help=word("schedule_undo"))
def undo_schedule(
    item: Item,
    reason: Reason,
    login: Login,
    version: Annotated[int, typer.Option("--to", help=word("schedule_to"))],
    site: Site = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a new version with the values of an earlier one."""

    def body(row: Mapping[str, Any]) -> dict[str, Any]:
        return {"seen": row["version"], "restore": version, "reason": reason}

    _change(item, "/undo", body, login=login, site=site, as_json=as_json)


def _change(item: str, path: str, body: Any, *, login: str, site: str, as_json: bool) -> None:
    from metropool.core.errors import NotFound
    from metropool.core.identifiers import RandomIds
    from metropool.runtime.cli.over_site import ask, signed_in

    with signed_in(site, login) as client:
        rows = {row["item"]: row for row in ask(client, "GET", BASE, None, {})["rows"]}
        if item not in rows:
            raise NotFound(f"no schedule of {item}; there are {', '.join(rows)}")
        headers = {"Idempotency-Key": RandomIds().fresh_id()}
        changed = ask(client, "POST", f"{BASE}/{item}{path}", body(rows[item]), headers)
    if as_json:
        print_json(changed)
    else:
        _line(changed)


def _line(row: Mapping[str, Any]) -> None:
    state = word("schedule_on" if row["is_collected"] else "schedule_off")
    coming = f"  {word('schedule_coming')} {row['coming']['version']}: {row['coming']['starts_at']}" if row["coming"] else ""
    minutes = f"{row['every_s'] // 60:>5} min  +{row['delay_s'] // 60} min"
    name = row["name"][language()]
    sys.stdout.write(f"{row['item']:<40} v{row['version']:<3} {minutes:<20} {state}  {name}{coming}\n")
