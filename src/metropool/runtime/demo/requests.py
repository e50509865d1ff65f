"""What the government of a demo has asked when it begins: one request is answered, another waits for its owner."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from metropool.capabilities.disclosure import computing
from metropool.capabilities.disclosure import operations as owner
from metropool.capabilities.disclosure.model import Known
from metropool.capabilities.inquiries import operations as desk
from metropool.capabilities.inquiries.model import Wish
from metropool.core.areas import Area
from metropool.core.identifiers import SystemId
from metropool.core.texts import texts_of
from metropool.exchange.messages import Purpose, Question, ViewRequested
from metropool.facts.registry.tables import place
from metropool.runtime.node import Node

ROOM = "metropool.runtime"
ASKED_BY, APPROVED_BY, HOLDER = "official", "steward", "readings"
LAST_DAY = date(2026, 6, 30)
ANSWERED: Question = "silent_meters"


def ask_examples(*, work: Any) -> None:
    """Ask from the desk, once however often it is called; the app begins empty."""
    if work.inquiries.all() or "desk" not in work.rows:
        return
    communities = sorted(row["id"] for row in work.registry.rows(place, kind="community"))
    first = Area(kind="places", places=tuple(communities[:1]))
    city = Area(kind="city")
    desk.ask(work=work, wish=_wish(work, what=ANSWERED, purpose="supervision", area=city, days=7), by=ASKED_BY)
    desk.ask(work=work, wish=_wish(work, what="household_usage", purpose="emergency", area=first, days=3), by=ASKED_BY)


def have_arrived(nodes: Mapping[SystemId, Node]) -> bool:
    """Whether the examples are with their owner."""
    return len(_heard(nodes)) == 2


def answer_first(nodes: Mapping[SystemId, Node]) -> None:
    """Approve the example that is to be answered."""
    node = _keeper(nodes)
    waiting = [known for known in _heard(nodes) if known.asked.what == ANSWERED and known.state == "waiting"]
    for known in waiting:
        found = node.read_now("disclosure", partial(_prepare, known.asked))
        node.write_now("disclosure", partial(_approve, asked=known.asked, prepared=found))


def _prepare(asked: ViewRequested, work: Any) -> computing.Prepared:
    return computing.prepare(work=work, asked=asked)


def _approve(work: Any, *, asked: ViewRequested, prepared: computing.Prepared) -> None:
    reason = _text("demo_request.approved")
    owner.approve(
        work=work, asker=asked.asker, request=asked.request, prepared=prepared, reason=reason, until=None, by=APPROVED_BY
    )


def _keeper(nodes: Mapping[SystemId, Node]) -> Node:
    hosting = (node for node in nodes.values() if "disclosure" in node.hosted)
    return next(node for node in hosting if HOLDER in node.hosted["disclosure"].rows)


def _heard(nodes: Mapping[SystemId, Node]) -> list[Known]:
    found: list[Known] = _keeper(nodes).read_now("disclosure", lambda work: work.disclosures.all())
    return found


def _wish(work: Any, *, what: Question, purpose: Purpose, area: Area, days: int) -> Wish:
    return Wish(
        what=what,
        service="electricity",
        area=area,
        first_day=LAST_DAY - timedelta(days=days - 1),
        last_day=LAST_DAY,
        reason=_text(f"demo_request.{what}"),
        legal_basis=_text("demo_request.basis"),
        purpose=purpose,
        expires_at=work.now + timedelta(days=90),
    )


def _text(key: str) -> str:
    return texts_of(ROOM)[key]["zh"]
