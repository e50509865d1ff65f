"""What a door does: keep what comes, say what its software gives it, note how far it has read, forget. Each is one unit of work."""

import msgspec

from metropool.capabilities.door import views
from metropool.capabilities.door.model import KEPT_FOR, Mark, Said, SaidLetter, SaidPart
from metropool.capabilities.door.parts import KEY, part_of
from metropool.capabilities.door.ports import DoorWork
from metropool.capabilities.door.queries import may_say, may_say_now
from metropool.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from metropool.exchange.envelope import body_of, digest
from metropool.exchange.messages import (
    Message,
    NoticePublished,
    ViewAnswered,
    ViewRequested,
    check_content,
    check_own_name,
    check_where,
)
from metropool.exchange.notices import check_notice

TOPIC = "letters"
AT_ONCE = 1000


def take_letter(*, work: DoorWork, message: Message) -> None:
    """Keep a letter as it travelled, for the system's own software; what is done here without it, only while it has a key: a door
    that nobody reads holds up nothing else."""
    assert work.letter is not None
    if work.is_shared(type(message)) and not work.api_keys.is_any_in_force():
        return
    if isinstance(message, ViewRequested):
        views.take_request(work=work, message=message)
    work.letters.keep(work.letter, now=work.now)
    work.changed(TOPIC)


def say(
    *, work: DoorWork, phrase: str, message: Message, key: str, by: str, approved_by: str = "", part: SaidPart | None = None
) -> Said:
    """Say something under a phrase that the running plan lists for this system, once a business key.

    Args:
        work: The unit of work.
        phrase: Message id of the contract.
        message: What to say, of the phrase's class.
        key: The software's own key of it: a repeat has no effect.
        by: Who says it.
        approved_by: Of an answer to an authority, the people who approved it, between commas.
        part: Which part of a batch it is, where the software cuts what it says.

    Raises:
        Forbidden: The plan does not list it; says what it lists.
        Invalid: It speaks in another's name or of something else, cannot be understood, the key is none, or there is no such part.
        Conflict: The key was used for something else, or the part does not go with those before; of an answer to an authority, that
            it cannot be given any more (``views.decide``).
    """
    need_listed(work=work, phrase=phrase)
    if not KEY.fullmatch(key):
        raise Invalid("what is said has a key", key="door.key_needed", faults=[Fault("Idempotency-Key", "door.key_form")])
    _check(work, phrase, message)
    sha256 = body = digest(body_of(message))
    if part is not None:
        part = msgspec.structs.replace(part, body=body)
        sha256 = digest(f"{body} {part.number} {part.of} {part.batch}".encode())
    before = work.letters.said(phrase=phrase, key=key)
    if before is not None:
        return _again(work, before, sha256)
    its = None if part is None else part_of(work=work, phrase=phrase, message=message, part=part)
    if isinstance(message, ViewAnswered):
        views.decide(work=work, message=message, by=by, approved_by=approved_by)
    sealed = work.say(message, key=key, phrase=phrase, part=its)
    if not sealed:
        raise Invalid(f"{phrase}: there is nothing in it to tell", key="door.empty")
    said = Said(phrase=phrase, key=key, letters=tuple(SaidLetter(id=one.id, receiver=one.receiver) for one in sealed))
    if part is not None:
        work.letters.note_part(part, phrase=phrase)
    work.letters.note_said(said, sha256=sha256, by=by, now=work.now)
    return said


def need_listed(*, work: DoorWork, phrase: str) -> str:
    """The class of a phrase that this system may say.

    Raises:
        Forbidden: The running plan does not list it here.
    """
    kinds = {way.phrase: way.kind for way in may_say(work=work)}
    if phrase not in kinds:
        listed = may_say_now(work=work)
        values: dict[str, object] = {"phrase": phrase[:64], "system": work.system, "listed": listed}
        raise Forbidden(f"no row lets {work.system} say {phrase[:64]}; it may say {listed}", key="door.not_listed", values=values)
    return kinds[phrase]


def acknowledge(*, work: DoorWork, through: int) -> Mark:
    """Note that the software has kept every letter up to a number; a lower number than before changes nothing.

    Raises:
        NotFound: No letter of that number has come.
    """
    if through > work.letters.last():
        raise NotFound(f"no letter {through} has come", key="door.no_letter")
    return work.letters.acknowledge(through, now=work.now)


def forget_read(*, work: DoorWork) -> None:
    """Remove what was acknowledged long enough ago."""
    while work.letters.forget(before=work.now - KEPT_FOR, limit=AT_ONCE) == AT_ONCE:
        pass


def _check(work: DoorWork, phrase: str, message: Message) -> None:
    """Hold it to what its receivers will hold it to, so that its software hears of it and not only they."""
    check_own_name(message, system=work.system, party=work.party)
    check_where(message, [where for way in may_say(work=work) if way.phrase == phrase for where in way.wheres])
    check_content(message)
    if isinstance(message, NoticePublished):
        check_notice(message, place=work.place)


def _again(work: DoorWork, before: tuple[str, Said], sha256: str) -> Said:
    known, said = before
    if known != sha256:
        raise Conflict(f"the key {said.key} was used to say something else", key="door.key_reused", values={"key": said.key})
    return Said(phrase=said.phrase, key=said.key, letters=work.letters.delivered(said.letters), is_repeat=True)
