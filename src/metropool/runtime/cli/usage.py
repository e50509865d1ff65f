"""What typer says of itself, in the language of the command line: headings of help, and wrong usage. What has no text stays English."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from metropool.core.misfits import misfit
from metropool.runtime.cli.words import language, word

WrongUsage: Any = typer.BadParameter.__mro__[1]
Refused: Any = typer.BadParameter.__mro__[2]
"""``UsageError`` and ``ClickException``: typer has had them of click, and has them of its own."""
HEADINGS = {
    "ARGUMENTS_PANEL_TITLE": "arguments",
    "OPTIONS_PANEL_TITLE": "options",
    "COMMANDS_PANEL_TITLE": "commands",
    "ERRORS_PANEL_TITLE": "error",
    "ABORTED_TEXT": "aborted",
    "DEFAULT_STRING": "default",
    "ENVVAR_STRING": "envvar",
    "REQUIRED_LONG_STRING": "required",
    "RICH_HELP": "try_help",
}
"""Fixed strings of ``typer.rich_utils``, and the text (``usage_<name>``) of each."""
METAVARS = {"options_metavar": ("[OPTIONS]", "some_options"), "subcommand_metavar": ("COMMAND [ARGS]...", "some_command")}
SAID = tuple(
    (re.compile(words, re.DOTALL), text)
    for words, text in (
        (r"No such option:? '?(?P<name>[^\s']+?)'?\.?", "no_option"),
        (r"No such option:? '?(?P<name>[^\s']+?)'?\.? (?:\(Possible options:|Did you mean) (?P<known>.+?)[)?]", "no_option_but"),
        (r"No such command '(?P<name>.*?)'\.", "no_command"),
        (r"No such command '(?P<name>.*?)'\. Did you mean (?P<known>.+)\?", "no_command_but"),
        (r"Missing command\.", "missing_command"),
        (r"Missing argument '?(?P<name>.+?)'?\.", "missing_argument"),
        (r"Missing option '?(?P<name>.+?)'?\.", "missing_option"),
        (r"Got unexpected extra arguments?(?:\(s\))? \(\[?(?P<names>.*?)\]?\)", "extra_arguments"),
        (r"Option '(?P<name>.+)' does not take a value\.", "takes_no_value"),
        (r"Option '(?P<name>.+)' requires an argument\.", "takes_a_value"),
        (r"Option '(?P<name>.+)' requires (?P<count>\d+) arguments\.", "takes_values"),
        (r"Argument '(?P<name>.+)' takes (?P<count>\d+) values\.", "takes_values"),
        (r"Invalid value for '?(?P<name>.+?)'?: (?P<reason>.*)", "wrong_value_of"),
        (r"Invalid value: (?P<reason>.*)", "wrong_value"),
    )
)
"""How typer says it, and the text (``usage_<name>``) that says the same."""


def run(app: typer.Typer, arguments: Sequence[str]) -> None:
    """Run a command line and end the process; wrong usage is told in the reader's language, with exit status 2.

    Raises:
        SystemExit: Always.
    """
    command = get_command(app)
    _teach(command)
    try:
        status = command.main(args=list(arguments), standalone_mode=False)
    except Refused as error:
        _show(error)
        raise SystemExit(getattr(error, "exit_code", 2)) from None
    except typer.Abort:
        sys.stderr.write(f"{word('usage_aborted')}\n")
        raise SystemExit(1) from None
    raise SystemExit(status if isinstance(status, int) else 0)


def sentence_of(error: Any) -> str:
    """What a refusal of typer says, in the language of the command line."""
    said: str = error.format_message()
    for words, text in SAID:
        if found := words.fullmatch(said):
            told = found.groupdict()
            return word(f"usage_{text}", **told | ({"reason": _reason(error, told["reason"])} if "reason" in told else {}))
    return said


def _reason(error: Any, said: str) -> str:
    """Why a value cannot be: typer leaves that to Pydantic."""
    problems = error.__cause__.errors() if hasattr(error.__cause__, "errors") else ()
    return misfit(problems[0]).said(language()) if problems else said


def _show(error: Any) -> None:
    from typer import rich_utils

    _teach_headings()
    if isinstance(error, WrongUsage) and type(error).__name__ != "NoArgsIsHelpError":
        error = WrongUsage(sentence_of(error), ctx=getattr(error, "ctx", None))
    rich_utils.rich_format_error(error)


def _teach(command: Any) -> None:
    """Give a command, and those below it, our words for its usage and its help."""
    command.context_class = _context_of(command.context_class)
    for name, (said, text) in METAVARS.items():
        if getattr(command, name, None) == said:
            setattr(command, name, word(f"usage_{text}"))
    for below in getattr(command, "commands", {}).values():
        _teach(below)


def _context_of(kind: Any) -> Any:
    """A context as a kind of it is, whose help and usage are in our words."""
    formatter: Any = kind.formatter_class

    class Formatter(formatter):  # type: ignore[misc]
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, prefix or word("usage_usage"))

    class Context(kind):  # type: ignore[misc]
        formatter_class = Formatter

        def get_help(self) -> str:
            _teach_headings()
            option = self.command.get_help_option(self)
            if option is not None:
                option.help = word("usage_help")
            told: str = super().get_help()
            return told

    return Context


def _teach_headings() -> None:
    """Put our words into typer's fixed strings, of those that this version has; drawing is slow to load, so not before it draws."""
    from typer import rich_utils

    for name, text in HEADINGS.items():
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, word(f"usage_{text}"))
