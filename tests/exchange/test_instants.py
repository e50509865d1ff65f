"""Instants are UTC from where they come in, whatever offset they were written with: they are kept and compared as text."""

import asyncio
import importlib
import pkgutil
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, get_args

import msgspec
import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from exchange.government import town as government
from exchange.notices import town as notices
from metropool.capabilities.disclosure import operations as owner
from metropool.capabilities.inquiries import operations as desk
from metropool.capabilities.office import operations as office
from metropool.core.errors import Invalid
from metropool.core.periods import in_utc, instant_text
from metropool.exchange.messages import ConsentChanged, SwitchSupply
from metropool.exchange.plain import message_from
from metropool.portal import schemas
from metropool.portal.schemas import basics

NOW = government.NOW
EAST, WEST = timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))
HOUR = timedelta(hours=1)
BODY = {
    "consent": "c",
    "number": 1,
    "account": "A1",
    "receiver": "police",
    "message": "household_meter_data",
    "purpose": "energy_advice",
    "state": "given",
    "changed_by": "lihua",
}


@pytest.mark.parametrize("zone", [EAST, WEST, UTC])
class TestWhereTheyComeIn:
    def test_in_letters(self, zone):
        data = msgspec.json.encode({"type": "ConsentChanged", **BODY, "changed_at": NOW.astimezone(zone)})
        told = msgspec.json.decode(data, type=ConsentChanged)
        assert (told.changed_at, told.changed_at.tzinfo) == (NOW, UTC)
        assert msgspec.structs.replace(told, changed_at=NOW.astimezone(zone)).changed_at.tzinfo is UTC

    def test_from_software_that_is_not_ours(self, zone):
        told = message_from(ConsentChanged, {**BODY, "changed_at": NOW.astimezone(zone).isoformat()})
        assert (told.changed_at, told.changed_at.tzinfo) == (NOW, UTC)

    def test_in_every_body_a_browser_sends(self, zone):
        found = list(instants_given())
        assert len(found) >= 6
        for name, adapter in found:
            given = adapter.validate_python(NOW.astimezone(zone).isoformat())
            assert (name, given, given.tzinfo) == (name, NOW, UTC)

    def test_as_text_they_are_in_their_order(self, zone):
        later = NOW + timedelta(microseconds=1)
        assert instant_text(NOW.astimezone(zone)) == NOW.isoformat() < instant_text(later.astimezone(zone))


def instants_given():
    """Every instant of a body that a browser sends, and what reads it."""
    for module in pkgutil.iter_modules(schemas.__path__):
        for made in vars(importlib.import_module(f"{schemas.__name__}.{module.name}")).values():
            if isinstance(made, type) and issubclass(made, basics.Request):
                for name, field in made.model_fields.items():
                    if {datetime, AwareDatetime} & kinds_of(field.annotation):
                        yield f"{made.__name__}.{name}", TypeAdapter(Annotated[field.annotation, name, *field.metadata])


def kinds_of(annotation):
    parts = get_args(annotation)
    return {kind for part in parts for kind in kinds_of(part)} if parts else {annotation}


class TestWhatIsNone:
    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:00:00-05:00", "9999-12-31T23:00:00Z"])
    def test_is_refused_where_no_other_clock_could_show_it(self, text):
        with pytest.raises(ValueError, match="no instant"):
            in_utc(datetime.fromisoformat(text))
        with pytest.raises(ValidationError):
            TypeAdapter(basics.InstantGiven).validate_python(text)
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode({"type": "ConsentChanged", **BODY, "changed_at": text}), type=ConsentChanged)
        with pytest.raises(Invalid) as refused:
            message_from(ConsentChanged, {**BODY, "changed_at": text})
        assert [fault.where for fault in refused.value.faults] == ["changed_at"]

    def test_is_refused_without_an_offset(self):
        for made in (in_utc, instant_text):
            with pytest.raises(ValueError, match="no offset"):
                made(NOW.replace(tzinfo=None))
        fields = {field.name: field.type for field in msgspec.structs.fields(SwitchSupply)}
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert("2026-07-10T12:00:00", fields["expires_at"])


@pytest.mark.parametrize("zone", [EAST, WEST])
class TestWhatIsDueIsDoneThen:
    def test_an_announcement_is_told(self, tmp_path, zone):
        with notices.opened(tmp_path) as town:
            draft = town.office(office.compose, content=notices.content(), by="ann")
            at = (notices.NOW + HOUR).astimezone(zone)
            town.office(office.publish, notice=draft.id, seen=1, at=at, by="ann")
            town.clock.advance(HOUR - timedelta(seconds=1))
            town.office(office.publish_due)
            assert town.unsent() == []
            town.clock.advance(timedelta(seconds=1))
            town.office(office.publish_due)
            assert len(town.unsent()) == 1

    def test_the_content_of_an_answer_is_deleted(self, tmp_path, zone):
        with government.opened(tmp_path) as town:
            wish = government.wish(area=government.within("east"), expires_at=(NOW + HOUR).astimezone(zone))
            request = town.ask(wish)
            town.approve(request)
            town.carry()
            for wait, state in ((HOUR - timedelta(seconds=1), "approved"), (timedelta(seconds=1), "expired")):
                town.clock.advance(wait)
                town.nodes[government.DESK].write_now("inquiries", lambda work: desk.forget_expired(work=work))
                assert town.inquiry(request).state == state

    def test_a_request_lapses(self, tmp_path, zone):
        with government.opened(tmp_path) as town:
            request = town.ask(government.personal())
            town.approve(request, until=(NOW + HOUR).astimezone(zone))
            for wait, state in ((HOUR - timedelta(seconds=1), "half_approved"), (timedelta(seconds=1), "lapsed")):
                town.clock.advance(wait)
                town.nodes[government.READINGS].write_now("disclosure", lambda work: owner.lapse(work=work))
                known = town.nodes[government.READINGS].read_now("disclosure", lambda work: work.disclosures.all())
                assert [one.state for one in known] == [state]
            assert known[0].asked.request == request

    def test_a_notice_that_is_over_is_not_unread(self, tmp_path, zone):
        with notices.opened(tmp_path) as town:
            ends_at = notices.NOW + 8 * HOUR
            town.published(ends_at=ends_at.astimezone(zone))
            asyncio.run(town.carry())
            unread = [
                town.board(lambda work, at=at: work.board.unread(account="A1", now=at))
                for at in (ends_at - timedelta(seconds=1), ends_at)
            ]
            assert unread == [1, 0]
