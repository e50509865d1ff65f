"""What notices do with what they are told: keep the highest edition, find whom it reaches, note receipts."""

from collections.abc import Sequence

import numpy as np

from metropool.capabilities.notices.model import KeptNotice, Receipt
from metropool.capabilities.notices.ports import NoticesWork
from metropool.core.areas import lies_in
from metropool.core.errors import Invalid
from metropool.core.periods import business_date
from metropool.exchange.messages import NoticePublished
from metropool.exchange.notices import OF_PLACES, check_notice, check_places

EVERYONE = frozenset({"government", *OF_PLACES})
"""What is told of these is for every household in the area, whatever supplies it has."""


def take_notice(*, work: NoticesWork, message: NoticePublished) -> None:
    """Take an edition in; what is not higher than the one known changes nothing, so order and repeats do not matter.

    Raises:
        Invalid: It speaks in another's name, or cannot be shown or reach anybody as it is, or it was withdrawn before this edition.
    """
    if message.office != work.speaker:
        raise Invalid(f"{work.speaker} speaks in the name of {message.office[:64]!r}")
    check_notice(message, place=work.speaker_place)
    check_places(message, kinds=work.registry.place_kinds(message.area.places), place=work.speaker_place)
    known = work.board.one(office=message.office, notice=message.notice)
    if known is not None and known.edition >= message.edition:
        return
    if known is not None and known.state == "withdrawn" and message.state != "withdrawn":
        raise Invalid(f"notice {message.notice} was withdrawn: edition {message.edition} comes too late, tell it as a new notice")
    work.board.put(_kept(work, message, known))
    if message.state == "published":
        work.board.reach(office=message.office, notice=message.notice, accounts=households(work=work, message=message))
    work.changed("notices")


def households(*, work: NoticesWork, message: NoticePublished) -> Sequence[str]:
    """Combined accounts of the homes in the area that have the service today, each once; of an office of one place, those there."""
    area, own = message.area, work.speaker_place
    homes = work.registry.homes(
        service=None if message.service in EVERYONE else message.service,
        on=business_date(work.now),
        within=area.places if area.kind == "places" else ([own] if own else None),
    )
    if area.kind == "outline":
        lon, lat = (np.asarray(homes[name].to_numpy(zero_copy_only=False), dtype=np.float64) for name in ("lon", "lat"))
        homes = homes.filter(lies_in(area.outline, lon, lat))
    accounts: list[str] = homes["combined_account"].unique().to_pylist()
    return sorted(accounts)


def receive_receipts(*, work: NoticesWork, account: str, receipts: Sequence[Receipt]) -> None:
    """Note that notices came to a household's app, and which of them were opened; again changes nothing.

    Raises:
        NotFound: One is not for this household.
    """
    changes = [work.board.receive(account=account, receipt=receipt, now=work.now) for receipt in receipts]
    if any(changes):
        work.changed(f"notices@{account}")
        work.changed("notice_reach")


def _kept(work: NoticesWork, message: NoticePublished, known: KeptNotice | None) -> KeptNotice:
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    shown = known.shown_edition if known is not None and message.state == "withdrawn" else message.edition
    return KeptNotice(**fields, shown_edition=shown, heard_at=work.now)
