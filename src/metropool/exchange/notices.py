"""What an announcement may say: bounds of its texts, order of its times, its area. The same at who writes and at who hears it."""

import unicodedata
from collections.abc import Mapping

from metropool.core.areas import area_faults
from metropool.core.errors import Fault, Invalid
from metropool.exchange.messages import NoticePublished

OF_PLACES: Mapping[str, str] = {"community": "community", "building": "building"}
"""What property managers speak of (their office's row) to the kind of the places they manage: they reach nobody else. One whose system
is for one place draws an area there, too."""
LONGEST_TITLE, LONGEST_TEXT, LONGEST_ID = 80, 2_000, 64
OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make text read in another order than it is written."""


def check_notice(notice: NoticePublished, *, place: str = "") -> None:
    """Refuse a notice that nobody could read or be reached by.

    Args:
        notice: What was said.
        place: The one that its office is for; empty where it is for all.

    Raises:
        Invalid: With every fault.
    """
    titles = (("title_zh", notice.title_zh), ("title_en", notice.title_en))
    texts = (("text_zh", notice.text_zh), ("text_en", notice.text_en))
    faults = [
        *(fault for where, text in titles for fault in text_faults(where, text, longest=LONGEST_TITLE, lines=False)),
        *(fault for where, text in texts for fault in text_faults(where, text, longest=LONGEST_TEXT, lines=True)),
        *_own_faults(notice, place),
        *area_faults(notice.area),
    ]
    if faults:
        raise Invalid(f"the notice {notice.notice[:LONGEST_ID]} cannot be so", key="portal.invalid", faults=faults)


def check_places(notice: NoticePublished, *, kinds: Mapping[str, str], place: str = "") -> None:
    """Refuse a notice about places that are unknown, or not of those its office manages.

    Args:
        notice: What was said.
        kinds: Place to its kind, of those that are known.
        place: The one that its office is for; empty where it is for all.

    Raises:
        Invalid: With every such place.
    """
    unknown = [one for one in notice.area.places if one not in kinds]
    managed = OF_PLACES.get(notice.service)
    others = [one for one in notice.area.places if managed and (kinds.get(one, managed) != managed or place not in ("", one))]
    faults = [Fault(f"area.places.{one[:LONGEST_ID]}", "fault.area_unknown") for one in unknown]
    faults += [Fault(f"area.places.{one[:LONGEST_ID]}", "fault.area_not_own") for one in others]
    if faults:
        raise Invalid("the area names places that are unknown or another's", key="portal.invalid", faults=faults)


def text_faults(where: str, text: str, *, longest: int, lines: bool) -> list[Fault]:
    """What is wrong with a text: nothing said, too long, or characters that are no text. Markup is text like any other."""
    if not text.strip():
        return [Fault(where, "fault.missing")]
    if len(text) > longest:
        return [Fault(where, "fault.string_too_long")]
    allowed = "\n" if lines else ""
    is_odd = any(one in OVERRIDES or (unicodedata.category(one) == "Cc" and one not in allowed) for one in text)
    return [Fault(where, "fault.no_text")] if is_odd else []


def _own_faults(notice: NoticePublished, place: str) -> list[Fault]:
    faults = []
    if not 0 < len(notice.notice) <= LONGEST_ID:
        faults.append(Fault("notice", "fault.wrong"))
    if not 1 <= notice.edition < 1 << 31:
        faults.append(Fault("edition", "fault.wrong"))
    if notice.service in OF_PLACES and notice.area.kind not in (("places", "outline") if place else ("places",)):
        faults.append(Fault("area", "fault.area_not_own"))
    if notice.ends_at is not None and notice.ends_at <= notice.starts_at:
        faults.append(Fault("ends_at", "fault.period_order"))
    return faults
