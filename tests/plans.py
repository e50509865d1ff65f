"""Plans that come with the product, compiled once a worker for tests that only run them."""

from functools import cache

from metropool.plan.compiled import Compiled
from metropool.runtime.systems import compile_named


@cache
def compiled_once(plan: str) -> Compiled:
    """The plan of this name as ``compile_named`` gives it; nobody may change what is in it."""
    return compile_named(plan)
