"""The desk of announcements at their office."""

from typing import Any

from metropool.capabilities.office import operations
from metropool.capabilities.office.model import Content
from metropool.capabilities.office.model import OfficeNotice as Known
from metropool.core.areas import Area, outline_of
from metropool.core.errors import Fault, Invalid, NotFound
from metropool.portal.desks.announcements.notice_words import PlaceNames, area_map, words_of
from metropool.portal.desks.paging import page_of
from metropool.portal.desks.words import name
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import notices as schema
from metropool.portal.schemas.basics import Page, Text

SAME = ("id", "state", "edition", "publish_at", "published_at", "changed_at", "changed_by")


class OfficeDesk:
    """What an office wrote, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def notices(self, *, state: schema.OfficeState | None, q: str | None, asked: Asked) -> Page[schema.OfficeNoticeRow]:
        """The announcements, the one changed last first; ``q`` is found in title or text."""
        found = [one for one in self._work.papers.all() if state in (None, one.state) and _says(one.content, (q or "").strip())]
        return page_of([schema.OfficeNoticeRow.model_validate(_row(one)) for one in found], asked, as_of=self._work.now)

    def notice(self, *, notice: str) -> schema.OfficeNotice:
        """One announcement with its editions.

        Raises:
            NotFound: There is none.
        """
        known = self._work.papers.one(notice)
        if known is None:
            raise NotFound(f"no notice {notice}")
        return self._whole(known)

    def areas(self) -> schema.AreaMap:
        """What an announcement of this office may be about."""
        return area_map(self._work.registry, media=self._work.rows, place_of_office=self._work.place)

    def compose(self, *, given: schema.NoticeGiven, by: str) -> schema.OfficeNotice:
        """Operation: begin a draft."""
        return self._whole(operations.compose(work=self._work, content=_content(given), by=by))

    def rewrite(self, *, notice: str, given: schema.NoticeChange, by: str) -> schema.OfficeNotice:
        """Operation: say something else."""
        content = _content(given.notice)
        return self._whole(operations.change(work=self._work, notice=notice, seen=given.seen, content=content, by=by))

    def publish(self, *, notice: str, given: schema.NoticePublication, by: str) -> schema.OfficeNotice:
        """Operation: tell it now or later."""
        return self._whole(operations.publish(work=self._work, notice=notice, seen=given.seen, at=given.at, by=by))

    def withdraw(self, *, notice: str, given: schema.NoticeWithdrawal, by: str) -> schema.OfficeNotice:
        """Operation: take it back."""
        return self._whole(operations.withdraw(work=self._work, notice=notice, seen=given.seen, reason=given.reason, by=by))

    def _whole(self, known: Known) -> schema.OfficeNotice:
        names = PlaceNames(self._work.registry, [known.content.area])
        editions = [
            schema.NoticeEdition(
                edition=one.edition, state=one.state, title=_title(one.content), told_at=one.told_at, told_by=one.told_by
            )
            for one in self._work.papers.editions(known.id)
        ]
        words = schema.NoticeWords.model_validate(words_of(known.content, names))
        more = {"revision": known.revision, "words": words, "withdrawn_because": known.withdrawn_because, "editions": editions}
        return schema.OfficeNotice.model_validate(_row(known) | more)


def _row(known: Known) -> dict[str, Any]:
    content = known.content
    return {
        **{field: getattr(known, field) for field in SAME},
        **{field: getattr(content, field) for field in ("service", "kind", "starts_at", "ends_at")},
        "state_text": name("notice_states", known.state),
        "kind_text": name("notice_kinds", content.kind),
        "title": _title(content),
    }


def _title(content: Content) -> Text:
    return Text(zh=content.title_zh, en=content.title_en)


def _says(content: Content, q: str) -> bool:
    texts = (content.title_zh, content.title_en, content.text_zh, content.text_en)
    return any(q.casefold() in text.casefold() for text in texts)


def _content(given: schema.NoticeGiven) -> Content:
    fields = {field: getattr(given, field) for field in Content.__struct_fields__ if field != "area"}
    return Content(**fields, area=area_given(given.area))


def area_given(given: schema.AreaGiven) -> Area:
    """The area a page gave.

    Raises:
        Invalid: An outline that is no GeoJSON area.
    """
    if given.kind != "outline":
        return Area(kind=given.kind, places=tuple(given.places) if given.kind == "places" else ())
    try:
        return Area(kind="outline", outline=outline_of(given.outline) if given.outline else ())
    except ValueError as cause:
        raise Invalid(str(cause), key="portal.invalid", faults=[Fault("area", "fault.area_geojson")]) from cause
