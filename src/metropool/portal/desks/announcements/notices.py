"""The desk of announcements at the households they reach."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from metropool.capabilities.notices import operations
from metropool.capabilities.notices.model import NoticeAtHome, Reach, Receipt, standing_of
from metropool.portal.desks.announcements.notice_words import PlaceNames, area_map, words_of
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import Parties, name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import notices as schema
from metropool.portal.schemas.basics import Page, Text

MOST_WAITING = 100
MOST_SORTED = 100_000


class NoticesDesk:
    """What was announced, to whom, and how far it came, in one unit of work.

    Args:
        organisations: Names of those that the plan knows and the registry may not.
    """

    def __init__(self, work: Any, *, organisations: Mapping[str, Text] | None = None) -> None:
        self._work, self._organisations = work, organisations

    def notices(
        self, *, account: str, service: schema.Medium | None, scope: Literal["mine", "city"], asked: Asked
    ) -> Page[schema.HomeNotice]:
        """A home's announcements, unless sorted: what holds now or later first, then what is over, of each the newest first."""
        part = {"offset": 0, "limit": MOST_SORTED} if asked.sort else {"offset": asked.offset, "limit": asked.size}
        found, total = self._work.board.at_home(
            account=account, service=service, whole_city=scope == "city", now=self._work.now, **part
        )
        rows = self._shown(found)
        if asked.sort:
            return page_of(rows, asked, as_of=self._work.now)
        return Page[schema.HomeNotice](rows=rows, page=asked.page, size=asked.size, total=total, as_of=self._work.now)

    def waiting(self, *, account: str) -> schema.NoticesWaiting:
        """How many are unread, and which the app has not said it has."""
        found = self._work.board.waiting(account=account, limit=MOST_WAITING)
        stubs = [schema.NoticeStub(office=one.office, id=one.notice, edition=one.edition) for one in found]
        return schema.NoticesWaiting(unread=self._work.board.unread(account=account, now=self._work.now), waiting=stubs)

    def areas(self, *, account: str) -> schema.AreaMap:
        """The city to draw announcements on, and where the home lies."""
        return area_map(self._work.registry, media=(), account=account)

    def receive(self, *, account: str, given: schema.NoticeReceipts) -> schema.NoticesWaiting:
        """Operation: some have come to the app, or were opened."""
        receipts = [Receipt(office=r.office, notice=r.id, edition=r.edition, is_read=r.is_read) for r in given.receipts]
        operations.receive_receipts(work=self._work, account=account, receipts=receipts)
        return self.waiting(account=account)

    def reaches(self, *, office: str, asked: Asked) -> Page[schema.NoticeReach]:
        """How far an office's announcements came, newest first unless sorted."""
        return page_of([_reach(one) for one in self._work.board.reaches(office=office)], asked, as_of=self._work.now)

    def _shown(self, found: Sequence[NoticeAtHome]) -> list[schema.HomeNotice]:
        names = PlaceNames(self._work.registry, [one.kept.area for one in found])
        parties = Parties(self._work.registry, others=self._organisations)
        return [schema.HomeNotice.model_validate(self._home(one, names, parties)) for one in found]

    def _home(self, one: NoticeAtHome, names: PlaceNames, parties: Parties) -> dict[str, Any]:
        kept = one.kept
        standing = standing_of(kept, self._work.now)
        return {
            **words_of(kept, names),
            "office": kept.office,
            "id": kept.notice,
            "edition": kept.edition,
            "publisher_name": parties.name(kept.publisher),
            "standing": standing,
            "standing_text": name("notice_standings", standing),
            "published_at": kept.published_at,
            "is_affected": one.is_affected,
            "is_read": one.is_read,
        }


def _reach(one: Reach) -> schema.NoticeReach:
    same = {field: getattr(one.kept, field) for field in ("service", "state", "edition", "published_at")}
    counts = {field: getattr(one, field) for field in ("recipients", "delivered", "read")}
    return schema.NoticeReach(**same, **counts, id=one.kept.notice, title=Text(zh=one.kept.title_zh, en=one.kept.title_en))
