"""Passing on by the plan: what a system is told and did not begin goes on to whoever its rows list, in the unit that takes it in."""

from collections.abc import Iterator, Sequence

import msgspec

from metropool.core.clock import Instant
from metropool.core.identifiers import SystemId
from metropool.exchange.envelope import OF, Envelope, Step, derived_letter
from metropool.exchange.parts import sealed_parts
from metropool.plan.compiled import Route
from metropool.runtime.letters import Letter
from metropool.runtime.work import narrowed_to


def passed_on(letter: Letter, routes: Sequence[Route], *, system: SystemId, at: Instant) -> Iterator[Envelope]:
    """The letters that a letter becomes, once each: never back to a system it came through, of its rows those that may go, and
    nothing that needs consent: whoever looks after that tells it. A part of a batch goes on as that part; of whose rows only some go
    is none any more: what is left of the batch, nobody has told.

    Its id comes from the letter it was at first and whose that was, so that what comes on two ways goes on once.
    """
    came = letter.envelope
    through = (*came.through, Step(system=came.sender, letter=came.id))
    key = f"{through[0].letter}{OF}{through[0].system}"
    passed = {step.system for step in through}
    for route in routes:
        if route.receiver in passed or route.needs_consent:
            continue
        narrowed = narrowed_to(route.where, letter.message)
        if narrowed is letter.message:
            yield _as_it_came(came, route, key=key, system=system, at=at, through=through)
        elif narrowed is not None:
            phrase, receiver = route.phrase, route.receiver
            made = sealed_parts(narrowed, key=key, phrase=phrase, sender=system, receiver=receiver, at=at, through=through)
            yield from (onward for _, onward in made)


def _as_it_came(came: Envelope, route: Route, *, key: str, system: SystemId, at: Instant, through: tuple[Step, ...]) -> Envelope:
    """The same body to somebody else."""
    onward = derived_letter(sender=system, receiver=route.receiver, phrase=route.phrase, key=key)
    return msgspec.structs.replace(came, id=onward, sender=system, receiver=route.receiver, at=at, through=through)
