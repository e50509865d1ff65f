"""The command line. Heavy things are imported inside commands, so that ``--help`` answers at once."""

from metropool.runtime.cli.main import main

__all__ = ["main"]
