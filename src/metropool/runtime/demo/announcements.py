"""What the companies of a demo have announced when it begins: a planned outage in one community, advice on water for the whole
city, and what its property manager tells a community."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from metropool.capabilities.office import operations
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area, hull_around, outline_of
from metropool.core.texts import texts_of
from metropool.exchange.messages import NoticeKind
from metropool.facts.registry.tables import place

ROOM = "metropool.runtime"
BY = "demo"
CITY = Area(kind="city")


def announce(*, work: Any) -> None:
    """Publish what an office of this medium has to say; once, however often it is called."""
    if work.papers.all():
        return
    if "electricity" in work.rows:
        _publish(work, _content(work, "electricity", "outage", area=_around_a_community(work), first_h=20, hours=6))
    if "water" in work.rows:
        _publish(work, _content(work, "water", "safety", area=CITY, first_h=0, hours=24 * 14))
    if "gas" in work.rows:
        operations.compose(work=work, content=_content(work, "gas", "general", area=CITY, first_h=72, hours=8), by=BY)
    if "community" in work.rows and (managed := [work.place] if work.place else [row["id"] for row in _communities(work)[:1]]):
        area = Area(kind="places", places=tuple(managed))
        _publish(work, _content(work, "community", "general", area=area, first_h=14, hours=4))


def _publish(work: Any, content: Content) -> None:
    draft = operations.compose(work=work, content=content, by=BY)
    operations.publish(work=work, notice=draft.id, seen=draft.revision, at=None, by=BY)


def _content(work: Any, service: str, kind: NoticeKind, *, area: Area, first_h: int, hours: int) -> Content:
    title, text = (texts_of(ROOM)[f"demo_notice_{service}.{part}"] for part in ("title", "text"))
    starts_at = work.now + timedelta(hours=first_h)
    return Content(
        service=service,
        kind=kind,
        title_zh=title["zh"],
        title_en=title["en"],
        text_zh=text["zh"],
        text_en=text["en"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        area=area,
    )


def _around_a_community(work: Any) -> Area:
    """An outline around the buildings of the first community; the city where there is none."""
    inside = work.registry.rows(place, parent=[row["id"] for row in _communities(work)[:1]])
    hull = hull_around((row["lon"], row["lat"]) for row in inside if row["lon"] is not None)
    return Area(kind="outline", outline=outline_of(hull)) if hull else CITY


def _communities(work: Any) -> list[Mapping[str, Any]]:
    return sorted(work.registry.rows(place, kind="community"), key=lambda row: str(row["id"]))
