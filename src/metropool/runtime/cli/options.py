"""Options that several commands have, and where their site is when nobody says."""

from typing import Annotated

import typer

from metropool.runtime.cli.words import word

HERE = "http://127.0.0.1:8765"
AsJson = Annotated[bool, typer.Option("--json", help=word("option_json"))]
Site = Annotated[str, typer.Option("--site", envvar="METROPOOL_SITE_URL", help=word("control_site"))]
Login = Annotated[str, typer.Option("--login", envvar="METROPOOL_LOGIN", help=word("control_login"))]
Wait = Annotated[float, typer.Option("--wait", min=0.0, help=word("control_wait"))]
