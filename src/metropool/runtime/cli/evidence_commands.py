"""``metropool evidence``: evidence of what was exchanged, as typed; what the commands do is in ``evidence.py``."""

from pathlib import Path
from typing import Annotated

import typer

from metropool.runtime.cli.options import AsJson
from metropool.runtime.cli.words import word

evidence_app = typer.Typer(help=word("evidence"), no_args_is_help=True)
File = Annotated[Path, typer.Argument(metavar="FILE", help=word("evidence_file"))]


@evidence_app.command("export", help=word("evidence_export"))
def export(
    file: File,
    system: Annotated[list[str] | None, typer.Option("--system", help=word("evidence_system"))] = None,
    start: Annotated[str, typer.Option("--from", help=word("evidence_from"))] = "",
    end: Annotated[str, typer.Option("--to", help=word("evidence_to"))] = "",
    party: Annotated[str, typer.Option("--with", metavar="PARTY", help=word("evidence_with"))] = "",
    letter: Annotated[str, typer.Option("--letter", metavar="ID", help=word("evidence_letter"))] = "",
    as_json: AsJson = False,
) -> None:
    """Write evidence to one file."""
    from metropool.runtime.cli.evidence import export_evidence

    export_evidence(file, systems=system or (), start=start, end=end, party=party, letter=letter, as_json=as_json)


@evidence_app.command("verify", help=word("evidence_verify"))
def verify(
    file: File,
    keys: Annotated[Path | None, typer.Option("--keys", help=word("evidence_keys"))] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an evidence file."""
    from metropool.runtime.cli.evidence import verify_evidence

    verify_evidence(file, keys=keys, as_json=as_json)
