"""``python -m metropool.runtime.cli``."""

from metropool.runtime.cli import main

main()
