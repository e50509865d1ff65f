"""What hangs together, and on whom it depends. Pure."""

from collections.abc import Iterator

from metropool.plan.checks.case import Case
from metropool.plan.source import PlanFault


def single_points(case: Case) -> Iterator[PlanFault]:
    """Systems without which others cannot reach one another (a note: their letters wait in the outbox)."""
    links = {frozenset((letter.sender, letter.receiver)) for _, letter in case.said}
    whole = components(set().union(*links) if links else set(), links)
    for name, facts in case.systems.items():
        if facts.kind not in ("node", "carrier"):
            continue
        rest = {other for link in links for other in link if other != name}
        pieces = components(rest, {link for link in links if name not in link})
        if len(pieces) > len(whole):
            cut = sorted(other for piece in sorted(pieces, key=len)[:-1] for other in piece)
            yield case.plan_source.note("single_point", "systems", name, name=name, others=", ".join(cut))


def components(names: set[str], links: set[frozenset[str]]) -> list[set[str]]:
    """The groups of names that links hold together."""
    pieces: list[set[str]] = []
    for name in sorted(names):
        touching = [piece for piece in pieces if any(frozenset((name, other)) in links for other in piece)]
        pieces = [piece for piece in pieces if piece not in touching]
        pieces.append({name}.union(*touching))
    return pieces
