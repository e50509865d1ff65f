"""What the office does with an announcement: compose, change, publish now or later, withdraw. Each is one unit of work."""

from datetime import datetime
from typing import Any

import msgspec

from metropool.capabilities.office.model import FOLLOWS, LONGEST_REASON, Content, Edition, OfficeNotice, State, message_of
from metropool.capabilities.office.ports import OfficeWork
from metropool.core.errors import Conflict, Fault, Invalid, NotFound
from metropool.core.texts import texts_of
from metropool.exchange.messages import NoticeState
from metropool.exchange.notices import check_notice, check_places, text_faults

ROOM = "metropool.capabilities.office"


def compose(*, work: OfficeWork, content: Content, by: str) -> OfficeNotice:
    """Begin a draft.

    Raises:
        Invalid: Texts, times, area or medium cannot be so; every fault is told.
    """
    draft = OfficeNotice(
        id=f"NT{work.now:%Y%m%d}-{work.ids.fresh_id()[:12]}",
        state="draft",
        edition=0,
        revision=1,
        content=content,
        publish_at=None,
        published_at=None,
        made_at=work.now,
        changed_at=work.now,
        changed_by=by,
        withdrawn_because=None,
    )
    _check(work, draft)
    return _keep(work, draft)


def change(*, work: OfficeWork, notice: str, seen: int, content: Content, by: str) -> OfficeNotice:
    """Say something else. What was published is told anew at once, as its next edition.

    Args:
        work: The unit of work.
        notice: Which.
        seen: The revision the person looked at.
        content: All of what it says from now on.
        by: Login.

    Raises:
        NotFound: There is none.
        Conflict: It was withdrawn, or somebody else changed it meanwhile.
        Invalid: As for ``compose``.
    """
    known = _known(work, notice, seen)
    if known.state == "withdrawn":
        raise Conflict(f"{notice} was withdrawn", key="office.withdrawn")
    changed = _with(work, known, by, content=content)
    _check(work, changed)
    if known.state == "scheduled":
        _need_time_left(changed, known.publish_at or work.now)
    if known.state != "published":
        return _keep(work, changed)
    _need_time_left(changed, work.now)
    return _keep(work, _told(work, changed, "published", by))


def publish(*, work: OfficeWork, notice: str, seen: int, at: datetime | None, by: str) -> OfficeNotice:
    """Tell it now, or at a later instant.

    Raises:
        NotFound: There is none.
        Conflict: It was told or withdrawn already, or somebody changed it meanwhile.
        Invalid: It would be over before it is told.
    """
    known = _known(work, notice, seen)
    is_later = at is not None and at > work.now
    _need_follows(known, "scheduled" if is_later else "published")
    _need_time_left(known, at if at is not None and is_later else work.now)
    if is_later:
        return _keep(work, _with(work, known, by, state="scheduled", publish_at=at))
    changed = _with(work, known, by, state="published", publish_at=None, published_at=work.now)
    return _keep(work, _told(work, changed, "published", by))


def withdraw(*, work: OfficeWork, notice: str, seen: int, reason: str, by: str) -> OfficeNotice:
    """Take it back, for good; whoever was told is told so.

    Raises:
        NotFound: There is none.
        Conflict: It was withdrawn already, or somebody changed it meanwhile.
        Invalid: No reason.
    """
    known = _known(work, notice, seen)
    _need_follows(known, "withdrawn")
    faults = text_faults("reason", reason, longest=LONGEST_REASON, lines=True)
    if faults:
        raise Invalid("a withdrawal has a reason", key="portal.invalid", faults=faults)
    changed = _with(work, known, by, state="withdrawn", publish_at=None, withdrawn_because=reason.strip())
    return _keep(work, _told(work, changed, "withdrawn", by) if known.edition else changed)


def publish_due(*, work: OfficeWork) -> None:
    """Tell what is scheduled and due, in the name of who scheduled it; what was over before this office could is taken back in silence."""
    for known in work.papers.due(work.now):
        if _is_over(known, work.now):
            text = texts_of(ROOM)["over"]
            why = f"{text['zh']} {text['en']}"
            _keep(work, _with(work, known, known.changed_by, state="withdrawn", publish_at=None, withdrawn_because=why))
            continue
        changed = _with(work, known, known.changed_by, state="published", publish_at=None, published_at=work.now)
        _keep(work, _told(work, changed, "published", known.changed_by))


def _known(work: OfficeWork, notice: str, seen: int) -> OfficeNotice:
    known = work.papers.one(notice)
    if known is None:
        raise NotFound(f"no notice {notice}")
    if known.revision != seen:
        raise Conflict(f"{notice} is at revision {known.revision}, not {seen}", key="office.changed_meanwhile")
    return known


def _need_follows(known: OfficeNotice, state: State) -> None:
    if state not in FOLLOWS[known.state]:
        raise Conflict(f"{known.id} is {known.state} and cannot become {state}", key=f"office.{known.state}")


def _need_time_left(notice: OfficeNotice, at: datetime) -> None:
    if _is_over(notice, at):
        raise Invalid(f"{notice.id} is over before it is told", key="office.over", faults=[Fault("ends_at", "office.over")])


def _is_over(notice: OfficeNotice, at: datetime) -> bool:
    ends_at = notice.content.ends_at
    return ends_at is not None and ends_at <= at


def _check(work: OfficeWork, notice: OfficeNotice) -> None:
    """Hold it to what everyone who hears it will hold it to, and to this office's media and the places it knows."""
    content = notice.content
    if content.service not in work.rows:
        raise Invalid(f"{work.system} tells nothing of {content.service}", faults=[Fault("service", "fault.literal_error")])
    message = message_of(notice, state="published", office=work.system, publisher=work.party, now=work.now)
    check_notice(message, place=work.place)
    check_places(message, kinds=work.registry.place_kinds(content.area.places), place=work.place)


def _with(work: OfficeWork, notice: OfficeNotice, by: str, **values: Any) -> OfficeNotice:
    noted = {"revision": notice.revision + 1, "changed_at": work.now, "changed_by": by}
    return msgspec.structs.replace(notice, **noted, **values)


def _told(work: OfficeWork, notice: OfficeNotice, state: NoticeState, by: str) -> OfficeNotice:
    """Tell the next edition and keep what was told."""
    message = message_of(notice, state=state, office=work.system, publisher=work.party, now=work.now)
    work.tell(message, key=f"{notice.id}/{message.edition}")
    edition = Edition(edition=message.edition, state=state, content=notice.content, told_at=work.now, told_by=by)
    work.papers.add_edition(notice.id, edition)
    return msgspec.structs.replace(notice, edition=message.edition)


def _keep(work: OfficeWork, notice: OfficeNotice) -> OfficeNotice:
    work.papers.put(notice)
    work.changed("notices")
    return notice
