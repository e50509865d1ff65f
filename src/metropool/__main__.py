"""``python -m metropool``: the same as ``metropool``."""

from metropool.runtime.cli.main import main

main()
