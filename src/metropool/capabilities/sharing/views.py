"""Requests to look into books on their way to whoever keeps them, and the answers on their way back."""

from metropool.capabilities.sharing.model import Passed, State
from metropool.capabilities.sharing.ports import SharingWork
from metropool.core.errors import Invalid, NotFound
from metropool.core.identifiers import SystemId
from metropool.core.texts import texts_of
from metropool.exchange.messages import ROWS, ViewAnswered, ViewRequested
from metropool.exchange.views import check_request, is_news

ROOM = "metropool.capabilities.sharing"


def pass_view_request_on(*, work: SharingWork, message: ViewRequested) -> None:
    """Carry a request to whoever keeps the books it means; where nobody does, say so to who asked.

    Raises:
        Invalid: It speaks in another's name, is not what was asked before, or nobody could decide on it as it is.
    """
    if (message.asker, message.party) != (work.sender, work.sender_party):
        raise Invalid(
            f"{work.sender} of {work.sender_party} speaks in the name of {message.asker[:64]!r} of {message.party[:64]!r}"
        )
    check_request(message)
    known = work.passed_requests.one(asker=message.asker, request=message.request)
    if not is_news(message, known.asked if known else None):
        return
    state: State = "withdrawn" if message.state == "withdrawn" else "passed"
    work.passed_requests.put(Passed(asked=message, state=state, heard_at=work.now))
    work.tell(message, key=f"{message.asker}/{message.request}/{message.edition}", of=message.holder)
    if state == "passed" and not _keepers(work, message):
        _refuse(work, message)


def pass_answer_on(*, work: SharingWork, message: ViewAnswered) -> None:
    """Carry an answer back to who asked; content of a request that is over goes no further.

    Raises:
        NotFound: Nothing of the kind went through here.
        Invalid: It is from a system that was not asked, or the answer to something else.
    """
    known = work.passed_requests.one(asker=message.asker, request=message.request)
    if known is None:
        raise NotFound(f"no request {message.request[:64]} went through here")
    asked = known.asked
    is_elsewhere = asked.community and work.speaker_place not in ("", asked.community)
    if is_elsewhere or work.sender not in _keepers(work, asked):
        raise Invalid(f"{work.speaker} was not asked {message.request}")
    if (message.what, message.service, message.holder) != (asked.what, asked.service, asked.holder):
        raise Invalid(f"{message.request} asked something else")
    if message.state != "approved" and known.state == "passed":
        ended: State = "revoked" if message.state == "withdrawn" else "refused"
        work.passed_requests.put(Passed(asked=asked, state=ended, heard_at=known.heard_at))
    work.tell(message, key=f"{message.asker}/{message.request}/{message.state}/{message.page}", to=message.asker)
    work.changed("provisions")


def _keepers(work: SharingWork, asked: ViewRequested) -> list[SystemId]:
    """Whoever is told of a request: who keeps what it means, or passes it on to them; nobody where its community has no system."""
    if asked.community and work.served_places and asked.community not in work.served_places:
        return []
    return work.takers(ViewRequested, of=asked.holder, message=asked)


def _refuse(work: SharingWork, asked: ViewRequested) -> None:
    """Say that nobody in the running plan keeps such books."""
    text = texts_of(ROOM)["nobody_keeps"]
    answer = ViewAnswered(
        **{name: getattr(asked, name) for name in ("request", "asker", "holder", "service", "what")},
        state="refused",
        page=0,
        pages=0,
        reason=f"{text['zh']} {text['en']}",
        decided_at=work.now,
        expires_at=None,
        rows=ROWS[ViewAnswered].empty_table(),
    )
    work.tell(answer, key=f"{asked.asker}/{asked.request}/refused/0", to=asked.asker)
