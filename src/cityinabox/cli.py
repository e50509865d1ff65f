"""Command line of the city in a box. Every server prints one line of JSON when it is ready and ends cleanly on SIGTERM."""

import argparse
import asyncio
import json
import sys
from datetime import date
from pathlib import Path

from cityinabox.carrier.command import add_carrier, add_trouble
from cityinabox.clock import instant_of, read_clock
from cityinabox.company.command import add_company
from cityinabox.company.keeper import add_keeper
from cityinabox.gateway.command import add_gateway
from cityinabox.serving import say_ready, until_terminated


def main(argv: list[str] | None = None) -> None:
    """Make a city, or start a device or an outside party."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as error:
        sys.exit(f"cityinabox: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("cityinabox", description="Devices and outside parties that speak the real protocols.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _city_command(commands.add_parser("city", help="make a city file from a seed"))
    _history_command(commands.add_parser("history", help="write what the old systems hand over to the new one"))
    _concentrators_command(commands.add_parser("concentrators", help="run all concentrators of a city"))
    _meter_command(commands.add_parser("meter645", help="run the plain DL/T 645 meter behind transparent TCP"))
    add_carrier(commands.add_parser("carrier", help="run the carrier between terminals and head-end"))
    add_gateway(commands)
    add_keeper(commands.add_parser("keeper", help="run software that keeps what comes to the door of its system"))
    add_company(commands.add_parser("company", help="run a company's own software at the door of its system"))
    add_trouble(commands.add_parser("trouble", help="ask a running carrier for trouble"))
    _channel_command(commands.add_parser("payment-channel", help="run the outside payment channel"))
    _payers_command(commands.add_parser("payers", help="let residents pay their old bills over the site"))
    return parser


def _city_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--homes", type=int, default=60)
    parser.add_argument("--starts-on", type=date.fromisoformat, default=date(2026, 7, 1), help="day the faults count from")
    parser.add_argument("-o", "--output", type=Path, help="file to write; standard output when left out")
    parser.set_defaults(run=_make_city)


def _history_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--city", type=Path, required=True, help="city file")
    parser.add_argument(
        "--from", dest="starts", type=instant_of, required=True, metavar="DATE", help="first register, day or time"
    )
    parser.add_argument("--to", dest="ends", type=instant_of, required=True, metavar="DATE", help="last register, day or time")
    parser.add_argument("--fine-days", type=int, default=40, help="last days with a register each hour or quarter hour")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.set_defaults(run=_write_history)


def _concentrators_command(parser: argparse.ArgumentParser) -> None:
    _city_options(parser)
    parser.add_argument("--head-end", required=True, metavar="HOST:PORT")
    parser.add_argument("--record", type=Path, help="JSON lines of what was acknowledged; HOME/record.jsonl when left out")
    parser.add_argument("--heartbeat", type=float, default=60.0, help="machine seconds between heartbeats")
    parser.add_argument("--confirm-timeout", type=float, default=5.0, help="machine seconds to wait for a confirmation")
    parser.add_argument("--curve-minutes", type=int, default=60, help="business minutes between pushes of the register curve")
    parser.add_argument("--lose", type=float, default=0.0, help="share of meter answers that stay out")
    parser.add_argument("--cut", type=float, default=0.0, metavar="SECONDS", help="mean time between broken connections")
    parser.add_argument("--garbage", type=float, default=0.0, help="share of frames with random bytes before them")
    parser.add_argument("--late-clock", type=int, default=0, metavar="SECONDS", help="terminal clocks start late")
    parser.add_argument("--keys", type=Path, help="JSON file of the terminals' keys; plain links when left out")
    parser.set_defaults(run=_run_concentrators)


def _meter_command(parser: argparse.ArgumentParser) -> None:
    _city_options(parser)
    parser.add_argument("--listen", type=int, default=0, metavar="PORT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--device", help="id of the meter; the one with transport tcp when left out")
    parser.add_argument("--keys", type=Path, help="JSON file with the meter's key; a plain link when left out")
    parser.set_defaults(run=_run_meter)


def _channel_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", type=Path, default=Path(".cityinabox"), help="folder of the database and the key")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")
    parser.add_argument("--merchant", action="append", default=[], metavar="ID=PUBLIC_KEY", help="32 bytes in hex; repeatable")
    parser.add_argument("--behaviour", default="", help="how notices of new orders behave, such as times=15,delay_s=2")
    parser.set_defaults(run=_run_channel)


def _payers_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", required=True, metavar="URL", help="address of the site, such as http://127.0.0.1:8080")
    parser.add_argument("--logins", type=Path, required=True, help="JSON list of login, password and account")
    parser.add_argument("--until-open", type=int, default=1, metavar="MONTHS", help="newest months that stay unpaid")
    parser.add_argument("--share", type=float, default=0.9, help="share of the homes that pays")
    parser.add_argument("--seed", type=int, default=7, help="decides which homes pay")
    parser.add_argument("--each-month", action="store_true", help="one payment a month instead of one for all old bills")
    parser.set_defaults(run=_run_payers)


def _city_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--city", type=Path, required=True, help="city file")
    parser.add_argument("--home", type=Path, default=Path(".cityinabox"), help="folder of the journal")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")


def _make_city(arguments: argparse.Namespace) -> None:
    from cityinabox.city import make_city

    text = make_city(arguments.seed, arguments.homes, arguments.starts_on).text()
    print(f"seed {arguments.seed}", file=sys.stderr)
    if arguments.output:
        arguments.output.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


def _write_history(arguments: argparse.Namespace) -> None:
    from cityinabox.history import write_history
    from cityinabox.load import read_city

    written = write_history(
        read_city(arguments.city),
        from_s=arguments.starts,
        to_s=arguments.ends,
        folder=arguments.output,
        fine_days=arguments.fine_days,
    )
    for file in written:
        print(json.dumps({"file": str(file.path), "meters": file.meters, "rows": file.rows}))


def _run_concentrators(arguments: argparse.Namespace) -> None:
    from cityinabox.concentrator import LinkSettings, run_concentrators
    from cityinabox.journal import Journal, Record
    from cityinabox.load import Faults, concentrators, read_city
    from cityinabox.wires import Keys

    host, _, port = arguments.head_end.rpartition(":")
    city = read_city(arguments.city)
    record = Record(arguments.record or arguments.home / "record.jsonl")
    keys = Keys(arguments.keys) if arguments.keys else None
    link = LinkSettings(arguments.heartbeat, arguments.confirm_timeout, arguments.cut, arguments.garbage, keys)
    faults = Faults(arguments.lose, arguments.late_clock)
    with Journal(arguments.home / "journal.sqlite") as journal:
        running = concentrators(
            city, read_clock(arguments.clock), journal, record, faults=faults, curve_s=arguments.curve_minutes * 60, link=link
        )
        say_ready(port=int(port), seed=city["seed"], terminals=len(running))
        until_terminated(lambda: run_concentrators(running, host or "127.0.0.1", int(port)))
    record.close()


def _run_meter(arguments: argparse.Namespace) -> None:
    from cityinabox.journal import Journal, Record
    from cityinabox.load import energy_meter, read_city
    from cityinabox.modem import open_modem
    from cityinabox.refused import Refusals
    from cityinabox.wires import Keys

    try:
        from cityinabox.meter645 import open_meter
    except ModuleNotFoundError as cause:
        raise ValueError(f"the plain meter needs the library {cause.name}: pip install {cause.name}") from cause
    city = read_city(arguments.city)
    device = arguments.device or next(row["id"] for row in city["devices"] if row.get("transport") == "tcp")

    async def serve() -> None:
        meter, clock = energy_meter(city, device, journal), read_clock(arguments.clock)
        behind = 0 if arguments.keys else arguments.listen
        service = await open_meter(meter, clock, arguments.host, behind)
        port = service.server.port
        if arguments.keys:
            refusals = Refusals(meter.address, Record(arguments.home / f"{device}.jsonl"), journal)
            before = {"meter_port": port, "address": meter.address, "refusals": refusals, "shows": clock.time}
            before["keys"] = Keys(arguments.keys)
            modem = await open_modem(arguments.host, arguments.listen, **before)
            port = modem.sockets[0].getsockname()[1]
        say_ready(port=port, device=device, address=meter.address)
        try:
            await asyncio.Event().wait()
        finally:
            await service.stop()

    with Journal(arguments.home / f"{device}.sqlite") as journal:
        until_terminated(serve)


def _run_channel(arguments: argparse.Namespace) -> None:
    from cityinabox.payment.serve import serve_channel

    merchants = dict(text.split("=", 1) for text in arguments.merchant)
    until_terminated(
        lambda: serve_channel(
            home=arguments.home,
            host=arguments.host,
            port=arguments.listen,
            clock=read_clock(arguments.clock),
            merchants=merchants,
            behaviour=arguments.behaviour,
            ready=lambda port, key: say_ready(port=port, public_key=key),
        )
    )


def _run_payers(arguments: argparse.Namespace) -> None:
    from cityinabox.payers import Payers

    if not 0 <= arguments.share <= 1 or arguments.until_open < 0:
        raise ValueError("--share is from 0 to 1, and --until-open is not negative")
    logins = json.loads(arguments.logins.read_text("utf-8"))
    payers = Payers(arguments.site, arguments.until_open, arguments.share, arguments.seed, arguments.each_month)
    summary = asyncio.run(payers.run(logins, lambda told: print(json.dumps(told), flush=True)))
    print(json.dumps(summary, ensure_ascii=False), flush=True)
    if summary["failed"]:
        raise ValueError(f"{len(summary['failed'])} homes could not pay all their old bills")


if __name__ == "__main__":
    main()
