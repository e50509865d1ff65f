"""``metropool``: one screen of help, groups, examples first; results on stdout, talk on stderr."""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from metropool import __version__
from metropool.core.errors import MetropoolError
from metropool.runtime.cli.brokers import broker_app
from metropool.runtime.cli.control_commands import control_app
from metropool.runtime.cli.door import door_app
from metropool.runtime.cli.evidence_commands import evidence_app
from metropool.runtime.cli.gateways import gateway_app
from metropool.runtime.cli.keys import keys_app
from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.parked import parked_app
from metropool.runtime.cli.printing import number_what_cannot_be_said
from metropool.runtime.cli.refund_commands import refund_app
from metropool.runtime.cli.schedule import schedule_app
from metropool.runtime.cli.usage import run
from metropool.runtime.cli.words import fault_lines, language, taken_out, word

COLLECT = (50_000, 20, 50)
"""When the garbage collector looks: as often as Python would have it, a fourth of the time it takes to start goes into looking at code."""

app = typer.Typer(
    help=f"{word('app')}\n\n{word('examples')}",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
plan_app = typer.Typer(help=word("plan"), no_args_is_help=True)
app.add_typer(plan_app, name="plan", rich_help_panel=word("group_admin"))
app.add_typer(broker_app, name="broker", rich_help_panel=word("group_admin"))
app.add_typer(keys_app, name="keys", rich_help_panel=word("group_admin"))
app.add_typer(gateway_app, name="gateway", rich_help_panel=word("group_admin"))
app.add_typer(control_app, name="control", rich_help_panel=word("group_operate"))
app.add_typer(refund_app, name="refund", rich_help_panel=word("group_operate"))
app.add_typer(schedule_app, name="schedule", rich_help_panel=word("group_operate"))
app.add_typer(evidence_app, name="evidence", rich_help_panel=word("group_admin"))
app.add_typer(parked_app, name="parked", rich_help_panel=word("group_admin"))
app.add_typer(door_app, name="door", rich_help_panel=word("group_admin"))


def main() -> None:
    """Run the command line; a fault we know of is one sentence and exit status 1, wrong usage 2."""
    gc.set_threshold(*COLLECT)
    number_what_cannot_be_said()
    given, others = taken_out(sys.argv[1:])
    try:
        run(app, [*(["--lang", given] if given else []), *others])
    except MetropoolError as fault:
        sys.stderr.write("\n".join(fault_lines(fault)) + "\n")
        raise SystemExit(1) from None
    except OSError as fault:
        if fault.filename is None:
            raise
        sys.stderr.write(f"metropool: {word('os_error', file=fault.filename, reason=fault.strerror)}\n")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"metropool {__version__}\n")
        raise typer.Exit


def _known_language(given: str) -> str:
    if given not in ("zh", "en"):
        raise typer.BadParameter(f"{given}: zh | en")
    return given


@app.callback()
def root(
    lang: Annotated[str, typer.Option("--lang", help=f"zh | en: {word('option_lang')}", callback=_known_language)] = language(),
    version: Annotated[
        bool, typer.Option("--version", help=word("option_version"), callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Options of every command."""


@app.command(help=word("decode"), rich_help_panel=word("group_data"))
def decode(
    hexadecimal: Annotated[list[str], typer.Argument(metavar="HEX", help=word("decode_hex"))],
    protocol: Annotated[str, typer.Option(help=word("decode_protocol"))],
    as_json: AsJson = False,
) -> None:
    """Explain a frame."""
    from metropool.runtime.cli.data import explain_frame

    explain_frame(" ".join(hexadecimal), protocol=protocol, as_json=as_json)


@app.command(help=word("rate"), rich_help_panel=word("group_data"))
def rate(cases: Annotated[Path, typer.Argument(metavar="CASES.json", help=word("rate_file"))], as_json: AsJson = False) -> None:
    """Rate cases."""
    from metropool.runtime.cli.data import rate_file

    rate_file(cases, as_json=as_json)


@app.command("import", help=word("import"), rich_help_panel=word("group_data"))
def import_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=word("import_file"))],
    mapping: Annotated[str, typer.Option(help=word("import_mapping"))] = "",
    as_json: AsJson = False,
) -> None:
    """Load files of meter data."""
    from metropool.runtime.cli.data import import_files

    import_files(files, mapping=mapping, as_json=as_json)


@app.command(help=word("demo"), rich_help_panel=word("group_start"))
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help=word("demo_fresh"))] = False,
    seed: Annotated[int, typer.Option(help=word("demo_seed"))] = 7,
    homes: Annotated[int, typer.Option(min=1, max=5000, help=word("demo_homes"))] = 60,
    speed: Annotated[float, typer.Option(min=1.0, max=3600.0, help=word("demo_speed"))] = 60.0,
    port: Annotated[int, typer.Option(min=1, max=65535, help=word("demo_port"))] = 8765,
    months: Annotated[int, typer.Option(min=1, max=13, help=word("demo_months"))] = 13,
    plan: Annotated[str, typer.Option(envvar="METROPOOL_PLAN", help=word("demo_plan"))] = "transition",
) -> None:
    """Start a small city."""
    from metropool.runtime.demo.running import run_demo

    run_demo(fresh=fresh, seed=seed, homes=homes, speed=speed, port=port, months=months, plan=plan, language=language())


@app.command(help=word("serve"), rich_help_panel=word("group_operate"))
def serve(
    system: Annotated[list[str] | None, typer.Argument(help=word("serve_system"))] = None,
) -> None:
    """Run systems."""
    from metropool.runtime.serve import serve_systems

    serve_systems(*system or ())


@app.command(help=word("conformance"), rich_help_panel=word("group_admin"))
def conformance(
    plan: Annotated[list[str] | None, typer.Option("--plan", help=word("conformance_plan"))] = None,
    outside: Annotated[list[str] | None, typer.Option("--outside", help=word("conformance_outside"), metavar="SYSTEM")] = None,
    servers: Annotated[int, typer.Option(min=0, help=word("conformance_servers"))] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help=word("conformance_seed"))] = None,
    folder: Annotated[Path | None, typer.Option(help=word("conformance_folder"))] = None,
    with_unbuilt: Annotated[bool, typer.Option("--all", help=word("conformance_all"))] = False,
    as_json: AsJson = False,
) -> None:
    """Drive every row of plans."""
    from metropool.runtime.cli.conformance import run_conformance

    shown = {"with_unbuilt": with_unbuilt, "as_json": as_json}
    run_conformance(plan or (), outside=outside or (), servers=servers, seed=seed, folder=folder, **shown)


@app.command(help=word("bill"), rich_help_panel=word("group_operate"))
def bill(
    account: Annotated[str, typer.Option(help=word("bill_account"))] = "",
    period: Annotated[str, typer.Option(help=word("bill_period"))] = "",
    number: Annotated[str, typer.Option(help=word("bill_number"))] = "",
    pdf: Annotated[Path | None, typer.Option(help=word("bill_pdf"))] = None,
    as_json: AsJson = False,
) -> None:
    """List bills, or write one as PDF."""
    from metropool.runtime.cli.operate import show_bills

    show_bills(account=account, period=period, number=number, pdf=pdf, as_json=as_json)


@app.command(help=word("doctor"), rich_help_panel=word("group_start"))
def doctor(
    accept_log: Annotated[str, typer.Option("--accept-log", help=word("accept_log"), metavar="SYSTEM")] = "",
    reason: Annotated[str, typer.Option("--reason", help=word("accept_log_reason"))] = "",
    as_json: AsJson = False,
) -> None:
    """Look at this machine, or accept the log of a system."""
    if accept_log:
        from metropool.runtime.cli.accept_log import accept

        accept(accept_log, reason=reason, as_json=as_json)
        return
    from metropool.runtime.cli.doctor import look

    look(as_json=as_json)


@app.command(help=word("bench"), rich_help_panel=word("group_admin"), context_settings={"ignore_unknown_options": True})
def bench(arguments: Annotated[list[str] | None, typer.Argument(help=word("bench_arguments"))] = None) -> None:
    """Measure speed and memory."""
    from metropool.runtime.cli.operate import run_bench

    run_bench(arguments or [])


@plan_app.command("check", help=word("plan_check"))
def plan_check(plan: Annotated[str, typer.Argument(help=word("plan_name"))] = "transition", as_json: AsJson = False) -> None:
    """Check a plan."""
    from metropool.runtime.cli.plans import check_plan

    check_plan(plan, as_json=as_json)


@plan_app.command("compare", help=word("plan_compare"))
def plan_compare(
    plans: Annotated[list[str] | None, typer.Argument(help=word("plan_names"))] = None,
    stop: Annotated[list[str] | None, typer.Option("--stop", help=word("plan_compare_stop"))] = None,
    as_json: AsJson = False,
) -> None:
    """Compare plans."""
    from metropool.plan.load import PLANS
    from metropool.runtime.cli.plans import compare_plans

    compare_plans(plans or PLANS, stop=stop or (), as_json=as_json)


@plan_app.command("draw", help=word("plan_draw"))
def plan_draw(
    plan: Annotated[str, typer.Argument(help=word("plan_name"))] = "transition",
    output: Annotated[Path, typer.Option("--output", "-o", help=word("plan_output"))] = Path("plan.svg"),
) -> None:
    """Draw a plan."""
    from metropool.runtime.cli.plans import draw_plan

    draw_plan(plan, output=output)


@plan_app.command("asyncapi", help=word("plan_asyncapi"))
def plan_asyncapi(
    plan: Annotated[str, typer.Argument(help=word("plan_name"))] = "transition",
    output: Annotated[Path, typer.Option("--output", "-o", help=word("plan_output"))] = Path("plan.json"),
) -> None:
    """Describe a plan's channels and messages."""
    from metropool.runtime.cli.plans import describe_plan

    describe_plan(plan, output=output)
