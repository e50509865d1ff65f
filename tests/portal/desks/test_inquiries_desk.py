"""What an authority may ask for, as the form offers it."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import get_args

from metropool.access.looking import why_never
from metropool.core.areas import Area
from metropool.exchange.messages import Purpose, Question, ViewRequested
from metropool.portal.desks.books.inquiries import InquiriesDesk

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)


def offered():
    return {each.what: each for each in InquiriesDesk(SimpleNamespace(now=NOW)).questions().questions}


def asked(what, purpose):
    return ViewRequested(
        request="GR1",
        edition=1,
        state="asked",
        asker="government_desk",
        party="government",
        what=what,
        holder="readings",
        service="electricity",
        area=Area(kind="city"),
        first_day=date(2026, 6, 28),
        last_day=date(2026, 6, 30),
        reason="a reason",
        legal_basis="a law",
        purpose=purpose,
        expires_at=datetime(2026, 9, 1, tzinfo=UTC),
        requested_by="chen",
        requested_at=NOW,
    )


def test_every_question_is_offered_with_just_the_purposes_it_can_be_granted_for():
    assert list(offered()) == list(get_args(Question))
    for what, question in offered().items():
        grantable = {purpose for purpose in get_args(Purpose) if not why_never(asked(what, purpose), now=NOW)}
        assert {purpose.id for purpose in question.purposes} == grantable, what


def test_cameras_are_asked_of_a_community_and_charging_of_electricity():
    assert offered()["camera_view"].services == ["community"]
    assert offered()["camera_view"].is_personal
    assert offered()["charging_by_day"].services == ["electricity"]
